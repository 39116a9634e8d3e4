"""Bayes factor of a changing against a constant hazard ratio: marginal likelihoods on a grid of sigma.

sigma is the standard deviation of the change of log HR(t) over follow-up, with a half-normal prior. The marginal
likelihood at each sigma is Laplace's with its next terms; the one of a constant ratio is exact. No density of draws at
sigma 0 is used, which is the edge of what sigma can be.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bayesrefract.proportionality.constant import ConstantRatio, constant_ratio
from bayesrefract.proportionality.laplace import Modes, Prior, modes
from bayesrefract.proportionality.likelihood import Likelihood
from bayesrefract.proportionality.pair import Pair

Floats = NDArray[np.float64]

AVERAGE_SD = 0.75
"""Prior sd of the average log HR: the default of every pairwise log HR."""
SMALLEST, LARGEST = 0.02, 5.0
NODES = 41
"""Of sigma between these, evenly on the log scale; odd, so that every second of them is a grid too."""
GREGORY = np.array([3 / 8, 7 / 6, 23 / 24])
"""Weights of the first and the last nodes, with which the sum of equally spaced values has an error of fourth order."""


@dataclass(frozen=True)
class Marginal:
    """Everything that is computed of a pair before a prior of sigma is chosen."""

    pair: Pair = field(repr=False)
    likelihood: Likelihood = field(repr=False)
    prior: Prior = field(repr=False)
    constant: ConstantRatio = field(repr=False)
    sigma: Floats = field(repr=False)
    modes: Modes = field(repr=False)

    def grid(self, scale: float) -> Grid:
        """Prior masses of the sigma nodes under a half-normal prior of this scale."""
        return Grid(self, scale)


@dataclass(frozen=True)
class Grid:
    """Half-normal sigma of this scale on the nodes of a marginal; up to 1.2 all but 3e-5 of the mass is there."""

    marginal: Marginal = field(repr=False)
    scale: float

    @cached_property
    def log_posterior(self) -> Floats:
        """Log of prior mass times marginal likelihood relative to that of a constant ratio, (sigma,)."""
        masses = node_weights(self.marginal.sigma) * _half_normal(self.marginal.sigma, self.scale)
        return np.log(masses) + self.marginal.modes.second - self.marginal.constant.log_marginal

    @property
    def log_bayes_factor(self) -> float:
        """By Laplace's expansion alone; one interval has nothing that could change."""
        return _log_sum(self.log_posterior) if self.marginal.pair.n_intervals > 1 else 0.0

    @property
    def grid_error(self) -> float:
        """Difference of the log Bayes factor to that by every second node."""
        sigma = self.marginal.sigma
        every_second = np.concatenate([[0], np.arange(1, len(sigma), 2)])
        masses = node_weights(sigma[every_second]) * _half_normal(sigma[every_second], self.scale)
        second = self.marginal.modes.second[every_second] - self.marginal.constant.log_marginal
        return abs(_log_sum(self.log_posterior) - _log_sum(np.log(masses) + second))


def marginal(pair: Pair, average_sd: float = AVERAGE_SD) -> Marginal:
    """Modes and marginal likelihoods of a pair at every sigma.

    Parameters
    ----------
    pair : Pair
        Events and person-time.
    average_sd : float
        Prior sd of the average log HR.
    """
    likelihood, prior = Likelihood(pair), Prior(pair, average_sd)
    constant = constant_ratio(likelihood, pair.n_intervals, average_sd)
    sigma = np.concatenate([[SMALLEST / np.sqrt(3)], np.geomspace(SMALLEST, LARGEST, NODES)])
    return Marginal(pair, likelihood, prior, constant, sigma, modes(likelihood, prior, sigma, constant.mode))


def node_weights(sigma: Floats) -> Floats:
    """Quadrature weights of nodes: one for 0 to the first of the evenly spaced ones, then those on the log scale.

    What is even in sigma, as the marginal likelihood is near 0, has its mean over (0, h) at h / sqrt(3), up to sigma^4.
    """
    even = sigma[1:]
    weights = np.ones(len(even))
    weights[: len(GREGORY)] = GREGORY
    weights[-len(GREGORY) :] = GREGORY[::-1]
    return np.append(even[0], weights * even * np.log(even[1] / even[0]))


def _half_normal(sigma: Floats, scale: float) -> Floats:
    return np.asarray(np.sqrt(2 / np.pi) / scale * np.exp(-((sigma / scale) ** 2) / 2))


def _log_sum(values: Floats) -> float:
    return float(np.logaddexp.reduce(values))
