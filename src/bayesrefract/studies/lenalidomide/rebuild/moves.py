"""Steps of the search: other courses that a patient can have, and characteristics swapped within a group."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from bayesrefract.studies.lenalidomide.rebuild.objective import (
    ADJUSTED,
    ASCT,
    ASCT_AGAIN,
    CLASS,
    CLASS_AGAIN,
    EGFR,
    EVERYBODY,
    FISH,
    FOLLOW_UP,
    GROUP,
    IS_SECOND,
    ISS,
    OS,
    OS_EVENT,
    PARTNERS,
    PFS,
    PFS_AGAIN,
    PFS_AGAIN_EVENT,
    PFS_EVENT,
    RENAL,
    RETREATED,
    TO_RELAPSE,
    WAIT,
)

LONGEST = 2000
"""The longest follow-up from first relapse, in tenths of a month: not printed."""
FOLLOW_UP_SCALE, WAIT_MEAN = 250.0, 330.0
"""Tenths of a month: scale of a Gamma curve of shape 2 of all follow-up, and the mean wait for retreatment."""


@njit(cache=True)
def is_possible(y: NDArray[np.int64], i: int) -> bool:
    """Whether one patient's course can be: in the order of time, and counted as the paper counts."""
    pfs, progressed, os, died = y[i, PFS], y[i, PFS_EVENT], y[i, OS], y[i, OS_EVENT]
    if pfs < 1 or os < pfs or os > LONGEST or (not progressed and (pfs != os or died)):
        return False
    if not y[i, RETREATED]:
        return True
    wait, again, again_event = y[i, WAIT], y[i, PFS_AGAIN], y[i, PFS_AGAIN_EVENT]
    if y[i, IS_SECOND]:
        return wait == 0 and again == pfs and again_event == progressed
    if wait < 1 or wait < pfs or not progressed or again < 1 or wait + again > os:
        return False
    return again_event == 1 or (wait + again == os and not died)


@njit(cache=True)
def stride() -> int:
    """A change of a time: mostly small, now and then large."""
    width = 3 if np.random.random() < 0.4 else (25 if np.random.random() < 0.7 else 250)
    change = np.random.randint(1, width + 1)
    return change if np.random.random() < 0.5 else -change


@njit(cache=True)
def log_density(course: NDArray[np.int64], means: NDArray[np.float64]) -> float:
    """How likely a course is before anything printed is looked at, up to a constant.

    Constant hazards of progression, and follow-up with a single hump: without it a search would drift to courses of
    which there are many, such as long ones.
    """
    found = math.log(course[OS]) - course[OS] / FOLLOW_UP_SCALE - course[PFS] / means[0]
    if course[PFS_EVENT]:
        found -= math.log(means[0])
    if course[RETREATED] and not course[IS_SECOND]:
        found -= course[WAIT] / WAIT_MEAN + course[PFS_AGAIN] / means[1]
        if course[PFS_AGAIN_EVENT]:
            found -= math.log(means[1])
    return found


@njit(cache=True)
def change(y: NDArray[np.int64], i: int) -> float:
    """Propose another course: a time moved, or an event and a censoring exchanged.

    Returns the log of the chance of proposing the way back over that of the way there: an event can be put at any time.
    """
    back = 0.0
    later = y[i, RETREATED] == 1 and y[i, IS_SECOND] == 0
    what = np.random.randint(7 if later else 4)
    if what == 0:  # the time of progression
        y[i, PFS] += stride()
        if not y[i, PFS_EVENT]:
            y[i, OS] = y[i, PFS]
    elif what == 1:  # the end of follow-up
        change = stride()
        y[i, OS] += change
        if not y[i, PFS_EVENT]:
            y[i, PFS] = y[i, OS]
        if later and not y[i, PFS_AGAIN_EVENT]:
            y[i, PFS_AGAIN] += change
    elif what == 2:  # dead or alive at the end
        y[i, OS_EVENT] = 1 - y[i, OS_EVENT]
        if y[i, OS_EVENT]:
            y[i, PFS_EVENT] = 1
            y[i, PFS_AGAIN_EVENT] = 1 if y[i, RETREATED] else 0
    elif what == 3 and not later:  # progressed or not
        if y[i, PFS_EVENT]:
            y[i, PFS], y[i, PFS_EVENT] = y[i, OS], 0
            back = -math.log(y[i, OS])
        else:
            y[i, PFS], y[i, PFS_EVENT] = np.random.randint(1, y[i, OS] + 1), 1
            back = math.log(y[i, OS])
    elif what == 4:  # the wait for retreatment
        change = stride()
        y[i, WAIT] += change
        if not y[i, PFS_AGAIN_EVENT]:
            y[i, PFS_AGAIN] -= change
    elif what == 5:
        y[i, PFS_AGAIN] += stride()
    elif what == 6 or what == 3:
        rest = y[i, OS] - y[i, WAIT]
        if y[i, PFS_AGAIN_EVENT]:
            y[i, PFS_AGAIN], y[i, PFS_AGAIN_EVENT] = rest, 0
            back = -math.log(rest)
        else:
            y[i, PFS_AGAIN], y[i, PFS_AGAIN_EVENT] = np.random.randint(1, rest + 1), 1
            back = math.log(rest)
    if y[i, RETREATED] and y[i, IS_SECOND]:
        y[i, PFS_AGAIN], y[i, PFS_AGAIN_EVENT] = y[i, PFS], y[i, PFS_EVENT]
    return back


@njit(cache=True)
def mark(old, new, who, touched):  # type: ignore[no-untyped-def]  # compiled
    """Mark the parts that a changed course touches; False if nothing has changed."""
    first = old[PFS] != new[PFS] or old[PFS_EVENT] != new[PFS_EVENT]
    death = old[OS] != new[OS] or old[OS_EVENT] != new[OS_EVENT]
    wait = old[WAIT] != new[WAIT]
    again = old[PFS_AGAIN] != new[PFS_AGAIN] or old[PFS_AGAIN_EVENT] != new[PFS_AGAIN_EVENT]
    changed = (first, death, again and new[RETREATED] == 1, (death or wait) and new[RETREATED] == 1)
    known = who[ISS] >= 0 and who[FISH] >= 0
    for endpoint in range(4):
        if changed[endpoint]:
            touched[EVERYBODY + endpoint] = True
            touched[RENAL + endpoint] |= who[EGFR] == 0
            touched[ADJUSTED + endpoint] |= known
    touched[FOLLOW_UP] |= death or wait
    return first or death or wait or again


@njit(cache=True)
def swappable() -> int:
    """A characteristic to swap."""
    columns = (ISS, FISH, PARTNERS, CLASS, ASCT, CLASS_AGAIN, ASCT_AGAIN, EGFR, TO_RELAPSE)
    return columns[np.random.randint(len(columns))]


@njit(cache=True)
def partner(y, x, i, column):  # type: ignore[no-untyped-def]  # compiled
    """A patient of the same group with whom the characteristic can be swapped; -1 where none was met."""
    later = y[i, RETREATED] == 1 and y[i, IS_SECOND] == 0
    if column in (CLASS_AGAIN, ASCT_AGAIN) and not later:
        return -1
    for _ in range(20):
        j = np.random.randint(len(y))
        if j == i or x[j, GROUP] != x[i, GROUP] or x[j, column] == x[i, column]:
            continue
        if column == EGFR and y[j, RETREATED] != y[i, RETREATED]:
            continue
        if column in (CLASS, ASCT) and y[j, IS_SECOND] != y[i, IS_SECOND]:
            continue
        if column in (CLASS_AGAIN, ASCT_AGAIN) and (y[j, RETREATED] == 0 or y[j, IS_SECOND] == 1):
            continue
        return j
    return -1


@njit(cache=True)
def swap(y, x, i, j, column):  # type: ignore[no-untyped-def]  # compiled
    """Swap a characteristic; where retreatment is the second line, its own class or transplant goes along."""
    x[i, column], x[j, column] = x[j, column], x[i, column]
    if column == CLASS and y[i, IS_SECOND]:
        x[i, CLASS_AGAIN], x[j, CLASS_AGAIN] = x[j, CLASS_AGAIN], x[i, CLASS_AGAIN]
    if column == ASCT and y[i, IS_SECOND]:
        x[i, ASCT_AGAIN], x[j, ASCT_AGAIN] = x[j, ASCT_AGAIN], x[i, ASCT_AGAIN]


@njit(cache=True)
def mark_swap(y, i, j, column, touched):  # type: ignore[no-untyped-def]  # compiled
    """Mark the parts that a swap touches."""
    if column == TO_RELAPSE:
        touched[FOLLOW_UP] = True
        return
    again = y[i, RETREATED] == 1 or y[j, RETREATED] == 1
    if column == EGFR:
        touched[RENAL], touched[RENAL + 1] = True, True
        touched[RENAL + 2], touched[RENAL + 3] = again, again
        return
    second = column != CLASS_AGAIN and column != ASCT_AGAIN
    touched[ADJUSTED], touched[ADJUSTED + 1] = second, second
    touched[ADJUSTED + 2] = again and column != PARTNERS
