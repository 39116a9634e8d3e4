"""How often honest fits are taken for faulty, and how often prior and pooling are said to move their estimates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import xarray as xr

from bayesrefract.cohort.exposure import tabulate
from bayesrefract.cohort.value import Cohort
from bayesrefract.decision.diagnostics import convergence
from bayesrefract.decision.implied import FAULT_RATIO, FAULT_SHIFT, INFLUENCE_RATIO, INFLUENCE_SHIFT, Implied, implied
from bayesrefract.inference.compiler import Compiler
from bayesrefract.inference.nuts import sample
from bayesrefract.model.arrays import arrange
from bayesrefract.model.priors import default_prior
from bayesrefract.study.model import Baseline, BaselineKind, Intervals, Model, Sampler, StrataKind
from bayesrefract.study.study import Contrast
from validation.honest_trials import few_and_many, four_groups, in_strata, with_covariates
from validation.step import Step

SETS, PER_CHUNK = 200, 10
PARTS = SETS // PER_CHUNK
MODEL = Model("primary", "", "", sampler=Sampler(chains=4, tune=300, draws=500))
POOLED = replace(
    MODEL,
    baseline=Baseline(strata=StrataKind.POOLED),
    intervals=Intervals(maximum=12),
    sampler=Sampler(chains=2, tune=300, draws=250),
)
INDEPENDENT = replace(POOLED, baseline=Baseline(BaselineKind.INDEPENDENT, StrataKind.POOLED))


@dataclass(frozen=True)
class Kind:
    """Trials of one kind, and the model that is fitted to them."""

    name: str
    trial: Callable[[np.random.Generator], Cohort]
    model: Model = MODEL


KINDS = (
    Kind("20 strata, pooled", in_strata, POOLED),
    Kind("20 strata, pooled, independent hazards", in_strata, INDEPENDENT),
    Kind("8 exchangeable covariates, about 41 events", with_covariates, replace(MODEL, exchangeable=True)),
    Kind("groups of 5 and about 200 events", few_and_many),
    Kind("four groups", four_groups),
)


@cache
def compiler() -> Compiler:
    """One for the process, which compiles a structure once."""
    return Compiler()


def work(chunk: int, seed: int) -> dict[str, Any]:
    """One part of the trials of one kind: each contrast with its numbers."""
    kind = KINDS[chunk // PARTS]
    rng = np.random.default_rng([seed, chunk])
    return {"kind": chunk // PARTS, "sets": [compared(kind, rng) for _ in range(PER_CHUNK)]}


def compared(kind: Kind, rng: np.random.Generator) -> dict[str, Any]:
    """One trial, fitted and compared: its events, and the numbers of each contrast with the first group."""
    cohort, prior = kind.trial(rng), default_prior()
    table = tabulate(cohort, kind.model.intervals)
    contrasts = tuple(Contrast(name, "a", primary=name == "b") for name in cohort.groups[1:])
    arrays = arrange(table, kind.model, prior, contrasts[0])
    seed = np.random.SeedSequence(int(rng.integers(2**63)))
    posterior = sample(arrays, kind.model.sampler, seed, "", compiler=compiler())
    effect = posterior.draws["group_effect"]
    ratios = xr.concat([effect.sel(group=c.group) - effect.sel(group="a") for c in contrasts], "contrast")
    ratios = ratios.assign_coords(contrast=[each.label for each in contrasts])
    found = implied(table, kind.model, prior, contrasts[0], contrasts, posterior, ratios)
    if len(found) != len(contrasts):
        raise AssertionError(f"{kind.name}: no approximation could be made")
    return {
        "events": cohort.n_events,
        "divergences": int(posterior.statistics["diverging"].sum()),
        "ess": round(min(convergence(each.to_numpy()).ess_bulk for each in ratios)),
        "contrasts": [_numbers(each) for each in found],
    }


def _numbers(found: Implied) -> dict[str, Any]:
    return {
        "shift": round(found.shift, 4),
        "ratio": round(found.draws[1] / found.own[1], 4),
        "moved": round((found.own[0] - found.default[0]) / found.default[1], 4),
        "changed": round(found.own[1] / found.default[1], 4),
        "fault": bool(found.fault),
        "influence": bool(found.influence),
    }


def write_up(results: Sequence[Any]) -> str:
    """Two tables of the kinds: what the comparison with the model's own priors finds, and that with the default's."""
    faults, influences = [], []
    for place, sets in _by_kind(results).items():
        contrasts = [each for one in sets for each in one["contrasts"]]
        faulty, labelled = (_count(sets, name) for name in ("fault", "influence"))
        start = f"| {KINDS[place].name} | {len(sets)} | {np.mean([one['events'] for one in sets]):.0f} |"
        faults.append(
            f"{start} {faulty} | {_sizes(contrasts, 'shift')} | {_span(contrasts, 'ratio')} | "
            f"{min(one['ess'] for one in sets):,} | {sum(one['divergences'] for one in sets)} |"
        )
        influences.append(
            f"{start} {labelled} ({labelled / len(sets):.1%}) | {_sizes(contrasts, 'moved')} | "
            f"{_span(contrasts, 'changed')} |"
        )
    return "\n".join([*_said_of_faults(), *faults, *_said_of_influence(), *influences])


def _said_of_faults() -> list[str]:
    return [
        f"Simulated trials with proportional hazards, {SETS} of each kind, fitted by NUTS with the default prior of "
        "the group effects. Shift: of the draws' mean from the mode of the same model with its own priors, in standard "
        f"deviations. A fault is a shift of more than {FAULT_SHIFT:g}, or a ratio of the standard deviations outside "
        f"{1 / FAULT_RATIO:g} to {FAULT_RATIO:g}. Trials with four groups have three contrasts each.",
        "",
        "| Trials | Sets | Events, mean | Faults | Shift: median, 95%, largest | SD ratio: least, median, largest "
        "| Bulk ESS, least | Divergences |",
        "|---|---|---|---|---|---|---|---|",
    ]


def _said_of_influence() -> list[str]:
    return [
        "",
        "The same mode beside that with the default prior and nothing pooled. Labelled: a shift of more than "
        f"{INFLUENCE_SHIFT:g} standard deviations, or a ratio of them outside 1/{INFLUENCE_RATIO:g} to "
        f"{INFLUENCE_RATIO:g}.",
        "",
        "| Trials | Sets | Events, mean | Labelled | Shift: median, 95%, largest | SD ratio: least, median, largest |",
        "|---|---|---|---|---|---|",
    ]


def _by_kind(results: Sequence[Any]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for result in results:
        found.setdefault(result["kind"], []).extend(result["sets"])
    return found


def _count(sets: Sequence[Any], name: str) -> int:
    """Trials in which this is said of any contrast."""
    return sum(any(each[name] for each in one["contrasts"]) for one in sets)


def _sizes(contrasts: Sequence[Any], name: str) -> str:
    sizes = np.quantile([abs(each[name]) for each in contrasts], [0.5, 0.95, 1.0])
    return ", ".join(f"{size:.2f}" for size in sizes)


def _span(contrasts: Sequence[Any], name: str) -> str:
    return ", ".join(f"{size:.2f}" for size in np.quantile([each[name] for each in contrasts], [0.0, 0.5, 1.0]))


def passed(results: Sequence[Any]) -> bool:
    """No honest fit is faulty, and none is labelled where nothing is pooled and the prior is the default."""
    kinds = _by_kind(results)
    pools = {place for place, kind in enumerate(KINDS) if kind.model is not MODEL}
    labelled = [_count(sets, "influence") for place, sets in kinds.items() if place not in pools]
    return not any([*labelled, *(_count(sets, "fault") for sets in kinds.values())])


def step() -> Step:
    """The step for `make validate`."""
    return Step(
        name="fault_gate",
        title="Honest fits beside what data and prior imply",
        chunks=len(KINDS) * PARTS,
        seed=20261128,
        minutes=9,
        work=work,
        write_up=write_up,
        passed=passed,
        sources=(
            *(f"src/bayesrefract/{each}" for each in ("model", "cohort/exposure.py", "study/model.py")),
            *(f"src/bayesrefract/inference/{each}.py" for each in ("mode", "nuts", "posterior", "compile_code")),
            "src/bayesrefract/decision/implied.py",
            "validation/honest_trials.py",
            "requirements.lock",
        ),
    )
