"""What AppArmor's profiles allow to asp-broker and asp-watch covers what these do with a database on the network; see
tests/services/test_apparmor.py."""

import pytest
from network import CERTIFICATE, PASSFILE, networked
from support import apparmor
from support.apparmor import ADMIN, BROKER, HAND_OVER, SHIPPED, STRACE, TRACES, covers, seen
from support.broker import SOCKET, serving
from support.pam_codes import AUTHINFO_UNAVAIL, SUCCESS
from support.wait import wait_until
from support.watch import running_watch

RULES = "abstractions/asp-database"


@pytest.fixture
def machine(layer, build, sandboxes, postgres, authority):
    """One that has joined a store, and shows a certificate and a password."""
    if reason := apparmor.untraced():
        pytest.skip(reason)
    with networked(layer, build, authority) as (machine, server):
        machine.make_store(server)
        machine.comes(PASSFILE, CERTIFICATE)
        machine.store("join").done()
        apparmor.begin(machine)
        yield machine


def test_the_profiles_allow_what_is_done_with_a_database(machine, folder):
    made = machine.create("alice", "Phone", "--app", "calendar")
    prefix = (*STRACE, f"{TRACES}/broker", "/usr/bin/python3", "-c", HAND_OVER, SOCKET)
    with serving(machine.sandbox, BROKER, prefix=prefix):
        wait_until(lambda: machine.login(made) != AUTHINFO_UNAVAIL, "the broker does not answer")
        assert machine.login(made) == SUCCESS
    covers(seen(machine.sandbox, BROKER), SHIPPED / "asp-broker", RULES)

    apparmor.begin(machine)
    machine.comes(PASSFILE, CERTIFICATE, more=['hooks: { revoked = "/bin/true"; };'])
    with running_watch(machine.sandbox, ADMIN, folder, prefix=(*STRACE, f"{TRACES}/watch")):
        wait_until(lambda: machine.sandbox.run("test", "-e", "/var/lib/asp/feed").code == 0, "it hears nothing")
    found = {(path, need) for path, need in seen(machine.sandbox, ADMIN) if not path.startswith(str(folder))}
    covers(found, SHIPPED / "asp-watch", RULES)
    for rule in ("/var/lib/asp/feed{,.new} rw,", "/var/lib/ r,"):
        assert apparmor.Profile(SHIPPED / "asp-watch", SHIPPED, left_out=rule).missing(found) != [], rule
