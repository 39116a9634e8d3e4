"""The seam for studies that need more than a study file: record checks, columns, page sections, commands.

A study package subclasses `Extension`, overrides what it needs, and registers the class as an entry point of the
group `bayesrefract.studies`. A study file then names it: `extension = "NAME"`. The packages under
`bayesrefract.studies` are worked examples.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bayesrefract.errors import InputError
from bayesrefract.study.extensions import installed

if TYPE_CHECKING:
    from pathlib import Path

    from bayesrefract.cohort.faults import Faults
    from bayesrefract.cohort.read import Records
    from bayesrefract.findings import Findings
    from bayesrefract.papers import Counts
    from bayesrefract.report.page.parts import Section
    from bayesrefract.study.study import Study


@dataclass(frozen=True)
class Addition:
    """What a study package adds to a report.

    sections : the anchor of a section of the page -> sections that follow it.
    files : name -> content of further files beside the page.
    """

    sections: Mapping[str, tuple[Section, ...]] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)


class Extension:
    """A study package; whatever it does not override does nothing."""

    def columns(self) -> tuple[str, ...]:
        """Columns that `check_records` needs, read beside those that the study file names."""
        return ()

    def check_records(self, records: Records, faults: Faults) -> None:
        """Keep a fault for every row that contradicts itself, by rules that only this study knows."""

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
    """An instance of an installed study package, by the name of its entry point."""
    made: Extension = installed()[name].load()()
    return made


def read_study_records(study: Study, tell: Callable[[str], None] | None = None) -> Records:
    """The records of a study, with the columns that its study package checks. Raises RecordsError."""
    from bayesrefract.cohort.read import read_records

    return read_records(study, tell, also=extension_of(study).columns())


def check_study(study: Study, records: Records) -> None:
    """Raise InputError with every impossible patient, and every fault of the files of its paper, before any draw."""
    from bayesrefract.cohort.select import check_records
    from bayesrefract.dossier import check_paper

    extension, faults = extension_of(study), list[str]()
    checks: tuple[Callable[[], None], ...] = (
        lambda: check_records(records, study, extension.check_records),
        lambda: check_paper(study),
        lambda: extension.check_files(study),
    )
    for check in checks:
        try:
            check()
        except InputError as error:
            faults += error.faults
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
