"""Imports go down, outside libraries stay at their edge, and ARCHITECTURE.md describes the tree that is there."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import bayesrefract

TOP = Path(__file__).parents[1]
PACKAGE = TOP / "src" / "bayesrefract"
FILES = sorted(PACKAGE.rglob("*.py"))
ROW = re.compile(r"^\| (?P<level>\d+) \| `(?P<room>[\w.]+)/?` \| (?P<text>.+) \|$", re.MULTILINE)

EDGES = {
    "arviz": {"report"},
    "arviz_stats": {"decision"},
    "filelock": {"files"},
    "jinja2": {"report"},
    "lifelines": {"classical", "cohort", "studies"},
    "markupsafe": {"report"},
    "matplotlib": {"report"},
    "nutpie": {"inference"},
    "packaging": {"inference"},
    "pandas": {"classical", "cohort", "result", "studies"},
    "narwhals": {"cohort"},
    "platformdirs": {"places"},
    "pyarrow": {"cohort", "inference"},
    "pydantic": {"report", "study"},
    "pydantic_core": {"study"},
    "pymc": {"model"},
    "pytensor": {"model"},
    "rich": {"cli", "report"},
    "statsmodels": {"classical"},
    "typer": {"cli", "studies"},
}
EVERYWHERE = {"numba", "numpy", "scipy", "xarray"}
COMES_WITH = {"arviz_stats": "arviz", "markupsafe": "jinja2", "pydantic_core": "pydantic"}
LIGHT = {"errors", "messages", "interval", "numerals", "study/study", "study/model", "study/extensions"}
"""Modules that a program may import at no cost."""


def room_of(path: Path) -> str:
    """The top-level module or package that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    """Dotted names of every import of a file, also within functions and under TYPE_CHECKING."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: write imports from the package's name"
            assert node.module is not None
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def rooms_imported(path: Path) -> set[str]:
    """Rooms of this package that a file imports from, its own apart."""
    named = {name.split(".")[1] for name in imports(path) if name.startswith("bayesrefract.")}
    return {room for room in named if room in ROOMS and room != room_of(path)}


def libraries_imported(path: Path) -> set[str]:
    named = {name.partition(".")[0] for name in imports(path)}
    return named - set(sys.stdlib_module_names) - {"bayesrefract"}


def documented() -> dict[str, int]:
    """Package or module as ARCHITECTURE.md names it -> its level."""
    text = (TOP / "ARCHITECTURE.md").read_text(encoding="utf-8")
    return {row["room"].removesuffix(".py"): int(row["level"]) for row in ROW.finditer(text)}


ROOMS = {room_of(path) for path in FILES}
LEVEL = documented()


def test_the_document_names_every_package_once_and_no_other() -> None:
    text = (TOP / "ARCHITECTURE.md").read_text(encoding="utf-8")
    named = [row["room"].removesuffix(".py") for row in ROW.finditer(text)]
    assert len(named) == len(set(named))
    assert set(named) == ROOMS


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_every_module_says_what_it_holds(path: Path) -> None:
    """A listing of first lines is the table of contents."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert text, path
    assert text.partition("\n")[0].endswith("."), path


DISEASE = re.compile(
    r"lenalidomide|myeloma|refractor(?!act)|pomalidomide|daratumumab|dexamethasone|proteasome|kastritis|goel\b|\bdose|low_dose"
    r"|not_refractory|retreat|transplant|asct|regimen|relapse|(?:second|later)[_ ]line\b|\blen_|egfr|renal|mayo"
    r"|iss_stage|\biss\b|fish_|\bFISH\b|del_17p|gain_1q|t_\d+_\d+|isotype|m_protein|pfs_|os_(?:second|retreat)",
    re.IGNORECASE,
)
"""The flagship's disease, drugs, groups and columns."""


@pytest.mark.parametrize(
    "path",
    sorted(
        path
        for path in PACKAGE.rglob("*")
        if path.suffix in {".py", ".j2", ".css", ".js", ".json"} and room_of(path) != "studies"
    ),
    ids=lambda path: path.relative_to(PACKAGE).as_posix(),
)
def test_general_code_names_no_disease(path: Path) -> None:
    """A study's own words stand in its study file, or in its study package."""
    told = [
        f"{path.name}:{number}: {line.strip()}"
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if DISEASE.search(line)
    ]
    assert not told


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_go_down(path: Path) -> None:
    above = {room for room in rooms_imported(path) if LEVEL[room] >= LEVEL[room_of(path)]}
    assert not above, f"{path.relative_to(PACKAGE)} (level {LEVEL[room_of(path)]}) imports {sorted(above)}"


def test_the_reader_of_imports_sees_them() -> None:
    """The rules above hold for something: these imports are known to be there."""
    assert {"cohort", "study"} <= rooms_imported(PACKAGE / "pipeline.py")
    assert "pipeline" in rooms_imported(PACKAGE / "cli" / "fit.py")
    assert "nutpie" in libraries_imported(PACKAGE / "inference" / "nuts.py")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_outside_libraries_stay_at_their_edge(path: Path) -> None:
    strangers = {
        library
        for library in libraries_imported(path)
        if library not in EVERYWHERE and room_of(path) not in EDGES.get(library, set())
    }
    assert not strangers


def test_every_library_is_declared() -> None:
    project = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {re.split(r"[<>=\[ ]", line)[0].replace("-", "_") for line in project["dependencies"]}
    used = {COMES_WITH.get(library, library) for path in FILES for library in libraries_imported(path)}
    assert used <= declared


def test_light_modules_import_no_library() -> None:
    for room in sorted(LIGHT):
        assert not libraries_imported(PACKAGE / f"{room}.py"), room


def test_importing_the_package_imports_nothing_else() -> None:
    program = (
        "import sys; before = set(sys.modules); import bayesrefract\n"
        "new = {m.partition('.')[0] for m in set(sys.modules) - before}\n"
        "print(sorted(new - set(sys.stdlib_module_names)))"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout == "['bayesrefract']\n"


def test_every_public_name_is_there() -> None:
    for name in bayesrefract.__all__:
        assert callable(getattr(bayesrefract, name))
    assert set(bayesrefract.__all__) <= set(dir(bayesrefract))
    with pytest.raises(AttributeError, match="nothing_of_this_name"):
        _ = bayesrefract.nothing_of_this_name


def test_the_lock_file_holds_no_address() -> None:
    lines = (TOP / "requirements.lock").read_text(encoding="utf-8").splitlines()
    assert not [line for line in lines if "://" in line or line.startswith("-")]
    requirements = [place for place, line in enumerate(lines) if not line.startswith(" ")]
    assert requirements
    for place in requirements:
        assert "==" in lines[place]
        assert lines[place + 1].startswith("    --hash=sha256:")
