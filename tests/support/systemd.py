"""What is installed, and what systemd says of units."""

import os
import shutil
import subprocess

import pytest
from support.run import BIN


def install(build, folder):
    """Puts below the folder what `meson install` makes."""
    words = ["meson", "install", "-C", build, "--no-rebuild", "--quiet"]
    subprocess.run(words, env={**os.environ, "DESTDIR": str(folder)}, check=True, stdout=subprocess.DEVNULL)


def analyze(*words):
    """systemd-analyze, the machine's or that of ASP_LAYER."""
    layer = os.environ.get("ASP_LAYER")
    within = []
    if shutil.which("systemd-analyze") is None:
        if not layer or not os.access(f"{layer}/usr/bin/systemd-analyze", os.X_OK):
            pytest.skip("no systemd-analyze: neither installed nor unpacked in ASP_LAYER")
        within = [BIN / "sandbox", "--layer", layer]
    return subprocess.run(
        [*within, "systemd-analyze", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
