"""Figures show what the findings hold, name their evidence, and are the same on every run."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from figures_example import FIGURES, texts
from findings_example import GROUPS, a_model, a_question, findings, undecided, withheld

from bayesrefract.classical.agreement import KaplanMeier
from bayesrefract.findings import Findings
from bayesrefract.report.figures import Picture, density_figure, forest_figure, slug, survival_figure
from bayesrefract.report.figures.chains import RANK_BINS, rank_histogram
from bayesrefract.report.figures.curves import at_risk, few_from, group_look
from bayesrefract.report.figures.ratios import ratio_ticks
from bayesrefract.report.figures.style import time_ticks
from bayesrefract.study.study import Evidence, TimeUnit

every_figure = pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES.keys())


def a_step_curve() -> KaplanMeier:
    """Ten patients; at risk just before 0, 1, 2, 3, 4, 5."""
    times = np.arange(6.0)
    survival = np.array([1.0, 0.9, 0.7, 0.7, 0.5, 0.2])
    nothing = np.full(6, np.nan)
    return KaplanMeier(times, survival, nothing, nothing, np.array([10.0, 10.0, 9.0, 5.0, 4.0, 2.0]))


@every_figure
def test_the_same_findings_give_the_same_bytes(draw: Callable[[Findings], Picture]) -> None:
    first, second = draw(findings()), draw(findings())
    assert first == second
    assert "<dc:date>" not in first.svg


@every_figure
def test_evidence_is_named_in_figure_caption_and_alternative_text(draw: Callable[[Findings], Picture]) -> None:
    picture = draw(findings())
    assert "Simulated patients" in texts(picture)
    assert picture.caption.startswith("Simulated patients. ")
    assert picture.alt.startswith("Simulated patients. ")
    patients = draw(findings(replace(a_question(), evidence=Evidence.PATIENTS)))
    assert "Simulated" not in patients.svg + patients.caption + patients.alt


@every_figure
def test_nothing_is_fetched_from_elsewhere(draw: Callable[[Findings], Picture]) -> None:
    svg = draw(findings()).svg
    assert all(target.startswith("#") for target in re.findall(r'href="([^"]*)"', svg))
    assert "@import" not in svg
    assert "<image" not in svg


def test_identifiers_of_different_figures_never_meet() -> None:
    made = findings()
    identifiers = [set(re.findall(r'\bid="([^"]*)"', draw(made).svg)) for draw in FIGURES.values()]
    assert all(identifiers)
    assert len(set().union(*identifiers)) == sum(map(len, identifiers))
    svg = survival_figure(made).svg
    assert set(re.findall(r"url\(#([^)]*)\)", svg)) <= set(re.findall(r'\bid="([^"]*)"', svg))


def test_at_risk_is_the_number_just_before_a_time() -> None:
    curve = a_step_curve()
    assert [at_risk(curve, time) for time in (0, 1, 1.5, 3, 5, 5.1)] == [10, 10, 9, 5, 2, 0]


def test_few_at_risk_is_found_at_the_end_only() -> None:
    curve = a_step_curve()
    assert few_from(curve) == 4
    many = replace(curve, at_risk=np.full(6, 50.0))
    assert few_from(many) == 6
    delayed = replace(curve, at_risk=np.array([1.0, 3.0, 20.0, 12.0, 6.0, 3.0]))
    assert few_from(delayed) == 5


def test_the_thin_end_of_a_curve_is_dashed() -> None:
    made = findings()
    group = made.agreement.groups[0]
    few = replace(made, agreement=replace(made.agreement, groups=(replace(group, curve=a_step_curve()),)), curves=())
    many = replace(a_step_curve(), at_risk=np.full(6, 50.0))
    full = replace(few, agreement=replace(few.agreement, groups=(replace(group, curve=many),)))
    dashed = [survival_figure(each).svg.count("stroke-dasharray") for each in (few, full)]
    assert dashed[0] == dashed[1] + 1


def test_survival_figure_carries_groups_numbers_at_risk_and_horizon() -> None:
    made = findings()
    shown = texts(survival_figure(made))
    assert all(level in shown for level in GROUPS)
    at_twelve = [str(at_risk(group.curve, 12.0)) for group in made.agreement.groups]
    places = [shown.index(level) for level in GROUPS]
    for place, count in zip(places, at_twelve, strict=True):
        assert shown[place + 2] == count
    assert "horizon 36" in shown
    no_horizon = replace(made.analysis, endpoint=replace(made.analysis.endpoint, horizon=None))
    assert not any("horizon" in text for text in texts(survival_figure(replace(made, analysis=no_horizon))))


def test_groups_are_told_apart_beyond_the_six_colours() -> None:
    looks = [group_look(place) for place in range(36)]
    assert len(set(looks)) == 36


def test_swapped_groups_change_the_curves_under_their_names() -> None:
    made = findings()
    first, second, *rest = made.agreement.groups
    turned = (replace(first, curve=second.curve), replace(second, curve=first.curve), *rest)
    other = replace(made, agreement=replace(made.agreement, groups=turned))
    assert texts(survival_figure(made)) != texts(survival_figure(other))


def test_posterior_bands_are_not_drawn_when_the_draws_may_not_be_believed() -> None:
    trusted, doubted = survival_figure(findings()), survival_figure(withheld(findings()))
    assert len(doubted.svg) < len(trusted.svg)
    assert "the posterior is withheld" in doubted.caption
    assert "band" not in doubted.caption


def test_density_shows_the_three_probabilities_of_the_verdict() -> None:
    made = undecided(findings())
    verdict = made.verdicts[0]
    shown = texts(density_figure(made, verdict))
    assert f"P(inside) {verdict.p_inside:.3f}" in shown
    assert f"P(below) {verdict.p_below:.3f}" in shown
    assert f"P(above) {verdict.p_above:.3f}" in shown


def test_a_withheld_posterior_is_not_drawn() -> None:
    made = withheld(findings())
    with pytest.raises(ValueError, match="with a verdict"):
        density_figure(made, made.verdicts[0])
    shown = texts(forest_figure([made]))
    assert shown.count("withheld") == 2
    assert not any(text.startswith("1.02") for text in shown)


def test_forest_has_every_model_under_every_contrast() -> None:
    made = [findings(), undecided(findings(model=a_model("two_group")))]
    shown = texts(forest_figure(made))
    assert shown.count("primary") == shown.count("two_group") == 2
    assert [text for text in shown if " vs " in text] == ["drug A vs control", "placebo & rest vs drug B"]
    assert shown.index("drug A vs control") < shown.index("1.02 (0.91–1.15)") < shown.index("1.82 (1.59–2.09)")


@pytest.mark.parametrize(("low", "high"), [(0.78, 1.3), (0.3, 2.5), (0.05, 9.0), (1.4, 3.2)])
def test_ratio_ticks_are_few_increasing_and_inside(low: float, high: float) -> None:
    ticks = ratio_ticks(low, high)
    assert ticks == sorted(set(ticks))
    assert 2 <= len(ticks) <= 8
    assert low <= ticks[0]
    assert ticks[-1] <= high
    assert (1.0 in ticks) == (low <= 1 <= high)


def test_ranks_of_one_chain_apart_from_the_others_are_seen() -> None:
    rng = np.random.default_rng(0)
    alike = rng.normal(size=(4, 1000))
    edges, counts = rank_histogram(alike)
    assert (edges[0], edges[-1]) == (0.5, 4000.5)
    assert counts.sum(axis=1).tolist() == [1000] * 4
    expected = 1000 / RANK_BINS
    assert np.abs(counts - expected).max() < 5 * np.sqrt(expected)
    alike[0] -= 100
    apart = rank_histogram(alike)[1][0]
    assert apart.tolist() == [200] * (RANK_BINS // 4) + [0] * (RANK_BINS - RANK_BINS // 4)


def test_names_given_by_users_are_drawn_as_they_are() -> None:
    groups = ("<b>zdv</b> & ddI", "$x_1$ dose", "ünï", "a" * 80)
    shown = texts(survival_figure(findings(a_question(groups=groups))))
    assert "<b>zdv</b> & ddI" in shown
    assert "$x_1$ dose" in shown
    assert "a" * 47 + "…" in shown


@pytest.mark.parametrize(
    ("unit", "end", "ticks"),
    [
        (TimeUnit.MONTHS, 60.0, [0, 12, 24, 36, 48, 60]),
        (TimeUnit.MONTHS, 45.0, [0, 12, 24, 36]),
        (TimeUnit.MONTHS, 2000.0, [0, 336, 672, 1008, 1344, 1680]),
        (TimeUnit.DAYS, 2659.0, [0, 500, 1000, 1500, 2000, 2500]),
        (TimeUnit.YEARS, 2.4, [0, 0.5, 1, 1.5, 2]),
    ],
)
def test_time_is_marked_at_round_places(unit: TimeUnit, end: float, ticks: list[float]) -> None:
    found = time_ticks(unit, end).tick_values(0, end)
    assert [float(tick) for tick in found if 0 <= tick <= end] == ticks


def test_names_of_figures_are_safe_and_differ() -> None:
    names = ["death/all", "death/All", "death all", "../death/all", "смерть", "死亡", "pfs/egfr_ge_60"]
    slugs = [slug(name) for name in names]
    assert len(set(slugs)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9-]+", each) for each in slugs)
    assert slug("pfs/all") == "pfs-all"


def test_time_is_labelled_in_the_unit_of_the_study() -> None:
    analysis = replace(a_question(), time_unit=TimeUnit.WEEKS)
    assert "Time (weeks)" in texts(survival_figure(findings(analysis)))
