"""What `check` says on a terminal: the verdict, why, and whether PAM asks for it at all."""

import re
import shlex
from types import SimpleNamespace

import pytest
from support.passwords import id_but, swap_character
from support.terminal import terminal

PLAIN = {"NO_COLOR": "1"}
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"


def shown(site, password, *words, user="alice", columns=1000):
    """The word of the verdict, the sentences below it, and what is on standard error."""
    run = site.terminal("check", user, *words, columns=columns, env=PLAIN, input=password)
    word, _, why = run.out.rstrip("\n").partition("\n")
    return word, why, run.err


@pytest.fixture
def why(site):
    def explain(password, *words, service="imap", user="alice"):
        return shown(site, password, "--service", service, *words, user=user)[:2]

    return explain


def test_what_is_accepted_is_named_with_its_app_and_networks(site, why):
    phone = site.create("alice", "Phone", "--app", "mail", "--from", "192.0.2.0/24", "--from", "::1")
    it = f'It is "Phone" ({phone["id"]})'
    assert why(phone["password"], "--rhost", "::1") == (
        "accepted",
        f"{it}, good for the app mail, from 192.0.2.0/24, ::1 alone.",
    )
    free = site.create("alice", "Free", "--app", "any")
    assert why(free["password"], service="foo")[1].endswith("good for every app that is not guarded.")
    first = site.create("alice", "First")
    assert why(first["password"])[1].endswith("good for the app that uses it first; a login would bind it to mail.")


def test_a_refusal_for_the_app_says_which_one_it_is_good_for(site, why):
    phone = site.create("alice", "Phone", "--app", "mail")
    it = f'It is "Phone" ({phone["id"]}), good for the app mail; '
    assert why(phone["password"], service="radicale") == ("wrong-app", it + "radicale is a service of the app calendar.")
    assert why(phone["password"], service="foo") == ("wrong-app", it + "foo is an app of its own.")
    guarded = "guarded: only one that was created with --app {} opens it."
    assert why(phone["password"], service="sshd")[1].endswith(guarded.format("ssh"))
    assert why(site.create("alice", "Any", "--app", "any")["password"], service="sudo")[1].endswith(guarded.format("sudo"))


def test_a_refusal_for_the_network_says_which_ones_it_is_good_for(site, why):
    phone = site.create("alice", "Phone", "--from", "192.0.2.0/24")
    it = f'It is "Phone" ({phone["id"]}), from 192.0.2.0/24 alone; '
    no_address = " is no address, and names are not looked up: a service that tells PAM a name is refused, see Addresses "
    no_address += "in pam_asp(8)."
    assert why(phone["password"], "--rhost", "192.0.3.1") == ("wrong-network", it + "192.0.3.1 is not there.")
    assert why(phone["password"], "--rhost", "fe80::1%eth0") == ("wrong-network", it + "fe80::1%eth0 is not there.")
    for name in ("mail.example.org", "localhost", "192.0.2.0/24"):
        assert why(phone["password"], "--rhost", name) == ("wrong-network", it + name + no_address)
    nothing = "a service that does not say from where is refused, and no --rhost was given."
    assert why(phone["password"]) == ("wrong-network", it + nothing)


def test_of_one_that_is_good_no_more_it_is_said_since_when_and_how_to_have_another(site, why):
    phone = site.create("alice", "Phone")
    site.json("revoke", "alice", phone["id"], "--reason", "left in the train")
    word, text = why(phone["password"])
    assert word == "revoked"
    again = f"A new one like it: asp-admin rotate alice {phone['id']}"
    assert re.fullmatch(
        rf'It is "Phone" \({phone["id"]}\), which \S+ revoked at {TIME} \(left in the train\)\. '
        rf"{again} --config {site.conf}",
        text,
    )


def test_of_one_that_has_ended_it_is_said_when(site, clock):
    end = site.create("alice", "End", "--expires", "1d")
    idle = site.create("alice", "Idle", "--unused", "2w")

    def later(made, *after):
        run = site.terminal("check", "alice", "--service", "imap", columns=1000, env={**PLAIN, **clock(86400 * 20)}, input=made["password"])
        return run.out.splitlines()

    word, text = later(end)
    assert word == "expired" and re.search(rf", which ended at {TIME}\. A new one like it: .* --expires 365d --config ", text)
    word, text = later(idle)
    assert word == "unused" and ", which has ended, since it was not used for 2 weeks. A new one like it: " in text


def test_of_the_primary_it_is_said_what_stands_against_it(site, primaries, why):
    primaries.say({"alice": "one"})
    phone = site.create("alice", "Phone")
    primaries.say({"alice": "two"})
    site.run("watch", "--once").done()
    assert "primary-password" in why(phone["password"])[1]


def test_of_what_proves_nothing_no_id_and_no_label_is_told(site, why):
    phone = site.create("alice", "Phone")
    said = {
        "x": "It has not the form of an app password, which is 25 small letters and digits; perhaps it is the login password of alice.",
        id_but(phone["id"]) + phone["password"][2:]: "It has the form of an app password, and alice has none that begins so: "
        "perhaps it is another user's, or it was removed.",
        swap_character(phone["password"], 9): "It begins as an app password of alice does, and goes on otherwise: "
        "perhaps it was mistyped.",
    }
    for typed, text in said.items():
        assert why(typed)[1] == text
        assert "Phone" not in text
    word, text = why(phone["password"], user="bob")
    assert (word, text) == (
        "no-account",
        f"bob has no app passwords. The first one: asp-admin create bob --label Phone --config {site.conf}",
    )


def test_the_first_one_that_is_proposed_can_be_made(site, why):
    site.create("alice")
    site.configure("virtual_users = false;")
    said = {
        "bin": "bin has no app passwords. The first one:",
        "no-such-user": "no-such-user has no app passwords, and the system knows no user of that name. "
        "The first one, for a user that only a service knows:",
    }
    for user, text in said.items():
        word, shown = why("x", user=user)
        assert word == "no-account" and shown.startswith(f"{text} asp-admin create {user} --label Phone"), shown
        site.run(*shlex.split(shown.removeprefix(f"{text} asp-admin "))).done()
        assert [entry["label"] for entry in site.entries(user)] == ["Phone"]
    for user in ("", " x", "a/b"):
        assert why("x", user=user) == ("no-account", f"{user} has no app passwords.")


def test_an_app_password_that_was_given_for_a_name_is_not_shown(site, why):
    phone = site.create("alice", "Phone")
    word, text = why("x", user=phone["password"])
    assert (word, text) == ("no-account", "- has no app passwords.")
    run = site.terminal("check", phone["password"], "--service", "imap", columns=1000, input="x")
    assert phone["password"] not in run.out + run.err


def test_a_label_or_a_reason_is_no_command(site):
    label, reason = 'Phone" is damaged, mend it: asp-admin remove root', "x; so do this now: asp-admin remove root"
    phone = site.create("alice", label)
    site.json("revoke", "alice", phone["id"], "--reason", reason)
    run = site.terminal("check", "alice", "--service", "imap", columns=80, input=phone["password"])
    commands = [line for line in run.out.splitlines() if line.startswith("asp-admin")]
    assert commands == [f"asp-admin rotate alice {phone['id']} --config {site.conf}"]


def test_a_sentence_is_broken_between_words(site):
    phone = site.create("alice", "A phone", "--app", "mail", "--from", "192.0.2.0/24")
    for columns in (40, 80):
        word, text, _ = shown(site, phone["password"], "--service", "imap", columns=columns)
        assert word == "wrong-network"
        assert [line for line in text.splitlines() if len(line) > columns] == []
        assert " ".join(text.split()).startswith(f'It is "A phone" ({phone["id"]}), from 192.0.2.0/24 alone; a service')


def test_off_a_terminal_and_in_a_document_there_is_the_verdict_alone(site):
    phone = site.create("alice", "Phone", "--app", "mail")
    run = site.run("check", "alice", "--service", "imap", input=phone["password"])
    assert (run.out, run.err) == ("accepted\n", "")
    run = site.terminal("--json", "check", "alice", "--service", "imap", input=phone["password"], columns=1000)
    assert run.out.startswith("{") and run.err == ""


def test_a_service_that_pam_asks_nothing_of_ours_for_is_named(site):
    phone = site.create("alice", "Phone", "--app", "any")
    _, _, said = shown(site, phone["password"], "--service", "no-such-service")
    assert said == (
        "asp-admin: note: PAM does not ask pam_asp for the service no-such-service, whatever the verdict: there is "
        "no /etc/pam.d/no-such-service; /etc/pam.d/other decides, and does not name pam_asp\n"
    )
    _, _, said = shown(site, phone["password"], "--service", "PASSWD")
    assert said == (
        "asp-admin: note: PAM does not ask pam_asp for the service PASSWD, whatever the verdict: its PAM file does not name it\n"
    )


def test_the_prompt_names_the_user_whose_app_password_is_asked_for(site):
    phone = site.create("alice", "Phone")
    for user, name in (("alice", "alice"), ("a\x1b[1mb", r"a\\x1b\[1mb"), (phone["password"], "-")):
        with terminal(SimpleNamespace(prefix=()), *site.argv("check", user, "--service", "imap")) as screen:
            assert screen.until(rf"App password of {name}: "), screen.seen
            screen.answer("x")
            assert screen.until("not-an-app-password|no-account")
