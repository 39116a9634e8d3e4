"""The gate of a model's curves: what its posterior predictive check contradicts is not claimed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bayesrefract.classical.agreement import GroupSummary
from bayesrefract.decision.verdict import Verdict, VerdictWord
from bayesrefract.estimands import PredictiveCheck
from bayesrefract.estimands.predictive import ENOUGH, MISFIT_P
from bayesrefract.numerals import span
from bayesrefract.study.rope import Estimand
from bayesrefract.study.study import Contrast, TimeUnit

FAR = 1.25
"""Standard errors of Kaplan-Meier's restricted mean, from which on a model's is another one.

A smooth model uses more than Kaplan-Meier does, so that honest ones differ from it too: of 240 groups in simulated
trials of 150 and 500 patients, one in six by more than 0.5, 1% by more than 0.97, none by more than 1.12.
"""


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


def off_kaplan_meier(
    means: Mapping[str, float], groups: Sequence[GroupSummary], contrasts: Sequence[Contrast], unit: TimeUnit
) -> str:
    """Why nothing is claimed from a model's curves, as a sentence; empty where they meet Kaplan-Meier.

    means : group -> restricted mean that the model predicts for the patients of that group.
    """
    compared = {name for contrast in contrasts for name in (contrast.group, contrast.reference)}
    far = [
        f"{each.level} {span(means[each.level], unit)} beside {span(each.rmst, unit)} (SE {span(each.rmst_se, unit)})"
        for each in groups
        if each.level in compared and each.level in means and each.rmst is not None and each.rmst_se
        if abs(means[each.level] - each.rmst) > FAR * each.rmst_se
    ]
    if not far:
        return ""
    return (
        f"The model's restricted mean lies more than {FAR:g} standard errors from Kaplan-Meier's of the same patients "
        f"({', '.join(far)}): nothing is claimed on curves, medians, survival probabilities, restricted means and "
        "marginal ratios. Try a model with a baseline hazard by group."
    )


def without_curves(verdicts: Sequence[Verdict], reason: str) -> tuple[Verdict, ...]:
    """The verdicts, those on anything but hazard ratios withheld where there is a reason."""
    if not reason:
        return tuple(verdicts)
    return tuple(
        each
        if each.estimand in {Estimand.HAZARD_RATIO, Estimand.THROUGHOUT}
        else replace(
            each,
            word=VerdictWord.WITHHELD,
            direction=None,
            reasons=(*(each.reasons if each.word is VerdictWord.WITHHELD else ()), reason),
        )
        for each in verdicts
    )
