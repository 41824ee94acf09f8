"""Grounds for races, and what decides how each goes."""

import os
import random

import ground as grounds
import pytest
from support.run import commit


@pytest.fixture(scope="session")
def seed():
    """The same again: ASP_RACES_SEED."""
    chosen = os.environ.get("ASP_RACES_SEED") or commit().decode().strip()
    print(f"ASP_RACES_SEED={chosen}")
    return chosen


@pytest.fixture
def chance(seed, request):
    return random.Random(f"{seed} {request.node.name}")


@pytest.fixture
def tell(request):
    """Says the figures of a race, to the suite too where that asks for them by ASP_RACES_TOLD, a file."""

    def say(words):
        line = f"{request.node.name}: {words}\n"
        print(line)
        if path := os.environ.get("ASP_RACES_TOLD"):
            with open(path, "a", encoding="utf-8") as file:
                file.write(line)

    return say


@pytest.fixture(scope="session")
def racing(build, sandboxes):
    """The build folder, with the racer in it."""
    if os.geteuid() != 0:
        pytest.skip("needs root: disks and users of its own")
    assert (build / "tests" / "races" / "racer").is_file()
    return build


@pytest.fixture(scope="module")
def on_files(racing, layer):
    with grounds.files(layer, racing) as ground:
        yield ground


@pytest.fixture(scope="module")
def on_database(racing, layer):
    if missing := grounds.missing(racing):
        pytest.skip(missing)
    with grounds.database(layer, racing) as ground:
        yield ground


@pytest.fixture
def ground(request):
    return request.getfixturevalue(f"on_{request.param}")
