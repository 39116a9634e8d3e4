"""Convergence diagnostics and the thresholds a fit must pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from bayesrefract.inference.posterior import Posterior

Floats = NDArray[np.float64]

R_HAT_MAXIMUM = 1.01
R_HAT_MAXIMUM_OTHER = 1.02
ESS_MINIMUM = 400
E_BFMI_MINIMUM = 0.3

OTHER = {"coefficient", "log_hazard"}
"""Parameters on which no verdict depends alone: only R-hat is required, with a wider threshold."""


@dataclass(frozen=True)
class Health:
    """Convergence of one fit. `findings` are sentences, one per failed gate; none when it passed.

    `r_hat_max` is over all scalars, the effective sample sizes over those that decide; NaN where
    nothing could be computed. `short`: nothing is wrong that more draws might not mend.
    """

    passed: bool
    findings: tuple[str, ...]
    r_hat_max: float
    ess_bulk_min: float
    ess_tail_min: float
    divergences: int
    e_bfmi_min: float
    short: bool = False


@dataclass(frozen=True)
class Convergence:
    """Rank-normalised split R-hat and effective sample sizes of one scalar.

    Vehtari et al. (2021), doi:10.1214/20-BA1221.
    """

    r_hat: float
    ess_bulk: float
    ess_tail: float


def convergence(draws: Floats) -> Convergence:
    """draws : (chain, draw). NaN throughout when they do not vary."""
    from arviz_stats.base import array_stats

    if draws.min() == draws.max():
        return Convergence(np.nan, np.nan, np.nan)
    return Convergence(
        r_hat(draws),
        float(array_stats.ess(draws, method="bulk")),
        float(array_stats.ess(draws, method="tail", prob=(0.05, 0.95))),
    )


def r_hat(draws: Floats) -> float:
    """Rank-normalised split R-hat. draws : (chain, draw); NaN when they do not vary."""
    from arviz_stats.base import array_stats

    return np.nan if draws.min() == draws.max() else float(array_stats.rhat(draws))


def ess_evolution(draws: Floats, steps: int) -> tuple[NDArray[np.int64], Floats, Floats]:
    """Numbers of draws over all chains, with the bulk and tail effective sample size of each beginning.

    draws : (chain, draw). Chains are cut after equal steps; each part has at least four draws.
    """
    lengths = np.unique(np.linspace(0, draws.shape[1], steps + 1).astype(int))
    lengths = lengths[lengths >= 4]
    found = [convergence(draws[:, :length]) for length in lengths]
    return lengths * draws.shape[0], np.array([c.ess_bulk for c in found]), np.array([c.ess_tail for c in found])


def energy_fractions(energy: Floats) -> Floats:
    """Energy fraction of missing information, (chain,); energy : (chain, draw)."""
    from arviz_stats.base import array_stats

    return np.atleast_1d(array_stats.bfmi(energy))


def diagnose(posterior: Posterior, *judged: xr.DataArray) -> Health:
    """Compute convergence diagnostics and apply the thresholds of every gate.

    The decision quantities, group effects, hyperparameters and the total log likelihood require R-hat
    1.01 and ESS 400; all other scalars R-hat 1.02. Parameters that do not vary are skipped; a decision
    quantity that does not vary is a finding.

    Parameters
    ----------
    posterior : Posterior
        Draws of one fit with the sampler's statistics.
    *judged : xarray.DataArray
        Draws of every quantity that is judged, dims (chain, draw, ...): log hazard ratios, differences.

    Returns
    -------
    Health
        Extremes of each diagnostic, and one sentence per failed gate.

    References
    ----------
    Vehtari et al. (2021), doi:10.1214/20-BA1221.
    """
    decided = {label: draws for each in judged for label, draws in _scalars(str(each.name or "judged"), each)}
    strict = decided | {
        label: draws
        for name, array in posterior.draws.data_vars.items()
        if name not in OTHER
        for label, draws in _scalars(str(name), array)
    }
    other = {
        label: draws for name in OTHER & set(posterior.draws) for label, draws in _scalars(name, posterior.draws[name])
    }
    of_strict = {label: convergence(draws) for label, draws in strict.items() if np.isfinite(draws).all()}
    of_other = {label: r_hat(draws) for label, draws in other.items() if not np.isnan(draws).any()}
    divergences = int(posterior.statistics["diverging"].sum())
    e_bfmi = energy_fractions(posterior.statistics["energy"].transpose("chain", "draw").to_numpy())
    few = (
        *_above("R-hat", {k: c.r_hat for k, c in of_strict.items()}, R_HAT_MAXIMUM),
        *_above("R-hat", of_other, R_HAT_MAXIMUM_OTHER),
        *_below("Bulk ESS", {k: c.ess_bulk for k, c in of_strict.items()}),
        *_below("Tail ESS", {k: c.ess_tail for k, c in of_strict.items()}),
    )
    wrong = (
        *_broken(strict, other),
        *_frozen(decided),
        *_chains(posterior.draws.sizes["chain"]),
        *_divergent(divergences),
        *_energy(e_bfmi),
    )
    findings = (*wrong, *few)
    return Health(
        passed=not findings,
        findings=findings,
        r_hat_max=_extreme(np.max, [*(c.r_hat for c in of_strict.values()), *of_other.values()]),
        ess_bulk_min=_extreme(np.min, [c.ess_bulk for c in of_strict.values()]),
        ess_tail_min=_extreme(np.min, [c.ess_tail for c in of_strict.values()]),
        divergences=divergences,
        e_bfmi_min=_extreme(np.min, list(e_bfmi)),
        short=bool(few) and not wrong,
    )


def _scalars(name: str, array: xr.DataArray) -> Iterator[tuple[str, Floats]]:
    """Each scalar of an array with its label, such as `group_effect[didanosine]`; draws (chain, draw)."""
    further = [dim for dim in array.dims if dim not in {"chain", "draw"}]
    values = array.transpose(*further, "chain", "draw").to_numpy()
    for place in np.ndindex(values.shape[: len(further)]):
        at = [str(array[dim].to_numpy()[i]) for dim, i in zip(further, place, strict=True)]
        yield (f"{name}[{', '.join(at)}]" if at else name), np.asarray(values[place], dtype=float)


def _extreme(pick: Callable[[Floats], np.floating], values: list[float]) -> float:
    known = np.array([v for v in values if not np.isnan(v)])
    return float(pick(known)) if len(known) else np.nan


def _broken(strict: dict[str, Floats], other: dict[str, Floats]) -> Iterator[str]:
    bad = {label: int((~np.isfinite(draws)).sum()) for label, draws in strict.items()}
    bad |= {label: int(np.isnan(draws).sum()) for label, draws in other.items()}
    bad = {label: count for label, count in bad.items() if count}
    if bad:
        label = max(bad, key=lambda k: bad[k])
        yield (
            f"{bad[label]} draws of {label} are not finite numbers ({len(bad)} of {len(strict) + len(other)} "
            "quantities are affected); none may be."
        )


def _frozen(decided: dict[str, Floats]) -> Iterator[str]:
    for label, draws in decided.items():
        if draws.min() == draws.max():
            yield f"All draws of {label} are the same value: the sampler did not move."


def _chains(count: int) -> Iterator[str]:
    if count < 2:
        yield f"{count} chain was run; at least 2 are needed to see whether chains agree."


def _above(what: str, values: dict[str, float], maximum: float) -> Iterator[str]:
    over = {label: value for label, value in values.items() if value > maximum}
    if over:
        worst = max(over, key=lambda k: over[k])
        yield (
            f"{what} of {worst} is {beyond(over[worst], maximum, 3)}; at most {maximum:g} is allowed "
            f"({len(over)} of {len(values)} such quantities are above it)."
        )


def _below(what: str, values: dict[str, float]) -> Iterator[str]:
    under = {label: value for label, value in values.items() if value < ESS_MINIMUM}
    if under:
        worst = min(under, key=lambda k: under[k])
        yield (
            f"{what} of {worst} is {beyond(under[worst], ESS_MINIMUM, 0)}; at least {ESS_MINIMUM} is needed "
            f"({len(under)} of {len(values)} such quantities are below it)."
        )


def beyond(value: float, limit: float, decimals: int) -> str:
    """A number that breaks a limit, with as many decimals as show that it does."""
    for places in range(decimals, decimals + 8):
        text = f"{value:.{places}f}"
        if float(text) != limit:
            return text
    return f"{value!r}"


def _divergent(count: int) -> Iterator[str]:
    if count:
        yield f"{count} divergent transition{'s' if count > 1 else ''} after tuning; none is allowed."


def _energy(e_bfmi: Floats) -> Iterator[str]:
    worst = int(np.argmin(e_bfmi))
    if not e_bfmi[worst] >= E_BFMI_MINIMUM:
        found = beyond(float(e_bfmi[worst]), E_BFMI_MINIMUM, 2)
        yield f"E-BFMI of chain {worst + 1} is {found}; at least {E_BFMI_MINIMUM} is needed."
