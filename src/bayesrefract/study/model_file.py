"""Parse and validate models/<name>.toml."""

from __future__ import annotations

import importlib.resources
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Discriminator, Field, Tag, ValidationInfo, field_validator

from bayesrefract.errors import ModelError
from bayesrefract.messages import did_you_mean
from bayesrefract.study.model import (
    NO_SET,
    Baseline,
    BaselineKind,
    GroupPriorName,
    Intervals,
    Model,
    Priors,
    Sampler,
    StrataKind,
)
from bayesrefract.study.model_base import (
    BASE,
    KEYS_OF_KIND,
    Layered,
    is_path,
    layered,
    renamed_hint,
    with_faults_of_base,
)
from bayesrefract.study.study import TimeUnit
from bayesrefract.study.toml_reader import Section, Text, TomlFile, one_of, refuse, shown

TABLES = ("baseline", "prior", "intervals", "sampler")
PRIMARY = "primary"
LEAST_SCALE, LARGEST_SCALE = 1e-6, 20.0
"""Of the log hazard: far beyond them the sampler cannot start, and e to their power is not finite."""
DEFAULT_SCALE = Priors().exchangeable_scale
SCALE = f"a number from {LEAST_SCALE:g} to {LARGEST_SCALE:g}"
AUTOMATIC = "automatic"
MOST_EVENTS = 1e6
LEAST_TIME, LARGEST_TIME = 1e-12, 1e12
NUMBER = (int, float)
WIDEST_PRIOR = 1e6
"""A hazard ratio; beyond it, and its reciprocal, ranges of the prior cannot be computed."""
INDEPENDENT_ONLY, RANDOM_WALK_ONLY = (
    KEYS_OF_KIND[kind] for kind in (BaselineKind.INDEPENDENT, BaselineKind.RANDOM_WALK)
)

type Scale = Annotated[float, Field(ge=LEAST_SCALE, le=LARGEST_SCALE, description=SCALE)]

ONE, SEVERAL = "[one]", "[several]"
"""Marks of the two forms of a key, in brackets as pydantic's own, which are left out of a fault's place."""


def _form(given: Any) -> str:
    """Which form of a key is meant: a fault is then told once, of that form alone."""
    return SEVERAL if isinstance(given, list | dict) else ONE


type Shared = Annotated[Annotated[bool, Tag(ONE)] | Annotated[list[Text], Tag(SEVERAL)], Discriminator(_form)]
type Scales = Annotated[Annotated[Scale, Tag(ONE)] | Annotated[dict[str, Scale], Tag(SEVERAL)], Discriminator(_form)]


class HeadSection(Section):
    """The keys before the first table."""

    title: Text = Field(description="one line that names the model")
    purpose: Text = Field(description="one line that says what the model is for")
    adjust: Text = Field(description='"none", "question" (the set the question names), or the name of a set')
    exchangeable: Shared = Field(default=False, description="true, false, or a list of covariates")
    hr_by_time: bool = Field(default=False, description="true or false")
    compared_only: bool = Field(default=False, description="true or false")

    @field_validator("exchangeable")
    @classmethod
    def _needs_covariates(cls, exchangeable: bool | list[str], info: ValidationInfo) -> bool | list[str]:
        if exchangeable and info.data.get("adjust") == NO_SET:
            given = shown(exchangeable)
            refuse(f'= {given} needs covariates, but adjust = "none". Name a set in adjust, or set it to false.')
        if isinstance(exchangeable, list):
            twice = sorted({name for name in exchangeable if exchangeable.count(name) > 1})
            if twice:
                refuse(f"names {', '.join(twice)} more than once. Name each covariate once.")
        return exchangeable


class BaselineSection(Section):
    """[baseline]"""

    kind: BaselineKind = Field(strict=False, description=one_of(BaselineKind))
    strata: StrataKind = Field(default=StrataKind.COMMON, strict=False, description=one_of(StrataKind))
    shape: float = Field(
        default=0.1, ge=0, le=MOST_EVENTS, description=f"a number of events from 0 to {MOST_EVENTS:,.0f}"
    )
    rate: float | None = Field(
        default=None,
        ge=LEAST_TIME,
        le=LARGEST_TIME,
        description=f"a person-time from {LEAST_TIME:g} to {LARGEST_TIME:g}",
    )
    rate_unit: TimeUnit | None = Field(default=None, strict=False, description=one_of(TimeUnit), validate_default=True)
    by_group: bool = Field(default=False, description="true or false")
    innovation_sd: Scale = Field(default=1.0, description=SCALE)
    level_sd: Scale = Field(default=2.0, description=SCALE)

    @field_validator(*INDEPENDENT_ONLY, *RANDOM_WALK_ONLY)
    @classmethod
    def _used(cls, value: Any, info: ValidationInfo) -> Any:
        """A key that the kind of baseline ignores would mislead whoever reads the file."""
        kind, key = info.data.get("kind"), info.field_name
        if kind is BaselineKind.RANDOM_WALK and key in INDEPENDENT_ONLY and value is not None and value is not False:
            refuse(f'= {shown(value)} is only for kind = "independent". Delete it, or change the kind.')
        if kind is BaselineKind.INDEPENDENT and key in RANDOM_WALK_ONLY:
            refuse(f'= {shown(value)} is only for kind = "random_walk". Delete it, or change the kind.')
        return value

    @field_validator("rate_unit")
    @classmethod
    def _with_rate(cls, unit: TimeUnit | None, info: ValidationInfo) -> TimeUnit | None:
        rate = info.data.get("rate")
        if rate is not None and unit is None:
            refuse(f"is missing: a rate is a person-time and has no meaning without its unit. Give {one_of(TimeUnit)}.")
        if rate is None and unit is not None:
            refuse(f'= "{unit}" has no rate. Delete it, or give rate.')
        return unit


def _read_group_prior(given: Any) -> tuple[GroupPriorName, tuple[float, float] | None]:
    """A named prior, or { hr95 = [low, high] }: the central 95% of every pairwise hazard ratio."""
    named = [name for name in GroupPriorName if name is not GroupPriorName.CUSTOM]
    if isinstance(given, str) and given in named:
        return GroupPriorName(given), None
    if not isinstance(given, dict):
        hint = did_you_mean(given, named) if isinstance(given, str) else ""
        allowed = one_of(GroupPriorName, without=[GroupPriorName.CUSTOM])
        refuse(f"= {shown(given)} is not a known prior.{hint} Give {allowed}, or {{ hr95 = [0.25, 4.0] }}.")
    bounds = given.get("hr95")
    if set(given) != {"hr95"} or not isinstance(bounds, list) or [type(b) in NUMBER for b in bounds] != [True, True]:
        refuse(f"= {shown(given)} is not a prior. Write {{ hr95 = [0.25, 4.0] }}: two hazard ratios.")
    low, high = float(bounds[0]), float(bounds[1])
    if low > high:
        refuse(f".hr95 = {shown(bounds)} is reversed. Put the smaller hazard ratio first.")
    if not 0 < low < 1 < high < float("inf"):
        refuse(f".hr95 = {shown(bounds)} does not enclose 1 (no difference). It needs 0 < low < 1 < high.")
    if not 1 / WIDEST_PRIOR <= low <= high <= WIDEST_PRIOR:
        refuse(
            f".hr95 = {shown(bounds)} is wider than any ratio of hazards. Stay between {1 / WIDEST_PRIOR:g} and "
            f'{WIDEST_PRIOR:,.0f}, or give "wide".'
        )
    return GroupPriorName.CUSTOM, (low, high)


class PriorSection(Section):
    """[prior]"""

    group: Annotated[Any, BeforeValidator(_read_group_prior)] = Field(description="a named prior, or { hr95 = [l, h] }")
    continuous_sd: Scale = Field(default=1.0, description=SCALE)
    categorical_pairwise_sd: Scale = Field(default=1.0, description=SCALE)
    exchangeable_scale: Scales = Field(default=0.5, description=f"{SCALE}, or a table of covariates with one each")
    change_scale: Scale = Field(default=0.3, description=SCALE)


def _unless_automatic(given: Any) -> Any:
    return None if given == AUTOMATIC else given


class IntervalsSection(Section):
    """[intervals]"""

    cuts: list[float] | None = Field(default=None, description="a list of times that rise from above 0")
    maximum: Annotated[int | None, BeforeValidator(_unless_automatic)] = Field(
        default=None, ge=1, description=f'a whole number from 1, or "{AUTOMATIC}"'
    )
    min_events: int = Field(default=5, ge=1, description="a whole number from 1")

    @field_validator("cuts")
    @classmethod
    def _rising(cls, cuts: list[float] | None) -> list[float] | None:
        if cuts and any(later <= earlier for earlier, later in zip([0.0, *cuts], cuts, strict=False)):
            refuse(f"= {shown(cuts)} does not rise from above 0. Sort the cuts, and give each once.")
        return cuts


class SamplerSection(Section):
    """[sampler]"""

    chains: int = Field(default=4, ge=2, description="a whole number from 2: R-hat compares chains")
    tune: int = Field(default=500, ge=1, description="a whole number from 1")
    draws: int = Field(default=1000, ge=1, description="a whole number from 1")
    target_accept: float = Field(default=0.95, gt=0.5, lt=1, description="a number between 0.5 and 1")
    max_draws: int = Field(default=40_000, ge=1, validate_default=True, description="a whole number from 1")

    @field_validator("max_draws")
    @classmethod
    def _holds_all(cls, most: int, info: ValidationInfo) -> int:
        chains, draws = info.data.get("chains"), info.data.get("draws")
        whole = chains is not None and draws is not None and "tune" in info.data
        fault = Sampler(**info.data | {"max_draws": most}).fault if whole else None
        if fault is not None:
            refuse(f": {fault}")
        if chains is not None and draws is not None and chains * draws > most:
            refuse(f"= {most} is less than chains x draws = {chains * draws}. Raise it, or draw less.")
        return most


def load_model(name_or_path: str) -> Model:
    """Read a shipped model by its name, or a model file by its path (ends in .toml or has a separator).

    Raises ModelError with one sentence per fault; for an unknown name it lists the known ones.
    """
    if is_path(name_or_path):
        return _read_model(Path(name_or_path))
    shipped = _shipped()
    if name_or_path not in shipped:
        hint = renamed_hint(name_or_path) or did_you_mean(name_or_path, shipped)
        raise ModelError(
            f'There is no model "{name_or_path}".{hint} '
            f"Known models: {', '.join(shipped)}. For a file of your own, give its path, ending in .toml."
        )
    return _read_model(shipped[name_or_path])


def list_models() -> tuple[Model, ...]:
    """All shipped models, the primary one first, then by name."""
    return tuple(_read_model(path) for path in _shipped().values())


def _shipped() -> dict[str, Path]:
    """Name -> file of every shipped model."""
    inside = Path(str(importlib.resources.files("bayesrefract"))) / "models"
    checkout = Path(__file__).parents[3] / "models"
    paths = sorted((inside if inside.is_dir() else checkout).glob("*.toml"))
    return {path.stem: path for path in sorted(paths, key=lambda path: path.stem != PRIMARY)}


def _read_model(path: Path) -> Model:
    return _model(layered(path, _shipped(), TABLES), path.stem)


def _model(read: Layered, name: str) -> Model:
    """The values of a file and its bases. Raises ModelError with the faults of both."""
    file = read.file
    file.allow_only([BASE, *HeadSection.model_fields, *TABLES])
    head = file.check("", {k: v for k, v in file.tables.items() if k in HeadSection.model_fields}, HeadSection)
    baseline = file.section("baseline", BaselineSection)
    prior = file.section("prior", PriorSection)
    intervals = file.section("intervals", IntervalsSection)
    sampler = file.section("sampler", SamplerSection)
    if head is not None and baseline is not None and head.hr_by_time and baseline.by_group:
        file.fault(
            "hr_by_time",
            " = true beside by_group = true: hazards by group give each interval a ratio of its own. Keep one of them.",
        )
    elif head is not None and intervals is not None and head.hr_by_time and _one_interval(intervals):
        file.fault("hr_by_time", " = true beside one interval, within which no ratio changes. Allow several intervals.")
    if head is not None and prior is not None:
        _check_scales(head, prior, file)
    with_faults_of_base(read, _faults_of_base(read))
    file.raise_faults()
    if head is None or baseline is None or prior is None or intervals is None or sampler is None:
        raise AssertionError("a faulty table left no fault")
    return Model(
        name=name,
        title=head.title,
        purpose=head.purpose,
        adjust=head.adjust,
        exchangeable=head.exchangeable if isinstance(head.exchangeable, bool) else tuple(head.exchangeable),
        by_time=head.hr_by_time,
        compared_only=head.compared_only,
        baseline=Baseline(**dict(baseline)),
        priors=_priors(prior),
        intervals=_intervals(intervals),
        sampler=Sampler(**dict(sampler)),
        sha256=read.sha256,
    )


def _one_interval(intervals: IntervalsSection) -> bool:
    return intervals.cuts == [] or intervals.maximum == 1


def _check_scales(head: HeadSection, prior: PriorSection, file: TomlFile) -> None:
    """Scales by covariate belong to covariates whose levels share a spread."""
    scales, shared = prior.exchangeable_scale, head.exchangeable
    if not isinstance(scales, dict):
        return
    if shared is False:
        file.fault(
            "prior.exchangeable_scale",
            f" names {', '.join(scales) or 'nobody'}, and exchangeable is false. Name the covariates in exchangeable, "
            "or delete the scales.",
        )
    named = shared if isinstance(shared, list) else list(scales)
    for name in scales:
        if name not in named:
            hint = did_you_mean(name, named)
            found = f" names {name}, which exchangeable does not ({', '.join(named)}).{hint}"
            file.fault("prior.exchangeable_scale", f"{found} Correct it.")


def _faults_of_base(read: Layered) -> tuple[str, ...]:
    """A base has to be a whole model by itself."""
    if read.below is None:
        return ()
    try:
        _model(read.below, BASE)
    except ModelError as found:
        return found.faults
    return ()


def _priors(section: PriorSection) -> Priors:
    name, hr95 = section.group
    scale = section.exchangeable_scale
    return Priors(
        group=name,
        hr95=hr95,
        continuous_sd=section.continuous_sd,
        categorical_pairwise_sd=section.categorical_pairwise_sd,
        exchangeable_scale=DEFAULT_SCALE if isinstance(scale, dict) else scale,
        exchangeable_scales=tuple(scale.items()) if isinstance(scale, dict) else (),
        change_scale=section.change_scale,
    )


def _intervals(section: IntervalsSection) -> Intervals:
    cuts = None if section.cuts is None else tuple(section.cuts)
    return Intervals(cuts, section.maximum, section.min_events)
