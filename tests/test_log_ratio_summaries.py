"""Summaries of draws of log HR(t) agree with closed forms: scaled F distributions, weights as repeated draws."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from changing_ratio_oracles import ScaledF, by_group

from bayesrefract.proportionality.draws import Draws
from bayesrefract.proportionality.summaries import bands, deviates_less, quantile, throughout, window_of
from bayesrefract.proportionality.thirds import Thirds, is_average_of_unequal, shares, thirds
from bayesrefract.study.rope import Side

LUNG = by_group(
    np.array([49, 36, 27]),
    np.array([20926, 10571, 7589]),
    np.array([14, 22, 17]),
    np.array([14950, 9210, 6347]),
    shape=0.5,
    rate=100,
)
"""lung (lifelines), sex 2 against 1, cuts at 180 and 365 days; Gamma(0.5, 100 days) hazards."""
RECUR = by_group(
    np.array([125, 97, 85, 170]),
    np.array([4914, 4575, 3765, 10070]),
    np.array([216, 112, 63, 71]),
    np.array([4746, 3688, 2702, 5444]),
    shape=0.5,
    rate=20,
)
"""recur (lifelines), treatment against none, total time, cuts at 25, 50 and 75; Gamma(0.5, 20) hazards."""
DRAWS = 100_000


def test_hazards_by_group_have_the_stated_posterior() -> None:
    assert LUNG.inside(0.80, 1.25) == pytest.approx([0.0078285, 0.2990890, 0.3752344], abs=6e-8)
    assert LUNG.inside(0.80, 1.25).prod() == pytest.approx(0.00087859, abs=6e-9)
    assert LUNG.inside(0.40, 1.00) == pytest.approx([0.5079651, 0.8866407, 0.8002186], abs=6e-8)
    assert LUNG.inside(0.40, 1.00).prod() == pytest.approx(0.3604045, abs=6e-8)
    assert LUNG.inside(0.40, 1.00)[:2].prod() == pytest.approx(0.4503825, abs=6e-8)
    assert LUNG.quantile(0.5) == pytest.approx([0.40259, 0.70252, 0.75367], abs=6e-6)
    low, high = LUNG.band()
    assert low == pytest.approx([0.18552, 0.36117, 0.35124], abs=6e-6)
    assert high == pytest.approx([0.79393, 1.32181, 1.55244], abs=6e-6)
    assert RECUR.quantile(0.5) == pytest.approx([1.78791, 1.43051, 1.03133, 0.77230], abs=6e-6)
    assert RECUR.inside(0.80, 1.25) == pytest.approx([0.000618, 0.164791, 0.813279, 0.400932], abs=6e-7)
    assert RECUR.inside(0.80, 1.25).prod() == pytest.approx(3.3202e-5, abs=6e-10)
    assert RECUR.inside(0.6, 1.4)[2:].prod() == pytest.approx(0.9291221, abs=6e-8)


@pytest.mark.parametrize(
    ("oracle", "rope", "window"),
    [
        (LUNG, (0.40, 1.00), [True, True, True]),
        (LUNG, (0.40, 1.00), [True, True, False]),
        (LUNG, (0.80, 1.25), [False, True, True]),
        (RECUR, (0.6, 1.4), [False, False, True, True]),
    ],
)
def test_the_probability_throughout_is_a_product_of_f_probabilities(
    oracle: ScaledF, rope: tuple[float, float], window: list[bool]
) -> None:
    draws = oracle.draws(DRAWS, np.random.default_rng(3))
    found = throughout(draws, rope, np.array(window))
    assert found.value == pytest.approx(oracle.inside(*rope)[window].prod(), abs=4 * found.mcse)


@pytest.mark.parametrize("oracle", [LUNG, RECUR], ids=["lung", "recur"])
def test_bands_cover_as_they_say(oracle: ScaledF) -> None:
    draws = oracle.draws(DRAWS, np.random.default_rng(4))
    found = bands(draws)
    error = 6 * draws.std(axis=0) / np.sqrt(DRAWS)
    assert (np.abs(found.median - np.log(oracle.quantile(0.5))) < error).all()
    assert (np.abs(found.low - np.log(oracle.quantile(0.025))) < 3 * error).all()
    assert (np.abs(found.high - np.log(oracle.quantile(0.975))) < 3 * error).all()
    fresh = oracle.draws(DRAWS, np.random.default_rng(5))
    covered = ((fresh > found.low_throughout) & (fresh < found.high_throughout)).all(axis=1).mean()
    assert covered == pytest.approx(0.95, abs=4 * np.sqrt(2 * 0.95 * 0.05 / DRAWS))
    # With equal widths in standard deviations it is nearly the band of equal coverage.
    low, high = (np.log(each) for each in oracle.band())
    assert found.low_throughout == pytest.approx(low, abs=0.06)
    assert found.high_throughout == pytest.approx(high, abs=0.06)


def test_weights_are_repeated_draws() -> None:
    rng = np.random.default_rng(6)
    draws, times = rng.normal(size=(4000, 3)), rng.integers(0, 4, 4000)
    repeated = np.repeat(draws, times, axis=0)
    probabilities = np.array([0.025, 0.5, 0.975])
    assert quantile(draws, probabilities, times) == pytest.approx(quantile(repeated, probabilities), abs=0.01)
    weighted = throughout(draws, (0.3, 3.0), np.array([True, True, True]), times)
    assert weighted.value == pytest.approx(throughout(repeated, (0.3, 3.0), np.ones(3, dtype=bool)).value)
    events = np.array([40.0, 30.0, 50.0])
    found, same = thirds(draws, events, (0.5, 2.0), times), thirds(repeated, events, (0.5, 2.0))
    assert found.outside.value == pytest.approx(same.outside.value)
    assert found.high == pytest.approx(same.high, abs=0.01)
    assert quantile(draws, probabilities, np.ones(4000)) == pytest.approx(quantile(draws, probabilities), abs=1e-10)


def test_the_window_leaves_out_what_it_does_not_meet_and_what_cannot_be_compared() -> None:
    edges, compared = np.array([0.0, 6, 12, 24, np.inf]), np.array([True, True, True, False])
    assert window_of(edges, compared, 6, 30).tolist() == [False, True, True, False]
    assert window_of(edges, compared, 5.9, 12).tolist() == [True, True, False, False]
    with pytest.raises(ValueError, match="no interval"):
        throughout(np.zeros((10, 4)), (0.8, 1.25), window_of(edges, compared, 24, 30))


def test_deviations_are_from_the_average() -> None:
    weights = np.array([0.25, 0.75])
    draws = np.log(np.array([[1.0, 1.0], [1.3, 1.3], [1.0, 1.3], [1.0, 2.0]]))
    assert deviates_less(draws, 1.25, weights).value == pytest.approx(0.75)
    assert deviates_less(draws, 1.25, weights, np.array([1.0, 1, 1, 5])).value == pytest.approx(3 / 8)


# Thirds


def test_an_interval_across_a_boundary_is_split_in_proportion() -> None:
    assert shares(np.array([30.0, 30, 30])) == pytest.approx(np.eye(3))
    found = shares(np.array([50.0, 10.0, 0.0, 30.0]))
    assert found * 30 == pytest.approx(np.array([[30, 0, 0, 0], [20, 10, 0, 0], [0, 0, 0, 30]]))
    assert shares(np.array([7.0])) == pytest.approx(np.ones((3, 1)))
    with pytest.raises(ValueError, match="no event"):
        shares(np.zeros(3))


def test_the_horizon_moves_the_thirds() -> None:
    """A change after the horizon is outside no third; with the whole follow-up it is."""
    draws = np.log(np.array([1.0, 1.0, 1.0, 2.0])) + np.random.default_rng(7).normal(0, 0.05, (2000, 4))
    up_to_horizon = np.array([40.0, 40.0, 40.0, 0.0])
    assert thirds(draws, up_to_horizon, (0.8, 1.25)).outside.value < 0.01
    whole = thirds(draws, np.array([40.0, 40, 40, 60]), (0.8, 1.25))
    assert whole.outside.value > 0.99
    assert whole.events == pytest.approx([60, 60, 60])
    assert np.exp(whole.log_ratio) == pytest.approx([1, 1, 2], rel=0.02)


@pytest.mark.parametrize(("side", "stated"), [(Side.TWO_SIDED, 0.75), (Side.ABOVE, 0.25), (Side.BELOW, 0.5)], ids=str)
def test_only_the_side_of_harm_is_outside_for_a_one_sided_rule(side: Side, stated: float) -> None:
    draws = np.log(np.array([[1.0, 1, 1], [0.5, 1, 1], [1, 1, 0.5], [1, 1.5, 1]]))
    assert thirds(draws, np.ones(3), (0.8, 1.25), side=side).outside.value == pytest.approx(stated)


def test_opposite_effects_need_two_thirds_that_exclude_one() -> None:
    noise = np.random.default_rng(8).normal(0, 0.1, (4000, 3))
    for ratios, opposite in (((0.6, 1, 1.6), True), ((0.6, 1, 1.1), False), ((0.6, 0.7, 0.8), False)):
        assert thirds(np.log(ratios) + noise, np.ones(3), (0.8, 1.25)).opposite is opposite


def test_with_the_error_across_the_limit_the_stricter_word_stands() -> None:
    draws = Draws(np.zeros((1, 3)), np.ones(1), np.zeros(1), float(np.log(2.95)), 0.0)
    outside: Thirds = thirds(np.log(np.array([[1.0, 1, 1.5], [1.0, 1, 1]])), np.ones(3), (0.8, 1.25))
    assert not is_average_of_unequal(draws, outside)
    assert is_average_of_unequal(replace(draws, error=0.01), outside)
    assert is_average_of_unequal(replace(draws, log_bayes_factor=float(np.log(3)) + 1e-12), outside)
    inside = thirds(np.zeros((2, 3)), np.ones(3), (0.8, 1.25))
    assert not is_average_of_unequal(replace(draws, log_bayes_factor=10.0), inside)
