"""Hand-made posteriors for tests: draws of known hazards, without any sampling."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from bayesrefract.inference.posterior import Posterior

CHAINS = 4


def make_posterior(
    hazard: ArrayLike,
    group_effect: ArrayLike | None = None,
    coefficient: ArrayLike | None = None,
    *,
    groups: Sequence[str],
    strata: Sequence[str] = ("all",),
    columns: Sequence[str] = (),
    seed: int = 1,
) -> Posterior:
    """A posterior from samples: hazard (sample, stratum, interval), group_effect (sample, group),
    coefficient (sample, covariate). Without group effects the hazards are by group. Samples go to four
    chains in turn; energy and total log likelihood are white noise."""
    rng = np.random.default_rng(seed)
    hazards = np.asarray(hazard, dtype=float)
    by_group = group_effect is None
    size = (CHAINS, len(hazards) // CHAINS)
    with np.errstate(divide="ignore"):
        draws = {"log_hazard": (("stratum", "interval"), np.log(hazards))}
    if group_effect is not None:
        draws["group_effect"] = (("group",), np.asarray(group_effect, dtype=float))
    if coefficient is not None:
        draws["coefficient"] = (("covariate",), np.asarray(coefficient, dtype=float))
    data = {
        name: (("chain", "draw", *dims), values.reshape(*size, *values.shape[1:]))
        for name, (dims, values) in draws.items()
    }
    data["log_likelihood"] = (("chain", "draw"), rng.normal(size=size))
    coords = {"stratum": list(groups if by_group else strata)}
    if group_effect is not None:
        coords["group"] = list(groups)
    if coefficient is not None:
        coords["covariate"] = list(columns)
    statistics = xr.Dataset(
        {
            "diverging": (("chain", "draw"), np.zeros(size, dtype=bool)),
            "energy": (("chain", "draw"), rng.normal(size=size)),
        }
    )
    return Posterior(xr.Dataset(data, coords=coords), statistics, key="made by hand", by_group=by_group)
