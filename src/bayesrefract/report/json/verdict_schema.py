"""The JSON of one analysis under one model, and of a whole study."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bayesrefract.classical.agreement import CurveName
from bayesrefract.report.json.contrast_schema import Contrast, RuleOfVerdict
from bayesrefract.report.json.parts import SHA256, Count, EstimateWithLimits, Limits, Number, Part
from bayesrefract.study.study import EventAtZero, Evidence, Standing, TimeUnit

VERDICT_SCHEMA: Literal["bayesrefract/verdict/2"] = "bayesrefract/verdict/2"
STUDY_SCHEMA: Literal["bayesrefract/study/2"] = "bayesrefract/study/2"

Quantity = Literal["survival", "rmst", "survival_difference", "rmst_difference", "marginal_hazard_ratio"]


class ColumnsOfRecords(Part):
    """Which columns of the records say what. Names only: no value of a patient is in this file."""

    time: str = Field(description="Follow-up time, in time_unit.")
    event: str = Field(description="Whether follow-up ended with the event.")
    event_value: str | int | float | None = Field(
        description="The value of the event column that means the event; null: 1 or true."
    )
    censor_values: list[str | int | float] = Field(description="Values that mean censored, where they are declared.")
    event_at_zero: EventAtZero | None = Field(description="What became of events at time 0; null: there are none.")
    several_rows: bool = Field(description="Whether a patient may have several rows, from entry to time each.")
    varying: list[str] = Field(description="Columns that may change over the rows of a patient.")
    repeated_events: bool = Field(description="Whether the event may happen more than once to a patient.")
    missing: list[str] = Field(description="Declared marks for a missing value, beside empty cells, NA and NaN.")
    entry: str | None = Field(description="Time of delayed entry, in time_unit; null: all enter at 0.")
    clock_start: str | None = Field(description="Time at which this endpoint's own clock starts; null: at 0.")
    administrative_end: str | None = Field(
        description="Time at which follow-up would have ended without an event; null: no such column."
    )
    group: str = Field(description="The groups that are compared.")
    id: str | None = Field(description="Patient identifiers; null: none was named.")
    strata: list[str] = Field(description="Columns of strata; the model decides whether each has its own baseline.")
    unordered: list[str] = Field(description="Columns that are read as categories though they hold numbers.")


class KaplanMeierMedian(EstimateWithLimits):
    """Kaplan-Meier median time to the event, with a 95% confidence interval."""

    interval: Literal["log-log"] = Field(description="Kind of the confidence interval.")


class PosteriorMedian(EstimateWithLimits):
    """Posterior of the median time to the event, with a 95% equal-tailed credible interval."""

    p_not_reached: Number = Field(
        description="Posterior probability that the median lies beyond follow-up; null: the group was not modelled."
    )


class RestrictedMean(Part):
    """Kaplan-Meier restricted mean survival time up to the horizon."""

    estimate: Number = Field(description="In time_unit; null without a horizon.")
    se: Number = Field(description="Standard error, in time_unit; null without a horizon.")


class Group(Part):
    """One group in plain numbers."""

    level: str = Field(description="Name of the group.")
    patients: Count = Field(description="Patients analysed; where groups change, those who are in it at some time.")
    events: Count = Field(description="Events among them, while in the group.")
    person_time: Number = Field(
        description="Time at risk, summed over patients, in time_unit; null, as every time of theirs, for fewer than 5 "
        "patients."
    )
    km_median: KaplanMeierMedian = Field(description="In time_unit; parts are null where not reached.")
    posterior_median: PosteriorMedian = Field(
        description="Of the survival curve standardised over the cohort, in time_unit; parts not reached are null."
    )
    median_follow_up: EstimateWithLimits = Field(
        description="Median follow-up, reverse Kaplan-Meier, with a 95% confidence interval, in time_unit."
    )
    rmst: RestrictedMean = Field(description="Restricted mean survival time up to the horizon.")


class PowerAt(Part):
    """Power at one true hazard ratio."""

    true_ratio: float = Field(description="The true hazard ratio.")
    power: Number = Field(description="Probability of the verdict equivalent (one-sided: non_inferior) there.")


class Attainability(Part):
    """What the events of one contrast allow, at a true hazard ratio of exactly 1 and a normal likelihood."""

    group: str = Field(description="The group that is compared.")
    reference: str = Field(description="The group that it is compared with.")
    events_group: Count = Field(description="Events in the group.")
    events_reference: Count = Field(description="Events in the reference.")
    rope_low: float = Field(description="Lower bound of the ROPE, as a hazard ratio.")
    rope_high: float = Field(description="Upper bound of the ROPE, as a hazard ratio.")
    level: float = Field(description="Level of the credible interval.")
    information: Number = Field(description="Information on the log hazard ratio: 1 / variance, with the prior's.")
    power: Number = Field(description="Probability of the verdict equivalent (one-sided: non_inferior).")
    best_inside: Number = Field(description="Largest possible posterior probability inside the ROPE.")
    target_power: float = Field(description="The power that events_needed and patients_needed aim at.")
    events_needed: Count = Field(
        description="Events for the target power, at the same allocation; at 1:1 where a group has no events."
    )
    events_minimum: Count = Field(description="With fewer events no estimate can pass.")
    patients_needed: Count | None = Field(description="Patients for the target power; null without any event.")
    power_realised: Number = Field(description="Power from Cox's standard error; null without Cox regression.")
    possible: bool = Field(description="Whether any estimate at all would pass with these events.")
    power_at: tuple[PowerAt, ...] = Field(description="Power at true hazard ratios other than 1.")
    prior_label: str = Field(
        description="favours equivalence: a claim by this prior alone is withheld, so that the power is overstated; or "
        "empty."
    )


class IntervalOfRatio(Part):
    """The hazard ratio in one interval of follow-up, with the patients in it; group first, then reference."""

    start: float = Field(description="Start of the interval, in time_unit.")
    end: float = Field(description="End of the interval, in time_unit; of the last one, that of follow-up.")
    median: Number = Field(description="Posterior median.")
    pointwise: Limits = Field(description="95% equal-tailed credible interval of this interval alone.")
    simultaneous: Limits = Field(description="95% band that holds for all these intervals at once.")
    at_risk: tuple[Count, ...] = Field(description="Patients at risk at the start.")
    events: tuple[Count, ...] = Field(description="Events in the interval.")


class RatioOverTimePart(Part):
    """The hazard ratio of one contrast where it may change over follow-up, under one prior of the change."""

    group: str = Field(description="The group that is compared.")
    reference: str = Field(description="The group that it is compared with.")
    scale: float = Field(description="Scale of the half-normal prior of the change of the log hazard ratio.")
    average: EstimateWithLimits = Field(description="Its average over the events, on the log scale, as a ratio.")
    constant: EstimateWithLimits | None = Field(
        description="The ratio of the model that holds it constant; null where the model itself lets it change."
    )
    intervals: list[IntervalOfRatio] = Field(description="Intervals in which both groups are at risk.")


class LogRankPair(Part):
    """Log-rank test of two groups."""

    group: str = Field(description="The group that is compared.")
    reference: str = Field(description="The group that it is compared with.")
    p: Number = Field(description="Two-sided p-value.")


class LogRank(Part):
    """Log-rank test of equal hazards, over all groups and in pairs."""

    p: Number = Field(description="p-value over all groups; null: method says why there is none.")
    chi_squared: Number = Field(description="Test statistic over all groups.")
    method: str = Field(description="Which test it is, or why there is none.")
    pairs: list[LogRankPair] = Field(description="The test in pairs.")


class LogRatio(Part):
    """A log hazard ratio of Cox regression (Efron)."""

    log_hr: float = Field(description="Log hazard ratio.")
    se: float = Field(description="Its standard error.")
    p: Number = Field(description="Two-sided Wald p-value.")


class LandmarkPart(Part):
    """Cox regression from a declared time on, with the groups of that time; group first, then reference."""

    time: float = Field(description="The landmark, in time_unit.")
    patients: tuple[Count, ...] = Field(description="Patients under observation then.")
    events: tuple[Count, ...] = Field(description="Events after it.")
    cox: LogRatio | None = Field(description="Null: no estimate.")


class ImmortalTimePart(Part):
    """Where groups change over time: the landmark analysis, and what ever against never would say, which is wrong."""

    group: str = Field(description="The group that is compared.")
    reference: str = Field(description="The group that it is compared with.")
    changed: Count = Field(description="Patients of the group who were in the reference at another time.")
    person_time: Number = Field(
        description="Their time in the reference, which ever against never counts as the group's; null: very few."
    )
    naive_person_time: Number = Field(description="All that ever against never counts as the group's; null: very few.")
    naive: LogRatio | None = Field(description="Ever against never: WRONG, for comparison. Null: no estimate.")
    landmark: LandmarkPart | None = Field(description="Null: no landmark is declared.")


class RobustError(Part):
    """Standard errors of Cox regression where the event may happen more than once to a patient."""

    group: str = Field(description="The group that is compared.")
    reference: str = Field(description="The group that it is compared with.")
    log_hr: float = Field(description="Log hazard ratio (Efron).")
    robust: float = Field(description="Standard error that allows for the dependence of a patient's events.")
    model: float = Field(description="Standard error as if all events were independent.")


class SchoenfeldPair(Part):
    """Test of proportional hazards of one contrast, on the patients of its two groups."""

    group: str = Field(description="The group that is compared.")
    reference: str = Field(description="The group that it is compared with.")
    p: Number = Field(description="p-value; null: method says why there is none.")
    statistic: Number = Field(description="Chi-squared test statistic, one degree of freedom.")
    method: str = Field(description="Which test it is, or why there is none.")


class Schoenfeld(Part):
    """Test of proportional hazards of the group effect, over all groups at once, and of each contrast."""

    p: Number = Field(description="p-value; null: method says why there is none.")
    statistic: Number = Field(description="Chi-squared test statistic.")
    method: str = Field(description="Which test it is, or why there is none.")
    pairs: list[SchoenfeldPair] = Field(description="The test of each contrast.")


class PredictiveCheck(Part):
    """Posterior predictive check of one group's Kaplan-Meier curve."""

    level: str = Field(description="Name of the group.")
    p: Number = Field(
        description="Share of replicated curves at least as far from the predictive mean as the observed."
    )
    replicates: Count = Field(description="Replicated curves: 4,000 where the first 200 leave open a p below 0.001.")
    outside: Number = Field(description="Share of follow-up with the observed curve outside the 95% predictive band.")


class Prior(Part):
    """One prior of the model, with the hazard ratios that it implies."""

    quantity: str = Field(description="Of what: the primary contrast, a covariate, the baseline hazard.")
    distribution: str = Field(description="The distribution in symbols, on the log hazard unless it says otherwise.")
    hazard_ratio95: Limits | None = Field(
        description="Central 95% of the hazard ratios that it implies, [lower, upper]; null for improper priors and "
        "for hazards themselves."
    )
    inside_rope: Number = Field(
        description="Prior probability of the primary ROPE; null for improper priors and all but the primary contrast."
    )
    label: str | None = Field(description='A warning, such as "favours equivalence"; null: none.')


class CovariateRatio(Part):
    """Posterior hazard ratio of one covariate: an association in this model, not a causal effect."""

    covariate: str = Field(description="Column of the covariate.")
    level: str | None = Field(description="Category, compared with `reference`; null: a number.")
    reference: str | None = Field(
        description="The other one of two categories; null: the average category (on the log scale), or a number."
    )
    per: Number = Field(description="Step of a number for which the ratio is given, in its own unit; null: a category.")
    hazard_ratio: EstimateWithLimits = Field(
        description="Posterior median with the 95% equal-tailed credible interval."
    )


class Convergence(Part):
    """Convergence diagnostics of the fit: over all scalars for R-hat, over those that decide for the sample sizes."""

    passed: bool = Field(description="Whether every threshold was met.")
    findings: list[str] = Field(description="One sentence per threshold that was not met.")
    r_hat_max: Number = Field(description="Largest R-hat.")
    ess_bulk_min: Number = Field(description="Least bulk effective sample size, in draws.")
    ess_tail_min: Number = Field(description="Least tail effective sample size, in draws.")
    divergences: Count = Field(description="Divergent transitions.")
    e_bfmi_min: Number = Field(description="Least energy fraction of missing information over the chains.")


class Provenance(Part):
    """What the numbers were made from: equal provenance on one kind of processor gives equal draws."""

    seed: Count = Field(description="Seed of the run.")
    sampler: dict[str, int | float] = Field(description="Sampler settings as they were used.")
    versions: dict[str, str] = Field(description="Library to version.")
    cpu: str = Field(description="Processor that did the sampling.")
    data_sha256: str = Field(description=f"Hash of the records that were analysed: {SHA256}.")
    model_sha256: str = Field(description=f"Hash of the model file and of the files it is based on: {SHA256}.")
    study_sha256: str = Field(description=f"Hash of the study file: {SHA256}; empty without a file.")
    code_sha256: str = Field(description=f"Hash of the program's own code on which draws depend: {SHA256}.")
    fit_key: str = Field(description=f"Hash of everything that the draws depend on: {SHA256}.")


class VerdictDocument(Part):
    """One question, answered with one model: verdicts, groups, cross-check, priors, diagnostics, provenance."""

    schema_: Literal["bayesrefract/verdict/2"] = Field(alias="schema", description="Name and version of this format.")
    question: str = Field(description="Short name of the endpoint.")
    question_label: str = Field(description="The endpoint in words.")
    standing: Standing = Field(
        description="confirmatory, secondary, or empty where the study names no confirmatory question. Beside a label "
        '"exploratory" of its verdicts even a confirmatory question is exploratory.'
    )
    population: str = Field(description="Short name of the population.")
    population_label: str = Field(description="The population in words.")
    population_conditions: str = Field(description="Who belongs to the population, as conditions on columns.")
    time_unit: TimeUnit = Field(description="Unit of every time in this document.")
    horizon: Number = Field(
        description="Time up to or at which survival, RMST and marginal ratios are taken, in time_unit; null: none."
    )
    from_time: Number = Field(
        description="Where curves start, in time_unit: survival, RMST, medians and marginal ratios are those of "
        "patients without the event at this time. Null: 0, or with delayed entry not declared, and then none of them "
        "is given."
    )
    landmark: Number = Field(description="Declared time of the landmark analysis, in time_unit; null: none.")
    columns: ColumnsOfRecords = Field(description="Which columns of the records say what.")
    evidence: Evidence = Field(description="What the records are.")
    evidence_meaning: str = Field(description="The same as a sentence.")
    model: str = Field(description="Name of the model.")
    model_title: str = Field(description="The model in words.")
    model_sha256: str = Field(description=f"Hash of the model file and of the files it is based on: {SHA256}.")
    adjustment_set: str | None = Field(description="Name of the study's set of covariates; null: no covariates.")
    adjusted_for: list[str] = Field(description="Covariates in the model, by column.")
    rule: RuleOfVerdict = Field(description="The study's rule.")
    n_patients: Count = Field(description="Patients analysed.")
    n_rows: Count = Field(description="Rows of follow-up in which nothing changes; one per patient unless declared.")
    n_excluded: Count = Field(description="Patients excluded.")
    excluded: dict[str, Count] = Field(description="Reason to number of patients; each patient has one reason.")
    events: Count = Field(description="Events among the patients analysed.")
    event_codes: dict[str, Count] = Field(description="Codes that were taken for the event, to number of patients.")
    censor_codes: dict[str, Count] = Field(description="Codes that were taken for censored, to number of patients.")
    groups: list[Group] = Field(description="Each group in plain numbers.")
    contrasts: list[Contrast] = Field(description="Every verdict, those on the hazard ratio first.")
    attainability: list[Attainability] = Field(
        description="What the events of each contrast allow; empty with hazards by group or no hazard-ratio ROPE."
    )
    at_horizon: dict[str, dict[Quantity, EstimateWithLimits]] = Field(
        description='Group, or contrast ("group vs reference"), to quantity at the horizon: posterior median with the '
        "95% equal-tailed credible interval. survival: probability. rmst: restricted mean survival time, in time_unit. "
        "Empty without a horizon."
    )
    hazard_ratio_over_time: list[RatioOverTimePart] = Field(
        description="The hazard ratio by interval, of each contrast under the usual prior of its change, and under a "
        "wider one where a judged quantity depends on it; none of a contrast with a group of fewer than 5 patients, "
        "where the ratio may not change, or where such a model does not fit."
    )
    log_rank: LogRank = Field(description="Log-rank tests.")
    curves: CurveName = Field(
        description="What the curves of the groups are: Simon-Makuch where groups change over time."
    )
    immortal_time: list[ImmortalTimePart] = Field(description="Beside groups that change; empty where none does.")
    robust_errors: list[RobustError] = Field(description="Beside events that repeat; empty where none does.")
    schoenfeld: Schoenfeld = Field(description="Test of proportional hazards.")
    predictive_check: list[PredictiveCheck] = Field(description="Posterior predictive check of each group.")
    priors: list[Prior] = Field(description="Every prior, with the hazard ratios that it implies.")
    covariates: list[CovariateRatio] = Field(
        description="Posterior hazard ratios of the covariates; read them with `convergence`."
    )
    convergence: Convergence = Field(description="Convergence diagnostics of the fit.")
    notes: list[str] = Field(description="What else a reader should know, a sentence each.")
    provenance: Provenance = Field(description="What the numbers were made from.")


class StudyDocument(Part):
    """Every analysis of a study."""

    schema_: Literal["bayesrefract/study/2"] = Field(alias="schema", description="Name and version of this format.")
    study: str = Field(description="Short name of the study.")
    title: str = Field(description="The study in words.")
    evidence: Evidence = Field(description="What the records are.")
    evidence_meaning: str = Field(description="The same as a sentence.")
    time_unit: TimeUnit = Field(description="Unit of every time in this document.")
    analyses: list[VerdictDocument] = Field(description="Question by question, model by model.")
