"""Draws and a ROPE -> a verdict: rules, gates, convergence diagnostics, attainability."""

from bayesrefract.decision.verdict import Verdict, VerdictWord

__all__ = ["Verdict", "VerdictWord"]
