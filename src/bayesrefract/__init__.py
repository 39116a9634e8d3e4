"""Bayesian survival models that say what may be claimed about two groups.

The names below are the line, in its order. Each is imported when it is first used, so that importing
the package itself reads no file and loads no library.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bayesrefract.classical import cross_check as cross_check
    from bayesrefract.cohort.exposure import tabulate as tabulate
    from bayesrefract.cohort.read import read_records as read_records
    from bayesrefract.cohort.select import select as select
    from bayesrefract.decision.decision import decide as decide
    from bayesrefract.decision.diagnostics import diagnose as diagnose
    from bayesrefract.estimands import estimate as estimate
    from bayesrefract.inference.nuts import sample as sample
    from bayesrefract.model.arrays import arrange as arrange
    from bayesrefract.model.priors import resolve_group_prior as resolve_group_prior
    from bayesrefract.pipeline import Job as Job
    from bayesrefract.pipeline import run as run
    from bayesrefract.report import write_report as write_report
    from bayesrefract.study.model_file import load_model as load_model
    from bayesrefract.study.rope import Estimand as Estimand
    from bayesrefract.study.study_file import load_study as load_study

__version__ = "0.1.0"

_HOMES = {
    "Estimand": "study.study",
    "load_study": "study.study_file",
    "load_model": "study.model_file",
    "read_records": "cohort.read",
    "select": "cohort.select",
    "tabulate": "cohort.exposure",
    "resolve_group_prior": "model.priors",
    "arrange": "model.arrays",
    "sample": "inference.nuts",
    "estimate": "estimands",
    "diagnose": "decision.diagnostics",
    "cross_check": "classical",
    "decide": "decision.decision",
    "Job": "pipeline",
    "run": "pipeline",
    "write_report": "report",
}
"""Where each public name lives, in the order of the line."""

__all__ = list(_HOMES)


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*globals(), *_HOMES]
