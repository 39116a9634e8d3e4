"""Findings of a check of printed numbers, as frozen values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """Severity of a finding."""

    ERROR = "error"  # cannot be as printed
    DOUBT = "doubt"  # does not follow from what is printed; another reading is possible
    NOTE = "note"  # worth knowing; nothing is wrong by itself


@dataclass(frozen=True)
class Finding:
    """One inconsistency. `place`: file and line. `subject`: the number. `evidence`: the numbers behind it."""

    check: str
    severity: Severity
    place: str
    subject: str
    message: str
    evidence: str


@dataclass(frozen=True)
class Unchecked:
    """Numbers that a check could not examine, and the reason."""

    check: str
    reason: str
    subjects: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """One check over a whole file: numbers checked, findings, and numbers not checked."""

    check: str
    checked: int
    findings: tuple[Finding, ...] = ()
    unchecked: tuple[Unchecked, ...] = ()


def outcome(check: str, checked: int, findings: Iterable[Finding], left: Iterable[tuple[str, str]] = ()) -> Outcome:
    """`left`: pairs of a reason and a subject; subjects with one reason are reported together."""
    reasons: dict[str, list[str]] = {}
    for reason, subject in left:
        reasons.setdefault(reason, []).append(subject)
    unchecked = tuple(Unchecked(check, reason, tuple(dict.fromkeys(subjects))) for reason, subjects in reasons.items())
    return Outcome(check, checked, tuple(findings), unchecked)


def in_order(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The most severe first; otherwise in the order found."""
    order = list(Severity)
    return tuple(sorted(findings, key=lambda finding: order.index(finding.severity)))
