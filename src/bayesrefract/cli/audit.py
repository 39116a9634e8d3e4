"""`bayesrefract audit`: check the arithmetic of a paper from its printed numbers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bayesrefract.cli import options
from bayesrefract.cli.output import show_table, tell
from bayesrefract.errors import InputError, collecting
from bayesrefract.files import make_folder
from bayesrefract.outputs import folder_target_faults, target_faults
from bayesrefract.own_files import OwnFiles

if TYPE_CHECKING:
    from bayesrefract.papers.audit import Report

Estimates = Annotated[
    Path | None, typer.Option("--estimates", metavar="E.csv", help="Printed ratios, medians and p-values, one a row.")
]
CountsFile = Annotated[
    Path | None, typer.Option("--counts", metavar="C.csv", help="Printed counts: a row per level, a column per group.")
]
Json = Annotated[
    str | None,
    typer.Option("--json", metavar="FILE|-", help="Write the findings as JSON; `-`: JSON alone on stdout."),
]
FILES = ("findings.csv", "checked.csv", "not-checked.csv", "implied-events.csv", "audit.json")
"""What is written into a folder."""
Folder = Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Write every table as CSV, and the JSON.")]


def audit(
    *,
    estimates: Estimates = None,
    counts: CountsFile = None,
    json: Json = None,
    out: Folder = None,
    quiet: options.Quiet = False,
) -> None:
    """Check the arithmetic of a paper from its printed numbers.

    Give both files, or the one there is: what cannot be checked without the other is listed. Their columns are
    described in docs/printed-numbers.md. A finding is no fault of the input: the
    command ends with 0 whatever it finds.
    """
    from bayesrefract.papers.audit import audit as check
    from bayesrefract.papers.audit import read_paper

    inputs = (estimates, counts)
    faults = [*target_faults(json, inputs=inputs), *folder_target_faults(out, FILES, inputs)]
    faults += OwnFiles(out).faults(FILES, f"--out {out}", inputs) if out is not None else []
    with collecting(faults):
        paper = read_paper(estimates, counts)
    if faults:
        raise InputError(faults)
    report = check(paper)
    if out is not None:
        make_folder(out)
        write(report, out, quiet=quiet)
    if json is not None:
        from bayesrefract.report.json.papers import audit_json
        from bayesrefract.report.json.verdict import write_json

        write_json(sys.stdout if json == "-" else json, audit_json(report))
    if json != "-" or not quiet:
        show(report, to_stderr=json == "-")


def show(report: Report, *, to_stderr: bool) -> None:
    """Findings first, then what was looked at and what could not be."""
    from bayesrefract.report.tables import audit as tables

    stream = sys.stderr if to_stderr else sys.stdout
    show_table(tables.findings_screen(report), stream)
    show_table(tables.checks_table(report), stream)
    if report.implied_events:
        show_table(tables.events_table(report), stream)
    show_table(tables.unchecked_screen(report), stream)
    print(summary(report), file=stream)


def summary(report: Report) -> str:
    """How much was found, in one line."""
    from bayesrefract.papers.audit import Severity

    words = [finding.severity for finding in report.findings]
    counts = ", ".join(
        f"{words.count(each)} {each}{'s' * (words.count(each) > 1)}" for each in Severity if each in words
    )
    looked = sum(each.checked for each in report.outcomes)
    return f"{looked:,} numbers were looked at: {f'{len(words)} findings ({counts})' if words else 'no finding'}."


def write(report: Report, out: Path, *, quiet: bool) -> None:
    """Every table as a file, each whole or not at all."""
    from bayesrefract.files import write_whole
    from bayesrefract.report.json.papers import audit_json
    from bayesrefract.report.json.verdict import write_json
    from bayesrefract.report.tables import audit as tables
    from bayesrefract.report.tables.table import to_csv

    made = (
        tables.findings_table(report),
        tables.checks_table(report),
        tables.unchecked_table(report),
        tables.events_table(report),
    )
    *names, document = FILES
    with OwnFiles(out).writing(FILES):
        for name, table in zip(names, made, strict=True):
            write_whole(out / name, to_csv(table))
        write_json(out / document, audit_json(report))
    tell(f"Written: {out}", quiet=quiet)
