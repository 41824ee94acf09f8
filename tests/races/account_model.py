"""One account by the rules of the manuals: what may be answered, and what it is then. It is written from those and not
from the code; asp-admin and the module are compared with it.

What an operation is `given` is told at its function below. `clock` is what the time is for it, in seconds: machines may
differ; `limits` are the smallest and the greatest limit of active entries that asp.conf had meanwhile. An answer that is
not known is None.
"""

import ipaddress
import math
from typing import NamedTuple

# Services in groups, and what nobody reaches but by an entry that was made for it.
APPS = {"imap": "mail", "nginx": "calendar", "apache2": "calendar"}
GUARDED = {"cockpit"}
FIRST_USE, ANY = "first-use", "any"


class Entry(NamedTuple):
    id: str
    secret: str  # as check reads it: 25 characters
    label: str
    app: str
    networks: tuple
    expires: float  # math.inf: never
    reason: str  # why it was revoked; "" while it was not
    unused: int | None = None  # seconds that it may lie unused
    unused_at: float = math.inf  # when it has, if nobody uses it: uses are hours apart here, or do not count

    def state(self, clock):
        if self.reason:
            return "revoked"
        return "expired" if clock >= self.expires else "unused" if clock >= self.unused_at else "active"


class Row(NamedTuple):
    """Of an entry, as list shows it."""

    id: str
    label: str
    app: str
    networks: tuple
    expires: float
    state: str
    reason: str
    unused: int | None = None


class Exported(NamedTuple):
    """Of an entry, as export writes it."""

    id: str
    label: str
    app: str
    networks: tuple
    expires: float
    reason: str
    unused: int | None


class Made(NamedTuple):
    """What create and rotate say."""

    id: str
    secret: str
    label: str
    app: str
    expires: float


def row(entry, clock):
    return Row(*entry[:1], *entry[2:6], entry.state(clock), entry.reason, entry.unused)


def exported(entry):
    return Exported(*entry[:1], *entry[2:6], entry.reason, entry.unused)


class Account:
    """A state, which is never changed. `compared` is the primary password that was last seen, `primary` the one that is."""

    __slots__ = ("entries", "enrolled", "compared", "primary", "locked", "digest")

    def __init__(self, entries, enrolled, compared, primary, locked, digest):
        self.entries, self.enrolled, self.digest = entries, enrolled, digest
        self.compared, self.primary, self.locked = compared, primary, locked

    def _rest(self):
        return self.digest, self.enrolled, self.compared, self.primary, self.locked

    def __eq__(self, other):
        return self._rest() == other._rest() and self.entries == other.entries

    def __hash__(self):
        return hash(self._rest())

    def __repr__(self):
        if not self.enrolled:
            return f"no account, primary {self.primary}"
        locked = ", locked" if self.locked else ""
        return f"primary {self.compared} of {self.primary}{locked}, entries {sorted(self.entries.values())}"

    def active(self, clock):
        return [entry for entry in self.entries.values() if entry.state(clock) == "active"]

    def with_entries(self, *entries, compared=None):
        """These are new, or what those with their ids are by now."""
        kept, digest = dict(self.entries), self.digest
        for entry in entries:
            if entry.id in kept:
                digest ^= hash(kept[entry.id])
            digest ^= hash(entry)
            kept[entry.id] = entry
        compared = self.compared if compared is None else compared
        return Account(kept, True, compared, self.primary, self.locked, digest)

    def with_primary(self, version, locked):
        return Account(self.entries, self.enrolled, self.compared, version, locked, self.digest)

    def imported(self, entries):
        """These and no others; whatever their primary password was, it is from then on the one that is."""
        digest = 0
        for entry in entries:
            digest ^= hash(entry)
        return Account({entry.id: entry for entry in entries}, True, self.primary, self.primary, self.locked, digest)

    def removed(self):
        return Account({}, False, 0, self.primary, self.locked, 0)

    @property
    def is_stale(self):
        """Nobody has seen yet what the primary password is."""
        return self.enrolled and self.compared != self.primary

    def revoked(self, entries, reason, compared=None):
        return self.with_entries(*(e._replace(reason=reason) for e in entries if not e.reason), compared=compared)

    def settled(self):
        """Somebody has seen what the primary password is."""
        return self.revoked(self.entries.values(), "primary-password", compared=self.primary)


def no_account(primary=0):
    return Account({}, False, 0, primary, False, 0)


def admits(entry, service):
    app = APPS.get(service, service)
    if entry.app in (ANY, FIRST_USE):
        return service not in GUARDED
    return entry.app in (app, service)


def is_from(entry, host):
    return not entry.networks or any(host and ipaddress.ip_address(host) in network for network in entry.networks)


def refused_for(entry, service, host, clock):
    """By the entry itself; None: it is good for that."""
    if entry.state(clock) != "active":
        return entry.state(clock)
    if not admits(entry, service):
        return "wrong-app"
    return None if is_from(entry, host) else "wrong-network"


def check(account, typed, service, host, clock):
    """The verdict, and what the account is after a login."""
    if not account.enrolled:
        return "no-account", account
    secret = typed.lower()
    entry = account.entries.get(secret[:2])
    if entry is None:
        return "not-an-app-password", account
    if entry.secret != secret:
        return "not-an-app-password" if typed != secret else "wrong-secret", account
    if typed != secret:
        return "wrong-case", account
    if refusal := refused_for(entry, service, host, clock):
        return refusal, account
    if account.is_stale:
        return "primary-changed", account.settled()
    if account.locked:
        return "primary-locked", account
    if entry.app == FIRST_USE:
        account = account.with_entries(entry._replace(app=APPS.get(service, service)))
    return "accepted", account


def no_room(account, label, given, but=None):
    """What may be said where a new one has no place, of those that are active but for one."""
    others = [entry for entry in account.active(given["clock"]) if entry.id != but]
    least, most = given["limits"]
    may = {"label"} if any(entry.label == label for entry in others) else set()
    return may | ({"limit"} if len(others) >= least else set()), bool(may) or len(others) >= most


def made(account, given, answer, old=None):
    """One is added, in the place of another that was there perhaps."""
    unused = given.get("unused")
    unused_at = math.inf if unused is None else given["clock"] + unused
    networks = given["networks"]
    entry = Entry(answer.id, answer.secret, answer.label, answer.app, networks, answer.expires, "", unused, unused_at)
    gone = [] if old is None or old.reason else [old._replace(reason="rotated")]
    return account.with_entries(entry, *gone, compared=account.compared if account.enrolled else account.primary)


def create(account, given, answer):
    """label, app, networks, unused; what was Made, or `limit` or `label`, of which there is no more, or which is taken."""
    refusals, is_full = no_room(account, given["label"], given)
    if not isinstance(answer, Made):
        return [account] if answer in refusals else []
    is_new = answer.id not in account.entries
    is_as_asked = (answer.label, answer.app) == (given["label"], given["app"])
    if not is_new or not is_as_asked or account.is_stale or account.locked or is_full:
        return []
    return [made(account, given, answer)]


def rotate(account, given, answer):
    """id; as create, or `gone` or `expired`. It is shown before it is made alive, and takes what the old one has by then."""
    old = account.entries.get(given["id"])
    if old is None or answer == "gone":
        return [account] if old is None and answer == "gone" else []
    is_over = given["clock"] >= old.expires
    if answer == "expired" or is_over:
        return [account] if answer == "expired" and is_over else []
    refusals, is_full = no_room(account, old.label, given, but=old.id)
    if not isinstance(answer, Made):
        return [account] if answer in refusals else []
    if answer.id in account.entries or account.is_stale or account.locked or is_full:
        return []
    as_it_is = answer._replace(label=old.label, app=old.app, expires=old.expires)
    return [made(account, {**given, "networks": old.networks, "unused": old.unused}, as_it_is, old)]


def revoke(account, given, answer):
    """which: `ids`, a `label`, or neither for all; reason. The ids that were revoked by it, or `gone`."""
    entries = account.entries
    if "ids" in given:
        meant = [entries.get(id) for id in given["ids"]]
    else:
        meant = [entry for entry in entries.values() if given.get("label") in (None, entry.label)]
    is_gone = not account.enrolled or None in meant or ("label" in given and not meant)
    if is_gone or answer == "gone":
        return [account] if is_gone and answer == "gone" else []
    ids = {entry.id for entry in meant if not entry.reason}
    return [account.revoked(meant, given["reason"])] if answer is None or set(answer) == ids else []


def label(account, given, answer):
    """id, label; `done`, `gone` (a revoked one keeps its label) or `label`, which is taken."""
    entry = account.entries.get(given["id"])
    if entry is None or entry.reason or answer == "gone":
        return [account] if (entry is None or entry.reason) and answer == "gone" else []
    is_taken = any(other.label == given["label"] for other in account.active(given["clock"]) if other.id != entry.id)
    if is_taken or answer == "label":
        return [account] if is_taken and answer == "label" else []
    return [account.with_entries(entry._replace(label=given["label"]))]


def remove(account, given, answer):
    """How many entries there were, and how many of them active; or `gone`."""
    if not account.enrolled or answer == "gone":
        return [account] if not account.enrolled and answer == "gone" else []
    counted = (len(account.entries), len(account.active(given["clock"])))
    return [account.removed()] if answer in (None, counted) else []


def list_all(account, given, answer):
    """A frozenset of Rows."""
    rows = {row(entry, given["clock"]) for entry in account.entries.values()}
    return [account] if answer == rows else []


def export(account, given, answer):
    """A frozenset of Exported, or `gone`."""
    if not account.enrolled:
        return [account] if answer == "gone" else []
    return [account] if answer == frozenset(map(exported, account.entries.values())) else []


def import_one(account, given, answer):
    """entries, of an export, replace; `done`, or `kept` where there is an account that is not to be replaced."""
    if account.enrolled and not given["replace"]:
        return [account] if answer in (None, "kept") else []
    return [account.imported(given["entries"])] if answer in (None, "done") else []


def login(account, given, answer):
    """typed, service, host; the verdicts that it may have been. It writes before it tells."""
    verdict, after = check(account, given["typed"], given["service"], given["host"], given["clock"])
    if answer is None:
        return [after]
    return [after] if verdict in answer else []


def only_check(account, given, answer):
    """The same, and nothing is written."""
    verdict, _ = check(account, given["typed"], given["service"], given["host"], given["clock"])
    return [account] if verdict in answer else []


def primary(account, given, answer):
    """version, locked: of the user's primary password, which nobody has seen yet."""
    return [account.with_primary(given["version"], given["locked"])]


KINDS = {
    "create": create,
    "rotate": rotate,
    "revoke": revoke,
    "label": label,
    "remove": remove,
    "list": list_all,
    "export": export,
    "import": import_one,
    "login": login,
    "check": only_check,
    "primary": primary,
}


class Model:
    """For linear.judge. That the primary password is another may be seen, and acted upon, at any time: a watch runs."""

    def __init__(self, start=None):
        self.start = no_account() if start is None else start

    @staticmethod
    def follow(account, operation):
        does = KINDS[operation.kind]
        found = does(account, operation.given, operation.answer)
        if account.is_stale:
            found = [*found, *does(account.settled(), operation.given, operation.answer)]
        return found

    @staticmethod
    def leaves_all(operation):
        """A login that is let in by what is bound never binds it, since nothing is imported here that is not bound yet; but
        a label may be another again, and an account."""
        return operation.kind not in ("label", "primary", "import")
