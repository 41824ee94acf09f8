"""User names: none leaves the store, none is another's, and each well-formed one has a file of its own."""

import base64
import hashlib
import json
import re
import shutil

import pytest
from support.account_text import lines_of, lines_of_text, sealed
from support.folders import snapshot

ILL_FORMED = {
    "empty": "",
    "one dot": ".",
    "two dots": "..",
    "out of the store": "../x",
    "far out": "../../../../etc/passwd",
    "a slash": "a/b",
    "absolute": "/etc/passwd",
    "a slash at the end": "alice/",
    "a colon": "a:b",
    "an asterisk": "*",
    "an asterisk at the end": "alice*",
    "a question mark": "alic?",
    "a dash first": "-alice",
    "an option": "--all",
    "a newline": "alice\n",
    "a tab": "a\tb",
    "an escape": "\x1b[31malice",
    "delete": "alice\x7f",
    "the first control byte": "\x01",
    "255 bytes": "a" * 255,
    "256 bytes": "a" * 256,
    "256 bytes of others": "ü" * 128,
    "a blank first": " alice",
    "a blank last": "alice ",
    "a blank": " ",
    "a kilobyte": "a" * 1024,
}

WELL_FORMED = {
    "alice": "alice",
    "200 bytes": "a" * 200,
    "198 encoded bytes": "ü" * 33,
    "201 bytes": "a" * 201,
    "254 bytes": "a" * 254,
    "204 encoded bytes": "ü" * 34,
    "254 bytes of others": "ü" * 127,
    "254 quotes": '"' * 254,
    "one letter": "x",
    "digits": "1000",
    "a dot within": "alice.used",
    "dots at the end": "alice..",
    "an underscore": "_apt",
    "a plus first": "+alice",
    "a dash within": "a-b",
    "an address": "alice@example.org",
    "upper case": "Alice",
    "a machine": "HOST$",
    "a domain": "DOMAIN\\alice",
    "a space": "alice smith",
    "a dot first": ".alice",
    "three dots": "...",
    "a percent sign": "%2e%2e",
    "a tilde": "~",
    "letters of others": "jürgen",
    "no UTF-8": "j\udcfcrgen",
    "like a password": "7kabc-defgh-jkmnp-qrstv-wxyz0",
    "quotes": "\"a' b",
}

FILE_NAMES = {
    "alice.used": "alice.used",
    "alice@example.org": "alice@example.org",
    "+a_b-c": "+a_b-c",
    ".alice": "%2Ealice",
    "...": "%2E..",
    "a b": "a%20b",
    "%2e": "%252e",
    "jürgen": "j%C3%BCrgen",
    "HOST$": "HOST%24",
    "a\\b": "a%5Cb",
    "\udcff": "%FF",
    "~" + "0" * 43: "%7E" + "0" * 43,
}


# Lesson: linux-pam PR 652.
@pytest.mark.parametrize("user", ILL_FORMED.values(), ids=ILL_FORMED)
def test_an_ill_formed_name_is_code_2_and_nobody_s(site, user):
    site.create()
    before = snapshot(site.folder)
    for words in (
        ["create", "--label", "x", "--virtual", "--", user],
        ["list", "--", user],
        ["label", "--", user, "zz", "x"],
        ["rotate", "--", user, "zz"],
        ["revoke", "--all", "--", user],
        ["history", "--", user],
        ["remove", "--", user],
    ):
        site.run(*words).refused(2)
    run = site.run("check", "--service", "imap", "--json", "--", user, input="x")
    assert (run.code, json.loads(run.out)["verdict"]) == (1, "no-account"), run
    assert snapshot(site.folder) == before


def test_a_refusal_says_which_rule_was_broken(site):
    site.create()
    for user, words in {"": "is empty", "-a": "begins with -", "a:b": "/ : * ?", "a" * 255: "longer than 254", "a ": "a blank at one end"}.items():
        assert words in site.run("list", "--", user).refused(2).err


@pytest.mark.parametrize("user", WELL_FORMED.values(), ids=WELL_FORMED)
def test_a_well_formed_name_has_an_account_of_its_own(site, user):
    other = site.create("somebody", "Phone")
    password = site.run("create", "--label", "Phone", "--quiet", "--", user).done().out
    site.run("list", "--", user).done()
    assert site.check(password, user) == "accepted"
    assert len(site.texts()) == 2
    site.run("remove", "--", user).done()
    assert site.check(other["password"], "somebody") == "accepted"


@pytest.mark.parametrize(("user", "file"), FILE_NAMES.items(), ids=FILE_NAMES.values())
def test_the_file_of_a_user_is_named_as_documented(site, user, file):
    site.run("create", user, "--label", "x", "--quiet").done()
    assert [path.name.lower() for path in (site.store / "users").iterdir()] == [file.lower()]


def test_a_file_whose_name_would_be_too_long_is_named_by_a_digest_and_says_whose_it_is(site):
    user = "ü" * 127
    site.create(user, "x")
    digest = hashlib.blake2b(user.encode(), digest_size=32).digest()
    (file,) = (site.store / "users").iterdir()
    assert file.name == "~" + base64.urlsafe_b64encode(digest).decode().rstrip("=")
    assert lines_of(file)[0] == f'asp-account 2 user="{user}"'


def test_every_command_knows_a_user_whose_file_is_named_by_a_digest(site, login):
    user = "long" + "é" * 120
    made = site.create(user, "Phone")
    assert site.json("list") == [{**site.json("list")[0], "user": user}]
    assert site.json("label", user, made["id"], "Desk")["label"] == "Desk"
    new = site.json("rotate", user, made["id"])
    assert site.check(new["password"], user) == "accepted"
    assert login(new["password"], user) == 0
    assert [entry["last_used"]["service"] for entry in site.entries(user)] == ["imap"]
    assert [event["event"] for event in site.json("history", user)].count("created") == 2
    (file,) = (site.store / "users").iterdir()
    lines = lines_of(file)
    file.write_bytes(sealed([lines[0].replace("long", "lung"), *lines[1:]]))
    assert "another user" in site.run("list", user).refused(5).err
    faults = [row for row in json.loads(site.run("--json", "doctor").out) if file.name in row["message"]]
    assert len(faults) == 1 and "remove it" in faults[0]["mend"], faults
    file.write_bytes(sealed(lines))
    assert site.json("revoke", user, "--all")["revoked"] == [new["id"]]
    site.run("remove", user).done()
    assert site.texts() == {}


def blank(site):
    """An account of version 0.1.0 that has a blank before its name."""
    made = site.create("xerna", "Phone")
    lines = lines_of_text(site.text("xerna"))
    site.put("xerna", None)
    site.put("%20erna", sealed([lines[0].replace("xerna", " erna"), *lines[1:]]))
    return made


def test_an_account_whose_name_is_none_any_more_lets_nobody_in_and_revoke_and_remove_take_it(site):
    made = blank(site)
    assert site.check(made["password"], " erna") == "unavailable"
    for words in (["list", " erna"], ["history", " erna"], ["label", " erna", made["id"], "z"]):
        assert "blank at one end" in site.run(*words).refused(2).err
    assert "blank at one end" in site.run("create", " erna", "--label", "x").refused(2).err
    assert site.json("revoke", " erna", made["id"])["revoked"] == [made["id"]]
    site.run("remove", " erna").done()
    assert site.texts() == {}
    assert "blank at one end" in site.run("remove", " erna").refused(2).err


def test_doctor_names_an_account_whose_name_is_none_any_more(site):
    site.create("alice", "x")
    blank(site)
    (row,) = [row for row in json.loads(site.run("--json", "doctor").out) if "blank" in row["message"]]
    assert '" erna"' in row["message"] and "alice" not in row["message"] and "asp-admin remove" in row["mend"]


def test_names_that_look_alike_are_different_users(site, login):
    names = [
        "alice",
        "alice.used",
        "alice.lock",
        "alice.tmp",
        "Alice",
        "al ice",
        "%61lice",
        "alice.",
        ".alice",
        "alice@h",
    ]
    made = {user: site.create(user, f"of {user}", "--app", "mail") for user in names}
    for user in names:
        assert login(made[user]["password"], user) == 0
        (entry,) = site.entries(user)
        assert entry["label"] == f"of {user}"
        assert entry["last_used"]["service"] == "imap"
        for other in names:
            assert (site.check(made[user]["password"], other) == "accepted") == (user == other)
    assert sorted(row["user"] for row in site.json("list")) == sorted(names)
    site.json("remove", "alice")
    assert sorted(row["user"] for row in site.json("list")) == sorted(names[1:])
    assert site.check(made["alice.used"]["password"], "alice.used") == "accepted"
    assert site.entries("alice.used")[0]["last_used"] is not None


def test_a_name_that_is_no_utf8_leaves_every_answer_a_document(site):
    site.create()
    site.run("create", "j\udcfcrgen", "--label", "x", "--quiet").done()
    for words in (["list"], ["list", "j\udcfcrgen"], ["history", "j\udcfcrgen"], ["remove", "j\udcfcrgen"]):
        run = site.run("--json", *words).done()
        json.loads(run.out.encode("utf-8", "surrogateescape").decode("utf-8"))
    assert [row["user"] for row in site.json("list")] == ["alice"]


def test_an_ill_formed_name_in_an_error_reaches_no_screen(site):
    site.create()
    for user in ("\x1b[31mred", "\u009b31m", "a\u202eb", "a\u2028b:", "\x07*"):
        run = site.run("list", "--", user)
        assert run.code in (2, 3), run
        assert re.fullmatch(r"[^\n]+\n", run.err)
        assert run.err[:-1].isprintable(), ascii(run.err)


def test_what_is_no_account_in_the_users_folder_is_nobody_s(site):
    site.create()
    users = site.store / "users"
    for name in (".hidden", "%zz", "a b", "%", "a%2", "alice~", "x" * 201):
        shutil.copy(site.account("alice"), users / name)
    run = site.run("--json", "list")
    assert [row["user"] for row in json.loads(run.out)] == ["alice"], run
