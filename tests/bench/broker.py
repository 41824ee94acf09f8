"""What the broker costs."""

import pathlib
import pwd
import re
import statistics
import subprocess
import time

from bars import BARS
from place import Broken, Subject, World
from section import MIB, Section, alice
from support.pam_codes import SUCCESS
from support.processes import children


class Broker(Section):
    """A host that is not root asks asp-broker."""

    CROWD = 64
    SLOW = 8

    def prepare(self):
        self.process = None
        if not self.place.private:
            self.report.skip("the broker", "it needs root and unshare")
            return
        if not self.place.broker.exists():
            self.report.skip("the broker", f"there is no {self.place.broker}")
            return
        self.socket = self.place.folder / "broker.sock"
        clients = "clients = ( %s );" % ", ".join(
            f'{{ user = "{user}"; services = [ "imap" ]; }}' for user in ("nobody", "daemon")
        )
        settings = f'broker: {{ socket = "{self.socket}"; {clients} }}; self_service: {{ enabled = false; }};'
        self.world = World(self.place, "broker", settings)
        self.password = self.world.create()
        self.start()
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

    def host(self, user="nobody", login=None):
        entry = pwd.getpwnam(user)
        group = self.socket.stat().st_gid
        identity = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": [group]}
        return self.world.host([login or alice(self.password)], identity=identity)

    def conclude(self):
        if self.process is None:
            return
        what = "accepted, through the broker, with a log line"
        self.report.figure(what, self.bench.ratio("broker"), "F", BARS.BROKER_F)
        self.compare_work()
        self.compare_two()
        self.delay()
        self.crowd()

    def compare_work(self):
        """The processor's time, of host and broker together, against that of a host that is root and asks nobody."""
        asking = Subject(self.host(), each=500)
        alone = Subject(self.world.host([alice(self.password)]), each=500)
        found = []
        for subject in (asking, alone):
            subject.times(1000)
        for _ in range(40 if self.bench.long else 20):
            before = self.worked()
            _, hosts = asking.round()
            brokers = (self.worked() - before) / asking.each
            found.append((hosts + brokers) / alone.round()[1])
        ratio = round(statistics.median(found), 2)
        self.report.figure("the processor's time, against one in process", ratio, "times", BARS.BROKER_TIMES)

    def delay(self):
        """Logins of a client in the default scheme, without and beside another's that are all argon2id."""
        slow = self.world.folder / "slow.conf"
        slow.write_text(self.world.conf.read_text() + 'hash: { scheme = "argon2id"; };\n', encoding="ascii")
        words = ["create", "bob", "--virtual", "--quiet", "--label", "Slow", "--app", "mail"]
        run = [self.place.admin, "--config", slow, *words]
        password = subprocess.run(run, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
        mine = Subject(self.host())
        others = [self.host("daemon", ("imap", "bob", password, SUCCESS)) for _ in range(self.SLOW)]
        mine.times(500)
        alone = percentile(mine.times(2000), 99)
        for host in others:
            host.send("for", 6000)
        beside, end = [], time.monotonic() + 5
        while time.monotonic() < end:
            beside += mine.times(10)
        done = sum(int(host.answer()[0]) for host in others)
        late = (percentile(beside, 99) - alone) / 1e6
        note = f"99 of 100, of {len(beside):,}, beside {done} of {self.SLOW} processes"
        self.report.figure("argon2id logins of another client add", round(late, 2), "ms", BARS.DELAY_MS, note)

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
        for _ in range(20 if self.bench.long else 8):
            for name, hosts in subjects.items():
                one = together(hosts[:1], 250)
                found[name].append(together(hosts, 250) / one)
        broker, permit = (round(statistics.median(found[name]), 2) for name in ("broker", "F"))
        self.report.at_least("two processes against one", broker, "times", BARS.TWO_TIMES, f"pam_permit: {permit}")
        if permit < 1.7:
            self.report.unjudged(f"the machine is not free: pam_permit itself makes {permit} times")

    def crowd(self):
        """Many processes at once: no answer is lost or another than it should be, and the broker keeps nothing."""
        hosts = [self.host() for _ in range(self.CROWD)]
        each = 1000 if self.bench.long else 400
        lost = self.rush(hosts, each)
        before = self.memory()
        lost += sum(self.rush(hosts, each) for _ in range(3))
        grown = (self.memory() - before) / MIB
        what = f"{self.CROWD} processes at once, {4 * each * self.CROWD:,} logins:"
        self.report.figure(f"{what} hosts that failed", lost, "", 0)
        self.report.figure(f"{what} the broker grown", round(grown, 3), "MiB", BARS.GROWN_MIB)

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

    def processes(self):
        """The numbers of the broker's own."""
        found = [self.process.pid]
        for pid in found:
            found += children(pid)
        return [pathlib.Path(f"/proc/{pid}") for pid in found]

    def memory(self):
        """Resident bytes of all of its processes."""
        texts = [(pid / "smaps_rollup").read_text() for pid in self.processes()]
        return sum(int(re.search(r"Rss:\s*(\d+)", text)[1]) for text in texts) * 1024

    def worked(self):
        """Nanoseconds that processors have worked for them."""
        return sum(int((pid / "schedstat").read_text().split()[0]) for pid in self.processes())


def percentile(times, percent):
    return statistics.quantiles(times, n=100)[percent - 1]


def together(hosts, milliseconds):
    """How many logins they make at the same time."""
    for host in hosts:
        host.send("for", milliseconds)
    return sum(int(host.answer()[0]) for host in hosts)
