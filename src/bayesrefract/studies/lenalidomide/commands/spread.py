"""`bayesrefract spread`: how much a conclusion leans on one reconstruction."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bayesrefract.cli import options
from bayesrefract.cli.output import show_table, tell
from bayesrefract.errors import InputError, Interrupted
from bayesrefract.files import make_folder
from bayesrefract.outputs import target_faults
from bayesrefract.own_files import OwnFiles
from bayesrefract.studies.lenalidomide.commands.reconstruct import make_cohort, progress

if TYPE_CHECKING:
    from bayesrefract.studies.lenalidomide.spread import SpreadRow
    from bayesrefract.study.model import Model
    from bayesrefract.study.study import Publication, Study

FIRST_SEED = 1
StudyPath = Annotated[Path, typer.Argument(metavar="STUDY", help="A study file with [published], or its folder.")]
Cohorts = Annotated[int, typer.Option("--cohorts", min=2, metavar="N", help="Cohorts to rebuild, from as many seeds.")]
Out = Annotated[Path, typer.Option("--out", metavar="FILE.csv", help="The table.")]
Keep = Annotated[Path, typer.Option("--keep", metavar="DIR", help="Finished cohorts are kept here, and found again.")]
Steps = Annotated[
    int | None, typer.Option("--steps", min=1, metavar="N", help="Steps of each search.", show_default="2500000")
]


def spread(
    study: StudyPath,
    *,
    out: Out,
    keep: Keep = Path("reports/spread"),
    cohorts: Cohorts = 20,
    steps: Steps = None,
    quiet: options.Quiet = False,
) -> None:
    """Rebuild cohorts from other seeds, and see how far their answers differ.

    Resumable: a finished cohort is not rebuilt until the printed numbers or the program change.
    """
    from bayesrefract.extension import check_study, files_of_study, read_study_records
    from bayesrefract.files import write_whole
    from bayesrefract.studies.lenalidomide.spread import printed_counts, summarise, to_text
    from bayesrefract.studies.lenalidomide.tables import spread_table
    from bayesrefract.study.model_file import load_model
    from bayesrefract.study.study_file import load_study

    asked = load_study(study)
    if asked.publication is None:
        raise InputError(f"{study}: there is no table [published]. A cohort is rebuilt from the numbers of a paper.")
    printed_counts(asked.publication)
    inputs = [path for path in files_of_study(asked) if path != asked.publication.spread]  # this is what it writes
    seeds = range(FIRST_SEED, FIRST_SEED + cohorts)
    paths = _kept_in(keep, asked.publication, steps, seeds)
    faults = target_faults(out, "--out", inputs)
    faults += OwnFiles(keep).faults([path.name for path in paths.values()], f"--keep {keep}")
    if faults:
        raise InputError(faults)
    models = tuple(load_model(name) for name in asked.models)
    check_study(asked, read_study_records(asked, tell))
    make_folder(keep)
    rows = list(_all_rows(asked, models, paths, steps, quiet=quiet))
    write_whole(out, to_text(rows))
    show_table(spread_table(summarise(rows), len(seeds)))
    tell(f"Written: {out}", quiet=quiet)


def _all_rows(
    study: Study, models: Sequence[Model], paths: Mapping[int, Path], steps: int | None, *, quiet: bool
) -> Iterator[SpreadRow]:
    """The rows of every seed, in the order of the seeds; missing cohorts are rebuilt side by side."""
    assert study.publication is not None  # checked when the study was read
    missing = [seed for seed, path in paths.items() if not path.is_file()]
    tell(f"{len(paths) - len(missing)} of {len(paths)} cohorts are there; rebuilding {len(missing)}.", quiet=quiet)
    make = partial(_keep_cohort, study.publication, steps, quiet)
    if not _rebuild(make, {seed: paths[seed] for seed in missing}, quiet=quiet):
        kept = sum(path.is_file() for path in paths.values())
        raise Interrupted(f"Stopped. {kept} of {len(paths)} cohorts are kept; the same command goes on.")
    for seed, path in paths.items():
        yield from _rows(study, models, seed, path)


def _kept_in(keep: Path, publication: Publication, steps: int | None, seeds: Sequence[int]) -> dict[int, Path]:
    """The file of each seed's cohort."""
    prefix = _made_from(publication, steps)
    return {seed: keep / f"cohort-{prefix}-{seed}.csv" for seed in seeds}


def _rebuild(make: Callable[[int, Path], str], missing: dict[int, Path], *, quiet: bool) -> bool:
    """Rebuild cohorts side by side, each into its file; False where Ctrl-C stopped it, at once."""
    context = multiprocessing.get_context("spawn")  # a fork of a process with threads may hang
    with ProcessPoolExecutor(os.cpu_count(), context, initializer=leave_interrupts_to_the_parent) as pool:
        for path in missing.values():
            OwnFiles(path.parent).claim([path.name])
        running = {pool.submit(make, seed, path): seed for seed, path in missing.items()}
        try:
            for done in as_completed(running):
                told, path = done.result(), missing[running[done]]
                OwnFiles(path.parent).finish([path.name])
                tell(f"Cohort {running[done]}: {told}", quiet=quiet)
        except KeyboardInterrupt:
            for process in multiprocessing.active_children():
                process.kill()
            pool.shutdown(cancel_futures=True)
            return False
    return True


def leave_interrupts_to_the_parent() -> None:
    """Ctrl-C reaches every process of a terminal; only the first one has something to say."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _keep_cohort(publication: Publication, steps: int | None, quiet: bool, seed: int, path: Path) -> str:
    """Rebuild one cohort into its file; says how it meets the printed numbers."""
    from bayesrefract.files import write_whole
    from bayesrefract.studies.lenalidomide.spread import printed_counts

    hear = progress(quiet=quiet, name=f"Cohort {seed}")
    text, fidelity = make_cohort(publication.estimates, printed_counts(publication), seed, steps, hear)
    write_whole(path, text)
    return fidelity.told_in_words


def _rows(study: Study, models: Sequence[Model], seed: int, path: Path) -> list[SpreadRow]:
    from bayesrefract.cohort.read import read_records
    from bayesrefract.studies.lenalidomide.fidelity import check_fidelity
    from bayesrefract.studies.lenalidomide.spread import printed_counts, spread_rows
    from bayesrefract.study.study import with_records

    assert study.publication is not None  # checked when the study was read
    fidelity = check_fidelity(path, study.publication.estimates, printed_counts(study.publication))
    records = read_records(with_records(study, path))
    return spread_rows(study, records, models, seed, fidelity.met(fidelity.survival))


def _made_from(publication: Publication, steps: int | None) -> str:
    """Hash of all that a rebuilt cohort depends on but its seed."""
    from bayesrefract.inference.provenance import PACKAGE
    from bayesrefract.studies.lenalidomide.spread import printed_counts

    digest = hashlib.sha256(str(steps).encode())
    sources = sorted((PACKAGE / "studies" / "lenalidomide" / "rebuild").glob("*.py"))
    for path in (publication.estimates, printed_counts(publication), *sources):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
