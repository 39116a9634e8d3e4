"""A study package that is none of ours: its checks, columns, section, file and command, and one that is broken."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
from findings_example import findings
from page_reader import Reader

from bayesrefract.cli.app import main
from bayesrefract.cli.manifest import parents_of
from bayesrefract.errors import StudyError
from bayesrefract.extension import Addition, check_study, load_extension, read_study_records, write_study_report
from bayesrefract.reading import Checked
from bayesrefract.study.extensions import installed
from bayesrefract.study.study import Study
from bayesrefract.study.study_file import load_study

pytestmark = pytest.mark.usefixtures("without_arviz_pictures")

ACTG175 = Path(__file__).parents[1] / "data" / "actg175"
PACKAGE = '''
"""A study package in one file."""

from bayesrefract.extension import Addition, Extension


class Visits(Extension):
    def columns(self):
        return ("offtrt", "hemo")

    def check_records(self, records, faults):
        stopped = records.cells("offtrt").number
        faults.each(stopped > LIMIT, tuple(records.cells("pidnum").text), lambda i: f"offtrt is {stopped[i]:g}.")

    def addition(self, study, records):
        from bayesrefract.report.page.parts import Block, Section

        told = f"{int(records.cells('hemo').number.sum())} patients have haemophilia."
        after = Section("visits", "Visits of the patients", "", (Block("visits-text", "", paragraphs=(told,)),))
        last = Section("nowhere", "A section without a place", "", ())
        return Addition({"patients": (after,), "no-such-section": (last,)}, {"visits.csv": "n\\n1\\n"})

    def commands(self):
        return {"count-visits": count_visits, "fit": count_visits}


def count_visits() -> None:
    """Count the visits of a study."""
    print("12 visits")
'''


class Installed(NamedTuple):
    """A folder that holds study packages as an installer would leave them, and a study that needs one."""

    folder: Path
    study: Path

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The command line, in a process of its own."""
        command = [sys.executable, "-m", "bayesrefract", *arguments]
        environment = os.environ | {"PYTHONPATH": str(self.folder)}
        return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def install(folder: Path, name: str, target: str, source: str) -> None:
    """A module and the metadata of its distribution."""
    module = target.partition(":")[0]
    (folder / f"{module}.py").write_text(source, encoding="utf-8")
    metadata = folder / f"{module}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n", encoding="utf-8")
    (metadata / "entry_points.txt").write_text(f"[bayesrefract.studies]\n{name} = {target}\n", encoding="utf-8")


def a_study(folder: Path, extension: str) -> Path:
    """ACTG 175 with a study package."""
    text = (ACTG175 / "study.toml").read_text(encoding="utf-8")
    text = text.replace('evidence = "patients"', f'evidence = "patients"\nextension = "{extension}"')
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def visits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installed]:
    """A package that finds no fault, installed for this process and for those that it starts."""
    yield from with_package(tmp_path, monkeypatch, "visits", "visits_of_actg175:Visits", PACKAGE.replace("LIMIT", "9"))


def with_package(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, target: str, source: str
) -> Iterator[Installed]:
    install(folder, name, target, source)
    monkeypatch.syspath_prepend(folder)
    installed.cache_clear()
    yield Installed(folder, a_study(folder, name))
    sys.modules.pop(target.partition(":")[0], None)
    installed.cache_clear()


def test_its_command_stands_beside_ours(visits: Installed) -> None:
    ended = visits.run("--help")
    assert ended.returncode == 0
    assert re.search(r"^ +count-visits +Count the visits of a study\.$", ended.stdout, re.MULTILINE)
    assert re.search(r"^ +fit +Analyse studies", ended.stdout, re.MULTILINE), "ours is not replaced"
    assert ended.stderr == 'The command "fit" of the study package "visits" is left out: the name is taken.\n'
    assert visits.run("count-visits").stdout == "12 visits\n"


def test_its_columns_are_read_and_its_check_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for found in with_package(tmp_path, monkeypatch, "visits", "strict_visits:Visits", PACKAGE.replace("LIMIT", "0")):
        with pytest.raises(SystemExit) as ended:
            main(["check", str(found.study), "--model", "unadjusted"])
        assert ended.value.code == 1
        err = capsys.readouterr().err
        assert re.search(r"ACTG175.csv line \d+ \(patient \d+\): offtrt is 1\.", err)
        assert "more rows with faults" in err


def page_of(study: Study, folder: Path) -> str:
    """A page from example findings."""
    example = findings()
    made = [
        replace(example, analysis=replace(example.analysis, endpoint=each.endpoint, population=each.population))
        for each in study.analyses
    ]
    return write_study_report(study, read_study_records(study), made, folder).read_text(encoding="utf-8")


def test_its_sections_stand_where_they_were_asked_for(visits: Installed, tmp_path: Path) -> None:
    study = load_study(visits.study)
    check_study(replace(study, models=("unadjusted",)), read_study_records(study))
    html = page_of(study, tmp_path / "out")
    assert not Reader(html).open, "every element is closed"
    anchors = re.findall(r'<section id="([\w-]+)"', html)
    assert anchors[anchors.index("patients") + 1] == "visits"
    assert anchors[anchors.index("methods") - 1] == "nowhere", "a place that is not there is before the methods"
    assert "180 patients have haemophilia." in html
    assert (tmp_path / "out" / "visits.csv").read_text(encoding="utf-8") == "n\n1\n"


def test_a_report_is_outdated_when_its_study_package_changes(visits: Installed) -> None:
    study = load_study(visits.study)
    checked = Checked(study, read_study_records(study), ())
    before = parents_of(checked, 1)
    assert parents_of(checked, 1) == before
    source = visits.folder / "visits_of_actg175.py"
    source.write_text(source.read_text(encoding="utf-8").replace("haemophilia", "hemophilia"), encoding="utf-8")
    assert parents_of(checked, 1) != before


@pytest.mark.parametrize(
    "name", ["index.html", "verdicts.json", "../visits.csv", "figures", "/tmp/visits.csv", ".lock"]
)
def test_no_file_of_the_report_is_replaced(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be the name of a further file"):
        Addition(files={name: ""})


def test_a_study_package_that_is_not_installed_is_told(tmp_path: Path) -> None:
    with pytest.raises(StudyError) as told:
        load_study(a_study(tmp_path, "visit"))
    assert told.value.faults == (
        'study.toml: study.extension = "visit": no study package of this name is installed. '
        "Install it, or delete the key; installed: lenalidomide.",
    )
    with pytest.raises(StudyError, match=r'^No study package "lenalidomid" is installed. Did you mean "lenalidomide"'):
        load_extension("lenalidomid")


BROKEN = {
    "ModuleNotFoundError: No module named 'not_there'": "import not_there",
    "SyntaxError: invalid syntax": "class Visits(:",
    "AttributeError: module 'broken' has no attribute 'Visits'": "",
    "broken:Visits is no subclass of bayesrefract.extension.Extension": "class Visits: pass",
    "ValueError: two\\nlines": "class Visits:\n    def __init__(self):\n        raise ValueError(f'two{chr(10)}lines')",
}


def with_broken(folder: Path, source: str) -> Installed:
    install(folder, "broken", "broken:Visits", source)
    return Installed(folder, a_study(folder, "broken"))


@pytest.mark.parametrize("reason", BROKEN)
def test_a_broken_study_package_is_named_in_one_line(tmp_path: Path, reason: str) -> None:
    helped = with_broken(tmp_path, BROKEN[reason]).run("--help")
    assert (helped.returncode, helped.stderr.count("\n")) == (0, 1)
    assert helped.stderr.startswith(f'The study package "broken" could not be loaded ({reason}')
    assert "derive" in helped.stdout


def test_a_broken_study_package_stops_only_its_own_studies(tmp_path: Path) -> None:
    found = with_broken(tmp_path, "import not_there")
    for place, code in ((str(ACTG175), 0), (str(found.study), 1)):
        ended = found.run("check", place, "--model", "unadjusted")
        assert ended.returncode == code, ended.stderr
        assert ('Error: The study package "broken" could not be loaded' in ended.stderr) == bool(code)
        assert "Traceback" not in ended.stderr
