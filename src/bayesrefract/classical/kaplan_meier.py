"""Kaplan-Meier curve, median survival, RMST and median follow-up of each group."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bayesrefract.classical.agreement import KAPLAN_MEIER, SIMON_MAKUCH, CurveName, GroupSummary, Interval, KaplanMeier
from bayesrefract.cohort.rows import up_to_first
from bayesrefract.cohort.start import Start
from bayesrefract.cohort.value import Cohort

HALF_TOLERANCE = 1e-8
"""Distance from 0.5 within which a survival probability counts as exactly one half."""


FROM_0 = Start()
NOTHING = Interval(None, None, None)
CHANGING = (
    "Groups change over time: a patient counts in each group while in it, so that numbers of patients overlap. Curves "
    "are those of Simon & Makuch (1984), doi:10.1002/sim.4780030106: hazards of each group added up, and no survival "
    "of patients in it; no median."
)


def describe_groups(
    cohort: Cohort, horizon: float | None, start: Start = FROM_0
) -> tuple[tuple[GroupSummary, ...], tuple[str, ...]]:
    """Summarise each group, with notes on the curves.

    With delayed entry curves, medians and restricted means are those of patients without the event at `start`; where
    no start is declared, there are curves alone.
    """
    summaries, notes = [], []
    name, of_patients = curve_name(cohort), not cohort.group_changes
    sizes = cohort.group_sizes
    shown = up_to_first(cohort.event, cohort)
    for code, level in enumerate(cohort.groups):
        inside, drawn = cohort.group == code, (cohort.group == code) & shown
        curve, note = describe_curve(cohort.entry[drawn], cohort.exit[drawn], cohort.event[drawn], start.time)
        whole = not note and start.is_declared and of_patients
        average = restricted_mean(curve, horizon) if whole and horizon is not None else None
        summaries.append(
            GroupSummary(
                level=level,
                patients=int(sizes[code]),
                events=int(cohort.event[inside].sum()),
                person_time=float((cohort.exit - cohort.entry)[inside].sum()),
                median=median_survival(curve) if start.is_declared and of_patients else NOTHING,
                median_follow_up=_follow_up(cohort, inside) if of_patients else NOTHING,
                rmst=average[0] if average else None,
                rmst_se=average[1] if average else None,
                curve=curve,
            )
        )
        if note:
            notes.append(f"{name} curve of {level}: {note.format(unit=cohort.time_unit)}")
    if not of_patients:
        notes.append(CHANGING)
    if cohort.has_repeated_events:
        notes.append("Kaplan-Meier curves and their medians are of the first event.")
    return tuple(summaries), tuple(notes)


def curve_name(cohort: Cohort) -> CurveName:
    """What the curves of the groups are."""
    return SIMON_MAKUCH if cohort.group_changes else KAPLAN_MEIER


def _follow_up(cohort: Cohort, rows: NDArray[np.bool_]) -> Interval:
    """Median follow-up of the patients of these rows, from their first entry to their last exit."""
    first, last = rows & cohort.is_first, rows & cohort.is_last
    return median_survival(reverse_curve(cohort.entry[first], cohort.exit[last], cohort.event[last]))


def overall_follow_up(cohort: Cohort) -> Interval:
    """Median follow-up of all groups together, by the reverse Kaplan-Meier estimate.

    Schemper & Smith (1996), doi:10.1016/0197-2456(96)00075-X.
    """
    return _follow_up(cohort, np.ones(cohort.n_rows, dtype=bool))


def reverse_curve(entry: NDArray[np.float64], exit_: NDArray[np.float64], event: NDArray[np.bool_]) -> KaplanMeier:
    """Reverse Kaplan-Meier curve of the time under observation, which starts with each patient's own entry."""
    return describe_curve(np.zeros(len(entry)), exit_ - entry, ~event)[0]


def describe_curve(
    entry: NDArray[np.float64], exit_: NDArray[np.float64], event: NDArray[np.bool_], start: float = 0.0
) -> tuple[KaplanMeier, str]:
    """Kaplan-Meier curve of those without the event at `start`, and a note where it does not cover all that follows.

    Survival cannot be estimated across a gap in which nobody is at risk: the product limit would be
    stuck at 0, or silently skip the gap.
    """
    later = exit_ > start
    entry, exit_, event = np.maximum(entry[later], start), exit_[later], event[later]
    if not len(exit_):
        return KaplanMeier(*(np.array([v]) for v in (start, 1.0, 1.0, 1.0, 0.0))), "no patients."
    inside, first, end = connected_stretch(entry, exit_, event)
    curve = kaplan_meier(entry[inside], exit_[inside], event[inside], first)
    if first == start and inside.all():
        return curve, ""
    note = (
        f"nobody is at risk before {first:g} {{unit}}"
        if inside.all()
        else (f"the number at risk falls to 0 in between, so only follow-up from {first:g} to {end:g} {{unit}} is used")
    )
    return curve, f"{note}; it and its median hold for patients without the event at {first:g} {{unit}}; no RMST."


def connected_stretch(
    entry: NDArray[np.float64], exit_: NDArray[np.float64], event: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], float, float]:
    """The stretch of follow-up, with the most events, throughout which somebody is at risk.

    Returns who is in it, its start and its end. Without delayed entry it is all of the follow-up.
    """
    order = np.argsort(entry, kind="stable")
    latest = np.maximum.accumulate(exit_[order])
    breaks = np.append(False, entry[order][1:] >= latest[:-1])
    piece = np.empty(len(entry), dtype=int)
    piece[order] = np.cumsum(breaks)
    chosen = piece == np.argmax(np.bincount(piece, weights=event))
    return chosen, float(entry[chosen].min()), float(exit_[chosen].max())


def kaplan_meier(
    entry: NDArray[np.float64], exit_: NDArray[np.float64], event: NDArray[np.bool_], start: float = 0.0
) -> KaplanMeier:
    """Product-limit curve with log-log limits; it starts at `start`, the first entry.

    Limits are NaN where the curve is 0, as the log-log transformation has no value there.
    """
    from lifelines import KaplanMeierFitter

    # Nobody leaves before the first entry, so setting that entry to 0 changes no risk set.
    entered = np.where(entry <= start, 0.0, entry)
    fitter = KaplanMeierFitter().fit(exit_, event, entry=entered if entered.any() else None, alpha=0.05)
    times = fitter.timeline.astype(float)
    times[0] = start
    survival = fitter.survival_function_.to_numpy()[:, 0]
    limits = np.where(survival[:, None] > 0, fitter.confidence_interval_.to_numpy(), np.nan)
    at_risk = np.searchsorted(np.sort(entry), times, side="left") - np.searchsorted(np.sort(exit_), times, side="left")
    at_risk[0] = np.sum(entry <= start)
    left = np.sort(exit_[~event])
    censored = np.searchsorted(left, times, side="right") - np.searchsorted(left, times, side="left")
    return KaplanMeier(times, survival, limits[:, 0], limits[:, 1], at_risk.astype(float), censored)


def median_survival(curve: KaplanMeier) -> Interval:
    """Median with its log-log limits, each read off its own curve; None where not reached."""
    return Interval(*(_half_time(curve.times, steps) for steps in (curve.survival, curve.low, curve.high)))


def _half_time(times: NDArray[np.float64], steps: NDArray[np.float64]) -> float | None:
    """First time at or below one half; on a flat step at exactly one half, the step's midpoint.

    The convention of R's survival package (`survfit`).
    """
    known = np.isfinite(steps)
    times, steps = times[known], steps[known]
    below = np.flatnonzero(steps <= 0.5 + HALF_TOLERANCE)
    if not len(below):
        return None
    first = below[0]
    lower = np.flatnonzero(steps < 0.5 - HALF_TOLERANCE)
    if steps[first] >= 0.5 - HALF_TOLERANCE and len(lower):
        return float((times[first] + times[lower[0]]) / 2)
    return float(times[first])


def restricted_mean(curve: KaplanMeier, horizon: float) -> tuple[float, float] | None:
    """Restricted mean survival time up to `horizon` and its standard error, by exact step sums.

    Variance: sum over event times of (area from there to the horizon)^2 d / (n (n - d)).
    None beyond the last follow-up time, unless the curve has reached 0. Klein & Moeschberger (2003),
    Survival Analysis, section 4.5; Royston & Parmar (2013), doi:10.1186/1471-2288-13-152.
    """
    if horizon > curve.times[-1] and curve.survival[-1] > 0:
        return None
    starts = np.minimum(curve.times, horizon)
    areas = curve.survival * np.diff(np.append(starts, horizon))
    to_come = np.cumsum(areas[::-1])[::-1]
    falls = np.flatnonzero((np.diff(curve.survival) < 0) & (curve.survival[1:] > 0) & (curve.times[1:] <= horizon)) + 1
    kept = curve.survival[falls] / curve.survival[falls - 1]  # (n - d) / n
    variance = np.sum(to_come[falls] ** 2 * (1 - kept) / (curve.at_risk[falls] * kept))
    return float(areas.sum()), float(np.sqrt(variance))
