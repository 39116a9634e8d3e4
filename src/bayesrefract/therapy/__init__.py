"""Therapy lines and doses -> the analysis cohort of the lenalidomide study."""

from bayesrefract.therapy.derive import CohortRow, Derived, Listed, derive
from bayesrefract.therapy.published import COHORT_COLUMNS, TEXT_COLUMNS, cohort_cell
from bayesrefract.therapy.read import Tables, read_histories
from bayesrefract.therapy.refractory import GROUP_LABEL, Group

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
