"""The netCDF file of a fit: ArviZ reads it as it is, it says what the verdict says, and holds no patient."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from arviz_example import a_fit, a_job
from cohorts import make_cohort
from posteriors import make_posterior

from bayesrefract.cohort.exposure import tabulate
from bayesrefract.decision.diagnostics import Health
from bayesrefract.estimands.arviz_tree import expected_events
from bayesrefract.estimands.hazard import hazard_draws
from bayesrefract.estimands.log_likelihood import log_likelihood
from bayesrefract.findings import Findings
from bayesrefract.inference.store import FitStore
from bayesrefract.model.arrays import arrange
from bayesrefract.model.build import build
from bayesrefract.model.prior_draws import prior_draws
from bayesrefract.model.priors import resolve_group_prior
from bayesrefract.pipeline import prepare
from bayesrefract.report.diagnostics import posterior_bytes, posterior_path
from bayesrefract.report.diagnostics.files import write_fit_files
from bayesrefract.report.json.verdict import to_json
from bayesrefract.study.model import Baseline, BaselineKind, GroupPriorName, Intervals, Model, Priors, StrataKind
from bayesrefract.study.rope import Estimand, Rope
from bayesrefract.study.study import Contrast

az = pytest.importorskip("arviz")

TAKEN = {"column", "row", "labels", "forest", "plot", "quantile", "group"}
"""Names that ArviZ-plots uses itself: a dimension so named breaks one picture or another."""
GROUPS = {"posterior", "sample_stats", "prior", "posterior_predictive", "observed_data", "constant_data"}
MODEL = Model("one", "", "", intervals=Intervals(cuts=()))
PRIMARY = Contrast("b", "a", primary=True)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fits")


@pytest.fixture(scope="module")
def fit(store: Path) -> Findings:
    return a_fit(store)[1]


@pytest.fixture(scope="module")
def tree(fit: Findings, tmp_path_factory: pytest.TempPathFactory) -> xr.DataTree:
    path = tmp_path_factory.mktemp("report") / "fit.nc"
    path.write_bytes(posterior_bytes(fit))
    return az.from_netcdf(path).load()


def test_the_file_holds_the_groups_that_arviz_knows(tree: xr.DataTree, fit: Findings) -> None:
    assert set(tree.children) == GROUPS
    posterior, prior = tree["posterior"].to_dataset(), tree["prior"].to_dataset()
    assert set(prior.data_vars) == set(posterior.data_vars) - {"log_likelihood"}
    assert {name: prior[name].dims for name in prior} == {name: posterior[name].dims for name in prior}
    assert list(posterior["contrast"].values) == [contrast.label for contrast in fit.analysis.contrasts]
    assert tree["sample_stats"]["diverging"].dtype == bool
    counts, observed = tree["posterior_predictive"]["events"], tree["observed_data"]["events"]
    assert counts.dims[2:] == observed.dims == ("patient_group", "interval")
    assert int(observed.sum()) == fit.n_events


@pytest.mark.parametrize("group", sorted(GROUPS))
def test_no_dimension_has_a_name_that_arviz_uses_itself(tree: xr.DataTree, group: str) -> None:
    assert not TAKEN & set(tree[group].to_dataset().dims)


def test_nothing_in_the_file_is_per_patient(tree: xr.DataTree, fit: Findings) -> None:
    records = {str(value) for value in a_job().records.frame[fit.analysis.columns.id]}
    for node in tree.subtree:
        group = node.to_dataset()
        assert all(size < fit.flow.analysed for name, size in group.sizes.items() if name != "draw")
        assert "patient" not in group.dims
        texts = [values.values.ravel() for values in group.variables.values() if values.dtype.kind in "UO"]
        assert not records & {str(text) for each in texts for text in each}


def test_the_file_gives_the_probability_that_the_json_gives(tree: xr.DataTree, fit: Findings) -> None:
    ratio = np.exp(tree["posterior"]["log_hazard_ratio"])
    told = [each for each in to_json(fit)["contrasts"] if each["estimand"] == "hazard_ratio"]
    assert {each["group"] for each in told} == {contrast.group for contrast in fit.analysis.contrasts}
    for each in told:
        inside = ratio.sel(contrast=f"{each['group']} vs {each['reference']}")
        rope = each["rope"]
        found = float(((inside >= rope["low"]) & (inside <= rope["high"])).mean())
        assert found == pytest.approx(rope["p_inside"], abs=1e-12)


def test_the_file_says_where_it_comes_from_and_is_the_same_again(fit: Findings, store: Path) -> None:
    study, again = a_fit(store)
    assert posterior_bytes(again) == posterior_bytes(fit)
    told = fit.draws.attrs
    assert (told["study"], told["analysis"], told["model"]) == (study.name, fit.analysis.name, "primary")
    assert (told["evidence"], told["seed"], told["fit_key"]) == ("simulated", 20240, fit.provenance.fit_key)
    assert "arviz" in told["versions"]


def test_a_file_of_the_same_fit_is_left_and_a_damaged_one_made_again(fit: Findings, tmp_path: Path) -> None:
    converged = replace(fit, analysis=replace(fit.analysis, role="sensitivity"), health=healthy())
    main = replace(fit, health=healthy())
    path = tmp_path / posterior_path(converged)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bayesrefract.report.diagnostics.files.diagnostics_page", lambda *_: "<p>")
        write_fit_files([main, converged], tmp_path)
        first = path.stat().st_mtime_ns
        write_fit_files([main, converged], tmp_path)
        assert path.stat().st_mtime_ns == first
        path.write_bytes(b"half a file")
        write_fit_files([main, converged], tmp_path)
    assert path.stat().st_size > 1000
    assert len(list((tmp_path / "diagnostics").iterdir())) == 1


def healthy() -> Health:
    return Health(True, (), 1.001, 900.0, 800.0, 0, 0.9)


RATIOS = ["log_hazard_ratio", "sigma"]
LOOKS: dict[str, Callable[[xr.DataTree], Any]] = {
    "summary": lambda tree: az.summary(tree, ci_kind="eti", ci_prob=0.95),
    "trace": lambda tree: az.plot_trace_dist(tree),
    "rank": lambda tree: az.plot_rank_dist(tree, var_names=RATIOS),
    "forest": lambda tree: az.plot_forest(tree),
    "ess": lambda tree: az.plot_ess(tree, var_names=RATIOS),
    "evolution": lambda tree: az.plot_ess_evolution(tree, var_names=RATIOS),
    "energy": lambda tree: az.plot_energy(tree),
    "prior": lambda tree: az.plot_prior_posterior(tree, var_names=RATIOS),
    "pair": lambda tree: az.plot_pair(tree, var_names=RATIOS),
    "predictive": lambda tree: az.plot_ppc_dist(tree),
}


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.filterwarnings("ignore")
def test_arviz_looks_at_the_file_as_it_is(tree: xr.DataTree, look: str) -> None:
    plt.switch_backend("agg")
    assert LOOKS[look](tree) is not None
    plt.close("all")


def test_leave_one_out_runs_with_the_log_likelihood_of_the_patients(store: Path, tree: xr.DataTree) -> None:
    ((fit,),) = prepare([a_job()], 20240)
    posterior = FitStore(store / "simulated" / "posterior").load(fit.key, fit.arrays)
    assert posterior is not None
    each = log_likelihood(posterior, fit.table, fit.cohort, fit.arrays.design)
    assert each.dims == ("chain", "draw", "patient")
    total = posterior.draws["log_likelihood"]
    np.testing.assert_allclose(each.sum("patient").values, total.values, rtol=1e-8)
    with_likelihood = tree.copy()
    with_likelihood["log_likelihood"] = each.to_dataset(name="course")
    found = az.loo(with_likelihood)
    assert found.n_data_points == fit.cohort.n_patients
    assert found.elpd < float(total.mean())


def test_the_log_likelihood_of_one_exponential_interval_is_its_closed_form() -> None:
    """log h where there was an event, less h times the time at risk; hazards by group, and by effect and covariate."""
    time, event = np.array([2.0, 3.0, 5.0, 1.0]), np.array([True, False, True, True])
    entry = np.array([0.5, 0.0, 1.0, 0.0])
    cohort = make_cohort(time, event, ["a", "a", "b", "b"], entry=entry)
    table = tabulate(cohort, MODEL.intervals)
    arrays = arrange(table, MODEL, resolve_group_prior(MODEL.priors, None), PRIMARY)
    rng = np.random.default_rng(1)
    hazards = rng.gamma(2.0, 0.1, (8, 2, 1))
    by_group = make_posterior(hazards, groups=("a", "b"))
    found = log_likelihood(by_group, table, cohort, arrays.design).values.reshape(8, 4)
    own = hazards[:, [0, 0, 1, 1], 0]
    np.testing.assert_allclose(found, np.where(event, np.log(own), 0.0) - own * (time - entry), rtol=1e-12)
    effects = np.array([[-0.2, 0.2]] * 8)
    common = make_posterior(hazards[:, :1], effects, groups=("a", "b"))
    found = log_likelihood(common, table, cohort, arrays.design).values.reshape(8, 4)
    own = hazards[:, :1, 0] * np.exp(effects[:, [0, 0, 1, 1]])
    np.testing.assert_allclose(found, np.where(event, np.log(own), 0.0) - own * (time - entry), rtol=1e-12)
    expected = expected_events(hazard_draws(common, table, arrays.design), table)[:, :, 0]
    at_risk = np.array([(time - entry)[:2].sum(), (time - entry)[2:].sum()])
    np.testing.assert_allclose(expected, hazards[:, 0] * np.exp(effects) * at_risk, rtol=1e-12)


@pytest.mark.parametrize("strata", [StrataKind.FREE, StrataKind.POOLED])
@pytest.mark.parametrize("name", [GroupPriorName.DEFAULT, GroupPriorName.SCEPTICAL])
def test_prior_draws_have_the_moments_of_the_model(strata: StrataKind, name: GroupPriorName) -> None:
    """Against PyMC's own draws of the same prior: spread of each group effect and of each stratum's hazard."""
    import pymc as pm

    rng = np.random.default_rng(2)
    n = 180
    levels, strata_of = [("a", "b", "c")[i % 3] for i in range(n)], [("s", "t")[i % 2] for i in range(n)]
    cohort = make_cohort(rng.exponential(200, n) + 1, rng.random(n) < 0.7, levels, stratum=strata_of)
    model = Model("model", "", "", baseline=Baseline(strata=strata), priors=Priors(group=name))
    table = tabulate(cohort, model.intervals)
    prior = resolve_group_prior(model.priors, Rope(0.8, 1.25, "test", None, before_data=True))
    arrays = arrange(table, model, prior, PRIMARY, pad=False)
    ours = prior_draws(arrays, np.random.default_rng(3), 4000)
    assert ours is not None
    assert not [str(value) for dim in ours.dims for value in ours[dim].values if "padding" in str(value)]
    built = build(arrays)
    variables = ["group_effect", "log_hazard"]
    theirs = pm.draw([built[each] for each in variables], draws=4000, random_seed=4, mode="FAST_COMPILE")
    for each, draws in zip(variables, theirs, strict=True):
        mine = ours[each].values[0]
        assert mine.shape == draws.shape
        np.testing.assert_allclose(mine.std(axis=0), draws.std(axis=0), rtol=0.1)
        np.testing.assert_allclose(mine.mean(axis=0), draws.mean(axis=0), atol=0.08 * draws.std())


@pytest.mark.parametrize(
    "model",
    [
        replace(MODEL, priors=Priors(group=GroupPriorName.FLAT)),
        replace(MODEL, baseline=Baseline(BaselineKind.INDEPENDENT, shape=0.0)),
    ],
)
def test_an_improper_prior_has_no_draws(model: Model) -> None:
    cohort = make_cohort(np.arange(1.0, 9.0), [True] * 8, ["a", "b"] * 4)
    table = tabulate(cohort, model.intervals)
    arrays = arrange(table, model, resolve_group_prior(model.priors, None), PRIMARY)
    assert prior_draws(arrays, np.random.default_rng(1), 10) is None


def test_the_rope_in_the_file_is_that_of_the_analysis(fit: Findings) -> None:
    rope = fit.analysis.rope(Estimand.HAZARD_RATIO)
    assert rope is not None
    assert (fit.draws.attrs["rope_low"], fit.draws.attrs["rope_high"]) == (rope.low, rope.high)
