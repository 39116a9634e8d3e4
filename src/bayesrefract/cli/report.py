"""`bayesrefract report`: the pages again, from stored fits."""

from __future__ import annotations

from pathlib import Path

from bayesrefract.cli import options
from bayesrefract.cli.fit import analyse_studies, read_studies


def report(
    studies: options.Studies,
    *,
    model: options.Models = None,
    seed: options.Seed = None,
    draws: options.Draws = None,
    tune: options.Tune = None,
    out: options.Out = Path("reports"),
    quiet: options.Quiet = False,
) -> None:
    """Write the reports of studies again from their stored fits. Nothing is sampled: a missing fit is an error.

    Give the options that `fit` was given: a fit is found by everything it depends on.
    """
    analyse_studies(read_studies(studies, model, draws=draws, tune=tune), out, seed=seed, quiet=quiet, sample=False)
