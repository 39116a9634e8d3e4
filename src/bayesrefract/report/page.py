"""What the page of a study shows, in its order: question, answers, patients, all models, evidence, methods, parents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bayesrefract import figures
from bayesrefract.dossier import Dossier
from bayesrefract.findings import Findings, by_question
from bayesrefract.report import paper
from bayesrefract.report.answer import AnswerBox, answer_box
from bayesrefract.report.guide import TERMS, question_in_words
from bayesrefract.report.methods import methods
from bayesrefract.report.parts import Block, Section, Sheet
from bayesrefract.report.provenance import fits_table, parents_table
from bayesrefract.report.question import patients_block, question_anchor, question_section, question_title
from bayesrefract.study import Estimand, Evidence, Study
from bayesrefract.words import EVIDENCE_LABEL, EVIDENCE_MEANING


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


def compose(study: Study, made: Sequence[Findings], dossier: Dossier | None = None) -> Page:
    """Arrange the findings of a study, question by question; the first findings of each are primary.

    Sensitivity questions stand in one table; where there is no other question, they are the main ones.

    Raises ValueError when there are none.
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
        question=question_in_words([each[0] for each in main]),
        terms=TERMS,
        boxes=tuple(answer_box(each, question_anchor(each[0]), question_title(each[0])) for each in main),
        sections=tuple(
            section
            for section in (
                paper.claim_section(study, dossier, main),
                _patients(main),
                paper.tables_section(study, dossier),
                paper.figures_section(study, main),
                *_overview(main),
                *(question_section(each, alone=len(main) == 1) for each in main),
                paper.sensitivity_section(others),
                paper.rebuilding_section(study, dossier),
                paper.audit_section(dossier),
                paper.limits_section(study),
                _methods(main[0][0]),
                _provenance(made),
            )
            if section is not None
        ),
    )


def _patients(questions: Sequence[Sequence[Findings]]) -> Section:
    lead = "Who was analysed, and how they fared, before any comparison by a model."
    return Section("patients", "The patients", lead, tuple(patients_block(each[0]) for each in questions))


def _overview(questions: Sequence[Sequence[Findings]]) -> tuple[Section, ...]:
    """The forest over all questions and models; nothing where no range on the hazard ratio is declared."""
    made = [each for question in questions for each in question]
    if not any(_has_hazard_ratio(each) for each in made):
        return ()
    beside = "beside Cox regression with the same covariates."
    if len(questions) > 1:
        title, picture = "All questions and models at a glance", figures.study_forest_figure(made)
        lead = f"The primary comparison of every question under every declared model, {beside}"
    else:
        title, picture = "All comparisons at a glance", figures.forest_figure(made)
        lead = f"Every comparison{' under every declared model' if len(made) > 1 else ''}, {beside}"
    return (Section("overview", title, lead, (Block("forest", "", pictures=(picture,)),)),)


def _has_hazard_ratio(findings: Findings) -> bool:
    return any(each.estimand is Estimand.HAZARD_RATIO and each.rope.role == "primary" for each in findings.verdicts)


def _methods(findings: Findings) -> Section:
    return Section("methods", "Methods in words", "", (Block("methods-text", "", paragraphs=methods(findings)),))


def _provenance(made: Sequence[Findings]) -> Section:
    sheets = (Sheet("parents", parents_table(made)), Sheet("fits", fits_table(made)))
    lead = "Everything that these numbers depend on. The verdicts, unrounded, are in verdicts.json beside this page."
    return Section("provenance", "Provenance", lead, (Block("provenance-tables", "", sheets=sheets),))
