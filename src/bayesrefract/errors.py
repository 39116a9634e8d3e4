"""Exceptions. Each message states the place, what was found, what is allowed and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager


class BayesrefractError(Exception):
    """Root of every error that this package raises on purpose."""


class InputError(BayesrefractError):
    """Invalid input: all faults found, one sentence each."""

    def __init__(self, faults: str | Sequence[str]) -> None:
        self.faults: tuple[str, ...] = (faults,) if isinstance(faults, str) else tuple(faults)
        super().__init__("\n".join(self.faults))


class StudyError(InputError):
    """A study file is not valid."""


class ModelError(InputError):
    """A model file is not valid, or does not fit the question."""


class RecordsError(InputError):
    """Patient records are missing, unreadable or impossible."""


class EstimandError(InputError):
    """An estimand is not available from the data, such as survival beyond follow-up."""


class SamplingError(BayesrefractError):
    """Sampling ended without complete, finite draws."""


class Interrupted(BayesrefractError):
    """The user stopped the run; every finished fit is kept."""


@contextmanager
def collecting(faults: list[str]) -> Iterator[None]:
    """Keep the faults of an InputError and go on, so that all faults are told together."""
    try:
        yield
    except InputError as error:
        faults += error.faults


def collect[**P, T](faults: list[str], make: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
    """What is made, or None after its faults are kept."""
    with collecting(faults):
        return make(*args, **kwargs)
    return None
