"""A machine that was taken over is shut out as doc/fleet.md says: what it says is done, and what that machine can do is tried."""

import re

import cluster as clusters
import pytest
from libpq import Refused
from support.run import TREE

PAGE = (TREE / "doc" / "fleet.md").read_text()


def lines_of(first, store):
    """The lines of the page's block that begins so, for the database of this store."""
    block = re.search(rf"(?m)^    {re.escape(first)}.*(?:\n    .*)*", PAGE).group()
    return [line.strip().replace("IN DATABASE asp ", f'IN DATABASE "{store}" ') for line in block.splitlines()]


@pytest.fixture
def store(cluster, request):
    name = cluster.database(request.node.name)
    cluster.connect(database=name).ask(clusters.SCHEMA)
    yield name
    for role in ("asp_node", "asp_admin"):
        cluster.connect().ask(f"ALTER ROLE {role} LOGIN; ALTER ROLE {role} RESET ALL; ALTER ROLE {role} PASSWORD NULL")


def settings(cluster, role):
    words = "SELECT coalesce(rolconfig, '{}')::text FROM pg_roles WHERE rolname = $1"
    return cluster.connect().one(words, role)


def test_what_it_has_set_or_closed_is_as_before_and_it_is_not_connected_any_more(cluster, store):
    before = settings(cluster, "asp_node")
    cluster.open("asp_admin", store).ask("SELECT asp.close_store(0)")
    taken = cluster.open("asp_node", store)
    taken.ask("ALTER ROLE asp_node PASSWORD 'mine'; ALTER ROLE asp_node SET default_transaction_read_only = on")
    taken.ask(f'ALTER ROLE asp_node IN DATABASE "{store}" SET default_transaction_read_only = on')
    dba = cluster.connect(database=store)
    for line in lines_of("ALTER ROLE asp_node NOLOGIN", store):
        dba.ask(line)
    with pytest.raises(Refused):
        taken.ask("SELECT asp.beat()")
    with pytest.raises(Refused):
        cluster.open("asp_node", store)
    assert settings(cluster, "asp_node") == "{}"
    dba.ask(clusters.SCHEMA)
    for line in lines_of("ALTER ROLE asp_node LOGIN", store):
        dba.ask(line)
    assert settings(cluster, "asp_node") == before
    node = cluster.open("asp_node", store)
    assert node.ask("SELECT asp.beat()")
    assert node.one("SELECT oldest FROM asp.load(0::smallint, 'alice', '')") == 1
    node.close()
    taken.close()


def test_the_transaction_that_does_not_end_is_found_and_ended(cluster, store):
    """That of who says that no time-out is his."""
    taken = cluster.open("asp_node", store)
    taken.ask("SET idle_in_transaction_session_timeout = 0; BEGIN; SELECT asp.beat()")
    query = re.search(r"`(SELECT pid, usename.*?)`", PAGE, re.S).group(1).replace("interval '2 min'", "interval '0 min'")
    found = cluster.connect(database=store).ask(query.replace("\n", " "))
    assert "asp_node" in [row["usename"] for row in found]
    for row in found:
        if row["usename"] == "asp_node":
            cluster.connect(database=store).ask("SELECT pg_terminate_backend($1)", row["pid"])
    with pytest.raises(Refused):
        taken.ask("COMMIT")
    taken.close()
