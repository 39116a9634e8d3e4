"""Tables of formatted cells from findings. Nothing is computed here; numbers are arranged and rounded.

Each name is imported when it is first used: a manifest reads tables and needs nothing that computes.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bayesrefract.report.tables.crosscheck import cross_check_table as cross_check_table
    from bayesrefract.report.tables.fit import attainability_table as attainability_table
    from bayesrefract.report.tables.fit import diagnostics_table as diagnostics_table
    from bayesrefract.report.tables.fit import effects_table as effects_table
    from bayesrefract.report.tables.fit import priors_table as priors_table
    from bayesrefract.report.tables.immortal import immortal_table as immortal_table
    from bayesrefract.report.tables.patients import flow_table as flow_table
    from bayesrefract.report.tables.patients import groups_table as groups_table
    from bayesrefract.report.tables.patients import horizon_table as horizon_table
    from bayesrefract.report.tables.table import Column as Column
    from bayesrefract.report.tables.table import Table as Table
    from bayesrefract.report.tables.table import to_csv as to_csv
    from bayesrefract.report.tables.table import to_rich as to_rich
    from bayesrefract.report.tables.verdicts import decision_table as decision_table
    from bayesrefract.report.tables.verdicts import failed_control_notes as failed_control_notes
    from bayesrefract.report.tables.verdicts import model_table as model_table
    from bayesrefract.report.tables.verdicts import verdict_table as verdict_table

_HOMES = {
    "Column": "table",
    "Table": "table",
    "attainability_table": "fit",
    "cross_check_table": "crosscheck",
    "decision_table": "verdicts",
    "diagnostics_table": "fit",
    "effects_table": "fit",
    "failed_control_notes": "verdicts",
    "flow_table": "patients",
    "groups_table": "patients",
    "horizon_table": "patients",
    "immortal_table": "immortal",
    "model_table": "verdicts",
    "priors_table": "fit",
    "to_csv": "table",
    "to_rich": "table",
    "verdict_table": "verdicts",
}

__all__ = list(_HOMES)


def __getattr__(name: str) -> object:
    """Import a name of this package when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
