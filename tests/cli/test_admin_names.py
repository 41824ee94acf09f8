"""One person, one account: whatever spelling a command is given, with a directory that knows several."""

import json

import pytest

SPELLINGS = ("ALICE", "alice@corp", "a*")


@pytest.fixture
def site(site, preloaded, monkeypatch):
    """A site whose users are those of names.c, and of this machine."""
    environment = preloaded("names")
    plain = site.execute
    monkeypatch.setattr(
        site, "execute", lambda *words, env=None, **more: plain(*words, env={**environment, **(env or {})}, **more)
    )
    site.configure("")
    return site


def accounts(site):
    return sorted(site.texts())


# Lesson: identity by spelling.
@pytest.mark.parametrize("user", SPELLINGS)
def test_an_account_is_made_under_the_name_by_which_the_system_calls_the_user(site, user):
    made = site.json("create", "--label", "Phone", "--", user)
    assert made["user"] == "alice"
    assert accounts(site) == ["alice"]
    assert site.check(made["password"], "alice") == "accepted"


@pytest.mark.parametrize("user", SPELLINGS)
def test_every_command_finds_the_account_by_every_spelling(site, user):
    made = site.create("alice", "Phone", "--app", "mail")
    assert site.check(made["password"], user) == "accepted"
    assert [entry["label"] for entry in site.json("list", user)] == ["Phone"]
    assert site.json("label", user, made["id"], "Desk")["label"] == "Desk"
    new = site.json("rotate", user, made["id"])
    assert new["user"] == "alice"
    assert len(site.json("history", user)) == len(site.json("history", "alice")) > 0
    assert site.json("revoke", user, new["id"]) == {"user": "alice", "revoked": [new["id"]], "reason": "admin"}
    assert site.json("remove", user)["user"] == "alice"
    assert accounts(site) == []


# Lesson: identity by spelling.
def test_users_who_differ_by_a_capital_are_two(site):
    small, capital = site.create("alice", "small"), site.create("Alice", "capital")
    assert accounts(site) == ["Alice", "alice"]
    assert site.check(small["password"], "Alice") in ("not-an-app-password", "wrong-secret")
    site.configure('user_name = "lower";')
    assert site.check(capital["password"], "Alice") == "accepted"
    assert site.check(small["password"], "Alice") in ("not-an-app-password", "wrong-secret")
    site.run("revoke", "Alice", "--all").done()
    assert site.states("alice") == [("small", "active")]


def test_virtual_for_another_spelling_of_somebody_is_refused_and_says_for_whom(site):
    for user in SPELLINGS:
        run = site.run("create", "--virtual", "--label", "x", "--", user).refused(2)
        assert "another spelling of alice" in run.err
    assert site.kept() == {}
    # For an exact name it changes nothing.
    assert site.create("alice", "x", "--virtual")["user"] == "alice"
    made = site.create("virtual@example.org", "x", "--virtual")
    assert made["user"] == "virtual@example.org"
    site.run("rotate", "--virtual", "ALICE", "zz").refused(2)


def test_a_listed_domain_is_taken_away_from_whom_nobody_knows_with_it(site):
    site.configure('user_domains = [ "example.org", "EXAMPLE" ];', "virtual_users = true;")
    for number, user in enumerate(("dave@example.org", "EXAMPLE\\dave", "dave")):
        assert site.create(user, str(number))["user"] == "dave"
    assert accounts(site) == ["dave"]
    assert site.create("alice@example.org", "x")["user"] == "alice"


def test_a_command_asks_for_a_user_once_by_each_spelling(make_site, tmp_path, directory):
    (tmp_path / "asked-once").mkdir()
    site = make_site(tmp_path / "asked-once")
    site.configure('user_domains = [ "example.org" ];')

    def asked_by(*words):
        directory.asked()
        site.run(*words, env=directory.environment).done()
        return directory.asked()

    for user in ("carol", "-odd"):
        directory.knows(user, "carol")
    assert asked_by("create", "carol", "--label", "1") == ["carol"]
    id = site.entries("carol")[0]["id"]
    assert asked_by("create", "carol@example.org", "--label", "2") == ["carol@example.org", "carol"]
    assert asked_by("create", "--label", "3", "--", "-odd") == ["-odd"]
    assert asked_by("create", "--virtual", "vera@example.org", "--label", "1") == ["vera@example.org", "vera"]
    assert asked_by("rotate", "carol@example.org", id) == ["carol@example.org", "carol"]
    assert asked_by("list", "--", "-odd") == ["-odd"]
    # Without a question there was none before either.
    assert asked_by("list", "carol") == []


def test_a_known_user_without_an_account_has_an_empty_list_by_every_spelling(site):
    site.create("root", "x")
    for user in ("alice", *SPELLINGS):
        assert site.json("list", user) == [] == site.json("history", user)
    site.run("list", "nobody-here").refused(3)


def test_a_name_service_that_fails_is_told_and_nothing_is_made(site):
    site.create("alice", "x")
    for words in (["create", "--label", "x"], ["create", "--virtual", "--label", "x"], ["list"], ["revoke", "--all"]):
        run = site.run(*words, "--", "down").refused(5)
        assert "name service" in run.err
    assert site.check("x", "down") == "unavailable"
    assert accounts(site) == ["alice"]


def test_an_account_of_an_older_version_is_taken_by_its_own_spelling_and_nothing_is_merged(site):
    site.create("alice", "small")
    text = site.texts()["alice"]
    made = site.create("virtual", "x", "--virtual")
    site.put("ALICE", site.texts()["virtual"])
    site.put("virtual", None)
    assert site.run("list", "ALICE").code == 5  # of another: its first line has the name
    site.run("remove", "ALICE").done()
    assert made["user"] == "virtual" and accounts(site) == ["alice"]
    assert site.texts()["alice"] == text


def test_doctor_names_an_account_under_another_spelling_and_whose_it_is(root, site):
    def faults():
        return [row["message"] for row in site.json_of_doctor() if "another spelling" in row["message"]]

    site.json_of_doctor = lambda: json.loads(site.run("--json", "doctor").out)
    site.create("alice", "x")
    site.create("Erna", "x", "--virtual")
    assert faults() == []
    site.configure('user_name = "lower";')
    (message,) = faults()
    assert "Erna (erna)" in message and "alice" not in message
    site.run("remove", "Erna").done()
    assert faults() == []
    site.create("down", "x", "--virtual", env={"LD_PRELOAD": ""})
    assert faults() == []


def test_revoke_and_remove_take_the_account_of_the_very_name_and_the_others_say_so(site):
    made = site.create("Erna", "x", "--virtual")
    site.create("erna", "y", "--virtual")
    site.configure('user_name = "lower";')
    for words in (["list"], ["history"], ["label", "--", "Erna", made["id"], "z"]):
        run = site.run(*words, *([] if "Erna" in words else ["Erna"])).refused(5)
        assert "stands for erna" in run.err and "asp-admin remove" in run.err
    assert site.check(made["password"], "Erna") == "unavailable"
    assert site.json("revoke", "Erna", "--all")["revoked"] == [made["id"]]
    assert site.json("remove", "Erna")["user"] == "Erna"
    assert accounts(site) == ["erna"]
    assert site.states("Erna") == [("y", "active")]
