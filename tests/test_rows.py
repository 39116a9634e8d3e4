"""Several rows of a patient: what declares them, what they may not be, and that cutting follow-up changes nothing."""

from __future__ import annotations

import dataclasses
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxTimeVaryingFitter
from lifelines.datasets import load_lung
from posteriors import make_posterior
from rows_example import CHANGING, HEART, ROPE, cohort_of, heart, in_pieces, question_of

import bayesrefract as br
from bayesrefract.classical import cross_check
from bayesrefract.classical.cox import efron
from bayesrefract.classical.regression import regression_data
from bayesrefract.cohort.exposure import tabulate
from bayesrefract.cohort.frames import records_of_frame
from bayesrefract.cohort.select import select
from bayesrefract.cohort.value import Cohort
from bayesrefract.errors import InputError
from bayesrefract.estimands.log_likelihood import log_likelihood
from bayesrefract.model.effects import design
from bayesrefract.study.model import Intervals, Model

LUNG = {"time": "time", "event": "status", "group": "sex", "reference": "1"}
PIECES = LUNG | {"entry": "start", "id": "who", "several_rows": True}
COLUMNS = {"start", "stop", "event", "id", "transplant"}
UNADJUSTED = Model("unadjusted", "", "", adjust="none")


def lung() -> pd.DataFrame:
    return load_lung()[["time", "status", "sex", "age", "ph.ecog"]].dropna().reset_index(drop=True)


def same(one: Cohort, other: Cohort) -> None:
    """Every array is the same; the hash of the file, identifiers and notes are not."""
    for each in dataclasses.fields(Cohort):
        if each.name in {"data_sha256", "patient", "notes"}:
            continue
        a, b = getattr(one, each.name), getattr(other, each.name)
        if each.name == "covariates":
            assert [(c.name, c.levels) for c in a] == [(c.name, c.levels) for c in b]
            assert all(np.array_equal(c.values, d.values) for c, d in zip(a, b, strict=True))
        else:
            assert np.array_equal(a, b) if isinstance(a, np.ndarray) else a == b, each.name


@pytest.mark.parametrize("adjust", [(), ("age", "ph.ecog")])
def test_follow_up_in_pieces_is_the_same_cohort(adjust: tuple[str, ...]) -> None:
    frame = lung()
    pieces = in_pieces(frame, "time", "status")
    assert len(pieces) > 2 * len(frame)
    same(cohort_of(pieces, **PIECES, adjust=adjust), cohort_of(frame, **LUNG, adjust=adjust))


def test_pieces_in_any_order_are_the_patients_of_that_order() -> None:
    pieces = in_pieces(lung(), "time", "status").sample(frac=1, random_state=1)
    cohort = cohort_of(pieces, **PIECES, adjust=("age",))
    whole = cohort_of(lung(), **LUNG, adjust=("age",))
    assert cohort.owner is None
    assert sorted(zip(cohort.exit, cohort.event, cohort.group, strict=True)) == sorted(
        zip(whole.exit, whole.event, whole.group, strict=True)
    )


def test_the_same_verdict_and_the_same_numbers_from_pieces(tmp_path, monkeypatch) -> None:
    """The whole line, to the last digit: draws, intervals, medians, curves."""
    monkeypatch.setenv("BAYESREFRACT_CACHE", str(tmp_path))
    frame = lung()
    whole = br.compare(frame, **LUNG, unit="days", rope=ROPE, horizon=365, model="collapsed", keep="none")
    pieces = in_pieces(frame, "time", "status")
    cut = br.compare(pieces, **PIECES, unit="days", rope=ROPE, horizon=365, model="collapsed", keep="none")
    a, b = whole.to_json(), cut.to_json()
    for key in ("provenance", "notes", "columns"):
        del a[key], b[key]
    assert a == b
    assert np.array_equal(whole.findings.log_hazard_ratio, cut.findings.log_hazard_ratio)


def test_delayed_entry_in_pieces_is_delayed_entry() -> None:
    frame = lung().assign(late=lambda x: x["time"] * 0.1)
    pieces = in_pieces(frame, "time", "status")
    pieces = pieces[pieces["time"] > pieces["late"]].assign(start=lambda x: np.maximum(x["start"], x["late"]))
    same(cohort_of(pieces, **PIECES), cohort_of(frame, **LUNG, entry="late"))


def test_rows_are_counted_by_patients() -> None:
    cohort = cohort_of(heart(), **CHANGING)
    assert (cohort.n_rows, cohort.n_patients, cohort.n_events) == (172, 103, 75)
    assert cohort.flow.records == cohort.flow.analysed == len(cohort.patient) == 103
    assert cohort.group_changes
    assert cohort.group_sizes.tolist() == [103, 69]
    assert str(cohort.coding) == "event: 1 75; censored: 0 28"
    table = tabulate(cohort, Intervals())
    assert table.n_patients.sum() == 103
    assert table.exposure.sum() == pytest.approx((heart()["stop"] - heart()["start"]).sum(), rel=1e-12)


def test_a_patient_with_a_missing_value_leaves_with_all_rows() -> None:
    frame = heart()
    frame.loc[(frame["id"] == 3) & (frame["transplant"] == 1), "age"] = np.nan
    cohort = cohort_of(frame, **CHANGING, adjust=("age",))
    assert cohort.flow.excluded == {"missing age": 1}
    assert (cohort.n_patients, cohort.n_rows) == (102, 170)


def test_time_in_another_group_leaves_alone() -> None:
    """Whoever goes on to a group that is not compared stays with the time before: what comes later is not looked at."""
    frame = heart()
    frame["transplant"] = frame["transplant"].astype(str)
    after = frame["id"].isin([3, 4]) & (frame["transplant"] == "1")
    frame.loc[after, "transplant"] = "second"
    study_cohort, analysis = question_of(frame, **CHANGING, primary="1")
    assert study_cohort.groups == ("0", "1", "second")
    cohort = select(records_of_frame(frame, COLUMNS), analysis, replace(UNADJUSTED, compared_only=True))
    assert cohort.n_patients == 103
    assert cohort.n_rows == 170
    assert cohort.n_events == 73
    assert "2 rows of analysed patients are in no compared group, and are not counted." in cohort.notes


def test_covariates_are_standardised_with_each_patients_first_row() -> None:
    """Ten rows of one patient weigh as much as one row of another."""
    frame = heart().assign(since=lambda x: x["start"] + x["age"])
    cohort = cohort_of(frame, **HEART | {"varying": ("transplant", "since")}, adjust=("since",))
    block = design(tabulate(cohort, Intervals()), replace(UNADJUSTED, adjust="question")).blocks[0]
    first = frame[frame["start"] == 0]["since"]
    assert len(first) == 103
    assert block.centre == pytest.approx(first.mean(), rel=1e-12)
    assert block.sd == pytest.approx(first.std(ddof=0), rel=1e-12)


def test_gaps_are_counted_and_nobody_is_at_risk_in_them() -> None:
    frame = pd.DataFrame(
        {
            "who": ["a", "a", "b", "c", "d"],
            "start": [0, 7, 0, 0, 0],
            "time": [5.0, 10, 8, 6, 9],
            "status": [0, 1, 1, 1, 0],
            "sex": [1, 1, 2, 2, 1],
        }
    )
    cohort = cohort_of(frame, **PIECES)
    told = (
        "1 patient has gaps between rows (2 days in all, the longest 2): nobody is at risk in a gap, and no event of it"
    )
    assert any(note.startswith(told) for note in cohort.notes)
    assert tabulate(cohort, Intervals(cuts=(5.0, 7.0))).exposure.sum(axis=0).tolist() == [20.0, 5.0, 6.0]


def test_only_the_hazard_ratio_of_groups_that_change() -> None:
    cohort, analysis = question_of(heart(), **CHANGING)
    agreement = cross_check(cohort, analysis, tabulate(cohort, Intervals()), UNADJUSTED)
    assert agreement.curve_name == "Simon-Makuch"
    assert agreement.log_rank.method == "log-rank test of groups that change over time"
    assert all(group.median.estimate is None and group.rmst is None for group in agreement.groups)
    assert any("Simon & Makuch" in note for note in agreement.notes)
    ropes = ROPE, br.Rope(-30, 30, source="test", estimand="rmst_difference")
    with pytest.raises(InputError, match="its future is not modelled: there is no survival in a group"):
        select(records_of_frame(heart(), COLUMNS), replace(analysis, ropes=ropes), UNADJUSTED)


def test_a_covariate_that_changes_refuses_standardised_curves() -> None:
    frame = heart().assign(arm=lambda x: np.where(x["id"] % 2, "x", "y"))
    asked = HEART | {"group": "arm", "reference": "x", "varying": ("transplant",)}
    cohort, analysis = question_of(frame, **asked, categorical=("transplant",))
    assert not cohort.group_changes
    assert cohort.changing == ("transplant",)
    agreement = cross_check(cohort, analysis, tabulate(cohort, Intervals()), replace(UNADJUSTED, adjust="question"))
    assert agreement.curve_name == "Kaplan-Meier"
    assert agreement.groups[0].median.estimate is not None  # of patients who stay in their group
    whole = frame.groupby("id").agg(stop=("stop", "max"), event=("event", "max"), arm=("arm", "first"))
    alone = cohort_of(whole, time="stop", event="event", group="arm", reference="x")
    plain = cross_check(alone, analysis, tabulate(alone, Intervals()), UNADJUSTED)
    for one, other in zip(agreement.groups, plain.groups, strict=True):
        assert (one.patients, one.events, one.person_time) == (other.patients, other.events, other.person_time)
        assert (one.median, one.median_follow_up) == (other.median, other.median_follow_up)
    assert agreement.follow_up == plain.follow_up


def test_cox_regression_with_rows_is_that_of_another_program() -> None:
    """lifelines' CoxTimeVaryingFitter, Efron, on untied times (it handles ties otherwise)."""
    rng = np.random.default_rng(4)
    frame = heart()
    moved = dict(zip(frame["id"].unique(), rng.uniform(0, 0.4, 103), strict=True))
    last = frame.groupby("id")["stop"].transform("max") == frame["stop"]
    frame["stop"] = np.where(last, frame["stop"] + frame["id"].map(moved), frame["stop"])
    columns = frame[["id", "start", "stop", "event", "transplant", "age"]]
    theirs = CoxTimeVaryingFitter().fit(columns, id_col="id", event_col="event", start_col="start", stop_col="stop")
    cohort = cohort_of(frame, **CHANGING, adjust=("age",))
    ours = efron(regression_data(cohort, stratified=False)).groups.contrast(1, 0)
    assert ours is not None
    assert ours[0] == pytest.approx(theirs.params_["transplant"], abs=1e-5)
    assert ours[1] == pytest.approx(theirs.standard_errors_["transplant"], abs=1e-5)


def test_log_likelihood_is_summed_over_the_rows_of_a_patient() -> None:
    cohort = cohort_of(heart(), **CHANGING)
    table = tabulate(cohort, Intervals(cuts=(30.0, 90.0, 365.0)))
    log_hazard = np.log([[0.01, 0.005, 0.003, 0.001]])
    posterior = make_posterior(
        np.exp(np.tile(log_hazard, (4, 1, 1))), np.tile([-0.1, 0.1], (4, 1)), groups=cohort.groups
    )
    values = log_likelihood(posterior, table, cohort, design(table, UNADJUSTED))
    assert values.sizes["patient"] == 103
    rate = np.exp(log_hazard[0][None, :] + np.array([-0.1, 0.1])[table.group][:, None])
    total = (table.events * np.log(rate) - table.exposure * rate).sum()
    assert values.sum("patient").to_numpy().ravel()[0] == pytest.approx(total, rel=1e-12)


def test_an_event_at_the_time_of_a_change_counts_before_it() -> None:
    frame = pd.DataFrame(
        {
            "id": [1, 1, 2, 2, 3, 3],
            "start": [0, 5, 0, 4, 0, 6],
            "stop": [5, 9, 4, 8, 6, 7],
            "event": [1, 1, 0, 1, 0, 0],
            "transplant": [0, 1, 0, 1, 0, 1],
        }
    )
    cohort = cohort_of(frame, **CHANGING, repeated_events=True)
    assert cohort.has_repeated_events
    assert np.bincount(cohort.group, weights=cohort.event).tolist() == [1, 2]
    assert "Events at the time of a change of group: 1. They count in the group before it." in cohort.notes
