"""Sampling one fit by NUTS: complete draws or none."""

from __future__ import annotations

import time
import warnings
from typing import Any

import numpy as np
import nutpie
import xarray as xr

from bayesrefract.errors import Interrupted, SamplingError
from bayesrefract.inference.compiler import Compiler
from bayesrefract.inference.posterior import Posterior, drop_padding
from bayesrefract.inference.progress import Silent, Watch
from bayesrefract.model.arrays import ModelArrays
from bayesrefract.study.model import Sampler

POLL_SECONDS = 0.05


def sample(
    arrays: ModelArrays,
    sampler: Sampler,
    seed: np.random.SeedSequence,
    key: str,
    *,
    compiler: Compiler | None = None,
    watch: Watch | None = None,
) -> Posterior:
    """Sample one fit by NUTS, and remove the padding.

    Parameters
    ----------
    arrays : ModelArrays
        Data of the model.
    sampler : Sampler
        Chains, draws, tuning steps and target acceptance.
    seed : numpy.random.SeedSequence
        Seed of the fit.
    key : str
        Fit key, stored with the draws.
    compiler : Compiler, optional
        Cache of compiled models.
    watch : Watch, optional
        Progress callbacks.

    Returns
    -------
    Posterior
        Complete draws; nothing partial is ever returned.

    Raises
    ------
    SamplingError
        When the draws are not complete and finite.
    Interrupted
        On Ctrl-C.
    """
    watch = watch or Silent()
    nuts_seed, hazard_seed = seed.generate_state(2)
    trace = _run((compiler or Compiler()).model(arrays, watch), sampler, int(nuts_seed), watch)
    _refuse_partial(trace, sampler)
    return drop_padding(trace, arrays, key, np.random.default_rng(int(hazard_seed)))


def _run(model: nutpie.sample.CompiledModel, sampler: Sampler, seed: int, watch: Watch) -> xr.DataTree:
    """Sample in the background, so that Ctrl-C leaves no partial trace."""

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
        first, *_ = str(error).strip().splitlines() or ["no reason is given"]  # what follows is a backtrace
        raise SamplingError(
            f"The sampler could not start or go on ({first}). Look for extreme numbers in the records and in the "
            "model, or try another seed."
        ) from error


def _finished(background: nutpie.sample._BackgroundSampler) -> bool:
    """Whether all chains are done; repeated where the sampler does not respond in time on a busy machine."""
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
