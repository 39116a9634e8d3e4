"""Spoilt command lines: values changed, words dropped, repeated or exchanged."""

from __future__ import annotations

from numpy.random import Generator

from validation.fuzzing.values import chance, nudged, pick, text

OUTPUTS = ("--json", "--report", "--out", "--figure")
"""Options that name a place to write to."""
TARGETS = (
    "out",
    "out/x",
    "out.json",
    "-",
    "",
    " ",
    ".",
    "..",
    "patients.csv",
    "patients.csv/x",
    "x" * 300,
    "a\nb",
    "é",
)
"""Values of those: nothing above the folder of the case."""
MORE = (
    ("--json", "-"), ("--json", "out.json"), ("--report", "out"), ("--tables", "none"), ("--adjust", "age"),
    ("--adjust", "arm"), ("--categorical", "age"), ("--strata", "sex"), ("--strata", "arm"), ("--adjust", "time"),
    ("--model", "pooled"), ("--model", "sceptical"), ("--model", "wide"), ("--model", "collapsed"), ("--after-data",),
    ("--one-sided", "below"), ("--entry", "age"), ("--horizon", "1e9"), ("--seed", "-1"), ("--quiet",), ("--nothing",),
)  # fmt: skip
LONGEST = 100_000
"""Letters of one argument: the system allows 131,071 bytes."""


def spoilt_words(rng: Generator, arguments: tuple[str, ...]) -> tuple[str, ...]:
    """A command line with one to three faults, or what looks like one; its first word stays."""
    command, *words = arguments
    for _ in range(int(rng.geometric(0.6))):
        _change(rng, words)
    return (command, *_harmless(rng, words))


def _change(rng: Generator, words: list[str]) -> None:
    if not words:
        words.append(text(rng))
        return
    one, other = (int(place) for place in rng.integers(len(words), size=2))
    values = [place for place, word in enumerate(words) if not word.startswith("--")] or [one]
    kind = int(rng.integers(9))
    if kind < 4:
        words[pick(rng, values)] = text(rng)[:LONGEST]
    elif kind == 4:
        place = pick(rng, values)
        words[place] = nudged(rng, words[place])[:LONGEST]
    elif kind == 5:
        del words[one]
    elif kind == 6:
        words[one], words[other] = words[other], words[one]
    elif kind == 7:
        words[other:other] = words[one : one + 2]
    else:
        words += pick(rng, MORE)


def _harmless(rng: Generator, words: list[str]) -> list[str]:
    """The words without NUL, which no command line holds, and with outputs that stay in the folder of the case."""
    kept = [word.replace("\x00", "") for word in words]
    for place, word in enumerate(kept[:-1]):
        if word in OUTPUTS and (kept[place + 1] not in TARGETS or chance(rng, 3)):
            kept[place + 1] = pick(rng, TARGETS)
    return [_without_equals(word) for word in kept]


def _without_equals(word: str) -> str:
    """`--out=/etc` would name a place too."""
    return word if not any(word.startswith(f"{option}=") for option in OUTPUTS) else "--out=out"
