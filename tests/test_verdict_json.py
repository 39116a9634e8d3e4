"""The JSON that other programs read: strict, complete, unrounded, and paired by names."""

from __future__ import annotations

import io
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from findings_example import (
    GROUPS,
    a_model,
    a_question,
    a_study,
    an_rmst_verdict,
    findings,
    primary_judged_by,
    withheld,
)

from bayesrefract.classical.cox import tost_p
from bayesrefract.report.json.verdict import study_json, to_json, write_json
from bayesrefract.study.rope import Harm, Rule, RuleName
from bayesrefract.study.study import Condition, Population

TOP = {
    "schema", "time_unit", "evidence", "model", "n_patients", "n_excluded", "excluded", "events", "groups", "contrasts",
    "attainability", "log_rank", "schoenfeld", "convergence", "provenance", "priors", "covariates", "columns",
    "horizon", "adjustment_set", "population_conditions", "rule", "model_title", "model_sha256",
}  # fmt: skip
CONTRAST = {
    "group", "reference", "primary", "estimand", "hazard_ratio", "rope", "rule", "verdict", "direction", "distance",
    "distance_mcse", "smallest_rope", "cox", "tost_p", "companion", "gates",
}  # fmt: skip
INSIDE = {
    "hazard_ratio": {"median", "eti95", "credible_interval", "log_mean", "log_sd", "r_hat", "ess_bulk", "ess_tail"},
    "rope": {
        "low", "high", "source", "declared_on", "before_data", "prior_inside", "p_below", "p_inside", "p_above",
        "mcse_inside", "p_inside_bound",
    },
    "rule": {"name", "level", "threshold"},
    "cox": {"hazard_ratio", "low95", "high95", "p", "log_coef", "log_se", "ties", "verdict", "direction"},
    "companion": {"log_hr", "se", "code_distance", "grid_distance", "ties_distance", "se_ratio", "prior_pull"},
    "gates": {"passed", "reasons"},
}  # fmt: skip


def read_strictly(text: str) -> Any:
    """Parse JSON; NaN and Infinity, which JSON does not have, are refused."""

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


def test_every_promised_key_is_there() -> None:
    payload = to_json(findings())
    assert payload["schema"] == "bayesrefract/verdict/2"
    assert payload.keys() >= TOP
    for contrast in payload["contrasts"]:
        assert contrast.keys() >= CONTRAST
    for part, keys in INSIDE.items():
        assert payload["contrasts"][0][part].keys() >= keys
    group = payload["groups"][0]
    assert group.keys() >= {"level", "patients", "events", "person_time"}
    assert group["km_median"].keys() == {"estimate", "low", "high", "interval"}
    assert group["km_median"]["interval"] == "log-log"
    assert group["posterior_median"].keys() == {"estimate", "low", "high", "p_not_reached"}
    assert payload["log_rank"].keys() >= {"p", "method", "pairs"}
    assert payload["log_rank"]["pairs"][0].keys() == {"group", "reference", "p"}
    assert payload["schoenfeld"]["p"] == 0.412
    assert payload["provenance"].keys() >= {
        "seed",
        "sampler",
        "versions",
        "cpu",
        "data_sha256",
        "model_sha256",
        "study_sha256",
        "code_sha256",
        "fit_key",
    }


def test_numbers_are_those_of_the_findings_unrounded() -> None:
    made = findings()
    payload = to_json(made)
    first, verdict, cox = payload["contrasts"][0], made.verdicts[0], made.agreement.cox[0]
    assert (payload["n_patients"], payload["n_excluded"], payload["events"]) == (600, 10, 402)
    assert payload["excluded"] == {"missing stage": 8, "censored at time 0": 2}
    assert first["hazard_ratio"]["median"] == verdict.median
    assert first["hazard_ratio"]["eti95"] == list(verdict.eti95)
    assert first["rope"]["p_inside"] == verdict.p_inside
    assert first["rope"]["declared_on"] == "2020-01-31"
    assert first["cox"]["hazard_ratio"] == math.exp(cox.log_coef)
    assert first["cox"]["low95"] < first["cox"]["hazard_ratio"] < first["cox"]["high95"]
    assert first["tost_p"] == tost_p(cox.log_coef, cox.log_se, verdict.rope)
    assert first["companion"]["prior_pull"] == made.prior_pull[0]


def test_classical_numbers_are_paired_by_names_not_by_order() -> None:
    made = findings()
    agreement = made.agreement
    turned = replace(
        agreement,
        cox=agreement.cox[::-1],
        companion=agreement.companion[::-1],
        groups=agreement.groups[::-1],
    )
    payload = to_json(replace(made, agreement=turned, medians=made.medians[::-1]))
    by_pair = {(each["group"], each["reference"]): each for each in payload["contrasts"] if each["cox"]}
    assert by_pair[GROUPS[1], GROUPS[0]]["cox"]["log_coef"] == 0.021
    assert by_pair[GROUPS[3], GROUPS[2]]["cox"]["log_coef"] == 0.62
    assert by_pair[GROUPS[3], GROUPS[2]]["companion"]["prior_pull"] == -0.11
    assert [group["level"] for group in payload["groups"]] == list(GROUPS[::-1])


def test_hazard_ratios_come_first_and_other_estimands_have_no_cox_twin() -> None:
    made = findings()
    payload = to_json(replace(made, verdicts=made.verdicts[::-1]))
    estimands = [each["estimand"] for each in payload["contrasts"]]
    assert estimands == ["hazard_ratio", "hazard_ratio", "rmst_difference", "rmst_difference"]
    rmst = payload["contrasts"][-1]
    assert rmst["hazard_ratio"] is None
    assert rmst["cox"] is None
    assert rmst["companion"] is None
    assert rmst["tost_p"] is None
    assert rmst["estimate"]["median"] == an_rmst_verdict().median
    assert rmst["estimate"].keys() >= {"median", "credible_interval", "mean", "sd"}


def test_withheld_verdicts_carry_their_reasons() -> None:
    contrast = to_json(withheld(findings()))["contrasts"][0]
    assert contrast["verdict"] == "withheld"
    assert contrast["gates"]["passed"] is False
    assert "R-hat" in contrast["gates"]["reasons"][0]
    assert to_json(findings())["contrasts"][0]["gates"] == {"passed": True, "reasons": []}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_becomes_null(value: float) -> None:
    made = findings()
    first = replace(made.verdicts[0], ess_tail=value, interval=(0.9, value))
    stream = io.StringIO()
    write_json(stream, to_json(replace(made, verdicts=(first,), prior_pull=(value, None))))
    contrast = read_strictly(stream.getvalue())["contrasts"][0]
    assert contrast["hazard_ratio"]["ess_tail"] is None
    assert contrast["hazard_ratio"]["credible_interval"] == [0.9, None]
    assert contrast["companion"]["prior_pull"] is None


def test_rule_and_threshold_are_told() -> None:
    made = findings()
    rule = replace(made.analysis.rule, name=RuleName.PROBABILITY, threshold=0.9)
    payload = to_json(replace(made, verdicts=(replace(made.verdicts[0], rule=rule),)))
    assert payload["contrasts"][0]["rule"].items() >= {"name": "probability", "level": 0.95, "threshold": 0.9}.items()


def test_a_file_is_replaced_whole_and_reads_back(tmp_path: Path) -> None:
    target = tmp_path / "verdicts.json"
    target.write_text("old")
    payload = to_json(findings())
    write_json(target, payload)
    assert read_strictly(target.read_text(encoding="utf-8")) == payload
    assert [path.name for path in tmp_path.iterdir()] == ["verdicts.json"]


def test_a_payload_that_cannot_be_written_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "verdicts.json"
    target.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write_json(target, {"level": "\ud800"})
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["verdicts.json"]


def test_a_study_lists_every_analysis_with_its_names() -> None:
    analysis = a_question(population="symptom_free")
    made = [findings(analysis, a_model("primary")), findings(analysis, a_model("wide"))]
    payload = study_json(a_study(*made), made)
    assert payload["schema"] == "bayesrefract/study/2"
    assert (payload["study"], payload["evidence"]) == ("example", "simulated")
    assert [each["model"] for each in payload["analyses"]] == ["primary", "wide"]
    assert {each["question"] for each in payload["analyses"]} == {"death"}
    assert {each["population"] for each in payload["analyses"]} == {"symptom_free"}
    read_strictly(json.dumps(payload, allow_nan=False))


def test_nothing_at_patient_level_is_written() -> None:
    """No list in the payload is as long as a group of patients."""

    def longest(value: Any) -> int:
        if isinstance(value, dict):
            return max((longest(each) for each in value.values()), default=0)
        if isinstance(value, list):
            return max([len(value), *(longest(each) for each in value)])
        return 0

    assert longest(to_json(findings())) <= len(GROUPS)


def test_quantities_at_the_horizon_stand_under_their_group_or_contrast() -> None:
    made = findings()
    shown = to_json(made)["at_horizon"]
    assert set(shown) == {*made.analysis.groups, made.analysis.primary.label}
    assert shown[made.analysis.groups[0]]["rmst"] == {"estimate": 21.3, "low": 20.2, "high": 22.4}


def test_priors_and_covariate_ratios_are_those_of_the_findings() -> None:
    made = findings()
    payload = to_json(made)
    assert payload["priors"] == [
        {
            "quantity": "group log HR, any pair",
            "distribution": "Normal(0, 0.75)",
            "hazard_ratio95": [0.23, 4.35],
            "inside_rope": 0.234,
            "label": None,
        }
    ]
    assert payload["covariates"] == [
        {
            "covariate": "age",
            "level": None,
            "reference": None,
            "per": 10.0,
            "hazard_ratio": {"estimate": 1.21, "low": 1.1, "high": 1.33},
        },
        {
            "covariate": "stage",
            "level": "late",
            "reference": None,
            "per": None,
            "hazard_ratio": {"estimate": 1.4, "low": 1.2, "high": 1.62},
        },
    ]


def test_columns_population_and_adjustment_are_told_by_name() -> None:
    analysis = a_question()
    endpoint = replace(analysis.endpoint, event_value=2, entry="entry_months", administrative_end="cut_off")
    population = Population("adults", "Adults", (Condition("age", low=18.0, high=65.0), Condition("symptom", (0.0,))))
    columns = replace(analysis.columns, strata=("site",), unordered=("grade",))
    payload = to_json(findings(replace(analysis, endpoint=endpoint, population=population, columns=columns)))
    assert payload["columns"] == {
        "time": "months",
        "event": "died",
        "event_value": 2,
        "censor_values": [],
        "event_at_zero": None,
        "missing": [],
        "several_rows": False,
        "varying": [],
        "repeated_events": False,
        "entry": "entry_months",
        "clock_start": None,
        "administrative_end": "cut_off",
        "group": "arm",
        "id": "id",
        "strata": ["site"],
        "unordered": ["grade"],
    }
    assert payload["population_conditions"] == "age from 18 to 65, symptom = 0"
    assert (payload["adjustment_set"], payload["horizon"]) == ("baseline", 36.0)


@pytest.mark.parametrize(
    ("of_model", "of_question", "named"),
    [("none", "baseline", None), ("question", None, None), ("question", "paper", "paper"), ("total", "paper", "total")],
)
def test_the_adjustment_set_is_the_models_or_the_questions(
    of_model: str, of_question: str | None, named: str | None
) -> None:
    made = findings(replace(a_question(), adjust=of_question), replace(a_model(), adjust=of_model))
    assert to_json(made)["adjustment_set"] == named


@pytest.mark.parametrize("before_data", [True, False, None])
def test_when_a_rope_was_declared_may_be_left_open(before_data: bool | None) -> None:
    made = findings()
    rope = replace(made.verdicts[0].rope, before_data=before_data, declared=None)
    (contrast,) = to_json(replace(made, verdicts=(replace(made.verdicts[0], rope=rope),)))["contrasts"]
    assert (contrast["rope"]["before_data"], contrast["rope"]["declared_on"]) == (before_data, None)


@pytest.mark.parametrize(
    ("rule", "word", "direction"),
    [
        (Rule(), "different", "below"),
        (Rule(harm=Harm.MORE_EVENTS), "non_inferior", None),
        (Rule(harm=Harm.FEWER_EVENTS), "not_shown", None),
        (Rule(RuleName.PROBABILITY, threshold=0.99999), "undecided", None),
    ],
)
def test_the_cox_verdict_is_that_of_the_same_rule(rule: Rule, word: str, direction: str | None) -> None:
    """Cox: log HR -0.60, SE 0.10, so that the 95% interval is 0.45 to 0.67 and P(below 0.80) = 0.99992."""
    made = primary_judged_by(rule)
    first = replace(made.agreement.cox[0], log_coef=-0.60, log_se=0.10)
    made = replace(made, agreement=replace(made.agreement, cox=(first, *made.agreement.cox[1:])))
    cox = to_json(made)["contrasts"][0]["cox"]
    assert (cox["verdict"], cox["direction"]) == (word, direction)


def test_a_positive_control_is_marked() -> None:
    assert [each["role"] for each in to_json(findings())["contrasts"][:2]] == ["comparison", "positive_control"]


def test_the_order_of_keys_is_that_of_the_schema() -> None:
    made = findings()
    assert list(to_json(made)) == list(to_json(withheld(made)))
    assert list(to_json(made))[:3] == ["schema", "question", "question_label"]
