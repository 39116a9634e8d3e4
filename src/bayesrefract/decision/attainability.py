"""Power of the equivalence rule, and the events that it requires; independent of the estimated group effect.

Everything is computed on the log of the ratio, with a normal likelihood of known information and a
flat or normal prior, at a true ratio of exactly 1; the power at 1.05 and 1.10 too.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.optimize import brentq
from scipy.stats import norm

from bayesrefract.errors import EstimandError
from bayesrefract.study.rope import HIGHEST_LEVEL, Estimand, Rope, Rule, RuleName, Side

INTERVAL_RULE = Rule()
"""The two-sided 95% interval rule."""


MOST_EVENTS = 10**9
LEAST_SD, LARGEST_SD = 1e-6, 1e6
ALLOWED_SD = f"Give a number from {LEAST_SD:g} to {LARGEST_SD:,.0f}, or leave it out for a flat prior."


NO_PROPORTION = "The proportion of their events is taken as 1:1, as a group without events gives none."
OVERSTATED = (
    "it holds more inside the ROPE than the default prior. A claim that it alone would make is withheld, so that the "
    "power is overstated."
)
TRUE_RATIOS = (1.05, 1.10)
"""True ratios other than 1 at which the power is computed: groups are hardly ever exactly alike."""


@dataclass(frozen=True)
class PowerAt:
    """Probability of the verdict equivalent (or non-inferior) at one true ratio."""

    true_ratio: float
    power: float


@dataclass(frozen=True)
class Attainability:
    """Attainability of equivalence with a contrast's events, at a true ratio of exactly 1.

    `information` = d p (1 - p) (+ 1/sd^2 with a prior), d events, p the share of them in one group.
    `power`: probability of the verdict equivalent (or non-inferior). `best_inside`: posterior mass
    inside the ROPE at its centre. `events_needed` and `patients_needed` for `target_power` at the same
    allocation (1:1 while a group has no events); `events_minimum`: fewer can never pass. `possible`:
    whether any estimate at all would pass with these events. `power_at`: the power at other true ratios.
    `prior_label`: where the prior favours equivalence, so that claims by it alone are withheld and the power
    is overstated.
    """

    group: str
    reference: str
    events_group: int
    events_reference: int
    rope_low: float
    rope_high: float
    level: float
    information: float
    power: float
    best_inside: float
    target_power: float
    events_needed: int
    events_minimum: int
    patients_needed: int | None
    power_realised: float | None  # from the realised standard error
    possible: bool
    power_at: tuple[PowerAt, ...] = ()
    prior_label: str = ""

    @property
    def proportion_known(self) -> bool:
        """Whether both groups have events; otherwise the events needed are those of a 1:1 allocation."""
        return min(self.events_group, self.events_reference) > 0


@dataclass(frozen=True)
class Criterion:
    """Criterion that a normal posterior must satisfy; bounds and `prior_sd` are on the log of the ratio.

    Of a normal posterior, the equal-tailed and the highest-density interval are the same. A one-sided
    rule uses one bound only, with the same limit of the same interval.
    """

    low: float
    high: float
    rule: Rule = INTERVAL_RULE
    prior_sd: float | None = None

    @property
    def side(self) -> Side:
        """Side of the harm, of a ratio."""
        return self.rule.side_of(Estimand.HAZARD_RATIO)

    @property
    def threshold(self) -> float | None:
        """Least posterior probability, or None for the interval rule."""
        return self.rule.threshold if self.rule.name is RuleName.PROBABILITY else None

    @property
    def prior_information(self) -> float:
        return 0.0 if self.prior_sd is None else self.prior_sd**-2

    def best_inside(self, information: float) -> float:
        """Largest posterior mass between the bounds: with the posterior mean at their centre."""
        total = information + self.prior_information
        return float(2 * norm.cdf((self.high - self.low) / 2 * math.sqrt(total)) - 1)

    def accepted(self, information: float) -> tuple[float, float] | None:
        """Posterior means (lowest, highest) that pass, or None where none does."""
        total = information + self.prior_information
        if information <= 0:
            return None
        sd = 1 / math.sqrt(total)
        if self.side is Side.TWO_SIDED and self.threshold is not None:
            return self._accepted_by_probability(sd, self.threshold)
        margin = sd * float(norm.ppf(0.5 + self.rule.level / 2 if self.threshold is None else self.threshold))
        low = -math.inf if self.side is Side.ABOVE else self.low + margin
        high = math.inf if self.side is Side.BELOW else self.high - margin
        return (low, high) if low < high else None

    def power(self, information: float, true: float = 0.0) -> float:
        """Probability of passing where the log ratio is `true`.

        The posterior mean is the estimate shrunk by information / (information + prior information).
        """
        means = self.accepted(information)
        if means is None:
            return 0.0
        total = information + self.prior_information
        centre, sd = true * information / total, math.sqrt(information) / total
        return float(norm.cdf((means[1] - centre) / sd) - norm.cdf((means[0] - centre) / sd))

    def information_needed(self, target: float) -> float:
        """Information with this power."""
        lowest = self.information_minimum()
        enough = max(1.0, 2 * lowest)
        while self.power(enough) < target:
            enough *= 2
        return float(brentq(lambda i: self.power(i) - target, lowest, enough, xtol=1e-10, rtol=1e-14))

    def information_minimum(self) -> float:
        """Information below which no estimate passes; 0 for one-sided rules, where one always does."""
        if self.side is not Side.TWO_SIDED:
            return 0.0
        z = norm.ppf(0.5 + (self.rule.level if self.threshold is None else self.threshold) / 2)
        return max(0.0, float(2 * z / (self.high - self.low)) ** 2 - self.prior_information)

    def _accepted_by_probability(self, sd: float, threshold: float) -> tuple[float, float] | None:
        """The mass inside falls off symmetrically from the centre: find where it reaches the threshold."""
        centre, half = (self.low + self.high) / 2, (self.high - self.low) / 2

        def excess(offset: float) -> float:
            return float(norm.cdf((half - offset) / sd) - norm.cdf((-half - offset) / sd)) - threshold

        if excess(0.0) <= 0:
            return None
        reach = float(brentq(excess, 0.0, half + 10 * sd, xtol=1e-14))
        return centre - reach, centre + reach


def attain(
    events_group: int,
    events_reference: int,
    rope: Rope | tuple[float, float],
    *,
    rule: Rule = INTERVAL_RULE,
    prior_sd: float | None = None,
    target_power: float = 0.80,
    events_fraction: float | None = None,
    realised_se: float | None = None,
    group: str = "group",
    reference: str = "reference",
) -> Attainability:
    """Compute whether the events of one contrast can show equivalence, with what power, and how many would.

    Parameters
    ----------
    events_group, events_reference : int
        Events in each group.
    rope : Rope or (low, high)
        ROPE of a ratio, or its bounds.
    rule : Rule
        Decision rule; the 95% interval rule unless given.
    prior_sd : float, optional
        SD of the normal prior of the log ratio; None for a flat prior.
    target_power : float
        Power for which the required events are computed.
    events_fraction : float, optional
        Events per patient, to convert events to patients.
    realised_se : float, optional
        Standard error of the log ratio in the data, without the prior.
    group, reference : str
        Names of the groups.

    Returns
    -------
    Attainability
        Power, required events and patients at a true ratio of exactly 1, and the power at 1.05 and 1.10.

    Raises
    ------
    EstimandError
        For bounds that do not enclose 1 and for impossible counts or proportions.

    References
    ----------
    Schuirmann (1987), doi:10.1007/BF01068419; Kruschke (2018), doi:10.1177/2515245918771304.
    """
    low, high = _bounds(rope)
    _check(events_group, events_reference, low, high, target_power, events_fraction, realised_se, prior_sd)
    if not 0.5 < rule.level < HIGHEST_LEVEL or not 0.5 < (rule.threshold or rule.level) < HIGHEST_LEVEL:
        raise EstimandError("rule: the level and the threshold must lie between 0.5 and 1.")
    criterion = Criterion(math.log(low), math.log(high), rule, prior_sd)
    events = events_group + events_reference
    share = events_group / events if min(events_group, events_reference) > 0 else 0.5
    per_event = share * (1 - share)
    information = events_group * events_reference / events if events else 0.0
    needed = max(1, _ceiling(criterion.information_needed(target_power) / per_event))
    return Attainability(
        group=group,
        reference=reference,
        events_group=events_group,
        events_reference=events_reference,
        rope_low=low,
        rope_high=high,
        level=rule.level,
        information=information + criterion.prior_information,
        power=criterion.power(information),
        best_inside=criterion.best_inside(information),
        target_power=target_power,
        events_needed=needed,
        events_minimum=_ceiling(criterion.information_minimum() / per_event),
        patients_needed=None if not events_fraction else _ceiling(needed / events_fraction),
        power_realised=None if realised_se is None else criterion.power(realised_se**-2),
        possible=criterion.accepted(information) is not None,
        power_at=tuple(PowerAt(ratio, criterion.power(information, math.log(ratio))) for ratio in TRUE_RATIOS),
        prior_label=_prior_label(prior_sd, low, high),
    )


def _prior_label(prior_sd: float | None, low: float, high: float) -> str:
    """That the prior favours equivalence, or an empty text."""
    if prior_sd is None:
        return ""
    from bayesrefract.model.priors import GroupPrior  # heavy, and needed for a prior only

    return GroupPrior((0.0, 0.0), (prior_sd, prior_sd), prior_sd).label(Rope(low, high))


def _ceiling(value: float) -> int:
    """Round up, except for rounding error."""
    return math.ceil(value * (1 - 1e-12))


def _bounds(rope: Rope | tuple[float, float]) -> tuple[float, float]:
    if not isinstance(rope, Rope):
        return rope
    if not rope.estimand.is_ratio:
        raise EstimandError(f"Attainability is computed for ratios; this ROPE is for {rope.estimand}.")
    return rope.low, rope.high


def _check(
    events_group: int,
    events_reference: int,
    low: float,
    high: float,
    target_power: float,
    events_fraction: float | None,
    realised_se: float | None,
    prior_sd: float | None,
) -> None:
    """All faults at once."""
    faults = []
    if events_group < 0 or events_reference < 0:
        faults.append(f"events {events_group} and {events_reference}: counts of events cannot be negative.")
    if max(events_group, events_reference) > MOST_EVENTS:
        faults.append(f"events: no study has more than {MOST_EVENTS:,} in a group. Give the number of events.")
    if prior_sd is not None and not LEAST_SD <= prior_sd <= LARGEST_SD:
        faults.append(f"prior_sd = {prior_sd:g} is not allowed. {ALLOWED_SD}")
    if not 0 < low < 1 < high < math.inf:
        faults.append(f"ROPE {low:g} to {high:g}: its bounds must be positive, with 1 between them (0.80 to 1.25).")
    if not 0 < target_power < 1:
        faults.append(f"target power {target_power:g}: it must lie between 0 and 1.")
    if events_fraction is not None and not 0 <= events_fraction <= 1:
        faults.append(f"events fraction {events_fraction:g}: it must lie between 0 and 1.")
    if realised_se is not None and not 0 < realised_se < math.inf:
        faults.append(f"realised standard error {realised_se:g}: it must be positive and finite.")
    if faults:
        raise EstimandError(faults)
