"""Judge a hazard ratio that may change: whether it stays inside the ROPE in every interval of a declared window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from bayesrefract.cohort.exposure import ExposureTable
from bayesrefract.decision.decision import agreed_bound, labelled, rule_of_three, share, word_of
from bayesrefract.decision.diagnostics import Convergence, convergence
from bayesrefract.decision.verdict import Judgement, Region, Simulated, Verdict, judge_band, judge_band_probability
from bayesrefract.errors import StudyError
from bayesrefract.numerals import exact
from bayesrefract.proportionality.summaries import Bands, bands
from bayesrefract.proportionality.summaries import window_of as intervals_within
from bayesrefract.study.rope import Rope, Rule, RuleName, Side
from bayesrefract.study.study import Contrast, TimeUnit

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Window:
    """Intervals that are judged: where they start and end, and their events; the last one may be open."""

    start: Floats
    end: Floats
    weights: Floats
    unit: TimeUnit


def window_of(table: ExposureTable, contrast: Contrast, rope: Rope) -> tuple[Window, NDArray[np.int64]]:
    """The intervals that share time with the ROPE's window and in which both groups are at risk, and their places.

    Raises StudyError where there is none.
    """
    pair = [table.groups.index(name) for name in (contrast.group, contrast.reference)]
    at_risk = np.all([table.exposure[table.group == code].sum(axis=0) > 0 for code in pair], axis=0)
    start, end = rope.window or (0.0, table.follow_up)
    chosen = np.flatnonzero(intervals_within(table.edges, at_risk, start, end))
    if not len(chosen):
        raise StudyError(
            f"rope.window = [{start:g}, {end:g}]: {contrast.group} and {contrast.reference} are nowhere at risk "
            "together in it. Declare a window in which both are."
        )
    events = table.events[np.isin(table.group, pair)].sum(axis=0)[chosen]
    weights = events if events.sum() > 0 else np.ones(len(chosen))
    return Window(table.edges[chosen], table.edges[chosen + 1], weights, table.time_unit), chosen


def decide_throughout(
    contrast: Contrast,
    draws: xr.DataArray,
    window: Window,
    rope: Rope,
    rule: Rule,
    *,
    prior_inside: float | None = None,
    withheld: Sequence[str] = (),
    labels: Sequence[str] = (),
    doubt: str = "",
    exhausted: bool = False,
) -> Verdict:
    """Judge one contrast on its hazard ratio throughout a window.

    Rule `interval`: the simultaneous band lies wholly inside the ROPE, or wholly beyond one bound in some interval.
    Rule `probability`: so probable is it that the ratio is inside in all intervals, or beyond a bound in some interval.

    Parameters
    ----------
    contrast : Contrast
        Group and reference.
    draws : xarray.DataArray
        Dims (chain, draw, interval): log hazard ratios in the intervals of the window.
    window : Window
        The intervals.
    rope : Rope
        Region of practical equivalence, with its window.
    rule : Rule
        Decision rule.
    prior_inside, withheld, labels, doubt, exhausted
        As in `decide`.

    Returns
    -------
    Verdict
        `interval` spans the band over the window; `p_inside` is the probability to be inside in every interval, and
        `p_below` and `p_above` to be beyond the bound in at least one, so that the three need not add up to 1.
        `median`, `mean` and `sd` are of the event-weighted average over the window; R-hat and ESS are the worst of the
        intervals.
    """
    values = draws.transpose("chain", "draw", "interval").to_numpy()
    region = Region(*np.log([rope.low, rope.high]))
    side = rule.side_of(rope.estimand)
    band = bands(values.reshape(-1, values.shape[2]), level=rule.level)
    quality = _worst([convergence(values[:, :, j]) for j in range(values.shape[2])])
    inside = share(((values >= region.low) & (values <= region.high)).all(axis=2))
    below, above = share((values < region.low).any(axis=2)), share((values > region.high).any(axis=2))
    three = rule_of_three(values[:, :, 0], quality)
    judgement, place = _judgement(values, band, region, rule, side, three)
    word, direction, reasons = word_of(judgement, side, withheld, doubt, exhausted)
    if direction is not None and place is not None:
        reasons = (*reasons, f"It lies beyond the bound {_named(window, place)}")
    average = values @ (window.weights / window.weights.sum())
    low, high = float(np.exp(band.low_throughout.min())), float(np.exp(band.high_throughout.max()))
    return Verdict(
        group=contrast.group,
        reference=contrast.reference,
        primary=contrast.primary,
        estimand=rope.estimand,
        rope=rope,
        rule=rule,
        word=word,
        direction=direction,
        median=float(np.exp(np.median(average))),
        interval=(low, high),
        eti95=(low, high),
        mean=float(average.mean()),
        sd=float(average.std(ddof=1)),
        p_below=below.value,
        p_inside=inside.value,
        p_above=above.value,
        mcse_below=below.mcse,
        mcse_inside=inside.mcse,
        mcse_above=above.mcse,
        p_inside_bound=agreed_bound(inside.value, three),
        prior_inside=prior_inside,
        distance=judgement.distance.value,
        distance_mcse=judgement.distance.mcse,
        smallest_rope=float(np.exp(max(_smallest(values, band, rule, side), 0.0))),
        **asdict(quality),
        reasons=reasons,
        labels=labelled(labels, rope),
    )


def _worst(found: Sequence[Convergence]) -> Convergence:
    return Convergence(
        max(each.r_hat for each in found), min(each.ess_bulk for each in found), min(each.ess_tail for each in found)
    )


def _judgement(
    values: Floats, band: Bands, region: Region, rule: Rule, side: Side, three: float
) -> tuple[Judgement, int | None]:
    """The judgement, and the interval that a difference is in. `three`: of the rule of three, where all draws agree."""
    if rule.name is RuleName.PROBABILITY:
        if rule.threshold is None:
            raise StudyError("rule: name = probability needs a threshold. Declare it, for instance threshold = 0.95.")
        inside = ((values >= region.low) & (values <= region.high)).all(axis=2)
        by_interval = [(values < region.low).mean(axis=(0, 1)), (values > region.high).mean(axis=(0, 1))]
        most = [int(each.argmax()) for each in by_interval]
        below, above = share(values[:, :, most[0]] < region.low), share(values[:, :, most[1]] > region.high)
        kept = {
            Side.ABOVE: share((values <= region.high).all(axis=2)),
            Side.BELOW: share((values >= region.low).all(axis=2)),
            Side.TWO_SIDED: share(inside),
        }[side]
        kept, below, above = (Simulated(each.value, each.mcse or three / 2) for each in (kept, below, above))
        judgement = judge_band_probability(kept, below, above, rule.threshold, side)
    else:
        lows, highs = band.low_throughout, band.high_throughout
        most = [int(highs.argmin()), int(lows.argmax())]
        lowest, highest = _bound(values, lows, int(lows.argmin())), _bound(values, highs, int(highs.argmax()))
        beyond = _bound(values, highs, most[0]), _bound(values, lows, most[1])
        judgement = judge_band(lowest, highest, beyond[0], beyond[1], region, side)
    place = {"below": most[0], "above": most[1]}.get(judgement.direction or "")
    return judgement, place


def _bound(values: Floats, bounds: Floats, place: int) -> Simulated:
    """A limit of the band with the Monte Carlo error of the quantile at which it lies in its interval."""
    from arviz_stats.base import array_stats

    bound, draws = float(bounds[place]), values[:, :, place]
    prob = float(np.clip(np.mean(draws <= bound), 1 / draws.size, 1 - 1 / draws.size))
    return Simulated(bound, float(array_stats.mcse(draws, method="quantile", prob=prob)))


def _smallest(values: Floats, band: Bands, rule: Rule, side: Side) -> float:
    """Log of the smallest m for which (1/m, m) would have been accepted; one-sided: of the one bound."""
    if rule.name is RuleName.PROBABILITY and rule.threshold is not None:
        farthest = {Side.TWO_SIDED: np.abs(values), Side.ABOVE: values, Side.BELOW: -values}[side].max(axis=2)
        return float(np.quantile(farthest, rule.threshold))
    low, high = float(band.low_throughout.min()), float(band.high_throughout.max())
    return {Side.TWO_SIDED: max(-low, high), Side.ABOVE: high, Side.BELOW: -low}[side]


def _named(window: Window, place: int) -> str:
    start, end = window.start[place], window.end[place]
    if not np.isfinite(end):
        return f"after {exact(float(start))} {window.unit}"
    return f"from {exact(float(start))} to {exact(float(end))} {window.unit}"
