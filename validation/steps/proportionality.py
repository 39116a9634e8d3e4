"""How often a claim of equivalence is stopped because the hazard ratio changes: rightly, wrongly, and not at all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from bayesrefract.classical import companion
from bayesrefract.cohort.exposure import ExposureTable, tabulate
from bayesrefract.cohort.value import Cohort
from bayesrefract.proportionality.bayes_factor import AVERAGE_SD, marginal
from bayesrefract.proportionality.constant import ConstantRatio, constant_ratio
from bayesrefract.proportionality.draws import draw
from bayesrefract.proportionality.likelihood import Likelihood
from bayesrefract.proportionality.pair import SHAPE, Pair, from_table
from bayesrefract.proportionality.thirds import CHANGES, OUTSIDE, THIRDS, is_average_of_unequal, thirds
from bayesrefract.study.model import USUAL, Intervals
from bayesrefract.study.rope import Side
from validation.changing_ratios import EVENTS, Design, Pattern, trial
from validation.step import Step

ROPE = (0.80, 1.25)
SCALE = 1.0
SAMPLES = 1024
WRONGLY = 0.05
"""Of the claims about exactly proportional hazards that may be stopped."""

PROPORTIONAL = Pattern("proportional")
STRONG = Pattern("0.6, 1.5", (0.6, 1.5))
WEAK = Pattern("0.7, 1.35", (0.7, 1.35))
INSIDE = Pattern("0.85, 1.18", (0.85, 1.18))
PATTERNS = (
    PROPORTIONAL,
    STRONG,
    WEAK,
    Pattern("0.8, 2", (0.8, 2.0)),
    Pattern("0.8, 2 in the last tenth", (0.8, 2.0), place=0.9),
    Pattern("0.9, 1.8", (0.9, 1.8)),
    Pattern("0.6, 1.6, 0.6", (0.6, 1.6, 0.6)),
    Pattern("1.5, 0.6, 1.5", (1.5, 0.6, 1.5)),
    Pattern("exponential, Weibull 2.5", weibull=2.5),
    Pattern("0.9, 1.1", (0.9, 1.1)),
    INSIDE,
)
PLAIN = Design("plain")
DESIGNS = (
    Design("3 covariates", covariates=3),
    Design("4 strata", strata=4),
    Design("20 strata", strata=20),
    Design("whole months", whole_months=True),
    Design("delayed entry", late_entry=True),
    Design("74 : 184", share=184 / 258),
)
PER_THIRD = (5, 10, 15, 20, 30, 60)
TIMES_THE_BOUND = (0.0, 0.75, 1.5, 2.0)
"""Log HR of the first period, and of the second with the other sign, as multiples of the ROPE's log bound."""
WIDE, NARROW = 3.24, 2.3
"""Log bound in posterior standard deviations: some 80% and 25% of trials with hazard ratio 1 claim equivalence."""
ONE_TO_FOUR = Design("1 : 4", share=0.8)


class Cell(NamedTuple):
    """Trials of one kind. `per_third`: expected events, or 0. `harm_above`: the claim is non-inferiority."""

    part: str
    design: Design
    pattern: Pattern
    patients: int
    trials: int
    rope: tuple[float, float] = ROPE
    per_third: int = 0
    harm_above: bool = False


def _cells() -> list[Cell]:
    found = []
    for pattern in PATTERNS:
        more = 3 if pattern is PROPORTIONAL else 1
        for patients, trials in ((500, 1500), (1500, 250), (5000, 150)):
            found.append(Cell("plain", PLAIN, pattern, patients, more * trials))
    for design in (*DESIGNS, PLAIN):
        for pattern in (PROPORTIONAL, STRONG, WEAK, INSIDE):
            fewer = design.late_entry or design.share != 0.5
            for patients, trials in ((700 if fewer else 500, 800), (1500, 200)):
                above = design is PLAIN
                more = 2 if pattern is PROPORTIONAL else 1
                part = "non-inferiority" if above else "design"
                found.append(Cell(part, design, pattern, patients, more * trials, harm_above=above))
    for design, deviations in ((PLAIN, WIDE), (PLAIN, NARROW), (ONE_TO_FOUR, WIDE)):
        for each in PER_THIRD[1:5] if design is ONE_TO_FOUR else PER_THIRD:
            found += [_few_events(design, deviations, each, times) for times in TIMES_THE_BOUND]
    return found


def _few_events(design: Design, deviations: float, each: int, times: float) -> Cell:
    """Trials with so many events per third, and a ROPE that they can attain."""
    information = THIRDS * each * design.share * (1 - design.share)
    bound = deviations / np.sqrt(information + 1 / AVERAGE_SD**2)
    low, high = float(np.exp(-bound)), float(np.exp(bound))
    pattern = Pattern(f"{low**times:.2f}, {high**times:.2f}", (low**times, high**times)) if times else PROPORTIONAL
    trials = (300 if deviations == WIDE else 500) * (1 if times else 2)
    return Cell("events", design, pattern, round(THIRDS * each / EVENTS), trials, (low, high), each)


CELLS = _cells()


def pair_of(cohort: Cohort, design: Design) -> tuple[ExposureTable, Pair]:
    """The table as the program makes it: 24 intervals or fewer, covariates at their fitted coefficients."""
    table = tabulate(cohort, Intervals())
    shape = SHAPE * USUAL / max(USUAL, table.events.shape[1])
    predictor = None
    if design.covariates:
        x = np.column_stack([covariate.values for covariate in table.covariates])
        predictor = x @ companion.fit(table, x).coefficients
    return table, from_table(table, 1, 0, predictor, stratified=design.strata > 1, shape=shape)


def claims(posterior: ConstantRatio, cell: Cell) -> bool:
    """The interval rule at 95% on the average hazard ratio."""
    low, high = np.log(cell.rope)
    not_above = posterior.below(high) >= 0.975
    return not_above if cell.harm_above else not_above and posterior.below(low) <= 0.025


def work(chunk: int, seed: int) -> dict[str, Any]:
    """Counts of one cell."""
    cell = CELLS[chunk]
    rng = np.random.default_rng([seed, chunk])
    side = Side.ABOVE if cell.harm_above else Side.TWO_SIDED
    found = {"cell": chunk, "events": 0.0, "claims": 0, "stopped": 0, "changes": 0, "outside": 0}
    for _ in range(cell.trials):
        _, pair = pair_of(trial(cell.pattern, cell.design, cell.patients, rng), cell.design)
        found["events"] += float(pair.pooled_events.sum()) / cell.trials
        if not claims(constant_ratio(Likelihood(pair), pair.n_intervals, AVERAGE_SD), cell):
            continue
        draws = draw(marginal(pair).grid(SCALE), SAMPLES)
        judged = thirds(draws.log_ratio, pair.pooled_events, cell.rope, draws.weight, side=side)
        found["claims"] += 1
        found["stopped"] += is_average_of_unequal(draws, judged)
        found["changes"] += draws.log_bayes_factor >= math.log(CHANGES)
        found["outside"] += judged.outside.value >= OUTSIDE
    return found


def write_up(results: Sequence[Any]) -> str:
    by_part: dict[str, list[Any]] = {"plain": [], "design": [], "non-inferiority": [], "events": []}
    for result in results:
        by_part[CELLS[result["cell"]].part].append(result)
    return "\n\n".join(
        f"{HEADINGS[part]}\n\n{_table(rows, per_third=part == 'events')}" for part, rows in by_part.items() if rows
    )


HEADINGS = {
    "plain": (
        "Two groups 1:1, control exponential, 71% with an event, ROPE 0.80 to 1.25. The hazard ratio changes when its "
        "average (the limit of Cox regression) is 1, unless a time is named. Claims: the 95% interval of the average "
        f"lies inside. Stopped: Bayes factor at least {CHANGES:g} and probability at least {OUTSIDE:g} that a third's "
        "mean lies outside."
    ),
    "design": "The same in other designs.",
    "non-inferiority": "Non-inferiority, harm by more events: only a third above 1.25 is outside.",
    "events": (
        "By expected events per third, both groups together. Some 80% (the wider) or 25% of trials with hazard ratio 1 "
        "attain the ROPE; the hazard ratios lie inside it (0.75 times its log bounds) or outside (1.5, 2)."
    ),
}


def _table(rows: Sequence[Any], *, per_third: bool) -> str:
    first = "Design | Events per third, ROPE" if per_third else "Design | Patients"
    lines = [
        f"| {first} | Hazard ratio | Trials | Events | Claims | Stopped (SE) | Bayes factor | Probability |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        cell, count = CELLS[row["cell"]], row["claims"]
        size = f"{cell.per_third}, {cell.rope[0]:.2f} to {cell.rope[1]:.2f}" if per_third else f"{cell.patients}"
        lines.append(
            f"| {cell.design.name} | {size} | {cell.pattern.name} | {cell.trials} | {row['events']:.0f} | {count} | "
            f"{_share(row['stopped'], count)} | {_part(row['changes'], count)} | {_part(row['outside'], count)} |"
        )
    return "\n".join(lines)


def _share(stopped: int, count: int) -> str:
    """Percentage with its standard error, that of one more and one less where all or none are stopped."""
    smoothed = (stopped + 1) / (count + 2)
    return f"{_part(stopped, count)} ({np.sqrt(smoothed * (1 - smoothed) / (count + 2)):.1%})" if count else "no claim"


def _part(some: int, count: int) -> str:
    return f"{some / count:.1%}" if count else ""


def passed(results: Sequence[Any]) -> bool:
    """Few claims about proportional hazards are stopped, and nearly all about a strong change among many events."""
    return all(_as_expected(row) for row in results)


def _as_expected(row: Any) -> bool:
    cell, count = CELLS[row["cell"]], row["claims"]
    slack = 3 * np.sqrt(WRONGLY * (1 - WRONGLY) * count)
    if len(set(cell.pattern.ratios)) == 1 and cell.pattern.weibull is None:
        return bool(row["stopped"] <= WRONGLY * count + slack)
    if cell.pattern is STRONG and cell.patients >= 1500 and not cell.design.whole_months:
        return bool(row["stopped"] >= (1 - WRONGLY) * count - slack)
    return True


def step() -> Step:
    return Step(
        name="proportionality",
        title="Claims that are stopped for a hazard ratio that changes",
        chunks=len(CELLS),
        seed=20261128,
        minutes=10,
        work=work,
        write_up=write_up,
        passed=passed,
        sources=(
            *(
                f"src/bayesrefract/{each}"
                for each in ("proportionality", "classical/companion.py", "cohort/exposure.py")
            ),
            "validation/changing_ratios.py",
        ),
    )
