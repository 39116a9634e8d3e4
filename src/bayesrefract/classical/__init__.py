"""Classical survival analysis of the same cohort, and its agreement with the Bayesian model."""

from bayesrefract.classical.check import cross_check
from bayesrefract.classical.cox import tost_p

__all__ = ["cross_check", "tost_p"]
