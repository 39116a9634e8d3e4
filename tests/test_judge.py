"""Every gate through `judge`: what withholds any word, and what a claim of equality must not rest on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from cohorts import gbsg2, make_question
from findings_example import a_question, an_agreement
from scipy.stats import norm

from bayesrefract.classical.agree import ROUNDED_TIMES
from bayesrefract.classical.agreement import Companion, CoxContrast
from bayesrefract.cohort.exposure import ExposureTable, tabulate
from bayesrefract.decision import Verdict, VerdictWord
from bayesrefract.decision.diagnostics import Health
from bayesrefract.decision.implied import Implied
from bayesrefract.decision.judge import NOT_BY_DEFAULT, NOT_BY_EFRON, PRIOR_ALONE, judge
from bayesrefract.decision.question import Case
from bayesrefract.estimands import Effects
from bayesrefract.inference.mode import approximate
from bayesrefract.model.effects import design
from bayesrefract.model.priors import default_prior, resolve_group_prior
from bayesrefract.study.model import Baseline, BaselineKind, GroupPriorName, Intervals, Model, Priors
from bayesrefract.study.rope import Estimand, Rope

EQUIVALENT, DIFFERENT = VerdictWord.EQUIVALENT, VerdictWord.DIFFERENT
UNDECIDED, WITHHELD = VerdictWord.UNDECIDED, VerdictWord.WITHHELD
MODEL = Model("primary", "", "", baseline=Baseline(BaselineKind.INDEPENDENT), intervals=Intervals(maximum=6))
COHORT = gbsg2(("age", "pnodes"))
TABLE = tabulate(COHORT, MODEL.intervals)
ASKED = replace(
    make_question(COHORT, "no"),
    ropes=(
        Rope(0.80, 1.25, "test", None, before_data=True),
        Rope(-90, 90, "test", None, before_data=True, estimand=Estimand.RMST_DIFFERENCE),
    ),
)
HEALTHY = Health(True, (), 1.002, 1500, 1400, 0, 0.9)
EQUAL, LOWER = (0.01, 0.08), (-0.7, 0.08)
"""Mean and SD of a log hazard ratio: one that the range holds, and one that lies wholly below it."""


def draws(mean: float, sd: float) -> xr.DataArray:
    """Normal quantiles in random order, dims (chain, draw, contrast)."""
    values = mean + sd * norm.ppf((np.arange(4000) + 0.5) / 4000)
    mixed = np.random.default_rng(1).permutation(values).reshape(4, 1000, 1)
    return xr.DataArray(mixed, dims=("chain", "draw", "contrast"), coords={"contrast": [ASKED.primary.label]})


def effects(ratio: tuple[float, float], days: tuple[float, float] = (5.0, 20.0)) -> Effects:
    return Effects(ASKED.contrasts, draws(*ratio), None, xr.DataArray(0.0), rmst_difference=draws(*days))


def as_drawn(ratio: tuple[float, float], default: tuple[float, float] | None = None) -> Implied:
    """Draws of which the mode says the same; the default prior too, where nothing else is given."""
    return Implied("yes", "no", ratio, ratio, default or ratio)


def judged(
    ratio: tuple[float, float],
    implied: Implied | None = None,
    *,
    prior: GroupPriorName = GroupPriorName.DEFAULT,
    cox: tuple[float, float] | None = None,
    unfit: str = "",
    claim: tuple[Estimand, ...] = (),
    health: Health = HEALTHY,
) -> tuple[Verdict, Verdict]:
    """The verdicts on the hazard ratio and on the restricted mean; with `cox`, event times are rounded."""
    agreement = replace(an_agreement(a_question(), 1), companion=(), cox=())
    if cox is not None:
        companion = Companion("yes", "no", *ratio, agrees=True, labels=(ROUNDED_TIMES,))
        seen = CoxContrast("yes", "no", *cox, p=0.5, ties="efron")
        agreement = replace(agreement, companion=(companion,), cox=(seen,))
    resolved = resolve_group_prior(Priors(prior), ASKED.ropes[0])
    case = Case(replace(ASKED, claim=claim), MODEL, resolved, TABLE)
    compared = () if implied is None else (implied,)
    one, other = judge(case, effects(ratio), health, agreement, compared, exhausted=True, unfit=unfit)
    return one, other


def test_without_any_objection_the_rule_speaks() -> None:
    for ratio, word in ((EQUAL, EQUIVALENT), (LOWER, DIFFERENT)):
        one, other = judged(ratio, as_drawn(ratio))
        assert (one.word, one.reasons, one.labels) == (word, (), ())
        assert other.word is EQUIVALENT


def test_curves_that_do_not_fit_withhold_what_is_read_from_them() -> None:
    one, other = judged(EQUAL, as_drawn(EQUAL), unfit="The curves do not fit.")
    assert (one.word, one.reasons) == (EQUIVALENT, ())
    assert (other.word, other.direction, other.reasons) == (WITHHELD, None, ("The curves do not fit.",))
    both = (Estimand.HAZARD_RATIO, Estimand.RMST_DIFFERENCE)
    one, other = judged(EQUAL, as_drawn(EQUAL), unfit="The curves do not fit.", claim=both)
    assert (one.word, other.word) == (UNDECIDED, WITHHELD)
    assert "RMST difference withheld" in one.reasons[0]


def test_no_claim_of_equality_rests_on_a_prior_that_favours_it() -> None:
    enthusiastic = GroupPriorName.ENTHUSIASTIC
    for implied in (None, as_drawn(EQUAL, (0.1, 0.12))):
        one, other = judged(EQUAL, implied, prior=enthusiastic)
        assert (one.word, one.reasons) == (WITHHELD, (PRIOR_ALONE,))
        assert other.word is WITHHELD, "its draws have the same prior"
    one, _ = judged(EQUAL, as_drawn(EQUAL, (0.0, 0.09)), prior=enthusiastic)
    assert (one.word, one.labels) == (EQUIVALENT, ("prior favours equivalence",))
    assert judged(LOWER, as_drawn(LOWER), prior=enthusiastic)[0].word is DIFFERENT


@pytest.mark.parametrize("prior", [GroupPriorName.DEFAULT, GroupPriorName.FLAT])
def test_a_claim_that_prior_or_pooling_move_needs_the_default_prior_to_say_it_too(prior: GroupPriorName) -> None:
    one, _ = judged(EQUAL, as_drawn(EQUAL, (0.15, 0.09)), prior=prior)
    assert one.word is UNDECIDED
    assert NOT_BY_DEFAULT in one.reasons[0]
    assert any("prior and pooling move the log hazard ratio by 1.56 SD" in label for label in one.labels)
    kept, _ = judged(EQUAL, as_drawn(EQUAL, (0.06, 0.06)), prior=prior)
    assert kept.word is EQUIVALENT
    assert any("prior and pooling move" in label for label in kept.labels)
    apart, _ = judged(LOWER, as_drawn(LOWER, (-0.1, 0.09)), prior=prior)
    assert apart.word is DIFFERENT, "a difference is labelled, and stays"
    assert any("prior and pooling move" in label for label in apart.labels)


def test_a_claim_on_rounded_times_needs_efrons_interval_inside_too() -> None:
    one, other = judged(EQUAL, as_drawn(EQUAL), cox=(0.12, 0.09))
    assert (one.word, one.reasons, one.labels) == (UNDECIDED, (NOT_BY_EFRON,), (ROUNDED_TIMES,))
    assert (other.word, other.labels) == (EQUIVALENT, ()), "ties concern ratios alone"
    assert judged(EQUAL, as_drawn(EQUAL), cox=(0.02, 0.09))[0].word is EQUIVALENT
    assert judged(LOWER, as_drawn(LOWER), cox=(0.0, 0.09))[0].word is DIFFERENT


def mode(table: ExposureTable) -> tuple[float, float]:
    found = approximate(table, design(table, MODEL), MODEL.baseline, default_prior(), ASKED.primary, learnt={})
    assert found is not None
    return found.contrast(ASKED.primary)


def changed(table: ExposureTable, **values: object) -> ExposureTable:
    return replace(table, data=table.data.assign({name: (table.data[name].dims, v) for name, v in values.items()}))


def wrong_padding(table: ExposureTable) -> tuple[float, float]:
    """Where the first half of the intervals are taken for padding, which has neither events nor time."""
    real = np.arange(table.events.shape[1]) >= table.events.shape[1] // 2
    return mode(changed(table, events=table.events * real, exposure=table.exposure * real))


def test_draws_of_other_data_withhold_a_difference_too() -> None:
    """Where therapy spares five in six early events and half of the late ones; faulty draws would be different too."""
    early = np.arange(TABLE.events.shape[1]) < TABLE.events.shape[1] // 2
    share = np.where((TABLE.group == TABLE.groups.index("yes"))[:, None], np.where(early, 1 / 6, 0.5), 1.0)
    table = changed(TABLE, events=np.random.default_rng(4).binomial(TABLE.events.astype(int), share).astype(float))
    honest = mode(table)
    found = {
        "exchanged labels": mode(changed(table, group=1 - table.group)),
        "a sign error": (-honest[0], honest[1]),
        "a wrong padding": wrong_padding(table),
    }
    assert judged(honest, as_drawn(honest))[0].word is DIFFERENT
    for what, faulty in found.items():
        assert judged(faulty)[0].word is DIFFERENT, what
        verdict, _ = judged(faulty, Implied("yes", "no", faulty, honest, honest))
        assert verdict.word is WITHHELD, what
        assert verdict.reasons[0].startswith("The draws are not those that data and prior imply"), what


def test_draws_that_have_not_converged_are_told_for_that_alone() -> None:
    ill = replace(HEALTHY, passed=False, findings=("R-hat is 1.2.",))
    verdict, _ = judged(EQUAL, Implied("yes", "no", EQUAL, LOWER, LOWER), health=ill)
    assert (verdict.word, verdict.reasons) == (WITHHELD, ("R-hat is 1.2.",))
