"""How often the rule is wrong, from patients through the whole line: claims that are false, and verdicts withheld."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import brentq

from bayesrefract.cohort.value import Cohort
from bayesrefract.decision.verdict import VerdictWord
from bayesrefract.proportionality.bayes_factor import AVERAGE_SD, marginal
from bayesrefract.proportionality.constant import constant_ratio
from bayesrefract.proportionality.draws import draw
from bayesrefract.proportionality.likelihood import Likelihood
from bayesrefract.proportionality.thirds import is_average_of_unequal, thirds
from validation.changing_ratios import EVENTS, Pattern, trial
from validation.claim_trials import COVARIATES, crossing_weibull, honest, lower_then_higher, records
from validation.claims_page import Cell, faults, page
from validation.step import Step
from validation.steps.proportionality import PLAIN, SAMPLES, SCALE, pair_of
from validation.whole_line import RATIO, answered, gates

LEVEL, REACH = 0.975, 6.0
"""Of the interval's upper limit, and the standard deviations within which it is looked for."""
EDGE = Pattern("1.25", (RATIO.high,))
PATTERNS = (
    Pattern("1"),
    Pattern("0.9, 1.1", (0.9, 1.1)),
    Pattern("0.7, 1.35", (0.7, 1.35)),
    Pattern("0.6, 1.5", (0.6, 1.5)),
    Pattern("1, 0.8 in the later half of the events", (1.0, 0.8), place=0.5),
    Pattern("1, 1.5 in the last quarter of the events", (1.0, 1.5), place=0.75),
)
CROSSING: dict[str, Callable[[int, np.random.Generator], Cohort]] = {
    "exponential, Weibull 2.5": crossing_weibull,
    "0.45 for ten months, then 1.5": lower_then_higher,
}
NEAR, CHOSEN = 1.0, 2
"""Within so many standard deviations of the limit so many data sets of a chunk, on either side, are fitted by NUTS too:
any of them, as those nearest of all are too close to call until 40,000 draws are made."""


def _cells() -> list[Cell]:
    found = [Cell("edge", EDGE.name, events, 1000, 4) for events in (500, 1000)]
    found += [Cell("change", each.name, events, 500, 1) for each in PATTERNS for events in (500, 1000, 3000)]
    found += [Cell("crossing", name, size, 5, 2) for name, size in zip(CROSSING, (3000, 5000), strict=True)]
    return [*found, *(Cell("honest", "two covariates", n, 5, 60 if n < 3000 else 20) for n in (60, 150, 500, 3000))]


CELLS = _cells()
ORDER = sorted(
    ((cell, part) for cell in range(len(CELLS)) for part in range(CELLS[cell].chunks)),
    key=lambda each: (each[1] / CELLS[each[0]].chunks, CELLS[each[0]].part != "change", each[0]),
)
"""Every cell in turn, so that each has results wherever a run stops."""


def work(chunk: int, seed: int) -> dict[str, Any]:
    """One part of one cell."""
    place, part = ORDER[chunk]
    cell, rng = CELLS[place], np.random.default_rng([seed, place, part])
    made = {"edge": at_the_edge, "change": changing, "crossing": crossing, "honest": withheld}[cell.part]
    return {"cell": place, **made(cell, rng)}


@dataclass(frozen=True)
class Quick:
    """The rule on the exact posterior of a model with independent hazards, by quadrature.

    `margin`: how far the interval stays inside the range, in standard deviations; negative where it does not.
    """

    margin: float
    mean: float
    sd: float
    stopped: bool = False

    @property
    def claims(self) -> bool:
        return self.margin >= 0

    @property
    def stands(self) -> bool:
        return self.claims and not self.stopped


def quick(cohort: Cohort) -> Quick:
    """`stopped`: for a hazard ratio that changes; it is asked only where equivalence would be claimed."""
    _, pair = pair_of(cohort, PLAIN)
    posterior = constant_ratio(Likelihood(pair), pair.n_intervals, AVERAGE_SD)
    mean, sd = posterior.mean, posterior.sd
    low, high = (
        brentq(lambda at, level=each: posterior.below(at) - level, mean - REACH * sd, mean + REACH * sd)
        for each in (1 - LEVEL, LEVEL)
    )
    margin = min(low - math.log(RATIO.low), math.log(RATIO.high) - high) / sd
    if margin < 0:
        return Quick(margin, mean, sd)
    draws = draw(marginal(pair).grid(SCALE), SAMPLES)
    judged = thirds(draws.log_ratio, pair.pooled_events, (RATIO.low, RATIO.high), draws.weight)
    return Quick(margin, mean, sd, is_average_of_unequal(draws, judged))


def patients(cell: Cell) -> int:
    """As many as have so many events with a hazard ratio of 1."""
    return round(cell.size / EVENTS)


def at_the_edge(cell: Cell, rng: np.random.Generator) -> dict[str, Any]:
    """Claims where the hazard ratio is the range's own bound; some near the limit by NUTS too."""
    cohorts = [trial(EDGE, PLAIN, patients(cell), rng) for _ in range(cell.sets)]
    found = [quick(each) for each in cohorts]
    near = [place for place in rng.permutation(cell.sets).tolist() if abs(found[place].margin) <= NEAR]
    sides = ([place for place in near if found[place].claims is side] for side in (False, True))
    chosen = [place for side in sides for place in side[:CHOSEN]]
    return {
        "sets": cell.sets,
        "events": float(np.mean([each.n_events for each in cohorts])),
        "claims": sum(each.claims for each in found),
        "stand": sum(each.stands for each in found),
        "by_nuts": [_by_nuts(cohorts[place], found[place], rng) for place in chosen],
    }


def _by_nuts(cohort: Cohort, found: Quick, rng: np.random.Generator) -> dict[str, Any]:
    verdict = answered(records(cohort), int(rng.integers(2**31))).findings.verdicts[0]
    return {
        "quick": found.stands,
        "word": str(verdict.word),
        "margin": round(found.margin, 3),
        "shift": round((verdict.mean - found.mean) / found.sd, 3),
        "ratio": round(verdict.sd / found.sd, 3),
        "close": bool(verdict.reasons),
    }


def changing(cell: Cell, rng: np.random.Generator) -> dict[str, Any]:
    """Claims, and those that a changing hazard ratio removes."""
    pattern = next(each for each in PATTERNS if each.name == cell.name)
    found = [quick(trial(pattern, PLAIN, patients(cell), rng)) for _ in range(cell.sets)]
    return {
        "sets": cell.sets,
        "claims": sum(each.claims for each in found),
        "stand": sum(each.stands for each in found),
    }


def crossing(cell: Cell, rng: np.random.Generator) -> dict[str, Any]:
    """Verdicts of the whole line where hazards cross."""
    words = []
    for _ in range(cell.sets):
        frame = records(CROSSING[cell.name](cell.size, rng))
        words.append(str(answered(frame, int(rng.integers(2**31))).findings.verdicts[0].word))
    return {"sets": cell.sets, "words": dict(Counter(words))}


def withheld(cell: Cell, rng: np.random.Generator) -> dict[str, Any]:
    """Honest trials with a verdict withheld, by which gates, and how far restricted means are from Kaplan-Meier's."""
    ratio, means, any_of, off, words = Counter[str](), Counter[str](), 0, [], Counter[str]()
    for _ in range(cell.sets):
        frame = honest(cell.size, rng)
        draws = 1000 if cell.size < 500 else 500
        answer = answered(frame, int(rng.integers(2**31)), COVARIATES, draws=draws, means=True)
        given = answer.findings.verdicts
        gone = [each for each in given if each.word is VerdictWord.WITHHELD]
        any_of += bool(gone)
        for each in gone:
            (ratio if each is given[0] else means).update(["all", *gates(each.reasons)])
        words.update([str(given[0].word)])
        off += [] if answer.off is None else [round(answer.off, 2)]
    return {
        "sets": cell.sets,
        "withheld": any_of,
        "ratio": dict(ratio),
        "means": dict(means),
        "words": dict(words),
        "off": off,
    }


def write_up(results: Sequence[Any]) -> str:
    return page(results, CELLS)


def passed(results: Sequence[Any]) -> bool:
    """Every share is within its limit."""
    return not faults(results, CELLS)


def step() -> Step:
    return Step(
        name="claims",
        title="How often this rule is wrong",
        chunks=len(ORDER),
        seed=20261128,
        minutes=60,
        work=work,
        write_up=write_up,
        passed=passed,
        sources=(
            *(
                f"src/bayesrefract/{each}"
                for each in (
                    *("analysis", "classical", "cohort", "decision", "estimands", "inference", "model"),
                    *("proportionality", "study/model.py", "study/rope.py"),
                )
            ),
            *(f"validation/{each}.py" for each in ("changing_ratios", "claim_trials", "whole_line")),
            "models",
            "requirements.lock",
        ),
    )
