"""x."""

from typing import Any


def write_up(found: Any) -> str:
    return ""


def passed(found: Any) -> bool:
    return True


def pictures(found: Any) -> dict[str, bytes]:
    return {}
