"""From a comparison to its result: one function behind `br.compare` and the command `compare`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from numbers import Integral
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bayesrefract.comparison import (
    MOST_GROUPS,
    Comparison,
    Keep,
    group_faults,
    model_for,
    model_of_columns,
    natural_order,
    option_faults,
    study_of,
)
from bayesrefract.errors import InputError, ModelError, collect
from bayesrefract.outputs import target_faults
from bayesrefract.report_folder import folder_faults
from bayesrefract.result import Result, write_report
from bayesrefract.study.model import DEFAULT_SEED, LARGEST_SEED, Model
from bayesrefract.study.study import Study

if TYPE_CHECKING:
    from bayesrefract.cohort.read import Records
    from bayesrefract.cohort.value import Cohort
    from bayesrefract.inference.progress import Watch

MANY_PATIENTS = 100_000
"""So many that checking them takes seconds, and is announced."""


def answer(
    asked: Comparison,
    data: Any,
    model: str | PathLike[str] | Model,
    *,
    seed: int | None,
    json: str | PathLike[str] | None,
    report: str | PathLike[str] | None,
    keep: Keep,
    watch: Watch,
) -> Result:
    """Check, fit, cross-check and judge a comparison, however it was asked for.

    Raises InputError with every fault at once, before anything is sampled.
    """
    from bayesrefract.files import make_folder, make_private
    from bayesrefract.inference.store import MemoryStore
    from bayesrefract.pipeline import Job, run_fits
    from bayesrefract.places import kept_fits

    seed = check_seed(seed)
    study, records, chosen = check_comparison(asked, data, model, json=json, report=report, tell=watch.stage)
    store = MemoryStore() if keep is Keep.NONE else kept_fits()
    if isinstance(store, Path):
        make_private(store)
    if report is not None:
        make_folder(Path(report))
    ((pair,),) = run_fits([Job(study, records, (chosen,))], store=store, seed=seed, watch=watch)
    fit, findings = pair
    result = Result(findings, study, records, fit, store, _inputs(data, model))
    if json is not None:
        from bayesrefract.report import write_json

        write_json(Path(json), result.to_json())
    if report is not None:
        write_report([result], Path(report), watch.stage)
    return result


def check_comparison(
    asked: Comparison,
    data: Any,
    model: str | PathLike[str] | Model,
    *,
    json: str | PathLike[str] | None = None,
    report: str | PathLike[str] | None = None,
    tell: Callable[[str], None] | None = None,
) -> tuple[Study, Records, Model]:
    """The study, records and model that a comparison describes; nothing is sampled.

    Raises InputError with every fault of the options, the model and the records.
    """
    from bayesrefract.cohort.declared import marks_among_groups
    from bayesrefract.cohort.origin import origin_fault, settled
    from bayesrefract.cohort.read import group_levels

    faults = [*option_faults(asked), *target_faults(json, asked.name("json"), _inputs(data, model))]
    faults += folder_faults(Path(report), asked.name("report")) if report else []
    chosen = collect(faults, lambda: model_for(asked, read_model(model)))
    records = collect(faults, lambda: _records(data, study_of(asked), tell))
    levels = None if records is None else collect(faults, lambda: natural_order(group_levels(records, asked.group)))
    study = study_of(asked, levels or ())
    if records is not None:
        faults += origin_fault(asked.evidence, records.origin, records.label, asked.name("evidence"))
        study = study_of(replace(asked, evidence=settled(asked.evidence, records.origin)), levels or ())
    if records is not None and levels is not None:
        faults += group_faults(asked, levels)
        if tell is not None and len(records.frame) >= MANY_PATIENTS:
            tell(f"Checking {len(records.frame):,} patients")
        # Patients are checked even where the model is at fault.
        if study.analyses[0].contrasts and len(levels) <= MOST_GROUPS:
            cohort = collect(faults, lambda: _check_patients(records, study, chosen or model_of_columns(asked)))
            if cohort is not None and tell is not None and not faults:
                tell(str(cohort.coding))
        elif len(levels) < MOST_GROUPS:
            faults += marks_among_groups(records, asked.group)
    if faults or chosen is None or records is None:
        raise InputError(tuple(dict.fromkeys(faults)))
    return study, records, chosen


def _inputs(data: Any, model: object) -> tuple[Path, ...]:
    """Files that a comparison reads."""
    return tuple(Path(each) for each in (data, model) if isinstance(each, str | PathLike))


def _records(data: Any, study: Study, tell: Callable[[str], None] | None) -> Records:
    from bayesrefract.cohort.frames import records_of_frame
    from bayesrefract.cohort.read import columns_of_study, missing_columns, read_file
    from bayesrefract.errors import RecordsError

    wanted = columns_of_study(study)
    if isinstance(data, str | PathLike):
        records = read_file(Path(data), wanted, tell)
    else:
        records = records_of_frame(data, wanted)
    records = replace(records, missing=study.analyses[0].columns.missing)
    missing = missing_columns(records, study.analyses)
    if missing:
        raise RecordsError(missing)
    return records


def _check_patients(records: Records, study: Study, model: Model) -> Cohort:
    """The cohort; InputError with every impossible patient, and where the model's own cuts are not within follow-up."""
    from bayesrefract.cohort.exposure import check_cuts
    from bayesrefract.cohort.select import select

    cohort = select(records, study.analyses[0], model)
    if model.intervals.cuts is not None:
        check_cuts(model.intervals.cuts, cohort)
    return cohort


def read_model(model: str | PathLike[str] | Model) -> Model:
    from bayesrefract.study.model_file import load_model

    read = model if isinstance(model, Model) else load_model(str(model))
    if read.sampler.fault is not None:
        raise ModelError(f"Model {read.name}: {read.sampler.fault}")
    return read


def check_seed(seed: int | None) -> int:
    """The seed of a run. Raises InputError where it is no whole number from 0 that fits 64 bits."""
    if seed is None:
        return DEFAULT_SEED
    if isinstance(seed, bool) or not isinstance(seed, Integral) or not 0 <= seed <= LARGEST_SEED:
        raise InputError(f"seed = {seed!r} is not allowed. Give a whole number from 0 to {LARGEST_SEED}.")
    return int(seed)
