"""Myeloma drugs and regimens: names, abbreviations, classes.

Names are the international nonproprietary ones (WHO INN); abbreviations and classes as used in the EHA-ESMO
guideline on multiple myeloma (doi:10.1016/j.annonc.2020.11.014), trade names as of the FDA's labels. Regimens are
classed as Table 2 of Goel et al. (2024) 14:55 counts them; the paper does not say which class comes first where a
regimen fits two: the orders here are assumptions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set

from bayesrefract.messages import did_you_mean, quoted

LENALIDOMIDE = "lenalidomide"
DARATUMUMAB = "daratumumab"
ELOTUZUMAB = "elotuzumab"

IMIDS: dict[str, tuple[str, ...]] = {
    LENALIDOMIDE: ("R", "Len", "Rev", "Revlimid"),
    "thalidomide": ("Thal", "Thalomid"),
    "pomalidomide": ("Pom", "Pomalyst", "Imnovid"),
}
PIS: dict[str, tuple[str, ...]] = {
    "bortezomib": ("V", "Vel", "Velcade", "Bor", "Bort", "Btz"),
    "carfilzomib": ("K", "Cfz", "Carf", "Kyprolis"),
    "ixazomib": ("Ixa", "Ninlaro"),
}
STEROIDS: dict[str, tuple[str, ...]] = {
    "dexamethasone": ("Dex", "Dexa"),
    "prednisone": ("Pred",),
    "prednisolone": (),
    "methylprednisolone": (),
}
OTHERS: dict[str, tuple[str, ...]] = {
    DARATUMUMAB: ("Dara", "Darzalex"),
    ELOTUZUMAB: ("Elo", "Empliciti"),
    "isatuximab": ("Isa", "Sarclisa"),
    "cyclophosphamide": ("Cy", "Cyc", "Cyclo", "Ctx", "Cytoxan"),
    "melphalan": ("Mel", "Alkeran"),
    "bendamustine": ("Benda",),
    "doxorubicin": ("Dox", "Doxo", "Adriamycin", "PLD", "Doxil"),
    "cisplatin": ("Cis", "CDDP"),
    "etoposide": ("Etop", "VP-16"),
    "vincristine": ("Vcr",),
    "panobinostat": ("Pano", "Farydak"),
    "selinexor": ("Seli", "Xpovio"),
    "venetoclax": ("Ven", "Venclexta"),
    "belantamab mafodotin": ("Belantamab", "Belamaf", "Blenrep"),
    "idecabtagene vicleucel": ("Ide-cel", "Abecma"),
    "ciltacabtagene autoleucel": ("Cilta-cel", "Carvykti"),
    "teclistamab": ("Tecvayli",),
    "talquetamab": ("Talvey",),
    "elranatamab": ("Elrexfio",),
    "interferon alfa": ("IFN", "Interferon"),
}
DRUGS = IMIDS | PIS | STEROIDS | OTHERS
"""Name -> abbreviations. The one table of drugs; capitals, hyphens and spaces do not matter when it is read."""

PACE = ("cisplatin", "doxorubicin", "cyclophosphamide", "etoposide")
REGIMENS: dict[str, tuple[str, ...]] = {
    "PACE": PACE,
    "DTPACE": ("dexamethasone", "thalidomide", *PACE),
    "VDTPACE": ("bortezomib", "dexamethasone", "thalidomide", *PACE),
    "DCEP": ("dexamethasone", "cyclophosphamide", "etoposide", "cisplatin"),
}
"""Infusional regimens that charts name as a whole; VDTPACE as the paper's Methods spell it out."""

AMBIGUOUS = {
    "a": "Dox or another drug",
    "c": "Cyclo or Cfz",
    "d": "Dex or Dara",
    "e": "Elo or Etop",
    "i": "Ixa or Isa",
    "m": "Mel or another drug",
    "p": "Pred, Pom or Cis",
    "t": "Thal or another drug",
}
"""Single letters that mean one drug in one regimen and another in the next: refused."""
SHORT = 4
"""Letters of an abbreviation that is too short to guess at: VRd is near to Vcr, and means three drugs."""


def _key(name: str) -> str:
    return re.sub(r"[\s-]+", "", name).lower()


_KNOWN = {_key(name): (drug,) for drug, short in DRUGS.items() for name in (drug, *short)} | {
    _key(name): drugs for name, drugs in REGIMENS.items()
}
_SPELLINGS = [name for drug, short in DRUGS.items() for name in (drug, *short)] + list(REGIMENS)


def read_drugs(text: str) -> tuple[frozenset[str], list[str]]:
    """The drugs of a regimen joined by +, by their full names; and a sentence for each that is not known."""
    drugs: set[str] = set()
    faults = []
    for part in text.split("+"):
        known = _KNOWN.get(_key(part))
        if known is None:
            faults.append(_unknown(part.strip()))
        else:
            drugs |= set(known)
    return frozenset(drugs), faults


def _unknown(name: str) -> str:
    if not name:
        return "a drug is missing beside a +. Name it, or take the + away."
    if name.lower() in AMBIGUOUS:
        return f"the drug {quoted(name)} may mean {AMBIGUOUS[name.lower()]}. Write which."
    hint = did_you_mean(name, _SPELLINGS) if len(name) > SHORT else ""
    return (
        f"the drug {quoted(name)} is not known.{hint} "
        "Write each drug by its name, joined by +, such as bortezomib+lenalidomide+dexamethasone."
    )


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
