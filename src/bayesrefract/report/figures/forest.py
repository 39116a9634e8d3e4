"""Forest plots: hazard ratios of one question, or of a whole study, under every model and beside Cox regression."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayesrefract.decision import Verdict, VerdictWord
from bayesrefract.findings import Findings, counterpart
from bayesrefract.numerals import ABSENT, fixed, ratio
from bayesrefract.report.figures.ratios import interval_bar, ratio_axis
from bayesrefract.report.figures.style import (
    BAND,
    BLUE,
    FAINT,
    ORANGE,
    SMALL,
    WIDTH,
    Picture,
    axes_at,
    finish,
    new_figure,
    picture,
    shorten,
    styled,
)
from bayesrefract.report.tables.table import Table, columns
from bayesrefract.report.words import range_text, word_text
from bayesrefract.study.rope import Estimand
from bayesrefract.study.study import Contrast

ROW, LABELS, VALUES, RIM = 0.36, 1.12, 1.22, 0.06
HEADING_LINE, HEADING_GAP = 0.19, 0.1
HEADING_WIDTH = 62
NARROWEST, WIDEST = 0.02, 50.0
"""Hazard ratios that an axis may reach; a limit beyond them is drawn as an arrow."""
LEGEND = (
    "posterior median and 95% credible interval (filled circle), Cox regression with the same covariates and 95% "
    "confidence interval (open square). "
    "Grey band: ROPE. Withheld posteriors are not drawn."
)


@dataclass(frozen=True)
class Row:
    """One model's estimates under one heading."""

    heading: str
    findings: Findings
    verdict: Verdict

    @property
    def is_shown(self) -> bool:
        return self.verdict.word is not VerdictWord.WITHHELD

    @property
    def cox(self) -> tuple[float, float, float] | None:
        """Cox regression's estimate and limits, where it has finite ones."""
        found = counterpart(self.findings, self.verdict).cox
        values = None if found is None else (found.hazard_ratio, *found.limits())
        return values if values is not None and np.isfinite(values).all() else None


@styled
def forest_figure(made: Sequence[Findings]) -> Picture:
    """All contrasts under all models of one question, posterior and Cox beside each other."""
    contrasts = made[0].analysis.contrasts
    rows = _rows((contrast.label, contrast, each) for contrast in contrasts for each in made)
    figure = _forest(rows, "Hazard ratio")
    caption = f"Hazard ratios under every declared model: {LEGEND}"
    alt = f"Forest plot of hazard ratios. {_in_words(rows)}"
    return picture(figure, made[0], "forest", caption, alt, _table("Hazard ratios under every model", rows, "Contrast"))


@styled
def study_forest_figure(made: Sequence[Findings]) -> Picture:
    """The primary contrast of every question under every model; `made`: all findings of a study.

    Raises ValueError where no question declares a range on the hazard ratio.
    """
    primaries = {each.analysis.primary.label for each in made}
    shared = f", {shorten(primaries.pop(), 52)}" if len(primaries) == 1 else ""
    rows = _rows((_question_title(each, with_contrast=not shared), each.analysis.primary, each) for each in made)
    if not rows:
        raise ValueError("no question declares a range on the hazard ratio")
    order = _headings(rows)
    rows = sorted(rows, key=lambda row: order.index(row.heading))
    figure = _forest(rows, f"Hazard ratio{shared}")
    caption = f"The primary comparison of every question under every declared model: {LEGEND}"
    alt = f"Forest plot of the primary hazard ratio of every question{shared}. {_in_words(rows)}"
    table = _table("The primary comparison of every question under every model", rows, "Question")
    return finish(figure, made[0].analysis.evidence, "study-forest", caption, alt, table)


def _question_title(findings: Findings, *, with_contrast: bool) -> str:
    analysis = findings.analysis
    title = f"{analysis.endpoint.label}: {analysis.population.label}"
    return f"{title}, {analysis.primary.label}" if with_contrast else title


def _rows(wanted: Iterable[tuple[str, Contrast, Findings]]) -> list[Row]:
    found = ((heading, each, _primary(each, contrast)) for heading, contrast, each in wanted)
    return [Row(heading, each, verdict) for heading, each, verdict in found if verdict is not None]


def _primary(findings: Findings, contrast: Contrast) -> Verdict | None:
    pair = (contrast.group, contrast.reference, Estimand.HAZARD_RATIO, "primary")
    return next((v for v in findings.verdicts if (v.group, v.reference, v.estimand, v.rope.role) == pair), None)


def _forest(rows: Sequence[Row], axis_name: str) -> Figure:
    """Rows under their headings, in inches from the top; the ROPE band of a heading stands behind its rows."""
    headings = {each: textwrap.wrap(shorten(each, 2 * HEADING_WIDTH), HEADING_WIDTH) for each in _headings(rows)}
    height = ROW * len(rows) + sum(HEADING_LINE * len(lines) + 2 * HEADING_GAP for lines in headings.values())
    figure = new_figure(height + 0.95)
    axes = axes_at(figure, LABELS, 0.6, WIDTH - LABELS - VALUES, height)
    axes.set_ylim(height, 0)
    low, high = _reach(rows)
    ratio_axis(axes, low, high)
    y = 0.0
    for heading, lines in headings.items():
        y += HEADING_GAP
        for line in lines:
            axes.text(_aside(RIM), y + HEADING_LINE / 2, line, weight="bold", va="center", fontsize=9, **_side(axes))
            y += HEADING_LINE
        y += HEADING_GAP
        under = [row for row in rows if row.heading == heading]
        for rope_low, rope_high in {(row.verdict.rope.low, row.verdict.rope.high) for row in under}:
            axes.fill_between([rope_low, rope_high], y, y + ROW * len(under), color=BAND, linewidth=0, zorder=0)
        axes.plot([1, 1], [y, y + ROW * len(under)], color=FAINT, linewidth=0.8)
        for row in under:
            _draw_row(axes, y + ROW / 2, row, (low, high))
            y += ROW
    figure.text(0.5, 0.19 / figure.get_figheight(), axis_name, ha="center", fontsize=SMALL)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    return figure


def _headings(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(row.heading for row in rows))


def _aside(inches: float) -> float:
    """A place left of the axes, in inches from the figure's edge, as a share of their width."""
    return (inches - LABELS) / (WIDTH - LABELS - VALUES)


def _side(axes: Axes) -> dict[str, Any]:
    return {"transform": axes.get_yaxis_transform()}


def _reach(rows: Sequence[Row]) -> tuple[float, float]:
    """Range of the axis: the ROPEs and all intervals, within limits."""
    limits = [bound for row in rows for bound in (row.verdict.rope.low, row.verdict.rope.high)]
    for row in rows:
        limits += [*(row.verdict.eti95 if row.is_shown else ()), *(row.cox or ())]
    low, high = (float(np.clip(each, NARROWEST, WIDEST)) for each in (min(limits), max(limits)))
    return low / 1.06, high * 1.06


def _draw_row(axes: Axes, y: float, row: Row, reach: tuple[float, float]) -> None:
    """One model's name, intervals, numbers and verdict."""
    axes.text(_aside(2 * RIM), y, shorten(row.findings.model.name, 15), va="center", fontsize=SMALL, **_side(axes))
    if row.is_shown:
        _bar(axes, y - 0.05, (row.verdict.median, *row.verdict.eti95), BLUE, reach, filled=True)
        axes.text(1.03, y - 0.075, _numbers(row), va="center", fontsize=SMALL, **_side(axes))
    word = word_text(row.verdict.word)
    below = 0.085 if row.is_shown else 0
    axes.text(1.03, y + below, word, va="center", fontsize=SMALL - 0.5, color=FAINT, **_side(axes))
    if row.cox is not None:
        _bar(axes, y + 0.075, row.cox, ORANGE, reach, filled=False)


def _bar(
    axes: Axes,
    y: float,
    values: tuple[float, float, float],
    colour: str,
    reach: tuple[float, float],
    *,
    filled: bool,
) -> None:
    """An interval; a limit beyond the axis ends in an arrow at its edge."""
    estimate, low, high = values
    interval_bar(axes, y, estimate, (max(low, reach[0]), min(high, reach[1])), colour, filled=filled)
    for beyond, edge, arrow in ((low < reach[0], reach[0], "<"), (high > reach[1], reach[1], ">")):
        if beyond:
            axes.plot([edge], [y], arrow, color=colour, markersize=4, clip_on=False)


def _numbers(row: Row) -> str:
    low, high = row.verdict.eti95
    return f"{ratio(row.verdict.median)} ({ratio(low)}–{ratio(high)})"


def _in_words(rows: Sequence[Row]) -> str:
    """Count of each verdict under each heading, and the first model's numbers."""
    found = []
    for heading in _headings(rows):
        under = [row for row in rows if row.heading == heading]
        words = [word_text(row.verdict.word) for row in under]
        counts = ", ".join(f"{word} in {words.count(word)}" for word in dict.fromkeys(words))
        first = f"; {under[0].findings.model.name} {_numbers(under[0])}" if under[0].is_shown else ""
        found.append(f"{heading}: {counts} of {len(under)} models{first}.")
    return " ".join(found)


def _table(title: str, rows: Sequence[Row], heading: str) -> Table:
    cells = tuple(
        (
            row.heading,
            row.findings.model.name,
            word_text(row.verdict.word),
            range_text(row.verdict, row.findings.analysis),
            fixed(row.findings.flow.analysed, 0),
            fixed(row.findings.n_events, 0),
            _with_limits((row.verdict.median, *row.verdict.eti95)) if row.is_shown else ABSENT,
            ABSENT if row.cox is None else _with_limits(row.cox),
        )
        for row in rows
    )
    numbers = ("Patients", "Events", "Posterior (95% CrI)", "Cox (95% CI)")
    heads = columns(heading, "Model", "Verdict", "ROPE", numbers=numbers)
    return Table(title, heads, cells)


def _with_limits(values: tuple[float, float, float]) -> str:
    estimate, low, high = (ratio(value) for value in values)
    return f"{estimate} ({low} to {high})"
