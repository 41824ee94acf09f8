"""An accepted login: its time, its instructions and its system calls."""

import os

import counts
from bars import BARS
from place import Subject, World
from section import HASH, SILENT, WORKED, Section, alice
from support.pam_codes import SUCCESS

LONG_NAME = "a" * 64
HMAC = 'hash: { scheme = "hmac-sha256"; };'


class Logins(Section):
    """In the default scheme. alice has a line in shadow."""

    def prepare(self):
        if self.place.private:
            self.place.write_shadow({"alice": HASH, "lotte": HASH, LONG_NAME: HASH})
        self.worlds = {"silent": World(self.place, "silent", SILENT)}
        self.worlds["use"] = World(self.place, "use", SILENT + "usage_interval = 0;")
        if self.place.private:
            self.worlds["logged"] = World(self.place, "logged")
        for name, settings in {"silent": SILENT, "logged": ""}.items():
            if name in self.worlds:
                self.worlds[f"{name} hmac"] = World(self.place, f"{name}-hmac", settings + HMAC)
        self.passwords = {name: world.create() for name, world in self.worlds.items()}
        for name, world in self.worlds.items():
            if "hmac" not in name:  # that is counted alone
                self.bench.add(name, Subject(world.host([alice(self.passwords[name])])))
        self.prepare_entries()

    def prepare_entries(self):
        """The same user with more app passwords; it is the last one that logs in."""
        self.entries = {}
        for count in (5, 25, 100):
            world = World(self.place, f"entries{count}", SILENT + "limit = 100;")
            passwords = [world.create(label=f"Device {number}") for number in range(count)]
            self.entries[count] = (world, passwords[-1])
            self.bench.add(f"entries{count}", Subject(world.host([alice(passwords[-1])])))

    def conclude(self):
        ratio, figure = self.bench.ratio, self.report.figure
        figure("a module that does nothing (the floor)", ratio("null"), "F")
        figure("accepted, no log line", ratio("silent"), "F", BARS.SILENT_F)
        figure("accepted, no log line, the processor's time", ratio("silent", clock=WORKED), "F")
        figure("accepted, the use written each time, no log line", ratio("use"), "F")
        if self.place.private:
            figure("accepted, with a log line", ratio("logged"), "F", BARS.LOGGED_F)
            figure("accepted, with a log line, the processor's time", ratio("logged", clock=WORKED), "F")
        else:
            self.report.skip("with a log line", "no /dev/log of its own: it needs root and unshare")
        figure("25 entries against 1", ratio("entries25", "silent"), "times", BARS.ENTRIES_TIMES)
        for count, name in {1: "silent", **{count: f"entries{count}" for count in self.entries}}.items():
            self.report.point("entries", "pam_asp", count, ratio(name, clock=WORKED))
        self.count_instructions()
        self.count_calls()

    def count_instructions(self):
        number = counts.instructions(self.worlds["silent"], [("null", "alice", "-", SUCCESS)])
        if number is None:
            self.report.skip("instructions", "no valgrind")
            return
        self.report.figure("instructions, a module that does nothing", number[0], "", note="libpam's own")
        silent = self.count("silent", "no log line", BARS.SILENT_INSTRUCTIONS)
        self.count_more("25 entries", silent, *self.entries[25])
        world = World(self.place, "long", SILENT)
        self.count_more("a name of 64 letters", silent, world, world.create(LONG_NAME), LONG_NAME)
        if "logged" in self.worlds:
            self.count("logged", "with a log line", BARS.LOGGED_INSTRUCTIONS)
        self.count("silent hmac", "no log line, hmac-sha256")
        if "logged" in self.worlds:
            self.count("logged hmac", "with a log line, hmac-sha256")

    def count(self, name, what, bar=None):
        world, logins = self.worlds[name], [alice(self.passwords[name])]
        number = counts.instructions(world, logins)[0]
        self.report.figure(f"instructions, {what}", number, "", bar)
        if bar is not None:
            self.judge_roots()
        by_byte = counts.instructions(world, logins, by_byte=True)[0]
        self.report.figure(f"instructions, {what}, libaudit's wipe by the byte", by_byte, "", note="as valgrind counts")
        return number

    def count_more(self, what, silent, world, password, user="alice"):
        number = counts.instructions(world, [("imap", user, password, SUCCESS)])[0]
        self.report.figure(f"instructions more for {what}", number - silent, "", BARS.MORE_INSTRUCTIONS)

    def count_calls(self):
        for name, what in (("silent", "no log line"), ("logged", "with a log line")):
            if name not in self.worlds:
                continue
            number = counts.system_calls(self.worlds[name], [alice(self.passwords[name])])
            if number is None:
                self.report.skip("system calls", "no strace, or it may not trace")
            else:
                self.report.figure(f"system calls, {what}", number[0], "", BARS.CALLS)
                self.judge_roots()

    def judge_roots(self):
        if os.geteuid() != 0:
            self.report.unjudged("without root libpam itself does more")
