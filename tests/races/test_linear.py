"""The judge of races: histories that are as if one thing had come after the other, and some that nearly are."""

import ipaddress
import math
import random

import pytest
from account_model import ANY, FIRST_USE, Entry, Made, Model, Row, check, no_account
from account_model import exported as exported_of
from account_model import row as row_of
from linear import Operation, Undecided, judge

NOW, NEVER = 1_000_000, math.inf
LIMIT = 25
PASSWORDS = [f"{at:02}{'s' * 23}" for at in range(60)]
OFFICE = (ipaddress.ip_network("192.0.2.0/24"),)


def made(at, label="Phone", app="mail", expires=NEVER):
    return Made(PASSWORDS[at][:2], PASSWORDS[at], label, app, expires)


def op(begin, end, kind, answer=None, clock=NOW, limit=LIMIT, **given):
    return Operation(begin, end, kind, {"clock": clock, "limits": (limit, limit), **given}, answer)


def create(begin, end, at, label=None, app="mail", networks=(), expires=NEVER, answer=None, **more):
    label = label or f"label {at}"
    answer = answer or made(at, label, app, expires)
    return op(begin, end, "create", answer, label=label, app=app, networks=networks, **more)


def refused_create(begin, end, why, label="one more", **more):
    return op(begin, end, "create", why, label=label, app="mail", networks=(), **more)


def rotate(begin, end, at, new, label=None, app="mail"):
    return op(begin, end, "rotate", made(new, label or f"label {at}", app), id=PASSWORDS[at][:2])


def revoke(begin, end, *ids, answer=None, **which):
    which = which or {"ids": tuple(PASSWORDS[at][:2] for at in ids)}
    answer = [PASSWORDS[at][:2] for at in ids] if answer is None else answer
    return op(begin, end, "revoke", None if end == NEVER else answer, reason="admin", **which)


def login(begin, end, at, *verdicts, service="imap", host="192.0.2.7", **more):
    answer = set(verdicts) or {"accepted"}
    return op(begin, end, "login", None if end == NEVER else answer, typed=PASSWORDS[at], service=service, host=host, **more)


def primary(begin, end, version=1, locked=False):
    return op(begin, end, "primary", "done", version=version, locked=locked)


def listed(begin, end, *rows, **more):
    return op(begin, end, "list", frozenset(rows), **more)


def row(at, label=None, state="active", app="mail", reason="", networks=(), expires=NEVER):
    return Row(PASSWORDS[at][:2], label or f"label {at}", app, networks, expires, state, reason)


def exported(begin, end, *entries):
    return op(begin, end, "export", frozenset(map(exported_of, entries)))


def imported(begin, end, *entries, replace=True, answer="done"):
    return op(begin, end, "import", None if end == NEVER else answer, entries=entries, replace=replace)


def entry(at, label=None, app="mail", reason=""):
    return Entry(PASSWORDS[at][:2], PASSWORDS[at], label or f"label {at}", app, (), NEVER, reason)


HOUR = 3600
REVOKED = {"state": "revoked", "reason": "admin"}


def many(count, end=None):
    """So many that were made, one after the other."""
    return [create(at, end or at + 0.5, at) for at in range(count)]


GOOD = {
    "nothing": [],
    "an export of what is there, revoked or not": [
        *(create(0, 1, 1), create(0, 1, 2), revoke(2, 3, 1), exported(4, 5, entry(1, reason="admin"), entry(2))),
    ],
    "an import brings back what was revoked, and nothing else stays": [
        *(create(0, 1, 1), revoke(2, 3, 1), create(2, 3, 2), imported(4, 5, entry(1)), login(6, 7, 1)),
        login(6, 7, 2, "not-an-app-password"),
    ],
    "an import leaves an account that is there": [
        *(create(0, 1, 1), imported(2, 3, entry(2), replace=False, answer="kept"), login(4, 5, 1)),
    ],
    "an import of who has none, which may have come or not": [imported(0, NEVER, entry(1), replace=False), login(1, 2, 1)],
    "what is imported is of the primary password that is": [
        *(create(0, 1, 1), primary(2, 3), imported(4, 5, entry(1)), login(6, 7, 1)),
    ],
    "unused for a clock that is ahead, and for no other": [
        *(create(0, 1, 1, unused=HOUR), login(2, 3, 1, "unused", clock=NOW + HOUR), login(4, 5, 1)),
    ],
    "made by a clock that is ahead": [
        *(create(0, 1, 1, unused=HOUR, clock=NOW + HOUR), login(2, 3, 1, clock=NOW + HOUR)),
    ],
    "what lies unused gives its label and its place": [
        *(create(0, 1, 1, unused=HOUR), create(2, 3, 2, label="label 1", limit=1, clock=NOW + HOUR)),
    ],
    "one that lies unused is made new": [
        *(create(0, 1, 1, unused=HOUR), rotate(2, 3, 1, 2), login(4, 5, 2), login(4, 5, 2, "unused", clock=NOW + HOUR)),
    ],
    "a login while it is made is let in or not": [create(0, 5, 1), login(1, 2, 1, "no-account"), login(3, 4, 1)],
    "a login while it is revoked": [create(0, 1, 1), revoke(2, 6, 1), login(3, 4, 1), login(4, 5, 1, "revoked")],
    "a login that ends after it was revoked, and began before": [create(0, 1, 1), login(2, 9, 1), revoke(3, 4, 1)],
    "an end and a begin of the same moment": [create(0, 1, 1), revoke(2, 3, 1), login(3, 4, 1)],
    "one binds, another is of another app": [
        create(0, 1, 1, app=FIRST_USE),
        login(2, 6, 1, "wrong-app", service="nginx"),
        login(3, 5, 1),
        listed(7, 8, row(1)),
    ],
    "both are of the app that it is bound to": [create(0, 1, 1, app=FIRST_USE), login(2, 5, 1), login(3, 6, 1)],
    "the last place": [*many(25), refused_create(40, 41, "limit"), revoke(42, 43, 3), create(44, 45, 26)],
    "one of two has the last place": [*many(24), create(40, 45, 30), refused_create(41, 44, "limit")],
    "a limit that is another meanwhile": [*many(24), op(30, 31, "create", "limit", label="x", limits=(5, 25))],
    "a label that is free again": [create(0, 1, 1), revoke(2, 3, 1), create(4, 5, 2, label="label 1")],
    "a label that is taken": [create(0, 1, 1), refused_create(2, 3, "label", label="label 1")],
    "a new label": [create(0, 1, 1), op(2, 3, "label", "done", id="01", label="x"), listed(4, 5, row(1, "x"))],
    "a label of one that is revoked": [create(0, 1, 1), revoke(2, 3, 1), op(4, 5, "label", "gone", id="01", label="x")],
    "a new one for an old one": [
        create(0, 1, 1),
        rotate(2, 3, 1, 2),
        login(4, 5, 2),
        login(6, 7, 1, "revoked"),
        listed(8, 9, row(1, state="revoked", reason="rotated"), row(2, "label 1")),
    ],
    "a new one for one that is bound while it is shown": [
        create(0, 1, 1, app=FIRST_USE),
        rotate(2, 6, 1, 2, app=FIRST_USE),
        login(3, 4, 1),
        login(7, 8, 2, "wrong-app", service="nginx"),
        listed(9, 10, row(1, state="revoked", reason="rotated"), row(2, "label 1")),
    ],
    "a new one at the limit": [*many(25), rotate(40, 41, 1, 30)],
    "all at once": [*many(3), revoke(5, 6, 0, 1, 2, label=None), login(7, 8, 2, "revoked")],
    "revoked twice": [create(0, 1, 1), revoke(2, 5, 1), revoke(3, 6, 1, answer=[])],
    "removed, and made anew": [
        create(0, 1, 1),
        op(2, 3, "remove", (1, 1)),
        login(4, 5, 1, "no-account"),
        create(6, 7, 2),
        login(8, 9, 1, "not-an-app-password"),
    ],
    "what is not known has happened": [create(0, 1, 1), revoke(2, NEVER, 1), login(3, 4, 1), login(9, 10, 1, "revoked")],
    "what is not known has not happened": [create(0, 1, 1), revoke(2, NEVER, 1), login(9, 10, 1)],
    "a binding that nobody was told of": [
        create(0, 1, 1, app=FIRST_USE),
        login(2, NEVER, 1, service="nginx"),
        login(3, 4, 1, "wrong-app"),
    ],
    "over by the clock of one machine": [
        create(0, 1, 1, expires=NOW + 60),
        login(2, 3, 1, "expired", clock=NOW + 60),
        login(4, 5, 1),
    ],
    "what has expired is in nobody's way": [
        *(create(at, at + 0.5, at, expires=NOW + 60) for at in range(25)),
        refused_create(30, 31, "limit"),
        create(32, 33, 30, label="label 1", clock=NOW + 60),
    ],
    "from its network alone": [
        create(0, 1, 1, networks=OFFICE),
        login(2, 3, 1),
        login(2, 3, 1, "wrong-network", host="198.51.100.1"),
        login(2, 3, 1, "wrong-network", host=""),
        listed(4, 5, row(1, networks=OFFICE)),
    ],
    "another primary password": [
        create(0, 1, 1),
        primary(2, 5),
        login(3, 4, 1),
        login(6, 7, 1, "primary-changed"),
        login(8, 9, 1, "revoked"),
    ],
    "locked, and not any more": [
        create(0, 1, 1),
        primary(2, 5, version=0, locked=True),
        login(3, 4, 1),
        login(6, 7, 1, "primary-locked"),
        listed(6, 7, row(1)),
        primary(8, 9, version=0),
        login(10, 11, 1),
    ],
    "seen by a watch": [
        create(0, 1, 1),
        primary(2, 3),
        listed(4, 5, row(1)),
        listed(6, 7, row(1, state="revoked", reason="primary-password")),
        create(8, 9, 2),
    ],
}

BAD = {
    "an export without one that is there": [create(0, 1, 1), create(0, 1, 2), exported(2, 3, entry(1))],
    "an export of who has none": [exported(0, 1)],
    "an import over an account that was to be kept": [create(0, 1, 1), imported(2, 3, entry(2), replace=False)],
    "an account that is kept and was not there": [imported(0, 1, entry(1), replace=False, answer="kept")],
    "what was not in the import stays": [create(0, 1, 1), imported(2, 3, entry(2)), login(4, 5, 1)],
    "what was imported is lost": [imported(0, 1, entry(1)), create(2, 3, 2), login(4, 5, 1, "not-an-app-password")],
    "what was made while one was imported is lost after it was reported": [
        *(create(0, 1, 1), imported(2, 5, entry(1)), create(6, 7, 2), login(8, 9, 2, "not-an-app-password")),
    ],
    "let in though it lies unused": [create(0, 1, 1, unused=HOUR), login(2, 3, 1, clock=NOW + HOUR)],
    "unused too soon": [create(0, 1, 1, unused=HOUR), login(2, 3, 1, "unused", clock=NOW + HOUR - 1)],
    "let in after it was reported to be revoked": [create(0, 1, 1), revoke(2, 3, 1), login(4, 5, 1)],
    "and through others": [create(0, 1, 1), revoke(2, 6, 1), login(3, 4, 1, "revoked"), login(5, 7, 1)],
    "let in before it was made": [login(0, 1, 1), create(2, 3, 1)],
    "refused after it was made": [create(0, 1, 1), login(2, 3, 1, "not-an-app-password")],
    "bound twice": [create(0, 1, 1, app=FIRST_USE), login(2, 5, 1), login(3, 6, 1, service="nginx")],
    "bound, and then free": [create(0, 1, 1, app=FIRST_USE), login(2, 3, 1), listed(4, 5, row(1, app=FIRST_USE))],
    "one too many": [*many(26)],
    "one too many, side by side": [*many(24), create(40, 45, 30), create(41, 44, 31)],
    "one too many by the greatest limit that there was": [*many(24), create(40, 41, 30), create(42, 43, 31)],
    "a refusal for a limit that there never was": [*many(24), refused_create(40, 41, "limit")],
    "a label twice": [create(0, 5, 1, label="x"), create(1, 4, 2, label="x")],
    "a lost update": [create(0, 5, 1), create(1, 4, 2), listed(6, 7, row(1))],
    "what was said to be made is not there": [create(0, 1, 1), listed(2, 3)],
    "a revocation that was lost": [*many(2), revoke(3, 6, 0), revoke(4, 5, 1), listed(7, 8, row(0), row(1, **REVOKED))],
    "what was reported to fail was done": [
        create(0, 1, 1),
        refused_create(2, 3, "label", "label 1"),
        listed(4, 5, row(1), row(2, "label 1")),
    ],
    "revoked once, and told twice": [create(0, 1, 1), revoke(2, 5, 1), revoke(3, 6, 1)],
    "a life that comes back": [create(0, 1, 1), revoke(2, 3, 1), listed(4, 5, row(1))],
    "what is not known is there and is not there": [
        create(0, 1, 1),
        revoke(2, NEVER, 1),
        login(3, 4, 1, "revoked"),
        login(5, 6, 1),
    ],
    "what is not known before it began": [create(0, 1, 1), login(2, 3, 1, "revoked"), revoke(4, NEVER, 1)],
    "an id twice": [create(0, 1, 1), create(2, 3, 2, "x", answer=Made("01", PASSWORDS[2], "x", "mail", NEVER))],
    "a new one that has forgotten where the old one was bound": [
        create(0, 1, 1, app=FIRST_USE),
        login(2, 3, 1),
        rotate(4, 5, 1, 2),
        login(6, 7, 2, service="nginx"),
    ],
    "rotated twice into two": [create(0, 1, 1), rotate(2, 5, 1, 2), rotate(3, 6, 1, 3)],
    "removed, and still let in": [create(0, 1, 1), op(2, 3, "remove", (1, 1)), login(4, 5, 1)],
    "a mix of old and new": [*many(2), revoke(3, 8, 0, 1, label=None), listed(4, 5, row(0), row(1, **REVOKED))],
    "another primary password lets in": [create(0, 1, 1), primary(2, 3), login(4, 5, 1)],
    "a locked one lets in": [create(0, 1, 1), primary(2, 3, version=0, locked=True), login(4, 5, 1)],
    "a locked one that goes on refusing": [
        create(0, 1, 1),
        primary(2, 3, version=0, locked=True),
        primary(4, 5, version=0),
        login(6, 7, 1, "primary-locked"),
    ],
    "and one that was revoked for it": [
        create(0, 1, 1),
        primary(2, 3),
        login(4, 5, 1, "primary-changed"),
        listed(6, 7, row(1)),
    ],
    "over, and let in": [create(0, 1, 1, expires=NOW + 60), login(2, 3, 1, clock=NOW + 60)],
    "from another network": [create(0, 1, 1, networks=OFFICE), login(2, 3, 1, host="198.51.100.1")],
    "a guarded service for any": [create(0, 1, 1, app=ANY), login(2, 3, 1, service="cockpit")],
}


@pytest.mark.parametrize("history", GOOD.values(), ids=GOOD)
def test_what_can_have_been_one_after_the_other_is_found_to_be_so(history):
    verdict = judge(history, Model())
    assert verdict.is_linear, str(verdict)
    assert follows_its_order(history, verdict.order)


@pytest.mark.parametrize("history", BAD.values(), ids=BAD)
def test_what_cannot_is_found(history):
    verdict = judge(history, Model())
    assert not verdict.is_linear
    assert verdict.stuck in history


def follows_its_order(history, order):
    """Whether an order is one of all that ended, by time and by the model."""
    states = {Model().start}
    for at, operation in enumerate(order):
        states = {after for state in states for after in Model.follow(state, operation)}
        if any(later.end < operation.begin for later in order[at + 1 :]):
            return False
    return bool(states) and {o for o in history if o.end < NEVER} <= set(order)


def test_the_verdicts_of_check_are_those_words():
    account = no_account()
    for operation in [create(0, 1, 1), create(2, 3, 2, app=FIRST_USE), create(4, 5, 3, networks=OFFICE), revoke(6, 7, 2)]:
        (account,) = Model.follow(account, operation)
    words = {
        "accepted": (PASSWORDS[1], "imap", ""),
        "wrong-app": (PASSWORDS[1], "nginx", ""),
        "wrong-network": (PASSWORDS[3], "imap", "198.51.100.1"),
        "revoked": (PASSWORDS[2], "imap", ""),
        "wrong-secret": (PASSWORDS[1][:-1] + "x", "imap", ""),
        "wrong-case": (PASSWORDS[1].upper(), "imap", ""),
        "not-an-app-password": (PASSWORDS[9], "imap", ""),
    }
    assert {word: check(account, *typed, NOW)[0] for word, typed in words.items()} == {word: word for word in words}


# Against a search of all orders


def exists(left, state):
    """Whether there is an order, by trying each."""
    ends = [operation.end for operation in left if operation.end < NEVER]
    return not ends or any(
        exists([other for other in left if other is not operation], after)
        for operation in left
        if operation.begin <= min(ends)
        for after in Model.follow(state, operation)
    )


def drawn(chance, at):
    """What somebody asks for, by chance, but for what is answered."""
    clock, limits = {"clock": chance.choice((NOW, NOW, NOW + 60))}, {"limits": (2, 2)}
    id, label = PASSWORDS[chance.randrange(3)][:2], chance.choice("xy")
    login = {"typed": PASSWORDS[chance.randrange(3)], "service": chance.choice(("imap", "nginx")), "host": ""}
    return chance.choice(
        [
            ("create", {"label": label, "app": chance.choice(("mail", FIRST_USE)), "networks": (), **limits, **clock}),
            ("create", {"label": label, "app": FIRST_USE, "networks": (), **limits, **clock}),
            ("rotate", {"id": id, **limits, **clock}),
            ("revoke", {"reason": "admin", **chance.choice(({"ids": (id,)}, {"label": label}, {}))}),
            ("label", {"id": id, "label": label, **clock}),
            ("remove", clock),
            ("list", clock),
            ("login", {**login, **clock}),
            ("login", {**login, **clock}),
            ("check", {**login, **clock}),
            ("primary", {"version": at + chance.randrange(2), "locked": chance.randrange(3) == 0}),
            ("export", {}),
            ("import", {"entries": (entry(chance.randrange(3)),), "replace": chance.randrange(2) == 0}),
        ]
    )


def answers(state, kind, given, at):
    """Those that might be given to it, right or wrong."""
    clock = given.get("clock", NOW)
    if kind in ("create", "rotate"):
        old = state.entries.get(given.get("id"))
        label, app = (given["label"], given["app"]) if kind == "create" else (old.label, old.app) if old else ("x", "mail")
        expires = old.expires if old else NEVER if at % 2 else NOW + 60
        return [made(at % 3, label, app, expires), "limit", "label", "gone", "expired"]
    if kind in ("revoke", "remove"):
        counted = (len(state.entries), len(state.active(clock)))
        return ["gone", counted] if kind == "remove" else ["gone", [], ["00"], ["01"], ["02"], ["00", "01"]]
    if kind == "list":
        return [frozenset(row_of(entry, clock) for entry in state.entries.values())]
    if kind in ("login", "check"):
        verdict, _ = check(state, given["typed"], given["service"], given["host"], clock)
        return [{verdict}, {"accepted"}, {"revoked"}]
    if kind == "export":
        return [frozenset(map(exported_of, state.entries.values())), "gone"]
    return ["done", "kept", "gone", "label"]


def random_history(chance):
    """A few operations that came one after the other, told as if some had been side by side; of some it is not known
    whether they came, and in some histories an answer is wrong."""
    state, history, is_lie = no_account(), [], chance.random() < 0.5
    for at in range(chance.randint(3, 6)):
        kind, given = drawn(chance, at)
        may = answers(state, kind, given, at)
        right = [answer for answer in may if Model.follow(state, Operation(0, 0, kind, given, answer))]
        if not right or (is_lie and chance.random() < 0.2):
            right = may
        answer = chance.choice(right)
        time = at + chance.random()
        begin, end = time - chance.choice((0, 0.4, 2.5)), time + chance.choice((0, 0.4, 2.5))
        if chance.random() < 0.15 and kind in ("revoke", "login", "remove", "label", "import"):
            history.append(Operation(begin, NEVER, kind, given, None))
        else:
            history.append(Operation(begin, end, kind, given, answer))
        state = next(iter(Model.follow(state, history[-1])), state)
    return history


def test_it_says_what_a_search_of_all_orders_says():
    found = {True: 0, False: 0}
    for seed in range(1500):
        history = random_history(random.Random(seed))
        is_linear = exists(history, Model().start)
        verdict = judge(history, Model())
        assert verdict.is_linear == is_linear, (seed, str(verdict))
        assert not is_linear or follows_its_order(history, verdict.order), seed
        found[is_linear] += 1
    assert min(found.values()) > 300


def test_it_gives_up_rather_than_judge_wrongly():
    with pytest.raises(Undecided):
        judge([*many(1, end=90), *(create(at, 99, at) for at in range(1, 12)), listed(100, 101)], Model(), most=500)


def test_many_side_by_side_are_judged_where_each_can_come_at_any_time():
    """Those that only look are never tried in more than one order, nor is what did not happen."""
    logins = [login(20 + at / 100, 50 - at / 100, at % 20, "accepted") for at in range(400)]
    unknown = [revoke(30 + at / 100, NEVER, at % 20) for at in range(40)]
    seen = judge([*many(20), *logins, *unknown, listed(60, 61, *(row(at) for at in range(20)))], Model())
    assert seen.is_linear and seen.states < 1000, seen.states


def test_the_place_where_it_went_wrong_is_told():
    wrong = login(90, 91, 1)
    verdict = judge([*many(20), revoke(50, 51, 1), *(login(60 + at, 60.5 + at, 2) for at in range(9)), wrong], Model())
    assert verdict.stuck is wrong
    assert str(wrong) in str(verdict)
    assert verdict.order[-1].begin == 68
