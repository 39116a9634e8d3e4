"""A study file becomes values, or one sentence for everything that is wrong with it."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from pathlib import Path

import pytest
from bad_toml_cases import STUDY_CHANGES
from toml_examples import STUDY

from bayesrefract.errors import StudyError
from bayesrefract.study.rope import Estimand, Harm, RuleName
from bayesrefract.study.study import Condition, Evidence, TimeUnit
from bayesrefract.study.study_file import load_study

DATA = Path(__file__).parents[1] / "data"


def write(folder: Path, text: str) -> Path:
    path = folder / "study.toml"
    path.write_text(text, encoding="utf-8")
    return path


def faults_of(folder: Path, *changes: tuple[str, str]) -> tuple[str, ...]:
    """Faults of the good study after replacing texts, each of which must be there."""
    text = STUDY
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    with pytest.raises(StudyError) as caught:
        load_study(write(folder, text))
    return caught.value.faults


def test_a_good_study_becomes_values(tmp_path: Path) -> None:
    study = load_study(write(tmp_path, STUDY))
    assert (study.name, study.time_unit, study.evidence) == ("trial", TimeUnit.MONTHS, Evidence.PATIENTS)
    assert study.models == ("primary", "wide")
    assert study.path == tmp_path / "study.toml"
    assert load_study(tmp_path) == study
    assert [q.name for q in study.analyses] == ["pfs/all", "pfs/adults", "os/all", "os/adults"]
    pfs, overall = study.analyses[1], study.analyses[2]
    assert pfs.population.where == (
        Condition("age", low=18.0, high=65.0),
        Condition("symptom", (0.0,)),
        Condition("country", ("FR", "NL")),
        Condition("consented", (True,)),
    )
    assert (pfs.adjust, pfs.adjustments) == ("paper", {"paper": ("age", "site")})
    assert (pfs.primary.group, pfs.primary.reference) == ("treated", "control")
    assert pfs.columns.per == {"age": 10.0}
    assert pfs.group_codes == {"0": "control", "1": "treated"}
    assert overall.endpoint.event_value == 2.0
    assert (overall.endpoint.entry, overall.endpoint.administrative_end) == ("entry_months", "cut_off")
    assert overall.adjust is None
    rope = pfs.rope(Estimand.HAZARD_RATIO)
    assert rope is not None
    assert (rope.low, rope.high, rope.declared, rope.before_data) == (0.80, 1.25, dt.date(2020, 3, 1), True)
    assert pfs.rope(Estimand.RMST_DIFFERENCE) is None, "a sensitivity ROPE is not the primary one"
    assert (pfs.rule.name, pfs.rule.level, pfs.rule.threshold, pfs.rule.harm) == (
        RuleName.PROBABILITY,
        0.9,
        0.95,
        Harm.MORE_EVENTS,
    )


def test_without_populations_the_question_is_about_everyone(tmp_path: Path) -> None:
    text = STUDY.replace('[[population]]\nname = "all"\n', "").replace(
        STUDY[STUDY.index('[[population]]\nname = "adults"') : STUDY.index("[[question]]")], ""
    )
    assert [q.population.where for q in load_study(write(tmp_path, text)).analyses] == [(), ()]


def test_a_population_is_named_though_none_is_declared(tmp_path: Path) -> None:
    declared = STUDY[STUDY.index("[[population]]") : STUDY.index("[[question]]")]
    faults = faults_of(tmp_path, (declared, ""), ("horizon = 36", 'horizon = 36\npopulations = ["adults"]'))
    assert faults == (
        "study.toml: question[1].populations names adults, which is not in [[population]]: none is declared. "
        "Correct it.",
    )


def test_a_faulty_population_is_told_once(tmp_path: Path) -> None:
    """That it could not be read is its own fault, not one of the question that names it."""
    faults = faults_of(
        tmp_path, STUDY_CHANGES["study-reversed-range"], ("horizon = 36", 'horizon = 36\npopulations = ["adults"]')
    )
    assert [fault.split()[1] for fault in faults] == ["population[2].where.age"]


@pytest.mark.parametrize("name", list(STUDY_CHANGES))
def test_each_fault_is_a_sentence_that_names_the_file(tmp_path: Path, name: str) -> None:
    """What each says is in docs/bad-input.md, and tested there."""
    assert all(f.startswith("study.toml: ") and f.endswith(".") for f in faults_of(tmp_path, STUDY_CHANGES[name]))


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    names = ("wrong-type", "unknown-reference", "reversed", "no-source", "no-date", "no-threshold", "unknown-set")
    changes = [STUDY_CHANGES[f"study-{name}"] for name in names]
    faults = faults_of(tmp_path, *changes)
    keys = ("study.title", "contrast[1].reference", "rope[1].low", "rope[1].source", "rope[1].declared_on",
            "rule.threshold", "question[1].adjust")  # fmt: skip
    assert len(faults) == len(keys)
    assert all(any(fault.startswith(f"study.toml: {key} ") for fault in faults) for key in keys)


def test_an_empty_file_names_every_table_it_lacks(tmp_path: Path) -> None:
    with pytest.raises(StudyError) as caught:
        load_study(write(tmp_path, ""))
    for table in ("study", "columns", "groups", "contrast", "question", "rope", "rule"):
        assert any(fault.startswith(f"study.toml: {table}") for fault in caught.value.faults), table


def test_a_single_table_where_a_list_is_meant(tmp_path: Path) -> None:
    faults = faults_of(tmp_path, ('[[rope]]\nestimand = "rmst', '[[ropes]]\nestimand = "rmst'), ("[[rope]]", "[rope]"))
    assert any("Write each as [[rope]]" in fault for fault in faults)
    assert any('Did you mean "rope"?' in fault for fault in faults)


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"[study]\nname = trial\n", ("line 2", "not valid TOML")), (b"[study]\nname = '\xff'", ("line 2", "UTF-8"))],
)
def test_syntax_errors_name_the_line(tmp_path: Path, content: bytes, words: tuple[str, ...]) -> None:
    path = tmp_path / "study.toml"
    path.write_bytes(content)
    with pytest.raises(StudyError) as caught:
        load_study(path)
    assert all(word in caught.value.faults[0] for word in ("study.toml", *words))


def test_a_missing_file_and_a_folder_without_a_study(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere.toml", tmp_path):
        with pytest.raises(StudyError, match="there is no such file"):
            load_study(path)


def test_the_study_behind_every_shipped_folder_is_valid() -> None:
    studies = {path.parent.name: load_study(path) for path in DATA.glob("*/study.toml")}
    assert {"actg175", "simulated"} <= studies.keys()
    assert all(folder == study.name for folder, study in studies.items())
    assert not studies["actg175"].analyses[0].ropes[0].before_data, "declared after publication: exploratory"


def test_reading_a_study_imports_nothing_heavy() -> None:
    code = (
        "import sys, pathlib; from bayesrefract.study.study_file import load_study; "
        f"load_study(pathlib.Path({str(DATA / 'actg175')!r})); "
        "print(sorted({'pandas', 'numpy', 'pymc', 'arviz', 'lifelines', 'matplotlib'} & sys.modules.keys()))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
