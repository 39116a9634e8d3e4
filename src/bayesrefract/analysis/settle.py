"""Draws and verdicts of one fit, sampled again where its draws are too few, diverge, or are not those of the model.

Survival curves, medians, restricted means and a hazard ratio by time come from the same model with a hazard ratio that
may change: a constant one would force the shape of one group's curve on the other's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import xarray as xr

from bayesrefract.analysis.fit import Fit, draw, seed_of
from bayesrefract.analysis.proportional import proportionality
from bayesrefract.classical.agreement import Agreement
from bayesrefract.decision import Verdict, diagnostics
from bayesrefract.decision.decision import too_close
from bayesrefract.decision.diagnostics import Health
from bayesrefract.decision.implied import Implied, implied
from bayesrefract.decision.judge import judge
from bayesrefract.estimands import Effects, estimate
from bayesrefract.findings import Provenance
from bayesrefract.inference.compiler import Compiler
from bayesrefract.inference.posterior import Posterior
from bayesrefract.inference.progress import Watch
from bayesrefract.inference.store import Store
from bayesrefract.model.prior_draws import prior_draws
from bayesrefract.proportionality.check import Proportionality
from bayesrefract.study.model import Sampler
from bayesrefract.study.rope import Estimand
from bayesrefract.study.study import Analysis

PRIOR_DRAWS = 2000


@dataclass(frozen=True)
class Settled:
    """Draws that more draws would not change, and what follows from them.

    `curves`: the fit and draws behind survival curves, the fit's own where it has no hazard ratio by time; their
    diagnostics are `curves_health`. `effects`: hazard ratios of the fit's own draws, all else from these. `prior`: the
    same effects as the prior has them, where curves are judged and it is a distribution.
    """

    posterior: Posterior
    provenance: Provenance
    effects: Effects
    health: Health
    curves: tuple[Fit, Posterior] = field(repr=False)
    curves_health: Health
    compared: Sequence[Implied]
    proportionality: tuple[Proportionality, ...]
    exhausted: bool
    prior: Effects | None = None

    @property
    def change_scale(self) -> float:
        """Scale of the prior of the change of the log hazard ratio, of the fit behind the curves."""
        return self.curves[0].model.priors.change_scale

    def verdicts(self, fit: Fit, agreement: Agreement, unfit: str = "") -> tuple[Verdict, ...]:
        """Every verdict. `unfit`: why nothing is claimed from the curves."""
        return judge(
            fit.case,
            self.effects,
            self.health,
            agreement,
            self.compared,
            proportionality=self.proportionality,
            exhausted=self.exhausted,
            curves_health=self.curves_health,
            prior_effects=self.prior,
            unfit=unfit,
        )


def settle(fit: Fit, agreement: Agreement, store: Store, compiler: Compiler | None, watch: Watch) -> Settled:
    """Sample until the draws are enough to judge.

    Once more with smaller steps after divergences, and with more draws while they are too few: for the
    convergence gates, or for any verdict that lies within Monte Carlo error of another one. Draws that are not those
    that data and prior imply are made once more, with nothing that was stored.
    """
    sampler, fresh = fit.model.sampler, False
    while True:
        sample = partial(draw, sampler=sampler, store=store, compiler=compiler, watch=watch, fresh=fresh)
        drawn = _drawn(fit, agreement, sample, sampler)
        divergences = drawn.health.divergences + drawn.curves_health.divergences
        if divergences and sampler.target_accept == fit.model.sampler.target_accept:
            watch.stage(f"{fit.label}: {divergences} divergent transitions, sampled again with smaller steps")
            sampler = sampler.careful
            continue
        wrong = not drawn.health.findings and any(each.fault for each in drawn.compared)
        if wrong and not fresh and compiler is not None:
            watch.stage(f"{fit.label}: the draws are not those that data and prior imply, sampled again from nothing")
            fresh = True
            continue
        close = [verdict for verdict in drawn.verdicts(fit, agreement) if too_close(verdict)]
        short = drawn.health.short or drawn.curves_health.short
        if drawn.exhausted or not (close or short):
            return drawn
        limit = sampler.max_draws // sampler.chains
        more = min(2 * sampler.draws, limit) if short else _more_draws(close, sampler)
        watch.stage(f"{fit.label}: {sampler.draws} draws a chain are too few, sampled again with {more}")
        sampler = replace(sampler, draws=more)


def _drawn(
    fit: Fit, agreement: Agreement, sample: Callable[[Fit], tuple[Posterior, Provenance]], sampler: Sampler
) -> Settled:
    """Draws of the fit and of those with a hazard ratio by time, with their diagnostics."""
    posterior, provenance = sample(fit)
    effects = own = _estimated(fit, posterior)
    curves = (fit, posterior)
    behind, beside = fit.behind_curves, fit.beside_curves
    if behind is not None:
        curves = (behind, sample(behind)[0])
        effects = replace(_estimated(*curves), log_hazard_ratio=own.log_hazard_ratio, constant=own)
    if beside is not None:
        effects = replace(effects, wide=_estimated(beside, sample(beside)[0]))
    judged = judged_draws(effects, fit.analysis)
    health = diagnostics.diagnose(posterior, *(judged if behind is None else judged[:1]))
    return Settled(
        posterior,
        provenance,
        effects,
        health,
        curves,
        health if behind is None else diagnostics.diagnose(curves[1], *judged[1:]),
        implied(fit.table, fit.model, fit.prior, fit.analysis.primary, own.contrasts, posterior, own.log_hazard_ratio),
        proportionality(fit, posterior, agreement),
        exhausted=sampler.draws >= sampler.max_draws // sampler.chains,
        prior=_prior_effects(*curves) if _judges_curves(fit.analysis) else None,
    )


def _prior_effects(fit: Fit, posterior: Posterior) -> Effects | None:
    """Every estimand as the prior of the model behind the curves has it; None where the prior is improper."""
    rng = np.random.default_rng(seed_of(fit.seed, f"{fit.label} · prior"))
    drawn = prior_draws(fit.arrays, rng, PRIOR_DRAWS)
    if drawn is None:
        return None
    return _estimated(fit, replace(posterior, draws=drawn, key="prior"))


def _estimated(fit: Fit, posterior: Posterior) -> Effects:
    return estimate(posterior, fit.table, fit.arrays.design, fit.analysis, fit.start)


def _judges_curves(analysis: Analysis) -> bool:
    return any(rope.estimand is not Estimand.HAZARD_RATIO for rope in analysis.ropes)


def judged_draws(effects: Effects, analysis: Analysis) -> list[xr.DataArray]:
    """Draws of the log hazard ratios, and of every other estimand with a ROPE."""
    found = [effects.log_hazard_ratio.rename("log_hazard_ratio")]
    estimands = {rope.estimand for rope in analysis.ropes} - {Estimand.HAZARD_RATIO}
    for estimand in sorted(estimands):
        if not effects.has(estimand):
            continue
        parts = [effects.of(estimand, contrast) for contrast in effects.contrasts]
        labels = [contrast.label for contrast in effects.contrasts]
        found.append(xr.concat(parts, dim="contrast").assign_coords(contrast=labels).rename(str(estimand)))
    return found


def _more_draws(close: Sequence[Verdict], sampler: Sampler) -> int:
    """Draws per chain, doubled as often as it should take to bring the distance to two MCSE.

    The MCSE falls with the root of the draws: doubling once at a time would discard more draws.
    """
    limit = sampler.max_draws // sampler.chains
    nearest = max(2 * v.distance_mcse / v.distance if v.distance > 0 else np.inf for v in close)
    doublings = max(1, int(np.ceil(np.log2(min(nearest**2, limit)))))
    return int(min(sampler.draws * 2**doublings, limit))
