"""The wording table: what must and what must not be said under each verdict, with cases that walk all of it.

Every pattern is a regular expression, matched without regard to case. Fields in braces are filled in by the case.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

from findings_example import ROPE, a_question, a_verdict

from bayesrefract.decision import Verdict, VerdictWord
from bayesrefract.study.rope import Estimand, Harm, IntervalKind, Rope, Rule, RuleName, Side
from bayesrefract.study.study import Analysis, Evidence

EQUALITY = [r"equivalen"]
SAMENESS = [
    *(r"\bsimilar", r"\bcomparable", r"\bno (\w+ )?difference", r"\bno effect", r"\bthe same\b", r"\balike\b"),
    *(r"\bidentical", r"\bequal(ity|ly|s)?\b", r"\bas (good|effective|safe) as\b", r"\binterchangeable"),
]
PARTED = [r"\bdiffers?\b", r"\bdifferent\b"]
UP = [r"\bhigher\b", r"\blonger\b", r"\bmore\b"]
DOWN = [r"\blower\b", r"\bshorter\b", r"\bfewer\b"]
ONE_SIDED = [r"non-inferior"]
OPEN = [r"\binconclusive\b", r"\bundecided\b", r"\bnot shown\b"]
SILENT = [r"\bno verdict\b", r"\bwithheld\b"]
NUMBERS = [r"\binterval\b", r"(?<!survival )\bprobability\b", r"\bdeclared (range|margin)\b", r"\bis -?\d"]
NEVER = [
    *(r"\bsuperior", r"\bbetter\b", r"\bworse\b", r"\bsignifican", r"\bprove[sdn]?\b", r"\bproof\b", r"\bconfirm"),
    *(r"\bclinical", r"\btrend", r"\bsuggest", r"\bcause[sd]?\b", r"\breduce[sd]?\b", r"(?<!non-)\binferior"),
    *(r"\bnan\b", r"\bnone\b", r"\binf\b", r"[{}]", r"\.\.", r"  ", r"_"),
]
"""No verdict says these."""
NOT_A_CLAIM = [*EQUALITY, *SAMENESS, *PARTED, *UP, *DOWN, r"\bby the declared rule\b"]

Kind = tuple[VerdictWord, str | None]


@dataclass(frozen=True)
class Row:
    """What must and must not be said under one verdict."""

    must: Sequence[str]
    must_not: Sequence[str]


CLAIM = [
    *("by the declared rule", "{quantity}", "the {level}% {interval}"),
    "{role} (range|margin) {bounds}",
]
INTERVAL, BAND = "(highest-density )?credible interval", "simultaneous band"
ABOVE, BELOW = "above", "below"
WORDING: Mapping[Kind, Row] = {
    (VerdictWord.EQUIVALENT, None): Row(
        must=[*CLAIM, "drug A and control are equivalent in {aspect}", "lies wholly inside"],
        must_not=[*SAMENESS, *PARTED, *UP, *DOWN, *ONE_SIDED, *OPEN, *SILENT],
    ),
    (VerdictWord.DIFFERENT, ABOVE): Row(
        must=[*CLAIM, "there is a {more} {aspect} in drug A than in control", "lies wholly above"],
        must_not=[*EQUALITY, *SAMENESS, *DOWN, *ONE_SIDED, *OPEN, *SILENT],
    ),
    (VerdictWord.DIFFERENT, BELOW): Row(
        must=[*CLAIM, "there is a {less} {aspect} in drug A than in control", "lies wholly below"],
        must_not=[*EQUALITY, *SAMENESS, *UP, *ONE_SIDED, *OPEN, *SILENT],
    ),
    (VerdictWord.UNDECIDED, None): Row(
        must=["the data are inconclusive", *CLAIM[1:], "reaches beyond both ends of"],
        must_not=[*NOT_A_CLAIM, *ONE_SIDED, r"\bshown\b", *SILENT],
    ),
    (VerdictWord.NON_INFERIOR, None): Row(
        must=[*CLAIM, "drug A is non-inferior to control in {aspect}", "stays (above|below) the {role} margin"],
        must_not=[*EQUALITY, *SAMENESS, *PARTED, *UP, *DOWN, *OPEN, *SILENT],
    ),
    (VerdictWord.NOT_SHOWN, None): Row(
        must=["non-inferiority of drug A to control in {aspect} is not shown", *CLAIM[1:], "reaches (above|below)"],
        must_not=[*NOT_A_CLAIM, r"is non-inferior", *SILENT],
    ),
    (VerdictWord.WITHHELD, None): Row(
        must=[r"no verdict is given on drug A versus control \({quantity}\)"],
        must_not=[*NOT_A_CLAIM, *ONE_SIDED, *OPEN, r"\bshown\b", *NUMBERS],
    ),
}
EVIDENCE = {
    Evidence.PATIENTS: Row(must=[], must_not=["rebuilt", "simulated", "unstated"]),
    Evidence.UNSTATED: Row(must=["records of unstated origin"], must_not=["rebuilt", "simulated", "patient records"]),
    Evidence.REBUILT: Row(must=["rebuilt patients"], must_not=["simulated", "patient records"]),
    Evidence.SIMULATED: Row(must=["simulated patients"], must_not=["rebuilt", "patient records"]),
}
"""Read in the first sentence: a reader who stops there must know it."""
DECLARED = {
    True: Row(must=[], must_not=["exploratory"]),
    False: Row(must=["in this exploratory analysis", "was declared after the data were seen"], must_not=[]),
    None: Row(
        must=[
            "in this exploratory analysis",
            "it is not stated whether the range was declared before the data were seen",
        ],
        must_not=[],
    ),
}
"""Likewise, by whether the ROPE was declared before the data were seen."""

CLAIMS = {VerdictWord.EQUIVALENT, VerdictWord.DIFFERENT, VerdictWord.NON_INFERIOR}
BY_PROBABILITY = {
    True: Row(must=["the posterior probability [a-z ]+ is [0-9.]+, at least the declared 0.9"], must_not=["less than"]),
    False: Row(
        must=["the posterior probability [a-z ]+ is [0-9.]+, less than the declared 0.9"], must_not=["at least"]
    ),
}
"""Added where a probability decides, by whether the verdict claims something."""


@dataclass(frozen=True)
class Quantity:
    """An estimand with its ROPE, and the words for both."""

    rope: Rope
    quantity: str
    aspect: str
    more: str
    less: str
    bounds: str
    margins: tuple[str, str]

    def between(self, share: float) -> float:
        """A value at a share of the ROPE's width above its lower bound."""
        return self.rope.low + share * (self.rope.high - self.rope.low)


def _quantity(estimand: Estimand, low: float, high: float, *told: str, bounds: tuple[str, str], unit: str) -> Quantity:
    window = (0.0, 24.0) if estimand is Estimand.THROUGHOUT else None
    rope = replace(ROPE, estimand=estimand, low=low, high=high, window=window)
    margins = (f"{bounds[0]}{unit}", f"{bounds[1]}{unit}")
    return Quantity(rope, *told, bounds=f"{bounds[0]} to {margins[1]}", margins=margins)


RATIO = ("hazard", "higher", "lower")
THROUGHOUT = (r"hazard(?: throughout 0 to 24 months)?", "higher", "lower")
TIME = ("restricted mean survival time", "longer", "shorter")
SHARE = ("survival probability", "higher", "lower")
QUANTITIES = {
    Estimand.HAZARD_RATIO: _quantity(
        *(Estimand.HAZARD_RATIO, 0.8, 1.25, "hazard ratio", *RATIO), bounds=("0.80", "1.25"), unit=""
    ),
    Estimand.THROUGHOUT: _quantity(
        *(Estimand.THROUGHOUT, 0.8, 1.25, "hazard ratio throughout 0 to 24 months", *THROUGHOUT),
        bounds=("0.80", "1.25"),
        unit="",
    ),
    Estimand.MARGINAL_HAZARD_RATIO: _quantity(
        *(Estimand.MARGINAL_HAZARD_RATIO, 0.7, 1.4, "marginal hazard ratio up to 36 months", *RATIO),
        bounds=("0.70", "1.40"),
        unit="",
    ),
    Estimand.RMST_DIFFERENCE: _quantity(
        *(Estimand.RMST_DIFFERENCE, -2.0, 2.0, "difference in restricted mean survival time up to 36 months", *TIME),
        bounds=("-2", "2"),
        unit=" months",
    ),
    Estimand.SURVIVAL_DIFFERENCE: _quantity(
        *(Estimand.SURVIVAL_DIFFERENCE, -0.07, 0.07, "difference in survival probability at 36 months", *SHARE),
        bounds=("-7", "7"),
        unit=" percentage points",
    ),
}
INTERVALS = {
    (VerdictWord.EQUIVALENT, None): (0.2, 0.8),
    (VerdictWord.DIFFERENT, ABOVE): (1.2, 1.9),
    (VerdictWord.DIFFERENT, BELOW): (-0.9, -0.2),
    (VerdictWord.NON_INFERIOR, None): (0.2, 0.8),
}
"""Limits as shares of the ROPE's width; every other verdict's interval reaches beyond both ends."""
PROBABILITIES = {
    (VerdictWord.EQUIVALENT, None): (0.02, 0.96, 0.02),
    (VerdictWord.DIFFERENT, ABOVE): (0.0, 0.04, 0.96),
    (VerdictWord.DIFFERENT, BELOW): (0.96, 0.04, 0.0),
    (VerdictWord.NON_INFERIOR, None): (0.02, 0.96, 0.02),
}
"""Below, inside and above the ROPE; every other verdict's are 0.2, 0.6 and 0.2."""
RULES = tuple(
    Rule(name, level=level, threshold=threshold, interval=kind)
    for (name, threshold), level, kind in product(
        [(RuleName.INTERVAL, None), (RuleName.PROBABILITY, 0.9)], [0.95, 0.9], IntervalKind
    )
)


@dataclass(frozen=True)
class Case:
    """One combination, with what fills in the fields of its patterns."""

    kind: Kind
    verdict: Verdict
    analysis: Analysis
    fields: Mapping[str, str]


def sides(word: VerdictWord) -> Sequence[Side]:
    """The rules under which a verdict can be given."""
    if word is VerdictWord.WITHHELD:
        return tuple(Side)
    one_sided = word in {VerdictWord.NON_INFERIOR, VerdictWord.NOT_SHOWN}
    return (Side.ABOVE, Side.BELOW) if one_sided else (Side.TWO_SIDED,)


def cases(kind: Kind, estimand: Estimand, reasons: tuple[str, ...] = ()) -> Iterator[Case]:
    """Every combination of one verdict on one estimand."""
    told = QUANTITIES[estimand]
    limits = INTERVALS.get(kind, (-0.4, 1.4))
    for side, rule, evidence, before, role in product(
        sides(kind[0]), RULES, Evidence, DECLARED, ("primary", "sensitivity")
    ):
        verdict = a_verdict(
            word=kind[0],
            direction=kind[1],
            estimand=estimand,
            rope=replace(told.rope, before_data=before, role=role),
            rule=replace(rule, harm=next((each for each in Harm if each.side(estimand) is side), None)),
            median=told.between(sum(limits) / 2),
            interval=(told.between(limits[0]), told.between(limits[1])),
            **dict(zip(("p_below", "p_inside", "p_above"), PROBABILITIES.get(kind, (0.2, 0.6, 0.2)), strict=True)),
            reasons=reasons,
        )
        margin = told.margins[side is Side.ABOVE]
        fields = {
            **{"quantity": told.quantity, "aspect": told.aspect, "more": told.more, "less": told.less},
            "level": f"{100 * rule.level:.0f}",
            "interval": BAND if estimand is Estimand.THROUGHOUT else INTERVAL,
            "bounds": re.escape(told.bounds if side is Side.TWO_SIDED else margin),
            "role": "declared" if role == "primary" else "sensitivity",
        }
        yield Case(kind, verdict, replace(a_question(), evidence=evidence), fields)


def faults(text: str, row: Row, fields: Mapping[str, str]) -> list[str]:
    """Where a text breaks a row of a table."""
    wanted = [pattern.format_map(fields) for pattern in row.must]
    lacking = [f"lacks “{pattern}”: {text}" for pattern in wanted if not re.search(pattern, text, re.IGNORECASE)]
    return lacking + [
        f"says “{pattern}”: {text}" for pattern in row.must_not if re.search(pattern, text, re.IGNORECASE)
    ]


def own_words(text: str, reasons: Sequence[str]) -> str:
    """A sentence without the reasons that it quotes, each word for word."""
    for reason in reasons:
        quoted = reason.rstrip(". ")
        assert quoted.lower() in text.lower(), f"does not quote “{quoted}”: {text}"
        text = re.sub(re.escape(quoted), "R", text, flags=re.IGNORECASE)
    return text
