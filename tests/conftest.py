"""Fixtures that every test file shares."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from bayesrefract.inference.nuts import Compiler


@pytest.fixture(scope="session")
def compiler() -> Compiler:
    """One set of compiled model structures for all tests of a process: compiling takes seconds."""
    from bayesrefract.inference.nuts import Compiler

    return Compiler()
