"""Figures of R's survival package, with the cohorts that they were computed on (tests/reference/README.md)."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from cohorts import actg175, gbsg2, leukemia, lung, rossi

from bayesrefract.cohort.value import Cohort

FIGURES: dict[str, Any] = json.loads((Path(__file__).parent / "reference" / "r_survival.json").read_text())
COHORTS = {"actg175": actg175, "lung": lung, "gbsg2": gbsg2, "rossi": rossi, "leukemia": leukemia}
NAMES = tuple(COHORTS)


def adjusted(name: str) -> Cohort:
    """The cohort with the covariates of R's adjusted models."""
    return COHORTS[name](tuple(FIGURES[name]["adjust"]))


def unadjusted(name: str) -> Cohort:
    """The same patients without covariates."""
    return dataclasses.replace(adjusted(name), covariates=())
