"""Therapy lines and doses -> the analysis cohort of the lenalidomide study."""

from bayesrefract.studies.lenalidomide.derive.derive import CohortRow, Derived, Listed, derive
from bayesrefract.studies.lenalidomide.derive.printed_columns import COHORT_COLUMNS, TEXT_COLUMNS, cohort_cell
from bayesrefract.studies.lenalidomide.derive.read import Tables, read_histories
from bayesrefract.studies.lenalidomide.derive.refractory import GROUP_LABEL, Group

__all__ = [
    "COHORT_COLUMNS",
    "GROUP_LABEL",
    "TEXT_COLUMNS",
    "CohortRow",
    "Derived",
    "Group",
    "Listed",
    "Tables",
    "cohort_cell",
    "derive",
    "read_histories",
]
