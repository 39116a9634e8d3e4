"""Stored fits: whole or absent, found only under the hash of all that they depend on."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from io import BytesIO
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray as xr
from cohorts import gbsg2

from bayesrefract.cohort.exposure import tabulate
from bayesrefract.inference.posterior import Posterior
from bayesrefract.inference.provenance import Provenance
from bayesrefract.inference.sealed import read_sealed, seal
from bayesrefract.inference.store import FitStore, MemoryStore, fit_key
from bayesrefract.model.arrays import ModelArrays, arrange
from bayesrefract.model.priors import resolve_group_prior
from bayesrefract.study.model import Baseline, GroupPriorName, Model, Priors, Sampler
from bayesrefract.study.rope import Rope
from bayesrefract.study.study import Contrast

PLAN = Model("walk", "", "")
SEED = np.random.SeedSequence(1)
PARENTS = Provenance(
    1, "k" * 64, "data", "model", "study", "code", {"numpy": "2"}, label="s · q · walk", sampler={"draws": 50}
)


def rope(high: float = 1.25) -> Rope:
    return Rope(1 / high, high, "test", None, before_data=True)


def arrays(model: Model = PLAN, margin: Rope | None = None, **cohort_changes: object) -> ModelArrays:
    cohort = replace(gbsg2(covariates=("age",)), **cohort_changes)
    prior = resolve_group_prior(model.priors, margin or rope())
    return arrange(tabulate(cohort, model.intervals), model, prior, Contrast("yes", "no", primary=True))


def posterior(key: str = "k" * 64) -> Posterior:
    rng = np.random.default_rng(0)
    draws = xr.Dataset(
        {
            "group_effect": (("chain", "draw", "group"), rng.normal(size=(2, 50, 2))),
            "log_likelihood": (("chain", "draw"), rng.normal(size=(2, 50))),
        },
        coords={"group": ["no", "yes"]},
    )
    statistics = xr.Dataset(
        {
            "diverging": (("chain", "draw"), rng.random((2, 50)) < 0.1),
            "energy": (("chain", "draw"), rng.normal(size=(2, 50))),
        }
    )
    return Posterior(draws, statistics, key)


def test_a_stored_fit_comes_back_as_it_was(tmp_path: Path) -> None:
    store, saved = FitStore(tmp_path), posterior()
    path = store.save(saved, PARENTS)
    loaded = store.load(saved.key, arrays())
    assert loaded is not None
    xr.testing.assert_identical(loaded.draws.drop_attrs(), saved.draws)
    xr.testing.assert_identical(loaded.statistics.drop_attrs(), saved.statistics)
    assert [each.suffix for each in tmp_path.iterdir()] == [".nc"]
    with xr.open_datatree(path, engine="h5netcdf") as tree:  # the seal is no hindrance to other readers
        xr.testing.assert_identical(tree["posterior"].to_dataset().load(), loaded.draws)


def test_another_key_finds_nothing(tmp_path: Path) -> None:
    store = FitStore(tmp_path)
    store.save(posterior(), PARENTS)
    assert store.load("x" * 64, arrays()) is None
    assert store.load("k" * 32 + "x" * 32, arrays()) is None, "same file name, other key"


@pytest.mark.skipif(os.name == "nt", reason="no modes on this system")
def test_a_fit_is_its_owners_alone_and_the_folder_of_the_report_is_not(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        store = FitStore(tmp_path / "reports" / "study" / "posterior")
        path = store.save(posterior(), PARENTS)
        with store.claim("k" * 64, lambda _: None):
            pass
    finally:
        os.umask(before)
    modes = [stat.S_IMODE(each.stat().st_mode) for each in (path, path.parent, path.parent.parent)]
    assert modes == [0o600, 0o700, 0o755]
    path.chmod(0o644)
    path.parent.chmod(0o755)
    store.save(posterior(), PARENTS)
    modes = [stat.S_IMODE(each.stat().st_mode) for each in (path, path.parent)]
    assert modes == [0o600, 0o755], "a folder that is there keeps its modes"


# Damage


def test_no_flipped_bit_is_believed_raises_or_hangs(tmp_path: Path) -> None:
    """HDF5 itself raises for 15% of them, and reads two in a thousand for ever: it must never see them."""
    store, saved = FitStore(tmp_path), posterior()
    path = store.save(saved, PARENTS)
    whole, now, slowest = path.read_bytes(), arrays(), 0.0
    assert store.load(saved.key, now) is not None
    for place in np.random.default_rng(5).choice(8 * len(whole), 1000, replace=False):
        flipped = bytearray(whole)
        flipped[place // 8] ^= 1 << (place % 8)
        path.write_bytes(flipped)
        started = time.monotonic()
        assert store.load(saved.key, now) is None, f"bit {place}"
        assert store.parents(PARENTS.label) == [], f"bit {place}"
        slowest = max(slowest, time.monotonic() - started)
    assert slowest < 1


def exchange_labels(path: Path) -> None:
    """As somebody does who opens the file with h5py."""
    with h5py.File(path, "r+") as file:
        labels = file["posterior/group"]
        labels[:] = labels[:][::-1]


def test_exchanged_labels_are_noticed(tmp_path: Path) -> None:
    store, saved = FitStore(tmp_path), posterior()
    path = store.save(saved, PARENTS)
    exchange_labels(path)
    assert store.load(saved.key, arrays()) is None


def sealed_with(path: Path, change: Callable[[xr.DataTree], object]) -> None:
    """The stored fit with a change, under a seal that holds."""
    content = read_sealed(path)
    assert content is not None
    with xr.open_datatree(BytesIO(content), engine="h5netcdf") as tree:
        tree.load()
    change(tree)
    made = BytesIO()
    tree.to_netcdf(made, engine="h5netcdf")
    path.write_bytes(seal(made.getvalue()))


def relabel(tree: xr.DataTree) -> None:
    tree["posterior"].dataset = tree["posterior"].to_dataset().assign_coords(group=["yes", "no"])


def unname(tree: xr.DataTree) -> None:
    tree["posterior"].dataset = tree["posterior"].to_dataset().drop_vars("group")


def as_text(tree: xr.DataTree) -> None:
    tree["posterior"].dataset = tree["posterior"].to_dataset().astype(str)


def drop_group(tree: xr.DataTree) -> None:
    del tree["sample_stats"]


def drop_variable(tree: xr.DataTree) -> None:
    tree["posterior"].dataset = tree["posterior"].to_dataset().drop_vars("group_effect")


@pytest.mark.parametrize(
    "change", [relabel, unname, as_text, drop_group, drop_variable, lambda tree: tree.attrs.clear()]
)
def test_a_fit_with_other_labels_or_parts_than_the_data_is_not_taken(
    change: Callable[[xr.DataTree], object], tmp_path: Path
) -> None:
    """The seal says that a file is as it was written; whether it fits the data of today is looked at apart."""
    store, saved = FitStore(tmp_path), posterior()
    path = store.save(saved, PARENTS)
    sealed_with(path, lambda tree: None)
    assert store.load(saved.key, arrays()) is not None
    sealed_with(path, change)
    assert store.load(saved.key, arrays()) is None


class OursError(ValueError):
    """A mistake in our own code, of a class that damaged content raises too."""


@pytest.mark.parametrize("where", ["_posterior", "_belongs", "read_provenance"])
def test_a_fault_of_our_own_is_not_taken_for_damage(
    where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OursError

    store, saved = FitStore(tmp_path), posterior()
    store.save(saved, PARENTS)
    monkeypatch.setattr(f"bayesrefract.inference.store.{where}", fail)
    ask_parents = where == "read_provenance"
    asked = partial(store.parents, PARENTS.label) if ask_parents else partial(store.load, saved.key, arrays())
    with pytest.raises(OursError):
        asked()


def test_the_provenance_of_another_version_concerns_nobody(tmp_path: Path) -> None:
    store = FitStore(tmp_path)
    path = store.save(posterior(), PARENTS)
    for written in ("no JSON", "[]", '{"seed": 1}', '{"unheard_of": 1}'):
        sealed_with(path, lambda tree, text=written: tree.attrs.update(provenance=text))
        assert store.parents(PARENTS.label) == [], written
    sealed_with(path, lambda tree: tree.attrs.pop("provenance"))
    assert store.parents(PARENTS.label) == []


def grow(path: Path) -> None:
    """A hundred gigabytes of nothing: the reader must not look at them."""
    with path.open("r+b") as file:
        file.truncate(100 * 10**9)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "cut in half": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "longer": lambda path: path.write_bytes(path.read_bytes() + b"more"),
    "empty": lambda path: path.write_bytes(b""),
    "other": lambda path: path.write_bytes(b"not a netCDF file"),
    "sealed garbage": lambda path: path.write_bytes(seal(b"not a netCDF file")),
    "huge": grow,
    "folder": lambda path: (path.unlink(), path.mkdir(), (path / "note.txt").write_text("somebody's own")),
    "link to itself": lambda path: (path.unlink(), path.symlink_to(path.name)),
    "link to nothing": lambda path: (path.unlink(), path.symlink_to("nothing.nc")),
    "link to a device": lambda path: (path.unlink(), path.symlink_to("/dev/zero")),
    "pipe": lambda path: (path.unlink(), os.mkfifo(path)),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_fit_is_made_again_whatever_lies_there(name: str, tmp_path: Path) -> None:
    store, saved = FitStore(tmp_path), posterior()
    path = store.save(saved, PARENTS)
    DAMAGES[name](path)
    assert store.load(saved.key, arrays()) is None
    assert store.found(saved.key) == path
    assert store.parents(PARENTS.label) == []
    store.save(saved, PARENTS)
    assert store.load(saved.key, arrays()) is not None
    assert path.is_file()
    assert not path.is_symlink()
    assert not (tmp_path / "nothing.nc").exists()
    notes = [each.read_text() for each in tmp_path.rglob("note.txt")]
    assert notes == (["somebody's own"] if name == "folder" else []), "what is not ours is set aside, not removed"


def test_nothing_is_written_where_fits_are_kept_in_memory() -> None:
    store, saved = MemoryStore(), posterior()
    assert store.load(saved.key, arrays()) is None
    store.save(saved, PARENTS)
    assert store.load(saved.key, arrays()) is saved
    assert store.found(saved.key) is None


def test_parents_are_found_by_label_and_their_differences_told(tmp_path: Path) -> None:
    store = FitStore(tmp_path)
    store.save(posterior(), PARENTS)
    store.save(posterior("x" * 64), replace(PARENTS, label="another", fit_key="x" * 64))
    (tmp_path / "damaged.nc").write_bytes(b"no netCDF")
    assert store.parents(PARENTS.label) == [PARENTS]
    now = replace(PARENTS, data_sha256="other", versions={"numpy": "3"}, sampler={"draws": 60}, study_sha256="new")
    told = "; ".join(now.differences(PARENTS))
    assert told == "the records (other now, data then); draws (60 now, 50 then); numpy (3 now, 2 then)"
    assert replace(PARENTS, study_sha256="new").differences(PARENTS) == ["the study file (new now, study then)"]
    assert replace(PARENTS, cpu="another").differences(PARENTS) == []


def test_the_key_follows_everything_a_fit_depends_on() -> None:
    base = fit_key(arrays(), Sampler(), SEED)
    assert fit_key(arrays(), Sampler(), np.random.SeedSequence(1)) == base
    cohort = gbsg2()
    changes = {
        "seed": fit_key(arrays(), Sampler(), np.random.SeedSequence(2)),
        "draws": fit_key(arrays(), Sampler(draws=2000), SEED),
        "data": fit_key(arrays(exit=cohort.exit + 1), Sampler(), SEED),
        "events": fit_key(arrays(event=~cohort.event), Sampler(), SEED),
        "prior": fit_key(arrays(replace(PLAN, priors=Priors(group=GroupPriorName.WIDE))), Sampler(), SEED),
        "baseline": fit_key(arrays(replace(PLAN, baseline=Baseline(innovation_sd=2.0))), Sampler(), SEED),
    }
    assert len({base, *changes.values()}) == len(changes) + 1


def test_a_rope_moves_the_key_only_where_the_prior_is_made_of_it() -> None:
    sceptical = replace(PLAN, priors=Priors(group=GroupPriorName.SCEPTICAL))
    assert fit_key(arrays(margin=rope(1.3)), Sampler(), SEED) == fit_key(arrays(), Sampler(), SEED)
    assert fit_key(arrays(sceptical, rope(1.3)), Sampler(), SEED) != fit_key(arrays(sceptical), Sampler(), SEED)
