"""Several rows of a patient against numbers computed elsewhere: R (survival 3.5-3) and scipy quadrature.

Crowley & Hu (1977), doi:10.1080/01621459.1977.10479903: heart transplants, as lifelines ships them.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from cohorts import make_cohort
from numpy.typing import NDArray
from rows_example import CHANGING, cohort_of, data_set, heart, question_of
from scipy.integrate import quad
from scipy.stats import norm
from test_sampling import COLLAPSED, assert_close, draw, log_hr

from bayesrefract.classical import companion, cross_check
from bayesrefract.classical.agreement import Agreement
from bayesrefract.classical.check import fixed_columns
from bayesrefract.classical.cox import efron
from bayesrefract.classical.immortal import at_landmark, naive
from bayesrefract.classical.partial_likelihood import at_every_event_time
from bayesrefract.classical.regression import regression_data
from bayesrefract.classical.robust import score_residuals
from bayesrefract.cohort.exposure import ExposureTable, tabulate
from bayesrefract.cohort.value import Cohort
from bayesrefract.inference.nuts import Compiler
from bayesrefract.study.model import Intervals, Model
from bayesrefract.study.study import TimeUnit

CUTS = Intervals(cuts=(30.0, 90.0, 365.0))
UNADJUSTED = Model("unadjusted", "", "", adjust="none")
ADJUSTED = ("age", "year", "surgery")
PRIOR_SD = 0.75
DEATHS = [[17, 9, 4, 0], [6, 17, 14, 8]]


def by_group(table: ExposureTable) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Events and person-time, each (group, interval)."""
    events, exposure = np.zeros((2, len(table.groups), table.events.shape[1]))
    np.add.at(events, table.group, table.events)
    np.add.at(exposure, table.group, table.exposure)
    return events, exposure


def quadrature(events: NDArray[np.float64], exposure: NDArray[np.float64]) -> tuple[float, ...]:
    """Mean, sd, P(< 0.80), P(inside), P(> 1.25) of the log ratio: hazards integrated out, a = 0, prior N(0, 0.75)."""

    def log_density(b: float) -> float:
        at_risk = exposure[0] * np.exp(-b / 2) + exposure[1] * np.exp(b / 2)
        each = events.sum(axis=1) @ np.array([-b / 2, b / 2]) - events.sum(axis=0) @ np.log(at_risk)
        return float(each) + float(norm.logpdf(b, 0, PRIOR_SD))

    peak = max(log_density(b) for b in np.linspace(-3, 3, 601))

    def integral(power: int, low: float, high: float) -> float:
        points = [p for p in np.linspace(-3, 3, 13) if low < p < high]
        return float(quad(lambda b: b**power * np.exp(log_density(b) - peak), low, high, points=points, limit=300)[0])

    total, edges = integral(0, -6, 6), (-6, np.log(0.80), np.log(1.25), 6)
    mean = integral(1, -6, 6) / total
    sd = np.sqrt(integral(2, -6, 6) / total - mean**2)
    return mean, sd, *(integral(0, low, high) / total for low, high in pairwise(edges))


def flat_mode(cohort: Cohort, intervals: Intervals = CUTS) -> tuple[float, float]:
    table = tabulate(cohort, intervals)
    found = companion.fit(table, fixed_columns(table, UNADJUSTED)).groups.contrast(1, 0)
    assert found is not None
    return found


def cox(cohort: Cohort) -> tuple[float, float]:
    found = efron(regression_data(cohort, stratified=False)).groups.contrast(1, 0)
    assert found is not None
    return found


CORRECT = [[2039.5, 1308, 1509, 1099], [591.5, 2508, 8979, 13920]]
NAIVE = [[629, 515, 1044, 1099], [2002, 3301, 9444, 13920]]


@pytest.mark.parametrize(
    ("ever", "exposure", "posterior", "mode", "of_cox"),
    [
        (
            False,
            CORRECT,
            (-0.001804, 0.263970, 0.201102, 0.602408, 0.196490),
            (-0.00662576, 0.28131194),
            (0.1271411, 0.3011411),
        ),
        (
            True,
            NAIVE,
            (-1.235575, 0.234486, 0.999982, 0.000018, 0.0),
            (-1.37236930, 0.24203320),
            (-1.323445, 0.2438026),
        ),
    ],
    ids=["correct", "naive"],
)
def test_heart_transplants(
    ever: bool,
    exposure: list[list[float]],
    posterior: tuple[float, ...],
    mode: tuple[float, float],
    of_cox: tuple[float, float],
) -> None:
    """Oracle: tables, posterior by quadrature, mode of a Poisson regression (R), Cox regression (R, Efron)."""
    cohort = cohort_of(heart(), **CHANGING)
    cohort = naive(cohort, 1, 0) if ever else cohort
    events, found = by_group(tabulate(cohort, CUTS))
    assert events.tolist() == DEATHS
    assert found.tolist() == exposure
    assert quadrature(events, found) == pytest.approx(posterior, abs=1e-6)
    assert flat_mode(cohort) == pytest.approx(mode, abs=1e-8)
    assert cox(cohort) == pytest.approx(of_cox, abs=1e-6)


def test_draws_of_the_rows_meet_the_quadrature(compiler: Compiler) -> None:
    draws = log_hr(draw(cohort_of(heart(), **CHANGING), replace(COLLAPSED, intervals=CUTS), compiler))
    assert_close(draws, -0.001804, "mean")
    assert_close((draws - draws.mean()) ** 2, 0.263970**2, "variance")
    assert_close((draws < np.log(0.80)).astype(float), 0.201102, "P(< 0.80)")
    assert_close((np.abs(draws) < np.log(1.25)).astype(float), 0.602408, "P(0.80-1.25)")


def test_heart_transplants_adjusted() -> None:
    """R's coxph, in this order: transplant, age, year, surgery; then ever against never."""
    cohort = cohort_of(heart(), **CHANGING, adjust=ADJUSTED)
    assert cox(cohort) == pytest.approx((-0.01025, 0.31375), abs=1e-5)
    data = regression_data(cohort, stratified=False)
    coefficients = efron(data).coefficients
    assert coefficients is not None
    steps = [1.0, *(each.values.std() for each in cohort.covariates[:2]), 1.0]  # of the columns; surgery is a category
    assert coefficients / steps == pytest.approx([-0.01025, 0.02717, -0.14635, -0.63721], abs=1e-5)
    assert cox(naive(cohort, 1, 0))[0] == pytest.approx(-1.70449, abs=1e-5)


def agreement_of(intervals: Intervals) -> Agreement:
    cohort, analysis = question_of(heart(), **CHANGING, landmark=30.0)
    return cross_check(cohort, analysis, tabulate(cohort, intervals), replace(UNADJUSTED, intervals=intervals))


def test_landmark_and_person_time_that_moves() -> None:
    """Landmark at 30 days: 79 patients, 0.0528 (0.2813). Ever against never moves the days before transplants."""
    (found,) = agreement_of(Intervals()).immortal
    assert found.landmark is not None
    assert found.landmark.cox is not None
    assert sum(found.landmark.patients) == 79
    assert (found.landmark.cox.log_coef, found.landmark.cox.log_se) == pytest.approx((0.0528, 0.2813), abs=5e-5)
    assert found.changed == 69
    assert found.person_time == np.sum(NAIVE[1]) - np.sum(CORRECT[1]) == 2668.5
    assert found.naive_person_time == np.sum(NAIVE[1])
    assert found.naive is not None
    assert (found.naive.log_coef, found.naive.log_se) == pytest.approx((-1.323445, 0.2438026), abs=1e-6)


def test_the_landmark_takes_the_group_of_its_time() -> None:
    """Against the same done by hand, with follow-up counted from day 30."""
    frame = heart()
    here = frame[(frame["start"] <= 30) & (frame["stop"] > 30)].set_index("id")
    last = frame.groupby("id")[["stop", "event"]].max().loc[here.index]
    by_hand = make_cohort(last["stop"] - 30, last["event"], here["transplant"].astype(str).tolist())
    assert cox(at_landmark(cohort_of(frame, **CHANGING), 30.0)) == pytest.approx(cox(by_hand), abs=1e-9)


def test_coarse_cuts_are_named_where_they_are_too_coarse() -> None:
    """Groups that change need finer intervals: four are 0.44 SE from Cox regression (Breslow 0.1256669)."""
    (coarse,), (usual,) = agreement_of(CUTS).companion, agreement_of(Intervals()).companion
    assert coarse.grid_distance == pytest.approx((-0.00662576 - 0.1256669) / 0.3011411, abs=2e-3)
    assert coarse.agrees is False
    assert "with 4 intervals (cuts 30, 90, 365) the companion fit is 0.44 standard errors" in coarse.reason
    assert usual.agrees
    assert usual.grid_distance is not None
    assert abs(usual.grid_distance) < 0.10


def test_groups_that_change_need_finer_intervals() -> None:
    """Mode by the number of quantile intervals, computed elsewhere: from 8 on within 0.15 SE of Cox regression."""
    expected = {4: (0.01950, 0.29409), 8: (0.17059, 0.30197), 12: (0.12816, 0.30365), 20: (0.13674, 0.30120)}
    cohort = cohort_of(heart(), **CHANGING)
    for count, figures in expected.items():
        assert flat_mode(cohort, Intervals(None, count, 1)) == pytest.approx(figures, abs=1e-5), count


def test_with_a_cut_at_every_event_time_rows_are_breslows_partial_likelihood() -> None:
    found = at_every_event_time(regression_data(cohort_of(heart(), **CHANGING), stratified=False)).contrast(1, 0)
    assert found is not None
    assert found[0] == pytest.approx(0.1256669, abs=1e-6)


def test_left_truncation_of_psychiatric_patients() -> None:
    """26 patients on the age scale: quadrature, R's Poisson regression, R's coxph with and without entry."""
    frame = data_set("psychiatric_patients.csv").assign(exit=lambda x: x["Age"] + x["T"])
    asked = {"time": "exit", "event": "C", "group": "sex", "reference": "1", "unit": TimeUnit.YEARS}
    cohort = cohort_of(frame, **asked, entry="Age")
    intervals = Intervals(cuts=(50.0, 60.0))
    events, exposure = by_group(tabulate(cohort, intervals))
    assert events.tolist() == [[1, 0, 3], [1, 5, 4]]
    assert exposure.tolist() == [[223, 86, 31], [174, 110, 63]]
    expected = (0.351474, 0.463764, 0.105293, 0.290523, 0.604184)
    assert quadrature(events, exposure) == pytest.approx(expected, abs=1e-6)
    assert flat_mode(cohort, intervals) == pytest.approx((0.53281488, 0.59920297), abs=1e-8)
    assert cox(cohort)[0] == pytest.approx(0.3900228, abs=1e-6)
    assert cox(cohort_of(frame, **asked))[0] == pytest.approx(0.3090528, abs=1e-6)


RECUR = {"time": "TIME1", "entry": "TIME0", "event": "CENSOR", "id": "ID", "group": "TREAT", "reference": "0"} | {
    "several_rows": True,
    "repeated_events": True,
    "event_value": 1,
}


def test_repeated_events_in_total_time() -> None:
    """1,296 rows of 400 patients, 939 events: quadrature; R's coxph, with robust standard error by patient."""
    cohort, analysis = question_of(data_set("recur.csv"), **RECUR)
    assert (cohort.n_patients, cohort.n_events) == (400, 939)
    intervals = Intervals(cuts=(25.0, 50.0, 75.0))
    events, exposure = by_group(tabulate(cohort, intervals))
    assert events.tolist() == [[125, 97, 85, 170], [216, 112, 63, 71]]
    assert exposure.tolist() == [[4914, 4575, 3765, 10070], [4746, 3688, 2702, 5444]]
    mean, sd, _, inside, _ = quadrature(events, exposure)
    assert (mean, sd, inside) == pytest.approx((0.236065, 0.065480, 0.421701), abs=1e-6)
    assert cox(cohort) == pytest.approx((0.2400297, 0.0657613), abs=1e-6)
    agreement = cross_check(cohort, analysis, tabulate(cohort, intervals), UNADJUSTED)
    (errors,) = agreement.robust
    assert (errors.log_hr, errors.model, errors.robust) == pytest.approx((0.2400297, 0.0657613, 0.0494809), abs=1e-6)
    assert agreement.log_rank.p is None
    assert agreement.proportional_hazards.p is None


def test_score_residuals_add_up_to_nothing() -> None:
    cohort = cohort_of(heart(), **CHANGING, adjust=ADJUSTED)
    data = regression_data(cohort, stratified=False)
    coefficients = efron(data).coefficients
    assert coefficients is not None
    assert score_residuals(data, coefficients).sum(axis=0) == pytest.approx(np.zeros(4), abs=1e-7)


def test_repeated_events_in_gap_time() -> None:
    """The likelihood of the same rows, each from its own 0: a table, and no claim."""
    frame: pd.DataFrame = data_set("recur.csv").assign(gap=lambda x: x["TIME1"] - x["TIME0"])
    cohort = make_cohort(frame["gap"], frame["CENSOR"], frame["TREAT"].astype(str).tolist())
    events, exposure = by_group(tabulate(cohort, Intervals(cuts=(10.0, 25.0, 50.0))))
    assert events.tolist() == [[120, 126, 116, 115], [186, 125, 92, 59]]
    assert exposure.tolist() == [[5768, 6069, 5795, 5692], [5226, 4608, 3730, 3016]]
    mean, sd, _, inside, _ = quadrature(events, exposure)
    assert (mean, sd, inside) == pytest.approx((0.286373, 0.065371, 0.166666), abs=1e-6)


@pytest.mark.parametrize("log_ratio", [0.0, 0.4])
def test_rows_find_a_known_ratio_and_ever_against_never_does_not(log_ratio: float) -> None:
    """1,500 patients with a constant hazard, which changes by the ratio when the patient changes the group."""
    rng = np.random.default_rng(11)
    n, hazard, end = 1500, 0.1, 15.0
    change, before = rng.exponential(8.0, n), rng.exponential(1 / hazard, n)
    after = change + rng.exponential(1 / (hazard * np.exp(log_ratio)), n)
    time = np.where(before < change, before, after)
    event, stop = time <= end, np.minimum(time, end)
    changed = change < stop
    first = pd.DataFrame({"id": np.arange(n), "start": 0.0, "stop": np.where(changed, change, stop)})
    first = first.assign(event=(event & ~changed) * 1, transplant=0)
    second = pd.DataFrame({"id": np.arange(n), "start": change, "stop": stop, "event": event * 1, "transplant": 1})
    cohort = cohort_of(pd.concat([first, second[changed]]), **CHANGING)
    for found in (flat_mode(cohort, Intervals()), cox(cohort)):
        assert abs(found[0] - log_ratio) < 3 * found[1]
    wrong = cox(naive(cohort, 1, 0))
    assert wrong[0] < log_ratio - 5 * wrong[1]
