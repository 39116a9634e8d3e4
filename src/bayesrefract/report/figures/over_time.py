"""Figure of a hazard ratio that may change: by interval, with its band, the ROPE, and the numbers at risk."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import NullFormatter, NullLocator
from numpy.typing import NDArray

from bayesrefract.findings import Findings, RatioOverTime
from bayesrefract.interval import Interval
from bayesrefract.numerals import declared_ratio, exact, fixed, ratio
from bayesrefract.report.figures.ratios import ratio_ticks
from bayesrefract.report.figures.style import (
    BAND,
    BLUE,
    DASHED,
    DOTTED,
    FAINT,
    INK,
    SMALL,
    WIDTH,
    Picture,
    axes_at,
    new_figure,
    picture,
    shorten,
    slug,
    styled,
    time_ticks,
)
from bayesrefract.report.tables.table import Table, columns
from bayesrefract.study.rope import Estimand, Rope

LEFT, RIGHT, HEIGHT, AXIS_HEIGHT, LEGEND = 0.72, 0.2, 2.4, 0.5, 0.62
ROW, HEADING = 0.36, 0.22
"""Inches; a group has two lines under the axis, its name and its numbers at risk."""
WIDEST, WIDEST_BAND = 16.0, 4.0
"""The axis ends at this ratio and its reciprocal, and earlier for the sake of the band alone; the table has all."""
NUMBER_ROOM = 0.34
"""Inches from one number at risk to the next."""


@styled
def over_time_figure(findings: Findings, found: RatioOverTime) -> Picture:
    """HR(t) of one contrast in steps, the ROPE as a grey band, and the ratio that is held constant as a line.

    The table holds every interval under every prior of the change.
    """
    foot = HEADING + 2 * ROW
    figure = new_figure(foot + AXIS_HEIGHT + HEIGHT + LEGEND)
    axes = axes_at(figure, LEFT, foot + AXIS_HEIGHT, WIDTH - LEFT - RIGHT, HEIGHT)
    rope = _rope(findings)
    _limits(axes, found, rope)
    edges = np.append(found.start, found.end[-1])
    if rope is not None:
        start, end = rope.window or (edges[0], edges[-1])
        axes.fill_between([start, end], rope.low, rope.high, color=BAND, linewidth=0, zorder=0)
        for bound in (rope.low, rope.high):
            axes.plot([start, end], [bound, bound], color=FAINT, linewidth=0.8, linestyle=DOTTED)
    for low, high, alpha in (
        (found.low_throughout, found.high_throughout, 0.13),
        (found.low, found.high, 0.25),
    ):
        axes.fill_between(edges, _held(low), _held(high), step="post", color=BLUE, alpha=alpha, linewidth=0)
    axes.step(edges, _held(found.median), where="post", color=BLUE, linewidth=1.6)
    axes.axhline(1.0, color=FAINT, linewidth=0.8)
    axes.axhline(float(_line(found).estimate or 1.0), color=INK, linewidth=1.1, linestyle=DASHED)
    axes.xaxis.set_major_locator(time_ticks(findings.analysis.time_unit, float(edges[-1])))
    axes.set_xlabel(f"Time ({findings.analysis.time_unit})")
    axes.set_ylabel("Hazard ratio (log axis)")
    _legend(axes, found)
    _at_risk(axes_at(figure, LEFT, 0, WIDTH - LEFT - RIGHT, foot), axes, found)
    name = f"over-time-{slug(f'{found.group}/{found.reference}')}"
    return picture(
        figure, findings, name, _caption(findings, found, rope), _in_words(findings, found), table(findings, found)
    )


def _rope(findings: Findings) -> Rope | None:
    """The range with a window where one is declared, else that of the hazard ratio."""
    return findings.analysis.rope(Estimand.THROUGHOUT) or findings.analysis.rope(Estimand.HAZARD_RATIO)


def _line(found: RatioOverTime) -> Interval:
    return found.constant or found.average


def _held(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """A value for each bound of intervals, the last one held to the end."""
    return np.append(values, values[-1])


def _limits(axes: Axes, found: RatioOverTime, rope: Rope | None) -> None:
    """A log axis that holds every pointwise interval, the range and, where it is not too wide, the band."""
    bounds = () if rope is None else (rope.low, rope.high)
    band = (max(1 / WIDEST_BAND, min(found.low_throughout)), min(WIDEST_BAND, max(found.high_throughout)))
    low = max(min(1.0, *found.low, *bounds, *band), 1 / WIDEST) / 1.1
    high = min(max(1.0, *found.high, *bounds, *band), WIDEST) * 1.1
    axes.set_yscale("log")
    axes.set_ylim(low, high)
    axes.set_xlim(float(found.start[0]), float(found.end[-1]))
    ticks = ratio_ticks(low, high, HEIGHT)
    axes.set_yticks(ticks, [exact(tick) for tick in ticks])
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_minor_formatter(NullFormatter())


def _legend(axes: Axes, found: RatioOverTime) -> None:
    """What is drawn, in two lines over the axes."""
    held = "held constant" if found.constant is not None else "its average"
    across = axes.transAxes
    axes.plot([0.0, 0.07], [1.13] * 2, color=BLUE, linewidth=1.6, transform=across, clip_on=False)
    axes.text(0.09, 1.13, "by interval", transform=across, va="center", fontsize=SMALL)
    axes.plot([0.5, 0.57], [1.13] * 2, color=INK, linewidth=1.1, linestyle=DASHED, transform=across, clip_on=False)
    axes.text(0.59, 1.13, held, transform=across, va="center", fontsize=SMALL)
    for place, alpha, name in ((0.0, 0.38, "95% interval"), (0.5, 0.13, "95% band, all at once")):
        axes.plot(
            [place, place + 0.07], [1.05] * 2, color=BLUE, alpha=alpha, linewidth=6, transform=across, clip_on=False,
            solid_capstyle="butt",
        )  # fmt: skip
        axes.text(place + 0.09, 1.05, name, transform=across, va="center", fontsize=SMALL)


def _at_risk(below: Axes, above: Axes, found: RatioOverTime) -> None:
    """Numbers at risk at the start of the intervals, as many as there is room for."""
    below.set_axis_off()
    low, high = above.get_xlim()
    below.set_xlim(low, high)
    below.set_ylim(2, -HEADING / ROW)
    below.text(low, -0.25, "Number at risk at the start of an interval", va="center", fontsize=SMALL, color=FAINT)
    room = NUMBER_ROOM * (high - low) / (WIDTH - LEFT - RIGHT)
    kept: list[int] = []
    for place, start in enumerate(found.start):
        if not kept or start - found.start[kept[-1]] >= room:
            kept.append(place)
    for row, level in enumerate((found.group, found.reference)):
        below.text(low, row + 0.3, shorten(level, 48), va="center", fontsize=SMALL, weight="bold", color=INK)
        for place in kept:
            count = str(int(found.at_risk[row, place]))
            below.text(float(found.start[place]), row + 0.72, count, ha="center", va="center", fontsize=SMALL)


def _caption(findings: Findings, found: RatioOverTime, rope: Rope | None) -> str:
    unit = findings.analysis.time_unit
    shaded = ""
    if rope is not None:
        window = "" if rope.window is None else f", from {exact(rope.window[0])} to {exact(rope.window[1])} {unit}"
        shaded = f" Grey: the declared range {declared_ratio(rope.low)} to {declared_ratio(rope.high)}{window}."
    line = "the ratio where it is held constant" if found.constant is not None else "its average over the events"
    return (
        f"Hazard ratio of {found.label} by interval where it may change (line: posterior median; dark: 95% interval of "
        f"each interval alone; pale: 95% band that holds for all intervals at once). Dashed: {line}. Half-normal prior "
        f"of the change of its log over follow-up, scale {exact(found.scale)}.{shaded}"
    )


def _in_words(findings: Findings, found: RatioOverTime) -> str:
    """The lowest and the highest ratio, and the line."""
    least, most = int(np.argmin(found.median)), int(np.argmax(found.median))
    parts = [
        f"{name} {ratio(float(found.median[place]))} from {_bounds(findings, found, place)}"
        for name, place in (("lowest", least), ("highest", most))
    ]
    held = "held constant" if found.constant is not None else "on average"
    return f"Hazard ratio of {found.label} over time: {'; '.join(parts)}; {held} {ratio(_line(found).estimate)}."


def _bounds(findings: Findings, found: RatioOverTime, place: int) -> str:
    return f"{_interval(found, place)} {findings.analysis.time_unit}"


def _interval(found: RatioOverTime, place: int) -> str:
    """Bounds of an interval, in four digits."""
    return " to ".join(exact(float(f"{bound[place]:.4g}")) for bound in (found.start, found.end))


def _pair(counts: NDArray[np.int64]) -> str:
    return " / ".join(fixed(float(count), 0) for count in counts)


def table(findings: Findings, found: RatioOverTime) -> Table:
    """Every interval of one contrast, with both limits, under each prior of the change that was fitted."""
    same = [each for each in findings.over_time if each.label == found.label]
    rows = [
        (
            _interval(each, place),
            exact(each.scale),
            _pair(each.at_risk[:, place]),
            _pair(each.events[:, place]),
            f"{ratio(float(each.median[place]))} ({ratio(float(each.low[place]))} to {ratio(float(each.high[place]))})",
            f"{ratio(float(each.low_throughout[place]))} to {ratio(float(each.high_throughout[place]))}",
        )
        for each in same
        for place in range(len(each.start))
    ]
    heads = columns(
        f"Interval ({findings.analysis.time_unit})",
        numbers=("Prior scale", "At risk", "Events", "Hazard ratio (95% interval)", "95% band, all at once"),
    )
    order = f"At risk, at the start of the interval, and events: {found.group} / {found.reference}."
    notes = (order, *average_notes(same))
    return Table(f"Hazard ratio of {found.label} over time", heads, tuple(rows), notes)


def average_notes(same: list[RatioOverTime]) -> tuple[str, ...]:
    """The averages beside the constant ratio, under each prior of the change."""

    def told(value: Interval) -> str:
        return f"{ratio(value.estimate)} ({ratio(value.low)} to {ratio(value.high)})"

    held = [f"Held constant: {told(each.constant)}." for each in same[:1] if each.constant is not None]
    averages = [f"Average over the events, prior scale {exact(each.scale)}: {told(each.average)}." for each in same]
    return (*held, *averages)
