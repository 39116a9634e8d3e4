"""The draws of nutpie's Arrow trace as data sets: what is kept of every draw, without a detour through ArviZ."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import xarray as xr
from numpy.typing import NDArray

from bayesrefract.errors import SamplingError
from bayesrefract.study.model import Sampler

type Batch = Any
"""The draws of one chain, a row each, as a record batch of any library that speaks Arrow."""


def as_datasets(
    draws: Sequence[Batch], statistics: Sequence[Batch], variables: Iterable[str], kept: Iterable[str], sampler: Sampler
) -> xr.DataTree:
    """The draws after tuning, equal to nutpie's own conversion; that one takes longer than sampling a small cohort.

    Parameters
    ----------
    draws, statistics : sequence of record batches
        One of each per chain, with equal rows; `tuning` among the statistics marks the draws that are dropped.
    variables, kept : iterable of str
        Columns of the draws, and of the statistics, that are wanted; those that are not there are left out.
    sampler : Sampler
        The numbers of chains and draws that were asked for.

    Returns
    -------
    xarray.DataTree
        Groups `posterior` and `sample_stats`, dims (chain, draw, ...).

    Raises
    ------
    SamplingError
        When a chain is short or a draw is not a number: a stopped sampler hands back what it has, filled up.
    """
    tuned = [int(_column(chain, "tuning").sum()) for chain in statistics]
    lengths = [chain.num_rows - tuning for chain, tuning in zip(draws, tuned, strict=True)]
    if lengths != [sampler.draws] * sampler.chains:
        found, wanted = (
            f"{len(lengths)} chains of {min(lengths, default=0)}",
            f"{sampler.chains} chains of {sampler.draws}",
        )
        raise SamplingError(f"Sampling ended early: {found} draws instead of {wanted} draws.")
    posterior = _dataset(draws, variables, tuned)
    broken = [str(name) for name, values in posterior.data_vars.items() if bool(values.isnull().any())]
    if broken:
        raise SamplingError(f"Sampling gave draws that are not numbers, in: {', '.join(broken)}.")
    return xr.DataTree.from_dict({"posterior": posterior, "sample_stats": _dataset(statistics, kept, tuned)})


def _dataset(chains: Sequence[Batch], names: Iterable[str], tuned: Sequence[int]) -> xr.Dataset:
    wanted = set(names)
    variables = {}
    for name in [each for each in chains[0].column_names if each in wanted]:
        parts = [_column(chain, name)[tuning:] for chain, tuning in zip(chains, tuned, strict=True)]
        variables[name] = (("chain", "draw", *_described(chains[0], name, b"dims")), np.stack(parts))
    sizes = {dim: size for dims, values in variables.values() for dim, size in zip(dims, values.shape, strict=True)}
    return xr.Dataset(variables, {dim: np.arange(size) for dim, size in sizes.items()})


def _column(chain: Batch, name: str) -> NDArray[Any]:
    """Values of a column, (row, ...); NaN where there is none."""
    column = pa.array(chain.column(name))
    shape = tuple(int(size) for size in _described(chain, name, b"shape"))
    if column.null_count:
        return np.full((chain.num_rows, *shape), np.nan)
    values = column.flatten() if shape else column
    return np.asarray(values.to_numpy(zero_copy_only=False)).reshape(chain.num_rows, *shape)


def _described(chain: Batch, name: str, what: bytes) -> list[str]:
    """Dimensions or sizes of a column, as nutpie writes them beside it; none of a scalar."""
    said = (chain.column(name).field.metadata or {}).get(what, b"")
    return said.decode("utf-8").split(",") if said else []
