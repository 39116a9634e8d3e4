"""Audit of printed intervals: the estimate within its limits, their symmetry, and the p-value printed beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

from scipy.stats import norm

from bayesrefract.messages import quoted
from bayesrefract.numerals import fixed, p_value
from bayesrefract.papers import Estimate, Ratio, read_number
from bayesrefract.papers.audit.finding import Finding, Outcome, Severity, outcome
from bayesrefract.papers.numbers import either, ratio_faults

ORDER = "limits"
SYMMETRY = "interval symmetry"


def limits(estimates: Sequence[Estimate]) -> Outcome:
    """Check the order of lower limit, estimate and upper limit, and that ratios are above 0."""
    bounded = [each for each in estimates if each.value and (each.low or each.high)]
    alone = (each for each in estimates if each.value and not (each.row["ci_low"] or each.row["ci_high"] or each.is_p))
    left = [("no limits printed", each.name) for each in alone]
    left += [("no value printed", each.name) for each in estimates if not each.value]
    return outcome(ORDER, len(bounded), (finding for each in bounded for finding in _misplaced(each)), left)


def symmetry(estimates: Sequence[Estimate]) -> Outcome:
    """Check that the estimate is the geometric mean of its limits, as for exp(log ratio +- z SE)."""
    found = [each for each in estimates if each.is_ratio and is_sound(each)]
    findings = [finding for each in found for finding in _askew(each)]
    kinds = (each for each in estimates if not each.is_ratio and each.low and each.high)
    left = [("the interval of a median need not be symmetric", each.name) for each in kinds]
    left += [(_why_not(each), each.name) for each in estimates if each.is_ratio and not is_sound(each)]
    return outcome(SYMMETRY, len(found), findings, left)


def _why_not(each: Estimate) -> str:
    if each.level() is None:
        return f"{quoted(each.row['interval_kind'])} is no interval of a ratio"
    return "not a ratio between two limits above 0"


def is_sound(each: Estimate) -> bool:
    """Whether a ratio's three numbers can be an estimate with its interval."""
    if not (each.value and each.low and each.high) or each.level() is None:
        return False
    return not ratio_faults(each.value, each.low, each.high)


def _misplaced(each: Estimate) -> Iterator[Finding]:
    printed = each.printed
    problems = []
    if each.low and each.high and each.low.value > each.high.value:
        problems.append("the limits are reversed")
    elif each.value and (
        (each.low and each.value.value < each.low.value) or (each.high and each.value.value > each.high.value)
    ):
        problems.append("the estimate lies outside its limits")
    if each.is_ratio and any(number and number.value <= 0 for number in (each.value, each.low, each.high)):
        problems.append("a ratio and its limits are above 0")
    for problem in problems:
        yield Finding(ORDER, Severity.ERROR, each.row.place, each.name, f"{printed}: {problem}", printed)


def _askew(each: Estimate) -> Iterator[Finding]:
    ratio = each.ratio()
    if ratio is None or ratio.symmetric:
        return
    low, high = ratio.implied()
    yield Finding(
        SYMMETRY,
        Severity.DOUBT,
        each.row.place,
        each.name,
        f"{ratio.text} is not symmetric on the log scale: one of its three numbers may be misprinted, "
        "unless it is a profile or bootstrap interval",
        f"the limits imply an estimate of {fixed(low, 3)} to {fixed(high, 3)}{''.join(_swapped(ratio))}",
    )


def _swapped(ratio: Ratio) -> Iterator[str]:
    """Numbers that would be consistent with two neighbouring digits transposed."""
    numbers = (ratio.estimate, ratio.low, ratio.high)
    for place, number in enumerate(numbers):
        for i, (one, two) in enumerate(pairwise(number.text)):
            if one == two or not (one + two).isdecimal():
                continue
            other = read_number(number.text[:i] + two + one + number.text[i + 2 :])
            tried = (*numbers[:place], other, *numbers[place + 1 :])
            made = replace(ratio, estimate=tried[0], low=tried[1], high=tried[2])
            if not ratio_faults(*tried) and made.symmetric:
                yield f"; {other.text} printed as {number.text} would fit"


CHECK = "p against interval"
WALD, LOG_RANK = "wald", "logrank"
"""A Wald test is made of the same two numbers as the interval: they may differ only by rounding."""
OTHER_TEST_SLACK = 0.10
"""Standard errors by which another test of the same patients may differ from the Wald test."""
THRESHOLD = 0.05
WORST = 40.0


class Span(NamedTuple):
    """Standard errors from 1, from least to most."""

    least: float
    most: float


def p_of_intervals(estimates: Sequence[Estimate]) -> Outcome:
    """Compare every ratio with every p of the same comparison, population, setting and endpoint."""
    looked = 0
    findings: list[Finding] = []
    left: list[tuple[str, str]] = []
    ratios = [each for each in estimates if each.is_ratio and is_sound(each)]
    used = set()
    for each in ratios:
        twins = [p for p in _of_same_pair(each, estimates) if p.is_adjusted == each.is_adjusted]
        if not twins:
            adjusted = "no p of an adjusted model is printed" if each.is_adjusted else "no p is printed"
            left.append((f"{adjusted} for this comparison", each.name))
        for p in twins:
            looked += 1
            used.add(p.row.place)
            findings += _faults(each, p)
    alone = (p for p in estimates if p.is_p and p.value and p.row.place not in used)
    left += [("a p without a ratio of the same comparison: it needs patient records", p.name) for p in alone]
    return outcome(CHECK, looked, findings, left)


def _of_same_pair(ratio: Estimate, estimates: Sequence[Estimate]) -> Iterator[Estimate]:
    pair = {ratio.group, ratio.reference}
    return (p for p in estimates if p.is_p and p.value and p.scope == ratio.scope and {p.group, p.reference} == pair)


def _faults(each: Estimate, p: Estimate) -> Iterator[Finding]:
    ratio = each.ratio()
    assert ratio is not None
    implied, printed = _of_ratio(ratio), _of_p(p)
    gap = max(implied.least - printed.most, printed.least - implied.most, 0.0)
    other_test = p.test != WALD
    if gap <= (OTHER_TEST_SLACK if other_test else 0.0):
        return
    low, high = (float(2 * norm.sf(z)) for z in (implied.most, implied.least))
    parted = max(low, high) < THRESHOLD or min(low, high) >= THRESHOLD
    contradicts = parted and (high < THRESHOLD) != _is_significant(printed)
    soft = "both are of one model"
    if other_test:
        soft = "a test of two groups and a model of more" if p.test == LOG_RANK else "another test of the same patients"
        soft += " may differ so"
    yield Finding(
        CHECK,
        (Severity.DOUBT if contradicts else Severity.NOTE) if other_test else Severity.DOUBT,
        p.row.place,
        each.name,
        f"{ratio.text} implies p of about {p_value(float(2 * norm.sf(abs(ratio.log_estimate) / ratio.log_se)))}, "
        f"printed {_p_text(p)}: {soft}",
        f"the printed digits allow p from {p_value(low)} to {p_value(high)} ({each.row.place})",
    )


def _of_ratio(ratio: Ratio) -> Span:
    """Estimate over standard error, over all that the printed digits allow."""
    logs, (least, most) = ratio.log_estimates(), ratio.log_se_range()
    nearest = 0.0 if logs[0] <= 0 <= logs[1] else min(map(abs, logs))
    return Span(nearest / most, max(map(abs, logs)) / least if least > 0 else WORST)


def _of_p(p: Estimate) -> Span:
    assert p.value is not None
    low, high = either(p.value)
    if p.is_p_below:
        return Span(float(norm.isf(float(p.value) / 2)), WORST)
    ends = [float(norm.isf(min(max(float(end), 0.0), 1.0) / 2)) for end in (high, low)]
    return Span(max(ends[0], 0.0), min(ends[1], WORST))


def _is_significant(printed: Span) -> bool:
    return printed.least >= float(norm.isf(THRESHOLD / 2)) - 1e-9


def _p_text(p: Estimate) -> str:
    assert p.value is not None
    return f"p {'<' if p.is_p_below else '='} {p.value.text}"
