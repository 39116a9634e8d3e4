"""Kaplan-Meier curves as papers print them: steps and censoring marks, numbers at risk, medians and hazard ratios."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from bayesrefract.crosscheck.agreement import GroupSummary
from bayesrefract.figures.curves import GRID_STEPS, draw_steps, group_look, readable_times, survival_rows
from bayesrefract.figures.style import FAINT, INK, SMALL, WIDTH, Picture, axes_at, new_figure, picture, shorten, styled
from bayesrefract.figures.survival import (
    AXIS_HEIGHT,
    GROUP_HEIGHT,
    HEADING_HEIGHT,
    LEFT,
    RIGHT,
    number_at_risk,
    survival_axes,
)
from bayesrefract.findings import Findings
from bayesrefract.interval import Interval
from bayesrefract.numerals import p_value, ratio, span
from bayesrefract.table import Table, columns

LINE = 0.21
NOT_REACHED = "not reached"


@styled
def kaplan_meier_figure(findings: Findings) -> Picture:
    """The four-part figure of a paper: curves, numbers at risk, medians, and ratios with log-rank tests.

    `findings` are those of a model without covariates, whose Cox regression is unadjusted.
    """
    groups = findings.agreement.groups
    lines = [*_median_lines(findings), *_ratio_lines(findings)]
    foot = HEADING_HEIGHT + GROUP_HEIGHT * len(groups)
    text = LINE * (len(lines) + 0.6)
    figure = new_figure(text + foot + AXIS_HEIGHT + 2.8)
    above = axes_at(figure, LEFT, text + foot + AXIS_HEIGHT, WIDTH - LEFT - RIGHT, 2.55)
    end = max(float(group.curve.times[-1]) for group in groups)
    for place, group in enumerate(groups):
        draw_steps(above, group.curve, end, place)
        _censored(above, group, end, place)
    survival_axes(above, findings, end)
    number_at_risk(axes_at(figure, LEFT, text, WIDTH - LEFT - RIGHT, foot), above, groups)
    _write(axes_at(figure, 0, 0, WIDTH, text), lines)
    caption = (
        "Kaplan-Meier curves with numbers at risk; short strokes: censored. Medians with 95% log-log limits, "
        "unadjusted hazard ratios of Cox regression, two-group log-rank tests. A large p-value is no evidence that "
        "groups are alike."
    )
    times = readable_times(findings, list(above.get_xticks()), groups)
    heads = columns("Group", "Time", numbers=("At risk", "Kaplan-Meier", "Posterior median (95% band)"))
    table = Table("Event-free share over time", heads, survival_rows(groups, {}, times, findings.question.time_unit))
    alt = f"Kaplan-Meier curves. {' '.join(f'{label}: {value}.' for label, value, _ in lines if value)}"
    return picture(figure, findings, "kaplan-meier", caption, alt, table)


def _censored(axes: Axes, group: GroupSummary, end: float, place: int) -> None:
    """A short stroke where somebody leaves without the event, on the grid of the curves: nobody's own time is shown."""
    curve, step = group.curve, end / GRID_STEPS
    alone = np.flatnonzero(np.diff(curve.survival) == 0) + 1
    times = np.unique(np.ceil(curve.times[alone] / step)) * step
    shares = curve.survival[np.searchsorted(curve.times, times + step / 1000, side="right") - 1]
    axes.plot(times, shares, "|", color=group_look(place)[0], markersize=4, markeredgewidth=0.6)


def _median_lines(findings: Findings) -> list[tuple[str, str, bool]]:
    """Label, value, whether it is a heading."""
    unit = findings.question.time_unit
    heading = (f"Median ({unit}, 95% interval)", "", True)
    return [heading, *((group.level, _median(group.median, findings), False) for group in findings.agreement.groups)]


def _median(median: Interval, findings: Findings) -> str:
    unit = findings.question.time_unit
    if median.estimate is None:
        return NOT_REACHED
    low, high = (NOT_REACHED if limit is None else span(limit, unit) for limit in (median.low, median.high))
    return f"{span(median.estimate, unit)} ({low} to {high})"


def _ratio_lines(findings: Findings) -> list[tuple[str, str, bool]]:
    p = {frozenset((each.group, each.reference)): each.p for each in findings.agreement.log_rank.pairs}
    lines = [("Hazard ratio, unadjusted (95% interval), log-rank p", "", True)]
    for each in findings.agreement.cox:
        low, high = each.limits()
        test = p.get(frozenset((each.group, each.reference)))
        tested = "" if test is None else f", p {p_value(test)}".replace("p <", "p < ")
        value = f"{ratio(each.hazard_ratio)} ({ratio(low)} to {ratio(high)}){tested}"
        lines.append((f"{each.group} vs {each.reference}", value, False))
    return lines


def _write(axes: Axes, lines: list[tuple[str, str, bool]]) -> None:
    """Lines of text: a heading, or a label with its value at the right."""
    axes.set_axis_off()
    axes.set_xlim(0, WIDTH)
    axes.set_ylim(len(lines) + 0.3, -0.3)
    for row, (label, value, heading) in enumerate(lines):
        colour, weight = (FAINT, "normal") if heading else (INK, "normal")
        axes.text(0.12, row + 0.5, shorten(label, 60), va="center", fontsize=SMALL, color=colour, weight=weight)
        axes.text(WIDTH - RIGHT, row + 0.5, value, va="center", ha="right", fontsize=SMALL, color=INK)
