"""Public data sets through `br.compare`: the word, its direction, and Cox regression where R prints it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from lifelines import datasets

import bayesrefract as br
from bayesrefract.decision import VerdictWord

ROPE = br.Rope(0.80, 1.25, source="convention", declared="2020-01-31", before_data=True)


class Public(NamedTuple):
    """A data set with its columns, and what is to be said of it."""

    frame: Callable[[], pd.DataFrame]
    options: dict[str, Any]
    word: VerdictWord
    direction: str | None
    cox: tuple[float, float, float] | None
    """Hazard ratio with 95% limits, as the documentation of R's survival package prints it (coxph, Efron)."""


def lung() -> pd.DataFrame:
    frame = datasets.load_lung()
    return frame.assign(sex=frame["sex"].map({1: "male", 2: "female"}))[["time", "status", "sex"]]


def gbsg2() -> pd.DataFrame:
    return datasets.load_gbsg2().rename(columns={"cens": "event"})[["time", "event", "horTh"]]


def rossi() -> pd.DataFrame:
    frame = datasets.load_rossi()
    return frame.assign(aid=frame["fin"].map({0: "no aid", 1: "aid"}))[["week", "arrest", "aid"]]


def aml() -> pd.DataFrame:
    """Miller (1997): maintenance chemotherapy in acute myelogenous leukaemia, 23 patients."""
    weeks = [9, 13, 13, 18, 23, 28, 31, 34, 45, 48, 161, 5, 5, 8, 8, 12, 16, 23, 27, 30, 33, 43, 45]
    relapse = [1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 0, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1]
    group = ["maintained"] * 11 + ["not maintained"] * 12
    return pd.DataFrame({"weeks": weeks, "relapse": relapse, "chemotherapy": group})


def leukaemia() -> pd.DataFrame:
    frame = datasets.load_leukemia()
    return frame.assign(arm=frame["Rx"].map({0: "6-MP", 1: "placebo"}))[["t", "status", "arm"]]


def kidney_transplant() -> pd.DataFrame:
    """Klein & Moeschberger (1997): 863 kidney transplants; black men against all others."""
    frame = datasets.load_kidney_transplant()
    return frame.assign(who=frame["black_male"].map({0: "others", 1: "black men"}))[["time", "death", "who"]]


def waltons() -> pd.DataFrame:
    return datasets.load_waltons()


UNDECIDED, DIFFERENT = VerdictWord.UNDECIDED, VerdictWord.DIFFERENT
SETS = {
    "lung": Public(
        lung,
        {"time": "time", "event": "status", "group": "sex", "reference": "male", "unit": "days"},
        UNDECIDED,  # a difference by p = 0.001, and not wholly outside 0.80 to 1.25
        None,
        (0.588, 0.4237, 0.816),
    ),
    "GBSG2": Public(
        gbsg2,
        {"time": "time", "event": "event", "group": "horTh", "reference": "no", "unit": "days"},
        UNDECIDED,
        None,
        None,
    ),
    "Rossi": Public(
        rossi,
        {"time": "week", "event": "arrest", "group": "aid", "reference": "no aid", "unit": "weeks"},
        UNDECIDED,
        None,
        None,
    ),
    "aml": Public(
        aml,
        {"time": "weeks", "event": "relapse", "group": "chemotherapy", "reference": "not maintained", "unit": "weeks"},
        UNDECIDED,
        None,
        (0.4003, 0.147, 1.0904),
    ),
    "leukemia": Public(
        leukaemia,
        {"time": "t", "event": "status", "group": "arm", "reference": "placebo", "unit": "weeks"},
        DIFFERENT,
        "below",
        (0.2076, 0.0925, 0.4659),
    ),
    "kidney_transplant": Public(
        kidney_transplant,
        {"time": "time", "event": "death", "group": "who", "reference": "others", "unit": "days"},
        UNDECIDED,  # a ratio near 1 with few deaths among 92 black men: the interval reaches beyond both ends
        None,
        None,
    ),
    "waltons": Public(
        waltons,
        {"time": "T", "event": "E", "group": "group", "reference": "control", "unit": "days"},
        DIFFERENT,
        "above",
        None,
    ),
}


@pytest.mark.parametrize(
    ("name", "unit"), [("61a_clean_trial_days", "days"), ("61b_same_trial_whole_months", "months")]
)
def test_one_trial_in_days_and_in_whole_months_has_one_verdict(name: str, unit: str) -> None:
    """R on the days: 2.90 (1.84-4.57), wholly above the range."""
    result = br.compare(
        pd.read_csv(Path(__file__).parent / "cases" / f"{name}.csv"),
        **{"id": "id", "time": unit, "unit": unit, "event": "died", "group": "arm", "reference": "control"},
        rope=ROPE,
        evidence="patients",
        keep="none",
    )
    verdict = result.verdict()
    assert (verdict.word, verdict.direction, verdict.reasons) == (DIFFERENT, "above", ())
    assert result.findings.agreement.companion[0].agrees is True


@pytest.mark.parametrize("name", list(SETS))
def test_a_public_data_set_gets_the_verdict_that_its_numbers_allow(name: str) -> None:
    public = SETS[name]
    result = br.compare(public.frame(), rope=ROPE, evidence="patients", keep="none", **public.options)
    verdict, (cox,) = result.verdict(), result.findings.agreement.cox
    assert (verdict.word, verdict.direction) == (public.word, public.direction)
    if public.cox is not None:
        assert (cox.hazard_ratio, *cox.limits()) == pytest.approx(public.cox, rel=2e-3)
    assert np.sign(verdict.mean) == np.sign(cox.log_coef)
    assert abs(verdict.mean) < abs(cox.log_coef) + 0.35 * cox.log_se, "the prior pulls towards 1"
    (could,) = result.findings.attainability
    assert not could.possible
    assert ("could not have shown equivalence" in result.sentence) == (verdict.word is VerdictWord.UNDECIDED)
