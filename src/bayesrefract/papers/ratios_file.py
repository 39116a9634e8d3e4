"""Read the selected ratios of a CSV file of printed ratios; the faults of all rows are reported."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bayesrefract.errors import InputError
from bayesrefract.messages import did_you_mean, listed, quoted
from bayesrefract.papers import Estimate, Ratio, read_estimates
from bayesrefract.papers.numbers import ratio_faults
from bayesrefract.papers.sheet import Sheet


@dataclass(frozen=True)
class Selection:
    """Ratios in the order of the file; `passed_over`: rows of other statistics, `filtered`: ratios not selected."""

    ratios: tuple[Ratio, ...]
    passed_over: int
    filtered: int


@dataclass(frozen=True)
class Wanted:
    """Filter of rows. `where`: required values by column. `groups`: allowed groups; empty for any."""

    where: tuple[tuple[str, str], ...] = ()
    groups: tuple[str, ...] = ()
    level: float = 0.95


def read_ratios(path: Path, wanted: Wanted) -> Selection:
    """The ratios of a file. Raises InputError with every fault of the rows and of the filter."""
    sheet, estimates = read_estimates(path)
    ratios = [each for each in estimates if each.is_ratio]
    if not ratios:
        known = listed(sorted({each.statistic for each in estimates}))
        sheet.faults.append(
            f"{sheet.name}: no row is a hazard ratio (statistic hr, hr_unadjusted, hr_adjusted); found {known}. "
            "Write hr in the column statistic of a ratio."
        )
    places = {each.row.place for each in ratios}
    # A medians' cell that cannot be read is nothing to a reader of ratios.
    sheet.faults[:] = [
        fault for fault in sheet.faults if not _is_of_a_row(fault, sheet) or fault.partition(": ")[0] in places
    ]
    for each in ratios:
        sheet.faults += [f"{each.row.place}: {fault}" for fault in _faults(each, wanted)]
    sheet.faults += _filter_faults(sheet, ratios, wanted)
    sheet.finish()
    chosen = [each for each in ratios if all(each.row[column] == value for column, value in wanted.where)]
    if not chosen:
        conditions = " and ".join(f"{column}={value}" for column, value in wanted.where)
        raise InputError(
            f"{sheet.name}: no ratio has {conditions}. Each value occurs, but not together: leave one out."
        )
    found = tuple(ratio for each in chosen if (ratio := each.ratio(wanted.level)) is not None)
    return Selection(found, len(estimates) - len(ratios), len(ratios) - len(chosen))


def _is_of_a_row(fault: str, sheet: Sheet) -> bool:
    return fault.startswith(f"{sheet.name} line ")


def _faults(each: Estimate, wanted: Wanted) -> Iterator[str]:
    """Faults of a row as a ratio between two groups."""
    for column, name in (("group", each.group), ("reference", each.reference)):
        if not name:
            yield f"{column} is missing. Name the {'group' if column == 'group' else 'group it is compared with'}."
        elif wanted.groups and name not in wanted.groups:
            yield f"{column} {quoted(name)} is not known.{_hint(name, wanted.groups)}"
    if each.group and each.group == each.reference:
        yield f"{quoted(each.group)} is compared with itself. Name two groups."
    if each.level(wanted.level) is None:
        yield f"interval_kind {quoted(each.row['interval_kind'])} is no interval of a ratio. Write it as 95% CI."
    for column, number in (("value", each.value), ("ci_low", each.low), ("ci_high", each.high)):
        if number is None and not each.row[column]:
            yield f"{column} is missing. A ratio needs its estimate and both limits."
    if each.value and each.low and each.high:
        yield from ratio_faults(each.value, each.low, each.high)
    elif "not_reached" in (each.row["ci_low"], each.row["ci_high"]):
        yield "a limit of a ratio cannot be not_reached. Give its value."


def _hint(name: str, groups: Collection[str]) -> str:
    return f"{did_you_mean(name, groups)} The groups are {listed(groups)}."


def _filter_faults(sheet: Sheet, ratios: Sequence[Estimate], wanted: Wanted) -> list[str]:
    """Filters that no row matches."""
    faults = []
    for column, value in wanted.where:
        known = list(dict.fromkeys(each.row[column] for each in ratios if each.row[column]))
        if column not in sheet.header:
            hint = did_you_mean(column, sheet.header)
            faults.append(f"--where {column}={value}: {sheet.name} has no such column.{hint}")
        elif value not in known:
            faults.append(
                f"--where {column}={value}: no ratio has this value.{did_you_mean(value, known)} "
                f"The column {column} holds {listed(known) or 'nothing'}."
            )
    return faults
