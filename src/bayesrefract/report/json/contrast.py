"""A verdict and its classical counterpart -> their part of the JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from bayesrefract.decision import Verdict, VerdictWord
from bayesrefract.findings import Counterpart, Findings, counterpart
from bayesrefract.report.json.contrast_schema import (
    BayesFactor,
    CompanionFit,
    Contrast,
    Cox,
    DifferenceEstimate,
    Gates,
    HazardRatio,
    ProportionalityPart,
    RatioEstimate,
    RopeReading,
    RuleOfVerdict,
    ThirdOfEvents,
    WiderChange,
)
from bayesrefract.report.proportionality_words import THIRDS, proportionality_sentence
from bayesrefract.report.words import sentence
from bayesrefract.study.rope import Estimand, Rule


def contrast_part(findings: Findings, verdict: Verdict) -> Contrast:
    """One verdict with all that stands beside it."""
    twin = counterpart(findings, verdict)
    withheld = verdict.word is VerdictWord.WITHHELD
    roles = {(each.group, each.reference): each.role for each in findings.analysis.contrasts}
    return Contrast(
        group=verdict.group,
        reference=verdict.reference,
        primary=verdict.primary,
        role=_word(roles[verdict.group, verdict.reference]),
        estimand=verdict.estimand,
        hazard_ratio=_hazard_ratio(verdict),
        estimate=_estimate(verdict),
        wider_change=_wider(verdict),
        rope=_rope(verdict),
        rule=rule_part(verdict.rule, verdict.estimand),
        verdict=verdict.word,
        direction=_word(verdict.direction),
        claim=verdict.claim,
        sentence=sentence(verdict, findings.analysis),
        distance=verdict.distance,
        distance_mcse=verdict.distance_mcse,
        smallest_rope=verdict.smallest_rope,
        labels=list(verdict.labels),
        reasons=list(verdict.reasons),
        cox=_cox(twin),
        bayes_factors=tuple(BayesFactor(**asdict(each)) for each in twin.bayes_factors),
        tost_p=twin.tost_p,
        proportionality=_proportionality(findings, verdict),
        companion=_companion(twin),
        gates=Gates(passed=not withheld, reasons=list(verdict.reasons) if withheld else []),
    )


def _proportionality(findings: Findings, verdict: Verdict) -> ProportionalityPart | None:
    check = findings.proportionality_of(verdict)
    if check is None:
        return None
    draws, thirds = check.draws, check.on(verdict.rope)
    parts = []
    if thirds is not None:
        for place, name in enumerate(THIRDS):
            middle, low, high = (float(np.exp(each[place])) for each in (thirds.log_ratio, thirds.low, thirds.high))
            parts.append(ThirdOfEvents(third=_word(name), hazard_ratio=middle, low95=low, high95=high))
    return ProportionalityPart(
        reading=check.reading(verdict.rope),
        log_bayes_factor=None if draws is None else draws.log_bayes_factor,
        log_bayes_factor_error=None if draws is None else draws.error,
        p_outside=None if thirds is None else thirds.outside.value,
        mcse_outside=None if thirds is None else thirds.outside.mcse,
        events=None if thirds is None else float(thirds.events.sum()),
        thirds=parts,
        opposite=check.opposite(verdict.rope),
        schoenfeld_p=check.schoenfeld_p,
        reason=check.reason,
        sentence=proportionality_sentence(findings, verdict),
    )


def rule_part(rule: Rule, estimand: Estimand = Estimand.HAZARD_RATIO) -> RuleOfVerdict:
    """The rule as it was declared, with the side of the harm for this estimand."""
    return RuleOfVerdict(
        name=rule.name,
        level=rule.level,
        threshold=rule.threshold,
        side=rule.side_of(estimand),
        interval=rule.interval,
        harm=rule.harm,
    )


def _word(text: str | None) -> Any:
    """A word that the schema checks against the few that it allows."""
    return text


def _drawn(verdict: Verdict) -> dict[str, Any]:
    """What every estimand has, on its own scale."""
    return {
        "median": verdict.median,
        "eti95": verdict.eti95,
        "credible_interval": verdict.interval,
        "r_hat": verdict.r_hat,
        "ess_bulk": verdict.ess_bulk,
        "ess_tail": verdict.ess_tail,
    }


def _hazard_ratio(verdict: Verdict) -> HazardRatio | None:
    if verdict.estimand is not Estimand.HAZARD_RATIO:
        return None
    return HazardRatio(**_drawn(verdict), log_mean=verdict.mean, log_sd=verdict.sd)


def _estimate(verdict: Verdict) -> RatioEstimate | DifferenceEstimate | None:
    """Any estimand but the hazard ratio, in its own unit."""
    if verdict.estimand is Estimand.HAZARD_RATIO:
        return None
    if verdict.estimand.is_ratio:
        return RatioEstimate(**_drawn(verdict), log_mean=verdict.mean, log_sd=verdict.sd)
    return DifferenceEstimate(**_drawn(verdict), mean=verdict.mean, sd=verdict.sd)


def _wider(verdict: Verdict) -> WiderChange | None:
    wide = verdict.wide
    if wide is None:
        return None
    return WiderChange(
        scale=wide.scale,
        verdict=wide.word,
        direction=_word(wide.direction),
        median=wide.median,
        credible_interval=wide.interval,
        p_below=wide.p_below,
        p_inside=wide.p_inside,
        p_above=wide.p_above,
    )


def _rope(verdict: Verdict) -> RopeReading:
    rope = verdict.rope
    return RopeReading(
        low=rope.low,
        high=rope.high,
        window=rope.window,
        role=_word(rope.role),
        source=rope.source,
        declared_on=None if rope.declared is None else rope.declared.isoformat(),
        before_data=rope.before_data,
        prior_inside=verdict.prior_inside,
        p_below=verdict.p_below,
        p_inside=verdict.p_inside,
        p_above=verdict.p_above,
        mcse_below=verdict.mcse_below,
        mcse_inside=verdict.mcse_inside,
        mcse_above=verdict.mcse_above,
        p_inside_bound=verdict.p_inside_bound,
    )


def _cox(twin: Counterpart) -> Cox | None:
    cox, judged = twin.cox, twin.cox_judgement
    if cox is None or judged is None:
        return None
    low, high = cox.limits()
    return Cox(
        hazard_ratio=cox.hazard_ratio,
        low95=low,
        high95=high,
        p=cox.p,
        log_coef=cox.log_coef,
        log_se=cox.log_se,
        ties=_word(cox.ties),
        verdict=judged.word,
        direction=_word(judged.direction),
    )


def _companion(twin: Counterpart) -> CompanionFit | None:
    companion = twin.companion
    if companion is None:
        return None
    return CompanionFit(
        log_hr=companion.log_hr,
        se=companion.se,
        code_distance=companion.code_distance,
        grid_distance=companion.grid_distance,
        ties_distance=companion.ties_distance,
        se_ratio=companion.se_ratio,
        agrees=companion.agrees,
        reason=companion.reason,
        labels=list(companion.labels),
        prior_pull=twin.prior_pull,
    )
