"""asp-web with the real asp-broker and PAM: a user signs in and acts on her own account, as her browser says it."""

import json
import plistlib

import pytest
from support.account_page import CONFIGURATION, ORIGIN
from support.page_user import PageUser, account_page
from support.passwords import PASSWORD
from support.self_service import ALICES, BOBS
from support.wait import wait_until
from support.web_sign_in import CONF, serve_web

PROFILE = """profile: {
  mail: { address = "%u@example.org"; imap = "imaps://mail.example.org"; smtp = "submissions://mail.example.org"; };
};"""


@pytest.fixture(scope="module")
def page(self_service, build, asp_web):
    with account_page(self_service.sandbox, build) as one:
        yield one


@pytest.fixture
def web(own, page):
    """The page, before anybody has an app password."""
    serve_web(own, CONF, CONFIGURATION)
    page.start()
    return page


def test_a_user_signs_in_and_acts_on_her_own_account(own, web):
    alice = PageUser(web).signs_in()
    assert json.loads(alice.run("list", "--", "alice")["out"]) == []
    made = alice.run("create", "--label", "Phone", "--app", "mail", "--", "alice")
    assert made["code"] == 0, made
    document = json.loads(made["out"])
    assert PASSWORD.fullmatch(document["password"])
    assert own.states() == [("Phone", "active")]
    (entry,) = json.loads(alice.run("list", "--", "alice")["out"])
    assert entry["label"] == "Phone"
    assert alice.run("revoke", "--", "alice", entry["id"])["code"] == 0
    assert own.states() == [("Phone", "revoked")]
    assert alice.browser.post("/api/sign-out").status == 200


def test_a_wrong_password_and_an_unknown_user_look_the_same(web):
    seen = []
    for user in ("alice", "nobody-of-this-name"):
        one = PageUser(web, "192.0.2.66").begin(user)
        seen.append((one.asked(), one.answer("wrong").next()))
        assert one.browser.get("/api/session").json["user"] is None
    assert seen[0] == seen[1]
    assert seen[0][0] == ("Password: ", False) and seen[0][1]["outcome"] == "refused"


def test_she_acts_on_no_account_but_hers(own, web):
    own.create("bob", "Phone", "--app", "mail")
    answer = PageUser(web).signs_in().run("list", "--", "bob")
    assert answer["code"] != 0 and "Phone" not in answer["out"]


def test_a_password_that_the_page_does_not_show_is_void_and_has_no_address(own, web):
    """The broker waits for half a minute."""
    serve_web(own, CONF, CONFIGURATION, PROFILE)
    browser = PageUser(web).signs_in().browser
    words = ["create", "--profile=json", "--label=Lost", "--app=mail", "--", "alice"]
    answer = browser.post("/api/run", {"words": words}).json
    assert answer["show"] and PASSWORD.fullmatch(json.loads(answer["out"])["password"])
    assert own.states() == []
    wait_until(lambda: any("event=dropped" in line for line in own.events()), "it is not dropped")
    late = browser.post("/api/shown").json
    assert late.get("code") == 5 and "once" not in late, late
    assert browser.get("/api/once").json == {"once": "ended"}
    assert own.states() == []


def test_a_phone_takes_the_profile_of_the_password_that_she_made(own, web):
    serve_web(own, CONF, CONFIGURATION, PROFILE)
    alice, phone = PageUser(web).signs_in(), web.browser(address="203.0.113.9")
    made = alice.run("create", "--qr", "--profile=json", "--label=Phone", "--app=mail", "--", "alice")
    assert own.states() == [("Phone", "active")]
    path = made["once"]["address"].removeprefix(ORIGIN)
    answer = phone.say("POST", path, Content_Type="application/x-www-form-urlencoded")
    assert answer.status == 200
    (account,) = plistlib.loads(answer.body)["PayloadContent"]
    assert account["IncomingPassword"] == json.loads(made["out"])["password"]
    assert account["IncomingMailServerUsername"] == "alice"
    assert "once" not in alice.run("rotate", "--", "alice", json.loads(made["out"])["id"]), "Replace has no profile"


def test_who_leaves_before_it_is_shown_has_made_nothing(own, web):
    browser = PageUser(web).signs_in().browser
    words = ["create", "--label", "Lost", "--app", "mail", "--", "alice"]
    assert browser.post("/api/run", {"words": words}).json["show"]
    browser.post("/api/sign-out")
    wait_until(lambda: own.states() == [], "it is alive")


def test_a_hook_is_told_that_it_was_done_at_the_page_and_where_that_is(own, web):
    hook = "/usr/local/libexec/told"
    own.sandbox.write(hook, '#!/bin/sh\necho "$ASP_EVENT $ASP_VIA $ASP_PAGE" >>/run/told\n', mode="755")
    serve_web(own, CONF, CONFIGURATION, f'hooks: {{ created = "{hook}"; revoked = "{hook}"; }};')
    alice = PageUser(web).signs_in()
    made = json.loads(alice.run("create", "--label", "Phone", "--app", "mail", "--", "alice")["out"])
    alice.run("revoke", "--", "alice", made["id"])
    own.asp_admin("create", "alice", "--label", "Tablet", "--quiet").done()
    assert own.sandbox.read("/run/told").splitlines() == [
        f"created web {ORIGIN}", f"revoked web {ORIGIN}", f"created  {ORIGIN}",
    ]  # fmt: skip


def test_two_users_are_two(own, web):
    alice, bob = PageUser(web).signs_in(), PageUser(web).signs_in("bob", BOBS)
    assert alice.browser.get("/api/session").json["user"] == "alice"
    bob.run("create", "--label", "Bobs", "--app", "mail", "--", "bob")
    assert own.states("alice") == [] and own.states("bob") == [("Bobs", "active")]


def test_who_begins_again_and_again_keeps_nobody_out(own, web):
    """More often than there are sessions. Neither who was at it has to go, nor is who comes then refused."""
    before = PageUser(web, "192.0.2.1").begin("alice")
    before.asked()
    for _ in range(450):
        assert web.browser(address="192.0.2.66").open().post("/api/sign-in", {"user": "alice"}).status == 200
    after = PageUser(web, "192.0.2.2").begin("bob")
    after.asked()
    assert after.answer(BOBS).next()["outcome"] == "signed-in"
    assert before.answer(ALICES).next()["outcome"] == "signed-in"


def test_when_the_broker_ends_so_does_the_session(own, web):
    browser = PageUser(web).signs_in().browser
    own.serves.stop()
    wait_until(lambda: browser.say("GET", "/api/session").json["user"] is None, "it goes on")
    own.again()
