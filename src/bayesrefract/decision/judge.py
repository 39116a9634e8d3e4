"""Verdicts and attainability of one fit, and the shift of each estimate by the prior."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import xarray as xr

from bayesrefract.classical.agreement import Agreement, Companion
from bayesrefract.cohort.exposure import ExposureTable
from bayesrefract.decision.attainability import Attainability, attain
from bayesrefract.decision.decision import decide
from bayesrefract.decision.diagnostics import Health
from bayesrefract.decision.gates import gates
from bayesrefract.decision.verdict import Verdict, VerdictWord
from bayesrefract.estimands import Effects
from bayesrefract.model.priors import FAVOURS_EQUIVALENCE, GroupPrior, overlap
from bayesrefract.study.model import Model
from bayesrefract.study.rope import Estimand, Rope
from bayesrefract.study.study import Analysis, Contrast

PRIOR_ALONE = "The prior is narrower than the default and favours an HR of 1: no claim rests on it alone."


@dataclass(frozen=True)
class Case:
    """Question, model and prior: the inputs of a verdict apart from the draws."""

    analysis: Analysis
    model: Model
    prior: GroupPrior
    table: ExposureTable


def judge(
    case: Case, effects: Effects, health: Health, agreement: Agreement, *, exhausted: bool
) -> tuple[Verdict, ...]:
    """A verdict for every contrast on every estimand with a ROPE, the hazard ratio's first."""
    order = list(Estimand)
    ropes = sorted(case.analysis.ropes, key=lambda rope: (order.index(rope.estimand), rope.role != "primary"))
    withheld = {contrast: _withheld(case, contrast, health, agreement) for contrast in case.analysis.contrasts}
    return tuple(
        _verdict(case, contrast, rope, effects.of(rope.estimand, contrast), reasons, exhausted=exhausted)
        for rope in ropes
        for contrast, reasons in withheld.items()
    )


def _withheld(case: Case, contrast: Contrast, health: Health, agreement: Agreement) -> tuple[str, ...]:
    companion = _companion(agreement, contrast)
    agrees, reason = (None, "") if companion is None else (companion.agrees, companion.reason)
    return gates(health, agrees, reason, _events_per_group(case.table, contrast))


def _verdict(
    case: Case, contrast: Contrast, rope: Rope, draws: xr.DataArray, withheld: Sequence[str], *, exhausted: bool
) -> Verdict:
    """The verdict of the rule; a claim of equality that a narrow prior favours is withheld."""
    prior = case.prior
    inside = None
    if rope.estimand is Estimand.HAZARD_RATIO and not case.model.baseline.by_group:
        inside = prior.mass_inside(rope.low, rope.high, overlap(contrast, case.analysis.primary))
    judged = partial(
        decide,
        contrast,
        rope.estimand,
        draws,
        rope,
        case.analysis.rule,
        prior_inside=inside,
        labels=[f"prior {prior.label}"] if prior.label else [],
        exhausted=exhausted,
    )
    verdict = judged(withheld=withheld)
    claims_equal = verdict.word in {VerdictWord.EQUIVALENT, VerdictWord.NON_INFERIOR}
    return judged(withheld=[PRIOR_ALONE]) if claims_equal and prior.label == FAVOURS_EQUIVALENCE else verdict


def attainable(case: Case, agreement: Agreement) -> tuple[Attainability, ...]:
    """Attainability of each contrast on the primary hazard-ratio ROPE."""
    rope = case.analysis.rope(Estimand.HAZARD_RATIO)
    if rope is None or case.model.baseline.by_group:
        return ()
    realised = {(c.group, c.reference): c.log_se for c in agreement.cox}
    table, prior = case.table, case.prior
    patients = {level: float(table.n_patients[table.group == i].sum()) for i, level in enumerate(table.groups)}
    found = []
    for contrast in case.analysis.contrasts:
        events = _events_per_group(table, contrast)
        compared = patients[contrast.group] + patients[contrast.reference]
        found.append(
            attain(
                events[contrast.group],
                events[contrast.reference],
                rope,
                rule=case.analysis.rule,
                prior_sd=None if prior.flat or prior.is_mixture else prior.rest_sd,
                events_fraction=sum(events.values()) / compared,
                realised_se=realised.get((contrast.group, contrast.reference)),
                group=contrast.group,
                reference=contrast.reference,
            )
        )
    return tuple(found)


def prior_pull(draws: xr.DataArray, contrast: Contrast, agreement: Agreement) -> float | None:
    """Shift by the prior: (posterior mean - companion) / companion SE. draws : as Effects.log_hazard_ratio."""
    companion = _companion(agreement, contrast)
    if companion is None or not companion.se > 0:
        return None
    return (float(draws.sel(contrast=contrast.label).mean()) - companion.log_hr) / companion.se


def _companion(agreement: Agreement, contrast: Contrast) -> Companion | None:
    pair = (contrast.group, contrast.reference)
    return next((c for c in agreement.companion if (c.group, c.reference) == pair), None)


def _events_per_group(table: ExposureTable, contrast: Contrast) -> dict[str, int]:
    """Of the two groups compared."""
    events = table.events.sum(axis=1)
    return {
        level: int(events[table.group == table.groups.index(level)].sum())
        for level in (contrast.group, contrast.reference)
    }
