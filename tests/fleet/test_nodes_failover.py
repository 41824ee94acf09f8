"""Two machines, a primary that fails or is cut off, and what each of them lets in."""

import threading
import time

import pytest
from machine import Node
from support.pam_codes import AUTH_ERR, AUTHINFO_UNAVAIL, SUCCESS
from support.wait import LONG, comes_true, wait_until

LINES = ("virtual_users = true;", 'primary: { source = "none"; };')
COUNT = 8
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


class Guest(threading.Thread):
    """Logs in with each of some passwords, over and over."""

    def __init__(self, node, passwords):
        super().__init__(daemon=True)
        self.node, self.passwords = node, passwords
        self.over = threading.Event()
        self.tried = []  # (password, when it began, code)

    def run(self):
        while not self.over.is_set():
            for password in self.passwords:
                begun = time.monotonic()
                self.tried.append((password, begun, self.node.login(password)))


def revoked(node, password, user="alice"):
    """When it was reported, however often that had to be asked for."""

    wait_until(lambda: node.asp_admin("revoke", user, password[:2]).code == 0, f"{password[:2]} is not revoked")
    return time.monotonic()


def test_no_login_begun_after_a_revocation_was_reported_is_let_in_through_a_fail_over(make_node, pair):
    one, other = (make_node(pair.primary, pair.standby) for _ in range(2))
    passwords = [one.create("alice", f"App {at}", "--app", "calendar") for at in range(COUNT)]
    guest = Guest(other, passwords)
    guest.start()
    wait_until(lambda: len(guest.tried) >= COUNT)
    reported = {}
    for at, password in enumerate(passwords[:-1]):
        if at == COUNT // 2:
            pair.fail_over()
        reported[password] = revoked(one, password)
    last = max(reported.values())
    wait_until(lambda: [code for _, begun, code in guest.tried if begun > last].count(SUCCESS) > 1)
    guest.over.set()
    guest.join(LONG)

    let_in = {password for password, _, code in guest.tried if code == SUCCESS}
    assert let_in == set(passwords)
    for password, begun, code in guest.tried:
        assert code != SUCCESS or begun < reported.get(password, begun + 1), (password, begun, reported)
    assert {code for *_, code in guest.tried} <= {SUCCESS, AUTH_ERR, AUTHINFO_UNAVAIL}
    # Each is told once, and none is told that was not.
    events = pair.connect("postgres").ask("SELECT ids FROM asp.ended ORDER BY seq")
    assert [event["ids"] for event in events] == [password[:2] for password in passwords[:-1]]


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
    pair.cut()
    assert pair.standby.connect().one("SELECT pg_promote(true, $1)", LONG)
    goes_on.always = [line.replace(str(pair.primary.folder), str(pair.standby.folder)) for line in goes_on.always]
    goes_on.end()
    goes_on.configure()
    goes_on.begin()
    reported = revoked(goes_on, made)
    assert goes_on.login(made) == AUTH_ERR

    let_in = []

    def is_refused():
        begun = time.monotonic()
        if (code := left.login(made)) == SUCCESS:
            let_in.append(begun)
        return code == AUTHINFO_UNAVAIL

    wait_until(is_refused, "it is let in for ever", FENCE + LONG)
    assert all(begun - reported < FENCE + 1 for begun in let_in)
    assert not comes_true(lambda: left.login(made) != AUTHINFO_UNAVAIL, 2 * FENCE)
    run = left.asp_admin("revoke", "alice", "--all")
    assert run.code == 5, run


class Owner(threading.Thread):
    """Makes app passwords of a user by one of the machines, one after the other, and revokes every other one."""

    def __init__(self, node, user, letter):
        super().__init__(daemon=True)
        self.node, self.user, self.letter = node, user, letter
        self.made, self.failed, self.revoked = {}, [], []

    def run(self):
        while len(self.made) < COUNT:
            label = f"{self.letter}{len(self.made) + len(self.failed)}"
            run = self.node.asp_admin("create", self.user, "--label", label, "--app", "calendar", "--quiet")
            if run.code != 0:
                self.failed.append((label, run))
                continue
            self.made[label] = run.out.strip()
            if len(self.made) % 2:
                revoked(self.node, self.made[label], self.user)
                self.revoked.append(label)


def judge(rows, owner):
    """Of each that was tried: what was said of it is so. What is not hers stays in `rows`."""
    for label in owner.made:
        assert rows.pop(label) == ("revoked" if label in owner.revoked else "active")
    for label, run in owner.failed:
        # Nothing was made and what was shown is said to be void, or it is said that this is not known.
        is_told = run.out == "" or "that was shown is void" in run.err
        assert run.code == 5 and (is_told and label not in rows or "not known" in run.err), run
        rows.pop(label, None)


def test_what_several_made_and_revoked_while_the_primary_failed_is_there_once(make_node, pair):
    nodes = [make_node(pair.primary, pair.standby) for _ in range(2)]
    owners = [Owner(node, user, f"{at}{user}") for at, node in enumerate(nodes) for user in ("alice", "bob")]
    for owner in owners:
        owner.start()
    wait_until(lambda: all(len(owner.made) >= 2 for owner in owners))
    pair.fail_over()
    for owner in owners:
        owner.join(LONG)
        assert not owner.is_alive(), owner.failed

    for user in ("alice", "bob"):
        found = nodes[0].json("list", user, "--all")
        rows = {row["label"]: row["state"] for row in found}
        assert len(rows) == len(found)
        for owner in owners:
            if owner.user == user:
                judge(rows, owner)
        assert rows == {}
    for owner in owners:
        for label, password in owner.made.items():
            expected = AUTH_ERR if label in owner.revoked else SUCCESS
            assert [node.login(password, user=owner.user) for node in nodes] == [expected] * 2
    events = pair.connect("postgres").ask("SELECT ids FROM asp.ended")
    assert len(events) == sum(len(owner.revoked) for owner in owners)
    nodes[0].asp_admin("store", "check").done()
