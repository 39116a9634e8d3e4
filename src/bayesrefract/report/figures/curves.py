"""Kaplan-Meier curves for figures: coarsened to a grid, dashed where few patients are at risk."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from bayesrefract.classical.agreement import GroupSummary, KaplanMeier
from bayesrefract.cohort.disclosure import NOT_SHOWN
from bayesrefract.cohort.start import ENOUGH_AT_RISK, Start
from bayesrefract.findings import CurveBand, Findings
from bayesrefract.numerals import ABSENT, exact, fixed
from bayesrefract.report.figures.style import GROUP_COLOURS, GROUP_MARKERS
from bayesrefract.study.study import TimeUnit

FEW_AT_RISK = 5
GRID_STEPS = 200
"""Steps of a drawn curve. No patient's own time can be read from it more finely than this."""
MARKS = 6
THIN_END = (0, (2, 1.5))


def few_from(curve: KaplanMeier) -> int:
    """First step of the curve's end at which fewer than `FEW_AT_RISK` are at risk, or its length.

    With delayed entry the risk set also starts small: only what comes after its maximum counts.
    """
    peak = int(np.argmax(curve.at_risk))
    few = np.flatnonzero(curve.at_risk[peak:] < FEW_AT_RISK)
    return peak + int(few[0]) if len(few) else len(curve.times)


def at_risk(curve: KaplanMeier, time: float) -> int:
    """Patients at risk just before a time; at the start of a curve, those who are at risk there."""
    place = int(np.searchsorted(curve.times, time, side="left"))
    return int(curve.at_risk[place]) if place < len(curve.times) else 0


def survival_at(curve: KaplanMeier, time: float) -> float | None:
    """Survival at a time; None outside the curve's follow-up."""
    place = int(np.searchsorted(curve.times, time, side="right")) - 1
    return float(curve.survival[place]) if place >= 0 and time <= curve.times[-1] else None


def on_grid(
    curve: KaplanMeier, end: float, start: float = 0.0
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Times, survival, and whether few are at risk from there on, on a grid of `GRID_STEPS` steps up to `end`."""
    grid = np.linspace(start, end, GRID_STEPS + 1)
    place = np.searchsorted(curve.times, grid, side="right") - 1
    last = int(np.searchsorted(grid, curve.times[-1], side="left"))  # the curve ends within this step
    inside = (place >= 0) & (np.arange(len(grid)) <= last)
    place, first_few = place[inside], few_from(curve)
    few = (place >= first_few - 1) & (first_few < len(curve.times))  # a step leads to the next time's risk set
    return grid[inside], curve.survival[place], few


def draw_steps(axes: Axes, curve: KaplanMeier, end: float, place: int, start: float = 0.0) -> None:
    """One group's curve in its colour and with its marks; its end is dashed where few patients are at risk."""
    times, survival, few = on_grid(curve, end, start)
    colour, marker = group_look(place)
    solid = ~few
    if solid.any():
        axes.step(times[solid], survival[solid], where="post", color=colour, linewidth=1.5)
    if few.any():
        joined = few.copy()
        joined[max(int(np.argmax(few)) - 1, 0)] = True
        axes.step(times[joined], survival[joined], where="post", color=colour, linewidth=1.5, linestyle=THIN_END)
    marked = np.arange(len(times) // MARKS // 2 + 5 * place, len(times), max(len(times) // MARKS, 1))
    axes.plot(times[marked], survival[marked], marker, color=colour, markersize=4)


def end_of(findings: Findings) -> float:
    """Where the time axis ends: with the longest curve that is shown."""
    shown = max(float(group.curve.times[-1]) for group in findings.agreement.groups)
    modelled = [float(band.times[-1]) for band in findings.curves]
    return shown or findings.analysis.endpoint.horizon or max(modelled, default=1.0)


def given_start(findings: Findings) -> str:
    """For a caption: where the curves start, unless that is 0."""
    start, unit = findings.start, findings.analysis.time_unit
    if not start.is_conditional:
        return "" if start.is_declared else " No start at which patients are without the event is declared."
    chosen = "declared" if start.is_declared else f"the first with at least {_fewest(start)} at risk in every group"
    return f" Curves are those of patients without the event at {exact(start.time)} {unit} ({chosen})."


def _fewest(start: Start) -> int:
    return min(ENOUGH_AT_RISK, *(count for _, count in start.at_risk))


def not_shown(findings: Findings) -> str:
    """For a caption: the groups whose curves are withheld; empty where there is none."""
    small = [group.level for group in findings.agreement.groups if group.too_few]
    return f" {', '.join(small)}: {NOT_SHOWN}." if small else ""


def group_look(place: int) -> tuple[str, str]:
    """Colour and marker of the group at a place of the question's order; when the colours start again, the
    markers are one further, so that no two of the first 36 groups look alike.
    """
    again, colour = divmod(place, len(GROUP_COLOURS))
    return GROUP_COLOURS[colour], GROUP_MARKERS[(place + again) % len(GROUP_MARKERS)]


def readable_times(findings: Findings, ticks: list[float], groups: tuple[GroupSummary, ...]) -> list[float]:
    """Times of a figure's table: the start, its ticks and the horizon, as far as any curve reaches."""
    horizon = findings.analysis.endpoint.horizon
    start, end = findings.start.time, end_of(findings)
    return sorted({time for time in (start, *ticks, *(() if horizon is None else (horizon,))) if start <= time <= end})


def survival_rows(
    groups: tuple[GroupSummary, ...], bands: dict[str, CurveBand], times: list[float], unit: TimeUnit
) -> tuple[tuple[str, ...], ...]:
    """Each group at each time: number at risk, Kaplan-Meier, posterior median and its band."""
    rows = []
    for group in groups:
        for time in times:
            km = survival_at(group.curve, time)
            band = bands.get(group.level)
            posterior = ABSENT if band is None or time > band.times[-1] else _posterior(band, time)
            count = fixed(at_risk(group.curve, time), 0)
            if group.too_few:
                rows.append((group.level, f"{exact(time)} {unit}", NOT_SHOWN, NOT_SHOWN, posterior))
                continue
            rows.append((group.level, f"{exact(time)} {unit}", count, ABSENT if km is None else _share(km), posterior))
    return tuple(rows)


def _posterior(band: CurveBand, time: float) -> str:
    middle, low, high = (float(np.interp(time, band.times, each)) for each in (band.median, band.low, band.high))
    return f"{_share(middle)} ({_share(low)} to {_share(high)})"


def _share(value: float) -> str:
    return f"{fixed(100 * value, 1)}%"
