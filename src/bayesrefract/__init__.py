"""Bayesian survival models that say what may be claimed about two groups.

`compare` is the front door: a data frame or a file in, a verdict out, judged against a region of practical
equivalence (ROPE) that was declared. Each name is imported when it is first used, so that importing the package reads
no file and loads no library.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bayesrefract.api import compare as compare
    from bayesrefract.api import load_study as load_study
    from bayesrefract.api import run as run
    from bayesrefract.errors import BayesrefractError as BayesrefractError
    from bayesrefract.errors import EstimandError as EstimandError
    from bayesrefract.errors import InputError as InputError
    from bayesrefract.errors import Interrupted as Interrupted
    from bayesrefract.errors import ModelError as ModelError
    from bayesrefract.errors import RecordsError as RecordsError
    from bayesrefract.errors import SamplingError as SamplingError
    from bayesrefract.errors import StudyError as StudyError
    from bayesrefract.judgements import attain as attain
    from bayesrefract.judgements import audit_paper as audit_paper
    from bayesrefract.judgements import judge_draws as judge_draws
    from bayesrefract.judgements import judge_published as judge_published
    from bayesrefract.result import Result as Result
    from bayesrefract.result import write_report as write_report
    from bayesrefract.study.rope import Estimand as Estimand
    from bayesrefract.study.rope import IntervalKind as IntervalKind
    from bayesrefract.study.rope import Rope as Rope
    from bayesrefract.study.rope import Rule as Rule
    from bayesrefract.study.rope import RuleName as RuleName
    from bayesrefract.study.rope import Side as Side

__version__ = "0.1.0"

_HOMES = {
    "api": ("compare", "run", "load_study"),
    "result": ("Result", "write_report"),
    "judgements": ("attain", "judge_draws", "judge_published", "audit_paper"),
    "study.rope": ("Rope", "Rule", "RuleName", "Harm", "Side", "IntervalKind", "Estimand"),
    "errors": (
        "BayesrefractError", "InputError", "StudyError", "ModelError", "RecordsError", "EstimandError",
        "SamplingError", "Interrupted",
    ),
}  # fmt: skip
"""Module -> the public names that live in it."""
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = list(_HOME_OF)


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for."""
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*globals(), *_HOME_OF]
