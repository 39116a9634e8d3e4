"""Consistency checks of the counts, estimates and p-values that a paper prints; no patient records are required."""

from bayesrefract.papers.audit.finding import Finding, Severity, Unchecked
from bayesrefract.papers.audit.report import Paper, Report, audit, read_paper

__all__ = ["Finding", "Paper", "Report", "Severity", "Unchecked", "audit", "read_paper"]
