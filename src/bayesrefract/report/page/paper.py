"""Sections that compare a paper's conclusion, patient tables, curves and Cox regression with the verdicts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bayesrefract.decision import VerdictWord
from bayesrefract.dossier import Dossier
from bayesrefract.findings import Findings
from bayesrefract.report import figures
from bayesrefract.report.page.parts import Block, Section, Sheet
from bayesrefract.report.tables import audit as audit_tables
from bayesrefract.report.tables import paper as paper_tables
from bayesrefract.report.tables.paper import PrintedRow
from bayesrefract.report.tables.patients import balance_table, description_table
from bayesrefract.report.words import listed_words
from bayesrefract.study.study import Study

type Questions = Sequence[Sequence[Findings]]
"""Findings by question; each question's primary model first."""


def claim_section(study: Study, dossier: Dossier, main: Questions) -> Section | None:
    """The paper's conclusion and the verdicts that its numbers support; None for a study without a paper."""
    paper = study.publication
    if paper is None:
        return None
    rows = list(_rows(dossier, main))
    paragraphs = (
        f"The paper concludes: “{paper.conclusion}” ({paper.source}, {paper.conclusion_where}).",
        what_is_supported(rows),
    )
    sheets = [Sheet("side-by-side", paper_tables.side_by_side_table(rows, study.evidence, paper.notes))]
    last = [_without_covariates(made) for made in main]
    sheets.append(Sheet("needed", paper_tables.needed_table(last)))
    block = Block("claim-verdicts", "", paragraphs=paragraphs, items=paper.context, sheets=tuple(sheets))
    return Section("claim", "The paper's conclusion, and what its numbers support", "", (block,))


def _rows(dossier: Dossier, main: Questions) -> Iterator[PrintedRow]:
    """Question by question: from the printed numbers, then from the records."""
    printed = {answer.analysis.name: answer for answer in dossier.printed}
    for made in main:
        answer = printed.get(made[0].analysis.name)
        if answer is not None:
            yield from paper_tables.printed_rows(answer.analysis, answer.ratio, answer.adjusted, answer.p)
        yield from paper_tables.record_rows(made)


def what_is_supported(rows: Sequence[PrintedRow]) -> str:
    """State what all verdicts together allow to be claimed about the groups, and no more."""
    words = [word for row in rows for word in row.words]
    claimed = sum(word is VerdictWord.EQUIVALENT for word in words)
    apart = sum(word is VerdictWord.DIFFERENT for word in words)
    if not words:
        return "No verdict can be given on any of its questions."
    if not claimed and not apart:
        return (
            f"Of {len(words)} verdicts below, none is “equivalent” and none “different” ({listed_words(words)}). The "
            "numbers show neither that the groups are equivalent nor that they differ: a large p-value is absence of "
            "evidence, not evidence of equivalence."
        )
    return (
        f"Of {len(words)} verdicts below, {claimed} are “equivalent” and {apart} “different” ({listed_words(words)}). "
        "Each holds for its own question, patients, covariates and range only."
    )


def _without_covariates(made: Sequence[Findings]) -> Findings:
    return next((each for each in made if not each.adjusted_for and not each.model.complete), made[0])


def tables_section(study: Study, dossier: Dossier) -> Section | None:
    """Tables of the patients by group, and the balance of the groups that are compared."""
    if not dossier.descriptions:
        return None
    sheets = tuple(
        Sheet(f"description-{each.name}".replace("_", "-"), description_table(each, study.evidence, dossier.printed_p))
        for each in dossier.descriptions
    )
    pair = study.analyses[0].primary.label
    table = balance_table(dossier.balance, pair, study.evidence)
    picture = figures.balance_figure(dossier.balance, pair, study.evidence, table)
    blocks = (
        Block("characteristics", "", sheets=sheets),
        Block("balance", f"Balance at baseline: {pair}", pictures=(picture,), sheets=(Sheet("balance", table),)),
    )
    return Section("tables", "The patients in tables", "", blocks)


def figures_section(study: Study, main: Questions) -> Section:
    """Kaplan-Meier curves with numbers at risk, and one Cox regression for each set of covariates."""
    labels = dict(study.labels or {})
    blocks = []
    for made in main:
        first = made[0].analysis
        crude = _without_covariates(made)
        fits: dict[tuple[str, ...], Findings] = {}
        for each in made:
            if not each.model.complete:
                fits.setdefault(each.adjusted_for, each)
        pictures = [figures.cox_forest_figure(each, labels) for each in fits.values() if each.agreement.cox]
        name = figures.slug(first.name)
        blocks.append(
            Block(f"{name}-curves", paper_tables.title(first), pictures=(figures.kaplan_meier_figure(crude),))
        )
        if pictures:
            title = f"Cox regression: {paper_tables.title(first)}"
            blocks.append(Block(f"{name}-cox", title, pictures=tuple(pictures), folded=True))
    lead = "The classical analysis of the same patients. Nothing in this section comes from the Bayesian model."
    return Section("classical", "Kaplan-Meier curves and Cox regression", lead, tuple(blocks))


def sensitivity_section(made: Questions) -> Section | None:
    """Every sensitivity question in one table."""
    if not made:
        return None
    table = paper_tables.sensitivity_table(made)
    block = Block("sensitivity-table", "", sheets=(Sheet("sensitivity", table),))
    return Section("sensitivity", "Sensitivity analyses: other populations, time scales and covariates", "", (block,))


def audit_section(dossier: Dossier) -> Section | None:
    """Results of the consistency checks of the printed numbers."""
    if dossier.audit is None:
        return None
    sheets = (
        Sheet("audit-findings", audit_tables.findings_table(dossier.audit)),
        Sheet("audit-checks", audit_tables.checks_table(dossier.audit)),
        Sheet("audit-unchecked", audit_tables.unchecked_table(dossier.audit)),
    )
    lead = "Consistency checks of the printed numbers. A finding is a question to the authors."
    return Section("audit", "Are the printed numbers consistent?", lead, (Block("audit-tables", "", sheets=sheets),))


def limits_section(study: Study) -> Section | None:
    """Limitations that the study declares."""
    if study.publication is None or not study.publication.limits:
        return None
    block = Block("limits-text", "", items=study.publication.limits)
    return Section("limits", "Limitations", "", (block,))
