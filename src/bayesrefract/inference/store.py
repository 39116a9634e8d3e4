"""Finished fits on disk, one file each, under the hash of everything they depend on."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from io import BytesIO
from pathlib import Path

import numpy as np
import xarray as xr

from bayesrefract.files import locked, make_folder, make_private, sweep, write_private
from bayesrefract.inference.compilation import compilation
from bayesrefract.inference.posterior import Posterior, labels
from bayesrefract.inference.provenance import (
    DRAW_LIBRARIES,
    Provenance,
    as_values,
    code_sha256,
    is_provenance,
    read_provenance,
)
from bayesrefract.inference.sealed import read_sealed, seal
from bayesrefract.model.arrays import ModelArrays
from bayesrefract.study.model import Sampler


def fit_key(arrays: ModelArrays, sampler: Sampler, seed: np.random.SeedSequence) -> str:
    """Hash of everything a fit depends on: data as the model sees them, sampler, seed, code, versions."""
    digest = hashlib.sha256()
    settings = {
        "structure": asdict(arrays.structure),
        "coords": arrays.coords,
        "sampler": asdict(sampler),
        "seed": [str(seed.entropy), *seed.spawn_key],
        "code": code_sha256(),
        "compilation": compilation(),
        "versions": {name: version(name) for name in DRAW_LIBRARIES},
    }
    digest.update(json.dumps(settings, sort_keys=True).encode())
    for name in sorted(arrays.values):
        value = np.ascontiguousarray(arrays.values[name])
        digest.update(f"{name}{value.dtype}{value.shape}".encode() + value.tobytes())
    return digest.hexdigest()


@dataclass(frozen=True)
class FitStore:
    """A folder of finished fits: netCDF files with a seal. What is not whole is told, and made again."""

    folder: Path

    def path(self, key: str) -> Path:
        return self.folder / f"{key[:32]}.nc"

    def found(self, key: str) -> Path | None:
        """What lies under the name of this fit, whole or not."""
        return self.path(key) if os.path.lexists(self.path(key)) else None

    def load(self, key: str, arrays: ModelArrays) -> Posterior | None:
        """The stored fit of these arrays, or None when there is none or its file is damaged."""
        tree = _tree(self.path(key))
        if tree is None or tree.attrs.get("key") != key:
            return None
        posterior = _posterior(tree, key)
        return posterior if posterior is not None and _belongs(posterior, arrays) else None

    def save(self, posterior: Posterior, provenance: Provenance) -> Path:
        """Write the fit and its provenance; the file appears whole or not at all.

        Raises InputError when it cannot be written.
        """
        # netCDF has no booleans
        statistics = posterior.statistics.assign(diverging=posterior.statistics["diverging"].astype(np.int8))
        tree = xr.DataTree.from_dict({"posterior": posterior.draws, "sample_stats": statistics})
        tree.attrs = {
            "key": posterior.key,
            "by_group": int(posterior.by_group),
            "provenance": json.dumps(as_values(provenance)),
        }
        content = BytesIO()
        tree.to_netcdf(content, engine="h5netcdf")
        path = self.path(posterior.key)
        self._make()
        write_private(path, seal(content.getvalue()))
        return path

    def stamp(self, key: str) -> tuple[int, int] | None:
        """Time stamp of the stored fit; None where there is none."""
        try:
            status = self.path(key).stat()
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns

    def claim(self, key: str, waiting: Callable[[str], None]) -> AbstractContextManager[None]:
        """Lock of one fit: a second process waits, and then finds the fit stored."""
        self._make()
        return locked(self.folder / ".lock", self.path(key).name, waiting)

    def _make(self) -> None:
        make_folder(self.folder.parent)  # also of the report, which has the modes that the user wants
        make_private(self.folder)

    def sweep(self) -> None:
        """Remove partial files of killed runs; a fit that another process has claimed is left alone."""
        sweep(self.folder, self.folder / ".lock")

    def parents(self, label: str) -> list[Provenance]:
        """Provenance of every stored fit with this label (study, question, model); the newest first."""
        found = []
        for path in self.folder.glob("*.nc"):
            provenance = _provenance(path)
            if provenance is not None and provenance.label == label:
                found.append((_age(path), provenance))
        return [provenance for _, provenance in sorted(found, key=lambda each: each[0], reverse=True)]


@dataclass(frozen=True)
class MemoryStore:
    """Finished fits of one process, which end with it: nothing is written."""

    fits: dict[str, Posterior] = field(default_factory=dict, repr=False)

    def found(self, key: str) -> None:
        """No fit has a file."""

    def load(self, key: str, arrays: ModelArrays) -> Posterior | None:
        return self.fits.get(key)

    def save(self, posterior: Posterior, provenance: Provenance) -> None:
        self.fits[posterior.key] = posterior

    def stamp(self, key: str) -> None:
        """No fit has a file."""

    def claim(self, key: str, waiting: Callable[[str], None]) -> AbstractContextManager[None]:
        """No other process can want it."""
        return nullcontext()

    def sweep(self) -> None:
        """Nothing is left behind."""

    def parents(self, label: str) -> list[Provenance]:
        return []


type Store = FitStore | MemoryStore


UNREADABLE = (OSError, ValueError, KeyError, RuntimeError)
"""What h5py and xarray raise where a content is no netCDF: no HDF5 (OSError), HDF5 without the parts that netCDF has
(KeyError, RuntimeError), parts that do not fit together (ValueError)."""


def _tree(path: Path, *, values: bool = True) -> xr.DataTree | None:
    """What a sealed file holds; None where there is none, it is damaged, or what was sealed is no netCDF file.

    Without `values` its attributes alone are there to be read.
    """
    content = read_sealed(path)
    if content is None:
        return None
    try:
        with xr.open_datatree(BytesIO(content), engine="h5netcdf") as tree:
            return tree.load() if values else tree
    except UNREADABLE:
        return None


def _posterior(tree: xr.DataTree, key: str) -> Posterior | None:
    """The draws in a tree; None where it has not the parts that `save` writes."""
    if not {"posterior", "sample_stats"} <= tree.children.keys() or "by_group" not in tree.attrs:
        return None
    draws, statistics = tree["posterior"].to_dataset(), tree["sample_stats"].to_dataset()
    if "diverging" not in statistics:
        return None
    statistics = statistics.assign(diverging=statistics["diverging"].astype(bool))
    return Posterior(draws, statistics, key, bool(tree.attrs["by_group"]))


def _belongs(posterior: Posterior, arrays: ModelArrays) -> bool:
    """Whether groups, covariates, strata and intervals of the draws have the names and order of the data."""
    draws, names = posterior.draws, labels(arrays)
    named = [str(dim) for dim in draws.dims if dim not in {"chain", "draw"}]
    same = all(dim in draws.coords and draws[dim].values.tolist() == names.get(dim) for dim in named)
    numbers = all(each.dtype.kind == "f" for each in draws.values())
    return same and numbers and posterior.by_group == arrays.by_group == ("group_effect" not in draws)


def _provenance(path: Path) -> Provenance | None:
    """What a stored fit says of itself; None in a file of another version, which concerns nobody."""
    tree = _tree(path, values=False)
    try:
        values = json.loads(tree.attrs.get("provenance", "")) if tree is not None else None
    except ValueError:
        return None
    return read_provenance(values) if is_provenance(values) else None


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # another run is replacing it
        return 0.0
