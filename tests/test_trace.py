"""The draws as they come from nutpie: equal to its own conversion, and refused where they are not complete."""

from __future__ import annotations

import numpy as np
import nutpie
import pyarrow as pa
import pytest
import xarray as xr
from cohorts import lung

from bayesrefract.cohort.exposure import tabulate
from bayesrefract.errors import SamplingError
from bayesrefract.inference.nuts import Compiler
from bayesrefract.inference.posterior import STATISTICS
from bayesrefract.inference.progress import Silent
from bayesrefract.inference.trace import as_datasets
from bayesrefract.model.arrays import arrange
from bayesrefract.model.priors import default_prior
from bayesrefract.model.reported import REPORTED
from bayesrefract.study.model import Model, Sampler
from bayesrefract.study.study import Contrast

SAMPLER = Sampler(chains=3, tune=120, draws=60)


def test_the_draws_are_those_of_nutpies_own_conversion_bit_for_bit(compiler: Compiler) -> None:
    arrays = arrange(
        tabulate(lung(("age",)), Model("", "", "").intervals), Model("", "", ""), default_prior(), Contrast("2", "1")
    )
    asked = {"tune": SAMPLER.tune, "draws": SAMPLER.draws, "chains": SAMPLER.chains, "seed": 3, "progress_bar": False}
    own = nutpie.sample(compiler.model(arrays, Silent()), **asked)
    raw = nutpie.sample(compiler.model(arrays, Silent()), **asked, return_raw_trace=True, save_warmup=False)
    tree = as_datasets(*raw.get_arrow_trace(), REPORTED, STATISTICS, SAMPLER)
    for group in ("posterior", "sample_stats"):
        ours, theirs = tree[group].to_dataset(), own[group].to_dataset()
        assert ours.data_vars
        xr.testing.assert_identical(ours, theirs[list(ours)].drop_attrs())
    assert {"group_effect", "coefficient", "log_hazard", "sigma"} <= set(tree["posterior"])
    assert {"diverging", "energy"} <= set(tree["sample_stats"])


def batch(**columns: object) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict(dict(columns))


class Described:
    """A batch whose columns know what nutpie writes beside them; pyarrow's own keep it in the schema."""

    def __init__(self, source: pa.RecordBatch) -> None:
        self.num_rows, self.column_names, self._source = source.num_rows, source.column_names, source

    def column(self, name: str) -> DescribedColumn:
        return DescribedColumn(self._source.column(name), self._source.schema.field(name))


class DescribedColumn:
    def __init__(self, values: pa.Array, field: pa.Field) -> None:
        self.field, self._values = field, values

    def __arrow_array__(self, type: pa.DataType | None = None) -> pa.Array:
        return self._values


def chain(values: list[float | None]) -> Described:
    return Described(batch(sigma=values))


def marks(draws: int) -> Described:
    return Described(batch(tuning=[True] * 2 + [False] * draws, diverging=[False] * (draws + 2)))


def read(chains: list[Described], lengths: list[int]) -> xr.DataTree:
    sampler = Sampler(chains=2, tune=2, draws=3)
    return as_datasets(chains, [marks(length) for length in lengths], REPORTED, STATISTICS, sampler)


def test_tuning_is_dropped() -> None:
    tree = read([chain([9, 9, 1, 2, 3]), chain([9, 9, 4, 5, 6])], [3, 3])
    assert np.array_equal(tree["posterior"]["sigma"], [[1, 2, 3], [4, 5, 6]])
    assert tree["sample_stats"]["diverging"].shape == (2, 3)


@pytest.mark.parametrize(
    ("chains", "lengths", "message"),
    [
        ([[9, 9, 1, 2, 3]], [3], "ended early: 1 chains of 3 draws instead of 2 chains of 3 draws."),
        ([[9, 9, 1, 2, 3], [9, 9, 4]], [3, 1], "ended early: 2 chains of 1 draws instead of 2 chains of 3 draws."),
        ([], [], "ended early: 0 chains of 0 draws"),
        ([[9, 9, 1, 2, 3], [9, 9, 4, np.nan, 6]], [3, 3], "draws that are not numbers, in: sigma."),
        ([[9, 9, 1, 2, 3], [9, 9, 4, None, 6]], [3, 3], "draws that are not numbers, in: sigma."),
    ],
)
def test_what_a_stopped_sampler_leaves_is_refused(chains: list[list[float]], lengths: list[int], message: str) -> None:
    with pytest.raises(SamplingError, match=message):
        read([chain(values) for values in chains], lengths)
