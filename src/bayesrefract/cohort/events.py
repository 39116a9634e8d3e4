"""What counts as an event: the codes of an event column, none of them guessed from its values or its name."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bayesrefract.cohort.cells import Cells, parse_number
from bayesrefract.cohort.faults import Faults, fault_sas_zeros
from bayesrefract.cohort.marks import shell
from bayesrefract.messages import did_you_mean, listed, quoted
from bayesrefract.names import case_key
from bayesrefract.study.study import Endpoint

EVENT_CODES = {"0": False, "1": True, "false": False, "true": True}
MOST_CODES = 6
"""A column with more distinct wrong codes than this has stray cells, not another coding."""
CDISC = "cnsr"
CENSORING = frozenset({"cens", "censor", "censored", "censoring", "cen", "iscensored", "censorship"})
type Events = NDArray[np.bool_]
OTHERS = "Say which value means the event: --event-value (event_value in a study file)."


def read_events(endpoint: Endpoint, checked: NDArray[np.bool_], patients: tuple[str, ...], faults: Faults) -> Events:
    """The event column of the records `checked` as booleans; wrong codes are reported with their remedy."""
    cells, name = faults.records.cells(endpoint.event), endpoint.event
    reader = _Reader(endpoint, cells, checked, patients, faults)
    faults.each(
        cells.missing & checked & ~cells.declared,
        patients,
        lambda _: f"{name} is missing. {_remedy(endpoint)}",
    )
    if fault_sas_zeros(cells, checked, faults).any():
        return np.zeros(len(cells.text), dtype=bool)
    unnamed = name_fault(name) if endpoint.event_value is None and not endpoint.censor_values else None
    if unnamed:
        faults.column(unnamed)
        return np.zeros(len(cells.text), dtype=bool)
    return reader.standard() if endpoint.event_value is None else reader.coded(endpoint.event_value)


def name_fault(column: str) -> str | None:
    """Why 1 cannot be taken for the event in a column of this name; None where nothing speaks against it."""
    words = set(re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column).lower()))
    if any(word.startswith(CDISC) for word in words):
        return (
            f"{column}: in CDISC data 0 is the event, and 1 or more is censored. If these are such data, say so: "
            "--event-value 0 (event_value = 0 in a study file)."
        )
    if words & CENSORING:
        return (
            f"{column}: does 1 mean the event, or censored? Both occur under this name. Say which value means the "
            "event: --event-value (event_value in a study file)."
        )
    return None


@dataclass(frozen=True)
class _Reader:
    endpoint: Endpoint
    cells: Cells
    checked: NDArray[np.bool_] = field(repr=False)
    patients: tuple[str, ...] = field(repr=False)
    faults: Faults

    def standard(self) -> Events:
        """1 and true are events; 0, false and the censoring values are not."""
        censored = np.logical_or.reduce([self.equals(value) for value in (*self.endpoint.censor_values, "false")])
        codes = [
            False if named else EVENT_CODES.get(text.lower())
            for text, named in zip(self.cells.text, censored, strict=True)
        ]
        event = np.array([code is True for code in codes], dtype=bool)
        wrong = np.array([code is None for code in codes], dtype=bool) & ~self.cells.missing & self.checked
        self.fault_codes(wrong)
        self.fault_no_event(event | wrong)
        return event

    def coded(self, value: str | float) -> Events:
        """The declared value is the event; what else may occur is declared too, unless it is one other value."""
        event = self.equals(value)
        others = ~event & ~self.cells.missing & self.checked
        texts = self.cells.text
        wanted = case_key(code_text(value))
        alike = others & np.array([case_key(text) == wanted for text in texts], dtype=bool)
        if alike.any() and ((event & self.checked).any() or len(set(texts[alike])) > 1):
            self.faults.column(
                f"{self.cells.name} holds {_counts(texts[alike])}, which {_differ(texts[alike])} from the event "
                f"value {quoted(code_text(value))} ({int((event & self.checked).sum())} times) only by case, blanks "
                "or the form of a letter. Write the value in one way."
            )
            return event
        self.fault_no_event(event)
        if not (event & self.checked).any():
            return event
        if self.endpoint.censor_values:
            self.fault_strays(others & ~self.censored())
        elif is_cdisc(self.endpoint):
            number = self.cells.number
            self.fault_strays(others & ~((number >= 1) & (number == np.round(number))))
        elif len(set(texts[others])) > 1:
            named = " ".join(f"--censor-value {shell(text)}" for text in dict.fromkeys(_common(texts[others])))
            self.faults.column(
                f"{self.cells.name} holds {_counts(texts[others])} beside the event value {code_text(value)}. Say "
                f"which of them mean censored: {named} (censor_values in a study file); one that means unknown is "
                "declared missing: --missing."
            )
        return event

    def equals(self, value: str | float) -> Events:
        text = code_text(value)
        number = parse_number(text)
        return np.asarray((self.cells.number == number) | (self.cells.text == text), dtype=bool)

    def censored(self) -> Events:
        return np.logical_or.reduce([self.equals(value) for value in self.endpoint.censor_values])

    def fault_strays(self, wrong: Events) -> None:
        """Values that are declared neither as the event nor as censored are never taken for censored."""
        if not wrong.any():
            return
        endpoint, texts = self.endpoint, self.cells.text[wrong]
        known = [code_text(value) for value in endpoint.censor_values] or ["whole numbers from 1"]
        hint = did_you_mean(str(texts[0]), known) if endpoint.censor_values else ""
        event = "1 or true" if endpoint.event_value is None else code_text(endpoint.event_value)
        self.faults.column(
            f"{self.cells.name} holds {_counts(texts)}, neither the event ({event}) nor censored "
            f"({listed(known)}).{hint} Name it: --censor-value (censor_values in a study file), declare it "
            "missing: --missing, or correct the cells."
        )

    def fault_codes(self, wrong: Events) -> None:
        """Another coding of the whole column is one fault; stray cells are one each."""
        if not wrong.any():
            return
        if self.endpoint.censor_values:
            self.fault_strays(wrong)
            return
        cells = self.cells
        given = cells.text[self.checked & ~cells.missing]
        codes = {text.lower() for text in given}
        found = f"{cells.name} holds {_counts(given)}. Events are coded 1 or true, censored patients 0 or false."
        other_coding = not codes & EVENT_CODES.keys() or wrong.sum() > MOST_CODES >= len(set(cells.text[wrong]))
        if codes == {"1", "2"}:
            remedy = "If 2 means the event, say so: --event-value 2 (event_value = 2 in a study file)."
            self.faults.column(f"{found} {remedy}")
        elif other_coding:
            self.faults.column(f"{found} {OTHERS}")
        else:
            remedy = "Write 1 or true for an event, 0 or false for a censored patient."
            self.faults.each(
                wrong, self.patients, lambda i: f"{cells.name} {quoted(cells.text[i])} is not an event code. {remedy}"
            )

    def fault_no_event(self, event: Events) -> None:
        """Nobody with the event is a mistyped code, or another coding."""
        if not self.checked.any() or (event & self.checked).any():
            return
        value, texts = self.endpoint.event_value, self.cells.text[self.checked]
        meaning = "1 or true" if value is None else code_text(value)
        hint = "" if value is None else did_you_mean(code_text(value), {text for text in texts if text})
        self.faults.column(
            f"{self.endpoint.event} holds {_counts(texts)}, so that no patient has an event (event = {meaning}): "
            f"everybody is censored, and hazards cannot be compared.{hint} Check the column, or say which value means "
            "the event: --event-value (event_value in a study file)."
        )


def is_cdisc(endpoint: Endpoint) -> bool:
    """CNSR with 0 as the event: every code from 1 on is a reason for censoring."""
    return (
        CDISC in endpoint.event.lower() and endpoint.event_value is not None and code_text(endpoint.event_value) == "0"
    )


def code_text(value: str | float) -> str:
    """A code as cells hold it."""
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else f"{value:.15g}"


def _remedy(endpoint: Endpoint) -> str:
    if endpoint.event_value is not None or endpoint.censor_values:
        return "Give the code of an event or of a censored patient, or take the patient out."
    return "Give 1 for an event, 0 for a censored patient."


def _differ(texts: NDArray[np.object_]) -> str:
    return "differs" if len(set(texts)) == 1 else "differ"


def _common(texts: NDArray[np.object_]) -> list[str]:
    return [text for text, _ in Counter(texts).most_common(MOST_CODES)]


def _counts(texts: NDArray[np.object_]) -> str:
    """The commonest values and how often each occurs."""
    common = Counter(texts).most_common()
    told = (f"{quoted(text)[1:-1] or 'nothing'} ({count} time{'' if count == 1 else 's'})" for text, count in common)
    return listed(told, MOST_CODES)
