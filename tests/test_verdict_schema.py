"""The published JSON Schemas: they are those of the models, and every kind of result meets them."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from findings_example import a_study, a_verdict, a_whole_study, findings, primary_judged_by, undecided, withheld
from jsonschema import Draft202012Validator

from bayesrefract.decision import VerdictWord
from bayesrefract.findings import Findings
from bayesrefract.interval import Interval
from bayesrefract.model.priors import FLAT_LABEL, PriorImplication
from bayesrefract.report.json.schema import DRAFT, FILES, published, schema_text
from bayesrefract.report.json.verdict import study_json, to_json
from bayesrefract.study.rope import Estimand, Harm, IntervalKind, Rule, RuleName

DOCUMENT = Path(__file__).parents[1] / "docs" / "verdict-json.md"
VERDICT, STUDY = FILES


def validator(name: str) -> Draft202012Validator:
    schema = json.loads(published(name).read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def faults(payload: Any, name: str = VERDICT) -> list[str]:
    """Of the payload as it is read back from its file."""
    return [fault.message for fault in validator(name).iter_errors(json.loads(json.dumps(payload, allow_nan=False)))]


@pytest.mark.parametrize("name", list(FILES))
def test_the_published_schema_is_that_of_the_models(name: str) -> None:
    told = "the models changed: run `python -m bayesrefract.report.json.schema`"
    assert published(name).read_text(encoding="utf-8") == schema_text(name), told
    assert json.loads(schema_text(name))["$schema"] == DRAFT


def objects(schema: Any) -> Iterator[dict[str, Any]]:
    """Every object with declared properties, however deep."""
    if isinstance(schema, dict):
        if "properties" in schema and isinstance(schema["properties"], dict):
            yield schema
        for each in schema.values():
            yield from objects(each)
    elif isinstance(schema, list):
        for each in schema:
            yield from objects(each)


@pytest.mark.parametrize("name", list(FILES))
def test_every_field_is_described_and_required_and_no_other_is_allowed(name: str) -> None:
    """A part whose description is that of its own object refers to it."""
    found = list(objects(json.loads(schema_text(name))))
    assert len(found) > 20
    for each in found:
        assert each["additionalProperties"] is False
        assert each["description"]
        assert sorted(each["required"]) == sorted(each["properties"])
        for key, described in each["properties"].items():
            own = described.get("description", "")
            assert own.endswith(".") or "$ref" in described, (each["title"], key)


def with_other_estimands() -> Findings:
    """A survival difference and a marginal ratio, with a sensitivity ROPE."""
    made = findings()
    first = made.verdicts[0]
    difference = replace(first, estimand=Estimand.SURVIVAL_DIFFERENCE, median=0.01, interval=(-0.1, 0.1))
    sensitivity = replace(first, rope=replace(first.rope, role="sensitivity", low=0.7, high=1.4))
    return replace(
        made, verdicts=(first, sensitivity, difference, replace(first, estimand=Estimand.MARGINAL_HAZARD_RATIO))
    )


def not_finite() -> Findings:
    made = findings()
    first = replace(made.verdicts[0], r_hat=math.nan, ess_bulk=math.nan, distance=math.inf, interval=(0.0, math.inf))
    health = replace(made.health, r_hat_max=math.nan, e_bfmi_min=math.nan)
    empty = replace(made.agreement.companion[0], log_hr=math.nan, se=math.nan, grid_distance=None, agrees=False)
    agreement = replace(made.agreement, companion=(empty, *made.agreement.companion[1:]))
    medians = tuple(replace(each, median=Interval(None, None, None)) for each in made.medians)
    return replace(made, verdicts=(first,), health=health, agreement=agreement, medians=medians)


def without_classical_analysis() -> Findings:
    made = findings()
    groups = tuple(replace(group, rmst=None, rmst_se=None) for group in made.agreement.groups)
    log_rank = replace(made.agreement.log_rank, p=None, chi_squared=None, method="not possible", pairs=())
    schoenfeld = replace(made.agreement.proportional_hazards, p=None, statistic=None, method="not possible")
    agreement = replace(
        made.agreement, groups=groups, cox=(), companion=(), log_rank=log_rank, proportional_hazards=schoenfeld
    )
    return replace(made, agreement=agreement, prior_pull=(None, None), at_horizon=(), medians=(), predictive=())


def flat() -> Findings:
    made = findings()
    verdicts = tuple(replace(each, prior_inside=None, labels=(f"prior {FLAT_LABEL}",)) for each in made.verdicts)
    return replace(
        made, verdicts=verdicts, priors=(PriorImplication("pair", "flat on every log HR", None, None, FLAT_LABEL),)
    )


def by_group() -> Findings:
    """Hazards per group: no prior of a ratio, nothing to attain, no frequentist counterpart."""
    made = findings()
    alone = tuple(
        replace(each, grid_distance=None, se_ratio=None, agrees=None, reason="no frequentist counterpart")
        for each in made.agreement.companion
    )
    verdicts = tuple(replace(each, prior_inside=None) for each in made.verdicts)
    agreement = replace(made.agreement, companion=alone)
    return replace(made, verdicts=verdicts, attainability=(), priors=(), agreement=agreement, effects=())


def everything_agreed() -> Findings:
    """All draws inside: a bound in the place of a bare 1, and no date."""
    first = a_verdict(p_below=0.0, p_inside=1.0, p_above=0.0, mcse_inside=0.0, p_inside_bound="> 0.99857")
    rope = replace(first.rope, declared=None, before_data=None)
    return replace(findings(), verdicts=(replace(first, rope=rope, labels=("exploratory",)),))


MADE = {
    "healthy": findings(),
    "withheld": withheld(findings()),
    "undecided": undecided(findings()),
    "other estimands": with_other_estimands(),
    "not finite": not_finite(),
    "no classical analysis": without_classical_analysis(),
    "flat prior": flat(),
    "by group": by_group(),
    "all draws agree": everything_agreed(),
    "one-sided": primary_judged_by(Rule(harm=Harm.FEWER_EVENTS)),
    "probability": primary_judged_by(Rule(RuleName.PROBABILITY, threshold=0.95, interval=IntervalKind.HDI)),
    "not shown": replace(findings(), verdicts=(a_verdict(word=VerdictWord.NOT_SHOWN),)),
}


@pytest.mark.parametrize("name", list(MADE))
def test_every_kind_of_result_meets_the_schema(name: str) -> None:
    assert faults(to_json(MADE[name])) == []
    assert faults(study_json(a_study(MADE[name]), [MADE[name]]), STUDY) == []


def test_a_whole_study_meets_the_schema() -> None:
    study, made = a_whole_study()
    payload = study_json(study, made)
    assert faults(payload, STUDY) == []
    assert all(faults(each) == [] for each in payload["analyses"])


def test_the_schema_refuses_what_is_not_of_it() -> None:
    good = to_json(findings())

    def changed(*path: str | int, value: Any) -> Any:
        payload = copy.deepcopy(good)
        place = payload
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value
        return payload

    assert faults(changed("schema", value="bayesrefract/verdict/1"))
    assert faults(changed("patients", value=[]))
    assert faults(changed("contrasts", 0, "verdict", value="probably equivalent"))
    assert faults(changed("contrasts", 0, "hazard_ratio", "eti95", value=[0.9]))
    assert faults(changed("contrasts", 0, "rope", "declared_on", value="last spring"))
    assert faults(changed("n_patients", value="600"))
    assert faults(changed("at_horizon", "control", "hazard", value={"estimate": 1, "low": 1, "high": 1}))
    assert faults(good, STUDY)


def test_the_document_names_every_block_and_its_example_is_of_the_schema() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    properties = json.loads(schema_text(VERDICT))["properties"]
    assert [key for key in properties if f"`{key}`" not in text] == []
    assert all(name in text for name in FILES)
    example = json.loads(text.partition("```json\n")[2].partition("```")[0])
    whole = to_json(findings())
    assert example.keys() <= whole.keys()
    assert all(contrast.keys() <= whole["contrasts"][0].keys() for contrast in example["contrasts"])
