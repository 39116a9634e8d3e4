"""The page of a study: one self-contained file that opens offline, and its figures and tables beside it."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from bayesrefract.dossier import Dossier
from bayesrefract.files import locked, sweep, write_whole, writing
from bayesrefract.findings import Findings
from bayesrefract.report.diagnostics import write_fit_files
from bayesrefract.report.diagnostics.files import diagnostics_path, posterior_path
from bayesrefract.report.figures import Picture
from bayesrefract.report.figures.style import BAND, BLUE, FAINT, GREEN, INK, ORANGE, PAPER, PURPLE, SKY, YELLOW
from bayesrefract.report.json.verdict import study_json, write_json
from bayesrefract.report.page.page import Page, compose
from bayesrefract.report.page.parts import Section, pictures, sheets
from bayesrefract.report.tables.table import to_csv
from bayesrefract.report_folder import LAYOUT, PAGE, VERDICTS, ReportFolder
from bayesrefract.study.study import Study

HERE = Path(__file__).parent
FIGURE_KINDS = ("svg", "pdf", "png")
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


def write_report(
    study: Study,
    findings: Sequence[Findings],
    folder: Path,
    dossier: Dossier | None = None,
    further: Mapping[str, tuple[Section, ...]] | None = None,
    files_beside: Mapping[str, str] | None = None,
    tell: Callable[[str], None] | None = None,
) -> Path:
    """Write the report of a study: index.html, verdicts.json and the folders beside them.

    The page and its figures are made before anything is written, and each file appears whole; the page comes last.
    Draws and diagnostics of a fit that are there already are not made again. Files of an earlier report that this one
    does not have are removed: those that its manifest lists, and nobody has changed. One process at a time writes.

    Parameters
    ----------
    study : Study
        The study.
    findings : sequence of Findings
        Results of every question and model; the first of each question are the primary model's.
    folder : Path
        Folder of the report: new, empty, or that of an earlier report.
    dossier : Dossier, optional
        Patient tables and the printed numbers of a paper.
    further : mapping, optional
        Anchor of a section -> sections of a study package that follow it.
    files_beside : mapping, optional
        Name -> content of further files.
    tell : callable, optional
        Receives a line of text where writing takes long.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    InputError
        For a folder that holds other files, or where one of them stands in the place of a file of the report.
    """
    ReportFolder(folder)  # refused before a lock is left in it
    page = compose(study, findings, dossier, further)
    text = render(page)
    names = _names_of(page, findings, files_beside or {})
    with locked(folder / ".lock", "report", tell or (lambda _: None)), writing(folder):
        place = ReportFolder(folder)
        place.claim(names)
        _write_files(page, findings, folder, files_beside or {}, tell)
        write_json(folder / VERDICTS, study_json(study, findings))
        write_whole(folder / PAGE, text)
        place.finish(names)
    return folder / PAGE


def _names_of(page: Page, findings: Sequence[Findings], files_beside: Mapping[str, str]) -> set[str]:
    """Every file of the report, by its path within the folder."""
    drawn = list(pictures(page.sections))
    names = {PAGE, VERDICTS, *files_beside}
    names |= {f"figures/{each.name}.{kind}" for each in drawn for kind in FIGURE_KINDS}
    names |= {f"tables/figure-{each.name}.csv" for each in drawn}
    names |= {f"tables/{each.name}.csv" for each in sheets(page.sections)}
    names |= {posterior_path(each) for each in findings}
    return names | {diagnostics_path(each) for each in findings}


def _write_files(
    page: Page,
    findings: Sequence[Findings],
    folder: Path,
    files_beside: Mapping[str, str],
    tell: Callable[[str], None] | None,
) -> None:
    """Everything beside the page."""
    drawn = [picture for picture in pictures(page.sections) if not _is_written(picture, folder / "figures")]
    files = {name: content for picture in drawn for name, content in _figure_files(picture).items()}
    files |= {f"tables/figure-{each.name}.csv": to_csv(each.table) for each in pictures(page.sections)}
    files |= {f"tables/{each.name}.csv": to_csv(each.table) for each in sheets(page.sections)}
    for place in (folder, *(folder / name for name in LAYOUT)):
        sweep(place)
    for name, content in (*files.items(), *files_beside.items()):
        _write_new(folder / name, content)
    write_fit_files(findings, folder, tell)


def _write_new(path: Path, content: str | bytes) -> None:
    """Write a file unless it is there already: a report written again touches only what changed."""
    data = content.encode() if isinstance(content, str) else content
    if not (path.is_file() and path.read_bytes() == data):
        write_whole(path, data)


def _figure_files(picture: Picture) -> dict[str, str | bytes]:
    """A figure in every kind; the SVG last, so that where it stands, the other kinds are those of the same figure."""
    stem = f"figures/{picture.name}"
    return {f"{stem}.pdf": picture.pdf(), f"{stem}.png": picture.png(), f"{stem}.svg": picture.svg}


def _is_written(picture: Picture, folder: Path) -> bool:
    """Whether an earlier report left this very figure: equal SVGs come with equal PDFs and PNGs."""
    there = [folder / f"{picture.name}.{kind}" for kind in FIGURE_KINDS]
    return all(path.is_file() for path in there) and there[0].read_bytes() == picture.svg.encode()


def render(page: Page) -> str:
    """The page as HTML; every text is escaped, and no script runs but ours."""
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    script = (HERE / "slider.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return environment.get_template("template.html.j2").render(
        page=page,
        css=Markup((HERE / "style.css").read_text(encoding="utf-8")),
        script=Markup(script),
        script_hash=f"sha256-{digest}",
        inline=inline,
        figure_kinds=FIGURE_KINDS,
    )


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
