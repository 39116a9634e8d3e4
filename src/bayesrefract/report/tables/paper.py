"""Tables that compare a paper's printed numbers with the analyses of a study, question by question."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bayesrefract.decision import Verdict, VerdictWord
from bayesrefract.findings import Findings, counterpart
from bayesrefract.numerals import ABSENT, fixed, percent, probability, ratio
from bayesrefract.papers.assess import Assessment
from bayesrefract.papers.combine import Against
from bayesrefract.report.tables.table import Table, columns
from bayesrefract.report.words import EVIDENCE_LABEL, word_text
from bayesrefract.study.rope import Estimand
from bayesrefract.study.study import Analysis, Evidence

PRINTED = "printed ratio"
NOTHING_SAID = "no verdict possible"
PRINTED_ADJUSTED = "printed adjusted ratios, their contrast"
PRINTED_NOTE = "Printed: flat prior, normal likelihood of the log ratio from the printed interval."
CONTRAST_NOTE = (
    "Two printed ratios with one reference give the ratio between their groups only for an assumed correlation, and so "
    "a range."
)
COX_NOTE = (
    "Cox verdict: the same rule, applied to Cox's log hazard ratio as a normal distribution without a prior. An "
    "interval rule reads its Wald interval at the rule's level (a one-sided rule only the limit on the side of harm); "
    "a probability rule reads the normal probabilities below, inside and above the range. Intervals: of a printed "
    "ratio as printed, of the records the 95% credible interval, of Cox regression the 95% confidence interval (CI)."
)


@dataclass(frozen=True)
class PrintedRow:
    """One line of the side-by-side table, with the verdicts in it as values."""

    cells: tuple[str, ...]
    words: tuple[VerdictWord, ...] = ()
    note: str = ""


def side_by_side_table(rows: Sequence[PrintedRow], evidence: Evidence, of_paper: Sequence[str] = ()) -> Table:
    """The verdict on the primary comparison from the printed numbers, from the records, and from Cox regression."""
    heads = ("Ratio (95% interval)", "P(inside)", "Verdict", "Cox (95% CI)", "Cox verdict")
    aims = dict.fromkeys(row.note for row in rows if row.note)
    contrast = (CONTRAST_NOTE,) if any(row.cells[1] == PRINTED_ADJUSTED for row in rows) else ()
    notes = (PRINTED_NOTE, *contrast, COX_NOTE, *of_paper, f"Records: {EVIDENCE_LABEL[evidence].lower()}.", *aims)
    cells = tuple(row.cells for row in rows)
    title = "Primary comparison from printed numbers, records and Cox regression"
    return Table(title, columns("Question", "From", *heads), cells, notes)


def printed_rows(
    analysis: Analysis, judged: Assessment | None, against: Against | None, p: str
) -> Iterator[PrintedRow]:
    """Rows of one question from the printed numbers."""
    name, nothing = title(analysis), (ABSENT, ABSENT)
    if judged is not None:
        verdict = judged.verdict
        source = f"{PRINTED}, {p}" if p else PRINTED
        printed = judged.ratio.text if judged.ratio is not None else _ratio(verdict)
        cells = (name, source, printed, probability(verdict.p_inside), word_text(verdict.word), *nothing)
        yield PrintedRow(cells, (verdict.word,))
    elif against is None:
        source = f"no ratio is printed{f', only {p}' if p else ''}"
        yield PrintedRow((name, source, *nothing, NOTHING_SAID, *nothing))
    if against is not None:
        made = against.assessments
        middle = ratio(made[0].verdict.median)
        widest = " to ".join(map(ratio, made[0].verdict.interval))
        inside = " to ".join(probability(each.verdict.p_inside) for each in (made[0], made[-1]))
        words = tuple(dict.fromkeys(each.verdict.word for each in made))
        said = ", ".join(map(word_text, words))
        yield PrintedRow((name, PRINTED_ADJUSTED, f"{middle} (at most {widest})", inside, said, *nothing), words)


def record_rows(made: Sequence[Findings]) -> Iterator[PrintedRow]:
    """Rows of one question from the records, one for each model."""
    for findings in made:
        verdict = primary_verdict(findings)
        if verdict is None:
            continue
        twin = counterpart(findings, verdict)
        cox, judged = twin.cox, twin.cox_judgement
        known = verdict.word is not VerdictWord.WITHHELD
        cells = (
            title(findings.analysis),
            f"{EVIDENCE_LABEL[findings.analysis.evidence].lower()}: {findings.model.name}",
            _ratio(verdict) if known else ABSENT,
            probability(verdict.p_inside) if known else ABSENT,
            word_text(verdict.word),
            ABSENT if cox is None else _three((cox.hazard_ratio, *cox.limits())),
            ABSENT if judged is None else word_text(judged.word),
        )
        yield PrintedRow(cells, (verdict.word,), f"{findings.model.name}: {aim(findings)}.")


def aim(findings: Findings) -> str:
    """Aim of a model's covariate adjustment, as the study states it; the covariates where it states none."""
    analysis, name = findings.analysis, findings.model.adjust
    wanted = analysis.adjust if name == "question" else name
    label = (analysis.adjust_labels or {}).get(wanted or "none")
    if label is not None:
        return label
    return f"adjusted for {', '.join(findings.adjusted_for)}" if findings.adjusted_for else "no covariates"


def primary_verdict(findings: Findings) -> Verdict | None:
    """The primary comparison on the primary range of the hazard ratio."""
    return next(
        (
            v
            for v in findings.verdicts
            if v.primary and v.estimand is Estimand.HAZARD_RATIO and v.rope.role == "primary"
        ),
        None,
    )


def title(analysis: Analysis) -> str:
    """Endpoint and population in words."""
    return f"{analysis.endpoint.label}: {analysis.population.label}"


def _ratio(verdict: Verdict) -> str:
    return _three((verdict.median, *verdict.interval))


def _three(values: tuple[float, float, float]) -> str:
    estimate, low, high = (ratio(value) for value in values)
    return f"{estimate} ({low} to {high})"


def needed_table(made: Sequence[Findings]) -> Table:
    """Whether equivalence was attainable for each question, and the events and patients required.

    `made`: one model's findings of each question, without covariates where there is one.
    """
    rows = []
    for findings in made:
        verdict = primary_verdict(findings)
        if verdict is None:
            continue
        pair = (verdict.group, verdict.reference, verdict.rope.low, verdict.rope.high)
        found = next(
            (a for a in findings.attainability if (a.group, a.reference, a.rope_low, a.rope_high) == pair), None
        )
        if found is None:
            continue
        rows.append(
            (
                title(findings.analysis),
                f"{found.events_group} + {found.events_reference}",
                probability(found.best_inside),
                "yes" if found.possible else "no",
                percent(found.power),
                fixed(found.events_needed, 0),
                fixed(found.patients_needed, 0),
            )
        )
    heads = (
        "Events observed",
        "Best P(inside)",
        "Attainable",
        "Power",
        "Events for 80%",
        "Patients for 80%",
    )
    notes = (
        "At a true hazard ratio of exactly 1, with the observed allocation of events to the two groups. "
        "Patients: at the observed proportion with an event.",
    )
    return Table("Attainability of equivalence", columns("Question", numbers=heads), tuple(rows), notes)


def sensitivity_table(by_question: Sequence[Sequence[Findings]]) -> Table:
    """The primary comparison of each sensitivity question under each of its models."""
    rows, reasons = [], list[str]()
    for made in by_question:
        verdicts = [(each, primary_verdict(each)) for each in made]
        for findings, verdict in verdicts:
            if verdict is None:
                continue
            shown = verdict.word is not VerdictWord.WITHHELD
            if not shown:
                reasons.append(
                    f"Withheld, {title(findings.analysis)}, {findings.model.name}: {'; '.join(verdict.reasons)}"
                )
            cox = counterpart(findings, verdict).cox
            rows.append(
                (
                    title(findings.analysis),
                    findings.model.name,
                    word_text(verdict.word),
                    _ratio(verdict) if shown else ABSENT,
                    probability(verdict.p_inside) if shown else ABSENT,
                    ABSENT if cox is None else _three((cox.hazard_ratio, *cox.limits())),
                    fixed(findings.flow.analysed, 0),
                    fixed(findings.n_events, 0),
                )
            )
    heads = columns(
        "Question",
        "Model",
        "Verdict",
        numbers=("Hazard ratio (95% CrI)", "P(inside)", "Cox (95% CI)", "Analysed", "Events"),
    )
    notes = (
        "Other populations, time scales and covariates define other estimands: a difference from the main result is no "
        "error. CrI: credible interval. CI: confidence interval.",
        *reasons,
    )
    return Table("Sensitivity questions, primary comparison", heads, tuple(rows), notes)
