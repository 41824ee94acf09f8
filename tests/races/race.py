"""Operations on a few accounts that go on side by side, and what was said of each, as linear.judge reads it."""

import collections
import contextlib
import dataclasses
import datetime
import ipaddress
import json
import math
import random
import re
import threading
import time

import account_model as model
from linear import Operation, judge
from racer import Answer
from support.pam_codes import AUTH_ERR, AUTHINFO_UNAVAIL, CRED_INSUFFICIENT, SUCCESS, USER_UNKNOWN
from support.passwords import wrong
from support.wait import LONG, wait_until

# What libpam's codes may stand for.
VERDICTS = {
    SUCCESS: {"accepted"},
    USER_UNKNOWN: {"no-account"},
    CRED_INSUFFICIENT: {"not-an-app-password"},
    AUTHINFO_UNAVAIL: {"unavailable"},
    AUTH_ERR: set(
        "wrong-secret wrong-case revoked expired unused wrong-app wrong-network primary-changed primary-locked".split()
    ),
}
SERVICES = ("imap", "nginx", "wiki", "cockpit")
OFFICE, INSIDE, OUTSIDE = "192.0.2.0/24", "192.0.2.7", "198.51.100.1"
HOUR = 3600
REASON = "admin"
# Of those that were made, so many of an account are still tried.
REMEMBERED = 40
# And so many exports.
EXPORTS, EXPORT_MAX = 4, 60000
# Why there is no new one: by the exit code, and words of what is said.
NO_ROOM = {"the limit is": "limit", "with this label": "label"}
REFUSALS = {
    ("create", 4): NO_ROOM,
    ("rotate", 4): NO_ROOM,
    ("rotate", 3): {"has no app password": "gone"},
    ("rotate", 2): {"has expired": "expired"},
}
# How often each is done.
LOGINS = {"login": 1}
ALL = {
    "login": 60,
    "check": 8,
    "create": 12,
    "rotate": 5,
    "revoke": 8,
    "revoke_label": 1,
    "revoke_all": 0.5,
    "label": 5,
    "list": 6,
    "remove": 0.4,
    "batch": 3,
    "export": 3,
    "import_one": 2,
}
CHANGES = {kind: often for kind, often in ALL.items() if kind not in ("login", "check")}
# What a user does herself.
OWN = {"create": 3, "rotate": 1, "revoke": 2, "revoke_all": 0.2, "label": 1, "list": 2}
WITH_UNUSED = {**ALL, "create_unused": 20}
# One in so many runs of asp-admin is killed, within so many ms.
KILLED, KILLED_WITHIN = 25, 60


@dataclasses.dataclass(frozen=True)
class Password:
    """One that was shown, whether it has come to life or not."""

    id: str
    secret: str
    label: str
    networks: tuple
    is_free: bool  # nobody had used it when it was made


def time_of(words):
    return math.inf if words is None else datetime.datetime.fromisoformat(words.replace("Z", "+00:00")).timestamp()


def networks_of(words):
    return tuple(map(ipaddress.ip_network, words))


def made_of(document):
    secret = document["password"].replace("-", "")
    return model.Made(document["id"], secret, document["label"], document["app"], time_of(document["expires"]))


def rows_of(document):
    return frozenset(
        model.Row(
            found["id"],
            found["label"],
            found["app"],
            networks_of(found["networks"]),
            time_of(found["expires"]),
            found["state"],
            (found["revoked"] or {}).get("reason", ""),
            found["unused"],
        )
        for found in document
    )


def unused_at(found):
    """Of an entry of an export."""
    times = [found["created"], *((found[name] or {}).get("time") for name in ("bound", "last_used"))]
    return math.inf if found["unused"] is None else max(map(time_of, filter(None, times))) + found["unused"]


def exported_of(document):
    """Entries as the model has them, but for their secrets, which are in no export."""
    return [
        model.Entry(
            found["id"],
            "",
            found["label"],
            found["app"],
            networks_of(found["networks"]),
            time_of(found["expires"]),
            (found["revoked"] or {}).get("reason", ""),
            found["unused"],
            unused_at(found),
        )
        for found in document["entries"]
    ]


class Race:
    """Of `users` on a ground, who have no account when it begins. What is noted of each is a history."""

    def __init__(self, ground, users):
        self.ground, self.users = ground, users
        self.admin, self.has_own_clocks = ground.machine.admin, ground.has_own_clocks
        for user in users:
            ground.forget(user)
        self.begun = time.monotonic()
        self.starts = {user: model.no_account(ground.primaries[user]) for user in users}
        self.history = {user: [] for user in users}
        self.passwords = {user: collections.deque(maxlen=REMEMBERED) for user in users}
        self.limits = [[self.begun, math.inf, ground.limit]]
        self.secrets = {user: collections.defaultdict(set) for user in users}  # those that were shown, by id
        self.exports = {user: collections.deque(maxlen=EXPORTS) for user in users}  # (text, entries)
        self.maybe = set()  # what may have been bound, once for each that came for it
        self.over = threading.Event()
        self.goes_on = threading.Event()
        self.goes_on.set()
        self.turns = []  # each worker's, which it has while it does something
        self.told = collections.Counter()
        self.odd = []  # what should never be answered

    def note(self, answer, user, kind, given, what, is_known=True):
        """What an operation has answered; where that is not known it may come to pass at any time."""
        end = answer.end - self.begun if is_known else math.inf
        self.history[user].append(Operation(answer.begin - self.begun, end, kind, given, what))
        self.told[kind] += 1
        if kind == "login" and is_known and len(what) == 1:
            self.told.update(what)

    @contextlib.contextmanager
    def paused(self):
        """Nobody does anything."""
        self.goes_on.clear()
        with contextlib.ExitStack() as stack:
            for turn in self.turns:
                stack.enter_context(turn)
            yield
            self.goes_on.set()

    def change_limit(self):
        """From the time on at which that begins, and to the end of the next, it may be read."""
        self.limits.append([time.monotonic(), math.inf, self.ground.next_limit])
        self.ground.change_limit()
        self.limits[-2][1] = time.monotonic()

    def limits_within(self, answer):
        found = [limit for first, last, limit in list(self.limits) if first <= answer.end and answer.begin <= last]
        return min(found), max(found)

    def change_primary(self, user, change, locked=False):
        """By one of the ground's ways."""
        begin = time.monotonic()
        change(user)
        answer = Answer(begin, time.monotonic(), 0)
        self.note(answer, user, "primary", {"version": self.ground.primaries[user], "locked": locked}, "done")

    @contextlib.contextmanager
    def locked(self, user):
        self.change_primary(user, self.ground.lock_primary, locked=True)
        yield
        self.change_primary(user, self.ground.unlock_primary)

    def judge(self, user):
        return judge(self.history[user], model.Model(self.starts[user]))


class Worker(threading.Thread):
    """Does one thing after the other, by one thread of a racer. `ahead`: how much its clock is."""

    def __init__(self, race, lane, seed, kinds, users, ahead=0):
        super().__init__(daemon=True)
        self.race, self.lane, self.kinds, self.users = race, lane, kinds, users
        self.chance = random.Random(seed)
        self.name = str(seed)
        self.ahead = ahead if race.has_own_clocks else 0
        self.made = 0
        self.error = None
        self.turn = threading.Lock()
        race.turns.append(self.turn)

    def run(self):
        try:
            while not self.race.over.is_set():
                self.race.goes_on.wait()
                with self.turn:
                    (kind,) = self.chance.choices(list(self.kinds), list(self.kinds.values()))
                    getattr(self, kind)(self.chance.choice(self.users))
        except BaseException as error:  # whoever waits for it raises it again
            self.error = error
            self.race.over.set()

    def end(self):
        self.join(LONG)
        assert not self.is_alive(), self.name
        if self.error is not None:
            raise self.error

    def clock(self, answer):
        """Its time of day when it began, with what is left of a second: nothing is over but by hours."""
        return time.time() - (time.monotonic() - answer.begin) + self.ahead

    def pick(self, user):
        passwords = list(self.race.passwords[user])
        return self.chance.choice(passwords) if passwords else None

    def new_label(self):
        self.made += 1
        return f"{self.name} {self.made}"

    # asp-admin

    def asp_admin(self, *words, input="", kills=True):
        is_killed = kills and self.chance.randrange(KILLED) == 0
        kill_after = self.chance.randint(1, KILLED_WITHIN) if is_killed else 0
        return self.lane.run(self.race.admin, "--json", *words, input=input, kill_after=kill_after)

    failures = (5,)

    def failed(self, answer, kind, *codes):
        """Nothing has come of it, and that was said; by which codes too."""
        self.race.told[f"{kind} failed"] += 1
        if answer.code not in (*self.failures, *codes) and not answer.was_killed:
            self.race.odd.append(answer)

    @staticmethod
    def is_unknown(answer):
        """Whether it may have been done."""
        return answer.was_killed or (answer.code == 5 and "not known" in answer.err)

    def remember(self, user, made, networks):
        """It was shown."""
        self.race.secrets[user][made.id].add(made.secret)
        self.race.passwords[user].append(Password(made.id, made.secret, made.label, networks, made.app == model.FIRST_USE))

    def changed(self, answer, user, kind, given, what):
        """An operation that changes the account: `what` tells its answer by the document, where it was done."""
        given = {"clock": self.clock(answer), **given}
        if self.is_unknown(answer):
            self.race.note(answer, user, kind, given, None, is_known=False)
        elif answer.code == 0:
            self.race.note(answer, user, kind, given, what(answer.document()))
        elif answer.code in (3, 4):
            self.race.note(answer, user, kind, given, "gone" if answer.code == 3 else "label")
        else:
            self.failed(answer, kind)

    def showed(self, answer, user, kind, given, networks):
        """The same of one that shows a password. What was not shown is not there, however it ended."""
        given = {"clock": self.clock(answer), "limits": self.race.limits_within(answer), **given}
        document = answer.document()
        is_unknown = self.is_unknown(answer)
        if document is not None:
            self.remember(user, made_of(document), networks)
        if answer.code == 0 or (is_unknown and document is not None):
            self.race.note(answer, user, kind, given, made_of(document), is_known=not is_unknown)
            return
        for words, why in REFUSALS.get((kind, answer.code), {}).items():
            if words in answer.err:
                self.race.note(answer, user, kind, given, why)
                return
        self.failed(answer, kind)

    def create_unused(self, user):
        """For no longer than other clocks are ahead."""
        self.create(user, "--unused", "1h")

    def create(self, user, *more):
        label, app = self.new_label(), self.chance.choice((model.FIRST_USE, model.FIRST_USE, "mail", "calendar", model.ANY))
        known = self.pick(user)
        if known is not None and self.chance.randrange(8) == 0:
            label = known.label
        words = ["--from", OFFICE] if self.chance.randrange(4) == 0 else []
        networks = networks_of(words[1:])
        words += ["--expires", "1h"] if self.chance.randrange(4) == 0 else []
        answer = self.asp_admin("create", user, "--label", label, "--app", app, *words, *more)
        given = {"label": label, "app": app, "networks": networks, "unused": HOUR if more else None}
        self.showed(answer, user, "create", given, networks)

    def batch(self, _):
        """One for each, one after the other."""
        lines = [(user, self.new_label()) for user in self.race.users]
        answer = self.asp_admin("create", "--batch", input="".join(f"{user}\t{label}\n" for user, label in lines))
        self.race.told["batch"] += 1
        made = {document["user"]: made_of(document) for document in answer.documents()}
        given = {"clock": self.clock(answer), "limits": self.race.limits_within(answer)}
        given |= {"app": model.FIRST_USE, "networks": ()}
        last = list(made)[-1:]
        for number, (user, label) in enumerate(lines, 1):
            (why,) = re.findall(rf"(?m)^asp-admin: line {number}: (.*)", answer.err) or [None]
            if user in made:
                self.remember(user, made[user], ())
            if why is not None:
                refusal = next((refusal for words, refusal in NO_ROOM.items() if words in why), None)
                if refusal is not None:
                    self.race.note(answer, user, "create", {**given, "label": label}, refusal)
                elif "not known" in why and user in made:
                    self.race.note(answer, user, "create", {**given, "label": label}, made[user], is_known=False)
            elif user in made:
                is_sure = answer.code in (0, 1) or [user] != last
                self.race.note(answer, user, "create", {**given, "label": label}, made[user], is_known=is_sure)
        if answer.code not in (0, 1, 5) and not answer.was_killed:
            self.race.odd.append(answer)

    def export(self, user):
        answer = self.asp_admin("export", user, kills=False)
        if answer.code not in (0, 3):
            self.failed(answer, "export")
            return
        document = answer.document()
        found = exported_of(document) if answer.code == 0 else None
        if found is not None:
            # What is not bound yet would be so again, see the model.
            document["entries"] = [entry for entry in document["entries"] if entry["app"] != model.FIRST_USE]
            text = f"{json.dumps(document)}\n"
            if len(text) < EXPORT_MAX:
                self.race.exports[user].append((text, [entry for entry in found if entry.app != model.FIRST_USE]))
        what = "gone" if found is None else frozenset(map(model.exported, found))
        self.race.note(answer, user, "export", {}, what)

    def import_one(self, user):
        """Of one of the last exports, where it is known what each of it was."""
        exports = list(self.race.exports[user])
        text, entries = self.chance.choice(exports) if exports else ("", [])
        secrets = [self.race.secrets[user][entry.id] for entry in entries]
        if not entries or any(len(one) != 1 for one in secrets):
            return
        entries = tuple(entry._replace(secret=secret) for entry, (secret,) in zip(entries, secrets))
        words = ["--replace"] if self.chance.randrange(2) else []
        answer = self.asp_admin("import", *words, input=text)
        given = {"clock": self.clock(answer), "entries": entries, "replace": bool(words)}
        if self.is_unknown(answer):
            self.race.note(answer, user, "import", given, None, is_known=False)
            return
        results = [row["result"] for row in answer.document() or []]
        if answer.code == 0 and results in (["imported"], ["replaced"], ["kept"]):
            self.race.note(answer, user, "import", given, "kept" if results == ["kept"] else "done")
        else:
            self.failed(answer, "import", 1)  # for its line

    def rotate(self, user):
        if (old := self.pick(user)) is not None:
            self.showed(self.asp_admin("rotate", user, old.id), user, "rotate", {"id": old.id}, old.networks)

    def _revoke(self, user, words, which):
        answer = self.asp_admin("revoke", user, *words, "--reason", REASON)
        self.changed(answer, user, "revoke", {"reason": REASON, **which}, lambda document: document["revoked"])

    def revoke(self, user):
        if (old := self.pick(user)) is not None:
            self._revoke(user, [old.id], {"ids": (old.id,)})

    def revoke_label(self, user):
        if (old := self.pick(user)) is not None:
            self._revoke(user, ["--label", old.label], {"label": old.label})

    def revoke_all(self, user):
        self._revoke(user, ["--all"], {})

    def label(self, user):
        old, other = self.pick(user), self.pick(user)
        if old is not None:
            label = self.chance.choice((self.new_label(), other.label))
            self.changed(
                self.asp_admin("label", user, old.id, label),
                user,
                "label",
                {"id": old.id, "label": label},
                lambda document: "done",
            )

    def remove(self, user):
        answer = self.asp_admin("remove", user)
        self.changed(answer, user, "remove", {}, lambda document: (document["entries"], document["active"]))

    def list(self, user):
        """Whether it could be told."""
        answer = self.asp_admin("list", user, "--all", kills=False)
        if answer.code not in (0, 3):
            self.failed(answer, "list")
            return False
        rows = rows_of(answer.document()) if answer.code == 0 else frozenset()
        self.race.note(answer, user, "list", {"clock": self.clock(answer)}, rows)
        return True

    # Logins

    def typed(self, password):
        chance = self.chance.randrange(25)
        if chance == 0:
            return wrong(password.secret)
        return password.secret.upper() if chance == 1 else password.secret

    def comes(self, user):
        password = self.pick(user)
        if password is None:
            return None, None
        host = self.chance.choice((INSIDE, INSIDE, OUTSIDE, ""))
        return password, {"typed": self.typed(password), "service": self.chance.choice(SERVICES), "host": host}

    def check(self, user):
        password, given = self.comes(user)
        if password is None:
            return
        words = ["--rhost", given["host"]] if given["host"] else []
        answer = self.asp_admin("check", user, "--service", given["service"], *words, input=given["typed"], kills=False)
        document = answer.document()
        if document is None:
            self.failed(answer, "check")
        elif document["verdict"] == "unavailable":
            self.race.told["check unavailable"] += 1
        else:
            self.race.note(answer, user, "check", {"clock": self.clock(answer), **given}, {document["verdict"]})

    def login(self, user):
        password, given = self.comes(user)
        if password is not None:
            self.log_in(user, password, given)

    def log_in(self, user, password, given):
        answer = self.lane.login(given["service"], user, given["host"], given["typed"])
        verdicts = VERDICTS[answer.code]
        if answer.verdict:
            assert answer.verdict in verdicts, answer
            verdicts = {answer.verdict}
        # What was not logged here was decided by the broker, whose clock is right.
        given = {**given, "clock": self.clock(answer) - (0 if answer.verdict else self.ahead)}
        if verdicts != {"unavailable"}:
            self.race.note(answer, user, "login", given, verdicts)
            return
        self.race.told["unavailable"] += 1
        # It may have been bound all the same: whoever came first may have done what the others may have.
        came = (user, *(given[name] for name in ("typed", "service", "host")))
        if password.is_free and came not in self.race.maybe:
            self.race.maybe.add(came)
            self.race.note(answer, user, "login", given, None, is_known=False)


class OwnWorker(Worker):
    """A user, on her own account: the broker does it, whose clock is right, once PAM has let her in."""

    # She may not have been let in.
    failures = (1, 5)

    def asp_admin(self, *words, input="", kills=True):
        return super().asp_admin(*words, input="hers\n", kills=kills)

    @staticmethod
    def is_unknown(answer):
        """The broker may go on where she does not hear of it."""
        return answer.was_killed or answer.code == 5

    def failed(self, answer, kind):
        super().failed(answer, kind)
        self.race.told["own failed"] += 1

    def changed(self, *words):
        self.race.told["own"] += 1
        super().changed(*words)

    def showed(self, *words):
        self.race.told["own"] += 1
        super().showed(*words)


def finish(race, workers):
    """All have ended; what is there then, and what opens."""
    race.over.set()
    for worker in workers:
        worker.end()
    last = workers[0]
    for user in race.users:
        wait_until(lambda: last.list(user), lambda: f"what {user} has cannot be told")
        for password in list(race.passwords[user]):
            given = {"typed": password.secret, "service": "imap", "host": INSIDE}
            last.log_in(user, password, given)


def judged(race):
    """What is told of it where each history can have been; else the test fails, and shows the first that cannot."""
    assert race.odd == [], race.odd
    begin = time.monotonic()
    states = 0
    for user in race.users:
        verdict = race.judge(user)
        assert verdict.is_linear, f"{user}: {verdict}"
        states += verdict.states
    seconds = time.monotonic() - begin
    counted = " ".join(f"{kind}={count}" for kind, count in sorted(race.told.items()))
    operations = sum(map(len, race.history.values()))
    return f"{operations} operations on {len(race.users)} accounts, judged in {seconds:.2f} s by {states} states: {counted}"
