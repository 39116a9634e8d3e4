"""Histories that cannot be: one rule of the cohort broken each. The ids are those of docs/bad-input.md."""

from __future__ import annotations

import re
from collections.abc import Callable

from lenalidomide_study import Row, first, rows, to_text


def set_first(column: str, value: str, **wanted: str) -> Callable[[list[Row]], None]:
    def change(rows: list[Row]) -> None:
        first(rows, **wanted)[column] = value

    return change


def pfs_beyond_os(rows: list[Row]) -> None:
    row = first(rows, retreated="0")
    row["pfs_second_line_months"] = str(float(row["os_second_line_months"]) + 1)


def death_without_event(rows: list[Row]) -> None:
    row = first(rows, os_second_line_event="1", retreated="0")
    row["pfs_second_line_months"], row["pfs_second_line_event"] = row["os_second_line_months"], "0"


def high_risk_without_lesion(rows: list[Row]) -> None:
    first(rows, fish_high_risk="0")["fish_high_risk"] = "1"


def retreated_after_the_end(rows: list[Row]) -> None:
    row = first(rows, retreatment_is_second_line="0")
    row["months_first_relapse_to_retreatment"] = str(float(row["os_second_line_months"]) + 5)


def other_course(rows: list[Row]) -> None:
    row = first(rows, retreatment_is_second_line="1")
    row["pfs_retreatment_months"] = str(float(row["pfs_second_line_months"]) / 2)


def other_survival(rows: list[Row]) -> None:
    row = first(rows, retreatment_is_second_line="0")
    row["os_retreatment_months"] = str(float(row["os_retreatment_months"]) + 0.5)


def other_transplant(rows: list[Row]) -> None:
    row = first(rows, retreatment_is_second_line="1", second_line_asct="0")
    row["retreatment_asct"] = "1"


BROKEN: list[tuple[Callable[[list[Row]], None], str]] = [
    (pfs_beyond_os, "is longer than OS"),
    (death_without_event, "died without a PFS event of second line"),
    (set_first("age_years", "-4", retreated="0"), 'age_years "-4" is not an age'),
    (high_risk_without_lesion, "does not follow from its lesions"),
    (set_first("months_first_relapse_to_retreatment", "3", retreatment_is_second_line="1"), "It is 0 there"),
    (other_course, "One therapy has one course"),
    (other_transplant, "of the same therapy"),
    (
        set_first(
            "retreatment_regimen_class",
            "r_pi",
            retreatment_is_second_line="1",
            retreatment_regimen_class="r_daratumumab",
        ),
        "cannot be the same therapy as second line daratumumab",
    ),
    (set_first("months_first_relapse_to_retreatment", "0", retreatment_is_second_line="0"), "starts at first relapse"),
    (retreated_after_the_end, "alive and observed then"),
    (other_survival, "without the time to retreatment is"),
    (set_first("os_retreatment_event", "0", os_retreatment_event="1"), "There is one death"),
    (set_first("retreatment_asct", "1", retreated="0"), "but retreated is not 1"),
    (set_first("pfs_retreatment_months", "", retreated="1"), "is missing, but retreated is 1"),
    (set_first("egfr_below_60", "", retreated="0"), 'egfr_below_60 "" is not a flag'),
    (set_first("iss_stage_iii", "III", retreated="0"), 'iss_stage_iii "III" is not a flag'),
    (set_first("refractoriness", "25 mg", retreated="0"), 'refractoriness "25 mg" is not known'),
    (set_first("os_second_line_months", "-1", retreated="0"), 'os_second_line_months "-1" is not a time'),
]

HISTORY_CHANGES = {re.sub(r"[^a-z0-9]+", "-", sentence.lower()).strip("-"): change for change, sentence in BROKEN}


def changed_cohort(change: Callable[[list[Row]], None]) -> str:
    """The committed cohort with something changed, as text."""
    changed = rows()
    change(changed)
    return to_text(changed)
