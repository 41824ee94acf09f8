"""The page that asp-web serves, in a real browser: signing in, and what ends a session."""

import re

import pytest
from devtools import Devtools
from support.account_page import BROKER, ORIGIN, BrokerPart
from support.long import repeated
from support.passwords import PASSWORD, PRIMARY
from support.run import TREE
from web_page import WebPage

REFUSED = "You were not let in: look at the user name and what you answered, and try again."
OVER = "Your session is over: sign in, and go on where you were."
NO_COOKIES = "This page needs cookies: allow them for this address, then try again."
DOWN = "The server does not answer: try again in a moment."
STILL_IN = "You are still signed in, for the server does not answer: try again in a moment."
# What the page would be told of by its policy, if it did what that forbids.
VIOLATIONS = "window.violations = []; addEventListener('securitypolicyviolation', one => violations.push(one.violatedDirective));"
# Nothing is drawn until it is called for.
UNDRAWN = "window.later = []; window.requestAnimationFrame = then => window.later.push(then);"
# It is looked at once a second whether the session goes on.
SOON = "const every = window.setInterval; window.setInterval = (act, ms) => every(act, ms === 30000 ? 1000 : ms);"
# So many changes as may be in a minute, by the page's own cookie.
MANY = """
const { token } = await (await fetch("/api/session")).json();
const headers = { "X-Asp-Token": token, "Content-Type": "application/json" };
for (let n = 0; n < 61; n += 1)
    await fetch("/api/answer", { method: "POST", headers, body: '{"number": 1, "answer": ""}' });
"""


def is_over(page):
    """She is asked to sign in again, over what she was at."""
    page.dialog("Sign in")
    return page.browser.wait("#sign-in-text").text


def signs_in_again(page, user="alice"):
    page.answer("User name", user)
    page.answer("Password", PRIMARY[user])


@pytest.fixture
def said(web_site, visitor):
    """What the broker would say is the test's to say."""
    web_site.without_broker()
    part = BrokerPart(web_site.server.inside(BROKER))
    visitor.load()
    yield part
    part.close()
    web_site.start_broker()


def test_a_user_signs_in_and_makes_a_password_that_logs_in_over_imap(visitor, mail):
    page = visitor
    assert page.browser.run("return document.title") == "Sign in"
    with page.with_script(VIOLATIONS):
        page.load()
    page.sign_in("alice", PRIMARY["alice"])
    assert page.rows() == []
    page.create("Phone", "mail")
    password = page.shown_password()
    assert PASSWORD.fullmatch(password)
    page.browser.until(lambda: mail.json("list", "alice") != [], "it opens while it is shown")
    assert mail.curl("alice", password)
    page.done()
    (row,) = page.rows()
    assert (row["Name"], row["Opens"], row["State"]) == ("Phone", "Mail", "active")
    assert " by " not in row["Made"], "she made it herself"
    assert page.browser.run("return violations") == []


def test_what_she_made_is_hers_by_whatever_spelling_of_her_name_she_signs_in(visitor, mail):
    page = visitor
    mail.configure('user_domains = [ "example.org" ];')
    page.sign_in("alice@Example.org", PRIMARY["alice"])
    assert page.browser.wait(".who p").text == "Signed in as alice"
    assert page.browser.wait("#heading").text == "App passwords"
    page.create("Phone", "mail")
    page.done()
    (row,) = page.rows()
    assert " by " not in row["Made"]
    page.browser.named("link", "History").click()
    page.browser.until(lambda: page.events() == ["You made Phone."])


@pytest.mark.parametrize("user", ["alice", "nobody-of-this-name"])
def test_who_is_refused_is_told_so_in_one_sentence_and_tries_again(visitor, user):
    page = visitor
    page.name(user)
    page.answer("Password", "not hers")
    assert page.refusal() == REFUSED
    page.focus_is_on("sign-in-user")
    assert page.browser.wait("#sign-in-user").property("value") == user
    page.sign_in("alice", PRIMARY["alice"])
    assert page.browser.wait(".who p").text == "Signed in as alice"


def test_it_is_said_how_long_to_wait(said, visitor):
    page = visitor
    page.name("alice")
    _, _, broker = said.accept()
    broker.refuse("too many wrong answers: wait 30 seconds")
    assert page.refusal() == "Too many wrong answers: wait for 30 seconds, then try again."


# That she has to is shown in test_web_hostile.py.
@pytest.mark.long
def test_after_three_wrong_answers_it_is_said_how_long_to_wait(visitor):
    page = visitor
    for _ in range(3):
        page.name("alice")
        page.answer("Password", "not hers")
        assert page.refusal() == REFUSED
    page.name("alice")
    page.browser.until(lambda: re.fullmatch(r"Too many wrong answers: wait for \d+ seconds, then try again\.", page.refusal()))


def test_whatever_pam_asks_and_says_comes_to_her(said, visitor):
    page = visitor
    page.name("alice")
    user, _, pam = said.accept()
    assert user == "alice"
    assert pam.told("Welcome to <b>this</b> machine") == 0
    pam.ask()
    page.answer("Password", "hers")
    assert pam.reply() == b"hers"
    assert page.browser.all(".sign-in .notice") == [], "it was for the question before"
    pam.ask("Verification code: ", "shown")
    assert page.browser.named("textbox", "Verification code").property("type") == "text"
    page.answer("Verification code", "123456")
    assert pam.reply() == b"123456"
    for n in range(20):
        assert pam.told(f"line {n}", "err") == 0
    pam.ask(":", "hidden")
    page.answer("Answer", "")
    assert pam.reply() == b""
    pam.tell("Touch your key")
    assert page.browser.until(lambda: [one.text for one in page.browser.all(".sign-in .notice.info")]) == ["Touch your key"]
    pam.done(1)
    assert page.refusal() == REFUSED


def test_what_pam_says_is_text_and_an_error_is_seen_as_one(said, visitor):
    page = visitor
    page.name("alice")
    _, _, pam = said.accept()
    pam.told("<img src=x onerror=alert(1)>", "err")
    pam.ask()
    assert page.browser.wait(".sign-in .notice.danger").text == "<img src=x onerror=alert(1)>"
    assert page.browser.wait(".sign-in .alerts").role == "alert"
    page.press("Cancel")
    page.browser.until(lambda: not page.browser.all(".sign-in .notice, #sign-in-answer, img"), "the form as at first")
    page.focus_is_on("sign-in-user")
    assert pam.gone()


def test_a_password_manager_finds_what_it_fills_in(visitor):
    page = visitor
    assert page.browser.wait("form #sign-in-user").property("autocomplete") == "username"
    page.name("alice")
    answer = page.browser.wait("form #sign-in-answer")
    assert (answer.property("type"), answer.property("autocomplete")) == ("password", "current-password")
    assert page.browser.wait("form #sign-in-user").property("value") == "alice"


def test_it_goes_by_keyboard_alone(visitor):
    page = visitor
    page.focus_is_on("sign-in-user")
    page.browser.write("alice")
    page.browser.press("Enter")
    page.focus_is_on("sign-in-answer")
    page.browser.press("Tab", "Tab", "Enter")  # Continue, Cancel
    page.focus_is_on("sign-in-user")
    page.browser.press("Enter")
    page.focus_is_on("sign-in-answer")
    page.browser.write(PRIMARY["alice"])
    page.browser.press("Enter")
    page.signed_in()
    page.focus_is_on("heading")
    page.browser.press("Shift+Tab", "Enter")
    page.focus_is_on("sign-in-user")
    assert page.status() == "You are signed out."


def test_a_session_that_is_over_is_said_and_what_was_typed_is_kept(web_page, web_site, mail):
    page = web_page
    page.press("Create app password")
    page.fill("Name", "Phone")
    web_site.restart_broker()
    page.press("Create")
    assert is_over(page) == OVER
    page.browser.press("Escape")
    signs_in_again(page)
    page.dialog("Create app password")
    assert page.alert() == "The session ended before this was done: try again."
    page.press("Create")
    assert mail.curl("alice", page.shown_password())
    page.done()
    assert page.labels() == ["Phone"]


def test_when_her_time_is_over_that_is_said_at_the_next_press(said, visitor):
    page = visitor
    page.name("alice")
    _, _, broker = said.accept()
    broker.done()
    for _ in ("list", "apps"):
        broker.words()
        assert broker.told("[]\n") == 0
        broker.done()
    page.signed_in()
    broker.refuse("your time is over: sign in again")
    page.browser.named("link", "History").click()
    assert is_over(page) == OVER


@pytest.mark.parametrize("what", ["broker", repeated("server")])
def test_after_a_restart_she_goes_on_where_she_was(web_page, web_site, mail, what):
    page = web_page
    mail.create("alice", "Phone", "--app", "mail")
    web_site.restart_broker() if what == "broker" else web_site.start()
    page.browser.named("link", "History").click()
    assert is_over(page) == OVER
    assert page.browser.run("return getComputedStyle(document.querySelector('dialog'), '::backdrop').backgroundColor") == (
        "rgb(255, 255, 255)"
    ), "what was there is not to be read by who comes along"
    signs_in_again(page)
    page.browser.until(lambda: page.events() == ["root made Phone."])


def test_that_it_is_over_is_seen_without_a_press(visitor, web_site):
    page = visitor
    with page.with_script(SOON):
        page.load()
        page.sign_in("alice", PRIMARY["alice"])
        web_site.restart_broker()
        assert is_over(page) == OVER


def test_who_signs_in_as_somebody_else_begins_anew(web_page, web_site, mail):
    page = web_page
    mail.create("alice", "Alices", "--app", "mail")
    mail.create("bob", "Bobs", "--app", "mail")
    page.press("Create app password")
    page.fill("Name", "For alice")
    web_site.restart_broker()
    page.press("Create")
    is_over(page)
    signs_in_again(page, "bob")
    page.browser.until(lambda: page.labels() == ["Bobs"])
    assert page.dialogs() == []
    assert page.browser.wait(".who p").text == "Signed in as bob"


def test_a_server_that_is_gone_is_said_in_a_sentence(web_page, web_site):
    page = web_page
    web_site.server.stop()
    page.press("Sign out")
    assert page.browser.wait("#status .notice.danger").text == STILL_IN
    page.press("Create app password")
    page.fill("Name", "Phone")
    page.press("Create")
    assert page.alert() == DOWN
    web_site.start()
    page.press("Create")
    assert is_over(page) == OVER


def test_nobody_can_sign_in_without_the_broker_and_that_is_said(visitor, web_site):
    page = visitor
    web_site.without_broker()
    page.name("alice")
    assert page.refusal() == "Nobody can sign in just now: try again later."
    web_site.server.stop()
    page.name("alice")
    page.browser.until(lambda: page.refusal() == DOWN)
    web_site.start()
    web_site.start_broker()
    page.sign_in("alice", PRIMARY["alice"])


def test_a_sign_in_that_is_broken_off_is_begun_again(visitor, web_site):
    page = visitor
    page.name("alice")
    page.browser.named("textbox", "Password")
    web_site.start()
    page.answer("Password", PRIMARY["alice"])
    assert page.refusal() == "It took too long, or was broken off: begin again."
    page.name("alice")
    page.browser.named("textbox", "Password")
    web_site.restart_broker()
    page.answer("Password", PRIMARY["alice"])
    assert page.refusal() in ("It was broken off: begin again.", "The server is being started again: try again in a moment.")
    page.sign_in("alice", PRIMARY["alice"])


def test_too_much_in_a_minute_is_said(web_page):
    page = web_page
    page.browser.run(MANY)
    page.press("Create app password")
    page.fill("Name", "Phone")
    page.press("Create")
    assert page.alert() == "Too much at once: wait for a minute, then try again."


def test_who_signs_out_is_signed_out_in_every_page_of_her_browser(web_page, mail):
    page = web_page
    mail.create("alice", "Phone", "--app", "mail")
    page.show("alice", "history")
    page.sign_out()
    assert page.status() == "You are signed out."
    assert page.browser.run("return location.href") == f"{ORIGIN}/"
    assert "Phone" not in page.browser.run("return document.documentElement.outerHTML")
    page.load()
    assert page.browser.wait("h1").text == "Sign in"
    page.sign_in("bob", PRIMARY["bob"])
    assert page.rows() == []


def test_what_could_not_be_said_to_be_shown_is_taken_back(visitor, web_site, mail):
    page = visitor
    with page.with_script(UNDRAWN):
        page.load()
    page.sign_in("alice", PRIMARY["alice"])
    page.create("Phone", "mail")
    password = page.shown_password()
    assert mail.json("list", "alice") == [], "it opens nothing before it stands on the screen"
    web_site.start()
    page.browser.run("later.forEach(draw => draw())")
    assert is_over(page) == OVER
    signs_in_again(page)
    page.dialog("This app password is void")
    assert page.alert() == "The session ended before this was done: try again."
    assert password not in page.browser.run("return document.documentElement.outerHTML")
    assert not mail.curl("alice", password)
    page.press("Close")
    page.no_dialog()
    assert page.rows() == []


def test_two_pages_of_a_browser_are_one_session(web_page, mail):
    page = web_page
    first = page.browser.ask("GET", "/window")
    second = page.browser.ask("POST", "/window/new", {"type": "tab"})["handle"]
    page.browser.ask("POST", "/window", {"handle": second})
    try:
        page.show()
        page.create("Second", "mail")
        page.shown_password()
        page.done()
        page.sign_out()
        page.sign_in("alice", PRIMARY["alice"])
    finally:
        page.browser.ask("DELETE", "/window")
        page.browser.ask("POST", "/window", {"handle": first})
    page.create("First", "mail")
    assert mail.curl("alice", page.shown_password())
    page.done()
    assert page.labels() == ["Second", "First"]


@pytest.mark.parametrize(
    ("tag", "title", "user", "go", "password", "refused"),
    [
        ("de-AT", "Anmelden", "Benutzername", "Weiter", "Passwort", "Die Anmeldung wurde abgelehnt: "),
        repeated("fr", "Se connecter", "Nom d’utilisateur", "Continuer", "Mot de passe", "La connexion a été refusée : "),
    ],
)
def test_she_signs_in_in_her_language(visitor, tag, title, user, go, password, refused):
    page = visitor
    agent = page.browser.run("return navigator.userAgent")
    page.browser.cdp("Emulation.setUserAgentOverride", userAgent=agent, acceptLanguage=tag)
    try:
        page.load()
        assert page.browser.wait("h1").text == page.browser.run("return document.title") == title
        page.fill(user, "alice")
        page.press(go)
        page.fill(password, "not hers")
        page.press(go)
        assert page.refusal().startswith(refused)
    finally:
        page.browser.cdp("Emulation.setUserAgentOverride", userAgent=agent, acceptLanguage="en-US,en")


def test_a_screen_reader_is_told_what_everything_is(visitor):
    page = visitor
    everything = "main, main h1, main form input, main form button, #status, main [role]"
    assert [(one.role, one.name) for one in page.browser.all(everything) if one.displayed][:2] == [("main", ""), ("heading", "Sign in")]
    page.name("alice")
    page.browser.named("textbox", "Password")
    found = [(one.role, one.name) for one in page.browser.all("main input[type=text], main form button")]
    assert found == [("textbox", "User name"), ("button", "Continue"), ("button", "Cancel")]
    assert page.browser.wait("#sign-in-answer").name == "Password"


def test_of_what_was_typed_and_shown_nothing_is_left_when_she_has_signed_out(web_page):
    page = web_page
    tools = Devtools(page.browser.connect, page.browser.debugger)
    page.create("Phone", "mail")
    password = page.shown_password()
    page.done()
    page.sign_out()
    assert tools.held(password[6:]) == []
    assert tools.held(PRIMARY["alice"]) == []
    tools.close()
    page.browser.ask("POST", "/back", {})
    assert password not in page.browser.run("return document.documentElement.outerHTML")


def test_the_way_back_shows_no_password_again(web_page, mail):
    page = web_page
    page.create("Phone", "mail")
    password = page.shown_password()
    page.browser.until(lambda: mail.json("list", "alice") != [], "it opens while it is shown")
    page.browser.open("about:blank")
    page.browser.ask("POST", "/back", {})
    page.browser.until(lambda: page.labels() == ["Phone"], "the list, loaded afresh")
    assert page.dialogs() == []
    assert password not in page.browser.run("return document.documentElement.outerHTML")


def test_what_is_typed_for_pam_is_wiped_when_the_page_is_left(visitor):
    page = visitor
    page.name("alice")
    page.fill("Password", "her own")
    page.browser.run("window.dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
    assert page.browser.wait("#sign-in-answer").property("value") == ""


def test_without_cookies_a_sentence_says_that_they_are_needed(visitor):
    with visitor.browser.beside(**{"profile.default_content_setting_values.cookies": 2}) as browser:
        page = WebPage(browser)
        page.load()
        page.name("alice")
        assert page.refusal() == NO_COOKIES


# As browsers were before 2018, 2020 and 2022.
@pytest.mark.parametrize(
    "lacks",
    [
        "delete HTMLScriptElement.prototype.noModule;",
        "delete Element.prototype.replaceChildren;",
        "delete window.HTMLDialogElement;",
    ],
)
def test_a_browser_that_is_too_old_is_told_so_in_a_sentence(visitor, lacks):
    page = visitor
    with page.with_script(lacks):
        page.browser.open("about:blank")
        page.browser.open(ORIGIN)
        said = [one.text for one in page.browser.until(lambda: page.browser.all("#old-browser p"))]
    assert len(said) == 3
    assert said[0] == "This browser is too old for this page: update it, or use another one."
    assert page.browser.all("main") == []


def test_what_the_broker_says_there_are_words_for():
    """As it is said, to the letter."""
    told = re.findall(r'(?m)^    "told\.(.*?)":', (TREE / "page" / "words-en.js").read_text())
    files = [*(TREE / "asp-broker").glob("web_*.c"), TREE / "asp-web" / "conversation.c"]
    source = "".join(file.read_text() for file in files).replace('PEER " ', '"asp-broker ')
    assert len(told) > 3
    assert [one for one in told if f'"{one}"' not in source] == []
