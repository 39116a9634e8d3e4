"""Compiled code against PyMC's own evaluation, and kept code against fresh: the same numbers to the last bit."""

from __future__ import annotations

import ctypes
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from cohorts import gbsg2
from numba import njit
from test_model import COLLAPSED, WALK, arrays_of, small_cohort, somewhere

from bayesrefract.cohort.exposure import split
from bayesrefract.errors import Interrupted
from bayesrefract.inference import compiler as compiler_module
from bayesrefract.inference.compiler import Compiler, code_key
from bayesrefract.inference.machine_code import MachineCode, addresses, answers, read
from bayesrefract.inference.progress import Silent
from bayesrefract.inference.sealed import seal
from bayesrefract.model import at_risk
from bayesrefract.model.arrays import ModelArrays
from bayesrefract.model.build import build
from bayesrefract.model.leaving import leaving
from bayesrefract.private import why_untrusted_file
from bayesrefract.study.model import Baseline, BaselineKind, Intervals, Model, StrataKind

PLANS = {
    "random walk": WALK,
    "by time, strata": replace(WALK, by_time=True, baseline=Baseline(strata=StrataKind.FREE)),
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


@dataclass(frozen=True)
class Cache:
    """A folder with the code of one structure, which "compiles" to the same in a moment."""

    folder: Path
    arrays: ModelArrays
    compiled: list[str]

    @property
    def file(self) -> Path:
        return self.folder / f"{code_key(self.arrays.structure)[:32]}.zip"

    def use(self, folder: Path | None = None) -> list[str]:
        """What is told when this structure is asked for."""
        told = Told()
        assert Compiler(folder or self.folder).model(self.arrays, told) is not None
        return told.stages


class Told(Silent):
    def __init__(self) -> None:
        self.stages: list[str] = []

    def stage(self, text: str) -> None:
        self.stages.append(text)


@pytest.fixture
def cache(kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cache:
    """Within a folder of its own; what was compiled is counted."""
    arrays = arrays_of(small_cohort(), WALK, pad=True)
    compiler, compiled = Compiler(kept), []
    compiler.model(arrays, Silent())
    made = compiler.ready[arrays.structure]

    def compile_again(_: ModelArrays) -> MachineCode:
        compiled.append("again")
        return made

    monkeypatch.setattr(compiler_module, "_compile", compile_again)
    found = Cache(tmp_path / "cache" / "compiled", arrays, compiled)
    found.use()
    assert compiled.pop() == "again"
    assert not found.use()
    return found


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_code_is_kept_for_its_owner_alone(cache: Cache, tmp_path: Path) -> None:
    before = os.umask(0o002)  # as many systems have it for their users
    try:
        cache.use(tmp_path / "new" / "compiled")
    finally:
        os.umask(before)
    (made,) = (tmp_path / "new").rglob("*.zip")
    assert [mode(each) for each in (made, made.parent, made.parent.parent)] == [0o600, 0o700, 0o700]
    assert cache.use(tmp_path / "new" / "compiled") == []


def as_another_user(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    me = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: me + 1)


def given_away(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a volume that a container mounts: its user is root, the folder is somebody's."""
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    os.chown(cache.folder, 12345, 12345)


WRITABLE, FOREIGN = (
    "others can write to {}. Run: chmod go-w ",
    "{} belongs to another user. Set BAYESREFRACT_COMPILED to",
)
UNSAFE: dict[str, tuple[Callable[[Cache, pytest.MonkeyPatch], object], str]] = {
    "group writes": (lambda cache, _: cache.folder.chmod(0o770), WRITABLE),
    "all write": (lambda cache, _: cache.folder.chmod(0o1777), WRITABLE),
    "group writes above": (lambda cache, _: cache.folder.parent.chmod(0o775), WRITABLE),
    "another user": (as_another_user, FOREIGN),
    "given away": (given_away, FOREIGN),
}


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="this system has no owners")
@pytest.mark.parametrize("name", UNSAFE)
def test_code_that_others_could_have_put_there_is_neither_run_nor_written(
    name: str, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    change, reason = UNSAFE[name]
    before = {path: path.stat().st_mtime_ns for path in cache.folder.iterdir()}
    change(cache, monkeypatch)
    monkeypatch.setattr(compiler_module, "read", None)  # it is not even opened
    told = cache.use()
    assert reason.format(cache.folder.parent if name.endswith("above") else cache.folder) in told[0]
    assert told[0].startswith(f"Compiled models in {cache.folder} are neither run nor kept: ")
    assert cache.compiled == ["again"]
    assert {path: path.stat().st_mtime_ns for path in cache.folder.iterdir()} == before


def test_an_unsafe_folder_is_told_once_for_all_structures(cache: Cache) -> None:
    cache.folder.chmod(0o777)
    told, compiler = Told(), Compiler(cache.folder)
    for _ in range(2):
        compiler.ready.clear()
        compiler.model(cache.arrays, told)
    assert sum("neither run nor kept" in each for each in told.stages) == 1


def test_a_folder_like_tmp_is_safe_and_links_are_followed_first(cache: Cache, tmp_path: Path) -> None:
    cache.folder.parent.chmod(0o1777)
    assert cache.use() == []
    (tmp_path / "link").symlink_to(cache.folder)
    assert cache.use(tmp_path / "link") == []
    cache.folder.parent.chmod(0o777)
    assert "others can write to" in cache.use(tmp_path / "link")[0]


def loosen(cache: Cache) -> None:
    cache.file.chmod(0o620)


def link_elsewhere(cache: Cache) -> None:
    cache.file.rename(cache.folder.parent / "elsewhere.zip")
    cache.file.symlink_to(cache.folder.parent / "elsewhere.zip")


def pipe(cache: Cache) -> None:
    cache.file.unlink()
    os.mkfifo(cache.file)


def folder(cache: Cache) -> None:
    cache.file.unlink()
    cache.file.mkdir()


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="this system has no owners")
@pytest.mark.parametrize("change", [loosen, link_elsewhere, pipe, folder])
def test_a_file_that_others_could_have_written_is_not_run_and_replaced(
    change: Callable[[Cache], None], cache: Cache
) -> None:
    change(cache)
    told = cache.use()
    assert cache.compiled == ["again"]
    if change is loosen:
        assert told[0] == f"{cache.file}: others can write to it. What it holds is not run; the file is replaced."
    assert stat.S_ISREG(cache.file.lstat().st_mode)
    assert mode(cache.file) == 0o600
    assert cache.use() == []


def test_a_file_of_another_user_is_not_trusted(cache: Cache) -> None:
    mine = list(cache.file.stat())
    assert why_untrusted_file(os.stat_result(mine)) is None
    mine[stat.ST_UID] += 1
    assert why_untrusted_file(os.stat_result(mine)) == "it belongs to another user"


def test_damaged_code_is_not_run(cache: Cache) -> None:
    path, whole = cache.file, cache.file.read_bytes()
    broken = [b"", whole[:-1], whole[: len(whole) // 2], whole + b"more", b"no zip", seal(b"no zip")]
    for place in np.random.default_rng(3).choice(8 * len(whole), 200, replace=False):
        flipped = bytearray(whole)
        flipped[place // 8] ^= 1 << (place % 8)
        broken.append(bytes(flipped))
    for content in broken:
        path.write_bytes(content)
        assert read(path) is None
    assert read(path.with_name("missing.zip")) is None
    cache.use()
    assert cache.compiled == ["again"]
    assert read(path) is not None


def test_code_of_one_structure_is_not_run_for_another(cache: Cache) -> None:
    """Its arrays would be read beyond their ends."""
    other = cache.file.with_name("other.zip")
    other.write_bytes(cache.file.read_bytes())
    other.chmod(0o600)
    assert read(cache.file) is not None
    assert read(other) is None


def test_a_killed_writer_blocks_nobody(cache: Cache) -> None:
    """As two containers on one volume: what waits is told, and goes on as soon as the other is dead."""
    key = cache.file.stem
    cache.file.unlink()
    program = (
        "import sys, time; from pathlib import Path; from bayesrefract.files import locked\n"
        "with locked(Path(sys.argv[1]) / '.lock', sys.argv[2], print):\n    print('held', flush=True); time.sleep(600)"
    )
    command = [sys.executable, "-c", program, str(cache.folder), key]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "held\n"

        class Killer(Told):
            def stage(self, text: str) -> None:
                super().stage(text)
                writer.kill()

        told = Killer()
        Compiler(cache.folder).model(cache.arrays, told)
    assert "waiting for it to end" in told.stages[0]
    assert cache.compiled == ["again"]
    assert cache.file.exists()


def test_code_is_kept_for_one_structure_source_and_set_of_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = arrays_of(small_cohort(), WALK, pad=True), arrays_of(small_cohort(), COLLAPSED, pad=True)
    twelve = replace(WALK, intervals=Intervals(maximum=12))
    assert code_key(one.structure) == code_key(arrays_of(gbsg2(), twelve, pad=True).structure)
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


@pytest.mark.parametrize("changing", [False, True])
def test_loops_say_what_numpy_says(changing: bool) -> None:
    """Six cells in two strata, rows that leave and enter anywhere; also against sums over rows and intervals."""
    rng = np.random.default_rng(3)
    rows, width, cell = 101, np.array([2.0, 1.0, 3.0, 0.0]), rng.integers(0, 6, 101)
    edges = np.array([0.0, 2.0, 3.0, 6.0, np.inf])
    entry = np.where(rng.random(rows) < 0.3, rng.uniform(0, 4, rows), 0.0)
    _, exposure = split(entry, entry + rng.exponential(3, rows), np.zeros(rows, dtype=bool), edges)
    terms = leaving(exposure, width, cell, 6, 5)  # with one interval of padding
    assert len(terms.extra_row) > 10
    x, group = rng.normal(size=(6, rows))[:, terms.order], np.tile(np.arange(3), 2)
    x[4:] = 0.0  # padding
    effect, coefficient = rng.normal(size=6), np.append(rng.normal(size=4), [0.0, 0.0])
    change = rng.normal(size=(3, 5)) if changing else np.zeros((0, 0))
    data = [
        x,
        np.append(width, 0.0),
        *(getattr(terms, name) for name in at_risk.DATA[2:9]),
        group,
        np.array([0, 3, 6]),
        np.array([4, 4]),
    ]
    risk, weight, cell_risk = njit(at_risk.weighted_exposure)(effect, change, coefficient, *data)
    of_pattern = np.empty(rows)
    of_pattern[terms.order] = weight
    relative = np.exp(effect)[:, None] * (np.exp(change[group]) if changing else np.ones((6, 5)))
    plain = np.zeros((2, 4))
    np.add.at(plain, cell // 3, relative[cell, :4] * of_pattern[:, None] * exposure)
    assert risk[:, :4] == pytest.approx(plain, rel=1e-12)
    assert not risk[:, 4].any()
    storage = [[None], [None], [None]]
    at_risk.AtRisk(changing=changing).perform(None, [effect, change, coefficient, *data], storage)
    for found, expected in zip((risk, weight, cell_risk), storage, strict=True):
        assert found == pytest.approx(expected[0], rel=1e-12, abs=1e-12)
    cotangent = rng.normal(size=risk.shape)
    inputs = [effect, change, coefficient, weight, cell_risk, cotangent, *data]
    gradients = njit(at_risk.pull_back)(*inputs)
    at_risk.AtRiskPullback(changing=changing).perform(None, inputs, storage)
    for found, expected in zip(gradients, storage, strict=True):
        assert found == pytest.approx(expected[0], rel=1e-10, abs=1e-10)


def test_terms_of_person_time_add_up_to_it() -> None:
    """Whatever the pattern: late entry, gaps, several patients in one."""
    rng = np.random.default_rng(4)
    width = np.array([2.0, 1.0, 3.0, 0.0])
    exposure = rng.random((50, 4)) * (rng.random((50, 4)) < 0.6)
    exposure[:10, :3] = width[:3] * rng.integers(0, 4, (10, 3))
    exposure[0] = 0.0
    terms = leaving(exposure, width, np.zeros(50, dtype=np.int64), 1, 4)
    sums = np.zeros((50, 4))
    for name, row in (("row", np.arange(50)), ("extra", terms.extra_row)):
        count, time = getattr(terms, f"{name}_count"), getattr(terms, f"{name}_time")
        start = terms.block_start if name == "row" else terms.extra_start
        interval = np.repeat(np.arange(4), np.diff(start))
        for place, j in enumerate(interval):
            pattern = terms.order[row[place]]
            sums[pattern, j] += time[place]
            sums[pattern, :j] += count[place] * width[:j]
    assert sums == pytest.approx(exposure, abs=1e-12)
