"""Events of three groups as typed, from which the correlation of two ratios with a common reference follows."""

from __future__ import annotations

from collections.abc import Sequence

from bayesrefract.cli.attain import MOST_DIGITS
from bayesrefract.messages import listed


def three_events(order: Sequence[str], given: Sequence[str], faults: list[str]) -> tuple[int, int, int]:
    """Events of three groups in this order, given so or as NAME=N in any; what is wrong with them is added."""
    typed = f"--events {' '.join(given)}"
    named = {name: count for name, sign, count in (text.rpartition("=") for text in given) if sign}
    if named and (len(named) < len(given) or set(named) != set(order)):
        faults.append(
            f"{typed}: not all groups are named, or others. Name each of {listed(order)} once, such as {order[0]}=184, "
            "or give three numbers in this order."
        )
        return 1, 1, 1
    counts = [named[name] for name in order] if named else list(given)
    if not all(each.isdecimal() and len(each) <= MOST_DIGITS and int(each) > 0 for each in counts):
        faults.append(f"{typed} is not allowed. Give whole numbers of events above 0, of {listed(order)}.")
        return 1, 1, 1
    first, second, third = map(int, counts)
    return first, second, third
