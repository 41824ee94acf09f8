"""Proxies that have no PAM ask asp-web --authorize, as the shipped recipes say, with a real Radicale behind them: nginx, Caddy
and HAProxy, curl and vdirsyncer."""

import os
import re
import signal
import subprocess
import time

import pytest
from support.account_page import AspWeb, Later
from support.authorize import AUTHORIZE, USERS, ask
from support.caldav import HOST, RADICALE_SOCKET, SHOW, Caldav, event, open_door, start_radicale
from support.long import repeated_but
from support.passwords import PRIMARY, wrong
from support.processes import child_of
from support.recipes import CONF, recipe
from support.run import MORTAL
from support.wait import LONG, wait_until
from support.web import CLIENT, open_web
from test_asp_web_proxy import Caddy, Nginx, Proxy


class Dav(Caldav, Proxy):
    """A proxy by the name of the recipe, with Radicale behind it. PAM is asked for nothing here."""

    host = HOST
    door = RADICALE_SOCKET  # where Radicale is reached
    asked = AUTHORIZE  # and asp-web

    def __init__(self, box, build):
        super().__init__(box, build)
        self.asp_web = AspWeb(box, build)

    def stack(self, name="asp-only"):
        """There is none."""

    def reset(self, *configuration):
        super().reset(*(configuration or re.findall(r"(?m)^# {8}((?:broker|web): .*)$", recipe(self.recipe_name))))

    def unit(self, name, key):
        """The last that the shipped unit, or the recipe's drop-in, says for a key."""
        folder, unit = ("radicale", name) if name.startswith("radicale") else ("systemd", name)
        drop_in = f"/etc/systemd/system/{name}.d/proxy.conf"
        text = (CONF / folder / unit).read_text()
        if self.sandbox.run("test", "-e", drop_in).code == 0:
            text += self.sandbox.read(drop_in)
        return re.findall(rf"(?m)^{key}=(.+)$", text)[-1]

    def put(self, login, path):
        """With its length, as devices send it."""
        words = ("--request", "PUT", "--header", "Content-Type: text/calendar", "--data-binary", "@-")
        return self.curl(login, path, *words, input=event("one"))[0]

    def start_asp_web(self):
        """As systemd does: with the socket that the units say, and their group."""
        where, group = (self.unit("asp-authorize.socket", key) for key in ("ListenStream", "SocketGroup"))
        assert where == self.asked
        self.asp_web.stop()
        words = ["systemd-socket-activate", f"--listen={where}", self.asp_web.program, "--authorize"]
        self.asp_web.process = self.sandbox.start(*MORTAL, *words, stderr=subprocess.DEVNULL)
        self.sandbox.wait_for_socket(where)
        self.sandbox.shell('chown "root:$2" "$1"; chmod 660 "$1"', where, group).done()
        # It is begun by the first who asks.
        assert ask(self.asp_web.inside(where), None, "caldav").status == 401


class NginxDav(Dav, Nginx):
    recipe_name = "nginx/authorize.conf"
    without_asp_web = 503


class CaddyDav(Dav, Caddy):
    recipe_name = "caddy/authorize"
    without_asp_web = 502


class HaproxyDav(Dav):
    recipe_name = "haproxy/authorize.cfg"
    program = "haproxy"
    ready = """
    useradd --system --user-group --no-create-home --home-dir /var/lib/haproxy haproxy
    install -d /var/lib/haproxy /run/haproxy
    """
    door = "/var/lib/haproxy/radicale.sock"
    asked = "/var/lib/haproxy/asp-authorize.sock"
    without_asp_web = 503
    gathers = False
    process = None

    def begin(self):
        self.process = self.sandbox.start(*MORTAL, "haproxy", "-Ws", "-f", "/etc/haproxy/haproxy.cfg", stderr=subprocess.DEVNULL)

    def stop(self):
        if self.process is not None:
            os.kill(child_of(self.process), signal.SIGTERM)
            self.process.wait(LONG)
            self.process = None


PROXIES = (NginxDav, CaddyDav, HaproxyDav)


@pytest.fixture(scope="module", params=PROXIES)
def dav_box(request, sandboxes, layer, build, asp_web):
    box = open_web(layer, build, HOST, request.param.program, "radicale", "vdirsyncer", "systemd-socket-activate")
    box.shell(USERS + request.param.ready).done()
    start_radicale(box)
    dav = request.param(box, build)
    dav.reset()
    dav.follow(dav.recipe_name)
    open_door(box, dav.unit("radicale-door.socket", "ListenStream"), dav.unit("radicale-door.socket", "SocketGroup"))
    dav.start_broker()
    dav.start_asp_web()
    dav.restart()
    yield dav
    dav.stop()
    dav.asp_web.stop()
    box.close()


@pytest.fixture
def dav(dav_box):
    """With the recipe, before anybody has an app password or a calendar."""
    dav_box.reset()
    return dav_box


@pytest.fixture
def phone(dav):
    return "alice:" + dav.create("alice", "Phone", "--app", "calendar")


@pytest.mark.parametrize("dav_box", repeated_but((CaddyDav,), PROXIES), indirect=True)
def test_vdirsyncer_carries_events_and_contacts_until_its_password_is_revoked(dav, phone):
    dav.revoke_the_laptop(dav.sync_a_laptop(phone), "caldav")


def test_an_app_password_opens_and_the_log_names_the_client(dav, phone):
    assert dav.propfind(phone) == (207, "alice")
    (line,) = dav.log(1)
    assert line.text == (
        f'verdict=accepted rhost={CLIENT} user="alice" service="caldav" app="calendar" id={phone[6:8]} label="Phone" '
        'via="asp-authorize"'
    )


def test_others_are_told_to_sign_in(dav, phone):
    mail = dav.create("alice", "Mail", "--app", "mail")
    for login in (None, f"alice:{mail}", wrong(phone), *(f"{user}:{password}" for user, password in PRIMARY.items())):
        status, answer = dav.curl(login, "/alice/", "--include")
        assert status == 401, login
        assert answer.lower().count('www-authenticate: basic realm="caldav", charset="utf-8"') == 1, answer
    assert dav.verdicts(4) == ["wrong-app", "wrong-secret", "not-an-app-password", "no-account"]


def test_a_revoked_password_is_refused_at_the_very_next_request(dav, phone):
    assert dav.propfind(phone)[0] == 207
    dav.asp_admin("revoke", "alice", phone[6:8]).done()
    assert dav.propfind(phone)[0] == 401
    assert dav.verdicts(2) == ["accepted", "revoked"]


def test_an_event_is_stored_and_its_body_asked_about_with_nobody(dav, phone):
    """A request with a body, and one whose body comes in pieces, which Radicale does not read where the proxy does not put
    them together."""
    dav.make(phone, "/alice/diary/")
    assert "SUMMARY:one" in dav.curl(phone, "/alice/diary/one.ics")[1]
    pieces = ("--header", "Transfer-Encoding: chunked", "--upload-file", "-")
    status, _ = dav.curl(phone, "/alice/diary/two.ics", *pieces, input=event("two"))
    assert status == (201 if dav.gathers else 400)
    assert set(dav.verdicts(4)) == {"accepted"}


def test_without_the_broker_it_is_503_and_without_asp_web_no_401(dav, phone):
    with dav.without_broker():
        for login in (phone, wrong(phone)):
            status, answer = dav.curl(login, "/alice/", "--include")
            assert status == 503 and "www-authenticate" not in answer.lower()
    assert dav.propfind(phone)[0] == 207
    dav.asp_web.stop()
    try:
        assert dav.curl(phone, "/alice/")[0] == dav.without_asp_web
    finally:
        dav.sandbox.run("rm", "-f", dav.asked).done()
        dav.start_asp_web()
    assert dav.propfind(phone)[0] == 207


def test_while_the_broker_hangs_the_proxy_serves_others(dav, phone):
    with dav.broker.hung():
        begin = time.monotonic()
        later = Later(lambda: dav.curl(phone, "/alice/")[0])
        assert dav.curl(None, "/.well-known/caldav")[0] == 301
        assert dav.curl(None, "/alice/")[0] == 401
        assert time.monotonic() - begin < 0.9
        assert later.result() == 503
    wait_until(lambda: dav.propfind(phone)[0] == 207, "it goes on")


def test_a_guarded_service_is_answered_for_nobody(dav):
    """What comes of it when somebody makes the service of the recipe one: neither the broker nor asp-web answers."""
    lines = re.findall(r"(?m)^# {8}((?:broker|web): .*)$", recipe(dav.recipe_name))
    dav.reset('guarded = [ "caldav" ];', *lines)
    phone = "alice:" + dav.create("alice", "Phone", "--app", "calendar")
    assert dav.propfind(phone)[0] == 503


FORGED = ("X-Remote-User", "x-remote-user", "X_Remote_User", "X-Remote_User", "X_REMOTE-USER", "Remote-User", "Remote_User")


def test_a_user_that_a_client_names_is_nobody(dav, phone):
    for name in FORGED:
        assert dav.propfind(phone, "/", "--header", f"{name}: bob") == (207, "alice"), name
        assert dav.propfind(wrong(phone), "/", "--header", f"{name}: bob")[0] == 401, name
        assert dav.propfind(None, "/", "--header", f"{name}: bob")[0] == 401, name


def test_what_radicale_gets_is_the_account_and_no_password(dav, phone):
    """In its place is one that shows what it is sent."""
    box = dav.sandbox
    box.shell('mv "$1" "$1.real"', dav.door).done()
    process = box.start(*MORTAL, "/usr/bin/python3", "-c", SHOW, dav.door, stdin=subprocess.DEVNULL)
    box.wait_for_socket(dav.door)
    try:
        forged = [word for name in (*FORGED, "Asp-Id", "Asp-App", "Asp_Id", "asp_app") for word in ("--header", f"{name}: bob")]
        status, headers = dav.curl(phone, "/", *forged, "--header", "Cookie: theirs=1")
    finally:
        os.kill(child_of(process), signal.SIGKILL)
        process.wait()
        box.shell('mv "$1.real" "$1"', dav.door).done()
    assert status == 200
    assert "bob" not in headers and "authorization" not in headers and "cookie: theirs=1\n" in headers
    assert re.findall("(?m)^(.*remote.user): (.*)$", headers) == [("x-remote-user", "alice")]
    assert phone[6:] not in headers


def test_where_it_is_asked_nobody_asks_from_outside(dav, phone):
    for path in ("/asp-authorize", "/authorize/caldav"):
        status, answer = dav.curl(phone, path, "--include")
        assert status in (403, 404) and "asp-id" not in answer.lower(), path


def test_a_path_is_a_path_whatever_is_in_it(dav, phone):
    for path in ("/alice/%2e%2e/bob/", "//bob/", "/alice/?x=1", "/.well-known/../bob/"):
        assert dav.curl(wrong(phone), path)[0] in (400, 401), path
    assert dav.curl(None, "/.well-known/caldav")[0] == 301


def test_the_way_back_leaves_nothing(dav):
    """The last of this sandbox."""
    dav.stop()
    dav.go_back(dav.recipe_name)
    for name in ("nginx/sites-enabled", "caddy", "haproxy", "systemd/system/asp-authorize.socket.d"):
        assert dav.sandbox.shell(f"find /etc/{name} -name '*asp-*' 2>/dev/null || true").done().out == "", name
    assert dav.sandbox.shell("cat /etc/haproxy/haproxy.cfg /etc/caddy/Caddyfile 2>/dev/null | grep asp- || true").done().out == ""
