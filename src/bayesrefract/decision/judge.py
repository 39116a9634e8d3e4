"""Verdicts and attainability of one fit, and the shift of each estimate by the prior."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import xarray as xr

from bayesrefract.classical.agree import ROUNDED_TIMES
from bayesrefract.classical.agreement import Agreement, Companion, CoxContrast, ImmortalTime, RobustError
from bayesrefract.cohort.exposure import ExposureTable
from bayesrefract.decision.attainability import Attainability, attain
from bayesrefract.decision.decision import decide
from bayesrefract.decision.diagnostics import Health
from bayesrefract.decision.gates import gates
from bayesrefract.decision.implied import Implied
from bayesrefract.decision.joint import controlled, joined
from bayesrefract.decision.normal import judge_normal
from bayesrefract.decision.verdict import Region, Verdict, VerdictWord
from bayesrefract.estimands import Effects
from bayesrefract.model.priors import FAVOURS_EQUIVALENCE, GroupPrior, overlap
from bayesrefract.study.model import Model
from bayesrefract.study.rope import Estimand, Rope
from bayesrefract.study.study import Analysis, Contrast

PRIOR_ALONE = "The prior favours an HR inside the range more than the default does: no claim rests on it alone."
NOT_BY_DEFAULT = "with the default prior and nothing pooled, the same patients do not give this verdict"
NOT_BY_EFRON = "event times are rounded, and Cox regression with Efron's handling of ties does not give this verdict"
MOVED = 0.5
"""Standard errors between posterior mean and companion fit from which on groups that change get a label."""
GROUPS_CHANGE = "groups change over time"
"""How the label begins."""
NOT_BY_COMPANION = "with free hazards and a flat prior the same patients do not give this verdict"
CLAIMS_OF_EQUALITY = frozenset({VerdictWord.EQUIVALENT, VerdictWord.NON_INFERIOR})


@dataclass(frozen=True)
class Case:
    """Question, model and prior: the inputs of a verdict apart from the draws."""

    analysis: Analysis
    model: Model
    prior: GroupPrior
    table: ExposureTable


def judge(
    case: Case,
    effects: Effects,
    health: Health,
    agreement: Agreement,
    compared: Sequence[Implied] = (),
    *,
    exhausted: bool,
) -> tuple[Verdict, ...]:
    """A verdict for every contrast on every estimand with a ROPE, the hazard ratio's first.

    `compared`: the draws of each contrast beside what data and prior imply; empty where that is not known.
    """
    order = list(Estimand)
    ropes = sorted(case.analysis.ropes, key=lambda rope: (order.index(rope.estimand), rope.role != "primary"))
    seen = {
        contrast: _Seen(
            *_of(contrast, agreement.companion, agreement.cox, compared, agreement.robust, agreement.immortal)
        )
        for contrast in case.analysis.contrasts
    }
    withheld = {contrast: _withheld(case, contrast, health, seen[contrast]) for contrast in seen}
    alone = tuple(
        _verdict(case, contrast, rope, effects.of(rope.estimand, contrast), seen[contrast], reasons, exhausted)
        for rope in ropes
        for contrast, reasons in withheld.items()
    )
    return controlled(joined(alone, case.analysis.claim), case.analysis.contrasts)


class _Seen(NamedTuple):
    """What is known of one contrast beside its draws."""

    companion: Companion | None
    cox: CoxContrast | None
    implied: Implied | None
    robust: RobustError | None
    immortal: ImmortalTime | None


def _of(contrast: Contrast, *of: Sequence[Any]) -> Iterator[Any]:
    """The entry of this contrast in each."""
    for each in of:
        yield next((one for one in each if (one.group, one.reference) == (contrast.group, contrast.reference)), None)


def _withheld(case: Case, contrast: Contrast, health: Health, seen: _Seen) -> tuple[str, ...]:
    agrees, reason = (None, "") if seen.companion is None else (seen.companion.agrees, seen.companion.reason)
    fault = seen.implied.fault if seen.implied is not None and not health.findings else ""
    failed = gates(health, agrees, reason, _events_per_group(case.table, contrast))
    if case.analysis.endpoint.repeated_events:
        failed = (*failed, *_repeated(seen.robust))
    return (*failed, f"{fault[:1].upper()}{fault[1:]}.") if fault else failed


def _moved(draws: xr.DataArray, seen: _Seen) -> str:
    """Where groups change, how far priors and a smooth baseline move the estimate; empty where it is little.

    Group and time are then confounded, so that what is assumed of the baseline hazard is assumed of the ratio.
    """
    if seen.immortal is None or seen.companion is None or not seen.companion.se > 0:
        return ""
    shift = (float(draws.mean()) - seen.companion.log_hr) / seen.companion.se
    if not abs(shift) > MOVED:
        return ""
    return (
        f"{GROUPS_CHANGE}, and the priors (of a smooth baseline too) move the log hazard ratio by {shift:+.2f} "
        "SE from a fit with free hazards: compare the model collapsed"
    )


def _repeated(errors: RobustError | None) -> Iterator[str]:
    """Why no verdict rests on events that repeat; nothing where none does."""
    if errors is not None:
        yield (
            f"Repeated events of one patient are not independent: robust SE {errors.robust:.4f}, model SE "
            f"{errors.model:.4f} of the log hazard ratio of Cox regression, {errors.log_hr:.4f}."
        )


def _verdict(
    case: Case,
    contrast: Contrast,
    rope: Rope,
    draws: xr.DataArray,
    seen: _Seen,
    withheld: Sequence[str],
    exhausted: bool,
) -> Verdict:
    """The verdict of the rule; a claim of equality must not rest on the prior, on pooling or on rounded times."""
    prior, inside = case.prior, None
    of_ratio = rope.estimand is Estimand.HAZARD_RATIO
    share = overlap(contrast, case.analysis.primary)
    if of_ratio and not case.model.baseline.by_group:
        inside = prior.mass_inside(rope.low, rope.high, share)
    label = prior.label(rope if of_ratio else case.analysis.rope(Estimand.HAZARD_RATIO), share)
    influence = seen.implied.influence if seen.implied is not None else ""
    labels = [*([f"prior {label}"] if label else []), *([influence] if influence else [])]
    moved = _moved(draws, seen) if of_ratio else ""
    labels += [moved] if moved else []
    labels += seen.companion.labels if seen.companion is not None and rope.estimand.is_ratio else ()
    judged = partial(
        decide,
        contrast,
        rope.estimand,
        draws,
        rope,
        case.analysis.rule,
        prior_inside=inside,
        labels=labels,
        exhausted=exhausted,
    )
    verdict = judged(withheld=withheld)
    if verdict.word not in CLAIMS_OF_EQUALITY:
        return verdict
    region = Region(math.log(rope.low), math.log(rope.high)) if rope.estimand.is_ratio else None

    def says_so(mean_and_sd: tuple[float, float] | None) -> bool:
        """Whether the same rule gives the same word for a normal approximation of this log hazard ratio."""
        if not of_ratio or region is None or mean_and_sd is None:
            return False
        return judge_normal(*mean_and_sd, region, case.analysis.rule).word is verdict.word

    if (label == FAVOURS_EQUIVALENCE or influence) and not says_so(seen.implied.default if seen.implied else None):
        return judged(withheld=[PRIOR_ALONE]) if label else judged(doubt=f"{influence}, and {NOT_BY_DEFAULT}")
    if moved and seen.companion is not None and not says_so((seen.companion.log_hr, seen.companion.se)):
        return judged(doubt=f"{moved}, and {NOT_BY_COMPANION}")
    if of_ratio and seen.companion is not None and ROUNDED_TIMES in seen.companion.labels:
        cox = None if seen.cox is None else (seen.cox.log_coef, seen.cox.log_se)
        return verdict if says_so(cox) else judged(doubt=NOT_BY_EFRON)
    return verdict


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
