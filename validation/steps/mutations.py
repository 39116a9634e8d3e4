"""Named changes to the source, one at a time: the tests have to notice each of them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from validation.step import TOP, Step

COPIED = ("src", "tests", "models", "data", "docs", "pyproject.toml", "README.md", "ARCHITECTURE.md")
PACKAGE = "src/bayesrefract"


class Change(NamedTuple):
    """A text of a module, what stands in its place, and the test files that must then fail."""

    name: str
    module: str
    was: str
    becomes: str
    tests: tuple[str, ...]


CHANGES = (
    Change(
        "equivalence by the nearer bound",
        "decision/verdict.py",
        "EQUIVALENT: min(low - region.low, region.high - high, key=_value)",
        "EQUIVALENT: max(low - region.low, region.high - high, key=_value)",
        ("test_equivalence",),
    ),
    Change(
        "directions exchanged",
        "decision/verdict.py",
        'DIFFERENT_BELOW = (VerdictWord.DIFFERENT, "below")',
        'DIFFERENT_BELOW = (VerdictWord.DIFFERENT, "above")',
        ("test_equivalence",),
    ),
    Change(
        "one-sided by the wrong bound of the interval",
        "decision/verdict.py",
        "margins = {NON_INFERIOR: region.high - high}",
        "margins = {NON_INFERIOR: region.high - low}",
        ("test_equivalence", "test_normal_rule"),
    ),
    Change(
        "probability inside counts what lies below",
        "decision/verdict.py",
        "EQUIVALENT: inside - threshold,",
        "EQUIVALENT: (1.0 - above) - threshold,",
        ("test_equivalence", "test_normal_rule"),
    ),
    Change(
        "harm on the other side",
        "study/rope.py",
        "return Side.ABOVE if (self is Harm.MORE_EVENTS) is estimand.is_ratio else Side.BELOW",
        "return Side.BELOW if (self is Harm.MORE_EVENTS) is estimand.is_ratio else Side.ABOVE",
        ("test_equivalence", "test_words"),
    ),
    Change(
        "no least number of events",
        "decision/gates.py",
        "if events < minimum",
        "if events < 0",
        ("test_wording_table", "test_pipeline"),
    ),
    Change(
        "disagreement with Cox regression passes",
        "decision/gates.py",
        "if companion_agrees is False else ()",
        "if companion_agrees is None else ()",
        ("test_equivalence",),
    ),
    Change(
        "R-hat of 1.1", "decision/diagnostics.py", "R_HAT_MAXIMUM = 1.01", "R_HAT_MAXIMUM = 1.10", ("test_diagnostics",)
    ),
    Change(
        "few effective draws", "decision/diagnostics.py", "ESS_MINIMUM = 400", "ESS_MINIMUM = 40", ("test_diagnostics",)
    ),
    Change(
        "never too close to call",
        "decision/decision.py",
        "TOO_CLOSE_IN_MCSE = 2.0",
        "TOO_CLOSE_IN_MCSE = 0.0",
        ("test_equivalence",),
    ),
    Change(
        "an event on a cut in the next interval",
        "cohort/exposure.py",
        "(exit_[:, None] > start) & (exit_[:, None] <= end)",
        "(exit_[:, None] >= start) & (exit_[:, None] < end)",
        ("test_exposure",),
    ),
    Change(
        "censored patients as events",
        "cohort/exposure.py",
        "events = event[:, None] &",
        "events = ~event[:, None] &",
        ("test_exposure",),
    ),
    Change(
        "delayed entry ignored",
        "cohort/exposure.py",
        "- np.maximum(entry[:, None], start)",
        "- np.maximum(0.0 * entry[:, None], start)",
        ("test_exposure",),
    ),
    Change(
        "groups of a contrast exchanged",
        "estimands/hazard.py",
        "values[:, place] = draws.group_effect[:, group] - draws.group_effect[:, reference]",
        "values[:, place] = draws.group_effect[:, reference] - draws.group_effect[:, group]",
        ("test_estimands",),
    ),
    Change(
        "differences with the wrong sign",
        "estimands/effects.py",
        "xr.DataArray(group - reference,",
        "xr.DataArray(reference - group,",
        ("test_estimands",),
    ),
    Change(
        "coarse intervals pass", "classical/agree.py", "TOO_COARSE = 0.30", "TOO_COARSE = 30.0", ("test_crosscheck",)
    ),
    Change(
        "those who enter at an event are at risk",
        "classical/partial_likelihood.py",
        'first_not_in=np.searchsorted(entry[enters], times, side="left")',
        'first_not_in=np.searchsorted(entry[enters], times, side="right")',
        ("test_grid",),
    ),
    Change(
        "exchanged labels pass", "decision/implied.py", "FAULT_SHIFT = 0.5", "FAULT_SHIFT = 500.0", ("test_implied",)
    ),
    Change(
        "narrow priors are not named",
        "model/priors.py",
        "if inside > usual + 1e-9",
        "if inside < usual - 1e-9",
        ("test_group_priors",),
    ),
    Change(
        "events needed rounded down",
        "decision/attainability.py",
        "return math.ceil(value * (1 - 1e-12))",
        "return math.floor(value)",
        ("test_attainability",),
    ),
    Change(
        "pseudo-events for one group",
        "proportionality/likelihood.py",
        "np.log(rate + control / half + treated * half) @ power",
        "np.log(rate / half + control / half + treated * half) @ power",
        ("test_changing_ratio",),
    ),
    Change(
        "the Bayes factor alone stops a claim",
        "proportionality/thirds.py",
        "and found.outside.value >= OUTSIDE",
        "and found.outside.value >= 0",
        ("test_log_ratio_summaries",),
    ),
    Change(
        "every third has to lie outside",
        "proportionality/thirds.py",
        "probability(outside.any(axis=1), weight)",
        "probability(outside.all(axis=1), weight)",
        ("test_log_ratio_summaries",),
    ),
    Change(
        "a claim rests on unequal periods",
        "decision/question.py",
        'return NOT_ONE_RATIO if question.reading is Reading.UNEQUAL else ""',
        'return ""',
        ("test_unequal_periods",),
    ),
    Change(
        "a check that is not possible passes",
        "proportionality/check.py",
        "return Reading.UNKNOWN",
        "return Reading.CONSTANT",
        ("test_unequal_periods",),
    ),
    Change(
        "prior mass of sigma on the wrong scale",
        "proportionality/bayes_factor.py",
        "weights * even * np.log(even[1] / even[0])",
        "weights * np.log(even[1] / even[0])",
        ("test_changing_ratio",),
    ),
)


def work(chunk: int, seed: int) -> dict[str, Any]:
    """Copy what the tests need, make one change, and run them until the first failure."""
    change = CHANGES[chunk]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for name in COPIED:
            source = TOP / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
        module = folder / PACKAGE / change.module
        text = module.read_text(encoding="utf-8")
        if text.count(change.was) != 1:
            return {"name": change.name, "noticed": False, "why": f"{change.module} does not hold the text once"}
        module.write_text(text.replace(change.was, change.becomes), encoding="utf-8")
        tests = [f"tests/{name}.py" for name in change.tests]
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-n0", "-p", "no:cacheprovider", *tests]
        ended = subprocess.run(
            command,
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(folder / "src")},
            capture_output=True,
            text=True,
            check=False,
        )
    last = (ended.stdout.strip().splitlines() or [""])[-1]
    return {"name": change.name, "noticed": ended.returncode == 1, "why": last}


def write_up(results: Sequence[Any]) -> str:
    """A table of the changes, and whether a test failed."""
    lines = ["Each change is made alone, in a copy. Noticed: a test failed.", "", "| Change | Noticed |", "|---|---|"]
    lines += [f"| {each['name']} | {'yes' if each['noticed'] else 'NO: ' + each['why']} |" for each in results]
    return "\n".join(lines)


def passed(results: Sequence[Any]) -> bool:
    """Whether every change was noticed."""
    return all(each["noticed"] for each in results)


def step() -> Step:
    """The step for `make validate`."""
    return Step(
        name="mutations",
        title="Changes to the source that the tests must notice",
        chunks=len(CHANGES),
        seed=1,
        minutes=15,
        work=work,
        write_up=write_up,
        passed=passed,
        sources=("src", "tests"),
    )
