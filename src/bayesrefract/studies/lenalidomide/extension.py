"""What the lenalidomide study adds: checks of histories, the rebuilt cohort on its page, and three commands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from bayesrefract.extension import Addition, Extension
from bayesrefract.study.study import Evidence

if TYPE_CHECKING:
    from bayesrefract.cohort.faults import Faults
    from bayesrefract.cohort.read import Records
    from bayesrefract.papers import Counts
    from bayesrefract.study.study import Study


class Lenalidomide(Extension):
    """Histories of myeloma, from a cohort as `derive` or `reconstruct` writes it."""

    def columns(self) -> tuple[str, ...]:
        """Columns whose rows are histories."""
        from bayesrefract.studies.lenalidomide.histories import HISTORY_COLUMNS

        return HISTORY_COLUMNS

    def check_records(self, records: Records, faults: Faults) -> None:
        """Keep a fault for every history that contradicts itself."""
        from bayesrefract.studies.lenalidomide.histories import check_histories

        check_histories(records, faults)

    def check_files(self, study: Study) -> None:
        """The spread over rebuilt cohorts can be read; a rebuilt cohort has the counts that it is compared with."""
        from bayesrefract.studies.lenalidomide.spread import printed_counts, read_spread

        paper = study.publication
        if paper is not None and study.evidence is Evidence.REBUILT:
            printed_counts(paper)
        if paper is not None and paper.spread is not None:
            read_spread(paper.spread)

    def files(self, study: Study) -> tuple[Path, ...]:
        """The spread over rebuilt cohorts."""
        spread = study.publication.spread if study.publication else None
        return () if spread is None else (spread,)

    def printed_p(self, counts: Counts) -> Mapping[tuple[str, str], str]:
        """By the columns of the cohort."""
        from bayesrefract.studies.lenalidomide.tables import printed_p

        return printed_p(counts)

    def addition(self, study: Study, records: Records) -> Addition:
        """Events counted once, the limits of this cohort, and where it is rebuilt, how well and how surely."""
        from bayesrefract.studies.lenalidomide.page import addition

        return addition(study, records)

    def commands(self) -> Mapping[str, Callable[..., None]]:
        """derive, reconstruct, spread."""
        from bayesrefract.studies.lenalidomide.commands import derive, reconstruct, spread

        return {"derive": derive.derive, "reconstruct": reconstruct.reconstruct, "spread": spread.spread}
