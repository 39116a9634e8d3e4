"""`bayesrefract spread`: cohorts side by side, kept as they finish, and found again."""

from __future__ import annotations

from pathlib import Path

import pytest
from lenalidomide_study import FOLDER
from test_cli import call

from bayesrefract.studies.lenalidomide.spread import read_spread
from bayesrefract.study.study_file import load_study

STEPS = "1000"


def asked(folder: Path) -> list[str]:
    keep, out = str(folder / "kept"), str(folder / "spread.csv")
    return ["spread", str(FOLDER), "--cohorts", "2", "--steps", STEPS, "--keep", keep, "--out", out]


def test_finished_cohorts_are_kept_and_found_again(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, told, heard = call(capsys, *asked(tmp_path))
    assert code == 0, heard
    assert "0 of 2 cohorts are there; rebuilding 2." in heard
    assert "The primary comparison in 2 rebuilt cohorts" in told
    kept = sorted((tmp_path / "kept").glob("*.csv"))
    assert len(kept) == 2
    made, content = read_spread(tmp_path / "spread.csv"), [path.read_bytes() for path in kept]
    assert {row.seed for row in made} == {1, 2}
    assert {(row.question, row.population) for row in made} == {
        (question.endpoint.name, question.population.name) for question in load_study(FOLDER).analyses
    }
    assert all(row.ci_low < row.hazard_ratio < row.ci_high and 0 <= row.p_inside <= 1 for row in made)
    kept[0].unlink()
    code, _, heard = call(capsys, *asked(tmp_path))
    assert "1 of 2 cohorts are there; rebuilding 1." in heard
    assert [path.read_bytes() for path in kept] == content, "the same seed gives the same cohort"
    assert read_spread(tmp_path / "spread.csv") == made
    kept[1].write_text("a cohort of somebody's own")
    code, _, heard = call(capsys, *asked(tmp_path))
    assert code == 1
    assert f"its {kept[1].name} was changed after this program wrote it. Nothing is overwritten" in heard
    assert kept[1].read_text() == "a cohort of somebody's own"


def test_a_study_without_a_paper_is_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    study = FOLDER.parent / "simulated"
    code, _, error = call(capsys, "spread", str(study), "--out", str(tmp_path / "spread.csv"))
    assert code == 1
    assert "there is no table [published]" in error
