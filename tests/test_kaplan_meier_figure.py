"""The Kaplan-Meier figure of a paper and the forest of Cox regression: right numbers, room for names."""

from __future__ import annotations

import dataclasses
import itertools
import re

import numpy as np
import pytest
from cohorts import make_cohort
from figures_example import texts
from findings_example import findings
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from bayesrefract.classical import cross_check
from bayesrefract.classical.agreement import CoxTerm
from bayesrefract.cohort.exposure import tabulate
from bayesrefract.cohort.value import Cohort, Covariate
from bayesrefract.findings import Findings
from bayesrefract.numerals import p_value, ratio, span
from bayesrefract.report.figures import Picture, cox_forest_figure, kaplan_meier_figure
from bayesrefract.report.tables import groups_table
from bayesrefract.study.model_file import load_model
from bayesrefract.study.study import Contrast, TimeUnit

SHORT = ("low", "standard", "none")
LONG = tuple(f"Group with quite a long descriptive name number {place}" for place in range(8))


def a_cohort(groups: tuple[str, ...], covariates: tuple[Covariate, ...] = ()) -> Cohort:
    """60 patients a group; times in whole months, so that events and censoring often share one."""
    rng = np.random.default_rng(21)
    n = 60 * len(groups)
    time = np.ceil(rng.exponential(20, n))
    return make_cohort(
        time,
        rng.random(n) < 0.7,
        [groups[place % len(groups)] for place in range(n)],
        groups=groups,
        covariates=covariates,
        unit=TimeUnit.MONTHS,
    )


def made_of(cohort: Cohort) -> Findings:
    """Findings with the classical analysis of a cohort: every group against the last."""
    example = findings()
    last = cohort.groups[-1]
    contrasts = tuple(Contrast(group, last, primary=not place) for place, group in enumerate(cohort.groups[:-1]))
    analysis = dataclasses.replace(example.analysis, groups=cohort.groups, contrasts=contrasts)
    model = load_model("primary")
    agreement = cross_check(cohort, analysis, tabulate(cohort, model.intervals), model)
    names = tuple(each.name for each in cohort.covariates)
    return dataclasses.replace(example, analysis=analysis, agreement=agreement, model=model, adjusted_for=names)


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return a_cohort(SHORT)


@pytest.fixture(scope="module")
def three(cohort: Cohort) -> Findings:
    return made_of(cohort)


def strokes(axes: Axes) -> list[np.ndarray]:
    return [np.asarray(line.get_xdata(), float) for line in axes.lines if line.get_marker() == "|"]


def test_medians_and_ratios_are_those_of_the_findings(three: Findings) -> None:
    shown = texts(kaplan_meier_figure(three))
    tested = {each.group: each.p for each in three.agreement.log_rank.pairs if each.reference == SHORT[-1]}
    for group in three.agreement.groups:
        estimate, low, high = (span(each, TimeUnit.MONTHS) for each in dataclasses.astuple(group.median))
        assert f"{estimate} ({low} to {high})" in shown
    for each in three.agreement.cox:
        low, high = (ratio(limit) for limit in each.limits())
        p = p_value(tested[each.group]).replace("<", "< ")
        assert f"{ratio(each.hazard_ratio)} ({low} to {high}), p {p}" in shown


def test_numbers_at_risk_are_counted_patient_by_patient(cohort: Cohort, three: Findings) -> None:
    figure = kaplan_meier_figure(three).figure
    above, below = figure.axes[0], figure.axes[1]
    written = {(text.get_position()[0], round(text.get_position()[1], 2)): text.get_text() for text in below.texts}
    ticks = [tick for tick in above.get_xticks() if 0 <= tick <= above.get_xlim()[1]]
    assert len(ticks) > 3
    assert below.get_xlim() == above.get_xlim(), "numbers stand under their ticks"
    for code, tick in itertools.product(range(3), ticks):
        staying = sum(leaves >= tick for leaves, group in zip(cohort.exit, cohort.group, strict=True) if group == code)
        assert written[(tick, round(code + 0.72, 2))] == str(staying)


def test_everybody_censored_is_under_a_stroke_and_nobody_else(cohort: Cohort, three: Findings) -> None:
    """Also those who leave in a month in which another has the event."""
    axes = kaplan_meier_figure(three).figure.axes[0]
    step = cohort.exit.max() / 200
    for code, drawn in enumerate(strokes(axes)):
        mine = cohort.group == code
        left = cohort.exit[mine & ~cohort.event]
        assert np.isin(left, cohort.exit[mine & cohort.event]).any(), "the case is there"
        assert sorted(set(np.ceil(left / step))) == np.round(drawn / step).tolist()


def test_without_censoring_there_are_no_strokes(cohort: Cohort) -> None:
    everybody = dataclasses.replace(cohort, event=np.ones_like(cohort.event))
    assert not any(len(drawn) for drawn in strokes(kaplan_meier_figure(made_of(everybody)).figure.axes[0]))


def test_late_entry_is_not_censoring() -> None:
    """Times of entry are times of the curve too."""
    made = make_cohort([5, 6, 8, 3, 9], [1, 1, 0, 1, 1], ["a"] * 5, entry=[0, 2, 4, 0, 6])
    other = make_cohort([5, 6, 8], [1, 1, 1], ["b"] * 3)
    both = dataclasses.replace(
        made,
        groups=("a", "b"),
        group=np.array([0] * 5 + [1] * 3),
        entry=np.append(made.entry, other.entry),
        exit=np.append(made.exit, other.exit),
        event=np.append(made.event, other.event),
        stratum=np.zeros(8, dtype=np.int64),
        patient=tuple("abcdefgh"),
    )
    first, second = (group.curve for group in made_of(both).agreement.groups)
    assert first.censored is not None
    assert second.censored is not None
    assert first.times[first.censored > 0].tolist() == [8]
    assert second.censored.sum() == 0


def test_a_median_that_is_not_reached_says_so(cohort: Cohort) -> None:
    rare = dataclasses.replace(cohort, event=cohort.event & (cohort.exit <= 10))
    shown = texts(kaplan_meier_figure(made_of(rare)))
    assert shown.count("not reached") == 3


def test_no_posterior_and_which_limits_are_said(three: Findings) -> None:
    picture = kaplan_meier_figure(three)
    assert not any("osterior" in column.name for column in picture.table.columns)
    assert any("log-log" in note and "R's default is log" in note for note in picture.table.notes)
    assert "Hazard ratio, unadjusted (95% CI), log-rank p" in texts(picture)


def test_ratios_of_a_model_with_covariates_are_never_called_unadjusted() -> None:
    age = Covariate("age", np.random.default_rng(1).normal(60, 9, 180))
    picture = kaplan_meier_figure(made_of(a_cohort(SHORT, (age,))))
    assert "unadjusted" not in picture.svg + picture.caption


def test_follow_up_is_told_per_group_and_for_all_together(three: Findings) -> None:
    table = groups_table(three)
    place = [column.name for column in table.columns].index("Median follow-up")
    for row, group in zip(table.rows, three.agreement.groups, strict=True):
        assert row[place].startswith(f"{span(group.median_follow_up.estimate, TimeUnit.MONTHS)} (")
    together = three.agreement.follow_up
    assert together is not None
    assert f"all groups together {span(together.estimate, TimeUnit.MONTHS)} (" in table.notes[0]
    unknown = dataclasses.replace(three, agreement=dataclasses.replace(three.agreement, follow_up=None))
    assert "together" not in groups_table(unknown).notes[0]


# Room


def boxes(picture: Picture) -> list[tuple[str, tuple[float, float, float, float]]]:
    """Every text that is drawn and where, in inches: left, right, bottom, top."""
    figure = picture.figure
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    found = []
    for text in figure.findobj(Text):
        if text.get_text().strip() and text.get_visible():
            x0, y0, x1, y1 = text.get_window_extent(canvas.get_renderer()).extents / figure.dpi
            found.append((text.get_text(), (x0, x1, y0, y1)))
    return found


def meet(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return all(min(one[side + 1], other[side + 1]) - max(one[side], other[side]) > 0.01 for side in (0, 2))


def covariates_of(n: int) -> tuple[Covariate, ...]:
    rng = np.random.default_rng(4)
    name = "a_rather_long_covariate_name_as_users_have_them_in_files"
    levels = ("some level with a long name", "another level that is long", "third")
    return (
        Covariate(name, rng.integers(0, 3, n).astype(float), levels),
        Covariate("age", rng.normal(60, 9, n), per=10.0),
    )


@pytest.mark.parametrize("groups", [SHORT, LONG], ids=["3 short names", "8 long names"])
def test_no_text_lies_over_another_or_outside(groups: tuple[str, ...]) -> None:
    plain = made_of(a_cohort(groups))
    full = made_of(a_cohort(groups, covariates_of(60 * len(groups))))
    wide = dataclasses.replace(full.agreement, terms=(CoxTerm("age", "per 10", "", 123.4, 0.0123, 10345.67, 0.3),))
    forests = [cox_forest_figure(each) for each in (plain, full, dataclasses.replace(full, agreement=wide))]
    for picture in (kaplan_meier_figure(plain), *forests):
        width, height = picture.figure.get_size_inches()
        drawn = texts(picture)  # without the ticks beyond the axes
        seen = [each for each in boxes(picture) if each[0].splitlines()[0].strip() in drawn and each[1][0] < width]
        assert len(seen) >= 8
        for text, (left, right, bottom, top) in seen:
            assert 0 <= left < right <= width + 0.01, text
            assert -0.01 <= bottom < top <= height + 0.01, text
        for (first, one), (second, other) in itertools.combinations(seen, 2):
            assert not meet(one, other), (first, second)


def test_labels_of_the_forest_end_before_its_axes() -> None:
    picture = cox_forest_figure(made_of(a_cohort(LONG, covariates_of(480))))
    start = picture.figure.axes[0].get_position().x0 * picture.figure.get_figwidth()
    labels = [box for text, box in boxes(picture) if re.search("Group|name|age", text)]
    assert len(labels) == 10
    assert max(right for _, right, _, _ in labels) <= start


def test_the_forest_of_a_model_without_covariates_has_the_groups_alone(three: Findings) -> None:
    rows = cox_forest_figure(three).table.rows
    assert [row[0] for row in rows] == [f"{each.group} vs {each.reference}" for each in three.agreement.cox]
