"""How the numbers were made, in sentences written from the question and the plan."""

from __future__ import annotations

from bayesrefract.findings import Findings
from bayesrefract.numerals import declared, exact, fixed, unit_of
from bayesrefract.plan import BaselineKind, ModelPlan, StrataKind
from bayesrefract.study import Question, Rope, Rule, RuleName, Side
from bayesrefract.words import estimand_name

BASELINES = {
    BaselineKind.RANDOM_WALK: "a smooth baseline hazard (random walk)",
    BaselineKind.INDEPENDENT: "independent baseline hazards (Gamma), integrated out",
}
STRATA = {
    StrataKind.COMMON: "common to all patients",
    StrataKind.FREE: "free in each stratum",
    StrataKind.POOLED: "pooled over strata",
}


def methods(findings: Findings) -> tuple[str, ...]:
    """One paragraph each: model, draws, decision, ranges, gates."""
    question, plan = findings.question, findings.plan
    return (
        _model(findings),
        _draws(findings),
        _decision(question.rule),
        *(_range(rope, question) for rope in question.ropes),
        "A verdict is withheld when the chains have not converged, when a compared group has too few events, or when "
        "the same model with a flat prior does not agree with Cox regression. It then comes with its reason.",
        f"Primary model: {plan.name}. Other models, where there are any, show whether the verdict depends on it.",
    )


def _model(findings: Findings) -> str:
    plan = findings.plan
    if plan.baseline.by_group:
        effects = "Each group has hazards of its own, and the hazard ratio is their ratio"
    else:
        effects = "The groups' hazards are proportional"
    adjusted = ", ".join(findings.adjusted_for) or "nothing"
    return (
        "Follow-up is cut into intervals, and events and person-time in each are modelled as Poisson counts, which is "
        f"the exact likelihood of a piecewise-constant hazard. The model has {_baseline(plan)}. {effects}; adjusted "
        f"for {adjusted}. Ratios are read on the log scale. The hazard ratio is conditional on what the model adjusts "
        "for and is not collapsible: with other covariates it is another quantity."
    )


def _baseline(plan: ModelPlan) -> str:
    kind = BASELINES[plan.baseline.kind]
    return kind if plan.baseline.by_group else f"{kind}, {STRATA[plan.baseline.strata]}"


def _draws(findings: Findings) -> str:
    chains = findings.log_hazard_ratio.sizes["chain"]
    draws = findings.log_hazard_ratio.sizes["draw"]
    sampler = findings.plan.sampler
    return (
        f"{fixed(chains, 0)} chains of {fixed(draws, 0)} draws each were taken with the No-U-Turn sampler "
        f"after {fixed(sampler.tune, 0)} tuning steps (target acceptance {exact(sampler.target_accept)}; once more "
        f"with {exact(round(sampler.careful.target_accept, 6))} where a transition diverged). While a "
        "verdict is nearer to another one than twice its Monte Carlo error, the draws are doubled as often as that "
        f"should take, up to {fixed(sampler.max_draws, 0)} in all."
    )


def _decision(rule: Rule) -> str:
    interval = f"{exact(100 * rule.level)}% posterior interval ({rule.interval.upper()})"
    threshold = "the declared one" if rule.threshold is None else exact(rule.threshold)
    if rule.side is not Side.TWO_SIDED:
        bound = "upper" if rule.side is Side.ABOVE else "lower"
        if rule.name is RuleName.INTERVAL:
            return f"Decision: non-inferior when the {interval} does not pass the range's {bound} bound."
        return f"Decision: non-inferior when the {bound} bound is kept with a probability of at least {threshold}."
    if rule.name is RuleName.INTERVAL:
        return (
            f"Decision: when the whole {interval} lies inside the declared range, the groups are called equivalent; "
            "when it lies wholly outside on one side, different; otherwise undecided."
        )
    return (
        f"Decision: when the posterior probability inside the declared range is at least {threshold}, the groups are "
        "called equivalent; when it is so below or above the range, different; otherwise undecided."
    )


def _range(rope: Rope, question: Question) -> str:
    bounds = f"{declared(rope.low, rope.estimand)} to {declared(rope.high, rope.estimand)}"
    unit = unit_of(rope.estimand, question.time_unit)
    day = "without a date" if rope.declared_on is None else f"on {rope.declared_on.isoformat()}"
    seen = "before" if rope.before_data else "after"
    return (
        f"Range of practical equivalence (ROPE, {rope.role}) of the {estimand_name(rope.estimand, question)}: "
        f"{bounds}{unit}, declared {day}, {seen} the data were seen. Source: {rope.source.rstrip('.')}."
    )
