"""Sections, blocks and tables of a page, as frozen values that the template renders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bayesrefract.report.figures import Picture
from bayesrefract.report.page.slider import Slider
from bayesrefract.report.tables.table import Table


@dataclass(frozen=True)
class Sheet:
    """A table with the name of its CSV file, unique within a report."""

    name: str
    table: Table


@dataclass(frozen=True)
class Link:
    """A file beside the page, by its path within the report; `download` where a browser cannot show it."""

    path: str
    text: str
    download: bool = False


@dataclass(frozen=True)
class Block:
    """One part of a section; folded blocks are opened by the reader. `short` names it in lists of links."""

    anchor: str
    title: str
    short: str = ""
    paragraphs: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()
    slider: Slider | None = None
    sheets: tuple[Sheet, ...] = ()
    links: tuple[Link, ...] = ()
    folded: bool = False


@dataclass(frozen=True)
class Section:
    """A heading of the page with the blocks under it."""

    anchor: str
    title: str
    lead: str
    blocks: tuple[Block, ...]


def pictures(sections: Sequence[Section]) -> Iterator[Picture]:
    """Every figure, in the order of the page."""
    return (picture for section in sections for block in section.blocks for picture in block.pictures)


def sheets(sections: Sequence[Section]) -> Iterator[Sheet]:
    """Every table, in the order of the page."""
    return (sheet for section in sections for block in section.blocks for sheet in block.sheets)
