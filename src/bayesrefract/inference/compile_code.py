"""Compile the functions of a model to machine code with the C signatures of nutpie."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from bayesrefract.inference.machine_code import MachineCode, Routine, Signature
from bayesrefract.model.arrays import ModelArrays
from bayesrefract.model.functions import model_functions


def compile_structure(arrays: ModelArrays) -> MachineCode:
    """Machine code that serves every fit of the structure of these arrays."""
    functions = model_functions(arrays)
    used = {*functions.log_density.data, *functions.expand.data}
    kept = {name: np.asarray(value) for name, value in arrays.values.items() if name in used}
    signature = tuple((name, str(value.dtype), value.ndim) for name, value in kept.items())
    n, m = functions.n_parameters, sum(math.prod(sizes.values()) for sizes in functions.variables.values())
    return MachineCode(
        compile_routine(LOG_DENSITY, functions.log_density.call, functions.log_density.data, signature, n=n),
        compile_routine(EXPAND, functions.expand.call, functions.expand.data, signature, n=n, m=m),
        signature,
        n,
        functions.variables,
    )


@intrinsic
def _as_pointer(typing: Any, number: Any) -> Any:
    """A number as an address."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], cgutils.voidptr_t)

    return types.voidptr(number), generate


LOG_DENSITY = """
def log_density(dim, point_, out_, value_, table_):
    if dim != {n}: return -1
    try:
        point, out, value = carray(point_, ({n},)), carray(out_, ({n},)), carray(value_, (1,))
        {data}
        arguments = {arguments}
        value[0], gradient = call(*arguments)
        out[:] = gradient
        if not (np.all(np.isfinite(out)) and np.isfinite(value[0])): return 3
    except Exception:  # none may cross into C
        return 1
    return 0
"""
EXPAND = """
def expand(dim, expanded, point_, out_, table_):
    if dim != {n} or expanded != {m}: return -1
    try:
        point, out = carray(point_, ({n},)), carray(out_, ({m},))
        {data}
        arguments = {arguments}
        (everything,) = call(*arguments)
        out[:] = everything
    except Exception:  # none may cross into C
        return -2
    return 0
"""
"""Templates of the functions that nutpie calls. A positive return rejects the step, a negative one stops the sampler.

No exception may cross into C, and compiled code can name no narrower class than Exception.
"""


NUMBA: Any = numba  # untyped


def compile_routine(
    template: str, call: Callable[..., Any], data: tuple[str, ...], signature: Signature, **sizes: int
) -> Routine:
    """Compile `call(point, *data)` with the C signature of nutpie."""
    source = template.format(data=_unpack(signature, data), arguments=_tuple(("point", *data)), **sizes)
    names: dict[str, Any] = {"np": np, "carray": NUMBA.carray, "as_pointer": _as_pointer, "call": call}
    exec(source, names)  # our own template, and names of our own arrays
    compiled = NUMBA.cfunc(_c_signature(template))(names["log_density" if template is LOG_DENSITY else "expand"])
    library = compiled._library
    if library.has_dynamic_globals:
        raise AssertionError("compiled code holds addresses of this process: it could not be kept")
    name, _, (object_code, bitcode) = library.serialize_using_object_code()
    return Routine(compiled.native_name, name, object_code, bitcode)


def _c_signature(template: str) -> Any:
    """nutpie's: sizes, the point, what is returned, and the table of data."""
    sizes, vectors = (1, 3) if template is LOG_DENSITY else (2, 2)
    pointer: Any = types.CPointer
    vector, table = pointer(types.double), pointer(types.uint64)
    return types.int64(*[types.uint64] * sizes, *[vector] * vectors, table)


def _tuple(names: tuple[str, ...]) -> str:
    """A tuple of many, in parts: Python makes a longer one from a list, which numba does not know."""
    parts = (names[start : start + PART] for start in range(0, len(names), PART))
    return "(" + " + ".join("(" + "".join(f"{name}, " for name in part) + ")" for part in parts) + ")"


PART = 20


def _unpack(signature: Signature, used: tuple[str, ...]) -> str:
    """Lines that make arrays of the entries of the table."""
    size = sum(1 + ndim for _, _, ndim in signature)
    lines, place = [f"table = carray(table_, ({size},))"], 0
    for name, dtype, ndim in signature:
        shape = ", ".join(f"int(table[{place + 1 + axis}])" for axis in range(ndim))
        if name in used:
            lines.append(f"{name} = carray(as_pointer(table[{place}]), ({shape}{',' if ndim else ''}), np.{dtype})")
        place += 1 + ndim
    return "\n        ".join(lines)
