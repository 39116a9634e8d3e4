"""Findings as strict JSON: numbers unrounded, and null where there is none."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from bayesrefract.classical.agreement import GroupSummary, Interval
from bayesrefract.decision import Verdict, VerdictWord
from bayesrefract.files import write_whole
from bayesrefract.findings import Counterpart, Findings, counterpart
from bayesrefract.report.words import EVIDENCE_MEANING, sentence
from bayesrefract.study.rope import Estimand
from bayesrefract.study.study import Study

VERDICT_SCHEMA = "bayesrefract/verdict/1"
STUDY_SCHEMA = "bayesrefract/study/1"

type Json = dict[str, Any]


def to_json(findings: Findings) -> Json:
    """One analysis: every verdict, its groups, its cross-check and its parents.

    Holds only strings, finite numbers, booleans, nulls, lists and objects. Nothing at patient level.
    """
    analysis = findings.analysis
    medians = {each.level: each for each in findings.medians}
    payload = {
        "schema": VERDICT_SCHEMA,
        "question": analysis.endpoint.name,
        "population": analysis.population.name,
        "time_unit": analysis.time_unit.value,
        "evidence": analysis.evidence.value,
        "evidence_meaning": EVIDENCE_MEANING[analysis.evidence],
        "model": findings.model.name,
        "adjusted_for": list(findings.adjusted_for),
        "n_patients": findings.flow.analysed,
        "n_excluded": sum(findings.flow.excluded.values()),
        "excluded": dict(findings.flow.excluded),
        "events": findings.n_events,
        "groups": [
            _group(group, medians[group.level].median, medians[group.level].p_not_reached)
            if group.level in medians
            else _group(group, Interval(None, None, None), None)
            for group in findings.agreement.groups
        ],
        "contrasts": [_contrast(findings, verdict) for verdict in _ordered(findings.verdicts)],
        "attainability": [asdict(each) for each in findings.attainability],
        **_tests(findings),
        "predictive_check": [
            {"level": each.level, "p": each.p, "outside": each.outside} for each in findings.predictive
        ],
        "health": asdict(findings.health),
        "notes": list(findings.notes),
        "provenance": _provenance(findings),
    }
    return {key: _strict(value) for key, value in payload.items()}


def study_json(study: Study, made: Sequence[Findings]) -> Json:
    """Every analysis of a study, in one object."""
    return {
        "schema": STUDY_SCHEMA,
        "study": study.name,
        "title": study.title,
        "evidence": study.evidence.value,
        "evidence_meaning": EVIDENCE_MEANING[study.evidence],
        "time_unit": study.time_unit.value,
        "analyses": [
            {
                "question_label": findings.analysis.endpoint.label,
                "population_label": findings.analysis.population.label,
                "model_title": findings.model.title,
                **to_json(findings),
            }
            for findings in made
        ],
    }


def write_json(target: Path | str | TextIO, payload: Mapping[str, Any]) -> None:
    """Write to an open stream, or to a file that appears whole or not at all."""
    text = json.dumps(_strict(payload), allow_nan=False, ensure_ascii=False, indent=2) + "\n"
    if isinstance(target, str | Path):
        write_whole(Path(target), text)
    else:
        target.write(text)


def _ordered(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Hazard ratios first, otherwise in the given order."""
    return sorted(verdicts, key=lambda verdict: verdict.estimand is not Estimand.HAZARD_RATIO)


def _group(group: GroupSummary, median: Interval, p_not_reached: float | None) -> Json:
    return {
        "level": group.level,
        "patients": group.patients,
        "events": group.events,
        "person_time": group.person_time,
        "km_median": {**asdict(group.median), "interval": "log-log"},
        "posterior_median": {**asdict(median), "p_not_reached": p_not_reached},
        "median_follow_up": asdict(group.median_follow_up),
        "rmst": {"estimate": group.rmst, "se": group.rmst_se},
    }


def _contrast(findings: Findings, verdict: Verdict) -> Json:
    twin = counterpart(findings, verdict)
    withheld = verdict.word is VerdictWord.WITHHELD
    return {
        "group": verdict.group,
        "reference": verdict.reference,
        "primary": verdict.primary,
        "estimand": verdict.estimand.value,
        **_estimate(verdict),
        "rope": _rope(verdict),
        "rule": {
            "name": verdict.rule.name.value,
            "level": verdict.rule.level,
            "threshold": verdict.rule.threshold,
            "side": verdict.rule.side.value,
            "interval": verdict.rule.interval.value,
        },
        "verdict": verdict.word.value,
        "direction": verdict.direction,
        "sentence": sentence(verdict, findings.analysis),
        "distance": verdict.distance,
        "distance_mcse": verdict.distance_mcse,
        "smallest_rope": verdict.smallest_rope,
        "labels": list(verdict.labels),
        "reasons": list(verdict.reasons),
        **_counterpart(twin),
        "health": {"passed": not withheld, "findings": list(verdict.reasons) if withheld else []},
    }


def _estimate(verdict: Verdict) -> Json:
    """A hazard ratio under its own name; any other estimand as `estimate`, in its own unit."""
    draws = {"r_hat": verdict.r_hat, "ess_bulk": verdict.ess_bulk, "ess_tail": verdict.ess_tail}
    if verdict.estimand is Estimand.HAZARD_RATIO:
        moments = {"log_mean": verdict.mean, "log_sd": verdict.sd}
        ratio = {"median": verdict.median, "eti95": list(verdict.eti95), "interval": list(verdict.interval)}
        return {"hazard_ratio": {**ratio, **moments, **draws}}
    names = ("log_mean", "log_sd") if verdict.estimand.is_ratio else ("mean", "sd")
    moments = dict(zip(names, (verdict.mean, verdict.sd), strict=True))
    value = {"median": verdict.median, "interval": list(verdict.interval), "eti95": list(verdict.eti95)}
    return {"hazard_ratio": None, "estimate": {**value, **moments, **draws}}


def _rope(verdict: Verdict) -> Json:
    rope = verdict.rope
    return {
        "low": rope.low,
        "high": rope.high,
        "role": rope.role,
        "source": rope.source,
        "declared_on": None if rope.declared is None else rope.declared.isoformat(),
        "before_data": rope.before_data,
        "prior_inside": verdict.prior_inside,
        "p_below": verdict.p_below,
        "p_inside": verdict.p_inside,
        "p_above": verdict.p_above,
        "mcse_below": verdict.mcse_below,
        "mcse_inside": verdict.mcse_inside,
        "mcse_above": verdict.mcse_above,
        "p_inside_bound": verdict.p_inside_bound,
    }


def _counterpart(twin: Counterpart) -> Json:
    cox, companion = twin.cox, twin.companion
    low, high = (None, None) if cox is None else cox.limits()
    return {
        "cox": None
        if cox is None
        else {
            "hazard_ratio": cox.hazard_ratio,
            "low95": low,
            "high95": high,
            "p": cox.p,
            "log_coef": cox.log_coef,
            "log_se": cox.log_se,
            "ties": cox.ties,
        },
        "tost_p": twin.tost_p,
        "companion": None
        if companion is None
        else {
            "log_hr": companion.log_hr,
            "se": companion.se,
            "z_disagreement": companion.z_disagreement,
            "se_ratio": companion.se_ratio,
            "agrees": companion.agrees,
            "reason": companion.reason,
            "prior_pull": twin.prior_pull,
        },
    }


def _at_horizon(findings: Findings) -> Json:
    """Group or contrast -> quantity -> posterior median and limits."""
    subjects: Json = {}
    for each in findings.at_horizon:
        subjects.setdefault(each.subject, {})[each.quantity] = asdict(each.value)
    return subjects


def _tests(findings: Findings) -> Json:
    """What stands beside the verdicts: quantities at the horizon, log-rank and Schoenfeld tests."""
    log_rank, schoenfeld = findings.agreement.log_rank, findings.agreement.proportional_hazards
    return {
        "at_horizon": _at_horizon(findings),
        "log_rank": {
            "p": log_rank.p,
            "chi_squared": log_rank.chi_squared,
            "method": log_rank.method,
            "pairs": [{"group": each.group, "reference": each.reference, "p": each.p} for each in log_rank.pairs],
        },
        "schoenfeld": {"p": schoenfeld.p, "statistic": schoenfeld.statistic, "method": schoenfeld.method},
    }


def _provenance(findings: Findings) -> Json:
    made = findings.provenance
    return {
        "seed": made.seed,
        "sampler": dict(made.sampler),
        "versions": dict(made.versions),
        "cpu": made.cpu,
        "data_sha256": made.data_sha256,
        "model_sha256": made.model_sha256,
        "study_sha256": made.study_sha256,
        "code_sha256": made.code_sha256,
        "fit_key": made.fit_key,
    }


def _strict(value: Any) -> Any:
    """The same value in JSON's own types; a number that is not finite becomes null."""
    if isinstance(value, Mapping):
        return {str(key): _strict(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_strict(each) for each in value]
    if isinstance(value, np.generic):
        return _strict(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value
