"""What the README shows exists; what it runs, test_package.py runs with the built package."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import bayesrefract
from bayesrefract.cli.app import app, main
from bayesrefract.decision import VerdictWord

TOP = Path(__file__).parents[1]
README = (TOP / "README.md").read_text(encoding="utf-8")
PAGES = ("README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")


def blocks(language: str) -> list[str]:
    """The README's code blocks of a language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def test_every_public_name_is_shown_and_exists() -> None:
    shown = set(re.findall(r"\bbr\.(\w+)", README))
    assert shown == set(bayesrefract.__all__)


def test_the_targets_shown_are_in_the_makefile() -> None:
    makefile = (TOP / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^make (\w+)", "\n".join(blocks("sh")), re.MULTILINE)) | {"help"}
    assert targets >= {"fit", "test"}
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_commands_shown_are_there() -> None:
    known = {command.name for command in app.registered_commands}
    shown = set(re.findall(r"(?:`|^)bayesrefract (\w+)", README, re.MULTILINE))
    assert known == shown | {"reconstruct", "spread"}
    assert "`reconstruct`, `spread`" in README


def test_the_options_shown_for_compare_are_there(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["compare", "--help"])
    offered = capsys.readouterr().out
    shown = set(re.findall(r"(--[\w-]+)", "\n".join(blocks("sh"))))
    assert len(shown) > 10
    for option in shown:
        assert f"{option} " in offered


def test_every_link_leads_to_a_file() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#]+)\)", (TOP / page).read_text(encoding="utf-8")):
            assert "://" in target or (TOP / target).exists(), f"{page}: {target}"


def test_every_verdict_is_explained_on_the_first_screen() -> None:
    for word in VerdictWord:
        assert f"| `{word}` |" in README.split("## The same on the command line")[0]


def test_the_readme_and_the_architecture_stay_short() -> None:
    assert len(README.splitlines()) <= 120
    assert len((TOP / "ARCHITECTURE.md").read_text(encoding="utf-8").splitlines()) <= 140
