"""Text of the methods section, and the sources of bias towards equivalence that are present."""

from __future__ import annotations

from collections.abc import Sequence

from bayesrefract.classical.agreement import ProportionalHazards
from bayesrefract.findings import Findings
from bayesrefract.numerals import declared, exact, fixed, p_value, unit_of
from bayesrefract.proportionality.check import LEAST_EVENTS, SMALL_P
from bayesrefract.proportionality.thirds import CHANGES, OUTSIDE
from bayesrefract.report.rule_words import false_claims, harm_bound
from bayesrefract.report.words import estimand_name, when_declared
from bayesrefract.study.model import BaselineKind, Model, StrataKind
from bayesrefract.study.rope import Rope, Rule, RuleName
from bayesrefract.study.study import Analysis, Evidence

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
    """Write one paragraph each on model, sampling, decision rule, ROPEs and gates."""
    analysis, model = findings.analysis, findings.model
    return (
        _model(findings),
        _draws(findings),
        _decision(analysis.rule, analysis.ropes),
        *(_range(rope, analysis) for rope in analysis.ropes),
        "A verdict is withheld when the chains have not converged, when a compared group has too few events, or when "
        "the same model with a flat prior does not agree with Cox regression. It then comes with its reason.",
        _proportionality(),
        f"Primary model: {model.name}. Other models, where there are any, show whether the verdict depends on it.",
    )


def _proportionality() -> str:
    return (
        "Beside every hazard ratio stands a model in which it may change over follow-up (its change half-normal with "
        "scale 1), fitted to the two groups. Where the Bayes factor of this model against one constant ratio is at "
        f"least {CHANGES:g}, and the probability at least {OUTSIDE:g} that the mean log ratio of the first, middle or "
        "last third of the events lies outside the range (of a one-sided rule: beyond the bound of the harm), the "
        "groups are not called equivalent or non-inferior; nor where a third has fewer than "
        f"{LEAST_EVENTS} events of the two groups. A difference keeps its word with a label, unless a third lies "
        "wholly below 1 and another wholly above. Where the change cannot be modelled (groups that change, one "
        f"interval), the Schoenfeld test of the contrast decides, below {SMALL_P:g}; elsewhere it decides nothing."
    )


def _model(findings: Findings) -> str:
    model = findings.model
    if model.baseline.by_group:
        effects = "Each group has its own baseline hazard, and the hazard ratio is their ratio"
    else:
        effects = "The groups' hazards are proportional"
    adjusted = ", ".join(findings.adjusted_for) or "nothing"
    return (
        "Follow-up is cut into intervals, and events and person-time in each are modelled as Poisson counts, which is "
        "the exact likelihood of a piecewise-constant hazard (Holford 1980, Laird & Olivier 1981). The model has "
        f"{_baseline(model)}. {effects}; adjusted for {adjusted}. Ratios are analysed on the log scale. The hazard "
        "ratio is conditional on the covariates of the model and is not collapsible: with other covariates it is "
        "another estimand."
    )


def _baseline(model: Model) -> str:
    kind = BASELINES[model.baseline.kind]
    return kind if model.baseline.by_group else f"{kind}, {STRATA[model.baseline.strata]}"


def _draws(findings: Findings) -> str:
    chains = findings.log_hazard_ratio.sizes["chain"]
    draws = findings.log_hazard_ratio.sizes["draw"]
    sampler = findings.model.sampler
    return (
        f"{fixed(chains, 0)} chains of {fixed(draws, 0)} draws each were sampled with the No-U-Turn sampler "
        f"after {fixed(sampler.tune, 0)} tuning steps (target acceptance {exact(sampler.target_accept)}; repeated "
        f"with {exact(round(sampler.careful.target_accept, 6))} where a transition diverged). While a "
        "verdict lies within two Monte Carlo standard errors of another one, the number of draws is doubled, as often "
        f"as this requires, up to {fixed(sampler.max_draws, 0)} in all."
    )


def _decision(rule: Rule, ropes: Sequence[Rope]) -> str:
    interval = f"{exact(100 * rule.level)}% credible interval ({rule.interval.upper()})"
    threshold = "the declared one" if rule.threshold is None else exact(rule.threshold)
    if rule.one_sided:
        bound = harm_bound(rule, [rope.estimand for rope in ropes])
        if rule.name is RuleName.INTERVAL:
            return f"Decision: non-inferior when the {interval} does not cross the range's {bound}."
        return (
            f"Decision: non-inferior when the posterior probability that the {bound} is not crossed is at least "
            f"{threshold}."
        )
    if rule.name is RuleName.INTERVAL:
        return (
            f"Decision: when the whole {interval} lies inside the declared range, the groups are called equivalent; "
            "when it lies wholly outside on one side, different; otherwise undecided."
        )
    told = (
        f"Decision: when the posterior probability inside the declared range is at least {threshold}, the groups are "
        "called equivalent; when it is so below or above the range, different; otherwise undecided."
    )
    return " ".join([told, *(f"{each}." for each in false_claims(rule))])


def _range(rope: Rope, analysis: Analysis) -> str:
    bounds = f"{declared(rope.low, rope.estimand)} to {declared(rope.high, rope.estimand)}"
    unit = unit_of(rope.estimand, analysis.time_unit)
    day = "without a date" if rope.declared is None else f"on {rope.declared.isoformat()}"
    return (
        f"Range of practical equivalence (ROPE, {rope.role}) of the {estimand_name(rope.estimand, analysis, rope)}: "
        f"{bounds}{unit}, declared {day}, {when_declared(rope)}. Source: {rope.source.rstrip('.')}."
    )


DOUBTFUL_P = 0.05


def limits(findings: Findings) -> tuple[str, ...]:
    """Describe in one sentence each source of bias towards equivalence that is present."""
    analysis, model = findings.analysis, findings.model
    incomplete = sum(count for reason, count in findings.flow.excluded.items() if reason.startswith("missing "))
    complete = findings.flow.analysed
    test = findings.agreement.proportional_hazards
    narrow = any("favours equivalence" in label for label in _labels(findings))
    post_hoc = any(rope.before_data is False for rope in analysis.ropes)
    unstated = any(rope.before_data is None for rope in analysis.ropes)
    crossing = _not_proportional(test)
    present = (
        (narrow, "Narrow prior: it puts more probability near a hazard ratio of 1 than the default prior does."),
        (
            model.baseline.strata is StrataKind.POOLED or model.exchangeable,
            "Pooling: strata or categories are shrunk towards each other, which leaves differences between "
            "patients partly unadjusted.",
        ),
        (
            incomplete > 0,
            f"Complete cases: {fixed(incomplete, 0)} of {fixed(complete + incomplete, 0)} patients are excluded "
            "because a value is missing. If they differ from the others, the contrast is biased.",
        ),
        (
            not findings.adjusted_for,
            "Crude analysis: no covariate is adjusted for, so confounding can mask a difference between the groups.",
        ),
        (post_hoc, "Post hoc ROPE: a range was declared after the data were seen, so its width may depend on them."),
        (
            unstated,
            "ROPE of unstated date: it is not stated whether a range was declared before the data were seen, so its "
            "width may depend on them.",
        ),
        (
            bool(findings.agreement.immortal),
            "Groups that change over time: where the change follows from how a patient does, it is no cause of the "
            "course, and the ratio mixes the two. Late in follow-up few are in some group, and the baseline is learnt "
            "from the others.",
        ),
        (
            analysis.evidence is Evidence.REBUILT,
            "Rebuilt patients: rounding and digitising of published figures add measurement error in both groups.",
        ),
        (
            bool(crossing),
            f"Hazards are not proportional (Schoenfeld {'; '.join(crossing)}): one hazard ratio averages over time, "
            "and opposite effects cancel in it.",
        ),
    )
    return tuple(text for is_present, text in present if is_present)


def _not_proportional(test: ProportionalHazards) -> tuple[str, ...]:
    """Small p-values of the contrasts; of all groups together where they are the only ones."""
    tests = {f"{each.group} vs {each.reference}: ": each.p for each in test.judged} or {"": test.p}
    return tuple(f"{name}p {p_value(p)}" for name, p in tests.items() if p is not None and p < DOUBTFUL_P)


def _labels(findings: Findings) -> list[str]:
    of_verdicts = [label for verdict in findings.verdicts for label in verdict.labels]
    return [*of_verdicts, *(prior.label for prior in findings.priors)]
