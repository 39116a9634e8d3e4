"""PyMC model -> posterior draws: compile once, sample many, store each finished fit."""
