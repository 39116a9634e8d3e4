"""Which of two ways a model is compiled: to machine code that is kept, or by nutpie's public function."""

from __future__ import annotations

import os
from enum import StrEnum
from functools import cache
from importlib.metadata import PackageNotFoundError, requires, version

from packaging.requirements import Requirement

from bayesrefract.errors import InputError

VARIABLE = "BAYESREFRACT_COMPILE"
PRIVATE_PARTS_OF = ("numba", "nutpie", "pymc", "pytensor")
"""Libraries of which the kept way uses parts that are not public; pyproject.toml bounds their versions."""
UNFIT = (ImportError, AttributeError, TypeError, RuntimeError, AssertionError)
"""What a changed private part ends in: it is gone, takes other arguments, or gives something else."""


class Compilation(StrEnum):
    """`KEPT`: once on a machine, through private parts of libraries. `PUBLIC`: in every run, through nutpie alone."""

    KEPT = "kept"
    PUBLIC = "public"


_failed: list[str] = []
"""Why kept machine code could not be made in this process, once that was tried."""


def compilation() -> Compilation:
    """The way of this process. Raises InputError where BAYESREFRACT_COMPILE is neither.

    The draws of both ways are of one posterior, but not equal: a fit's key holds the way.
    """
    return Compilation.KEPT if reason_for_public() is None else Compilation.PUBLIC


def reason_for_public() -> str | None:
    """Why models are compiled the public way; None where kept machine code is used."""
    asked = os.environ.get(VARIABLE, "")
    if asked == Compilation.PUBLIC:
        return f"{VARIABLE}=public asks for it"
    if asked not in {"", Compilation.KEPT}:
        raise InputError(f'{VARIABLE} = "{asked}" is not allowed. Give "kept" or "public", or leave it out.')
    return next((reason for reason in (*_failed, _outside_bounds(), _not_importable()) if reason), None)


def give_up(fault: Exception) -> None:
    """From now on this process compiles the public way: kept machine code could not be made."""
    said = next(iter(str(fault).splitlines()), "")
    _failed.append(
        f"kept machine code cannot be made with these libraries ({type(fault).__name__}: {said}); "
        f"{VARIABLE}=public does not try it"
    )


@cache
def _outside_bounds() -> str | None:
    """The first library whose version is outside the bounds that this package was installed with."""
    try:
        bounds = [Requirement(line) for line in requires("bayesrefract") or ()]
    except PackageNotFoundError:  # run from its sources
        return None
    for bound in bounds:
        if bound.name in PRIVATE_PARTS_OF and not bound.specifier.contains(version(bound.name), prereleases=True):
            return f"{bound.name} {version(bound.name)} is outside of the tested versions ({bound.specifier})"
    return None


@cache
def _not_importable() -> str | None:
    try:
        from nutpie.compile_pymc import CompiledPyMCModel  # noqa: F401 - asked only whether it is there

        from bayesrefract.inference.machine_code import target

        target()
    except UNFIT as fault:
        return f"a private part of a library is not there ({type(fault).__name__}: {fault})"
    return None
