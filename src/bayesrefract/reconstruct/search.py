"""The search for a cohort that would be printed as the paper is: simulated annealing, compiled, from a seed.

A step changes the courses of one to three patients, or swaps a characteristic between two patients of a group: every
count of the paper stays as it is, and every course stays one that a patient can have.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numba import njit
from numpy.typing import NDArray

from bayesrefract.reconstruct.objective import (
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
    N_PARTS,
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
    loss_of,
    stacked,
)
from bayesrefract.reconstruct.targets import Targets

CHEAP_FIRST = (
    FOLLOW_UP,
    RENAL + 3,
    RENAL + 2,
    RENAL + 1,
    RENAL,
    3,
    1,
    2,
    0,
    ADJUSTED + 2,
    ADJUSTED + 1,
    ADJUSTED,
)
"""The parts in the order in which a step is judged by them."""
CHUNK = 5_000
"""Steps between two words of progress."""
HOT, COLD = 1.2, 0.02
"""First and last temperature, in units of the distance."""
MISS, SMOOTH_SHARE = 0.5, 0.5
"""What a missed number costs beside its distance in the end, and the share of the steps before it begins to count."""
MOST_COEFFICIENTS = 16
MOST_TOGETHER = 3
"""Courses changed in one step."""
LONGEST = 2000
"""The longest follow-up from first relapse, in tenths of a month: not printed."""
FOLLOW_UP_SCALE, WAIT_MEAN = 250.0, 330.0
"""Tenths of a month: scale of a Gamma curve of shape 2 of all follow-up, and the mean wait for retreatment."""
COURSE_SHARE = 0.6
"""Share of the steps that change a course; the others swap a characteristic."""


def search(
    y: NDArray[np.int64],
    x: NDArray[np.int64],
    targets: Targets,
    means: NDArray[np.float64],
    seed: int,
    steps: int,
    tell: Callable[[int, float], None],
) -> float:
    """Move outcomes `y` and characteristics `x` in place towards the targets; returns the distance that is left.

    means : shape (2, 3), mean progression-free times on second line and on retreatment by group, for
    `log_density`. `tell` hears the steps done and the distance, now and then.
    """
    arrays = stacked(targets)
    betas = np.zeros((N_PARTS, MOST_COEFFICIENTS))
    losses = np.zeros(N_PARTS)
    _seed(seed)
    for done in range(0, steps, CHUNK):
        share, next_share = done / steps, min(1.0, (done + CHUNK) / steps)
        hot, cold = HOT * (COLD / HOT) ** share, HOT * (COLD / HOT) ** next_share
        miss = MISS * max(0.0, (share - SMOOTH_SHARE) / (1 - SMOOTH_SHARE))
        for part in range(N_PARTS):
            losses[part] = loss_of(part, y, x, arrays, betas, miss)
        _anneal(y, x, arrays, means, betas, losses, CHUNK, hot, cold, miss)
        tell(min(done + CHUNK, steps), float(losses.sum()))
        if losses.sum() == 0.0:
            break
    return float(losses.sum())


@njit(cache=True)
def _seed(seed: int) -> None:
    """Seed the generator of compiled code, which is not numpy's."""
    np.random.seed(seed)


@njit(cache=True)
def _anneal(y, x, targets, means, betas, losses, steps, hot, cold, miss):  # type: ignore[no-untyped-def]  # compiled
    """Steps at falling temperature; `losses` and `betas` follow what is accepted."""
    touched = np.zeros(N_PARTS, np.bool_)
    fresh = np.zeros(N_PARTS)
    kept_betas = betas.copy()
    who, old = np.zeros(MOST_TOGETHER, np.int64), np.zeros((MOST_TOGETHER, y.shape[1]), np.int64)
    lean = np.zeros(1)
    for step in range(steps):
        temperature = hot * (cold / hot) ** (step / steps)
        touched[:] = False
        lean[0] = 0.0
        i, j, column, moved = _somebody(y, x), -1, -1, 0
        if np.random.random() < COURSE_SHARE:
            moved = _change_some(y, x, i, who, old, touched, means, lean)
            if moved == 0:
                continue
        else:
            column = _swappable()
            j = _partner(y, x, i, column)
            if j < 0:
                continue
            _swap(y, x, i, j, column)
            _mark_swap(y, i, j, column, touched)
        # No distance is below 0: a step is given up as soon as the parts reckoned so far are too far away.
        left = temperature * (lean[0] - math.log(np.random.random()))
        for part in range(N_PARTS):
            if touched[part]:
                left += losses[part]
        reckoned = 0
        for part in CHEAP_FIRST:
            if left < 0.0:
                break
            reckoned += 1
            if touched[part]:
                kept_betas[part] = betas[part]
                fresh[part] = loss_of(part, y, x, targets, betas, miss)
                left -= fresh[part]
        if left >= 0.0:
            for part in range(N_PARTS):
                if touched[part]:
                    losses[part] = fresh[part]
        else:
            for k in range(moved):
                y[who[k]] = old[k]
            if moved == 0:
                _swap(y, x, i, j, column)
            for k in range(reckoned):
                if touched[CHEAP_FIRST[k]]:
                    betas[CHEAP_FIRST[k]] = kept_betas[CHEAP_FIRST[k]]


@njit(cache=True)
def _somebody(y, x):  # type: ignore[no-untyped-def]  # compiled
    """Anybody, or as often somebody of a group and retreatment drawn first: small ones are hard to fit."""
    i = np.random.randint(len(y))
    if np.random.random() < 0.5:
        group, again = np.random.randint(3), np.random.randint(2)
        while x[i, GROUP] != group or y[i, RETREATED] != again:
            i = np.random.randint(len(y))
    return i


@njit(cache=True)
def _change_some(y, x, i, who, old, touched, means, lean):  # type: ignore[no-untyped-def]  # compiled
    """Change the courses of one to three patients of a group together, so that what one moves another can hold.

    Returns how many were changed; 0 where it came to nothing, with `y` as it was. `lean` is filled with the log of how
    much likelier the new courses are than the old ones, and of how much easier the way back is proposed.
    """
    luck = np.random.random()
    together = 1 if luck < 0.4 else (2 if luck < 0.8 else MOST_TOGETHER)
    for k in range(together):
        if k > 0:
            for _ in range(20):
                i = np.random.randint(len(y))
                if x[i, GROUP] == x[who[0], GROUP] and y[i, RETREATED] == y[who[0], RETREATED] and i != who[k - 1]:
                    break
            if i == who[0] or i == who[k - 1]:
                return _undo(y, who, old, k)
        who[k], old[k] = i, y[i]
        lean[0] += _change(y, i)
        if not is_possible(y, i) or not _mark(old[k], y[i], x[i], touched):
            return _undo(y, who, old, k + 1)
        lean[0] += log_density(y[i], means[:, x[i, GROUP]]) - log_density(old[k], means[:, x[i, GROUP]])
    return together


@njit(cache=True)
def _undo(y, who, old, count):  # type: ignore[no-untyped-def]  # compiled
    for k in range(count):
        y[who[k]] = old[k]
    return 0


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
def _stride() -> int:
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
def _change(y: NDArray[np.int64], i: int) -> float:
    """Propose another course: a time moved, or an event and a censoring exchanged.

    Returns the log of the chance of proposing the way back over that of the way there: an event can be put at any time.
    """
    back = 0.0
    later = y[i, RETREATED] == 1 and y[i, IS_SECOND] == 0
    what = np.random.randint(7 if later else 4)
    if what == 0:  # the time of progression
        y[i, PFS] += _stride()
        if not y[i, PFS_EVENT]:
            y[i, OS] = y[i, PFS]
    elif what == 1:  # the end of follow-up
        change = _stride()
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
        change = _stride()
        y[i, WAIT] += change
        if not y[i, PFS_AGAIN_EVENT]:
            y[i, PFS_AGAIN] -= change
    elif what == 5:
        y[i, PFS_AGAIN] += _stride()
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
def _mark(old, new, who, touched):  # type: ignore[no-untyped-def]  # compiled
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
def _swappable() -> int:
    """A characteristic to swap."""
    columns = (ISS, FISH, PARTNERS, CLASS, ASCT, CLASS_AGAIN, ASCT_AGAIN, EGFR, TO_RELAPSE)
    return columns[np.random.randint(len(columns))]


@njit(cache=True)
def _partner(y, x, i, column):  # type: ignore[no-untyped-def]  # compiled
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
def _swap(y, x, i, j, column):  # type: ignore[no-untyped-def]  # compiled
    """Swap a characteristic; where retreatment is the second line, its own class or transplant goes along."""
    x[i, column], x[j, column] = x[j, column], x[i, column]
    if column == CLASS and y[i, IS_SECOND]:
        x[i, CLASS_AGAIN], x[j, CLASS_AGAIN] = x[j, CLASS_AGAIN], x[i, CLASS_AGAIN]
    if column == ASCT and y[i, IS_SECOND]:
        x[i, ASCT_AGAIN], x[j, ASCT_AGAIN] = x[j, ASCT_AGAIN], x[i, ASCT_AGAIN]


@njit(cache=True)
def _mark_swap(y, i, j, column, touched):  # type: ignore[no-untyped-def]  # compiled
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
