"""The files of each fit beside a report: its draws, and ArviZ's diagnostics."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import xarray as xr

from bayesrefract.files import write_whole
from bayesrefract.findings import Findings
from bayesrefract.report.diagnostics.page import diagnostics_page, made_from
from bayesrefract.report.diagnostics.posterior_file import fit_name, posterior_bytes

MADE_FROM = re.compile(r'<meta name="made-from" content="([0-9a-f]{64})">')


def posterior_path(findings: Findings) -> str:
    """Where the draws of a fit stand within a report."""
    return f"posteriors/{fit_name(findings)}.nc"


def diagnostics_path(findings: Findings) -> str:
    """Where the diagnostics of a fit stand within a report."""
    return f"diagnostics/{fit_name(findings)}.html"


def write_fit_files(made: Sequence[Findings], folder: Path, tell: Callable[[str], None] | None = None) -> None:
    """Write what is not there already: a file that was made from the same fit by the same program is kept."""
    for each in made:
        path, parents = folder / posterior_path(each), made_from(each)
        if _parents_of_draws(path) != parents:
            write_whole(path, posterior_bytes(each, parents))
    wanted = [(each, folder / diagnostics_path(each), made_from(each)) for each in made]
    missing = [(each, path, parents) for each, path, parents in wanted if _parents_of_page(path) != parents]
    if missing and tell is not None:
        tell(f"Convergence diagnostics by ArviZ for {len(missing)} fits, some seconds each")
    for each, path, parents in missing:
        write_whole(path, diagnostics_page(each, f"{fit_name(each)}.nc", parents))


def _parents_of_draws(path: Path) -> str | None:
    try:
        with xr.open_dataset(path, engine="h5netcdf") as root:
            return str(root.attrs.get("made_from"))
    except (OSError, ValueError, RuntimeError):  # none, or damaged
        return None


def _parents_of_page(path: Path) -> str | None:
    try:
        found = MADE_FROM.search(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found.group(1) if found else None
