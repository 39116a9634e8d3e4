"""Tables of the patients: characteristics by group, and how well two groups are balanced."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bayesrefract.description import LARGE, SMALL, Balance, Category, Description
from bayesrefract.description.describe import Variable
from bayesrefract.numerals import ABSENT, fixed, p_value, percent
from bayesrefract.printed import Counts
from bayesrefract.study import Evidence
from bayesrefract.table import Table, columns
from bayesrefract.therapy import cohort_cell
from bayesrefract.words import EVIDENCE_LABEL

UNKNOWN = "unknown"
TESTS = (
    "p: Pearson's chi-square test of a level against all others among those whose value is known, uncorrected; "
    "Kruskal-Wallis for numbers. Exact: Fisher's test, where an expected count is below 5. No p-value was adjusted for "
    "the number of tests, and a large one is no evidence that groups are alike."
)


def description_table(description: Description, evidence: Evidence, printed: Counts | None = None) -> Table:
    """Characteristics by group; the p-values that a paper prints stand beside ours where they are given."""
    sizes = zip(description.groups, description.sizes, strict=True)
    heads = [f"{group} (n = {size})" for group, size in sizes]
    beside = printed_p(printed) if printed is not None else {}
    numbers = (*heads, "p", "Exact", *(("p, printed",) if printed is not None else ()))
    rows = []
    for variable in description.variables:
        for label, cells, p, exact, level in _lines(variable):
            row = (label, *cells, p, exact)
            if printed is not None:
                row = (*row, beside.get((variable.column, level), ""))
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
    """The p-values of those papers that count the unknown among the rest; nothing where nobody is unknown."""
    told = [
        f"{variable.label}{'' if variable.is_flag else f' {level.level}'} {p_value(level.p_of_all)}"
        for variable in description.variables
        for level in variable.levels
        if level.p_of_all is not None
    ]
    return (f"p with the unknown among the rest: {', '.join(told)}.",) if told else ()


def _lines(variable: Variable) -> Iterator[tuple[str, tuple[str, ...], str, str, str]]:
    """Label, a cell per group, p, exact p, and the level: one line, or a heading with a line per level."""
    if variable.quartiles is not None:
        cells = tuple(ABSENT if each is None else _three(each) for each in variable.quartiles.values)
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
    return tuple(f"{count} ({percent(count / known) if known else ABSENT})" for count, known in pairs)


def printed_p(counts: Counts) -> dict[tuple[str, str], str]:
    """The printed p-value of each level, by column and value of the cohort; of the age under no value."""
    found = {}
    for row in counts.rows:
        cell = cohort_cell(row.block[1], row.variable, row.row["level"])
        if cell is None and row.variable == "age_median_years":
            cell = ("age_years", "")
        if cell is not None and row.row["p_printed"]:
            column, value = cell
            found[column, value] = row.row["p_printed"]
    return found


def balance_table(found: Sequence[Balance], pair: str, evidence: Evidence) -> Table:
    """Standardised differences between two groups."""
    rows = tuple(
        (
            each.label,
            ABSENT if each.difference is None else fixed(each.difference, 2),
            _word(each.difference),
            " / ".join(percent(share) for share in each.unknown),
        )
        for each in found
    )
    label = "" if evidence is Evidence.PATIENTS else f"{EVIDENCE_LABEL[evidence]}. "
    notes = (
        f"{label}Standardised difference: of the means over the root of the mean variance; of several levels their "
        f"distance, without a sign (Yang & Dalton 2012). Below {SMALL} it is usually called negligible, from {LARGE} "
        "on it wants adjusting for.",
    )
    heads = columns("Characteristic", numbers=("Standardised difference", "Size", "Unknown"))
    return Table(f"Balance at baseline: {pair}", heads, rows, notes)


def _word(difference: float | None) -> str:
    if difference is None:
        return ABSENT
    return "negligible" if abs(difference) < SMALL else "small" if abs(difference) < LARGE else "large"
