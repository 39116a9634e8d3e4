"""What a store holds, for tests that kill and repeat runs."""

from __future__ import annotations

import hashlib
from io import BytesIO
from pathlib import Path

import xarray as xr

from bayesrefract.inference.sealed import read_sealed


def draws_in(store: Path) -> dict[str, str]:
    """Hash of the draws of each stored fit; every file under a final name must be whole."""
    found = {}
    for path in sorted(store.rglob("posterior/*.nc")):
        content = read_sealed(path)
        assert content is not None, f"{path} is damaged"
        with xr.open_datatree(BytesIO(content), engine="h5netcdf") as tree:
            draws = tree["posterior"].to_dataset().load()
        digest = hashlib.sha256()
        for name in sorted(map(str, draws.variables)):  # not the attributes: the sampler notes when it ran
            value = draws[name].values
            digest.update(f"{name}{value.dtype}{value.shape}".encode())
            digest.update(repr(value.tolist()).encode() if value.dtype == object else value.tobytes())
        found[path.name] = digest.hexdigest()
    return found
