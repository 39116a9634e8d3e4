"""The parts of the benchmark. Each gives plain figures that can be kept as JSON."""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmark import cohort_csv
from benchmark.process import TOP, run

type Figures = dict[str, Any]
STUDIES = ["data/actg175", "data/simulated"]
QUICK_DRAWS = ["--draws", "50", "--tune", "100"]


def effective_draws(*, quick: bool) -> Figures:
    """Effective draws of the primary log hazard ratio per second of sampling, of the largest fit."""
    draws = "50" if quick else "1000"
    found = {way: json.loads(run("benchmark.ways", way, "ess", draws).out) for way in ("ours", "nutpie", "pymc")}
    return {way: each | {"per_second": each["ess"] / each["seconds"]} for way, each in found.items()}


def eight_fits(*, quick: bool) -> Figures:
    """Whole-process time of eight fits in each way."""
    count, draws = ("1", "50") if quick else ("8", "1000")
    found: Figures = {}
    with tempfile.TemporaryDirectory() as empty:
        cold = run("benchmark.ways", "ours", count, draws, environment={"BAYESREFRACT_COMPILED": empty})
    found["ours, nothing compiled yet"] = _figures(cold)
    for name, way in (("ours", "ours"), ("textbook, nutpie", "nutpie"), ("textbook, PyMC", "pymc")):
        found[name] = _figures(run("benchmark.ways", way, count, draws))
    return found


def compare_500(*, quick: bool) -> Figures:
    """Command to verdict on 500 patients with warm caches; the data are new each time."""
    times = []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(2 if quick else 6):
            path = Path(folder) / f"patients{seed}.csv"
            cohort_csv.write(path, 500, seed, continuous=True)
            asked = cohort_csv.options(path, continuous=True)
            times.append(run("bayesrefract", *asked, environment={"BAYESREFRACT_CACHE": folder}))
    warm = times[1:]  # the first may have had to compile
    return {"seconds": sorted(each.wall for each in warm), "peak": max(each.peak for each in warm)}


def whole_studies(*, quick: bool) -> Figures:
    """`fit` over the embedded studies with everything new, then with nothing changed, and where the time goes."""
    few = [*QUICK_DRAWS, "--model", "unadjusted"] if quick else []
    with tempfile.TemporaryDirectory() as folder:
        new = ["fit", *STUDIES, "--seed", str(int(time.time())), "--out", f"{folder}/a", *few]
        changed, unchanged = run("bayesrefract", *new), run("bayesrefract", *new)
        again = ["fit", *STUDIES, "--seed", "7", "--out", f"{folder}/b", *few]
        stages = json.loads(run("benchmark.stages", *again).out.splitlines()[-1])
        report = run("bayesrefract", "report", *new[1:])
    return {
        "everything new": _figures(changed),
        "nothing changed": _figures(unchanged),
        "report again": _figures(report),
        "imports": import_seconds(),
        "stages": stages,
    }


def import_seconds() -> float:
    """Median time of importing what a run that samples needs."""
    program = "import bayesrefract.pipeline, bayesrefract.report"
    times = []
    for _ in range(3):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", program], check=True, cwd=TOP)
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def scale(*, quick: bool) -> Figures:
    """`compare` on more and more patients, with covariates that merge and with one that does not."""
    found: Figures = {}
    with tempfile.TemporaryDirectory() as folder:
        for patients in (100, 200) if quick else (1_000, 10_000, 100_000):
            for continuous in (False, True):
                path = Path(folder) / "patients.csv"
                cohort_csv.write(path, patients, patients, continuous=continuous)
                asked = ["benchmark.stages", *cohort_csv.options(path, continuous=continuous)]
                ended = run(*asked, environment={"BAYESREFRACT_CACHE": folder})
                kind = "one continuous" if continuous else "categorical"
                stages = json.loads(ended.out.splitlines()[-1])
                found[f"{patients:,} patients, {kind}"] = _figures(ended) | {"stages": stages}
    return found


def interruption(*, quick: bool) -> Figures:
    """Seconds from Ctrl-C to the end of the process, at several moments of a run."""
    times = []
    for moment in (1.0, 6.0) if quick else (0.5, 1.5, 3.0, 5.0, 7.0, 10.0, 14.0, 18.0):
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "bayesrefract", "fit", *STUDIES, "--out", folder, "--seed", "3"]
            environment = os.environ | {"BAYESREFRACT_COMPILED": f"{folder}/compiled"}
            child = subprocess.Popen(
                command,
                cwd=TOP,
                env=environment,
                preexec_fn=_listening,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            time.sleep(moment)
            child.send_signal(signal.SIGINT)
            sent = time.perf_counter()
            code = child.wait()
            times.append({"after": moment, "seconds": time.perf_counter() - sent, "code": code})
    return {"moments": times, "worst": max(each["seconds"] for each in times)}


def _listening() -> None:
    """A process that was started in the background may have been told to ignore Ctrl-C; its children would too."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _figures(ended: Any) -> Figures:
    return {"wall": ended.wall, "cpu": ended.cpu, "peak": ended.peak}


PARTS = {
    "effective_draws": effective_draws,
    "eight_fits": eight_fits,
    "compare_500": compare_500,
    "whole_studies": whole_studies,
    "scale": scale,
    "interruption": interruption,
}
