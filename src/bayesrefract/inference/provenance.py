"""Provenance: hashes, versions, seed and settings of a fit."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Sequence
from dataclasses import MISSING, asdict, dataclass, field, fields
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeGuard

PACKAGE = Path(__file__).parents[1]
CODE_ROOMS = ("cohort/exposure.py", "model", "inference")
"""Sources on which draws depend: a change in any of them makes every fit run again."""
LIBRARIES = (
    "pymc",
    "pytensor",
    "nutpie",
    "numpy",
    "numba",
    "xarray",
    "arviz",
    "arviz-stats",
    "lifelines",
    "statsmodels",
    "pandas",
    "scipy",
)
DRAW_LIBRARIES = ("pymc", "pytensor", "nutpie", "numpy", "numba")


@dataclass(frozen=True)
class Provenance:
    """Provenance of a fit: seed, versions, hashes, and the processor that did the sampling."""

    seed: int
    fit_key: str
    data_sha256: str
    model_sha256: str
    study_sha256: str
    code_sha256: str
    versions: dict[str, str]
    cpu: str = ""
    compilation: str = "kept"
    label: str = ""
    sampler: dict[str, Any] = field(default_factory=dict)

    def differences(self, other: Provenance) -> list[str]:
        """Describe the differences from another provenance in words.

        The processor is left out: it does not make a fit outdated. The study file counts only where nothing
        else differs: most of it decides, and does not sample.
        """
        said = [
            f"{name} ({mine} now, {theirs} then)"
            for name, mine, theirs in (
                ("the records", self.data_sha256[:12], other.data_sha256[:12]),
                ("the model file", self.model_sha256[:12], other.model_sha256[:12]),
                ("the seed", self.seed, other.seed),
                ("the way of compiling", self.compilation, other.compilation),
                ("the program", self.code_sha256[:12], other.code_sha256[:12]),
                *((key, self.sampler.get(key), other.sampler.get(key)) for key in self.sampler),
                *((name, self.versions.get(name), other.versions.get(name)) for name in DRAW_LIBRARIES),
            )
            if mine != theirs
        ]
        if not said and self.study_sha256 != other.study_sha256:
            said = [f"the study file ({self.study_sha256[:12]} now, {other.study_sha256[:12]} then)"]
        return said


def is_provenance(values: object) -> TypeGuard[dict[str, Any]]:
    """Whether these are values that `as_values` of this version has made: none is missing, and none is unheard of."""
    wanted = {each.name: each.default is MISSING and each.default_factory is MISSING for each in fields(Provenance)}
    needed = {name for name, required in wanted.items() if required}
    return isinstance(values, dict) and needed <= values.keys() <= wanted.keys()


def read_provenance(values: dict[str, Any]) -> Provenance:
    """The inverse of `as_values`. Raises TypeError where something is missing."""
    return Provenance(**values)


def as_values(provenance: Provenance) -> dict[str, Any]:
    """As JSON writes it."""
    return asdict(provenance)


@cache
def versions() -> dict[str, str]:
    """Versions of this package and of the libraries behind its numbers."""
    return {name: version(name) for name in ("bayesrefract", *LIBRARIES)}


def code_sha256(packages: Sequence[str] = CODE_ROOMS) -> str:
    """Hash of sources: unless others are named, of those on which draws depend."""
    digest = hashlib.sha256()
    for package in packages:
        place = PACKAGE / package
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            digest.update(path.relative_to(PACKAGE).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


@cache
def processor() -> str:
    """Name of the processor, as the system gives it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or platform.processor() or platform.machine()
