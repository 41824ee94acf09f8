"""Users who are in a directory and in no passwd: the recipes for nslcd and SSSD with a real slapd, Dovecot and passwd.

Where they are not installed, ASP_LAYER may name a folder in which they are unpacked.
"""

import re

import pytest
from support.broker import Host
from support.directory_users import (
    FIRST,
    KINDS,
    PEOPLE_THERE,
    SECOND,
    SPELLINGS,
    TOOLS,
    DirectoryUsers,
    slapd_of,
)
from support.dovecot_recipes import dovecot_path
from support.mail import Mail, dovecot
from support.pam_codes import AUTH_ERR, CRED_INSUFFICIENT, SUCCESS
from support.passwords import PASSWORD
from support.recipes import CONF, account_first, lines, pam_file, recipe, with_module
from support.run import TREE
from support.sandbox import MODULES, open_sandbox
from support.wait import comes_true
from support.watch import counts

QUIET = {"DEBIAN_FRONTEND": "noninteractive"}


class Directory(Mail, DirectoryUsers):
    """A machine whose users are in a directory, and Dovecot, which asks PAM by the recipe."""

    def __init__(self, box, build, kind):
        super().__init__(box, build, "/run/l")
        self.kind = kind
        self.recipe = pam_file(f"with-other-modules/{kind.name}", build)
        self.slapd = slapd_of(box)

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
        box.shell("sed -i 's/pam_unix.so/& nodelay/' /etc/pam.d/common-auth").done()
        # pam_pwquality asks for the new password where pam_sss does not; its dictionary is made by a maintainer script.
        box.write("/etc/security/pwquality.conf", "dictcheck = 0\n")
        self.join()

    def told(self, commands):
        """The commands that the recipe's text gives."""
        return re.findall(rf"(?m)^# {{5,}}((?:{commands}) .*)$", recipe(f"with-other-modules/{self.kind.name}"))

    def reset(self):
        self.sandbox.shell("rm -rf /var/lib/asp /etc/asp").done()
        self.use(self.recipe)
        self.hire_all()
        self.log_file.forget()

    def use(self, text):
        self.sandbox.write("/etc/pam.d/dovecot", text)

    def follow_directory(self):
        self.configure(self.primary_command())

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
    box = open_sandbox(layer, *TOOLS, "pam-auth-update", "dovecot", kind.command[0])
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


# Lesson: mailcow #6584, #5673.
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


# Lesson: identity by spelling.
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


# Lesson: identity by spelling.
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
