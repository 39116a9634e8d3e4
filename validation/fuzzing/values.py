"""Texts and numbers that programs stumble over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.random import Generator

NUMBERS = (
    "0",
    "-0",
    "-1",
    "1",
    "2",
    "0.5",
    "1e-5",
    "1e5",
    "1e15",
    "1e16",
    "1e300",
    "1e308",
    "1.7976931348623157e308",
    "1e400",
    "-1e400",
    "1e-300",
    "1e-320",
    "5e-324",
    "1e-400",
    "inf",
    "-inf",
    "Infinity",
    "nan",
    "NaN",
    "9007199254740993",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551616",
    "9" * 400,
    "1" * 5000,
    "0." + "0" * 400 + "1",
    "1_000",
    "1,5",
    "1,234.5",
    "1 234",
    "1.234,5",
    "+5",
    "--5",
    "0x10",
    "0b1",
    "1e",
    "e5",
    "1.",
    ".5",
    "1.2.3",
    "5-",
    "½",
    "٣",
    "１２",
    "²",
    "1e5e5",
    "1d5",
    "99%",
    "999",
    "-9",
    "1j",
    "0.9999999999999999",
    "1.0000000000000002",
)
TEXTS = (
    "",
    " ",
    "\t",
    "\n",
    "\r\n",
    "\r",
    "a\nb",
    "NA",
    "N/A",
    "None",
    "null",
    ".",
    "-",
    "?",
    "Unknown",
    "true",
    "TRUE",
    "False",
    "yes",
    "no",
    '"',
    '""',
    "'",
    "''",
    ",",
    ";",
    "|",
    "\\",
    "\\n",
    "%s",
    "%n",
    "{0}",
    "{",
    "}",
    "{{ x }}",
    "$(x)",
    "`x`",
    "=1+1",
    "@SUM(A1)",
    "-cmd|' /C calc'!A0",
    "<script>",
    "<b>&amp;</b>",
    "--",
    "--help",
    "-h",
    "--json",
    "\x00",
    "a\x00b",
    "\x07",
    "\x1b[2J",
    "\x1b]0;x\x07",
    "\x7f",
    "\x85",
    "\u2028",
    "\u2029",
    "a\u200b",
    "a\u00a0",
    "a\u202eb",
    "\ufeffa",
    "\ufffe",
    "\uffff",
    "é",
    "e\u0301",
    "Å",
    "Å",
    "а",
    "ａ",
    "ﬁ",
    "İ",
    "ß",
    "ẞ",
    "😀",
    "\U0001f468\u200d\U0001f469",
    "東京",
    "שלום",
    "\u0301",
    "\U000e0041",
    "\ud800",
    "\udcff",
    "A",
    " a",
    "a ",
    "b",
    "c",
    "a,b",
    "2020-01-01",
    "31/12/2020",
    "study",
    "patients.csv",
    "patients.csv/x",
    "time",
    "event",
    "arm",
    "id",
    "age",
    "sex",
    "x" * 300,
    "é" * 300,
    "a" * 5000,
)
HUGE = ("a" * 200_000, "é" * 100_000, "a,b\n" * 20_000, "9" * 100_000, "\u0301" * 50_000, "x " * 100_000)
"""Seldom drawn: each takes a while to read."""
SEED_OF_HUGE = 150
"""One in so many texts is huge."""
LOOK_ALIKES = {"a": "а", "e": "е", "o": "ο", "i": "і", "c": "с", "1": "１", ",": "，", '"': "”", "-": "–", ".": "．"}
"""Letters of other alphabets that nobody sees to be others."""


def pick[T](rng: Generator, choices: Sequence[T]) -> T:
    """One of them."""
    return choices[int(rng.integers(len(choices)))]


def chance(rng: Generator, one_in: int) -> bool:
    """Once in so many times."""
    return int(rng.integers(one_in)) == 0


def text(rng: Generator) -> str:
    """A hostile text, or number as text."""
    if chance(rng, SEED_OF_HUGE):
        return pick(rng, HUGE)
    return pick(rng, NUMBERS if chance(rng, 2) else TEXTS)


def value(rng: Generator, depth: int = 0) -> Any:
    """A hostile value of TOML: text, number, date, list or table."""
    kind = int(rng.integers(10 if depth < 3 else 7))
    if kind < 3:
        return text(rng)
    if kind < 6:
        return pick(rng, SCALARS)
    if kind == 6:
        return pick(rng, ([], {}, [[]], [{}], {"": 1}))
    if kind == 7:
        return [value(rng, depth + 1) for _ in range(int(rng.integers(4)))]
    if kind == 8:
        return {text(rng)[:100]: value(rng, depth + 1) for _ in range(int(rng.integers(4)))}
    return _nested(int(rng.integers(1, 60)), as_list=chance(rng, 2))


SCALARS: tuple[Any, ...] = (
    True,
    False,
    0,
    1,
    -1,
    2,
    3,
    95,
    10**6,
    10**9,
    2**31,
    2**53 + 1,
    2**63 - 1,
    -(2**63),
    2**63,
    10**30,
    10**400,
    0.0,
    -0.0,
    0.5,
    0.95,
    1.0,
    1e-5,
    1e5,
    1e300,
    1.7976931348623157e308,
    -1e300,
    1e-300,
    5e-324,
    float("inf"),
    float("-inf"),
    float("nan"),
    0.9999999999999999,
    1.0000000000000002,
)


def _nested(levels: int, *, as_list: bool) -> Any:
    made: Any = 1
    for _ in range(levels):
        made = [made] if as_list else {"a": made}
    return made


def encoded(written: str) -> bytes:
    """UTF-8, with lone surrogates as the bytes that they would be."""
    return written.encode("utf-8", "surrogatepass")


def nudged(rng: Generator, written: str) -> str:
    """A text with one letter changed: dropped, doubled, exchanged, in capitals, or by its look-alike."""
    if not written:
        return text(rng)
    at = int(rng.integers(len(written)))
    letter = written[at]
    changed = pick(rng, ("", letter * 2, letter.swapcase(), LOOK_ALIKES.get(letter, "\u200b" + letter), text(rng)))
    return written[:at] + changed + written[at + 1 :]
