"""Names of the quantities that are kept of every draw."""

REPORTED = (
    "group_effect",
    "coefficient",
    "change",
    "change_sd",
    "log_hazard",
    "hazard_shape",
    "hazard_rate",
    "log_likelihood",
    "sigma",
    "tau",
    "stratum_sd",
    "stratum_sigma",
    "log_k",
)
"""Quantities that are kept of every draw, where a model has them; the raw coordinates behind them are not."""
