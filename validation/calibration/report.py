"""What the calibration found, for the page of the validation: a table, and a figure of each structure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from validation.calibration.cases import CASES
from validation.calibration.judge import (
    AT_MOST,
    COVERAGE_LEVEL,
    FALSE_ALARM,
    KNOWN,
    LEVEL,
    SIMULATIONS,
    Found,
    against_known,
    covers_as_stated,
    distance,
    faults,
    first_pairs,
    gathered,
    limits,
)
from validation.calibration.picture import picture
from validation.calibration.ranks import ENOUGH, KEPT

SPOILT = {case.name: case for case in CASES if case.spoil}


def passed(results: Sequence[Any]) -> bool:
    """Every structure is calibrated, all together cover as stated, and each wrong fit, once complete, is noticed."""
    found = gathered(results)
    right = [each for name, each in found.items() if name not in SPOILT]
    wrong = [each for name, each in found.items() if name in SPOILT and each.sets == SPOILT[name].sets]
    return (
        not any(faults(each) for each in right)
        and all(faults(each) for each in wrong)
        and (not right or covers_as_stated(first_pairs(found)))
    )


def pictures(results: Sequence[Any]) -> dict[str, bytes]:
    """A figure for each case that has results."""
    return {_file(name): picture(each) for name, each in gathered(results).items()}


def _file(case: str) -> str:
    return f"calibration-{case.replace('_', '-')}.png"


def write_up(results: Sequence[Any]) -> str:
    found = gathered(results)
    lines = [_head(), "", *_table({name: each for name, each in found.items() if name not in SPOILT})]
    if any(name not in SPOILT for name in found):
        covers = first_pairs(found)
        low, high = limits(len(covers))
        lines += [
            "",
            f"All structures together: {covers.sum():,} of {len(covers):,} intervals of the first log hazard ratio "
            f"cover the truth, {covers.mean():.1%}; {low:.1%} to {high:.1%} is what 95% intervals give.",
        ]
    for each in found.values():
        if KNOWN in each.pits:
            square, most, sets = against_known(each)
            lines += [
                "",
                "Hazards by group in one interval: the posterior of the hazard ratio is a scaled F. Ranks against it: "
                f"chi-square {square:.0f} from {sets} data sets, at most {most:.0f} (99.9%).",
            ]
    wrong = [each for name, each in found.items() if name in SPOILT]
    if wrong:
        lines += ["", "Fits that are wrong on purpose, 40 patients each, and what of the above notices them:", ""]
        lines += [f"- {_title(each)}: {len(each.events)} data sets; {_noticed(each)}." for each in wrong]
    for each in found.values():
        lines += ["", f"![{_title(each)}: ECDF of the ranks less the uniform one]({_file(each.case)})"]
    return "\n".join(lines)


def _head() -> str:
    low, high = limits(250)
    return (
        "Truths are drawn from the prior, patients from the truths; cuts, the centre of the level and the scales of "
        "the covariates are constants of the scenario. 120 patients, a third of whom enter late. Each fit: 4 chains of "
        f"250 draws, doubled while an effective sample size is below {ENOUGH}, thinned to {KEPT}; so a rank is 0 to "
        f"{KEPT}. Ranked are every pairwise log hazard ratio, coefficients, log hazards, hyperparameters and the log "
        "likelihood (Modrak et al. 2023). Every ECDF of ranks must stay inside its simultaneous envelope; over all "
        f"quantities of all structures the chance of a false alarm is at most {FALSE_ALARM:.0%} (Bonferroni: "
        f"{LEVEL:.2%} for each of at most {AT_MOST} quantities; ArviZ's envelope, from {SIMULATIONS:,} uniform "
        f"samples). 95% intervals must cover {low:.1%} to {high:.1%} of 250 data sets (binomial, {COVERAGE_LEVEL:.1%})."
    )


def _table(found: Mapping[str, Found]) -> list[str]:
    lines = [
        "| Structure | Data sets | Events, median (range) | Quantities | Largest distance of an ECDF | "
        "Coverage of 95% intervals | Lengthened | Least ESS | With divergences | Faults |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for each in found.values():
        far = {name: distance(pits) for name, pits in each.pits.items()}
        worst = max(far, key=lambda name: far[name])
        covers = ", ".join(f"{values.mean():.1%}" for values in each.covers.values())
        events = f"{np.median(each.events):.0f} ({each.events.min()} to {each.events.max()})"
        lines.append(
            f"| {_title(each)} | {each.sets} | {events} | {len(each.pits)} | {far[worst]:.3f} "
            f"({worst}) | {covers} | {each.lengthened} | {each.ess} | {each.divergent} | "
            f"{'; '.join(faults(each)) or 'none'} |"
        )
    if found:
        lines += ["", f"Libraries: {list(found.values())[-1].versions}."]
    return lines


def _title(found: Found) -> str:
    return next(case.scenario.title for case in CASES if case.name == found.case)


def _noticed(found: Found) -> str:
    return "; ".join(faults(found)) or "nothing"
