"""What is installed, and what systemd says of units."""

import os
import subprocess

from support.tools import run_tool


def install(build, folder):
    """Puts below the folder what `meson install` makes."""
    words = ["meson", "install", "-C", build, "--no-rebuild", "--quiet"]
    subprocess.run(words, env={**os.environ, "DESTDIR": str(folder)}, check=True, stdout=subprocess.DEVNULL)


def analyze(*words):
    """systemd-analyze, the machine's or that of ASP_LAYER."""
    return run_tool("systemd-analyze", *words)
