"""What printed ratios say: the closed forms against the paper's oracles, draws, quadrature and statsmodels."""

from __future__ import annotations

import math

import numpy as np
import pytest
import xarray as xr
from scipy.integrate import quad
from scipy.stats import halfnorm, norm
from statsmodels.stats.meta_analysis import combine_effects

from bayesrefract.decision import VerdictWord
from bayesrefract.decision.attainability import attain
from bayesrefract.decision.decision import decide
from bayesrefract.model.priors import resolve_group_prior
from bayesrefract.papers import Ratio, read_number
from bayesrefract.papers.assess import Terms, assess
from bayesrefract.papers.combine import contrast, hartung_knapp, over_tau, pool
from bayesrefract.report.tables.published import against_sentence, few_studies, sentence_of, warnings
from bayesrefract.study.model import GroupPriorName, Priors
from bayesrefract.study.rope import Estimand, Harm, Rope, Rule, RuleName
from bayesrefract.study.study import Contrast

ROPE = Rope(0.80, 1.25, "bioequivalence", None, before_data=False)


def terms(prior: str = "flat", rule: Rule | None = None) -> Terms:
    return Terms(ROPE, rule or Rule(), resolve_group_prior(Priors(group=GroupPriorName(prior)), ROPE))


def ratio(text: str, group: str = "standard", reference: str = "low", study: str = "") -> Ratio:
    estimate, low, high = (read_number(each) for each in text.split())
    return Ratio(group, reference, estimate, low, high, study=study)


@pytest.mark.parametrize(
    ("text", "inside", "at_best", "smallest"),
    [("0.99 0.73 1.33", 0.854, 0.855, 1.36), ("0.83 0.50 1.39", 0.498, 0.608, 2.01)],
)
def test_the_printed_intervals_of_the_paper(text: str, inside: float, at_best: float, smallest: float) -> None:
    judged = assess(ratio(text), terms())
    assert judged.verdict.p_inside == pytest.approx(inside, abs=0.0005)
    assert judged.reach.best_inside == pytest.approx(at_best, abs=0.0005)
    assert judged.verdict.smallest_rope == pytest.approx(smallest, abs=0.005)
    assert judged.verdict.word is VerdictWord.UNDECIDED
    assert not judged.reach.possible
    assert judged.other_words == ()
    low, high = judged.inside_digits or (1, 0)
    assert low < judged.verdict.p_inside < high
    assert high - low < 0.025


def test_two_adjusted_ratios_over_a_range_of_correlations() -> None:
    first, second = ratio("2.08 1.42 3.0", reference="none"), ratio("2.13 1.56 2.9", "low", "none")
    found = contrast(first, second, (0, 0.7), terms())
    inside = dict(zip(found.correlations, (each.verdict.p_inside for each in found.assessments), strict=True))
    errors = dict(zip(found.correlations, found.errors, strict=True))
    for r, p, error in ((0, 0.63, 0.248), (0.3, 0.71, 0.207 + 0.001), (0.5, 0.79, 0.176 + 0.001), (0.7, 0.89, 0.138)):
        assert inside[r] == pytest.approx(p, abs=0.005)
        assert errors[r] == pytest.approx(error, abs=0.0011)
    said = against_sentence(list(zip(found.correlations, found.assessments, strict=True)))
    assert said.endswith("P(inside) goes from 0.630 to 0.888; the verdict is undecided at every one of them.")


def test_where_the_correlation_decides_no_verdict_is_given() -> None:
    found = contrast(ratio("1.00 0.87 1.15"), ratio("1.00 0.87 1.15", "other"), (0.0, 0.9), terms())
    words = [each.verdict.word for each in found.assessments]
    assert {words[0], words[-1]} == {VerdictWord.EQUIVALENT}
    wide = contrast(ratio("1.00 0.80 1.25"), ratio("1.00 0.80 1.25", "other"), (0.0, 0.9), terms())
    said = against_sentence(list(zip(wide.correlations, wide.assessments, strict=True)))
    assert "the verdict depends on the correlation, so none is given: undecided at 0;" in said


RULES = [
    Rule(),
    Rule(level=0.80),
    Rule(RuleName.PROBABILITY, threshold=0.90),
    Rule(harm=Harm.MORE_EVENTS),
    Rule(RuleName.PROBABILITY, threshold=0.60, harm=Harm.FEWER_EVENTS),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.name}-{rule.harm}-{rule.level}")
@pytest.mark.parametrize("prior", ["flat", "default", "sceptical"])
@pytest.mark.parametrize("text", ["0.99 0.73 1.33", "1.02 0.95 1.10", "0.56 0.44 0.71", "1.15 0.90 1.47"])
def test_closed_form_and_draws_give_one_verdict(text: str, prior: str, rule: Rule) -> None:
    """The same decision as from draws, at the quantiles of the posterior instead of a sampler's draws."""
    by = terms(prior, rule)
    judged = assess(ratio(text), by)
    n = 4000
    parts = judged.posterior
    grid = np.linspace(parts.mean - 9 * parts.sd, parts.mean + 9 * parts.sd, 20_001)
    below = norm.cdf(grid[:, None], parts.means, parts.sds) @ parts.weights
    draws = np.interp((np.arange(n) + 0.5) / n, below, grid)
    draws = np.random.default_rng(1).permutation(draws).reshape(4, -1)
    twin = decide(
        Contrast("standard", "low"), Estimand.HAZARD_RATIO, xr.DataArray(draws, dims=("chain", "draw")), ROPE, rule
    )
    mine = judged.verdict
    assert (mine.word, mine.direction) == (twin.word, twin.direction)
    for name in ("p_below", "p_inside", "p_above", "median", "mean", "sd", "distance", "smallest_rope"):
        assert getattr(mine, name) == pytest.approx(getattr(twin, name), rel=0.01, abs=1.5e-3), name
    assert mine.interval == pytest.approx(twin.interval, rel=2e-3)


def test_attainability_from_a_width_is_that_from_events() -> None:
    """100 events each have the standard error sqrt(1/100 + 1/100)."""
    error = math.sqrt(2 / 100)
    limits = [math.exp(sign * norm.ppf(0.975) * error) for sign in (-1, 1)]
    judged = assess(ratio(f"1.0000000 {limits[0]:.9f} {limits[1]:.9f}"), terms())
    twin = attain(100, 100, ROPE)
    assert judged.reach.power == pytest.approx(twin.power, abs=1e-6)
    assert judged.reach.best_inside == pytest.approx(twin.best_inside, abs=1e-6)
    assert judged.reach.events_implied == pytest.approx(200, abs=1)
    assert 200 * judged.reach.more_needed == pytest.approx(twin.events_needed, abs=1)


@pytest.mark.parametrize("prior", ["default", "wide", "sceptical"])
def test_the_posterior_is_prior_times_likelihood(prior: str) -> None:
    by = terms(prior)
    printed = ratio("0.83 0.50 1.39")

    def density(x: float) -> float:
        humps = zip(by.prior.locations, by.prior.sds, strict=True)
        before = sum(float(norm.pdf(x, m, s)) for m, s in humps) / 2
        return before * float(norm.pdf(printed.log_estimate, x, printed.log_se))

    inside, whole = (quad(density, *ends)[0] for ends in ((math.log(0.8), math.log(1.25)), (-5, 5)))
    assert assess(printed, by).verdict.p_inside == pytest.approx(inside / whole, abs=1e-7)


def test_a_claim_that_a_narrow_prior_makes_is_withheld() -> None:
    judged = assess(ratio("0.99 0.73 1.33"), terms("enthusiastic"))
    assert judged.verdict.word is VerdictWord.WITHHELD
    assert "no claim rests on it alone" in sentence_of(judged)
    assert assess(ratio("1.00 0.95 1.05"), terms()).verdict.word is VerdictWord.EQUIVALENT


def test_an_asymmetric_interval_and_open_digits_are_told() -> None:
    assert "its limits imply 3.88 to 3.91" in warnings([assess(ratio("3.97 2.23 6.8"), terms())])[0]
    assert warnings([assess(ratio("0.99 0.73 1.33"), terms())]) == []
    edge = assess(ratio("1.0 0.8 1.2"), terms())
    assert set(edge.other_words) | {edge.verdict.word} == {VerdictWord.EQUIVALENT, VerdictWord.UNDECIDED}
    assert "other values with the same printed digits would be" in warnings([edge])[0]


STUDIES = [("0.99 0.73 1.33", "a"), ("0.83 0.50 1.39", "b"), ("1.50 1.10 2.05", "c"), ("1.10 0.90 1.34", "d")]


def studies() -> list[Ratio]:
    return [ratio(text, study=study) for text, study in STUDIES]


@pytest.mark.parametrize("count", [3, 4])
def test_the_classical_mean_is_that_of_statsmodels(count: int) -> None:
    chosen = studies()[:count]
    estimates = np.array([each.log_estimate for each in chosen])
    errors = np.array([each.log_se for each in chosen])
    mine, tau = hartung_knapp(estimates, errors, 0.95)
    twin = combine_effects(estimates, errors**2, method_re="iterated", use_t=False, atol=1e-12)
    low, high = twin.conf_int(use_t=True)[3]
    assert tau**2 == pytest.approx(max(twin.tau2, 0), abs=1e-6)
    assert (mine.low, mine.high) == pytest.approx((math.exp(low), math.exp(high)), rel=1e-5)
    assert mine.estimate == pytest.approx(math.exp(twin.mean_effect_re), rel=1e-6)


AGREEING = ("0.99 0.73 1.33", "0.98 0.80 1.20", "1.00 0.90 1.11")


def test_studies_that_agree_keep_the_limits_of_their_own_errors() -> None:
    """Tau is 0 and the scale of Hartung and Knapp 0.016: unbounded, it says 0.97 to 1.02, as statsmodels does."""
    agreeing = [ratio(text) for text in AGREEING]
    estimates = np.array([each.log_estimate for each in agreeing])
    errors = np.array([each.log_se for each in agreeing])
    mine, tau = hartung_knapp(estimates, errors, 0.95)
    error = np.sum(errors**-2) ** -0.5
    mean = float(errors**-2 @ estimates) * error**2
    reach = 4.302653 * error  # t with 2 degrees of freedom
    assert tau == 0
    assert (mine.low, mine.high) == pytest.approx((math.exp(mean - reach), math.exp(mean + reach)), rel=1e-6)
    unbounded = combine_effects(estimates, errors**2, method_re="iterated", use_t=False, atol=1e-12)
    assert mine.high - mine.low > 6 * np.ptp(np.exp(unbounded.conf_int(use_t=True)[3]))


def test_pooled_limits_are_never_narrower_than_those_of_the_fixed_effect() -> None:
    random = np.random.default_rng(8)
    for spread in (0.0, 0.05, 0.5):
        for _ in range(40):
            errors = random.uniform(0.05, 0.4, random.integers(2, 9))
            estimates = random.normal(0, np.sqrt((errors * random.uniform()) ** 2 + spread**2))
            limits, _ = hartung_knapp(estimates, errors, 0.95)
            fixed = 2 * norm.ppf(0.975) * np.sum(errors**-2) ** -0.5
            assert math.log(limits.high / limits.low) >= fixed * (1 - 1e-12)


def test_few_studies_are_named_with_what_then_decides() -> None:
    few = pool(studies(), terms(), 0.5)
    assert "Only 4 studies: fewer than 5" in few_studies(few)[0]
    assert "depend on the prior of tau (half-normal, scale 0.5)" in few_studies(few)[0]
    assert few_studies(pool([*studies(), ratio("1.02 0.80 1.30", study="e")], terms(), 0.5)) == []


def test_pooling_is_the_double_integral_over_mean_and_spread() -> None:
    """P(inside) by a plain grid over mu and tau, with the sceptical prior too."""
    chosen = studies()
    mus, taus = np.linspace(-2.5, 2.5, 2001), np.linspace(0, 3, 1501)
    log_likelihood = sum(
        norm.logpdf(each.log_estimate, mus[:, None], np.sqrt(each.log_se**2 + taus**2)) for each in chosen
    )
    density = np.exp(log_likelihood) * halfnorm.pdf(taus, scale=0.5)
    density[:, 0] /= 2  # trapezium at the edge
    for prior in ("flat", "sceptical"):
        by = terms(prior)
        before = sum(norm.pdf(mus, m, s) for m, s in zip(by.prior.locations, by.prior.sds, strict=True))
        weights = density.sum(axis=1) * (1.0 if by.prior.flat else before)
        grid = (np.cumsum(weights) - weights / 2) / weights.sum()
        low, high = (float(np.interp(math.log(bound), mus, grid)) for bound in (0.80, 1.25))
        pooled = pool(chosen, by, 0.5)
        assert pooled.assessment.verdict.p_inside == pytest.approx(high - low, abs=2e-4)


def test_without_spread_pooling_is_the_weighted_mean() -> None:
    pooled = pool(studies(), terms(), 1e-6)
    weights = np.array([each.log_se**-2 for each in studies()])
    mean = weights @ [each.log_estimate for each in studies()] / weights.sum()
    assert pooled.assessment.verdict.mean == pytest.approx(mean, abs=1e-6)
    assert pooled.assessment.verdict.sd == pytest.approx(weights.sum() ** -0.5, rel=1e-6)


def test_weights_over_tau_add_up_and_reach_far_enough() -> None:
    taus, weights, _, _ = over_tau(np.array([0.0, 2.0]), np.array([0.1, 0.1]), 0.5)
    assert weights.sum() == pytest.approx(1)
    assert weights[taus > 2.9].sum() < 1e-4


def test_rows_of_one_study_count_once_where_they_are_one_thing() -> None:
    """Perfectly correlated copies of a row are that row; independent ones are worth twice as much."""
    twice = [ratio("0.99 0.73 1.33", study="a"), ratio("0.99 0.73 1.33", study="a"), ratio("1.10 0.90 1.34", study="b")]
    once = pool(twice[1:], terms(), 0.5)
    nearly = pool(twice, terms(), 0.5, 0.999999)
    assert nearly.assessment.verdict.p_inside == pytest.approx(once.assessment.verdict.p_inside, abs=1e-4)
    apart = pool(twice, terms(), 0.5, 0.0)
    assert apart.studies[0][2] == pytest.approx(once.studies[0][2] / math.sqrt(2))
