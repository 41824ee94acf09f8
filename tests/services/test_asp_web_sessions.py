"""asp-web, signing in: the conversation with PAM, its cookies, and the commands of who is signed in."""

import contextlib
import json
import os
import signal
import time

import pytest
from support.account_page import BROKER, Later
from support.memory import memory_of
from support.processes import state
from support.self_service import REPLY, SAID
from support.wait import LONG, wait_until
from test_asp_web import broker, browser, served, signed_in, web  # noqa: F401 (fixtures)

SECRET = "correct horse battery"
MADE = {"id": "7k", "label": "Phone", "password": "7km4q-x8w2r-tz5np-v6hdj-3csyb"}


def document(made, indent=2):
    return json.dumps(made, indent=indent) + "\n"


# The conversation


def test_the_broker_hears_who_signs_in_and_from_where(web, broker):
    browser = web.browser(address="2001:DB8::7")
    browser.sign_in("älice@example.org")
    assert broker.accept()[:2] == ("älice@example.org", "2001:db8::7")


@pytest.mark.parametrize(
    "address, told",
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:0:0::1", "2001:db8::1"),
        (None, ""),
        ("", ""),
        ("unknown", ""),
        ("192.0.2.7, 203.0.113.1", ""),
        ("192.0.2.7 203.0.113.1", ""),
        ("192.0.2.7:4711", ""),
        ("[2001:db8::1]", ""),
        ("fe80::1%eth0", ""),
        ("192.0.2.0/24", ""),
        ("192.0.2.07", ""),
        ("localhost", ""),
        (["192.0.2.7", "203.0.113.1"], ""),
        ("1" * 4000, ""),
    ],
)
def test_an_address_is_told_where_it_is_one_and_alone(web, broker, address, told):
    browser = web.browser(address=address)
    browser.sign_in()
    assert broker.accept()[1] == told


def test_questions_and_what_is_said_beside_them_reach_the_page(browser, broker):
    browser.sign_in()
    _, _, said = broker.accept()
    assert said.told("Welcome") == 0
    said.ask("Password: ")
    wait_until(lambda: len(browser.messages()) == 2, "they do not come")
    assert browser.messages() == [
        {"number": 1, "message": "Welcome", "error": False},
        {"number": 2, "prompt": "Password: ", "echo": False},
    ]
    assert browser.messages(after=1) == [{"number": 2, "prompt": "Password: ", "echo": False}]
    assert browser.post("/api/answer", {"number": 2, "answer": SECRET}).status == 200
    assert said.reply() == SECRET.encode()
    assert said.told("Wrong, perhaps", "err") == 0
    said.ask("Code: ", "shown")
    later = wait_until(lambda: [m for m in browser.messages(after=2) if "prompt" in m], "it does not come")
    assert later == [{"number": 4, "prompt": "Code: ", "echo": True}]
    assert browser.post("/api/answer", {"number": 4, "answer": ""}).status == 200
    assert said.reply() == b""


def test_who_waits_hears_of_it_at_once(browser, broker):
    browser.sign_in()
    _, _, said = broker.accept()
    waiting = Later(browser.messages)
    time.sleep(0.3)
    begin = time.monotonic()
    said.ask()
    assert waiting.result()[0]["prompt"] == "Password: "
    assert time.monotonic() - begin < 5


def test_of_two_who_wait_the_first_is_answered(browser, broker):
    browser.sign_in()
    _, _, said = broker.accept()
    first = Later(browser.messages)
    time.sleep(0.3)
    second = Later(browser.messages)
    assert first.result() == []
    said.ask()
    assert second.result()[0]["prompt"] == "Password: "


@pytest.mark.parametrize("number", [0, 2, -1, "1", None, 1.0])
def test_only_the_question_that_is_open_is_answered_and_once(browser, broker, number):
    browser.sign_in()
    _, _, said = broker.accept()
    assert browser.post("/api/answer", {"number": 1, "answer": "x"}).status == 409
    said.ask()
    browser.messages()
    assert browser.post("/api/answer", {"number": number, "answer": "x"}).status == 409
    assert browser.post("/api/answer", {"number": 1, "answer": "x" * 512}).status == 400
    assert browser.post("/api/answer", {"number": 1}).status == 400
    assert browser.post("/api/answer", {"number": 1, "answer": "x" * 511}).status == 200
    assert said.reply() == b"x" * 511
    assert browser.post("/api/answer", {"number": 1, "answer": "x"}).status == 409


def test_of_much_that_is_said_the_last_is_kept(browser, broker):
    browser.sign_in()
    _, _, said = broker.accept()
    for number in range(40):
        said.told(f"Line {number}")
    said.ask()
    wait_until(lambda: "prompt" in browser.messages()[-1], "it does not come")
    assert [m["number"] for m in browser.messages()] == list(range(26, 42))
    for _ in range(4):
        said.told("x" * 4000)
    assert sum(len(m["message"]) for m in browser.messages()) <= 8192


def test_what_is_said_is_text_whatever_it_is(browser, broker):
    browser.sign_in()
    _, _, said = broker.accept()
    said.told('<script>"\\\x1b[2J\u202e</script>')
    assert browser.messages()[0]["message"] == '<script>"\\\x1b[2J\u202e</script>'


# Cookies


def test_each_step_has_a_cookie_of_its_own_and_the_one_before_is_none(web, browser, broker):
    browser.open()
    fresh = browser.cookie, browser.token
    browser.post("/api/sign-in", {"user": "alice"})
    _, _, said = broker.accept()
    asked = browser.cookie, browser.token
    said.done(0)
    answer = browser.get("/api/wait")
    assert answer.json["outcome"] == "signed-in" and answer.json["user"] == "alice"
    inside = browser.cookie, browser.token
    assert len({*fresh, *asked, *inside}) == 6
    assert len(browser.cookie) == 43
    other = web.browser()
    for other.cookie, other.token in (fresh, asked):
        assert other.say("GET", "/api/wait").status == 401
        assert other.say("POST", "/api/run", {"words": ["list"]}).status == 401
        assert other.say("POST", "/api/sign-in", {"user": "alice"}).status == 401
        assert other.say("GET", "/api/session").json["user"] is None
    assert browser.get("/api/session").json["user"] == "alice"


def test_who_is_signed_in_is_called_as_her_account_is(browser, broker):
    browser.sign_in("Alice@example.org")
    _, _, said = broker.accept()
    said.account = "alice"
    said.done(0)
    answer = browser.get("/api/wait").json
    assert (answer["outcome"], answer["user"]) == ("signed-in", "alice")
    assert browser.get("/api/session").json["user"] == "alice"


@pytest.mark.parametrize("account", [None, "a" * 255])
def test_whose_account_is_not_said_is_not_signed_in(browser, broker, account):
    browser.sign_in()
    _, _, said = broker.accept()
    said.account = account
    said.done(0)
    assert "no message of this version" in browser.get("/api/wait").json["error"]
    assert browser.get("/api/session").json["user"] is None


def test_one_cookie_is_good_for_one_conversation_whatever_comes_of_it(web, browser, broker):
    browser.open()
    kept = browser.cookie, browser.token
    browser.post("/api/sign-in", {"user": "alice"})
    _, _, said = broker.accept()
    said.done(1)
    assert browser.get("/api/wait").json == {"outcome": "refused", "error": ""}
    assert browser.say("GET", "/api/wait").status == 401
    browser.cookie, browser.token = kept
    assert browser.say("POST", "/api/sign-in", {"user": "alice"}).status == 401


def test_a_cookie_that_somebody_else_knows_before_leads_nowhere_after(web, browser, broker):
    """Somebody has put his own cookie into her browser, and waits beside her."""
    attacker = web.browser().open()
    browser.cookie = attacker.cookie
    browser.open()
    browser.post("/api/sign-in", {"user": "alice"})
    _, _, said = broker.accept()
    said.done(0)
    assert attacker.say("GET", "/api/wait").status == 401
    assert browser.get("/api/wait").json["outcome"] == "signed-in"
    assert attacker.say("POST", "/api/run", {"words": ["list"]}).status == 401


def test_used_cookies_are_remembered_however_many_there_are(web, browser, broker):
    """More than are kept: then those that were made before are all none."""
    browser.open()
    kept = browser.cookie, browser.token
    browser.post("/api/sign-in", {"user": "alice"})
    broker.accept()
    browser.post("/api/sign-out")
    for _ in range(1100):
        other = web.browser()
        other.sign_in()
        broker.accept()
        broker.sessions.pop().connection.close()
        other.post("/api/sign-out")
    browser.cookie, browser.token = kept
    assert browser.say("POST", "/api/sign-in", {"user": "alice"}).status == 401


def test_after_signing_out_nothing_is_good_any_more(web, browser, broker):
    said = signed_in(browser, broker)
    kept = browser.cookie, browser.token
    answer = browser.post("/api/sign-out")
    assert answer.status == 200
    assert answer.headers["clear-site-data"] == ['"cache", "cookies", "storage"']
    assert answer.headers["set-cookie"] == ["__Host-asp=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0"]
    assert said.gone()
    browser.cookie, browser.token = kept
    for method, path in (("GET", "/api/wait"), ("POST", "/api/run"), ("POST", "/api/shown"), ("POST", "/api/answer")):
        assert browser.say(method, path, {"words": ["list"]} if method == "POST" else None).status == 401
    assert browser.get("/api/session").json["user"] is None


def test_who_is_signed_in_does_not_sign_in(browser, broker):
    signed_in(browser, broker)
    assert browser.post("/api/sign-in", {"user": "bob"}).status == 409


def test_one_session_knows_nothing_of_another(web, broker):
    alice, bob = web.browser(), web.browser()
    alices, bobs = signed_in(alice, broker), signed_in(bob, broker, "bob")
    running = Later(lambda: bob.post("/api/run", {"words": ["list"]}))
    assert bobs.words() == ["asp-admin", "--json", "list"]
    assert bobs.told("[]\n") == 0
    bobs.done()
    assert running.result().json["out"] == "[]\n"
    assert alice.say("GET", "/api/wait", X_Asp_Token=bob.token).status == 403
    assert alice.get("/api/session").json["user"] == "alice"
    alice.post("/api/sign-out")
    assert alices.gone()
    assert bob.get("/api/session").json["user"] == "bob"


def test_who_waits_is_told_nothing_of_who_signs_in_at_her_place(web, browser, broker):
    """All at once: another page of her browser waits too, she signs out there, and somebody else begins to sign in."""
    browser.sign_in()
    other = web.browser().open()
    out = browser.bytes("POST", "/api/sign-out", b"{}")
    sent = [browser.bytes("GET", "/api/wait"), browser.bytes("GET", "/api/wait"), out]
    sent.append(other.bytes("POST", "/api/sign-in", b'{"user": "bob"}'))
    lines = [web.line() for _ in sent]
    for line in lines:
        line.send(browser.bytes("GET", "/"))
        assert line.answer().status == 200
    lines[0].send(sent[0])
    assert browser.say("GET", "/").status == 200
    os.kill(web.pid(), signal.SIGSTOP)
    wait_until(lambda: state(web.process.pid) == "T", "what started it in the sandbox does not stop with it")
    for line, request in zip(lines[1:], sent[1:], strict=True):
        line.send(request)
    web.process.send_signal(signal.SIGCONT)
    assert [line.answer().status for line in lines] == [401, 401, 200, 200]
    for line in lines:
        line.close()


# The broker's end of it


@pytest.mark.parametrize("how", ["closed", "refused", "nonsense"])
def test_a_session_is_over_when_the_broker_says_so(browser, broker, how):
    said = signed_in(browser, broker)
    why = {"refused": "you have been idle for ten minutes"}.get(how, "")
    if how == "refused":
        said.refuse(why)
    elif how == "nonsense":
        said.connection.send(b"asp\x09")
    said.connection.close()
    wait_until(lambda: browser.say("GET", "/api/session").json["user"] is None, "it goes on")
    assert browser.say("POST", "/api/run", {"words": ["list"]}).status == 401


def test_a_session_is_over_when_the_broker_takes_nothing_more(browser, broker):
    """What was to be said to it is lost, so that it would wait, and so would she."""
    said = signed_in(browser, broker)
    running = Later(lambda: browser.post("/api/run", {"words": ["list"]}))
    said.words()
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        for _ in range(5000):
            said.ask("", "app-password")
    assert running.result().json == {"error": "asp-broker broke off: sign in again"}


def test_she_is_told_why_she_is_not_let_in(browser, broker):
    browser.sign_in()
    _, _, said = broker.accept()
    said.refuse("too many wrong answers: wait 30 seconds")
    assert browser.get("/api/wait").json == {"outcome": "refused", "error": "too many wrong answers: wait 30 seconds"}


def test_without_a_broker_nobody_signs_in_and_the_page_is_served(web, browser):
    with contextlib.suppress(FileNotFoundError):
        os.unlink(web.inside(BROKER))
    browser.open()
    assert browser.post("/api/sign-in", {"user": "alice"}).status == 503
    assert browser.say("GET", "/").status == 200


def test_a_broker_that_takes_nobody_holds_up_nobody(web, browser, broker):
    """It listens, and its queue is full."""
    broker.listener.listen(0)
    statuses = []
    begin = time.monotonic()
    for _ in range(5):
        other = web.browser().open()
        statuses.append(other.post("/api/sign-in", {"user": "alice"}).status)
        assert browser.say("GET", "/").status == 200
    assert 503 in statuses and time.monotonic() - begin < 5


def test_a_broker_that_says_nothing_holds_up_nobody(web, browser, broker):
    other = web.browser()
    said = signed_in(other, broker)
    running = Later(lambda: other.post("/api/run", {"words": ["list"]}))
    said.words()
    begin = time.monotonic()
    for _ in range(20):
        assert browser.say("GET", "/").status == 200
    assert time.monotonic() - begin < 5
    said.done(0)
    assert running.result().json["code"] == 0


# Commands


def test_a_command_says_what_asp_admin_says(browser, broker):
    said = signed_in(browser, broker)
    running = Later(lambda: browser.post("/api/run", {"words": ["label", "--", "alice", "7k", "Täblet"]}))
    assert said.words() == ["asp-admin", "--json", "label", "--", "alice", "7k", "Täblet"]
    assert said.told("asp-admin: that label is taken\n", "err") == 0
    said.done(4)
    answer = running.result()
    assert answer.json == {"code": 4, "out": "", "err": "asp-admin: that label is taken\n"}


def test_an_answer_of_many_pieces_is_one(browser, broker):
    said = signed_in(browser, broker)
    running = Later(lambda: browser.post("/api/run", {"words": ["list"]}))
    said.words()
    for _ in range(100):
        assert said.told("x" * 4096) == 0
    said.done(0)
    assert running.result().json["out"] == "x" * 409600


def test_an_answer_without_end_has_one(browser, broker):
    said = signed_in(browser, broker)
    running = Later(lambda: browser.post("/api/run", {"words": ["list"]}))
    said.words()
    codes = [said.told("x" * 8000) for _ in range(300)]
    assert codes[0] == 0 and codes[-1] != 0
    said.done(5)
    assert running.result().json["code"] == 5


def test_one_command_is_run_at_a_time(browser, broker):
    said = signed_in(browser, broker)
    running = Later(lambda: browser.post("/api/run", {"words": ["list"]}))
    said.words()
    assert browser.say("POST", "/api/run", {"words": ["list"]}).status == 409
    said.done(0)
    assert running.result().json["code"] == 0


@pytest.mark.parametrize(
    "words", [[], None, "list", [1], [["list"]], ["list", None], ["x"] * 65, ["list", "x" * 9000], {"0": "list"}]
)
def test_what_are_no_words_are_not_run(browser, broker, words):
    signed_in(browser, broker)
    assert browser.post("/api/run", {"words": words}).status == 400


def test_nothing_is_run_before_she_is_let_in(browser, broker):
    browser.sign_in()
    broker.accept()
    assert browser.post("/api/run", {"words": ["list"]}).status == 409
    assert browser.post("/api/shown").status == 409


def test_a_password_is_acknowledged_when_the_page_has_shown_it(browser, broker):
    """All of its document is at the page, and the broker waits; then it hears of it, and says that it is alive."""
    said = signed_in(browser, broker)
    running = Later(lambda: browser.post("/api/run", {"words": ["create", "--label", "Phone", "--app", "mail"]}))
    said.words()
    text = document({**MADE, "qr": ["0101" * 500] * 4})
    assert said.told(text[:4096]) == 0
    said.tell(text[4096:])
    answer = running.result().json
    assert answer == {"out": text, "err": "", "show": True}
    said.connection.settimeout(1)
    with pytest.raises(TimeoutError):
        said.connection.recv(8192)
    said.connection.settimeout(LONG)
    shown = Later(lambda: browser.post("/api/shown"))
    assert said.receive(SAID) == [b"0\0"]
    assert said.told("asp-admin: it is not for long\n", "err") == 0
    said.done(0)
    assert shown.result().json == {"code": 0, "out": "", "err": "asp-admin: it is not for long\n"}
    assert browser.post("/api/shown").status == 409


def test_a_password_that_is_shown_too_late_is_void(browser, broker):
    said = signed_in(browser, broker)
    running = Later(lambda: browser.post("/api/run", {"words": ["rotate", "--", "alice", "7k"]}))
    said.words()
    said.tell(document(MADE))
    assert running.result().json["show"]
    said.tell("asp-admin: it was not shown\n", "err")
    said.done(5)
    answer = wait_until(lambda: (a := browser.post("/api/shown")).status == 200 and a, "it is not over")
    assert answer.json["code"] == 5
    running = Later(lambda: browser.post("/api/run", {"words": ["list"]}))
    assert said.words()[-1] == "list", "what nobody waits for is not answered"
    said.done(0)
    assert running.result().json["code"] == 0


def test_who_waits_is_answered_after_25_seconds_and_a_command_that_takes_longer_is_asked_for_again(web, browser, broker):
    other = web.browser()
    other.sign_in()
    broker.accept()
    begin = time.monotonic()
    asked = Later(lambda: (other.messages(), time.monotonic() - begin))
    said = signed_in(browser, broker)
    assert browser.post("/api/run", {"words": ["revoke", "--all"]}).json == {"running": True}
    messages, seconds = asked.result()
    assert messages == [] and 20 < seconds < 40 and 20 < time.monotonic() - begin < 40
    waiting = Later(lambda: browser.get("/api/wait"))
    said.words()
    said.told("{}\n")
    said.done(0)
    assert waiting.result().json == {"code": 0, "out": "{}\n", "err": ""}
    assert browser.get("/api/wait").json == {"running": False}


def test_what_a_command_asks_is_not_asked_here(browser, broker):
    said = signed_in(browser, broker)
    running = Later(lambda: browser.post("/api/run", {"words": ["check", "alice"]}))
    said.words()
    said.ask("alice", "app-password")
    assert said.receive(REPLY) == []
    said.done(1)
    assert running.result().json["code"] == 1


# Secrets


def test_what_was_typed_is_in_no_memory_once_the_broker_has_it(web, browser, broker):
    browser.sign_in()
    _, _, said = broker.accept()
    canary = "zzcanary-" + "q7w8e9" * 3
    said.ask()
    browser.messages()
    assert browser.post("/api/answer", {"number": 1, "answer": canary}).status == 200
    assert said.reply() == canary.encode()
    wait_until(lambda: canary.encode() not in memory_of(web.pid()), "it is kept")


def test_nor_is_the_name_which_may_be_a_password_in_the_wrong_place(web, browser, broker):
    canary = "zzcanary-" + "n4m3s5" * 3
    browser.sign_in(canary)
    assert broker.accept()[0] == canary
    wait_until(lambda: canary.encode() not in memory_of(web.pid()), "it is kept")


def test_nor_is_a_password_that_was_made_and_is_at_the_page(web, browser, broker):
    said = signed_in(browser, broker)
    running = Later(lambda: browser.post("/api/run", {"words": ["create", "--label", "x"]}))
    said.words()
    said.tell(document(MADE))
    assert MADE["password"] in running.result().json["out"]
    wait_until(lambda: MADE["password"].encode() not in memory_of(web.pid()), "it is kept")


def test_the_log_has_no_secret_and_no_name(web, browser, broker):
    said = signed_in(browser, broker, "carol-of-the-log")
    said.connection.close()
    assert "carol-of-the-log" not in web.logged()
