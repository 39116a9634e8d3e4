"""Prior and posterior density of one hazard ratio over the ROPE, and P(inside) against the width of the ROPE."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import NullFormatter, NullLocator
from numpy.typing import NDArray
from scipy.stats import gaussian_kde, norm

from bayesrefract.decision import Verdict, VerdictWord
from bayesrefract.findings import Findings, counterpart
from bayesrefract.model.priors import GroupPrior, overlap, resolve_group_prior
from bayesrefract.numerals import declared_ratio, exact, mass, probability, ratio
from bayesrefract.report.figures.ratios import (
    PLACE_COLOURS,
    PLACES,
    interval_bar,
    ratio_axis,
    ratio_ticks,
    rope_text,
    shade_by_place,
    write_masses,
)
from bayesrefract.report.figures.style import (
    BLUE,
    DASHED,
    DOTTED,
    FAINT,
    GREEN,
    INK,
    ORANGE,
    PAPER,
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
from bayesrefract.report.tables.table import Table, columns
from bayesrefract.report.words import quantity as quantity_of
from bayesrefract.report.words import range_text
from bayesrefract.study.rope import Estimand, RuleName, Side
from bayesrefract.study.study import Contrast

GRID_POINTS = 200
WIDEST = 6.0
LABEL_ROOM = 0.06
"""Share of the axis that an upright label takes."""
PATCH = {"facecolor": PAPER, "edgecolor": "none", "pad": 1.5}
QUANTILES = (0.005, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975, 0.995)
WIDTHS = (1.05, 1.1, 1.15, 1.2, 1.25, 1.3, 1.4, 1.5, 1.75, 2.0, 2.5, 3.0)


@styled
def density_figure(findings: Findings, verdict: Verdict) -> Picture:
    """Posterior density of one hazard ratio, shaded below, inside and above the ROPE.

    Raises ValueError for a withheld verdict, whose posterior is not shown, or another estimand.
    """
    draws, label = _draws(findings, verdict), _label(verdict)
    figure = new_figure(3.05)
    axes = axes_at(figure, 0.2, 0.6, WIDTH - 0.4, 1.75)
    bounds = np.log([verdict.rope.low, verdict.rope.high])
    spread = np.ptp(draws) * 0.05
    grid = np.union1d(np.linspace(draws.min() - spread, draws.max() + spread, GRID_POINTS), bounds)
    density = gaussian_kde(draws)(grid)
    shade_by_place(axes, grid, density / density.max(), bounds.tolist())
    axes.set_ylim(-0.2, 1.08)
    low, high = np.exp(np.quantile(draws, [0.0005, 0.9995]))
    ratio_axis(axes, min(low, verdict.rope.low / 1.05), max(high, verdict.rope.high * 1.05))
    axes.set_xlabel(f"Hazard ratio, {shorten(label, 52)}", fontsize=SMALL)
    masses = _masses(verdict)
    write_masses(axes, masses)
    cox = counterpart(findings, verdict).cox
    interval_bar(axes, -0.06, verdict.median, verdict.eti95, BLUE, filled=True)
    if cox is not None:
        interval_bar(axes, -0.13, cox.hazard_ratio, cox.limits(), ORANGE, filled=False)
    classical = "" if cox is None else ", Cox regression with 95% confidence interval (open square)"
    caption = (
        f"Posterior of the hazard ratio of {label} over the ROPE {rope_text(verdict)} (shaded by place). Beneath: "
        f"posterior median and 95% credible interval (filled circle){classical}."
    )
    low, high = verdict.eti95
    alt = (
        f"Density of the hazard ratio of {label}, median {ratio(verdict.median)}, 95% credible interval {ratio(low)} "
        f"to {ratio(high)}: probability {masses[0]} below, {masses[1]} inside and {masses[2]} above the ROPE "
        f"{rope_text(verdict)}."
    )
    name = f"ratio-{slug(f'{verdict.group}/{verdict.reference}')}"
    return picture(figure, findings, name, caption, alt, _quantiles_table(draws, verdict))


@styled
def rope_width_figure(findings: Findings, verdict: Verdict) -> Picture:
    """Posterior probability inside every ROPE (1/m, m), with the declared one marked.

    For a one-sided rule: of not crossing each margin. Raises ValueError as `density_figure` does.
    """
    draws, label, side = _draws(findings, verdict), _label(verdict), verdict.side
    declared = declared_width(verdict)
    end = _widest(declared, verdict.smallest_rope)
    widths = np.geomspace(1.0, end, GRID_POINTS)
    shares = inside_by_width(draws, widths, side)
    figure = new_figure(2.9)
    axes = axes_at(figure, 0.72, 0.6, WIDTH - 0.92, 2.0)
    axes.plot(widths, shares, color=GREEN, linewidth=1.8)
    axes.plot([declared], [_kept(verdict)], "o", color=INK, markersize=6)
    text = f"declared: {mass(_kept(verdict), verdict.ess_bulk)}"
    axes.annotate(text, (declared, _kept(verdict)), (7, -14), textcoords="offset points", weight="bold", bbox=PATCH)
    _just_accepted(axes, verdict.smallest_rope, end)
    if verdict.rule.name is RuleName.PROBABILITY and verdict.rule.threshold is not None:
        axes.axhline(verdict.rule.threshold, color=FAINT, linewidth=1, linestyle=DASHED)
    axes.set_xscale("log")
    axes.set_xlim(1.0, end)
    ticks = [tick for tick in ratio_ticks(1.0, end) if tick <= 0.99 * end]
    axes.set_xticks(ticks, [_range_label(tick, side) for tick in ticks])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_ylim(0, 1.03)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "0.25", "0.50", "0.75", "1"])
    axes.set_ylabel("P(inside)" if side is Side.TWO_SIDED else "P(margin not crossed)")
    axes.set_xlabel("ROPE of the hazard ratio" if side is Side.TWO_SIDED else "Margin of the hazard ratio")
    return picture(
        figure,
        findings,
        f"width-{slug(f'{verdict.group}/{verdict.reference}')}",
        *_width_words(verdict, label, marked=verdict.smallest_rope <= end),
        _width_table(draws, verdict),
    )


@styled
def prior_ratio_figure(findings: Findings, verdict: Verdict) -> Picture | None:
    """Prior density of the hazard ratio, with its mass inside the ROPE.

    None where the prior is flat, or is not one of the ratio itself.
    """
    analysis = findings.analysis
    prior = resolve_group_prior(findings.model.priors, analysis.rope(Estimand.HAZARD_RATIO))
    if prior.flat or findings.model.baseline.by_group or verdict.estimand is not Estimand.HAZARD_RATIO:
        return None
    shared = overlap(Contrast(verdict.group, verdict.reference), analysis.primary)
    bounds = np.log([verdict.rope.low, verdict.rope.high])
    edge = max(3 * max(*prior.sds, prior.rest_sd) + max(map(abs, prior.locations)), 1.2 * float(np.abs(bounds).max()))
    grid = np.union1d(np.linspace(-edge, edge, GRID_POINTS), bounds)
    density = _prior_density(prior, grid, shared)
    figure = new_figure(2.55)
    axes = axes_at(figure, 0.2, 0.6, WIDTH - 0.4, 1.3)
    shade_by_place(axes, grid, density / density.max(), bounds.tolist())
    axes.set_ylim(0, 1.08)
    ratio_axis(axes, float(np.exp(-edge)), float(np.exp(edge)))
    axes.set_xlabel("Hazard ratio, before the data")
    inside = prior.mass_inside(verdict.rope.low, verdict.rope.high, shared)
    below = prior.mass_inside(0.0 + 1e-300, verdict.rope.low, shared)
    masses = (below, inside, None if inside is None or below is None else 1 - inside - below)
    texts = [probability(each) for each in masses]
    write_masses(axes, texts)
    label = _label(verdict)
    caption = f"Prior of the hazard ratio of {label}, shaded by the ROPE {rope_text(verdict)}: {prior.describe()}."
    alt = (
        f"Before the data, the hazard ratio of {label} had probability {texts[0]} of lying below, {texts[1]} inside "
        f"and {texts[2]} above the ROPE {rope_text(verdict)}."
    )
    rows = tuple(zip(("Below the ROPE", "Inside the ROPE", "Above the ROPE"), texts, strict=True))
    table = Table(f"Prior of the hazard ratio of {label}", columns("Place", numbers=("Prior probability",)), rows)
    return picture(figure, findings, "prior-ratio", caption, alt, table)


def inside_by_width(draws: NDArray[np.float64], widths: NDArray[np.float64], side: Side) -> NDArray[np.float64]:
    """Share of log ratios inside (1/m, m) for each m; one-sided: on the tolerated side of m, or of 1/m."""
    harm = {Side.TWO_SIDED: np.abs(draws), Side.ABOVE: draws, Side.BELOW: -draws}[side]
    return np.searchsorted(np.sort(harm), np.log(widths), side="right") / draws.size


def declared_width(verdict: Verdict) -> float:
    """The m of the declared ROPE; of one that is not symmetric, that of its width."""
    if verdict.side is Side.ABOVE:
        return verdict.rope.high
    return 1 / verdict.rope.low if verdict.side is Side.BELOW else float(np.sqrt(verdict.rope.high / verdict.rope.low))


def _widest(declared: float, smallest: float) -> float:
    """End of the axis: right of the declared width there is room for its label."""
    accepted = 1.1 * smallest if np.isfinite(smallest) else 1.0
    return float(min(max(1.5, declared**1.7, accepted), max(WIDEST, declared**1.3)))


def _just_accepted(axes: Axes, smallest: float, end: float) -> None:
    """The narrowest accepted width, named on the side of its line where there is room; nothing beyond the axis."""
    if smallest > end:
        return
    axes.axvline(smallest, color=FAINT, linewidth=1, linestyle=DOTTED)
    side = "left" if np.log(smallest) < LABEL_ROOM * np.log(end) else "right"
    axes.text(smallest, 0.02, " just accepted", fontsize=SMALL, color=FAINT, rotation=90, ha=side)


def _draws(findings: Findings, verdict: Verdict) -> NDArray[np.float64]:
    if verdict.word is VerdictWord.WITHHELD or verdict.estimand is not Estimand.HAZARD_RATIO:
        raise ValueError("only a hazard ratio's posterior with a verdict is drawn")
    draws: NDArray[np.float64] = findings.log_hazard_ratio.sel(contrast=_label(verdict)).values.ravel()
    return draws


def _label(verdict: Verdict) -> str:
    return Contrast(verdict.group, verdict.reference).label


def _masses(verdict: Verdict) -> list[str]:
    return [mass(share, verdict.ess_bulk) for share in (verdict.p_below, verdict.p_inside, verdict.p_above)]


def _kept(verdict: Verdict) -> float:
    """Probability inside the ROPE, or for a one-sided rule of not crossing the margin."""
    beyond = {Side.TWO_SIDED: 1 - verdict.p_inside, Side.ABOVE: verdict.p_above, Side.BELOW: verdict.p_below}
    return 1 - beyond[verdict.side]


def _prior_density(prior: GroupPrior, grid: NDArray[np.float64], shared: float) -> NDArray[np.float64]:
    """Density of a pair's log ratio; `shared` as in `GroupPrior.mass_inside`."""
    spread = prior.rest_sd**2 * (1 - shared**2)
    parts = [
        norm.pdf(grid, shared * location, np.sqrt((shared * sd) ** 2 + spread))
        for location, sd in zip(prior.locations, prior.sds, strict=True)
    ]
    return np.asarray(np.mean(parts, axis=0))


def _range_label(width: float, side: Side) -> str:
    if side is not Side.TWO_SIDED:
        return exact(width if side is Side.ABOVE else round(1 / width, 2))
    return "1" if width == 1 else f"{1 / width:.2f}–\n{width:.2f}"


def _width_words(verdict: Verdict, label: str, *, marked: bool) -> tuple[str, str]:
    """Caption and alternative text of the figure over all widths; `marked`: the accepted one is on the axis."""
    kept = mass(_kept(verdict), verdict.ess_bulk)
    smallest = ratio(verdict.smallest_rope)
    if verdict.side is Side.TWO_SIDED:
        symmetric = np.isclose(verdict.rope.low * verdict.rope.high, 1, atol=0.005)
        note = "" if symmetric else " The declared ROPE is not symmetric: it is marked at its width."
        caption = (
            f"Probability that the hazard ratio of {label} lies inside 1/m to m, for every m. Point: the declared "
            f"ROPE {rope_text(verdict)}. {_accepted_words('narrowest range', f'm = {smallest}', marked=marked)}{note}"
        )
        alt = (
            f"The probability of lying inside rises with the width of the range; it is {kept} for the declared ROPE "
            f"{rope_text(verdict)}. The rule would just have accepted 1/m to m with m = {smallest}."
        )
        return caption, alt
    above = verdict.side is Side.ABOVE
    margin = declared_ratio(verdict.rope.high if above else verdict.rope.low)
    accepted = ratio(verdict.smallest_rope if above else 1 / verdict.smallest_rope)
    caption = (
        f"Probability that the hazard ratio of {label} does not cross a margin, for every margin. Point: the declared "
        f"{margin}. {_accepted_words('strictest margin', accepted, marked=marked)}"
    )
    alt = (
        f"The probability of not crossing the declared margin {margin} is {kept}. The rule would just have accepted "
        f"the margin {accepted}."
    )
    return caption, alt


def _accepted_words(what: str, value: str, *, marked: bool) -> str:
    line = f"Dotted line: the {what} that the rule would just have accepted."
    return line if marked else f"The {what} that the rule would just have accepted lies beyond the axis ({value})."


def _quantiles_table(draws: NDArray[np.float64], verdict: Verdict) -> Table:
    values = np.exp(np.quantile(draws, QUANTILES))
    shares = zip(("P(below)", "P(inside)", "P(above)"), _masses(verdict), strict=True)
    rows = (
        *shares,
        *((f"{exact(100 * q)}% quantile", ratio(value)) for q, value in zip(QUANTILES, values, strict=True)),
    )
    title = f"Posterior of the hazard ratio of {_label(verdict)}, ROPE {rope_text(verdict)}"
    return Table(title, columns("Quantity", numbers=("Value",)), rows)


def _width_table(draws: NDArray[np.float64], verdict: Verdict) -> Table:
    side = verdict.side
    shares = inside_by_width(draws, np.array(WIDTHS), side)
    shown = np.searchsorted(shares, 1.0) + 1  # once all draws are inside, wider ranges say no more
    rows = tuple(
        (_range_words(width, side), mass(float(share), verdict.ess_bulk))
        for width, share in zip(WIDTHS[:shown], shares[:shown], strict=True)
    )
    notes = (f"Declared: {rope_text(verdict)}, probability {mass(_kept(verdict), verdict.ess_bulk)}.",)
    return Table(f"Probability by range, {_label(verdict)}", columns("Range", numbers=("Probability",)), rows, notes)


def _range_words(width: float, side: Side) -> str:
    if side is Side.TWO_SIDED:
        return f"{1 / width:.3f} to {declared_ratio(width)}"
    return f"at most {declared_ratio(width)}" if side is Side.ABOVE else f"at least {1 / width:.3f}"


RIM = 0.08


@styled
def probability_bar(findings: Findings, verdict: Verdict) -> Picture:
    """P below, inside and above the ROPE as one stacked bar.

    Raises ValueError for a withheld verdict, which shows no number, and for a ratio throughout a window, which may lie
    beyond both bounds, in different intervals.
    """
    if verdict.estimand is Estimand.THROUGHOUT:
        raise ValueError("the probabilities of a ratio throughout a window are not parts of one whole")
    if verdict.word is VerdictWord.WITHHELD:
        raise ValueError("a withheld verdict shows no probabilities")
    shares = (verdict.p_below, verdict.p_inside, verdict.p_above)
    texts = [mass(share, verdict.ess_bulk) for share in shares]
    figure = new_figure(0.95)
    axes = axes_at(figure, RIM, 0.08, WIDTH - 2 * RIM, 0.3)
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    start = 0.0
    for share, colour in zip(shares, PLACE_COLOURS, strict=True):
        axes.barh(0.5, share, left=start, height=1.0, color=colour, edgecolor=PAPER, linewidth=0.8, alpha=0.75)
        start += share
    for name, text, place, align in zip(PLACES, texts, (0.0, 0.5, 1.0), ("left", "center", "right"), strict=True):
        axes.text(place, 1.25, f"{name} {text}", ha=align, weight="bold", fontsize=SMALL + 0.5)
    region, quantity = range_text(verdict, findings.analysis), quantity_of(verdict, findings.analysis)
    pair = f"{verdict.group} vs {verdict.reference}"
    caption = f"Posterior probability that the {quantity} of {pair} lies below, inside and above the ROPE {region}."
    alt = (
        f"Probability {texts[0]} below, {texts[1]} inside and {texts[2]} above the ROPE {region} ({quantity}, {pair})."
    )
    rows = tuple(zip(("Below", "Inside", "Above"), texts, strict=True))
    table = Table(f"Posterior probability by region, ROPE {region}", columns("Place", numbers=("Probability",)), rows)
    kind = f"bar-{slug(verdict.estimand.value)}-{verdict.rope.role}-{slug(f'{verdict.group}/{verdict.reference}')}"
    return picture(figure, findings, kind, caption, alt, table)
