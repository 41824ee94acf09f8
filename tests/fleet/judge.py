"""What is done on several machines while their database fails, and whether what was said of it is so."""

import itertools
import json
import math
import threading
import time

from support.pam_codes import AUTH_ERR, AUTHINFO_UNAVAIL, SUCCESS
from support.wait import LONG, wait_until

COUNT = 8


def started(*threads):
    for thread in threads:
        thread.start()
    return threads


def create(node, user, label, *more):
    """A new app password, however often that had to be asked for."""
    for tried in itertools.count():
        run = node.asp_admin("create", user, "--label", f"{label} {tried}", "--quiet", *more)
        if run.code == 0:
            return run.out.strip()
        assert run.code == 5 and tried < COUNT, run


def verdict(node, password, **words):
    """What it says of a login once it can tell: on a busy machine there may be no answer in time."""

    def tell():
        code = node.login(password, **words)
        return code != AUTHINFO_UNAVAIL and (code,)

    return wait_until(tell, node.log_file.new)[0]


class Guest(threading.Thread):
    """Logs in with each of some passwords, over and over; `words` are those of login(). Two at one machine come from two
    hosts."""

    def __init__(self, node, passwords, **words):
        super().__init__(daemon=True)
        self.node, self.passwords, self.words = node, passwords, words
        self.over = threading.Event()
        self.tried = []  # (password, when it began, code)

    def run(self):
        while not self.over.is_set():
            for password in self.passwords:
                begun = time.monotonic()
                self.tried.append((password, begun, self.node.login(password, **self.words)))

    def end(self):
        self.over.set()
        self.join(LONG)
        assert not self.is_alive()

    def let_in(self):
        """The passwords that opened, at whatever time."""
        return {password for password, _, code in self.tried if code == SUCCESS}

    def accepted(self, after):
        """How many logins begun after that were let in."""
        return [code for _, begun, code in self.tried if begun > after].count(SUCCESS)


def judge_guest(guest, reported, grace=0):
    """`reported`: when each revocation was. No login begun `grace` seconds after that, or later, was let in."""
    for password, begun, code in guest.tried:
        assert code != SUCCESS or begun < reported.get(password, math.inf) + grace, (password, begun, reported)
    codes = {code for *_, code in guest.tried}
    assert codes <= {SUCCESS, AUTH_ERR, AUTHINFO_UNAVAIL}


def judge_bound(guests):
    """Of each password that was free until they came, one of them at most was let in: each comes to another service."""
    for password in guests[0].passwords:
        assert len([guest for guest in guests if password in guest.let_in()]) <= 1, password


def revoked(node, password, user="alice"):
    """When it was reported, however often that had to be asked for."""

    wait_until(lambda: node.asp_admin("revoke", user, password[:2]).code == 0, f"{password[:2]} is not revoked")
    return time.monotonic()


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

    def end(self):
        self.join(LONG)
        assert not self.is_alive(), self.failed

    def revoked_ids(self):
        return [self.made[label][:2] for label in self.revoked]


def each_owner(nodes, *users):
    """One for each of the users at each of the machines."""
    return [Owner(node, user, f"{at}{user}") for at, node in enumerate(nodes) for user in users]


class Filler(threading.Thread):
    """Makes app passwords of a user by one of the machines, until she has as many as she may."""

    def __init__(self, node, user, letter):
        super().__init__(daemon=True)
        self.node, self.user, self.letter = node, user, letter
        self.made, self.tried = [], 0

    def run(self):
        full = False
        while not full:
            label = f"{self.letter}{self.tried}"
            self.tried += 1
            run = self.node.asp_admin("create", self.user, "--label", label, "--app", "calendar", "--quiet")
            if run.code == 0:
                self.made.append(label)
            full = "the limit is" in run.err

    def end(self):
        self.join(LONG)
        assert not self.is_alive(), self.made


def judge_limit(fillers, node, limit):
    """She has as many as she may, and among them all that she was said to have."""
    rows = [row["label"] for row in entries(node, fillers[0].user)]
    assert len(rows) == limit == len(set(rows))
    assert {label for filler in fillers for label in filler.made} <= set(rows)


def entries(node, user):
    """All that she has, revoked ones too, once they can be told."""
    words = ("--json", "list", user, "--all")
    return json.loads(wait_until(lambda: (run := node.asp_admin(*words)).code == 0 and run.out, node.log_file.new))


def judge_rows(rows, owner):
    """Of each that was tried: what was said of it is so. What is not hers stays in `rows`."""
    for label in owner.made:
        assert rows.pop(label) == ("revoked" if label in owner.revoked else "active")
    for label, run in owner.failed:
        # Nothing was made and what was shown is said to be void, or it is said that this is not known.
        is_told = run.out == "" or "that was shown is void" in run.err
        assert run.code == 5 and (is_told and label not in rows or "not known" in run.err), run
        rows.pop(label, None)


def judge_owners(owners, nodes):
    """What they made and revoked is there once, opens on each of the machines or on none, and nothing else is there."""
    for user in {owner.user for owner in owners}:
        found = entries(nodes[0], user)
        rows = {row["label"]: row["state"] for row in found}
        assert len(rows) == len(found)
        for owner in owners:
            if owner.user == user:
                judge_rows(rows, owner)
        assert rows == {}
    for owner in owners:
        for label, password in owner.made.items():
            expected = AUTH_ERR if label in owner.revoked else SUCCESS
            assert [verdict(node, password, user=owner.user) for node in nodes] == [expected] * len(nodes)
    wait_until(lambda: nodes[0].asp_admin("store", "check").code == 0, "store check finds fault")


def judge_heard(nodes, reported, owners):
    """Each machine is told of each that was revoked."""
    ids = [password[:2] for password in reported] + [id for owner in owners for id in owner.revoked_ids()]
    for node in nodes:
        node.wait_for(*ids)


def go_through(nodes, users, trouble, recover=lambda: None, grace=0):
    """What two machines do before and after a trouble, and until they have recovered, which is judged; `users` are three.
    `grace` is of the first machine: for so long it may be let in there after a revocation at the other."""
    one, other = nodes
    guest, *owned = users
    passwords = [create(one, guest, f"App {at}", "--app", "calendar") for at in range(COUNT)]
    guests = started(*(Guest(node, passwords, user=guest) for node in nodes))
    wait_until(lambda: all(guest.accepted(0) >= COUNT for guest in guests))
    owners = started(*each_owner(nodes, *owned))
    wait_until(lambda: all(len(owner.made) >= 2 for owner in owners))
    reported = {password: revoked(one, password, guest) for password in passwords[: COUNT // 2]}
    trouble()
    reported |= {password: revoked(other, password, guest) for password in passwords[COUNT // 2 : -1]}
    recover()
    last = time.monotonic()
    wait_until(lambda: all(guest.accepted(last) > 1 for guest in guests), one.log_file.messages)
    for thread in (*owners, *guests):
        thread.end()
    judge_guest(guests[0], reported, grace)
    judge_guest(guests[1], reported)
    judge_owners(owners, nodes)
    judge_heard(nodes, reported, owners)
