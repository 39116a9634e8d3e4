"""Fixtures that every test file shares."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bayesrefract.inference.nuts import Compiler


@pytest.fixture(scope="session")
def compiler() -> Compiler:
    """One set of compiled model structures for all tests of a process: compiling takes seconds."""
    from bayesrefract.inference.nuts import Compiler

    return Compiler()


@pytest.fixture(scope="module")
def without_arviz_pictures() -> Iterator[None]:
    """Reports of hand-made findings: ArviZ takes seconds for each fit, and a figure half a second in its other kinds.

    Both have tests of their own (test_diagnostic_report.py, test_figures_files.py).
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bayesrefract.report.diagnostics.files.diagnostics_page", lambda *_: "<p>not drawn in this test")
        for kind in ("pdf", "png"):
            patch.setattr(f"bayesrefract.report.figures.Picture.{kind}", lambda _: b"not drawn in this test")
        yield
