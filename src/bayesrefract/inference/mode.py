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
from scipy.linalg import cho_factor, cho_solve, null_space

from bayesrefract.cohort.exposure import ExposureTable
from bayesrefract.model.arrays import fixed_rate, interval_steps
from bayesrefract.model.effects import Design, zero_sum_basis
from bayesrefract.model.priors import GroupPrior
from bayesrefract.study.model import Baseline, BaselineKind, StrataKind
from bayesrefract.study.study import Contrast

Floats = NDArray[np.float64]

MAX_STEPS = 100
DECREMENT = 1e-12
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
        `stratum_sigma`, `hazard_k` and `common_log_hazard` (interval,).

    Returns
    -------
    Approximation or None
        None where there is no mode, or too many parameters.
    """
    basis = _basis(table, prior, primary)
    scale = np.where(design.spread >= 0, _tau(design, learnt), design.scale)
    x = np.hstack([basis[table.group], design.x])
    hazards = _hazards(table, baseline, learnt)
    if x.shape[1] + hazards.size > MOST_PARAMETERS:
        return None
    humps = []
    for location, precision in _components(prior, basis.shape[1]):
        centre = np.concatenate([location, np.zeros(design.x.shape[1])])
        weight = np.concatenate([precision, 1 / scale**2])
        found = _climb(_Density(table, x, centre, weight, hazards))
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


def _basis(table: ExposureTable, prior: GroupPrior, primary: Contrast) -> Floats:
    """Orthonormal zero-sum columns, (group, coordinate); a prior of the primary contrast alone has it first."""
    count = len(table.groups)
    if not prior.is_mixture:
        return zero_sum_basis(count)
    first = np.zeros(count)
    first[table.groups.index(primary.group)] = 1 / np.sqrt(2)
    first[table.groups.index(primary.reference)] = -1 / np.sqrt(2)
    return np.column_stack([first, null_space(np.vstack([np.ones(count), first]))])


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


def _tau(design: Design, learnt: Mapping[str, Floats]) -> Floats:
    spreads = np.atleast_1d(learnt.get("tau", np.ones(1)))
    return np.asarray(spreads[np.maximum(design.spread, 0)])


@dataclass(frozen=True)
class _Walk:
    """Log hazards (cell,) = offset + loading @ standard normals: cells are strata x intervals."""

    offset: Floats = field(repr=False)
    loading: Floats = field(repr=False)

    @property
    def size(self) -> int:
        return self.loading.shape[1]


@dataclass(frozen=True)
class _Gamma:
    """Hazards (cell,) ~ Gamma(shape, rate), integrated out."""

    shape: Floats = field(repr=False)
    rate: Floats = field(repr=False)
    size: int = 0


def _hazards(table: ExposureTable, baseline: Baseline, learnt: Mapping[str, Floats]) -> _Walk | _Gamma:
    strata, intervals = len(table.strata), table.events.shape[1]
    events, exposure = (_per_stratum(table, each) for each in (table.events, table.exposure))
    crude = _rate(events.sum(axis=1), exposure.sum(axis=1))
    common = float(_rate(events.sum(keepdims=True), exposure.sum(keepdims=True))[0, 0])
    if baseline.kind is BaselineKind.INDEPENDENT:
        if baseline.strata is StrataKind.POOLED:
            k = np.asarray(learnt["hazard_k"])
            return _Gamma(np.full(events.size, k), np.tile(k / np.exp(learnt["common_log_hazard"]), strata))
        shape = np.full(events.shape, baseline.shape)
        rate = (
            np.broadcast_to(fixed_rate(baseline, table.time_unit), events.shape)
            if baseline.rate
            else shape / crude[:, None]
        )
        return _Gamma(shape.ravel(), rate.ravel())
    share = events / np.maximum(events.sum(axis=1, keepdims=True), 1.0)
    climb = np.tril(np.ones((intervals, intervals))) * interval_steps(table)
    climb = climb[:, 1:]  # the walk starts at the first interval
    centred = [climb - share[s] @ climb for s in range(strata)]
    if baseline.strata is StrataKind.POOLED:
        return _pooled_walk(centred, common, baseline, learnt)
    sigma = np.broadcast_to(learnt["sigma"], (strata,))
    loading = np.zeros((strata * intervals, strata * intervals))
    for s in range(strata):
        own = slice(s * intervals, (s + 1) * intervals)
        loading[own, own] = np.column_stack([np.full(intervals, baseline.level_sd), sigma[s] * centred[s]])
    return _Walk(np.repeat(np.log(crude), intervals), loading)


def _pooled_walk(centred: list[Floats], common: float, baseline: Baseline, learnt: Mapping[str, Floats]) -> _Walk:
    """A common level and walk, and each stratum's deviations from them."""
    strata, intervals = len(centred), len(centred[0])
    basis = zero_sum_basis(strata) if strata > 1 else np.zeros((strata, 0))
    level = np.kron(basis * float(learnt["stratum_sd"]), np.ones((intervals, 1)))
    walk = np.vstack(centred) * float(np.ravel(learnt["sigma"])[0])
    own = np.vstack([np.kron(basis[s : s + 1], centred[s]) for s in range(strata)]) * float(learnt["stratum_sigma"])
    first = np.full((strata * intervals, 1), baseline.level_sd)
    return _Walk(np.full(strata * intervals, np.log(common)), np.hstack([first, level, walk, own]))


def _per_stratum(table: ExposureTable, values: Floats) -> Floats:
    sums = np.zeros((len(table.strata), values.shape[1]))
    np.add.at(sums, table.stratum, values)
    return sums


def _rate(events: Floats, exposure: Floats) -> Floats:
    """Events per person-time; half an event where there is none."""
    return np.where(exposure > 0, np.maximum(events, 0.5) / np.where(exposure > 0, exposure, 1.0), 1.0)


@dataclass(frozen=True)
class _Density:
    """Log posterior density of effects and, where there is a walk, of the baseline's standard normals."""

    table: ExposureTable = field(repr=False)
    x: Floats = field(repr=False)  # (pattern, effect)
    centre: Floats = field(repr=False)  # (effect,)
    precision: Floats = field(repr=False)  # (effect,)
    hazards: _Walk | _Gamma = field(repr=False)

    def at(self, parameters: Floats) -> tuple[float, Floats, Floats]:
        """Value, gradient, and negative Hessian."""
        effects, normals = np.split(parameters, [self.x.shape[1]])
        table = self.table
        eta = self.x @ effects
        away = effects - self.centre
        weighted = np.exp(eta)[:, None] * table.exposure  # (pattern, interval)
        risk = _per_stratum(table, weighted)
        deaths = _per_stratum(table, table.events).ravel()
        value = float(table.events.sum(axis=1) @ eta) - 0.5 * float(self.precision @ away**2)
        gradient = self.x.T @ table.events.sum(axis=1) - self.precision * away
        if isinstance(self.hazards, _Gamma):
            return self._integrated(self.hazards, value, gradient, weighted, risk.ravel(), deaths)
        alpha = self.hazards.offset + self.hazards.loading @ normals
        expected = risk.ravel() * np.exp(alpha)
        value += float(deaths @ alpha - expected.sum()) - 0.5 * float(normals @ normals)
        hazard = np.exp(alpha).reshape(risk.shape)[table.stratum]
        own = (weighted * hazard).sum(axis=1)
        gradient = np.concatenate([gradient - self.x.T @ own, self.hazards.loading.T @ (deaths - expected) - normals])
        cross = self._cells(weighted * hazard) @ self.hazards.loading
        inner = self.hazards.loading.T @ (expected[:, None] * self.hazards.loading) + np.eye(self.hazards.size)
        outer = self.x.T @ (own[:, None] * self.x) + np.diag(self.precision)
        return value, gradient, np.block([[outer, cross], [cross.T, inner]])

    def _integrated(
        self, hazards: _Gamma, value: float, gradient: Floats, weighted: Floats, risk: Floats, deaths: Floats
    ) -> tuple[float, Floats, Floats]:
        counts = hazards.shape + deaths
        some = counts > 0
        total = np.where(some, hazards.rate + risk, 1.0)
        value -= float(counts @ np.log(total))
        rate = (counts / total).reshape(-1, weighted.shape[1])[self.table.stratum]
        own = (weighted * rate).sum(axis=1)
        per_cell = self._cells(weighted)
        hessian = self.x.T @ (own[:, None] * self.x) - (per_cell * (counts / total**2)) @ per_cell.T
        return value, gradient - self.x.T @ own, hessian + np.diag(self.precision)

    def _cells(self, weights: Floats) -> Floats:
        """Sum of x times weight over the patterns of each cell: (effect, cell)."""
        strata, intervals = len(self.table.strata), weights.shape[1]
        cells = np.zeros((self.x.shape[1], strata, intervals))
        for code in np.unique(self.table.stratum):
            rows = self.table.stratum == code
            cells[:, code] = self.x[rows].T @ weights[rows]
        return cells.reshape(self.x.shape[1], -1)


def _climb(density: _Density) -> tuple[Floats, Floats, float] | None:
    """Newton with step halving: mode, covariance, and the log of the mass by Laplace's method but for constants."""
    parameters = np.concatenate([density.centre * 0.0, np.zeros(density.hazards.size)])
    value, gradient, hessian = density.at(parameters)
    for _ in range(MAX_STEPS):
        try:
            factor = cho_factor(hessian)
        except np.linalg.LinAlgError:
            return None
        step = cho_solve(factor, gradient)
        if gradient @ step < DECREMENT:
            log_determinant = 2 * float(np.log(np.diag(factor[0])).sum())
            return parameters, cho_solve(factor, np.eye(len(parameters))), value - 0.5 * log_determinant
        for _ in range(40):
            with np.errstate(over="ignore", invalid="ignore"):
                reached = density.at(parameters + step)
            if np.isfinite(reached[0]) and reached[0] >= value - 1e-12 * abs(value):
                break
            step = step / 2
        parameters = parameters + step
        value, gradient, hessian = reached
    return None
