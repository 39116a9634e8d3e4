"""What a study claims: several estimands together, one confirmatory question, controls that must differ."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from findings_example import a_question, a_verdict, an_rmst_verdict, findings
from toml_examples import STUDY

from bayesrefract.decision import Verdict, VerdictWord
from bayesrefract.decision.joint import NO_SENSITIVITY, controlled, joined
from bayesrefract.decision.misfit import without_curves
from bayesrefract.report.json.verdict import to_json
from bayesrefract.report.looked_at import looked_at
from bayesrefract.report.page.guide import question_in_words
from bayesrefract.report.tables.verdicts import failed_control_notes, verdict_table
from bayesrefract.report.words import sentence
from bayesrefract.study.rope import Estimand, Harm, Rule
from bayesrefract.study.sections import ControlSection, QuestionSection, RuleSection
from bayesrefract.study.study import Contrast, OnFailure, Standing, Study
from bayesrefract.study.study_file import load_study

BOTH = (Estimand.HAZARD_RATIO, Estimand.RMST_DIFFERENCE)
ONE_SIDED = Rule(harm=Harm.MORE_EVENTS)
WORDS = {
    "two-sided": (Rule(), VerdictWord.EQUIVALENT, VerdictWord.UNDECIDED),
    "one-sided": (ONE_SIDED, VerdictWord.NON_INFERIOR, VerdictWord.NOT_SHOWN),
}
CONTROL = Contrast("high", "low", role="positive_control", reason="Four times the dose.")
CONTROLS = """
[[contrast]]
group = "third"
reference = "control"

[[control]]
question = "os"
contrast = ["third", "control"]
expect = "different"
reason = "A placebo."
on_failure = "withhold"

[rule]"""
THREE_GROUPS = STUDY.replace('["control", "treated"]', '["control", "treated", "third"]').replace(
    '"1" = "treated"', '"1" = "treated", "2" = "third"'
)


def read(folder: Path, text: str) -> Study:
    path = folder / "study.toml"
    path.write_text(text)
    return load_study(path)


def words(verdicts: tuple[Verdict, ...]) -> list[VerdictWord]:
    return [each.word for each in verdicts]


def test_the_keys_of_the_document_are_those_of_a_study_file(tmp_path: Path) -> None:
    """Its example is read, in the place of the question and the rule of a good study."""
    text = (Path(__file__).parents[1] / "docs" / "study-files.md").read_text(encoding="utf-8")
    kinds = {"rule": RuleSection, "question": QuestionSection, "control": ControlSection}
    for table, key in re.findall(r"`(rule|question|control)\.(\w+)`", text):
        assert key in kinds[table].model_fields
    example = text.partition("```toml\n")[2].partition("```")[0]
    before, rest = THREE_GROUPS.split("[[question]]", 1)
    before = before.replace("control", "standard").replace("third", "placebo")
    middle = rest[rest.index("[adjust]") : rest.index("[rule]")].replace('role = "sensitivity"\n', "")
    more = '[[contrast]]\ngroup = "placebo"\nreference = "standard"\n\n'
    analysis, _ = read(tmp_path, before + more + middle + example).analyses
    assert (analysis.claim, analysis.standing, analysis.rule.harm) == (BOTH, Standing.CONFIRMATORY, Harm.MORE_EVENTS)
    assert analysis.contrasts[1].on_failure is OnFailure.WITHHOLD


# Several estimands together


@pytest.mark.parametrize("kind", list(WORDS))
def test_a_claim_of_two_estimands_needs_both(kind: str) -> None:
    rule, claim, nothing = WORDS[kind]
    for ratio in (claim, nothing, VerdictWord.WITHHELD):
        for difference in (claim, nothing, VerdictWord.WITHHELD):
            alone = (a_verdict(word=ratio, rule=rule), an_rmst_verdict(word=difference, rule=rule))
            found = joined(alone, BOTH)
            if ratio is difference is claim:
                assert words(found) == [claim, claim]
            else:
                assert words(found) == [nothing if each is claim else each for each in (ratio, difference)]
            assert all(each.claim == BOTH for each in found)


def test_a_claim_falls_with_an_estimand_whose_curves_do_not_fit() -> None:
    rule, claim, nothing = WORDS["two-sided"]
    both = joined((a_verdict(word=claim, rule=rule), an_rmst_verdict(word=claim, rule=rule)), BOTH)
    found = joined(without_curves(both, "The curves do not fit."), BOTH)
    assert words(found) == [nothing, VerdictWord.WITHHELD]


def test_what_is_not_part_of_the_claim_is_left_alone() -> None:
    """Another contrast, a sensitivity range, a difference; and a claim of one estimand joins nothing."""
    other = an_rmst_verdict(word=VerdictWord.EQUIVALENT, group="another")
    sensitivity = a_verdict(rope=replace(a_verdict().rope, role="sensitivity"))
    different = a_verdict(word=VerdictWord.DIFFERENT)
    assert joined((other, sensitivity, different), BOTH)[0] == replace(other, claim=BOTH)
    assert words(joined((other, sensitivity, different), BOTH)) == words((other, sensitivity, different))
    alone = (a_verdict(), an_rmst_verdict(word=VerdictWord.UNDECIDED))
    assert joined(alone, ()) == alone


def test_the_sentences_of_a_claim_name_all_of_its_estimands() -> None:
    met, _ = joined((a_verdict(), an_rmst_verdict(word=VerdictWord.EQUIVALENT)), BOTH)
    names = "the hazard ratio and the difference in restricted mean survival time up to 36 months"
    assert f"The claim is on {names} together, and the rule is met by each of them." in sentence(met, a_question())
    failed, _ = joined((a_verdict(), an_rmst_verdict(word=VerdictWord.UNDECIDED)), BOTH)
    told = sentence(failed, a_question())
    assert "the data are inconclusive" in told
    assert (
        "on hazard ratio and RMST difference together, and it fails for one of them: RMST difference undecided" in told
    )
    assert "equivalent" not in told
    made = replace(findings(), verdicts=(failed,), analysis=replace(a_question(), claim=BOTH))
    assert any("on HR and RMST difference together: equivalence" in note for note in verdict_table(made).notes)
    assert f"on {names} together: equivalence" in question_in_words([made])[-1]
    (contrast,) = to_json(made)["contrasts"]
    assert (contrast["verdict"], contrast["claim"]) == ("undecided", ["hazard_ratio", "rmst_difference"])


def test_a_claim_is_read_from_its_question(tmp_path: Path) -> None:
    text = STUDY.replace('role = "sensitivity"\nsource = "Two', 'source = "Two')
    study = read(tmp_path, text.replace("horizon = 36", 'horizon = 36\nclaim = ["hazard_ratio", "rmst_difference"]'))
    assert {each.endpoint.name: each.claim for each in study.analyses} == {"pfs": BOTH, "os": ()}


# One confirmatory question


def test_one_question_is_confirmatory_and_the_others_are_secondary(tmp_path: Path) -> None:
    assert {each.standing for each in read(tmp_path, STUDY).analyses} == {Standing.NONE}
    study = read(tmp_path, STUDY.replace("horizon = 60", "horizon = 60\nconfirmatory = true"))
    assert {each.name: each.standing.value for each in study.analyses} == {
        "pfs/all": "secondary",
        "pfs/adults": "secondary",
        "os/all": "confirmatory",
        "os/adults": "secondary",
    }


def test_the_number_of_verdicts_looked_at_is_told() -> None:
    """Two questions of four verdicts each; the named one is confirmatory only where its range came before the data."""
    first = findings(replace(a_question(), standing=Standing.CONFIRMATORY))
    second = findings(replace(a_question(population="without_symptoms"), standing=Standing.SECONDARY))
    told = looked_at([first, second])
    assert told.startswith("8 verdicts of 2 questions under 1 model were looked at, without adjustment")
    assert "Confirmatory is Overall survival, All patients: " in told
    assert told.endswith("All others are secondary or exploratory.")
    late = tuple(replace(rope, before_data=False) for rope in first.analysis.ropes)
    assert "is exploratory all the same" in looked_at([findings(replace(first.analysis, ropes=late)), second])
    assert looked_at([findings()]).endswith("No question is named confirmatory.")
    assert to_json(first)["standing"] == "confirmatory"


# Controls


def judged(word: VerdictWord, rule: Rule | None = None, **changes: object) -> Verdict:
    return a_verdict(word=word, rule=rule or Rule(), group="high", reference="low", primary=False, **changes)


@pytest.mark.parametrize("word", [VerdictWord.UNDECIDED, VerdictWord.EQUIVALENT, VerdictWord.WITHHELD])
def test_a_failed_control_labels_or_withholds_claims_of_equality(word: VerdictWord) -> None:
    verdicts = (a_verdict(), judged(word), a_verdict(word=VerdictWord.DIFFERENT))
    labelled = controlled(verdicts, [CONTROL])
    assert labelled[0].word is VerdictWord.EQUIVALENT
    assert NO_SENSITIVITY in labelled[0].labels
    withheld = controlled(verdicts, [replace(CONTROL, on_failure=OnFailure.WITHHOLD)])
    assert withheld[0].word is VerdictWord.WITHHELD
    assert "high vs low, which was expected to differ (Four times the dose)" in sentence(withheld[0], a_question())
    assert withheld[2] == verdicts[2]


def test_a_control_that_differs_changes_nothing() -> None:
    verdicts = (a_verdict(), judged(VerdictWord.DIFFERENT))
    assert controlled(verdicts, [replace(CONTROL, on_failure=OnFailure.WITHHOLD)]) == verdicts


def test_the_control_of_a_one_sided_rule_is_read_by_its_interval() -> None:
    """Such a rule never says different: the whole interval beyond the range does."""
    withholding = [replace(CONTROL, on_failure=OnFailure.WITHHOLD)]
    claim = a_verdict(word=VerdictWord.NON_INFERIOR, rule=ONE_SIDED)
    apart = judged(VerdictWord.NOT_SHOWN, ONE_SIDED, interval=(1.4, 2.1))
    open_ = judged(VerdictWord.NOT_SHOWN, ONE_SIDED, interval=(1.1, 2.1))
    assert controlled((claim, apart), withholding)[0].word is VerdictWord.NON_INFERIOR
    assert controlled((claim, open_), withholding)[0].word is VerdictWord.WITHHELD


def test_a_control_belongs_to_its_question_and_gives_its_reason(tmp_path: Path) -> None:
    study = read(tmp_path, THREE_GROUPS.replace("[rule]", CONTROLS.lstrip()))
    for analysis in study.analyses:
        primary, control = analysis.contrasts
        assert primary.role == "comparison"
        assert (control.role, control.reason, control.on_failure.value) == (
            ("positive_control", "A placebo.", "withhold")
            if analysis.endpoint.name == "os"
            else ("comparison", "", "label")
        )


def test_the_note_of_a_failed_control_gives_its_reason() -> None:
    made = findings()
    assert failed_control_notes(made) == []
    first, control = made.analysis.contrasts
    reasoned = replace(made.analysis, contrasts=(first, replace(control, reason="Four times the dose.")))
    failed = tuple(replace(each, word=VerdictWord.UNDECIDED, direction=None) for each in made.verdicts)
    (note,) = failed_control_notes(replace(made, analysis=reasoned, verdicts=failed))
    assert "is the positive control (Four times the dose), and these data do not distinguish its groups" in note
