"""Who has the page: by keyboard alone, by a screen reader, on a phone, in the dark.

Each state of the page is looked at in each width and in both lights, and what it looks like is in the folder that
ASP_PICTURES names, if it names one, else in pytest's own.
"""

import json
import os
import pathlib

import pytest
from cockpit_page import LATER
from page_looks import WIDTHS, flaws, settle
from support.axe import axe_source, faults
from support.passwords import PRIMARY
from test_page_secret import PROFILE

# What each state looks like decides nothing.
pytestmark = pytest.mark.long

LONG = "W" * 64
STATES = ("list", "empty", "revoked", "changed", "create", "question", "refused", "password", "rename", "replace", "revoke",
          "revoke-all", "history", "broken")
WEB_STATES = ("sign-in-name", "sign-in", "sign-in-refused", "sign-in-again", "web-list", "web-create",
              "web-password")


@pytest.fixture(scope="module")
def axe():
    return axe_source()


@pytest.fixture
def pictures(tmp_path):
    folder = pathlib.Path(os.environ.get("ASP_PICTURES", tmp_path))
    folder.mkdir(exist_ok=True)
    return folder


def created(mail, label, app, by_her):
    if not by_her:
        return mail.create("alice", label, "--app", app)
    words = ("asp-admin", "--json", "create", "--label", label, "--app", app)
    run = mail.sandbox.run("runuser", "-u", "alice", "--", *words, input=f"{PRIMARY['alice']}\n")
    return json.loads(run.out)["password"]


def four(mail, by_her=False):
    """What somebody has who has had it for a while. `by_her`: she is let in by now."""
    used = [created(mail, label, "mail", by_her) for label in ("Mail on my phone", "Laptop")]
    created(mail, "Calendar on the tablet", "calendar", by_her)
    limits = ("--from", "192.0.2.0/24", "--expires", "365d", "--unused", "90d")
    mail.create("alice", "Scanner in the office", "--app", "mail", *limits)
    for password, host in zip(used, ("198.51.100.23", "2001:db8::17")):
        mail.auth("alice", password, rhost=host)
    old = mail.create("alice", "Old phone", "--app", "mail")[:2]
    mail.asp_admin("revoke", "alice", old, "--reason", "lost in the train").done()


def change_primary(mail, password):
    mail.sandbox.run("chpasswd", input=f"alice:{password}\n").done()


def create_up_to(page, state):
    page.press("Create app password")
    page.fill("Name", "Mail on my new phone")
    page.browser.wait("dialog summary").click()
    if state == "create":
        return
    page.browser.wait("dialog summary").click()
    page.press("Create")
    page.dialog("Confirm that it is you")
    if state == "refused":
        page.confirm("not hers")
        page.dialog("Create app password")
        page.alert()
    elif state == "password":
        page.confirm(PRIMARY["alice"])
        page.shown_password()


def bring_to(page, mail, state):
    """The page, in that state."""
    if state != "empty":
        four(mail, by_her=state in ("list", "revoked", "history"))
    if state == "password":
        mail.configure(PROFILE.replace("%u@in", "%u"))
    if state == "changed":
        change_primary(mail, "another one")
        mail.asp_admin("watch", "--once").done()
        change_primary(mail, PRIMARY["alice"])
    if state == "broken":
        mail.sandbox.run("rm", "/run/asp/self.sock").done()
    page.show(*(["alice", "history"] if state == "history" else []))
    if state == "revoked":
        page.browser.named("checkbox", "Show revoked ones").click()
        page.browser.until(lambda: "Old phone" in page.labels())
    elif state in ("create", "question", "refused", "password"):
        create_up_to(page, state)
    elif state in ("rename", "replace", "revoke"):
        page.press(f"{state.capitalize()} Laptop")
    elif state == "revoke-all":
        page.press("Revoke all")


@pytest.mark.parametrize("state", STATES)
def test_each_state_is_right_in_each_width_and_light_and_axe_finds_nothing(page, mail, pictures, request, state):
    with page.with_script(LATER % (3 * 3600 + 60)):
        bring_to(page, mail, state)
    look(page.browser, pictures, state)
    # Skips where there is none.
    assert axe_faults(page.browser, request.getfixturevalue("axe")) == []


def before_asp_web(visitor, web_site, mail, state):
    """The page that asp-web serves, in that state."""
    if state == "sign-in-name":
        return
    if state in ("sign-in", "sign-in-refused"):
        visitor.name("alice")
        visitor.browser.named("textbox", "Password")
        if state == "sign-in-refused":
            visitor.answer("Password", "not hers")
            visitor.refusal()
        return
    mail.install("pam.d/asp-admin", "/etc/pam.d/asp-admin")
    four(mail, by_her=True)
    if state == "web-password":
        mail.configure(PROFILE.replace("%u@in", "%u"))
    visitor.sign_in("alice", PRIMARY["alice"])
    if state == "web-list":
        return
    visitor.press("Create app password")
    visitor.fill("Name", "Mail on my new phone")
    if state == "sign-in-again":
        web_site.start()
    if state != "web-create":
        visitor.press("Create")
        visitor.dialog("Sign in" if state == "sign-in-again" else "Your new app password")


@pytest.mark.parametrize("state", WEB_STATES)
def test_each_state_before_asp_web_is_right_and_axe_finds_nothing(visitor, web_site, mail, pictures, axe, state):
    with visitor.with_script(LATER % (3 * 3600 + 60)):
        visitor.load()
    before_asp_web(visitor, web_site, mail, state)
    look(visitor.browser, pictures, state)
    assert axe_faults(visitor.browser, axe) == []


def look(browser, pictures, state):
    found = {}
    try:
        for width in WIDTHS:
            for dark in (False, True):
                browser.screen(width, 800, dark)
                where = f"{state}-{width}-{'dark' if dark else 'light'}"
                found[where] = flaws(browser)
                browser.picture(pictures / f"{where}.png")
    finally:
        browser.screen(1280, 800)
    assert {where: what for where, what in found.items() if what} == {}


def axe_faults(browser, axe):
    found = []
    try:
        for dark in (False, True):
            browser.screen(360, 800, dark)
            settle(browser)
            found += faults(browser, axe)
    finally:
        browser.screen(1280, 800)
    return found


def test_an_administrators_list_of_users_is_right_too(asked, cockpit_server, mail, pictures, axe):
    mail.create("alice", "Phone", "--app", "mail")
    mail.sandbox.need("sudo")
    mail.sandbox.shell("getent passwd ann >/dev/null || useradd --create-home -d /run/ann --groups sudo ann").done()
    mail.sandbox.run("chpasswd", input="ann:ann's own\n").done()
    cockpit_server.sign_in("ann", "ann's own", administrator=True)
    look(cockpit_server.browser, pictures, "users")
    assert faults(cockpit_server.browser, axe) == []


def test_a_label_as_long_as_can_be_and_networks_stay_within(page, mail, pictures):
    for label in (LONG, "ﷺ" * 60, "日本語" * 20):
        mail.create("alice", label, "--app", "mail", "--from", "2001:db8:1111:2222:3333:4444:5555:6666/128")
    page.show()
    look(page.browser, pictures, "long")
    page.press(f"Replace {LONG}")
    page.press("Replace")
    page.confirm(PRIMARY["alice"])
    page.shown_password()
    look(page.browser, pictures, "long-password")
    page.done()
    page.show("alice", "history")
    look(page.browser, pictures, "long-history")


def test_all_of_it_goes_by_keyboard_alone(page, mail):
    keys = page.browser.press
    page.browser.run("document.getElementById('heading').focus()")
    keys("Tab")
    page.focus_is_on("Create app password")
    keys("Enter")
    page.browser.write("Phone")
    keys("Tab")
    page.focus_is_on("mail")
    keys("Down")
    page.focus_is_on("calendar")
    keys("Up", "Tab")
    page.focus_is_on("Limits")
    keys("Space", "Shift+Tab")
    assert page.browser.wait("#limit-networks").displayed
    keys("Enter")
    page.dialog("Confirm that it is you")
    page.browser.write(PRIMARY["alice"])
    keys("Enter")
    password = page.shown_password()
    page.focus_is_on("Copy")
    keys("Enter")
    page.browser.until(lambda: page.browser.wait("dialog [role=status]").text == "Copied")
    keys("Tab")
    page.focus_is_on("Done")
    keys("Space")
    page.no_dialog()
    assert mail.curl("alice", password)
    page.focus_is_on("Create app password")  # the focus is back where it was
    for name in ("History", "Rename", "Replace", "Revoke", "Revoke all"):
        keys("Tab")
        page.focus_is_on(name)
    keys("Enter")
    page.dialog("Revoke all app passwords?")
    keys("Escape")
    page.no_dialog()
    page.focus_is_on("Revoke all")
    keys("Shift+Tab", "Enter")
    page.dialog("Revoke app password?")
    page.focus_is_on("Cancel")
    keys("Escape")
    page.no_dialog()
    page.focus_is_on("Revoke")
    keys("Enter", "Shift+Tab", "Enter")
    page.no_dialog()
    assert not mail.curl("alice", password)
    page.focus_is_on("App passwords")  # what it was on is gone: it is at the top
    assert page.status() == "Phone is revoked."


def test_after_a_refusal_the_focus_is_where_it_can_be_mended(page, mail):
    mail.create("alice", "Phone", "--app", "mail")
    page.press("Create app password")
    page.browser.write("Phone")
    page.browser.press("Enter")
    page.confirm(PRIMARY["alice"])
    page.alert()
    page.focus_is_on("Phone")
    page.browser.press("Escape")
    page.no_dialog()


def test_a_screen_reader_is_told_what_everything_is(page, mail):
    mail.create("alice", "Phone", "--app", "mail")
    page.show()
    roles = [one.role for one in page.browser.all("main, main ul, main li, main h1, main h2, #status, main section")]
    assert roles == ["status", "main", "heading", "list", "listitem", "heading", "region", "heading"]
    assert page.browser.wait("main ul").name == "App passwords"
    assert page.browser.wait("section").name == "Lost a device, or not sure?"
    assert [one.name for one in page.browser.all("li button")] == ["Rename Phone", "Replace Phone", "Revoke Phone"]
    assert page.browser.run("return document.title") == "App passwords"
    page.press("Rename Phone")
    assert [(one.role, one.name) for one in page.browser.all("dialog, dialog input, dialog button")] == [
        ("dialog", "Rename app password"),
        ("textbox", "Name"),
        ("button", "Rename"),
        ("button", "Cancel"),
    ]
    page.fill("Name", "x" * 65)
    page.press("Rename")
    page.alert()
    assert page.browser.wait("dialog [role=alert]").role == "alert"
    page.press("Cancel")
    page.create("Laptop", "mail", PRIMARY["alice"])
    page.shown_password()
    assert [(one.role, one.name) for one in page.browser.all("dialog, dialog canvas, dialog button")] == [
        ("dialog", "Your new app password"),
        ("button", "Copy"),
        ("image", "QR code of the password"),
        ("button", "Done"),
    ]
    page.done()
