"""A password is on standard output, once, and nowhere else; each change is one line in the system log."""

import os
import pwd
import re

import pytest
from support.documents import owner_name
from support.folders import contents
from support.passwords import id_but, swap_character
from support.traces import without_a_trace


# Lesson: pam_mysql #77.
# Lesson: a canary through every door.
@pytest.mark.parametrize("scheme", ["blake2b", "hmac-sha256", "argon2id"])
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


# An app password as it may be given for something else: with what is around it, and as it is typed.
FORMS = {
    "as-it-is": lambda p: p,
    "bare": lambda p: p.replace("-", ""),
    "capitals": str.upper,
    "of-a-domain": lambda p: p + "@example.org",
    "of-a-windows-domain": lambda p: "CORP\\" + p,
    "no-break-spaces": lambda p: p.replace("-", "\u00a0"),
    "dots": lambda p: p.replace("-", "."),
    "behind-a-name": lambda p: "alice" + p,
    "in-a-sentence": lambda p: f"the phone's {p}, new",
}


@pytest.fixture(params=FORMS.values(), ids=FORMS)
def canary(site, request):
    """The text, and the function that searches for what was made of it."""
    password = site.create("alice", "Canary", "--app", "mail")["password"]
    bare = password.replace("-", "")
    # Ten characters of it in a row are in nothing else.
    pieces = [password[at : at + 10] for at in range(20)] + [bare[at : at + 10] for at in range(16)]
    pieces += [password.replace("-", sign)[3:15] for sign in (".", "\\xc2\\xa0", "\u00a0", "%C2%A0")]

    def is_absent(*texts):
        for words in texts:
            assert not [piece for piece in pieces if piece.lower() in words.lower()], words

    return request.param(password), is_absent


# Lesson: a secret where nobody expects one.
def test_a_password_given_as_any_word_is_in_no_log_and_no_error(site, log, canary):
    word, is_absent = canary
    made = site.create("alice", "Phone")
    for words in (
        [word],
        ["list", word],
        ["list", "alice", word],
        ["history", word],
        ["create", word, "--label", "Phone"],
        ["create", word, "--label", ""],
        ["create", "alice", "--label", "x", "--app", word],
        ["create", "alice", "--label", "x", "--from", word],
        ["create", "alice", "--label", "x", "--expires", word],
        ["create", "alice", "--label", "x", "--unused", word],
        ["rotate", word, made["id"]],
        ["rotate", "alice", word],
        ["label", word, made["id"], "x"],
        ["label", "alice", word, "x"],
        ["revoke", word, "--all"],
        ["revoke", "alice", word],
        ["revoke", "alice", "--label", word],
        ["check", word, "--service", "imap"],
        ["check", "alice", "--service", word],
        ["check", "alice", "--service", "imap", "--rhost", word],
        ["remove", word],
        ["watch", word],
        ["doctor", word],
        ["list", f"--{word}"],
        ["list", "--config", f"/nowhere/{word}"],
    ):
        site.configure()
        run = site.run(*words, prefix=log.prefix)
        is_absent(run.err, *log.lines())


def test_a_password_given_as_a_user_label_or_reason_that_is_taken_is_in_no_log(site, log, canary):
    word, is_absent = canary
    made = [site.create("alice", "Phone"), site.create("alice", "Laptop")]

    def logged(*words):
        run = site.run(*words, prefix=log.prefix).done()
        lines = log.lines()
        assert lines
        is_absent(run.err, *lines)
        return lines

    (line,) = logged("create", word, "--label", word, "--virtual", "--app", "mail")
    assert line.startswith("event=created by=") and " user=- id=" in line and line.endswith(" label=-"), line
    (line,) = logged("label", "alice", made[0]["id"], word)
    assert line.endswith(' user="alice" id=' + made[0]["id"] + " label=-")
    (line,) = logged("revoke", "alice", made[1]["id"], "--reason", word)
    assert line.endswith(' label="Laptop" reason=-')
    logged("revoke", word, "--all")
    logged("remove", word)


HOOK = r"""#!/bin/sh
printf '%s\n' "$ASP_USER" >&2
printf 'of %s: %s\nall is well\n' "$ASP_USER" "$ASP_LABELS"
"""


def test_a_password_that_a_hook_is_told_or_says_is_in_no_log(site, log, hooks, canary):
    word, is_absent = canary
    hooks.write(HOOK)
    site.run("create", word, "--label", word, "--virtual", prefix=log.prefix).done()
    lines = log.lines()
    is_absent(*lines)
    assert sorted(line.partition(" user=- ")[2] for line in lines if line.startswith("hook=")) == sorted(
        [f'path="{hooks.path}" says="all is well"', f'path="{hooks.path}" says=-', f'path="{hooks.path}" says=-']
    )


@pytest.mark.parametrize("length", [470, 480, 490, 499])
def test_a_password_in_a_long_line_of_a_hook_is_not_cut_in_two(site, log, hooks, length):
    password = site.create("alice", "Canary")["password"]
    hooks.write(f"#!/bin/sh\nprintf '%s\\n' '{'0' * (length - 3)}iou{password} is all'\n")
    site.run("create", "alice", "--label", "Phone", prefix=log.prefix).done()
    lines = log.lines()
    says = [line.partition(" says=")[2] for line in lines if " says=" in line]
    assert says == ["-", "-"], lines
    assert not [piece for at in range(24) if (piece := password[at : at + 6]) in "".join(lines)]


def test_a_password_that_is_a_users_name_is_in_no_line_of_watch_and_doctor(site, log, root, canary):
    word, is_absent = canary
    site.run("create", word, "--label", "Phone", "--virtual").done()
    (name,) = [name for name in site.texts() if name != "alice"]
    site.put(name, b"not an account")
    for words in (["watch", "--once"], ["doctor"], ["--json", "doctor"], ["list"]):
        run = site.run(*words, prefix=log.prefix)
        is_absent(run.err, *log.lines())
        if "doctor" in words:
            assert "damaged" in run.out
            is_absent(run.out)


def test_a_password_that_the_command_for_primaries_says_is_in_no_log(site, log, canary, primaries):
    word, is_absent = canary
    primaries.write(f"printf '%s\\n' '{word.replace(chr(39), '')}' >&2; exit 1")
    run = site.run("watch", "--once", prefix=log.prefix)
    lines = log.lines()
    assert "primary.command says=-" in lines
    is_absent(run.err, *lines)


@pytest.mark.parametrize("length", [1500, 3000, 3050, 3070, 3080, 5000])
def test_a_password_in_a_long_word_is_not_cut_in_an_error(site, length):
    password = site.create()["password"]
    run = site.run("list", "i" * length + password)
    assert run.code == 2
    assert not [piece for at in range(20) if (piece := password[at : at + 10]) in run.err]


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
        ["revoke", "alice", id_but(made["id"], other["id"]), made["id"]],
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
