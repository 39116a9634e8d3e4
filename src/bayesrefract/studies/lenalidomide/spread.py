"""How much a conclusion leans on one reconstruction: the study's comparison in cohorts rebuilt from other seeds.

What the paper prints is pinned in every cohort and hardly spreads, which is no sign of certainty; what it does not
print spreads. Cox regression with the models' covariates: twenty cohorts take seconds beside their rebuilding.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from pathlib import Path

import numpy as np
from scipy.stats import norm

from bayesrefract.classical import cross_check
from bayesrefract.cohort.exposure import tabulate
from bayesrefract.cohort.read import Records
from bayesrefract.cohort.select import models_of, select
from bayesrefract.errors import InputError
from bayesrefract.papers import Estimate, read_estimates
from bayesrefract.study.model import NO_SET, QUESTION_SET, Model
from bayesrefract.study.rope import Estimand, Rope
from bayesrefract.study.study import Analysis, Publication, Study


class Printed(StrEnum):
    """What of a comparison is printed: its ratio, two adjusted ratios with one reference, a p-value, or nothing."""

    RATIO = "ratio"
    CONTRAST = "contrast"
    P_VALUE = "p"
    NO = "no"


@dataclass(frozen=True)
class SpreadRow:
    """The primary comparison of one question and model in one rebuilt cohort.

    `p_inside`: probability of the primary ROPE under a flat prior and a normal likelihood of the log ratio.
    `printed`: what the paper prints of this ratio, so that every cohort was made to have it.
    """

    seed: int
    question: str
    population: str
    model: str
    printed: Printed
    hazard_ratio: float
    ci_low: float
    ci_high: float
    p_inside: float
    survival_rows_met: int


@dataclass(frozen=True)
class Spread:
    """One question and model over all cohorts: the middle ratio, the range, and the range of P(inside)."""

    question: str
    population: str
    model: str
    printed: Printed
    cohorts: int
    median: float
    lowest: float
    highest: float
    p_inside_low: float
    p_inside_high: float


def printed_counts(publication: Publication) -> Path:
    """The paper's counts, without which no cohort is rebuilt. Raises InputError where a study names none."""
    if publication.counts is None:
        raise InputError(
            "published.counts is missing. A cohort is rebuilt from a paper's tables of counts: name the file."
        )
    return publication.counts


def spread_rows(
    study: Study, records: Records, models: Sequence[Model], seed: int, survival_rows_met: int
) -> list[SpreadRow]:
    """Every question of a study with every set of covariates, in one cohort."""
    estimates = read_estimates(study.publication.estimates)[1] if study.publication else ()
    rows = []
    for question in study.analyses:
        for model in _distinct(models_of(question, models)):
            found = _ratio(records, question, model)
            rope = question.rope(Estimand.HAZARD_RATIO)
            if found is None or rope is None:
                continue
            log_ratio, se = found
            low, high = np.exp(log_ratio + norm.ppf([0.025, 0.975]) * se)
            rows.append(
                SpreadRow(
                    seed=seed,
                    question=question.endpoint.name,
                    population=question.population.name,
                    model=model.name,
                    printed=how_printed(question, model, estimates),
                    hazard_ratio=float(np.exp(log_ratio)),
                    ci_low=float(low),
                    ci_high=float(high),
                    p_inside=p_inside(log_ratio, se, rope),
                    survival_rows_met=survival_rows_met,
                )
            )
    return rows


def _distinct(models: Sequence[Model]) -> list[Model]:
    """One model for each set of covariates: Cox regression knows no priors."""
    first: dict[str, Model] = {}
    for model in models:
        first.setdefault(model.adjust, model)
    return list(first.values())


def _ratio(records: Records, question: Analysis, model: Model) -> tuple[float, float] | None:
    """Log hazard ratio and its standard error of the primary comparison; None where Cox regression has none."""
    question = replace(question, endpoint=replace(question.endpoint, horizon=None))  # no ratio depends on it
    cohort = select(records, question, model)
    agreement = cross_check(
        cohort, replace(question, contrasts=(question.primary,)), tabulate(cohort, model.intervals), model
    )
    return (agreement.cox[0].log_coef, agreement.cox[0].log_se) if agreement.cox else None


def p_inside(log_ratio: float, se: float, rope: Rope) -> float:
    """Mass of a normal posterior of the log ratio (flat prior) inside a ROPE."""
    low, high = norm.cdf((np.log([rope.low, rope.high]) - log_ratio) / se)
    return float(high - low)


def how_printed(question: Analysis, model: Model, printed: Sequence[Estimate]) -> Printed:
    """What the paper prints of this very ratio, in everybody it means."""
    where = question.printed
    if where is None:
        return Printed.NO
    rows = [row for row in printed if row.scope == (where.population, where.setting, where.endpoint)]
    pair = {question.primary.group, question.primary.reference}
    if model.adjust == NO_SET:
        if any(row.is_ratio and not row.is_adjusted and {row.group, row.reference} == pair for row in rows):
            return Printed.RATIO
        if any(row.is_p and not row.is_p_below and {row.group, row.reference} == pair for row in rows):
            return Printed.P_VALUE
    if model.adjust == QUESTION_SET and pair <= {row.group for row in rows if row.is_ratio and row.is_adjusted}:
        return Printed.CONTRAST
    return Printed.NO


def summarise(rows: Sequence[SpreadRow]) -> tuple[Spread, ...]:
    """One line for each question and model, in their order."""
    found = []
    for key in dict.fromkeys((row.question, row.population, row.model) for row in rows):
        alike = [row for row in rows if (row.question, row.population, row.model) == key]
        ratios, inside = [row.hazard_ratio for row in alike], [row.p_inside for row in alike]
        found.append(
            Spread(
                *key,
                printed=alike[0].printed,
                cohorts=len(alike),
                median=float(np.median(ratios)),
                lowest=min(ratios),
                highest=max(ratios),
                p_inside_low=min(inside),
                p_inside_high=max(inside),
            )
        )
    return tuple(found)


def to_text(rows: Sequence[SpreadRow]) -> str:
    """The rows as CSV; ratios and probabilities with four digits."""
    lines = [",".join(field.name for field in fields(SpreadRow))]
    for row in rows:
        values = asdict(row)
        cells = (f"{value:.4f}" if isinstance(value, float) else str(value) for value in values.values())
        lines.append(",".join(cells))
    return "\n".join(lines) + "\n"


def read_spread(path: Path) -> tuple[SpreadRow, ...]:
    """The rows of a file that `to_text` wrote. Raises InputError where it is another file."""
    try:
        with path.open(encoding="utf-8", newline="") as opened:
            return tuple(_row(cells) for cells in csv.DictReader(opened))
    except KeyError as missing:
        raise InputError(
            f"{path.name}: not a table of rebuilt cohorts (it has no column {missing.args[0]}). "
            "Make it again with `make spread`."
        ) from None
    except (OSError, ValueError, TypeError, UnicodeError) as problem:
        raise InputError(
            f"{path.name}: not a table of rebuilt cohorts ({problem}). Make it again with `make spread`."
        ) from None


def _row(cells: dict[str, str]) -> SpreadRow:
    return SpreadRow(
        seed=int(cells["seed"]),
        question=cells["question"],
        population=cells["population"],
        model=cells["model"],
        printed=Printed(cells["printed"]),
        hazard_ratio=float(cells["hazard_ratio"]),
        ci_low=float(cells["ci_low"]),
        ci_high=float(cells["ci_high"]),
        p_inside=float(cells["p_inside"]),
        survival_rows_met=int(cells["survival_rows_met"]),
    )
