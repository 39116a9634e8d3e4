"""Two one-sided tests: the frequentist twin of the interval rule."""

from __future__ import annotations

import math

from scipy.stats import norm

from bayesrefract.study import Rope


def tost_p(log_hr: float, se: float, rope: Rope) -> float:
    """Larger of the two one-sided Wald p values against the bounds of a ratio's ROPE.

    Below alpha exactly when the (1 - 2 alpha) interval lies inside the ROPE. Schuirmann (1987),
    doi:10.1007/BF01068419.
    """
    above_low = norm.sf((log_hr - math.log(rope.low)) / se)
    below_high = norm.cdf((log_hr - math.log(rope.high)) / se)
    return float(max(above_low, below_high))
