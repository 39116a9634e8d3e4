"""A cohort that would be printed as a paper is: rebuilt from counts and estimates, from a seed. No row is a patient."""

from bayesrefract.studies.lenalidomide.rebuild.rebuild import STEPS, Rebuilt, rebuild
from bayesrefract.studies.lenalidomide.rebuild.sheet import cohort_sheet

__all__ = ["STEPS", "Rebuilt", "cohort_sheet", "rebuild"]
