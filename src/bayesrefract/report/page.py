"""What the page of a study shows, in its order, as values that the template only has to write down."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bayesrefract import figures, tables
from bayesrefract.equivalence import Verdict, VerdictWord
from bayesrefract.figures import Picture, slug
from bayesrefract.findings import Findings
from bayesrefract.numerals import fixed
from bayesrefract.report.limits import limits
from bayesrefract.report.methods import methods
from bayesrefract.study import Estimand, Evidence, RuleName, Side, Study
from bayesrefract.tables.value import Table, columns
from bayesrefract.words import EVIDENCE_LABEL, EVIDENCE_MEANING, estimand_name, holds_in, sentence, word_text

TONES = {
    VerdictWord.WITHHELD: "withheld",
    VerdictWord.UNDECIDED: "open",
    VerdictWord.NOT_SHOWN: "open",
}
"""Look of an answer's box; every other verdict is a claim."""


@dataclass(frozen=True)
class Answer:
    """One verdict as a sentence, and how its box looks: claim, open or withheld."""

    tone: str
    word: str
    text: str


@dataclass(frozen=True)
class Block:
    """One part of a question's section; folded blocks are opened by the reader."""

    title: str
    tables: tuple[Table, ...] = ()
    pictures: tuple[Picture, ...] = ()
    paragraphs: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    folded: bool = False


@dataclass(frozen=True)
class QuestionSection:
    """One endpoint in one population: answers first, what supports them after."""

    anchor: str
    title: str
    asked: str
    answers: tuple[Answer, ...]
    warnings: tuple[str, ...]
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Page:
    """The whole page of a study."""

    title: str
    evidence_label: str
    evidence_meaning: str
    is_marked: bool  # rebuilt or simulated
    sections: tuple[QuestionSection, ...]
    closing: tuple[Block, ...]

    @property
    def pictures(self) -> Iterator[Picture]:
        """Every figure of the page."""
        blocks = [block for section in self.sections for block in section.blocks]
        return (picture for block in [*blocks, *self.closing] for picture in block.pictures)


def compose(study: Study, made: Sequence[Findings]) -> Page:
    """Arrange the findings of a study, question by question; the first findings of each are primary.

    Raises ValueError when there are none.
    """
    if not made:
        raise ValueError(f"study '{study.name}' has no findings to report")
    questions = dict.fromkeys(each.question.name for each in made)
    by_question = [[each for each in made if each.question.name == name] for name in questions]
    marked = study.evidence is not Evidence.PATIENTS
    label = EVIDENCE_LABEL[study.evidence]
    return Page(
        title=f"{label}: {study.title}" if marked else study.title,
        evidence_label=label,
        evidence_meaning=EVIDENCE_MEANING[study.evidence],
        is_marked=marked,
        sections=tuple(_section(each) for each in by_question),
        closing=(Block("Methods", paragraphs=methods(made[0])), Block("Provenance", tables=_provenance(made))),
    )


def _section(made: Sequence[Findings]) -> QuestionSection:
    primary = made[0]
    question = primary.question
    contrast = question.primary
    answers = tuple(
        Answer(TONES.get(verdict.word, "claim"), word_text(verdict.word), sentence(verdict, question))
        for verdict in _leading(primary)
    )
    return QuestionSection(
        anchor=slug(question.name),
        title=f"{question.endpoint.label}: {question.population.label}",
        asked=f"How does {contrast.group} compare with {contrast.reference}? Endpoint: {question.endpoint.label}. "
        f"Population: {question.population.label}. Primary model: {primary.plan.title}.",
        answers=answers,
        warnings=(*_robustness(made), *_out_of_reach(primary), *tables.failed_control_notes(primary)),
        blocks=tuple(_blocks(made)),
    )


def _leading(findings: Findings) -> list[Verdict]:
    """The primary contrast on the primary ROPE of every estimand, the hazard ratio first."""
    leading = [each for each in findings.verdicts if each.primary and each.rope.role == "primary"]
    return sorted(leading, key=lambda verdict: verdict.estimand is not Estimand.HAZARD_RATIO)


def _robustness(made: Sequence[Findings]) -> tuple[str, ...]:
    """How many of the declared models share the leading verdict."""
    leading = _leading(made[0])
    if len(made) < 2 or not leading:
        return ()
    twins = [twin for each in made for twin in _leading(each)[:1] if twin.estimand is leading[0].estimand]
    name = estimand_name(leading[0].estimand, made[0].question)
    return (f"Verdict on the {name}: {holds_in([twin.word for twin in twins])}.",)


def _out_of_reach(findings: Findings) -> tuple[str, ...]:
    """Said where the primary contrast has too few events for the interval rule to be met at all."""
    rule = findings.question.rule
    if rule.name is not RuleName.INTERVAL or rule.side is not Side.TWO_SIDED:
        return ()
    primary = findings.question.primary
    return tuple(
        f"With {fixed(each.events_group + each.events_reference, 0)} events in these two groups, no result could have "
        f"brought the whole interval inside the ROPE of the hazard ratio: at least {fixed(each.events_minimum, 0)} "
        "are needed."
        for each in findings.attainability
        if not each.possible and (each.group, each.reference) == (primary.group, primary.reference)
    )


def _blocks(made: Sequence[Findings]) -> Iterator[Block]:
    primary = made[0]
    yield Block("Verdicts", tables=(tables.verdict_table(primary),))
    yield Block(
        "Patients and curves",
        pictures=(figures.survival_figure(primary), *_densities(primary)[:1]),
        tables=(tables.groups_table(primary), *_horizon(primary), tables.flow_table(primary)),
    )
    yield from _models(made)
    yield Block("Held against classical analysis", tables=(tables.cross_check_table(primary),))
    if primary.predictive and primary.health.passed:
        yield Block("Does the model describe these patients?", pictures=(figures.predictive_figure(primary),))
    if primary.attainability:
        yield Block("Could these events have settled it?", tables=(tables.attainability_table(primary),))
    yield _limits(primary)
    yield from _details(made)


def _horizon(findings: Findings) -> tuple[tables.Table, ...]:
    return (tables.horizon_table(findings),) if findings.at_horizon and findings.health.passed else ()


def _densities(findings: Findings) -> list[Picture]:
    """Posteriors of the hazard ratios over their primary ROPE, the primary contrast's first."""
    shown = [
        each
        for each in findings.verdicts
        if each.estimand is Estimand.HAZARD_RATIO
        and each.rope.role == "primary"
        and each.word is not VerdictWord.WITHHELD
    ]
    ordered = sorted(shown, key=lambda verdict: not verdict.primary)
    return [figures.density_figure(findings, verdict) for verdict in ordered]


def _models(made: Sequence[Findings]) -> Iterator[Block]:
    """The forest and the leading verdict under every model; every other verdict folded."""
    primary = made[0]
    leading = _leading(primary)[:1]
    others = [verdict for verdict in primary.verdicts if verdict not in leading]
    forest = (figures.forest_figure(made),) if _has_hazard_ratio(primary) else ()
    if len(made) == 1:
        yield Block("All contrasts", pictures=forest)
        return
    yield Block(
        "Every declared model",
        pictures=forest,
        tables=tuple(tables.model_table(made, verdict) for verdict in leading),
    )
    if others:
        yield Block(
            "Other contrasts and quantities under every model",
            tables=tuple(tables.model_table(made, verdict) for verdict in others),
            folded=True,
        )


def _has_hazard_ratio(findings: Findings) -> bool:
    return any(each.estimand is Estimand.HAZARD_RATIO and each.rope.role == "primary" for each in findings.verdicts)


def _limits(findings: Findings) -> Block:
    present = limits(findings)
    title = "What here pushes towards “equivalent”"
    if present:
        return Block(title, items=present)
    absent = "None of these is present: narrow prior, pooling, excluded patients, crude analysis, post hoc ROPE."
    return Block(title, paragraphs=(absent,))


def _details(made: Sequence[Findings]) -> Iterator[Block]:
    primary, survival = made[0], made[0].prior_survival
    yield Block(
        "How near each verdict is to another one",
        tables=(tables.decision_table(primary),),
        pictures=tuple(_densities(primary)[1:]),
        folded=True,
    )
    yield Block(
        "Priors, and the survival they expect",
        tables=(tables.priors_table(primary),),
        pictures=() if survival is None else (figures.prior_figure(primary, survival),),
        folded=True,
    )
    if primary.effects and primary.health.passed:
        yield Block("Covariates", tables=(tables.effects_table(primary),), folded=True)
    yield Block(
        "Convergence", tables=(tables.diagnostics_table(made),), pictures=(figures.chains_figure(primary),), folded=True
    )


def _provenance(made: Sequence[Findings]) -> tuple[Table, ...]:
    """Seed, versions and hashes; one line per fit."""
    first = made[0].provenance
    parents = (
        ("Seed", str(first.seed)),
        ("Records, SHA-256", first.data_sha256),
        ("Study file, SHA-256", first.study_sha256),
        ("Code, SHA-256", first.code_sha256),
        *((f"Version of {name}", version) for name, version in first.versions.items()),
    )
    fits = tuple(
        (
            each.question.name,
            each.plan.name,
            fixed(each.flow.analysed, 0),
            each.provenance.model_sha256[:16],
            each.provenance.fit_key[:16],
        )
        for each in made
    )
    heading = columns("Question", "Model", "Patients", "Model file, SHA-256", "Fit key")
    known = tuple(row for row in parents if row[1])
    return Table("Parents", columns("Parent", "Value"), known), Table("Fits", heading, fits)
