"""The command line: what it answers, where it writes, with which code it leaves, and what it does not import."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
import tomllib
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest
from findings_example import a_verdict, findings, withheld
from rich.console import Console

from bayesrefract import __version__, api, errors
from bayesrefract.cli.app import main
from bayesrefract.cli.exits import ExitCode, exit_code_of
from bayesrefract.cli.output import verdict_code
from bayesrefract.decision import VerdictWord
from bayesrefract.files import writing
from bayesrefract.inference.progress import Silent
from bayesrefract.report import progress
from bayesrefract.report.tables import verdict_table
from bayesrefract.report.tables.draw import show_table

TOP = Path(__file__).parents[1]
HEAVY = {
    "pymc",
    "pytensor",
    "nutpie",
    "arviz",
    "pandas",
    "lifelines",
    "matplotlib",
    "numpy",
    "scipy",
    "xarray",
    "numba",
}
ATTAIN = ("attain", "--rope", "0.8", "1.25")


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of one command, run in this process."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


def imported_by(*arguments: str) -> set[str]:
    """Top-level modules in memory after one command in a fresh interpreter."""
    program = (
        "import sys, json\nfrom bayesrefract.cli.app import main\n"
        f"try:\n    main({arguments!r})\nexcept SystemExit as ended:\n    assert not ended.code, ended.code\n"
        "sys.stderr.write(json.dumps(sorted({m.partition('.')[0] for m in sys.modules})))"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(json.loads(ended.stderr))


@pytest.mark.parametrize("arguments", [("--help",), ("compare", "--help"), ("fit", "--help"), ("--version",)])
def test_help_imports_nothing_heavy(arguments: tuple[str, ...]) -> None:
    modules = imported_by(*arguments)
    assert "typer" in modules
    assert not modules & (HEAVY | {"rich"})


def test_models_and_attain_do_not_import_what_samples() -> None:
    assert not imported_by("models") & (HEAVY - {"numpy"})
    assert not imported_by(*ATTAIN, "--events", "a=1", "b=2") & (HEAVY - {"numpy", "scipy"})


def test_check_does_not_import_what_samples() -> None:
    modules = imported_by("check", str(TOP / "data" / "actg175"), "--model", "two_group")
    assert "pandas" in modules
    assert not modules & {"pymc", "pytensor", "nutpie", "arviz", "lifelines", "matplotlib"}


def test_the_version_is_one_everywhere(capsys: pytest.CaptureFixture[str]) -> None:
    project = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]
    assert call(capsys, "--version") == (0, f"bayesrefract {project['version']}\n", "")
    assert __version__ == project["version"] == version("bayesrefract")


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("fit",),
        ("fit", "study", "--draws", "0"),
        ("fit", "study", "--unknown"),
        ("compare", "patients.csv"),
        ("attain", "--events", "a=1", "b=2", "--rope", "0.8"),
        ("attain", "--events", "a=1", "b=2", "--rope", "low", "high"),
    ],
)
def test_wrong_usage_is_2_with_a_message_and_no_traceback(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = call(capsys, *arguments)
    assert (code, out) == (ExitCode.USAGE, "")
    assert "Error: " in err
    assert "Traceback" not in err


def raising(error: BaseException) -> int:
    def command() -> None:
        raise error

    return exit_code_of(command)


def test_an_input_error_is_1_with_all_faults_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    assert raising(errors.StudyError(["first fault.", "second fault."])) == ExitCode.INPUT == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "Error: 2 faults in the input.\n  - first fault.\n  - second fault.\n"
    assert raising(errors.RecordsError("the only one.")) == ExitCode.INPUT
    assert capsys.readouterr().err == "Error: the only one.\n"


@pytest.mark.parametrize("error", [KeyboardInterrupt(), errors.Interrupted("Stopped. 1 of 2")])
def test_an_interruption_is_130(error: BaseException, capsys: pytest.CaptureFixture[str]) -> None:
    assert raising(error) == ExitCode.INTERRUPTED == 130
    assert capsys.readouterr().err.startswith("Stopped.")


def test_a_sampler_that_cannot_start_is_told_without_its_backtrace(monkeypatch: pytest.MonkeyPatch) -> None:
    from bayesrefract.inference import nuts
    from bayesrefract.study.model import Sampler

    class Background:
        is_finished = True

        def wait(self) -> None:
            raise RuntimeError("All initialization points failed\n\nStack backtrace:\n   0: <unknown>")

    monkeypatch.setattr(nuts.nutpie, "sample", lambda *_, **__: Background())
    with pytest.raises(errors.SamplingError) as told:
        nuts._run(object(), Sampler(), 1, nuts.Silent())
    assert str(told.value) == (
        "The sampler could not start or go on (All initialization points failed). Look for extreme numbers in the "
        "records and in the model, or try another seed."
    )


@pytest.mark.parametrize("words", [["models", "a\x1b[2Jb"], ["models", "--a\x1b[2Jb"], ["a\x1b[2Jb"]])
def test_wrong_usage_shows_no_control_character(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys, *words)
    assert (code, out) == (2, "")
    assert r"a\x1b[2Jb" in err
    assert "\x1b" not in err


def test_a_sampler_that_cannot_go_on_is_1_and_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert raising(errors.SamplingError("The sampler could not start.")) == ExitCode.INPUT == 1
    assert capsys.readouterr() == ("", "Error: The sampler could not start.\n")


def test_an_internal_fault_is_70_one_line_and_a_private_log(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert raising(ZeroDivisionError("a secret")) == ExitCode.INTERNAL == 70
    out, err = capsys.readouterr()
    (log,) = tmp_path.iterdir()
    assert out == ""
    assert err.count("\n") == 1
    assert str(log) in err
    assert "a secret" not in err
    assert "Traceback" in log.read_text()
    assert "a secret" in log.read_text()
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_ctrl_c_inside_a_command_is_130(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("bayesrefract.study.model_file.list_models", interrupted)
    monkeypatch.setattr("bayesrefract.cli.app.leave_at_once", sys.exit)
    assert call(capsys, "models")[0] == 130


def test_attain_prints_the_published_events(capsys: pytest.CaptureFixture[str]) -> None:
    """80% power, ROPE 0.80 to 1.25, 95% interval: 74:184 needs 1,032 events and 378 for any pass; 1:1 845."""
    code, out, err = call(capsys, *ATTAIN, "--events", "standard=74", "low=184")
    assert (code, err) == (0, "")
    assert "1,032" in out
    assert "378" in out
    assert call(capsys, *ATTAIN, "--events", "standard=74", "--events", "low=184") == (0, out, "")
    assert "845" in call(capsys, *ATTAIN, "--events", "standard=100", "low=100")[1]


def test_attain_with_other_rules(capsys: pytest.CaptureFixture[str]) -> None:
    """Non-inferiority with 258 events at 74:184: power 1 - Phi(1.96 - log(1.25) sqrt(52.8)) = 0.367."""
    events = ("--events", "standard=74", "low=184")
    code, out, err = call(capsys, *ATTAIN, *events, "--one-sided", "--harm", "more_events")
    assert (code, err) == (0, "")
    assert "Can non-inferiority be shown at all?" in out
    assert re.search(r"Power with the 95% interval +37%", out)
    assert "Events needed for any pass" not in out
    assert "'non-inferior'" in out
    code, out, _ = call(capsys, *ATTAIN, *events, "--rule", "probability", "--threshold", "0.8")
    assert re.search(r"Power with a posterior probability of at least 0.8 +\d", out)
    assert re.search(r"Power at a true hazard ratio of 1.10 +\d", out)
    _, out, _ = call(capsys, *ATTAIN, "--events", "new=0", "old=20", "--prior-sd", "0.2")
    assert "in the same proportion" not in out
    assert "taken as 1:1, as a group without events gives none" in out
    assert "The prior favours equivalence" in out
    code, _, err = call(capsys, *ATTAIN, *events, "--one-sided", "--threshold", "0.9")
    assert code == 1
    assert "--one-sided does not say what harms a patient" in err
    assert "--threshold = 0.9 is not used" in err


def test_the_side_of_earlier_versions_is_read_as_harm_and_told(capsys: pytest.CaptureFixture[str]) -> None:
    """The range of a command is that of a ratio, so that the side has one reading."""
    events = (*ATTAIN, "--events", "standard=74", "low=184")
    for side, harm in (("above", "more_events"), ("below", "fewer_events")):
        asked = call(capsys, *events, "--one-sided", "--harm", harm)
        for old in (("--one-sided", side), (f"--one-sided={side}",)):
            code, out, err = call(capsys, *events, *old)
            assert (code, out) == asked[:2]
            assert err == f"--one-sided {side} is read as --one-sided --harm {harm}. Write that instead.\n"


def test_attain_tells_all_faults_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys, "attain", "--events", "a=5", "b=-7", "--rope", "1.25", "-0.8", "--level", "2")
    assert (code, out) == (1, "")
    assert "b=-7" in err
    assert "reversed" in err
    assert "level = 2" in err
    assert "twice" in call(capsys, *ATTAIN, "--events", "a=5", "a=7")[2]
    assert "3 given" in call(capsys, *ATTAIN, "--events", "a=5", "b=7", "c=9")[2]
    assert "1 given" in call(capsys, *ATTAIN, "--events", "a=5")[2]


def test_models_lists_every_file_with_its_purpose(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys, "models")
    assert (code, err) == (0, "")
    for path in (TOP / "models").glob("*.toml"):
        assert f"{path.stem} " in out
        assert tomllib.loads(path.read_text())["purpose"] in out


def test_nothing_is_coloured_when_piped(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    show_table(verdict_table(findings()))
    out = capsys.readouterr().out
    assert "equivalent" in out
    assert "\x1b" not in out


def test_a_terminal_with_few_letters_gets_its_answer() -> None:
    command = [sys.executable, "-m", "bayesrefract", *ATTAIN, "--events", "ä=5", "b=7"]
    ended = subprocess.run(command, capture_output=True, check=True, env=os.environ | {"PYTHONIOENCODING": "ascii"})
    assert b"Events needed" in ended.stdout


def test_check_counts_patients_and_says_valid(capsys: pytest.CaptureFixture[str]) -> None:
    """ACTG 175 has 2,139 patients and 521 events, and 1,046 patients in the two compared arms."""
    code, out, err = call(capsys, "check", str(TOP / "data" / "actg175"), "--model", "primary", "--model", "two_group")
    assert (code, err) == (0, "")
    assert "all, primary: 2139 patients, 2139 analysed, 521 events" in out
    assert "all, two_group: 2139 patients, 1046 analysed" in out
    assert out.endswith("All valid.\n")


def test_check_tells_the_faults_of_all_studies(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text('[study]\nname = "x"\nunknown = 1\n')
    code, _, err = call(capsys, "check", str(tmp_path), str(tmp_path / "absent"), "--model", "primary")
    assert code == 1
    assert "unknown" in err
    assert "study.time_unit is missing" in err
    assert "absent" in err


def test_two_studies_of_one_name_are_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    study = str(TOP / "data" / "actg175")
    code, _, err = call(capsys, "fit", study, study, "--out", str(tmp_path))
    assert code == 1
    assert "2 studies are named actg175" in err


def test_an_unknown_model_is_an_input_error(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, _, err = call(capsys, "fit", str(TOP / "data" / "actg175"), "--model", "primry", "--out", str(tmp_path))
    assert code == 1
    assert 'Did you mean "primary"?' in err


def test_a_report_without_stored_fits_is_refused_and_samples_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    study = str(TOP / "data" / "actg175")
    code, out, err = call(capsys, "report", study, "--model", "unadjusted", "--out", str(tmp_path))
    assert (code, out) == (1, "")
    assert "actg175 · progression_or_death/all · unadjusted: no stored fit" in err
    assert not list(tmp_path.rglob("*.html"))


def test_a_withheld_primary_verdict_is_3_and_only_that() -> None:
    made = findings()
    assert verdict_code([made]) == ExitCode.DONE == 0
    assert verdict_code([made, withheld(made)]) == ExitCode.WITHHELD == 3
    primary, control, *rest = made.verdicts
    assert verdict_code([replace(made, verdicts=(primary, replace(control, word=VerdictWord.WITHHELD)))]) == 0
    other_rope = replace(primary, rope=replace(primary.rope, role="sensitivity"), word=VerdictWord.WITHHELD)
    assert verdict_code([replace(made, verdicts=(primary, other_rope, *rest))]) == 0
    assert verdict_code([replace(made, verdicts=(a_verdict(word=VerdictWord.WITHHELD),))]) == 3


def test_a_place_that_cannot_be_written_is_an_input_error(tmp_path: Path) -> None:
    target = tmp_path / "absent" / "verdict.json"
    with pytest.raises(errors.InputError, match="cannot be written"), writing(target):
        target.write_text("")


def play(display: progress.LiveDisplay | progress.PlainLines) -> None:
    """One fit that samples and one that is stored."""
    display.begin(2)
    display.stage("Compiling")
    display.fit("trial [a] · primary")
    display.draws(500, 8000, 3)
    display.fit_done("trial [a] · primary", 2.345, stored=False)
    display.fit("trial [a] · wide")
    display.fit_done("trial [a] · wide", 0.01, stored=True)
    display.end()


def test_plain_progress_is_a_line_per_stage_and_fit_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    play(progress.PlainLines())
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "Compiling",
        "[1/2] trial [a] · primary: 2.3 s",
        "[2/2] trial [a] · wide: stored, not run again",
    ]


def test_live_progress_leaves_a_line_per_fit() -> None:
    console = Console(force_terminal=True, width=100, record=True, stderr=True)
    play(progress.LiveDisplay(console))
    shown = console.export_text()
    assert "trial [a] · primary: 2.3 s" in shown
    assert "trial [a] · wide: stored, not run again" in shown


def test_quiet_shows_no_progress() -> None:
    assert isinstance(api.progress(quiet=True), Silent)
    assert isinstance(api.progress(quiet=False), progress.PlainLines)
