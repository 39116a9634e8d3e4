"""Likelihood of log HR(t) with the baseline hazards integrated out: a sum of one function per interval.

With log HR theta in an interval the groups lie at -theta/2 and theta/2 from the stratum's log hazard, whose Gamma(a, b)
prior integrates to (D1 - D0) theta / 2 - (a + D) log(b + E0 exp(-theta/2) + E1 exp(theta/2)), summed over strata. The
prior sits at the midpoint of the groups, so that exchanging them changes the sign of theta and nothing else.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bayesrefract.proportionality.pair import Pair

Floats = NDArray[np.float64]


class _Cells(NamedTuple):
    """Strata and intervals in which somebody is at risk, per stratum as (interval,) rows."""

    slope: Floats  # (interval,): half the difference of the events
    power: Floats  # (stratum, interval): a + D
    rate: Floats  # (stratum, 1): b
    control: Floats  # (stratum, interval): person-time
    treated: Floats


def _cells(pair: Pair) -> _Cells:
    events = pair.events.sum(axis=1)
    control, treated = pair.exposure[:, 0], pair.exposure[:, 1]
    empty = control + treated == 0
    power = np.where(empty, 0.0, pair.shape + events)
    rate = pair.rates[:, None]
    # Without prior and event a cell says nothing; person-time 1 keeps its logarithm finite.
    silent = empty & (rate == 0)
    return _Cells(
        (pair.events[:, 1] - pair.events[:, 0]).sum(axis=0) / 2,
        power,
        rate,
        np.where(silent, 1.0, control),
        np.where(silent, 1.0, treated),
    )


class Likelihood:
    """Log likelihood of a pair as a function of log HR(t)."""

    def __init__(self, pair: Pair) -> None:
        self._cells = _cells(pair)

    def value(self, theta: Floats) -> Floats:
        """Sum over strata and intervals; `theta` (..., interval) -> (...)."""
        cells, half = self._cells, np.exp(theta / 2)
        total = theta @ cells.slope
        for power, rate, control, treated in zip(*cells[1:], strict=True):
            total = total - np.log(rate + control / half + treated * half) @ power
        return total

    def derivatives(self, theta: Floats) -> tuple[Floats, Floats]:
        """First derivative and minus the second per interval, shapes of `theta` (..., interval)."""
        cells, half = self._cells, np.exp(theta / 2)
        first, second = np.broadcast_to(cells.slope, theta.shape).copy(), np.zeros_like(theta)
        for power, m1, m2 in self._moments(half):
            first -= power * m1
            second += power * (m2 - m1 * m1)
        return first, second

    def higher(self, theta: Floats) -> tuple[Floats, Floats]:
        """Third and fourth derivatives per interval."""
        third, fourth = np.zeros_like(theta), np.zeros_like(theta)
        for power, m1, m2 in self._moments(np.exp(theta / 2)):
            # Cumulants of the share of the risk, whose third and fourth moments are a quarter of the first and second.
            square = m1 * m1  # products: a cube by ** takes fifty times as long
            third -= power * m1 * (0.25 - 3 * m2 + 2 * square)
            fourth -= power * (m2 / 4 - square - 3 * m2 * m2 + 12 * square * m2 - 6 * square * square)
        return third, fourth

    def _moments(self, half: Floats) -> list[tuple[Floats, Floats, Floats]]:
        found = []
        for power, rate, control, treated in zip(*self._cells[1:], strict=True):
            low, high = control / half, treated * half
            risk = rate + low + high
            found.append((power, (high - low) / (2 * risk), (high + low) / (4 * risk)))
        return found
