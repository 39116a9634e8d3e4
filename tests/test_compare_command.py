"""`bayesrefract compare`: from options to a study, and every fault of options, model and file at once."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from jsonschema import validate
from lifelines.datasets import load_leukemia

from bayesrefract.cli.app import main
from bayesrefract.comparison import (
    GIVEN_SET,
    Comparison,
    group_faults,
    model_for,
    natural_order,
    option_faults,
    study_of,
)
from bayesrefract.errors import ModelError
from bayesrefract.report.json.schema import published
from bayesrefract.report.terminal import declaration
from bayesrefract.study.model import NO_SET, QUESTION_SET, Baseline, BaselineKind, Intervals, StrataKind
from bayesrefract.study.model_file import load_model
from bayesrefract.study.rope import Estimand, Harm, Rope, Rule, RuleName
from bayesrefract.study.study import Evidence, TimeUnit

ASKED = Comparison(
    time="months",
    event="event",
    group="arm",
    reference="dose 2",
    unit=TimeUnit.MONTHS,
    rope=Rope(0.8, 1.25, source="protocol"),
    label="trial.csv",
    typed=True,
)
LEVELS = ("dose 1", "dose 2", "dose 10")
PATIENTS = """pid,months,event,arm,age
1,5,1,A,50
2,6,0,A,60
3,3,1,B,40
4,8,0,B,50
"""


@pytest.fixture
def patients(tmp_path: Path) -> Path:
    path = tmp_path / "patients.csv"
    path.write_text(PATIENTS)
    return path


def compare(capsys: pytest.CaptureFixture[str], file: Path, *more: str, reference: str = "A") -> tuple[int, str, str]:
    """Exit code, stdout and stderr of `compare` with the options that every call needs."""
    columns = ["--time", "months", "--event", "event", "--group", "arm", "--reference", reference]
    rope = [] if "--rope" in more else ["--rope", "0.8", "1.25"]
    with pytest.raises(SystemExit) as ended:
        main(["compare", str(file), *columns, "--unit", "months", *rope, "--rope-source", "protocol", *more])
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


def test_levels_are_in_natural_order() -> None:
    assert natural_order(["dose 10", "dose 2", "dose 1"]) == LEVELS
    assert natural_order(["10", "9", "b", "a2", "a10", "-"]) == ("9", "10", "-", "a2", "a10", "b")


def test_options_become_a_study() -> None:
    asked = replace(
        ASKED,
        rope=replace(ASKED.rope, declared=dt.date(2026, 1, 31), before_data=False),
        adjust=("age", "stage"),
        categorical=("stage", "site"),
        strata=("region",),
        entry="start",
        id="pid",
        horizon=36.0,
        event_value="2",
        evidence=Evidence.REBUILT,
        rule=Rule(RuleName.PROBABILITY, threshold=0.9, harm=Harm.MORE_EVENTS),
    )
    study = study_of(asked, LEVELS)
    (analysis,) = study.analyses
    (rope,) = analysis.ropes
    assert (study.name, study.evidence, study.time_unit) == ("comparison", Evidence.REBUILT, TimeUnit.MONTHS)
    assert study.title == "arm in trial.csv"
    assert analysis.groups == LEVELS
    assert [(c.label, c.primary) for c in analysis.contrasts] == [
        ("dose 1 vs dose 2", True),
        ("dose 10 vs dose 2", False),
    ]
    assert analysis.adjustments == {GIVEN_SET: ("age", "stage", "site")}
    assert analysis.adjust == GIVEN_SET
    assert analysis.columns.unordered == ("stage", "site")
    assert (analysis.columns.strata, analysis.columns.id) == (("region",), "pid")
    assert (analysis.endpoint.entry, analysis.endpoint.horizon, analysis.endpoint.event_value) == ("start", 36.0, 2.0)
    assert (rope.estimand, rope.low, rope.high) == (Estimand.HAZARD_RATIO, 0.8, 1.25)
    assert (rope.declared, rope.before_data, rope.source) == (dt.date(2026, 1, 31), False, "protocol")
    assert (analysis.rule.name, analysis.rule.threshold, analysis.rule.harm) == ("probability", 0.9, Harm.MORE_EVENTS)


def test_what_is_not_said_is_not_invented() -> None:
    (analysis,) = study_of(ASKED, LEVELS).analyses
    (rope,) = analysis.ropes
    assert rope.declared is None
    assert rope.before_data is None
    assert analysis.endpoint.horizon is None
    assert analysis.adjust is None
    assert not analysis.rule.one_sided


def test_the_primary_contrast_is_the_one_asked_for() -> None:
    (analysis,) = study_of(replace(ASKED, primary="dose 10"), LEVELS).analyses
    assert analysis.primary.group == "dose 10"
    assert [c.group for c in analysis.contrasts] == ["dose 1", "dose 10"]


def test_a_declaration_says_what_is_known_of_the_rope() -> None:
    (analysis,) = study_of(ASKED, LEVELS).analyses
    (rope,) = analysis.ropes
    assert declaration(rope).startswith("ROPE of the hazard ratio 0.80 to 1.25, declared at a time that is not stated.")
    later = replace(rope, declared=dt.date(2026, 1, 31), before_data=False)
    assert "declared on 2026-01-31, after the data were seen. Source: protocol" in declaration(later)


def test_groups_that_cannot_answer() -> None:
    assert group_faults(ASKED, LEVELS) == []
    (alone,) = group_faults(ASKED, ["dose 2"])
    assert "at least two" in alone
    (itself,) = group_faults(replace(ASKED, primary="dose 2"), LEVELS)
    assert "also the reference" in itself
    (absent,) = group_faults(replace(ASKED, primary="Dose 1"), LEVELS)
    assert 'Did you mean "dose 1"?' in absent


def test_options_are_checked_by_the_rules_of_a_study_file() -> None:
    assert option_faults(ASKED) == ()
    assert option_faults(replace(ASKED, adjust=("age",), categorical=("age", "stage"), strata=("site",))) == ()
    wrong = replace(
        ASKED, rope=Rope(1.25, 0.8, source="protocol"), rule=Rule(RuleName.PROBABILITY, level=1.5), horizon=-1.0
    )
    faults = "\n".join(option_faults(wrong))
    for word in ("reversed", "threshold", "level = 1.5", "horizon = -1"):
        assert word in faults
    faults = "\n".join(option_faults(replace(ASKED, entry="months", adjust=("arm",))))
    for word in ("arm, which is the group", "months as time and entry"):
        assert word in faults
    (outside,) = option_faults(replace(ASKED, rope=Rope(0.8, 0.9, source="protocol")))
    assert "do not enclose 1" in outside


def test_a_window_is_a_further_range_with_the_same_bounds() -> None:
    asked = replace(ASKED, window=(0.0, 24.0))
    average, throughout = study_of(asked, ("a", "b")).analyses[0].ropes
    assert average == ASKED.rope
    assert throughout == replace(ASKED.rope, estimand=Estimand.THROUGHOUT, window=(0.0, 24.0))
    assert option_faults(asked) == ()
    for typed, fault in (
        (True, "--window = [24, 0] is not two rising times from 0. Write --window 0 24."),
        (False, "window = [24, 0] is not two rising times from 0. Write window = [0, 24]."),
    ):
        assert option_faults(replace(asked, window=(24.0, 0.0), typed=typed)) == (fault,)
    (misplaced,) = option_faults(replace(ASKED, rope=replace(ASKED.rope, window=(0.0, 24.0)), typed=False))
    assert misplaced.startswith('window = [0, 24] is only for estimand = "hazard_ratio_throughout".')


def test_the_ratio_of_the_chosen_model_may_change() -> None:
    primary = load_model("primary")
    changed = model_for(replace(ASKED, hr_by_time=True), primary)
    constant = model_for(replace(ASKED, window=(0.0, 24.0)), primary)
    assert (changed.by_time, constant.by_time) == (True, False)
    assert changed.title.startswith("Hazard ratio that may change, otherwise as primary")
    assert (changed.baseline, changed.priors, changed.sampler) == (primary.baseline, primary.priors, primary.sampler)
    by_group = replace(primary, baseline=Baseline(BaselineKind.INDEPENDENT, by_group=True))
    for options in ({"hr_by_time": True}, {"window": (0.0, 24.0)}):
        for model in (
            by_group,
            replace(primary, intervals=Intervals(cuts=())),
            replace(primary, intervals=Intervals(maximum=1)),
        ):
            with pytest.raises(ModelError, match="has no meaning with it"):
                model_for(replace(ASKED, **options), model)


def test_covariates_and_strata_point_the_model_at_them() -> None:
    primary = load_model("primary")
    assert model_for(ASKED, primary).adjust == NO_SET
    assert model_for(ASKED, primary).title.endswith("(no covariate was named)")
    adjusted = model_for(replace(ASKED, adjust=("age",), strata=("site",)), primary)
    assert adjusted.adjust == QUESTION_SET
    assert adjusted.baseline.strata is StrataKind.FREE
    assert adjusted.sampler == primary.sampler
    pooled = model_for(replace(ASKED, strata=("site",)), load_model("pooled"))
    assert pooled.baseline.strata is StrataKind.POOLED


@pytest.mark.parametrize(
    ("model", "options", "word"),
    [
        ("unadjusted", {"adjust": ("age",)}, "adjusts for nothing"),
        ("stratified", {}, "--strata"),
        ("exchangeable", {}, "--categorical"),
    ],
)
def test_a_model_that_does_not_fit_the_options_is_refused(model: str, options: dict[str, object], word: str) -> None:
    with pytest.raises(ModelError, match=word):
        model_for(replace(ASKED, **options), load_model(model))


def test_all_faults_of_options_model_and_patients_are_told_together(
    capsys: pytest.CaptureFixture[str], patients: Path
) -> None:
    patients.write_text(PATIENTS.replace("1,5,1", "1,-5,1").replace("3,3,1", "3,three,1"))
    options = ["--rope", "1.25", "0.8", "--model", "unadjustd", "--id", "pid", "--json", str(patients.parent / "no/x")]
    code, out, err = compare(capsys, patients, *options, reference="Z")
    assert (code, out) == (1, "")
    assert "Traceback" not in err
    for words in (
        "reversed",
        'Did you mean "unadjusted"',
        '"Z"',
        "line 2 (patient 1)",
        "line 4 (patient 3)",
        "no does",
    ):
        assert words in err


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("B", "A"), ("at least two",)),
        (("3,3,1", "2,3,1"), ("patient 2", "line 3", "line 4")),
        (("3,3,1", "3,inf,1"), ("line 4", "inf")),
        (("3,3,1", "3,0,1"), ("line 4", "0 with an event")),
        (("3,3,1", "3,,1"), ("line 4", "months")),
        (("3,3,1", "3,3,2"), ("line 4", "2")),
        (("months,event", "months,happened"), ('no column "event"',)),
    ],
)
def test_bad_patients_are_named_with_their_line(
    change: tuple[str, str], words: tuple[str, ...], capsys: pytest.CaptureFixture[str], patients: Path
) -> None:
    patients.write_text(PATIENTS.replace(*change))
    code, out, err = compare(capsys, patients, "--id", "pid")
    assert (code, out) == (1, "")
    for word in words:
        assert word in err


def test_parquet_is_read_by_its_ending(capsys: pytest.CaptureFixture[str], tmp_path: Path, patients: Path) -> None:
    target = tmp_path / "patients.parquet"
    pd.read_csv(patients).assign(months=[5.0, 6.0, -1.0, 8.0]).to_parquet(target)
    code, _, err = compare(capsys, target)
    assert code == 1
    assert "patients.parquet row 3" in err
    assert "-1" in err


def test_a_column_named_like_a_formula_is_a_name(capsys: pytest.CaptureFixture[str], patients: Path) -> None:
    column = "__import__('os').system('touch made')"
    patients.write_text(PATIENTS.replace("age", f'"{column}"').replace("1,5,1", "1,-5,1"))
    code, _, err = compare(capsys, patients, "--adjust", column)
    assert code == 1
    assert "-5 is negative" in err
    assert "no column" not in err
    assert not Path("made").exists()


@pytest.fixture(scope="module")
def leukaemia(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Freireich's trial of 6-mercaptopurine as a user's file: 42 children, 30 relapses."""
    records = load_leukemia().assign(arm=lambda frame: frame["Rx"].map({0: "6-MP", 1: "placebo"}))
    path = tmp_path_factory.mktemp("leukaemia") / "relapse.csv"
    records.rename(columns={"t": "weeks"})[["weeks", "status", "arm"]].to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def answered(leukaemia: Path) -> Callable[..., tuple[int, str, str]]:
    """Ask for 6-MP against placebo; the first call samples, later ones find its fit."""
    columns = ["--time", "weeks", "--event", "status", "--group", "arm", "--reference", "placebo", "--unit", "weeks"]
    rope = ["--rope", "0.8", "1.25", "--rope-source", "convention"]

    def ask(*more: str) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.setenv("BAYESREFRACT_CACHE", str(leukaemia.parent / "fits"))
            with pytest.raises(SystemExit) as ended:
                main(["compare", str(leukaemia), *columns, *rope, *more])
        return int(ended.value.code or 0), out.getvalue(), err.getvalue()

    return ask


def test_a_file_becomes_a_table_json_and_a_report(
    answered: Callable[..., tuple[int, str, str]], leukaemia: Path
) -> None:
    folder = leukaemia.parent
    code, out, err = answered("--json", str(folder / "verdict.json"), "--report", str(folder / "report"))
    assert code == 0, err
    assert "different (lower)" in out
    assert "declared at a time that is not stated" in out
    assert "42 patients: 30 with the event (status = 1), 12 censored." in out
    assert "\x1b" not in out + err
    assert "Seed 20240." in err
    assert "leuk" not in out.lower()  # the file's path is nobody's business
    assert (folder / "report" / "index.html").stat().st_size > 0
    verdict = json.loads((folder / "verdict.json").read_text())
    validate(verdict, json.loads(published("verdict-2.schema.json").read_text(encoding="utf-8")))
    study = json.loads((folder / "report" / "verdicts.json").read_text(encoding="utf-8"))
    validate(study, json.loads(published("study-2.schema.json").read_text(encoding="utf-8")))
    assert study["analyses"] == [verdict]
    assert verdict["schema"] == "bayesrefract/verdict/2"
    assert (verdict["n_patients"], verdict["events"], verdict["time_unit"]) == (42, 30, "weeks")
    groups = {group["level"]: group for group in verdict["groups"]}
    assert (groups["6-MP"]["events"], groups["6-MP"]["person_time"]) == (9, 359)
    assert (groups["placebo"]["events"], groups["placebo"]["person_time"]) == (21, 182)
    (contrast,) = verdict["contrasts"]
    assert (contrast["group"], contrast["reference"], contrast["primary"]) == ("6-MP", "placebo", True)
    assert contrast["cox"]["log_coef"] == pytest.approx(-1.572125148829, abs=1e-6)  # R, coxph, Efron
    assert contrast["rope"]["declared_on"] is None
    assert (contrast["verdict"], contrast["direction"]) == ("different", "below")


def test_json_alone_goes_to_stdout_and_the_stored_fit_is_found(answered: Callable[..., tuple[int, str, str]]) -> None:
    code, out, err = answered("--json", "-")
    assert code == 0, err
    assert json.loads(out)["provenance"]["seed"] == 20240
    assert "stored, not run again" in err
    assert "different (lower)" in err
    assert answered("--json", "-", "--quiet") == (0, out, "")


def test_another_rope_is_judged_without_a_new_fit(answered: Callable[..., tuple[int, str, str]]) -> None:
    code, out, err = answered("--rope", "0.05", "20", "--json", "-")
    assert "stored, not run again" in err
    (contrast,) = json.loads(out)["contrasts"]
    assert code == 0
    assert contrast["rope"]["p_inside"] > 0.999
    # 30 events are too few to tell whether the ratio changes, and equality is not said without that.
    assert contrast["verdict"] == "undecided"
