"""A real ejabberd with the shipped recipe, asked by a small XMPP client over TLS. Its helper that asks PAM is not root
and has no set-uid bit: asp-broker answers.
"""

import re
import subprocess

import pytest
from support.broker import serving
from support.hook_recipes import HOOKS, confined
from support.passwords import PRIMARY, wrong
from support.recipes import CONF, recipe
from support.run import MORTAL, as_user
from support.sandbox import open_installed
from support.service import Service

EPAM = "/usr/lib/erlang/p1_pam/bin/epam"
WITHOUT_A_BROKER = 'broker: { socket = "/run/asp/nobody.sock"; };'
(BROKER,) = re.findall(r"(?m)^ +(broker: .*)$", recipe("ejabberd/README"))
AS_EJABBERD = (*as_user("ejabberd"), "env", "HOME=/var/lib/ejabberd")

CLIENT = """
import base64, socket, ssl, sys
user, password = sys.stdin.read().split("\\n")
open_stream = b"<stream:stream to='localhost' version='1.0' xmlns='jabber:client'"
open_stream += b" xmlns:stream='http://etherx.jabber.org/streams'>"

def until(*ends):
    text = b""
    while not any(end in text for end in ends):
        more = line.recv(65536)
        assert more, text
        text += more
    return text

line = socket.create_connection(("127.0.0.1", 5222), timeout=30)
line.sendall(open_stream)
offer = until(b"</stream:features>")
assert b"<mechanism>" not in offer, offer
line.sendall(b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
until(b"<proceed")
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
line = context.wrap_socket(line)
line.sendall(open_stream)
offer = until(b"</stream:features>")
assert offer.count(b"<mechanism>") == offer.count(b"<mechanism>PLAIN</mechanism>") == 1, offer
token = base64.b64encode(b"\\0".join([b"", user.encode(), password.encode()]))
line.sendall(b"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>" + token + b"</auth>")
answer = until(b"<success", b"</failure>")
assert b"<success" in answer or b"<not-authorized/>" in answer, answer
print("in" if b"<success" in answer else "refused", flush=True)
"""

# The same, which then holds a session and says when it is over.
SESSION = CLIENT + """
line.sendall(open_stream)
until(b"</stream:features>")
line.sendall(b"<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>")
until(b"</iq>")
print("bound", flush=True)
line.settimeout(120)
while line.recv(65536):
    pass
print("over", flush=True)
"""


def hang_up(*clients):
    for client in clients:
        client.kill()
        client.wait()
        client.stdout.close()


class Xmpp(Service):
    def is_counted(self, line):
        return line.is_decision

    def texts(self, count):
        return [line.text for line in self.log(count)]

    def configure_ejabberd(self, text):
        """Has ejabberd read these settings in place of the shipped ones."""
        self.sandbox.write("/etc/ejabberd/asp.yml", text)
        self.sandbox.run(*AS_EJABBERD, "ejabberdctl", "reload_config").done()

    def login(self, user, password):
        """Whether the client is let in."""
        run = self.sandbox.run("/usr/bin/python3", "-c", CLIENT, input=f"{user}\n{password}").done()
        assert run.out in ("in\n", "refused\n"), run
        return run.out == "in\n"

    def session(self, user, password):
        client = self.sandbox.start("/usr/bin/python3", "-c", SESSION, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        client.stdin.write(f"{user}\n{password}")
        client.stdin.close()
        assert [client.stdout.readline() for _ in range(2)] == ["in\n", "bound\n"]
        return client

    def connected(self):
        """Whose sessions there are."""
        run = self.sandbox.run(*AS_EJABBERD, "ejabberdctl", "connected_users", timeout=400).done()
        return [line.partition("@")[0] for line in run.out.split()]


@pytest.fixture(scope="module")
def xmpp_box(sandboxes, layer, build):
    box = open_installed(layer, build, "ejabberdctl", EPAM)
    box.shell(
        "getent passwd ejabberd >/dev/null ||"
        "  useradd --system --user-group --home-dir /var/lib/ejabberd --shell /bin/sh ejabberd;"
        "getent group asp >/dev/null || groupadd --system asp; usermod --append --groups asp ejabberd;"
        "for folder in /run /var/lib /var/log; do install -d -o ejabberd -g ejabberd -m 750 $folder/ejabberd; done;"
        "[[ -e /etc/default/ejabberd ]] || cp /usr/share/ejabberd/ejabberdctl.cfg.example /etc/default/ejabberd;"
        'install -m 644 "$1" /etc/ejabberd/asp.yml;'
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
        "  -addext subjectAltName=DNS:localhost -keyout /run/key.pem -out /run/cert.pem 2>/dev/null;"
        "cat /run/cert.pem /run/key.pem >/etc/ejabberd/ejabberd.pem;"
        "cp /usr/share/ejabberd/ejabberd.yml.example /etc/ejabberd/ejabberd.yml;"
        "echo 'include_config_file: /etc/ejabberd/asp.yml' >>/etc/ejabberd/ejabberd.yml;"
        "chown -R ejabberd: /etc/ejabberd",
        CONF / "ejabberd" / "asp.yml",
    ).done()
    service = Xmpp(box, build)
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with serving(box, build / "asp-broker" / "asp-broker"):
        box.start(*MORTAL, *AS_EJABBERD, "ejabberdctl", "foreground", **quiet)
        box.wait_for_port(5222)
        yield service
    box.close()


@pytest.fixture
def xmpp(xmpp_box):
    """ejabberd with the recipe as it is."""
    xmpp_box.reset(BROKER)
    xmpp_box.install("ejabberd/pam-ejabberd", "/etc/pam.d/ejabberd")
    return xmpp_box


def test_an_app_password_opens_through_the_broker(xmpp):
    password = xmpp.create("alice", "Phone", "--app", "ejabberd")
    assert xmpp.login("alice", password)
    assert xmpp.texts(1) == [
        'verdict=accepted rhost=- user="alice" service="ejabberd" app="ejabberd"'
        f' id={password[:2]} label="Phone" via="ejabberd"'
    ]
    used = xmpp.entry(password[:2])["last_used"]
    assert (used["service"], used["rhost"]) == ("ejabberd", None)


def test_the_helper_has_no_right_of_its_own(xmpp):
    """Or the broker would not be what has answered."""
    assert xmpp.sandbox.run("stat", "-c", "%A", EPAM).done().out == "-rwxr-xr-x\n"
    assert xmpp.sandbox.shell("ps -o user= -p $(pgrep -x epam)").done().out == "ejabberd\n"
    assert xmpp.sandbox.run(*AS_EJABBERD, "ls", "/var/lib/asp").code != 0


def test_what_is_no_app_password_made_for_it_is_refused(xmpp):
    password = xmpp.create("alice", "Phone", "--app", "ejabberd")
    mail = xmpp.create("alice", "Mail", "--app", "mail")
    assert not xmpp.login("alice", wrong(password))
    assert not xmpp.login("alice", mail)
    assert not xmpp.login("alice", PRIMARY["alice"])
    assert not xmpp.login("bob", PRIMARY["bob"])
    assert xmpp.verdicts(4) == ["wrong-secret", "wrong-app", "not-an-app-password", "no-account"]


def test_a_revoked_app_password_is_refused_at_the_very_next_login(xmpp):
    password = xmpp.create("alice", "Old phone", "--app", "ejabberd")
    other = xmpp.create("alice", "New phone", "--app", "ejabberd")
    assert xmpp.login("alice", password)
    xmpp.asp_admin("revoke", "alice", password[:2]).done()
    assert not xmpp.login("alice", password)
    assert xmpp.login("alice", other)
    (_, refused, _) = xmpp.texts(3)
    assert refused == (
        'verdict=revoked rhost=- user="alice" service="ejabberd" app="ejabberd"'
        f' id={password[:2]} label="Old phone" via="ejabberd"'
    )


def test_with_ejabberds_cache_a_revoked_app_password_would_go_on(xmpp):
    """What the recipe turns it off for."""
    cached = recipe("ejabberd/asp.yml", (r"(?m)^auth_use_cache: false$", ""))
    password = xmpp.create("alice", "Old phone", "--app", "ejabberd")
    xmpp.configure_ejabberd(cached)
    try:
        assert xmpp.login("alice", password)
        xmpp.asp_admin("revoke", "alice", password[:2]).done()
        assert xmpp.login("alice", password)
        assert xmpp.verdicts(1) == ["accepted"]
    finally:
        xmpp.configure_ejabberd(recipe("ejabberd/asp.yml"))
    assert not xmpp.login("alice", password)
    assert xmpp.verdicts(1) == ["revoked"]


def test_ejabberd_names_no_client_so_an_entry_with_networks_is_refused(xmpp):
    password = xmpp.create("alice", "Here", "--app", "ejabberd", "--from", "127.0.0.0/8", "--from", "::/0")
    assert not xmpp.login("alice", password)
    assert xmpp.verdicts(1) == ["wrong-network"]


def test_the_first_use_binds_to_ejabberd(xmpp):
    password = xmpp.create("alice", "Phone")
    assert xmpp.login("alice", password)
    entry = xmpp.entry(password[:2])
    assert (entry["app"], entry["bound"]["service"]) == ("ejabberd", "ejabberd")


def test_an_aged_primary_and_a_user_unknown_to_the_system_are_no_matter(xmpp):
    aged = xmpp.create("alice", "Phone", "--app", "ejabberd")
    virtual = xmpp.create("carol", "Phone", "--app", "ejabberd", "--virtual")
    xmpp.sandbox.run("chage", "--lastday", "0", "alice").done()
    try:
        assert xmpp.login("alice", aged)
        assert xmpp.login("carol", virtual)
    finally:
        xmpp.sandbox.run("chage", "--lastday", "-1", "alice").done()


def test_without_a_login_the_users_of_the_system_are_those_who_exist(xmpp):
    def exists(user):
        return xmpp.sandbox.run(*AS_EJABBERD, "ejabberdctl", "check_account", user, "localhost").code == 0

    assert exists("alice")
    assert not exists("nobody-of-that-name")
    xmpp.log(0)


@pytest.mark.parametrize(
    ("configuration", "cause"),
    [
        (WITHOUT_A_BROKER, "/run/asp/nobody.sock"),
        ('broker: { clients = ( { user = "ejabberd"; services = [ "imap" ]; } ); };', "broker.clients"),
    ],
    ids=["no-broker", "not-its-service"],
)
def test_who_may_not_ask_the_broker_lets_nobody_in(xmpp, configuration, cause):
    password = xmpp.create("alice", "Phone", "--app", "ejabberd")
    xmpp.sandbox.write("/etc/asp/asp.conf", f"{configuration}\n")
    assert not xmpp.login("alice", password)
    (line,) = xmpp.texts(1)
    assert line.startswith('verdict=unavailable rhost=- user="alice" service="ejabberd" app="ejabberd" id=- label=- ')
    assert cause in line.partition(' cause="')[2]


def test_the_hook_ends_the_sessions_of_the_user_and_of_nobody_else(xmpp):
    xmpp.install("hooks/ejabberd", f"{HOOKS}/ejabberd", "755")
    xmpp.configure(BROKER, f'hooks: {{ revoked = "{HOOKS}/ejabberd"; timeout = 300; }};')
    alices, bobs = (xmpp.create(user, "Phone", "--app", "ejabberd") for user in ("alice", "bob"))
    mail = xmpp.create("alice", "Mail", "--app", "mail")
    alice, bob = xmpp.session("alice", alices), xmpp.session("bob", bobs)
    try:
        xmpp.asp_admin("revoke", "alice", mail[:2]).done()
        assert sorted(xmpp.connected()) == ["alice", "bob"]
        xmpp.asp_admin("revoke", "alice", alices[:2], timeout=400).done()
        assert alice.stdout.readline() == "over\n"
        assert xmpp.connected() == ["bob"]
    finally:
        hang_up(alice, bob)


@pytest.mark.parametrize("let_in", [True, False], ids=["with-the-drop-in", "without"])
def test_the_hook_works_within_the_limits_of_the_unit_of_watch_and_with_the_drop_in_of_its_text(xmpp, let_in):
    client = xmpp.session("alice", xmpp.create("alice", "Phone", "--app", "ejabberd"))
    words = ("env", "ASP_EVENT=revoked", "ASP_SERVICES=ejabberd", "ASP_USER=alice", CONF / "hooks" / "ejabberd")
    try:
        run = xmpp.sandbox.run(*confined("ejabberd", let_in), *words, timeout=400)
        assert (run.code == 0) == let_in, run
        assert ("alice" in xmpp.connected()) == (not let_in)
    finally:
        hang_up(client)


def test_the_hook_hands_on_no_name_that_could_be_something_else(xmpp):
    for name in ("--node", "-x", "a b", "a@b c", "a;b", "$(id)", "a*", "@example.org", ""):
        words = ["ASP_EVENT=revoked", "ASP_SERVICES=ejabberd", f"ASP_USER={name}"]
        run = xmpp.sandbox.run("env", *words, CONF / "hooks" / "ejabberd")
        assert (run.code, run.out) == (1, ""), run
        assert "no session is ended" in run.err
