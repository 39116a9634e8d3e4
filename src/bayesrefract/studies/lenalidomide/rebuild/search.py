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

from bayesrefract.studies.lenalidomide.rebuild.moves import (
    change,
    is_possible,
    log_density,
    mark,
    mark_swap,
    partner,
    swap,
    swappable,
)
from bayesrefract.studies.lenalidomide.rebuild.objective import (
    ADJUSTED,
    FOLLOW_UP,
    GROUP,
    N_PARTS,
    RENAL,
    RETREATED,
    loss_of,
    stacked,
)
from bayesrefract.studies.lenalidomide.rebuild.targets import Targets

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
    `log_density`. `tell` receives the steps done and the distance, now and then.
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
            column = swappable()
            j = partner(y, x, i, column)
            if j < 0:
                continue
            swap(y, x, i, j, column)
            mark_swap(y, i, j, column, touched)
        # No distance is below 0: a step is given up as soon as the parts computed so far are too far away.
        left = temperature * (lean[0] - math.log(np.random.random()))
        for part in range(N_PARTS):
            if touched[part]:
                left += losses[part]
        computed = 0
        for part in CHEAP_FIRST:
            if left < 0.0:
                break
            computed += 1
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
                swap(y, x, i, j, column)
            for k in range(computed):
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
        lean[0] += change(y, i)
        if not is_possible(y, i) or not mark(old[k], y[i], x[i], touched):
            return _undo(y, who, old, k + 1)
        lean[0] += log_density(y[i], means[:, x[i, GROUP]]) - log_density(old[k], means[:, x[i, GROUP]])
    return together


@njit(cache=True)
def _undo(y, who, old, count):  # type: ignore[no-untyped-def]  # compiled
    for k in range(count):
        y[who[k]] = old[k]
    return 0
