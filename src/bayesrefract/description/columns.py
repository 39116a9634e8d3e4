"""Columns of the records, as a description reads them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayesrefract.cohort.cells import Cells, in_order
from bayesrefract.cohort.faults import Faults
from bayesrefract.cohort.population import meets
from bayesrefract.cohort.read import Records
from bayesrefract.study import Condition, Study

FLAG = ("0", "1")


@dataclass(frozen=True)
class Groups:
    """Whom a description is of. `code` has shape (record,): the group, or -1 for a record that is left out."""

    names: tuple[str, ...]
    code: NDArray[np.int64]

    def inside(self, group: int) -> NDArray[np.bool_]:
        return np.asarray(self.code == group)


def groups_of(records: Records, study: Study, where: tuple[Condition, ...] = ()) -> Groups:
    """The study's groups among the records that meet the conditions."""
    question = study.questions[0]
    text = records.cells(question.columns.group).text
    codes = question.group_codes or {}
    levels = np.array([codes.get(str(each), str(each)) for each in text], dtype=object)
    code = np.full(len(levels), -1, dtype=np.int64)
    for place, name in enumerate(question.groups):
        code[levels == name] = place
    faults = Faults(records)
    for condition in where:
        code[~meets(records.cells(condition.column), condition, question, faults)] = -1
    return Groups(question.groups, code)


def is_flag(cells: Cells) -> bool:
    """Whether a column holds nothing but 0, 1 and unknown."""
    return set(cells.text[~cells.missing]) <= set(FLAG)


def is_number(cells: Cells) -> bool:
    """Whether a column holds numbers, flags apart."""
    return not cells.textual.any() and not is_flag(cells)


def levels_of(cells: Cells) -> tuple[str, ...]:
    """The words of a column, in order, the unknown apart; of a flag only 1."""
    return ("1",) if is_flag(cells) else in_order(set(cells.text[~cells.missing]))
