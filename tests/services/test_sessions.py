"""A revocation ends access: the shipped hooks with a real Dovecot and a real sshd, run by asp-admin and by watch."""

import re
import subprocess

import pytest
from support.dovecot_recipes import CACHED, dovecot_recipe
from support.hook_recipes import HOOKS, install_hooks
from support.mail import PORT, Mail, dovecot
from support.recipes import recipe
from support.run import MORTAL
from support.sessions import Session, begin_idle
from support.sshd import PROGRAM, without_penalties
from support.wait import comes_true, wait_until
from support.watch import Manager

SOON = 2  # within which a session would have ended, if it were to end


@pytest.fixture
def sessions():
    """Sessions that a test has begun; they end with it."""
    begun = []
    yield begun
    for session in begun:
        session.end()


@pytest.fixture
def idle(mail, sessions):
    """Begins an IMAP session that waits in IDLE."""

    def begin(user, password, port=PORT, back=False):
        sessions.append(begin_idle(mail.sandbox, user, password, port, back))
        return sessions[-1]

    return begin


@pytest.fixture
def hooked(mail):
    """Dovecot, with its hook."""
    return install_hooks(mail, "dovecot")


@pytest.fixture
def watch(mail, sessions, folder):
    """Begins asp-admin watch and waits until it is ready."""

    def begin(*more):
        with Manager(folder) as manager:
            words = [*MORTAL, *manager.prefix, mail.admin, "watch", *more]
            sessions.append(Session(mail.sandbox.start(*words, stdin=subprocess.DEVNULL)))
            manager.wait_ready()

    return begin


def test_an_idle_session_ends_with_its_revocation(hooked, idle):
    password = hooked.create("alice", "Phone", "--app", "mail")
    session = idle("alice", password)
    hooked.asp_admin("revoke", "alice", password[:2]).done()
    assert session.line() == "over"


def test_without_the_hook_a_session_goes_on(mail, idle):
    """The hook is needed: Dovecot asks at the login alone."""
    password = mail.create("alice", "Phone", "--app", "mail")
    session = idle("alice", password)
    mail.asp_admin("revoke", "alice", password[:2]).done()
    assert session.line(SOON) is None


def test_the_users_other_device_is_back_with_its_own_password(hooked, idle):
    phone = hooked.create("alice", "Phone", "--app", "mail")
    laptop = hooked.create("alice", "Laptop", "--app", "mail")
    lost, kept = idle("alice", phone, back=True), idle("alice", laptop, back=True)
    hooked.asp_admin("revoke", "alice", phone[:2]).done()
    assert lost.line() == "refused"
    assert kept.line() == "in"


def test_another_users_session_stays(hooked, idle):
    password = hooked.create("alice", "Phone", "--app", "mail")
    other = idle("bob", hooked.create("bob", "Phone", "--app", "mail"))
    alices = idle("alice", password)
    hooked.asp_admin("revoke", "alice", "--all").done()
    assert alices.line() == "over"
    assert other.line(SOON) is None


def test_a_session_of_mail_outlives_the_revocation_of_a_calendar(hooked, idle):
    mails = idle("alice", hooked.create("alice", "Phone", "--app", "mail"))
    calendar = hooked.create("alice", "Calendar", "--app", "calendar")
    hooked.asp_admin("revoke", "alice", calendar[:2]).done()
    assert mails.line(SOON) is None


def test_a_session_ends_when_its_password_is_rotated(hooked, idle):
    password = hooked.create("alice", "Phone", "--app", "mail")
    session = idle("alice", password)
    new = hooked.asp_admin("rotate", "alice", password[:2], "--quiet").done().out.strip()
    assert session.line() == "over"
    assert hooked.curl("alice", new)


# Lesson: useradd.
@pytest.mark.parametrize("user", ["o'brien $(id)", 'a"b c', "a\\b;#", "12345", "u%40x", "\u00fcmit", "a@example.org"])
def test_odd_user_names_are_one_user(hooked, idle, user):
    """Dovecot is told of exactly this user."""
    password = hooked.create(user, "Phone", "--app", "mail", "--virtual")
    bobs = idle("bob", hooked.create("bob", "Phone", "--app", "mail"))
    hooked.sandbox.shell("cat /run/d/dovecot.conf >/run/d/before; echo 'auth_username_chars =' >>/run/d/dovecot.conf")
    hooked.sandbox.run("doveadm", "reload").done()
    try:
        session = idle(user, password)
        hooked.asp_admin("revoke", user, "--all").done()
        assert session.line() == "over"
        assert bobs.line(0.5) is None
    finally:
        hooked.sandbox.shell("cat /run/d/before >/run/d/dovecot.conf; doveadm reload").done()


@pytest.mark.parametrize("user", ["127.0.0.1", "127.1", "0x7f000001", "2130706433"])
def test_a_user_named_like_an_address_takes_nobody_along(hooked, idle, user):
    other = idle("bob", hooked.create("bob", "Phone", "--app", "mail"))
    lost = idle(user, hooked.create(user, "Phone", "--app", "mail", "--virtual"))
    hooked.asp_admin("revoke", user, "--all").done()
    assert lost.line() == "over"
    assert other.line(SOON) is None


# Lesson: mailcow #6584, #5673.
def test_from_a_cache_the_revoked_password_is_refused_at_once(dovecot_box, build, mail, idle):
    port = 1143
    service = Mail(dovecot_box, build, "/run/c")
    service.reset()
    install_hooks(service, "dovecot", "/run/c")
    service.stack("asp-only", "dovecot")
    dovecot_box.write("/run/c/recipe", dovecot_recipe(dovecot_box, CACHED))
    with dovecot(dovecot_box, "/run/c", port, "/run/c/recipe", "auth_cache_size = 10M"):
        password = service.create("alice", "Phone", "--app", "mail")
        session = idle("alice", password, port, back=True)
        service.log(1)
        assert service.curl("alice", password, port), "this one is from the cache"
        service.log(0)
        service.asp_admin("revoke", "alice", password[:2]).done()
        assert session.line() == "refused"
        assert not service.curl("alice", password, port)


def test_with_watch_a_session_ends_when_the_primary_is_set_behind_pam(hooked, idle, watch):
    session = idle("alice", hooked.create("alice", "Phone", "--app", "mail"))
    other = idle("bob", hooked.create("bob", "Phone", "--app", "mail"))
    watch()
    hooked.sandbox.run("usermod", "-p", "$6$salt$another", "alice").done()
    assert session.line() == "over"
    assert other.line(0.5) is None


@pytest.mark.of_files("what a login leaves due is a mark in files")
@pytest.mark.parametrize("running", [True, False], ids=["watch-runs", "watch-comes-later"])
def test_with_watch_a_session_ends_after_a_logins_own_check_has_revoked(hooked, idle, watch, running):
    """This watch compares nothing itself, so that it is the login that revokes, and leaves the hook to it."""
    conf = hooked.sandbox.read("/etc/asp/asp.conf")
    hooked.sandbox.write("/etc/asp/watch.conf", conf + 'primary: { source = "none"; };\n')
    password = hooked.create("alice", "Phone", "--app", "mail")
    session = idle("alice", password)
    if running:
        watch("--config", "/etc/asp/watch.conf")
    hooked.sandbox.run("usermod", "-p", "$6$salt$another", "alice").done()
    assert session.line(0.5) is None
    assert not hooked.curl("alice", password)
    if not running:
        assert session.line(0.5) is None
        assert " hook=due " in hooked.sandbox.read("/var/lib/asp/users/alice")
        watch("--config", "/etc/asp/watch.conf")
    assert session.line() == "over"
    wait_until(lambda: " hook=due " not in hooked.sandbox.read("/var/lib/asp/users/alice"), "the hook stays due")


def test_with_watch_a_session_ends_when_its_password_expires(hooked, idle, watch):
    session = idle("alice", hooked.create("alice", "Phone", "--app", "mail", "--expires", "4s"))
    watch()
    assert session.line() == "over"


# ssh


@pytest.fixture
def ssh(mail, sessions):
    """A real sshd with the hook, and a way to open a session: with a terminal or without."""
    box = mail.sandbox
    box.need(PROGRAM, "ssh", "sshpass")
    install_hooks(mail, "run-all")
    mail.stack("asp-only", "sshd")
    box.shell(
        "getent passwd sshd >/dev/null || useradd --system --no-create-home --home-dir /run/sshd sshd;"
        "mkdir -p /run/sshd; chmod 755 /run/sshd; [[ -e /run/key ]] || ssh-keygen -q -t ed25519 -N '' -f /run/key;"
        # Not in the homes: root's is this machine's own.
        "mkdir -p /run/keys; for user in alice bob root; do cp /run/key.pub /run/keys/$user; done;"
        " usermod --shell /bin/bash alice; usermod --shell /bin/bash bob"
    ).done()
    options = "-p 2222 -o HostKey=/run/key -o UsePAM=yes -o PidFile=/run/sshd.pid -o ListenAddress=127.0.0.1".split()
    options += "-o AuthorizedKeysFile=/run/keys/%u -o PermitRootLogin=yes -o LogLevel=ERROR".split()
    options += "-o KbdInteractiveAuthentication=no".split()
    options += without_penalties(box, "/run/key")
    server = box.start(*MORTAL, PROGRAM, "-D", "-f", "/dev/null", *options)
    sessions.append(Session(server))
    box.wait_for_port(2222)

    def begin(user, password=None, command="echo open; exec sleep 60", terminal=False):
        words = "ssh -q -F /dev/null -p 2222 -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null".split()
        if password is None:
            words += ["-i", "/run/key", "-o", "BatchMode=yes"]
        else:
            words = ["sshpass", "-p", password, *words, "-o", "PubkeyAuthentication=no"]
        words += ["-tt"] if terminal else []
        script = '"$@"; echo over'
        process = box.start(
            *MORTAL, "sh", "-c", script, "sh", *MORTAL, *words, f"{user}@127.0.0.1", command,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        session = Session(process)
        sessions.append(session)
        assert session.line().strip() == "open"
        return session

    mail.begin = begin
    return mail


@pytest.mark.parametrize("terminal", [True, False], ids=["terminal", "command"])
def test_an_ssh_session_ends_and_that_of_another_password_stays(ssh, terminal):
    lost = ssh.create("alice", "Laptop", "--app", "ssh")
    kept = ssh.create("alice", "Desktop", "--app", "ssh")
    revoked = ssh.begin("alice", lost, terminal=terminal)
    others = [ssh.begin("alice", kept, terminal=terminal), ssh.begin("alice"), ssh.begin("bob")]
    ssh.asp_admin("revoke", "alice", lost[:2]).done()
    assert revoked.line() == "over"
    for other in others:
        assert other.line(0.3) is None
    assert ssh.begin("alice", kept), "sshd itself goes on"


def test_what_an_ssh_session_was_running_ends_with_it(ssh):
    password = ssh.create("alice", "Laptop", "--app", "ssh")
    session = ssh.begin("alice", password, "echo open; exec sleep 4711")
    ssh.asp_admin("revoke", "alice", password[:2]).done()
    assert session.line() == "over"
    assert comes_true(lambda: ssh.sandbox.run("pgrep", "-f", "sleep 4711").code == 1)


def test_an_ssh_session_whose_user_has_stopped_it_ends(ssh):
    password = ssh.create("alice", "Laptop", "--app", "ssh")
    session = ssh.begin("alice", password, "echo open; sleep 0.5; kill -STOP $PPID; exec sleep 60")
    # Its name is sshd-session from OpenSSH 9.8 on.
    stopped = "until grep -q '^State:.T' /proc/$(pgrep -f '^sshd(-session)?: alice@')/status; do sleep 0.1; done"
    ssh.sandbox.shell(stopped).done()
    ssh.asp_admin("revoke", "alice", password[:2]).done()
    assert session.line() == "over"


def test_an_ssh_session_of_root_ends_and_sshd_goes_on(ssh):
    lost = ssh.create("root", "Laptop", "--app", "ssh")
    session, other = ssh.begin("root", lost), ssh.begin("root")
    ssh.asp_admin("revoke", "root", lost[:2]).done()
    assert session.line() == "over"
    assert other.line(0.3) is None
    assert ssh.begin("root")


def test_a_forged_id_ends_nobody_elses_session(ssh):
    """bob gives his session the id of alice's password; alice, those of root's and bob's sessions."""
    password = ssh.create("alice", "Laptop", "--app", "ssh")
    id = password[:2]
    forged = f"echo open; exec env ASP_ID={id} USER=alice sleep 60"
    bobs, roots = ssh.begin("bob", None, forged), ssh.begin("root", None, forged)
    alices = ssh.begin("alice", password)
    ssh.asp_admin("revoke", "alice", id).done()
    assert alices.line() == "over"
    assert bobs.line(0.3) is None
    assert roots.line(0.3) is None


def test_a_forged_sshd_ends_nobody_elses_session(ssh):
    """A program of the user's own that is called sshd, with a child that says what a session of hers would."""
    password = ssh.create("alice", "Laptop", "--app", "ssh")
    script = f"cp /bin/bash ~/sshd; ~/sshd -c 'env ASP_ID={password[:2]} USER=alice sleep 60 & echo open; wait'"
    own = ssh.begin("alice", None, script)
    ssh.asp_admin("revoke", "alice", password[:2]).done()
    assert own.line(0.5) is None


def test_both_hooks_run_and_a_failing_one_keeps_none_from_its_work(ssh, idle):
    ssh.sandbox.write(f"{HOOKS}/broken", "#!/bin/sh\nexit 7\n", mode="755")
    ssh.sandbox.write(f"{HOOKS}/strange", "#!/bin/sh\ntouch /run/strange-ran\n", mode="777")
    ssh.stack("asp-only", "imap", "sshd")
    mails = idle("alice", ssh.create("alice", "Phone", "--app", "mail"))
    session = ssh.begin("alice", ssh.create("alice", "Laptop", "--app", "ssh"))
    ssh.asp_admin("revoke", "alice", "--all").done()
    assert mails.line() == "over"
    assert session.line() == "over"
    said = ssh.sandbox.read("/run/messages")
    assert f"{HOOKS}/broken failed with exit code 7" in said
    assert f"{HOOKS}/strange is not run" in said
    assert ssh.sandbox.run("test", "-e", "/run/strange-ran").code == 1


def test_the_hooks_can_do_their_work_within_the_limits_of_the_unit_of_watch(ssh, idle):
    """Its capabilities, as far as they can be set without systemd."""
    unit = recipe("systemd/asp-watch.service.in")
    kept = re.search(r"(?m)^CapabilityBoundingSet=(.*)", unit)[1].lower().replace("cap_", "+").split()
    limits = ["setpriv", "--no-new-privs", "--inh-caps=-all", "--bounding-set=" + ",".join(["-all", *kept])]
    ssh.stack("asp-only", "imap", "sshd")
    mails = idle("alice", ssh.create("alice", "Phone", "--app", "mail"))
    session = ssh.begin("alice", ssh.create("alice", "Laptop", "--app", "ssh"))
    other = ssh.begin("alice", ssh.create("alice", "Desktop", "--app", "ssh"))
    ids = [entry["id"] for entry in ssh.json("list", "alice") if entry["label"] != "Desktop"]
    ssh.sandbox.run(*limits, ssh.admin, "revoke", "alice", *ids).done()
    assert mails.line() == "over"
    assert session.line() == "over"
    assert other.line(0.3) is None
