"""One display over all fits of a run, on stderr: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bayesrefract.inference.progress import Watch


def display() -> Watch:
    """The display that suits where stderr goes."""
    console = Console(stderr=True, highlight=False)
    return LiveDisplay(console) if console.is_terminal else PlainLines()


class LiveDisplay:
    """A bar over all fits and, beneath it, one over the draws of the current fit."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[note]}"),
            console=console,
            transient=True,
        )
        self._fits = self._progress.add_task("fits", total=None, note="")
        self._draws = self._progress.add_task("", total=None, visible=False, note="")

    def begin(self, fits: int) -> None:
        self._progress.update(self._fits, total=fits)
        self._progress.start()

    def stage(self, text: str) -> None:
        self._progress.update(self._fits, note=text)

    def fit(self, label: str) -> None:
        self._progress.reset(self._draws, description=label, visible=True, note="")
        self._progress.update(self._fits, note="")

    def draws(self, done: int, total: int, divergences: int) -> None:
        note = f"{divergences} divergences" if divergences else ""
        self._progress.update(self._draws, completed=done, total=total, note=note)

    def fit_done(self, label: str, seconds: float, stored: bool) -> None:
        self._progress.update(self._draws, visible=False)
        self._progress.advance(self._fits)
        self._progress.console.print(_ended(label, seconds, stored), markup=False)

    def end(self) -> None:
        self._progress.stop()


class PlainLines:
    """A line per stage and per fit, for logs and pipes; nothing moves and nothing is coloured."""

    def __init__(self) -> None:
        self._done = 0
        self._fits = 0

    def begin(self, fits: int) -> None:
        self._done, self._fits = 0, fits

    def stage(self, text: str) -> None:
        _say(text)

    def fit(self, label: str) -> None:
        """The line at the fit's end says it all."""

    def draws(self, done: int, total: int, divergences: int) -> None:
        """A log needs no ticking."""

    def fit_done(self, label: str, seconds: float, stored: bool) -> None:
        self._done += 1
        _say(f"[{self._done}/{self._fits}] {_ended(label, seconds, stored)}")

    def end(self) -> None:
        """The last fit's line was the end."""


def _ended(label: str, seconds: float, stored: bool) -> str:
    return f"{label}: stored, not run again" if stored else f"{label}: {seconds:.1f} s"


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
