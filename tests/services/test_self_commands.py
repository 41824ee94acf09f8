"""What a user does on her own account from the command line: with the real broker and pam_unix, at real terminals."""

import json
import plistlib
import re

import pytest
from support.passwords import PASSWORD, id_but
from support.qr import read_drawn
from support.recipes import with_module
from support.self_service import ADMIN, ALICES, ASKED, BOBS, CONF, DONE, EXPLAINED, NO, NOT_FOUND, STORE, TAKEN, USAGE, refused

# Each command


@pytest.mark.parametrize("user", [(), ("alice",)], ids=["without-user", "with-user"])
def test_each_command_is_for_her_own_account(own, user):
    with own.typist("alice") as alice:
        code, shown = alice.admin("create", *user, "--label", "Phone", "--app", "mail", answers=ASKED)
        assert code == DONE
        password = PASSWORD.search(shown)[0]
        code, shown = alice.admin("list", *user)
        assert code == DONE and re.search(rf"(?m)^{password[:2]}  Phone  mail ", shown)
        assert alice.admin("label", *user, password[:2], "Desk")[0] == DONE
        code, shown = alice.admin("rotate", *user, password[:2], "--quiet")
        assert code == DONE
        renewed = PASSWORD.search(shown)[0]
        code, shown = alice.type(f"{ADMIN} check {' '.join(user)} --service imap <<<{renewed}")
        assert (code, shown.strip().splitlines()[0]) == (DONE, "accepted")
        code, shown = alice.type(f"{ADMIN} check {' '.join(user)} --service imap <<<{password}")
        assert (code, shown.strip().splitlines()[0]) == (NO, "revoked")
        code, shown = alice.admin("revoke", *user, renewed[:2], "--reason", "lost")
        assert (code, shown.strip()) == (DONE, f"revoked {renewed[:2]}  Desk")
        code, shown = alice.admin("history", *user)
        assert code == DONE and "by alice: lost" in shown
    assert own.states() == [("Desk", "revoked"), ("Desk", "revoked")]


def test_each_way_to_revoke_takes_her_own(own):
    ids = {label: own.makes("alice", label)[:2] for label in ("one", "two", "three", "four")}
    own.makes("bob", "two")
    with own.typist("alice") as alice:
        assert alice.admin("revoke", "--label", "one", answers=ASKED)[0] == DONE
        assert alice.admin("revoke", ids["two"], ids["three"])[0] == DONE
        assert own.states() == [(label, "active" if label == "four" else "revoked") for label in sorted(ids)]
        assert alice.admin("revoke", "--all")[0] == DONE
    assert {state for _, state in own.states()} == {"revoked"}
    assert own.states("bob") == [("two", "active")]


def test_what_she_makes_logs_her_in(own):
    password = own.makes("alice", "Phone")
    assert own.json("list", "alice")[0]["created_by"] == "alice"
    run = own.asp_admin("check", "alice", "--service", "imap", input=password)
    assert (run.code, run.out) == (DONE, "accepted\n")


PROFILE = (
    'profile: { mail: { address = "%u@example.org"; imap = "imaps://mail.example.org"; smtp = "submissions://mail.example.org"; }; };'
)


def test_a_profile_is_a_file_of_her_own_and_a_code_is_on_her_screen(own):
    own.configure(PROFILE)
    own.sandbox.shell("rm -rf /run/hers; install -d -o alice /run/hers").done()
    asked = {"input": f"{ALICES}\n"}
    words = ("create", "--label", "Phone", "--app", "mail")
    run = own.run("alice", *words, "--profile", "/run/hers/new", **asked)
    assert run.code == DONE and not PASSWORD.search(run.out), run
    assert own.sandbox.run("stat", "-c", "%a %U", "/run/hers/new").done().out == "600 alice\n"
    (mail,) = plistlib.loads(own.sandbox.read("/run/hers/new").encode())["PayloadContent"]
    run = own.asp_admin("check", "alice", "--service", "imap", input=mail["IncomingPassword"])
    assert (run.code, run.out) == (DONE, "accepted\n")
    for path, code, why in (("/run/hers/new", USAGE, "it is there already"), ("/etc/new", STORE, "Permission denied")):
        run = own.run("alice", *words, "--profile", path)
        refused(run, code, why)
    run = own.run("alice", "create", "--label", "Tablet", "--app", "mail", "--qr", "--quiet", **asked)
    assert run.code == DONE and PASSWORD.fullmatch(read_drawn(run.out)), run
    assert own.states() == [("Phone", "active"), ("Tablet", "active")]


def test_the_command_to_revoke_it_has_the_configuration_that_she_has_said(own):
    own.sandbox.write("/etc/asp/her own.conf", "")
    said = ("--config", "/etc/asp/her own.conf")
    run = own.run("alice", *said, "create", "--label", "Phone", input=f"{ALICES}\n")
    (entry,) = own.json("list", "alice")
    assert run.code == DONE
    assert f"  revoke it   asp-admin revoke alice {entry['id']} --config '/etc/asp/her own.conf'\n" in run.out


def test_what_changes_or_shows_a_password_is_asked_for_first(own):
    password = own.makes("alice", "Phone")
    before = own.json("list", "alice", "--all")
    changes = {
        "create": ("--label", "More"),
        "label": (password[:2], "Desk"),
        "rotate": (password[:2],),
        "revoke": ("--all",),
    }
    for name, words in changes.items():
        run = own.run("alice", name, *words)
        said = f"{EXPLAINED}Password: asp-admin: there was no answer\n"
        assert (run.code, run.out, run.err) == (NO, "", said), name
    assert own.json("list", "alice", "--all") == before
    for name, words in changes.items():
        assert own.run("alice", name, *words, input=f"{ALICES}\n").code == DONE or name == "revoke", name
    assert own.states() == [("Desk", "revoked"), ("Desk", "revoked"), ("More", "revoked")]


def test_what_changes_nothing_is_not_asked_for(own):
    password = own.makes("alice", "Phone")
    for words in (("list",), ("list", "--all"), ("history",), ("check", "--service", "imap")):
        run = own.run("alice", *words, input=password)
        assert run.code == DONE and run.err == "", words


def test_what_she_may_make_app_passwords_for_is_shown_unasked(own):
    own.install("pam.d/asp-only", "/etc/pam.d/vsftpd")

    def apps():
        run = own.run("alice", "--json", "apps")
        assert (run.code, run.err) == (DONE, "")
        return {row["app"]: row["open"] for row in json.loads(run.out)}

    assert {"mail", "calendar", "ssh", "vsftpd"} <= apps().keys() and all(apps().values())
    own.configure('self_service: { apps = [ "first-use", "calendar", "vsftpd" ]; };')
    assert {app for app, is_open in apps().items() if is_open} == {"calendar", "vsftpd"}
    run = own.run("alice", "create", "--label", "x", "--app", "mial")
    refused(run, USAGE, "--app mial: there is no such app; there are: calendar, vsftpd")
    assert "--new-app" not in run.err
    refused(own.run("alice", "create", "--label", "x", "--app", "mial", "--new-app"), STORE, "--new-app is for root")
    refused(own.run("alice", "apps", "alice"), USAGE, "apps takes no arguments")


def test_who_has_none_has_an_empty_list_and_history(own):
    assert own.run("alice", "--json", "list").out == own.run("alice", "--json", "history").out == "[]\n"


def test_a_command_that_is_wrong_is_refused_before_anything_is_asked(own):
    own.makes("alice", "Phone")
    refused(own.run("alice", "create"), USAGE, "create needs --label: asp-admin create alice --label Phone")
    refused(own.run("alice", "label", "xx"), USAGE, "label needs TEXT, the new label: asp-admin label alice xx TEXT")
    refused(own.run("alice", "list", "--label", "x"), USAGE, "list takes no --label")
    refused(own.run("alice", "dance"), USAGE, "there is no command dance")
    refused(own.run("alice", "revoke"), USAGE, "revoke needs one of ID..., --label TEXT and --all: asp-admin revoke alice --label Phone")
    refused(own.run("alice", "label", "xx", "a\nb"), USAGE, "holds a control character")
    for words, why in (
        (("--app", "imap"), "say --app mail"),
        (("--app", "mial"), "--app mial: there is no such app: did you mean mail. There are: mail, calendar, ssh"),
        (("--from", "192.0.2.1/8"), "--from 192.0.2.1/8: say"),
        (("--expires", "2001-01-01"), "that is in the past"),
    ):
        refused(own.run("alice", "create", "--label", "x", *words), USAGE, why)
    refused(own.run("alice", "rotate", "xx", "--expires", "2001-01-01"), USAGE, "that is in the past")
    refused(own.run("alice", "create", "--label", "x" * 9000), USAGE, "that is too long for one command")
    refused(own.run("alice", "revoke", *["xx"] * 300), USAGE, "that is too long for one command")


def test_the_codes_are_those_of_the_administrators_command(own):
    own.configure("limit = 2;")
    first = own.makes("alice", "Phone")
    second = own.makes("alice", "Laptop")
    with own.typist("alice") as alice:
        code, shown = alice.admin("create", "--label", "Third", answers=ASKED)
        assert code == TAKEN and "the limit is 2" in shown
        code, shown = alice.admin("label", first[:2], "Laptop")
        assert code == TAKEN and "already has an active app password with this label" in shown
        none = id_but(first[:2], second[:2])
        assert alice.admin("rotate", none)[0] == NOT_FOUND
        assert alice.admin("revoke", first[:2], none)[0] == NOT_FOUND
        assert alice.admin("revoke", "--label", "none of hers")[0] == NOT_FOUND
        assert alice.admin("create", "--label", "x", "--expires", "yesterday")[0] == USAGE
        assert alice.admin("revoke")[0] == USAGE
        own.damage("alice")
        assert alice.admin("revoke", "--all")[0] == STORE
        assert alice.admin("list")[0] == STORE
        own.configure("limit = 0;")
        code, shown = alice.admin("list")
        assert code == CONF and "asp.conf" in shown


def test_who_did_it_is_in_the_log(own):
    password = own.makes("alice", "Phone")
    id = password[:2]
    with own.typist("alice") as alice:
        alice.admin("label", id, "Desk", answers=ASKED)
        code, shown = alice.admin("rotate", id, "--quiet")
        new = PASSWORD.search(shown)[0]
        alice.admin("revoke", "--all", "--reason", "lost")
    who, self = 'by="alice" user="alice"', 'via="self"'
    assert own.events() == [
        f'event=created {who} id={id} label="Phone" {self}',
        f'event=labelled {who} id={id} label="Desk" {self}',
        f'event=created {who} id={new[:2]} label="Desk" {self}',
        f'event=revoked {who} id={id} label="Desk" reason="rotated" {self}',
        f'event=revoked {who} id={new[:2]} label="Desk" reason="lost" {self}',
    ]
    log = "\n".join(own.log_file.messages())
    assert ALICES not in log and password not in log and new not in log


def test_a_list_of_five_hundred_comes_across_as_it_is(own):
    own.configure("limit = 500;")
    make = f"{ADMIN} create alice --quiet --app mail --label"
    own.sandbox.shell(f'for i in {{1..500}}; do {make} "Nr. $i of Büro 携帯" >/dev/null; done').done()
    for words in (("--json", "list"), ("--json", "history"), ("list",)):
        hers = own.run("alice", *words).done().out
        assert hers == own.asp_admin(*words, "alice").done().out, words
        assert len(hers) > 30_000


# Whose account


@pytest.mark.parametrize("words", [(), ("--json",)], ids=["", "json"])
def test_nobody_acts_on_another_users_account(own, words):
    password = own.makes("alice", "Phone")
    before = own.json("list", "alice", "--all")
    why = "you are bob: leave alice out, or run asp-admin as root"
    for tried in (
        ("create", "alice", "--label", "x"),
        ("list", "alice"),
        ("list", "alice", "--all"),
        ("label", "alice", password[:2], "x"),
        ("rotate", "alice", password[:2]),
        ("revoke", "alice", password[:2]),
        ("revoke", "alice", "--all"),
        ("history", "alice"),
        ("check", "alice", "--service", "imap"),
    ):
        refused(own.run("bob", *words, *tried, input=BOBS), STORE, why)
    for id in ("label", password[:2], "x"), ("rotate", password[:2]), ("revoke", password[:2]):
        assert own.run("bob", *id, input=f"{BOBS}\n").code == NOT_FOUND
    assert own.json("list", "alice", "--all") == before
    assert own.states("bob") == []


def test_what_is_roots_is_refused_without_a_question(own):
    own.makes("alice", "Phone")
    before = own.json("list", "alice", "--all")
    refused(own.run("alice", "remove", "alice"), STORE, "remove is for root: run asp-admin as root")
    refused(own.run("alice", "watch", "--once"), STORE, "watch is for root: run asp-admin as root")
    refused(own.run("alice", "watch", "--confirm"), STORE, "watch is for root: run asp-admin as root")
    refused(own.run("alice", "doctor"), STORE, "doctor is for root: run asp-admin as root")
    refused(own.run("alice", "log", "--primary"), STORE, "log is for root: run asp-admin as root")
    for tried in (("create", "--virtual", "--label", "x"), ("create", "ghost", "--virtual", "--label", "x")):
        refused(own.run("alice", *tried), STORE, "--virtual is for root: run asp-admin as root")
    refused(own.run("alice", "rotate", before[0]["id"], "--virt"), STORE, "--virtual is for root")
    refused(own.run("alice", "list", "root"), STORE, "you are alice")
    assert own.json("list", "alice", "--all") == before and own.events()[1:] == []


def test_the_name_in_another_case_is_hers_where_names_are_folded_and_no_others(own):
    own.makes("alice", "Phone")
    refused(own.run("alice", "list", "ALICE"), STORE, "you are alice: leave ALICE out")
    own.configure('user_name = "lower";')
    assert "Phone" in own.run("alice", "list", "ALICE").done().out
    assert own.run("alice", "revoke", "Alice", "--all", input=f"{ALICES}\n").code == DONE
    for name in ("BOB", "Bob", "bob"):
        refused(own.run("alice", "list", name), STORE, f"you are alice: leave {name} out")


def test_who_differs_by_a_capital_has_an_account_of_her_own_also_where_names_are_folded(own):
    own.makes("alice", "Phone")
    own.sandbox.shell("getent passwd Alice || useradd --badname Alice 2>/dev/null || useradd --badnames Alice").done()
    own.sandbox.run("chpasswd", input="Alice:her own\n").done()
    own.configure('user_name = "lower";')
    try:
        for words in (("list", "alice"), ("revoke", "alice", "--all")):
            refused(own.run("Alice", *words, input="her own\n"), STORE, "you are Alice: leave alice out")
        assert "no app passwords" in own.run("Alice", "list").done().out
        assert own.run("Alice", "create", "--label", "x", "--quiet", input="her own\n").code == DONE
        assert own.states("Alice") == [("x", "active")]
        assert own.states() == [("Phone", "active")]
        own.configure('user_name = "exact";')
        assert "x" in own.run("Alice", "list").done().out
    finally:
        own.sandbox.run("userdel", "Alice").done()


def make_two(own, user):
    """Hers, neither of which has an id like her name."""
    made = [user]
    while user in made:
        own.asp_admin("remove", user)
        words = ("create", user, "--quiet", "--label")
        made = [own.run(user, *words, label, input="seven\n").done().out[:2] for label in ("Phone", "More")]
    return made


def test_a_name_like_an_id_is_a_name_to_its_user_and_an_id_to_all_others(own):
    name = id_but(own.makes("alice", "Phone")[:2])
    own.sandbox.shell(
        f"grep -q ^{name}: /etc/passwd || {{"
        f" echo {name}:x:1777:1777::/run/bob:/bin/bash >>/etc/passwd; echo {name}:x:1777: >>/etc/group;"
        f" echo '{name}:*:19000:0:99999:7:::' >>/etc/shadow; }}"
    ).done()
    own.sandbox.run("chpasswd", input=f"{name}:seven\n").done()
    phone, more = make_two(own, name)
    assert own.run(name, "list", name).out == own.run(name, "list").out
    # alice's own entry would be meant, and she has none.
    assert own.run("alice", "revoke", name, input=f"{ALICES}\n").code == NOT_FOUND
    assert own.run("alice", "rotate", name, input=f"{ALICES}\n").code == NOT_FOUND
    refused(own.run("alice", "list", name), STORE, f"you are alice: leave {name} out")
    assert own.states(name) == [("More", "active"), ("Phone", "active")]
    # Alone it is her name, which says nothing of what is to be revoked.
    assert own.run(name, "revoke", name, input="seven\n").code == USAGE
    assert own.run(name, "label", phone, "Old", input="seven\n").code == DONE
    assert own.run(name, "revoke", phone, input="seven\n").code == DONE
    assert own.run(name, "revoke", name, more, input="seven\n").code == DONE
    assert own.states(name) == [("More", "revoked"), ("Old", "revoked")]


def test_a_user_whom_the_system_does_not_know_is_refused(own):
    run = own.sandbox.run("setsid", "--wait", "setpriv", "--reuid", "4321", "--clear-groups", ADMIN, "list")
    refused(run, STORE, "the system does not know who you are: uid 4321")


def test_a_configuration_of_her_own_changes_nothing_of_the_brokers(own):
    own.sandbox.write("/run/alice/asp.conf", 'limit = 1;\nself_service: { apps = [ "ssh" ]; };\n')
    own.sandbox.run("chown", "alice", "/run/alice/asp.conf").done()
    own.makes("alice", "Phone")
    run = own.run(
        "alice", "--config", "/run/alice/asp.conf", "create", "--label", "More", "--app", "mail", input=f"{ALICES}\n"
    )
    assert run.code == DONE
    assert len(own.json("list", "alice")) == 2


def test_a_configuration_that_is_broken_is_what_she_is_told(own):
    own.configure("x = 1;")
    for words in (["history"], ["create", "--label", "x"], ["revoke", "--all"]):
        refused(own.run("alice", *words), 6, "/etc/asp/asp.conf:1: x is not a key")


def test_a_store_of_her_own_needs_no_broker(own):
    own.sandbox.shell(
        "install -d -o alice -m 700 /run/alice/asp; install -o alice -m 644 /dev/stdin /run/alice/own.conf",
        input='store = "/run/alice/asp/store";\nprimary: { source = "none"; };\n',
    ).done()
    own.serves.stop()
    run = own.run("alice", "--config", "/run/alice/own.conf", "create", "alice", "--label", "x", "--quiet")
    assert run.code == DONE and PASSWORD.match(run.out), run


# What the administrator lets users do


def test_self_service_can_be_turned_off_and_that_holds_at_once(own):
    own.makes("alice", "Phone")
    own.configure("self_service: { enabled = false; };")
    for words in (("list",), ("create", "--label", "x"), ("revoke", "--all")):
        refused(own.run("alice", *words), STORE, "self-service is not for you here: ask the administrator")
    own.serves.stop()
    with own.serving():
        refused(own.run("alice", "list"), STORE, "no asp-broker serves users there")
    assert own.states() == [("Phone", "active")]


def test_self_service_can_be_for_the_members_of_a_group(own):
    own.sandbox.shell("groupadd --force mailers; usermod --append --groups mailers alice").done()
    own.configure('self_service: { group = "mailers"; };')
    assert own.run("alice", "list").code == DONE
    refused(own.run("bob", "list"), STORE, "self-service is not for you here")
    own.configure('self_service: { group = "bob"; };')
    assert own.run("bob", "list").code == DONE, "as the primary group too"
    refused(own.run("alice", "list"), STORE, "self-service is not for you here")
    own.configure('self_service: { group = "no-such-group"; };')
    refused(own.run("alice", "list"), STORE, "self-service is not for you here")


def test_self_service_can_be_for_some_apps(own):
    root_made = own.create("alice", "Old", "--app", "ssh")
    own.configure('self_service: { apps = [ "mail", "calendar" ]; };')
    with own.typist("alice") as alice:
        code, shown = alice.admin("create", "--label", "x")
        assert code == STORE and "the app is first-use, and yours can be: mail, calendar" in shown
        for app in ("ssh", "any", "first-use"):
            code, shown = alice.admin("create", "--label", "x", "--app", app)
            assert code == STORE and f"the app is {app}, and yours can be: mail, calendar" in shown
        assert alice.admin("create", "--label", "x", "--app", "mail", answers=ASKED)[0] == DONE
        code, shown = alice.admin("rotate", root_made[:2])
        assert code == STORE and "the app is ssh" in shown
        assert own.states() == [("Old", "active"), ("x", "active")]
        # What she has she may be rid of.
        assert alice.admin("revoke", root_made[:2])[0] == DONE
        assert alice.admin("rotate", root_made[:2])[0] == STORE
        own.configure('self_service: { apps = [ "first-use" ]; };')
        assert alice.admin("create", "--label", "y")[0] == DONE


def test_what_was_made_for_a_service_of_an_app_of_hers_can_be_renewed(own):
    made = own.create("alice", "Old", "--app", "vsftpd", "--new-app")
    group = 'apps: ( { name = "files"; services = [ "vsftpd" ]; }, { name = "mail"; services = [ "imap" ]; } );\n'
    own.configure(f'{group}self_service: {{ apps = [ "mail" ]; }};')
    with own.typist("alice") as alice:
        code, shown = alice.admin("rotate", made[:2], answers=ASKED)
        assert code == STORE and "the app is vsftpd, and yours can be: mail" in shown
        own.configure(f'{group}self_service: {{ apps = [ "files" ]; }};')
        assert alice.admin("rotate", made[:2])[0] == DONE
        assert own.states() == [("Old", "active"), ("Old", "revoked")]


def test_a_revoked_one_is_renewed_by_her_as_by_root(own):
    password = own.makes("alice", "Phone")
    own.asp_admin("revoke", "alice", password[:2]).done()
    run = own.run("alice", "rotate", password[:2], "--quiet", input=f"{ALICES}\n")
    assert run.code == DONE and PASSWORD.match(run.out)
    assert own.states() == [("Phone", "active"), ("Phone", "revoked")]


def test_check_at_her_terminal_says_why_and_whether_pam_asks_for_it(own):
    phone = own.makes("alice", "Phone")
    own.sandbox.write("/etc/pam.d/imap", with_module("auth required pam_asp.so\n", own.build))
    own.sandbox.write("/etc/pam.d/smtp", "@include imap\n")
    own.sandbox.write("/etc/pam.d/radicale", "auth required pam_unix.so\n")
    asked = [("App password of alice: ", phone)]
    it = f'It is "Phone" ({phone[:2]}), good for the app mail'
    with own.typist("alice") as alice:
        for service in ("imap", "smtp"):
            code, shown = alice.admin("check", "--service", service, answers=asked)
            assert code == DONE and f"accepted\n{it}.\n" in shown and "note:" not in shown
        code, shown = alice.admin("check", "--service", "radicale", answers=asked)
        words = " ".join(shown.split())
        assert code == NO and f"wrong-app {it}; radicale is a service of the app calendar." in words
        assert "whatever the verdict: its PAM file does not name it" in words


def test_a_person_is_told_whose_password_is_asked_for(own):
    with own.typist("alice") as alice:
        code, seen = alice.admin("create", "--label", "one", answers=ASKED)
        assert code == DONE and seen.count(EXPLAINED) == 1 and seen.index(EXPLAINED) < seen.index("Password: ")
        code, seen = alice.admin("create", "--label", "two")
        assert code == DONE and EXPLAINED not in seen


def test_who_types_an_app_password_is_told_that_another_one_is_asked_for(own):
    """Whether it is a right one or none is told to nobody."""
    phone = own.makes("alice", "Phone")
    told = "what was typed has the form of an app password, and it is the login password that is asked for"
    failed = "asp-admin: you were not let in: Authentication failure"
    for typed in (phone, phone.upper(), "-".join(["00000"] * 5)):
        own.again()
        run = own.run("alice", "create", "--label", "x", input=f"{typed}\n")
        assert (run.code, run.out, run.err.splitlines()[-1]) == (NO, "", f"{EXPLAINED}Password: {failed}; {told}".splitlines()[-1])
    for typed in ("wrong", "", phone[:-1]):
        own.again()
        run = own.run("alice", "create", "--label", "x", input=f"{typed}\n")
        assert run.code == NO and told not in run.err and failed in run.err
    own.again()
    own.run("alice", "create", "--label", "x", input=f"{ALICES}\n").done()
