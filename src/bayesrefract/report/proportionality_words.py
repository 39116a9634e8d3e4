"""Sentences on whether one hazard ratio holds over time, beside the verdict on it."""

from __future__ import annotations

import math
from collections.abc import Iterator

from bayesrefract.decision import Verdict, VerdictWord
from bayesrefract.decision.question import NOT_ONE_RATIO, OPPOSITE, UNEQUAL
from bayesrefract.findings import Findings
from bayesrefract.numerals import fixed, mass, p_value, ratio
from bayesrefract.proportionality.check import Proportionality, Reading
from bayesrefract.proportionality.draws import Draws
from bayesrefract.proportionality.thirds import CHANGES, Thirds
from bayesrefract.study.rope import Estimand, Rope, Side

MOST_FACTOR, LEAST_FACTOR = 1000.0, 0.001
THIRDS = ("early", "middle", "late")


def proportionality_sentence(findings: Findings, verdict: Verdict) -> str:
    """One sentence on a verdict's hazard ratio over time; empty for other estimands, a withheld verdict, no check."""
    check = findings.proportionality_of(verdict)
    if check is None or verdict.word is VerdictWord.WITHHELD:
        return ""
    reading = check.reading(verdict.rope)
    if reading is Reading.UNKNOWN:
        return f"Whether the ratio changes over time cannot be checked: {check.reason}."
    thirds = check.on(verdict.rope)
    if check.draws is None or thirds is None:
        return _by_residuals(check, reading)
    if reading is Reading.CONSTANT:
        return (
            f"No strong sign that the ratio changes over time (Bayes factor {factor(check.draws)} against "
            "proportional hazards)."
        )
    return _changes(verdict, reading, check.draws, thirds)


def needs_telling(findings: Findings, verdict: Verdict) -> bool:
    """Whether a verdict must not be read without its sentence on time: anything but a check that passed."""
    check = findings.proportionality_of(verdict)
    return check is not None and check.reading(verdict.rope) not in {Reading.CONSTANT, Reading.UNKNOWN}


def proportionality_sentences(findings: Findings, told: str = "") -> Iterator[str]:
    """The sentence of every contrast on its primary ROPE, named where there are several, without what is `told`."""
    ratios = [v for v in findings.verdicts if v.estimand is Estimand.HAZARD_RATIO and v.rope.role == "primary"]
    for verdict in ratios:
        found = proportionality_sentence(findings, verdict)
        if found and found not in told:
            yield found if len(ratios) == 1 else f"{verdict.group} vs {verdict.reference}: {found}"


def factor(draws: Draws) -> str:
    """The Bayes factor against proportional hazards, with two significant digits."""
    log = draws.log_bayes_factor
    if log >= math.log(MOST_FACTOR):
        return f"above {fixed(MOST_FACTOR, 0)}"
    if log < math.log(LEAST_FACTOR):
        return f"below {LEAST_FACTOR:g}"
    text = f"{float(f'{math.exp(log):.2g}'):g}"
    below = log < math.log(CHANGES) and log + 2 * draws.error >= math.log(CHANGES)
    return f"{text}, within its error of {CHANGES:g}" if below else text


def _by_residuals(check: Proportionality, reading: Reading) -> str:
    p = f"Schoenfeld p {p_value(check.schoenfeld_p)}"
    if reading is Reading.UNEQUAL:
        return f"The data speak against one constant ratio ({p}): it is {UNEQUAL}."
    return f"No strong sign that the ratio changes over time ({p})."


def _changes(verdict: Verdict, reading: Reading, draws: Draws, thirds: Thirds) -> str:
    """The data speak against one constant ratio."""
    against = f"the data speak against one constant ratio (Bayes factor {factor(draws)})"
    outside = mass(thirds.outside.value, draws.effective)
    ratios = _ratios(thirds, verdict.rope)
    beyond, range_, inside = _places(verdict)
    if verdict.reasons == (NOT_ONE_RATIO,):
        return (
            f"The average hazard ratio {inside}, but {against}, and in the early, middle or late third of the events "
            f"it more likely lies {beyond} than {range_} (probability {outside}: {ratios})."
        )
    if verdict.reasons == (OPPOSITE,):
        return f"The data{against[8:]}, and its effects are opposite: {_opposite(thirds)} ({ratios})."
    told = f"The data{against[8:]}: {ratios}"
    if reading is Reading.UNEQUAL:
        return f"{told}. The hazard ratio is {UNEQUAL}."
    beyond = beyond.replace("that", "the")
    return f"{told}. In no third of the events it more likely lies {beyond} than {range_} (probability {outside})."


def _places(verdict: Verdict) -> tuple[str, str, str]:
    """Outside, inside, and where the average is, by the side on which the harm lies."""
    named = f"the {'declared' if verdict.rope.role == 'primary' else verdict.rope.role}"
    if verdict.side is Side.TWO_SIDED:
        return "outside that range", "inside", f"lies inside {named} range"
    margin = "above" if verdict.side is Side.ABOVE else "below"
    return f"{margin} that margin", "not", f"does not lie {margin} {named} margin"


def _ratios(thirds: Thirds, rope: Rope) -> str:
    values = (math.exp(value) for value in thirds.log_ratio)
    named = zip(THIRDS, values, strict=True)
    return ", ".join(f"{name} {ratio(value, (rope.low, rope.high))}" for name, value in named)


def _opposite(thirds: Thirds) -> str:
    """The thirds that lie wholly below and wholly above 1."""
    below = [name for name, high in zip(THIRDS, thirds.high, strict=True) if high < 0]
    above = [name for name, low in zip(THIRDS, thirds.low, strict=True) if low > 0]
    return f"wholly below 1 {_in(below)}, wholly above 1 {_in(above)}"


def _in(names: list[str]) -> str:
    return f"in the {' and '.join(names)} third{'s' if len(names) > 1 else ''} of the events"
