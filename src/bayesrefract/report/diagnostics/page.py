"""The page of one fit's convergence diagnostics, from ArviZ's own numbers and pictures: one file that opens offline."""

from __future__ import annotations

import base64
import hashlib
import warnings
from collections.abc import Iterator
from dataclasses import astuple
from functools import cache
from importlib.metadata import version
from pathlib import Path

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from bayesrefract.decision.diagnostics import (
    E_BFMI_MINIMUM,
    ESS_MINIMUM,
    OTHER,
    R_HAT_MAXIMUM,
    R_HAT_MAXIMUM_OTHER,
)
from bayesrefract.findings import Findings
from bayesrefract.inference.provenance import code_sha256
from bayesrefract.numerals import fixed
from bayesrefract.report.diagnostics.pictures import drawn_quantities, pictures
from bayesrefract.report.tables.table import Table, columns
from bayesrefract.report.words import EVIDENCE_LABEL

HERE = Path(__file__).parent
STYLE_SHEET = HERE.parent / "page" / "style.css"
TEMPLATE = "diagnostics.html.j2"
SOURCES = (
    "report/diagnostics",
    f"report/diagnostics/{TEMPLATE}",
    "report/page/style.css",
    "report/figures/style.py",
    "estimands/arviz_tree.py",
    "model/prior_draws.py",
)
LEVEL = 0.95
NUMBERS = ("r_hat", "ess_bulk", "ess_tail", "mean", "sd", "eti95_lb", "eti95_ub", "mcse_mean", "mcse_sd")
HEADS = ("R-hat", "Bulk ESS", "Tail ESS", "Mean", "SD", "2.5%", "97.5%", "MCSE of the mean", "MCSE of the SD")

type Row = tuple[str, dict[str, float]]


@cache
def _sources() -> str:
    """Hash of what these files are made with, apart from the fit."""
    return code_sha256(SOURCES) + version("arviz") + version("matplotlib")


def made_from(findings: Findings) -> str:
    """Changes whenever the files of this fit would."""
    parents = [
        findings.provenance.fit_key,
        findings.provenance.label,
        sorted(findings.draws.attrs.items()),
        findings.analysis.endpoint.label,
        findings.analysis.population.label,
        findings.model.title,
        astuple(findings.health),
        _sources(),
    ]
    return hashlib.sha256(repr(parents).encode()).hexdigest()


def diagnostics_page(findings: Findings, posterior_file: str, made: str) -> str:
    """The page as HTML; every text is escaped, and nothing is fetched or run."""
    rows = _summary(findings)
    strict = [row for row in rows if row[0].partition("[")[0] not in OTHER]
    other = [row for row in rows if row[0].partition("[")[0] in OTHER]
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template(TEMPLATE).render(
        css=Markup(STYLE_SHEET.read_text(encoding="utf-8")),
        made=made,
        findings=findings,
        evidence=EVIDENCE_LABEL[findings.analysis.evidence],
        worst=_worst(rows),
        gates=_gates(findings),
        tables=[
            (
                "Quantities behind the verdict",
                _table("Log hazard ratios, group effects and hyperparameters", strict),
                False,
            ),
            ("Coefficients and baseline hazards", _table("Coefficients and baseline hazards", other), True),
        ],
        quantities=drawn_quantities(findings),
        pictures=[
            (each, f"data:image/png;base64,{base64.b64encode(each.png).decode()}") for each in pictures(findings)
        ],
        posterior_file=posterior_file,
        chains=findings.log_hazard_ratio.sizes["chain"],
        draws=fixed(findings.log_hazard_ratio.sizes["draw"], 0),
        arviz=version("arviz"),
    )


def _summary(findings: Findings) -> list[Row]:
    """`az.summary` of every scalar, unrounded; NaN where something cannot be computed."""
    import arviz as az

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # of draws that are infinite or all the same: they show as NaN
        found = az.summary(findings.draws, ci_kind="eti", ci_prob=LEVEL, round_to="none")
    return [
        (str(label), {name: float(value) for name, value in zip(found.columns, values, strict=True)})
        for label, values in zip(found.index, found.to_numpy(), strict=True)
    ]


def _worst(rows: list[Row]) -> str:
    """The highest R-hat, and whose it is."""
    known = [(values["r_hat"], label) for label, values in rows if np.isfinite(values["r_hat"])]
    if not known:
        return "R-hat could not be computed for any quantity."
    value, label = max(known)
    return f"The highest R-hat of all {len(known)} quantities is {fixed(value, 3)}, that of {label}."


def _table(title: str, rows: list[Row]) -> Table:
    ordered = sorted(rows, key=lambda row: not row[0].startswith("log_hazard_ratio"))
    return Table(
        title, columns("Quantity", numbers=HEADS), tuple((label, *_cells(values)) for label, values in ordered)
    )


def _cells(values: dict[str, float]) -> Iterator[str]:
    for name in NUMBERS:
        value = values[name]
        digits = 0 if name.startswith("ess") else 4 if name.startswith("mcse") else 3
        yield fixed(value, digits) if np.isfinite(value) else "–"


def _gates(findings: Findings) -> Table:
    """What is demanded, and what was found."""
    health = findings.health
    rows = (
        (
            "R-hat, highest",
            f"at most {R_HAT_MAXIMUM:g}; {R_HAT_MAXIMUM_OTHER:g} for coefficients and baseline hazards",
            _told(health.r_hat_max, 3),
        ),
        ("Bulk ESS, lowest", f"at least {ESS_MINIMUM}", _told(health.ess_bulk_min, 0)),
        ("Tail ESS, lowest", f"at least {ESS_MINIMUM}", _told(health.ess_tail_min, 0)),
        ("Divergent transitions", "none", fixed(health.divergences, 0)),
        ("E-BFMI, lowest", f"at least {E_BFMI_MINIMUM:g}", _told(health.e_bfmi_min, 2)),
    )
    return Table("Thresholds and values", columns("Quantity", "Threshold", "Value"), rows)


def _told(value: float, digits: int) -> str:
    return fixed(value, digits) if np.isfinite(value) else "not computable"
