"""What a login must not grow with: users, lines of shadow, entries, logins before it."""

import ctypes
import ctypes.util
import os
import random
import statistics
import time

import counts
from place import Broken, Subject, World
from section import HASH, MIB, SILENT, Section, alice, by_turns
from support.pam_codes import AUTH_ERR


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
