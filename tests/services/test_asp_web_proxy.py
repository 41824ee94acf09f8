"""asp-web behind a real nginx, as the recipe says; and at a port, where a proxy must show that it is one."""

import contextlib
import json
import re

import pytest
from support.account_page import BROKER, HOST, ORIGIN, PAGE, SOCKET, AccountPage, BrokerPart, Browser
from support.run import MORTAL
from support.sandbox import open_sandbox
from support.web import CLIENT, Web, open_web

SECRET = "0123456789abcdef0123456789abcdef"
HIGH_PORT = 8042

# What Debian's packages do when they are installed, where they were only unpacked.
READY = """
mkdir -p /var/log/nginx /var/lib/nginx
rm -f /etc/nginx/modules-enabled/* /etc/nginx/sites-enabled/*
"""


class Nginx(Web):
    host = HOST
    service = "asp-web"

    def stop(self):
        self.sandbox.shell(
            "[[ ! -s /run/nginx.pid ]] || { kill -QUIT $(cat /run/nginx.pid);"
            "while [[ -e /run/nginx.pid ]]; do sleep 0.02; done; }"
        ).done()

    def restart(self):
        self.stop()
        self.sandbox.run("nginx").done()

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


@pytest.fixture(scope="module")
def proxied(sandboxes, layer, build):
    if not (build / "asp-web" / "asp-web").exists():
        pytest.skip("asp-web is not built: no libmicrohttpd")
    box = open_web(layer, build, HOST, "nginx")
    box.shell(READY).done()
    nginx = Nginx(box, build)
    nginx.page = AccountPage(box, build)
    nginx.follow("nginx/asp-web")
    (group,) = re.findall(r"(?m)^SocketGroup=(.*)$", box.read("/etc/systemd/system/asp-web.socket.d/proxy.conf"))
    nginx.page.start("--group", group)
    nginx.restart()
    yield nginx
    nginx.page.stop()
    box.close()


@pytest.fixture
def broker(proxied):
    part = BrokerPart(proxied.page.inside(BROKER))
    yield part
    part.close()


def opened(nginx):
    """Cookie and token of a browser that has loaded the page."""
    _, headers, body = nginx.say("GET", "/api/session")
    cookie = re.match(r"__Host-asp=([\w-]+); Path=/; Secure; HttpOnly; SameSite=Strict$", headers["set-cookie"][0])[1]
    return cookie, json.loads(body)["token"]


def test_the_page_comes_over_https_with_all_its_headers(proxied):
    status, headers, body = proxied.say("GET", "/")
    assert (status, body) == (200, "<!DOCTYPE html><title>App passwords</title>\n")
    assert headers["strict-transport-security"] == ["max-age=31536000"]
    for name in ("content-security-policy", "x-frame-options", "cache-control", "referrer-policy"):
        assert len(headers[name]) == 1


def test_a_user_signs_in_from_the_address_that_nginx_sees(proxied, broker):
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


def test_what_is_from_elsewhere_is_refused_behind_nginx_too(proxied):
    cookie, token = opened(proxied)
    for header in ("Origin: https://evil.example", "Sec-Fetch-Site: cross-site"):
        status, _, _ = proxied.say(
            "POST", "/api/sign-in", f"X-Asp-Token: {token}", header, body='{"user": "alice"}', cookie=cookie
        )
        assert status in (400, 403)
    assert proxied.say("GET", "/", "Host: evil.example")[0] == 421


def test_a_body_that_is_too_long_gets_no_further_than_nginx(proxied):
    cookie, token = opened(proxied)
    assert proxied.say("POST", "/api/run", f"X-Asp-Token: {token}", body="x" * 20000, cookie=cookie)[0] == 413


def test_a_body_in_pieces_is_whole_behind_nginx(proxied, broker):
    """It waits for all of it, and says how long it is."""
    cookie, token = opened(proxied)
    headers = (f"X-Asp-Token: {token}", "Transfer-Encoding: chunked")
    status, _, _ = proxied.say("POST", "/api/sign-in", *headers, body='{"user": "bob"}', cookie=cookie)
    assert status == 200
    assert broker.accept()[0] == "bob"


def test_the_socket_is_for_nginx_and_not_for_www_data(proxied):
    assert proxied.sandbox.run("stat", "--format=%a %G", SOCKET).done().out == "660 web-proxy\n"
    worker = proxied.sandbox.shell("ps -C nginx -o user= | sort -u").done().out.split()
    assert worker == ["root", "web-proxy"]


def test_the_way_back_leaves_nginx_as_it_was(proxied):
    """The last of this sandbox."""
    proxied.stop()
    proxied.go_back("nginx/asp-web")
    proxied.restart()
    assert proxied.sandbox.run("test", "-e", "/etc/systemd/system/asp-web.socket.d").code == 1
    assert proxied.sandbox.run("getent", "passwd", "web-proxy").code == 2
    assert proxied.sandbox.shell("ps -C nginx -o user= | sort -u").done().out.split() == ["root", "www-data"]


# At a port


@pytest.fixture(scope="module")
def port(sandboxes, layer, build):
    """asp-web at a port of the sandbox. Gives what connects from within."""
    if not (build / "asp-web" / "asp-web").exists():
        pytest.skip("asp-web is not built: no libmicrohttpd")
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


@pytest.mark.parametrize(
    "mode, text, why",
    [("644", SECRET, "can be read by others"), ("600", "short", "too short"), ("600", "", "too short")],
)
def test_a_secret_that_is_none_is_not_taken(port, mode, text, why):
    port.box.write("/run/secret", f"{text}\n", mode=mode)
    run = port.run("--page", PAGE, "--listen", "127.0.0.1:8043", "--proxy-secret", "/run/secret")
    assert run.code == 5 and why in run.err, run
