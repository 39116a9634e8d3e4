"""Every verdict in every setting says what the wording table allows, and nothing that it forbids."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from findings_example import a_verdict
from wording import (
    BY_PROBABILITY,
    CLAIMS,
    DECLARED,
    EQUALITY,
    EVIDENCE,
    NEVER,
    NOT_A_CLAIM,
    QUANTITIES,
    SAMENESS,
    SILENT,
    WORDING,
    Case,
    Kind,
    Row,
    cases,
    faults,
    own_words,
)

from bayesrefract.classical.agree import Twins, compare_with_cox
from bayesrefract.classical.regression import GroupEffects
from bayesrefract.decision import VerdictWord
from bayesrefract.decision.decision import TOO_CLOSE
from bayesrefract.decision.diagnostics import Health
from bayesrefract.decision.gates import gates
from bayesrefract.decision.judge import PRIOR_ALONE
from bayesrefract.report import words
from bayesrefract.report.tables.verdicts import verdict_text
from bayesrefract.report.words import holds_in, sentence, word_text
from bayesrefract.study.rope import Estimand, RuleName
from bayesrefract.study.study import Contrast, Evidence

WHOLE = Row(must=[r"^[A-Z]", r"[^. ]\.$"], must_not=NEVER)
FAVOURED = "so no claim may rest on it alone"
SPOKEN = {
    "_equivalent": VerdictWord.EQUIVALENT,
    "_different": VerdictWord.DIFFERENT,
    "_undecided": VerdictWord.UNDECIDED,
    "_non_inferior": VerdictWord.NON_INFERIOR,
    "_not_shown": VerdictWord.NOT_SHOWN,
    "_withheld": VerdictWord.WITHHELD,
}
SHORT = {
    VerdictWord.EQUIVALENT: Row(["^equivalent"], SAMENESS),
    VerdictWord.DIFFERENT: Row(["^different"], [*EQUALITY, *SAMENESS]),
    VerdictWord.UNDECIDED: Row(["^undecided"], [*NOT_A_CLAIM, "inferior"]),
    VerdictWord.NON_INFERIOR: Row(["^non-inferior"], [*EQUALITY, *SAMENESS]),
    VerdictWord.NOT_SHOWN: Row(["^not shown"], [*NOT_A_CLAIM, "inferior"]),
    VerdictWord.WITHHELD: Row(["^withheld"], [*NOT_A_CLAIM, "inferior", r"\bshown\b"]),
}
"""Where a verdict is one word: in tables, in figures, and counted over models."""


def real_reasons() -> tuple[str, ...]:
    """What the gates themselves say when all of them fail, and the reason of a narrow prior."""
    chains = ("R-hat of group_effect[drug A] is 1.080; at most 1.01 is allowed (2 of 9 such quantities are above it).",)
    still = "All draws of group_effect[drug A] are the same value: the sampler did not move."
    companion, cox = (GroupEffects(np.array([0.0, log_hr]), np.diag([0.0, 0.04])) for log_hr in (0.9, 0.1))
    disagreement = compare_with_cox(
        Twins(companion, cox, cox, cox, cox), Contrast("drug A", "control"), (1, 0), "12 intervals"
    )
    health = Health(False, (*chains, still), 1.08, 90.0, 80.0, 0, 0.9)
    found = gates(health, disagreement.agrees, disagreement.reason, {"drug A": 1, "control": 4})
    assert len(found) == 5
    return (*found, PRIOR_ALONE)


REASONS = {
    VerdictWord.WITHHELD: real_reasons(),
    VerdictWord.UNDECIDED: (TOO_CLOSE,),
    VerdictWord.NOT_SHOWN: (TOO_CLOSE,),
}


def broken_rows(case: Case) -> list[str]:
    """Every fault of one case's sentence."""
    verdict, reasons = case.verdict, case.verdict.reasons
    text = sentence(verdict, case.analysis)
    own = own_words(text, reasons)
    first = re.split(r"\. ", own)[0]
    rows = [(own, WHOLE), (own, WORDING[case.kind])]
    rows += [(first, EVIDENCE[case.analysis.evidence]), (text, DECLARED[verdict.rope.before_data])]
    if verdict.rule.name is RuleName.PROBABILITY and verdict.word is not VerdictWord.WITHHELD:
        rows.append((own, BY_PROBABILITY[verdict.word in CLAIMS]))
    return [fault for said, row in rows for fault in faults(said, row, case.fields)]


@pytest.mark.parametrize(("kind", "estimand"), list(product(WORDING, Estimand)))
def test_every_combination_keeps_to_the_table(kind: Kind, estimand: Estimand) -> None:
    reasons = [(reason,) for reason in REASONS.get(kind[0], ())]
    settings = [*reasons, REASONS[kind[0]]] if kind[0] is VerdictWord.WITHHELD else [(), *reasons]
    broken = [fault for each in settings for case in cases(kind, estimand, each) for fault in broken_rows(case)]
    assert not broken, "\n".join([f"{len(broken)} faults", *broken[:5]])


def test_the_table_holds_every_verdict_estimand_and_setting() -> None:
    assert {word for word, _ in WORDING} == set(VerdictWord) == set(SHORT) == set(SPOKEN.values())
    assert {direction for word, direction in WORDING if word is VerdictWord.DIFFERENT} == {"above", "below"}
    assert (set(QUANTITIES), set(EVIDENCE), set(DECLARED)) == (set(Estimand), set(Evidence), {True, False, None})


@pytest.mark.parametrize("kind", list(WORDING))
def test_no_sentence_passes_for_another_verdict(kind: Kind) -> None:
    others = [row for other, row in WORDING.items() if other != kind]
    for estimand in Estimand:
        for case in cases(kind, estimand, REASONS.get(kind[0], ())):
            own = own_words(sentence(case.verdict, case.analysis), case.verdict.reasons)
            assert all(faults(own, row, case.fields) for row in others)


@pytest.mark.parametrize("word", [VerdictWord.UNDECIDED, VerdictWord.NOT_SHOWN, VerdictWord.WITHHELD])
@pytest.mark.parametrize(
    "claim",
    [
        "drug A and control are equivalent",
        "equivalence is shown",
        "drug A is similar to control",
        "the groups are comparable",
        "there is no difference",
        "there was no significant difference",
        "the hazards are equal",
        "drug A is as good as control",
        "the hazard is higher in drug A",
        "the hazard is different",
    ],
)
def test_the_table_catches_a_claim_where_none_may_be_made(word: VerdictWord, claim: str) -> None:
    case = next(cases((word, None), Estimand.HAZARD_RATIO))
    assert faults(f"{sentence(case.verdict, case.analysis)} {claim}.", WORDING[case.kind], case.fields)


def test_the_table_misses_neither_evidence_nor_a_late_range() -> None:
    for case in cases((VerdictWord.EQUIVALENT, None), Estimand.RMST_DIFFERENCE):
        text, evidence = sentence(case.verdict, case.analysis), case.analysis.evidence
        assert all(faults(text, row, {}) for kind, row in EVIDENCE.items() if kind is not evidence)
        assert all(faults(text, row, {}) for when, row in DECLARED.items() if when is not case.verdict.rope.before_data)


def test_reasons_of_the_gates_claim_nothing_themselves() -> None:
    claim = r"\b(is|are) (not )?(equivalent|non-inferior|similar|comparable|different)|equivalence is|no difference"
    for reason in real_reasons():
        assert not re.search(claim, reason)


@pytest.mark.parametrize("kind", list(WORDING))
def test_a_narrow_prior_is_named_beside_a_claim_of_equality_alone(kind: Kind) -> None:
    told = kind[0] in {VerdictWord.EQUIVALENT, VerdictWord.NON_INFERIOR}
    for case in cases(kind, Estimand.HAZARD_RATIO, REASONS.get(kind[0], ())):
        verdict = replace(case.verdict, labels=("prior favours equivalence",))
        assert (FAVOURED in sentence(verdict, case.analysis)) == told


@pytest.mark.parametrize("kind", list(WORDING))
def test_a_verdict_in_one_word_says_no_more(kind: Kind) -> None:
    word, row = kind[0], SHORT[kind[0]]
    counted = [
        holds_in([a_verdict(word=each) for each in (word, *others)]) for others in product(VerdictWord, repeat=2)
    ]
    texts = [word_text(word), verdict_text(next(cases(kind, Estimand.HAZARD_RATIO)).verdict), *counted]
    directions = [] if kind[1] else [r"\bhigher\b", r"\blower\b"]
    broken = [fault for text in texts for fault in faults(text, Row(row.must, [*row.must_not, *directions]), {})]
    assert not broken, "\n".join(broken)
    for others, text in zip(product(VerdictWord, repeat=2), counted, strict=True):
        assert text.endswith(f" in {1 + others.count(word)} of 3 declared models")


def test_labels_of_evidence_never_pass_it_off_as_patient_records() -> None:
    assert set(words.EVIDENCE_LABEL) == set(words.EVIDENCE_MEANING) == set(Evidence)
    for evidence in Evidence:
        label = words.EVIDENCE_LABEL[evidence]
        assert ("patient records" in label.lower()) == (evidence is Evidence.PATIENTS)
        assert ("rebuilt" in label.lower()) == (evidence is Evidence.REBUILT)
        assert ("simulated" in label.lower()) == (evidence is Evidence.SIMULATED)
    assert "not patients" in words.EVIDENCE_MEANING[Evidence.REBUILT]
    assert "No real person" in words.EVIDENCE_MEANING[Evidence.SIMULATED]


def literals(function: str | None) -> Iterator[str]:
    """Every text that words.py, or one function of it, can put into a sentence; docstrings left out."""
    tree: ast.AST = ast.parse(inspect.getsource(words))
    if function:
        tree = next(n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name == function)
    told = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.value


@pytest.mark.parametrize("function", SPOKEN)
def test_no_branch_of_a_verdict_holds_a_forbidden_word(function: str) -> None:
    kinds = [kind for kind in WORDING if kind[0] is SPOKEN[function]]
    forbidden = set.intersection(*(set(WORDING[kind].must_not) for kind in kinds))
    found = list(literals(function))
    assert found
    assert not [fault for text in found for fault in faults(text, Row([], sorted(forbidden)), {})]


def test_the_rest_of_the_module_holds_no_word_of_sameness() -> None:
    of_claims = [text for function in SPOKEN for text in literals(function)]
    rest = [text for text in literals(None) if text not in of_claims]
    never = [pattern for pattern in NEVER if pattern not in {r"\.\.", r"[{}]", r"  ", "_"}]
    assert len(rest) > 50
    assert not [fault for text in rest for fault in faults(text, Row([], [*SAMENESS, *never, *SILENT]), {})]
