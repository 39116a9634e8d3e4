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
from bayesrefract.decision.misfit import without_curves
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
    unfit: str = "",
) -> tuple[Verdict, ...]:
    """A verdict for every contrast on every estimand with a ROPE, the hazard ratio's first.

    `compared`: the draws of each contrast beside what data and prior imply; empty where that is not known. `unfit`: why
    nothing is claimed from the model's curves (`misfit`); empty where they fit.
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
        _verdict(
            _Question(case, contrast, rope, seen[contrast], float(draws.mean())), draws, reasons, exhausted=exhausted
        )
        for rope in ropes
        for contrast, reasons in withheld.items()
        for draws in [effects.of(rope.estimand, contrast)]
    )
    return controlled(joined(without_curves(alone, unfit), case.analysis.claim), case.analysis.contrasts)


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


def _moved(mean: float, seen: _Seen) -> str:
    """Where groups change, how far priors and a smooth baseline move the estimate; empty where it is little.

    Group and time are then confounded, so that what is assumed of the baseline hazard is assumed of the ratio.
    """
    if seen.immortal is None or seen.companion is None or not seen.companion.se > 0:
        return ""
    shift = (mean - seen.companion.log_hr) / seen.companion.se
    if not abs(shift) > MOVED:
        return ""
    return (
        f"groups change over time, and the priors (of a smooth baseline too) move the log hazard ratio by {shift:+.2f} "
        "SE from a fit with free hazards: compare the model collapsed"
    )


def _repeated(errors: RobustError | None) -> Iterator[str]:
    """Why no verdict rests on events that repeat; nothing where none does."""
    if errors is not None:
        yield (
            f"Repeated events of one patient are not independent: robust SE {errors.robust:.4f}, model SE "
            f"{errors.model:.4f} of the log hazard ratio of Cox regression, {errors.log_hr:.4f}."
        )


@dataclass(frozen=True)
class _Question:
    """One contrast on one ROPE, with what is known beside the draws."""

    case: Case
    contrast: Contrast
    rope: Rope
    seen: _Seen
    mean: float  # of the draws

    @property
    def of_ratio(self) -> bool:
        """Whether it is about the hazard ratio, of which alone prior, influence and Cox regression speak."""
        return self.rope.estimand is Estimand.HAZARD_RATIO

    @property
    def share(self) -> float:
        """How much of a prior for the primary contrast is about this one."""
        return overlap(self.contrast, self.case.analysis.primary)

    @property
    def prior_inside(self) -> float | None:
        if not self.of_ratio or self.case.model.baseline.by_group:
            return None
        return self.case.prior.mass_inside(self.rope.low, self.rope.high, self.share)

    @property
    def prior_label(self) -> str:
        rope = self.rope if self.of_ratio else self.case.analysis.rope(Estimand.HAZARD_RATIO)
        return self.case.prior.label(rope, self.share)

    @property
    def influence(self) -> str:
        return "" if self.seen.implied is None else self.seen.implied.influence

    @property
    def of_rounding(self) -> tuple[str, ...]:
        """Labels of the cross-check, which are about ratios."""
        companion = self.seen.companion
        return companion.labels if companion is not None and self.rope.estimand.is_ratio else ()

    @property
    def labels(self) -> tuple[str, ...]:
        prior = (f"prior {self.prior_label}",) if self.prior_label else ()
        moved = (self.moved,) if self.moved else ()
        return (*prior, *((self.influence,) if self.influence else ()), *moved, *self.of_rounding)

    @property
    def moved(self) -> str:
        return _moved(self.mean, self.seen) if self.of_ratio else ""

    def says(self, word: VerdictWord, mean_and_sd: tuple[float, float] | None) -> bool:
        """Whether the rule gives this word for a normal approximation of the log hazard ratio."""
        if not self.of_ratio or mean_and_sd is None:
            return False
        region = Region(math.log(self.rope.low), math.log(self.rope.high))
        return judge_normal(*mean_and_sd, region, self.case.analysis.rule).word is word


def _verdict(question: _Question, draws: xr.DataArray, withheld: Sequence[str], *, exhausted: bool) -> Verdict:
    """The verdict of the rule; a claim of equality must not rest on the prior, on pooling or on rounded times."""
    judged = partial(
        decide,
        question.contrast,
        question.rope.estimand,
        draws,
        question.rope,
        question.case.analysis.rule,
        prior_inside=question.prior_inside,
        labels=question.labels,
        exhausted=exhausted,
    )
    verdict = judged(withheld=withheld)
    if verdict.word not in CLAIMS_OF_EQUALITY:
        return verdict
    if _rests_on_the_prior(question, verdict.word):
        if question.prior_label == FAVOURS_EQUIVALENCE:
            return judged(withheld=[PRIOR_ALONE])
        return judged(doubt=f"{question.influence}, and {NOT_BY_DEFAULT}")
    if _rests_on_the_baseline(question, verdict.word):
        return judged(doubt=f"{question.moved}, and {NOT_BY_COMPANION}")
    return judged(doubt=NOT_BY_EFRON) if _rests_on_rounding(question, verdict.word) else verdict


def _rests_on_the_prior(question: _Question, word: VerdictWord) -> bool:
    """Whether prior or pooling favour a claim of equality that the default prior with nothing pooled does not give."""
    favoured = question.prior_label == FAVOURS_EQUIVALENCE or bool(question.influence)
    implied = question.seen.implied
    return favoured and not question.says(word, None if implied is None else implied.default)


def _rests_on_the_baseline(question: _Question, word: VerdictWord) -> bool:
    """Whether groups change, and a fit with free hazards does not give the claim that priors and baseline give."""
    companion = question.seen.companion
    return bool(question.moved) and companion is not None and not question.says(word, (companion.log_hr, companion.se))


def _rests_on_rounding(question: _Question, word: VerdictWord) -> bool:
    """Whether times are rounded so far that Cox regression with Efron's ties must give the claim too, and does not."""
    if not question.of_ratio or ROUNDED_TIMES not in question.of_rounding:
        return False
    cox = question.seen.cox
    return not question.says(word, None if cox is None else (cox.log_coef, cox.log_se))


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
