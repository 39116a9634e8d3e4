"""The exposure table: every event and every unit of person-time in its place, once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from cohorts import actg175, gbsg2, lung, make_cohort

from bayesrefract.cohort.exposure import choose_cuts, split, tabulate
from bayesrefract.errors import ModelError
from bayesrefract.study.model import Intervals
from bayesrefract.study.study import TimeUnit


def test_an_event_on_a_cut_belongs_to_the_interval_that_ends_there() -> None:
    edges = np.array([0.0, 10.0, 20.0, np.inf])
    exit_ = np.array([10.0, 10.000001, 20.0, 25.0])
    events, exposure = split(np.zeros(4), exit_, np.ones(4, dtype=bool), edges)
    assert events.argmax(axis=1).tolist() == [0, 1, 1, 2]
    assert events.sum(axis=1).tolist() == [1, 1, 1, 1]
    assert exposure[0].tolist() == [10, 0, 0]
    assert exposure[2].tolist() == [10, 10, 0]
    assert exposure[3].tolist() == [10, 10, 5]


def test_delayed_entry_only_removes_person_time_before_it() -> None:
    edges = np.array([0.0, 10.0, 20.0, np.inf])
    entry, exit_ = np.array([0.0, 4.0, 12.0, 10.0]), np.full(4, 25.0)
    events, exposure = split(entry, exit_, np.array([True, True, True, False]), edges)
    assert exposure.tolist() == [[10, 10, 5], [6, 10, 5], [0, 8, 5], [0, 10, 5]]
    assert events.tolist() == [[0, 0, 1], [0, 0, 1], [0, 0, 1], [0, 0, 0]]


def test_no_event_and_no_person_time_is_lost_or_counted_twice() -> None:
    for cohort in (actg175(covariates=("age", "symptom")), gbsg2(covariates=("pnodes",)), lung()):
        for merge in (True, False):
            table = tabulate(cohort, Intervals(), merge=merge)
            assert table.events.sum() == cohort.event.sum()
            assert table.exposure.sum() == pytest.approx((cohort.exit - cohort.entry).sum(), rel=1e-12)
            assert table.n_patients.sum() == cohort.n_patients


def test_merging_keeps_each_groups_events_and_time() -> None:
    """ACTG 175 without covariates: one pattern per arm, with the arm's printed events (R: 128, 181, 103, 109)."""
    table = tabulate(actg175(), Intervals(cuts=(200.0, 400.0)))
    assert table.groups == ("didanosine", "zidovudine", "zidovudine+didanosine", "zidovudine+zalcitabine")
    assert table.group.tolist() == [0, 1, 2, 3]
    assert table.events.sum(axis=1).tolist() == [128, 181, 103, 109]
    assert table.n_patients.tolist() == [561, 532, 522, 524]


def test_every_patient_is_mapped_to_a_pattern_with_its_own_values() -> None:
    cohort = actg175(covariates=("symptom", "drugs"), stratum="strat")
    table = tabulate(cohort, Intervals())
    pattern = table.data["pattern_of"].values
    assert np.array_equal(table.group[pattern], cohort.group)
    assert np.array_equal(table.stratum[pattern], cohort.stratum)
    for merged, own in zip(table.covariates, cohort.covariates, strict=True):
        assert np.array_equal(merged.values[pattern], own.values)
    assert len(table.n_patients) <= 4 * 3 * 2 * 2


def test_permuting_patients_changes_nothing() -> None:
    cohort = actg175(covariates=("symptom",))
    order = np.random.default_rng(1).permutation(cohort.n_patients)
    shuffled = replace(
        cohort,
        group=cohort.group[order],
        entry=cohort.entry[order],
        exit=cohort.exit[order],
        event=cohort.event[order],
        stratum=cohort.stratum[order],
        covariates=tuple(replace(c, values=c.values[order]) for c in cohort.covariates),
    )
    one, other = tabulate(cohort, Intervals()), tabulate(shuffled, Intervals())
    assert np.array_equal(one.events, other.events)
    assert np.allclose(one.exposure, other.exposure, rtol=1e-12)


def test_quantile_cuts_leave_enough_events_in_every_interval() -> None:
    rng = np.random.default_rng(2)
    for times in (rng.exponential(10, 300), np.round(rng.exponential(10, 300)) + 1, rng.exponential(10, 25)):
        cuts = choose_cuts(times, Intervals())
        counts, _ = np.histogram(times, bins=np.concatenate([[-np.inf], np.nextafter(cuts, np.inf), [np.inf]]))
        assert counts.min() >= 5
        assert len(counts) <= 24


def test_few_events_make_one_interval() -> None:
    assert choose_cuts(np.arange(1.0, 10.0), Intervals()).tolist() == []
    assert choose_cuts(np.empty(0), Intervals()).tolist() == []


@pytest.mark.parametrize("cuts", [(5.0, 5.0), (9.0, 5.0), (0.0, 5.0), (-1.0,), (5.0, 40.0)])
def test_cuts_outside_follow_up_are_refused_with_what_was_found(cuts: tuple[float, ...]) -> None:
    cohort = make_cohort([10.0, 20.0, 30.0, 40.0], [True] * 4, ["a", "b", "a", "b"])
    with pytest.raises(ModelError, match=r"cuts must rise.*40 days"):
        tabulate(cohort, Intervals(cuts=cuts))


def test_whole_months_are_remarked_upon() -> None:
    rng = np.random.default_rng(3)
    time = rng.integers(1, 40, 200).astype(float)
    levels = ["a", "b"] * 100
    rounded = make_cohort(time, [True] * 200, levels, unit=TimeUnit.MONTHS)
    exact = make_cohort(time + rng.random(200) * 0.9 + 0.05, [True] * 200, levels, unit=TimeUnit.MONTHS)
    assert "whole months" in tabulate(rounded, Intervals()).notes[0]
    assert tabulate(exact, Intervals()).notes == ()


@pytest.mark.parametrize(("whole", "told"), [(1, False), (2, True)])
def test_a_fifth_of_whole_months_is_enough_to_be_remarked_upon(whole: int, told: bool) -> None:
    times = [*range(1, whole + 1), *(i + 0.37 for i in range(10 - whole))]
    cohort = make_cohort(times, [True] * 10, ["a", "b"] * 5, unit=TimeUnit.MONTHS)
    assert any("whole months" in note for note in tabulate(cohort, Intervals()).notes) is told
