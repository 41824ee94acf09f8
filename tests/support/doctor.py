"""A machine for `asp-admin doctor`: a sandbox in which all is well, put right again before each test."""

import dataclasses
import json
import re

from support.broker import serving
from support.recipes import CONF
from support.sandbox import open_installed
from support.service import Service


CHECKS = [
    *("configuration", "store", "accounts", "usage", "primary", "watch", "hooks", "pam", "password-stack", "broker"),
    "self-service",
]
# Of these there is a row only where there is something to say.
OTHERS = ["account-page", "beside-pam", "processes"]

# Account lines that are right.
ACCOUNT = "account sufficient pam_asp.so\naccount required pam_unix.so\n"
NO_APP = "no app of asp.conf names the service"

# Before each test: no store, configuration, sockets or units; the users and the PAM files as they were at the beginning.
PUT_RIGHT = """
umount -q /var/lib/asp || true
rm -rf /var/lib/asp /etc/asp /run/asp /run/programs /srv/* /run/systemd
rm -rf /etc/{nginx,apache2,proftpd,pure-ftpd,postfix,imapd*.conf,sasldb2} /etc/{default,sysconfig}/saslauthd*
rm -rf /etc/systemd/system/asp-*.d /usr/lib/systemd/system/{asp-*,nginx.service}
for file in passwd shadow group gshadow; do cat /run/saved/$file >/etc/$file; done
chmod 640 /etc/shadow
chown root:shadow /etc/shadow
rm -rf /etc/pam.d
cp -a /run/saved/pam.d /etc/
mkdir /run/programs
"""


@dataclasses.dataclass(frozen=True)
class Finding:
    check: str
    ok: bool
    message: str
    mend: str | None

    @property
    def note(self):
        return self.ok and self.message.startswith("note: ")


class Patient(Service):
    """A machine with the module, which imap asks, its password stack and a store with an account for alice."""

    def __init__(self, build):
        super().__init__(open_installed(None, build), build)
        self.sandbox.shell(
            "mkdir /run/saved; echo 'password optional pam_asp.so' >>/etc/pam.d/common-password;"
            "groupadd --force --system asp; getent passwd www-data >/dev/null || useradd --system www-data;"
            # A machine of its own: what is installed on this one is looked over by nobody here.
            "rm -rf /etc/{dovecot,nginx,apache2,httpd} /etc/pam.d/{asp-*,dovecot,imap,nginx,apache2,cockpit,sudo};"
            "cp -a /etc/pam.d /run/saved/;"
            "echo 'alice:the first one' | chpasswd; cp /etc/{passwd,shadow,group,gshadow} /run/saved/;"
            'install -D "$1" /usr/local/libexec/asp-broker',
            build / "asp-broker" / "asp-broker",
        ).done()

    def heal(self):
        self.sandbox.shell(PUT_RIGHT).done()
        self.install("pam.d/asp-only", "/etc/pam.d/imap")
        self.create("alice")

    def program(self, name, script="exit 0"):
        """A program that doctor has nothing against."""
        path = f"/run/programs/{name}"
        self.sandbox.write(path, f"#!/bin/sh\n{script}\n", mode="755")
        return path

    def units(self, *names):
        """A machine with systemd, as far as files tell it, and with these of the shipped units, or with all."""
        self.sandbox.run("install", "-d", "/run/systemd/system").done()
        for name in names or ("asp-broker.service", "asp-broker.socket", "asp-watch.service", "asp-self.service"):
            built = self.build / "conf" / name
            path = built if built.exists() else CONF / "systemd" / name
            self.sandbox.run("install", "-D", "-m", "644", path, f"/usr/lib/systemd/system/{name}").done()

    def findings(self, *words):
        """What doctor finds. That the exit status and the words agree with it is asserted here, once for all."""
        run = self.asp_admin("--json", *words, "doctor")
        assert run.err == "", run
        found = [Finding(**row) for row in json.loads(run.out)]
        assert run.code == (1 if any(not finding.ok for finding in found) else 0), run
        for finding in found:
            assert finding.check in [*CHECKS, *OTHERS]
            assert (finding.mend is None) == finding.ok, finding
        return found

    def faults(self, *words):
        return [finding for finding in self.findings(*words) if not finding.ok]

    def fault(self, check, message, *words):
        """The only fault that is found: of that check, with that in its message."""
        (fault,) = self.faults(*words)
        assert fault.check == check and re.search(message, fault.message), fault
        return fault

    def told(self, check, message, *words):
        """The same of what is told, where nothing is wrong."""
        found = [finding for finding in self.findings(*words) if finding.note and finding.check == check]
        assert [finding for finding in found if re.search(message, finding.message)], found
        assert self.faults(*words) == []

    def is_well(self, check, message):
        """There is no fault, and nothing to be told by this check; this is what it says."""
        assert self.faults() == []
        (row,) = [finding for finding in self.findings() if finding.check == check]
        assert not row.note and re.search(message, row.message), row

    def serving(self):
        return serving(self.sandbox, self.build / "asp-broker" / "asp-broker")


def is_well(patient, message):
    """There is no fault, and nothing to be told but, of a service that is an app of its own, that it is."""
    assert patient.faults() == []
    rows = [row for row in patient.findings() if row.check == "pam" and not (row.note and NO_APP in row.message)]
    (row,) = rows
    assert not row.note and re.search(message, row.message), row


def service(patient, text, name="imap"):
    patient.sandbox.write(f"/etc/pam.d/{name}", text)
