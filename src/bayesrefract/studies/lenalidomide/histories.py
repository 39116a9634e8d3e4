"""Consistency checks across the columns of a cohort of the lenalidomide study; each offending row is reported.

The rules hold for real records as for rebuilt ones: times of real records are rounded to four decimals.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bayesrefract.cohort.cells import among
from bayesrefract.cohort.faults import Faults, identify
from bayesrefract.cohort.read import Records
from bayesrefract.messages import listed, quoted

FLAGS = ("egfr_below_60", "first_line_asct", "pi_or_daratumumab_refractory", "second_line_asct", "retreated")
"""0 or 1, never empty."""
OUTCOMES = {"second_line": "second line", "retreatment": "retreatment"}
"""Middle of the outcome columns' names -> words."""
LESIONS = ("t_4_14", "t_14_16", "t_14_20", "del_17p", "gain_1q")
UNKNOWN_FLAGS = ("iss_stage_iii", *LESIONS, "fish_high_risk")
"""0, 1, or empty where unknown."""
SIZES = ("single_agent", "doublet", "triplet", "quadruplet", "five_or_more")
LEVELS = {
    "refractoriness": ("not_refractory", "low_dose", "standard_dose"),
    "sex": ("female", "male", ""),
    "m_protein_isotype": ("IgG", "IgA", "light_chain_only", "other_or_not_available"),
    "first_line_regimen_size": SIZES,
    "second_line_regimen_class": ("daratumumab", "pi", "pi_imid", "imid", "vdtpace", "other"),
}
CLASSES_AGAIN = ("r_or_rd", "r_daratumumab", "r_pi", "r_elotuzumab", "other")
RETREATMENT_FLAGS = (
    "retreatment_is_second_line",
    "retreatment_asct",
    "pfs_retreatment_event",
    "os_retreatment_event",
)
RETREATMENT_MONTHS = ("months_first_relapse_to_retreatment", "pfs_retreatment_months", "os_retreatment_months")
RETREATMENT = (*RETREATMENT_FLAGS, *RETREATMENT_MONTHS, "retreatment_regimen_class")
"""Empty where `retreated` is 0, and only there."""
MONTHS = ("months_diagnosis_to_first_relapse", "pfs_second_line_months", "os_second_line_months")
EVENTS = ("pfs_second_line_event", "os_second_line_event")
SAME_THERAPY = {
    "daratumumab": ("r_daratumumab", "other"),
    "pi": ("r_pi", "other"),
    "pi_imid": ("r_pi", "other"),
    "imid": ("r_or_rd", "r_elotuzumab", "other"),
    "vdtpace": ("other",),
    "other": ("other",),
}
"""Class of second line -> classes of retreatment, where both are one therapy.

`other` beside imid: lenalidomide with a drug that has no class of its own, such as cyclophosphamide.
"""
HISTORY_COLUMNS = ("patient_id", *LEVELS, "age_years", *FLAGS, *UNKNOWN_FLAGS, *MONTHS, *EVENTS, *RETREATMENT)
"""Columns whose rows are histories."""


ROUNDING = 1e-3
"""Months within which times of one history agree."""


def check_histories(records: Records, faults: Faults) -> None:
    """Keep a fault for every impossible cell and every inconsistent history."""
    absent = [column for column in HISTORY_COLUMNS if column not in records.header]
    if absent:
        faults.column(f"there is no column {listed(map(quoted, absent))}. `bayesrefract derive` writes all of them.")
        return
    patients, every = identify(records, "patient_id"), np.ones(len(records.frame), dtype=bool)
    for check in (_check_words, _check_flags, _check_months, _check_age):
        check(_Histories(records, patients, faults, every))
    readable = ~faults.faulty
    for rule in RULES:
        rule(_Histories(records, patients, faults, readable))


@dataclass(frozen=True)
class _Histories:
    records: Records
    patients: tuple[str, ...] = field(repr=False)
    faults: Faults
    asked: NDArray[np.bool_] = field(repr=False)  # shape (record,): those whose own cells can be read

    def number(self, column: str) -> NDArray[np.float64]:
        return self.records.cells(column).number

    def text(self, column: str) -> NDArray[np.object_]:
        return self.records.cells(column).text

    def is_one(self, column: str) -> NDArray[np.bool_]:
        return np.asarray(self.number(column) == 1)

    @property
    def retreated(self) -> NDArray[np.bool_]:
        return self.is_one("retreated")

    @property
    def in_second_line(self) -> NDArray[np.bool_]:
        return self.retreated & self.is_one("retreatment_is_second_line")

    def fault(self, wrong: NDArray[np.bool_], sentence: Callable[[int], str]) -> None:
        self.faults.each(wrong & self.asked, self.patients, sentence)

    def fault_rows(self, wrong: NDArray[np.bool_], sentence: str) -> None:
        """The same sentence for every wrong row."""
        self.fault(wrong, lambda _: sentence)

    def fault_cells(self, wrong: NDArray[np.bool_], column: str, sentence: str) -> None:
        """A sentence after the column and what its cell holds."""
        text = self.text(column)
        self.fault(wrong, lambda i: f"{column} {quoted(text[i])} {sentence}")


def _check_words(histories: _Histories) -> None:
    """Words are among those that a column may hold."""
    for column, levels in {**LEVELS, "retreatment_regimen_class": (*CLASSES_AGAIN, "")}.items():
        allowed = listed([level or "nothing" for level in levels], len(levels))
        wrong = ~among(histories.text(column), levels)
        histories.fault_cells(wrong, column, f"is not known. Write one of {allowed}.")


def _check_flags(histories: _Histories) -> None:
    """Flags are 0 or 1; empty where unknown, and in the columns of retreatment where there is none."""
    for column in (*FLAGS, *EVENTS, *UNKNOWN_FLAGS, *RETREATMENT_FLAGS):
        may_be_empty = column in UNKNOWN_FLAGS or column in RETREATMENT_FLAGS
        words = "0, 1, or nothing where it is not known" if may_be_empty else "0 or 1"
        wrong = ~among(histories.text(column), ("0", "1", "") if may_be_empty else ("0", "1"))
        histories.fault_cells(wrong, column, f"is not a flag. Write {words}.")
    for column in RETREATMENT:
        empty = among(histories.text(column), ("",))
        given = "is given, but retreated is not 1. Empty the cell, or set retreated to 1."
        histories.fault_cells(~histories.retreated & ~empty, column, given)
        histories.fault_rows(histories.retreated & empty, f"{column} is missing, but retreated is 1. Give it.")


def _check_months(histories: _Histories) -> None:
    """Times are numbers from 0."""
    for column in (*MONTHS, *RETREATMENT_MONTHS):
        cells = histories.records.cells(column)
        wrong = cells.textual | (cells.number < 0) | np.isinf(cells.number) | (cells.missing & (column in MONTHS))
        histories.fault_cells(wrong, column, "is not a time. Give months from 0, with a decimal point.")


def _check_age(histories: _Histories) -> None:
    """An age is a number from 0, or nothing."""
    cells = histories.records.cells("age_years")
    histories.fault(
        cells.textual | (cells.number < 0) | np.isinf(cells.number),
        lambda i: f"age_years {quoted(cells.text[i])} is not an age. Give years from 0, or leave the cell empty.",
    )


def _progression_before_death(histories: _Histories) -> None:
    """PFS is at most OS."""
    for middle, words in OUTCOMES.items():
        _no_longer_than_survival(histories, middle, words)


def _no_longer_than_survival(histories: _Histories, middle: str, words: str) -> None:
    pfs, os = (histories.number(f"{end}_{middle}_months") for end in ("pfs", "os"))
    histories.fault(
        pfs > os + ROUNDING,
        lambda i: (
            f"PFS of {words} {pfs[i]:g} is longer than OS {os[i]:g}. Nobody progresses after the end of follow-up: "
            "correct one of them."
        ),
    )


def _death_is_an_event_of_pfs(histories: _Histories) -> None:
    """Death while progression-free is a PFS event. Real records may end the search for a progression before a death."""
    for middle, words in OUTCOMES.items():
        pfs, os = (histories.number(f"{end}_{middle}_months") for end in ("pfs", "os"))
        censored = histories.is_one(f"os_{middle}_event") & (histories.number(f"pfs_{middle}_event") == 0)
        histories.fault_rows(
            censored & (np.abs(pfs - os) <= ROUNDING),
            f"died without a PFS event of {words}. Death while progression-free is a PFS event: correct the event or "
            "the death.",
        )


def _high_risk_follows(histories: _Histories) -> None:
    """High risk: any of the five lesions; not where all were looked for and none was found."""
    lesions = np.column_stack([histories.number(column) for column in LESIONS])
    any_found, all_absent = (lesions == 1).any(axis=1), (lesions == 0).all(axis=1)
    expected = np.where(any_found, "1", np.where(all_absent, "0", ""))
    text = histories.text("fish_high_risk")
    histories.fault(
        np.asarray(text != expected, dtype=bool),
        lambda i: (
            f"fish_high_risk {quoted(text[i])} does not follow from its lesions, which say {quoted(str(expected[i]))}. "
            "It is 1 with any lesion, 0 where all five were looked for and absent, else empty."
        ),
    )


def _second_line_again(histories: _Histories) -> None:
    """Where retreatment is the second line, both are one therapy with one course."""
    same = histories.in_second_line
    wait = histories.number("months_first_relapse_to_retreatment")
    histories.fault(
        same & (wait != 0),
        lambda i: (
            f"months_first_relapse_to_retreatment is {wait[i]:g}, but retreatment is the second line. It is 0 there."
        ),
    )
    for end in ("pfs", "os"):
        for what, tolerance in (("months", ROUNDING), ("event", 0.0)):
            _same_course(histories, end, what, tolerance)
    first, again_asct = histories.number("second_line_asct"), histories.number("retreatment_asct")
    histories.fault(
        same & (first != again_asct),
        lambda i: (
            f"retreatment_asct {again_asct[i]:g} differs from second_line_asct {first[i]:g} of the same therapy. "
            "Make them equal."
        ),
    )


def _same_course(histories: _Histories, end: str, what: str, tolerance: float) -> None:
    second, again = (histories.number(f"{end}_{middle}_{what}") for middle in OUTCOMES)
    histories.fault(
        histories.in_second_line & (np.abs(second - again) > tolerance),
        lambda i: (
            f"{end}_retreatment_{what} is {again[i]:g}, but retreatment is the second line, whose {end} {what} is "
            f"{second[i]:g}. One therapy has one course: make them equal."
        ),
    )


def _classes_agree(histories: _Histories) -> None:
    """The class of second line contains that of a retreatment which is the same therapy."""
    second, again = histories.text("second_line_regimen_class"), histories.text("retreatment_regimen_class")
    possible = np.array([b in SAME_THERAPY.get(a, ()) for a, b in zip(second, again, strict=True)], dtype=bool)
    histories.fault(
        histories.in_second_line & ~possible,
        lambda i: (
            f"retreatment_regimen_class {again[i]} cannot be the same therapy as second line {second[i]}, which goes "
            f"with {listed(SAME_THERAPY[second[i]])}. Correct one of them, or retreatment_is_second_line."
        ),
    )


def _retreatment_in_time(histories: _Histories) -> None:
    """A later retreatment starts after first relapse, in a patient who is alive and observed."""
    wait, os = histories.number("months_first_relapse_to_retreatment"), histories.number("os_second_line_months")
    later = histories.retreated & ~histories.in_second_line
    histories.fault(
        later & (wait <= 0),
        lambda _: (
            "retreatment is not the second line, but starts at first relapse. Give the time to it, or set "
            "retreatment_is_second_line to 1."
        ),
    )
    histories.fault(
        histories.retreated & (wait >= os),
        lambda i: (
            f"retreated at {wait[i]:g} months, but observed only until {os[i]:g}. Retreated patients are alive and "
            "observed then: correct one of them."
        ),
    )


def _survival_from_retreatment(histories: _Histories) -> None:
    """OS from retreatment is OS from second line without the time to retreatment, with the same event."""
    left = histories.number("os_second_line_months") - histories.number("months_first_relapse_to_retreatment")
    os = histories.number("os_retreatment_months")
    histories.fault(
        histories.retreated & (np.abs(os - left) > ROUNDING),
        lambda i: (
            f"os_retreatment_months is {os[i]:g}, but OS from second line without the time to retreatment is "
            f"{left[i]:.10g}. Correct one of the three."
        ),
    )
    died, died_again = histories.number("os_second_line_event"), histories.number("os_retreatment_event")
    histories.fault(
        histories.retreated & (died != died_again),
        lambda i: (
            f"os_retreatment_event is {died_again[i]:g}, but os_second_line_event {died[i]:g}. There is one death: "
            "make them equal."
        ),
    )


RULES = (
    _progression_before_death,
    _death_is_an_event_of_pfs,
    _high_risk_follows,
    _second_line_again,
    _classes_agree,
    _retreatment_in_time,
    _survival_from_retreatment,
)
