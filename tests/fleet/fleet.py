"""Machines on a network with a primary of their database, its synchronous standby, and one that is asynchronous."""

import contextlib

import cluster as clusters
from network import Networked, Server, hosts
from support.wait import LONG, wait_until
from watched import Hooked
from wires import LEFT, RIGHT, wired

PASSWORDS = {"asp_node": "that of the broker", "asp_admin": "that of root"}
NETWORK = "192.0.2.0/24"
ADDRESS = "192.0.2.{}"
ACCESS = clusters.TRUST + (
    f"hostssl asp asp_node,asp_admin {NETWORK} scram-sha-256\nhostssl replication postgres {NETWORK} trust\n"
)


class Machine(Hooked, Networked):
    """One that has a hook, and comes to its database by these places, in this way."""

    def __init__(self, *where, places, how, fence, lines):
        super().__init__(*where, way=hosts(*places, wait=800, fence=fence))
        self.always = ["virtual_users = true;", "usage_interval = 1;", *lines, f"database: {{ {self.way} {how} }};"]
        self.passwords = PASSWORDS


class Machines:
    """What is wired, and machines on it, which end with `stack`."""

    def __init__(self, stack, authority):
        self.stack, self.authority = stack, authority
        self.wires = stack.enter_context(wired())
        self.nodes = []

    def add_machine(self, layer, build, switch, port, *, prepare=None, **options):
        """One that has joined the store, and serves; `prepare` is called with it before. Options are those of a Machine."""
        machine = self.stack.enter_context(contextlib.closing(Machine(layer, build, self.authority, **options)))
        self.wires.plug(machine.sandbox.first, switch, port, ADDRESS.format(11 + len(self.nodes)))
        machine.put_files()
        machine.hook()
        if prepare is not None:
            prepare(machine)
        machine.store("join").done()
        self.stack.enter_context(machine.serving())
        self.nodes.append(machine)


def make_store(owner):
    """With the passwords of the roles."""
    owner.ask(clusters.SCHEMA)
    for role, password in PASSWORDS.items():
        owner.ask(f"ALTER ROLE {role} PASSWORD '{password}'")


class Fleet(Machines):
    """At the left is the primary, at the right are the standbys."""

    def __init__(self, stack, authority):
        super().__init__(stack, authority)
        self.primary = self._server(1, LEFT)
        self.primary.database("asp")
        owner = self.primary.connect(database="asp")
        make_store(owner)
        # Who takes over has the third for its synchronous standby then, which follows it.
        self.standby = self._server(2, RIGHT, primary=self.primary, synchronous_standby_names="*")
        self.third = self._server(3, RIGHT, primary=self.standby)
        owner.ask("ALTER SYSTEM SET synchronous_standby_names = '*'")
        owner.ask("SELECT pg_reload_conf()")
        self._wait_for_standby(self.primary, "sync")
        self._wait_for_standby(self.standby, "async")

    @staticmethod
    def _wait_for_standby(server, state):
        wait_until(lambda: server.connect().ask(f"SELECT 1 FROM pg_stat_replication WHERE sync_state = '{state}'"))

    def _server(self, number, switch, **options):
        place = self.wires.place()
        self.wires.plug(place.first, switch, f"db{number}", ADDRESS.format(number))
        # What is copied from a standby needs whole pages in the log.
        options = {"access": ACCESS, "full_page_writes": "on", **options}
        server = Server(place.first, self.authority, f"db{number}.example", ADDRESS.format(number), **options)
        self.stack.enter_context(contextlib.closing(server))
        server.make()
        server.start()
        clusters.Cluster.running.append(server)
        self.stack.callback(clusters.Cluster.running.remove, server)
        return server

    def places(self):
        return [(server.name, server.address) for server in (self.primary, self.standby, self.third)]

    def promote(self):
        assert self.standby.connect().one("SELECT pg_promote(true, $1)", LONG)


@contextlib.contextmanager
def watched(fleet, folder):
    """Its machines, each with a watch."""
    with contextlib.ExitStack() as stack:
        for node in fleet.nodes:
            stack.enter_context(node.watch(folder))
        yield fleet.nodes
