"""Apply a decision rule and a ROPE to posterior draws, and return the verdict with its numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from bayesrefract.decision.diagnostics import Convergence, convergence
from bayesrefract.decision.verdict import (
    Judgement,
    Region,
    Simulated,
    Verdict,
    VerdictWord,
    fallback,
    judge_interval,
    judge_probability,
)
from bayesrefract.errors import StudyError
from bayesrefract.study.rope import Estimand, IntervalKind, Rope, Rule, RuleName, Side
from bayesrefract.study.study import Contrast

Floats = NDArray[np.float64]

TOO_CLOSE_IN_MCSE = 2.0
TOO_CLOSE = "too close to call by simulation"


@dataclass(frozen=True)
class Probabilities:
    """Posterior probabilities below, inside (bounds included) and above the ROPE."""

    below: Simulated
    inside: Simulated
    above: Simulated

    def fields(self) -> dict[str, Any]:
        """The six numbers under their names in a verdict."""
        named = {"below": self.below, "inside": self.inside, "above": self.above}
        return {f"p_{k}": p.value for k, p in named.items()} | {f"mcse_{k}": p.mcse for k, p in named.items()}


def decide(
    contrast: Contrast,
    estimand: Estimand,
    draws: xr.DataArray,
    rope: Rope,
    rule: Rule,
    *,
    prior_inside: float | None = None,
    withheld: Sequence[str] = (),
    labels: Sequence[str] = (),
    doubt: str = "",
    exhausted: bool = False,
) -> Verdict:
    """Judge one contrast on one estimand.

    One-sided rules use the equal-tailed interval's bound, at (1 - level) / 2: a 97.5% one-sided bound for
    level 0.95.

    Parameters
    ----------
    contrast : Contrast
        Group and reference.
    estimand : Estimand
        Quantity of the draws.
    draws : xarray.DataArray
        Dims (chain, draw); logs for ratios, plain for differences.
    rope : Rope
        Region of practical equivalence.
    rule : Rule
        Decision rule.
    prior_inside : float, optional
        Prior probability inside the ROPE, stored with the verdict.
    withheld : sequence of str
        Reasons from `gates`: with any, the verdict is withheld, and its numbers are kept.
    labels : sequence of str
        Labels to print with the verdict.
    doubt : str
        Reason not to give a claim that the rule would allow: the verdict is then undecided, or not shown.
    exhausted : bool
        No more draws are available, so that a verdict within two MCSE of another one is not given.

    Returns
    -------
    Verdict
        The word with its estimate, interval, probabilities and their Monte Carlo standard errors.

    References
    ----------
    Kruschke (2018), doi:10.1177/2515245918771304 (ROPE rule); Schuirmann (1987), doi:10.1007/BF01068419
    (equivalence testing); Vehtari et al. (2021), doi:10.1214/20-BA1221 (R-hat, ESS).
    """
    values = draws.transpose("chain", "draw").to_numpy()
    own_scale: Callable[..., Floats] = np.exp if estimand.is_ratio else np.asarray
    region = Region(*np.log([rope.low, rope.high])) if estimand.is_ratio else Region(rope.low, rope.high)
    quality = convergence(values)
    three = rule_of_three(values, quality)
    side = rule.side_of(estimand)
    interval = _interval(values, rule)
    probabilities = _probabilities(values, region)
    judgement = _judgement(interval, probabilities, region, rule, side, three)
    word, direction, reasons = word_of(judgement, side, withheld, doubt, exhausted)
    return Verdict(
        group=contrast.group,
        reference=contrast.reference,
        primary=contrast.primary,
        estimand=estimand,
        rope=rope,
        rule=rule,
        word=word,
        direction=direction,
        interval=_pair(own_scale([bound.value for bound in interval])),
        eti95=_pair(own_scale(np.quantile(values, [0.025, 0.975]))),
        **_moments(values, own_scale),
        **probabilities.fields(),
        p_inside_bound=agreed_bound(probabilities.inside.value, three),
        prior_inside=prior_inside,
        distance=judgement.distance.value,
        distance_mcse=judgement.distance.mcse,
        smallest_rope=float(own_scale(_smallest_half_width(values, interval, rule, side))),
        **asdict(quality),
        reasons=reasons,
        labels=labelled(labels, rope),
        claim=(),
    )


def too_close(verdict: Verdict) -> bool:
    """Whether the verdict lies within Monte Carlo error of another one, so that more draws are needed.

    A withheld verdict is never too close: more draws would not change it.
    """
    return verdict.word is not VerdictWord.WITHHELD and verdict.distance < TOO_CLOSE_IN_MCSE * verdict.distance_mcse


def _moments(values: Floats, own_scale: Callable[..., Floats]) -> dict[str, Any]:
    """Mean and SD on the decision scale, the median on the estimand's own."""
    return {
        "median": float(own_scale(np.median(values))),
        "mean": float(values.mean()),
        "sd": float(values.std(ddof=1)),
    }


def _interval(values: Floats, rule: Rule) -> tuple[Simulated, Simulated]:
    """Credible interval of the draws as the rule defines it, each bound with the MCSE of its quantile."""
    from arviz_stats.base import array_stats

    tail = (1 - rule.level) / 2
    if rule.interval is IntervalKind.ETI or rule.one_sided:
        bounds, places = np.quantile(values, [tail, 1 - tail]), [tail, 1 - tail]
    else:
        bounds = array_stats.hdi(values.ravel(), rule.level)
        places = [np.clip(np.mean(values <= bound), 1 / values.size, 1 - 1 / values.size) for bound in bounds]
    low, high = (
        Simulated(float(bound), float(array_stats.mcse(values, method="quantile", prob=float(place))))
        for bound, place in zip(bounds, places, strict=True)
    )
    return low, high


def _probabilities(values: Floats, region: Region) -> Probabilities:
    below, above = values < region.low, values > region.high
    return Probabilities(share(below), share(~below & ~above), share(above))


def share(indicator: NDArray[np.bool_]) -> Simulated:
    """Mean of a 0/1 indicator (chain, draw) with its MCSE, which reads 0 where all draws agree."""
    from arviz_stats.base import array_stats

    share = float(indicator.mean())
    agreed = share in {0.0, 1.0}
    return Simulated(share, 0.0 if agreed else float(array_stats.mcse(indicator.astype(float), method="mean")))


def rule_of_three(values: Floats, quality: Convergence) -> float:
    """Where none of n independent draws shows an event, its probability is below 3/n (95%).

    n is the bulk ESS of the draws themselves, at most their number.
    """
    return 3.0 / float(np.fmin(quality.ess_bulk, values.size))


def agreed_bound(share: float, three: float) -> str | None:
    """Text for a probability where all draws agree, rounded to the safe side."""
    if share == 1.0:
        return f"> {np.floor((1 - three) * 1e5) / 1e5:.5f}"
    if share == 0.0:
        return f"< {np.ceil(three * 1e5) / 1e5:.5f}"
    return None


def _judgement(
    interval: tuple[Simulated, Simulated],
    probabilities: Probabilities,
    region: Region,
    rule: Rule,
    side: Side,
    three: float,
) -> Judgement:
    if rule.name is RuleName.INTERVAL:
        return judge_interval(*interval, region, side)
    # Half the bound stands for the MCSE that the indicator cannot show, so that two of them span the bound.
    below, inside, above = (
        Simulated(p.value, p.mcse or three / 2)
        for p in (probabilities.below, probabilities.inside, probabilities.above)
    )
    return judge_probability(below, inside, above, _threshold(rule), side)


def _threshold(rule: Rule) -> float:
    if rule.threshold is None:
        raise StudyError("rule: name = probability needs a threshold. Declare it, for instance threshold = 0.95.")
    return rule.threshold


def word_of(
    judgement: Judgement, side: Side, withheld: Sequence[str], doubt: str, exhausted: bool
) -> tuple[VerdictWord, str | None, tuple[str, ...]]:
    """Word, direction and reasons, after gates and Monte Carlo error are applied."""
    if withheld:
        return VerdictWord.WITHHELD, None, tuple(withheld)
    if doubt:
        return fallback(side), None, (doubt,)
    distance = judgement.distance
    if exhausted and distance.value < TOO_CLOSE_IN_MCSE * distance.mcse:
        return fallback(side), None, (TOO_CLOSE,)
    return judgement.word, judgement.direction, ()


def _smallest_half_width(values: Floats, interval: tuple[Simulated, Simulated], rule: Rule, side: Side) -> float:
    """The smallest w >= 0 such that (-w, w) would have been accepted; one-sided: w or -w alone."""
    low, high = interval[0].value, interval[1].value
    if rule.name is RuleName.PROBABILITY:
        threshold = _threshold(rule)
        low, high = np.quantile(values, [1 - threshold, threshold])
        if side is Side.TWO_SIDED:
            return float(np.quantile(np.abs(values), threshold))
    reach = {Side.TWO_SIDED: max(-low, high), Side.ABOVE: high, Side.BELOW: -low}[side]
    return float(max(reach, 0.0))


def labelled(labels: Sequence[str], rope: Rope) -> tuple[str, ...]:
    """Add the label of an exploratory analysis unless the ROPE was declared before the data were seen."""
    exploratory = () if rope.before_data else ("exploratory",)
    return tuple(dict.fromkeys([*exploratory, *labels]))


def _pair(values: Floats) -> tuple[float, float]:
    return float(values[0]), float(values[1])
