"""Starts one run, then two at once into one folder: a program of its own, as each run is a forked child.

Everything slow is imported once. Writes exit codes, and what the two runs said, as JSON to stdout.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from bayesrefract.cli.app import main as command
from bayesrefract.report.diagnostics import files
from bayesrefract.report.figures import Picture


def fit(arguments: list[str], heard: Path) -> int:
    """Exit code of the command; what it says goes into `heard`."""
    with heard.open("w", encoding="utf-8") as file, redirect_stdout(file), redirect_stderr(file):
        try:
            command(arguments)
        except SystemExit as ended:
            return int(ended.code or 0)
    return 0


def started(arguments: list[str], heard: Path) -> int:
    """Process number of a child that runs the command."""
    child = os.fork()
    if child == 0:
        code = 99
        try:
            code = fit(arguments, heard)
        finally:
            os._exit(code)
    return child


def main(study: str, place: Path) -> None:
    models = [argument for name in ("unadjusted", "primary", "wide") for argument in ("--model", name)]
    asked = ["fit", study, *models, "--draws", "200", "--tune", "200", "--out"]
    files.diagnostics_page = lambda *_: "<p>ArviZ takes seconds for each fit, and has tests of its own"
    Picture.pdf = Picture.png = lambda self: b"drawn in tests of their own"
    alone = fit([*asked, str(place / "alone")], place / "alone.txt")
    heard = [place / f"{number}.txt" for number in (1, 2)]
    children = [started([*asked, str(place / "shared")], each) for each in heard]
    together = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    json.dump({"alone": alone, "together": together, "heard": [each.read_text() for each in heard]}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
