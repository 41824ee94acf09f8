"""asp-web with the real asp-broker and PAM: a user signs in and acts on her own account, as her browser says it."""

import json

import pytest
from support.account_page import CONFIGURATION, AccountPage
from support.passwords import PASSWORD
from support.self_service import ALICES, BOBS
from support.wait import wait_until
from support.web_sign_in import CONF, serve_web


@pytest.fixture(scope="module")
def page(self_service, build):
    if not (build / "asp-web" / "asp-web").exists():
        pytest.skip("asp-web is not built: no libmicrohttpd")
    page = AccountPage(self_service.sandbox, build, CONF)
    yield page
    page.stop()


@pytest.fixture
def web(own, page):
    """The page, before anybody has an app password."""
    serve_web(own, CONF, CONFIGURATION)
    page.start()
    return page


def next_question(browser, after=0):
    """The number and the text of what PAM asks."""

    def look():
        answer = browser.get(f"/api/wait?after={after}").json
        return "outcome" in answer and answer or [m for m in answer["messages"] if "prompt" in m]

    found = wait_until(look, "nothing is asked")
    return found if isinstance(found, dict) else found[-1]


def outcome(browser):
    return wait_until(lambda: (a := browser.get("/api/wait").json).get("outcome") and a, "there is none")


def sign_in(browser, user="alice", password=ALICES):
    browser.sign_in(user)
    question = next_question(browser)
    assert (question["prompt"], question["echo"]) == ("Password: ", False)
    assert browser.post("/api/answer", {"number": question["number"], "answer": password}).status == 200
    return outcome(browser)


def run(browser, *words):
    """What a command says to its end; what is to be shown is said to be."""
    answer = browser.post("/api/run", {"words": list(words)})
    assert answer.status == 200, answer
    found = answer.json
    while "code" not in found:
        if found.get("show"):
            done = browser.post("/api/shown").json
            found = {**done, "out": found["out"] + done.get("out", "")}
        else:
            found = browser.get("/api/wait").json
    return found


def test_a_user_signs_in_and_acts_on_her_own_account(own, web):
    browser = web.browser()
    assert sign_in(browser)["outcome"] == "signed-in"
    assert json.loads(run(browser, "list", "--", "alice")["out"]) == []
    made = run(browser, "create", "--label", "Phone", "--app", "mail", "--", "alice")
    assert made["code"] == 0, made
    document = json.loads(made["out"])
    assert PASSWORD.fullmatch(document["password"])
    assert own.states() == [("Phone", "active")]
    (entry,) = json.loads(run(browser, "list", "--", "alice")["out"])
    assert entry["label"] == "Phone"
    assert run(browser, "revoke", "--", "alice", entry["id"])["code"] == 0
    assert own.states() == [("Phone", "revoked")]
    assert browser.post("/api/sign-out").status == 200


def test_a_wrong_password_and_an_unknown_user_look_the_same(web):
    answers = []
    for user, password in (("alice", "wrong"), ("nobody-of-this-name", "wrong")):
        browser = web.browser(address="192.0.2.66")
        answers.append(sign_in(browser, user, password))
        assert browser.get("/api/session").json["user"] is None
    assert answers[0] == answers[1]
    assert answers[0]["outcome"] == "refused"


def test_she_acts_on_no_account_but_hers(own, web):
    browser = web.browser()
    sign_in(browser)
    own.create("bob", "Phone", "--app", "mail")
    answer = run(browser, "list", "--", "bob")
    assert answer["code"] != 0 and "Phone" not in answer["out"]


def test_a_password_that_the_page_does_not_show_is_void(own, web):
    """The broker waits for half a minute."""
    browser = web.browser()
    sign_in(browser)
    answer = browser.post("/api/run", {"words": ["create", "--label", "Lost", "--app", "mail", "--", "alice"]}).json
    assert answer["show"] and PASSWORD.fullmatch(json.loads(answer["out"])["password"])
    assert own.states() == []
    wait_until(lambda: any("event=dropped" in line for line in own.events()), "it is not dropped")
    late = browser.post("/api/shown").json
    assert late.get("code") == 5, late
    assert own.states() == []


def test_who_leaves_before_it_is_shown_has_made_nothing(own, web):
    browser = web.browser()
    sign_in(browser)
    words = ["create", "--label", "Lost", "--app", "mail", "--", "alice"]
    assert browser.post("/api/run", {"words": words}).json["show"]
    browser.post("/api/sign-out")
    wait_until(lambda: own.states() == [], "it is alive")


def test_two_users_are_two(own, web):
    alice, bob = web.browser(), web.browser()
    sign_in(alice)
    sign_in(bob, "bob", BOBS)
    assert alice.get("/api/session").json["user"] == "alice"
    run(bob, "create", "--label", "Bobs", "--app", "mail", "--", "bob")
    assert own.states("alice") == [] and own.states("bob") == [("Bobs", "active")]


def test_when_the_broker_ends_so_does_the_session(own, web):
    browser = web.browser()
    sign_in(browser)
    own.serves.stop()
    wait_until(lambda: browser.say("GET", "/api/session").json["user"] is None, "it goes on")
    own.again()
