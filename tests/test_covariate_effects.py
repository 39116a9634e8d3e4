"""Hazard ratios of covariates, and survival of one kind of patient."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from estimand_example import (
    CUTS,
    GROUPS,
    HAZARDS,
    PLAN,
    patterned,
    patterned_posterior,
    prepared,
    repeated,
    two_groups,
)
from posteriors import make_posterior

from bayesrefract.cohort.exposure import tabulate
from bayesrefract.cohort.value import Covariate
from bayesrefract.errors import EstimandError
from bayesrefract.estimands import conditional_survival, covariate_effects
from bayesrefract.model.effects import design
from bayesrefract.study.model import Intervals


def test_covariate_effects_are_per_step_and_against_the_average_category() -> None:
    cohort = patterned()
    table, columns = prepared(cohort)
    posterior = make_posterior(
        repeated([HAZARDS]), repeated([0.0, 0.0]), repeated([0.5, 0.3, -0.1]), groups=GROUPS, columns=columns.names
    )
    age, *stages = covariate_effects(posterior, columns)
    assert (age.name, age.per) == ("age", 10.0)
    assert age.hazard_ratio.estimate == pytest.approx(np.exp(10 * 0.5 / np.std(cohort.covariates[0].values)))
    logs = {s.level: np.log(s.hazard_ratio.estimate) for s in stages}
    assert sum(logs.values()) == pytest.approx(0.0, abs=1e-12)
    profiles = {
        level: conditional_survival(posterior, table, columns, {"stage": level}, np.array([2.0])) for level in logs
    }
    cumulative = {level: -np.log(float(curve[0, 0, 0, 0, 0])) for level, curve in profiles.items()}
    assert np.log(cumulative["III"] / cumulative["I"]) == pytest.approx(logs["III"] - logs["I"], rel=1e-9)


def test_exchangeable_categories_are_read_against_their_average() -> None:
    cohort = patterned()
    table = tabulate(cohort, Intervals(cuts=CUTS))
    columns = design(table, dataclasses.replace(PLAN, exchangeable=True))
    values = [0.5, 0.9, 0.2, 0.4]
    posterior = make_posterior(
        repeated([HAZARDS]), repeated([0.0, 0.0]), repeated(values), groups=GROUPS, columns=columns.names
    )
    stages = covariate_effects(posterior, columns)[1:]
    assert [s.hazard_ratio.estimate for s in stages] == pytest.approx(np.exp([0.4, -0.3, -0.1]))


def test_an_impossible_profile_names_every_fault() -> None:
    cohort = patterned()
    table, columns = prepared(cohort)
    posterior = patterned_posterior(table, columns)
    with pytest.raises(EstimandError) as caught:
        conditional_survival(posterior, table, columns, {"weight": 70, "stage": "IV"}, np.array([7.0]))
    assert len(caught.value.faults) == 3


def test_two_categories_are_compared_with_each_other() -> None:
    cohort = two_groups((Covariate("flag", np.arange(40) // 2 % 2.0, levels=("0", "1")),))
    _, columns = prepared(cohort)
    posterior = make_posterior(
        repeated([HAZARDS]), repeated([0.0, 0.0]), repeated([0.3]), groups=GROUPS, columns=columns.names
    )
    (flag,) = covariate_effects(posterior, columns)
    assert (flag.level, flag.reference, flag.per) == ("1", "0", None)
    pair = columns.blocks[0].to_effect[:, 0] * 0.3
    assert np.log(flag.hazard_ratio.estimate) == pytest.approx(pair[1] - pair[0])
