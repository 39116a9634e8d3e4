"""Runs the command without the modules that only POSIX systems have: a program of its own, as they are loaded early.

filelock is imported first: it asks the system which locks there are, and would be told of one that has none.
"""

from __future__ import annotations

import sys

import filelock

ABSENT = ("fcntl", "resource", "pwd", "grp", "termios")

if __name__ == "__main__":
    assert filelock.FileLock
    for name in ABSENT:
        sys.modules[name] = None  # type: ignore[assignment]
    import bayesrefract  # noqa: F401
    from bayesrefract.cli.app import main

    main(sys.argv[1:])
