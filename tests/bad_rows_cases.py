"""Files with several rows of a patient that cannot be, and options that do not go with them.

The ids are those of docs/bad-input.md.
"""

from __future__ import annotations

ROWS = """id,arm,start,time,event,age,site
P-01,a,0,5,0,50,north
P-01,b,5,9,1,50,north
P-02,a,0,8,0,61,south
P-02,b,8,20,0,61,south
P-03,a,0,12,1,44,north
P-04,b,0,3,1,39,south
P-05,a,0,6,0,70,east
P-05,b,6,20.5,1,70,east
P-06,b,0,33,0,58,north
"""
"""Six patients, three of whom change from a to b."""
GIVEN = ("--several-rows", "--entry", "start", "--varying", "arm")

type Rows = tuple[str, tuple[str, ...]]


def _with(*changes: tuple[str, str]) -> str:
    text = ROWS
    for before, after in changes:
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    return text


def rows_cases() -> dict[str, Rows]:
    """Content of the file, and the options beside those that are always given."""
    return {
        "rows-not-declared": (ROWS, ("--entry", "start")),
        "rows-without-start": (ROWS, ("--several-rows",)),
        "rows-of-no-length": (_with(("P-01,b,5,9,1", "P-01,b,5,5,1")), GIVEN),
        "rows-of-no-length-at-zero": (_with(("P-02,a,0,8,0", "P-02,a,0,0,0"), ("P-02,b,8,", "P-02,b,0,")), GIVEN),
        "rows-that-overlap": (_with(("P-05,a,0,6,", "P-05,b,0,7,")), GIVEN),
        "rows-of-two-groups-at-once": (_with(("P-05,b,6,", "P-05,b,4,")), GIVEN),
        "rows-after-the-event": (_with(("P-05,a,0,6,0", "P-05,b,0,5,1")), GIVEN),
        "rows-with-an-event-at-the-change": (_with(("P-01,a,0,5,0", "P-01,a,0,5,1")), GIVEN),
        "rows-that-change-undeclared": (_with(("P-02,b,8,20,0,61", "P-02,b,8,20,0,62")), (*GIVEN, "--adjust", "age")),
        "rows-of-two-strata": (_with(("0,61,south\nP-03", "0,61,east\nP-03")), (*GIVEN, "--strata", "site")),
        "rows-with-nothing-at-the-start": (
            _with(*((f"{who},50", f"{who},0") for who in ("P-01,a,0,5,0",)))
            .replace(",0,61,south\nP-02", ",0,0,south\nP-02")
            .replace(",44,", ",0,")
            .replace(",39,", ",0,")
            .replace(",0,70,", ",0,0,")
            .replace(",58,", ",0,"),
            (*GIVEN, "--varying", "age", "--adjust", "age"),
        ),
        "window-of-groups-that-change": (ROWS, (*GIVEN, "--window", "0", "5")),
        "varying-without-rows": (ROWS, ("--varying", "arm")),
        "varying-of-a-stratum": (ROWS, (*GIVEN, "--strata", "site", "--varying", "site")),
        "varying-of-nothing": (ROWS, (*GIVEN, "--varying", "agee", "--adjust", "age")),
        "repeated-without-rows": (ROWS, ("--repeated-events",)),
        "landmark-after-everybody": (ROWS, (*GIVEN, "--landmark", "34")),
        "landmark-of-constant-groups": (ROWS, (*GIVEN[:3], "--landmark", "5")),
    }


STUDY_OF_ROWS = """
[study]
name = "rows"
title = "Rows"
time_unit = "months"
records = "patients.csv"
evidence = "patients"
models = ["unadjusted"]

[columns]
id = "id"
group = "arm"
several_rows = true
varying = ["arm"]

[groups]
levels = ["a", "b"]

[[contrast]]
group = "b"
reference = "a"
primary = true

[[question]]
name = "pfs"
time = "time"
event = "event"
entry = "start"
horizon = 12

[[rope]]
estimand = "hazard_ratio"
low = 0.8
high = 1.25
source = "protocol"
declared_on = 2020-01-31

[[rope]]
estimand = "rmst_difference"
low = -1
high = 1
source = "protocol"
declared_on = 2020-01-31

[rule]
name = "interval"
"""
"""A study that asks for a restricted mean of groups that change."""


def study_cases() -> dict[str, str]:
    """The study file; its records are `ROWS`."""
    return {
        "rows-and-a-restricted-mean": STUDY_OF_ROWS,
        "rows-without-identifier": STUDY_OF_ROWS.replace('id = "id"\n', ""),
        "rows-of-a-population-that-changes": STUDY_OF_ROWS.replace(
            "[[question]]", '[[population]]\nname = "early"\nwhere = { arm = "a" }\n\n[[question]]'
        ),
    }
