"""How finely follow-up is divided: until the companion fit agrees with Cox regression, once per question."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from cohorts import gbsg2, leukemia, make_cohort, make_question
from statsmodels.duration.hazard_regression import PHReg

from bayesrefract.classical import cross_check
from bayesrefract.classical.cox import breslow
from bayesrefract.classical.grid import fine_enough
from bayesrefract.classical.partial_likelihood import at_every_event_time
from bayesrefract.classical.regression import RegressionData, regression_data
from bayesrefract.cohort.exposure import tabulate
from bayesrefract.cohort.read import read_records
from bayesrefract.cohort.value import Cohort
from bayesrefract.pipeline import Job, prepare
from bayesrefract.study.model import Baseline, BaselineKind, Intervals, Model
from bayesrefract.study.model_file import load_model
from bayesrefract.study.study_file import load_study

MODEL = Model("primary", "", "")
SIMULATED = Path(__file__).parents[1] / "data" / "simulated"


@pytest.mark.parametrize("ties", [False, True], ids=["days", "months"])
@pytest.mark.parametrize("late", [False, True], ids=["from-0", "late-entry"])
@pytest.mark.parametrize("stratified", [False, True], ids=["one-stratum", "strata"])
def test_a_cut_at_every_event_time_is_breslows_estimate(ties: bool, late: bool, stratified: bool) -> None:
    """Another program's Cox regression, to 1e-6 standard errors."""
    rng = np.random.default_rng(5)
    patients, groups = 400, 3
    group, x = rng.integers(0, groups, patients), rng.normal(size=(patients, 2))
    time, censored = rng.exponential(np.exp(-0.4 * group - x[:, 0]), patients) * 10, rng.uniform(1, 30, patients)
    end, event, entry = np.minimum(time, censored), time <= censored, rng.uniform(0, 4, patients)
    if ties:
        end, entry = np.ceil(end), np.floor(entry)
    kept = entry < end if late else np.ones(patients, dtype=bool)
    data = RegressionData(
        end[kept],
        event[kept],
        entry[kept] if late else None,
        rng.integers(0, 5, patients)[kept] if stratified else None,
        np.column_stack([(group == 1), (group == 2), x])[kept].astype(float),
        (),
        np.arange(groups),
        groups,
    )
    ours, theirs = at_every_event_time(data), breslow(data)
    errors = np.sqrt(np.diag(theirs.covariance)[1:])
    assert np.max(np.abs(ours.log_effects - theirs.log_effects)[1:] / errors) < 1e-6
    assert np.sqrt(np.diag(ours.covariance)[1:]) == pytest.approx(errors, rel=1e-6)


def one_trial(patients: int = 120) -> tuple[Cohort, Cohort]:
    """A trial in days, and the same trial with its times rounded up to whole months."""
    rng = np.random.default_rng(4)
    group = np.arange(patients) % 2
    days = rng.exponential(400 * np.exp(-0.8 * group)) ** 1.3 / 5 + 1
    censored = rng.uniform(100, 1500, patients)
    end, event = np.minimum(days, censored), days <= censored
    names = [("control", "new")[g] for g in group]
    months = np.ceil(end / 30.4375)
    return make_cohort(end, event, names), make_cohort(months, event, names)


def test_one_trial_agrees_in_days_and_in_months() -> None:
    for cohort in one_trial():
        analysis = make_question(cohort, "control")
        table = tabulate(cohort, fine_enough(cohort, MODEL, analysis.contrasts))
        (companion,) = cross_check(cohort, analysis, table, MODEL).companion
        assert companion.agrees, companion.reason
        assert abs(companion.grid_distance or 0.0) <= 0.10
        assert companion.code_distance is not None
        assert companion.code_distance < 1e-6


def test_many_ties_take_intervals_that_end_with_the_last_event() -> None:
    """Freireich's trial: five intervals are 0.25 SE from Breslow's estimate, one for almost every event time 0.06."""
    cohort = leukemia()
    contrasts = make_question(cohort, "0").contrasts
    found = fine_enough(cohort, MODEL, contrasts)
    table = tabulate(cohort, found)
    assert found.to_last_event
    assert table.edges[-2] == table.last_event < table.follow_up
    (companion,) = cross_check(cohort, make_question(cohort, "0"), table, MODEL).companion
    assert abs(companion.grid_distance or 1.0) < 0.10
    x = (cohort.group == 1).astype(float)[:, None]
    independent = PHReg(cohort.exit, x, status=cohort.event.astype(int), ties="breslow").fit(disp=0)
    exact = at_every_event_time(regression_data(cohort, stratified=False)).contrast(1, 0)
    assert exact == pytest.approx((independent.params[0], independent.bse[0]), rel=1e-6)


def test_enough_events_are_left_as_they_are() -> None:
    assert fine_enough(gbsg2(), MODEL, make_question(gbsg2(), "no").contrasts) == Intervals()


def test_all_models_of_a_question_share_the_intervals_that_the_largest_adjustment_asked_for() -> None:
    study = load_study(SIMULATED)
    models = tuple(load_model(name) for name in ("unadjusted", "primary", "coarse", "collapsed"))
    fits = {fit.model.name: fit for fit in prepare([Job(study, read_records(study), models)], 1)[0]}
    assert len({fits[name].model.intervals for name in ("unadjusted", "primary", "collapsed")}) == 1
    assert fits["coarse"].table.events.shape[1] == 12
    assert fits["primary"].table.events.shape[1] == 24
    assert fits["collapsed"].model.baseline.shape == pytest.approx(0.1 * 12 / 24)


def test_given_cuts_and_a_given_rate_keep_their_prior() -> None:
    study = load_study(SIMULATED)
    given = Model("cut", "", "", baseline=Baseline(BaselineKind.INDEPENDENT), intervals=Intervals(cuts=(12.0, 24.0)))
    rate = replace(given, baseline=replace(given.baseline, rate=5.0, rate_unit="months"), intervals=Intervals())
    for model in (given, rate):
        (fit, *_) = prepare([Job(study, read_records(study), (model,))], 1)[0]
        assert fit.model.baseline.shape == 0.1
