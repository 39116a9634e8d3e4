"""Figure of differences in survival and RMST at the horizon, and marginal hazard ratios, each beside its ROPE."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from bayesrefract.decision import Verdict, VerdictWord
from bayesrefract.findings import Findings
from bayesrefract.numerals import amount, declared, exact, unit_of
from bayesrefract.report.figures.ratios import interval_bar, ratio_axis
from bayesrefract.report.figures.style import (
    BAND,
    BLUE,
    FAINT,
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
from bayesrefract.report.words import estimand_name, word_text
from bayesrefract.study.rope import Estimand, Rope

ORDER = (Estimand.SURVIVAL_DIFFERENCE, Estimand.RMST_DIFFERENCE, Estimand.MARGINAL_HAZARD_RATIO)
LEFT, RIGHT, ROW, TITLE, FOOT = 0.2, 0.2, 0.62, 0.42, 0.45
"""Inches. A row holds the contrast's name and its numbers over its interval."""


@dataclass(frozen=True)
class Difference:
    """One contrast on one estimand: posterior median, 95% credible interval, and the verdict where there is a ROPE."""

    label: str
    estimand: Estimand
    values: tuple[float, float, float]
    verdict: Verdict | None


@styled
def differences_figure(findings: Findings) -> Picture | None:
    """Survival, RMST and marginal hazard ratios, a panel each, with the declared ROPE as a grey band.

    None where nothing may be shown: no horizon, no convergence, or only withheld contrasts.
    """
    found = _differences(findings)
    panels = {e: [each for each in found if each.estimand is e] for e in ORDER}
    panels = {estimand: rows for estimand, rows in panels.items() if rows}
    if not panels:
        return None
    heights = [TITLE + FOOT + ROW * len(rows) for rows in panels.values()]
    figure = new_figure(sum(heights) + 0.1)
    top = figure.get_figheight() - 0.1
    for (estimand, rows), height in zip(panels.items(), heights, strict=True):
        top -= height
        axes = axes_at(figure, LEFT, top + FOOT, WIDTH - LEFT - RIGHT, height - TITLE - FOOT)
        _panel(axes, estimand, rows, findings)
    caption = (
        "Differences at the horizon, standardised over the analysed patients: posterior median and 95% credible "
        "interval. Grey band: the declared ROPE, where there is one. Thin line: 0, or a ratio of 1."
    )
    values = "; ".join(f"{estimand_name(e.estimand, findings.analysis)} of {_in_words(e, findings)}" for e in found)
    return picture(
        figure, findings, "differences", caption, f"{values[:1].upper()}{values[1:]}.", _table(found, findings)
    )


def _differences(findings: Findings) -> list[Difference]:
    """Everything that may be shown, by estimand; the contrasts with a withheld verdict are left out."""
    if not findings.health.passed:
        return []
    withheld = {(v.group, v.reference) for v in findings.verdicts if v.word is VerdictWord.WITHHELD}
    shown = [c for c in findings.analysis.contrasts if (c.group, c.reference) not in withheld]
    values = {
        (each.subject, each.quantity): (each.value.estimate, each.value.low, each.value.high)
        for each in findings.at_horizon
    }
    verdicts = {(f"{v.group} vs {v.reference}", v.estimand): v for v in findings.verdicts if v.rope.role == "primary"}
    found = []
    for estimand in ORDER:
        for contrast in shown:
            verdict = verdicts.get((contrast.label, estimand))
            known = values.get((contrast.label, estimand.value))
            if known is None and verdict is not None:
                known = (verdict.median, *verdict.eti95)
            if known is not None and None not in known:
                estimate, low, high = (float(value or 0.0) for value in known)
                found.append(Difference(contrast.label, estimand, (estimate, low, high), verdict))
    return found


def _panel(axes: Axes, estimand: Estimand, rows: list[Difference], findings: Findings) -> None:
    analysis, rope = findings.analysis, findings.analysis.rope(estimand)
    factor = 100.0 if estimand is Estimand.SURVIVAL_DIFFERENCE else 1.0
    ends = [factor * value for row in rows for value in row.values] + [1.0 if estimand.is_ratio else 0.0]
    bounds = () if rope is None else (factor * rope.low, factor * rope.high)
    low, high = min(*ends, *bounds), max(*ends, *bounds)
    axes.set_ylim(len(rows), 0)
    none = 1.0 if estimand.is_ratio else 0.0
    for place, row in enumerate(rows):
        if bounds:
            axes.fill_between(bounds, place + 0.6, place + 0.96, color=BAND, linewidth=0, zorder=0)
        axes.plot([none, none], [place + 0.6, place + 0.96], color=FAINT, linewidth=0.8)
        estimate, *limits = (factor * value for value in row.values)
        interval_bar(axes, place + 0.78, estimate, (limits[0], limits[1]), BLUE, filled=True)
        word = "" if row.verdict is None else f", {word_text(row.verdict.word)}"
        middle, start, stop = _amounts(row, findings)
        lines = (shorten(row.label, 56), f"{middle} ({start} to {stop}){word}")
        for line, y in zip(lines, (0.16, 0.46), strict=True):
            axes.text(0, place + y, line, transform=axes.get_yaxis_transform(), va="center", fontsize=SMALL)
    if estimand.is_ratio:
        ratio_axis(axes, low / 1.05, high * 1.05)
    else:
        margin = 0.05 * (high - low or 1.0)
        axes.set_xlim(low - margin, high + margin)
        axes.xaxis.set_major_locator(MaxNLocator(6))
    title = estimand_name(estimand, analysis)
    axes.set_title(f"{title[:1].upper()}{title[1:]}", loc="left", fontsize=9, weight="bold", x=0)
    axes.set_xlabel(_unit_label(estimand, findings, rope), fontsize=SMALL)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)


def _unit_label(estimand: Estimand, findings: Findings, rope: Rope | None) -> str:
    unit = unit_of(estimand, findings.analysis.time_unit).strip() or "ratio, log axis"
    if rope is None:
        return f"{unit}; no ROPE is declared"
    return f"{unit}; ROPE {declared(rope.low, estimand)} to {declared(rope.high, estimand)}"


def _amounts(row: Difference, findings: Findings) -> tuple[str, str, str]:
    marks = () if row.verdict is None else (row.verdict.rope.low, row.verdict.rope.high)
    estimate, low, high = (amount(v, row.estimand, findings.analysis.time_unit, marks) for v in row.values)
    return estimate, low, high


def _in_words(row: Difference, findings: Findings) -> str:
    estimate, low, high = _amounts(row, findings)
    return f"{row.label} {estimate}{unit_of(row.estimand, findings.analysis.time_unit)} ({low} to {high})"


def _table(found: list[Difference], findings: Findings) -> Table:
    analysis = findings.analysis
    rows = []
    for each in found:
        estimate, low, high = _amounts(each, findings)
        rope = analysis.rope(each.estimand)
        unit = unit_of(each.estimand, analysis.time_unit)
        region = (
            "none"
            if rope is None
            else f"{declared(rope.low, each.estimand)} to {declared(rope.high, each.estimand)}{unit}"
        )
        word = "none declared" if each.verdict is None else word_text(each.verdict.word)
        rows.append((each.label, estimand_name(each.estimand, analysis), region, word, estimate, f"{low} to {high}"))
    heads = columns("Contrast", "Quantity", "ROPE", "Verdict", numbers=("Posterior median", "95% credible interval"))
    return Table(f"Differences at {exact(analysis.endpoint.horizon or 0)} {analysis.time_unit}", heads, tuple(rows))
