"""p-values of counts in groups: Pearson's chi-square, with Yates' correction, and Fisher's exact test."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from scipy.stats import chi2, chi2_contingency

type Ints = tuple[int, ...]

MOST_TABLES = 2_000_000
TIE = 1e-7
"""Tables whose probabilities differ by less, relatively, are equally likely, as in R's fisher.test."""


def expected(counts: Ints, sizes: Ints) -> float:
    """The smallest expected count of the table of counts and their complements."""
    total, size = sum(counts), sum(sizes)
    return min(min(total, size - total) * each / size for each in sizes)


def pearson(counts: Ints, sizes: Ints) -> float | None:
    """Pearson's chi-square test without correction; None where a margin is 0."""
    return _chi_square(counts, sizes, corrected=False)


def yates(counts: Ints, sizes: Ints) -> float | None:
    """With Yates' correction, which exists for two groups only."""
    return _chi_square(counts, sizes, corrected=True) if len(counts) == 2 else None


def _chi_square(counts: Ints, sizes: Ints, *, corrected: bool) -> float | None:
    if not _usable(counts, sizes):
        return None
    table = np.array([counts, np.subtract(sizes, counts)])
    return float(chi2_contingency(table, correction=corrected).pvalue)


def of_whole_variable(levels: tuple[Ints, ...]) -> float | None:
    """Pearson's test of all levels of a variable at once."""
    table = np.array(levels)
    table = table[table.sum(axis=1) > 0]
    if len(table) < 2 or not table.sum(axis=0).all():
        return None
    wanted = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    freedom = (table.shape[0] - 1) * (table.shape[1] - 1)
    return float(chi2.sf(((table - wanted) ** 2 / wanted).sum(), freedom))


@lru_cache(maxsize=1024)
def fisher(counts: Ints, sizes: Ints) -> float | None:
    """Fisher's exact test (Freeman and Halton for more than two groups), by enumeration.

    None where a margin is 0 or where there are more than `MOST_TABLES` tables.
    """
    total = sum(counts)
    if not _usable(counts, sizes) or math.prod(min(total, size) + 1 for size in sizes[:-1]) > MOST_TABLES:
        return None
    logs = [np.array([_log_ways(size, k) for k in range(size + 1)]) for size in sizes]
    shape = tuple(min(total, size) + 1 for size in sizes[:-1])
    firsts = np.indices(shape).reshape(len(shape), -1)
    last = total - firsts.sum(axis=0)
    kept = (last >= 0) & (last <= sizes[-1])
    tables = np.vstack([firsts, last])[:, kept]
    log_ways = np.sum([ways[part] for ways, part in zip(logs, tables, strict=True)], axis=0)
    seen = sum(float(ways[count]) for ways, count in zip(logs, counts, strict=True))
    as_rare = log_ways <= seen + TIE
    return float(min(np.exp(log_ways[as_rare] - _log_ways(sum(sizes), total)).sum(), 1.0))


def _usable(counts: Ints, sizes: Ints) -> bool:
    """Every count is within its group, and somebody has the level while somebody has not."""
    within = all(count <= size for count, size in zip(counts, sizes, strict=True))
    return within and 0 < sum(counts) < sum(sizes)


def _log_ways(size: int, chosen: int) -> float:
    return math.lgamma(size + 1) - math.lgamma(chosen + 1) - math.lgamma(size - chosen + 1)
