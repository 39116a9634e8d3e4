"""Tables of the patients: who was analysed, and what each group's follow-up holds."""

from __future__ import annotations

from bayesrefract.crosscheck.agreement import Interval
from bayesrefract.equivalence import VerdictWord
from bayesrefract.findings import AtHorizon, Findings
from bayesrefract.numerals import ABSENT, exact, fixed, probability, ratio, span
from bayesrefract.study import TimeUnit
from bayesrefract.table import Table, columns

NOT_REACHED = "not reached"
QUANTITIES = {
    "survival": "event-free share",
    "rmst": "mean event-free time (RMST)",
    "survival_difference": "difference of the event-free share (percentage points)",
    "rmst_difference": "difference of the RMST",
    "marginal_hazard_ratio": "marginal hazard ratio",
}


def flow_table(findings: Findings) -> Table:
    """Patients in = analysed + excluded, with reasons; the cross-check's own notes stand under its table."""
    flow = findings.flow
    notes = tuple(note for note in findings.notes if note not in findings.agreement.notes)
    excluded = tuple((f"Excluded: {reason}", fixed(count, 0)) for reason, count in flow.excluded.items())
    rows = (("In the records", fixed(flow.records, 0)), *excluded, ("Analysed", fixed(flow.analysed, 0)))
    return Table("Patient flow", columns("Step", numbers=("Patients",)), rows, notes)


def groups_table(findings: Findings) -> Table:
    """Patients, events, person-time and medians of each group.

    The posterior median is left out when the fit's draws may not be believed.
    """
    unit = findings.question.time_unit
    medians = {each.level: each for each in findings.medians} if findings.health.passed else {}
    rows = []
    for group in findings.agreement.groups:
        posterior = medians.get(group.level)
        rows.append(
            (
                group.level,
                fixed(group.patients, 0),
                fixed(group.events, 0),
                span(group.person_time, unit),
                _with_limits(group.median_follow_up, unit),
                _with_limits(group.median, unit),
                ABSENT if posterior is None else _with_limits(posterior.median, unit),
                ABSENT if posterior is None else probability(posterior.p_not_reached),
            )
        )
    numbers = (
        "Patients",
        "Events",
        f"Person-{unit}",
        "Median follow-up",
        "Kaplan-Meier median (95% log-log)",
        "Posterior median (95%)",
        "P(not reached)",
    )
    together = findings.agreement.follow_up
    overall = "" if together is None else f", all groups together {_with_limits(together, unit)}"
    notes = (f"Medians in {unit}. Follow-up by the reverse Kaplan-Meier estimate{overall}. P: posterior probability.",)
    return Table("Groups", columns("Group", numbers=numbers), tuple(rows), notes)


def horizon_table(findings: Findings) -> Table:
    """Survival and restricted mean of the groups at the horizon, and what parts them.

    Nothing when the fit's draws may not be believed; no contrast whose hazard ratio is withheld.
    """
    unit = findings.question.time_unit
    withheld = {f"{v.group} vs {v.reference}" for v in findings.verdicts if v.word is VerdictWord.WITHHELD}
    shown = [each for each in findings.at_horizon if each.subject not in withheld] if findings.health.passed else []
    rows = tuple((each.subject, QUANTITIES[each.quantity], *_posterior(each, unit)) for each in shown)
    title = f"At the horizon of {exact(findings.question.endpoint.horizon or 0)} {unit}"
    notes = (
        "Standardised over the analysed patients: each group's curve is the mean of all patients' curves under it. "
        "The marginal hazard ratio compares these curves; the model's own is conditional on the covariates, and the "
        "two differ even where nothing is confounded.",
    )
    return Table(
        title, columns("Group or contrast", "Quantity", numbers=("Posterior median", "95% interval")), rows, notes
    )


def _posterior(each: AtHorizon, unit: TimeUnit) -> tuple[str, str]:
    """The median, and its limits, as ratio, time or percentage."""
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
