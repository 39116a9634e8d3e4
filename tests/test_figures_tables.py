"""What a figure shows stands in its table and in its alternative text, in the same numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from figures_example import FIGURES, drawn, texts, with_energy
from findings_example import GROUPS, HORIZON, a_model, a_question, a_whole_study, findings, undecided, withheld
from scipy.stats import norm

from bayesrefract.decision import Verdict, VerdictWord
from bayesrefract.findings import Findings
from bayesrefract.report import figures
from bayesrefract.report.figures import Picture
from bayesrefract.report.figures.curves import GRID_STEPS, at_risk, on_grid, survival_at
from bayesrefract.report.figures.density import inside_by_width
from bayesrefract.study.model import GroupPriorName, Priors
from bayesrefract.study.rope import Estimand, Harm, Rule, Side

every_figure = pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES.keys())
MOST_ROWS = 60


@every_figure
def test_every_figure_has_a_readable_table_and_words(draw: Callable[[Findings], Picture]) -> None:
    picture = draw(findings())
    assert picture.table.title
    assert 1 <= len(picture.table.rows) <= MOST_ROWS
    assert any(character.isdigit() for row in picture.table.rows for cell in row[1:] for character in cell)
    assert any(character.isdigit() for character in picture.alt)
    assert picture.alt.rstrip().endswith(".")
    assert picture.caption.rstrip().endswith(".")


@every_figure
def test_names_given_by_users_break_no_figure(draw: Callable[[Findings], Picture]) -> None:
    groups = ("<b>zdv</b> & ddI", "$x_1$ dose\x00\x1b[31m\n", 'ünï "q"\u202e', "a" * 80)
    picture = draw(findings(a_question(groups=groups)))
    written = "".join(texts(picture))
    assert not set(written + picture.caption + picture.alt) & {"\x00", "\x1b", "\u202e"}
    assert picture.png().startswith(b"\x89PNG")


def test_flow_adds_up_from_records_to_groups() -> None:
    made = findings()
    picture = figures.flow_figure(made)
    rows = {row[0]: row[1:] for row in picture.table.rows}
    assert rows["In the records"][0] == "610"
    assert rows["Excluded: missing stage"][0] == "8"
    assert rows["Analysed"] == ("600", "402")
    assert set(GROUPS) <= set(rows)
    assert "Excluded: 10" in texts(picture)
    complete = replace(made, flow=replace(made.flow, records=600, excluded={}))
    assert "none" in texts(figures.flow_figure(complete))


def test_survival_table_gives_the_curves_at_readable_times() -> None:
    made = findings()
    group = made.agreement.groups[0]
    rows = [row for row in figures.survival_figure(made).table.rows if row[0] == group.level]
    at_horizon = next(row for row in rows if row[1] == f"{HORIZON:g} months")
    share = survival_at(group.curve, HORIZON)
    assert share is not None
    assert at_horizon[2] == str(at_risk(group.curve, HORIZON))
    assert at_horizon[3] == f"{100 * share:.1f}%"
    assert at_horizon[4].startswith(f"{100 * np.exp(-0.03 * HORIZON):.1f}% (")
    assert all(row[4] == "–" for row in figures.survival_figure(withheld(made)).table.rows)


def test_drawn_curves_are_on_a_grid_and_do_not_tell_a_patient_s_own_time() -> None:
    curve = findings().agreement.groups[0].curve
    end = float(curve.times[-1]) * 1.1
    times, survival, _ = on_grid(curve, end)
    assert np.allclose(times / (end / GRID_STEPS), np.round(times / (end / GRID_STEPS)))
    assert not np.isin(curve.times[1:], times).any()
    for time, share in zip(times[:-1], survival[:-1], strict=True):
        assert share == survival_at(curve, float(time))


def test_forest_says_each_verdict_and_both_estimates() -> None:
    _, made = a_whole_study()
    picture = figures.study_forest_figure(made)
    shown = texts(picture)
    assert [row[2] for row in picture.table.rows].count("withheld") == shown.count("withheld") == 2
    assert shown.count("equivalent") == 1
    assert shown.count("primary") == 2
    assert [text for text in shown if text.startswith("Overall survival")] == [
        "Overall survival: All patients",
        "Overall survival: Patients without symptoms",
    ]
    assert picture.table.rows[0][4] == "1.02 (0.91 to 1.15)"
    assert picture.table.rows[2][4] == "–"
    assert picture.name == "study-forest"


def test_forest_grows_with_its_rows_and_survives_boundless_limits() -> None:
    one = figures.study_forest_figure([findings()])
    _, made = a_whole_study()
    assert figures.study_forest_figure(made * 7).figure.get_figheight() > 3 * one.figure.get_figheight()
    first = findings()
    wild = replace(first.verdicts[0], eti95=(1e-9, 1e9))
    picture = figures.forest_figure([replace(first, verdicts=(wild, *first.verdicts[1:]))])
    assert picture.figure.axes[0].get_xlim()[1] < 100
    cox = replace(first.agreement.cox[0], log_coef=np.inf)
    no_cox = replace(first, agreement=replace(first.agreement, cox=(cox, *first.agreement.cox[1:])))
    assert figures.forest_figure([no_cox]).table.rows[0][5] == "–"


def test_a_study_without_a_range_on_the_hazard_ratio_has_no_forest() -> None:
    with pytest.raises(ValueError, match="no question"):
        figures.study_forest_figure([replace(findings(), verdicts=())])


def test_probability_inside_follows_the_normal_distribution() -> None:
    draws = norm.ppf((np.arange(4000) + 0.5) / 4000, 0.02, 0.06)
    widths = np.array([1.0, 1.1, 1.25])
    sides = {
        Side.TWO_SIDED: norm.cdf(np.log(widths), 0.02, 0.06) - norm.cdf(-np.log(widths), 0.02, 0.06),
        Side.ABOVE: norm.cdf(np.log(widths), 0.02, 0.06),
        Side.BELOW: norm.sf(-np.log(widths), 0.02, 0.06),
    }
    for side, expected in sides.items():
        assert inside_by_width(draws, widths, side) == pytest.approx(expected, abs=5e-4)


def one_sided(verdict: Verdict) -> Verdict:
    return replace(verdict, rule=Rule(harm=Harm.MORE_EVENTS), word=VerdictWord.NON_INFERIOR)


def test_width_figure_marks_the_declared_range_or_margin() -> None:
    made = undecided(findings())
    verdict = made.verdicts[0]
    picture = figures.rope_width_figure(made, verdict)
    assert f"declared: {verdict.p_inside:.3f}" in texts(picture)
    assert "m = 1.16" in picture.alt
    margin = figures.rope_width_figure(made, one_sided(verdict))
    assert f"declared: {1 - verdict.p_above:.3f}" in texts(margin)
    assert "P(margin not crossed)" in texts(margin)
    assert "margin 1.25" in margin.alt
    with pytest.raises(ValueError, match="with a verdict"):
        figures.rope_width_figure(made, replace(verdict, word=VerdictWord.WITHHELD))


@pytest.mark.parametrize("side", [Side.TWO_SIDED, Side.ABOVE, Side.BELOW])
def test_width_figure_speaks_of_a_dotted_line_only_where_it_draws_one(side: Side) -> None:
    made = undecided(findings())
    verdict = replace(
        made.verdicts[0], rule=Rule(harm={Side.ABOVE: Harm.MORE_EVENTS, Side.BELOW: Harm.FEWER_EVENTS}.get(side))
    )
    near, far = (figures.rope_width_figure(made, replace(verdict, smallest_rope=smallest)) for smallest in (1.16, 40.0))
    assert "just accepted" in texts(near)
    assert "Dotted line" in near.caption
    assert "just accepted" not in texts(far)
    assert "Dotted line" not in far.caption
    accepted = "0.025" if side is Side.BELOW else "40.00"
    assert accepted in far.caption
    assert accepted in far.alt


def test_what_is_accepted_at_the_left_rim_is_named_inside_the_axes() -> None:
    made = undecided(findings())
    verdict = replace(made.verdicts[0], rule=Rule(harm=Harm.MORE_EVENTS))
    sides = []
    for smallest in (1.0, 1.2):
        drawn_axes = figures.rope_width_figure(made, replace(verdict, smallest_rope=smallest)).figure.axes[0]
        sides += [text.get_horizontalalignment() for text in drawn_axes.texts if "just accepted" in text.get_text()]
    assert sides == ["left", "right"]


def test_differences_stand_in_their_own_unit_with_their_range() -> None:
    made = findings()
    picture = drawn(figures.differences_figure(made))
    shown = texts(picture)
    assert "0.4 (-5.0 to 6.0)" in shown
    assert "months; ROPE -2 to 2" in shown
    assert "percentage points; no ROPE is declared" in shown
    rows = {(row[0], row[1].split(" up to")[0]): row for row in picture.table.rows}
    rmst = rows[made.analysis.primary.label, "difference in restricted mean survival time"]
    assert rmst[2:5] == ("-2 to 2 months", "equivalent", "-0.3")


def test_differences_are_not_shown_where_the_draws_may_not_be_believed() -> None:
    assert figures.differences_figure(withheld(findings())) is None
    made = findings()
    only_control = tuple(
        replace(v, word=VerdictWord.WITHHELD) if v.primary and v.estimand is Estimand.HAZARD_RATIO else v
        for v in made.verdicts
    )
    rows = drawn(figures.differences_figure(replace(made, verdicts=only_control))).table.rows
    assert {row[0] for row in rows} == {made.analysis.contrasts[1].label}


def test_log_log_figure_tells_the_test_and_the_hazards() -> None:
    made = findings()
    picture = figures.log_log_figure(made)
    assert "p 0.412" in picture.caption
    group = made.agreement.groups[0]
    row = next(row for row in picture.table.rows if row[0] == group.level)
    share = survival_at(group.curve, float(row[1].split()[0]))
    assert share is not None
    assert float(row[2]) == pytest.approx(-np.log(share), abs=0.02)
    untested = replace(made.agreement.proportional_hazards, p=None, method="no events in one group")
    other = replace(made, agreement=replace(made.agreement, proportional_hazards=untested))
    assert "No Schoenfeld test: no events in one group." in figures.log_log_figure(other).caption


def test_a_group_without_events_is_named_where_it_has_no_log_log_curve() -> None:
    made = findings()
    quiet, *rest = made.agreement.groups
    quiet = replace(quiet, curve=replace(quiet.curve, survival=np.ones_like(quiet.curve.survival)))
    some = replace(made, agreement=replace(made.agreement, groups=(quiet, *rest)))
    picture = figures.log_log_figure(some)
    assert picture.caption.endswith(f"no curve, too few events: {quiet.level}.")
    assert f"{quiet.level} no curve, " in picture.alt
    assert "no curve can be drawn" not in texts(picture)
    assert "no curve" not in figures.log_log_figure(made).caption
    none = replace(made, agreement=replace(made.agreement, groups=(quiet,)))
    assert "no curve can be drawn" in texts(figures.log_log_figure(none))


def test_prior_of_the_ratio_shows_its_mass_inside_the_range() -> None:
    made = findings()
    sd = 0.75
    inside = norm.cdf(np.log(1.25), 0, sd) - norm.cdf(np.log(0.80), 0, sd)
    assert f"P(inside) {inside:.3f}" in texts(drawn(figures.prior_ratio_figure(made, made.verdicts[0])))
    flat = replace(made, model=replace(a_model(), priors=Priors(group=GroupPriorName.FLAT)))
    assert figures.prior_ratio_figure(flat, made.verdicts[0]) is None


def test_bar_gives_the_three_probabilities_and_none_when_withheld() -> None:
    made = undecided(findings())
    verdict = made.verdicts[0]
    picture = figures.probability_bar(made, verdict)
    assert [row[1] for row in picture.table.rows] == [
        f"{share:.3f}" for share in (verdict.p_below, verdict.p_inside, verdict.p_above)
    ]
    with pytest.raises(ValueError, match="withheld"):
        figures.probability_bar(made, replace(verdict, word=VerdictWord.WITHHELD))


def test_energy_is_drawn_where_it_is_kept() -> None:
    made = findings()
    assert figures.energy_figure(made) is None
    picture = drawn(figures.energy_figure(with_energy(made)))
    # Independent draws: steps have twice the variance of the energy.
    assert [float(row[1]) for row in picture.table.rows] == pytest.approx([2.0] * 4, abs=0.3)


def test_effective_draws_of_independent_draws_are_about_all_of_them() -> None:
    rows = figures.ess_figure(findings()).table.rows
    assert [int(row[0].replace(",", "")) for row in rows] == [200 * step for step in range(1, 11)]
    assert int(rows[-1][1].replace(",", "")) == pytest.approx(2000, rel=0.2)
