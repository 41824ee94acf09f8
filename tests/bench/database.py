"""What a store in a database costs, beside one in files: a real PostgreSQL on a Unix socket, on the same machine."""

import contextlib
import json
import os
import random
import statistics
import subprocess
import sys
import time

from answering import Answering, together
from bars import BARS
from place import Broken, Subject
from section import Section, alice, by_turns
from support.pam_codes import AUTHINFO_UNAVAIL, SUCCESS
from support.run import MORTAL, TREE

sys.path.insert(0, str(TREE / "tests" / "fleet"))

import cluster as clusters

NOBODY = 'primary: { source = "none"; };'
# As it is installed, but for the connections: three brokers and a crowd come to it.
SERVER = {"fsync": "on", "full_page_writes": "on", "shared_buffers": "128MB", "max_connections": "60"}


class Database(Section):
    """Logins by the broker, updates by asp-admin, and how soon another machine hears of a revocation."""

    WORKERS = (1, 8, 16)
    PROCESSES = 16
    MANY = 1000000
    CROWD = 64
    TOLD = 10

    def prepare(self):
        self.brokers = {}
        if why := missing(self.place):
            self.report.skip("a store in a database", why)
            return
        self.cluster = self.place.opened.enter_context(running())
        make_store(self.cluster, "bench")
        for workers in self.WORKERS:
            self.brokers[workers] = self.joined(f"database{workers}", workers)
        self.files = Answering(self.place, "files")
        self.files.password = self.files.world.create()
        password = self.brokers[self.WORKERS[0]].world.create()
        for broker in (self.files, *self.brokers.values()):
            broker.password = broker.password or password
            broker.start()
        self.bench.add("broker on files", Subject(self.files.host()))
        self.bench.add("broker on a database", Subject(self.brokers[8].host()))

    def joined(self, name, workers=8, hook="", database="bench", store=None):
        return joined(self.place, self.cluster, name, database, hook, f"workers = {workers};", store)

    def conclude(self):
        if not self.brokers:
            return
        what = "accepted, through the broker, database against files"
        self.report.figure(what, self.bench.ratio("broker on a database", "broker on files"), "times", BARS.DATABASE_TIMES)
        for workers, broker in self.brokers.items():
            self.rate(with_workers(workers), broker)
        self.updates()
        self.tell()
        self.hang()
        if self.bench.long:
            self.scale()

    def rate(self, what, broker, logins=()):
        """`logins` are shared out."""
        hosts = [broker.host("nobody", *logins[at :: self.PROCESSES]) for at in range(self.PROCESSES)]
        together(hosts, 200)
        seconds = 4 if self.bench.long else 1
        count = together(hosts, 1000 * seconds) / seconds
        self.report.figure(f"{self.PROCESSES} processes at once, {what}", round(count), "logins a second")
        for host in hosts:
            host.end()

    def scale(self):
        """Users in files, and all of them copied to a database of their own; each logs in by turns."""
        store = self.place.roomy / "copied"
        logins = [by_turns(f"user{at}") for at in random.Random(1).sample(range(self.MANY), 16000)]
        files = Answering(self.place, "many-files", NOBODY, store=store)
        files.world.fill(self.MANY)
        self.rate(f"{self.MANY:,} users in files", files.start(), logins)
        files.stop()
        make_store(self.cluster, "many")
        brokers = {workers: self.joined(f"many{workers}", workers, "", "many", store) for workers in self.WORKERS}
        begin = time.monotonic()
        brokers[8].world.admin("store", "copy", "files", "database", "--realm", "bench")
        took = time.monotonic() - begin
        self.report.figure(f"store copy of {self.MANY:,} users", round(self.MANY / took), "users a second", note=f"{took:.0f} s")
        for workers, broker in brokers.items():
            self.rate(f"{self.MANY:,} users in a database, {with_workers(workers)}", broker.start(), logins)
            broker.stop()

    def updates(self):
        """Both are synced to the same disk."""
        found = [self.label(self.brokers[8].world, at) / self.label(self.files.world, at) for at in range(20)]
        self.report.figure("label, of asp-admin: database against files", round(statistics.median(found), 2), "times")

    @staticmethod
    def label(world, number):
        (entry,) = json.loads(world.admin("--json", "list", "alice"))
        begin = time.monotonic()
        world.admin("label", "alice", entry["id"], f"Label {number}")
        return time.monotonic() - begin

    def tell(self):
        """From the command that revokes, which ends a moment after the commit, to the hook on another machine."""
        note = self.place.folder / "told"
        hook = self.place.folder / "hook"
        hook.write_text(f'#!/bin/sh\ndate +%s%N >>{note}\n', encoding="ascii")
        hook.chmod(0o755)
        other = self.joined("other", hook=f'hooks: {{ revoked = "{hook}"; }};').world
        with open(self.place.folder / "watch.log", "wb") as log:
            watch = subprocess.Popen([*MORTAL, *map(str, other.command("watch"))], stderr=log)
        self.place.processes.append(watch)
        mine = self.brokers[8].world
        while not (other.store / "feed").exists():
            if watch.poll() is not None:
                raise Broken("watch ended")
            time.sleep(0.1)
        found = []
        for number in range(self.TOLD):
            password = mine.create("bob", label=f"Told {number}")
            time.sleep(0.1 * (number % 3))
            mine.admin("revoke", "bob", password[:2])
            begin, end = time.time_ns(), time.monotonic() + 10
            while not note.exists() and time.monotonic() < end:
                time.sleep(0.01)
            time.sleep(0.05)
            found.append((int(note.read_text().split()[-1]) - begin) / 1e6)
            note.unlink()
        watch.terminate()
        watch.wait()
        what = f"from a revocation to the hook on another machine, the longest of {self.TOLD}"
        self.report.figure(what, round(max(found)), "ms", BARS.TOLD_MS, f"median {statistics.median(found):.0f} ms")

    def hang(self):
        """A crowd while the database says nothing, and how soon it is served again."""
        broker = self.brokers[8]
        crowd = [broker.host("nobody", alice(broker.password, AUTHINFO_UNAVAIL)) for _ in range(self.CROWD)]
        with self.cluster.hung():
            begin = time.monotonic()
            for host in crowd:
                host.send("time", 5)
            times = [int(nanoseconds) for host in crowd for nanoseconds in host.answer()[:-1]]
            took = time.monotonic() - begin
        begin = time.monotonic()
        while not self.is_let_in(broker):
            if time.monotonic() - begin > 10:
                raise Broken("nobody is let in again")
        back = time.monotonic() - begin
        what = f"the database hangs, {self.CROWD} processes at once"
        note = f"{5 * self.CROWD} logins, all unavailable, in {took:.1f} s"
        self.report.figure(f"{what}: the longest that one waits", round(max(times) / 1e6), "ms", BARS.HUNG_MS, note)
        self.report.figure("the same: let in again, after it goes on", round(back * 1000), "ms", BARS.BACK_MS)

    @staticmethod
    def is_let_in(broker):
        with contextlib.suppress(Broken):
            broker.host("nobody", alice(broker.password, SUCCESS)).ask("time", 1)
            return True
        return False


def missing(place):
    """Why there can be no store in one; None where there can."""
    if place.layer:
        os.environ.setdefault("ASP_LAYER", str(place.layer))
    built = (place.build / "tests" / "fleet" / "driver").exists()
    return Answering.missing(place) or clusters.missing() or (None if built else "built without -Ddatabase=enabled")


def running():
    return clusters.running(**SERVER)


def make_store(cluster, name):
    cluster.connect(database=cluster.database(name)).ask(clusters.SCHEMA)


def joined(place, cluster, name, database, settings="", broker="", store=None):
    """The broker of a machine of the fleet."""
    where = f'database: {{ hosts = ( {{ address = "{cluster.folder}"; }} ); name = "{database}"; }};'
    made = Answering(place, name, f"{NOBODY} {where} {settings}", broker, store)
    made.world.admin("store", "join")
    return made


def with_workers(count):
    return f"{count} worker{'s' * (count > 1)}"
