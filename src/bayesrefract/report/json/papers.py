"""JSON of `published` and `audit`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict

from bayesrefract.decision import VerdictWord
from bayesrefract.papers import Ratio
from bayesrefract.papers.assess import Assessment, Terms
from bayesrefract.papers.audit import Report
from bayesrefract.papers.combine import Against, Pooled
from bayesrefract.report.json.write import Json
from bayesrefract.report.tables.published import SOURCE, few_studies, prior_text, sentence_of, warnings
from bayesrefract.study.rope import Estimand

PUBLISHED_SCHEMA = "bayesrefract/published/1"


def published_json(
    terms: Terms, made: Sequence[Assessment], *, against: Against | None = None, pooled: Sequence[Pooled] = ()
) -> Json:
    """Everything that was computed under one set of terms."""
    rope, rule = terms.rope, terms.rule
    payload: Json = {
        "schema": PUBLISHED_SCHEMA,
        "evidence": "printed numbers",
        "rope": {
            "low": rope.low,
            "high": rope.high,
            "source": rope.source,
            "declared_on": None if rope.declared is None else rope.declared.isoformat(),
            "before_data": rope.before_data,
        },
        "rule": {
            "name": rule.name.value,
            "level": rule.level,
            "threshold": rule.threshold,
            "side": rule.side_of(Estimand.HAZARD_RATIO).value,
            "harm": None if rule.harm is None else rule.harm.value,
        },
        "prior": {"text": prior_text(terms), "inside": terms.prior.mass_inside(rope.low, rope.high)},
        "ratios": [_ratio(judged) for judged in made],
    }
    if against is not None:
        payload["contrast"] = {
            "group": against.first.group,
            "reference": against.second.group,
            "from": [_printed(each) for each in (against.first, against.second)],
            "by_correlation": [
                {"correlation": r, "log_se": error, **_judged(judged)}
                for r, error, judged in zip(against.correlations, against.errors, against.assessments, strict=True)
            ],
        }
    if pooled:
        payload["pooled"] = [_pooled(each, terms) for each in pooled]
    return payload


def _ratio(judged: Assessment) -> Json:
    digits = judged.inside_digits
    return {
        "label": judged.name,
        "printed": None if judged.ratio is None else _printed(judged.ratio),
        **_judged(judged),
        "p_inside_over_digits": None if digits is None else list(digits),
        "verdicts_over_digits": [word.value for word in judged.other_words],
        "warnings": warnings([judged]),
        "sentence": f"{SOURCE} {sentence_of(judged)}",
    }


def _printed(ratio: Ratio) -> Json:
    return {
        "group": ratio.group,
        "reference": ratio.reference,
        "estimate": ratio.estimate.text,
        "low": ratio.low.text,
        "high": ratio.high.text,
        "level": ratio.level,
        "place": ratio.place or None,
        "study": ratio.study or None,
        "symmetric": ratio.symmetric,
        "log_estimate": ratio.log_estimate,
        "log_se": ratio.log_se,
    }


def _judged(judged: Assessment) -> Json:
    verdict = judged.verdict
    return {
        "group": verdict.group,
        "reference": verdict.reference,
        "verdict": verdict.word.value,
        "direction": verdict.direction,
        "median": verdict.median,
        "interval": list(verdict.interval),
        "log_mean": verdict.mean,
        "log_sd": verdict.sd,
        "p_below": verdict.p_below,
        "p_inside": verdict.p_inside,
        "p_above": verdict.p_above,
        "distance": verdict.distance,
        "smallest_rope": verdict.smallest_rope,
        "attainability": asdict(judged.reach),
        "labels": list(verdict.labels),
        "reasons": list(verdict.reasons) if verdict.word is VerdictWord.WITHHELD else [],
    }


def _pooled(pooled: Pooled, terms: Terms) -> Json:
    inside = pooled.new_study.between(math.log(terms.rope.low), math.log(terms.rope.high))
    return {
        "correlation": pooled.correlation,
        "studies": [{"study": name, "log_estimate": mean, "log_se": sd} for name, mean, sd in pooled.studies],
        "tau_prior": {"half_normal": pooled.tau_scale},
        "tau": asdict(pooled.tau),
        **_judged(pooled.assessment),
        "new_study_p_inside": inside,
        "paule_mandel": {**asdict(pooled.classical), "tau": pooled.classical_tau, "interval": "Hartung-Knapp"},
        "notes": few_studies(pooled),
    }


AUDIT_SCHEMA = "bayesrefract/audit/1"


def audit_json(report: Report) -> Json:
    """Findings, checks, what could not be checked, and the events that intervals imply."""
    return {
        "schema": AUDIT_SCHEMA,
        "findings": [asdict(each) for each in report.findings],
        "checks": [
            {"check": each.check, "checked": each.checked, "findings": len(each.findings)} for each in report.outcomes
        ],
        "unchecked": [asdict(each) for each in report.unchecked],
        "implied_events": [
            {
                "place": each.place,
                "ratio": each.name,
                "printed": each.ratio.text,
                "log_se": each.ratio.log_se,
                "events": each.events,
                "patients": each.patients,
            }
            for each in report.implied_events
        ],
    }
