"""What classical analysis says of the pair of groups that a verdict is about."""

from __future__ import annotations

from dataclasses import dataclass

from bayesrefract.crosscheck.agreement import Companion, CoxContrast
from bayesrefract.crosscheck.tost import tost_p
from bayesrefract.equivalence import Verdict
from bayesrefract.findings import Findings
from bayesrefract.study import Estimand


@dataclass(frozen=True)
class Counterpart:
    """Cox, companion fit, prior's pull and TOST of one hazard ratio; None where there is none."""

    cox: CoxContrast | None
    breslow: CoxContrast | None
    companion: Companion | None
    prior_pull: float | None
    log_rank_p: float | None
    tost_p: float | None

    @property
    def agrees(self) -> bool | None:
        """Whether the companion fit meets Cox regression; None where there is nothing to hold it against."""
        return None if self.companion is None else self.companion.agrees

    @property
    def reason(self) -> str:
        """Why there is no counterpart, or what disagrees, as a sentence; empty where all is well."""
        reason = "" if self.companion is None else self.companion.reason.rstrip(". ")
        return f"{reason[:1].upper()}{reason[1:]}." if reason else ""


NONE = Counterpart(None, None, None, None, None, None)


def counterpart(findings: Findings, verdict: Verdict) -> Counterpart:
    """The classical counterpart of a verdict on a hazard ratio; empty for other estimands."""
    if verdict.estimand is not Estimand.HAZARD_RATIO:
        return NONE
    pair = (verdict.group, verdict.reference)
    agreement = findings.agreement
    cox = next((each for each in agreement.cox if (each.group, each.reference) == pair), None)
    p = {frozenset((each.group, each.reference)): each.p for each in agreement.log_rank.pairs}
    return Counterpart(
        cox=cox,
        breslow=next((each for each in agreement.breslow if (each.group, each.reference) == pair), None),
        companion=next((each for each in agreement.companion if (each.group, each.reference) == pair), None),
        prior_pull=_prior_pull(findings, pair),
        log_rank_p=p.get(frozenset(pair)),
        tost_p=None if cox is None else tost_p(cox.log_coef, cox.log_se, verdict.rope),
    )


def _prior_pull(findings: Findings, pair: tuple[str, str]) -> float | None:
    pairs = [(contrast.group, contrast.reference) for contrast in findings.question.contrasts]
    return dict(zip(pairs, findings.prior_pull, strict=True)).get(pair)
