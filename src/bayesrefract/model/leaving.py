"""Person-time of patterns as who leaves when: the loop over patients then costs the same for any number of intervals.

A patient who is followed up from time 0 until within interval q has the full width of every interval before q, and a
part of q. The person-time at risk of many is then a running sum of those who leave later, times the width, plus the
parts: one term per patient, not one per patient and interval. Any other person-time (late entry, gaps, patients merged
into one pattern) takes further terms, positive or negative, so that the sum is exact.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

WHOLE = 1e-12
"""Relative: person-time that is so close to a multiple of the width is that multiple."""


@dataclass(frozen=True)
class Leaving:
    """Terms of the person-time, by block = cell x interval in that order.

    exposure[p, j] = sum of `time` of p's terms in j + width[j] * sum of `count` of p's terms after j. `order`:
    patterns as the loops take them, one term each, `row_count` and `row_time`, those of a block from `block_start`
    on. Further terms: `extra_row` (place in `order`), `extra_count`, `extra_time`, from `extra_start` on.
    """

    order: Codes = field(repr=False)
    row_count: Floats = field(repr=False)
    row_time: Floats = field(repr=False)
    block_start: Codes = field(repr=False)
    extra_row: Codes = field(repr=False)
    extra_count: Floats = field(repr=False)
    extra_time: Floats = field(repr=False)
    extra_start: Codes = field(repr=False)


def leaving(exposure: Floats, width: Floats, cell: Codes, n_cells: int, n_intervals: int) -> Leaving:
    """Write person-time as terms.

    Parameters
    ----------
    exposure : ndarray
        (pattern, interval)
    width : ndarray
        (interval,); the last may be 0 or infinite: nobody leaves after it.
    cell : ndarray
        (pattern,), codes.
    n_cells, n_intervals : int
        Numbers of cells and, with padding, of intervals; they set the number of blocks.

    Returns
    -------
    Leaving
        The terms.
    """
    count, time = _terms(exposure, width)
    patterns, intervals = exposure.shape
    last = intervals - 1 - np.argmax(exposure[:, ::-1] > 0, axis=1)
    last[~(exposure > 0).any(axis=1)] = 0
    block = cell * n_intervals + last
    order = np.argsort(block, kind="stable")
    place = np.empty(patterns, dtype=np.int64)
    place[order] = np.arange(patterns)
    more = (count != 0) | (time != 0)
    more[np.arange(patterns), last] = False
    row, interval = np.nonzero(more)
    further = cell[row] * n_intervals + interval
    by_block = np.argsort(further, kind="stable")
    row, interval = row[by_block], interval[by_block]
    blocks = np.arange(n_cells * n_intervals + 1)
    return Leaving(
        order=order,
        row_count=count[order, last[order]],
        row_time=time[order, last[order]],
        block_start=np.searchsorted(block[order], blocks).astype(np.int64),
        extra_row=place[row],
        extra_count=count[row, interval],
        extra_time=time[row, interval],
        extra_start=np.searchsorted(further[by_block], blocks).astype(np.int64),
    )


def _terms(exposure: Floats, width: Floats) -> tuple[Floats, Floats]:
    """Count and time of each pattern's term in each interval, both (pattern, interval); most are 0."""
    patterns, intervals = exposure.shape
    count, time = np.zeros((patterns, intervals)), np.zeros((patterns, intervals))
    beyond = np.zeros(patterns)  # how many leave after this interval
    for j in range(intervals - 1, -1, -1):
        here, usual = exposure[:, j], width[j]
        if j == intervals - 1 or not np.isfinite(usual):
            time[:, j] = here
            continue
        seen_later = exposure[:, j + 1 :].max(axis=1) > 0
        multiple = np.round(here / usual)
        whole = seen_later & (np.abs(here - multiple * usual) <= WHOLE * np.maximum(here, usual))
        stay = np.where(whole, multiple, beyond)
        count[:, j + 1] = stay - beyond
        time[:, j] = np.where(whole, 0.0, here - stay * usual)
        beyond = stay
    return count, time
