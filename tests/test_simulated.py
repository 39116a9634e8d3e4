"""The simulated trial has the truth that its README and its module state."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from statsmodels.duration.hazard_regression import PHReg

from bayesrefract.cohort.exposure import tabulate
from bayesrefract.cohort.read import read_records
from bayesrefract.cohort.select import check_records, select
from bayesrefract.cohort.simulate import ARMS, DROPOUT_RATE, FACTORS, SCALE, SHAPE, equivalence_trial
from bayesrefract.study.model_file import load_model
from bayesrefract.study.study import DAYS_PER_MONTH, Evidence
from bayesrefract.study.study_file import load_study

STUDY = Path(__file__).parents[1] / "data" / "simulated"
Z_ALL = 3.5
"""Standard errors allowed for each of a dozen coefficients at once: exceeded once in 180 correct runs."""


@pytest.fixture(scope="module")
def trial() -> pd.DataFrame:
    seed = load_study(STUDY).seed
    assert seed is not None
    return equivalence_trial(seed)


def cox(trial: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Cox regression by statsmodels: coefficient and standard error of each level against the first."""
    firsts = {"arm": ARMS[0].level} | {factor.name: factor.levels[0] for factor in FACTORS}
    design = pd.get_dummies(trial[columns], dtype=float)
    design = design.drop(columns=[f"{column}_{firsts[column]}" for column in columns])
    fit = PHReg(trial["months"], design, status=trial["event"], ties="efron").fit()
    return pd.DataFrame({"log_hr": fit.params, "se": fit.bse}, index=design.columns)


def test_hazard_ratios_are_the_true_ones(trial: pd.DataFrame) -> None:
    fitted = cox(trial, ["arm", *(factor.name for factor in FACTORS)])
    truth = {f"arm_{arm.level}": arm.hazard_ratio for arm in ARMS}
    truth |= {f"{f.name}_{level}": hr for f in FACTORS for level, hr in zip(f.levels, f.hazard_ratios, strict=True)}
    for name, row in fitted.iterrows():
        assert abs(row["log_hr"] - np.log(truth[str(name)])) < Z_ALL * row["se"], name
    assert len(fitted) == len(truth) - 1 - len(FACTORS)


def test_every_verdict_word_is_within_reach(trial: pd.DataFrame) -> None:
    fitted = cox(trial, ["arm", "stage", "high_risk", "older"])
    low, high = np.log(0.80), np.log(1.25)
    interval = {n: (r["log_hr"] - 1.96 * r["se"], r["log_hr"] + 1.96 * r["se"]) for n, r in fitted.iterrows()}
    equal, edge, harm = (interval[f"arm_{arm.level}"] for arm in ARMS[1:])
    assert low < equal[0] < equal[1] < high
    assert low < edge[0] < high < edge[1]
    assert harm[0] > high
    compared = trial["arm"].isin([arm.level for arm in ARMS[:2]])
    assert trial.loc[compared, "event"].sum() > 1300


def test_the_baseline_is_the_weibull_that_is_stated() -> None:
    """Integrated hazard of all patients: events - expected has mean 0 and variance of the expected number."""
    trial = equivalence_trial(7)
    hazard = np.ones(len(trial))
    for name, levels, ratios in (
        ("arm", [a.level for a in ARMS], [a.hazard_ratio for a in ARMS]),
        *((f.name, f.levels, f.hazard_ratios) for f in FACTORS),
    ):
        hazard *= trial[name].map(dict(zip(levels, ratios, strict=True))).to_numpy()
    half_day = 0.5 / DAYS_PER_MONTH  # times are rounded up to whole days
    for start, end in ((0.0, 6.0), (6.0, 18.0), (18.0, 36.0), (36.0, 60.0)):
        last = np.clip(trial["months"].to_numpy() - half_day, start, end)
        expected = float(np.sum(hazard * ((last / SCALE) ** SHAPE - (start / SCALE) ** SHAPE)))
        events = int(trial.loc[trial["months"].between(start, end, inclusive="right"), "event"].sum())
        assert abs(events - expected) < Z_ALL * np.sqrt(expected)
    lost = ((trial["event"] == 0) & (trial["months"] < trial["end_of_follow_up"])).sum()
    assert abs(lost - DROPOUT_RATE * trial["months"].sum()) < Z_ALL * np.sqrt(lost)


def test_times_are_whole_days_from_day_one(trial: pd.DataFrame) -> None:
    days = trial["months"] * DAYS_PER_MONTH
    assert np.allclose(days, days.round(), rtol=0, atol=1e-9)
    assert days.min() >= 1
    assert (trial["months"] <= trial["end_of_follow_up"]).all()
    assert len(trial) == trial["patient"].nunique() == 4000


def test_one_seed_gives_one_trial() -> None:
    pd.testing.assert_frame_equal(equivalence_trial(5), equivalence_trial(5))
    assert not equivalence_trial(5)["months"].equals(equivalence_trial(6)["months"])


def test_the_study_is_marked_simulated_and_merges_well() -> None:
    study = load_study(STUDY)
    records = read_records(study)
    check_records(records, study)
    assert study.evidence is Evidence.SIMULATED
    assert records.label.startswith("simulated:")
    cohort = select(records, study.analyses[0], load_model("exchangeable"))
    assert (cohort.n_patients, cohort.flow.excluded) == (4000, {})
    assert [c.name for c in cohort.covariates if c.is_categorical] == ["stage", "high_risk", "older", "region"]
    table = tabulate(cohort, load_model("exchangeable").intervals)
    assert len(table.n_patients) <= 4 * 3 * 2 * 2 * 6
    assert table.events.sum() == cohort.n_events
