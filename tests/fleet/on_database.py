"""A store in a database for what is tested with one in files: tests of other suites that are run with --engine=database.

A database is one of a cluster that the tests of a process share. A test that was given one finds it empty, as of a store
that is years old, and its clock is that of the tests, who may set it.
"""

import contextlib
import dataclasses
import os
import pathlib
import re
import subprocess
import tempfile

import cluster as clusters
import pytest
from machine import DATABASE, leave_none
from store import new_tag, part_of, pin
from support.broker import Broker, listens
from support.run import ENVIRONMENT, MORTAL, ended
from support.site import Site
from support.wait import LONG, wait_until

# The time of day is what a setting of the database says that it is, for who connects from then on.
CLOCK = "(clock_timestamp() + coalesce(nullif(current_setting('asp.test_clock', true), ''), '0')::interval)"
TEMPLATE = "site"

FILES = "it looks into the files of a store"
# What is said besides where there is a hook, and no watch that runs it.
UNWATCHED = "asp-admin: no watch runs on this machine: [^\n]*\n"

SAVE_FEED = """
DROP TABLE IF EXISTS saved_feed, saved_ended;
CREATE TEMPORARY TABLE saved_feed AS TABLE asp.feed;
CREATE TEMPORARY TABLE saved_ended AS TABLE asp.ended;
"""
RESTORE_FEED = """
UPDATE asp.feed SET seq = s.seq, tag = s.tag, floor = s.floor FROM saved_feed s WHERE asp.feed.part = s.part;
INSERT INTO asp.ended TABLE saved_ended;
"""


class Database:
    """One, and who may do all in it."""

    def __init__(self, cluster, name):
        self.cluster = cluster
        self.name = name
        cluster.connect().ask(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        cluster.hang_up()
        self.owner = cluster.open(database=name)
        self.owner.ask("UPDATE asp.store SET id = gen_random_uuid()")
        self.id = self.owner.one("SELECT id::text FROM asp.store")

    def empty(self):
        """As it is to be found. Whoever is still connected is not."""
        self.owner.ask(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        leave_none(self.owner)
        self.owner.ask("DELETE FROM asp.lease; DELETE FROM asp.password")
        self.owner.ask("UPDATE asp.store SET schema = 1, oldest = 1, uses_since = '2006-01-02'")
        self.owner.ask("UPDATE asp.pulse SET at = clock_timestamp()")

    def line(self):
        """Of asp.conf. No pulse is looked for: the clock goes back and forth by days here."""
        host = f'{{ address = "{self.cluster.folder}"; }}'
        return DATABASE.format(hosts=host, name=self.name, wait=5000, fence=0)

    def joined(self):
        """What is in the file store-id of a machine that has joined it."""
        return pin(self.id)

    @contextlib.contextmanager
    def clock(self, seconds):
        """For who connects within: it is so many seconds from now."""
        if seconds == 0:
            yield
            return
        self.owner.ask(f"ALTER DATABASE {self.name} SET asp.test_clock = '{seconds} s'")
        try:
            yield
        finally:
            self.owner.ask(f"ALTER DATABASE {self.name} RESET asp.test_clock")

    def rows(self, table):
        return self.owner.ask(f"SELECT * FROM asp.{table} ORDER BY 1, 2")

    def sessions(self):
        """How many of asp-admin's there are."""
        return self.owner.one("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'asp_admin'")

    def put(self, texts):
        """These are the texts of accounts, whatever they were, by name; None: it was removed."""
        names = list(texts)
        self.owner.ask(
            "INSERT INTO asp.account (part, name, tag, past, body)"
            " SELECT part, name, tag, ARRAY[tag], body FROM unnest($1::smallint[], $2::text[], $3::bigint[], $4::bytea[])"
            " AS made(part, name, tag, body)"
            " ON CONFLICT (part, name) DO UPDATE SET tag = EXCLUDED.tag, body = EXCLUDED.body",
            *(list(map(part_of, names)), names, [new_tag() for _ in names], list(texts.values())),
        )


class Databases:
    """Those of a cluster."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.free = []
        self.made = 0
        cluster.database(TEMPLATE)
        cluster.connect(database=TEMPLATE).ask(clusters.SCHEMA.replace("clock_timestamp()", CLOCK))
        cluster.hang_up()

    @contextlib.contextmanager
    def one(self):
        """An empty one, for a test."""
        if not self.free:
            self.made += 1
            self.free.append(Database(self.cluster, f"{TEMPLATE}_{self.made}"))
        database = self.free.pop()
        database.empty()
        yield database
        self.free.append(database)


@contextlib.contextmanager
def databases():
    """For the tests of a process. Skips where there is no PostgreSQL."""
    if missing := clusters.missing():
        pytest.skip(missing)
    with clusters.running() as cluster:
        yield Databases(cluster)


def is_listening(path):
    lines = pathlib.Path("/proc/net/unix").read_text().splitlines()
    return any(line.endswith(f" {path}") and " 00010000 " in line for line in lines)


def with_realm(lines):
    """What a configuration says of primary passwords, with the realm that a database asks for."""
    text = "\n".join(lines)
    if "primary: {" in text:
        return text.replace("primary: {", 'primary: { realm = "here";', 1)
    return f'{text}\nprimary: {{ realm = "here"; }};'


class SiteInDatabase(Site):
    """A machine that has joined a store in a database. A test that looks for the files of a store is skipped."""

    def __init__(self, folder, build, database):
        self.database = database
        super().__init__(folder, build)
        for place in (self.place, *(self.place / name for name in ("users", "used", "locks"))):
            place.mkdir(mode=0o700)
        (self.place / "store-id").write_text(database.joined())
        (self.place / "store-id").chmod(0o600)

    @property
    def store(self):
        pytest.skip(FILES)

    @store.setter
    def store(self, place):
        pytest.skip(FILES)

    def first_line(self):
        return f"{super().first_line()} {self.database.line()}"

    def configure(self, *lines):
        super().configure(with_realm(lines))

    @contextlib.contextmanager
    def logins(self, prefix=(), env=None):
        """By a broker, which writes down all that it knows of last uses when it ends."""
        conf = self.folder / "logins.conf"
        with tempfile.TemporaryDirectory(prefix="asp-broker-") as folder:  # names of sockets are short
            path = f"{folder}/sock"
            more = [f'broker: {{ socket = "{path}"; workers = 1; }};', "self_service: { enabled = false; };"]
            conf.write_text("\n".join([self.conf.read_text(), *more, ""]))
            with self.clock_of(env), self.broker(prefix, conf, env):
                wait_until(lambda: is_listening(path), "no broker is there")
                yield conf

    @contextlib.contextmanager
    def broker(self, prefix, conf, env):
        words = [*MORTAL, *prefix, self.build / "asp-broker" / "asp-broker", "--config", conf]
        process = subprocess.Popen(
            [os.fspath(word) for word in words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**ENVIRONMENT, **(env or {})},
            cwd="/",
        )
        with ended(process):
            yield
            process.terminate()
            assert process.wait(LONG) == 0

    def clock_of(self, env):
        """The database's is that of who asks it."""
        return self.database.clock(int((env or {}).get("ASP_TEST_CLOCK", "0")))

    def execute(self, *words, env=None, **options):
        with self.clock_of(env):
            run = super().execute(*words, env=env, **options)
        return dataclasses.replace(run, err=re.sub(UNWATCHED, "", run.err))

    def terminal(self, *words, env=None, **options):
        with self.clock_of(env):
            return super().terminal(*words, env=env, **options)

    def wait_for_asked(self):
        """Who was killed is not there to see it, and it is done all the same."""
        wait_until(lambda: self.database.sessions() == 0, "asp-admin is still connected")

    def texts(self):
        return {row["name"]: row["body"] for row in self.database.rows("account") if row["body"] is not None}

    def put(self, name, data):
        self.database.put({name: data})

    def put_all(self, texts):
        self.database.put(texts)

    def used(self):
        rows = self.database.rows("used")
        return {name: [row for row in rows if row["name"] == name] for name in {row["name"] for row in rows}}

    def hear(self, prefix=()):
        """Hooks for what was revoked are run by a watch."""
        self.run("watch", "--once", prefix=prefix)

    def expired_until(self):
        return int((self.place / "feed").read_text().split()[4])

    def everything(self):
        """As far as it is of users: a pulse beats when somebody looks."""
        found = {table: self.database.rows(table) for table in ("account", "used", "expiry", "ended")}
        return {table: rows for table, rows in found.items() if rows}

    def kept(self):
        return self.everything()

    def clear(self):
        self.database.empty()

    def folders(self):
        return (self.database.cluster.folder,)

    def strays(self):
        users = set(self.texts())
        return [row for table in ("used", "expiry") for row in self.database.rows(table) if row["name"] not in users]

    def saved(self):
        """Whoever is connected stays so. What was told by then is told, and how far this machine has heard it is in its
        files."""
        texts, files_back = self.texts(), super().saved()
        self.database.owner.ask(SAVE_FEED)

        def back():
            leave_none(self.database.owner)
            self.database.owner.ask("DELETE FROM asp.lease; DELETE FROM asp.password")
            self.put_all(texts)
            self.database.owner.ask(RESTORE_FEED)
            files_back()

        return back


class Joining:
    """Has the machine of a service, which is its sandbox, join a database of its own, in which there is nothing after each
    reset()."""

    def __init__(self, take):
        self.take = take
        self.taken = {}

    def join(self, service, configuration):
        """And it is configured; what it has of hosts finds a broker, unless it starts that itself."""
        if service.sandbox not in self.taken:
            self.taken[service.sandbox] = self.take()
        self.taken[service.sandbox].empty()
        service.sandbox.shell("install -d -m 700 /var/lib/asp /var/lib/asp/users /var/lib/asp/used /var/lib/asp/locks").done()
        service.sandbox.write("/var/lib/asp/store-id", self.taken[service.sandbox].joined(), mode="600")
        service.configure(*configuration)
        if not service.brings_broker and not listens(service.sandbox):
            service.sandbox.shell("mkdir -p /run/asp").done()
            Broker(service.sandbox, service.build / "asp-broker" / "asp-broker")

    def lines(self, service, lines):
        """Those of its asp.conf."""
        more = [] if any("usage_interval" in line for line in lines) else ["usage_interval = 1;"]
        return [with_realm(lines), self.taken[service.sandbox].line(), *more]

    def damage(self, service, user):
        self.taken[service.sandbox].put({user: b"damaged\n"})

    @staticmethod
    def as_of_module(line):
        """What a broker says for a host of root's, as its module would have said it."""
        text = line.text.removesuffix(' via="root"')
        return line if text == line.text else dataclasses.replace(line, text=text, by=f"{line.word('service')}:auth")

    def hear(self, service):
        """Where there are hooks a watch runs those for what was revoked, from the first time on."""
        if "hooks:" in service.sandbox.read("/etc/asp/asp.conf"):
            service.sandbox.run(service.admin, "watch", "--once")


@contextlib.contextmanager
def joining(databases):
    """For the tests of a process."""
    with contextlib.ExitStack() as stack:
        yield Joining(lambda: stack.enter_context(databases.one()))
