"""Forest plot of one Cox regression: the groups, then every covariate."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from bayesrefract.findings import Findings
from bayesrefract.numerals import p_value, ratio
from bayesrefract.report.figures.ratios import interval_bar, ratio_axis
from bayesrefract.report.figures.style import (
    FAINT,
    ORANGE,
    SMALL,
    WIDTH,
    Picture,
    axes_at,
    new_figure,
    picture,
    shorten,
    styled,
)
from bayesrefract.report.tables.table import Table, columns

ROW, LABELS, VALUES = 0.27, 2.0, 1.3
LABEL_WIDTH, LABEL_LINES = 31, 4
VALUE_LENGTH = 20
"""Characters of a ratio with its limits that fit beside the axes; longer ones are written smaller."""
NARROWEST, WIDEST = 0.05, 20.0


@dataclass(frozen=True)
class Line:
    """One ratio with its limits and p."""

    label: str
    values: tuple[float, float, float]
    p: float


@styled
def cox_forest_figure(findings: Findings, labels: dict[str, str] | None = None) -> Picture:
    """Every ratio of a model's Cox regression. `labels`: covariate -> words."""
    lines = cox_lines(findings, labels or {})
    wrapped = [textwrap.wrap(shorten(line.label, LABEL_LINES * LABEL_WIDTH), LABEL_WIDTH) for line in lines]
    heights = [ROW * max(1.0, 0.62 * len(text)) for text in wrapped]
    height = sum(heights) + 0.05
    figure = new_figure(height + 0.95)
    axes = axes_at(figure, LABELS, 0.6, WIDTH - LABELS - VALUES, height)
    axes.set_ylim(height, 0)
    low, high = _reach(lines)
    ratio_axis(axes, low, high)
    axes.axvline(1, color=FAINT, linewidth=0.8)
    side = axes.get_yaxis_transform()
    left = -(LABELS - 0.06) / (WIDTH - LABELS - VALUES)
    y = 0.0
    for line, text, tall in zip(lines, wrapped, heights, strict=True):
        y += tall / 2
        _interval(axes, y, line.values, (low, high))
        axes.text(left, y, "\n".join(text), va="center", fontsize=SMALL - 1, transform=side, linespacing=1.0)
        numbers = _numbers(line.values)
        size = SMALL * min(1.0, VALUE_LENGTH / len(numbers))
        axes.text(1.04, y, numbers, va="center", fontsize=size, transform=side)
        y += tall / 2
    middle = (LABELS + (WIDTH - LABELS - VALUES) / 2) / WIDTH
    figure.text(middle, 0.19 / figure.get_figheight(), "Hazard ratio (Cox regression)", ha="center", fontsize=SMALL)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    adjusted = "adjusted" if findings.adjusted_for else "unadjusted"
    caption = (
        f"Cox regression of the patients of model {findings.model.name}, {adjusted}, with 95% confidence intervals "
        "(Wald). The ratios of covariates are associations given the others and the groups, not causal effects."
    )
    alt = "Forest plot of Cox regression. " + " ".join(f"{each.label}: {_numbers(each.values)}." for each in lines)
    name = f"cox-{findings.model.name}".replace("_", "-")
    return picture(figure, findings, name, caption, alt, cox_table(findings, lines))


def cox_lines(findings: Findings, labels: dict[str, str]) -> list[Line]:
    """Groups first, then covariates; ratios without a maximum are left out."""
    agreement = findings.agreement
    lines = [
        Line(f"{each.group} vs {each.reference}", (each.hazard_ratio, *each.limits()), each.p) for each in agreement.cox
    ]
    for term in agreement.terms:
        against = f": {term.level}" if not term.reference else f": {term.level} vs {term.reference}"
        if (term.level, term.reference) == ("1", "0"):
            against = ""
        label = labels.get(term.covariate, term.covariate)
        lines.append(Line(f"{label}{against}", (term.hazard_ratio, term.low, term.high), term.p))
    return [line for line in lines if np.isfinite(line.values).all() and line.values[2] / line.values[1] < 1e6]


def cox_table(findings: Findings, lines: list[Line]) -> Table:
    """The table of the forest plot."""
    rows = tuple((line.label, _numbers(line.values), p_value(line.p)) for line in lines)
    heads = columns("Term", numbers=("Hazard ratio (95% CI)", "p"))
    return Table(f"Cox regression: {findings.model.name}", heads, rows)


def _interval(axes: Axes, y: float, values: tuple[float, float, float], reach: tuple[float, float]) -> None:
    estimate, low, high = values
    inside = (max(low, reach[0]), min(high, reach[1]))
    interval_bar(axes, y, float(np.clip(estimate, *reach)), inside, ORANGE, filled=False)
    for beyond, edge, arrow in ((low < reach[0], reach[0], "<"), (high > reach[1], reach[1], ">")):
        if beyond:
            axes.plot([edge], [y], arrow, color=ORANGE, markersize=4, clip_on=False)


def _reach(lines: list[Line]) -> tuple[float, float]:
    limits = [limit for line in lines for limit in line.values]
    low, high = (float(np.clip(each, NARROWEST, WIDEST)) for each in (min(limits), max(limits)))
    return min(low, 0.8) / 1.06, max(high, 1.25) * 1.06


def _numbers(values: tuple[float, float, float]) -> str:
    estimate, low, high = (ratio(value) for value in values)
    return f"{estimate} ({low} to {high})"
