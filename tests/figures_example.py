"""Every figure of hand-made findings, by name, and what is written in it."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import xarray as xr
from findings_example import ratio_over_time

from bayesrefract.findings import Findings, RatioOverTime
from bayesrefract.report import figures
from bayesrefract.report.figures import Picture


def drawn(picture: Picture | None) -> Picture:
    assert picture is not None
    return picture


def prior_draws(findings: Findings) -> xr.DataArray:
    assert findings.prior_survival is not None
    return findings.prior_survival


def with_energy(findings: Findings) -> Findings:
    """Energies of a sampler that explores well: draws that do not depend on each other."""
    energy = 1000 + np.random.default_rng(0).normal(scale=5, size=(4, 500))
    draws = findings.draws.copy()
    draws["sample_stats"] = draws["sample_stats"].to_dataset().assign(energy=(("chain", "draw"), energy))
    return replace(findings, draws=draws)


def with_ratios(findings: Findings) -> tuple[Findings, RatioOverTime]:
    """With a ratio over time under two priors, and the first of them."""
    ratios = tuple(ratio_over_time(findings.analysis, scale) for scale in (0.3, 1.0))
    return replace(findings, over_time=ratios), ratios[0]


FIGURES: dict[str, Callable[[Findings], Picture]] = {
    "flow": figures.flow_figure,
    "survival": figures.survival_figure,
    "log_log": figures.log_log_figure,
    "predictive": figures.predictive_figure,
    "prior": lambda made: figures.prior_figure(made, prior_draws(made)),
    "prior_ratio": lambda made: drawn(figures.prior_ratio_figure(made, made.verdicts[0])),
    "density": lambda made: figures.density_figure(made, made.verdicts[0]),
    "rope_width": lambda made: figures.rope_width_figure(made, made.verdicts[0]),
    "bar": lambda made: figures.probability_bar(made, made.verdicts[0]),
    "differences": lambda made: drawn(figures.differences_figure(made)),
    "forest": lambda made: figures.forest_figure([made]),
    "study_forest": lambda made: figures.study_forest_figure([made]),
    "chains": figures.chains_figure,
    "kaplan_meier": figures.kaplan_meier_figure,
    "cox_forest": figures.cox_forest_figure,
    "over_time": lambda made: figures.over_time_figure(*with_ratios(made)),
    "energy": lambda made: drawn(figures.energy_figure(with_energy(made))),
    "ess": figures.ess_figure,
}


def texts(picture: Picture) -> list[str]:
    """Every text drawn in a figure; also proves that the SVG is well-formed."""
    root = ET.fromstring(picture.svg)
    return ["".join(element.itertext()).strip() for element in root.iter("{http://www.w3.org/2000/svg}text")]
