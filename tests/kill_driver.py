"""Kills a run at random moments: a program of its own, for forking wants a process without other threads.

Everything slow is imported once; each trial is a forked child. Writes what it saw as JSON to stdout.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from stored_fits import draws_in

from bayesrefract.analysis import analyse as analysis
from bayesrefract.cohort.read import read_records
from bayesrefract.inference.compiler import Compiler
from bayesrefract.pipeline import Job, run
from bayesrefract.report import write_report
from bayesrefract.report.diagnostics import files
from bayesrefract.report.page import html
from bayesrefract.study.model_file import load_model
from bayesrefract.study.study_file import load_study

MODELS = ("unadjusted", "primary", "collapsed")
TRIALS = 20


def job_of(data: Path) -> Job:
    """Three quick fits of the simulated trial."""
    study = load_study(data)
    models = [load_model(name) for name in MODELS]
    quick = tuple(
        replace(model, sampler=replace(model.sampler, tune=100, draws=100, max_draws=400)) for model in models
    )
    return Job(study, read_records(study), quick)


def in_child(work: Callable[[], object], killed_after: float | None = None) -> float:
    """Run `work` in a forked child; with a time, kill it then with SIGKILL. Returns the seconds it ran."""
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    if killed_after is not None:
        time.sleep(killed_after)
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return time.monotonic() - started


def remembered[**P, R](work: Callable[P, R], name: Callable[P, object]) -> Callable[P, R]:
    """`work`, done once for each name: by the parent, for all of its children.

    For what writes nothing: killed in it, a run leaves what it left just before.
    """
    kept: dict[object, R] = {}

    def found(*args: P.args, **named: P.kwargs) -> R:
        label = name(*args, **named)
        if label not in kept:
            kept[label] = work(*args, **named)
        return kept[label]

    return found


def main(data: Path, place: Path) -> None:
    job, compiler = job_of(data), Compiler()

    def work(folder: Path) -> None:
        (findings,) = run([job], store=folder, compiler=compiler)
        write_report(job.study, findings, folder / job.study.name)

    files.diagnostics_page = lambda *_: "<p>ArviZ takes seconds for each fit, and has tests of its own"
    analysis.cross_check = remembered(analysis.cross_check, lambda cohort, question, table, model: model.name)
    analysis.predictive_check = remembered(analysis.predictive_check, lambda *arguments, **_: str(arguments[-1]))
    html.compose = remembered(html.compose, lambda *_: "page")
    # PDF and PNG take seconds more; the folder's list names them all the same
    html._figure_files = lambda picture: {f"figures/{picture.name}.{kind}": picture.svg for kind in html.FIGURE_KINDS}
    work(place / "warm")  # compiled code and imports, shared by all children
    duration = in_child(lambda: work(place / "whole"))
    expected = draws_in(place / "whole")
    rng = np.random.default_rng(7)
    trials = []
    for trial in range(TRIALS):
        folder = place / f"trial{trial}"
        moment = float((trial + rng.random()) / TRIALS * duration)
        in_child(lambda folder=folder: work(folder), killed_after=moment)
        kept = draws_in(folder)
        in_child(lambda folder=folder: work(folder))
        left = [path.name for path in folder.rglob("*.part")]
        whole = (folder / job.study.name / "index.html").read_text(encoding="utf-8").rstrip().endswith("</html>")
        trials.append({"kept": len(kept), "same": draws_in(folder) == expected, "left": left, "report": whole})
        shutil.rmtree(folder)
    json.dump({"fits": len(expected), "duration": duration, "trials": trials}, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
