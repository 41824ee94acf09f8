"""A network that is cut: two machines, a primary of the database, its synchronous standby and one that is asynchronous, each
in a network of its own; and that all is well again by itself when it is not cut any more."""

import contextlib
import shutil
import time

import pytest
from certificates import Authority
from fleet import Fleet, watched
from judge import (
    COUNT,
    Filler,
    Guest,
    create,
    each_owner,
    judge_bound,
    judge_guest,
    judge_heard,
    judge_limit,
    judge_owners,
    revoked,
    started,
)
from network import PASSFILE
from support.wait import LONG, wait_until
from wires import LEFT, RIGHT, TRUNK

FENCE = 3
LIMIT = 12


@pytest.fixture(scope="module")
def fleet(layer, build, sandboxes, postgres, tmp_path_factory):
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    with contextlib.ExitStack() as stack:
        found = Fleet(stack, Authority(tmp_path_factory.mktemp("authority") / "one"))
        lines = [f"limit = {LIMIT};", 'primary: { source = "none"; };']
        words = {"places": found.places(), "how": PASSFILE, "fence": FENCE, "lines": lines}
        for switch, port in ((LEFT, "one"), (RIGHT, "other")):
            found.add_machine(layer, build, switch, port, **words)
        yield found


@pytest.fixture
def nodes(fleet, folder):
    """Its machines: `one` at the left, with the primary, and `other` at the right."""
    with watched(fleet, folder) as found:
        yield found


def test_a_machine_that_is_cut_off_lets_nobody_in_and_knows_all_when_it_is_not(fleet, nodes):
    one, other = nodes
    passwords = [create(one, "alice", f"App {at}", "--app", "calendar") for at in range(COUNT)]
    guests = started(*(Guest(node, passwords) for node in nodes))
    wait_until(lambda: all(guest.accepted(0) >= COUNT for guest in guests))
    fleet.wires.cut("one")
    cut = time.monotonic()
    owners = started(*each_owner([other], "bob", "carol"))
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
    judge_heard(nodes, reported, owners)


def test_a_primary_that_is_cut_off_together_with_a_machine_and_replaced(fleet, nodes):
    """Nobody stops it while it is cut off, nor at once when it is not."""
    one, other = nodes
    passwords = [create(one, "dora", f"App {at}", "--app", "calendar") for at in range(COUNT)]
    free = [create(one, "erin", f"App {at}") for at in range(COUNT // 2)]
    guests = started(*(Guest(node, passwords, user="dora") for node in nodes))
    wait_until(lambda: all(guest.accepted(0) >= COUNT for guest in guests))
    owners = started(*each_owner(nodes, "frank", "grace"))
    wait_until(lambda: all(len(owner.made) >= 2 for owner in owners))

    fleet.wires.cut(TRUNK)
    cut = time.monotonic()
    early = one.sandbox.start(one.admin, "revoke", "dora", passwords[-1][:2], stderr=-1)
    fleet.promote()
    fillers = started(*(Filler(node, "heidi", f"{at}") for at, node in enumerate(nodes)))
    services = zip(nodes, ("nginx", "imap"))
    firsts = started(*(Guest(node, free, user="erin", service=service, host="root") for node, service in services))
    reported = {password: revoked(other, password, "dora") for password in passwords[:-1]}
    last = max(reported.values())
    wait_until(lambda: guests[1].accepted(last) > 1, other.log_file.messages)
    time.sleep(max(0, cut + 2 * FENCE + 1 - time.monotonic()))
    assert guests[0].accepted(cut + FENCE + 1) == 0
    # Nothing that was asked for there is said to be done: neither what was begun within the fence nor what came later.
    said = early.communicate(timeout=LONG)
    assert early.returncode == 5, said
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
    judge_heard(nodes, reported, owners)
