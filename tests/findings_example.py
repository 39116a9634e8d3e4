"""Hand-made findings for the tests of what people read. Every number is invented: evidence "simulated"."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import xarray as xr
from scipy.stats import norm

from bayesrefract.classical.agreement import (
    Agreement,
    Companion,
    CoxContrast,
    GroupSummary,
    Interval,
    KaplanMeier,
    LogRank,
    LogRankPair,
    ProportionalHazards,
)
from bayesrefract.cohort.value import Flow
from bayesrefract.decision import Verdict, VerdictWord
from bayesrefract.decision.attainability import Attainability, PowerAt
from bayesrefract.decision.diagnostics import Health
from bayesrefract.findings import (
    AtHorizon,
    CovariateEffect,
    CurveBand,
    Findings,
    Median,
    PredictiveCheck,
    PriorImplication,
    Provenance,
    RatioOverTime,
)
from bayesrefract.study.model import Baseline, Model, StrataKind
from bayesrefract.study.rope import Estimand, Rope, Rule
from bayesrefract.study.study import Analysis, Columns, Contrast, Endpoint, Evidence, Population, Study, TimeUnit

GROUPS = ("control", "drug A", "drug B", "placebo & rest")
HAZARDS = (0.030, 0.0305, 0.029, 0.055)
PATIENTS = 150
HORIZON = 36.0
ROPE = Rope(0.80, 1.25, "Invented for a test", dt.date(2020, 1, 31), before_data=True)
RMST_ROPE = replace(ROPE, estimand=Estimand.RMST_DIFFERENCE, low=-2.0, high=2.0)


def a_question(groups: tuple[str, ...] = GROUPS, population: str = "all") -> Analysis:
    """Two contrasts on invented overall survival; the second is a positive control."""
    return Analysis(
        endpoint=Endpoint("death", "Overall survival", "months", "died", horizon=HORIZON),
        population=Population(population, "All patients" if population == "all" else "Patients without symptoms"),
        columns=Columns(group="arm", id="id"),
        groups=groups,
        contrasts=(
            Contrast(groups[1], groups[0], primary=True),
            Contrast(groups[3], groups[2], role="positive_control"),
        ),
        ropes=(ROPE, RMST_ROPE),
        rule=Rule(),
        time_unit=TimeUnit.MONTHS,
        evidence=Evidence.SIMULATED,
        adjust="baseline",
        adjustments={"baseline": ("age", "stage")},
    )


def a_verdict(
    log_mean: float = 0.02, sd: float = 0.06, word: VerdictWord = VerdictWord.EQUIVALENT, **changes: object
) -> Verdict:
    """A verdict on a hazard ratio from a normal log HR; `word` is set, not derived."""
    low, high = np.exp(log_mean - 1.96 * sd), np.exp(log_mean + 1.96 * sd)
    below = float(norm.cdf((np.log(ROPE.low) - log_mean) / sd))
    above = float(norm.sf((np.log(ROPE.high) - log_mean) / sd))
    verdict = Verdict(
        group=GROUPS[1],
        reference=GROUPS[0],
        primary=True,
        estimand=Estimand.HAZARD_RATIO,
        rope=ROPE,
        rule=Rule(),
        word=word,
        direction="above" if word is VerdictWord.DIFFERENT else None,
        median=float(np.exp(log_mean)),
        interval=(float(low), float(high)),
        eti95=(float(low), float(high)),
        mean=log_mean,
        sd=sd,
        p_below=below,
        p_inside=1 - below - above,
        p_above=above,
        mcse_below=0.001,
        mcse_inside=0.0015,
        mcse_above=0.001,
        p_inside_bound=None,
        prior_inside=0.234,
        distance=0.05,
        distance_mcse=0.002,
        smallest_rope=1.16,
        r_hat=1.002,
        ess_bulk=2100.5,
        ess_tail=1900.25,
    )
    return replace(verdict, **changes)


def an_rmst_verdict(**changes: object) -> Verdict:
    """A verdict on the difference in restricted mean survival time, in months."""
    verdict = replace(
        a_verdict(),
        estimand=Estimand.RMST_DIFFERENCE,
        rope=RMST_ROPE,
        median=-0.31,
        interval=(-1.52, 0.93),
        eti95=(-1.52, 0.93),
    )
    return replace(verdict, **changes)


def a_curve(rate: float, rng: np.random.Generator) -> tuple[KaplanMeier, int, float]:
    """Product-limit curve of exponential times with uniform censoring, its events and person-time."""
    event_time, censored = rng.exponential(1 / rate, PATIENTS), rng.uniform(20, 60, PATIENTS)
    times = np.minimum(event_time, censored)
    order = np.argsort(times)
    at_risk = np.arange(PATIENTS, 0, -1, dtype=float)
    event = (event_time <= censored)[order]
    survival = np.cumprod(1 - event / at_risk)
    steps = np.concatenate([[0.0], times[order]])
    curve = np.concatenate([[1.0], survival])
    nothing = np.full_like(curve, np.nan)
    km = KaplanMeier(steps, curve, nothing, nothing, np.concatenate([[float(PATIENTS)], at_risk]))
    return km, int(event.sum()), float(times.sum())


def an_agreement(analysis: Analysis, seed: int) -> Agreement:
    rng = np.random.default_rng(seed)
    groups = []
    for level, rate in zip(analysis.groups, HAZARDS, strict=False):
        curve, events, person_time = a_curve(rate, rng)
        median = Interval(np.log(2) / rate, 0.8 * np.log(2) / rate, None)
        follow_up = Interval(40.0, 38.0, 42.0)
        groups.append(GroupSummary(level, PATIENTS, events, person_time, median, follow_up, 1 / rate, 0.6, curve))
    pairs = [(c.group, c.reference, beta) for c, beta in zip(analysis.contrasts, (0.021, 0.62), strict=True)]
    return Agreement(
        groups=tuple(groups),
        cox=tuple(CoxContrast(g, r, beta, 0.061, 0.73 if beta < 0.1 else 1e-9, "efron") for g, r, beta in pairs),
        breslow=(),
        companion=tuple(Companion(g, r, beta + 0.002, 0.0612, 1e-9, 0.033, 0.001, 1.003, True) for g, r, beta in pairs),
        log_rank=LogRank(41.0, 2e-8, "log-rank", tuple(LogRankPair(g, r, 0.1, 0.73) for g, r, _ in pairs)),
        proportional_hazards=ProportionalHazards(0.412, 0.67, "Schoenfeld residuals", (("arm", 0.412),)),
        tied_share=0.01,
    )


def curve_bands(analysis: Analysis) -> tuple[CurveBand, ...]:
    times = np.linspace(0, 55, 56)
    bands = []
    for level, rate in zip(analysis.groups, HAZARDS, strict=False):
        bands.append(CurveBand(level, times, *(np.exp(-rate * factor * times) for factor in (1, 1.15, 0.87))))
    return tuple(bands)


def predictive_checks(analysis: Analysis) -> tuple[PredictiveCheck, ...]:
    times = np.linspace(0, 55, 40)
    checks = []
    for level, rate in zip(analysis.groups, HAZARDS, strict=False):
        observed, low, high = (np.exp(-rate * factor * times) for factor in (1.03, 1.25, 0.80))
        checks.append(PredictiveCheck(level, times, observed, low, high, p=0.42, outside=0.0))
    return tuple(checks)


def fit_draws(analysis: Analysis, seed: int) -> xr.DataTree:
    """Draws of two log hazard ratios and a spread, as ArviZ groups them; the energy is not kept."""
    rng = np.random.default_rng(seed)
    labels = [contrast.label for contrast in analysis.contrasts]
    posterior = xr.Dataset(
        {
            "log_hazard_ratio": (("chain", "draw", "contrast"), rng.normal([0.02, 0.6], [0.06, 0.07], (4, 500, 2))),
            "sigma": (("chain", "draw"), np.abs(np.random.default_rng(seed).normal(size=(4, 500)))),
        },
        coords={"chain": np.arange(4), "draw": np.arange(500), "contrast": labels},
    )
    statistics = xr.Dataset({"diverging": (("chain", "draw"), np.zeros((4, 500), dtype=bool))})
    return xr.DataTree.from_dict({"posterior": posterior, "sample_stats": statistics})


def ratio_over_time(analysis: Analysis, scale: float = 0.3) -> RatioOverTime:
    """A ratio that falls from 1.4 to 0.8 in four intervals, wider where its prior is."""
    median, width = np.array([1.4, 1.1, 0.9, 0.8]), np.array([1.2, 1.15, 1.2, 1.5]) ** (1 + scale)
    return RatioOverTime(
        group=analysis.primary.group,
        reference=analysis.primary.reference,
        scale=scale,
        start=np.array([0.0, 6.0, 12.0, 30.0]),
        end=np.array([6.0, 12.0, 30.0, 55.0]),
        median=median,
        low=median / width,
        high=median * width,
        low_throughout=median / width**1.4,
        high_throughout=median * width**1.4,
        at_risk=np.array([[150, 121, 87, 31], [149, 118, 83, 28]]),
        events=np.array([[29, 30, 40, 9], [28, 31, 41, 8]]),
        average=Interval(1.03, 0.91, 1.17),
        constant=Interval(1.02, 0.91, 1.15),
    )


def prior_survival() -> xr.DataArray:
    times = np.linspace(0, 60, 30)
    quantiles = [0.025, 0.25, 0.5, 0.75, 0.975]
    curves = np.array([np.exp(-rate * times) for rate in (1.2, 0.1, 0.03, 0.009, 0.0008)])
    return xr.DataArray(curves, dims=("quantile", "time"), coords={"quantile": quantiles, "time": times})


def a_model(name: str = "primary", title: str = "Smooth baseline, adjusted") -> Model:
    baseline = Baseline(strata=StrataKind.POOLED if name == "pooled" else StrataKind.COMMON)
    return Model(name, title, "An invented model", adjust="question", baseline=baseline)


def findings(analysis: Analysis | None = None, model: Model | None = None, seed: int = 1) -> Findings:
    """A whole, healthy set of findings: an equivalent primary contrast and a different control."""
    analysis, model = analysis or a_question(), model or a_model()
    control = analysis.contrasts[1]
    first = {"group": analysis.primary.group, "reference": analysis.primary.reference}
    other = {"group": control.group, "reference": control.reference, "primary": False}
    return Findings(
        analysis=analysis,
        model=model,
        adjusted_for=("age", "stage"),
        flow=Flow(records=610, excluded={"missing stage": 8, "censored at time 0": 2}, analysed=600),
        notes=("stage has one level in this population and is left out.",),
        n_events=402,
        health=Health(True, (), 1.003, 1500.0, 1300.0, 0, 0.91),
        agreement=an_agreement(analysis, seed),
        verdicts=(
            a_verdict(**first),
            a_verdict(0.60, 0.07, VerdictWord.DIFFERENT, **other),
            an_rmst_verdict(**first),
            an_rmst_verdict(word=VerdictWord.DIFFERENT, direction="below", median=-6.2, interval=(-8.0, -4.1), **other),
        ),
        attainability=(an_attainability(analysis.primary), an_attainability(control)),
        medians=tuple(Median(level, Interval(23.0, 20.1, None), 0.0125) for level in analysis.groups),
        curves=curve_bands(analysis),
        effects=(
            CovariateEffect("age", None, 10.0, Interval(1.21, 1.1, 1.33)),
            CovariateEffect("stage", "late", None, Interval(1.4, 1.2, 1.62)),
        ),
        predictive=predictive_checks(analysis),
        priors=(PriorImplication("group log HR, any pair", "Normal(0, 0.75)", (0.23, 4.35), 0.234),),
        draws=fit_draws(analysis, seed),
        prior_survival=prior_survival(),
        prior_pull=(-0.05, -0.11),
        provenance=Provenance(
            20240, "f1" * 32, "d1" * 32, "a1" * 32, "b1" * 32, "c1" * 32, {"python": "3.13", "pymc": "6.4.0"}
        ),
        at_horizon=(
            *(AtHorizon(level, "survival", Interval(0.412, 0.36, 0.463)) for level in analysis.groups),
            *(AtHorizon(level, "rmst", Interval(21.3, 20.2, 22.4)) for level in analysis.groups),
            AtHorizon(analysis.primary.label, "marginal_hazard_ratio", Interval(0.98, 0.85, 1.13)),
            AtHorizon(analysis.primary.label, "survival_difference", Interval(0.004, -0.05, 0.06)),
        ),
    )


def an_attainability(contrast: Contrast) -> Attainability:
    return Attainability(
        contrast.group, contrast.reference, 98, 101, 0.80, 1.25, 0.95, 49.7, 0.31, 0.88, 0.8, 688, 378, 1030, 0.3, True,
        power_at=(PowerAt(1.05, 0.28), PowerAt(1.10, 0.19)),
    )  # fmt: skip


def undecided(made: Findings) -> Findings:
    """The same findings with too few patients: every hazard ratio's verdict is undecided."""
    verdicts = tuple(
        replace(a_verdict(-0.01, 0.153, VerdictWord.UNDECIDED), group=v.group, reference=v.reference, primary=v.primary)
        if v.estimand is Estimand.HAZARD_RATIO
        else replace(v, word=VerdictWord.UNDECIDED, interval=(-3.1, 2.4), direction=None)
        for v in made.verdicts
    )
    return replace(made, verdicts=verdicts)


def withheld(made: Findings) -> Findings:
    """The same findings with chains that did not mix: nothing may be claimed."""
    fault = "R-hat of the log hazard ratio is 1.08, above 1.01: run longer chains"
    verdicts = tuple(replace(v, word=VerdictWord.WITHHELD, direction=None, reasons=(fault,)) for v in made.verdicts)
    return replace(
        made, verdicts=verdicts, health=replace(made.health, passed=False, findings=(fault,), r_hat_max=1.08)
    )


def a_study(*made: Findings) -> Study:
    """The study to which these findings belong."""
    analyses = {each.analysis.name: each.analysis for each in made}
    models = tuple(dict.fromkeys(each.model.name for each in made))
    return Study(
        name="example",
        title="Drug A against control",
        records="simulated",
        evidence=made[0].analysis.evidence,
        time_unit=TimeUnit.MONTHS,
        analyses=tuple(analyses.values()),
        models=models,
    )


def a_whole_study() -> tuple[Study, list[Findings]]:
    """Two populations by three models: equivalent, undecided and withheld among them."""
    made: list[Findings] = []
    for population in ("all", "symptom_free"):
        analysis = a_question(population=population)
        primary = findings(analysis, a_model(), seed=3)
        made += [
            primary if population == "all" else undecided(primary),
            undecided(findings(analysis, a_model("two_group", "The two compared groups alone"), seed=4)),
            withheld(findings(analysis, a_model("pooled", "Pooled strata"), seed=5)),
        ]
    return a_study(*made), made


def primary_judged_by(rule: Rule) -> Findings:
    """Findings whose analysis and verdicts have another rule; the words of the verdicts stay as they were."""
    made = findings()
    verdicts = tuple(replace(verdict, rule=rule) for verdict in made.verdicts)
    return replace(made, analysis=replace(made.analysis, rule=rule), verdicts=verdicts)
