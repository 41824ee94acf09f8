"""Two machines, a primary that fails or is cut off, and what each of them lets in."""

import time

import pytest
from judge import COUNT, Guest, create, each_owner, judge_guest, judge_owners, revoked, started
from machine import Node
from support.long import repeated
from support.pam_codes import AUTH_ERR, AUTHINFO_UNAVAIL, SUCCESS
from support.wait import LONG, comes_true, wait_until

LINES = ("virtual_users = true;", 'primary: { source = "none"; };')
FENCE = 2


@pytest.fixture
def make_node(layer, build, sandboxes):
    made = []

    def make(*servers, **options):
        made.append(Node(layer, build, servers, "asp", *LINES, **options))
        made[-1].begin()
        return made[-1]

    yield make
    for node in made:
        node.end()
        node.close()


@pytest.mark.parametrize("fail_overs", [1, repeated(20)])
def test_no_login_begun_after_a_revocation_was_reported_is_let_in_through_fail_overs(make_node, pair, fail_overs):
    one, other = (make_node(pair.primary, pair.standby) for _ in range(2))
    kept = one.create("alice", "App", "--app", "calendar")
    (guest,) = started(Guest(other, [kept]))
    reported = {}
    for last in range(1, fail_overs + 1):
        passwords = [create(one, "alice", f"App {at}", "--app", "calendar") for at in range(COUNT)]
        guest.passwords = [*passwords, kept]
        wait_until(lambda: set(guest.passwords) <= guest.let_in(), other.log_file.new)
        for at, password in enumerate(passwords):
            if at == COUNT // 2:
                pair.fail_over()
            reported[password] = revoked(one, password)
        wait_until(lambda: guest.accepted(reported[passwords[-1]]) > 1, other.log_file.new)
        if last < fail_overs:
            pair.change_places()
    guest.end()

    judge_guest(guest, reported)
    # Each is told once, and none is told that was not.
    events = pair.connect("postgres").ask("SELECT ids FROM asp.ended ORDER BY seq")
    assert [event["ids"] for event in events] == [password[:2] for password in reported]


def test_a_broker_goes_on_at_the_new_primary_and_says_so_once(make_node, pair):
    node = make_node(pair.primary, pair.standby, wait=2000)
    made = node.create("alice", "Phone", "--app", "calendar")
    host = node.host("www-data")

    def crowd():
        """So many that each worker has one."""
        host.begin(*[(made, "nginx")] * 4 * COUNT)
        return {answer.code for answer in host.answers()}

    wait_until(lambda: SUCCESS in crowd(), node.log_file.new)
    pair.fail_over()
    wait_until(lambda: node.login(made) == SUCCESS, node.log_file.new)
    wait_until(lambda: SUCCESS in crowd(), node.log_file.new)
    node.log_file.settle()
    said = [line for line in node.database_lines() if line.word("database") == "other-primary"]
    assert [(line.severity, line.word("host")) for line in said] == [(5, str(pair.standby.folder))]


def test_who_reaches_only_an_old_primary_that_nobody_stopped_is_let_in_no_longer_than_the_fence(make_node, pair):
    """The other machine, and the standby that took over, are on the other side."""
    left, goes_on = (make_node(pair.primary, fence=FENCE) for _ in range(2))
    made = left.create("alice", "Phone", "--app", "calendar")
    assert (left.login(made), goes_on.login(made)) == (SUCCESS, SUCCESS)
    pair.connect().ask("SELECT asp.beat()")
    pair.cut()
    cut = time.monotonic()
    (guest,) = started(Guest(left, [made]))
    assert pair.standby.connect().one("SELECT pg_promote(true, $1)", LONG)
    goes_on.always = [line.replace(str(pair.primary.folder), str(pair.standby.folder)) for line in goes_on.always]
    goes_on.end()
    goes_on.configure()
    goes_on.begin()
    reported = revoked(goes_on, made)
    assert goes_on.login(made) == AUTH_ERR

    wait_until(lambda: guest.tried[-1][2] == AUTHINFO_UNAVAIL, "it is let in for ever", FENCE + LONG)
    assert not comes_true(lambda: guest.accepted(reported + FENCE) > 0, 2 * FENCE)
    guest.end()
    # Nothing that was written since the cut is known to be safe.
    assert all(begun - cut < FENCE for _, begun, code in guest.tried if code == SUCCESS)
    assert {code for *_, code in guest.tried} <= {SUCCESS, AUTHINFO_UNAVAIL}
    run = left.asp_admin("revoke", "alice", "--all")
    assert run.code == 5, run


def test_what_several_made_and_revoked_while_the_primary_failed_is_there_once(make_node, pair):
    nodes = [make_node(pair.primary, pair.standby) for _ in range(2)]
    owners = started(*each_owner(nodes, "alice", "bob"))
    wait_until(lambda: all(len(owner.made) >= 2 for owner in owners))
    pair.fail_over()
    for owner in owners:
        owner.end()
    judge_owners(owners, nodes)
    events = pair.connect("postgres").ask("SELECT ids FROM asp.ended")
    assert len(events) == sum(len(owner.revoked) for owner in owners)
