"""`python -m validation`: run the long checks, keep each result as it comes, and write reports/validation/index.md."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from bayesrefract.files import locked, write_whole
from validation.run import all_passed, cores, kept, run
from validation.step import MOST_MINUTES, RESULTS
from validation.steps import STEPS
from validation.write_up import page, state, write_pictures


def main() -> None:
    asked = argparse.ArgumentParser(prog="python -m validation", description=__doc__)
    asked.add_argument("--only", action="append", choices=list(STEPS), help="this step alone; may be repeated")
    asked.add_argument("--minutes", type=float, default=MOST_MINUTES, help="start no chunk after so many minutes")
    asked.add_argument("--out", type=Path, default=RESULTS, help="folder of the results")
    chosen = asked.parse_args()
    until = time.monotonic() + 60 * chosen.minutes
    steps = [STEPS[name] for name in dict.fromkeys(chosen.only or STEPS)]
    with locked(chosen.out / ".lock", "validation", _tell):
        found = {}
        for step in steps:
            found[step.name] = run(step, chosen.out, until, _tell, cores=cores())
            write_pictures(step, found[step.name], chosen.out)
            write_whole(chosen.out / "index.md", page([(each, kept(each, chosen.out)) for each in STEPS.values()]))
    for step in steps:
        _tell(f"{step.name}: {state(step, found[step.name])}")
    _tell(f"Report: {chosen.out / 'index.md'}")
    sys.exit(0 if all_passed(steps, found) else 1)


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - its progress


if __name__ == "__main__":
    main()
