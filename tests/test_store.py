"""Stored fits: whole or absent, found only under the hash of all that they depend on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from cohorts import gbsg2

from bayesrefract.cohort.exposure import tabulate
from bayesrefract.inference.posterior import Posterior
from bayesrefract.inference.provenance import Provenance
from bayesrefract.inference.store import FitStore, fit_key
from bayesrefract.model.arrays import ModelArrays, arrange
from bayesrefract.model.priors import resolve_group_prior
from bayesrefract.study.model import Baseline, GroupPriorName, Model, Priors, Sampler
from bayesrefract.study.rope import Rope
from bayesrefract.study.study import Contrast

PLAN = Model("walk", "", "")
SEED = np.random.SeedSequence(1)
PARENTS = Provenance(
    1, "k" * 64, "data", "model", "study", "code", {"numpy": "2"}, label="s · q · walk", sampler={"draws": 50}
)


def rope(high: float = 1.25) -> Rope:
    return Rope(1 / high, high, "test", None, before_data=True)


def arrays(model: Model = PLAN, margin: Rope | None = None, **cohort_changes: object) -> ModelArrays:
    cohort = replace(gbsg2(covariates=("age",)), **cohort_changes)
    prior = resolve_group_prior(model.priors, margin or rope())
    return arrange(tabulate(cohort, model.intervals), model, prior, Contrast("yes", "no", primary=True))


def posterior(key: str = "k" * 64) -> Posterior:
    rng = np.random.default_rng(0)
    draws = xr.Dataset(
        {
            "group_effect": (("chain", "draw", "group"), rng.normal(size=(2, 50, 2))),
            "log_likelihood": (("chain", "draw"), rng.normal(size=(2, 50))),
        },
        coords={"group": ["no", "yes"]},
    )
    statistics = xr.Dataset(
        {
            "diverging": (("chain", "draw"), rng.random((2, 50)) < 0.1),
            "energy": (("chain", "draw"), rng.normal(size=(2, 50))),
        }
    )
    return Posterior(draws, statistics, key)


def test_a_stored_fit_comes_back_as_it_was(tmp_path: Path) -> None:
    store, saved = FitStore(tmp_path), posterior()
    store.save(saved, PARENTS)
    loaded = store.load(saved.key)
    assert loaded is not None
    xr.testing.assert_identical(loaded.draws.drop_attrs(), saved.draws)
    xr.testing.assert_identical(loaded.statistics.drop_attrs(), saved.statistics)
    assert [path.suffix for path in tmp_path.iterdir()] == [".nc"]


def test_another_key_finds_nothing(tmp_path: Path) -> None:
    store = FitStore(tmp_path)
    store.save(posterior(), PARENTS)
    assert store.load("x" * 64) is None
    assert store.load("k" * 32 + "x" * 32) is None, "same file name, other key"


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "other"])
def test_a_damaged_file_counts_as_missing(damage: str, tmp_path: Path) -> None:
    store, saved = FitStore(tmp_path), posterior()
    path = store.save(saved, PARENTS)
    content = bytearray(path.read_bytes())
    place = content.find(saved.draws["group_effect"].values.tobytes()[:64])
    assert place > 0
    content[place] ^= 0xFF
    broken = {
        "cut": bytes(content[: len(content) // 2]),
        "flipped": bytes(content),
        "empty": b"",
        "other": b"not a netCDF file",
    }
    path.write_bytes(broken[damage])
    assert store.load(saved.key) is None


def test_parents_are_found_by_label_and_their_differences_told(tmp_path: Path) -> None:
    store = FitStore(tmp_path)
    store.save(posterior(), PARENTS)
    store.save(posterior("x" * 64), replace(PARENTS, label="another", fit_key="x" * 64))
    (tmp_path / "damaged.nc").write_bytes(b"no netCDF")
    assert store.parents(PARENTS.label) == [PARENTS]
    now = replace(PARENTS, data_sha256="other", versions={"numpy": "3"}, sampler={"draws": 60}, study_sha256="new")
    told = "; ".join(now.differences(PARENTS))
    assert told == "the records (other now, data then); draws (60 now, 50 then); numpy (3 now, 2 then)"
    assert replace(PARENTS, study_sha256="new").differences(PARENTS) == ["the study file (new now, study then)"]
    assert replace(PARENTS, cpu="another").differences(PARENTS) == []


def test_the_key_follows_everything_a_fit_depends_on() -> None:
    base = fit_key(arrays(), Sampler(), SEED)
    assert fit_key(arrays(), Sampler(), np.random.SeedSequence(1)) == base
    cohort = gbsg2()
    changes = {
        "seed": fit_key(arrays(), Sampler(), np.random.SeedSequence(2)),
        "draws": fit_key(arrays(), Sampler(draws=2000), SEED),
        "data": fit_key(arrays(exit=cohort.exit + 1), Sampler(), SEED),
        "events": fit_key(arrays(event=~cohort.event), Sampler(), SEED),
        "prior": fit_key(arrays(replace(PLAN, priors=Priors(group=GroupPriorName.WIDE))), Sampler(), SEED),
        "baseline": fit_key(arrays(replace(PLAN, baseline=Baseline(innovation_sd=2.0))), Sampler(), SEED),
    }
    assert len({base, *changes.values()}) == len(changes) + 1


def test_a_rope_moves_the_key_only_where_the_prior_is_made_of_it() -> None:
    sceptical = replace(PLAN, priors=Priors(group=GroupPriorName.SCEPTICAL))
    assert fit_key(arrays(margin=rope(1.3)), Sampler(), SEED) == fit_key(arrays(), Sampler(), SEED)
    assert fit_key(arrays(sceptical, rope(1.3)), Sampler(), SEED) != fit_key(arrays(sceptical), Sampler(), SEED)
