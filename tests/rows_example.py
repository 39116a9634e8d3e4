"""Cohorts with several rows of a patient, through the front door: lifelines' data sets, and whole rows cut into pieces.

Import as `from rows_example import cohort_of, heart`.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd

import bayesrefract as br
from bayesrefract.cohort.select import select
from bayesrefract.cohort.value import Cohort
from bayesrefract.comparing import check_comparison
from bayesrefract.comparison import Comparison
from bayesrefract.study.study import Analysis, TimeUnit

ROPE = br.Rope(0.80, 1.25, source="for this test", declared="2020-01-31", before_data=True)
HEART = {"time": "stop", "entry": "start", "event": "event", "id": "id", "group": "transplant", "reference": "0"} | {
    "several_rows": True
}
CHANGING = HEART | {"varying": ("transplant",)}


def data_set(name: str) -> pd.DataFrame:
    with (files("lifelines.datasets") / name).open() as source:
        return pd.read_csv(source)


def heart() -> pd.DataFrame:
    """Stanford heart transplants: 172 rows of 103 patients, 75 deaths, days (Crowley & Hu 1977)."""
    return data_set("stanford_heart.csv")


def question_of(frame: pd.DataFrame, **asked: Any) -> tuple[Cohort, Analysis]:
    """The cohort of a comparison and its question, with every check of the front door."""
    asked = {"unit": TimeUnit.DAYS, "rope": ROPE} | asked
    study, records, model = check_comparison(Comparison(**asked), frame, "primary")
    return select(records, study.analyses[0], model), study.analyses[0]


def cohort_of(frame: pd.DataFrame, **asked: Any) -> Cohort:
    return question_of(frame, **asked)[0]


def in_pieces(frame: pd.DataFrame, time: str, event: str, seed: int = 0) -> pd.DataFrame:
    """Every patient's follow-up cut at random into one to four rows, in any order, with `start` and `who`."""
    rng = np.random.default_rng(seed)
    rows = []
    for who, row in enumerate(frame.to_dict("records")):
        cuts = np.sort(rng.uniform(0, row[time], rng.integers(0, 4))).tolist()
        for start, stop in zip([0.0, *cuts], [*cuts, row[time]], strict=True):
            rows.append(
                row | {"start": start, time: stop, event: row[event] * (stop == row[time]), "who": f"P{who:04d}"}
            )
    return pd.DataFrame(rows)
