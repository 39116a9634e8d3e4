"""The JSON of one verdict: two groups compared on one estimand against one ROPE."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bayesrefract.decision import VerdictWord
from bayesrefract.proportionality.check import Reading
from bayesrefract.report.json.parts import Date, Limits, Number, Part
from bayesrefract.study.rope import Estimand, Harm, IntervalKind, RuleName, Side

Direction = Literal["above", "below"]


class RuleOfVerdict(Part):
    """The rule that turns a posterior and a ROPE into a verdict."""

    name: RuleName = Field(
        description="interval: the whole credible interval lies inside the ROPE, or wholly outside it on one side. "
        "probability: a posterior probability reaches the threshold."
    )
    level: float = Field(description="Level of the credible interval, between 0.5 and 1.")
    threshold: float | None = Field(
        description="Least posterior probability for the rule `probability`; null for the rule `interval`."
    )
    side: Side = Field(
        description="two_sided: equivalence. above: non-inferiority, values above the upper bound are the harm. below: "
        "non-inferiority, values below the lower bound are the harm. It follows from `harm` and the estimand."
    )
    interval: IntervalKind = Field(
        description="eti: equal-tailed. hdi: highest density (of the log, for a ratio). One-sided rules read eti."
    )
    harm: Harm | None = Field(
        description="What harms a patient: more_events (above for ratios, below for differences) or fewer_events (the "
        "reverse); null for two-sided rules, and for a side that was given in an earlier form."
    )


class PosteriorOfEstimand(Part):
    """Posterior of one estimand on its own scale, with what the convergence diagnostics say of its very draws."""

    median: Number = Field(description="Posterior median.")
    credible_interval: Limits = Field(
        description="Credible interval that the rule reads, at the rule's level and of its kind, [lower, upper]. "
        "One-sided rules read one limit of the equal-tailed interval. Of hazard_ratio_throughout: the lowest and the "
        "highest limit of the simultaneous band over the window."
    )
    eti95: Limits = Field(description="95% equal-tailed credible interval, [lower, upper].")
    r_hat: Number = Field(description="Rank-normalised split R-hat, 1 at convergence; null: the draws do not vary.")
    ess_bulk: Number = Field(description="Bulk effective sample size, in draws; null: the draws do not vary.")
    ess_tail: Number = Field(description="Tail effective sample size, in draws; null: the draws do not vary.")


class HazardRatio(PosteriorOfEstimand):
    """Posterior of a hazard ratio, group against reference; above 1 means a higher hazard in the group."""

    log_mean: Number = Field(description="Posterior mean of the log hazard ratio.")
    log_sd: Number = Field(description="Posterior standard deviation of the log hazard ratio.")


class RatioEstimate(PosteriorOfEstimand):
    """Posterior of another ratio than the model's hazard ratio, group against reference.

    Of hazard_ratio_throughout: median, log_mean and log_sd of its event-weighted average over the window; eti95 is the
    span of the band too; the worst r_hat and effective sample sizes of its intervals.
    """

    log_mean: Number = Field(description="Posterior mean of the log ratio.")
    log_sd: Number = Field(description="Posterior standard deviation of the log ratio.")


class DifferenceEstimate(PosteriorOfEstimand):
    """Posterior of a difference, group minus reference: in time_unit for RMST, a probability for survival."""

    mean: Number = Field(description="Posterior mean of the difference.")
    sd: Number = Field(description="Posterior standard deviation of the difference.")


class RopeReading(Part):
    """The region of practical equivalence, and how much of prior and posterior lies below, inside and above it."""

    low: float = Field(description="Lower bound, on the estimand's own scale.")
    high: float = Field(description="Upper bound, on the estimand's own scale.")
    window: tuple[float, float] | None = Field(
        description="Of hazard_ratio_throughout: the two times between which the ratio has to stay inside, in "
        "time_unit; else null."
    )
    role: Literal["primary", "sensitivity"] = Field(description="Whether the study's claims rest on this ROPE.")
    source: str = Field(description="Why these bounds: a protocol, a paper.")
    declared_on: Date | None = Field(description="Date on which the bounds were fixed, YYYY-MM-DD; null: not stated.")
    before_data: bool | None = Field(
        description="Whether the bounds were fixed before the data were seen; null: not stated. Unless true, the "
        "verdict is exploratory."
    )
    prior_inside: Number = Field(
        description="Prior probability of the ROPE; null for improper priors and hazard ratios of baselines by group."
    )
    p_below: Number = Field(
        description="Posterior probability below the lower bound; of hazard_ratio_throughout: in at least one interval "
        "of the window, so that the three need not add up to 1."
    )
    p_inside: Number = Field(
        description="Posterior probability inside the ROPE, bounds included; of hazard_ratio_throughout: in every "
        "interval of the window."
    )
    p_above: Number = Field(
        description="Posterior probability above the upper bound; of hazard_ratio_throughout: in at least one interval."
    )
    mcse_below: Number = Field(description="Monte Carlo standard error of p_below; 0 where all draws agree.")
    mcse_inside: Number = Field(description="Monte Carlo standard error of p_inside; 0 where all draws agree.")
    mcse_above: Number = Field(description="Monte Carlo standard error of p_above; 0 where all draws agree.")
    p_inside_bound: str | None = Field(
        description='Where all draws agree, what p_inside of 1 or 0 stands for, such as "> 0.99925"; else null.'
    )


class WiderChange(Part):
    """What the same rule gives where the hazard ratio may change more over follow-up; no gate is asked."""

    scale: float = Field(description="Scale of the half-normal prior of the change of the log hazard ratio.")
    verdict: VerdictWord = Field(description="The verdict of the rule.")
    direction: Direction | None = Field(description="Where verdict is different: above or below the ROPE; else null.")
    median: Number = Field(description="Posterior median, on the estimand's own scale.")
    credible_interval: Limits = Field(description="As in the estimate beside it, [lower, upper].")
    p_below: Number = Field(description="As p_below of the ROPE.")
    p_inside: Number = Field(description="As p_inside of the ROPE.")
    p_above: Number = Field(description="As p_above of the ROPE.")


class Cox(Part):
    """Cox regression with the model's covariates and strata."""

    hazard_ratio: Number = Field(description="Hazard ratio, group against reference.")
    low95: Number = Field(description="Lower 95% Wald confidence limit of the hazard ratio.")
    high95: Number = Field(description="Upper 95% Wald confidence limit of the hazard ratio.")
    p: Number = Field(description="Two-sided Wald p-value of a hazard ratio of 1.")
    log_coef: Number = Field(description="Log hazard ratio.")
    log_se: Number = Field(description="Standard error of the log hazard ratio.")
    ties: Literal["efron", "breslow"] = Field(description="Treatment of tied event times.")
    verdict: VerdictWord = Field(
        description="The verdict of the same rule on Normal(log_coef, log_se), without a prior: interval rules "
        "read the Wald interval at the rule's level, one-sided rules its limit on the side of harm, probability rules "
        "the normal probabilities. Never withheld: no gate is asked."
    )
    direction: Direction | None = Field(description="Where verdict is different: above or below the ROPE; else null.")


class CompanionFit(Part):
    """The same piecewise-exponential model with a flat prior, compared with Cox regression."""

    log_hr: Number = Field(description="Log hazard ratio; null where the likelihood has no maximum.")
    se: Number = Field(description="Standard error of the log hazard ratio.")
    code_distance: Number = Field(
        description="Distance of the companion with a cut at every event time from another program's Cox regression "
        "with Breslow's handling of ties, in standard errors: 0 but for rounding. Null where not computed."
    )
    grid_distance: Number = Field(
        description="(companion - Breslow) / Breslow standard error: what the intervals leave out; null without one."
    )
    ties_distance: Number = Field(
        description="(Efron - Breslow) / Breslow standard error: what tied times leave open; null without one."
    )
    se_ratio: Number = Field(description="Companion / Breslow standard error; null without Cox regression.")
    agrees: bool | None = Field(description="Whether the distances are allowed; null: no frequentist counterpart.")
    reason: str = Field(description="What disagrees, or why there is no counterpart; empty where all is well.")
    labels: list[str] = Field(description="What holds without withholding the verdict, such as rounded times.")
    prior_pull: Number = Field(description="(posterior mean - companion) / companion standard error of the log ratio.")


class BayesFactor(Part):
    """Posterior odds of a hazard ratio inside the ROPE over its prior odds; no rule reads it."""

    prior_sd: float = Field(description="SD of the normal prior of the log hazard ratio, around 0.")
    value: Number = Field(description="The factor, from the normal likelihood of the companion fit.")


class ThirdOfEvents(Part):
    """The hazard ratio in one third of the events of the two groups."""

    third: Literal["early", "middle", "late"] = Field(description="Which third.")
    hazard_ratio: Number = Field(description="Posterior median of the ratio with the event-weighted mean log ratio.")
    low95: Number = Field(description="Lower 95% equal-tailed limit.")
    high95: Number = Field(description="Upper 95% equal-tailed limit.")


class ProportionalityPart(Part):
    """Whether a hazard ratio may be read as one ratio: a model in which it may change, fitted to the two groups."""

    reading: Reading = Field(
        description="constant: no strong sign of a change. changes: the data speak against one constant ratio. "
        "unequal: they do, and in some third of the events the ratio more likely lies outside the ROPE (one-sided: "
        "beyond the bound of the harm), so that the average is over unequal periods. unknown: not possible, see reason."
    )
    log_bayes_factor: Number = Field(
        description="Log of the Bayes factor of a changing against a constant ratio; null where it was not fitted."
    )
    log_bayes_factor_error: Number = Field(description="Standard error of log_bayes_factor.")
    p_outside: Number = Field(
        description="Posterior probability that the mean log ratio of at least one third lies outside the ROPE, "
        "one-sided: beyond the bound of the harm."
    )
    mcse_outside: Number = Field(description="Monte Carlo standard error of p_outside.")
    events: Number = Field(description="Events of the two groups, up to the horizon, that the thirds share out.")
    thirds: list[ThirdOfEvents] = Field(description="Early, middle and late third; empty where not fitted.")
    opposite: bool = Field(
        description="Whether the ratio is unequal, with a third wholly (95%) below 1 and another wholly above."
    )
    schoenfeld_p: Number = Field(
        description="p-value of the Schoenfeld test of this contrast; it decides where nothing was fitted."
    )
    reason: str = Field(description="Why the check is not possible, as a clause; empty where it is.")
    sentence: str = Field(description="The same in words; empty where the verdict is withheld.")


class Gates(Part):
    """Whether a verdict may be given at all."""

    passed: bool = Field(description="False: the verdict is withheld, and its numbers are to be checked, not used.")
    reasons: list[str] = Field(description="Why the verdict is withheld, a sentence each; empty where passed.")


class Contrast(Part):
    """One verdict: a group against its reference, on one estimand, against one ROPE."""

    group: str = Field(description="The group that is compared.")
    reference: str = Field(description="The group that it is compared with.")
    primary: bool = Field(description="Whether this is the study's primary contrast.")
    role: Literal["comparison", "positive_control"] = Field(
        description="positive_control: known to differ, to test whether the data can show a difference (assay "
        "sensitivity)."
    )
    estimand: Estimand = Field(description="The quantity that is judged.")
    hazard_ratio: HazardRatio | None = Field(
        description="The posterior where estimand is hazard_ratio; null for other estimands."
    )
    estimate: RatioEstimate | DifferenceEstimate | None = Field(
        description="The posterior of any other estimand, in its own unit; null where estimand is hazard_ratio."
    )
    wider_change: WiderChange | None = Field(
        description="The same where the hazard ratio may change more over follow-up; null for the hazard ratio itself, "
        "and where it may not change."
    )
    rope: RopeReading = Field(description="The region of practical equivalence, and the probabilities around it.")
    rule: RuleOfVerdict = Field(description="The rule that gave the verdict.")
    verdict: VerdictWord = Field(
        description="Two-sided: equivalent, different, undecided. One-sided: non_inferior, not_shown. withheld: a gate "
        "failed, and reasons says which."
    )
    direction: Direction | None = Field(description="Where verdict is different: above or below the ROPE; else null.")
    claim: tuple[Estimand, ...] = Field(
        description="The estimands that a claim of equality needs together: the verdict is equivalent or non_inferior "
        "only where that of each of them is. Empty: this estimand alone."
    )
    sentence: str = Field(description="What may be said, with the evidence named.")
    distance: Number = Field(
        description="Distance to the nearest change of verdict: on the log of a ratio or in the unit of a difference "
        "for the rule interval, a probability for the rule probability."
    )
    distance_mcse: Number = Field(description="Monte Carlo standard error of distance.")
    smallest_rope: Number = Field(
        description="The m > 1 for which the ROPE (1/m, m) would have been accepted; for differences the d > 0 for "
        "which (-d, d) would. One-sided: the margin on the side of harm alone."
    )
    labels: list[str] = Field(description='Warnings that go with the verdict, such as "exploratory".')
    reasons: list[str] = Field(description="Why the verdict is withheld, or too close to call by simulation.")
    cox: Cox | None = Field(
        description="Cox regression of the same contrast; null for other estimands than the hazard ratio, and where it "
        "has no estimate."
    )
    bayes_factors: tuple[BayesFactor, ...] = Field(
        description="Interval-null Bayes factors under three priors side by side; empty for other estimands than the "
        "hazard ratio, and where the companion has no estimate."
    )
    tost_p: Number = Field(
        description="Larger p-value of two one-sided Wald tests of Cox's ratio against the ROPE's bounds; null without "
        "Cox regression."
    )
    proportionality: ProportionalityPart | None = Field(
        description="Whether one ratio holds over the whole of follow-up; null for other estimands than the "
        "hazard ratio."
    )
    companion: CompanionFit | None = Field(
        description="The companion fit of the same contrast; null for other estimands than the hazard ratio."
    )
    gates: Gates = Field(description="Whether a verdict may be given at all.")
