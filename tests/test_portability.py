"""The program starts everywhere: no module that one system alone has, and no home folder taken for granted."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
from records_example import TABLE
from without_posix import ABSENT

from bayesrefract.places import compiled_models, kept_fits, place_pytensor

TOP = Path(__file__).parents[1]
FILES = sorted((TOP / "src").rglob("*.py"))
POSIX_ONLY = {"os.fork", "os.kill", "os.getuid", "os.geteuid", "os.killpg", "signal.SIGKILL", "signal.SIGHUP"}
GUARDS = ("hasattr", "sys.platform", "os.name")
QUESTION = (
    "--time", "time", "--event", "event", "--group", "arm", "--reference", "a", "--unit", "months",
    "--rope", "0.8", "1.25", "--rope-source", "protocol", "--model", "unadjusted",
)  # fmt: skip


def offences(source: str) -> list[str]:
    """POSIX-only names of a module, unless they stand below a condition that asks for the system."""
    found: list[str] = []

    def walk(node: ast.AST) -> None:
        if isinstance(node, ast.If | ast.IfExp) and any(guard in ast.unparse(node.test) for guard in GUARDS):
            return
        if isinstance(node, ast.Import):
            found.extend(each.name for each in node.names if each.name in ABSENT)
        elif isinstance(node, ast.ImportFrom) and node.module in ABSENT:
            found.append(node.module)
        elif isinstance(node, ast.Attribute) and ast.unparse(node) in POSIX_ONLY:
            found.append(ast.unparse(node))
        for child in ast.iter_child_nodes(node):
            walk(child)

    walk(ast.parse(source))
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(TOP).as_posix())
def test_no_module_needs_a_posix_system(path: Path) -> None:
    assert not offences(path.read_text(encoding="utf-8"))


def test_the_search_finds_what_is_forbidden() -> None:
    assert offences("import fcntl\nfrom pwd import getpwnam\nos.kill(1, 0)\n") == ["fcntl", "pwd", "os.kill"]
    assert not offences("if hasattr(os, 'getuid'):\n    os.getuid()\n")


def run(folder: Path, program: list[str], *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    keep = {key: value for key, value in os.environ.items() if key not in {"HOME", "XDG_CACHE_HOME"}}
    return subprocess.run(
        [sys.executable, *program, *arguments],
        cwd=folder,
        env=keep | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_commands_work_without_posix_modules_and_without_a_home(tmp_path: Path) -> None:
    """Fits go to a temporary folder then, for their owner only, and it is told once."""
    (tmp_path / "patients.csv").write_text(TABLE)
    (tmp_path / "file").write_text("")
    program = [str(Path(__file__).with_name("without_posix.py"))]
    nowhere = {"HOME": str(tmp_path / "file"), "TMPDIR": str(tmp_path)}
    shown = run(tmp_path, program, "--help", **nowhere)
    assert (shown.returncode, "compare" in shown.stdout) == (0, True), shown.stderr
    checked = run(tmp_path, program, "check", str(TOP / "data" / "simulated"), **nowhere)
    assert checked.returncode == 0, checked.stderr
    compiled = str(compiled_models().absolute())
    compared = run(tmp_path, program, "compare", "patients.csv", *QUESTION, BAYESREFRACT_COMPILED=compiled, **nowhere)
    assert compared.returncode in {0, 3}, compared.stderr
    assert compared.stderr.count("nothing can be kept there (Not a directory)") == 1
    (made,) = tmp_path.glob("bayesrefract-*")
    assert list((made / "fits").rglob("*.nc"))
    assert made.stat().st_mode & 0o777 == 0o700


def test_places_are_those_of_the_system_unless_they_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_CACHE_HOME", "BAYESREFRACT_CACHE", "BAYESREFRACT_COMPILED"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    if sys.platform == "linux":
        assert kept_fits() == tmp_path / ".cache" / "bayesrefract" / "fits"
        assert compiled_models() == tmp_path / ".cache" / "bayesrefract" / "compiled"
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
        assert kept_fits() == tmp_path / "xdg" / "bayesrefract" / "fits"
    monkeypatch.setenv("BAYESREFRACT_CACHE", "here")
    monkeypatch.setenv("BAYESREFRACT_COMPILED", "there")
    assert (kept_fits(), compiled_models()) == (Path("here"), Path("there"))


def test_a_user_whom_the_system_does_not_know_has_a_temporary_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`~` stays as it is where there is neither HOME nor an entry of the user."""
    monkeypatch.setattr("platformdirs.user_cache_path", lambda *_, **__: Path("~/.cache/bayesrefract"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for name in ("BAYESREFRACT_CACHE", "BAYESREFRACT_COMPILED"):
        monkeypatch.delenv(name, raising=False)
    fits = kept_fits()
    assert (fits.parent.parent, fits.name, compiled_models().parent) == (tmp_path, "fits", fits.parent)
    assert capsys.readouterr().err.count("no home folder") == 1


def test_pytensor_is_imported_where_there_is_no_home(tmp_path: Path) -> None:
    """It makes a folder of its own in the home folder at import: without one, a model could not be compiled."""
    (tmp_path / "file").write_text("")
    program = "import bayesrefract.places as p; p.place_pytensor(); import pytensor.link.numba.cache as c; print(c.NUMBA_CACHE_PATH)"  # fmt: skip  # noqa: E501
    ended = run(tmp_path, ["-c", program], HOME=str(tmp_path / "file"), XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.strip() == str(tmp_path / "cache" / "bayesrefract" / "pytensor" / "numba")


def test_pytensor_keeps_its_folder_where_there_is_a_home_or_one_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PYTENSOR_FLAGS", "floatX=float64")
    place_pytensor.__wrapped__()
    assert os.environ["PYTENSOR_FLAGS"] == "floatX=float64"
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HOME", str(tmp_path / "file"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    place_pytensor.__wrapped__()
    named = f"floatX=float64,base_compiledir={tmp_path / 'cache' / 'bayesrefract' / 'pytensor'}"
    assert os.environ["PYTENSOR_FLAGS"] == named
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "other"))
    place_pytensor.__wrapped__()
    assert os.environ["PYTENSOR_FLAGS"] == named, "what is named already stays"
