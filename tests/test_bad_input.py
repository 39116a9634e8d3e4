"""docs/bad-input.md, row by row: the real bad input, the real command, and what the row says of it."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from pathlib import Path
from typing import NamedTuple

import pytest
from bad_input_cases import CASES, NO_EVENTS, OF_ONE_ROW, STUDY_OF_TABLE, WARNINGS, Case, compare
from records_example import TABLE, change, faults_of, make_model, make_question, read

from bayesrefract.cli.app import main
from bayesrefract.cohort.select import select
from bayesrefract.messages import MORE, MOST_NAMES, listed, one_screen, printable
from bayesrefract.report.tables import Column, Table, to_csv

DOCUMENT = Path(__file__).parents[1] / "docs" / "bad-input.md"
SCREEN_LINES, SCREEN_WIDTH = 24, 100
ANYTHING = "…"


class Row(NamedTuple):
    """A fault of the tables, or (with an exit code for its remedy) something told and not refused."""

    case: str
    fault: str
    message: str
    remedy: str


def rows(heading: str) -> dict[str, Row]:
    """Rows of every table whose heading has this word in its last column."""
    found: dict[str, Row] = {}
    inside = False
    for line in DOCUMENT.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| Case |"):
            inside = cells[-1].strip(" |") == heading
        elif inside and line.startswith("| ") and len(cells) == len(Row._fields):
            row = Row(*(cell.removeprefix("`").removesuffix("`") for cell in cells))
            assert row.case not in found, f"{row.case} stands twice"
            found[row.case] = row
        elif not line.startswith("|"):
            inside = False
    return found


REFUSED, TOLD = rows("Remedy"), rows("Exit")


def run(
    case: Case, folder: Path, capsys: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch
) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a case's command, run in the folder that holds its files."""
    patch.chdir(folder)
    patch.setenv("BAYESREFRACT_CACHE", str(folder / "cache"))
    with pytest.raises(SystemExit) as ended:
        main(case.arguments)
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


def says(text: str, expected: str) -> bool:
    """Whether the parts of what is expected occur in the text, one after the other."""
    return bool(re.search(".*?".join(map(re.escape, expected.split(ANYTHING))), text))


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() if path.is_file() else b"" for path in folder.rglob("*")}


def test_every_row_has_a_case_and_every_case_a_row() -> None:
    assert REFUSED.keys() == CASES.keys()
    assert TOLD.keys() == WARNINGS.keys()


@pytest.mark.parametrize("name", list(REFUSED))
def test_bad_input_is_one_clear_screen_and_leaves_nothing_behind(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    row, case = REFUSED[name], CASES[name]
    case.make(tmp_path)
    before = contents(tmp_path)
    code, out, err = run(with_targets(case), tmp_path, capsys, monkeypatch)
    assert code == 1, err
    assert "All valid" not in out
    assert any(says(line, row.message) and says(line, row.remedy) for line in err.splitlines()), err
    assert err.startswith("Error: ")
    if name in OF_ONE_ROW:
        place = (
            r"patients\.csv line 3: " if name == "missing-identifier" else r"patients\.csv line 3 \(patient P-0[12]\): "
        )
        assert re.search(place + re.escape(row.message), err)
    assert "Traceback" not in err
    assert sum(math.ceil(len(line) / SCREEN_WIDTH) for line in err.splitlines()) <= SCREEN_LINES
    assert all(line == printable(line) for line in err.splitlines())
    assert contents(tmp_path) == before


def with_targets(case: Case) -> Case:
    """The same command, asked to write a report and, unless it names its own, a JSON file."""
    if case.arguments[0] != "compare":
        return case
    json = () if "--json" in case.arguments else ("--json", "verdict.json")
    return Case((*case.arguments, *json, "--report", "report"), case.files)


@pytest.mark.parametrize("name", list(TOLD))
def test_what_is_told_and_not_refused(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    row = TOLD[name]
    WARNINGS[name].make(tmp_path)
    code, out, err = run(WARNINGS[name], tmp_path, capsys, monkeypatch)
    assert code == int(row.remedy), err
    assert says(" ".join(out.split()), row.message), out


def test_a_group_without_events_keeps_its_numbers_and_strange_names_stay_text(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real fit: its posterior is proper, its verdict withheld, and no name becomes HTML or a formula."""
    html, formula = '=1+1 <b>"ä", 東京</b>', "-cmd|' /C calc'!A0"
    quoted_html = '"' + html.replace('"', '""') + '"'
    text = NO_EVENTS.replace(",b\n", f",{quoted_html}\n").replace(",a\n", f",{formula}\n")
    case = compare(
        text, "--json", "verdict.json", "--report", "report", id=None, adjust=None, categorical=None, reference=formula
    )
    case.make(tmp_path)
    code, _, err = run(case, tmp_path, capsys, monkeypatch)
    assert code == 3, err
    (contrast,) = json.loads((tmp_path / "verdict.json").read_text())["contrasts"]
    assert (contrast["group"], contrast["reference"], contrast["verdict"]) == (html, formula, "withheld")
    assert any("0 events" in reason for reason in contrast["reasons"])
    low, high = contrast["hazard_ratio"]["eti95"]
    assert 0 < low < contrast["hazard_ratio"]["median"] < high < 1
    made = [path for path in (tmp_path / "report").rglob("*") if path.suffix in {".html", ".svg", ".csv"}]
    assert any(path.suffix == ".html" for path in made)
    for path in made:
        written = path.read_text(encoding="utf-8")
        if path.suffix == ".csv":
            assert not [cell for row in csv.reader(io.StringIO(written)) for cell in row if cell in {html, formula}]
        else:
            assert "<b>" not in written, path


def test_a_message_fits_a_screen_whatever_it_holds() -> None:
    long = [f"column {i}: {'x' * 300}." for i in range(30)]
    shown = one_screen([*long, f"{MORE}7 more rows with faults."])
    assert sum(math.ceil((len(text) + 4) / SCREEN_WIDTH) for text in shown) < SCREEN_LINES
    assert shown[-2:] == [
        f"{MORE}7 more rows with faults.",
        f"{MORE}{30 - len(shown) + 2} more faults of other kinds; correct these first.",
    ]
    (page,) = one_screen([f"start {'x' * 5000} end."])
    assert (page[:5], page[-4:]) == ("start", "end.")
    assert len(page) < 700


def test_what_does_not_print_is_shown_as_an_escape() -> None:
    assert printable("a\x1b[2J\n\u202eb\udcffé") == r"a\x1b[2J\n\u202eb\udcff" + "é"
    assert one_screen(["a\x07b"]) == [r"a\x07b"]


def test_a_long_list_ends_with_the_count_of_the_rest() -> None:
    assert listed(map(str, range(MOST_NAMES))).endswith(f"{MOST_NAMES - 1}")
    assert listed(map(str, range(100)), 3) == "0, 1, 2, ... and 97 more"


@pytest.mark.parametrize(
    "text", ["=1+1", "+1+1", "-1+cmd|' /C calc'!A0", "@SUM(A1)", "-inf", "－1+1", "-", "-3 (x)", "=1"]
)
def test_text_that_a_spreadsheet_would_run_gets_an_apostrophe(text: str) -> None:
    table = Table("t", (Column(text), Column("b")), ((text, "plain"),))
    assert list(csv.reader(io.StringIO(to_csv(table)))) == [[f"'{text}", "b"], [f"'{text}", "plain"]]


@pytest.mark.parametrize(
    "number", ["-1.5", "-1,234.5", "+3", "-.5", "-3.2 (-5 to 1)", "-3.2 to 1.0", "-12%", "−0.3 (−1 to 2)", "–"]
)
def test_numbers_and_their_limits_stay_as_they_are(number: str) -> None:
    table = Table("t", (Column("a"), Column("b", numeric=True)), (("plain", number),))
    assert list(csv.reader(io.StringIO(to_csv(table))))[1] == ["plain", number]


def test_a_group_whose_last_patient_had_the_event_is_known_to_the_end(tmp_path: Path) -> None:
    """Its curve is 0 from there on, so that a later horizon extrapolates nothing; one censored patient changes that."""
    analysis = make_question(horizon=30.0)
    assert select(read(tmp_path), analysis, make_model()).n_patients == 8
    (fault,) = faults_of(tmp_path, change(("P-03,a,12,1", "P-03,a,12,0")), analysis)
    assert "beyond the follow-up of the group a, which ends at 12" in fault


def test_an_identifier_that_does_not_print_is_no_fault_and_shown_as_an_escape(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    case = compare(change(("P-02,a,8", "P\x1b[31m2,a,-8")))
    case.make(tmp_path)
    _, _, err = run(case, tmp_path, capsys, monkeypatch)
    assert err == (
        r"Error: patients.csv line 3 (patient P\x1b[31m2): time -8 is negative. "
        "Times are counted from 0 upwards: correct it.\n"
    )


def test_faults_of_options_model_columns_and_rows_are_told_together(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = change(("P-02,a,8", "P-02,a,-8"), ("P-06,b,33,1,58", "P-06,b,33,1,old"), ("P-04,b", "P-03,b"))
    case = compare(text, "--model", "primry", "--level", "95", rope=("1.25", "0.8"), primary="d")
    case.make(tmp_path)
    code, _, err = run(case, tmp_path, capsys, monkeypatch)
    assert code == 1
    assert err.startswith("Error: 7 faults in the input.\n")
    for said in ("--rope: ", "--level = 95", '"primry"', "--primary d", "time -8", 'age "old"', "already on line 4"):
        assert said in err


def test_faults_of_models_and_records_of_a_study_are_told_together(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    study = change(('["primary"]', '["primry"]'), text=STUDY_OF_TABLE)
    case = Case(("check", "."), {"study.toml": study, "patients.csv": TABLE.replace(",", ";")})
    case.make(tmp_path)
    code, _, err = run(case, tmp_path, capsys, monkeypatch)
    assert code == 1
    assert 'no model "primry"' in err
    assert "separated by semicolons" in err
