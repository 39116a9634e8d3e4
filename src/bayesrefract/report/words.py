"""Sentences that state a verdict, with the evidence and the exploratory status named in each."""

from __future__ import annotations

from collections.abc import Sequence

from bayesrefract.decision import Verdict, VerdictWord
from bayesrefract.numerals import amount, declared, exact, mass, unit_of
from bayesrefract.report.rule_words import false_claims
from bayesrefract.study.rope import Estimand, IntervalKind, Rope, RuleName, Side
from bayesrefract.study.study import Analysis, Evidence

EVIDENCE_LABEL = {
    Evidence.PATIENTS: "Patient records",
    Evidence.UNSTATED: "Records as supplied; origin not stated",
    Evidence.REBUILT: "Rebuilt patients",
    Evidence.SIMULATED: "Simulated patients",
}
EVIDENCE_MEANING = {
    Evidence.PATIENTS: "Every number comes from records of individual patients.",
    Evidence.UNSTATED: "It is not stated whether these records are of patients, rebuilt or simulated.",
    Evidence.REBUILT: "Rebuilt from published summaries, not patients: no row is the record of a person.",
    Evidence.SIMULATED: "These patients were drawn by a program. No real person is among them.",
}
CLAIMS_OF_EQUALITY = {VerdictWord.EQUIVALENT, VerdictWord.NON_INFERIOR}
EXPLORATORY = {
    False: "Exploratory: the range was declared after the data were seen.",
    None: "Exploratory: it is not stated whether the range was declared before the data were seen.",
}


def sentence(verdict: Verdict, analysis: Analysis) -> str:
    """State a verdict in plain words, and name the evidence inside the sentence itself.

    A withheld verdict gives its reasons and no number. A verdict against a range that was declared
    after the data were seen is called exploratory.
    """
    claim = _CLAIMS[verdict.word](verdict, analysis)
    parts = [_capital(_setting(verdict, analysis) + claim)]
    if verdict.word is not VerdictWord.WITHHELD:
        parts += [_capital(reason) for reason in verdict.reasons]
        if verdict.word in CLAIMS_OF_EQUALITY:
            parts += false_claims(verdict.rule)
            parts += _together(verdict, analysis)
        if _favoured(verdict):
            parts.append("The prior itself favours this verdict, so no claim may rest on it alone.")
    if not verdict.rope.before_data:
        parts.append(EXPLORATORY[verdict.rope.before_data])
    return " ".join(f"{part.rstrip('. ')}." for part in parts)


def wider_change(verdict: Verdict) -> str:
    """What a wider prior of the change of the hazard ratio says; empty for what does not depend on it."""
    wide = verdict.wide
    if wide is None or verdict.word is VerdictWord.WITHHELD:
        return ""
    inside = mass(wide.p_inside, verdict.ess_bulk)
    return (
        f"Where the ratio may change more (half-normal scale {exact(wide.scale)}): {word_text(wide.word)}, "
        f"P(inside) {inside}, beside {mass(verdict.p_inside, verdict.ess_bulk)} here."
    )


def _together(verdict: Verdict, analysis: Analysis) -> list[str]:
    """All estimands of the claim that this verdict is part of."""
    if not verdict.claim:
        return []
    names = " and ".join(f"the {estimand_name(each, analysis)}" for each in verdict.claim)
    return [f"The claim is on {names} together, and the rule is met by each of them"]


def estimand_name(estimand: Estimand, analysis: Analysis, rope: Rope | None = None) -> str:
    """Name of an estimand, with its horizon where it has one, or the window of its range (the primary one's)."""
    names = {
        Estimand.HAZARD_RATIO: "hazard ratio",
        Estimand.THROUGHOUT: f"hazard ratio throughout{window_text(rope or analysis.rope(estimand), analysis)}",
        Estimand.MARGINAL_HAZARD_RATIO: f"marginal hazard ratio{_window(analysis)}",
        Estimand.RMST_DIFFERENCE: f"difference in restricted mean survival time{_window(analysis)}",
        Estimand.SURVIVAL_DIFFERENCE: f"difference in survival probability{_horizon('at', analysis)}"
        f"{_event_free(analysis)}",
    }
    return names[estimand]


def quantity(verdict: Verdict, analysis: Analysis) -> str:
    """Name of what a verdict is on."""
    return estimand_name(verdict.estimand, analysis, verdict.rope)


def window_text(rope: Rope | None, analysis: Analysis) -> str:
    """The window of a range, with a leading space: ` 0 to 24 months`; all of follow-up where none is declared."""
    if rope is None or rope.window is None:
        return " follow-up"
    start, end = rope.window
    return f" {exact(start)} to {exact(end)} {analysis.time_unit}"


def when_declared(rope: Rope) -> str:
    """State whether a range was declared before the data were seen."""
    if rope.before_data is None:
        return "not stated whether before or after the data were seen"
    return f"{'before' if rope.before_data else 'after'} the data were seen"


def range_text(verdict: Verdict, analysis: Analysis) -> str:
    """The ROPE's two bounds with their unit."""
    rope = verdict.rope
    bounds = f"{declared(rope.low, rope.estimand)} to {declared(rope.high, rope.estimand)}"
    return bounds + unit_of(rope.estimand, analysis.time_unit)


def interval_text(verdict: Verdict, analysis: Analysis) -> str:
    """The verdict's interval without unit, never rounded across a bound of the ROPE."""
    return " to ".join(_amount(limit, verdict, analysis) for limit in verdict.interval)


def interval_name(verdict: Verdict) -> str:
    """Level of the credible interval, and its kind unless equal-tailed (one-sided rules use equal-tailed limits).

    Of a hazard ratio throughout a window it is the simultaneous band, which holds for all its intervals at once.
    """
    if verdict.estimand is Estimand.THROUGHOUT:
        return f"{exact(100 * verdict.rule.level)}% simultaneous band"
    highest_density = verdict.rule.interval is IntervalKind.HDI and not verdict.rule.one_sided
    kind = " highest-density" if highest_density else ""
    return f"{exact(100 * verdict.rule.level)}%{kind} credible interval"


def holds_in(verdicts: Sequence[Verdict]) -> str:
    """Count the declared models that give the first model's verdict, direction included."""
    first = verdicts[0]
    agreeing = sum((each.word, each.direction) == (first.word, first.direction) for each in verdicts)
    return f"{word_text(first.word)} in {agreeing} of {len(verdicts)} declared models"


def listed_words(words: Sequence[VerdictWord]) -> str:
    """Count each verdict: `undecided 5, withheld 1`."""
    return ", ".join(f"{word_text(word)} {words.count(word)}" for word in dict.fromkeys(words))


def word_text(word: VerdictWord) -> str:
    """A verdict word for readers."""
    return {VerdictWord.NON_INFERIOR: "non-inferior", VerdictWord.NOT_SHOWN: "not shown"}.get(word, word.value)


def _equivalent(verdict: Verdict, analysis: Analysis) -> str:
    pair = f"{verdict.group} and {verdict.reference} are equivalent in {_aspect(verdict, analysis)}"
    return f"by the declared rule, {pair}: {_support(verdict, analysis)}"


def _different(verdict: Verdict, analysis: Analysis) -> str:
    pair = f"in {verdict.group} than in {verdict.reference}"
    above = verdict.direction == "above"
    if verdict.estimand.is_ratio:
        claim = f"there is a {'higher' if above else 'lower'} hazard {pair}{_in_some(verdict)}"
    else:
        longer = verdict.estimand is Estimand.RMST_DIFFERENCE
        more, less = ("longer", "shorter") if longer else ("higher", "lower")
        claim = f"there is a {more if above else less} {_aspect(verdict, analysis)} {pair}"
    return f"by the declared rule, {claim}: {_support(verdict, analysis)}"


def _in_some(verdict: Verdict) -> str:
    """Of a hazard ratio throughout a window: that a difference is one in some interval of it."""
    return " in at least one interval" if verdict.estimand is Estimand.THROUGHOUT else ""


def _aspect(verdict: Verdict, analysis: Analysis) -> str:
    """Quantity on which the groups are compared."""
    estimand = verdict.estimand
    if estimand is Estimand.THROUGHOUT:
        return f"hazard throughout{window_text(verdict.rope, analysis)}"
    if estimand.is_ratio:
        return "hazard"
    return "restricted mean survival time" if estimand is Estimand.RMST_DIFFERENCE else "survival probability"


def _undecided(verdict: Verdict, analysis: Analysis) -> str:
    return f"the data are inconclusive: {_support(verdict, analysis)}"


def _non_inferior(verdict: Verdict, analysis: Analysis) -> str:
    pair = f"{verdict.group} is non-inferior to {verdict.reference} in {_aspect(verdict, analysis)}"
    return f"by the declared rule, {pair}: {_margin(verdict, analysis)}"


def _not_shown(verdict: Verdict, analysis: Analysis) -> str:
    pair = f"non-inferiority of {verdict.group} to {verdict.reference} in {_aspect(verdict, analysis)}"
    return f"{pair} is not shown: {_margin(verdict, analysis)}"


def _withheld(verdict: Verdict, analysis: Analysis) -> str:
    reasons = ". ".join(reason.rstrip(". ") for reason in verdict.reasons)
    name = quantity(verdict, analysis)
    return f"no verdict is given on {verdict.group} versus {verdict.reference} ({name}): {reasons}"


_CLAIMS = {
    VerdictWord.EQUIVALENT: _equivalent,
    VerdictWord.DIFFERENT: _different,
    VerdictWord.UNDECIDED: _undecided,
    VerdictWord.NON_INFERIOR: _non_inferior,
    VerdictWord.NOT_SHOWN: _not_shown,
    VerdictWord.WITHHELD: _withheld,
}


def _support(verdict: Verdict, analysis: Analysis) -> str:
    """Estimate, interval, and where the interval or the probability lies (two-sided)."""
    estimate = _estimate(verdict, analysis)
    place = f"{_interval_place(verdict)} {_named(verdict, 'range')} {range_text(verdict, analysis)}"
    if verdict.rule.name is RuleName.INTERVAL:
        return f"{estimate}, which {place}"
    return f"{estimate}, which {place}; {_probability_place(verdict)}"


def _margin(verdict: Verdict, analysis: Analysis) -> str:
    """Estimate, interval and the non-inferiority margin (one-sided)."""
    rope = verdict.rope
    above = verdict.side is Side.ABOVE
    margin = rope.high if above else rope.low
    low, high = verdict.interval
    clear = high <= margin if above else low >= margin
    verb, direction = ("stays", not above) if clear else ("reaches", above)
    place = f"{verb} {'above' if direction else 'below'}"
    bound = declared(margin, rope.estimand) + unit_of(rope.estimand, analysis.time_unit)
    text = f"{_estimate(verdict, analysis)}, which {place} {_named(verdict, 'margin')} {bound}"
    if verdict.rule.name is RuleName.INTERVAL:
        return text
    kept = 1 - (verdict.p_above if above else verdict.p_below)
    return f"{text}; {_against_threshold('that the margin is not crossed', kept, verdict)}"


def _estimate(verdict: Verdict, analysis: Analysis) -> str:
    unit = unit_of(verdict.estimand, analysis.time_unit)
    name = quantity(verdict, analysis)
    average = " on average" if verdict.estimand is Estimand.THROUGHOUT else ""
    pair = f" of {verdict.group} versus {verdict.reference}"
    if not verdict.estimand.is_ratio:
        pair = f", {verdict.group} minus {verdict.reference},"
    return (
        f"the {name}{pair} is "
        f"{_amount(verdict.median, verdict, analysis)}{unit}{average} "
        f"with the {interval_name(verdict)} {interval_text(verdict, analysis)}{unit}"
    )


def _named(verdict: Verdict, what: str) -> str:
    """Name of a range or its margin: declared, or sensitivity."""
    return f"the {'declared' if verdict.rope.role == 'primary' else verdict.rope.role} {what}"


def _interval_place(verdict: Verdict) -> str:
    low, high = verdict.interval
    rope = verdict.rope
    if verdict.estimand is Estimand.THROUGHOUT and verdict.word is VerdictWord.DIFFERENT:
        beyond = low >= rope.high or high <= rope.low
        if verdict.rule.name is RuleName.INTERVAL and not beyond:
            return f"in at least one interval lies wholly {verdict.direction}"
    if low >= rope.high:
        return "lies wholly above"
    if high <= rope.low:
        return "lies wholly below"
    if low >= rope.low and high <= rope.high:
        return "lies wholly inside"
    if low < rope.low and high > rope.high:
        return "reaches beyond both ends of"
    return "reaches below" if low < rope.low else "reaches above"


def _probability_place(verdict: Verdict) -> str:
    if verdict.word is VerdictWord.DIFFERENT:
        beyond = verdict.p_above if verdict.direction == "above" else verdict.p_below
        return _against_threshold(f"{verdict.direction} it{_in_some(verdict)}", beyond, verdict)
    throughout = " throughout" if verdict.estimand is Estimand.THROUGHOUT else ""
    return _against_threshold(f"inside it{throughout}", verdict.p_inside, verdict)


def _against_threshold(what: str, share: float, verdict: Verdict) -> str:
    threshold = verdict.rule.threshold
    if threshold is None:
        return f"the posterior probability {what} is {mass(share, verdict.ess_bulk)}"
    side = "at least" if share >= threshold else "less than"
    shown = mass(share, verdict.ess_bulk, (threshold,))
    return f"the posterior probability {what} is {shown}, {side} the declared {exact(threshold)}"


def _amount(value: float, verdict: Verdict, analysis: Analysis) -> str:
    return amount(value, verdict.estimand, analysis.time_unit, (verdict.rope.low, verdict.rope.high))


def _setting(verdict: Verdict, analysis: Analysis) -> str:
    """Scope of the claim; empty for patient records and a range declared beforehand."""
    patients = {
        Evidence.PATIENTS: "",
        Evidence.UNSTATED: "records of unstated origin",
        Evidence.REBUILT: "rebuilt patients",
        Evidence.SIMULATED: "simulated patients",
    }[analysis.evidence]
    if verdict.rope.before_data:
        return f"in these {patients}, " if patients else ""
    return f"in this exploratory analysis of {patients}, " if patients else "in this exploratory analysis, "


def _favoured(verdict: Verdict) -> bool:
    return verdict.word in CLAIMS_OF_EQUALITY and any("favours equivalence" in label for label in verdict.labels)


def _horizon(preposition: str, analysis: Analysis) -> str:
    horizon = analysis.endpoint.horizon
    return "" if horizon is None else f" {preposition} {exact(horizon)} {analysis.time_unit}"


def _window(analysis: Analysis) -> str:
    """From the declared start, if there is one, up to the horizon."""
    start, horizon = analysis.endpoint.from_time, analysis.endpoint.horizon
    if not start or horizon is None:
        return _horizon("up to", analysis)
    return f" from {exact(start)} to {exact(horizon)} {analysis.time_unit}{_event_free(analysis)}"


def _event_free(analysis: Analysis) -> str:
    start = analysis.endpoint.from_time
    return f" (given no event by {exact(start)})" if start else ""


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
