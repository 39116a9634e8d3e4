"""Damaged stored fits: none may be taken for whole, raise, or be read for ever."""

from __future__ import annotations

import io
import tempfile
from functools import cache
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import h5py
import numpy as np
import xarray as xr
from numpy.random import Generator

from bayesrefract import pipeline
from bayesrefract.analysis.fit import Fit
from bayesrefract.comparing import check_comparison
from bayesrefract.comparison import Comparison
from bayesrefract.inference.posterior import Posterior, labels
from bayesrefract.inference.store import FitStore
from bayesrefract.study.rope import Rope
from bayesrefract.study.study import TimeUnit
from validation.fuzzing.cases import Case
from validation.fuzzing.inputs import RECORDS
from validation.fuzzing.tables import spoilt_bytes
from validation.fuzzing.values import chance, pick

DOOR = "stored"
NAME = "fit.nc"


class Whole(NamedTuple):
    """A fit of the good records, as it is, and as a file."""

    fit: Fit
    posterior: Posterior
    content: bytes


@cache
def whole() -> Whole:
    """A small stored fit with made-up draws."""
    asked = Comparison("time", "event", "arm", "a", TimeUnit.MONTHS, Rope(0.8, 1.25, "made up"), adjust=("age",))
    with tempfile.TemporaryDirectory() as folder, mock.patch.object(pipeline, "analyse"):
        path = Path(folder) / "patients.csv"
        path.write_text(RECORDS, encoding="utf-8")
        study, records, model = check_comparison(asked, path, "primary")
        ((fit,),) = pipeline.prepare([pipeline.Job(study, records, (model,))], seed=1)
        posterior = _made_up(fit)
        store = FitStore(Path(folder) / "posterior")
        content = store.save(posterior, fit.provenance(model.sampler, fit.key)).read_bytes()
    return Whole(fit, posterior, content)


def _made_up(fit: Fit) -> Posterior:
    rng = np.random.default_rng(1)
    names = labels(fit.arrays)
    held = {"group_effect": "group", "coefficient": "covariate", "log_hazard": "interval"}
    draws = xr.Dataset(
        {each: (("chain", "draw", dim), rng.normal(size=(2, 20, len(names[dim])))) for each, dim in held.items()}
        | {"log_likelihood": (("chain", "draw"), rng.normal(size=(2, 20)))},
        coords={dim: names[dim] for dim in held.values()},
    )
    statistics = xr.Dataset({"diverging": (("chain", "draw"), np.zeros((2, 20), dtype=bool))})
    return Posterior(draws, statistics, fit.key)


def spoilt(rng: Generator) -> Case:
    """The file with bits flipped, cut, or with labels and values changed as somebody does who opens it."""
    content = whole().content
    made = _opened(rng, content) if chance(rng, 4) else spoilt_bytes(rng, content)
    return Case(DOOR, (), {NAME: made})


def _opened(rng: Generator, content: bytes) -> bytes:
    stream = io.BytesIO(content)
    with h5py.File(stream, "r+") as file:
        names: list[str] = []
        file["posterior"].visit(names.append)
        name = pick(rng, names)
        kind = int(rng.integers(4))
        if kind == 0:
            del file["posterior"][name]
        elif kind == 1:
            file["posterior"].move(name, name + "x")
        elif kind == 2:
            file.attrs["key"] = "x" * 64
        else:
            held = file["posterior"][name]
            if held.shape:
                held[...] = held[...][::-1]
            if held.shape is None or not held.size or np.array_equal(held[...], held[...][::-1]):
                file.attrs["by_group"] = 1
    return stream.getvalue()


def faults(case: Case) -> list[str]:
    """What became of a damaged file: it must be as if there were none."""
    good = whole()
    if case.files[NAME] == good.content:
        return []
    store = FitStore(Path("home-of-fits"))
    path = store.path(good.fit.key)
    path.parent.mkdir()
    path.write_bytes(case.files[NAME])
    loaded = store.load(good.fit.key, good.fit.arrays)
    found = [] if loaded is None else ["a damaged fit was taken for whole"]
    if store.parents(good.fit.label):
        found.append("the provenance of a damaged fit was read")
    path.unlink()
    path.parent.rmdir()
    return found
