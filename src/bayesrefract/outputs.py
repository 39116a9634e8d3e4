"""Where a user asks for output: checked before anything is computed, so that no input is overwritten."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from pathlib import Path

from bayesrefract.messages import quoted

type Place = str | os.PathLike[str]


def target_faults(target: Place | None, name: str = "--json", inputs: Iterable[Place | None] = ()) -> list[str]:
    """Why a file cannot be written where it is asked for; `-` is standard output.

    `inputs` are the files that the same run reads: none of them is overwritten, however it is spelt or linked.
    """
    if target is None or target == "-":
        return []
    path = Path(target)
    impossible = name_faults(path, name)
    if impossible:
        return impossible
    if not os.path.isdir(path.absolute().parent):
        return [f"{name} {target}: the folder {path.parent} does not exist. Make it, or name another file."]
    if os.path.isdir(path):
        return [f"{name} {target}: this is a folder. Name a file in it."]
    return [
        f"{name} {target}: this is {each}, which is read: it would be overwritten. Name another file."
        for each in inputs
        if each is not None and same_file(path, each)
    ][:1]


def folder_target_faults(
    folder: Path | None, names: Iterable[str], inputs: Iterable[Place | None] = (), name: str = "--out"
) -> list[str]:
    """Why files of these names cannot be written into a folder, which need not exist: one of them is read."""
    if folder is None:
        return []
    if not os.path.isdir(folder):
        return name_faults(folder, name)
    read = [each for each in inputs if each is not None]
    return [
        f"{name} {folder}: its {each} is {one}, which is read: it would be overwritten. Name another folder."
        for each in names
        for one in read
        if same_file(folder / each, one)
    ]


def name_faults(path: Path, name: str) -> list[str]:
    """Why nothing can have this path: the system takes no name of this length, or with these letters."""
    try:
        path.lstat()
    except (OSError, ValueError) as problem:  # ValueError: a NUL, or a letter that the system's encoding lacks
        if not isinstance(problem, OSError) or problem.errno in {errno.ENAMETOOLONG, errno.EILSEQ}:
            reason = problem.strerror if isinstance(problem, OSError) else "it holds letters that no name can have"
            return [f"{name} {quoted(str(path))}: nothing can have this name ({reason}). Name another place.".lstrip()]
    return []


def same_file(one: Place, other: Place) -> bool:
    """Whether two paths lead to one file: by another spelling, a symbolic or a hard link, or letters of other case."""
    try:
        return os.path.samefile(one, other)
    except OSError:  # one of them does not exist
        return False
