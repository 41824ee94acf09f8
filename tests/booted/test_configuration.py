"""Another store, with the drop-ins that the units name; and an asp.conf that is broken and mended while they run."""

import pytest
from booted_machine import ASKED, CONF, HASH, HOOKS, SERVICES, http_login, imap_login
from support.run import as_user
from support.wait import wait_until

DROP_IN = "[Service]\nReadWritePaths=-/srv/asp\n"
BROKEN = "limit = many;\n"

MOVE = """
systemctl stop asp-watch asp-broker asp-self
cp -a /var/lib/asp /srv/asp
mv /var/lib/asp /var/lib/asp.before
"""
MOVE_BACK = "systemctl stop asp-watch asp-broker asp-self; mv /var/lib/asp.before /var/lib/asp"


@pytest.fixture
def moved(machine):
    machine.shell(MOVE).done()
    machine.write(CONF, f'store = "/srv/asp";\n{HOOKS}')
    yield machine
    machine.shell(MOVE_BACK).done()


def faults(machine):
    return [line for line in machine.asp_admin("doctor").out.splitlines() if "ReadWritePaths" in line]


def test_a_moved_store_is_written_with_the_drop_ins_that_the_units_name(moved, idle):
    assert faults(moved), "doctor names them before"
    for unit in ("asp-broker.service", "asp-watch.service"):
        moved.drop_in(unit, DROP_IN)
        moved.systemctl("restart", unit)
    assert faults(moved) == []
    assert http_login("alice", moved.create("alice", "Calendar", "calendar")) == "in"
    (entry,) = moved.entries()
    assert entry["last_used"]["service"] == "nginx", "the broker has written it"
    phone = moved.create()
    code, shown = moved.own("asp-admin", "create", "--label", "Own", "--app", "mail", answers=ASKED)
    assert code == 0, shown
    session = idle("alice", phone)
    moved.run("usermod", "--password", HASH, "alice").done()
    assert session.line(10) == "over"
    assert {state for _, state in moved.states()} == {"revoked"} and len(moved.states()) == 3
    assert moved.run("ls", "-A", "/var/lib/asp").code != 0, "nothing was written where it was"


def test_a_configuration_that_was_broken_meanwhile_needs_no_other_fix_than_its_own(machine, idle):
    """Nothing was started again: watch goes on with what it has read, and who is asked meanwhile lets nobody in."""
    calendar, phone = machine.create("alice", "Calendar", "calendar"), machine.create()
    machine.systemctl("start", *SERVICES)
    assert http_login("alice", calendar) == "in"
    machine.run(*as_user("alice"), "asp-admin", "list").done()
    before = [machine.show(unit, "MainPID") for unit in SERVICES]
    assert "0" not in before
    session = idle("alice", phone)
    machine.write(CONF, BROKEN)
    assert "in" not in (http_login("alice", calendar), imap_login("alice", phone))
    machine.says("the configuration that was read before is kept")
    assert session.line(0) is None
    machine.write(CONF, HOOKS)
    assert (http_login("alice", calendar), imap_login("alice", phone)) == ("in", "in")
    machine.run(*as_user("alice"), "asp-admin", "list").done()
    machine.run("usermod", "--password", HASH, "alice").done()
    assert session.line(10) == "over"
    assert [machine.show(unit, "MainPID") for unit in SERVICES] == before


def test_what_was_started_with_a_broken_configuration_comes_back_by_itself(machine):
    calendar = machine.create("alice", "Calendar", "calendar")
    for unit in SERVICES:
        machine.systemctl("start", unit)
    machine.write(CONF, BROKEN)
    for unit in SERVICES:
        machine.run("systemctl", "restart", unit)
    wait_until(lambda: all(int(machine.show(unit, "NRestarts")) > 0 for unit in SERVICES), "they are not tried again")
    assert http_login("alice", calendar) != "in"
    machine.write(CONF, HOOKS)
    for unit in SERVICES:
        wait_until(lambda unit=unit: machine.show(unit, "SubState") == "running", f"{unit} does not come back")
    assert http_login("alice", calendar) == "in"
    machine.run(*as_user("alice"), "asp-admin", "list").done()
