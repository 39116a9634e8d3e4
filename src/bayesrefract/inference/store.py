"""Finished fits on disk, one file each, under the hash of everything they depend on."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from io import BytesIO
from pathlib import Path

import numpy as np
import xarray as xr

from bayesrefract.files import locked, sweep, write_whole
from bayesrefract.inference.compilation import compilation
from bayesrefract.inference.posterior import Posterior
from bayesrefract.inference.provenance import DRAW_LIBRARIES, Provenance, as_values, code_sha256, read_provenance
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


def default_store() -> Path:
    """Where fits of single comparisons are kept: draws and settings, no patient's record."""
    chosen = os.environ.get("BAYESREFRACT_CACHE")
    return Path(chosen) if chosen else Path.home() / ".cache" / "bayesrefract" / "fits"


@dataclass(frozen=True)
class FitStore:
    """A folder of finished fits. A file under its final name is whole: it is renamed into place."""

    folder: Path

    def path(self, key: str) -> Path:
        return self.folder / f"{key[:32]}.nc"

    def load(self, key: str) -> Posterior | None:
        """The stored fit, or None when there is none or its file is damaged."""
        try:
            with xr.open_datatree(self.path(key), engine="h5netcdf") as tree:
                tree.load()
        except (OSError, ValueError, KeyError, RuntimeError):  # HDF5 has many ways to say that a file is broken
            return None
        draws, statistics = tree["posterior"].to_dataset(), tree["sample_stats"].to_dataset()
        if tree.attrs.get("key") != key or tree.attrs.get("content") != _content(draws, statistics):
            return None
        statistics = statistics.assign(diverging=statistics["diverging"].astype(bool))
        return Posterior(draws, statistics, key, bool(tree.attrs["by_group"]))

    def save(self, posterior: Posterior, provenance: Provenance) -> Path:
        """Write the fit and its provenance; the file appears whole or not at all.

        Raises InputError when it cannot be written.
        """
        # netCDF has no booleans
        statistics = posterior.statistics.assign(diverging=posterior.statistics["diverging"].astype(np.int8))
        tree = xr.DataTree.from_dict({"posterior": posterior.draws, "sample_stats": statistics})
        tree.attrs = {
            "key": posterior.key,
            "content": _content(posterior.draws, statistics),
            "by_group": int(posterior.by_group),
            "provenance": json.dumps(as_values(provenance)),
        }
        content = BytesIO()
        tree.to_netcdf(content, engine="h5netcdf")
        write_whole(self.path(posterior.key), content.getvalue())
        return self.path(posterior.key)

    def stamp(self, key: str) -> tuple[int, int] | None:
        """Time stamp of the stored fit; None where there is none."""
        try:
            status = self.path(key).stat()
        except FileNotFoundError:
            return None
        return status.st_ino, status.st_mtime_ns

    def claim(self, key: str, waiting: Callable[[str], None]) -> AbstractContextManager[None]:
        """Lock of one fit: a second process waits, and then finds the fit stored."""
        return locked(self.folder / ".lock", key, waiting)

    def sweep(self) -> None:
        """Remove partial files of killed runs."""
        sweep(self.folder)

    def parents(self, label: str) -> list[Provenance]:
        """Provenance of every stored fit with this label (study, question, model); the newest first."""
        found = []
        for path in sorted(self.folder.glob("*.nc"), key=lambda path: path.stat().st_mtime, reverse=True):
            try:
                with xr.open_datatree(path, engine="h5netcdf") as tree:
                    found.append(read_provenance(json.loads(tree.attrs["provenance"])))
            except (OSError, ValueError, KeyError, TypeError, RuntimeError):
                continue  # damaged, or no fit of ours
        return [each for each in found if each.label == label]


def _content(*parts: xr.Dataset) -> str:
    """Hash of the stored numbers, to detect a damaged file."""
    digest = hashlib.sha256()
    for part in parts:
        for name in sorted(map(str, part.data_vars)):
            digest.update(name.encode() + np.ascontiguousarray(part[name].values, dtype=float).tobytes())
    return digest.hexdigest()
