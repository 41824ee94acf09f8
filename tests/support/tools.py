"""Tools that the machine has, or that are unpacked for the tests in ASP_LAYER."""

import os
import pathlib
import shutil
import subprocess

import pytest
from support.run import BIN

LAYER = os.environ.get("ASP_LAYER")


def run_tool(name, *words, **options):
    """Runs it, the machine's or that of ASP_LAYER; skips where there is none. What it says is text, errors too."""
    within = []
    if shutil.which(name) is None:
        if not LAYER or not any(os.access(f"{LAYER}/usr/{folder}/{name}", os.X_OK) for folder in ("bin", "sbin")):
            pytest.skip(f"no {name}: neither installed nor unpacked in ASP_LAYER")
        within = [BIN / "sandbox", "--layer", LAYER]
    return subprocess.run(
        [*within, name, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **options
    )


def there(path):
    """A file or folder of the machine, or the one in ASP_LAYER; None where there is neither."""
    places = [pathlib.Path(path), *([pathlib.Path(LAYER + path)] if LAYER else [])]
    return next((place for place in places if place.exists()), None)
