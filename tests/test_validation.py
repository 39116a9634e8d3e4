"""The validation keeps what it has done, goes on from there, and reports what failed."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from validation_example import die_once, square

TOP = Path(__file__).parents[1]
sys.path.insert(0, str(TOP))  # the validation is a program of this repository, not part of the package

from validation import __main__ as program  # noqa: E402  # only found by the line above
from validation.fuzzing.cases import read_case  # noqa: E402
from validation.run import all_passed, keep, kept, run  # noqa: E402
from validation.step import MOST_MINUTES, Progress, Step  # noqa: E402
from validation.steps import STEPS, agreement, fault_gate, fuzz  # noqa: E402
from validation.steps.mutations import CHANGES, Change  # noqa: E402
from validation.write_up import page, state, write, write_pictures  # noqa: E402


def as_list(found: Sequence[int]) -> str:
    return ", ".join(map(str, found))


def step(work: Callable[[int, int], int] = square, passed: Callable[[Sequence[int]], bool] = bool) -> Step:
    return Step("squares", "Squares", 4, 10, 1, work, as_list, passed, sources=("LICENSE",))


def later() -> float:
    return time.monotonic() + 600


def test_every_step_is_listed_and_all_fit_into_three_hours() -> None:
    modules = {path.stem for path in (TOP / "validation" / "steps").glob("*.py")} - {"__init__"}
    assert set(STEPS) == modules
    assert sum(each.minutes for each in STEPS.values()) <= MOST_MINUTES


def test_chunks_are_kept_and_none_is_repeated(tmp_path: Path) -> None:
    told: list[str] = []
    made = run(step(), tmp_path, later(), told.append, cores=2)
    assert made.in_order() == [10, 11, 14, 19]
    kept_file = (tmp_path / "squares.json").read_bytes()
    assert json.loads(kept_file)["seed"] == 10
    again = run(step(), tmp_path, later(), told.append)
    assert again == kept(step(), tmp_path)
    assert (tmp_path / "squares.json").read_bytes() == kept_file
    assert told[-1] == "squares: 4 of 4 chunks are there"


def test_a_run_goes_on_where_the_one_before_was_stopped(tmp_path: Path) -> None:
    keep(step(), Progress(step().sha256, {0: 777, 2: 888}, 5.0), tmp_path)
    assert run(step(), tmp_path, time.monotonic(), lambda _: None).in_order() == [777, 888]
    assert run(step(), tmp_path, later(), lambda _: None).in_order() == [777, 11, 888, 19]


def test_a_step_starts_anew_when_its_sources_have_changed(tmp_path: Path) -> None:
    keep(step(), Progress(step().sha256, {0: 777}), tmp_path)
    for changed in (
        replace(step(), sources=("LICENSE", "Makefile")),
        replace(step(), seed=11),
        replace(step(), chunks=5),
    ):
        assert kept(changed, tmp_path).results == {}
    assert kept(step(), tmp_path).results == {0: 777}
    (tmp_path / "squares.json").write_text('{"sha256": ')
    assert kept(step(), tmp_path).results == {}


def test_a_process_that_dies_is_told_and_its_chunk_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VALIDATION_TEST_MARK", str(tmp_path / "mark"))
    told: list[str] = []
    first = run(step(die_once), tmp_path, later(), told.append, cores=1)
    assert first.results == {0: 10, 2: 12, 3: 13}
    assert [text for text in told if "squares 2 of 4: the process died" in text]
    assert not all_passed([step(die_once)], {"squares": first})
    second = run(step(die_once), tmp_path, later(), told.append, cores=1)
    assert second.results == {0: 10, 1: 11, 2: 12, 3: 13}
    assert all_passed([step(die_once)], {"squares": second})


def test_the_page_tells_how_far_each_step_is_and_what_failed(tmp_path: Path) -> None:
    half, whole = Progress("a" * 64, {0: 1, 1: 2}, 90), Progress("a" * 64, dict.fromkeys(range(4), 1), 90)
    assert state(step(), Progress("a" * 64, {})) == "not run"
    assert state(step(), half) == "2 of 4 chunks"
    assert state(step(), whole) == "passed"
    bad = step(passed=lambda found: 2 not in found)
    assert state(bad, half) == "failed"
    assert not all_passed([bad], {"squares": half})
    assert "| squares: Squares | 2 of 4 chunks | 1.5 | 10 | `aaaaaaaaaaaa` |  |" in page([(step(), half)], tmp_path)
    write(step(), half, [(step(), half)], tmp_path)
    text = (tmp_path / "squares.md").read_text()
    assert text.startswith("# Squares\n\nWritten by `make validate`, seed 10, sources `aaaaaaaaaaaa`. 2 of 4 chunks")
    assert text.endswith("\n\n1, 2\n")
    assert "| [squares.md](squares.md) |" in (tmp_path / "index.md").read_text()
    now = Progress("b" * 64, {})
    write(step(), now, [(step(), now)], tmp_path)
    assert (tmp_path / "squares.md").read_text() == text, "what earlier sources gave stays until there is more"
    assert "not run | 0.0 | 10 | `bbbbbbbbbbbb` | [squares.md](squares.md), of earlier" in page(
        [(step(), now)], tmp_path
    )


def test_the_program_writes_the_page_and_ends_with_1_until_all_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program, "STEPS", {"squares": step()})
    for minutes, code in (("0", 1), ("9", 0)):
        monkeypatch.setattr(sys, "argv", ["validation", "--minutes", minutes, "--out", str(tmp_path)])
        with pytest.raises(SystemExit) as ended:
            program.main()
        assert ended.value.code == code
    assert "| passed |" in (tmp_path / "index.md").read_text()


def test_failures_of_the_fuzzing_are_kept_as_cases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz, "RESULTS", tmp_path)
    monkeypatch.setattr(fuzz, "KEPT", tmp_path / "cases")
    monkeypatch.setattr(fuzz, "SHARES", {"records": 3})
    monkeypatch.setattr(fuzz, "faults", lambda case: ["exit code 70"] if b"P-0" in case.files["patients.csv"] else [])
    found = fuzz.work(0, 1)
    assert found["cases"] == {"records": 3}
    assert len(found["failures"]) >= 1
    for failure in found["failures"]:
        assert read_case(tmp_path / "cases" / failure["kept"]).note == "exit code 70"
    assert not list(tmp_path.glob("*.case"))
    text = fuzz.write_up([found])
    assert "3 cases (3 records)" in text
    assert f"{len(found['failures'])} failed." in text
    assert "None failed." in fuzz.write_up([{"cases": {"records": 3}, "failures": []}])


def test_a_case_in_which_a_process_died_is_run_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz, "RESULTS", tmp_path)
    monkeypatch.setattr(fuzz, "KEPT", tmp_path / "cases")
    monkeypatch.setattr(fuzz, "SHARES", {"records": 2})
    monkeypatch.setattr(fuzz, "faults", lambda _: [])
    (tmp_path / "fuzz-0.case").write_text("1 records 1")
    monkeypatch.setattr(fuzz, "alone", lambda *case: [f"died in {case}"])
    (failure,) = fuzz.work(0, 1)["failures"]
    assert failure["faults"] == ["died in (1, 'records', 1)"]
    monkeypatch.undo()
    assert fuzz.alone(1, "stored", 0) == []


def test_the_cross_check_withholds_at_most_one_honest_trial_in_a_hundred() -> None:
    """As measured, and written into the repository: 2,000 trials of each size and kind."""
    rows = rows_of("agreement")
    assert [(int(row[0]), row[1]) for row in rows] == agreement.CELLS
    for _, _, trials, withheld, _, _, few, without in rows:
        assert int(trials) + int(few) + int(without) == 2_000
        assert float(withheld.removesuffix("%")) <= 1.0


def test_no_honest_fit_is_taken_for_faulty() -> None:
    """As measured: 200 simulated trials of each kind, and none is labelled where nothing is pooled."""
    rows = rows_of("fault_gate")
    kinds = len(fault_gate.KINDS)
    assert [row[0] for row in rows] == 2 * [kind.name for kind in fault_gate.KINDS]
    assert {(row[1], row[3]) for row in rows[:kinds]} == {("200", "0")}
    assert [row[3] for row in rows[kinds:] if row[0] in {"groups of 5 and about 200 events", "four groups"}] == [
        "0 (0.0%)",
        "0 (0.0%)",
    ]


def test_one_honest_fit_that_is_taken_for_faulty_fails_the_step() -> None:
    honest = {"shift": -0.1, "ratio": 1.1, "moved": 0.6, "changed": 0.9, "fault": False, "influence": False}
    one = {"events": 41, "divergences": 0, "ess": 900, "contrasts": [honest, honest | {"shift": 0.3}]}
    pooled, plain = 0, len(fault_gate.KINDS) - 1
    assert fault_gate.KINDS[plain].model is fault_gate.MODEL
    found = [{"kind": kind, "sets": [one, one]} for kind in range(len(fault_gate.KINDS))]
    assert fault_gate.passed(found)
    assert "| four groups | 2 | 41 | 0 | 0.20, 0.30, 0.30 | 1.10, 1.10, 1.10 | 900 | 0 |" in fault_gate.write_up(found)
    for kind, changed, passed in (
        (pooled, {"influence": True}, True),  # what pooling moves is counted, and told
        (plain, {"influence": True}, False),
        (pooled, {"fault": True}, False),
        (plain, {"fault": True}, False),
    ):
        spoilt = one | {"contrasts": [honest, honest | changed]}
        more = [*found, {"kind": kind, "sets": [spoilt]}]
        assert fault_gate.passed(more) is passed
        told = "0 (0.0%)" if "fault" in changed else "1 (33.3%)"
        assert f"| {fault_gate.KINDS[kind].name} | 3 | 41 | {told} |" in fault_gate.write_up(more)


def rows_of(name: str) -> list[list[str]]:
    """Cells of the tables that a step has written, without their headings."""
    lines = (TOP / "reports" / "validation" / f"{name}.md").read_text(encoding="utf-8").splitlines()
    table = [line for line in lines if line.startswith("|")]
    heads = [i - 1 for i, line in enumerate(table) if set(line) <= set("|-")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    return [row for i, row in enumerate(cells) if i not in heads and i - 1 not in heads]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.name)
def test_every_named_change_to_the_source_can_still_be_made(change: Change) -> None:
    module = (TOP / "src" / "bayesrefract" / change.module).read_text(encoding="utf-8")
    assert module.count(change.was) == 1
    assert change.was != change.becomes
    assert all((TOP / "tests" / f"{name}.py").is_file() for name in change.tests)


def test_pictures_of_a_step_are_written_beside_the_page(tmp_path: Path) -> None:
    drawn = replace(step(), pictures=lambda found: {"squares.png": bytes(found)})
    write_pictures(drawn, Progress("a" * 64, {}), tmp_path)
    write_pictures(step(), Progress("a" * 64, {0: 1}), tmp_path)
    assert not list(tmp_path.iterdir())
    write_pictures(drawn, Progress("a" * 64, {0: 1, 1: 2}), tmp_path)
    assert (tmp_path / "squares.png").read_bytes() == b"\x01\x02"
