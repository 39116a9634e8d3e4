"""Printed survival figures as arrays that a rebuilt cohort has to meet, and the printed counts by what they count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from bayesrefract.errors import InputError
from bayesrefract.papers import Counts, Estimate, Number

GROUPS = ("not_refractory", "low_dose", "standard_dose")
"""In the order of their codes; the first is the reference of the adjusted models."""
PAIRS = ((0, 1), (0, 2), (1, 2))
SECOND_LINE, RETREATMENT = "second_line", "len_retreatment"
ENDPOINTS = ((SECOND_LINE, "pfs"), (SECOND_LINE, "os"), (RETREATMENT, "pfs"), (RETREATMENT, "os"))
POPULATIONS = ("all", "egfr_ge_60")
TENTHS = 10
"""Times are searched in tenths of a month."""


@dataclass(frozen=True)
class Wanted:
    """What is printed of one endpoint in one population; NaN where nothing is.

    curves : shape (group, curve, 2), as `kernels.crossings_missed` takes it. z : shape (pair, 2), the least and the
    largest deviate of each log-rank test. ratios, adjusted : shape (2, 3, 2), log hazard ratio of the low and the
    standard dose group (unadjusted: not refractory and standard dose, against low dose), its value and limits, each as
    the least and the largest number that would be printed so.
    """

    curves: NDArray[np.float64] = field(default_factory=lambda: np.full((3, 3, 2), np.nan), repr=False)
    z: NDArray[np.float64] = field(default_factory=lambda: np.full((3, 2), np.nan), repr=False)
    ratios: NDArray[np.float64] = field(default_factory=lambda: np.full((2, 3, 2), np.nan), repr=False)
    adjusted: NDArray[np.float64] = field(default_factory=lambda: np.full((2, 3, 2), np.nan), repr=False)


@dataclass(frozen=True)
class Targets:
    """By (endpoint, population); and the follow-up of everybody.

    follow_up : shape (3, 3, 2), reverse Kaplan-Meier from first relapse and from diagnosis, and in its last row the
    median wait of those whose retreatment is not the second line.
    """

    endpoints: tuple[tuple[Wanted, ...], ...]
    follow_up: NDArray[np.float64] = field(repr=False)


def read_targets(estimates: Sequence[Estimate]) -> Targets:
    """Arrange the printed estimates; rows of other kinds (quartiles) are left to others."""
    endpoints = tuple(tuple(Wanted() for _ in POPULATIONS) for _ in ENDPOINTS)
    follow_up = np.full((3, 3, 2), np.nan)
    for row in estimates:
        population, setting, endpoint = row.scope
        if row.statistic == "reverse_km_median":
            follow_up[0 if setting == SECOND_LINE else 1] = _median(row)
        if endpoint == "time_from_first_relapse_to_retreatment_if_not_second_line":
            follow_up[2] = _median(row)
        if (setting, endpoint) in ENDPOINTS and population in POPULATIONS:
            _place(row, endpoints[ENDPOINTS.index((setting, endpoint))][POPULATIONS.index(population)])
    return Targets(endpoints, follow_up)


def _place(row: Estimate, wanted: Wanted) -> None:
    group = GROUPS.index(row.group)
    if row.statistic == "km_median":
        wanted.curves[group] = _median(row)
        return
    reference = GROUPS.index(row.reference)
    if row.is_p:
        wanted.z[PAIRS.index((min(group, reference), max(group, reference)))] = _deviates(row)
    elif row.is_adjusted:
        wanted.adjusted[group - 1] = _ratio(row)
    elif row.is_ratio:
        wanted.ratios[0 if group == 0 else 1] = _ratio(row)


def _median(row: Estimate) -> NDArray[np.float64]:
    """Last time above one half and first time below, for the median and its limits, a step inside the rounding."""
    found = np.full((3, 2), np.nan)
    for which, (number, text) in enumerate(
        ((row.value, row.row["value"]), (row.low, row.row["ci_low"]), (row.high, row.row["ci_high"]))
    ):
        if number is not None:
            found[which] = (
                float(number.rounded.low * TENTHS),
                float(number.rounded.high * TENTHS) - 1,
            )
        elif text == "not_reached":
            found[which] = np.inf
    return found


def _ratio(row: Estimate) -> NDArray[np.float64]:
    return np.array([_logs(number) for number in (row.value, row.low, row.high)])


def _logs(number: Number | None) -> tuple[float, float]:
    if number is None:
        return np.nan, np.nan
    return float(np.log(float(number.rounded.low))), float(np.log(float(number.rounded.high)))


def _deviates(row: Estimate) -> tuple[float, float]:
    """Normal deviates of the p-values that would be printed so; a bound asks for a deviate beyond it."""
    if row.value is None:
        return np.nan, np.nan
    if row.is_p_below:
        return float(norm.isf(float(row.value) / 2)), np.inf
    low, high = max(float(row.value.rounded.low), 1e-12), min(float(row.value.rounded.high), 1.0)
    return float(norm.isf(high / 2)), float(norm.isf(low / 2))


type Triple = tuple[int, int, int]


@dataclass(frozen=True)
class Tables:
    """Counts of a paper, each a triple in the order of `GROUPS`."""

    counts: Counts

    def size(self, setting: str, population: str = "all") -> Triple:
        """Patients of each group. Raises InputError where they are not printed."""
        sizes = self.counts.sizes.get((population, setting))
        if sizes is None:
            raise InputError(f"counts: no row n of {population}, {setting}. The size of every group is needed.")
        return self._ordered(sizes)

    def of(self, setting: str, variable: str, level: str) -> Triple:
        """Patients of each group at a level. Raises InputError where they are not printed."""
        for row in self.counts.rows:
            if row.block == ("all", setting, variable) and row.row["level"] == level and row.counts is not None:
                return self._ordered(row.counts)
        raise InputError(f"counts: no row {setting}, {variable}, {level}. It is needed to rebuild the cohort.")

    def levels(self, setting: str, variable: str) -> dict[str, Triple]:
        """Every level of a variable with its counts, in the order of the file."""
        found = {
            row.row["level"]: self._ordered(row.counts)
            for row in self.counts.rows
            if row.block == ("all", setting, variable) and row.counts is not None
        }
        if not found:
            raise InputError(f"counts: no rows {setting}, {variable}. They are needed to rebuild the cohort.")
        return found

    def numbers(self, setting: str, variable: str) -> tuple[Number, Number, Number]:
        """Numbers that are no counts, such as medians, of each group."""
        for row in self.counts.rows:
            if row.block == ("all", setting, variable):
                values = [row.numbers[self.counts.groups.index(group)] for group in GROUPS]
                if all(value is not None for value in values):
                    return tuple(value for value in values if value is not None)  # type: ignore[return-value]  # three
        raise InputError(f"counts: no row {setting}, {variable}. It is needed to rebuild the cohort.")

    def p(self, setting: str, variable: str) -> Number | None:
        """The p-value printed for a variable, if there is one."""
        return next((row.p for row in self.counts.rows if row.block == ("all", setting, variable)), None)

    def _ordered(self, counts: tuple[int, ...]) -> Triple:
        first, second, third = (counts[self.counts.groups.index(group)] for group in GROUPS)
        return first, second, third
