"""The flagship study: its file, its paper, other records by one path, and what is said of the paper's claim."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from lenalidomide_study import FOLDER, first, mutated, rows, to_text
from test_cli import call

from bayesrefract.cohort.read import Records
from bayesrefract.cohort.select import check_records, models_of, select
from bayesrefract.decision import VerdictWord
from bayesrefract.dossier import compile_dossier, printed_answer
from bayesrefract.errors import RecordsError
from bayesrefract.extension import read_study_records
from bayesrefract.papers import read_estimates
from bayesrefract.report.page.paper import what_is_supported
from bayesrefract.report.tables.paper import PrintedRow
from bayesrefract.studies.lenalidomide.page import addition, counted_once
from bayesrefract.studies.lenalidomide.spread import Printed, SpreadRow, how_printed, p_inside, read_spread, summarise
from bayesrefract.studies.lenalidomide.spread import to_text as spread_text
from bayesrefract.study.model_file import load_model
from bayesrefract.study.rope import Estimand
from bayesrefract.study.study import Analysis, Evidence, Study, with_records
from bayesrefract.study.study_file import load_study


@pytest.fixture(scope="module")
def study() -> Study:
    return load_study(FOLDER)


@pytest.fixture(scope="module")
def records(study: Study) -> Records:
    return read_study_records(study)


def analysis(study: Study, name: str) -> Analysis:
    return next(each for each in study.analyses if each.name == name)


def test_the_questions_that_lead_and_those_that_do_not(study: Study) -> None:
    assert [each.name for each in study.analyses if each.role == "main"] == [
        "pfs_second_line/all",
        "os_second_line/all",
        "pfs_retreatment/retreated",
        "os_retreatment/retreated",
    ]
    assert {each.name for each in study.analyses if each.role == "sensitivity"} == {
        "pfs_second_line/egfr_ge_60",
        "os_second_line/egfr_ge_60",
        "pfs_retreatment/retreated_egfr_ge_60",
        "pfs_retreatment_by_line/retreated_in_second_line",
        "pfs_retreatment_by_line/retreated_later",
        "os_retreatment/retreated_egfr_ge_60",
        "pfs_retreatment_given_wait/retreated",
        "pfs_retreatment_from_relapse/retreated",
        "os_retreatment_from_relapse/retreated",
    }


def test_every_range_is_exploratory_and_has_its_reason(study: Study) -> None:
    ropes = {rope for each in study.analyses for rope in each.ropes}
    assert {(rope.low, rope.high) for rope in ropes if rope.estimand is Estimand.HAZARD_RATIO} == {
        (0.80, 1.25),
        (0.77, 1.30),
    }
    assert not any(rope.before_data for rope in ropes)
    assert study.evidence is Evidence.REBUILT
    assert [
        rope.high for rope in analysis(study, "pfs_retreatment/retreated").ropes if rope.estimand.value[:4] == "rmst"
    ]
    assert not [rope for rope in analysis(study, "os_second_line/all").ropes if rope.estimand.value[:4] == "rmst"]


def test_patients_of_each_question(study: Study, records: Records) -> None:
    model = load_model("unadjusted")
    sizes = {each.name: select(records, each, model).n_patients for each in study.analyses}
    assert sizes["pfs_second_line/all"] == 476
    assert sizes["pfs_second_line/egfr_ge_60"] == 380
    assert sizes["pfs_retreatment/retreated"] == 212
    assert sizes["pfs_retreatment/retreated_egfr_ge_60"] == 174
    assert sizes["pfs_retreatment_by_line/retreated_in_second_line"] == 121
    assert sizes["pfs_retreatment_by_line/retreated_later"] == 91


def test_the_clock_of_first_relapse_enters_at_retreatment(study: Study, records: Records) -> None:
    model = load_model("unadjusted")
    own = select(records, analysis(study, "pfs_retreatment/retreated"), model)
    relapse = select(records, analysis(study, "pfs_retreatment_from_relapse/retreated"), model)
    assert relapse.exit - relapse.entry == pytest.approx(own.exit)
    assert (relapse.event == own.event).all()
    assert int((relapse.entry == 0).sum()) == 121


def test_nobody_is_analysed_without_follow_up_on_either_clock(study: Study, tmp_path: Path) -> None:
    def change(changed: list[dict[str, str]]) -> None:
        first(changed, retreatment_is_second_line="0", pfs_retreatment_event="0")["pfs_retreatment_months"] = "0"

    found = read_study_records(with_records(study, mutated(tmp_path, change)))
    for name in ("pfs_retreatment/retreated", "pfs_retreatment_from_relapse/retreated"):
        cohort = select(found, analysis(study, name), load_model("unadjusted"))
        assert cohort.flow.excluded["censored at time 0"] == 1, name
        assert (cohort.exit > cohort.entry).all()


def test_the_administrative_end_is_counted_from_the_same_clock(study: Study, records: Records) -> None:
    asked = analysis(study, "pfs_retreatment_from_relapse/retreated")
    asked = replace(asked, endpoint=replace(asked.endpoint, administrative_end="os_retreatment_months"))
    cohort = select(records, asked, load_model("unadjusted"))
    wanted = [
        float(row["months_first_relapse_to_retreatment"]) + float(row["os_retreatment_months"])
        for row in rows()
        if row["retreated"] == "1"
    ]
    assert cohort.administrative_end == pytest.approx(wanted)


def test_other_models_are_checked_wherever_they_would_be_tried(study: Study, tmp_path: Path) -> None:
    """`--model wide` is tried on questions that name other models: what it cannot do there is told beforehand."""

    def change(changed: list[dict[str, str]]) -> None:
        for row in changed:
            if row["retreatment_is_second_line"] == "0":
                row["retreatment_asct"] = "1" if row["retreatment_regimen_class"] == "r_pi" else "0"

    found = read_study_records(with_records(study, mutated(tmp_path, change)))
    check_records(found, study)
    with pytest.raises(RecordsError, match="retreatment_asct repeats retreatment_regimen_class"):
        check_records(found, replace(study, models=("wide",)))


def test_models_are_tried_where_they_are_asked_for(study: Study) -> None:
    models = [load_model(name) for name in study.models]
    assert [model.name for model in models_of(analysis(study, "pfs_second_line/all"), models)] == list(study.models)
    later = analysis(study, "pfs_retreatment_by_line/retreated_later")
    assert [model.name for model in models_of(later, models)] == ["unadjusted"]
    other = [load_model("collapsed")]
    assert models_of(later, other) == other, "a model asked for on the command line is tried everywhere"


def test_other_records_run_by_changing_one_path(study: Study, tmp_path: Path) -> None:
    for name in ("published_counts.csv", "published_estimates.csv", "reconstruction_spread.csv"):
        (tmp_path / name).write_bytes((FOLDER / name).read_bytes())
    changed = rows()[::-1]
    for number, row in enumerate(changed):
        row["patient_id"] = f"P-{number}"
    (tmp_path / "registry.csv").write_text(to_text(changed), encoding="utf-8")
    text = (FOLDER / "study.toml").read_text(encoding="utf-8")
    (tmp_path / "study.toml").write_text(text.replace('"cohort.csv"', '"registry.csv"'), encoding="utf-8")
    other = load_study(tmp_path)
    found = read_study_records(other)
    check_records(found, other)
    assert found.label == "registry.csv"
    assert found.sha256 != read_study_records(study).sha256
    cohort = select(found, analysis(other, "pfs_second_line/all"), load_model("unadjusted"))
    assert cohort.patient == tuple(row["patient_id"] for row in changed)
    assert "fidelity.csv" in addition(other, found).files


def test_real_records_are_held_against_no_printed_number(study: Study, tmp_path: Path) -> None:
    text = (FOLDER / "study.toml").read_text(encoding="utf-8").replace('evidence = "rebuilt"', 'evidence = "patients"')
    for path in FOLDER.glob("*.csv"):
        (tmp_path / path.name).write_bytes(
            path.read_bytes().replace(b"REBUILT-", b"P-").replace(b",rebuilt", b",patients")
        )
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    real = load_study(tmp_path)
    found = read_study_records(real)
    added = addition(real, found)
    assert not added.files
    assert [section.anchor for sections in added.sections.values() for section in sections] == ["counted-once"]
    assert compile_dossier(real, found).printed, "the paper's numbers stand beside real records all the same"


def test_the_printed_numbers_judged(study: Study) -> None:
    """statistics.md, section 6: 0.854 and 0.498, both undecided; the contrast of adjusted ratios 0.63 to 0.89."""
    estimates = read_estimates(FOLDER / "published_estimates.csv")[1]
    second = printed_answer(analysis(study, "pfs_second_line/all"), estimates)
    again = printed_answer(analysis(study, "pfs_retreatment/retreated"), estimates)
    assert second.ratio is not None
    assert again.ratio is not None
    assert second.adjusted is not None
    assert second.ratio.verdict.p_inside == pytest.approx(0.854, abs=0.0005)
    assert again.ratio.verdict.p_inside == pytest.approx(0.498, abs=0.0005)
    assert {second.ratio.verdict.word, again.ratio.verdict.word} == {VerdictWord.UNDECIDED}
    inside = [each.verdict.p_inside for each in second.adjusted.assessments]
    assert (round(min(inside), 2), round(max(inside), 2)) == (0.63, 0.89)
    assert (second.p, again.p) == ("p = 0.95", "p = 0.62")
    overall = printed_answer(analysis(study, "os_retreatment/retreated"), estimates)
    assert (overall.ratio, overall.adjusted, overall.p) == (None, None, "p = 0.97")


def test_shared_events_are_counted_once(records: Records) -> None:
    """Brute force: distinct (patient, end of a therapy) among the progressions, distinct patients among the dead."""
    progressions, deaths = counted_once(records)
    therapies, dead = set(), set()
    for row in rows():
        if row["pfs_second_line_event"] == "1":
            therapies.add((row["patient_id"], 0.0))
        if row["pfs_retreatment_event"] == "1":
            therapies.add((row["patient_id"], float(row["months_first_relapse_to_retreatment"])))
        if row["os_second_line_event"] == "1":
            dead.add(row["patient_id"])
    assert progressions.distinct == len(therapies)
    assert deaths.distinct == len(dead)
    assert deaths.shared == deaths.retreatment, "everybody who died after retreatment died after second line"
    assert 0 < progressions.shared < progressions.retreatment


def test_a_retreatment_moved_to_second_line_is_shared(study: Study, tmp_path: Path) -> None:
    def change(changed: list[dict[str, str]]) -> None:
        first(changed, retreatment_is_second_line="0", pfs_retreatment_event="1")["retreatment_is_second_line"] = "1"

    before = counted_once(read_study_records(study))[0]
    after = counted_once(read_study_records(with_records(study, mutated(tmp_path, change))))[0]
    assert after.shared == before.shared + 1
    assert after.distinct == before.distinct - 1


# What is said of the claim


def row(*words: VerdictWord) -> PrintedRow:
    return PrintedRow(("",) * 7, words)


def test_what_the_numbers_support_follows_from_the_verdicts() -> None:
    nothing = what_is_supported([row(VerdictWord.UNDECIDED), row(VerdictWord.WITHHELD), row()])
    assert "none is “equivalent” and none “different” (undecided 1, withheld 1)" in nothing
    assert "show neither that the groups are equivalent nor that they differ" in nothing
    some = what_is_supported([row(VerdictWord.EQUIVALENT), row(VerdictWord.UNDECIDED), row(VerdictWord.DIFFERENT)])
    assert "1 are “equivalent” and 1 “different”" in some
    assert "do not show" not in some
    assert what_is_supported([]) == "No verdict can be given on any of its questions."


# Spread


def test_p_inside_is_that_of_the_printed_interval(study: Study) -> None:
    """0.99 (0.73-1.33): the standard error of the limits gives 0.854, as for the printed numbers."""
    import math

    rope = analysis(study, "pfs_second_line/all").rope(Estimand.HAZARD_RATIO)
    assert rope is not None
    se = math.log(1.33 / 0.73) / (2 * 1.959964)
    assert p_inside(math.log(0.99), se, rope) == pytest.approx(0.854, abs=0.002)


def test_the_spread_file_comes_back_as_it_was_written(tmp_path: Path) -> None:
    made = (
        SpreadRow(1, "pfs", "all", "primary", Printed.NO, 0.9, 0.5, 1.5, 0.4, 60),
        SpreadRow(2, "pfs", "all", "primary", Printed.NO, 1.1, 0.6, 1.9, 0.5, 61),
    )
    path = tmp_path / "spread.csv"
    path.write_text(spread_text(made), encoding="utf-8")
    assert read_spread(path) == made
    (line,) = summarise(made)
    assert (line.median, line.lowest, line.highest, line.cohorts) == (1.0, 0.9, 1.1, 2)


def test_what_is_printed_of_each_comparison(study: Study) -> None:
    estimates = read_estimates(FOLDER / "published_estimates.csv")[1]
    models = {name: load_model(name) for name in ("primary", "total", "unadjusted")}
    found = {
        (each.name, name): how_printed(each, model, estimates)
        for each in study.analyses
        for name, model in models.items()
    }
    assert {key: value for key, value in found.items() if value is not Printed.NO} == {
        ("pfs_second_line/all", "unadjusted"): Printed.RATIO,
        ("pfs_second_line/all", "primary"): Printed.CONTRAST,
        ("os_second_line/all", "unadjusted"): Printed.P_VALUE,
        ("os_second_line/all", "primary"): Printed.CONTRAST,
        ("pfs_retreatment/retreated", "unadjusted"): Printed.RATIO,
        ("pfs_retreatment/retreated", "primary"): Printed.CONTRAST,
        ("os_retreatment/retreated", "unadjusted"): Printed.P_VALUE,
        ("pfs_second_line/egfr_ge_60", "unadjusted"): Printed.P_VALUE,
        ("os_second_line/egfr_ge_60", "unadjusted"): Printed.P_VALUE,
        ("pfs_retreatment/retreated_egfr_ge_60", "unadjusted"): Printed.P_VALUE,
        ("os_retreatment/retreated_egfr_ge_60", "unadjusted"): Printed.P_VALUE,
    }


def test_the_committed_spread_is_of_twenty_cohorts_and_says_what_is_pinned() -> None:
    found = read_spread(FOLDER / "reconstruction_spread.csv")
    assert len({each.seed for each in found}) == 20
    lines = summarise(found)
    pinned = [line.highest / line.lowest for line in lines if line.printed is Printed.RATIO]
    free = [line.highest / line.lowest for line in lines if line.printed is Printed.NO]
    assert max(pinned) < 1.1 < sorted(free)[len(free) // 2]


def test_a_file_that_is_no_spread_is_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for path in FOLDER.iterdir():
        if path.is_file():
            (tmp_path / path.name).write_bytes(path.read_bytes())
    text = (FOLDER / "study.toml").read_text(encoding="utf-8")
    assert 'spread = "reconstruction_spread.csv"' in text
    (tmp_path / "study.toml").write_text(
        text.replace('"reconstruction_spread.csv"', '"published_counts.csv"'), encoding="utf-8"
    )
    for command in (("check",), ("fit", "--out", str(tmp_path / "out"))):
        code, _, error = call(capsys, command[0], str(tmp_path), *command[1:])
        assert code == 1
        assert "published_counts.csv: not a table of rebuilt cohorts (it has no column seed)" in error
    assert not (tmp_path / "out").exists(), "told before anything is fitted"


def test_a_place_in_the_paper_that_does_not_exist_is_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for path in FOLDER.glob("*.csv"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    text = (FOLDER / "study.toml").read_text(encoding="utf-8")
    old = '{ setting = "second_line", endpoint = "os" }'
    assert text.count(old) == 1
    (tmp_path / "study.toml").write_text(text.replace(old, old.replace("second", "secnd")), encoding="utf-8")
    code, _, error = call(capsys, "check", str(tmp_path))
    assert code == 1
    assert "os_second_line/all is printed under all secnd_line os" in error
    assert "os_second_line/egfr_ge_60 is printed under egfr_ge_60 secnd_line os" in error
