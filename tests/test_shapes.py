"""Ordinary shapes of input and output: pipes, wide files, long numbers, full and closed streams."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from records_example import TABLE
from scipy.stats import norm

from bayesrefract.cli.exits import ExitCode, exit_code_of
from bayesrefract.cohort.frames import records_of_frame
from bayesrefract.cohort.read import Records, read_file
from bayesrefract.comparing import check_seed
from bayesrefract.comparison import natural_order
from bayesrefract.errors import InputError, RecordsError
from bayesrefract.model.priors import resolve_group_prior
from bayesrefract.names import look_alikes
from bayesrefract.papers.sheet import open_sheet
from bayesrefract.study.model import GroupPriorName, Priors
from bayesrefract.study.rope import Rope

COLUMNS = ("id", "arm", "time", "event", "age")
FULL = Path("/dev/full")


def piped(folder: Path, name: str, content: bytes) -> Path:
    """A named pipe that gives its content once."""
    path = folder / name
    os.mkfifo(path)
    threading.Thread(target=path.write_bytes, args=(content,), daemon=True).start()
    return path


def same(first: Records, second: Records) -> bool:
    return first.frame.equals(second.frame) and (first.sha256, first.header) == (second.sha256, second.header)


def test_a_pipe_is_read_once_and_whole(tmp_path: Path) -> None:
    text = TABLE + "".join(f"Q-{i},a,5,1,40,north,1,0,40\n" for i in range(10_000))
    (tmp_path / "file.csv").write_text(text)
    plain = read_file(tmp_path / "file.csv", COLUMNS)
    assert same(read_file(piped(tmp_path, "pipe.csv", text.encode()), COLUMNS), plain)
    plain.frame.to_parquet(tmp_path / "file.parquet")
    through = piped(tmp_path, "pipe", (tmp_path / "file.parquet").read_bytes())
    assert same(read_file(through, COLUMNS), read_file(tmp_path / "file.parquet", COLUMNS))
    assert len(open_sheet(piped(tmp_path, "estimates.csv", TABLE.encode()), ("id", "arm")).rows) == 8


def test_a_bad_byte_in_a_pipe_is_told_with_its_line(tmp_path: Path) -> None:
    pipe = piped(tmp_path, "pipe.csv", TABLE.replace("south", "Süd").encode("cp1252"))
    with pytest.raises(RecordsError, match=r'line 3: not valid UTF-8 .* for "ü"'):
        read_file(pipe, COLUMNS)


def test_ten_thousand_columns_and_long_headings_are_read(tmp_path: Path) -> None:
    genes = [f"gene {i} of the second chromosome" for i in range(10_000)]
    limit = csv.field_size_limit()
    wide = ",".join(["time", *genes, "n" * 200_000]) + "\n" + ",".join(["1"] * 10_002) + "\n"
    (tmp_path / "wide.csv").write_text(wide)
    records = read_file(tmp_path / "wide.csv", ("time", genes[-1]))
    assert (len(records.header), list(records.frame)) == (10_002, ["time", genes[-1]])
    assert csv.field_size_limit() == limit, "the limit of the whole process is as it was"


def test_a_heading_of_two_lines_is_one_name_and_shifts_no_line(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(TABLE.replace("age", '" age\r\n(years) "', 1), newline="")
    records = read_file(tmp_path / "t.csv", ("age (years)",))
    assert list(records.frame["age (years)"])[:2] == ["50", "61"]
    assert records.place(0) == "t.csv line 3"
    frame = records_of_frame(pd.DataFrame({"age\n(years)": [1.0]}), ("age (years)",))
    assert frame.header == ("age (years)",)


def test_identifiers_of_many_digits_stay_apart(tmp_path: Path) -> None:
    long = [2**63 - 1 - i for i in range(3)]
    pq.write_table(pa.table({"id": pa.array([*long, None])}), tmp_path / "t.parquet")
    expected = [*map(str, long), ""]
    assert list(read_file(tmp_path / "t.parquet", ("id",)).cells("id").text) == expected
    assert list(records_of_frame(pa.table({"id": [*long, None]}), ("id",)).cells("id").text) == expected
    assert list(records_of_frame(pd.DataFrame({"id": [2**70, 2**70 + 1]}), ("id",)).cells("id").text) == [
        str(2**70),
        str(2**70 + 1),
    ]


@pytest.mark.parametrize("cell", [[1, 2], {"a": 1}, (1, 2), {3}, b"\xff"])
def test_a_frame_with_several_values_in_a_row_is_refused_where_it_is_used(cell: object) -> None:
    data = pd.DataFrame({"time": [1.0, 2.0], "arm": pd.Series([cell, cell], dtype=object)})
    assert records_of_frame(data, ("time",)).header == ("time", "arm")
    with pytest.raises(RecordsError, match=r'the column "arm" holds (several values|bytes)'):
        records_of_frame(data, ("time", "arm"))


def test_a_frame_with_a_number_of_thousands_of_digits_is_refused() -> None:
    data = pd.DataFrame({"id": pd.Series([10**5000, 1], dtype=object)})
    with pytest.raises(RecordsError, match="thousands of digits"):
        records_of_frame(data, ("id",))


def test_levels_with_any_digits_are_ordered() -> None:
    long = "9" * 5000
    assert natural_order([long, "week 10", "week 9", "a²", "\u0663b", "007", "7"]) == (
        "007",
        "7",
        long,
        "a²",
        "week 9",
        "week 10",
        "\u0663b",
    )


def test_names_that_look_alike_are_found_and_others_are_not() -> None:
    assert look_alikes(["a", "b", "a\u200d", "A", "\u0430"]) == [("a", "a\u200d")]
    assert look_alikes(["é", "e", "ê"]) == []


@pytest.mark.parametrize("bounds", [(0.3, 1.01), (0.99, 3.0), (0.001, 1.000001), (0.999999, 1.000001), (0.8, 1.25)])
def test_the_sceptical_prior_holds_a_tenth_inside_any_range(bounds: tuple[float, float]) -> None:
    prior = resolve_group_prior(Priors(group=GroupPriorName.SCEPTICAL), Rope(*bounds))
    low, high = np.log(bounds)
    inside = [norm.cdf(high, m, s) - norm.cdf(low, m, s) for m, s in zip(prior.locations, prior.sds, strict=True)]
    assert np.mean(inside) == pytest.approx(0.1, abs=1e-6)


@pytest.mark.parametrize("seed", [-1, 2**63, 1.5, True, "1"])
def test_a_seed_is_a_whole_number_of_64_bits(seed: object) -> None:
    with pytest.raises(InputError, match="whole number from 0"):
        check_seed(seed)  # type: ignore[arg-type]
    assert check_seed(2**63 - 1) == 2**63 - 1


def test_where_memory_ends_one_sentence_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    def too_much() -> None:
        raise MemoryError

    assert exit_code_of(too_much) == ExitCode.INPUT
    assert capsys.readouterr().err.startswith("Error: the memory of this computer is not enough.")


@pytest.mark.skipif(not FULL.exists(), reason="no device here is always full")
@pytest.mark.parametrize(
    ("words", "redirected", "code"),
    [
        ("--version", ">/dev/full", 1),
        ("models", ">/dev/full 2>/dev/full", 1),
        ("--nope", "2>/dev/full", 2),
        ("--help", ">&- 2>&- <&-", 0),
        ("models", "| true; exit ${PIPESTATUS[0]}", 0),
    ],
)
def test_streams_that_are_full_closed_or_not_read_end_nothing(words: str, redirected: str, code: int) -> None:
    command = f"{sys.executable} -m bayesrefract {words} {redirected}"
    ended = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, timeout=120)
    told = "standard output cannot be written (No space left on device)"
    assert (ended.returncode, ended.stderr.startswith(f"Error: {told}") or not ended.stderr) == (code, True)
    assert (told in ended.stderr) == (redirected == ">/dev/full")
