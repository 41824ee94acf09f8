"""The promises of the store, of a login and of what is compared, on the engine for the database: the unit tests that run
on every engine, each of them by the program that has it."""

import re

import pytest
from support.run import TREE, execute

UNIT = TREE / "tests" / "unit"


def on_every_engine():
    """The programs that have such tests, and how many."""
    for source in sorted(UNIT.glob("test_*.c")):
        count = len(re.findall(r"unit_add_on_engines\(", source.read_text()))
        if count > 0:
            yield pytest.param(source.stem, count, id=source.stem.removeprefix("test_"))


@pytest.mark.parametrize("program, count", on_every_engine())
def test_what_every_engine_promises(program, count, build, cluster, database):
    there = {"ASP_TEST_DATABASE": str(cluster.folder), "ASP_TEST_DATABASE_NAME": database}
    run = execute(build / "tests" / "unit" / program, env=there, timeout=300)
    if run.code == 77:
        pytest.skip(run.out.strip())
    assert run.code == 0, run
    assert f"100%: Checks: {count}, Failures: 0, Errors: 0" in run.out
