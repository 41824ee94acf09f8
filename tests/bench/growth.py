"""What a login must not grow with: users, lines of shadow, entries, logins before it."""

import ctypes
import ctypes.util
import os
import random
import statistics
import time

import counts
from bars import BARS
from place import Broken, Subject, World, write_shadow
from section import HASH, MIB, SILENT, WALL, WORKED, Section, alice, by_turns
from support.pam_codes import AUTH_ERR


class Users(Section):
    """Ten users who log in by turns, where there are no others and where there are many, in the store and in shadow."""

    COUNTS = (10, 1000, 100000, 1000000)
    SOME = 1000

    def prepare(self):
        room = os.statvfs(self.place.roomy)
        self.counts = [count for count in self.COUNTS if self.has_room(room, count)]
        for count in set(self.COUNTS) - set(self.counts):
            self.report.skip(f"{count:,} users", f"no room for as many files in {self.place.roomy}")
        for count in self.counts:
            world = self.bench.filled(count)
            users = [f"user{number * count // 10 + count // 10 - 1}" for number in range(10)]
            self.bench.add(f"users{count}", Subject(world.host([by_turns(user) for user in users])))
        self.most = self.counts[-1]
        self.some = {count: self.prepare_some(count) for count in {self.SOME, self.most}}

    @staticmethod
    def has_room(room, count):
        return (room.f_files == 0 or room.f_favail >= 2 * count) and room.f_bavail * room.f_frsize >= count * 8192

    def prepare_some(self, count):
        """Many users by turns, chosen by chance. Nobody's line is looked for: that takes as long as shadow is."""
        settings = SILENT + 'usage_interval = 86400; primary: { source = "none"; };'
        world = World(self.place, f"some{count}", settings, store=self.bench.filled(count).store)
        chosen = random.Random(1).sample(range(count), self.SOME)
        host = world.host([by_turns(f"user{number}") for number in chosen])
        host.ask("many", host.logins)
        return Subject(host, each=self.SOME)

    def conclude(self):
        ratio, few = self.bench.ratio, f"users{self.counts[0]}"
        what = f"{self.most:,} users in store and shadow against 10"
        self.report.figure(what, ratio(f"users{self.most}", few), "times", BARS.MANY_TIMES)
        what = f"{self.SOME:,} users by turns, among {self.most:,} in the store against these alone"
        found = [self.some[self.most].round()[WALL] / self.some[self.SOME].round()[WALL] for _ in range(40)]
        self.report.figure(what, round(statistics.median(found), 3), "times")
        for count in self.counts:
            self.report.point("users", "pam_asp", count, ratio(f"users{count}", clock=WORKED))


class Shadow(Section):
    """A long /etc/shadow that does not change."""

    LINES = 100000

    def prepare(self):
        self.locked, self.counted, self.changing = {}, {}, {}
        if not self.place.private:
            self.report.skip("a long shadow file", "no /etc/shadow of its own: it needs root and unshare")
            return
        for name, lines in (("shadow", self.LINES), ("short shadow", 10)):
            self.prepare_lines(name, lines)

    def prepare_lines(self, name, lines):
        etc = self.place.folder / f"shadow{lines}"
        etc.mkdir()
        users = {"alice": HASH, "lotte": HASH}
        write_shadow(etc / "shadow", users, lines)
        silent = World(self.place, f"lines{lines}", SILENT, etc)
        password = silent.create()
        self.bench.add(name, Subject(silent.host([alice(password)])))
        world = World(self.place, f"locked{lines}", "", etc)
        logins = [alice(world.create()), ("imap", "lotte", world.create("lotte"), AUTH_ERR)]
        write_shadow(etc / "shadow", {**users, "lotte": "!" + HASH}, lines)
        self.place.settle(etc / "shadow")
        self.locked[lines] = Subject(world.host(logins[1:]))
        self.counted[lines] = (world, logins)
        self.changing[lines] = (etc / "shadow", Subject(silent.host([alice(password)])))

    def conclude(self):
        if self.place.private:
            what = f"{self.LINES:,} lines of shadow against 10"
            self.report.figure(what, self.bench.ratio("shadow", "short shadow"), "times", BARS.MANY_TIMES)
            many, few = [], []
            for _ in range(10):
                many += self.locked[self.LINES].times(10)
                few += self.locked[10].times(10)
            ratio = round(statistics.median(many) / statistics.median(few), 3)
            self.report.figure(what + ", the primary is locked", ratio, "times")
            self.conclude_change()
            number = counts.instructions(*self.counted[self.LINES])
            if number is not None:
                what = f"instructions, primary-locked, with {self.LINES:,} lines of shadow"
                self.report.figure(what, number[1], "", number[0], "at most: an accepted one there")

    def conclude_change(self):
        """Each user's next login after a change reads all of shadow, once."""
        firsts = {lines: [] for lines in self.changing}
        for _ in range(5):
            for path, _ in self.changing.values():
                os.utime(path)
            self.place.settle(*(path for path, _ in self.changing.values()))
            for lines, (_, subject) in self.changing.items():
                firsts[lines] += subject.times(1)
        for lines, times in firsts.items():
            cost = statistics.median(times) / 1000 / self.bench.microseconds("F")
            self.report.figure(f"her first login after a change of shadow, {lines:,} lines", float(f"{cost:.3g}"), "F")


class Argon2id(Section):
    """The slow scheme: one hash, whatever the number of entries. All is the processor's time."""

    MEMORY, PASSES = 19456, 2

    def prepare(self):
        settings = SILENT + f'hash: {{ scheme = "argon2id"; memory = {self.MEMORY}; passes = {self.PASSES}; }};'
        self.subjects = {}
        for count in (1, 25):
            world = World(self.place, f"argon{count}", settings)
            passwords = [world.create(label=f"Device {number}") for number in range(count)]
            self.subjects[count] = Subject(world.host([alice(passwords[-1])]), each=1)

    def raw_hash(self, sodium):
        tag, salt = ctypes.create_string_buffer(32), b"0" * 16
        begin = time.process_time_ns()
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
        return time.process_time_ns() - begin

    def conclude(self):
        sodium = ctypes.CDLL(ctypes.util.find_library("sodium"))
        sodium.sodium_init()  # chooses what the processor can do
        raw, one, many = [], [], []
        for _ in range(60 if self.bench.long else 20):
            raw.append(self.raw_hash(sodium))
            one.append(self.subjects[1].round()[WORKED])
            many.append(self.subjects[25].round()[WORKED])
        ratio = statistics.median(a / b for a, b in zip(one, raw))
        self.report.figure("argon2id, accepted", round(ratio, 3), "hashes", BARS.SLOW_HASHES, "a second makes it 2")
        ratio = statistics.median(a / b for a, b in zip(many, one))
        self.report.figure("25 entries against 1", round(ratio, 3), "times", BARS.ENTRIES_TIMES)
        floor = statistics.median(worked for _, worked in self.bench.rounds["F"].values())
        for count, times in ((1, one), (25, many)):
            self.report.point("entries", "pam_asp, argon2id", count, round(statistics.median(times) / floor, 1))


class Many(Section):
    """Logins without end in one process."""

    def prepare(self):
        self.count = 1000000
        world = World(self.place, "many", "" if self.place.private else SILENT)
        self.host = world.host([alice(world.create())])

    def conclude(self):
        self.host.ask("time", 1000)
        fds, resident, fds_after, resident_after = map(int, self.host.ask("many", self.count))
        self.report.figure(f"descriptors more after {self.count:,} logins", fds_after - fds, "", 0)
        grown = (resident_after - resident) / MIB
        self.report.figure(f"resident memory more after {self.count:,} logins", round(grown, 3), "MiB", BARS.GROWN_MIB)
