"""`asp-admin log` on lines that the module really wrote, see logged.py: in files of both forms and in the journal."""

import json

import pytest
from logged import (
    FILES,
    FORGOTTEN,
    HOSTS,
    LABELS,
    LOGGER,
    NAMES,
    PROGRAMS,
    SERVICES,
    VERDICTS,
    VIA,
    VICTIM,
    LoggedMail,
    logged,
)
from support.passwords import PRIMARY
from support.recipes import recipe, with_module

FORMS = {**FILES, "journal": "journal"}

# Of the stack migration/asp-either.
PRIMARIES = {"right": "203.0.113.1", "wrong": "203.0.113.2", "none": "203.0.113.3", "app": "203.0.113.4"}


class ReadMail(LoggedMail):
    """That mail server, where POP3 takes the primary password too."""

    def write_all(self):
        self.sandbox.write("/etc/pam.d/pop3", with_module(recipe("migration/asp-either"), self.build))
        phone = self.create("alice", "Laptop", "--app", "mail")
        logins = [
            ("right", "alice", PRIMARY["alice"], True),
            ("right", "alice", PRIMARY["alice"], True),
            ("wrong", "alice", "password", False),
            ("none", "nginx", "password", False),
            ("app", "alice", phone, True),
        ]
        for kind, user, password, opens in logins:
            assert self.auth(user, password, "pop3", PRIMARIES[kind]) == opens, kind
        # Which is read as long as it is awaited in there.
        super().write_all()

    def read(self, form, *words):
        run = self.asp_admin("log", "--json", "--file", FORMS[form], *words).done()
        return json.loads(run.out), run.err


@pytest.fixture(scope="module")
def machine(sandboxes, layer, build):
    with logged(ReadMail, layer, build, "journalctl") as mail:
        yield mail


@pytest.fixture(params=FORMS)
def form(request):
    return request.param


def by_host(rows, hosts):
    """What is counted of each of these addresses."""
    counted = [(row["rhost"], (row["user"], row["verdict"], row["count"])) for row in rows]
    return {host: [row for rhost, row in counted if rhost == host] for host in hosts}


def test_each_verdict_is_counted_for_its_address(machine, form):
    rows, _ = machine.read(form)
    counted = by_host(rows, VERDICTS.values())
    assert {host: [row[1:] for row in found] for host, found in counted.items()} == {
        host: [(verdict, 1)] for verdict, host in VERDICTS.items()
    }
    assert {verdict: [row[1] for row in by_host(rows, [host])[host]] for verdict, host in VIA.items()} == {
        verdict: [verdict] for verdict in VIA
    }


def test_who_was_let_in_by_the_primary_password_is_told_from_who_was_not(machine, form):
    rows, _ = machine.read(form)
    found = {row["rhost"]: (row["user"], row["verdict"], row["count"], row["let_in"]) for row in rows}
    assert {kind: found[host] for kind, host in PRIMARIES.items()} == {
        "right": ("alice", "not-an-app-password", 2, 2),
        "wrong": ("alice", "not-an-app-password", 1, 0),
        "none": ("nginx", "no-account", 1, 0),
        "app": ("alice", "accepted", 1, None),
    }
    primary, _ = machine.read(form, "--primary")
    first = primary[0]
    assert (first["user"], first["service"], first["rhost"]) == ("alice", "pop3", PRIMARIES["right"])
    assert (first["count"], first["let_in"]) == (2, 2) and first["first"] <= first["last"]
    assert not any(row["let_in"] for row in primary[1:])
    assert {PRIMARIES["wrong"], PRIMARIES["none"]} <= {row["rhost"] for row in primary[1:]}


def test_forgotten_devices_are_named_by_their_labels(machine, form):
    rows, _ = machine.read(form, "--refused")
    found = {row["rhost"]: (row["label"], row["verdict"]) for row in rows}
    hosts = {VERDICTS[verdict] for verdict in FORGOTTEN} | {VIA["revoked"], *LABELS}
    assert set(found) == hosts
    assert found[VERDICTS["revoked"]] == found[VIA["revoked"]] == ("Lost", "revoked")
    assert found[VERDICTS["wrong-network"]] == ("Home", "wrong-network")
    assert {host: found[host] for host in LABELS} == {host: (label, "revoked") for host, label in LABELS.items()}


def test_a_name_is_shown_as_it_was_typed_and_is_no_line(machine, form):
    rows, _ = machine.read(form)
    assert by_host(rows, [VICTIM]) == {VICTIM: []}
    for host, name in NAMES.items():
        # What may be an app password is not in the log.
        shown = None if "n" * 25 in name else name
        assert {row["user"] for row in rows if row["rhost"] == host} == {shown}, host


def test_a_host_that_is_none_is_none(machine, form):
    rows, _ = machine.read(form)
    for host in HOSTS:
        assert [row for row in rows if row["rhost"] == (host or None) and row["verdict"] == "wrong-secret"], host


def test_a_service_or_program_with_an_odd_name_is_not_counted(machine, form):
    rows, said = machine.read(form)
    plain = {host for host, service in SERVICES.items() if service.isalnum()}
    assert {host for host, found in by_host(rows, [*SERVICES, *PROGRAMS]).items() if found} == plain
    assert "not as it writes them" in said


def test_what_a_user_has_written_herself_is_counted_in_a_file_alone(machine, form):
    rows, said = machine.read(form)
    assert bool(by_host(rows, [LOGGER])[LOGGER]) == (form != "journal")
    assert ("not counted: 1 line by programs that are not root's" in said) == (form == "journal")


def test_without_a_file_it_finds_the_log(machine):
    def default():
        return json.loads(machine.asp_admin("log", "--json").done().out)

    assert default() == machine.read("traditional")[0]
    machine.sandbox.run("mv", "/var/log/auth.log", "/var/log/secure").done()
    try:
        assert default() == json.loads(machine.asp_admin("log", "--json", "--file", "/var/log/secure").done().out)
        machine.sandbox.run("mv", "/var/log/secure", "/var/log/kept").done()
        assert default() == machine.read("journal")[0]
        machine.sandbox.run("mv", "/var/log/kept", "/var/log/secure").done()
    finally:
        machine.sandbox.run("mv", "/var/log/secure", "/var/log/auth.log").done()


def test_the_journal_is_asked_for_a_part_of_it(machine):
    assert machine.read("journal", "--since", "1h") == machine.read("journal")
    # Times are whole seconds: a second ago is up to two.
    machine.sandbox.run("sleep", "2.1").done()
    rows, said = machine.read("journal", "--since", "1s")
    assert rows == [] and "there is nothing in the journal since then" in said
