"""Studies read with their records and models; every fault of all of them is told together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from bayesrefract.errors import InputError, ModelError, collect, collecting
from bayesrefract.report_folder import folder_faults

if TYPE_CHECKING:
    from bayesrefract.cohort.read import Records
    from bayesrefract.study.model import Model
    from bayesrefract.study.study import Study


class Checked(NamedTuple):
    """A study with its records and the models to try, read without importing what samples."""

    study: Study
    records: Records
    models: tuple[Model, ...]


def read_studies(
    paths: Sequence[str | PathLike[str]],
    models: Sequence[str] | None = None,
    *,
    draws: int | None = None,
    tune: int | None = None,
    tell: Callable[[str], None] | None = None,
    patients: bool = False,
) -> list[Checked]:
    """Studies, their records and models.

    Parameters
    ----------
    paths : sequence of path
        study.toml files, or their folders.
    models : sequence of str, optional
        Names or files of models, instead of each study's own.
    draws, tune : int, optional
        Numbers of draws and of tuning steps, instead of the models' own.
    tell : callable, optional
        Called with a text while a large file is read.
    patients : bool
        Whether to check every patient too, as `check_patients` does.

    Raises
    ------
    InputError
        With the faults of all studies, models and records.
    """
    from bayesrefract.extension import check_study, read_study_records
    from bayesrefract.study.model_file import load_model
    from bayesrefract.study.study_file import load_study

    faults: list[str] = []
    checked = []
    for path in paths:
        study = collect(faults, load_study, Path(path))
        if study is None:
            continue
        study = replace(study, models=tuple(models)) if models else study
        chosen = [collect(faults, load_model, name) for name in study.models]
        records = collect(faults, read_study_records, study, tell)  # checked even where a model is at fault
        if records is None:
            continue
        if patients:
            collect(faults, check_study, study, records)
        fitting = [collect(faults, _with, each, draws, tune) for each in chosen if each is not None]
        checked.append(Checked(study, records, tuple(each for each in fitting if each is not None)))
    for name, count in Counter(each.study.name for each in checked).items():
        if count > 1:
            faults.append(
                f"{count} studies are named {name}, and their reports would share one folder. "
                "Give one of them another name."
            )
    if faults:
        raise InputError(tuple(dict.fromkeys(faults)))
    return checked


def check_patients(checked: Sequence[Checked], out: Path) -> None:
    """Raise InputError with every impossible patient, and printed number, of all studies, before the slow imports.

    The folders of their reports in `out` are checked too: what is not ours is not overwritten.
    """
    if not checked:
        return
    from bayesrefract.extension import check_study

    faults: list[str] = []
    for each in checked:
        with collecting(faults):
            check_study(each.study, each.records)
        faults += folder_faults(out / each.study.name, "--out")
    if faults:
        raise InputError(faults)


def _with(model: Model, draws: int | None, tune: int | None) -> Model:
    """The model with other numbers of draws, where they were asked for."""
    sampler = replace(model.sampler, draws=draws or model.sampler.draws, tune=tune or model.sampler.tune)
    if sampler.fault is not None:
        raise ModelError(f"Model {model.name}, with --draws {sampler.draws} and --tune {sampler.tune}: {sampler.fault}")
    return replace(model, sampler=sampler)
