"""Where the time of a command goes: `python -m benchmark.stages COMMAND...` runs it under a profiler.

Writes JSON on the last line of stdout: stage -> seconds, cumulative.
"""

from __future__ import annotations

import cProfile
import json
import pstats
import sys
import time

STAGES = {
    "imports": ("<frozen importlib._bootstrap>", "_find_and_load"),
    "reading and checking records": ("cohort/read.py", "read_records"),
    "cohorts, tables, arrays": ("pipeline.py", "prepare"),
    "compiled models": ("inference/compiler.py", "model"),
    "sampling": ("inference/nuts.py", "_run"),
    "stored fits": ("inference/store.py", "save"),
    "estimates": ("estimands/effects.py", "estimate"),
    "diagnostics": ("diagnostics.py", "diagnose"),
    "cross-check": ("crosscheck/check.py", "cross_check"),
    "predictive check": ("estimands/predictive.py", "predictive_check"),
    "prior predictive": ("model/prior_predictive.py", "prior_survival"),
    "figures and page": ("cli/fit.py", "_write"),
    "figures and page of `compare`": ("cli/compare.py", "show"),
}
"""Stage -> the function that is all of it (file and name). They do not contain each other, imports apart."""


def seconds_by_stage(profile: cProfile.Profile) -> dict[str, float]:
    """Cumulative seconds of each stage."""
    found = dict.fromkeys(STAGES, 0.0)
    for (file, _, name), (_, _, _, cumulative, _) in vars(pstats.Stats(profile))["stats"].items():
        for stage, (place, function) in STAGES.items():
            if name == function and file.endswith(place):
                found[stage] = max(found[stage], cumulative)
    return found


def main() -> None:
    from bayesrefract.cli.app import main as command

    profile, started = cProfile.Profile(), time.perf_counter()
    try:
        profile.runcall(command, sys.argv[1:])
    except SystemExit as ended:
        if ended.code not in {0, 3}:
            raise
    stages = seconds_by_stage(profile)
    whole = time.perf_counter() - started
    stages["everything else"] = max(0.0, whole - sum(stages.values()))
    print("\n" + json.dumps(stages | {"whole": whole}))  # noqa: T201 - its result


if __name__ == "__main__":
    main()
