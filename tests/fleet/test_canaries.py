"""What is secret is where it has to be, and nowhere else: app passwords, primary passwords and the passwords of the database, on
a machine that comes to it over the network, while all of its programs are at work. With a store in files:
tests/services/test_canaries.py."""

import os

import pytest
from certificates import Authority
from network import FOLDER, PASSFILE, Networked, networked
from support.every_door import TOLD, Doors, new_primary
from support.folders import contents
from support.self_service import SelfService
from support.wait import wait_until

TABLES = "SELECT table_name::text AS name FROM information_schema.tables WHERE table_schema = 'asp'"
# libpq keeps the password of its connection as long as that lives. The test's own connection tells the server what it is.
KEEP_ROLES = ("asp-broker", "asp-admin", "postgres")


class Far(Networked, SelfService):
    """One whose users act on their own accounts."""


@pytest.fixture
def place(layer, build, sandboxes, postgres, tmp_path):
    """A machine with a store, and the server."""
    if not (build / "asp-web" / "asp-web").exists():
        pytest.skip("asp-web is not built: no libmicrohttpd")
    with networked(layer, build, Authority(tmp_path / "authority"), Far) as (machine, server):
        machine.always = ['primary: { realm = "office"; };', f"database: {{ {machine.way} {PASSFILE} }};"]
        machine.configure()
        sql = machine.store("init", "--sql").done().out
        server.connect(database="asp").ask(sql)
        machine.set_passwords(server, {"asp_node": new_primary(), "asp_admin": new_primary()})
        machine.store("join").done()
        server.hang_up()
        yield machine, server


@pytest.fixture
def doors(place, folder):
    machine, _ = place
    with Doors(machine, folder) as one:
        wait_until(lambda: machine.sandbox.run("test", "-e", "/var/lib/asp/feed").code == 0)
        yield one


def tables_of(server):
    """Every row that there is of the store, of who may come, and of what is asked just now."""
    owner = server.connect(database="asp")
    names = [f"asp.{row['name']}" for row in owner.ask(TABLES)]
    return {name: repr(owner.ask(f"SELECT * FROM {name}")).encode() for name in (*names, "pg_authid", "pg_stat_activity")}


def written(folder, since):
    """The bytes of every file of the server's that it has written since then."""
    return {path: data for path, data in contents(folder).items() if os.stat(path).st_mtime >= since}


def all_was_seen(machine, doors, files, tables):
    """Who looks at nothing finds nothing."""
    for part in ("asp-broker", "asp-admin watch", "--json create", "postgres: "):
        assert any(part in command for command in doors.looker.commands()), part
    assert b"asp-account" in tables["asp.account"] and b"SCRAM-SHA-256$" in tables["pg_authid"]
    assert any("/pg_wal/" in name for _, name in files)
    assert "ASP_USER=alice" in machine.sandbox.read(TOLD)


def may_be(place, secret, machine):
    """What is of the database, where that has to be."""
    if secret not in machine.passwords.values():
        return False
    return any(f"the memory of {name} (" in place for name in KEEP_ROLES) or place.endswith(FOLDER[len("/etc") :] + "/pass")


# Lesson: pam_mysql #77.
# Lesson: a canary through every door.
def test_a_secret_is_where_it_has_to_be_and_nowhere_else(place, doors):
    machine, server = place
    doors.all()
    assert all(ok for ok, _ in machine.doctor())
    files, tables = doors.looker.open_files(), tables_of(server)
    doors.secrets += machine.passwords.values()
    search = doors.search_all()
    for places in (files, tables, {"the database's log": server.log().encode()}, written(server.data, doors.began)):
        search.look_in_all(places)
    found = search.found(doors.secrets)
    assert {one for one in found if not may_be(str(one[0]), one[1], machine)} == set()
    assert {secret for place, secret, _ in found if str(place).endswith("/pass")} == {*machine.passwords.values()}
    all_was_seen(machine, doors, files, tables)
