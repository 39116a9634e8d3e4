"""Weighted person-time at risk, the only sum over patients in the likelihood, as a compiled loop with its gradient.

Everything else in the likelihood is a sum over strata and intervals. Arrays lie column by column, so
that the inner loops run over patterns and a processor can work on several at once without reordering
an addition: fast, and the same on every run. Patterns of one stratum lie together; padded columns and
intervals are skipped. `perform` is the same in numpy.
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

DATA = ("group_of", "x", "exposure", "stratum_start", "n_real")
"""Arrays of the loops: `group_of` (pattern,); `x` (column, pattern); `exposure` (interval, pattern);
`stratum_start` (stratum + 1,), where each stratum's patterns begin; `n_real` (2,), how many columns and
intervals carry data."""


def at_risk(
    group_effect: TensorVariable, coefficient: TensorVariable, data: dict[str, TensorVariable]
) -> TensorVariable:
    """Person-time weighted by relative hazard, R[s, j] = sum over patterns p of s of exposure[j, p] exp(eta[p]).

    eta[p] = group_effect[group_of[p]] + coefficient @ x[:, p]. Returns (stratum, interval).
    """
    risk, _ = AtRisk()(group_effect, coefficient, *(data[name] for name in DATA))
    return risk


class AtRisk(Op):  # type: ignore[misc]  # PyTensor is untyped
    """Outputs R (stratum, interval) and exp(eta) (pattern,); the second only feeds the gradient of the first."""

    __props__ = ()

    def make_node(self, *inputs: TensorVariable) -> Apply:
        tensors = [pt.as_tensor_variable(each) for each in inputs]
        return Apply(self, tensors, [pt.dmatrix(), pt.dvector()])

    def perform(self, node: Apply, inputs: list[Any], output_storage: list[list[Any]]) -> None:
        group_effect, coefficient, group_of, x, exposure, stratum_start, _ = inputs
        weight = np.exp(group_effect[group_of] + coefficient @ x)
        bounds = pairwise(stratum_start)
        output_storage[0][0] = np.array([exposure[:, a:b] @ weight[a:b] for a, b in bounds])
        output_storage[1][0] = weight

    def infer_shape(self, node: Apply, shapes: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        _, _, group_of, _, exposure, stratum_start, _ = shapes
        return [(stratum_start[0] - 1, exposure[0]), (group_of[0],)]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[True, False]] * 2 + [[False, False]] * len(DATA)

    def pullback(self, inputs: list[Any], outputs: list[Any], cotangents: list[Any]) -> list[Any]:
        """Gradient with respect to the group effects and coefficients; the data have none."""
        group_effect, coefficient, *data = inputs
        gradients = AtRiskPullback()(group_effect, coefficient, outputs[1], cotangents[0], *data)
        return [*gradients, *(disconnected_type() for _ in data)]


class AtRiskPullback(Op):  # type: ignore[misc]  # PyTensor is untyped
    """Gradients of sum over s, j of cotangent[s, j] R[s, j]: (group,) and (column,)."""

    __props__ = ()

    def make_node(self, *inputs: TensorVariable) -> Apply:
        tensors = [pt.as_tensor_variable(each) for each in inputs]
        return Apply(self, tensors, [pt.dvector(), pt.dvector()])

    def perform(self, node: Apply, inputs: list[Any], output_storage: list[list[Any]]) -> None:
        group_effect, _, weight, cotangent, group_of, x, exposure, stratum_start, _ = inputs
        stratum = np.repeat(np.arange(len(stratum_start) - 1), np.diff(stratum_start))
        slope = weight * (cotangent[stratum].T * exposure).sum(axis=0)
        output_storage[0][0] = np.bincount(group_of, slope, minlength=len(group_effect))
        output_storage[1][0] = x @ slope

    def infer_shape(self, node: Apply, shapes: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        return [shapes[0], shapes[1]]


def weighted_exposure(
    group_effect: Floats,
    coefficient: Floats,
    group_of: Codes,
    x: Floats,
    exposure: Floats,
    stratum_start: Codes,
    n_real: Codes,
) -> tuple[Floats, Floats]:
    """R (stratum, interval) and exp(eta) (pattern,)."""
    n_patterns, n_strata = group_of.shape[0], stratum_start.shape[0] - 1
    weight = np.empty(n_patterns)
    for p in range(n_patterns):
        weight[p] = group_effect[group_of[p]]
    for k in range(n_real[0]):
        column, slope = x[k], coefficient[k]
        for p in range(n_patterns):
            weight[p] += slope * column[p]
    for p in range(n_patterns):
        weight[p] = np.exp(weight[p])
    risk = np.zeros((n_strata, exposure.shape[0]))
    for s in range(n_strata):
        first, last = stratum_start[s], stratum_start[s + 1]
        for j in range(n_real[1]):
            risk[s, j] = _dot(weight[first:last], exposure[j, first:last])
    return risk, weight


def pull_back(
    group_effect: Floats,
    coefficient: Floats,
    weight: Floats,
    cotangent: Floats,
    group_of: Codes,
    x: Floats,
    exposure: Floats,
    stratum_start: Codes,
    n_real: Codes,
) -> tuple[Floats, Floats]:
    """Gradients with respect to the group effects and the coefficients."""
    n_patterns, n_strata = group_of.shape[0], stratum_start.shape[0] - 1
    slope = np.zeros(n_patterns)
    for s in range(n_strata):
        own = slope[stratum_start[s] : stratum_start[s + 1]]
        for j in range(n_real[1]):
            row, scale = exposure[j, stratum_start[s] : stratum_start[s + 1]], cotangent[s, j]
            for p in range(own.shape[0]):
                own[p] += scale * row[p]
    by_group = np.zeros(group_effect.shape[0])
    for p in range(n_patterns):
        slope[p] *= weight[p]
        by_group[group_of[p]] += slope[p]
    by_column = np.zeros(coefficient.shape[0])
    for k in range(n_real[0]):
        by_column[k] = _dot(slope, x[k])
    return by_group, by_column


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
