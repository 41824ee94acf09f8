"""An accepted login: its time, its instructions and its system calls."""

import os

import counts
from place import Subject, World
from section import HASH, SILENT, Section, alice
from support.pam_codes import SUCCESS


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
