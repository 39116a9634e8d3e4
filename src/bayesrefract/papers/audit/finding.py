"""What one check of printed numbers found, as frozen values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding says."""

    ERROR = "error"  # cannot be as printed
    DOUBT = "doubt"  # does not follow from what is printed; another reading is possible
    NOTE = "note"  # worth knowing; nothing is wrong by itself


@dataclass(frozen=True)
class Finding:
    """`place`: file and line. `subject`: what it is of. `evidence`: the numbers that anybody can check."""

    check: str
    severity: Severity
    place: str
    subject: str
    message: str
    evidence: str


@dataclass(frozen=True)
class Unchecked:
    """What one check could not look at, and why."""

    check: str
    reason: str
    subjects: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """One check over a whole file: how many numbers it looked at, what it found, what it left."""

    check: str
    checked: int
    findings: tuple[Finding, ...] = ()
    unchecked: tuple[Unchecked, ...] = ()


def outcome(check: str, checked: int, findings: Iterable[Finding], left: Iterable[tuple[str, str]] = ()) -> Outcome:
    """`left`: pairs of a reason and a subject; subjects with one reason are told together."""
    reasons: dict[str, list[str]] = {}
    for reason, subject in left:
        reasons.setdefault(reason, []).append(subject)
    unchecked = tuple(Unchecked(check, reason, tuple(dict.fromkeys(subjects))) for reason, subjects in reasons.items())
    return Outcome(check, checked, tuple(findings), unchecked)


def in_order(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The gravest first; otherwise as they were found."""
    order = list(Severity)
    return tuple(sorted(findings, key=lambda finding: order.index(finding.severity)))
