"""Figures of convergence: trace and rank plots, sampler energy, and evolution of the effective sample size."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray
from scipy.stats import gaussian_kde, rankdata

from bayesrefract.decision.diagnostics import E_BFMI_MINIMUM, ESS_MINIMUM, convergence, energy_fractions, ess_evolution
from bayesrefract.findings import Findings
from bayesrefract.numerals import fixed, ratio
from bayesrefract.report.figures.style import (
    BLUE,
    DASHED,
    FAINT,
    GROUP_COLOURS,
    INK,
    ORANGE,
    SMALL,
    WIDTH,
    Picture,
    axes_at,
    new_figure,
    picture,
    styled,
)
from bayesrefract.report.tables.table import Table, columns

MOST_POINTS = 300
RANK_BINS = 20
ENERGY_POINTS = 120
EVOLUTION_STEPS = 10
LEFT, RIGHT = 0.85, 0.2


@styled
def chains_figure(findings: Findings) -> Picture:
    """Trace and rank histogram of the log hazard ratio, one colour per chain.

    Ranks over all chains: flat histograms mean that the chains agree. Vehtari et al. (2021),
    doi:10.1214/20-BA1221.
    """
    label, draws = _primary_draws(findings)
    figure = new_figure(4.1)
    trace = axes_at(figure, LEFT, 2.45, WIDTH - LEFT - RIGHT, 1.3)
    ranks = axes_at(figure, LEFT, 0.55, WIDTH - LEFT - RIGHT, 1.2)
    stride = max(1, draws.shape[1] // MOST_POINTS)
    iterations = np.arange(draws.shape[1])[::stride]
    edges, counts = rank_histogram(draws)
    for chain, values in enumerate(draws):
        colour = GROUP_COLOURS[chain % len(GROUP_COLOURS)]
        trace.plot(iterations, values[::stride], color=colour, linewidth=0.5, alpha=0.8)
        ranks.stairs(counts[chain], edges, color=colour, linewidth=1.1)
    expected = draws.shape[1] / RANK_BINS
    ranks.axhline(expected, color=FAINT, linewidth=1, linestyle=DASHED)
    ranks.set_ylim(0, None)
    trace.set_ylabel("Log HR")
    trace.set_xlabel("Draw")
    ranks.set_ylabel("Draws")
    ranks.set_xlabel("Rank over all chains")
    caption = f"Chains of the log hazard ratio of {label}: trace, and ranks (flat where the chains agree)."
    found = convergence(draws)
    alt = (
        f"Trace and rank histogram of {draws.shape[0]} chains of {draws.shape[1]} draws: R-hat "
        f"{fixed(found.r_hat, 3)}, between {counts.min()} and {counts.max()} draws per rank bin where "
        f"{fixed(expected, 0)} are expected."
    )
    return picture(figure, findings, "chains", caption, alt, _chains_table(draws, counts))


@styled
def energy_figure(findings: Findings) -> Picture | None:
    """Marginal and transition energy of the sampler: where they differ, the tails are not explored.

    None where the energies are not stored. Betancourt (2017), arXiv:1701.02434.
    """
    if findings.energy is None:
        return None
    energy = findings.energy.transpose("chain", "draw").values
    fractions = energy_fractions(energy)
    marginal, steps = (energy - energy.mean()).ravel(), np.diff(energy, axis=1).ravel()
    figure = new_figure(2.45)
    axes = axes_at(figure, 0.2, 0.55, WIDTH - 0.4, 1.45)
    _hump(axes, marginal, BLUE, "solid", "energy")
    _hump(axes, steps, ORANGE, DASHED, "its changes")
    axes.set_yticks([])
    axes.set_ylim(0, None)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("Energy minus its mean")
    axes.legend(loc="upper right", fontsize=SMALL, handlelength=2.2, borderaxespad=0)
    worst = fixed(float(fractions.min()), 2)
    axes.text(0, 1.0, f"lowest E-BFMI {worst}", transform=axes.transAxes, va="top", fontsize=SMALL)
    caption = (
        "Energy of the sampler (solid) and its changes between draws (dashed); both should be about equally wide. "
        f"E-BFMI, their ratio, must be at least {E_BFMI_MINIMUM} in every chain."
    )
    rows = tuple((f"chain {place + 1}", fixed(float(each), 2)) for place, each in enumerate(fractions))
    table = Table("Energy fraction of missing information", columns("Chain", numbers=("E-BFMI",)), rows)
    alt = f"Densities of the energy and of its changes; the lowest E-BFMI of {len(rows)} chains is {worst}."
    return picture(figure, findings, "energy", caption, alt, table)


@styled
def ess_figure(findings: Findings) -> Picture:
    """Effective sample size of the primary log hazard ratio by number of draws; it should rise steadily."""
    label, draws = _primary_draws(findings)
    counts, bulk, tail = ess_evolution(draws, EVOLUTION_STEPS)
    figure = new_figure(2.5)
    axes = axes_at(figure, LEFT, 0.6, WIDTH - LEFT - RIGHT, 1.6)
    axes.plot(counts, bulk, "o-", color=BLUE, linewidth=1.3, markersize=4.5, label="bulk")
    axes.plot(counts, tail, "s--", color=ORANGE, linewidth=1.3, markersize=4.5, markerfacecolor="none", label="tail")
    axes.axhline(ESS_MINIMUM, color=FAINT, linewidth=1, linestyle=DASHED)
    axes.text(counts[-1], ESS_MINIMUM, f"{ESS_MINIMUM} required", ha="right", va="bottom", fontsize=SMALL, color=INK)
    axes.set_xlim(0, None)
    axes.set_ylim(0, None)
    axes.set_xlabel("Draws of all chains")
    axes.set_ylabel("Effective sample size")
    axes.legend(loc="upper left", fontsize=SMALL, handlelength=2.5, borderaxespad=0)
    caption = (
        f"Effective sample size (ESS) of the log hazard ratio of {label} by number of draws: bulk (filled circles) and "
        "tail (open squares). Both should rise steadily."
    )
    alt = (
        f"With all {counts[-1]} draws the bulk ESS is {fixed(bulk[-1], 0)} and the tail ESS {fixed(tail[-1], 0)}; "
        f"{ESS_MINIMUM} are required."
    )
    rows = tuple((fixed(int(n), 0), fixed(b, 0), fixed(t, 0)) for n, b, t in zip(counts, bulk, tail, strict=True))
    table = Table(
        f"Effective sample size of the log hazard ratio of {label}", columns(numbers=("Draws", "Bulk", "Tail")), rows
    )
    return picture(figure, findings, "ess", caption, alt, table)


def rank_histogram(draws: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Bin edges (bin + 1,) and counts (chain, bin) of ranks over all chains; draws are (chain, draw)."""
    ranks = rankdata(draws, method="ordinal").reshape(draws.shape)
    edges = np.linspace(0.5, draws.size + 0.5, RANK_BINS + 1)
    return edges, np.array([np.histogram(chain, edges)[0] for chain in ranks])


def _primary_draws(findings: Findings) -> tuple[str, NDArray[np.float64]]:
    label = findings.analysis.primary.label
    draws: NDArray[np.float64] = findings.log_hazard_ratio.sel(contrast=label).transpose("chain", "draw").values
    return label, draws


def _hump(axes: Axes, values: NDArray[np.float64], colour: str, line: Any, label: str) -> None:
    """A density as an outline."""
    low, high = np.quantile(values, [0.001, 0.999])
    grid = np.linspace(low, high, ENERGY_POINTS)
    density = gaussian_kde(values)(grid) if np.ptp(values) > 0 else np.ones_like(grid)
    axes.fill_between(grid, density, color=colour, alpha=0.15, linewidth=0)
    axes.plot(grid, density, color=colour, linewidth=1.4, linestyle=line, label=label)


def _chains_table(draws: NDArray[np.float64], counts: NDArray[np.int64]) -> Table:
    rows = []
    for chain, values in enumerate(draws):
        low, middle, high = (ratio(float(np.exp(each))) for each in np.quantile(values, [0.025, 0.5, 0.975]))
        rows.append(
            (f"chain {chain + 1}", middle, f"{low} to {high}", f"{counts[chain].min()} to {counts[chain].max()}")
        )
    heads = columns("Chain", numbers=("Median HR", "95% credible interval", "Draws per rank bin"))
    return Table(
        "Posterior by chain", heads, tuple(rows), (f"Expected per rank bin: {fixed(draws.shape[1] / RANK_BINS, 1)}.",)
    )
