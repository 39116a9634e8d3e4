"""Where the time of a command goes: `python -m benchmark.stages COMMAND...` runs it with a clock on each stage.

Writes JSON on the last line of stdout: stage -> seconds.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from functools import reduce, wraps
from importlib import import_module
from typing import Any

STAGES = {
    "reading and checking records": ("bayesrefract.cohort.read", "read_records"),
    "cohorts, tables, arrays": ("bayesrefract.pipeline", "prepare"),
    "compiled models": ("bayesrefract.inference.compiler", "Compiler.model"),
    "sampling": ("bayesrefract.inference.nuts", "_run"),
    "draws as named arrays": ("bayesrefract.inference.nuts", "drop_padding"),
    "storing fits": ("bayesrefract.inference.store", "FitStore.save"),
    "estimates": ("bayesrefract.analysis.settle", "estimate"),
    "diagnostics": ("bayesrefract.decision.diagnostics", "diagnose"),
    "cross-check": ("bayesrefract.analysis.analyse", "cross_check"),
    "predictive check": ("bayesrefract.analysis.analyse", "predictive_check"),
    "figures and page": ("bayesrefract.report", "write_report"),
}
"""Stage -> the function that is all of it, where it is looked up. None contains another."""


def watch(place: str, path: str, seconds: dict[str, float], stage: str) -> None:
    """Replace a function by one that adds up the time that it takes."""
    *owners, name = path.split(".")
    owner = reduce(getattr, owners, import_module(place))
    function: Callable[..., Any] = getattr(owner, name)

    @wraps(function)
    def timed(*arguments: Any, **options: Any) -> Any:
        started = time.perf_counter()
        try:
            return function(*arguments, **options)
        finally:
            seconds[stage] += time.perf_counter() - started

    setattr(owner, name, timed)


def main() -> None:
    started = time.perf_counter()
    from bayesrefract.cli.app import main as command

    seconds = dict.fromkeys(STAGES, 0.0)
    for stage, (place, path) in STAGES.items():
        watch(place, path, seconds, stage)
    seconds["imports"] = time.perf_counter() - started
    try:
        command(sys.argv[1:])
    except SystemExit as ended:
        if ended.code not in {0, 3}:
            raise
    whole = time.perf_counter() - started
    seconds["everything else"] = whole - sum(seconds.values())
    print("\n" + json.dumps(seconds | {"whole": whole}))  # noqa: T201 - its result


if __name__ == "__main__":
    main()
