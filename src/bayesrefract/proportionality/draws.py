"""Weighted draws of log HR(t): normal ones at the mode of each sigma, with importance weights that make them exact."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import qmc

from bayesrefract.proportionality.bayes_factor import Grid

Floats = NDArray[np.float64]

SAMPLES = 2048
SEED = 20261128


@dataclass(frozen=True)
class Draws:
    """Posterior of log HR(t).

    Parameters
    ----------
    log_ratio : array (sample, interval)
        Log HR(t) per interval.
    weight : array (sample,)
        Sum 1.
    average : array (sample,)
        Average log HR: the mean of `log_ratio` weighted by the events.
    log_bayes_factor, error : float
        Of a changing against a constant ratio, and the standard error of its logarithm: that of the weights, and the
        difference to a grid of half as many sigma.
    """

    log_ratio: Floats = field(repr=False)
    weight: Floats = field(repr=False)
    average: Floats = field(repr=False)
    log_bayes_factor: float
    error: float

    @property
    def effective(self) -> float:
        """Number of equally weighted draws that are worth as much."""
        return float(1 / (self.weight**2).sum())


def draw(grid: Grid, samples: int = SAMPLES, seed: int = SEED) -> Draws:
    """Draw log HR(t) with its importance weights.

    Parameters
    ----------
    grid : Grid
        Modes of the sigma with their posterior masses.
    samples : int
        Twice a power of 2: a scrambled Sobol sequence and its mirror image, so that exchanging the groups mirrors them.
    seed : int
        Of the scrambling.

    Returns
    -------
    Draws
        With the Bayes factor that the mean weight corrects.
    """
    found = grid.marginal
    uniform, standard = _points(found.pair.n_intervals, samples, seed)
    mass = np.exp(grid.log_posterior - np.logaddexp.reduce(grid.log_posterior))
    which = np.minimum(np.searchsorted(np.cumsum(mass), uniform), len(mass) - 1)
    theta = found.modes.mode[which] + found.modes.precision.normal(standard, which)
    log_normal = found.modes.precision.log_determinant()[which] / 2 - np.einsum("ij,ij->i", standard, standard) / 2
    target = found.likelihood.value(theta) + found.prior.log_density(theta, found.sigma[which])
    ratio = np.exp(target - log_normal - found.modes.second[which])
    average = theta @ found.pair.weights
    if found.pair.n_intervals == 1:
        return Draws(theta, ratio / ratio.sum(), average, 0.0, 0.0)
    pairs = ratio.reshape(2, -1).mean(axis=0)
    error = pairs.std() / np.sqrt(len(pairs)) / pairs.mean()
    log_factor = grid.log_bayes_factor + float(np.log(ratio.mean()))
    return Draws(theta, ratio / ratio.sum(), average, log_factor, float(np.hypot(error, grid.grid_error)))


@lru_cache(maxsize=8)
def _points(dimension: int, samples: int, seed: int) -> tuple[Floats, Floats]:
    """One uniform and `dimension` standard normal numbers per sample; the second half mirrors the first."""
    half = samples // 2
    if samples < 2 or half & (half - 1) or samples % 2:
        raise ValueError(f"{samples} samples: twice a power of 2 is needed")
    points = qmc.Sobol(dimension + 1, rng=np.random.default_rng(seed)).random(half)
    normal = ndtri(np.clip(points[:, 1:], 1e-15, 1 - 1e-15))
    uniform, standard = np.tile(points[:, 0], 2), np.concatenate([normal, -normal])
    uniform.flags.writeable = standard.flags.writeable = False
    return uniform, standard
