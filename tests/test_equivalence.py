"""Verdicts against closed forms: normal posteriors given by their quantiles, and simulated trials."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from bayesrefract.decision import Verdict, VerdictWord
from bayesrefract.decision.decision import decide, too_close
from bayesrefract.decision.diagnostics import Health
from bayesrefract.decision.gates import gates
from bayesrefract.decision.verdict import Region, Simulated, judge_interval, judge_probability
from bayesrefract.errors import StudyError
from bayesrefract.study.rope import Estimand, Harm, IntervalKind, Rope, Rule, RuleName, Side
from bayesrefract.study.study import Contrast

HR = Estimand.HAZARD_RATIO
CONTRAST = Contrast("new", "old", primary=True)
ROPE = Rope(0.80, 1.25, "bioequivalence limits", None, before_data=True)
INTERVAL = Rule()
PROBABILITY = Rule(RuleName.PROBABILITY, threshold=0.95)
Z = stats.norm.ppf(0.975)
HARM = {Side.ABOVE: Harm.MORE_EVENTS, Side.BELOW: Harm.FEWER_EVENTS}
"""Of a ratio, by the side on which it lies."""


def as_draws(values: np.ndarray, seed: int = 3) -> xr.DataArray:
    """Shuffle values over four chains, so that they look like independent draws."""
    shuffled = np.random.default_rng(seed).permutation(values)
    return xr.DataArray(shuffled.reshape(4, -1), dims=("chain", "draw"))


def normal(mean: float, sd: float, n: int = 40_000) -> xr.DataArray:
    """The quantiles of a normal distribution: a posterior without Monte Carlo error."""
    return as_draws(stats.norm(mean, sd).ppf((np.arange(n) + 0.5) / n))


def printed(ratio: float, low: float, high: float) -> tuple[float, float]:
    """Mean and SD of the log HR from a printed estimate with 95% interval."""
    return float(np.log(ratio)), float(np.log(high / low) / (2 * Z))


def judge(draws: xr.DataArray, rule: Rule = INTERVAL, rope: Rope = ROPE, estimand: Estimand = HR) -> Verdict:
    return decide(CONTRAST, estimand, draws, rope, rule)


@pytest.mark.parametrize(
    ("ratio", "low", "high", "inside", "at_best", "smallest_at_best"),
    [(0.99, 0.73, 1.33, 0.854, 0.855, 1.35), (0.83, 0.50, 1.39, 0.498, 0.608, 1.67)],
)
def test_printed_intervals_of_the_lenalidomide_paper(
    ratio: float, low: float, high: float, inside: float, at_best: float, smallest_at_best: float
) -> None:
    """Flat prior, normal on the log HR. The last two are what this precision gives at an estimate of 1."""
    mean, sd = printed(ratio, low, high)
    verdict = judge(normal(mean, sd))
    assert verdict.word is VerdictWord.UNDECIDED
    assert verdict.p_inside == pytest.approx(inside, abs=0.0006)
    assert verdict.smallest_rope == pytest.approx(np.exp(abs(mean) + Z * sd), rel=1e-3)
    assert verdict.smallest_rope == pytest.approx(max(1 / verdict.interval[0], verdict.interval[1]), rel=1e-12)
    centred = judge(normal(0.0, sd))
    assert centred.p_inside == pytest.approx(at_best, abs=0.0006)
    assert centred.smallest_rope == pytest.approx(smallest_at_best, abs=0.005)


def test_numbers_of_a_normal_posterior() -> None:
    verdict = judge(normal(0.1, 0.2))
    truth = stats.norm(0.1, 0.2)
    assert verdict.median == pytest.approx(np.exp(0.1), rel=1e-4)
    assert verdict.interval == pytest.approx(tuple(np.exp(truth.ppf([0.025, 0.975]))), rel=1e-3)
    assert (verdict.mean, verdict.sd) == pytest.approx((0.1, 0.2), rel=1e-3)
    assert verdict.p_below == pytest.approx(truth.cdf(np.log(0.80)), abs=1e-4)
    assert verdict.p_above == pytest.approx(truth.sf(np.log(1.25)), abs=1e-4)
    assert verdict.p_below + verdict.p_inside + verdict.p_above == pytest.approx(1.0, abs=1e-12)
    # Independent draws: the MCSE of a share is the binomial one, within the error of an ESS estimate.
    binomial = np.sqrt(verdict.p_inside * (1 - verdict.p_inside) / 40_000)
    assert verdict.mcse_inside == pytest.approx(binomial, rel=0.05)
    assert verdict.r_hat == pytest.approx(1.0, abs=0.001)
    assert verdict.ess_bulk == pytest.approx(40_000, rel=0.05)


def test_six_mp_from_exact_gamma_posteriors() -> None:
    """9 events in 359 weeks against 21 in 182, Gamma(1, 1): P(0.15 < HR < 0.30) = 0.62095 exactly."""
    rng = np.random.default_rng(17)
    hazards = rng.gamma(10, 1 / 360, 40_000), rng.gamma(22, 1 / 183, 40_000)
    draws = xr.DataArray(np.log(hazards[0] / hazards[1]).reshape(4, -1), dims=("chain", "draw"))
    verdict = judge(draws, rope=dataclasses.replace(ROPE, low=0.15, high=0.30))
    assert verdict.p_inside == pytest.approx(0.62095, abs=4 * verdict.mcse_inside)
    swapped = judge(-draws, rope=dataclasses.replace(ROPE, low=0.15, high=0.30))
    assert swapped.p_inside < 0.01


@pytest.mark.parametrize(
    ("mean", "word", "direction"),
    [
        (0.0, VerdictWord.EQUIVALENT, None),
        (0.5, VerdictWord.DIFFERENT, "above"),
        (-0.5, VerdictWord.DIFFERENT, "below"),
        (np.log(1.25), VerdictWord.UNDECIDED, None),
    ],
)
@pytest.mark.parametrize("rule", [INTERVAL, PROBABILITY])
def test_two_sided_words(mean: float, word: VerdictWord, direction: str | None, rule: Rule) -> None:
    verdict = judge(normal(mean, 0.08), rule)
    assert (verdict.word, verdict.direction) == (word, direction)


@pytest.mark.parametrize("mean", [-0.5, -0.28, -0.12, -0.05, 0.0, 0.09, 0.3, 0.6])
@pytest.mark.parametrize("name", list(RuleName))
@pytest.mark.parametrize("side", list(Side))
def test_relabelling_mirrors_the_verdict(mean: float, name: RuleName, side: Side) -> None:
    """Group and reference swapped, ROPE turned over: the same judgement read backwards."""
    rope = dataclasses.replace(ROPE, low=0.75, high=1.20)
    mirrored_rope = dataclasses.replace(rope, low=1 / rope.high, high=1 / rope.low)
    mirrored_side = {Side.ABOVE: Side.BELOW, Side.BELOW: Side.ABOVE, Side.TWO_SIDED: Side.TWO_SIDED}[side]
    rule = Rule(name, threshold=0.9, harm=HARM.get(side))
    draws = normal(mean, 0.09, 4000)
    one = judge(draws, rule, rope)
    other = judge(-draws, dataclasses.replace(rule, harm=HARM.get(mirrored_side)), mirrored_rope)
    assert one.word is other.word
    assert {one.direction, other.direction} in ({None}, {"above", "below"})
    assert one.p_below == pytest.approx(other.p_above, abs=1e-12)
    assert one.p_inside == pytest.approx(other.p_inside, abs=1e-12)
    assert one.distance == pytest.approx(other.distance, abs=1e-9)
    assert one.smallest_rope == pytest.approx(other.smallest_rope, rel=1e-9)
    assert one.interval == pytest.approx((1 / other.interval[1], 1 / other.interval[0]), rel=1e-9)


def test_one_sided_rules_read_the_side_of_harm_only() -> None:
    sd = 0.10
    limit = np.log(1.25)
    for side, sign in ((Side.ABOVE, 1), (Side.BELOW, -1)):
        interval, probability = (Rule(name, threshold=0.9, harm=HARM[side]) for name in RuleName)
        for rule, reach in ((interval, Z * sd), (probability, stats.norm.ppf(0.9) * sd)):
            just_inside = judge(normal(sign * (limit - reach - 0.002), sd), rule)
            just_outside = judge(normal(sign * (limit - reach + 0.002), sd), rule)
            far_on_the_good_side = judge(normal(-sign * 2.0, sd), rule)
            assert just_inside.word is VerdictWord.NON_INFERIOR
            assert just_outside.word is VerdictWord.NOT_SHOWN
            assert far_on_the_good_side.word is VerdictWord.NON_INFERIOR
            assert far_on_the_good_side.smallest_rope == 1.0


def test_highest_density_interval_is_that_of_the_log() -> None:
    """ETI and HDI differ for a skewed log HR: minus a Gamma(2, 1) / 10 has a shorter interval near 0."""
    draws = as_draws(-stats.gamma(2).ppf((np.arange(40_000) + 0.5) / 40_000) / 10)
    eti = judge(draws)
    hdi = judge(draws, Rule(interval=IntervalKind.HDI))
    # Ends of equal density that enclose 95% of Gamma(2, 1): 0.04236 and 4.76517.
    assert np.log(hdi.interval) == pytest.approx([-0.476517, -0.004236], abs=0.002)
    assert np.log(eti.interval) == pytest.approx(-stats.gamma(2).ppf([0.975, 0.025]) / 10, abs=1e-4)
    assert hdi.eti95 == pytest.approx(eti.interval, rel=1e-12)


def test_scale_of_the_interval_decides_and_ours_is_the_log() -> None:
    """HR 0.99, SE 0.153, ROPE 0.73 to 1.37: ETI and HDI of the log lie inside, the HDI of the HR does not."""
    from arviz_stats.base import array_stats

    rope = dataclasses.replace(ROPE, low=0.73, high=1.37)
    draws = normal(np.log(0.99), 0.153)
    low, high = array_stats.hdi(np.exp(draws.values.ravel()), 0.95)
    on_ratio_scale = judge_interval(Simulated(low, 0), Simulated(high, 0), Region(0.73, 1.37), Side.TWO_SIDED)
    ours = [judge(draws, Rule(interval=kind), rope).word for kind in IntervalKind]
    assert ours == [VerdictWord.EQUIVALENT, VerdictWord.EQUIVALENT]
    assert on_ratio_scale.word is VerdictWord.UNDECIDED


def test_unanimous_draws_give_a_bound_instead_of_certainty() -> None:
    inside = judge(normal(0.0, 0.03, 4000))
    outside = judge(normal(1.0, 0.03, 4000))
    three = 3 / min(inside.ess_bulk, 4000)
    assert (inside.p_inside, inside.mcse_inside) == (1.0, 0.0)
    assert inside.p_inside_bound is not None
    assert outside.p_inside_bound is not None
    assert inside.p_inside_bound.startswith("> 0.999")
    assert 1 - three - 1e-5 <= float(inside.p_inside_bound[2:]) <= 1 - three
    assert outside.p_inside_bound.startswith("< 0.000")
    assert judge(normal(0.0, 0.2)).p_inside_bound is None
    # All 4,000 agree, but they cannot tell 1 from 0.9995.
    strict = judge(normal(0.0, 0.03, 4000), Rule(RuleName.PROBABILITY, threshold=0.9995))
    assert strict.word is VerdictWord.EQUIVALENT
    assert too_close(strict)


def test_distance_is_to_the_nearest_change_of_verdict() -> None:
    def distance(mean: float, rule: Rule = INTERVAL) -> float:
        return judge(normal(mean, 0.05), rule).distance

    bound, half = np.log(1.25), Z * 0.05
    assert distance(0.02) == pytest.approx(bound - half - 0.02, abs=1e-3)
    assert distance(0.5) == pytest.approx(0.5 - half - bound, abs=1e-3)
    assert distance(-0.5) == pytest.approx(0.5 - half - bound, abs=1e-3)
    assert distance(bound - 0.03) == pytest.approx(half - 0.03, abs=1e-3)  # to equivalent
    assert distance(bound + 0.03) == pytest.approx(half - 0.03, abs=1e-3)  # to different
    wide = judge(normal(0.1, 0.2))  # both ends stick out: the farther one decides
    assert wide.distance == pytest.approx(0.1 + Z * 0.2 - bound, abs=1e-3)
    inside = np.diff(stats.norm(0.2, 0.05).cdf([-bound, bound]))[0]
    assert distance(0.2, PROBABILITY) == pytest.approx(0.95 - inside, abs=1e-3)


def test_interval_bound_has_the_mcse_of_a_quantile() -> None:
    """For n independent draws: sqrt(p (1 - p) / n) / density at the quantile."""
    n = 4000
    verdict = judge(normal(0.0, 0.1, n))
    density = stats.norm(0, 0.1).pdf(Z * 0.1)
    assert verdict.distance_mcse == pytest.approx(np.sqrt(0.025 * 0.975 / n) / density, rel=0.25)


def test_too_close_to_call_asks_for_draws_and_then_gives_up() -> None:
    mean = np.log(1.25) - Z * 0.05 - 0.001  # equivalent by 0.001
    draws = normal(mean, 0.05, 4000)
    first = judge(draws)
    assert first.word is VerdictWord.EQUIVALENT
    assert too_close(first)
    last = decide(CONTRAST, HR, draws, ROPE, INTERVAL, exhausted=True)
    assert (last.word, last.direction) == (VerdictWord.UNDECIDED, None)
    assert last.reasons == ("too close to call by simulation",)
    clear = decide(CONTRAST, HR, normal(0.0, 0.05), ROPE, INTERVAL, exhausted=True)
    assert (clear.word, clear.reasons) == (VerdictWord.EQUIVALENT, ())
    one_sided = decide(CONTRAST, HR, draws, ROPE, Rule(harm=Harm.MORE_EVENTS), exhausted=True)
    assert (one_sided.word, one_sided.reasons) == (VerdictWord.NOT_SHOWN, ("too close to call by simulation",))


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("rule", [INTERVAL, Rule(interval=IntervalKind.HDI), Rule(RuleName.PROBABILITY, threshold=0.9)])
@pytest.mark.parametrize("estimand", [HR, Estimand.RMST_DIFFERENCE])
def test_smallest_rope_is_accepted_and_a_smaller_one_is_not(side: Side, rule: Rule, estimand: Estimand) -> None:
    harm = next((each for each in Harm if each.side(estimand) is side), None)
    rule = dataclasses.replace(rule, harm=harm)
    draws = normal(0.07, 0.11, 4000)
    smallest = judge(draws, rule, estimand=estimand).smallest_rope

    def word(m: float) -> VerdictWord:
        rope = Rope(1 / m if estimand.is_ratio else -m, m, "test", None, before_data=True, estimand=estimand)
        return judge(draws, rule, rope, estimand).word

    accepted = {VerdictWord.EQUIVALENT, VerdictWord.NON_INFERIOR}
    assert word(smallest * 1.001) in accepted
    assert word(smallest * 0.99) not in accepted


def test_differences_are_read_as_they_are() -> None:
    rope = Rope(-2.0, 2.0, "a month", None, before_data=True, estimand=Estimand.RMST_DIFFERENCE)
    verdict = judge(normal(0.5, 0.6), rope=rope, estimand=Estimand.RMST_DIFFERENCE)
    assert verdict.word is VerdictWord.EQUIVALENT
    assert verdict.interval == pytest.approx((0.5 - Z * 0.6, 0.5 + Z * 0.6), abs=1e-2)
    assert verdict.smallest_rope == pytest.approx(0.5 + Z * 0.6, rel=1e-2)


def test_withheld_keeps_its_numbers() -> None:
    draws = normal(0.0, 0.05)
    verdict = decide(CONTRAST, HR, draws, ROPE, INTERVAL, withheld=["R-hat is 1.2."], exhausted=True)
    given = judge(draws)
    assert (verdict.word, verdict.reasons) == (VerdictWord.WITHHELD, ("R-hat is 1.2.",))
    assert not too_close(verdict)
    assert dataclasses.replace(verdict, word=given.word, reasons=()) == given


def test_post_hoc_rope_is_exploratory() -> None:
    draws = normal(0.0, 0.05)
    after = dataclasses.replace(ROPE, before_data=False)
    assert decide(CONTRAST, HR, draws, after, INTERVAL, labels=["conditional"]).labels == ("exploratory", "conditional")
    assert decide(CONTRAST, HR, draws, ROPE, INTERVAL, labels=["conditional"]).labels == ("conditional",)


def test_probability_rule_needs_its_threshold() -> None:
    with pytest.raises(StudyError, match="needs a threshold"):
        judge(normal(0.0, 0.1), Rule(RuleName.PROBABILITY))


def test_broken_draws_are_withheld_without_a_crash() -> None:
    draws = normal(0.0, 0.1, 4000)
    draws[0, 0] = np.nan
    verdict = decide(CONTRAST, HR, draws, ROPE, INTERVAL, withheld=["1 draw is not a number."])
    assert verdict.word is VerdictWord.WITHHELD
    assert np.isnan(verdict.mean)


def test_false_equivalence_at_the_edge_is_at_most_two_and_a_half_percent() -> None:
    """True HR 1.25, flat prior, SE 0.10: the 95% interval clears the edge in Phi(-1.96) of the trials,
    but for those that fail at the other end. The 0.95 probability rule lets 5% through."""
    trials, se = 20_000, 0.10
    region = Region(np.log(0.80), np.log(1.25))
    estimates = np.random.default_rng(23).normal(region.high, se, trials)

    def exact(numbers: tuple[float, ...]) -> list[Simulated]:
        return [Simulated(float(number), 0.0) for number in numbers]

    by_interval = [judge_interval(*exact((e - Z * se, e + Z * se)), region, Side.TWO_SIDED).word for e in estimates]
    below, above = stats.norm.cdf((region.low - estimates) / se), stats.norm.sf((region.high - estimates) / se)
    by_probability = [
        judge_probability(*exact((b, 1 - a - b, a)), 0.95, Side.TWO_SIDED).word
        for b, a in zip(below, above, strict=True)
    ]
    for words, rate in ((by_interval, 0.025), (by_probability, 0.05)):
        share = np.mean([word is VerdictWord.EQUIVALENT for word in words])
        assert share <= rate + 3 * np.sqrt(rate * (1 - rate) / trials)
        assert share > rate / 2


HEALTHY = Health(True, (), 1.002, 1500, 1400, 0, 0.9)


def test_gates_give_every_reason() -> None:
    ill = dataclasses.replace(HEALTHY, passed=False, findings=("R-hat of group_effect[new] is 1.2.",))
    enough = {"new": 5, "old": 40}
    assert gates(HEALTHY, True, "", enough) == ()
    assert gates(HEALTHY, None, "no frequentist counterpart", enough) == ()
    reasons = gates(ill, False, "0.4 SE apart.", {"new": 4, "old": 1})
    assert reasons == (
        "R-hat of group_effect[new] is 1.2.",
        "new has 4 events; at least 5 are needed in a compared group.",
        "old has 1 event; at least 5 are needed in a compared group.",
        "The cross-check disagrees: 0.4 SE apart.",
    )
    assert gates(HEALTHY, True, "", {"new": 9, "old": 40}, minimum=10)[0].startswith("new has 9 events")
