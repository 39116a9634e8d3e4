"""Ordinary shapes of input that once ended in an internal fault: the files, and the options that meet them.

The ids are those of docs/bad-input.md.
"""

from __future__ import annotations

import datetime as dt
import io

import pyarrow as pa
import pyarrow.parquet as pq

DIGITS = "9" * 5000
"""More than Python turns into a number."""
LONG_PATH = "p" * 5000

STUDY_SHAPES = {
    "study-title-of-megabytes": ('title = "A trial"', f'title = "{"t" * 3_000_000}"'),
    "study-number-of-5000-digits": ("horizon = 10", f"horizon = {DIGITS}"),
    "study-number-of-400-digits": ("horizon = 10", f"horizon = {DIGITS[:400]}"),
    "study-hexadecimal-digits": ("horizon = 10", "horizon = 0x" + "f" * 20_000),
    "study-number-in-a-condition": ('name = "all"', f'name = "all"\nwhere = {{ age = {DIGITS[:400]} }}'),
    "study-nested-lists": ("[rule]", "[rule]\nx = " + "[" * 5000 + "]" * 5000),
    "study-nested-tables": ("[rule]", "[rule]\nx = " + "{a=" * 200 + "1" + "}" * 200),
    "study-long-dotted-key": ("[rule]", "[rule]\na" + ".a" * 20_000 + " = 1"),
    "study-of-many-megabytes": ("[rule]", "# x\n" * 1_100_000 + "[rule]"),
    "study-nul": ("A trial", "A\0trial"),
    "study-impossible-date": ("2020-03-01", "2020-02-30"),
    "study-widest-range": ("low = 0.80\nhigh = 1.25", "low = 1e-300\nhigh = 1e300"),
    "study-narrowest-range": ("low = 0.80", "low = 0.9999999999999999"),
    "study-level-that-rounds-to-1": ("level = 0.9\n", "level = 0.9999999999999999\n"),
    "study-long-name": ('name = "trial"', f'name = "{"t" * 300}"'),
    "study-long-population": ('name = "all"', f'name = "{"t" * 61}"'),
    "study-records-of-a-long-path": ("patients.csv", f"{LONG_PATH}.csv"),
    "study-estimates-of-a-long-path": (
        "[rule]",
        f'[published]\nsource = "A paper"\nestimates = "{LONG_PATH}.csv"\nconclusion = "Alike."\n'
        'conclusion_where = "abstract"\n[rule]',
    ),
}

MODEL_SHAPES = {
    "model-draws-beyond-memory": ("draws = 500", "draws = 10000000000"),
    "model-tuning-beyond-memory": ("draws = 500", "draws = 500\ntune = 1000000000000"),
    "model-most-draws-beyond-memory": ("draws = 500", "draws = 500\nmax_draws = 1000000000000000000"),
    "model-a-thousand-chains": ("chains = 2", "chains = 101"),
    "model-widest-prior": ("[0.25, 4]", "[1e-300, 1e300]"),
    "model-prior-of-400-digits": ("[0.25, 4]", f"[0.25, {DIGITS[:400]}]"),
    "model-base-of-a-long-path": ('adjust = "question"', f'base = "{LONG_PATH}.toml"\nadjust = "question"'),
}

ATTAIN = ("--rope", "0.8", "1.25")
ARGUMENTS = {
    "records-are-a-device": ("compare", "/dev/zero"),
    "records-of-a-long-path": ("compare", LONG_PATH),
    "study-is-a-device": ("check", "/dev/zero"),
    "study-of-a-long-path": ("check", LONG_PATH),
    "attain-events-beyond-count": ("attain", "--events", f"new={DIGITS}", "old=184", *ATTAIN),
    "attain-name-with-an-escape": ("attain", "--events", "n\x1bew=74", "old=184", *ATTAIN),
    "attain-prior-of-a-point": ("attain", "--events", "new=74", "old=184", *ATTAIN, "--prior-sd", "1e-300"),
}
"""Commands without files; those of `compare` get the options that it needs."""


def look_alikes(table: str) -> dict[str, tuple[str, tuple[str, ...]]]:
    """The table with names that differ only by what nobody sees, and further options."""
    return {
        "group-with-a-zero-width-mark": (table.replace("P-02,a", "P-02,a\u200b"), ()),
        "group-with-a-direction-mark": (table.replace("P-02,a", "P-02,\u200ea"), ()),
        "group-with-a-no-break-space": (
            table.replace("P-01,a", "P-01,a 1").replace("P-02,a", "P-02,a\u00a01").replace("P-03,a", "P-03,a 1"),
            ("--reference", "a 1"),
        ),
        "group-composed-and-decomposed": (
            table.replace("P-01,a", "P-01,\u00e9").replace(",a,", ",e\u0301,"),
            ("--reference", "\u00e9"),
        ),
        "category-with-a-zero-width-mark": (table.replace("south", "north\u2060", 1), ("--categorical", "site")),
        "stratum-with-a-zero-width-mark": (table.replace("south", "north\u2060", 1), ("--strata", "site")),
        "column-with-a-zero-width-mark": (table.replace("site", "age\u200b", 1), ()),
    }


def headings(table: str) -> dict[str, tuple[str, tuple[str, ...]]]:
    """The table with headings of several lines, and further options."""
    return {
        "heading-of-two-lines-mistyped": (table.replace("age", '"age\r\n(years)"', 1), ("--adjust", "aeg (years)")),
        "heading-of-two-lines-twice": (
            table.replace("sex", '"si\nte"', 1).replace("site", "si te", 1),
            ("--adjust", "si te"),
        ),
        "cell-of-many-megabytes": (table.replace("P-03,a", 'P-03,"a') + "x" * (1 << 24), ()),
        "time-beyond-any-follow-up": (table.replace("P-02,a,8", "P-02,a,1.7e308"), ()),
        "time-next-to-nothing": (table.replace("P-02,a,8", "P-02,a,5e-324"), ()),
        "time-of-5000-digits": (table.replace("P-02,a,8", f"P-02,a,{DIGITS}"), ()),
    }


def parquet(column: str, values: pa.Array) -> bytes:
    """A Parquet file of four patients with one column of another type."""
    plain = {
        "id": ["p", "q", "r", "s"],
        "arm": ["a", "b", "a", "b"],
        "time": [1.5, 2.5, 3.5, 4.5],
        "event": [1, 0, 1, 1],
        "age": [50, 60, 55, 44],
        "sex": [1, 1, 2, 2],
    }
    stream = io.BytesIO()
    pq.write_table(pa.table(plain | {column: values}), stream)
    return stream.getvalue()


PARQUET = {
    "parquet-list": parquet("age", pa.array([[1], [2], [3], [4]])),
    "parquet-struct": parquet("arm", pa.array([{"name": "a"}] * 4)),
    "parquet-bytes": parquet("arm", pa.array([b"\xff", b"\xfe"] * 2)),
    "parquet-year-out-of-range": parquet("age", pa.array([2**30] * 4, type=pa.date32())),
    "parquet-duration": parquet("time", pa.array([dt.timedelta(days=3)] * 4)),
}
