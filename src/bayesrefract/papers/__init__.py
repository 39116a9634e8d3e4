"""Printed numbers of papers: numbers with their digits, ratios with their limits, tables of counts."""

from bayesrefract.papers.counts import CountRow, Counts, read_counts
from bayesrefract.papers.estimates import Estimate, read_estimates
from bayesrefract.papers.numbers import Number, Range, Ratio, read_number

__all__ = ["CountRow", "Counts", "Estimate", "Number", "Range", "Ratio", "read_counts", "read_estimates", "read_number"]
