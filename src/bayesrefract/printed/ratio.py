"""A printed ratio with its limits, as a normal estimate of the logarithm."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

from scipy.stats import norm

from bayesrefract.printed.number import Number, either


@dataclass(frozen=True)
class Ratio:
    """`group` against `reference`, with the limits of an interval of `level`.

    `label` says what of (endpoint, population); `place` where it was read. Rows of one `study` share patients.
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
        """Estimates in the middle of the limits on the log scale, as far as the printed digits tell them.

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
    """Why these three cannot be a ratio with its interval; nothing where they can."""
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
