"""Printed numbers with their digits, and printed ratios as normal estimates of the log ratio."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import product
from typing import NamedTuple

from scipy.stats import norm

from bayesrefract.messages import quoted

DIGITS = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")
MOST_DIGITS = 15


class Range(NamedTuple):
    """Values from `low` to `high`, both included."""

    low: Fraction
    high: Fraction

    def holds(self, value: Fraction) -> bool:
        return self.low <= value <= self.high


@dataclass(frozen=True)
class Number:
    """`unit` is one unit of the last digit printed: 0.01 for 0.40. `below`: printed as "<0.001"."""

    text: str
    value: Fraction
    unit: Fraction
    below: bool = False

    def __float__(self) -> float:
        return float(self.value)

    @property
    def rounded(self) -> Range:
        """Values that round to it, half a unit to either side: 0.985 to 0.995 for 0.99."""
        return Range(self.value - self.unit / 2, self.value + self.unit / 2)

    @property
    def truncated(self) -> Range:
        """Values whose further digits were cut off: 0.99 to 1.00 for 0.99."""
        away = self.unit if self.value >= 0 else -self.unit
        return Range(*sorted((self.value, self.value + away)))


def read_number(text: str, *, may_be_below: bool = False) -> Number:
    """Digits with a decimal point. Raises ValueError with a sentence for anything else."""
    below = may_be_below and text.startswith("<")
    digits = text[1:].strip() if below else text
    if not DIGITS.fullmatch(digits) or len(digits) > MOST_DIGITS:
        raise ValueError(f"{quoted(text)} is not a number. Write the digits that are printed, with a decimal point.")
    exponent = Decimal(digits).as_tuple().exponent
    assert isinstance(exponent, int)  # a text only for infinite values, which are no digits
    return Number(text, Fraction(Decimal(digits)), Fraction(10) ** exponent, below)


def read_p(text: str, *, may_be_below: bool = False) -> Number:
    """A number from 0 to 1. Raises ValueError with a sentence for anything else."""
    number = read_number(text, may_be_below=may_be_below)
    if not 0 <= number.value <= 1:
        bound = ", or <0.001" if may_be_below else ""
        raise ValueError(f"{quoted(text)} is not a p-value. Give a number from 0 to 1{bound}.")
    return number


def either(number: Number) -> Range:
    """Values with these printed digits by rounding or truncation."""
    parts = (number.rounded, number.truncated)
    return Range(min(part.low for part in parts), max(part.high for part in parts))


@dataclass(frozen=True)
class Ratio:
    """`group` against `reference`, with the limits of an interval of `level`.

    `label`: endpoint and population. `place`: where it was read. Rows of one `study` share patients.
    """

    group: str
    reference: str
    estimate: Number
    low: Number
    high: Number
    level: float = 0.95
    label: str = ""
    place: str = ""
    study: str = ""
    endpoint: str = ""

    @property
    def text(self) -> str:
        """As printed: `0.99 (0.73-1.33)`."""
        return f"{self.estimate.text} ({self.low.text}-{self.high.text})"

    @property
    def z(self) -> float:
        """Half the width of the interval in standard errors."""
        return float(norm.ppf(0.5 + self.level / 2))

    @property
    def log_estimate(self) -> float:
        return math.log(self.estimate.value)

    @property
    def log_se(self) -> float:
        """Standard error of the log, from the width of the interval."""
        return math.log(self.high.value / self.low.value) / (2 * self.z)

    def log_se_range(self) -> tuple[float, float]:
        """Standard errors that the printed digits allow; the least is 0 where the limits may be equal."""
        (low_least, low_most), (high_least, high_most) = self.low.rounded, self.high.rounded
        low_least = _positive(low_least, self.low)
        widths = (math.log(max(float(high_least / low_most), 1.0)), math.log(high_most / low_least))
        return widths[0] / (2 * self.z), widths[1] / (2 * self.z)

    def log_estimates(self) -> tuple[float, float]:
        """Logs of the estimates that the printed digits allow."""
        low, high = self.estimate.rounded
        return math.log(_positive(low, self.estimate)), math.log(high)

    def implied(self, *, cut_off: bool = False) -> tuple[float, float]:
        """Estimates in the middle of the limits on the log scale, as far as the printed digits identify them.

        `cut_off`: digits may have been cut off instead of rounded.
        """
        (a, b), (c, d) = (either(limit) if cut_off else limit.rounded for limit in (self.low, self.high))
        return math.sqrt(max(float(a), 0.0) * c), math.sqrt(b * d)

    @property
    def symmetric(self) -> bool:
        """Whether the estimate can be in the middle of its limits on the log scale, however the digits were made."""
        low, high = self.implied(cut_off=True)
        least, most = either(self.estimate)
        return low <= most and least <= high

    def allowed(self) -> tuple[tuple[float, float], ...]:
        """Corners (log estimate, standard error) of what the printed digits allow, standard errors above 0."""
        errors = [max(error, 1e-9) for error in self.log_se_range()]
        return tuple(product(self.log_estimates(), errors))


def _positive(value: Fraction, printed: Number) -> Fraction:
    """The value, or a thousandth of the last printed digit where it is not above 0: a ratio always is."""
    return value if value > 0 else printed.unit / 1000


def ratio_faults(estimate: Number, low: Number, high: Number) -> list[str]:
    """Faults of three numbers as a ratio with its interval; nothing where there is none."""
    faults = [
        f"{name} {number.text} is not above 0. A ratio and its limits are positive."
        for name, number in (("ratio", estimate), ("lower limit", low), ("upper limit", high))
        if number.value <= 0
    ]
    if low.value > high.value:
        faults.append(f"the interval {low.text} to {high.text} is reversed. Put the lower limit first.")
    elif low.value == high.value:
        faults.append(f"the interval {low.text} to {high.text} has no width. Give limits with more digits.")
    elif not low.value <= estimate.value <= high.value:
        faults.append(f"{estimate.text} lies outside its interval {low.text} to {high.text}. Correct one of them.")
    return faults
