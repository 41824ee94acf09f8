"""Two machines that come to their database through a pgbouncer in transaction mode: the real one, by TLS on both its sides."""

import contextlib
import shutil
import time

import pytest
from certificates import Authority
from fleet import PASSWORDS, Fleet, watched
from judge import COUNT, Guest, each_owner, judge_guest, judge_heard, judge_owners, revoked, started
from machine import leave_none
from network import CERTIFICATE, PASSFILE
from pooler import NAME, PORT, SERVERS, Pooler
from support.pam_codes import AUTH_ERR, AUTHINFO_UNAVAIL, SUCCESS
from support.run import TREE, execute
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
    folder = tmp_path_factory.mktemp("pooler")
    run = execute(TREE / "tests/fleet/pooler_root", folder, timeout=280)
    if run.code == 77:
        pytest.skip(f"no pgbouncer of Debian 13: {run.err.strip()}")
    run.done()
    yield folder / "made/root"
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def fleet(layer, build, sandboxes, postgres, root, tmp_path_factory):
    with contextlib.ExitStack() as stack:
        made = Fleet(stack, Authority(tmp_path_factory.mktemp("authority") / "one"))
        place = made.wires.place()
        made.wires.plug(place.first, LEFT, "pool", ADDRESS)
        servers = (made.primary, made.standby, made.third)
        made.pooler = stack.enter_context(
            contextlib.closing(Pooler(root, place, made.authority, ADDRESS, PASSWORDS, servers))
        )
        made.pooler.start()
        words = {"places": [(NAME, ADDRESS, PORT)], "how": CERTIFICATE, "fence": FENCE, "prepare": reach_the_stack}
        for port in ("one", "other"):
            made.add_machine(layer, build, LEFT, port, lines=['primary: { realm = "office"; };'], **words)
        yield made


def reach_the_stack(machine):
    machine.sandbox.write("/etc/pam.d/directory", STACK)


@pytest.fixture
def nodes(fleet, folder):
    with watched(fleet, folder) as found:
        yield found


def test_it_lives(fleet, nodes):
    """All that there is: made, listed, bound, used, revoked and heard of; the password stack; store check; doctor."""
    one, other = nodes
    made = one.create("anna", "Phone")
    assert other.login(made, "imap", "anna") == SUCCESS
    assert (one.login(made, "nginx", "anna"), one.login(made, "imap", "anna")) == (AUTH_ERR, SUCCESS)
    wait_until(lambda: one.json("list", "anna")[0]["last_used"] is not None, "no use is told")
    own = one.create(CAROL, "Phone", "--app", "calendar")
    assert other.login(own, user=CAROL) == SUCCESS
    other.chauthtok("directory", CAROL)
    assert (one.login(own, user=CAROL), other.login(own, user=CAROL)) == (AUTH_ERR, AUTH_ERR)
    other.asp_admin("revoke", "anna", made[:2]).done()
    assert (one.login(made, "imap", "anna"), other.login(made, "imap", "anna")) == (AUTH_ERR, AUTH_ERR)
    until = one.create("ben", "Guest", "--app", "calendar", "--expires", "2s")
    for node in nodes:
        node.wait_for(own[:2], made[:2], until[:2])
        assert all(ok for ok, _ in node.doctor()), node.doctor()
    one.asp_admin("store", "check").done()
    other.asp_admin("store", "tidy").done()
    other.asp_admin("remove", "anna").done()
    assert [row["user"] for row in one.json("list")] == ["ben", CAROL]


def test_the_workers_of_all_machines_share_a_few_connections(fleet, nodes):
    passwords = [node.create("dora", f"App {at}", "--app", "calendar") for at, node in enumerate(nodes)]
    hosts = [node.host("www-data") for node in nodes]
    seen = set()
    for _ in range(5):
        for host, password in zip(hosts, passwords):
            host.begin(*[(password, "nginx", "dora")] * CROWD)
        for host in hosts:
            assert {answer.code for answer in host.answers()} == {SUCCESS}
        seen.add(fleet.primary.connect().one(SESSIONS, "asp_node", ADDRESS))
    assert 1 < max(seen) <= SERVERS


def test_one_that_is_started_again_is_come_to_again(fleet, nodes):
    one, other = nodes
    made = one.create("erin", "Phone", "--app", "calendar")
    assert (one.login(made, user="erin"), other.login(made, user="erin")) == (SUCCESS, SUCCESS)
    fleet.pooler.stop()
    assert one.login(made, user="erin") == AUTHINFO_UNAVAIL
    fleet.pooler.start()
    for node in nodes:
        wait_until(lambda: node.login(made, user="erin") == SUCCESS, node.log_file.messages)


def test_a_standby_that_it_is_in_front_of_lets_nobody_in(fleet, nodes):
    """Who came to it while it was in front of the primary keeps the connection, and asks no more what is behind."""
    one, other = nodes
    made = one.create("frank", "Phone", "--app", "calendar")
    host = one.host("www-data")
    host.begin(*[(made, "nginx", "frank")] * CROWD)
    assert {answer.code for answer in host.answers()} == {SUCCESS}
    fleet.pooler.point_at(fleet.third)
    wait_until(lambda: fleet.third.connect().one(SESSIONS, "asp_node", ADDRESS) > 0 or one.login(made, user="frank") > 0)
    host.begin(*[(made, "nginx", "frank")] * CROWD)
    assert SUCCESS not in {answer.code for answer in host.answers()}
    assert not comes_true(lambda: one.login(made, user="frank") == SUCCESS, 2)
    fleet.pooler.point_at(fleet.primary)
    wait_until(lambda: one.login(made, user="frank") == SUCCESS, one.log_file.messages)


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
    one, other = nodes
    leave_none(fleet.primary.connect(database="asp"))
    passwords = [one.create("grace", f"App {at}", "--app", "calendar") for at in range(COUNT)]
    guests = started(*(Guest(node, passwords, user="grace") for node in nodes))
    wait_until(lambda: all(guest.accepted(0) >= COUNT for guest in guests))
    owners = started(*each_owner(nodes, "heidi", "ivan"))
    wait_until(lambda: all(len(owner.made) >= 2 for owner in owners))
    reported = {password: revoked(one, password, "grace") for password in passwords[: COUNT // 2]}
    fleet.primary.crash()
    fleet.promote()
    fleet.pooler.point_at(fleet.standby)
    reported |= {password: revoked(other, password, "grace") for password in passwords[COUNT // 2 : -1]}
    last = time.monotonic()
    wait_until(lambda: all(guest.accepted(last) > 1 for guest in guests), one.log_file.messages)
    for thread in (*owners, *guests):
        thread.end()
    for guest in guests:
        judge_guest(guest, reported)
    judge_owners(owners, nodes)
    judge_heard(nodes, reported, owners)
