"""The seam for studies that need more than a study file: record checks, columns, page sections, commands.

A study package subclasses `Extension`, overrides what it needs, and registers the class as an entry point of the
group `bayesrefract.studies`. A study file then names it: `extension = "NAME"`. The packages under
`bayesrefract.studies` are worked examples.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bayesrefract.errors import InputError, StudyError, collecting
from bayesrefract.messages import did_you_mean, listed, quoted
from bayesrefract.study.extensions import installed

if TYPE_CHECKING:
    from bayesrefract.cohort.faults import Faults
    from bayesrefract.cohort.read import Records
    from bayesrefract.findings import Findings
    from bayesrefract.papers import Counts
    from bayesrefract.report.page.parts import Section
    from bayesrefract.study.study import Study

FILE_NAME = re.compile(r"[A-Za-z0-9_][\w.-]*")
RESERVED = frozenset({"index.html", "verdicts.json", "manifest.json", "figures", "tables", "posterior"})


@dataclass(frozen=True)
class Addition:
    """What a study package adds to a report.

    sections : the anchor of a section of the page -> sections that follow it; before the methods where the page has
        no such section.
    files : name -> content of further files beside the page. Raises ValueError for a name that leaves the folder of
        the report, or is that of another file of it.
    """

    sections: Mapping[str, tuple[Section, ...]] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in self.files:
            if not FILE_NAME.fullmatch(name) or name in RESERVED:
                raise ValueError(f"{quoted(name)} cannot be the name of a further file of a report")


class Extension:
    """A study package; whatever it does not override does nothing."""

    def columns(self) -> tuple[str, ...]:
        """Further columns that `check_records` and `addition` need; those that the records have are read."""
        return ()

    def check_records(self, records: Records, faults: Faults) -> None:
        """Keep a fault for every row that contradicts itself, by rules that hold for this study only."""

    def check_files(self, study: Study) -> None:
        """Raise InputError with every fault of the files that only this package reads."""

    def files(self, study: Study) -> tuple[Path, ...]:
        """Files on which `addition` depends: a report is written again when one of them changes."""
        return ()

    def printed_p(self, counts: Counts) -> Mapping[tuple[str, str], str] | None:
        """The p-value that a paper prints of each level, by column and value of the records."""
        return None

    def addition(self, study: Study, records: Records) -> Addition:
        """Sections and files of the report that only this study has."""
        return Addition()

    def commands(self) -> Mapping[str, Callable[..., None]]:
        """Name -> function of each command that is added to the command line; imports nothing heavy."""
        return {}


def extension_of(study: Study) -> Extension:
    """The study package that a study names; one that does nothing where it names none."""
    return Extension() if study.extension is None else load_extension(study.extension)


def load_extension(name: str) -> Extension:
    """An instance of an installed study package, by the name of its entry point.

    Raises StudyError where there is no such package, or where it cannot be loaded, for whatever reason.
    """
    known = installed()
    if name not in known:
        raise StudyError(
            f"No study package {quoted(name)} is installed.{did_you_mean(name, known)} "
            f"Install it; installed: {listed(known) or 'none'}."
        )
    try:
        made = known[name].load()()
    except Exception as fault:  # whatever a foreign package raises stops its own studies only
        reason = f"{type(fault).__name__}: {fault}"
        raise StudyError(_not_loaded(name, reason)) from fault
    if not isinstance(made, Extension):
        raise StudyError(_not_loaded(name, f"{known[name].value} is no subclass of bayesrefract.extension.Extension"))
    return made


def _not_loaded(name: str, reason: str) -> str:
    return (
        f"The study package {quoted(name)} could not be loaded ({reason}). Repair or uninstall it: until then its "
        f"commands are missing, and studies with extension = {quoted(name)} cannot be analysed."
    )


def sources_of(extension: Extension) -> tuple[Path, ...]:
    """The Python files of a study package, ours apart: a report is written again when one of them changes."""
    top = sys.modules[type(extension).__module__.partition(".")[0]]
    if top.__name__ == __name__.partition(".")[0]:
        return ()
    folders = [Path(folder) for folder in getattr(top, "__path__", ())]
    alone = [Path(top.__file__)] if top.__file__ and not folders else []
    return tuple(sorted([path for folder in folders for path in folder.rglob("*.py")] + alone))


def files_of_study(study: Study) -> tuple[Path, ...]:
    """The files that a study is read from: its own, its records, those of its paper and of its study package."""
    if study.path is None:
        return ()
    paper = study.publication
    printed = () if paper is None else (paper.estimates, paper.counts, paper.spread)
    named = (study.path, study.path.parent / study.records, *printed, *extension_of(study).files(study))
    return tuple(path for path in named if path is not None)


def read_study_records(study: Study, tell: Callable[[str], None] | None = None) -> Records:
    """The records of a study, with the columns that its study package checks. Raises RecordsError."""
    from bayesrefract.cohort.read import read_records

    return read_records(study, tell, also=extension_of(study).columns())


def check_study(study: Study, records: Records) -> None:
    """Raise InputError with every impossible patient, and every fault of the files of its paper, before any draw."""
    from bayesrefract.cohort.select import check_records
    from bayesrefract.dossier import check_paper

    extension, faults = extension_of(study), list[str]()
    with collecting(faults):
        check_records(records, study, extension.check_records)
    with collecting(faults):
        check_paper(study)
    with collecting(faults):
        extension.check_files(study)
    if faults:
        raise InputError(faults)


def write_study_report(
    study: Study,
    records: Records,
    findings: Sequence[Findings],
    folder: Path,
    tell: Callable[[str], None] | None = None,
) -> Path:
    """The report of a whole study, with what its paper and its study package add; returns the path of the page."""
    from bayesrefract.dossier import compile_dossier
    from bayesrefract.report import write_report

    extension = extension_of(study)
    added = extension.addition(study, records)
    dossier = compile_dossier(study, records, extension.printed_p)
    return write_report(study, findings, folder, dossier, added.sections, added.files, tell)
