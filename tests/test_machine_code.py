"""Compiled code against PyMC's own evaluation, and kept code against fresh: the same numbers to the last bit."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from cohorts import gbsg2
from numba import njit
from test_model import COLLAPSED, WALK, arrays_of, small_cohort, somewhere

from bayesrefract.errors import Interrupted
from bayesrefract.inference import compiler as compiler_module
from bayesrefract.inference.compiler import Compiler, code_key
from bayesrefract.inference.machine_code import MachineCode, addresses, answers, read, write
from bayesrefract.inference.progress import Silent
from bayesrefract.model import at_risk
from bayesrefract.model.arrays import ModelArrays
from bayesrefract.model.build import build
from bayesrefract.study.model import Baseline, BaselineKind, Model, StrataKind

PLANS = {
    "random walk": WALK,
    "collapsed, strata": replace(COLLAPSED, baseline=Baseline(BaselineKind.INDEPENDENT, strata=StrataKind.FREE)),
}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache of its own: what is read here was compiled here."""
    return tmp_path_factory.mktemp("compiled")


def evaluate(code: MachineCode, arrays: ModelArrays, point: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Log density, gradient and reported quantities, called as the sampler calls them."""
    data = code.arrays(arrays.values)
    table = addresses(data)
    value, gradient = np.zeros(1), np.zeros(code.n_parameters)
    out = np.zeros(sum(int(np.prod(list(sizes.values()))) for sizes in code.variables.values()))
    number, place = ctypes.c_uint64, ctypes.c_void_p
    density = ctypes.CFUNCTYPE(ctypes.c_int64, number, place, place, place, place)(code.log_density.address)
    expand = ctypes.CFUNCTYPE(ctypes.c_int64, number, number, place, place, place)(code.expand.address)
    places = [each.ctypes.data for each in (point, gradient, value, table)]
    assert density(len(point), *places) == 0
    assert expand(len(point), len(out), point.ctypes.data, out.ctypes.data, table.ctypes.data) == 0
    return float(value[0]), gradient, out


@pytest.mark.parametrize("name", PLANS)
def test_machine_code_gives_pymcs_density_gradient_and_quantities(name: str, kept: Path) -> None:
    model: Model = PLANS[name]
    arrays = arrays_of(small_cohort(strata="strata" in name, categorical=True), model, pad=True)
    model = build(arrays)
    point = somewhere(model.initial_point())
    vector = np.concatenate([np.ravel(point[variable.name]) for variable in model.value_vars])
    compiler = Compiler(kept)
    compiler.model(arrays, Silent())
    code = compiler.ready[arrays.structure]
    value, gradient, out = evaluate(code, arrays, vector)
    with model:
        exact = model.compile_fn(
            [model.logp(), model.dlogp()], inputs=model.value_vars, mode="FAST_COMPILE", on_unused_input="ignore"
        )
    expected, slope = exact(point)
    assert value == pytest.approx(float(expected), rel=1e-12)
    assert gradient == pytest.approx(slope, rel=1e-9, abs=1e-9)
    effect = model.replace_rvs_by_values([model["group_effect"]])
    inputs = model.value_vars
    (reported,) = model.compile_fn(effect, inputs=inputs, mode="FAST_COMPILE", on_unused_input="ignore")(point)
    start = int(sum(np.prod(list(code.variables[each].values())) for each in _before(code, "group_effect")))
    assert out[start : start + len(reported)] == pytest.approx(reported, rel=1e-12)

    again = read(kept / f"{code_key(arrays.structure)[:32]}.zip")
    assert again is not None
    assert evaluate(again, arrays, vector)[0] == value
    assert np.array_equal(evaluate(again, arrays, vector)[1], gradient)


def _before(code: MachineCode, name: str) -> list[str]:
    names = list(code.variables)
    return names[: names.index(name)]


def test_code_that_only_works_where_it_was_compiled_is_compiled_again(tmp_path: Path) -> None:
    """Pooled independent hazards call the gamma function by its address in the process that compiled them."""
    model = replace(COLLAPSED, baseline=Baseline(BaselineKind.INDEPENDENT, strata=StrataKind.POOLED))
    program = (
        "from pathlib import Path; from test_machine_code import *\n"
        "model = replace(COLLAPSED, baseline=Baseline(BaselineKind.INDEPENDENT, strata=StrataKind.POOLED))\n"
        f"Compiler(Path({str(tmp_path)!r})).model(arrays_of(small_cohort(strata=True), model, pad=True), Silent())"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parent)
    arrays = arrays_of(small_cohort(strata=True), model, pad=True)
    compiler = Compiler(tmp_path)
    compiler.model(arrays, Silent())
    assert answers(compiler.ready[arrays.structure], arrays.values)
    model = build(arrays)
    point = {name: np.zeros_like(value) for name, value in model.initial_point().items()}
    value, _, _ = evaluate(
        compiler.ready[arrays.structure], arrays, np.zeros(compiler.ready[arrays.structure].n_parameters)
    )
    exact = model.compile_fn(model.logp(), inputs=model.value_vars, mode="FAST_COMPILE", on_unused_input="ignore")
    assert value == pytest.approx(float(exact(point)), rel=1e-12)


def test_damaged_code_is_not_used(kept: Path, tmp_path: Path) -> None:
    arrays = arrays_of(small_cohort(), WALK, pad=True)
    compiler = Compiler(kept)
    compiler.model(arrays, Silent())
    path = tmp_path / "code.zip"
    write(compiler.ready[arrays.structure], path)
    whole = path.read_bytes()
    assert read(path) is not None
    middle = len(whole) // 2
    for broken in (b"", whole[:-100], whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :], b"no zip"):
        path.write_bytes(broken)
        assert read(path) is None
    assert read(tmp_path / "missing.zip") is None
    assert [each.name for each in tmp_path.iterdir()] == ["code.zip"]


def test_code_is_kept_for_one_structure_source_and_set_of_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = arrays_of(small_cohort(), WALK, pad=True), arrays_of(small_cohort(), COLLAPSED, pad=True)
    assert code_key(one.structure) == code_key(arrays_of(gbsg2(), WALK, pad=True).structure)
    assert code_key(one.structure) != code_key(other.structure)
    before = code_key(one.structure)
    monkeypatch.setattr(compiler_module, "version", lambda name: "0")
    assert code_key(one.structure) != before


def test_interrupting_a_compilation_does_not_wait_for_it() -> None:
    """The compiler does not listen to Ctrl-C; whoever waits for it does, and says that nothing is lost."""

    def interrupted() -> MachineCode:
        raise KeyboardInterrupt

    with pytest.raises(Interrupted, match="Every finished fit is kept"):
        compiler_module._interruptible(interrupted)


def test_loops_say_what_numpy_says() -> None:
    rng = np.random.default_rng(3)
    group_effect, coefficient = rng.normal(size=3), np.append(rng.normal(size=4), [0.0, 0.0])
    x, exposure = rng.normal(size=(6, 101)), rng.random((5, 101))
    exposure[4] = 0.0
    data = [rng.integers(0, 3, 101), x, exposure, np.array([0, 40, 101]), np.array([4, 4])]
    risk, weight = njit(at_risk.weighted_exposure)(group_effect, coefficient, *data)
    storage = [[None], [None]]
    at_risk.AtRisk().perform(None, [group_effect, coefficient, *data], storage)
    assert risk == pytest.approx(storage[0][0], rel=1e-12)
    assert weight == pytest.approx(storage[1][0], rel=1e-12)
    cotangent = rng.normal(size=risk.shape)
    inputs = [group_effect, coefficient, weight, cotangent, *data]
    by_group, by_column = njit(at_risk.pull_back)(*inputs)
    at_risk.AtRiskPullback().perform(None, inputs, storage)
    assert by_group == pytest.approx(storage[0][0], rel=1e-12)
    assert by_column[:4] == pytest.approx(storage[1][0][:4], rel=1e-12)
