"""A machine that comes to its database over the network: by TLS, and as a role that a password or a certificate proves."""

import pytest
from certificates import Authority
from machine import leave_none
from network import BY_CERTIFICATE, BY_PASSWORD, CERTIFICATE, FOLDER, NAME, PASSFILE, PASSWORDS, networked
from support.pam_codes import AUTH_ERR, AUTHINFO_UNAVAIL, SUCCESS
from support.wait import wait_until
from support.watch import running_watch

HOOK, RUNS = "/etc/asp/hook", "/run/hook-runs"
SESSIONS = """
SELECT a.usename || ' ' || a.application_name AS who, s.ssl AND s.version LIKE 'TLSv1._' AS safe, s.client_dn
FROM pg_stat_activity a JOIN pg_stat_ssl s USING (pid) WHERE a.usename LIKE 'asp_%'
"""


@pytest.fixture(scope="module")
def place(layer, build, sandboxes, postgres, authority):
    """A machine whose root has made the store, and which has joined it."""
    with networked(layer, build, authority) as (machine, server):
        assert machine.make_store(server).out.startswith("made the store ")
        rows = machine.store("join", "--json").document()
        assert [row["message"] for row in rows if row["check"] == "way"] == [f"{NAME}, by TLSv1.3"]
        server.hang_up()
        yield machine, server


@pytest.fixture
def machine(place, tmp_path):
    """One that comes by a password, whose store is empty."""
    machine, server = place
    leave_none(server.connect(database="asp"))
    server.let_in(BY_PASSWORD)
    machine.put_files()
    machine.comes(PASSFILE)
    machine.sandbox.shell(f"rm -f {RUNS}").done()
    machine.sandbox.write(HOOK, f'#!/bin/sh\necho "$ASP_USER $ASP_IDS" >>{RUNS}\n', mode="755")
    return machine


@pytest.fixture
def server(place):
    return place[1]


def lives(machine, server, folder, *how):
    """All that there is: who is let in, and is not once that was revoked; and the hook that a watch runs then."""
    machine.comes(*how, more=[f'hooks: {{ revoked = "{HOOK}"; }};'])
    with machine.serving(), running_watch(machine.sandbox, machine.admin, folder):
        wait_until(lambda: machine.sandbox.run("test", "-e", "/var/lib/asp/feed").code == 0)
        made = machine.create("alice", "Phone", "--app", "calendar")
        assert machine.login(made) == SUCCESS
        sessions = server.connect().ask(SESSIONS)
        assert {"asp_node asp-broker", "asp_admin asp-admin watch"} <= {row["who"] for row in sessions}
        assert all(row["safe"] for row in sessions), sessions
        machine.asp_admin("revoke", "alice", made[:2]).done()
        assert machine.login(made) == AUTH_ERR
        wait_until(lambda: machine.sandbox.run("cat", RUNS).out == f"alice {made[:2]}\n", machine.log_file.messages)
    ((ok, said), *notes) = machine.doctor()
    assert ok and said.endswith(f", at {NAME}, by TLSv1.3") and all(ok for ok, _ in notes)
    machine.sandbox.run("rm", "/var/lib/asp/feed").done()
    return {row["client_dn"] for row in sessions}


def test_by_a_password(machine, server, folder):
    assert lives(machine, server, folder, PASSFILE) == {None}


def test_by_a_certificate_of_its_own(machine, server, folder):
    server.let_in(BY_CERTIFICATE)
    machine.sandbox.run("rm", f"{FOLDER}/pass").done()
    assert lives(machine, server, folder, CERTIFICATE) == {"/CN=mx1"}


def other_authority(machine, server, tmp_path):
    machine.put_files(Authority(tmp_path / "other", "another authority").ca)


def other_name(machine, server, tmp_path):
    text = machine.sandbox.read("/etc/asp/asp.conf")
    machine.sandbox.write("/etc/asp/asp.conf", text.replace(NAME, "db2.example"))


def open_to_others(machine, server, tmp_path):
    machine.sandbox.run("chmod", "644", f"{FOLDER}/pass").done()


def other_password(machine, server, tmp_path):
    machine.put_passwords({**PASSWORDS, "asp_admin": "another", "asp_node": "another"})


def no_certificate(machine, server, tmp_path):
    server.let_in(BY_CERTIFICATE)


def without_tls(machine, server, tmp_path):
    """The server would let it in without, and the machine does not come so."""
    server.let_in("hostnossl asp all 127.0.0.1/32 trust")


REFUSED = {
    other_authority: "certificate verify failed",
    other_name: f'server certificate for "{NAME}" does not match host name "db2.example"',
    open_to_others: f"{FOLDER}/pass can be read by others than its owner",
    other_password: "password authentication failed",
    no_certificate: "connection requires a valid client certificate",
    without_tls: "no pg_hba.conf entry for host",
}


@pytest.mark.parametrize("what", REFUSED, ids=lambda what: what.__name__)
def test_nobody_is_let_in_by_a_way_that_is_not_safe(machine, server, tmp_path, what):
    """Nor does anything else come of it; doctor says why. Once it is mended all goes on, without a restart of the broker."""
    made = machine.create("alice", "Phone", "--app", "calendar")
    before = machine.sandbox.read("/etc/asp/asp.conf")
    with machine.serving():
        what(machine, server, tmp_path)
        assert machine.login(made) == AUTHINFO_UNAVAIL
        for words in (["store", "join"], ["list", "alice"], ["revoke", "alice", "--all"]):
            run = machine.asp_admin(*words)
            assert (run.code, REFUSED[what] in run.err) == (5, True), run
            assert not [password for password in PASSWORDS.values() if password in run.err]
        ((ok, said),) = machine.doctor()
        assert not ok and REFUSED[what] in said
        server.let_in(BY_PASSWORD)
        machine.sandbox.write("/etc/asp/asp.conf", before)
        machine.put_files()
        wait_until(lambda: machine.login(made) == SUCCESS, machine.log_file.messages)
