"""Mode and curvature of a model's posterior, without sampling: what data and prior imply for the group effects.

Written apart from the sampler and its compiled functions: from the exposure table, the design and the prior, in numpy.
Spreads that the model learns (of the baseline's walk, of strata, of categories) are taken as given; all else is joint.
A prior with two humps is approximated at each of them. Tierney & Kadane (1986), doi:10.1080/01621459.1986.10478240.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bayesrefract.cohort.exposure import ExposureTable
from bayesrefract.inference.mode_density import Density, Gamma, Loadings, Walk, climb, per_stratum
from bayesrefract.model.arrays import fixed_rate, interval_steps
from bayesrefract.model.cells import group_basis
from bayesrefract.model.effects import Design, zero_sum_basis
from bayesrefract.model.priors import GroupPrior
from bayesrefract.study.model import Baseline, BaselineKind, StrataKind
from bayesrefract.study.study import Contrast

Floats = NDArray[np.float64]

MOST_PARAMETERS = 3_000
"""Above it the dense curvature takes longer than a fit."""


@dataclass(frozen=True)
class Hump:
    """One component: its share of the posterior, mean and covariance of the groups' log hazards, (group, group)."""

    weight: float
    mean: Floats = field(repr=False)
    covariance: Floats = field(repr=False)


@dataclass(frozen=True)
class Approximation:
    """Normal approximation of the posterior of the group effects; a mixture for a prior with two humps."""

    groups: tuple[str, ...]
    humps: tuple[Hump, ...] = field(repr=False)

    def contrast(self, contrast: Contrast) -> tuple[float, float]:
        """Mean and standard deviation of a log hazard ratio."""
        weights = np.zeros(len(self.groups))
        weights[self.groups.index(contrast.group)] += 1.0
        weights[self.groups.index(contrast.reference)] -= 1.0
        shares = np.array([hump.weight for hump in self.humps])
        means = np.array([weights @ hump.mean for hump in self.humps])
        variances = np.array([weights @ hump.covariance @ weights for hump in self.humps])
        mean = float(shares @ means)
        return mean, float(np.sqrt(shares @ (variances + (means - mean) ** 2)))


def approximate(
    table: ExposureTable,
    design: Design,
    baseline: Baseline,
    prior: GroupPrior,
    primary: Contrast,
    learnt: Mapping[str, Floats],
) -> Approximation | None:
    """Approximate the posterior of the group effects.

    Parameters
    ----------
    table : ExposureTable
        Events and person-time.
    design : Design
        Columns of the covariates with their prior scales.
    baseline : Baseline
        Kind of the baseline and its strata.
    prior : GroupPrior
        Prior of the group effects.
    primary : Contrast
        The contrast to which a prior for the primary contrast applies.
    learnt : mapping
        Spreads by the names of their draws: `sigma` (stratum,) or scalar, `tau` (spread,), `stratum_sd`,
        `stratum_sigma`, `hazard_k` and `common_log_hazard` (interval,); `change_sd` where the ratio may change.

    Returns
    -------
    Approximation or None
        None where there is no mode, or too many parameters.
    """
    basis = group_basis(table.groups, prior, primary)
    scale = np.where(design.spread >= 0, _tau(design, learnt), design.scale)
    change = _change(table, learnt)
    loadings = Loadings(table, np.hstack([basis[table.group], design.x]), change)
    hazards = _hazards(table, baseline, learnt)
    if loadings.size + hazards.size > MOST_PARAMETERS:
        return None
    humps = []
    for location, precision in _components(prior, basis.shape[1]):
        centre = np.concatenate([location, np.zeros(loadings.size - basis.shape[1])])
        weight = np.concatenate([precision, 1 / scale**2, np.ones(change.shape[2])])
        found = climb(Density(loadings, centre, weight, hazards))
        if found is None:
            return None
        mode, covariance, log_mass = found
        k = basis.shape[1]
        humps.append((log_mass + 0.5 * np.log(precision[precision > 0]).sum(), mode[:k], covariance[:k, :k]))
    masses = np.exp(np.array([each[0] for each in humps]) - max(each[0] for each in humps))
    return Approximation(
        table.groups,
        tuple(
            Hump(float(share), basis @ mode, basis @ covariance @ basis.T)
            for share, (_, mode, covariance) in zip(masses / masses.sum(), humps, strict=True)
        ),
    )


def _change(table: ExposureTable, learnt: Mapping[str, Floats]) -> Floats:
    """What standard normals add to each group's log hazard, (group, interval, normal); none where it is constant."""
    groups, intervals = len(table.groups), table.events.shape[1]
    if "change_sd" not in learnt:
        return np.zeros((groups, intervals, 0))
    share = table.events.sum(axis=0) / max(table.events.sum(), 1.0)
    walk = _centred_walk(table, share) * float(learnt["change_sd"]) / np.sqrt(2)
    return np.einsum("gk,jm->gjkm", zero_sum_basis(groups), walk).reshape(groups, intervals, -1)


def _components(prior: GroupPrior, coordinates: int) -> Sequence[tuple[Floats, Floats]]:
    """Location and precision (coordinate,) of each component of the prior; one where they are equal."""
    if prior.flat:
        return [(np.zeros(coordinates), np.zeros(coordinates))]
    found = []
    for location, sd in dict.fromkeys(zip(prior.locations, prior.sds, strict=True)):
        centre, precision = np.zeros(coordinates), np.full(coordinates, 2 / prior.rest_sd**2)
        centre[0], precision[0] = location / np.sqrt(2), 2 / sd**2
        found.append((centre, precision))
    return found


def _centred_walk(table: ExposureTable, share: Floats) -> Floats:
    """A walk of standard normals, (interval, normal), less its mean with weights `share`; it starts at the first."""
    steps = interval_steps(table)
    reached = np.tril(np.ones((len(steps), len(steps)))) * steps
    return np.asarray((reached - share @ reached)[:, 1:])


def _tau(design: Design, learnt: Mapping[str, Floats]) -> Floats:
    spreads = np.atleast_1d(learnt.get("tau", np.ones(1)))
    return np.asarray(spreads[np.maximum(design.spread, 0)])


def _hazards(table: ExposureTable, baseline: Baseline, learnt: Mapping[str, Floats]) -> Walk | Gamma:
    strata, intervals = len(table.strata), table.events.shape[1]
    events, exposure = (per_stratum(table, each) for each in (table.events, table.exposure))
    crude = _rate(events.sum(axis=1), exposure.sum(axis=1))
    common = float(_rate(events.sum(keepdims=True), exposure.sum(keepdims=True))[0, 0])
    if baseline.kind is BaselineKind.INDEPENDENT:
        if baseline.strata is StrataKind.POOLED:
            k = np.asarray(learnt["hazard_k"])
            return Gamma(np.full(events.size, k), np.tile(k / np.exp(learnt["common_log_hazard"]), strata))
        shape = np.full(events.shape, baseline.shape)
        rate = (
            np.broadcast_to(fixed_rate(baseline, table.time_unit), events.shape)
            if baseline.rate
            else shape / crude[:, None]
        )
        return Gamma(shape.ravel(), rate.ravel())
    share = events / np.maximum(events.sum(axis=1, keepdims=True), 1.0)
    centred = [_centred_walk(table, share[s]) for s in range(strata)]
    if baseline.strata is StrataKind.POOLED:
        return _pooled_walk(centred, common, baseline, learnt)
    sigma = np.broadcast_to(learnt["sigma"], (strata,))
    loading = np.zeros((strata * intervals, strata * intervals))
    for s in range(strata):
        own = slice(s * intervals, (s + 1) * intervals)
        loading[own, own] = np.column_stack([np.full(intervals, baseline.level_sd), sigma[s] * centred[s]])
    return Walk(np.repeat(np.log(crude), intervals), loading)


def _pooled_walk(centred: list[Floats], common: float, baseline: Baseline, learnt: Mapping[str, Floats]) -> Walk:
    """A common level and walk, and each stratum's deviations from them."""
    strata, intervals = len(centred), len(centred[0])
    basis = zero_sum_basis(strata) if strata > 1 else np.zeros((strata, 0))
    level = np.kron(basis * float(learnt["stratum_sd"]), np.ones((intervals, 1)))
    walk = np.vstack(centred) * float(np.ravel(learnt["sigma"])[0])
    own = np.vstack([np.kron(basis[s : s + 1], centred[s]) for s in range(strata)]) * float(learnt["stratum_sigma"])
    first = np.full((strata * intervals, 1), baseline.level_sd)
    return Walk(np.full(strata * intervals, np.log(common)), np.hstack([first, level, walk, own]))


def _rate(events: Floats, exposure: Floats) -> Floats:
    """Events per person-time; half an event where there is none."""
    return np.where(exposure > 0, np.maximum(events, 0.5) / np.where(exposure > 0, exposure, 1.0), 1.0)
