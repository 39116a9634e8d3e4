"""Tables show the right number in the right cell, in a form that no program takes for a command."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from findings_example import (
    GROUPS,
    a_model,
    a_question,
    a_verdict,
    an_rmst_verdict,
    findings,
    undecided,
    withheld,
)
from rich.console import Console

from bayesrefract.classical.agreement import Interval
from bayesrefract.cohort.value import Flow
from bayesrefract.decision import VerdictWord
from bayesrefract.findings import Findings
from bayesrefract.numerals import mass, p_value, probability, ratio
from bayesrefract.report import tables
from bayesrefract.report.tables import Column, Table, to_csv, to_rich


def cell(table: Table, row: str, column: str) -> str:
    """The cell of the first row with this name."""
    place = [each.name for each in table.columns].index(column)
    return next(each[place] for each in table.rows if each[0] == row)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(1.0, "1.00"), (0.0512, "0.0512"), (0.00312, "0.00312"), (12.345, "12.35"), (float("nan"), "–"), (None, "–")],
)
def test_ratios(value: float | None, shown: str) -> None:
    assert ratio(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(0.0, "<0.001"), (1.0, ">0.999"), (0.9993, ">0.999"), (0.5, "0.500"), (None, "–")]
)
def test_probabilities_are_never_a_bare_0_or_1(value: float | None, shown: str) -> None:
    assert probability(value) == shown


@pytest.mark.parametrize(
    ("value", "ess", "shown"),
    [
        (1.0, 3000.0, ">0.999"),
        (1.0, 2100.0, ">0.998"),
        (0.0, 400.0, "<0.008"),
        (0.0, 1e6, "<0.001"),
        (0.25, 400.0, "0.250"),
    ],
)
def test_where_all_draws_agree_the_bound_is_that_of_the_effective_draws(value: float, ess: float, shown: str) -> None:
    assert mass(value, ess) == shown


def test_p_values() -> None:
    assert [p_value(p) for p in (2e-8, 0.0004, 0.0421, None)] == ["<0.001", "<0.001", "0.042", "–"]


def test_verdict_table_pairs_each_contrast_with_its_own_numbers() -> None:
    table = tables.verdict_table(findings())
    assert cell(table, "drug A vs control", "Estimate") == "1.02"
    assert cell(table, "drug A vs control", "95% credible interval") == "0.91 to 1.15"
    assert cell(table, "drug A vs control", "Verdict") == "equivalent"
    assert cell(table, "placebo & rest vs drug B", "Verdict") == "different (higher)"
    assert cell(table, "placebo & rest vs drug B", "P above") == ">0.999"
    assert table.rows[2][2:5] == ("RMST difference at 36", "-2 to 2 months", "-0.3 months")


def test_numbers_withheld_for_another_reason_than_convergence_can_be_checked() -> None:
    made = withheld(findings())
    table = tables.verdict_table(replace(made, health=findings().health))
    assert all(row[1] == "withheld" and "–" not in row[4:] for row in table.rows)
    assert any("nothing may be claimed from them" in note for note in table.notes)


def test_withheld_rows_show_no_estimate_and_the_reason_once() -> None:
    table = tables.verdict_table(withheld(findings()))
    assert all(row[1] == "withheld" and set(row[4:]) == {"–"} for row in table.rows)
    assert table.notes == ("R-hat of the log hazard ratio is 1.08, above 1.01: run longer chains",)


def test_a_control_that_is_not_told_apart_is_a_warning() -> None:
    assert tables.failed_control_notes(findings()) == []
    (note,) = tables.failed_control_notes(undecided(findings()))
    assert "placebo & rest vs drug B is the positive control" in note


def test_model_table_counts_agreeing_models() -> None:
    made = [findings(), undecided(findings(model=a_model("two_group"))), withheld(findings(model=a_model("pooled")))]
    table = tables.model_table(made, made[0].verdicts[0])
    assert [row[:2] for row in table.rows] == [
        ("primary", "equivalent"), ("two_group", "undecided"), ("pooled", "withheld"),
    ]  # fmt: skip
    assert table.notes == ("The verdict is equivalent in 1 of 3 declared models.",)


def test_model_table_keeps_ranges_and_contrasts_apart() -> None:
    made = findings()
    wider = replace(made.verdicts[0].rope, low=0.7, high=1.43, role="sensitivity")
    other = a_verdict(word=VerdictWord.UNDECIDED, rope=wider)
    both = replace(made, verdicts=(*made.verdicts, other))
    assert tables.model_table([both], other).rows[0][1] == "undecided"
    assert tables.model_table([both], made.verdicts[0]).rows[0][1] == "equivalent"
    assert len(tables.model_table([both], an_rmst_verdict()).rows) == 1


def test_groups_table() -> None:
    table = tables.groups_table(findings())
    assert [row[0] for row in table.rows] == list(GROUPS)
    made = findings().agreement.groups
    assert [row[2] for row in table.rows] == [str(group.events) for group in made]
    assert cell(table, "control", "Posterior median (95% CrI)") == "23.0 (20.1 to not reached)"
    assert cell(table, "control", "P(not reached)") == "0.013"


def test_posterior_medians_are_left_out_when_the_draws_may_not_be_believed() -> None:
    table = tables.groups_table(withheld(findings()))
    assert cell(table, "control", "Posterior median (95% CrI)") == "–"
    assert cell(table, "control", "Kaplan-Meier median (95% CI, log-log)").startswith("23.1")
    assert tables.effects_table(withheld(findings())).rows == ()


def test_a_median_that_is_not_reached_is_told_in_words() -> None:
    made = findings()
    group = replace(made.agreement.groups[0], median=Interval(None, 31.0, None))
    table = tables.groups_table(replace(made, agreement=replace(made.agreement, groups=(group,))))
    assert cell(table, "control", "Kaplan-Meier median (95% CI, log-log)") == "not reached"


def test_patient_flow_adds_up_in_its_own_order() -> None:
    made = replace(findings(), flow=Flow(2139, {"missing wtkg": 3}, 2136))
    assert tables.flow_table(made).rows == (
        ("In the records", "2,139"), ("Excluded: missing wtkg", "3"), ("Analysed", "2,136"),
    )  # fmt: skip


def test_cross_check_puts_posterior_cox_and_companion_side_by_side() -> None:
    table = tables.cross_check_table(findings())
    assert cell(table, "drug A vs control", "Posterior HR (95% CrI)") == "1.02 (0.91 to 1.15)"
    assert cell(table, "placebo & rest vs drug B", "Cox HR (95% CI)") == "1.86 (1.65 to 2.10)"
    assert cell(table, "placebo & rest vs drug B", "Cox p") == "<0.001"
    assert cell(table, "drug A vs control", "TOST p") == "<0.001"
    assert cell(table, "placebo & rest vs drug B", "TOST p") == "1.000"
    assert "Test of proportional hazards (Schoenfeld): p = 0.412 (Schoenfeld residuals)." in table.notes


def test_a_missing_counterpart_is_said() -> None:
    made = findings()
    companion = replace(made.agreement.companion[0], agrees=None, reason="hazards are by group")
    table = tables.cross_check_table(replace(made, agreement=replace(made.agreement, cox=(), companion=(companion,))))
    assert cell(table, "drug A vs control", "Agreement") == "no frequentist counterpart"
    assert cell(table, "drug A vs control", "Cox HR (95% CI)") == "–"
    assert "drug A vs control: hazards are by group" in table.notes


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t"])
def test_csv_text_is_no_formula_and_numbers_stay_numbers(start: str) -> None:
    table = Table("t", (Column("a"), Column("b", numeric=True)), ((f"{start}cmd|' /C calc'!A0", "-0.3"),))
    heading, row = csv.reader(io.StringIO(to_csv(table)))
    assert heading == ["a", "b"]
    assert row == [f"'{start}cmd|' /C calc'!A0", "-0.3"]


def test_terminal_tables_read_no_markup_and_have_no_colour_codes_when_piped() -> None:
    groups = ("[red]x[/red]", *GROUPS[1:])
    stream = io.StringIO()
    Console(file=stream, width=200).print(to_rich(tables.groups_table(findings(a_question(groups=groups)))))
    assert "[red]x[/red]" in stream.getvalue()
    assert "\x1b" not in stream.getvalue()


def test_a_row_that_does_not_fit_is_refused() -> None:
    with pytest.raises(AssertionError, match="does not match"):
        Table("t", (Column("a"),), (("1", "2"),))


def every_table(made: Findings) -> list[Table]:
    return [
        tables.verdict_table(made),
        tables.decision_table(made),
        tables.model_table([made], made.verdicts[0]),
        tables.groups_table(made),
        tables.flow_table(made),
        tables.priors_table(made),
        tables.diagnostics_table([made]),
        tables.effects_table(made),
        tables.attainability_table(made),
        tables.cross_check_table(made),
    ]


@pytest.mark.parametrize("state", [undecided, withheld])
def test_tables_of_unsettled_findings_claim_no_sameness(state: object) -> None:
    assert callable(state)
    for table in every_table(state(findings()))[:3]:
        text = " ".join([table.title, *(cell for row in table.rows for cell in row)]).lower()
        assert not any(word in text for word in ("equivalen", "similar", "comparable", "no difference"))


def test_horizon_table_shows_shares_times_and_ratios_in_their_own_terms() -> None:
    made = findings()
    rows = {(row[0], row[1]): row[2:] for row in tables.horizon_table(made).rows}
    level, label = made.analysis.groups[0], made.analysis.primary.label
    assert rows[level, "survival probability"] == ("41.2%", "36.0% to 46.3%")
    assert rows[level, "restricted mean survival time (RMST)"] == ("21.3", "20.2 to 22.4")
    assert rows[label, "marginal hazard ratio"] == ("0.98", "0.85 to 1.13")


def test_horizon_table_keeps_silent_where_a_verdict_is_withheld() -> None:
    made = findings()
    label = made.analysis.primary.label
    verdicts = tuple(
        replace(v, word=VerdictWord.WITHHELD, reasons=("few events",)) if v.primary else v for v in made.verdicts
    )
    assert label not in {row[0] for row in tables.horizon_table(replace(made, verdicts=verdicts)).rows}
    assert tables.horizon_table(replace(made, health=replace(made.health, passed=False))).rows == ()
