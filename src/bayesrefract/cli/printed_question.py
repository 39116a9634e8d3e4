"""A question about printed ratios, as typed: its faults, and its answer."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bayesrefract.cli.compare import UNDATED, declared_rope, exclusive_faults
from bayesrefract.cli.printed_events import three_events
from bayesrefract.comparison import OPTIONS
from bayesrefract.errors import InputError, StudyError, collecting
from bayesrefract.messages import UNPRINTABLE, listed, quoted
from bayesrefract.model.priors import resolve_group_prior
from bayesrefract.outputs import folder_target_faults, target_faults
from bayesrefract.own_files import OwnFiles
from bayesrefract.papers import Number, Ratio, read_number
from bayesrefract.papers.assess import Assessment, Terms, assess
from bayesrefract.papers.combine import Against, Pooled, contrast, correlation_of, correlations, pool
from bayesrefract.papers.numbers import ratio_faults
from bayesrefract.papers.ratios_file import Selection, Wanted, read_ratios
from bayesrefract.study.model import GroupPriorName, Priors
from bayesrefract.study.rope import Harm, Rule, RuleName

DEFAULT_NAMES = ("group", "reference")
DEFAULT_SECOND = "second group"
LEAST_SPREAD, LARGEST_SPREAD = 1e-3, 20.0
"""Of log hazard ratios of studies: e to the power of more is not finite, and less is no spread."""


@dataclass(frozen=True)
class PrintedQuestion:
    """The options of `bayesrefract published`, as typed."""

    file: Path | None
    hr: str | None
    ci: tuple[str, str] | None
    ci_level: float
    contrast: tuple[str, str]
    rope: tuple[float, float]
    rope_source: str
    rope_declared: dt.date | None
    before_data: bool
    after_data: bool
    paper_date: dt.date | None
    prior: str
    rule: RuleName
    level: float
    threshold: float | None
    one_sided: bool
    harm: Harm | None
    against: tuple[str, str, str] | None
    against_group: str
    correlation: tuple[float, float] | None
    events: tuple[str, str, str] | None
    where: tuple[str, ...]
    groups: tuple[str, ...]
    pool: bool
    tau_scale: float
    json: str | None
    figure: Path | None
    out: Path | None = None


@dataclass(frozen=True)
class Answer:
    """What was asked of, and what was found; `selection` is None for a ratio that was typed."""

    terms: Terms
    made: tuple[Assessment, ...]
    selection: Selection | None = None
    against: Against | None = None
    pooled: tuple[Pooled, ...] = ()


def answer(asked: PrintedQuestion) -> Answer:
    """Judge what is asked. Raises InputError with every fault of the options and of the file."""
    faults = [*terms_faults(asked), *combination_faults(asked), *_target_faults(asked)]
    selection, typed = None, _typed(asked, faults)
    if asked.file is not None:
        with collecting(faults):
            filters = tuple(
                (column.strip(), value) for column, _, value in (w.partition("=") for w in asked.where if "=" in w)
            )
            selection = read_ratios(asked.file, Wanted(filters, asked.groups, asked.ci_level))
            if asked.pool:
                faults += pool_faults(selection.ratios, asked)
    if faults:
        raise InputError(tuple(dict.fromkeys(faults)))
    terms = terms_of(asked)
    ratios = selection.ratios if selection is not None else typed[:1]
    made = tuple(assess(ratio, terms) for ratio in ratios)
    span = asked.correlation
    if asked.events is not None:
        span = (correlation_of(*three_events(order_of(asked), asked.events, [])),) * 2
    if asked.against is not None and span is not None:
        both = (*made, assess(typed[1], terms))
        return Answer(terms, both, against=contrast(typed[0], typed[1], span, terms))
    return Answer(terms, made, selection, pooled=_pooled(asked, ratios, terms) if asked.pool else ())


def terms_of(asked: PrintedQuestion) -> Terms:
    """ROPE, rule and prior as values."""
    rope = declared_rope(
        asked.rope, asked.rope_source, asked.rope_declared, before=before_publication(asked), after=asked.after_data
    )
    rule = Rule(asked.rule, asked.level, asked.threshold, harm=asked.harm)
    return Terms(rope, rule, resolve_group_prior(Priors(group=GroupPriorName(asked.prior)), rope))


def before_publication(asked: PrintedQuestion) -> bool:
    """Whether the range was fixed before anybody could read the printed numbers."""
    days = asked.rope_declared, asked.paper_date
    return asked.before_data and days[0] is not None and days[1] is not None and days[0] < days[1]


def terms_faults(asked: PrintedQuestion) -> list[str]:
    """What is wrong with ROPE and rule, by the rules of a study file."""
    from bayesrefract.study.sections import RopeSection, RuleSection
    from bayesrefract.study.toml_reader import TomlFile

    line = TomlFile("command line", {}, StudyError)
    low, high = asked.rope
    day = asked.rope_declared or dt.date.min  # a date that is not stated is printed so; any date passes here
    rope = {"low": low, "high": high, "source": asked.rope_source, "declared_on": day, "before_data": True}
    line.check("rope", rope | {"estimand": "hazard_ratio"}, RopeSection)
    line.check("", {"name": asked.rule, "level": asked.level, "threshold": asked.threshold}, RuleSection)
    faults = exclusive_faults(
        before=asked.before_data, after=asked.after_data, one_sided=asked.one_sided, harm=asked.harm
    )
    if asked.before_data and asked.rope_declared is None:
        faults.append(UNDATED)
    if asked.before_data and asked.paper_date is None:
        faults.append(
            "--before-data needs the day on which the numbers were published: a range that is fixed later may have "
            "been chosen with them in view. Add --paper-date YYYY-MM-DD, or leave --before-data out."
        )
    if asked.paper_date is not None and asked.paper_date > dt.date.today():
        faults.append(f"--paper-date {asked.paper_date} lies in the future. Give the day of publication.")
    if asked.before_data and asked.rope_declared and asked.paper_date and not before_publication(asked):
        faults.append(
            f"--rope-declared {asked.rope_declared} is not before --paper-date {asked.paper_date}. Leave "
            "--before-data out, or correct the days."
        )
    for fault in line.faults:
        told = fault
        for place, option in OPTIONS.items():
            told = told.replace(place, option, 1)
        faults.append(told)
    return faults


def combination_faults(asked: PrintedQuestion) -> list[str]:
    """Options that are missing, that exclude each other, or that have no use."""
    faults = []
    if asked.file is None and (asked.hr is None or asked.ci is None):
        faults.append("Give a ratio with its limits, such as --hr 0.99 --ci 0.73 1.33, or a CSV file of such ratios.")
    if asked.file is not None and (asked.hr or asked.ci or asked.against):
        faults.append(f"{asked.file}: give either a file, or --hr with --ci and --against, not both.")
    if asked.file is None and (asked.pool or asked.where or asked.groups):
        faults.append("--pool, --where and --group are for a CSV file of ratios. Name the file, or leave them out.")
    if asked.file is not None and asked.contrast != DEFAULT_NAMES:
        faults.append("--contrast names the groups of --hr. For a file choose rows with --where group=NAME.")
    if asked.against is None and asked.against_group != DEFAULT_SECOND:
        faults.append("--against-group names the group of --against, which is not given. Leave it out.")
    faults += [f"--where {each}: write COLUMN=VALUE." for each in asked.where if "=" not in each]
    if asked.events is not None:
        three_events(order_of(asked), asked.events, faults)
        if asked.against is None:
            faults.append("--events gives the correlation of --hr and --against. Leave it out, or give --against.")
        if asked.correlation is not None:
            faults.append("--correlation and --events exclude each other: the events give the correlation. Keep one.")
    if asked.against is not None and asked.correlation is None and asked.events is None:
        faults.append(
            "--against: ratios with one reference are correlated, and the printed numbers do not say how much. "
            "Give a range, such as --correlation 0 0.7, or the events of the three groups: --events D0 D1 D2."
        )
    if asked.correlation is not None:
        faults += _correlation_faults(asked, *asked.correlation)
    if not 0.5 < asked.ci_level < 1:
        faults.append(f"--ci-level {asked.ci_level:g} is not allowed. Give a number between 0.5 and 1, such as 0.95.")
    if not LEAST_SPREAD <= asked.tau_scale <= LARGEST_SPREAD:
        faults.append(
            f"--tau-scale {asked.tau_scale:g} is not allowed. Give a number from {LEAST_SPREAD:g} to "
            f"{LARGEST_SPREAD:g}, such as 0.5."
        )
    return faults


def order_of(asked: PrintedQuestion) -> tuple[str, str, str]:
    """The common reference, the group of --hr and that of --against."""
    return asked.contrast[1], asked.contrast[0], asked.against_group


def pool_faults(ratios: Sequence[Ratio], asked: PrintedQuestion) -> list[str]:
    """Why rows cannot be pooled: too few, of different comparisons, or of the same patients."""
    faults = []
    name = asked.file.name if asked.file else ""
    pairs = sorted({f"{ratio.group} vs {ratio.reference}" for ratio in ratios})
    if len(pairs) > 1:
        faults.append(f"{name}: only one comparison can be pooled, and the rows are of {listed(pairs)}. Use --where.")
    endpoints = sorted({ratio.endpoint for ratio in ratios})
    if len(endpoints) > 1:
        faults.append(f"{name}: only one endpoint can be pooled, and the rows are of {listed(endpoints)}. Use --where.")
    studies = Counter(ratio.study for ratio in ratios)
    if "" in studies:
        faults.append(
            f"{name}: {studies['']} of the rows to pool name no study, so that nobody knows whether they share "
            "patients. Name the study of each row in the column study; rows of the same patients get the same name."
        )
    elif len(studies) < 2:
        faults.append(f"{name}: all rows to pool are of one study ({quoted(next(iter(studies)))}). It takes two.")
    shared = [study for study, count in studies.items() if study and count > 1]
    if shared and asked.correlation is None:
        faults.append(
            f"{name}: more than one row is of {listed(map(quoted, shared))}: these share patients and would count "
            "twice. Choose one with --where, or give the range of their correlation, such as --correlation 0.3 0.9."
        )
    if asked.correlation is not None and "" not in studies and not shared:
        faults.append("--correlation: no two rows are of one study, so that it has no use. Leave it out.")
    return faults


def _correlation_faults(asked: PrintedQuestion, low: float, high: float) -> list[str]:
    faults = []
    if asked.against is None and not asked.pool:
        faults.append("--correlation is for --against and --pool. Leave it out.")
    if not -1 < low < high < 1:
        faults.append(
            f"--correlation {low:g} {high:g} is not allowed. Give a range between -1 and 1, the smaller end first, "
            "such as 0 0.7: one number would claim to know it."
        )
    return faults


FILES = ("published.csv", "studies.csv", "pooled.csv", "spread.csv", "published.svg", "published.json")
"""What is written into a folder; the tables that there are, from the first."""


def _target_faults(asked: PrintedQuestion) -> list[str]:
    inputs = (asked.file,)
    faults = [*target_faults(asked.json, inputs=inputs), *folder_target_faults(asked.out, FILES, inputs)]
    faults += OwnFiles(asked.out).faults(FILES, f"--out {asked.out}", inputs) if asked.out is not None else []
    if asked.figure is not None and asked.figure.suffix.lower() != ".svg":
        return [*faults, f"--figure {asked.figure}: the figure is an SVG file. Let its name end in .svg."]
    return [*faults, *target_faults(asked.figure, "--figure", inputs)]


def _typed(asked: PrintedQuestion, faults: list[str]) -> list[Ratio]:
    """The ratios of the options; their faults are added."""
    found = []
    if asked.hr is not None and asked.ci is not None:
        found += _ratio("--hr, --ci", (asked.hr, *asked.ci), asked.contrast, asked.ci_level, faults)
    if asked.against is not None:
        pair = (asked.against_group, asked.contrast[1])
        found += _ratio("--against", asked.against, pair, asked.ci_level, faults)
        if asked.against_group == asked.contrast[0]:
            faults.append(f"--against-group {asked.against_group}: this is also the group of --hr. Name another.")
    names = {"--contrast": asked.contrast, "--against-group": (asked.against_group,)}
    faults += [
        f"{option} {quoted(name)}: the name holds a line end or control character. Write it on one line, without them."
        for option, given in names.items()
        for name in given
        if UNPRINTABLE.search(name)
    ]
    if asked.contrast[0] == asked.contrast[1]:
        faults.append(f"--contrast {' '.join(asked.contrast)}: a group is compared with itself. Name two groups.")
    return found


def _ratio(
    option: str, texts: tuple[str, str, str], pair: tuple[str, str], level: float, faults: list[str]
) -> list[Ratio]:
    numbers: list[Number] = []
    for text in texts:
        try:
            numbers.append(read_number(text))
        except ValueError as problem:
            faults.append(f"{option}: {problem}")
    if len(numbers) < len(texts):
        return []
    wrong = ratio_faults(numbers[0], numbers[1], numbers[2])
    faults += [f"{option}: {fault}" for fault in wrong]
    return [] if wrong else [Ratio(*pair, numbers[0], numbers[1], numbers[2], level)]


def _pooled(asked: PrintedQuestion, ratios: Sequence[Ratio], terms: Terms) -> tuple[Pooled, ...]:
    span = (None,) if asked.correlation is None else correlations(*asked.correlation)
    return tuple(pool(ratios, terms, asked.tau_scale, correlation) for correlation in span)
