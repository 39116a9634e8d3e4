"""Regimens by class, mutually exclusive, as Table 2 of Goel et al. (2024) 14:55 counts them.

The paper names the classes, not which comes first where a regimen fits two: the orders here are assumptions.
"""

from __future__ import annotations

from collections.abc import Mapping, Set

from bayesrefract.therapy.drugs import DARATUMUMAB, ELOTUZUMAB, IMIDS, LENALIDOMIDE, PIS, STEROIDS

VDTPACE_MARK = frozenset({"cisplatin", "cyclophosphamide", "etoposide"})
"""Assumption: a regimen with these three is VDTPACE-like, whatever is added to them or left out beside them."""
SIZES = {1: "single_agent", 2: "doublet", 3: "triplet", 4: "quadruplet"}
MORE_DRUGS = "five_or_more"


def is_vdtpace_like(drugs: Set[str]) -> bool:
    """Infusional chemotherapy of the VDTPACE family (DCEP and KRD-PACE among them)."""
    return drugs >= VDTPACE_MARK


def regimen_size(drugs: Set[str]) -> str:
    """Doublet, triplet, quadruplet: drugs of the line, steroids counted, those of conditioning not listed."""
    return SIZES.get(len(drugs), MORE_DRUGS)


def second_line_class(drugs: Set[str]) -> str:
    """VDTPACE-like first, then daratumumab, then PI with IMiD, PI, IMiD, other."""
    has_pi, has_imid = bool(drugs & PIS.keys()), bool(drugs & IMIDS.keys())
    if is_vdtpace_like(drugs):
        return "vdtpace"
    if DARATUMUMAB in drugs:
        return "daratumumab"
    if has_pi:
        return "pi_imid" if has_imid else "pi"
    return "imid" if has_imid else "other"


def retreatment_class(drugs: Set[str]) -> str:
    """What lenalidomide was given with: daratumumab, then a PI, then elotuzumab, then nothing but steroids."""
    if is_vdtpace_like(drugs):
        return "other"
    if DARATUMUMAB in drugs:
        return "r_daratumumab"
    if drugs & PIS.keys():
        return "r_pi"
    if ELOTUZUMAB in drugs:
        return "r_elotuzumab"
    return "r_or_rd" if drugs <= {LENALIDOMIDE, *STEROIDS} else "other"


def fish_high_risk(lesions: Mapping[str, bool | None]) -> bool | None:
    """High risk by FISH (mSMART): any lesion found. Not known where none was found and not all were looked for."""
    if any(lesions.values()):
        return True
    return None if None in lesions.values() else False
