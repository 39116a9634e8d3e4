"""The printed counts, looked up by what they count."""

from __future__ import annotations

from dataclasses import dataclass

from bayesrefract.errors import InputError
from bayesrefract.printed import Counts, Number
from bayesrefract.reconstruct.targets import GROUPS

type Triple = tuple[int, int, int]


@dataclass(frozen=True)
class Tables:
    """Counts of a paper, each a triple in the order of `GROUPS`."""

    counts: Counts

    def size(self, setting: str, population: str = "all") -> Triple:
        """Patients of each group. Raises InputError where they are not printed."""
        sizes = self.counts.sizes.get((population, setting))
        if sizes is None:
            raise InputError(f"counts: no row n of {population}, {setting}. The size of every group is needed.")
        return self._ordered(sizes)

    def of(self, setting: str, variable: str, level: str) -> Triple:
        """Patients of each group at a level. Raises InputError where they are not printed."""
        for row in self.counts.rows:
            if row.block == ("all", setting, variable) and row.row["level"] == level and row.counts is not None:
                return self._ordered(row.counts)
        raise InputError(f"counts: no row {setting}, {variable}, {level}. It is needed to rebuild the cohort.")

    def levels(self, setting: str, variable: str) -> dict[str, Triple]:
        """Every level of a variable with its counts, in the order of the file."""
        found = {
            row.row["level"]: self._ordered(row.counts)
            for row in self.counts.rows
            if row.block == ("all", setting, variable) and row.counts is not None
        }
        if not found:
            raise InputError(f"counts: no rows {setting}, {variable}. They are needed to rebuild the cohort.")
        return found

    def numbers(self, setting: str, variable: str) -> tuple[Number, Number, Number]:
        """Numbers that are no counts, such as medians, of each group."""
        for row in self.counts.rows:
            if row.block == ("all", setting, variable):
                values = [row.numbers[self.counts.groups.index(group)] for group in GROUPS]
                if all(value is not None for value in values):
                    return tuple(value for value in values if value is not None)  # type: ignore[return-value]  # three
        raise InputError(f"counts: no row {setting}, {variable}. It is needed to rebuild the cohort.")

    def p(self, setting: str, variable: str) -> Number | None:
        """The p-value printed for a variable, if there is one."""
        return next((row.p for row in self.counts.rows if row.block == ("all", setting, variable)), None)

    def _ordered(self, counts: tuple[int, ...]) -> Triple:
        first, second, third = (counts[self.counts.groups.index(group)] for group in GROUPS)
        return first, second, third
