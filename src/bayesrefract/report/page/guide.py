"""What a reader has to know before the first number: the question in words, and the terms of the page."""

from __future__ import annotations

from collections.abc import Sequence

from bayesrefract.findings import Findings
from bayesrefract.numerals import declared, exact, unit_of
from bayesrefract.report.page.answer import leading
from bayesrefract.report.words import estimand_name, when_declared
from bayesrefract.study.rope import Rope, RuleName, Side
from bayesrefract.study.study import Analysis

TERMS = (
    (
        "Hazard ratio",
        "How often the event happens in one group at any moment, divided by how often it happens in the other. 1 means "
        "equally often, 0.80 a fifth less often, 1.25 a quarter more often.",
    ),
    (
        "Range that counts as equal (ROPE)",
        "Two groups are never exactly alike. The region of practical equivalence says how much difference would not "
        "matter. It is declared with its reason, and it decides what may be claimed.",
    ),
    (
        "95% interval",
        "The data and the model give the true value a probability of 95% of lying within these limits.",
    ),
    (
        "Posterior, posterior probability",
        "What the data and the model leave to believe about the true value; the prior is what was assumed before.",
    ),
    (
        "Verdict",
        "Equivalent: what is plausible lies inside the range. Different: it lies outside, on one side. Undecided: the "
        "data allow both, and nothing was shown. Withheld: a check failed, so nothing may be claimed.",
    ),
    (
        "Cross-check",
        "Classical survival analysis of the same patients (Kaplan-Meier, log-rank, Cox regression). Where it disagrees "
        "with the model, the verdict is withheld.",
    ),
)


def question_in_words(made: Sequence[Findings]) -> tuple[str, ...]:
    """Who is compared, on what, and what counts as equal; `made`: the primary findings of every question."""
    first = made[0].analysis
    contrast = first.primary
    endpoints = dict.fromkeys(each.analysis.endpoint.label for each in made)
    populations = dict.fromkeys(each.analysis.population.label for each in made)
    return (
        f"Do patients of the group {contrast.group} fare as well as those of the group {contrast.reference}? "
        f"Endpoint: {_listed(endpoints)}. Patients: {_listed(populations)}.",
        *dict.fromkeys(
            _counts_as_equal(each.rope, findings.analysis) for findings in made for each in leading(findings)
        ),
        _judged(first),
    )


def _counts_as_equal(rope: Rope, analysis: Analysis) -> str:
    bounds = f"{declared(rope.low, rope.estimand)} to {declared(rope.high, rope.estimand)}"
    day = "" if rope.declared is None else f" on {rope.declared.isoformat()}"
    unit = unit_of(rope.estimand, analysis.time_unit)
    return (
        f"What counts as equal was declared{day}, {when_declared(rope)}: a {estimand_name(rope.estimand, analysis)} of "
        f"{bounds}{unit}. Reason given: {rope.source.rstrip('.')}."
    )


def _judged(analysis: Analysis) -> str:
    rule = analysis.rule
    place = "inside this range"
    if rule.side is not Side.TWO_SIDED:
        place = f"on the tolerated side of its {'upper' if rule.side is Side.ABOVE else 'lower'} bound"
    if rule.name is RuleName.INTERVAL:
        return f"A claim needs all of the plausible values (the {exact(100 * rule.level)}% interval) {place}."
    threshold = "the declared one" if rule.threshold is None else exact(rule.threshold)
    return f"A claim needs a probability of at least {threshold} that the true value lies {place}."


def _listed(texts: Sequence[str] | dict[str, None]) -> str:
    return "; ".join(texts)
