"""Gates of a verdict: convergence, events per group and agreement with Cox regression."""

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
    """Apply the gates, and return one sentence for each that failed.

    Parameters
    ----------
    health : Health
        Convergence of the fit.
    companion_agrees : bool or None
        Whether the companion fit agrees with Cox regression; None where there is no counterpart, which is
        no reason to withhold.
    reason : str
        Disagreement in words.
    events_per_group : mapping
        Events of the two groups compared, by name.
    minimum : int
        Least number of events in each.

    Returns
    -------
    tuple of str
        Empty when the verdict may be given.
    """
    few = tuple(
        f"{group} has {events} event{'' if events == 1 else 's'}; at least {minimum} are needed in a compared group."
        for group, events in events_per_group.items()
        if events < minimum
    )
    disagrees = (f"The cross-check disagrees: {reason.rstrip('.')}.",) if companion_agrees is False else ()
    return (*health.findings, *few, *disagrees)
