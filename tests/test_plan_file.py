"""A model file becomes a plan, or one sentence for everything that is wrong with it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from bayesrefract.errors import PlanError
from bayesrefract.plan import BaselineKind, GroupPriorName, Intervals, ModelPlan, Sampler, StrataKind
from bayesrefract.plan_file import list_plans, load_plan

MODELS = Path(__file__).parents[1] / "models"

GOOD = """
title = "A model"
purpose = "A test."
adjust = "question"

[baseline]
kind = "independent"
shape = 1.0
rate = 1.0
rate_unit = "weeks"
by_group = true

[prior]
group = { hr95 = [0.25, 4] }

[intervals]
cuts = []

[sampler]
chains = 2
draws = 500
"""


def read(folder: Path, text: str) -> ModelPlan:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return load_plan(str(path))


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    plan = read(tmp_path, GOOD)
    assert plan.name == "mine"
    assert (plan.baseline.shape, plan.baseline.rate, plan.baseline.rate_unit) == (1.0, 1.0, "weeks")
    assert plan.baseline.by_group
    assert (plan.priors.group, plan.priors.hr95) == (GroupPriorName.CUSTOM, (0.25, 4.0))
    assert plan.intervals == Intervals(cuts=())
    assert plan.sampler == Sampler(chains=2, draws=500)
    assert plan.sha256 == hashlib.sha256(GOOD.encode()).hexdigest()


def test_a_change_of_the_file_changes_the_hash(tmp_path: Path) -> None:
    assert read(tmp_path, GOOD).sha256 != read(tmp_path, GOOD + "# a remark\n").sha256


FAULTS = {
    "unknown key": (('adjust = "question"', 'adjst = "question"'), ["adjst is not", 'Did you mean "adjust"?']),
    "no purpose": (('purpose = "A test."\n', ""), ["purpose is missing"]),
    "unknown kind": (('"independent"', '"weibull"'), ["baseline.kind", "random_walk"]),
    "by group, walking": (('"independent"', '"random_walk"'), ["baseline.by_group = true", 'kind = "independent"']),
    "unused scale": (("shape = 1.0", "level_sd = 1.0"), ["baseline.level_sd = 1", 'kind = "random_walk"']),
    "rate without unit": (('rate_unit = "weeks"\n', ""), ["baseline.rate_unit is missing"]),
    "unit without rate": (("rate = 1.0\n", ""), ["baseline.rate_unit", "no rate"]),
    "negative shape": (("shape = 1.0", "shape = -1.0"), ["baseline.shape = -1"]),
    "unknown prior": (("{ hr95 = [0.25, 4] }", '"skeptical"'), ["prior.group", 'Did you mean "sceptical"?']),
    "custom without bounds": (("{ hr95 = [0.25, 4] }", '"custom"'), ["prior.group", "hr95"]),
    "reversed prior": (("[0.25, 4]", "[4, 0.25]"), ["prior.group.hr95 = [4, 0.25]", "reversed"]),
    "prior beside 1": (("[0.25, 4]", "[1.1, 4]"), ["prior.group.hr95 = [1.1, 4]", "does not enclose 1"]),
    "one bound": (("[0.25, 4]", "[0.25]"), ["prior.group", "two hazard ratios"]),
    "no scale": (("[0.25, 4] }", "[0.25, 4] }\ncontinuous_sd = 0"), ["prior.continuous_sd = 0", "above 0"]),
    "falling cuts": (("cuts = []", "cuts = [3, 2]"), ["intervals.cuts = [3, 2]", "Sort"]),
    "cut at 0": (("cuts = []", "cuts = [0, 2]"), ["intervals.cuts = [0, 2]", "above 0"]),
    "one chain": (("chains = 2", "chains = 1"), ["sampler.chains = 1", "R-hat"]),
    "half a draw": (("draws = 500", "draws = 0.5"), ["sampler.draws = 0.5", "whole number"]),
    "more draws than allowed": (("draws = 500", "draws = 30000"), ["sampler.max_draws = 40000", "60000"]),
    "nothing to exchange": (
        ('adjust = "question"', 'adjust = "none"\nexchangeable = true'),
        ["exchangeable", "needs covariates"],
    ),
}


@pytest.mark.parametrize("name", list(FAULTS))
def test_each_fault_is_one_sentence_with_file_key_and_remedy(tmp_path: Path, name: str) -> None:
    (old, new), words = FAULTS[name]
    assert old in GOOD
    with pytest.raises(PlanError) as caught:
        read(tmp_path, GOOD.replace(old, new, 1))
    faults = caught.value.faults
    assert len([f for f in faults if all(word in f for word in words)]) == 1, faults
    assert all(fault.startswith("mine.toml: ") and fault.endswith(".") for fault in faults)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    bad = "adjust = 3\n[baseline]\nkind = 'wave'\n[prior]\ngroup = 'none'\n"
    bad += "[sampler]\nchains = 0\n[intervals]\nmaximum = 0\n"
    with pytest.raises(PlanError) as caught:
        read(tmp_path, bad)
    keys = ("title", "purpose", "adjust", "baseline.kind", "prior.group", "sampler.chains", "intervals.maximum")
    assert len(caught.value.faults) == len(keys)
    assert all(any(f.startswith(f"mine.toml: {key} ") for f in caught.value.faults) for key in keys)


def test_an_unknown_model_lists_the_known_ones() -> None:
    with pytest.raises(PlanError) as caught:
        load_plan("primry")
    (fault,) = caught.value.faults
    assert 'Did you mean "primary"?' in fault
    assert all(plan.name in fault for plan in list_plans())


def test_a_missing_file() -> None:
    for path in ("nowhere.toml", "no/where"):
        with pytest.raises(PlanError, match="there is no such file"):
            load_plan(path)


def test_shipped_models_are_what_their_names_say() -> None:
    plans = {plan.name: plan for plan in list_plans()}
    assert next(iter(plans)) == "primary"
    assert set(plans) == {path.stem for path in MODELS.glob("*.toml")}
    assert plans["unadjusted"].adjust == "none"
    assert plans["collapsed"].baseline.kind is BaselineKind.INDEPENDENT
    assert plans["stratified"].baseline.strata is StrataKind.FREE
    assert plans["pooled"].baseline.strata is StrataKind.POOLED
    assert (plans["exchangeable"].exchangeable, plans["exchangeable"].adjust) == (True, "categorical")
    assert [name for name, plan in plans.items() if plan.compared_only] == ["two_group"]
    assert plans["wide"].priors.group is GroupPriorName.WIDE
    assert plans["sceptical"].priors.group is GroupPriorName.SCEPTICAL


@pytest.mark.parametrize("path", sorted(MODELS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_default_of_computation_is_written_in_the_model_file(path: Path) -> None:
    plan, text = load_plan(path.stem), path.read_text(encoding="utf-8")
    assert plan == load_plan(str(path))
    for key in ("chains", "tune", "draws", "target_accept", "max_draws", "maximum", "min_events"):
        assert f"\n{key} = " in text
    hard = plan.exchangeable or StrataKind.POOLED is plan.baseline.strata or plan.name == "sceptical"
    accept = 0.99 if hard else 0.95
    assert plan.sampler == Sampler(chains=4, tune=1000, draws=1000, target_accept=accept, max_draws=40_000)
    assert plan.intervals == Intervals(cuts=None, maximum=12, min_events=10)
