"""asp-admin doctor and the database that accounts are in, a real PostgreSQL: each fault, with its mend."""

import contextlib
import itertools
import re
import subprocess
import time

import cluster as clusters
import pytest
from support.account_text import lines_of_text, sealed
from support.run import ENVIRONMENT, MORTAL, TREE, execute
from support.wait import LONG, wait_until
from support.watch import running_watch
from test_store_command import CONFIGURATION, Machine

FEED = "/var/lib/asp/feed"
HOOK = "/etc/asp/hook"
UNIT = "/usr/lib/systemd/system/asp-broker.service"
SOCKET = "/usr/lib/systemd/system/asp-broker.socket"
DROP_INS = "/etc/systemd/system/asp-broker.service.d"
BY_TLS = 'database: { hosts = ( { name = "db1.example"; address = "127.0.0.1"; port = 9; } );'
NOTE = (
    "note: synchronous_standby_names is empty: what was reported, a revocation too, can be lost when a standby takes over"
)

names = (f"doctor_{number}" for number in itertools.count())


@pytest.fixture(scope="module")
def cluster(postgres):
    """One of its own: what is tried is of the whole cluster."""
    with clusters.running() as server:
        yield server


class Patient(Machine):
    def set_database(self, *changes, more=()):
        """Its asp.conf once more, each (text, another) of it changed."""
        text = CONFIGURATION.format(folder=self.cluster.folder, name=self.database)
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        self.configure(text, *more)

    def rows(self, check="database", prefix=()):
        run = self.sandbox.run(*prefix, self.admin, "--json", "doctor")
        assert (run.code in (0, 1), run.err) == (True, ""), run
        found = [row for row in run.document(run.code) if row["check"] == check]
        for row in found:
            assert row["ok"] == (row["mend"] is None), row
        return found

    def faults(self, **words):
        return [row for row in self.rows(**words) if not row["ok"]]

    def fault(self, pattern, **words):
        """The only one; its mend."""
        (fault,) = self.faults(**words)
        assert re.search(pattern, fault["message"]), fault
        return fault["mend"]

    def notes(self):
        assert self.faults() == []
        return [row["message"] for row in self.rows() if row["message"].startswith("note: ")]

    def sql(self, *statements):
        """As the cluster's superuser."""
        for statement in statements:
            self.ask(statement)

    @contextlib.contextmanager
    def with_sql(self, statement, back):
        self.sql(statement)
        try:
            yield
        finally:
            self.sql(back)


@pytest.fixture(scope="module")
def place(layer, build, sandboxes, cluster):
    machine = Patient(layer, build, cluster)
    yield machine
    machine.sandbox.close()


@pytest.fixture
def patient(place, cluster):
    """A machine that has joined an empty store, and is well."""
    place.sandbox.shell("rm -rf /run/systemd /etc/systemd/system/asp-*.d /usr/lib/systemd/system/asp-*").done()
    place.begin(cluster.database(next(names)))
    cluster.connect(database=place.database).ask(clusters.SCHEMA)
    place.store("join").done()
    return place


def test_a_database_that_is_well_is_told_in_one_line(patient, cluster):
    before, note = patient.rows()
    way = f"{cluster.folder}, a Unix socket: the system says who comes"
    assert (before["ok"], before["message"]) == (True, f"this machine is of the store {patient.which()[:8]}, at {way}")
    assert (note["ok"], note["message"]) == (True, NOTE)
    patient.create("alice", "Phone")
    assert patient.rows("accounts")[0]["message"] == "1 user, each account can be read"


def test_a_folder_of_the_store_that_is_missing_is_made_by_a_join(patient):
    patient.sandbox.run("rm", "-r", "/var/lib/asp").done()
    mend = patient.fault("^there is no store at /var/lib/asp: no app password is accepted$", check="store")
    assert mend == "mount it, or make it with asp-admin store join"
    patient.store("join").done()
    assert patient.faults(check="store") == []


def test_without_a_database_nothing_is_said_of_one(patient):
    patient.reset("virtual_users = true;")
    assert patient.rows() == []


def test_without_a_broker_nobody_is_let_in(patient):
    patient.sandbox.run("install", "-D", "-m", "644", TREE / "conf" / "systemd" / "asp-broker.socket", SOCKET).done()
    pattern = "^nobody listens at /run/asp/broker.sock: accounts are in a database, .* no app password is accepted on this"
    assert patient.fault(pattern, check="broker").endswith("/asp-broker as root, and keep it running")
    patient.sandbox.run("install", "-d", "/run/systemd/system").done()
    assert patient.fault(pattern, check="broker") == "systemctl enable --now asp-broker.socket"
    # Files are read by who is root without one.
    patient.configure("virtual_users = true;", 'primary: { source = "none"; };')
    assert patient.faults(check="broker") == []


# The way to it


def test_one_that_does_not_answer_is_told_with_each_host_and_why(patient, cluster):
    address = f'address = "{cluster.folder}";'
    patient.set_database((address, 'address = "/tmp/nowhere"; }, { name = "db2"; address = "/tmp/nobody";'))
    mend = patient.fault("^database /tmp/nowhere: no answer: .* No such file.*, and database db2: no answer: .* No such file")
    assert mend == "see that PostgreSQL runs there, and that this machine reaches it"
    # Nothing else is said of accounts that nobody can read.
    assert patient.rows("accounts") == []
    patient.set_database((address, 'address = "/tmp/nowhere"; }, { ' + address))
    patient.fault("^synchronous_standby_names is empty, and asp.conf names 2 hosts: ")


def test_one_that_hangs_is_told_in_time(patient, cluster):
    patient.set_database(("wait = 5000", "wait = 1000"))
    with cluster.hung():
        patient.fault("no answer: it has said nothing in time$")


def test_a_database_without_a_store_is_to_get_one(patient, cluster):
    patient.begin(cluster.database(next(names)))
    patient.sandbox.shell("install -d -m 700 /var/lib/asp /var/lib/asp/{users,used,locks}").done()
    assert patient.fault("there is no store [(]SQLSTATE 42P01[)]") == "run asp-admin store init"


def test_a_machine_that_has_not_joined_is_to(patient):
    patient.sandbox.run("rm", "/var/lib/asp/store-id").done()
    pattern = "^/var/lib/asp does not say which database this machine is of: nobody is let in$"
    assert patient.fault(pattern) == "asp-admin store join"
    assert patient.rows("accounts") == []
    patient.store("join").done()
    assert patient.faults() == []


def test_another_store_than_the_one_that_was_joined_is_a_fault(patient):
    patient.ask("UPDATE asp.store SET id = gen_random_uuid()")
    mend = patient.fault("^it is another database than the one that was joined: nobody is let in$")
    assert mend.startswith("name in asp.conf the database that this machine is of; or, ")
    patient.sandbox.shell(mend.partition("of this one: ")[2].partition(" && ")[0]).done()
    patient.store("join").done()
    assert patient.faults() == []


@pytest.mark.parametrize("damage", ["truncate -s 9", "chmod 666"])
def test_what_says_which_one_was_joined_may_be_damaged(patient, damage):
    patient.sandbox.shell(f"{damage} /var/lib/asp/store-id").done()
    assert "/var/lib/asp/store-id" in patient.fault("^/var/lib/asp/store-id .*: nobody is let in$")


SCHEMAS = {
    "UPDATE asp.store SET schema = 2, oldest = 2": (
        "its schema is 2, for later versions", "upgrade pam_asp on this machine",
    ),
    "SELECT asp.close_store(0)": (
        "the store was closed: it has moved",
        "name the database that it has moved to, and join that; or none, on the machine that has it in files now: see "
        "asp-store(7)",
    ),
}


@pytest.mark.parametrize("statement", SCHEMAS)
def test_a_store_that_is_not_for_this_version_is_a_fault(patient, statement):
    patient.ask(statement)
    message, mend = SCHEMAS[statement]
    assert patient.fault(f"^{message}") == mend
    assert patient.rows("accounts") == []


def test_without_tls_on_a_network_there_is_no_configuration(patient, cluster):
    patient.set_database((f'address = "{cluster.folder}"; }} );', 'address = "192.0.2.11"; } ); tls = "none";'))
    (fault,) = patient.faults(check="configuration")
    assert "without TLS it may be a Unix socket or an address of this machine alone" in fault["message"]


def test_clocks_that_differ_are_a_fault(patient, tmp_path):
    library = tmp_path / "clock.so"
    execute("cc", "-D_GNU_SOURCE", "-shared", "-fPIC", "-o", library, TREE / "tests" / "cli" / "clock.c").done()
    prefix = ("env", f"LD_PRELOAD={library}", "ASP_TEST_CLOCK=-100")
    mend = patient.fault("^the database's clock is (99|100) s ahead of this machine's$", prefix=prefix)
    assert mend == "have both follow one time server"


# Files


@pytest.fixture
def with_files(patient, tmp_path):
    """A machine that comes by TLS, to nobody: what is wrong with a file is told, and not what comes of it."""
    execute("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", "/CN=mx1", "-keyout", tmp_path / "key", "-out", tmp_path / "crt").done()
    for name in ("ca.crt", "node.crt"):
        patient.sandbox.write(f"/etc/asp/db/{name}", (tmp_path / "crt").read_text(), mode="644")
    patient.sandbox.write("/etc/asp/db/node.key", (tmp_path / "key").read_text(), mode="600")
    patient.sandbox.write("/etc/asp/db/pass", "asp_node\tone\nasp_admin\ttwo\n", mode="600")
    files = 'ca = "/etc/asp/db/ca.crt"; cert = "/etc/asp/db/node.crt"; key = "/etc/asp/db/node.key";'
    patient.configure(
        "virtual_users = true;", 'primary: { source = "none"; };', BY_TLS, files, 'passfile = "/etc/asp/db/pass"; };'
    )
    return patient


def test_files_that_are_well_are_not_told(with_files):
    with_files.fault("^database db1.example: no answer: ")


FILES = {
    "chmod 644 pass": (
        "database.passfile: /etc/asp/db/pass can be read by others than its owner .mode 0644.",
        "chmod 600 /etc/asp/db/pass, and give the roles other passwords: others may have read it",
    ),
    "chmod 640 node.key": (
        "database.key: /etc/asp/db/node.key can be read by others than its owner .mode 0640.",
        "chmod 600 /etc/asp/db/node.key, and have another key certified: others may have read it",
    ),
    "chown daemon pass": ("database.passfile: /etc/asp/db/pass", "look at what is in it: its owner has chosen that"),
    "chmod 666 ca.crt": ("database.ca: /etc/asp/db/ca.crt", "look at what is in it: others may have changed that"),
    "rm ca.crt; mkdir ca.crt": (
        "database.ca: /etc/asp/db/ca.crt is not a plain file$",
        "put it there as asp-store(7) has it, or name another in asp.conf",
    ),
    "rm ca.crt": ("database.ca: /etc/asp/db/ca.crt", "put it there as asp-store(7) has it, or name another in asp.conf"),
    "rm node.crt": ("database.cert: /etc/asp/db/node.crt", "put it there as asp-store(7) has it, or name another in asp.conf"),
    "rm pass": ("database.passfile: /etc/asp/db/pass", "put it there as asp-store(7) has it, or name another in asp.conf"),
    "sed -i 1d pass": (
        "database.passfile: /etc/asp/db/pass has no line of the role asp_node$",
        "put it there as asp-store(7) has it, or name another in asp.conf",
    ),
    "sed -i 2d pass": (
        "database.passfile: /etc/asp/db/pass has no line of the role asp_admin$",
        "put it there as asp-store(7) has it, or name another in asp.conf",
    ),
}


@pytest.mark.parametrize("what", FILES)
def test_a_file_by_which_it_is_reached_is_looked_at(with_files, what):
    with_files.sandbox.shell(f"cd /etc/asp/db; {what}").done()
    message, mend = FILES[what]
    assert with_files.fault(f"^{message}").startswith(mend)


# Roles

ROLES = {
    "ALTER ROLE asp_node SUPERUSER": (
        "asp_node is a superuser, which asp-broker need not be", "ALTER ROLE asp_node NOSUPERUSER",
    ),
    "ALTER ROLE asp_admin CREATEROLE CREATEDB": (
        "asp_admin may more than asp-admin needs: it makes roles, makes databases",
        "ALTER ROLE asp_admin NOCREATEROLE NOCREATEDB",
    ),
    "ALTER ROLE asp_node REPLICATION": (
        "asp_node may more than asp-broker needs: it may copy the whole cluster", "ALTER ROLE asp_node NOREPLICATION",
    ),
    "GRANT asp_owner TO asp_admin": (
        "asp_admin may more than asp-admin needs: it owns the tables, writes to tables itself",
        "REVOKE asp_owner FROM asp_admin",
    ),
    "GRANT SELECT ON asp.ended TO asp_node": (
        "asp_node may more than asp-broker needs: it reads tables, or deletes from them",
        "REVOKE SELECT ON asp.ended FROM asp_node",
    ),
    "GRANT EXECUTE ON FUNCTION asp.tidy TO asp_node": (
        "asp_node may more than asp-broker needs: it calls what is for asp_admin",
        "REVOKE EXECUTE ON FUNCTION asp.tidy FROM asp_node",
    ),
    "GRANT UPDATE (body) ON asp.account TO asp_admin": (
        "asp_admin may more than asp-admin needs: it writes to tables itself",
        "REVOKE UPDATE (body) ON asp.account FROM asp_admin",
    ),
    "REVOKE EXECUTE ON FUNCTION asp.tidy FROM asp_admin": (
        "asp_admin may not all that asp-admin does", "GRANT EXECUTE ON FUNCTION asp.tidy TO asp_admin",
    ),
    "REVOKE EXECUTE ON FUNCTION asp.record FROM asp_node": (
        "asp_node may not all that asp-broker does", "GRANT EXECUTE ON FUNCTION asp.record TO asp_node",
    ),
    "ALTER ROLE asp_node SET synchronous_commit = local": (
        "synchronous_commit is local for asp_node: ", "ALTER ROLE asp_node RESET synchronous_commit",
    ),
    "ALTER ROLE asp_admin SET synchronous_commit = off": (
        "synchronous_commit is off for asp_admin: ", "ALTER ROLE asp_admin RESET synchronous_commit",
    ),
}


@pytest.mark.parametrize("statement", ROLES)
def test_a_role_may_what_it_is_for_and_no_more(patient, statement):
    message, back = ROLES[statement]
    with patient.with_sql(statement, back):
        faults = patient.faults()
        # What a node lacks, who is a member of it lacks too.
        assert faults[-1]["message"].startswith(message), faults
        assert len(faults) == (2 if "asp.record" in statement else 1), faults
        assert faults[-1]["mend"].startswith(("in the database: ", "as who may: asp-admin store init, which gives it its"))
        # The same is said by who joins.
        told = [row["message"] for row in patient.store("join", "--json").document(1) if not row["ok"]]
        assert told == [fault["message"] for fault in faults]
    assert patient.faults() == []


def test_functions_of_a_superuser_are_a_fault(patient):
    """As where a dump was restored without owners."""
    patient.sql("ALTER FUNCTION asp.beat OWNER TO postgres")
    mend = patient.fault("^functions or tables of the store belong to postgres, and not to asp_owner, as where a dump was")
    assert mend.startswith("as who may: asp-admin store init")
    assert patient.found("join", code=1)["role"][0][1].startswith("functions or tables of the store belong to postgres")
    patient.store("init", user="postgres").done()
    assert patient.faults() == []


def test_the_brokers_role_may_not_be_that_of_root(patient):
    patient.set_database(("hosts =", 'user = "asp_admin"; hosts ='))
    patient.fault("^asp_admin may more than asp-broker needs: it calls what is for asp_admin, reads tables, or deletes from")


def test_a_role_of_the_brokers_that_is_not_let_in_is_a_fault(patient):
    patient.set_database(("hosts =", 'user = "stranger"; hosts ='))
    mend = patient.fault("^stranger, asp-broker's role, is not let in: .*28000[^;]*$")
    assert mend == "let it in by pg_hba.conf, as asp-store(7) has it, and by ALTER ROLE where it is NOLOGIN"


def test_that_the_user_is_missing_as_whom_logins_are_answered_is_a_fault(patient):
    patient.sandbox.run("userdel", "asp-broker").done()
    mend = patient.fault("^there is no user asp-broker, so asp-broker answers logins as root$")
    patient.sandbox.shell(mend).done()
    assert patient.faults() == []
    assert patient.sandbox.run("id", "-Gn", "asp-broker").done().out == "asp-broker\n"


# Standbys


@pytest.fixture
def standby_names(patient):
    """Sets the names of standbys, until the end."""

    def names(value):
        patient.sql(f"ALTER SYSTEM SET synchronous_standby_names = '{value}'", "SELECT pg_reload_conf()")
        wait_until(lambda: patient.one("SELECT current_setting('synchronous_standby_names')") == value)

    yield names
    names("")


@contextlib.contextmanager
def follower(cluster, name):
    """Who receives all that is written, and says so, as a standby does."""
    folder = cluster.folder / next(names)
    execute(*cluster.drop, "mkdir", folder).done()
    where = f"host={cluster.folder} user=postgres application_name={name}"
    words = [*cluster.drop, *MORTAL, cluster.bin / "pg_receivewal", "-D", folder, "-d", where, "--synchronous", "-n"]
    quiet = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
    process = subprocess.Popen([str(word) for word in words], env={**ENVIRONMENT, **cluster.environment}, cwd="/", **quiet)
    try:
        asked = "SELECT 1 FROM pg_stat_replication WHERE application_name = $1 AND state = 'streaming'"
        wait_until(lambda: cluster.connect().ask(asked, name))
        yield
    finally:
        process.kill()
        process.wait()


def test_standbys_that_nobody_waits_for_are_a_fault(patient, cluster):
    with follower(cluster, "db2"):
        mend = patient.fault("^synchronous_standby_names is empty, and 1 standby follows: what was reported, ")
        assert "ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (NAME, NAME)'" in mend


def test_two_hosts_that_are_written_to_are_a_fault(patient, cluster, standby_names, tmp_path):
    """As where a primary that was replaced is started again. One that is named twice is one."""
    address, again = f'address = "{cluster.folder}";', tmp_path / "again"
    again.symlink_to(cluster.folder)
    with clusters.running(primary=cluster) as other:
        patient.set_database((address, f'{address} }}, {{ address = "{again}"; }}, {{ address = "{other.folder}";'))
        standby_names("*")
        wait_until(lambda: patient.one("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") == 1)
        assert patient.faults() == []
        ((ok, said),) = patient.found("join")["hosts"]
        assert ok and said in [f"one is written to: {place}" for place in (cluster.folder, again)]
        standby_names("")
        assert other.connect().one("SELECT pg_promote(true, $1)", LONG)
        first, second = patient.faults()
        both = f"{cluster.folder} and {other.folder}"
        assert first["message"].startswith(f"2 hosts are written to, {both}: each login and each change comes to any of them, ")
        assert first["mend"].startswith("stop the server that was replaced, and start it again as a standby of the other")
        assert second["message"].startswith("synchronous_standby_names is empty, and asp.conf names 3 hosts: ")
        assert second["mend"].startswith("in the database, with the application_name of two of them: ALTER SYSTEM SET")
        assert patient.found("join", code=1)["hosts"] == [(False, first["message"])]


def test_of_two_standbys_one_is_enough_and_one_alone_is_told(patient, cluster, standby_names):
    with follower(cluster, "db2"):
        with follower(cluster, "db3"):
            standby_names("ANY 1 (db2, db3)")
            assert patient.notes() == []
        wait_until(lambda: patient.one("SELECT count(*) FROM pg_stat_replication") == 1)
        (note,) = patient.notes()
        assert note.startswith("note: a commit waits for 1 standby, and there is no other now: where one is lost no change")
        assert ", and after 10 s nobody is let in; ANY 1 of two standbys avoids that" in note
        standby_names("db2")
        (note,) = patient.notes()
        assert "and there is no other that synchronous_standby_names lists" in note


def test_commits_that_wait_for_a_standby_that_is_not_there_are_a_fault_and_so_are_logins_then(patient, standby_names):
    patient.set_database(("wait = 5000", "wait = 2000; fence = 1"))
    standby_names("nowhere")
    time.sleep(1.1)
    first, second = patient.faults()
    assert first["message"] == (
        "a commit waits for 1 standby, and 0 of those that it may be are there: no change of an account is made, and after "
        "1 s nobody is let in"
    )
    assert first["mend"].startswith("bring its standbys back, ")
    assert second["message"].startswith("nobody is let in: database ")
    assert second["mend"].startswith("bring back the standbys that its commits wait for; or, where another server has taken")
    assert patient.rows("accounts") == []


def test_a_store_that_lets_its_nodes_call_nothing_is_told_with_who_mends_it(patient):
    patient.ask("REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA asp FROM asp_node, asp_admin")
    found = {row["message"]: row["mend"] for row in patient.faults()}
    (mend,) = [mend for message, mend in found.items() if message.startswith("nobody is let in: ")]
    assert mend.startswith("run asp-admin store init as who may"), found


def test_a_pulse_that_is_old_is_one_that_nobody_can_beat(patient):
    """A database that nobody has asked for long is well."""
    patient.ask("UPDATE asp.pulse SET at = now() - interval '1 h'")
    assert patient.faults() == []
    patient.ask("UPDATE asp.pulse SET at = now() - interval '1 h'")
    patient.ask("CREATE FUNCTION asp.keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'")
    patient.ask("CREATE TRIGGER keep BEFORE UPDATE ON asp.pulse FOR EACH ROW EXECUTE FUNCTION asp.keep()")
    patient.fault("^nobody is let in: the database has known of no write on its standbys for more than 10 s: it may be one")


# What is told to each machine


@pytest.fixture
def hears(patient):
    """One with a hook, that has heard."""
    patient.sandbox.write(HOOK, "#!/bin/sh\n", mode="755")
    patient.set_database(more=[f'hooks: {{ revoked = "{HOOK}"; }};'])
    patient.asp_admin("watch", "--once").done()
    return patient


def make_old(patient, minutes):
    """As if it had heard for the last time then."""
    first, *lines = lines_of_text(patient.sandbox.read(FEED))
    *words, heard = first.split()
    first = " ".join([*words, str(int(heard) - 60 * minutes)])
    patient.sandbox.write(FEED, sealed([first, *lines]).decode(), mode="600")


def revoked(patient):
    made = patient.create("alice", "Phone")
    patient.asp_admin("revoke", "alice", made[:2]).done()


def test_what_was_not_heard_is_told_with_the_watch_that_does_not_run(hears):
    assert hears.faults() == []
    make_old(hears, 14)
    assert hears.notes() == [NOTE]
    revoked(hears)
    hears.ask("UPDATE asp.feed SET seq = seq + 1 WHERE part IN (0, 63)")
    make_old(hears, 6)
    hears.sandbox.run("touch", "-d", "1 hour ago", "/var/lib/asp/locks/.watch").done()
    (fault,) = hears.faults(check="watch")
    assert fault["message"] == (
        "no watch runs on this machine: nobody runs hooks.revoked here for what is revoked, on whichever machine, nor for "
        "what expires (revocations that wait for it, since it was heard 20 minutes ago: 3)"
    )
    hears.sandbox.run("rm", FEED).done()
    (fault,) = hears.faults(check="watch")
    assert fault["message"].endswith("nor for what expires; what comes before one has run is told to none")
    hears.set_database()
    assert hears.notes() == [NOTE]


def test_a_watch_that_hears_nothing_is_a_fault(hears, folder):
    revoked(hears)
    make_old(hears, 10)
    hears.sandbox.run("chmod", "644", HOOK).done()
    with running_watch(hears.sandbox, hears.admin, folder):
        message = "^for 10 minutes the watch has heard nothing of what was revoked, and hooks.revoked is not run; .*: 1$"
        mend = hears.fault(message, check="watch")
        assert mend.startswith("the system's log says what it waits for: ")


@pytest.mark.parametrize("damage", ["truncate -s 9", "chmod 666"])
def test_what_was_heard_may_be_damaged(hears, damage):
    hears.sandbox.shell(f"{damage} {FEED}").done()
    if damage.startswith("chmod"):
        assert "look at what is in it" in hears.fault(f"^what is revoked cannot be heard: {FEED} ")
    else:
        assert any(note.startswith(f"note: {FEED} is not what we wrote: a watch tells again") for note in hears.notes())


def test_what_was_heard_is_in_a_file(hears):
    hears.sandbox.shell(f"rm -f {FEED}; mkdir {FEED}").done()
    assert "root's" in hears.fault(f"^what is revoked cannot be heard: {FEED} is not a plain file$")


def test_a_part_that_is_missing_is_a_fault(patient):
    patient.ask("DELETE FROM asp.feed WHERE part = 5")
    assert patient.fault("^what is revoked cannot be heard: .*") == "asp-admin store check says what is missing"
    assert [row["message"] for row in patient.store("check", "--json").document(1) if not row["ok"]] == [
        "5: its counter of events is missing"
    ]


# The unit

SHUT = "^asp-broker.service is shut off from the network, and so from the database at [^ ]+( and [^ ]+)?: nobody is"


@pytest.fixture
def unit(patient):
    """A machine with the broker's unit, and a database at two addresses where nobody answers."""
    patient.sandbox.run("install", "-D", "-m", "644", patient.build / "conf" / "asp-broker.service", UNIT).done()
    addresses = ("192.0.2.11", "2001:db8::12")
    hosts = ", ".join(f'{{ name = "{at}.example"; address = "{address}"; }}' for at, address in enumerate(addresses))
    patient.configure('primary: { source = "none"; };', f'database: {{ hosts = ( {hosts} ); ca = "/x"; wait = 100; }};')
    return patient


def shut_off(patient):
    return [row for row in patient.faults() if re.search(SHUT, row["message"])]


def test_a_broker_that_is_shut_off_gets_a_drop_in(unit):
    (fault,) = shut_off(unit)
    assert "the database at 192.0.2.11 and 2001:db8::12: nobody is let in" in fault["message"]
    assert fault["mend"].endswith(f">{DROP_INS}/asp-database.conf"), fault
    unit.sandbox.shell(fault["mend"]).done()
    assert unit.sandbox.read(f"{DROP_INS}/asp-database.conf") == (
        "[Service]\nPrivateNetwork=no\nRestrictAddressFamilies=AF_INET AF_INET6\nIPAddressAllow=192.0.2.11\n"
        "IPAddressAllow=2001:db8::12\n"
    )
    assert shut_off(unit) == []
    unit.sandbox.run("install", "-d", "/run/systemd/system").done()
    unit.sandbox.run("rm", "-r", DROP_INS).done()
    (fault,) = shut_off(unit)
    assert fault["mend"].endswith(" && systemctl daemon-reload && systemctl try-restart asp-broker.service")


# As a unit that had none.
FRESH = "RestrictAddressFamilies=\nRestrictAddressFamilies=~AF_PACKET"
BOTH = "RestrictAddressFamilies=AF_INET AF_INET6"
OWN = {
    "a network": (f"PrivateNetwork=no\nIPAddressAllow=192.0.2.0/24 2001:db8::/32\n{BOTH}", True),
    "any": (f"PrivateNetwork=false\nIPAddressAllow=any\n{BOTH}", True),
    "nothing is denied": ("PrivateNetwork=off\nIPAddressDeny=\nRestrictAddressFamilies=", True),
    "one address": (f"PrivateNetwork=no\nIPAddressAllow=192.0.2.11\n{BOTH}", False),
    "one family": ("PrivateNetwork=no\nIPAddressAllow=any\nRestrictAddressFamilies=AF_INET", False),
    "a barred family": ("PrivateNetwork=no\nIPAddressAllow=any\nRestrictAddressFamilies=~AF_INET6 AF_UNIX", False),
    "another barred family": ("PrivateNetwork=no\nIPAddressAllow=any\nRestrictAddressFamilies=~AF_PACKET", False),
    "all but a barred family": ("PrivateNetwork=no\nIPAddressAllow=any\n" + FRESH, True),
    "this machine": (f"PrivateNetwork=no\nIPAddressAllow=localhost\n{BOTH}", False),
    "taken away": (f"PrivateNetwork=no\nIPAddressAllow=any\nIPAddressAllow=\n{BOTH}", False),
    "a network of its own": (f"IPAddressAllow=any\n{BOTH}", False),
    "families of its own": ("PrivateNetwork=no\nIPAddressAllow=any", False),
}


@pytest.mark.parametrize("what", OWN)
def test_a_drop_in_of_the_administrators_counts(unit, what):
    text, well = OWN[what]
    unit.sandbox.write(f"{DROP_INS}/own.conf", f"[Service]\n{text}\n")
    assert (shut_off(unit) == []) == well


def test_a_database_on_this_machine_is_shut_off_where_it_is_no_socket(unit):
    unit.configure('primary: { source = "none"; };', 'database: { hosts = ( { address = "127.0.0.1"; } ); tls = "none"; };')
    (fault,) = shut_off(unit)
    assert "and so from the database at 127.0.0.1: nobody" in fault["message"]
    own = "PrivateNetwork=no\nIPAddressAllow=localhost\nRestrictAddressFamilies=AF_INET"
    unit.sandbox.write(f"{DROP_INS}/own.conf", f"[Service]\n{own}\n")
    assert shut_off(unit) == []
    unit.sandbox.run("rm", "-r", DROP_INS).done()
    unit.set_database()
    assert shut_off(unit) == []
