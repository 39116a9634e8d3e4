"""Parse and validate TOML. Every fault of a file is kept as a sentence, and all are reported together.

Places in arrays of tables count from 1: `rope[1].low` is the key `low` of the first [[rope]].
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, ClassVar, NoReturn

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, PydanticCustomError

from bayesrefract.errors import InputError
from bayesrefract.messages import UNPRINTABLE, did_you_mean, quoted
from bayesrefract.names import composed
from bayesrefract.source import Expected, open_source

LONGEST_SHOWN = 60
LONGEST_TEXT = 5_000
"""Letters of a title, a label or a source: some two pages; the pages of a report repeat them."""
EXPECTED = Expected("TOML", "Check the path; the file must be TOML.", pipe=False)
MOST_BYTES = 4_000_000
"""Far more than anybody writes by hand."""
MOST_LEVELS = 32
"""Tables and lists within each other; more would exhaust the stack of what walks through them."""
LARGEST = 2**63
"""The whole numbers of TOML have 64 bits."""
LONG_KEY = re.compile(
    r"""(?<![\w-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){%d}""" % MOST_LEVELS  # noqa: UP031 - braces
)
"""A dotted key that the parser would take minutes for."""


class Section(BaseModel):
    """A table of a TOML file. The description of each field states the allowed values, for its messages."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    renamed: ClassVar[Mapping[str, str]] = {}
    """Keys of earlier versions -> their present names."""


def refuse(sentence: str, *, key: str | None = None) -> NoReturn:
    """Report a fault from a field validator; `key` names another key of the section as the place."""
    raise PydanticCustomError("refused", "{sentence}", {"sentence": sentence, "key": key})


def on_one_line(text: str) -> str:
    """Return the text, or refuse control characters, which would break tables, figures and terminals."""
    if UNPRINTABLE.search(text):
        refuse(f"= {quoted(text)} holds a line end or control character. Write it on one line, without them.")
    return text


def _short_enough(text: str) -> str:
    if len(text) > LONGEST_TEXT:
        refuse(f"= {quoted(text)} has {len(text):,} letters. Shorten it to {LONGEST_TEXT:,} or fewer.")
    return text


type FileName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(on_one_line)]
"""Letter for letter as written: a file system may know two names that look alike."""
type Text = Annotated[FileName, AfterValidator(composed), AfterValidator(_short_enough)]


def one_of(choices: type[StrEnum], *, without: Iterable[StrEnum] = ()) -> str:
    """Allowed values of a field that holds one of a few words."""
    return "one of " + ", ".join(f'"{c}"' for c in choices if c not in set(without))


def shown(value: object) -> str:
    """A value as it would be written in TOML, cut to fit a message."""
    match value:
        case bool():
            text = str(value).lower()
        case str():
            text = f'"{value}"'
        case float():
            text = f"{value:g}" if abs(value) < 1e6 else repr(value)
        case list() | tuple():
            text = f"[{', '.join(shown(v) for v in value)}]"
        case dict():
            text = "{ " + ", ".join(f"{k} = {shown(v)}" for k, v in value.items()) + " }"
        case dt.date():
            text = value.isoformat()
        case _:
            text = str(value)
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 3] + "..."


@dataclass
class TomlFile:
    """A parsed TOML file and the faults found in it so far."""

    name: str
    tables: dict[str, Any]
    error: type[InputError]
    faults: list[str] = field(default_factory=list)

    def fault(self, place: str, sentence: str) -> None:
        """Keep one fault: `sentence` starts after the place and ends with what to do."""
        self.faults.append(f"{self.name}: {place}{sentence}")

    def raise_faults(self) -> None:
        """Raise all faults found so far as one error, if there are any."""
        if self.faults:
            raise self.error(list(dict.fromkeys(self.faults)))

    def allow_only(self, known: Iterable[str]) -> None:
        """Keep a fault for every unknown top-level key."""
        known = list(known)
        for key in sorted(self.tables.keys() - set(known)):
            self.fault(key, _unknown(key, known))

    def section[S: Section](self, key: str, kind: type[S]) -> S | None:
        """The table [key] (empty where absent), or None where it has faults."""
        raw = self.tables.get(key, {})
        if not isinstance(raw, dict):
            self.fault(key, f" must be one table. Write it as [{key}].")
            return None
        if key not in self.tables and any(f.is_required() for f in kind.model_fields.values()):
            needed = [name for name, f in kind.model_fields.items() if f.is_required()]
            self.fault(key, f" is missing. Add a table [{key}] with {', '.join(needed)}.")
            return None
        return self.check(key, raw, kind)

    def sections[S: Section](self, key: str, kind: type[S]) -> tuple[S | None, ...]:
        """The tables [[key]] in order, None in the place of each that has faults."""
        raw = self.tables.get(key, [])
        if not isinstance(raw, list) or not all(isinstance(table, dict) for table in raw):
            self.fault(key, f" must be a list of tables. Write each as [[{key}]].")
            return (None,)
        return tuple(self.check(f"{key}[{i}]", table, kind) for i, table in enumerate(raw, start=1))

    def check[S: Section](self, place: str, raw: dict[str, Any], kind: type[S]) -> S | None:
        """One table as a section, or None after keeping its faults. Place "" is the file's top level."""
        try:
            return kind.model_validate(raw)
        except ValidationError as found:
            for error in found.errors(include_url=False):
                key, sentence = _explain(error, kind)
                self.fault(f"{place}.{key}" if place else key, sentence)
            return None


def read_toml(path: Path, error: type[InputError]) -> tuple[TomlFile, bytes]:
    """Read and parse a file; its bytes are returned for hashing. Raises `error` where that fails."""
    with open_source(path, EXPECTED, error) as source:
        try:
            content = source.read(MOST_BYTES + 1)
        except OSError as problem:
            raise error(f"{path}: the file cannot be read ({problem.strerror}). Check its permissions.") from None
    if len(content) > MOST_BYTES:
        raise error(
            f"{path}: the file has more than {MOST_BYTES // 1_000_000} MB, too many for a study or a model. "
            "Check the path."
        )
    return parse_toml(content, path.name, error), content


def parse_toml(content: bytes, name: str, error: type[InputError]) -> TomlFile:
    """Parse TOML; a syntax error names the line."""
    nested = f"{name}: tables or lists stand more than {MOST_LEVELS} deep in each other. Take some levels out."
    try:
        text = content.decode("utf-8-sig")
        if LONG_KEY.search(text):
            raise error(nested)
        tables = tomllib.loads(text)
    except UnicodeDecodeError as problem:
        line = content.count(b"\n", 0, problem.start) + 1
        raise error(f"{name} line {line}: not valid UTF-8. Save the file as UTF-8 text.") from None
    except tomllib.TOMLDecodeError as problem:
        raise error(f"{name}: not valid TOML: {problem}. Correct that line; text needs double quotes.") from None
    except RecursionError:
        raise error(nested) from None
    except ValueError:  # Python reads no longer ones
        raise error(f"{name}: a whole number has thousands of digits. Numbers have up to 18: correct it.") from None
    found = list(_walk(tables))
    if any(depth > MOST_LEVELS for depth, _, _ in found):
        raise error(nested)
    faults = [
        f"{name}: {key} is a whole number of more than 18 digits. Correct it."
        for _, key, value in found
        if isinstance(value, int) and abs(value) >= LARGEST
    ]
    if faults:
        raise error(faults)
    return TomlFile(name, tables, error)


def _walk(tables: dict[str, Any]) -> Iterator[tuple[int, str, Any]]:
    """Depth, place and value of everything down to the first level that is too deep."""
    waiting: list[tuple[int, str, Any]] = [(0, "", tables)]
    while waiting:
        depth, place, value = waiting.pop()
        yield depth, place, value
        if depth > MOST_LEVELS:
            return
        if isinstance(value, dict):
            waiting += [(depth + 1, f"{place}.{key}" if place else key, each) for key, each in value.items()]
        elif isinstance(value, list):
            waiting += [(depth + 1, f"{place}[{i}]", each) for i, each in enumerate(value, start=1)]


def _explain(error: ErrorDetails, kind: type[Section]) -> tuple[str, str]:
    """Key and sentence for one of pydantic's errors."""
    place, top = _key(error["loc"]), str(error["loc"][0])
    match error["type"]:
        case "extra_forbidden":
            if top in kind.renamed:
                now = kind.renamed[top]
                return place, f" is now called {now}. Write {now} = {shown(error['input'])}."
            return place, f" = {shown(error['input'])}{_unknown(top, _keys(kind))}"
        case "refused":
            context = error["ctx"]
            gap = "" if context["sentence"].startswith((".", ":")) else " "
            return context["key"] or place, gap + context["sentence"]
        case "missing":
            return place, f" is missing. Give {_keys(kind)[top].description}."
        case _:
            found = shown(error["input"])
            return place, f" = {found} is not allowed. Give {_keys(kind)[top].description}."


def _keys(kind: type[Section]) -> dict[str, FieldInfo]:
    """Fields by their keys in the file."""
    return {field.alias or name: field for name, field in kind.model_fields.items()}


def _key(location: tuple[int | str, ...]) -> str:
    """("levels", 1) -> levels[2]; ("codes", "0") -> codes.0; pydantic's own marks are left out."""
    key = str(location[0])
    for part in location[1:]:
        if isinstance(part, int):
            key += f"[{part + 1}]"
        elif "[" not in part:
            key += f".{part}"
    return key


def _unknown(key: str, known: Iterable[str]) -> str:
    known = list(known)
    hint = did_you_mean(key, known)
    return f" is not a known key.{hint} Correct or delete it; known here: {', '.join(known)}."
