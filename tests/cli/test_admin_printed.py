"""Commands that asp-admin prints: pasted into a shell they do what they say, whatever is in a name or a path."""

import json
import re

import pytest
from support.account_text import lines_of_text, sealed

ODD = ["alice", r"EX\bob", "a b", "x;id", "$(id)", "`id`", "o'hara", '"q"', "~", "#x", "!1", "j\udcfcrgen", "a\u202eb", "\u00fcber"]
# What a password can be, and is the name of a user.
LIKE_A_PASSWORD = "abcdefghjkmnpqrstvwxyzabc"


@pytest.fixture(params=["asp.conf", "my 'own'.conf"])
def site(site, request):
    site.conf = site.folder / request.param
    site.configure("virtual_users = true;")
    return site


@pytest.fixture
def paste(site):
    """Runs in a shell what is printed."""

    def run(line):
        assert line.isprintable(), ascii(line)
        env = {"PATH": f"{site.admin.parent}:/usr/bin:/bin"}
        return site.execute("sh", "-c", line.encode("utf-8", "surrogateescape"), env=env)

    return run


@pytest.mark.parametrize("user", ODD, ids=ascii)
def test_what_create_says_of_how_to_revoke_it_revokes_it(site, paste, user):
    run = site.run("create", "--label", "L", "--", user).done()
    (line,) = re.findall("revoke it   (.*)\n", run.out)
    id = site.entries("--", user)[0]["id"]
    assert paste(line).done().out == f"revoked {id}  L\n"
    assert site.entry(id, user)["state"] == "revoked"


@pytest.fixture
def damaged(site):
    """Makes an account that is damaged. Returns the name that it is kept under."""

    def damage(user):
        site.run("create", "--label", "L", "--", user).done()
        (name,) = [name for name, data in site.texts().items() if data.endswith(b"\n")]
        site.put(name, b"damaged")
        return name

    return damage


@pytest.mark.parametrize("user", ODD, ids=ascii)
def test_what_doctor_says_of_how_to_drop_an_account_drops_it(root, site, paste, damaged, user):
    name = damaged(user)
    (row,) = [row for row in json.loads(site.run("--json", "doctor").out) if row["check"] == "accounts"]
    line = re.fullmatch("restore it from a backup, or drop it: (.*)", row["mend"])[1]
    paste(line).done()
    assert name not in site.texts()


TOLD = {
    "list": ["list", "--", "USER"],
    "list of all": ["list"],
    "history": ["history", "--", "USER"],
    "create": ["create", "--label", "M", "--", "USER"],
    "rotate": ["rotate", "--", "USER", "7k"],
    "label": ["label", "--", "USER", "7k", "M"],
    "revoke": ["revoke", "--all", "--", "USER"],
    "watch": ["watch", "--once"],
}


@pytest.mark.parametrize("words", TOLD.values(), ids=TOLD)
@pytest.mark.parametrize("user", ["alice", r"EX\bob"])
def test_every_command_says_whole_how_a_damaged_account_is_dropped(root, site, paste, damaged, words, user):
    name = damaged(user)
    run = site.run(*(user if word == "USER" else word for word in words))
    assert run.code == 5
    line = re.fullmatch("asp-admin: .*; restore it from a backup, or drop it: (.*)\n", run.err)[1]
    paste(line).done()
    assert name not in site.texts()


@pytest.mark.parametrize("user", [*ODD, "\udcff" * 254], ids=lambda user: ascii(user)[:20])
def test_create_says_whole_how_the_account_of_who_is_gone_is_dropped_or_no_name_at_all(root, site, paste, user):
    site.run("create", "--label", "L", "--", user).done()
    (name,) = site.texts()
    lines = [re.sub("^(primary=shadow[^,]*,)", r"\1absent,", line) for line in lines_of_text(site.text(name))]
    site.put(name, sealed(["asp-account 2 " + lines[0].split(" ", 2)[2], *lines[1:]]))
    run = site.run("create", "--label", "M", "--", user).refused(3)
    (line,) = re.findall("is gone: (.*) forgets the account\n", run.err)
    if line != "asp-admin remove":
        paste(line).done()
    assert (name in site.texts()) == (len(user) == 254)


def test_check_says_whole_how_a_damaged_account_is_dropped(site, paste, damaged):
    name = damaged(r"EX\bob")
    run = site.run("check", r"EX\bob", "--service", "imap", input="x")
    assert run.code == 5
    paste(re.search("drop it: (.*)\n", run.err)[1]).done()
    assert name not in site.texts()


def test_a_name_that_may_be_an_app_password_is_in_no_advice_which_says_where_it_is(root, site, damaged):
    name = damaged(LIKE_A_PASSWORD)
    (row,) = [row for row in json.loads(site.run("--json", "doctor").out) if row["check"] == "accounts"]
    for text in (row["mend"], site.run("list", LIKE_A_PASSWORD).refused(5).err):
        assert LIKE_A_PASSWORD not in text and not re.search("remove -( |$)", text)
        assert f"the name that stands in {site.store}/users" in text
    site.run("remove", name).done()
    assert name not in site.texts()


def test_what_stands_for_another_is_dropped_by_the_command_that_is_said(site, paste):
    site.create("Erna", "x")
    site.configure("virtual_users = true;", 'user_name = "lower";')
    run = site.run("list", "Erna").refused(5)
    paste(re.fullmatch("asp-admin: .*; make new ones for the user who is meant, then drop these: (.*)\n", run.err)[1]).done()
    assert site.texts() == {}


@pytest.mark.parametrize("way", ["full", "closed"])
@pytest.mark.parametrize("form", [[], ["--json"]], ids=["plain", "json"])
def test_what_was_done_is_said_where_the_answer_cannot_be_written(site, way, form):
    redirect = {"full": 'exec "$@" >/dev/full', "closed": 'exec "$@" >&-'}[way]

    def said(*words):
        run = site.run(*form, *words, prefix=["sh", "-c", redirect, "sh"])
        assert run.code == 5 or not form, run
        match = re.fullmatch("asp-admin: standard output cannot be written: [^;\n]+; (.+)\n", run.err)
        return match and match[1]

    id = site.create()["id"]
    assert said("label", "alice", id, "New") == ("the label is another now" if form else None)
    assert site.entries()[0]["label"] == "New"
    assert said("revoke", "alice", id) == "what was to be revoked is revoked"
    assert site.states() == [("New", "revoked")]
    assert said("remove", "alice") == "the account is removed"
    assert site.json("list") == []


def test_a_watch_that_holds_back_says_with_which_configuration_to_confirm(site, primaries, paste):
    users = [f"u{number}" for number in range(25)]
    primaries.say(dict.fromkeys(users, "one"))
    for user in users:
        site.create(user, "L")
    primaries.say(dict.fromkeys(users, "two"))
    line = re.search("if it is so, say: (.*)\n", site.run("watch", "--once").done().err)[1]
    paste(line).done()
    assert all(row["revoked"] == 1 for row in site.json("list"))
