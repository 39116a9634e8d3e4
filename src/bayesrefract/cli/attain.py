"""`bayesrefract attain`: whether so many events could show equivalence at all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from bayesrefract.cli import options
from bayesrefract.cli.compare import exclusive_faults
from bayesrefract.comparison import OPTIONS
from bayesrefract.errors import InputError
from bayesrefract.messages import quoted
from bayesrefract.study.rope import Rule, RuleName

if TYPE_CHECKING:
    from bayesrefract.decision.attainability import Attainability

MOST_DIGITS = 9
"""Of a number of events; the arithmetic of more of them is not that of a study."""
Events = Annotated[
    list[str],
    typer.Option("--events", metavar="GROUP=N GROUP=N", help="Events in each of the two groups.", show_default=False),
]
SecondGroup = Annotated[list[str] | None, typer.Argument(metavar="", hidden=True)]
PriorSd = Annotated[
    float | None,
    typer.Option(
        "--prior-sd", metavar="SD", help="Sd of the normal prior of the log hazard ratio.", show_default="flat"
    ),
]


def attain(
    more: SecondGroup = None,
    *,
    events: Events,
    rope: options.RopeBounds,
    rule: options.RuleOption = RuleName.INTERVAL,
    level: options.Level = 0.95,
    threshold: options.Threshold = None,
    one_sided: options.OneSided = False,
    harm: options.HarmOption = None,
    prior_sd: PriorSd = None,
) -> None:
    """Say whether so many events could show equivalence, or non-inferiority.

    Computed for a true hazard ratio of exactly 1, and the power for 1.05 and 1.10 too; no data are read.
    In Python: bayesrefract.attain.
    """
    from bayesrefract.judgements import attain as reach

    pairs, faults = read_events([*events, *(more or ())])
    faults += rope_faults(rope, rule, level, threshold, prior_sd)
    faults += exclusive_faults(before=False, after=False, one_sided=one_sided, harm=harm)
    if faults:
        raise InputError(faults)
    by = Rule(rule, level, threshold, harm=harm)
    found = reach(dict(pairs), rope=rope, rule=by, prior_sd=prior_sd)
    width = max(len(name) for name, _ in rows(found, by))
    for name, value in rows(found, by):
        typer.echo(f"{name:<{width}}  {value}")
    for note in notes(found, by):
        typer.echo(note)


def read_events(given: list[str]) -> tuple[list[tuple[str, int]], list[str]]:
    """GROUP=N twice, as pairs; and what is wrong with them."""
    pairs, faults = [], []
    for text in given:
        group, _, count = text.rpartition("=")
        if not group or not count.isdecimal():
            faults.append(f"--events {text}: give a group and a whole number of events, such as new=74.")
        elif len(count.lstrip("0")) > MOST_DIGITS:
            faults.append(f"--events {group}={quoted(count)[1:-1]}: no study has so many. Give the number of events.")
        else:
            pairs.append((group, int(count)))
    if len(given) != 2:
        faults.append(f"--events: {len(given)} given. Name exactly two groups, such as --events new=74 old=184.")
    elif len({group for group, _ in pairs}) < len(pairs):
        faults.append(f"--events: {pairs[0][0]} is named twice. Name two different groups.")
    return pairs, faults


def rope_faults(
    rope: tuple[float, float], rule: RuleName, level: float, threshold: float | None, prior_sd: float | None
) -> list[str]:
    """What is wrong with the bounds and the rule, by the rules of a study file."""
    import datetime as dt

    from bayesrefract.decision.attainability import ALLOWED_SD, LARGEST_SD, LEAST_SD
    from bayesrefract.errors import StudyError
    from bayesrefract.study.sections import RopeSection, RuleSection
    from bayesrefract.study.toml_reader import TomlFile

    line = TomlFile("command line", {}, StudyError)
    declared = {"source": "none is asked for here", "declared_on": dt.date.min, "before_data": True}
    line.check("rope", {"estimand": "hazard_ratio", "low": rope[0], "high": rope[1], **declared}, RopeSection)
    line.check("", {"name": rule, "level": level, "threshold": threshold}, RuleSection)
    if prior_sd is not None and not LEAST_SD <= prior_sd <= LARGEST_SD:
        line.fault("prior-sd", f" = {prior_sd:g} is not allowed. {ALLOWED_SD}")
    told = []
    for fault in line.faults:
        for place, option in OPTIONS.items():
            fault = fault.replace(place, option, 1)
        told.append(fault)
    return told


def rows(found: Attainability, rule: Rule) -> tuple[tuple[str, str], ...]:
    """What was asked and what was found, as names and values."""
    from bayesrefract.numerals import declared_ratio, exact, fixed, percent, probability

    claim = "non-inferiority" if rule.one_sided else "equivalence"
    by = f"the {percent(found.level)} interval"
    if rule.threshold is not None:
        by = f"a posterior probability of at least {exact(rule.threshold)}"
    best, minimum = (
        ("Posterior mass inside the ROPE, at best", probability(found.best_inside)),
        ("Events needed for any pass", fixed(found.events_minimum, 0)),
    )
    return (
        ("Events", f"{found.group} {found.events_group}, {found.reference} {found.events_reference}"),
        ("ROPE of the hazard ratio", f"{declared_ratio(found.rope_low)} to {declared_ratio(found.rope_high)}"),
        (f"Can {claim} be shown at all?", "yes" if found.possible else "no"),
        (f"Power with {by}", percent(found.power)),
        *((f"Power at a true hazard ratio of {each.true_ratio:.2f}", percent(each.power)) for each in found.power_at),
        *(() if rule.one_sided else (best,)),
        (f"Events needed for {percent(found.target_power)} power", fixed(found.events_needed, 0)),
        *(() if rule.one_sided else (minimum,)),
    )


def notes(found: Attainability, rule: Rule) -> Iterator[str]:
    """What power and events needed mean, and what makes them doubtful."""
    from bayesrefract.decision.attainability import NO_PROPORTION, OVERSTATED

    word = "non-inferior" if rule.one_sided else "equivalent"
    yield f"Power: probability of the verdict '{word}' if the true hazard ratio were exactly 1, or as named."
    if found.proportion_known:
        yield "Events needed: in both groups together, in the same proportion as given."
    else:
        yield f"Events needed: in both groups together. {NO_PROPORTION}"
    if found.prior_label:
        yield f"The prior {found.prior_label}: {OVERSTATED}"
