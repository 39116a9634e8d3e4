"""Results on stdout, everything else on stderr; what a command leaves behind."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TextIO

import typer

from bayesrefract.cli.exits import ExitCode
from bayesrefract.study.rope import Estimand

if TYPE_CHECKING:
    from bayesrefract.decision import Verdict
    from bayesrefract.findings import Findings
    from bayesrefract.report.tables.table import Table


def tell(text: str, *, quiet: bool = False) -> None:
    """A message to the person at the keyboard, on stderr."""
    if not quiet:
        typer.echo(text, err=True)


def show_table(table: Table, stream: TextIO | None = None) -> None:
    """Draw a table on a stream, standard output unless given."""
    from bayesrefract.report.tables.draw import show_table as draw

    draw(table, stream)


def is_primary(verdict: Verdict) -> bool:
    """The primary contrast on the primary ROPE of the hazard ratio."""
    return verdict.primary and verdict.rope.role == "primary" and verdict.estimand is Estimand.HAZARD_RATIO


def verdict_code(findings: Iterable[Findings]) -> ExitCode:
    """WITHHELD where any of the findings has its primary verdict withheld."""
    words = {verdict.word for found in findings for verdict in found.verdicts if is_primary(verdict)}
    return ExitCode.WITHHELD if "withheld" in words else ExitCode.DONE


def leave(findings: Sequence[Findings]) -> None:
    """End the command with the exit code that its verdicts ask for."""
    raise typer.Exit(verdict_code(findings))
