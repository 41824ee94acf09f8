"""What the page does with a password: it shows it once, in each form that a device takes, and then has it no more."""

import base64
import plistlib

import pytest
from cockpit_page import both, both_alike
from devtools import Devtools
from page_looks import WIDTHS
from support.long import repeated, repeated_but
from support.passwords import PASSWORD, PRIMARY
from support.qr import read_picture
from support.wait import wait_until

PROFILE = """profile: {
  organization = "Examples"; name = "Example <post>";
  mail: { address = "%u@example.org"; user = "%u@in"; imap = "imaps://mail.example.org"; smtp = "submissions://smtp.example.org"; };
  calendar: { url = "https://dav.example.org/cal/%u/"; };
};"""
DOWNLOADS = "/run/browser/downloads"
LINK = "return document.querySelector('dialog a[download]')"
# Goes by an address that somebody has kept.
SAVE = "const link = document.createElement('a'); link.download = 'kept'; link.href = arguments[0]; link.click();"
# Chromium does not keep a page that cockpit.js has told to do something at unload; other browsers do.
KEEPABLE = """
const listen = window.addEventListener;
window.addEventListener = (kind, ...rest) => kind === "unload" ? undefined : listen.call(window, kind, ...rest);
window.sockets = [];
window.WebSocket = class extends WebSocket {
    constructor(...words) {
        super(...words);
        window.sockets.push(this);
    }
};
"""
# Nor one with an open connection.
LEAVE = """
cockpit.transport.close();
window.addEventListener("pageshow", event => event.persisted && sessionStorage.setItem("seen", document.documentElement.outerHTML));
"""
LEFT = "return sockets.length > 0 && sockets.every(one => one.readyState === WebSocket.CLOSED)"
REASONS = "return JSON.stringify(performance.getEntriesByType('navigation')[0].notRestoredReasons)"
ELSEWHERE = "http://localhost:9090/cockpit/static/login.html"
# The last thing that waits for ten minutes does so until it is called.
WAITING = """
const wait = window.setTimeout;
window.setTimeout = (act, ms, ...rest) => {
    if (ms === 600000)
        window.overdue = act;
    return wait(act, ms, ...rest);
};
"""


@pytest.fixture
def profiled(page, mail):
    """Alice before her page, on a server that says what a device is told."""
    mail.configure(PROFILE)
    page.show()
    return page


@pytest.fixture
def downloads(page, mail):
    """The folder that the browser saves in."""
    mail.sandbox.run("rm", "-rf", DOWNLOADS).done()
    page.browser.cdp("Browser.setDownloadBehavior", behavior="allow", downloadPath=DOWNLOADS)
    return lambda: mail.sandbox.shell(f"ls {DOWNLOADS} 2>/dev/null || true").done().out.split("\n")[:-1]


def make(page, app="mail", label="Phone"):
    page.create(label, app, PRIMARY["alice"])
    return page.shown_password()


def text_of(page):
    return page.browser.run("return document.documentElement.outerHTML + [...document.querySelectorAll('input')].map(one => one.value)")


@pytest.mark.parametrize(("page", "secure"), [("cockpit", True), ("cockpit", False), repeated("web", True)], indirect=["page"])
def test_copy_puts_the_password_on_the_clipboard(page, secure):
    if not secure:
        page.browser.run("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    password = make(page)
    page.press("Copy")
    page.browser.until(lambda: page.browser.wait("dialog [role=status]").text == "Copied")
    page.done()
    page.press("Create app password")
    page.browser.press("Control+v")
    page.browser.until(lambda: page.browser.named("textbox", "Name").property("value") == password, "what was copied")


@both_alike
def test_beside_it_stand_the_user_and_the_server_that_it_is_for(page, mail):
    make(page)
    assert page.facts() == {"User name": "alice", "Server": page.host}, "where asp.conf has none, the machine's own"
    assert page.browser.run(LINK) is None
    page.done()
    mail.configure(PROFILE)
    page.show()
    page.create("Tablet", "mail")
    page.shown_password()
    assert page.facts() == {"User name": "alice@in", "Incoming mail": "mail.example.org", "Outgoing mail": "smtp.example.org"}
    page.done()
    page.create("Diary", "calendar")
    page.shown_password()
    assert page.facts() == {"User name": "alice", "Calendar and contacts": "dav.example.org"}
    page.done()
    page.create("Shell", "ssh")
    page.shown_password()
    assert page.facts() == {"User name": "alice", "Server": page.host}, "no profile speaks of it"
    page.done()


@both_alike
def test_the_profile_that_is_downloaded_sets_the_account_up(profiled, mail, downloads):
    profiled.sign_in("alice", PRIMARY["alice"])  # with Cockpit around it
    password = make(profiled)
    profiled.browser.named("link", "Profile for iPhone, iPad or Mac").click()
    wait_until(lambda: any(name.endswith(".mobileconfig") for name in downloads()), "the file")
    (name,) = downloads()
    assert name == f"mail-{password[:2]}.mobileconfig"
    profile = plistlib.loads(mail.sandbox.read(f"{DOWNLOADS}/{name}").encode())
    (account,) = profile["PayloadContent"]
    assert account["IncomingPassword"] == password
    assert account["IncomingMailServerHostName"] == "mail.example.org"
    assert profile["PayloadDisplayName"] == "Example <post>"


def test_a_signed_profile_says_the_same_and_is_downloaded_as_it_is(page, mail, downloads):
    mail.sandbox.run("mkdir", "-p", "/etc/asp").done()
    request = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=example.org", "-days", "2")
    mail.sandbox.run("openssl", *request, "-keyout", "/etc/asp/key.pem", "-out", "/etc/asp/cert.pem").done()
    sign = 'sign: { certificate = "/etc/asp/cert.pem"; key = "/etc/asp/key.pem"; };'
    mail.configure(PROFILE.replace("profile: {", f"profile: {{ {sign}"))
    page.show()
    password = make(page)
    assert page.facts()["Incoming mail"] == "mail.example.org"
    page.browser.named("link", "Profile for iPhone, iPad or Mac").click()
    wait_until(lambda: any(name.endswith(".mobileconfig") for name in downloads()), "the file")
    verify = ("openssl", "smime", "-verify", "-noverify", "-inform", "DER", "-in", f"{DOWNLOADS}/{downloads()[0]}")
    profile = plistlib.loads(mail.sandbox.run(*verify).done().out.encode())
    assert profile["PayloadContent"][0]["IncomingPassword"] == password


@pytest.mark.parametrize(
    ("page", "width", "dark"),
    repeated_but(
        (("cockpit", 360, True), ("cockpit", 1280, False)),
        [*(("cockpit", width, dark) for width in WIDTHS for dark in (False, True)), ("web", 360, True)],
    ),
    indirect=["page"],
)
def test_a_camera_reads_the_password_from_the_screen(page, tmp_path, width, dark):
    page.browser.screen(width, 900, dark)
    try:
        password = make(page)
        page.browser.picture(tmp_path / "screen.png")
        assert read_picture(tmp_path / "screen.png") == password
        page.done()
    finally:
        page.browser.screen(1280, 800)


@both
def test_it_is_shown_until_done_and_then_gone_from_page_and_memory(profiled, downloads):
    page = profiled
    tools = Devtools(page.browser.connect, page.browser.debugger)
    password = make(page)
    page.browser.press("Escape", "Escape", "Escape")
    assert page.shown_password() == password, "Esc does not take it away"
    page.browser.run("top.held = arguments[0]", password)
    assert tools.held(password) != [], "what a script holds is seen"
    page.browser.run("delete top.held")
    address = page.browser.run(f"{LINK}.href")
    page.browser.run(SAVE, address)
    wait_until(lambda: downloads() == ["kept"], "the file, which is there until Done")
    page.done()
    page.browser.run(SAVE, address)
    assert password not in text_of(page)
    assert page.browser.all("canvas") == []
    assert tools.held(password[6:]) == []
    assert tools.held(PRIMARY["alice"]) == []
    for begin in range(3):  # nor what a profile makes of it
        encoded = base64.b64encode(password.encode()[begin : begin + 21]).decode()
        assert tools.held(encoded) == []
    tools.close()
    assert downloads() == ["kept"], "the address leads nowhere"


@both_alike
def test_ten_minutes_after_it_came_it_is_gone(page):
    with page.with_script(WAITING):
        page.show()
        password = make(page)
        page.browser.run("overdue()")
        page.no_dialog()
    assert password not in text_of(page)
    assert page.status() == "The password is not shown any longer."
    assert page.labels() == ["Phone"]
    page.focus_is_on("heading")


@both_alike
def test_what_is_left_is_wiped_at_once_also_what_was_typed(page):
    password = make(page)
    page.browser.run("window.dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
    assert password not in text_of(page)
    assert page.browser.all("dialog, canvas") == []
    page.show()
    page.press("Revoke Phone")
    page.press("Revoke")
    page.no_dialog()


def test_the_answer_to_a_question_is_wiped_when_the_page_is_left(page):
    page.create("Phone", "mail")
    page.dialog("Confirm that it is you")
    page.fill("Password", "her own")
    page.browser.run("window.dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
    assert "her own" not in text_of(page)


def test_the_way_back_does_not_show_it_again(page):
    with page.with_script(KEEPABLE):
        page.show()
        password = make(page)
        page.browser.run(LEAVE)
        page.browser.until(lambda: page.browser.run(LEFT), "the end of its connection")
        page.browser.open(ELSEWHERE)
        page.browser.ask("POST", "/back", {})
        page.browser.until(lambda: page.labels() == ["Phone"], "the list, loaded afresh")
        seen = page.browser.run("return sessionStorage.getItem('seen')")
        if seen is None:
            pytest.skip(f"the browser has not kept the page: {page.browser.run(REASONS)}")
    assert "App passwords" in seen, "it came back as it was left"
    assert password not in seen
    assert password not in text_of(page)
    assert page.dialogs() == []
