"""The verdict on a hazard ratio throughout a window: closed forms, its rules and sides, and what stands beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from changing_ratio_oracles import ScaledF
from cohorts import make_cohort, make_question
from findings_example import a_question, an_agreement
from scipy.stats import norm
from test_judge import ASKED, HEALTHY, MODEL, TABLE, draws
from test_log_ratio_summaries import LUNG, RECUR

from bayesrefract.cohort.exposure import tabulate
from bayesrefract.decision import Verdict, VerdictWord
from bayesrefract.decision.judge import NOT_WHERE_WIDE, judge
from bayesrefract.decision.question import Case
from bayesrefract.decision.throughout import Window, decide_throughout, window_of
from bayesrefract.errors import StudyError
from bayesrefract.estimands import Effects
from bayesrefract.model.priors import default_prior
from bayesrefract.report.words import sentence, wider_change
from bayesrefract.study.model import Intervals
from bayesrefract.study.rope import Estimand, Harm, Rope, Rule, RuleName
from bayesrefract.study.study import Contrast, TimeUnit

PAIR = Contrast("new", "old", primary=True)
WINDOW = Window(
    np.array([0.0, 10.0, 20.0]), np.array([10.0, 20.0, np.inf]), np.array([30.0, 20.0, 10.0]), TimeUnit.MONTHS
)
ROPE = Rope(0.80, 1.25, "test", None, before_data=True, estimand=Estimand.THROUGHOUT, window=(0.0, 30.0))
LOW, HIGH = np.log([ROPE.low, ROPE.high])
PER_CHAIN = 10_000
BY_PROBABILITY = Rule(RuleName.PROBABILITY, threshold=0.9)


def normal(means: Sequence[float], sd: Sequence[float] | float) -> xr.DataArray:
    """Independent normal draws of each interval."""
    size = (4, PER_CHAIN, len(means))
    values = np.random.default_rng(2).normal(means, np.broadcast_to(sd, len(means)), size)
    return xr.DataArray(values, dims=("chain", "draw", "interval"))


def judged(means: Sequence[float], sd: Sequence[float] | float, rule: Rule = Rule(), rope: Rope = ROPE) -> Verdict:  # noqa: B008
    return decide_throughout(PAIR, normal(means, sd), WINDOW, rope, rule)


def test_independent_normal_intervals_in_closed_form() -> None:
    means, sd = np.array([-0.05, 0.02, 0.1]), np.array([0.08, 0.1, 0.12])
    found = judged(means.tolist(), sd.tolist())
    below, above = norm.cdf((LOW - means) / sd), norm.sf((HIGH - means) / sd)
    for value, error, expected in (
        (found.p_inside, found.mcse_inside, (1 - below - above).prod()),
        (found.p_below, found.mcse_below, 1 - (1 - below).prod()),
        (found.p_above, found.mcse_above, 1 - (1 - above).prod()),
    ):
        assert value == pytest.approx(expected, abs=4 * error)
    half = norm.ppf((1 + 0.95 ** (1 / 3)) / 2)
    density = 3 * 2 * norm.pdf(half) * 0.95 ** (2 / 3)
    error = np.sqrt(0.95 * 0.05 / (4 * PER_CHAIN)) / density + 2 / np.sqrt(4 * PER_CHAIN)
    assert np.log(found.interval[0]) == pytest.approx((means - half * sd).min(), abs=4 * error * sd.max())
    assert np.log(found.interval[1]) == pytest.approx((means + half * sd).max(), abs=4 * error * sd.max())
    weights = WINDOW.weights / WINDOW.weights.sum()
    assert found.mean == pytest.approx(weights @ means, abs=4 * found.sd / np.sqrt(4 * PER_CHAIN))
    assert found.sd == pytest.approx(np.sqrt(weights**2 @ sd**2), rel=0.02)


@pytest.mark.parametrize(
    ("oracle", "bounds", "intervals", "expected"),
    [(LUNG, (0.40, 1.00), 3, 0.3604045), (LUNG, (0.40, 1.00), 2, 0.4503825), (RECUR, (0.80, 1.25), 4, 3.3202e-5)],
)
def test_hazards_by_group_meet_the_product_of_f_probabilities(
    oracle: ScaledF, bounds: tuple[float, float], intervals: int, expected: float
) -> None:
    values = oracle.draws(100_000, np.random.default_rng(5))[:, :intervals].reshape(4, -1, intervals)
    edges = np.arange(intervals + 1.0)
    window = Window(edges[:-1], edges[1:], np.ones(intervals), TimeUnit.DAYS)
    rope = replace(ROPE, low=bounds[0], high=bounds[1])
    found = decide_throughout(PAIR, xr.DataArray(values, dims=("chain", "draw", "interval")), window, rope, Rule())
    assert found.p_inside == pytest.approx(expected, abs=4 * max(found.mcse_inside, 1e-5))


def test_a_difference_in_one_interval_is_named_and_an_average_hides_it() -> None:
    found = judged([0.7, -0.5, -0.45], 0.1, rope=replace(ROPE, window=(0.0, 30.0)))
    assert (found.word, found.direction) == (VerdictWord.DIFFERENT, "above")
    assert found.reasons == ("It lies beyond the bound from 0 to 10 months",)
    assert ROPE.low < found.median < ROPE.high
    late = judged([0.0, 0.0, -0.7], 0.1)
    assert (late.word, late.direction) == (VerdictWord.DIFFERENT, "below")
    assert late.reasons == ("It lies beyond the bound after 20 months",)
    told = sentence(late, a_question())
    assert "there is a lower hazard in new than in old in at least one interval" in told
    assert "which in at least one interval lies wholly below the declared range 0.80 to 1.25" in told
    assert told.endswith("It lies beyond the bound after 20 months.")


@pytest.mark.parametrize("rule", [Rule(), BY_PROBABILITY])
def test_where_all_draws_agree_the_probability_has_a_bound(rule: Rule) -> None:
    """Nothing of n draws is probable with at most 3 / n, and a probability rule is judged with that uncertainty."""
    sure = judged([0.0, 0.0, 0.0], 0.01, rule)
    assert (sure.p_inside, sure.mcse_inside) == (1.0, 0.0)
    assert sure.p_inside_bound is not None
    assert float(sure.p_inside_bound.removeprefix("> ")) == pytest.approx(1 - 3 / (4 * PER_CHAIN), abs=1e-4)
    assert sure.distance_mcse > 0
    never = judged([0.0, 1.0, 0.0], 0.01, rule)
    assert (never.p_inside, never.p_above) == (0.0, 1.0)
    assert never.p_inside_bound is not None
    assert never.p_inside_bound.startswith("< 0.000")


def test_every_interval_has_to_be_inside() -> None:
    assert judged([0.0, 0.02, -0.02], 0.05).word is VerdictWord.EQUIVALENT
    wide_late = judged([0.0, 0.02, -0.02], [0.05, 0.05, 0.2])
    assert (wide_late.word, wide_late.direction, wide_late.reasons) == (VerdictWord.UNDECIDED, None, ())


def test_one_side_is_read_in_every_interval() -> None:
    harm, help_ = (Rule(harm=each) for each in (Harm.MORE_EVENTS, Harm.FEWER_EVENTS))
    assert judged([-0.7, 0.0, -0.3], 0.05, harm).word is VerdictWord.NON_INFERIOR
    assert judged([-0.7, 0.0, -0.3], 0.05, help_).word is VerdictWord.NOT_SHOWN
    assert judged([-0.7, 0.0, 0.25], 0.05, harm).word is VerdictWord.NOT_SHOWN


def test_the_rule_of_probability_reads_all_intervals_at_once() -> None:
    """Each interval is inside with 0.95, all three with 0.857: no claim at 0.9, where each alone would make one."""
    sd = HIGH / norm.ppf(0.975)
    for rule, word in ((BY_PROBABILITY, VerdictWord.UNDECIDED), (replace(BY_PROBABILITY, threshold=0.8), None)):
        found = judged([0.0, 0.0, 0.0], sd, rule)
        assert found.word is (word or VerdictWord.EQUIVALENT)
        assert found.p_inside == pytest.approx(0.95**3, abs=4 * found.mcse_inside)
    above = judged([0.0, HIGH + norm.ppf(0.95) * 0.1, 0.0], 0.1, BY_PROBABILITY)
    assert (above.word, above.direction) == (VerdictWord.DIFFERENT, "above")
    spread = judged([HIGH + norm.ppf(0.6) * 0.1] * 3, 0.1, BY_PROBABILITY)  # somewhere with 0.94, but nowhere with 0.9
    assert spread.p_above > 0.9
    assert spread.word is VerdictWord.UNDECIDED


@pytest.mark.parametrize("rule", [Rule(), BY_PROBABILITY])
@pytest.mark.parametrize("means", [[0.7, -0.2, 0.0], [0.0, 0.02, 0.01], [0.1, -0.1, 0.3]])
def test_reciprocal_bounds_give_the_mirror_image(rule: Rule, means: list[float]) -> None:
    rope = replace(ROPE, low=0.7, high=1.25)
    here = decide_throughout(PAIR, normal(means, 0.08), WINDOW, rope, rule)
    turned = replace(rope, low=1 / 1.25, high=1 / 0.7)
    there = decide_throughout(PAIR, -normal(means, 0.08), WINDOW, turned, rule)
    assert there.word is here.word
    assert {here.direction, there.direction} in ({None}, {"above", "below"})
    assert (there.p_below, there.p_inside, there.p_above) == (here.p_above, here.p_inside, here.p_below)
    assert there.distance == pytest.approx(here.distance, abs=1e-12)
    assert there.interval == pytest.approx((1 / here.interval[1], 1 / here.interval[0]))
    assert there.reasons == here.reasons


def test_a_window_holds_the_intervals_that_share_time_with_it_and_have_both_groups() -> None:
    time, event = [2, 4, 6, 8, 12, 3, 5, 7, 9, 25], [1] * 10
    cohort = make_cohort(time, event, ["a"] * 5 + ["b"] * 5, unit=TimeUnit.MONTHS)
    table = tabulate(cohort, Intervals(cuts=(5, 10, 15)))
    pair = make_question(cohort, "a").primary
    window, places = window_of(table, pair, replace(ROPE, window=(5.0, 11.0)))
    assert places.tolist() == [1, 2]
    assert (window.start.tolist(), window.end.tolist()) == ([5, 10], [10, 15])
    assert window.weights.tolist() == [4, 1]
    everything, places = window_of(table, pair, replace(ROPE, window=(0.0, 30.0)))
    assert places.tolist() == [0, 1, 2]  # nobody of a is at risk after 15
    assert everything.weights.tolist() == [4, 4, 1]
    with pytest.raises(StudyError, match="nowhere at risk together"):
        window_of(table, pair, replace(ROPE, window=(16.0, 30.0)))


def effects(means: float, sd: float) -> Effects:
    """A constant ratio of 1, and draws of one that may change, alike in every interval of the table."""
    count = TABLE.events.shape[1]
    by_time = draws(means, sd).expand_dims({"interval": TABLE.edges[:-1]}, axis=3)
    assert by_time.sizes["interval"] == count
    return Effects(ASKED.contrasts, draws(0.0, 0.05), None, xr.DataArray(0.0), log_hazard_ratio_by_time=by_time)


@pytest.mark.parametrize(("sd", "word"), [(0.06, VerdictWord.EQUIVALENT), (0.4, VerdictWord.UNDECIDED)])
def test_equality_throughout_is_said_only_where_a_wider_prior_says_it_too(sd: float, word: VerdictWord) -> None:
    rope = replace(ROPE, window=(0.0, 2000.0))
    case = Case(replace(ASKED, ropes=(ASKED.ropes[0], rope)), MODEL, default_prior(), TABLE)
    agreement = replace(an_agreement(a_question(), 1), companion=(), cox=())
    drawn = replace(effects(0.0, 0.05), wide=effects(0.0, sd))
    average, found = judge(case, drawn, HEALTHY, agreement, exhausted=True)
    assert (average.word, average.wide) == (VerdictWord.EQUIVALENT, None)
    assert found.word is word
    assert found.reasons == (() if word is VerdictWord.EQUIVALENT else (NOT_WHERE_WIDE,))
    assert found.wide is not None
    assert (found.wide.scale, found.wide.word) == (1.0, word)
    assert found.wide.p_inside == pytest.approx(norm.cdf(HIGH / sd) - norm.cdf(LOW / sd), abs=0.001)
    assert wider_change(found).startswith(f"Where the ratio may change more (half-normal scale 1): {word.value}, P")
    assert wider_change(average) == ""
