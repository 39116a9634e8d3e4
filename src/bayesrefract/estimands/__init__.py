"""Posterior draws of hazard ratios, survival, medians and RMST, and posterior predictive checks."""

from bayesrefract.estimands.effects import Effects, check_horizon, estimate
from bayesrefract.estimands.predictive import PredictiveCheck, predictive_check
from bayesrefract.estimands.summaries import CovariateEffect, covariate_effects
from bayesrefract.estimands.survival import conditional_survival

__all__ = [
    "CovariateEffect",
    "Effects",
    "PredictiveCheck",
    "check_horizon",
    "conditional_survival",
    "covariate_effects",
    "estimate",
    "predictive_check",
]
