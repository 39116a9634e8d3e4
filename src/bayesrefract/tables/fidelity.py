"""Tables of a rebuilt cohort: what was printed, what it gives, and how far other cohorts differ."""

from __future__ import annotations

import math
from collections.abc import Sequence

from bayesrefract.fidelity import MET, NOT_MET, Fidelity, FidelityRow
from bayesrefract.numerals import fixed
from bayesrefract.spread import Printed, Spread
from bayesrefract.table import Table, columns

HEADS = ("Population", "Setting", "Of", "What", "Group", "Reference", "Printed", "Rebuilt", "Met")
PRINTED = {
    Printed.RATIO: "ratio",
    Printed.CONTRAST: "two adjusted ratios",
    Printed.P_VALUE: "p-value",
    Printed.NO: "nothing",
}
DISTANCE = "Distance (units of the last digit)"
NOTE = (
    "A row is met when the value and both limits have the printed digits. Recomputed with lifelines, apart from the "
    'search that made the cohort: medians with R\'s "log" limits, two-group log-rank tests, Cox regression on all '
    "three groups, adjusted models on patients whose covariates are all known."
)


def fidelity_table(fidelity: Fidelity) -> Table:
    """Every printed row; survival figures first."""
    return _table("Fidelity of the rebuilt cohort", fidelity.rows, (fidelity.told_in_words, NOTE))


def fidelity_screen(rows: Sequence[FidelityRow], title: str) -> Table:
    """The same in fewer columns, for a page."""
    cells = tuple(
        (
            ", ".join(part for part in row.what[:4] if part),
            " vs ".join(part for part in row.what[4:] if part),
            row.printed,
            row.rebuilt,
            row.verdict,
            _distance(row),
        )
        for row in rows
    )
    heads = columns("What", "Group", "Printed", "Rebuilt", "Met", numbers=(DISTANCE,))
    return Table(title, heads, cells, (NOTE,))


def unmet_table(fidelity: Fidelity) -> Table:
    """The rows that are not met."""
    rows = tuple(row for row in fidelity.rows if row.verdict == NOT_MET)
    return fidelity_screen(rows, "Printed rows that are not met")


def _table(title: str, rows: Sequence[FidelityRow], notes: tuple[str, ...]) -> Table:
    cells = tuple((*row.what, row.printed, row.rebuilt, row.verdict, _distance(row)) for row in rows)
    return Table(title, columns(*HEADS, numbers=(DISTANCE,)), cells, notes)


def _distance(row: FidelityRow) -> str:
    if row.verdict == MET:
        return "0"
    if row.verdict != NOT_MET:
        return ""
    return "not reached" if math.isinf(row.distance) else fixed(row.distance, 1)


def spread_table(spread: Sequence[Spread], seeds: int) -> Table:
    """Every question and model over the rebuilt cohorts."""
    heads = ("Middle ratio", "Lowest", "Highest", "P(inside), lowest", "P(inside), highest")
    rows = tuple(
        (
            each.question,
            each.population,
            each.model,
            PRINTED[each.printed],
            fixed(each.median, 2),
            fixed(each.lowest, 2),
            fixed(each.highest, 2),
            fixed(each.p_inside_low, 2),
            fixed(each.p_inside_high, 2),
        )
        for each in spread
    )
    notes = (
        f"Hazard ratios of the primary comparison by Cox regression in {seeds} cohorts, each rebuilt from another "
        "seed; P(inside) of the primary range under a flat prior.",
        "Printed: what the paper prints of this comparison, every cohort was made to have, and that it hardly spreads "
        "is no sign of certainty. What is not printed spreads, as far as it leans on the reconstruction.",
    )
    table_columns = columns("Question", "Population", "Model", "Printed", numbers=heads)
    return Table(f"The primary comparison in {seeds} rebuilt cohorts", table_columns, rows, notes)
