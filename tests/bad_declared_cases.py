"""Files whose columns, codes or rows mean several things: changed cells of the good table, and further options.

The ids are those of docs/bad-input.md.
"""

from __future__ import annotations

import gzip
from collections.abc import Sequence

ZERO_OF_SAS = "5.397605346934028e-79"

type Declared = tuple[str | bytes, tuple[str, ...]]
"""The content of the file, and the options beside those that are always given."""


def column(table: str, name: str, cells: Sequence[str], rename: str | None = None) -> str:
    """The table with other cells, and perhaps another heading, in one column."""
    rows = [line.split(",") for line in table.splitlines()]
    place = rows[0].index(name)
    rows[0][place] = rename or name
    for row, cell in zip(rows[1:], cells, strict=True):
        row[place] = cell
    return "".join(",".join(row) + "\n" for row in rows)


def named(table: str, before: str, after: str) -> str:
    """The table with another heading for one column."""
    head, rest = table.split("\n", 1)
    return ",".join(after if name == before else name for name in head.split(",")) + "\n" + rest


def shapes(table: str) -> dict[str, Declared]:
    """Files as programs write them."""
    lines = table.splitlines(keepends=True)
    numbered = lines[0] + "".join(f"{i},{line}" for i, line in enumerate(lines[1:], start=1))
    return {
        "title-line": ("A trial\n\n" + table, ()),
        "title-line-with-commas": ("A trial,,,,,,,,\n" + table, ()),
        "row-names-of-r": (numbered, ()),
        "sep-line-semicolons": ("sep=;\n" + table.replace(",", ";"), ()),
        "r-file": (gzip.compress(b"X\n\x00\x00\x00\x03\x00\x04"), ()),
        "sas-transport-file": (b"HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!" + b"0" * 30, ()),
        "sas-data-set": (bytes(12) + b"\xc2\xea\x81\x60\xb3\x14\x11\xcf\xbd\x92\x08\x00", ()),
        "rebuilt-called-patients": (table.replace("P-03", "REBUILT-03"), ("--evidence", "patients")),
        "simulated-called-rebuilt": (
            column(table, "site", ["simulated"] * 8, rename="evidence"),
            ("--evidence", "rebuilt"),
        ),
    }


def codes(table: str) -> dict[str, Declared]:
    """Event columns that may mean something else."""
    words = ["Dead", "Alive", "Dead", "DEAD", "Alive", "dead", "Alive", "Dead"]
    other = ["2", "1", "2", "9", "1", "2", "1", "2"]
    return {
        "event-in-several-spellings": (column(table, "event", words), ("--event-value", "Dead")),
        "event-value-in-other-case": (column(table, "event", ["Yes", "No"] * 4), ("--event-value", "YES")),
        "several-censoring-codes": (column(table, "event", other), ("--event-value", "2")),
        "stray-censoring-code": (column(table, "event", other), ("--event-value", "2", "--censor-value", "1")),
        "censoring-code-is-the-event": (table, ("--event-value", "1", "--censor-value", "1")),
        "cnsr": (named(table, "event", "CNSR"), ("--event", "CNSR")),
        "cens": (named(table, "event", "cens"), ("--event", "cens")),
        "cnsr-not-a-reason": (
            column(table, "event", ["0", "1", "0", "-1", "2", "0", "1", "0"], rename="CNSR"),
            ("--event", "CNSR", "--event-value", "0"),
        ),
        "sas-zero": (column(table, "event", ["1", ZERO_OF_SAS] * 4), ()),
    }


def cells(table: str) -> dict[str, Declared]:
    """Cells that hold no value, or another than they seem to."""
    start = [f"2020-01-0{i}" for i in range(1, 9)]
    end = [f"2021-01-0{i}" for i in range(1, 9)]
    return {
        "mark-among-groups": (table.replace("P-07,c", "P-07,."), ()),
        "mark-among-numbers": (table.replace("8,0,61", "8,0,#N/A"), ()),
        "mark-among-categories": (column(table, "sex", ["1", "2", "Unknown", "1", "2", "1", "2", "Unknown"]), ()),
        "mark-that-may-be-a-time": (table, ("--missing", "12")),
        "thousands": (table.replace("P-06,b,33,", 'P-06,b,"1,033",'), ()),
        "dates-for-times": (column(table, "time", end), ()),
        "dates-for-entry-and-time": (column(column(table, "time", end), "entry", start), ("--entry", "entry")),
        "groups-in-several-spellings": (table.replace("P-03,a", "P-03,A"), ()),
        "groups-with-a-blank": (
            table.replace(",a,", ",arm a,").replace("P-03,arm a", "P-03,arma"),
            ("--reference", "arm a"),
        ),
        "half-unit-after-other-times": (
            table.replace("P-02,a,8,0", "P-02,a,0,1").replace("P-04,b,3,", "P-04,b,0.3,"),
            ("--event-at-zero", "half-unit"),
        ),
    }


def layouts(table: str) -> dict[str, Declared]:
    """Several rows of a patient where no column of identifiers was named."""
    visits = named(table, "id", "USUBJID").replace("north", "OS").replace("south", "PFS").replace("east", "PFS")
    pairs = "".join(
        line.replace(f"P-0{i}", f"P-0{(i + 1) // 2}").replace("PFS" if i % 2 else "OS", "OS" if i % 2 else "PFS")
        for i, line in enumerate(visits.splitlines(keepends=True))
    )
    return {"rows-of-a-patient": (named(pairs, "site", "PARAMCD"), ())}
