"""The page of a study: one self-contained file that opens offline, and its figures beside it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from bayesrefract.figures import Picture
from bayesrefract.figures.style import BAND, BLUE, FAINT, GREEN, INK, ORANGE, PAPER, PURPLE, SKY, YELLOW
from bayesrefract.findings import Findings
from bayesrefract.report.files import write_whole
from bayesrefract.report.page import Page, compose
from bayesrefract.report.verdict_json import study_json, write_json
from bayesrefract.study import Study

HERE = Path(__file__).parent
THEME = {
    INK: "ink",
    FAINT: "faint",
    PAPER: "paper",
    BAND: "band",
    BLUE: "blue",
    ORANGE: "orange",
    GREEN: "green",
    PURPLE: "purple",
    YELLOW: "yellow",
    SKY: "sky",
}
"""Colours of the figures and the style sheet's names for them: inline figures follow a dark page."""


def write_report(study: Study, findings: Sequence[Findings], folder: Path) -> Path:
    """Write index.html, verdicts.json and figures/*.svg of a study; returns the path of the page.

    Everything is made before anything is written, and each file appears whole; the page comes last.
    Figures of an earlier report that this one does not have are removed.
    """
    page = compose(study, findings)
    text = render(page)
    pictures = {f"{picture.name}.svg": picture.svg for picture in page.pictures}
    for name, svg in pictures.items():
        write_whole(folder / "figures" / name, svg)
    write_json(folder / "verdicts.json", study_json(study, findings))
    write_whole(folder / "index.html", text)
    for stale in (folder / "figures").glob("*.svg"):
        if stale.name not in pictures:
            stale.unlink()
    return folder / "index.html"


def render(page: Page) -> str:
    """The page as HTML; every text is escaped."""
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    template = environment.get_template("template.html.j2")
    css = Markup((HERE / "style.css").read_text(encoding="utf-8"))
    return template.render(page=page, css=css, inline=inline)


def inline(picture: Picture) -> Markup:
    """A figure's SVG for use inside the page: as wide as its place, in the page's colours."""
    svg = picture.svg[picture.svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>|<title>.*?</title>", "", svg, flags=re.DOTALL)
    opening, drawing = svg.split(">", 1)
    view_box = re.search(r'viewBox="[^"]*"', opening)
    if view_box is None:
        raise ValueError(f"figure '{picture.name}' has no viewBox")
    drawing = re.sub(r'style="[^"]*"', _themed, drawing)
    return Markup(f'<svg role="img" aria-label="{escape(picture.alt)}" {view_box.group()}>{drawing}')


def _themed(style: re.Match[str]) -> str:
    text = style.group()
    for colour, name in THEME.items():
        text = text.replace(colour, f"var(--{name}, {colour})")
    return text
