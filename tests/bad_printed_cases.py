"""Printed numbers that cannot be used: the command, and its two files. The ids are those of docs/bad-input.md."""

from __future__ import annotations

HEAD = "population,setting,endpoint,statistic,group,reference,value,ci_low,ci_high,interval_kind,study\n"
RATIO = "all,second_line,pfs,hr_unadjusted,standard,low,0.99,0.73,1.33,95% CI,A\n"
P = "all,second_line,pfs,logrank_p,standard,low,0.95,,,,A\n"
OTHER = "all,second_line,pfs,hr_unadjusted,standard,low,0.83,0.50,1.39,95% CI,B\n"
GOOD = HEAD + RATIO + P
COUNTS = "population,setting,variable,level,low,standard,percent_printed,p_printed\nall,diagnosis,n,,184,74,,\n"
SEX = "all,diagnosis,sex,female,80,27,43.5 36.5,0.29\n"

type Printed = tuple[tuple[str, ...], str, str]
"""Arguments, estimates.csv and counts.csv."""

ROPE = ("--rope", "0.8", "1.25", "--rope-source", "protocol")
PUBLISHED = ("published", "estimates.csv", *ROPE, "--out", "made")
TYPED = ("published", *ROPE, "--hr", "2.08", "--ci", "1.42", "3.0")
AUDIT = ("audit", "--estimates", "estimates.csv", "--counts", "counts.csv", "--out", "made")
ONLY_COUNTS = ("audit", "--counts", "counts.csv")


def published(old: str, new: str, *options: str) -> Printed:
    """A file of ratios with something else in one place."""
    assert old in GOOD
    return (*PUBLISHED, *options), GOOD.replace(old, new), COUNTS


def options(*words: str, text: str = GOOD) -> Printed:
    """A good file of ratios, and options that do not go with it."""
    return (*PUBLISHED, *words), text, COUNTS


AGAINST = ("--against", "2.13", "1.56", "2.9")


def typed(*words: str) -> Printed:
    """A good ratio on the command line, and options that do not go with it."""
    return (*TYPED, *words), GOOD, COUNTS


def estimates(old: str, new: str) -> Printed:
    """An audit whose estimates have something else in one place."""
    assert old in GOOD
    return AUDIT, GOOD.replace(old, new), COUNTS


def counts(old: str, new: str) -> Printed:
    """An audit whose counts have something else in one place."""
    assert old in COUNTS + SEX
    return AUDIT, GOOD, (COUNTS + SEX).replace(old, new)


PRINTED_CASES: dict[str, Printed] = {
    "published-before-which-data": typed("--rope-declared", "2020-01-31", "--before-data"),
    "published-declared-after-the-paper": typed(
        "--rope-declared", "2020-01-31", "--before-data", "--paper-date", "2019-05-01"
    ),
    "published-in-the-future": typed("--paper-date", "2999-01-31"),
    "printed-reversed-interval": published("0.73,1.33", "1.33,0.73"),
    "printed-outside-its-interval": published("0.99,", "1.50,"),
    "printed-ratio-of-0": published("0.99,", "0.00,"),
    "printed-bound-of-0": published("0.73", "0.00"),
    "printed-negative-bound": published("0.73", "-0.73"),
    "printed-no-width": published("0.99,0.73,1.33", "0.99,0.99,0.99"),
    "printed-no-value": published("0.99,", ","),
    "printed-no-limit": published("0.73,", ","),
    "printed-limit-not-reached": published("1.33", "not_reached"),
    "printed-in-words": published("0.99,", "about 1,"),
    "printed-decimal-comma": published("0.99,", '"0,99",'),
    "printed-no-group": published("standard,", ","),
    "printed-no-reference": published(",low,", ",,"),
    "printed-against-itself": published("standard,low", "low,low"),
    "printed-group-not-named": published("standard,", "standrd,", "--group", "standard", "--group", "low"),
    "printed-reference-not-named": published(",low,", ",lwo,", "--group", "standard", "--group", "low"),
    "printed-interquartile-range": published("95% CI", "IQR"),
    "printed-no-ratio": published("hr_unadjusted", "median"),
    "printed-no-column": published("ci_low", "lower"),
    "printed-nothing": (PUBLISHED, HEAD, COUNTS),
    "printed-parquet": (("published", "estimates.parquet", *ROPE), GOOD, COUNTS),
    "printed-where-no-column": options("--where", "grup=standard"),
    "printed-where-no-row": options("--where", "group=standrd"),
    "printed-where-never-together": options("--where", "study=B", "--where", "interval_kind=95% CI", text=(
        GOOD + OTHER.replace("95% CI", "90% CI")
    )),
    "printed-where-without-value": options("--where", "group"),
    "printed-file-and-ratio": options("--hr", "0.99"),
    "printed-neither-file-nor-ratio": (("published", *ROPE), GOOD, COUNTS),
    "printed-level-in-percent": typed("--ci-level", "95"),
    "printed-no-correlation": typed("--against", "2.13", "1.56", "2.9"),
    "printed-one-correlation": typed("--against", "2.13", "1.56", "2.9", "--correlation", "0.5", "0.5"),
    "printed-correlation-without-use": typed("--correlation", "0", "0.7"),
    "printed-events-without-use": typed("--events", "74", "184", "100"),
    "printed-events-and-correlation": typed(*AGAINST, "--events", "74", "184", "100", "--correlation", "0", "0.7"),
    "printed-no-events": typed(*AGAINST, "--events", "74", "0", "100"),
    "printed-events-of-others": typed(*AGAINST, "--events", "low=74", "high=184", "none=100"),
    "printed-figure-not-svg": typed("--figure", "forest.png"),
    "printed-pool-of-one-study": options("--pool"),
    "printed-pool-of-unknown-studies": options("--pool", text=GOOD + OTHER.replace(",B\n", ",\n")),
    "printed-pool-of-shared-patients": options("--pool", text=GOOD + OTHER + OTHER),
    "printed-pool-of-two-comparisons": options("--pool", text=GOOD + OTHER.replace(",low,", ",none,")),
    "printed-pool-of-two-endpoints": options("--pool", text=GOOD + OTHER.replace(",pfs,", ",os,")),
    "printed-no-file": (("audit",), GOOD, COUNTS),
    "printed-unknown-group": estimates("standard,low,0.99", "standrd,low,0.99"),
    "printed-unknown-reference": estimates("standard,low,0.95", "standard,lwo,0.95"),
    "printed-number-in-words": estimates("0.99,", "about 1,"),
    "printed-p-of-an-estimate-beyond-1": estimates("0.95,", "95,"),
    "printed-p-of-an-estimate-negative": estimates("0.95,", "-0.95,"),
    "printed-p-of-an-estimate-as-a-bound": estimates("0.95,", "<0.001,"),
    "printed-one-group": (AUDIT, GOOD, "population,setting,variable,level,low\nall,diagnosis,n,,184\n"),
    "printed-count-in-words": counts("80,27", "80,a few"),
    "printed-no-variable": counts("sex,", ","),
    "printed-percentages-for-other-groups": counts("43.5 36.5", "43.5"),
    "printed-percentages-in-words": counts("43.5 36.5", "43.5 (36.5)"),
    "printed-p-beyond-1": counts("0.29", "1.29"),
    "printed-group-of-nobody": counts("184,74", "184,0"),
    "printed-half-a-patient": counts("184,74", "184,73.5"),
    "printed-sizes-twice": counts("184,74,,\n", "184,74,,\nall,diagnosis,n,,180,74,,\n"),
}  # fmt: skip

FINDINGS = ("--json", "-", "--quiet")


def found(text: str) -> Printed:
    """An audit of these estimates, whose findings are told as JSON."""
    return ("audit", "--estimates", "estimates.csv", "--counts", "counts.csv", *FINDINGS), text, COUNTS


PRINTED_WARNINGS: dict[str, Printed] = {
    "audit-reversed-interval": found(GOOD.replace("0.73,1.33", "1.33,0.73")),
    "audit-outside-its-interval": found(GOOD.replace("0.99,", "1.50,")),
    "audit-bound-of-0": found(GOOD.replace("0.73", "0.00")),
    "audit-negative-bound": found(GOOD.replace("0.73", "-0.73")),
    "audit-no-value": found(GOOD.replace("0.99,", ",")),
    "audit-only-counts": ((*ONLY_COUNTS, *FINDINGS), "", COUNTS),
    "audit-only-estimates": (("audit", "--estimates", "estimates.csv", *FINDINGS), GOOD, ""),
}
"""Told, and not refused: what a paper prints wrongly is what an audit is for."""
