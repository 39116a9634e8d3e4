"""Like with like: the companion fit held against Cox regression, contrast by contrast."""

from __future__ import annotations

import math

from bayesrefract.crosscheck.agreement import Companion
from bayesrefract.crosscheck.estimable import GroupEffects
from bayesrefract.study import Contrast

TIED_SHARE = 0.10
"""Above this share of tied events, Efron's and Breslow's Cox forms part, and the gate is wider."""

MAX_DISTANCE = 0.10
MAX_DISTANCE_TIED = 0.30
MAX_SE_DIFFERENCE = 0.05


def hold_against(
    companion: GroupEffects, cox: GroupEffects, contrast: Contrast, codes: tuple[int, int], tied_share: float
) -> Companion:
    """Whether the companion's contrast meets Cox's, and in plain words why not.

    codes : of the contrast's group and reference.
    """
    ours, theirs = companion.contrast(*codes), cox.contrast(*codes)
    if ours is None:
        reason = _no_estimate("the companion fit", companion)
        return Companion(contrast.group, contrast.reference, math.nan, math.nan, None, None, False, reason)
    if theirs is None:
        return Companion(
            contrast.group, contrast.reference, *ours, None, None, False, _no_estimate("Cox regression", cox)
        )
    z, se_ratio = (ours[0] - theirs[0]) / theirs[1], ours[1] / theirs[1]
    reason = _disagreement(ours, theirs, z, se_ratio, tied_share)
    return Companion(contrast.group, contrast.reference, *ours, z, se_ratio, not reason, reason)


def without_counterpart(companion: GroupEffects, contrast: Contrast, codes: tuple[int, int]) -> Companion:
    """The companion of a model that Cox regression cannot mirror: hazards free in every group."""
    ours = companion.contrast(*codes) or (math.nan, math.nan)
    return Companion(contrast.group, contrast.reference, *ours, None, None, None, "no frequentist counterpart")


def _no_estimate(fit: str, effects: GroupEffects) -> str:
    return f"{fit} has no estimate: {effects.reason or 'the likelihood of this contrast has no maximum'}"


def _disagreement(
    ours: tuple[float, float], theirs: tuple[float, float], z: float, se_ratio: float, tied_share: float
) -> str:
    """Empty where both gates are met."""
    allowed = MAX_DISTANCE_TIED if tied_share > TIED_SHARE else MAX_DISTANCE
    faults = []
    if abs(z) > allowed:
        faults.append(f"the log hazard ratios are {abs(z):.2f} Cox standard errors apart ({allowed:.2f} allowed)")
    if abs(se_ratio - 1) > MAX_SE_DIFFERENCE:
        faults.append(f"the standard errors differ by {se_ratio - 1:+.1%} ({MAX_SE_DIFFERENCE:.0%} either way allowed)")
    if not faults:
        return ""
    figures = f"companion {ours[0]:.3f} (SE {ours[1]:.3f}), Cox {theirs[0]:.3f} (SE {theirs[1]:.3f})"
    return f"companion fit and Cox regression disagree: {' and '.join(faults)}; log hazard ratio: {figures}"
