"""What the README shows is run, with the built wheel in a fresh environment and an empty folder."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import bayesrefract
from bayesrefract.cli.app import app, main
from bayesrefract.decision import VerdictWord

TOP = Path(__file__).parents[1]
README = (TOP / "README.md").read_text(encoding="utf-8")
UV = shutil.which("uv") or str(TOP / ".uv-venv" / "bin" / "uv")
PAGES = ("README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")


def blocks(language: str) -> list[str]:
    """The README's code blocks of a language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def run(*arguments: str, cwd: Path, **environment: str) -> str:
    """Standard output of a program; its whole output where it fails."""
    plain = {key: value for key, value in os.environ.items() if key not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    ended = subprocess.run(arguments, cwd=cwd, env=plain | environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """bin/ of a fresh environment with the locked dependencies and the built wheel, and nothing of the checkout."""
    if not Path(UV).exists():
        if os.environ.get("BAYESREFRACT_REQUIRE_WHEEL"):
            pytest.fail("uv is missing, and the wheel must be tested")
        pytest.skip("uv is missing: make setup brings it")
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder), cwd=TOP)
    (wheel,) = folder.glob("*.whl")
    python = str(folder / "fresh" / "bin" / "python")
    run(UV, "venv", "--quiet", "--python", sys.executable, str(folder / "fresh"), cwd=folder)
    run(
        UV, "pip", "sync", "--quiet", "--python", python, "--require-hashes", str(TOP / "requirements.lock"), cwd=folder
    )
    run(UV, "pip", "install", "--quiet", "--python", python, "--no-deps", str(wheel), cwd=folder)
    return folder / "fresh" / "bin"


@pytest.fixture(scope="module")
def said(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """What the README's Python block prints in an empty folder, and the folder."""
    (block,) = blocks("python")
    empty = tmp_path_factory.mktemp("empty")
    return run(str(installed / "python"), "-I", "-c", block, cwd=empty), empty


def numbers(text: str) -> list[float]:
    return [float(found) for found in re.findall(r"\d+(?:\.\d+)?", text)]


def test_the_python_block_prints_what_the_readme_shows(said: tuple[str, Path]) -> None:
    """Word for word; numbers within Monte Carlo error, which differs between machines."""
    (shown,) = blocks("text")
    expected, found = " ".join(shown.split()), " ".join(said[0].split())
    assert re.sub(r"\d+(\.\d+)?", "#", found) == re.sub(r"\d+(\.\d+)?", "#", expected)
    assert numbers(found) == pytest.approx(numbers(expected), abs=0.015)


def test_the_python_block_writes_its_report(said: tuple[str, Path]) -> None:
    assert (said[1] / "gbsg2-report" / "index.html").stat().st_size > 0
    assert sorted(path.name for path in said[1].iterdir()) == ["gbsg2-report"]


def test_the_command_block_runs_on_a_file_with_its_columns(installed: Path, tmp_path: Path) -> None:
    """The block's own options, on ACTG 175 under the names that the block uses; all that it promises is there."""
    make = (
        "from lifelines.datasets import load_gbsg2; d = load_gbsg2(); "
        "d['arm'] = d.horTh.map({'no': 'standard', 'yes': 'new'}); d['months'] = d.time / 30.4375; "
        "d['progressed'] = d.cens; d['stage'] = d.tgrade; d['patient'] = range(len(d)); "
        "d[['patient', 'months', 'progressed', 'arm', 'age', 'stage']].to_csv('trial.csv', index=False)"
    )
    run(str(installed / "python"), "-I", "-c", make, cwd=tmp_path)
    command = next(block for block in blocks("sh") if block.startswith("bayesrefract compare"))
    path = f"{installed}{os.pathsep}{os.environ['PATH']}"
    shown = run("bash", "-ec", command, cwd=tmp_path, PATH=path)
    assert "686 patients: 299 with the event (progressed = 1), 387 censored." in shown
    assert (tmp_path / "verdict.json").stat().st_size > 0
    assert (tmp_path / "reports" / "trial" / "index.html").stat().st_size > 0


def test_every_public_name_is_shown_and_exists() -> None:
    shown = set(re.findall(r"\bbr\.(\w+)", README))
    assert shown == set(bayesrefract.__all__)


def test_the_targets_shown_are_in_the_makefile() -> None:
    makefile = (TOP / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^make (\w+)", "\n".join(blocks("sh")), re.MULTILINE)) | {"help"}
    assert targets >= {"fit", "test"}
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_commands_shown_are_there() -> None:
    known = {command.name for command in app.registered_commands}
    shown = set(re.findall(r"(?:`|^)bayesrefract (\w+)", README, re.MULTILINE))
    assert known == shown | {"reconstruct", "spread"}
    assert "`reconstruct`, `spread`" in README


def test_the_options_shown_for_compare_are_there(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["compare", "--help"])
    offered = capsys.readouterr().out
    shown = set(re.findall(r"(--[\w-]+)", "\n".join(blocks("sh"))))
    assert len(shown) > 10
    for option in shown:
        assert f"{option} " in offered


def test_every_link_leads_to_a_file() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#]+)\)", (TOP / page).read_text(encoding="utf-8")):
            assert "://" in target or (TOP / target).exists(), f"{page}: {target}"


def test_every_verdict_is_explained_on_the_first_screen() -> None:
    for word in VerdictWord:
        assert f"| `{word}` |" in README.split("## The same on the command line")[0]


def test_the_readme_and_the_architecture_stay_short() -> None:
    assert len(README.splitlines()) <= 120
    assert len((TOP / "ARCHITECTURE.md").read_text(encoding="utf-8").splitlines()) <= 140
