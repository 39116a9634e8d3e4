"""One tree of exceptions. Each message says where, what was found, what is allowed and what to do."""

from __future__ import annotations

from collections.abc import Sequence


class BayesrefractError(Exception):
    """Root of every error that this package raises on purpose."""


class InputError(BayesrefractError):
    """Something the user gave cannot be used: all faults found, one sentence each."""

    def __init__(self, faults: str | Sequence[str]) -> None:
        self.faults: tuple[str, ...] = (faults,) if isinstance(faults, str) else tuple(faults)
        super().__init__("\n".join(self.faults))


class StudyError(InputError):
    """A study file (the question) is not valid."""


class ModelError(InputError):
    """A model file (an answer) is not valid, or does not fit the question put to it."""


class RecordsError(InputError):
    """Patient records are missing, unreadable or impossible."""


class EstimandError(InputError):
    """A quantity was asked for that the data do not reach, such as survival beyond follow-up."""


class SamplingError(BayesrefractError):
    """Sampling ended without a whole, finite set of draws."""


class Interrupted(BayesrefractError):
    """The user stopped the run; every finished fit is kept."""
