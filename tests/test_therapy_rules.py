"""Each rule of `derive` on both sides of its boundary."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pytest
from therapy_example import ALTERNATE, CYCLES, DAILY, RELAPSE, day, dose, line

from bayesrefract.studies.lenalidomide.derive.drugs import (
    AMBIGUOUS,
    DRUGS,
    REGIMENS,
    fish_high_risk,
    read_drugs,
    regimen_size,
    retreatment_class,
    second_line_class,
)
from bayesrefract.studies.lenalidomide.derive.history import Dose, History, Line, Patient, Schedule, line_of
from bayesrefract.studies.lenalidomide.derive.refractory import (
    Group,
    Unclassifiable,
    dose_group,
    last_day_taken,
    late_change,
    reduced_egfr,
    refractoriness,
    refractory_partners,
)

STANDARD, LOW, NOT = Group.STANDARD_DOSE, Group.LOW_DOSE, Group.NOT_REFRACTORY
NOBODY = Patient("P", None, "", day(600), "", None, "", {}, None, RELAPSE)


@pytest.mark.parametrize(
    ("doses", "group"),
    [
        # 59, 60 and 61 days after the last day
        ([dose(400, 25), dose(59, 0)], STANDARD),
        ([dose(400, 25), dose(60, 0)], STANDARD),
        ([dose(400, 25), dose(61, 0)], NOT),
        ([dose(400, 10), dose(60, 0)], LOW),
        ([dose(400, 10), dose(61, 0)], NOT),
        # progression on therapy, and on the day of a stop
        ([dose(400, 25)], STANDARD),
        ([dose(400, 25), dose(0, 0)], STANDARD),
        # the last dose before progression decides; one from the day of progression on does not
        ([dose(400, 25), dose(1, 10)], LOW),
        ([dose(400, 25), dose(0, 10)], STANDARD),
        ([dose(400, 10), dose(0, 25)], LOW),
        ([dose(400, 10), dose(1, 25)], STANDARD),
        # several stops: the last dose and its stop decide
        ([dose(400, 25), dose(300, 0), dose(200, 10), dose(30, 0)], LOW),
        ([dose(400, 25), dose(300, 0), dose(200, 10), dose(61, 0)], NOT),
        ([dose(400, 10), dose(70, 0), dose(65, 25), dose(60, 0)], STANDARD),
        ([dose(400, 25), dose(70, 0), dose(50, 0)], NOT),
        # day 21 of 28: stopped in the week without tablets, the last day is day 21
        ([dose(60 + 20, 25, CYCLES), dose(60, 0)], STANDARD),
        ([dose(60 + 21, 25, CYCLES), dose(60, 0)], NOT),
        ([dose(60 + 27, 25, CYCLES), dose(53, 0)], STANDARD),
        ([dose(60 + 27, 25, CYCLES), dose(60, 0)], NOT),
        ([dose(60 + 28, 25, CYCLES), dose(60, 0)], STANDARD),
        ([dose(26, 25, CYCLES)], STANDARD),
        # a dose in neither group matters only where it decides
        ([dose(400, 20), dose(60, 0)], Unclassifiable("20 mg")),
        ([dose(400, 20), dose(61, 0)], NOT),
        ([dose(400, None), dose(60, 0)], Unclassifiable("dose not known")),
        ([dose(400, None), dose(61, 0)], NOT),
        ([dose(400, 20), dose(1, 15)], LOW),
        ([], Unclassifiable("dose not known")),
        ([dose(60, 0)], Unclassifiable("dose not known")),
        ([dose(61, 0)], NOT),
        ([dose(0, 25)], Unclassifiable("dose not known")),
        ([dose(400, 10), dose(1, 10, None)], Unclassifiable("10 mg, schedule not known")),
    ],
)
def test_refractoriness(doses: Sequence[Dose], group: Group | Unclassifiable) -> None:
    assert refractoriness(line(), doses, RELAPSE) == group


@pytest.mark.parametrize(("stop", "group"), [(60, STANDARD), (61, NOT), (0, STANDARD)])
def test_without_a_stop_a_dose_ends_with_its_line(stop: int, group: Group) -> None:
    assert refractoriness(line(stop=day(stop)), [dose(400, 25)], RELAPSE) == group


@pytest.mark.parametrize(
    ("mg", "schedule", "group"),
    [
        (25, DAILY, STANDARD),
        (25, CYCLES, STANDARD),
        (5, DAILY, LOW),
        (7.5, DAILY, LOW),
        (10, CYCLES, LOW),
        (15, DAILY, LOW),
        (2.5, DAILY, Unclassifiable("2.5 mg")),
        (4.9, DAILY, Unclassifiable("4.9 mg")),
        (15.1, DAILY, Unclassifiable("15.1 mg")),
        (20, CYCLES, Unclassifiable("20 mg")),
        (24.9, DAILY, Unclassifiable("24.9 mg")),
        (50, DAILY, Unclassifiable("50 mg")),
        (25, ALTERNATE, Unclassifiable("25 mg on alternate days")),
        (10, ALTERNATE, Unclassifiable("10 mg on alternate days")),
        (None, DAILY, Unclassifiable("dose not known")),
        (25, None, Unclassifiable("25 mg, schedule not known")),
    ],
)
def test_dose_group(mg: float | None, schedule: Schedule | None, group: Group | Unclassifiable) -> None:
    assert dose_group(mg, schedule) == group


@pytest.mark.parametrize(
    ("schedule", "days", "rest"),
    [(DAILY, 27, 0), (None, 27, 0), (ALTERNATE, 4, 0), (ALTERNATE, 5, 1)]
    + [(CYCLES, days, rest) for days, rest in ((0, 0), (20, 0), (21, 1), (27, 7), (28, 0), (48, 0), (49, 1), (55, 7))],
)
def test_last_day_taken(schedule: Schedule | None, days: int, rest: int) -> None:
    """`days` after the first day, the last tablet lies `rest` days back."""
    assert last_day_taken(dose(100, 25, schedule), day(100 - days)) == day(100 - days + rest)


def test_the_line_of_a_dose() -> None:
    """First and last day belong to a line; a day of two lines gives its stop to the first, its dose to the second."""
    first, second = line(stop=day(100)), Line(2, day(100), None, frozenset({"lenalidomide"}), None, None)
    both = (first, second)
    assert [line_of(dose(when, 25), both) for when in (501, 500, 101, 100, 99)] == [None, first, first, second, second]
    assert [line_of(dose(when, 0), both) for when in (101, 100, 99)] == [first, first, second]
    assert line_of(dose(100, 25), (first,)) == first
    assert line_of(dose(99, 25), (first,)) is None
    assert line_of(dose(100, 0), (second,)) == second
    assert line_of(dose(200, 1, drug="bortezomib"), both) is None


@pytest.mark.parametrize(
    ("doses", "change"),
    [
        ([dose(400, 25), dose(31, 10)], ""),
        ([dose(400, 25), dose(30, 10)], "from 25 mg (daily) to 10 mg (daily), 30 days before progression"),
        ([dose(400, 25), dose(0, 10)], "from 25 mg (daily) to 10 mg (daily), 0 days before progression"),
        ([dose(400, 25), dose(-1, 10)], ""),
        ([dose(400, 25), dose(30, 25)], ""),
        ([dose(400, 25), dose(30, 0)], ""),
        ([dose(400, 25), dose(90, 0), dose(5, 10)], "from 25 mg (daily) to 10 mg (daily), 5 days before progression"),
        (
            [dose(400, None), dose(9, 25, CYCLES)],
            "from unknown dose (daily) to 25 mg (days 1 to 21 of 28), 9 days before progression",
        ),
    ],
)
def test_late_change(doses: Sequence[Dose], change: str) -> None:
    assert late_change(doses, RELAPSE) == change


@pytest.mark.parametrize(
    ("drugs", "stop", "doses", "failed"),
    [
        ("bortezomib+lenalidomide", None, [dose(60, 0, drug="bortezomib")], {"bortezomib": True}),
        ("bortezomib+lenalidomide", None, [dose(61, 0, drug="bortezomib")], {}),
        ("bortezomib+lenalidomide", None, [dose(300, 1, None, "bortezomib")], {"bortezomib": True}),
        ("bortezomib+lenalidomide", day(60), [], {"bortezomib": False}),
        ("bortezomib+lenalidomide", day(61), [], {}),
        ("daratumumab+lenalidomide", None, [dose(59, 0, drug="daratumumab")], {"daratumumab": True}),
        ("carfilzomib+daratumumab", None, [dose(61, 0, drug="carfilzomib")], {"daratumumab": False}),
        ("isatuximab+elotuzumab+lenalidomide+dexamethasone", None, [], {}),
    ],
)
def test_refractory_to_a_pi_or_daratumumab(
    drugs: str, stop: dt.date | None, doses: list[Dose], failed: dict[str, bool]
) -> None:
    first = Line(1, day(500), stop, frozenset(drugs.split("+")), None, RELAPSE)
    assert refractory_partners(History(NOBODY, (first,), tuple(doses)), first, RELAPSE) == failed


@pytest.mark.parametrize(("egfr", "reduced"), [(59.9, True), (60, False), (61, False), (None, False)])
def test_reduced_egfr(egfr: float | None, *, reduced: bool) -> None:
    assert reduced_egfr(egfr) is reduced


@pytest.mark.parametrize(
    ("drugs", "second", "again"),
    [
        ("R", "imid", "r_or_rd"),
        ("R+Dex", "imid", "r_or_rd"),
        ("R+prednisone", "imid", "r_or_rd"),
        ("R+Cyclo+Dex", "imid", "other"),
        ("R+Isa+Dex", "imid", "other"),
        ("R+Elo+Dex", "imid", "r_elotuzumab"),
        ("R+Elo+V+Dex", "pi_imid", "r_pi"),
        ("R+K+Dex", "pi_imid", "r_pi"),
        ("R+Dara+Dex", "daratumumab", "r_daratumumab"),
        ("R+Dara+V+Dex", "daratumumab", "r_daratumumab"),
        ("K+R+Dex+PACE", "vdtpace", "other"),
        ("Dara+R+DCEP", "vdtpace", "other"),
        ("VDT-PACE", "vdtpace", None),
        ("V+Dox+Dex", "pi", None),
        ("K+Cyclo+Dex", "pi", None),
        ("V+Thal+Dex", "pi_imid", None),
        ("Dara+Pom+Dex", "daratumumab", None),
        ("Pom+Dex", "imid", None),
        ("Isa+Dex", "other", None),
        ("Mel+Pred", "other", None),
        ("Cyclo+Etop", "other", None),
    ],
)
def test_regimen_classes(drugs: str, second: str, again: str | None) -> None:
    known, faults = read_drugs(drugs)
    assert not faults
    assert second_line_class(known) == second
    if again:
        assert retreatment_class(known) == again


@pytest.mark.parametrize(
    ("drugs", "size"),
    [
        ("R", "single_agent"),
        ("R+Dex", "doublet"),
        ("V+R+Dex", "triplet"),
        ("Dara+V+R+Dex", "quadruplet"),
        ("Dara+V+Cyclo+R+Dex", "five_or_more"),
    ],
)
def test_regimen_size(drugs: str, size: str) -> None:
    assert regimen_size(read_drugs(drugs)[0]) == size


@pytest.mark.parametrize(
    ("lesions", "risk"),
    [
        ((False,) * 5, False),
        ((False, False, True, False, False), True),
        ((None, None, None, None, True), True),
        ((False, False, False, False, None), None),
        ((None,) * 5, None),
    ],
)
def test_fish_high_risk(lesions: tuple[bool | None, ...], *, risk: bool | None) -> None:
    assert fish_high_risk(dict(zip("abcde", lesions, strict=True))) is risk


def test_every_spelling_means_one_drug() -> None:
    names = [name for drug, short in DRUGS.items() for name in (drug, *short)] + list(REGIMENS)
    assert len({name.lower().replace("-", "") for name in names}) == len(names)
    for drug, short in DRUGS.items():
        for name in (drug, *short, drug.upper(), f" {drug} "):
            assert read_drugs(name) == (frozenset({drug}), [])
    assert read_drugs("vdt pace")[0] == frozenset(REGIMENS["VDTPACE"])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("lenalidomid", 'Did you mean "lenalidomide"?'),
        ("R+Dx", "is not known."),
        ("VRd", "Write each drug by its name, joined by +"),
        ("R++Dex", "a drug is missing beside a +."),
        ("Dara+R+d", "may mean Dex or Dara."),
        *((letter, "may mean") for letter in AMBIGUOUS),
    ],
)
def test_unknown_drugs(text: str, told: str) -> None:
    (fault,) = read_drugs(text)[1]
    assert told in fault


def test_a_short_name_is_not_guessed_at() -> None:
    assert "Did you mean" not in read_drugs("VRd")[1][0]
