"""What is measured, and the bars. A section adds its subjects to the common rounds, and says its figures after them."""

import ctypes
import ctypes.util
import json
import os
import pathlib
import pwd
import random
import re
import statistics
import subprocess
import time

import counts
from place import Broken, Subject, World
from support.pam_codes import AUTH_ERR, CRED_INSUFFICIENT, SUCCESS, USER_UNKNOWN
from support.passwords import ALPHABET
from support.processes import children

HERE = pathlib.Path(__file__).resolve().parent
SILENT = 'log = "refused";'
ZEROS = "0" * 23  # the secret that fill gives to all
HASH = "$6$saltsaltsaltsalt$abcdefghijklmnop"
MIB = 1 << 20


def alice(password, code=SUCCESS):
    return ("imap", "alice", password, code)


class Section:
    def __init__(self, bench):
        self.bench, self.place, self.report = bench, bench.place, bench.report

    def prepare(self):
        pass

    def conclude(self):
        pass


class Logins(Section):
    """An accepted login in the default scheme. alice has a line in shadow."""

    def prepare(self):
        if self.place.private:
            self.place.write_shadow({"alice": HASH, "lotte": HASH})
        self.worlds = {"silent": World(self.place, "silent", SILENT)}
        self.worlds["use"] = World(self.place, "use", SILENT + "usage_interval = 0;")
        if self.place.private:
            self.worlds["logged"] = World(self.place, "logged")
        self.passwords = {name: world.create() for name, world in self.worlds.items()}
        for name, world in self.worlds.items():
            self.bench.add(name, Subject(world.host([alice(self.passwords[name])])))
        self.prepare_entries()

    def prepare_entries(self):
        """The same user with 25 app passwords; it is the last one that logs in."""
        world = World(self.place, "entries", SILENT)
        passwords = [world.create(label=f"Device {number}") for number in range(25)]
        self.bench.add("entries", Subject(world.host([alice(passwords[-1])])))

    def conclude(self):
        ratio = self.bench.ratio
        self.report.figure("a module that does nothing (the floor)", ratio("null"), "F")
        self.report.figure("accepted, no log line", ratio("silent"), "F", 0.65)
        self.report.figure("accepted, the use written each time", ratio("use"), "F")
        if self.place.private:
            self.report.figure("accepted, with a log line", ratio("logged"), "F", 0.85)
        else:
            self.report.skip("with a log line", "no /dev/log of its own: it needs root and unshare")
        self.report.figure("25 entries against 1", ratio("entries", "silent"), "times", 1.1)
        self.count_floor()
        for name, what in (("silent", "no log line"), ("logged", "with a log line")):
            if name in self.worlds:
                self.count(name, what)

    def count_floor(self):
        number = counts.instructions(self.worlds["silent"], [("null", "alice", "-", SUCCESS)])
        if number is not None:
            self.report.figure("instructions, a module that does nothing", number[0], "", note="libpam's own")

    def count(self, name, what):
        logins = [alice(self.passwords[name])]
        number = counts.instructions(self.worlds[name], logins)
        if number is None:
            self.report.skip("instructions", "no valgrind")
        else:
            self.report.figure(f"instructions, {what}", number[0], "", 70000)
            self.judge_roots()
        number = counts.system_calls(self.worlds[name], logins)
        if number is None:
            self.report.skip("system calls", "no strace, or it may not trace")
        else:
            self.report.figure(f"system calls, {what}", number[0], "", 36)
            self.judge_roots()

    def judge_roots(self):
        if os.geteuid() != 0:
            self.report.unjudged("without root libpam itself does more")


class Refusals(Section):
    """Against an accepted login, in time and in instructions; and an unknown id against a wrong secret."""

    def prepare(self):
        if not self.place.private:
            self.report.skip("refusals", "they would fill the machine's log: it needs root and unshare")
            return
        self.place.write_shadow({"alice": HASH, "lotte": HASH})
        world = self.world = World(self.place, "refusals")
        made = {
            "accepted": world.create(),
            "revoked": world.create(label="Old"),
            "expired": world.create("alice", "--app", "mail", "--expires", "1s", label="Loan"),
            "unused": world.create("alice", "--app", "mail", "--unused", "1s", label="Drawer"),
            "wrong-app": world.create("alice", "--app", "calendar", label="Calendar"),
            "wrong-network": world.create("alice", "--app", "mail", "--from", "198.51.100.0/24", label="Office"),
        }
        world.admin("revoke", "alice", made["revoked"][:2])
        self.logins = {what: alice(password, AUTH_ERR) for what, password in made.items()}
        self.logins["accepted"] = alice(made["accepted"])
        self.logins["wrong secret"] = alice(other_secret(made["accepted"]), AUTH_ERR)
        self.logins["unknown id"] = alice(other_id(made.values()), CRED_INSUFFICIENT)
        self.logins["not shaped like one"] = alice("correct-horse", CRED_INSUFFICIENT)
        self.logins["no account"] = ("imap", "nobody-here", made["accepted"], USER_UNKNOWN)
        self.lock_lotte()
        self.names = list(self.logins)
        host = world.host(list(self.logins.values()))
        for number, what in enumerate(self.names):
            self.bench.add(what, Subject(host, number, 1))

    def lock_lotte(self):
        """Her primary password is locked behind her back."""
        password = self.world.create("lotte")
        self.place.write_shadow({"alice": HASH, "lotte": "!" + HASH})
        self.logins["primary-locked"] = ("imap", "lotte", password, AUTH_ERR)

    def conclude(self):
        if not self.place.private:
            return
        number = counts.instructions(self.world, list(self.logins.values()))
        if number is None:
            self.report.skip("instructions", "no valgrind")
        else:
            accepted = number[self.names.index("accepted")]
            for what, count in zip(self.names, number):
                bar = None if what == "accepted" else accepted
                self.report.figure(f"instructions, {what}", count, "", bar)
                if what == "no account":
                    self.report.unjudged("the name service is asked whose it is, and does most of it")
        self.count_change()
        for what in self.names:
            self.report.figure(f"time, {what}", self.bench.ratio(what, "accepted"), "times an accepted one")
        self.compare()

    def count_change(self):
        """Of one whose primary password has changed: once, for then all hers are revoked."""
        self.place.write_shadow({"alice": HASH, "lotte": HASH})
        world = World(self.place, "changed")
        password, hers = world.create(), world.create("lotte")
        self.place.write_shadow({"alice": HASH, "lotte": HASH[::-1]})
        self.place.settle()
        number = counts.instructions_once(world, alice(password), ("imap", "lotte", hers, AUTH_ERR))
        if number is not None:
            self.report.figure("instructions, primary-changed", number, "", note="once: it is written, then: revoked")

    def compare(self, count=10000):
        """No difference is found by time: it is no more than what shuffling which is which makes of it. The entries are
        alike, since what is read of one takes as long as it is."""
        world = World(self.place, "alike", 'primary: { source = "none"; };')
        world.fill(1, 5)
        wrong, unknown = "00" + "1" * 23, "zz" + ZEROS
        logins = [("imap", "user0", wrong, AUTH_ERR), ("imap", "user0", unknown, CRED_INSUFFICIENT)]
        host = world.host(logins)
        host.ask("time", 300)
        times = [int(word) for word in host.ask("time", 2 * count)]
        pairs = list(zip(times[::2], times[1::2]))
        shuffle = random.Random(1)
        noise = max(abs(apart([shuffle.sample(pair, 2) for pair in pairs])) for _ in range(200))
        note = f"medians of {count:,} each, about {statistics.median(times):,.0f} ns; shuffled, they are as far apart"
        self.report.figure("time, wrong secret and unknown id apart", abs(apart(pairs)), "ns", noise, note)
        self.compare_counts(world, logins)

    def compare_counts(self, world, logins, times=12):
        """The clock's digits, which are in the log, make more of a difference than what is asked about: so of many."""
        number = counts.instructions(world, logins * times)
        if number is not None:
            wrong, unknown = (statistics.mean(number[at::2]) for at in range(2))
            most = round(0.002 * wrong)
            self.report.figure("instructions, wrong secret and unknown id apart", abs(wrong - unknown), "", most)


def apart(pairs):
    return statistics.median(pair[0] for pair in pairs) - statistics.median(pair[1] for pair in pairs)


def other_secret(password):
    return password[:-1] + ("0" if password[-1] != "0" else "1")


def other_id(passwords):
    taken = {password[:2] for password in passwords}
    first = next(a + b for a in ALPHABET for b in ALPHABET if a + b not in taken)
    return first + next(iter(passwords))[2:]


class Users(Section):
    """Ten users who log in by turns, in a store that has no others and in one that has many."""

    def prepare(self):
        self.many = 1000000 if self.bench.all else 100000
        room = os.statvfs(self.place.folder)
        if room.f_favail < 2 * self.many or room.f_bavail * room.f_frsize < self.many * 8192:
            self.report.skip(f"{self.many} users", f"no room for as many files in {self.place.folder}")
            self.many = 0
            return
        for name, count in (("users", self.many), ("few users", 10)):
            world = self.bench.filled(count)
            users = [f"user{number * count // 10 + count // 10 - 1}" for number in range(10)]
            self.bench.add(name, Subject(world.host([by_turns(user) for user in users])))
            if name == "users":
                anybody = world.host([by_turns(f"user{number}") for number in self.chosen(count)])
                anybody.ask("many", anybody.logins)
                self.bench.add("anybody", Subject(anybody))

    @staticmethod
    def chosen(count):
        return random.Random(1).sample(range(count), 10000)

    def conclude(self):
        if self.many:
            ratio = self.bench.ratio
            what = f"{self.many:,} users in the store against 10"
            self.report.figure(what, ratio("users", "few users"), "times", 1.1)
            self.report.figure(
                "the same, each login another user's, chosen by chance", ratio("anybody", "few users"), "times"
            )


def by_turns(user):
    return ("imap", user, "00" + ZEROS, SUCCESS)


class Shadow(Section):
    """A long /etc/shadow that does not change."""

    LINES = 100000

    def prepare(self):
        self.locked, self.counted = {}, {}
        if not self.place.private:
            self.report.skip("a long shadow file", "no /etc/shadow of its own: it needs root and unshare")
            return
        for name, lines in (("shadow", self.LINES), ("short shadow", 10)):
            path = self.place.folder / f"shadow{lines}"
            users = {"alice": HASH, "lotte": HASH}
            self.place.write_shadow(users, path, lines)
            world = World(self.place, f"lines{lines}", SILENT, shadow=path)
            password, hers = world.create(), world.create("lotte")
            self.place.write_shadow({**users, "lotte": "!" + HASH}, path, lines)
            self.place.settle(path)
            logins = [alice(password), ("imap", "lotte", hers, AUTH_ERR)]
            self.bench.add(name, Subject(world.host(logins[:1])))
            self.locked[lines] = Subject(world.host(logins[1:]))
            self.counted[lines] = (world, logins)

    def conclude(self):
        if self.place.private:
            what = f"{self.LINES:,} lines of shadow against 10"
            self.report.figure(what, self.bench.ratio("shadow", "short shadow"), "times", 1.1)
            many, few = [], []
            for _ in range(10):
                many += self.locked[self.LINES].times(10)
                few += self.locked[10].times(10)
            ratio = round(statistics.median(many) / statistics.median(few), 3)
            self.report.figure(what + ", the primary is locked", ratio, "times")
            number = counts.instructions(*self.counted[self.LINES])
            if number is not None:
                what = f"instructions, primary-locked, with {self.LINES:,} lines of shadow"
                self.report.figure(what, number[1], "", number[0], "at most: an accepted one there")


class Argon2id(Section):
    """The slow scheme: one hash, whatever the number of entries."""

    MEMORY, PASSES = 19456, 2

    def prepare(self):
        settings = SILENT + f'hash: {{ scheme = "argon2id"; memory = {self.MEMORY}; passes = {self.PASSES}; }};'
        self.subjects = {}
        for count in (1, 25):
            world = World(self.place, f"argon{count}", settings)
            passwords = [world.create(label=f"Device {number}") for number in range(count)]
            self.subjects[count] = Subject(world.host([alice(passwords[-1])]))

    def raw_hash(self, sodium):
        tag, salt = ctypes.create_string_buffer(32), b"0" * 16
        begin = time.perf_counter_ns()
        code = sodium.crypto_pwhash(
            tag,
            ctypes.c_ulonglong(32),
            b"0" * 64,
            ctypes.c_ulonglong(64),
            salt,
            ctypes.c_ulonglong(self.PASSES),
            ctypes.c_size_t(self.MEMORY * 1024),
            2,
        )
        if code != 0:
            raise Broken("crypto_pwhash fails")
        return time.perf_counter_ns() - begin

    def conclude(self):
        sodium = ctypes.CDLL(ctypes.util.find_library("sodium"))
        sodium.sodium_init()  # chooses what the processor can do
        laps = 60 if self.bench.all else 20
        raw, one, many = [], [], []
        for _ in range(laps):
            raw.append(self.raw_hash(sodium))
            one += self.subjects[1].times(1)
            many += self.subjects[25].times(1)
        ratio = statistics.median(a / b for a, b in zip(one, raw))
        self.report.figure("argon2id, accepted", round(ratio, 3), "hashes", 1.5, "a second hash would make it 2")
        ratio = statistics.median(a / b for a, b in zip(many, one))
        self.report.figure("25 entries against 1", round(ratio, 3), "times", 1.1)


class Many(Section):
    """Logins without end in one process."""

    def prepare(self):
        self.count = 1000000 if self.bench.all else 50000
        world = World(self.place, "many", "" if self.place.private else SILENT)
        self.host = world.host([alice(world.create())])

    def conclude(self):
        self.host.ask("time", 1000)
        fds, resident, fds_after, resident_after = map(int, self.host.ask("many", self.count))
        self.report.figure(f"descriptors more after {self.count:,} logins", fds_after - fds, "", 0)
        grown = (resident_after - resident) / MIB
        self.report.figure(f"resident memory more after {self.count:,} logins", round(grown, 3), "MiB", 1.0)


class Tool(Section):
    """asp-admin: list, create and watch."""

    USERS = 100000

    def prepare(self):
        self.world = self.bench.filled(self.USERS)

    def conclude(self):
        seconds = []
        for _ in range(3):
            begin = time.monotonic()
            subprocess.run(self.world.command("list"), stdout=subprocess.DEVNULL, check=True)
            seconds.append(time.monotonic() - begin)
        self.report.figure(f"asp-admin list of {self.USERS:,} users", round(statistics.median(seconds), 2), "s", 5.0)
        self.count_syncs()
        self.run_watch()

    def count_syncs(self):
        words = self.world.command("create", "user7", "--virtual", "--label", "Tablet", "--quiet")
        found = counts.syncs(self.world.folder, words)
        if found is None:
            self.report.skip("fsync", "no strace")
            return
        folders = sum(count for path, count in found.items() if os.path.isdir(path))
        self.report.figure("create: fsync of a folder", folders, "", 1)
        self.report.figure("create: fsync of a file", sum(found.values()) - folders, "", 1)
        if folders == 0 or sum(found.values()) == folders:
            raise Broken(f"create synced only {found}")

    def run_watch(self):
        """It has a sandbox of its own."""
        words = [HERE / "watch", "--json", self.place.build]
        run = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=False)
        if run.returncode != 0:
            self.report.skip("watch", "tests/bench/watch does not run here: it needs root and a sandbox")
            return
        figures = json.loads(run.stdout)
        what = f"watch, one change among {figures['accounts']:,} accounts"
        self.report.figure(what, figures["seconds_after_one_change"], "s", 2.0)
        used = figures["seconds_of_the_processor_after_one_change"]
        if used <= 2 < figures["seconds_after_one_change"]:
            self.report.unjudged(f"the machine is not free: {used} s of its processors were used")
        self.report.figure("passes over shadow for it", figures["opens_of_shadow"], "", 1)


class Broker(Section):
    """A host that is not root asks asp-broker."""

    CROWD = 64

    def prepare(self):
        self.process = None
        if not self.place.private:
            self.report.skip("the broker", "it needs root and unshare")
            return
        if not self.place.broker.exists():
            self.report.skip("the broker", f"there is no {self.place.broker}")
            return
        self.socket = self.place.folder / "broker.sock"
        clients = 'clients = ( { user = "nobody"; services = [ "imap" ]; } );'
        settings = f'broker: {{ socket = "{self.socket}"; {clients} }}; self_service: {{ enabled = false; }};'
        self.world = World(self.place, "broker", settings)
        self.password = self.world.create()
        self.start()
        nobody = pwd.getpwnam("nobody")
        self.identity = {
            "user": nobody.pw_uid,
            "group": nobody.pw_gid,
            "extra_groups": [self.socket.stat().st_gid],
        }
        self.bench.add("broker", Subject(self.host()))

    def start(self):
        words = [self.place.broker, "--config", self.world.conf, "--socket", self.socket]
        self.process = subprocess.Popen(["setpriv", "--pdeathsig", "TERM", *words])
        self.place.processes.append(self.process)
        for _ in range(100):
            if self.process.poll() is not None:
                raise Broken(f"asp-broker ended with {self.process.returncode}")
            if self.socket.exists() and self.socket.stat().st_mode & 0o060 == 0o060:
                return
            time.sleep(0.1)
        raise Broken("asp-broker makes no socket for its group")

    def host(self):
        return self.world.host([alice(self.password)], identity=self.identity)

    def conclude(self):
        if self.process is None:
            return
        self.report.figure("accepted, through the broker, with a log line", self.bench.ratio("broker"), "F", 3.0)
        self.compare_two()
        self.crowd()

    def compare_two(self):
        """As many logins as two processes make against as many as one makes, by turns. pam_permit says what the machine
        has to give."""
        permit = [("permit", "alice", "-", SUCCESS)]
        subjects = {
            "broker": [self.host(), self.host()],
            "F": [self.world.host(permit), self.world.host(permit)],
        }
        found = {name: [] for name in subjects}
        for hosts in subjects.values():
            together(hosts, 100)
        for _ in range(20 if self.bench.all else 8):
            for name, hosts in subjects.items():
                one = together(hosts[:1], 250)
                found[name].append(together(hosts, 250) / one)
        broker, permit = (round(statistics.median(found[name]), 2) for name in ("broker", "F"))
        self.report.at_least("two processes against one", broker, "times", 1.8, f"pam_permit: {permit}")
        if permit < 1.7:
            self.report.unjudged(f"the machine is not free: pam_permit itself makes {permit} times")

    def crowd(self):
        """Many processes at once: no answer is lost or another than it should be, and the broker keeps nothing."""
        hosts = [self.host() for _ in range(self.CROWD)]
        each = 1000 if self.bench.all else 100
        lost = self.rush(hosts, each)
        before = self.memory()
        lost += sum(self.rush(hosts, each) for _ in range(3))
        grown = (self.memory() - before) / MIB
        what = f"{self.CROWD} processes at once, {4 * each * self.CROWD:,} logins:"
        self.report.figure(f"{what} hosts that failed", lost, "", 0)
        self.report.figure(f"{what} the broker grown", round(grown, 3), "MiB", 1.0)

    @staticmethod
    def rush(hosts, each):
        """How many of them ended, for an answer was not the one they wait for."""
        living = [host for host in hosts if host.process.poll() is None]
        for host in living:
            host.send("time", each)
        lost = 0
        for host in living:
            try:
                host.answer()
            except Broken:
                lost += 1
        return lost

    def memory(self):
        """Resident bytes of all of its processes."""
        todo, kib = [self.process.pid], 0
        while todo:
            pid = todo.pop()
            kib += int(re.search(r"Rss:\s*(\d+)", pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text())[1])
            todo += children(pid)
        return kib * 1024


def together(hosts, milliseconds):
    """How many logins they make at the same time."""
    for host in hosts:
        host.send("for", milliseconds)
    return sum(int(host.answer()[0]) for host in hosts)


SECTIONS = {
    "logins": Logins,
    "broker": Broker,
    "refusals": Refusals,
    "users": Users,
    "shadow": Shadow,
    "argon2id": Argon2id,
    "many": Many,
    "tool": Tool,
}
