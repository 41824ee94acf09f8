"""What asp-admin costs."""

import json
import os
import pathlib
import statistics
import subprocess
import time

import counts
from place import Broken
from section import Section

HERE = pathlib.Path(__file__).resolve().parent


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
