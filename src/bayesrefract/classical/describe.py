"""Baseline characteristics by group: counts and shares, medians and quartiles, and the usual tests."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kruskal

from bayesrefract.classical.exact_tests import expected, fisher, of_whole_variable, pearson
from bayesrefract.cohort.cells import Cells, in_order
from bayesrefract.cohort.faults import Faults
from bayesrefract.cohort.population import meets
from bayesrefract.cohort.read import Records
from bayesrefract.cohort.rows import first_rows
from bayesrefract.study.study import Condition, PatientTable, Study

FLAG = ("0", "1")


@dataclass(frozen=True)
class Groups:
    """Groups that are described. `code` has shape (record,): the group, or -1 for a record that is excluded."""

    names: tuple[str, ...]
    code: NDArray[np.int64] = field(repr=False)

    def inside(self, group: int) -> NDArray[np.bool_]:
        return np.asarray(self.code == group)


def groups_of(records: Records, study: Study, where: tuple[Condition, ...] = ()) -> Groups:
    """The study's groups among the records that meet the conditions; of several rows of a patient, the first."""
    analysis = study.analyses[0]
    text = records.cells(analysis.columns.group).text
    codes = analysis.group_codes or {}
    levels = np.array([codes.get(str(each), str(each)) for each in text], dtype=object)
    code = np.full(len(levels), -1, dtype=np.int64)
    for place, name in enumerate(analysis.groups):
        code[levels == name] = place
    code[~first_rows(records, analysis)] = -1
    faults = Faults(records)
    for condition in where:
        code[~meets(records.cells(condition.column), condition, analysis, faults)] = -1
    return Groups(analysis.groups, code)


def is_flag(cells: Cells) -> bool:
    """Whether a column holds nothing but 0, 1 and unknown."""
    return set(cells.text[~cells.missing]) <= set(FLAG)


def is_number(cells: Cells) -> bool:
    """Whether a column holds numbers, flags apart."""
    return not cells.textual.any() and not is_flag(cells)


def levels_of(cells: Cells) -> tuple[str, ...]:
    """The words of a column, in order, the unknown apart; of a flag only 1."""
    return ("1",) if is_flag(cells) else in_order(set(cells.text[~cells.missing]))


FEW_EXPECTED = 5.0
"""Below this expected count Pearson's approximation is unreliable, and the exact test is reported beside it."""


@dataclass(frozen=True)
class Category:
    """One level of a variable, counted in each group.

    `known`: patients of each group whose value is known; `p`: Pearson's chi-square of the level against the rest of
    them. `exact`: Fisher's exact p where an expected count is small. `p_of_all`: Pearson's with the unknown among the
    rest, as some papers compute it; None where nothing is unknown.
    """

    level: str
    counts: tuple[int, ...]
    known: tuple[int, ...]
    p: float | None
    exact: float | None
    p_of_all: float | None


@dataclass(frozen=True)
class Quartiles:
    """Median and quartiles (R's type 7) of each group, None where nobody's is known; Kruskal-Wallis over the groups.

    `known`: patients of each group whose value is known.
    """

    values: tuple[tuple[float, float, float] | None, ...]
    p: float | None
    known: tuple[int, ...]


@dataclass(frozen=True)
class Variable:
    """One column of the records. `unknown`: patients of each group. `p`: Pearson over all levels at once."""

    column: str
    label: str
    is_flag: bool
    levels: tuple[Category, ...]
    quartiles: Quartiles | None
    unknown: tuple[int, ...]
    p: float | None


@dataclass(frozen=True)
class Description:
    """A table of patients. `sizes`: patients of each group."""

    name: str
    title: str
    groups: tuple[str, ...]
    sizes: tuple[int, ...]
    variables: tuple[Variable, ...]


def describe(records: Records, study: Study, table: PatientTable) -> Description:
    """One declared table. The order of the records does not matter."""
    groups = groups_of(records, study, table.where)
    labels = study.labels or {}
    variables = tuple(_variable(records.cells(column), labels.get(column, column), groups) for column in table.columns)
    return Description(table.name, table.title, groups.names, _sizes(groups, groups.code >= 0), variables)


def _sizes(groups: Groups, which: NDArray[np.bool_]) -> tuple[int, ...]:
    return tuple(int((groups.inside(code) & which).sum()) for code in range(len(groups.names)))


def _variable(cells: Cells, label: str, groups: Groups) -> Variable:
    unknown = _sizes(groups, cells.missing)
    if is_number(cells):
        return Variable(cells.name, label, False, (), _quartiles(cells, groups), unknown, None)
    known, sizes = _sizes(groups, ~cells.missing), _sizes(groups, groups.code >= 0)
    levels = tuple(_category(cells, level, groups, known, sizes) for level in levels_of(cells))
    counts = tuple(level.counts for level in levels)
    flag = is_flag(cells)
    return Variable(
        cells.name, label, flag, levels, None, unknown, levels[0].p if flag and levels else of_whole_variable(counts)
    )


def _category(cells: Cells, level: str, groups: Groups, known: tuple[int, ...], sizes: tuple[int, ...]) -> Category:
    counts = _sizes(groups, np.asarray(cells.text == level, dtype=bool))
    there, of_known = _of_somebody(counts, known)
    p = pearson(there, of_known)
    few = p is not None and expected(there, of_known) < FEW_EXPECTED
    return Category(
        level=level,
        counts=counts,
        known=known,
        p=p,
        exact=fisher(there, of_known) if few else None,
        p_of_all=pearson(*_of_somebody(counts, sizes)) if sizes != known else None,
    )


def _of_somebody(counts: tuple[int, ...], sizes: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Drop empty groups, which no test can compare."""
    kept = [place for place, size in enumerate(sizes) if size]
    return tuple(counts[place] for place in kept), tuple(sizes[place] for place in kept)


def _quartiles(cells: Cells, groups: Groups) -> Quartiles:
    samples = [cells.number[groups.inside(code) & ~cells.missing] for code in range(len(groups.names))]
    values = tuple(_three(sample) if len(sample) else None for sample in samples)
    testable = all(len(sample) for sample in samples) and len(np.unique(np.concatenate(samples))) > 1
    p = float(kruskal(*samples).pvalue) if testable else None
    return Quartiles(values, p, tuple(len(sample) for sample in samples))


def _three(sample: NDArray[np.float64]) -> tuple[float, float, float]:
    low, middle, high = np.quantile(sample, [0.25, 0.5, 0.75])
    return float(low), float(middle), float(high)
