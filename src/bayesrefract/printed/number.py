"""A number as it is printed: its digits, and every value that would be printed so."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from bayesrefract.listing import quoted

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
    """Values that would be printed so by rounding or by cutting off."""
    parts = (number.rounded, number.truncated)
    return Range(min(part.low for part in parts), max(part.high for part in parts))
