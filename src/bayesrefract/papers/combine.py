"""Combine printed ratios: the contrast of two groups with one reference, and random-effects pooling.

Pooling is Bayesian: normal effects around a mean, between-study spread tau ~ HalfNormal(scale), by quadrature over tau
(Roever et al. 2021, doi:10.1002/jrsm.1475: 0.5 for logs of ratios). Beside it the classical estimate: tau by Paule and
Mandel (1982, doi:10.6028/jres.087.022), interval by Hartung and Knapp (2001, doi:10.1002/sim.1009) with a scale of at
least 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import norm, t

from bayesrefract.interval import Interval
from bayesrefract.papers import Ratio
from bayesrefract.papers.assess import Assessment, Terms, assess_normal
from bayesrefract.papers.posterior import Mixture, normal, update

STEP = 0.1
FEW_STUDIES = 5
"""With fewer, the spread between studies is hardly estimated: the prior of tau decides much of what is said."""


@dataclass(frozen=True)
class Against:
    """`first` over `second` under each correlation of their logs: a range of verdicts, never one."""

    first: Ratio
    second: Ratio
    correlations: tuple[float, ...]
    errors: tuple[float, ...]  # standard error of the log of the contrast, by correlation
    assessments: tuple[Assessment, ...]


def correlation_of(reference: int, first: int, second: int) -> float:
    """Correlation of two log ratios with a common reference, from the events of the three groups.

    Var(log ratio) = 1/d1 + 1/d0 and 1/d2 + 1/d0, of which 1/d0 is common to both. Exact in large samples without
    covariates and at equal hazards; adjustment changes it somewhat.
    """
    shared = 1 / reference
    return shared / math.sqrt((1 / first + shared) * (1 / second + shared))


def contrast(first: Ratio, second: Ratio, correlation: tuple[float, float], terms: Terms) -> Against:
    """Compute the contrast of two printed ratios that share their reference.

    Var(log first - log second) = se1^2 + se2^2 - 2 r se1 se2. The shared reference makes r positive; its
    value is not identified by the printed ratios; the events of the three groups give it (`correlation_of`).

    Parameters
    ----------
    first, second : Ratio
        Ratios with one reference.
    correlation : (float, float)
        Range of r; its ends are equal where it is known.
    terms : Terms
        ROPE, rule and prior.

    Returns
    -------
    Against
        One assessment for each correlation in the range.
    """
    rs = correlations(*correlation)
    one, two = first.log_se, second.log_se
    errors = [math.sqrt(one**2 + two**2 - 2 * r * one * two) for r in rs]
    middle = first.log_estimate - second.log_estimate
    pair = (first.group, second.group)
    assessments = [
        assess_normal(f"correlation {r:g}", pair, normal(middle, error, terms.prior), error, terms)
        for r, error in zip(rs, errors, strict=True)
    ]
    return Against(first, second, rs, tuple(errors), tuple(assessments))


def correlations(low: float, high: float) -> tuple[float, ...]:
    """The ends of a range and the tenths within it."""
    tenths = np.arange(math.ceil(low / STEP - 1e-9), math.floor(high / STEP + 1e-9) + 1) * STEP
    return tuple(sorted({low, high, *(round(float(each), 10) for each in tenths)}))


Floats = NDArray[np.float64]

NODES = 400
WIDEST = 6.0
"""Prior standard deviations of tau over which it is integrated."""


@dataclass(frozen=True)
class Pooled:
    """The mean effect of several studies under one correlation of rows that share patients.

    `correlation` is None where no two rows share patients. `tau`: its posterior median and 95% limits.
    `new_study`: posterior of the ratio in a study yet to be made. `classical`: Paule-Mandel estimate with
    Hartung-Knapp limits, on the ratio scale; `classical_tau` its tau.
    """

    correlation: float | None
    studies: tuple[tuple[str, float, float], ...]  # name, log ratio, standard error
    tau_scale: float
    tau: Interval
    assessment: Assessment
    new_study: Mixture
    classical: Interval
    classical_tau: float


def pool(ratios: Sequence[Ratio], terms: Terms, tau_scale: float, correlation: float | None = None) -> Pooled:
    """Pool at least two studies by a Bayesian random-effects model.

    Rows of one study are first averaged, with the given correlation.

    Parameters
    ----------
    ratios : sequence of Ratio
        Printed ratios.
    terms : Terms
        ROPE, rule and prior of the mean.
    tau_scale : float
        Scale of the half-normal prior of tau, the between-study SD of the log ratio.
    correlation : float, optional
        Correlation of rows that share patients.

    Returns
    -------
    Pooled
        The mean with its verdict, tau, the predictive distribution of a new study, and the classical estimate.

    References
    ----------
    Roever et al. (2021), doi:10.1002/jrsm.1475; Paule & Mandel (1982), doi:10.6028/jres.087.022; Hartung & Knapp
    (2001), doi:10.1002/sim.1009.
    """
    studies = combine(ratios, correlation)
    estimates = np.array([each[1] for each in studies])
    errors = np.array([each[2] for each in studies])
    taus, weights, means, sds = over_tau(estimates, errors, tau_scale)
    posterior = update(means, sds, weights, terms.prior)
    error = math.sqrt(float(weights @ (sds**2 + (means - weights @ means) ** 2)))
    pair = (ratios[0].group, ratios[0].reference)
    components = len(posterior.means) // len(taus)
    spread = np.sqrt(posterior.sds**2 + np.tile(taus, components) ** 2)
    classical, classical_tau = hartung_knapp(estimates, errors, terms.rule.level)
    return Pooled(
        correlation=correlation,
        studies=tuple(studies),
        tau_scale=tau_scale,
        tau=_tau(taus, posterior.weights.reshape(components, -1).sum(axis=0)),
        assessment=assess_normal("mean of the studies", pair, posterior, error, terms),
        new_study=Mixture(posterior.weights, posterior.means, spread),
        classical=classical,
        classical_tau=classical_tau,
    )


def combine(ratios: Sequence[Ratio], correlation: float | None) -> list[tuple[str, float, float]]:
    """Name, log ratio and standard error of each study, in the order of the rows.

    Rows of one study are averaged with inverse variances as weights; their correlation goes into the
    standard error, not into the weights, which it could turn negative.
    """
    order = list(dict.fromkeys(ratio.study for ratio in ratios))
    ordered = sorted(ratios, key=lambda ratio: order.index(ratio.study))
    studies = []
    for name, rows in groupby(ordered, key=lambda ratio: ratio.study):
        members = list(rows)
        errors = np.array([ratio.log_se for ratio in members])
        weights = errors**-2 / np.sum(errors**-2)
        related = np.full((len(members), len(members)), correlation or 0.0)
        np.fill_diagonal(related, 1.0)
        parts = weights * errors
        estimate = float(weights @ [ratio.log_estimate for ratio in members])
        studies.append((name, estimate, math.sqrt(float(parts @ related @ parts))))
    return studies


def over_tau(estimates: Floats, errors: Floats, scale: float) -> tuple[Floats, Floats, Floats, Floats]:
    """Nodes of tau, their weights given the data, and mean and sd of the mean effect at each (flat prior on it)."""
    nodes, steps = np.polynomial.legendre.leggauss(NODES)
    reach = WIDEST * scale
    # Squared, so that nodes crowd near 0, where tau matters most.
    taus = reach * ((nodes + 1) / 2) ** 2
    steps = steps * reach * (nodes + 1) / 2
    variances = errors**2 + taus[:, None] ** 2
    precision = np.sum(1 / variances, axis=1)
    means = np.sum(estimates / variances, axis=1) / precision
    misfit = np.sum((estimates - means[:, None]) ** 2 / variances + np.log(variances), axis=1)
    log_density = norm.logpdf(taus, 0, scale) - (misfit + np.log(precision)) / 2
    weights = steps * np.exp(log_density - log_density.max())
    return taus, weights / weights.sum(), means, 1 / np.sqrt(precision)


def hartung_knapp(estimates: Floats, errors: Floats, level: float) -> tuple[Interval, float]:
    """The classical random-effects mean as a ratio with its limits, and tau.

    The scale of the variance is at least 1 (Roever et al. 2015, doi:10.1186/s12874-015-0091-1): studies that happen to
    agree would otherwise give limits narrower than those of the fixed effect.
    """
    tau = paule_mandel(estimates, errors)
    weights = 1 / (errors**2 + tau**2)
    mean = float(weights @ estimates / weights.sum())
    freedom = len(estimates) - 1
    scale = max(1.0, float(weights @ (estimates - mean) ** 2) / freedom)
    half = float(t.ppf(0.5 + level / 2, freedom)) * math.sqrt(scale / float(weights.sum()))
    return Interval(math.exp(mean), math.exp(mean - half), math.exp(mean + half)), tau


def paule_mandel(estimates: Floats, errors: Floats) -> float:
    """The tau at which the generalised Q statistic equals its expectation; 0 where it is smaller at tau = 0."""

    def excess(variance: float) -> float:
        weights = 1 / (errors**2 + variance)
        mean = weights @ estimates / weights.sum()
        return float(weights @ (estimates - mean) ** 2) - (len(estimates) - 1)

    if excess(0.0) <= 0:
        return 0.0
    most = float(np.ptp(estimates)) ** 2 * len(estimates)
    return math.sqrt(float(brentq(excess, 0.0, most, xtol=1e-14)))


def _tau(taus: Floats, weights: Floats) -> Interval:
    below = np.cumsum(weights)
    low, middle, high = (float(np.interp(share, below, taus)) for share in (0.025, 0.5, 0.975))
    return Interval(middle, low, high)
