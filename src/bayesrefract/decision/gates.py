"""Reasons to withhold a verdict before it is looked at."""

from __future__ import annotations

from collections.abc import Mapping

from bayesrefract.decision.diagnostics import Health


def gates(
    health: Health,
    companion_agrees: bool | None,
    reason: str,
    events_per_group: Mapping[str, int],
    minimum: int = 5,
) -> tuple[str, ...]:
    """One sentence per failed gate; none when the verdict may be given.

    companion_agrees, reason : the companion fit against Cox; None where there is no counterpart, which
    is no ground to withhold. events_per_group : of the two groups compared.
    """
    few = tuple(
        f"{group} has {events} event{'' if events == 1 else 's'}; at least {minimum} are needed in a compared group."
        for group, events in events_per_group.items()
        if events < minimum
    )
    disagrees = (f"The cross-check disagrees: {reason.rstrip('.')}.",) if companion_agrees is False else ()
    return (*health.findings, *few, *disagrees)
