"""A Python program as a whole process: seconds, and peak memory as the operating system accounts for it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

TOP = Path(__file__).parents[1]
MEASURED = (
    "import resource, runpy, sys; sys.argv = sys.argv[1:]\n"
    "try: runpy.run_module(sys.argv[0], run_name='__main__', alter_sys=True)\n"
    "finally:\n"
    "    sys.stdout.flush()\n"
    "    used = resource.getrusage(resource.RUSAGE_SELF)\n"
    "    print('\\nUSED', used.ru_utime + used.ru_stime, used.ru_maxrss, file=sys.stderr, flush=True)\n"
)
"""Runs a module as a program and says at its end what it used."""


@dataclass(frozen=True)
class Run:
    """Wall and processor seconds, peak memory in MB, and what was printed on stdout."""

    wall: float
    cpu: float
    peak: float
    out: str


def run(module: str, *arguments: str, environment: Mapping[str, str] | None = None) -> Run:
    """Run a module to its end. Raises RuntimeError, with the end of stderr, when it fails (3 is a withheld verdict)."""
    started = time.perf_counter()
    ended = subprocess.run(
        [sys.executable, "-c", MEASURED, module, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | dict(environment or {}),
        cwd=TOP,
    )
    wall = time.perf_counter() - started
    if ended.returncode not in {0, 3}:
        raise RuntimeError(f"{module} {' '.join(arguments)} ended with {ended.returncode}:\n{ended.stderr[-2000:]}")
    _, cpu, kilobytes = ended.stderr.splitlines()[-1].split()
    return Run(wall, float(cpu), float(kilobytes) / 1024, ended.stdout)
