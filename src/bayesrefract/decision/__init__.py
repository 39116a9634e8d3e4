"""Verdicts from draws and a ROPE: decision rules, gates, convergence diagnostics, attainability."""

from bayesrefract.decision.verdict import Verdict, VerdictWord

__all__ = ["Verdict", "VerdictWord"]
