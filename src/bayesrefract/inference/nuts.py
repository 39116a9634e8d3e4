"""Sampling one fit by NUTS: complete draws or none."""

from __future__ import annotations

import time
import warnings
from typing import Any

import numpy as np
import nutpie

from bayesrefract.errors import Interrupted, SamplingError
from bayesrefract.inference.compiler import Compiler
from bayesrefract.inference.posterior import STATISTICS, Posterior, drop_padding
from bayesrefract.inference.progress import Silent, Watch
from bayesrefract.inference.trace import as_datasets
from bayesrefract.model.arrays import ModelArrays
from bayesrefract.model.reported import REPORTED
from bayesrefract.study.model import Sampler

FIRST_POLL, LONGEST_POLL = 0.001, 0.05
"""Seconds between looks at the sampler: a small fit takes a few hundredths of a second, a large one minutes."""


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
    draws, statistics = _run((compiler or Compiler()).model(arrays, watch), sampler, int(nuts_seed), watch)
    trace = as_datasets(draws, statistics, REPORTED, STATISTICS, sampler)
    return drop_padding(trace, arrays, key, np.random.default_rng(int(hazard_seed)))


def _run(model: nutpie.sample.CompiledModel, sampler: Sampler, seed: int, watch: Watch) -> tuple[list[Any], list[Any]]:
    """Sample in the background, so that Ctrl-C leaves no partial trace; draws and statistics, a batch per chain."""

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
        return_raw_trace=True,
        progress_bar=False,
        progress_callback=report,
        blocking=False,
    )
    pause = FIRST_POLL
    try:
        while not _finished(background):
            time.sleep(pause)
            pause = min(1.5 * pause, LONGEST_POLL)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # nutpie's own remarks; the gates judge every fit
            draws, statistics = background.wait().get_arrow_trace()
        return draws, statistics
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
