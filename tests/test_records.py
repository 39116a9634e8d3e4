"""Records are read as they are, or refused with file, line and remedy."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path

import pandas as pd
import pytest
from records_example import TABLE, make_model, make_question, make_study, read

from bayesrefract.cohort.cells import read_cells
from bayesrefract.cohort.read import group_levels, read_records
from bayesrefract.cohort.select import select
from bayesrefract.errors import RecordsError
from bayesrefract.study.study_file import load_study

DATA = Path(__file__).parents[1] / "data"


def faults_of(folder: Path, content: str | bytes, name: str = "patients.csv") -> tuple[str, ...]:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(RecordsError) as caught:
        read_records(make_study(path))
    return caught.value.faults


def test_a_csv_is_read_as_text_with_its_lines(tmp_path: Path) -> None:
    records = read(tmp_path)
    assert records.label == "patients.csv"
    assert records.sha256 == hashlib.sha256(TABLE.encode()).hexdigest()
    assert records.frame.shape == (8, 9)
    assert records.frame.loc[4, "time"] == "20.5"
    assert records.place(0) == "patients.csv line 2"


def test_blank_lines_and_cells_of_several_lines_keep_the_line_numbers(tmp_path: Path) -> None:
    text = TABLE.replace("P-02,a", '\n"P-\n02",a').replace("P-04", ",,,,,,,,\nP-04")
    records = read(tmp_path, text)
    assert [records.place(i).rsplit(" ", 1)[1] for i in range(4)] == ["2", "4", "6", "8"]


def test_byte_order_mark_and_windows_line_ends_change_nothing(tmp_path: Path) -> None:
    plain = read(tmp_path)
    (tmp_path / "bom.csv").write_bytes(b"\xef\xbb\xbf" + TABLE.replace("\n", "\r\n").encode())
    other = read_records(make_study(tmp_path / "bom.csv"))
    pd.testing.assert_frame_equal(plain.frame[list(other.frame.columns)], other.frame)
    assert [other.place(i)[-1] for i in range(8)] == [plain.place(i)[-1] for i in range(8)]


def test_parquet_and_csv_give_the_same_cohort(tmp_path: Path) -> None:
    frame = pd.read_csv(read_path(tmp_path))
    frame["sex"] = frame["sex"].astype(float)
    frame.set_index("id").to_parquet(tmp_path / "patients.parquet")
    parquet = read_records(make_study(tmp_path / "patients.parquet"))
    analysis, model = make_question(), make_model()
    first, second = select(read(tmp_path), analysis, model), select(parquet, analysis, model)
    assert second.patient == first.patient
    assert second.exit.tolist() == first.exit.tolist()
    assert second.event.tolist() == first.event.tolist()
    assert [c.levels for c in second.covariates] == [c.levels for c in first.covariates] == [None, ("1", "2")]
    assert parquet.place(0) == "patients.parquet row 1"


def read_path(folder: Path) -> Path:
    read(folder)
    return folder / "patients.csv"


def test_numbers_are_read_exactly_and_empty_cells_are_missing() -> None:
    texts = ["0.1", "32.942505133470223", " 7 ", "", "NA", "NaN", "1e-3", "1_000", "x", "2.0"]
    cells = read_cells(pd.DataFrame({"x": texts}), "x")
    assert cells.number[[0, 1, 2, 6, 9]].tolist() == [0.1, 32.942505133470223, 7.0, 0.001, 2.0]
    assert cells.missing.tolist() == [False] * 3 + [True] * 3 + [False] * 4
    assert cells.text[cells.textual].tolist() == ["1_000", "x"]
    assert cells.text[9] == "2"


def test_only_the_columns_of_the_study_are_kept_and_equal_cells_are_kept_once(tmp_path: Path) -> None:
    (tmp_path / "patients.csv").write_text(TABLE.replace("north", "a long name of a place"))
    records = read_records(make_study(tmp_path / "patients.csv"))
    assert list(records.frame.columns) == ["id", "arm", "time", "event", "age", "site", "sex"]
    assert records.header == tuple(TABLE.splitlines()[0].split(","))
    first, third = records.frame["site"].iloc[[0, 2]]
    assert first is third


def test_a_column_that_was_not_read_is_told_from_one_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "patients.csv").write_text(TABLE)
    records = read_records(make_study(tmp_path / "patients.csv"))
    with pytest.raises(RecordsError) as caught:
        select(records, make_question(entry="entry"), make_model())
    (fault,) = caught.value.faults
    assert 'the column "entry" (entry of pfs) was not read' in fault


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_line_ends_of_other_systems(tmp_path: Path, end: str) -> None:
    (tmp_path / "patients.csv").write_bytes(TABLE.replace("\n", end).encode())
    records = read_records(make_study(tmp_path / "patients.csv"))
    assert records.frame["time"].tolist() == ["5", "8", "12", "3", "20.5", "33", "14", "21"]


def test_other_marks_in_a_name_are_no_delimiters(tmp_path: Path) -> None:
    name = "site; centre; or | place"
    text = TABLE.replace("site", name, 1)
    adjustments = {"both": ("age", "sex"), "site": ("age", name)}
    columns = dataclasses.replace(make_question().columns, strata=())
    records = read(tmp_path, text, make_question(adjustments=adjustments, columns=columns))
    assert records.frame[name].iloc[0] == "north"


def test_semicolons_are_seen_behind_a_comma_in_a_name(tmp_path: Path) -> None:
    header, rest = TABLE.split("\n", 1)
    text = header.replace(",", ";") + ";size, mm\n" + rest.replace(",", ";")
    (fault,) = faults_of(tmp_path, text)
    assert "separated by semicolons" in fault


def test_a_large_file_says_how_far_it_has_been_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bayesrefract.cohort.csv_file.STEP", 2_000_000)
    header, rows = TABLE.split("\n", 1)
    path = tmp_path / "patients.csv"
    path.write_text(f"{header}\n{rows * 20_000}")
    told: list[str] = []
    records = read_records(make_study(path), told.append)
    assert records.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    size = path.stat().st_size // 1_000_000
    assert told[0] == f"Reading patients.csv ({size} MB)"
    steps = [int(line.split(": ")[1].split(" of ")[0]) for line in told[1:]]
    assert steps == sorted(steps)
    assert len(steps) == size // 2
    assert len(records.frame) == 160_000


def test_missing_columns_are_named_with_the_nearest_one(tmp_path: Path) -> None:
    faults = faults_of(tmp_path, TABLE.replace("time", "tyme").replace("age", "aeg"))
    assert 'patients.csv: there is no column "time" (time of pfs). Did you mean "tyme"? Correct the name.' in faults
    assert any('"age" (adjustment set' in fault and '"aeg"' in fault for fault in faults)
    assert faults[-1] == "patients.csv has the columns id, arm, tyme, event, aeg, site, sex, entry, end."


def test_missing_file_and_folder(tmp_path: Path) -> None:
    for path, words in ((tmp_path / "none.csv", "no such file"), (tmp_path, "this is a folder")):
        with pytest.raises(RecordsError, match=words):
            read_records(make_study(path))


def test_relative_paths_start_at_the_study_file(tmp_path: Path) -> None:
    read(tmp_path)
    study = dataclasses.replace(make_study("patients.csv"), path=tmp_path / "study.toml")
    assert len(read_records(study).frame) == 8


def test_records_with_another_checksum_are_refused(tmp_path: Path) -> None:
    read(tmp_path)
    good = hashlib.sha256(TABLE.encode()).hexdigest()
    study = dataclasses.replace(make_study(tmp_path / "patients.csv"), records_sha256=good)
    assert read_records(study).sha256 == good
    with pytest.raises(RecordsError) as caught:
        read_records(dataclasses.replace(study, records_sha256="0" * 64))
    assert good in str(caught.value)
    assert "0" * 64 in str(caught.value)


def test_files_inside_lifelines_are_found_by_plain_name_only() -> None:
    with pytest.raises(RecordsError, match=r'Did you mean "ACTG175.csv"\?'):
        read_records(make_study("lifelines:ACTG75.csv"))
    with pytest.raises(RecordsError, match="ships no such file"):
        read_records(make_study("lifelines:../__init__.py"))


def test_an_unknown_simulation_lists_the_known_ones() -> None:
    with pytest.raises(RecordsError, match="equivalence_trial"):
        read_records(make_study("simulated:nothing"))


def test_group_levels_in_the_order_of_the_records(tmp_path: Path) -> None:
    records = read(tmp_path)
    assert group_levels(records, "site") == ("north", "south", "east")
    with pytest.raises(RecordsError, match=r'Did you mean "site"\?'):
        group_levels(records, "sites")


def test_actg175_is_the_file_that_was_published_in_lifelines() -> None:
    records = read_records(load_study(DATA / "actg175"))
    assert records.frame.shape[0] == 2139
    assert (records.frame["cens"] == "1").sum() == 521
