"""Verdicts and attainability of one fit, and the shift of each estimate by the prior."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import xarray as xr

from bayesrefract.classical.agreement import Agreement, RobustError
from bayesrefract.cohort.exposure import ExposureTable
from bayesrefract.decision.attainability import Attainability, attain
from bayesrefract.decision.decision import decide
from bayesrefract.decision.diagnostics import Health
from bayesrefract.decision.gates import gates
from bayesrefract.decision.implied import Implied
from bayesrefract.decision.joint import controlled, joined
from bayesrefract.decision.misfit import without_curves
from bayesrefract.decision.question import (
    Case,
    Question,
    Seen,
    rests_on_rounding,
    rests_on_the_baseline,
    rests_on_the_prior,
    rests_on_unequal_periods,
)
from bayesrefract.decision.throughout import decide_throughout, window_of
from bayesrefract.decision.verdict import Beside, Verdict, VerdictWord
from bayesrefract.estimands import Effects
from bayesrefract.model.priors import FAVOURS_EQUIVALENCE
from bayesrefract.proportionality.check import Proportionality
from bayesrefract.study.model import WIDE_CHANGE
from bayesrefract.study.rope import Estimand
from bayesrefract.study.study import Contrast

PRIOR_ALONE = "The prior favours an HR inside the range more than the default does: no claim rests on it alone."
NOT_BY_DEFAULT = "with the default prior and nothing pooled, the same patients do not give this verdict"
NOT_BY_EFRON = "event times are rounded, and Cox regression with Efron's handling of ties does not give this verdict"
NOT_BY_COMPANION = "with free hazards and a flat prior the same patients do not give this verdict"
NOT_WHERE_WIDE = "where the hazard ratio may change more over time, the same patients do not give this verdict"
CLAIMS_OF_EQUALITY = frozenset({VerdictWord.EQUIVALENT, VerdictWord.NON_INFERIOR})


def judge(
    case: Case,
    effects: Effects,
    health: Health,
    agreement: Agreement,
    compared: Sequence[Implied] = (),
    *,
    exhausted: bool,
    proportionality: Sequence[Proportionality] = (),
    curves_health: Health | None = None,
    prior_effects: Effects | None = None,
    unfit: str = "",
) -> tuple[Verdict, ...]:
    """A verdict for every contrast on every estimand with a ROPE, the hazard ratio's first.

    `compared`: the draws of each contrast beside what data and prior imply; empty where that is not known. `unfit`: why
    nothing is claimed from the model's curves (`misfit`); empty where they fit. `curves_health`: of the draws of all
    estimands but the hazard ratio, where they are others; `prior_effects`: those estimands as the prior has them. A
    hazard ratio throughout is judged where it may change.
    `proportionality`: of each contrast whether one hazard ratio describes it; empty where that is not known.
    """
    order = list(Estimand)
    ropes = sorted(case.analysis.ropes, key=lambda rope: (order.index(rope.estimand), rope.role != "primary"))
    seen = {
        contrast: Seen(
            *_of(
                contrast,
                agreement.companion,
                agreement.cox,
                compared,
                agreement.robust,
                agreement.immortal,
                proportionality,
            )
        )
        for contrast in case.analysis.contrasts
    }
    withheld = {contrast: _withheld(case, contrast, health, seen[contrast]) for contrast in seen}
    of_curves = () if curves_health is None or curves_health is health else curves_health.findings
    means = {contrast: float(effects.of(Estimand.HAZARD_RATIO, contrast).mean()) for contrast in seen}
    alone = tuple(
        _verdict(
            Question(case, contrast, rope, seen[contrast], means[contrast], prior_effects),
            effects,
            reasons if rope.estimand is Estimand.HAZARD_RATIO else (*reasons, *of_curves),
            exhausted=exhausted,
        )
        for rope in ropes
        if effects.has(rope.estimand)
        for contrast, reasons in withheld.items()
    )
    return controlled(joined(without_curves(alone, unfit), case.analysis.claim), case.analysis.contrasts)


def _of(contrast: Contrast, *of: Sequence[Any]) -> Iterator[Any]:
    """The entry of this contrast in each."""
    for each in of:
        yield next((one for one in each if (one.group, one.reference) == (contrast.group, contrast.reference)), None)


def _withheld(case: Case, contrast: Contrast, health: Health, seen: Seen) -> tuple[str, ...]:
    agrees, reason = (None, "") if seen.companion is None else (seen.companion.agrees, seen.companion.reason)
    fault = seen.implied.fault if seen.implied is not None and not health.findings else ""
    failed = gates(health, agrees, reason, _events_per_group(case.table, contrast))
    if case.analysis.endpoint.repeated_events:
        failed = (*failed, *_repeated(seen.robust))
    return (*failed, f"{fault[:1].upper()}{fault[1:]}.") if fault else failed


def _repeated(errors: RobustError | None) -> Iterator[str]:
    """Why no verdict rests on events that repeat; nothing where none does."""
    if errors is not None:
        yield (
            f"Repeated events of one patient are not independent: robust SE {errors.robust:.4f}, model SE "
            f"{errors.model:.4f} of the log hazard ratio of Cox regression, {errors.log_hr:.4f}."
        )


def _verdict(question: Question, effects: Effects, withheld: Sequence[str], *, exhausted: bool) -> Verdict:
    """The verdict with, beside it, what is said where the hazard ratio may change more."""
    wide = None
    if not question.of_ratio and effects.wide is not None and effects.wide.has(question.rope.estimand):
        wide = _ruled(question, effects.wide, exhausted=exhausted)
    verdict = _sound(question, effects, wide, withheld, exhausted=exhausted)
    if wide is None:
        return verdict
    masses = (wide.p_below, wide.p_inside, wide.p_above)
    return replace(verdict, wide=Beside(WIDE_CHANGE, wide.word, wide.direction, wide.median, wide.interval, *masses))


def _sound(
    question: Question, effects: Effects, wide: Verdict | None, withheld: Sequence[str], *, exhausted: bool
) -> Verdict:
    """The verdict of the rule; a claim of equality must not rest on the prior, on pooling, on rounded times or on an
    average over unequal periods."""
    judged = partial(_ruled, question, effects, exhausted=exhausted)
    verdict = judged(withheld=withheld)
    if verdict.word is VerdictWord.DIFFERENT:
        contradicted = rests_on_unequal_periods(question, verdict.word)
        return judged(doubt=contradicted) if contradicted else verdict
    if verdict.word not in CLAIMS_OF_EQUALITY:
        return verdict
    if rests_on_the_prior(question, verdict.word):
        if question.prior_label == FAVOURS_EQUIVALENCE:
            return judged(withheld=[PRIOR_ALONE])
        return judged(doubt=f"{question.influence}, and {NOT_BY_DEFAULT}")
    if rests_on_the_baseline(question, verdict.word):
        return judged(doubt=f"{question.moved}, and {NOT_BY_COMPANION}")
    if wide is not None and wide.word is not verdict.word:
        return judged(doubt=NOT_WHERE_WIDE)
    if rests_on_rounding(question, verdict.word):
        return judged(doubt=NOT_BY_EFRON)
    unequal = rests_on_unequal_periods(question, verdict.word)
    return judged(doubt=unequal) if unequal else verdict


def _ruled(
    question: Question, effects: Effects, *, exhausted: bool, withheld: Sequence[str] = (), doubt: str = ""
) -> Verdict:
    """The verdict of the rule for these draws."""
    contrast, rope, rule = question.contrast, question.rope, question.case.analysis.rule
    draws = effects.of(rope.estimand, contrast)
    given: dict[str, Any] = {"withheld": withheld, "labels": question.labels, "doubt": doubt, "exhausted": exhausted}
    given["prior_inside"] = question.prior_inside
    if rope.estimand is Estimand.THROUGHOUT:
        window, chosen = window_of(question.case.table, contrast, rope)
        return decide_throughout(contrast, draws.isel(interval=chosen), window, rope, rule, **given)
    return decide(contrast, rope.estimand, draws, rope, rule, **given)


def attainable(case: Case, agreement: Agreement) -> tuple[Attainability, ...]:
    """Attainability of each contrast on the primary hazard-ratio ROPE."""
    rope = case.analysis.rope(Estimand.HAZARD_RATIO)
    if rope is None or case.model.baseline.by_group or case.analysis.endpoint.repeated_events:
        return ()
    realised = {(c.group, c.reference): c.log_se for c in agreement.cox}
    table, prior = case.table, case.prior
    patients = dict(zip(table.groups, table.group_sizes.tolist(), strict=True))
    found = []
    for contrast in case.analysis.contrasts:
        events = _events_per_group(table, contrast)
        ever = patients[contrast.group] + patients[contrast.reference]  # counts a patient who changes twice
        compared = min(float(ever), float(table.n_patients.sum()))
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
    (companion,) = _of(contrast, agreement.companion)
    if companion is None or not companion.se > 0:
        return None
    return (float(draws.sel(contrast=contrast.label).mean()) - companion.log_hr) / companion.se


def _events_per_group(table: ExposureTable, contrast: Contrast) -> dict[str, int]:
    """Of the two groups compared."""
    events = table.events.sum(axis=1)
    return {
        level: int(events[table.group == table.groups.index(level)].sum())
        for level in (contrast.group, contrast.reference)
    }
