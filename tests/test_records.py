"""Records are read as they are, or refused with file, line and remedy."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path

import pandas as pd
import pytest
from records_example import TABLE, make_plan, make_question, make_study, read

from bayesrefract.cohort.cells import read_cells
from bayesrefract.cohort.read import group_levels, read_records
from bayesrefract.cohort.select import select
from bayesrefract.errors import RecordsError
from bayesrefract.study_file import load_study

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
    pd.testing.assert_frame_equal(plain.frame, other.frame)
    assert [other.place(i)[-1] for i in range(8)] == [plain.place(i)[-1] for i in range(8)]


def test_parquet_and_csv_give_the_same_cohort(tmp_path: Path) -> None:
    frame = pd.read_csv(read_path(tmp_path))
    frame["sex"] = frame["sex"].astype(float)
    frame.set_index("id").to_parquet(tmp_path / "patients.parquet")
    parquet = read_records(make_study(tmp_path / "patients.parquet"))
    question, plan = make_question(), make_plan()
    first, second = select(read(tmp_path), question, plan), select(parquet, question, plan)
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


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ("empty",)),
        (b" \n\n", ("empty",)),
        (TABLE.splitlines()[0] + "\n", ("no patients",)),
        (TABLE.replace(",", ";"), ("semicolons", "commas")),
        (TABLE.replace("id,arm,time", "id,arm,id"), ("2 columns", '"id"')),
        (TABLE.replace("P-03,a,12", "P-03,a,12,7"), ("line 4", "10 cells", "header has 9")),
        (TABLE.replace("P-03,a", 'P-03,"a'), ("line 4", "quotation mark")),
        (TABLE.encode() + b"P-09,\xff,3,1,40,north,1,0,40\n", ("line 10", "UTF-8")),
    ],
)
def test_files_that_are_no_table(tmp_path: Path, content: str | bytes, words: tuple[str, ...]) -> None:
    fault = next(f for f in faults_of(tmp_path, content) if all(word in f for word in words))
    assert fault.startswith("patients.csv")
    assert fault.endswith(".")


def test_a_file_that_is_not_parquet(tmp_path: Path) -> None:
    (fault,) = faults_of(tmp_path, TABLE, "patients.parquet")
    assert fault == "patients.parquet: this is not a readable Parquet file. Save the records again."


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
