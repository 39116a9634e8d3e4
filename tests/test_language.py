"""The texts use the terms of biostatistics, and the public names are documented in numpydoc sections."""

from __future__ import annotations

import ast
import enum
import inspect
import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

import bayesrefract

TOP = Path(__file__).parents[1]
PLAIN = {
    r"\bevent-free\b": "survival probability; restricted mean survival time (RMST)",
    r"\bnot settle (it|the)\b|\bsettled it\b": "the data are inconclusive",
    r"\bheld against\b|\bhold(s|ing)? (\w+ ){0,4}against (it|each|them|every|cox|others?|the|a)\b": "compared with",
    r"\bwants? adjusting\b": "is imbalanced",
    r"\b(tell|tells|told|telling) (\w+ ){0,4}apart\b": "distinguish; identified",
    r"\bposterior interval\b": "credible interval",
    r"\bmeets? (cox|it\b|the referee)": "gives the same ratio as Cox regression; agrees with",
    r"\breckon": "compute",
    r"\b(its|their|with|of|knows its) parents\b|\bparents of (a|the|every|each)\b": "provenance",
    r"\bnobody waits\b|\bwho listens\b|\bthose who wait\b": "no-op progress callback",
    r"\b(at|through) (the|this|one) door\b|\bthe door at\b|\boutermost door\b": "parse and validate",
    r"\bmay (not )?be believed\b|\bis believed before\b|\bleave to believe\b": "convergence; prior; posterior",
    r"\b(rows?|numbers?|counts?|histories|history) that cannot be[.,;: ](?!\w+ed\b)": "inconsistent; impossible",
    r"\banswers? that can be tried\b": "model",
    r"\bfares? (as|like|equally|well)\b|\bhow (they|patients) fared?\b": "compare in an endpoint; outcome",
    r"\bcount(s|ed)? as equal\b": "region of practical equivalence (ROPE)",
    r"\bprior's pull\b": "shift by the prior",
    r"\btells? one story\b": "converge",
    r"\bno relation to how\b": "no association with outcome",
    r"\bevery room\b|\bother rooms\b|\bgeneral rooms?\b": "package",
    r"\b(code|tables?|files?|columns?|priors?|rules?|models?|pages?|data|numbers|figures?|sampler|nutpie|reader|study)"
    r" (alone )?(says?|tells?|asks?|wants?|knows?|hears?)\b": "reports; states; requires; reads",
    r"`\w+` (hears|tells|says|asks|wants|knows)\b": "receives; reports; requires",
}
"""Phrases of a private language, as regular expressions without regard to case -> the plain terms instead."""


def string_constants(tree: ast.AST, *, docstrings: bool) -> Iterator[str]:
    """Texts of a module: every string of more than one word; docstrings and strings after an assignment on demand."""
    documents = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and " " in node.value.strip()
            and (docstrings or id(node) not in documents)
        ):
            yield node.value


def comments(source: str) -> Iterator[str]:
    """Texts of the comments of a module; consecutive lines are joined."""
    found = [
        token for token in tokenize.generate_tokens(io.StringIO(source).readline) if token.type == tokenize.COMMENT
    ]
    yield " ".join(token.string.removeprefix("#").strip() for token in found)


def texts_of(path: Path) -> list[str]:
    """What a file says to people: strings and comments of Python, only the expected texts of a test, else all of it."""
    source = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        return [source]
    is_test = path.parent == TOP / "tests"
    strings = string_constants(ast.parse(source), docstrings=not is_test)
    return [*strings] if is_test else [*strings, *comments(source)]


def private_phrases(text: str) -> list[str]:
    """Every banned phrase of a text, with the plain term."""
    joined = " ".join(text.split())
    return [
        f"“{found.group()}”: write {plain}"
        for pattern, plain in PLAIN.items()
        for found in re.finditer(pattern, joined, re.I)
    ]


def scanned() -> list[Path]:
    """Files that hold texts for people."""
    places = [
        *(TOP / "src").rglob("*.py"),
        *(TOP / "src").rglob("*.j2"),
        *(TOP / "src").rglob("*.js"),
        *TOP.glob("*.md"),
        *(TOP / "docs").glob("*.md"),
        *(TOP / "models").glob("*.toml"),
        *(TOP / "data").glob("*/*.toml"),
        *(path for path in (TOP / "tests").glob("*.py") if path != Path(__file__)),
    ]
    return sorted(places)


def test_texts_use_the_terms_of_the_field() -> None:
    found = [
        f"{path.relative_to(TOP)}: {phrase}"
        for path in scanned()
        for text in texts_of(path)
        for phrase in private_phrases(text)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "text",
    [
        "a difference in mean event-free time",
        "The data do not settle it.",
        "each count is held against the others",
        "from which on a difference wants adjusting for",
        "these data do not tell its groups apart",
        "the 95% posterior interval",
        "the same model with a flat prior meets Cox regression",
        "Attainability is reckoned for ratios",
        "Posterior draws with their parents.",
        "Parents of a fit",
        "Who listens where nobody waits.",
        "the door at which therapy lines are checked",
        "Whether draws may be believed.",
        "Histories that cannot be.",
        "the answers that can be tried",
        "Do they fare as well as the others?",
        "the range that counts as equal",
        "What the data say",
        "`tell` hears how far a file was read",
    ],
)
def test_each_phrase_of_the_private_language_is_found(text: str) -> None:
    assert private_phrases(text)


@pytest.mark.parametrize(
    "text",
    [
        "the data are inconclusive",
        "the same model with a flat prior gives the same ratio as Cox regression",
        "the whole 95% credible interval lies inside the ROPE",
        "Provenance: hashes, versions, seed and settings of a fit.",
        "nobody is dropped silently",
        "counts that cannot be counted again",
        "hold the lock while the block runs",
    ],
)
def test_plain_sentences_pass(text: str) -> None:
    assert not private_phrases(text)


# The API reference


def undocumented(names: Iterable[str]) -> dict[str, list[str]]:
    """Public names of the package with the numpydoc sections that their docstrings lack."""
    lacking = {name: _missing_sections(getattr(bayesrefract, name)) for name in names}
    return {name: sections for name, sections in lacking.items() if sections}


def _missing_sections(thing: object) -> list[str]:
    document = inspect.getdoc(thing) or ""
    if not document:
        return ["docstring"]
    if inspect.isclass(thing):
        if issubclass(thing, enum.Enum | BaseException):  # values and messages: nothing is passed by keyword
            return []
        return [] if _has(document, "Parameters") or _has(document, "Attributes") else ["Parameters"]
    if not inspect.isroutine(thing):
        return []
    signature = inspect.signature(thing)
    returns = signature.return_annotation not in {None, "None", inspect.Signature.empty}
    wanted = [*(["Parameters"] if signature.parameters else []), *(["Returns"] if returns else [])]
    return [section for section in wanted if not _has(document, section)]


def _has(document: str, section: str) -> bool:
    return re.search(rf"^{section}\n-{{{len(section)}}}$", document, re.MULTILINE) is not None


def test_every_public_name_is_documented_in_sections() -> None:
    found = undocumented(bayesrefract.__all__)
    assert not found, "\n".join(f"{name}: no {' and no '.join(sections)}" for name, sections in found.items())


def _without_returns(value: int) -> int:
    """Double a number.

    Parameters
    ----------
    value : int
    """
    return 2 * value


def test_a_missing_section_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bayesrefract, "doubled", _without_returns, raising=False)
    assert undocumented(["doubled"]) == {"doubled": ["Returns"]}
