"""Logins by Dovecot's auth socket: what each costs the processor, and how many there are in a second."""

import base64
import os
import pathlib
import re
import socket
import statistics
import subprocess
import time

from support.processes import children
from support.run import BIN
from support.wait import wait_until

WINDOWS = (1, 8)
LAPS = 5
PORT = 10143
TICKS = os.sysconf("SC_CLK_TCK")

# What is asked, where it is not PAM, in the language of 2.3.
STATIC = """
passdb {
  driver = static
  args = nopassword=y
}
"""
PASSWD_FILE = """
passdb {
  driver = passwd-file
  args = /run/passwd-file
}
"""


class Dovecot:
    """One that runs, and a connection to its auth socket."""

    def __init__(self, name, service):
        self.folder = pathlib.Path("/run") / f"dovecot-{name}"
        lines = ["protocols =", "auth_debug = no"]
        subprocess.run([BIN / "dovecot", "start", self.folder, str(PORT), service, *lines], check=True)
        pid = self.folder / "run" / "master.pid"
        wait_until(lambda: pid.exists() and pid.read_text().strip(), "Dovecot does not start")
        self.master = int(pid.read_text())
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(30)
        self.socket.connect(str(self.folder / "run" / "auth-client"))
        # Two, for one loses what it has read when it writes.
        self.answers = self.socket.makefile("r", encoding="ascii", newline="\n")
        self.stream = self.socket.makefile("w", encoding="ascii", newline="\n")
        self.stream.write(f"VERSION\t1\t1\nCPID\t{os.getpid()}\n")
        self.stream.flush()
        while self.answers.readline() != "DONE\n":
            pass
        self.next = 0

    def ask(self, service, user, password):
        self.next += 1
        response = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
        self.stream.write(f"AUTH\t{self.next}\tPLAIN\tservice={service}\tsecured\tnologin\tresp={response}\n")

    def log_in(self, window, seconds, login):
        """As many as there is time for, so many of them on the way. How many."""
        end, count = time.monotonic() + seconds, 0
        for _ in range(window):
            self.ask(*login)
        waiting = window
        while waiting:
            self.stream.flush()
            answer = self.answers.readline()
            if not answer.startswith("OK\t"):
                raise SystemExit(f"bench: Dovecot answers {answer!r}")
            count += 1
            waiting -= 1
            if time.monotonic() < end:
                self.ask(*login)
                waiting += 1
        return count

    def worked(self):
        """Seconds that processors have worked for all of its processes, those that are gone too."""
        todo, ticks = [self.master], 0
        while todo:
            pid = todo.pop()
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(map(int, fields[11:15]))
            todo += children(pid)
        return ticks / TICKS

    def round(self, window, seconds, login):
        """Microseconds of the processor for a login, and logins in a second."""
        before, begin = self.worked(), time.monotonic()
        count = self.log_in(window, seconds, login)
        return (self.worked() - before) / count * 1e6, count / (time.monotonic() - begin)


def start(logins):
    """The subjects: a Dovecot and a login each."""
    subprocess.run([BIN / "dovecot", "users"], check=True)
    alice, peter = ((user, logins[user]) for user in ("alice", "peter"))
    pam = Dovecot("pam", "%s")
    subjects = {
        "pam_permit": (pam, ("permit", *alice)),
        "pam_asp, no log line": (pam, ("silent", *alice)),
        "pam_asp, with a log line": (pam, ("asp", *alice)),
        "pam_unix, sha512crypt": (pam, ("unix", *peter)),
    }
    version = subprocess.run(["dovecot", "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout
    if version.startswith("2.3."):
        made = re.search("(?m)^peter:(.*?):", pathlib.Path("/etc/shadow").read_text())[1]
        pathlib.Path("/run/passwd-file").write_text(f"peter:{{CRYPT}}{made}\n")
        others = (
            ("static", "no PAM: static", STATIC, alice),
            ("file", "no PAM: passwd-file, sha512crypt", PASSWD_FILE, peter),
        )
        for name, what, text, login in others:
            path = pathlib.Path("/run") / f"{name}.conf.ext"
            path.write_text(text)
            subjects[what] = (Dovecot(name, str(path)), ("imap", *login))
    return subjects


def measure_dovecot(logins, seconds):
    """{window: {subject: [its processor's time in that of pam_permit, logins in a second]}}, by turns."""
    subjects, found = start(logins), {}
    for window in WINDOWS:
        laps = {name: [] for name in subjects}
        for _ in range(LAPS):
            for name, (server, login) in subjects.items():
                laps[name].append(server.round(window, seconds / 2, login))
        permit = laps["pam_permit"]
        found[window] = {
            name: [
                round(statistics.median(one[0] / other[0] for one, other in zip(rounds, permit)), 3),
                round(statistics.median(rate for _, rate in rounds)),
            ]
            for name, rounds in laps.items()
        }
    for name in {server.folder for server, _ in subjects.values()}:
        subprocess.run([BIN / "dovecot", "stop", name], check=True)
    return found
