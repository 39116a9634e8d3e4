"""Figures of the model's assumptions: log-log curves for proportional hazards, and the posterior predictive check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullFormatter, NullLocator
from matplotlib.transforms import blended_transform_factory
from numpy.typing import NDArray

from bayesrefract.classical.agreement import ProportionalHazards
from bayesrefract.cohort.disclosure import NOT_SHOWN
from bayesrefract.findings import Findings, PredictiveCheck
from bayesrefract.numerals import ABSENT, exact, fixed, p_value
from bayesrefract.report.figures.curves import (
    FEW_AT_RISK,
    end_of,
    few_from,
    given_start,
    group_look,
    not_shown,
    on_grid,
    survival_at,
)
from bayesrefract.report.figures.style import (
    BAND,
    BLUE,
    FAINT,
    SMALL,
    WIDTH,
    Picture,
    axes_at,
    new_figure,
    picture,
    shorten,
    styled,
    time_ticks,
)
from bayesrefract.report.tables.table import Table, columns
from bayesrefract.study.study import TimeUnit

LEFT, RIGHT = 0.72, 0.2
LEGEND_LINE = 0.22
SHORTEST = 20
"""Part of follow-up at which log time starts: before one part in twenty there are too few events to show a slope."""
ROUND_HAZARDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)
ROUND_STEPS = (1, 1.5, 2, 3, 5, 7)
TABLE_TIMES = 10
CHECK_TIMES = 6


@styled
def log_log_figure(findings: Findings) -> Picture:
    """Cumulative hazard of each group on log axes; under proportional hazards the curves are parallel."""
    groups = findings.agreement.groups
    foot = 0.6 + LEGEND_LINE * len(groups)
    figure = new_figure(foot + 2.4)
    axes = axes_at(figure, LEFT, foot, WIDTH - LEFT - RIGHT, 2.1)
    end = end_of(findings)
    reached: list[float] = []
    ends: dict[str, str | None] = {}
    for place, group in enumerate(groups):
        times, survival, few = on_grid(group.curve, end, findings.start.time)
        drawn = (survival > 0) & (survival < 1) & (times >= end / SHORTEST) & ~few
        hazard = -np.log(survival[drawn])
        colour, marker = group_look(place)
        axes.step(times[drawn], hazard, where="post", color=colour, linewidth=1.5)
        marked = np.searchsorted(times[drawn], np.geomspace(end / SHORTEST, end, 8)[1:-1] * (1 + 0.03 * place))
        marked = np.unique(marked[marked < drawn.sum()])
        axes.plot(times[drawn][marked], hazard[marked], marker, color=colour, markersize=4)
        y = (foot - 0.55 - LEGEND_LINE * (place + 0.4)) / figure.get_figheight()
        axes.plot([-0.05], [y], marker, color=colour, markersize=6, transform=_over_figure(axes), clip_on=False)
        figure.text(LEFT / WIDTH, y, shorten(group.level, 48), va="center", fontsize=SMALL, weight="bold")
        reached += hazard.tolist()
        ends[group.level] = _last(times[drawn], hazard, findings.analysis.time_unit)
    small = [group.level for group in groups if group.too_few]
    ends = {level: last for level, last in ends.items() if level not in small}
    _log_axes(axes, findings, end, reached)
    if not reached:
        axes.text(0.5, 0.5, "no curve can be drawn", transform=axes.transAxes, ha="center", color=FAINT)
    test = _schoenfeld(findings.agreement.proportional_hazards)
    caption = (
        f"Cumulative hazard of each group ({findings.agreement.curve_name}) on log axes: where hazards are "
        f"proportional, the curves are parallel. {test} Only where at least {FEW_AT_RISK} patients are at "
        f"risk{_without_curve(ends)}.{given_start(findings)}{not_shown(findings)}"
    )
    values = ", ".join(f"{level} {end or 'no curve'}" for level, end in ends.items())
    alt = f"Cumulative hazard over time per group on log axes; at its end: {values}. {test}"
    return picture(figure, findings, "log-log", caption, alt, _hazard_table(findings, end))


@styled
def predictive_figure(findings: Findings) -> Picture:
    """Posterior predictive check: observed Kaplan-Meier curve of each group over the band of replicated ones."""
    checks = findings.predictive
    rows = (len(checks) + 1) // 2
    height = 1.75
    figure = new_figure(rows * height + 0.65)
    width = (WIDTH - LEFT - RIGHT - 0.25) / 2
    for place, check in enumerate(checks):
        row, column = divmod(place, 2)
        bottom = 0.55 + (rows - 1 - row) * height
        axes = axes_at(figure, LEFT + column * (width + 0.25), bottom, width, height - 0.5)
        _check(axes, check, findings.analysis.time_unit)
        if column:
            axes.tick_params(labelleft=False)
    unit = findings.analysis.time_unit
    figure.text((LEFT + width) / WIDTH, 0.03, f"Time ({unit})", ha="center")
    caption = (
        "Posterior predictive check: observed Kaplan-Meier curve of each group (line) over the 95% band of curves "
        "replicated by the model. Small p: the model does not fit that group."
    )
    results = "; ".join(f"{check.level}: p {p_value(check.p)}" for check in checks)
    return picture(
        figure,
        findings,
        "predictive",
        caption,
        f"Observed and replicated survival per group. {results}.",
        _check_table(checks, unit),
    )


def _last(times: NDArray[np.float64], hazard: NDArray[np.float64], unit: TimeUnit) -> str | None:
    """Last value of a group's curve; None where there is none."""
    return f"{fixed(float(hazard[-1]), 3)} at {fixed(float(times[-1]), 1)} {unit}" if len(hazard) else None


def _without_curve(ends: Mapping[str, str | None]) -> str:
    """The groups without a curve, for the caption."""
    missing = [level for level, end in ends.items() if end is None]
    return f"; no curve, too few events: {', '.join(missing)}" if missing else ""


def _over_figure(axes: Axes) -> Any:
    """Across in shares of the axes, up in shares of the figure."""
    figure = axes.get_figure()
    assert figure is not None
    return blended_transform_factory(axes.transAxes, figure.transFigure)


def _log_axes(axes: Axes, findings: Findings, end: float, hazards: list[float]) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(end / SHORTEST, end)
    low, high = (min(hazards), max(hazards)) if hazards else (0.01, 1.0)
    axes.set_ylim(low / 1.15, high * 1.15)
    axes.set_yticks([each for each in ROUND_HAZARDS if low / 1.15 <= each <= high * 1.15])
    decade = 10.0 ** np.arange(-2, 6)
    ticks = [step * ten for ten in decade for step in ROUND_STEPS if end / SHORTEST <= step * ten <= end]
    axes.set_xticks(_apart(ticks))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: exact(round(value, 6))))
        axis.set_minor_locator(NullLocator())
        axis.set_minor_formatter(NullFormatter())
    axes.set_xlabel(f"Time ({findings.analysis.time_unit}), log axis")
    axes.set_ylabel("Cumulative hazard, log")


def _apart(ticks: list[float]) -> list[float]:
    """Ticks whose labels do not overlap."""
    kept: list[float] = []
    for tick in ticks:
        if not kept or np.log(tick / kept[-1]) >= np.log(SHORTEST) / 7:
            kept.append(tick)
    return kept


def _schoenfeld(test: ProportionalHazards) -> str:
    pairs = "".join(
        f" {each.group} vs {each.reference}: "
        + (f"none, {each.method.rstrip('.')}." if each.p is None else f"p {p_value(each.p)}.")
        for each in test.judged
    )
    if test.p is None:
        return f"No Schoenfeld test: {test.method.rstrip('.')}.{pairs}"
    return f"Schoenfeld test of proportional hazards over all groups: p {p_value(test.p)}.{pairs}"


def _hazard_table(findings: Findings, end: float) -> Table:
    unit = findings.analysis.time_unit
    rows = []
    for group in findings.agreement.groups:
        if group.too_few:
            rows.append((group.level, ABSENT, NOT_SHOWN))
            continue
        first_few = few_from(group.curve)
        last = group.curve.times[max(first_few - 1, 0)] if first_few < len(group.curve.times) else end
        for time in np.linspace(findings.start.time, end, TABLE_TIMES + 1)[1:]:
            share = survival_at(group.curve, float(time)) if time <= last else None
            hazard = None if share is None or share <= 0 else -float(np.log(share))
            rows.append(
                (group.level, f"{fixed(float(time), 1)} {unit}", ABSENT if hazard is None else fixed(hazard, 3))
            )
    test = findings.agreement.proportional_hazards
    terms = tuple(f"{term}: p {p_value(p)}." for term, p in test.by_term) if len(test.by_term) > 1 else ()
    heads = columns("Group", "Time", numbers=("Cumulative hazard",))
    return Table("Cumulative hazard by group", heads, tuple(rows), (_schoenfeld(test), *terms))


def _check(axes: Axes, check: PredictiveCheck, unit: TimeUnit) -> None:
    axes.fill_between(check.times, check.low, check.high, color=BAND, linewidth=0)
    axes.step(check.times, check.observed, where="post", color=BLUE, linewidth=1.4)
    axes.set_xlim(check.times[0], check.times[-1])
    axes.set_ylim(0, 1.02)
    axes.set_yticks([0, 0.5, 1], ["0", "50%", "100%"])
    axes.xaxis.set_major_locator(time_ticks(unit, check.times[-1], most=4))
    axes.set_title(shorten(check.level, 26), loc="left", pad=4)
    axes.text(0.05, 0.08, f"p {p_value(check.p)}", transform=axes.transAxes, fontsize=SMALL)


def _check_table(checks: Sequence[PredictiveCheck], unit: TimeUnit) -> Table:
    rows = []
    for check in checks:
        kept = np.unique(np.linspace(0, len(check.times) - 1, CHECK_TIMES).round().astype(int))
        for i in kept:
            observed, low, high = (fixed(100 * float(each[i]), 1) for each in (check.observed, check.low, check.high))
            rows.append(
                (check.level, f"{fixed(float(check.times[i]), 1)} {unit}", f"{observed}%", f"{low}% to {high}%")
            )
    heads = columns("Group", "Time", numbers=("Observed", "95% of replicated"))
    return Table("Observed and replicated survival", heads, tuple(rows))
