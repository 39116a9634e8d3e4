"""Simulation-based calibration: truths drawn from the prior, patients from the truths, and their ranks among the draws.

Where the model and its sampler are right, every rank is equally likely (Talts et al. 2018, arXiv:1804.06788). The log
likelihood depends on the data as well as on the parameters, and shows faults that the parameters alone do not (Modrak
et al. 2023, doi:10.1214/23-BA1404).
"""
