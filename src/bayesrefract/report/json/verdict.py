"""Findings as strict JSON: numbers unrounded, and null where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from bayesrefract.classical.agreement import CoxContrast, GroupSummary, ImmortalTime
from bayesrefract.cohort.population import describe
from bayesrefract.decision import Verdict
from bayesrefract.estimands.summaries import Median
from bayesrefract.findings import Findings, RatioOverTime
from bayesrefract.findings import PredictiveCheck as Checked
from bayesrefract.interval import Interval
from bayesrefract.report.json.contrast import contrast_part, rule_part
from bayesrefract.report.json.parts import EstimateWithLimits, plain
from bayesrefract.report.json.verdict_schema import (
    STUDY_SCHEMA,
    VERDICT_SCHEMA,
    Attainability,
    ColumnsOfRecords,
    Convergence,
    CovariateRatio,
    Group,
    ImmortalTimePart,
    IntervalOfRatio,
    KaplanMeierMedian,
    LandmarkPart,
    LogRank,
    LogRankPair,
    LogRatio,
    PosteriorMedian,
    PredictiveCheck,
    Prior,
    Provenance,
    RatioOverTimePart,
    RestrictedMean,
    RobustError,
    Schoenfeld,
    SchoenfeldPair,
    StudyDocument,
    VerdictDocument,
)
from bayesrefract.report.json.write import Json as Json
from bayesrefract.report.json.write import write_json as write_json
from bayesrefract.report.words import EVIDENCE_MEANING
from bayesrefract.study.model import NO_SET, QUESTION_SET
from bayesrefract.study.rope import Estimand
from bayesrefract.study.study import Analysis, Study


def to_json(findings: Findings) -> Json:
    """One analysis as the published schema `bayesrefract/verdict/2` describes it. Nothing at patient level."""
    return verdict_document(findings).model_dump(mode="json", by_alias=True)


def study_json(study: Study, made: Sequence[Findings]) -> Json:
    """Every analysis of a study, as the published schema `bayesrefract/study/2` describes it."""
    document = StudyDocument(
        schema=STUDY_SCHEMA,
        study=study.name,
        title=study.title,
        evidence=study.evidence,
        evidence_meaning=EVIDENCE_MEANING[study.evidence],
        time_unit=study.time_unit,
        analyses=[verdict_document(findings) for findings in made],
    )
    return document.model_dump(mode="json", by_alias=True)


def verdict_document(findings: Findings) -> VerdictDocument:
    """One analysis: every verdict, its groups, priors, cross-check, diagnostics and provenance."""
    analysis, model = findings.analysis, findings.model
    endpoint, population, flow = analysis.endpoint, analysis.population, findings.flow
    medians = {each.level: each for each in findings.medians}
    return VerdictDocument(
        schema=VERDICT_SCHEMA,
        question=endpoint.name,
        question_label=endpoint.label,
        standing=analysis.standing,
        population=population.name,
        population_label=population.label,
        population_conditions=describe(population),
        time_unit=analysis.time_unit,
        horizon=endpoint.horizon,
        from_time=endpoint.from_time,
        landmark=endpoint.landmark,
        columns=_columns(analysis),
        evidence=analysis.evidence,
        evidence_meaning=EVIDENCE_MEANING[analysis.evidence],
        model=model.name,
        model_title=model.title,
        model_sha256=model.sha256,
        adjustment_set=_adjustment_set(findings),
        adjusted_for=list(findings.adjusted_for),
        rule=rule_part(analysis.rule),
        n_patients=flow.analysed,
        n_rows=findings.n_rows,
        n_excluded=sum(flow.excluded.values()),
        excluded=dict(flow.excluded),
        events=findings.n_events,
        event_codes=dict(findings.coding.event) if findings.coding else {},
        censor_codes=dict(findings.coding.censored) if findings.coding else {},
        groups=[_group(group, medians.get(group.level)) for group in findings.agreement.groups],
        contrasts=[contrast_part(findings, verdict) for verdict in _ordered(findings.verdicts)],
        attainability=[Attainability(**asdict(each)) for each in findings.attainability],
        at_horizon=_at_horizon(findings),
        hazard_ratio_over_time=[_over_time(each) for each in findings.over_time],
        log_rank=_log_rank(findings),
        curves=findings.agreement.curve_name,
        immortal_time=[_immortal(each) for each in findings.agreement.immortal],
        robust_errors=[RobustError(**asdict(each)) for each in findings.agreement.robust],
        schoenfeld=_schoenfeld(findings),
        predictive_check=[_predictive(each) for each in findings.predictive],
        priors=_priors(findings),
        covariates=_covariates(findings),
        convergence=_convergence(findings),
        notes=list(findings.notes),
        provenance=_provenance(findings),
    )


def _ordered(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Hazard ratios first, otherwise in the given order."""
    return sorted(verdicts, key=lambda verdict: verdict.estimand is not Estimand.HAZARD_RATIO)


def _adjustment_set(findings: Findings) -> str | None:
    """The set that the model adjusts for: its own, or the question's."""
    adjust = findings.model.adjust
    named = findings.analysis.adjust if adjust == QUESTION_SET else adjust
    return None if named == NO_SET else named


def _columns(analysis: Analysis) -> ColumnsOfRecords:
    endpoint, shared = analysis.endpoint, analysis.columns
    return ColumnsOfRecords(
        time=endpoint.time,
        event=endpoint.event,
        event_value=endpoint.event_value,
        censor_values=list(endpoint.censor_values),
        event_at_zero=endpoint.event_at_zero,
        several_rows=shared.several_rows,
        varying=list(shared.varying),
        repeated_events=endpoint.repeated_events,
        missing=list(shared.missing),
        entry=endpoint.entry,
        clock_start=endpoint.clock_start,
        administrative_end=endpoint.administrative_end,
        group=shared.group,
        id=shared.id,
        strata=list(shared.strata),
        unordered=list(shared.unordered),
    )


def _limits(interval: Interval) -> EstimateWithLimits:
    return EstimateWithLimits(**asdict(interval))


def _group(group: GroupSummary, median: Median | None) -> Group:
    posterior = Interval(None, None, None) if median is None else median.median
    return Group(
        level=group.level,
        patients=group.patients,
        events=group.events,
        person_time=group.person_time,
        km_median=KaplanMeierMedian(**asdict(group.median), interval="log-log"),
        posterior_median=PosteriorMedian(
            **asdict(posterior), p_not_reached=None if median is None else median.p_not_reached
        ),
        median_follow_up=_limits(group.median_follow_up),
        rmst=RestrictedMean(estimate=group.rmst, se=group.rmst_se),
    )


def _at_horizon(findings: Findings) -> dict[Any, dict[Any, EstimateWithLimits]]:
    """Group or contrast -> quantity -> posterior median and limits."""
    subjects: dict[Any, dict[Any, EstimateWithLimits]] = {}
    for each in findings.at_horizon:
        subjects.setdefault(each.subject, {})[each.quantity] = _limits(each.value)
    return subjects


def _over_time(found: RatioOverTime) -> RatioOverTimePart:
    return RatioOverTimePart(
        group=found.group,
        reference=found.reference,
        scale=found.scale,
        average=_limits(found.average),
        constant=None if found.constant is None else _limits(found.constant),
        intervals=[
            IntervalOfRatio(
                start=float(found.start[place]),
                end=float(found.end[place]),
                median=float(found.median[place]),
                pointwise=(float(found.low[place]), float(found.high[place])),
                simultaneous=(float(found.low_throughout[place]), float(found.high_throughout[place])),
                at_risk=tuple(int(count) for count in found.at_risk[:, place]),
                events=tuple(int(count) for count in found.events[:, place]),
            )
            for place in range(len(found.start))
        ],
    )


def _log_rank(findings: Findings) -> LogRank:
    test = findings.agreement.log_rank
    pairs = [LogRankPair(group=each.group, reference=each.reference, p=each.p) for each in test.pairs]
    return LogRank(p=test.p, chi_squared=test.chi_squared, method=test.method, pairs=pairs)


def _immortal(each: ImmortalTime) -> ImmortalTimePart:
    landmark = each.landmark
    part = None
    if landmark is not None:
        part = LandmarkPart(
            time=landmark.time, patients=landmark.patients, events=landmark.events, cox=_cox(landmark.cox)
        )
    return ImmortalTimePart(
        group=each.group,
        reference=each.reference,
        changed=each.changed,
        person_time=each.person_time,
        naive_person_time=each.naive_person_time,
        naive=_cox(each.naive),
        landmark=part,
    )


def _cox(cox: CoxContrast | None) -> LogRatio | None:
    return None if cox is None else LogRatio(log_hr=cox.log_coef, se=cox.log_se, p=cox.p)


def _schoenfeld(findings: Findings) -> Schoenfeld:
    test = findings.agreement.proportional_hazards
    pairs = [SchoenfeldPair(**asdict(each)) for each in test.pairs]
    return Schoenfeld(p=test.p, statistic=test.statistic, method=test.method, pairs=pairs)


def _predictive(check: Checked) -> PredictiveCheck:
    return PredictiveCheck(level=check.level, p=check.p, replicates=check.replicates, outside=check.outside)


def _priors(findings: Findings) -> list[Prior]:
    return [
        Prior(
            quantity=each.quantity,
            distribution=each.distribution,
            hazard_ratio95=each.hazard_ratio95,
            inside_rope=each.inside_rope,
            label=each.label or None,
        )
        for each in findings.priors
    ]


def _covariates(findings: Findings) -> list[CovariateRatio]:
    return [
        CovariateRatio(
            covariate=e.name, level=e.level, reference=e.reference, per=e.per, hazard_ratio=_limits(e.hazard_ratio)
        )
        for e in findings.effects
    ]


def _convergence(findings: Findings) -> Convergence:
    health = {name: value for name, value in asdict(findings.health).items() if name != "short"}
    return Convergence(**{**health, "findings": list(findings.health.findings)})


def _provenance(findings: Findings) -> Provenance:
    made = findings.provenance
    return Provenance(
        seed=made.seed,
        sampler=plain(made.sampler),
        versions=dict(made.versions),
        cpu=made.cpu,
        data_sha256=made.data_sha256,
        model_sha256=made.model_sha256,
        study_sha256=made.study_sha256,
        code_sha256=made.code_sha256,
        fit_key=made.fit_key,
    )
