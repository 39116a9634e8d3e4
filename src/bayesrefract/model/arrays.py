"""Arrays of the PyMC model from an exposure table and a model, padded so that one compilation serves many fits.

A compiled model has fixed numbers of parameters. Groups, columns, intervals, strata and spreads are
therefore padded to the next common size with elements that carry no data: padded intervals have no
exposure, padded columns and groups have zero loadings. Their parameters have the prior as posterior and
are dropped before any analysis.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import null_space

from bayesrefract.cohort.exposure import ExposureTable
from bayesrefract.errors import ModelError
from bayesrefract.model.effects import Design, design, zero_sum_basis
from bayesrefract.model.priors import GroupPrior
from bayesrefract.study.model import Baseline, BaselineKind, Model, StrataKind
from bayesrefract.study.study import Contrast, TimeUnit

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Structure:
    """Sizes and kinds that must be equal for two fits to share one compilation."""

    kind: BaselineKind
    strata: StrataKind
    flat: bool
    n_groups: int
    n_columns: int
    n_spreads: int
    n_strata: int
    n_intervals: int

    def padded(self) -> Structure:
        """The next common size: generous where it is cheap. Flat priors cannot be padded (improper)."""
        return replace(
            self,
            n_groups=self.n_groups if self.flat else _next_size(self.n_groups, 8),
            n_columns=_next_size(self.n_columns, 16),
            n_spreads=_next_size(self.n_spreads, 4),
            n_strata=_next_size(self.n_strata, 2) if self.n_strata > 1 else 1,
            n_intervals=_next_size(self.n_intervals, 12),
        )


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


def _next_size(size: int, step: int) -> int:
    return max(step, int(2 ** np.ceil(np.log2(max(size, 1) / step))) * step)


def arrange(
    table: ExposureTable, model: Model, prior: GroupPrior, primary: Contrast, *, pad: bool = True
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

    Returns
    -------
    ModelArrays
        Data and coordinates of the PyMC model.
    """
    columns = design(table, model)
    baseline = model.baseline
    strata = table.groups if baseline.by_group else table.strata
    real = Structure(
        kind=baseline.kind,
        strata=StrataKind.POOLED if baseline.strata is StrataKind.POOLED else StrataKind.FREE,
        flat=prior.flat,
        n_groups=len(table.groups),
        n_columns=len(columns.names),
        n_spreads=len(columns.spreads),
        n_strata=len(strata),
        n_intervals=table.events.shape[1],
    )
    size = real.padded() if pad else real
    stratum = table.group if baseline.by_group else table.stratum
    events, exposure = (_cells(each, stratum, size) for each in (table.events, table.exposure))
    values = {
        "group_basis": _group_basis(table, prior, primary, size, by_group=baseline.by_group),
        "group_location": np.array(prior.locations) / np.sqrt(2),
        "group_sd": np.array(prior.sds) / np.sqrt(2),
        "rest_sd": np.array(prior.rest_sd / np.sqrt(2)),
        "column_sd": _pad(np.nan_to_num(columns.scale), (size.n_columns,)),
        "column_spread": _spread_matrix(columns, size),
        "spread_scale": np.array(model.priors.exchangeable_scale),
        **_patterns(table, columns, stratum, size),
        **_loadings(table, columns, stratum, size),
        "stratum_events": events,
    }
    values |= _baseline_arrays(table, model, size, events, exposure)
    return ModelArrays(size, real, columns, values, _coords(table, columns, strata, size), baseline.by_group)


def _pad(array: Array, shape: tuple[int | None, ...], fill: float = 0.0) -> Array:
    """Append `fill` along each axis up to `shape` (None keeps the axis)."""
    widths = [(0, 0 if want is None else want - have) for have, want in zip(array.shape, shape, strict=True)]
    return np.pad(array, widths, constant_values=fill)


def _group_basis(
    table: ExposureTable, prior: GroupPrior, primary: Contrast, size: Structure, *, by_group: bool
) -> Array:
    """Orthonormal zero-sum columns, (group, contrast).

    The same for every choice of reference; only a prior that treats the primary contrast apart puts
    that contrast first.
    """
    count = len(table.groups)
    basis = zero_sum_basis(count)
    if prior.is_mixture:
        first = np.zeros(count)
        first[table.groups.index(primary.group)] = 1 / np.sqrt(2)
        first[table.groups.index(primary.reference)] = -1 / np.sqrt(2)
        basis = np.column_stack([first, null_space(np.vstack([np.ones(count), first]))])
    if by_group:
        basis = np.zeros_like(basis)
    return _pad(basis, (size.n_groups, size.n_groups - 1))


def _zero_sum(count: int, size: int) -> Array:
    """Zero-sum basis of `count` elements among `size`, the others at zero: (size, max(size - 1, 1))."""
    basis = zero_sum_basis(count) if count > 1 else np.empty((count, 0))
    return _pad(basis, (size, max(size - 1, 1)))


def _spread_matrix(columns: Design, size: Structure) -> Array:
    """1 where a column's scale is a learnt spread, (column, spread)."""
    matrix = np.zeros((size.n_columns, size.n_spreads))
    for column, spread in enumerate(columns.spread):
        if spread >= 0:
            matrix[column, spread] = 1.0
    return matrix


def _patterns(
    table: ExposureTable, columns: Design, stratum: NDArray[np.int64], size: Structure
) -> dict[str, NDArray[np.generic]]:
    """Data of the loops over patterns (at_risk.py): those of one stratum together, column by column."""
    order = np.argsort(stratum, kind="stable")
    return {
        "group_of": table.group[order],
        "x": np.ascontiguousarray(_pad(columns.x[order], (None, size.n_columns)).T),
        "exposure": np.ascontiguousarray(_pad(table.exposure[order], (None, size.n_intervals)).T),
        "stratum_start": np.searchsorted(stratum[order], np.arange(size.n_strata + 1)),
        "n_real": np.array([len(columns.names), table.events.shape[1]]),
    }


def _loadings(table: ExposureTable, columns: Design, stratum: NDArray[np.int64], size: Structure) -> dict[str, Array]:
    """Sum of events times linear predictor in each cell, as loadings on the group effects and coefficients."""
    in_group = _pad(np.eye(len(table.groups))[table.group], (None, size.n_groups))
    x = _pad(columns.x, (None, size.n_columns))
    cells = size.n_strata * size.n_intervals
    return {
        "event_groups": _cells(table.events, stratum, size, in_group).reshape(cells, size.n_groups),
        "event_columns": _cells(table.events, stratum, size, x).reshape(cells, size.n_columns),
    }


def _cells(values: Array, stratum: NDArray[np.int64], size: Structure, weights: Array | None = None) -> Array:
    """Sums of (pattern, interval) values over the patterns of each stratum: (stratum, interval[, weight])."""
    parts = np.ones((len(stratum), 1)) if weights is None else weights
    cells = np.zeros((size.n_strata, size.n_intervals, parts.shape[1]))
    for code in np.unique(stratum):
        own = stratum == code
        cells[code, : values.shape[1]] = values[own].T @ parts[own]
    return cells[:, :, 0] if weights is None else cells


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
        "contrast": [f"contrast {i + 1}" for i in range(size.n_groups - 1)],
        "column": names(columns.names, size.n_columns),
        "spread": names(columns.spreads, size.n_spreads),
        "stratum": names(strata, size.n_strata),
        "stratum_contrast": [f"contrast {i + 1}" for i in range(max(size.n_strata - 1, 1))],
        "interval": names(starts, size.n_intervals),
        "cell": [f"stratum {s + 1}, interval {j + 1}" for s in range(size.n_strata) for j in range(size.n_intervals)],
    }
