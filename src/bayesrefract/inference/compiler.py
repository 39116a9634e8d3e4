"""Compiled models: machine code of their structure, compiled or cached, with the data of one fit."""

from __future__ import annotations

import hashlib
import json
import math
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numba import NumbaError
from numpy.typing import NDArray

from bayesrefract.errors import InputError, Interrupted
from bayesrefract.files import locked, make_private, writing
from bayesrefract.inference.compilation import UNFIT, compilation, give_up, reason_for_public
from bayesrefract.inference.machine_code import MachineCode, addresses, answers, read, target, write
from bayesrefract.inference.progress import Watch
from bayesrefract.inference.provenance import DRAW_LIBRARIES, code_sha256
from bayesrefract.inference.public_compiler import PublicCompiler
from bayesrefract.model.arrays import ModelArrays
from bayesrefract.model.structure import Structure
from bayesrefract.places import compiled_models, place_pytensor
from bayesrefract.private import why_untrusted

if TYPE_CHECKING:
    import nutpie.sample

COMPILED_FROM = ("model", "inference/compile_code.py", "inference/machine_code.py", "inference/sealed.py")


@dataclass
class Compiler:
    """Machine code per structure, kept in memory for a run and in `cache`, where there is one, between runs."""

    cache: Path | None = field(default_factory=compiled_models)
    ready: dict[Structure, MachineCode] = field(default_factory=dict)
    _told: set[str] = field(default_factory=set, repr=False)
    public: PublicCompiler = field(default_factory=PublicCompiler)

    def __post_init__(self) -> None:
        compilation()  # refuses a way that does not exist before anything is sampled

    def model(self, arrays: ModelArrays, watch: Watch) -> nutpie.sample.CompiledModel:
        """The compiled model of this structure, holding these data."""
        if reason_for_public() is None:
            try:
                return self._kept(arrays, watch)
            except (*UNFIT, NumbaError) as fault:
                give_up(fault)
        self.public.announce(reason_for_public() or "", watch)
        return _interruptible(lambda: self.public.model(arrays))

    def has(self, structure: Structure) -> bool:
        """Whether machine code of a structure is in memory or, not read yet, in the cache."""
        kept = self.cache is not None and (self.cache / _name(structure)).exists()
        return structure in self.ready or kept

    def _kept(self, arrays: ModelArrays, watch: Watch) -> nutpie.sample.CompiledModel:
        structure = arrays.structure
        if structure not in self.ready:
            self.ready[structure] = self._find(arrays, watch)
        return _with_data(self.ready[structure], arrays)

    def _find(self, arrays: ModelArrays, watch: Watch) -> MachineCode:
        folder = self._own_folder(watch)
        if folder is None:
            return self._compile(arrays, None, watch)
        path = folder / _name(arrays.structure)
        key = path.stem
        kept = self._read(path, arrays, watch)
        if kept is not None:
            return kept
        try:
            with locked(folder / ".lock", key, watch.stage):  # another process may be compiling the same
                return self._read(path, arrays, watch) or self._compile(arrays, path, watch)
        except InputError as error:  # only the next run is slower for it
            watch.stage(f"The compiled model is not kept: {error}")
            return self._compile(arrays, None, watch)

    def _own_folder(self, watch: Watch) -> Path | None:
        """The cache without links, or None where it cannot be had, or others could put code there; told once."""
        if self.cache is None:
            return None
        try:
            make_private(self.cache)
            with writing(self.cache):
                folder = self.cache.resolve(strict=True)
                reason = why_untrusted(folder)
        except InputError as error:
            self._tell_once(f"The compiled model is not kept: {error}", watch)
            return None
        if reason is not None:
            self._tell_once(f"Compiled models in {self.cache} are neither run nor kept: {reason}", watch)
            return None
        return folder

    def _tell_once(self, text: str, watch: Watch) -> None:
        if text not in self._told:
            self._told.add(text)
            watch.stage(text)

    def _read(self, path: Path, arrays: ModelArrays, watch: Watch) -> MachineCode | None:
        kept = read(path, lambda reason: self._tell_once(reason, watch))
        return kept if kept is not None and answers(kept, arrays.values) else None

    def _compile(self, arrays: ModelArrays, path: Path | None, watch: Watch) -> MachineCode:
        watch.stage(f"Compiling the model structure: {describe(arrays.structure)} (once on this machine)")
        made = _interruptible(lambda: _compile(arrays))
        try:
            if path is not None:
                write(made, path)
        except InputError as error:
            watch.stage(f"The compiled model is not kept: {error}")
        return made


def describe(structure: Structure) -> str:
    """The structure in words, for the progress display."""
    strata = "one stratum" if structure.n_strata == 1 else f"{structure.strata} strata"
    return f"{structure.kind.replace('_', ' ')} baseline, {strata}"


def _name(structure: Structure) -> str:
    """File of a structure's machine code in the cache."""
    return f"{code_key(structure)[:32]}.zip"


def code_key(structure: Structure) -> str:
    """Hash of everything that machine code depends on: structure, sources, libraries, processor."""
    dependencies = [
        asdict(structure),
        code_sha256(COMPILED_FROM),
        {name: version(name) for name in DRAW_LIBRARIES},
        list(sys.version_info[:3]),
        target(),
    ]
    return hashlib.sha256(json.dumps(dependencies, sort_keys=True).encode()).hexdigest()


def _compile(arrays: ModelArrays) -> MachineCode:
    place_pytensor()
    from bayesrefract.inference.compile_code import compile_structure

    return compile_structure(arrays)


def _interruptible[T](work: Callable[[], T]) -> T:
    """Run the compiler in a separate thread, so that the waiting main thread can be interrupted."""
    outcome: Future[T] = Future()

    def run() -> None:
        try:
            outcome.set_result(work())
        except BaseException as error:  # noqa: BLE001  # handed on, whatever it is, to the one who waits
            outcome.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    try:
        return outcome.result()
    except KeyboardInterrupt:
        raise Interrupted("Stopped while compiling. Every finished fit is kept; run the same command again.") from None


def _with_data(code: MachineCode, arrays: ModelArrays) -> nutpie.sample.CompiledModel:
    """Model for nutpie from addresses and shapes, with initial points within 1 of the origin."""
    from nutpie.compile_pymc import CompiledPyMCModel

    data = code.arrays(arrays.values)
    shapes = {name: tuple(sizes.values()) for name, sizes in code.variables.items()}
    dims = {dim: size for sizes in code.variables.values() for dim, size in sizes.items()}

    def initial_point(seed: int | None) -> NDArray[np.float64]:
        return np.random.default_rng(seed).uniform(-1.0, 1.0, code.n_parameters)

    return CompiledPyMCModel(
        _n_dim=code.n_parameters,
        dims={name: tuple(sizes) for name, sizes in code.variables.items()},
        _coords={dim: np.arange(size) for dim, size in dims.items()}
        | {"unconstrained_parameter": np.arange(code.n_parameters)},
        _shapes=shapes,
        compiled_logp_func=code.log_density,
        compiled_expand_func=code.expand,
        initial_point_func=initial_point,
        shared_data={name: value for (name, _, _), value in zip(code.signature, data, strict=True)},
        shared_var_keys={},
        user_data=addresses(data),
        n_expanded=sum(math.prod(shape) for shape in shapes.values()),
        shape_info=(list(shapes), None, list(shapes.values())),
        logp_func=None,
        expand_func=None,
        reparameterized_names=[],
    )
