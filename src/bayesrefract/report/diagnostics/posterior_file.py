"""The draws of one fit as a netCDF file that `az.from_netcdf` opens."""

from __future__ import annotations

from io import BytesIO

import xarray as xr

from bayesrefract.findings import Findings
from bayesrefract.report.figures import slug

PACKED = {"zlib": True, "complevel": 4}
"""Counts and steps of the sampler shrink to a fraction; draws of real numbers do not, and are left as they are."""


def fit_name(findings: Findings) -> str:
    """Name of a fit's files, unique within a report, without ending."""
    return f"{slug(findings.analysis.name)}-{slug(findings.model.name)}"


def posterior_bytes(findings: Findings, made_from: str = "") -> bytes:
    """The file's content: the same for the same draws. `made_from` is kept in it, to know it again."""
    content = BytesIO()
    tree = findings.draws.copy()  # its attributes are its own
    tree.attrs = {**tree.attrs, "made_from": made_from}
    encoding = {path: _packed(group) for path, group in tree.to_dict().items()}
    tree.to_netcdf(content, engine="h5netcdf", encoding=encoding)
    return content.getvalue()


def _packed(group: xr.Dataset) -> dict[str, dict[str, object]]:
    whole = {name for name, values in group.data_vars.items() if values.dtype.kind in "iub" and values.ndim}
    return {str(name): dict(PACKED) for name in sorted(map(str, whole))}
