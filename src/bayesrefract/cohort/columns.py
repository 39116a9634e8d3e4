"""The columns that a study names, with their role in its questions and tables."""

from __future__ import annotations

from bayesrefract.study.study import Analysis, Study


def columns_of_study(study: Study) -> dict[str, str]:
    """Column -> its role in the questions or tables of a study."""
    named: dict[str, str] = {}
    for table in study.tables:
        conditions = (condition.column for condition in table.where)
        named |= dict.fromkeys((*table.columns, *conditions), f"table {table.name}")
    for analysis in study.analyses:
        named = columns_of(analysis) | named
    return named


def columns_of(analysis: Analysis) -> dict[str, str]:
    """Column -> its role in a question."""
    endpoint, columns = analysis.endpoint, analysis.columns
    named = {
        endpoint.time: f"time of {endpoint.name}",
        endpoint.event: f"event of {endpoint.name}",
        endpoint.entry: f"entry of {endpoint.name}",
        endpoint.administrative_end: f"administrative end of {endpoint.name}",
        endpoint.clock_start: f"start of the clock of {endpoint.name}",
        columns.group: "group",
        columns.id: "patient id",
    }
    named |= dict.fromkeys(columns.strata, "strata")
    named |= {condition.column: f"population {analysis.population.name}" for condition in analysis.population.where}
    for name, covariates in analysis.adjustments.items():
        named |= dict.fromkeys(covariates, f"adjustment set {name}")
    return {column: role for column, role in named.items() if column is not None}
