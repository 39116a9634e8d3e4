"""What the README shows is run: its Python block, its commands, its targets, its links."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import bayesrefract
from bayesrefract.cli.app import app, main
from bayesrefract.decision import VerdictWord

TOP = Path(__file__).parents[1]
README = (TOP / "README.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    """The README's only code block of a language, or all of them joined."""
    return "\n".join(re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL))


@pytest.fixture(scope="module")
def ran() -> dict[str, Any]:
    """Names that the README's Python block leaves behind, run from the top of the repository."""
    names: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(TOP)
        exec(compile(block("python"), "README.md", "exec"), names)
    return names


def test_the_block_answers_the_question_of_actg175(ran: dict[str, Any]) -> None:
    """103 and 109 events can show nothing on a ROPE of 0.80 to 1.25: undecided, whatever the estimate."""
    verdict = ran["verdict"]
    assert (verdict.group, verdict.reference) == ("zidovudine+didanosine", "zidovudine+zalcitabine")
    assert ran["health"].passed, ran["health"].findings
    assert verdict.word is VerdictWord.UNDECIDED
    assert ran["cohort"].n_patients == 2139
    assert ran["table"].events.sum() == 521


def test_the_block_meets_cox_regression(ran: dict[str, Any]) -> None:
    """Flat-prior Cox and a posterior with a wide prior: within a quarter of a standard error and 10% of it."""
    verdict, cox = ran["verdict"], ran["cox"]
    assert (cox.group, cox.reference) == (verdict.group, verdict.reference)
    assert abs(verdict.mean - cox.log_coef) < 0.25 * cox.log_se
    assert verdict.sd == pytest.approx(cox.log_se, rel=0.10)
    assert abs(np.log(verdict.median) - verdict.mean) < 0.1 * cox.log_se


def test_every_public_name_is_shown_and_exists() -> None:
    shown = set(re.findall(r"\bbr\.(\w+)", README))
    assert shown == set(bayesrefract.__all__)


def test_the_targets_shown_are_in_the_makefile() -> None:
    makefile = (TOP / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^make (\w+)", block("sh"), re.MULTILINE)) | {"help"}
    assert targets >= {"fit", "test"}
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_commands_shown_are_there() -> None:
    known = {command.name for command in app.registered_commands}
    assert known == set(re.findall(r"(?:`|bin/)bayesrefract (\w+)", README))


def test_the_options_shown_for_compare_are_there(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["compare", "--help"])
    offered = capsys.readouterr().out
    shown = set(re.findall(r"(--[\w-]+)", block("sh")))
    assert len(shown) > 10
    for option in shown:
        assert f"{option} " in offered


def test_every_link_leads_to_a_file() -> None:
    for page in ("README.md", "ARCHITECTURE.md", "CHANGELOG.md"):
        for target in re.findall(r"\]\(([^)#]+)\)", (TOP / page).read_text(encoding="utf-8")):
            assert "://" in target or (TOP / target).exists(), f"{page}: {target}"


def test_every_verdict_is_explained_on_the_first_screen() -> None:
    for word in VerdictWord:
        assert f"| `{word}` |" in README.split("## Two commands")[0]
