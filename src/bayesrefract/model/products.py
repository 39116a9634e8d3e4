"""The model's products of data and parameters: loops of our own, or plain PyTensor where those cannot be used."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import pytensor.tensor as pt
from pytensor.tensor.variable import TensorVariable

_PLAIN: ContextVar[bool] = ContextVar("plain", default=False)


@contextmanager
def plain_products() -> Iterator[None]:
    """Build models from PyTensor's own operations only.

    The loops are faster, but they are registered with parts of PyTensor that may change between its versions;
    they are imported where they are used, so that a model can be built without them.
    """
    before = _PLAIN.set(True)
    try:
        yield
    finally:
        _PLAIN.reset(before)


def matvec(matrix: TensorVariable, vector: TensorVariable) -> TensorVariable:
    """(row, column) times (column,) -> (row,). `matrix` must be data: no gradient flows to it."""
    if _PLAIN.get():
        return (matrix * vector).sum(axis=1)
    from bayesrefract.model import matvec as loops

    return loops.matvec(matrix, vector)


def at_risk(
    group_effect: TensorVariable, coefficient: TensorVariable, data: dict[str, TensorVariable]
) -> TensorVariable:
    """Person-time weighted by relative hazard, (stratum, interval): see `at_risk.py`."""
    if _PLAIN.get():
        weight = pt.exp(group_effect[data["group_of"]] + (coefficient[:, None] * data["x"]).sum(axis=0))
        # Patterns of one stratum lie together: a stratum's sum is a difference of running sums.
        to_here = pt.cumsum(data["exposure"] * weight, axis=1)
        before = pt.concatenate([pt.zeros_like(to_here[:, :1]), to_here], axis=1)[:, data["stratum_start"]]
        return (before[:, 1:] - before[:, :-1]).T
    from bayesrefract.model import at_risk as loops

    return loops.at_risk(group_effect, coefficient, data)
