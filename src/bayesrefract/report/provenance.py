"""Where every number comes from: seed, versions and hashes, as tables."""

from __future__ import annotations

from collections.abc import Sequence

from bayesrefract.findings import Findings
from bayesrefract.numerals import fixed
from bayesrefract.table import Table, columns


def parents_table(made: Sequence[Findings]) -> Table:
    """What all fits of a report share."""
    first = made[0].provenance
    parents = (
        ("Seed", str(first.seed)),
        ("Processor of the sampling", first.cpu),
        ("Records, SHA-256", first.data_sha256),
        ("Study file, SHA-256", first.study_sha256),
        ("Code, SHA-256", first.code_sha256),
        *((f"Version of {name}", version) for name, version in first.versions.items()),
    )
    return Table("Parents", columns("Parent", "Value"), tuple(row for row in parents if row[1]))


def fits_table(made: Sequence[Findings]) -> Table:
    """One line per fit."""
    rows = tuple(
        (
            each.question.name,
            each.plan.name,
            fixed(each.flow.analysed, 0),
            each.provenance.model_sha256[:16],
            each.provenance.fit_key[:16],
        )
        for each in made
    )
    return Table("Fits", columns("Question", "Model", "Patients", "Model file, SHA-256", "Fit key"), rows)
