"""Small factories of cohorts and questions for tests: real data that lifelines ships, and arrays.

Import as `from cohorts import actg175, make_cohort, make_question`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd
from lifelines import datasets
from numpy.typing import ArrayLike

from bayesrefract.cohort.value import Cohort, Covariate, Flow
from bayesrefract.study.rope import Rope, Rule
from bayesrefract.study.study import Analysis, Columns, Contrast, Endpoint, Evidence, Population, TimeUnit

ACTG175_COVARIATES = ("age", "wtkg", "karnof", "cd40", "symptom", "drugs")
ACTG175_ARMS = {
    3: "didanosine",
    0: "zidovudine",
    1: "zidovudine+didanosine",
    2: "zidovudine+zalcitabine",
}


def make_cohort(
    time: ArrayLike,
    event: ArrayLike,
    group: Sequence[str],
    groups: Sequence[str] | None = None,
    entry: ArrayLike | None = None,
    covariates: tuple[Covariate, ...] = (),
    stratum: Sequence[str] | None = None,
    unit: TimeUnit = TimeUnit.DAYS,
) -> Cohort:
    """A cohort from plain arrays; `groups` gives the order of the levels (sorted when left out)."""
    exit_ = np.asarray(time, dtype=float)
    levels = tuple(groups) if groups is not None else tuple(sorted(set(group)))
    strata = tuple(sorted(set(stratum))) if stratum is not None else ("all",)
    labels = stratum if stratum is not None else ["all"] * len(exit_)
    return Cohort(
        groups=levels,
        group=np.array([levels.index(g) for g in group], dtype=np.int64),
        entry=np.zeros(len(exit_)) if entry is None else np.asarray(entry, dtype=float),
        exit=exit_,
        event=np.asarray(event, dtype=bool),
        covariates=covariates,
        strata=strata,
        stratum=np.array([strata.index(s) for s in labels], dtype=np.int64),
        patient=tuple(f"P{i + 1:05d}" for i in range(len(exit_))),
        flow=Flow(records=len(exit_), excluded={}, analysed=len(exit_)),
        time_unit=unit,
    )


def cohort_from(
    frame: pd.DataFrame,
    time: str,
    event: str,
    group: str,
    levels: Mapping[Any, str],
    *,
    covariates: Sequence[str] = (),
    categorical: Sequence[str] = (),
    stratum: str | None = None,
    unit: TimeUnit = TimeUnit.DAYS,
) -> Cohort:
    """A cohort from a data frame; rows with a missing value in a used column are excluded and counted.

    levels : code of the group in the frame -> level, in the order in which levels are shown.
    """
    used = [time, event, group, *covariates, *categorical, *([stratum] if stratum else [])]
    rows = frame.dropna(subset=used)
    cohort = make_cohort(
        rows[time].to_numpy(float),
        rows[event].to_numpy(float) == 1,
        [levels[code] for code in rows[group]],
        groups=tuple(levels.values()),
        covariates=(
            *(Covariate(name, rows[name].to_numpy(float)) for name in covariates),
            *(_categorical(name, rows[name]) for name in categorical),
        ),
        stratum=[str(value) for value in rows[stratum]] if stratum else None,
        unit=unit,
    )
    missing = len(frame) - len(rows)
    excluded = {"missing value": missing} if missing else {}
    return dataclasses.replace(cohort, flow=Flow(len(frame), excluded, len(rows)))


def _categorical(name: str, values: pd.Series) -> Covariate:
    levels = tuple(sorted({str(v) for v in values}))
    return Covariate(name, np.array([levels.index(str(v)) for v in values], dtype=float), levels)


def actg175(
    covariates: Sequence[str] = (),
    arms: Mapping[int, str] = ACTG175_ARMS,
    categorical: Sequence[str] = (),
    stratum: str | None = None,
) -> Cohort:
    """ACTG 175: 2,139 patients, 521 events, four arms (or those in `arms`), times in days."""
    with (files("lifelines.datasets") / "ACTG175.csv").open() as source:
        frame = pd.read_csv(source)
    frame = frame[frame["arms"].isin(list(arms))]
    return cohort_from(
        frame, "days", "cens", "arms", dict(arms), covariates=covariates, categorical=categorical, stratum=stratum
    )


def lung(covariates: Sequence[str] = (), stratum: str | None = None) -> Cohort:
    """NCCTG lung cancer: 228 patients, sex 1 (male) and 2 (female), days; 227 with ph.ecog."""
    frame = datasets.load_lung()
    return cohort_from(frame, "time", "status", "sex", {1: "1", 2: "2"}, covariates=covariates, stratum=stratum)


def gbsg2(covariates: Sequence[str] = (), categorical: Sequence[str] = (), stratum: str | None = None) -> Cohort:
    """German Breast Cancer Study Group 2: 686 patients, hormonal therapy no and yes, days."""
    return cohort_from(
        datasets.load_gbsg2(),
        "time",
        "cens",
        "horTh",
        {"no": "no", "yes": "yes"},
        covariates=covariates,
        categorical=categorical,
        stratum=stratum,
    )


def rossi(covariates: Sequence[str] = ()) -> Cohort:
    """Rossi recidivism: 432 men, financial aid 0 and 1, weeks."""
    levels = {0: "0", 1: "1"}
    return cohort_from(
        datasets.load_rossi(), "week", "arrest", "fin", levels, covariates=covariates, unit=TimeUnit.WEEKS
    )


def leukemia(covariates: Sequence[str] = ()) -> Cohort:
    """Freireich's 6-MP trial: 42 children; group 0 is 6-MP (9 events in 359 weeks), 1 placebo (21 in 182)."""
    levels = {0: "0", 1: "1"}
    return cohort_from(
        datasets.load_leukemia(), "t", "status", "Rx", levels, covariates=covariates, unit=TimeUnit.WEEKS
    )


def make_question(cohort: Cohort, reference: str, **changes: object) -> Analysis:
    """Every other group against `reference` (the first one primary), hazard ratio ROPE 0.80 to 1.25.

    changes : fields of Question to replace; `horizon` sets the endpoint's.
    """
    horizon = changes.pop("horizon", None)
    compared = [level for level in cohort.groups if level != reference]
    analysis = Analysis(
        endpoint=Endpoint(name="endpoint", label="Endpoint", time="time", event="event", horizon=horizon),
        population=Population(name="all", label="All patients"),
        columns=Columns(group="group"),
        groups=cohort.groups,
        contrasts=tuple(Contrast(level, reference, primary=i == 0) for i, level in enumerate(compared)),
        ropes=(Rope(0.80, 1.25, "test", None, before_data=True),),
        rule=Rule(),
        time_unit=cohort.time_unit,
        evidence=Evidence.PATIENTS,
        adjust="all",
        adjustments={"all": tuple(c.name for c in cohort.covariates)},
    )
    return dataclasses.replace(analysis, **changes)
