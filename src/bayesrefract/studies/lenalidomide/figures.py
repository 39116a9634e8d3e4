"""The flow of patients from therapy lines into the groups that a study compares."""

from __future__ import annotations

from bayesrefract.numerals import fixed
from bayesrefract.report.figures.flow import flow_boxes
from bayesrefract.report.figures.style import Picture, finish, styled
from bayesrefract.report.tables.table import Table
from bayesrefract.studies.lenalidomide.derive import GROUP_LABEL, Derived
from bayesrefract.study.study import Evidence


@styled
def therapy_flow_figure(derived: Derived, evidence: Evidence, table: Table) -> Picture:
    """Patients in, excluded by reason, and the groups of the cohort; `table` holds the same in cells."""
    groups = []
    for group, label in GROUP_LABEL.items():
        members = derived.of(group)
        again = fixed(sum(row.retreated for row in members), 0)
        groups.append((label, f"{fixed(len(members), 0)} patients, {again} retreated with lenalidomide"))
    figure = flow_boxes(derived.patients, derived.excluded, ("In the cohort", len(derived.rows)), groups)
    reasons = "; ".join(f"{fixed(count, 0)} {reason}" for reason, count in derived.excluded.items())
    told = "; ".join(f"{label}: {counts}" for label, counts in groups)
    alt = (
        f"Of {fixed(derived.patients, 0)} patients in the records, {fixed(len(derived.rows), 0)} are in the cohort. "
        f"Left out: {reasons or 'nobody'}. {told}."
    )
    caption = "Patient flow: everybody in the records is either in the cohort or counted under one reason."
    return finish(figure, evidence, "therapy-flow", caption, alt, table)
