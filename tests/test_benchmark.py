"""The benchmark compares like with like, and runs. What it measures is asserted nowhere."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import gamma, norm, poisson

TOP = Path(__file__).parents[1]
sys.path.insert(0, str(TOP))  # the benchmark is a program of this repository, not part of the package

from benchmark import cases, textbook  # noqa: E402  # only found by the line above
from benchmark.write_up import WRITERS, machine, page  # noqa: E402


def test_the_textbook_rows_hold_the_same_events_and_person_time() -> None:
    (fit,) = cases.fits(("baseline",), populations=1)
    rows = textbook.rows(fit)
    assert rows.events.sum() == fit.table.events.sum()
    for interval in range(rows.n_intervals):
        own = rows.interval == interval
        assert rows.exposure[own].sum() == pytest.approx(fit.table.exposure[:, interval].sum(), rel=1e-12)
        assert rows.events[own].sum() == fit.table.events[:, interval].sum()
    assert rows.x.shape[1] == len(fit.cohort.groups) - 1 + 6
    chosen = fit.cohort.groups[1:] if fit.cohort.groups[0] == fit.analysis.primary.reference else fit.cohort.groups
    assert fit.analysis.primary.group in chosen


def test_the_textbook_model_is_the_poisson_model_of_its_rows() -> None:
    """Against scipy, term by term, at a point of the constrained parameters."""
    (fit,) = cases.fits(("demographic",), populations=1)
    rows = textbook.rows(fit)
    model = textbook.model(rows)
    rng = np.random.default_rng(1)
    hazard, beta = rng.gamma(2.0, 2e-4, rows.n_intervals), rng.normal(0, 0.2, rows.x.shape[1])
    mean = rows.exposure * hazard[rows.interval] * np.exp(rows.x @ beta)
    jacobian = np.log(hazard).sum()
    prior = gamma.logpdf(hazard, 0.01, scale=100).sum() + norm.logpdf(beta, 0, 100).sum()
    expected = poisson.logpmf(rows.events, mean).sum() + prior + jacobian
    found = model.compile_logp(mode="FAST_COMPILE")({"hazard_log__": np.log(hazard), "beta": beta})
    assert float(found) == pytest.approx(expected, rel=1e-9)  # 17,000 terms


def test_a_part_runs_and_is_written_up(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmark", "--quick", "--only", "compare_500", "--out", str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=TOP)
    assert ended.returncode == 0, ended.stderr
    found = json.loads((tmp_path / "benchmark.json").read_text())
    assert min(found["compare_500"]["seconds"]) > 0
    assert "From the command to the verdict" in (tmp_path / "benchmark.md").read_text()


def test_every_part_has_its_section_and_names_the_machine() -> None:
    from benchmark.parts import PARTS

    assert list(WRITERS) == list(PARTS)
    assert {"processor", "cores", "memory", "python", "pymc", "nutpie"} <= set(machine())
    assert page({}).startswith("# Benchmark")


def test_committed_figures_are_the_ones_that_are_written_up() -> None:
    kept = TOP / "reports" / "benchmark.json"
    written = (TOP / "reports" / "benchmark.md").read_text(encoding="utf-8")
    fresh = page(json.loads(kept.read_text(encoding="utf-8")))
    sections = fresh.split("\n## ")[1:]
    assert sections
    assert all(section.strip() in written for section in sections)


def test_the_readme_quotes_the_measured_ratios() -> None:
    found = json.loads((TOP / "reports" / "benchmark.json").read_text(encoding="utf-8"))
    readme = " ".join((TOP / "README.md").read_text(encoding="utf-8").split())
    speed = {way: each["per_second"] for way, each in found["effective_draws"].items()}
    assert f"{speed['ours'] / speed['pymc']:.0f} times as many effective samples per second" in readme
    assert f"and {speed['ours'] / speed['nutpie']:.0f} times as many as with nutpie" in readme
    fits = {way: each["wall"] / found["eight_fits"]["ours"]["wall"] for way, each in found["eight_fits"].items()}
    assert (round(fits["textbook, PyMC"]), round(fits["textbook, nutpie"])) == (9, 8)
    assert "take a ninth and an eighth of the time" in readme
