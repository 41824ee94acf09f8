"""create --batch: each line is made and shown before the next, or has an error of its own, and the rest goes on."""

import json
import os
import re
import stat
import subprocess

import pytest
from support.passwords import PASSWORD
from support.primaries import Primaries
from support.run import ENVIRONMENT, ended, execute
from support.site import PERSON
from support.wait import wait_until


def rows(run):
    """Each line of the answer, in its fields."""
    return [tuple(line.split("\t")) for line in run.out.splitlines()]


def batch(site, text, *words, **options):
    return site.run("create", "--batch", *words, input=text, **options)


def failed(run, code, *numbers):
    """The lines of which nothing was made, each told of by its number, once."""
    assert run.code == code, run
    assert [int(number) for number in re.findall(r"^asp-admin: line (\d+): ", run.err, re.MULTILINE)] == list(numbers), run
    return run


def test_each_line_is_an_app_password_that_works(site):
    run = batch(site, "alice\tPhone\nbob\tBüro\tmail\nalice\tTablet\tssh\n").done()
    assert [row[:2] for row in rows(run)] == [("alice", "Phone"), ("bob", "Büro"), ("alice", "Tablet")]
    for user, _, password in rows(run):
        assert PASSWORD.fullmatch(password)
        assert site.check(password, user, {"Tablet": "sshd"}.get(_, "imap")) == "accepted"
    assert [(entry["label"], entry["app"]) for entry in site.entries()] == [("Phone", "first-use"), ("Tablet", "ssh")]
    assert site.entries("bob")[0]["app"] == "mail"


def test_three_hundred_users_at_once(site):
    run = batch(site, "".join(f"user{n}\tPhone\n" for n in range(300))).done()
    assert [row[0] for row in rows(run)] == [f"user{n}" for n in range(300)]
    assert len({row[2] for row in rows(run)}) == 300
    assert [row["active"] for row in site.json("list")] == [1] * 300


def test_a_line_that_fails_is_told_by_its_number_and_the_rest_goes_on(site):
    site.create("alice", "Phone")
    text = "alice\tPhone\nbob\tPhone\n\nbob\n*\tx\nbob\t\nbob\tx\ty\tz\nbob\tx\tno app\ncarol\tPhone\n"
    run = failed(batch(site, text), 1, 1, 4, 5, 6, 7, 8)
    assert [row[:2] for row in rows(run)] == [("bob", "Phone"), ("carol", "Phone")]
    assert run.err.endswith("asp-admin: lines of which nothing was made: 6\n")
    assert "already has an active app password with this label" in run.err
    assert "): choose another, or revoke that one first\n" in run.err
    assert site.states("bob") == site.states("carol") == [("Phone", "active")]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("x" * 1025, "more than 1024 bytes"),
        ("x" * 70000, "more than 1024 bytes"),
        ("bob\tA\0B", "a NUL byte"),
        ("bob\tA\x1b[2J", "the label"),
        ("bob\tA\udcff", "the label"),
        ("bob\t" + "x" * 65, "the label"),
        ("\tPhone", "empty"),
        (" bob\tPhone", "blank"),
        ("bob Phone", "USER, a tab, LABEL"),
    ],
    ids=lambda text: ascii(text)[:20],
)
def test_a_line_that_is_none_is_one_clear_line(site, line, why):
    site.create("carol", "Phone")
    run = failed(batch(site, f"{line}\nalice\tPhone\n"), 1, 1)
    assert why in run.err.splitlines()[0] and run.err[:-1].replace("\n", "").isprintable()
    assert [row[0] for row in rows(run)] == ["alice"]


@pytest.mark.parametrize(
    "text",
    ["alice\tPhone\r\nbob\tPhone\r\n", "alice\tPhone\n\n\r\nbob\tPhone", "alice\tPhone\t\nbob\tPhone\t\r", "\n\nalice\tPhone\n\nbob\tPhone\n"],
    ids=ascii,
)
def test_line_ends_of_other_systems_empty_lines_and_a_last_one_without_an_end(site, text):
    run = batch(site, text).done()
    assert [row[:2] for row in rows(run)] == [("alice", "Phone"), ("bob", "Phone")]
    assert site.states("bob") == [("Phone", "active")]


def test_nothing_is_no_error(site):
    run = batch(site, "").done()
    assert run.out == ""


def test_the_options_hold_for_all_lines(site):
    site.configure("")
    words = ["--virtual", "--app", "mail", "--expires", "9d", "--unused", "1w", "--from", "192.0.2.0/24"]
    assert len(rows(batch(site, "alice\tPhone\nbob\tPhone\tssh\n", *words).done())) == 2
    for user, app in (("alice", "mail"), ("bob", "ssh")):
        (entry,) = site.entries(user)
        assert (entry["app"], entry["unused"], entry["networks"]) == (app, 7 * 86400, ["192.0.2.0/24"])
        assert entry["expires"] is not None


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["alice"], "create --batch reads standard input and takes no arguments: asp-admin create --batch"),
        (["--label", "Phone"], "create --batch takes no --label: asp-admin create --batch"),
        (["--quiet"], "create --batch takes no --quiet"),
        (["--expires", "2020-01-01"], "that is in the past"),
        (["--from", "192.0.2.1/24"], "192.0.2.0/24"),
        (["--unused", "x"], "--unused x"),
        (["--app", "no app"], "--app"),
    ],
)
def test_what_is_wrong_with_the_line_is_said_before_any_is_read(site, words, why):
    run = batch(site, "alice\tPhone\n", *words).refused(2)
    assert why in run.err
    assert site.kept() == {}


def test_users_whom_the_system_does_not_know_are_refused_one_by_one(site):
    site.configure("")
    run = failed(batch(site, "root\tPhone\nstranger\tPhone\nroot\tTablet\n"), 1, 2)
    assert [row[:2] for row in rows(run)] == [("root", "Phone"), ("root", "Tablet")]
    assert "the system knows no user stranger" in run.err
    advised = f"for one that only a service knows: asp-admin create stranger --virtual --label Phone --config {site.conf}\n"
    assert advised in run.err


def test_the_line_for_a_virtual_user_has_what_was_meant_for_her_alone(site):
    site.configure("")
    run = failed(batch(site, "stranger\tOld phone\tssh\n", "--app", "mail", "--unused", "1w"), 1, 1)
    (words,) = re.findall(r"knows: asp-admin (create .+)$", run.err, re.MULTILINE)
    execute("sh", "-c", f'"$1" {words}', "sh", site.admin).done()
    (entry,) = site.entries("stranger")
    assert (entry["label"], entry["app"], entry["unused"]) == ("Old phone", "ssh", 7 * 86400)


def test_a_user_is_answered_as_she_was_named_and_the_account_is_hers(site, directory):
    site.configure("")
    directory.knows("alice")
    directory.knows("ALICE", "alice")
    run = batch(site, "ALICE\tPhone\nalice\tTablet\n", env=directory.environment).done()
    assert [row[:2] for row in rows(run)] == [("ALICE", "Phone"), ("alice", "Tablet")]
    assert list(site.texts()) == ["alice"]


def test_with_json_each_line_is_a_document(site):
    run = batch(site, "alice\tPhone\nbob\tTablet\n", "--json").done()
    documents = [json.loads(line) for line in run.out.splitlines()]
    assert [(d["user"], d["label"]) for d in documents] == [("alice", "Phone"), ("bob", "Tablet")]
    single = site.create("carol", "Phone")
    assert [list(d) for d in documents] == [list(single)] * 2
    assert site.check(documents[1]["password"], "bob") == "accepted"


def test_each_is_alive_before_the_next_is_read(site):
    process = subprocess.Popen(
        [os.fspath(word) for word in site.argv("create", "--batch")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**ENVIRONMENT, **PERSON},
        text=True,
    )
    with ended(process):
        for label in ("Phone", "Tablet"):
            process.stdin.write(f"alice\t{label}\n")
            process.stdin.flush()
            password = process.stdout.readline().rstrip("\n").split("\t")[2]
            wait_until(lambda: site.check(password) == "accepted", "it is not alive")  # noqa: B023
        process.stdin.close()
        process.stdin = None
        assert process.wait() == 0


@pytest.mark.parametrize("redirect", ['exec "$@" >/dev/full', 'exec "$@" >&-'], ids=["full", "closed"])
def test_what_was_not_shown_is_taken_back_and_nothing_behind_it_is_made(site, redirect):
    site.create("alice", "Old")
    run = failed(batch(site, "alice\tPhone\nbob\tPhone\n", prefix=["sh", "-c", redirect, "sh"]), 5, 1)
    assert run.err.endswith("nothing was made of line 1, and of those behind it\n")
    assert site.states("alice") == [("Old", "active")]
    assert [row["user"] for row in site.json("list")] == ["alice"]
    assert "pending=" not in site.text("alice")


def test_a_file_that_others_could_read_is_closed_to_them(site, tmp_path):
    path = tmp_path / "passwords"
    path.touch()
    path.chmod(0o644)
    with open(path, "w", encoding="utf-8") as file:
        run = batch(site, "alice\tPhone\n", stdout=file).done()
    assert "others had rights" in run.err and stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text().startswith("alice\tPhone\t")


def test_standard_input_that_cannot_be_read_is_told(site, tmp_path):
    run = site.run("create", "--batch", prefix=["sh", "-c", f'exec "$@" <{tmp_path}', "sh"])
    assert run.code == 5 and "standard input cannot be read" in run.err, run


def test_a_command_is_run_once_for_many_lines(site):
    primaries = Primaries(site)
    users = [f"user{n}" for n in range(20)]
    primaries.say(dict.fromkeys(users, "one"))
    run = batch(site, "".join(f"{user}\tPhone\n{user}\tTablet\n" for user in users) + "other\tPhone\n")
    assert "has printed no line" in failed(run, 1, 41).err
    assert primaries.count() == 1
    primaries.say(dict.fromkeys(users, "two"))
    site.run("watch", "--confirm").done()
    assert {row["active"] for row in site.json("list")} == {0}


def test_what_cannot_be_watched_is_said_once(site, root):
    run = batch(site, "alice\tPhone\nbob\tPhone\n").done()
    assert run.err.count("no line in /etc/shadow") == 1
