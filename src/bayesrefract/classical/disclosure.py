"""What may be reported of the classical analyses where a group has very few patients."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bayesrefract.classical.agreement import Agreement, GroupSummary, ImmortalTime, KaplanMeier
from bayesrefract.cohort.disclosure import NOT_SHOWN, too_few
from bayesrefract.interval import Interval

NOTHING = Interval(None, None, None)


def small_groups(agreement: Agreement) -> tuple[str, ...]:
    """The groups with too few patients for their times to be shown."""
    return tuple(group.level for group in agreement.groups if too_few(group.patients))


def reportable(agreement: Agreement) -> Agreement:
    """Without medians, follow-up, restricted means, person-time and curves of groups with very few patients.

    The median follow-up of all patients together goes with them: it may be the time of one of these.
    """
    small = small_groups(agreement)
    if not small:
        return replace(agreement, immortal=tuple(_of_several(each) for each in agreement.immortal))
    curves = tuple(f"{agreement.curve_name} curve of {level}: " for level in small)  # these notes tell times
    notes = tuple(note for note in agreement.notes if not note.startswith(curves))
    return replace(
        agreement,
        groups=tuple(_without_times(group) if group.level in small else group for group in agreement.groups),
        notes=(*notes, *(f"Times of {level}: {NOT_SHOWN}." for level in small)),
        follow_up=None,
        immortal=tuple(replace(each, person_time=None, naive_person_time=None) for each in agreement.immortal),
    )


def _of_several(each: ImmortalTime) -> ImmortalTime:
    """Without the person-time of very few patients."""
    return replace(each, person_time=None, naive_person_time=None) if too_few(each.changed) else each


def _without_times(group: GroupSummary) -> GroupSummary:
    """The group's patients and events alone."""
    start, certain, nobody = np.array([0.0]), np.array([1.0]), np.array([0.0])
    return replace(
        group,
        person_time=None,
        median=NOTHING,
        median_follow_up=NOTHING,
        rmst=None,
        rmst_se=None,
        curve=KaplanMeier(start, certain, certain, certain, nobody),
    )
