"""Users who are in a directory and in no passwd: the recipes for nslcd and SSSD with a real slapd, Dovecot and passwd.

Where they are not installed, ASP_LAYER may name a folder in which they are unpacked.
"""

import dataclasses
import re
import subprocess

import pytest
from support.broker import Host
from support.dovecot_recipes import dovecot_path
from support.mail import Mail, dovecot
from support.pam_codes import AUTH_ERR, CRED_INSUFFICIENT, SUCCESS
from support.passwords import PASSWORD
from support.recipes import CONF, account_first, change, lines, pam_file, recipe, with_module
from support.run import MORTAL, TREE
from support.sandbox import MODULES, open_sandbox
from support.slapd import Slapd, configuration
from support.wait import comes_true
from support.watch import counts

PROGRAM = "/usr/libexec/asp/primary-openldap"
QUIET = {"DEBIAN_FRONTEND": "noninteractive"}
SUFFIX = "dc=example,dc=org"
PEOPLE = f"ou=people,{SUFFIX}"
ADMIN, ADMIN_PASSWORD = f"cn=admin,{SUFFIX}", "secret of the admin"
FIRST, SECOND = "First-pw-1!", "Second-pw-2?"
TOOLS = ("slapd", "ldapadd", "ldapmodify", "ldapdelete", "ldapsearch", "ldappasswd", "pam-auth-update", "dovecot")

SCHEMAS = ("core", "cosine", "inetorgperson", "nis")
ACCESS = """
access to filter="(description=may not)" attrs=userPassword by self read by anonymous auth by * none
access to attrs=userPassword by self write by anonymous auth by * none
access to * by self write by * read
"""
SLAPD_CONF = configuration(SUFFIX, ADMIN, ADMIN_PASSWORD, SCHEMAS, ACCESS)

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
# As what lena is known besides: SSSD knows her with its domain too.
SPELLINGS = {"nslcd": ("LENA", "Lena"), "sssd": ("LENA", "Lena", "lena@example", "LENA@EXAMPLE")}

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
ignorecase yes
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
case_sensitive = false
ldap_access_order = expire
ldap_account_expire_policy = shadow
ldap_uri = ldap://127.0.0.1
ldap_search_base = {SUFFIX}
ldap_id_use_start_tls = false
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
        self.recipe = pam_file(f"with-other-modules/{kind.name}", build)
        self.slapd = Slapd(box, "ldap://127.0.0.1", ADMIN, ADMIN_PASSWORD)

    def set_up(self):
        box = self.sandbox
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
        self.install("ldap/primary-openldap", PROGRAM, "755")
        box.run("mkdir", "-p", "/run/ldap/db").done()
        self.slapd.start()
        self.add(TOP)
        box.start(*MORTAL, *self.kind.command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        box.wait_for_socket(self.kind.ready)

    def told(self, commands):
        """The commands that the recipe's text gives."""
        return re.findall(rf"(?m)^# {{5,}}((?:{commands}) .*)$", recipe(f"with-other-modules/{self.kind.name}"))

    def reset(self):
        self.sandbox.shell("rm -rf /var/lib/asp /etc/asp").done()
        self.use(self.recipe)
        for user in PEOPLE_THERE:
            self.slapd.as_admin("ldapdelete", f"uid={user},{PEOPLE}")
            self.hire(user)
        self.until_known("lena")
        self.log_file.forget()

    def until_known(self, user, known=True):
        again = "until" if known else "while"
        self.sandbox.shell(f'{again} getent passwd "$1" >/run/found; do sleep 0.1; done', user).done()

    def use(self, text):
        self.sandbox.write("/etc/pam.d/dovecot", text)

    def add(self, text):
        self.slapd.as_admin("ldapadd", input=text).done()

    def hire(self, user, password=FIRST):
        self.add(PERSON.format(user=user, number=PEOPLE_THERE[user], people=PEOPLE, password=password))

    def dismiss(self, user):
        self.slapd.as_admin("ldapdelete", f"uid={user},{PEOPLE}").done()

    def set(self, user, attribute, value):
        text = f"dn: uid={user},{PEOPLE}\nchangetype: modify\nreplace: {attribute}\n{attribute}: {value}\n"
        self.slapd.as_admin("ldapmodify", input=text).done()

    def set_in_directory(self, user, password):
        self.slapd.as_admin("ldappasswd", "-s", password, f"uid={user},{PEOPLE}").done()

    def follow_directory(self):
        """What the recipe and the shipped configuration say; the one who asks is the admin here."""
        conf = change(recipe("ldap/primary-openldap.conf"), "\nbind_dn=\n", f"\nbind_dn={ADMIN}\n")
        self.sandbox.write("/etc/asp/primary-openldap.conf", conf)
        self.sandbox.write("/etc/asp/primary-openldap.secret", ADMIN_PASSWORD)
        self.sandbox.shell("chmod 600 /etc/asp/primary-openldap.*").done()
        self.configure(f'primary: {{ source = "command"; command = "{PROGRAM}"; }};')

    def passwd(self, user, current, new, again=None):
        """By the user herself."""
        number = str(PEOPLE_THERE[user])
        herself = ["setpriv", "--reuid", number, "--regid", "65534", "--clear-groups"]
        return self.sandbox.run(*herself, "passwd", input=f"{current}\n{new}\n{again or new}\n")

    def reason(self, password, user="lena"):
        revoked = self.entry(password[:2], user)["revoked"]
        return revoked and (revoked["by"], revoked["reason"])


@pytest.fixture(scope="module", params=KINDS)
def directory_box(request, sandboxes, layer, build):
    kind = KINDS[request.param]
    box = open_sandbox(layer, *TOOLS, kind.command[0])
    try:
        box.need_module(kind.module)
        box.need_module(f"../libnss_{kind.nss}.so.2")
        served = Directory(box, build, kind)
        served.set_up()
        with dovecot(box, served.folder, 143, CONF / dovecot_path(box, "auth-asp.conf.ext")):
            yield served
    finally:
        box.close()


@pytest.fixture
def directory(directory_box):
    directory_box.reset()
    return directory_box


def test_a_user_who_is_in_the_directory_alone_reads_her_mail(directory):
    made = directory.asp_admin("create", "lena", "--label", "Phone", "--app", "mail").done()
    assert "no line in /etc/shadow" in made.err
    (password,) = PASSWORD.findall(made.out)
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
    document = directory.json("watch", "--once")
    assert document == counts(accounts=2, changed=1, revoked=1)
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
    directory.set("lena", "description", "may not")  # see ACCESS
    assert directory.passwd("lena", FIRST, SECOND).code != 0
    assert directory.reason(password) is None
    assert directory.curl("lena", FIRST), "it was not changed"


def test_of_debians_own_profiles_that_of_sssd_alone_does_not_reach_the_module(directory):
    """Why that recipe fixes it."""
    common = "/etc/pam.d/common-password"
    fixed = directory.sandbox.read(common)
    assert not [line for line in lines(fixed, "password") if "sufficient" in line]
    directory.sandbox.write(common, "\n".join([*directory.own_password_stack, ""]))
    try:
        password = directory.create("lena", "Phone", "--app", "mail")
        directory.passwd("lena", FIRST, SECOND).done()
        assert (directory.reason(password) is None) is (directory.kind.name == "sssd")
    finally:
        directory.sandbox.write(common, fixed)


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
    assert comes_true(lambda: not directory.auth("lena", password, "dovecot"))
    directory.set("lena", "shadowExpire", 99999)
    assert comes_true(lambda: directory.auth("lena", password, "dovecot"))


def test_the_age_of_the_directorys_primary_bars_no_app_password(directory):
    password = directory.create("lena", "Phone", "--app", "mail")
    directory.set("lena", "shadowMax", 30)
    directory.set("lena", "shadowLastChange", 1)
    assert comes_true(lambda: not directory.auth("lena", FIRST, "dovecot"))
    assert directory.auth("lena", password, "dovecot")


def test_a_directory_that_is_down_revokes_nothing(directory):
    """SSSD then knows whom it remembers; nslcd fails, and nobody is taken for one whom it does not know."""
    directory.follow_directory()
    password = directory.create("lena", "Phone", "--app", "mail")
    directory.slapd.stop()
    try:
        assert directory.auth("lena", password, "dovecot") is (directory.kind.name == "sssd")
        assert directory.asp_admin("watch", "--once").code == 5
        create = directory.asp_admin("create", "lena", "--label", "Laptop")
        assert (create.code, create.out) == (5, "")
    finally:
        directory.slapd.start()
    directory.until_known("lena")
    assert directory.json("watch", "--once")["changed"] == 0
    assert directory.auth("lena", password, "dovecot")


def test_behind_pam_asp_the_account_lines_would_let_who_is_gone_in(directory):
    """Why the recipe has them before."""
    directory.use(account_first(directory.recipe))
    password = directory.create("lena", "Phone", "--app", "mail")
    directory.dismiss("lena")
    directory.until_known("lena", False)
    assert directory.auth("lena", password, "dovecot")


# One person, one account. Dovecot writes names in small letters, so PAM is asked by another host.


@pytest.fixture
def host(directory):
    one = Host(directory.sandbox, "root")
    yield one
    one.close()


def test_each_spelling_that_the_directory_knows_is_of_one_account(directory, host):
    password = directory.create("lena", "Phone", "--app", "mail")
    assert host.login(password, "dovecot", "lena").code == SUCCESS
    assert " account=" not in directory.log(1)[0].text
    for spelling in SPELLINGS[directory.kind.name]:
        assert host.login(password, "dovecot", spelling).code == SUCCESS, spelling
        (line,) = directory.log(1)
        assert (line.word("user"), line.word("account")) == (spelling, "lena")
        assert directory.json("create", spelling, "--label", spelling)["user"] == "lena"
        assert "lena" in directory.asp_admin("create", spelling, "--label", "x", "--virtual").refused(2).err
    assert [row["user"] for row in directory.json("list")] == ["lena"]
    directory.asp_admin("revoke", "LENA", "--all").done()
    for spelling in ("lena", *SPELLINGS[directory.kind.name]):
        assert host.login(password, "dovecot", spelling).code == AUTH_ERR, spelling


def test_no_spelling_of_one_who_has_app_passwords_reaches_her_primary(directory, host):
    stack = f"""
auth [success=done user_unknown=ignore default=die] pam_asp.so
auth required {directory.kind.module} use_first_pass
account required pam_permit.so
"""
    directory.use(with_module(stack, directory.build))
    directory.create("root", "Phone", "--app", "mail")  # so that there is a store
    for user in ("LENA", "milo"):
        assert host.login(FIRST, "dovecot", user).code == SUCCESS, "neither has an app password"
    directory.create("lena", "Phone", "--app", "mail")
    for spelling in ("lena", *SPELLINGS[directory.kind.name]):
        assert host.login(FIRST, "dovecot", spelling).code == CRED_INSUFFICIENT, spelling
    assert host.login(FIRST, "dovecot", "milo").code == SUCCESS


def test_where_the_directory_does_not_say_who_it_is_nobody_gets_in_by_another_spelling(directory, host):
    """SSSD says whom it remembers."""
    password = directory.create("lena", "Phone", "--app", "mail")
    directory.slapd.stop()
    try:
        assert host.login(password, "dovecot", "lena").code == SUCCESS, "it was asked of the name itself"
        remembered = directory.kind.name == "sssd"
        assert (host.login(password, "dovecot", "LENA").code == SUCCESS) is remembered
        assert directory.verdicts(2) == ["accepted", "accepted" if remembered else "unavailable"]
    finally:
        directory.slapd.start()
    directory.until_known("lena")
