"""Posterior of one constant log hazard ratio, by quadrature: the model without HR(t), exact."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from bayesrefract.proportionality.likelihood import Likelihood

Floats = NDArray[np.float64]

REACH = 10.0
"""Posterior standard deviations on either side of the mode."""
NODES = 241
MAX_STEPS = 200


@dataclass(frozen=True)
class ConstantRatio:
    """Density of the log HR on a grid, and its log marginal likelihood (up to the constant of `laplace`)."""

    log_ratio: Floats = field(repr=False)
    density: Floats = field(repr=False)
    log_marginal: float
    mode: float

    @property
    def mean(self) -> float:
        return float(self._integrate(self.log_ratio))

    @property
    def sd(self) -> float:
        return float(np.sqrt(self._integrate((self.log_ratio - self.mean) ** 2)))

    def below(self, log_ratio: float) -> float:
        """Posterior probability below a log HR."""
        inside = np.clip(log_ratio, self.log_ratio[0], self.log_ratio[-1])
        return float(np.clip(self._cumulative(inside), 0.0, 1.0))

    def inside(self, low: float, high: float) -> float:
        """Posterior probability between two hazard ratios."""
        return self.below(float(np.log(high))) - self.below(float(np.log(low)))

    @cached_property
    def _cumulative(self) -> CubicSpline:
        found = CubicSpline(self.log_ratio, self.density).antiderivative()
        found.c /= found(self.log_ratio[-1])
        return found

    def _integrate(self, values: Floats) -> float:
        return (values * self.density).sum() * (self.log_ratio[1] - self.log_ratio[0])


def constant_ratio(likelihood: Likelihood, n_intervals: int, average_sd: float) -> ConstantRatio:
    """Posterior of a constant log HR ~ Normal(0, average_sd)."""
    mode, sd = _mode(likelihood, n_intervals, average_sd)
    # Where one group has few events the posterior is wide on one side: widen until the ends hold nothing.
    reach = REACH * sd
    for _ in range(20):
        at = mode + reach * np.linspace(-1, 1, NODES)
        log = likelihood.value(np.repeat(at[:, None], n_intervals, axis=1)) - (at / average_sd) ** 2 / 2
        if max(log[0], log[-1]) < log.max() - 40:
            break
        reach *= 1.3
    height = np.exp(log - log.max())
    total = height.sum() * (at[1] - at[0])
    # `laplace` leaves out sqrt(2 pi) per dimension, in priors and in integrals alike.
    log_marginal = float(np.log(total) + log.max() - np.log(average_sd) - np.log(2 * np.pi) / 2)
    return ConstantRatio(at, height / total, log_marginal, mode)


def _mode(likelihood: Likelihood, n_intervals: int, average_sd: float) -> tuple[float, float]:
    """Mode and standard deviation by curvature: Newton's method with bounded steps."""
    at = 0.0
    for _ in range(MAX_STEPS):
        slope, curvature = (each.sum() for each in likelihood.derivatives(np.full(n_intervals, at)))
        precision = curvature + 1 / average_sd**2
        step = (slope - at / average_sd**2) / precision
        if step**2 * precision < 1e-20:
            break
        at += float(np.clip(step, -1.0, 1.0))
    return at, float(1 / np.sqrt(precision))
