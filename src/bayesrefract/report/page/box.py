"""The answer box of the report as a fragment of HTML, for a notebook."""

from __future__ import annotations

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from bayesrefract.findings import Findings
from bayesrefract.report.page.analysis import question_anchor, question_title
from bayesrefract.report.page.answer import answer_box
from bayesrefract.report.page.html import HERE
from bayesrefract.report.words import EVIDENCE_LABEL, EVIDENCE_MEANING


def box_html(findings: Findings) -> str:
    """Verdict, sentence, probabilities and replies of one analysis; every text is escaped, nothing runs."""
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    evidence = findings.analysis.evidence
    return environment.get_template("box.html.j2").render(
        box=answer_box([findings], question_anchor(findings), question_title(findings)),
        evidence=f"{EVIDENCE_LABEL[evidence]}. {EVIDENCE_MEANING[evidence]}",
        css=Markup((HERE / "box.css").read_text(encoding="utf-8")),
    )
