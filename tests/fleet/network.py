"""A machine that comes to its database over the network, by TLS: a PostgreSQL that listens in the network of its sandbox."""

import contextlib
import json
import os
import shutil
import signal

import cluster as clusters
from support.broker import BrokerMachine
from support.wait import wait_until

NAME = "db1.example"
NODE_NAME = "mx1"  # in the certificate of every node
FOLDER = "/etc/asp/db"
LOCAL = "127.0.0.1"
PASSFILE = f'passfile = "{FOLDER}/pass";'
CERTIFICATE = f'cert = "{FOLDER}/node.crt"; key = "{FOLDER}/node.key";'
# How nodes are let in. The tests themselves come by the socket.
BY_PASSWORD = "hostssl asp asp_node,asp_admin,root 127.0.0.1/32 scram-sha-256"
BY_CERTIFICATE = "hostssl asp asp_node,asp_admin 127.0.0.1/32 cert map=nodes"
PASSWORDS = {"asp_node": "that of the broker", "asp_admin": "that of root"}
WHEN_READ = "SELECT pg_conf_load_time()"


def hosts(*places, wait=5000, fence=10):
    """What asp.conf says of these, each a name, an address and maybe a port, and of how long they are waited for."""
    keys = ('name = "{}";', 'address = "{}";', "port = {};")
    each = ", ".join(f"{{ {' '.join(key.format(value) for key, value in zip(keys, place))} }}" for place in places)
    return f'hosts = ( {each} ); ca = "{FOLDER}/ca.crt"; wait = {wait}; fence = {fence};'


class Server(clusters.Cluster):
    """One that listens at an address of the network that the process `first` has, and has a certificate."""

    def __init__(self, first, authority, name=NAME, address=LOCAL, **options):
        options = {"ssl": "on", "ssl_ca_file": "ca.crt", "log_min_messages": "warning", **options}
        super().__init__(listen_addresses=address, **options)
        self.drop = ("nsenter", f"--target={first}", "--net", "--", *self.drop)
        self.authority, self.name, self.address = authority, name, address
        self.ca = self.folder / "ca.crt"
        shutil.copy(authority.ca, self.ca)

    def make(self):
        super().make()
        cert, key = self.authority.certify(self.name)
        for path, name in ((cert, "server.crt"), (key, "server.key"), (self.ca, "ca.crt")):
            shutil.copy(path, self.data / name)
            (self.data / name).chmod(0o600)
            if os.geteuid() == 0:
                shutil.chown(self.data / name, "nobody")
        (self.data / "pg_ident.conf").write_text(f"nodes {NODE_NAME} asp_node\nnodes {NODE_NAME} asp_admin\n")

    def way(self):
        return f"host={self.name} hostaddr={self.address} sslmode=verify-full sslrootcert={self.ca}"

    def let_in(self, *lines):
        """Nodes, by these lines and no others, from their next connection on."""
        (self.data / "pg_hba.conf").write_text(clusters.TRUST + "".join(f"{line}\n" for line in lines))
        if self.server is None:
            return
        read = self.connect().one(WHEN_READ)
        self.server.send_signal(signal.SIGHUP)
        wait_until(lambda: self.connect().one(WHEN_READ) > read)
        self.hang_up()

    def log(self):
        return (self.folder / "log").read_text()


class Networked(BrokerMachine):
    """`passwords` has those of the roles. The database is called asp."""

    def __init__(self, layer, build, authority, way=hosts((NAME, LOCAL))):
        super().__init__(layer, build)
        self.authority, self.way = authority, way
        self.always = ["virtual_users = true;", 'primary: { source = "none"; };', "usage_interval = 1;"]
        self.passwords = {}

    def comes(self, *how, more=()):
        """By TLS, and in this way."""
        self.configure(f"database: {{ {self.way} {' '.join(how)} }};", *more)

    def put_files(self, ca=None):
        """The authority's certificate, a certificate of its own, and the file of passwords."""
        self.sandbox.shell(f"rm -rf {FOLDER}").done()
        cert, key = self.authority.certify(NODE_NAME)
        files = ((ca or self.authority.ca, "ca.crt", "644"), (cert, "node.crt", "644"), (key, "node.key", "600"))
        for path, name, mode in files:
            self.sandbox.write(f"{FOLDER}/{name}", path.read_text(), mode=mode)
        self.put_passwords(self.passwords)

    def put_passwords(self, passwords, mode="600"):
        text = "".join(f"{role}\t{password}\n" for role, password in passwords.items())
        self.sandbox.write(f"{FOLDER}/pass", text, mode=mode)

    def set_passwords(self, server, passwords):
        """In the database too."""
        self.passwords = passwords
        for role, password in passwords.items():
            server.connect(database="asp").ask(f"ALTER ROLE {role} PASSWORD '{password}'")
        self.put_passwords(passwords)

    def make_store(self, server):
        """By its root, who has no other way to the database afterwards than those roles."""
        server.connect(database="asp").ask("CREATE ROLE root SUPERUSER LOGIN")
        self.set_passwords(server, {"root": "of who makes it"})
        made = self.store("init").done()
        self.set_passwords(server, PASSWORDS)
        return made

    def store(self, *words):
        return self.asp_admin("store", *words)

    def doctor(self):
        """What doctor finds of the database."""
        rows = json.loads(self.asp_admin("--json", "doctor").out)
        return [(row["ok"], row["message"]) for row in rows if row["check"] == "database"]

    def login(self, password, service="nginx", user="alice", host="www-data"):
        return self.host(host).login(password, service, user).code


@contextlib.contextmanager
def networked(layer, build, authority, kind=Networked):
    """A machine of that kind and its server, with an empty database."""
    machine = kind(layer, build, authority)
    try:
        server = Server(machine.sandbox.first, authority)
        with contextlib.closing(server):
            server.make()
            server.let_in(BY_PASSWORD)
            server.start()
            clusters.Cluster.running.append(server)
            server.database("asp")
            machine.put_files()
            machine.comes(PASSFILE)
            yield machine, server
    finally:
        clusters.Cluster.running = [one for one in clusters.Cluster.running if not isinstance(one, Server)]
        machine.close()
