"""`bayesrefract attain`: whether so many events could show equivalence at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bayesrefract.cli import options
from bayesrefract.errors import InputError
from bayesrefract.messages import UNPRINTABLE, quoted

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
    level: options.Level = 0.95,
    prior_sd: PriorSd = None,
) -> None:
    """Say whether so many events could show equivalence.

    Computed for a true hazard ratio of exactly 1; no data are read. In Python: bayesrefract.attain.
    """
    from bayesrefract.judgements import attain as reach
    from bayesrefract.study.rope import Rule

    pairs, faults = read_events([*events, *(more or ())])
    faults += rope_faults(rope, level, prior_sd)
    if faults:
        raise InputError(faults)
    found = reach(dict(pairs), rope=rope, rule=Rule(level=level), prior_sd=prior_sd)
    width = max(len(name) for name, _ in rows(found))
    for name, value in rows(found):
        typer.echo(f"{name:<{width}}  {value}")
    typer.echo("Power: probability of the verdict 'equivalent' if the true hazard ratio were exactly 1.")
    typer.echo("Events needed: in both groups together, in the same proportion as given.")


def read_events(given: list[str]) -> tuple[list[tuple[str, int]], list[str]]:
    """GROUP=N twice, as pairs; and what is wrong with them."""
    pairs, faults = [], []
    for text in given:
        group, _, count = text.rpartition("=")
        if UNPRINTABLE.search(group):
            faults.append(
                f"--events {quoted(text)}: the name of a group holds a line end or control character. Write it on one "
                "line, without them."
            )
        elif not group or not count.isdecimal():
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


def rope_faults(rope: tuple[float, float], level: float, prior_sd: float | None) -> list[str]:
    """What is wrong with the bounds and the level, by the rules of a study file."""
    import datetime as dt

    from bayesrefract.decision.attainability import ALLOWED_SD, LARGEST_SD, LEAST_SD
    from bayesrefract.errors import StudyError
    from bayesrefract.study.sections import RopeSection, RuleSection
    from bayesrefract.study.toml_reader import TomlFile

    line = TomlFile("command line", {}, StudyError)
    declared = {"source": "none is asked for here", "declared_on": dt.date.min, "before_data": True}
    line.check("rope", {"estimand": "hazard_ratio", "low": rope[0], "high": rope[1], **declared}, RopeSection)
    line.check("", {"name": "interval", "level": level}, RuleSection)
    if prior_sd is not None and not LEAST_SD <= prior_sd <= LARGEST_SD:
        line.fault("prior_sd", f" = {prior_sd:g} is not allowed. {ALLOWED_SD}")
    return line.faults


def rows(found: Attainability) -> tuple[tuple[str, str], ...]:
    """What was asked and what was found, as names and values."""
    from bayesrefract.numerals import declared_ratio, fixed, percent, probability

    return (
        ("Events", f"{found.group} {found.events_group}, {found.reference} {found.events_reference}"),
        ("ROPE of the hazard ratio", f"{declared_ratio(found.rope_low)} to {declared_ratio(found.rope_high)}"),
        ("Can equivalence be shown at all?", "yes" if found.possible else "no"),
        (f"Power with the {percent(found.level)} interval", percent(found.power)),
        ("Posterior mass inside the ROPE, at best", probability(found.best_inside)),
        (f"Events needed for {percent(found.target_power)} power", fixed(found.events_needed, 0)),
        ("Events needed for any pass", fixed(found.events_minimum, 0)),
    )
