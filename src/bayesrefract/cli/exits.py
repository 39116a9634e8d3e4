"""Exit codes: errors become one message and a code, never a traceback."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable
from enum import IntEnum
from typing import NoReturn

import typer

from bayesrefract import __version__
from bayesrefract.errors import InputError, Interrupted, SamplingError
from bayesrefract.messages import MORE, one_screen

OUT_OF_MEMORY = (
    "Error: the memory of this computer is not enough. Ask for fewer draws, fits or columns at once, or take a larger "
    "computer. Finished fits are kept."
)


class ExitCode(IntEnum):
    """What the caller of the command learns; 2 (wrong usage) comes from the option parser itself."""

    DONE = 0
    INPUT = 1
    USAGE = 2
    WITHHELD = 3
    INTERNAL = 70
    INTERRUPTED = 130


def exit_code_of(command: Callable[[], object]) -> int:
    """Run a command; every way in which it can end becomes an exit code.

    SystemExit passes through: the option parser uses it for help, usage errors and typer.Exit.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a polite kill is an interruption like Ctrl-C
    try:
        command()
    except InputError as error:
        typer.echo(input_message(error), err=True)
        return ExitCode.INPUT
    except SamplingError as error:
        typer.echo(f"Error: {one_screen([str(error)])[0]}", err=True)
        return ExitCode.INPUT
    except Interrupted as stopped:
        typer.echo(str(stopped), err=True)
        return ExitCode.INTERRUPTED
    except KeyboardInterrupt:
        typer.echo("Stopped. Finished fits are kept: the same command goes on from there.", err=True)
        return ExitCode.INTERRUPTED
    except MemoryError:
        typer.echo(OUT_OF_MEMORY, err=True)
        return ExitCode.INPUT
    except Exception as fault:  # noqa: BLE001 - nothing lies outside: the user gets a sentence, the log the rest
        typer.echo(f"Internal fault ({type(fault).__name__}): please send the log {write_log()}", err=True)
        return ExitCode.INTERNAL
    return ExitCode.DONE


def leave_at_once(code: int) -> NoReturn:
    """End the process without tidying up: a compiler in the background would be waited for, for seconds."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def input_message(error: InputError) -> str:
    """All faults in one message, one per line, as many as fit one screen."""
    faults = one_screen(error.faults)
    if len(faults) == 1:
        return f"Error: {faults[0]}"
    count = "Many" if faults[-1].startswith(MORE) else str(len(faults))
    return "\n".join([f"Error: {count} faults in the input.", *(f"  - {fault}" for fault in faults)])


def write_log() -> str:
    """Write the current traceback to a file that only its owner can read; returns the path."""
    handle, path = tempfile.mkstemp(prefix="bayesrefract-", suffix=".log")
    with os.fdopen(handle, "w", encoding="utf-8") as log:
        log.write(f"bayesrefract {__version__}, Python {sys.version}\n{sys.argv}\n\n{traceback.format_exc()}")
    return path
