"""Weighted person-time at risk, the only sum over patients in the likelihood, as a compiled loop with its gradient.

Two levels. Inside a cell (a stratum and group) patterns differ by covariates alone: the loop over them computes
R[c, j] = sum of exposure[p, j] exp(x[p] @ coefficient), and its cost does not depend on the number of intervals, as
person-time comes as who leaves when (leaving.py). What is constant in a cell multiplies afterwards, and the cells of
a stratum are added: R[s, j] = sum over its cells of exp(effect[c] + change[g(c), j]) R[c, j].

Arrays lie column by column, so that the inner loops run over patterns and a processor can work on several at once
without reordering an addition: fast, and the same on every run. Padded columns and intervals are skipped. `perform` is
the same in numpy.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytensor.tensor as pt
from numba.extending import register_jitable
from numpy.typing import NDArray
from pytensor.gradient import disconnected_type
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch.basic import numba_njit, register_funcify_default_op_cache_key
from pytensor.tensor.variable import TensorVariable

from bayesrefract.model.matvec import source_version

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

DATA = (
    "x",
    "width",
    "row_count",
    "row_time",
    "block_start",
    "extra_row",
    "extra_count",
    "extra_time",
    "extra_start",
    "cell_group",
    "cell_start",
    "n_real",
)
"""Arrays of the loops: `x` (column, row); `width` (interval,), 0 for the last; the terms of the person-time, by row and
by block = cell x interval (leaving.py); `cell_group` (cell,); `cell_start` (stratum + 1,), where the cells of each
stratum begin; `n_real` (2,), how many columns and intervals carry data."""


def at_risk(
    effect: TensorVariable, change: TensorVariable | None, coefficient: TensorVariable, data: dict[str, TensorVariable]
) -> TensorVariable:
    """Person-time weighted by relative hazard, (stratum, interval).

    effect : (cell,). change : (group, interval), or None where hazards are proportional. coefficient : (column,).
    """
    changing = change is not None
    if change is None:
        change = pt.zeros((0, 0))
    risk, *_ = AtRisk(changing=changing)(effect, change, coefficient, *(data[name] for name in DATA))
    return risk


class AtRisk(Op):  # type: ignore[misc]  # PyTensor is untyped
    """Outputs R (stratum, interval), exp(x @ coefficient) (row,) and each cell's share of R (cell, interval).

    The last two only feed the gradient of the first.
    """

    __props__ = ("changing",)

    def __init__(self, *, changing: bool) -> None:
        self.changing = changing

    def make_node(self, *inputs: TensorVariable) -> Apply:
        tensors = [pt.as_tensor_variable(each) for each in inputs]
        return Apply(self, tensors, [pt.dmatrix(), pt.dvector(), pt.dmatrix()])

    def perform(self, node: Apply, inputs: list[Any], output_storage: list[list[Any]]) -> None:
        effect, change, coefficient, x, *terms, cell_group, cell_start, _ = inputs
        weight = np.exp(coefficient @ x)
        relative = np.exp(effect)[:, None] * (np.exp(change[cell_group]) if self.changing else 1.0)
        cell_risk = np.maximum(_person_time(weight, *terms), 0.0) * relative
        output_storage[0][0] = np.array([cell_risk[a:b].sum(axis=0) for a, b in pairwise(cell_start)])
        output_storage[1][0] = weight
        output_storage[2][0] = cell_risk

    def infer_shape(self, node: Apply, shapes: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        effect, _, _, x, width, *_, cell_start, _ = shapes
        return [(cell_start[0] - 1, width[0]), (x[1],), (effect[0], width[0])]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[True, False, False], [self.changing, False, False], [True, False, False]] + [[False] * 3] * len(DATA)

    def pullback(self, inputs: list[Any], outputs: list[Any], cotangents: list[Any]) -> list[Any]:
        """Gradient with respect to effects, change and coefficients; the data have none."""
        effect, change, coefficient, *data = inputs
        pull = AtRiskPullback(changing=self.changing)
        gradients = pull(effect, change, coefficient, outputs[1], outputs[2], cotangents[0], *data)
        if not self.changing:
            gradients[1] = disconnected_type()
        return [*gradients, *(disconnected_type() for _ in data)]


class AtRiskPullback(Op):  # type: ignore[misc]  # PyTensor is untyped
    """Gradients of sum over s, j of cotangent[s, j] R[s, j]: (cell,), (group, interval) and (column,)."""

    __props__ = ("changing",)

    def __init__(self, *, changing: bool) -> None:
        self.changing = changing

    def make_node(self, *inputs: TensorVariable) -> Apply:
        tensors = [pt.as_tensor_variable(each) for each in inputs]
        return Apply(self, tensors, [pt.dvector(), pt.dmatrix(), pt.dvector()])

    def perform(self, node: Apply, inputs: list[Any], output_storage: list[list[Any]]) -> None:
        effect, change, _, weight, cell_risk, cotangent, x, *terms, cell_group, cell_start, _ = inputs
        stratum = np.repeat(np.arange(len(cell_start) - 1), np.diff(cell_start))
        share = cotangent[stratum] * cell_risk
        by_change = np.zeros(change.shape)
        if self.changing:
            np.add.at(by_change, cell_group, share)
        relative = np.exp(effect)[:, None] * (np.exp(change[cell_group]) if self.changing else 1.0)
        slope = weight * _person_time_slope(cotangent[stratum] * relative, len(weight), *terms)
        output_storage[0][0] = share.sum(axis=1)
        output_storage[1][0] = by_change
        output_storage[2][0] = x @ slope

    def infer_shape(self, node: Apply, shapes: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        return shapes[:3]


def _person_time(
    weight: Floats,
    width: Floats,
    row_count: Floats,
    row_time: Floats,
    block_start: Codes,
    extra_row: Codes,
    extra_count: Floats,
    extra_time: Floats,
    extra_start: Codes,
) -> Floats:
    """Weighted person-time of each cell, (cell, interval), in numpy."""
    blocks = len(block_start) - 1
    row_block, extra_block = (np.repeat(np.arange(blocks), np.diff(each)) for each in (block_start, extra_start))
    count, time = (
        np.bincount(row_block, weight * rows, blocks) + np.bincount(extra_block, weight[extra_row] * extras, blocks)
        for rows, extras in ((row_count, extra_count), (row_time, extra_time))
    )
    count, time = (each.reshape(-1, len(width)) for each in (count, time))
    later = np.cumsum(count[:, ::-1], axis=1)[:, ::-1] - count
    return np.asarray(time + width * later)


def _person_time_slope(
    scale: Floats,
    rows: int,
    width: Floats,
    row_count: Floats,
    row_time: Floats,
    block_start: Codes,
    extra_row: Codes,
    extra_count: Floats,
    extra_time: Floats,
    extra_start: Codes,
) -> Floats:
    """Derivative of sum of scale[c, j] * person-time by each row's weight, (row,), in numpy."""
    full = scale * width
    before = (np.cumsum(full, axis=1) - full).ravel()
    row_block, extra_block = (np.repeat(np.arange(scale.size), np.diff(each)) for each in (block_start, extra_start))
    slope = row_count * before[row_block] + row_time * scale.ravel()[row_block]
    extra = extra_count * before[extra_block] + extra_time * scale.ravel()[extra_block]
    return np.asarray(slope + np.bincount(extra_row, extra, rows))


def weighted_exposure(
    effect: Floats,
    change: Floats,
    coefficient: Floats,
    x: Floats,
    width: Floats,
    row_count: Floats,
    row_time: Floats,
    block_start: Codes,
    extra_row: Codes,
    extra_count: Floats,
    extra_time: Floats,
    extra_start: Codes,
    cell_group: Codes,
    cell_start: Codes,
    n_real: Codes,
) -> tuple[Floats, Floats, Floats]:
    """R (stratum, interval), exp(x @ coefficient) (row,), and each cell's share of R (cell, interval)."""
    n_rows, n_intervals, n_strata = row_time.shape[0], width.shape[0], cell_start.shape[0] - 1
    weight = np.zeros(n_rows)
    for k in range(n_real[0]):
        column, slope = x[k], coefficient[k]
        for p in range(n_rows):
            weight[p] += slope * column[p]
    for p in range(n_rows):
        weight[p] = np.exp(weight[p])
    risk, cell_risk = np.zeros((n_strata, n_intervals)), np.zeros((effect.shape[0], n_intervals))
    for s in range(n_strata):
        for c in range(cell_start[s], cell_start[s + 1]):
            relative, later = np.exp(effect[c]), 0.0
            for back in range(n_real[1]):
                j = n_real[1] - 1 - back
                block = c * n_intervals + j
                first, last = block_start[block], block_start[block + 1]
                count = _dot(weight[first:last], row_count[first:last])
                time = _dot(weight[first:last], row_time[first:last])
                for e in range(extra_start[block], extra_start[block + 1]):
                    count += weight[extra_row[e]] * extra_count[e]
                    time += weight[extra_row[e]] * extra_time[e]
                # Terms of late entry cancel: what is left of nothing must not be below it.
                own = max(time + width[j] * later, 0.0) * relative
                later += count
                if change.shape[0] > 0:
                    own *= np.exp(change[cell_group[c], j])
                cell_risk[c, j] = own
                risk[s, j] += own
    return risk, weight, cell_risk


def pull_back(
    effect: Floats,
    change: Floats,
    coefficient: Floats,
    weight: Floats,
    cell_risk: Floats,
    cotangent: Floats,
    x: Floats,
    width: Floats,
    row_count: Floats,
    row_time: Floats,
    block_start: Codes,
    extra_row: Codes,
    extra_count: Floats,
    extra_time: Floats,
    extra_start: Codes,
    cell_group: Codes,
    cell_start: Codes,
    n_real: Codes,
) -> tuple[Floats, Floats, Floats]:
    """Gradients with respect to the effects of the cells, the change and the coefficients."""
    n_intervals, n_strata = width.shape[0], cell_start.shape[0] - 1
    by_effect, by_change = np.zeros(effect.shape[0]), np.zeros(change.shape)
    by_column, slope = np.zeros(coefficient.shape[0]), np.zeros(weight.shape[0])
    for s in range(n_strata):
        for c in range(cell_start[s], cell_start[s + 1]):
            relative, before = np.exp(effect[c]), 0.0
            for j in range(n_real[1]):
                share = cotangent[s, j] * cell_risk[c, j]
                by_effect[c] += share
                scale = cotangent[s, j] * relative
                if change.shape[0] > 0:
                    by_change[cell_group[c], j] += share
                    scale *= np.exp(change[cell_group[c], j])
                if n_real[0] > 0:
                    block = c * n_intervals + j
                    for p in range(block_start[block], block_start[block + 1]):
                        slope[p] += row_count[p] * before + row_time[p] * scale
                    for e in range(extra_start[block], extra_start[block + 1]):
                        slope[extra_row[e]] += extra_count[e] * before + extra_time[e] * scale
                before += width[j] * scale
    if n_real[0] > 0:
        for p in range(weight.shape[0]):
            slope[p] *= weight[p]
    for k in range(n_real[0]):
        by_column[k] = _dot(slope, x[k])
    return by_effect, by_change, by_column


@register_jitable
def _dot(left: Floats, right: Floats) -> float:
    """Eight sums side by side, which a processor adds at once without changing their order."""
    a = b = c = d = e = f = g = h = 0.0
    whole = left.shape[0] // 8 * 8
    for i in range(0, whole, 8):
        a += left[i] * right[i]
        b += left[i + 1] * right[i + 1]
        c += left[i + 2] * right[i + 2]
        d += left[i + 3] * right[i + 3]
        e += left[i + 4] * right[i + 4]
        f += left[i + 5] * right[i + 5]
        g += left[i + 6] * right[i + 6]
        h += left[i + 7] * right[i + 7]
    for i in range(whole, left.shape[0]):
        a += left[i] * right[i]
    return ((a + b) + (c + d)) + ((e + f) + (g + h))


@register_funcify_default_op_cache_key(AtRisk)  # type: ignore[untyped-decorator]  # PyTensor is untyped
def compile_at_risk(op: AtRisk, node: Apply, **_: Any) -> tuple[Callable[..., Any], int]:
    return numba_njit(fastmath=False)(weighted_exposure), source_version(__file__)


@register_funcify_default_op_cache_key(AtRiskPullback)  # type: ignore[untyped-decorator]  # PyTensor is untyped
def compile_pullback(op: AtRiskPullback, node: Apply, **_: Any) -> tuple[Callable[..., Any], int]:
    return numba_njit(fastmath=False)(pull_back), source_version(__file__)
