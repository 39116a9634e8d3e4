"""The documents of the top folder: a citation that tools can read, and links that lead somewhere."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml

TOP = Path(__file__).parents[1]
PROJECT = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))
DOCUMENTS = (
    "CONTRIBUTING.md",
    "SECURITY.md",
    "docs/printed-numbers.md",
    "docs/rows.md",
    "docs/study-files.md",
    "docs/verdicts.md",
    "data/lenalidomide/README.md",
)
METHODS = {
    "10.1177/2515245918771304",
    "10.2307/2529982",
    "10.1080/01621459.1981.10477634",
    "10.1007/BF01068419",
}


def test_the_citation_is_whole_and_of_this_version() -> None:
    """What the Citation File Format 1.2.0 asks of a file, of an entity and of a reference."""
    citation = yaml.safe_load((TOP / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= citation.keys()
    assert str(citation["cff-version"]) == "1.2.0"
    assert citation["type"] == "software"
    assert citation["authors"] == [{"name": "bayesrefract developers"}]
    project = PROJECT["project"]
    assert (citation["title"], str(citation["version"]), citation["license"]) == (
        project["name"],
        project["version"],
        project["license"],
    )
    for reference in citation["references"]:
        assert {"type", "title", "authors", "year", "doi"} <= reference.keys()
        assert all({"family-names", "given-names"} == author.keys() for author in reference["authors"])
    assert {reference["doi"] for reference in citation["references"]} == METHODS


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_lead_somewhere(name: str) -> None:
    text = (TOP / name).read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    assert not [link for link in links if not ((TOP / name).parent / link).exists()]


def test_the_documents_are_in_the_source_distribution() -> None:
    included = PROJECT["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    assert {"CONTRIBUTING.md", "SECURITY.md", "CITATION.cff", "docs"} <= set(included)
    assert all((TOP / name).exists() for name in included)
