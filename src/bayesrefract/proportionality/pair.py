"""Events and person-time of two compared groups by stratum and interval: all that HR(t) is computed from."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bayesrefract.cohort.exposure import ExposureTable

Floats = NDArray[np.float64]

SHAPE = 0.1
"""Prior worth of each baseline hazard, in events."""


@dataclass(frozen=True)
class Pair:
    """Two groups whose baseline hazards are free in every stratum and interval, and share one HR(t).

    Parameters
    ----------
    events, exposure : array (stratum, 2, interval)
        Of the reference and of the group. With covariates the person-time is weighted by the relative hazard at fitted
        coefficients.
    midpoints : array (interval,)
        Times at which log HR(t) takes its steps, rising.
    shape : float
        Each hazard has a Gamma(shape, shape / crude rate of its stratum) prior, at the midpoint of the two log hazards.

    Raises
    ------
    ValueError
        For arrays that do not fit together, without an event, or in which the groups are nowhere at risk together.
    """

    events: Floats = field(repr=False)
    exposure: Floats = field(repr=False)
    midpoints: Floats
    shape: float = SHAPE

    def __post_init__(self) -> None:
        if self.events.shape != self.exposure.shape or self.events.shape[1:] != (2, len(self.midpoints)):
            raise ValueError(
                f"events {self.events.shape}, exposure {self.exposure.shape}: (stratum, 2, interval) needed"
            )
        if np.any(np.diff(self.midpoints) <= 0):
            raise ValueError("midpoints must rise")
        if np.any((self.events > 0) & (self.exposure <= 0)) or not self.events.sum() > 0:
            raise ValueError("a table without events, or with events where nobody is at risk")
        if not self.compared.any():
            raise ValueError("in no interval are patients of both groups at risk")

    @property
    def n_intervals(self) -> int:
        return len(self.midpoints)

    @cached_property
    def pooled_events(self) -> Floats:
        """Of both groups and all strata, shape (interval,)."""
        return self.events.sum(axis=(0, 1))

    @cached_property
    def weights(self) -> Floats:
        """Share of the pooled events in each interval: the average log HR is the mean with these weights."""
        return self.pooled_events / self.pooled_events.sum()

    @cached_property
    def variances(self) -> Floats:
        """Variance of each step of log HR(t) where sigma is 1: gap / span, shape (interval - 1,)."""
        gaps = np.diff(self.midpoints)
        return gaps / gaps.sum()

    @cached_property
    def rates(self) -> Floats:
        """Rate of the Gamma prior per stratum; a stratum without events takes half an event, as in the model."""
        return self.shape * self.exposure.sum(axis=(1, 2)) / np.maximum(self.events.sum(axis=(1, 2)), 0.5)

    @cached_property
    def compared(self) -> NDArray[np.bool_]:
        """Whether patients of both groups are at risk in the same stratum, shape (interval,)."""
        return np.asarray((self.exposure > 0).all(axis=1).any(axis=0))

    def swapped(self) -> Pair:
        """The same with group and reference exchanged."""
        return Pair(self.events[:, ::-1], self.exposure[:, ::-1], self.midpoints, self.shape)


def from_table(
    table: ExposureTable,
    group: int,
    reference: int,
    linear_predictor: Floats | None = None,
    *,
    stratified: bool = False,
    shape: float = SHAPE,
) -> Pair:
    """Two groups of an exposure table.

    Parameters
    ----------
    table : ExposureTable
        Events and person-time per pattern and interval.
    group, reference : int
        Codes into `table.groups`; the hazard ratio is group against reference.
    linear_predictor : array (pattern,), optional
        Log relative hazard by covariates at fitted coefficients, without the group effect.
    stratified : bool
        Hazards free in every stratum, else common.
    shape : float
        Prior worth of each hazard in events (`study.model.shared_out` lowers it where there are many intervals).

    Returns
    -------
    Pair
        The last interval is taken to end at the last event, as in the sampled model.
    """
    risk = np.ones(len(table.group)) if linear_predictor is None else np.exp(linear_predictor - linear_predictor.mean())
    stratum = table.stratum if stratified else np.zeros_like(table.stratum)
    codes = np.unique(stratum[(table.group == group) | (table.group == reference)])
    shape_of = (len(codes), 2, table.events.shape[1])
    events, exposure = np.zeros(shape_of), np.zeros(shape_of)
    for place, code in enumerate(codes):
        for side, member in enumerate((reference, group)):
            own = (stratum == code) & (table.group == member)
            events[place, side] = table.events[own].sum(axis=0)
            exposure[place, side] = risk[own] @ table.exposure[own]
    edges = np.append(table.edges[:-1], max(table.last_event, table.edges[-2]))
    return Pair(events, exposure, (edges[:-1] + edges[1:]) / 2, shape)
