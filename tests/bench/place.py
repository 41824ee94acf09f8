"""Where it is measured: worlds (a store, a configuration, a folder of PAM services) in a temporary folder, and the
processes that log in there. As root, the place has a /dev/log, an /etc/shadow and an /etc/group of its own.
"""

import os
import pathlib
import shutil
import socket
import stat
import subprocess
import sys
import time

from support.run import MORTAL

# Hears the log. Lines that say what should not be are shown, the first of them.
DRAIN = """
import socket, sys
log, shown = socket.socket(fileno=0), 0
while True:
    line = log.recv(65536)
    if (b"unavailable" in line or b"broker" in line and b"verdict=" not in line) and shown < 10:
        print("bench: in the log:", line.decode(errors="replace"), file=sys.stderr, flush=True)
        shown += 1
"""
NODES = {"null": 3, "zero": 5, "full": 7, "random": 8, "urandom": 9}
# With this one at hand the shadow file of a process is another than that of the place.
WITH_SHADOW = 'mount --bind "$0" /etc/shadow && exec "$@"'
GROUP = 60123  # the group asp, where the machine has none
SETTLED = 3  # seconds until the state of a shadow file is trusted


class Broken(Exception):
    """What was to be measured did not do what it should."""


def shadow_lines(count, users):
    """A shadow file with as many lines, the last of them these users'."""
    lines = [f"other{i}:$6$saltsaltsaltsalt${i:086d}:20000:0:99999:7:::\n" for i in range(count - len(users))]
    lines += [f"{name}:{field}:20000:0:99999:7:::\n" for name, field in users.items()]
    return "".join(lines)


class Place:
    def __init__(self, build, folder):
        self.build, self.folder = build, folder
        # Copies: a host that is not root may not get to where they were built.
        self.module = shutil.copy2(build / "pam_asp" / "pam_asp.so", folder)
        self.null = shutil.copy2(build / "tests" / "bench" / "null.so", folder)
        self.host = shutil.copy2(build / "tests" / "bench" / "pam_host", folder)
        self.fill = build / "tests" / "bench" / "fill"
        self.admin = build / "asp-admin" / "asp-admin"
        self.broker = build / "asp-broker" / "asp-broker"
        self.processes = []
        self.private = os.environ.get("ASP_BENCH_PRIVATE") == "1"
        self.group = os.getegid()
        self.shadow = folder / "shadow"
        if self.private:
            self.make_dev()
            self.make_group()
            self.write_shadow({})
            mount("--bind", self.shadow, "/etc/shadow")

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

    def make_group(self):
        """nobody is in the group asp, and may ask the broker."""
        lines = pathlib.Path("/etc/group").read_text(encoding="utf-8").splitlines()
        lines = [line for line in lines if not line.startswith("asp:")] + [f"asp:x:{GROUP}:nobody"]
        group = self.folder / "group"
        group.write_text("\n".join(lines) + "\n", encoding="utf-8")
        group.chmod(0o644)
        mount("--bind", group, "/etc/group")
        self.group = GROUP

    def write_shadow(self, users, path=None, count=10):
        path = path or self.shadow
        path.write_text(shadow_lines(count, users), encoding="ascii")
        path.chmod(0o600)

    def settle(self, *others):
        """Waits until what the shadow files say is no news any more."""
        for path in (self.shadow, *others):
            while path.exists() and time.time() - path.stat().st_ctime < SETTLED:
                time.sleep(0.1)

    def within(self, shadow):
        """What is put before a command that is to have another shadow file."""
        if shadow is None:
            return []
        return ["unshare", "--mount", "--propagation", "private", "--", "sh", "-c", WITH_SHADOW, shadow]

    def close(self):
        for process in reversed(self.processes):
            process.terminate()
            process.wait()


def mount(*words):
    subprocess.run(["mount", *words], check=True)


class World:
    """A store, asp.conf and a folder of services, where imap is pam_asp.so alone and `other` is empty."""

    def __init__(self, place, name, settings="", shadow=None):
        self.place, self.shadow = place, shadow
        self.folder = place.folder / name
        self.store, self.conf, self.confdir = (self.folder / part for part in ("store", "asp.conf", "pam.d"))
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
        return [*self.place.within(self.shadow), self.place.admin, "--config", self.conf, *words]

    def admin(self, *words):
        run = subprocess.run(self.command(*words), stdout=subprocess.PIPE, text=True, check=True)
        return run.stdout.strip()

    def create(self, user="alice", *words, label="Phone"):
        words = words or ("--app", "mail")
        return self.admin("create", user, "--virtual", "--quiet", "--label", label, *words)

    def fill(self, count, entries=1):
        for part in ("users", "used", "locks"):
            (self.store / part).mkdir(parents=True, mode=0o700)
        self.store.chmod(0o700)
        words = [self.place.fill, self.store / "users", str(count), str(entries)]
        subprocess.run(words, stdout=subprocess.DEVNULL, check=True)

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
        words = [*place.within(world.shadow), *before, place.host, world.confdir, path]
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
    """Some logins of a host, to be measured as one."""

    def __init__(self, host, first=0, count=None):
        self.host, self.first, self.count = host, first, count or host.logins

    def times(self, count):
        """Nanoseconds of each of so many transactions."""
        self.host.take_turns(self.first, self.count)
        return [int(word) for word in self.host.ask("time", count)]


def has(program):
    return shutil.which(program) is not None
