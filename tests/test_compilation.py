"""The public way to compile: which one is taken, and the same posterior by both."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path

import arviz as az
import numpy as np
import pytest
from numba import TypingError
from test_model import COLLAPSED, WALK, arrays_of, small_cohort, somewhere

import bayesrefract
from bayesrefract.analysis import fit as fitting
from bayesrefract.errors import InputError
from bayesrefract.inference import compilation as way
from bayesrefract.inference import compiler as compiler_module
from bayesrefract.inference import public_compiler
from bayesrefract.inference.compilation import Compilation, compilation, reason_for_public
from bayesrefract.inference.compiler import Compiler
from bayesrefract.inference.nuts import sample
from bayesrefract.inference.progress import Silent
from bayesrefract.inference.provenance import Provenance
from bayesrefract.inference.store import fit_key
from bayesrefract.model.arrays import ModelArrays
from bayesrefract.model.build import build
from bayesrefract.model.products import plain_products
from bayesrefract.model.reported import REPORTED
from bayesrefract.study.model import Baseline, BaselineKind, Sampler, StrataKind

SEED = np.random.SeedSequence(7)
LONG = Sampler(tune=500, draws=1000)
MODELS = {
    "smooth baseline": WALK,
    "stratified": replace(COLLAPSED, baseline=Baseline(BaselineKind.INDEPENDENT, strata=StrataKind.FREE)),
    "stratified, smooth": replace(WALK, baseline=Baseline(strata=StrataKind.FREE)),
    "pooled strata": replace(WALK, baseline=Baseline(strata=StrataKind.POOLED)),
}
PRIVATE = ("numba.core", "nutpie.compile_pymc", "pymc.pytensorf", "pymc.model.transform", "pytensor.link")
USE_THEM = {"model/at_risk.py", "model/matvec.py", "model/functions.py", "inference/compile_code.py"}


class Told(Silent):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def stage(self, text: str) -> None:
        self.lines.append(text)


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every test decides anew, and leaves nothing behind."""
    monkeypatch.setattr(way, "_failed", [])
    monkeypatch.delenv(way.VARIABLE, raising=False)
    yield
    way._outside_bounds.cache_clear()
    way._not_importable.cache_clear()


def arrays_for(name: str, **options: bool) -> ModelArrays:
    return arrays_of(small_cohort(strata="strat" in name, **options), MODELS[name], pad=True)


@pytest.mark.parametrize("name", MODELS)
def test_both_ways_have_one_density_gradient_and_set_of_quantities(name: str) -> None:
    arrays = arrays_for(name, categorical=True)
    with plain_products():
        plain = build(arrays)
    loops = build(arrays)
    point = somewhere(loops.initial_point())
    found = []
    for model in (loops, plain):
        kept = [model[each] for each in REPORTED if each in model.named_vars]
        outputs = [model.logp(), model.dlogp(), *model.replace_rvs_by_values(kept)]
        function = model.compile_fn(outputs, inputs=model.value_vars, mode="FAST_COMPILE", on_unused_input="ignore")
        found.append(function(point))
    assert len(found[0]) > 5
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)


def test_the_public_way_gives_the_same_posterior(compiler: Compiler, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names, dimensions and labels are equal, means agree within Monte Carlo error; one compilation for two cohorts.

    One structure only, smooth and stratified: it takes half a minute.
    """
    public, told = Compiler(), Told()
    for options in ({}, {"categorical": True}):
        arrays = arrays_for("stratified, smooth", **options)
        monkeypatch.delenv(way.VARIABLE, raising=False)
        kept = sample(arrays, LONG, SEED, "test", compiler=compiler).draws
        monkeypatch.setenv(way.VARIABLE, "public")
        other = sample(arrays, LONG, SEED, "test", compiler=public, watch=told).draws
        assert set(other.data_vars) == set(kept.data_vars)
        for variable in kept.data_vars:
            assert other[variable].dims == kept[variable].dims
        for dim in kept.dims:
            assert list(other[dim].values) == list(kept[dim].values)
        for effect in ("group_effect", "log_hazard"):
            error = az.mcse(kept[[effect]])[effect]
            assert not np.array_equal(other[effect], kept[effect])
            apart = np.abs(other[effect].mean(("chain", "draw")) - kept[effect].mean(("chain", "draw")))
            assert (apart <= 5 * np.sqrt(2) * error).all()  # the largest of a dozen
    assert not public.ready
    assert len(public.public.ready) == 1
    assert [line for line in told.lines if "again in every run" in line] == [
        "Compiling by nutpie's public function, again in every run: BAYESREFRACT_COMPILE=public asks for it"
    ]


def test_the_kept_way_is_taken_with_the_locked_libraries() -> None:
    assert reason_for_public() is None


def test_the_variable_asks_for_a_way(monkeypatch: pytest.MonkeyPatch) -> None:
    arrays = arrays_for("smooth baseline")
    kept = fit_key(arrays, LONG, SEED)
    monkeypatch.setenv(way.VARIABLE, "kept")
    assert fit_key(arrays, LONG, SEED) == kept
    monkeypatch.setenv(way.VARIABLE, "public")
    assert fit_key(arrays, LONG, SEED) != kept
    monkeypatch.setenv(way.VARIABLE, "fast")
    with pytest.raises(InputError, match=r'BAYESREFRACT_COMPILE = "fast" is not allowed. Give "kept" or "public"'):
        Compiler()


def test_a_version_outside_the_bounds_is_compiled_publicly(monkeypatch: pytest.MonkeyPatch) -> None:
    bound = next(line for line in way.requires("bayesrefract") or () if line.startswith("numba"))
    assert "<" in bound
    way._outside_bounds.cache_clear()
    monkeypatch.setattr(way, "version", lambda name: "99.0")
    reason = reason_for_public()
    assert reason is not None
    assert "99.0 is outside of the tested versions" in reason


def test_a_missing_private_part_is_compiled_publicly(monkeypatch: pytest.MonkeyPatch) -> None:
    way._not_importable.cache_clear()
    monkeypatch.setitem(sys.modules, "nutpie.compile_pymc", None)
    assert compilation() is Compilation.PUBLIC
    assert "ImportError" in (reason_for_public() or "") or "ModuleNotFoundError" in (reason_for_public() or "")


def test_kept_code_that_cannot_be_made_is_told_once_and_changes_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def changed(_: ModelArrays) -> None:
        raise AttributeError("_library is gone")

    arrays, told = arrays_for("smooth baseline"), Told()
    before = fit_key(arrays, LONG, SEED)
    monkeypatch.setattr(compiler_module, "_compile", changed)
    monkeypatch.setattr(public_compiler, "compile_publicly", lambda _: Unread())
    compiler = Compiler(tmp_path)
    assert isinstance(compiler.model(arrays, told), Unread)
    compiler.model(arrays, told)
    assert [line for line in told.lines if "again in every run" in line] == [
        "Compiling by nutpie's public function, again in every run: kept machine code cannot be made with these "
        "libraries (AttributeError: _library is gone); BAYESREFRACT_COMPILE=public does not try it"
    ]
    assert fit_key(arrays, LONG, SEED) != before


class Shelf:
    """A store that holds nothing, and notes what it is given."""

    def __init__(self) -> None:
        self.kept: list[tuple[object, Provenance]] = []

    def load(self, key: str, arrays: ModelArrays) -> None: ...

    def found(self, key: str) -> None: ...

    def claim(self, key: str, waiting: object) -> AbstractContextManager[None]:
        return nullcontext()

    def path(self, key: str) -> Path:
        return Path("nowhere") / key

    def save(self, made: object, provenance: Provenance) -> None:
        self.kept.append((made, provenance))


def test_a_fit_is_stored_under_the_way_that_made_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its key was made for the kept way; that this fails is known only when it is compiled."""

    def changed(_: ModelArrays) -> None:
        raise TypingError("Failed in nopython mode\nand many lines more")

    monkeypatch.setattr(compiler_module, "_compile", changed)
    monkeypatch.setattr(public_compiler, "compile_publicly", lambda _: Unread())
    monkeypatch.setattr(fitting, "sample", lambda *given, **_: given[3])
    arrays, shelf = arrays_for("smooth baseline"), Shelf()
    fit = fitting.Fit("x", *[None] * 4, arrays, None, 1, SEED)  # nothing else is asked for
    monkeypatch.setattr(fitting.Fit, "provenance", lambda _, sampler, key: key)
    before = fit_key(arrays, LONG, SEED)
    fitting.draw(fit, LONG, shelf, Compiler(tmp_path), Silent())
    assert "nopython mode); BAYESREFRACT" in (reason_for_public() or "")
    monkeypatch.setattr(way, "_failed", [])
    monkeypatch.setenv(way.VARIABLE, "public")
    ((key, noted),) = shelf.kept
    assert key == noted == fit_key(arrays, LONG, SEED) != before


class Unread:
    """A compiled model that reads no data."""

    def with_data(self, **_: object) -> None:
        raise KeyError


def test_private_parts_are_imported_by_the_kept_way_only() -> None:
    """At the top of a module they would stop the public way before it could start."""
    package = Path(bayesrefract.__file__).parent
    found = set()
    for path in package.rglob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            named = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            named += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if any(name.startswith(PRIVATE) for name in named):
                found.add(path.relative_to(package).as_posix())
    assert found == USE_THEM


def test_the_public_way_does_not_import_the_loops() -> None:
    """Only the kept way, and the model where it is built for it, do."""
    package = Path(bayesrefract.__file__).parent
    modules = {f"bayesrefract.{name.removesuffix('.py').replace('/', '.')}" for name in USE_THEM}
    for path in package.rglob("*.py"):
        tops = ast.parse(path.read_text(encoding="utf-8")).body
        imported = {node.module or "" for node in tops if isinstance(node, ast.ImportFrom)}
        assert path.relative_to(package).as_posix() in USE_THEM or not imported & modules, path
