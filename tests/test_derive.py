"""`bayesrefract derive`: the example worked out by hand, what is written and shown, and what must not matter."""

from __future__ import annotations

import datetime as dt
import re
import xml.etree.ElementTree as ET
from operator import attrgetter
from pathlib import Path
from random import Random

import numpy as np
import pytest
from test_cli import call
from therapy_example import EXAMPLE, changed, rows_of, tables_in, text_of

from bayesrefract.report.tables.table import to_csv
from bayesrefract.studies.lenalidomide.derive import Derived, Tables, derive, read_histories
from bayesrefract.studies.lenalidomide.tables import cohort_table
from bayesrefract.study.study import Evidence

DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
COLUMNS = (
    "patient_id,refractoriness,age_years,sex,egfr_below_60,iss_stage_iii,t_4_14,t_14_16,t_14_20,del_17p,gain_1q,"
    "fish_high_risk,m_protein_isotype,first_line_regimen_size,first_line_asct,months_diagnosis_to_first_relapse,"
    "pi_or_daratumumab_refractory,second_line_regimen_class,second_line_asct,pfs_second_line_months,"
    "pfs_second_line_event,os_second_line_months,os_second_line_event,retreated,retreatment_is_second_line,"
    "months_first_relapse_to_retreatment,retreatment_regimen_class,retreatment_asct,pfs_retreatment_months,"
    "pfs_retreatment_event,os_retreatment_months,os_retreatment_event"
)
AT_DIAGNOSIS = {
    "invented-01": "standard_dose 61.2 female 0 1 1 0 0 0 0 1 IgG",
    "invented-02": "low_dose 66 male 0 0 0 0 0 0 0 0 IgA",
    "invented-03": "not_refractory 58 female 0 0 0 0 0 0 1 1 light_chain_only",
    "invented-04": "low_dose 70 male 1 1 . 0 0 0 0 . IgG",
    "invented-11": "low_dose 49 female 1 . 0 0 0 1 0 1 IgA",
    "invented-13": "standard_dose . female 0 0 0 0 0 0 0 0 IgG",
    "invented-14": "not_refractory 67 male 0 0 . . . . . . other_or_not_available",
}
"""From refractoriness to the isotype; a point where nothing is known."""
THERAPY = {
    "invented-01": "triplet 0 365d 0 daratumumab 0 365d 1 1066d 1 0 . . . . . . . .",
    "invented-02": "doublet 1 761d 0 pi_imid 0 699d 0 699d 0 0 . . . . . . . .",
    "invented-03": "triplet 1 973d 0 daratumumab 0 1217d 0 1217d 0 1 1 0d r_daratumumab 0 1217d 0 1217d 0",
    "invented-04": "doublet 0 426d 0 pi 0 274d 1 640d 1 1 0 305d r_pi 0 335d 1 335d 1",
    "invented-11": "quadruplet 0 365d 1 vdtpace 1 515d 1 1065d 0 1 0 150d r_or_rd 0 365d 1 915d 0",
    "invented-13": "doublet 0 365d 0 other 0 90d 1 365d 0 0 . . . . . . . .",
    "invented-14": "triplet 0 731d 1 imid 0 180d 1 180d 1 1 1 0d r_elotuzumab 0 180d 1 180d 1",
}
"""From the size of first line on, times in whole days: counted on a calendar, not by the code that is tested."""


def by_hand(patient: str) -> dict[str, str]:
    """One row of the cohort as it should be written."""
    cells = [patient, *AT_DIAGNOSIS[patient].split(), *THERAPY[patient].split()]
    return dict(zip(COLUMNS.split(","), map(as_written, cells), strict=True))


def as_written(cell: str) -> str:
    if re.fullmatch("[0-9]+d", cell):
        return "0" if cell == "0d" else f"{int(cell[:-1]) / 30.4375:.4f}"
    return "" if cell == "." else cell


def derived_from(tables: Tables) -> Derived:
    return derive(read_histories(tables))


def cohort_of(folder: Path, **texts: str) -> list[dict[str, str]]:
    rows = rows_of(to_csv(cohort_table(derived_from(tables_in(folder, **texts)), Evidence.SIMULATED)))
    assert {row.pop("evidence") for row in rows} <= {"simulated"}
    return rows


def run(capsys: pytest.CaptureFixture[str], tables: Tables, out: Path, *more: str) -> tuple[int, str, str]:
    files = (f"--{name}={path}" for name, path in zip(Tables._fields, tables, strict=True))
    return call(capsys, "derive", *files, f"--out={out}", *more)


def test_the_example_as_worked_out_by_hand(tmp_path: Path) -> None:
    assert cohort_of(tmp_path) == [by_hand(patient) for patient in AT_DIAGNOSIS]


def test_the_flow_and_the_lists_of_the_example(tmp_path: Path) -> None:
    derived = derived_from(tables_in(tmp_path))
    assert derived.patients == 14
    assert derived.excluded == {
        "no lenalidomide in first line": 1,
        "no relapse recorded after first line": 1,
        "second line begun without a progression on first line": 1,
        "no second line of therapy after the first relapse": 1,
        "last lenalidomide dose in neither group: 20 mg": 1,
        "last lenalidomide dose in neither group: 25 mg on alternate days": 1,
        "last lenalidomide dose in neither group: dose not known": 1,
    }
    assert {(each.patient_id[-2:], each.why) for each in derived.listed} == {
        ("04", "reduced dose with eGFR below 60"),
        ("08", "last lenalidomide dose in neither group"),
        ("09", "last lenalidomide dose in neither group"),
        ("10", "last lenalidomide dose in neither group"),
        ("11", "dose changed shortly before progression"),
        ("11", "end of a proteasome inhibitor or of daratumumab not recorded"),
        ("11", "reduced dose with eGFR below 60"),
        ("13", "eGFR not known, counted as 60 or more"),
    }


def test_what_is_written_and_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tables = tables_in(tmp_path / "in")
    code, out, err = run(capsys, tables, tmp_path / "out" / "mine.csv", "--evidence", "simulated")
    assert code == 0
    files = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "out").glob("mine*")}
    assert sorted(files) == ["mine-flow.csv", "mine-flow.svg", "mine-listed.csv", "mine.csv"]
    assert all(name in err for name in files)
    assert rows_of(files["mine.csv"]) == [by_hand(patient) | {"evidence": "simulated"} for patient in AT_DIAGNOSIS]
    assert not any(DATE.search(text) for name, text in files.items() if name != "mine-flow.svg")
    flow = {row["Step"]: row["Simulated patients"] for row in rows_of(files["mine-flow.csv"])}
    assert (flow["In the patients' table"], flow["In the cohort"]) == ("14", "7")
    assert flow["Of these: low dose refractory (low_dose)"] == "3"
    drawn = " ".join(ET.fromstring(files["mine-flow.svg"]).itertext())
    for text in ("Simulated patients", "14 patients", "7 patients", "3 patients, 2 retreated"):
        assert text in drawn
    for text in ("Simulated patients.", "Patient flow", "Groups at first relapse", "Patients to look at again"):
        assert text in out
    assert "change of therapy without progression is no censoring" in " ".join(out.split())
    assert "30.4375 days" in out


def test_quiet_keeps_stderr_empty_and_real_patients_are_called_patients(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, tables_in(tmp_path), tmp_path / "cohort.csv", "--quiet", "--evidence", "patients")
    assert (code, err) == (0, "")
    assert "Patient records." in out
    assert "imulated" not in out


def test_the_order_of_rows_changes_nothing_but_the_order(tmp_path: Path) -> None:
    shuffled = {}
    for name, text in EXAMPLE.items():
        rows = rows_of(text)
        Random(name).shuffle(rows)
        shuffled[name] = text_of(rows)
    before, after = (derived_from(tables_in(tmp_path / str(i), **texts)) for i, texts in enumerate(({}, shuffled)))
    assert [row.patient_id for row in after.rows] != [row.patient_id for row in before.rows]
    assert sorted(after.rows, key=attrgetter("patient_id")) == sorted(before.rows, key=attrgetter("patient_id"))
    assert (after.excluded, after.listed) == (before.excluded, before.listed)


@pytest.mark.parametrize("days", [-1000, -1, 1, 366, 4321])
def test_shifting_all_dates_changes_nothing(tmp_path: Path, days: int) -> None:
    def shifted(found: re.Match[str]) -> str:
        return (dt.date.fromisoformat(found[0]) + dt.timedelta(days)).isoformat()

    later = {name: DATE.sub(shifted, text) for name, text in EXAMPLE.items()}
    assert derived_from(tables_in(tmp_path / "b", **later)) == derived_from(tables_in(tmp_path / "a"))


def test_a_birth_date_becomes_an_age_and_is_written_nowhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = rows_of(EXAMPLE["patients"])
    for row in rows:
        del row["age_years"]
        row["birth_date"] = "1956-04-09" if row["patient_id"] == "invented-02" else ""
    tables = tables_in(tmp_path / "in", patients=text_of(rows))
    code, out, _ = run(capsys, tables, tmp_path / "out" / "cohort.csv")
    cohort = {row["patient_id"]: row for row in rows_of((tmp_path / "out" / "cohort.csv").read_text())}
    assert code == 0
    # 9 April 1956 to 1 January 2015: 21,451 days, 58.73 years of 365.25
    assert (cohort["invented-02"]["age_years"], cohort["invented-01"]["age_years"]) == ("58.7", "")
    assert not any("1956" in text for text in (out, *(p.read_text() for p in (tmp_path / "out").iterdir())))


def test_progression_on_a_later_line_ends_the_clock_of_second_line(tmp_path: Path) -> None:
    (before,) = (row for row in cohort_of(tmp_path / "a") if row["patient_id"] == "invented-11")
    texts = {"lines": changed("lines", "invented-11", 3, progression_date="")}
    (after,) = (row for row in cohort_of(tmp_path / "b", **texts) if row["patient_id"] == "invented-11")
    assert (before["pfs_second_line_event"], after["pfs_second_line_event"]) == ("1", "0")
    assert after["pfs_second_line_months"] == after["os_second_line_months"] == before["os_second_line_months"]


def test_an_identifier_that_a_spreadsheet_would_run_is_disarmed(tmp_path: Path) -> None:
    evil = {name: text.replace("invented-03", "=1+1") for name, text in EXAMPLE.items()}
    assert "'=1+1" in {row["patient_id"] for row in cohort_of(tmp_path, **evil)}


def simulated(rng: np.random.Generator, patients: int) -> dict[str, str]:
    """Random tables without a fault: up to four lines each, gaps and same-day changes, every schedule."""
    regimens = ("R+Dex", "V+R+Dex", "Dara+R+Dex", "Elo+R+Dex", "V+Cyclo+Dex", "Dara+Pom+Dex", "VDT-PACE", "Mel+Pred")
    people, lines, doses = [], [], []
    origin = dt.date(2010, 1, 1)

    def date(days: int | None) -> str:
        return "" if days is None else (origin + dt.timedelta(days)).isoformat()

    for number in range(patients):
        name, clock = f"S{number:03d}", int(rng.integers(0, 30))
        first, count = clock, int(rng.integers(0, 5))
        for each in range(1, count + 1):
            start, stop = clock, clock + int(rng.integers(2, 400))
            progression = None if rng.random() < 0.2 else stop + int(rng.integers(-1, 120))
            clock = max(stop, progression or 0) + int(rng.choice([0, 0, 1, 40]))
            drugs = str(rng.choice(regimens[:3] if each == 1 and rng.random() < 0.9 else regimens))
            row = (name, str(each), date(start), date(stop), drugs, "", date(progression))
            lines.append(dict(zip(rows_of(EXAMPLE["lines"])[0], row, strict=True)))
            days = sorted(set(rng.integers(start, stop + 1, size=int(rng.integers(0, 4))).tolist()) - {stop})
            for when in days if "R" in drugs.split("+") else ():
                mg = str(rng.choice(["0", "5", "10", "20", "25", "25", "2.5", ""]))
                schedule = str(rng.choice(["daily", "days_1_21_of_28"]))
                doses.append(
                    dict(zip(rows_of(EXAMPLE["doses"])[0], (name, "R", date(when), mg, schedule), strict=True))
                )
        clock += int(rng.integers(1, 500))
        dead = rng.random() < 0.5
        person = dict.fromkeys(rows_of(EXAMPLE["patients"])[0], "") | {
            "patient_id": name,
            "diagnosis_date": date(first),
            "egfr": str(rng.choice(["", "45", "60", "90"])),
            "death_date": date(clock) if dead else "",
            "last_contact_date": "" if dead else date(clock),
        }
        people.append(person)
    return {"patients": text_of(people), "lines": text_of(lines), "doses": text_of(doses)}


@pytest.mark.parametrize("seed", range(8))
def test_random_histories_are_coherent(tmp_path: Path, seed: int) -> None:
    derived = derived_from(tables_in(tmp_path, **simulated(np.random.default_rng(seed), 150)))
    assert len(derived.rows) > 15
    assert any(row.retreated and not row.retreatment_is_second_line for row in derived.rows)
    for row in derived.rows:
        assert 0 <= row.pfs_second_line_months <= row.os_second_line_months
        if row.os_second_line_event:
            assert row.pfs_second_line_event
        if not row.pfs_second_line_event:
            assert row.pfs_second_line_months == row.os_second_line_months
        again = (row.retreatment_is_second_line, row.months_first_relapse_to_retreatment, row.pfs_retreatment_months)
        if not row.retreated:
            assert again == (None, None, None)
            continue
        assert row.pfs_retreatment_months is not None
        assert row.os_retreatment_months is not None
        assert row.months_first_relapse_to_retreatment is not None
        assert row.pfs_retreatment_months <= row.os_retreatment_months
        after = row.os_second_line_months - row.months_first_relapse_to_retreatment
        assert row.os_retreatment_months == pytest.approx(after, abs=1.1e-4)
        assert row.os_retreatment_event == row.os_second_line_event
        if row.retreatment_is_second_line:
            assert row.months_first_relapse_to_retreatment == 0
            assert row.pfs_retreatment_months == row.pfs_second_line_months
