"""The machines on which races are run, with a store in files or in a database, and what goes wrong there."""

import collections
import contextlib
import os
import signal
import subprocess

import cluster as clusters
from machine import Node
from support.broker import Broker, BrokerMachine
from support.processes import child_of
from support.run import MORTAL
from support.wait import wait_until

# Nobody knows a password of that hash.
HASH = "$6$races$"
COMMON = ("virtual_users = true;", "history = 500;")
LIMITS, SCHEMES = (7, 5), ("blake2b", "argon2id", "hmac-sha256")
MEMORY = 8192  # KiB of argon2id: as little as it may take
PASSED_ON = "auth required pam_asp.so\naccount required pam_asp.so\n"

MAKE_STORE = """
mkdir -p /run/asp /var/lib/asp
mount -t tmpfs -o size=2m,mode=700 tmpfs /var/lib/asp
mkdir -m 700 /var/lib/asp/users /var/lib/asp/used /var/lib/asp/locks
"""


def missing(build):
    """What is, of a store in a database, for a skip; None where all is there."""
    is_built = (build / "tests" / "fleet" / "driver").is_file()
    return clusters.missing() if is_built else "built without a database: -Ddatabase=enabled"


# A user is asked for a password, and whatever it is she is let in.
OWN = "auth required pam_exec.so quiet expose_authtok /bin/true\naccount required pam_permit.so\n"


def next_of(values, one):
    return values[(values.index(one) + 1) % len(values)]


class Ground:
    """A machine with a broker and a watch. `troubles` are what can happen to it, by name: each is there for a while."""

    has_own_clocks = True
    lines = ()

    def __init__(self, machine):
        self.machine, self.box = machine, machine.sandbox
        self.box.write("/etc/pam.d/cockpit", PASSED_ON)
        self.box.write("/etc/pam.d/asp-admin", OWN)
        self.limit, self.scheme = LIMITS[0], SCHEMES[0]
        self.primaries = collections.Counter()  # how often that of each user was changed
        self.configure()
        self.broker = self.watch = None
        self.troubles = {"broker": self.without_broker, "watch": self.without_watch}

    def begin(self):
        self.start_broker()
        self.start_watch()

    def configure(self):
        lines = [*COMMON, *self.machine.always, *self.lines, f"limit = {self.limit};"]
        lines += [f'hash: {{ scheme = "{self.scheme}"; memory = {MEMORY}; }};', ""]
        script = "mkdir -p /etc/asp; cat >/etc/asp/new; mv /etc/asp/new /etc/asp/asp.conf"
        self.box.shell(script, input="\n".join(lines)).done()

    @property
    def next_limit(self):
        return next_of(LIMITS, self.limit)

    def change_limit(self):
        self.limit = self.next_limit
        self.configure()

    def change_scheme(self):
        self.scheme = next_of(SCHEMES, self.scheme)
        self.configure()

    def change_primary(self, user):
        self.primaries[user] += 1
        self.box.run("chpasswd", "-e", input=f"{user}:{HASH}{self.primaries[user]:086}\n").done()

    def lock_primary(self, user):
        self.box.run("usermod", "--lock", user).done()

    def unlock_primary(self, user):
        self.box.run("usermod", "--unlock", user).done()

    def start_broker(self):
        self.broker = Broker(self.box, self.machine.broker)

    def start_watch(self):
        unheard = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.watch = self.box.start(*MORTAL, self.machine.admin, "watch", **unheard)

    @contextlib.contextmanager
    def without_broker(self, race):
        self.broker.kill()
        yield
        self.start_broker()

    @contextlib.contextmanager
    def without_watch(self, race):
        os.kill(child_of(self.watch), signal.SIGKILL)
        self.watch.wait()
        yield
        self.start_watch()

    def forget(self, user):
        """Who has no account afterwards."""
        wait_until(lambda: self.machine.asp_admin("remove", user).code in (0, 3), self.machine.log_file.messages)

    def close(self):
        if self.watch is not None:
            self.watch.kill()
            self.watch.wait()
        if self.broker is not None:
            self.broker.close()
        self.machine.close()


class FilesGround(Ground):
    """Its store has a small disk of its own."""

    def __init__(self, layer, build):
        machine = BrokerMachine(layer, build)
        machine.sandbox.shell(MAKE_STORE).done()
        super().__init__(machine)
        self.troubles |= {"disk full": self.full, "read only": self.read_only}

    @contextlib.contextmanager
    def full(self, race):
        assert "No space left" in self.box.run("dd", "if=/dev/zero", "of=/var/lib/asp/full", "bs=4k").err
        yield
        self.box.run("rm", "/var/lib/asp/full").done()

    @contextlib.contextmanager
    def read_only(self, race):
        words = ("mount", "-o", "remount,ro", "/var/lib/asp")
        # It cannot be made so while something is open to be written, which a watch always has.
        with self.without_watch(race):
            with race.paused():
                wait_until(lambda: (run := self.box.run(*words)).code == 0 or "busy" not in run.err and run.done())
            yield
            self.box.run("mount", "-o", "remount,rw", "/var/lib/asp").done()


class DatabaseGround(Ground):
    """Its store is in a PostgreSQL with a small disk of its own, whose clock is right whatever that of a program is."""

    has_own_clocks = False
    lines = ('primary: { realm = "here"; };',)

    def __init__(self, layer, build, cluster):
        self.cluster = cluster
        super().__init__(Node(layer, build, cluster, "asp"))
        self.troubles |= {"disk full": self.full, "read only": self.read_only, "hung": self.hung, "crash": self.crash}

    @contextlib.contextmanager
    def full(self, race):
        self.cluster.fill_disk()
        yield
        self.cluster.empty_disk()

    def set_read_only(self, value):
        connection = self.cluster.open()
        connection.ask("SET default_transaction_read_only = off")
        connection.ask(f"ALTER SYSTEM SET default_transaction_read_only = {value}")
        connection.ask("SELECT pg_reload_conf()")
        connection.close()

    @contextlib.contextmanager
    def read_only(self, race):
        self.set_read_only("on")
        yield
        self.set_read_only("off")

    def hung(self, race):
        return self.cluster.hung()

    @contextlib.contextmanager
    def crash(self, race):
        self.cluster.crash()
        yield
        self.cluster.start()


@contextlib.contextmanager
def files(layer, build):
    ground = FilesGround(layer, build)
    with contextlib.closing(ground):
        ground.begin()
        yield ground


@contextlib.contextmanager
def database(layer, build, schema=clusters.SCHEMA):
    with clusters.running(room="80m", min_wal_size="32MB", max_wal_size="32MB") as cluster:
        cluster.database("asp")
        cluster.connect(database="asp").ask(schema)
        ground = DatabaseGround(layer, build, cluster)
        with contextlib.closing(ground):
            ground.begin()
            yield ground
