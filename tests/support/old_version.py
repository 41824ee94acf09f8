"""Version 0.1.0, built from its commit."""

import pytest
from support.run import TREE, execute

VERSION = "bdfd47e"
GIT = ("git", "-c", "safe.directory=*", "-C", TREE)

BUILD = """
git -c safe.directory='*' -C "$1" archive "$2" | tar -x --one-top-level="$3/tree"
meson setup "$3/build" "$3/tree" -Dwerror=false
ninja -C "$3/build"
"""


def build_old(folder):
    """Its build folder, in this folder; skips in a tree without its history."""
    if execute(*GIT, "cat-file", "-e", f"{VERSION}^{{commit}}").code != 0:
        pytest.skip("there is no history back to version 0.1.0 in this tree")
    execute("bash", "-euo", "pipefail", "-c", BUILD, "bash", TREE, VERSION, folder, timeout=280).done()
    return folder / "build"
