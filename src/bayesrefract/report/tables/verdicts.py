"""Tables of verdicts: all verdicts of one model, and one verdict under every model."""

from __future__ import annotations

from collections.abc import Sequence

from bayesrefract.decision import Verdict, VerdictWord
from bayesrefract.decision.joint import shows_difference
from bayesrefract.decision.question import NOT_ONE_RATIO, UNEQUAL
from bayesrefract.findings import Findings
from bayesrefract.numerals import ABSENT, amount, declared_ratio, exact, fixed, mass, probability, ratio, span, unit_of
from bayesrefract.report.rule_words import joint_claim
from bayesrefract.report.tables.table import Table, columns
from bayesrefract.report.words import (
    EXPLORATORY,
    holds_in,
    interval_name,
    interval_text,
    quantity,
    range_text,
    when_declared,
    wider_change,
    word_text,
)
from bayesrefract.study.model import Model
from bayesrefract.study.rope import Estimand
from bayesrefract.study.study import Analysis, Contrast

SHORT_NAME = {
    Estimand.HAZARD_RATIO: "HR",
    Estimand.THROUGHOUT: "HR throughout",
    Estimand.MARGINAL_HAZARD_RATIO: "marginal HR",
    Estimand.RMST_DIFFERENCE: "RMST difference",
    Estimand.SURVIVAL_DIFFERENCE: "survival difference",
}
MASSES = ("P below", "P inside", "P above")
THROUGHOUT_NOTE = (
    "HR throughout: the interval is the simultaneous band over the window, the estimate its event-weighted average. "
    "P inside is that of every interval, P below and P above those of at least one: they need not add up to 1."
)


def verdict_table(findings: Findings) -> Table:
    """Every verdict of one model, with estimate, ROPE and probabilities."""
    analysis = findings.analysis
    rows = tuple(
        (f"{verdict.group} vs {verdict.reference}", *_claim(verdict, analysis), *_numbers(verdict, findings))
        for verdict in findings.verdicts
    )
    heading = columns(
        "Contrast", "Verdict", "Quantity", "ROPE", numbers=("Estimate", _interval_heading(findings), *MASSES)
    )
    return Table(
        f"Verdicts of the model “{findings.model.name}”: {findings.model.title}",
        heading,
        rows,
        _verdict_notes(findings),
    )


def decision_table(findings: Findings) -> Table:
    """Distance of each verdict from the nearest other one, with its Monte Carlo standard error."""
    rows = tuple(_decision_row(verdict, findings.analysis) for verdict in findings.verdicts)
    heading = columns(
        "Contrast",
        "Quantity",
        numbers=(
            "ROPE",
            "Prior inside",
            "MCSE inside",
            "Distance",
            "Its MCSE",
            "Smallest ROPE",
            "R-hat",
            "ESS bulk",
            "ESS tail",
        ),
    )
    notes = (
        *dict.fromkeys(_declaration(verdict, findings.analysis) for verdict in findings.verdicts),
        "Distance: from the draws to the nearest change of verdict, on the scale of the decision.",
        "Smallest ROPE: the m for which the rule would just have accepted 1/m to m (differences: -d to d).",
        "MCSE: Monte Carlo standard error. ESS: effective sample size.",
    )
    return Table("Margins of the decision", heading, rows, notes)


def model_table(made: Sequence[Findings], verdict: Verdict) -> Table:
    """One contrast, estimand and ROPE under every declared model, the primary model first."""
    analysis = made[0].analysis
    pairs = [(each, twin) for each in made for twin in each.verdicts if _same_question(twin, verdict)]
    rows = tuple(_model_row(each, twin, analysis) for each, twin in pairs)
    name = f"{verdict.group} vs {verdict.reference}, {quantity(verdict, analysis)}"
    title = f"{name}, ROPE {range_text(verdict, analysis)}, under every model"
    heading = columns(
        "Model",
        "Verdict",
        "Description",
        "Adjusted for",
        "Prior of the HR",
        numbers=("Patients", "Events", "Estimate", interval_name(verdict), "P inside"),
    )
    declared = [twin for each, twin in pairs if not each.model.complete]
    notes = (
        f"The verdict is {holds_in(declared)}.",
        *_patients_note([each for each, _ in pairs]),
        *_without(made, pairs, verdict),
    )
    return Table(title, heading, rows, notes)


def _without(made: Sequence[Findings], pairs: Sequence[tuple[Findings, Verdict]], verdict: Verdict) -> tuple[str, ...]:
    """Models whose hazard ratio may not change, which have no verdict on it throughout a window."""
    there = {each.model.name for each, _ in pairs}
    names = [each.model.name for each in made if each.model.name not in there]
    if verdict.estimand is not Estimand.THROUGHOUT or not names:
        return ()
    return (f"Without a hazard ratio that may change, or this contrast, and so without a verdict: {', '.join(names)}.",)


def _patients_note(made: Sequence[Findings]) -> tuple[str, ...]:
    """What models of different patients mean; nothing where all have the same."""
    if len({(each.flow.analysed, each.n_events) for each in made}) == 1:
        return ()
    same = [each.model.name for each in made if each.model.complete]
    apart = "Models leave out patients with a missing value in a column that they use, so that their patients differ."
    if not same:
        return (apart,)
    return (
        f"{apart} Between the adjusted and the unadjusted model stands the latter on the former's patients "
        f"({', '.join(same)}): the first step changes the covariates alone, the second the patients alone.",
    )


def _same_question(twin: Verdict, verdict: Verdict) -> bool:
    def key(each: Verdict) -> tuple[object, ...]:
        return each.group, each.reference, each.estimand, each.rope

    return key(twin) == key(verdict)


def _claim(verdict: Verdict, analysis: Analysis) -> tuple[str, str, str]:
    name = short_name(verdict)
    horizon = analysis.endpoint.horizon
    if verdict.estimand.needs_horizon and horizon is not None:
        start = analysis.endpoint.from_time
        name += f" from {exact(start)} to {exact(horizon)}" if start else f" at {exact(horizon)}"
    scope = "" if verdict.rope.role == "primary" else f" ({verdict.rope.role})"
    return verdict_text(verdict), name, range_text(verdict, analysis) + scope


def short_name(verdict: Verdict) -> str:
    """Short name of what a verdict is on, with its window: `HR throughout 0 to 24`."""
    name, window = SHORT_NAME[verdict.estimand], verdict.rope.window
    return name if window is None else f"{name} {exact(window[0])} to {exact(window[1])}"


def verdict_text(verdict: Verdict) -> str:
    """The verdict's word with its direction."""
    if verdict.direction is None:
        return word_text(verdict.word)
    return f"{word_text(verdict.word)} ({'higher' if verdict.direction == 'above' else 'lower'})"


def _numbers(verdict: Verdict, findings: Findings) -> tuple[str, ...]:
    """Numbers of one verdict; none where the draws did not converge."""
    if verdict.word is VerdictWord.WITHHELD and not findings.health.passed:
        return (ABSENT,) * 5
    analysis = findings.analysis
    return (
        amount(verdict.median, verdict.estimand, analysis.time_unit) + unit_of(verdict.estimand, analysis.time_unit),
        interval_text(verdict, analysis),
        *(mass(share, verdict.ess_bulk) for share in (verdict.p_below, verdict.p_inside, verdict.p_above)),
    )


def _declaration(verdict: Verdict, analysis: Analysis) -> str:
    """Source of a ROPE, its date, and whether that was before the data were seen."""
    rope = verdict.rope
    day = f", {rope.declared.isoformat()}" if rope.declared else ""
    seen = "" if rope.before_data else f", {when_declared(rope)}"
    name = f"{short_name(verdict)}, ROPE {range_text(verdict, analysis)}"
    return f"{name}: {rope.source.rstrip('. ')}{day}{seen}."


def _decision_row(verdict: Verdict, analysis: Analysis) -> tuple[str, ...]:
    withheld = verdict.word is VerdictWord.WITHHELD
    if verdict.estimand.is_ratio:
        smallest = ratio(verdict.smallest_rope)
    elif verdict.estimand is Estimand.RMST_DIFFERENCE:
        smallest = span(verdict.smallest_rope, analysis.time_unit)
    else:
        smallest = amount(verdict.smallest_rope, verdict.estimand, analysis.time_unit)
    return (
        f"{verdict.group} vs {verdict.reference}",
        short_name(verdict),
        range_text(verdict, analysis),
        probability(verdict.prior_inside),
        fixed(verdict.mcse_inside, 4),
        ABSENT if withheld else fixed(verdict.distance, 3),
        ABSENT if withheld else fixed(verdict.distance_mcse, 4),
        ABSENT if withheld else smallest,
        fixed(verdict.r_hat, 3),
        fixed(verdict.ess_bulk, 0),
        fixed(verdict.ess_tail, 0),
    )


def _model_row(findings: Findings, verdict: Verdict, analysis: Analysis) -> tuple[str, ...]:
    estimate, interval, _, inside, _ = _numbers(verdict, findings)
    return (
        findings.model.name,
        verdict_text(verdict),
        findings.model.title,
        ", ".join(findings.adjusted_for) or "nothing",
        _prior_name(findings.model),
        fixed(findings.flow.analysed, 0),
        fixed(findings.n_events, 0),
        estimate,
        interval,
        inside,
    )


def _prior_name(model: Model) -> str:
    if model.baseline.by_group:
        return "implied by the hazards"
    if model.priors.hr95 is None:
        return model.priors.group.value
    return f"95% within {' to '.join(map(declared_ratio, model.priors.hr95))}"


def _interval_heading(findings: Findings) -> str:
    return interval_name(findings.verdicts[0]) if findings.verdicts else "Interval"


def _verdict_notes(findings: Findings) -> tuple[str, ...]:
    """Reasons, each once, with the verdicts they concern unless they concern all; warnings after them."""
    concerned: dict[str, list[str]] = {}
    for verdict in findings.verdicts:
        for reason in verdict.reasons:
            name = f"{verdict.group} vs {verdict.reference} ({short_name(verdict)})"
            concerned.setdefault(reason, []).append(name)
    reasons = tuple(
        reason if len(names) == len(findings.verdicts) else f"{'; '.join(dict.fromkeys(names))}: {reason}"
        for reason, names in concerned.items()
    )
    if findings.misfit and findings.misfit not in concerned:
        reasons += (findings.misfit,)
    stated = {verdict.rope.before_data for verdict in findings.verdicts}
    exploratory = tuple(EXPLORATORY[when] for when in (False, None) if when in stated)
    if findings.health.passed and any(verdict.word is VerdictWord.WITHHELD for verdict in findings.verdicts):
        reasons += ("Numbers of a withheld verdict are shown for checking only; nothing may be claimed from them.",)
    throughout = [verdict for verdict in findings.verdicts if verdict.estimand is Estimand.THROUGHOUT]
    if throughout:
        reasons += (THROUGHOUT_NOTE,)
    reasons += tuple(
        f"{verdict.group} vs {verdict.reference} ({short_name(verdict)}): {wider_change(verdict)}"
        for verdict in throughout
        if wider_change(verdict)
    )
    claims = dict.fromkeys(verdict.claim for verdict in findings.verdicts if verdict.claim)
    joint = tuple(joint_claim([SHORT_NAME[each] for each in claim]) for claim in claims)
    return (*reasons, *unequal_notes(findings), *joint, *exploratory, *failed_control_notes(findings))


def unequal_notes(findings: Findings) -> tuple[str, ...]:
    """The label of hazard ratios that change over time, where it is not the reason of their verdict."""
    labelled = [each for each in findings.verdicts if UNEQUAL in each.labels and each.word is not VerdictWord.WITHHELD]
    names = dict.fromkeys(
        f"{each.group} vs {each.reference} ({SHORT_NAME[each.estimand]})"
        for each in labelled
        if not any(reason.startswith(NOT_ONE_RATIO) for reason in each.reasons)
    )
    return (f"{'; '.join(names)}: {UNEQUAL}",) if names else ()


def failed_control_notes(findings: Findings) -> list[str]:
    """A warning for each positive control whose groups the data did not distinguish."""
    judged = [v for v in findings.verdicts if v.estimand is Estimand.HAZARD_RATIO and v.rope.role == "primary"]
    given = {(v.group, v.reference) for v in judged if v.word is not VerdictWord.WITHHELD}
    return [
        f"{control.label} is the positive control{_why(control)}, and these data do not distinguish its "
        "groups: assay sensitivity is not established, so they could not show that other groups are alike either."
        for control in findings.analysis.contrasts
        if control.role == "positive_control"
        and (control.group, control.reference) in given
        and not shows_difference(judged, control)
    ]


def _why(control: Contrast) -> str:
    return f" ({control.reason.rstrip('. ')})" if control.reason else ""
