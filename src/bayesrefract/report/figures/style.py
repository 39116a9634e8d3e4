"""Style of the figures, and their output as SVG, PDF and PNG with the same bytes on every run and machine.

Text stays text in the SVG: a browser can search and enlarge it. Colours follow Okabe and Ito (2008),
which colour-blind readers can distinguish; the palest are darkened.
"""

from __future__ import annotations

import io
import math
import re
import warnings
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import Locator, MaxNLocator, MultipleLocator

from bayesrefract.findings import Findings
from bayesrefract.messages import printable
from bayesrefract.report.tables.table import Table
from bayesrefract.report.words import EVIDENCE_LABEL
from bayesrefract.study.study import Evidence, TimeUnit

if TYPE_CHECKING:
    from matplotlib.typing import RcKeyType

WIDTH = 4.7
"""Inches. Narrow, so that text is still readable on a telephone."""
INK, FAINT, PAPER, BAND = "#1b1f24", "#6a737d", "#ffffff", "#dde3ea"
BLUE, ORANGE, GREEN, PURPLE, YELLOW, SKY = "#0072b2", "#d55e00", "#009e73", "#aa4499", "#b98b00", "#56b4e9"
GROUP_COLOURS = (BLUE, ORANGE, GREEN, PURPLE, YELLOW, SKY)
GROUP_MARKERS = ("o", "s", "^", "D", "v", "P")
"""Marker shapes beside the colours, so that curves are distinguished in print and by colour-blind readers."""
DASHED, DOTTED = (0, (3, 2)), (0, (1, 2))
SMALL = 8.5
DPI = 300
MONTH_STEPS = (1, 2, 3, 6, 12, 24, 36, 60, 120)

STYLE: dict[RcKeyType, Any] = {
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.labelsize": 9.5,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 9.5,
    "axes.unicode_minus": False,
    "figure.facecolor": PAPER,
    "axes.facecolor": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9.5,
    "legend.frameon": False,
    "pdf.fonttype": 42,
    "svg.fonttype": "none",
    "text.color": INK,
    "text.parse_math": False,
    "xtick.color": FAINT,
    "xtick.labelcolor": INK,
    "xtick.labelsize": SMALL,
    "ytick.color": FAINT,
    "ytick.labelcolor": INK,
    "ytick.labelsize": SMALL,
}

styled = rc_context(STYLE)
"""Decorator of every function that draws: labels given by users are never read as mathematics."""


@dataclass(frozen=True)
class Picture:
    """One finished figure. `name` is unique within a report; `alt` describes it in words.

    `table` holds what is drawn as formatted cells, for readers who do not see it; curves are thinned.
    """

    name: str
    caption: str
    alt: str
    svg: str
    table: Table
    figure: Figure = field(repr=False, compare=False)

    def pdf(self) -> bytes:
        """The figure for print, with its fonts inside."""
        return _rendered(self.figure, "pdf", {"Title": self.alt, "CreationDate": None, "Creator": None})

    def png(self) -> bytes:
        """The figure in dots, 300 to the inch."""
        return _rendered(self.figure, "png", {"Title": self.alt.encode("latin-1", "replace").decode("latin-1")})


def new_figure(height: float) -> Figure:
    """An empty figure of the common width; height in inches."""
    figure = Figure(figsize=(WIDTH, height))
    FigureCanvasSVG(figure)
    return figure


def axes_at(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Axes placed in inches from the lower left corner."""
    total = figure.get_figheight()
    return figure.add_axes((left / WIDTH, bottom / total, width / WIDTH, height / total))


def picture(figure: Figure, findings: Findings, kind: str, caption: str, alt: str, table: Table) -> Picture:
    """Finish a figure of one question."""
    name = f"{slug(findings.analysis.name)}-{kind}"
    return finish(figure, findings.analysis.evidence, name, caption, alt, table)


def finish(figure: Figure, evidence: Evidence, name: str, caption: str, alt: str, table: Table) -> Picture:
    """Finish a figure: name the evidence in the figure and its caption, then write it as SVG."""
    if evidence is not Evidence.PATIENTS:
        label = EVIDENCE_LABEL[evidence]
        figure.text(0.995, 0.998, label, ha="right", va="top", fontsize=SMALL, color=FAINT, style="italic")
        caption, alt = f"{label}. {caption}", f"{label}. {alt}"
    caption, alt = printable(caption), printable(alt)
    return Picture(name, caption, alt, _svg(figure, name, alt), table, figure)


def slug(name: str) -> str:
    """A name that is safe in file names and identifiers; different names stay different."""
    safe = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    kept = re.fullmatch(r"[a-z0-9_]+(/[a-z0-9_]+)?", name) is not None
    return safe if kept else f"{safe}-{zlib.crc32(name.encode()):08x}".strip("-")


def shorten(text: str, length: int) -> str:
    """Text of one line cut to a length, with an ellipsis."""
    text = printable(text)
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def time_ticks(unit: TimeUnit, end: float, most: int = 6) -> Locator:
    """Round times from 0 to `end` in at most `most` steps; months are counted in parts of a year and in years."""
    if unit is TimeUnit.MONTHS:
        fitting = (step for step in MONTH_STEPS if end / step <= most)
        return MultipleLocator(next(fitting, 12 * math.ceil(end / (12 * most))))
    return MaxNLocator(most, steps=[1, 2, 2.5, 5, 10], integer=unit is not TimeUnit.YEARS)


def _svg(figure: Figure, name: str, alt: str) -> str:
    """SVG text without date or program; its identifiers start with `name`, so that many fit one page."""
    with rc_context({"svg.hashsalt": name}):
        text = _rendered(figure, "svg", {"Date": None, "Creator": None, "Title": alt}).decode("utf-8")
    text = re.sub(r'\bid="', f'id="{name}-', text)
    return re.sub(r'(url\(#|href="#)', rf"\g<1>{name}-", text)


def _rendered(figure: Figure, kind: str, metadata: dict[str, str | None]) -> bytes:
    """A figure in one format; the same bytes on every run."""
    buffer = io.BytesIO()
    with rc_context(STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(buffer, format=kind, dpi=DPI, metadata=metadata)
    return buffer.getvalue()
