"""The linear predictor: covariates as columns, each with a prior scale.

A categorical covariate with m levels becomes m - 1 columns of an orthonormal zero-sum basis, so that
the prior of every pairwise contrast is the same whichever level is called the reference; with learnt
spread (exchangeable) it becomes one indicator column per level.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import helmert

from bayesrefract.cohort.exposure import ExposureTable
from bayesrefract.cohort.value import Covariate
from bayesrefract.study.model import Model


@dataclass(frozen=True)
class Block:
    """Columns of one covariate. `to_effect` @ coefficients = log hazard per level, or per SD."""

    covariate: Covariate
    columns: slice
    to_effect: NDArray[np.float64] = field(repr=False)  # (level or 1, column)
    centre: float = 0.0
    sd: float = 1.0
    exchangeable: bool = False


@dataclass(frozen=True)
class Design:
    """x : (pattern, column). scale : prior sd per column, NaN where learnt. spread : (column,) index of
    the learnt spread (tau) of each column, -1 where the scale is fixed. spread_scale : (spread,), of the half-normal
    prior of each tau."""

    x: NDArray[np.float64] = field(repr=False)
    names: tuple[str, ...]
    scale: NDArray[np.float64] = field(repr=False)
    spread: NDArray[np.int64] = field(repr=False)
    blocks: tuple[Block, ...]
    spread_scale: NDArray[np.float64] = field(default_factory=lambda: np.empty(0), repr=False)

    @property
    def spreads(self) -> tuple[str, ...]:
        """Names of the covariates with learnt spread."""
        return tuple(b.covariate.name for b in self.blocks if b.exchangeable)


def zero_sum_basis(levels: int) -> NDArray[np.float64]:
    """Orthonormal columns that sum to zero: (levels, levels - 1). Independent Normal(0, sd / sqrt(2))
    coordinates give every pairwise difference the prior Normal(0, sd)."""
    return helmert(levels).T


def design(table: ExposureTable, model: Model) -> Design:
    """Columns of all covariates of the table, standardised with patient weights."""
    columns: list[NDArray[np.float64]] = []
    names: list[str] = []
    scale: list[float] = []
    spread: list[int] = []
    blocks: list[Block] = []
    weights = table.n_patients
    for covariate in table.covariates:
        place = len(names)
        learnt = -1
        if covariate.levels is None:
            centre = float(np.average(covariate.values, weights=weights))
            sd = float(np.sqrt(np.average((covariate.values - centre) ** 2, weights=weights)))
            parts, labels = ((covariate.values - centre) / sd)[:, None], [covariate.name]
            to_effect, prior_sd = np.eye(1), model.priors.continuous_sd
        else:
            centre, sd = 0.0, 1.0
            indicator = np.eye(len(covariate.levels))[covariate.values.astype(int)]
            if model.shares_a_spread(covariate.name):
                to_effect, prior_sd = np.eye(len(covariate.levels)), np.nan
                learnt = sum(b.exchangeable for b in blocks)
                labels = [f"{covariate.name}={level}" for level in covariate.levels]
            else:
                to_effect = zero_sum_basis(len(covariate.levels))
                prior_sd = model.priors.categorical_pairwise_sd / np.sqrt(2)
                labels = [f"{covariate.name}.{i + 1}" for i in range(to_effect.shape[1])]
            parts = indicator @ to_effect
        columns.append(parts)
        names += labels
        scale += [prior_sd] * len(labels)
        spread += [learnt] * len(labels)
        blocks.append(Block(covariate, slice(place, len(names)), to_effect, centre, sd, learnt >= 0))
    x = np.hstack(columns) if columns else np.empty((len(weights), 0))
    scales = np.array([model.priors.scale_of(b.covariate.name) for b in blocks if b.exchangeable])
    return Design(x, tuple(names), np.array(scale), np.array(spread, dtype=int), tuple(blocks), scales)
