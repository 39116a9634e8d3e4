"""A report's page as a program reads it: elements, attributes, and the text inside each."""

from __future__ import annotations

from html.parser import HTMLParser

from findings_example import a_study

from bayesrefract.findings import Findings
from bayesrefract.report.page import html
from bayesrefract.report.page.page import compose


class Reader(HTMLParser):
    """Elements with their attributes, and the text inside each kind of element."""

    VOID = frozenset({"meta", "link", "br", "img", "input"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[tuple[str, dict[str, str | None]]] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str, str]] = []  # element, class, text
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append((tag, dict(attrs)))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if self.open and data.strip():
            tag, attributes = self.open[-1]
            self.texts.append((tag, attributes.get("class") or "", data.strip()))

    def of(self, tag: str, name: str = "") -> list[str]:
        """Texts directly inside elements of one kind whose class holds `name`."""
        return [text for found, classes, text in self.texts if found == tag and name in classes]


def page_of(*made: Findings) -> Reader:
    """The page of some findings, read; every element is closed."""
    reader = Reader(html.render(compose(a_study(*made), made)))
    assert not reader.open
    return reader
