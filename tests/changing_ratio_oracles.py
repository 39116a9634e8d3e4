"""Independent computations of a changing hazard ratio: quadrature in polar coordinates, and scaled F distributions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import k0
from scipy.stats import f as f_distribution

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Table:
    """Events and person-time of two groups, one stratum."""

    events: tuple[tuple[float, ...], tuple[float, ...]]
    exposure: tuple[tuple[float, ...], tuple[float, ...]]
    midpoints: tuple[float, ...]


O1 = Table(((180, 170), (110, 230)), ((3600, 3300), (4000, 3100)), (5, 20))
O2 = Table(((150, 140, 150), (148, 146, 145)), ((3000, 3100, 3600), (3010, 3080, 3590)), (3, 9, 22))
O3 = Table(((170, 150, 140), (130, 150, 170)), ((3000, 3100, 3600), (3080, 3120, 3500)), (3, 9, 22))
O4 = Table(((420, 400, 400), (365, 410, 450)), ((8400, 8300, 8600), (8500, 8250, 8500)), (3, 9, 22))
STRATA = (
    Table(((30, 25, 12), (15, 22, 20)), ((900, 600, 500), (850, 650, 520)), (3, 9, 22)),
    Table(((8, 14, 30), (10, 20, 31)), ((500, 700, 900), (510, 690, 950)), (3, 9, 22)),
)
LUNG = Table(((49, 36, 27), (14, 22, 17)), ((20926, 10571, 7589), (14950, 9210, 6347)), (90, 272.5, 624))
"""lung (survival; lifelines), sex 2 against 1, cuts at 180 and 365 days, last event on day 883."""


def log_likelihood(table: Table, theta: Floats, shape: float = 0.1) -> Floats:
    """Hazards integrated out, with the posterior rate of the Gamma written out; theta (..., interval)."""
    d0, d1 = (np.array(each, dtype=float) for each in table.events)
    e0, e1 = (np.array(each, dtype=float) for each in table.exposure)
    rate = shape * (e0 + e1).sum() / (d0 + d1).sum()
    posterior_rate = rate + e0 * np.exp(-theta / 2) + e1 * np.exp(theta / 2)
    return ((d1 - d0) * theta / 2 - (shape + d0 + d1) * np.log(posterior_rate)).sum(axis=-1)


def bayes_factor(tables: Sequence[Table], scale: float, average_sd: float = 0.75) -> float:
    """m(HR(t)) / m(constant) of strata with one HR(t), sigma integrated out in closed form.

    With sigma ~ HalfNormal(scale) one step e of variance sigma^2 has the density K0(|e| / scale) / (pi scale). Two
    steps with variances v sigma^2 have, in r^2 = e1^2 / v1 + e2^2 / v2, a uniform angle and r ~ Exponential(scale).
    """
    pooled = np.sum([table.events for table in tables], axis=(0, 1))
    weights = pooled / pooled.sum()
    average = np.linspace(-1.6, 1.6, 161)
    prior = np.exp(-((average / average_sd) ** 2) / 2)
    steps, mass = _steps(np.diff(tables[0].midpoints), scale)
    walk = np.concatenate([np.zeros((len(steps), 1)), np.cumsum(steps, axis=1)], axis=1)
    walk -= (walk @ weights)[:, None]

    def value(theta: Floats) -> Floats:
        return np.sum([log_likelihood(table, theta) for table in tables], axis=0)

    constant = value(np.repeat(average[:, None], len(pooled), axis=1))
    height = np.exp(value(average[None, :, None] + walk[:, None, :]) - constant.max())
    return float(mass @ (height @ prior) / (np.exp(constant - constant.max()) @ prior))


def _steps(gaps: Floats, scale: float) -> tuple[Floats, Floats]:
    """Nodes (node, step) and masses of the steps' prior."""
    variances = gaps / gaps.sum()
    node, weight = np.polynomial.legendre.leggauss(100)
    if len(gaps) == 1:
        # e = scale t^3 takes away the logarithm's singularity at 0.
        upper = 40.0 ** (1 / 3)
        t, w = (node + 1) / 2 * upper, weight / 2 * upper
        size, mass = scale * t**3, w * 3 * t**2 * k0(t**3) / np.pi
        return np.concatenate([size, -size])[:, None], np.concatenate([mass, mass])
    upper = 9.0 * scale
    radius, angle = (node + 1) / 2 * upper, np.arange(48) * 2 * np.pi / 48
    mass = np.repeat(weight / 2 * upper * np.exp(-radius / scale) / scale / 48, 48)
    r, phi = np.repeat(radius, 48), np.tile(angle, 100)
    return np.column_stack([r * np.cos(phi), r * np.sin(phi)]) * np.sqrt(variances), mass


@dataclass(frozen=True)
class ScaledF:
    """Hazards by group, Gamma(a, b) each: the HR of an interval is `scale` times F with these degrees of freedom."""

    scale: Floats
    above: Floats
    below: Floats

    def quantile(self, probability: float) -> Floats:
        return self.scale * f_distribution.ppf(probability, self.above, self.below)

    def inside(self, low: float, high: float) -> Floats:
        """Probability per interval; the intervals are independent."""
        upper, lower = (f_distribution.cdf(each / self.scale, self.above, self.below) for each in (high, low))
        return upper - lower

    def band(self, level: float = 0.95) -> tuple[Floats, Floats]:
        """Simultaneous band in which each interval has the same coverage."""
        own = level ** (1 / len(self.scale))
        return self.quantile((1 - own) / 2), self.quantile((1 + own) / 2)

    def draws(self, samples: int, rng: np.random.Generator) -> Floats:
        """Log HR, (sample, interval), as ratios of Gamma draws."""
        size = (samples, len(self.scale))
        ratio = rng.gamma(self.above / 2, size=size) / rng.gamma(self.below / 2, size=size)
        return np.log(self.scale * ratio * self.below / self.above)


def by_group(d0: Floats, e0: Floats, d1: Floats, e1: Floats, shape: float, rate: float) -> ScaledF:
    hazard0, hazard1 = (shape + d0) / (rate + e0), (shape + d1) / (rate + e1)
    return ScaledF(hazard1 / hazard0, 2 * (shape + d1), 2 * (shape + d0))
