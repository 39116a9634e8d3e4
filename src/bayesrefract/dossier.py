"""Patient tables and the printed numbers of a paper, which a report shows beside the fits of a study."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from bayesrefract.classical.balance import Balance, balance
from bayesrefract.classical.describe import Description, describe
from bayesrefract.cohort.read import Records
from bayesrefract.errors import InputError
from bayesrefract.messages import listed
from bayesrefract.model.priors import resolve_group_prior
from bayesrefract.papers import Counts, Estimate, read_counts, read_estimates
from bayesrefract.papers.assess import Assessment, Terms, assess
from bayesrefract.papers.audit import Report as Audit
from bayesrefract.papers.audit import audit, read_paper
from bayesrefract.papers.combine import Against, contrast
from bayesrefract.study.model import GroupPriorName, Priors
from bayesrefract.study.rope import Estimand
from bayesrefract.study.study import Analysis, Study

CORRELATIONS = (0.0, 0.7)
"""Range of correlations considered for two ratios with a shared reference."""


@dataclass(frozen=True)
class PrintedAnswer:
    """Printed numbers on one question: verdict on the ratio, contrast of two adjusted ratios, and p-values."""

    analysis: Analysis
    ratio: Assessment | None
    adjusted: Against | None
    p: str  # as printed; "" where none is


@dataclass(frozen=True)
class Dossier:
    """Patient tables, balance and printed answers of a study; empty where it declares none.

    `printed_p`: p-value that the paper prints of a level, by column and value of the records.
    """

    descriptions: tuple[Description, ...] = ()
    balance: tuple[Balance, ...] = ()
    printed_p: Mapping[tuple[str, str], str] | None = None
    printed: tuple[PrintedAnswer, ...] = ()
    audit: Audit | None = None


def compile_dossier(
    study: Study, records: Records, printed_p: Callable[[Counts], Mapping[tuple[str, str], str] | None] | None = None
) -> Dossier:
    """Compile everything that depends on the records or the paper, and on no draw.

    printed_p : the p-value that the paper prints of each level, by column and value of the records. Raises InputError
    where a file cannot be used.
    """
    pair = study.analyses[0].primary
    descriptions = tuple(describe(records, study, table) for table in study.tables)
    # Only the first table is of what came before the grouping: what was chosen later is not to be balanced.
    balanced = balance(records, study, study.tables[0], pair) if study.tables else ()
    paper = study.publication
    if paper is None:
        return Dossier(descriptions, balanced)
    estimates = read_estimates(paper.estimates)[1]
    counts = None if paper.counts is None else read_counts(paper.counts)
    return Dossier(
        descriptions=descriptions,
        balance=balanced,
        printed_p=None if printed_p is None or counts is None else printed_p(counts),
        printed=tuple(printed_answer(analysis, estimates) for analysis in study.analyses if analysis.printed),
        audit=audit(read_paper(paper.estimates, paper.counts)),
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
    try:
        if paper.counts is not None:
            read_counts(paper.counts)
    except InputError as error:
        faults += error.faults
    if faults:
        raise InputError(faults)


def _unprinted(study: Study, estimates: tuple[Estimate, ...]) -> Iterator[str]:
    """Faults of questions whose rows in the paper do not exist."""
    known = {row.scope for row in estimates}
    for analysis in study.analyses:
        place = analysis.printed
        if place is not None and (place.population, place.setting, place.endpoint) not in known:
            scopes = listed(" ".join(scope) for scope in sorted(known))
            yield (
                f"{study.name}: {analysis.name} is printed under {place.population} {place.setting} {place.endpoint}, "
                f"of which the published estimates have no row; they have {scopes}. Correct printed."
            )


def printed_answer(analysis: Analysis, estimates: tuple[Estimate, ...]) -> PrintedAnswer:
    """The rows that the paper prints on the primary comparison of one question, judged by the study's own rule."""
    assert analysis.printed is not None  # checked by the caller
    scope = (analysis.printed.population, analysis.printed.setting, analysis.printed.endpoint)
    rows = [row for row in estimates if row.scope == scope]
    pair = (analysis.primary.group, analysis.primary.reference)
    rope = analysis.rope(Estimand.HAZARD_RATIO)
    ratio = next((row.ratio() for row in rows if row.is_ratio and (row.group, row.reference) == pair), None)
    if rope is None:
        return PrintedAnswer(analysis, None, None, "")
    terms = Terms(rope, analysis.rule, resolve_group_prior(Priors(group=GroupPriorName.FLAT), rope))
    adjusted = {row.group: row for row in rows if row.is_ratio and row.is_adjusted}
    against = None
    if set(pair) <= adjusted.keys() and adjusted[pair[0]].reference == adjusted[pair[1]].reference:
        first, second = (adjusted[group].ratio() for group in pair)
        if first is not None and second is not None:
            against = contrast(first, second, CORRELATIONS, terms)
    p = next((row.row["printed"] for row in rows if row.is_p and {row.group, row.reference} == set(pair)), "")
    return PrintedAnswer(analysis, None if ratio is None else assess(ratio, terms), against, p)
