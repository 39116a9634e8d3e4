"""Which column of the cohort each printed count is of."""

from __future__ import annotations

from dataclasses import fields

from bayesrefract.studies.lenalidomide.derive.derive import CohortRow

COHORT_COLUMNS = tuple(field.name for field in fields(CohortRow))
TEXT_COLUMNS = frozenset(field.name for field in fields(CohortRow) if "str" in str(field.type))
"""Columns that hold words; the others hold numbers."""

_FLAGS = {
    ("diagnosis", "sex", "female"): ("sex", "female"),
    ("diagnosis", "egfr", "<60 mL/min/1.73m2"): ("egfr_below_60", "1"),
    ("diagnosis", "iss_stage", "III"): ("iss_stage_iii", "1"),
    ("diagnosis", "fish", "high_risk"): ("fish_high_risk", "1"),
    ("diagnosis", "fish", "t(4;14)"): ("t_4_14", "1"),
    ("diagnosis", "fish", "t(14;16)"): ("t_14_16", "1"),
    ("diagnosis", "fish", "t(14;20)"): ("t_14_20", "1"),
    ("diagnosis", "fish", "del(17p)"): ("del_17p", "1"),
    ("diagnosis", "fish", "gain(1q)"): ("gain_1q", "1"),
    ("first_line", "asct", "yes"): ("first_line_asct", "1"),
    ("second_line", "asct", "yes"): ("second_line_asct", "1"),
    ("len_retreatment", "asct", "yes"): ("retreatment_asct", "1"),
}
_CATEGORIES = {
    ("diagnosis", "m_protein_isotype"): "m_protein_isotype",
    ("first_line", "regimen_size"): "first_line_regimen_size",
    ("second_line", "regimen_class"): "second_line_regimen_class",
    ("len_retreatment", "regimen_class"): "retreatment_regimen_class",
}
"""Variables whose levels are spelled as in the cohort."""


def cohort_cell(setting: str, variable: str, level: str) -> tuple[str, str] | None:
    """Column and value that a printed count is of; None for what the cohort does not hold."""
    category = _CATEGORIES.get((setting, variable))
    return (category, level) if category else _FLAGS.get((setting, variable, level))
