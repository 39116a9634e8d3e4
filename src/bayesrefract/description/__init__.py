"""Patients by group in plain numbers: counts, quartiles, tests of equality, and how well two groups are balanced."""

from bayesrefract.description.balance import LARGE, SMALL, Balance, balance
from bayesrefract.description.describe import Category, Description, Quartiles, describe

__all__ = ["LARGE", "SMALL", "Balance", "Category", "Description", "Quartiles", "balance", "describe"]
