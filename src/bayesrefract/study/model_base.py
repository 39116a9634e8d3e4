"""A model file that rests on another one: `base` is read first, and the file's own keys replace single keys of it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bayesrefract.errors import ModelError
from bayesrefract.messages import did_you_mean
from bayesrefract.study.model import BaselineKind
from bayesrefract.study.toml_reader import TomlFile, read_toml, shown

BASE = "base"
OWN = (BASE, "title", "purpose")
"""Keys that every file gives for itself."""
KEYS_OF_KIND = {
    BaselineKind.INDEPENDENT: ("shape", "rate", "rate_unit", "by_group"),
    BaselineKind.RANDOM_WALK: ("innovation_sd", "level_sd"),
}
"""Keys of [baseline] that only one kind knows."""
ALLOWED = "the name of a shipped model, or the path of a model file seen from this one, ending in .toml"


@dataclass(frozen=True)
class Layered:
    """One file with the keys of its bases filled in. `sha256` covers its own bytes and those of every base."""

    file: TomlFile
    sha256: str
    below: Layered | None = None


def is_path(name_or_path: str) -> bool:
    """Whether a model is named by a path: it ends in .toml or has a separator."""
    return name_or_path.endswith(".toml") or "/" in name_or_path or "\\" in name_or_path


def find_base(path: Path, file: TomlFile, shipped: Mapping[str, Path], above: Iterable[Path]) -> Path | None:
    """The file that `base` names, or None without one.

    above : the files that rest on this one, the first of all first. Raises ModelError where `base` names no
    model file, or one of those.
    """
    if BASE not in file.tables:
        return None
    named = file.tables[BASE]
    if not isinstance(named, str) or not named.strip():
        raise _fault(file, f" = {shown(named)} is not allowed. Give {ALLOWED}.")
    if is_path(named):
        found = path.parent / named
        if not os.path.isfile(found):
            raise _fault(
                file,
                f" = {shown(named)}: there is no such file, seen from {path.name}. Correct the path, or name a shipped "
                f"model: {', '.join(shipped)}.",
            )
    elif named in shipped:
        found = shipped[named]
    else:
        raise _fault(
            file,
            f" = {shown(named)}: there is no such model.{renamed_hint(named) or did_you_mean(named, shipped)} "
            f"Give {ALLOWED}; shipped: {', '.join(shipped)}.",
        )
    line = [*above, path]
    if found.resolve() in [each.resolve() for each in line]:
        circle = " -> ".join(each.name for each in (*line, found))
        raise _fault(
            file, f" = {shown(named)} closes a circle: {circle}. Take base out of one of them, and give its keys there."
        )
    return found


def layered(path: Path, shipped: Mapping[str, Path], known: Iterable[str], above: tuple[Path, ...] = ()) -> Layered:
    """Read a file and its bases. known : tables that are merged key by key; any other key is replaced whole.

    No value is checked here. Raises ModelError where a file cannot be read, or its base cannot be found.
    """
    file, content = read_toml(path, ModelError)
    base = find_base(path, file, shipped, above)
    if base is None:
        return Layered(file, hashlib.sha256(content).hexdigest())
    below = layered(base, shipped, known, (*above, path))
    tables = merge(below.file.tables, file.tables, known)
    return Layered(replace(file, tables=tables), hashlib.sha256(content + below.sha256.encode()).hexdigest(), below)


RENAMED = {
    "fine": "primary",
    "fine_sceptical": "sceptical",
    "fine_total": "total",
    "fine_unadjusted": "unadjusted",
    "fine_wide": "wide",
}
"""Models of earlier versions whose 24 intervals every model now has."""


def renamed_hint(name: str) -> str:
    """What to write instead of a model of an earlier version; empty for any other name."""
    if name not in RENAMED:
        return ""
    return f' Fine intervals are now the rule: write "{RENAMED[name]}" ("coarse" has 12 intervals).'


def merge(base: Mapping[str, Any], own: Mapping[str, Any], known: Iterable[str]) -> dict[str, Any]:
    """The base's keys with the file's own in their place, table by table.

    Another kind of baseline than the base's does not inherit what only the base's kind knows.
    """
    merged = {key: value for key, value in base.items() if key not in OWN} | dict(own)
    for table in known:
        if isinstance(base.get(table), dict) and isinstance(own.get(table), dict):
            inherited = base[table]
            if table == "baseline":
                inherited = _of_kind(inherited, own[table].get("kind", inherited.get("kind")))
            merged[table] = inherited | own[table]
    return merged


def _of_kind(baseline: Mapping[str, Any], kind: object) -> dict[str, Any]:
    foreign = {key for other, keys in KEYS_OF_KIND.items() if other != kind for key in keys}
    return {key: value for key, value in baseline.items() if key not in foreign}


def with_faults_of_base(read: Layered, of_base: Sequence[str]) -> None:
    """Put the base's faults behind the file's own; what is wrong in the base is not told a second time."""
    if read.below is None or not of_base:
        return
    file, below = read.file, read.below.file
    known = {fault.removeprefix(f"{below.name}: ") for fault in of_base}
    own = [fault for fault in file.faults if fault.removeprefix(f"{file.name}: ") not in known]
    file.faults[:] = own
    file.fault(BASE, f" = {shown(file.tables[BASE])} has faults of its own. Correct them in {below.name}.")
    file.faults.extend(of_base)


def _fault(file: TomlFile, sentence: str) -> ModelError:
    return ModelError(f"{file.name}: {BASE}{sentence}")
