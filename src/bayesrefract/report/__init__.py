"""Reports from findings: the page of a study, its figures and tables, and the verdicts as JSON."""

from bayesrefract.report.json.verdict import study_json, to_json, write_json
from bayesrefract.report.page.html import write_report

__all__ = ["study_json", "to_json", "write_json", "write_report"]
