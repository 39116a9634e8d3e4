"""Does a paper's arithmetic hold? Printed counts and estimates held against each other; no patient is needed."""

from bayesrefract.papers.audit.finding import Finding, Severity, Unchecked
from bayesrefract.papers.audit.report import Paper, Report, audit, read_paper

__all__ = ["Finding", "Paper", "Report", "Severity", "Unchecked", "audit", "read_paper"]
