"""What the steps found: a file of each, and reports/validation/index.md with the state of all."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bayesrefract.files import write_whole
from validation.step import Progress, Step


def state(step: Step, progress: Progress) -> str:
    """How far a step has come, and whether it passed."""
    done = len(progress.results)
    failed = bool(done) and not step.passed(progress.in_order())
    if failed:
        return "failed"
    return "passed" if done == step.chunks else f"{done} of {step.chunks} chunks" if done else "not run"


def section(step: Step, progress: Progress) -> str:
    """What one step found, with what it was found with."""
    return (
        f"# {step.title}\n\n{_made_with(step, progress)} {len(progress.results)} of {step.chunks} chunks, "
        f"{progress.seconds / 60:.1f} minutes of its processes: {state(step, progress)}.\n\n"
        f"{step.write_up(progress.in_order())}\n"
    )


def _made_with(step: Step, progress: Progress) -> str:
    return f"Written by `make validate`, seed {step.seed}, sources `{progress.sha256[:12]}`."


def page(found: Sequence[tuple[Step, Progress]], out: Path) -> str:
    """The state of every step, and where what it found is written: with these sources, or with earlier ones."""
    lines = [
        "# Validation",
        "",
        "Written by `make validate`. Results hold for the sources of this hash: after a change a step starts anew, and "
        "until it has run, its file is that of earlier sources.",
        "",
        "| Step | State | Minutes of its processes | Seed | Sources | Results |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {step.name}: {step.title} | {state(step, progress)} | {progress.seconds / 60:.1f} | {step.seed} | "
        f"`{progress.sha256[:12]}` | {_results(step, progress, out)} |"
        for step, progress in found
    ]
    return "\n".join(lines) + "\n"


def _results(step: Step, progress: Progress, out: Path) -> str:
    path = out / f"{step.name}.md"
    if not path.is_file():
        return ""
    link = f"[{path.name}]({path.name})"
    return link if _made_with(step, progress) in path.read_text(encoding="utf-8") else f"{link}, of earlier sources"


def write(step: Step, progress: Progress, found: Sequence[tuple[Step, Progress]], out: Path) -> None:
    """Write what a step found, and the page anew."""
    if progress.results:
        write_whole(out / f"{step.name}.md", section(step, progress))
        write_pictures(step, progress, out)
    write_whole(out / "index.md", page(found, out))


def write_pictures(step: Step, progress: Progress, out: Path) -> None:
    """The files that the section of a step shows, beside the page."""
    if step.pictures and progress.results:
        for name, content in step.pictures(progress.in_order()).items():
            write_whole(out / name, content)
