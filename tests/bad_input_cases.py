"""The bad input of docs/bad-input.md: for each row the real files, and the command that meets them.

Import as `from bad_input_cases import CASES, WARNINGS, Case`.
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from bad_declared_cases import cells, codes, layouts, shapes
from bad_history_cases import HISTORY_CHANGES, changed_cohort
from bad_printed_cases import PRINTED_CASES, PRINTED_WARNINGS, Printed
from bad_rows_cases import ROWS as ROWS_OF_PATIENTS
from bad_rows_cases import rows_cases, study_cases
from bad_shape_cases import ARGUMENTS, MODEL_SHAPES, PARQUET, STUDY_SHAPES, headings, look_alikes
from bad_therapy_cases import THERAPY_CASES
from bad_toml_cases import MODEL_CHANGES, MODELS_OF_OTHER_COVARIATES, MODELS_WITH_BASES, STUDY_CHANGES
from lenalidomide_study import FOLDER as FOLDER_OF_STUDY
from records_example import TABLE, change
from therapy_example import EXAMPLE as THERAPY_EXAMPLE
from toml_examples import MODEL, STUDY

REQUIRED = {
    "--time": "time",
    "--event": "event",
    "--group": "arm",
    "--reference": "a",
    "--unit": "months",
    "--rope-source": "protocol",
    "--id": "id",
    "--adjust": "age",
    "--categorical": "sex",
}
ROWS = [line.split(",") for line in TABLE.splitlines()]
MANY = 10_000

STUDY_OF_TABLE = (
    STUDY.replace('"patient"', '"id"')
    .replace('["country"]', '["site"]')
    .replace('unordered = ["site"]', 'unordered = ["sex"]')
    .replace('paper = ["age", "site"]', 'paper = ["age", "sex"]')
    .replace('["control", "treated"]', '["a", "b", "c"]')
    .replace('codes = { "0" = "control", "1" = "treated" }\n', "")
    .replace('group = "treated"\nreference = "control"', 'group = "b"\nreference = "a"')
    .replace('[[population]]\nname = "adults"\nlabel = "adults without symptoms"\n', "")
    .replace('where = { age = { low = 18, high = 65 }, symptom = 0, country = ["FR", "NL"], consented = true }\n', "")
    .replace("pfs_months", "time")
    .replace("pfs_event", "event")
    .replace(STUDY[STUDY.index('[[question]]\nname = "os"') : STUDY.index("[adjust]")], "")
    .replace("horizon = 36", 'horizon = 10\nadministrative_end = "end"')
    .replace('["primary", "wide"]', '["primary"]')
)
"""A study of the eight patients of `records_example`."""
DIFFERENCE = STUDY[STUDY.rindex("[[rope]]") : STUDY.index("[rule]")]
SIDE_OF_RATIO = STUDY_OF_TABLE.replace(DIFFERENCE, "").replace('harm = "more_events"', 'side = "above"')


ONE_INTERVAL = 'base = "primary"\ntitle = "A model"\npurpose = "A test."\n[intervals]\nmaximum = 1\n'
COUNTS = "characteristic,level,a,b\ntotal,,10,12\n"
AUDITED: Mapping[str, str | None] = {"out": None, "out/checked.csv": COUNTS}
RECONSTRUCT = ("reconstruct", "--estimates", "e.csv", "--counts", "c.csv", "--out", "c.csv")
MINE: Mapping[str, str | None] = {"c.csv": COUNTS, "out": None, "out/findings.csv": "mine"}
OWN_LIST = '{"format": "bayesrefract/own-files/1", "files": {"findings.csv": "0"}}'
PRINTED_RATIO = ("--hr", "2.08", "--ci", "1.42", "3.0", "--rope", "0.8", "1.25", "--rope-source", "protocol")
LEADS_OUT = '{"format": "bayesrefract/report-folder/1", "files": {"../patients.csv": null}}'

type Content = str | bytes | Path | None


@dataclass(frozen=True)
class Case:
    """Files by name (None: a folder; a path: a link to it), and the command that is given them."""

    arguments: tuple[str, ...]
    files: Mapping[str, Content]

    def make(self, folder: Path) -> None:
        for name, content in self.files.items():
            if content is None:
                (folder / name).mkdir(exist_ok=True)
            elif isinstance(content, Path):
                (folder / name).symlink_to(content)
            else:
                (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)


def compare(
    content: Content = TABLE,
    *more: str,
    name: str = "patients.csv",
    files: Mapping[str, Content] | None = None,
    rope: tuple[str, str] = ("0.8", "1.25"),
    **options: str | None,
) -> Case:
    """`compare` on one file; `options` replaces some of those that are required, or with None leaves one out."""
    given = REQUIRED | {f"--{key}": value for key, value in options.items()}
    words = [word for key, value in given.items() if value is not None for word in (key, value)]
    return Case(("compare", name, *words, "--rope", *rope, *more), {name: content, **(files or {})})


def rows(*changes: tuple[str, str], **options: str | None) -> Case:
    """`compare` on the good table with some of its cells changed."""
    return compare(change(*changes), **options)


def column(place: int, cells: list[str] | str, **options: str | None) -> Case:
    """`compare` on the good table with the cells of one column replaced, by eight cells or by one."""
    made = [
        ROWS[0],
        *([*row[:place], cell, *row[place + 1 :]] for row, cell in zip(ROWS[1:], _eight(cells), strict=True)),
    ]
    return compare("".join(",".join(row) + "\n" for row in made), **options)


def added(cells: list[str], *more: str, **options: str | None) -> Case:
    """`compare` on the good table with a column `extra`."""
    made = [[*ROWS[0], "extra"], *([*row, cell] for row, cell in zip(ROWS[1:], cells, strict=True))]
    return compare("".join(",".join(row) + "\n" for row in made), *more, **options)


def check(study: str, table: str | None = TABLE, *more: str) -> Case:
    """`check` on a study file, with its records beside it."""
    return Case(("check", ".", *more), {"study.toml": study} | ({} if table is None else {"patients.csv": table}))


def of_table(*changes: tuple[str, str]) -> str:
    return change(*changes, text=STUDY_OF_TABLE)


def model(*changes: tuple[str, str]) -> Case:
    return compare(TABLE, "--model", "mine.toml", files={"mine.toml": change(*changes, text=MODEL)})


def _eight(cells: list[str] | str) -> list[str]:
    return [cells] * 8 if isinstance(cells, str) else cells


def _many(column: str) -> str:
    """10,000 patients whose `extra` names each of them."""
    lines = (
        f"Q-{i},{'ab'[i % 2]},{1 + i % 50},{i % 3 % 2},{40 + i % 40},north,{1 + i % 5 % 2},0,60,{column}{i}"
        for i in range(MANY)
    )
    return "\n".join([TABLE.splitlines()[0] + ",extra", *lines]) + "\n"


def _parquet(**columns: list[object]) -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.table(columns), stream)
    return stream.getvalue()


def _two_of_a_name() -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.Table.from_arrays([pa.array([1.0]), pa.array([2.0])], names=["time", "time"]), stream)
    return stream.getvalue()


FILES = {
    "no-file": Case(("compare", "patints.csv", *compare().arguments[2:]), {}),
    "folder": compare(None),
    "empty-file": compare(b""),
    "blank-file": compare(b"\r\n\r\n"),
    "unreadable": compare(Path("patients.csv")),
    "no-patients": compare(TABLE.splitlines()[0] + "\n"),
    "excel": compare(b"PK\x03\x04" + bytes(100)),
    "gzip": compare(gzip.compress(TABLE.encode())),
    "binary": compare(b"\x7fELF" + bytes(100)),
    "utf-16": compare(TABLE.encode("utf-16")),
    "parquet-named-csv": compare(_parquet(time=[1.0])),
    "csv-named-parquet": compare(TABLE, name="patients.parquet"),
    "broken-parquet": compare(_parquet(time=[1.0])[:40], name="patients.parquet"),
    "parquet-no-patients": compare(_parquet(time=[]), name="patients.parquet"),
    "parquet-duplicate-column": compare(_two_of_a_name(), name="patients.parquet"),
    "wrong-encoding": compare(TABLE.replace("south", "Süd").encode("cp1252")),
    "semicolons": compare(TABLE.replace(".", ",").replace(",", ";")),
    "tabs": compare(TABLE.replace(",", "\t")),
    "vertical-bars": compare(TABLE.replace(",", "|")),
    "duplicate-column": rows(("sex", "age")),
    "ragged-rows": rows(("P-03,a,12", "P-03,a,12,7"), ("P-05,b,20.5,0", "P-05,b,20.5")),
    "open-quote": rows(("P-03,a", 'P-03,"a')),
    "other-records": check(of_table(('evidence = "p', f'sha256 = "{"0" * 64}"\nevidence = "p'))),
    "unknown-lifelines-file": check(of_table(("patients.csv", "lifelines:ACTG75.csv"))),
    "unknown-simulation": check(
        of_table(("patients.csv", "simulated:nothing"), ('"patients"', '"simulated"\nseed = 1'))
    ),
}

PATIENTS = {
    "unknown-column": compare(TABLE.replace("time", "tyme", 1)),
    "negative-time": rows(("P-02,a,8", "P-02,a,-8")),
    "infinite-time": rows(("P-02,a,8", "P-02,a,inf")),
    "missing-time": rows(("P-02,a,8", "P-02,a,NA")),
    "time-with-words": rows(("P-02,a,8", "P-02,a,8 months")),
    "decimal-comma": rows(("P-02,a,8", 'P-02,a,"8,5"')),
    "event-missing": rows(("P-02,a,8,0", "P-02,a,8,")),
    "stray-event-code": rows(("P-02,a,8,0", "P-02,a,8,9")),
    "event-coded-1-2": column(3, list("21221212")),
    "event-coded-in-words": column(3, ["dead", "alive"] * 4),
    "everyone-censored": column(3, "0"),
    "absent-event-value": column(3, ["7.0", "8.0"] * 4, **{"event-value": "9"}),
    "event-at-zero": rows(("P-02,a,8,0", "P-02,a,0,1")),
    "time-before-entry": rows(("P-02,a,8,0,61,south,2,1", "P-02,a,8,0,61,south,2,63"), entry="entry"),
    "time-equals-entry": rows(("P-02,a,8,0,61,south,2,1", "P-02,a,8,0,61,south,2,8"), entry="entry"),
    "negative-entry": rows(("61,south,2,1", "61,south,2,-1"), entry="entry"),
    "beyond-the-end": check(STUDY_OF_TABLE, change(("61,south,2,1,40", "61,south,2,1,7"))),
    "missing-identifier": rows(("P-02", "")),
    "patient-twice": rows(("P-02,a", "P-01,a")),
    "many-bad-rows": compare(TABLE + "".join(f"Q-{i},a,-1,1,{40 + i},north,1,0,40\n" for i in range(50))),
}

GROUPS = {
    "one-group": column(1, "a"),
    "absent-reference": compare(reference="A1"),
    "absent-primary": compare(primary="d"),
    "primary-is-reference": compare(primary="a"),
    "group-is-identifier": compare(_many("patient "), group="extra", reference="patient 1"),
    "group-that-does-not-print": rows(("P-02,a", "P-02,\x1b[31ma")),
    "unknown-group-code": check(of_table(("[groups]", '[groups]\ncodes = { a = "a", b = "b", k = "c" }'))),
    "empty-population": check(
        of_table(
            ('[[population]]\nname = "all"', '[[population]]\nname = "old"\nwhere = { age = { low = 99 } }'),
        )
    ),
    "range-over-words": check(
        of_table(
            ('[[population]]\nname = "all"', '[[population]]\nname = "n"\nwhere = { site = { low = 1 } }'),
        )
    ),
    "horizon-beyond-follow-up": compare(TABLE, "--horizon", "36"),
    "start-with-nobody-at-risk": compare(TABLE, "--from", "15", entry="entry"),
    "start-that-a-rope-needs": check(of_table(("horizon = 10", 'horizon = 10\nentry = "entry"'))),
    "horizon-beyond-a-group": compare(TABLE.replace("P-03,a,12,1", "P-03,a,12,0"), "--horizon", "20"),
}

COVARIATES = {
    "covariate-all-missing": column(4, "NA"),
    "covariate-of-one-value": column(4, "50"),
    "infinite-covariate": rows(("8,0,61", "8,0,-inf")),
    "group-of-a-long-name": rows(("P-02,a", f"P-02,{'g' * 200_000}")),
    "category-of-a-long-name": rows(("61,south,2", f"61,south,{'g' * 200_000}")),
    "vast-covariate": rows(("8,0,61", "8,0,1e300")),
    "words-among-numbers": rows(("8,0,61", "8,0,old")),
    "group-as-covariate": compare(adjust="arm"),
    "covariate-repeats-group": added(list("xxxyyyzz"), "--adjust", "extra"),
    "covariate-repeats-covariate": added([str(2 * int(row[4]) + 1) for row in ROWS[1:]], "--adjust", "extra"),
    "identifier-as-covariate": compare(_many("patient "), "--adjust", "extra"),
    "identifier-as-strata": compare(_many("patient "), "--strata", "extra"),
    "strata-hold-one-group": added(list("xxxyyyzz"), "--strata", "extra"),
    "category-that-does-not-print": added(["u", "v\x07", "u", "w", "u", "v\x07", "w", "u"], "--categorical", "extra"),
}

OPTIONS = {
    "rope-touches-1": compare(rope=("0.8", "1")),
    "rope-negative": compare(rope=("-0.8", "1.25")),
    "rope-reversed": compare(rope=("1.25", "0.8")),
    "rope-infinite": compare(rope=("0.8", "inf")),
    "rope-without-source": compare(**{"rope-source": " "}),
    "option-that-does-not-print": compare(**{"rope-source": "protocol\x1b[2J"}),
    "negative-horizon": compare(TABLE, "--horizon", "-3"),
    "start-without-entry": compare(TABLE, "--from", "3"),
    "start-after-the-horizon": compare(TABLE, "--from", "10", "--horizon", "10", entry="entry"),
    "negative-start": compare(TABLE, "--from", "-1", entry="entry"),
    "window-reversed": compare(TABLE, "--window", "10", "0"),
    "window-below-0": compare(TABLE, "--window", "-1", "10"),
    "window-beyond-a-group": compare(TABLE, "--window", "0", "20"),
    "window-before-entry": compare(
        change(("50,north,1,0,40\nP-02", "50,north,1,2,40\nP-02"), ("44,north,2,0", "44,north,2,3")),
        *("--window", "0", "10"),
        entry="entry",
    ),
    "window-with-hazards-by-group": compare(
        TABLE, "--model", "mine.toml", "--window", "0", "10", files={"mine.toml": MODEL}
    ),
    "ratio-by-time-with-hazards-by-group": compare(
        TABLE, "--model", "mine.toml", "--hr-by-time", files={"mine.toml": MODEL}
    ),
    "ratio-by-time-in-one-interval": compare(
        TABLE, "--model", "mine.toml", "--hr-by-time", files={"mine.toml": ONE_INTERVAL}
    ),
    "level-of-95": compare(TABLE, "--level", "95"),
    "no-threshold": compare(TABLE, "--rule", "probability"),
    "needless-threshold": compare(TABLE, "--threshold", "0.9"),
    "one-sided-without-harm": compare(TABLE, "--one-sided"),
    "column-in-two-roles": compare(entry="time"),
    "json-without-folder": compare(TABLE, "--json", "absent/verdict.json"),
    "json-is-folder": compare(TABLE, "--json", "there", files={"there": None}),
    "json-of-a-long-name": compare(TABLE, "--json", "n" * 300),
    "json-is-records": compare(TABLE, "--json", "patients.csv"),
    "json-links-to-records": compare(TABLE, "--json", "link.json", files={"link.json": Path("patients.csv")}),
    "json-is-model": compare(TABLE, "--model", "mine.toml", "--json", "./mine.toml", files={"mine.toml": MODEL}),
    "report-over-other-files": compare(TABLE, files={"report": None, "report/index.html": "mine", "report/a.csv": ""}),
    "report-with-damaged-list": compare(TABLE, files={"report": None, "report/manifest.json": "{", "report/a.csv": ""}),
    "report-with-list-that-leads-out": compare(TABLE, files={"report": None, "report/manifest.json": LEADS_OUT}),
    "audit-json-is-input": Case(("audit", "--counts", "c.csv", "--json", "c.csv"), {"c.csv": COUNTS}),
    "audit-folder-holds-input": Case(("audit", "--counts", "out/checked.csv", "--out", "out"), AUDITED),
    "audit-over-another-file": Case(("audit", "--counts", "c.csv", "--out", "out"), MINE),
    "audit-over-a-changed-file": Case(
        ("audit", "--counts", "c.csv", "--out", "out"), {**MINE, "out/.bayesrefract-files.json": OWN_LIST}
    ),
    "audit-with-damaged-list": Case(
        ("audit", "--counts", "c.csv", "--out", "out"), {**MINE, "out/.bayesrefract-files.json": "{"}
    ),
    "published-over-another-file": Case(
        ("published", *PRINTED_RATIO, "--out", "out"), {"out": None, "out/published.svg": "mine"}
    ),
    "reconstruct-out-is-input": Case(RECONSTRUCT, {"e.csv": "", "c.csv": COUNTS}),
    "fit-folder-of-a-long-name": Case(
        ("fit", ".", "--out", "n" * 300), {"study.toml": STUDY_OF_TABLE, "patients.csv": TABLE}
    ),
    "fit-over-other-files": Case(
        ("fit", ".", "--out", "out"),
        {"study.toml": STUDY_OF_TABLE, "patients.csv": TABLE, "out": None, "out/trial": None, "out/trial/a.txt": ""},
    ),
    "unknown-model": compare(TABLE, "--model", "unadjustd"),
    "model-of-before": compare(TABLE, "--model", "fine_wide"),
    "no-model-file": compare(TABLE, "--model", "mine.toml"),
    "model-is-folder": compare(TABLE, "--model", "mine.toml", files={"mine.toml": None}),
    "model-without-covariates": compare(TABLE, "--model", "unadjusted"),
    "model-needs-strata": compare(TABLE, "--model", "stratified"),
    "model-needs-categories": compare(TABLE, "--model", "exchangeable", adjust=None, categorical=None),
    "cuts-beyond-follow-up": model(("cuts = []", "cuts = [12, 60]")),
}

FOLDER = {"study.toml": STUDY_OF_TABLE, "patients.csv": TABLE}

STUDIES = {
    "no-study": Case(("check", "."), {}),
    "study-not-toml": check("[study]\nname = trial\n", None),
    "study-not-utf-8": Case(("check", "."), {"study.toml": b"[study]\nname = '\xff'"}),
    "study-table-missing": check(
        change((STUDY[STUDY.index("[columns]") : STUDY.index("[groups]")], ""), text=STUDY), None
    ),
    "two-studies-of-one-name": Case(
        ("check", "a", "b"),
        {"a": None, "b": None} | {f"{folder}/{name}": text for folder in "ab" for name, text in FOLDER.items()},
    ),
    "study-unknown-model": check(of_table(('["primary"]', '["primry"]'))),
    "model-set-missing": check(STUDY_OF_TABLE, TABLE, "--model", "exchangeable"),
    "model-strata-missing": check(of_table(('strata = ["site"]\n', "")), TABLE, "--model", "stratified"),
} | {name: check(change(changed, text=STUDY), None) for name, changed in STUDY_CHANGES.items()}

MODELS = {name: model(changed) for name, changed in MODEL_CHANGES.items()} | {
    name: compare(TABLE, "--model", "mine.toml", files=files) for name, files in MODELS_WITH_BASES.items()
}
MODELS |= {
    name: compare(TABLE, "--model", "mine.toml", files={"mine.toml": text})
    for name, text in MODELS_OF_OTHER_COVARIATES.items()
}

STUDY_OF_HISTORIES = {
    path.name: path.read_bytes() for path in FOLDER_OF_STUDY.iterdir() if path.suffix in {".csv", ".toml"}
}
HISTORIES = {
    f"history-{name}": Case(("check", "."), STUDY_OF_HISTORIES | {"cohort.csv": changed_cohort(change_rows)})
    for name, change_rows in HISTORY_CHANGES.items()
}
THERAPY = {
    f"therapy-{name}": Case(words, {f"{table}.csv": text for table, text in (THERAPY_EXAMPLE | texts).items()})
    for name, (words, texts) in THERAPY_CASES.items()
}


def printed(cases: Mapping[str, Printed]) -> dict[str, Case]:
    return {name: Case(words, {"estimates.csv": one, "counts.csv": two}) for name, (words, one, two) in cases.items()}


SHAPES = (
    {name: check(of_table(changed)) for name, changed in STUDY_SHAPES.items()}
    | {name: model(changed) for name, changed in MODEL_SHAPES.items()}
    | {name: compare(text, *more) for name, (text, more) in (look_alikes(TABLE) | headings(TABLE)).items()}
    | {name: compare(content, name="patients.parquet") for name, content in PARQUET.items()}
    | {
        name: Case((*words, *(compare().arguments[2:] if words[0] == "compare" else ())), {})
        for name, words in ARGUMENTS.items()
    }
    | {"fit-draws-beyond-memory": Case(("fit", ".", "--draws", "1" + "0" * 30), FOLDER)}
)
DECLARED = {
    name: compare(content, *more) for name, (content, more) in (shapes(TABLE) | codes(TABLE) | cells(TABLE)).items()
} | {name: compare(content, *more, id=None) for name, (content, more) in layouts(TABLE).items()}
SEVERAL_ROWS = {
    name: compare(content, *more, adjust=None, categorical=None) for name, (content, more) in rows_cases().items()
} | {name: check(study, ROWS_OF_PATIENTS) for name, study in study_cases().items()}
FUTURE = {
    "rope-declared-in-the-future": compare(TABLE, "--rope-declared", "2999-01-31"),
}
PRINTED = printed(PRINTED_CASES)
COPIES = {
    "examples-used-folder": Case(("examples", "data"), {"data": None, "data/notes.txt": "mine"}),
    "examples-file": Case(("examples", "data"), {"data": "mine"}),
    "examples-below-file": Case(("examples", "data/new"), {"data": "mine"}),
}

CASES: dict[str, Case] = (
    FILES
    | PATIENTS
    | GROUPS
    | COVARIATES
    | OPTIONS
    | STUDIES
    | MODELS
    | HISTORIES
    | THERAPY
    | PRINTED
    | SHAPES
    | DECLARED
    | SEVERAL_ROWS
    | FUTURE
    | COPIES
)

TWENTY = "".join(
    f"P-{i:02d},{'ab'[i % 2]},{i * 1.37:.2f},{i // 2 % 2},{40 + i * 7 % 20},north,{1 + i % 3 % 2},0,60\n"
    for i in range(1, 21)
)
UNROUNDED = TABLE.splitlines()[0] + "\n" + TWENTY + "P-21,c,3.3,1,50,south,1,0,60\n"
"""Twenty patients whose times are no whole months, and one in a third group."""

NO_EVENTS = "time,event,arm\n" + "".join(
    f"{1 + i * 0.37:.2f},{int(i % 2 == 0 and i % 3 > 0)},{'ab'[i % 2]}\n" for i in range(60)
)
"""Sixty patients in two groups, of whom the second has no event."""

WARNINGS: dict[str, Case] = {
    "group-without-events": compare(NO_EVENTS, id=None, adjust=None, categorical=None),
    "whole-months": check(STUDY_OF_TABLE),
    "missing-covariate": check(STUDY_OF_TABLE, UNROUNDED.replace("P-01,b,1.37,0,47", "P-01,b,1.37,0,")),
    "censored-at-zero": check(STUDY_OF_TABLE, UNROUNDED.replace("P-01,b,1.37,0,47", "P-01,b,0,0,47")),
    "group-not-compared": check(STUDY_OF_TABLE, UNROUNDED + "P-22,d,5.5,1,50,south,1,0,60\n"),
    "names-of-any-kind": check(
        STUDY_OF_TABLE.replace('"age"', "'<b>\"возраст\", =1+1</b>'").replace(
            "age = 10", "'<b>\"возраст\", =1+1</b>' = 10"
        ),
        UNROUNDED.replace("age", '"<b>""возраст"", =1+1</b>"', 1),
    ),
    "side-of-a-ratio": check(SIDE_OF_RATIO, UNROUNDED),
    "heading-of-two-lines": check(
        STUDY_OF_TABLE.replace('"age"', '"age (years)"').replace("age = 10", '"age (years)" = 10'),
        UNROUNDED.replace("age", '"age\r\n(years)"', 1),
    ),
    "names-in-decomposed-letters": check(
        STUDY_OF_TABLE.replace('"a"', '"e\u0301"'), UNROUNDED.replace(",a,", ",\u00e9,")
    ),
    "blank-lines": check(STUDY_OF_TABLE, UNROUNDED.replace("P-03", "\n,,,,,,,,\nP-03")),
} | printed(PRINTED_WARNINGS)

OF_ONE_ROW = (
    *(
        name
        for name in PATIENTS
        if name.partition("-")[0] in {"negative", "infinite", "missing", "stray", "time", "beyond"}
    ),
    "decimal-comma",
    "event-missing",
    "event-at-zero",
    "patient-twice",
    "infinite-covariate",
    "words-among-numbers",
)
"""Faults that name line 3, and its patient where there is one."""
