"""Two machines that come to their database through a pgbouncer in transaction mode: the real one, by TLS on both its sides."""

import contextlib
import shutil

import pytest
from certificates import Authority
from fleet import PASSWORDS, Fleet, watched
from judge import create, go_through, revoked, verdict
from network import CERTIFICATE, PASSFILE
from pooler import NAME, PORT, SERVERS, Pooler
from roots import root_with
from support.pam_codes import AUTH_ERR, AUTHINFO_UNAVAIL, SUCCESS
from support.wait import comes_true, wait_until
from wires import LEFT

pytestmark = pytest.mark.long

ADDRESS = "192.0.2.9"
FENCE = 5
CROWD = 64
# None of those here has a line in a shadow file: that the password stack is reached is the change of her password.
CAROL = "carol@example.org"
STACK = "password required pam_permit.so\npassword optional pam_asp.so\n"
SESSIONS = "SELECT count(*) FROM pg_stat_activity WHERE usename = $1 AND client_addr = $2::text::inet"


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    with root_with(tmp_path_factory.mktemp("pooler"), "pgbouncer") as made:
        yield made


@pytest.fixture(scope="module")
def fleet(layer, build, sandboxes, postgres, root, tmp_path_factory):
    with contextlib.ExitStack() as stack:
        found = Fleet(stack, Authority(tmp_path_factory.mktemp("authority") / "one"))
        place = found.wires.place()
        found.wires.plug(place.first, LEFT, "pool", ADDRESS)
        servers = (found.primary, found.standby, found.third)
        found.pooler = stack.enter_context(
            contextlib.closing(Pooler(root, place, found.authority, ADDRESS, PASSWORDS, servers))
        )
        found.pooler.start()
        words = {"places": [(NAME, ADDRESS, PORT)], "how": CERTIFICATE, "fence": FENCE, "prepare": reach_the_stack}
        for port in ("one", "other"):
            found.add_machine(layer, build, LEFT, port, lines=['primary: { realm = "office"; };'], **words)
        yield found


def reach_the_stack(machine):
    machine.sandbox.write("/etc/pam.d/directory", STACK)


@pytest.fixture
def nodes(fleet, folder):
    with watched(fleet, folder) as found:
        yield found


def test_it_lives(fleet, nodes):
    """All that there is: made, listed, bound, used, revoked and heard of; the password stack; store check; doctor."""
    one, other = nodes
    anna, imap = {"user": "anna"}, {"user": "anna", "service": "imap"}
    bound = create(one, "anna", "Phone")
    assert verdict(other, bound, **imap) == SUCCESS
    assert (verdict(one, bound, **anna), verdict(one, bound, **imap)) == (AUTH_ERR, SUCCESS)
    wait_until(lambda: one.json("list", "anna")[0]["last_used"] is not None, "no use is told")
    own = create(one, CAROL, "Phone", "--app", "calendar")
    assert verdict(other, own, user=CAROL) == SUCCESS
    other.chauthtok("directory", CAROL)
    assert [verdict(node, own, user=CAROL) for node in nodes] == [AUTH_ERR] * 2
    revoked(other, bound, "anna")
    assert [verdict(node, bound, **imap) for node in nodes] == [AUTH_ERR] * 2
    short = create(one, "ben", "Guest", "--app", "calendar", "--expires", "2s")
    for node in nodes:
        node.wait_for(own[:2], bound[:2], short[:2])
        wait_until(lambda: all(ok for ok, _ in node.doctor()), node.doctor)
    for words in (("store", "check"), ("store", "tidy"), ("remove", "anna")):
        wait_until(lambda: other.asp_admin(*words).code == 0, words)
    assert [row["user"] for row in one.json("list")] == ["ben", CAROL]


def crowd(hosts, *login):
    """What so many are told who come at once to each of these that each worker has some."""
    for host in hosts:
        host.begin(*[login] * CROWD)
    return {answer.code for host in hosts for answer in host.answers()}


def test_the_workers_of_all_machines_share_a_few_connections(fleet, nodes):
    password = create(nodes[0], "dora", "App", "--app", "calendar")
    hosts = [node.host("www-data") for node in nodes]
    seen = set()
    for _ in range(5):
        wait_until(lambda: crowd(hosts, password, "nginx", "dora") == {SUCCESS}, nodes[0].log_file.new)
        seen.add(fleet.primary.connect().one(SESSIONS, "asp_node", ADDRESS))
    assert 1 < max(seen) <= SERVERS


def test_one_that_is_started_again_is_come_to_again(fleet, nodes):
    password = create(nodes[0], "erin", "Phone", "--app", "calendar")
    assert [verdict(node, password, user="erin") for node in nodes] == [SUCCESS] * 2
    fleet.pooler.stop()
    assert nodes[0].login(password, user="erin") == AUTHINFO_UNAVAIL
    fleet.pooler.start()
    assert [verdict(node, password, user="erin") for node in nodes] == [SUCCESS] * 2


def test_a_standby_that_it_is_in_front_of_lets_nobody_in(fleet, nodes):
    """Who came to it while it was in front of the primary keeps the connection, and asks no more what is behind."""
    one, _ = nodes
    password = create(one, "frank", "Phone", "--app", "calendar")
    login = ([one.host("www-data")], password, "nginx", "frank")
    wait_until(lambda: crowd(*login) == {SUCCESS}, one.log_file.new)
    fleet.pooler.point_at(fleet.third)
    try:
        wait_until(lambda: SUCCESS not in crowd(*login))
        assert not comes_true(lambda: SUCCESS in crowd(*login), 2)
    finally:
        fleet.pooler.point_at(fleet.primary)
    assert verdict(one, password, user="frank") == SUCCESS


def test_a_machine_that_comes_by_a_password_says_none_to_it(fleet, nodes):
    """libpq binds it to the channel, and pgbouncer cannot."""
    one, _ = nodes
    before = one.sandbox.read("/etc/asp/asp.conf")
    one.sandbox.write("/etc/asp/asp.conf", before.replace(CERTIFICATE, PASSFILE))
    try:
        with fleet.pooler.by_password():
            run = one.asp_admin("list")
        assert run.code == 5 and "channel binding" in run.err, run
    finally:
        one.sandbox.write("/etc/asp/asp.conf", before)


def test_the_primary_behind_it_fails(fleet, nodes):
    """The last one: there is no other standby to take over."""

    def fail_over():
        fleet.primary.crash()
        fleet.promote()
        fleet.pooler.point_at(fleet.standby)

    go_through(nodes, ("grace", "heidi", "ivan"), fail_over)
