"""Ways in which an administrator breaks an installation that works: with each, what a device gets, the line of doctor or
of the log that leads to the fix, and that the fix is one. A command that is printed is run as it stands."""

import contextlib
import dataclasses
import re

import pytest
from support.broker import Host
from support.run import MORTAL
from support.system_log import parsed
from support.wait import LONG
from support.watch import Manager

# What a mend begins with that is a command: it is pasted into a root shell.
COMMANDS = ("asp-admin", "chmod", "chown", "echo", "groupadd", "install -m", "mkdir", "sed", "usermod")
DOC = "/usr/local/share/doc/pam_asp"
NO_FAULT_ROUNDS = 5  # one fault can hide the next


@dataclasses.dataclass(frozen=True)
class Break:
    how: str  # a script, with MODULE for the module's path
    fault: str  # doctor's check, and what it says
    mend: str | None = None  # what a mend says that is no command
    by_hand: str = ""  # and what that comes to
    service: str = "imap"  # of the device
    refused: bool = True  # what the device gets
    log: str = ""  # what it finds in the log then


COPY = "^look at what is in it: .* put a copy in its place: install -o root"


def replaced(path, mode):
    return f"install -o root -g root -m {mode} {path} {path}.new && mv {path}.new {path}"


BREAKS = {
    # The configuration
    "a slip in asp.conf": Break(
        "echo 'limits = 7;' >>/etc/asp/asp.conf",
        r"configuration: /etc/asp/asp\.conf:2: .*limits",
        mend="asp.conf.5.",
        by_hand="sed -i /limits/d /etc/asp/asp.conf",
        log=r"/etc/asp/asp\.conf:2: .*limits",
    ),
    "asp.conf that services cannot read": Break(
        "chmod 600 /etc/asp/asp.conf",
        "configuration: /etc/asp/asp.conf cannot be read by services and users that are not root",
        service="nginx",
    ),
    "asp.conf that others can write": Break(
        "chmod 666 /etc/asp/asp.conf",
        "configuration: .*can be written by group or others",
        mend=COPY,
        by_hand=replaced("/etc/asp/asp.conf", 644),
        log="can be written",
    ),
    "a folder of somebody else's": Break(
        "chown alice /etc/asp", "configuration: /etc/asp belongs to uid", log="/etc/asp belongs to uid"
    ),
    # The store
    "a store of somebody else's": Break(
        "chown -R alice /var/lib/asp",
        "store: /var/lib/asp belongs to uid",
        mend=COPY,
        by_hand="chown -R root:root /var/lib/asp",
        log="/var/lib/asp belongs to uid",
    ),
    "a store that all can write": Break(
        "chmod 777 /var/lib/asp", "store: .*can be written by group", log="can be written"
    ),
    "a folder of the store that all can enter": Break(
        "chmod 755 /var/lib/asp/users", "store: /var/lib/asp/users is open to others than root", refused=False
    ),
    "no folder of locks": Break(
        "rm -r /var/lib/asp/locks", "store: there is no folder /var/lib/asp/locks", refused=False
    ),
    "a store that is not there": Break(
        "mv /var/lib/asp /var/lib/asp.away",
        "store: there is no store at /var/lib/asp: no app password is accepted",
        mend="^mount it, or make it",
        by_hand="mv /var/lib/asp.away /var/lib/asp",
        log="verdict=unavailable.*/var/lib/asp",
    ),
    "an account of somebody else's": Break(
        "chown alice /var/lib/asp/users/alice",
        "accounts: alice: .*belongs to uid",
        mend=COPY,
        by_hand=replaced("/var/lib/asp/users/alice", "600"),
        log="verdict=unavailable.*belongs to uid",
    ),
    "an account that was edited": Break(
        "cp -p /var/lib/asp/users/alice /run/backup; sed -i s/Phone/Phony/ /var/lib/asp/users/alice",
        "accounts: alice: .*is damaged",
        mend="restore it from a backup, or drop it: asp-admin remove alice$",
        by_hand="cp -p /run/backup /var/lib/asp/users/alice",
        log="verdict=unavailable.*is damaged",
    ),
    # The primary passwords
    "a shadow file that was cut": Break(
        "truncate -s -1 /etc/shadow",
        "primary: .*is not whole: its last line has no end",
        mend="each of its lines needs an end",
        by_hand="echo >>/etc/shadow",
        log="verdict=unavailable.*shadow",
    ),
    # PAM
    "a module that was removed": Break(
        "mv MODULE /run/module",
        "pam: /etc/pam.d/.* asks a module that is not there",
        mend="install pam_asp",
        by_hand="mv /run/module MODULE",
    ),
    "a module with a bit too many": Break("chmod u+s MODULE", "pam: .*has a setuid or setgid bit", refused=False),
    "a module that others can write": Break(
        "chmod 666 MODULE",
        "pam: .*can be written by group or others",
        mend="root's, writable",
        by_hand="chmod go-w MODULE",
        refused=False,
    ),
    "a wrong argument": Break(
        "sed -i '0,/pam_asp.so/s//pam_asp.so debgu/' /etc/pam.d/imap",
        "pam: /etc/pam.d/imap:.*debgu is a wrong argument",
        mend="take it out",
        by_hand="sed -i s/debgu// /etc/pam.d/imap",
        log="debgu",
    ),
    "a word that libpam does not know": Break(
        "sed -i '0,/required/s//requierd/' /etc/pam.d/imap",
        "pam: /etc/pam.d/imap:.* is no line that libpam understands",
        mend="auth, account",
        by_hand="sed -i s/requierd/required/ /etc/pam.d/imap",
    ),
    # Services that are not root
    "a server outside the group": Break(
        "gpasswd -d www-data asp",
        "broker: nginx asks pam_asp as www-data, by /etc/pam.d/nginx",
        service="nginx",
        log="/run/asp/broker.sock",
    ),
    "no group": Break("groupdel asp", "broker: there is no group asp", refused=False),
    "a socket that is root's": Break(
        "chown root:root /run/asp/broker.sock; chmod 600 /run/asp/broker.sock",
        "broker: .*cannot be written by the group asp",
        service="nginx",
        log="/run/asp/broker.sock",
    ),
    # Users
    "self-service that users cannot reach": Break(
        "chmod 600 /run/asp/self.sock", "self-service: .*is not open to users", refused=False
    ),
    "self-service without its stack": Break(
        "rm /etc/pam.d/asp-admin", "self-service: there is no /etc/pam.d/asp-admin", refused=False
    ),
    "app passwords that open self-service": Break(
        "cp /etc/pam.d/imap /etc/pam.d/asp-admin",
        "self-service: /etc/pam.d/asp-admin asks pam_asp",
        mend="take that line out",
        by_hand=f"cp {DOC}/pam.d/asp-admin /etc/pam.d/",
        refused=False,
    ),
    # Hooks
    "a hook that is no program": Break("chmod 644 /run/programs/hook", "hooks: .*is no program", refused=False),
    "a hook of somebody else's": Break(
        "chown alice /run/programs/hook",
        "hooks: .*belongs to uid",
        mend=COPY,
        by_hand=replaced("/run/programs/hook", "755"),
        refused=False,
    ),
    # Beside PAM
    "ProFTPD without a star": Break(
        "mkdir -p /etc/proftpd/conf.d; echo 'AuthOrder mod_auth_pam.c mod_auth_unix.c' >/etc/proftpd/proftpd.conf;"
        "cp /etc/pam.d/imap /etc/pam.d/proftpd",
        "beside-pam: /etc/proftpd/proftpd.conf:1: ProFTPD asks others where PAM has refused",
        refused=False,
    ),
}


class Works:
    """An installation that works: alice has a device, that reads mail as root asks and calendars as www-data does."""

    def __init__(self, patient):
        self.patient = patient
        self.box = patient.sandbox
        self.module = self.box.shell("dirname $(find /usr/lib /lib -name pam_unix.so -print -quit)").done().out.strip()
        self.module += "/pam_asp.so"

    def set_up(self):
        self.patient.install("pam.d/asp-only", "/etc/pam.d/nginx")
        for place in ("/etc", DOC):
            self.patient.install("pam.d/asp-admin", f"{place}/pam.d/asp-admin")
        self.box.run("usermod", "-aG", "asp", "www-data").done()
        self.patient.configure(f'hooks: {{ created = "{self.patient.program("hook")}"; }};')
        self.password = self.patient.create("alice", "Device", "--app", "any")
        self.box.shell("ln -sf $1 /usr/local/bin/asp-admin", self.patient.admin).done()

    def lets_in(self, service):
        """A server that was started just now."""
        host = Host(self.box, "www-data" if service == "nginx" else "root")
        try:
            return host.login(self.password, service).code == 0
        finally:
            host.close()

    def break_it(self, broken):
        self.patient.log_file.forget()
        self.box.shell(broken.how.replace("MODULE", self.module)).done()

    def log_says(self, pattern):
        """A line of the module or the broker, since last asked."""
        return any(line.is_ours and re.search(pattern, line.text) for line in parsed(self.patient.log_file.take()))

    def mend(self, broken):
        """As whoever reads doctor would, again and again."""
        for _ in range(NO_FAULT_ROUNDS):
            faults = self.patient.faults()
            for fault in faults:
                if fault.mend.startswith(COMMANDS):
                    self.box.shell(fault.mend).done()
                else:
                    assert broken.mend is not None and re.search(broken.mend, fault.mend), fault
            if broken.by_hand and faults:
                self.box.shell(broken.by_hand.replace("MODULE", self.module)).done()
            if not faults:
                return
        raise AssertionError(f"it does not end: {faults}")


@pytest.fixture
def works(patient):
    works = Works(patient)
    works.set_up()
    with patient.serving():
        yield works
    put_back = f"test ! -e /run/module || mv /run/module {works.module}; chmod 644 {works.module}"
    patient.sandbox.shell(f"rm -rf {DOC} /usr/local/bin/asp-admin; {put_back}").done()


@pytest.mark.parametrize("what", BREAKS)
def test_what_is_broken_is_found_and_mended(works, what):
    broken = BREAKS[what]
    assert works.patient.faults() == [] and works.lets_in(broken.service)
    works.break_it(broken)
    assert works.lets_in(broken.service) != broken.refused
    assert not broken.log or works.log_says(broken.log)
    rows = [f"{fault.check}: {fault.message}" for fault in works.patient.faults()]
    assert any(re.search(broken.fault, row) for row in rows), rows
    works.mend(broken)
    assert works.lets_in("imap") and works.lets_in("nginx")


def test_twenty_ways_are_tried():
    assert len(BREAKS) >= 20


@contextlib.contextmanager
def watching(patient, folder):
    with Manager(folder) as manager:
        process = patient.sandbox.start(*MORTAL, *manager.prefix, patient.admin, "watch", stdin=-3)
        manager.wait_ready()
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_watch_that_was_killed_is_found_and_started_again(works, folder):
    with watching(works.patient, folder) as process:
        works.patient.is_well("watch", "^process [0-9]+ watches")
        pid = works.box.read("/var/lib/asp/locks/.watch").strip()
        works.box.run("kill", "-KILL", pid).done()
        process.wait(LONG)
    fault = works.patient.fault("watch", f"^the watch is dead: process {pid} ended without saying so")
    assert "start this with the machine: asp-admin watch;" in fault.mend
    with watching(works.patient, folder):
        works.patient.is_well("watch", "^process [0-9]+ watches")


def test_a_broker_that_is_gone_is_found_and_started_again(patient):
    works = Works(patient)
    works.set_up()
    assert not works.lets_in("nginx")
    assert works.log_says("/run/asp/broker.sock: no asp-broker is there: start asp-broker.socket")
    fault = patient.fault("broker", "/run/asp/broker.sock: no asp-broker is there")
    assert fault.mend == "start /usr/local/libexec/asp-broker as root, and keep it running"
    with patient.serving():
        assert works.lets_in("nginx") and patient.faults() == []
