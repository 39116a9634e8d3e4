"""Whatever is typed or damaged ends in whole sentences: a bounded number of hostile inputs, and the kept failures.

`make validate` runs more of them, with another seed.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]
sys.path.insert(0, str(TOP))  # the validation is a program of this repository, not part of the package

from validation.fuzzing import frames, rules, stored  # noqa: E402  # only found by the line above
from validation.fuzzing.cases import Case, dump, read_case  # noqa: E402
from validation.fuzzing.doors import DOORS, case_of  # noqa: E402

SEED = 20_261
CASES = {
    "records": 260,
    "parquet": 120,
    "options": 250,
    "study": 200,
    "model": 120,
    "printed": 40,
    "frame": 100,
    "stored": 400,
}
"""How many of each kind of input: some 30 s in all on an idle core."""
KEPT = sorted((TOP / "tests" / "fuzz_cases").glob("*.json"))


@pytest.mark.filterwarnings("default")  # a warning is a fault that is told of its case
@pytest.mark.parametrize("door", DOORS)
def test_hostile_input_ends_in_whole_sentences(door: str) -> None:
    found = {}
    for number in range(CASES[door]):
        told = rules.faults(case_of(SEED, door, number))
        if told:
            found[number] = told
    assert not found, f"validation.fuzzing.doors.case_of({SEED}, {door!r}, {next(iter(found))}): {found}"


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_kept_failures_stay_mended(path: Path) -> None:
    case = read_case(path)
    assert not rules.faults(case), case.note


def test_a_case_depends_on_its_number_alone() -> None:
    for door in DOORS:
        if door != stored.DOOR:  # a stored fit holds when it was made
            assert case_of(7, door, 3) == case_of(7, door, 3)
            assert case_of(7, door, 3) != case_of(8, door, 3)


def test_a_kept_case_comes_back_as_it_was(tmp_path: Path) -> None:
    case = Case("records", ("compare", "\udcff", "a\nb"), {"a.csv": b"\xff\x00", "b.csv": "é\r\n".encode()}, "a note")
    (tmp_path / "case.json").write_text(dump(case), encoding="utf-8")
    assert read_case(tmp_path / "case.json") == case


# What is looked for is found


@pytest.mark.parametrize(
    ("ended", "expected"),
    [
        (rules.Ended(70, "", "Internal fault (KeyError)"), "exit code 70"),
        (rules.Ended(1, "", "Traceback (most recent call last):\nKeyError."), "traceback"),
        (rules.Ended(0, "", "a\x1b[31m."), "stderr with control characters"),
        (rules.Ended(0, "a\u202eb", ""), "stdout with control characters"),
        (rules.Ended(1, "", "Error: no"), "no whole sentence"),
    ],
)
def test_each_broken_rule_is_found(ended: rules.Ended, expected: str) -> None:
    (found,) = rules.faults_of(ended)
    assert found.startswith(expected)


def test_files_outside_the_named_places_and_changed_inputs_are_found() -> None:
    case = Case("options", ("compare", "p.csv", "--json", "out.json"), {"p.csv": b"a"})
    work = Path("work")
    before = {work: b"", work / "p.csv": b"a"}
    assert rules.written(case, before, before | {work / "out.json": b"{}"}) == []
    (told,) = rules.written(case, before, before | {work / "x": b""})
    assert told == f"wrote {work / 'x'}"
    (told,) = rules.written(case, before, before | {work / "p.csv": b"b"})
    assert told.startswith("changed its input")


def test_an_internal_fault_a_warning_and_a_loop_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    import time
    import warnings

    case = case_of(1, "records", 0)
    with monkeypatch.context() as patch:
        patch.setattr("bayesrefract.comparing.check_comparison", lambda *_, **__: {}["x"])
        (found,) = rules.faults(case)
        assert found.startswith("exit code 70")
        assert "KeyError: 'x'" in found
    with monkeypatch.context() as patch:
        patch.setattr("bayesrefract.comparing.check_seed", lambda _: warnings.warn("overflow", stacklevel=1))
        assert "warned: UserWarning: overflow" in rules.faults(case)
    with monkeypatch.context() as patch:
        patch.setattr(rules, "PATIENCE", 1)
        patch.setattr("bayesrefract.comparing.check_seed", lambda _: time.sleep(30))
        assert rules.faults(case) == ["did not end within 1 s"]


def test_a_damaged_fit_that_is_taken_for_whole_is_found() -> None:
    good = stored.whole()
    harmless = Case(stored.DOOR, (), {stored.NAME: good.content})
    assert rules.faults(harmless) == []
    loaded = stored.FitStore.load
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stored.FitStore, "load", lambda *_: good.posterior)
        assert rules.faults(case_of(1, stored.DOOR, 0)) == ["a damaged fit was taken for whole"]
    assert stored.FitStore.load is loaded


def test_a_frame_that_raises_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bayesrefract.compare", lambda *_, **__: {}["x"])
    (found,) = rules.faults(case_of(1, frames.DOOR, 0))
    assert "KeyError: 'x'" in found


def test_counts_under_a_vast_prior_stay_counts() -> None:
    """An interval without data follows its prior: e to its power was too large a mean for a draw, or for 32 bits."""
    from dataclasses import replace

    import numpy as np

    from bayesrefract.estimands.arviz_tree import _replicated

    fit, posterior, _ = stored.whole()
    for level in (25.0, 60.0):
        hazard = (posterior.draws["log_hazard"] * 0 + level).expand_dims({"stratum": ["all"]}, axis=2)
        vast = posterior.draws.assign(log_hazard=hazard)
        made = _replicated(replace(posterior, draws=vast), fit.table, fit.arrays, np.random.default_rng(1))
        assert int(made["events"].min()) >= 0
