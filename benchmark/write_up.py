"""The figures of the benchmark as a page of Markdown."""

from __future__ import annotations

import datetime as dt
import os
import platform
from collections.abc import Iterator
from typing import Any

from bayesrefract.inference.provenance import processor, versions

type Figures = dict[str, Any]


def page(found: Figures) -> str:
    """reports/benchmark.md: what was measured, on which machine, with which versions."""
    return "\n".join(
        [*_heading(), *(line for name, write in WRITERS.items() if name in found for line in write(found[name]))]
    )


def machine() -> Figures:
    """Processor, cores, memory, system, Python and the libraries behind the numbers."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    return {
        "processor": processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory": f"{memory:.0f} GB",
        "system": platform.system(),
        "python": platform.python_version(),
        **versions(),
    }


def _heading() -> Iterator[str]:
    yield "# Benchmark"
    yield ""
    yield (
        f"Written by `make bench` on {dt.date.today().isoformat()}. One machine, the same data for all. "
        "Seconds are wall time unless said otherwise; a virtual machine is noisy: read ratios, not single figures."
    )
    yield ""
    yield "| | |"
    yield "|---|---|"
    yield from (f"| {name} | {value} |" for name, value in machine().items())


def _effective_draws(found: Figures) -> Iterator[str]:
    yield from _section(
        "Effective draws per second of sampling",
        "Bulk effective sample size of the primary log hazard ratio of ACTG 175 (2,139 patients, 6 covariates, none of "
        "them merging), 4 chains of 1,000 draws; compilation not counted.",
    )
    yield "| Way | Effective draws | Seconds | Per second | Ours against it |"
    yield "|---|---:|---:|---:|---:|"
    for way, each in found.items():
        ratio = found["ours"]["per_second"] / each["per_second"]
        yield f"| {NAMES[way]} | {each['ess']:,.0f} | {each['seconds']:.1f} | {each['per_second']:,.0f} | {ratio:.1f} |"


def _eight_fits(found: Figures) -> Iterator[str]:
    yield from _section(
        "Eight fits as one process",
        "ACTG 175: two populations, four sets of covariates. Imports and compilation included. Ours also includes "
        "estimates, cross-check, predictive check and verdicts; the textbook way only the hazard ratio. CPU and memory "
        "are the main process's: PyMC's own sampler runs its chains in further ones.",
    )
    yield "| Way | Seconds | CPU seconds | Peak memory, MB | It against ours |"
    yield "|---|---:|---:|---:|---:|"
    for way, each in found.items():
        ratio = each["wall"] / found["ours"]["wall"]
        yield f"| {way} | {each['wall']:.0f} | {each['cpu']:.0f} | {each['peak']:,.0f} | {ratio:.1f} |"


def _compare_500(found: Figures) -> Iterator[str]:
    times = found["seconds"]
    yield from _section(
        "From the command to the verdict",
        f"`compare` on 500 new patients with three categorical covariates and age, compiled model at hand: median "
        f"{times[len(times) // 2]:.1f} s ({times[0]:.1f} to {times[-1]:.1f} in {len(times)} runs), peak memory "
        f"{found['peak']:,.0f} MB.",
    )


def _whole_studies(found: Figures) -> Iterator[str]:
    yield from _section("The embedded studies", "`bayesrefract fit data/actg175 data/simulated`, 23 fits.")
    yield "| | Seconds | CPU seconds | Peak memory, MB |"
    yield "|---|---:|---:|---:|"
    for name in ("everything new", "nothing changed", "report again"):
        each = found[name]
        yield f"| {name} | {each['wall']:.1f} | {each['cpu']:.1f} | {each['peak']:,.0f} |"
    yield f"| importing what samples and reports | {found['imports']:.1f} | | |"
    yield ""
    yield "Where the time goes with everything new:"
    yield ""
    yield from _stages(found["stages"])


def _stages(stages: Figures) -> Iterator[str]:
    whole = stages["whole"]
    yield "| Stage | Seconds | Share |"
    yield "|---|---:|---:|"
    for stage, seconds in sorted(stages.items(), key=lambda pair: -pair[1]):
        yield f"| {stage} | {seconds:.1f} | {seconds / whole:.0%} |"


def _scale(found: Figures) -> Iterator[str]:
    yield from _section(
        "More patients",
        "`compare` as a whole process. Patients with equal group and covariates are merged without "
        "changing the likelihood; a continuous covariate keeps them apart.",
    )
    yield "| Patients | Seconds | Sampling | Estimates | Cross-check | Predictive check | Reading | Peak memory, MB |"
    yield "|---|---:|---:|---:|---:|---:|---:|---:|"
    for name, each in found.items():
        stages = each["stages"]
        shown = ("sampling", "estimates", "cross-check", "predictive check", "reading and checking records")
        cells = " | ".join(f"{stages[stage]:.1f}" for stage in shown)
        yield f"| {name} | {each['wall']:.1f} | {cells} | {each['peak']:,.0f} |"


def _interruption(found: Figures) -> Iterator[str]:
    moments = ", ".join(f"{each['after']:g} s: {each['seconds']:.1f} s" for each in found["moments"])
    yield from _section(
        "Ctrl-C",
        f"From the signal to the end of the process, at moments of a run that imports, compiles and samples: "
        f"at most {found['worst']:.1f} s ({moments}).",
    )


def _section(title: str, text: str) -> Iterator[str]:
    yield from ("", f"## {title}", "", text, "")


NAMES = {"ours": "ours", "nutpie": "textbook, nutpie", "pymc": "textbook, PyMC"}
WRITERS = {
    "effective_draws": _effective_draws,
    "eight_fits": _eight_fits,
    "compare_500": _compare_500,
    "whole_studies": _whole_studies,
    "scale": _scale,
    "interruption": _interruption,
}
