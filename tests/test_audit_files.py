"""The files of an audit: either alone, and every fault of both in one run."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from paper_example import COUNTS, ESTIMATES, write_paper
from test_cli import call

from bayesrefract.errors import InputError
from bayesrefract.papers.audit import Report, audit, read_paper
from bayesrefract.papers.ratios_file import Wanted, read_ratios

OF_COUNTS = {"percentages", "sums of counts", "p-values of counts", "small expected counts", "near copies"}
OF_ESTIMATES = {"limits", "interval symmetry", "p against interval"}
EVENTS = "events implied by intervals"
NO_COUNTS = "no counts file is given (--counts)"
NO_ESTIMATES = "no estimates file is given (--estimates)"


def assert_only(report: Report, whole: Report, made: set[str], reason: str) -> None:
    """These checks say what they say beside the other file; the others say why they were not made."""
    beside = {each.check: each for each in whole.outcomes}
    assert beside.keys() == OF_COUNTS | OF_ESTIMATES | {EVENTS}
    assert [each.check for each in report.outcomes] == list(beside)
    for each in report.outcomes:
        if each.check in made:
            assert each == beside[each.check]
        else:
            (left,) = each.unchecked
            assert (each.checked, each.findings, left.reason) == (0, (), reason)
    assert report.implied_events == ()


def test_either_file_alone_is_checked_as_beside_the_other(tmp_path: Path) -> None:
    sex, ratio = COUNTS["sex"].replace("49.0", "94.0"), ESTIMATES["os ratio"].replace("2.32", "3.22")
    estimates, counts = write_paper(tmp_path, {"sex": sex}, {"os ratio": ratio})
    whole = audit(read_paper(estimates, counts))
    only_counts, only_estimates = audit(read_paper(None, counts)), audit(read_paper(estimates, None))
    assert_only(only_counts, whole, OF_COUNTS, NO_ESTIMATES)
    assert_only(only_estimates, whole, OF_ESTIMATES, NO_COUNTS)
    assert {each.check for each in only_counts.findings} == {"percentages"}
    assert {each.check for each in only_estimates.findings} >= {"interval symmetry"}
    ratios = next(left.subjects for left in only_estimates.unchecked if left.check == EVENTS)
    assert len(ratios) == len([row for row in ESTIMATES.values() if ",hr_" in row])  # each is named that could be


def test_the_command_with_one_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    estimates, counts = write_paper(tmp_path)
    code, out, _ = call(capsys, "audit", "--counts", str(counts), "--out", str(tmp_path / "made"))
    assert code == 0
    assert "No estimates file is given (--estimates)." in out
    assert "Events that the width" not in out  # a table without rows
    with (tmp_path / "made" / "not-checked.csv").open(encoding="utf-8") as stream:
        which = {(row["Check"], row["Why not"]): row["Which"] for row in csv.DictReader(stream)}
    assert which["limits", NO_ESTIMATES] == "all"
    code, out, _ = call(capsys, "audit", "--estimates", str(estimates), "--json", "-", "--quiet")
    assert code == 0
    assert {each["check"] for each in json.loads(out)["unchecked"] if each["reason"] == NO_COUNTS} == {
        *OF_COUNTS,
        EVENTS,
    }


def test_a_ratio_that_cannot_be_is_named_where_it_was_passed_over(tmp_path: Path) -> None:
    spoilt = {
        "pfs ratio": ESTIMATES["pfs ratio"].replace("0.92,1.56", "1.56,0.92"),
        "pfs adjusted": ESTIMATES["pfs adjusted"].replace("1.30", ""),
        "os ratio": ESTIMATES["os ratio"].replace("95% CI", "IQR"),
    }
    report = audit(read_paper(*write_paper(tmp_path, estimates=spoilt)))
    told = {(left.check, left.reason): left.subjects for left in report.unchecked}
    adjusted, pfs, os = (f"{which}: {pair}" for which, pair in (
        ("pfs, baseline, all, hr_adjusted", "low vs control"),
        ("pfs, baseline, all, hr_unadjusted", "low vs control"),
        ("os, baseline, all, hr_unadjusted", "high vs control"),
    ))  # fmt: skip
    assert told["limits", "no value printed"] == (adjusted,)
    assert set(told["interval symmetry", "not a ratio between two limits above 0"]) == {pfs, adjusted}
    assert told["interval symmetry", '"IQR" is no interval of a ratio'] == (os,)
    assert [each.message for each in report.findings] == ["1.20 (1.56-0.92): the limits are reversed"]


FAULTS = {
    'estimates.csv line 2: group "lwo" is not known. Did you mean "low"? The counts are of control, low, high.',
    'estimates.csv line 2: ci_low "0,92" is not a number.',
    'estimates.csv line 3: value "17" is not a p-value. Give a number from 0 to 1.',
    'estimates.csv line 6: reference "contrl" is not known. Did you mean "control"?',
    'estimates.csv line 7: value "-0.001" is not a p-value.',
    'counts.csv line 2: control "2OO" is not a number.',
    "counts.csv line 2: a size of n is missing, or is not a whole number from 1.",
    "counts.csv line 3: percent_printed holds 2 numbers for 3 groups.",
    'counts.csv line 7: p_printed "12" is not a p-value. Give a number from 0 to 1, or <0.001.',
}


def faulty(folder: Path) -> tuple[Path, Path]:
    return write_paper(
        folder,
        {
            "n": COUNTS["n"].replace("200", "2OO"),
            "sex": COUNTS["sex"].replace("49.0 46.7", "49.0"),
            "marker": ",".join([*COUNTS["marker"].split(",")[:8], "12", ""]),
        },
        {
            "pfs ratio": ESTIMATES["pfs ratio"].replace("low,control", "lwo,control").replace("0.92", '"0,92"'),
            "pfs p": ESTIMATES["pfs p"].replace("0.17", "17"),
            "os ratio": ESTIMATES["os ratio"].replace("control", "contrl"),
            "os p": ESTIMATES["os p"].replace("0.001", "-0.001"),
        },
    )


def test_every_fault_of_both_files_by_row_in_one_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = faulty(tmp_path)
    with pytest.raises(InputError) as error:
        read_paper(*files)
    for told in FAULTS:
        assert any(fault.startswith(told) for fault in error.value.faults), told
    assert len(error.value.faults) == len(FAULTS)
    out = tmp_path / "made"
    code, shown, err = call(capsys, "audit", "--estimates", str(files[0]), "--counts", str(files[1]), "--out", str(out))
    assert (code, shown, out.exists()) == (1, "", False)
    assert err.startswith(f"Error: {len(FAULTS)} faults in the input.")


def test_a_reader_of_ratios_is_not_told_of_a_p_beyond_1(tmp_path: Path) -> None:
    files = write_paper(tmp_path, estimates={"pfs p": ESTIMATES["pfs p"].replace("0.17", "17")})
    assert len(read_ratios(files[0], Wanted()).ratios) == 3
