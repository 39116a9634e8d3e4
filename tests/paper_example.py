"""An invented paper whose arithmetic holds, as the two files of an audit, and ways to spoil one number of it.

Percentages and p-values are made here by other means than the audit's: decimal rounding and scipy.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from scipy.stats import chi2_contingency

from bayesrefract.papers.audit import Paper, read_paper

GROUPS = ("control", "low", "high")
SIZES = (200, 150, 100)
COUNTS_HEAD = f"population,setting,variable,level,{','.join(GROUPS)},percent_printed,p_printed,note"
ESTIMATES_HEAD = "population,setting,endpoint,statistic,group,reference,value,ci_low,ci_high,interval_kind"


def percent(count: int, size: int) -> str:
    return str((Decimal(100 * count) / size).quantize(Decimal("0.1"), ROUND_HALF_UP))


def p_of(counts: tuple[int, ...], digits: int = 3) -> str:
    """Pearson's chi-square as a paper would round it."""
    others = [size - count for size, count in zip(SIZES, counts, strict=True)]
    p = chi2_contingency([counts, others], correction=False).pvalue
    return "<0.001" if p < 0.001 else f"{p:.{digits}f}"


def count_row(variable: str, level: str, counts: tuple[int, ...], *, percents: str = "", p: str | None = None) -> str:
    """One row, right unless it is told otherwise."""
    percents = percents or " ".join(percent(c, n) for c, n in zip(counts, SIZES, strict=True))
    p = p_of(counts) if p is None else p
    return ",".join(("all", "baseline", variable, level, *map(str, counts), percents, p, ""))


def size_row(population: str, sizes: tuple[int, ...]) -> str:
    return ",".join((population, "baseline", "n", "", *map(str, sizes), "", "", ""))


COUNTS = {
    "n": size_row("all", SIZES),
    "sex": count_row("sex", "female", (98, 70, 45)),
    "stage I": count_row("stage", "I", (80, 61, 42)),
    "stage II": count_row("stage", "II", (70, 50, 33)),
    "stage III": count_row("stage", "III", (50, 39, 25)),
    "marker": count_row("marker", "positive", (61, 52, 47)),
    "surgery": count_row("surgery", "yes", (120, 77, 31)),
    "older n": size_row("older", (90, 70, 45)),
}
ESTIMATES = {
    "pfs ratio": "all,baseline,pfs,hr_unadjusted,low,control,1.20,0.92,1.56,95% CI",
    "pfs p": "all,baseline,pfs,logrank_p,low,control,0.17,,,",
    "pfs adjusted": "all,baseline,pfs,hr_adjusted,low,control,1.30,0.96,1.76,95% CI",
    "pfs adjusted p": "all,baseline,pfs,wald_p_adjusted,low,control,0.09,,,",
    "os ratio": "all,baseline,os,hr_unadjusted,high,control,2.32,1.55,3.47,95% CI",
    "os p": "all,baseline,os,logrank_p_below,high,control,0.001,,,",
    "median": "all,baseline,pfs,km_median,control,,30,23,35,95% CI",
    "open median": "all,baseline,os,km_median,low,,62,50,not_reached,95% CI",
}


def write_paper(
    folder: Path, counts: dict[str, str] | None = None, estimates: dict[str, str] | None = None
) -> tuple[Path, Path]:
    """The paths of estimates and counts, with some rows replaced or added."""
    first, second = folder / "estimates.csv", folder / "counts.csv"
    first.write_text("\n".join([ESTIMATES_HEAD, *(ESTIMATES | (estimates or {})).values()]) + "\n", encoding="utf-8")
    second.write_text("\n".join([COUNTS_HEAD, *(COUNTS | (counts or {})).values()]) + "\n", encoding="utf-8")
    return first, second


def paper(folder: Path, counts: dict[str, str] | None = None, estimates: dict[str, str] | None = None) -> Paper:
    return read_paper(*write_paper(folder, counts, estimates))
