"""The audit finds what is planted, invents nothing, and says of the flagship paper what is known of it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from paper_example import COUNTS, ESTIMATES, SIZES, count_row, paper, size_row, write_paper
from scipy.stats import chi2_contingency, fisher_exact
from test_cli import call

from bayesrefract.classical.exact_tests import fisher, pearson, yates
from bayesrefract.errors import InputError
from bayesrefract.own_files import LIST
from bayesrefract.papers import read_number
from bayesrefract.papers.audit import Finding, Severity, audit, read_paper
from bayesrefract.papers.audit.counts import follows

STUDY = Path(__file__).parents[1] / "data" / "lenalidomide"

type Planted = tuple[dict[str, str], dict[str, str], set[tuple[str, str]], str]
"""Rows of counts and of estimates, the findings as (check, severity), and words of their evidence."""

PERCENT, P_COUNTS, SUMS = "percentages", "p-values of counts", "sums of counts"
LIMITS, SYMMETRY, P_INTERVAL, EVENTS = (
    "limits",
    "interval symmetry",
    "p against interval",
    "events implied by intervals",
)

PLANTED: dict[str, Planted] = {
    "percent": (
        {"sex": count_row("sex", "female", (98, 70, 45), percents="94.0 46.7 45.0")},
        {},
        {(PERCENT, "error")},
        "98 of 200 is 49.00%",
    ),
    "percent-of-the-known": (
        {"sex": count_row("sex", "female", (98, 70, 45), percents="49.0 50.0 45.0")},
        {},
        {(PERCENT, "doubt")},
        "140 patients would give it",
    ),
    "p": (
        {"marker": count_row("marker", "positive", (61, 52, 47), p="0.120")},
        {},
        {(P_COUNTS, "doubt")},
        "Fisher's exact test 0.0",
    ),
    "one-p-cut-off": (
        {"stage I": count_row("stage", "I", (80, 61, 42), p="0.94")},
        {},
        {(P_COUNTS, "note")},
        "chi-square 0.9462",
    ),
    "too-many": (
        {"more": count_row("visits", "any", (12, 151, 40), percents="6.0 100.7 40.0", p="")},
        {},
        {(SUMS, "error")},
        "151 > 150",
    ),
    "sum": (
        {"stage II": count_row("stage", "II", (70, 48, 33))},
        {},
        {(SUMS, "doubt")},
        "61 + 48 + 39 = 148",
    ),
    "subset": ({"older n": size_row("older", (90, 170, 45))}, {}, {(SUMS, "error")}, "170 > 150"),
    "copied-row": (
        {"copy": count_row("region", "north", (61, 52, 46))},
        {},
        {("near copies", "doubt")},
        "61/52/47 (counts.csv line 7) and 61/52/46",
    ),
    "small-counts": (
        {"rare": count_row("toxicity", "grave", (1, 6, 5))},
        {},
        {("small expected counts", "note")},
        "Fisher's exact test",
    ),
    "reversed": (
        {},
        {"median": "all,baseline,pfs,km_median,control,,30,35,23,95% CI"},
        {(LIMITS, "error")},
        "30 (35-23)",
    ),
    "outside": (
        {},
        {"open median": "all,baseline,os,km_median,low,,45,50,not_reached,95% CI"},
        {(LIMITS, "error")},
        "45 (50-not_reached)",
    ),
    "asymmetric": (
        {},
        {"os ratio": "all,baseline,os,hr_unadjusted,high,control,3.22,1.55,3.47,95% CI"},
        {(SYMMETRY, "doubt")},
        "the limits imply an estimate of 2.3",
    ),
    "p-of-one-model": (
        {},
        {"pfs adjusted p": "all,baseline,pfs,wald_p_adjusted,low,control,0.03,,,"},
        {(P_INTERVAL, "doubt")},
        "the printed digits allow p from 0.0",
    ),
    "log-rank-that-contradicts": (
        {},
        {"pfs p": "all,baseline,pfs,logrank_p,low,control,0.01,,,"},
        {(P_INTERVAL, "doubt")},
        "the printed digits allow p from 0.1",
    ),
    "log-rank-a-little-off": (
        {},
        {"pfs p": "all,baseline,pfs,logrank_p,low,control,0.30,,,"},
        {(P_INTERVAL, "note")},
        "the printed digits allow p from 0.1",
    ),
    "too-narrow": (
        {},
        {"pfs adjusted": "all,baseline,pfs,hr_adjusted,low,control,1.30,1.22,1.39,95% CI", "pfs adjusted p": "x"},
        {(EVENTS, "error")},
        "needs at least",
    ),
    "doubtfully-narrow": (
        {"later n": "all,later,n,,150,20,90,,,"},
        {"later": "all,later,ttp,hr,low,control,1.30,0.90,1.88,95% CI"},
        {(EVENTS, "doubt")},
        "needs about",
    ),
}


def planted_paper(folder: Path, name: str) -> tuple[Finding, ...]:
    counts, estimates, _, _ = PLANTED[name]
    kept = {key: row for key, row in (ESTIMATES | estimates).items() if row != "x"}
    write_paper(folder, counts)
    head = (folder / "estimates.csv").read_text(encoding="utf-8").partition("\n")[0]
    (folder / "estimates.csv").write_text("\n".join([head, *kept.values()]) + "\n", encoding="utf-8")
    return audit(read_paper(folder / "estimates.csv", folder / "counts.csv")).findings


def test_nothing_is_found_in_the_clean_twin(tmp_path: Path) -> None:
    report = audit(paper(tmp_path))
    assert report.findings == ()
    looked = {each.check: each.checked for each in report.outcomes}
    assert looked["percentages"] == 18
    assert looked["p-values of counts"] == 6
    assert all(count > 0 for check, count in looked.items()), looked


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_error_is_found_and_nothing_else(tmp_path: Path, name: str) -> None:
    _, _, expected, evidence = PLANTED[name]
    findings = planted_paper(tmp_path, name)
    assert {(each.check, each.severity.value) for each in findings} == expected, findings
    assert len(findings) == len(expected)
    assert evidence in findings[0].evidence


def test_all_planted_at_once_are_all_found(tmp_path: Path) -> None:
    apart = ("percent", "p", "subset", "copied-row", "small-counts", "reversed", "asymmetric", "p-of-one-model")
    counts = {key: row for name in apart for key, row in PLANTED[name][0].items()}
    estimates = {key: row for name in apart for key, row in PLANTED[name][1].items()}
    counts["marker"] = COUNTS["marker"]  # its copy is planted, and is the copy of the row with its own p
    found = [(each.check, each.severity.value) for each in audit(paper(tmp_path, counts, estimates)).findings]
    expected = [pair for name in apart if name != "p" for pair in PLANTED[name][2]]
    assert sorted(found) == sorted(expected)


def test_a_swapped_pair_of_digits_is_named(tmp_path: Path) -> None:
    swapped = {"os ratio": "all,baseline,os,hr_unadjusted,high,control,2.23,1.60,3.37,95% CI"}
    (finding,) = audit(paper(tmp_path, estimates=swapped)).findings
    assert finding.evidence.endswith("; 2.32 printed as 2.23 would fit")


def test_p_values_that_are_all_cut_off_are_one_finding(tmp_path: Path) -> None:
    rows = {"sex": (98, 70, 45), "marker": (61, 52, 47), "surgery": (120, 77, 31)}
    pearson_p = {name: pearson(counts, SIZES) for name, counts in rows.items()}
    counts = {
        name: count_row(name, "yes", rows[name], p="<0.001" if (p or 0) < 0.001 else f"{int((p or 0) * 1e4) / 1e4:.4f}")
        for name, p in pearson_p.items()
    }
    stages = {f"stage {level}": count_row("stage", level, c, p="") for level, c in
              (("I", (80, 61, 42)), ("II", (70, 50, 33)), ("III", (50, 39, 25)))}  # fmt: skip
    (finding,) = audit(paper(tmp_path, counts | stages)).findings
    assert (finding.severity, finding.subject) == (Severity.NOTE, "3 of 3 p-values")


@pytest.mark.parametrize(
    ("count", "size", "printed", "holds"),
    [
        (1, 8, "12.5", True),
        (1, 8, "13", True),  # a half, rounded up
        (1, 8, "12", True),  # to even, or cut off
        (2, 3, "66", True),
        (2, 3, "67", True),
        (2, 3, "68", False),
        (1, 1000, "0.1", True),
        (0, 74, "0", True),
        (19, 1000, "2", True),
        (19, 1000, "1", True),
        (20, 1000, "1", False),
    ],
)  # fmt: skip
def test_a_percentage_may_be_rounded_or_cut_off(count: int, size: int, printed: str, holds: bool) -> None:
    assert follows(count, size, read_number(printed)) is holds


@pytest.mark.parametrize("counts", [(3, 2, 5), (11, 3, 4), (1, 0, 6), (30, 20, 10)])
def test_fisher_of_three_groups_is_that_of_every_table_counted(counts: tuple[int, ...]) -> None:
    """Random tables with the same margins, drawn by scipy, are as rare or rarer as often as Fisher says."""
    sizes, draws = (60, 50, 40), 20_000
    total = sum(counts)
    rng = np.random.default_rng(7)
    drawn = rng.multivariate_hypergeometric(sizes, total, size=draws)
    from scipy.stats import multivariate_hypergeom

    chance = multivariate_hypergeom.pmf(drawn, sizes, total)
    seen = multivariate_hypergeom.pmf(counts, sizes, total)
    p = fisher(counts, sizes)
    assert p is not None
    share = np.mean(chance <= seen * (1 + 1e-7))
    assert abs(share - p) < 5 * np.sqrt(p * (1 - p) / draws) + 1e-9


def test_two_groups_meet_scipy() -> None:
    counts, sizes = (3, 11), (40, 45)
    table = [[3, 11], [37, 34]]
    assert fisher(counts, sizes) == pytest.approx(fisher_exact(table).pvalue, rel=1e-9)
    assert yates(counts, sizes) == pytest.approx(chi2_contingency(table).pvalue, rel=1e-12)


def test_the_flagship_paper_has_exactly_the_known_findings() -> None:
    report = audit(read_paper(STUDY / "published_estimates.csv", STUDY / "published_counts.csv"))
    found = sorted((each.check, each.severity.value, each.place.rpartition(" line ")[2]) for each in report.findings)
    assert found == sorted(
        [
            ("percentages", "error", "21"),  # quadruplet 2 (0.1%)
            *((P_COUNTS, "doubt", line) for line in ("7", "8", "9", "36")),  # eGFR, ISS, FISH, ASCT at retreatment
            (P_COUNTS, "note", "published_counts.csv"),  # 20 cut off
            *(("small expected counts", "note", line) for line in ("21", "27", "28", "34", "35")),
            ("near copies", "doubt", "8"),
            (SYMMETRY, "doubt", "35"),
            (P_INTERVAL, "note", "30"),
        ]
    )
    by_place = {(each.check, each.place.rpartition(" line ")[2]): each for each in report.findings}
    cut_off = by_place[P_COUNTS, "published_counts.csv"]
    assert cut_off.subject == "20 of 24 p-values"
    assert "0.0097 (printed 0.009)" in by_place["small expected counts", "27"].evidence
    askew = by_place[SYMMETRY, "35"].evidence
    assert askew == "the limits imply an estimate of 3.875 to 3.913; 2.32 printed as 2.23 would fit"
    assert "about 0.475, printed p = 0.62" in by_place[P_INTERVAL, "30"].message


def test_what_cannot_be_checked_is_listed_with_its_reason() -> None:
    report = audit(read_paper(STUDY / "published_estimates.csv", STUDY / "published_counts.csv"))
    told = {(each.check, subject): each.reason for each in report.unchecked for subject in each.subjects}
    assert "needs patient records" in told[P_COUNTS, "diagnosis age_median_years"]
    assert "may overlap" in told[SUMS, "diagnosis fish"]
    assert (
        "no p of an adjusted model"
        in told[P_INTERVAL, "pfs, second_line, all, hr_adjusted: low_dose vs not_refractory"]
    )


def test_faults_of_both_files_are_told_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    estimates, counts = write_paper(
        tmp_path,
        {"sex": COUNTS["sex"].replace("49.0 46.7", "49.0"), "n": COUNTS["n"].replace("200", "2OO")},
        {
            "pfs ratio": ESTIMATES["pfs ratio"].replace("low,control", "lwo,control"),
            "pfs p": "a,b,c,p,low,control,1e,,,",
        },
    )
    with pytest.raises(InputError) as error:
        read_paper(estimates, counts)
    told = "\n".join(error.value.faults)
    for words in ("counts.csv line 2: control", "percent_printed holds 2 numbers for 3 groups", 'value "1e"'):
        assert words in told
    code, _, err = call(capsys, "audit", "--estimates", str(estimates), "--counts", str(counts), "--json", "no/x.json")
    assert code == 1
    assert "--json no/x.json" in err


def test_an_unknown_group_is_told_by_row(tmp_path: Path) -> None:
    files = write_paper(tmp_path, estimates={"pfs ratio": ESTIMATES["pfs ratio"].replace("low,control", "lwo,control")})
    with pytest.raises(InputError, match=r'estimates\.csv line 2: group "lwo" is not known\. Did you mean "low"\?'):
        read_paper(*files)


def test_the_command_writes_its_tables_and_strict_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = ("--estimates", str(STUDY / "published_estimates.csv"), "--counts", str(STUDY / "published_counts.csv"))
    code, out, _ = call(capsys, "audit", *files, "--json", "-", "--quiet", "--out", str(tmp_path / "made"))
    assert code == 0
    payload = json.loads(out)
    assert payload["schema"] == "bayesrefract/audit/1"
    assert len(payload["findings"]) == 14
    assert {path.name for path in (tmp_path / "made").iterdir()} == {
        "findings.csv", "checked.csv", "not-checked.csv", "implied-events.csv", "audit.json", LIST,
    }  # fmt: skip
    code, out, _ = call(capsys, "audit", *files)
    assert code == 0
    assert "14 findings (1 error, 6 doubts, 7 notes)" in out
