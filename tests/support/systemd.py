"""What is installed, and what systemd says of units."""

import os
import shutil
import subprocess

import pytest


def install(build, folder):
    """Puts below the folder what `meson install` makes."""
    words = ["meson", "install", "-C", build, "--no-rebuild", "--quiet"]
    subprocess.run(words, env={**os.environ, "DESTDIR": str(folder)}, check=True, stdout=subprocess.DEVNULL)


def analyze(*words):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd-analyze")
    return subprocess.run(
        ["systemd-analyze", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
