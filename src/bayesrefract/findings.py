"""What one analysis found, as one frozen value: everything the tables, figures and report show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from bayesrefract.attainability import Attainability
from bayesrefract.cohort.value import Flow
from bayesrefract.crosscheck.agreement import Agreement, Interval
from bayesrefract.diagnostics import Health
from bayesrefract.equivalence import Verdict
from bayesrefract.plan import ModelPlan
from bayesrefract.study import Question


@dataclass(frozen=True)
class CurveBand:
    """Posterior of one group's standardised survival: arrays of shape (time,)."""

    level: str
    times: NDArray[np.float64]
    median: NDArray[np.float64]
    low: NDArray[np.float64]  # 95% pointwise
    high: NDArray[np.float64]


@dataclass(frozen=True)
class Median:
    """Posterior of one group's median survival time; limits are None where not reached."""

    level: str
    median: Interval
    p_not_reached: float


@dataclass(frozen=True)
class CovariateEffect:
    """Hazard ratio of a covariate per its step, or of a category against the average category."""

    name: str
    level: str | None
    per: float | None
    hazard_ratio: Interval


@dataclass(frozen=True)
class PredictiveCheck:
    """Kaplan-Meier curves of replicated patients against the observed one, for one group.

    Arrays have shape (time,). `p`: share of replicates whose largest distance from the predictive
    mean is at least the observed one's. `outside`: share of times with the observed curve outside
    the 95% band.
    """

    level: str
    times: NDArray[np.float64]
    observed: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    p: float
    outside: float


@dataclass(frozen=True)
class PriorImplication:
    """What a prior says in hazard ratios: central 95% range, and mass inside the primary ROPE."""

    quantity: str
    distribution: str
    hazard_ratio95: tuple[float, float] | None
    inside_rope: float | None
    label: str = ""  # e.g. "favours equivalence", "flat: for oracles only"


@dataclass(frozen=True)
class Provenance:
    """Parents of every number: seed, versions, hashes."""

    seed: int
    fit_key: str
    data_sha256: str
    model_sha256: str
    study_sha256: str
    code_sha256: str
    versions: dict[str, str]


@dataclass(frozen=True)
class Findings:
    """One question answered with one model.

    `verdicts`: every contrast on every estimand with a ROPE; the hazard ratio's come first.
    `log_hazard_ratio`: draws, dims (chain, draw, contrast), contrast labels as in Contrast.label.
    `parameters`: draws of scalar parameters worth a trace plot. `prior_survival`: prior predictive
    survival, dims (quantile, time).
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
    prior_survival: xr.DataArray
    prior_pull: tuple[float | None, ...]  # (posterior mean - companion) / companion SE, per contrast
    provenance: Provenance
