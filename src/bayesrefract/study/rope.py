"""The region of practical equivalence (ROPE), and the decision rule."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from bayesrefract.errors import StudyError

WIDEST_RATIO = 1000.0
"""Bounds of a ratio, and their reciprocals: priors that are made from a ROPE are computed up to here."""
NARROWEST = 9e-7
HIGHEST_LEVEL = 0.9999995
"""Levels and thresholds that round to 1 have no finite interval."""


class Estimand(StrEnum):
    """A quantity for which a ROPE can be declared."""

    HAZARD_RATIO = "hazard_ratio"
    MARGINAL_HAZARD_RATIO = "marginal_hazard_ratio"
    RMST_DIFFERENCE = "rmst_difference"
    SURVIVAL_DIFFERENCE = "survival_difference"

    @property
    def is_ratio(self) -> bool:
        """Whether it is a ratio: analysed on the log scale, with null value 1 (differences: 0)."""
        return self in {Estimand.HAZARD_RATIO, Estimand.MARGINAL_HAZARD_RATIO}


@dataclass(frozen=True)
class Rope:
    """Region of practical equivalence: the range of differences too small to matter. There is no default.

    Parameters
    ----------
    low, high : float
        Bounds: ratios as ratios (0.80, 1.25), differences in their own unit. They enclose "no difference".
    source : str
        Why these bounds: a protocol, a paper.
    declared : datetime.date or str, optional
        When they were fixed; a string is read as YYYY-MM-DD.
    before_data : bool, optional
        Whether that was before the data were seen. Unless it is True, every verdict is exploratory; None: not stated.
    estimand : Estimand
        Quantity of the bounds; the hazard ratio by default.
    role : str
        "primary" or "sensitivity".

    Raises
    ------
    StudyError
        Where `declared` is no date. The bounds are checked where the ROPE is used.

    References
    ----------
    Kruschke (2018), doi:10.1177/2515245918771304; Schuirmann (1987), doi:10.1007/BF01068419.

    Examples
    --------
    >>> Rope(0.80, 1.25, source="protocol 9.2", declared="2026-01-31", before_data=True).declared
    datetime.date(2026, 1, 31)
    """

    low: float
    high: float
    source: str = ""
    declared: dt.date | None = None
    before_data: bool | None = None
    estimand: Estimand = Estimand.HAZARD_RATIO
    role: str = "primary"

    def __post_init__(self) -> None:
        if isinstance(self.declared, str):
            object.__setattr__(self, "declared", _date(self.declared))


def _date(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise StudyError(f'rope: declared = "{text}" is not a date. Write it as 2026-01-31.') from None


def bounds_faults(low: float, high: float, estimand: Estimand) -> Iterator[str]:
    """Faults of two bounds of a ROPE; they must enclose "no difference"."""
    found = f"low = {low:g} and high = {high:g}"
    if low > high:
        yield f"{found} are reversed. Put the smaller bound in low."
        return
    floor, neutral = ("0 < ", 1) if estimand.is_ratio else ("", 0)
    if not (low < neutral < high) or (estimand.is_ratio and low <= 0) or high == float("inf"):
        needs = f"{floor}low < {neutral} < high"
        yield f"{found} do not enclose {neutral} (no difference). A ROPE for {estimand} needs {needs}."
    elif estimand.is_ratio and (low < 1 / WIDEST_RATIO or high > WIDEST_RATIO):
        yield f"{found} are wider than any ratio of hazards. Stay between {1 / WIDEST_RATIO:g} and {WIDEST_RATIO:g}."
    elif estimand.is_ratio and (1 - low < NARROWEST or high - 1 < NARROWEST):
        yield f"low = {low!r} and high = {high!r} leave no room beside 1. Differences below 0.000001 cannot be judged."
    elif estimand is Estimand.SURVIVAL_DIFFERENCE and (low <= -1 or high >= 1):
        yield f"{found} reach -1 or 1, the largest possible differences. Give probabilities."


class RuleName(StrEnum):
    """Decision rule by which a posterior and a ROPE give a verdict."""

    INTERVAL = "interval"
    PROBABILITY = "probability"


class Side(StrEnum):
    """Two-sided equivalence, or non-inferiority against one bound of the ROPE.

    ABOVE: values above the upper bound are the harm (a hazard ratio); BELOW: values below the lower
    bound are (a survival difference).
    """

    TWO_SIDED = "two_sided"
    ABOVE = "above"
    BELOW = "below"


class IntervalKind(StrEnum):
    """Equal-tailed, or highest density (of the log, for a ratio)."""

    ETI = "eti"
    HDI = "hdi"


@dataclass(frozen=True)
class Rule:
    """How a posterior and a ROPE become a verdict.

    Parameters
    ----------
    name : RuleName
        `interval`: the whole credible interval lies inside the ROPE (equivalent) or outside it on one side (different).
        `probability`: the posterior probability inside, or beyond one bound, reaches `threshold`.
    level : float
        Level of the credible interval.
    threshold : float, optional
        Least posterior probability, for the rule `probability`.
    side : Side
        Two-sided equivalence, or the side of the harm for non-inferiority.
    interval : IntervalKind
        Equal-tailed or highest-density.

    References
    ----------
    Kruschke (2018), doi:10.1177/2515245918771304.
    """

    name: RuleName = RuleName.INTERVAL
    level: float = 0.95
    threshold: float | None = None
    side: Side = Side.TWO_SIDED
    interval: IntervalKind = IntervalKind.ETI
