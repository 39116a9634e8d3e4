"""An estimate with its limits, as a frozen value used by every package."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Interval:
    """An estimate with two limits; None where it is not reached or cannot be computed."""

    estimate: float | None
    low: float | None
    high: float | None
