"""A rebuilt cohort compared with every number that a paper prints, by lifelines, independently of the search."""

from bayesrefract.studies.lenalidomide.fidelity.check import (
    check_fidelity,
    check_text,
    compare,
    patients_of,
    read_cohort,
)
from bayesrefract.studies.lenalidomide.fidelity.rows import MET, NOT_IN_COHORT, NOT_MET, Fidelity, FidelityRow, Part

__all__ = [
    "MET",
    "NOT_IN_COHORT",
    "NOT_MET",
    "Fidelity",
    "FidelityRow",
    "Part",
    "check_fidelity",
    "check_text",
    "compare",
    "patients_of",
    "read_cohort",
]
