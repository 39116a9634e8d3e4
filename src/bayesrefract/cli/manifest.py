"""What a finished report was made from, so that an unchanged study is not analysed again.

The manifest of the report lists its files with their hashes. Beside them stand a hash of everything that the
report depends on, and the summary that was printed: where all of it still holds, there is nothing to do.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bayesrefract.inference.provenance import PACKAGE, processor, versions
from bayesrefract.report.tables.table import Column, Table
from bayesrefract.report_folder import read_manifest, sha256_of, write_manifest

if TYPE_CHECKING:
    from bayesrefract.reading import Checked
    from bayesrefract.study.study import Study


@dataclass(frozen=True)
class Summary:
    """What a run printed of a study, and whether a primary verdict is withheld."""

    parts: tuple[str | Table, ...]
    withheld: bool


def parents_of(checked: Checked, seed: int) -> str:
    """Hash of everything that a report depends on: study, records, models, seed, program, libraries, machine."""
    digest = hashlib.sha256()
    parents = [
        checked.study.sha256,
        list(checked.study.models),
        checked.records.sha256,
        published_sha256(checked.study),
        [[model.sha256, asdict(model.sampler)] for model in checked.models],
        seed,
        versions(),
        sys.version,
        processor(),
    ]
    digest.update(json.dumps(parents, sort_keys=True).encode())
    for path in sorted(each for each in PACKAGE.rglob("*") if each.is_file() and "__pycache__" not in each.parts):
        digest.update(path.relative_to(PACKAGE).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def published_sha256(study: Study) -> list[str]:
    """Hashes of the files of a paper that a study names, of its study package, and of the files that this reads."""
    from bayesrefract.extension import extension_of, sources_of

    paper, extension = study.publication, extension_of(study)
    named = () if paper is None else (paper.estimates, paper.counts)
    paths = (*(path for path in named if path is not None), *sources_of(extension), *extension.files(study))
    return [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]


def unchanged(folder: Path, parents: str) -> Summary | None:
    """The summary of the report in this folder, if it would be made again exactly as it is."""
    try:
        kept = read_manifest(folder)
        if kept is None or kept["parents"] != parents:
            return None
        if any(sha256_of(folder / name) != known for name, known in kept["files"].items()):
            return None
        return Summary(tuple(_part(each) for each in kept["summary"]), bool(kept["withheld"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def keep(folder: Path, parents: str, summary: Summary) -> None:
    """Write into the manifest of a report that is finished what it was made from, and what was printed."""
    kept = read_manifest(folder)
    write_manifest(
        folder,
        kept["files"] if kept else {},
        parents=parents,
        withheld=summary.withheld,
        summary=[each if isinstance(each, str) else asdict(each) for each in summary.parts],
    )


def _part(kept: str | dict[str, Any]) -> str | Table:
    if isinstance(kept, str):
        return kept
    columns: Sequence[dict[str, Any]] = kept["columns"]
    rows = tuple(tuple(row) for row in kept["rows"])
    return Table(kept["title"], tuple(Column(**column) for column in columns), rows, tuple(kept["notes"]))
