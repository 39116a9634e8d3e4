"""`bayesrefract published`: what printed ratios alone can say about equivalence."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bayesrefract.cli import options
from bayesrefract.cli.output import show_table, tell
from bayesrefract.files import make_folder
from bayesrefract.study.rope import RuleName

if TYPE_CHECKING:
    from bayesrefract.cli.printed_question import Answer
    from bayesrefract.report.tables.table import Table

Estimates = Annotated[
    Path | None, typer.Argument(metavar="[FILE]", help="A CSV of printed ratios, one a row, instead of --hr and --ci.")
]
HazardRatio = Annotated[
    str | None, typer.Option("--hr", metavar="H", help="The printed hazard ratio, with its digits.")
]
Limits = Annotated[tuple[str, str] | None, typer.Option("--ci", metavar="LOW HIGH", help="The limits printed with it.")]
CiLevel = Annotated[float, typer.Option("--ci-level", metavar="P", help="Level of the printed interval.")]
Names = Annotated[
    tuple[str, str], typer.Option("--contrast", metavar="GROUP REFERENCE", help="Names of the two groups of --hr.")
]
PaperDate = Annotated[
    dt.datetime | None,
    typer.Option("--paper-date", formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="When the numbers were published."),
]
Prior = Annotated[
    Literal["flat", "default", "wide", "sceptical", "neutral", "enthusiastic"],
    typer.Option("--prior", help="Prior of the log HR; flat leaves the printed numbers as they are."),
]
AgainstRatio = Annotated[
    tuple[str, str, str] | None,
    typer.Option("--against", metavar="H LOW HIGH", help="A second ratio with the same reference: --hr over it."),
]
AgainstName = Annotated[str, typer.Option("--against-group", metavar="GROUP", help="Name of the group of --against.")]
Correlation = Annotated[
    tuple[float, float] | None,
    typer.Option("--correlation", metavar="LOW HIGH", help="Of estimates that share patients: a range, never one."),
]
Events = Annotated[
    tuple[str, str, str] | None,
    typer.Option(
        "--events",
        metavar="D0 D1 D2",
        help="Events of the reference, of --hr's group and of --against's (or NAME=N): the correlation follows.",
    ),
]
Where = Annotated[
    list[str] | None,
    typer.Option("--where", metavar="COL=VALUE", help="Only rows of FILE with this value; repeat for more."),
]
Groups = Annotated[
    list[str] | None,
    typer.Option("--group", metavar="NAME", help="A group that FILE may name, others are faults; repeat."),
]
Pool = Annotated[bool, typer.Option("--pool", help="Pool the rows of FILE as studies with random effects.")]
TauScale = Annotated[
    float, typer.Option("--tau-scale", metavar="S", help="Of the half-normal prior of the spread between studies.")
]
Json = Annotated[str | None, typer.Option("--json", metavar="FILE|-", help="Write JSON; `-`: JSON alone on stdout.")]
FigureFile = Annotated[Path | None, typer.Option("--figure", metavar="FILE.svg", help="Write a forest plot.")]
Folder = Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Write table, figure and JSON here.")]


def published(
    file: Estimates = None,
    *,
    hr: HazardRatio = None,
    ci: Limits = None,
    ci_level: CiLevel = 0.95,
    contrast: Names = ("group", "reference"),
    rope: options.RopeBounds,
    rope_source: options.RopeSource,
    rope_declared: options.RopeDeclared = None,
    before_data: options.BeforeData = False,
    after_data: options.AfterData = False,
    paper_date: PaperDate = None,
    prior: Prior = "flat",
    rule: options.RuleOption = RuleName.INTERVAL,
    level: options.Level = 0.95,
    threshold: options.Threshold = None,
    one_sided: options.OneSided = False,
    harm: options.HarmOption = None,
    against: AgainstRatio = None,
    against_group: AgainstName = "second group",
    correlation: Correlation = None,
    events: Events = None,
    where: Where = None,
    group: Groups = None,
    pool: Pool = False,
    tau_scale: TauScale = 0.5,
    json: Json = None,
    figure: FigureFile = None,
    out: Folder = None,
    quiet: options.Quiet = False,
) -> None:
    """Judge printed hazard ratios against a region of practical equivalence (ROPE).

    One ratio (--hr, --ci), the contrast of two with one reference (--against, --correlation), or a CSV file
    of many, whose columns docs/printed-numbers.md describes. The posterior of the log HR is normal, from
    the estimate and the width of its interval. No patient record is read, and nothing is sampled.
    """
    from bayesrefract.cli.printed_question import PrintedQuestion, answer

    asked = PrintedQuestion(
        file, hr, ci, ci_level, contrast, rope, rope_source,
        rope_declared.date() if rope_declared else None, before_data, after_data,
        paper_date.date() if paper_date else None, prior, rule, level, threshold, one_sided, harm, against,
        against_group, correlation, events, tuple(where or ()), tuple(group or ()), pool, tau_scale, json, figure, out,
    )  # fmt: skip
    found = answer(asked)
    show(found, json=json, figure=figure, out=out, quiet=quiet)
    leave(found)


def show(found: Answer, *, json: str | None, figure: Path | None, out: Path | None, quiet: bool) -> None:
    """Files first, so that nothing is shown where they cannot be written; then the tables."""
    made = tables_of(found)
    if out is not None:
        make_folder(out)
        write_files(found, made, out, quiet=quiet)
    if figure is not None:
        write_figure(found, made[0], figure, quiet=quiet)
    if json is not None:
        write_json_to(found, json)
    if json == "-" and quiet:
        return
    show_answer(found, made, to_stderr=json == "-")


def tables_of(found: Answer) -> list[Table]:
    """The tables of an answer as files hold them; the first is that of the ratios that are drawn."""
    from bayesrefract.report.tables import published as tables

    if found.against is not None:
        return [tables.against_table(found.against, found.terms)]
    if found.pooled:
        first, terms = found.pooled[0], found.terms
        pooled = [tables.pool_table(found.pooled, terms), tables.spread_table(found.pooled, terms)]
        return [tables.ratios_table(found.made, terms), tables.studies_table(first), *pooled]
    if len(found.made) == 1 and found.selection is None:
        return [tables.ratio_table(found.made[0], found.terms)]
    return [tables.ratios_table(found.made, found.terms)]


def is_list(found: Answer) -> bool:
    """Whether the first table is that of several ratios."""
    return found.selection is not None and found.against is None


def show_answer(found: Answer, made: list[Table], *, to_stderr: bool) -> None:
    """What was read, the range, the tables, and what they come to in words."""
    from bayesrefract.report.tables import published as tables
    from bayesrefract.report.terminal import declaration

    stream = sys.stderr if to_stderr else sys.stdout
    print(tables.SOURCE, file=stream)
    print(declaration(found.terms.rope), file=stream)
    if found.selection is not None:
        chosen = found.selection
        print(
            f"{len(chosen.ratios)} ratios; {chosen.filtered} ratios not asked for, and {chosen.passed_over} rows of "
            "other statistics passed over.",
            file=stream,
        )
    for table in [tables.ratios_screen(found.made, found.terms), *made[1:]] if is_list(found) else made:
        show_table(table, stream)
    for text in sentences(found):
        print(text, file=stream)


def sentences(found: Answer) -> list[str]:
    """The verdicts in words; a table of many ratios speaks for itself."""
    from bayesrefract.report.tables import published as tables

    if found.against is not None:
        pairs = list(zip(found.against.correlations, found.against.assessments, strict=True))
        return [tables.against_sentence(pairs), *tables.warnings(found.made)]
    if len(found.pooled) == 1:
        return [tables.sentence_of(found.pooled[0].assessment), *tables.few_studies(found.pooled[0])]
    if found.pooled:
        over = [(each.correlation or 0.0, each.assessment) for each in found.pooled]
        return [tables.against_sentence(over), *tables.few_studies(found.pooled[0])]
    return [tables.sentence_of(found.made[0])] if len(found.made) == 1 else []


def write_json_to(found: Answer, target: str | Path) -> None:
    from bayesrefract.report.json.papers import published_json
    from bayesrefract.report.json.verdict import write_json

    payload = published_json(found.terms, found.made, against=found.against, pooled=found.pooled)
    write_json(sys.stdout if target == "-" else target, payload)


def write_figure(found: Answer, table: Table, target: Path, *, quiet: bool) -> None:
    """The forest of the ratios, or of the contrast by correlation, or with the mean of the studies below them."""
    from bayesrefract.files import write_whole
    from bayesrefract.report.figures.published import published_figure
    from bayesrefract.report.tables.published import subject

    drawn = list(found.against.assessments if found.against is not None else found.made)
    drawn += [pooled.assessment for pooled in found.pooled]
    names = [subject(each) for each in drawn]
    for i, pooled in enumerate(found.pooled, start=len(found.made)):
        if pooled.correlation is not None:
            names[i] += f", correlation {pooled.correlation:g}"
    write_whole(target, published_figure(drawn, names, table).svg)
    tell(f"Written: {target}", quiet=quiet)


def write_files(found: Answer, made: list[Table], out: Path, *, quiet: bool) -> None:
    """Tables as CSV, the figure and the JSON."""
    from bayesrefract.cli.printed_question import FILES
    from bayesrefract.files import write_whole
    from bayesrefract.own_files import OwnFiles
    from bayesrefract.report.tables.table import to_csv

    *names, picture, document = FILES
    tables = dict(zip(names, made, strict=False))
    with OwnFiles(out).writing((*tables, picture, document)):
        for name, table in tables.items():
            write_whole(out / name, to_csv(table))
        write_figure(found, made[0], out / picture, quiet=True)
        write_json_to(found, out / document)
    tell(f"Written: {out}", quiet=quiet)


def leave(found: Answer) -> None:
    """End with the exit code of the verdicts: 3 where one is withheld."""
    from bayesrefract.cli.exits import ExitCode
    from bayesrefract.decision import VerdictWord

    judged = [*found.made, *(found.against.assessments if found.against else ())]
    judged += [pooled.assessment for pooled in found.pooled]
    if any(each.verdict.word is VerdictWord.WITHHELD for each in judged):
        raise typer.Exit(ExitCode.WITHHELD)
