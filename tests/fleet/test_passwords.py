"""That a primary password was set is known to all machines with one store, whichever has seen it."""

import contextlib

import pytest
from machine import Joined, Node, leave_none
from support.recipes import with_module
from support.self_service import ASKED, DONE, SelfService

# Asks for a password and takes any, as that of a directory.
SIGN_IN = """
auth required pam_exec.so expose_authtok /bin/true
account required pam_permit.so
"""


class Home(Joined, SelfService):
    """One whose users act on their own accounts."""

    def __init__(self, layer, build, *where, **options):
        super().__init__(layer, build)
        self.join(*where, **options)
        self.sandbox.write("/etc/pam.d/asp-admin", SIGN_IN)


@pytest.fixture(scope="module")
def machines(layer, build, sandboxes, cluster, database):
    """Alice is a user of a directory on both: neither has a line of hers in its shadow file."""
    where = (layer, build, cluster, database, 'primary: { realm = "office"; };')
    with contextlib.ExitStack() as stack:
        home, node = Home(*where, wait=5000), Node(*where, wait=5000)
        for machine in (home, node):
            stack.callback(machine.close)
            machine.sandbox.shell("sed -i '/^alice:/d' /etc/shadow").done()
        node.sandbox.write("/etc/pam.d/directory", with_module("password required pam_asp.so\n", build))
        home.again()
        node.begin()
        stack.callback(node.end)
        yield home, node


def test_an_answer_on_one_machine_ends_when_the_password_stack_of_another_has_seen_a_change(machines, owner):
    home, node = machines
    leave_none(owner)
    with home.typist("alice") as alice:
        assert alice.admin("create", "--label", "one", answers=ASKED)[0] == DONE
        code, shown = alice.admin("create", "--label", "two")
        assert code == DONE and "Password" not in shown
        node.chauthtok("directory", "alice")
        assert alice.admin("create", "--label", "three", answers=ASKED)[0] == DONE
        # Where nothing is left that it could revoke, the account is as it was.
        assert alice.admin("revoke", "--all")[0] == DONE
        node.chauthtok("directory", "alice")
        assert alice.admin("create", "--label", "four", answers=ASKED)[0] == DONE
    revoked = [(label, "revoked") for label in ("one", "three", "two")]
    assert home.states() == [("four", "active"), *revoked]


def test_the_change_of_another_is_none(machines, owner):
    home, node = machines
    leave_none(owner)
    with home.typist("alice") as alice:
        assert alice.admin("create", "--label", "one", answers=ASKED)[0] == DONE
        node.chauthtok("directory", "bob")
        code, shown = alice.admin("create", "--label", "two")
        assert code == DONE and "Password" not in shown
