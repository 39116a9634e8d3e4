"""What users call: `compare`, `run`, `load_study`."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bayesrefract.comparing import answer, check_seed
from bayesrefract.comparison import Comparison, Keep
from bayesrefract.errors import InputError
from bayesrefract.result import Result
from bayesrefract.study.model import Model
from bayesrefract.study.rope import Rope, Rule
from bayesrefract.study.study import EventAtZero, Evidence, Study, TimeUnit

if TYPE_CHECKING:
    from bayesrefract.inference.progress import Watch

INTERVAL_RULE = Rule()
"""The two-sided 95% interval rule."""


def compare(
    data: Any,
    *,
    time: str,
    event: str,
    group: str,
    reference: str,
    unit: TimeUnit | str,
    rope: Rope,
    id: str | None = None,
    primary: str | None = None,
    adjust: Sequence[str] = (),
    categorical: Sequence[str] = (),
    strata: Sequence[str] = (),
    entry: str | None = None,
    from_time: float | None = None,
    horizon: float | None = None,
    event_value: str | float | None = None,
    censor_values: Sequence[str | float] = (),
    event_at_zero: EventAtZero | str | None = None,
    missing: Sequence[str | float] = (),
    several_rows: bool = False,
    varying: Sequence[str] = (),
    repeated_events: bool = False,
    landmark: float | None = None,
    hr_by_time: bool = False,
    window: tuple[float, float] | None = None,
    rule: Rule = INTERVAL_RULE,
    evidence: Evidence | str | None = None,
    model: str | PathLike[str] | Model = "primary",
    seed: int | None = None,
    json: str | PathLike[str] | None = None,
    report: str | PathLike[str] | None = None,
    keep: Keep | str = Keep.FITS,
    quiet: bool = True,
) -> Result:
    """Compare two or more groups of patients, and judge their hazard ratio against a declared ROPE.

    Parameters
    ----------
    data : data frame or path
        One row per patient (unless `several_rows`): a pandas, polars or pyarrow data frame, or the path of a CSV or
        Parquet file.
    time, event, group : str
        Columns: time to the event or to the end of follow-up, whether the event happened (1 or true), the group.
    reference : str
        The group that the others are compared with.
    unit : {"days", "weeks", "months", "years"}
        Unit of every time.
    rope : Rope
        Region of practical equivalence (ROPE) of the hazard ratio; there is no default.
    id : str, optional
        Column of patient identifiers. They appear in error messages only.
    primary : str, optional
        Group of the primary contrast; the first other than the reference unless given.
    adjust, categorical : sequence of str
        Covariates; those in `categorical` are categories whatever their values are.
    strata : sequence of str
        Columns whose every combination has a baseline hazard of its own.
    entry : str, optional
        Column of delayed entry times.
    from_time : float, optional
        With delayed entry, where curves start: survival, medians and restricted means are those of patients without the
        event at this time. It is a scientific choice without a default. On the command line and in a study file its
        name is ``from``, a word that Python keeps to itself.
    horizon : float, optional
        Time up to which restricted mean survival time is computed, within follow-up.
    event_value : str or float, optional
        The code that means the event, where it is not 1 or true.
    censor_values : sequence of str or float
        The codes that mean censored; required beside `event_value` where more than one other code occurs.
    event_at_zero : {"half-unit", "exclude"}, optional
        What becomes of patients whose event is at time 0: analysed at half a unit, or left out, and counted. Such
        events are refused unless it is given.
    missing : sequence of str or float
        Further marks for a missing value, such as ".", or "age=999" for one column. Empty cells, NA and NaN are always
        missing.
    several_rows : bool
        Whether a patient may have several rows (start, stop, event), from `entry` to `time` each. Needs `id` and
        `entry`; rows of one patient are refused unless it is given.
    varying : sequence of str
        With `several_rows`, the columns that may change from row to row: the group, covariates. A change at the time of
        an event belongs to the row after. Where the group changes, the hazard ratio alone is judged.
    repeated_events : bool
        With `several_rows`, whether the event may happen more than once to a patient. The ratio is then shown without a
        verdict.
    landmark : float, optional
        Where the group changes, time of a landmark analysis beside the comparison.
    hr_by_time : bool
        Whether the hazard ratio of the chosen model may change over follow-up; the verdict is then on its average over
        the events.
    window : (float, float), optional
        Two times: judge too whether the hazard ratio stays inside the same bounds throughout, from the one to the
        other. They are declared, and not found by looking.
    rule : Rule
        How the posterior and the ROPE become a verdict; the two-sided 95% interval rule unless given.
    evidence : {"patients", "rebuilt", "simulated"}, optional
        What the records are; not stated unless given. What the records say of themselves is never overridden upward.
    model : str, path or Model
        Name of a shipped model, or a model file of your own.
    seed : int, optional
        Seed of the draws. The same seed gives the same draws on one machine.
    json, report : path, optional
        Where to write the JSON and the report; `Result` can do so later too.
    keep : {"fits", "none"}
        Whether the draws are kept in the user's cache folder, so that the same question is not sampled again. With
        "none" they are in memory only, and end with the result.
    quiet : bool
        Whether to show no progress on standard error.

    Returns
    -------
    Result
        The verdicts, after convergence, events and agreement with Cox regression were checked, and all beside them.

    Raises
    ------
    InputError
        With every fault of the arguments, the model and the records at once, before anything is sampled.
    SamplingError
        Where the sampler gave no complete set of draws.

    References
    ----------
    Holford (1980), doi:10.2307/2529982; Laird & Olivier (1981), doi:10.1080/01621459.1981.10477634: the piecewise
    exponential likelihood. Kruschke (2018), doi:10.1177/2515245918771304: the ROPE.

    Examples
    --------
    >>> import bayesrefract as br
    >>> from lifelines.datasets import load_leukemia
    >>> rope = br.Rope(0.80, 1.25, source="for this example")
    >>> result = br.compare(
    ...     load_leukemia(), time="t", event="status", group="Rx", reference="1", unit="weeks", rope=rope
    ... )
    >>> result.verdict().word.value
    'different'
    """
    asked = Comparison(
        time=time,
        event=event,
        group=group,
        reference=reference,
        unit=_choice(TimeUnit, unit, "unit"),
        rope=rope,
        id=id,
        primary=primary,
        adjust=tuple(adjust),
        categorical=tuple(categorical),
        strata=tuple(strata),
        entry=entry,
        from_time=from_time,
        horizon=horizon,
        event_value=event_value,
        censor_values=_several(censor_values),
        event_at_zero=None if event_at_zero is None else _choice(EventAtZero, event_at_zero, "event_at_zero"),
        missing=tuple(map(str, _several(missing))),
        several_rows=several_rows,
        varying=tuple([varying] if isinstance(varying, str) else varying),
        repeated_events=repeated_events,
        landmark=landmark,
        hr_by_time=hr_by_time,
        window=None if window is None else _two_times(window),
        rule=rule,
        evidence=Evidence.UNSTATED if evidence is None else _choice(Evidence, evidence, "evidence"),
        label=Path(data).name if isinstance(data, str | PathLike) else "data frame",
    )
    return answer(
        asked,
        data,
        model,
        seed=seed,
        json=json,
        report=report,
        keep=_choice(Keep, keep, "keep"),
        watch=progress(quiet=quiet),
    )


def _several(given: Sequence[str | float]) -> tuple[str | float, ...]:
    """One text, which is a sequence of letters too, as one value."""
    return tuple([given] if isinstance(given, str) else given)


def _two_times(window: Sequence[float]) -> tuple[float, float]:
    """Raises InputError where it is not two numbers; their order is checked with all else."""
    try:
        start, end = window
        return float(start), float(end)
    except (TypeError, ValueError):
        raise InputError(f"window = {window!r} is not two times. Give them as (0, 24), in the unit of unit.") from None


def _choice[E: (TimeUnit, EventAtZero, Evidence, Keep)](kind: type[E], value: E | str, name: str) -> E:
    try:
        return kind(value)
    except ValueError:
        allowed = ", ".join(f'"{each}"' for each in kind if each is not Evidence.UNSTATED)
        raise InputError(f'{name} = "{value}" is not known. Give one of {allowed}.') from None


def progress(*, quiet: bool) -> Watch:
    """Callbacks that show nothing, or the display that suits where standard error goes."""
    from bayesrefract.inference.progress import Silent

    if quiet:
        return Silent()
    from bayesrefract.report.progress import display

    return display()


def run(
    *studies: str | PathLike[str],
    models: Sequence[str] | None = None,
    out: str | PathLike[str] = "reports",
    seed: int | None = None,
    quiet: bool = True,
) -> list[Result]:
    """Analyse every analysis of one or several studies with each of their models.

    Parameters
    ----------
    *studies : path
        study.toml files, or their folders.
    models : sequence of str, optional
        Names or files of models, instead of the study's own.
    out : path
        Finished fits are kept in `out`/<study>/posterior, and not run again until something they depend on changes.
    seed : int, optional
        Seed of the draws.
    quiet : bool
        Whether to show no progress on standard error.

    Returns
    -------
    list of Result
        In the order of the studies, their analyses and models. `write_report` makes a report of one study's results.

    Raises
    ------
    InputError
        With the faults of all studies, models and records, before anything is sampled.
    """
    from bayesrefract.extension import files_of_study
    from bayesrefract.pipeline import Job, run_fits
    from bayesrefract.reading import read_studies

    seed = check_seed(seed)
    checked = read_studies(studies, models, patients=True)
    jobs = [Job(each.study, each.records, each.models) for each in checked]
    store = Path(out)
    made = run_fits(jobs, store=store, seed=seed, watch=progress(quiet=quiet))
    return [
        Result(findings, job.study, job.records, fit, store, files_of_study(job.study))
        for job, pairs in zip(jobs, made, strict=True)
        for fit, findings in pairs
    ]


def load_study(path: str | PathLike[str]) -> Study:
    """Read and check a study file.

    Parameters
    ----------
    path : path
        A study.toml file, or its folder.

    Returns
    -------
    Study
        Its analyses (endpoint x population), contrasts, ROPEs and rule, as frozen values.

    Raises
    ------
    StudyError
        With one sentence per fault of the file.
    """
    from bayesrefract.study.study_file import load_study as read

    return read(Path(path))
