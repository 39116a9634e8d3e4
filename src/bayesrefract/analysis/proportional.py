"""The check of proportional hazards of each contrast of a fit, at its coefficients."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bayesrefract.analysis.fit import Fit
from bayesrefract.classical.agreement import Agreement
from bayesrefract.inference.posterior import Posterior
from bayesrefract.proportionality.check import Proportionality, by_ratio_over_time, by_residuals
from bayesrefract.study.model import StrataKind
from bayesrefract.study.rope import Estimand


def proportionality(fit: Fit, posterior: Posterior, agreement: Agreement) -> tuple[Proportionality, ...]:
    """The check of every contrast whose two groups are in the table; none where no hazard ratio is judged.

    Where HR(t) cannot be fitted (groups that change, repeated events, one interval) the Schoenfeld test decides.
    """
    rule, table = fit.analysis.rule, fit.table
    ropes = [rope for rope in fit.analysis.ropes if rope.estimand is Estimand.HAZARD_RATIO]
    if not ropes:
        return ()
    tests = {(each.group, each.reference): each for each in agreement.proportional_hazards.pairs}
    predictor = _linear_predictor(fit, posterior)
    found = []
    for contrast in fit.analysis.contrasts:
        pair = contrast.group, contrast.reference
        if not set(pair) <= set(table.groups):
            continue
        test = tests.get(pair)
        if not fit.has_ratio_over_time:
            p, method = (None, "not made") if test is None else (test.p, test.method)
            found.append(by_residuals(*pair, p, method))
            continue
        found.append(
            by_ratio_over_time(
                table,
                *pair,
                [(rope, rule.side_of(rope.estimand)) for rope in ropes],
                linear_predictor=predictor,
                stratified=fit.model.baseline.strata is not StrataKind.COMMON,
                horizon=fit.analysis.endpoint.horizon,
                schoenfeld_p=None if test is None else test.p,
            )
        )
    return tuple(found)


def _linear_predictor(fit: Fit, posterior: Posterior) -> NDArray[np.float64] | None:
    """Log relative hazard of each pattern at the posterior mean of the coefficients; None without covariates."""
    design = fit.arrays.design
    if not design.names:
        return None
    return design.x @ posterior.draws["coefficient"].mean(("chain", "draw")).to_numpy()
