"""Findings -> SVG figures. Nothing is estimated here; draws are only arranged for the eye."""

from bayesrefract.figures.chains import chains_figure
from bayesrefract.figures.ratios import density_figure, forest_figure
from bayesrefract.figures.style import Picture, slug
from bayesrefract.figures.survival import predictive_figure, prior_figure, survival_figure

__all__ = [
    "Picture",
    "chains_figure",
    "density_figure",
    "forest_figure",
    "predictive_figure",
    "prior_figure",
    "slug",
    "survival_figure",
]
