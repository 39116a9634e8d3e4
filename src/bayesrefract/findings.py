"""Results of one analysis under one model, as one frozen value, with the classical counterpart of each verdict."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import xarray as xr

from bayesrefract.classical.agreement import Agreement, Companion, CoxContrast
from bayesrefract.classical.cox import tost_p
from bayesrefract.cohort.start import Start
from bayesrefract.cohort.value import Coding, Flow
from bayesrefract.decision import Verdict
from bayesrefract.decision.attainability import Attainability
from bayesrefract.decision.diagnostics import Health
from bayesrefract.decision.normal import BayesFactor, interval_null_bayes_factors, judge_normal
from bayesrefract.decision.verdict import Judgement, Region
from bayesrefract.estimands import CovariateEffect as CovariateEffect
from bayesrefract.estimands import PredictiveCheck as PredictiveCheck
from bayesrefract.estimands.over_time import RatioOverTime as RatioOverTime
from bayesrefract.estimands.summaries import AtHorizon as AtHorizon
from bayesrefract.estimands.summaries import CurveBand as CurveBand
from bayesrefract.estimands.summaries import Median as Median
from bayesrefract.inference.provenance import Provenance as Provenance
from bayesrefract.model.priors import PriorImplication as PriorImplication
from bayesrefract.proportionality.check import Proportionality as Proportionality
from bayesrefract.study.model import Model
from bayesrefract.study.rope import Estimand, Rope, Rule
from bayesrefract.study.study import Analysis

FROM_0 = Start()


@dataclass(frozen=True)
class Findings:
    """Results of one question under one model.

    `verdicts`: every contrast on every estimand with a ROPE; the hazard ratio's come first.
    `draws`: the fit in ArviZ's groups, as estimands/arviz_tree.py makes them. `prior_survival`: prior
    predictive survival, dims (quantile, time); None where the prior is improper. `start`: where curves start.
    `misfit`: why nothing is claimed from them; empty where they fit. `proportionality`: whether the hazard ratio of
    each contrast may be read as one ratio. `over_time`: HR(t), of each contrast under the usual prior of its change
    first, then under a wider one where something is judged that depends on it.
    """

    analysis: Analysis
    model: Model
    adjusted_for: tuple[str, ...]
    flow: Flow
    notes: tuple[str, ...]
    n_events: int
    health: Health
    agreement: Agreement
    verdicts: tuple[Verdict, ...]
    attainability: tuple[Attainability, ...]
    medians: tuple[Median, ...]
    curves: tuple[CurveBand, ...]
    effects: tuple[CovariateEffect, ...]
    predictive: tuple[PredictiveCheck, ...]
    priors: tuple[PriorImplication, ...]
    draws: xr.DataTree = field(repr=False)
    prior_survival: xr.DataArray | None = field(repr=False)
    prior_pull: tuple[float | None, ...]  # (posterior mean - companion) / companion SE, per contrast
    provenance: Provenance
    at_horizon: tuple[AtHorizon, ...] = ()
    start: Start = FROM_0
    misfit: str = ""
    proportionality: tuple[Proportionality, ...] = ()
    coding: Coding | None = None
    n_rows: int = 0  # of follow-up in which nothing changes; 0 where not counted
    over_time: tuple[RatioOverTime, ...] = ()

    @property
    def log_hazard_ratio(self) -> xr.DataArray:
        """Draws, dims (chain, draw, contrast), contrast labels as in Contrast.label."""
        return self.draws["posterior"].to_dataset()["log_hazard_ratio"]

    def proportionality_of(self, verdict: Verdict) -> Proportionality | None:
        """The check beside a verdict on a hazard ratio; None for other estimands, and where it was not made."""
        if verdict.estimand is not Estimand.HAZARD_RATIO:
            return None
        pair = (verdict.group, verdict.reference)
        return next((each for each in self.proportionality if (each.group, each.reference) == pair), None)

    @property
    def n_intervals(self) -> int:
        """Intervals into which follow-up was cut; 0 where the draws do not say."""
        return int(self.draws["posterior"].sizes.get("interval", 0))

    @property
    def energy(self) -> xr.DataArray | None:
        """Of the sampler, dims (chain, draw); None where it was not kept."""
        return self.draws["sample_stats"].to_dataset().get("energy")


def by_question(made: Sequence[Findings]) -> tuple[list[list[Findings]], list[list[Findings]]]:
    """Findings of each question in their order: of the main questions, and of the sensitivity questions.

    Where a study has no other, its sensitivity questions are the main ones.
    """
    questions: dict[str, list[Findings]] = {}
    for each in made:
        questions.setdefault(each.analysis.name, []).append(each)
    main = [each for each in questions.values() if each[0].analysis.role == "main"]
    others = [each for each in questions.values() if each[0].analysis.role != "main"]
    return (main, others) if main else (others, [])


@dataclass(frozen=True)
class Counterpart:
    """Cox regression, companion fit, shift by the prior and TOST of one hazard ratio; None where absent.

    `cox_judgement`: verdict of the same rule on Cox regression, its log hazard ratio taken as normal. `bayes_factors`:
    of the ROPE against its outside, from the companion's likelihood; no rule reads them.
    """

    cox: CoxContrast | None
    breslow: CoxContrast | None
    companion: Companion | None
    prior_pull: float | None
    log_rank_p: float | None
    tost_p: float | None
    cox_judgement: Judgement | None = None
    bayes_factors: tuple[BayesFactor, ...] = ()

    @property
    def agrees(self) -> bool | None:
        """Whether the companion fit agrees with Cox regression; None where there is no counterpart."""
        return None if self.companion is None else self.companion.agrees

    @property
    def reason(self) -> str:
        """Reason for a missing counterpart or a disagreement, as a sentence; empty where they agree."""
        reason = "" if self.companion is None else self.companion.reason.rstrip(". ")
        return f"{reason[:1].upper()}{reason[1:]}." if reason else ""


NONE = Counterpart(None, None, None, None, None, None)


def counterpart(findings: Findings, verdict: Verdict) -> Counterpart:
    """The classical counterpart of a verdict on a hazard ratio; empty for other estimands."""
    if verdict.estimand is not Estimand.HAZARD_RATIO:
        return NONE
    pair = (verdict.group, verdict.reference)
    agreement = findings.agreement
    cox = next((each for each in agreement.cox if (each.group, each.reference) == pair), None)
    p = {frozenset((each.group, each.reference)): each.p for each in agreement.log_rank.pairs}
    companion = next((each for each in agreement.companion if (each.group, each.reference) == pair), None)
    return Counterpart(
        cox=cox,
        breslow=next((each for each in agreement.breslow if (each.group, each.reference) == pair), None),
        companion=companion,
        prior_pull=_prior_pull(findings, pair),
        log_rank_p=p.get(frozenset(pair)),
        tost_p=None if cox is None else tost_p(cox.log_coef, cox.log_se, verdict.rope),
        cox_judgement=None if cox is None else judge_cox(cox, verdict.rope, verdict.rule),
        bayes_factors=_bayes_factors(companion, verdict.rope),
    )


def _bayes_factors(companion: Companion | None, rope: Rope) -> tuple[BayesFactor, ...]:
    """From the likelihood of the companion fit; none where it has no maximum."""
    if companion is None or not (math.isfinite(companion.log_hr) and 0 < companion.se < math.inf):
        return ()
    region = Region(math.log(rope.low), math.log(rope.high))
    return interval_null_bayes_factors(companion.log_hr, companion.se, region)


def judge_cox(cox: CoxContrast, rope: Rope, rule: Rule) -> Judgement:
    """The rule on Cox's normal approximation of the log hazard ratio, against a ROPE of the hazard ratio."""
    return judge_normal(cox.log_coef, cox.log_se, Region(math.log(rope.low), math.log(rope.high)), rule)


def _prior_pull(findings: Findings, pair: tuple[str, str]) -> float | None:
    pairs = [(contrast.group, contrast.reference) for contrast in findings.analysis.contrasts]
    return dict(zip(pairs, findings.prior_pull, strict=True)).get(pair)
