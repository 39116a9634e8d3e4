"""Analyse one question with one model: from the exposure table to the findings."""

from __future__ import annotations

import json

import numpy as np

from bayesrefract.analysis.fit import Fit
from bayesrefract.analysis.settle import Settled, settle
from bayesrefract.classical import cross_check
from bayesrefract.classical.agreement import Agreement
from bayesrefract.classical.disclosure import reportable, small_groups
from bayesrefract.cohort.start import start_notes
from bayesrefract.decision.judge import attainable, prior_pull
from bayesrefract.decision.misfit import misfit, off_kaplan_meier
from bayesrefract.estimands import Effects, PredictiveCheck, covariate_effects, predictive_check
from bayesrefract.estimands.arviz_tree import arviz_tree
from bayesrefract.estimands.over_time import ratios_over_time
from bayesrefract.estimands.own_curves import own_restricted_means
from bayesrefract.estimands.predictive import ENOUGH
from bayesrefract.estimands.summaries import at_horizon, curve_bands, medians, on_coarse_times
from bayesrefract.findings import Findings, Provenance
from bayesrefract.inference.compiler import Compiler
from bayesrefract.inference.posterior import Posterior
from bayesrefract.inference.progress import Watch
from bayesrefract.inference.store import Store
from bayesrefract.model.prior_predictive import prior_survival
from bayesrefract.model.priors import imply
from bayesrefract.study.model import WIDE_CHANGE
from bayesrefract.study.rope import Estimand


def analyse(fit: Fit, store: Store, compiler: Compiler | None, watch: Watch) -> Findings:
    """Analyse one question of a study with one model.

    Without a compiler nothing is sampled: raises InputError where a fit is not stored.
    """
    agreement = cross_check(fit.cohort, fit.analysis, fit.table, fit.model)
    could_show = attainable(fit.case, agreement)  # before the group effect is looked at
    settled = settle(fit, agreement, store, compiler, watch)
    posterior, provenance, effects = settled.posterior, settled.provenance, settled.effects
    prior_rng, check_seed, tree_seed = _generators(fit)
    draws = effects.log_hazard_ratio
    small, reported = small_groups(agreement), reportable(agreement)
    bands = curve_bands(effects)
    checks = () if fit.cohort.owner is not None else _predicted(*settled.curves, check_seed)
    unfit = misfit(checks, fit.analysis.contrasts) or _off(settled, agreement)
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
            *not_throughout(fit, settled.effects),
        ),
        n_events=fit.cohort.n_events,
        health=settled.health,
        agreement=reported,
        verdicts=settled.verdicts(fit, agreement, unfit),
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
        proportionality=settled.proportionality,
        start=fit.start,
        coding=fit.cohort.coding,
        n_rows=fit.cohort.n_rows,
        over_time=()
        if settled.curves_health.findings
        else ratios_over_time(effects, fit.table, fit.cohort, settled.change_scale, WIDE_CHANGE, small),
    )


def _predicted(fit: Fit, posterior: Posterior, seed: np.random.SeedSequence) -> tuple[PredictiveCheck, ...]:
    return predictive_check(
        posterior, fit.table, fit.arrays.design, fit.cohort, seed, start=fit.start.time, at_most=ENOUGH
    )


def _off(settled: Settled, agreement: Agreement) -> str:
    """Why the curves are not those of the patients, where they can be compared with Kaplan-Meier's."""
    fit, posterior = settled.curves
    horizon = fit.analysis.endpoint.horizon
    if horizon is None or not fit.start.is_declared or fit.start.not_modelled:
        return ""
    means = own_restricted_means(posterior, fit.table, fit.arrays.design, horizon, fit.start.time)
    return off_kaplan_meier(means, agreement.groups, fit.analysis.contrasts, fit.table.time_unit)


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


def not_throughout(fit: Fit, effects: Effects) -> tuple[str, ...]:
    """That a declared range of the hazard ratio throughout a window is not judged, and why."""
    declared = any(rope.estimand is Estimand.THROUGHOUT for rope in fit.analysis.ropes)
    if not declared or effects.has(Estimand.THROUGHOUT):
        return ()
    if fit.model.baseline.by_group:
        why = "it has hazards by group, so that its ratio is not one that may change smoothly"
    elif fit.table.events.shape[1] == 1:
        why = "its follow-up is one interval, within which no ratio changes"
    else:
        why = "a hazard ratio that may change is not fitted to these patients"
    return (f"The model {fit.model.name} gives no verdict on the hazard ratio throughout the window: {why}.",)


def _retried(fit: Fit, provenance: Provenance) -> tuple[str, ...]:
    used = provenance.sampler["target_accept"]
    if used == fit.model.sampler.target_accept:
        return ()
    return (f"The first draws had divergent transitions; these were sampled with target acceptance {used:g}.",)
