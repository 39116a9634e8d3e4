"""A hazard ratio that averages over unequal periods is not called equal: oracles, simulated trials, and the words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from changing_ratio_oracles import O1, O2, O3, O4, Table
from cohorts import make_cohort, make_question
from findings_example import an_agreement
from findings_example import findings as made_findings
from scipy.stats import norm

import bayesrefract as br
from bayesrefract.cohort.exposure import ExposureTable, tabulate
from bayesrefract.decision import Verdict, VerdictWord
from bayesrefract.decision.diagnostics import Health
from bayesrefract.decision.judge import judge
from bayesrefract.decision.question import NOT_ONE_RATIO, OPPOSITE, UNEQUAL, Case
from bayesrefract.estimands import Effects
from bayesrefract.model.priors import default_prior
from bayesrefract.proportionality.check import (
    LEAST_EVENTS,
    Proportionality,
    Reading,
    by_ratio_over_time,
    by_residuals,
    events_until,
)
from bayesrefract.proportionality.pair import from_table
from bayesrefract.report.headline import headline
from bayesrefract.report.json.verdict import to_json
from bayesrefract.report.proportionality_words import proportionality_sentence
from bayesrefract.report.terminal import lines, short_table
from bayesrefract.study.model import Intervals, Model
from bayesrefract.study.rope import Harm, Rope, Rule, Side
from bayesrefract.study.study import TimeUnit

EQUIVALENT, DIFFERENT, UNDECIDED = VerdictWord.EQUIVALENT, VerdictWord.DIFFERENT, VerdictWord.UNDECIDED
NON_INFERIOR, NOT_SHOWN = VerdictWord.NON_INFERIOR, VerdictWord.NOT_SHOWN
ROPE = Rope(0.80, 1.25, "test", None, before_data=True)
HARM = Rule(harm=Harm.MORE_EVENTS)
HEALTHY = Health(True, (), 1.002, 1500, 1400, 0, 0.9)
COHORT = make_cohort(np.arange(1.0, 101.0), [True] * 100, ["new", "old"] * 50, ("old", "new"))
ASKED = replace(make_question(COHORT, "old"), ropes=(ROPE,))
HIGHER_LATE = Table(((120, 110, 100), (110, 230, 260)), ((3000, 3000, 3000), (3000, 3000, 3000)), (3, 9, 22))
"""Wholly different on average (about 1.8), and never on the other side of 1."""
TURNING = Table(((300, 150, 100), (150, 330, 300)), ((3000, 3000, 3000), (3000, 3000, 3000)), (3, 9, 22))
"""Wholly different on average, and spared at first: hazard ratios 0.5, 2.2 and 3."""
LOWER_EARLY = Table(((150, 150, 150), (70, 145, 150)), ((3000, 3000, 3000), (3000, 3000, 3000)), (3, 9, 22))
"""Nobody is harmed at any time: hazard ratios 0.5, 1 and 1."""


def as_table(oracle: Table) -> ExposureTable:
    """Groups old and new with the oracle's events, person-time and midpoints."""
    middle = np.array(oracle.midpoints)
    edges = [0.0]
    for each in middle:
        edges.append(2 * each - edges[-1])
    events, exposure = (np.array(each, dtype=float) for each in (oracle.events, oracle.exposure))
    data = xr.Dataset(
        {
            "events": (("pattern", "interval"), events),
            "exposure": (("pattern", "interval"), exposure),
            "group": ("pattern", np.array([0, 1])),
            "stratum": ("pattern", np.array([0, 0])),
            "n_patients": ("pattern", events.sum(axis=1)),
            "group_sizes": ("level", events.sum(axis=1).astype(np.int64)),
            "last_event": edges[-1],
            "last_exit": edges[-1],
        },
        coords={"start": ("interval", edges[:-1]), "end": ("interval", [*edges[1:-1], np.inf])},
    )
    return ExposureTable(data, ("old", "new"), ("all",), (), TimeUnit.MONTHS)


def checked(
    oracle: Table, rope: Rope = ROPE, side: Side = Side.TWO_SIDED, horizon: float | None = None
) -> Proportionality:
    return by_ratio_over_time(as_table(oracle), "new", "old", [(rope, side)], horizon=horizon, schoenfeld_p=0.2)


def judged(
    mean: float, sd: float, check: Proportionality, *, rule: Rule | None = None, table: ExposureTable | None = None
) -> Verdict:
    """The verdict on normal draws of the average log hazard ratio, with this check beside it."""
    asked = replace(ASKED, rule=rule or Rule())
    values = mean + sd * norm.ppf((np.arange(4000) + 0.5) / 4000)
    mixed = np.random.default_rng(1).permutation(values).reshape(4, 1000, 1)
    draws = xr.DataArray(mixed, dims=("chain", "draw", "contrast"), coords={"contrast": [asked.primary.label]})
    case = Case(asked, Model("primary", "", ""), default_prior(), table or tabulate(COHORT, Intervals(maximum=4)))
    nothing = replace(an_agreement(made_findings().analysis, 1), companion=(), cox=())
    effects = Effects(asked.contrasts, draws, None, xr.DataArray(0.0))
    (verdict,) = judge(case, effects, HEALTHY, nothing, exhausted=True, proportionality=(check,))
    return verdict


def told(verdict: Verdict, check: Proportionality) -> str:
    made = replace(made_findings(), verdicts=(verdict,), proportionality=(check,))
    return proportionality_sentence(made, verdict)


@pytest.mark.parametrize(
    ("oracle", "mean", "sd", "factor", "outside", "word", "reading"),
    [
        (O1, -0.03673, 0.07588, 1.1465e7, 0.99982, UNDECIDED, Reading.UNEQUAL),
        (O2, -0.00036, 0.06722, 0.24189, 0.0598, EQUIVALENT, Reading.CONSTANT),
        (O3, -0.02302, 0.06609, 8.1209, 0.7216, UNDECIDED, Reading.UNEQUAL),
        (O4, 0.00634, 0.04040, 2.5777, 0.1177, EQUIVALENT, Reading.CONSTANT),
    ],
)
def test_words_of_the_oracles(
    oracle: Table, mean: float, sd: float, factor: float, outside: float, word: VerdictWord, reading: Reading
) -> None:
    """Averages, Bayes factors and probabilities by quadrature; B within 4 errors and the digits printed."""
    check = checked(oracle)
    verdict = judged(mean, sd, check)
    assert check.draws is not None
    thirds = check.on(ROPE)
    assert thirds is not None
    assert check.draws.log_bayes_factor == pytest.approx(np.log(factor), abs=4 * check.draws.error + 1e-4)
    assert thirds.outside.value == pytest.approx(outside, abs=4 * thirds.outside.mcse + 5e-4)
    assert check.reading(ROPE) is reading
    assert (verdict.word, verdict.reasons) == (word, () if word is EQUIVALENT else (NOT_ONE_RATIO,))
    assert (UNEQUAL in verdict.labels) == (word is UNDECIDED)


def test_what_is_printed_of_a_stopped_and_of_a_passed_claim() -> None:
    check = checked(O3)
    text = told(judged(-0.02302, 0.06609, check), check)
    assert text == (
        "The average hazard ratio lies inside the declared range, but the data speak against one constant "
        "ratio (Bayes factor 8.1), and in the early, middle or late third of the events it more likely lies outside "
        "that range than inside (probability 0.719: early 0.79, middle 0.98, late 1.21)."
    )
    check = checked(O2)
    assert told(judged(-0.00036, 0.06722, check), check) == (
        "No strong sign that the ratio changes over time (Bayes factor 0.24 against proportional hazards)."
    )


def test_the_check_never_makes_a_claim() -> None:
    for check in (checked(O2), checked(O1)):
        verdict = judged(0.15, 0.10, check)
        assert (verdict.word, verdict.reasons) == (UNDECIDED, ())
    text = told(judged(0.15, 0.10, checked(O1)), checked(O1))
    assert text.endswith("late 1.42. The hazard ratio is an average over unequal periods.")
    assert "inside" not in text, "the average does not lie inside"


def test_a_difference_keeps_its_word_with_a_label_unless_its_periods_contradict_each_other() -> None:
    check = checked(HIGHER_LATE)
    verdict = judged(0.60, 0.09, check)
    assert (verdict.word, verdict.direction, verdict.reasons) == (DIFFERENT, "above", ())
    assert UNEQUAL in verdict.labels
    assert "speak against one constant ratio" in told(verdict, check)
    check = checked(TURNING)
    verdict = judged(0.38, 0.055, check)
    assert (verdict.word, verdict.direction, verdict.reasons) == (UNDECIDED, None, (OPPOSITE,))
    assert "wholly below 1 in the early third of the events, wholly above 1 in the" in told(verdict, check)
    assert judged(0.60, 0.09, checked(O2)).labels == ()


def test_non_inferiority_looks_at_the_side_of_the_harm() -> None:
    """A benefit that comes early is no harm; a late harm is one. `fewer_events` mirrors it."""
    benefit, harm = checked(LOWER_EARLY, side=Side.ABOVE), checked(O1, side=Side.ABOVE)
    assert checked(LOWER_EARLY).reading(ROPE) is Reading.UNEQUAL
    assert judged(-0.23, 0.07, benefit, rule=HARM).word is NON_INFERIOR
    stopped = judged(-0.03673, 0.07588, harm, rule=HARM)
    assert (stopped.word, stopped.reasons) == (NOT_SHOWN, (NOT_ONE_RATIO,))
    assert "more likely lies above that margin than not" in told(stopped, harm)
    fewer = Rule(harm=Harm.FEWER_EVENTS)
    assert judged(0.0, 0.07, checked(LOWER_EARLY, side=Side.BELOW), rule=fewer).word is NOT_SHOWN


def test_too_few_events_in_a_third_leave_equality_unsaid() -> None:
    few = Table(((8, 7, 7), (7, 8, 7)), ((300, 300, 300), (300, 300, 300)), (3, 9, 22))
    check = checked(few)
    assert check.reading(ROPE) is Reading.UNKNOWN
    assert check.draws is None
    verdict = judged(0.0, 0.08, check)
    expected = (
        f"Whether the ratio changes over time cannot be checked: the two groups have 44 events, 14.7 in each third, "
        f"and at least {LEAST_EVENTS} are needed in each"
    )
    assert (verdict.word, verdict.reasons) == (UNDECIDED, (expected,))
    assert judged(0.7, 0.1, check).word is DIFFERENT
    enough = replace(few, events=((8, 7, 8), (7, 8, 7)))
    assert judged(0.0, 0.08, checked(enough)).word is EQUIVALENT


def test_thirds_are_those_of_the_events_up_to_the_horizon() -> None:
    """O1 changes at 10 months: up to there it is 110 against 180 events, and nothing in between."""
    table = as_table(O1)
    pair = from_table(table, 1, 0)
    assert events_until(pair, table, None).tolist() == [290, 400]
    assert events_until(pair, table, 10).tolist() == [290, 0]
    assert events_until(pair, table, 20).tolist() == [290, 200]
    assert events_until(pair, table, 99).tolist() == [290, 400]
    thirds = checked(O1, horizon=10).on(ROPE)
    assert thirds is not None
    assert thirds.events.sum() == 290
    assert np.exp(thirds.log_ratio) == pytest.approx([0.56] * 3, abs=0.03)
    assert "events up to 1 months" in checked(replace(O1), horizon=1).reason


@pytest.mark.parametrize(
    ("factor", "error", "word"), [(2.9, 0.02, UNDECIDED), (2.9, 0.01, EQUIVALENT), (3.0, 0.0, UNDECIDED)]
)
def test_an_error_of_the_bayes_factor_across_3_takes_the_stricter_word(
    factor: float, error: float, word: VerdictWord
) -> None:
    check = checked(O3)
    assert check.draws is not None
    uncertain = replace(check, draws=replace(check.draws, log_bayes_factor=float(np.log(factor)), error=error))
    verdict = judged(-0.02302, 0.06609, uncertain)
    assert verdict.word is word
    assert ("2.9, within its error of 3)" in told(verdict, uncertain)) == (factor < 3 and word is UNDECIDED)


@pytest.mark.parametrize(("p", "word"), [(0.009, UNDECIDED), (0.011, EQUIVALENT), (None, UNDECIDED)])
def test_where_the_ratio_is_not_fitted_over_time_the_residuals_decide(p: float | None, word: VerdictWord) -> None:
    check = by_residuals("new", "old", p, "not possible: too few distinct event times")
    verdict = judged(0.0, 0.08, check)
    assert verdict.word is word
    assert judged(0.7, 0.1, check).word is DIFFERENT
    if p is None:
        assert "too few distinct event times" in verdict.reasons[0]
    else:
        assert f"Schoenfeld p {p:.3f}" in told(verdict, check)


def test_residuals_decide_nothing_where_the_ratio_is_fitted() -> None:
    assert judged(0.0, 0.07, replace(checked(O2), schoenfeld_p=1e-9)).word is EQUIVALENT
    assert judged(0.0, 0.07, replace(checked(O1), schoenfeld_p=0.9)).word is UNDECIDED


def test_the_sentence_is_on_the_terminal_in_the_tables_and_in_the_file() -> None:
    made = made_findings()
    analysis = made.analysis
    check = replace(checked(O3, analysis.ropes[0]), group=analysis.primary.group, reference=analysis.primary.reference)
    stopped = replace(made.verdicts[0], word=UNDECIDED, reasons=(NOT_ONE_RATIO,), labels=(UNEQUAL,))
    shown = replace(made, verdicts=(stopped, *made.verdicts[1:]), proportionality=(check,))
    sentence = proportionality_sentence(shown, stopped)
    assert sentence in headline(shown)
    assert "\n".join(lines(shown)).count(sentence) == 1
    assert NOT_ONE_RATIO in short_table(shown).notes
    part = to_json(shown)["contrasts"][0]["proportionality"]
    assert (part["reading"], part["sentence"], len(part["thirds"])) == ("unequal", sentence, 3)
    assert part["log_bayes_factor"] == pytest.approx(np.log(8.1209), abs=1e-3)
    assert to_json(shown)["contrasts"][1]["proportionality"] is None
    kept = replace(made, proportionality=(replace(check, thirds=checked(O2, analysis.ropes[0]).thirds),))
    assert "In no third of the events" in headline(kept), "a change inside the range is told with the claim"
    withheld = replace(stopped, word=VerdictWord.WITHHELD, reasons=("R-hat.",))
    assert proportionality_sentence(shown, withheld) == ""


def weibull(rng: np.random.Generator, group: np.ndarray, shape: float) -> np.ndarray:
    draws = 12 * rng.exponential(size=len(group))
    return np.where(group, 12 * (draws / 12) ** (1 / shape), draws)


def turning(rng: np.random.Generator, group: np.ndarray, early: float, late: float) -> np.ndarray:
    """Hazard 0.05 a month, times `early` for 10 months and then times `late` in the group."""
    first, second = 0.05 * np.where(group, early, 1.0), 0.05 * np.where(group, late, 1.0)
    total = rng.exponential(size=len(group))
    return np.where(total < 10 * first, total / first, 10 + (total - 10 * first) / second)


@pytest.mark.parametrize(
    ("patients", "late", "word"),
    [(3000, 2.5, UNDECIDED), (3000, 1.0, EQUIVALENT), (5000, (0.45, 1.5), UNDECIDED), (5000, (1.0, 1.0), EQUIVALENT)],
    ids=["Weibull 2.5", "its proportional twin", "0.45, then 1.5", "its proportional twin too"],
)
def test_a_crossing_trial_is_not_equivalent_and_its_twin_is(
    patients: int, late: float | tuple[float, float], word: VerdictWord
) -> None:
    rng = np.random.default_rng(1 if patients == 3000 else 2)
    group = np.arange(patients) % 2
    if isinstance(late, tuple):
        time, censored = turning(rng, group, *late), np.full(patients, 40.0)
    else:
        time = weibull(rng, group, late)
        censored = rng.uniform(8.4, 22.8, patients)
    frame = pd.DataFrame({"time": np.minimum(time, censored), "event": (time <= censored).astype(int)})
    result = br.compare(
        frame.assign(arm=np.where(group, "new", "control")),
        **{"time": "time", "event": "event", "group": "arm", "reference": "control", "unit": "months"},
        rope=br.Rope(0.80, 1.25, source="convention", declared="2020-01-31", before_data=True),
        evidence="simulated",
        keep="none",
    )
    verdict = result.verdict()
    assert 0.80 < verdict.interval[0] < verdict.interval[1] < 1.25, "the average alone would be called equivalent"
    assert verdict.word is word
    if word is UNDECIDED:
        assert verdict.reasons == (NOT_ONE_RATIO,)
        assert "the data speak against one constant ratio (Bayes factor above 1,000)" in result.sentence
