"""Fisher's exact test against every table counted in whole numbers: nothing is rounded before the last division."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import comb
from pathlib import Path

import pytest

from bayesrefract.classical.exact_tests import fisher, pearson
from bayesrefract.papers import CountRow, read_counts

COUNTS = read_counts(Path(__file__).parents[1] / "data" / "lenalidomide" / "published_counts.csv")
MOST = 60
"""Patients with a level, so that its tables are few enough to be counted one by one."""


def counted(counts: tuple[int, ...], sizes: tuple[int, ...]) -> Fraction:
    """Share of the ways to deal the level that are no more likely than the one that was seen."""
    total = sum(counts)
    ways: dict[tuple[int, ...], int] = {}
    for table in product(*(range(min(total, size) + 1) for size in sizes)):
        if sum(table) == total:
            ways[table] = 1
            for count, size in zip(table, sizes, strict=True):
                ways[table] *= comb(size, count)
    every = sum(ways.values())
    assert every == comb(sum(sizes), total)  # all tables of these margins are there, each once
    return Fraction(sum(each for each in ways.values() if each <= ways[counts]), every)


def rare_rows() -> list[CountRow]:
    return [
        row for row in COUNTS.rows if row.counts is not None and row.sizes is not None and 0 < sum(row.counts) <= MOST
    ]


@pytest.mark.parametrize("row", rare_rows(), ids=lambda row: row.label)
def test_fisher_is_every_table_counted(row: CountRow) -> None:
    assert row.counts is not None
    assert row.sizes is not None
    assert fisher(row.counts, row.sizes) == pytest.approx(float(counted(row.counts, row.sizes)), rel=1e-9)


def test_vdtpace_is_0_0256_in_three_groups_and_0_027_in_two() -> None:
    """All three groups give 0.0256; 0.027 is that of not refractory against standard dose alone."""
    (row,) = (row for row in COUNTS.rows if row.row["level"] == "vdtpace")
    seen, sizes = (3, 2, 5), (218, 184, 74)
    assert (row.counts, row.sizes) == (seen, sizes)
    assert counted(seen, sizes) == Fraction(42023808922657721, 1644114121682889890)
    assert float(counted(seen, sizes)) == pytest.approx(0.0256, abs=0.00005)
    assert float(counted((3, 5), (218, 74))) == pytest.approx(0.0271, abs=0.00005)
    assert fisher(seen, sizes) == pytest.approx(float(counted(seen, sizes)), rel=1e-9)
    assert pearson(seen, sizes) == pytest.approx(0.0097, abs=0.00005)
