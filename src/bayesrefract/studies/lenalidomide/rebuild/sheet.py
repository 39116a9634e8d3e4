"""A rebuilt cohort as the cells of its CSV file: the columns and spellings of a cohort that `derive` writes."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
from numpy.typing import NDArray

from bayesrefract.cohort.origin import COLUMN as ORIGIN
from bayesrefract.report.tables.table import Table, columns
from bayesrefract.studies.lenalidomide.derive import CohortRow
from bayesrefract.studies.lenalidomide.rebuild.characteristics import CLASSES, CLASSES_AGAIN
from bayesrefract.studies.lenalidomide.rebuild.objective import (
    ASCT,
    ASCT_AGAIN,
    CLASS,
    CLASS_AGAIN,
    EGFR,
    FISH,
    GROUP,
    IS_SECOND,
    ISS,
    OS,
    OS_EVENT,
    PARTNERS,
    PFS,
    PFS_AGAIN,
    PFS_AGAIN_EVENT,
    PFS_EVENT,
    RETREATED,
    TO_RELAPSE,
    WAIT,
)
from bayesrefract.studies.lenalidomide.rebuild.rebuild import Rebuilt
from bayesrefract.studies.lenalidomide.rebuild.targets import GROUPS, TENTHS
from bayesrefract.study.study import Evidence

PREFIX = "REBUILT"
"""Of every identifier: no row can be taken for a patient."""


def cohort_sheet(rebuilt: Rebuilt) -> Table:
    """All columns, one row per rebuilt patient; an empty cell where nothing is known or meant."""
    y, x = rebuilt.y, rebuilt.x
    again = y[:, RETREATED] == 1
    cells: dict[str, list[str]] = {
        "patient_id": [f"{PREFIX}-{number:03d}" for number in range(1, len(y) + 1)],
        "refractoriness": [GROUPS[code] for code in x[:, GROUP]],
        "age_years": _tenths(rebuilt.age),
        "sex": ["female" if flag else "male" for flag in rebuilt.female],
        "egfr_below_60": _flags(x[:, EGFR]),
        "iss_stage_iii": _flags(x[:, ISS]),
        **{name: _flags(lesion) for name, lesion in rebuilt.lesions.items()},
        "fish_high_risk": _flags(x[:, FISH]),
        "m_protein_isotype": [str(level) for level in rebuilt.isotype],
        "first_line_regimen_size": [str(level) for level in rebuilt.regimen_size],
        "first_line_asct": _flags(rebuilt.first_line_asct),
        "months_diagnosis_to_first_relapse": _tenths(x[:, TO_RELAPSE]),
        "pi_or_daratumumab_refractory": _flags(x[:, PARTNERS]),
        "second_line_regimen_class": [CLASSES[code] for code in x[:, CLASS]],
        "second_line_asct": _flags(x[:, ASCT]),
        "pfs_second_line_months": _tenths(y[:, PFS]),
        "pfs_second_line_event": _flags(y[:, PFS_EVENT]),
        "os_second_line_months": _tenths(y[:, OS]),
        "os_second_line_event": _flags(y[:, OS_EVENT]),
        "retreated": _flags(y[:, RETREATED]),
        "retreatment_is_second_line": _where(again, _flags(y[:, IS_SECOND])),
        "months_first_relapse_to_retreatment": _where(again, _tenths(y[:, WAIT])),
        "retreatment_regimen_class": _where(again, [CLASSES_AGAIN[code] for code in x[:, CLASS_AGAIN]]),
        "retreatment_asct": _where(again, _flags(x[:, ASCT_AGAIN])),
        "pfs_retreatment_months": _where(again, _tenths(y[:, PFS_AGAIN])),
        "pfs_retreatment_event": _where(again, _flags(y[:, PFS_AGAIN_EVENT])),
        "os_retreatment_months": _where(again, _tenths(y[:, OS] - y[:, WAIT])),
        "os_retreatment_event": _where(again, _flags(y[:, OS_EVENT])),
        ORIGIN: [str(Evidence.REBUILT)] * len(y),
    }
    names = (*(field.name for field in fields(CohortRow)), ORIGIN)
    rows = tuple(zip(*(cells[name] for name in names), strict=True))
    return Table("Rebuilt cohort", columns(*names), rows)


def _flags(values: NDArray[np.int64]) -> list[str]:
    return ["" if value < 0 else str(value) for value in values]


def _tenths(values: NDArray[np.int64]) -> list[str]:
    return [f"{value // TENTHS}.{value % TENTHS}" for value in values]


def _where(kept: NDArray[np.bool_], cells: list[str]) -> list[str]:
    return [cell if keep else "" for keep, cell in zip(kept, cells, strict=True)]
