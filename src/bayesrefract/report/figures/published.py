"""Forest plot of printed ratios: posterior, ROPE, and posterior probability inside it."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from bayesrefract.messages import printable
from bayesrefract.numerals import mass, ratio
from bayesrefract.papers.assess import Assessment
from bayesrefract.report.figures.ratios import interval_bar, ratio_axis, rope_text
from bayesrefract.report.figures.style import (
    BAND,
    BLUE,
    FAINT,
    INK,
    ORANGE,
    SMALL,
    WIDTH,
    Picture,
    axes_at,
    finish,
    new_figure,
    styled,
)
from bayesrefract.report.tables.table import Table
from bayesrefract.report.words import word_text
from bayesrefract.study.study import Evidence

ROW, LABELS, VALUES, RIM = 0.34, 1.2, 1.22, 0.06
HEADING_LINE, HEADING_GAP = 0.18, 0.07
HEADING_WIDTH = 66
BOTTOM = 0.62
NARROWEST, WIDEST = 0.02, 50.0
"""Ratios that the axis may reach; a limit beyond them is drawn to its edge."""


@styled
def published_figure(made: Sequence[Assessment], names: Sequence[str], table: Table) -> Picture:
    """One row for each ratio, under its name; `table` holds the same in cells."""
    headings = [textwrap.wrap(printable(name), HEADING_WIDTH)[:2] or [""] for name in names]
    height = sum(ROW + HEADING_LINE * len(lines) + HEADING_GAP for lines in headings)
    figure = new_figure(height + BOTTOM + 0.1)
    axes = axes_at(figure, LABELS, BOTTOM, WIDTH - LABELS - VALUES, height)
    axes.set_ylim(height, 0)
    low, high = _reach(made)
    ratio_axis(axes, low, high)
    y = 0.0
    for judged, lines in zip(made, headings, strict=True):
        y += HEADING_GAP
        for line in lines:
            _write(axes, RIM, y + HEADING_LINE / 2, line, size=SMALL, weight="bold")
            y += HEADING_LINE
        _draw_row(axes, y, judged, (low, high))
        y += ROW
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    figure.text(0.5, 0.17 / figure.get_figheight(), "Hazard ratio", ha="center", fontsize=SMALL)
    return finish(figure, Evidence.PATIENTS, "published", _caption(made), _in_words(made, names), table)


def _draw_row(axes: Axes, top: float, judged: Assessment, reach: tuple[float, float]) -> None:
    """The band of the ROPE, the posterior's interval, the printed one where the prior moved it, and the numbers."""
    verdict, middle = judged.verdict, top + ROW / 2
    band = (verdict.rope.low, verdict.rope.high)
    axes.fill_between(band, top, top + ROW, color=BAND, linewidth=0, zorder=0)
    axes.plot([1, 1], [top, top + ROW], color=FAINT, linewidth=0.8)
    limits = (max(verdict.interval[0], reach[0]), min(verdict.interval[1], reach[1]))
    interval_bar(axes, middle - 0.04, verdict.median, limits, BLUE, filled=True)
    printed = judged.ratio
    if printed is not None:
        ends = (max(float(printed.low), reach[0]), min(float(printed.high), reach[1]))
        interval_bar(axes, middle + 0.08, float(printed.estimate), ends, ORANGE, filled=False)
        _write(axes, 2 * RIM, middle, printed.text, size=SMALL)
    inside = f"P inside {mass(verdict.p_inside, verdict.ess_bulk)}"
    _write(axes, WIDTH - VALUES + 0.08, middle - 0.07, inside, size=SMALL)
    _write(axes, WIDTH - VALUES + 0.08, middle + 0.08, word_text(verdict.word), size=SMALL - 0.5, color=FAINT)


def _write(
    axes: Axes, inches: float, y: float, text: str, *, size: float, weight: str = "normal", color: str = INK
) -> None:
    """Text at a distance from the figure's left edge, at a height of the axes."""
    place = (inches - LABELS) / (WIDTH - LABELS - VALUES)
    across = axes.get_yaxis_transform()
    axes.text(place, y, text, va="center", fontsize=size, transform=across, weight=weight, color=color)


def _reach(made: Sequence[Assessment]) -> tuple[float, float]:
    limits = [bound for judged in made for bound in (*judged.verdict.interval, judged.verdict.rope.low)]
    limits += [judged.verdict.rope.high for judged in made]
    limits += [float(each) for judged in made if judged.ratio for each in (judged.ratio.low, judged.ratio.high)]
    low, high = (float(np.clip(each, NARROWEST, WIDEST)) for each in (min(limits), max(limits)))
    return low / 1.06, high * 1.06


def _caption(made: Sequence[Assessment]) -> str:
    rule = made[0].verdict.rule
    return (
        f"Ratios as printed (open square) and their posteriors (filled circle, {100 * rule.level:g}% credible "
        f"interval) beside the ROPE {rope_text(made[0].verdict)} (grey band). From printed numbers alone: no patient "
        "record was read."
    )


def _in_words(made: Sequence[Assessment], names: Sequence[str]) -> str:
    rows = (
        f"{name}: {ratio(judged.verdict.median)} ({ratio(judged.verdict.interval[0])} to "
        f"{ratio(judged.verdict.interval[1])}), P inside {mass(judged.verdict.p_inside, judged.verdict.ess_bulk)}, "
        f"{word_text(judged.verdict.word)}."
        for judged, name in zip(made, names, strict=True)
    )
    return f"Forest plot of printed hazard ratios against the ROPE {rope_text(made[0].verdict)}. {' '.join(rows)}"
