"""What an average hazard ratio means beside one that may change, in words."""

from __future__ import annotations

from collections.abc import Iterator

from bayesrefract.decision import Verdict, VerdictWord
from bayesrefract.findings import Findings, RatioOverTime
from bayesrefract.numerals import exact, mass, ratio
from bayesrefract.report.words import range_text, window_text, word_text
from bayesrefract.study.rope import Estimand


def average_meaning(found: RatioOverTime, findings: Findings) -> tuple[str, ...]:
    """The average and what it hides, then the probabilities throughout a declared window, under each prior."""
    return (_average(found, findings), *_throughout(found, findings))


def _average(found: RatioOverTime, findings: Findings) -> str:
    constant = found.constant is not None
    value = found.constant or found.average
    held = "holds one ratio for the whole of follow-up" if constant else "gives the average of a ratio that may change"
    low, high = float(found.median.min()), float(found.median.max())
    unit = findings.analysis.time_unit
    return (
        f"The model of the verdict {held}: {ratio(value.estimate)} ({ratio(value.low)} to {ratio(value.high)}). If the "
        "true ratio changes, that is an average over the times at which events happened; it depends on how long "
        "patients were followed, and holds at no particular time. "
        f"Where the ratio may change (half-normal scale {exact(found.scale)}), its estimates by interval run from "
        f"{ratio(low)} to {ratio(high)} over {exact(float(f'{found.end[-1]:.3g}'))} {unit}. Late intervals have fewer "
        "patients, and lean on the earlier ones; even under one constant ratio for every patient, the ratio of those "
        "who are still at risk may drift towards 1."
    )


def _throughout(found: RatioOverTime, findings: Findings) -> Iterator[str]:
    """P(inside throughout) beside P(average inside), which may differ by far."""
    verdicts = [each for each in findings.verdicts if (each.group, each.reference) == (found.group, found.reference)]
    averages = [each for each in verdicts if each.estimand is Estimand.HAZARD_RATIO and each.rope.role == "primary"]
    for verdict in verdicts:
        if verdict.estimand is not Estimand.THROUGHOUT or verdict.word is VerdictWord.WITHHELD:
            continue
        yield _of_window(verdict, averages, found, findings)


def _of_window(verdict: Verdict, averages: list[Verdict], found: RatioOverTime, findings: Findings) -> str:
    scales = [(found.scale, verdict.p_inside, verdict.word)]
    if verdict.wide is not None:
        scales.append((verdict.wide.scale, verdict.wide.p_inside, verdict.wide.word))
    by_scale = "; ".join(
        f"{mass(inside, verdict.ess_bulk)} with the scale {exact(scale)} ({word_text(word)})"
        for scale, inside, word in scales
    )
    bounds, window = range_text(verdict, findings.analysis), window_text(verdict.rope, findings.analysis)
    said = f"The probability that the ratio stays within {bounds} throughout{window} is {by_scale}."
    if averages:
        average = averages[0]
        said += (
            f" Its average lies within {range_text(average, findings.analysis)} with probability "
            f"{mass(average.p_inside, average.ess_bulk)} ({word_text(average.word)}), which says nothing of single "
            "intervals."
        )
    return said
