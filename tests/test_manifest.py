"""What has not changed is not done again; what has, always is; and a report refuses fits of other files."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from findings_example import findings

from bayesrefract.cli import manifest
from bayesrefract.cli.app import main
from bayesrefract.cli.manifest import Summary, keep, unchanged
from bayesrefract.report.tables import verdict_table
from bayesrefract.report_folder import MANIFEST

TOP = Path(__file__).parents[1]
QUICK = ("--draws", "500", "--tune", "300")  # enough for every gate: no second fit with more draws
NOTHING = "nothing has changed, and the report is whole"
HEAVY = {"pymc", "pytensor", "nutpie", "arviz", "matplotlib", "lifelines", "numba"}


class Project:
    """A copy of a study on patients of its own, and where its reports go."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.study, self.records, self.out = folder / "study.toml", folder / "patients.csv", folder / "reports"
        self.report = self.out / "simulated"
        self.capsys = capsys

    def call(self, command: str = "fit", *more: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main([command, str(self.study), "--out", str(self.out), "--model", "unadjusted", *QUICK, *more])
        out, err = self.capsys.readouterr()
        return int(ended.value.code or 0), out, err

    def change(self, path: Path, old: str, new: str) -> None:
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study that has been fitted, in a folder that every test copies."""
    folder = tmp_path_factory.mktemp("project")
    text = (TOP / "data" / "simulated" / "study.toml").read_text(encoding="utf-8")
    head, _, tail = text.partition('records = "simulated:equivalence_trial"')
    (folder / "study.toml").write_text(head + 'records = "patients.csv"' + tail.replace("seed = 20240\n", "", 1))
    program = (
        "from pathlib import Path; from bayesrefract.cohort.read import read_records\n"
        "from bayesrefract.study.study_file import load_study\n"
        "read_records(load_study(Path('data/simulated'))).frame"
        f".to_csv({str(folder / 'patients.csv')!r}, index=False)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=TOP)
    command = [sys.executable, "-m", "bayesrefract", "fit", str(folder / "study.toml"), "--model", "unadjusted"]
    ended = subprocess.run(
        [*command, *QUICK, "--out", str(folder / "reports")], check=False, capture_output=True, text=True
    )
    assert ended.returncode in {0, 3}, ended.stderr
    (folder / "printed").write_text(json.dumps([ended.returncode, ended.stdout]))
    return folder


@pytest.fixture
def project(finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Project:
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    return Project(tmp_path, capsys)


def test_nothing_changed_prints_the_same_and_imports_nothing_that_samples(finished: Path) -> None:
    code, printed = json.loads((finished / "printed").read_text())
    arguments = ["fit", str(finished / "study.toml"), "--model", "unadjusted", *QUICK, "--out"]
    program = (
        "import sys, json\nfrom bayesrefract.cli.app import main\n"
        f"try:\n    main({[*arguments, str(finished / 'reports')]!r})\n"
        "except SystemExit as ended:\n    code = ended.code or 0\n"
        "sys.stderr.write('\\n' + json.dumps([code, sorted({m.partition('.')[0] for m in sys.modules})]))"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    again, modules = json.loads(ended.stderr.splitlines()[-1])
    assert NOTHING in ended.stderr
    assert (again, ended.stdout) == (code, printed)
    assert not set(modules) & HEAVY


def test_a_damaged_report_is_written_again(project: Project) -> None:
    assert NOTHING in project.call()[2]
    project.change(project.report / "index.html", "<h1", "<h1 ")
    code, _, err = project.call()
    assert code in {0, 3}
    assert NOTHING not in err
    assert "stored, not run again" in err
    assert NOTHING in project.call()[2]
    next((project.report / "figures").iterdir()).unlink()
    assert NOTHING not in project.call()[2]


def test_a_changed_rope_is_judged_anew_and_not_fitted(project: Project) -> None:
    project.change(project.study, "low = 0.80", "low = 0.79")
    project.change(project.study, "high = 1.25", "high = 1.27")
    _, out, err = project.call()
    assert NOTHING not in err
    assert "stored, not run again" in err
    assert "0.79 to 1.27" in out
    assert project.call("report")[0] in {0, 3}, "a report of the same fits"


def test_changed_records_models_and_options_are_fitted_again(project: Project) -> None:
    line = project.records.read_text(encoding="utf-8").splitlines()[5]
    project.change(project.records, f"{line}\n", "")
    for more in ((), ("--seed", "5"), ("--tune", "160")):
        _, _, err = project.call("fit", *more)
        assert NOTHING not in err
        assert "stored" not in err


def test_another_source_of_the_program_is_a_change(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    copied = project.study.parent / "package"
    shutil.copytree(manifest.PACKAGE, copied, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(manifest, "PACKAGE", copied)
    assert NOTHING in project.call()[2]
    style = copied / "report" / "page" / "style.css"
    style.write_text(style.read_text() + "\n")
    assert NOTHING not in project.call()[2]


def test_a_report_refuses_fits_that_were_made_from_other_files(project: Project) -> None:
    line = project.records.read_text(encoding="utf-8").splitlines()[5]
    project.change(project.records, f"{line}\n", "")
    before = (project.report / "index.html").read_bytes()
    code, _, err = project.call("report")
    assert code == 1
    assert "the stored fit was made from other files. What has changed: the records (" in err
    assert "Run `bayesrefract fit` first." in err
    assert (project.report / "index.html").read_bytes() == before
    for stored in (project.report / "posterior").glob("*.nc"):
        stored.unlink()
    assert "no stored fit belongs to these files" in project.call("report")[2]


def test_a_stored_fit_that_is_damaged_is_told_and_made_again(project: Project) -> None:
    for stored in (project.report / "posterior").glob("*.nc"):
        whole = stored.read_bytes()
        stored.write_bytes(whole[: len(whole) // 2])
    (project.report / "index.html").unlink()
    assert "the stored fit is damaged" in project.call("report")[2]
    code, _, err = project.call()
    assert code in {0, 3}
    assert "is damaged: it is made again" in err
    assert "stored, not run again" not in err


def test_a_manifest_that_is_no_manifest_counts_as_none(tmp_path: Path) -> None:
    summary = Summary(("A line", verdict_table(findings())), withheld=True)
    (tmp_path / "index.html").write_text("page")
    keep(tmp_path, "parents", summary)
    assert unchanged(tmp_path, "parents") == summary
    assert unchanged(tmp_path, "other parents") is None
    for broken in ("", "[]", "{}", '{"parents": "parents"}'):
        (tmp_path / MANIFEST).write_text(broken)
        assert unchanged(tmp_path, "parents") is None
