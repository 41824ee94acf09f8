"""`asp-admin store` on a machine and a PostgreSQL that is as the manual has it: who comes is told by the system."""

import itertools
import json
import re
import signal
from datetime import datetime, timedelta

import cluster as clusters
import pytest
from store import part_of, pin
from support.account_text import lines_of_text, sealed
from support.run import TREE, as_user, execute
from support.sandbox import open_installed
from support.service import Service
from support.wait import wait_until

# Those of the tests themselves, and everybody else by what the system says of her.
ACCESS = "local all postgres trust\nlocal all all peer map=asp\n"
USERS = "asp games asp_node\nasp root asp_admin\nasp daemon daemon\n"
# PostgreSQL has the names of this machine: there asp-broker is called as who has its number.
BROKER = "useradd --system --no-create-home --non-unique --uid $(id -u games) asp-broker"

CONFIGURATION = """
virtual_users = true;
primary: {{ source = "none"; }};
database: {{ hosts = ( {{ address = "{folder}"; }} ); name = "{name}"; wait = 5000; }};
"""

SQL = "asp-admin store init --sql | sudo -u postgres psql -d "


@pytest.fixture(scope="module")
def cluster(postgres):
    with clusters.running(access=ACCESS) as server:
        (server.data / "pg_ident.conf").write_text(USERS)
        server.server.send_signal(signal.SIGHUP)
        yield server


class Machine(Service):
    """`database` is the one that it is to be of."""

    def __init__(self, layer, build, cluster):
        super().__init__(open_installed(layer, build), build)
        self.cluster = cluster
        self.sandbox.shell(f"getent passwd postgres || useradd --system postgres; {BROKER}").done()

    def begin(self, database, *lines):
        """It has nothing of a store yet."""
        self.database = database
        self.reset(CONFIGURATION.format(folder=self.cluster.folder, name=database), *lines)

    def ask(self, sql):
        return self.cluster.connect(database=self.database).ask(sql)

    def one(self, sql):
        return self.cluster.connect(database=self.database).one(sql)

    def which(self):
        return self.one("SELECT id::text FROM asp.store")

    def store(self, *words, user="root"):
        return self.sandbox.run(*(as_user(user) if user != "root" else ()), self.admin, "store", *words)

    def says(self, code, *words, user="root"):
        """The one line that it is refused with."""
        return self.store(*words, user=user).refused(code).err.removeprefix("asp-admin: ").rstrip("\n")

    def found(self, *words, code=0):
        """What was found by each check: whether all is well, and what is so."""
        rows = {}
        for row in self.store(*words, "--json").document(code):
            assert row["ok"] == (row["mend"] is None), row
            rows.setdefault(row["check"], []).append((row["ok"], row["message"]))
        return rows


@pytest.fixture(scope="module")
def place(layer, build, sandboxes, cluster):
    machine = Machine(layer, build, cluster)
    yield machine
    machine.sandbox.close()


names = (f"store_{number}" for number in itertools.count())


@pytest.fixture
def machine(place, cluster):
    """One with an empty database."""
    place.begin(cluster.database(next(names)))
    return place


@pytest.fixture
def joined(machine):
    machine.store("init", user="postgres").done()
    machine.store("join").done()
    return machine


# init


def test_what_init_prints_makes_a_store_by_psql(machine, cluster):
    machine.sandbox.shell("rm -r /etc/asp").done()
    run = machine.store("init", "--sql", user="alice").done()
    assert run.out == clusters.SCHEMA
    words = ["psql", "-XqAt", "-h", cluster.folder, "-U", "postgres", "-v", "ON_ERROR_STOP=1", "-d", machine.database]
    cluster.program(*words, input=run.out).done()
    assert machine.one("SELECT schema FROM asp.store") == 1
    assert machine.store("init", "--sql", "--json").document() == {"sql": clusters.SCHEMA}


def test_init_makes_one_as_who_runs_it_and_then_nothing_more(machine):
    run = machine.store("init", user="postgres").done()
    store = machine.which()
    assert run.out == f"made the store {store[:8]}, of schema 1; next, on each machine: asp-admin store join\n"
    run = machine.store("init", user="postgres").done()
    assert run.out == f"the store {store[:8]}, of schema 1, is there: nothing is to be done\n"
    told = machine.store("init", "--json", user="postgres").document()
    assert told == {"store": store, "schema": 1, "parts": 64, "made": False}
    assert machine.which() == store


def test_who_may_not_make_one_is_shown_how_one_does_who_may(machine):
    assert machine.says(5, "init").endswith(f'; or, as who may: {SQL}{machine.database}')
    machine.ask("DROP ROLE IF EXISTS daemon; CREATE ROLE daemon LOGIN")
    line = machine.says(5, "init", user="daemon")
    assert "SQLSTATE 42501" in line and line.endswith(f"; or, as who may: {SQL}{machine.database}")
    assert machine.one("SELECT count(*) FROM pg_namespace WHERE nspname = 'asp'") == 0


@pytest.mark.parametrize(
    "where, why, what_to_do",
    [
        ({"name": "not_made"}, "SQLSTATE 3D000", "asp-store(7) has how one is made, and how one that was lost is restored"),
        ({"folder": "/run/nowhere"}, "no answer", "see that PostgreSQL runs there, and that this machine reaches it"),
    ],
)
def test_where_nobody_could_make_one_it_is_said_what_is_missing(machine, cluster, where, why, what_to_do):
    machine.configure(CONFIGURATION.format(**{"folder": cluster.folder, "name": machine.database, **where}))
    for word in ("init", "join"):
        line = machine.says(5, word, user="postgres" if word == "init" else "root")
        assert why in line and what_to_do in line, line


def aged(text, days):
    """An account's text, as if all in it had been that many days ago."""
    earlier = lambda found: (datetime.fromisoformat(found[0]) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return sealed([re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", earlier, line) for line in lines_of_text(text)])


def test_after_a_restore_what_the_backup_did_not_know_to_be_used_does_not_end_at_once(joined):
    """One was used when it had been made, as far as that knows, and one was not."""
    passwords = {label: joined.create("alice", label, "--unused", "7d", "--app", "mail") for label in ("Phone", "Tablet")}
    connection = joined.cluster.connect(database=joined.database)
    body = connection.one("SELECT body FROM asp.account")
    connection.ask("UPDATE asp.account SET body = $1", aged(body.decode(), 20))
    (phone,) = [row for row in joined.entries() if row["label"] == "Phone"]
    created = int(datetime.fromisoformat(phone["created"]).timestamp())
    used = "INSERT INTO asp.used SELECT part, name, $1, $2, $2, 'imap', '' FROM asp.account"
    connection.ask(used, phone["id"], created)
    connection.ask("UPDATE asp.store SET uses_since = uses_since - interval '20 d'")

    def verdicts():
        check = lambda password: joined.asp_admin("check", "alice", "--service", "imap", input=f"{password}\n").code
        return {row["label"]: (row["state"], check(passwords[row["label"]])) for row in joined.entries()}

    ended = {label: ("unused", 1) for label in passwords}
    assert verdicts() == ended
    run = joined.store("init", "--uses-lost", user="postgres").done()
    nothing, known = run.out.splitlines()
    assert nothing == f"the store {joined.which()[:8]}, of schema 1, is there: nothing is to be done"
    assert known == "last uses are known from now on: what was not used since counts as unused from here"
    assert verdicts() == {label: ("active", 0) for label in passwords}
    connection.ask("UPDATE asp.store SET uses_since = uses_since - interval '8 d'")
    assert verdicts() == ended


# join


def test_a_machine_joins_and_looks(machine, cluster):
    machine.store("init", user="postgres").done()
    store = machine.which()
    run = machine.store("join").done()
    assert machine.sandbox.read("/var/lib/asp/store-id") == pin(store)
    assert [line.split()[:2] for line in run.out.splitlines()] == [
        [check, "ok"] for check in ("store", "way", "schema", "role", "role", "clock", "standby", "logins")
    ]
    found = machine.found("join")
    assert found["store"] == [(True, f"this machine had joined before: it is of {store[:8]}")]
    assert found["way"] == [(True, f"{cluster.folder}, a Unix socket: the system says who comes")]
    assert found["role"] == [
        (True, "asp_admin may all that asp-admin does"), (True, "asp_node may all that asp-broker does")
    ]
    assert found["clock"] == [(True, "the database's and this machine's are the same")]
    assert found["standby"][0][1].startswith("note: synchronous_standby_names is empty")
    machine.create("alice", "Phone")


def test_a_machine_that_is_of_one_store_joins_no_other(joined, cluster):
    before, first = joined.which(), joined.sandbox.read("/var/lib/asp/store-id")
    other = cluster.database("another_store")
    cluster.connect(database=other).ask(clusters.SCHEMA)
    after = cluster.connect(database=other).one("SELECT id::text FROM asp.store")
    joined.configure(CONFIGURATION.format(folder=cluster.folder, name=other))
    mend = (
        "; name in asp.conf the database that this machine is of; or, where it is to be of this one: "
        "rm /var/lib/asp/store-id && asp-admin store join"
    )
    said = f"this machine is of the store {before[:8]}, and in the database there is {after[:8]}"
    assert joined.says(5, "join") == said + mend
    for words in (["check"], ["tidy"]):
        assert joined.says(5, *words) == "it is another database than the one that was joined" + mend
    assert joined.sandbox.read("/var/lib/asp/store-id") == first


def test_before_there_is_a_store_join_says_so(joined, cluster):
    joined.begin(cluster.database("no_store_yet"))
    assert joined.says(5, "join").endswith("; run asp-admin store init")
    assert joined.sandbox.run("test", "-e", "/var/lib/asp/store-id").code == 1


def test_a_machine_of_a_store_is_not_told_to_make_another(joined, cluster):
    """As where the database was lost, or the server is another one."""
    empty = cluster.database("no_store_any_more")
    joined.configure(CONFIGURATION.format(folder=cluster.folder, name=empty))
    for words in (["join"], ["check"]):
        assert "there is no store" in joined.says(5, *words)
        assert joined.says(5, *words).endswith(
            "; name in asp.conf the database that the store is in; one that was lost is restored as asp-store(7) has it"
        )


def test_join_says_where_logins_are_refused(joined, cluster):
    """All is well but for what is told of writes, which nobody can make known any more."""
    joined.ask("UPDATE asp.pulse SET at = now() - interval '1 h'")
    joined.ask("CREATE FUNCTION asp.keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'")
    joined.ask("CREATE TRIGGER keep BEFORE UPDATE ON asp.pulse FOR EACH ROW EXECUTE FUNCTION asp.keep()")
    found = joined.found("join", code=1)
    ((ok, said),) = found.pop("logins")
    assert not ok and said.startswith("nobody is let in: the database has known of no write on its standbys for more than")
    assert all(ok for rows in found.values() for ok, _ in rows)


def test_a_machine_that_has_not_joined_is_told_to(machine):
    machine.store("init", user="postgres").done()
    line = "/var/lib/asp does not say which database this machine is of; asp-admin store join"
    machine.sandbox.shell("install -d -m 700 /var/lib/asp /var/lib/asp/users /var/lib/asp/used /var/lib/asp/locks").done()
    for words in (["check"], ["tidy"]):
        assert machine.says(5, *words) == line


def let_in(cluster, users):
    """From the next connection on."""
    read = cluster.connect().one("SELECT pg_conf_load_time()")
    (cluster.data / "pg_ident.conf").write_text(users)
    cluster.server.send_signal(signal.SIGHUP)
    wait_until(lambda: cluster.connect().one("SELECT pg_conf_load_time()") > read)


@pytest.fixture
def as_root_alone(cluster):
    """PostgreSQL lets root in as both roles, and asp-broker as none."""
    let_in(cluster, USERS.replace("games", "root"))
    yield
    let_in(cluster, USERS)


def test_the_brokers_role_is_looked_at_as_who_comes_as_it(joined, as_root_alone):
    found = joined.found("join", code=1)
    ok, said = found["role"][1]
    assert not ok and said.startswith("asp_node, asp-broker's role, is not let in: "), said
    # Who logs in is answered by that role alone.
    assert "logins" not in found


def test_what_a_machine_finds_wrong_is_a_fault_and_it_has_joined_all_the_same(joined, cluster):
    joined.ask("UPDATE asp.store SET schema = 2, oldest = 2")
    joined.ask("REVOKE EXECUTE ON FUNCTION asp.tidy FROM asp_admin")
    cluster.connect().ask("ALTER SYSTEM SET synchronous_standby_names = 'one'")
    cluster.connect().ask("SELECT pg_reload_conf()")
    try:
        joined.begin(joined.database)
        joined.configure(CONFIGURATION.format(folder=cluster.folder, name=joined.database).replace(
            "hosts =", 'user = "stranger"; hosts ='))
        found = joined.found("join", code=1)
    finally:
        cluster.connect().ask("ALTER SYSTEM RESET synchronous_standby_names")
        cluster.connect().ask("SELECT pg_reload_conf()")
    assert found["store"] == [(True, f"this machine has joined {joined.which()[:8]}")]
    assert found["schema"] == [(False, "its schema is 2, for later versions of pam_asp alone")]
    assert found["role"][0] == (False, "asp_admin may not all that asp-admin does")
    assert found["role"][1][0] is False
    assert re.match("stranger, asp-broker's role, is not let in: database .*28000", found["role"][1][1])
    ((ok, said),) = found["standby"]
    assert not ok and said.startswith("a commit waits for 1 standby, and 0 of those that it may be are there: no change of")


@pytest.mark.parametrize("seconds, word", [(-100, "ahead of"), (100, "behind")])
def test_a_clock_that_is_another_is_a_fault(joined, tmp_path, seconds, word):
    library = tmp_path / "clock.so"
    execute("cc", "-D_GNU_SOURCE", "-shared", "-fPIC", "-o", library, TREE / "tests" / "cli" / "clock.c").done()
    words = ["env", f"LD_PRELOAD={library}", f"ASP_TEST_CLOCK={seconds}", joined.admin, "store", "join", "--json"]
    ((ok, said),) = [(row["ok"], row["message"]) for row in joined.sandbox.run(*words).document(1) if row["check"] == "clock"]
    assert (ok, bool(re.fullmatch(rf"the database's clock is (99|100) s {word} this machine's", said))) == (False, True), said


def test_a_store_that_was_closed_is_a_fault(joined):
    joined.ask("SELECT asp.close_store(0)")
    assert joined.found("join", code=1)["schema"] == [(False, "the store was closed: it has moved to another place")]


# check


@pytest.fixture(scope="module")
def filled(place, cluster):
    """A store of accounts with app passwords that expire, one that was removed, and what was told of it."""
    place.begin(cluster.database("filled"))
    place.store("init", user="postgres").done()
    place.store("join").done()
    place.create("alice", "Phone", "--expires", "90d")
    place.create("alice", "Tablet", "--expires", "2d")
    place.create("alice", "Laptop")
    place.create("bob", "Phone")
    place.create("carol", "Phone", "--expires", "90d")
    for label in ("Tablet", "Laptop"):
        place.asp_admin("revoke", "alice", "--label", label).done()
    place.asp_admin("remove", "carol").done()
    cluster.hang_up()
    return "filled"


@pytest.fixture
def full(place, cluster, filled):
    """A copy of that, which the machine has joined."""
    name = next(names)
    cluster.connect().ask(f"CREATE DATABASE {name} TEMPLATE {filled}")
    place.begin(name)
    place.store("join").done()
    return place


COUNTS = [("accounts", [(True, "2, with 4 app passwords; 1 that was removed")]), ("events", [(True, "3")])]


def test_check_reads_all_and_counts(full):
    assert list(full.found("check").items()) == COUNTS


def test_a_check_of_nothing_is_well(joined):
    assert joined.found("check")["accounts"] == [(True, "0, with 0 app passwords; 0 that were removed")]


def test_check_reads_more_than_a_page(joined):
    joined.create("alice", "Phone")
    joined.ask("INSERT INTO asp.account (part, name, tag, past) SELECT 0, 'u' || n, n, ARRAY[n] FROM generate_series(1, 2500) n")
    found = joined.found("check", code=1)
    assert len(found["account"]) == sum(part_of(f"u{n}") != 0 for n in range(1, 2501))
    assert found["accounts"] == [(True, "1, with 1 app password; 2500 that were removed")]


ALICE, BOB, CAROL = map(part_of, ("alice", "bob", "carol"))
DAMAGE = {
    "a byte of its text": (
        "UPDATE asp.account SET body = set_byte(body, 30, get_byte(body, 30) # 1) WHERE name = 'alice'",
        "account", "alice: it is damaged",
    ),
    "no text": ("UPDATE asp.account SET body = '' WHERE name = 'alice'", "account", "alice: "),
    "the text of another": (
        "UPDATE asp.account SET body = (SELECT body FROM asp.account WHERE name = 'bob') WHERE name = 'alice'",
        "account", "alice: it is the file of another user",
    ),
    "another part": (
        f"UPDATE asp.account SET part = {(BOB + 1) % 64} WHERE name = 'bob'",
        "account", f"bob: it is in part {(BOB + 1) % 64}, and nobody finds it there: {BOB} is its",
    ),
    "an expiry less": (
        "DELETE FROM asp.expiry WHERE name = 'alice'", "account", "alice: its expiries are not those of its app passwords",
    ),
    "an expiry more": (
        f"INSERT INTO asp.expiry VALUES ({ALICE}, 'alice', 'zz', date_trunc('second', now()) + interval '1 d')",
        "account", "alice: its expiries are not those of its app passwords",
    ),
    "another expiry": (
        "UPDATE asp.expiry SET at = at + interval '1 s' WHERE name = 'alice'",
        "account", "alice: its expiries are not those of its app passwords",
    ),
    "an expiry of who was removed": (
        f"INSERT INTO asp.expiry VALUES ({CAROL}, 'carol', 'zz', date_trunc('second', now()) + interval '1 d')",
        "account", "carol: it was removed, and has expiries all the same",
    ),
    "an expiry of nobody": (
        "INSERT INTO asp.expiry VALUES (7, 'dave', 'zz', date_trunc('second', now()) + interval '1 d')",
        "part", "7: 1 of its expiries are of no account",
    ),
    "a gap": (
        f"DELETE FROM asp.ended WHERE part = {ALICE} AND seq = 1",
        "part", f"{ALICE}: its events are not those behind 0 and up to",
    ),
    "the last event": (
        f"DELETE FROM asp.ended WHERE part = {ALICE} AND seq = (SELECT seq FROM asp.feed WHERE part = {ALICE})",
        "part", f"{ALICE}: its events are not those behind 0 and up to",
    ),
    "an event that was not": (
        f"UPDATE asp.feed SET seq = seq - 1 WHERE part = {ALICE}", "part", f"{ALICE}: its events are not those behind 0 and up to",
    ),
    "another event": (
        f"UPDATE asp.feed SET tag = 1 WHERE part = {ALICE}", "part", f"{ALICE}: its events are not those behind 0 and up to",
    ),
}


def test_a_damaged_account_is_in_the_database_and_not_in_a_folder(joined):
    joined.create("alice", "Phone")
    joined.ask(DAMAGE["a byte of its text"][0])
    what = "alice in the database: it is damaged: its digest does not match"
    mend = "restore it from a backup, or drop it: asp-admin remove alice"
    assert joined.asp_admin("list", "alice").refused(5).err == f"asp-admin: {what}; {mend}\n"


def test_the_name_of_a_damaged_account_that_may_be_an_app_password_is_looked_up_in_the_database(joined):
    name = "0f6n5ebvkcawyz8kgpjkew5at"
    joined.create(name, "Phone")
    joined.ask("UPDATE asp.account SET body = substr(body, 1, 50)")
    said = joined.asp_admin("list", name).refused(5).err
    assert name not in said
    assert said.endswith(
        "drop it: asp-admin remove, with the name that stands in the table asp.account and is not written here, since it may "
        "be an app password\n"
    )


@pytest.mark.parametrize("damage", DAMAGE)
def test_check_finds(full, damage):
    statement, check, message = DAMAGE[damage]
    full.ask(statement)
    found = full.found("check", code=1)
    ((ok, said),) = found[check]
    assert (ok, said.startswith(message)) == (False, True), said
    assert set(found) == {check, "accounts", "events"}
    shown = full.store("check")
    assert (shown.code, "FAULT" in shown.out, "mend:" in shown.out) == (1, True, True), shown


# tidy


def test_tidy_takes_away_what_is_old_and_nothing_else(full):
    nothing = {"events": 0, "accounts": 0, "expiries": 0, "uses": 0}
    assert full.store("tidy", "--json").document() == nothing
    full.ask("UPDATE asp.ended SET at = at - interval '31 days'")
    full.ask("UPDATE asp.account SET written = written - interval '31 days'")
    full.ask(f"INSERT INTO asp.expiry VALUES ({BOB}, 'bob', 'zz', date_trunc('second', now()) - interval '31 days')")
    full.ask(f"INSERT INTO asp.used VALUES ({CAROL}, 'carol', 'zz', 1, 2, 'imap', '')")
    last = full.one("SELECT count(*) FROM asp.feed WHERE seq > 0")
    run = full.store("tidy").done()
    assert run.out == (
        f"took away what is older than 30 days: {3 - last} event{'' if last == 2 else 's'}, 1 account that was removed, "
        "1 expiry; and 1 use of accounts that are not there\n"
    )
    assert full.store("tidy", "--json").document() == nothing
    found = full.found("check")
    assert found["accounts"] == [(True, "2, with 4 app passwords; 0 that were removed")]
    assert found["events"] == [(True, str(last))]


# files


def test_what_was_in_files_is_exported_and_imported(machine):
    joins = machine.sandbox.read("/etc/asp/asp.conf")
    machine.reset("virtual_users = true;", 'primary: { source = "none"; };')
    machine.create("alice", "Phone", "--expires", "90d")
    machine.create("bob", "Phone")

    def exported():
        """Whose they are, and what they are."""
        lines = machine.asp_admin("export").done().out
        return lines, [(account["user"], account["entries"]) for account in map(json.loads, lines.splitlines())]

    lines, accounts = exported()
    machine.sandbox.shell("rm -r /var/lib/asp").done()
    machine.sandbox.write("/etc/asp/asp.conf", joins)
    machine.store("init", user="postgres").done()
    machine.store("join").done()
    machine.asp_admin("import", input=lines).done()
    assert machine.found("check")["accounts"] == [(True, "2, with 2 app passwords; 0 that were removed")]
    assert exported()[1] == accounts


# the line


@pytest.mark.parametrize(
    "words, said",
    [
        ([], "store needs a word behind it: init, join, copy, check or tidy"),
        (["joni"], "there is no store joni: did you mean join?"),
        (["move"], "there is no store move: it takes init, join, copy, check or tidy"),
        (["join", "here"], "store join takes nothing behind it"),
        (["check", "--sql"], "store check takes no --sql: store init does"),
    ],
)
def test_a_line_that_is_wrong_is_told_so(machine, words, said):
    assert machine.says(2, *words) == said


def test_without_a_database_in_the_configuration_there_is_no_such_store(machine):
    machine.reset("virtual_users = true;")
    for word in (["init"], ["join"], ["copy", "files", "database"], ["check"], ["tidy"]):
        assert machine.says(6, *word) == "/etc/asp/asp.conf names no database: see asp-store(7)"


def test_but_for_init_it_is_for_root(machine):
    for word, *more in (["join"], ["copy", "files", "database"], ["check"], ["tidy"]):
        assert machine.says(5, word, *more, user="alice") == f"store {word} is for root: run asp-admin as root"
