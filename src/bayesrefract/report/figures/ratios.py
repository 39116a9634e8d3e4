"""Axis, intervals and shading shared by all figures of hazard ratios."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import NullFormatter, NullLocator
from numpy.typing import NDArray

from bayesrefract.decision import Verdict
from bayesrefract.numerals import declared_ratio, exact
from bayesrefract.report.figures.style import BLUE, FAINT, GREEN, INK, ORANGE

ROUND_RATIOS = (
    0.01,
    0.02,
    0.05,
    0.1,
    0.2,
    0.33,
    0.5,
    0.67,
    0.8,
    0.9,
    0.95,
    1,
    1.05,
    1.1,
    1.25,
    1.5,
    2,
    3,
    5,
    10,
    20,
    50,
    100,
)
PLACES = ("below", "inside", "above")
PLACE_COLOURS = (BLUE, GREEN, ORANGE)
STROKE = 0.3


MOST_TICKS = 7
LABEL_ROOM = 0.3
"""Inches from one label of an axis to the next."""


def ratio_ticks(low: float, high: float, width: float = MOST_TICKS * LABEL_ROOM) -> list[float]:
    """Round hazard ratios within limits that leave room for their labels; `width` of the axis in inches."""
    room = np.log(high / low) * max(1 / MOST_TICKS, LABEL_ROOM / width)
    ticks: list[float] = [1.0] if low <= 1 <= high else []
    for value in sorted(ROUND_RATIOS, key=lambda each: abs(np.log(each))):
        if low <= value <= high and all(abs(np.log(value / tick)) >= room for tick in ticks):
            ticks.append(value)
    return sorted(ticks)


def ratio_axis(axes: Axes, low: float, high: float) -> None:
    """A log axis with round ratios."""
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    ticks = ratio_ticks(low, high, axes.get_window_extent().width / axes.figure.dpi)
    axes.set_xticks(ticks, [exact(tick) for tick in ticks])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_minor_formatter(NullFormatter())


def interval_bar(
    axes: Axes, y: float, estimate: float, limits: tuple[float, float], colour: str, *, filled: bool
) -> None:
    """An estimate with its limits: the posterior's filled and round, a classical one open and square."""
    axes.plot(limits, [y, y], color=colour, linewidth=1.5, solid_capstyle="butt")
    face = colour if filled else "none"
    axes.plot([estimate], [y], "o" if filled else "s", color=colour, markerfacecolor=face, markersize=4.5)


def shade_by_place(
    axes: Axes, grid: NDArray[np.float64], density: NDArray[np.float64], bounds: Sequence[float]
) -> None:
    """A density over log ratios, shaded below, inside and above the bounds, which the grid must hold."""
    low, high = bounds
    parts = (grid <= low, (grid >= low) & (grid <= high), grid >= high)
    for part, colour in zip(parts, PLACE_COLOURS, strict=True):
        axes.fill_between(np.exp(grid[part]), density[part], color=colour, alpha=0.45, linewidth=0)
    axes.plot(np.exp(grid), density, color=INK, linewidth=1)
    for bound in bounds:
        axes.axvline(float(np.exp(bound)), color=FAINT, linewidth=1, linestyle=(0, (3, 2)))
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)


def write_masses(axes: Axes, texts: Sequence[str]) -> None:
    """Write the probabilities below, inside and above the ROPE over the axes, each under a bar of its colour."""
    for name, text, place, align, colour in zip(
        PLACES, texts, (0.0, 0.5, 1.0), ("left", "center", "right"), PLACE_COLOURS, strict=True
    ):
        across = axes.transAxes
        start = place * (1 - STROKE)
        axes.plot([start, start + STROKE], [1.22] * 2, color=colour, linewidth=4, transform=across, clip_on=False)
        axes.text(place, 1.06, f"P({name}) {text}", transform=across, ha=align, weight="bold")


def rope_text(verdict: Verdict) -> str:
    """Bounds of a verdict's ROPE as ratios."""
    return f"{declared_ratio(verdict.rope.low)} to {declared_ratio(verdict.rope.high)}"
