"""The built package in a fresh environment outside the repository: what is in it, and what it runs."""

from __future__ import annotations

import email
import os
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest
from test_readme import TOP, blocks

from bayesrefract.cli.examples import next_commands
from bayesrefract.cli.exits import ExitCode

UV = shutil.which("uv") or str(TOP / ".uv-venv" / "bin" / "uv")
DOCUMENTS = (
    "README.md",
    "CHANGELOG.md",
    "CITATION.cff",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "LICENSE",
    "requirements.lock",
)
LARGEST = 2_000_000
"""Bytes of a wheel or an sdist: more would mean that something was packed by mistake."""


class Built(NamedTuple):
    """The distributions, and the wheel that is made from the sdist."""

    sdist: Path
    wheel: Path
    again: Path


def run(*arguments: str, cwd: Path, codes: tuple[int, ...] = (0,), **environment: str) -> str:
    """Standard output of a program; its whole output where it fails."""
    plain = {key: value for key, value in os.environ.items() if key not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    ended = subprocess.run(arguments, cwd=cwd, env=plain | environment, capture_output=True, text=True, check=False)
    assert ended.returncode in codes, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Wheel and sdist of the checkout, and a wheel made in the unpacked sdist."""
    folder = tmp_path_factory.mktemp("built")
    run(sys.executable, "-m", "hatchling", "build", "-d", str(folder), cwd=TOP)
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    unpacked = folder / sdist.name.removesuffix(".tar.gz")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder / "again"), cwd=unpacked)
    (again,) = (folder / "again").glob("*.whl")
    return Built(sdist, wheel, again)


@pytest.fixture(scope="module")
def installed(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """bin/ of a fresh environment with the locked dependencies and the sdist's wheel, and nothing of the checkout."""
    if not Path(UV).exists():
        if os.environ.get("BAYESREFRACT_REQUIRE_WHEEL"):
            pytest.fail("uv is missing, and the wheel must be tested")
        pytest.skip("uv is missing: make setup brings it")
    folder = tmp_path_factory.mktemp("wheel")
    python = str(folder / "fresh" / "bin" / "python")
    run(UV, "venv", "--quiet", "--python", sys.executable, str(folder / "fresh"), cwd=folder)
    run(
        UV, "pip", "sync", "--quiet", "--python", python, "--require-hashes", str(TOP / "requirements.lock"), cwd=folder
    )
    run(UV, "pip", "install", "--quiet", "--python", python, "--no-deps", str(built.again), cwd=folder)
    return folder / "fresh" / "bin"


@pytest.fixture(scope="module")
def copied(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """The studies as the installed command copies them into `studies/` of an empty folder, and what it says."""
    place = tmp_path_factory.mktemp("elsewhere")
    said = run(str(installed / "bayesrefract"), "examples", "studies", cwd=place)
    return place, said.splitlines()


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_wheel_of_the_sdist_is_the_wheel_of_the_checkout(built: Built) -> None:
    assert contents(built.again) == contents(built.wheel)
    assert built.wheel.stat().st_size < LARGEST
    assert built.sdist.stat().st_size < LARGEST


def test_the_sdist_holds_the_documents_and_what_the_tests_read(built: Built) -> None:
    with tarfile.open(built.sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {*DOCUMENTS, "hatch_build.py", "Makefile", "tests/conftest.py", "docs/bad-input.md"} <= names
    assert not [name for name in names if name.startswith((".venv", "dist", "reports/lenalidomide"))]


def test_the_metadata_says_where_it_runs_and_links_nowhere_else(built: Built) -> None:
    text = next(value for name, value in contents(built.wheel).items() if name.endswith("/METADATA"))
    metadata = email.message_from_bytes(text)
    assert metadata["Requires-Python"] == ">=3.12"
    assert metadata["Author"] == "bayesrefract developers"
    assert {"Operating System :: POSIX :: Linux", "Typing :: Typed"} <= set(metadata.get_all("Classifier") or ())
    assert "bayesrefract/py.typed" in contents(built.wheel)
    readme = metadata.get_payload(decode=True).decode()
    assert "# bayesrefract" in readme
    assert "docs/bad-input.md" not in re.findall(r"\]\(([^)]+)\)", readme)
    assert not [link for link in re.findall(r"\]\(([^)]+)\)", readme) if not link.startswith("https://")]
    bounded = {line.partition("<")[0]: line for line in metadata.get_all("Requires-Dist") or () if "<" in line}
    assert {"numba", "nutpie", "pymc", "pytensor", "pandas"} <= bounded.keys()


def test_the_installed_package_copies_its_studies(copied: tuple[Path, list[str]]) -> None:
    place, said = copied
    files = {path.relative_to(place / "studies") for path in (place / "studies").rglob("*") if path.is_file()}
    assert {path.parts[0] for path in files} == {path.parent.name for path in (TOP / "data").glob("*/study.toml")}
    for path in files:
        assert (place / "studies" / path).read_bytes() == (TOP / "data" / path).read_bytes()
    assert said[0] == f"studies now holds {len(files)} files of 3 studies: actg175, lenalidomide, simulated."
    assert [line.strip() for line in said[2:]] == [
        line.replace(str(place) + os.sep, "") for line in next_commands(place / "studies")
    ]


def test_what_examples_says_to_run_next_runs(installed: Path, copied: tuple[Path, list[str]]) -> None:
    """The check as it is printed, and the fit with few draws: gates then withhold its verdicts."""
    place, said = copied
    check, _, fit = (shlex.split(line)[1:] for line in said[2:])
    program = str(installed / "bayesrefract")
    assert run(program, *check, cwd=place).endswith("All valid.\n")
    few = ("--draws", "50", "--tune", "200", "--model", "two_group", "--out", "reports")
    run(program, *fit, *few, cwd=place, codes=(ExitCode.DONE, ExitCode.WITHHELD))
    assert (place / "reports" / "simulated" / "verdicts.json").stat().st_size > 0


def test_the_comparison_that_examples_prints_is_valid(installed: Path, copied: tuple[Path, list[str]]) -> None:
    """All faults are told at once: with one added, no other is found, and nothing is sampled."""
    place, said = copied
    program = (str(installed / "bayesrefract"), *shlex.split(said[3])[1:], "--level", "95")
    ended = subprocess.run(program, cwd=place, capture_output=True, text=True, check=False)
    assert ended.returncode == ExitCode.INPUT
    assert ended.stderr.count("\n") == 1
    assert ended.stderr.startswith("Error: --level = 95 is not allowed.")


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
