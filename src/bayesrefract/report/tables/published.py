"""Tables of `bayesrefract published`: verdicts on printed ratios, contrasts by correlation, pooled studies."""

from __future__ import annotations

import math
from collections.abc import Sequence

from bayesrefract.numerals import exact, fixed, mass, percent, probability, ratio
from bayesrefract.papers.assess import Assessment, Terms
from bayesrefract.papers.combine import FEW_STUDIES, Against, Pooled
from bayesrefract.report.tables.table import Table, columns
from bayesrefract.report.tables.verdicts import verdict_text
from bayesrefract.report.words import interval_name, interval_text, range_text, sentence
from bayesrefract.study.study import Analysis, Columns, Contrast, Endpoint, Evidence, Population, TimeUnit

SOURCE = "From printed numbers alone: no patient record was read."
OPEN_CORRELATION = (
    "r: correlation of the two estimates. It is not identified by the printed numbers: read the range, not one row."
)
KNOWN_CORRELATION = (
    "r: correlation of the two estimates, from the events of the three groups; for adjusted ratios an approximation."
)
REACH_NOTES = (
    "Best P inside: posterior probability inside the ROPE if the estimate were at its centre, with this standard "
    "error.",
    "Smallest ROPE: the m for which the rule would just have accepted 1/m to m.",
)


def ratio_table(judged: Assessment, terms: Terms) -> Table:
    """One ratio, with one line for each number."""
    verdict, analysis = judged.verdict, question_of(judged)
    rows = [
        *_printed_rows(judged),
        (f"Posterior median, {interval_name(verdict)}", f"{_median(judged)}, {interval_text(verdict, analysis)}"),
        ("P below, inside, above the ROPE", ", ".join(masses(judged))),
        *_digit_rows(judged),
        ("Best P inside, at any estimate", probability(judged.reach.best_inside)),
        (f"Can {_claim(judged)} be shown at all?", "yes" if judged.reach.possible else "no"),
        ("Power if the groups are truly equal", percent(judged.reach.power)),
        ("Events needed for 80% power", f"{fixed(judged.reach.more_needed, 1)} times as many as here"),
        ("Events implied by the interval", f"at least {fixed(judged.reach.events_implied, 0)}"),
        ("Smallest ROPE that would be accepted", _smallest(judged)),
        ("Prior", prior_text(terms)),
        ("Verdict", verdict_text(verdict)),
    ]
    return Table(_pair(judged), columns("Quantity", "Value"), tuple(rows))


def ratios_table(made: Sequence[Assessment], terms: Terms) -> Table:
    """Several ratios, one per row, with one column for each number."""
    heading = columns(
        "Ratio",
        "Printed",
        "Verdict",
        numbers=("P below", "P inside", "P above", "Best P inside", "Smallest ROPE"),
    )
    rows = tuple(
        (subject(each), _printed(each), verdict_text(each.verdict), *masses(each), *_bounds(each)) for each in made
    )
    return Table("Printed ratios against the ROPE", heading, rows, _notes(made, terms))


def ratios_screen(made: Sequence[Assessment], terms: Terms) -> Table:
    """Several ratios, narrow enough for a terminal."""
    heading = columns(
        "Ratio, as printed", "Verdict", numbers=("P below\ninside\nabove", "Best P\ninside", "Smallest\nROPE")
    )
    rows = tuple(
        (
            "\n".join(part for part in (_pair(each), each.name, _printed(each)) if part),
            verdict_text(each.verdict),
            "\n".join(masses(each)) + "\n",
            *_bounds(each),
        )
        for each in made
    )
    return Table("Printed ratios against the ROPE", heading, rows, _notes(made, terms))


def against_table(found: Against, terms: Terms) -> Table:
    """One contrast under every correlation."""
    heading = columns("r", "Verdict", numbers=("Ratio", "Interval", "Below", "Inside", "Above", "Best"))
    known = len(found.correlations) == 1
    rows = tuple(
        (fixed(r, 2) if known else exact(r), *_decision(judged), probability(judged.reach.best_inside))
        for r, judged in zip(found.correlations, found.assessments, strict=True)
    )
    notes = (
        f"{found.first.group} {found.first.text} over {found.second.group} {found.second.text}, both versus "
        f"{found.first.reference}. {_terms_text(found.assessments[0], terms)}",
        "Below, inside, above: posterior probability, beside the ROPE. Best: inside, if the ratio were at its centre.",
        OPEN_CORRELATION if len(found.correlations) > 1 else KNOWN_CORRELATION,
    )
    return Table(f"{found.first.group} vs {found.second.group}, by correlation", heading, rows, notes)


def studies_table(pooled: Pooled) -> Table:
    """The studies that are pooled, as one normal estimate each."""
    rows = tuple((name, ratio(math.exp(estimate)), fixed(error, 3)) for name, estimate, error in pooled.studies)
    return Table("Studies", columns("Study", numbers=("Ratio", "SE of log")), rows)


def pool_table(made: Sequence[Pooled], terms: Terms) -> Table:
    """The mean of the studies, for each correlation of rows that share patients."""
    heading = columns("r", "Verdict", numbers=("Mean", "Interval", "P below", "P inside", "P above"))
    rows = tuple((_correlation(each), *_decision(each.assessment)) for each in made)
    notes = (f"{_terms_text(made[0].assessment, terms)} r: correlation of rows that share patients.",)
    return Table(f"Random-effects mean of {len(made[0].studies)} studies", heading, rows, notes)


def spread_table(made: Sequence[Pooled], terms: Terms) -> Table:
    """Between-study heterogeneity, the predictive probability of a new study, and the classical estimate."""
    low, high = math.log(terms.rope.low), math.log(terms.rope.high)
    rows = tuple(
        (
            _correlation(each),
            f"{fixed(each.tau.estimate, 2)} ({fixed(each.tau.low, 2)} to {fixed(each.tau.high, 2)})",
            probability(each.new_study.between(low, high)),
            f"{ratio(each.classical.estimate)} ({ratio(each.classical.low)} to {ratio(each.classical.high)})",
        )
        for each in made
    )
    notes = (
        f"tau: between-study SD on the log scale, prior half-normal({exact(made[0].tau_scale)}), with its 95% "
        "credible interval. New study: probability that the ratio of a further study lies inside the ROPE.",
        "Paule-Mandel: the classical random-effects mean with Hartung-Knapp limits (scale at least 1), for comparison.",
        *few_studies(made[0]),
    )
    return Table(
        "Heterogeneity between the studies", columns("r", numbers=("tau", "New study", "Paule-Mandel")), rows, notes
    )


def few_studies(pooled: Pooled) -> list[str]:
    """A warning where the studies are too few for their spread to be estimated."""
    count = len(pooled.studies)
    if count >= FEW_STUDIES:
        return []
    return [
        f"Only {count} studies: fewer than {FEW_STUDIES} hardly tell how far studies differ, so that the mean and its "
        f"interval depend on the prior of tau (half-normal, scale {exact(pooled.tau_scale)})."
    ]


def sentence_of(judged: Assessment) -> str:
    """The verdict in words, followed by its warnings."""
    return " ".join([sentence(judged.verdict, question_of(judged)), *warnings([judged])])


def against_sentence(made: Sequence[tuple[float, Assessment]]) -> str:
    """Summary over a range of correlations."""
    inside = [probability(judged.verdict.p_inside) for _, judged in made]
    words = [verdict_text(judged.verdict) for _, judged in made]
    if len(made) == 1:
        return f"{sentence_of(made[0][1])} The events of the groups give the correlation {fixed(made[0][0], 2)}."
    span = f"Over correlations from {exact(made[0][0])} to {exact(made[-1][0])}, P(inside) goes from {inside[0]} to"
    if len(set(words)) == 1:
        return f"{span} {inside[-1]}; the verdict is {words[0]} at every one of them."
    turns = "; ".join(f"{word} at {exact(r)}" for (r, _), word in zip(made, words, strict=True))
    return f"{span} {inside[-1]}; the verdict depends on the correlation, so none is given: {turns}."


def warnings(made: Sequence[Assessment]) -> list[str]:
    """Warnings on single ratios: asymmetric intervals, and verdicts that depend on the rounding of the digits."""
    found = []
    for judged in made:
        printed = judged.ratio
        if printed is not None and not printed.symmetric:
            low, high = (ratio(each) for each in printed.implied())
            found.append(
                f"{printed.text} is far from symmetric on the log scale (its limits imply {low} to {high}): "
                "the normal approximation does not fit, or a number is misprinted."
            )
        if judged.other_words:
            words = " or ".join(word.value.replace("_", " ") for word in judged.other_words)
            found.append(
                f"{_printed(judged) or judged.name}: other values with the same printed digits would be {words}."
            )
    return found


def subject(judged: Assessment) -> str:
    """Groups compared and the quantity."""
    return f"{_pair(judged)}: {judged.name}" if judged.name else _pair(judged)


def prior_text(terms: Terms) -> str:
    """The prior in symbols, with the share of it inside the ROPE."""
    inside = terms.prior.mass_inside(terms.rope.low, terms.rope.high)
    if inside is None:
        return "flat on the log HR"
    kind = terms.prior.describe().partition(" on ")[0]
    return f"{kind} on the log HR, {percent(inside)} of it inside the ROPE"


def masses(judged: Assessment) -> tuple[str, str, str]:
    """P below, inside, above."""
    verdict = judged.verdict
    below, inside, above = (
        mass(share, verdict.ess_bulk) for share in (verdict.p_below, verdict.p_inside, verdict.p_above)
    )
    return below, inside, above


def question_of(judged: Assessment) -> Analysis:
    """A printed ratio as an analysis, as far as the sentences of a verdict require one."""
    verdict = judged.verdict
    pair = Contrast(verdict.group, verdict.reference, primary=True)
    return Analysis(
        endpoint=Endpoint("printed", judged.name, time="", event=""),
        population=Population("all", ""),
        columns=Columns(group=""),
        groups=(verdict.group, verdict.reference),
        contrasts=(pair,),
        ropes=(verdict.rope,),
        rule=verdict.rule,
        time_unit=TimeUnit.MONTHS,
        evidence=Evidence.PATIENTS,
        adjust=None,
        adjustments={},
    )


def _printed_rows(judged: Assessment) -> list[tuple[str, str]]:
    if judged.ratio is None:
        return []
    return [
        ("Printed", f"{judged.ratio.text}, {exact(100 * judged.ratio.level)}% CI"),
        ("Standard error of the log", fixed(judged.ratio.log_se, 3)),
    ]


def _digit_rows(judged: Assessment) -> list[tuple[str, str]]:
    if judged.inside_digits is None:
        return []
    low, high = (probability(share) for share in judged.inside_digits)
    return [("P inside, over all values with these printed digits", f"{low} to {high}")]


def _claim(judged: Assessment) -> str:
    return "non-inferiority" if judged.verdict.rule.one_sided else "equivalence"


def _bounds(judged: Assessment) -> tuple[str, str]:
    """Best attainable P inside, and the smallest accepted ROPE."""
    return probability(judged.reach.best_inside), ratio(judged.verdict.smallest_rope)


def _notes(made: Sequence[Assessment], terms: Terms) -> tuple[str, ...]:
    return (_terms_text(made[0], terms), *REACH_NOTES, *warnings(made))


def _terms_text(judged: Assessment, terms: Terms) -> str:
    bounds = range_text(judged.verdict, question_of(judged))
    return f"ROPE {bounds}; {interval_name(judged.verdict)}; prior {prior_text(terms)}."


def _decision(judged: Assessment) -> tuple[str, ...]:
    """Verdict, ratio, interval and the three probabilities."""
    interval = interval_text(judged.verdict, question_of(judged))
    return verdict_text(judged.verdict), _median(judged), interval, *masses(judged)


def _correlation(pooled: Pooled) -> str:
    return "none" if pooled.correlation is None else exact(pooled.correlation)


def _smallest(judged: Assessment) -> str:
    smallest = judged.verdict.smallest_rope
    return f"{ratio(smallest)} (from {ratio(1 / smallest)} to {ratio(smallest)})"


def _median(judged: Assessment) -> str:
    return ratio(judged.verdict.median)


def _printed(judged: Assessment) -> str:
    return judged.ratio.text if judged.ratio else ""


def _pair(judged: Assessment) -> str:
    return f"{judged.verdict.group} vs {judged.verdict.reference}"
