"""Tables of patients: analysed and excluded, baseline characteristics, balance, follow-up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bayesrefract.classical.agreement import GroupSummary, Interval
from bayesrefract.classical.balance import LARGE, SMALL, Balance
from bayesrefract.classical.describe import Category, Description, Variable
from bayesrefract.cohort.disclosure import NOT_SHOWN, too_few
from bayesrefract.decision import VerdictWord
from bayesrefract.findings import AtHorizon, Findings
from bayesrefract.numerals import ABSENT, exact, fixed, p_value, percent, probability, ratio, span
from bayesrefract.report.tables.table import Table, columns
from bayesrefract.report.words import EVIDENCE_LABEL
from bayesrefract.study.study import Evidence, TimeUnit

NOT_REACHED = "not reached"
QUANTITIES = {
    "survival": "survival probability",
    "rmst": "restricted mean survival time (RMST)",
    "survival_difference": "difference in survival probability (percentage points)",
    "rmst_difference": "difference in RMST",
    "marginal_hazard_ratio": "marginal hazard ratio",
}


def flow_table(findings: Findings) -> Table:
    """Patient flow: records = analysed + excluded, with reasons; notes of the cross-check are under its own table."""
    flow = findings.flow
    notes = tuple(note for note in findings.notes if note not in findings.agreement.notes)
    excluded = tuple((f"Excluded: {reason}", fixed(count, 0)) for reason, count in flow.excluded.items())
    rows = (("In the records", fixed(flow.records, 0)), *excluded, ("Analysed", fixed(flow.analysed, 0)))
    return Table("Patient flow", columns("Step", numbers=("Patients",)), rows, notes)


def groups_table(findings: Findings) -> Table:
    """Patients, events, person-time and medians of each group.

    The posterior median is omitted when the fit did not converge.
    """
    unit = findings.analysis.time_unit
    medians = {each.level: each for each in findings.medians} if findings.health.passed else {}
    rows = []
    for group in findings.agreement.groups:
        posterior = medians.get(group.level)
        rows.append(
            (
                group.level,
                fixed(group.patients, 0),
                fixed(group.events, 0),
                *(NOT_SHOWN if group.too_few else text for text in _times(group, findings)),
                ABSENT if posterior is None else _with_limits(posterior.median, unit),
                ABSENT if posterior is None else probability(posterior.p_not_reached),
            )
        )
    numbers = (
        "Patients",
        "Events",
        f"Person-{unit}",
        "Median follow-up",
        "Kaplan-Meier median (95% CI, log-log)",
        "Posterior median (95% CrI)",
        "P(not reached)",
    )
    together = findings.agreement.follow_up
    overall = "" if together is None else f", all groups together {_with_limits(together, unit)}"
    notes: tuple[str, ...] = (
        f"Medians in {unit}. Follow-up by the reverse Kaplan-Meier estimate{overall}. P: posterior probability.",
    )
    if findings.agreement.immortal:
        notes += ("Patients of a group: those who are in it at some time; events and person-time: while in it.",)
    return Table("Groups", columns("Group", numbers=numbers), tuple(rows), notes)


def _times(group: GroupSummary, findings: Findings) -> tuple[str, str, str]:
    """Person-time, median follow-up and median survival, which with delayed entry needs a declared start."""
    unit = findings.analysis.time_unit
    if findings.agreement.immortal:  # patients come and go
        return span(group.person_time, unit), ABSENT, ABSENT
    median = _with_limits(group.median, unit) if findings.start.is_declared else ABSENT
    return span(group.person_time, unit), _with_limits(group.median_follow_up, unit), median


def horizon_table(findings: Findings) -> Table:
    """Survival and RMST of the groups at the horizon, and their differences.

    Empty when the fit did not converge; contrasts whose hazard ratio is withheld are omitted.
    """
    unit = findings.analysis.time_unit
    withheld = {f"{v.group} vs {v.reference}" for v in findings.verdicts if v.word is VerdictWord.WITHHELD}
    shown = [each for each in findings.at_horizon if each.subject not in withheld] if findings.health.passed else []
    rows = tuple((each.subject, QUANTITIES[each.quantity], *_posterior(each, unit)) for each in shown)
    title = f"At the horizon of {exact(findings.analysis.endpoint.horizon or 0)} {unit}"
    if findings.start.is_conditional:
        title += f", for patients without the event at {exact(findings.start.time)}"
    notes = (
        "Standardised over the analysed patients (g-computation): each group's curve is the mean of the curves of all "
        "patients, had they been in that group. The marginal hazard ratio compares these curves; the model's own is "
        "conditional on the covariates, and the two differ even without confounding.",
    )
    return Table(
        title,
        columns("Group or contrast", "Quantity", numbers=("Posterior median", "95% credible interval")),
        rows,
        notes,
    )


def _posterior(each: AtHorizon, unit: TimeUnit) -> tuple[str, str]:
    """Median and limits as ratio, time or percentage."""
    value = each.value
    if each.quantity == "marginal_hazard_ratio":
        texts = [ratio(part) for part in (value.estimate, value.low, value.high)]
    elif each.quantity in {"survival", "survival_difference"}:
        unit_of_share = "%" if each.quantity == "survival" else ""  # a difference is in percentage points
        texts = [
            fixed(None if part is None else 100 * part, 1) + unit_of_share
            for part in (value.estimate, value.low, value.high)
        ]
    else:
        texts = [span(part, unit) for part in (value.estimate, value.low, value.high)]
    return texts[0], f"{texts[1]} to {texts[2]}"


def _with_limits(interval: Interval, unit: TimeUnit) -> str:
    if interval.estimate is None:
        return NOT_REACHED
    limits = (NOT_REACHED if limit is None else span(limit, unit) for limit in (interval.low, interval.high))
    return f"{span(interval.estimate, unit)} ({' to '.join(limits)})"


UNKNOWN = "unknown"
TESTS = (
    "p: Pearson's chi-square test of a level against all others among those whose value is known, uncorrected; "
    "Kruskal-Wallis for numbers. Exact: Fisher's test, where an expected count is below 5. No p-value was adjusted for "
    "multiple testing, and a large one is no evidence that groups are alike."
)


def description_table(
    description: Description, evidence: Evidence, printed_p: Mapping[tuple[str, str], str] | None = None
) -> Table:
    """Characteristics by group, with the p-values that a paper prints where they are given."""
    sizes = zip(description.groups, description.sizes, strict=True)
    heads = [f"{group} (n = {size})" for group, size in sizes]
    numbers = (*heads, "p", "Exact", *(("p, printed",) if printed_p is not None else ()))
    rows = []
    for variable in description.variables:
        for label, cells, p, exact_p, level in _lines(variable):
            row = (label, *cells, p, exact_p)
            if printed_p is not None:
                row = (*row, printed_p.get((variable.column, level), ""))
            rows.append(row)
    label = "" if evidence is Evidence.PATIENTS else f"{EVIDENCE_LABEL[evidence]}. "
    notes = (f"{label}Counts (% of those whose value is known), or median (quartiles).", TESTS)
    return Table(
        description.title,
        columns("Characteristic", numbers=numbers),
        tuple(rows),
        (*notes, *_with_unknown(description)),
    )


def _with_unknown(description: Description) -> tuple[str, ...]:
    """p-values with unknown values counted among the rest, as some papers do; nothing where none is unknown."""
    values = [
        f"{variable.label}{'' if variable.is_flag else f' {level.level}'} {p_value(level.p_of_all)}"
        for variable in description.variables
        for level in variable.levels
        if level.p_of_all is not None
    ]
    return (f"p with the unknown among the rest: {', '.join(values)}.",) if values else ()


def _lines(variable: Variable) -> Iterator[tuple[str, tuple[str, ...], str, str, str]]:
    """Label, a cell per group, p, exact p, and the level: one line, or a heading with a line per level."""
    if variable.quartiles is not None:
        cells = tuple(
            NOT_SHOWN if too_few(count) else ABSENT if each is None else _three(each)
            for each, count in zip(variable.quartiles.values, variable.quartiles.known, strict=True)
        )
        yield variable.label, cells, p_value(variable.quartiles.p), "", ""
    elif variable.is_flag:
        for level in variable.levels:
            yield variable.label, _counts(level), p_value(level.p), p_value(level.exact), level.level
    else:
        yield variable.label, ("",) * len(variable.unknown), p_value(variable.p), "", ""
        for level in variable.levels:
            yield f"  {level.level}", _counts(level), p_value(level.p), p_value(level.exact), level.level
    if any(variable.unknown):
        yield f"  {UNKNOWN}", tuple(fixed(count, 0) for count in variable.unknown), "", "", UNKNOWN


def _three(values: tuple[float, float, float]) -> str:
    low, middle, high = (fixed(value, 1) for value in values)
    return f"{middle} ({low} to {high})"


def _counts(level: Category) -> tuple[str, ...]:
    pairs = zip(level.counts, level.known, strict=True)
    return tuple(
        f"{count}" if too_few(known) and known else f"{count} ({percent(count / known) if known else ABSENT})"
        for count, known in pairs
    )


def balance_table(found: Sequence[Balance], pair: str, evidence: Evidence) -> Table:
    """Standardised differences between two groups."""
    rows = tuple(
        (
            each.label,
            NOT_SHOWN if each.too_few else ABSENT if each.difference is None else fixed(each.difference, 2),
            _word(each.difference),
            " / ".join(percent(share) for share in each.unknown),
        )
        for each in found
    )
    label = "" if evidence is Evidence.PATIENTS else f"{EVIDENCE_LABEL[evidence]}. "
    notes = (
        f"{label}Standardised difference: difference of the means over the root of the mean variance; for several "
        f"levels their distance, without a sign (Yang & Dalton 2012). Below {SMALL} it is usually called negligible, "
        f"from {LARGE} on the characteristic is imbalanced.",
    )
    heads = columns("Characteristic", numbers=("Standardised difference", "Size", "Unknown"))
    return Table(f"Balance at baseline: {pair}", heads, rows, notes)


def _word(difference: float | None) -> str:
    if difference is None:
        return ABSENT
    return "negligible" if abs(difference) < SMALL else "small" if abs(difference) < LARGE else "large"
