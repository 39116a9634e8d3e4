"""Posterior of a log ratio known by an estimate and a standard error: a mixture of normals, in closed form."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import norm

from bayesrefract.model.priors import GroupPrior

Floats = NDArray[np.float64]

LEAST = float(np.finfo(float).tiny)
MOST = 1 - float(np.finfo(float).epsneg)
"""A normal probability is never exactly 0 or 1, whatever the rounding of the arithmetic."""
FAR = 40.0
"""Quantiles are searched within this many standard deviations."""


@dataclass(frozen=True)
class Mixture:
    """Normal components, arrays of shape (component,); the weights add up to 1."""

    weights: Floats
    means: Floats
    sds: Floats

    @property
    def mean(self) -> float:
        return float(self.weights @ self.means)

    @property
    def sd(self) -> float:
        return math.sqrt(float(self.weights @ (self.sds**2 + (self.means - self.mean) ** 2)))

    def below(self, value: float) -> float:
        """P(log ratio < value)."""
        return _inside_unit(float(self.weights @ norm.cdf(value, self.means, self.sds)))

    def above(self, value: float) -> float:
        return _inside_unit(float(self.weights @ norm.sf(value, self.means, self.sds)))

    def between(self, low: float, high: float) -> float:
        parts = norm.cdf(high, self.means, self.sds) - norm.cdf(low, self.means, self.sds)
        return _inside_unit(float(self.weights @ parts))

    def quantile(self, share: float) -> float:
        return self._where(lambda value: self.below(value) - share)

    def half_width(self, mass: float) -> float:
        """The w for which (-w, w) holds this much."""
        reach = float(np.max(np.abs(self.means) + FAR * self.sds))
        return float(brentq(lambda w: self.between(-w, w) - mass, 0.0, reach, xtol=1e-12))

    def _where(self, excess: Callable[[float], float]) -> float:
        low, high = np.min(self.means - FAR * self.sds), np.max(self.means + FAR * self.sds)
        return float(brentq(excess, float(low), float(high), xtol=1e-12))


def update(estimates: Floats, errors: Floats, weights: Floats, prior: GroupPrior) -> Mixture:
    """The posterior under a prior of the log ratio, from a likelihood that is itself a mixture.

    Arrays of shape (component,): the likelihood is sum of weights * Normal(estimates; log ratio, errors).
    One estimate is one component; pooled studies have one for each heterogeneity that is considered.
    """
    if prior.flat:
        return Mixture(weights / weights.sum(), estimates, errors)
    locations, sds = np.array(prior.locations)[:, None], np.array(prior.sds)[:, None]
    precision = 1 / errors**2 + 1 / sds**2
    means = (estimates / errors**2 + locations / sds**2) / precision
    agreement = norm.logpdf(estimates, locations, np.sqrt(errors**2 + sds**2))
    joint = weights * np.exp(agreement - agreement.max())
    return Mixture((joint / joint.sum()).ravel(), means.ravel(), (1 / np.sqrt(precision)).ravel())


def normal(estimate: float, error: float, prior: GroupPrior) -> Mixture:
    """The posterior from one estimate of a log ratio and its standard error."""
    return update(np.array([estimate]), np.array([error]), np.array([1.0]), prior)


def _inside_unit(share: float) -> float:
    return min(max(share, LEAST), MOST)
