"""Run the program on a case, up to where sampling would start, and say what it should not have done."""

from __future__ import annotations

import io
import os
import re
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple, NoReturn
from unittest import mock

from bayesrefract import pipeline
from bayesrefract.cli.app import main
from bayesrefract.cli.exits import ExitCode
from bayesrefract.messages import printable
from validation.fuzzing import frames, stored
from validation.fuzzing.cases import Case
from validation.fuzzing.commands import OUTPUTS

SECONDS = 10.0
"""Of processor time that a case may take; most take a hundredth of one."""
PATIENCE = 120
"""Seconds after which a case is interrupted, on a busy computer too."""
ALLOWED = {ExitCode.DONE, ExitCode.INPUT, ExitCode.USAGE, ExitCode.WITHHELD}
ENVIRONMENT = ("HOME", "XDG_CACHE_HOME", "BAYESREFRACT_CACHE", "BAYESREFRACT_COMPILED")


class SamplingStarts(SystemExit):
    """Everything was checked, and the first draw is next."""


class TooSlowError(BaseException):
    """A case that does not end; no handler of the program may take it for its own."""


class Ended(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str


def faults(case: Case) -> list[str]:
    """What the program did that it must not do; nothing where it behaved.

    The command is run in this process, in a folder of its own that is removed afterwards.
    """
    folder = Path(tempfile.mkdtemp(prefix="case-"))
    work = folder / "work"
    work.mkdir()
    try:
        case.make(work)
        before = _contents(folder)
        started = time.process_time()
        with _inside(work, folder / "home"), warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            try:
                found = _met(case)
            except TooSlowError:
                return [f"did not end within {PATIENCE} s"]
        seconds = time.process_time() - started
        if seconds > SECONDS:
            found.append(f"took {seconds:.1f} s")
        found += sorted({f"warned: {each.category.__name__}: {each.message}" for each in warned})
        return found + written(case, before, _contents(folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _met(case: Case) -> list[str]:
    """The faults of a case by the rules of its kind of input."""
    try:
        if case.door == stored.DOOR:
            return stored.faults(case)
        if case.door == frames.DOOR:
            return frames.faults(case, SamplingStarts)
    except Exception:  # noqa: BLE001 - whatever it is, it is what is looked for
        return [f"raised: {traceback.format_exc(limit=-3)}"]
    return faults_of(run(case.arguments))


def run(arguments: tuple[str, ...]) -> Ended:
    """The command in this process; what would sample ends with code 0."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            main(arguments)
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    return Ended(code, out.getvalue(), err.getvalue())


def faults_of(ended: Ended) -> list[str]:
    """Which of the rules for every command were broken."""
    found = []
    if ended.code not in ALLOWED:
        found.append(f"exit code {ended.code}: {ended.err[-2000:]}{_log(ended.err)}")
    if "Traceback" in ended.err:
        found.append(f"traceback: {ended.err[-2000:]}")
    for name, text in (("stderr", ended.err), ("stdout", ended.out)):
        bad = [line for line in re.split(r"[\n\t]", text) if line != printable(line)]
        if bad:
            found.append(f"{name} with control characters: {bad[0][:300]!a}")
    if ended.code == ExitCode.INPUT and not any(line.endswith((".", "?")) for line in ended.err.split("\n")):
        found.append(f"no whole sentence: {ended.err[:500]}")
    return found


def _log(err: str) -> str:
    """What the program wrote of its own fault; the log is removed."""
    path = Path(err.strip().rpartition(" ")[2])
    if not path.is_file() or path.suffix != ".log":
        return ""
    text = path.read_text(encoding="utf-8", errors="replace")
    path.unlink()
    return f"\n{text[-3000:]}"


@contextmanager
def _inside(work: Path, home: Path) -> Iterator[None]:
    """The working folder, a home of its own, no sampling, an alarm; all as before afterwards."""
    before, handler = Path.cwd(), signal.getsignal(signal.SIGTERM)
    places = dict.fromkeys(ENVIRONMENT, str(home))
    with mock.patch.dict(os.environ, places), mock.patch.object(pipeline, "analyse", _stop), _alarm():
        os.chdir(work)
        try:
            yield
        finally:
            os.chdir(before)
            signal.signal(signal.SIGTERM, handler)


def _stop(*_: object) -> NoReturn:
    raise SamplingStarts(0)


@contextmanager
def _alarm() -> Iterator[None]:
    """Interrupt what takes too long, where the system has alarms."""
    if sys.platform == "win32":
        yield
        return
    before = signal.signal(signal.SIGALRM, _too_slow)
    signal.alarm(PATIENCE)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _too_slow(*_: object) -> NoReturn:
    raise TooSlowError


def _contents(folder: Path) -> dict[Path, bytes]:
    """Every file below a folder; what is kept for the next run apart."""
    found = {}
    for path in folder.rglob("*"):
        if "home" not in path.relative_to(folder).parts:
            found[path.relative_to(folder)] = path.read_bytes() if path.is_file() else b""
    return found


def written(case: Case, before: dict[Path, bytes], after: dict[Path, bytes]) -> list[str]:
    """Inputs that were changed, and files outside the places that the command names for its output."""
    changed = [path for path in before if before[path] != after.get(path)]
    named = [word for option, word in zip(case.arguments, case.arguments[1:], strict=False) if option in OUTPUTS]
    allowed = [Path("work") / word.strip() for word in named]
    strange = [
        path
        for path in after
        if path not in before and not any(path.is_relative_to(place) or place.is_relative_to(path) for place in allowed)
    ]
    return [f"changed its input {path}" for path in changed] + [f"wrote {path}" for path in strange]
