"""A password is on standard output, once, and nowhere else; each change is one line in the system log."""

import os
import pwd
import re

import pytest
from support.documents import owner_name
from support.folders import contents
from support.passwords import swap_character


def traces(password):
    """What of a password must be found nowhere: with and without its dashes, and the secret alone."""
    bare = password.replace("-", "")
    return [password.encode(), bare.encode(), bare[2:].encode(), password[3:].encode(), bare[::-1].encode()]


def without_a_trace(password, places):
    for where, data in places.items():
        for trace in traces(password):
            assert trace not in data, where


@pytest.mark.parametrize("scheme", ["hmac-sha256", "argon2id"])
@pytest.mark.parametrize("form", [[], ["--quiet"], ["--json"]], ids=["plain", "quiet", "json"])
def test_a_password_is_on_standard_output_alone(site, log, scheme, form):
    site.configure("virtual_users = true;", f'hash: {{ scheme = "{scheme}"; memory = 8192; passes = 1; }};')
    old = site.create("alice", "Phone", "--app", "mail")
    for words in (["create", "alice", "--label", "New", *form], ["rotate", "alice", old["id"], *form]):
        run = site.run(*words, prefix=log.prefix).done()
        (password,) = set(re.findall(r"[0-9a-z]{5}(?:-[0-9a-z]{5}){4}", run.out))
        assert run.out.count(password) == 1
        assert site.check(password) == "accepted"
        for typed in (password, swap_character(password, 9), "not-a-" + password):
            for service in ("imap", "sshd"):
                check = site.run("check", "alice", "--service", service, input=typed, prefix=log.prefix)
                without_a_trace(typed, {"stdout": check.out.encode(), "stderr": check.err.encode()})
        without_a_trace(
            password,
            {
                "stderr": run.err.encode(),
                "log": "\n".join(log.lines()).encode("utf-8", "surrogateescape"),
                **contents(site.folder),
                **{
                    line: line.encode()
                    for line in [site.run(*w).out for w in (["list", "alice", "--all"], ["history", "alice"])]
                },
            },
        )


def test_a_password_given_as_a_user_name_or_word_is_in_no_log(site, log):
    made = site.create()
    for words in (
        ["list", made["password"]],
        ["revoke", "alice", made["password"]],
        ["check", made["password"], "--service", "imap"],
        ["create", made["password"], "--label", ""],
    ):
        site.run(*words, prefix=log.prefix)
    without_a_trace(made["password"], {"log": "\n".join(log.lines()).encode()})


def test_a_revocation_is_one_line_to_the_letter(site, log):
    made = site.create("alice", 'Ann\'s "old" \\ phöne=1')
    site.run("revoke", "alice", made["id"], "--reason", 'lost "it"', prefix=log.prefix).done()
    assert log.lines() == [
        f'event=revoked by="{owner_name()}" user="alice" id={made["id"]}'
        r' label="Ann' + "'" + r's \x22old\x22 \x5c ph\xc3\xb6ne=1" reason="lost \x22it\x22"'
    ]


def test_each_change_is_one_line_with_who_user_id_and_label(site, log):
    fields = rf' by="{re.escape(owner_name())}" user="alice" id='

    def logged(*words):
        site.run(*words, prefix=log.prefix).done()
        return log.lines()

    (line,) = logged("create", "alice", "--label", "Phone", "--app", "mail")
    id = site.entries()[0]["id"]
    assert line.startswith(f'event=created{fields}{id} label="Phone"'), line
    (line,) = logged("label", "alice", id, "New")
    assert re.match(rf'event=[a-z]+{fields}{id} label="New"', line), line
    lines = logged("rotate", "alice", id)
    new = site.entries()[0]["id"]
    assert {id, new} <= set(
        re.findall(r"\bid=(\w\w)\b", " ".join(lines)) + re.findall(r'"(\w\w)"', " ".join(lines))
    ), lines
    assert all(line.startswith("event=") and fields in line for line in lines)
    (line,) = logged("revoke", "alice", new)
    assert line == f'event=revoked{fields}{new} label="New" reason="admin"'
    (line,) = logged("remove", "alice")
    assert re.match(rf'event=removed by="{re.escape(owner_name())}" user="alice"', line), line


def test_each_of_several_revoked_entries_is_named(site, log):
    made = [site.create("alice", f"L{number}") for number in range(3)]
    site.run("revoke", "alice", "--all", "--reason", "lost", prefix=log.prefix).done()
    assert sorted(log.lines()) == sorted(
        f'event=revoked by="{owner_name()}" user="alice" id={entry["id"]} label="{entry["label"]}" reason="lost"'
        for entry in made
    )


def test_what_changes_nothing_is_no_line(site, log):
    made = site.create()
    other = site.create("alice", "Revoked")
    site.json("revoke", "alice", other["id"])
    for words in (
        ["list"],
        ["list", "alice"],
        ["history", "alice"],
        ["check", "alice", "--service", "imap"],
        ["create", "alice", "--label", "Phone"],
        ["revoke", "alice", "zz", made["id"]],
        ["revoke", "alice", other["id"]],
        ["remove", "bob"],
        ["frobnicate"],
    ):
        site.run(*words, input="x", prefix=log.prefix)
        assert log.lines() == [], words


def test_a_line_of_a_strange_user_name_stays_one_line(site, log):
    site.run("create", 'a"b\\c\udcff ü', "--label", "x", prefix=log.prefix).done()
    (line,) = log.lines()
    assert r'user="a\x22b\x5cc\xff \xc3\xbc"' in line
    assert line.isascii()
    assert line.isprintable()


def test_a_log_that_is_not_there_stops_nothing(site):
    made = site.create()
    site.run("revoke", "alice", made["id"]).done()


def test_by_is_the_login_uid_s_name_else_the_real_uid_s(site, log, root):
    daemon = pwd.getpwnam("daemon")
    became = ["sh", "-c", 'echo "$0" >/proc/self/loginuid && exec "$@"', str(daemon.pw_uid)]
    probe = site.execute(*became, "true")
    if probe.code == 0:
        made = site.create("alice", "A", prefix=[*log.prefix, *became])
        assert site.entry(made["id"])["created_by"] == "daemon"
        assert 'by="daemon"' in log.lines()[0]
    real = {"preexec_fn": lambda: os.setresuid(daemon.pw_uid, 0, 0)}
    if owner_name() == "root":
        made = site.create("alice", "B", **real)
        assert site.entry(made["id"])["created_by"] == "daemon"
        site.json("revoke", "alice", made["id"], **real)
        assert site.entry(made["id"])["revoked"]["by"] == "daemon"
