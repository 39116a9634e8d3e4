"""The region of practical equivalence (ROPE), and the decision rule."""

from __future__ import annotations

import datetime as dt
import warnings
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
    THROUGHOUT = "hazard_ratio_throughout"
    MARGINAL_HAZARD_RATIO = "marginal_hazard_ratio"
    RMST_DIFFERENCE = "rmst_difference"
    SURVIVAL_DIFFERENCE = "survival_difference"

    @property
    def is_ratio(self) -> bool:
        """Whether it is a ratio: analysed on the log scale, with null value 1 (differences: 0)."""
        return self in {Estimand.HAZARD_RATIO, Estimand.THROUGHOUT, Estimand.MARGINAL_HAZARD_RATIO}

    @property
    def needs_horizon(self) -> bool:
        """Whether it is a comparison of survival curves up to a time."""
        return self not in {Estimand.HAZARD_RATIO, Estimand.THROUGHOUT}


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
    window : (float, float), optional
        Times between which a hazard ratio that may change has to stay inside; with "hazard_ratio_throughout".

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
    window: tuple[float, float] | None = None

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
    """Two-sided equivalence, or non-inferiority against the upper (ABOVE) or the lower bound (BELOW) of one ROPE."""

    TWO_SIDED = "two_sided"
    ABOVE = "above"
    BELOW = "below"


class Harm(StrEnum):
    """What harms a patient: that the event comes earlier (death), or that it comes later (response, discharge)."""

    MORE_EVENTS = "more_events"
    FEWER_EVENTS = "fewer_events"

    def side(self, estimand: Estimand) -> Side:
        """The side of a ROPE on which this harm lies: more events raise a ratio of hazards, and shorten survival."""
        return Side.ABOVE if (self is Harm.MORE_EVENTS) is estimand.is_ratio else Side.BELOW


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
        Earlier form of `harm`, for ratios only; a FutureWarning says what to write.
    interval : IntervalKind
        Equal-tailed or highest-density.
    harm : Harm or str, optional
        Makes the rule one-sided (non-inferiority): "more_events" or "fewer_events" is the harm. The side of each ROPE
        follows from its estimand. Two-sided equivalence unless given.

    Raises
    ------
    StudyError
        For a harm that is not known, and for `side` beside `harm`.

    References
    ----------
    Kruschke (2018), doi:10.1177/2515245918771304.
    """

    name: RuleName = RuleName.INTERVAL
    level: float = 0.95
    threshold: float | None = None
    side: Side = Side.TWO_SIDED
    interval: IntervalKind = IntervalKind.ETI
    harm: Harm | None = None

    def __post_init__(self) -> None:
        if self.harm is not None:
            object.__setattr__(self, "harm", _harm(self.harm))
            if self.side is not Side.TWO_SIDED:
                raise StudyError(f'rule: side = "{self.side}" and harm = "{self.harm}" are both given. Leave side out.')
        elif self.side is not Side.TWO_SIDED:
            warnings.warn(f"rule: {translated(self.side)}", FutureWarning, stacklevel=3)

    @property
    def one_sided(self) -> bool:
        """Whether it is a rule of non-inferiority."""
        return self.harm is not None or self.side is not Side.TWO_SIDED

    def side_of(self, estimand: Estimand) -> Side:
        """The side of a ROPE of this estimand on which the harm lies.

        Raises StudyError for a difference where only a side is given: it was said of a ratio, and the harm of a
        difference may lie on the other one.
        """
        if self.harm is not None:
            return self.harm.side(estimand)
        if self.side is not Side.TWO_SIDED and not estimand.is_ratio:
            raise StudyError(f"rule: {two_readings(self.side, estimand)}")
        return self.side


def _harm(given: str) -> Harm:
    try:
        return Harm(given)
    except ValueError:
        raise StudyError(f'rule: harm = "{given}" is not known. Give "more_events" or "fewer_events".') from None


def translated(side: Side) -> str:
    """What to write instead of the side of a ratio on which the harm lies."""
    harm = harm_of(side)
    return f'side = "{side}" is read as harm = "{harm}", as its ROPE is of a ratio. Write harm = "{harm}" instead.'


def harm_of(side: Side) -> Harm:
    """The harm that lies on this side of a ratio."""
    return Harm.MORE_EVENTS if side is Side.ABOVE else Harm.FEWER_EVENTS


def two_readings(side: Side, estimand: Estimand) -> str:
    """Why a side is refused where a difference is judged, with both things that it may have meant."""
    ratio, difference = (next(h for h in Harm if h.side(e) is side) for e in (Estimand.HAZARD_RATIO, estimand))
    return (
        f'side = "{side}" does not say what harms where {estimand} has a ROPE: of the hazard ratio it would mean '
        f'harm = "{ratio}", of {estimand} harm = "{difference}". Write the harm instead of the side.'
    )
