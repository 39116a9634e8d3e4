"""Log posterior density of effects and baseline with its derivatives, and the way up to its mode; in numpy."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

from bayesrefract.cohort.exposure import ExposureTable

Floats = NDArray[np.float64]

MAX_STEPS = 100
DECREMENT = 1e-12


@dataclass(frozen=True)
class Walk:
    """Log hazards (cell,) = offset + loading @ standard normals: cells are strata x intervals."""

    offset: Floats = field(repr=False)
    loading: Floats = field(repr=False)

    @property
    def size(self) -> int:
        return self.loading.shape[1]


@dataclass(frozen=True)
class Gamma:
    """Hazards (cell,) ~ Gamma(shape, rate), integrated out."""

    shape: Floats = field(repr=False)
    rate: Floats = field(repr=False)
    size: int = 0


def per_stratum(table: ExposureTable, values: Floats) -> Floats:
    sums = np.zeros((len(table.strata), values.shape[1]))
    np.add.at(sums, table.stratum, values)
    return sums


@dataclass(frozen=True)
class Loadings:
    """Log relative hazard (pattern, interval) of effects: of patterns, and of groups in each interval.

    x : (pattern, effect). change : (group, interval, effect), of effects that follow.
    """

    table: ExposureTable = field(repr=False)
    x: Floats = field(repr=False)
    change: Floats = field(repr=False)

    @property
    def size(self) -> int:
        return self.x.shape[1] + self.change.shape[2]

    def __matmul__(self, effects: Floats) -> Floats:
        of_patterns, of_groups = np.split(effects, [self.x.shape[1]])
        return np.asarray((self.x @ of_patterns)[:, None] + (self.change @ of_groups)[self.table.group])

    def score(self, weights: Floats) -> Floats:
        """Sum of weights (pattern, interval) times loadings, (effect,)."""
        by_group = self._by_group(weights)
        return np.concatenate([self.x.T @ weights.sum(axis=1), np.einsum("gj,gjm->m", by_group, self.change)])

    def cells(self, weights: Floats) -> Floats:
        """The same for each stratum and interval: (effect, cell)."""
        strata, intervals = len(self.table.strata), weights.shape[1]
        found = np.zeros((self.size, strata, intervals))
        for code in np.unique(self.table.stratum):
            rows = self.table.stratum == code
            found[: self.x.shape[1], code] = self.x[rows].T @ weights[rows]
            own = self._by_group(weights * rows[:, None])
            found[self.x.shape[1] :, code] = np.einsum("gj,gjm->mj", own, self.change)
        return found.reshape(self.size, -1)

    def information(self, weights: Floats) -> Floats:
        """Sum of weights times the products of loadings, (effect, effect)."""
        first = self.x.T @ (weights.sum(axis=1)[:, None] * self.x)
        if not self.change.shape[2]:
            return np.asarray(first)
        groups = range(len(self.table.groups))
        members = [self.table.group == code for code in groups]
        parts = [(self.x[own].T @ weights[own]) @ self.change[code] for code, own in zip(groups, members, strict=True)]
        both = np.asarray(np.sum(parts, axis=0))
        second = np.einsum("gj,gjm,gjn->mn", self._by_group(weights), self.change, self.change, optimize=True)
        return np.block([[first, both], [both.T, second]])

    def _by_group(self, weights: Floats) -> Floats:
        sums = np.zeros((len(self.table.groups), weights.shape[1]))
        np.add.at(sums, self.table.group, weights)
        return sums


@dataclass(frozen=True)
class Density:
    """Log posterior density of effects and, where there is a walk, of the baseline's standard normals."""

    loadings: Loadings = field(repr=False)
    centre: Floats = field(repr=False)  # (effect,)
    precision: Floats = field(repr=False)  # (effect,)
    hazards: Walk | Gamma = field(repr=False)

    def at(self, parameters: Floats) -> tuple[float, Floats, Floats]:
        """Value, gradient, and negative Hessian."""
        effects, normals = np.split(parameters, [self.loadings.size])
        table = self.loadings.table
        eta = self.loadings @ effects
        away = effects - self.centre
        weighted = np.exp(eta) * table.exposure  # (pattern, interval)
        risk = per_stratum(table, weighted)
        deaths = per_stratum(table, table.events).ravel()
        value = float((table.events * eta).sum()) - 0.5 * float(self.precision @ away**2)
        gradient = self.loadings.score(table.events) - self.precision * away
        if isinstance(self.hazards, Gamma):
            return self._integrated(self.hazards, value, gradient, weighted, risk.ravel(), deaths)
        alpha = self.hazards.offset + self.hazards.loading @ normals
        expected = risk.ravel() * np.exp(alpha)
        value += float(deaths @ alpha - expected.sum()) - 0.5 * float(normals @ normals)
        own = weighted * np.exp(alpha).reshape(risk.shape)[table.stratum]
        of_normals = self.hazards.loading.T @ (deaths - expected) - normals
        gradient = np.concatenate([gradient - self.loadings.score(own), of_normals])
        cross = self.loadings.cells(own) @ self.hazards.loading
        inner = self.hazards.loading.T @ (expected[:, None] * self.hazards.loading) + np.eye(self.hazards.size)
        outer = self.loadings.information(own) + np.diag(self.precision)
        return value, gradient, np.block([[outer, cross], [cross.T, inner]])

    def _integrated(
        self, hazards: Gamma, value: float, gradient: Floats, weighted: Floats, risk: Floats, deaths: Floats
    ) -> tuple[float, Floats, Floats]:
        counts = hazards.shape + deaths
        some = counts > 0
        total = np.where(some, hazards.rate + risk, 1.0)
        value -= float(counts @ np.log(total))
        rate = (counts / total).reshape(-1, weighted.shape[1])[self.loadings.table.stratum]
        own = weighted * rate
        per_cell = self.loadings.cells(weighted)
        hessian = self.loadings.information(own) - (per_cell * (counts / total**2)) @ per_cell.T
        return value, gradient - self.loadings.score(own), hessian + np.diag(self.precision)


def climb(density: Density) -> tuple[Floats, Floats, float] | None:
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
