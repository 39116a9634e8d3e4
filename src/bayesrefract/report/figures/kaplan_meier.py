"""Kaplan-Meier figure: curves with censoring marks, numbers at risk, medians and hazard ratios."""

from __future__ import annotations

import textwrap

import numpy as np
from matplotlib.axes import Axes

from bayesrefract.classical.agreement import GroupSummary
from bayesrefract.cohort.disclosure import NOT_SHOWN
from bayesrefract.findings import Findings
from bayesrefract.interval import Interval
from bayesrefract.numerals import ABSENT, p_value, ratio, span
from bayesrefract.report.figures.curves import (
    FEW_AT_RISK,
    GRID_STEPS,
    draw_steps,
    end_of,
    given_start,
    group_look,
    not_shown,
    readable_times,
    survival_rows,
)
from bayesrefract.report.figures.style import (
    FAINT,
    INK,
    SMALL,
    WIDTH,
    Picture,
    axes_at,
    new_figure,
    picture,
    shorten,
    styled,
)
from bayesrefract.report.figures.survival import (
    AXIS_HEIGHT,
    GROUP_HEIGHT,
    HEADING_HEIGHT,
    LEFT,
    RIGHT,
    curve_label,
    number_at_risk,
    survival_axes,
)
from bayesrefract.report.tables.table import Table, columns

LINE, WRAPPED = 0.21, 0.14
"""Inches of a line of text, and of each further line of its label."""
LABEL_WIDTH, LABEL_LINES = 34, 4
NOT_REACHED = "not reached"
LIMITS = "Limits of medians are log-log. R's default is log, so that a paper's limits may differ from these."


@styled
def kaplan_meier_figure(findings: Findings) -> Picture:
    """Kaplan-Meier figure in four parts: curves, numbers at risk, medians, and ratios with log-rank tests.

    `findings` are those of a model without covariates, whose Cox regression is unadjusted.
    """
    groups = findings.agreement.groups
    lines = [*_median_lines(findings), *_ratio_lines(findings)]
    foot = HEADING_HEIGHT + GROUP_HEIGHT * len(groups)
    text = sum(_height(label, heading) for label, _, heading in lines) + 0.6 * LINE
    figure = new_figure(text + foot + AXIS_HEIGHT + 2.8)
    above = axes_at(figure, LEFT, text + foot + AXIS_HEIGHT, WIDTH - LEFT - RIGHT, 2.55)
    end = end_of(findings)
    for place, group in enumerate(groups):
        if not group.too_few:
            draw_steps(above, group.curve, end, place, findings.start.time)
            _censored(above, group, end, place, findings.start.time)
    survival_axes(above, findings, end, curve_label(findings))
    number_at_risk(axes_at(figure, LEFT, text, WIDTH - LEFT - RIGHT, foot), above, groups)
    _write(axes_at(figure, 0, 0, WIDTH, text), lines)
    caption = (
        f"{findings.agreement.curve_name} curves with numbers at risk; short strokes: censored; dashed: fewer than "
        f"{FEW_AT_RISK} patients at risk. Medians with 95% log-log confidence limits, {_adjusted(findings)} hazard "
        f"ratios of Cox regression with 95% confidence intervals, two-group {_test(findings)} tests. A large p-value "
        "is absence of evidence, no more."
        f"{given_start(findings)}{not_shown(findings)}"
    )
    times = readable_times(findings, list(above.get_xticks()), groups)
    values = " ".join(f"{label}: {value}." for label, value, _ in lines if value)
    rows = tuple(row[:-1] for row in survival_rows(groups, {}, times, findings.analysis.time_unit))  # no posterior
    heads = columns("Group", "Time", numbers=("At risk", findings.agreement.curve_name))
    table = Table(f"{curve_label(findings)} over time", heads, rows, (values, LIMITS))
    return picture(
        figure, findings, "kaplan-meier", caption, f"{findings.agreement.curve_name} curves. {values}", table
    )


def _censored(axes: Axes, group: GroupSummary, end: float, place: int, start: float) -> None:
    """Censoring marks, on the grid of the curves, so that no patient's own time is shown."""
    curve, step = group.curve, (end - start) / GRID_STEPS
    if curve.censored is None:
        return
    times = start + np.unique(np.ceil((curve.times[curve.censored > 0] - start) / step)) * step
    shares = curve.survival[np.searchsorted(curve.times, times + step / 1000, side="right") - 1]
    axes.plot(times, shares, "|", color=group_look(place)[0], markersize=4, markeredgewidth=0.6)


def _median_lines(findings: Findings) -> list[tuple[str, str, bool]]:
    """Label, value, whether it is a heading."""
    unit = findings.analysis.time_unit
    heading = (f"Median ({unit}, 95% log-log CI)", "", True)
    groups = findings.agreement.groups
    medians = ((each.level, NOT_SHOWN if each.too_few else _median(each.median, findings)) for each in groups)
    return [heading, *((level, value, False) for level, value in medians)]


def _median(median: Interval, findings: Findings) -> str:
    unit = findings.analysis.time_unit
    if not findings.start.is_declared or findings.agreement.immortal:
        return ABSENT
    if median.estimate is None:
        return NOT_REACHED
    low, high = (NOT_REACHED if limit is None else span(limit, unit) for limit in (median.low, median.high))
    return f"{span(median.estimate, unit)} ({low} to {high})"


def _ratio_lines(findings: Findings) -> list[tuple[str, str, bool]]:
    p = {frozenset((each.group, each.reference)): each.p for each in findings.agreement.log_rank.pairs}
    lines = [(f"Hazard ratio, {_adjusted(findings)} (95% CI), {_test(findings)} p", "", True)]
    for each in findings.agreement.cox:
        low, high = each.limits()
        test = p.get(frozenset((each.group, each.reference)))
        tested = "" if test is None else f", p {p_value(test)}".replace("p <", "p < ")
        value = f"{ratio(each.hazard_ratio)} ({ratio(low)} to {ratio(high)}){tested}"
        lines.append((f"{each.group} vs {each.reference}", value, False))
    return lines


def _test(findings: Findings) -> str:
    return "Mantel-Byar" if findings.agreement.immortal else "log-rank"


def _adjusted(findings: Findings) -> str:
    return "adjusted" if findings.adjusted_for else "unadjusted"


def _wrapped(label: str, heading: bool) -> list[str]:
    """A heading stands alone in its line; a label leaves room for its value."""
    return [label] if heading else textwrap.wrap(shorten(label, LABEL_LINES * LABEL_WIDTH), LABEL_WIDTH)


def _height(label: str, heading: bool) -> float:
    return LINE + WRAPPED * (len(_wrapped(label, heading)) - 1)


def _write(axes: Axes, lines: list[tuple[str, str, bool]]) -> None:
    """Lines of text, in inches from above: a heading, or a label with its value at the right."""
    axes.set_axis_off()
    axes.set_xlim(0, WIDTH)
    axes.set_ylim(sum(_height(label, heading) for label, _, heading in lines) + 0.3 * LINE, -0.3 * LINE)
    y = 0.0
    for label, value, heading in lines:
        tall = _height(label, heading)
        text, colour = "\n".join(_wrapped(label, heading)), FAINT if heading else INK
        axes.text(0.12, y + tall / 2, text, va="center", fontsize=SMALL, color=colour, linespacing=1.1)
        axes.text(WIDTH - RIGHT, y + tall / 2, value, va="center", ha="right", fontsize=SMALL, color=INK)
        y += tall
