"""Tables of formatted cells from findings. Nothing is computed here; numbers are arranged and rounded."""

from bayesrefract.report.tables.crosscheck import cross_check_table
from bayesrefract.report.tables.fit import attainability_table, diagnostics_table, effects_table, priors_table
from bayesrefract.report.tables.patients import flow_table, groups_table, horizon_table
from bayesrefract.report.tables.table import Column, Table, to_csv, to_rich
from bayesrefract.report.tables.verdicts import decision_table, failed_control_notes, model_table, verdict_table

__all__ = [
    "Column",
    "Table",
    "attainability_table",
    "cross_check_table",
    "decision_table",
    "diagnostics_table",
    "effects_table",
    "failed_control_notes",
    "flow_table",
    "groups_table",
    "horizon_table",
    "model_table",
    "priors_table",
    "to_csv",
    "to_rich",
    "verdict_table",
]
