"""Patient flow figure: records, exclusions with reasons, analysed patients, groups."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from bayesrefract.findings import Findings
from bayesrefract.numerals import fixed
from bayesrefract.report.figures.style import (
    BAND,
    FAINT,
    GROUP_COLOURS,
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

LEFT, MAIN, BRANCH, RIGHT = 0.08, 1.75, 2.1, 0.08
"""Inches from the left: the main line of boxes, its width, and the boxes of those excluded."""
LINE, PADDING, GAP = 0.18, 0.09, 0.2
REASON_WIDTH = 33
GROUP_HEIGHT = 0.4


@styled
def flow_figure(findings: Findings) -> Picture:
    """Patient flow as boxes: records, exclusions with their reasons, analysed patients, groups."""
    flow, groups = findings.flow, findings.agreement.groups
    shown = [(g.level, f"{fixed(g.patients, 0)} patients, {fixed(g.events, 0)} with the event") for g in groups]
    figure = flow_boxes(flow.records, flow.excluded, ("Analysed", flow.analysed), shown)
    reasons = "; ".join(f"{fixed(count, 0)} {reason}" for reason, count in flow.excluded.items())
    excluded = flow.records - flow.analysed
    out = f"{fixed(excluded, 0)} excluded ({reasons})" if excluded else "none excluded"
    shares = "; ".join(f"{g.level} {fixed(g.patients, 0)} with {fixed(g.events, 0)} events" for g in groups)
    alt = (
        f"Of {fixed(flow.records, 0)} patients in the records, {fixed(flow.analysed, 0)} were analysed, {out}. "
        f"By group: {shares}."
    )
    caption = "Patient flow: every patient in the records is either analysed or excluded for one reason."
    return picture(figure, findings, "flow", caption, alt, _table(findings))


def flow_boxes(
    records: int, excluded: dict[str, int], kept: tuple[str, int], groups: Sequence[tuple[str, str]]
) -> Figure:
    """The boxes of a patient flow; `kept` and each of the groups with its name first."""
    lines = _excluded_lines(excluded)
    aside = _box_height(len(lines))
    top, main = 0.25, _box_height(2)
    end = top + main + GAP + aside + GAP
    first_group = end + main + GAP
    figure = new_figure(first_group + len(groups) * (GROUP_HEIGHT + 0.08) + 0.05)
    axes = axes_at(figure, 0, 0, WIDTH, figure.get_figheight())
    axes.set_axis_off()
    axes.set_xlim(0, WIDTH)
    axes.set_ylim(figure.get_figheight(), 0)
    _box(axes, LEFT, top, MAIN, ["In the records", f"{fixed(records, 0)} patients"])
    _box(axes, BRANCH, top + main + GAP, WIDTH - BRANCH - RIGHT, lines)
    _box(axes, LEFT, end, MAIN, [kept[0], f"{fixed(kept[1], 0)} patients"])
    _arrow(axes, (LEFT + 0.5, top + main), (LEFT + 0.5, end))
    _arrow(axes, (LEFT + 0.5, top + main + GAP + aside / 2), (BRANCH, top + main + GAP + aside / 2))
    for place, (name, counts) in enumerate(groups):
        y = first_group + place * (GROUP_HEIGHT + 0.08)
        colour = GROUP_COLOURS[place % len(GROUP_COLOURS)]
        _box(axes, LEFT + 0.95, y, WIDTH - LEFT - 0.95 - RIGHT, [shorten(name, 44), counts], colour)
        middle = y + GROUP_HEIGHT / 2
        axes.plot([LEFT + 0.5] * 2, [end + main, middle], color=FAINT, linewidth=1)
        _arrow(axes, (LEFT + 0.5, middle), (LEFT + 0.95, middle))
    return figure


def _excluded_lines(excluded: dict[str, int]) -> list[str]:
    if not excluded:
        return ["Excluded", "none"]
    lines = [f"Excluded: {fixed(sum(excluded.values()), 0)}"]
    for reason, count in excluded.items():
        lines += textwrap.wrap(f"{fixed(count, 0)}  {shorten(reason, 3 * REASON_WIDTH)}", REASON_WIDTH)
    return lines


def _box_height(lines: int) -> float:
    return lines * LINE + PADDING


def _box(axes: Axes, x: float, y: float, width: float, lines: list[str], colour: str = FAINT) -> None:
    """A box with its first line in bold; a group's has an edge in the group's colour."""
    height = _box_height(len(lines))
    axes.add_patch(Rectangle((x, y), width, height, facecolor=BAND, edgecolor="none", alpha=0.55))
    axes.plot([x, x], [y, y + height], color=colour, linewidth=3, solid_capstyle="butt")
    for place, line in enumerate(lines):
        weight = "bold" if place == 0 else "normal"
        axes.text(x + 0.1, y + PADDING / 2 + (place + 0.5) * LINE, line, va="center", fontsize=SMALL, weight=weight)


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    axes.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": FAINT, "shrinkA": 0, "shrinkB": 0})


def _table(findings: Findings) -> Table:
    flow = findings.flow
    rows = (
        ("In the records", fixed(flow.records, 0), ""),
        *((f"Excluded: {reason}", fixed(count, 0), "") for reason, count in flow.excluded.items()),
        ("Analysed", fixed(flow.analysed, 0), fixed(findings.n_events, 0)),
        *((g.level, fixed(g.patients, 0), fixed(g.events, 0)) for g in findings.agreement.groups),
    )
    return Table("Patient flow", columns("Step", numbers=("Patients", "Events")), rows)
