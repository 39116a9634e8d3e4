"""ArviZ's own pictures of one fit: what each is for, what to look for, and the picture as a PNG.

ArviZ draws in half a second what a page shows once, so only the quantities behind a verdict are drawn: the log
hazard ratios and the spreads that are learnt, and of those not every draw.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from bayesrefract.decision.diagnostics import E_BFMI_MINIMUM, ESS_MINIMUM, R_HAT_MAXIMUM
from bayesrefract.findings import Findings
from bayesrefract.report.figures.style import GROUP_COLOURS, ORANGE, STYLE, WIDTH

RATIO = "log HR"
SPREADS = {
    "sigma": "how much the log hazard changes over follow-up",
    "change_sd": "how much the log hazard ratio changes over follow-up",
    "stratum_sd": "how far the strata differ in the level of their hazard",
    "stratum_sigma": "how far the strata differ in the course of their hazard",
    "tau": "how far the levels of a covariate differ",
    "log_k": "how alike the hazards of the strata are, the log of a number of events",
}
"""Learnt spreads beside the log hazard ratios, in the order drawn, and what each is."""
MOST_RATIOS, MOST_DRAWN = 2, 4
CHAIN_LENGTH = 250
"""Draws of each chain in a picture; the numbers of the page rest on all."""
ROW = 1.3
"""Height in inches of one line of small pictures."""
DOTS = 130
PAIRS = {"scatter": {"size": 4, "alpha": 0.3}, "divergence": {"color": ORANGE}}


@dataclass(frozen=True)
class Diagnostic:
    """One picture: a heading, what it is for and what to look for, an alternative text, and the PNG."""

    title: str
    text: str
    alt: str
    png: bytes


def drawn_quantities(findings: Findings) -> dict[str, str]:
    """Short label -> what it stands for, of every scalar that is drawn; the primary contrast comes first.

    Draws that are not finite, or all the same, have no picture.
    """
    named = _named(findings, findings.draws["posterior"].to_dataset())
    shown = {
        label: told for label, (told, draws) in named.items() if np.isfinite(draws).all() and draws.max() > draws.min()
    }
    ratios = [label for label in shown if label.startswith(RATIO)][:MOST_RATIOS]
    spreads = [label for label in shown if not label.startswith(RATIO)]
    return {label: shown[label] for label in [*ratios, *spreads][:MOST_DRAWN]}


def pictures(findings: Findings) -> Iterator[Diagnostic]:
    """Every picture that this fit allows; without energies, prior or counts there is none of those."""
    if not drawn_quantities(findings):
        return
    tree = _thinned(findings)
    labels = ", ".join(drawn_quantities(findings))
    lines = -(-len(drawn_quantities(findings)) // 2)
    whole = xr.DataTree.from_dict({"posterior": _drawn_of(findings, "posterior")})
    import arviz as az

    with plain_matplotlib():
        yield Diagnostic(
            "Trace and density",
            "Whether the chains agree. On the left the density of each chain, on the right its "
            "draws in their order. The densities should lie on each other; the traces should look like noise around "
            "one level, without drift, steps or flat stretches. Marks at the foot of a trace are divergent "
            f"transitions. The gate behind it: R-hat of at most {R_HAT_MAXIMUM:g}.",
            f"Density and trace of every chain for {labels}.",
            _drawn(
                lambda **size: az.plot_trace_dist(tree, compact=False, aes={"color": ["chain"]}, **size),
                ROW * len(drawn_quantities(findings)),
            ),
        )
        yield Diagnostic(
            "Ranks",
            "Small disagreements between chains that a trace does not show. The draws of all chains are ranked "
            "together; each line is how far one chain's ranks are from an even spread, and should stay near zero. p is "
            "how often chains that agree would be at least so uneven: below the printed α, what stands out is marked.",
            f"Departure of each chain's ranks from an even spread for {labels}, each with a p-value of uniformity.",
            _drawn(lambda **size: az.plot_rank(tree, col_wrap=2, **size), ROW * lines + 0.3),
        )
        if "energy" in tree["sample_stats"]:
            yield Diagnostic(
                "Energy",
                "Whether the sampler reached the tails. The steps of the energy between draws should be "
                f"about as wide as the energy itself; their ratio, E-BFMI, must be at least {E_BFMI_MINIMUM:g} in "
                "every chain.",
                "Densities of the sampler's energy and of its steps, and E-BFMI of each chain.",
                _drawn(lambda **size: az.plot_energy(tree, **size), 2.2),
            )
        yield Diagnostic(
            "Effective draws as they grow",
            "Whether more draws give more effective draws. Bulk and tail effective sample size should rise "
            f"steadily with the draws and end above the dashed line at {ESS_MINIMUM}, which the gate demands; a curve "
            "that levels off means chains that have not mixed.",
            f"Bulk and tail effective sample size by number of draws for {labels}, with the line at {ESS_MINIMUM}.",
            _drawn(lambda **size: az.plot_ess_evolution(whole, col_wrap=2, n_points=6, **size), 1.6 * lines),
        )
        if "prior" in tree:
            yield Diagnostic(
                "Prior against posterior",
                "What the data add to the prior. Where the posterior is much narrower than the prior, the data are "
                "informative; where the two are alike, the prior does. No gate rests on it.",
                f"Densities of prior and posterior of {labels}.",
                _drawn(lambda **size: az.plot_prior_posterior(tree, col_wrap=2, **size), 1.6 * lines),
            )
        if len(drawn_quantities(findings)) > 1:
            yield Diagnostic(
                "Pairs",
                "Where the sampler had difficulties. Each point is a draw of two quantities. Points should fill an "
                "oval; a funnel that narrows towards small spreads is hard to sample, and divergent transitions, "
                "marked as dots of their own, gather at its neck. None is allowed.",
                f"Scatter plots of the draws of every pair among {labels}, divergent transitions marked.",
                _drawn(lambda **size: az.plot_pair(tree, marginal=False, visuals=PAIRS, **size), 0.85 * WIDTH),
            )
        if "posterior_predictive" in tree:
            yield Diagnostic(
                "Events, replicated and observed",
                "Whether the model reproduces the observed events. Thin lines: how many events the "
                "groups and intervals have in cohorts replicated from the posterior, given the person-time at risk; "
                "thick line: in the cohort itself. It should lie among the thin ones. No gate rests on it.",
                "Distribution of events over groups and intervals in replicated cohorts and in the observed one.",
                _drawn(lambda **size: az.plot_ppc_dist(tree, num_samples=30, **size), 2.2),
            )


def _thinned(findings: Findings) -> xr.DataTree:
    """What is drawn, as scalars under short labels: about CHAIN_LENGTH draws of each chain, and all divergent ones."""
    tree = findings.draws
    posterior, statistics = _drawn_of(findings, "posterior"), tree["sample_stats"].to_dataset()
    length = posterior.sizes["draw"]
    divergent = np.flatnonzero(statistics["diverging"].any("chain"))
    kept = np.union1d(np.arange(0, length, max(1, length // CHAIN_LENGTH)), divergent)
    groups = {"posterior": posterior.isel(draw=kept), "sample_stats": statistics.isel(draw=kept)}
    if "prior" in tree:
        groups["prior"] = _drawn_of(findings, "prior")
    if "posterior_predictive" in tree:
        groups |= {name: tree[name].to_dataset() for name in ("posterior_predictive", "observed_data")}
    return xr.DataTree.from_dict(groups)


def _drawn_of(findings: Findings, group: str) -> xr.Dataset:
    """The scalars that are drawn, each a variable of its own."""
    named = _named(findings, findings.draws[group].to_dataset())
    return xr.Dataset({label: named[label][1] for label in drawn_quantities(findings)})


def _named(findings: Findings, group: xr.Dataset) -> dict[str, tuple[str, xr.DataArray]]:
    """Every scalar that could be drawn by its short label, with what it stands for."""
    primary = findings.analysis.primary.label
    contrasts = sorted(map(str, group["contrast"].values), key=lambda label: label != primary)
    ratios = {
        f"{RATIO} {place}": (f"log hazard ratio of {label}", group["log_hazard_ratio"].sel(contrast=label, drop=True))
        for place, label in enumerate(contrasts, 1)
    }
    found = {label: draws for name in SPREADS if name in group for label, draws in _scalars(group[name]).items()}
    return ratios | {label: (SPREADS[str(draws.name)], draws) for label, draws in found.items()}


def _scalars(draws: xr.DataArray) -> dict[str, xr.DataArray]:
    """Each scalar of a parameter with at most one further dimension, such as `tau[stage]`."""
    further = [dim for dim in draws.dims if dim not in {"chain", "draw"}]
    if not further or draws.sizes[further[0]] == 1:
        return {str(draws.name): draws.squeeze(further, drop=True)}
    (dim,) = further
    return {f"{draws.name}[{label}]": draws.sel({dim: label}, drop=True) for label in draws[dim].values}


@contextmanager
def plain_matplotlib() -> Iterator[None]:
    """Draw into memory in the style of our figures, whatever the caller's screen; put everything back."""
    import matplotlib
    from matplotlib import pyplot, rc_context
    from matplotlib.rcsetup import cycler

    screen = matplotlib.get_backend()
    pyplot.switch_backend("agg")
    try:
        colours = cycler(color=GROUP_COLOURS)
        with rc_context({**STYLE, "axes.prop_cycle": colours, "font.size": 8.0, "lines.linewidth": 1.0}):
            yield
    finally:
        pyplot.switch_backend(screen)


def _drawn(draw: Callable[..., Any], height: float) -> bytes:
    """The picture that ArviZ makes, as a PNG."""
    from matplotlib import pyplot

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of densities and of layouts; the gates judge the draws
        draw(backend="matplotlib", figure_kwargs={"figsize": (WIDTH, height), "layout": "constrained"})
        figure, content = pyplot.gcf(), io.BytesIO()
        figure.savefig(content, format="png", dpi=DOTS, metadata={"Software": None})
        pyplot.close(figure)
    return content.getvalue()
