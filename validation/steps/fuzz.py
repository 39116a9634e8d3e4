"""Hostile input by the thousands: mutated records, options, study files, models, printed numbers and stored fits."""

from __future__ import annotations

import faulthandler
import hashlib
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TypedDict

from validation.fuzzing.cases import dump
from validation.fuzzing.doors import case_of
from validation.fuzzing.rules import PATIENCE, faults
from validation.step import RESULTS, TOP, Step

SEED = 1
CHUNKS = 80
SHARES = {
    "records": 60, "parquet": 25, "options": 60, "study": 40, "model": 25, "printed": 12, "frame": 18, "stored": 10,
}  # fmt: skip
"""Cases of each kind in a chunk: 250, and so 20,000 in all."""
KEPT = TOP / "tests" / "fuzz_cases"
"""Failures are written here, and `tests/test_fuzz.py` runs them again."""
MOST_KEPT = 20
"""Failures of one chunk that are kept: more of them have one cause."""


class Failure(TypedDict):
    """A case that failed: where it comes from, what happened, and the file in which it is kept."""

    door: str
    number: int
    faults: list[str]
    kept: str


class Found(TypedDict):
    """Cases of a chunk by their kind, and those that failed."""

    cases: dict[str, int]
    failures: list[Failure]


def step() -> Step:
    return Step(
        name="fuzz",
        title="Hostile input ends in whole sentences",
        chunks=CHUNKS,
        seed=SEED,
        minutes=10,
        work=work,
        write_up=write_up,
        passed=lambda found: not any(each["failures"] for each in found),
        sources=("src", "models", "requirements.lock", "validation/fuzzing"),
    )


def work(chunk: int, seed: int) -> Found:
    """The cases of a chunk. One that hangs outside Python ends the process, and is a failure when it does so again."""
    failures: list[Failure] = []
    mark = RESULTS / f"fuzz-{chunk}.case"
    deadly = mark.read_text(encoding="utf-8") if mark.exists() else ""
    RESULTS.mkdir(parents=True, exist_ok=True)
    faulthandler.enable()
    try:
        for door, count in SHARES.items():
            for number in range(chunk * count, (chunk + 1) * count):
                mark.write_text(f"{seed} {door} {number}", encoding="utf-8")
                faulthandler.dump_traceback_later(2 * PATIENCE, exit=True)
                told = (
                    alone(seed, door, number)
                    if deadly == f"{seed} {door} {number}"
                    else faults_of_number(seed, door, number)
                )
                faulthandler.cancel_dump_traceback_later()
                if told:
                    kept = keep(seed, door, number, told, len(failures))
                    failures.append({"door": door, "number": number, "faults": told, "kept": kept})
    finally:  # also after Ctrl-C: only a process that dies leaves its mark
        faulthandler.cancel_dump_traceback_later()
        mark.unlink(missing_ok=True)
    return {"cases": dict(SHARES), "failures": failures}


def faults_of_number(seed: int, door: str, number: int) -> list[str]:
    """The faults of one case."""
    return faults(case_of(seed, door, number))


def alone(seed: int, door: str, number: int) -> list[str]:
    """The same in a process of its own, for a case in which a process has died before."""
    program = "import sys\nfrom validation.steps.fuzz import faults_of_number\n"
    program += f"told = faults_of_number({seed}, {door!r}, {number})\n"
    program += "sys.exit('\\n'.join(told) or None)"
    try:
        ended = subprocess.run(
            [sys.executable, "-c", program], cwd=TOP, capture_output=True, text=True, check=False, timeout=2 * PATIENCE
        )
    except subprocess.TimeoutExpired:
        return [f"does not end within {2 * PATIENCE} s, and cannot be interrupted"]
    if ended.returncode < 0:
        return [f"the process died of signal {-ended.returncode}"]
    return [ended.stderr] if ended.returncode else []


def keep(seed: int, door: str, number: int, told: Sequence[str], before: int) -> str:
    """Write a failed case for the test that runs it again; the name of its file. Of many in a chunk only the first."""
    case = replace(case_of(seed, door, number), note=told[0][-2000:])
    name = f"{door}-{hashlib.sha256(dump(replace(case, note='')).encode()).hexdigest()[:12]}.json"
    if before < MOST_KEPT:
        KEPT.mkdir(exist_ok=True)
        (KEPT / name).write_text(dump(case), encoding="utf-8")
    return name


def write_up(found: Sequence[Found]) -> str:
    """How many cases of each kind, and every failure by what happened."""
    cases: Counter[str] = Counter()
    for each in found:
        cases.update(each["cases"])
    failures = [failure for each in found for failure in each["failures"]]
    lines = [
        f"{cases.total():,} cases ({', '.join(f'{count:,} {door}' for door, count in cases.items())}), run up to where "
        "sampling would start: each must end with exit code 0, 1, 2 or 3, without a traceback, a library's warning or "
        "a control character, with its inputs as they were, and with nothing written but where it was asked to.",
        "",
        f"{len(failures)} failed." if failures else "None failed.",
    ]
    for failure in failures[:50]:
        last = failure["faults"][0].strip().splitlines()[-1][:200]
        lines += ["", f"- {failure['door']} {failure['number']}: `{last!a}` (tests/fuzz_cases/{failure['kept']})"]
    return "\n".join(lines)
