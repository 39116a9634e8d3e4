"""Whether truths drawn from the prior lie anywhere among their posterior draws, for every structure of the model."""

from __future__ import annotations

from typing import Any

from validation.calibration import report
from validation.calibration.cases import CASES, one_compiler, place, run
from validation.step import Step


def work(chunk: int, seed: int) -> dict[str, Any]:
    """Ranks of one part of one case."""
    case, part = place(chunk)
    return run(case, part, seed, one_compiler())


def step() -> Step:
    return Step(
        name="calibration",
        title="Simulation-based calibration of every structure",
        chunks=sum(case.chunks for case in CASES),
        seed=20261128,
        minutes=25,
        work=work,
        write_up=report.write_up,
        passed=report.passed,
        pictures=report.pictures,
        sources=(
            *(f"src/bayesrefract/{each}" for each in ("cohort/exposure.py", "model", "inference", "study/model.py")),
            *(f"src/bayesrefract/estimands/{each}.py" for each in ("hazard", "log_likelihood")),
            *(f"validation/calibration/{each}.py" for each in ("cases", "ranks", "scenarios", "simulate")),
            "models",
            "requirements.lock",
        ),
    )
