"""Reports from findings: the page of a study, its figures and tables, and the verdicts as JSON.

The names below are imported when they are first used: a table alone, or a manifest, needs no figures.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bayesrefract.report.json.verdict import study_json as study_json
    from bayesrefract.report.json.verdict import to_json as to_json
    from bayesrefract.report.json.verdict import write_json as write_json
    from bayesrefract.report.page.html import write_report as write_report

_HOMES = {
    "study_json": "json.verdict",
    "to_json": "json.verdict",
    "write_json": "json.verdict",
    "write_report": "page.html",
}

__all__ = list(_HOMES)


def __getattr__(name: str) -> object:
    """Import a name of this package when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
