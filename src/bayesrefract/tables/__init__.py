"""Findings -> tables of formatted cells. Nothing is computed here; numbers are arranged and rounded."""

from bayesrefract.table import Column, Table, to_csv, to_rich
from bayesrefract.tables.cohort import flow_table, groups_table, horizon_table
from bayesrefract.tables.crosscheck import cross_check_table
from bayesrefract.tables.fit import attainability_table, diagnostics_table, effects_table, priors_table
from bayesrefract.tables.verdicts import decision_table, failed_control_notes, model_table, verdict_table

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
