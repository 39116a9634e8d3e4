"""Agreement of the companion fit with Cox regression: the code, the intervals and the ties, one by one.

Three questions with a threshold each, as one distance from Cox regression cannot distinguish them.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from bayesrefract.classical.agreement import Companion
from bayesrefract.classical.regression import GroupEffects
from bayesrefract.study.study import Contrast

SAME_CODE = 1e-6
"""Two programs that maximise the same likelihood differ by rounding alone."""
FINE_ENOUGH = 0.10
TOO_COARSE = 0.30
SE_RATIO = 1.25
TIES_MATTER = 0.2
ROUNDED_TIMES = "times are rounded: this pulls the ratio towards 1"


class Twins(NamedTuple):
    """Group effects of the same patients, covariates and strata, by five fits.

    `companion`: on the intervals of the fit. `breslow`: the companion with a cut at every event time. `efron`: Cox
    regression. `checked`, `checking`: the companion with a cut at every event time, and another program's Breslow
    estimate, of the patients for whom both were computed.
    """

    companion: GroupEffects
    breslow: GroupEffects
    efron: GroupEffects
    checked: GroupEffects
    checking: GroupEffects


def compare_with_cox(twins: Twins, contrast: Contrast, codes: tuple[int, int], intervals: str) -> Companion:
    """Compare one contrast; `codes` are those of its group and reference, `intervals` those of the fit in words."""
    ours, theirs, efron = (each.contrast(*codes) for each in (twins.companion, twins.breslow, twins.efron))
    if ours is None:
        reason = _no_estimate("the companion fit", twins.companion)
        return Companion(contrast.group, contrast.reference, math.nan, math.nan, agrees=False, reason=reason)
    if theirs is None or efron is None:
        reason = _no_estimate("Cox regression", twins.efron if efron is None else twins.breslow)
        return Companion(contrast.group, contrast.reference, *ours, agrees=False, reason=reason)
    code, grid, ties = (
        _code_distance(twins, codes),
        (ours[0] - theirs[0]) / theirs[1],
        (efron[0] - theirs[0]) / theirs[1],
    )
    reason = _fault(code, grid, ours, theirs, intervals)
    return Companion(
        contrast.group,
        contrast.reference,
        *ours,
        code_distance=code,
        grid_distance=grid,
        ties_distance=ties,
        se_ratio=ours[1] / theirs[1],
        agrees=not reason,
        reason=reason,
        labels=_labels(grid, ties, intervals),
    )


def without_counterpart(companion: GroupEffects, contrast: Contrast, codes: tuple[int, int]) -> Companion:
    """Companion of a model without a Cox counterpart: hazards free in every group."""
    ours = companion.contrast(*codes) or (math.nan, math.nan)
    return Companion(contrast.group, contrast.reference, *ours, reason="no frequentist counterpart")


def _code_distance(twins: Twins, codes: tuple[int, int]) -> float | None:
    """The larger of the distance of the log hazard ratios, in SE, and of the relative distance of the SE."""
    ours, theirs = twins.checked.contrast(*codes), twins.checking.contrast(*codes)
    if ours is None or theirs is None:
        return None
    return max(abs(ours[0] - theirs[0]) / theirs[1], abs(ours[1] / theirs[1] - 1))


def _fault(
    code: float | None, grid: float, ours: tuple[float, float], theirs: tuple[float, float], intervals: str
) -> str:
    if code is not None and code > SAME_CODE:
        return (
            f"two programs disagree on Cox regression with Breslow's handling of ties, by {code:.2g} standard errors "
            f"({SAME_CODE:g} allowed). Please report it as a fault of this program"
        )
    figures = f"companion {ours[0]:.3f} (SE {ours[1]:.3f}), Cox {theirs[0]:.3f} (SE {theirs[1]:.3f})"
    if abs(grid) > TOO_COARSE:
        return (
            f"the intervals are too coarse: with {intervals} the companion fit is {abs(grid):.2f} standard "
            f"errors from Cox regression ({TOO_COARSE:.2f} allowed; log hazard ratio: {figures}). Give more intervals"
        )
    if not 1 / SE_RATIO <= ours[1] / theirs[1] <= SE_RATIO:
        return (
            f"the standard errors of the companion fit and of Cox regression differ by {ours[1] / theirs[1] - 1:+.0%} "
            f"(a ratio of {SE_RATIO:g} is allowed; log hazard ratio: {figures})"
        )
    return ""


def _labels(grid: float, ties: float, intervals: str) -> tuple[str, ...]:
    labels = []
    if FINE_ENOUGH < abs(grid) <= TOO_COARSE:
        labels.append(f"{intervals} are {abs(grid):.2f} standard errors from Cox regression")
    if abs(ties) > TIES_MATTER:
        labels.append(ROUNDED_TIMES)
    return tuple(labels)


def _no_estimate(fit: str, effects: GroupEffects) -> str:
    return f"{fit} has no estimate: {effects.reason or 'the likelihood of this contrast has no maximum'}"
