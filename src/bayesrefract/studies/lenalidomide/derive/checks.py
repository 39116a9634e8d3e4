"""Orders of dates that cannot be, each a rule of its own, told by row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from bayesrefract.messages import listed
from bayesrefract.studies.lenalidomide.derive.history import FAULTY, Dose, History, Line, Patient, earlier, line_of

type Placed[T] = tuple[tuple[int, T], ...]
"""Rows of one patient, each with its position in its table."""


@dataclass(frozen=True)
class Rows:
    """The three tables as values; lines and doses by patient. Cells that could not be used are None or FAULTY."""

    patients: tuple[Patient, ...] = field(repr=False)
    lines: Mapping[str, Placed[Line]] = field(repr=False)
    doses: Mapping[str, Placed[Dose]] = field(repr=False)

    def lines_of(self, patient: str) -> tuple[Line, ...]:
        return tuple(line for _, line in sorted(self.lines.get(patient, ()), key=lambda placed: placed[1].number))

    def histories(self) -> tuple[History, ...]:
        """The rows as histories, once no fault is left."""
        return tuple(
            History(each, self.lines_of(each.patient_id), self.doses_of(each.patient_id)) for each in self.patients
        )

    def doses_of(self, patient: str) -> tuple[Dose, ...]:
        doses = (dose for _, dose in self.doses.get(patient, ()))
        return tuple(sorted(doses, key=lambda dose: (dose.date, dose.drug)))


class Place(NamedTuple):
    """One line among its patient's others."""

    line: Line
    previous: Line | None
    following: Line | None
    patient: Patient | None


def of_patients[T](patients: Sequence[str], rows: Sequence[T]) -> dict[str, Placed[T]]:
    """Rows gathered by patient; those without one are left out, as that is a fault already."""
    gathered: dict[str, list[tuple[int, T]]] = {}
    for position, (patient, row) in enumerate(zip(patients, rows, strict=True)):
        if patient:
            gathered.setdefault(patient, []).append((position, row))
    return {patient: tuple(placed) for patient, placed in gathered.items()}


def patient_faults(rows: Rows) -> Iterator[tuple[int, str]]:
    """Faults of the patients' table that need more than one cell."""
    first: set[str] = set()
    for position, patient in enumerate(rows.patients):
        if patient.patient_id in first:
            yield position, "this patient is already in the table. Keep one row per patient."
        first.add(patient.patient_id)
        for sentence in _patient(patient):
            yield position, sentence


def _patient(patient: Patient) -> Iterator[str]:
    diagnosis, death, contact = patient.diagnosis, patient.death, patient.last_contact
    if earlier(death, diagnosis):
        yield f"death_date {death} is before diagnosis_date {diagnosis}. Correct one of them."
    if earlier(contact, diagnosis):
        yield f"last_contact_date {contact} is before diagnosis_date {diagnosis}. Correct one of them."
    if earlier(death, contact):
        yield f"last_contact_date {contact} is after death_date {death}. Correct one of them."
    if patient.end is None:
        yield "death_date and last_contact_date are both missing. Give the last day on which the patient was known."


def line_faults(rows: Rows, *, known: bool) -> Iterator[tuple[int, str]]:
    """Faults of the lines' table; `known`: patients could be read, so that an unknown one is a fault."""
    patients = {patient.patient_id: patient for patient in rows.patients}
    for name, placed in rows.lines.items():
        patient = patients.get(name)
        if known and patient is None:
            yield from ((position, UNKNOWN) for position, _ in placed)
        numbered = sorted((each for each in placed if each[1].number), key=lambda each: (each[1].number, each[0]))
        yield from _numbering(numbered)
        for i, (position, line) in enumerate(numbered):
            previous = numbered[i - 1][1] if i else None
            following = numbered[i + 1][1] if i + 1 < len(numbered) else None
            place = Place(line, previous, following, patient)
            yield from ((position, sentence) for rule in LINE_RULES for sentence in rule(place))


UNKNOWN = "no such patient in the patients' table. Correct the identifier, or add the patient there."


def _numbering(numbered: Sequence[tuple[int, Line]]) -> Iterator[tuple[int, str]]:
    before = 0
    for position, line in numbered:
        if line.number == before:
            yield position, f"line {line.number} of this patient is already in the table. Number the lines 1, 2, 3."
        elif line.number != before + 1:
            yield position, f"line {line.number} follows line {before}. Number the lines 1, 2, 3, without a gap."
        before = line.number


def starts_before_diagnosis(place: Place) -> Iterator[str]:
    """Therapy begins on the day of the diagnosis or later."""
    patient, start = place.patient, place.line.start
    if patient and earlier(start, patient.diagnosis):
        yield f"start_date {start} is before diagnosis_date {patient.diagnosis}. Correct one of them."


def stops_before_start(place: Place) -> Iterator[str]:
    """A line lasts at least its first day."""
    line = place.line
    if earlier(line.stop, line.start):
        yield f"stop_date {line.stop} is before start_date {line.start}. Correct one of them."


def out_of_order(place: Place) -> Iterator[str]:
    """Lines follow each other: one may start on the day on which the last stops, not earlier."""
    line, previous = place.line, place.previous
    if previous is None:
        return
    if earlier(line.start, previous.start):
        yield f"start_date {line.start} is before that of line {previous.number} ({previous.start}). Correct the order."
    elif earlier(line.start, previous.stop):
        yield (
            f"start_date {line.start} is before line {previous.number} stops ({previous.stop}). Correct one of them; "
            "drugs added without a relapse belong to the line that they are added to."
        )


def never_stops(place: Place) -> Iterator[str]:
    """Only the last line may still be going on."""
    line, following = place.line, place.following
    if line.stop is None and following is not None and following.number != line.number:
        yield f"stop_date is missing, though line {following.number} follows. Give the last day of this line."


def progresses_at_start(place: Place) -> Iterator[str]:
    """Progression on a line comes after its first day: one on that day belongs to the line before."""
    line = place.line
    if earlier(line.progression, line.start):
        yield f"progression_date {line.progression} is before start_date {line.start}. Correct one of them."
    elif line.progression == line.start != FAULTY:
        yield (
            f"progression_date {line.progression} is the line's first day. Time to it would be 0: a progression that "
            "led to this line belongs to the line before."
        )


def progresses_on_the_next(place: Place) -> Iterator[str]:
    """Progression on a line comes no later than the first day of the next."""
    line, following = place.line, place.following
    if following is not None and earlier(following.start, line.progression):
        yield (
            f"progression_date {line.progression} is after line {following.number} starts ({following.start}). "
            "Write it in the line on which it happened."
        )


def transplanted_outside(place: Place) -> Iterator[str]:
    """A transplant belongs to the line before which it does not lie, and before the next."""
    line, following = place.line, place.following
    if earlier(line.asct, line.start):
        yield f"asct_date {line.asct} is before start_date {line.start}. Write it in the line it belongs to."
    if following is not None and (earlier(following.start, line.asct) or line.asct == following.start != FAULTY):
        yield (
            f"asct_date {line.asct} is not before line {following.number} starts ({following.start}). "
            "Write it in the line it belongs to."
        )


def after_the_end(place: Place) -> Iterator[str]:
    """Nothing is observed after death or the last contact; no line starts on the day of death."""
    line, patient = place.line, place.patient
    if patient is None:
        return
    dates = {
        "start_date": line.start,
        "stop_date": line.stop,
        "asct_date": line.asct,
        "progression_date": line.progression,
    }
    late = [name for name, day in dates.items() if _is_late(day, patient)]
    if late:
        yield _late(late[0], dates[late[0]], patient)
    elif line.start == patient.death:
        yield f"start_date {line.start} is the day of death. Time from it is 0: correct one, or take the line out."


def _is_late(day: dt.date | None, patient: Patient) -> bool:
    """The day is after the end of follow-up, where that end can be."""
    return earlier(patient.end, day) and not earlier(patient.end, patient.diagnosis)


def _late(name: str, day: dt.date | None, patient: Patient) -> str:
    what = "death_date" if patient.death else "last_contact_date"
    return f"{name} {day} is after {what} {patient.end}. Correct one of them."


LINE_RULES = (
    starts_before_diagnosis,
    stops_before_start,
    out_of_order,
    never_stops,
    progresses_at_start,
    progresses_on_the_next,
    transplanted_outside,
    after_the_end,
)


def dose_faults(rows: Rows, *, known: bool) -> Iterator[tuple[int, str]]:
    """Faults of the doses' table; `known`: patients and lines could be read."""
    patients = {patient.patient_id: patient for patient in rows.patients}
    for name, placed in rows.doses.items():
        if known and name not in patients:
            yield from ((position, UNKNOWN) for position, _ in placed)
            continue
        lines = rows.lines_of(name)
        seen: set[tuple[str, dt.date]] = set()
        for position, dose in placed:
            if not dose.drug or dose.date == FAULTY:
                continue
            if (dose.drug, dose.date) in seen:
                yield position, f"{dose.drug} has two doses on {dose.date}. Keep the one that holds from that day on."
            seen.add((dose.drug, dose.date))
            if name in patients and _is_late(dose.date, patients[name]):
                yield position, _late("date", dose.date, patients[name])
            elif known:
                yield from ((position, sentence) for sentence in outside_any_line(dose, lines))


def outside_any_line(dose: Dose, lines: Sequence[Line]) -> Iterator[str]:
    """A dose lies in a line that names its drug."""
    unclear = any(line.start == FAULTY or earlier(line.stop, line.start) or not line.drugs for line in lines)
    if unclear or line_of(dose, lines) is not None:
        return
    covering = [line for line in lines if line.covers(dose.date)]
    if covering:
        line = covering[-1]
        drugs = listed(sorted(line.drugs))
        yield f"{dose.drug} on {dose.date}: line {line.number} names only {drugs}. Correct the dose or the line."
    else:
        spans = listed(f"{line.start} to {line.stop or 'now'}" for line in lines) or "none"
        yield f"{dose.drug} on {dose.date} lies outside any line ({spans}). Correct the date or the lines."
