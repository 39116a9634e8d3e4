"""From printed numbers and a seed to a cohort: characteristics, first courses, then the search. None is a patient."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kruskal

from bayesrefract.errors import InputError
from bayesrefract.papers import Counts, Estimate
from bayesrefract.studies.lenalidomide.rebuild.characteristics import (
    UNPRINTED,
    categories,
    draw_characteristics,
    draw_with_quartiles,
    flags,
    redraw_within,
)
from bayesrefract.studies.lenalidomide.rebuild.courses import Smooth, draw_courses
from bayesrefract.studies.lenalidomide.rebuild.objective import FISH, GROUP, TO_RELAPSE
from bayesrefract.studies.lenalidomide.rebuild.search import search
from bayesrefract.studies.lenalidomide.rebuild.targets import GROUPS, RETREATMENT, TENTHS, Tables, read_targets

STEPS = 2_500_000
AGES = (300, 890)
"""Youngest and oldest, in tenths of a year: not printed."""
RELAPSES = (15, 1750)
"""Earliest and latest first relapse, in tenths of a month: not printed."""
P_TOLERANCE = 0.01
"""On the log of a p-value: 0.0220 is met by 0.0218 to 0.0222, well within its rounding."""
MOST_IDLE = 20_000
SLOWER = 1.25
"""Mean progression-free times before the printed figures are looked at, against those of exponential curves through the
printed medians: the printed widths want fewer events than such curves would give.
"""
SAME_LINE = re.compile(r"(\d+) of the \d+ retreated")
WAIT_ENDPOINT = "time_from_first_relapse_to_retreatment_if_not_second_line"
LESIONS = {
    "t_4_14": "t(4;14)",
    "t_14_16": "t(14;16)",
    "t_14_20": "t(14;20)",
    "del_17p": "del(17p)",
    "gain_1q": "gain(1q)",
}


@dataclass(frozen=True)
class Rebuilt:
    """Outcomes and characteristics by `objective`'s columns, with those that no survival figure concerns.

    `left`: distance from the printed survival figures that the search has left.
    """

    y: NDArray[np.int64] = field(repr=False)
    x: NDArray[np.int64] = field(repr=False)
    age: NDArray[np.int64] = field(repr=False)  # tenths of a year
    female: NDArray[np.int64] = field(repr=False)
    lesions: dict[str, NDArray[np.int64]] = field(repr=False)
    isotype: NDArray[np.object_] = field(repr=False)
    regimen_size: NDArray[np.object_] = field(repr=False)
    first_line_asct: NDArray[np.int64] = field(repr=False)
    left: float


def rebuild(
    estimates: Sequence[Estimate],
    counts: Counts,
    seed: int,
    tell: Callable[[int, int, float], None],
    steps: int = STEPS,
) -> Rebuilt:
    """A cohort that would be printed as the paper is. `tell` receives steps done, steps in all, and distance."""
    seeds = np.random.SeedSequence(seed).spawn(4)
    who, start, details, walk = (np.random.default_rng(each) for each in seeds)
    tables = Tables(counts)
    x, retreated = draw_characteristics(tables, same_line_total(counts), who)
    x[:, TO_RELAPSE] = draw_relapses(x[:, GROUP], estimates, who)
    smooth = smooth_courses(estimates, tables)
    y = draw_courses(x, retreated, smooth, start)
    means = SLOWER * np.array([smooth.progression, smooth.progression_again]) * TENTHS / np.log(2)
    left = search(
        y,
        x,
        read_targets(estimates),
        means,
        int(walk.integers(2**31)),
        steps,
        lambda done, now: tell(done, steps, now),
    )
    group = x[:, GROUP]
    return Rebuilt(
        y=y,
        x=x,
        age=draw_ages(group, tables, details),
        female=flags(group, tables.of("diagnosis", "sex", "female"), details),
        lesions=draw_lesions(x, tables, details),
        isotype=categories(group, tables.levels("diagnosis", "m_protein_isotype"), details),
        regimen_size=categories(group, tables.levels("first_line", "regimen_size"), details),
        first_line_asct=flags(group, tables.of("first_line", "asct", "yes"), details),
        left=left,
    )


def same_line_total(counts: Counts) -> int:
    """Patients whose retreatment is the second line: printed for all groups together, in the note of its row."""
    for row in counts.rows:
        found = SAME_LINE.search(row.row["note"]) if row.variable == "retreatment_line" else None
        if found:
            return int(found[1])
    raise InputError("counts: no row retreatment_line whose note says `121 of the 212 retreated`.")


def smooth_courses(estimates: Sequence[Estimate], tables: Tables) -> Smooth:
    """The printed medians of everybody, as the start of the courses."""
    medians = {
        (*each.scope, each.group): float(each.value)
        for each in estimates
        if "median" in each.statistic and each.value is not None
    }

    def by_group(setting: str, endpoint: str) -> tuple[float, float, float]:
        first, second, third = (medians["all", setting, endpoint, group] for group in GROUPS)
        return first, second, third

    sizes, sizes_again = tables.size("diagnosis"), tables.size(RETREATMENT)
    return Smooth(
        progression=by_group("second_line", "pfs"),
        survival=by_group("second_line", "os"),
        progression_again=by_group("len_retreatment", "pfs"),
        follow_up=medians["all", "second_line", "follow_up", "all"],
        wait=medians["all", "len_retreatment", WAIT_ENDPOINT, "all"],
        events=implied_events(estimates, "second_line", round(UNPRINTED.events * sizes[1])),
        events_again=implied_events(estimates, RETREATMENT, round(UNPRINTED.events_again * sizes_again[1])),
    )


def implied_events(estimates: Sequence[Estimate], setting: str, of_reference: int) -> tuple[int, int, int]:
    """Progressions of each group that the widths of the unadjusted intervals imply, given those of low dose.

    The variance of a log hazard ratio is about 1 / events of the one group + 1 / events of the other.
    """
    found = {}
    for each in estimates:
        ratio = each.ratio() if each.scope == ("all", setting, "pfs") and each.statistic == "hr_unadjusted" else None
        if ratio is not None:
            found[each.group] = round(1 / (ratio.log_se**2 - 1 / of_reference))
    return found[GROUPS[0]], of_reference, found[GROUPS[2]]


def draw_relapses(
    group: NDArray[np.int64], estimates: Sequence[Estimate], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Months (in tenths) from diagnosis to first relapse, with the printed quartiles of each group and of all."""
    printed = {
        each.group: [
            round(float(number) * TENTHS) for number in (each.low, each.value, each.high) if number is not None
        ]
        for each in estimates
        if each.statistic == "median_iqr"
    }
    drawn = np.empty(len(group), dtype=np.int64)
    quartiles = [printed[name] for name in GROUPS]
    for code in range(3):
        inside = group == code
        drawn[inside] = rng.permutation(draw_with_quartiles(quartiles[code], RELAPSES, int(inside.sum()), rng))

    def distance(values: NDArray[np.int64]) -> float:
        found = np.quantile(values, [0.25, 0.5, 0.75]) - printed["all"]
        return float(np.maximum(np.abs(found) - TENTHS / 2 + 1, 0).sum())

    return _climb(drawn, group, quartiles, RELAPSES, distance, rng)


def draw_ages(group: NDArray[np.int64], tables: Tables, rng: np.random.Generator) -> NDArray[np.int64]:
    """Ages in tenths of a year, with the printed quartiles and the printed Kruskal-Wallis p."""
    rows = [tables.numbers("diagnosis", f"age_{name}_years") for name in ("q1", "median", "q3")]
    quartiles = [[round(float(row[code]) * TENTHS) for row in rows] for code in range(3)]
    drawn = np.empty(len(group), dtype=np.int64)
    for code in range(3):
        inside = group == code
        drawn[inside] = rng.permutation(draw_with_quartiles(quartiles[code], AGES, int(inside.sum()), rng))
    printed = tables.p("diagnosis", "age_median_years")
    if printed is None:
        return drawn

    def distance(ages: NDArray[np.int64]) -> float:
        p = kruskal(*(ages[group == code] for code in range(3))).pvalue
        return max(0.0, abs(np.log(p) - np.log(float(printed))) - P_TOLERANCE)

    return _climb(drawn, group, quartiles, AGES, distance, rng)


def _climb(
    drawn: NDArray[np.int64],
    group: NDArray[np.int64],
    quartiles: Sequence[Sequence[int]],
    ends: tuple[int, int],
    distance: Callable[[NDArray[np.int64]], float],
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Redraw members within their quarter of their group until the distance is 0, or no try has helped for long."""
    left, idle = distance(drawn), 0
    while left > 0 and idle < MOST_IDLE:
        who = int(rng.integers(len(drawn)))
        before = int(drawn[who])
        drawn[who] = redraw_within(drawn, who, quartiles[group[who]], ends, rng)
        found = distance(drawn)
        if found <= left:
            idle = 0 if found < left else idle + 1
            left = found
        else:
            drawn[who], idle = before, idle + 1
    return drawn


def draw_lesions(x: NDArray[np.int64], tables: Tables, rng: np.random.Generator) -> dict[str, NDArray[np.int64]]:
    """Lesions with their printed counts: at least one in every high-risk patient, -1 where FISH is unknown."""
    drawn = {name: np.where(x[:, FISH] < 0, -1, 0) for name in LESIONS}
    for code in range(3):
        carriers = rng.permutation(np.flatnonzero((x[:, GROUP] == code) & (x[:, FISH] == 1)))
        counts = {name: tables.of("diagnosis", "fish", level)[code] for name, level in LESIONS.items()}
        first = rng.permutation(np.repeat(list(counts), list(counts.values())))
        without = list(carriers)
        for name in _rarest_first(first, counts):
            patient = without.pop() if without else rng.choice([each for each in carriers if not drawn[name][each]])
            drawn[name][patient] = 1
    return drawn


def _rarest_first(names: NDArray[np.str_], counts: dict[str, int]) -> list[str]:
    """Rare lesions go to patients of their own; the common ones fill up and overlap."""
    return sorted((str(name) for name in names), key=lambda name: counts[name])
