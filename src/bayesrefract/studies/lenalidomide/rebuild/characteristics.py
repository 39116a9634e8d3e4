"""Baseline characteristics of rebuilt patients: every printed count exact, the rest drawn from a seed.

What the paper does not print is an assumption, and stands in `UNPRINTED`. Quartiles are R's type 7, numpy's default.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2_contingency

from bayesrefract.papers import Number
from bayesrefract.studies.lenalidomide.rebuild.objective import (
    ASCT,
    ASCT_AGAIN,
    CLASS,
    CLASS_AGAIN,
    EGFR,
    FISH,
    GROUP,
    ISS,
    PARTNERS,
    TO_RELAPSE,
)
from bayesrefract.studies.lenalidomide.rebuild.targets import GROUPS, RETREATMENT, Tables, Triple


def draw_with_quartiles(
    quartiles: Sequence[int], ends: tuple[int, int], size: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Whole numbers, ascending, whose quartiles are exactly these, between `ends`: a curve through the five points."""
    points = np.array([ends[0], *quartiles, ends[1]], dtype=float)
    levels = np.array([0.0, 0.25, 0.5, 0.75, 1.0])
    drawn = np.sort(np.round(np.interp(np.sort(rng.random(size)), levels, points)).astype(np.int64))
    for quartile, level in zip(quartiles, levels[1:4], strict=True):
        place = (size - 1) * level
        low, high = int(np.floor(place)), int(np.ceil(place))
        drawn[: low + 1] = np.minimum(drawn[: low + 1], quartile)
        drawn[high:] = np.maximum(drawn[high:], quartile)
        drawn[low], drawn[high] = quartile, quartile
    return drawn


def redraw_within(
    values: NDArray[np.int64], which: int, quartiles: Sequence[int], ends: tuple[int, int], rng: np.random.Generator
) -> int:
    """Another number for one member that leaves the quartiles as they are; the same one where it carries a quartile."""
    value = int(values[which])
    points = [ends[0], *quartiles, ends[1]]
    if value in quartiles:
        return value
    above = int(np.searchsorted(points, value))
    low, high = points[above - 1] + 1, points[above] - 1
    return int(rng.integers(low, high + 1)) if high >= low else value


COLUMNS = 10
CLASSES = ("daratumumab", "pi", "pi_imid", "imid", "vdtpace", "other")
CLASSES_AGAIN = ("r_or_rd", "r_daratumumab", "r_pi", "r_elotuzumab", "other")
SAME_THERAPY = {
    "daratumumab": ("r_daratumumab",),
    "pi_imid": ("r_pi",),
    "imid": ("r_or_rd", "r_elotuzumab"),
    "vdtpace": ("other",),
    "other": ("other",),
}
"""Class of second line -> classes of retreatment that the same therapy can have. No PI class without lenalidomide."""


@dataclass(frozen=True)
class Unprinted:
    """Assumptions about what the paper does not print.

    `unknown`: least and largest share of patients whose ISS, and whose FISH, is unknown (the widths of the adjusted
    intervals point to a quarter to a third with either). `partners`: share refractory to a PI or daratumumab, by
    group: patients of the third group progressed on full combinations. `same_line`: share of the retreatments that
    are the second line, by group, before they are fitted to their printed total. `events`, `events_again`: share of the
    low dose group that progressed on second line and on retreatment; the other groups' follow from printed intervals.
    """

    unknown: tuple[float, float] = (0.15, 0.24)
    partners: tuple[float, float, float] = (0.20, 0.12, 0.45)
    same_line: tuple[float, float, float] = (0.60, 0.54, 0.52)
    events: float = 0.82
    events_again: float = 0.88


UNPRINTED = Unprinted()


@dataclass(frozen=True)
class Retreated:
    """Who is retreated with lenalidomide, and for whom that is the second line. Shape (patient,)."""

    again: NDArray[np.bool_] = field(repr=False)
    is_second: NDArray[np.bool_] = field(repr=False)


def draw_characteristics(
    tables: Tables, same_line: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], Retreated]:
    """Characteristics by `objective`'s columns, without the time to relapse; and who is retreated.

    `same_line`: patients whose retreatment is the second line.
    """
    sizes = tables.size("diagnosis")
    x = np.full((sum(sizes), COLUMNS), -1, dtype=np.int64)
    x[:, GROUP] = np.repeat(range(3), sizes)
    x[:, TO_RELAPSE] = 0
    retreated = _draw_retreatment(x, tables, same_line, rng)
    _draw_renal(x, retreated, tables, rng)
    x[:, ISS] = _with_unknown(x, tables.of("diagnosis", "iss_stage", "III"), tables.p("diagnosis", "iss_stage"), rng)
    x[:, FISH] = _with_unknown(x, tables.of("diagnosis", "fish", "high_risk"), tables.p("diagnosis", "fish"), rng)
    partners = tuple(round(share * size) for share, size in zip(UNPRINTED.partners, sizes, strict=True))
    x[:, PARTNERS] = flags(x[:, GROUP], (partners[0], partners[1], partners[2]), rng)
    return x, retreated


def flags(group: NDArray[np.int64], counts: Triple, rng: np.random.Generator) -> NDArray[np.int64]:
    """1 for `counts` patients of each group, chosen at random; else 0."""
    drawn = np.zeros(len(group), dtype=np.int64)
    for code, count in enumerate(counts):
        drawn[rng.choice(np.flatnonzero(group == code), count, replace=False)] = 1
    return drawn


def categories(group: NDArray[np.int64], levels: dict[str, Triple], rng: np.random.Generator) -> NDArray[np.object_]:
    """A level for every patient, each level as often in each group as it is printed."""
    drawn = np.empty(len(group), dtype=object)
    for code in range(len(GROUPS)):
        names = np.repeat(list(levels), [counts[code] for counts in levels.values()])
        drawn[group == code] = rng.permutation(names)
    return drawn


def _draw_retreatment(x: NDArray[np.int64], tables: Tables, same_line: int, rng: np.random.Generator) -> Retreated:
    """Regimen classes and transplants of second line and of retreatment, and where both are one therapy."""
    n = len(x)
    again, is_second = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
    sizes_again = tables.size(RETREATMENT)
    shares = _same_line_by_group(sizes_again, same_line, rng)
    second = tables.levels("second_line", "regimen_class")
    later = tables.levels(RETREATMENT, "regimen_class")
    transplants, transplants_again = tables.of("second_line", "asct", "yes"), tables.of(RETREATMENT, "asct", "yes")
    for code, count in enumerate(shares):
        members = rng.permutation(np.flatnonzero(x[:, GROUP] == code))
        left = {name: counts[code] for name, counts in second.items()}
        left_again = {name: counts[code] for name, counts in later.items()}
        pairs = _shared_therapies(left, left_again, count, rng)
        both, only_again, rest = np.split(members, [count, sizes_again[code]])
        again[both], again[only_again], is_second[both] = True, True, True
        for patient, (name, name_again) in zip(both, pairs, strict=True):
            x[patient, CLASS], x[patient, CLASS_AGAIN] = CLASSES.index(name), CLASSES_AGAIN.index(name_again)
        others = np.concatenate([only_again, rest])
        x[others, CLASS] = rng.permutation(np.repeat([CLASSES.index(name) for name in left], list(left.values())))
        x[only_again, CLASS_AGAIN] = rng.permutation(
            np.repeat([CLASSES_AGAIN.index(name) for name in left_again], list(left_again.values()))
        )
        shared = round(transplants_again[code] * count / sizes_again[code])
        shared = max(shared, transplants_again[code] - len(only_again))
        x[both, ASCT] = x[both, ASCT_AGAIN] = _some(len(both), shared, rng)
        x[others, ASCT] = _some(len(others), transplants[code] - shared, rng)
        x[only_again, ASCT_AGAIN] = _some(len(only_again), transplants_again[code] - shared, rng)
    return Retreated(again, is_second)


def _some(size: int, ones: int, rng: np.random.Generator) -> NDArray[np.int64]:
    return rng.permutation(np.repeat([1, 0], [ones, size - ones]))


def _same_line_by_group(sizes: Triple, total: int, rng: np.random.Generator) -> list[int]:
    """Retreatments that are the second line, by group, adding up to what is printed for all groups together."""
    shares = np.clip(np.array(UNPRINTED.same_line) + rng.uniform(-0.08, 0.08, 3), 0.05, 0.95)
    counts = np.floor(np.array(sizes) * shares * total / (np.array(sizes) * shares).sum()).astype(int)
    counts[0] += total - counts.sum()
    return [int(count) for count in counts]


def _shared_therapies(
    left: dict[str, int], left_again: dict[str, int], count: int, rng: np.random.Generator
) -> list[tuple[str, str]]:
    """Draw therapies that are second line and retreatment at once, and take them out of what is left of both."""
    drawn = []
    for _ in range(count):
        open_pairs = [
            (name, name_again)
            for name, possible in SAME_THERAPY.items()
            for name_again in possible
            if left[name] and left_again[name_again]
        ]
        weights = np.array([min(left[name], left_again[name_again]) for name, name_again in open_pairs], dtype=float)
        name, name_again = open_pairs[rng.choice(len(open_pairs), p=weights / weights.sum())]
        left[name] -= 1
        left_again[name_again] -= 1
        drawn.append((name, name_again))
    return drawn


def _draw_renal(x: NDArray[np.int64], retreated: Retreated, tables: Tables, rng: np.random.Generator) -> None:
    """eGFR below 60, so that the renal subset has its printed size, and as many of it retreated as printed."""
    sizes, kept = tables.size("diagnosis"), tables.size("diagnosis", "egfr_ge_60")
    again, kept_again = tables.size(RETREATMENT), tables.size(RETREATMENT, "egfr_ge_60")
    x[:, EGFR] = 0
    for code in range(3):
        low_again = again[code] - kept_again[code]
        low = sizes[code] - kept[code]
        for mask, count in ((retreated.again, low_again), (~retreated.again, low - low_again)):
            who = np.flatnonzero((x[:, GROUP] == code) & mask)
            x[rng.choice(who, count, replace=False), EGFR] = 1


def _with_unknown(
    x: NDArray[np.int64], ones: Triple, printed: Number | None, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Flags with unknowns (-1), so many that the known patients have the printed p-value (cut off, not rounded)."""
    sizes = np.bincount(x[:, GROUP])
    unknown = _unknown_counts(np.array(ones), sizes, printed, rng)
    drawn = flags(x[:, GROUP], ones, rng)
    for code in range(3):
        zeros = np.flatnonzero((x[:, GROUP] == code) & (drawn == 0))
        drawn[rng.choice(zeros, unknown[code], replace=False)] = -1
    return drawn


def _unknown_counts(
    ones: NDArray[np.int64], sizes: NDArray[np.int64], printed: Number | None, rng: np.random.Generator
) -> NDArray[np.int64]:
    low, high = UNPRINTED.unknown
    while True:
        unknown = np.round(sizes * rng.uniform(low, high, 3)).astype(int)
        table = np.array([ones, sizes - unknown - ones])
        p = chi2_contingency(table, correction=False).pvalue
        if printed is None or printed.truncated.low <= p < printed.truncated.high:
            return unknown
