"""Figures as files: PDF and PNG are whole, at their size, and the same on every run."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

import pytest
from figures_example import FIGURES
from findings_example import findings

from bayesrefract.findings import Findings
from bayesrefract.report.figures import Picture

every_figure = pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES.keys())
DOTS_PER_METRE = round(300 / 0.0254)


def chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Type and content of each part of a PNG file."""
    place = 8
    while place < len(png):
        (length,) = struct.unpack(">I", png[place : place + 4])
        yield png[place + 4 : place + 8], png[place + 8 : place + 8 + length]
        place += length + 12


@every_figure
def test_png_has_300_dots_to_the_inch_and_the_size_of_the_figure(draw: Callable[[Findings], Picture]) -> None:
    picture = draw(findings())
    png = picture.png()
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    parts = dict(chunks(png))
    assert parts[b"IEND"] == b""
    assert struct.unpack(">II", parts[b"IHDR"][:8]) == tuple(
        pytest.approx(300 * inches, abs=1) for inches in picture.figure.get_size_inches()
    )
    assert struct.unpack(">IIB", parts[b"pHYs"]) == (DOTS_PER_METRE, DOTS_PER_METRE, 1)


@every_figure
def test_pdf_is_whole_and_holds_its_fonts(draw: Callable[[Findings], Picture]) -> None:
    pdf = draw(findings()).pdf()
    assert pdf.startswith(b"%PDF-1.")
    assert pdf.rstrip().endswith(b"%%EOF")
    assert b"/FontFile2" in pdf  # TrueType, embedded
    assert b"/Type3" not in pdf


@every_figure
def test_files_are_the_same_on_every_run(draw: Callable[[Findings], Picture]) -> None:
    first, second = draw(findings()), draw(findings())
    pdf = first.pdf()
    assert pdf == second.pdf()
    assert b"CreationDate" not in pdf
    assert first.svg == second.svg


def test_drawing_one_file_leaves_the_others_alone() -> None:
    picture, other = (FIGURES["survival"](findings()) for _ in range(2))
    pdf, png = picture.pdf(), picture.png()
    assert (picture.png(), picture.pdf()) == (png, pdf)
    assert (other.png(), other.pdf()) == (png, pdf)
