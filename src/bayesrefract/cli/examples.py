"""`bayesrefract examples`: copy the embedded studies out of the package."""

from __future__ import annotations

import importlib.resources
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bayesrefract.errors import InputError
from bayesrefract.files import write_whole, writing
from bayesrefract.study.study import Evidence

if TYPE_CHECKING:
    from bayesrefract.study.study import Study

Target = Annotated[Path, typer.Argument(metavar="DIR", help="A folder that does not exist yet, or is empty.")]


def examples(folder: Target) -> None:
    """Copy the embedded studies into a folder, as something to try the other commands on."""
    _refuse_used(folder)
    source = embedded()
    files = [path for path in sorted(source.rglob("*")) if path.is_file()]
    with writing(folder):
        for path in files:
            write_whole(folder / path.relative_to(source), path.read_bytes())
    names = [path.parent.name for path in sorted(folder.glob("*/study.toml"))]
    typer.echo(f"{folder} now holds {len(files)} files of {len(names)} studies: {', '.join(names)}.")
    typer.echo("Where each comes from is in its README.md. Run next:")
    for command in next_commands(folder):
        typer.echo(f"  {command}")


def next_commands(folder: Path) -> tuple[str, ...]:
    """What to run on copied studies: a check of all, a comparison in one file, and the fits of the simulated study."""
    from bayesrefract.study.study_file import load_study

    studies = [load_study(path) for path in sorted(folder.glob("*/study.toml"))]
    places = {study.name: str(study.path.parent if study.path else folder) for study in studies}
    commands = [["bayesrefract", "check", *places.values()]]
    commands += [_comparison(study, Path(places[study.name])) for study in studies if _is_csv(study.records)]
    commands += [["bayesrefract", "fit", places[each.name]] for each in studies if each.evidence is Evidence.SIMULATED]
    return tuple(map(shlex.join, commands))


def _is_csv(records: str) -> bool:
    """Whether the records are a file of the study's folder, not of a library or simulated."""
    return records.endswith(".csv") and ":" not in records


def _comparison(study: Study, place: Path) -> list[str]:
    """The first question of a study as a command of its own, without covariates."""
    first = study.analyses[0]
    rope = first.ropes[0]
    options = {
        "--time": first.endpoint.time,
        "--event": first.endpoint.event,
        "--group": first.columns.group,
        "--reference": first.contrasts[0].reference,
        "--unit": str(first.time_unit),
        "--rope-source": rope.source,
        "--evidence": str(study.evidence),
    }
    if first.endpoint.event_value is not None:
        options["--event-value"] = str(first.endpoint.event_value)
    command = ["bayesrefract", "compare", str(place / study.records), "--rope", f"{rope.low:g}", f"{rope.high:g}"]
    return [*command, "--after-data", *(word for option in options.items() for word in option)]


def _refuse_used(folder: Path) -> None:
    with writing(folder):
        if folder.exists() and not folder.is_dir():
            raise InputError(f"{folder}: this is a file, not a folder. Name a folder that does not exist yet.")
        if folder.is_dir() and any(folder.iterdir()):
            raise InputError(
                f"{folder}: the folder is not empty, and nothing in it is replaced. Name one that does not exist yet."
            )


def embedded() -> Path:
    """The studies inside the installed package, or beside it in a clone of the repository."""
    inside = Path(str(importlib.resources.files("bayesrefract"))) / "data"
    checkout = Path(__file__).parents[3] / "data"
    for place in (inside, checkout):
        if any(place.glob("*/study.toml")):
            return place
    raise InputError(f"{inside}: the embedded studies are not in this installation. Install bayesrefract again.")
