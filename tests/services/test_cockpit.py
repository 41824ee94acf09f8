"""The page in Cockpit, in a real browser: what a user does on her own account, what an administrator does on any, and
what nobody can do."""

import json
import re

import pytest

from cockpit_page import broker, cockpit
from support.passwords import PASSWORD, PRIMARY
from support.recipes import recipe
from support.run import TREE
from support.wait import wait_until
from devtools import Devtools

OATH = "00112233445566778899aabbccddeeff00112233"
IMAGE = '<img src=x onerror="top.ran = 1">'
SCRIPT = "<script>top.ran = 1</script>"
PROGRAMS = ("chromedriver", "cockpit-bridge", "/usr/lib/chromium/chromium", "/usr/lib/cockpit/cockpit-ws")
WIDTH = "return document.querySelector(arguments[0]).getBoundingClientRect().width"
# What is written with less than 4.5 : 1 against what it stands on (WCAG 2, 1.4.3); controls at rest are exempt.
CONTRAST = r"""
const numbers = colour => colour.match(/[\d.]+/g).map(Number);
const light = colour => {
    const line = c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    const [r, g, b] = numbers(colour).map(c => line(c / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
// PatternFly 6 paints some grounds on what stands before the content, as wide as that.
const ground = one => {
    const [own, before] = [getComputedStyle(one), getComputedStyle(one, "::before")];
    const painted = [before.position === "absolute" && before.content !== "none" ? before : own, own]
        .map(style => style.backgroundColor).find(colour => numbers(colour)[3] !== 0);
    return painted || (one.parentElement ? ground(one.parentElement) : own.backgroundColor);
};
const faint = one => {
    const [low, high] = [light(getComputedStyle(one).color), light(ground(one))].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05) < 4.5;
};
const writes = one => [...one.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim() !== "");
return [...document.querySelectorAll("main *, dialog *")]
    .filter(one => one.checkVisibility() && writes(one) && !one.closest(":disabled") && faint(one))
    .map(one => one.outerHTML);
"""
SETTLED = "return document.getAnimations().every(one => one.playState === 'finished')"
SPAWN = """
window.told = null;
cockpit.spawn(["asp-admin", "--json", ...arguments[0]], { err: "out" }).then(
    out => { window.told = ["done", out]; },
    error => { window.told = ["refused", error.exit_status]; });
"""
OVERFLOW = "const page = document.scrollingElement; return page.scrollWidth - page.clientWidth"


@pytest.fixture(scope="module")
def server(dovecot_box, build):
    dovecot_box.need(*PROGRAMS)
    with cockpit(dovecot_box, TREE, build) as page:
        yield page


@pytest.fixture
def asked(mail):
    """Before a test nobody has confirmed anything, and the store is as it is installed."""
    mail.sandbox.shell("mkdir -p -m 700 /var/lib/asp /var/lib/asp/{users,used,locks}").done()
    mail.install("pam.d/asp-admin", "/etc/pam.d/asp-admin")
    with broker(mail.sandbox):
        yield mail
    mail.sandbox.run("rm", "/etc/pam.d/asp-admin").done()


@pytest.fixture
def page(asked, server):
    """Alice before her page."""
    if server.user != "alice":
        server.sign_in("alice", PRIMARY["alice"])
    server.show()
    return server


def test_a_password_created_on_the_page_logs_in_over_imap(asked, server, mail):
    page = server
    page.sign_in("alice", PRIMARY["alice"])
    assert page.rows() == []
    page.create("Phone", "mail", PRIMARY["alice"])
    password = page.shown_password()
    assert PASSWORD.fullmatch(password)
    assert mail.curl("alice", password)
    page.press("Done")
    page.no_dialog()
    (row,) = page.rows()
    assert (row["Label"], row["App"], row["State"]) == ("Phone", "mail", "active")
    assert row["Last used"].endswith("imap from 127.0.0.1")
    assert mail.entry(password[:2])["created_by"] == "alice"


@pytest.mark.parametrize("secure", [True, False], ids=["https", "http"])
def test_copy_puts_the_password_on_the_clipboard(page, secure):
    if not secure:
        page.browser.run("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.create("Phone", "mail", PRIMARY["alice"])
    password = page.shown_password()
    page.press("Copy")
    page.browser.until(lambda: page.browser.wait(".asp-copied").text == "Copied")
    page.press("Done")
    page.no_dialog()
    page.press("Create app password")
    page.browser.press("Control+v")
    assert page.browser.named("textbox", "Label").property("value") == password


def test_the_password_is_shown_until_done_and_then_gone_from_page_and_memory(page):
    tools = Devtools(page.browser.connect, page.browser.debugger)
    page.create("Phone", "mail", PRIMARY["alice"])
    password = page.shown_password()
    page.browser.press("Escape", "Escape", "Escape")
    assert page.shown_password() == password, "Esc does not take it away"
    page.browser.run("top.held = arguments[0]", password)
    assert tools.held(password) != [], "what a script holds is seen"
    page.browser.run("delete top.held")
    page.press("Done")
    page.no_dialog()
    assert password not in page.browser.run("return document.documentElement.outerHTML")
    assert tools.held(password[6:]) == []
    assert tools.held(PRIMARY["alice"]) == []
    tools.close()


def test_the_primary_password_is_asked_for_before_the_first_change_alone(page, mail):
    page.create("Phone", "mail", PRIMARY["alice"])
    page.shown_password()
    page.press("Done")
    page.no_dialog()
    page.create("Laptop", "mail")
    page.shown_password()
    page.press("Done")
    page.no_dialog()
    assert page.labels() == ["Phone", "Laptop"]


def test_a_wrong_primary_password_changes_nothing_and_is_said(page, mail):
    page.create("Phone", "mail", "not hers")
    page.dialog("Create app password")
    assert page.alert() == "you were not let in: Authentication failure"
    assert mail.json("list") == []
    page.press("Create")
    page.dialog("Confirm that it is you")
    assert "Your login password, not an app password." in page.browser.run("return document.body.innerText")
    page.confirm(PRIMARY["alice"])
    page.shown_password()


def test_a_second_factor_is_asked_for_in_its_turn_and_what_pam_says_is_shown(page, mail):
    mail.sandbox.need("oathtool")
    mail.sandbox.need_module("pam_oath.so")
    stack = recipe("pam.d/asp-admin", (r"(?m)^#(auth +required +pam_oath)", r"\1"))
    mail.sandbox.write("/etc/pam.d/asp-admin", "auth optional pam_echo.so file=/run/notice\n" + stack)
    mail.sandbox.write("/run/notice", "You will be asked twice")
    keys = re.search(r"usersfile=(\S+)", stack)[1]
    write = 'mkdir -p "${2%/*}"; umask 077; echo "HOTP/T30/6 alice - $1" >"$2"'
    mail.sandbox.shell(write, OATH, keys).done()
    page.create("Phone", "mail")
    page.dialog("Confirm that it is you")
    assert page.browser.wait("dialog:last-of-type p.asp-said").text == "You will be asked twice"
    page.confirm(PRIMARY["alice"])
    names = page.browser.until(lambda: [one.name for one in page.browser.all("#asp-answer") if "One-time" in one.name])
    assert "login password" not in page.browser.run("return document.body.innerText")
    page.fill(names[0], mail.sandbox.run("oathtool", "--totp", OATH).done().out.strip())
    page.press("Continue")
    assert mail.curl("alice", page.shown_password())


def test_to_cancel_the_question_changes_nothing(page, mail):
    page.create("Phone", "mail")
    page.dialog("Confirm that it is you")
    page.press("Cancel")
    page.dialog("Create app password")
    page.press("Cancel")
    page.no_dialog()
    assert mail.json("list") == []


def test_a_new_label_is_shown_and_stored(page, mail):
    id = mail.create("alice", "Phone", "--app", "mail")[:2]
    page.show()
    page.press("Rename Phone")
    page.fill("Label", " Old phone ")  # as a keyboard ends a word that it has guessed
    page.press("Rename")
    page.confirm(PRIMARY["alice"])
    page.no_dialog()
    assert page.labels() == ["Old phone"]
    assert mail.entry(id)["label"] == "Old phone"


def test_after_a_rotation_the_shown_password_alone_opens(page, mail):
    old = mail.create("alice", "Phone", "--app", "mail")
    page.show()
    page.press("Rotate Phone")
    page.press("Rotate")
    page.confirm(PRIMARY["alice"])
    new = page.shown_password()
    assert mail.curl("alice", new)
    assert not mail.curl("alice", old)


def test_revoking_one_is_asked_again_and_shuts_that_app_alone_out(page, mail):
    phone = mail.create("alice", "Phone", "--app", "mail")
    laptop = mail.create("alice", "Laptop", "--app", "mail")
    page.show()
    page.press("Revoke Phone")
    page.dialog("Revoke app password?")
    page.browser.press("Enter")
    page.no_dialog()
    assert mail.curl("alice", phone), "Enter alone is Cancel"
    page.press("Revoke Phone")
    page.press("Revoke")
    page.confirm(PRIMARY["alice"])
    page.no_dialog()
    page.browser.until(lambda: page.labels() == ["Laptop"])
    assert not mail.curl("alice", phone)
    assert mail.curl("alice", laptop)


def test_revoking_all_takes_the_words_and_shuts_every_app_out(page, mail):
    passwords = [mail.create("alice", f"Device {n}", "--app", "mail") for n in range(2)]
    page.show()
    page.press("Revoke all")
    page.dialog("Revoke all app passwords?")
    for typed in ("", "revoke"):
        page.fill("Type “revoke all” to confirm", typed)
        page.press("Revoke all")
        assert page.dialogs() == ["Revoke all app passwords?"]
        assert len(mail.json("list", "alice")) == 2
    page.fill("Type “revoke all” to confirm", "revoke all")
    page.press("Revoke all")
    page.confirm(PRIMARY["alice"])
    page.no_dialog()
    assert page.rows() == []
    assert not any(mail.curl("alice", password) for password in passwords)


def test_revoked_ones_and_the_history_are_shown_on_demand(page, mail):
    id = mail.create("alice", "Phone", "--app", "mail")[:2]
    mail.asp_admin("revoke", "alice", id, "--reason", "lost in the train").done()
    page.show()
    assert page.rows() == []
    page.browser.named("checkbox", "Show revoked ones").click()
    page.browser.until(page.rows)
    (row,) = page.rows()
    assert row["State"].startswith("revoked")
    assert row["State"].endswith("by root: lost in the train")
    page.browser.named("link", "History").click()
    page.browser.until(lambda: "Event" in "".join(page.rows()[0]))
    assert [(row["Event"], row["Label"], row["Reason"]) for row in page.rows()] == [
        ("created", "Phone", ""),
        ("revoked", "Phone", "lost in the train"),
    ]


def test_the_apps_that_are_open_to_her_are_offered(page, mail):
    rows = json.loads(mail.asp_admin("--json", "apps").done().out)
    page.press("Create app password")
    offered = "return [...document.querySelectorAll('#asp-apps option')].map(option => option.value)"
    assert page.browser.until(lambda: page.browser.run(offered)) == [row["app"] for row in rows]
    page.fill("Label", "Phone")
    page.browser.wait("#asp-app").type("mial")
    page.press("Create")
    assert page.alert().startswith("--app mial: there is no such app: did you mean mail? There are: mail, calendar, ssh")


def test_errors_of_the_tool_are_shown_as_they_are(page, mail):
    mail.create("alice", "Phone", "--app", "mail")
    page.create("Phone", "mail", PRIMARY["alice"])
    told = mail.asp_admin("create", "alice", "--label", "Phone").err
    assert f"asp-admin: {page.alert()}\n" == told


def test_without_the_broker_it_is_said_what_to_start(page, mail):
    mail.sandbox.run("rm", "/run/asp/self.sock").done()
    page.show()
    assert "asp-broker" in page.alert()
    assert page.button("Try again")


def test_a_label_of_markup_is_text_and_runs_nothing(page, mail):
    mail.create("alice", IMAGE, "--app", "mail")
    mail.create("alice", SCRIPT, "--app", "mail")
    for path in ([], ["alice", "history"]):
        page.show(*path)
        assert page.labels() == [IMAGE, SCRIPT]
    page.show()
    page.press(f"Revoke {IMAGE}")
    page.press("Revoke")
    page.confirm(PRIMARY["alice"])
    page.no_dialog()
    assert page.browser.wait("#status .asp-alert").text == f"Revoked {IMAGE}"
    assert page.browser.all("img, main script, dialog script") == []
    assert page.browser.run("return top.ran") is None


def test_what_a_page_of_bobs_asks_for_alice_is_refused(asked, server, mail):
    password = mail.create("alice", "Phone", "--app", "mail")
    server.sign_in("bob", PRIMARY["bob"])
    assert server.rows() == []
    server.show("alice")
    assert server.alert()
    assert server.rows() == []
    for words in (["revoke", "--all", "--", "alice"], ["list", "--", "alice"], ["create", "--label=x", "--", "alice"]):
        server.browser.run(SPAWN, words)
        told = server.browser.until(lambda: server.browser.run("return window.told"))
        assert told == ["refused", 5], words
    assert mail.curl("alice", password)
    assert len(mail.json("list", "alice")) == 1


def test_an_administrator_acts_on_any_user(asked, server, mail):
    mail.create("alice", "Phone", "--app", "mail")
    mail.sandbox.need("sudo")  # by which Cockpit gives administrative access
    mail.sandbox.shell("getent passwd ann >/dev/null || useradd --create-home -d /run/ann --groups sudo ann").done()
    mail.sandbox.run("chpasswd", input="ann:ann's own\n").done()
    server.sign_in("ann", "ann's own", administrator=True)
    assert [(row["User"], row["Active"]) for row in server.rows()] == [("alice", "1")]
    server.browser.named("link", "alice").click()
    server.browser.until(lambda: server.labels() == ["Phone"])
    server.press("Revoke Phone")
    server.press("Revoke")
    server.no_dialog()
    assert server.rows() == []
    server.show()
    server.fill("User", "bob")
    server.press("Show")
    server.browser.until(lambda: server.browser.wait("h1").text == "App passwords of bob")
    server.create("Tablet", "mail")
    password = server.shown_password()
    assert mail.curl("bob", password)
    assert mail.entry(password[:2], "bob")["created_by"] == "ann"
    server.press("Done")
    server.no_dialog()
    assert server.labels() == ["Tablet"]


def test_all_of_it_goes_by_keyboard_alone(page, mail):
    keys = page.browser.press

    def focused():
        return page.browser.run("return document.activeElement.innerText || document.activeElement.id")

    page.browser.run("document.getElementById('main').focus()")
    keys("Tab")
    assert focused() == "Create app password"
    keys("Enter")
    page.browser.write("Phone")
    keys("Tab")
    page.browser.write("mail")
    keys("Enter")
    page.dialog("Confirm that it is you")
    page.browser.write(PRIMARY["alice"])
    keys("Enter")
    password = page.shown_password()
    assert focused() == "Copy"
    keys("Tab")
    assert focused() == "Done"
    keys("Space")
    page.no_dialog()
    assert mail.curl("alice", password)
    assert focused() == "Create app password", "the focus is back where it was"
    for name in ("Revoke all", "asp-all", "History", "Rename", "Rotate", "Revoke"):
        keys("Tab")
        assert focused() == name
    keys("Enter")
    page.dialog("Revoke app password?")
    assert focused() == "Cancel"
    keys("Escape")
    page.no_dialog()
    assert focused() == "Revoke"
    keys("Enter", "Shift+Tab", "Enter")
    page.no_dialog()
    assert not mail.curl("alice", password)


def test_a_screen_reader_is_told_what_everything_is(page, mail):
    mail.create("alice", "Phone", "--app", "mail")
    page.show()
    roles = {one.role for one in page.browser.all("main, table, thead, tr, th, td, #status")}
    assert roles == {"main", "table", "rowgroup", "row", "columnheader", "cell", "status"}
    assert page.browser.wait("table").name == "App passwords"
    assert [one for one in page.browser.all("button, a, input") if not one.name] == []
    page.press("Rename Phone")
    assert [(one.role, one.name) for one in page.browser.all("dialog, dialog input, dialog button")] == [
        ("dialog", "Rename app password"),
        ("textbox", "Label"),
        ("button", "Rename"),
        ("button", "Cancel"),
    ]
    page.fill("Label", "x" * 65)
    page.press("Rename")
    page.alert()
    assert page.browser.wait("dialog [role=alert]").role == "alert"


def faint_texts(browser):
    """Once no colour is on its way from one to another any more."""
    wait_until(lambda: browser.run(SETTLED), "it goes on moving")
    return browser.run(CONTRAST)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_on_a_phone_nothing_is_wider_than_the_screen_and_all_can_be_read(page, mail, dark):
    browser = page.browser
    mail.create("alice", "W" * 64, "--app", "mail", "--from", "2001:db8:1111:2222:3333:4444:5555:6666/128")
    browser.screen(390, 844, dark)
    try:
        page.show()
        assert browser.run(OVERFLOW) == 0
        assert faint_texts(browser) == []
        page.press(f"Rotate {'W' * 64}")
        page.press("Rotate")
        page.confirm(PRIMARY["alice"])
        page.shown_password()
        box, password = (browser.run(WIDTH, where) for where in ("dialog", ".asp-password"))
        assert password < box <= 390
        assert faint_texts(browser) == []
    finally:
        browser.screen(1280, 800)
