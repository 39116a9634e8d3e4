"""Judgements that need no patient record: of event counts, of anybody's draws, of printed numbers."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bayesrefract.errors import InputError
from bayesrefract.study.rope import Estimand, Rope, Rule, bounds_faults, two_readings

if TYPE_CHECKING:
    from bayesrefract.decision import Verdict
    from bayesrefract.decision.attainability import Attainability
    from bayesrefract.papers.assess import Assessment
    from bayesrefract.papers.audit import Report

INTERVAL_RULE = Rule()
"""The two-sided 95% interval rule."""
NOT_GATED = "not gated"
LEAST_DRAWS = 100
LEAST_PER_CHAIN = 4


def attain(
    events: Mapping[str, int],
    *,
    rope: Rope | tuple[float, float],
    rule: Rule = INTERVAL_RULE,
    prior_sd: float | None = None,
    target_power: float = 0.80,
) -> Attainability:
    """Whether so many events could show equivalence, and how many would be needed; no data are read.

    Parameters
    ----------
    events : mapping of str to int
        Events in each of the two groups: the group, then the reference.
    rope : Rope or (low, high)
        Region of practical equivalence (ROPE) of the hazard ratio.
    rule : Rule
        How the posterior and the ROPE become a verdict.
    prior_sd : float, optional
        SD of the normal prior of the log hazard ratio; flat unless given.
    target_power : float
        Power for which the events needed are computed.

    Returns
    -------
    Attainability
        With `possible`, `power` (at a true hazard ratio of exactly 1), `power_at` (1.05 and 1.10), `best_inside`,
        `events_needed`, and `prior_label` where the prior favours equivalence.

    Raises
    ------
    InputError
        With every fault of the arguments.

    References
    ----------
    Schoenfeld (1983), doi:10.2307/2531021: information of d events. Schuirmann (1987), doi:10.1007/BF01068419.

    Examples
    --------
    >>> attain({"new": 74, "old": 184}, rope=(0.80, 1.25)).possible
    False
    """
    from bayesrefract.decision.attainability import attain as events_needed

    if len(events) != 2:
        raise InputError(
            f"events: {len(events)} groups are given. Name exactly two, such as {{'new': 74, 'old': 184}}."
        )
    (group, in_group), (reference, in_reference) = events.items()
    return events_needed(
        in_group,
        in_reference,
        rope,
        rule=rule,
        prior_sd=prior_sd,
        target_power=target_power,
        group=group,
        reference=reference,
    )


def judge_draws(
    draws: Any, *, rope: Rope, rule: Rule = INTERVAL_RULE, group: str = "group", reference: str = "reference"
) -> Verdict:
    """Judge draws of any model (brms, Stan, PyMC) by the rule and the ROPE.

    No gate is applied: convergence is reported (`r_hat`, `ess_bulk`, `ess_tail`), but whether the model is sound, and
    whether Cox regression agrees, is not known. The verdict carries the label "not gated".

    Parameters
    ----------
    draws : array_like or xarray.DataArray
        Posterior draws, shape (chain, draw) or (draw,): of the *log* hazard ratio where the ROPE is of a ratio, of the
        difference itself where it is of a difference.
    rope : Rope
        Region of practical equivalence (ROPE).
    rule : Rule
        How the posterior and the ROPE become a verdict.
    group, reference : str
        Names of the two groups.

    Returns
    -------
    Verdict
        With `word`, `interval`, `p_inside` and their Monte Carlo errors.

    Raises
    ------
    InputError
        Where the draws are too few, not finite, or of another shape, and for bounds that are no ROPE.

    Examples
    --------
    >>> import numpy as np
    >>> log_hr = np.random.default_rng(1).normal(0.0, 0.05, size=(4, 1000))
    >>> judge_draws(log_hr, rope=Rope(0.80, 1.25, source="for this example")).word.value
    'equivalent'
    """
    import numpy as np
    import xarray as xr

    from bayesrefract.decision.decision import decide
    from bayesrefract.study.study import Contrast

    faults = [f"rope: {fault}" for fault in bounds_faults(rope.low, rope.high, rope.estimand)]
    if rope.estimand is Estimand.THROUGHOUT:
        faults.append(
            f"rope: {rope.estimand} needs draws of every interval of a window, and the draws are of one number. Leave "
            "its estimand and window out: the verdict is then on the hazard ratio."
        )
    if rule.harm is None and rule.one_sided and not rope.estimand.is_ratio:
        faults.append(f"rule: {two_readings(rule.side, rope.estimand)}")
    values = np.atleast_2d(np.asarray(draws.values if isinstance(draws, xr.DataArray) else draws, dtype=float))
    if isinstance(draws, xr.DataArray) and {"chain", "draw"} <= set(draws.dims):
        values = draws.transpose("chain", "draw", ...).to_numpy().astype(float)
    if values.ndim != 2:
        faults.append(f"draws: shape {values.shape}. Give one quantity, of shape (chain, draw) or (draw,).")
    elif values.size < LEAST_DRAWS or values.shape[1] < LEAST_PER_CHAIN:
        faults.append(f"draws: {values.shape[0]} chains of {values.shape[1]}. At least {LEAST_DRAWS} draws are needed.")
    if not np.isfinite(values).all():
        faults.append(f"draws: {int((~np.isfinite(values)).sum())} are not finite numbers. Remove what made them so.")
    if faults:
        raise InputError(faults)
    named = xr.DataArray(values, dims=("chain", "draw"))
    contrast = Contrast(group, reference, primary=True)
    return decide(contrast, rope.estimand, named, rope, rule, labels=[NOT_GATED])


def judge_published(
    hazard_ratio: str | float,
    interval: tuple[str | float, str | float],
    *,
    rope: Rope,
    rule: Rule = INTERVAL_RULE,
    interval_level: float = 0.95,
    prior: str = "flat",
    group: str = "group",
    reference: str = "reference",
) -> Assessment:
    """Judge a printed hazard ratio from its confidence interval; no patient record is needed.

    Parameters
    ----------
    hazard_ratio : str or float
        As printed. A string keeps the printed digits ("0.80"), over which the verdict is checked.
    interval : (low, high)
        Its confidence limits, as printed.
    rope : Rope
        Region of practical equivalence (ROPE) of the hazard ratio.
    rule : Rule
        How the posterior and the ROPE become a verdict.
    interval_level : float
        Confidence level of the printed interval.
    prior : str
        Prior of the log hazard ratio: flat, default, wide, sceptical, neutral or enthusiastic.
    group, reference : str
        Names of the two groups.

    Returns
    -------
    Assessment
        With `verdict`, `posterior`, `reach` (what this standard error could have shown) and `other_words` (verdicts
        of other values that would be printed so).

    Raises
    ------
    InputError
        Where the numbers cannot be a ratio with its limits, and for bounds that are no ROPE.

    Examples
    --------
    >>> rope = Rope(0.80, 1.25, source="bioequivalence")
    >>> judge_published("0.99", ("0.73", "1.33"), rope=rope).verdict.word.value
    'undecided'
    """
    from bayesrefract.model.priors import resolve_group_prior
    from bayesrefract.papers.assess import Terms, assess
    from bayesrefract.papers.numbers import Ratio, ratio_faults, read_number
    from bayesrefract.study.model import GroupPriorName, Priors

    faults = [f"rope: {fault}" for fault in bounds_faults(rope.low, rope.high, rope.estimand)]
    numbers = []
    for text in (hazard_ratio, *interval):
        try:
            numbers.append(read_number(str(text)))
        except ValueError as problem:
            faults.append(str(problem))
    known = [each.value for each in GroupPriorName if each is not GroupPriorName.CUSTOM]
    if prior not in known:
        faults.append(f'prior = "{prior}" is not known. Give one of {", ".join(known)}.')
    if len(numbers) == 3:
        faults += ratio_faults(numbers[0], numbers[1], numbers[2])
    if faults:
        raise InputError(faults)
    ratio = Ratio(group, reference, numbers[0], numbers[1], numbers[2], interval_level)
    return assess(ratio, Terms(rope, rule, resolve_group_prior(Priors(group=GroupPriorName(prior)), rope)))


def audit_paper(estimates: str | PathLike[str] | None = None, counts: str | PathLike[str] | None = None) -> Report:
    """Check the arithmetic of a paper from its printed numbers.

    Parameters
    ----------
    estimates, counts : path, optional
        CSV files of printed estimates and of printed counts (docs/printed-numbers.md); either alone is enough.

    Returns
    -------
    Report
        With `findings`, each a question to the authors, and what could not be checked.

    Raises
    ------
    InputError
        Where neither file is given, and with every fault of the files.
    """
    from bayesrefract.papers.audit import audit, read_paper

    if estimates is None and counts is None:
        raise InputError("Give the file of printed estimates, that of printed counts, or both.")
    return audit(read_paper(*(None if path is None else Path(path) for path in (estimates, counts))))
