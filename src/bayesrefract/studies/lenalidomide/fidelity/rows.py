"""What a cohort makes of each printed number, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass

from bayesrefract.papers import Number

MET, NOT_MET, NOT_IN_COHORT = "met", "not met", "not in the cohort"
NOT_REACHED = "not_reached"


@dataclass(frozen=True)
class Part:
    """One printed number and what the cohort gives for it.

    `printed` None: printed as not reached. `rebuilt` None: not reached.
    """

    printed: Number | None
    rebuilt: float | None
    is_bound: bool = False  # printed as "p < 0.001"

    @property
    def met(self) -> bool:
        """Whether the rebuilt number would be printed with the same digits."""
        return self.distance == 0

    @property
    def distance(self) -> float:
        """How far the rebuilt number is beyond those that would be printed so, in units of the last digit."""
        if self.printed is None or self.rebuilt is None:
            return 0.0 if self.printed is None and self.rebuilt is None else float("inf")
        if self.is_bound:
            return max(0.0, (self.rebuilt - float(self.printed)) / float(self.printed.unit))
        low, high = (float(end) for end in self.printed.rounded)
        beyond = max(low - self.rebuilt, self.rebuilt - high)
        return 0.0 if beyond <= TOLERANCE * float(self.printed.unit) else beyond / float(self.printed.unit)

    @property
    def text(self) -> str:
        """The rebuilt number with the printed digits, and one more where these would hide that it is not met."""
        if self.rebuilt is None:
            return NOT_REACHED
        if self.printed is None:
            return f"{self.rebuilt:.1f}"
        if self.is_bound:
            return f"{self.rebuilt:.2g}"
        digits = max(0, -_exponent(self.printed))
        return f"{self.rebuilt:.{digits}f}" if self.met else f"{self.rebuilt:.{digits + 1}f}"


TOLERANCE = 1e-6
"""Of a unit of the last digit: a number this close to the edge of its rounding is on it."""


def _exponent(number: Number) -> int:
    digits = 0
    while number.unit * 10**digits < 1:
        digits += 1
    return -digits


@dataclass(frozen=True)
class FidelityRow:
    """One printed row: what it is of, what was printed, and its parts; no parts where the cohort cannot tell."""

    what: tuple[str, ...]  # population, setting, endpoint or variable, statistic or level, group, reference
    printed: str
    parts: tuple[Part, ...]
    is_survival: bool

    @property
    def verdict(self) -> str:
        if not self.parts:
            return NOT_IN_COHORT
        return MET if all(part.met for part in self.parts) else NOT_MET

    @property
    def rebuilt(self) -> str:
        """A value, with its limits where they are printed; counts one after the other."""
        texts = [part.text for part in self.parts]
        if not self.is_survival or len(texts) < 2:
            return " ".join(texts)
        return f"{texts[0]} ({'-'.join(texts[1:])})"

    @property
    def distance(self) -> float:
        """The largest distance of its parts."""
        return max((part.distance for part in self.parts), default=0.0)


@dataclass(frozen=True)
class Fidelity:
    """All rows: survival figures first, then counts."""

    rows: tuple[FidelityRow, ...]

    @property
    def survival(self) -> tuple[FidelityRow, ...]:
        return tuple(row for row in self.rows if row.is_survival)

    @property
    def counts(self) -> tuple[FidelityRow, ...]:
        return tuple(row for row in self.rows if not row.is_survival)

    @property
    def told_in_words(self) -> str:
        """How many printed numbers the cohort meets, in one line."""
        survival, counts = self.survival, self.counts
        return (
            f"{self.met(survival)} of {self.told(survival)} printed survival rows and {self.met(counts)} of "
            f"{self.told(counts)} rows of counts are met at their printed digits."
        )

    def met(self, rows: tuple[FidelityRow, ...]) -> int:
        return sum(row.verdict == MET for row in rows)

    def told(self, rows: tuple[FidelityRow, ...]) -> int:
        """Rows that the cohort can tell of."""
        return sum(row.verdict != NOT_IN_COHORT for row in rows)
