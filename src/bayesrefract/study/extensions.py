"""Installed study packages, by the name used in a study file."""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points

GROUP = "bayesrefract.studies"
"""The group of entry points under which a study package registers its `Extension`."""


@cache
def installed() -> dict[str, EntryPoint]:
    """Entry point of every installed study package, by name."""
    return {point.name: point for point in sorted(entry_points(group=GROUP), key=lambda point: point.name)}
