"""Fixtures of the packages' tests: what `meson install` puts in place, and the tree as an archive of its source."""

import shutil

import pytest
from support.packages import Installed, archive
from support.run import execute
from support.sandbox import SANDBOX, Sandbox


@pytest.fixture(scope="session")
def installed(build, tmp_path_factory):
    """Skips where the build has left out what is in the packages."""
    left_out = [product for product in ("asp-web/asp-web", "man/asp-store.7") if not (build / product).exists()]
    if left_out:
        pytest.skip(f"built without {left_out[0]}")
    return Installed(build, tmp_path_factory.mktemp("installed"))


@pytest.fixture(scope="session")
def make_archive():
    """Makes the archive that a package's source names."""
    return archive


@pytest.fixture
def sandbox():
    """A place of this machine's in which packages may be installed and PAM files written."""
    probe = execute(SANDBOX, "true")
    if probe.code != 0:
        pytest.skip(f"no sandbox on this machine: {probe.err.strip()}")
    box = Sandbox()
    yield box
    box.close()


@pytest.fixture(scope="session")
def need():
    def check(*programs):
        missing = [name for name in programs if shutil.which(name) is None]
        if missing:
            pytest.skip(f"no {', '.join(missing)}")

    return check
