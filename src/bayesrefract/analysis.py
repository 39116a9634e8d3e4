"""Analyse one question with one model: from the exposure table to the findings."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property

import numpy as np
import xarray as xr

from bayesrefract.classical import cross_check
from bayesrefract.classical.agreement import Agreement
from bayesrefract.classical.disclosure import reportable, small_groups
from bayesrefract.cohort.exposure import ExposureTable
from bayesrefract.cohort.start import Start, start_notes, start_of
from bayesrefract.cohort.value import Cohort
from bayesrefract.decision import Verdict, diagnostics
from bayesrefract.decision.decision import too_close
from bayesrefract.decision.diagnostics import Health
from bayesrefract.decision.implied import implied
from bayesrefract.decision.joint import joined
from bayesrefract.decision.judge import Case, attainable, judge, prior_pull
from bayesrefract.decision.misfit import misfit, without_curves
from bayesrefract.errors import InputError
from bayesrefract.estimands import Effects, PredictiveCheck, covariate_effects, estimate, predictive_check
from bayesrefract.estimands.arviz_tree import arviz_tree
from bayesrefract.estimands.predictive import ENOUGH
from bayesrefract.estimands.summaries import at_horizon, curve_bands, medians, on_coarse_times
from bayesrefract.findings import Findings, Provenance
from bayesrefract.inference.compilation import compilation
from bayesrefract.inference.compiler import Compiler
from bayesrefract.inference.nuts import sample
from bayesrefract.inference.posterior import Posterior
from bayesrefract.inference.progress import Watch
from bayesrefract.inference.provenance import code_sha256, processor, versions
from bayesrefract.inference.store import Store, fit_key
from bayesrefract.model.arrays import ModelArrays
from bayesrefract.model.prior_predictive import prior_survival
from bayesrefract.model.priors import GroupPrior, imply
from bayesrefract.study.model import Model, Sampler
from bayesrefract.study.rope import Estimand
from bayesrefract.study.study import Analysis


@dataclass(frozen=True)
class Fit:
    """Everything one fit depends on, checked and ready to sample."""

    label: str
    analysis: Analysis
    model: Model
    cohort: Cohort
    table: ExposureTable
    arrays: ModelArrays
    prior: GroupPrior
    seed: int
    sequence: np.random.SeedSequence
    study_sha256: str = ""
    study: str = ""

    @cached_property
    def key(self) -> str:
        return fit_key(self.arrays, self.model.sampler, self.sequence)

    @cached_property
    def start(self) -> Start:
        """Where curves start."""
        return start_of(self.cohort, self.analysis)

    @property
    def case(self) -> Case:
        """Inputs of a verdict apart from the draws."""
        return Case(self.analysis, self.model, self.prior, self.table)

    def provenance(self, sampler: Sampler, key: str) -> Provenance:
        """Provenance of the draws made with this sampler."""
        return Provenance(
            seed=self.seed,
            fit_key=key,
            data_sha256=self.cohort.data_sha256,
            model_sha256=self.model.sha256,
            study_sha256=self.study_sha256,
            code_sha256=code_sha256(),
            versions=versions(),
            cpu=processor(),
            compilation=compilation(),
            label=self.label,
            sampler=asdict(sampler),
        )


def analyse(fit: Fit, store: Store, compiler: Compiler | None, watch: Watch) -> Findings:
    """Analyse one question of a study with one model.

    Without a compiler nothing is sampled: raises InputError where a fit is not stored.
    """
    agreement = cross_check(fit.cohort, fit.analysis, fit.table, fit.model)
    could_show = attainable(fit.case, agreement)  # before the group effect is looked at
    posterior, provenance, effects, health, verdicts = _settle(fit, agreement, store, compiler, watch)
    prior_rng, check_seed, tree_seed = _generators(fit)
    draws = effects.log_hazard_ratio
    small, reported = small_groups(agreement), reportable(agreement)
    bands = curve_bands(effects)
    checks = () if fit.cohort.owner is not None else _predicted(fit, posterior, check_seed)
    unfit = misfit(checks, fit.analysis.contrasts)
    rope = fit.analysis.rope(Estimand.HAZARD_RATIO)
    return Findings(
        analysis=fit.analysis,
        model=fit.model,
        adjusted_for=tuple(covariate.name for covariate in fit.table.covariates),
        flow=fit.cohort.flow,
        notes=(
            *fit.analysis.notes,
            *fit.cohort.notes,
            *fit.table.notes,
            *((unfit,) if unfit else ()),
            *start_notes(fit.start, fit.table.time_unit, small),
            *reported.notes,
            *_retried(fit, provenance),
        ),
        n_events=fit.cohort.n_events,
        health=health,
        agreement=reported,
        verdicts=joined(without_curves(verdicts, unfit), fit.analysis.claim),
        attainability=could_show,
        medians=() if unfit else medians(effects),
        curves=() if unfit else tuple(on_coarse_times(band) for band in bands) if small else bands,
        effects=covariate_effects(posterior, fit.arrays.design),
        predictive=tuple(check for check in checks if check.level not in small),
        priors=imply(fit.model, fit.prior, fit.arrays.design, fit.analysis.primary, rope),
        draws=arviz_tree(
            posterior, draws, fit.table, fit.arrays, fit.analysis.contrasts, tree_seed, _attributes(fit, provenance)
        ),
        prior_survival=prior_survival(fit.arrays, fit.table, prior_rng, start=fit.start.time),
        prior_pull=tuple(prior_pull(draws, contrast, agreement) for contrast in fit.analysis.contrasts),
        provenance=provenance,
        at_horizon=() if unfit else at_horizon(effects),
        misfit=unfit,
        start=fit.start,
        coding=fit.cohort.coding,
        n_rows=fit.cohort.n_rows,
    )


def _predicted(fit: Fit, posterior: Posterior, seed: np.random.SeedSequence) -> tuple[PredictiveCheck, ...]:
    return predictive_check(
        posterior, fit.table, fit.arrays.design, fit.cohort, seed, start=fit.start.time, at_most=ENOUGH
    )


def _generators(fit: Fit) -> tuple[np.random.Generator, np.random.SeedSequence, np.random.SeedSequence]:
    """Randomness of prior survival, of the predictive check and of ArviZ's groups, apart from the sampler's."""
    prior, check, tree = fit.sequence.spawn(3)
    return np.random.default_rng(prior), check, tree


def _attributes(fit: Fit, provenance: Provenance) -> dict[str, str | int | float]:
    """What a reader of the draws alone must know; plain values, as netCDF takes no others."""
    rope = fit.analysis.rope(Estimand.HAZARD_RATIO)
    bounds: dict[str, str | int | float] = {}
    if rope is not None:
        bounds = {"rope_low": rope.low, "rope_high": rope.high, "rope_estimand": str(rope.estimand)}
    return {
        "study": fit.study,
        "analysis": fit.analysis.name,
        "model": fit.model.name,
        "evidence": str(fit.analysis.evidence),
        "time_unit": str(fit.analysis.time_unit),
        "seed": provenance.seed,
        "fit_key": provenance.fit_key,
        "versions": json.dumps(provenance.versions, sort_keys=True),
        **bounds,
    }


def _settle(
    fit: Fit, agreement: Agreement, store: Store, compiler: Compiler | None, watch: Watch
) -> tuple[Posterior, Provenance, Effects, Health, tuple[Verdict, ...]]:
    """Sample and judge; once more with smaller steps after divergences, with more draws while they are too few.

    Too few: for the convergence gates, or for any verdict that lies within Monte Carlo error of another one. Draws that
    are not those that data and prior imply are made once more, with nothing that was stored.
    """
    sampler, fresh = fit.model.sampler, False
    while True:
        posterior, provenance = _posterior(fit, sampler, store, compiler, watch, fresh=fresh)
        effects = estimate(posterior, fit.table, fit.arrays.design, fit.analysis, fit.start)
        health = diagnostics.diagnose(posterior, *judged_draws(effects, fit.analysis))
        if health.divergences and sampler.target_accept == fit.model.sampler.target_accept:
            watch.stage(f"{fit.label}: {health.divergences} divergent transitions, sampled again with smaller steps")
            sampler = sampler.careful
            continue
        exhausted = sampler.draws >= sampler.max_draws // sampler.chains
        primary, contrasts = fit.analysis.primary, effects.contrasts
        compared = implied(fit.table, fit.model, fit.prior, primary, contrasts, posterior, effects.log_hazard_ratio)
        if not fresh and compiler is not None and not health.findings and any(each.fault for each in compared):
            watch.stage(f"{fit.label}: the draws are not those that data and prior imply, sampled again from nothing")
            fresh = True
            continue
        verdicts = judge(fit.case, effects, health, agreement, compared, exhausted=exhausted)
        close = [verdict for verdict in verdicts if too_close(verdict)]
        if exhausted or not (close or health.short):
            return posterior, provenance, effects, health, verdicts
        limit = sampler.max_draws // sampler.chains
        more = min(2 * sampler.draws, limit) if health.short else _more_draws(close, sampler)
        watch.stage(f"{fit.label}: {sampler.draws} draws a chain are too few, sampled again with {more}")
        sampler = replace(sampler, draws=more)


def judged_draws(effects: Effects, analysis: Analysis) -> list[xr.DataArray]:
    """Draws of the log hazard ratios, and of every other estimand with a ROPE."""
    found = [effects.log_hazard_ratio.rename("log_hazard_ratio")]
    estimands = {rope.estimand for rope in analysis.ropes} - {Estimand.HAZARD_RATIO}
    for estimand in sorted(estimands):
        parts = [effects.of(estimand, contrast) for contrast in effects.contrasts]
        labels = [contrast.label for contrast in effects.contrasts]
        found.append(xr.concat(parts, dim="contrast").assign_coords(contrast=labels).rename(str(estimand)))
    return found


def _retried(fit: Fit, provenance: Provenance) -> tuple[str, ...]:
    used = provenance.sampler["target_accept"]
    if used == fit.model.sampler.target_accept:
        return ()
    return (f"The first draws had divergent transitions; these were sampled with target acceptance {used:g}.",)


def _more_draws(close: Sequence[Verdict], sampler: Sampler) -> int:
    """Draws per chain, doubled as often as it should take to bring the distance to two MCSE.

    The MCSE falls with the root of the draws: doubling once at a time would discard more draws.
    """
    limit = sampler.max_draws // sampler.chains
    nearest = max(2 * v.distance_mcse / v.distance if v.distance > 0 else np.inf for v in close)
    doublings = max(1, int(np.ceil(np.log2(min(nearest**2, limit)))))
    return int(min(sampler.draws * 2**doublings, limit))


def _posterior(
    fit: Fit, sampler: Sampler, store: Store, compiler: Compiler | None, watch: Watch, *, fresh: bool = False
) -> tuple[Posterior, Provenance]:
    """The stored fit if everything it depends on is unchanged, else a new one, stored; with its provenance.

    fresh : make it anew whatever is stored, with machine code that was not kept either.
    """
    key = fit_key(fit.arrays, sampler, fit.sequence)
    if fresh and compiler is not None:
        with store.claim(key, watch.stage):
            watch.fit(fit.label)
            made = sample(fit.arrays, sampler, fit.sequence, key, compiler=Compiler(cache=None), watch=watch)
            store.save(made, fit.provenance(sampler, key))
            return made, fit.provenance(sampler, key)
    stored = store.load(key, fit.arrays)
    if stored is None and compiler is None:
        raise InputError(f"{fit.label}: not all of its draws are stored. Run `bayesrefract fit` first.")
    if stored is None:
        with store.claim(key, watch.stage):
            stored = store.load(key, fit.arrays)  # another run may have made it while this one waited
            if stored is None:
                damaged = store.found(key)
                if damaged is not None:
                    watch.stage(f"The stored fit of {fit.label} is damaged: it is made again ({damaged}).")
                watch.fit(fit.label)
                if compiler is not None:
                    compiler.model(fit.arrays, watch)
                    if fit_key(fit.arrays, sampler, fit.sequence) != key:  # it had to be compiled the other way
                        return _posterior(fit, sampler, store, compiler, watch)
                made = sample(fit.arrays, sampler, fit.sequence, key, compiler=compiler, watch=watch)
                provenance = fit.provenance(sampler, key)
                store.save(made, provenance)
                return made, provenance
    return stored, fit.provenance(sampler, key)
