"""Figures of findings, each with the table of its numbers. Nothing is estimated here."""

from bayesrefract.report.figures.assumptions import log_log_figure, predictive_figure
from bayesrefract.report.figures.balance import balance_figure
from bayesrefract.report.figures.chains import chains_figure, energy_figure, ess_figure
from bayesrefract.report.figures.cox_forest import cox_forest_figure
from bayesrefract.report.figures.density import density_figure, prior_ratio_figure, probability_bar, rope_width_figure
from bayesrefract.report.figures.differences import differences_figure
from bayesrefract.report.figures.flow import flow_figure
from bayesrefract.report.figures.forest import forest_figure, study_forest_figure
from bayesrefract.report.figures.kaplan_meier import kaplan_meier_figure
from bayesrefract.report.figures.over_time import over_time_figure
from bayesrefract.report.figures.style import Picture, slug
from bayesrefract.report.figures.survival import prior_figure, survival_figure

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
    "over_time_figure",
    "predictive_figure",
    "prior_figure",
    "prior_ratio_figure",
    "probability_bar",
    "rope_width_figure",
    "slug",
    "study_forest_figure",
    "survival_figure",
]
