"""Primary passwords in an OpenLDAP directory: the shipped program, a real slapd on loopback, and watch.

Where slapd and its tools are not installed, ASP_LAYER may name a folder in which they are unpacked.
"""

import json
import re
import subprocess
import time

import pytest
from conftest import Sandbox
from support.run import BIN, TREE
from support.watch import running_watch, wait_for

URI = "ldap://127.0.0.1:3389"
SUFFIX = "dc=example,dc=org"
ADMIN, ADMIN_PASSWORD = f"cn=admin,{SUFFIX}", "secret of the admin"
READER, READER_PASSWORD = f"cn=asp,{SUFFIX}", "secret of the reader"
USERS = ("alice", "bob", "jürgen")
INTERVAL = 10
PROGRAM = "/usr/local/libexec/asp/primary-openldap"

SLAPD_CONF = f"""
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile /run/ldap/pid
database mdb
suffix {SUFFIX}
rootdn {ADMIN}
rootpw "{ADMIN_PASSWORD}"
directory /run/ldap/db
access to attrs=userPassword by dn.exact={READER} read by self write by anonymous auth by * none
access to * by * read
"""

ENTRIES = f"""
dn: {SUFFIX}
objectClass: organization
objectClass: dcObject
o: Example
dc: example

dn: {READER}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: asp
userPassword: {READER_PASSWORD}

dn: ou=people,{SUFFIX}
objectClass: organizationalUnit
ou: people
"""

PERSON = """
dn: uid={user},ou=people,{suffix}
objectClass: inetOrgPerson
uid: {user}
cn: {user}
sn: {user}
userPassword: the first one
"""

ASP_CONF = f"""
virtual_users = true;
primary: {{ source = "command"; command = "{PROGRAM}"; interval = {INTERVAL}; }};
"""

PROGRAM_CONF = f"""
uri={URI}
base=ou=people,{SUFFIX}
filter='(objectClass=inetOrgPerson)'
bind_dn={READER}
bind_password_file=/etc/asp/secret
seconds=5
"""


@pytest.fixture(scope="module")
def directory_box(sandboxes, layer):
    box = Sandbox(layer)
    if box.run("sh", "-c", "command -v slapd ldapsearch ldappasswd && test -d /usr/lib/ldap").code != 0:
        box.close()
        pytest.skip("no slapd with its tools: neither installed nor unpacked in ASP_LAYER")
    box.run(BIN / "syslogd", "/run/messages").done()
    yield box
    box.close()


class Directory:
    def __init__(self, box, build, folder):
        self.box = box
        self.folder = folder
        self.admin = build / "asp-admin" / "asp-admin"
        self.server = None
        box.shell("rm -rf /run/ldap /var/lib/asp /etc/asp; mkdir -p /run/ldap/db; : >/run/messages").done()
        box.run("install", "-D", "-m", "755", TREE / "conf" / "ldap" / "primary-openldap", PROGRAM).done()
        box.write("/etc/asp/asp.conf", ASP_CONF)
        box.write("/etc/asp/secret", READER_PASSWORD)
        self.configure()
        self.start()
        self.add(ENTRIES)
        for user in USERS:
            self.add(PERSON.format(user=user, suffix=SUFFIX))

    def configure(self, *lines):
        self.box.write("/etc/asp/primary-openldap.conf", PROGRAM_CONF + "".join(f"{line}\n" for line in lines))

    def start(self, *lines):
        self.box.write("/run/ldap/conf", SLAPD_CONF + "".join(f"{line}\n" for line in lines))
        words = ["setpriv", "--pdeathsig", "KILL", "slapd", "-f", "/run/ldap/conf", "-h", URI, "-d", "0"]
        self.server = self.box.start(*words, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while self.box.run("ldapwhoami", "-x", "-H", URI).code != 0:
            assert self.server.poll() is None and time.monotonic() < deadline, "slapd does not answer"
            time.sleep(0.05)

    def stop(self):
        self.box.shell("kill $(cat /run/ldap/pid)").done()
        self.server.wait(20)

    def as_admin(self, command, *words, **options):
        return self.box.run(command, "-x", "-H", URI, "-D", ADMIN, "-w", ADMIN_PASSWORD, *words, **options).done()

    def add(self, text):
        self.as_admin("ldapadd", input=text)

    def passwd(self, user, password):
        self.as_admin("ldappasswd", "-s", password, f"uid={user},ou=people,{SUFFIX}")

    def asp_admin(self, *words, **options):
        return self.box.run(self.admin, *words, **options)

    def create(self, user, label="Phone"):
        return self.asp_admin("create", user, "--label", label, "--quiet").done().out.strip()

    def once(self):
        return json.loads(self.asp_admin("--json", "watch", "--once").done().out)

    def states(self, user):
        return [entry["state"] for entry in json.loads(self.asp_admin("--json", "list", user, "--all").done().out)]

    def wait_for(self, pattern, seconds):
        wait_for(self.box, pattern, seconds)

    def watch(self):
        return running_watch(self.box, self.admin, self.folder)


@pytest.fixture
def directory(directory_box, build, folder):
    served = Directory(directory_box, build, folder)
    yield served
    if served.server.poll() is None:
        served.stop()


def counts(**given):
    return {"accounts": 3, "changed": 0, "revoked": 0, "unknown": 0, "held": 0, **given}


@pytest.fixture
def enrolled(directory):
    """Each user's app password."""
    return {user: directory.create(user) for user in USERS}


def accepted(directory, user, password):
    run = directory.asp_admin("check", user, "--service", "imap", input=password)
    return (run.code, run.out) == (0, "accepted\n")


def test_a_change_by_ldappasswd_revokes_within_the_interval(directory, enrolled):
    with directory.watch():
        directory.passwd("alice", "another one")
        directory.wait_for('event=revoked by="watch" user="alice" .* reason="primary-password"', INTERVAL + 2)
    assert [directory.states(user) for user in USERS] == [["revoked"], ["active"], ["active"]]
    assert not accepted(directory, "alice", enrolled["alice"])
    assert accepted(directory, "bob", enrolled["bob"])


def test_a_name_that_is_not_ascii_is_found(directory, enrolled):
    directory.passwd("jürgen", "another one")
    assert directory.once() == counts(changed=1, revoked=1)
    assert directory.states("jürgen") == ["revoked"]


def test_create_compares_with_the_directory(directory, enrolled):
    directory.passwd("bob", "another one")
    directory.create("bob", "Laptop")
    assert directory.states("bob") == ["revoked", "active"]
    assert directory.once() == counts()


def test_a_stopped_directory_revokes_nothing_and_refuses_nobody(directory, enrolled):
    with directory.watch() as kill:
        directory.stop()
        kill("HUP")
        directory.wait_for("watch: primary.command .*exit code", 10)
        assert all(accepted(directory, user, password) for user, password in enrolled.items())
        assert directory.asp_admin("watch", "--once").code == 5
        directory.start()
        kill("HUP")
        directory.wait_for("all is well again", 10)
        directory.passwd("alice", "another one")
        kill("HUP")
        directory.wait_for('event=revoked by="watch" user="alice"', 10)
    assert [directory.states(user) for user in USERS] == [["revoked"], ["active"], ["active"]]


def test_a_directory_that_does_not_answer_is_given_up(directory, enrolled):
    directory.box.shell("kill -STOP $(cat /run/ldap/pid)").done()
    try:
        begin = time.monotonic()
        assert directory.asp_admin("watch", "--once").code == 5
        assert time.monotonic() - begin < 15
    finally:
        directory.box.shell("kill -CONT $(cat /run/ldap/pid)").done()
        directory.server.send_signal(18)  # SIGCONT: nsenter has stopped with it
    assert directory.once() == counts()


REFUSALS = {
    "a wrong password of ours": lambda d: d.box.write("/etc/asp/secret", "wrong"),
    "no such part of the directory": lambda d: d.configure(f"base=ou=nobody,{SUFFIX}"),
    "a filter that is none": lambda d: d.configure("filter='(uid=*'"),
    "no configuration": lambda d: d.box.run("rm", "/etc/asp/primary-openldap.conf").done(),
    "a configuration that others can write": lambda d: d.box.run("chmod", "666", "/etc/asp/primary-openldap.conf").done(),
    "a key that is missing": lambda d: d.configure("uri="),
    "STARTTLS that is not to be had": lambda d: d.configure("start_tls=yes"),
    "more users than the server tells": lambda d: (d.stop(), d.start("sizelimit 2")),
}


@pytest.mark.parametrize("spoil", REFUSALS.values(), ids=REFUSALS)
def test_what_goes_wrong_ends_the_program_with_an_error(directory, enrolled, spoil):
    directory.passwd("alice", "another one")
    spoil(directory)
    run = directory.asp_admin("watch", "--once")
    assert (run.code, run.out) == (5, "") and PROGRAM in run.err
    assert "primary.command says=" in directory.box.read("/run/messages")
    assert [directory.states(user) for user in USERS] == [["active"]] * 3


def test_a_password_that_it_may_not_read_is_unknown(directory, enrolled):
    directory.configure("bind_dn=")
    assert directory.once() == counts(unknown=3)


def test_a_user_who_is_gone_is_unknown_and_loses_nothing(directory, enrolled):
    directory.as_admin("ldapdelete", f"uid=alice,ou=people,{SUFFIX}")
    assert directory.once() == counts(unknown=1)
    assert directory.states("alice") == ["active"]


def test_more_users_than_fit_one_page_are_told(directory, enrolled):
    directory.add("".join(PERSON.format(user=f"more{i}", suffix=SUFFIX) for i in range(1200)))
    directory.stop()
    directory.start("sizelimit unlimited")
    lines = directory.box.run(PROGRAM).done().out.splitlines()
    assert len(lines) == 1203 and all(re.fullmatch(r"\S+\t\S+", line) for line in lines)
