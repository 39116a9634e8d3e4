"""Nothing lost, nothing half-believed: runs that are interrupted, killed, or cannot write."""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from stored_fits import draws_in

HERE = Path(__file__).parent
SIMULATED = HERE.parent / "data" / "simulated"
PATIENCE = 180


def test_killed_at_twenty_moments_a_run_ends_with_the_same_draws(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error::ResourceWarning", str(HERE / "kill_driver.py"), str(SIMULATED)]
    ended = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    seen = json.loads(ended.stdout)
    assert seen["fits"] == 9  # each of three models with the two that stand behind and beside its curves
    assert len(seen["trials"]) == 20
    assert all(trial["same"] and trial["report"] and not trial["left"] for trial in seen["trials"]), seen
    kept = {trial["kept"] for trial in seen["trials"]}
    assert len(kept) > 1, f"the moments of death were not spread over the run: {seen}"


def start(
    out: Path, *options: str, models: tuple[str, ...] = ("unadjusted", "primary", "wide")
) -> subprocess.Popen[str]:
    chosen = [argument for name in models for argument in ("--model", name)]
    command = [sys.executable, "-m", "bayesrefract", "fit", str(SIMULATED), *chosen, "--out", str(out), *options]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=as_in_the_foreground
    )


def as_in_the_foreground() -> None:
    """A shell hands an ignored SIGINT to what it runs in the background (`make test &`); Ctrl-C then does nothing."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def wait_for_fits(out: Path, count: int) -> None:
    limit = time.monotonic() + PATIENCE
    while len(list(out.rglob("posterior/*.nc"))) < count:
        assert time.monotonic() < limit, "no fit was finished"
        time.sleep(0.02)


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM], ids=lambda kind: kind.name)
def test_an_interrupted_run_stops_at_once_and_says_how_to_go_on(kind: signal.Signals, tmp_path: Path) -> None:
    running = start(tmp_path, "--draws", "8000", "--tune", "1000")
    wait_for_fits(tmp_path, 1)
    running.send_signal(kind)
    _, err = running.communicate(timeout=PATIENCE)
    assert running.returncode == 130
    kept = draws_in(tmp_path)
    assert 1 <= len(kept) < 3
    assert f"Stopped. {len(kept)} of 3 fits are finished and kept; the same command goes on from there." in err
    assert "Traceback" not in err
    assert not list(tmp_path.rglob("*.part"))


def test_two_runs_into_one_folder_share_the_work_and_never_mix(tmp_path: Path) -> None:
    command = [sys.executable, str(HERE / "two_runs_driver.py"), str(SIMULATED), str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    seen = json.loads(ended.stdout)
    assert seen["alone"] in {0, 3}
    assert seen["together"] == [seen["alone"]] * 2, seen
    assert draws_in(tmp_path / "shared") == draws_in(tmp_path / "alone")
    sampled = sum(err.count(" s\n") - err.count("stored") for err in seen["heard"])
    assert sampled <= 2 * 3
    pages = [path.read_bytes() for path in (tmp_path / "shared").rglob("index.html")]
    assert len(pages) == 1
    assert pages[0].rstrip().endswith(b"</html>")


def small_files() -> None:
    """As on a disk that is full: no file may grow beyond 200 kB."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))


def test_a_full_disk_is_one_clear_error_and_no_broken_file(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bayesrefract", "fit", str(SIMULATED), "--model", "unadjusted"]
    ended = subprocess.run(
        [*command, "--draws", "500", "--tune", "200", "--out", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=small_files,
    )
    assert ended.returncode == 1, ended.stderr
    assert "cannot be written (File too large). Free some space there, or name another place." in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and not path.name.startswith(".lock")]


def test_a_folder_that_is_a_file_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    running = start(tmp_path / "out")
    _, err = running.communicate(timeout=PATIENCE)
    assert running.returncode == 1
    assert "out: cannot be written (File exists). Free some space there, or name another place." in err
