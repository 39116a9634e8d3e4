"""The front door: the same question by Python, the command line and a study file gives the same word."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from lifelines.datasets import load_leukemia

import bayesrefract as br
from bayesrefract.cli.app import main
from bayesrefract.cli.compare import compare as command
from bayesrefract.decision import VerdictWord
from bayesrefract.study.rope import Estimand

DATA = Path(__file__).parents[1] / "data"
ROPE = br.Rope(0.80, 1.25, source="convention", declared="2020-01-31", before_data=True)
TYPED = ["--rope", "0.8", "1.25", "--rope-source", "convention", "--rope-declared", "2020-01-31", "--before-data"]
LEUKAEMIA = {"time": "weeks", "event": "status", "group": "arm", "reference": "placebo", "unit": "weeks"} | {
    "evidence": "patients"
}


def leukaemia() -> pd.DataFrame:
    """Freireich's trial of 6-mercaptopurine: 42 children, 9 relapses in 359 weeks against 21 in 182."""
    frame = load_leukemia().rename(columns={"t": "weeks"})
    return frame.assign(arm=frame["Rx"].map({0: "6-MP", 1: "placebo"}))[["weeks", "status", "arm", "sex", "logWBC"]]


@pytest.fixture(scope="module", autouse=True)
def kept_fits(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Fits of this module in a folder of their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BAYESREFRACT_CACHE", str(tmp_path_factory.mktemp("fits")))
        yield


def typed(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


def by_options(asked: dict[str, str]) -> list[str]:
    return [text for name, value in asked.items() for text in (f"--{name}", value)]


@pytest.fixture(scope="module")
def result() -> br.Result:
    return br.compare(leukaemia(), **LEUKAEMIA, rope=ROPE)


# One door


ROPE_OPTIONS = {"rope": "low", "rope_source": "source", "rope_declared": "declared", "before_data": "before_data"}
RULE_OPTIONS = {"rule": "name", "level": "level", "threshold": "threshold", "one_sided": "harm", "harm": "harm"}
REPEATED = {"censor_value": "censor_values"}
"""Options that are given once per value, and the keyword that takes all of them."""
PRINTED_ONLY = {"tables"}
"""Options of what is printed: `Result.show(tables=)` is their argument."""


def test_every_option_of_the_command_is_a_keyword_and_the_other_way_round() -> None:
    """`--after-data` is before_data = False; `--tables` is an argument of Result.show."""
    options, keywords = (set(inspect.signature(each).parameters) for each in (command, br.compare))
    rope, rule = (set(inspect.signature(each).parameters) for each in (br.Rope, br.Rule))
    assert set(ROPE_OPTIONS.values()) <= rope
    assert set(RULE_OPTIONS.values()) <= rule
    options = {REPEATED.get(name, name) for name in options}
    plain = options - set(ROPE_OPTIONS) - set(RULE_OPTIONS) - PRINTED_ONLY - {"after_data", "file"}
    assert plain == keywords - {"data", "rope", "rule"}
    assert set(inspect.signature(br.Result.show).parameters) >= PRINTED_ONLY


def without_hash(made: dict[str, Any]) -> dict[str, Any]:
    provenance = {key: value for key, value in made["provenance"].items() if key != "data_sha256"}
    return made | {"provenance": provenance}


def test_the_command_on_a_file_and_python_on_its_frame_give_the_same_json(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """With covariates of both kinds, strata-free; the file's hash alone differs."""
    frame = leukaemia()
    path = tmp_path / "children.csv"
    frame.to_csv(path, index=False)
    more = ["--adjust", "logWBC", "--categorical", "sex", "--horizon", "20", "--json", "-", "--quiet"]
    code, out, err = typed(capsys, "compare", str(path), *by_options(LEUKAEMIA), *TYPED, *more)
    told = json.loads(out)
    assert (code, err) == (3 if told["contrasts"][0]["verdict"] == "withheld" else 0, "")
    asked = {"rope": ROPE, "adjust": ["logWBC"], "categorical": ["sex"], "horizon": 20}
    from_frame = br.compare(frame, **LEUKAEMIA, **asked)
    from_path = br.compare(path, **LEUKAEMIA, **asked)
    assert json.loads(json.dumps(from_path.to_json())) == told
    assert without_hash(json.loads(json.dumps(from_frame.to_json()))) == without_hash(told)
    assert from_frame.to_json()["provenance"]["data_sha256"] != told["provenance"]["data_sha256"]


def as_polars(frame: pd.DataFrame) -> Any:
    return pytest.importorskip("polars", reason="polars is not installed").DataFrame(frame.to_dict(orient="list"))


FRAMES: dict[str, Callable[[pd.DataFrame], Any]] = {
    "string index": lambda frame: frame.set_index("P-" + frame.index.astype(str)),
    "repeated index": lambda frame: frame.set_index(np.zeros(len(frame), dtype=int)),
    "nullable": lambda frame: frame.convert_dtypes(),
    "categorical": lambda frame: frame.assign(arm=frame["arm"].astype("category")),
    "boolean event": lambda frame: frame.assign(status=frame["status"].astype(bool)),
    "mixed objects": lambda frame: frame.assign(note=[1, "b", None] * 14),
    "pyarrow": lambda frame: pa.Table.from_pandas(frame, preserve_index=False),
    "pyarrow in chunks": lambda frame: pa.concat_tables(
        [pa.Table.from_pandas(frame[:9], preserve_index=False), pa.Table.from_pandas(frame[9:], preserve_index=False)]
    ),
    "polars": as_polars,
}


@pytest.mark.parametrize("kind", list(FRAMES))
def test_every_kind_of_frame_gives_the_same_result(kind: str, result: br.Result) -> None:
    other = br.compare(FRAMES[kind](leukaemia()), **LEUKAEMIA, rope=ROPE)
    assert other.to_json()["contrasts"] == result.to_json()["contrasts"]


def test_the_hash_of_a_frame_is_of_its_values() -> None:
    def sha256(frame: Any) -> str:
        return str(br.compare(frame, **LEUKAEMIA, rope=ROPE).findings.provenance.data_sha256)

    frame = leukaemia()
    changed = frame.copy()
    changed["weeks"] = changed["weeks"] + 0.5
    assert sha256(frame) == sha256(FRAMES["pyarrow in chunks"](frame))
    assert sha256(frame) != sha256(changed)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", "b"), ("a", "c")])), "several levels"),
        (pd.DataFrame([[1, 2]], columns=["weeks", "weeks"]), 'more than one column has the name "weeks"'),
        (pa.Table.from_arrays([[1], [2]], names=["weeks", "weeks"]), 'more than one column has the name "weeks"'),
        (pd.DataFrame([[1, 2]], columns=[0, 1]), "the column name 0 is not text"),
        (leukaemia()[:0], "column names but no patients"),
        ([1, 2, 3], "found list. Pass a pandas, polars or pyarrow data frame"),
        (Path("nowhere.csv"), "there is no such file"),
        (leukaemia().drop(columns="arm"), 'there is no column "arm" (group)'),
    ],
)
def test_what_is_no_frame_of_patients_is_told(data: Any, words: str) -> None:
    with pytest.raises(br.InputError) as fault:
        br.compare(data, **LEUKAEMIA, rope=ROPE)
    assert words in str(fault.value)


def test_a_lazy_frame_is_told() -> None:
    polars = pytest.importorskip("polars", reason="polars is not installed")
    with pytest.raises(br.InputError, match="it is lazy"):
        br.compare(polars.LazyFrame({"weeks": [1.0]}), **LEUKAEMIA, rope=ROPE)


def test_all_faults_of_a_call_are_told_together_under_the_names_of_its_arguments() -> None:
    frame = leukaemia().set_index("P-" + leukaemia().index.astype(str))
    frame.iloc[3, 0] = -1.0
    with pytest.raises(br.InputError) as fault:
        br.compare(
            frame,
            **(LEUKAEMIA | {"reference": "plcebo"}),
            rope=br.Rope(1.25, 0.80, source="", before_data=True),
            rule=br.Rule("interval", level=1.5),
            model="primry",
            primary="6-MQ",
        )
    told = str(fault.value)
    for words in (
        "rope: low = 1.25 and high = 0.8 are reversed",
        "rope: source",
        "before_data = True needs the date",
        "rule: level = 1.5",
        'Did you mean "primary"?',
        "primary 6-MQ",
        "data frame row at position 3",
        'Did you mean "placebo"?',
    ):
        assert words in told, words
    assert "--" not in told
    assert "P-3" not in told
    with pytest.raises(br.InputError, match=r'unit = "fortnights" is not known\. Give one of "days"'):
        br.compare(frame, **(LEUKAEMIA | {"unit": "fortnights"}), rope=ROPE)


# The result


def test_a_result_answers(result: br.Result) -> None:
    verdict = result.verdict()
    assert (verdict.word, verdict.direction) == (VerdictWord.DIFFERENT, "below")
    assert result.verdict("6-MP vs placebo", "hazard_ratio") is verdict
    assert result.sentence.startswith("By the declared rule, there is a lower hazard in 6-MP than in placebo")
    with pytest.raises(br.EstimandError, match="There are: 6-MP vs placebo"):
        result.verdict("placebo vs 6-MP")
    assert result.findings.n_events == 30


def test_the_frame_of_a_result_has_a_row_for_every_verdict(result: br.Result) -> None:
    (row,) = result.to_frame().to_dict(orient="records")
    verdict = result.verdict()
    assert (row["verdict"], row["direction"], row["model"]) == ("different", "below", "primary")
    assert row["cox_hazard_ratio"] == pytest.approx(np.exp(-1.572125148829), rel=1e-6)  # R, coxph, Efron
    assert (row["low"], row["high"], row["p_inside"]) == (*verdict.interval, verdict.p_inside)


def test_a_result_shows_itself(result: br.Result, capsys: pytest.CaptureFixture[str]) -> None:
    assert repr(result).startswith("<Result 6-MP vs placebo: different (lower), HR 0.2")
    assert "\n" not in repr(result)
    box = result._repr_html_()
    assert result.verdict().interval[0] < 0.2
    for words in ("different (lower)", "ROPE", "Does classical analysis agree?", "<style>"):
        assert words in box
    result.show("none")
    said = capsys.readouterr().out
    assert "42 patients: 30 with the event (status = 1), 12 censored." in said
    assert f"\n{result.sentence}\nWhether the ratio changes over time cannot be checked: " in said
    result.show("all")
    shown = capsys.readouterr().out
    assert "Cross-check" in shown
    assert max(map(len, shown[shown.index("Patient flow") :].splitlines())) <= 80
    with pytest.raises(ValueError, match="short"):
        result.show("some")


def test_names_in_the_answer_box_are_text() -> None:
    frame = leukaemia().replace({"arm": {"6-MP": "<script>alert(1)</script>"}})
    box = br.compare(frame, **LEUKAEMIA, rope=ROPE)._repr_html_()
    assert "<script>" not in box
    assert "&lt;script&gt;" in box


def test_a_result_writes_its_report(result: br.Result, tmp_path: Path) -> None:
    page = result.report(tmp_path / "report")
    assert page == tmp_path / "report" / "index.html"
    assert json.loads((tmp_path / "report" / "verdicts.json").read_text(encoding="utf-8"))["analyses"]
    with pytest.raises(ValueError, match="of one study"):
        br.write_report([], tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "index.html").write_text("mine")
    with pytest.raises(br.InputError, match=r'mine: the folder holds "index.html", and no report of this program'):
        result.report(tmp_path / "mine")
    assert [path.read_text() for path in (tmp_path / "mine").iterdir()] == ["mine"]
    assert result.to_json(tmp_path / "verdict.json") == json.loads((tmp_path / "verdict.json").read_text("utf-8"))


def test_events_that_could_not_show_equivalence_say_so() -> None:
    """30 events against 0.80 to 1.25: any pass takes 359 (statistics.md, attainability)."""
    frame = leukaemia().assign(arm=np.tile(["a", "b"], 21))
    told = br.compare(frame, **(LEUKAEMIA | {"reference": "a"}), rope=ROPE)
    assert told.verdict().word is VerdictWord.UNDECIDED
    assert "These data could not have shown equivalence with these events" in told.sentence
    assert "30 were seen in the two groups" in told.sentence


def test_run_analyses_a_study_and_its_report_is_written(tmp_path: Path) -> None:
    frame = leukaemia()
    frame.to_csv(tmp_path / "children.csv", index=False)
    (tmp_path / "study.toml").write_text(STUDY, encoding="utf-8")
    made = br.run(tmp_path, out=tmp_path / "out")
    assert [result.findings.model.name for result in made] == ["primary", "wide"]
    assert made[0].verdict().word is VerdictWord.DIFFERENT
    for name in ("children.csv", "study.toml"):
        before = (tmp_path / name).read_bytes()
        with pytest.raises(br.InputError, match=rf"{name}, which is read: it would be overwritten"):
            made[0].to_json(tmp_path / name)
        assert (tmp_path / name).read_bytes() == before
    page = br.write_report(made, tmp_path / "out" / "children")
    assert page.is_file()
    with pytest.raises(br.InputError) as fault:
        br.run(tmp_path, tmp_path / "nowhere", models=["primry"])
    assert 'Did you mean "primary"?' in str(fault.value)
    assert "there is no such file" in str(fault.value)


STUDY = """
[study]
name = "children"
title = "6-MP against placebo"
time_unit = "weeks"
records = "children.csv"
evidence = "patients"
models = ["primary", "wide"]

[columns]
group = "arm"

[groups]
levels = ["6-MP", "placebo"]

[[contrast]]
group = "6-MP"
reference = "placebo"
primary = true

[[question]]
name = "endpoint"
time = "weeks"
event = "status"

[[rope]]
estimand = "hazard_ratio"
low = 0.80
high = 1.25
source = "convention"
declared_on = 2020-01-31
before_data = true

[rule]
name = "interval"
"""


# Every gate, by every way in


def exponential(events: tuple[int, int], scale: tuple[float, float] = (10.0, 10.0)) -> pd.DataFrame:
    """Two groups of 60 with so many events each, the rest censored at 40."""
    rng = np.random.default_rng(7)
    parts = []
    for arm, count, mean in zip("ab", events, scale, strict=True):
        times = np.sort(rng.exponential(mean, 60)) + 0.01
        event = np.zeros(60, dtype=int)
        event[:count] = 1
        parts.append(pd.DataFrame({"weeks": np.where(event, times, 40.0).round(3), "status": event, "arm": arm}))
    return pd.concat(parts, ignore_index=True)


def bathtub() -> pd.DataFrame:
    """A hazard that falls steeply, with most of one group entering late: one interval cannot follow it."""
    rng = np.random.default_rng(3)
    early, late = (np.sort(rng.weibull(0.35, 80) * 10 + 0.01) for _ in range(2))
    frame = pd.DataFrame(
        {
            "weeks": np.concatenate([early, late]).round(4),
            "status": 1,
            "arm": ["a"] * 80 + ["b"] * 80,
            "start": np.concatenate([np.zeros(80), np.full(80, 0.02)]),
        }
    )
    late_entry = (frame["arm"] == "b") & (frame["weeks"] > 2)
    frame.loc[late_entry, "start"] = 1.5
    return frame[frame["weeks"] > frame["start"]].reset_index(drop=True)


ONE_INTERVAL = """
title = "One interval"
purpose = "For a test."
adjust = "none"
[baseline]
kind = "independent"
shape = 0.0
[prior]
group = "default"
[intervals]
maximum = 1
[sampler]
"""
FEW_DRAWS = ONE_INTERVAL.replace("maximum = 1", "maximum = 12").replace(
    "[sampler]", "[sampler]\nchains = 2\ntune = 20\ndraws = 20\nmax_draws = 40"
)
FINE = ONE_INTERVAL.replace("maximum = 1", "maximum = 12")
GATES = {
    "too few events": (exponential((3, 40)), FINE, "a has 3 events; at least 5 are needed"),
    "no convergence": (exponential((40, 40)), FEW_DRAWS, "ESS"),
    "disagreement with Cox": (bathtub(), ONE_INTERVAL, "cross-check disagrees"),
}


@pytest.mark.parametrize("gate", list(GATES))
def test_every_gate_withholds_by_python_command_and_study_file(
    gate: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    frame, model, reason = GATES[gate]
    frame.to_csv(tmp_path / "children.csv", index=False)
    (tmp_path / "model.toml").write_text(model, encoding="utf-8")
    entry = {"entry": "start"} if "start" in frame else {}
    asked = {"time": "weeks", "event": "status", "group": "arm", "reference": "b", "unit": "weeks"} | entry
    path, file = str(tmp_path / "model.toml"), str(tmp_path / "children.csv")

    verdict = br.compare(frame, **asked, rope=ROPE, model=path).verdict()
    assert verdict.word is VerdictWord.WITHHELD
    assert any(reason in each for each in verdict.reasons), verdict.reasons

    code, out, _ = typed(capsys, "compare", file, *by_options(asked), *TYPED, "--model", path, "--json", "-", "--quiet")
    (contrast,) = json.loads(out)["contrasts"]
    assert (code, contrast["verdict"], tuple(contrast["reasons"])) == (3, "withheld", verdict.reasons)

    study = STUDY.replace('["primary", "wide"]', f'["{path}"]').replace('"6-MP"', '"a"').replace('"placebo"', '"b"')
    study = study.replace('event = "status"', 'event = "status"\nentry = "start"') if entry else study
    (tmp_path / "study.toml").write_text(study, encoding="utf-8")
    code, _, _ = typed(capsys, "fit", str(tmp_path), "--out", str(tmp_path / "out"), "--quiet")
    made = json.loads((tmp_path / "out" / "children" / "verdicts.json").read_text(encoding="utf-8"))
    (contrast,) = made["analyses"][0]["contrasts"]
    assert (code, contrast["verdict"]) == (3, "withheld")
    assert any(reason in each for each in contrast["reasons"])


def test_a_comparison_that_keeps_nothing_gives_the_same_and_leaves_nothing(
    result: br.Result, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    cache = tmp_path / "fits"
    monkeypatch.setenv("BAYESREFRACT_CACHE", str(cache))
    unkept = br.compare(leukaemia(), **LEUKAEMIA, rope=ROPE, keep="none")
    assert unkept.to_json() == result.to_json()
    assert unkept.log_likelihood().identical(result.log_likelihood())
    leukaemia().to_csv(tmp_path / "children.csv", index=False)
    asked = ["compare", str(tmp_path / "children.csv"), *by_options(LEUKAEMIA), *TYPED]
    code, out, err = typed(capsys, *asked, "--keep", "none")
    assert (code, "different" in out) == (0, True), err
    assert not cache.exists()
    assert typed(capsys, *asked, "--keep", "nothing")[0] == 2
    with pytest.raises(br.InputError, match=r'keep = "nothing" is not known\. Give one of "fits", "none"\.'):
        br.compare(leukaemia(), **LEUKAEMIA, rope=ROPE, keep="nothing")


# Judgements without patients


def test_draws_of_any_model_are_judged_and_not_gated() -> None:
    """Normal(0, 0.05): P(0.80 to 1.25) is 0.99999; Normal(1, 0.05) is wholly above."""
    rng = np.random.default_rng(1)
    rope = br.Rope(0.80, 1.25, source="convention", declared="2020-01-31", before_data=True)
    equal = br.judge_draws(rng.normal(0.0, 0.05, (4, 1000)), rope=rope, group="new", reference="old")
    assert (equal.word, equal.labels, equal.group) == (VerdictWord.EQUIVALENT, ("not gated",), "new")
    assert br.judge_draws(rng.normal(1.0, 0.05, 4000), rope=rope).word is VerdictWord.DIFFERENT
    months = br.Rope(
        -2, 2, source="a month", estimand=Estimand.RMST_DIFFERENCE, before_data=True, declared="2020-01-31"
    )
    assert br.judge_draws(rng.normal(0.0, 0.5, 4000), rope=months).interval[1] == pytest.approx(0.98, abs=0.06)
    with pytest.raises(br.InputError) as fault:
        br.judge_draws([np.inf, 1.0], rope=br.Rope(1.25, 0.8))
    for words in ("reversed", "At least 100 draws", "1 are not finite"):
        assert words in str(fault.value)
    with pytest.raises(br.InputError, match="one quantity"):
        br.judge_draws(np.zeros((4, 100, 2)), rope=rope)
    with pytest.raises(br.InputError, match="needs draws of every interval"):
        br.judge_draws(np.zeros((4, 1000)), rope=replace(rope, estimand=Estimand.THROUGHOUT, window=(0.0, 24.0)))


def test_draws_of_a_result_judged_again_give_its_numbers(result: br.Result) -> None:
    verdict = result.verdict()
    again = br.judge_draws(result.findings.log_hazard_ratio.isel(contrast=0), rope=verdict.rope, rule=verdict.rule)
    assert (again.median, again.interval, again.p_inside) == (verdict.median, verdict.interval, verdict.p_inside)


def test_published_numbers_are_judged() -> None:
    """statistics.md, section 6: HR 0.99 (0.73-1.33) has P(0.80-1.25) = 0.854, flat prior."""
    judged = br.judge_published("0.99", ("0.73", "1.33"), rope=ROPE)
    assert judged.verdict.p_inside == pytest.approx(0.854, abs=0.0005)
    assert judged.verdict.word is VerdictWord.UNDECIDED
    assert br.judge_published(0.99, (0.73, 1.33), rope=ROPE).verdict.p_inside == judged.verdict.p_inside
    with pytest.raises(br.InputError) as fault:
        br.judge_published("0.99", ("1.33", "x"), rope=br.Rope(0.9, 0.95), prior="strong")
    for words in ("do not enclose 1", '"x" is not a number', 'prior = "strong"'):
        assert words in str(fault.value)


def test_events_are_judged_before_there_are_any() -> None:
    found = br.attain({"new": 74, "old": 184}, rope=(0.80, 1.25))
    assert (found.possible, found.events_minimum, found.events_needed) == (False, 378, 1032)
    assert br.attain({"new": 2000, "old": 2000}, rope=ROPE).possible
    with pytest.raises(br.InputError, match="exactly two"):
        br.attain({"new": 74}, rope=ROPE)


def test_a_paper_is_audited() -> None:
    folder = Path(__file__).parents[1] / "data" / "lenalidomide"
    report = br.audit_paper(folder / "published_estimates.csv", folder / "published_counts.csv")
    assert report.findings
    with pytest.raises(br.InputError, match="Give the file"):
        br.audit_paper()


def test_two_studies_of_one_name_are_refused_by_run_as_by_fit(tmp_path: Path) -> None:
    with pytest.raises(br.InputError, match="2 studies are named simulated"):
        br.run(DATA / "simulated", DATA / "simulated", out=tmp_path)
    assert not list(tmp_path.iterdir())
