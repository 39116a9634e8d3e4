"""Newton's method for concave log likelihoods and log densities."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MAX_STEPS = 60
DECREMENT = 1e-20
"""Newton stops when the next step is shorter than 1e-10 standard errors."""


class Concave(Protocol):
    """A concave function of `x.shape[1]` parameters."""

    @property
    def x(self) -> Floats:
        """Columns, one per parameter."""

    def log_likelihood(self, parameters: Floats) -> float:
        """Value at the parameters."""

    def derivatives(self, parameters: Floats) -> tuple[Floats, Floats]:
        """Gradient (parameter,) and information (parameter, parameter)."""


def maximise(target: Concave) -> tuple[Floats, Floats] | str:
    """Newton with step halving: mode and covariance, or the reason for which there is none."""
    mode = np.zeros(target.x.shape[1])
    value = target.log_likelihood(mode)
    for _ in range(MAX_STEPS):
        gradient, information = target.derivatives(mode)
        try:
            np.linalg.cholesky(information)
            step = np.linalg.solve(information, gradient)
        except np.linalg.LinAlgError:
            return "the group effects cannot be distinguished from the covariates, the strata or the intervals"
        if gradient @ step < DECREMENT:
            return mode, np.linalg.inv(information)
        mode, value = _climb(target, mode, step, value)
    return f"Newton did not converge in {MAX_STEPS} steps: the likelihood seems to have no maximum"


def _climb(target: Concave, mode: Floats, step: Floats, value: float) -> tuple[Floats, float]:
    """Halve the step until the value does not fall by more than rounding."""
    slack = 1e-12 * abs(value)
    for _ in range(40):
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            reached = target.log_likelihood(mode + step)
        if np.isfinite(reached) and reached >= value - slack:
            break
        step = step / 2
    return mode + step, reached
