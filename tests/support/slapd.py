"""A real slapd in a sandbox, whose configuration is /run/ldap/conf."""

import subprocess

from support.run import MORTAL
from support.wait import LONG, wait_until


CONFIGURATION = """
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile /run/ldap/pid
database mdb
suffix {suffix}
rootdn {admin}
rootpw "{password}"
directory /run/ldap/db
"""


def configuration(suffix, admin, password, schemas, rest):
    """Of a directory with nothing in it, which its admin may write to."""
    includes = "".join(f"include /etc/ldap/schema/{name}.schema\n" for name in schemas)
    return includes + CONFIGURATION.format(suffix=suffix, admin=admin, password=password) + rest


class Slapd:
    def __init__(self, box, uri, admin, password):
        self.box = box
        self.uri = uri
        self.admin, self.password = admin, password
        self.server = None

    def start(self):
        words = [*MORTAL, "slapd", "-f", "/run/ldap/conf", "-h", self.uri, "-d", "0"]
        self.server = self.box.start(*words, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(self.answers, "slapd does not answer")

    def answers(self):
        assert self.server.poll() is None, "slapd does not run"
        return self.box.run("ldapwhoami", "-x", "-H", self.uri).code == 0

    def stop(self):
        if self.server.poll() is None:
            self.box.shell("kill $(cat /run/ldap/pid)").done()
            self.server.wait(LONG)

    def as_admin(self, command, *words, **options):
        return self.box.run(command, "-x", "-H", self.uri, "-D", self.admin, "-w", self.password, *words, **options)
