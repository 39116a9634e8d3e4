"""Exposure table and model file -> PyMC model: baselines, effects, priors, likelihood."""
