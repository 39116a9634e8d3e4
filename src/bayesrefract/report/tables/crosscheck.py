"""The table that compares the posterior with the classical analysis of the same patients."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bayesrefract.classical.agreement import Agreement, CoxContrast
from bayesrefract.decision import Verdict, VerdictWord
from bayesrefract.findings import Counterpart, Findings, counterpart
from bayesrefract.numerals import ABSENT, exact, fixed, p_value, percent, ratio
from bayesrefract.report.proportionality_words import proportionality_sentences
from bayesrefract.report.tables.table import Table, columns
from bayesrefract.study.rope import Estimand

MOST_FACTOR = 1000.0
TIED_SHARE = 0.10
"""Above this share of tied events, Breslow's handling of ties is printed beside Efron's."""


def cross_check_table(findings: Findings) -> Table:
    """Posterior, Cox regression and companion fit of every contrast, for the primary hazard-ratio ROPE."""
    verdicts = [
        each for each in findings.verdicts if each.estimand is Estimand.HAZARD_RATIO and each.rope.role == "primary"
    ]
    twins = [counterpart(findings, each) for each in verdicts]
    rows = tuple(_row(verdict, twin) for verdict, twin in zip(verdicts, twins, strict=True))
    numbers = (
        "Posterior HR (95% CrI)",
        "Cox HR (95% CI)",
        "Cox p",
        "Companion HR",
        "Companion − Breslow, in SE",
        "Shift by the prior, in SE",
        "Mantel-Byar p" if findings.agreement.immortal else "Log-rank p",
        "TOST p",
    )
    heading = columns("Contrast", "Agreement", numbers=numbers)
    return Table("Cross-check", heading, rows, _notes(findings, verdicts, twins))


def _row(verdict: Verdict, twin: Counterpart) -> tuple[str, ...]:
    companion = twin.companion
    withheld = verdict.word is VerdictWord.WITHHELD
    return (
        f"{verdict.group} vs {verdict.reference}",
        _agreement_word(twin),
        ABSENT if withheld else with_limits(verdict.median, verdict.eti95),
        _cox_text(twin.cox),
        p_value(None if twin.cox is None else twin.cox.p),
        ABSENT if companion is None else ratio(float(np.exp(companion.log_hr))),
        fixed(None if companion is None else companion.grid_distance, 2),
        fixed(twin.prior_pull, 2),
        p_value(twin.log_rank_p),
        p_value(twin.tost_p),
    )


def _agreement_word(twin: Counterpart) -> str:
    if twin.companion is None or twin.companion.agrees is None:
        return "no frequentist counterpart"
    return "agrees" if twin.companion.agrees else "disagrees"


def _cox_text(cox: CoxContrast | None) -> str:
    return ABSENT if cox is None else with_limits(cox.hazard_ratio, cox.limits())


def with_limits(estimate: float, limits: tuple[float, float]) -> str:
    return f"{ratio(estimate)} ({ratio(limits[0])} to {ratio(limits[1])})"


def _notes(findings: Findings, verdicts: list[Verdict], twins: list[Counterpart]) -> tuple[str, ...]:
    agreement = findings.agreement
    reasons = tuple(
        f"{each.group} vs {each.reference}: {text}"
        for each in agreement.companion
        for text in (*([each.reason] if each.reason else []), *each.labels)
    )
    breslow = tuple(
        f"Cox with Breslow's handling of ties, {twin.breslow.group} vs {twin.breslow.reference}: HR "
        f"{_cox_text(twin.breslow)}."
        for twin in twins
        if twin.breslow is not None and agreement.tied_share > TIED_SHARE
    )
    return (
        _log_rank_note(agreement),
        *proportionality_sentences(findings),
        _schoenfeld_note(agreement),
        f"Tied event times: {percent(agreement.tied_share)} of the events.",
        *breslow,
        *reasons,
        *_robust(agreement),
        *_bayes_factors(verdicts, twins),
        *agreement.notes,
        "Companion: the same exposure table and covariates with a flat prior. CrI: credible interval. CI: confidence "
        "interval. SE: standard error. TOST: two one-sided tests.",
    )


def _bayes_factors(verdicts: list[Verdict], twins: list[Counterpart]) -> Iterator[str]:
    """Under three priors side by side, as the factor hangs on the prior; none where the verdict is withheld."""
    for verdict, twin in zip(verdicts, twins, strict=True):
        if twin.bayes_factors and verdict.word is not VerdictWord.WITHHELD:
            found = ", ".join(f"{_factor(each.value)} with {exact(each.prior_sd)}" for each in twin.bayes_factors)
            yield (
                f"Interval-null Bayes factor, {verdict.group} vs {verdict.reference} (posterior over prior odds of a "
                f"ratio inside the ROPE, by the prior's SD of the log HR): {found}. It grows with the prior's "
                "width, and no rule reads it."
            )


def _robust(agreement: Agreement) -> Iterator[str]:
    """Standard errors with and without the dependence of a patient's events."""
    for each in agreement.robust:
        yield (
            f"Repeated events, {each.group} vs {each.reference}: log HR of Cox regression {each.log_hr:.4f}, robust SE "
            f"by patient {each.robust:.4f}, model SE {each.model:.4f}."
        )


def _factor(value: float) -> str:
    if value >= MOST_FACTOR:
        return f"> {fixed(MOST_FACTOR, 0)}"
    return f"< {exact(1 / MOST_FACTOR)}" if value < 1 / MOST_FACTOR else f"{float(f'{value:.2g}'):g}"


def _log_rank_note(agreement: Agreement) -> str:
    test = agreement.log_rank
    name = "Mantel-Byar" if agreement.immortal else "Log-rank"
    if test.p is None:
        return f"{name} test over all groups: none ({test.method})."
    return f"{name} test over all groups: p {_relation(test.p)} ({test.method})."


def _schoenfeld_note(agreement: Agreement) -> str:
    test = agreement.proportional_hazards
    over_all = f"none ({test.method})" if test.p is None else f"p {_relation(test.p)} ({test.method})"
    pairs = (
        f"{each.group} vs {each.reference} {f'none ({each.method})' if each.p is None else f'p {_relation(each.p)}'}"
        for each in test.judged
    )
    if test.judged:
        over_all = f"over all groups {over_all}; of two groups alone: {'; '.join(pairs)}"
    return f"Test of proportional hazards (Schoenfeld): {over_all}."


def _relation(p: float) -> str:
    text = p_value(p)
    return text if text.startswith("<") else f"= {text}"
