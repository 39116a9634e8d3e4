"""Tables of one fit: priors, convergence, covariate effects, and attainability."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bayesrefract.classical.agreement import Interval
from bayesrefract.decision.attainability import NO_PROPORTION, OVERSTATED
from bayesrefract.decision.diagnostics import E_BFMI_MINIMUM, ESS_MINIMUM, R_HAT_MAXIMUM, R_HAT_MAXIMUM_OTHER
from bayesrefract.findings import CovariateEffect, Findings
from bayesrefract.numerals import ABSENT, declared_ratio, exact, fixed, percent, probability, ratio
from bayesrefract.report.tables.table import Table, columns


def priors_table(findings: Findings) -> Table:
    """Priors, with the hazard ratios that each implies."""
    rows = tuple(
        (
            prior.quantity,
            prior.distribution,
            prior.label or ABSENT,
            ABSENT if prior.hazard_ratio95 is None else " to ".join(map(ratio, prior.hazard_ratio95)),
            probability(prior.inside_rope),
        )
        for prior in findings.priors
    )
    heading = columns("Quantity", "Prior", "Label", numbers=("95% of hazard ratios", "P inside ROPE"))
    return Table("Priors", heading, rows, ("P inside ROPE: prior probability inside the primary ROPE.",))


def diagnostics_table(made: Sequence[Findings]) -> Table:
    """Convergence of every model's fit, with the number of its intervals."""
    rows = tuple(
        (
            each.model.name,
            "passed" if each.health.passed else "failed",
            fixed(each.n_intervals or None, 0),
            fixed(each.health.r_hat_max, 3),
            fixed(each.health.ess_bulk_min, 0),
            fixed(each.health.ess_tail_min, 0),
            fixed(each.health.divergences, 0),
            fixed(each.health.e_bfmi_min, 2),
        )
        for each in made
    )
    numbers = ("Intervals", "Largest R-hat", "Least ESS bulk", "Least ESS tail", "Divergences", "Least E-BFMI")
    findings = tuple(f"{each.model.name}: {finding}" for each in made for finding in each.health.findings)
    gates = (
        f"Gates: R-hat at most {R_HAT_MAXIMUM} ({R_HAT_MAXIMUM_OTHER} for covariates and hazards), ESS at least "
        f"{ESS_MINIMUM}, no divergence, E-BFMI at least {E_BFMI_MINIMUM}."
    )
    return Table("Convergence", columns("Model", "Gates", numbers=numbers), rows, (*findings, gates))


def effects_table(findings: Findings) -> Table:
    """Hazard ratios of the covariates; none when the fit did not converge."""
    effects = findings.effects if findings.health.passed else ()
    rows = tuple((effect.name, _step(effect), *_ratio(effect.hazard_ratio)) for effect in effects)
    notes = (
        "Associations in this model, adjusted for the groups and for each other; not causal effects. CrI: credible "
        "interval.",
    )
    return Table("Covariates", columns("Covariate", "Compared", numbers=("HR", "95% CrI")), rows, notes)


def attainability_table(findings: Findings) -> Table:
    """Whether these events could have shown equivalence at a true hazard ratio of 1, and how many would."""
    rows = tuple(
        (
            f"{each.group} vs {each.reference}",
            "yes" if each.possible else "no",
            f"{fixed(each.events_group, 0)} + {fixed(each.events_reference, 0)}",
            f"{declared_ratio(each.rope_low)} to {declared_ratio(each.rope_high)}",
            percent(each.power),
            percent(each.power_realised),
            probability(each.best_inside),
            fixed(each.events_needed, 0),
            fixed(each.patients_needed, 0),
            fixed(each.events_minimum, 0),
        )
        for each in findings.attainability
    )
    numbers = (
        "Events",
        "ROPE of the HR",
        "Power",
        "Power, realised SE",
        "Best P inside",
        _needed_heading(findings),
        "Patients needed",
        "Events for any pass",
    )
    notes = (
        "Power: probability of the verdict 'equivalent' if the true hazard ratio were exactly 1.",
        "Best P inside: posterior probability inside the ROPE if the estimate were at its centre.",
        *_power_elsewhere(findings),
        *dict.fromkeys(f"Events needed: {NO_PROPORTION}" for e in findings.attainability if not e.proportion_known),
        *dict.fromkeys(f"The prior {e.prior_label}: {OVERSTATED}" for e in findings.attainability if e.prior_label),
    )
    return Table("Attainability of equivalence", columns("Contrast", "Possible", numbers=numbers), rows, notes)


def _power_elsewhere(findings: Findings) -> Iterator[str]:
    """The power where the true ratio is not exactly 1."""
    for each in findings.attainability:
        found = ", ".join(f"{percent(at.power)} at {at.true_ratio:.2f}" for at in each.power_at)
        if found:
            yield f"Power if the true hazard ratio were not 1, {each.group} vs {each.reference}: {found}."


def _needed_heading(findings: Findings) -> str:
    targets = {each.target_power for each in findings.attainability}
    return f"Events for {percent(targets.pop())} power" if len(targets) == 1 else "Events needed"


def _step(effect: CovariateEffect) -> str:
    if effect.level is not None:
        return f"{effect.level} vs {effect.reference or 'the average category'}"
    return ABSENT if effect.per is None else f"per {exact(effect.per)}"


def _ratio(interval: Interval) -> tuple[str, str]:
    return ratio(interval.estimate), f"{ratio(interval.low)} to {ratio(interval.high)}"
