"""Refusals that must not be told apart by how long they take, at each door: the module, the broker, asp-web, and the broker with
a database."""

import base64
import contextlib
import gc
import random
import socket
import statistics
import subprocess
import time

import database
from answering import Answering
from place import Broken, World
from refusals import other_id, other_secret
from section import Section
from support.pam_codes import AUTH_ERR, CRED_INSUFFICIENT, USER_UNKNOWN
from support.run import MORTAL
from told_apart import ERRORS, chance_in_100, cropped, right_in_100

NOBODY = 'primary: { source = "none"; };'
# The cheapest of the slow hashes, so that there are many of them.
SCHEMES = {"blake2b": "", "argon2id": 'hash: { scheme = "argon2id"; memory = 8192; passes = 1; };'}
# Of each kind: those that must not be told apart, and what else is refused. With --long as many of the slow ones, in an hour.
COUNTS = {"blake2b": (100000, 10000), "argon2id": (1000, 200)}
LONG = COUNTS | {"argon2id": (100000, 1000)}
WARM, AT_A_TIME = 2000, 10000  # logins
KEPT = 99  # requests over a connection
WRONG, UNKNOWN = "wrong secret", "unknown id"
HANDED = 'exec 3<&0 </dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec "$@"'


class Accounts:
    """What is refused, as (user, password, code) by what it is."""

    def __init__(self, world):
        # To read a line of alice's takes as long as to read another.
        alike = [world.create(label=f"Device {number}") for number in range(3)]
        self.alike = {
            WRONG: ("alice", other_secret(alike[1]), AUTH_ERR),
            UNKNOWN: ("alice", other_id(alike), CRED_INSUFFICIENT),
        }
        # carol's are longer and shorter.
        made = {
            "active": world.create("carol", label="Device 0"),
            "revoked": world.create("carol", label="Device 1"),
            "expired": world.create("carol", "--app", "mail", "--expires", "1s", label="Device 2"),
            "wrong app": world.create("carol", "--app", "calendar", label="Device 3"),
        }
        world.admin("revoke", "carol", made["revoked"][:2])
        time.sleep(1)
        self.others = {f"{WRONG}, {what}": ("carol", other_secret(one), AUTH_ERR) for what, one in made.items()}
        self.others |= {f"right secret, {what}": ("carol", made[what], AUTH_ERR) for what in ("revoked", "expired", "wrong app")}
        self.others["not shaped like one"] = ("carol", "correct-horse", CRED_INSUFFICIENT)
        self.others["no account"] = ("nobody-here", made["active"], USER_UNKNOWN)


class Hosted:
    """Logins of a process that asks PAM; `start` makes it of them."""

    def __init__(self, start, service="imap"):
        self.start, self.service = start, service

    @contextlib.contextmanager
    def ready(self, refusals):
        host = self.start([(self.service, *one) for one in refusals])

        def take(count, seed):
            words = [int(word) for word in host.ask("mix", count, seed)]
            return zip(words[::2], words[1::2])

        yield take
        host.end()


class Requested:
    """Requests of a proxy to asp-web, over connections that are kept."""

    def __init__(self, place, broker):
        self.path = place.folder / "authorize.sock"
        with contextlib.closing(socket.socket(socket.AF_UNIX)) as listener:
            listener.bind(str(self.path))
            listener.listen(16)
            words = ["sh", "-c", HANDED, "sh", place.web, "--authorize", "--config", broker.world.conf]
            self.process = subprocess.Popen([*MORTAL, *words], stdin=listener)
        place.processes.append(self.process)

    @contextlib.contextmanager
    def ready(self, refusals):
        heads = [head_of(user, password) for user, password, _ in refusals]

        def take(count, seed):
            draw = random.Random(seed)
            return self.ask(heads, [draw.randrange(len(heads)) for _ in range(count)])

        gc.disable()
        try:
            yield take
        finally:
            gc.enable()

    def ask(self, heads, order):
        found = []
        for begin in range(0, len(order), KEPT):
            with contextlib.closing(socket.socket(socket.AF_UNIX)) as line:
                line.connect(str(self.path))
                for which in order[begin : begin + KEPT]:
                    at = time.perf_counter_ns()
                    line.sendall(heads[which])
                    answer = line.recv(8192)
                    found.append((which, time.perf_counter_ns() - at))
                    if not answer.startswith(b"HTTP/1.1 401 "):
                        raise Broken(f"asp-web answers {answer[:40]}")
        return found

    def end(self):
        self.process.terminate()
        self.process.wait()
        self.path.unlink()


def head_of(user, password):
    credentials = base64.b64encode(f"{user}:{password}".encode()).decode()
    return f"GET /authorize/imap HTTP/1.1\r\nHost: proxy\r\nAuthorization: Basic {credentials}\r\n\r\n".encode()


def taken(door, refusals, count):
    """About so many times of each, drawn by turns."""
    times = [[] for _ in refusals]
    with door.ready(list(refusals.values())) as take:
        take(min(WARM, count), 0)
        left, seed = count * len(refusals), 0
        while left > 0:
            seed += 1
            for which, nanoseconds in take(min(left, AT_A_TIME), seed):
                times[which].append(nanoseconds)
            left -= AT_A_TIME
    return dict(zip(refusals, times))


class Apart(Section):
    """An unknown id and a wrong secret, of a user who has app passwords; and for comparison what else is refused."""

    def conclude(self):
        if not self.place.private:
            self.report.skip("refusals", "they would fill the machine's log: it needs root and unshare")
            return
        for scheme in SCHEMES:
            self.module(scheme)
            self.broker(scheme)
            self.database(scheme)

    def counts(self, scheme):
        return (LONG if self.bench.long else COUNTS)[scheme]

    def module(self, scheme):
        world = World(self.place, f"apart-{scheme}", f"{NOBODY} {SCHEMES[scheme]}")
        accounts = Accounts(world)
        self.compare("module", scheme, Hosted(world.host), accounts)
        world.stack("bare", f"auth required {self.place.without_decoy} config={world.conf}\n")
        right, chance, _ = self.right(taken(Hosted(world.host, "bare"), accounts.alike, COUNTS[scheme][0]))
        self.report.at_least(f"{scheme}, a module without the decoy: the same", right, "% of tries", chance)

    def broker(self, scheme):
        broker = Answering(self.place, f"apart-broker-{scheme}", f"{NOBODY} {SCHEMES[scheme]}")
        accounts = Accounts(broker.world)
        broker.start()
        self.compare("broker", scheme, Hosted(lambda logins: broker.host("nobody", *logins)), accounts)
        if self.place.web.exists():
            web = Requested(self.place, broker)
            self.compare("asp-web", scheme, web, accounts)
            web.end()
        else:
            self.report.skip("asp-web", "it is not built: no libmicrohttpd")
        broker.stop()

    def database(self, scheme):
        if why := database.missing(self.place):
            self.report.skip("a store in a database", why)
            return
        with database.running() as cluster:
            database.make_store(cluster, "apart")
            broker = database.joined(self.place, cluster, f"apart-database-{scheme}", "apart", SCHEMES[scheme])
            accounts = Accounts(broker.world)
            broker.start()
            self.compare("database", scheme, Hosted(lambda logins: broker.host("nobody", *logins)), accounts)
            broker.stop()

    def compare(self, where, scheme, door, accounts):
        most, few = self.counts(scheme)
        times = taken(door, accounts.alike, most)
        right, chance, note = self.right(times)
        what = f"{scheme}, {where}: {WRONG} and {UNKNOWN}"
        self.report.figure(f"{what}, told apart in", right, "% of tries", chance, note)
        self.report.figure("the same, without the slowest", round(cropped(*times.values()), 2), "standard errors", ERRORS)
        times = taken(door, accounts.others, few)
        usual = times.pop(f"{WRONG}, active")
        for kind, found in times.items():
            right = right_in_100(found, usual)
            self.report.figure(f"{scheme}, {where}: {kind}, longer than {WRONG} in", round(right, 1), "% of tries")

    @staticmethod
    def right(times):
        """Of two kinds: how often who guesses is right, the most that chance makes of it, and how many there were."""
        one, other = times.values()
        right, chance = right_in_100(one, other), chance_in_100(len(one), len(other))
        note = f"{len(one):,} and {len(other):,} of about {statistics.median([*one, *other]) / 1000:,.0f} us"
        return round(max(right, 100 - right), 2), round(chance, 2), note
