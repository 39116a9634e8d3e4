"""`bayesrefract published`: what it shows and writes, and every fault of a row or an option in one run."""

from __future__ import annotations

import json
import math
from pathlib import Path
from xml.etree import ElementTree

import pytest
from test_cli import call

STUDY = Path(__file__).parents[1] / "data" / "lenalidomide" / "published_estimates.csv"
ROPE = ("--rope", "0.8", "1.25", "--rope-source", "bioequivalence", "--after-data")
HEAD = "study,group,reference,statistic,value,ci_low,ci_high,interval_kind"


def published(
    capsys: pytest.CaptureFixture[str], *arguments: str, rope: tuple[str, ...] = ROPE
) -> tuple[int, str, str]:
    return call(capsys, "published", *arguments, *rope)


def table(folder: Path, *rows: str) -> str:
    path = folder / "ratios.csv"
    path.write_text("\n".join([HEAD, *rows]) + "\n", encoding="utf-8")
    return str(path)


def test_one_ratio(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("--hr", "0.99", "--ci", "0.73", "1.33", "--contrast", "standard", "low")
    code, out, _ = published(capsys, *arguments)
    assert code == 0
    for words in ("0.082, 0.854, 0.064", "0.855", "1.36 (from 0.73 to 1.36)", "undecided", "flat on the log HR"):
        assert words in out
    last = out.strip().splitlines()[-1]
    assert "the data are inconclusive" in last
    assert "Exploratory" in last
    for forbidden in ("equivalent", "similar", "comparable", "no difference"):
        assert forbidden not in last


def test_json_alone_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = published(capsys, "--hr", "0.83", "--ci", "0.50", "1.39", "--json", "-", "--prior", "sceptical")
    payload = json.loads(out)
    (one,) = payload["ratios"]
    assert code == 0
    assert payload["schema"] == "bayesrefract/published/1"
    assert one["printed"]["low"] == "0.50"
    assert one["p_below"] + one["p_inside"] + one["p_above"] == pytest.approx(1)
    assert payload["prior"]["inside"] == pytest.approx(0.10)
    assert "undecided" in err


def test_the_flagship_file_is_read_as_it_is(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    filters = ("--where", "statistic=hr_unadjusted", "--where", "reference=low_dose", "--where", "group=standard_dose")
    code, out, _ = published(capsys, str(STUDY), *filters, "--out", str(tmp_path / "made"))
    assert code == 0
    assert "2 ratios; 8 ratios not asked for, and 55 rows of other statistics passed over." in out
    payload = json.loads((tmp_path / "made" / "published.json").read_text(encoding="utf-8"))
    assert [round(each["p_inside"], 3) for each in payload["ratios"]] == [0.854, 0.498]
    rows = (tmp_path / "made" / "published.csv").read_text(encoding="utf-8").splitlines()
    assert len(rows) == 3
    figure = ElementTree.parse(tmp_path / "made" / "published.svg").getroot()
    text = " ".join("".join(node.itertext()) for node in figure.iter() if node.tag.endswith("text"))
    assert "P inside 0.854" in text
    assert "P inside 0.498" in text


def test_the_range_of_a_contrast(capsys: pytest.CaptureFixture[str]) -> None:
    pair = ("--hr", "2.08", "--ci", "1.42", "3.0", "--against", "2.13", "1.56", "2.9")
    code, out, _ = published(capsys, *pair, "--correlation", "0", "0.7", "--json", "-", "--quiet")
    rows = {row["correlation"]: row["p_inside"] for row in json.loads(out)["contrast"]["by_correlation"]}
    assert code == 0
    assert {r: round(rows[r], 2) for r in (0, 0.3, 0.5, 0.7)} == {0: 0.63, 0.3: 0.71, 0.5: 0.79, 0.7: 0.89}
    code, _, err = published(capsys, *pair)
    assert code == 1
    assert "Give a range, such as --correlation 0 0.7, or the events of the three groups" in err
    code, _, err = published(capsys, *pair, "--correlation", "0.5", "0.5")
    assert code == 1
    assert "one number would claim to know it" in err


def test_the_events_of_three_groups_give_the_correlation(capsys: pytest.CaptureFixture[str]) -> None:
    """(1/74) / sqrt((1/184 + 1/74) (1/100 + 1/74)) = 0.6402, in whatever order the groups are named."""
    pair = ("--hr", "2.08", "--ci", "1.42", "3.0", "--against", "2.13", "1.56", "2.9", "--json", "-", "--quiet")
    numbers = ("--events", "74", "184", "100")
    named = ("--events", "b=100", "a=184", "c=74", "--contrast", "a", "c", "--against-group", "b")
    for events in (numbers, named):
        code, out, _ = published(capsys, *pair, *events)
        (row,) = json.loads(out)["contrast"]["by_correlation"]
        assert code == 0
        assert row["correlation"] == pytest.approx(0.6402, abs=5e-5)
    one, two = (math.log(high / low) / (2 * 1.959964) for low, high in ((1.42, 3.0), (1.56, 2.9)))
    assert row["log_se"] == pytest.approx(math.sqrt(one**2 + two**2 - 2 * 0.6402 * one * two), abs=1e-4)
    _, out, _ = published(capsys, *pair[:-3], *numbers)
    assert "The events of the groups give the correlation 0.64." in out


def test_a_withheld_verdict_leaves_with_its_own_code(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = published(capsys, "--hr", "0.99", "--ci", "0.73", "1.33", "--prior", "enthusiastic")
    assert code == 3
    assert "withheld" in out


ROWS = ("a,new,old,hr,0.99,0.73,1.33,95% CI", "b,new,old,hr,0.83,0.50,1.39,95% CI", "c,new,old,hr,1.10,0.90,1.34,")


def test_pooling(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, _ = published(capsys, table(tmp_path, *ROWS), "--pool", "--figure", str(tmp_path / "f.svg"))
    assert code == 0
    assert "Random-effects mean of 3 studies" in out
    assert "Only 3 studies: fewer than 5" in " ".join(out.split())
    assert "half-normal(0.5)" in out
    assert (tmp_path / "f.svg").exists()


@pytest.mark.parametrize(
    ("rows", "options", "told"),
    [
        ((ROWS[0], ROWS[0], ROWS[1]), (), 'more than one row is of "a": these share patients and would count twice.'),
        ((ROWS[0], ROWS[0]), ("--correlation", "0", "0.5"), 'are of one study ("a"). It takes two.'),
        ((ROWS[0], ROWS[1].replace("b,", ",", 1)), (), "1 of the rows to pool name no study"),
        ((ROWS[0], ROWS[1].replace("old", "older")), (), "the rows are of new vs old, new vs older."),
        (ROWS, ("--correlation", "0", "0.5"), "no two rows are of one study, so that it has no use."),
    ],
)
def test_what_cannot_be_pooled(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, rows: tuple[str, ...], options: tuple[str, ...], told: str
) -> None:
    code, out, err = published(capsys, table(tmp_path, *rows), "--pool", *options)
    assert (code, out) == (1, "")
    assert told in err


def test_two_endpoints_are_not_pooled(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "ratios.csv"
    rows = ("endpoint,study,group,reference,value,ci_low,ci_high", "pfs,a,x,y,1.0,0.8,1.25", "os,b,x,y,1.0,0.8,1.25")
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    code, _, err = published(capsys, str(path), "--pool")
    assert code == 1
    assert "only one endpoint can be pooled, and the rows are of os, pfs." in err


FAULTS = {
    "a,new,old,hr,0.99,1.33,0.73,95% CI": "line 2: the interval 1.33 to 0.73 is reversed. Put the lower limit first.",
    "b,new,old,hr,2.99,0.73,1.33,95% CI": "line 3: 2.99 lies outside its interval 0.73 to 1.33.",
    "c,new,old,hr,0.99,0,1.33,95% CI": "line 4: lower limit 0 is not above 0. A ratio and its limits are positive.",
    "d,new,old,hr,0.99,-0.73,1.33,95% CI": "line 5: lower limit -0.73 is not above 0.",
    "e,nwe,old,hr,0.99,0.73,1.33,95% CI": 'line 6: group "nwe" is not known. Did you mean "new"?',
    "f,new,,hr,0.99,0.73,1.33,95% CI": "line 7: reference is missing. Name the group it is compared with.",
    "g,new,old,hr,1·05,0.73,1.33,95% CI": 'line 8: value "1·05" is not a number.',
    "h,new,old,hr,0.99,0.73,,95% CI": "line 9: ci_high is missing.",
    "i,new,old,hr,0.99,0.73,not_reached,95% CI": "line 10: a limit of a ratio cannot be not_reached.",
    "j,old,old,hr,0.99,0.73,1.33,IQR": 'line 11: interval_kind "IQR" is no interval of a ratio.',
    "k,new,old,hr,1.00,1.00,1.00,95% CI": "line 12: the interval 1.00 to 1.00 has no width.",
}


def test_every_fault_of_every_row_in_one_run(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = table(tmp_path, *FAULTS, "z,nobody,new,km_median,x,,,")
    code, out, err = published(
        capsys,
        path,
        "--group",
        "new",
        "--group",
        "old",
        "--out",
        str(tmp_path / "made"),
        rope=("--rope-source", "x", "--rope", "0.8", "1.25"),
    )
    assert (code, out) == (1, "")
    for told in FAULTS.values():
        assert f"ratios.csv {told}" in err
    assert "compared with itself" in err
    assert "line 13" not in err  # a median is nothing to a reader of ratios
    assert not (tmp_path / "made").exists()


def test_faults_of_the_options_are_told_together(capsys: pytest.CaptureFixture[str]) -> None:
    options = (
        "--hr",
        "1,05",
        "--ci",
        "1.33",
        "0.73",
        "--ci-level",
        "95",
        "--pool",
        "--figure",
        "x.png",
        "--tau-scale",
        "0",
    )
    code, _, err = published(capsys, *options, rope=("--rope", "1.25", "0.8", "--rope-source", "x"))
    assert code == 1
    for told in (
        '--hr, --ci: "1,05" is not a number.',
        "--ci-level 95 is not allowed.",
        "--pool, --where and --group are for a CSV file of ratios.",
        "--figure x.png: the figure is an SVG file.",
        "--tau-scale 0 is not allowed.",
        "are reversed. Put the smaller bound in low.",
    ):
        assert told in err


@pytest.mark.parametrize(
    ("filters", "told"),
    [
        (("--where", "statistc=hr"), 'has no such column. Did you mean "statistic"?'),
        (("--where", "group=standard"), 'no ratio has this value. Did you mean "standard_dose"?'),
        (("--where", "endpoint=os", "--where", "statistic=hr_unadjusted"), "Each value occurs, but not together"),
        (("--where", "endpoint"), "write COLUMN=VALUE."),
        (("--contrast", "a", "b"), "For a file choose rows with --where group=NAME."),
        (("--against-group", "c"), "--against-group names the group of --against, which is not given."),
        (("--hr", "1.0"), "give either a file, or --hr with --ci and --against, not both."),
    ],
)
def test_filters_that_no_row_meets(capsys: pytest.CaptureFixture[str], filters: tuple[str, ...], told: str) -> None:
    code, out, err = published(capsys, str(STUDY), *filters)
    assert (code, out) == (1, "")
    assert told in err


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "the file is empty. It needs a line of column names and a line per row of the paper."),
        ("group;reference;value;ci_low;ci_high\na;b;1;2;3\n", "separated by semicolons"),
        ("group,reference,hr,ci_low,ci_high\na,b,1,0.5,2\n", 'there is no column "value".'),
        (f"{HEAD}\na,new,old,km_median,30,23,35,95% CI\n", "no row is a hazard ratio"),
    ],
)
def test_files_that_hold_no_ratio(capsys: pytest.CaptureFixture[str], tmp_path: Path, content: str, told: str) -> None:
    path = tmp_path / "ratios.csv"
    path.write_text(content, encoding="utf-8")
    code, _, err = published(capsys, str(path))
    assert code == 1
    assert told in err
    assert "patient" not in err
