"""Build the PyMC model from an exposure table and a model file: baselines, effects, priors, likelihood."""
