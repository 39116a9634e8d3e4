"""What papers print: numbers with their digits, ratios with their limits, tables of counts."""

from bayesrefract.printed.counts import CountRow, Counts, read_counts
from bayesrefract.printed.estimates import Estimate, read_estimates
from bayesrefract.printed.number import Number, Range, read_number
from bayesrefract.printed.ratio import Ratio

__all__ = ["CountRow", "Counts", "Estimate", "Number", "Range", "Ratio", "read_counts", "read_estimates", "read_number"]
