"""Every gate fails on draws that are ill in its own way, and none fails on healthy ones."""

from __future__ import annotations

import arviz as az
import numpy as np
import pytest
import xarray as xr
from posteriors import make_posterior

from bayesrefract.decision.diagnostics import Health, convergence, diagnose
from bayesrefract.inference.posterior import Posterior

SAMPLES = 4000
GROUPS = ("a", "b")


def healthy() -> Posterior:
    rng = np.random.default_rng(29)
    effect = rng.normal(0, 0.1, (SAMPLES, 1))
    return make_posterior(
        np.exp(rng.normal(-3, 0.2, (SAMPLES, 1, 3))),
        np.hstack([effect, -effect]),
        rng.normal(0, 0.3, (SAMPLES, 2)),
        groups=GROUPS,
        columns=["age", "sex"],
    )


def diagnosed(posterior: Posterior) -> Health:
    effect = posterior.draws["group_effect"]
    ratio = (effect.sel(group="a") - effect.sel(group="b")).expand_dims(contrast=["a vs b"])
    return diagnose(posterior, ratio.rename("log_hazard_ratio"))


def shifted(posterior: Posterior, name: str, by: float) -> Posterior:
    """The last chain explores another place."""
    posterior.draws[name][{"chain": -1}] += by * float(posterior.draws[name].std())
    return posterior


def sticky(posterior: Posterior, name: str, stay: int) -> Posterior:
    """Each value of one scalar stays for so many draws, in every chain."""
    values = posterior.draws[name].values
    values[:] = np.repeat(values[:, ::stay], stay, axis=1)[:, : values.shape[1]]
    return posterior


def test_independent_draws_pass() -> None:
    health = diagnosed(healthy())
    assert health.passed
    assert health.findings == ()
    assert health.r_hat_max < 1.01
    assert health.ess_bulk_min == pytest.approx(SAMPLES, rel=0.1)
    assert health.e_bfmi_min > 1


def test_figures_are_those_of_arviz() -> None:
    values = healthy().draws["group_effect"].sel(group="a").values.cumsum(axis=1)
    mine = convergence(values)
    assert mine.r_hat == pytest.approx(float(az.rhat(values)), rel=1e-12)
    assert mine.ess_bulk == pytest.approx(float(az.ess(values, method="bulk")), rel=1e-12)
    assert mine.ess_tail == pytest.approx(float(az.ess(values, method="tail", prob=(0.05, 0.95))), rel=1e-12)


@pytest.mark.parametrize("name", ["group_effect", "log_likelihood"])
def test_chains_that_disagree_are_found(name: str) -> None:
    health = diagnosed(shifted(healthy(), name, 0.4))
    assert not health.passed
    assert health.r_hat_max > 1.01
    assert any(f.startswith("R-hat of ") and "at most 1.01 is allowed" in f for f in health.findings)


def test_other_scalars_may_reach_r_hat_1_02() -> None:
    between = shifted(healthy(), "coefficient", 0.33)
    assert 1.01 < diagnosed(between).r_hat_max < 1.02
    assert diagnosed(between).passed
    beyond = diagnosed(shifted(healthy(), "log_hazard", 0.8))
    assert len(beyond.findings) == 1
    assert "R-hat of log_hazard[all, " in beyond.findings[0]
    assert "at most 1.02 is allowed (3 of 5 such quantities are above it)" in beyond.findings[0]


def test_hyperparameters_decide_too() -> None:
    posterior = healthy()
    sigma = np.abs(np.random.default_rng(2).normal(size=(4, SAMPLES // 4, 1)))
    posterior.draws["sigma"] = (("chain", "draw", "stratum"), sigma)
    health = diagnosed(sticky(posterior, "sigma", 20))
    assert any(f.startswith("Bulk ESS of sigma[all] is ") and "at least 400" in f for f in health.findings)
    assert health.ess_bulk_min < 400


def test_sticky_draws_lack_bulk_and_tail_size() -> None:
    health = diagnosed(sticky(healthy(), "group_effect", 25))
    assert {f.split(" of ")[0] for f in health.findings} >= {"Bulk ESS", "Tail ESS"}
    assert health.ess_tail_min < 400


def test_sticky_tails_alone_are_found() -> None:
    """Every chain spends one stretch in the tails, on both sides; the bulk does not notice."""
    posterior = healthy()
    posterior.draws["group_effect"].values[:, 400:600] *= 5
    health = diagnosed(posterior)
    assert health.ess_bulk_min > 400
    assert all(f.startswith("Tail ESS of ") for f in health.findings)
    assert not health.passed


def test_one_divergence_is_too_many() -> None:
    posterior = healthy()
    posterior.statistics["diverging"][{"chain": 1, "draw": 7}] = True
    health = diagnosed(posterior)
    assert health.divergences == 1
    assert health.findings == ("1 divergent transition after tuning; none is allowed.",)


def test_low_energy_information_names_its_chain() -> None:
    posterior = healthy()
    energy = posterior.statistics["energy"].values
    energy[2] = energy[2].cumsum()
    health = diagnosed(posterior)
    assert health.e_bfmi_min < 0.3
    assert len(health.findings) == 1
    assert health.findings[0].startswith("E-BFMI of chain 3 is 0.0")


def test_missing_draws_are_found_and_the_rest_is_still_judged() -> None:
    posterior = healthy()
    posterior.draws["coefficient"][{"chain": 0, "draw": slice(0, 5), "covariate": 1}] = np.nan
    health = diagnosed(posterior)
    assert health.findings == (
        "5 draws of coefficient[sex] are not finite numbers (1 of 9 quantities are affected); none may be.",
    )
    assert np.isfinite(health.r_hat_max)


def test_one_chain_cannot_be_compared() -> None:
    posterior = healthy()
    single = Posterior(posterior.draws.isel(chain=[0]), posterior.statistics.isel(chain=[0]), "key")
    health = diagnosed(single)
    assert "1 chain was run; at least 2 are needed to see whether chains agree." in health.findings


def test_constant_parameters_are_no_fault_but_a_frozen_decision_is() -> None:
    posterior = healthy()
    posterior.draws["log_hazard"][{"interval": 1}] = -np.inf  # no event and no prior: hazard 0 in every draw
    posterior.draws["tau"] = xr.full_like(posterior.draws["log_likelihood"], 0.5)
    assert diagnosed(posterior).passed
    posterior.draws["group_effect"][:] = 0.25
    assert diagnosed(posterior).findings == (
        "All draws of log_hazard_ratio[a vs b] are the same value: the sampler did not move.",
    )


def test_a_chain_stuck_on_its_own_is_found() -> None:
    posterior = healthy()
    posterior.draws["group_effect"][{"chain": 3}] = 0.1
    assert any(f.startswith("R-hat of ") for f in diagnosed(posterior).findings)
