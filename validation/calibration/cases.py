"""Cases of the calibration in chunks: each scenario as it is, and two that are fitted wrongly and must be noticed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from bayesrefract.cohort.exposure import tabulate
from bayesrefract.inference.compiler import Compiler
from bayesrefract.inference.provenance import DRAW_LIBRARIES, versions
from bayesrefract.model.arrays import ModelArrays
from bayesrefract.model.priors import GroupPrior
from validation.calibration.ranks import Ranked, rank
from validation.calibration.scenarios import SCENARIOS, Scenario
from validation.calibration.simulate import DataSet, Design, arranged, design, draw

PER_CHUNK = 25


@dataclass(frozen=True)
class Case:
    """`spoil` makes the arrays of a wrong fit; None fits what was simulated."""

    scenario: Scenario
    sets: int
    spoil: Callable[[Design, DataSet], ModelArrays] | None = None

    @property
    def name(self) -> str:
        return self.scenario.name

    @property
    def chunks(self) -> int:
        return self.sets // PER_CHUNK


def swapped(plan: Design, data: DataSet) -> ModelArrays:
    """The two groups exchanged in the fit."""
    cohort = replace(data.cohort, group=1 - data.cohort.group)
    return arranged(plan, tabulate(cohort, plan.plan.intervals))


def narrowed(plan: Design, data: DataSet) -> ModelArrays:
    """The prior of the group effects half as wide in the fit as it was for the truths."""
    low, high = plan.prior.sds
    half = GroupPrior(plan.prior.locations, (low / 2, high / 2), plan.prior.rest_sd / 2)
    return arranged(replace(plan, prior=half), data.table)


FEW = Scenario("few", "40 patients", "primary", patients=40)
CASES = (
    Case(replace(FEW, name="swapped", title="groups exchanged in the fit"), 100, swapped),
    Case(replace(FEW, name="narrowed", title="prior half as wide in the fit"), 100, narrowed),
    *(Case(scenario, 250) for scenario in SCENARIOS),
)
"""What must be noticed comes first: a check that notices nothing need not go on."""


def place(chunk: int) -> tuple[Case, int]:
    """The case of a chunk, and which part of it the chunk is."""
    for case in CASES:
        if chunk < case.chunks:
            return case, chunk
        chunk -= case.chunks
    raise IndexError("there are fewer chunks")


def run(case: Case, part: int, seed: int, compiler: Compiler, sets: int = PER_CHUNK) -> dict[str, Any]:
    """Simulate, fit and rank one part of a case: what is kept of it, as short texts."""
    plan, found = design(case.scenario), []
    number = [each.scenario.name for each in CASES].index(case.name)
    for index in range(sets):
        simulated, fitted = np.random.SeedSequence([seed, number, part, index]).spawn(2)
        data = draw(plan, np.random.default_rng(simulated))
        arrays = case.spoil(plan, data) if case.spoil else data.arrays
        found.append(rank(plan, data, arrays, fitted, compiler))
    return {"case": case.name, **_kept(found), "versions": ", ".join(f"{n} {versions()[n]}" for n in DRAW_LIBRARIES)}


def _kept(found: list[Ranked]) -> dict[str, Any]:
    return {
        "ranks": {name: " ".join(str(each.ranks[name]) for each in found) for name in found[0].ranks},
        "covers": {name: "".join(str(int(each.covers[name])) for each in found) for name in found[0].covers},
        "exact": " ".join(f"{each.exact:.4f}" for each in found if each.exact is not None),
        "events": " ".join(str(each.events) for each in found),
        "divergent": sum(each.divergences > 0 for each in found),
        "lengthened": sum(each.doublings > 0 for each in found),
        "ess": round(min(each.ess for each in found)),
    }


@cache
def one_compiler() -> Compiler:
    """Compiled structures, for all chunks of a process."""
    return Compiler()
