"""Finished fits on disk, one file each, under the hash of everything they depend on."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import xarray as xr

from bayesrefract.inference.posterior import Posterior
from bayesrefract.model.arrays import ModelArrays
from bayesrefract.plan import Sampler

PACKAGE = Path(__file__).parents[1]
CODE_ROOMS = ("exposure.py", "model", "inference")
"""Sources on which draws depend: a change in any of them makes every fit run again."""
LIBRARIES = ("pymc", "pytensor", "nutpie", "numpy", "numba", "xarray", "arviz", "lifelines", "pandas", "scipy")
DRAW_LIBRARIES = ("pymc", "pytensor", "nutpie", "numpy", "numba")


def versions() -> dict[str, str]:
    """Versions of this package and of the libraries behind its numbers."""
    return {name: version(name) for name in ("bayesrefract", *LIBRARIES)}


def code_sha256(rooms: Sequence[str] = CODE_ROOMS) -> str:
    """Hash of sources: unless others are named, of those on which draws depend."""
    digest = hashlib.sha256()
    for room in rooms:
        place = PACKAGE / room
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            digest.update(path.relative_to(PACKAGE).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def fit_key(arrays: ModelArrays, sampler: Sampler, seed: np.random.SeedSequence) -> str:
    """Hash of everything a fit depends on: data as the model sees them, sampler, seed, code, versions."""
    digest = hashlib.sha256()
    settings = {
        "structure": asdict(arrays.structure),
        "coords": arrays.coords,
        "sampler": asdict(sampler),
        "seed": [str(seed.entropy), *seed.spawn_key],
        "code": code_sha256(),
        "versions": {name: version(name) for name in DRAW_LIBRARIES},
    }
    digest.update(json.dumps(settings, sort_keys=True).encode())
    for name in sorted(arrays.values):
        value = np.ascontiguousarray(arrays.values[name])
        digest.update(f"{name}{value.dtype}{value.shape}".encode() + value.tobytes())
    return digest.hexdigest()


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
        except (OSError, ValueError, KeyError):
            return None
        draws, statistics = tree["posterior"].to_dataset(), tree["sample_stats"].to_dataset()
        if tree.attrs.get("key") != key or tree.attrs.get("content") != _content(draws, statistics):
            return None
        statistics = statistics.assign(diverging=statistics["diverging"].astype(bool))
        return Posterior(draws, statistics, key, bool(tree.attrs["by_group"]))

    def save(self, posterior: Posterior) -> Path:
        """Write to a temporary name in the same folder, then rename."""
        self.folder.mkdir(parents=True, exist_ok=True)
        # netCDF has no booleans
        statistics = posterior.statistics.assign(diverging=posterior.statistics["diverging"].astype(np.int8))
        tree = xr.DataTree.from_dict({"posterior": posterior.draws, "sample_stats": statistics})
        tree.attrs = {
            "key": posterior.key,
            "content": _content(posterior.draws, statistics),
            "by_group": int(posterior.by_group),
            "versions": json.dumps(versions()),
        }
        handle, temporary = tempfile.mkstemp(suffix=".nc.part", dir=self.folder)
        os.close(handle)
        try:
            tree.to_netcdf(temporary, engine="h5netcdf")
            os.replace(temporary, self.path(posterior.key))
        finally:
            Path(temporary).unlink(missing_ok=True)
        return self.path(posterior.key)


def _content(*parts: xr.Dataset) -> str:
    """Hash of the numbers themselves, to notice a damaged file."""
    digest = hashlib.sha256()
    for part in parts:
        for name in sorted(map(str, part.data_vars)):
            digest.update(name.encode() + np.ascontiguousarray(part[name].values, dtype=float).tobytes())
    return digest.hexdigest()
