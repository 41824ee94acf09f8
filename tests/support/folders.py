"""Folders, and what a test compares of them."""

import ctypes
import os
import shutil
import stat


def snapshot(folder):
    """Everything about a folder that a write would change: names, kinds, owners, modes, inodes, times, bytes."""
    seen = {}
    for path in [folder, *sorted(folder.rglob("*"))]:
        info = path.lstat()
        data = path.read_bytes() if stat.S_ISREG(info.st_mode) else b""
        seen[str(path)] = (info.st_mode, info.st_uid, info.st_gid, info.st_ino, info.st_mtime_ns, info.st_size, data)
    return seen


def contents(folder):
    """The bytes of every file below a folder, by path."""
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file() and not path.is_symlink()}


def restore(saved, folder):
    """Puts a saved copy of a store back in place."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(saved, folder, symlinks=True)


def exchange(one, other):
    """Swaps two paths in one step."""
    rename_exchange, here = 2, -100
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.renameat2(here, os.fsencode(one), here, os.fsencode(other), rename_exchange) != 0:
        raise OSError(ctypes.get_errno(), "renameat2")
