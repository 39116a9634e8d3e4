"""The cohort: patients of one question with complete covariates, the rows of their follow-up, and their flow."""

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

    `values`: float, shape (row,), a row per patient unless some have several; for a categorical covariate the integer
    code of its level.
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
    """Analysed patients. Arrays have shape (row,); times are in `time_unit`, from time 0.

    A row is follow-up from `entry` to `exit` in which nothing changes; most patients have one. `owner` is the patient
    of each row as a code, None where each row is one patient; the rows of a patient stand together, in order of time.
    `group` and `stratum` are codes into `groups` and `strata` (one stratum "all" when unstratified).
    `administrative_end` is NaN where unknown, or None when no column gives it.
    `patient` identifiers, one per patient, never leave the cohort.
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
    owner: NDArray[np.int64] | None = None

    def __repr__(self) -> str:
        """Counts in one line: no identifier and nobody's values."""
        events = np.bincount(self.group, weights=self.event, minlength=len(self.groups)).astype(int)
        counts = zip(self.groups, events, self.group_sizes, strict=True)
        each = ", ".join(f"{name} {d}/{n}" for name, d, n in counts)
        return f"<Cohort: {self.n_patients} patients, {self.n_events} events; events/patients: {each}>"

    @property
    def has_delayed_entry(self) -> bool:
        """Whether the follow-up of some patient starts after 0."""
        return bool((self.entry[self.is_first] > 0).any())

    @property
    def has_entries(self) -> bool:
        """Whether some row starts after 0: late, or after another row of its patient."""
        return bool((self.entry > 0).any())

    @property
    def n_rows(self) -> int:
        return len(self.exit)

    @property
    def n_patients(self) -> int:
        return self.n_rows if self.owner is None else int(self.is_first.sum())

    @property
    def n_events(self) -> int:
        return int(self.event.sum())

    @property
    def owners(self) -> NDArray[np.int64]:
        """The patient of each row, shape (row,)."""
        return np.arange(self.n_rows) if self.owner is None else self.owner

    @property
    def is_first(self) -> NDArray[np.bool_]:
        """Whether a row is the first of its patient, shape (row,)."""
        return np.append(True, np.diff(self.owners) != 0)[: self.n_rows]

    @property
    def is_last(self) -> NDArray[np.bool_]:
        """Whether a row is the last of its patient, shape (row,)."""
        return np.append(np.diff(self.owners) != 0, True)[-self.n_rows :]

    @property
    def group_sizes(self) -> NDArray[np.int64]:
        """Patients who are in each group at some time, shape (group,)."""
        if self.owner is None:
            return np.bincount(self.group, minlength=len(self.groups))
        pairs = np.unique(np.column_stack([self.group, self.owners]), axis=0)
        return np.bincount(pairs[:, 0], minlength=len(self.groups))

    @property
    def group_changes(self) -> bool:
        """Whether somebody changes from one group to another."""
        return self._changes(self.group)

    @property
    def changing(self) -> tuple[str, ...]:
        """Covariates that change for somebody."""
        return tuple(each.name for each in self.covariates if self._changes(each.values))

    @property
    def has_repeated_events(self) -> bool:
        """Whether somebody is followed beyond an event, so that another may come."""
        return bool((self.event & ~self.is_last).any())

    def _changes(self, values: NDArray[np.float64] | NDArray[np.int64]) -> bool:
        return bool((~self.is_first[1:] & (values[1:] != values[:-1])).any())
