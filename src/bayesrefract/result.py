"""The result of one analysis under one model: what `br.compare` and `br.run` return."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from bayesrefract.errors import EstimandError, InputError
from bayesrefract.findings import Findings, counterpart
from bayesrefract.outputs import target_faults
from bayesrefract.study.rope import Estimand

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from bayesrefract.analysis.fit import Fit
    from bayesrefract.cohort.read import Records
    from bayesrefract.decision import Verdict
    from bayesrefract.inference.store import MemoryStore
    from bayesrefract.study.study import Study


@dataclass(frozen=True, repr=False)
class Result:
    """One analysis under one model: verdicts that passed the gates, draws, tables, report.

    In a notebook it shows as the answer box of the report, elsewhere as one line.

    Attributes
    ----------
    findings : Findings
        Every number of the tables and figures, as frozen values.
    study : Study
        What was analysed, as declared.
    """

    findings: Findings
    study: Study
    _records: Records = field(compare=False)
    _fit: Fit = field(compare=False)
    _store: Path | MemoryStore = field(compare=False)
    _inputs: tuple[Path, ...] = field(default=(), compare=False)

    def verdict(self, contrast: str | None = None, estimand: Estimand | str | None = None) -> Verdict:
        """The verdict on one contrast.

        Parameters
        ----------
        contrast : str, optional
            "group vs reference"; the primary contrast unless given.
        estimand : Estimand or str, optional
            The hazard ratio unless given (or the first declared estimand where it has no ROPE).

        Returns
        -------
        Verdict
            With `word`, `interval`, `p_inside`, `reasons`, `labels` and all that is printed beside them.

        Raises
        ------
        EstimandError
            Where there is no such verdict; the message lists those that there are.
        """
        from bayesrefract.report.headline import primary_verdict

        if contrast is None and estimand is None:
            return primary_verdict(self.findings)
        wanted = contrast or self.findings.analysis.primary.label
        named = Estimand.HAZARD_RATIO if estimand is None else str(estimand)
        there = [each for each in self.findings.verdicts if each.rope.role == "primary"]
        for each in there:
            if f"{each.group} vs {each.reference}" == wanted and each.estimand == named:
                return each
        known = "; ".join(f"{each.group} vs {each.reference} ({each.estimand})" for each in there)
        raise EstimandError(f"There is no verdict on {wanted} ({named}). There are: {known}.")

    @property
    def sentence(self) -> str:
        """The primary verdict in words, with what these events could have shown."""
        from bayesrefract.report.headline import headline

        return headline(self.findings)

    def to_frame(self) -> pd.DataFrame:
        """One row per contrast, estimand and ROPE.

        Returns
        -------
        pandas.DataFrame
            Estimates and credible limits on the estimand's own scale, posterior probabilities below, inside and above
            the ROPE, the verdict, and Cox regression beside hazard ratios.
        """
        import pandas as pd

        return pd.DataFrame([self._row(verdict) for verdict in self.findings.verdicts])

    @property
    def draws(self) -> xr.DataTree:
        """Posterior, prior and predictive draws with sampler statistics, as ArviZ opens them; nothing per patient."""
        return self.findings.draws

    def log_likelihood(self) -> xr.DataArray:
        """Log likelihood of every patient, for `arviz.loo` and `arviz.compare`.

        Returns
        -------
        xarray.DataArray
            Dims (chain, draw, patient), patients in the order of the records and without identifiers. It is made on
            request and kept in memory only.
        """
        from bayesrefract.estimands.log_likelihood import log_likelihood
        from bayesrefract.pipeline import store_of

        posterior = store_of(self._store, self.study).load(self.findings.provenance.fit_key, self._fit.arrays)
        if posterior is None:
            raise EstimandError("The stored fit is gone: run the comparison again.")
        return log_likelihood(posterior, self._fit.table, self._fit.cohort, self._fit.arrays.design)

    def report(self, folder: str | Path) -> Path:
        """Write the report: page, figures, tables, JSON, posterior for ArviZ and diagnostics.

        Parameters
        ----------
        folder : str or pathlib.Path
            Where to: a new or empty folder, or that of an earlier report. It is made where it does not exist.

        Returns
        -------
        pathlib.Path
            The page, `index.html`.
        """
        return write_report([self], folder)

    def to_json(self, path: str | PathLike[str] | None = None) -> dict[str, Any]:
        """The result in the schema `bayesrefract/verdict/2`: strict JSON values, unrounded, nothing per patient.

        Parameters
        ----------
        path : str or path, optional
            Write it to this file too.

        Returns
        -------
        dict
            The JSON document.

        Raises
        ------
        InputError
            Where the file cannot be written, or is one that the result was made from.
        """
        from bayesrefract.report import to_json, write_json

        made = to_json(self.findings)
        if path is not None:
            faults = target_faults(path, "to_json:", self._inputs)
            if faults:
                raise InputError(faults)
            write_json(Path(path), made)
        return made

    def show(self, tables: str = "short", stream: TextIO | None = None) -> None:
        """Print what the command `compare` prints.

        Parameters
        ----------
        tables : {"none", "short", "all"}
            How many tables follow the sentence.
        stream : text stream, optional
            Standard output unless given.
        """
        from bayesrefract.report.terminal import show

        if tables not in {"none", "short", "all"}:
            raise ValueError(f'tables = "{tables}" is not known; give "none", "short" or "all"')
        show(self.findings, tables, stream)

    def __repr__(self) -> str:
        from bayesrefract.report.headline import one_line

        return f"<Result {one_line(self.findings)}>"

    def _repr_html_(self) -> str:
        from bayesrefract.report.page.box import box_html

        return box_html(self.findings)

    def _row(self, verdict: Verdict) -> dict[str, Any]:
        analysis, cox = self.findings.analysis, counterpart(self.findings, verdict).cox
        low, high = (None, None) if cox is None else cox.limits()
        return {
            "analysis": analysis.endpoint.name,
            "population": analysis.population.name,
            "model": self.findings.model.name,
            "group": verdict.group,
            "reference": verdict.reference,
            "primary": verdict.primary,
            "estimand": verdict.estimand.value,
            "rope_low": verdict.rope.low,
            "rope_high": verdict.rope.high,
            "rope_role": verdict.rope.role,
            "verdict": verdict.word.value,
            "direction": verdict.direction,
            "median": verdict.median,
            "low": verdict.interval[0],
            "high": verdict.interval[1],
            "level": verdict.rule.level,
            "p_below": verdict.p_below,
            "p_inside": verdict.p_inside,
            "p_above": verdict.p_above,
            "cox_hazard_ratio": None if cox is None else cox.hazard_ratio,
            "cox_low95": low,
            "cox_high95": high,
            "patients": self.findings.flow.analysed,
            "events": self.findings.n_events,
            "reasons": "; ".join(verdict.reasons),
            "labels": "; ".join(verdict.labels),
        }


def write_report(results: Sequence[Result], folder: str | Path, tell: Callable[[str], None] | None = None) -> Path:
    """Write one report of all results of a study.

    Parameters
    ----------
    results : sequence of Result
        Of one study, the primary model's first; as `run` returns them.
    folder : str or pathlib.Path
        Where to: a new or empty folder, or that of an earlier report, whose files are replaced. What is yours stays.
    tell : callable, optional
        Receives a line of text where writing takes long, or waits for another run.

    Returns
    -------
    pathlib.Path
        The page, `index.html`.

    Raises
    ------
    ValueError
        Where there is no result, or they are of several studies.
    InputError
        For a folder that holds other files than those of a report, or cannot be written to.
    """
    from bayesrefract.extension import write_study_report

    studies = {result.study.name for result in results}
    if len(studies) != 1:
        raise ValueError(f"a report is of one study; these results are of {len(studies)}: {', '.join(sorted(studies))}")
    first = results[0]
    return write_study_report(first.study, first._records, [each.findings for each in results], Path(folder), tell)
