"""The kinds of input that are spoilt, and the case that a seed and a number make."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping

import numpy as np
from numpy.random import Generator

from validation.fuzzing import frames, inputs, stored
from validation.fuzzing.cases import Case
from validation.fuzzing.commands import spoilt_words
from validation.fuzzing.documents import spoilt_toml
from validation.fuzzing.tables import spoilt_csv, spoilt_parquet
from validation.fuzzing.values import chance, pick

GOOD = inputs.RECORDS.encode()
MINE = {"patients.csv": GOOD, "mine.toml": inputs.LAYERED.encode()}
PRINTED = {"counts.csv": inputs.COUNTS.encode(), "estimates.csv": inputs.ESTIMATES.encode()}
TABLES = (
    (inputs.RECORDS, inputs.COMPARE),
    (inputs.RECORDS, inputs.COMPARE_ALL),
    (inputs.QUOTED, inputs.COMPARE_QUOTED),
    (inputs.PLAIN, inputs.COMPARE_PLAIN),
)
COMMANDS: tuple[tuple[tuple[str, ...], Mapping[str, bytes]], ...] = (
    (inputs.COMPARE, MINE),
    (inputs.COMPARE_ALL, MINE),
    (inputs.COMPARE_ALL, MINE),
    (inputs.WITH_MODEL, MINE),
    (inputs.ATTAIN, {}),
    (inputs.ONE_RATIO, {}),
    (inputs.TWO_RATIOS, {}),
    (inputs.AUDIT, PRINTED),
    (inputs.POOLED, PRINTED),
    (("check", ".", "--model", "wide"), MINE | {"study.toml": inputs.STUDY.encode()}),
    (("fit", ".", "--out", "out", "--draws", "100", "--seed", "3"), MINE | {"study.toml": inputs.STUDY.encode()}),
    (("report", ".", "--out", "out"), MINE | {"study.toml": inputs.STUDY.encode()}),
    (("models",), {}),
)


def records(rng: Generator) -> Case:
    """`compare` on a spoilt CSV."""
    written, command = pick(rng, TABLES)
    return Case("records", command, {"patients.csv": spoilt_csv(rng, written)})


def parquet(rng: Generator) -> Case:
    """`compare` on a spoilt Parquet file."""
    command = tuple(word.replace("patients.csv", "p.parquet") for word in pick(rng, TABLES[:2])[1])
    return Case("parquet", command, {"p.parquet": spoilt_parquet(rng, inputs.RECORDS)})


def options(rng: Generator) -> Case:
    """Every command with spoilt options."""
    command, files = pick(rng, COMMANDS)
    return Case("options", spoilt_words(rng, command), files)


def study(rng: Generator) -> Case:
    """`check` and `fit` on a spoilt study file."""
    command = pick(rng, (("check", "."), ("check", "study.toml"), ("fit", ".", "--out", "out")))
    return Case("study", command, MINE | {"study.toml": spoilt_toml(rng, inputs.STUDY)})


def model(rng: Generator) -> Case:
    """`compare` under a spoilt model file."""
    spoilt = spoilt_toml(rng, pick(rng, inputs.MODELS))
    return Case("model", inputs.WITH_MODEL, {"patients.csv": GOOD, "mine.toml": spoilt})


def printed(rng: Generator) -> Case:
    """`audit` and `published` on spoilt tables of a paper."""
    command = pick(rng, (inputs.AUDIT, inputs.AUDIT, inputs.PUBLISHED, inputs.POOLED))
    name = "counts.csv" if command == inputs.AUDIT and chance(rng, 2) else "estimates.csv"
    return Case("printed", command, PRINTED | {name: spoilt_csv(rng, PRINTED[name].decode())})


DOORS: Mapping[str, Callable[[Generator], Case]] = {
    "records": records,
    "parquet": parquet,
    "options": options,
    "study": study,
    "model": model,
    "printed": printed,
    "frame": frames.spoilt,
    "stored": stored.spoilt,
}


def case_of(seed: int, door: str, number: int) -> Case:
    """The case of a number: it depends on nothing else."""
    return DOORS[door](np.random.default_rng([seed, zlib.crc32(door.encode()), number]))
