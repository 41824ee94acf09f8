"""A real Cyrus IMAP, set up by what the recipe says and nothing else: it asks saslauthd, which asks PAM."""

import subprocess

import pytest
from support.passwords import PRIMARY, wrong
from support.recipes import recipe
from support.run import MORTAL
from support.sandbox import open_installed
from support.service import Service

RECIPE = "cyrus/imapd-asp.conf"
# What the packages do when they are installed.
PACKAGES = """
getent group sasl >/dev/null || groupadd --system sasl
useradd --system --gid mail --home-dir /var/spool/cyrus --shell /bin/sh cyrus
chown cyrus:mail /var/lib/cyrus /var/spool/cyrus /var/spool/sieve
chmod 750 /var/lib/cyrus
install -d -o cyrus -g mail /run/cyrus
install -d -o cyrus -g mail -m 750 /run/cyrus/socket
cyrus makedirs --cleansquat
install -o cyrus -g mail -m 600 /dev/null /var/lib/cyrus/user_deny.db
cp -p /usr/lib/cyrus/cyrus-hardwired-config.txt /usr/lib/cyrus/cyrus-hardwired-config.active
"""
MASTER = "cyrmaster"

# A session: says that it is in, and then whether the server has ended it.
SESSION = """
import imaplib, ssl, sys
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
session = imaplib.IMAP4_SSL("127.0.0.1", ssl_context=context)
session.login(*sys.stdin.readline().split())
print("in", flush=True)
sys.stdin.readline()
session.sock.settimeout(30)
try:
    session.noop()
    print("still in", flush=True)
except (OSError, imaplib.IMAP4.error):
    print("out", flush=True)
"""


class Cyrus(Service):
    def curl(self, user, password, scheme="imaps"):
        """Whether she is let in."""
        words = "curl -q --silent --show-error --noproxy * --max-time 30 --insecure --config -".split()
        run = self.sandbox.run(*words, f"{scheme}://127.0.0.1/", input=f'user = "{user}:{password}"\n')
        assert run.code in (0, 67), run  # 67: the login was refused
        return run.code == 0

    def session(self, user, password):
        client = self.sandbox.start("/usr/bin/python3", "-c", SESSION, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        client.stdin.write(f"{user} {password}\n")
        client.stdin.flush()
        assert client.stdout.readline() == "in\n"
        return client

    def saslauthd(self, command):
        return self.sandbox.run("/etc/init.d/saslauthd", f"{command}-instance", "saslauthd")


@pytest.fixture(scope="module")
def cyrus_box(sandboxes, layer, build):
    box = open_installed(layer, build, MASTER, "saslauthd", "start-stop-daemon", "adduser", "openssl", "curl")
    box.shell(PACKAGES).done()
    service = Cyrus(box, build)
    service.reset()
    service.follow(RECIPE)
    service.saslauthd("start").done()
    box.start(*MORTAL, MASTER, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    box.wait_for_port(993)
    yield service
    service.saslauthd("stop")
    box.close()


@pytest.fixture
def cyrus(cyrus_box):
    """Cyrus with the recipe as it is, before anybody has an app password."""
    cyrus_box.reset()
    return cyrus_box


@pytest.fixture
def phone(cyrus):
    return cyrus.create("alice", "Phone", "--app", "mail")


# Lesson: a recipe that its test helped along.
def test_an_app_password_opens(cyrus, phone):
    assert cyrus.curl("alice", phone)
    (line,) = cyrus.log(1)
    assert line.text == f'verdict=accepted rhost=- user="alice" service="imap" app="mail" id={phone[:2]} label="Phone"'


def test_what_was_not_made_for_it_is_refused(cyrus, phone):
    diary = cyrus.create("alice", "Diary", "--app", "calendar")
    for user, password in (("alice", diary), ("alice", wrong(phone)), *PRIMARY.items()):
        assert not cyrus.curl(user, password), user
    assert cyrus.verdicts(4) == ["wrong-app", "wrong-secret", "not-an-app-password", "no-account"]


def test_what_is_in_the_library_of_passwords_opens_nothing(cyrus, phone):
    """Debian's configuration asks that one, and not PAM."""
    cyrus.sandbox.run("saslpasswd2", "-p", "-c", "alice", input="in-the-library").done()
    assert not cyrus.curl("alice", "in-the-library")
    assert cyrus.verdict() == "not-an-app-password"


def test_a_revoked_app_password_is_refused_at_the_next_login(cyrus, phone):
    assert cyrus.curl("alice", phone)
    cyrus.asp_admin("revoke", "alice", phone[:2]).done()
    cyrus.set_primary("alice", phone)  # the worst case: pam_unix would take this very text
    assert not cyrus.curl("alice", phone)
    assert cyrus.verdicts(2) == ["accepted", "revoked"]


def test_without_an_address_an_app_password_with_networks_is_refused(cyrus):
    near = cyrus.create("alice", "Near", "--app", "mail", "--from", "127.0.0.0/8")
    assert not cyrus.curl("alice", near)
    assert cyrus.verdict() == "wrong-network"


def test_nobody_logs_in_without_tls(cyrus, phone):
    assert not cyrus.curl("alice", phone, "imap")
    cyrus.log(0)


@pytest.mark.parametrize("hook", [False, True], ids=["without-the-hook", "with-the-hook"])
def test_the_hook_ends_the_sessions_of_the_user_and_of_nobody_else(cyrus, hook):
    cyrus.install("hooks/cyrus", "/etc/asp/hooks/cyrus", "755")
    if hook:
        cyrus.configure('hooks: { revoked = "/etc/asp/hooks/cyrus"; };')
    alices, bobs = (cyrus.create(user, "Phone", "--app", "mail") for user in ("alice", "bob"))
    clients = [cyrus.session("alice", alices), cyrus.session("bob", bobs)]
    cyrus.asp_admin("revoke", "alice", alices[:2]).done()
    said = [client.communicate("\n", timeout=60)[0] for client in clients]
    assert said == ["out\n" if hook else "still in\n", "still in\n"]


def test_the_way_back_leads_back(cyrus):
    shipped = recipe(RECIPE)
    assert shipped == cyrus.sandbox.read("/etc/imapd-asp.conf")
    cyrus.go_back(RECIPE)
    try:
        settings = cyrus.sandbox.read("/etc/imapd.conf")
        assert "asp" not in settings
        assert "common-auth" in cyrus.sandbox.read("/etc/pam.d/imap")
        assert cyrus.sandbox.run("test", "-e", "/etc/pam.d/http").code != 0
    finally:
        cyrus.follow(RECIPE)
