"""Options that several commands share, and those that put a whole question on one line."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Literal

import typer

from bayesrefract.comparison import Keep
from bayesrefract.study.model import DEFAULT_SEED, LARGEST_SEED
from bayesrefract.study.rope import Harm, RuleName
from bayesrefract.study.study import EventAtZero, TimeUnit

# Shared
Seed = Annotated[
    int | None, typer.Option("--seed", min=0, max=LARGEST_SEED, metavar="N", show_default=str(DEFAULT_SEED))
]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress and no messages on stderr, errors apart.")]
Level = Annotated[float, typer.Option("--level", help="Level of the credible interval.")]
Studies = Annotated[list[Path], typer.Argument(metavar="STUDY...", help="study.toml files, or their folders.")]
Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder of the reports and of the stored fits.")]
Models = Annotated[
    list[str] | None,
    typer.Option("--model", metavar="NAME_OR_FILE", help="A model instead of the study's own; repeat for more."),
]
Draws = Annotated[int | None, typer.Option("--draws", min=1, metavar="N", help="Draws per chain.")]
Tune = Annotated[int | None, typer.Option("--tune", min=1, metavar="N", help="Tuning steps per chain.")]
RopeBounds = Annotated[
    tuple[float, float],
    typer.Option(
        "--rope",
        metavar="LOW HIGH",
        help="Region of practical equivalence (ROPE) of the hazard ratio; there is no default.",
    ),
]

# The question of `compare`
RecordsFile = Annotated[
    Path, typer.Argument(metavar="FILE", help="One row per patient, or --several-rows, .csv or .parquet.")
]
TimeColumn = Annotated[str, typer.Option("--time", metavar="COL", help="Time to event or end of follow-up.")]
EventColumn = Annotated[str, typer.Option("--event", metavar="COL", help="1 or true: the event happened.")]
GroupColumn = Annotated[str, typer.Option("--group", metavar="COL", help="The groups that are compared.")]
Reference = Annotated[
    str, typer.Option("--reference", metavar="LEVEL", help="The group that the others are compared with.")
]
Unit = Annotated[TimeUnit, typer.Option("--unit", help="Unit of every time in the file.")]
RopeSource = Annotated[
    str, typer.Option("--rope-source", metavar="TEXT", help="Why these bounds: a paper, a protocol.")
]
RopeDeclared = Annotated[
    dt.datetime | None,
    typer.Option("--rope-declared", formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="When the bounds were fixed."),
]
BeforeData = Annotated[
    bool, typer.Option("--before-data", help="The bounds were fixed before the data were seen; needs --rope-declared.")
]
AfterData = Annotated[
    bool, typer.Option("--after-data", help="The bounds were fixed after the data were seen: exploratory.")
]
PatientId = Annotated[str | None, typer.Option("--id", metavar="COL", help="Patient identifier.")]
Primary = Annotated[
    str | None,
    typer.Option("--primary", metavar="LEVEL", help="Group of the primary contrast.", show_default="first other level"),
]
Adjust = Annotated[
    list[str] | None, typer.Option("--adjust", metavar="COL", help="Adjust for this column; repeat for more.")
]
Categorical = Annotated[
    list[str] | None,
    typer.Option("--categorical", metavar="COL", help="Adjust for this column as categories; repeat for more."),
]
Strata = Annotated[
    list[str] | None,
    typer.Option("--strata", metavar="COL", help="A baseline hazard of its own per level; repeat for more."),
]
Entry = Annotated[str | None, typer.Option("--entry", metavar="COL", help="Delayed entry time.")]
From = Annotated[
    float | None,
    typer.Option(
        "--from",
        metavar="T",
        help="With delayed entry, where curves start: survival, medians and restricted means are those of patients "
        "without the event at this time; no default.",
    ),
]
Horizon = Annotated[
    float | None,
    typer.Option("--horizon", metavar="T", help="Time up to which restricted mean survival time is computed."),
]
EventValue = Annotated[
    str | None, typer.Option("--event-value", metavar="V", help="The code that means the event, where not 1 or true.")
]
CensorValue = Annotated[
    list[str] | None,
    typer.Option(
        "--censor-value",
        metavar="V",
        help="A code that means censored, where there are several; repeat for more.",
    ),
]
EventAtZeroOption = Annotated[
    EventAtZero | None,
    typer.Option("--event-at-zero", help="Events at time 0, refused unless given: put at half a unit, or left out."),
]
Missing = Annotated[
    list[str] | None,
    typer.Option("--missing", metavar="MARK", help="A mark for missing, `.` or `age=999`; repeat for more."),
]
SeveralRows = Annotated[
    bool,
    typer.Option("--several-rows", help="A patient may have several rows, from --entry to --time each; needs --id."),
]
Varying = Annotated[
    list[str] | None,
    typer.Option(
        "--varying",
        metavar="COL",
        help="Of several rows: a column that may change, group or covariate; repeat for more.",
    ),
]
RepeatedEvents = Annotated[
    bool, typer.Option("--repeated-events", help="The event may happen more than once; the ratio has then no verdict.")
]
Landmark = Annotated[
    float | None,
    typer.Option("--landmark", metavar="T", help="Where the group changes: time of a landmark analysis beside it."),
]
HrByTime = Annotated[
    bool,
    typer.Option("--hr-by-time", help="The hazard ratio may change over follow-up; the verdict is on its average."),
]
Window = Annotated[
    tuple[float, float] | None,
    typer.Option(
        "--window",
        metavar="T0 T1",
        help="Judge too whether the hazard ratio stays inside --rope throughout, from T0 to T1.",
    ),
]
RuleOption = Annotated[RuleName, typer.Option("--rule", help="How posterior and ROPE become a verdict.")]
Threshold = Annotated[
    float | None, typer.Option("--threshold", metavar="P", help="Least posterior probability; rule probability only.")
]
OneSided = Annotated[
    bool, typer.Option("--one-sided", help="Non-inferiority instead of equivalence; --harm says what is harmful.")
]
HarmOption = Annotated[
    Harm | None,
    typer.Option("--harm", help="What harms a patient, of a one-sided rule: death is more_events, cure fewer_events."),
]
Model = Annotated[str, typer.Option("--model", metavar="NAME_OR_FILE", help="See `bayesrefract models`.")]
Json = Annotated[
    str | None,
    typer.Option("--json", metavar="FILE|-", help="Write the verdict as JSON; `-`: JSON alone on stdout."),
]
TablesOption = Annotated[
    Literal["none", "short", "all"],
    typer.Option("--tables", help="Tables after the sentence; `all` is everything that stands beside it."),
]
ReportFolder = Annotated[Path | None, typer.Option("--report", metavar="DIR", help="Write the full report here.")]
KeepOption = Annotated[
    Keep, typer.Option("--keep", help="`none`: no draws of this fit stay on the disk, and the next run samples again.")
]
EvidenceOption = Annotated[
    Literal["patients", "rebuilt", "simulated"] | None,
    typer.Option("--evidence", help="What the records are; printed with every number.", show_default="not stated"),
]
