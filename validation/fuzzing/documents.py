"""Spoilt TOML: keys removed, types changed, values nested or huge, and letters changed."""

from __future__ import annotations

import copy
import datetime as dt
import json
import math
import re
import tomllib
from typing import Any

from numpy.random import Generator

from validation.fuzzing.tables import spoilt_bytes
from validation.fuzzing.values import chance, encoded, nudged, pick, text, value

BARE = re.compile(r"[A-Za-z0-9_-]+")


def spoilt_toml(rng: Generator, written: str) -> bytes:
    """A document with one to three faults, or what looks like one."""
    if chance(rng, 3):
        spoilt = _lines(rng, written)
        return spoilt_bytes(rng, encoded(spoilt), spoilt) if chance(rng, 3) else encoded(spoilt)
    tables = tomllib.loads(written)
    for _ in range(int(rng.geometric(0.6))):
        _change(rng, tables)
    return encoded(as_toml(tables))


def _lines(rng: Generator, written: str) -> str:
    """Lines dropped, doubled, exchanged or changed."""
    lines = written.splitlines()
    one, other = (int(place) for place in rng.integers(len(lines), size=2))
    kind = int(rng.integers(6))
    if kind == 0:
        del lines[one]
    elif kind == 1:
        lines.insert(other, lines[one])
    elif kind == 2:
        lines[one], lines[other] = lines[other], lines[one]
    elif kind == 3:
        lines[one] = nudged(rng, lines[one])
    elif kind == 4:
        key, _, _ = lines[one].partition("=")
        lines[one] = f"{key}= {text(rng)}"
    else:
        lines.insert(one, pick(rng, ("[" * 60, "a." * 80 + "b = 1", "x = " + "[" * 60 + "]" * 60, "[[rope]]", "= 1")))
    return pick(rng, ("\n", "\n", "\r\n", "\r")).join(lines)


def _change(rng: Generator, tables: dict[str, Any]) -> None:
    """One fault of keys or values, anywhere."""
    table, key = pick(rng, list(_places(tables)))
    kind = int(rng.integers(9))
    if kind < 4:
        table[key] = value(rng)
    elif kind == 4:
        del table[key]
    elif kind == 5 and isinstance(table, dict):
        table[nudged(rng, key) if chance(rng, 2) else text(rng)[:200]] = table.pop(key)
    elif kind == 6:
        table[key] = pick(rng, ([table[key]], {"a": table[key]}, [table[key], table[key]]))
    elif kind == 7 and isinstance(table[key], str):
        table[key] = nudged(rng, table[key])
    else:
        other, place = pick(rng, list(_places(tables)))
        table[key] = copy.deepcopy(other[place])


def _places(tables: Any) -> list[tuple[Any, Any]]:
    """Every table or list with every key or place in it."""
    items = list(tables.items()) if isinstance(tables, dict) else list(enumerate(tables))
    found: list[tuple[Any, Any]] = [(tables, key) for key, _ in items]
    for _, held in items:
        if isinstance(held, dict | list):
            found += _places(held)
    return found or [({"a": 1}, "a")]


def as_toml(tables: dict[str, Any]) -> str:
    """A document with all its values inline, which TOML allows."""
    return "".join(f"{_key(key)} = {_inline(held)}\n" for key, held in tables.items())


def _key(key: str) -> str:
    return key if BARE.fullmatch(key) else _quoted(key)


def _inline(held: Any) -> str:
    match held:
        case bool():
            return str(held).lower()
        case str():
            return _quoted(held)
        case float() if math.isnan(held) or math.isinf(held):
            return str(held)
        case dict():
            return "{ " + ", ".join(f"{_key(key)} = {_inline(each)}" for key, each in held.items()) + " }"
        case list():
            return "[" + ", ".join(_inline(each) for each in held) + "]"
        case dt.date():
            return held.isoformat()
        case int() if abs(held) >= 10**300:
            return "9" * 5000  # longer than Python would write
        case _:
            return repr(held)


def _quoted(text: str) -> str:
    """As JSON quotes it, which TOML reads, but for the halves of pairs: these stay as they are."""
    quoted = json.dumps(text, ensure_ascii=False)
    return quoted.replace("\x7f", "\\u007f")
