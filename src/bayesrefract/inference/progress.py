"""Progress of a run as callbacks, with a silent default."""

from __future__ import annotations

from typing import Protocol


class Watch(Protocol):
    """One display over all fits of a run."""

    def begin(self, fits: int) -> None:
        """A run of so many fits starts."""

    def stage(self, text: str) -> None:
        """A step that takes a while starts: reading, compiling a model structure, drawing figures."""

    def fit(self, label: str) -> None:
        """A fit starts sampling."""

    def draws(self, done: int, total: int, divergences: int) -> None:
        """The current fit has finished so many of its draws (tuning included, all chains)."""

    def fit_done(self, label: str, seconds: float, stored: bool) -> None:
        """A fit ended; `stored` when it was read from the store and not run again."""

    def end(self) -> None:
        """The run is over (also after an error)."""


class Silent:
    """No-op progress callbacks."""

    def begin(self, fits: int) -> None: ...
    def stage(self, text: str) -> None: ...
    def fit(self, label: str) -> None: ...
    def draws(self, done: int, total: int, divergences: int) -> None: ...
    def fit_done(self, label: str, seconds: float, stored: bool) -> None: ...
    def end(self) -> None: ...
