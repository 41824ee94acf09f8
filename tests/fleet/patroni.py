"""Members of a cluster of PostgreSQL that Patroni leads, and the etcd that it asks: those of Debian 13."""

import contextlib
import json
import shutil
import signal
import subprocess

import libpq
from roots import in_root, owner_of, start_in
from support.run import ENVIRONMENT, MORTAL, execute
from support.wait import LONG

PACKAGES = ("postgresql", "patroni", "etcd-server", "python3-etcd", "python3-psycopg2")
DATA = "/data"
CLUSTER = "asp"
# Of each: the least that Patroni takes.
TTL, LOOP_WAIT, RETRY_TIMEOUT = 20, 1, 3
SYSTEM = {"superuser": "postgres", "replication": "replicator", "rewind": "rewinder"}

# As the first process of namespaces of its own: what it starts ends with it. Who becomes another user has to be told anew
# to end with its parent.
ALONE = "unshare --mount --pid --ipc --fork --propagation private --".split()
ENTER = """
mount -t proc proc "$0/proc"
mount -t tmpfs -o mode=1777 tmpfs "$0/dev/shm"
exec chroot "--userspec=$1" "$0" setpriv --pdeathsig KILL "${@:2}"
"""


def prepare(root):
    (root / DATA[1:]).mkdir()
    shutil.chown(root / DATA[1:], *owner_of(root))


class Etcd:
    def __init__(self, root, place, address):
        self.url = f"http://{address}:2379"
        urls = ("--listen-client-urls", self.url, "--advertise-client-urls", self.url)
        words = ("etcd", "--data-dir", f"{DATA}/etcd", *urls, "--unsafe-no-fsync")
        self.process = start_in(root, place, root / "etcd.log", *words)

    def close(self):
        self.process.kill()
        self.process.wait()


class Member:
    def __init__(self, root, place, authority, etcd, name, address, access):
        self.root, self.place, self.name, self.address = root, place, name, address
        self.host = f"{name}.example"
        self.process = None
        self.folder = root / DATA[1:] / f"socket-{name}"
        self.folder.mkdir()
        shutil.chown(self.folder, *owner_of(root))
        cert, key = authority.certify(self.host)
        for path, kind in ((cert, "crt"), (key, "key"), (authority.ca, "ca")):
            file = root / DATA[1:] / f"{name}.{kind}"
            shutil.copy(path, file)
            file.chmod(0o600)
            shutil.chown(file, *owner_of(root))
        self.conf = f"{DATA}/{name}.yml"  # JSON is YAML
        (root / self.conf[1:]).write_text(json.dumps(self._settings(etcd, access)))

    def _settings(self, etcd, access):
        own = f"{DATA}/{self.name}"
        parameters = {
            "ssl": "on",
            "ssl_cert_file": f"{own}.crt",
            "ssl_key_file": f"{own}.key",
            "unix_socket_directories": f"{DATA}/socket-{self.name}",
            "dynamic_shared_memory_type": "mmap",
            "shared_buffers": "32MB",
            "fsync": "off",
            "jit": "off",
        }
        tls = {"sslmode": "verify-ca", "sslrootcert": f"{own}.ca"}
        roles = {kind: {"username": role, "password": f"that of {role}", **tls} for kind, role in SYSTEM.items()}
        return {
            "scope": CLUSTER,
            "name": self.name,
            "restapi": {"listen": f"{self.address}:8008", "connect_address": f"{self.address}:8008"},
            "etcd3": {"host": etcd.url.removeprefix("http://")},
            "bootstrap": {
                "dcs": {
                    "ttl": TTL,
                    "loop_wait": LOOP_WAIT,
                    "retry_timeout": RETRY_TIMEOUT,
                    # As doc/fleet.md says.
                    "synchronous_mode": "quorum",
                    "synchronous_mode_strict": True,
                    "postgresql": {"use_pg_rewind": True, "parameters": {"synchronous_commit": "on"}},
                },
                "initdb": [{"encoding": "UTF8"}, {"locale": "C.UTF-8"}],
            },
            "postgresql": {
                "listen": f"{self.address}:5432",
                "connect_address": f"{self.address}:5432",
                "data_dir": own,
                "bin_dir": f"/{next(self.root.glob('usr/lib/postgresql/*/bin')).relative_to(self.root)}",
                "authentication": roles,
                "parameters": parameters,
                "pg_hba": ["local all all trust", "hostssl all,replication all samenet scram-sha-256", *access],
                "remove_data_directory_on_diverged_timelines": True,
            },
        }

    def start(self):
        """It begins, or comes back with what it has."""
        uid, gid = owner_of(self.root)
        words = ["nsenter", f"--target={self.place.first}", "--net", "--", *MORTAL, *ALONE]
        words += ["bash", "-ec", ENTER, str(self.root), f"{uid}:{gid}", "patroni", self.conf]
        with open(self.root / f"{self.name}.log", "ab") as log:
            self.process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=ENVIRONMENT, cwd="/"
            )

    def crash(self):
        """All of it at once, as with its machine."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(LONG)

    def close(self):
        if self.process is not None:
            self.crash()

    def log(self):
        return (self.root / f"{self.name}.log").read_text(errors="replace")[-4000:]

    @contextlib.contextmanager
    def connected(self, database="postgres"):
        connection = libpq.Connection(host=self.folder, user="postgres", dbname=database, client_encoding="UTF8")
        try:
            yield connection
        finally:
            connection.close()

    def control(self, *words):
        """By patronictl, from where this member is."""
        return execute(*in_root(self.root, self.place), "timeout", "20", "patronictl", "-c", self.conf, *words)

    def members(self):
        """What each of them is, by its name; as much of it as there is."""
        run = self.control("list", "--format", "json")
        rows = json.loads(run.out) if run.code == 0 and run.out else []
        return {row["Member"]: (row["Role"], row["State"]) for row in rows}
