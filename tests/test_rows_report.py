"""What is said of groups that change and of events that repeat: verdicts, terminal, page, JSON, a study file."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bad_rows_cases import ROWS, STUDY_OF_ROWS
from findings_example import GROUPS, findings
from posteriors import make_posterior
from rows_example import CHANGING, ROPE, cohort_of, data_set, heart, question_of
from test_rows import same
from test_rows_oracles import RECUR, UNADJUSTED
from test_verdict_schema import faults

from bayesrefract.classical import cross_check
from bayesrefract.classical.agreement import SIMON_MAKUCH, Agreement, CoxContrast, ImmortalTime, Landmark
from bayesrefract.classical.describe import describe
from bayesrefract.classical.disclosure import reportable
from bayesrefract.cohort.exposure import ExposureTable, tabulate
from bayesrefract.cohort.read import read_records
from bayesrefract.cohort.select import select
from bayesrefract.cohort.start import start_of
from bayesrefract.cohort.value import Cohort
from bayesrefract.decision import Verdict, VerdictWord
from bayesrefract.decision.diagnostics import Health
from bayesrefract.decision.judge import Case, attainable, judge
from bayesrefract.estimands import Effects, estimate
from bayesrefract.findings import Findings
from bayesrefract.model.effects import design
from bayesrefract.model.priors import resolve_group_prior
from bayesrefract.report import figures, tables, terminal
from bayesrefract.report.json.verdict import to_json
from bayesrefract.report.page.analysis import question_section
from bayesrefract.study.model import Intervals
from bayesrefract.study.study import Analysis
from bayesrefract.study.study_file import load_study

GOOD = Health(True, (), 1.0, 4000.0, 4000.0, 0, 1.0)


def effects_of(cohort: Cohort, analysis: Analysis, table: ExposureTable, mean: float, sd: float) -> Effects:
    """Draws of the log hazard ratio around a mean."""
    draws = np.random.default_rng(1).normal(mean, sd, 4000)
    hazard = np.full((4000, 1, table.events.shape[1]), 0.01)
    posterior = make_posterior(hazard, np.column_stack([-draws / 2, draws / 2]), groups=cohort.groups)
    return estimate(posterior, table, design(table, UNADJUSTED), analysis, start_of(cohort, analysis))


def judged(cohort: Cohort, analysis: Analysis, mean: float, sd: float) -> tuple[Verdict, Agreement, Effects]:
    table = tabulate(cohort, Intervals())
    agreement = cross_check(cohort, analysis, table, UNADJUSTED)
    effects = effects_of(cohort, analysis, table, mean, sd)
    case = Case(analysis, UNADJUSTED, resolve_group_prior(UNADJUSTED.priors, ROPE), table)
    return judge(case, effects, GOOD, agreement, exhausted=True)[0], agreement, effects


def test_a_group_that_changes_has_no_curve_median_or_survival() -> None:
    cohort, analysis = question_of(heart(), **CHANGING, horizon=365)
    _, _, effects = judged(cohort, analysis, 0.12, 0.3)
    assert effects.median is None
    assert effects.rmst is None
    assert effects.survival_at_horizon is None
    assert not effects.start.has_curves


def test_priors_that_move_the_ratio_of_a_group_that_changes_are_labelled() -> None:
    """The companion fit is 0.12 (0.30); within half a standard error of it nothing is said."""
    cohort, analysis = question_of(heart(), **CHANGING)
    assert not judged(cohort, analysis, 0.10, 0.27)[0].labels
    (label,) = judged(cohort, analysis, -0.09, 0.27)[0].labels
    assert "move the log hazard ratio by -0.7" in label
    assert "compare the model collapsed" in label


def test_no_equality_that_free_hazards_do_not_show() -> None:
    cohort, analysis = question_of(heart(), **CHANGING)
    near = judged(cohort, analysis, 0.08, 0.04)[0]
    moved = judged(cohort, analysis, -0.09, 0.05)[0]
    assert near.word is VerdictWord.EQUIVALENT  # where they are not moved, the draws decide
    assert moved.word is VerdictWord.UNDECIDED
    assert "with free hazards and a flat prior the same patients do not give this verdict" in moved.reasons[0]


def test_repeated_events_have_a_ratio_and_no_verdict() -> None:
    cohort, analysis = question_of(data_set("recur.csv"), **RECUR)
    verdict, agreement, _ = judged(cohort, analysis, 0.24, 0.065)
    assert verdict.word is VerdictWord.WITHHELD
    assert verdict.reasons == (
        "Repeated events of one patient are not independent: robust SE 0.0495, model SE 0.0658 of the log hazard ratio "
        "of Cox regression, 0.2400.",
    )
    assert verdict.median == pytest.approx(np.exp(0.24), rel=0.01)
    assert "Kaplan-Meier curves and their medians are of the first event." in agreement.notes
    table = tabulate(cohort, Intervals())
    case = Case(analysis, UNADJUSTED, resolve_group_prior(UNADJUSTED.priors, ROPE), table)
    assert attainable(case, agreement) == ()


def test_an_event_that_may_repeat_and_does_not_is_judged() -> None:
    frame = data_set("recur.csv").sort_values("TIME0").groupby("ID").head(1)
    cohort, analysis = question_of(frame, **RECUR)
    once, agreement, _ = judged(cohort, analysis, 0.24, 0.065)
    assert agreement.robust == ()
    assert once.word is not VerdictWord.WITHHELD


@pytest.fixture
def changing() -> Findings:
    """Invented findings of groups that change."""
    made = findings()
    naive = CoxContrast(GROUPS[1], GROUPS[0], -1.3, 0.2, 1e-9, "efron")
    mark = Landmark(6.0, (70, 60), (30, 28), CoxContrast(GROUPS[1], GROUPS[0], 0.05, 0.25, 0.84, "efron"))
    immortal = ImmortalTime(GROUPS[1], GROUPS[0], 69, 812.0, 4100.0, naive, mark)
    return replace(
        made, agreement=replace(made.agreement, curve_name=SIMON_MAKUCH, immortal=(immortal,)), curves=(), n_rows=900
    )


def test_the_naive_analysis_stands_beside_the_right_one_and_is_called_wrong(changing: Findings) -> None:
    table = tables.immortal_table(changing)
    assert [row[1].partition(":")[0] for row in table.rows] == [
        "this analysis",
        "Cox regression on the same rows",
        "landmark at 6 months",
        "WRONG, for comparison",
    ]
    assert table.rows[-1][-1] == "different"
    out = io.StringIO()
    terminal.show(changing, "short", out)
    told = " ".join(out.getvalue().split())
    assert "Immortal time: 69 patients of drug A were in control at another time." in told
    assert "812.0 person-months (of 4,100.0 in all)" in told
    assert "HR 0.27 (0.18 to 0.40) and “different”: wrong" in told
    assert "Groups that change over time" in told
    titles = [block.title for block in question_section([changing], alone=True).blocks]
    assert "Groups that change over time, and immortal time" in titles
    assert "Groups that change over time, and immortal time" not in [
        block.title for block in question_section([findings()], alone=True).blocks
    ]


def test_curves_and_tests_of_groups_that_change_are_labelled(changing: Findings) -> None:
    survival, classical = figures.survival_figure(changing), figures.kaplan_meier_figure(changing)
    assert survival.caption.count("Simon-Makuch")
    assert "Kaplan-Meier" not in survival.caption + classical.caption
    assert "two-group Mantel-Byar tests" in classical.caption
    assert "Mantel-Byar p" in [column.name for column in tables.cross_check_table(changing).columns]
    assert "log-rank" not in classical.caption


def test_json_holds_the_immortal_time(changing: Findings) -> None:
    payload = to_json(changing)
    assert not faults(payload)
    (found,) = json.loads(json.dumps(payload))["immortal_time"]
    assert (found["changed"], found["person_time"], found["naive"]["log_hr"]) == (69, 812.0, -1.3)
    assert found["landmark"]["patients"] == [70, 60]
    assert payload["curves"] == "Simon-Makuch"
    assert payload["n_rows"] == 900


def test_the_time_of_very_few_who_change_is_not_told(changing: Findings) -> None:
    few = replace(changing.agreement.immortal[0], changed=4)
    (shown,) = reportable(replace(changing.agreement, immortal=(few,))).immortal
    assert shown.person_time is None
    assert shown.naive_person_time is None


def test_a_study_file_and_the_options_give_the_same_patients(tmp_path: Path) -> None:
    only_ratio = STUDY_OF_ROWS[: STUDY_OF_ROWS.rindex("[[rope]]")] + STUDY_OF_ROWS[STUDY_OF_ROWS.index("[rule]") :]
    (tmp_path / "study.toml").write_text(only_ratio, encoding="utf-8")
    (tmp_path / "patients.csv").write_text(ROWS, encoding="utf-8")
    study = load_study(tmp_path)
    records = read_records(study)
    by_study = select(records, study.analyses[0], UNADJUSTED)
    by_options = cohort_of(
        records.frame.map(lambda cell: cell).astype({"start": float, "time": float}),
        time="time",
        event="event",
        group="arm",
        reference="a",
        id="id",
        entry="start",
        several_rows=True,
        varying=("arm",),
    )
    same(by_study, replace(by_options, time_unit=by_study.time_unit))
    assert by_study.group_changes


def test_tables_of_patients_describe_the_first_row_of_each(tmp_path: Path) -> None:
    table = '[[table]]\nname = "start"\ntitle = "At the start"\ncolumns = ["age"]\n'
    (tmp_path / "study.toml").write_text(STUDY_OF_ROWS + table, encoding="utf-8")
    (tmp_path / "patients.csv").write_text(ROWS, encoding="utf-8")
    study = load_study(tmp_path)
    found = describe(read_records(study), study, study.tables[0])
    assert found.sizes == (4, 2)
    quartiles = found.variables[0].quartiles
    assert quartiles is not None
    assert quartiles.values[0] == (48.5, 55.5, 63.25)  # of 50, 61, 44 and 70: P-01, P-02, P-03, P-05


def test_the_posterior_file_knows_who_is_ever_in_a_group() -> None:
    table = tabulate(cohort_of(heart(), **CHANGING), Intervals())
    assert table.group_sizes.tolist() == [103, 69]
    assert table.n_patients[table.group == 1].sum() == 0
