"""Hazard ratios on a log axis: the posterior over the ROPE, and the forest of contrasts and models."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import NullFormatter, NullLocator
from numpy.typing import NDArray
from scipy.stats import gaussian_kde

from bayesrefract.counterparts import counterpart
from bayesrefract.equivalence import Verdict, VerdictWord
from bayesrefract.figures.style import (
    BAND,
    BLUE,
    FAINT,
    GREEN,
    INK,
    ORANGE,
    SMALL,
    WIDTH,
    Picture,
    axes_at,
    new_figure,
    picture,
    shorten,
    slug,
    styled,
)
from bayesrefract.findings import Findings
from bayesrefract.numerals import declared_ratio, exact, mass, ratio
from bayesrefract.study import Contrast, Estimand

ROUND_RATIOS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.33, 0.5, 0.67, 0.8, 1, 1.25, 1.5, 2, 3, 5, 10, 20, 50, 100)
ROW, LABELS, VALUES = 0.3, 1.12, 1.22
GRID_POINTS = 240


@styled
def density_figure(findings: Findings, verdict: Verdict) -> Picture:
    """Posterior density of one hazard ratio, shaded below, inside and above the ROPE.

    Raises ValueError for a withheld verdict, whose posterior is not shown, or another estimand.
    """
    if verdict.word is VerdictWord.WITHHELD or verdict.estimand is not Estimand.HAZARD_RATIO:
        raise ValueError("only a hazard ratio's posterior with a verdict is drawn")
    label = Contrast(verdict.group, verdict.reference).label
    draws = findings.log_hazard_ratio.sel(contrast=label).values.ravel()
    figure = new_figure(3.05)
    axes = axes_at(figure, 0.2, 0.6, WIDTH - 0.4, 1.75)
    _shaded_density(axes, draws, verdict)
    low, high = np.exp(np.quantile(draws, [0.0005, 0.9995]))
    _ratio_axis(axes, min(low, verdict.rope.low / 1.05), max(high, verdict.rope.high * 1.05))
    axes.set_xlabel(f"Hazard ratio, {shorten(label, 48)}")
    _three_masses(axes, verdict)
    cox = counterpart(findings, verdict).cox
    _interval_bar(axes, -0.06, verdict.median, verdict.eti95, BLUE, filled=True)
    if cox is not None:
        _interval_bar(axes, -0.13, cox.hazard_ratio, cox.limits(), ORANGE, filled=False)
    rope = f"{declared_ratio(verdict.rope.low)} to {declared_ratio(verdict.rope.high)}"
    caption = (
        f"Posterior of the hazard ratio of {label} over the ROPE {rope} (shaded by place). Beneath: posterior "
        "median and 95% interval (filled), Cox regression (open)."
    )
    alt = (
        f"Density of the hazard ratio of {label}: probability {mass(verdict.p_below, verdict.ess_bulk)} below, "
        f"{mass(verdict.p_inside, verdict.ess_bulk)} inside and {mass(verdict.p_above, verdict.ess_bulk)} above "
        f"the ROPE {rope}."
    )
    return picture(figure, findings, f"ratio-{slug(f'{verdict.group}/{verdict.reference}')}", caption, alt)


@styled
def forest_figure(made: Sequence[Findings]) -> Picture:
    """All contrasts under all models of one question, posterior and Cox beside each other."""
    rows = [(contrast, each, _primary(each, contrast)) for contrast in made[0].question.contrasts for each in made]
    drawn = [(contrast, each, verdict) for contrast, each, verdict in rows if verdict is not None]
    headings = list(dict.fromkeys(contrast for contrast, _, _ in drawn))
    height = ROW * (len(drawn) + 1.1 * len(headings)) + 0.1
    figure = new_figure(height + 0.95)
    axes = axes_at(figure, LABELS, 0.6, WIDTH - LABELS - VALUES, height)
    axes.set_ylim(height / ROW, 0)
    limits: list[float] = []
    y = 0.1
    for contrast in headings:
        axes.text(
            -LABELS / (WIDTH - LABELS - VALUES) + 0.02,
            y + 0.6,
            shorten(contrast.label, 60),
            weight="bold",
            transform=axes.get_yaxis_transform(),
            va="center",
            fontsize=9,
        )
        y += 1.1
        for _, each, verdict in (row for row in drawn if row[0] == contrast):
            limits += _forest_row(axes, y + 0.5, each, verdict)
            y += 1
    _finish_forest(axes, [verdict for _, _, verdict in drawn], limits)
    caption = (
        "Hazard ratios under every declared model: posterior median and 95% interval (filled circle), Cox regression "
        "with the same covariates (open square). Grey band: ROPE. Withheld posteriors are not drawn."
    )
    alt = f"Forest plot of {len(headings)} contrasts under {len(made)} models; the numbers are in the tables."
    return picture(figure, made[0], "forest", caption, alt)


def ratio_ticks(low: float, high: float) -> list[float]:
    """Round hazard ratios within limits that leave room for their labels."""
    room = np.log(high / low) / 7
    ticks: list[float] = [1.0] if low <= 1 <= high else []
    for value in sorted(ROUND_RATIOS, key=lambda each: abs(np.log(each))):
        if low <= value <= high and all(abs(np.log(value / tick)) >= room for tick in ticks):
            ticks.append(value)
    return sorted(ticks)


def _primary(findings: Findings, contrast: Contrast) -> Verdict | None:
    pair = (contrast.group, contrast.reference, Estimand.HAZARD_RATIO, "primary")
    return next((v for v in findings.verdicts if (v.group, v.reference, v.estimand, v.rope.role) == pair), None)


def _shaded_density(axes: Axes, draws: NDArray[np.float64], verdict: Verdict) -> None:
    spread = np.ptp(draws) * 0.05
    grid = np.linspace(draws.min() - spread, draws.max() + spread, GRID_POINTS)
    bounds = np.log([verdict.rope.low, verdict.rope.high])
    grid = np.union1d(grid, bounds)
    density = gaussian_kde(draws)(grid)
    density /= density.max()
    parts = (grid <= bounds[0], (grid >= bounds[0]) & (grid <= bounds[1]), grid >= bounds[1])
    for part, colour in zip(parts, (BLUE, GREEN, ORANGE), strict=True):
        axes.fill_between(np.exp(grid[part]), density[part], color=colour, alpha=0.45, linewidth=0)
    axes.plot(np.exp(grid), density, color=INK, linewidth=1)
    for bound in np.exp(bounds):
        axes.axvline(bound, color=FAINT, linewidth=1, linestyle=(0, (3, 2)))
    axes.set_ylim(-0.2, 1.08)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)


def _three_masses(axes: Axes, verdict: Verdict) -> None:
    shares = (("below", verdict.p_below), ("inside", verdict.p_inside), ("above", verdict.p_above))
    for (name, share), place, align, colour in zip(
        shares, (0.0, 0.5, 1.0), ("left", "center", "right"), (BLUE, GREEN, ORANGE), strict=True
    ):
        axes.text(
            place,
            1.06,
            f"P({name}) {mass(share, verdict.ess_bulk)}",
            transform=axes.transAxes,
            ha=align,
            color=colour,
            weight="bold",
        )


def _interval_bar(
    axes: Axes, y: float, estimate: float, limits: tuple[float, float], colour: str, *, filled: bool
) -> None:
    axes.plot(limits, [y, y], color=colour, linewidth=1.5, solid_capstyle="butt")
    face = colour if filled else "none"
    axes.plot([estimate], [y], "o" if filled else "s", color=colour, markerfacecolor=face, markersize=4.5)


def _forest_row(axes: Axes, y: float, findings: Findings, verdict: Verdict) -> list[float]:
    """One model's row; returns the ratios that the axis must hold."""
    width = WIDTH - LABELS - VALUES
    side = axes.get_yaxis_transform()
    axes.text(-LABELS / width + 0.06, y, shorten(findings.plan.name, 16), transform=side, va="center", fontsize=SMALL)
    shown: list[float] = []
    if verdict.word is VerdictWord.WITHHELD:
        text = "withheld"
    else:
        low, high = verdict.eti95
        text = f"{ratio(verdict.median)} ({ratio(low)}–{ratio(high)})"
        _interval_bar(axes, y - 0.14, verdict.median, verdict.eti95, BLUE, filled=True)
        shown += [low, high]
    axes.text(1.03, y, text, transform=side, va="center", fontsize=SMALL)
    cox = counterpart(findings, verdict).cox
    if cox is not None:
        _interval_bar(axes, y + 0.18, cox.hazard_ratio, cox.limits(), ORANGE, filled=False)
        shown += cox.limits()
    return shown


def _finish_forest(axes: Axes, verdicts: Sequence[Verdict], limits: list[float]) -> None:
    for low, high in dict.fromkeys((verdict.rope.low, verdict.rope.high) for verdict in verdicts):
        axes.axvspan(low, high, color=BAND, linewidth=0, zorder=0)
        limits += [low, high]
    axes.axvline(1, color=FAINT, linewidth=0.8)
    finite = [limit for limit in limits if 0.01 <= limit <= 100]
    _ratio_axis(axes, min(finite) / 1.06, max(finite) * 1.06)
    axes.set_xlabel("Hazard ratio")
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)


def _ratio_axis(axes: Axes, low: float, high: float) -> None:
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    ticks = ratio_ticks(low, high)
    axes.set_xticks(ticks, [exact(tick) for tick in ticks])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_minor_formatter(NullFormatter())
