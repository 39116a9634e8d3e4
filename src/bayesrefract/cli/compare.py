"""`bayesrefract compare`: compare groups in a CSV or Parquet file."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from bayesrefract.cli import options
from bayesrefract.cli.output import leave, tell
from bayesrefract.comparison import Comparison, Keep
from bayesrefract.errors import InputError, collecting
from bayesrefract.study.rope import Harm, Rope, Rule, RuleName
from bayesrefract.study.study import Evidence

if TYPE_CHECKING:
    import datetime as dt

    from bayesrefract.result import Result


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
    from_time: options.From = None,
    horizon: options.Horizon = None,
    event_value: options.EventValue = None,
    censor_value: options.CensorValue = None,
    event_at_zero: options.EventAtZeroOption = None,
    missing: options.Missing = None,
    several_rows: options.SeveralRows = False,
    varying: options.Varying = None,
    repeated_events: options.RepeatedEvents = False,
    landmark: options.Landmark = None,
    hr_by_time: options.HrByTime = False,
    window: options.Window = None,
    rule: options.RuleOption = RuleName.INTERVAL,
    level: options.Level = 0.95,
    threshold: options.Threshold = None,
    one_sided: options.OneSided = False,
    harm: options.HarmOption = None,
    evidence: options.EvidenceOption = None,
    model: options.Model = "primary",
    seed: options.Seed = None,
    json: options.Json = None,
    report: options.ReportFolder = None,
    keep: options.KeepOption = Keep.FITS,
    tables: options.TablesOption = "short",
    quiet: options.Quiet = False,
) -> None:
    """Compare two or more groups in a CSV or Parquet file.

    The result goes to stdout, progress and messages to stderr. With `--json -` stdout holds the JSON
    alone, and the result goes to stderr. In Python: bayesrefract.compare.
    """
    from bayesrefract.comparing import answer, check_comparison

    asked = Comparison(
        time=time,
        event=event,
        group=group,
        reference=reference,
        unit=unit,
        rope=declared_rope(
            rope, rope_source, rope_declared.date() if rope_declared else None, before=before_data, after=after_data
        ),
        id=id,
        primary=primary,
        adjust=tuple(adjust or ()),
        categorical=tuple(categorical or ()),
        strata=tuple(strata or ()),
        entry=entry,
        from_time=from_time,
        horizon=horizon,
        event_value=event_value,
        censor_values=tuple(censor_value or ()),
        event_at_zero=event_at_zero,
        missing=tuple(missing or ()),
        several_rows=several_rows,
        varying=tuple(varying or ()),
        repeated_events=repeated_events,
        landmark=landmark,
        hr_by_time=hr_by_time,
        window=window,
        rule=Rule(rule, level, threshold, harm=harm),
        evidence=Evidence(evidence or Evidence.UNSTATED),
        label=file.name,
        typed=True,
    )
    target = None if json == "-" else json
    faults = exclusive_faults(before=before_data, after=after_data, one_sided=one_sided, harm=harm)
    if faults:  # told together with all others
        with collecting(faults):
            check_comparison(asked, file, model, json=target)
        raise InputError(tuple(dict.fromkeys(faults)))
    from bayesrefract.api import progress

    result = answer(asked, file, model, seed=seed, json=target, report=report, keep=keep, watch=progress(quiet=quiet))
    show(result, asked, json=json, report=report, tables=tables, quiet=quiet)
    leave([result.findings])


UNDATED = "--before-data needs the date on which the range was fixed. Add --rope-declared YYYY-MM-DD."
EXCLUSIVE = "--before-data and --after-data exclude each other. Give one of them, or neither: not stated."


HARMLESS = (
    "--one-sided does not say what harms a patient. Add --harm more_events (death, progression), or --harm "
    "fewer_events (response, discharge)."
)


def exclusive_faults(*, before: bool, after: bool, one_sided: bool, harm: Harm | None) -> list[str]:
    """Options that exclude or need each other."""
    return [EXCLUSIVE] * (before and after) + [HARMLESS] * (one_sided and harm is None)


def declared_rope(
    bounds: tuple[float, float], source: str, declared: dt.date | None, *, before: bool, after: bool
) -> Rope:
    """The ROPE of the options; whether it was declared before the data were seen is None where neither is given."""
    when = True if before else False if after else None
    return Rope(*bounds, source=source, declared=declared, before_data=when)


def show(
    result: Result,
    asked: Comparison,
    *,
    json: str | None,
    report: object | None,
    tables: str,
    quiet: bool,
) -> None:
    """The result, and where files were written."""
    from bayesrefract.report import write_json

    if json == "-":
        write_json(sys.stdout, result.to_json())
    if json != "-" or not quiet:
        result.show(tables, sys.stderr if json == "-" else sys.stdout)
    if asked.primary is None and len(result.findings.analysis.groups) > 2:
        first = result.findings.analysis.primary.label
        tell(f"Primary contrast: {first} (--primary chooses another).", quiet=quiet)
    tell(f"Seed {result.findings.provenance.seed}.", quiet=quiet)
    if report is not None:
        tell(f"Report: {report}/index.html", quiet=quiet)
