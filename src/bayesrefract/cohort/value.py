"""The cohort: patients of one question with complete covariates, and their flow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bayesrefract.messages import listed, visible
from bayesrefract.study.study import TimeUnit


@dataclass(frozen=True)
class Covariate:
    """One covariate of every patient.

    `values`: float, shape (patient,); for a categorical covariate the integer code of its level.
    `levels`: None for a continuous covariate. `per`: step for which its hazard ratio is reported.
    """

    name: str
    values: NDArray[np.float64] = field(repr=False)
    levels: tuple[str, ...] | None = None
    per: float = 1.0

    @property
    def is_categorical(self) -> bool:
        return self.levels is not None


@dataclass(frozen=True)
class Flow:
    """Patient flow: records = analysed + excluded, with reasons (each patient counted under one reason)."""

    records: int
    excluded: dict[str, int]
    analysed: int

    def __post_init__(self) -> None:
        if self.records != self.analysed + sum(self.excluded.values()):
            raise AssertionError("patient flow does not add up")


@dataclass(frozen=True)
class Coding:
    """How often each code of the event column occurs among the analysed patients, by what it was taken for."""

    event: Mapping[str, int]
    censored: Mapping[str, int]

    def __str__(self) -> str:
        return f"event: {_counted(self.event)}; censored: {_counted(self.censored)}"


def _counted(codes: Mapping[str, int]) -> str:
    return listed(f"{visible(code)} {count:,}" for code, count in codes.items()) or "nobody"


@dataclass(frozen=True)
class Cohort:
    """Analysed patients. Arrays have shape (patient,); times are in `time_unit`, from time 0.

    `group` and `stratum` are codes into `groups` and `strata` (one stratum "all" when unstratified).
    `administrative_end` is NaN where unknown, or None when no column gives it.
    `patient` identifiers never leave the cohort.
    """

    groups: tuple[str, ...]
    group: NDArray[np.int64]
    entry: NDArray[np.float64]
    exit: NDArray[np.float64]
    event: NDArray[np.bool_]
    covariates: tuple[Covariate, ...]
    strata: tuple[str, ...]
    stratum: NDArray[np.int64]
    patient: tuple[str, ...]
    flow: Flow
    time_unit: TimeUnit
    notes: tuple[str, ...] = ()
    administrative_end: NDArray[np.float64] | None = None
    data_sha256: str = ""
    coding: Coding | None = None

    def __repr__(self) -> str:
        """Counts in one line: no identifier and nobody's values."""
        events = np.bincount(self.group, weights=self.event, minlength=len(self.groups)).astype(int)
        sizes = np.bincount(self.group, minlength=len(self.groups))
        each = ", ".join(f"{name} {d}/{n}" for name, d, n in zip(self.groups, events, sizes, strict=True))
        return f"<Cohort: {self.n_patients} patients, {self.n_events} events; events/patients: {each}>"

    @property
    def has_delayed_entry(self) -> bool:
        return bool((self.entry > 0).any())

    @property
    def n_patients(self) -> int:
        return len(self.exit)

    @property
    def n_events(self) -> int:
        return int(self.event.sum())
