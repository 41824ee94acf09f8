"""asp.conf names another database, or store-id another store: that is taken by the next login, whatever is still open."""

import cluster as clusters
import pytest
from machine import Node, leave_none
from support.pam_codes import AUTH_ERR, AUTHINFO_UNAVAIL, SUCCESS, USER_UNKNOWN
from support.wait import wait_until

WORKERS = 2
LINES = ("virtual_users = true;", 'primary: { source = "none"; };', f"broker: {{ workers = {WORKERS}; }};")
PIN = "/var/lib/asp/store-id"
COPY = "INSERT INTO asp.account (part, name, tag, past, body) VALUES ($1, $2, $3, ARRAY[$3::bigint], $4)"


@pytest.fixture(scope="module")
def node(layer, build, sandboxes, cluster, database):
    made = Node(layer, build, cluster, database, *LINES, wait=5000, fence=0)
    made.begin()
    yield made
    made.end()
    made.close()


@pytest.fixture
def one(node, owner):
    leave_none(owner)
    node.configure()
    before = list(node.always)
    yield node
    node.always = before
    node.configure()


def names(node, database, other):
    """From now on its asp.conf names the other database."""
    node.always = [line.replace(f'name = "{database}"', f'name = "{other}"') for line in node.always]
    node.configure()


def another(cluster, database, request):
    name = f"{database}_{request.node.name}"[:63]
    cluster.connect().ask(f"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0")
    store = cluster.connect(database=name)
    store.ask(clusters.SCHEMA)
    return name, store


@pytest.fixture
def restored(cluster, owner, database, request):
    """Makes another database, with the same store as it is then."""

    def make():
        name, store = another(cluster, database, request)
        store.ask(f"UPDATE asp.store SET id = '{owner.one('SELECT id::text FROM asp.store')}'")
        for row in owner.ask("SELECT part, name, tag, body FROM asp.account"):
            store.ask(COPY, row["part"], row["name"], row["tag"], row["body"])
        return name, store

    return make


def logins(node, password):
    """What came of some at once, as many as reach each worker of the broker."""
    host = node.host("www-data")
    host.begin(*[(password, "nginx")] * 32 * WORKERS)
    return {answer.code for answer in host.answers()}


def test_what_is_revoked_in_another_database_is_so_from_the_next_login_on(one, restored, database):
    made = one.create("alice", "Phone", "--app", "calendar")
    assert logins(one, made) == {SUCCESS}
    name, _ = restored()
    names(one, database, name)
    one.asp_admin("revoke", "alice", "--all").done()
    assert logins(one, made) == {AUTH_ERR}


def test_a_use_is_told_to_the_database_in_which_it_was(one, restored, owner, database):
    made = one.create("alice", "Phone", "--app", "calendar")
    name, store = restored()
    assert one.login(made) == SUCCESS
    names(one, database, name)
    assert logins(one, made) == {SUCCESS}
    assert owner.one("SELECT count(*) FROM asp.used") == 1


def test_a_machine_that_joins_another_store_is_of_that_at_the_next_login(one, cluster, owner, database, request):
    made = one.create("alice", "Phone", "--app", "calendar")
    assert logins(one, made) == {SUCCESS}
    pin = one.sandbox.read(PIN)
    name, _ = another(cluster, database, request)
    names(one, database, name)
    try:
        assert one.login(made) == AUTHINFO_UNAVAIL
        one.sandbox.run("rm", PIN).done()
        one.asp_admin("store", "join").done()
        assert logins(one, made) == {USER_UNKNOWN}
    finally:
        one.sandbox.write(PIN, pin, mode="600")


def test_a_machine_that_is_told_to_be_of_none_any_more_is_of_none_at_the_next_login(one):
    made = one.create("alice", "Phone", "--app", "calendar")
    assert logins(one, made) == {SUCCESS}
    one.sandbox.run("mv", PIN, "/run/store-id").done()
    try:
        assert logins(one, made) == {AUTHINFO_UNAVAIL}
    finally:
        one.sandbox.run("mv", "/run/store-id", PIN).done()
    assert logins(one, made) == {SUCCESS}


def test_what_is_the_same_in_other_words_leaves_the_connection(one, owner):
    """And another wait is another connection: it is what TCP is told."""
    ask = "SELECT pid FROM pg_stat_activity WHERE application_name = 'asp-broker' AND datname = current_database()"
    made = one.create("alice", "Phone", "--app", "calendar")

    def connected():
        assert logins(one, made) == {SUCCESS}
        return {row["pid"] for row in owner.ask(ask)}

    before = connected()
    one.configure("# the same")
    assert connected() == before
    one.always = [line.replace("wait = 5000", "wait = 4000") for line in one.always]
    one.configure()
    wait_until(lambda: not connected() & before)
