"""HR(t) without sampling agrees with quadrature, published digits and its limits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from changing_ratio_oracles import LUNG, O1, O2, O3, O4, STRATA, Table, bayes_factor
from cohorts import actg175, gbsg2, lung, make_cohort
from numpy.typing import NDArray

from bayesrefract.classical import companion
from bayesrefract.cohort.exposure import tabulate
from bayesrefract.cohort.value import Cohort, Covariate
from bayesrefract.proportionality.bayes_factor import marginal
from bayesrefract.proportionality.draws import Draws, draw
from bayesrefract.proportionality.laplace import Prior, modes
from bayesrefract.proportionality.likelihood import Likelihood
from bayesrefract.proportionality.pair import Pair, from_table
from bayesrefract.proportionality.summaries import Probability, bands, deviates_less, prior_deviates_less, throughout
from bayesrefract.proportionality.thirds import is_average_of_unequal, thirds
from bayesrefract.study.model import Intervals

Floats = NDArray[np.float64]

ROPE = (0.80, 1.25)
MANY = 2**15
DIGITS = 1e-4
"""To which the probabilities of the oracles are stated."""


def pair_of(tables: Sequence[Table], shape: float = 0.1) -> Pair:
    events, exposure = (np.array([getattr(each, name) for each in tables], float) for name in ("events", "exposure"))
    return Pair(events, exposure, np.array(tables[0].midpoints, float), shape)


def posterior(pair: Pair, scale: float = 1.0, samples: int = MANY) -> Draws:
    return draw(marginal(pair).grid(scale), samples)


def random_pair(seed: int, strata: int = 1, intervals: int = 24, events: float = 500, shape: float = 0.1) -> Pair:
    rng = np.random.default_rng(seed)
    exposure = rng.gamma(3, 20, (strata, 2, intervals))
    mean = events * exposure / exposure.sum() * np.array([1.2, 0.8])[:, None]
    return Pair(rng.poisson(mean).astype(float), exposure, np.cumsum(rng.gamma(2, 1, intervals)), shape)


def assert_near(found: Probability, stated: float, digits: float = DIGITS) -> None:
    assert abs(found.value - stated) <= 4 * max(found.mcse, np.sqrt(stated * (1 - stated) / MANY)) + digits


@pytest.mark.parametrize(
    ("table", "mean", "sd", "inside"),
    [
        (O1, -0.03673, 0.07588, 0.99265),
        (O2, -0.00036, 0.06722, 0.99909),
        (O3, -0.02302, 0.06609, 0.99866),
        (O4, 0.00634, 0.04040, 1.00000),
    ],
    ids=["crossing", "proportional", "drift", "mild drift"],
)
def test_a_constant_ratio_has_the_stated_posterior(table: Table, mean: float, sd: float, inside: float) -> None:
    found = marginal(pair_of([table])).constant
    assert [found.mean, found.sd, found.inside(*ROPE)] == pytest.approx([mean, sd, inside], abs=6e-6)


@pytest.mark.parametrize(
    ("table", "scale", "factor", "all_inside", "some_outside", "stopped"),
    [
        (O1, 1.0, 1.1465e7, 0.00018, 0.99982, True),
        (O1, 0.3, 2.7399e6, 0.00065, 0.99935, True),
        (O2, 1.0, 0.24189, 0.93841, 0.0598, False),
        (O2, 0.3, 0.56381, 0.96477, 0.0344, False),
        (O3, 1.0, 8.1209, 0.2734, 0.7216, True),
        (O3, 0.3, 8.8765, 0.4175, 0.5772, True),
        (O4, 1.0, 2.5777, 0.8667, 0.1177, False),
        (O4, 0.3, 4.4267, 0.9115, 0.0785, False),
    ],
)
def test_a_changing_ratio_has_the_stated_evidence(
    table: Table, scale: float, factor: float, all_inside: float, some_outside: float, stopped: bool
) -> None:
    pair = pair_of([table])
    draws = posterior(pair, scale)
    assert draws.log_bayes_factor == pytest.approx(np.log(factor), abs=3 * draws.error + 3e-5)
    assert draws.error < 5e-4
    assert_near(throughout(draws.log_ratio, ROPE, pair.compared, draws.weight), all_inside)
    found = thirds(draws.log_ratio, pair.pooled_events, ROPE, draws.weight)
    assert_near(found.outside, some_outside)
    assert is_average_of_unequal(draws, found) is stopped


@pytest.mark.parametrize("tables", [(O1,), (O2,), (O4,), (LUNG,), STRATA], ids=["O1", "O2", "O4", "lung", "strata"])
@pytest.mark.parametrize("scale", [1.0, 0.3])
def test_the_bayes_factor_equals_that_of_quadrature_without_a_grid_of_sigma(
    tables: Sequence[Table], scale: float
) -> None:
    found = marginal(pair_of(tables)).grid(scale)
    exact = np.log(bayes_factor(tables, scale))
    corrected = draw(found, MANY)
    assert abs(corrected.log_bayes_factor - exact) < 3 * corrected.error + 1e-5
    assert abs(found.log_bayes_factor - exact) < 2e-3  # of Laplace's expansion alone, 53 events in the smaller group


@pytest.mark.parametrize(
    ("scale", "probabilities", "average", "means", "sds", "deviates", "before", "factor"),
    [
        (
            0.3,
            (0.0153, 0.0206, 0.9092, 0.9403),
            (-0.5088, 0.1633),
            (-0.5753, -0.4923, -0.4354),
            (0.2007, 0.1806, 0.2160),
            0.812,
            0.806,
            0.972,
        ),
        (
            1.0,
            (0.0080, 0.0123, 0.7401, 0.8098),
            (-0.5163, 0.1645),
            (-0.6763, -0.4573, -0.3650),
            (0.2521, 0.2125, 0.2615),
            0.534,
            0.403,
            1.262,
        ),
    ],
)
def test_lung_has_the_stated_posterior(
    scale: float,
    probabilities: tuple[float, ...],
    average: tuple[float, float],
    means: tuple[float, ...],
    sds: tuple[float, ...],
    deviates: float,
    before: float,
    factor: float,
) -> None:
    """Its source states an error below 0.001, and three digits of the Bayes factor (constant against changing)."""
    pair = pair_of([LUNG])
    draws = posterior(pair, scale)
    error = 0.001
    whole, to_365 = pair.compared, np.array([True, True, False])
    for stated, (rope, window) in zip(
        probabilities, [(r, w) for r in (ROPE, (0.40, 1.00)) for w in (whole, to_365)], strict=True
    ):
        assert_near(throughout(draws.log_ratio, rope, window, draws.weight), stated, error)
    mean = draws.weight @ draws.log_ratio
    spread = np.sqrt(draws.weight @ (draws.log_ratio - mean) ** 2)
    mcse = 0.26 / np.sqrt(MANY)
    assert mean == pytest.approx(means, abs=error + 4 * mcse)
    assert spread == pytest.approx(sds, abs=error + 4 * mcse)
    centre = draws.weight @ draws.average
    assert centre == pytest.approx(average[0], abs=error + 4 * mcse)
    assert np.sqrt(draws.weight @ (draws.average - centre) ** 2) == pytest.approx(average[1], abs=error + 4 * mcse)
    assert_near(deviates_less(draws.log_ratio, 1.25, pair.weights, draws.weight), deviates, error)
    prior = prior_deviates_less(pair, 1.25, scale)
    assert abs(prior.value - before) < 4 * prior.mcse + error
    assert np.exp(-draws.log_bayes_factor) == pytest.approx(factor, abs=0.003)


def test_lung_is_the_table_of_its_cohort() -> None:
    table = tabulate(lung(), Intervals(cuts=(180.0, 365.0)))
    found, stated = from_table(table, 1, 0), pair_of([LUNG])
    assert np.array_equal(found.events, stated.events)
    assert np.array_equal(found.exposure, stated.exposure)
    assert np.array_equal(found.midpoints, stated.midpoints)


# Limits


@pytest.mark.parametrize("pair", [pair_of([O1]), pair_of(STRATA), random_pair(4)])
def test_without_change_it_is_the_constant_ratio(pair: Pair) -> None:
    likelihood, prior = Likelihood(pair), Prior(pair, 0.75)
    constant = marginal(pair).constant
    found = modes(likelihood, prior, np.array([1e-4]), 0.0)
    assert found.second[0] == pytest.approx(constant.log_marginal, abs=1e-4)
    assert found.mode[0] == pytest.approx(constant.mode, abs=1e-4)


def test_one_interval_cannot_change() -> None:
    pair = Pair(np.array([[[31.0], [22.0]]]), np.array([[[500.0], [520.0]]]), np.array([10.0]))
    draws, constant = posterior(pair), marginal(pair).constant
    assert (draws.log_bayes_factor, draws.error) == (0.0, 0.0)
    assert draws.weight @ draws.average == pytest.approx(constant.mean, abs=4 * constant.sd / np.sqrt(MANY))
    found = thirds(draws.log_ratio, pair.pooled_events, ROPE, draws.weight)
    assert_near(found.outside, 1 - constant.inside(*ROPE), 1e-6)


@pytest.mark.parametrize("shape", [0.1, 2.0])
def test_exchanging_the_groups_mirrors_everything(shape: float) -> None:
    pair = random_pair(7, strata=3, shape=shape)
    draws, mirrored = posterior(pair, samples=2048), posterior(pair.swapped(), samples=2048)
    rope, reciprocal = (0.75, 1.25), (1 / 1.25, 1 / 0.75)
    found = thirds(draws.log_ratio, pair.pooled_events, rope, draws.weight)
    other = thirds(mirrored.log_ratio, pair.pooled_events, reciprocal, mirrored.weight)
    assert mirrored.log_bayes_factor == pytest.approx(draws.log_bayes_factor, abs=1e-12)
    assert other.outside.value == pytest.approx(found.outside.value, abs=1e-12)
    assert other.log_ratio == pytest.approx(-found.log_ratio, abs=1e-12)
    assert other.low == pytest.approx(-found.high, abs=1e-12)
    here, there = bands(draws.log_ratio, draws.weight), bands(mirrored.log_ratio, mirrored.weight)
    assert there.low_throughout == pytest.approx(-here.high_throughout, abs=1e-12)


def test_the_unit_of_time_changes_nothing() -> None:
    pair = random_pair(8)
    months = Pair(pair.events, pair.exposure / 30.4375, pair.midpoints / 30.4375)
    a, b = posterior(pair, samples=1024), posterior(months, samples=1024)
    assert b.log_bayes_factor == pytest.approx(a.log_bayes_factor, abs=1e-10)
    assert b.log_ratio == pytest.approx(a.log_ratio, abs=1e-10)


def halved(pair: Pair, edges: Floats) -> Pair:
    """The same data on intervals of half the length, their events and person-time shared evenly."""
    middles = (edges[:-1] + edges[1:]) / 2
    inner = np.sort(np.concatenate([edges, middles]))
    events, exposure = (np.repeat(each / 2, 2, axis=2) for each in (pair.events, pair.exposure))
    return Pair(events, exposure, (inner[:-1] + inner[1:]) / 2, pair.shape / 2)


@pytest.mark.parametrize("cohort", [actg175(arms={1: "ddI", 2: "zal"}), gbsg2(), lung()], ids=str)
def test_halving_every_interval_changes_little(cohort: Cohort) -> None:
    """Measured: 0.006 in P throughout, 0.08 in the log Bayes factor, 0.028 in P_third where it is near 0.5.

    What is left comes from the span of the walk, which runs between the outer midpoints and so grows a little.
    """
    table = tabulate(cohort, Intervals())
    pair = from_table(table, 1, 0, shape=0.05)
    found = []
    for each in (pair, halved(pair, np.append(table.edges[:-1], table.last_event))):
        draws = posterior(each)
        third = thirds(draws.log_ratio, each.pooled_events, ROPE, draws.weight).outside.value
        inside = throughout(draws.log_ratio, ROPE, each.compared, draws.weight).value
        found.append((inside, draws.log_bayes_factor, third))
    assert (np.abs(np.subtract(*found)) < (0.01, 0.12, 0.04)).all(), found


# The parts


@pytest.mark.parametrize("shape", [0.0, 0.1, 2.0])
def test_derivatives_are_those_of_the_likelihood(shape: float) -> None:
    pair = random_pair(11, strata=3, intervals=4, events=60, shape=shape)
    likelihood = Likelihood(pair)
    theta, step = np.array([0.3, -0.8, 1.4, 0.0]), 1e-4

    def levels(at: Floats) -> Floats:
        """Value, first, second and third derivative per interval; the value of an interval is in the sum."""
        first, curvature = likelihood.derivatives(at)
        return np.array([np.full(4, likelihood.value(at)), first, -curvature, likelihood.higher(at)[0]])

    first, curvature = likelihood.derivatives(theta)
    stated = np.array([first, -curvature, *likelihood.higher(theta)])
    for j, unit in enumerate(np.eye(4)):
        slope = (levels(theta + step * unit) - levels(theta - step * unit)) / (2 * step)
        assert stated[:, j] == pytest.approx(slope[:, j], rel=1e-6, abs=1e-6)


def test_covariates_weight_the_person_time() -> None:
    """A covariate with a known coefficient is the same as person-time that runs faster, and its origin is free."""
    rng = np.random.default_rng(5)
    x, time = rng.normal(size=200), rng.exponential(10, 200)
    group = ["b" if each else "a" for each in rng.random(200) < 0.5]
    cohort = make_cohort(time, rng.random(200) < 0.8, group, covariates=(Covariate("x", x, None),))
    table = tabulate(cohort, Intervals(maximum=6))
    values = table.covariates[0].values
    coefficient = companion.fit(table, values[:, None]).coefficients[0]
    pair = from_table(table, 1, 0, coefficient * values)
    moved = from_table(table, 1, 0, coefficient * values + 3.0)
    risk = np.exp(coefficient * (values - values.mean()))
    by_hand = [(risk[:, None] * table.exposure)[table.group == code].sum(axis=0) for code in (0, 1)]
    assert pair.exposure[0] == pytest.approx(np.array(by_hand))
    assert moved.exposure == pytest.approx(pair.exposure)
    mode = marginal(pair, average_sd=1e3).constant.mode
    assert mode == pytest.approx(companion.fit(table, values[:, None]).log_effects[1], abs=0.02)


def test_strata_keep_baselines_of_their_own() -> None:
    table = tabulate(gbsg2(stratum="tgrade"), Intervals(cuts=(365.0, 730.0, 1095.0, 1460.0, 1826.0)))
    pair = from_table(table, 1, 0, stratified=True)
    assert pair.events.sum(axis=2)[:, 0].tolist() == [12, 137, 56]
    assert pair.events.sum(axis=2)[:, 1].tolist() == [6, 65, 23]
    assert from_table(table, 1, 0).events[0] == pytest.approx(pair.events.sum(axis=0))


@pytest.mark.parametrize(
    ("events", "exposure", "midpoints", "fault"),
    [
        ([[1, 1], [1, 1]], [[5, 5], [5, 5]], [1], "needed"),
        ([[1, 1], [1, 1]], [[5, 5], [5, 5]], [2, 2], "rise"),
        ([[0, 0], [0, 0]], [[5, 5], [5, 5]], [1, 2], "without events"),
        ([[1, 1], [1, 1]], [[5, 5], [5, 0]], [1, 2], "nobody is at risk"),
        ([[1, 0], [0, 1]], [[5, 0], [0, 5]], [1, 2], "both groups"),
    ],
)
def test_a_table_that_says_nothing_is_refused(
    events: list[list[float]], exposure: list[list[float]], midpoints: list[float], fault: str
) -> None:
    with pytest.raises(ValueError, match=fault):
        Pair(np.array([events], float), np.array([exposure], float), np.array(midpoints, float))


@pytest.mark.parametrize("seed", range(12))
def test_scarce_events_are_no_trouble(seed: int) -> None:
    """No event in a group, empty cells, no prior: the weights stay even and the two Bayes factors agree."""
    rng = np.random.default_rng(seed)
    strata, intervals = int(rng.integers(1, 4)), int(rng.integers(2, 25))
    exposure = rng.gamma(2, 50, (strata, 2, intervals)) * (rng.random((strata, 2, intervals)) > 0.1)
    ratio = np.array([1, rng.choice([0, 0.1, 1])])[:, None]
    events = rng.poisson(rng.choice([10, 60, 1000]) * exposure / exposure.sum() * ratio).astype(float)
    pair = Pair(events, exposure, np.cumsum(rng.gamma(1, 1, intervals) + 0.01), rng.choice([0, 0.1]))
    found = marginal(pair).grid(1.0)
    draws = draw(found)
    assert draws.effective > 0.8 * len(draws.weight)
    assert abs(draws.log_bayes_factor - found.log_bayes_factor) < 0.02
