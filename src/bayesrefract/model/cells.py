"""Cells: what is constant for everybody of one stratum and group, and the effects on it as columns.

A pattern belongs to one cell and adds only the covariates that vary inside it, so that the loop over patterns knows
covariates alone. A further effect of this kind costs columns here, not another compiled structure.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import null_space

from bayesrefract.model.effects import zero_sum_basis
from bayesrefract.model.priors import GroupPrior
from bayesrefract.study.study import Contrast

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True)
class Cells:
    """`stratum`, `group` : (cell,) codes, by stratum and then group. `of` : (pattern,), the cell of each pattern."""

    stratum: Codes = field(repr=False)
    group: Codes = field(repr=False)
    of: Codes = field(repr=False)

    def __len__(self) -> int:
        return len(self.stratum)

    def sums(self, values: Floats) -> Floats:
        """Sums over the patterns of each cell: (pattern, ...) -> (cell, ...)."""
        total = np.zeros((len(self), *values.shape[1:]))
        np.add.at(total, self.of, values)
        return total


def cells_from(stratum: Codes, group: Codes, *, apart: bool = False) -> Cells:
    """The cells of patterns with these strata and groups, (pattern,) each.

    `apart`: one per pattern, which changes no likelihood and is for tests.
    """
    if apart:
        order = np.lexsort((group, stratum))
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order))
        return Cells(stratum[order], group[order], place)
    pairs = np.column_stack([stratum, group])
    found, of = np.unique(pairs, axis=0, return_inverse=True)
    return Cells(found[:, 0].astype(np.int64), found[:, 1].astype(np.int64), of.reshape(-1).astype(np.int64))


@dataclass(frozen=True)
class CellEffects:
    """Effects on the cells, the first of which may have a mixture for a prior.

    `group_loading` : (group, effect), the log hazard of each group; `loading` : (cell, effect); `sd` : prior sd of
    each, NaN for the first and where learnt; `spread` : (effect,), index of the learnt spread, -1 where there is none.
    """

    group_loading: Floats = field(repr=False)
    loading: Floats = field(repr=False)
    sd: Floats = field(repr=False)
    spread: Codes = field(repr=False)


def cell_effects(cells: Cells, groups: tuple[str, ...], prior: GroupPrior, primary: Contrast) -> CellEffects:
    """Effects of the groups in an orthonormal zero-sum basis.

    The same for every choice of reference; only a prior that treats the primary contrast apart puts it first.
    """
    basis = group_basis(groups, prior, primary)
    sd = np.full(basis.shape[1], prior.rest_sd / np.sqrt(2))
    return CellEffects(basis, basis[cells.group], sd, np.full(basis.shape[1], -1, dtype=np.int64))


def group_basis(groups: tuple[str, ...], prior: GroupPrior, primary: Contrast) -> Floats:
    """Orthonormal columns that sum to zero over the groups, (group, contrast)."""
    count = len(groups)
    if not prior.is_mixture:
        return zero_sum_basis(count)
    first = np.zeros(count)
    first[groups.index(primary.group)] = 1 / np.sqrt(2)
    first[groups.index(primary.reference)] = -1 / np.sqrt(2)
    return np.column_stack([first, null_space(np.vstack([np.ones(count), first]))])
