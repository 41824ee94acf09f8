"""asp-web, the one-time address by which an iPhone takes a new app password with its profile."""

import base64
import json
import re
import threading
import time

import pytest
from support.account_page import HOST, ORIGIN, Later
from support.long import repeated_but
from support.memory import memory_of
from support.qr import read_modules, with_margin
from support.self_service import SAID
from support.wait import wait_until
from test_asp_web import broker, browser, served, signed_in, web  # noqa: F401 (fixtures)

WORDS = ["create", "--qr", "--profile=json", "--label=Phone", "--app=mail", "--", "alice"]
PASSWORD = "7km4q-x8w2r-tz5np-v6hdj-3csyb"
PROFILE = f'<?xml version="1.0"?><plist><string>{PASSWORD}</string></plist>\n'.encode()
TYPE = "application/x-apple-aspen-config"
FORM = "application/x-www-form-urlencoded"
NOWHERE = "/once/" + "0123456789abcdef" * 2
HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'none'",
    "referrer-policy": "strict-origin",
    "cache-control": "no-store",
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
}


def made(profile=PROFILE, **more):
    more |= {} if profile is None else {"profile": base64.b64encode(profile).decode()}
    return json.dumps({"id": "7k", "label": "Phone", "password": PASSWORD, **more}) + "\n"


def create(browser, said, document=None, words=WORDS):
    """Up to where the page has the password."""
    running = Later(lambda: browser.post("/api/run", {"words": words}))
    said.words()
    *pieces, last = re.findall("(?s).{1,4000}", document or made())
    for piece in pieces:
        assert said.told(piece) == 0
    said.tell(last)
    answer = running.result().json
    assert answer["show"] and "once" not in answer
    return answer


def shown(browser, said, code=0):
    """The page has shown it; what it is told then."""
    running = Later(lambda: browser.post("/api/shown"))
    assert said.receive(SAID) == [b"0\0"]
    said.done(code)
    return running.result().json


def opened(browser, said, **what):
    """The path of an address."""
    create(browser, said, **what)
    address = shown(browser, said)["once"]["address"]
    assert address.startswith(f"{ORIGIN}/once/")
    return address[len(ORIGIN) :]


def state(browser):
    return browser.get("/api/once").json["once"]


@pytest.fixture
def said(browser, broker):
    """The broker's end of a session of alice's."""
    return signed_in(browser, broker)


@pytest.fixture
def phone(web):
    """A browser that has nothing of the page, from elsewhere."""
    return web.browser(address="203.0.113.9")


def get(phone, path, **changes):
    return phone.say("GET", path, **{"Sec_Fetch_Site": "none", **changes})


def press(phone, path, **changes):
    """What a browser sends when the button is pressed."""
    return phone.say("POST", path, **{"Content_Type": FORM, **changes})


# What it is for


def test_a_phone_takes_the_profile_once(browser, said, phone):
    path = opened(browser, said)
    page = get(phone, path)
    assert page.status == 200 and page.headers["content-type"] == ["text/html; charset=utf-8"]
    assert page.cookie is None
    assert b'<form method="post">' in page.body and b"<script" not in page.body and PASSWORD.encode() not in page.body
    assert state(browser) == "open"
    answer = press(phone, path)
    assert (answer.status, answer.body) == (200, PROFILE)
    assert answer.headers["content-type"] == [TYPE]
    assert answer.headers["content-disposition"] == ['attachment; filename="app-password.mobileconfig"']
    assert answer.cookie is None
    assert state(browser) == "taken"
    for again in (press(phone, path), get(phone, path)):
        assert again.status == 404 and PASSWORD.encode() not in again.body


def test_the_page_gets_the_address_as_a_qr_code(browser, said):
    create(browser, said)
    once = shown(browser, said)["once"]
    assert re.fullmatch(f"{ORIGIN}/once/[0-9a-f]{{32}}", once["address"])
    assert read_modules(with_margin(once["qr"])) == once["address"]


def test_each_is_another(browser, said):
    assert len({opened(browser, said) for _ in range(5)}) == 5


@pytest.mark.parametrize(
    "languages, language, words, over",
    [
        (None, "en", "Load the profile", "another address comes with it"),
        ("de-AT,de;q=0.9,en;q=0.8", "de", "Profil laden", "dann gibt es eine neue"),
        ("it,fr;q=0.8,en;q=0.5", "fr", "T&eacute;l&eacute;charger le profil", "il vient avec une autre"),
        ("x" * 4000, "en", "Load the profile", "another address comes with it"),
    ],
)
def test_it_speaks_the_language_of_the_phone(browser, said, phone, languages, language, words, over):
    page = get(phone, opened(browser, said), Accept_Language=languages).body.decode()
    assert f'<html lang="{language}">' in page and words in page
    page = get(phone, NOWHERE, Accept_Language=languages).body.decode()
    assert f'<html lang="{language}">' in page and over in page and "<form" not in page


def test_its_answers_keep_a_browser_to_this_host_and_let_it_say_whence_a_form_comes(browser, said, phone):
    path = opened(browser, said)
    for answer in (get(phone, path), get(phone, NOWHERE), phone.say("PUT", path), press(phone, path)):
        assert {name: answer.headers[name] for name in HEADERS} == {name: [text] for name, text in HEADERS.items()}


# Only when the password is alive


def test_there_is_none_before_the_page_has_shown_it(browser, said):
    create(browser, said)
    assert state(browser) == "ended"
    assert "once" in shown(browser, said)


@pytest.mark.parametrize("code", [1, 4, 5])
def test_there_is_none_of_a_password_that_is_void(browser, said, code):
    create(browser, said)
    assert "once" not in shown(browser, said, code)
    assert state(browser) == "ended"


def test_there_is_none_without_a_profile(browser, said):
    for document, words in ((made(None), WORDS), (made(None), ["rotate", "--", "alice", "7k"]), (made(b""), WORDS)):
        create(browser, said, document, words)
        assert "once" not in shown(browser, said)


def test_what_was_never_shown_becomes_none_by_another_command(browser, said):
    """The broker gave it up; what is asked for next ends well."""
    create(browser, said)
    said.tell("asp-admin: it was not shown\n", "err")
    said.done(5)

    def run():
        answer = browser.say("POST", "/api/run", {"words": ["list"]})
        return answer if answer.status != 409 else None

    running = Later(lambda: wait_until(run, "it is not over"))
    said.words()
    said.told("[]\n")
    said.done(0)
    answer = running.result().json
    assert answer["code"] == 0 and "once" not in answer
    assert state(browser) == "ended"


# That what takes long is asked for again is shown in test_asp_web_sessions.py.
@pytest.mark.long
def test_the_answer_comes_later_where_the_command_takes_long(browser, said):
    create(browser, said)
    running = Later(lambda: browser.post("/api/shown"))
    assert said.receive(SAID) == [b"0\0"]
    assert running.result().json == {"running": True}
    said.done(0)
    assert "once" in browser.get("/api/wait").json


# What ends it


@pytest.mark.parametrize(
    "words",
    [
        ["revoke", "--", "alice", "7k"],
        ["revoke", "--all", "--", "alice"],
        ["revoke", "--label=Phone", "alice"],
        ["rotate", "--", "alice", "7k"],
        ["--quiet", "revoke", "alice", "7k"],
        ["create", "--label=Other", "--app=mail", "--", "alice"],
    ],
)
def test_a_revocation_ends_it_before_it_is_carried_out(browser, said, phone, words):
    path = opened(browser, said)
    running = Later(lambda: browser.post("/api/run", {"words": words}))
    said.words()
    assert press(phone, path).status == 404
    assert state(browser) == "ended"
    said.done(0)
    assert "once" not in running.result().json


def test_what_only_reads_does_not(browser, said, phone):
    path = opened(browser, said)
    for words in (["list", "--", "alice"], ["history", "--", "alice"], ["apps"]):
        running = Later(lambda words=words: browser.post("/api/run", {"words": words}))
        said.words()
        said.told("[]\n")
        said.done(0)
        assert "once" not in running.result().json
    assert press(phone, path).body == PROFILE


def test_done_ends_it(browser, said, phone):
    path = opened(browser, said)
    assert browser.post("/api/done").status == 200
    assert press(phone, path).status == 404
    assert state(browser) == "ended"
    assert browser.post("/api/done").status == 200


def test_signing_out_ends_it(browser, said, phone):
    path = opened(browser, said)
    browser.post("/api/sign-out")
    assert press(phone, path).status == 404


def test_the_end_of_the_session_ends_it(browser, said, phone):
    path = opened(browser, said)
    said.connection.close()
    wait_until(lambda: get(phone, path).status == 404, "it goes on")


def test_a_page_that_says_nothing_for_15_seconds_ends_it(browser, said, phone):
    """It asks every five; while it does, the address goes on."""
    path = opened(browser, said)
    begin = time.monotonic()
    while time.monotonic() - begin < 20:
        assert state(browser) == "open"
        time.sleep(5)
    begin = time.monotonic()
    wait_until(lambda: get(phone, path).status == 404, "it goes on")
    assert 5 < time.monotonic() - begin < 15
    assert state(browser) == "ended"


def test_the_next_one_takes_its_place(browser, said, phone):
    first = opened(browser, said)
    second = opened(browser, said, document=made(b"second"))
    assert press(phone, first).status == 404
    assert press(phone, second).body == b"second"


# Who would like to have it


def test_looking_uses_nothing_up(browser, said, phone):
    """As mail programs and messengers look at what is sent through them."""
    path = opened(browser, said)
    for _ in range(10):
        head = phone.say("HEAD", path, Sec_Fetch_Site=None)
        assert (head.status, head.body) == (200, b"")
        assert get(phone, path, Sec_Fetch_Site="cross-site").status == 200
    assert press(phone, path).body == PROFILE
    assert phone.say("HEAD", path).status == 404


def test_of_two_who_press_at_once_one_gets_it(web, browser, said):
    path = opened(browser, said)
    answers = []
    start = threading.Barrier(8)

    def take():
        one = web.browser()
        start.wait()
        answers.append(press(one, path))

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status for answer in answers) == [200, *[404] * 7]


def test_two_in_one_packet_are_two(browser, said, phone, web):
    path = opened(browser, said)
    line = web.line()
    line.send(phone.bytes("POST", path, Content_Type=FORM) * 2)
    assert line.answer().body == PROFILE
    assert line.answer().status == 404
    line.close()


@pytest.mark.parametrize(
    "changes, status",
    [
        ({"Origin": None}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": [ORIGIN, ORIGIN]}, 400),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Content-Type": None}, 415),
        ({"Content-Type": "application/json"}, 415),
        ({"Content-Type": "multipart/form-data"}, 415),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Length": None}, 411),
        ({"Content-Length": "1"}, 400),
        ({"Content-Length": "99999999"}, 413),
        ({"Transfer-Encoding": "chunked", "Content-Length": None}, 411),
        ({"Host": "evil.example"}, 421),
        ({"Host": f"{HOST}:443"}, 421),
        ({"Upgrade": "websocket"}, 400),
    ],
    ids=str,
)
def test_what_another_page_or_program_posts_is_refused_and_uses_nothing_up(browser, said, phone, changes, status):
    path = opened(browser, said)
    assert press(phone, path, **changes).status == status
    assert press(phone, path).body == PROFILE


def test_a_browser_that_does_not_say_where_a_press_comes_from_is_served(browser, said, phone):
    assert press(phone, opened(browser, said), Sec_Fetch_Site=None).body == PROFILE


def test_it_needs_no_cookie_and_is_no_worse_for_one(browser, said):
    assert press(browser, opened(browser, said)).body == PROFILE


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW"])
def test_there_is_no_other_method(browser, said, phone, method):
    path = opened(browser, said)
    answer = phone.say(method, path)
    assert (answer.status, answer.headers["allow"]) == (405, ["GET, HEAD, POST"])
    assert press(phone, path).body == PROFILE


def test_what_is_nearly_the_address_is_not(browser, said, phone):
    path = opened(browser, said)
    token = path.removeprefix("/once/")
    other = "0" if token[-1] != "0" else "1"
    near = [token[:-1], token + "0", token[:-1] + other, token.upper() + "/", "/" + token, f"%{ord(token[0]):x}{token[1:]}"]
    near += ["", ".", "..", "../once/" + token, token[:16], "*" * 32, "\xff" * 32]
    for one in near:
        for answer in (get(phone, f"/once/{one}"), press(phone, f"/once/{one}")):
            assert answer is None or answer.status in (400, 404), one
    for answer in (get(phone, f"/ONCE/{token}"), get(phone, "/once"), get(phone, f"/api/once/{token}")):
        assert answer.status == 404
    assert press(phone, path).body == PROFILE


def test_guessing_is_as_bounded_as_all_requests_and_finds_nothing(browser, said, web):
    """All that one can do is try: 128 bits, at most 384 of them open, each for five minutes."""
    path = opened(browser, said)
    guesser = web.browser(address="198.51.100.7")
    line = web.line()
    for number in range(100):
        line.send(guesser.bytes("POST", f"/once/{number:032x}", Content_Type=FORM))
        answer = line.answer()
        assert answer.status == 404
    assert line.ended(), "a connection has a hundred"
    slow = browser.bytes("POST", "/api/run", Content_Length="100", X_Real_IP=guesser.address)
    lines = [web.line() for _ in range(32)]
    for one in lines:
        one.send(slow)
    wait_until(lambda: press(guesser, NOWHERE).status == 429, "they are not counted")
    for one in lines:
        one.close()
    assert press(web.browser(), path).body == PROFILE


def test_the_page_alone_asks_for_it(web, browser, said):
    opened(browser, said)
    assert browser.say("GET", "/api/once", X_Asp_Token=None).status == 403
    assert browser.say("GET", "/api/once", Cookie=None).status == 401
    assert browser.say("POST", "/api/done", {}, X_Asp_Token=None).status == 403
    assert browser.say("POST", "/api/done", {}, Origin="https://evil.example").status == 403
    assert web.browser().open().say("POST", "/api/done", {}).status == 401
    assert state(browser) == "open"


# Much of it


def test_a_profile_of_64_kib_is_taken_and_one_that_is_longer_has_no_address(web, browser, said, phone):
    most = b"p" * 65536
    assert press(phone, opened(browser, said, document=made(most))).body == most
    for _ in range(2):
        create(browser, said, made(most + b"p"))
        assert "once" not in shown(browser, said)
        assert state(browser) == "ended"
    assert web.logged().count("a profile of more than 65536 bytes has no one-time address") == 1


def test_many_sessions_have_one_each(web, broker, phone):
    """In as much memory as they are long."""
    browsers = [web.browser(address=f"2001:db8:{number:x}::1") for number in range(60)]
    paths = []
    for number, one in enumerate(browsers):
        said = signed_in(one, broker, f"user{number}")
        paths.append(opened(one, said, document=made(f"profile of {number}".encode() * 1000)))
    for number, path in list(enumerate(paths))[::-1]:
        assert press(phone, path).body == f"profile of {number}".encode() * 1000
        assert state(browsers[number]) == "taken"
    for one in browsers:
        one.post("/api/sign-out")


ENDS = {
    "taken": lambda browser, said, phone, path: press(phone, path),
    "done": lambda browser, said, phone, path: browser.post("/api/done"),
    "revoked": lambda browser, said, phone, path: Later(lambda: browser.post("/api/run", {"words": ["revoke", "alice", "7k"]})),
    "signed out": lambda browser, said, phone, path: browser.post("/api/sign-out"),
    "over": lambda browser, said, phone, path: said.connection.close(),
    "silence": lambda browser, said, phone, path: None,
}


@pytest.mark.parametrize("how", repeated_but(ENDS.keys() - {"silence"}, ENDS))
def test_nothing_of_it_stays_in_memory(web, browser, said, phone, how):
    path = opened(browser, said)
    assert PASSWORD.encode() in memory_of(web.pid()), "else this shows nothing"
    ENDS[how](browser, said, phone, path)
    wait_until(lambda: PASSWORD.encode() not in memory_of(web.pid()), "it is kept")
    assert base64.b64encode(PROFILE)[:40] not in memory_of(web.pid())


def test_nor_does_that_of_a_password_that_is_void(web, browser, said):
    create(browser, said)
    shown(browser, said, 5)
    assert PASSWORD.encode() not in memory_of(web.pid())


def test_the_log_has_no_address(web, browser, said, phone):
    path = opened(browser, said)
    press(phone, path)
    get(phone, path)
    assert path.removeprefix("/once/") not in web.logged()
