"""Whether the chains tell one story: trace and ranks of the primary contrast's log hazard ratio."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from bayesrefract.figures.style import (
    FAINT,
    GROUP_COLOURS,
    WIDTH,
    Picture,
    axes_at,
    new_figure,
    picture,
    shorten,
    styled,
)
from bayesrefract.findings import Findings

MOST_POINTS = 400
RANK_BINS = 20
LEFT, RIGHT = 0.85, 0.2


@styled
def chains_figure(findings: Findings) -> Picture:
    """Trace and rank histogram of the log hazard ratio, one colour per chain.

    Ranks over all chains: flat histograms mean that the chains agree. Vehtari et al. (2021),
    doi:10.1214/20-BA1221.
    """
    label = findings.question.primary.label
    draws = findings.log_hazard_ratio.sel(contrast=label).transpose("chain", "draw").values
    figure = new_figure(3.9)
    trace = axes_at(figure, LEFT, 2.35, WIDTH - LEFT - RIGHT, 1.3)
    ranks = axes_at(figure, LEFT, 0.55, WIDTH - LEFT - RIGHT, 1.2)
    stride = max(1, draws.shape[1] // MOST_POINTS)
    iterations = np.arange(draws.shape[1])[::stride]
    edges, counts = rank_histogram(draws)
    for chain, values in enumerate(draws):
        colour = GROUP_COLOURS[chain % len(GROUP_COLOURS)]
        trace.plot(iterations, values[::stride], color=colour, linewidth=0.5, alpha=0.8)
        ranks.stairs(counts[chain], edges, color=colour, linewidth=1.1)
    ranks.axhline(draws.shape[1] / RANK_BINS, color=FAINT, linewidth=1, linestyle=(0, (3, 2)))
    ranks.set_ylim(0, None)
    trace.set_ylabel("Log HR")
    trace.set_xlabel("Draw")
    ranks.set_ylabel("Draws")
    ranks.set_xlabel(f"Rank over all chains: {shorten(label, 40)}")
    caption = f"Chains of the log hazard ratio of {label}: trace, and ranks (flat where the chains agree)."
    alt = f"Trace and rank histogram of {draws.shape[0]} chains of {draws.shape[1]} draws."
    return picture(figure, findings, "chains", caption, alt)


def rank_histogram(draws: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Bin edges (bin + 1,) and counts (chain, bin) of ranks over all chains; draws are (chain, draw)."""
    ranks = rankdata(draws, method="ordinal").reshape(draws.shape)
    edges = np.linspace(0.5, draws.size + 0.5, RANK_BINS + 1)
    return edges, np.array([np.histogram(chain, edges)[0] for chain in ranks])
