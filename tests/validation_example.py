"""Work of a step for tests; processes import it, so that it needs nothing that takes a while.

Import as `from validation_example import die_once, square`.
"""

from __future__ import annotations

import os
from pathlib import Path


def square(chunk: int, seed: int) -> int:
    """A chunk that is worked off at once."""
    return chunk * chunk + seed


def die_once(chunk: int, seed: int) -> int:
    """The process of chunk 1 dies the first time."""
    mark = Path(os.environ["VALIDATION_TEST_MARK"])
    if chunk == 1 and not mark.exists():
        mark.touch()
        os._exit(9)
    return chunk + seed
