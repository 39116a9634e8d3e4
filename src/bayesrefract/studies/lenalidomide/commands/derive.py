"""`bayesrefract derive`: from therapy lines and doses to the analysis cohort."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bayesrefract.cli import options
from bayesrefract.cli.output import show_table, tell
from bayesrefract.errors import InputError, RecordsError
from bayesrefract.outputs import same_file
from bayesrefract.own_files import OwnFiles
from bayesrefract.study.study import Evidence

if TYPE_CHECKING:
    from bayesrefract.studies.lenalidomide.derive import Derived

Patients = Annotated[Path, typer.Option("--patients", metavar="FILE", help="One row per patient.")]
Lines = Annotated[Path, typer.Option("--lines", metavar="FILE", help="One row per line of therapy.")]
Doses = Annotated[Path, typer.Option("--doses", metavar="FILE", help="One row per dose, from the day it holds.")]
CohortFile = Annotated[
    Path, typer.Option("--out", metavar="FILE.csv", help="The cohort; flow and lists are written beside it.")
]


def derive(
    *,
    patients: Patients,
    lines: Lines,
    doses: Doses,
    out: CohortFile,
    evidence: options.EvidenceOption = None,
    quiet: options.Quiet = False,
) -> None:
    """Group patients at first relapse by their last dose of lenalidomide, and write the analysis cohort.

    The tables are described in data/lenalidomide/data_dictionary.md. Beside FILE.csv stand FILE-flow.csv,
    FILE-flow.svg and FILE-listed.csv. Nothing is written where anything is wrong.
    """
    from bayesrefract.studies.lenalidomide.derive import Tables, read_histories
    from bayesrefract.studies.lenalidomide.derive import derive as group

    tables = Tables(patients, lines, doses)
    faults = target_faults(out, tables)
    try:
        histories = read_histories(tables)
    except RecordsError as error:
        raise InputError((*faults, *error.faults)) from None
    if faults:
        raise InputError(faults)
    derived = group(histories)
    if not derived.rows:
        raise InputError(nobody_left(derived))
    stated = Evidence(evidence or Evidence.UNSTATED)
    write(derived, stated, out, quiet=quiet)
    show(derived, stated)


def target_faults(out: Path, inputs: tuple[Path, ...]) -> list[str]:
    """Why the cohort cannot be written under this name."""
    if out.suffix.lower() != ".csv":
        return [f"--out {out}: the cohort is a CSV file. Let its name end in .csv."]
    if out.is_dir():
        return [f"--out {out}: this is a folder. Name a file in it, such as {out / 'cohort.csv'}."]
    if any(same_file(target, path) for target in targets(out) for path in inputs):
        return [f"--out {out}: this would overwrite one of the tables it is made from. Name another file."]
    return OwnFiles(out.parent).faults([each.name for each in targets(out)], f"--out {out}")


def targets(out: Path) -> tuple[Path, Path, Path, Path]:
    """The files of a run: cohort, flow as table and picture, and the patients listed."""
    flow, picture, listed = (out.with_name(f"{out.stem}-{end}") for end in ("flow.csv", "flow.svg", "listed.csv"))
    return out, flow, picture, listed


def nobody_left(derived: Derived) -> str:
    """All patients are excluded, and why."""
    reasons = "; ".join(f"{count} {reason}" for reason, count in derived.excluded.items())
    return f"No patient is left for the cohort ({reasons}). Check the tables: nothing was written."


def write(derived: Derived, evidence: Evidence, out: Path, *, quiet: bool) -> None:
    """Write the files, each whole or not at all."""
    from bayesrefract.files import write_whole
    from bayesrefract.report.tables.table import to_csv
    from bayesrefract.studies.lenalidomide.figures import therapy_flow_figure
    from bayesrefract.studies.lenalidomide.tables import cohort_table, derived_flow_table, listed_table

    flow = derived_flow_table(derived, evidence)
    contents = (
        to_csv(cohort_table(derived, evidence)),
        to_csv(flow),
        therapy_flow_figure(derived, evidence, flow).svg,
        to_csv(listed_table(derived, evidence)),
    )
    with OwnFiles(out.parent).writing([each.name for each in targets(out)]):
        for target, content in zip(targets(out), contents, strict=True):
            write_whole(target, content)
            tell(f"Written: {target}", quiet=quiet)


def show(derived: Derived, evidence: Evidence) -> None:
    """What the patients are, their flow, the groups, and those to look at again."""
    from bayesrefract.report.words import EVIDENCE_LABEL, EVIDENCE_MEANING
    from bayesrefract.studies.lenalidomide import tables as tables

    typer.echo(f"{EVIDENCE_LABEL[evidence]}. {EVIDENCE_MEANING[evidence]}")
    show_table(tables.derived_flow_table(derived, evidence))
    show_table(tables.derived_groups_table(derived, evidence))
    if derived.listed:
        show_table(tables.listed_table(derived, evidence, most=tables.MOST_LISTED))
