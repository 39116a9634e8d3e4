"""Printed numbers that cannot be used: the command, and its two files. The ids are those of docs/bad-input.md."""

from __future__ import annotations

HEAD = "population,setting,endpoint,statistic,group,reference,value,ci_low,ci_high\n"
GOOD = HEAD + "all,second_line,pfs,hr_unadjusted,standard,low,0.99,0.73,1.33\n"
COUNTS = "population,setting,variable,level,low,standard,percent_printed,p_printed\nall,diagnosis,n,,184,74,,\n"
PUBLISHED = ("published", "estimates.csv", "--rope", "0.8", "1.25", "--rope-source", "protocol")
AUDIT = ("audit", "--estimates", "estimates.csv", "--counts", "counts.csv")


def published(old: str, new: str) -> tuple[tuple[str, ...], str, str]:
    assert old in GOOD
    return PUBLISHED, GOOD.replace(old, new), COUNTS


def audit(old: str, new: str, *, counts: bool = False) -> tuple[tuple[str, ...], str, str]:
    assert old in (COUNTS if counts else GOOD)
    return AUDIT, GOOD if counts else GOOD.replace(old, new), COUNTS.replace(old, new) if counts else COUNTS


PRINTED_CASES: dict[str, tuple[tuple[str, ...], str, str]] = {
    "printed-reversed-interval": published("0.73,1.33", "1.33,0.73"),
    "printed-outside-its-interval": published("0.99,", "1.50,"),
    "printed-bound-of-0": published("0.73", "0.00"),
    "printed-negative-bound": published("0.73", "-0.73"),
    "printed-no-width": published("0.99,0.73,1.33", "0.99,0.99,0.99"),
    "printed-no-value": published("0.99,", ","),
    "printed-in-words": published("0.99,", "about 1,"),
    "printed-no-column": published("ci_low", "lower"),
    "printed-unknown-group": audit("standard,low", "standrd,low"),
    "printed-number-in-words": audit("0.99,", "about 1,"),
    "printed-percentages-for-other-groups": audit(
        "all,diagnosis,n,,184,74,,\n", "all,diagnosis,n,,184,74,,\nall,diagnosis,sex,female,80,27,43.5,\n", counts=True
    ),
    "printed-p-beyond-1": audit(
        "all,diagnosis,n,,184,74,,\n", "all,diagnosis,n,,184,74,,\nall,diagnosis,sex,female,80,27,,1.5\n", counts=True
    ),
    "printed-group-of-nobody": audit("184,74", "184,0", counts=True),
    "printed-sizes-twice": audit(
        "all,diagnosis,n,,184,74,,\n", "all,diagnosis,n,,184,74,,\nall,diagnosis,n,,180,74,,\n", counts=True
    ),
}
