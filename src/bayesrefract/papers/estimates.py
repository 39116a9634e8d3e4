"""The CSV file of printed estimates: medians, ratios and p-values with their limits, one a row."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from bayesrefract.messages import quoted
from bayesrefract.papers.numbers import Number, Ratio, read_number, read_p
from bayesrefract.papers.sheet import Row, Sheet, open_sheet

NEEDED = ("group", "reference", "value", "ci_low", "ci_high")
NOT_REACHED = "not_reached"
RATIO = re.compile(r"hr(_\w+)?")
"""Statistics that are hazard ratios: hr, hr_unadjusted, hr_adjusted."""
P_VALUE = re.compile(r"(?:(?P<test>[a-z]\w*?)_)?p(?P<below>_below)?(?P<adjusted>_adjusted)?")
"""Statistics that are p-values: p, logrank_p, wald_p, each also with _below (p < value) and _adjusted."""
ADJUSTED = "_adjusted"
ALL_PATIENTS = "all"
"""Value of the column `group` for all patients together."""
LEVEL = re.compile(r"(\d+(?:\.\d+)?) ?% ?(?:CI|CrI|HDI)", re.IGNORECASE)


@dataclass(frozen=True)
class Estimate:
    """One printed number with its limits, None where none is printed or a limit is not reached."""

    row: Row
    value: Number | None
    low: Number | None
    high: Number | None

    @property
    def statistic(self) -> str:
        return self.row["statistic"] or "hr"

    @property
    def is_ratio(self) -> bool:
        return RATIO.fullmatch(self.statistic) is not None

    @property
    def group(self) -> str:
        return self.row["group"]

    @property
    def reference(self) -> str:
        return self.row["reference"]

    @property
    def scope(self) -> tuple[str, str, str]:
        """Population, setting, endpoint."""
        return self.row["population"], self.row["setting"], self.row["endpoint"]

    @property
    def label(self) -> str:
        """What it is of, in one line; "" for a file without these columns."""
        return ", ".join(part for part in (*self.scope[::-1], self.row["statistic"]) if part)

    @property
    def name(self) -> str:
        """What it is of and between whom, in one line."""
        pair = f"{self.group} vs {self.reference}" if self.reference else self.group
        return ": ".join(part for part in (self.label, pair) if part)

    @property
    def printed(self) -> str:
        """Value and limits as they are written: `0.99 (0.73-1.33)`."""
        return f"{self.row['value']} ({self.row['ci_low']}-{self.row['ci_high']})"

    @property
    def is_p(self) -> bool:
        return P_VALUE.fullmatch(self.statistic) is not None

    @property
    def is_p_below(self) -> bool:
        """Whether its value is a bound: p < 0.001."""
        found = P_VALUE.fullmatch(self.statistic)
        return found is not None and found["below"] is not None

    @property
    def test(self) -> str:
        """Test of a p-value: logrank, wald; "" where it is not stated."""
        found = P_VALUE.fullmatch(self.statistic)
        return found["test"] or "" if found else ""

    @property
    def is_adjusted(self) -> bool:
        return self.statistic.endswith(ADJUSTED)

    def level(self, otherwise: float = 0.95) -> float | None:
        """Level of its interval; None for another kind of interval."""
        kind = self.row["interval_kind"]
        found = LEVEL.fullmatch(kind)
        if not kind:
            return otherwise
        return None if found is None else float(found[1]) / 100

    def ratio(self, level: float = 0.95) -> Ratio | None:
        """As a ratio with its limits, where all three are printed; `level` where the row states none."""
        stated = self.level(level)
        if self.value is None or self.low is None or self.high is None or stated is None:
            return None
        return Ratio(
            self.group,
            self.reference,
            self.value,
            self.low,
            self.high,
            stated,
            self.label,
            self.row.place,
            self.row["study"],
            self.row["endpoint"],
        )


def read_estimates(path: Path) -> tuple[Sheet, tuple[Estimate, ...]]:
    """All rows, with the faults of single cells kept in the sheet. Raises InputError for an unusable file."""
    sheet = open_sheet(path, NEEDED)
    return sheet, tuple(_estimate(sheet, row) for row in sheet.rows)


def _estimate(sheet: Sheet, row: Row) -> Estimate:
    is_p = P_VALUE.fullmatch(row["statistic"]) is not None
    value = sheet.value(row, "value", _p if is_p else _number)
    return Estimate(row, value, *(sheet.value(row, column, _number) for column in ("ci_low", "ci_high")))


def _p(text: str) -> Number:
    if text.startswith("<"):
        raise ValueError(f"{quoted(text)} is a bound. Write the digits alone, and _below after p in the statistic.")
    return read_p(text)


def _number(text: str) -> Number | None:
    return None if text == NOT_REACHED else read_number(text)
