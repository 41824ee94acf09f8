"""The page in Cockpit, in a real browser: what a user does on her own account, what an administrator does on any, and
what nobody can do."""

import datetime
import re

import pytest

from support.passwords import PASSWORD, PRIMARY
from support.recipes import recipe
from support.wait import wait_until

OATH = "00112233445566778899aabbccddeeff00112233"
IMAGE = '<img src=x onerror="top.ran = 1">'
SCRIPT = "<script>top.ran = 1</script>"
TEMPLATE = "{user}{label} &lt;b&gt; $& \\u0041"
SPAWN = """
window.told = null;
cockpit.spawn(["asp-admin", "--json", ...arguments[0]], { err: "out" }).then(
    out => { window.told = ["done", out]; },
    error => { window.told = ["refused", error.exit_status]; });
"""


def test_a_password_created_on_the_page_logs_in_over_imap(asked, cockpit_server, mail):
    page = cockpit_server
    page.sign_in("alice", PRIMARY["alice"])
    assert page.rows() == []
    page.create("Phone", "mail", PRIMARY["alice"])
    password = page.shown_password()
    assert PASSWORD.fullmatch(password)
    assert mail.curl("alice", password)
    page.done()
    (row,) = page.rows()
    assert (row["Name"], row["Opens"], row["State"]) == ("Phone", "Mail", "active")
    assert re.fullmatch(r"(now|\d+ seconds? ago), from 127\.0\.0\.1, Mail", row["Last used"])
    assert " by " not in row["Made"], "she made it herself"
    assert mail.entry(password[:2])["created_by"] == "alice"


def test_the_primary_password_is_asked_for_before_the_first_change_alone(page, mail):
    page.create("Phone", "mail", PRIMARY["alice"])
    page.shown_password()
    page.done()
    page.create("Laptop", "mail")
    page.shown_password()
    page.done()
    assert page.labels() == ["Phone", "Laptop"]


def test_a_wrong_primary_password_changes_nothing_and_is_said(page, mail):
    page.create("Phone", "mail", "not hers")
    page.dialog("Create app password")
    assert page.alert() == "you were not let in: Authentication failure"
    assert page.browser.wait("[role=alert] p:last-child").property("lang") == "en"
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
    assert page.browser.wait("dialog:last-of-type p.said").text == "You will be asked twice"
    page.confirm(PRIMARY["alice"])
    names = page.browser.until(lambda: [one.name for one in page.browser.all("#answer") if "One-time" in one.name])
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
    page.fill("Name", " Old phone ")  # as a keyboard ends a word that it has guessed
    page.press("Rename")
    page.confirm(PRIMARY["alice"])
    page.no_dialog()
    assert page.labels() == ["Old phone"]
    assert mail.entry(id)["label"] == "Old phone"


def test_after_a_rotation_the_shown_password_alone_opens(page, mail):
    old = mail.create("alice", "Phone", "--app", "mail")
    page.show()
    page.press("Replace Phone")
    page.press("Replace")
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
    assert page.status() == "2 app passwords are revoked."
    assert page.rows() == []
    assert not any(mail.curl("alice", password) for password in passwords)


def test_revoked_ones_are_shown_on_demand(page, mail):
    id = mail.create("alice", "Phone", "--app", "mail")[:2]
    mail.create("alice", "Laptop", "--app", "mail")
    mail.asp_admin("revoke", "alice", id, "--reason", "lost in the train").done()
    page.show()
    assert page.labels() == ["Laptop"]
    page.browser.named("checkbox", "Show revoked ones").click()
    page.browser.until(lambda: page.labels() == ["Laptop", "Phone"])
    row = page.rows()[1]
    assert row["State"] == "revoked"
    assert row["Ended"].endswith(", revoked by root: lost in the train")
    assert page.button("Replace Phone") and len(page.browser.all(".revoked button")) == 1, "it can be renewed, and no more"
    page.browser.named("checkbox", "Show revoked ones").click()
    page.browser.until(lambda: page.labels() == ["Laptop"])


def test_the_history_is_in_sentences_the_last_thing_first(page, mail):
    assert mail.curl("alice", mail.create("alice", "Reader"))
    mail.asp_admin("rotate", "alice", mail.create("alice", "Phone", "--app", "mail")[:2]).done()
    mail.asp_admin("revoke", "alice", "--label", "Phone").done()
    other = mail.create("alice", "Laptop", "--app", "mail")[:2]
    mail.asp_admin("revoke", "alice", other, "--reason", "lost in the train").done()
    page.show()
    page.create("Tablet", "mail", PRIMARY["alice"])
    page.shown_password()
    page.done()
    page.browser.named("link", "History").click()
    page.browser.until(page.events)
    assert page.browser.wait("h1").text == "History"
    page.focus_is_on("heading")  # a screen reader begins there
    assert sorted(page.events()) == sorted([
        "You made Tablet.",
        "root revoked Laptop: lost in the train.",
        "root made Laptop.",
        "root revoked Phone.",
        "root made Phone.",
        "Phone was replaced by root.",
        "root made Phone.",
        "Reader was used from 127.0.0.1, by Mail.",
        "Reader was used for the first time, by Mail; it opens nothing else since.",
        "root made Reader.",
    ])
    assert page.events()[0] == "You made Tablet."
    page.browser.named("link", "App passwords").click()
    page.browser.until(lambda: page.labels() == ["Reader", "Tablet"])


def test_what_a_changed_login_password_has_ended_is_said(page, mail):
    for label in ("Phone", "Laptop"):
        mail.create("alice", label, "--app", "mail")
    mail.sandbox.run("chpasswd", input="alice:another one\n").done()
    try:
        mail.asp_admin("watch", "--once").done()
        page.show()
        told = page.browser.wait(".primary-changed").text
        assert re.fullmatch(
            r"The login password of alice was changed on [A-Z][a-z]+ \d+, \d{4}, [\d:]+\W[AP]M\. That has ended 2 app passwords: Phone and Laptop\. "
            r"Create new ones for the devices\.",
            told,
        )
        assert page.rows() == []
        page.create("Phone", "mail", "another one")
        page.shown_password()
        page.done()
        assert "has ended an app password: Laptop." in page.browser.wait(".primary-changed").text, "Phone has one again"
        page.browser.named("link", "History").click()
        page.browser.until(lambda: "Laptop ended, for the login password was changed." in page.events())
    finally:
        mail.sandbox.run("chpasswd", input=f"alice:{PRIMARY['alice']}\n").done()


def test_the_limits_that_are_set_are_those_that_are_stored_and_shown(page, mail):
    page.press("Create app password")
    page.fill("Name", "Scanner")
    page.choose("mail")
    page.browser.wait("dialog summary").click()
    page.browser.run("document.getElementById('limit-end').value = '2033-07-15'")
    page.browser.wait("#limit-unused option[value='90d']").click()
    page.fill("Only from these networks", "192.0.2.0/24, 2001:db8::/32")
    page.press("Create")
    page.confirm(PRIMARY["alice"])
    entry = mail.entry(page.shown_password()[:2])
    assert entry["expires"].startswith("2033-07-1") and entry["unused"] == 90 * 86400
    assert entry["networks"] == ["192.0.2.0/24", "2001:db8::/32"]
    page.done()
    (row,) = page.rows()
    limits = row["Limits"].split("\n")
    assert limits[0].startswith("until Jul 1") and limits[1] == "ends when it is not used for 90 days"
    assert limits[2] == "only from 192.0.2.0/24 and 2001:db8::/32"


def test_what_has_come_to_its_end_says_so(page, mail):
    past = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    mail.create("alice", "Guest", "--app", "mail", "--expires", past)
    mail.create("alice", "Forgotten", "--app", "mail", "--unused", "1s")
    wait_until(lambda: {entry["state"] for entry in mail.json("list", "alice")} == {"expired", "unused"}, "their end")
    page.show()
    assert [(row["Name"], row["State"]) for row in page.rows()] == [
        ("Guest", "expired"),
        ("Forgotten", "ended, for it was not used"),
    ]


def test_the_apps_that_are_open_to_her_are_offered_and_nothing_else(page, mail):
    mail.configure('self_service: { apps = [ "mail", "calendar" ]; };')
    page.show()
    page.press("Create app password")
    offered = "return [...document.querySelectorAll('dialog input[name=app]')].map(one => [one.value, one.checked])"
    assert page.browser.run(offered) == [["mail", True], ["calendar", False]], "never none"
    names = [one.name for one in page.browser.all("dialog input[name=app]")]
    assert names[0].startswith("Mail dovecot, imap") and names[1].startswith("Calendar and contacts caldav")
    assert {one.role for one in page.browser.all("dialog fieldset")} == {"group"}


def first_letters(page):
    """How the first letter of what is said is written: none is as it is."""
    return page.browser.run(
        "return getComputedStyle(document.querySelector('.notice.danger p:last-child'), '::first-letter').textTransform"
    )


def test_errors_of_the_tool_are_shown_as_they_are(page, mail):
    mail.create("alice", "Phone", "--app", "mail")
    page.create("Phone", "mail", PRIMARY["alice"])
    told = mail.asp_admin("create", "alice", "--label", "Phone").err
    assert f"asp-admin: {page.alert()}\n" == told
    assert first_letters(page) == "uppercase"


def test_without_the_broker_it_is_said_what_to_start(page, mail):
    mail.sandbox.run("rm", "/run/asp/self.sock").done()
    page.show()
    assert "asp-broker" in page.alert()
    # A path keeps its letters; what begins with a word begins as a sentence does.
    assert page.alert().startswith("/run/") and first_letters(page) == "none"
    assert page.button("Try again")


def test_where_there_is_no_asp_admin_it_is_said(page, mail):
    mail.sandbox.run("mv", "/usr/local/bin/asp-admin", "/usr/local/bin/away").done()
    try:
        page.show()
        assert page.alert() == "asp-admin is not installed on this machine."
    finally:
        mail.sandbox.run("mv", "/usr/local/bin/away", "/usr/local/bin/asp-admin").done()
    page.press("Try again")
    page.browser.until(lambda: "No app passwords" in page.browser.wait("main").text)


def test_a_connection_that_ends_while_she_is_asked_is_said_and_nothing_hangs(page, mail):
    page.create("Phone", "mail")
    page.dialog("Confirm that it is you")
    page.browser.run("cockpit.transport.close()")
    page.dialog("Create app password")
    assert page.alert()
    page.press("Cancel")
    page.no_dialog()
    assert mail.json("list") == []


def test_a_label_of_markup_is_text_and_runs_nothing(page, mail):
    mail.create("alice", IMAGE, "--app", "mail")
    mail.create("alice", SCRIPT, "--app", "mail")
    mail.create("alice", TEMPLATE, "--app", "mail")
    page.show("alice", "history")
    assert page.events() == [f"root made {label}." for label in (TEMPLATE, SCRIPT, IMAGE)]
    page.show()
    assert page.labels() == [IMAGE, SCRIPT, TEMPLATE]
    page.press(f"Revoke {IMAGE}")
    page.press("Revoke")
    page.confirm(PRIMARY["alice"])
    page.no_dialog()
    assert page.status() == f"{IMAGE} is revoked."
    assert page.browser.all("img, main script, dialog script, [onerror]") == []
    assert page.browser.run("return top.ran") is None


def test_what_a_page_of_bobs_asks_for_alice_is_refused(asked, cockpit_server, mail):
    server = cockpit_server
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


def test_an_administrator_acts_on_any_user(asked, cockpit_server, mail):
    server = cockpit_server
    mail.create("alice", "Phone", "--app", "mail")
    mail.sandbox.need("sudo")  # by which Cockpit gives administrative access
    mail.sandbox.shell("getent passwd ann >/dev/null || useradd --create-home -d /run/ann --groups sudo ann").done()
    mail.sandbox.run("chpasswd", input="ann:ann's own\n").done()
    server.sign_in("ann", "ann's own", administrator=True)
    assert server.browser.wait(".who").text == "Signed in as ann, with administrative access"
    assert [cell.text for cell in server.browser.all("tbody tr > *")] == ["alice", "1 active", "never"]
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
