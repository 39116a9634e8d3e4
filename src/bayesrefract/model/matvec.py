"""Matrix times vector as a plain loop: the general product of PyTensor takes a minute to compile.

Measured on one core: a first compilation of the collapsed model 144 s with `pt.dot`, of which 65 s
for the BLAS calls; with these loops 32 s.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.gradient import disconnected_type
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch.basic import numba_njit, register_funcify_default_op_cache_key
from pytensor.tensor.variable import TensorVariable


class MatVec(Op):  # type: ignore[misc]  # PyTensor is untyped
    """`matrix` (row, column) times `vector`; with `transposed`, matrix.T times vector. The matrix is data."""

    __props__ = ("transposed",)

    def __init__(self, *, transposed: bool = False) -> None:
        self.transposed = transposed

    def make_node(self, matrix: TensorVariable, vector: TensorVariable) -> Apply:
        matrix, vector = pt.as_tensor_variable(matrix), pt.as_tensor_variable(vector)
        return Apply(self, [matrix, vector], [pt.dvector()])

    def perform(self, node: Apply, inputs: list[Any], output_storage: list[list[Any]]) -> None:
        matrix, vector = inputs
        output_storage[0][0] = (matrix.T if self.transposed else matrix) @ np.asarray(vector, dtype=float)

    def infer_shape(self, node: Apply, shapes: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        return [(shapes[0][1 if self.transposed else 0],)]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[False], [True]]

    def pullback(self, inputs: list[Any], outputs: list[Any], cotangents: list[Any]) -> list[Any]:
        """Gradient with respect to the vector: the other product of the same matrix."""
        matrix, _ = inputs
        return [disconnected_type(), MatVec(transposed=not self.transposed)(matrix, cotangents[0])]


def matvec(matrix: TensorVariable, vector: TensorVariable) -> TensorVariable:
    """(row, column) times (column,) -> (row,). `matrix` must be data: no gradient flows to it."""
    return MatVec()(matrix, vector)


def source_version(path: str) -> int:
    """A number that changes with a source file: PyTensor keeps compiled Ops, and must not keep outdated ones."""
    return zlib.crc32(Path(path).read_bytes())


@register_funcify_default_op_cache_key(MatVec)  # type: ignore[untyped-decorator]  # PyTensor is untyped
def compile_matvec(op: MatVec, node: Apply, **_: Any) -> Any:
    """The loops, over rows outside and columns inside: memory is read in order.

    Not `fastmath`: the order of additions must not depend on what the compiler puts together, or a
    compilation read from the cache gives other draws than a fresh one.
    """
    if op.transposed:

        @numba_njit(fastmath=False)
        def product(matrix, vector):  # type: ignore[no-untyped-def]  # compiled
            rows, columns = matrix.shape
            result = np.zeros(columns)
            for row in range(rows):
                weight = vector[row]
                for column in range(columns):
                    result[column] += weight * matrix[row, column]
            return result
    else:

        @numba_njit(fastmath=False)
        def product(matrix, vector):  # type: ignore[no-untyped-def]  # compiled
            rows, columns = matrix.shape
            result = np.empty(rows)
            for row in range(rows):
                # Two sums side by side: each waits less for its last addition.
                even, odd = 0.0, 0.0
                for column in range(0, columns - 1, 2):
                    even += matrix[row, column] * vector[column]
                    odd += matrix[row, column + 1] * vector[column + 1]
                if columns % 2:
                    even += matrix[row, columns - 1] * vector[columns - 1]
                result[row] = even + odd
            return result

    return product, source_version(__file__)
