"""One question answered with one model: the line from exposure table to findings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import xarray as xr

from bayesrefract import diagnostics, equivalence
from bayesrefract.attainability import Attainability, attain
from bayesrefract.cohort.value import Cohort
from bayesrefract.crosscheck import cross_check
from bayesrefract.crosscheck.agreement import Agreement
from bayesrefract.diagnostics import Health
from bayesrefract.equivalence import Verdict, VerdictWord
from bayesrefract.estimands import Effects, covariate_effects, estimate, predictive_check
from bayesrefract.estimands.summaries import at_horizon, curve_bands, medians
from bayesrefract.exposure import ExposureTable
from bayesrefract.findings import Findings, Provenance
from bayesrefract.inference.nuts import Compiler, sample
from bayesrefract.inference.posterior import Posterior
from bayesrefract.inference.progress import Watch
from bayesrefract.inference.store import FitStore, code_sha256, fit_key, versions
from bayesrefract.model.arrays import ModelArrays
from bayesrefract.model.implications import imply
from bayesrefract.model.prior_predictive import prior_survival
from bayesrefract.model.priors import FAVOURS_EQUIVALENCE, GroupPrior, overlap
from bayesrefract.plan import ModelPlan, Sampler
from bayesrefract.study import Contrast, Estimand, Question, Rope, Study


@dataclass(frozen=True)
class Fit:
    """Everything one fit depends on, checked and ready to sample."""

    label: str
    question: Question
    plan: ModelPlan
    cohort: Cohort
    table: ExposureTable
    arrays: ModelArrays
    prior: GroupPrior
    seed: int
    sequence: np.random.SeedSequence

    @cached_property
    def key(self) -> str:
        return fit_key(self.arrays, self.plan.sampler, self.sequence)


def analyse(fit: Fit, study: Study, store: FitStore, compiler: Compiler, watch: Watch) -> Findings:
    """Answer one question of a study with one model."""
    agreement = cross_check(fit.cohort, fit.question, fit.table, fit.plan)
    attainable = _attainable(fit, agreement)  # before the group effect is looked at
    posterior, effects, health, verdicts = _settle(fit, agreement, store, compiler, watch)
    prior_rng, check_seed = _generators(fit)
    draws = effects.log_hazard_ratio
    rope = fit.question.rope(Estimand.HAZARD_RATIO)
    return Findings(
        question=fit.question,
        plan=fit.plan,
        adjusted_for=tuple(covariate.name for covariate in fit.table.covariates),
        flow=fit.cohort.flow,
        notes=(*fit.cohort.notes, *fit.table.notes, *agreement.notes),
        n_events=fit.cohort.n_events,
        health=health,
        agreement=agreement,
        verdicts=verdicts,
        attainability=attainable,
        medians=medians(effects),
        curves=curve_bands(effects),
        effects=covariate_effects(posterior, fit.arrays.design),
        predictive=predictive_check(posterior, fit.table, fit.arrays.design, fit.cohort, check_seed),
        priors=imply(fit.plan, fit.prior, fit.arrays.design, fit.question.primary, rope),
        log_hazard_ratio=draws,
        parameters=_scalars(posterior.draws),
        prior_survival=prior_survival(fit.arrays, fit.table, prior_rng),
        prior_pull=tuple(_prior_pull(draws, contrast, agreement) for contrast in fit.question.contrasts),
        provenance=Provenance(
            seed=fit.seed,
            fit_key=posterior.key,
            data_sha256=fit.cohort.data_sha256,
            model_sha256=fit.plan.sha256,
            study_sha256=study.sha256,
            code_sha256=code_sha256(),
            versions=versions(),
        ),
        at_horizon=at_horizon(effects),
    )


def _generators(fit: Fit) -> tuple[np.random.Generator, np.random.SeedSequence]:
    """Randomness of the prior draws and of the predictive check, apart from the sampler's."""
    prior, check = fit.sequence.spawn(2)
    return np.random.default_rng(prior), check


def _settle(
    fit: Fit, agreement: Agreement, store: FitStore, compiler: Compiler, watch: Watch
) -> tuple[Posterior, Effects, Health, tuple[Verdict, ...]]:
    """Sample and judge; with more draws while a primary verdict is too close to call."""
    sampler = fit.plan.sampler
    while True:
        posterior = _posterior(fit, sampler, store, compiler, watch)
        effects = estimate(posterior, fit.table, fit.arrays.design, fit.question)
        health = diagnostics.diagnose(posterior, effects.log_hazard_ratio)
        exhausted = sampler.draws >= sampler.max_draws // sampler.chains
        verdicts = tuple(_judge(fit, effects, health, agreement, exhausted=exhausted))
        close = [v for v in verdicts if v.primary and v.rope.role == "primary" and equivalence.too_close(v)]
        if exhausted or not close:
            return posterior, effects, health, verdicts
        sampler = replace(sampler, draws=_more_draws(close, sampler))


def _more_draws(close: Sequence[Verdict], sampler: Sampler) -> int:
    """Draws per chain, doubled as often as it should take to bring the distance to two MCSE.

    The MCSE falls with the root of the draws: doubling once at a time would sample what it throws away.
    """
    limit = sampler.max_draws // sampler.chains
    nearest = max(2 * v.distance_mcse / v.distance if v.distance > 0 else np.inf for v in close)
    doublings = max(1, int(np.ceil(np.log2(min(nearest**2, limit)))))
    return int(min(sampler.draws * 2**doublings, limit))


def _posterior(fit: Fit, sampler: Sampler, store: FitStore, compiler: Compiler, watch: Watch) -> Posterior:
    """The stored fit if everything it depends on is unchanged, else a new one, stored."""
    key = fit_key(fit.arrays, sampler, fit.sequence)
    stored = store.load(key)
    if stored is not None:
        return stored
    posterior = sample(fit.arrays, sampler, fit.sequence, key, compiler=compiler, watch=watch)
    store.save(posterior)
    return posterior


def _judge(fit: Fit, effects: Effects, health: Health, agreement: Agreement, *, exhausted: bool) -> list[Verdict]:
    """A verdict for every contrast on every estimand with a ROPE, the hazard ratio's first."""
    order = list(Estimand)
    ropes = sorted(fit.question.ropes, key=lambda rope: (order.index(rope.estimand), rope.role != "primary"))
    return [
        _verdict(fit, contrast, rope, draws, health, agreement, exhausted=exhausted)
        for rope in ropes
        for contrast in fit.question.contrasts
        for draws in [effects.of(rope.estimand, contrast)]
    ]


def _verdict(
    fit: Fit,
    contrast: Contrast,
    rope: Rope,
    draws: xr.DataArray,
    health: Health,
    agreement: Agreement,
    *,
    exhausted: bool,
) -> Verdict:
    companion = next(
        (c for c in agreement.companion if (c.group, c.reference) == (contrast.group, contrast.reference)), None
    )
    withheld = equivalence.gates(
        health,
        None if companion is None else companion.agrees,
        "" if companion is None else companion.reason,
        _events_per_group(fit.table, contrast),
    )
    inside = None
    if rope.estimand is Estimand.HAZARD_RATIO and not fit.plan.baseline.by_group:
        inside = fit.prior.mass_inside(rope.low, rope.high, overlap(contrast, fit.question.primary))

    def decide(reasons: Sequence[str]) -> Verdict:
        labels = [f"prior {fit.prior.label}"] if fit.prior.label else []
        return equivalence.decide(
            contrast,
            rope.estimand,
            draws,
            rope,
            fit.question.rule,
            prior_inside=inside,
            withheld=reasons,
            labels=labels,
            exhausted=exhausted,
        )

    verdict = decide(withheld)
    claims_equal = verdict.word in {VerdictWord.EQUIVALENT, VerdictWord.NON_INFERIOR}
    if claims_equal and fit.prior.label == FAVOURS_EQUIVALENCE:
        return decide(["The prior is narrower than the default and favours equivalence: no claim rests on it alone."])
    return verdict


def _events_per_group(table: ExposureTable, contrast: Contrast) -> dict[str, int]:
    events = table.events.sum(axis=1)
    return {
        level: int(events[table.group == table.groups.index(level)].sum())
        for level in (contrast.group, contrast.reference)
    }


def _attainable(fit: Fit, agreement: Agreement) -> tuple[Attainability, ...]:
    """What each contrast's events allow against the primary hazard-ratio ROPE."""
    rope = fit.question.rope(Estimand.HAZARD_RATIO)
    if rope is None or fit.plan.baseline.by_group:
        return ()
    realised = {(c.group, c.reference): c.log_se for c in agreement.cox}
    patients = {
        level: float(fit.table.n_patients[fit.table.group == i].sum()) for i, level in enumerate(fit.table.groups)
    }
    found = []
    for contrast in fit.question.contrasts:
        events = _events_per_group(fit.table, contrast)
        compared = patients[contrast.group] + patients[contrast.reference]
        found.append(
            attain(
                events[contrast.group],
                events[contrast.reference],
                rope,
                rule=fit.question.rule,
                prior_sd=None if fit.prior.flat or fit.prior.is_mixture else fit.prior.rest_sd,
                events_fraction=sum(events.values()) / compared,
                realised_se=realised.get((contrast.group, contrast.reference)),
                group=contrast.group,
                reference=contrast.reference,
            )
        )
    return tuple(found)


def _prior_pull(draws: xr.DataArray, contrast: Contrast, agreement: Agreement) -> float | None:
    """(posterior mean - companion) / companion SE: what the prior moves."""
    for companion in agreement.companion:
        if (companion.group, companion.reference) == (contrast.group, contrast.reference) and companion.se > 0:
            return (float(draws.sel(contrast=contrast.label).mean()) - companion.log_hr) / companion.se
    return None


def _scalars(draws: xr.Dataset) -> xr.Dataset:
    """Hyperparameters and the total log likelihood: what a reader of trace plots wants beside the HR."""
    names = [str(name) for name in draws.data_vars if str(name) not in {"group_effect", "coefficient", "log_hazard"}]
    return draws[names]
