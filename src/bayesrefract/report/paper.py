"""The sections that a published study adds to its page: its claim beside the verdicts, tables, figures, rebuilding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bayesrefract import figures
from bayesrefract.dossier import Dossier
from bayesrefract.equivalence import VerdictWord
from bayesrefract.findings import Findings
from bayesrefract.report.parts import Block, Section, Sheet
from bayesrefract.spread import summarise
from bayesrefract.study import Evidence, Study
from bayesrefract.tables import audit as audit_tables
from bayesrefract.tables import paper as paper_tables
from bayesrefract.tables.description import balance_table, description_table
from bayesrefract.tables.fidelity import fidelity_screen, spread_table, unmet_table
from bayesrefract.tables.paper import PrintedRow
from bayesrefract.words import EVIDENCE_MEANING, listed_words

type Questions = Sequence[Sequence[Findings]]
"""Findings by question; each question's primary model first."""

REBUILDING = (
    "No patient's record was available. The cohort was made by a search for histories that would be printed as the "
    "paper is: every count exactly, and the survival figures as nearly as the search finds them. Many different "
    "cohorts would be printed so, and this is one.",
    "What the paper prints is pinned by construction: that a printed ratio comes back from the rebuilt cohort, or "
    "hardly differs between cohorts, is no evidence and no sign of certainty. What it does not print (which patient "
    "has which covariate, who of the dose groups was followed how long) is the search's choice.",
)
LIMITS = (
    "One institution, one retrospective cohort; patients were not assigned to a dose. What went with the dose (age, "
    "transplant, earlier regimens) goes with the comparison.",
    "Retreated patients are selected: they lived to be retreated and were chosen to be. Their clock starts at "
    "retreatment, so nothing is cut off before it, but they do not speak for those who were never retreated.",
    "Regimen and transplant of second line were chosen after refractoriness was known. Models that adjust for them "
    "answer what remains besides that choice (a direct effect), not what the dose does in all.",
    "The ranges were declared after the paper was printed: every verdict is exploratory.",
)
REBUILT_LIMITS = (
    "Age, sex, isotype, first line and single lesions of the rebuilt patients have no relation to how they fared, as "
    "the paper prints none; adjusting for them can therefore neither help nor harm here. With real records it can.",
)


def claim_section(study: Study, dossier: Dossier, main: Questions) -> Section | None:
    """The paper's sentence, and beside it the verdicts that its numbers support; None for a study without a paper."""
    paper = study.publication
    if paper is None:
        return None
    rows = list(_rows(dossier, main))
    told = (
        f"The paper concludes: “{paper.conclusion}” ({paper.source}, {paper.conclusion_where}).",
        what_is_supported(rows),
    )
    sheets = [Sheet("side-by-side", paper_tables.side_by_side_table(rows, study.evidence))]
    last = [_without_covariates(made) for made in main]
    sheets.append(Sheet("needed", paper_tables.needed_table(last)))
    if dossier.counted_once:
        counts = [(e.what, e.second_line, e.retreatment, e.shared, e.distinct) for e in dossier.counted_once]
        sheets.append(Sheet("counted-once", paper_tables.counted_once_table(counts)))
    block = Block("claim-verdicts", "", paragraphs=told, items=paper.context, sheets=tuple(sheets))
    return Section("claim", "The paper's conclusion, and what its numbers support", "", (block,))


def _rows(dossier: Dossier, main: Questions) -> Iterator[PrintedRow]:
    """Question by question: from the printed numbers, then from the records."""
    printed = {answer.question.name: answer for answer in dossier.printed}
    for made in main:
        answer = printed.get(made[0].question.name)
        if answer is not None:
            yield from paper_tables.printed_rows(answer.question, answer.ratio, answer.adjusted, answer.p)
        yield from paper_tables.record_rows(made)


def what_is_supported(rows: Sequence[PrintedRow]) -> str:
    """What all verdicts together allow to be said of the groups, and no more."""
    words = [word for row in rows for word in row.words]
    claimed = sum(word is VerdictWord.EQUIVALENT for word in words)
    apart = sum(word is VerdictWord.DIFFERENT for word in words)
    if not words:
        return "No verdict can be given on any of its questions."
    if not claimed and not apart:
        return (
            f"Of {len(words)} verdicts below, none is “equivalent” and none “different” ({listed_words(words)}). The "
            "numbers do not show that outcome is independent of the dose, and they do not show that it depends on it: "
            "a large p-value is absence of evidence, not evidence of equivalence."
        )
    return (
        f"Of {len(words)} verdicts below, {claimed} are “equivalent” and {apart} “different” ({listed_words(words)}). "
        "Each holds for its own question, patients, covariates and range only."
    )


def _without_covariates(made: Sequence[Findings]) -> Findings:
    return next((each for each in made if not each.adjusted_for), made[0])


def tables_section(study: Study, dossier: Dossier) -> Section | None:
    """Tables of the patients by group, and the balance of the groups that are compared."""
    if not dossier.descriptions:
        return None
    sheets = tuple(
        Sheet(f"description-{each.name}".replace("_", "-"), description_table(each, study.evidence, dossier.counts))
        for each in dossier.descriptions
    )
    pair = study.questions[0].primary.label
    table = balance_table(dossier.balance, pair, study.evidence)
    picture = figures.balance_figure(dossier.balance, pair, study.evidence, table)
    blocks = (
        Block("characteristics", "", sheets=sheets),
        Block("balance", f"Balance at baseline: {pair}", pictures=(picture,), sheets=(Sheet("balance", table),)),
    )
    return Section("tables", "The patients in tables", "", blocks)


def figures_section(study: Study, main: Questions) -> Section | None:
    """Kaplan-Meier figures and Cox regressions in the layout of papers."""
    if study.publication is None:
        return None
    labels = dict(study.labels or {})
    blocks = []
    for made in main:
        first = made[0].question
        crude = _without_covariates(made)
        fits = list({each.adjusted_for: each for each in reversed(made)}.values())[::-1]
        pictures = [figures.cox_forest_figure(each, labels) for each in fits if each.agreement.cox]
        name = figures.slug(first.name)
        blocks.append(
            Block(f"{name}-curves", paper_tables.title(first), pictures=(figures.kaplan_meier_figure(crude),))
        )
        blocks.append(
            Block(f"{name}-cox", f"Cox regression: {paper_tables.title(first)}", pictures=tuple(pictures), folded=True)
        )
    lead = "The curves and regressions that a paper prints, of the same patients; no posterior is in them."
    return Section("classical", "Curves and Cox regression in the layout of papers", lead, tuple(blocks))


def sensitivity_section(made: Questions) -> Section | None:
    """Every sensitivity question in one table."""
    if not made:
        return None
    table = paper_tables.sensitivity_table(made)
    block = Block("sensitivity-table", "", sheets=(Sheet("sensitivity", table),))
    return Section("sensitivity", "Other patients, clocks and covariates", "", (block,))


def rebuilding_section(study: Study, dossier: Dossier) -> Section | None:
    """How the cohort meets the printed numbers, and how far other cohorts differ; None for records of patients."""
    if dossier.fidelity is None:
        return None
    fidelity = Block(
        "fidelity",
        "Does the rebuilt cohort print as the paper does?",
        "Fidelity",
        paragraphs=(*REBUILDING, dossier.fidelity.told_in_words),
        sheets=(Sheet("fidelity-unmet", unmet_table(dossier.fidelity)),),
    )
    rows = fidelity_screen(dossier.fidelity.rows, "Every printed row")
    every = Block("fidelity-rows", "Every printed row", sheets=(Sheet("fidelity", rows),), folded=True)
    blocks = [fidelity, every]
    if dossier.spread:
        seeds = len({row.seed for row in dossier.spread})
        table = spread_table(summarise(dossier.spread), seeds)
        blocks.append(
            Block("spread", "How far do other rebuilt cohorts differ?", "Spread", sheets=(Sheet("spread", table),))
        )
    return Section("rebuilding", "The rebuilt cohort", EVIDENCE_MEANING[Evidence.REBUILT], tuple(blocks))


def audit_section(dossier: Dossier) -> Section | None:
    """What a check of the printed numbers against each other found."""
    if dossier.audit is None:
        return None
    sheets = (
        Sheet("audit-findings", audit_tables.findings_table(dossier.audit)),
        Sheet("audit-checks", audit_tables.checks_table(dossier.audit)),
        Sheet("audit-unchecked", audit_tables.unchecked_table(dossier.audit)),
    )
    lead = "The arithmetic of the printed numbers, held against each other. A finding is a question to the authors."
    return Section(
        "audit", "Do the printed numbers agree with each other?", lead, (Block("audit-tables", "", sheets=sheets),)
    )


def limits_section(study: Study) -> Section | None:
    """What every reader has to know before a verdict is used."""
    if study.publication is None:
        return None
    items = (*LIMITS, *(REBUILT_LIMITS if study.evidence is Evidence.REBUILT else ()))
    return Section("limits", "Limits in plain words", "", (Block("limits-text", "", items=items),))
