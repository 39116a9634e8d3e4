"""A small trial as a data frame, for the tests of what its columns mean.

Import as `from declared_example import QUESTION, trial`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

QUESTION = {"time": "time", "event": "event", "group": "arm", "reference": "a"}


def trial(**columns: Any) -> pd.DataFrame:
    """Sixty patients in two groups, with some columns replaced or added."""
    rng = np.random.default_rng(20240)
    frame = pd.DataFrame(
        {
            "time": np.round(rng.exponential(20, 60) + 1, 1),
            "event": [1, 0, 1] * 20,
            "arm": ["a", "b"] * 30,
            "age": rng.integers(30, 80, 60),
        }
    )
    return frame.assign(**columns)
