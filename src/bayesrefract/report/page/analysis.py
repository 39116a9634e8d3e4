"""The section of one question: figures and tables behind its verdict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bayesrefract.decision import Verdict, VerdictWord
from bayesrefract.findings import Findings
from bayesrefract.report import figures, tables
from bayesrefract.report.diagnostics import diagnostics_path, posterior_path
from bayesrefract.report.figures import Picture, slug
from bayesrefract.report.page.answer import leading
from bayesrefract.report.page.methods import limits
from bayesrefract.report.page.parts import Block, Link, Section, Sheet
from bayesrefract.report.page.slider import slider
from bayesrefract.report.page.throughout import average_meaning
from bayesrefract.report.proportionality_words import proportionality_sentences
from bayesrefract.report.tables.table import Table
from bayesrefract.study.rope import Estimand

WITHHELD = "The verdict is withheld, so its posterior is not shown and no other range can be explored."


def question_title(findings: Findings) -> str:
    """Endpoint and population in words."""
    return f"{findings.analysis.endpoint.label}: {findings.analysis.population.label}"


def question_anchor(findings: Findings) -> str:
    """Anchor of a question in links and file names."""
    return slug(findings.analysis.name)


def patients_block(findings: Findings) -> Block:
    """Patient flow, groups and survival curves; notes on patients and covariates stand under the groups."""
    groups, flow = tables.groups_table(findings), tables.flow_table(findings)
    return Block(
        f"{question_anchor(findings)}-patients",
        question_title(findings),
        pictures=(figures.flow_figure(findings), figures.survival_figure(findings)),
        sheets=(_sheet(findings, "groups", replace(groups, notes=(*flow.notes, *groups.notes))),),
    )


def question_section(made: Sequence[Findings], alone: bool) -> Section:
    """Everything about one question below its verdict; the first findings are the primary model's."""
    primary = made[0]
    contrast = primary.analysis.primary
    title = question_title(primary)
    return Section(
        question_anchor(primary),
        "The evidence in detail" if alone else title,
        f"{contrast.group} versus {contrast.reference}, primary model: {primary.model.title}.",
        tuple(_blocks(made, alone)),
    )


def _blocks(made: Sequence[Findings], alone: bool) -> Iterator[Block]:
    primary = made[0]
    yield from _posterior(primary)
    yield from _width(primary)
    yield from _slider(primary)
    yield from _horizon(primary)
    yield from _models(made, alone)
    yield _classical(primary)
    yield from _over_time(primary)
    yield _assumptions(primary)
    yield from _changing_ratio(primary)
    yield from _attainability(primary)
    yield _limits(primary)
    yield from _details(made)


def _posterior(findings: Findings) -> Iterator[Block]:
    """The leading hazard ratio's posterior, and every verdict of the primary model."""
    yield Block(
        _anchor(findings, "posterior"),
        "Posterior distribution and the ROPE",
        "Posterior",
        paragraphs=tuple(proportionality_sentences(findings)),
        pictures=_densities(findings, _shown_ratios(findings)[:1]),
        sheets=(_sheet(findings, "verdicts", tables.verdict_table(findings)),),
    )


def _width(findings: Findings) -> Iterator[Block]:
    """Verdict on the leading hazard ratio as a function of the width of the range."""
    shown = [verdict for verdict in leading(findings) if verdict in _shown_ratios(findings)]
    if shown:
        yield Block(
            _anchor(findings, "width"),
            "Sensitivity of the verdict to the width of the range",
            "Width of the range",
            pictures=tuple(figures.rope_width_figure(findings, verdict) for verdict in shown),
        )


def _slider(findings: Findings) -> Iterator[Block]:
    first = next((each for each in leading(findings) if each.estimand is Estimand.HAZARD_RATIO), None)
    if first is None:
        return
    withheld = first.word is VerdictWord.WITHHELD
    name = _anchor(findings, "range")
    yield Block(
        name,
        "What would another range give?",
        "Another range",
        paragraphs=(WITHHELD,) if withheld else (),
        slider=None if withheld else slider(findings, first, name),
    )


def _horizon(findings: Findings) -> Iterator[Block]:
    if findings.at_horizon and findings.health.passed:
        yield Block(
            _anchor(findings, "differences"),
            "Differences in survival probability and restricted mean survival time",
            "Differences",
            pictures=_present(figures.differences_figure(findings)),
            sheets=(_sheet(findings, "horizon", tables.horizon_table(findings)),),
        )


def _models(made: Sequence[Findings], alone: bool) -> Iterator[Block]:
    """The leading verdict under every model; every other verdict folded.

    The forest plot of a study with one question stands at the top of the page, with all contrasts.
    """
    primary = made[0]
    if len(made) == 1:
        return
    first = leading(primary)[:1]
    others = [verdict for verdict in primary.verdicts if verdict not in first]
    if first:
        yield Block(
            _anchor(primary, "models"),
            "Does the verdict depend on the model?",
            "Models",
            sheets=(_sheet(primary, "models", tables.model_table(made, first[0])),),
        )
    if others:
        yield Block(
            _anchor(primary, "models-others"),
            "Other contrasts and quantities under every model",
            pictures=() if alone or not _shown_ratios(primary) else (figures.forest_figure(made),),
            sheets=tuple(
                _sheet(primary, f"models-{place}", tables.model_table(made, verdict))
                for place, verdict in enumerate(others, start=2)
            ),
            folded=True,
        )


def _classical(findings: Findings) -> Block:
    return Block(
        _anchor(findings, "classical"),
        "Comparison with classical analysis",
        "Classical analysis",
        sheets=(_sheet(findings, "cross-check", tables.cross_check_table(findings)),),
    )


def _over_time(findings: Findings) -> Iterator[Block]:
    """Where groups change, the analysis beside a landmark and the naive one."""
    if findings.agreement.immortal:
        yield Block(
            _anchor(findings, "over-time"),
            "Groups that change over time, and immortal time",
            "Immortal time",
            sheets=(_sheet(findings, "over-time", tables.immortal_table(findings)),),
        )


def _assumptions(findings: Findings) -> Block:
    """Proportional hazards and the posterior predictive check."""
    checked = findings.predictive and findings.health.passed
    return Block(
        _anchor(findings, "assumptions"),
        "Does the model fit the data?",
        "Assumptions",
        pictures=(figures.log_log_figure(findings), *([figures.predictive_figure(findings)] if checked else [])),
    )


def _changing_ratio(findings: Findings) -> Iterator[Block]:
    """The hazard ratio over time; of the primary contrast unfolded, of others folded."""
    if not (findings.over_time and findings.health.passed):
        return
    withheld = {
        (verdict.group, verdict.reference)
        for verdict in findings.verdicts
        if verdict.word is VerdictWord.WITHHELD and not verdict.estimand.needs_horizon
    }
    first = {each.label: each for each in reversed(findings.over_time)}
    shown = [each for each in first.values() if (each.group, each.reference) not in withheld]
    label = findings.analysis.primary.label
    main = [each for each in shown if each.label == label]
    others = [each for each in reversed(shown) if each.label != label]
    for of_contrast, part, title, folded in (
        (main, "hr-over-time", "Does the hazard ratio change over time?", False),
        (others, "hr-over-time-others", "Hazard ratios of other contrasts over time", True),
    ):
        if of_contrast:
            yield Block(
                _anchor(findings, part),
                title,
                "" if folded else "Ratio over time",
                paragraphs=() if folded else average_meaning(of_contrast[0], findings),
                pictures=tuple(figures.over_time_figure(findings, each) for each in of_contrast),
                folded=folded,
            )


def _attainability(findings: Findings) -> Iterator[Block]:
    if findings.attainability:
        yield Block(
            _anchor(findings, "attainable"),
            "Attainability: were there enough events?",
            "Events needed",
            sheets=(_sheet(findings, "attainability", tables.attainability_table(findings)),),
        )


def _limits(findings: Findings) -> Block:
    present = limits(findings)
    absent = "None of these is present: narrow prior, pooling, excluded patients, crude analysis, post hoc ROPE."
    return Block(
        _anchor(findings, "limits"),
        "Sources of bias towards “equivalent”",
        "Limits",
        paragraphs=() if present else (absent,),
        items=present,
    )


def _details(made: Sequence[Findings]) -> Iterator[Block]:
    primary = made[0]
    yield _priors(primary)
    yield Block(
        _anchor(primary, "margins"),
        "Distance of each verdict from the next one",
        pictures=_densities(primary, _shown_ratios(primary)[1:]),
        sheets=(_sheet(primary, "margins", tables.decision_table(primary)),),
        folded=True,
    )
    if primary.effects and primary.health.passed:
        sheet = _sheet(primary, "covariates", tables.effects_table(primary))
        yield Block(_anchor(primary, "covariates"), "Covariates", sheets=(sheet,), folded=True)
    yield Block(
        _anchor(primary, "diagnostics"),
        "Convergence diagnostics",
        "Diagnostics",
        pictures=(
            figures.chains_figure(primary),
            *_present(figures.energy_figure(primary)),
            figures.ess_figure(primary),
        ),
        sheets=(_sheet(primary, "convergence", tables.diagnostics_table(made)),),
        links=tuple(
            Link(diagnostics_path(each), f"Everything about the draws of {each.model.title}: ArviZ diagnostics")
            for each in made
        )
        + tuple(draws_link(each) for each in made),
        folded=True,
    )


def draws_link(findings: Findings) -> Link:
    """The draws of one fit, as a file for ArviZ."""
    named = f"{question_title(findings)}, {findings.model.title}"
    return Link(posterior_path(findings), f"Draws for ArviZ (netCDF): {named}", download=True)


def _priors(findings: Findings) -> Block:
    survival = findings.prior_survival
    ratio = next((each for each in leading(findings) if each.estimand is Estimand.HAZARD_RATIO), None)
    return Block(
        _anchor(findings, "priors"),
        "Priors, and what they imply before the data",
        "Priors",
        pictures=(
            *_present(None if ratio is None else figures.prior_ratio_figure(findings, ratio)),
            *_present(None if survival is None else figures.prior_figure(findings, survival)),
        ),
        sheets=(_sheet(findings, "priors", tables.priors_table(findings)),),
        folded=True,
    )


def _present(picture: Picture | None) -> tuple[Picture, ...]:
    return () if picture is None else (picture,)


def _densities(findings: Findings, verdicts: Sequence[Verdict]) -> tuple[Picture, ...]:
    return tuple(figures.density_figure(findings, verdict) for verdict in verdicts)


def _shown_ratios(findings: Findings) -> list[Verdict]:
    """Hazard ratios on their primary ROPE whose posterior may be shown, the primary contrast's first."""
    shown = [
        each
        for each in findings.verdicts
        if each.estimand is Estimand.HAZARD_RATIO
        and each.rope.role == "primary"
        and each.word is not VerdictWord.WITHHELD
    ]
    return sorted(shown, key=lambda verdict: not verdict.primary)


def _anchor(findings: Findings, part: str) -> str:
    return f"{question_anchor(findings)}-{part}"


def _sheet(findings: Findings, kind: str, table: Table) -> Sheet:
    return Sheet(f"{question_anchor(findings)}-{kind}", table)
