"""Whether ranks are uniform, and intervals cover as often as they say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom, chi2

from validation.calibration.ranks import KEPT, RATIO
from validation.calibration.scenarios import SCENARIOS

Floats = NDArray[np.float64]

FALSE_ALARM, AT_MOST = 0.05, 100
"""Chance that any quantity of any structure leaves its envelope where all is right, and for how many that holds."""
LEVEL = 1 - FALSE_ALARM / AT_MOST
"""Of the simultaneous envelope of each quantity (Bonferroni)."""
SIMULATIONS = 20_000
"""Uniform samples from which ArviZ takes the envelope."""
COVERAGE_LEVEL = 0.999
"""Of the limits of coverage: 90.0 to 98.8% of 250 data sets, 92.6 to 97.1% of 1,000."""
KNOWN = "log HR, in its known posterior"


@dataclass(frozen=True)
class Found:
    """All data sets of one case that are there. `pits`: probability integrals of the truths, (set,), by quantity."""

    case: str
    pits: Mapping[str, Floats] = field(repr=False)
    ranks: Mapping[str, NDArray[np.int64]] = field(repr=False)
    covers: Mapping[str, NDArray[np.bool_]] = field(repr=False)
    events: NDArray[np.int64] = field(repr=False)
    divergent: int
    lengthened: int
    ess: int
    versions: str

    @property
    def sets(self) -> int:
        return len(self.events)


def gathered(results: Sequence[Mapping[str, Any]]) -> dict[str, Found]:
    """The chunks of each case together, in the order in which they come."""
    cases: dict[str, list[Mapping[str, Any]]] = {}
    for result in results:
        cases.setdefault(result["case"], []).append(result)
    return {name: _together(name, chunks) for name, chunks in cases.items()}


def _together(case: str, chunks: Sequence[Mapping[str, Any]]) -> Found:
    names = chunks[0]["ranks"]
    ranks = {name: _numbers([chunk["ranks"][name] for chunk in chunks]) for name in names}
    pits = {name: spread(values, f"{case} {name}") for name, values in ranks.items()}
    known = np.array(" ".join(chunk["exact"] for chunk in chunks).split(), dtype=float)
    return Found(
        case,
        pits | ({KNOWN: known} if len(known) else {}),
        ranks,
        {name: _flags([chunk["covers"][name] for chunk in chunks]) for name in chunks[0]["covers"]},
        _numbers([chunk["events"] for chunk in chunks]),
        sum(chunk["divergent"] for chunk in chunks),
        sum(chunk["lengthened"] for chunk in chunks),
        min(chunk["ess"] for chunk in chunks),
        chunks[-1]["versions"],
    )


def _numbers(texts: Sequence[str]) -> NDArray[np.int64]:
    return np.array(" ".join(texts).split(), dtype=np.int64)


def _flags(texts: Sequence[str]) -> NDArray[np.bool_]:
    return np.array([mark == "1" for mark in "".join(texts)])


def spread(ranks: NDArray[np.int64], label: str) -> Floats:
    """Ranks 0 to `KEPT` as values of 0 to 1: each anywhere within its step, by a lot that depends on the label alone.

    If every rank is equally likely, these are uniform, as the envelope supposes.
    """
    return (ranks + np.random.default_rng(crc32(label.encode())).random(len(ranks))) / (KEPT + 1)


@cache
def envelope(sets: int, level: float = LEVEL) -> tuple[Floats, Floats, Floats]:
    """Points, lower and upper limit: at `level` the whole ECDF of so many uniform values lies between them.

    Säilynoja et al. (2022), doi:10.1007/s11222-022-10090-6, as ArviZ draws it.
    """
    from arviz_stats.ecdf_utils import ecdf_pit

    points, _, lower, upper = ecdf_pit(np.linspace(0, 1, sets), level, SIMULATIONS)
    return points, lower, upper


def leaves(pits: Floats, level: float = LEVEL) -> bool:
    """Whether the ECDF leaves its envelope."""
    points, lower, upper = envelope(len(pits), level)
    ecdf = np.searchsorted(np.sort(pits), points, side="right") / len(pits)
    return bool(((ecdf < lower - 1e-9) | (ecdf > upper + 1e-9))[:-1].any())


def outside(found: Found) -> list[str]:
    """Quantities whose ECDF leaves its envelope."""
    return [name for name, pits in found.pits.items() if leaves(pits)]


def distance(pits: Floats) -> float:
    """Largest distance of the ECDF from the uniform distribution."""
    values, steps = np.sort(pits), np.arange(len(pits) + 1) / len(pits)
    return float(max((steps[1:] - values).max(), (values - steps[:-1]).max()))


def limits(sets: int) -> tuple[float, float]:
    """Between which the share of covered truths lies, where 95% intervals are right."""
    low, high = binom.interval(COVERAGE_LEVEL, sets, 0.95)
    return float(low / sets), float(high / sets)


def covers_as_stated(covers: NDArray[np.bool_]) -> bool:
    low, high = limits(len(covers))
    return bool(low <= covers.mean() <= high)


def first_pairs(found: Mapping[str, Found]) -> NDArray[np.bool_]:
    """Coverage of the primary log hazard ratio over all structures: independent data sets."""
    return np.concatenate([next(iter(found[each.name].covers.values())) for each in SCENARIOS if each.name in found])


def against_known(found: Found) -> tuple[float, float, int]:
    """Chi-square of the ranks against the known posterior, its 99.9% point, and the data sets that it is of.

    Given the probability integral p a rank is binomial; the few with p near 0 or 1, where its square is not, are out.
    """
    pits = found.pits[KNOWN]
    used = (pits > 0.02) & (pits < 0.98)
    ranks = next(values for name, values in found.ranks.items() if name.startswith(RATIO))[used]
    square = (ranks - KEPT * pits[used]) ** 2 / (KEPT * pits[used] * (1 - pits[used]))
    return float(square.sum()), float(chi2.ppf(0.999, used.sum())), int(used.sum())


def faults(found: Found) -> list[str]:
    """What is not as it should be in one case, in words; none where it is calibrated."""
    said = [f"the ranks of {name} are not uniform" for name in outside(found)]
    said += [
        f"the intervals of {name} cover {covers.mean():.1%}"
        for name, covers in found.covers.items()
        if not covers_as_stated(covers)
    ]
    if KNOWN in found.pits and against_known(found)[0] > against_known(found)[1]:
        said.append("the draws differ from the known posterior")
    return said
