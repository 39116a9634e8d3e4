"""Log HR(t) at given sigma: posterior mode, curvature and marginal likelihood, for many sigma at once.

The prior's precision is tridiagonal (the steps of the walk) plus a matrix of rank one (the average log HR), and the
likelihood's is diagonal. The systems of all sigma are solved as one long tridiagonal system by LAPACK, in a time that
grows with the number of intervals, not with its cube.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dpttrf, dpttrs

from bayesrefract.proportionality.likelihood import Likelihood
from bayesrefract.proportionality.pair import Pair

Floats = NDArray[np.float64]

MAX_STEPS = 100
LONGEST_STEP = 2.0
DECREMENT = 1e-14


@dataclass(frozen=True)
class Prior:
    """Average log HR ~ Normal(0, average_sd); steps of the walk ~ Normal(0, sigma^2 gap / span).

    In log HR(t) itself the map to average and steps has determinant 1, whatever the weights of the average.
    """

    pair: Pair = field(repr=False)
    average_sd: float

    def precision(self, sigma: Floats) -> tuple[Floats, Floats]:
        """Diagonal (sigma, interval) and off-diagonal (sigma, interval) of the walk; the last of the latter is 0."""
        step = 1 / (sigma[:, None] ** 2 * self.pair.variances)
        diagonal = np.zeros((len(sigma), self.pair.n_intervals))
        diagonal[:, :-1] += step
        diagonal[:, 1:] += step
        return diagonal, np.pad(-step, ((0, 0), (0, 1)))

    def log_density(self, theta: Floats, sigma: Floats) -> Floats:
        """Without the constants of 2 pi; theta (..., interval), sigma (...)."""
        count = self.pair.n_intervals - 1
        average = (theta @ self.pair.weights / self.average_sd) ** 2 / 2 + np.log(self.average_sd)
        steps = (np.diff(theta, axis=-1) ** 2 / self.pair.variances).sum(axis=-1) / (2 * sigma**2)
        return -average - steps - count * np.log(sigma) - np.log(self.pair.variances).sum() / 2


@dataclass(frozen=True)
class Factor:
    """Precision of each sigma, factored: L D L' of its tridiagonal part, and what the average log HR adds to it.

    diagonal, lower : (sigma, interval). direction : tridiagonal part's solution for the weights, (sigma, interval).
    """

    diagonal: Floats = field(repr=False)
    lower: Floats = field(repr=False)
    direction: Floats = field(repr=False)
    weights: Floats = field(repr=False)
    average_sd: float

    @property
    def spread(self) -> Floats:
        """Variance of the average log HR without its own prior, (sigma,)."""
        return self.direction @ self.weights

    def solve(self, right: Floats) -> Floats:
        """Solution for right-hand sides (sigma, interval[, side])."""
        flat = right.reshape(self.diagonal.size, -1)
        found = dpttrs(self.diagonal.ravel(), self.lower.ravel()[:-1], flat)[0].reshape(right.shape)
        part = np.einsum("kj...,j->k...", found, self.weights) / (
            (self.average_sd**2 + self.spread).reshape((-1,) + (1,) * (right.ndim - 2))
        )
        return found - np.einsum("kj,k...->kj...", self.direction, part)

    def log_determinant(self) -> Floats:
        """Of the precision, (sigma,)."""
        return np.log(self.diagonal).sum(axis=1) + np.log1p(self.spread / self.average_sd**2)

    def normal(self, standard: Floats, which: NDArray[np.int64]) -> Floats:
        """Deviations with the precision of sigma `which` (sample,), from standard normal ones (sample, interval)."""
        columns = (
            standard.T / np.sqrt(self.diagonal).T[:, which]
        )  # rows are intervals: a step of the loop is contiguous
        lower = self.lower.T[:, which]
        for j in range(len(columns) - 2, -1, -1):
            columns[j] -= lower[j] * columns[j + 1]
        theta, spread = columns.T, self.spread
        shrink = (1 - 1 / np.sqrt(1 + spread / self.average_sd**2)) / spread
        return theta - (shrink[which] * (theta @ self.weights))[:, None] * self.direction[which]


def factor(diagonal: Floats, off: Floats, weights: Floats, average_sd: float) -> Factor:
    """Factor positive definite precisions; diagonal and off-diagonal (sigma, interval)."""
    found, lower, failed = dpttrf(diagonal.ravel(), off.ravel()[:-1])
    if failed:
        raise ValueError("the precision of log HR(t) is not positive definite")
    right = np.tile(weights, len(diagonal))[:, None]
    direction = dpttrs(found, lower, right)[0].reshape(diagonal.shape)
    return Factor(
        found.reshape(diagonal.shape), np.append(lower, 0.0).reshape(diagonal.shape), direction, weights, average_sd
    )


@dataclass(frozen=True)
class Modes:
    """Posterior mode at each sigma with its factored precision, and log marginal likelihoods up to one constant.

    mode : (sigma, interval). first : by mode and curvature. second : with third and fourth derivatives.
    """

    mode: Floats = field(repr=False)
    precision: Factor = field(repr=False)
    first: Floats = field(repr=False)
    second: Floats = field(repr=False)


def modes(likelihood: Likelihood, prior: Prior, sigma: Floats, start: float) -> Modes:
    """Newton's method for every sigma at once, from a constant log HR.

    The log posterior is concave. Steps are held below `LONGEST_STEP` and halved where they would lose.
    """
    theta = np.full((len(sigma), prior.pair.n_intervals), start)
    walk, off = prior.precision(sigma)
    weights = prior.pair.weights

    def objective(at: Floats) -> Floats:
        return likelihood.value(at) + prior.log_density(at, sigma)

    value = objective(theta)
    for _ in range(MAX_STEPS):
        slope, curvature = likelihood.derivatives(theta)
        gradient = slope - _apply(walk, off, theta) - (theta @ weights / prior.average_sd**2)[:, None] * weights
        precision = factor(walk + curvature, off, weights, prior.average_sd)
        step = precision.solve(gradient)
        if np.max((gradient * step).sum(axis=1)) < DECREMENT:
            first = value - precision.log_determinant() / 2
            return Modes(theta, precision, first, first + _correction(likelihood, theta, precision))
        step *= np.minimum(1.0, LONGEST_STEP / np.maximum(np.abs(step).max(axis=1), 1e-300))[:, None]
        theta, value = _climb(objective, theta, step, value)
    raise ValueError(f"Newton's method for log HR(t) did not converge in {MAX_STEPS} steps")


def _apply(diagonal: Floats, off: Floats, theta: Floats) -> Floats:
    """Product of tridiagonal matrices with vectors."""
    found = diagonal * theta
    found[:, :-1] += off[:, :-1] * theta[:, 1:]
    found[:, 1:] += off[:, :-1] * theta[:, :-1]
    return found


def _climb(objective: Callable[[Floats], Floats], theta: Floats, step: Floats, value: Floats) -> tuple[Floats, Floats]:
    """Halve the steps of those sigma that would lose more than rounding."""
    slack = 1e-10 * np.abs(value) + 1e-10
    for _ in range(30):
        reached = objective(theta + step)
        lost = ~(reached >= value - slack)
        if not lost.any():
            break
        step = np.where(lost[:, None], step / 2, step)
    return theta + step, reached


def _correction(likelihood: Likelihood, mode: Floats, precision: Factor) -> Floats:
    """Next terms of Laplace's expansion: fourth derivatives and products of third ones, (sigma,).

    Tierney & Kadane (1986), doi:10.1080/01621459.1986.10478240; Shun & McCullagh (1995).
    """
    third, fourth = likelihood.higher(mode)
    identity = np.broadcast_to(np.eye(mode.shape[1]), (*mode.shape, mode.shape[1]))
    covariance = precision.solve(np.ascontiguousarray(identity))
    own = np.einsum("kjj->kj", covariance)
    lever = third * own
    return (
        (fourth * own**2).sum(axis=1) / 8
        + np.einsum("ki,kij,kj->k", lever, covariance, lever) / 8
        + np.einsum("ki,kij,kj->k", third, covariance * covariance * covariance, third) / 12
    )
