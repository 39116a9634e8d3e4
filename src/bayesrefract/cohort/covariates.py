"""Covariates and strata of a cohort, and the check that their effects are identified."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bayesrefract.cohort.cells import Cells, in_order
from bayesrefract.cohort.faults import Faults, fault_sas_zeros, fault_thousands
from bayesrefract.cohort.marks import among_numbers
from bayesrefract.cohort.value import Covariate
from bayesrefract.errors import ModelError
from bayesrefract.messages import LONGEST_NAME, UNPRINTABLE, did_you_mean, quoted
from bayesrefract.study.model import NO_SET, QUESTION_SET, Model, StrataKind
from bayesrefract.study.study import Analysis

ONE_STRATUM = ("all",)
LARGEST = 1e100
"""Of a number of a covariate: squares of larger ones, as of a standard deviation, may not be finite."""
MOST_LEVELS = 10
"""A column with more categories than this, and than half of the patients, is taken for free text."""
MOST_LEVELS_AT_ALL = 200
"""More categories than this are not identified, however many patients there are."""
DEPENDENT = 1e-7
"""A column is a combination of others when less than this share of its length lies outside of them."""


def covariate_columns(analysis: Analysis, model: Model) -> tuple[str, ...]:
    """The columns that a model adjusts for. Raises ModelError where the question lacks the set."""
    if model.adjust == NO_SET or (model.adjust == QUESTION_SET and analysis.adjust is None):
        return ()
    name = model.adjust
    if name == QUESTION_SET and analysis.adjust is not None:
        name = analysis.adjust
    if name not in analysis.adjustments:
        known = ", ".join(analysis.adjustments) or "none"
        raise ModelError(
            f'Model {model.name}: adjust = "{name}", but the question {analysis.name} has no such set. '
            f"Its sets: {known}. Add the set to [adjust] of the study, or change the model."
        )
    return analysis.adjustments[name]


def check_exchangeable(
    model: Model, analysis: Analysis, wanted: Sequence[str], covariates: Sequence[Covariate]
) -> None:
    """Raise ModelError where a model shares a spread over the levels of what is no categorical covariate of its set."""
    named = () if isinstance(model.exchangeable, bool) else model.exchangeable
    of_scales = tuple(name for name, _ in model.priors.exchangeable_scales)
    numbers = {each.name for each in covariates if not each.is_categorical}
    faults = []
    for name in dict.fromkeys((*named, *of_scales)):
        key = "exchangeable" if name in named else "exchangeable_scale"
        if name not in wanted:
            faults.append(
                f"Model {model.name}: {key} names {name}, which is not among the covariates of {analysis.name} "
                f"({', '.join(wanted) or 'none'}).{did_you_mean(name, wanted)} Correct the name, or add it to the set."
            )
        elif name in numbers:
            faults.append(
                f"Model {model.name}: {key} names {name}, which is a number and has no levels that could share a "
                "spread. Take it out, or declare it as categories: --categorical (columns.unordered)."
            )
    if faults:
        raise ModelError(faults)


def strata_columns(analysis: Analysis, model: Model) -> tuple[str, ...]:
    """The columns over which a model stratifies. Raises ModelError where the question names none."""
    if model.baseline.strata is StrataKind.COMMON:
        return ()
    if not analysis.columns.strata:
        raise ModelError(
            f'Model {model.name}: strata = "{model.baseline.strata}" needs strata, but the question {analysis.name} '
            "names none. Add strata = [...] to [columns] of the study (--strata), or choose another model."
        )
    return analysis.columns.strata


def covariate_cells(
    column: str, analysis: Analysis, checked: NDArray[np.bool_], patients: tuple[str, ...], faults: Faults
) -> tuple[Cells, bool]:
    """Cells of a covariate and whether they are categories: named as such, or text.

    Text among numbers, and infinite numbers, are faults of the records `checked`.
    """
    cells = faults.records.cells(column)
    fault_sas_zeros(cells, checked, faults)
    if column not in analysis.columns.unordered and among_numbers(cells, checked):
        fault_thousands(cells, checked, faults)
        return cells, False
    if column in analysis.columns.unordered or not cells.textual.any():
        is_categorical = column in analysis.columns.unordered
    else:
        is_categorical = bool(cells.textual.sum() > (~np.isnan(cells.number)).sum())
        if not is_categorical:
            remedy = "name the column as categorical: --categorical (columns.unordered)."
            faults.each(
                cells.textual & checked,
                patients,
                lambda i: (
                    f"{column} {quoted(cells.text[i])} is not a number, as most of its column is. Correct it, leave it "
                    f"empty, or {remedy}"
                ),
            )
    if not is_categorical:
        faults.each(
            np.isinf(cells.number) & checked,
            patients,
            lambda i: f"{column} {cells.text[i]} is not finite. Correct it or leave it empty.",
        )
        faults.each(
            np.isfinite(cells.number) & (np.abs(cells.number) > LARGEST) & checked,
            patients,
            lambda i: (
                f"{column} {quoted(cells.text[i])} is beyond {LARGEST:g}, as no measurement is. Correct it or leave it "
                "empty."
            ),
        )
    return cells, is_categorical


def make_covariate(cells: Cells, is_categorical: bool, kept: NDArray[np.bool_], analysis: Analysis) -> Covariate:
    """The covariate of the patients `kept`, with the levels that occur among them.

    A column of two numbers is a category with two levels: its prior must not depend on whether they are written 0 and
    1, or no and yes.
    """
    labels, numbers = cells.text[kept], cells.number[kept]
    if not is_categorical:
        values = np.unique(numbers)
        if len(values) != 2:
            return Covariate(cells.name, numbers, per=(analysis.columns.per or {}).get(cells.name, 1.0))
        names = [min(set(labels[numbers == value])) for value in values]  # 1.5 and 1.50 are one number
        labels = np.where(numbers == values[0], *np.array(names, dtype=object))
    levels, codes = encode(labels)
    return Covariate(cells.name, codes.astype(np.float64), levels)


def step_notes(covariates: Sequence[Covariate], analysis: Analysis) -> tuple[str, ...]:
    """The declared steps that a column of two values has no use for."""
    return tuple(
        f"{covariate.name} has two values, so that it is a category: its step (columns.per) is not used."
        for covariate in covariates
        if covariate.is_categorical and covariate.name in (analysis.columns.per or {})
    )


def encode(labels: NDArray[np.object_]) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Levels in order, and the code of each label."""
    levels = in_order(set(labels))
    place = {level: code for code, level in enumerate(levels)}
    return levels, np.array([place[label] for label in labels], dtype=np.int64)


def make_strata(columns: tuple[Cells, ...], kept: NDArray[np.bool_]) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Every combination of the strata columns that occurs is a stratum, named `column=value, ...`."""
    if not columns:
        return ONE_STRATUM, np.zeros(int(kept.sum()), dtype=np.int64)
    encoded = [encode(cells.text[kept]) for cells in columns]
    codes, stratum = np.unique(np.column_stack([code for _, code in encoded]), axis=0, return_inverse=True)
    names = tuple(
        ", ".join(f"{cells.name}={levels[c]}" for cells, (levels, _), c in zip(columns, encoded, row, strict=True))
        for row in codes
    )
    return names, stratum.reshape(-1).astype(np.int64)


def level_faults(name: str, levels: Sequence[str], patients: int) -> list[str]:
    """Faults of the levels of a covariate, or of the strata: too many, or not printable."""
    if len(levels) > max(MOST_LEVELS, min(patients // 2, MOST_LEVELS_AT_ALL)):
        return [
            f"{name} has {len(levels):,} categories among {patients:,} analysed patients, as a name, an identifier or "
            "a free text has. Leave it out, or group its values."
        ]
    return [
        f"{name} holds {quoted(level)}, with a line end or control character that tables and figures cannot show. "
        "Correct the cells."
        for level in levels
        if UNPRINTABLE.search(level)
    ] + [
        f"{name} holds {quoted(level)}, a name of {len(level):,} letters. Shorten it to {LONGEST_NAME} or fewer."
        for level in levels
        if len(level) > LONGEST_NAME
    ]


@dataclass(frozen=True)
class Block:
    """Columns (patient, column) of the linear predictor that belong to one owner."""

    owner: str
    columns: NDArray[np.float64] = field(repr=False)


def check_identified(
    group: NDArray[np.int64],
    stratum: NDArray[np.int64],
    covariates: tuple[Covariate, ...],
    analysis: Analysis,
    faults: Faults,
) -> None:
    """Fault every covariate, and the group, that is a combination of the strata, the group and earlier covariates."""
    strata = Block(f"the strata ({', '.join(analysis.columns.strata)})", indicators(stratum))
    groups = Block(f"the group ({analysis.columns.group})", indicators(group)[:, 1:])
    blocks = [strata, groups, *(Block(c.name, _columns(c)) for c in covariates)]
    if _rank_is_full(blocks):
        return
    independent = [strata]
    for block in blocks[1:]:
        repeats = _repeated(block, independent)
        if repeats is None:
            independent.append(block)
        elif block is groups:
            faults.column(
                f"{groups.owner} is determined by {strata.owner}: no stratum has two groups to compare. "
                "Stratify by something else."
            )
        else:
            faults.column(
                f"covariate {block.owner} repeats {' with '.join(repeats) or 'the baseline'}, so that its effect "
                "is not identified. Take it out of the adjustment set."
            )


def _rank_is_full(blocks: Sequence[Block]) -> bool:
    """By QR: no column lies within the span of those before it."""
    columns = np.hstack([_unit(block.columns) for block in blocks])
    if columns.shape[0] < columns.shape[1]:
        return False
    return bool(np.all(np.abs(np.diag(np.linalg.qr(columns, mode="r"))) > DEPENDENT))


def _repeated(block: Block, others: Sequence[Block]) -> tuple[str, ...] | None:
    """The owners whose columns make up a column of the block, or None where each column is independent of them."""
    for i in range(block.columns.shape[1]):
        before = Block(block.owner, block.columns[:, :i])
        known = [*others, before]
        column = _unit(block.columns[:, [i]])[:, 0]
        matrix = np.hstack([_unit(b.columns) for b in known])
        weights = np.linalg.lstsq(matrix, column, rcond=None)[0]
        if np.linalg.norm(column - matrix @ weights) < DEPENDENT:
            owners = [b.owner for b in known for _ in range(b.columns.shape[1])]
            used = {owner for owner, weight in zip(owners, weights, strict=True) if abs(weight) > DEPENDENT}
            is_baseline = others[0].columns.shape[1] == 1
            return tuple(b.owner for b in others if b.owner in used and not (is_baseline and b is others[0]))
    return None


def _unit(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Columns scaled to length 1; one of zeros stays so."""
    length = np.linalg.norm(columns, axis=0)
    return columns / np.where(length > 0, length, 1.0)


def indicators(codes: NDArray[np.int64]) -> NDArray[np.float64]:
    """One 0/1 column per code that occurs: (patient, code)."""
    return np.asarray(codes[:, None] == np.unique(codes), dtype=np.float64)


def _columns(covariate: Covariate) -> NDArray[np.float64]:
    """Columns of a covariate beside an intercept, centred so that a large mean does not hide its spread."""
    if covariate.is_categorical:
        return indicators(covariate.values.astype(np.int64))[:, 1:]
    return (covariate.values - covariate.values.mean())[:, None]
