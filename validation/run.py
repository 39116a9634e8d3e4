"""Run the chunks of steps in processes of their own, and keep each result as it comes."""

from __future__ import annotations

import json
import multiprocessing
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path
from typing import Any

from bayesrefract.files import write_whole
from validation.step import Progress, Step

CORES = 2


def kept(step: Step, out: Path) -> Progress:
    """What an earlier run left of this step; nothing where its sources have changed since."""
    path = out / f"{step.name}.json"
    now = step.sha256
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
        if read["sha256"] == now:
            return Progress(now, {int(chunk): result for chunk, result in read["chunks"].items()}, read["seconds"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass
    return Progress(now, {})


def keep(step: Step, progress: Progress, out: Path) -> None:
    """Write the results so far; the file appears whole or not at all."""
    found = {
        "step": step.name,
        "seed": step.seed,
        "sha256": progress.sha256,
        "seconds": round(progress.seconds, 1),
        "chunks": {str(chunk): progress.results[chunk] for chunk in sorted(progress.results)},
        "of": step.chunks,
    }
    write_whole(out / f"{step.name}.json", json.dumps(found, indent=1) + "\n")


def run(step: Step, out: Path, until: float, tell: Callable[[str], None], *, cores: int = CORES) -> Progress:
    """Work off the chunks that are missing, until the clock (`time.monotonic`) shows `until`.

    A chunk that is being worked on then is finished first. A process that dies is told with its chunk, which the
    next run tries again.
    """
    progress = kept(step, out)
    missing = [chunk for chunk in range(step.chunks) if chunk not in progress.results]
    tell(f"{step.name}: {len(progress.results)} of {step.chunks} chunks are there")
    if not missing or time.monotonic() >= until:
        return progress
    keep(step, progress, out)
    lanes = [_Lane(step) for _ in range(min(cores, len(missing)))]
    try:
        for lane in lanes:
            _next(lane, missing, until)
        while busy := {lane.future: lane for lane in lanes if lane.future is not None}:
            for future in wait(busy, return_when=FIRST_COMPLETED).done:
                lane = busy[future]
                progress = _finished(lane, progress, tell)
                keep(step, progress, out)
                _next(lane, missing, until)
    finally:
        for lane in lanes:
            lane.end()
    return progress


class _Lane:
    """One process, which works on one chunk after the other; another takes its place where it dies."""

    def __init__(self, step: Step) -> None:
        self.step = step
        self.chunk = -1
        self.started = 0.0
        self.future: Future[Any] | None = None
        self._pool = self._made()

    @staticmethod
    def _made() -> ProcessPoolExecutor:
        return ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))

    def start(self, chunk: int) -> None:
        self.chunk, self.started = chunk, time.monotonic()
        self.future = self._pool.submit(self.step.work, chunk, self.step.seed)

    def replace(self) -> None:
        self._pool.shutdown(wait=False)
        self._pool = self._made()

    def end(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)


def _next(lane: _Lane, missing: list[int], until: float) -> None:
    lane.future = None
    if missing and time.monotonic() < until:
        lane.start(missing.pop(0))


def _finished(lane: _Lane, progress: Progress, tell: Callable[[str], None]) -> Progress:
    """The progress with the chunk that a lane has finished."""
    if lane.future is None:
        return progress
    seconds = time.monotonic() - lane.started
    name = f"{lane.step.name} {lane.chunk + 1} of {lane.step.chunks}"
    try:
        result = lane.future.result()
    except BrokenProcessPool:
        tell(f"{name}: the process died after {seconds:.0f} s; run again to try this chunk again")
        lane.replace()
        return replace(progress, seconds=progress.seconds + seconds)
    tell(f"{name}: {seconds:.0f} s")
    return Progress(progress.sha256, {**progress.results, lane.chunk: result}, progress.seconds + seconds)


def cores() -> int:
    """Processes at the same time: two, or fewer where the computer has fewer cores."""
    return min(CORES, os.cpu_count() or 1)


def all_passed(steps: Sequence[Step], found: dict[str, Progress]) -> bool:
    """Whether every step is complete and as it should be."""
    return all(
        len(found[step.name].results) == step.chunks and step.passed(found[step.name].in_order()) for step in steps
    )
