"""What one analysis found, as one frozen value: everything the tables, figures and report show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import xarray as xr

from bayesrefract.attainability import Attainability
from bayesrefract.cohort.value import Flow
from bayesrefract.crosscheck.agreement import Agreement
from bayesrefract.diagnostics import Health
from bayesrefract.equivalence import Verdict
from bayesrefract.estimands import CovariateEffect as CovariateEffect
from bayesrefract.estimands import PredictiveCheck as PredictiveCheck
from bayesrefract.estimands.summaries import AtHorizon as AtHorizon
from bayesrefract.estimands.summaries import CurveBand as CurveBand
from bayesrefract.estimands.summaries import Median as Median
from bayesrefract.inference.provenance import Provenance as Provenance
from bayesrefract.model.implications import PriorImplication as PriorImplication
from bayesrefract.plan import ModelPlan
from bayesrefract.study import Question


@dataclass(frozen=True)
class Findings:
    """One question answered with one model.

    `verdicts`: every contrast on every estimand with a ROPE; the hazard ratio's come first.
    `log_hazard_ratio`: draws, dims (chain, draw, contrast), contrast labels as in Contrast.label.
    `parameters`: draws of scalar parameters worth a trace plot. `prior_survival`: prior predictive
    survival, dims (quantile, time); None where the prior is improper.
    """

    question: Question
    plan: ModelPlan
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
    log_hazard_ratio: xr.DataArray
    parameters: xr.Dataset
    prior_survival: xr.DataArray | None
    prior_pull: tuple[float | None, ...]  # (posterior mean - companion) / companion SE, per contrast
    provenance: Provenance
    at_horizon: tuple[AtHorizon, ...] = ()
    energy: xr.DataArray | None = None  # of the sampler, dims (chain, draw)


def by_question(made: Sequence[Findings]) -> tuple[list[list[Findings]], list[list[Findings]]]:
    """Findings of each question in their order: of the main questions, and of the sensitivity questions.

    Where a study has no other, its sensitivity questions are the main ones.
    """
    asked: dict[str, list[Findings]] = {}
    for each in made:
        asked.setdefault(each.question.name, []).append(each)
    main = [each for each in asked.values() if each[0].question.role == "main"]
    others = [each for each in asked.values() if each[0].question.role != "main"]
    return (main, others) if main else (others, [])
