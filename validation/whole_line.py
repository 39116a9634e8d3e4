"""From patients to verdicts as a user gets them: checked, fitted and judged, in memory and without a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import pandas as pd

from bayesrefract.analysis.fit import Fit
from bayesrefract.cohort.frames import records_of_frame
from bayesrefract.cohort.read import columns_of_study
from bayesrefract.comparison import Comparison, model_for, study_of
from bayesrefract.estimands.own_curves import own_restricted_means
from bayesrefract.findings import Findings
from bayesrefract.inference.compiler import Compiler
from bayesrefract.inference.store import MemoryStore, fit_key
from bayesrefract.pipeline import Job, run_fits
from bayesrefract.study.model import Sampler
from bayesrefract.study.model_file import load_model
from bayesrefract.study.rope import Estimand, Rope
from bayesrefract.study.study import TimeUnit

HORIZON = 12.0
RATIO = Rope(0.80, 1.25, "validation", before_data=True)
MEANS = Rope(-1.0, 1.0, "validation", before_data=True, estimand=Estimand.RMST_DIFFERENCE)
"""Months of restricted mean survival time to the horizon."""
GATES = {
    "cross-check": "The cross-check disagrees",
    "draws and mode": "not those that data and prior imply",
    "predictive check": "posterior predictive check",
    "Kaplan-Meier": "from Kaplan-Meier's of the same patients",
    "few events": "needed in a compared group",
}
"""A gate, and what its reason says; all other reasons are of convergence."""
CONVERGENCE = "convergence"


@dataclass(frozen=True)
class Answer:
    """What the line says. `off`: the largest distance of a group's restricted mean from its Kaplan-Meier curve's, in
    standard errors of the latter; None where it is not judged."""

    findings: Findings
    off: float | None


@cache
def compiler() -> Compiler:
    """One for the process; machine code is kept between processes."""
    return Compiler()


def answered(
    frame: pd.DataFrame, seed: int, adjust: Sequence[str] = (), *, draws: int = 500, means: bool = False
) -> Answer:
    """What the program finds in these records with the shipped primary model.

    frame : columns `id`, `arm` ("control", "new"), `months`, `event`, and those of `adjust`. `draws`: in each of the
    four chains; where they are too few the line takes more, as it always does. `means`: restricted means are judged.
    """
    asked = Comparison(
        "months", "event", "arm", "control", TimeUnit.MONTHS, RATIO, "id", adjust=tuple(adjust), horizon=HORIZON
    )
    study = study_of(asked, ("control", "new"))
    if means:
        study = replace(study, analyses=(replace(study.analyses[0], ropes=(RATIO, MEANS)),))
    shipped = load_model("primary")
    model = model_for(asked, replace(shipped, sampler=replace(shipped.sampler, draws=draws)))
    records = records_of_frame(frame, columns_of_study(study))
    store = MemoryStore()
    ((pair,),) = run_fits([Job(study, records, (model,))], store=store, seed=seed, compiler=compiler())
    return Answer(pair[1], _off(*pair, store) if means else None)


def _off(fit: Fit, findings: Findings, store: MemoryStore) -> float | None:
    """Of the draws behind the curves, those of the sampler that the line ended with."""
    curves = fit.by_time(fit.model.priors.change_scale)
    drawn = store.fits.get(fit_key(curves.arrays, Sampler(**findings.provenance.sampler), curves.sequence))
    if drawn is None:
        return None
    means = own_restricted_means(drawn, fit.table, curves.arrays.design, HORIZON)
    return max(
        abs(means[each.level] - each.rmst) / each.rmst_se
        for each in findings.agreement.groups
        if each.rmst is not None and each.rmst_se
    )


def gates(reasons: Sequence[str]) -> list[str]:
    """The gates that these reasons are of, each once."""
    found = [next((gate for gate, said in GATES.items() if said in reason), CONVERGENCE) for reason in reasons]
    return sorted(set(found))
