"""Real FTP servers, each set up by what its recipe says and nothing else, asked by curl over TLS."""

import contextlib
import os
import subprocess

import pytest
from support.ftp import Ftp
from support.passwords import PRIMARY, wrong
from support.run import MORTAL
from support.sandbox import open_installed
from support.wait import wait_until

QUIET = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}

# Holds a session open, before the login, until it is ended.
SESSION = "exec 3<>/dev/tcp/127.0.0.1/21; read -r line <&3; echo ready; cat <&3 >/dev/null"

# A login without TLS: says whether it is let in.
PLAIN = """
import ftplib, sys
try:
    ftplib.FTP("127.0.0.1", *sys.stdin.read().split("\\n"), timeout=30)
    print("in")
except (ftplib.Error, EOFError):
    print("refused")
"""


class Server(Ftp):
    """One of them. Each is the service and the app of its own name."""

    name = recipe = None
    needs = ()
    # What its package does when it is installed.
    package = ""
    # The program in the foreground.
    command = ()
    # What would let the primary password in beside PAM.
    second_way = ""
    # What lists the sessions.
    who = ()
    # What PAM is told of a client of this machine.
    rhost = None
    # What would have PAM told a name in place of the address.
    unnamed = ""

    def start(self):
        self.process = self.sandbox.start(*MORTAL, *self.command, **QUIET)
        self.sandbox.wait_for_port(21)

    def stop(self):
        self.sandbox.shell('pkill -x "$1"', self.name).done()
        self.process.wait(timeout=30)

    @contextlib.contextmanager
    def changed(self, script):
        """Runs with its settings changed, and then as the recipe says again."""
        self.stop()
        self.sandbox.shell(script).done()
        self.start()
        try:
            yield
        finally:
            self.stop()
            self.follow(self.recipe)
            self.start()

    def plain(self, user, password):
        """Whether she is let in without TLS."""
        said = self.sandbox.run("/usr/bin/python3", "-c", PLAIN, input=f"{user}\n{password}").done().out
        assert said in ("in\n", "refused\n"), said
        return said == "in\n"

    def sessions(self):
        """The processes that it lists."""
        words = [line.replace("|", " ").split() for line in self.sandbox.run(*self.who).done().out.splitlines()]
        return [line[0] for line in words if line and line[0].isdigit()]


class Proftpd(Server):
    name = "proftpd"
    recipe = "proftpd/proftpd-asp.conf"
    needs = ("proftpd", "/usr/lib/proftpd/mod_tls.so")
    package = """
        useradd --system --no-create-home --home-dir /run/proftpd --shell /usr/sbin/nologin proftpd
        mkdir -p /run/proftpd
        for file in proftpd modules; do
            [[ -e /etc/proftpd/$file.conf ]] || cp /usr/share/proftpd/templates/$file.conf /etc/proftpd/
        done
    """
    command = ("proftpd", "--nodaemon")
    second_way = "sed -i 's/mod_auth_pam.c[*]/mod_auth_pam.c/' /etc/proftpd/conf.d/asp.conf"
    who = ("ftpwho", "-v")
    rhost = "127.0.0.1"
    unnamed = "sed -i 's/^UseReverseDNS off/UseReverseDNS on/' /etc/proftpd/conf.d/asp.conf"


class PureFtpd(Server):
    name = "pure-ftpd"
    recipe = "pure-ftpd/pam-pure-ftpd"
    needs = ("pure-ftpd", "pure-ftpd-wrapper")
    package = "mkdir -p /run/pure-ftpd"
    command = ("pure-ftpd-wrapper",)
    second_way = """
        ln -s ../conf/UnixAuthentication /etc/pure-ftpd/auth/65unix
        echo yes >/etc/pure-ftpd/conf/UnixAuthentication
    """
    who = ("pure-ftpwho", "-s", "-n")
    rhost = os.uname().nodename


@pytest.fixture(scope="module", params=[Proftpd, PureFtpd], ids=lambda kind: kind.name)
def ftp_box(request, sandboxes, layer, build):
    kind = request.param
    box = open_installed(layer, build, "openssl", "curl", *kind.needs)
    box.shell("mkdir -p /etc/ssl/private /etc/ssl/certs\n" + kind.package).done()
    box.shell('for user in alice bob; do touch "/run/$user/${user}s-file"; done').done()
    server = kind(box, build)
    server.reset()
    server.follow(kind.recipe)
    server.start()
    yield server
    box.close()


@pytest.fixture
def ftp(ftp_box):
    """The server with the recipe as it is, before anybody has an app password."""
    ftp_box.reset()
    return ftp_box


@pytest.fixture
def camera(ftp):
    return ftp.create("alice", "Camera", "--app", ftp.name)


def test_an_app_password_opens(ftp, camera):
    assert ftp.curl("alice", camera)
    (line,) = ftp.log(1)
    assert line.text == (
        f'verdict=accepted rhost={ftp.rhost} user="alice" service="{ftp.name}" app="{ftp.name}" id={camera[:2]} '
        'label="Camera"'
    )


# Lesson: a second way in beside PAM.
def test_primary_passwords_are_refused(ftp, camera):
    for user, primary in PRIMARY.items():
        assert not ftp.curl(user, primary), user
    assert ftp.verdicts(2) == ["not-an-app-password", "no-account"]


# Lesson: a second way in beside PAM.
def test_the_server_could_let_the_primary_password_in_by_itself(ftp, camera):
    """What the recipe has a line against."""
    with ftp.changed(ftp.second_way):
        assert ftp.curl("alice", PRIMARY["alice"])


def test_what_was_not_made_for_it_is_refused(ftp, camera):
    mail = ftp.create("alice", "Mail", "--app", "mail")
    assert not ftp.curl("alice", mail)
    assert not ftp.curl("alice", wrong(camera))
    assert ftp.verdicts(2) == ["wrong-app", "wrong-secret"]


def test_a_revoked_app_password_is_refused(ftp, camera):
    ftp.asp_admin("revoke", "alice", camera[:2]).done()
    ftp.set_primary("alice", camera)  # the worst case: /etc/shadow would take this very text
    assert not ftp.curl("alice", camera)
    assert ftp.verdict() == "revoked"


def test_networks_are_held_to_where_the_client_is_named(ftp):
    near = ftp.create("alice", "Near", "--app", ftp.name, "--from", "127.0.0.0/8")
    far = ftp.create("alice", "Far", "--app", ftp.name, "--from", "192.0.2.0/24")
    named = ftp.rhost == "127.0.0.1"
    assert ftp.curl("alice", near) == named
    assert not ftp.curl("alice", far)
    assert ftp.verdicts(2) == ["accepted" if named else "wrong-network", "wrong-network"]
    if named:
        with ftp.changed(ftp.unnamed):
            assert not ftp.curl("alice", near)
            (line,) = ftp.log(1)
            assert (line.word("verdict"), line.word("rhost")) == ("wrong-network", "localhost")


def test_nobody_logs_in_without_tls(ftp, camera):
    assert not ftp.plain("alice", camera)
    ftp.log(0)


@pytest.mark.parametrize(
    "script",
    ["echo alice >>/etc/ftpusers", "usermod --shell /usr/sbin/nologin alice", "touch /etc/nologin"],
    ids=["listed", "without-a-shell", "nologin"],
)
def test_what_stands_above_the_stack_holds_for_app_passwords_too(ftp, camera, script):
    ftp.sandbox.shell(f"echo daemon >/etc/ftpusers; {script}").done()
    try:
        assert not ftp.curl("alice", camera)
    finally:
        ftp.sandbox.shell("rm -f /etc/ftpusers /etc/nologin; usermod --shell /bin/bash alice").done()
    assert ftp.curl("alice", camera)


def test_an_open_session_is_shown_and_ended_as_the_recipe_says(ftp):
    client = ftp.sandbox.start(*MORTAL, "bash", "-c", SESSION, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    assert client.stdout.readline() == "ready\n"
    wait_until(ftp.sessions, "no session is shown")
    for session in ftp.sessions():
        ftp.sandbox.run("kill", session).done()
    client.communicate(timeout=30)


def test_the_way_back_leads_back(ftp, camera):
    ftp.stop()
    ftp.go_back(ftp.recipe)
    ftp.start()
    try:
        assert not ftp.plain("alice", camera)
        assert ftp.plain("alice", PRIMARY["alice"])
        ftp.log(0)
    finally:
        ftp.stop()
        ftp.follow(ftp.recipe)
        ftp.start()
