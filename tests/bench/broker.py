"""What the broker costs."""

import pathlib
import pwd
import re
import statistics
import subprocess
import time

from place import Broken, Subject, World
from section import MIB, Section, alice
from support.pam_codes import SUCCESS
from support.processes import children


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
