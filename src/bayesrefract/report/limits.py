"""What in an analysis blurs two groups, and so pushes its verdict towards "equivalent"."""

from __future__ import annotations

from bayesrefract.findings import Findings
from bayesrefract.numerals import fixed, p_value
from bayesrefract.plan import StrataKind
from bayesrefract.study import Evidence

DOUBTFUL_P = 0.05


def limits(findings: Findings) -> tuple[str, ...]:
    """One sentence for each of them that is present; none for those that are not."""
    question, plan = findings.question, findings.plan
    incomplete = sum(count for reason, count in findings.flow.excluded.items() if reason.startswith("missing "))
    complete = findings.flow.analysed
    test = findings.agreement.proportional_hazards
    narrow = any("favours equivalence" in label for label in _labels(findings))
    post_hoc = any(not rope.before_data for rope in question.ropes)
    crossing = test.p is not None and test.p < DOUBTFUL_P
    present = (
        (narrow, "Narrow prior: it puts more belief near a hazard ratio of 1 than the default prior does."),
        (
            plan.baseline.strata is StrataKind.POOLED or plan.exchangeable,
            "Pooling: strata or categories are drawn towards each other, which leaves differences between "
            "patients in part unadjusted.",
        ),
        (
            incomplete > 0,
            f"Complete cases: {fixed(incomplete, 0)} of {fixed(complete + incomplete, 0)} patients are left out "
            "because a value is missing. If they differ from the others, the contrast is distorted.",
        ),
        (
            not findings.adjusted_for,
            "Crude analysis: nothing is adjusted for, so differences between the groups' patients can hide a "
            "difference between the groups.",
        ),
        (post_hoc, "Post hoc ROPE: a range was declared after the data were seen, so its width may fit the answer."),
        (
            question.evidence is Evidence.REBUILT,
            "Rebuilt patients: rounding and reading of published figures add noise to both groups.",
        ),
        (
            crossing,
            f"Hazards are not proportional (Schoenfeld p {p_value(test.p)}): one hazard ratio averages over time, and "
            "opposite effects cancel in it.",
        ),
    )
    return tuple(text for is_present, text in present if is_present)


def _labels(findings: Findings) -> list[str]:
    of_verdicts = [label for verdict in findings.verdicts for label in verdict.labels]
    return [*of_verdicts, *(prior.label for prior in findings.priors)]
