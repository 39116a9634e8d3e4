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
ROW = re.compile(r"^\| (?P<floor>\d+) \| `(?P<module>[\w/.]+)` \| (?P<text>.+) \|$", re.MULTILINE)

EDGES = {
    "arviz_stats": {"diagnostics", "equivalence"},
    "jinja2": {"report"},
    "lifelines": {"crosscheck", "cohort", "fidelity"},
    "markupsafe": {"report"},
    "matplotlib": {"figures"},
    "nutpie": {"inference"},
    "pandas": {"cohort", "crosscheck", "fidelity"},
    "pyarrow": {"cohort"},
    "pydantic": {"toml_reader", "study_sections", "plan_file"},
    "pydantic_core": {"toml_reader"},
    "pymc": {"model"},
    "pytensor": {"model"},
    "rich": {"cli", "table"},
    "statsmodels": {"crosscheck"},
    "typer": {"cli"},
}
EVERYWHERE = {"numba", "numpy", "scipy", "xarray"}
COMES_WITH = {"arviz_stats": "arviz", "markupsafe": "jinja2", "pydantic_core": "pydantic", "pytensor": "pymc"}
LIGHT = {"errors", "study", "plan", "did_you_mean", "interval", "numerals"}
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
    """Module or folder as ARCHITECTURE.md names it -> its floor."""
    text = (TOP / "ARCHITECTURE.md").read_text(encoding="utf-8")
    return {row["module"]: int(row["floor"]) for row in ROW.finditer(text)}


ROOMS = {room_of(path) for path in FILES}
FLOOR = {module.split("/")[0].removesuffix(".py"): floor for module, floor in documented().items()}


def test_the_document_names_every_module_once_and_no_other() -> None:
    text = (TOP / "ARCHITECTURE.md").read_text(encoding="utf-8")
    named = [row["module"] for row in ROW.finditer(text)]
    modules = {p.relative_to(PACKAGE).as_posix() for p in FILES if p.name != "__init__.py" or p.parent == PACKAGE}
    folders = {f"{p.parent.relative_to(PACKAGE).as_posix()}/" for p in FILES if p.parent != PACKAGE}
    assert len(named) == len(set(named))
    assert set(named) == modules | folders


def test_a_room_stands_on_one_floor() -> None:
    for module, floor in documented().items():
        assert FLOOR[module.split("/")[0].removesuffix(".py")] == floor, module


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_go_down(path: Path) -> None:
    above = {room for room in rooms_imported(path) if FLOOR[room] >= FLOOR[room_of(path)]}
    assert not above, f"{path.relative_to(PACKAGE)} (floor {FLOOR[room_of(path)]}) imports {sorted(above)}"


def test_the_reader_of_imports_sees_them() -> None:
    """The rules above hold for something: these imports are known to be there."""
    assert {"exposure", "study"} <= rooms_imported(PACKAGE / "pipeline.py")
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
    for room in LIGHT:
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
