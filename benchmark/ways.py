"""One way of doing the eight fits, as a whole process: `python -m benchmark.ways WAY N [DRAWS]`.

Ways: `ours` (the full line: cohort, sampling, cross-check, verdict), `pymc` and `nutpie` (the textbook way with
PyMC's own sampler or with nutpie, and a summary of the hazard ratio). N is how many of the eight. `ess` in the
place of N measures the largest fit alone. Writes JSON.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from bayesrefract.pipeline import Job
from benchmark import cases

if TYPE_CHECKING:
    from benchmark.textbook import Rows


def ours(count: int, seed: int) -> list[float]:
    """Medians of the primary hazard ratio."""
    from bayesrefract.pipeline import run

    with tempfile.TemporaryDirectory() as folder:
        (findings,) = run(_chosen(count), store=Path(folder), seed=seed)
    return [each.verdicts[0].median for each in findings]


def _chosen(count: int) -> list[Job]:
    return cases.jobs(tuple(cases.ADJUSTMENTS)[: max(1, count // 2)], populations=min(2, count))


def textbook_way(sampler: str, count: int, seed: int, draws: int) -> list[float]:
    """Medians of the primary hazard ratio."""
    from benchmark import textbook

    fits = cases.fits(tuple(cases.ADJUSTMENTS)[: max(1, count // 2)], populations=min(2, count))
    made = []
    for place, fit in enumerate(fits):
        trace, _ = textbook.sample(textbook.rows(fit), sampler, seed + place, draws, draws)
        made.append(float(np.exp(textbook.log_hr(trace, fit).median())))
    return made


def per_second(way: str, seed: int, draws: int) -> dict[str, float]:
    """Effective draws of the primary log hazard ratio and seconds of sampling, of the largest fit."""
    (fit,) = cases.fits(("baseline",), populations=1, seed=seed)
    from benchmark import textbook

    if way == "ours":
        from bayesrefract.estimands import estimate
        from bayesrefract.inference.compiler import Compiler
        from bayesrefract.inference.nuts import sample
        from bayesrefract.inference.progress import Silent

        compiler = Compiler()
        compiler.model(fit.arrays, Silent())
        started = time.perf_counter()
        posterior = sample(fit.arrays, fit.model.sampler, fit.sequence, "benchmark", compiler=compiler)
        seconds = time.perf_counter() - started
        effects = estimate(posterior, fit.table, fit.arrays.design, fit.analysis)
        draws_of = effects.log_hazard_ratio.sel(contrast=fit.analysis.primary.label, drop=True)
        return {"ess": textbook.effective(draws_of), "seconds": seconds}
    trace, seconds = _timed_sampling(textbook.rows(fit), way, seed, draws)
    return {"ess": textbook.effective(textbook.log_hr(trace, fit)), "seconds": seconds}


def _timed_sampling(data: Rows, way: str, seed: int, draws: int) -> tuple[xr.DataTree, float]:
    """For nutpie the compilation is taken apart from the sampling, as PyMC does with its own sampler."""
    from benchmark import textbook

    if way == "pymc":
        return textbook.sample(data, way, seed, draws, draws)
    import nutpie

    compiled = nutpie.compile_pymc_model(textbook.model(data))
    started = time.perf_counter()
    trace = nutpie.sample(compiled, draws=draws, tune=draws, chains=4, seed=seed, progress_bar=False)
    return trace, time.perf_counter() - started


def main() -> None:
    way, count, draws = sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 1000
    seed = int(time.time())
    if count == "ess":
        answer: object = per_second(way, seed, draws)
    elif way == "ours":
        answer = ours(int(count), seed)
    else:
        answer = textbook_way(way, int(count), seed, draws)
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
