"""What a comparison prints: events and patients, the sentence, then as many tables as are asked for."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterator
from typing import TextIO

from bayesrefract.decision import Verdict, VerdictWord
from bayesrefract.findings import Findings, counterpart
from bayesrefract.numerals import ABSENT, amount, declared_ratio, fixed, mass
from bayesrefract.report import tables
from bayesrefract.report.headline import headline
from bayesrefract.report.proportionality_words import proportionality_sentences
from bayesrefract.report.tables.crosscheck import with_limits
from bayesrefract.report.tables.draw import show_table
from bayesrefract.report.tables.immortal import immortal_sentence
from bayesrefract.report.tables.table import Table, columns
from bayesrefract.report.tables.verdicts import THROUGHOUT_NOTE, short_name, unequal_notes, verdict_text
from bayesrefract.report.words import (
    EVIDENCE_LABEL,
    estimand_name,
    interval_name,
    interval_text,
    range_text,
    sentence,
    when_declared,
    wider_change,
)
from bayesrefract.study.rope import Estimand, Rope

COX = "Cox HR (95% confidence interval)"


def show(findings: Findings, wanted: str = "short", stream: TextIO | None = None) -> None:
    """Print a result on a stream (stdout unless given); `wanted`: "none", "short" or "all"."""
    stream = stream or sys.stdout
    for part in lines(findings):
        print(_wrapped(part, stream), file=stream)
    for table in tables_of(findings, wanted):
        print(file=stream)
        show_table(table, stream)


def _wrapped(text: str, stream: TextIO) -> str:
    """A sentence in lines of the terminal's width; one line where it is piped."""
    return textwrap.fill(text, shutil.get_terminal_size().columns) if stream.isatty() else text


def lines(findings: Findings) -> Iterator[str]:
    """Codes of events, evidence, model, range, patients and events, and the sentence of the primary verdict; that of
    every contrast on its ratio over time."""
    analysis = findings.analysis
    if findings.coding is not None:
        yield str(findings.coding)
    adjusted = f"; adjusted for {', '.join(findings.adjusted_for)}" if findings.adjusted_for else ""
    yield f"{EVIDENCE_LABEL[analysis.evidence]}. {findings.model.title}{adjusted}."
    yield declaration(analysis.ropes[0])
    yield from (throughout(each, findings) for each in analysis.ropes if each.estimand is Estimand.THROUGHOUT)
    yield counts(findings)
    yield from (immortal_sentence(each, findings) for each in findings.agreement.immortal)
    yield ""
    told = headline(findings)
    yield told
    yield from proportionality_sentences(findings, told)
    for verdict in findings.verdicts:
        if verdict.estimand is Estimand.THROUGHOUT and verdict.primary and verdict.rope.role == "primary":
            yield " ".join(filter(None, [sentence(verdict, analysis), wider_change(verdict)]))


def throughout(rope: Rope, findings: Findings) -> str:
    """A range with a window; told too where the model has no such ratio."""
    name = estimand_name(rope.estimand, findings.analysis, rope)
    bounds = f"{declared_ratio(rope.low)} to {declared_ratio(rope.high)}"
    told = next((note for note in findings.notes if "gives no verdict on the hazard ratio throughout" in note), "")
    return f"ROPE of the {name} {bounds}.{f' {told}' if told else ''}"


def counts(findings: Findings) -> str:
    """Patients, events and censored patients, in all and by group; and who was left out."""
    flow, endpoint = findings.flow, findings.analysis.endpoint
    code = 1 if endpoint.event_value is None else endpoint.event_value
    event = f"{endpoint.event} = {f'{code:g}' if isinstance(code, float) else code}"
    groups = "; ".join(
        f"{each.level} {fixed(each.events, 0)} of {fixed(each.patients, 0)}" for each in findings.agreement.groups
    )
    left_out = "".join(f" {fixed(count, 0)} excluded: {reason}." for reason, count in flow.excluded.items() if count)
    while_in = " (each patient while in it)" if findings.agreement.immortal else ""
    found = f"{fixed(flow.analysed, 0)} patients: {fixed(findings.n_events, 0)}"
    if endpoint.repeated_events:
        return f"{found} events ({event}). Events by group{while_in}: {groups} patients.{left_out}"
    return (
        f"{found} with the event ({event}), {fixed(flow.analysed - findings.n_events, 0)} censored. Events by group"
        f"{while_in}: {groups}.{left_out}"
    )


def declaration(rope: Rope) -> str:
    """The ROPE, with whatever is stated of its origin."""
    if rope.declared is None and rope.before_data is None:
        when = "declared at a time that is not stated"
    else:
        day = f"declared on {rope.declared.isoformat()}" if rope.declared else "date not stated"
        when = f"{day}, {when_declared(rope)}"
    bounds = f"{declared_ratio(rope.low)} to {declared_ratio(rope.high)}"
    return f"ROPE of the hazard ratio {bounds}, {when}. Source: {rope.source}"


def tables_of(findings: Findings, wanted: str) -> tuple[Table, ...]:
    """No table, the verdicts in one narrow table, or everything that stands beside them."""
    if wanted == "none":
        return ()
    if wanted == "short":
        return (short_table(findings), *over_time(findings))
    return (
        tables.flow_table(findings),
        tables.groups_table(findings),
        tables.verdict_table(findings),
        tables.decision_table(findings),
        tables.cross_check_table(findings),
        *over_time(findings),
        tables.attainability_table(findings),
    )


def over_time(findings: Findings) -> tuple[Table, ...]:
    """Where groups change over time, the analysis beside the naive one."""
    return (tables.immortal_table(findings),) if findings.agreement.immortal else ()


def short_table(findings: Findings) -> Table:
    """Every verdict with its estimate and P(inside); Cox regression beside hazard ratios."""
    analysis = findings.analysis
    several = len(analysis.ropes) > 1
    rows = tuple(_short_row(verdict, findings, several=several) for verdict in findings.verdicts)
    estimate = f"Estimate ({interval_name(findings.verdicts[0])})" if findings.verdicts else "Estimate"
    heads = columns("Contrast", *(("ROPE",) if several else ()), "Verdict", numbers=(estimate, "P inside", COX))
    reasons = [reason for verdict in findings.verdicts for reason in (*verdict.reasons, *unequal_notes(findings))]
    if any(verdict.estimand is Estimand.THROUGHOUT for verdict in findings.verdicts):
        reasons.append(THROUGHOUT_NOTE)
    notes = tuple(dict.fromkeys((*reasons, *([findings.misfit] if findings.misfit else []))))
    return Table("Verdicts", heads, rows, notes)


def _short_row(verdict: Verdict, findings: Findings, *, several: bool) -> tuple[str, ...]:
    analysis, cox = findings.analysis, counterpart(findings, verdict).cox
    rope = f"{short_name(verdict)}, {range_text(verdict, analysis)}"
    hidden = verdict.word is VerdictWord.WITHHELD and not findings.health.passed
    estimate = amount(verdict.median, verdict.estimand, analysis.time_unit)
    return (
        f"{verdict.group} vs {verdict.reference}",
        *((rope,) if several else ()),
        verdict_text(verdict),
        ABSENT if hidden else f"{estimate} ({interval_text(verdict, analysis)})",
        ABSENT if hidden else mass(verdict.p_inside, verdict.ess_bulk),
        ABSENT if cox is None else with_limits(cox.hazard_ratio, cox.limits()),
    )
