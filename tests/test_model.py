"""The models' densities against closed forms, quadrature and each other; nothing is sampled here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pymc as pm
import pytest
from cohorts import actg175, gbsg2, leukemia, lung, make_cohort
from scipy.integrate import quad
from scipy.special import gammaln
from scipy.stats import gamma, poisson

from bayesrefract.cohort.exposure import ExposureTable, tabulate
from bayesrefract.cohort.value import Cohort, Covariate
from bayesrefract.model.arrays import ModelArrays, arrange
from bayesrefract.model.build import build
from bayesrefract.model.priors import resolve_group_prior
from bayesrefract.study.model import Baseline, BaselineKind, GroupPriorName, Intervals, Model, Priors, StrataKind
from bayesrefract.study.rope import Rope
from bayesrefract.study.study import Contrast, TimeUnit

ROPE = Rope(0.80, 1.25, "test", None, before_data=True)
WALK = Model("walk", "", "")
COLLAPSED = Model("collapsed", "", "", baseline=Baseline(BaselineKind.INDEPENDENT))


def table_of(cohort: Cohort, model: Model, *, merge: bool = True) -> ExposureTable:
    return tabulate(cohort, model.intervals, merge=merge)


def arrays_of(cohort: Cohort, model: Model, *, pad: bool = False, merge: bool = True) -> ModelArrays:
    table = table_of(cohort, model, merge=merge)
    primary = Contrast(cohort.groups[1], cohort.groups[0], primary=True)
    return arrange(table, model, resolve_group_prior(model.priors, ROPE), primary, pad=pad)


def density(arrays: ModelArrays) -> tuple[Callable[[dict[str, np.ndarray]], float], dict[str, np.ndarray]]:
    """Joint log density of the unconstrained parameters, and a point where it is finite."""
    model = build(arrays)
    function = model.compile_fn(model.logp(), inputs=model.value_vars, mode="FAST_COMPILE", on_unused_input="ignore")
    return (lambda point: float(function(point))), model.initial_point()


def likelihood(arrays: ModelArrays, point: dict[str, np.ndarray]) -> float:
    """Log likelihood alone at a point of the unconstrained parameters."""
    model = build(arrays)
    total = model.replace_rvs_by_values([model["log_likelihood"]])[0]
    function = model.compile_fn(total, inputs=model.value_vars, mode="FAST_COMPILE", on_unused_input="ignore")
    return float(function(point))


def somewhere(point: dict[str, np.ndarray], seed: int = 1) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {name: rng.normal(0, 0.3, np.shape(value)) for name, value in point.items()}


# The figures of the design's table: collapsed hazards, one log HR, by quadrature.
TWO_ARMS = {2: "zidovudine+zalcitabine", 1: "zidovudine+didanosine"}
QUADRATURE = {
    "actg175": (actg175, {"arms": TWO_ARMS}, (200, 400, 600, 800, 1000), -0.063772, 0.135464, 0.863347, 0.919619),
    "gbsg2": (gbsg2, {}, (365, 730, 1095, 1460, 1826), -0.357928, 0.123241, 0.136585, 0.217307),
    "lung": (lung, {}, (90, 180, 270, 365, 545), -0.503166, 0.162845, 0.041129, 0.067244),
}


def by_quadrature(arrays: ModelArrays) -> tuple[float, float, Callable[[float, float], float]]:
    """Mean and sd of the log HR, and P(low < HR < high), by integrating the model's own density."""
    log_density, point = density(arrays)
    name = "group_coordinate" if arrays.structure.flat else "primary_coordinate"

    def at(log_hr: float) -> float:
        return log_density(point | {name: np.full(np.shape(point[name]), sign * log_hr / np.sqrt(2))})

    basis = arrays.values["group_loading"]
    sign = np.sign(basis[1, 0] - basis[0, 0])  # group 1 against group 0
    grid = np.linspace(-4, 2, 1201)
    peak = max(at(x) for x in grid[::10])
    centre = max(grid[::10], key=at)

    def integral(weight: Callable[[float], float], low: float = -6.0, high: float = 4.0) -> float:
        points = [p for p in (centre - 0.5, centre, centre + 0.5) if low < p < high]
        return quad(lambda x: weight(x) * np.exp(at(x) - peak), low, high, points=points or None, limit=200)[0]

    total = integral(lambda x: 1.0)
    mean = integral(lambda x: x) / total
    sd = np.sqrt(integral(lambda x: (x - mean) ** 2) / total)
    return mean, sd, lambda low, high: integral(lambda x: 1.0, np.log(low), np.log(high)) / total


@pytest.mark.parametrize("name", QUADRATURE)
def test_collapsed_density_meets_the_quadrature_table(name: str) -> None:
    factory, options, cuts, mean, sd, inside_primary, inside_wide = QUADRATURE[name]
    model = replace(COLLAPSED, baseline=Baseline(BaselineKind.INDEPENDENT, shape=0.0), intervals=Intervals(cuts=cuts))
    found_mean, found_sd, inside = by_quadrature(arrays_of(factory(**options), model))
    assert found_mean == pytest.approx(mean, abs=1e-6)
    assert found_sd == pytest.approx(sd, abs=1e-6)
    assert inside(0.80, 1.25) == pytest.approx(inside_primary, abs=1e-6)
    assert inside(0.77, 1.30) == pytest.approx(inside_wide, abs=1e-6)


def test_flat_prior_meets_the_quadrature_table() -> None:
    model = replace(
        COLLAPSED,
        baseline=Baseline(BaselineKind.INDEPENDENT, shape=0.0),
        intervals=Intervals(cuts=(200, 400, 600, 800, 1000)),
        priors=Priors(group=GroupPriorName.FLAT),
    )
    mean, sd, inside = by_quadrature(arrays_of(actg175(arms=TWO_ARMS), model))
    assert (mean, sd) == (pytest.approx(-0.065932, abs=1e-6), pytest.approx(0.137744, abs=1e-6))
    assert inside(0.80, 1.25) == pytest.approx(0.855376, abs=1e-6)


def test_stated_gamma_prior_meets_the_quadrature_table_on_6mp() -> None:
    """The table's Gamma(1, 1 per week) is the prior of the placebo group's hazard.

    A stated (a, b) is not free of where the log hazards are centred; ours are centred between the
    groups, so the basis is replaced here by one that gives all of the effect to 6-MP.
    """
    baseline = Baseline(BaselineKind.INDEPENDENT, shape=1.0, rate=1.0, rate_unit="weeks")
    model = replace(COLLAPSED, baseline=baseline, intervals=Intervals(cuts=()))
    arrays = arrays_of(leukemia(), model)  # group 0 is 6-MP, group 1 placebo
    basis = np.array([[-np.sqrt(2)], [0.0]])  # of both groups, each a cell; they had 9 and 21 relapses
    on_6mp_alone = {"group_loading": basis, "cell_loading": basis, "event_effects": basis.T @ [9.0, 21.0]}
    on_6mp = replace(arrays, values=arrays.values | on_6mp_alone)
    mean, _, inside = by_quadrature(on_6mp)
    assert -mean == pytest.approx(-1.25484, abs=1e-5)
    assert inside(1 / 1.25, 1 / 0.80) == pytest.approx(0.000900, abs=1e-6)
    assert inside(1 / 0.30, 1 / 0.15) == pytest.approx(0.524267, abs=1e-6)


@pytest.mark.parametrize("by_time", [False, True])
@pytest.mark.parametrize("merge", [False, True])
@pytest.mark.parametrize("strata", [False, True])
def test_walk_likelihood_is_the_poisson_likelihood_of_its_cells(by_time: bool, merge: bool, strata: bool) -> None:
    """Against scipy's Poisson probabilities, cell by cell, with covariates and delayed entry."""
    model = replace(WALK, by_time=by_time, baseline=Baseline(strata=StrataKind.FREE))
    cohort = small_cohort(strata=strata)
    table, arrays = table_of(cohort, model, merge=merge), arrays_of(cohort, model, merge=merge)
    built, point = build(arrays), somewhere(density(arrays)[1])
    names = ["log_hazard", "group_effect", "coefficient", *(["change"] if by_time else [])]
    values = built.replace_rvs_by_values([built[name] for name in names])
    evaluate = built.compile_fn(values, inputs=built.value_vars, mode="FAST_COMPILE", on_unused_input="ignore")
    alpha, beta, gamma_, *change = evaluate(point)
    eta = (beta[table.group] + arrays.design.x @ gamma_)[:, None] + (change[0][table.group] if by_time else 0.0)
    mean = table.exposure * np.exp(alpha[table.stratum] + eta)
    cells = mean > 0
    events, exposure = table.events[cells], table.exposure[cells]
    constant = (events * np.log(exposure)).sum() - gammaln(events + 1).sum()  # of the data alone
    expected = poisson.logpmf(events, mean[cells]).sum() - constant
    assert likelihood(arrays, point) == pytest.approx(expected, rel=1e-12)


def test_change_is_zero_sum_and_has_no_event_weighted_mean() -> None:
    """So that a group effect stays the average over follow-up, and its prior the one that the model file names."""
    arrays = arrays_of(small_cohort(), replace(WALK, by_time=True), pad=True)
    with build(arrays) as model:
        change, sd = pm.draw([model["change"], model["change_sd"]], draws=2000, random_seed=3, mode="FAST_COMPILE")
    assert np.allclose(change.sum(axis=1), 0)
    events = arrays.values["stratum_events"].sum(axis=0)
    assert np.allclose(change @ events, 0)
    ends = change[:, 1, arrays.real.n_intervals - 1] - change[:, 1, 0]
    other = change[:, 0, arrays.real.n_intervals - 1] - change[:, 0, 0]
    spread = (ends - other) / sd  # the change of a pairwise log HR over follow-up, in units of its sd
    assert np.mean(spread**2) == pytest.approx(1.0, abs=4 * np.sqrt(2 / len(spread)))


def test_collapsed_likelihood_integrates_the_hazards_out() -> None:
    """Against numerical integration over each interval's hazard under its Gamma prior."""
    model = replace(COLLAPSED, baseline=Baseline(BaselineKind.INDEPENDENT, shape=1.5))
    table, arrays = table_of(small_cohort(), model), arrays_of(small_cohort(), model)
    _, point = density(arrays)
    points = [somewhere(point, seed) for seed in (1, 2)]
    found = likelihood(arrays, points[0]) - likelihood(arrays, points[1])
    expected = integrated(table, arrays, points[0]) - integrated(table, arrays, points[1])
    assert found == pytest.approx(expected, abs=1e-8)


def linear_predictor(table: ExposureTable, arrays: ModelArrays, point: dict[str, np.ndarray]) -> np.ndarray:
    """Of each pattern of the table, in its order."""
    model = build(arrays)
    values = model.replace_rvs_by_values([model["group_effect"], model["coefficient"]])
    evaluate = model.compile_fn(values, inputs=model.value_vars, mode="FAST_COMPILE", on_unused_input="ignore")
    beta, gamma_ = evaluate(point)
    return beta[table.group] + arrays.design.x @ gamma_


def integrated(table: ExposureTable, arrays: ModelArrays, point: dict[str, np.ndarray]) -> float:
    eta = linear_predictor(table, arrays, point)
    died = table.events.sum(axis=0)
    risk = (table.exposure * np.exp(eta)[:, None]).sum(axis=0)
    intervals = [log_marginal(d, r, rate) for d, r, rate in zip(died, risk, arrays.values["rate"][0], strict=True)]
    return float(sum(intervals) + (table.events.sum(axis=1) * eta).sum())


def log_marginal(died: float, risk: float, rate: float) -> float:
    """log of integral Gamma(h; 1.5, rate) h^died exp(-risk h) dh, by quadrature around its peak."""
    peak = (0.5 + died) / (rate + risk)
    log_peak = died * np.log(peak) - risk * peak
    prior = gamma(1.5, scale=1 / rate)
    mass = quad(lambda h: np.exp(died * np.log(h) - risk * h - log_peak) * prior.pdf(h), 0, 20 * peak, limit=400)[0]
    return float(np.log(mass) + log_peak)


def test_pooled_hazards_keep_the_normalising_terms() -> None:
    """With k and m learnt, a log b - lgamma(a) + lgamma(a + D) must stay: against the Gamma-Poisson integral."""
    baseline = Baseline(BaselineKind.INDEPENDENT, strata=StrataKind.POOLED)
    model = replace(COLLAPSED, baseline=baseline)
    table, arrays = table_of(small_cohort(strata=True), model), arrays_of(small_cohort(strata=True), model)
    _, point = density(arrays)
    first, second = somewhere(point, 3), somewhere(point, 4)
    assert likelihood(arrays, first) - likelihood(arrays, second) == pytest.approx(
        pooled_marginal(table, arrays, first) - pooled_marginal(table, arrays, second), abs=1e-9
    )


def pooled_marginal(table: ExposureTable, arrays: ModelArrays, point: dict[str, np.ndarray]) -> float:
    """log of integral Gamma(h; k, k / m) * h^D exp(-R h) dh, cell by cell, in closed form."""
    k = np.exp(point["log_k"])
    m = np.exp(arrays.values["common_log_hazard"] + 2 * point["common_offset"])
    eta = linear_predictor(table, arrays, point)
    total = float((table.events.sum(axis=1) * eta).sum())
    for s in range(arrays.real.n_strata):
        own = table.stratum == s
        died = table.events[own].sum(axis=0)
        risk = (table.exposure[own] * np.exp(eta[own])[:, None]).sum(axis=0)
        rate = k / m
        total += float((k * np.log(rate) - gammaln(k) + gammaln(k + died) - (k + died) * np.log(rate + risk)).sum())
    return total


PLANS = [
    replace(WALK, baseline=Baseline(kind, strata=strata), by_time=by_time)
    for kind in BaselineKind
    for strata in (StrataKind.FREE, StrataKind.POOLED)
    for by_time in (False, True)
]


@pytest.mark.parametrize("model", PLANS, ids=str)
def test_one_cell_per_pattern_leaves_the_likelihood_unchanged(model: Model) -> None:
    table = table_of(small_cohort(strata=True), model)
    together, apart = (
        arrange(table, model, resolve_group_prior(model.priors, ROPE), Contrast("b", "a"), pad=False, apart=apart)
        for apart in (False, True)
    )
    assert len(together.values["cell_group"]) == 6
    assert len(apart.values["cell_group"]) == len(table.group) > 6
    point = somewhere(density(together)[1])
    assert likelihood(together, point) == pytest.approx(likelihood(apart, point), rel=1e-12)


@pytest.mark.parametrize("kind", BaselineKind)
@pytest.mark.parametrize("strata", [StrataKind.FREE, StrataKind.POOLED])
def test_merging_patients_leaves_the_likelihood_unchanged(kind: BaselineKind, strata: StrataKind) -> None:
    model = replace(WALK, baseline=Baseline(kind, strata=strata))
    cohort = small_cohort(strata=True)
    merged, rows = arrays_of(cohort, model), arrays_of(cohort, model, merge=False)
    assert merged.values["x"].shape[1] < rows.values["x"].shape[1]
    point = somewhere(density(merged)[1])
    assert likelihood(merged, point) == pytest.approx(likelihood(rows, point), rel=1e-10)


@pytest.mark.parametrize("kind", BaselineKind)
@pytest.mark.parametrize("strata", [StrataKind.FREE, StrataKind.POOLED])
@pytest.mark.parametrize("exchangeable", [False, True])
def test_padding_leaves_the_likelihood_unchanged(kind: BaselineKind, strata: StrataKind, exchangeable: bool) -> None:
    model = replace(WALK, baseline=Baseline(kind, strata=strata), exchangeable=exchangeable)
    cohort = small_cohort(strata=True, categorical=True)
    tight, padded = arrays_of(cohort, model), arrays_of(cohort, model, pad=True)
    assert padded.structure != padded.real
    point = somewhere(density(padded)[1])
    _, shapes = density(tight)
    cut = {
        name: point[name][tuple(slice(n) for n in np.shape(value))] if np.ndim(value) else point[name]
        for name, value in shapes.items()
    }
    assert likelihood(padded, point) == pytest.approx(likelihood(tight, cut), rel=1e-10)


@pytest.mark.parametrize("kind", BaselineKind)
def test_time_unit_only_moves_the_density_by_a_constant(kind: BaselineKind) -> None:
    model = replace(WALK, baseline=Baseline(kind))
    days = small_cohort()
    months = replace(
        days,
        entry=days.entry / TimeUnit.MONTHS.days,
        exit=days.exit / TimeUnit.MONTHS.days,
        time_unit=TimeUnit.MONTHS,
    )
    in_days, point = density(arrays_of(days, model))
    in_months, _ = density(arrays_of(months, model))
    gaps = [in_days(somewhere(point, seed)) - in_months(somewhere(point, seed)) for seed in range(4)]
    assert np.ptp(gaps) < 1e-8 * abs(gaps[0])


def test_reference_group_exists_in_reporting_only() -> None:
    cohort = small_cohort()
    table = tabulate(cohort, WALK.intervals)
    prior = resolve_group_prior(WALK.priors, ROPE)
    one = arrange(table, WALK, prior, Contrast("a", "b", primary=True))
    other = arrange(table, WALK, prior, Contrast("c", "a", primary=True))
    assert all(np.array_equal(one.values[name], other.values[name]) for name in one.values)


def test_sceptical_prior_sits_on_the_primary_contrast() -> None:
    model = replace(WALK, priors=Priors(group=GroupPriorName.SCEPTICAL))
    prior = resolve_group_prior(model.priors, ROPE)
    arrays = arrange(tabulate(small_cohort(), model.intervals), model, prior, Contrast("c", "a", primary=True))
    with build(arrays) as model:
        draws = pm.draw(model["group_effect"], draws=6000, random_seed=2, mode="FAST_COMPILE")
    log_hr = draws[:, 2] - draws[:, 0]
    inside = np.mean(np.abs(log_hr) < np.log(1.25))
    assert inside == pytest.approx(0.10, abs=4 * np.sqrt(0.09 / len(draws)))
    assert prior.mass_inside(0.80, 1.25) == pytest.approx(0.10, abs=1e-9)
    shared = np.mean(np.abs(draws[:, 1] - draws[:, 0]) < np.log(1.25))
    expected = prior.mass_inside(0.80, 1.25, 0.5)
    assert expected is not None
    assert shared == pytest.approx(expected, abs=4 * np.sqrt(expected * (1 - expected) / len(draws)))
    assert np.allclose(draws[:, :3].sum(axis=1), 0)


def test_walk_prior_does_not_depend_on_the_number_of_intervals() -> None:
    """The sd of the change over follow-up is sigma, with 3 intervals or with 12."""
    cohort = gbsg2()
    for cuts in ((700, 1400), tuple(range(200, 2400, 200))):
        arrays = arrays_of(cohort, replace(WALK, intervals=Intervals(cuts=cuts)))
        assert np.sum(arrays.values["step"] ** 2) == pytest.approx(1.0)


def small_cohort(*, strata: bool = False, categorical: bool = False) -> Cohort:
    """60 patients in three groups with a few covariate values, some entering late."""
    rng = np.random.default_rng(7)
    n = 60
    entry = np.where(rng.random(n) < 0.3, rng.uniform(0, 50, n), 0.0)
    covariates = [
        Covariate("sex", rng.integers(0, 2, n).astype(float)),
        Covariate("stage", rng.integers(1, 4, n).astype(float)),
    ]
    if categorical:
        covariates.append(Covariate("site", rng.integers(0, 3, n).astype(float), ("x", "y", "z")))
    return make_cohort(
        entry + rng.exponential(200, n) + 1,
        rng.random(n) < 0.7,
        [("a", "b", "c")[i % 3] for i in range(n)],
        entry=entry,
        covariates=tuple(covariates),
        stratum=[("s", "t")[i] for i in rng.integers(0, 2, n)] if strata else None,
    )


@pytest.mark.parametrize("kind", BaselineKind)
def test_prior_predictive_events_are_counts_with_the_mean_of_the_model(kind: BaselineKind) -> None:
    """Events drawn with all parameters integrated over their prior: whole numbers, one per observed cell."""
    arrays = arrays_of(small_cohort(), replace(WALK, baseline=Baseline(kind, shape=5.0)))
    events = arrays.values["stratum_events"]
    draws = pm.draw(build(arrays)["stratum_died"], draws=50, random_seed=1, mode="FAST_COMPILE")
    assert draws.shape == (50, *events.shape)
    assert np.array_equal(draws, np.round(draws))
    assert 0 < np.median(draws.reshape(50, -1).sum(axis=1)) < 20 * events.sum()
