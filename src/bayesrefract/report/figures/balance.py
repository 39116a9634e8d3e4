"""Figure of covariate balance: one standardised difference for each characteristic."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from bayesrefract.classical.balance import LARGE, SMALL, Balance
from bayesrefract.numerals import fixed
from bayesrefract.report.figures.style import BAND, BLUE, FAINT, WIDTH, Picture, axes_at, finish, new_figure, styled
from bayesrefract.report.figures.style import SMALL as SMALL_TEXT
from bayesrefract.report.tables.table import Table
from bayesrefract.study.study import Evidence

ROW, LABELS, VALUES = 0.3, 2.15, 0.5
LABEL_WIDTH = 36


@styled
def balance_figure(found: Sequence[Balance], pair: str, evidence: Evidence, table: Table) -> Picture:
    """Absolute standardised differences, the largest first."""
    known = sorted((each for each in found if each.difference is not None), key=lambda each: -_size(each))
    height = ROW * len(known) + 0.05
    figure = new_figure(height + 0.85)
    axes = axes_at(figure, LABELS, 0.5, WIDTH - LABELS - VALUES, height)
    axes.set_ylim(height, 0)
    axes.set_xlim(0, max(LARGE * 1.5, max(map(_size, known), default=0.0) * 1.08))
    axes.axvspan(0, SMALL, color=BAND, linewidth=0)
    axes.axvline(LARGE, color=FAINT, linewidth=0.8, linestyle=(0, (3, 2)))
    side = axes.get_yaxis_transform()
    for row, each in enumerate(known):
        y = ROW * (row + 0.5)
        axes.plot([_size(each)], [y], "o", color=BLUE, markersize=5)
        label = "\n".join(textwrap.wrap(each.label, LABEL_WIDTH)[:2])
        left = -(LABELS - 0.06) / (WIDTH - LABELS - VALUES)
        axes.text(left, y, label, va="center", fontsize=SMALL_TEXT - 1, transform=side, linespacing=1.0)
        axes.text(1.04, y, fixed(_size(each), 2), va="center", fontsize=SMALL_TEXT, transform=side)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("Absolute standardised difference")
    caption = (
        f"Balance between {pair}. Grey: below {SMALL}, usually called negligible. Broken line: {LARGE}, from which on "
        "a characteristic is imbalanced."
    )
    values = ", ".join(f"{each.label} {fixed(_size(each), 2)}" for each in known)
    return finish(figure, evidence, "balance", caption, f"Absolute standardised differences: {values}.", table)


def _size(each: Balance) -> float:
    return abs(each.difference or 0.0)
