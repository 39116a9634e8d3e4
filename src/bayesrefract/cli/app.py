"""The `bayesrefract` command: its subcommands, and what becomes of errors."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from typing import Annotated, NoReturn

import typer

from bayesrefract import __version__
from bayesrefract.cli import attain, audit, check, compare, fit, published
from bayesrefract.cli.exits import ExitCode, exit_code_of, leave_at_once
from bayesrefract.extension import load_extension
from bayesrefract.study.extensions import installed

app = typer.Typer(
    name="bayesrefract",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # plain help: readable when piped, and it spares the import of rich
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"bayesrefract {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)] = (
        False
    ),
) -> None:
    """Say what may be claimed about two groups in survival data: equivalent, different, or undecided.

    Exit codes: 0 done; 1 the input cannot be used; 2 wrong usage; 3 done, but a primary verdict is withheld;
    70 internal fault (a log is written); 130 interrupted.
    """


app.command("compare")(compare.compare)
app.command("fit")(fit.fit)
app.command("report")(fit.report)
app.command("check")(check.check)
app.command("attain")(attain.attain)
app.command("published")(published.published)
app.command("audit")(audit.audit)
app.command("models")(check.models)

for _name in installed():
    for _command, _function in load_extension(_name).commands().items():
        app.command(_command)(_function)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line (of this process unless given) and leave with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a letter still gets its table
    try:
        code = exit_code_of(lambda: app(args=arguments, prog_name="bayesrefract"))
    except KeyboardInterrupt:  # a second one, while the first is being told
        code = ExitCode.INTERRUPTED
    except SystemExit as ended:  # the option parser's own: help, wrong usage, Ctrl-C in a command that does not sample
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    if code == ExitCode.INTERRUPTED:
        leave_at_once(code)
    sys.exit(code)
