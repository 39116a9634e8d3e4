"""What the claims came to, as the page of the validation shows it, and which shares are beyond their limits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import binom

from bayesrefract.decision.misfit import FAR

WITHHELD = 0.02
"""Share of honest trials that may be withheld by all gates together."""
FALSE = 0.025
"""Share of claims where the hazard ratio is the range's own bound."""
REMOVED = 0.025
"""Share of the claims about a constant hazard ratio that proportionality may remove."""
STOPPED = 0.95
"""Share of the claims about 0.6, then 1.5 that it must remove from 1,000 events on."""
ERRORS = 3.0
"""Monte Carlo standard errors beyond a limit that are allowed."""
STRONG, MANY = "0.6, 1.5", 1000
ONE_WORD, SHIFT = 0.9, 0.1
"""Share of the data sets of which NUTS must give the word of quadrature, and their median shift in standard deviations:
0.1 of them makes 2.5% false claims 2.0 or 3.1%."""

type Row = dict[str, Any]


class Cell(NamedTuple):
    """Data sets of one kind: `sets` in each of `chunks`. `size`: events, or patients where hazards cross and where
    honest trials are fitted."""

    part: str
    name: str
    size: int
    sets: int
    chunks: int


def together(results: Sequence[Any], cells: Sequence[Cell]) -> dict[Cell, Row]:
    """Counts of each cell, summed over the parts that are there."""
    found: dict[Cell, Row] = {}
    for result in results:
        row = found.setdefault(cells[result["cell"]], {"parts": 0})
        row["parts"] += 1
        for name, value in result.items():
            if isinstance(value, dict):
                row[name] = row.get(name, Counter()) + Counter(value)
            elif name == "events":
                row[name] = row.get(name, 0.0) + (value - row.get(name, 0.0)) / row["parts"]
            elif name != "cell":
                row[name] = row[name] + value if name in row else value
    return {cell: found[cell] for cell in cells if cell in found}


def faults(results: Sequence[Any], cells: Sequence[Cell]) -> list[str]:
    """Shares beyond their limits, in words."""
    found = together(results, cells)
    checks = {"honest": _withheld_fault, "edge": _edge_fault, "change": _change_fault, "crossing": _crossing_fault}
    return [
        f"{cell.part}, {cell.name}, {cell.size:,}: {fault}"
        for cell, row in found.items()
        if (fault := checks[cell.part](cell, row))
    ]


def _withheld_fault(cell: Cell, row: Row) -> str:
    """Of all data sets the share itself is held to the limit; of fewer, what 2% would give in 99 of 100 runs."""
    complete = row["parts"] == cell.chunks
    most = WITHHELD * row["sets"] if complete else binom.ppf(0.99, row["sets"], WITHHELD)
    return f"{_part(row['withheld'], row['sets'])} withheld" if row["withheld"] > most else ""


def _edge_fault(_: Cell, row: Row) -> str:
    """Quadrature may stand for NUTS where both give one word, and hardly differ."""
    both = row["by_nuts"]
    if row["stand"] > _most(FALSE, row["sets"]):
        return f"equivalent said of {_part(row['stand'], row['sets'])}"
    if both and _same(both) < ONE_WORD * len(both):
        return f"NUTS gives the word of quadrature in {_same(both)} of {len(both)}"
    shift = float(np.median([each["shift"] for each in both])) if both else 0.0
    return f"NUTS is shifted by {shift:.2f} SD against quadrature" if abs(shift) > SHIFT else ""


def _same(both: Sequence[Row]) -> int:
    """Data sets that both call equivalent, or both do not."""
    return sum((each["word"] == "equivalent") == each["quick"] for each in both)


def _change_fault(cell: Cell, row: Row) -> str:
    claims, removed = row["claims"], row["claims"] - row["stand"]
    if cell.name == "1" and removed > _most(REMOVED, claims):
        return f"{_part(removed, claims)} of the claims removed"
    if cell.name == STRONG and cell.size >= MANY and row["stand"] > _most(1 - STOPPED, claims):
        return f"only {_part(removed, claims)} of the claims removed"
    return ""


def _crossing_fault(_: Cell, row: Row) -> str:
    said = row["words"].get("equivalent", 0)
    return f"equivalent said of {said} of {row['sets']}" if said else ""


def _most(share: float, count: int) -> float:
    return float(share * count + ERRORS * np.sqrt(share * (1 - share) * count))


def page(results: Sequence[Any], cells: Sequence[Cell]) -> str:
    found = together(results, cells)
    parts = {"honest": _honest, "edge": _edge, "change": _change, "crossing": _crossing}
    wrong = faults(results, cells)
    said = ["Beyond their limits:", "", *(f"- {each}" for each in wrong)] if wrong else ["All within their limits."]
    lines = ["Range: hazard ratio 0.80 to 1.25; the 95% interval must lie inside. " + said[0], *said[1:]]
    for part, write in parts.items():
        rows = {cell: row for cell, row in found.items() if cell.part == part}
        if rows:
            lines += ["", *write(rows)]
    return "\n".join(lines)


def _honest(rows: Mapping[Cell, Row]) -> Iterator[str]:
    yield (
        "Honest trials: proportional Weibull hazards, two covariates that the model adjusts for, the true log hazard "
        "ratio from Normal(0, 0.4). Hazard ratio and difference of restricted means (12 months, -1 to 1) are judged by "
        f"the whole line, 4 chains of 500 draws (1,000 for fewer than 500 patients). At most {WITHHELD:.0%} of the "
        "trials may have a verdict withheld. Distance: the larger one of the two groups' model-based restricted means "
        f"from Kaplan-Meier's, in its standard errors; more than {FAR:g} withholds."
    )
    yield ""
    yield (
        "| Patients | Trials | Any verdict withheld | Hazard ratio withheld | by gate | Restricted means withheld "
        "| by gate | Distance: median, 95%, 99%, largest |"
    )
    yield "|---|---|---|---|---|---|---|---|"
    for cell, row in rows.items():
        sizes = (
            ", ".join(f"{size:.2f}" for size in np.quantile(row["off"], [0.5, 0.95, 0.99, 1.0])) if row["off"] else ""
        )
        yield (
            f"| {cell.size:,} | {row['sets']} | {_share(row['withheld'], row['sets'])} "
            f"| {_gates(row['ratio'])} | {_gates(row['means'])} | {sizes} |"
        )


def _gates(count: Counter[str]) -> str:
    by_gate = ", ".join(f"{name} {number}" for name, number in sorted(count.items()) if name != "all")
    return f"{count['all']} | {by_gate or 'none'}"


def _edge(rows: Mapping[Cell, Row]) -> Iterator[str]:
    yield (
        "True hazard ratio 1.25, the range's own bound. Claims: of the exact posterior by quadrature (independent "
        f"hazards, the default prior). At most {FALSE:.1%} and {ERRORS:g} Monte Carlo standard errors may be false. "
        "Data sets within one standard deviation of the limit, as many on either side, went through the whole line "
        "with NUTS as well: shift and SD ratio are those of its log hazard ratio against quadrature."
    )
    yield ""
    yield (
        "| Events | Data sets | Claims of the average | Equivalent, proportionality asked "
        "| By NUTS too | Margin up to | Same word | Shift: median, largest | SD ratio: least, largest |"
    )
    yield "|---|---|---|---|---|---|---|---|---|"
    for row in rows.values():
        both, sets = row["by_nuts"], row["sets"]
        shifts, ratios = ([each[name] for each in both] for name in ("shift", "ratio"))
        yield (
            f"| {row['events']:.0f} | {sets} | {_share(row['claims'], sets)} | {_share(row['stand'], sets)} "
            f"| {len(both)} "
            f"| {max(abs(each['margin']) for each in both):.2f} SD | {_same(both)} "
            f"| {np.median(shifts):.2f}, {max(shifts, key=abs):.2f} | {min(ratios):.2f}, {max(ratios):.2f} |"
        )


def _change(rows: Mapping[Cell, Row]) -> Iterator[str]:
    yield (
        "Hazard ratios that change: the average is 1 unless a place is named. Removed: claims of the average that are "
        f"not said because the ratio changes. Of a constant ratio at most {REMOVED:.1%} may be removed, of {STRONG} at "
        f"least {STOPPED:.0%} from {MANY:,} events on, each with {ERRORS:g} standard errors."
    )
    yield ""
    yield "| Hazard ratio | Events | Data sets | Claims of the average | Removed (SE) | Equivalent |"
    yield "|---|---|---|---|---|---|"
    for cell, row in rows.items():
        claims, stand = row["claims"], row["stand"]
        yield (
            f"| {cell.name} | {cell.size:,} | {row['sets']} | {claims} | {_share(claims - stand, claims)} "
            f"| {_part(stand, row['sets'])} |"
        )


def _crossing(rows: Mapping[Cell, Row]) -> Iterator[str]:
    yield "Hazards that cross, by the whole line with NUTS: `equivalent` must never be said."
    yield ""
    yield "| Hazards | Patients | Data sets | Words |"
    yield "|---|---|---|---|"
    for cell, row in rows.items():
        words = ", ".join(f"{word} {number}" for word, number in sorted(row["words"].items()))
        yield f"| {cell.name} | {cell.size:,} | {row['sets']} | {words} |"


def _share(some: int, count: int) -> str:
    """Percentage with its standard error, that of one more and one less where it is all or none."""
    smoothed = (some + 1) / (count + 2)
    return f"{_part(some, count)} ({np.sqrt(smoothed * (1 - smoothed) / (count + 2)):.1%})" if count else "none"


def _part(some: int, count: int) -> str:
    return f"{some / count:.1%}" if count else ""
