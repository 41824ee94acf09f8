"""The profiles for AppArmor: apparmor_parser takes them, and they cover what the programs were seen to do. Whether a kernel
that is told to use them lets the programs do it is not looked at here."""

import contextlib
import os
import re
import signal
import subprocess

import pytest
from support import apparmor
from support.account_page import BROKER as PAGE_BROKER
from support.account_page import SOCKET as PAGE_SOCKET
from support.account_page import AccountPage, BrokerPart
from support.apparmor import ADMIN, BROKER, HAND_OVER, SHIPPED, TRACES, begin, covers, seen
from support.authorize import AUTHORIZE, ask
from support.authorize import CONFIGURATION as AUTHORIZE_CONFIGURATION
from support.authorize import USERS as AUTHORIZE_USERS
from support.broker import SOCKET, serving
from support.dovecot_recipes import dovecot_version
from support.hook_recipes import HOOKS
from support.mail import lead_doveadm_to
from support.pam_codes import AUTH_ERR, AUTHINFO_UNAVAIL, SUCCESS, USER_UNKNOWN
from support.passwords import wrong
from support.processes import child_of, descendant
from support.run import MORTAL, ended
from support.tools import run_tool
from support.wait import LONG, wait_until
from support.watch import running_watch

PROFILES = ("asp-authorize", "asp-broker", "asp-watch", "asp-web")
WITH_RULES = ("cyrus", "dovecot", "sshd")  # hooks
WEB = "/usr/libexec/asp-web"
MOVED = "/var/lib/asp/{moved,store-id} r,"
# What there is none of here: users that systemd knows from files, mounts that are planned where the store is, a database.
NONE_HERE = [
    "/{etc,run,run/host,usr/lib,usr/local/lib}/userdb/{,*} r,",
    "/etc/systemd/system/*.mount r,",
    "@{PROC}/@{pid}/mounts r,",
    MOVED,
    "/var/lib/asp/feed{,.new} rw,",
    "/var/lib/ r,",
]

# As a file of rules alone is read: within a profile.
AROUND = "abi <abi/3.0>,\ninclude <tunables/global>\nprofile around {\n  include <abstractions/base>\n  include <%s>\n}\n"


def parse(*words, text=None):
    """apparmor_parser on a profile, which is not handed to the kernel; and what this one has of AppArmor is no matter."""
    kernel = "--kernel-features=/etc/apparmor.d/abi/3.0"
    return run_tool("apparmor_parser", "-Q", "-K", kernel, f"-I{SHIPPED}", "-I/etc/apparmor.d", *words, input=text)


@pytest.mark.parametrize("mode", [(), ("-C",)], ids=["enforce", "complain"])
@pytest.mark.parametrize("name", PROFILES)
def test_the_parser_takes_the_profiles(name, mode):
    run = parse(*mode, SHIPPED / name)
    assert (run.returncode, run.stdout) == (0, "")


@pytest.mark.parametrize("name", ["local/usr.lib.dovecot.auth", *(f"asp-watch.d/{hook}" for hook in WITH_RULES)])
def test_the_parser_takes_what_is_added_to_profiles(name):
    run = parse(text=AROUND % name)
    assert (run.returncode, run.stdout) == (0, "")


@pytest.mark.parametrize("name", ["asp-authorize", "asp-web"])
def test_what_is_before_the_network_has_none_of_its_own(name):
    """With all that is included."""
    rules = parse("-p", SHIPPED / name)
    assert rules.returncode == 0 and "network unix stream," in rules.stdout
    assert re.findall(r"(?m)^ *network (?:inet|netlink).*", rules.stdout) == []


def test_a_database_on_the_network_is_asked_by_who_asks_it_where_the_units_let_them():
    """A rule that denies could be lifted by no line of the administrator's."""
    for name in ("asp-broker", "asp-watch"):
        rules = parse("-p", SHIPPED / name).stdout
        assert {"network inet stream,", "network inet6 stream,"} <= set(re.findall(r"(?m)^ *(network .*)", rules)), name
        assert re.findall(r"(?m)^ *deny network inet.*", rules) == [], name


def test_the_parser_would_find_a_fault():
    assert parse(text=(SHIPPED / "asp-broker").read_text().replace("/etc/ r,", "").replace("mr,", "mrz,")).returncode != 0
    assert parse(text=AROUND % "asp-watch.d/none").returncode != 0


def test_the_units_are_put_into_the_profiles():
    for name in PROFILES:
        drop_in = (SHIPPED / f"{name}.service.d" / "apparmor.conf").read_text()
        assert f"\nAppArmorProfile={name}\n" in drop_in
        assert f"\nprofile {name} {{\n" in (SHIPPED / name).read_text()


# What the programs do


@pytest.fixture(scope="module")
def strace():
    if reason := apparmor.untraced():
        pytest.skip(reason)


@pytest.fixture
def machine(strace, broker_machine):
    """With the programs where a package puts them."""
    broker_machine.reset()
    begin(broker_machine)
    yield broker_machine
    broker_machine.said()


@pytest.fixture
def mail(strace, mail):
    """The same with Dovecot's, which other files of tests have too, and without them."""
    begin(mail)
    yield mail
    mail.sandbox.run("rm", BROKER, ADMIN).done()


def login(machine, *words):
    """What PAM answers, once the broker, which strace holds up, does so in the time that it has."""
    codes = []

    def answered():
        codes.append(machine.host().login(*words).code)
        return codes[-1] != AUTHINFO_UNAVAIL

    wait_until(answered, "the broker does not answer")
    return codes[-1]


def test_the_broker_does_nothing_that_its_profile_does_not_allow(machine):
    """Uses, a binding, a revocation, a slow hash, a user whom nobody knows."""
    phone = machine.create("alice", "Phone", "--app", "calendar")
    first = machine.create("alice", "First")
    bobs = machine.create("bob", "Phone", "--app", "calendar")
    machine.configure('hash: { scheme = "argon2id"; };')
    slow = machine.create("alice", "Slow", "--app", "calendar")
    machine.set_primary("bob", "another one")
    prefix = (*apparmor.STRACE, f"{TRACES}/broker", "/usr/bin/python3", "-c", HAND_OVER, SOCKET)
    with serving(machine.sandbox, BROKER, prefix=prefix):
        assert [login(machine, word) for word in (phone, first, slow)] == [SUCCESS] * 3
        assert login(machine, bobs, "nginx", "bob") == AUTH_ERR
        assert login(machine, phone, "nginx", "nobody-knows-her") == USER_UNKNOWN
    covers(seen(machine.sandbox, BROKER), SHIPPED / "asp-broker", "asp-broker", "abstractions/asp", but=NONE_HERE)


def test_watch_does_nothing_that_its_profile_does_not_allow(machine, folder):
    """A change of a primary password, and what the unit does to have the configuration read again."""
    machine.configure("limit = 8;")
    machine.create("alice")
    with running_watch(machine.sandbox, ADMIN, folder, prefix=(*apparmor.STRACE, f"{TRACES}/watch")):
        machine.set_primary("alice", "another one")
        wait_until(lambda: machine.entries()[0]["state"] == "revoked", "alice's change is not seen")
        # As the unit has it.
        pid = machine.sandbox.read("/var/lib/asp/locks/.watch").strip()
        machine.sandbox.run(*apparmor.STRACE, f"{TRACES}/reload", "/bin/kill", "-HUP", pid).done()
    notified = "/run/systemd/notify"
    found = seen(machine.sandbox, ADMIN, "/bin/kill")
    found = {(notified if path.startswith(str(folder)) else path, need) for path, need in found}
    covers(found, SHIPPED / "asp-watch", "asp-watch", "abstractions/asp", but=NONE_HERE)


# The same of the page's socket, to who runs as asp-web.
HAND_OVER_PAGE = HAND_OVER.replace("SOCK_SEQPACKET", "SOCK_STREAM").replace("0o660", "0o666").replace(
    "os.execv(program, [program])",
    'import pwd\nuser = pwd.getpwnam("asp-web")\nos.setgroups([])\nos.setgid(user.pw_gid)\nos.setuid(user.pw_uid)\n'
    'os.execv(program, [program, "--page", "/usr/share/asp/page"])',
)


def test_asp_web_does_nothing_that_its_profile_does_not_allow(machine, build, asp_web):
    """A page that is loaded, and a user who signs in."""
    page = AccountPage(machine.sandbox, build)
    machine.sandbox.run("install", "-D", asp_web, WEB).done()
    prefix = (*MORTAL, *apparmor.STRACE, f"{TRACES}/web", "/usr/bin/python3", "-c", HAND_OVER_PAGE)
    with contextlib.closing(BrokerPart(page.inside(PAGE_BROKER))) as broker:
        tracer = machine.sandbox.start(*prefix, PAGE_SOCKET, WEB)
        with ended(tracer):
            wait_until(lambda: page.listens(PAGE_SOCKET), "asp-web does not listen")
            assert page.browser().say("GET", "/").status == 200
            page.browser().sign_in()
            broker.accept()
            os.kill(descendant(tracer.pid, "asp-web"), signal.SIGTERM)
            tracer.wait(LONG)
    covers(seen(machine.sandbox, WEB), SHIPPED / "asp-web", "asp-web")


# And of that at which proxies ask, to asp-authorize.
HAND_OVER_AUTHORIZE = (
    HAND_OVER_PAGE.replace("asp-web", "asp-authorize")
    .replace("os.setgroups([])", "os.setgroups(os.getgrouplist(user.pw_name, user.pw_gid))")
    .replace('"--page", "/usr/share/asp/page"', '"--authorize"')
)


def test_asp_authorize_does_nothing_that_its_profile_does_not_allow(machine, asp_web):
    """An app password, one that is none, and what is asked while there is no broker."""
    box = machine.sandbox
    box.shell(AUTHORIZE_USERS).done()
    box.run("install", "-D", asp_web, WEB).done()
    machine.configure(*AUTHORIZE_CONFIGURATION)
    phone = "alice:" + machine.create("alice", "Phone", "--app", "calendar")
    where = f"/proc/{box.first}/root{AUTHORIZE}"
    prefix = (*MORTAL, *apparmor.STRACE, f"{TRACES}/authorize", "/usr/bin/python3", "-c", HAND_OVER_AUTHORIZE)
    tracer = box.start(*prefix, AUTHORIZE, WEB)
    with ended(tracer):
        box.wait_for_socket(AUTHORIZE)
        assert ask(where, phone, "caldav").status == 503
        with machine.serving():
            wait_until(lambda: ask(where, phone, "caldav").status == 200, "nobody is let in")
            assert ask(where, wrong(phone), "caldav").status == 401
        os.kill(descendant(tracer.pid, "asp-web"), signal.SIGTERM)
        tracer.wait(LONG)
    covers(seen(box, WEB), SHIPPED / "asp-authorize", "asp-authorize")


# What each hook finds, $1 is the id. No real session: processes that look like one.
SESSIONS = {
    "cyrus": """
        mkdir -p /usr/lib/cyrus/bin /run/cyrus/proc
        cp /bin/sleep /usr/lib/cyrus/bin/imapd
        /usr/lib/cyrus/bin/imapd 300 >/dev/null 2>&1 &
        printf 'imap\\tclient\\talice\\t' >/run/cyrus/proc/$!
    """,
    "dovecot": "",
    "sshd": """
        mkdir -p /run/session
        cp /bin/bash /run/session/sshd
        within="trap '' TERM; env ASP_ID=$1 USER=alice sleep 300; while :; do sleep 1; done"
        alice="setpriv --reuid=alice --regid=alice --clear-groups"
        setsid /run/session/sshd -c "$alice /run/session/sshd -c \\"$within\\"; true" >/dev/null 2>&1 &
    """,
}


@pytest.mark.parametrize("hook", SESSIONS)
def test_a_hook_does_nothing_that_its_rules_do_not_allow(mail, tmp_path, hook):
    path = f"{HOOKS}/{hook}"
    mail.install(f"hooks/{hook}", path, "755")
    mail.configure(f'hooks: {{ revoked = "{path}"; timeout = 100; }};')
    lead_doveadm_to(mail.sandbox, "/run/d")
    app = "ssh" if hook == "sshd" else "mail"
    mail.sandbox.shell(SESSIONS[hook], mail.create("alice", "Phone", "--app", app)[:2]).done()
    mail.set_primary("alice", "another one")
    mail.sandbox.run(*apparmor.STRACE, f"{TRACES}/watch", ADMIN, "watch", "--once").done()
    moved = [("/run/d/dovecot.conf", "/etc/dovecot/dovecot.conf"), ("/run/d/run/", "/run/dovecot/")]
    found = seen(mail.sandbox, ADMIN, moved=moved)
    assert (path, "x") in found
    # What no system call says: the shell of a script is started by the kernel.
    found.add(("/usr/bin/bash", "rx"))
    profile = tmp_path / "asp-watch"
    profile.write_text((SHIPPED / "asp-watch").read_text().replace("if exists <local/asp-watch>", f"<asp-watch.d/{hook}>"))
    # Debian's own dovecot.conf includes what is there; that of the tests does not.
    but = ["/usr/share/dovecot/** r,"] if hook == "dovecot" else []
    if hook == "dovecot" and dovecot_version(mail.sandbox) == "2.3":
        but.append("/tmp/doveconf.* rw,")
    covers(found, profile, f"asp-watch.d/{hook}", but=but)


def test_dovecot_is_allowed_all_that_pam_asp_does_in_it(mail, tmp_path):
    mail.configure("limit = 8;")
    phone = mail.create("alice", "Phone")
    master = mail.sandbox.read("/run/d/run/master.pid").strip()
    prefix = (*MORTAL, *apparmor.STRACE, f"{TRACES}/auth")
    tracer = mail.sandbox.start(*prefix, "-p", master, stderr=subprocess.PIPE)
    with ended(tracer):
        tracer.stderr.readline()  # that it is at it
        assert mail.auth("alice", phone)
        mail.set_primary("alice", "another one")
        assert not mail.auth("alice", phone)
        os.kill(child_of(tracer), signal.SIGTERM)
        tracer.communicate(timeout=LONG)
    found = {one for one in seen(mail.sandbox, "/usr/lib/dovecot/auth") if re.match("/etc/(asp/|shadow|$)|/var/lib/asp/", one[0])}
    profile = tmp_path / "around"
    profile.write_text(AROUND % "local/usr.lib.dovecot.auth")
    covers(found, profile, "abstractions/asp", but=[MOVED])
