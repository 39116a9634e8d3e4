"""How many verdicts a study looked at, and which of them was named beforehand."""

from __future__ import annotations

from collections.abc import Sequence

from bayesrefract.findings import Findings
from bayesrefract.numerals import fixed
from bayesrefract.study.rope import Estimand
from bayesrefract.study.study import Standing


def looked_at(made: Sequence[Findings]) -> str:
    """The number of verdicts, and the standing of each question."""
    count = sum(len(each.verdicts) for each in made)
    questions = len({each.analysis.name for each in made})
    models = len({each.model.name for each in made})
    counted = f"{_number(count, 'verdict')} of {_number(questions, 'question')} under {_number(models, 'model')}"
    return f"{counted} {'was' if count == 1 else 'were'} looked at, without adjustment for their number. {_named(made)}"


def _number(count: int, noun: str) -> str:
    return f"{fixed(count, 0)} {noun}{'' if count == 1 else 's'}"


def _named(made: Sequence[Findings]) -> str:
    """Which question is confirmatory; a range that was not declared beforehand leaves it exploratory."""
    if all(each.analysis.standing is Standing.NONE for each in made):
        return "No question is named confirmatory."
    for each in made:
        analysis = each.analysis
        if analysis.standing is Standing.CONFIRMATORY:
            name = f"{analysis.endpoint.label}, {analysis.population.label}"
            rope = analysis.rope(Estimand.HAZARD_RATIO)
            if rope is None or not rope.before_data:
                return (
                    f"{name} is named confirmatory, but is exploratory all the same: its range was not declared before "
                    "the data were seen. All others are secondary or exploratory."
                )
            return (
                f"Confirmatory is {name}: {analysis.primary.label} under the model {each.model.name}, on the primary "
                "range. All others are secondary or exploratory."
            )
    return "The confirmatory question is not among them; all are secondary or exploratory."
