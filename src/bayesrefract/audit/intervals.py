"""Is each estimate within its limits, and a ratio in their middle on the log scale?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from bayesrefract.audit.finding import Finding, Outcome, Severity, outcome
from bayesrefract.listing import quoted
from bayesrefract.numerals import fixed
from bayesrefract.printed import Estimate, Ratio, read_number
from bayesrefract.printed.ratio import ratio_faults

ORDER = "limits"
SYMMETRY = "interval symmetry"


def limits(estimates: Sequence[Estimate]) -> Outcome:
    """Lower limit, estimate and upper limit in this order; ratios above 0."""
    bounded = [each for each in estimates if each.value and (each.low or each.high)]
    alone = (each for each in estimates if each.value and not (each.row["ci_low"] or each.row["ci_high"] or each.is_p))
    left = [("no limits printed", each.name) for each in alone]
    left += [("no value printed", each.name) for each in estimates if not each.value]
    return outcome(ORDER, len(bounded), (finding for each in bounded for finding in _misplaced(each)), left)


def symmetry(estimates: Sequence[Estimate]) -> Outcome:
    """An interval made as exp(log ratio +- z SE) has its estimate in the middle on the log scale."""
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
    """Numbers that would fit with two neighbouring digits the other way round."""
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
