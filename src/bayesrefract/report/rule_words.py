"""Words about decision rules: the bound that must not be crossed, and what a low threshold costs."""

from __future__ import annotations

from collections.abc import Iterable

from bayesrefract.numerals import exact
from bayesrefract.study.rope import Estimand, Rule, Side

USUAL_THRESHOLD = 0.95


def harm_bound(rule: Rule, estimands: Iterable[Estimand]) -> str:
    """The bound of a range on whose far side the harm lies; where it differs, by estimand."""
    kinds = {estimand.is_ratio: rule.side_of(estimand) for estimand in estimands}
    names = {Side.ABOVE: "upper", Side.BELOW: "lower"}
    if len(set(kinds.values())) == 1:
        return f"{names[next(iter(kinds.values()))]} bound"
    return f"{names[kinds[True]]} bound (of a ratio; of a difference, the {names[kinds[False]]} bound)"


def false_claims(rule: Rule) -> list[str]:
    """How often a low threshold claims what is not so: a sentence, where it is more often than the 95% one."""
    if rule.threshold is None or rule.threshold >= USUAL_THRESHOLD:
        return []
    return [
        f"With the threshold {exact(rule.threshold)} such a claim is made falsely in about "
        f"{exact(round(100 * (1 - rule.threshold), 2))}% of data sets whose true value lies at the edge of the range"
    ]
