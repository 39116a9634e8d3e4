"""The hazard ratio over time on what people see: counted patients, figure, page, JSON, terminal, draws for ArviZ."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from importlib.resources import files

import jsonschema
import numpy as np
import pytest
import xarray as xr
from arviz_example import a_job
from cohorts import make_cohort, make_question
from figures_example import texts
from findings_example import ROPE, a_verdict, findings, ratio_over_time, withheld

from bayesrefract.analysis.analyse import not_throughout
from bayesrefract.cohort.exposure import tabulate
from bayesrefract.cohort.value import Cohort
from bayesrefract.decision.verdict import Beside, VerdictWord
from bayesrefract.estimands import Effects
from bayesrefract.estimands.arviz_tree import arviz_tree
from bayesrefract.estimands.over_time import RatioOverTime, ratios_over_time
from bayesrefract.findings import Findings
from bayesrefract.inference.posterior import Posterior
from bayesrefract.model.arrays import arrange
from bayesrefract.model.prior_draws import prior_draws
from bayesrefract.model.priors import default_prior
from bayesrefract.pipeline import prepare
from bayesrefract.proportionality.summaries import bands
from bayesrefract.report.figures import over_time_figure, probability_bar
from bayesrefract.report.json.verdict import to_json
from bayesrefract.report.page.analysis import question_section
from bayesrefract.report.page.answer import shares
from bayesrefract.report.page.throughout import average_meaning
from bayesrefract.report.tables.verdicts import verdict_table
from bayesrefract.report.terminal import show
from bayesrefract.study.model import Baseline, BaselineKind, Intervals, Model
from bayesrefract.study.rope import Estimand
from bayesrefract.study.study import TimeUnit

CUTS = (5.25, 10.0, 20.0)
WINDOW_ROPE = replace(ROPE, estimand=Estimand.THROUGHOUT, window=(0.0, 30.0))


def cohort_of(third: int = 12) -> Cohort:
    """Three groups, the second followed up to 18 months, with delayed entry for some."""
    rng = np.random.default_rng(4)
    group = ["a"] * 30 + ["b"] * 30 + ["c"] * third
    time = np.round(rng.uniform(1, 40, len(group)), 1)
    time[30:60] = np.minimum(time[30:60], 18.0)
    entry = np.where(np.arange(len(group)) % 4 == 0, np.round(time / 3, 1), 0.0)
    return make_cohort(time, rng.random(len(group)) < 0.7, group, entry=entry, unit=TimeUnit.MONTHS)


def drawn(cohort: Cohort, seed: int, *, constant: bool = True) -> Effects:
    """Draws of a ratio that may change for every pair against a; the table has the intervals of `CUTS`."""
    rng, pairs = np.random.default_rng(seed), make_question(cohort, "a").contrasts
    labels = [pair.label for pair in pairs]
    by_time = xr.DataArray(
        rng.normal(0.2, 0.3, (4, 250, len(pairs), len(CUTS) + 1)),
        dims=("chain", "draw", "contrast", "interval"),
        coords={"contrast": labels, "interval": [0.0, *CUTS]},
    )
    held = xr.DataArray(
        rng.normal(0.1, 0.1, (4, 250, len(pairs))), dims=("chain", "draw", "contrast"), coords={"contrast": labels}
    )
    alone = Effects(pairs, held, None, xr.DataArray(0.0))
    return Effects(
        pairs, held, None, xr.DataArray(0.0), log_hazard_ratio_by_time=by_time, constant=alone if constant else None
    )


def found(cohort: Cohort, effects: Effects, small: tuple[str, ...] = ()) -> dict[tuple[str, float], RatioOverTime]:
    made = ratios_over_time(effects, tabulate(cohort, Intervals(cuts=CUTS)), cohort, 0.3, 1.0, small)
    return {(each.label, each.scale): each for each in made}


def test_patients_and_events_are_counted_in_each_interval_that_holds_both_groups() -> None:
    cohort = cohort_of()
    effects = drawn(cohort, 1)
    ratio = found(cohort, effects)["b vs a", 0.3]
    assert (ratio.start.tolist(), ratio.end.tolist()) == ([0.0, 5.25, 10.0], [5.25, 10.0, 20.0])  # b ends at 18
    for row, code in enumerate((1, 0)):
        mine = cohort.group == code
        for place, (start, end) in enumerate(zip(ratio.start, ratio.end, strict=True)):
            at_risk = mine & (cohort.entry <= start) & (cohort.exit > start)
            events = mine & cohort.event & (cohort.exit > start) & (cohort.exit <= end)
            assert (ratio.at_risk[row, place], ratio.events[row, place]) == (at_risk.sum(), events.sum())
    to_the_end = found(cohort, effects)["c vs a", 0.3]
    assert to_the_end.end[-1] == cohort.exit.max()


def test_limits_are_those_of_the_draws_in_these_intervals() -> None:
    cohort = cohort_of()
    effects = drawn(cohort, 1)
    ratio = found(cohort, effects)["b vs a", 0.3]
    assert effects.log_hazard_ratio_by_time is not None
    values = effects.log_hazard_ratio_by_time.sel(contrast="b vs a").to_numpy().reshape(-1, 4)
    band = bands(values[:, :3])
    assert ratio.median == pytest.approx(np.exp(band.median))
    assert ratio.high_throughout == pytest.approx(np.exp(band.high_throughout))
    assert np.all(ratio.low_throughout < ratio.low)
    assert ratio.low == pytest.approx(np.exp(np.quantile(values[:, :3], 0.025, axis=0)), rel=0.01)
    weights = tabulate(cohort, Intervals(cuts=CUTS)).events.sum(axis=0)
    assert ratio.average.estimate == pytest.approx(np.exp(np.median(values @ (weights / weights.sum()))))
    held = effects.log_hazard_ratio.sel(contrast="b vs a").to_numpy()
    assert ratio.constant is not None
    assert ratio.constant.estimate == pytest.approx(np.exp(np.median(held)))


def test_a_wider_prior_stands_beside_the_usual_one_where_it_was_fitted() -> None:
    cohort = cohort_of()
    both = replace(drawn(cohort, 1, constant=False), wide=drawn(cohort, 2))
    assert list(found(cohort, both)) == [("b vs a", 0.3), ("b vs a", 1.0), ("c vs a", 0.3), ("c vs a", 1.0)]
    assert all(each.constant is None for each in found(cohort, both).values())
    assert found(cohort, replace(both, log_hazard_ratio_by_time=None, wide=None)) == {}


def test_very_small_groups_have_no_times_and_round_those_of_others() -> None:
    cohort = cohort_of(third=3)
    made = found(cohort, drawn(cohort, 1), small=("c",))
    assert list(made) == [("b vs a", 0.3)]
    assert made["b vs a", 0.3].start.tolist() == [0.0, 5.25, 10.0]
    other = ratios_over_time(
        drawn(cohort, 1), tabulate(cohort, Intervals(cuts=(5.256, 10.0, 20.0))), cohort, 0.3, 1.0, ("c",)
    )
    assert other[0].start.tolist() == [0.0, 5.26, 10.0]
    assert found(cohort, drawn(cohort, 1), small=("a",)) == {}


def changing(word: VerdictWord = VerdictWord.UNDECIDED) -> Findings:
    """Findings with a ratio that falls, judged throughout 30 months under two priors."""
    made = findings()
    verdict = a_verdict(
        0.05,
        0.15,
        word,
        estimand=Estimand.THROUGHOUT,
        rope=WINDOW_ROPE,
        p_below=0.2,
        p_inside=0.031,
        p_above=0.93,
        wide=Beside(1.0, word, None, 1.05, (0.6, 2.1), 0.4, 0.012, 0.95),
    )
    ratios = tuple(ratio_over_time(made.analysis, scale) for scale in (0.3, 1.0))
    analysis = replace(made.analysis, ropes=(*made.analysis.ropes, WINDOW_ROPE))
    return replace(made, analysis=analysis, verdicts=(*made.verdicts, verdict), over_time=ratios)


def test_the_figure_holds_numbers_at_risk_and_the_table_both_priors() -> None:
    made = changing()
    picture = over_time_figure(made, made.over_time[0])
    shown = texts(picture)
    assert {"150", "121", "87", "149", "held constant", "Time (months)", "drug A", "control"} <= set(shown)
    assert "Grey: the declared range 0.80 to 1.25, from 0 to 30 months." in picture.caption
    assert "highest 1.40 from 0 to 6 months" in picture.alt
    assert len(picture.table.rows) == 8
    assert picture.table.rows[0][:4] == ("0 to 6", "0.3", "150 / 149", "29 / 28")
    assert [row[1] for row in picture.table.rows] == ["0.3"] * 4 + ["1"] * 4
    alone = replace(made.over_time[0], constant=None)
    assert "its average" in texts(over_time_figure(replace(made, over_time=(alone,)), alone))


def test_the_page_says_what_the_average_means_and_both_probabilities() -> None:
    made = changing()
    first, second = average_meaning(made.over_time[0], made)
    assert "1.02 (0.91 to 1.15)" in first
    assert "run from 0.80 to 1.40 over 55 months" in first
    assert "0.031 with the scale 0.3 (undecided); 0.012 with the scale 1 (undecided)" in second
    section = question_section([made], alone=True)
    blocks = {block.anchor.rsplit("-", 1)[0]: block for block in section.blocks if "hr-over" in block.anchor}
    (block,) = blocks.values()
    assert len(block.pictures) == 1
    order = [block.title for block in section.blocks]
    assert order.index("Comparison with classical analysis") < order.index("Does the hazard ratio change over time?")
    hidden = question_section([withheld(made)], alone=True)
    assert not any("hr-over" in block.anchor for block in hidden.blocks)


def test_the_verdict_stands_beside_the_average_s_everywhere() -> None:
    made = changing()
    row = verdict_table(made).rows[-1]
    assert row[2] == "HR throughout 0 to 30"
    assert any("need not add up to 1" in note for note in verdict_table(made).notes)
    stream = io.StringIO()
    show(made, "short", stream)
    told = stream.getvalue()
    assert told.index("the hazard ratio of drug A versus control is") < told.index(
        "the hazard ratio throughout 0 to 30 months of drug A versus control is 1.05 on average"
    )
    assert "with the 95% simultaneous band" in told
    assert "P(inside) 0.012, beside 0.031 here." in told


def test_the_bar_of_the_answer_has_parts_of_one_whole() -> None:
    made = changing()
    inside, outside = shares(made.verdicts[-1], made.analysis)
    assert (inside.place, outside.place, inside.share + outside.share) == ("inside", "outside", 1.0)
    assert (inside.text, outside.text) == ("0.031", "0.969")
    with pytest.raises(ValueError, match="not parts of one whole"):
        probability_bar(made, made.verdicts[-1])


@pytest.mark.parametrize(
    ("model", "why"),
    [
        (Model("m", "", "", baseline=Baseline(BaselineKind.INDEPENDENT, by_group=True)), "it has hazards by group"),
        (Model("m", "", "", intervals=Intervals(cuts=())), "its follow-up is one interval"),
    ],
)
def test_a_model_that_cannot_have_such_a_ratio_is_told(model: Model, why: str) -> None:
    job = a_job()
    study = replace(
        job.study, analyses=tuple(replace(each, ropes=(ROPE, WINDOW_ROPE)) for each in job.study.analyses[:1])
    )
    ((fit,),) = prepare([replace(job, study=study, models=(model,))], 1)
    effects = Effects(fit.analysis.contrasts, xr.DataArray(0.0), None, xr.DataArray(0.0))
    (note,) = not_throughout(fit, effects)
    assert note.startswith(f"The model m gives no verdict on the hazard ratio throughout the window: {why}")
    assert not_throughout(fit, replace(effects, log_hazard_ratio_by_time=xr.DataArray(0.0))) == ()
    made = changing()
    stream = io.StringIO()
    show(replace(made, verdicts=made.verdicts[:-1], notes=(note,)), "none", stream)
    assert f"ROPE of the hazard ratio throughout 0 to 30 months 0.80 to 1.25. {note}" in stream.getvalue()


def test_json_holds_intervals_window_and_the_wider_prior() -> None:
    document = to_json(changing())
    schema = json.loads((files("bayesrefract.report.json") / "verdict-2.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(json.loads(json.dumps(document)), schema)
    throughout = document["contrasts"][-1]
    assert (throughout["estimand"], throughout["rope"]["window"]) == ("hazard_ratio_throughout", [0.0, 30.0])
    assert (throughout["wider_change"]["scale"], throughout["wider_change"]["p_inside"]) == (1.0, 0.012)
    assert document["contrasts"][0]["wider_change"] is None
    usual, wide = document["hazard_ratio_over_time"]
    assert (usual["scale"], wide["scale"]) == (0.3, 1.0)
    first = usual["intervals"][0]
    assert (first["start"], first["end"], first["at_risk"], first["events"]) == (0.0, 6.0, [150, 149], [29, 28])


@pytest.mark.parametrize("by_time", [False, True])
def test_arviz_gets_the_ratio_by_interval_of_posterior_and_prior(by_time: bool) -> None:
    cohort = cohort_of()
    pairs = make_question(cohort, "a").contrasts
    model = Model("m", "", "", by_time=by_time, intervals=Intervals(cuts=CUTS))
    table = tabulate(cohort, model.intervals)
    arrays = arrange(table, model, default_prior(), pairs[0])
    made = prior_draws(arrays, np.random.default_rng(1), 200)
    assert made is not None
    posterior = Posterior(made, xr.Dataset(), "test", by_group=False)
    average = xr.DataArray(
        np.zeros((1, 200, len(pairs))),
        dims=("chain", "draw", "contrast"),
        coords={"contrast": [pair.label for pair in pairs]},
    )
    tree = arviz_tree(posterior, average, table, arrays, pairs, np.random.SeedSequence(1))
    for group in ("posterior", "prior"):
        held = tree[group].to_dataset()
        assert ("log_hazard_ratio_by_time" in held, "change" in held, "change_sd" in held) == (by_time,) * 3
        if by_time:
            ratio = held["log_hazard_ratio_by_time"]
            assert ratio.dims == ("chain", "draw", "contrast", "interval")
            assert ratio["interval"].to_numpy().tolist() == held["interval"].to_numpy().tolist()
            group_a, group_b = (
                (held["group_effect"] + held["change"]).sel(patient_group=level) for level in ("a", "b")
            )
            expected = (group_b - group_a).transpose("chain", "draw", "interval").to_numpy()
            got = ratio.sel(contrast="b vs a").transpose("chain", "draw", "interval").to_numpy()
            np.testing.assert_allclose(got, expected, atol=1e-12)
