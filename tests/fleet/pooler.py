"""A pgbouncer between machines and their database: that of Debian 13, in a root of its own, and in a network of its own."""

import contextlib
import os
import shutil
import signal

from network import NODE_NAME
from roots import owner_of, start_in
from support.wait import LONG, wait_until

NAME = "pool.example"
PORT = 6432
SERVERS = 4  # connections to the database, for each role
FOLDER = "/etc/pgbouncer"

SETTINGS = """
[databases]
asp = host={host} dbname=asp
[pgbouncer]
listen_addr = {address}
listen_port = {port}
unix_socket_dir =
pool_mode = transaction
max_prepared_statements = 100
default_pool_size = {servers}
server_login_retry = 1
auth_type = hba
auth_hba_file = {folder}/hba
auth_ident_file = {folder}/ident
auth_file = {folder}/userlist.txt
client_tls_sslmode = {clients}
client_tls_ca_file = {folder}/ca.crt
client_tls_cert_file = {folder}/pool.crt
client_tls_key_file = {folder}/pool.key
server_tls_sslmode = verify-full
server_tls_ca_file = {folder}/ca.crt
"""


class Pooler:
    """In front of one of the servers; `place` is the network that it is in."""

    def __init__(self, root, place, authority, address, passwords, servers):
        self.root, self.place, self.address = root, place, address
        self.process = None
        self.behind = servers[0]
        etc = root / FOLDER[1:]
        cert, key = authority.certify(NAME)
        for path, name in ((cert, "pool.crt"), (key, "pool.key"), (authority.ca, "ca.crt")):
            shutil.copy(path, etc / name)
        self.network = address.rpartition(".")[0] + ".0/24"
        (etc / "ident").write_text("".join(f"nodes {NODE_NAME} {role}\n" for role in passwords))
        (etc / "userlist.txt").write_text("".join(f'"{role}" "{password}"\n' for role, password in passwords.items()))
        with open(root / "etc/hosts", "a", encoding="utf-8") as file:
            file.write("".join(f"{server.address} {server.name}\n" for server in servers))
        for path in etc.iterdir():
            os.chown(path, *owner_of(root))

    def write(self, clients="verify-full", method="cert map=nodes"):
        values = {"host": self.behind.name, "address": self.address, "port": PORT, "clients": clients}
        text = SETTINGS.format(servers=SERVERS, folder=FOLDER, **values)
        (self.root / FOLDER[1:] / "pgbouncer.ini").write_text(text)
        (self.root / FOLDER[1:] / "hba").write_text(f"hostssl asp asp_node,asp_admin {self.network} {method}\n")

    def start(self, **how):
        self.write(**how)
        self.process = start_in(self.root, self.place, self.root / "log", "pgbouncer", f"{FOLDER}/pgbouncer.ini")
        wait_until(lambda: self.says("process up"), self.log)

    def log(self):
        return (self.root / "log").read_text()

    def says(self, word):
        assert self.process.poll() is None, self.log()
        return word in self.log()

    def point_at(self, server):
        """From now on it is in front of another one, as who takes a fail-over in hand tells it."""
        self.behind = server
        self.write()
        self.process.send_signal(signal.SIGHUP)

    @contextlib.contextmanager
    def by_password(self):
        """It lets in who has one, and asks for no certificate."""
        self.stop()
        self.start(clients="require", method="scram-sha-256")
        yield
        self.stop()
        self.start()

    def stop(self):
        self.process.kill()
        self.process.wait(LONG)

    def close(self):
        if self.process is not None:
            self.stop()
