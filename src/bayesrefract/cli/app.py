"""The `bayesrefract` command: its subcommands, and what becomes of errors."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, NoReturn

import typer

from bayesrefract import __version__
from bayesrefract.cli import attain, audit, check, compare, examples, fit, published
from bayesrefract.cli.exits import ExitCode, exit_code_of, leave_at_once
from bayesrefract.cli.output import tell
from bayesrefract.cli.required import Complete
from bayesrefract.cli.streams import loss, tolerate
from bayesrefract.errors import StudyError
from bayesrefract.extension import load_extension
from bayesrefract.messages import one_screen
from bayesrefract.study.extensions import installed


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"bayesrefract {__version__}")
        raise typer.Exit


def root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)] = (
        False
    ),
) -> None:
    """Say what may be claimed about two groups in survival data: equivalent, different, or undecided.

    Exit codes: 0 done; 1 the input cannot be used; 2 wrong usage; 3 done, but a primary verdict is withheld;
    70 internal fault (a log is written); 130 interrupted.
    """


COMMANDS: Mapping[str, Callable[..., None]] = {
    "compare": compare.compare,
    "fit": fit.fit,
    "report": fit.report,
    "check": check.check,
    "attain": attain.attain,
    "published": published.published,
    "audit": audit.audit,
    "models": check.models,
    "examples": examples.examples,
}


def command_line() -> typer.Typer:
    """Our commands, then those of the study packages that are installed."""
    app = typer.Typer(
        name="bayesrefract",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,  # plain help: readable when piped, and it spares the import of rich
        pretty_exceptions_enable=False,
    )
    app.callback()(root)
    commands = dict(COMMANDS)
    for package in installed():
        for name, command in _commands_of(package).items():
            if name in commands:
                tell(f'The command "{name}" of the study package "{package}" is left out: the name is taken.')
            commands.setdefault(name, command)
    for name, command in commands.items():
        app.command(name, cls=Complete)(command)
    return app


def _commands_of(package: str) -> Mapping[str, Callable[..., None]]:
    """The commands of a study package; none, and one line that says so, where it cannot be loaded."""
    try:
        return load_extension(package).commands()
    except StudyError as error:
        tell(one_screen(error.faults)[0])
        return {}


app = command_line()


SIDES = {"above": "more_events", "below": "fewer_events"}


def _with_harm(arguments: Sequence[str]) -> list[str]:
    """`--one-sided above` of earlier versions, whose ranges are all of a ratio, with the harm that it meant; told."""
    given = list(arguments)
    for side, harm in SIDES.items():
        for old in (["--one-sided", side], [f"--one-sided={side}"]):
            for i in range(len(given)):
                if given[i : i + len(old)] == old:
                    given[i : i + len(old)] = ["--one-sided", "--harm", harm]
                    tell(f"--one-sided {side} is read as --one-sided --harm {harm}. Write that instead.")
    return given


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line (of this process unless given) and leave with its exit code."""
    streams = tolerate()
    try:
        code = exit_code_of(
            lambda: app(args=_with_harm(sys.argv[1:] if arguments is None else arguments), prog_name="bayesrefract")
        )
    except KeyboardInterrupt:  # a second one, while the first is being told
        code = ExitCode.INTERRUPTED
    except SystemExit as ended:  # the option parser's own: help, wrong usage, Ctrl-C in a command that does not sample
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    lost = loss(streams)
    if lost is not None:
        tell(lost)
        code = code if code in {ExitCode.USAGE, ExitCode.INTERRUPTED, ExitCode.INTERNAL} else ExitCode.INPUT
    if code == ExitCode.INTERRUPTED:
        leave_at_once(code)
    sys.exit(code)
