"""Format numbers for reports: rounded, with units, and never rounded across a bound."""

from __future__ import annotations

import math

from bayesrefract.study.rope import Estimand
from bayesrefract.study.study import TimeUnit

ABSENT = "–"
"""Shown where there is no number."""
MOST_DECIMALS = 6


def fixed(value: float | None, decimals: int) -> str:
    """Format a decimal with thousands commas; a dash for a missing, infinite or undefined number."""
    if value is None or not math.isfinite(value):
        return ABSENT
    text = f"{value:,.{decimals}f}"
    return text.removeprefix("-") if float(text.replace(",", "")) == 0 else text


def beside(value: float | None, marks: tuple[float, ...], decimals: int) -> str:
    """As `fixed`, with as many decimals as it takes to stay on its own side of every mark.

    0.7996 beside the mark 0.80 is printed 0.7996, never 0.80.
    """
    if value is None or not math.isfinite(value):
        return ABSENT
    for places in range(decimals, MOST_DECIMALS):
        rounded = round(value, places)
        if all((rounded > mark) == (value > mark) and (rounded < mark) == (value < mark) for mark in marks):
            return fixed(value, places)
    return fixed(value, MOST_DECIMALS)


def ratio(value: float | None, marks: tuple[float, ...] = ()) -> str:
    """A hazard ratio: two decimals, or three significant ones below 0.1."""
    decimals = 2
    if value is not None and 0 < value < 0.1:
        decimals = min(2 - math.floor(math.log10(value)), MOST_DECIMALS)
    return beside(value, marks, decimals)


def probability(value: float | None, marks: tuple[float, ...] = ()) -> str:
    """Three decimals; never a bare 0 or 1."""
    if value is None or not math.isfinite(value):
        return ABSENT
    if value < 0.001:
        return "<0.001"
    if value > 0.999:
        return ">0.999"
    return beside(value, marks, 3)


def mass(value: float, ess: float, marks: tuple[float, ...] = ()) -> str:
    """Posterior probability from draws; where all draws agree, the bound 3 / ESS, rounded conservatively."""
    if value not in {0.0, 1.0}:
        return probability(value, marks)
    bound = max(math.ceil(3000 / ess), 1) / 1000 if math.isfinite(ess) and ess > 0 else 1.0
    return f"<{bound:.3f}" if value == 0 else f">{1 - bound:.3f}"


def p_value(value: float | None) -> str:
    """Three decimals, "<0.001" below that."""
    if value is None or not math.isfinite(value):
        return ABSENT
    return "<0.001" if value < 0.001 else fixed(value, 3)


def percent(share: float | None) -> str:
    """A share as whole per cent."""
    return ABSENT if share is None or not math.isfinite(share) else f"{100 * share:.0f}%"


def span(value: float | None, unit: TimeUnit, marks: tuple[float, ...] = ()) -> str:
    """A length of time without its unit: one decimal, two in years, none for a hundred days and more."""
    if unit is TimeUnit.DAYS and value is not None and abs(value) >= 100:
        return beside(value, marks, 0)
    return beside(value, marks, 2 if unit is TimeUnit.YEARS else 1)


def exact(value: float) -> str:
    """A declared number as declared: no rounding, no trailing zeros."""
    return f"{value:.12g}"


def declared_ratio(value: float) -> str:
    """A declared ratio: as declared, with at least two decimals."""
    text = exact(value)
    whole, _, decimals = text.partition(".")
    return text if "e" in text or len(decimals) >= 2 else f"{whole}.{decimals:0<2}"


def amount(value: float | None, estimand: Estimand, unit: TimeUnit, marks: tuple[float, ...] = ()) -> str:
    """A value of an estimand without its unit: a ratio, a time, or percentage points."""
    if estimand.is_ratio:
        return ratio(value, marks)
    if estimand is Estimand.RMST_DIFFERENCE:
        return span(value, unit, marks)
    points = None if value is None else 100 * value
    return beside(points, tuple(100 * mark for mark in marks), 1)


def declared(value: float, estimand: Estimand) -> str:
    """A bound of a ROPE without its unit, in the same terms as `amount`."""
    if estimand.is_ratio:
        return declared_ratio(value)
    return exact(100 * value) if estimand is Estimand.SURVIVAL_DIFFERENCE else exact(value)


def unit_of(estimand: Estimand, unit: TimeUnit) -> str:
    """Unit of an estimand's values, with a leading space; empty for ratios."""
    if estimand.is_ratio:
        return ""
    return f" {unit}" if estimand is Estimand.RMST_DIFFERENCE else " percentage points"
