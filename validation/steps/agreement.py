"""How often honest small trials are withheld by the cross-check: at most 1% of those with a finite Cox estimate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from bayesrefract.classical import companion
from bayesrefract.classical.agree import Twins, compare_with_cox
from bayesrefract.classical.check import fixed_columns, is_stratified
from bayesrefract.classical.grid import fine_enough
from bayesrefract.classical.partial_likelihood import at_every_event_time
from bayesrefract.classical.regression import regression_data
from bayesrefract.cohort.exposure import tabulate
from bayesrefract.cohort.value import Cohort
from bayesrefract.study.model import Baseline, Model, StrataKind
from bayesrefract.study.study import Contrast
from validation.changing_ratios import cohort_of
from validation.step import Step

PATIENTS = (60, 150, 500, 3000)
KINDS = ("plain", "covariates", "strata", "ties", "late entry")
CELLS = [(patients, kind) for patients in PATIENTS for kind in KINDS]
SETS, PER_CHUNK = 2_000, 200
PARTS = SETS // PER_CHUNK
ALLOWED = 0.01
PAIR = Contrast("new", "control")
MODEL = Model("primary", "", "")
STRATIFIED = replace(MODEL, baseline=Baseline(strata=StrataKind.FREE))


def trial(patients: int, kind: str, rng: np.random.Generator) -> Cohort:
    """Weibull times with proportional hazards, uniform censoring, unequal groups; what `kind` says is added."""
    group = (rng.random(patients) < rng.choice([0.5, 0.3])).astype(np.int64)
    x = rng.normal(size=(patients, 3 if kind == "covariates" else 0))
    stratum = rng.integers(0, 4, patients) if kind == "strata" else np.zeros(patients, dtype=np.int64)
    effect = rng.normal(0, 0.4) * group + 0.4 * x.sum(axis=1) + 0.3 * stratum
    time = (rng.exponential(size=patients) * np.exp(-effect)) ** (1 / rng.choice([0.7, 1.0, 1.5])) * 12
    censored = rng.uniform(3, 36, patients)
    end, event = np.minimum(time, censored), time <= censored
    entry = rng.uniform(0, 6, patients) if kind == "late entry" else np.zeros(patients)
    if kind == "ties":
        end = np.maximum(np.ceil(end), 1.0)
    kept = entry < end
    return cohort_of(end[kept], event[kept], entry[kept], group[kept], stratum[kept], x[kept])


def work(chunk: int, seed: int) -> dict[str, Any]:
    """Counts of one part of one cell."""
    patients, kind = CELLS[chunk // PARTS]
    rng = np.random.default_rng([seed, chunk])
    model = STRATIFIED if kind == "strata" else MODEL
    counts = ("sets", "withheld", "labelled", "few", "no estimate", "intervals")
    found = {"cell": chunk // PARTS, **dict.fromkeys(counts, 0)}
    for _ in range(PER_CHUNK):
        cohort = trial(patients, kind, rng)
        if min(np.bincount(cohort.group[cohort.event], minlength=2)) < 5:
            found["few"] += 1
            continue
        exact = at_every_event_time(regression_data(cohort, stratified=is_stratified(cohort, model)))
        if exact.contrast(1, 0) is None:
            found["no estimate"] += 1
            continue
        table = tabulate(cohort, fine_enough(cohort, model, (PAIR,)))
        ours = companion.fit(table, fixed_columns(table, model), stratified=is_stratified(cohort, model)).groups
        compared = compare_with_cox(
            Twins(ours, exact, exact, exact, exact), PAIR, (1, 0), f"{table.events.shape[1]} intervals"
        )
        found["sets"] += 1
        found["withheld"] += compared.agrees is False
        found["labelled"] += bool(compared.labels)
        found["intervals"] += table.events.shape[1]
    return found


def _cells(results: Sequence[Any]) -> list[tuple[int, str, dict[str, int]]]:
    """Sums over the parts of each cell that has results."""
    sums: dict[int, dict[str, int]] = {}
    for result in results:
        cell = sums.setdefault(result["cell"], dict.fromkeys(result, 0))
        for name, count in result.items():
            cell[name] += count
    return [(*CELLS[place], cell) for place, cell in sums.items()]


def write_up(results: Sequence[Any]) -> str:
    lines = [
        f"Simulated trials with proportional hazards and at least 5 events in each group, {SETS:,} drawn per cell. "
        "Withheld: the companion fit has no estimate, or lies more than 0.30 standard errors from Cox regression "
        "(Breslow). Labelled: more than 0.10.",
        "",
        "| Patients | Kind | Trials | Withheld | Labelled | Intervals, mean | Too few events | No Cox estimate |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for patients, kind, cell in _cells(results):
        sets = max(cell["sets"], 1)
        lines.append(
            f"| {patients} | {kind} | {cell['sets']} | {cell['withheld'] / sets:.2%} | {cell['labelled'] / sets:.1%} | "
            f"{cell['intervals'] / sets:.1f} | {cell['few']} | {cell['no estimate']} |"
        )
    return "\n".join(lines)


def passed(results: Sequence[Any]) -> bool:
    return all(cell["withheld"] <= ALLOWED * max(cell["sets"], 1) for _, _, cell in _cells(results))


def step() -> Step:
    return Step(
        name="agreement",
        title="Honest trials that the cross-check withholds",
        chunks=len(CELLS) * PARTS,
        seed=20261128,
        minutes=30,
        work=work,
        write_up=write_up,
        passed=passed,
        sources=(
            "validation/changing_ratios.py",
            *(f"src/bayesrefract/{each}" for each in ("classical", "cohort/exposure.py", "study/model.py")),
        ),
    )
