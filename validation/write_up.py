"""What the steps found, as reports/validation/index.md."""

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


def page(found: Sequence[tuple[Step, Progress]]) -> str:
    """A table of the steps, and a section for each that has results."""
    lines = [
        "# Validation",
        "",
        "Written by `make validate`. Results hold for the sources of this hash: after a change a step starts anew.",
        "",
        "| Step | State | Processor minutes | Seed | Sources |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {step.name}: {step.title} | {state(step, progress)} | {progress.seconds / 60:.1f} | {step.seed} | "
        f"`{progress.sha256[:12]}` |"
        for step, progress in found
    ]
    for step, progress in found:
        if progress.results:
            lines += ["", f"## {step.title}", "", step.write_up(progress.in_order())]
    return "\n".join(lines) + "\n"


def write_pictures(step: Step, progress: Progress, out: Path) -> None:
    """The files that the section of a step shows, beside the page."""
    if step.pictures and progress.results:
        for name, content in step.pictures(progress.in_order()).items():
            write_whole(out / name, content)
