"""What asp-admin costs."""

import os
import pathlib
import re
import statistics
import subprocess
import time

import counts
from bars import BARS
from place import Broken
from section import MIB, Section


class Tool(Section):
    """asp-admin: list, create and watch."""

    USERS, MANY = 100000, 1000000

    def prepare(self):
        self.world = self.bench.filled(self.USERS)

    def conclude(self):
        figure = self.report.figure
        seconds = statistics.median(self.list_all(self.world)[0] for _ in range(3))
        figure(f"asp-admin list of {self.USERS:,} users", round(seconds, 2), "s", BARS.LIST_S)
        if self.MANY in self.bench.worlds:
            seconds, memory = self.list_all(self.bench.worlds[self.MANY])
            figure(f"asp-admin list of {self.MANY:,} users", round(seconds, 2), "s")
            figure("the same, its memory", round(memory, 1), "MiB", BARS.LIST_MIB)
        self.count_syncs()
        self.run_watch(self.USERS)
        if self.bench.long:
            self.run_watch(self.MANY)

    @staticmethod
    def list_all(world):
        """Seconds, and the most MiB that it was seen to have."""
        begin, kib = time.monotonic(), 0
        process = subprocess.Popen(world.command("list"), stdout=subprocess.DEVNULL)
        while process.poll() is None:
            status = pathlib.Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
            kib = max([kib, *map(int, re.findall(r"VmHWM:\s*(\d+)", status))])
            time.sleep(0.005)
        if process.returncode != 0:
            raise Broken(f"asp-admin list ended with {process.returncode}")
        return time.monotonic() - begin, kib * 1024 / MIB

    def count_syncs(self):
        words = self.world.command("create", "user7", "--virtual", "--label", "Tablet", "--quiet")
        found = counts.syncs(self.world.folder, words)
        if found is None:
            self.report.skip("fsync", "no strace")
            return
        folders = sum(count for path, count in found.items() if os.path.isdir(path))
        self.report.figure("create, in two updates: fsync of a folder", folders, "", BARS.SYNCS)
        self.report.figure("create, in two updates: fsync of a file", sum(found.values()) - folders, "", BARS.SYNCS)
        if folders == 0 or sum(found.values()) == folders:
            raise Broken(f"create synced only {found}")

    def run_watch(self, accounts):
        figures = self.place.in_sandbox("watch", "--accounts", str(accounts))
        if figures is None:
            self.report.skip("watch", "tests/bench/watch does not run here: it needs root and a sandbox")
            return
        figure, what = self.report.figure, f"watch, one change among {accounts:,} accounts"
        many = accounts == self.MANY
        seconds, used = figures["seconds_after_one_change"], figures["seconds_of_the_processor_after_one_change"]
        figure(what, seconds, "s", None if many else BARS.WATCH_S)
        if not many and used <= BARS.WATCH_S < seconds:
            self.report.unjudged(f"the machine is not free: {used} s of its processors were used")
        figure(f"{what}: the processor's time", used, "s", BARS.WATCH_MILLION_S if many else None)
        memory = round(figures["most_resident_KiB_of_the_watch"] / 1024, 1)
        figure(f"{what}: memory", memory, "MiB", BARS.WATCH_MIB if many else None)
        figure(f"{what}: passes over shadow", figures["opens_of_shadow"], "", 1)
