"""Fixtures of the tests of a machine of its own. tests/booted/boot starts them there, and nobody starts them elsewhere."""

import os
import pathlib

import pytest
from booted_machine import SOCKETS, Machine
from support.sessions import begin_idle

HERE = pathlib.Path(__file__).parent


def pytest_collection_modifyitems(items):
    for item in items:
        if "ASP_BOOTED" not in os.environ and item.path.parent == HERE:
            item.add_marker(pytest.mark.skip("this machine is not for tests to change: tests/run booted boots one"))


@pytest.fixture(scope="session")
def whole_machine():
    """Everything is installed and set up, and what comes up at a boot is enabled."""
    machine = Machine()
    machine.systemctl("enable", *SOCKETS, "asp-watch.service")
    return machine


@pytest.fixture
def machine(whole_machine):
    return whole_machine.reset()


@pytest.fixture
def idle(machine):
    """Begins an IMAP session that waits in IDLE; it ends with the test."""
    sessions = []

    def begin(user, password):
        sessions.append(begin_idle(machine, user, password, 143))
        return sessions[-1]

    yield begin
    for session in sessions:
        session.end()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """What the journal has belongs to the failure."""
    report = (yield).get_result()
    if report.failed and (machine := item.funcargs.get("whole_machine")) is not None:
        report.sections.append(("the journal", "\n".join(machine.journal()[-60:])))
