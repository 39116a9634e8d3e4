"""Compile a PyMC model once, sample many fits with it, and store each finished fit."""
