"""Servers of Debian 13, in roots of their own."""

import contextlib
import os
import shutil
import subprocess

import pytest
from support.run import ENVIRONMENT, MORTAL, TREE, execute


@contextlib.contextmanager
def root_with(folder, *packages):
    """A root with these, in an empty folder that goes at the end. Skips where there can be none."""
    run = execute(TREE / "tests/fleet/server_root", folder, *packages, timeout=280)
    if run.code == 77:
        pytest.skip(f"no Debian 13 with {' '.join(packages)}: {run.err.strip()}")
    run.done()
    try:
        yield folder / "made/root"
    finally:
        shutil.rmtree(folder)


def owner_of(root):
    """Of what is PostgreSQL's, user and group."""
    status = os.stat(root / "var/lib/postgresql")
    return status.st_uid, status.st_gid


def in_root(root, place):
    """The words before a command of PostgreSQL's user, in a root and in the network of a place."""
    uid, gid = owner_of(root)
    words = ("nsenter", f"--target={place.first}", "--net", "--", "chroot", f"--userspec={uid}:{gid}")
    return [*map(str, words), str(root), *MORTAL]


def start_in(root, place, log, *words):
    """Starts a server there, and does not wait. What it says goes to the file."""
    with open(log, "wb") as file:
        return subprocess.Popen(
            [*in_root(root, place), *map(str, words)], stdin=subprocess.DEVNULL, stdout=file, stderr=file, env=ENVIRONMENT, cwd="/"
        )
