"""asp-web, the account page's server: which requests it serves, and within which limits."""

import contextlib
import functools
import json
import os
import re
import threading
import time

import pytest
from support.account_page import BROKER, HOST, ORIGIN, AccountPage, BrokerPart, Later, Line
from support.sandbox import open_sandbox
from support.wait import LONG, wait_until

HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src"
    " 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
POSTS = ("/api/sign-in", "/api/answer", "/api/run", "/api/shown", "/api/done", "/api/sign-out")


@pytest.fixture(scope="module")
def served(sandboxes, layer, build, asp_web):
    box = open_sandbox(layer)
    page = AccountPage(box, build)
    page.start()
    yield page
    page.stop()
    box.close()


@pytest.fixture
def web(served):
    if served.process is None or served.process.poll() is not None:
        served.start()
    return served


@pytest.fixture
def broker(web):
    part = BrokerPart(web.inside(BROKER))
    yield part
    part.close()


@pytest.fixture
def browser(web):
    return web.browser()


@pytest.fixture
def line(web):
    """One connection."""
    with contextlib.closing(web.line()) as one:
        yield one


def signed_in(browser, broker, user="alice"):
    """The broker's end of her session."""
    browser.sign_in(user)
    _, _, said = broker.accept()
    said.done(0)
    assert browser.get("/api/wait").json["outcome"] == "signed-in"
    return said


# The page


@pytest.mark.parametrize(
    "path, kind, text",
    [
        ("/", "text/html; charset=utf-8", "<!DOCTYPE html>"),
        ("/index.html", "text/html; charset=utf-8", "<!DOCTYPE html>"),
        ("/page.js", "text/javascript; charset=utf-8", '"use strict"'),
        ("/page.css", "text/css; charset=utf-8", "p {}"),
    ],
)
def test_a_file_of_the_page_comes_with_its_type(browser, path, kind, text):
    answer = browser.say("GET", path, Sec_Fetch_Site="none")
    assert (answer.status, answer.headers["content-type"]) == (200, [kind])
    assert answer.body.decode().startswith(text)
    assert answer.cookie is None


def test_head_tells_of_a_file_what_get_would(browser):
    answer = browser.say("HEAD", "/page.js")
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["content-length"] == browser.say("GET", "/page.js").headers["content-length"]


@pytest.mark.parametrize(
    "path",
    [
        "/notes",
        "/page.js/",
        "//page.js",
        "/./page.js",
        "/../page/page.js",
        "/x/../page.js",
        "/%2e%2e/page/page.js",
        "/page%2ejs",
        "/page.js%00",
        "/PAGE.JS",
        "/.",
        "/..",
        "/../../../../etc/passwd",
        "/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "/etc/passwd",
        "page.js",
        "*",
        f"{ORIGIN}/page.js",
        "http://evil.example/page.js",
        "/api",
        "/api/",
        "/api/run/",
        "/API/session",
        "/authorize/nginx",
        "/once/0",
    ],
)
def test_nothing_else_is_there(browser, path):
    answer = browser.say("GET", path)
    assert answer is None or answer.status in (400, 404), answer
    assert answer is None or b"root:" not in answer.body and b"secret" not in answer.body


def test_every_answer_has_the_headers_that_keep_a_browser_to_this_host(browser):
    answers = [
        browser.say("GET", "/"),
        browser.say("GET", "/nothing"),
        browser.say("GET", "/api/session"),
        browser.say("POST", "/api/run", {}),
        browser.say("GET", "/", Host="evil.example"),
        browser.say("PUT", "/"),
    ]
    assert [answer.status for answer in answers] == [200, 404, 200, 401, 421, 405]
    for answer in answers:
        assert {name: answer.headers[name] for name in HEADERS} == {name: [text] for name, text in HEADERS.items()}
        assert not [name for name in answer.headers if name.startswith("access-control")]


# Hosts, methods, versions


@pytest.mark.parametrize("host", ["evil.example", f"{HOST}:8443", f"{HOST}.", f"x.{HOST}", "127.0.0.1", ""])
def test_another_host_is_not_this_one(browser, host):
    for path in ("/", "/api/session"):
        answer = browser.say("GET", path, Host=host)
        assert (answer.status, "web.origin" in answer.json["error"]) == (421, True)


def test_a_host_is_compared_without_case_and_must_be_there_once(browser):
    assert browser.say("GET", "/", Host=HOST.upper()).status == 200
    assert browser.say("GET", "/", Host=None).status in (400, 421)
    assert browser.say("GET", "/", Host=[HOST, HOST]).status == 400
    assert browser.say("GET", "/", Host=[HOST, "evil.example"]).status == 400


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "CONNECT", "BREW"])
def test_a_file_is_only_read(browser, method):
    answer = browser.say(method, "/")
    assert (answer.status, answer.headers["allow"]) == (405, ["GET, HEAD"])


def test_each_part_of_the_api_has_one_method(browser):
    browser.open()
    for path in ("/api/session", "/api/wait", "/api/once"):
        for method in ("POST", "HEAD", "PUT", "OPTIONS"):
            answer = browser.say(method, path)
            assert (answer.status, answer.headers["allow"]) == (405, ["GET"])
    for path in POSTS:
        for method in ("GET", "HEAD", "PUT", "DELETE", "OPTIONS"):
            answer = browser.say(method, path)
            assert (answer.status, answer.headers["allow"]) == (405, ["POST"])


def test_http_1_0_is_served_and_its_connection_closed(browser, line):
    line.send(browser.bytes("GET", "/page.js", version="HTTP/1.0"))
    assert line.answer().status == 200
    assert line.ended()


@pytest.mark.parametrize("version", ["HTTP/0.9", "HTTP/1.2", "HTTP/2.0", "HTTP/9", "HTTQ/1.1", ""])
def test_no_other_version_is(browser, line, version):
    line.send(browser.bytes("GET", "/page.js", version=version))
    answer = line.answer()
    assert answer is None or answer.status in (400, 505)


def test_requests_that_come_at_once_are_answered_in_their_order(browser, line):
    paths = ["/page.js", "/nothing", "/page.css", "/api/session"] * 5
    line.send(b"".join(browser.bytes("GET", path) for path in paths))
    assert [line.answer().status for _ in paths] == [200, 404, 200, 200] * 5


def test_what_stands_behind_a_body_is_a_request_of_its_own(browser, line):
    browser.open()
    hidden = browser.bytes("GET", "/page.js")
    line.send(browser.bytes("POST", "/api/sign-in", b"{}") + hidden)
    assert line.answer().status == 400
    assert line.ended(), "what comes behind what is not well-formed is not looked at"


# What only the page can say


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    "changes, status",
    [
        ({"Origin": None}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": f"{ORIGIN}.evil.example"}, 403),
        ({"Origin": f"http://{HOST}"}, 403),
        ({"Origin": f"{ORIGIN}:443"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": ORIGIN.upper()}, 403),
        ({"Origin": [ORIGIN, "https://evil.example"]}, 400),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/json, text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Type": None}, 415),
        ({"X-Asp-Token": None}, 403),
        ({"X-Asp-Token": ""}, 403),
        ({"X-Asp-Token": "A" * 43}, 403),
        ({"Cookie": None}, 401),
        ({"Cookie": "__Host-asp="}, 401),
        ({"Cookie": "__Host-asp=" + "A" * 43}, 403),
        ({"Cookie": "__host-asp=" + "A" * 43}, 401),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else str(value),
)
def test_a_change_from_elsewhere_is_refused(browser, path, changes, status):
    browser.open()
    assert browser.say("POST", path, {}, **changes).status == status


def test_a_browser_that_does_not_say_where_a_request_comes_from_is_served(browser):
    browser.open()
    assert browser.say("POST", "/api/sign-out", {}, Sec_Fetch_Site=None).status == 200


def test_the_token_of_another_cookie_is_none(web):
    one, other = web.browser().open(), web.browser().open()
    assert one.token != other.token and one.cookie != other.cookie
    assert one.say("POST", "/api/sign-in", {"user": "alice"}, X_Asp_Token=other.token).status == 403
    assert one.say("POST", "/api/sign-in", {"user": "alice"}, Cookie=f"__Host-asp={other.cookie}").status == 403


def test_a_cookie_is_set_for_this_host_alone(browser):
    (line,) = browser.say("GET", "/api/session").headers["set-cookie"]
    assert re.fullmatch(r"__Host-asp=[\w-]{96}; Path=/; Secure; HttpOnly; SameSite=Strict", line)
    browser.open()
    assert browser.get("/api/session").cookie is None, "one that is good stays"


def test_a_cookie_that_was_made_elsewhere_is_none(web, broker):
    """By a process before this one, by nobody, or with a byte of it changed."""
    browser = web.browser().open()
    web.start()
    assert browser.say("POST", "/api/sign-in", {"user": "alice"}).status == 403
    browser = web.browser().open()
    first = browser.cookie[0]
    browser.cookie = ("A" if first != "A" else "B") + browser.cookie[1:]
    assert browser.get("/api/session").cookie is not None
    for forged in ("A" * 96, "A" * 43, "A" * 42, "A" * 44, "A" * 95, "A" * 97, "=" * 43, "*" * 43, "A" * 4000):
        browser.cookie = forged
        assert browser.get("/api/session").cookie is not None, forged


def test_a_cookie_that_is_there_twice_is_none(browser):
    browser.open()
    good, forged = f"__Host-asp={browser.cookie}", "__Host-asp=" + "A" * 43
    assert browser.say("GET", "/api/session", Cookie=f"a=b; {good}; c=d").cookie is None
    assert browser.say("GET", "/api/session", Cookie=f"{good}; {forged}").cookie is not None
    assert browser.say("GET", "/api/session", Cookie=f"{forged}; {good}").cookie is not None
    assert browser.say("GET", "/api/session", Cookie=[good, good]).status == 400


# Bodies


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"user"',
        b"{}{}",
        b'{"user": 1}',
        b'{"user": ""}',
        b'{"user": null}',
        b'{"user": ["alice"]}',
        b'{"user": "alice", "user": "bob"}',
        b'{"user": "al\\u0000ice"}',
        b'{"user": "\xff"}',
        b'{"user": "' + b"a" * 255 + b'"}',
        b'{"user": "alice", "a": [[[[]]]]}',
        b'{"a": ' + b"[" * 8000 + b"]" * 8000 + b"}",
    ],
    ids=lambda body: repr(body[:40]),
)
def test_a_body_that_is_no_document_of_the_page_is_refused(browser, body):
    browser.open()
    assert browser.say("POST", "/api/sign-in", body=body).status == 400


def test_a_body_has_at_most_16_kib(browser, line):
    browser.open()
    most = json.dumps({"user": "alice", "more": ""}).encode()
    most = most.replace(b'""', b'"' + b"x" * (16384 - len(most)) + b'"')
    assert len(most) == 16384
    assert browser.say("POST", "/api/sign-out", body=most).status == 200
    assert browser.say("POST", "/api/sign-out", body=most + b" ").status == 413


def test_a_body_that_is_too_long_is_refused_before_it_comes(browser, line):
    browser.open()
    line.send(browser.bytes("POST", "/api/run", Content_Length=str(1 << 30)))
    assert line.answer().status == 413
    assert line.ended()
    for length in ("99999999999999999999999999", str(1 << 32), str(1 << 64)):
        answer = browser.say("POST", "/api/run", Content_Length=length)
        assert answer is None or answer.status in (400, 413)


@pytest.mark.parametrize(
    "changes, statuses",
    [
        ({"Origin": "https://evil.example"}, [403, 200]),
        ({"Host": "evil.example"}, [421, 200]),
        ({"Origin": [ORIGIN, "https://evil.example"]}, [400]),
        ({"Upgrade": "h2c"}, [400]),
        ({"X-More": "x" * 9000}, [431, 200]),
    ],
    ids=["origin", "host", "twice", "upgrade", "long"],
)
def test_a_short_body_is_taken_before_it_is_refused(browser, line, changes, statuses):
    """A proxy may hand it on when the answer is there already, and would say that the connection has ended."""
    body = b"{}"
    head = browser.bytes("POST", "/api/run", body, **changes)
    line.send(head[: -len(body)])
    line.socket.settimeout(0.3)
    with pytest.raises(TimeoutError):
        line.socket.recv(1)
    line.socket.settimeout(LONG)
    line.send(body + browser.bytes("GET", "/"))
    assert [line.answer().status for _ in statuses] == statuses
    assert line.ended() or statuses[-1] == 200


def test_who_waits_to_be_asked_for_a_long_body_is_not(browser, line):
    browser.open()
    line.send(browser.bytes("POST", "/api/run", Content_Length=str(1 << 30), Expect="100-continue"))
    assert line.answer().status == 413


@pytest.mark.parametrize("length", ["-1", "+2", "0x2", "2 2", "2,2", "two", ""])
def test_a_length_that_is_no_number_is_refused(browser, length):
    browser.open()
    answer = browser.say("POST", "/api/sign-out", Content_Length=length, body=b"{}")
    assert answer is None or answer.status in (400, 411, 413)


def test_a_length_must_be_there_once(browser):
    browser.open()
    assert browser.say("POST", "/api/sign-out", Content_Length=None).status == 411
    answer = browser.say("POST", "/api/sign-out", Content_Length=["2", "2"], body=b"{}")
    assert answer is None or answer.status == 400


def test_a_body_in_pieces_is_refused(browser, line):
    browser.open()
    body = b"2\r\n{}\r\n0\r\n\r\n"
    for more in ({}, {"Content-Length": "2"}):
        with contextlib.closing(Line(browser.where)) as one:
            changes = {"Content-Length": None, "Transfer-Encoding": "chunked", **more}
            one.send(browser.bytes("POST", "/api/sign-out", body, **changes))
            answer = one.answer()
            assert answer is None or answer.status in (400, 411)
            assert one.ended()


def test_no_connection_becomes_another(browser):
    for what in ("websocket", "h2c", "TLS/1.0"):
        assert browser.say("GET", "/", Connection="Upgrade", Upgrade=what).status == 400


def test_a_body_of_a_get_is_for_nobody(browser):
    assert browser.say("GET", "/", body=b"{}", Content_Length="2").status == 400


# Heads


def test_a_head_has_at_most_8_kib(browser):
    spent = len(browser.bytes("GET", "/", X_More=""))
    assert browser.say("GET", "/", X_More="x" * (8192 - spent)).status == 200
    for more in (1, 1000, 20000, 60000, 1 << 20):
        answer = browser.say("GET", "/", X_More="x" * (8192 - spent + more))
        assert answer is None or answer.status in (400, 413, 414, 431), more


def test_a_long_path_or_many_headers_are_a_long_head(browser):
    answer = browser.say("GET", "/" + "x" * 9000)
    assert answer is None or answer.status in (414, 431)
    answer = browser.say("GET", "/", **{f"X-{number}": "y" for number in range(2000)})
    assert answer is None or answer.status in (413, 431)


def test_what_is_no_request_is_none(web):
    """All at once: some are waited for as long as a head may take."""
    heads = (b"\r\n", b"\0\r\n\r\n", b"GET\r\n\r\n", b"\xff\xfe\r\n\r\n", b"GET / HTTP/1.1\r\n \r\n\r\n")
    with contextlib.ExitStack() as stack:
        lines = {head: stack.enter_context(contextlib.closing(web.line())) for head in heads}
        for head, line in lines.items():
            line.send(head)
            line.socket.shutdown(1)
        for head, line in lines.items():
            answer = line.answer()
            assert answer is None or answer.status in (400, 404, 405, 421, 505), head


# Time and number


def trickle(line, data, stop):
    for byte in data:
        if stop.wait(0.2):
            return
        line.send(bytes([byte]))


def seconds_until_shut(line, first, rest):
    """How long the server lets somebody go on who sends a byte now and then."""
    stop = threading.Event()
    line.send(first)
    begin = time.monotonic()
    sender = threading.Thread(target=trickle, args=(line, rest, stop), daemon=True)
    sender.start()
    answer = line.answer()
    while answer is not None and answer.status == 100:
        answer = line.answer()
    stop.set()
    sender.join()
    return answer, time.monotonic() - begin


def test_a_head_or_a_body_that_comes_slowly_is_waited_for_10_seconds_and_so_is_who_says_nothing(browser):
    browser.open()
    slow = {
        "head": (b"GET / HTTP/1.1\r\nHost: ", b"x" * 1000),
        "body": (browser.bytes("POST", "/api/run", Content_Length="1000"), b" " * 1000),
        "nothing": (b"", b""),
    }
    with contextlib.ExitStack() as stack:
        lines = {what: stack.enter_context(contextlib.closing(Line(browser.where))) for what in (*slow, "nothing more")}
        waits = {what: Later(functools.partial(seconds_until_shut, lines[what], *slow[what])) for what in slow}
        begin = time.monotonic()
        lines["nothing more"].send(browser.bytes("GET", "/"))
        assert lines["nothing more"].answer().status == 200
        assert lines["nothing more"].ended() and 8 < time.monotonic() - begin < 20
        for what, later in waits.items():
            answer, seconds = later.result()
            assert answer is None and 8 < seconds < 20, what


def test_a_connection_has_100_requests(browser, line):
    for number in range(1, 101):
        line.send(browser.bytes("GET", "/page.css"))
        answer = line.answer()
        assert answer.status == 200
        assert ("close" in answer.headers.get("connection", [])) == (number == 100)
    assert line.ended()


def test_with_512_connections_others_wait_until_there_is_room(web, browser):
    """600 of which none says a word; who comes then is served when they are shut, and nobody is turned away."""
    lines = [web.line() for _ in range(600)]
    try:
        wait_until(lambda: len(os.listdir(f"/proc/{web.pid()}/fd")) >= 512, "they are not taken")
        assert len(os.listdir(f"/proc/{web.pid()}/fd")) < 540
        assert browser.say("GET", "/").status == 200
        assert lines[0].ended()
    finally:
        for one in lines:
            one.close()
    assert browser.say("GET", "/").status == 200


def test_an_address_has_32_requests_at_once(web, broker):
    """Those of an address, or of the 64 bits of IPv6 that a subscriber has; others are served meanwhile."""
    browser = web.browser(address="2001:db8::1")
    browser.sign_in()
    lines = [web.line() for _ in range(32)]
    try:
        body = browser.bytes("POST", "/api/answer", Content_Length="100")
        for one in lines:
            one.send(body)
        wait_until(lambda: browser.say("GET", "/").status == 429, "there is no limit")
        assert web.browser(address="2001:db8::2").say("GET", "/").status == 429
        assert web.browser(address="2001:db8:0:1::1").say("GET", "/").status == 200
        assert web.browser(address="192.0.2.1").say("GET", "/").status == 200
    finally:
        for one in lines:
            one.close()
    wait_until(lambda: browser.say("GET", "/").status == 200, "they are still counted")


def test_a_session_makes_60_changes_in_a_minute(browser, broker):
    signed_in(browser, broker)
    statuses = [browser.say("POST", "/api/run", {}).status for _ in range(61)]
    assert statuses == [400] * 60 + [429]
    assert browser.post("/api/sign-out").status == 200
