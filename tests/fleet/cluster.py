"""A real PostgreSQL in a folder of its own, on a Unix socket alone. It ends with the tests, however they end."""

import contextlib
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile

import libpq
from support.processes import children
from support.run import ENVIRONMENT, MORTAL, TREE, execute
from support.wait import LONG, wait_until

SCHEMA = (TREE / "asp" / "pgsql" / "schema-1.sql").read_text()

# Whoever comes to the socket is who she says she is, among those who can reach it.
TRUST = "local all,replication all trust\n"

# What is tested is not that it survives a power cut; where it is, `settings` says so.
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "dynamic_shared_memory_type": "mmap",  # nothing of it is left in /dev/shm
    "max_connections": "40",
    "jit": "off",
    "log_min_messages": "fatal",
}


# Removes a cluster's folder when its standard input ends, which it does with the tests, however they end; and the shared
# memory of a server that was killed, whose number is the last in that file.
KEEPER = """
read -r _
if [ -s "$1/data/postmaster.pid" ]; then
    while kill -0 "$(head -n1 "$1/data/postmaster.pid")"; do sleep 0.05; done
    memory=$(sed -n '7s/.* //p' "$1/data/postmaster.pid")
    [ -z "$memory" ] || ipcrm -m "$memory"
fi
rm -rf -- "$1"
"""


def programs():
    """The folder of the newest server that is installed, or unpacked in ASP_LAYER; None where there is none."""
    for root in ("/", os.environ.get("ASP_LAYER")):
        found = list(pathlib.Path(root).glob("usr/lib/postgresql/*/bin/initdb")) if root else []
        if found:
            return max(found, key=lambda path: int(path.parts[-3])).parent
    there = shutil.which("initdb")
    return pathlib.Path(there).parent if there else None


def missing():
    """What is not there, for a skip; None where all is."""
    if programs() is None:
        return "no PostgreSQL: neither installed nor unpacked in ASP_LAYER"
    return "no libpq" if libpq.PQ is None else None


class Cluster:
    """`bin` has the server's programs, `folder` the socket."""

    running = []

    def __init__(self, access=TRUST, primary=None, room=None, **settings):
        """Where another is its primary, it is that one's standby. Where `room` is given its data are on a disk of their own
        that has as much, which nobody else sees."""
        self.bin = programs()
        self.primary = primary
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="asp-pg-", dir="/tmp"))
        self.keeper = subprocess.Popen(
            ["sh", "-c", KEEPER, "sh", self.folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.data = self.folder / "data"
        self.room, self.disk = room, None
        self.access = access
        self.settings = {**SETTINGS, "unix_socket_directories": self.folder, **settings}
        self.server = None
        self.connections = []
        self.drop = ()
        if os.geteuid() == 0:  # PostgreSQL does not run as root
            nobody = pwd.getpwnam("nobody")
            os.chown(self.folder, nobody.pw_uid, nobody.pw_gid)
            self.drop = ("setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups")
        self.folder.chmod(0o755)
        self.environment = {}
        # Where it was only unpacked it finds all of itself but for libraries.
        if self.bin.is_relative_to(os.environ.get("ASP_LAYER") or "/nowhere"):
            libraries = self.bin.parents[3].glob("lib/*-linux-gnu")
            self.environment["LD_LIBRARY_PATH"] = os.pathsep.join(map(str, libraries))

    def make(self):
        if self.room is not None:
            self.make_disk()
        if self.primary is not None:
            where = f"{self.primary.way()} user=postgres application_name={self.folder.name}"
            words = ("--pgdata", self.data, "--dbname", where, "--write-recovery-conf", "--checkpoint=fast", "--no-sync")
            self.program("pg_basebackup", *words, timeout=3 * LONG).done()
            return
        words = ("-D", self.data, "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--auth=trust", "--no-sync")
        self.program("initdb", *words, timeout=3 * LONG).done()
        (self.data / "pg_hba.conf").write_text(self.access)

    def way(self):
        """How a standby comes to it."""
        return f"host={self.folder}"

    def make_disk(self):
        self.data.mkdir()
        mount = 'mount -t tmpfs -o "size=$1,mode=700,uid=$2" tmpfs "$0" && echo && read -r _'
        words = ["sh", "-c", mount, self.data, self.room, str(pwd.getpwnam("nobody").pw_uid)]
        self.disk = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", "--", *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self.disk.stdout.readline() == b"\n"
        self.drop = ("nsenter", f"--mount=/proc/{self.disk.pid}/ns/mnt", "--", *self.drop)

    def fill_disk(self):
        """Leaves nothing of it."""
        run = self.program_of_system("dd", "if=/dev/zero", f"of={self.data / 'full'}", "bs=4k")
        assert "No space left" in run.err, run

    def empty_disk(self):
        self.program_of_system("rm", self.data / "full").done()

    def program_of_system(self, *words):
        return execute(*self.drop, *words)

    def program(self, name, *words, **options):
        return execute(*self.drop, *MORTAL, self.bin / name, *words, env=self.environment, **options)

    def start(self):
        settings = [word for key, value in self.settings.items() for word in ("-c", f"{key}={value}")]
        words = [*self.drop, *MORTAL, self.bin / "postgres", "-D", self.data, *settings]
        with open(self.folder / "log", "ab") as log:
            self.server = subprocess.Popen(
                [os.fspath(word) for word in words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**ENVIRONMENT, **self.environment},
                cwd="/",
            )
        wait_until(self.answers, lambda: (self.folder / "log").read_text())

    def answers(self):
        assert self.server.poll() is None, (self.folder / "log").read_text()
        with contextlib.suppress(libpq.Refused):
            self.connect().close()
            return True
        return False

    def send(self, number):
        """A signal to each of its processes."""
        for pid in [self.server.pid, *children(self.server.pid)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    @contextlib.contextmanager
    def hung(self):
        """It is there, and says nothing."""
        self.send(signal.SIGSTOP)
        try:
            yield
        finally:
            self.send(signal.SIGCONT)

    def crash(self):
        self.send(signal.SIGKILL)
        self.server.wait()

    def close(self):
        """What it had goes too, so it does not write it down first."""
        try:
            self.hang_up()
            if self.server is not None and self.server.poll() is None:
                self.send(signal.SIGCONT)
                self.server.send_signal(signal.SIGQUIT)
                self.server.wait(LONG)
        finally:
            if self.server is not None:
                self.server.kill()
                self.server.wait()
            if self.disk is not None:
                self.disk.communicate()
            self.keeper.communicate()

    def open(self, user="postgres", database="postgres"):
        """A connection that the caller closes."""
        return libpq.Connection(host=self.folder, user=user, dbname=database, client_encoding="UTF8")

    def connect(self, *where, **more):
        """A connection to the end of the test."""
        self.connections.append(self.open(*where, **more))
        return self.connections[-1]

    def hang_up(self):
        while self.connections:
            self.connections.pop().close()

    def database(self, name, owner="postgres"):
        self.connect().ask(f"CREATE DATABASE {name} OWNER {owner} TEMPLATE template0")
        return name


@contextlib.contextmanager
def running(**words):
    cluster = Cluster(**words)
    try:
        cluster.make()
        cluster.start()
        Cluster.running.append(cluster)
        yield cluster
    finally:
        Cluster.running = [one for one in Cluster.running if one is not cluster]
        cluster.close()
