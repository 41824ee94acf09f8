"""What a user is told on her own account while the database does not answer."""

import contextlib

import pytest
from support.self_service import STORE
from test_passwords import Home

NOWHERE = "/tmp/nowhere"


@pytest.fixture(scope="module")
def home(layer, build, sandboxes, cluster, database):
    machine = Home(layer, build, cluster, database, "virtual_users = true;", 'primary: { source = "none"; };')
    with contextlib.closing(machine):
        machine.again()
        yield machine


def test_who_is_not_root_hears_that_it_does_not_answer_and_nothing_of_where_it_is(home, cluster):
    with home.typist("alice") as alice:
        assert alice.admin("list")[0] == 0
        home.sandbox.shell(f"sed -i 's|{cluster.folder}|{NOWHERE}|' /etc/asp/asp.conf").done()
        for words in (["list"], ["history"]):
            code, shown = alice.admin(*words)
            assert (code, " ".join(shown.split())) == (STORE, "asp-admin: the database does not answer: try later")
    run = home.asp_admin("list", "alice")
    assert (run.code, f"database {NOWHERE}: no answer: " in run.err) == (STORE, True), run
