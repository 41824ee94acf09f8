"""Primary passwords in an OpenLDAP directory: the shipped program, a real slapd on loopback, and watch.

Where slapd and its tools are not installed, ASP_LAYER may name a folder in which they are unpacked.
"""

import base64
import re
import signal
import time

import pytest
from support.sandbox import open_sandbox
from support.service import Service
from support.slapd import Slapd, configuration
from support.watch import counts, running_watch

URI = "ldap://127.0.0.1:3389"
SUFFIX = "dc=example,dc=org"
ADMIN, ADMIN_PASSWORD = f"cn=admin,{SUFFIX}", "secret of the admin"
READER, READER_PASSWORD = f"cn=asp,{SUFFIX}", "secret of the reader"
USERS = ("alice", "bob", "jürgen")
INTERVAL = 10
PROGRAM = "/usr/libexec/asp/primary-openldap"

SCHEMAS = ("core", "cosine", "inetorgperson")
ACCESS = f"""
access to attrs=userPassword by dn.exact={READER} read by self write by anonymous auth by * none
access to * by * read
"""
SLAPD_CONF = configuration(SUFFIX, ADMIN, ADMIN_PASSWORD, SCHEMAS, ACCESS)

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
    box = open_sandbox(layer, "slapd", "ldapsearch", "ldappasswd", "/usr/lib/ldap")
    yield box
    box.close()


class Directory(Service):
    """slapd, and a store whose primary passwords are in there."""

    def __init__(self, box, build, folder):
        super().__init__(box, build)
        self.folder = folder
        box.shell("rm -rf /run/ldap /var/lib/asp /etc/asp; mkdir -p /run/ldap/db; : >/run/messages").done()
        self.install("ldap/primary-openldap", PROGRAM, "755")
        self.configure(ASP_CONF)
        box.write("/etc/asp/secret", READER_PASSWORD)
        self.configure_program()
        self.slapd = Slapd(box, URI, ADMIN, ADMIN_PASSWORD)
        self.start()
        self.add(ENTRIES)
        for user in USERS:
            self.add(PERSON.format(user=user, suffix=SUFFIX))

    def configure_program(self, *lines):
        self.sandbox.write("/etc/asp/primary-openldap.conf", PROGRAM_CONF + "".join(f"{line}\n" for line in lines))

    def start(self, *lines):
        self.sandbox.write("/run/ldap/conf", SLAPD_CONF + "".join(f"{line}\n" for line in lines))
        self.slapd.start()

    def add(self, text):
        self.slapd.as_admin("ldapadd", input=text).done()

    def passwd(self, user, password):
        self.slapd.as_admin("ldappasswd", "-s", password, f"uid={user},ou=people,{SUFFIX}").done()

    def once(self):
        return self.json("watch", "--once")

    def states(self, user):
        return [entry["state"] for entry in self.entries(user)]

    def watch(self):
        return running_watch(self.sandbox, self.admin, self.folder)


@pytest.fixture
def directory(directory_box, build, folder):
    served = Directory(directory_box, build, folder)
    yield served
    served.slapd.stop()


@pytest.fixture
def enrolled(directory):
    """Each user's app password."""
    return {user: directory.create(user) for user in USERS}


def accepted(directory, user, password):
    run = directory.asp_admin("check", user, "--service", "imap", input=password)
    return (run.code, run.out) == (0, "accepted\n")


# Lesson: password stacks.
def test_a_change_by_ldappasswd_revokes_within_the_interval(directory, enrolled):
    with directory.watch():
        directory.passwd("alice", "another one")
        directory.log_file.wait_for('event=revoked by="watch" user="alice" .* reason="primary-password"', INTERVAL + 2)
    assert [directory.states(user) for user in USERS] == [["revoked"], ["active"], ["active"]]
    assert not accepted(directory, "alice", enrolled["alice"])
    assert accepted(directory, "bob", enrolled["bob"])


def test_a_name_that_is_not_ascii_is_found(directory, enrolled):
    directory.passwd("jürgen", "another one")
    assert directory.once() == counts(accounts=3, changed=1, revoked=1)
    assert directory.states("jürgen") == ["revoked"]


def test_a_name_with_a_control_character_passes_for_nobody_elses(directory, enrolled):
    names = [before + "alice" + after for before in ("", "\t", "x\n") for after in ("", "\t", "\tx", "\n", "\nx", "\x7f")]
    names = [base64.b64encode(name.encode()).decode() for name in names if name != "alice"]
    directory.add(PERSON.format(user="mallory", suffix=SUFFIX) + "".join(f"uid:: {name}\n" for name in names))
    run = directory.sandbox.run(PROGRAM).done()
    assert sorted(line.split("\t")[0] for line in run.out.splitlines()) == sorted([*USERS, "mallory"])
    assert run.err.count("a name with a control character is passed over\n") == len(names)
    assert directory.once() == counts(accounts=3)


def test_create_compares_with_the_directory(directory, enrolled):
    directory.passwd("bob", "another one")
    directory.create("bob", "Laptop")
    assert directory.states("bob") == ["revoked", "active"]
    assert directory.once() == counts(accounts=3)


# Lesson: Nextcloud #7142 #8958 #12703.
def test_a_stopped_directory_revokes_nothing_and_refuses_nobody(directory, enrolled):
    with directory.watch() as kill:
        directory.slapd.stop()
        kill("HUP")
        directory.log_file.wait_for("watch: primary.command .*exit code")
        assert all(accepted(directory, user, password) for user, password in enrolled.items())
        assert directory.asp_admin("watch", "--once").code == 5
        directory.start()
        kill("HUP")
        directory.log_file.wait_for("all is well again")
        directory.passwd("alice", "another one")
        kill("HUP")
        directory.log_file.wait_for('event=revoked by="watch" user="alice"')
    assert [directory.states(user) for user in USERS] == [["revoked"], ["active"], ["active"]]


def test_a_directory_that_does_not_answer_is_given_up(directory, enrolled):
    directory.sandbox.shell("kill -STOP $(cat /run/ldap/pid)").done()
    try:
        begin = time.monotonic()
        assert directory.asp_admin("watch", "--once").code == 5
        assert time.monotonic() - begin < 25
    finally:
        directory.sandbox.shell("kill -CONT $(cat /run/ldap/pid)").done()
        directory.slapd.server.send_signal(signal.SIGCONT)  # nsenter has stopped with it
    assert directory.once() == counts(accounts=3)


REFUSALS = {
    "a wrong password of ours": lambda d: d.sandbox.write("/etc/asp/secret", "wrong"),
    "no such part of the directory": lambda d: d.configure_program(f"base=ou=nobody,{SUFFIX}"),
    "a filter that is none": lambda d: d.configure_program("filter='(uid=*'"),
    "no configuration": lambda d: d.sandbox.run("rm", "/etc/asp/primary-openldap.conf").done(),
    "a configuration that others can write": lambda d: d.sandbox.shell(
        "chmod 666 /etc/asp/primary-openldap.conf"
    ).done(),
    "a key that is missing": lambda d: d.configure_program("uri="),
    "STARTTLS that is not to be had": lambda d: d.configure_program("start_tls=yes"),
    "more users than the server tells": lambda d: (d.slapd.stop(), d.start("sizelimit 2")),
}


@pytest.mark.parametrize("spoil", REFUSALS.values(), ids=REFUSALS)
def test_what_goes_wrong_ends_the_program_with_an_error(directory, enrolled, spoil):
    directory.passwd("alice", "another one")
    spoil(directory)
    run = directory.asp_admin("watch", "--once")
    assert (run.code, run.out) == (5, "") and PROGRAM in run.err
    assert "primary.command says=" in directory.sandbox.read("/run/messages")
    assert [directory.states(user) for user in USERS] == [["active"]] * 3


def test_a_password_that_the_program_may_not_read_is_unknown(directory, enrolled):
    directory.configure_program("bind_dn=")
    assert directory.once() == counts(accounts=3, unknown=3)


def test_a_user_who_is_gone_is_unknown_and_loses_nothing(directory, enrolled):
    directory.slapd.as_admin("ldapdelete", f"uid=alice,ou=people,{SUFFIX}").done()
    assert directory.once() == counts(accounts=3, unknown=1)
    assert directory.states("alice") == ["active"]


def test_more_users_than_fit_one_page_are_told(directory, enrolled):
    directory.add("".join(PERSON.format(user=f"more{i}", suffix=SUFFIX) for i in range(1200)))
    directory.slapd.stop()
    directory.start("sizelimit unlimited")
    lines = directory.sandbox.run(PROGRAM).done().out.splitlines()
    assert len(lines) == 1203 and all(re.fullmatch(r"\S+\t\S+", line) for line in lines)
