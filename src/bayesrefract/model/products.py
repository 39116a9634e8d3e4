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
    effect: TensorVariable, change: TensorVariable | None, coefficient: TensorVariable, data: dict[str, TensorVariable]
) -> TensorVariable:
    """Person-time weighted by relative hazard, (stratum, interval): see `at_risk.py`."""
    if not _PLAIN.get():
        from bayesrefract.model import at_risk as loops

        return loops.at_risk(effect, change, coefficient, data)
    weight = pt.exp((coefficient[:, None] * data["x"]).sum(axis=0))
    width = data["width"]
    extra = weight[data["extra_row"]]
    count, time = (
        _sums(weight * data[f"row_{name}"], data["block_start"])
        + _sums(extra * data[f"extra_{name}"], data["extra_start"])
        for name in ("count", "time")
    )
    count, time = (each.reshape((-1, width.shape[0])) for each in (count, time))
    later = pt.cumsum(count[:, ::-1], axis=1)[:, ::-1] - count
    log_relative = effect[:, None] if change is None else effect[:, None] + change[data["cell_group"]]
    cells = pt.maximum(time + width * later, 0.0) * pt.exp(log_relative)
    return _sums(cells, data["cell_start"])


def _sums(values: TensorVariable, start: TensorVariable) -> TensorVariable:
    """Sums of runs along the first axis: (block + 1,) places where each begins -> (block, ...)."""
    to_here = pt.cumsum(values, axis=0)
    # Not a slice of the sums: there may be no value at all.
    to_here = pt.concatenate([pt.zeros_like(values.sum(axis=0, keepdims=True)), to_here])
    return to_here[start[1:]] - to_here[start[:-1]]
