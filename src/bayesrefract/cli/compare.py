"""`bayesrefract compare`: one question, put to anyone's file."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from bayesrefract.cli import options
from bayesrefract.cli.comparison import (
    MOST_GROUPS,
    Comparison,
    group_faults,
    model_for,
    model_of_columns,
    natural_order,
    option_faults,
    study_of,
)
from bayesrefract.cli.exits import collecting
from bayesrefract.cli.output import leave, make_folder, show_table, tell
from bayesrefract.errors import InputError
from bayesrefract.files import locked, writing
from bayesrefract.study.model import DEFAULT_SEED
from bayesrefract.study.rope import RuleName
from bayesrefract.study.study import Evidence

if TYPE_CHECKING:
    from bayesrefract.cohort.read import Records
    from bayesrefract.findings import Findings
    from bayesrefract.study.model import Model
    from bayesrefract.study.rope import Rope
    from bayesrefract.study.study import Analysis, Study

MANY_PATIENTS = 100_000
"""So many that checking them takes seconds, and is announced."""


def compare(
    file: options.RecordsFile,
    *,
    time: options.TimeColumn,
    event: options.EventColumn,
    group: options.GroupColumn,
    reference: options.Reference,
    unit: options.Unit,
    rope: options.RopeBounds,
    rope_source: options.RopeSource,
    rope_declared: options.RopeDeclared = None,
    before_data: options.BeforeData = False,
    after_data: options.AfterData = False,
    id: options.PatientId = None,
    primary: options.Primary = None,
    adjust: options.Adjust = None,
    categorical: options.Categorical = None,
    strata: options.Strata = None,
    entry: options.Entry = None,
    horizon: options.Horizon = None,
    event_value: options.EventValue = None,
    rule: options.RuleOption = RuleName.INTERVAL,
    level: options.Level = 0.95,
    threshold: options.Threshold = None,
    one_sided: options.OneSided = None,
    evidence: options.EvidenceOption = Evidence.PATIENTS,
    model: options.Model = "primary",
    seed: options.Seed = None,
    json: options.Json = None,
    report: options.ReportFolder = None,
    quiet: options.Quiet = False,
) -> None:
    """Compare two or more groups in a CSV or Parquet file.

    The table goes to stdout, progress and messages to stderr. With `--json -` stdout holds the JSON
    alone, and the table goes to stderr.
    """
    asked = Comparison(
        file, time, event, group, reference, unit, rope, rope_source,
        rope_declared.date() if rope_declared else None, before_data, after_data, id, primary,
        tuple(adjust or ()), tuple(categorical or ()), tuple(strata or ()),
        entry, horizon, event_value, rule, level, threshold, one_sided, evidence,
    )  # fmt: skip
    answer(asked, model, seed=seed, json=json, report=report, quiet=quiet)


def answer(
    asked: Comparison, model: str, *, seed: int | None, json: str | None, report: Path | None, quiet: bool
) -> None:
    """Check, fit, and show the verdict; leaves with the command's exit code."""
    study, records, chosen = read_question(asked, model, json, quiet=quiet)
    for folder in (fit_cache(), *([report] if report else [])):
        make_folder(folder)
    from bayesrefract.cli.progress import watch
    from bayesrefract.pipeline import Job, run

    seed = DEFAULT_SEED if seed is None else seed
    if asked.primary is None and len(study.analyses[0].groups) > 2:
        first = study.analyses[0].primary.label
        tell(f"Primary contrast: {first} (--primary chooses another).", quiet=quiet)
    tell(f"Seed {seed}.", quiet=quiet)
    (findings,) = run([Job(study, records, (chosen,))], store=fit_cache(), seed=seed, watch=watch(quiet=quiet))
    show(study, findings, json=json, report=report, quiet=quiet)
    leave(findings)


def read_question(
    asked: Comparison, model: str, json: str | None, *, quiet: bool = False
) -> tuple[Study, Records, Model]:
    """Study, records and model as the options describe them.

    Raises InputError with every fault of the options, the model and the file.
    """
    from bayesrefract.cohort.read import group_levels, read_records
    from bayesrefract.study.model_file import load_model

    faults = [*option_faults(asked), *target_faults(json)]
    chosen = None
    with collecting(faults):
        chosen = model_for(asked, load_model(model))
    with collecting(faults):
        records = read_records(study_of(asked), partial(tell, quiet=quiet))
        levels = natural_order(group_levels(records, asked.group))
        study = study_of(asked, levels)
        faults += group_faults(asked, levels)
        tell(f"Checking {len(records.frame):,} patients", quiet=quiet or len(records.frame) < MANY_PATIENTS)
        # Patients are checked even where the model is at fault.
        if study.analyses[0].contrasts and len(levels) <= MOST_GROUPS:
            _check_patients(records, study.analyses[0], chosen or model_of_columns(asked))
    if faults or chosen is None:
        raise InputError(tuple(dict.fromkeys(faults)))
    return study, records, chosen


def _check_patients(records: Records, analysis: Analysis, model: Model) -> None:
    """Raise InputError with every impossible patient, and where the model's own cuts are not within follow-up."""
    from bayesrefract.cohort.exposure import check_cuts
    from bayesrefract.cohort.select import select

    cohort = select(records, analysis, model)
    if model.intervals.cuts is not None:
        check_cuts(model.intervals.cuts, cohort)


def target_faults(json: str | None) -> list[str]:
    """A target that cannot be written is told before the sampling, not after it."""
    if json is None or json == "-" or Path(json).absolute().parent.is_dir():
        return []
    return [f"--json {json}: the folder {Path(json).parent} does not exist. Make it, or name another file."]


def show(study: Study, findings: Sequence[Findings], *, json: str | None, report: Path | None, quiet: bool) -> None:
    """The tables, and the files that were asked for."""
    from bayesrefract.report import write_report
    from bayesrefract.report.json.verdict import to_json, write_json

    (answered,) = findings
    if json == "-":
        write_json(sys.stdout, to_json(answered))
    elif json is not None:
        with writing(Path(json)):
            write_json(json, to_json(answered))
    if json != "-":
        show_answer(answered, sys.stdout)
    elif not quiet:
        show_answer(answered, sys.stderr)
    if report is not None:
        with locked(report / ".lock", "report", tell), writing(report):
            page = write_report(study, findings, report, tell=partial(tell, quiet=quiet))
            tell(f"Report: {page}", quiet=quiet)


def show_answer(answered: Findings, stream: TextIO) -> None:
    """What was compared, the patients, the verdicts with their sentences, and the classical analysis."""
    from bayesrefract.report import tables
    from bayesrefract.report.words import EVIDENCE_LABEL, sentence

    analysis = answered.analysis
    adjusted = f"; adjusted for {', '.join(answered.adjusted_for)}" if answered.adjusted_for else ""
    print(f"{EVIDENCE_LABEL[analysis.evidence]}. {answered.model.title}{adjusted}.", file=stream)
    print(declaration(analysis.ropes[0]), file=stream)
    for table in (
        tables.flow_table(answered),
        tables.groups_table(answered),
        tables.verdict_table(answered),
        tables.decision_table(answered),
        tables.cross_check_table(answered),
        tables.attainability_table(answered),
    ):
        show_table(table, stream)
    for verdict in answered.verdicts:
        print(sentence(verdict, analysis), file=stream)


def declaration(rope: Rope) -> str:
    """The ROPE, with whatever is known of its origin."""
    from bayesrefract.numerals import declared_ratio
    from bayesrefract.report.words import when_declared

    if rope.declared is None and rope.before_data is None:
        when = "declared at a time that is not stated"
    else:
        day = f"declared on {rope.declared.isoformat()}" if rope.declared else "date not stated"
        when = f"{day}, {when_declared(rope)}"
    bounds = f"{declared_ratio(rope.low)} to {declared_ratio(rope.high)}"
    return f"ROPE of the hazard ratio {bounds}, {when}. Source: {rope.source}"


def fit_cache() -> Path:
    """Where fits of `compare` are kept: draws and settings, no patient's record."""
    chosen = os.environ.get("BAYESREFRACT_CACHE")
    return Path(chosen) if chosen else Path.home() / ".cache" / "bayesrefract" / "fits"
