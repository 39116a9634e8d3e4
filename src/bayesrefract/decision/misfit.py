"""The gate of a model's curves: what its posterior predictive check contradicts is not claimed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bayesrefract.decision.verdict import Verdict, VerdictWord
from bayesrefract.estimands import PredictiveCheck
from bayesrefract.estimands.predictive import ENOUGH, MISFIT_P
from bayesrefract.study.rope import Estimand
from bayesrefract.study.study import Contrast


def misfit(checks: Sequence[PredictiveCheck], contrasts: Sequence[Contrast]) -> str:
    """Why nothing is claimed from a model's curves, as a sentence; empty where they fit every compared group."""
    compared = {name for contrast in contrasts for name in (contrast.group, contrast.reference)}
    failed = [each for each in checks if each.level in compared and each.fails]
    if not failed:
        return ""
    shares = ", ".join(
        f"{each.level} {'none' if each.p == 0 else f'{each.p * each.replicates:.0f}'}" for each in failed
    )
    return (
        f"The model's survival curves do not fit the patients (posterior predictive check, p below {MISFIT_P:g}; of "
        f"{ENOUGH:,} replicated curves as far from the model's as the observed one: {shares}): nothing is claimed on "
        "curves, medians, survival probabilities, restricted means and marginal ratios. Try a model with a baseline "
        "hazard by group."
    )


def without_curves(verdicts: Sequence[Verdict], reason: str) -> tuple[Verdict, ...]:
    """The verdicts, those on anything but the hazard ratio withheld where there is a reason."""
    if not reason:
        return tuple(verdicts)
    return tuple(
        each
        if each.estimand is Estimand.HAZARD_RATIO
        else replace(
            each,
            word=VerdictWord.WITHHELD,
            direction=None,
            reasons=(*(each.reasons if each.word is VerdictWord.WITHHELD else ()), reason),
        )
        for each in verdicts
    )
