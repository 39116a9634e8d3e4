"""Where fits and machine code are kept between runs: the user's cache folder, or one that is named."""

from __future__ import annotations

import os
import sys
import tempfile
from functools import cache
from pathlib import Path

from bayesrefract.private import make_private_folder

NAME = "bayesrefract"


def kept_fits() -> Path:
    """Where fits of single comparisons are kept: BAYESREFRACT_CACHE, or `fits` in the user's cache folder."""
    return _named("BAYESREFRACT_CACHE") or _usable(user_cache()) / "fits"


def compiled_models() -> Path:
    """Where machine code is kept: BAYESREFRACT_COMPILED, or `compiled` in the user's cache folder."""
    return _named("BAYESREFRACT_COMPILED") or _usable(user_cache()) / "compiled"


def user_cache() -> Path:
    """The user's cache folder as the system has it (on Linux XDG_CACHE_HOME or ~/.cache); it may not exist."""
    from platformdirs import user_cache_path

    return user_cache_path(NAME, appauthor=False)


def _named(variable: str) -> Path | None:
    chosen = os.environ.get(variable)
    return Path(chosen) if chosen else None


@cache
def place_pytensor() -> None:
    """Name PyTensor another folder for its own files where the home folder takes none: importing it would fail."""
    flags = os.environ.get("PYTENSOR_FLAGS", "")
    if "base_compiledir" in flags or sys.platform == "win32":
        return
    try:
        folder = Path.home() / ".pytensor"
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK | os.X_OK):
            return
    except (OSError, RuntimeError):  # RuntimeError: no home at all
        pass
    setting = f"base_compiledir={_usable(user_cache()) / 'pytensor'}"
    os.environ["PYTENSOR_FLAGS"] = ",".join(filter(None, [flags, setting]))


@cache
def _usable(folder: Path) -> Path:
    """This folder, or a temporary one where there is no home, or none that can be written to; told once."""
    try:
        if not folder.is_absolute():  # the system knows no home of this user: ~ stays as it is
            raise FileNotFoundError("no home folder")
        make_private_folder(folder)
        if os.access(folder, os.W_OK | os.X_OK):
            return folder
        reason = "not writable"
    except OSError as problem:
        reason = problem.strerror or str(problem)
    temporary = Path(tempfile.mkdtemp(prefix=f"{NAME}-"))  # for its owner only
    if sys.stderr is not None:
        sys.stderr.write(
            f"{folder}: nothing can be kept there ({reason}). Fits and compiled models go to {temporary}; set "
            "BAYESREFRACT_CACHE and BAYESREFRACT_COMPILED to folders where the next run finds them.\n"
        )
    return temporary
