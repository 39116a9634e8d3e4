"""Tables of the patients: who was analysed, and what each group's follow-up holds."""

from __future__ import annotations

from bayesrefract.crosscheck.agreement import Interval
from bayesrefract.findings import Findings
from bayesrefract.numerals import ABSENT, fixed, probability, span
from bayesrefract.study import TimeUnit
from bayesrefract.tables.value import Table, columns

NOT_REACHED = "not reached"


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
    notes = (f"Medians in {unit}. Follow-up by the reverse Kaplan-Meier estimate. P: posterior probability.",)
    return Table("Groups", columns("Group", numbers=numbers), tuple(rows), notes)


def _with_limits(interval: Interval, unit: TimeUnit) -> str:
    if interval.estimate is None:
        return NOT_REACHED
    limits = (NOT_REACHED if limit is None else span(limit, unit) for limit in (interval.low, interval.high))
    return f"{span(interval.estimate, unit)} ({' to '.join(limits)})"
