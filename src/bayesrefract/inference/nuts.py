"""Compile a model structure once, then sample it with any data of the same structure."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import nutpie
import xarray as xr

from bayesrefract.errors import Interrupted, SamplingError
from bayesrefract.inference.posterior import Posterior, drop_padding
from bayesrefract.inference.progress import Silent, Watch
from bayesrefract.model.arrays import ModelArrays, Structure
from bayesrefract.model.build import build, strict_arithmetic
from bayesrefract.plan import Sampler

POLL_SECONDS = 0.05


@dataclass
class Compiler:
    """Compiled models of one run, one per structure. They cannot be pickled: they live in the process."""

    compiled: dict[Structure, nutpie.sample.CompiledModel] = field(default_factory=dict)

    def prepare(self, arrays: ModelArrays, watch: Watch) -> nutpie.sample.CompiledModel:
        """The compiled model of this structure, holding these data."""
        structure = arrays.structure
        if structure not in self.compiled:
            watch.stage(f"Compiling the model structure: {describe(structure)} (once per run)")
            with strict_arithmetic():
                self.compiled[structure] = nutpie.compile_pymc_model(build(arrays), backend="numba")
        compiled = self.compiled[structure]
        used = {variable.name for variable in compiled.shared_var_keys}
        return compiled.with_data(**{name: value for name, value in arrays.values.items() if name in used})


def describe(structure: Structure) -> str:
    """The structure in words, for the progress display."""
    strata = "one stratum" if structure.n_strata == 1 else f"{structure.strata} strata"
    return f"{structure.kind.replace('_', ' ')} baseline, {strata}"


def sample(
    arrays: ModelArrays,
    sampler: Sampler,
    seed: np.random.SeedSequence,
    key: str,
    *,
    compiler: Compiler | None = None,
    watch: Watch | None = None,
) -> Posterior:
    """Draws of one fit by NUTS, padding removed.

    Raises SamplingError when the draws are not complete and finite, Interrupted on Ctrl-C (nothing
    partial is ever returned).
    """
    watch = watch or Silent()
    nuts_seed, hazard_seed = seed.generate_state(2)
    trace = _run((compiler or Compiler()).prepare(arrays, watch), sampler, int(nuts_seed), watch)
    _refuse_partial(trace, sampler)
    return drop_padding(trace, arrays, key, np.random.default_rng(int(hazard_seed)))


def _run(model: nutpie.sample.CompiledModel, sampler: Sampler, seed: int, watch: Watch) -> xr.DataTree:
    """Sample in the background, so that Ctrl-C reaches us and not a half-filled trace."""

    def report(chains: list[Any]) -> None:
        done = sum(chain.finished_draws for chain in chains)
        watch.draws(done, total, sum(chain.divergences for chain in chains))

    total = sampler.chains * (sampler.tune + sampler.draws)
    background = nutpie.sample(
        model,
        draws=sampler.draws,
        tune=sampler.tune,
        chains=sampler.chains,
        seed=seed,
        target_accept=sampler.target_accept,
        save_warmup=False,
        progress_bar=False,
        progress_callback=report,
        blocking=False,
    )
    try:
        while not _finished(background):
            time.sleep(POLL_SECONDS)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # nutpie's own remarks; the gates judge every fit
            return background.wait()
    except KeyboardInterrupt:
        background.cancel()
        raise Interrupted("Stopped. Every finished fit is kept; run the same command again to go on.") from None
    except RuntimeError as error:
        raise SamplingError(f"The sampler could not start or go on: {error}") from error


def _finished(background: nutpie.sample._BackgroundSampler) -> bool:
    """Whether all chains are done; on a busy machine the sampler may not answer in time, and is asked again."""
    try:
        return bool(background.is_finished)
    except TimeoutError:
        return False


def _refuse_partial(trace: xr.DataTree, sampler: Sampler) -> None:
    """A stopped sampler hands back a trace of full shape, filled up with NaN."""
    posterior = trace["posterior"].to_dataset()
    found = (posterior.sizes.get("chain", 0), posterior.sizes.get("draw", 0))
    if found != (sampler.chains, sampler.draws):
        wanted = f"{sampler.chains} chains of {sampler.draws} draws"
        raise SamplingError(f"Sampling ended early: {found[0]} chains of {found[1]} draws instead of {wanted}.")
    broken = [str(name) for name, draws in posterior.data_vars.items() if bool(draws.isnull().any())]
    if broken:
        raise SamplingError(f"Sampling gave draws that are not numbers, in: {', '.join(broken)}.")
