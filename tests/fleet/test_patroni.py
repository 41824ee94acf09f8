"""Two machines, and a database of three members that a real Patroni leads: it promotes, stops and brings back by itself."""

import contextlib
import shutil

import pytest
from certificates import Authority
from fleet import ADDRESS, NETWORK, Machines, make_store, watched
from judge import go_through
from network import PASSFILE
from patroni import PACKAGES, Etcd, Member, prepare
from roots import root_with
from support.wait import LONG, wait_until
from wires import LEFT, RIGHT, TRUNK

pytestmark = pytest.mark.long

FENCE = 5
ACCESS = [f"hostssl asp asp_node,asp_admin {NETWORK} scram-sha-256"]


class Cluster(Machines):
    """At the left is the member db1, at the right are the two others and what they ask."""

    def __init__(self, stack, authority, root):
        super().__init__(stack, authority)
        prepare(root)
        etcd = Etcd(root, self._place(20, RIGHT, "etcd"), ADDRESS.format(20))
        stack.enter_context(contextlib.closing(etcd))
        self.members = []
        for number, switch in ((1, LEFT), (2, RIGHT), (3, RIGHT)):
            name = f"db{number}"
            place = self._place(number, switch, name)
            self.members.append(Member(root, place, authority, etcd, name, ADDRESS.format(number), ACCESS))
            stack.enter_context(contextlib.closing(self.members[-1]))
        for member in self.members:
            member.start()
        self.wait_until_well()
        with self.leader().connected() as owner:
            owner.ask("CREATE DATABASE asp TEMPLATE template0")
        with self.leader().connected("asp") as owner:
            make_store(owner)

    def _place(self, number, switch, port):
        place = self.wires.place()
        self.wires.plug(place.first, switch, port, ADDRESS.format(number))
        return place

    def leader(self):
        found = self.members[-1].members()
        (leader,) = [member for member in self.members if found.get(member.name, ("",))[0] == "Leader"]
        return leader

    def is_well(self):
        """Three, of which one leads and the others have all that it has."""
        roles = self.members[-1].members()
        return sorted(roles.values()) == [("Leader", "running"), *[("Quorum Standby", "streaming")] * 2]

    def wait_until_well(self):
        wait_until(self.is_well, lambda: "\n".join(member.log() for member in self.members), 2 * LONG)

    def switch_over(self, member):
        if self.leader() is not member:
            words = ("--leader", self.leader().name, "--candidate", member.name, "--force")
            self.members[-1].control("switchover", *words).done()


@pytest.fixture(scope="module")
def cluster(layer, build, sandboxes, postgres, tmp_path_factory):
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    with contextlib.ExitStack() as stack:
        root = stack.enter_context(root_with(tmp_path_factory.mktemp("patroni"), *PACKAGES))
        made = Cluster(stack, Authority(tmp_path_factory.mktemp("authority") / "one"), root)
        words = {
            "places": [(member.host, member.address) for member in made.members],
            "how": PASSFILE,
            "fence": FENCE,
            "lines": ['primary: { source = "none"; };'],
        }
        made.add_machine(layer, build, LEFT, "one", **words)
        made.add_machine(layer, build, RIGHT, "other", **words)
        yield made


@pytest.fixture
def nodes(cluster, folder):
    """Its machines, when all members are well and that at the left leads."""
    cluster.wait_until_well()
    cluster.switch_over(cluster.members[0])
    cluster.wait_until_well()
    with watched(cluster, folder) as found:
        yield found


def test_another_is_told_to_lead(cluster, nodes):
    go_through(nodes, ("alice", "bob", "carol"), lambda: cluster.switch_over(cluster.members[1]))


def test_the_leader_is_killed(cluster, nodes):
    go_through(nodes, ("dora", "erin", "frank"), cluster.members[0].crash, cluster.members[0].start)


def test_the_leader_is_cut_off_together_with_a_machine(cluster, nodes):
    """It stops to lead by itself, and what it has more than the others goes when it is back."""
    users = ("grace", "heidi", "ivan")
    cut, heal = (lambda: cluster.wires.cut(TRUNK)), (lambda: cluster.wires.heal(TRUNK))
    go_through(nodes, users, cut, heal, FENCE + 1)
    cluster.wait_until_well()
