"""A model file becomes a model, or one sentence for everything that is wrong with it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from bad_toml_cases import MODEL_CHANGES
from toml_examples import MODEL

from bayesrefract.errors import ModelError
from bayesrefract.study.model import BaselineKind, GroupPriorName, Intervals, Model, Sampler, StrataKind
from bayesrefract.study.model_file import list_models, load_model

MODELS = Path(__file__).parents[1] / "models"


def read(folder: Path, text: str) -> Model:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return load_model(str(path))


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    model = read(tmp_path, MODEL)
    assert model.name == "mine"
    assert (model.baseline.shape, model.baseline.rate, model.baseline.rate_unit) == (1.0, 1.0, "weeks")
    assert model.baseline.by_group
    assert (model.priors.group, model.priors.hr95) == (GroupPriorName.CUSTOM, (0.25, 4.0))
    assert model.intervals == Intervals(cuts=())
    assert model.sampler == Sampler(chains=2, draws=500)
    assert model.sha256 == hashlib.sha256(MODEL.encode()).hexdigest()


def test_a_change_of_the_file_changes_the_hash(tmp_path: Path) -> None:
    assert read(tmp_path, MODEL).sha256 != read(tmp_path, MODEL + "# a remark\n").sha256


@pytest.mark.parametrize("name", list(MODEL_CHANGES))
def test_each_fault_is_a_sentence_that_names_the_file(tmp_path: Path, name: str) -> None:
    """What each says is in docs/bad-input.md, and tested there."""
    with pytest.raises(ModelError) as caught:
        read(tmp_path, MODEL.replace(*MODEL_CHANGES[name], 1))
    assert all(fault.startswith("mine.toml: ") and fault.endswith(".") for fault in caught.value.faults)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    bad = "adjust = 3\n[baseline]\nkind = 'wave'\n[prior]\ngroup = 'none'\n"
    bad += "[sampler]\nchains = 0\n[intervals]\nmaximum = 0\n"
    with pytest.raises(ModelError) as caught:
        read(tmp_path, bad)
    keys = ("title", "purpose", "adjust", "baseline.kind", "prior.group", "sampler.chains", "intervals.maximum")
    assert len(caught.value.faults) == len(keys)
    assert all(any(f.startswith(f"mine.toml: {key} ") for f in caught.value.faults) for key in keys)


def test_an_unknown_model_lists_the_known_ones() -> None:
    with pytest.raises(ModelError) as caught:
        load_model("primry")
    (fault,) = caught.value.faults
    assert 'Did you mean "primary"?' in fault
    assert all(model.name in fault for model in list_models())


def test_a_missing_file() -> None:
    for path in ("nowhere.toml", "no/where"):
        with pytest.raises(ModelError, match="there is no such file"):
            load_model(path)


def test_shipped_models_are_what_their_names_say() -> None:
    models = {model.name: model for model in list_models()}
    assert next(iter(models)) == "primary"
    assert set(models) == {path.stem for path in MODELS.glob("*.toml")}
    assert models["unadjusted"].adjust == "none"
    assert models["collapsed"].baseline.kind is BaselineKind.INDEPENDENT
    assert models["stratified"].baseline.strata is StrataKind.FREE
    assert models["pooled"].baseline.strata is StrataKind.POOLED
    assert (models["exchangeable"].exchangeable, models["exchangeable"].adjust) == (True, "categorical")
    assert [name for name, model in models.items() if model.compared_only] == ["two_group"]
    assert models["wide"].priors.group is GroupPriorName.WIDE
    assert models["sceptical"].priors.group is GroupPriorName.SCEPTICAL


@pytest.mark.parametrize("path", sorted(MODELS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_default_of_computation_is_written_in_the_model_file(path: Path) -> None:
    model, text = load_model(path.stem), path.read_text(encoding="utf-8")
    assert model == load_model(str(path))
    for key in ("chains", "tune", "draws", "target_accept", "max_draws", "maximum", "min_events"):
        assert f"\n{key} = " in text
    hard = model.exchangeable or StrataKind.POOLED is model.baseline.strata or "sceptical" in model.name
    accept = 0.99 if hard else 0.95
    tune, draws = (1000, 2000) if model.exchangeable else (500, 1000)  # learnt spreads mix slowly
    assert model.sampler == Sampler(chains=4, tune=tune, draws=draws, target_accept=accept, max_draws=40_000)
    fine = model.name.startswith("fine")
    assert model.intervals == Intervals(cuts=None, maximum=24 if fine else 12, min_events=5 if fine else 10)
