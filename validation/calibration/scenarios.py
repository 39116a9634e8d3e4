"""What is calibrated: a shipped model each, with the patients that it is fitted to but for their times."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bayesrefract.study.model import Baseline, BaselineKind, Intervals, Model
from bayesrefract.study.model_file import load_model

CUTS = (6.0, 12.0, 18.0, 24.0, 36.0, 48.0)
END = 60.0
HAZARD = 0.03
"""Events per month of the constant hazard around which the priors are centred."""
DRAWS = 250
"""In each of the four chains, before they are thinned."""


@dataclass(frozen=True)
class Scenario:
    """One structure of the model. `covariates`: a continuous one and one of three levels.

    `single`: hazards by group in one interval, where the posterior of the log hazard ratio is known exactly.
    """

    name: str
    title: str
    model: str
    groups: int = 2
    strata: int = 1
    covariates: bool = True
    patients: int = 120
    single: bool = False

    def plan(self) -> Model:
        """The shipped model with fixed cuts and shorter chains."""
        model = load_model(self.model)
        if self.single:
            known = Baseline(BaselineKind.INDEPENDENT, shape=1.0, rate=1 / HAZARD, rate_unit="months", by_group=True)
            model = replace(model, baseline=known)
        cuts = Intervals(cuts=() if self.single else CUTS)
        return replace(model, intervals=cuts, sampler=replace(model.sampler, draws=DRAWS))


SCENARIOS = (
    Scenario("primary", "random walk, covariates, two groups", "primary"),
    Scenario("collapsed", "independent hazards, integrated out", "collapsed"),
    Scenario("by_group", "independent hazards of each group, one interval", "collapsed", covariates=False, single=True),
    Scenario("stratified", "a random walk in each of three strata, three groups", "stratified", groups=3, strata=3),
    Scenario("sceptical", "a prior of two humps on the first log hazard ratio, three groups", "sceptical", groups=3),
    Scenario("pooled", "random walks of three strata shrunk together", "pooled", strata=3),
    Scenario("exchangeable", "categories with a learnt spread", "exchangeable"),
    Scenario("by_time", "random walk, covariates, a hazard ratio that may change", "hr_by_time"),
)
"""Every shipped model has one of these structures. The quick ones come first; a further structure is one entry more."""
