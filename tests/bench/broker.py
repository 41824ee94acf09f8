"""What the broker costs."""

import statistics
import subprocess
import time

from answering import Answering, together
from bars import BARS
from place import Broken, Subject
from section import MIB, Section, alice
from support.pam_codes import SUCCESS


class Broker(Section):
    """A host that is not root asks asp-broker."""

    CROWD = 64
    SLOW = 8

    def prepare(self):
        self.broker = None
        if why := Answering.missing(self.place):
            self.report.skip("the broker", why)
            return
        self.broker = Answering(self.place, "broker")
        self.broker.password = self.broker.world.create()
        self.broker.start()
        self.bench.add("broker", Subject(self.broker.host()))

    def conclude(self):
        if self.broker is None:
            return
        what = "accepted, through the broker, with a log line"
        self.report.figure(what, self.bench.ratio("broker"), "F", BARS.BROKER_F)
        self.compare_work()
        self.compare_two()
        self.delay()
        self.crowd()

    def compare_work(self):
        """The processor's time, of host and broker together, against that of a host that is root and asks nobody."""
        asking = Subject(self.broker.host(), each=500)
        alone = Subject(self.broker.world.host([alice(self.broker.password)]), each=500)
        found = []
        for subject in (asking, alone):
            subject.times(1000)
        for _ in range(40 if self.bench.long else 20):
            before = self.broker.worked()
            _, hosts = asking.round()
            brokers = (self.broker.worked() - before) / asking.each
            found.append((hosts + brokers) / alone.round()[1])
        ratio = round(statistics.median(found), 2)
        self.report.figure("the processor's time, against one in process", ratio, "times", BARS.BROKER_TIMES)

    def delay(self):
        """Logins of a client in the default scheme, without and beside another's that are all argon2id."""
        slow = self.broker.world.folder / "slow.conf"
        slow.write_text(self.broker.world.conf.read_text() + 'hash: { scheme = "argon2id"; };\n', encoding="ascii")
        words = ["create", "bob", "--virtual", "--quiet", "--label", "Slow", "--app", "mail"]
        run = [self.place.admin, "--config", slow, *words]
        password = subprocess.run(run, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
        mine = Subject(self.broker.host())
        others = [self.broker.host("daemon", ("imap", "bob", password, SUCCESS)) for _ in range(self.SLOW)]
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
            "broker": [self.broker.host(), self.broker.host()],
            "F": [self.broker.world.host(permit), self.broker.world.host(permit)],
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
        hosts = [self.broker.host() for _ in range(self.CROWD)]
        each = 1000 if self.bench.long else 400
        lost = self.rush(hosts, each)
        before = self.broker.memory()
        lost += sum(self.rush(hosts, each) for _ in range(3))
        grown = (self.broker.memory() - before) / MIB
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


def percentile(times, percent):
    return statistics.quantiles(times, n=100)[percent - 1]
