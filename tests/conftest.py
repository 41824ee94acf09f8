"""What every Python suite shares: where the build lies, and a private store and configuration in a temporary folder.

The build folder is the environment variable ASP_BUILD, else `build` at the top of the tree.
"""

import os
import pathlib

import pytest
from support.run import TREE
from support.site import Site


def pytest_configure(config):
    config.addinivalue_line("markers", "long: takes long; tests/run leaves it out without --all")


@pytest.fixture(scope="session")
def build():
    """The build folder, with the tool and the module in it."""
    folder = pathlib.Path(os.environ.get("ASP_BUILD", TREE / "build")).resolve()
    for product in ("asp-admin/asp-admin", "pam_asp/pam_asp.so"):
        assert (folder / product).is_file(), f"{folder / product} is not built; set ASP_BUILD to the build folder"
    return folder


@pytest.fixture
def site(tmp_path, build):
    return Site(tmp_path, build)


@pytest.fixture
def make_site(build):
    """Makes further sites, each in a folder that is there."""
    return lambda folder: Site(folder, build)
