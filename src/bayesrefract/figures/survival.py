"""Survival over time: Kaplan-Meier over the posterior, the predictive check, and what the prior expects."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from bayesrefract.crosscheck.agreement import GroupSummary, KaplanMeier
from bayesrefract.figures.style import (
    BAND,
    BLUE,
    FAINT,
    GROUP_COLOURS,
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
from bayesrefract.findings import CurveBand, Findings, PredictiveCheck
from bayesrefract.numerals import exact, p_value

FEW_AT_RISK = 5
LEFT, RIGHT = 0.72, 0.2
GROUP_HEIGHT, HEADING_HEIGHT = 0.36, 0.2
AXIS_HEIGHT = 0.5


@styled
def survival_figure(findings: Findings) -> Picture:
    """Kaplan-Meier curves over the posterior bands, the number at risk beneath.

    The table of numbers at risk names the groups, so that it is the legend too. Without trustworthy
    draws the bands are left out.
    """
    groups = findings.agreement.groups
    foot = HEADING_HEIGHT + GROUP_HEIGHT * len(groups)
    figure = new_figure(foot + AXIS_HEIGHT + 2.8)
    above = axes_at(figure, LEFT, foot + AXIS_HEIGHT, WIDTH - LEFT - RIGHT, 2.55)
    bands = {band.level: band for band in findings.curves} if findings.health.passed else {}
    for group, colour in zip(groups, _colours(len(groups)), strict=True):
        if group.level in bands:
            _band(above, bands[group.level], colour)
        _steps(above, group.curve, colour)
    end = max(group.curve.times[-1] for group in groups)
    _survival_axes(above, findings, end)
    _horizon(above, findings)
    below = axes_at(figure, LEFT, 0, WIDTH - LEFT - RIGHT, foot)
    _number_at_risk(below, above, groups)
    with_bands = " over posterior survival (line: median, band: 95%)" if bands else "; the posterior is withheld"
    caption = (
        f"Kaplan-Meier curves (steps){with_bands}, with the number at risk. "
        f"Dashed: fewer than {FEW_AT_RISK} patients at risk."
    )
    names = ", ".join(group.level for group in groups)
    alt = f"Event-free share over time in {findings.question.time_unit} for {names}, with the number at risk."
    return picture(figure, findings, "survival", caption, alt)


@styled
def predictive_figure(findings: Findings) -> Picture:
    """Observed Kaplan-Meier curve of each group over the band of replicated ones."""
    checks = findings.predictive
    rows = (len(checks) + 1) // 2
    height = 1.75
    figure = new_figure(rows * height + 0.55)
    width = (WIDTH - LEFT - RIGHT - 0.25) / 2
    for place, check in enumerate(checks):
        row, column = divmod(place, 2)
        bottom = 0.55 + (rows - 1 - row) * height
        axes = axes_at(figure, LEFT + column * (width + 0.25), bottom, width, height - 0.5)
        _check(axes, check, findings)
        if column:
            axes.tick_params(labelleft=False)
    figure.text((LEFT + width) / WIDTH, 0.03, f"Time ({findings.question.time_unit})", ha="center")
    caption = (
        "Predictive check: the observed Kaplan-Meier curve of each group (line) over 95% of the curves of "
        "patients replicated by the model. Small p: the model does not describe that group."
    )
    results = "; ".join(f"{check.level}: p {p_value(check.p)}" for check in checks)
    return picture(figure, findings, "predictive", caption, f"Observed and replicated survival per group. {results}.")


@styled
def prior_figure(findings: Findings, survival: xr.DataArray) -> Picture:
    """Survival that the priors alone expect: quantiles, dims (quantile, time)."""
    times, curves = survival["time"].values, survival.transpose("quantile", "time").values
    figure = new_figure(2.5)
    axes = axes_at(figure, LEFT, 0.55, WIDTH - LEFT - RIGHT, 1.7)
    for lower in range(len(curves) // 2):
        axes.fill_between(times, curves[lower], curves[-1 - lower], color=BLUE, alpha=0.18, linewidth=0)
    axes.plot(times, curves[len(curves) // 2], color=BLUE)
    _survival_axes(axes, findings, times[-1])
    quantiles = survival["quantile"].values
    shares = [f"{100 * (quantiles[-1 - i] - quantiles[i]):.0f}%" for i in range(len(quantiles) // 2)]
    caption = f"Survival expected by the priors alone, before the data (median; bands: {' and '.join(shares)})."
    return picture(figure, findings, "prior", caption, "Prior predictive survival over time, with wide bands.")


def _colours(count: int) -> list[str]:
    return [GROUP_COLOURS[place % len(GROUP_COLOURS)] for place in range(count)]


def _band(axes: Axes, band: CurveBand, colour: str) -> None:
    axes.fill_between(band.times, band.low, band.high, color=colour, alpha=0.16, linewidth=0)
    axes.plot(band.times, band.median, color=colour, linewidth=0.8, alpha=0.7)


def _steps(axes: Axes, curve: KaplanMeier, colour: str) -> None:
    """The product-limit curve; its end is dashed where few patients carry it."""
    first_few = few_from(curve)
    changes = np.flatnonzero(np.diff(curve.survival, prepend=2.0) != 0)
    keep = np.union1d(changes, [max(first_few - 1, 0), len(curve.times) - 1])
    times, survival = curve.times[keep], curve.survival[keep]
    solid = keep < first_few
    axes.step(times[solid], survival[solid], where="post", color=colour, linewidth=1.6)
    if not solid.all():
        thin = keep >= first_few - 1
        axes.step(times[thin], survival[thin], where="post", color=colour, linewidth=1.6, linestyle=(0, (2, 1.5)))


def few_from(curve: KaplanMeier) -> int:
    """First step of the curve's end at which fewer than `FEW_AT_RISK` are at risk, or its length.

    With delayed entry the risk set also starts small: only what comes after its maximum counts.
    """
    peak = int(np.argmax(curve.at_risk))
    few = np.flatnonzero(curve.at_risk[peak:] < FEW_AT_RISK)
    return peak + int(few[0]) if len(few) else len(curve.times)


def at_risk(curve: KaplanMeier, time: float) -> int:
    """Patients at risk just before a time."""
    place = int(np.searchsorted(curve.times, time, side="left"))
    return int(curve.at_risk[place]) if place < len(curve.times) else 0


def _survival_axes(axes: Axes, findings: Findings, end: float) -> None:
    axes.set_xlim(0, end)
    axes.set_ylim(0, 1.02)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "25%", "50%", "75%", "100%"])
    axes.xaxis.set_major_locator(time_ticks(findings.question.time_unit, end))
    axes.set_xlabel(f"Time ({findings.question.time_unit})")
    axes.set_ylabel("Event-free share")


def _horizon(axes: Axes, findings: Findings) -> None:
    horizon = findings.question.endpoint.horizon
    if horizon is None:
        return
    axes.axvline(horizon, color=FAINT, linewidth=1, linestyle=(0, (1, 2)))
    label = f"horizon {exact(horizon)} "
    axes.text(horizon, 1.0, label, ha="right", va="top", fontsize=SMALL, color=FAINT, rotation=90)


def _number_at_risk(below: Axes, above: Axes, groups: tuple[GroupSummary, ...]) -> None:
    """One line with the group's name and colour, one with its numbers under the ticks."""
    below.set_axis_off()
    limits = above.get_xlim()
    below.set_xlim(limits)
    below.set_ylim(len(groups), -HEADING_HEIGHT / GROUP_HEIGHT)
    below.text(0, -0.25, "Number at risk", va="center", fontsize=SMALL, color=FAINT)
    ticks = [tick for tick in above.get_xticks() if limits[0] <= tick <= limits[1]]
    for row, (group, colour) in enumerate(zip(groups, _colours(len(groups)), strict=True)):
        offset = -0.4 / (WIDTH - LEFT - RIGHT) * limits[1]
        below.plot([offset, offset * 0.35], [row + 0.3] * 2, color=colour, linewidth=2.2, clip_on=False)
        below.text(0, row + 0.3, shorten(group.level, 48), va="center", fontsize=SMALL, weight="bold", color=INK)
        for tick in ticks:
            below.text(tick, row + 0.72, str(at_risk(group.curve, tick)), ha="center", va="center", fontsize=SMALL)


def _check(axes: Axes, check: PredictiveCheck, findings: Findings) -> None:
    axes.fill_between(check.times, check.low, check.high, color=BAND, linewidth=0)
    axes.step(check.times, check.observed, where="post", color=BLUE, linewidth=1.4)
    axes.set_xlim(0, check.times[-1])
    axes.set_ylim(0, 1.02)
    axes.set_yticks([0, 0.5, 1], ["0", "50%", "100%"])
    axes.xaxis.set_major_locator(time_ticks(findings.question.time_unit, check.times[-1], most=4))
    axes.set_title(shorten(check.level, 26), loc="left", pad=4)
    axes.text(0.97, 0.92, f"p {p_value(check.p)}", transform=axes.transAxes, ha="right", va="top", fontsize=SMALL)
