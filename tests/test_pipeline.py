"""The whole line on the simulated trial, whose truth is known: words, stored fits, changed ROPEs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from bayesrefract.cohort.read import read_records
from bayesrefract.decision import VerdictWord, diagnostics
from bayesrefract.decision.diagnostics import Health
from bayesrefract.errors import InputError
from bayesrefract.findings import Findings
from bayesrefract.inference.nuts import sample
from bayesrefract.inference.posterior import Posterior
from bayesrefract.inference.progress import Silent
from bayesrefract.inference.store import FitStore
from bayesrefract.pipeline import Job, prepare, run
from bayesrefract.study.model import DEFAULT_SEED
from bayesrefract.study.model_file import load_model
from bayesrefract.study.rope import Estimand, Harm, Rope, Rule, RuleName
from bayesrefract.study.study import Analysis, Contrast, OnFailure, Study
from bayesrefract.study.study_file import load_study

SIMULATED = Path(__file__).parents[1] / "data" / "simulated" / "study.toml"
TRUTH = {"reduced_dose": 1.00, "short_course": 1.25, "no_maintenance": 1.60}


class Listener(Silent):
    """Remembers which fits were sampled and which were stored."""

    def __init__(self) -> None:
        self.stored: list[bool] = []

    def fit_done(self, label: str, seconds: float, stored: bool) -> None:
        self.stored.append(stored)


def question_with(study: Study, **changes: object) -> Study:
    """The study with one question, changed."""
    analysis: Analysis = replace(study.analyses[0], **changes)
    return replace(study, analyses=(analysis,))


@pytest.fixture(scope="module")
def study() -> Study:
    return question_with(load_study(SIMULATED))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fits")


@pytest.fixture(scope="module")
def first(study: Study, store: Path) -> Findings:
    return analyse(study, store)


def analyse(
    study: Study, store: Path, model: str = "unadjusted", watch: Listener | None = None, **options: bool
) -> Findings:
    jobs = [Job(study, read_records(study), (load_model(model),))]
    ((findings,),) = run(jobs, store=store, watch=watch, **options)
    return findings


def words(findings: Findings) -> dict[str, VerdictWord]:
    """Words on the hazard ratio against the primary ROPE, by group."""
    chosen = [v for v in findings.verdicts if v.estimand is Estimand.HAZARD_RATIO and v.rope.role == "primary"]
    return {v.group: v.word for v in chosen}


def test_every_two_sided_word_occurs_where_the_truth_says_so(first: Findings) -> None:
    found = words(first)
    assert found["reduced_dose"] is VerdictWord.EQUIVALENT
    assert found["short_course"] is VerdictWord.UNDECIDED
    assert found["no_maintenance"] is VerdictWord.DIFFERENT
    assert first.health.passed, first.health.findings


def test_hazard_ratios_cover_the_truth_and_meet_cox(first: Findings) -> None:
    cox = {c.group: c for c in first.agreement.cox}
    for verdict in first.verdicts:
        if verdict.estimand is Estimand.HAZARD_RATIO and verdict.reference == "standard_dose":
            assert abs(verdict.mean - np.log(TRUTH[verdict.group])) < 3.5 * verdict.sd
            assert abs(verdict.mean - cox[verdict.group].log_coef) < 0.15 * cox[verdict.group].log_se


def test_a_changed_rope_is_judged_anew_without_a_fit(study: Study, store: Path, first: Findings) -> None:
    narrow = tuple(
        replace(r, low=0.98, high=1.02) for r in study.analyses[0].ropes if r.estimand is Estimand.HAZARD_RATIO
    )
    watch = Listener()
    again = analyse(question_with(study, ropes=narrow), store, watch=watch)
    assert watch.stored == [True]
    assert again.provenance.fit_key == first.provenance.fit_key
    assert words(again)["reduced_dose"] is VerdictWord.UNDECIDED


def test_one_sided_words_occur(study: Study, store: Path, first: Findings) -> None:
    changed = question_with(study, rule=Rule(harm=Harm.MORE_EVENTS))
    found = words(analyse(changed, store))
    assert found["reduced_dose"] is VerdictWord.NON_INFERIOR
    assert found["no_maintenance"] is VerdictWord.NOT_SHOWN
    by_time = {v.group: v.word for v in analyse(changed, store).verdicts if v.estimand is Estimand.RMST_DIFFERENCE}
    assert by_time["no_maintenance"] is VerdictWord.NOT_SHOWN  # its mean survival time is shorter


def test_a_claim_on_two_estimands_is_judged_without_a_fit(study: Study, store: Path, first: Findings) -> None:
    """A range of RMST that no interval fits takes the claim on the hazard ratio back."""
    narrow = tuple(
        replace(r, low=-1e-3, high=1e-3) if r.estimand is Estimand.RMST_DIFFERENCE else r
        for r in study.analyses[0].ropes
    )
    watch = Listener()
    both = (Estimand.HAZARD_RATIO, Estimand.RMST_DIFFERENCE)
    joint = analyse(question_with(study, ropes=narrow, claim=both), store, watch=watch)
    assert watch.stored == [True]
    assert words(joint)["reduced_dose"] is VerdictWord.UNDECIDED
    assert words(analyse(question_with(study, ropes=narrow), store))["reduced_dose"] is VerdictWord.EQUIVALENT


def test_a_control_that_fails_withholds_equality_where_it_is_declared_so(
    study: Study, store: Path, first: Findings
) -> None:
    """The short course is undecided: as a control it would leave no claim of equality."""
    control = {"role": "positive_control", "reason": "A test.", "on_failure": OnFailure.WITHHOLD}
    contrasts = tuple(replace(c, **control) if c.group == "short_course" else c for c in study.analyses[0].contrasts)
    found = words(analyse(question_with(study, contrasts=contrasts), store))
    assert found["reduced_dose"] is VerdictWord.WITHHELD
    assert found["no_maintenance"] is VerdictWord.DIFFERENT


def test_probability_rule_uses_the_same_fit(study: Study, store: Path, first: Findings) -> None:
    watch = Listener()
    changed = question_with(study, rule=Rule(name=RuleName.PROBABILITY, threshold=0.95))
    found = words(analyse(changed, store, watch=watch))
    assert watch.stored == [True]
    assert found["reduced_dose"] is VerdictWord.EQUIVALENT
    assert found["no_maintenance"] is VerdictWord.DIFFERENT


def test_divergences_are_sampled_again_with_smaller_steps(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first draws are said to diverge here: a real divergence cannot be had to order."""
    real, asked = diagnostics.diagnose, []

    def diagnose(posterior: Posterior, *draws: xr.DataArray) -> Health:
        asked.append(posterior.key)
        return replace(real(posterior, *draws), divergences=1 if len(asked) == 1 else 0)

    monkeypatch.setattr(diagnostics, "diagnose", diagnose)
    found = analyse(study, tmp_path)
    assert len(set(asked)) == 4  # of the fit and of the one behind its curves, twice
    assert len(list(tmp_path.rglob("*.nc"))) == 6  # and of the one beside it
    assert found.provenance.fit_key == asked[2]
    assert found.provenance.sampler["target_accept"] == pytest.approx(0.99)
    assert any("sampled with target acceptance 0.99" in note for note in found.notes)

    asked.clear()
    FitStore(tmp_path / study.name / "posterior").path(found.provenance.fit_key).unlink()
    with pytest.raises(InputError, match="not all of its draws are stored"):
        analyse(study, tmp_path, sample=False)


def test_too_few_draws_are_asked_for_more_before_a_verdict_is_withheld(study: Study, tmp_path: Path) -> None:
    model = load_model("unadjusted")
    few = replace(model, sampler=replace(model.sampler, draws=40))
    ((found,),) = run([Job(study, read_records(study), (few,))], store=tmp_path)
    assert found.provenance.sampler["draws"] > 40
    assert found.health.passed
    assert VerdictWord.WITHHELD not in words(found).values()
    none = replace(few, sampler=replace(few.sampler, max_draws=160))
    ((found,),) = run([Job(study, read_records(study), (none,))], store=tmp_path)
    assert set(words(found).values()) == {VerdictWord.WITHHELD}


def test_stored_draws_of_other_groups_are_made_anew_or_withheld(study: Study, first: Findings, tmp_path: Path) -> None:
    """Two groups exchanged in a stored fit whose seal is whole: the labels are right, and the draws are not."""
    store = FitStore(tmp_path / study.name / "posterior")
    model = load_model("unadjusted")
    # So many draws and so small steps that no fit is sampled again, which would be with the right groups.
    sampler = replace(model.sampler, draws=2000, max_draws=8000, target_accept=0.99)
    model = replace(model, sampler=sampler)
    (fit,) = prepare([Job(study, read_records(study), (model,))], DEFAULT_SEED)[0]
    honest = sample(fit.arrays, fit.model.sampler, fit.sequence, fit.key)
    effects = honest.draws["group_effect"]
    order = [1, 0, *range(2, effects.sizes["group"])]
    exchanged = effects.isel(group=order).assign_coords(group=effects["group"].to_numpy())
    wrong = replace(honest, draws=honest.draws.assign(group_effect=exchanged))
    store.folder.mkdir(parents=True)
    store.save(wrong, fit.provenance(fit.model.sampler, fit.key))
    for other in fit.sampled[1:]:
        drawn = sample(other.arrays, other.model.sampler, other.sequence, other.key)
        store.save(drawn, other.provenance(other.model.sampler, other.key))

    def judged(**options: bool) -> Findings:
        ((found,),) = run([Job(study, read_records(study), (model,))], store=tmp_path, **options)
        return found

    believed = judged(sample=False)
    ratios = [v for v in believed.verdicts if v.estimand is Estimand.HAZARD_RATIO]
    said = {v.group: (v.word, " ".join(v.reasons)) for v in ratios}
    wrongly = [reason for word, reason in said.values() if word is VerdictWord.WITHHELD]
    assert wrongly
    assert all("not those that data and prior imply" in reason for reason in wrongly)
    again = judged()
    assert words(again) == words(first)
    assert words(judged(sample=False)) == words(first)


def test_relabelling_the_reference_mirrors_every_contrast(study: Study, store: Path, first: Findings) -> None:
    swapped = tuple(replace(c, group=c.reference, reference=c.group) for c in study.analyses[0].contrasts)
    again = analyse(question_with(study, contrasts=swapped), store)
    for one, other in zip(first.analysis.contrasts, swapped, strict=True):
        mirrored = -again.log_hazard_ratio.sel(contrast=other.label).values
        assert np.max(np.abs(mirrored - first.log_hazard_ratio.sel(contrast=one.label).values)) < 1e-12


def test_another_reference_gives_the_same_contrasts(study: Study, store: Path, first: Findings) -> None:
    """A primary contrast elsewhere, and a pair that neither question names in common: equal to 1e-12."""
    contrasts = (
        Contrast("no_maintenance", "short_course", primary=True),
        Contrast("standard_dose", "short_course"),
        Contrast("reduced_dose", "short_course"),
    )
    again = analyse(question_with(study, contrasts=contrasts), store).log_hazard_ratio
    before = first.log_hazard_ratio
    via = (
        again.sel(contrast="reduced_dose vs short_course").values
        - again.sel(contrast="standard_dose vs short_course").values
    )
    assert np.max(np.abs(via - before.sel(contrast="reduced_dose vs standard_dose").values)) < 1e-12


def test_an_unchanged_fit_is_read_again_with_identical_draws(study: Study, store: Path, first: Findings) -> None:
    watch = Listener()
    again = analyse(study, store, watch=watch, sample=False)
    assert watch.stored == [True]
    assert np.array_equal(again.log_hazard_ratio.values, first.log_hazard_ratio.values)
    assert [v.word for v in again.verdicts] == [v.word for v in first.verdicts]


def test_nothing_is_sampled_where_nothing_may_be(study: Study, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no stored fit"):
        analyse(study, tmp_path, sample=False)
    assert list(tmp_path.rglob("*.nc")) == []


def test_a_group_with_too_few_events_is_withheld_with_its_reason(study: Study, store: Path) -> None:
    records = read_records(study)
    frame = records.frame
    analysis = study.analyses[0]
    arm, event = analysis.columns.group, analysis.endpoint.event
    few = (frame[arm] == "reduced_dose") & (frame[event].astype(str) == "1")
    frame = frame.astype({event: object})
    frame.loc[frame.index[few][3:], event] = "0"
    jobs = [Job(study, replace(records, frame=frame), (load_model("unadjusted"),))]
    ((findings,),) = run(jobs, store=store)
    verdict = next(v for v in findings.verdicts if v.group == "reduced_dose" and v.estimand is Estimand.HAZARD_RATIO)
    assert verdict.word is VerdictWord.WITHHELD
    assert any("event" in reason for reason in verdict.reasons)


def test_all_faults_of_all_jobs_come_before_the_first_draw(study: Study, tmp_path: Path) -> None:
    records = read_records(study)
    analysis = study.analyses[0]
    frame = records.frame.astype({analysis.endpoint.time: object, analysis.endpoint.event: object})
    frame.loc[frame.index[3], analysis.endpoint.time] = "-1"
    frame.loc[frame.index[7], analysis.endpoint.event] = "maybe"
    jobs = [Job(study, replace(records, frame=frame), (load_model("primary"), load_model("unadjusted")))]
    with pytest.raises(InputError) as caught:
        run(jobs, store=tmp_path)
    assert len([fault for fault in caught.value.faults if "-1" in fault]) == 1
    assert any("maybe" in fault for fault in caught.value.faults)


def test_a_sensitivity_rope_is_judged_beside_the_primary_one(study: Study, store: Path, first: Findings) -> None:
    wide = Rope(0.5, 2.0, "sensitivity", None, before_data=True, role="sensitivity")
    changed = question_with(study, ropes=(*study.analyses[0].ropes, wide))
    found = [v.word for v in analyse(changed, store).verdicts if v.rope == wide]
    assert found == [VerdictWord.EQUIVALENT] * len(found)
    assert found
