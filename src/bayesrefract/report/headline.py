"""The primary result in one line and in one sentence, for the terminal, a notebook and a log."""

from __future__ import annotations

from bayesrefract.decision import Verdict, VerdictWord
from bayesrefract.findings import Findings
from bayesrefract.numerals import fixed
from bayesrefract.report.proportionality_words import needs_telling, proportionality_sentence
from bayesrefract.report.tables.verdicts import verdict_text
from bayesrefract.report.words import interval_name, interval_text, sentence
from bayesrefract.study.rope import Estimand, RuleName

COULD_BE_SHOWN = {VerdictWord.UNDECIDED, VerdictWord.NOT_SHOWN}


def primary_verdict(findings: Findings) -> Verdict:
    """The primary contrast on its primary ROPE: of the hazard ratio where it has one, else of the first estimand.

    Raises LookupError where the analysis declares no primary ROPE.
    """
    found = [each for each in findings.verdicts if each.primary and each.rope.role == "primary"]
    ratios = [each for each in found if each.estimand is Estimand.HAZARD_RATIO]
    for verdict in (*ratios, *found):
        return verdict
    raise LookupError(f"{findings.analysis.name} has no verdict on its primary contrast")


def headline(findings: Findings, verdict: Verdict | None = None) -> str:
    """The sentence of a verdict; where its ratio changes over time, or the events could not have shown what was
    sought, that too."""
    verdict = verdict or primary_verdict(findings)
    changes = [proportionality_sentence(findings, verdict)] if needs_telling(findings, verdict) else []
    told = [sentence(verdict, findings.analysis), *changes, *_out_of_reach(findings, verdict)]
    return " ".join(part for part in told if part)


def one_line(findings: Findings) -> str:
    """Group against reference, verdict, estimate: `drug A vs control: undecided, HR 0.90 (0.69 to 1.17)`."""
    verdict = primary_verdict(findings)
    pair = f"{verdict.group} vs {verdict.reference}"
    if verdict.word is VerdictWord.WITHHELD:
        return f"{pair}: withheld ({'; '.join(verdict.reasons)})"
    name = "HR" if verdict.estimand is Estimand.HAZARD_RATIO else verdict.estimand.value.replace("_", " ")
    interval = f"{interval_name(verdict)} {interval_text(verdict, findings.analysis)}"
    return f"{pair}: {verdict_text(verdict)}, {name} {fixed(verdict.median, 2)}, {interval}"


def _out_of_reach(findings: Findings, verdict: Verdict) -> list[str]:
    """One sentence where no estimate at all would have met the rule with these events."""
    if verdict.word not in COULD_BE_SHOWN or verdict.estimand is not Estimand.HAZARD_RATIO:
        return []
    pair = (verdict.group, verdict.reference, verdict.rope.low, verdict.rope.high)
    for each in findings.attainability:
        if (each.group, each.reference, each.rope_low, each.rope_high) == pair and not each.possible:
            claim = "non-inferiority" if verdict.rule.one_sided else "equivalence"
            by = "" if verdict.rule.name is RuleName.INTERVAL else " by the declared rule"
            return [
                f"These data could not have shown {claim}{by} with these events, whatever the estimate: "
                f"{each.events_group + each.events_reference} were seen in the two groups, and at least "
                f"{fixed(each.events_minimum, 0)} are needed."
            ]
    return []
