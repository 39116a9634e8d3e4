"""Figures of survival over time: Kaplan-Meier curves with posterior bands, and the prior predictive survival."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from bayesrefract.classical.agreement import SIMON_MAKUCH, GroupSummary
from bayesrefract.cohort.disclosure import NOT_SHOWN
from bayesrefract.findings import CurveBand, Findings
from bayesrefract.numerals import exact, fixed, percent
from bayesrefract.report.figures.curves import (
    FEW_AT_RISK,
    at_risk,
    draw_steps,
    end_of,
    given_start,
    group_look,
    not_shown,
    readable_times,
    survival_at,
    survival_rows,
)
from bayesrefract.report.figures.style import (
    BLUE,
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
    styled,
    time_ticks,
)
from bayesrefract.report.tables.table import Table, columns

LEFT, RIGHT = 0.72, 0.2
GROUP_HEIGHT, HEADING_HEIGHT = 0.36, 0.2
AXIS_HEIGHT = 0.5
TABLE_TIMES = 12
HIGH = 0.5
"""Share at the horizon from which there is more room under the curves than over them."""


@styled
def survival_figure(findings: Findings) -> Picture:
    """Kaplan-Meier curves over the posterior bands, the number at risk beneath.

    The table of numbers at risk names the groups and serves as the legend. The bands are omitted when the
    fit did not converge.
    """
    groups = findings.agreement.groups
    foot = HEADING_HEIGHT + GROUP_HEIGHT * len(groups)
    figure = new_figure(foot + AXIS_HEIGHT + 2.8)
    above = axes_at(figure, LEFT, foot + AXIS_HEIGHT, WIDTH - LEFT - RIGHT, 2.55)
    bands = {band.level: band for band in findings.curves} if findings.health.passed else {}
    end = end_of(findings)
    for place, group in enumerate(groups):
        if group.level in bands:
            _band(above, bands[group.level], group_look(place)[0])
        if not group.too_few:
            draw_steps(above, group.curve, end, place, findings.start.time)
    survival_axes(above, findings, end, curve_label(findings))
    _horizon(above, findings)
    below = axes_at(figure, LEFT, 0, WIDTH - LEFT - RIGHT, foot)
    number_at_risk(below, above, groups)
    with_bands = " over posterior survival (line: median, band: 95%)" if bands else "; the posterior is withheld"
    if findings.start.not_modelled:
        with_bands = f" ({findings.start.not_modelled})"
    caption = (
        f"{findings.agreement.curve_name} curves (steps){with_bands}, with the number at risk. Dashed: fewer than "
        f"{FEW_AT_RISK} patients at risk. The symbols only distinguish the curves."
        f"{given_start(findings)}{not_shown(findings)}"
    )
    times = readable_times(findings, list(above.get_xticks()), groups)
    heads = columns("Group", "Time", numbers=("At risk", findings.agreement.curve_name, "Posterior median (95% band)"))
    rows = survival_rows(groups, bands, times, findings.analysis.time_unit)
    table = Table(f"{curve_label(findings)} over time", heads, rows)
    return picture(figure, findings, "survival", caption, _in_words(findings, times, end), table)


def _in_words(findings: Findings, times: list[float], end: float) -> str:
    """Each group's survival at the horizon, or at the last time that every curve reaches."""
    groups, horizon = findings.agreement.groups, findings.analysis.endpoint.horizon
    reached = [time for time in times if all(time <= group.curve.times[-1] or group.too_few for group in groups)]
    time = horizon if horizon is not None and horizon <= end else reached[-1]
    shares = []
    for group in groups:
        if group.too_few:
            shares.append(f"{group.level} {NOT_SHOWN}")
            continue
        share = survival_at(group.curve, time)
        shares.append(f"{group.level} {'not followed so long' if share is None else percent(share)}")
    unit = findings.analysis.time_unit
    return f"{curve_label(findings)} over time per group. At {exact(time)} {unit}: {', '.join(shares)}."


@styled
def prior_figure(findings: Findings, survival: xr.DataArray) -> Picture:
    """Prior predictive survival: quantiles, dims (quantile, time)."""
    times, curves = survival["time"].values, survival.transpose("quantile", "time").values
    figure = new_figure(2.5)
    axes = axes_at(figure, LEFT, 0.55, WIDTH - LEFT - RIGHT, 1.7)
    for lower in range(len(curves) // 2):
        axes.fill_between(times, curves[lower], curves[-1 - lower], color=BLUE, alpha=0.18, linewidth=0)
    axes.plot(times, curves[len(curves) // 2], color=BLUE)
    survival_axes(axes, findings, times[-1])
    quantiles = survival["quantile"].values
    shares = [f"{100 * (quantiles[-1 - i] - quantiles[i]):.0f}%" for i in range(len(quantiles) // 2)]
    caption = f"Prior predictive survival, before the data (median; bands: {' and '.join(shares)})."
    ends = [percent(float(curve[-1])) for curve in (curves[len(curves) // 2], curves[0], curves[-1])]
    unit = findings.analysis.time_unit
    alt = (
        f"Prior predictive survival probability at {fixed(float(times[-1]), 1)} {unit}: median {ends[0]}, {shares[0]} "
        f"band from {ends[1]} to {ends[2]}."
    )
    kept = np.unique(np.linspace(0, len(times) - 1, TABLE_TIMES).round().astype(int))
    rows = tuple((f"{fixed(float(times[i]), 1)} {unit}", *(percent(float(c[i])) for c in curves)) for i in kept)
    heads = columns("Time", numbers=tuple(f"{exact(round(100 * q, 3))}% quantile" for q in quantiles))
    table = Table("Prior predictive survival probability", heads, rows)
    return picture(figure, findings, "prior", caption, alt, table)


def curve_label(findings: Findings) -> str:
    """What the curves of the groups are, in words."""
    changing = findings.agreement.curve_name == SIMON_MAKUCH
    return "Simon-Makuch estimate" if changing else "Survival probability"


def survival_axes(axes: Axes, findings: Findings, end: float, label: str = "Survival probability") -> None:
    """Axes of survival probability over the study's time, from where the curves start."""
    axes.set_xlim(findings.start.time, end)
    axes.set_ylim(0, 1.02)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "25%", "50%", "75%", "100%"])
    axes.xaxis.set_major_locator(time_ticks(findings.analysis.time_unit, end))
    axes.set_xlabel(f"Time ({findings.analysis.time_unit})")
    axes.set_ylabel(label)


def _band(axes: Axes, band: CurveBand, colour: str) -> None:
    axes.fill_between(band.times, band.low, band.high, color=colour, alpha=0.16, linewidth=0)
    axes.plot(band.times, band.median, color=colour, linewidth=0.8, alpha=0.7)


def _horizon(axes: Axes, findings: Findings) -> None:
    horizon = findings.analysis.endpoint.horizon
    if horizon is None or horizon > axes.get_xlim()[1]:
        return
    axes.axvline(horizon, color=FAINT, linewidth=1, linestyle=DOTTED)
    label = f"horizon {exact(horizon)} "
    curves = [survival_at(group.curve, horizon) for group in findings.agreement.groups]
    free_above = min(share for share in (*curves, 1.0) if share is not None) < HIGH
    y, align = (1.0, "top") if free_above else (0.03, "bottom")
    axes.text(horizon, y, label, ha="right", va=align, fontsize=SMALL, color=FAINT, rotation=90)


def number_at_risk(below: Axes, above: Axes, groups: tuple[GroupSummary, ...]) -> None:
    """One line with the group's name, colour and symbol, one with its numbers under the ticks."""
    below.set_axis_off()
    limits = above.get_xlim()
    below.set_xlim(limits)
    below.set_ylim(len(groups), -HEADING_HEIGHT / GROUP_HEIGHT)
    below.text(limits[0], -0.25, "Number at risk", va="center", fontsize=SMALL, color=FAINT)
    ticks = [tick for tick in above.get_xticks() if limits[0] <= tick <= limits[1]]
    inch = (limits[1] - limits[0]) / (WIDTH - LEFT - RIGHT)
    for row, group in enumerate(groups):
        colour, marker = group_look(row)
        y = row + 0.3
        below.plot(
            [limits[0] - 0.42 * inch, limits[0] - 0.12 * inch], [y] * 2, color=colour, linewidth=2.2, clip_on=False
        )
        below.plot([limits[0] - 0.27 * inch], [y], marker, color=colour, markersize=6, clip_on=False)
        below.text(limits[0], y, shorten(group.level, 48), va="center", fontsize=SMALL, weight="bold", color=INK)
        if group.too_few:
            below.text(limits[0], row + 0.72, NOT_SHOWN, va="center", fontsize=SMALL, color=FAINT)
            continue
        for tick in ticks:
            below.text(tick, row + 0.72, str(at_risk(group.curve, tick)), ha="center", va="center", fontsize=SMALL)
