"""A verdict, as a frozen value."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bayesrefract.study import Estimand, Rope, Rule


class VerdictWord(StrEnum):
    """Two-sided: equivalent, different, undecided; one-sided: non_inferior, not_shown; or withheld."""

    EQUIVALENT = "equivalent"
    DIFFERENT = "different"
    UNDECIDED = "undecided"
    WITHHELD = "withheld"
    NON_INFERIOR = "non_inferior"
    NOT_SHOWN = "not_shown"


@dataclass(frozen=True)
class Verdict:
    """The judgement of one contrast on one estimand against one ROPE.

    Probabilities are posterior probabilities of the estimand below, inside and above the ROPE, each
    with its Monte Carlo standard error; `*_bound` replaces a bare 0 or 1 where all draws agree
    (inside > 1 - 3/ESS, or inside < 3/ESS). `interval` is on the estimand's own scale (ratios as
    ratios), computed on the log scale for ratios. `distance`: how far, on the decision scale, the
    draws are from the nearest change of verdict (positive; probability for rule `probability`, log or
    difference for rule `interval`). `smallest_rope`: the m > 1 for which (1/m, m) would have been
    accepted (for differences, the d > 0 for which (-d, d) would).
    """

    group: str
    reference: str
    primary: bool
    estimand: Estimand
    rope: Rope
    rule: Rule
    word: VerdictWord
    direction: str | None  # "above" | "below" for different
    median: float
    interval: tuple[float, float]
    eti95: tuple[float, float]
    mean: float  # of the log for ratios
    sd: float
    p_below: float
    p_inside: float
    p_above: float
    mcse_below: float
    mcse_inside: float
    mcse_above: float
    p_inside_bound: str | None
    prior_inside: float | None
    distance: float
    distance_mcse: float
    smallest_rope: float
    r_hat: float
    ess_bulk: float
    ess_tail: float
    reasons: tuple[str, ...] = ()  # why withheld, or "too close to call by simulation"
    labels: tuple[str, ...] = ()  # "exploratory", "prior favours equivalence", "conditional", ...
