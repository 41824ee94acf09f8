"""Users who are in a directory and in no passwd: the recipes for nslcd and SSSD with a real slapd, Dovecot and passwd.

Where they are not installed, ASP_LAYER may name a folder in which they are unpacked.
"""

import dataclasses
import re
import subprocess
import time

import pytest
from conftest import Mail, Sandbox
from support.recipes import change, lines, need, shipped
from support.run import BIN, MORTAL, TREE

MODULES = "/lib/$(uname -m)-linux-gnu/security"
PROGRAM = "/usr/local/libexec/asp/primary-openldap"
QUIET = {"DEBIAN_FRONTEND": "noninteractive"}
SUFFIX = "dc=example,dc=org"
PEOPLE = f"ou=people,{SUFFIX}"
ADMIN, ADMIN_PASSWORD = f"cn=admin,{SUFFIX}", "secret of the admin"
FIRST, SECOND = "First-pw-1!", "Second-pw-2?"
TOOLS = ("slapd", "ldapadd", "ldapmodify", "ldapdelete", "ldapsearch", "ldappasswd", "pam-auth-update", "dovecot")

SLAPD_CONF = f"""
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include /etc/ldap/schema/nis.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile /run/ldap/pid
database mdb
suffix {SUFFIX}
rootdn {ADMIN}
rootpw "{ADMIN_PASSWORD}"
directory /run/ldap/db
access to filter="(description=may not)" attrs=userPassword by self read by anonymous auth by * none
access to attrs=userPassword by self write by anonymous auth by * none
access to * by self write by * read
"""

TOP = f"""
dn: {SUFFIX}
objectClass: organization
objectClass: dcObject
o: Example
dc: example

dn: {PEOPLE}
objectClass: organizationalUnit
ou: people
"""

PERSON = """
dn: uid={user},{people}
objectClass: inetOrgPerson
objectClass: posixAccount
objectClass: shadowAccount
uid: {user}
cn: {user}
sn: {user}
uidNumber: {number}
gidNumber: 65534
homeDirectory: /run/{user}
loginShell: /bin/bash
shadowLastChange: 20000
shadowMin: 0
shadowMax: 99999
userPassword: {password}
"""
PEOPLE_THERE = {"lena": 20001, "milo": 20002}

NSLCD_CONF = f"""
uid nslcd
gid nslcd
uri ldap://127.0.0.1
base {SUFFIX}
idle_timelimit 1
bind_timelimit 2
timelimit 2
reconnect_sleeptime 0
reconnect_retrytime 0
"""

# Nothing is remembered for longer than a test can wait, and on loopback TLS is no matter here.
SSSD_CONF = f"""
[sssd]
services = nss, pam
domains = example
[nss]
memcache_timeout = 0
entry_negative_timeout = 0
[pam]
pam_id_timeout = 1
[domain/example]
id_provider = ldap
auth_provider = ldap
chpass_provider = ldap
access_provider = ldap
ldap_access_order = expire
ldap_account_expire_policy = shadow
ldap_uri = ldap://127.0.0.1
ldap_search_base = {SUFFIX}
ldap_auth_disable_tls_never_use_in_production = true
ldap_pwd_policy = shadow
entry_cache_timeout = 1
offline_timeout = 1
offline_timeout_random_offset = 0
"""


@dataclasses.dataclass(frozen=True)
class Kind:
    """A program by which the machine knows the users of the directory."""

    name: str
    nss: str
    module: str
    profiles: tuple
    command: tuple
    ready: str


KINDS = {
    kind.name: kind
    for kind in (
        Kind("nslcd", "ldap", "pam_ldap.so", ("ldap",), ("nslcd", "-n"), "/run/nslcd/socket"),
        Kind("sssd", "sss", "pam_sss.so", ("sss", "pwquality"), ("sssd", "-i"), "/var/lib/sss/pipes/nss"),
    )
}


class Directory(Mail):
    """A machine whose users are in a directory, and Dovecot, which asks PAM by the recipe."""

    def __init__(self, box, build, kind):
        super().__init__(box, build, "/run/l")
        self.kind = kind
        self.recipe = shipped(f"with-other-modules/{kind.name}", build)
        self.server = None

    def set_up(self):
        box = self.sandbox
        box.run(BIN / "syslogd", "/run/messages").done()
        box.run(BIN / "dovecot", "users").done()
        # The profile's line names the module without a path.
        box.shell(
            f'cp "$1/pam_asp/pam_asp.so" {MODULES}/; cp "$2/conf/pam-configs/asp" /usr/share/pam-configs/; shift 2;'
            'cd /usr/share/pam-configs; for name in *; do [[ " unix asp $* " == *" $name "* ]] || rm $name; done;'
            "pam-auth-update --package",
            *(self.build, TREE, *self.kind.profiles),
            env=QUIET,
        ).done()
        self.own_password_stack = lines(box.read("/etc/pam.d/common-password"), "password")
        for line in self.told("dpkg-divert|sed|pam-auth-update"):
            box.shell(line, env=QUIET).done()
        box.shell(
            "sed -i 's/pam_unix.so/& nodelay/' /etc/pam.d/common-auth;"
            'sed -Ei "s/^((passwd|group|shadow):.*)/\\1 $1/" /etc/nsswitch.conf;'
            "getent passwd nslcd || useradd --system --no-create-home nslcd; install -d -o nslcd /run/nslcd",
            self.kind.nss,
        ).done()
        # pam_pwquality asks for the new password where pam_sss does not; its dictionary is made by a maintainer script.
        box.write("/etc/security/pwquality.conf", "dictcheck = 0\n")
        box.write("/run/ldap/conf", SLAPD_CONF)
        box.write("/etc/nslcd.conf", NSLCD_CONF)
        box.write("/etc/sssd/sssd.conf", SSSD_CONF)
        box.run("chmod", "600", "/etc/sssd/sssd.conf").done()
        box.run("install", "-D", "-m", "755", TREE / "conf" / "ldap" / "primary-openldap", PROGRAM).done()
        self.start()
        self.add(TOP)
        box.start(*MORTAL, *self.kind.command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        box.shell("until [[ -S $1 ]]; do sleep 0.05; done", self.kind.ready).done()
        recipe = TREE / "conf" / "dovecot" / "auth-asp.conf.ext"
        box.run(BIN / "dovecot", "start", self.folder, "143", recipe).done()

    def told(self, commands):
        """The commands that the recipe's text gives."""
        text = (TREE / "conf" / "with-other-modules" / self.kind.name).read_text()
        return re.findall(rf"(?m)^# {{5,}}((?:{commands}) .*)$", text)

    def start(self):
        self.sandbox.shell("mkdir -p /run/ldap/db").done()
        words = [*MORTAL, "slapd", "-f", "/run/ldap/conf", "-h", "ldap://127.0.0.1", "-d", "0"]
        self.server = self.sandbox.start(*words, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while self.sandbox.run("ldapwhoami", "-x", "-H", "ldap://127.0.0.1").code != 0:
            assert self.server.poll() is None and time.monotonic() < deadline, "slapd does not answer"
            time.sleep(0.05)

    def stop(self):
        self.sandbox.shell("kill $(cat /run/ldap/pid)").done()
        self.server.wait(20)

    def reset(self):
        self.sandbox.shell("rm -rf /var/lib/asp /etc/asp").done()
        self.use(self.recipe)
        for user in PEOPLE_THERE:
            self.as_admin("ldapdelete", f"uid={user},{PEOPLE}", check=False)
            self.hire(user)
        self.until_known("lena")
        self.heard = len(self._messages())

    def until_known(self, user, known=True):
        again = "until" if known else "while"
        self.sandbox.shell(f'{again} getent passwd "$1" >/run/found; do sleep 0.1; done', user, timeout=20).done()

    def use(self, text):
        self.sandbox.write("/etc/pam.d/dovecot", text)

    def as_admin(self, command, *words, check=True, **options):
        words = [command, "-x", "-H", "ldap://127.0.0.1", "-D", ADMIN, "-w", ADMIN_PASSWORD, *words]
        run = self.sandbox.run(*words, **options)
        return run.done() if check else run

    def add(self, text):
        self.as_admin("ldapadd", input=text)

    def hire(self, user, password=FIRST):
        self.add(PERSON.format(user=user, number=PEOPLE_THERE[user], people=PEOPLE, password=password))

    def dismiss(self, user):
        self.as_admin("ldapdelete", f"uid={user},{PEOPLE}")

    def set(self, user, attribute, value):
        text = f"dn: uid={user},{PEOPLE}\nchangetype: modify\nreplace: {attribute}\n{attribute}: {value}\n"
        self.as_admin("ldapmodify", input=text)

    def set_in_directory(self, user, password):
        self.as_admin("ldappasswd", "-s", password, f"uid={user},{PEOPLE}")

    def follow_directory(self):
        """What the recipe and the shipped configuration say; the one who asks is the admin here."""
        conf = (TREE / "conf" / "ldap" / "primary-openldap.conf").read_text()
        conf = change(conf, "\nbind_dn=\n", f"\nbind_dn={ADMIN}\n")
        self.sandbox.write("/etc/asp/primary-openldap.conf", conf)
        self.sandbox.write("/etc/asp/primary-openldap.secret", ADMIN_PASSWORD)
        self.sandbox.shell("chmod 600 /etc/asp/primary-openldap.*").done()
        self.sandbox.write("/etc/asp/asp.conf", f'primary: {{ source = "command"; command = "{PROGRAM}"; }};\n')

    def passwd(self, user, current, new, again=None):
        """By the user herself."""
        number = str(PEOPLE_THERE[user])
        as_user = ["setpriv", "--reuid", number, "--regid", "65534", "--clear-groups"]
        return self.sandbox.run(*as_user, "passwd", input=f"{current}\n{new}\n{again or new}\n")

    def soon(self, test):
        """Whether it comes true within the time for which SSSD remembers."""
        deadline = time.monotonic() + 8
        while not test():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.2)
        return True

    def reason(self, password, user="lena"):
        revoked = self.entry(password[:2], user)["revoked"]
        return revoked and (revoked["by"], revoked["reason"])


@pytest.fixture(scope="module", params=KINDS)
def directory_box(request, sandboxes, layer, build):
    kind = KINDS[request.param]
    box = Sandbox(layer)
    try:
        for tool in (*TOOLS, kind.command[0]):
            if box.run("sh", "-c", f"command -v {tool}").code != 0:
                pytest.skip(f"no {tool}: neither installed nor unpacked in ASP_LAYER")
        need(box, kind.module)
        need(box, f"../libnss_{kind.nss}.so.2")
        if not box.run("dovecot", "--version").out.startswith("2.3."):
            pytest.skip("the recipe is for Dovecot 2.3")
        served = Directory(box, build, kind)
        served.set_up()
        yield served
        box.run(BIN / "dovecot", "stop", served.folder).done()
    finally:
        box.close()


@pytest.fixture
def directory(directory_box):
    directory_box.reset()
    return directory_box


def test_a_user_who_is_in_the_directory_alone_reads_her_mail(directory):
    made = directory.asp_admin("create", "lena", "--label", "Phone", "--app", "mail").done()
    assert "no line in /etc/shadow" in made.err
    (password,) = re.findall(r"(?m)^ +((?:\w{5}-){4}\w{5})$", made.out)
    assert directory.sandbox.run("grep", "-q", "lena", "/etc/passwd", "/etc/shadow").code == 1
    assert directory.curl("lena", password)
    (line,) = directory.log(1)
    assert line.text == (
        f'verdict=accepted rhost=127.0.0.1 user="lena" service="dovecot" app="mail" id={password[:2]} label="Phone"'
    )
    owner = directory.sandbox.run("stat", "-c", "%u", f"{directory.folder}/mail/lena").done().out
    assert int(owner) == PEOPLE_THERE["lena"]


def test_a_name_that_the_directory_does_not_know_is_refused(directory):
    refused = directory.asp_admin("create", "lenna", "--label", "Phone")
    assert (refused.code, refused.out) == (3, "")


def test_the_primary_of_the_directory_opens_as_well(directory):
    directory.create("lena", "Phone", "--app", "mail")
    assert directory.curl("lena", FIRST)
    assert directory.curl("milo", FIRST)
    assert not directory.curl("lena", SECOND)
    verdicts = [line.word("verdict") for line in directory.log(3)]
    assert verdicts == ["not-an-app-password", "no-account", "not-an-app-password"]


def test_a_change_in_the_directory_revokes(directory):
    directory.follow_directory()
    lenas = directory.create("lena", "Phone", "--app", "mail")
    milos = directory.create("milo", "Phone", "--app", "mail")
    directory.set_in_directory("lena", SECOND)
    assert directory.curl("lena", lenas), "no login asks the directory"
    counts = directory.json("watch", "--once")
    assert counts == {"accounts": 2, "changed": 1, "revoked": 1, "unknown": 0, "held": 0}
    assert directory.reason(lenas) == ("watch", "primary-password")
    assert not directory.curl("lena", lenas)
    assert directory.curl("milo", milos)


@pytest.mark.parametrize("source", ["shadow", "command"])
def test_passwd_revokes_at_once(directory, source):
    if source == "command":
        directory.follow_directory()
    old = directory.create("lena", "Phone", "--app", "mail")
    directory.passwd("lena", FIRST, SECOND).done()
    assert directory.reason(old) == ("pam:passwd", "primary-password")
    assert not directory.curl("lena", old)
    assert directory.curl("lena", SECOND)
    new = directory.create("lena", "Phone", "--app", "mail")
    if source == "command":
        assert directory.json("watch", "--once")["changed"] == 0
    assert directory.curl("lena", new)


def test_a_passwd_that_fails_revokes_nothing(directory):
    password = directory.create("lena", "Phone", "--app", "mail")
    assert directory.passwd("lena", "not hers", SECOND).code != 0
    assert directory.passwd("lena", FIRST, SECOND, "mistyped").code != 0
    directory.set("lena", "description", "may not")  # see SLAPD_CONF
    assert directory.passwd("lena", FIRST, SECOND).code != 0
    assert directory.reason(password) is None
    assert directory.curl("lena", FIRST), "it was not changed"


def test_of_debians_own_profiles_that_of_sssd_alone_does_not_reach_the_module(directory):
    """Why that recipe mends it."""
    common = "/etc/pam.d/common-password"
    mended = directory.sandbox.read(common)
    assert not [line for line in lines(mended, "password") if "sufficient" in line]
    directory.sandbox.write(common, "\n".join([*directory.own_password_stack, ""]))
    try:
        password = directory.create("lena", "Phone", "--app", "mail")
        directory.passwd("lena", FIRST, SECOND).done()
        assert (directory.reason(password) is None) is (directory.kind.name == "sssd")
    finally:
        directory.sandbox.write(common, mended)


def test_who_is_gone_from_the_directory_is_out(directory):
    password = directory.create("lena", "Phone", "--app", "mail")
    directory.dismiss("lena")
    directory.until_known("lena", False)
    assert not directory.auth("lena", password, "dovecot")
    assert directory.verdict() == "accepted", "it is the account lines that bar her"
    directory.hire("lena")
    directory.until_known("lena")
    assert directory.auth("lena", password, "dovecot")


def test_whose_account_has_ended_in_the_directory_is_out(directory):
    password = directory.create("lena", "Phone", "--app", "mail")
    assert directory.auth("lena", password, "dovecot")
    directory.set("lena", "shadowExpire", 1)
    assert directory.soon(lambda: not directory.auth("lena", password, "dovecot"))
    directory.set("lena", "shadowExpire", 99999)
    assert directory.soon(lambda: directory.auth("lena", password, "dovecot"))


def test_the_age_of_the_directorys_primary_bars_no_app_password(directory):
    password = directory.create("lena", "Phone", "--app", "mail")
    directory.set("lena", "shadowMax", 30)
    directory.set("lena", "shadowLastChange", 1)
    assert directory.soon(lambda: not directory.auth("lena", FIRST, "dovecot"))
    assert directory.auth("lena", password, "dovecot")


def test_a_directory_that_is_down_revokes_nothing(directory):
    """nslcd then knows nobody, SSSD whom it remembers."""
    directory.follow_directory()
    password = directory.create("lena", "Phone", "--app", "mail")
    directory.stop()
    try:
        assert directory.auth("lena", password, "dovecot") is (directory.kind.name == "sssd")
        assert directory.asp_admin("watch", "--once").code == 5
        create = directory.asp_admin("create", "lena", "--label", "Laptop")
        assert (create.code, create.out) == (5 if directory.kind.name == "sssd" else 3, "")
    finally:
        directory.start()
    directory.until_known("lena")
    assert directory.json("watch", "--once")["changed"] == 0
    assert directory.auth("lena", password, "dovecot")


def test_behind_pam_asp_the_account_lines_would_let_who_is_gone_in(directory):
    """Why the recipe has them before."""
    (line,) = re.findall(r"(?m)^account +sufficient .*\n", directory.recipe)
    text = change(directory.recipe, line, "")
    first = re.search(r"(?m)^account ", text).start()
    directory.use(text[:first] + line + text[first:])
    password = directory.create("lena", "Phone", "--app", "mail")
    directory.dismiss("lena")
    directory.until_known("lena", False)
    assert directory.auth("lena", password, "dovecot")
