"""Where it is measured: worlds (a store, a configuration, a folder of PAM services) in a temporary folder, and the
processes that log in there. As root, the place has a /dev/log and an /etc of its own, and lies at /mnt: libpam reads
the paths in its files character by character, so a count hangs on how long they are.
"""

import contextlib
import json
import os
import pathlib
import re
import shutil
import socket
import stat
import statistics
import subprocess
import sys
import time

from support.run import MORTAL

HERE = pathlib.Path(__file__).resolve().parent

# Hears the log. Lines that say what should not be are shown, the first of them; a database hangs on purpose.
DRAIN = """
import socket, sys
log, shown = socket.socket(fileno=0), 0
while True:
    line = log.recv(65536)
    refused = b"unavailable" in line and b"database" not in line
    if (refused or b"broker" in line and b"verdict=" not in line) and shown < 10:
        print("bench: in the log:", line.decode(errors="replace"), file=sys.stderr, flush=True)
        shown += 1
"""
NODES = {"null": 3, "zero": 5, "full": 7, "random": 8, "urandom": 9}
# With this one at hand a process has other files in /etc than the place. An overlay, for a mount on a single file is gone
# when somebody replaces that file on the machine.
WITH_ETC = 'mount -t overlay overlay -o "lowerdir=$0:$ASP_BENCH_ETC" /etc && exec "$@"'
MOUNTED = pathlib.Path("/mnt")
SHADOW = pathlib.Path("/etc/shadow")
GROUP = 60123  # the group asp, where the machine has none
BROKER, AUTHORIZE = GROUP + 1, GROUP + 2
MEMORY = 12 << 20  # KiB: of what is there, half will do
SETTLED = 3  # seconds until the state of a shadow file is trusted


class Broken(Exception):
    """What was to be measured did not do what it should."""


class Place:
    def __init__(self, build, folder, layer=None):
        self.layer = layer
        self.private = os.environ.get("ASP_BENCH_PRIVATE") == "1"
        self.processes = []
        self.opened = contextlib.ExitStack()  # what else is there until the end
        self.group = os.getegid()
        if self.private:
            mount("--bind", folder, MOUNTED)
            folder = MOUNTED
        self.build, self.folder = build, folder
        self.module = self.copy(build / "pam_asp" / "pam_asp.so")
        self.null = self.copy(build / "tests" / "bench" / "null.so")
        self.without_decoy = self.copy(build / "tests" / "bench" / "without_decoy.so")
        self.host = self.copy(build / "tests" / "bench" / "pam_host")
        self.fill = build / "tests" / "bench" / "fill"
        self.admin = build / "asp-admin" / "asp-admin"
        self.broker = build / "asp-broker" / "asp-broker"
        self.web = build / "asp-web" / "asp-web"
        self.roomy = folder
        if self.private:
            self.make_dev()
            self.make_etc()
            self.make_roomy()
            self.write_shadow({})

    def copy(self, path):
        """A host that is not root may not get to where it was built."""
        return shutil.copy2(path, self.folder)

    def make_dev(self):
        """A bare /dev, and somebody at /dev/log who hears all and keeps nothing."""
        dev = self.folder / "dev"
        dev.mkdir()
        mount("-t", "tmpfs", "-o", "mode=755,size=1m", "tmpfs", dev)
        for name, minor in NODES.items():
            os.mknod(dev / name, stat.S_IFCHR | 0o666, os.makedev(1, minor))
            os.chmod(dev / name, 0o666)
        for name in ("shm", "pts"):
            (dev / name).mkdir()
            if os.path.ismount(f"/dev/{name}"):
                mount("--bind", f"/dev/{name}", dev / name)
        os.symlink("/proc/self/fd", dev / "fd")
        mount("--move", dev, "/dev")
        log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        log.bind("/dev/log")
        os.chmod("/dev/log", 0o666)
        self.processes.append(subprocess.Popen([*MORTAL, sys.executable, "-c", DRAIN], stdin=log))

    def make_etc(self):
        """Laid over the machine's. nobody, daemon and asp-authorize are in the group asp, and may ask the broker, whose workers
        are the user asp-broker with a database."""
        for part in ("etc", "etc.upper", "etc.work"):
            (self.folder / part).mkdir()
        lower, upper, work = (self.folder / part for part in ("etc", "etc.upper", "etc.work"))
        mount("--bind", "/etc", lower)
        mount("-t", "overlay", "overlay", "-o", f"lowerdir={lower},upperdir={upper},workdir={work}", "/etc")
        os.environ["ASP_BENCH_ETC"] = str(lower)
        put_lines("/etc/group", f"asp:x:{GROUP}:nobody,daemon,asp-authorize")
        for name, number in (("asp-broker", BROKER), ("asp-authorize", AUTHORIZE)):
            put_lines("/etc/group", f"{name}:x:{number}:")
            put_lines("/etc/passwd", f"{name}:x:{number}:{number}::/nonexistent:/usr/sbin/nologin")
        self.group = GROUP

    def make_roomy(self):
        """Where stores with a million small files lie: in memory if there is that much, for to make and remove them on a
        disk takes longer than all else."""
        free = re.search(r"MemAvailable: *(\d+) kB", pathlib.Path("/proc/meminfo").read_text(encoding="ascii"))
        if int(free[1]) >= MEMORY:
            self.roomy = self.folder / "roomy"
            self.roomy.mkdir()
            mount("-t", "tmpfs", "-o", "mode=755,size=90%,nr_inodes=0", "tmpfs", self.roomy)

    def write_shadow(self, users):
        write_shadow(SHADOW, users)

    def settle(self, *others):
        """Waits until what the shadow files say is no news any more."""
        for path in (SHADOW, *others):
            while self.private and time.time() - path.stat().st_ctime < SETTLED:
                time.sleep(0.1)

    def within(self, etc):
        """What is put before a command that is to have the files of this folder in its /etc."""
        if etc is None:
            return []
        return ["unshare", "--mount", "--propagation", "private", "--", "sh", "-c", WITH_ETC, etc]

    def find(self, *patterns):
        """The first file of the machine, or of what was unpacked beside it, that one of these patterns knows; or None."""
        for root in filter(None, (pathlib.Path("/"), self.layer)):
            for pattern in patterns:
                for path in sorted(root.glob(pattern)):
                    return path
        return None

    def pam_module(self, name):
        """A copy of a module of PAM, or None where there is none."""
        found = self.find(f"usr/lib/*-linux-gnu/security/{name}", f"usr/lib*/security/{name}")
        return found and self.copy(found)

    def in_sandbox(self, program, *words):
        """What a program of this folder measures in a sandbox of its own, on the machine as it is outside of the place; or
        None where it does not run."""
        outside = os.environ.get("ASP_BENCH_OUTSIDE")
        prefix = ["nsenter", f"--mount=/proc/{outside}/ns/mnt", "--"] if self.private and outside else []
        layer = ["--layer", self.layer] if self.layer and program != "watch" else []
        run = subprocess.run(
            [*prefix, *MORTAL, HERE / program, "--json", *layer, *words, self.build], stdout=subprocess.PIPE, check=False
        )
        return json.loads(run.stdout) if run.returncode == 0 else None

    def close(self):
        self.opened.close()
        for process in reversed(self.processes):
            process.terminate()
            process.wait()


def mount(*words):
    subprocess.run(["mount", *words], check=True)


def write_shadow(path, users, count=10):
    """A shadow file with as many lines, the last of them these users'."""
    with open(path, "w", encoding="ascii") as file:
        for number in range(count - len(users)):
            file.write(f"other{number}:$6$saltsaltsaltsalt${number:086d}:20000:0:99999:7:::\n")
        for name, field in users.items():
            file.write(f"{name}:{field}:20000:0:99999:7:::\n")
    path.chmod(0o600)


def put_lines(path, *added):
    """Each in the place of what is there of its name."""
    names = [line.partition(":")[0] for line in added]
    lines = pathlib.Path(path).read_text(encoding="utf-8").splitlines()
    lines = [line for line in lines if line.partition(":")[0] not in names]
    pathlib.Path(path).write_text("\n".join([*lines, *added]) + "\n", encoding="utf-8")


def write_passwd(path, users, count=10):
    """As many users in /etc/passwd, below the machine's, the last of them these."""
    with open(path, "w", encoding="ascii") as file:
        file.write(pathlib.Path("/etc/passwd").read_text(encoding="utf-8"))
        for number in range(count - len(users)):
            file.write(f"other{number}:x:{100000 + number}:60000:::/bin/false\n")
        for number, name in enumerate(users):
            file.write(f"{name}:x:{99000 + number}:60000:::/bin/false\n")
    path.chmod(0o644)


class World:
    """A store, asp.conf and a folder of services, where imap is pam_asp.so alone and `other` is empty."""

    def __init__(self, place, name, settings="", etc=None, store=None):
        self.place, self.etc = place, etc
        self.folder = place.folder / name
        self.store, self.conf, self.confdir = (self.folder / part for part in ("store", "asp.conf", "pam.d"))
        self.store = store or self.store
        self.folder.mkdir()
        self.confdir.mkdir()
        primary = "" if place.private or "primary" in settings else 'primary: { source = "none"; };\n'
        self.conf.write_text(f'store = "{self.store}";\n{primary}{settings}\n', encoding="ascii")
        self.stack("other", "")
        self.stack("imap", f"auth required {place.module} config={self.conf}\n")
        self.stack("permit", "auth required pam_permit.so\n")
        self.stack("null", f"auth required {place.null}\n")
        for path in (self.folder, self.confdir, self.conf, *self.confdir.iterdir()):
            path.chmod(0o755 if path.is_dir() else 0o644)

    def stack(self, service, lines):
        (self.confdir / service).write_text(lines, encoding="ascii")

    def command(self, *words):
        return [*self.place.within(self.etc), self.place.admin, "--config", self.conf, *words]

    def admin(self, *words):
        run = subprocess.run(self.command(*words), stdout=subprocess.PIPE, text=True, check=True)
        return run.stdout.strip()

    def create(self, user="alice", *words, label="Phone"):
        words = words or ("--app", "mail")
        return self.admin("create", user, "--virtual", "--quiet", "--label", label, *words)

    def fill(self, count, entries=1, lines=None):
        """With users of fill's, whose lines of shadow go to a file."""
        for part in ("users", "used", "locks"):
            (self.store / part).mkdir(parents=True, mode=0o700)
        self.store.chmod(0o700)
        words = [self.place.fill, self.store / "users", str(count), str(entries)]
        with open(lines or os.devnull, "w", encoding="ascii") as shadow:
            subprocess.run(words, stdout=shadow, check=True)

    def host(self, logins, **options):
        return Host(self, logins, **options)


class Host:
    """A process that makes these logins: (service, user, password, code) each."""

    number = 0

    def __init__(self, world, logins, before=(), identity=None):
        Host.number += 1
        place = world.place
        path = place.folder / f"logins{Host.number}"
        path.write_text("".join(" ".join(map(str, login)) + "\n" for login in logins), encoding="ascii")
        path.chmod(0o644)
        self.logins = len(logins)
        self.turn = (0, self.logins)
        words = [*place.within(world.etc), *before, place.host, world.confdir, path]
        self.process = subprocess.Popen(
            [*MORTAL, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **(identity or {})
        )
        place.processes.append(self.process)

    def send(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise Broken(f"{self.process.args[-2:]}: ended with {self.process.wait()}")
        return line.split()

    def ask(self, *words):
        self.send(*words)
        return self.answer()

    def take_turns(self, first, count):
        if self.turn != (first, count):
            self.ask("use", first, count)
            self.turn = (first, count)

    def end(self):
        """Waits until it has ended by itself."""
        self.process.stdin.close()
        if self.process.wait() != 0:
            raise Broken(f"{self.process.args}: ended with {self.process.returncode}")


class Subject:
    """Some logins of a host, to be measured as one: so many transactions at a time, in every so manieth round."""

    def __init__(self, host, first=0, count=None, each=50, every=1):
        self.host, self.first, self.count = host, first, count or host.logins
        self.each, self.every = each, every

    def times(self, count):
        """Nanoseconds of each of so many transactions."""
        self.host.take_turns(self.first, self.count)
        *times, self.worked = (int(word) for word in self.host.ask("time", count))
        return times

    def round(self):
        """Nanoseconds of a transaction: by the clock, the median, and of the processor, the mean."""
        return statistics.median(self.times(self.each)), self.worked / self.each


def has(program):
    return shutil.which(program) is not None
