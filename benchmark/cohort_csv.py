"""Simulated patients as a CSV file, for `compare`: no patient of it exists."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd


def write(path: Path, patients: int, seed: int, *, continuous: bool) -> None:
    """Two arms, three categorical covariates and, if asked for, age; exponential times censored by entry."""
    rng = np.random.default_rng(seed)
    arm, sex, stage, region = (rng.integers(0, levels, patients) for levels in (2, 2, 3, 4))
    age = rng.normal(65, 9, patients).round(2)
    rate = np.exp(0.05 * arm + 0.2 * stage - 0.1 * sex + (0.02 * (age - 65) if continuous else 0.0)) / 20
    time, censored = rng.exponential(1 / rate), rng.uniform(6, 60, patients)
    frame = pd.DataFrame(
        {
            "id": [f"S{place}" for place in range(patients)],
            "arm": np.where(arm == 1, "low", "standard"),
            "sex": np.where(sex == 1, "f", "m"),
            "stage": np.array(["I", "II", "III"])[stage],
            "region": np.array(["north", "east", "south", "west"])[region],
            "age": age,
            "months": np.minimum(time, censored).round(3) + 0.001,
            "event": (time <= censored).astype(int),
        }
    )
    frame.to_csv(path, index=False)


def options(path: Path, *, continuous: bool) -> list[str]:
    """The command line of `compare` on such a file."""
    asked = ["compare", str(path), "--time", "months", "--event", "event", "--group", "arm", "--reference", "standard"]
    asked += ["--unit", "months", "--rope", "0.8", "1.25", "--rope-source", "benchmark", "--id", "id"]
    asked += ["--evidence", "simulated", "--quiet"]
    for name in ("sex", "stage", "region"):
        asked += ["--categorical", name]
    return [*asked, "--adjust", "age"] if continuous else asked
