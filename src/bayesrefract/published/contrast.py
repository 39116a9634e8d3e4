"""Two ratios against one reference: the ratio between their groups, over correlations that are thought possible."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from bayesrefract.printed import Ratio
from bayesrefract.published.assess import Assessment, Terms, assess_normal
from bayesrefract.published.posterior import normal

STEP = 0.1


@dataclass(frozen=True)
class Against:
    """`first` over `second` under each correlation of their logs: a range of answers, never one."""

    first: Ratio
    second: Ratio
    correlations: tuple[float, ...]
    errors: tuple[float, ...]  # standard error of the log of the contrast, by correlation
    assessments: tuple[Assessment, ...]


def contrast(first: Ratio, second: Ratio, correlation: tuple[float, float], terms: Terms) -> Against:
    """The contrast of two printed ratios that share their reference.

    Var(log first - log second) = se1^2 + se2^2 - 2 r se1 se2. The shared reference makes r positive; what
    it is cannot be told from the printed numbers.
    """
    rs = correlations(*correlation)
    one, two = first.log_se, second.log_se
    errors = [math.sqrt(one**2 + two**2 - 2 * r * one * two) for r in rs]
    middle = first.log_estimate - second.log_estimate
    pair = (first.group, second.group)
    assessments = [
        assess_normal(f"correlation {r:g}", pair, normal(middle, error, terms.prior), error, terms)
        for r, error in zip(rs, errors, strict=True)
    ]
    return Against(first, second, rs, tuple(errors), tuple(assessments))


def correlations(low: float, high: float) -> tuple[float, ...]:
    """The ends of a range and the tenths within it."""
    tenths = np.arange(math.ceil(low / STEP - 1e-9), math.floor(high / STEP + 1e-9) + 1) * STEP
    return tuple(sorted({low, high, *(round(float(each), 10) for each in tenths)}))
