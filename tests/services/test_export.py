"""Accounts that go to another machine, with users of /etc/shadow: what is imported works there whatever the primary
password is, and a later change revokes it. The other machine is this one with another store."""

import json

import pytest
from support.service import Service

CONF = 'store = "/run/store";\n'


class Moving(Service):
    """Alice has an app password, which was exported; the store is empty again."""

    def __init__(self, sandbox, build):
        super().__init__(sandbox, build)
        sandbox.write("/etc/asp/asp.conf", CONF)
        sandbox.run("useradd", "--no-create-home", "alice").done()
        self.set_primary("alice", "the first one")
        self.password = self.create("alice", "Phone", "--app", "mail")
        self.text = self.asp_admin("export").done().out
        sandbox.run("rm", "-r", "/run/store").done()

    def import_(self, *words):
        return self.asp_admin("import", *words, input=self.text)

    def verdict_of(self):
        run = self.asp_admin("--json", "check", "alice", "--service", "imap", input=self.password)
        return json.loads(run.out)["verdict"]

    def watch(self):
        self.asp_admin("watch", "--once").done()
        return [entry["state"] for entry in self.entries()]


@pytest.fixture
def moving(sandbox, build):
    return Moving(sandbox, build)


def test_with_the_same_primary_password_it_is_exported_to_the_byte_and_a_change_revokes(moving):
    assert "another" not in moving.import_().done().err
    assert moving.verdict_of() == "accepted" and moving.watch() == ["active"]
    assert moving.asp_admin("export").done().out == moving.text
    moving.set_primary("alice", "the second one")
    assert moving.verdict_of() == "primary-changed"
    assert moving.watch() == ["revoked"]


def test_with_another_primary_password_it_is_said_and_a_later_change_revokes(moving):
    moving.set_primary("alice", "that of the other machine")
    assert "the primary password of alice is another than when this was exported" in moving.import_().done().err
    assert moving.verdict_of() == "accepted" and moving.watch() == ["active"]
    moving.set_primary("alice", "the second one")
    assert moving.watch() == ["revoked"]


def test_a_locked_primary_password_is_the_same_one(moving):
    moving.sandbox.run("usermod", "-L", "alice").done()
    assert "another" not in moving.import_().done().err
    assert moving.verdict_of() == "primary-locked"
    moving.sandbox.run("usermod", "-U", "alice").done()
    assert moving.verdict_of() == "accepted" and moving.watch() == ["active"]


def test_one_whose_account_has_expired_is_looked_at_all_the_same(moving):
    moving.set_primary("alice", "that of the other machine")
    moving.sandbox.run("usermod", "-e", "2001-01-01", "alice").done()
    assert "is another" in moving.import_().done().err
    moving.sandbox.run("usermod", "-e", "", "alice").done()
    assert moving.verdict_of() == "accepted" and moving.watch() == ["active"]


def test_one_without_a_hash_there(moving):
    moving.sandbox.run("usermod", "-p", "!", "alice").done()
    assert "is another" in moving.import_().done().err
    assert moving.verdict_of() == "accepted" and moving.watch() == ["active"]
    moving.set_primary("alice", "her first one")
    assert moving.watch() == ["revoked"]


def test_who_is_not_there_is_refused_until_she_is_made_or_said_to_be_virtual(moving):
    moving.sandbox.run("userdel", "alice").done()
    run = moving.import_()
    assert run.code == 1 and "the system knows no user alice" in run.err
    moving.sandbox.run("useradd", "--no-create-home", "alice").done()
    moving.set_primary("alice", "hers here")
    assert "is another" in moving.import_().done().err
    assert moving.verdict_of() == "accepted" and moving.watch() == ["active"]
    moving.asp_admin("remove", "alice").done()
    moving.sandbox.run("userdel", "alice").done()
    moving.import_("--virtual").done()
    assert moving.verdict_of() == "accepted" and moving.watch() == ["active"]


def test_where_nothing_is_compared_nothing_is_remembered(moving):
    moving.sandbox.write("/etc/asp/asp.conf", CONF + 'primary: { source = "none"; };\n')
    moving.import_().done()
    moving.sandbox.write("/etc/asp/asp.conf", CONF)
    moving.set_primary("alice", "that of the other machine")
    assert moving.watch() == ["active"]
