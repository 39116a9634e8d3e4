"""docs/printed-numbers.md: the columns that it names are those that the readers know, and its example runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from test_cli import call
from test_one_row_paper import OTHER_DISEASE

from bayesrefract.errors import InputError
from bayesrefract.papers import counts, estimates, read_counts, read_estimates
from bayesrefract.papers.audit import Severity, audit, read_paper

DOCUMENT = Path(__file__).parents[1] / "docs" / "printed-numbers.md"
TEXT = DOCUMENT.read_text(encoding="utf-8")
ROW = re.compile(r"^\| (?P<names>.+?) \| .+ \| (?P<needed>yes|no) \|$", re.MULTILINE)
NAME = re.compile(r"`(\w+)`")


def columns(heading: str, needed: str) -> set[str]:
    """Columns of the table under a heading."""
    part = TEXT.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return {name for row in ROW.finditer(part) if row["needed"] == needed for name in NAME.findall(row["names"])}


def examples(folder: Path) -> tuple[Path, Path]:
    """The files of the example: counts and estimates."""
    texts = re.findall(r"```csv\n(.*?)```", TEXT, re.DOTALL)
    paths = folder / "counts.csv", folder / "estimates.csv"
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text, encoding="utf-8")
    return paths


def test_its_columns_are_those_of_the_readers() -> None:
    assert columns("Counts", "yes") == set(counts.NEEDED)
    assert columns("Counts", "no") == set(counts.OPTIONAL)
    assert columns("Estimates", "yes") == set(estimates.NEEDED)
    source = Path(estimates.__file__).read_text(encoding="utf-8")
    assert columns("Estimates", "no") == set(re.findall(r'row\["(\w+)"\]', source)) - set(estimates.NEEDED)


NEEDED = [(heading, column) for heading in ("Counts", "Estimates") for column in sorted(columns(heading, "yes"))]


@pytest.mark.parametrize(("heading", "column"), NEEDED)
def test_a_needed_column_is_needed(tmp_path: Path, heading: str, column: str) -> None:
    of_counts, of_estimates = examples(tmp_path)
    path, read = (of_counts, read_counts) if heading == "Counts" else (of_estimates, read_estimates)
    header, _, rest = path.read_text(encoding="utf-8").partition("\n")
    assert column in header.split(",")
    path.write_text(f"{re.sub(rf'{column}(?=,|$)', 'other', header, count=1)}\n{rest}", encoding="utf-8")
    with pytest.raises(InputError, match=f'there is no column "{column}"'):
        read(path)


def test_the_statistics_that_it_names_are_read_as_it_says() -> None:
    for name in ("hr", "hr_adjusted"):
        assert estimates.RATIO.fullmatch(name), name
        assert f"`{name}`" in TEXT
    for name in ("p", "logrank_p", "wald_p", "wald_p_below_adjusted"):
        assert estimates.P_VALUE.fullmatch(name), name
        assert f"`{name}`" in TEXT
    for name in ("km_median", "reverse_km_median", "median_iqr"):
        assert not estimates.RATIO.fullmatch(name), name
        assert not estimates.P_VALUE.fullmatch(name), name
        assert f"`{name}`" in TEXT


def test_its_example_is_sound_and_of_no_embedded_study(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    of_counts, of_estimates = examples(tmp_path)
    report = audit(read_paper(of_estimates, of_counts))
    assert not [finding for finding in report.findings if finding.severity is not Severity.NOTE]
    (command,) = re.findall(r"^bayesrefract (published .+)$", TEXT, re.MULTILINE)
    arguments = [part.strip('"') for part in re.findall(r'"[^"]+"|\S+', command)]
    arguments[1] = str(of_estimates)
    code, out, _ = call(capsys, *arguments)
    assert code == 0
    assert "drug vs control" in out
    assert not OTHER_DISEASE.search(TEXT)
