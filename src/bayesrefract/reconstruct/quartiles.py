"""Samples with given quartiles: R's type 7, as numpy's default, exact to the digits that are printed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


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
