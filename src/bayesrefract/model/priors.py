"""Priors of the group effects as distributions, and the hazard ratios that all priors imply."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri
from scipy.stats import norm

from bayesrefract.errors import ModelError
from bayesrefract.model.effects import Design
from bayesrefract.study.model import Baseline, BaselineKind, GroupPriorName, Model, Priors, StrataKind
from bayesrefract.study.rope import Rope
from bayesrefract.study.study import Contrast

DEFAULT_SD = 0.75
WIDE_SD = 1.5
INSIDE = {GroupPriorName.SCEPTICAL: 0.10, GroupPriorName.NEUTRAL: 0.50, GroupPriorName.ENTHUSIASTIC: 0.90}
FAVOURS_EQUIVALENCE = "favours equivalence"
NEAR = 0.01
"""Half the width, in log hazard ratios, of the range around 1 that stands for a ROPE where there is none."""
FLAT_LABEL = "flat: for oracles only"


@dataclass(frozen=True)
class GroupPrior:
    """Prior of the primary contrast's log HR: an equal mixture of Normal(locations[i], sds[i]).

    A plain normal prior has two equal components. The contrasts orthogonal to the primary one get
    Normal(0, rest_sd) on the scale of a pairwise log HR. `flat` replaces all of it by a constant.
    """

    locations: tuple[float, float]
    sds: tuple[float, float]
    rest_sd: float
    flat: bool = False

    @property
    def is_mixture(self) -> bool:
        """Whether the primary contrast's prior differs from that of the other contrasts."""
        return self.locations != (0.0, 0.0)

    def label(self, rope: Rope | None, overlap: float = 1.0) -> str:
        """A warning to print with the prior, or an empty text.

        A prior of any shape favours equivalence where it puts more mass inside the ROPE of the hazard ratio than the
        default does; without a ROPE, where a ratio of 1 has a higher density. `overlap` as in `mass_inside`.
        """
        if self.flat:
            return FLAT_LABEL
        low, high = (rope.low, rope.high) if rope else (math.exp(-NEAR), math.exp(NEAR))
        inside, usual = (each.mass_inside(low, high, overlap) or 0.0 for each in (self, default_prior()))
        return FAVOURS_EQUIVALENCE if inside > usual + 1e-9 else ""

    def mass_inside(self, low: float, high: float, overlap: float = 1.0) -> float | None:
        """Prior probability that a pairwise hazard ratio lies between `low` and `high`.

        `overlap`: 1 for the primary pair, -1 reversed, 0.5 or -0.5 for a pair that shares one group
        with it, 0 for one that shares none.
        """
        if self.flat:
            return None
        spread = self.rest_sd**2 * (1 - overlap**2)
        parts = [
            norm.cdf(np.log(high), overlap * m, scale) - norm.cdf(np.log(low), overlap * m, scale)
            for m, s in zip(self.locations, self.sds, strict=True)
            for scale in [np.sqrt((overlap * s) ** 2 + spread)]
        ]
        return float(np.mean(parts))

    def central95(self) -> tuple[float, float] | None:
        """Central 95% range of the primary hazard ratio."""
        if self.flat:
            return None

        def excess(value: float, share: float) -> float:
            return float(np.mean(norm.cdf(value, self.locations, self.sds))) - share

        low, high = (float(np.exp(brentq(excess, -50, 50, args=(share,)))) for share in (0.025, 0.975))
        return low, high

    def describe(self) -> str:
        """The distribution in symbols."""
        if self.flat:
            return "flat on every log HR"
        if self.is_mixture:
            parts = " and ".join(f"Normal({m:.3g}, {s:.3g})" for m, s in zip(self.locations, self.sds, strict=True))
            return f"equal mixture of {parts} on the primary log HR; Normal(0, {self.rest_sd:.3g}) on the others"
        return f"Normal(0, {self.rest_sd:.3g}) on every pairwise log HR"


def overlap(pair: Contrast, primary: Contrast) -> float:
    """How much of a pair's log HR the primary contrast carries: half the scalar product of the two."""
    signs = ((pair.group, 1), (pair.reference, -1))
    primary_signs = {primary.group: 1, primary.reference: -1}
    return sum(sign * primary_signs.get(level, 0) for level, sign in signs) / 2


def resolve_group_prior(priors: Priors, rope: Rope | None) -> GroupPrior:
    """Resolve a named prior to a distribution; sceptical, neutral and enthusiastic depend on the ROPE.

    Parameters
    ----------
    priors : Priors
        Priors of the model file.
    rope : Rope or None
        Primary ROPE of the hazard ratio.

    Returns
    -------
    GroupPrior
        Prior of the pairwise log hazard ratios.

    Raises
    ------
    ModelError
        Where such a prior is used for a question without a hazard-ratio ROPE.
    """
    name = priors.group
    if name is GroupPriorName.FLAT:
        return GroupPrior((0.0, 0.0), (1.0, 1.0), 1.0, flat=True)
    if name is GroupPriorName.DEFAULT:
        return _normal(DEFAULT_SD)
    if name is GroupPriorName.WIDE:
        return _normal(WIDE_SD)
    if name is GroupPriorName.CUSTOM:
        assert priors.hr95 is not None
        low, high = np.log(priors.hr95)
        centre, sd = (low + high) / 2, (high - low) / (2 * norm.ppf(0.975))
        return _normal(float(sd)) if abs(centre) < 1e-9 else GroupPrior((centre, centre), (sd, sd), sd)
    if rope is None:
        raise ModelError(
            f"prior.group = '{name}' is set by the primary hazard-ratio ROPE, and the question declares none."
        )
    bounds = (float(np.log(rope.low)), float(np.log(rope.high)))
    locations = (2 * bounds[0], 2 * bounds[1]) if name is GroupPriorName.SCEPTICAL else (0.0, 0.0)
    sd = _sd_with_mass(bounds, locations, INSIDE[name])
    return GroupPrior(locations, (sd, sd), DEFAULT_SD if name is GroupPriorName.SCEPTICAL else sd)


def default_prior() -> GroupPrior:
    """Normal(0, 0.75) on every pairwise log hazard ratio."""
    return _normal(DEFAULT_SD)


def _normal(sd: float) -> GroupPrior:
    return GroupPrior((0.0, 0.0), (sd, sd), sd)


def _sd_with_mass(bounds: tuple[float, float], locations: tuple[float, float], mass: float) -> float:
    """The sd that puts `mass` inside the bounds.

    For modes outside the bounds the mass inside rises from 0 with the sd before it falls; the solution on the
    rising branch (the narrow one) is returned.
    """

    def excess(log_sd: float) -> float:
        sd = np.exp(log_sd)
        return float(np.mean([np.diff(norm.cdf(bounds, m, sd))[0] for m in locations])) - mass

    width = bounds[1] - bounds[0]
    low, high = (
        (np.log(width / 100), np.log(width)) if locations != (0.0, 0.0) else (np.log(width / 100), np.log(width * 100))
    )
    if excess(low) > 0:  # a bound close to 1 beside a far one: its mode is not outside yet
        low = np.log(min(-bounds[0], bounds[1]) / 100)
    return float(np.exp(brentq(excess, low, high)))


CENTRAL = float(ndtri(0.975))


@dataclass(frozen=True)
class PriorImplication:
    """Implication of a prior for the hazard ratio: central 95% range, and mass inside the primary ROPE."""

    quantity: str
    distribution: str
    hazard_ratio95: tuple[float, float] | None
    inside_rope: float | None
    label: str = ""  # e.g. "favours equivalence", "flat: for oracles only"


def imply(
    model: Model, prior: GroupPrior, design: Design, primary: Contrast, rope: Rope | None
) -> tuple[PriorImplication, ...]:
    """Implied hazard ratios of the priors of groups, covariates and baseline."""
    return (*_groups(model, prior, primary, rope), *_covariates(model, design), *_baseline(model.baseline))


def _groups(model: Model, prior: GroupPrior, primary: Contrast, rope: Rope | None) -> list[PriorImplication]:
    if model.baseline.by_group:
        return []
    inside = prior.mass_inside(rope.low, rope.high) if rope else None
    return [PriorImplication(primary.label, prior.describe(), prior.central95(), inside, prior.label(rope))]


def _covariates(model: Model, design: Design) -> list[PriorImplication]:
    """Continuous: per standard deviation. Categories: between any two levels."""
    rows = []
    for block in design.blocks:
        name = block.covariate.name
        if block.exchangeable:
            scale = model.priors.scale_of(name)
            text = f"Normal(0, tau) per level, tau half-normal({scale:g})"
            rows.append(PriorImplication(f"{name}: any two levels", text, _learnt_range(np.sqrt(2) * scale), None))
        elif block.covariate.is_categorical:
            sd = model.priors.categorical_pairwise_sd
            rows.append(PriorImplication(f"{name}: any two levels", f"Normal(0, {sd:g})", _normal_range(sd), None))
        else:
            sd = model.priors.continuous_sd
            quantity = f"{name}: per standard deviation ({block.sd:.3g})"
            rows.append(PriorImplication(quantity, f"Normal(0, {sd:g})", _normal_range(sd), None))
    return rows


def _baseline(baseline: Baseline) -> list[PriorImplication]:
    """Random walk: late against early follow-up, and the level. Independent: each interval's hazard."""
    strata = "" if baseline.strata is StrataKind.COMMON else f", {baseline.strata} strata"
    if baseline.kind is BaselineKind.RANDOM_WALK:
        scale = baseline.innovation_sd
        walk = f"random walk, sigma half-normal({scale:g}){strata}"
        level = f"Normal(log(events / exposure), {baseline.level_sd:g})"
        return [
            PriorImplication("hazard, end against start of follow-up", walk, _learnt_range(scale), None),
            PriorImplication("hazard, level against the crude rate", level, _normal_range(baseline.level_sd), None),
        ]
    if baseline.strata is StrataKind.POOLED:
        text = "Gamma(k, k / m) per stratum and interval; log k Normal(1, 1), log m Normal(log crude rate, 2)"
    elif baseline.rate is not None:
        text = f"Gamma({baseline.shape:g}, {baseline.rate:g} per {baseline.rate_unit})"
    else:
        text = f"Gamma worth {baseline.shape:g} events per interval at the crude rate{strata}"
    return [PriorImplication("hazard of each interval", text, None, None)]


def _normal_range(sd: float) -> tuple[float, float]:
    return float(np.exp(-CENTRAL * sd)), float(np.exp(CENTRAL * sd))


def _learnt_range(scale: float) -> tuple[float, float]:
    """Central 95% range of exp(Normal(0, s)) with s half-normal(scale)."""
    limit = scale * _learnt_limit()
    return math.exp(-limit), math.exp(limit)


@cache
def _learnt_limit() -> float:
    """Upper 2.5% point of Normal(0, s) with s half-normal(1)."""

    def tail(limit: float) -> float:
        def density(s: float) -> float:
            return float(ndtr(-limit / s)) * math.sqrt(2 / math.pi) * math.exp(-s * s / 2)

        return float(quad(density, 0, 12, limit=200, epsabs=1e-12)[0]) - 0.025

    return float(brentq(tail, 0.1, 10.0))
