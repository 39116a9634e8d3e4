"""A model file becomes a model, or one sentence for everything that is wrong with it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from pathlib import Path

import pytest
from bad_toml_cases import MODEL_CHANGES, MODELS_WITH_BASES
from toml_examples import MODEL

from bayesrefract.errors import ModelError
from bayesrefract.study.model import (
    Baseline,
    BaselineKind,
    GroupPriorName,
    Intervals,
    Model,
    Priors,
    Sampler,
    StrataKind,
)
from bayesrefract.study.model_file import (
    BaselineSection,
    HeadSection,
    IntervalsSection,
    PriorSection,
    SamplerSection,
    list_models,
    load_model,
)

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


CHANGING = """
base = "primary"
title = "Mine"
purpose = "A test."
exchangeable = ["site", "region"]
hr_by_time = true
[prior]
exchangeable_scale = { site = 0.3 }
change_scale = 0.6
"""


def test_a_list_of_covariates_shares_spreads_each_with_its_scale(tmp_path: Path) -> None:
    model = read(tmp_path, CHANGING)
    assert (model.exchangeable, model.by_time) == (("site", "region"), True)
    assert [model.shares_a_spread(name) for name in ("site", "region", "sex")] == [True, True, False]
    assert [model.priors.scale_of(name) for name in ("site", "region")] == [0.3, 0.5]
    assert model.priors.change_scale == 0.6
    every = read(tmp_path, CHANGING.replace('["site", "region"]', "true"))
    assert every.shares_a_spread("sex")
    assert (every.priors.scale_of("site"), every.priors.scale_of("sex")) == (0.3, 0.5)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (('["site", "region"]', "false"), "names site, and exchangeable is false"),
        (("site = 0.3", "sit = 0.3"), 'names sit, which exchangeable does not (site, region). Did you mean "site"?'),
        (
            ("site = 0.3", "site = 0"),
            "prior.exchangeable_scale.site = 0 is not allowed. Give a number from 1e-06 to 20",
        ),
        (("{ site = 0.3 }", "0"), "prior.exchangeable_scale = 0 is not allowed. Give a number from 1e-06 to 20"),
        (('["site", "region"]', "3"), "exchangeable = 3 is not allowed. Give true, false, or a list of covariates."),
        (
            ('["site", "region"]', "[3]"),
            "exchangeable[1] = 3 is not allowed. Give true, false, or a list of covariates.",
        ),
        (("hr_by_time = true", "hr_by_time = 1"), "hr_by_time = 1"),
        (("change_scale = 0.6", "change_scale = 0"), "change_scale = 0"),
        (("[prior]", "[intervals]\nmaximum = 1\n[prior]"), "beside one interval"),
    ],
)
def test_faults_of_spreads_and_of_a_ratio_by_time(tmp_path: Path, change: tuple[str, str], fault: str) -> None:
    with pytest.raises(ModelError) as caught:
        read(tmp_path, CHANGING.replace(*change))
    (found,) = caught.value.faults
    assert fault in found


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


PRIMARY = Model(
    name="primary",
    title="",
    purpose="",
    adjust="question",
    baseline=Baseline(kind=BaselineKind.RANDOM_WALK, strata=StrataKind.COMMON, innovation_sd=1.0, level_sd=2.0),
    priors=Priors(group=GroupPriorName.DEFAULT, continuous_sd=1.0, categorical_pairwise_sd=1.0),
    intervals=Intervals(cuts=None, maximum=None, min_events=5),
    sampler=Sampler(chains=4, tune=500, draws=1000, target_accept=0.95, max_draws=40_000),
)
WIDE = replace(PRIMARY.priors, group=GroupPriorName.WIDE)
SCEPTICAL = replace(PRIMARY.priors, group=GroupPriorName.SCEPTICAL)
CAREFUL = replace(PRIMARY.sampler, target_accept=0.99)
COARSE = Intervals(cuts=None, maximum=12, min_events=10)
DIFFERENT: dict[str, dict[str, object]] = {
    "primary": {},
    "wide": {"priors": WIDE},
    "sceptical": {"priors": SCEPTICAL, "sampler": CAREFUL},
    "unadjusted": {"adjust": "none"},
    "two_group": {"compared_only": True},
    "exchangeable": {
        "adjust": "categorical",
        "exchangeable": True,
        "priors": replace(PRIMARY.priors, exchangeable_scale=0.5),
        "sampler": replace(CAREFUL, tune=1000, draws=2000),
    },
    "stratified": {"baseline": replace(PRIMARY.baseline, strata=StrataKind.FREE)},
    "pooled": {"baseline": replace(PRIMARY.baseline, strata=StrataKind.POOLED), "sampler": CAREFUL},
    "collapsed": {"baseline": Baseline(kind=BaselineKind.INDEPENDENT, strata=StrataKind.COMMON, shape=0.1)},
    "coarse": {"intervals": COARSE},
    "total": {"adjust": "total"},
    "hr_by_time": {"by_time": True},
}
"""What each shipped model changes of the primary one."""


def test_shipped_models_differ_from_the_primary_one_as_written_here() -> None:
    """They are files with a base; their values are those that they had when each wrote every key."""
    models = {model.name: model for model in list_models()}
    assert models.keys() == DIFFERENT.keys()
    for name, model in models.items():
        assert model == load_model(str(MODELS / f"{name}.toml"))
        of_its_own = {"name": name, "title": model.title, "purpose": model.purpose, "sha256": model.sha256}
        assert model == replace(PRIMARY, **(of_its_own | DIFFERENT[name])), name
    assert len({model.title for model in models.values()}) == len(models)
    assert len({model.sha256 for model in models.values()}) == len(models)


def test_every_default_of_computation_is_written_in_the_primary_model_file() -> None:
    text = (MODELS / "primary.toml").read_text(encoding="utf-8")
    for key in ("chains", "tune", "draws", "target_accept", "max_draws", "maximum", "min_events"):
        assert f"\n{key} = " in text


def based(folder: Path, text: str, **others: str) -> Model:
    """A model of the given keys, beside files of the names `others`."""
    for name, content in others.items():
        (folder / f"{name}.toml").write_text(HEAD + content, encoding="utf-8")
    return read(folder, HEAD + text)


HEAD = 'title = "Mine"\npurpose = "A test."\n'


def test_a_key_replaces_the_bases_and_its_table_keeps_the_rest(tmp_path: Path) -> None:
    model = based(tmp_path, 'base = "primary"\nadjust = "none"\n[sampler]\ndraws = 1500\n[intervals]\nmin_events = 8\n')
    assert model.sampler == replace(PRIMARY.sampler, draws=1500)
    assert model.intervals == Intervals(None, None, 8)
    assert (model.name, model.title, model.purpose, model.adjust) == ("mine", "Mine", "A test.", "none")
    assert (model.baseline, model.priors) == (PRIMARY.baseline, PRIMARY.priors)


def test_a_prior_is_one_key_and_replaced_whole(tmp_path: Path) -> None:
    other = 'base = "primary"\n[prior]\ngroup = { hr95 = [0.25, 4.0] }\ncontinuous_sd = 0.5\n'
    model = based(tmp_path, 'base = "other.toml"\n[prior]\ngroup = "wide"\n', other=other)
    assert model.priors == replace(WIDE, continuous_sd=0.5)
    assert based(tmp_path, 'base = "other.toml"\n', other=other).priors.hr95 == (0.25, 4.0)


@pytest.mark.parametrize("name", ["./other.toml", "folder/../other.toml", "other.toml"])
def test_a_path_is_seen_from_the_file_and_not_from_where_the_program_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path / "folder")
    other = 'base = "wide"\n[sampler]\nchains = 2\n'
    model = based(tmp_path, f'base = "{name}"\n[sampler]\ndraws = 300\n', other=other)
    assert model.sampler == replace(PRIMARY.sampler, chains=2, draws=300)
    assert (model.intervals, model.priors) == (PRIMARY.intervals, WIDE)


def test_a_name_is_a_shipped_model_even_beside_a_file_of_that_name(tmp_path: Path) -> None:
    model = based(tmp_path, 'base = "primary"\n', primary='base = "wide"\n')
    assert model.priors.group is GroupPriorName.DEFAULT


def test_another_kind_of_baseline_inherits_only_what_it_knows(tmp_path: Path) -> None:
    walk = based(tmp_path, 'base = "pooled"\n[baseline]\nkind = "independent"\n').baseline
    assert walk == Baseline(kind=BaselineKind.INDEPENDENT, strata=StrataKind.POOLED)
    other = 'base = "primary"\n[baseline]\nkind = "independent"\nrate = 2.0\nrate_unit = "weeks"\nby_group = true\n'
    back = based(tmp_path, 'base = "other.toml"\n[baseline]\nkind = "random_walk"\nlevel_sd = 3.0\n', other=other)
    assert back.baseline == Baseline(level_sd=3.0)
    same = based(tmp_path, 'base = "other.toml"\n[baseline]\nkind = "independent"\nshape = 0.2\n', other=other)
    assert same.baseline == Baseline(BaselineKind.INDEPENDENT, shape=0.2, rate=2.0, rate_unit="weeks", by_group=True)


def test_the_hash_covers_the_file_and_every_base(tmp_path: Path) -> None:
    text = 'base = "other.toml"\n'
    first = based(tmp_path, text, other='base = "deep.toml"\n', deep='base = "primary"\n').sha256
    assert based(tmp_path, text, other='base = "deep.toml"\n', deep='base = "primary"\n').sha256 == first
    remark = based(tmp_path, text, other='base = "deep.toml"\n', deep='base = "primary"\n# a remark\n').sha256
    assert remark != first
    assert based(tmp_path, text + "# a remark\n", deep='base = "primary"\n').sha256 != first


@pytest.mark.parametrize("name", list(MODELS_WITH_BASES))
def test_each_fault_of_a_base_names_the_file_that_has_it(tmp_path: Path, name: str) -> None:
    for file, content in MODELS_WITH_BASES[name].items():
        (tmp_path / file).write_text(content, encoding="utf-8")
    with pytest.raises(ModelError) as caught:
        load_model(str(tmp_path / "mine.toml"))
    assert all(
        fault.startswith(("mine.toml: ", "other.toml: ")) and fault.endswith(".") for fault in caught.value.faults
    )


def test_faults_of_file_and_base_are_told_together_and_each_once(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        based(
            tmp_path,
            'base = "other.toml"\n[sampler]\ntune = 0\n',
            other='base = "primary"\n[sampler]\nchains = 1\n[prior]\ngroup = "skeptical"\n',
        )
    places = [fault.split(" = ")[0] for fault in caught.value.faults]
    assert places == [
        "mine.toml: sampler.tune",
        "mine.toml: base",
        "other.toml: prior.group",
        "other.toml: sampler.chains",
    ]


KEYS = re.compile(r"^\| `([\w]+)` \|", re.MULTILINE)


def test_the_reference_of_model_files_holds_every_key_and_no_other() -> None:
    text = (MODELS.parent / "docs" / "model-files.md").read_text(encoding="utf-8")
    sections = (HeadSection, BaselineSection, PriorSection, IntervalsSection, SamplerSection)
    assert KEYS.findall(text) == ["base", *(key for section in sections for key in section.model_fields)]
