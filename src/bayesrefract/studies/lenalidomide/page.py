"""Sections of the report that only the lenalidomide study has, and their prose."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayesrefract.cohort.read import Records
from bayesrefract.extension import Addition
from bayesrefract.papers import read_counts, read_estimates
from bayesrefract.report.page.parts import Block, Section, Sheet
from bayesrefract.report.tables import to_csv
from bayesrefract.report.words import EVIDENCE_MEANING
from bayesrefract.studies.lenalidomide.fidelity import Fidelity, compare, patients_of
from bayesrefract.studies.lenalidomide.spread import SpreadRow, read_spread, summarise
from bayesrefract.studies.lenalidomide.tables import (
    counted_once_table,
    fidelity_screen,
    fidelity_table,
    spread_table,
    unmet_table,
)
from bayesrefract.study.study import Evidence, Study

REBUILDING = (
    "No patient's record was available. The cohort was made by a search for histories that would be printed as the "
    "paper is: every count exactly, and the survival figures as nearly as the search finds them. Many different "
    "cohorts would be printed so, and this is one.",
    "What the paper prints is pinned by construction: that a printed ratio comes back from the rebuilt cohort, or "
    "hardly differs between cohorts, is no evidence and no sign of certainty. What it does not print (which patient "
    "has which covariate, who of the dose groups was followed how long) is the search's choice.",
)


@dataclass(frozen=True)
class CountedOnce:
    """Events of two endpoints that are one and the same: where retreatment is the second line, or by one death."""

    what: str
    second_line: int
    retreatment: int
    shared: int

    @property
    def distinct(self) -> int:
        return self.second_line + self.retreatment - self.shared


def addition(study: Study, records: Records) -> Addition:
    """Events counted once; of a rebuilt cohort, how it meets the printed numbers and how far others differ."""
    counts = [(e.what, e.second_line, e.retreatment, e.shared, e.distinct) for e in counted_once(records)]
    block = Block("counted-once-table", "", sheets=(Sheet("counted-once", counted_once_table(counts)),))
    shared = Section("counted-once", "Events that two endpoints share", "", (block,))
    paper = study.publication
    if paper is None or paper.counts is None or study.evidence is not Evidence.REBUILT:
        return Addition({"claim": (shared,)})
    fidelity = compare(patients_of(records), read_estimates(paper.estimates)[1], read_counts(paper.counts))
    spread = read_spread(paper.spread) if paper.spread else ()
    return Addition(
        {"claim": (shared,), "sensitivity": (_rebuilding(fidelity, spread),)},
        {"fidelity.csv": to_csv(fidelity_table(fidelity))},
    )


def _rebuilding(fidelity: Fidelity, spread: tuple[SpreadRow, ...]) -> Section:
    """How the cohort meets the printed numbers, and how far other cohorts differ."""
    met = Block(
        "fidelity",
        "Does the rebuilt cohort print as the paper does?",
        "Fidelity",
        paragraphs=(*REBUILDING, fidelity.told_in_words),
        sheets=(Sheet("fidelity-unmet", unmet_table(fidelity)),),
    )
    rows = fidelity_screen(fidelity.rows, "Every printed row")
    every = Block("fidelity-rows", "Every printed row", sheets=(Sheet("fidelity", rows),), folded=True)
    blocks = [met, every]
    if spread:
        seeds = len({row.seed for row in spread})
        table = spread_table(summarise(spread), seeds)
        blocks.append(
            Block("spread", "How far do other rebuilt cohorts differ?", "Spread", sheets=(Sheet("spread", table),))
        )
    return Section("rebuilding", "The rebuilt cohort", EVIDENCE_MEANING[Evidence.REBUILT], tuple(blocks))


def counted_once(records: Records) -> tuple[CountedOnce, ...]:
    """Progressions of second line and of retreatment, and deaths after both, with those that are one event."""
    same = records.cells("retreatment_is_second_line").number == 1
    found = []
    for what, end, shared in (("progressions or deaths (PFS)", "pfs", same), ("deaths (OS)", "os", None)):
        second, again = (
            records.cells(f"{end}_{middle}_event").number == 1 for middle in ("second_line", "retreatment")
        )
        both = second & again if shared is None else second & again & shared
        found.append(CountedOnce(what, int(np.sum(second)), int(np.sum(again)), int(np.sum(both))))
    return tuple(found)
