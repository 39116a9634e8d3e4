"""Compile further model structures in processes of their own, while the first is compiled and sampled here.

They are found where compiled models are kept; a process that needs one that is being compiled waits for it, as for
that of any other run. Nothing depends on it: what fails there is compiled, or told, when it is needed.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bayesrefract.inference.compilation import reason_for_public
from bayesrefract.inference.compiler import Compiler
from bayesrefract.inference.progress import Silent
from bayesrefract.model.arrays import ModelArrays

WORKER = "from bayesrefract.inference.ahead import work; work()"


@contextmanager
def compiling_ahead(needed: Sequence[ModelArrays], compiler: Compiler | None) -> Iterator[None]:
    """Compile all structures of these arrays but the first that is missing, one beside each further core.

    needed : arrays in the order in which they will be sampled. Processes that still compile at the end are stopped.
    """
    missing = [] if compiler is None or reason_for_public() is not None else _missing(needed, compiler)
    cores = os.cpu_count() or 1
    if compiler is None or compiler.cache is None or len(missing) < 2 or cores < 2:
        yield
        return
    queue, running = missing[1:], _Running()
    threads = [threading.Thread(target=_serve, args=(queue, compiler, running), daemon=True) for _ in range(cores - 1)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        running.stop()


def work() -> None:
    """The other process: the compiler's folder and arrays come from standard input."""
    cache, arrays = pickle.load(sys.stdin.buffer)  # written by our own parent, through a pipe
    Compiler(cache).model(arrays, Silent())


class _Running:
    """Processes that compile."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.processes: list[subprocess.Popen[bytes]] = []
        self.stopped = False

    def start(self) -> subprocess.Popen[bytes] | None:
        with self.lock:
            if self.stopped:
                return None
            made = subprocess.Popen(
                [sys.executable, "-c", WORKER],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            self.processes.append(made)
            return made

    def stop(self) -> None:
        with self.lock:
            self.stopped = True
            for process in self.processes:
                if process.poll() is None:
                    process.terminate()


def _missing(needed: Sequence[ModelArrays], compiler: Compiler) -> list[ModelArrays]:
    """One for each structure that is neither in memory nor kept."""
    found = {arrays.structure: arrays for arrays in reversed(needed)}
    ordered = dict.fromkeys(arrays.structure for arrays in needed)
    return [found[structure] for structure in ordered if not compiler.has(structure)]


def _serve(queue: list[ModelArrays], compiler: Compiler, running: _Running) -> None:
    while queue:
        try:
            arrays = queue.pop(0)
        except IndexError:  # another thread took the last
            return
        try:
            process = running.start()
            if process is None:
                return
            process.communicate(pickle.dumps((compiler.cache, arrays)))
        except OSError:  # no process could be made, or it has gone: the model is compiled where it is needed
            return
