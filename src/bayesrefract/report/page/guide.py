"""The question in words, and a glossary of the terms on the page."""

from __future__ import annotations

from collections.abc import Sequence

from bayesrefract.findings import Findings
from bayesrefract.numerals import declared, exact, unit_of
from bayesrefract.report.page.answer import leading
from bayesrefract.report.rule_words import harm_bound, joint_claim
from bayesrefract.report.words import estimand_name, when_declared
from bayesrefract.study.rope import Estimand, Rope, RuleName
from bayesrefract.study.study import Analysis

TERMS = (
    (
        "Hazard ratio",
        "The rate of the event at any time in one group, divided by the rate in the other, among patients still at "
        "risk. 1 means equal rates, 0.80 a rate lower by a fifth, 1.25 a rate higher by a quarter.",
    ),
    (
        "Region of practical equivalence (ROPE)",
        "Two groups are never exactly alike. The ROPE is the range of differences too small to matter. It is declared "
        "with its reason, and the verdict depends on it.",
    ),
    (
        "95% credible interval (CrI)",
        "Given the model, its prior and the data, the true value lies within these limits with a probability of 95%.",
    ),
    (
        "Posterior, posterior probability",
        "The distribution of the true value given the data and the model; the prior is the one assumed before the "
        "data.",
    ),
    (
        "Verdict",
        "Equivalent: the plausible values lie inside the ROPE. Different: they lie outside, on one side. Undecided: "
        "the data are inconclusive, and nothing was shown. Withheld: a check failed, so nothing may be claimed.",
    ),
    (
        "Cross-check",
        "Classical survival analysis of the same patients (Kaplan-Meier, log-rank, Cox regression). Where it disagrees "
        "with the model, the verdict is withheld.",
    ),
)


def question_in_words(made: Sequence[Findings]) -> tuple[str, ...]:
    """Groups, endpoints, populations, ROPEs and rule in words; `made`: the primary findings of every question."""
    first = made[0].analysis
    contrast = first.primary
    endpoints = dict.fromkeys(each.analysis.endpoint.label for each in made)
    populations = dict.fromkeys(each.analysis.population.label for each in made)
    return (
        f"How does the group {contrast.group} compare with the group {contrast.reference}? "
        f"Endpoint: {_listed(endpoints)}. Patients: {_listed(populations)}.",
        *dict.fromkeys(_rope_in_words(each.rope, findings.analysis) for findings in made for each in leading(findings)),
        " ".join([_judged(first), *_joint(first)]),
    )


def _rope_in_words(rope: Rope, analysis: Analysis) -> str:
    bounds = f"{declared(rope.low, rope.estimand)} to {declared(rope.high, rope.estimand)}"
    day = "" if rope.declared is None else f" on {rope.declared.isoformat()}"
    unit = unit_of(rope.estimand, analysis.time_unit)
    return (
        f"The ROPE was declared{day}, {when_declared(rope)}: a {estimand_name(rope.estimand, analysis, rope)} of "
        f"{bounds}{unit}. Reason given: {rope.source.rstrip('.')}."
    )


def _judged(analysis: Analysis) -> str:
    rule = analysis.rule
    place = "inside the ROPE"
    if rule.one_sided:
        place = f"on the tolerated side of its {harm_bound(rule, [rope.estimand for rope in analysis.ropes])}"
    if rule.name is RuleName.INTERVAL:
        of_band = any(rope.estimand is Estimand.THROUGHOUT for rope in analysis.ropes)
        band = " (of a hazard ratio throughout a window, the whole simultaneous band)" if of_band else ""
        return f"A claim requires the whole {exact(100 * rule.level)}% credible interval{band} to lie {place}."
    threshold = "the declared one" if rule.threshold is None else exact(rule.threshold)
    return f"A claim requires a posterior probability of at least {threshold} that the true value lies {place}."


def _joint(analysis: Analysis) -> list[str]:
    names = [f"the {estimand_name(each, analysis)}" for each in analysis.claim]
    return [joint_claim(names)] if names else []


def _listed(texts: Sequence[str] | dict[str, None]) -> str:
    return "; ".join(texts)
