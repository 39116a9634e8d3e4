"""Dates as they are written, and lengths of time as they are reckoned."""

from __future__ import annotations

import datetime as dt
import re

from bayesrefract.listing import quoted
from bayesrefract.study import TimeUnit

WHOLE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
PARTIAL = re.compile(r"[0-9]{4}(-[0-9]{1,2})?")
FAULTY = dt.date.max
"""Stands for a required date whose cell cannot be used. Its fault ends the run: nothing is ever derived from it."""
MONTH_DECIMALS = 4
"""A day is 0.0329 month, so that four decimals still tell any two days apart."""
AGE_DECIMALS = 1
DAYS_PER_YEAR = 12 * TimeUnit.MONTHS.days


def read_date(text: str) -> dt.date:
    """A date. Raises ValueError with the sentence that says why the text is none."""
    if PARTIAL.fullmatch(text):
        raise ValueError(
            f"{quoted(text)} is only part of a date. Look up the day and write YYYY-MM-DD; where it cannot be known, "
            "choose it by a rule that you report, such as the 15th: no date is completed here."
        )
    if not WHOLE.fullmatch(text):
        raise ValueError(f"{quoted(text)} is not an ISO date. Write YYYY-MM-DD, such as 2019-05-31.")
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{quoted(text)} is not in the calendar. Correct the month or the day.") from None


def earlier(first: dt.date | None, second: dt.date | None) -> bool:
    """Both dates are known, and the first lies before the second."""
    return first is not None and second is not None and FAULTY not in (first, second) and first < second


def months_between(start: dt.date, end: dt.date) -> float:
    """Months of 30.4375 days, to four decimals."""
    return round((end - start).days / TimeUnit.MONTHS.days, MONTH_DECIMALS)


def age_at(day: dt.date, birth: dt.date) -> float:
    """Years of 365.25 days, to one decimal: the birth date cannot be read back from it."""
    return round((day - birth).days / DAYS_PER_YEAR, AGE_DECIMALS)
