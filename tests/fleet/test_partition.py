"""A network that is cut: two machines, a primary of the database, its synchronous standby and one that is asynchronous, each
in a network of its own; and that all is well again by itself when it is not cut any more."""

import contextlib
import shutil
import time

import cluster as clusters
import pytest
from certificates import Authority
from judge import COUNT, Filler, Guest, Owner, judge_bound, judge_guest, judge_limit, judge_owners, revoked
from network import PASSFILE, Networked, Server, hosts
from support.wait import LONG, wait_until
from watched import Hooked
from wires import LEFT, RIGHT, TRUNK, wired

PASSWORDS = {"asp_node": "that of the broker", "asp_admin": "that of root"}
NETWORK = "192.0.2.0/24"
ACCESS = clusters.TRUST + (
    f"hostssl asp asp_node,asp_admin {NETWORK} scram-sha-256\nhostssl replication postgres {NETWORK} trust\n"
)
FENCE = 2
LIMIT = 12


class Machine(Hooked, Networked):
    def __init__(self, *where, servers):
        places = [(server.name, server.address) for server in servers]
        super().__init__(*where, way=hosts(*places, wait=800, fence=FENCE))
        self.always += [f"limit = {LIMIT};", f"database: {{ {self.way} {PASSFILE} }};"]
        self.passwords = PASSWORDS


class Fleet:
    """At the left the primary and the machine `one`, at the right the standbys and the machine `other`."""

    def __init__(self, stack, layer, build, authority):
        self.wires = stack.enter_context(wired())
        self.primary = self._server(stack, authority, 1, LEFT)
        self.primary.database("asp")
        self.primary.connect(database="asp").ask(clusters.SCHEMA)
        for role, password in PASSWORDS.items():
            self.primary.connect(database="asp").ask(f"ALTER ROLE {role} PASSWORD '{password}'")
        # Whoever takes over has the third for its standby, which follows it.
        words = {"synchronous_standby_names": "*"}
        self.standby = self._server(stack, authority, 2, RIGHT, primary=self.primary, **words)
        self.third = self._server(stack, authority, 3, RIGHT, primary=self.standby)
        self.primary.connect().ask("ALTER SYSTEM SET synchronous_standby_names = '*'")
        self.primary.connect().ask("SELECT pg_reload_conf()")
        for server, state in ((self.primary, "sync"), (self.standby, "async")):
            words = f"SELECT 1 FROM pg_stat_replication WHERE sync_state = '{state}'"
            wait_until(lambda: server.connect().ask(words))
        self.nodes = []
        for number, port in ((11, "one"), (12, "other")):
            self.nodes.append(self._machine(stack, layer, build, authority, number, port))

    def _server(self, stack, authority, number, switch, **options):
        address = f"192.0.2.{number}"
        place = self.wires.place()
        self.wires.plug(place.first, switch, f"db{number}", address)
        # What is copied from a standby needs whole pages in the log.
        options = {"access": ACCESS, "full_page_writes": "on", **options}
        server = Server(place.first, authority, f"db{number}.example", address, **options)
        stack.enter_context(contextlib.closing(server))
        server.make()
        server.start()
        clusters.Cluster.running.append(server)
        stack.callback(clusters.Cluster.running.remove, server)
        return server

    def _machine(self, stack, layer, build, authority, number, port):
        servers = (self.primary, self.standby, self.third)
        machine = stack.enter_context(contextlib.closing(Machine(layer, build, authority, servers=servers)))
        self.wires.plug(machine.sandbox.first, LEFT if port == "one" else RIGHT, port, f"192.0.2.{number}")
        machine.put_files()
        machine.hook()
        machine.store("join").done()
        stack.enter_context(machine.serving())
        return machine

    def promote(self):
        assert self.standby.connect().one("SELECT pg_promote(true, $1)", LONG)


@pytest.fixture(scope="module")
def fleet(layer, build, sandboxes, postgres, tmp_path_factory):
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    with contextlib.ExitStack() as stack:
        yield Fleet(stack, layer, build, Authority(tmp_path_factory.mktemp("authority") / "one"))


@pytest.fixture
def nodes(fleet, folder):
    """Its machines, each with a watch."""
    with contextlib.ExitStack() as stack:
        for node in fleet.nodes:
            stack.enter_context(node.watch(folder))
        yield fleet.nodes


def begun(*threads):
    for thread in threads:
        thread.start()
    return threads


def each_owner(nodes, *users):
    """One for each of the users at each of the machines."""
    return [Owner(node, user, f"{at}{user}") for at, node in enumerate(nodes) for user in users]


def wait_for_all(nodes, reported, owners):
    """Until each machine has heard of each that was revoked."""
    ids = [password[:2] for password in reported] + [id for owner in owners for id in owner.revoked_ids()]
    for node in nodes:
        node.wait_for(*ids)


def test_a_machine_that_is_cut_off_lets_nobody_in_and_knows_all_when_it_is_not(fleet, nodes):
    one, other = nodes
    passwords = [one.create("alice", f"App {at}", "--app", "calendar") for at in range(COUNT)]
    guests = begun(*(Guest(node, passwords) for node in nodes))
    wait_until(lambda: all(guest.accepted(0) >= COUNT for guest in guests))
    fleet.wires.cut("one")
    cut = time.monotonic()
    owners = begun(*each_owner([other], "bob", "carol"))
    reported = {password: revoked(other, password) for password in passwords[:-1]}
    for owner in owners:
        owner.end()
    run = one.asp_admin("revoke", "alice", passwords[-1][:2])
    assert run.code == 5, run
    last = time.monotonic()
    assert guests[0].accepted(cut) == 0 < guests[1].accepted(cut)

    fleet.wires.heal("one")
    wait_until(lambda: all(guest.accepted(last) > 1 for guest in guests), one.log_file.messages)
    for guest in guests:
        guest.end()
        judge_guest(guest, reported)
    judge_owners(owners, nodes)
    wait_for_all(nodes, reported, owners)


def test_a_primary_that_is_cut_off_together_with_a_machine_and_replaced(fleet, nodes):
    """Nobody stops it while it is cut off, nor at once when it is not."""
    one, other = nodes
    passwords = [one.create("dora", f"App {at}", "--app", "calendar") for at in range(COUNT)]
    free = [one.create("erin", f"App {at}") for at in range(COUNT // 2)]
    guests = begun(*(Guest(node, passwords, user="dora") for node in nodes))
    wait_until(lambda: all(guest.accepted(0) >= COUNT for guest in guests))
    owners = begun(*each_owner(nodes, "frank", "grace"))
    wait_until(lambda: all(len(owner.made) >= 2 for owner in owners))

    fleet.wires.cut(TRUNK)
    cut = time.monotonic()
    fleet.promote()
    fillers = begun(*(Filler(node, "heidi", f"{at}") for at, node in enumerate(nodes)))
    services = zip(nodes, ("nginx", "imap"))
    firsts = begun(*(Guest(node, free, user="erin", service=service, host="root") for node, service in services))
    reported = {password: revoked(other, password, "dora") for password in passwords[:-1]}
    last = max(reported.values())
    wait_until(lambda: guests[1].accepted(last) > 1, other.log_file.messages)
    time.sleep(max(0, cut + 2 * FENCE + 1 - time.monotonic()))
    assert guests[0].accepted(cut + FENCE + 1) == 0
    run = one.asp_admin("revoke", "dora", passwords[-1][:2])
    assert run.code == 5, run

    # Two that take writes can be reached: the old one has no standby any more, and is stopped a while later.
    fleet.wires.heal(TRUNK)
    time.sleep(FENCE)
    fleet.primary.crash()
    healed = time.monotonic()
    wait_until(lambda: all(guest.accepted(healed) > 1 for guest in (*guests, firsts[1])), one.log_file.messages)
    for thread in (*owners, *fillers, *guests, *firsts):
        thread.end()
    judge_guest(guests[0], reported, FENCE + 1)
    judge_guest(guests[1], reported)
    judge_bound(firsts)
    judge_limit(fillers, other, LIMIT)
    judge_owners(owners, nodes)
    wait_for_all(nodes, reported, owners)
