"""Two machines with one store in a database, and each with a shadow file of its own: alice is a user of both, and her
passwords are not the same. What is remembered of hers is of the machine on which her first one was made."""

import json
import time

import pytest
from machine import begin_again, leave_none, two_realms
from support.pam_codes import AUTH_ERR, SUCCESS
from support.wait import wait_until
from support.watch import counts, once


@pytest.fixture(scope="module")
def machines(layer, build, sandboxes, cluster, database):
    with two_realms(layer, build, cluster, database) as found:
        yield found


@pytest.fixture
def realms(owner, machines):
    leave_none(owner)
    begin_again(machines)
    return machines


def made(machine, user="alice"):
    return machine.create(user, "Phone", "--app", "calendar")


def remembered(owner):
    """The line of alice's account that has the fingerprint."""
    text = owner.one("SELECT convert_from(body, 'UTF8') FROM asp.account WHERE name = 'alice'")
    assert text.splitlines()[0] == 'asp-account 2 user="alice"'
    return text.splitlines()[1]


def doctor(machine):
    """What doctor says of primary passwords, each with whether it is well."""
    rows = json.loads(machine.asp_admin("--json", "doctor").out)
    return [(row["ok"], row["message"]) for row in rows if row["check"] == "primary"]


def set_unseen(machine, user="alice"):
    """A new primary password, past every PAM stack."""
    machine.sandbox.run("chpasswd", "--crypt-method", "SHA512", input=f"{user}:another one\n").done()


def test_what_is_made_in_one_realm_opens_in_the_other(realms, owner):
    office, lab = realms
    password = made(office)
    before = remembered(owner)
    assert before.startswith("primary=shadow@office,")
    for _ in range(2):
        assert (office.login(password), lab.login(password)) == (SUCCESS, SUCCESS)
        assert (once(office), once(lab)) == (counts(accounts=1), counts(accounts=1))
    assert remembered(owner) == before


def test_a_login_writes_nothing_into_the_folder_of_its_machine(realms):
    """Of a shadow file that was compared and found the same there is nothing to be kept: uses are in the database."""
    office, _ = realms
    password = made(office)

    def change(path, how):
        return office.sandbox.run("stat", "-c", how, path).done().out

    # What was changed a moment ago may be changed again in it.
    wait_until(lambda: time.time() - int(change("/etc/shadow", "%Z")) > 3)
    before = change("/var/lib/asp/used", "%y")
    assert office.login(password) == SUCCESS
    assert change("/var/lib/asp/used", "%y") == before


def test_a_new_primary_password_in_the_realm_revokes_everywhere(realms, owner):
    office, lab = realms
    password = made(office)
    office.set_primary("alice", "a new one")
    (entry,) = lab.json("list", "alice", "--all")
    assert (entry["state"], entry["revoked"]["reason"]) == ("revoked", "primary-password")
    assert entry["revoked"]["by"] == "pam:chpasswd"
    assert (office.login(password), lab.login(password)) == (AUTH_ERR, AUTH_ERR)
    assert remembered(owner).startswith("primary=shadow@office,")


def test_a_new_primary_password_in_another_realm_revokes_nothing(realms, owner):
    office, lab = realms
    password = made(office)
    before = remembered(owner)
    lab.set_primary("alice", "a new one")
    assert (lab.login(password), office.login(password)) == (SUCCESS, SUCCESS)
    set_unseen(lab)
    assert (lab.login(password), office.login(password)) == (SUCCESS, SUCCESS)
    assert once(lab) == counts(accounts=1)
    lab.sandbox.run("usermod", "--lock", "alice").done()
    assert (lab.login(password), office.login(password)) == (SUCCESS, SUCCESS)
    assert remembered(owner) == before


def test_watch_sees_it_in_the_realm_alone(realms):
    office, lab = realms
    password = made(office)
    for machine in realms:
        set_unseen(machine)
    assert once(lab) == counts(accounts=1)
    assert lab.login(password) == SUCCESS
    assert once(office) == counts(accounts=1, changed=1, revoked=1)
    assert (office.login(password), lab.login(password)) == (AUTH_ERR, AUTH_ERR)
    assert once(lab) == counts(accounts=1)


def test_a_login_sees_it_in_the_realm_alone(realms):
    office, lab = realms
    password = made(office)
    set_unseen(office)
    assert lab.login(password) == SUCCESS
    assert office.login(password) == AUTH_ERR
    assert lab.login(password) == AUTH_ERR


def test_an_account_of_another_realm_gets_nothing_new_here(realms):
    office, lab = realms
    made(office)
    run = lab.asp_admin("create", "alice", "--label", "Tablet", "--quiet")
    assert run.code == 5 and run.out == "", run
    assert 'alice is compared in the realm "office", and this machine is of the realm "lab"' in run.err
    assert [entry["label"] for entry in office.json("list", "alice")] == ["Phone"]
    made(lab, "bob")
    office.create("alice", "Tablet")


def test_an_account_without_a_realm_gets_nothing_new_and_is_never_compared(realms, owner):
    office, _ = realms
    made(office)
    files = "/etc/asp/files.conf"
    office.sandbox.write(files, 'store = "/var/lib/files";\n')
    words = ("create", "alice", "--label", "Phone", "--app", "calendar", "--quiet")
    password = office.asp_admin("--config", files, *words).done().out.strip()
    text = office.sandbox.read("/var/lib/files/users/alice")
    assert "\nprimary=shadow," in text
    owner.ask("UPDATE asp.account SET body = $1 WHERE name = 'alice'", text.encode())
    for machine in realms:
        run = machine.asp_admin("create", "alice", "--label", "Tablet", "--quiet")
        assert run.code == 5 and "alice was remembered without a realm" in run.err, run
        ((ok, message),) = doctor(machine)
        assert not ok and "alice (none)" in message
        set_unseen(machine)
        assert machine.login(password) == SUCCESS
        assert once(machine) == counts(accounts=1)
    assert owner.one("SELECT convert_from(body, 'UTF8') FROM asp.account WHERE name = 'alice'") == text


def test_doctor_names_accounts_of_another_realm(realms):
    office, lab = realms
    made(office)
    ((ok, message),) = doctor(lab)
    assert not ok and "not of the realm that is named behind each of alice (office)" in message
    ((ok, message),) = doctor(office)
    assert ok and "has a line for every user" in message


def test_an_account_comes_into_this_realm_by_an_import(realms, owner):
    office, lab = realms
    password = made(office)
    exported = lab.asp_admin("export", "alice").done().out
    assert json.loads(exported)["primary"].startswith("shadow@office,")
    run = lab.asp_admin("import", "--replace", input=exported).done()
    assert "alice was of another realm, or of none, when this was exported" in run.err
    assert remembered(owner).startswith("primary=shadow@lab,")
    set_unseen(office)
    assert (office.login(password), lab.login(password)) == (SUCCESS, SUCCESS)
    set_unseen(lab)
    assert (lab.login(password), office.login(password)) == (AUTH_ERR, AUTH_ERR)


def test_what_is_imported_in_its_own_realm_stays_what_it_is(realms, owner):
    office, _ = realms
    made(office)
    before = remembered(owner)
    exported = office.asp_admin("export", "alice").done().out
    office.asp_admin("remove", "alice").done()
    assert "realm" not in office.asp_admin("import", input=exported).done().err
    assert remembered(owner) == before
