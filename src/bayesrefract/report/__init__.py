"""Findings -> what people keep: the page of a study, its figures, and the verdicts as JSON."""

from bayesrefract.report.html import write_report
from bayesrefract.report.verdict_json import study_json, to_json, write_json

__all__ = ["study_json", "to_json", "write_json", "write_report"]
