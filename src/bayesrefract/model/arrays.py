"""Arrays of the PyMC model from an exposure table and a model, padded so that one compilation serves many fits.

A compiled model has fixed numbers of parameters. Groups, columns, intervals, strata and spreads are
therefore padded to the next common size with elements that carry no data: padded intervals have no
exposure, padded columns and groups have zero loadings. Their parameters have the prior as posterior and
are dropped before any analysis.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bayesrefract.cohort.exposure import ExposureTable
from bayesrefract.errors import ModelError
from bayesrefract.model.cells import CellEffects, Cells, cell_effects, cells_from
from bayesrefract.model.effects import Design, design, zero_sum_basis
from bayesrefract.model.leaving import leaving
from bayesrefract.model.priors import GroupPrior
from bayesrefract.model.structure import Structure
from bayesrefract.study.model import Baseline, BaselineKind, Model, StrataKind
from bayesrefract.study.study import Contrast, TimeUnit

Array = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True)
class ModelArrays:
    """Data of one model. `values` are the `pm.Data`; `coords` name the dimensions.

    `design` and `real` (the unpadded structure) describe the model without padding.
    """

    structure: Structure
    real: Structure
    design: Design
    values: dict[str, NDArray[np.generic]] = field(repr=False)
    coords: dict[str, list[str]]
    by_group: bool = False


def arrange(
    table: ExposureTable, model: Model, prior: GroupPrior, primary: Contrast, *, pad: bool = True, apart: bool = False
) -> ModelArrays:
    """Arrange the arrays of one fit.

    Parameters
    ----------
    table : ExposureTable
        Events and person-time.
    model : Model
        Baseline, covariates and their priors.
    prior : GroupPrior
        Prior of the group effects.
    primary : Contrast
        The contrast to which a prior for the primary contrast applies.
    pad : bool
        False gives the model exactly its own size and names.
    apart : bool
        One cell per pattern; the likelihood is the same (for tests).

    Returns
    -------
    ModelArrays
        Data and coordinates of the PyMC model.
    """
    columns = design(table, model)
    baseline = model.baseline
    strata = table.groups if baseline.by_group else table.strata
    cells = cells_from(table.group if baseline.by_group else table.stratum, table.group, apart=apart)
    effects = cell_effects(cells, table.groups, prior, primary)
    real = Structure(
        kind=baseline.kind,
        strata=StrataKind.POOLED if baseline.strata is StrataKind.POOLED else StrataKind.FREE,
        flat=prior.flat,
        changing=model.by_time,
        n_groups=len(table.groups),
        n_effects=effects.loading.shape[1],
        n_columns=len(columns.names),
        n_spreads=len(columns.spreads),
        n_strata=len(strata),
        n_intervals=table.events.shape[1],
    )
    size = real.padded() if pad else real
    events, exposure = (_by_stratum(each, cells, size) for each in (table.events, table.exposure))
    values = {
        "group_location": np.array(prior.locations) / np.sqrt(2),
        "group_sd": np.array(prior.sds) / np.sqrt(2),
        "column_sd": _pad(np.nan_to_num(columns.scale), (size.n_columns,)),
        "column_spread": _spread_matrix(columns.spread, size.n_columns, size),
        "spread_scale": _pad(columns.spread_scale, (size.n_spreads,), 1.0),
        **_effect_arrays(effects, cells, table, size, silent=baseline.by_group),
        **_rows(table, columns, cells, size),
        "stratum_events": events,
        "event_fraction": events / max(events.sum(), 1.0),
        "event_columns": _pad(table.events.sum(axis=1) @ columns.x, (size.n_columns,)),
    }
    if size.changing:
        values |= _change_arrays(table, model, size)
    values |= _baseline_arrays(table, model, size, events, exposure)
    return ModelArrays(size, real, columns, values, _coords(table, columns, strata, size), baseline.by_group)


def _pad(array: Array, shape: tuple[int | None, ...], fill: float = 0.0) -> Array:
    """Append `fill` along each axis up to `shape` (None keeps the axis)."""
    widths = [(0, 0 if want is None else want - have) for have, want in zip(array.shape, shape, strict=True)]
    return np.pad(array, widths, constant_values=fill)


def _zero_sum(count: int, size: int) -> Array:
    """Zero-sum basis of `count` elements among `size`, the others at zero: (size, max(size - 1, 1))."""
    basis = zero_sum_basis(count) if count > 1 else np.empty((count, 0))
    return _pad(basis, (size, max(size - 1, 1)))


def _spread_matrix(spread: Codes, count: int, size: Structure) -> Array:
    """1 where the scale of an effect or column is a learnt spread, (effect or column, spread)."""
    matrix = np.zeros((count, size.n_spreads))
    learnt = np.flatnonzero(spread >= 0)
    matrix[learnt, spread[learnt]] = 1.0
    return matrix


def _effect_arrays(
    effects: CellEffects, cells: Cells, table: ExposureTable, size: Structure, *, silent: bool
) -> dict[str, Array]:
    """Effects on cells, and the sum of events times them. `silent`: all 0, where hazards are by group."""
    scale = 0.0 if silent else 1.0
    loading = scale * _pad(effects.loading, (None, size.n_effects))
    return {
        "group_loading": scale * _pad(effects.group_loading, (size.n_groups, size.n_effects)),
        "cell_loading": loading,
        "effect_sd": _pad(np.nan_to_num(effects.sd), (size.n_effects,)),
        "effect_spread": _spread_matrix(effects.spread, size.n_effects, size),
        "event_effects": cells.sums(table.events.sum(axis=1)) @ loading,
    }


def _rows(table: ExposureTable, columns: Design, cells: Cells, size: Structure) -> dict[str, NDArray[np.generic]]:
    """Data of the loops over patterns and cells (at_risk.py)."""
    width = np.diff(table.edges)
    width[-1] = 0.0
    terms = leaving(table.exposure, width, cells.of, len(cells), size.n_intervals)
    return {
        "x": np.ascontiguousarray(_pad(columns.x[terms.order], (None, size.n_columns)).T),
        "width": _pad(width, (size.n_intervals,)),
        "row_count": terms.row_count,
        "row_time": terms.row_time,
        "block_start": terms.block_start,
        "extra_row": terms.extra_row,
        "extra_count": terms.extra_count,
        "extra_time": terms.extra_time,
        "extra_start": terms.extra_start,
        "cell_group": cells.group,
        "cell_start": np.searchsorted(cells.stratum, np.arange(size.n_strata + 1)).astype(np.int64),
        "n_real": np.array([len(columns.names), table.events.shape[1]]),
    }


def _change_arrays(table: ExposureTable, model: Model, size: Structure) -> dict[str, Array]:
    """Of a hazard ratio that may change: its walk runs over all intervals, and its event-weighted mean is 0."""
    by_group = np.zeros((size.n_groups, size.n_intervals))
    np.add.at(by_group[:, : table.events.shape[1]], table.group, table.events)
    total = by_group.sum(axis=0)
    return {
        "change_basis": _zero_sum(len(table.groups), size.n_groups),
        "change_scale": np.array(model.priors.change_scale),
        "change_step": _pad(interval_steps(table), (size.n_intervals,)),
        "change_share": total / max(total.sum(), 1.0),
        "group_events": by_group,
    }


def _by_stratum(values: Array, cells: Cells, size: Structure) -> Array:
    """(pattern, interval) -> (stratum, interval)."""
    sums = np.zeros((size.n_strata, size.n_intervals))
    np.add.at(sums[:, : values.shape[1]], cells.stratum, cells.sums(values))
    return sums


def _baseline_arrays(
    table: ExposureTable, model: Model, size: Structure, events: Array, exposure: Array
) -> dict[str, NDArray[np.generic]]:
    crude = _crude_rate(events, exposure)
    common = _crude_rate(events.sum(axis=0, keepdims=True), exposure.sum(axis=0, keepdims=True))[0]
    if model.baseline.kind is BaselineKind.RANDOM_WALK:
        total = np.maximum(events.sum(axis=1, keepdims=True), 1.0)
        return {
            "crude_log_hazard": np.log(crude),
            "common_log_hazard": np.log(common),
            "step": _pad(interval_steps(table), (size.n_intervals,)),
            "event_share": events / total,
            "stratum_basis": _zero_sum(int((exposure.sum(axis=1) > 0).sum()), size.n_strata),
            "innovation_sd": np.array(model.baseline.innovation_sd),
            "level_sd": np.array(model.baseline.level_sd),
        }
    shape = model.baseline.shape
    rate = (
        np.full_like(events, fixed_rate(model.baseline, table.time_unit))
        if model.baseline.rate is not None
        else shape / crude[:, None]
    )
    # Without prior or event a cell's hazard is 0 and its term vanishes, as it does in padding: rate 1 says so.
    padding = (exposure.sum(axis=1, keepdims=True) == 0) | (np.arange(size.n_intervals) >= table.events.shape[1])
    rate = np.where(padding | (shape + events == 0), 1.0, np.broadcast_to(rate, events.shape))
    return {
        "common_log_hazard": np.log(common),
        "shape": np.array(float(shape)),
        "rate": rate,
    }


def _crude_rate(events: Array, exposure: Array) -> Array:
    """Events per person-time of each stratum, (stratum,); a stratum without events takes half an event."""
    time = exposure.sum(axis=1)
    return np.where(time > 0, np.maximum(events.sum(axis=1), 0.5) / np.where(time > 0, time, 1.0), 1.0)


def fixed_rate(baseline: Baseline, unit: TimeUnit) -> float:
    """The stated rate of Gamma(shape, rate), its person-time converted to the study's unit."""
    if baseline.rate is None or baseline.rate_unit is None:
        raise ModelError("baseline.rate needs baseline.rate_unit: a Gamma(shape, rate) prior is not free of the unit.")
    return baseline.rate * TimeUnit(baseline.rate_unit).days / unit.days


def interval_steps(table: ExposureTable) -> Array:
    """sqrt(gap / span) between interval midpoints; 0 before the first interval.

    The last interval ends at its last event. So sigma is the sd of the change of the log
    hazard over follow-up, however many intervals there are.
    """
    edges = np.append(table.edges[:-1], max(table.last_event, table.edges[-2]))
    midpoints = (edges[:-1] + edges[1:]) / 2
    gaps = np.diff(midpoints)
    return np.concatenate([[0.0], np.sqrt(gaps / gaps.sum())]) if len(gaps) else np.zeros(1)


def _coords(table: ExposureTable, columns: Design, strata: tuple[str, ...], size: Structure) -> dict[str, list[str]]:
    def names(real: tuple[str, ...], count: int) -> list[str]:
        return [*real, *(f"(padding {i + 1})" for i in range(count - len(real)))]

    starts = tuple(f"from {start:g}" for start in table.edges[:-1])
    return {
        "group": names(table.groups, size.n_groups),
        "group_contrast": [f"contrast {i + 1}" for i in range(max(size.n_groups - 1, 1))],
        "column": names(columns.names, size.n_columns),
        "spread": names(columns.spreads, size.n_spreads),
        "stratum": names(strata, size.n_strata),
        "stratum_contrast": [f"contrast {i + 1}" for i in range(max(size.n_strata - 1, 1))],
        "interval": names(starts, size.n_intervals),
        "effect": [f"effect {i + 1}" for i in range(size.n_effects)],
    }
