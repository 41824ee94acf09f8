"""asp-web behind real web servers, each as its recipe says; and at a port, where a proxy must show that it is one."""

import contextlib
import json
import os
import re
import signal

import pytest
from support.account_page import BROKER, HOST, ORIGIN, PAGE, SOCKET, AccountPage, BrokerPart, Browser
from support.processes import child_of
from support.run import MORTAL
from support.sandbox import open_sandbox
from support.wait import LONG, wait_until
from support.web import CLIENT, Web, open_web
from test_asp_web import signed_in
from test_asp_web_once import TYPE, made
from test_asp_web_once import opened as opened_once

SECRET = "0123456789abcdef0123456789abcdef"
HIGH_PORT = 8042


# A body that is handed on as it comes: asp-web may have refused it by its head, and hung up, before all of it has.
HANDED_ON = (413, 502)


class Proxy(Web):
    """`ready` does what Debian's packages do when they are installed, where they were only unpacked."""

    host = HOST
    service = "asp-web"
    recipe_name = program = log_files = ready = None
    group = "web-proxy"
    users = ("root", "web-proxy")  # of its processes
    before = ("root", "www-data")
    elsewhere = 421  # for another host
    gathers = True  # a body in pieces: it waits for all of it, and says how long it is
    too_long = (413,)  # for a body that is
    logs = True  # requests

    def restart(self):
        self.stop()
        self.begin()
        self.sandbox.wait_for_port(self.port)

    def run_by(self):
        return tuple(self.sandbox.shell("ps -C $1 -o user= | sort -u", self.program).done().out.split())

    def say(self, method, path, *headers, body=None, cookie=None):
        """Status, headers and body of an answer, as a browser gets it."""
        words = [word for header in headers for word in ("--header", header)]
        if cookie is not None:
            words += ["--header", f"Cookie: __Host-asp={cookie}"]
        if body is not None:
            words += ["--data-binary", "@-", "--header", "Content-Type: application/json"]
            words += ["--header", f"Origin: {ORIGIN}"]
        status, answer = self.curl(None, path, "--include", "--request", method, *words, input=body or "")
        head, _, body = answer.replace("\r\n", "\n").partition("\n\n")
        found = {}
        for line in head.splitlines()[1:]:
            name, _, value = line.partition(": ")
            found.setdefault(name.lower(), []).append(value)
        return status, found, body


class Nginx(Proxy):
    recipe_name = "nginx/asp-web"
    program = "nginx"
    log_files = "/var/log/nginx/*"
    ready = "mkdir -p /var/log/nginx /var/lib/nginx; rm -f /etc/nginx/modules-enabled/* /etc/nginx/sites-enabled/*"

    def begin(self):
        self.sandbox.run("nginx").done()

    def stop(self):
        self.sandbox.shell(
            "[[ ! -s /run/nginx.pid ]] || { kill -QUIT $(cat /run/nginx.pid);"
            "while [[ -e /run/nginx.pid ]]; do sleep 0.02; done; }"
        ).done()


class Apache(Proxy):
    recipe_name = "apache/asp-web.conf"
    program = "apache2"
    too_long = HANDED_ON
    log_files = "/var/log/apache2/*"
    ready = """
    mkdir -p /run/lock/apache2 /run/apache2 /var/log/apache2
    chown www-data /run/lock/apache2
    rm -f /etc/apache2/sites-enabled/* /etc/apache2/mods-enabled/*
    a2enmod --quiet alias authz_core dir env filter mime mpm_event reqtimeout setenvif
    echo "ServerName $HOSTNAME" >>/etc/apache2/apache2.conf
    """

    def begin(self):
        self.sandbox.run("apachectl", "-k", "start").done()

    def stop(self):
        self.sandbox.shell(
            "[[ ! -s /run/apache2/apache2.pid ]] || { apachectl -k stop;"
            "while [[ -e /run/apache2/apache2.pid ]]; do sleep 0.02; done; }"
        ).done()


class Caddy(Proxy):
    """It would get a certificate by itself; here it has that of the others, as its recipe says."""

    recipe_name = "caddy/asp-web"
    program = "caddy"
    log_files = "/run/caddy.log"
    logs = False
    ready = """
    groupadd --system caddy
    useradd --system --gid caddy --create-home --home-dir /var/lib/caddy --shell /usr/sbin/nologin caddy
    chgrp -R caddy /etc/letsencrypt
    chmod -R g+rX /etc/letsencrypt
    """
    group = "caddy"
    users = before = ("caddy",)
    elsewhere = 200  # with nothing, and nobody was asked
    gathers = False
    too_long = HANDED_ON
    process = None

    def begin(self):
        self.sandbox.shell("sed -i 's/^\t#tls/\ttls/' /etc/caddy/asp-*; caddy validate --config /etc/caddy/Caddyfile").done()
        as_caddy = ["setpriv", "--reuid=caddy", "--regid=caddy", "--clear-groups"]
        as_caddy += ["--inh-caps=+net_bind_service", "--ambient-caps=+net_bind_service", "env", "HOME=/var/lib/caddy"]
        run = [*MORTAL, *as_caddy, "caddy", "run", "--config", "/etc/caddy/Caddyfile"]
        with open(f"/proc/{self.sandbox.first}/root{self.log_files}", "a") as log:
            self.process = self.sandbox.start(*run, stderr=log)

    def stop(self):
        if self.process is not None:
            os.kill(child_of(self.process), signal.SIGTERM)
            self.process.wait(LONG)
            self.process = None


@pytest.fixture(scope="module", params=[Nginx, Apache, Caddy])
def proxied(request, sandboxes, layer, build, asp_web):
    box = open_web(layer, build, HOST, request.param.program)
    proxy = request.param(box, build)
    box.shell(proxy.ready).done()
    proxy.page = AccountPage(box, build)
    proxy.follow(proxy.recipe_name)
    (group,) = re.findall(r"(?m)^SocketGroup=(.*)$", box.read("/etc/systemd/system/asp-web.socket.d/proxy.conf"))
    proxy.page.start("--group", group)
    proxy.restart()
    yield proxy
    proxy.stop()
    proxy.page.stop()
    box.close()


@pytest.fixture
def broker(proxied):
    part = BrokerPart(proxied.page.inside(BROKER))
    yield part
    part.close()


def opened(proxy):
    """Cookie and token of a browser that has loaded the page."""
    _, headers, body = proxy.say("GET", "/api/session")
    cookie = re.match(r"__Host-asp=([\w-]+); Path=/; Secure; HttpOnly; SameSite=Strict$", headers["set-cookie"][0])[1]
    return cookie, json.loads(body)["token"]


def test_the_page_comes_over_https_with_all_its_headers(proxied):
    status, headers, body = proxied.say("GET", "/")
    assert (status, body) == (200, "<!DOCTYPE html><title>App passwords</title>\n")
    assert headers["strict-transport-security"] == ["max-age=31536000"]
    for name in ("content-security-policy", "x-frame-options", "cache-control", "referrer-policy"):
        assert len(headers[name]) == 1


def test_a_user_signs_in_from_the_address_that_the_web_server_sees(proxied, broker):
    """And not from one that she says."""
    cookie, token = opened(proxied)
    lies = ("X-Real-IP: 203.0.113.1", "x_real_ip: 203.0.113.1", "X-Forwarded-For: 203.0.113.1", "X-Asp-Proxy: x")
    status, headers, body = proxied.say(
        "POST", "/api/sign-in", f"X-Asp-Token: {token}", *lies, body='{"user": "alice"}', cookie=cookie
    )
    assert status == 200
    user, address, said = broker.accept()
    assert (user, address) == ("alice", CLIENT)
    said.done(0)
    cookie = re.match(r"__Host-asp=([\w-]+)", headers["set-cookie"][0])[1]
    token = json.loads(body)["token"]
    status, headers, body = proxied.say("GET", "/api/wait", f"X-Asp-Token: {token}", cookie=cookie)
    assert json.loads(body)["outcome"] == "signed-in"


@pytest.mark.parametrize("name", ["X-Real-IP", "close, X-Real-IP", "Host, X-Real-IP", "X-Real-IP, X-Asp-Token, Cookie"])
def test_nobody_has_the_address_left_out(proxied, broker, name):
    """By a header that names others which a proxy is to hand on to nobody."""
    cookie, token = opened(proxied)
    headers = (f"X-Asp-Token: {token}", f"Connection: {name}")
    assert proxied.say("POST", "/api/sign-in", *headers, body='{"user": "alice"}', cookie=cookie)[0] == 200
    assert broker.accept()[1] == CLIENT


def test_what_is_from_elsewhere_is_refused_behind_a_web_server_too(proxied):
    cookie, token = opened(proxied)
    for header in ("Origin: https://evil.example", "Sec-Fetch-Site: cross-site"):
        status, _, _ = proxied.say(
            "POST", "/api/sign-in", f"X-Asp-Token: {token}", header, body='{"user": "alice"}', cookie=cookie
        )
        assert status in (400, 403)
    status, _, body = proxied.say("GET", "/", "Host: evil.example")
    assert status == proxied.elsewhere and "App passwords" not in body


def test_a_body_that_is_too_long_gets_no_further_than_the_web_server(proxied):
    cookie, token = opened(proxied)
    status = proxied.say("POST", "/api/run", f"X-Asp-Token: {token}", body="x" * 20000, cookie=cookie)[0]
    assert status in proxied.too_long


def test_a_body_in_pieces_is_whole_behind_a_web_server_or_is_refused(proxied, broker):
    """No browser sends one."""
    cookie, token = opened(proxied)
    headers = (f"X-Asp-Token: {token}", "Transfer-Encoding: chunked")
    status, _, _ = proxied.say("POST", "/api/sign-in", *headers, body='{"user": "bob"}', cookie=cookie)
    # Caddy hands it on as it is, up to some version.
    if not proxied.gathers and status in (411, 502):
        return
    assert status == 200
    assert broker.accept()[0] == "bob"


# Sends what it is given over one connection, and prints what comes back until that ends, or nothing more does.
RAW = """
import socket, ssl, sys
context = ssl.create_default_context(cafile=sys.argv[1])
with context.wrap_socket(socket.create_connection((sys.argv[2], 443)), server_hostname=sys.argv[2]) as line:
    line.settimeout(2)
    line.sendall(sys.stdin.buffer.read())
    try:
        while piece := line.recv(65536):
            sys.stdout.buffer.write(piece)
    except (TimeoutError, ConnectionResetError):
        pass
"""

# But for the first, where a request ends is said in two ways, or in one that not everybody reads alike. Behind it stands
# another one.
ONE_END = "Content-Length: 2\r\n\r\n{{}}"
TWO_ENDS = [
    ONE_END,
    "Content-Length: {all}\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n",
    "Transfer-Encoding: chunked\r\nContent-Length: {all}\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n",
    "Content-Length: 2\r\nTransfer-Encoding: xchunked\r\n\r\n{{}}",
    "Content-Length: 2\r\nTransfer-Encoding : chunked\r\n\r\n{{}}",
    "Content-Length: 2\r\nTransfer-Encoding:\r\n chunked\r\n\r\n{{}}",
    "Content-Length: 2\r\nX-A: b\rTransfer-Encoding: chunked\r\n\r\n{{}}",
    "Content-Length: 2\r\nX-A: b\nContent-Length: {all}\r\n\r\n{{}}",
    "Content-Length: 2\r\nContent-Length: {all}\r\n\r\n{{}}",
    "Content-Length: 2, {all}\r\n\r\n{{}}",
    "Content-Length: +2\r\n\r\n{{}}",
    "Content-Length: 0x2\r\n\r\n{{}}",
    "Content-Length: 2\r\nConnection: Content-Length\r\n\r\n{{}}",
    "Transfer-Encoding: chunked\r\n\r\n0x2\r\n{{}}\r\n0\r\n\r\n",
    "Transfer-Encoding: chunked\r\n\r\n2;\n{{}}\r\n0\r\n\r\n",
]


@pytest.mark.parametrize("end", TWO_ENDS)
def test_a_request_in_the_body_of_another_is_none(proxied, broker, end):
    """The web server and asp-web agree on where a request ends: what asp-web takes for one has an answer of its own."""
    cookie, token = opened(proxied)
    head = "POST {} HTTP/1.1\r\n" + "".join(
        f"{line}\r\n"
        for line in (
            *(f"Host: {HOST}", f"Cookie: __Host-asp={cookie}", f"X-Asp-Token: {token}", f"Origin: {ORIGIN}"),
            "Content-Type: application/json",
        )
    )
    body = '{"user": "mallory"}'
    within = head.format("/api/sign-in") + f"Connection: close\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    sent = head.format("/api/session") + end.format(all=2 + len(within)) + within
    run = proxied.sandbox.run("/usr/bin/python3", "-c", RAW, proxied.ca, HOST, input=sent).done()
    assert run.out.startswith("HTTP/1.1 "), run.out
    broker.listener.settimeout(0.1)
    try:
        heard = broker.accept()[0]
    except TimeoutError:
        heard = None
    assert heard is None or (heard, run.out.count("HTTP/1.1 ")) == ("mallory", 2), run.out
    assert heard is not None or end != ONE_END
    assert proxied.say("GET", "/")[0] == 200


def test_no_connection_to_the_page_is_kept_for_another_request(proxied):
    """asp-web ends those that wait; what is sent over one of them just then would be an error."""
    with proxied.connection() as request:
        for _ in range(3):
            assert request("", "/api/session")[0] == 200
        run = proxied.sandbox.run("ss", "--unix", "--no-header", "state", "connected", "src", SOCKET).done()
        assert run.out == ""


def test_a_one_time_address_works_behind_a_web_server_and_is_in_no_log_of_it(proxied, broker):
    browser = proxied.page.browser()
    path = opened_once(browser, signed_in(browser, broker), document=made(b"p" * 65536))
    status, headers, body = proxied.say("GET", path, "Accept-Language: de")
    assert status == 200 and "Profil laden" in body and headers["referrer-policy"] == ["strict-origin"]
    form = ("Content-Type: application/x-www-form-urlencoded", f"Origin: {ORIGIN}", "Content-Length: 0")
    status, headers, body = proxied.say("POST", path, *form)
    assert (status, headers["content-type"], body) == (200, [TYPE], "p" * 65536)
    assert proxied.say("POST", path, *form)[0] == 404
    assert proxied.say("GET", "/page.js")[0] == 200
    log = proxied.sandbox.shell(f"cat {proxied.log_files}").done().out
    assert ("GET /page.js" in log) == proxied.logs
    assert "/once" not in log


def test_nor_does_one_get_there_while_the_page_is_not_served(proxied):
    """Caddy tells of it as an error; no address is open then."""
    proxied.page.stop()
    assert proxied.say("GET", "/once/0123456789abcdef0123456789abcdef")[0] in (502, 503)
    log = proxied.sandbox.shell(f"cat {proxied.log_files}").done().out
    proxied.page.start("--group", proxied.group)
    assert ("/once" in log) == (proxied.program == "caddy")


def test_the_socket_is_for_the_web_server_and_not_for_www_data(proxied):
    assert proxied.sandbox.run("stat", "--format=%a %G", SOCKET).done().out == f"660 {proxied.group}\n"
    assert proxied.run_by() == proxied.users


def test_the_way_back_leaves_the_web_server_as_it_was(proxied):
    """The last of this sandbox."""
    proxied.stop()
    proxied.go_back(proxied.recipe_name)
    assert proxied.sandbox.run("test", "-e", "/etc/systemd/system/asp-web.socket.d").code == 1
    assert proxied.sandbox.run("getent", "passwd", "web-proxy").code == 2
    if proxied.program == "caddy":
        assert proxied.sandbox.read("/etc/caddy/Caddyfile").count("import") == 0
        return
    proxied.begin()
    wait_until(lambda: proxied.run_by() == proxied.before, "it does not run as before")


# At a port


@pytest.fixture(scope="module")
def port(sandboxes, layer, build, asp_web):
    """asp-web at a port of the sandbox. Gives what connects from within."""
    box = open_sandbox(layer)
    page = AccountPage(box, build)
    box.write("/etc/asp/proxy-secret", f"{SECRET}\n", mode="600")
    page.start("--listen", f"127.0.0.1:{HIGH_PORT}", "--proxy-secret", "/etc/asp/proxy-secret", ready=None)
    box.wait_for_port(HIGH_PORT)
    carry = f"import socket, sys, threading\n{CARRY}"
    carrier = box.start(*MORTAL, "/usr/bin/python3", "-c", carry, str(HIGH_PORT), "/run/carried.sock")
    box.wait_for_socket("/run/carried.sock")
    page.where = page.inside("/run/carried.sock")
    yield page
    carrier.kill()
    carrier.wait()
    page.stop()
    box.close()


# From a socket that is seen from outside to a port that is not.
CARRY = """
def pump(source, sink):
    while data := source.recv(65536):
        sink.sendall(data)
    sink.shutdown(socket.SHUT_WR)

listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[2])
listener.listen(64)
while True:
    near, _ = listener.accept()
    far = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    for pair in ((near, far), (far, near)):
        threading.Thread(target=pump, args=pair, daemon=True).start()
"""


@pytest.mark.parametrize(
    "secret, told",
    [(SECRET, "192.0.2.7"), (None, ""), ("", ""), (SECRET[:-1], ""), (SECRET + "0", ""), (SECRET.upper(), "")],
)
def test_at_a_port_an_address_is_believed_beside_the_secret_alone(port, secret, told):
    with contextlib.closing(BrokerPart(port.inside(BROKER))) as broker:
        browser = Browser(port.where)
        browser.open()
        assert browser.post("/api/sign-in", {"user": "alice"}, X_Asp_Proxy=secret).status == 200
        assert broker.accept()[1] == told


def test_at_a_port_who_is_not_the_proxy_keeps_nobody_out(port):
    """As one all of them begin to sign in, however many they are."""
    with contextlib.closing(BrokerPart(port.inside(BROKER))) as broker:
        browser = Browser(port.where).open()
        assert browser.post("/api/sign-in", {"user": "alice"}, X_Asp_Proxy=SECRET).status == 200
        _, _, said = broker.accept()
        for _ in range(400):
            Browser(port.where).sign_in("bob")
            broker.accept()
        said.done(0)
        assert browser.get("/api/wait").json["outcome"] == "signed-in"


@pytest.mark.parametrize(
    "mode, text, why",
    [
        ("644", SECRET, "can be read by others"),
        ("640", SECRET, "can be read by others"),
        ("600", "short", "too short"),
        ("600", "", "too short"),
        ("600", "x" * 512, "asp-web: /run/secret has 513 bytes, and may have 512\n"),
    ],
)
def test_a_secret_that_is_none_is_not_taken(port, mode, text, why):
    port.box.write("/run/secret", f"{text}\n", mode=mode)
    run = port.run("--page", PAGE, "--listen", "127.0.0.1:8043", "--proxy-secret", "/run/secret")
    assert run.code == 5 and why in run.err, run


def test_a_file_of_the_page_that_is_too_long_is_named(port):
    port.box.shell("mkdir /run/page && touch /run/page/index.html && truncate -s 1048577 /run/page/page.js").done()
    run = port.run("--page", "/run/page", "--listen", "127.0.0.1:8043").refused(5)
    assert run.err == "asp-web: /run/page/page.js has 1048577 bytes, and may have 1048576\n"
