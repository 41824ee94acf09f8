"""asp-web --authorize: whom a proxy that has no PAM is told of, and what it is told when nobody can be let in."""

import contextlib
import os
import re
import socket
import time

import pytest
from support.account_page import Later, Line
from support.authorize import AUTHORIZE, CLIENTS, CONFIGURATION, NEAR, Authorizer, basic, primary, question
from support.broker import OUTCOME, SOCKET, in_its_place, message
from support.memory import memory_of
from support.passwords import PRIMARY, wrong
from support.run import as_user
from support.wait import LONG, wait_until

# It has no PAM file.
WIKI = ("--app", "wiki", "--new-app")
CHALLENGE = 'Basic realm="wiki", charset="UTF-8"'
UNAVAILABLE = b'{"error":"no app password can be looked at just now: try again"}\n'


@pytest.fixture(scope="module")
def authorizer(sandboxes, layer, build, asp_web):
    machine = Authorizer(layer, build)
    machine.reset(*CONFIGURATION)
    machine.start_broker()
    machine.begin()
    yield machine
    machine.close()


@pytest.fixture
def proxy(authorizer):
    """Before anybody has an app password."""
    authorizer.reset(*CONFIGURATION)
    return authorizer


@pytest.fixture
def phone(proxy):
    return "alice:" + proxy.create("alice", "Phone", *WIKI)


# Who is let in


def test_an_app_password_is_answered_with_the_account_the_entry_and_the_app(proxy, phone):
    answer = proxy.ask(phone)
    assert answer.status == 200
    names = ("remote-user", "asp-id", "asp-app", "cache-control")
    assert [answer.headers[name] for name in names] == [["alice"], [phone[6:8]], ["wiki"], ["no-store"]]
    (line,) = proxy.log(1)
    assert line.text == (
        f'verdict=accepted rhost={NEAR} user="alice" service="wiki" app="wiki" id={phone[6:8]} label="Phone" '
        'via="asp-authorize"'
    )


def test_the_answer_names_the_account_and_not_what_was_typed(proxy):
    proxy.configure('user_name = "lower";', 'user_domains = [ "corp" ];', *CONFIGURATION)
    phone = proxy.create("alice", "Phone", *WIKI)
    for typed in ("Alice", "ALICE@corp", "alice"):
        answer = proxy.ask(f"{typed}:{phone}")
        assert (answer.status, answer.headers["remote-user"]) == (200, ["alice"]), typed


def test_a_name_that_is_no_word_is_encoded(proxy):
    proxy.configure("virtual_users = true;", *CONFIGURATION)
    phone = proxy.create("j ü,r;g%e'n", "Phone", *WIKI)
    name = "j%20%C3%BC%2Cr%3Bg%25e%27n"
    for encoding in ("utf-8", "latin-1"):
        answer = proxy.ask(f"j ü,r;g%e'n:{phone}".encode(encoding))
        assert (answer.status, answer.headers["remote-user"]) == (200, [name]), encoding


@pytest.mark.parametrize("scheme", ["basic", "BASIC", "Basic  "])
def test_the_scheme_is_known_in_any_case(proxy, phone, scheme):
    assert proxy.ask(None, Authorization=basic(phone).replace("Basic", scheme)).status == 200


# Who is not


def test_other_passwords_are_refused(proxy, phone):
    mail = proxy.create("alice", "Mail", "--app", "mail")
    logins = (f"alice:{mail}", wrong(phone), f"mallory:{phone[6:]}", *(primary(user) for user in PRIMARY))
    for login in logins:
        answer = proxy.ask(login)
        assert (answer.status, answer.headers["www-authenticate"]) == (401, [CHALLENGE]), login
        assert "remote-user" not in answer.headers
    verdicts = ["wrong-app", "wrong-secret", "no-account", "not-an-app-password", "no-account"]
    assert proxy.verdicts(len(logins)) == verdicts


def test_a_revoked_password_is_refused_at_the_very_next_request(proxy, phone):
    with contextlib.closing(Line(proxy.where)) as line:
        for command, status in ((None, 200), (("revoke", "alice", phone[6:8]), 401)):
            if command:
                proxy.asp_admin(*command).done()
            line.send(question(phone))
            assert line.answer().status == status
    assert proxy.verdicts(2) == ["accepted", "revoked"]


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer abc",
        "Basic",
        "Basic !!!",
        basic("alice"),
        basic("alice:"),
        basic("ali\0ce:x"),
        basic("alice:x\n"),
        basic("alice:\x7f"),
        basic("alice:x").rstrip("="),
        basic("a" * 512 + ":" + "x" * 512),
    ],
    ids=lambda header: re.sub(r"\W+", "-", (header or "none")[:24]),
)
def test_what_is_no_login_is_401_and_is_asked_of_nobody(proxy, header):
    with proxy.without_broker():
        answer = proxy.ask(None, Authorization=header)
    assert (answer.status, answer.headers["www-authenticate"]) == (401, [CHALLENGE])
    assert proxy.log(0) == []


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/index.html",
        "/api/session",
        "/once/0",
        "/authorize",
        "/authorize/",
        "/authorize/Wiki",
        "/authorize/wiki/",
        "/authorize/wi%6Bi",
        "/authorize/../authorize/wiki",
        "//authorize/wiki",
        "/authorize/" + "w" * 65,
        "/authorize/wi*ki",
    ],
)
def test_nothing_else_is_served(proxy, phone, path):
    answer = proxy.ask(phone, path)
    assert answer.status in (400, 404)
    assert proxy.log(0) == []


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "OPTIONS", "PROPFIND"])
def test_it_is_asked_by_get_alone(proxy, phone, method):
    answer = proxy.ask(phone, method=method, Content_Length="0")
    assert (answer.status, answer.headers["allow"]) == (405, ["GET"])
    assert proxy.log(0) == []


def test_a_service_that_is_guarded_or_anothers_is_never_answered(proxy):
    """Neither for whom it would be right, nor for anybody else, and the same is said of both."""
    sudo, mail = (proxy.create("alice", app, "--app", app, "--new-app") for app in ("sudo", "mail"))
    for service, password in (("sudo", sudo), ("imap", mail)):
        answers = [proxy.ask(login, service) for login in (f"alice:{password}", "alice:x", None)]
        assert [answer.status for answer in answers] == [403] * 3
        assert len({answer.body for answer in answers}) == 1
    assert proxy.log(0) == []


# The address


def test_the_address_is_handed_on(proxy):
    near = "alice:" + proxy.create("alice", "Near", *WIKI, "--from", "2001:db8::/32")
    assert proxy.ask(near, X_Real_IP="2001:db8::7").status == 200
    assert proxy.ask(near).status == 401
    assert [line.word("rhost") for line in proxy.log(2)] == ["2001:db8::7", NEAR]


@pytest.mark.parametrize("value", [None, "", "unknown", "192.0.2.7, 192.0.2.8", "192.0.2.7:80", [NEAR, NEAR]])
def test_an_address_that_is_not_one_is_none(proxy, phone, value):
    assert proxy.ask(phone, X_Real_IP=value).status == 200
    assert [line.word("rhost") for line in proxy.log(1)] == ["-"]


# The broker


def test_without_the_broker_it_is_503_and_never_401(proxy, phone):
    with proxy.without_broker():
        for login in (phone, wrong(phone)):
            answer = proxy.ask(login)
            assert (answer.status, answer.body) == (503, UNAVAILABLE)
            assert "www-authenticate" not in answer.headers
    assert proxy.ask(phone).status == 200


def at_once(proxy, login, count):
    """As many requests, each from another address."""
    return [Later(lambda n=number: proxy.ask(login, X_Real_IP=f"203.0.113.{n}")) for number in range(count)]


def test_while_the_broker_hangs_others_are_served_and_after_a_second_it_is_503(proxy, phone):
    with proxy.broker.hung():
        begin = time.monotonic()
        later = at_once(proxy, phone, 100)
        assert proxy.ask(None).status == 401
        assert time.monotonic() - begin < 0.9
        assert {one.result().status for one in later} == {503}
        assert 0.9 < time.monotonic() - begin < 5
    wait_until(lambda: proxy.ask(phone).status == 200, "it goes on")


def test_what_was_asked_while_the_broker_was_busy_is_answered(proxy, phone):
    with proxy.broker.hung():
        later = at_once(proxy, phone, 100)
        time.sleep(0.3)
    assert [one.result().status for one in later] == [200] * 100


def test_an_address_has_32_requests_at_once(proxy, phone):
    """What is beyond them is no reason to forget a password."""
    with proxy.broker.hung():
        begin = time.monotonic()
        later = [Later(lambda: proxy.ask(phone)) for _ in range(40)]
        wait_until(lambda: b"too many at once" in proxy.ask(phone).body, "there is no limit")
        assert proxy.ask(None, X_Real_IP="192.0.2.8").status == 401
        assert time.monotonic() - begin < 0.9
    assert {one.result().status for one in later} == {200, 503}


GOOD = (b"accepted\0", b"wiki\0", b"7k\0", b"Phone\0")


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param("rude", id="it hangs up"),
        pytest.param("mute", id="it says nothing"),
        pytest.param("full", id="it takes nobody"),
        pytest.param(b"hello".hex(), id="a word"),
        pytest.param(message(1, b"no\0").hex(), id="a refusal"),
        pytest.param(message(OUTCOME, *GOOD, version=3).hex(), id="an older one that names no account"),
        pytest.param(message(OUTCOME, *GOOD, b"\0", version=4).hex(), id="no account"),
        pytest.param(message(OUTCOME, b"unavailable\0", b"\0", b"\0", b"\0", b"\0", version=4).hex(), id="unavailable"),
    ],
)
def test_a_broker_that_does_not_say_is_503(proxy, phone, answer):
    proxy.stop_broker()
    try:
        with in_its_place(proxy.sandbox, answer):
            found = proxy.ask(phone)
            assert (found.status, found.body) == (503, UNAVAILABLE)
    finally:
        proxy.sandbox.shell("rm -f /run/asp/broker.sock*").done()
        proxy.start_broker()


@pytest.fixture
def stand_in(proxy):
    """A socket in the broker's place, at which a test says what it would say."""
    proxy.stop_broker()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(proxy.web.inside(SOCKET))
    os.chmod(proxy.web.inside(SOCKET), 0o666)
    listener.settimeout(LONG)
    yield listener
    listener.close()
    proxy.sandbox.run("rm", SOCKET).done()
    proxy.start_broker()


def admit(client):
    client.recv(8192)
    client.send(message(OUTCOME, *GOOD, b"alice\0", version=4))
    client.close()


def test_while_the_broker_takes_nobody_it_is_tried_again(proxy, stand_in):
    stand_in.listen(0)
    others = []
    with contextlib.suppress(BlockingIOError):
        while True:
            others.append(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET))
            others[-1].setblocking(False)
            others[-1].connect(proxy.web.inside(SOCKET))
    later = Later(lambda: proxy.ask("alice:x"))
    time.sleep(0.2)
    for _ in others[:-1]:
        stand_in.accept()[0].close()
    admit(stand_in.accept()[0])
    assert later.result().status == 200
    for other in others:
        other.close()


def test_the_broker_is_asked_64_at_once_and_then_for_the_next(proxy, stand_in):
    stand_in.listen(512)
    later = at_once(proxy, "alice:x", 70)
    clients = [stand_in.accept()[0] for _ in range(64)]
    stand_in.settimeout(0.2)
    with pytest.raises(TimeoutError):
        stand_in.accept()
    stand_in.settimeout(LONG)
    for client in clients:
        admit(client)
    for _ in range(6):
        admit(stand_in.accept()[0])
    assert [one.result().status for one in later] == [200] * 70


def test_a_broker_of_another_user_is_told_nothing(proxy, phone):
    proxy.stop_broker()
    try:
        with in_its_place(proxy.sandbox, "mute", user="www-data"):
            assert proxy.ask(phone).status == 503
            assert proxy.sandbox.read("/run/asp/broker.sock.received") == ""
    finally:
        proxy.sandbox.shell("rm -f /run/asp/broker.sock*; chown root /run/asp").done()
        proxy.start_broker()


def test_why_nobody_is_let_in_is_logged_once_in_a_minute(proxy, phone):
    proxy.begin()
    proxy.log_file.forget()
    with proxy.without_broker():
        for _ in range(20):
            assert proxy.ask(phone).status == 503
    lines = [line for line in proxy.log_file.take() if "asp-web" in line]
    assert len(lines) == 1 and "start asp-broker.socket" in lines[0]


def test_the_broker_answers_for_no_more_than_is_listed_now(proxy, phone):
    """asp-web has read an older asp.conf."""
    proxy.configure(CONFIGURATION[1])
    assert proxy.ask(phone).status == 503
    proxy.configure(CLIENTS.replace('"wiki", ', ""), CONFIGURATION[1])
    assert proxy.ask(phone).status == 503


def test_many_at_once_are_all_answered(proxy, phone):
    """More than the broker is asked at once, over connections that are kept."""
    lines = [Line(proxy.where) for _ in range(300)]
    try:
        for _ in range(3):
            for number, line in enumerate(lines):
                login = phone if number % 2 else wrong(phone)
                line.send(question(login, X_Real_IP=f"2001:db8:{number:x}::1"))
            assert [line.answer().status for line in lines] == [401, 200] * 150
    finally:
        for line in lines:
            line.close()


def test_who_hangs_up_is_forgotten(proxy, phone):
    with proxy.broker.hung():
        for _ in range(50):
            with contextlib.closing(Line(proxy.where)) as line:
                line.send(question(phone))
    wait_until(lambda: len(os.listdir(f"/proc/{proxy.web.pid()}/fd")) < 20, "descriptors are left")
    assert proxy.ask(phone).status == 200


# What comes by a proxy


def test_an_upgrade_that_is_handed_on_is_passed_over(proxy, phone):
    assert proxy.ask(phone, Upgrade="websocket", Connection="Upgrade").status == 200


@pytest.mark.parametrize(
    "headers, status",
    [
        ({"Authorization": [basic("alice:x"), basic("bob:y")]}, 400),
        ({"Content_Length": "5"}, 400),
        ({"Transfer_Encoding": "chunked"}, 411),
        ({"Cookie": "x" * 9000}, 431),
    ],
    ids=["two-logins", "a-body", "a-body-in-pieces", "a-long-head"],
)
def test_what_is_out_of_order_is_refused(proxy, headers, status):
    assert proxy.ask(None, **headers).status == status
    assert proxy.log(0) == []


# The process


def remembered(proxy, *logins):
    """Those whose password asp-web has in memory, as it is or as it was sent."""
    memory = memory_of(proxy.web.pid())
    return [one for one in logins if one[6:].encode() in memory or basic(one)[10:].encode() in memory]


def test_what_was_sent_is_in_no_memory_once_it_is_answered(proxy, phone):
    canaries = [f"alice:canary-{number:02}-in-no-memory" for number in range(8)]
    with proxy.without_broker():
        assert proxy.ask(canaries[0]).status == 503
    for login in canaries[1:4]:
        assert proxy.ask(login).status == 401
    assert proxy.ask(canaries[4], "imap").status == 403
    assert proxy.ask(canaries[5], method="POST", Content_Length="0").status == 405
    assert proxy.ask(canaries[6], "/nothing").status == 404
    with contextlib.closing(Line(proxy.where)) as line:
        line.send(question(canaries[7]))
        assert line.answer().status == 401
        assert remembered(proxy, *canaries) == []


def test_what_was_sent_is_in_no_memory_while_the_broker_has_it(proxy, stand_in):
    stand_in.listen()
    login = "alice:canary-in-no-memory-while-it-waits"
    later = Later(lambda: proxy.ask(login))
    client, _ = stand_in.accept()
    assert login[6:].encode() in client.recv(8192)
    # It wipes what it has sent, and that was heard before.
    wait_until(lambda: remembered(proxy, login) == [], "what was sent is in memory")
    assert later.answers.empty(), "it was answered before"
    client.close()
    assert later.result().status == 503


def test_it_is_a_user_of_its_own_in_the_group_asp(proxy):
    status = dict(line.split(":\t", 1) for line in open(f"/proc/{proxy.web.pid()}/status") if ":\t" in line)
    uid, gid, asp = (
        int(proxy.sandbox.shell(script).done().out)
        for script in ("id -u asp-authorize", "id -g asp-authorize", "getent group asp | cut -d: -f3")
    )
    assert status["Uid"].split() == [str(uid)] * 4
    assert status["Gid"].split() == [str(gid)] * 4
    assert status["Groups"].split() == [str(asp)]
    assert {int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")} == {0}
    assert status["NoNewPrivs"].strip() == "1"


def test_the_socket_is_for_the_group_of_the_proxy(proxy):
    run = proxy.sandbox.run("stat", "--format=%a %U %G", AUTHORIZE).done()
    assert run.out == "660 root www-data\n"
    for user, code in (("www-data", 0), ("nobody", 1)):
        probe = f"import socket; socket.socket(socket.AF_UNIX).connect('{AUTHORIZE}')"
        assert proxy.sandbox.run(*as_user(user), "/usr/bin/python3", "-c", probe).code == code


@pytest.mark.parametrize(
    "lines",
    [
        (),
        ("broker: { clients = (); };",),
        (CLIENTS.replace("asp-authorize", "www-data"),),
        (CLIENTS.replace('"wiki", "caldav", "sudo"', ""),),
        (CLIENTS.replace('"wiki", "caldav", ', ""),),
    ],
    ids=["no-configuration", "no-client", "another-client", "no-service", "a-guarded-service"],
)
def test_it_does_not_start_unless_it_is_listed_with_services(proxy, lines):
    proxy.sandbox.write("/run/other.conf", "\n".join([*lines, ""]))
    run = proxy.web.run("--authorize", "--config", "/run/other.conf", "--listen", "127.0.0.1:8099")
    assert run.code == 6 and "broker.clients lists no service for asp-authorize" in run.err, run


def test_the_page_is_the_other_processs(proxy):
    run = proxy.web.run("--authorize", "--page", "/usr/share/asp/page")
    assert run.code == 2 and "no page is served" in run.err


def test_it_ends_while_somebody_waits(proxy, phone):
    with proxy.broker.hung():
        later = Later(lambda: proxy.ask(phone))
        time.sleep(0.2)
        proxy.web.stop()
        answer = later.result()
        assert answer is None or answer.status == 503
    proxy.begin()


def test_at_a_port_an_address_is_believed_beside_the_secret_alone(proxy, phone):
    proxy.sandbox.write("/etc/asp/proxy-secret", "0123456789abcdef0123456789abcdef\n", mode="600")
    proxy.web.stop()
    words = ("--listen", "127.0.0.1:8043", "--proxy-secret", "/etc/asp/proxy-secret")
    proxy.web.begin("--authorize", *words)
    proxy.sandbox.wait_for_port(8043)
    curl = ("curl", "-q", "--silent", "--output", "/dev/null", "--write-out", "%{http_code}", "--max-time", str(LONG))
    url = "http://127.0.0.1:8043/authorize/wiki"
    for secret in ("0123456789abcdef0123456789abcdef", "x"):
        headers = ("--header", f"X-Real-IP: {NEAR}", "--header", f"X-Asp-Proxy: {secret}")
        assert proxy.sandbox.run(*curl, "--user", phone, *headers, url).done().out == "200"
    assert [line.word("rhost") for line in proxy.log(2)] == [NEAR, "-"]
    proxy.begin()
