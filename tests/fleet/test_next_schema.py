"""A store of this schema comes to the next one: `store init` of a program that has it, while machines with this one go on."""

import contextlib
import itertools
import shutil

import cluster as clusters
import pytest
from machine import Node
from support.pam_codes import AUTHINFO_UNAVAIL, SUCCESS
from support.run import TREE, execute

pytestmark = pytest.mark.long

COMMAND = "/etc/asp/primaries"
LINES = ("virtual_users = true;", f'primary: {{ source = "command"; command = "{COMMAND}"; }};')
LATER = "the database is of a later version: upgrade pam_asp on this machine"
# What a program of it calls in the place of one of before, and which is not there before.
TAKE, TAKE_NEXT = "asp.take_lease($1", "asp.take_lease_next($1"

SCHEMA = """
DO $asp$
DECLARE
  before text;
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  before := current_setting('role');
  PERFORM FROM asp.store s WHERE s.schema < 2 FOR UPDATE;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  PERFORM set_config('role', 'asp_owner', true);
  ALTER TABLE asp.account ADD remark text NOT NULL DEFAULT '';
  CREATE FUNCTION asp.take_lease_next(
    what text, holder text, seconds int, OUT mine boolean, OUT held_by text, OUT left_ms bigint
  )
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT * FROM asp.take_lease(what, holder, seconds)
  $$;
  REVOKE ALL ON FUNCTION asp.take_lease_next FROM PUBLIC;
  GRANT EXECUTE ON FUNCTION asp.take_lease_next TO asp_node;
  UPDATE asp.store SET schema = 2;
  PERFORM set_config('role', before, true);
END $asp$;
"""

BUILD = """
meson setup "$1/build" "$1/tree" --buildtype=plain -Ddatabase=enabled -Dweb=disabled
ninja -C "$1/build" asp-admin/asp-admin asp-broker/asp-broker
"""


def change(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.fixture(scope="module")
def next_build(build, tmp_path_factory):
    """The programs of this tree, with one more schema, of which they make use."""
    folder = tmp_path_factory.mktemp("next")
    shutil.copytree(TREE, folder / "tree", symlinks=True, ignore=shutil.ignore_patterns(".git"))
    place = folder / "tree" / "asp" / "pgsql"
    (place / "schema-2.sql").write_text(SCHEMA.lstrip())
    change(place / "meson.build", "schemas = ['schema-1.sql']", "schemas = ['schema-1.sql', 'schema-2.sql']")
    change(place / "lease.c", TAKE, TAKE_NEXT)
    execute("bash", "-euo", "pipefail", "-c", BUILD, "bash", folder, timeout=900).done()
    return folder / "build"


@pytest.fixture(scope="module")
def cluster(postgres):
    """Who comes as root is one who makes roles."""
    with clusters.running() as server:
        server.connect().ask("CREATE ROLE root LOGIN SUPERUSER")
        yield server


names = (f"next_{number}" for number in itertools.count())


@pytest.fixture
def place(cluster):
    """The name of a database with a store of this schema."""
    name = cluster.database(next(names))
    cluster.connect(database=name).ask(clusters.SCHEMA)
    return name


class Machine(Node):
    def __init__(self, *where, programs=None):
        super().__init__(*where, *LINES, wait=5000)
        if programs is not None:
            self.upgrade(programs)
        self.sandbox.write(COMMAND, "#!/bin/sh\nprintf 'alice\\tone\\n'\n", mode="755")
        self.begin()

    def upgrade(self, programs):
        self.admin = programs / "asp-admin" / "asp-admin"
        self.broker = programs / "asp-broker" / "asp-broker"

    def labels(self):
        return sorted(entry["label"] for entry in self.entries() if entry["state"] == "active")

    def store(self, *words):
        return self.sandbox.run(self.admin, "store", *words)

    def begin_again(self):
        self.end()
        self.begin()


@pytest.fixture
def machines(layer, build, next_build, sandboxes, cluster, place):
    """One with the programs of this tree, and one with the next."""
    with contextlib.ExitStack() as stack:
        found = []
        for programs in (None, next_build):
            found.append(Machine(layer, build, cluster, place, programs=programs))
            stack.callback(found[-1].close)
            stack.callback(found[-1].end)
        yield found


def test_all_goes_on_while_machines_are_upgraded_one_after_the_other(machines, next_build, cluster, place):
    old, new = machines
    owner = cluster.open(database=place)
    password = old.create("alice", "Phone")
    assert old.login(password) == SUCCESS

    # A program that is newer than the store goes on with it, but where it needs what is not there.
    assert new.login(password) == SUCCESS
    new.create("alice", "Tablet")
    new.asp_admin("revoke", "alice", "--label", "Tablet").done()
    run = new.asp_admin("watch", "--once").refused(5)
    assert "there is no store, or one of an older schema (SQLSTATE 42883)" in run.err
    assert "run asp-admin store init" in run.err
    (row,) = [row for row in new.store("join", "--json").document(1) if not row["ok"] and row["check"] == "schema"]
    assert row["message"] == "its schema is 1, and has not all that this version makes use of"
    assert row["mend"] == "as who may: asp-admin store init"

    # What this tree has does nothing more to it, and what the next one has does it once.
    id = owner.one("SELECT id::text FROM asp.store")[:8]
    nothing = "the store {}, of schema {}, is there: nothing is to be done\n"
    assert old.store("init").done().out == nothing.format(id, 1)
    said = f"brought the store {id} from schema 1 to 2; machines that know only the former go on\n"
    assert new.store("init").done().out == said
    assert new.store("init").done().out == nothing.format(id, 2)
    assert old.store("init").done().out == nothing.format(id, 2)
    assert owner.ask("SELECT schema, oldest FROM asp.store") == [{"schema": 2, "oldest": 1}]
    assert owner.one("SELECT remark FROM asp.account") == ""

    # All is there for both, and each sees what the other does.
    for machine, other in ((old, new), (new, old)):
        assert machine.login(password) == SUCCESS
        made = machine.create("alice", "Watch")
        assert other.login(made) == SUCCESS
        machine.asp_admin("revoke", "alice", "--label", "Watch").done()
        assert other.login(made) != SUCCESS
        assert machine.labels() == ["Phone"]
        assert machine.store("check").done()
        machine.asp_admin("watch", "--once").done()
        owner.ask("DELETE FROM asp.lease")
    assert new.store("join", "--json").document()

    # A copy there and back leaves it for both.
    new.store("copy", "database", "files").done()
    assert owner.ask("SELECT oldest, before FROM asp.store") == [{"oldest": 0, "before": 1}]
    new.store("copy", "files", "database").done()
    assert owner.one("SELECT oldest FROM asp.store") == 1
    assert old.login(password) == new.login(password) == SUCCESS

    # Once what was there before is given up, who knows only that is told so, and nothing is lost.
    texts = owner.ask("SELECT * FROM asp.account")
    owner.ask("SELECT asp.close_store(2)")
    assert old.login(password) == AUTHINFO_UNAVAIL
    for words in (("list", "alice"), ("revoke", "alice", "--all"), ("create", "alice", "--label", "Desk")):
        assert LATER in old.asp_admin(*words).refused(5).err, words
    assert owner.ask("SELECT * FROM asp.account") == texts
    assert (new.login(password), new.labels()) == (SUCCESS, ["Phone"])
    old.upgrade(next_build)
    old.begin_again()
    assert (old.login(password), old.labels()) == (SUCCESS, ["Phone"])
    owner.close()


def test_an_empty_database_comes_to_the_last_schema_at_once_and_by_psql_too(machines, cluster):
    _, new = machines
    printed = new.store("init", "--sql").done().out
    assert printed == clusters.SCHEMA + SCHEMA.lstrip()
    for name, first in (("from_nothing", ""), ("from_before", clusters.SCHEMA)):
        cluster.database(name)
        words = ["psql", "-XqAt", "-h", cluster.folder, "-U", "postgres", "-v", "ON_ERROR_STOP=1", "-d", name]
        for text in (first, printed, printed):
            cluster.program(*words, input=text).done()
        assert cluster.connect(database=name).ask("SELECT schema, oldest FROM asp.store") == [{"schema": 2, "oldest": 1}]
