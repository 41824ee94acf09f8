"""The units as they are installed: systemd has nothing to say of them, they start, and are started by whoever asks first."""

import pytest
from booted_machine import CONF, HOOKS, SERVICES, SOCKETS, http_login, imap_login
from support.passwords import wrong
from support.run import as_user
from support.wait import wait_until


def is_let_in(password):
    """By a broker that may not have begun yet: on a machine with more to do than it can, that takes longer than anybody is
    held."""
    wait_until(lambda: http_login("alice", password) == "in", "she is not let in")


def test_systemd_finds_nothing_to_say_about_the_units(machine):
    run = machine.run("systemd-analyze", "verify", "--man=no", *SERVICES, *SOCKETS).done()
    assert (run.out, run.err) == ("", "")


def test_nothing_that_was_started_has_failed(machine):
    assert machine.systemctl("is-system-running") == "running\n"
    assert machine.systemctl("is-enabled", "asp-watch.service", *SOCKETS) == "enabled\n" * 3


def test_the_first_login_as_www_data_starts_the_broker(machine):
    password = machine.create(app="calendar")
    assert [machine.state(unit) for unit in (*SERVICES[:2], *SOCKETS)] == ["inactive", "inactive", "active", "active"]
    is_let_in(password)
    assert [machine.state(unit) for unit in SERVICES[:2]] == ["active", "inactive"]
    (line,) = [line for line in machine.journal() if "verdict=" in line and "verdict=unavailable" not in line]
    assert line.startswith("verdict=accepted ") and line.endswith('via="www-data"')
    assert http_login("alice", wrong(password)) == "refused"


def test_a_login_as_root_starts_no_broker(machine):
    password = machine.create()
    assert (imap_login("alice", password), imap_login("alice", wrong(password))) == ("in", "refused")
    assert machine.state("asp-broker.service") == "inactive"


def test_the_first_who_acts_on_her_own_account_starts_the_other_broker(machine):
    machine.create()
    assert machine.state("asp-self.service") == "inactive"
    run = machine.run(*as_user("alice"), "asp-admin", "list").done()
    assert "Phone" in run.out
    assert [machine.state(unit) for unit in SERVICES[:2]] == ["inactive", "active"]


def test_watch_is_started_when_it_says_that_it_is_ready(machine):
    assert machine.show("asp-watch.service", "Type") == "notify"
    machine.systemctl("restart", "asp-watch.service")
    assert machine.show("asp-watch.service", "SubState") == "running"
    machine.asp_admin("watch").refused(5)


def test_a_reload_has_watch_read_the_configuration(machine):
    """And it is the same process afterwards."""
    pid = machine.show("asp-watch.service", "MainPID")
    machine.write(CONF, "limit = many;\n")
    machine.systemctl("reload", "asp-watch.service")
    machine.says("the configuration that was read before is kept")
    machine.write(CONF, HOOKS)
    machine.systemctl("reload", "asp-watch.service")
    assert machine.show("asp-watch.service", "MainPID") == pid
    assert machine.state("asp-watch.service") == "active"


@pytest.mark.parametrize("unit", SERVICES)
def test_a_service_that_was_killed_comes_back(machine, unit):
    password = machine.create(app="calendar")
    machine.systemctl("start", unit)
    pid = machine.show(unit, "MainPID")
    machine.systemctl("kill", "--signal=KILL", unit)
    wait_until(lambda: machine.show(unit, "SubState") == "running" and machine.show(unit, "MainPID") not in ("0", pid))
    is_let_in(password)
