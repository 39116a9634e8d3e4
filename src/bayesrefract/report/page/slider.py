"""Data of the slider that moves the ROPE: the page's script applies the declared rule to another range.

The slider is exploratory and changes no verdict. A withheld verdict has no slider and can never become a claim.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace

import numpy as np

from bayesrefract.decision import Verdict, VerdictWord
from bayesrefract.findings import Findings
from bayesrefract.numerals import exact
from bayesrefract.report.page.answer import PLACES, Share, shares
from bayesrefract.report.tables.verdicts import verdict_text
from bayesrefract.report.words import interval_name, interval_text, range_text
from bayesrefract.study.rope import Estimand, RuleName, Side
from bayesrefract.study.study import Contrast

QUANTILES = 512
STEPS = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
MOST_STEPS = 200
TWO_SIDED = (
    (VerdictWord.EQUIVALENT, None),
    (VerdictWord.DIFFERENT, "below"),
    (VerdictWord.DIFFERENT, "above"),
    (VerdictWord.UNDECIDED, None),
)
ONE_SIDED = ((VerdictWord.NON_INFERIOR, None), (VerdictWord.NOT_SHOWN, None))


@dataclass(frozen=True)
class Slider:
    """One slider at its declared position. `data`: JSON for the script; scale 1 is the declared range."""

    name: str
    pair: str
    declared: str
    rule: str
    word: str
    bar: tuple[Share, ...]
    least: str
    most: str
    step: str
    data: str


def slider(findings: Findings, verdict: Verdict, name: str) -> Slider:
    """A slider over the declared range of one hazard ratio.

    Its scale s turns the range (low, high) into (low^s, high^s). Raises ValueError for a withheld
    verdict, whose posterior is not shown, or another estimand.
    """
    if verdict.word is VerdictWord.WITHHELD or verdict.estimand is not Estimand.HAZARD_RATIO:
        raise ValueError("only a hazard ratio with a verdict has a slider")
    most, step = _reach(verdict)
    return Slider(
        name=name,
        pair=Contrast(verdict.group, verdict.reference).label,
        declared=range_text(verdict, findings.analysis),
        rule=_rule_text(verdict, findings),
        word=verdict_text(verdict),
        bar=shares(verdict, findings.analysis),
        least=exact(step),
        most=exact(most),
        step=exact(step),
        data=json.dumps(_data(findings, verdict), allow_nan=False, ensure_ascii=False),
    )


def _reach(verdict: Verdict) -> tuple[float, float]:
    """The largest scale, beyond the point where the verdict changes, and the step."""
    narrower = min(-math.log(verdict.rope.low), math.log(verdict.rope.high))
    passes = math.log(verdict.smallest_rope) / narrower
    most = max(2.0, 1.25 * passes)
    step = next((each for each in STEPS if most / each <= MOST_STEPS), STEPS[-1])
    return step * math.ceil(most / step), step


def _data(findings: Findings, verdict: Verdict) -> dict[str, object]:
    """Everything on the log scale. The interval is the rule's own, so that its verdicts are exact."""
    draws = findings.log_hazard_ratio.sel(contrast=Contrast(verdict.group, verdict.reference).label).to_numpy()
    quantiles = np.quantile(draws, np.linspace(0, 1, QUANTILES))
    rule = verdict.rule
    verdicts = ONE_SIDED if rule.one_sided else TWO_SIDED
    return {
        "low": math.log(verdict.rope.low),
        "high": math.log(verdict.rope.high),
        "quantiles": [round(float(each), 5) for each in quantiles],
        "interval": [math.log(limit) for limit in verdict.interval],
        "rule": rule.name.value,
        "side": verdict.side.value,
        "threshold": rule.threshold,
        "places": {place: label.replace("{unit}", "") for place, label in PLACES.items()},
        "words": {
            "_".join(filter(None, (word.value, direction))): verdict_text(
                replace(verdict, word=word, direction=direction)
            )
            for word, direction in verdicts
        },
    }


def _rule_text(verdict: Verdict, findings: Findings) -> str:
    """The declared rule, which the slider follows."""
    rule = verdict.rule
    if rule.name is RuleName.PROBABILITY:
        threshold = "the declared one" if rule.threshold is None else exact(rule.threshold)
        return f"The declared rule applies: a posterior probability of at least {threshold}."
    interval = f"the {interval_name(verdict)}, {interval_text(verdict, findings.analysis)}"
    if not rule.one_sided:
        return (
            f"The declared rule applies: {interval}, must lie wholly inside the range, or wholly outside on one side."
        )
    bound = "upper" if verdict.side is Side.ABOVE else "lower"
    return f"The declared rule applies: {interval}, must not cross the range's {bound} bound."
