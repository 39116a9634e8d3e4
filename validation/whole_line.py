"""From patients to verdicts as a user gets them: checked, fitted and judged, in memory and without a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import pandas as pd

from bayesrefract.cohort.frames import records_of_frame
from bayesrefract.cohort.read import columns_of_study
from bayesrefract.comparison import Comparison, model_for, study_of
from bayesrefract.findings import Findings
from bayesrefract.inference.compiler import Compiler
from bayesrefract.inference.store import MemoryStore
from bayesrefract.pipeline import Job, run
from bayesrefract.study.model_file import load_model
from bayesrefract.study.rope import Estimand, Rope
from bayesrefract.study.study import TimeUnit

DRAWS = 500
"""In each of the four chains; where they are too few for a gate or a verdict the line takes more, as it always does."""
HORIZON = 12.0
RATIO = Rope(0.80, 1.25, "validation", before_data=True)
MEANS = Rope(-1.0, 1.0, "validation", before_data=True, estimand=Estimand.RMST_DIFFERENCE)
"""Months of restricted mean survival time to the horizon."""
GATES = {
    "cross-check": "The cross-check disagrees",
    "fault": "not those that data and prior imply",
    "predictive check": "posterior predictive check",
    "Kaplan-Meier": "from Kaplan-Meier's of the same patients",
    "events": "are needed in a compared group",
}
"""A gate, and what its reason says; all other reasons are of convergence."""
CONVERGENCE = "convergence"


@cache
def compiler() -> Compiler:
    """One for the process; machine code is kept between processes."""
    return Compiler()


def answered(frame: pd.DataFrame, seed: int, adjust: Sequence[str] = (), *, means: bool = False) -> Findings:
    """What the program finds in these records with the shipped primary model.

    frame : columns `id`, `arm` ("control", "new"), `months`, `event`, and those of `adjust`. `means`: restricted means
    are judged too.
    """
    asked = Comparison(
        "months", "event", "arm", "control", TimeUnit.MONTHS, RATIO, "id", adjust=tuple(adjust), horizon=HORIZON
    )
    study = study_of(asked, ("control", "new"))
    if means:
        study = replace(study, analyses=(replace(study.analyses[0], ropes=(RATIO, MEANS)),))
    shipped = load_model("primary")
    model = model_for(asked, replace(shipped, sampler=replace(shipped.sampler, draws=DRAWS)))
    records = records_of_frame(frame, columns_of_study(study))
    ((findings,),) = run([Job(study, records, (model,))], store=MemoryStore(), seed=seed, compiler=compiler())
    return findings


def gates(reasons: Sequence[str]) -> list[str]:
    """The gates that these reasons are of, each once."""
    found = [next((gate for gate, said in GATES.items() if said in reason), CONVERGENCE) for reason in reasons]
    return sorted(set(found))
