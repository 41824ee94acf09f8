"""A real Apache asks pam_asp as www-data and serves files by WebDAV: the shipped recipe and curl."""

import base64
import re

import pytest
from support.passwords import PRIMARY, wrong
from support.recipes import recipe
from support.web import CLIENT, Web, open_web

HOST = "files.example.org"
PROXIED_PORT = 8443
ROOT = "/srv/webdav"

# What Debian's package does when it is installed, where it was only unpacked, and what the recipe asks for.
MODULES = (
    "alias",
    "auth_basic",
    "authn_core",
    "authn_file",
    "authz_core",
    "authz_host",
    "authz_user",
    "autoindex",
    "deflate",
)
MODULES += ("dir", "env", "filter", "mime", "mpm_event", "negotiation", "reqtimeout", "setenvif", "status")
STEPS = """
mkdir -p /run/lock /run/apache2 /var/log/apache2
: >/etc/apache2/ports.conf
rm -f /etc/apache2/sites-enabled/*
for module in "$@"; do
    a2enmod --quiet "$module"
done
a2enconf --quiet other-vhosts-access-log
install -d -o www-data -g www-data -m 750 /srv/webdav/alice /srv/webdav/bob
echo "ServerName $HOSTNAME" >>/etc/apache2/apache2.conf
"""

# As PHP is enabled on Debian: a section for files by their names.
RUNS = '<FilesMatch "\\.run$">\n    SetHandler server-status\n</FilesMatch>\n'


class Webdav(Web):
    host = HOST
    service = "webdav"

    def site(self, name, *changes):
        self.recipe("apache/webdav.conf", f"/etc/apache2/sites-enabled/{name}.conf", *changes)

    def restart(self):
        """Apache anew, as `service apache2 restart` does it."""
        self.sandbox.shell(
            "[[ ! -s /run/apache2/apache2.pid ]] || { apachectl -k stop;"
            "while [[ -e /run/apache2/apache2.pid ]]; do sleep 0.02; done; }; apachectl -k start",
        ).done()
        self.sandbox.wait_for_port(self.port)

    def reset(self, *configuration):
        super().reset(*configuration)
        self.sandbox.shell(f"rm -rf {ROOT}/*/* {ROOT}/*/.[a-z]*").done()
        self.stack()

    def put(self, login, path, text, *more):
        return self.curl(login, path, *more, "--upload-file", "-", input=text)[0]

    def get(self, login, path, *more, **options):
        return self.curl(login, path, *more, **options)

    def carry(self, method, login, path, target):
        return self.curl(login, path, "--request", method, "--header", f"Destination: {target}")[0]


@pytest.fixture(scope="module")
def webdav_box(sandboxes, layer, build):
    box = open_web(layer, build, HOST, "apache2", "a2enmod", "ab", "/usr/lib/apache2/modules/mod_authnz_pam.so")
    (enabled,) = re.findall("(?m)^# +a2enmod (.*)$", recipe("apache/webdav.conf"))
    box.shell(STEPS, *MODULES, *enabled.split(), "remoteip").done()
    service = Webdav(box, build)
    service.stack()
    service.site("webdav", (r"(?m)\A", "Listen 443\n"))
    service.site(
        "proxied",
        (r"(?m)\A", f"Listen {PROXIED_PORT}\n"),
        ("VirtualHost (.*):443", rf"VirtualHost \1:{PROXIED_PORT}"),
        # One of that name there is already.
        ("WebDAVHome", "ProxiedHome"),
        ("#RemoteIPHeader", "RemoteIPHeader"),
        ("#RemoteIPInternalProxy 192.0.2.1", "RemoteIPInternalProxy 127.0.0.1"),
    )
    box.write("/etc/apache2/conf-enabled/runs.conf", RUNS)
    service.start_broker()
    service.restart()
    yield service
    service.sandbox.shell("apachectl -k stop")
    box.close()


@pytest.fixture
def webdav(webdav_box):
    """Apache with the recipe, before anybody has an app password or a file."""
    webdav_box.reset()
    return webdav_box


@pytest.fixture
def phone(webdav):
    """alice's name and an app password of hers for the files."""
    return "alice:" + webdav.create("alice", "Phone", "--app", "webdav")


@pytest.fixture
def bob(webdav):
    return "bob:" + webdav.create("bob", "Phone", "--app", "webdav")


def test_an_app_password_stores_and_fetches_and_the_log_names_the_client(webdav, phone):
    assert webdav.put(phone, "/files/alice/letter", "Dear Bob\n") == 201
    assert webdav.get(phone, "/files/alice/letter") == (200, "Dear Bob\n")
    for line in webdav.log(2):
        assert line.text == (
            f'verdict=accepted rhost={CLIENT} user="alice" service="webdav" app="webdav" id={phone[6:8]} label="Phone" '
            'via="www-data"'
        )
    assert webdav.get(phone, "/files/alice/letter", "--interface", "::1", "--resolve", f"{HOST}:443:[::1]")[0] == 200
    assert webdav.log(1)[0].word("rhost") == "::1"


def test_folders_are_made_listed_moved_and_removed(webdav, phone):
    here = f"https://{HOST}/files/alice"
    assert webdav.curl(phone, "/files/alice/new/", "--request", "MKCOL")[0] == 201
    assert webdav.put(phone, "/files/alice/new/letter", "Dear Bob\n") == 201
    assert webdav.carry("COPY", phone, "/files/alice/new/letter", f"{here}/copy") == 201
    assert webdav.carry("MOVE", phone, "/files/alice/copy", f"{here}/other") == 201
    status, body = webdav.curl(phone, "/files/alice/", "--request", "PROPFIND", "--header", "Depth: 1")
    assert status == 207
    found = sorted(re.findall("<D:href>(.*?)</D:href>", body))
    assert found == ["/files/alice/", "/files/alice/new/", "/files/alice/other"]
    assert webdav.curl(phone, "/files/alice/new/", "--request", "DELETE")[0] == 204
    assert webdav.get(phone, "/files/alice/new/letter")[0] == 404


def test_other_passwords_are_refused(webdav, phone, bob):
    diary = webdav.create("alice", "Diary", "--app", "calendar")
    for login in (f"alice:{diary}", wrong(phone), f"carol:{phone[6:]}", "alice:" + PRIMARY["alice"], None):
        assert webdav.put(login, "/files/alice/letter", "no") == 401, login
    assert webdav.verdicts(4) == ["wrong-app", "wrong-secret", "no-account", "not-an-app-password"]
    assert webdav.sandbox.run("ls", f"{ROOT}/alice").out == ""


def test_a_revoked_password_is_refused_at_the_very_next_request(webdav, phone):
    """Also over the connection that it had opened."""
    other = "alice:" + webdav.create("alice", "Laptop", "--app", "webdav")
    with webdav.connection() as request:
        assert request(phone, "/files/alice/", "PROPFIND")[0] == 207
        webdav.asp_admin("revoke", "alice", phone[6:8]).done()
        assert request(phone, "/files/alice/", "PROPFIND")[0] == 401
        assert request(other, "/files/alice/", "PROPFIND")[0] == 207
    lines = webdav.log(3)
    assert [line.word("verdict") for line in lines] == ["accepted", "revoked", "accepted"]
    assert lines[1].word("label") == "Phone"


def test_a_user_has_her_own_folder_alone(webdav, phone, bob):
    assert webdav.put(bob, "/files/bob/letter", "Dear Alice\n") == 201
    for path in ("/files/bob/letter", "/files/alice/../bob/letter", "/files//bob/letter", "/files/", "/files"):
        for method in ("GET", "PUT", "DELETE", "PROPFIND", "LOCK"):
            assert webdav.curl(phone, path, "--request", method)[0] in (403, 404, 405), (path, method)
    assert webdav.get(bob, "/files/bob/letter") == (200, "Dear Alice\n")


@pytest.mark.parametrize(
    "target", ["/bob/x", "/alice/../bob/x", "/alice/%2e%2e/bob/x", "//bob/x", "/bob/letter", "/x", "/bob"]
)
def test_nothing_is_carried_into_the_folder_of_another(webdav, phone, bob, target):
    assert webdav.put(phone, "/files/alice/letter", "Dear Bob\n") == 201
    assert webdav.put(bob, "/files/bob/letter", "Dear Alice\n") == 201
    for method in ("COPY", "MOVE"):
        status = webdav.carry(method, phone, "/files/alice/letter", f"https://{HOST}/files{target}")
        assert status in (403, 405), status
    assert webdav.sandbox.shell(f"cd {ROOT}; find -type f").out.split() == ["./bob/letter", "./alice/letter"]
    assert webdav.get(bob, "/files/bob/letter") == (200, "Dear Alice\n")


def test_what_was_put_there_is_never_run_and_changes_nothing(webdav, phone):
    assert webdav.put(phone, "/files/alice/a.run", "just a text\n") == 201
    assert webdav.get(phone, "/files/alice/a.run") == (200, "just a text\n")
    assert webdav.put(phone, "/files/alice/.htaccess", "What Apache does not know\n") == 201
    assert webdav.get(phone, "/files/alice/a.run")[0] == 200


def test_networks_hold_for_the_address_of_the_connection_or_of_the_client_of_a_named_proxy(webdav):
    far = "alice:" + webdav.create("alice", "Far", "--app", "webdav", "--from", "203.0.113.0/24")
    said = ("--header", "X-Forwarded-For: 198.51.100.9, 203.0.113.7")
    proxy = ("--interface", "127.0.0.1")
    assert webdav.get(far, "/files/alice/x", *said)[0] == 401
    assert webdav.get(far, "/files/alice/x", *said, port=PROXIED_PORT)[0] == 401
    assert webdav.get(far, "/files/alice/x", *proxy, port=PROXIED_PORT)[0] == 401
    assert webdav.get(far, "/files/alice/x", *said, *proxy, port=PROXIED_PORT)[0] == 404
    assert [line.word("rhost") for line in webdav.log(4)] == [CLIENT, CLIENT, "127.0.0.1", "203.0.113.7"]


@pytest.mark.parametrize("name", ["alice\0", "alice\n", "alice\r\nX: y", "\0alice"])
def test_a_name_with_control_bytes_is_no_users(webdav, phone, name):
    said = base64.b64encode(f"{name}:{phone[6:]}".encode()).decode()
    assert webdav.curl(None, "/files/alice/", "--header", f"Authorization: Basic {said}")[0] == 401
    # A password behind a zero byte is none.
    line = webdav.log_file.logged(r"pam_asp\(webdav:auth\)|asp-broker\[")
    assert "verdict=no-account" in line or line.endswith("no password was given")


def test_many_at_once_are_all_answered(webdav, phone):
    """Apache's threads share the module."""
    assert webdav.put(phone, "/files/alice/letter", "Dear Bob\n") == 201
    url = f"https://{HOST}/files/alice/letter"
    run = webdav.sandbox.run("ab", "-q", "-n", "300", "-c", "32", "-A", phone, url).done()
    assert re.search(r"Complete requests: +300\n", run.out)
    assert re.search(r"Failed requests: +0\n", run.out)
    assert "Non-2xx" not in run.out
    assert webdav.verdicts(301) == ["accepted"] * 301


def test_without_the_broker_requests_are_refused_at_once_and_the_log_says_what_to_start(webdav, phone):
    with webdav.without_broker(), webdav.connection() as request:
        for _ in range(3):
            status, seconds = request(phone, "/files/alice/", "PROPFIND")
            assert status == 401
            assert seconds < 0.9
        for line in webdav.log(3):
            assert (line.severity, line.by, line.word("verdict")) == (3, "webdav:auth", "unavailable")
            assert line.word("rhost") == "127.0.0.1"
            assert "start asp-broker.socket" in line.word("cause")
    assert webdav.get(phone, "/files/alice/x")[0] == 404


def test_while_the_broker_hangs_a_request_is_refused_in_about_a_second(webdav, phone):
    with webdav.connection() as request:
        with webdav.broker.hung():
            status, seconds = request(phone, "/files/alice/", "PROPFIND")
            assert status == 401
            assert 0.9 < seconds < 2.5
            (line,) = webdav.log(1)
            assert (line.severity, line.word("verdict")) == (3, "unavailable")
            assert "restart asp-broker.service" in line.word("cause")
        assert request(phone, "/files/alice/", "PROPFIND")[0] == 207


def test_no_log_holds_a_password(webdav, phone):
    assert webdav.get(phone, "/files/alice/x")[0] == 404
    assert webdav.get(wrong(phone), "/files/alice/x")[0] == 401
    assert webdav.get("alice:" + PRIMARY["alice"], "/files/alice/x")[0] == 401
    webdav.log(3)
    password = phone[6:]
    for log in ("/run/messages", "/var/log/apache2/error.log", "/var/log/apache2/other_vhosts_access.log"):
        text = webdav.sandbox.read(log)
        assert "alice" in text, "the log is the one written to"
        for secret in (password, password.replace("-", ""), password[6:11], PRIMARY["alice"]):
            assert secret not in text
