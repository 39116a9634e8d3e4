"""One fit: everything it depends on, and its draws, stored or made."""

from __future__ import annotations

import zlib
from dataclasses import asdict, dataclass, replace
from functools import cached_property

import numpy as np

from bayesrefract.cohort.exposure import ExposureTable
from bayesrefract.cohort.start import Start, start_of
from bayesrefract.cohort.value import Cohort
from bayesrefract.decision.question import Case
from bayesrefract.errors import InputError
from bayesrefract.findings import Provenance
from bayesrefract.inference.compilation import compilation
from bayesrefract.inference.compiler import Compiler
from bayesrefract.inference.nuts import sample
from bayesrefract.inference.posterior import Posterior
from bayesrefract.inference.progress import Watch
from bayesrefract.inference.provenance import code_sha256, processor, versions
from bayesrefract.inference.store import Store, fit_key
from bayesrefract.model.arrays import ModelArrays, arrange
from bayesrefract.model.priors import GroupPrior
from bayesrefract.study.model import WIDE_CHANGE, Model, Sampler
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
    def sampled(self) -> list[Fit]:
        """The fits that its verdicts need, itself first."""
        return [self, *(each for each in (self.behind_curves, self.beside_curves) if each is not None)]

    @property
    def behind_curves(self) -> Fit | None:
        """The same model with a hazard ratio that may change, from which curves come; None where it has one itself."""
        return self.by_time(self.model.priors.change_scale) if self.may_change else None

    @property
    def beside_curves(self) -> Fit | None:
        """The one whose ratio may change more, where something is judged of curves or of the ratio throughout."""
        judged = any(rope.estimand is not Estimand.HAZARD_RATIO for rope in self.analysis.ropes)
        return self.by_time(WIDE_CHANGE) if judged and (self.may_change or self.model.by_time) else None

    @property
    def may_change(self) -> bool:
        """Whether the hazard ratio is held constant where it could change: not with hazards by group or groups that
        change, with repeated events or in one interval."""
        held = not (self.model.by_time or self.model.baseline.by_group)
        return held and self.has_ratio_over_time

    @property
    def has_ratio_over_time(self) -> bool:
        """Whether a hazard ratio by time has a meaning: in several intervals, of groups in which patients stay, and of
        events that do not repeat."""
        several = self.table.events.shape[1] > 1 and len(self.table.groups) > 1
        return several and not self.cohort.group_changes and not self.analysis.endpoint.repeated_events

    def by_time(self, scale: float) -> Fit:
        """The same fit with a hazard ratio that may change; `scale`: of the half-normal prior of the change."""
        priors = replace(self.model.priors, change_scale=scale)
        model = replace(self.model, by_time=True, priors=priors)
        label = f"{self.label} · hazard ratio by time ({scale:g})"
        return replace(
            self,
            label=label,
            model=model,
            arrays=arrange(self.table, model, self.prior, self.analysis.primary),
            sequence=seed_of(self.seed, label),
        )

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


def seed_of(seed: int, label: str) -> np.random.SeedSequence:
    """A fit's own seed: it depends on the fit's name, not on which other fits run or in which order."""
    return np.random.SeedSequence(seed, spawn_key=(zlib.crc32(label.encode()),))


def draw(
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
                        return draw(fit, sampler, store, compiler, watch)
                made = sample(fit.arrays, sampler, fit.sequence, key, compiler=compiler, watch=watch)
                provenance = fit.provenance(sampler, key)
                store.save(made, provenance)
                return made, provenance
    return stored, fit.provenance(sampler, key)
