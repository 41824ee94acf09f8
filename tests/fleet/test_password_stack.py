"""A primary password that is set on one of two machines with one store in a database: the broker there compares it, for no
module has a way to accounts, and what it revokes is revoked on both."""

import pytest
from machine import begin_again, leave_none, two_realms
from support import sanitizers
from support.pam_codes import AUTH_ERR, SUCCESS
from support.passwords import PRIMARY
from support.run import as_user
from support.service import CHAUTHTOK
from support.wait import LONG, comes_true, wait_until

NEW = "Second-pw-2?"
CAROL = "carol@example.org"  # she has no line in any shadow file: that the stack is reached is her change
STACK = "password required pam_permit.so\npassword optional pam_asp.so\n"


@pytest.fixture(scope="module")
def machines(layer, build, sandboxes, cluster, database):
    def prepare(node):
        node.sandbox.write("/etc/pam.d/directory", STACK)

    with two_realms(layer, build, cluster, database, lines=("virtual_users = true;",), prepare=prepare) as found:
        yield found


@pytest.fixture
def both(owner, machines):
    leave_none(owner)
    begin_again(machines)
    for machine in machines:
        machine.said()
    return machines


def begin_passwd(machine):
    """alice sets hers herself."""
    passwd = machine.sandbox.start(*as_user("alice"), "passwd", stdin=-1, stdout=-1, stderr=-1)
    passwd.stdin.write(f"{PRIMARY['alice']}\n{NEW}\n{NEW}\n")
    passwd.stdin.flush()
    return passwd


def begin_chauthtok(machine):
    """A program of root's sets that of carol."""
    return machine.sandbox.start(*sanitizers.host(), "/usr/bin/python3", "-c", CHAUTHTOK, "directory", CAROL, stdout=-1)


def end(passwd):
    out = passwd.communicate(timeout=LONG)
    assert passwd.returncode == 0, out


def revocations(machine):
    """Who has logged each since last asked, and whose they were."""
    return [(line.by, line.word("by"), line.word("user")) for line in machine.said() if "event=revoked" in line.text]


def states(machine, user="alice"):
    return [entry["state"] for entry in machine.entries(user)]


def test_what_a_user_does_by_passwd_revokes_on_both(both):
    office, lab = both
    made = office.create("alice", "Phone", "--app", "calendar")
    assert lab.login(made) == SUCCESS
    end(begin_passwd(office))
    assert (office.login(made), lab.login(made)) == (AUTH_ERR, AUTH_ERR)
    assert revocations(office) == [("asp-broker", "pam:passwd", "alice")]


def test_of_a_user_without_a_line_it_does_from_each_of_them(both):
    office, lab = both
    for machine in (office, lab):
        made = office.create(CAROL, "Phone", "--app", "calendar")
        assert lab.login(made, user=CAROL) == SUCCESS
        machine.said()
        machine.chauthtok("directory", CAROL)
        assert revocations(machine) == [("asp-broker", "pam:directory", CAROL)]
        assert (office.login(made, user=CAROL), lab.login(made, user=CAROL)) == (AUTH_ERR, AUTH_ERR)


def test_it_is_done_once_the_database_answers_again(both, cluster):
    office, lab = both
    made = office.create(CAROL, "Phone", "--app", "calendar")
    office.said()
    with cluster.hung():
        passwd = begin_chauthtok(office)
        # For longer than any question waits for its answer.
        assert not comes_true(lambda: any("not compared" in line for line in office.log_file.new()), 3)
    assert passwd.communicate(timeout=LONG)[0] == "0\n"
    wait_until(lambda: states(office, CAROL) == ["revoked"], "it is not revoked")
    assert lab.login(made, user=CAROL) == AUTH_ERR


def test_without_a_broker_it_is_said_and_the_next_login_sees_it(both):
    office, lab = both
    made = office.create("alice", "Phone", "--app", "calendar")
    office.end()
    try:
        office.set_primary("alice", NEW)
        (line,) = [line for line in office.said() if "not compared" in line.text]
        assert line.of_module and "accounts are kept in a database" in line.text
        assert states(office) == ["active"]
    finally:
        office.begin()
    assert office.login(made) == AUTH_ERR
    assert lab.login(made) == AUTH_ERR
