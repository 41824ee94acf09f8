"""The disk of the database is full: what is said to be done is, nobody is let in who should not be, and it goes on."""

import os

import cluster as clusters
import pytest
from machine import Node
from support.pam_codes import AUTH_ERR, SUCCESS

# Accounts for which there is room in pages that are there.
MANY = 400


@pytest.fixture
def full(postgres):
    if os.geteuid() != 0:
        pytest.skip("needs root: a disk that is small")
    with clusters.running(room="80m", min_wal_size="32MB", max_wal_size="32MB") as server:
        server.database("asp")
        server.connect(database="asp").ask(clusters.SCHEMA)
        yield server


@pytest.fixture
def node(layer, build, sandboxes, full):
    made = Node(layer, build, full, "asp", "virtual_users = true;", 'primary: { source = "none"; };')
    made.begin()
    yield made
    made.end()
    made.close()


def create(node, user):
    return node.asp_admin("create", user, "--label", "Phone", "--app", "calendar", "--quiet")


def test_what_was_said_to_be_done_is_there_and_it_goes_on(node, full):
    made = {user: node.create(user, "Phone", "--app", "calendar") for user in ("alice", "bob")}
    node.asp_admin("revoke", "bob", "--all").done()
    full.fill_disk()
    refused = []
    for at in range(MANY):
        run = create(node, f"user{at}")
        assert (run.code, run.out) == (5, "") or (run.code == 0 and not refused), run
        if run.code == 0:
            made[f"user{at}"] = run.out.strip()
        else:
            assert "53100" in run.err and "No space left" in run.err, run
            refused.append(f"user{at}")
        if len(refused) == 10:
            break
    assert len(refused) == 10
    # Reading needs no room.
    assert {user for user in made if node.login(made[user], user=user) == SUCCESS} == set(made) - {"bob"}
    assert node.login(made["bob"], user="bob") == AUTH_ERR
    assert {row["user"] for row in node.json("list")} == set(made)

    full.empty_disk()
    for user in refused:
        made[user] = create(node, user).done().out.strip()
    node.asp_admin("revoke", "alice", "--all").done()
    assert {user for user in made if node.login(made[user], user=user) == SUCCESS} == set(made) - {"alice", "bob"}
    assert node.asp_admin("store", "check").done()
