"""Folders and files that are the user's alone: made so, and checked before anything in them is run as code."""

from __future__ import annotations

import os
import shlex
import stat
import time
from pathlib import Path

OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def make_private_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, for their owner only. What exists stays as it is."""
    for each in (*reversed(folder.parents), folder):
        if not each.exists() or each == folder:
            each.mkdir(mode=0o700, exist_ok=True)


def make_room(path: Path) -> None:
    """Free a name that holds no regular file: links and pipes are removed, a folder is set aside with its content."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if stat.S_ISDIR(mode):
        path.rename(path.with_name(f"{path.name}.aside-{time.time_ns()}"))
    elif not stat.S_ISREG(mode):
        path.unlink()


def why_untrusted(folder: Path) -> str | None:
    """Why somebody else could put files into this folder, with the remedy; None where nobody can.

    As ssh has it: the folder is the user's, all above it are the user's or root's, and no group and nobody else can
    write to any of them. Only in a folder with the sticky bit, as /tmp has it, do others' rights not matter. `folder`
    is free of links. Systems without owners (Windows) are not asked.
    """
    user = os.geteuid() if hasattr(os, "geteuid") else None
    if user is None:
        return None
    for each in (folder, *folder.parents):
        status = each.lstat()
        if status.st_uid not in ({user} if each == folder else {user, 0}):
            return f"{each} belongs to another user. Set BAYESREFRACT_COMPILED to a folder of your own."
        sticky = each != folder and status.st_mode & stat.S_ISVTX
        if status.st_mode & OTHERS_WRITE and not sticky:
            return f"others can write to {each}. Run: chmod go-w {shlex.quote(str(each))}"
    return None


def why_untrusted_file(status: os.stat_result) -> str | None:
    """Why somebody else could have written an open file; None where nobody could."""
    user = os.geteuid() if hasattr(os, "geteuid") else None
    if user is None:
        return None
    if status.st_uid != user:
        return "it belongs to another user"
    return "others can write to it" if status.st_mode & OTHERS_WRITE else None
