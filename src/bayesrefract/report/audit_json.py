"""What an audit found, as strict JSON."""

from __future__ import annotations

from dataclasses import asdict

from bayesrefract.audit import Report
from bayesrefract.report.verdict_json import Json

AUDIT_SCHEMA = "bayesrefract/audit/1"


def audit_json(report: Report) -> Json:
    """Findings, checks, what could not be checked, and the events that intervals imply."""
    return {
        "schema": AUDIT_SCHEMA,
        "findings": [asdict(each) for each in report.findings],
        "checks": [
            {"check": each.check, "checked": each.checked, "findings": len(each.findings)} for each in report.outcomes
        ],
        "unchecked": [asdict(each) for each in report.unchecked],
        "implied_events": [
            {
                "place": each.place,
                "ratio": each.name,
                "printed": each.ratio.text,
                "log_se": each.ratio.log_se,
                "events": each.events,
                "patients": each.patients,
            }
            for each in report.implied_events
        ],
    }
