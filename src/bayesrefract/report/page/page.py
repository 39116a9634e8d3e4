"""Order and content of the page of a study, from the question to provenance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bayesrefract.dossier import Dossier
from bayesrefract.findings import Findings, by_question
from bayesrefract.numerals import fixed
from bayesrefract.report import figures
from bayesrefract.report.diagnostics import diagnostics_path
from bayesrefract.report.looked_at import looked_at
from bayesrefract.report.page import paper
from bayesrefract.report.page.analysis import (
    draws_link,
    patients_block,
    question_anchor,
    question_section,
    question_title,
)
from bayesrefract.report.page.answer import AnswerBox, answer_box
from bayesrefract.report.page.guide import TERMS, question_in_words
from bayesrefract.report.page.how_often import how_often_wrong, project_address
from bayesrefract.report.page.methods import methods
from bayesrefract.report.page.parts import Block, Link, Section, Sheet
from bayesrefract.report.tables.table import Table, columns
from bayesrefract.report.words import EVIDENCE_LABEL, EVIDENCE_MEANING
from bayesrefract.study.rope import Estimand
from bayesrefract.study.study import Evidence, Study

METHODS = "methods"


@dataclass(frozen=True)
class Page:
    """The whole page of a study."""

    title: str
    evidence_label: str
    evidence_meaning: str
    is_marked: bool  # rebuilt or simulated
    question: tuple[str, ...]
    terms: tuple[tuple[str, str], ...]
    boxes: tuple[AnswerBox, ...]
    sections: tuple[Section, ...]


def compose(
    study: Study,
    made: Sequence[Findings],
    dossier: Dossier | None = None,
    further: Mapping[str, tuple[Section, ...]] | None = None,
) -> Page:
    """Arrange the findings of a study, question by question; the first findings of each are primary.

    Sensitivity questions are shown in one table; where there is no other question, they are the main ones.

    further : anchor of a section -> sections that follow it; before the methods where the page has no such section.
    Raises ValueError when there are no findings.
    """
    if not made:
        raise ValueError(f"study '{study.name}' has no findings to report")
    main, others = by_question(made)
    dossier = dossier or Dossier()
    marked = study.evidence is not Evidence.PATIENTS
    label = EVIDENCE_LABEL[study.evidence]
    return Page(
        title=f"{label}: {study.title}" if marked else study.title,
        evidence_label=label,
        evidence_meaning=EVIDENCE_MEANING[study.evidence],
        is_marked=marked,
        question=(*question_in_words([each[0] for each in main]), looked_at(made)),
        terms=TERMS,
        boxes=tuple(answer_box(each, question_anchor(each[0]), question_title(each[0])) for each in main),
        sections=_with_further(
            (
                paper.claim_section(study, dossier, main),
                _patients(main),
                paper.tables_section(study, dossier),
                paper.figures_section(study, main),
                *_overview(main),
                *(question_section(each, alone=len(main) == 1) for each in main),
                paper.sensitivity_section(others),
                paper.audit_section(dossier),
                paper.limits_section(study),
                _methods(main[0][0]),
                _provenance(made),
            ),
            further or {},
        ),
    )


def _with_further(
    sections: Sequence[Section | None], further: Mapping[str, tuple[Section, ...]]
) -> tuple[Section, ...]:
    """Place the sections of a study package after those that they name."""
    there = [section for section in sections if section is not None]
    anchors = {section.anchor for section in there}
    homeless = tuple(each for anchor, added in further.items() if anchor not in anchors for each in added)
    arranged: list[Section] = []
    for section in there:
        if section.anchor == METHODS:
            arranged += homeless
        arranged += (section, *further.get(section.anchor, ()))
    return tuple(arranged)


def _patients(analyses: Sequence[Sequence[Findings]]) -> Section:
    lead = "Patient flow, groups and observed survival, before any comparison by a model."
    return Section("patients", "The patients", lead, tuple(patients_block(each[0]) for each in analyses))


def _overview(analyses: Sequence[Sequence[Findings]]) -> tuple[Section, ...]:
    """Forest plot of all questions and models; nothing where no range on the hazard ratio is declared."""
    made = [each for analysis in analyses for each in analysis]
    if not any(_has_hazard_ratio(each) for each in made):
        return ()
    beside = "beside Cox regression with the same covariates."
    if len(analyses) > 1:
        title, picture = "Overview of all questions and models", figures.study_forest_figure(made)
        lead = f"The primary comparison of every question under every declared model, {beside}"
    else:
        title, picture = "Overview of all comparisons", figures.forest_figure(made)
        lead = f"Every comparison{' under every declared model' if len(made) > 1 else ''}, {beside}"
    return (Section("overview", title, lead, (Block("forest", "", pictures=(picture,)),)),)


def _has_hazard_ratio(findings: Findings) -> bool:
    return any(each.estimand is Estimand.HAZARD_RATIO and each.rope.role == "primary" for each in findings.verdicts)


def _methods(findings: Findings) -> Section:
    blocks = (Block("methods-text", "", paragraphs=methods(findings)), how_often_wrong(project_address()))
    return Section(METHODS, "Methods", "", blocks)


def _provenance(made: Sequence[Findings]) -> Section:
    sheets = (Sheet("parents", provenance_table(made)), Sheet("fits", fits_table(made)))
    lead = "Everything that these numbers depend on. Unrounded verdicts are in verdicts.json beside this page."
    blocks = (Block("provenance-tables", "", sheets=sheets), _files(made))
    return Section("provenance", "Provenance", lead, blocks)


def _files(made: Sequence[Findings]) -> Block:
    """The draws and the diagnostics of every fit, those that failed a gate first."""
    pages = tuple(
        Link(diagnostics_path(each), f"{_diagnostics_of(each)}: {question_title(each)}, {each.model.title}")
        for each in sorted(made, key=lambda each: each.health.passed)
    )
    text = (
        "One file per fit: az.from_netcdf of ArviZ opens it. It holds the draws of every parameter, of the prior, and "
        "of the events of each group and interval; nothing in it is per patient."
    )
    links = (*pages, *(draws_link(each) for each in made))
    return Block("provenance-draws", "The draws of every fit", paragraphs=(text,), links=links, folded=True)


def _diagnostics_of(findings: Findings) -> str:
    return "Diagnostics" if findings.health.passed else "Diagnostics of a fit that failed"


def provenance_table(made: Sequence[Findings]) -> Table:
    """Seed, processor, hashes and versions shared by all fits of a report."""
    first = made[0].provenance
    items = (
        ("Seed", str(first.seed)),
        ("Processor", first.cpu),
        ("Records, SHA-256", first.data_sha256),
        ("Study file, SHA-256", first.study_sha256),
        ("Code, SHA-256", first.code_sha256),
        *((f"Version of {name}", version) for name, version in first.versions.items()),
    )
    return Table("Provenance", columns("Item", "Value"), tuple(row for row in items if row[1]))


def fits_table(made: Sequence[Findings]) -> Table:
    """One line per fit."""
    rows = tuple(
        (
            each.analysis.name,
            each.model.name,
            fixed(each.flow.analysed, 0),
            each.provenance.model_sha256[:16],
            each.provenance.fit_key[:16],
        )
        for each in made
    )
    return Table("Fits", columns("Question", "Model", "Patients", "Model file, SHA-256", "Fit key"), rows)
