"""Findings -> figures with the tables behind them. Nothing is estimated here; draws are only arranged for the eye."""

from bayesrefract.figures.assumptions import log_log_figure, predictive_figure
from bayesrefract.figures.balance import balance_figure
from bayesrefract.figures.bar import probability_bar
from bayesrefract.figures.chains import chains_figure, energy_figure, ess_figure
from bayesrefract.figures.cox_forest import cox_forest_figure
from bayesrefract.figures.density import density_figure, prior_ratio_figure, rope_width_figure
from bayesrefract.figures.differences import differences_figure
from bayesrefract.figures.flow import flow_figure
from bayesrefract.figures.forest import forest_figure, study_forest_figure
from bayesrefract.figures.kaplan_meier import kaplan_meier_figure
from bayesrefract.figures.style import Picture, slug
from bayesrefract.figures.survival import prior_figure, survival_figure

__all__ = [
    "Picture",
    "balance_figure",
    "chains_figure",
    "cox_forest_figure",
    "density_figure",
    "differences_figure",
    "energy_figure",
    "ess_figure",
    "flow_figure",
    "forest_figure",
    "kaplan_meier_figure",
    "log_log_figure",
    "predictive_figure",
    "prior_figure",
    "prior_ratio_figure",
    "probability_bar",
    "rope_width_figure",
    "slug",
    "study_forest_figure",
    "survival_figure",
]
