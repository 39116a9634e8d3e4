"""A rebuilt cohort held against printed numbers: R's conventions, the committed cohort, and a spoilt one."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from lenalidomide_study import COHORT, COUNTS, ESTIMATES, mutated

from bayesrefract.cohort.read import read_file
from bayesrefract.errors import InputError
from bayesrefract.papers import Number, read_number
from bayesrefract.studies.lenalidomide.fidelity import MET, NOT_IN_COHORT, Fidelity, Part, check_fidelity, read_cohort
from bayesrefract.studies.lenalidomide.fidelity.conventions import (
    FollowUp,
    curve_with_log_limits,
    log_rank_p,
    median_with_log_limits,
)


@pytest.fixture(scope="module")
def committed() -> Fidelity:
    return check_fidelity(COHORT, ESTIMATES, COUNTS)


def follow_up(months: list[float], event: list[int]) -> FollowUp:
    return FollowUp(np.array(months, dtype=float), np.array(event) == 1)


def test_the_committed_cohort_meets_every_count_and_at_least_60_of_65_survival_rows(committed: Fidelity) -> None:
    assert len(committed.survival) == 65
    assert committed.met(committed.counts) == committed.told(committed.counts) == 39
    assert committed.met(committed.survival) >= 60


def test_the_ratio_that_is_no_wald_interval_is_not_met(committed: Fidelity) -> None:
    row = next(row for row in committed.survival if row.printed == "3.97 (2.23-6.8)")
    assert row.verdict != MET
    assert row.distance > 1


def test_reasons_for_a_group_are_not_in_the_cohort(committed: Fidelity) -> None:
    missing = {row.what[2] for row in committed.counts if row.verdict == NOT_IN_COHORT}
    assert missing == {"not_refractory_reason", "low_dose_reason"}


def test_the_121_are_among_the_counts(committed: Fidelity) -> None:
    row = next(row for row in committed.counts if row.what[2] == "retreatment_line")
    assert (row.rebuilt, row.verdict) == ("121", MET)


def test_permuting_the_rows_changes_nothing(committed: Fidelity, tmp_path: Path) -> None:
    path = mutated(tmp_path, lambda rows: rows.sort(key=lambda row: row["patient_id"][::-1]))
    again = check_fidelity(path, ESTIMATES, COUNTS)
    assert [(row.what, row.rebuilt, row.verdict) for row in again.rows] == [
        (row.what, row.rebuilt, row.verdict) for row in committed.rows
    ]


@pytest.mark.parametrize(
    ("column", "value", "lost"),
    [
        ("sex", "male", "sex"),
        ("egfr_below_60", "1", "egfr"),
        ("second_line_regimen_class", "other", "regimen_class"),
        ("retreatment_is_second_line", "0", "retreatment_line"),
    ],
)
def test_one_changed_cell_breaks_a_count(tmp_path: Path, column: str, value: str, lost: str) -> None:
    def change(rows: list[dict[str, str]]) -> None:
        next(row for row in rows if row[column] not in ("", value))[column] = value

    spoilt = check_fidelity(mutated(tmp_path, change), ESTIMATES, COUNTS)
    broken = {row.what[2] for row in spoilt.counts if row.verdict not in (MET, NOT_IN_COHORT)}
    assert lost in broken


def test_doubled_times_break_the_survival_rows(committed: Fidelity, tmp_path: Path) -> None:
    def change(rows: list[dict[str, str]]) -> None:
        for row in rows:
            row["pfs_second_line_months"] = str(2 * float(row["pfs_second_line_months"]))

    spoilt = check_fidelity(mutated(tmp_path, change), ESTIMATES, COUNTS)
    medians = [row for row in spoilt.survival if row.what[1:4] == ("second_line", "pfs", "km_median")]
    assert len(medians) == 6
    assert not any(row.verdict == MET for row in medians)
    kept = [
        [row.rebuilt for row in found.survival if row.what[1:4] == ("second_line", "pfs", "hr_unadjusted")]
        for found in (committed, spoilt)
    ]
    assert kept[0] == kept[1], "hazard ratios do not depend on the unit of time"


def test_a_cohort_without_a_column_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cohort.csv"
    path.write_text("patient_id\n1\n", encoding="utf-8")
    with pytest.raises(InputError, match="there is no column refractoriness"):
        read_cohort(path)


# R's conventions


def test_log_limits_by_hand() -> None:
    """Four patients, events at 1, 2 and 3, one censored at 4: S = 3/4, 1/2, 1/4; Greenwood by hand."""
    curve = curve_with_log_limits(follow_up([1, 2, 3, 4], [1, 1, 1, 0]))
    greenwood = np.cumsum([1 / (4 * 3), 1 / (3 * 2), 1 / (2 * 1)])
    survival = np.array([0.75, 0.5, 0.25])
    assert curve.survival[1:4] == pytest.approx(survival)
    assert curve.low[1:4] == pytest.approx(survival * np.exp(-1.959963984540054 * np.sqrt(greenwood)))
    assert curve.high[1:4] == pytest.approx(np.minimum(1, survival * np.exp(1.959963984540054 * np.sqrt(greenwood))))


def test_a_curve_at_exactly_one_half_has_its_median_in_the_middle_of_the_step() -> None:
    assert median_with_log_limits(follow_up([1, 2, 6, 8], [1, 1, 1, 0])).estimate == 4.0


def test_no_upper_limit_once_survival_is_0() -> None:
    found = median_with_log_limits(follow_up([1, 2, 3, 4, 5], [1, 1, 1, 1, 1]))
    assert found.estimate == 3.0
    assert found.high is None


def test_the_median_of_leukemia_as_r_prints_it() -> None:
    """6-MP, Freireich 1963, R: survfit(Surv(time, status) ~ 1), treated: median 23, 0.95LCL 16, 0.95UCL NA."""
    times = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
    events = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
    found = median_with_log_limits(follow_up(times, events))
    assert (found.estimate, found.low, found.high) == (23.0, 16.0, None)


def test_log_rank_of_leukemia() -> None:
    """6-MP against placebo: chi-square 16.79 (Collett, Modelling Survival Data, and R's survdiff: 16.8)."""
    treated = follow_up(
        [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35],
        [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0],
    )
    placebo = follow_up([1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23], [1] * 21)
    from scipy.stats import chi2

    assert chi2.isf(log_rank_p(treated, placebo), 1) == pytest.approx(16.79, abs=0.005)


@pytest.mark.parametrize(
    ("printed", "rebuilt", "met"),
    [
        ("0.40", 0.404999, True),
        ("0.40", 0.4051, False),
        ("0.40", 0.395, True),
        ("6.8", 6.849, True),
        ("6.8", 6.851, False),
        ("30", 30.4, True),
        ("30", 29.4, False),
        ("0.1", 0.07, True),
    ],
)
def test_met_at_the_printed_digits(printed: str, rebuilt: float, met: bool) -> None:
    assert Part(read_number(printed), rebuilt).met is met


def test_bounds_and_limits_that_are_not_reached() -> None:
    below = Number("0.001", Fraction(1, 1000), Fraction(1, 1000))
    assert Part(below, 0.0009, is_bound=True).met
    assert not Part(below, 0.0011, is_bound=True).met
    assert Part(None, None).met
    assert not Part(None, 12.0).met
    assert Part(read_number("12"), None).distance == float("inf")


def test_every_column_of_the_cohort_is_read() -> None:
    assert len(read_cohort(COHORT)) == 476
    assert len(read_file(COHORT, ("patient_id",)).header) == 33
