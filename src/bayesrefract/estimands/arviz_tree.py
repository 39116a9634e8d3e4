"""One fit as a DataTree in ArviZ's groups: what `az.summary`, `az.plot_*` and other readers of netCDF take as it is.

No dimension has a name that ArviZ-plots uses itself: column, row, labels, forest, plot and quantile for places of a
picture, and `group`, for prior against posterior. The groups of patients are therefore `patient_group` here.
Nothing is per patient: events and person-time are sums over the patients of a group. Where a group has very few
patients, its sums are left out, and the cuts between intervals, which are times of events, are rounded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from bayesrefract.cohort.disclosure import DIGITS, NOT_SHOWN, coarse, too_few
from bayesrefract.cohort.exposure import ExposureTable
from bayesrefract.estimands.hazard import HazardDraws, hazard_draws, log_hazard_ratios, log_hazard_ratios_by_time
from bayesrefract.inference.posterior import Posterior
from bayesrefract.model.arrays import ModelArrays
from bayesrefract.model.prior_draws import prior_draws
from bayesrefract.study.study import Contrast

Floats = NDArray[np.float64]

PRIOR_DRAWS = 1000
REPLICATES = 200
"""Draws of the posterior, evenly spread, for which events are replicated: enough for every predictive figure."""
LARGEST_MEAN = 2e9
"""Of a replicated count: more does not fit its 32 bits, and means an interval without data under a vast prior."""
GROUP = "patient_group"
COUNTED = ("posterior_predictive", "observed_data", "constant_data")
"""Groups of the tree that hold sums over patients."""
KEPT = ("inference_library", "inference_library_version")
"""Attributes of the sampler's groups that do not change from one run to the next."""


def arviz_tree(
    posterior: Posterior,
    log_hazard_ratio: xr.DataArray,
    table: ExposureTable,
    arrays: ModelArrays,
    contrasts: Sequence[Contrast],
    seed: np.random.SeedSequence,
    attributes: Mapping[str, str | int | float] | None = None,
) -> xr.DataTree:
    """Groups of one fit for ArviZ.

    `posterior`: every parameter, and `log_hazard_ratio` (chain, draw, contrast); where the ratio may change, that is
    its average, beside `log_hazard_ratio_by_time` (chain, draw, contrast, interval). `sample_stats`: of the
    sampler. `prior`: the same parameters drawn from the prior, absent where it is improper.
    `posterior_predictive` and `observed_data`: `events` (patient_group, interval), replicated given the
    observed person-time, and observed. `constant_data`: `start`, `end` (interval), `person_time`
    (patient_group, interval).
    """
    prior_rng, events_rng = (np.random.default_rng(each) for each in seed.spawn(2))
    groups = {
        "posterior": posterior.draws.assign(
            {
                "log_hazard_ratio": log_hazard_ratio,
                **_by_time(hazard_draws(posterior, table, arrays.design), table, contrasts),
            }
        ),
        "sample_stats": posterior.statistics,
        "prior": _prior(posterior, table, arrays, contrasts, prior_rng),
        "posterior_predictive": _replicated(posterior, table, arrays, events_rng),
        "observed_data": _by_group(table, table.events.astype(np.int32)).to_dataset(name="events"),
        "constant_data": _constants(table),
    }
    made = {name: group for name, group in groups.items() if group is not None}
    shown, told = _withheld(made, table)
    tree = xr.DataTree.from_dict({name: _for_arviz(group) for name, group in shown.items()})
    tree.attrs = dict(attributes or {}) | told
    return tree


def _withheld(groups: dict[str, xr.Dataset], table: ExposureTable) -> tuple[dict[str, xr.Dataset], dict[str, str]]:
    """The groups without what would tell the times of very few patients, and attributes that say so."""
    patients = table.group_sizes
    kept = [place for place, count in enumerate(patients) if not too_few(int(count))]
    if len(kept) == len(patients):
        return groups, {}
    shown = {}
    for name, group in groups.items():
        if name in COUNTED:
            if not kept:
                continue
            group = group.isel(group=kept)
        if "interval" in group.dims:
            group = group.assign_coords(interval=_coarse_names(table))
        if name == "constant_data":
            bounds = {bound: ("interval", [coarse(each) for each in group[bound].values]) for bound in ("start", "end")}
            group = group.assign(bounds)
        shown[name] = group
    small = [level for place, level in enumerate(table.groups) if place not in kept]
    return shown, {
        "not_shown": f"events and person-time of {', '.join(small)}: {NOT_SHOWN}",
        "intervals": f"bounds rounded to {DIGITS} significant digits: a group has very few patients",
    }


def _coarse_names(table: ExposureTable) -> list[str]:
    """Names of the intervals with rounded bounds; equal ones are numbered."""
    names = [f"from {coarse(start):g}" for start in table.edges[:-1]]
    before = [names[:place].count(name) for place, name in enumerate(names)]
    return [f"{name} ({count + 1})" if count else name for name, count in zip(names, before, strict=True)]


def _for_arviz(group: xr.Dataset) -> xr.Dataset:
    """Under a name that ArviZ leaves free, and with chains and draws numbered."""
    named = group.rename({"group": GROUP} if "group" in group.dims else {})
    numbered = {dim: np.arange(named.sizes[dim]) for dim in ("chain", "draw") if dim in named.dims}
    named = named.assign_coords({dim: numbers for dim, numbers in numbered.items() if dim not in named.coords})
    named.attrs = {name: value for name, value in group.attrs.items() if name in KEPT}
    return named


def _prior(
    posterior: Posterior,
    table: ExposureTable,
    arrays: ModelArrays,
    contrasts: Sequence[Contrast],
    rng: np.random.Generator,
) -> xr.Dataset | None:
    prior = prior_draws(arrays, rng, PRIOR_DRAWS)
    if prior is None:
        return None
    drawn = hazard_draws(Posterior(prior, posterior.statistics, "prior", posterior.by_group), table, arrays.design)
    ratios = log_hazard_ratios(drawn, table, contrasts)
    return prior.assign({"log_hazard_ratio": ratios, **_by_time(drawn, table, contrasts)})


def _by_time(draws: HazardDraws, table: ExposureTable, contrasts: Sequence[Contrast]) -> dict[str, xr.DataArray]:
    """Log hazard ratios by interval, under its name; nothing where the ratio is constant."""
    found = log_hazard_ratios_by_time(draws, table, contrasts)
    if found is None:
        return {}
    return {"log_hazard_ratio_by_time": found.assign_coords(interval=_names(table))}


def _replicated(
    posterior: Posterior, table: ExposureTable, arrays: ModelArrays, rng: np.random.Generator
) -> xr.Dataset:
    """Poisson counts with the expected counts of some draws as means, dims (chain, draw, group, interval)."""
    chains, length = posterior.draws.sizes["chain"], posterior.draws.sizes["draw"]
    chosen = np.unique(np.linspace(0, length - 1, max(1, REPLICATES // chains)).astype(np.int64))
    places = (np.arange(chains)[:, None] * length + chosen).ravel()
    expected = expected_events(hazard_draws(posterior, table, arrays.design).take(places), table)
    counts = (
        rng.poisson(np.minimum(expected, LARGEST_MEAN))
        .astype(np.int32)
        .reshape(chains, len(chosen), *expected.shape[1:])
    )
    events = xr.DataArray(counts, dims=("chain", "draw", "group", "interval"))
    return xr.Dataset({"events": events.assign_coords(draw=chosen, group=list(table.groups), interval=_names(table))})


def expected_events(draws: HazardDraws, table: ExposureTable) -> Floats:
    """Expected number of events given the person-time at risk, (sample, group, interval)."""
    relative = np.exp(draws.coefficient @ draws.x.T)  # (sample, pattern)
    expected = np.zeros((draws.samples, len(draws.groups), table.exposure.shape[1]))
    for group in range(len(draws.groups)):
        effect = np.exp(draws.group_effect[:, group, None])
        for stratum in np.unique(draws.stratum[table.group == group]):
            own = (table.group == group) & (draws.stratum == stratum)
            hazard = np.exp(draws.log_hazard[:, draws.baseline_of[group, stratum]])
            expected[:, group] += effect * hazard * (relative[:, own] @ table.exposure[own])
    return expected


def _constants(table: ExposureTable) -> xr.Dataset:
    return xr.Dataset(
        {
            "start": ("interval", table.edges[:-1]),
            "end": ("interval", table.edges[1:]),
            "person_time": _by_group(table, table.exposure),
        },
        coords={"interval": _names(table)},
    )


def _by_group(table: ExposureTable, values: NDArray[np.generic]) -> xr.DataArray:
    """Sums of (pattern, interval) values over the patterns of each group."""
    sums = np.stack([values[table.group == group].sum(axis=0) for group in range(len(table.groups))])
    coords = {"group": list(table.groups), "interval": _names(table)}
    return xr.DataArray(sums, dims=("group", "interval"), coords=coords)


def _names(table: ExposureTable) -> list[str]:
    """As the intervals are called in the draws."""
    return [f"from {start:g}" for start in table.edges[:-1]]
