"""Functions of a model as machine code: compiled once on a machine, then read from disk in a moment.

numba can keep compiled functions between processes, but not those that PyTensor makes anew in each;
so the finished object code is kept here. Measured: 25 to 50 s to compile a structure, 0.1 s to read it,
and PyMC need not even be imported.
"""

from __future__ import annotations

import ctypes
import json
import os
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from bayesrefract.files import write_private
from bayesrefract.inference.sealed import open_regular, seal, unseal
from bayesrefract.private import why_untrusted_file

type Signature = tuple[tuple[str, str, int], ...]
"""Name, dtype and number of dimensions of each array that a routine reads."""


@dataclass(frozen=True)
class Routine:
    """One function as object code. It reads its data through a table of addresses and lengths."""

    symbol: str
    library: str
    object_code: bytes
    bitcode: bytes

    @cached_property
    def _loaded(self) -> Any:
        context = _target_context()
        context.refresh()
        return context.codegen().unserialize_library((self.library, "object", (self.object_code, self.bitcode)))

    @property
    def address(self) -> int:
        """Address of the function in memory: loaded on first use, and valid as long as this value lives."""
        return int(self._loaded.get_pointer_to_function(self.symbol))


@dataclass(frozen=True)
class MachineCode:
    """The functions of one model structure, compiled for this processor.

    `signature` : the data, in the order of the table that `addresses` makes. `variables` : what `expand`
    returns, name -> dimensions and their sizes.
    """

    log_density: Routine
    expand: Routine
    signature: Signature
    n_parameters: int
    variables: dict[str, dict[str, int]]

    def arrays(self, values: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        """The data in the order, type and memory layout that the code was compiled for."""
        made = [np.require(values[name], dtype, "C") for name, dtype, _ in self.signature]
        wrong = [name for (name, _, ndim), value in zip(self.signature, made, strict=True) if value.ndim != ndim]
        if wrong:
            raise AssertionError(f"arrays of another shape than compiled for: {wrong}")
        return made


def answers(code: MachineCode, values: Mapping[str, NDArray[Any]]) -> bool:
    """Whether the code works in this process, tested at the origin.

    Code that calls into a library by an address of the process that compiled it (the gamma function of pooled
    independent hazards) fails elsewhere: it is then compiled anew.
    """
    data = code.arrays(values)
    point, gradient, value = np.zeros(code.n_parameters), np.zeros(code.n_parameters), np.zeros(1)
    table, number, place = addresses(data), ctypes.c_uint64, ctypes.c_void_p
    density = ctypes.CFUNCTYPE(ctypes.c_int64, number, place, place, place, place)(code.log_density.address)
    status = density(code.n_parameters, *(each.ctypes.data for each in (point, gradient, value, table)))
    return status == 0


def addresses(arrays: list[NDArray[Any]]) -> NDArray[np.uint64]:
    """Address and lengths of each array, in one table. The arrays must be kept alive as long as it is used."""
    return np.array([entry for each in arrays for entry in (each.ctypes.data, *each.shape)], dtype=np.uint64)


def _target_context() -> Any:
    """numba's compiler for this processor: a private part, imported only where it is used."""
    from numba.core.registry import cpu_target

    return cpu_target.target_context


ROUTINES = ("log_density", "expand")


def target() -> list[str]:
    """Processor and compiler, on which machine code depends beside its source."""
    triple, cpu, features = _target_context().codegen().magic_tuple()
    return [triple, cpu, features, numba.__version__]


def write(code: MachineCode, path: Path) -> None:
    """Keep machine code in one file, for its owner only, which appears whole or not at all."""
    layout = {
        "name": path.name,
        "signature": code.signature,
        "n_parameters": code.n_parameters,
        "variables": code.variables,
        "routines": {name: [getattr(code, name).symbol, getattr(code, name).library] for name in ROUTINES},
    }
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("layout.json", json.dumps(layout))
        for name in ROUTINES:
            archive.writestr(f"{name}.o", getattr(code, name).object_code)
            archive.writestr(f"{name}.bc", getattr(code, name).bitcode)
    write_private(path, seal(content.getvalue()))


def read(path: Path, refused: Callable[[str], None] = lambda _: None) -> MachineCode | None:
    """Machine code from its file; None where there is none, or it is damaged or of another name.

    What is read is run: the seal is checked first, and the open file must be one that only the user can have written.
    `refused` is told why it is not.
    """
    try:
        with open_regular(path, getattr(os, "O_NOFOLLOW", 0)) as stream:
            reason = why_untrusted_file(os.fstat(stream.fileno()))
            content = None if reason else unseal(stream)
    except OSError:
        return None
    if reason:
        refused(f"{path}: {reason}. What it holds is not run; the file is replaced.")
    return None if content is None else _parse(content, path.name)


def _parse(content: bytes, name: str) -> MachineCode | None:
    """The code of a file that is whole. Under another name it would be run with the arrays of another structure."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            layout = json.loads(archive.read("layout.json"))
            log_density, expand = (
                Routine(symbol, library, archive.read(f"{routine}.o"), archive.read(f"{routine}.bc"))
                for routine in ROUTINES
                for symbol, library in [layout["routines"][routine]]
            )
        if layout["name"] != name:
            return None
    except (ValueError, KeyError, zipfile.BadZipFile):
        return None
    signature = tuple((str(each), str(dtype), int(ndim)) for each, dtype, ndim in layout["signature"])
    return MachineCode(log_density, expand, signature, layout["n_parameters"], layout["variables"])
