"""Therapy lines and doses -> the analysis cohort of the lenalidomide study."""

from bayesrefract.therapy.derive import CohortRow, Derived, Listed, derive
from bayesrefract.therapy.read import Tables, read_histories
from bayesrefract.therapy.refractory import GROUP_LABEL, Group

__all__ = ["GROUP_LABEL", "CohortRow", "Derived", "Group", "Listed", "Tables", "derive", "read_histories"]
