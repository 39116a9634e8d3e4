"""What stands beside the fits of a study: patients in tables, the paper's own numbers judged, and the rebuilding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bayesrefract.audit import Report as Audit
from bayesrefract.audit import audit, read_paper
from bayesrefract.cohort.read import Records
from bayesrefract.description import Balance, Description, balance, describe
from bayesrefract.errors import InputError
from bayesrefract.fidelity import Fidelity, compare, patients_of
from bayesrefract.listing import listed
from bayesrefract.model.priors import resolve_group_prior
from bayesrefract.plan import GroupPriorName, Priors
from bayesrefract.printed import Counts, Estimate, read_counts, read_estimates
from bayesrefract.published import Against, Assessment, Terms, assess, contrast
from bayesrefract.spread import SpreadRow, read_spread
from bayesrefract.study import Estimand, Evidence, Question, Study

CORRELATIONS = (0.0, 0.7)
"""Of two ratios with a shared reference: what is thought possible."""


@dataclass(frozen=True)
class PrintedAnswer:
    """What the paper prints on one question: its ratio judged, the contrast of two adjusted ones, and p-values."""

    question: Question
    ratio: Assessment | None
    adjusted: Against | None
    p: str  # as printed; "" where none is


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


@dataclass(frozen=True)
class Dossier:
    """All of it; empty where the study declares nothing of the kind."""

    descriptions: tuple[Description, ...] = ()
    balance: tuple[Balance, ...] = ()
    counts: Counts | None = None
    printed: tuple[PrintedAnswer, ...] = ()
    audit: Audit | None = None
    fidelity: Fidelity | None = None
    spread: tuple[SpreadRow, ...] = ()
    counted_once: tuple[CountedOnce, ...] = ()


def compile_dossier(study: Study, records: Records) -> Dossier:
    """Everything that needs the records or the paper, and no draw. Raises InputError where a file cannot be used."""
    pair = study.questions[0].primary
    descriptions = tuple(describe(records, study, table) for table in study.tables)
    # Only the first table is of what came before the grouping: what was chosen later is not to be balanced.
    balanced = balance(records, study, study.tables[0], pair) if study.tables else ()
    shared = counted_once(records) if study.histories else ()
    paper = study.publication
    if paper is None:
        return Dossier(descriptions, balanced, counted_once=shared)
    estimates, counts = read_estimates(paper.estimates)[1], read_counts(paper.counts)
    rebuilt = study.evidence is Evidence.REBUILT and study.histories is not None
    return Dossier(
        descriptions=descriptions,
        balance=balanced,
        counts=counts,
        printed=tuple(printed_answer(question, estimates) for question in study.questions if question.printed),
        audit=audit(read_paper(paper.estimates, paper.counts)),
        fidelity=compare(patients_of(records), estimates, counts) if rebuilt else None,
        spread=read_spread(paper.spread) if rebuilt and paper.spread else (),
        counted_once=shared,
    )


def check_paper(study: Study) -> None:
    """Read the files of a study's paper. Raises InputError with the faults of all of them."""
    paper = study.publication
    if paper is None:
        return
    faults: list[str] = []
    try:
        faults += _unprinted(study, read_estimates(paper.estimates)[1])
    except InputError as error:
        faults += error.faults
    for read, path in ((read_counts, paper.counts), (read_spread, paper.spread)):
        try:
            if path is not None:
                read(path)
        except InputError as error:
            faults += error.faults
    if faults:
        raise InputError(faults)


def _unprinted(study: Study, estimates: tuple[Estimate, ...]) -> Iterator[str]:
    """Questions whose place in the paper does not exist: a slip that would leave its answer out unnoticed."""
    known = {row.scope for row in estimates}
    for question in study.questions:
        place = question.printed
        if place is not None and (place.population, place.setting, place.endpoint) not in known:
            scopes = listed(" ".join(scope) for scope in sorted(known))
            yield (
                f"{study.name}: {question.name} is printed under {place.population} {place.setting} {place.endpoint}, "
                f"of which the published estimates have no row; they have {scopes}. Correct printed."
            )


def printed_answer(question: Question, estimates: tuple[Estimate, ...]) -> PrintedAnswer:
    """The rows that the paper prints on the primary comparison of one question, judged by the study's own rule."""
    assert question.printed is not None  # asked for by the caller
    scope = (question.printed.population, question.printed.setting, question.printed.endpoint)
    rows = [row for row in estimates if row.scope == scope]
    pair = (question.primary.group, question.primary.reference)
    rope = question.rope(Estimand.HAZARD_RATIO)
    ratio = next((row.ratio() for row in rows if row.is_ratio and (row.group, row.reference) == pair), None)
    if rope is None:
        return PrintedAnswer(question, None, None, "")
    terms = Terms(rope, question.rule, resolve_group_prior(Priors(group=GroupPriorName.FLAT), rope))
    adjusted = {row.group: row for row in rows if row.is_ratio and row.is_adjusted}
    against = None
    if set(pair) <= adjusted.keys() and adjusted[pair[0]].reference == adjusted[pair[1]].reference:
        first, second = (adjusted[group].ratio() for group in pair)
        if first is not None and second is not None:
            against = contrast(first, second, CORRELATIONS, terms)
    p = next((row.row["printed"] for row in rows if row.is_p and {row.group, row.reference} == set(pair)), "")
    return PrintedAnswer(question, None if ratio is None else assess(ratio, terms), against, p)


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
