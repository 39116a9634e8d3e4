"""The check of one contrast: whether its hazard ratio may be read as one ratio, or averages over unequal periods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from bayesrefract.cohort.exposure import ExposureTable
from bayesrefract.proportionality.bayes_factor import marginal
from bayesrefract.proportionality.draws import Draws, draw
from bayesrefract.proportionality.pair import SHAPE, Pair, from_table
from bayesrefract.proportionality.thirds import THIRDS, Thirds, changes, is_average_of_unequal, thirds
from bayesrefract.study.model import USUAL
from bayesrefract.study.rope import Rope, Side

Floats = NDArray[np.float64]

SCALE = 1.0
"""Of the half-normal prior of the change of log HR(t) over follow-up."""
LEAST_EVENTS = 15
"""In each third, of both groups together. From here on, of claims that the average allows, 92 to 97% are stopped where
the ratio changes from one side to twice the log bound on the other, and 76 to 94% at 10 events (`make validate`, step
proportionality: 1:1 with a wide and a narrow range, 1:4); at most 2.3% are where it does not change."""
SMALL_P = 0.01
"""Of the Schoenfeld test, which decides only where HR(t) is not fitted."""


class Reading(StrEnum):
    """What the check says of a hazard ratio and a range."""

    CONSTANT = "constant"  # no strong sign of a change
    CHANGES = "changes"  # it changes, and no third of the events more likely lies outside than inside
    UNEQUAL = "unequal"  # an average over unequal periods
    UNKNOWN = "unknown"  # not possible


@dataclass(frozen=True)
class Proportionality:
    """Whether one hazard ratio describes a contrast.

    Parameters
    ----------
    group, reference : str
        The contrast.
    draws : Draws, optional
        Of log HR(t), with the Bayes factor against a constant ratio; None where HR(t) is not fitted.
    thirds : tuple of (Rope, Thirds)
        Each third of the events on every ROPE of the hazard ratio.
    schoenfeld_p : float, optional
        Of the test of this contrast; it decides where there are no draws.
    reason : str
        Why the check is not possible, as a clause; empty where it is.
    """

    group: str
    reference: str
    draws: Draws | None = field(default=None, repr=False)
    thirds: tuple[tuple[Rope, Thirds], ...] = ()
    schoenfeld_p: float | None = None
    reason: str = ""

    def on(self, rope: Rope) -> Thirds | None:
        """The thirds judged on this ROPE; None where HR(t) is not fitted."""
        return next((found for judged, found in self.thirds if judged == rope), None)

    def reading(self, rope: Rope) -> Reading:
        """What the check says on this ROPE of the hazard ratio."""
        if self.reason:
            return Reading.UNKNOWN
        found = self.on(rope)
        if self.draws is None or found is None:
            small = self.schoenfeld_p is not None and self.schoenfeld_p < SMALL_P
            return Reading.UNEQUAL if small else Reading.CONSTANT
        if is_average_of_unequal(self.draws, found):
            return Reading.UNEQUAL
        return Reading.CHANGES if changes(self.draws) else Reading.CONSTANT

    def opposite(self, rope: Rope) -> bool:
        """Whether the ratio changes so far that one third lies wholly below 1 and another wholly above."""
        found = self.on(rope)
        return self.reading(rope) is Reading.UNEQUAL and found is not None and found.opposite


def by_residuals(group: str, reference: str, p: float | None, method: str) -> Proportionality:
    """The check where HR(t) is not fitted, by the Schoenfeld test of this contrast; `method`: why it has no p."""
    reason = "" if p is not None else f"HR(t) is not fitted here, and the Schoenfeld test is {method}"
    return Proportionality(group, reference, schoenfeld_p=p, reason=reason)


def by_ratio_over_time(
    table: ExposureTable,
    group: str,
    reference: str,
    ropes: Sequence[tuple[Rope, Side]],
    *,
    linear_predictor: Floats | None = None,
    stratified: bool = False,
    horizon: float | None = None,
    schoenfeld_p: float | None = None,
) -> Proportionality:
    """Fit HR(t) of one contrast, and judge each third of its events.

    Parameters
    ----------
    table : ExposureTable
        The table that was fitted.
    group, reference : str
        The contrast, both in the table.
    ropes : sequence of (Rope, Side)
        Every ROPE of the hazard ratio, with the side of the harm.
    linear_predictor : array (pattern,), optional
        Log relative hazard by covariates at fitted coefficients, without the group effect.
    stratified : bool
        Hazards differ between strata.
    horizon : float, optional
        Time up to which events are counted, in the table's unit; without one, all.
    schoenfeld_p : float, optional
        Of this contrast, to stand beside it.

    Returns
    -------
    Proportionality
        With a reason instead of draws where too few events lie in a third, or the groups are nowhere at risk together.
    """
    intervals = table.events.shape[1]
    codes = table.groups.index(group), table.groups.index(reference)
    try:
        pair = from_table(
            table, *codes, linear_predictor, stratified=stratified, shape=SHAPE * USUAL / max(USUAL, intervals)
        )
        events = events_until(pair, table, horizon)
        few = _too_few(events.sum(), horizon, str(table.time_unit))
        if few:
            return Proportionality(group, reference, schoenfeld_p=schoenfeld_p, reason=few)
        drawn = draw(marginal(pair).grid(SCALE))
    except ValueError as fault:  # of the pair's tables, or of a search that does not end
        return Proportionality(group, reference, schoenfeld_p=schoenfeld_p, reason=f"HR(t) has no fit: {fault}")
    judged = tuple(
        (rope, thirds(drawn.log_ratio, events, (rope.low, rope.high), drawn.weight, side=side)) for rope, side in ropes
    )
    return Proportionality(group, reference, drawn, judged, schoenfeld_p)


def events_until(pair: Pair, table: ExposureTable, horizon: float | None) -> Floats:
    """Pooled events per interval up to the horizon, shape (interval,).

    An interval across the horizon is split in proportion to its time, the last one up to the last event.
    """
    if horizon is None:
        return pair.pooled_events
    start = table.edges[:-1]
    length = np.append(start[1:], max(table.last_event, start[-1])) - start
    share = np.where(length > 0, (horizon - start) / np.where(length > 0, length, 1.0), horizon >= start)
    return np.asarray(pair.pooled_events * np.clip(share, 0.0, 1.0))


def _too_few(events: float, horizon: float | None, unit: str) -> str:
    """Why the thirds cannot be judged; empty where they can."""
    if events >= THIRDS * LEAST_EVENTS:
        return ""
    until = "" if horizon is None else f" up to {horizon:g} {unit}"
    return (
        f"the two groups have {events:.0f} events{until}, {events / THIRDS:.1f} in each third, and at least "
        f"{LEAST_EVENTS} are needed in each"
    )
