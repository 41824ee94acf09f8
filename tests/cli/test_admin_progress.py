"""What takes more than a second says how far it is: on a terminal, on standard error, and nothing is left of it."""

import os
import re
import types

import pytest
from support.primaries import Primaries
from support.terminal import terminal
from support.tracing import STRACE

HERE = types.SimpleNamespace(prefix=())
USERS = ("alice", "bob", "carol")


@pytest.fixture
def slow(site):
    """A site whose primary passwords are not there before the file `go` is."""
    primaries = Primaries(site)
    primaries.say({user: "one" for user in USERS})
    for user in USERS:
        site.create(user)
    primaries.write(f'until [ -e "{site.folder}/go" ]; do sleep 0.05; done; cat "{primaries.data}"')
    return site


def go(site):
    (site.folder / "go").touch()


def screen_of(written):
    """The lines that a terminal has in the end: what stands behind a carriage return covers what was there."""
    lines = []
    for line in written.replace("\r\n", "\n").split("\n"):
        shown = ""
        for part in line.split("\r"):
            shown = part + shown[len(part) :]
        lines.append(shown.rstrip())
    return lines


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["watch", "--once"], "comparing primary passwords"),
        (["watch", "--confirm", "--json"], "comparing primary passwords"),
        (["watch"], "comparing primary passwords"),
    ],
    ids=" ".join,
)
def test_who_waits_for_a_program_sees_what_for(slow, words, said):
    with terminal(HERE, *slow.argv(*words)) as screen:
        assert screen.until(rf"\r{said}")
        go(slow)
        assert screen.until(r"\r +\r"), "it is erased"


def test_nothing_is_left_of_it_on_the_screen(slow):
    with terminal(HERE, *slow.argv("watch", "--once")) as screen:
        assert screen.until(r"\rcomparing primary passwords")
        go(slow)
        shown = screen.until(r"(?s).*held back")[0]
    assert [line for line in screen_of(shown) if line] == [
        "3 accounts: 0 changed, 0 app passwords revoked, 0 unknown, 0 held back"
    ]


def slowly(site):
    """The prefix by which each file of an account takes long to be opened."""
    delay = ["-f", "-e", "trace=openat2", "-e", "inject=openat2:delay_enter=400000"]
    return [*STRACE, "-o", site.folder / "calls", *delay]


@pytest.mark.of_files("it is files that are read slowly here")
def test_list_counts_the_users_that_it_has_read(site):
    for user in USERS:
        site.create(user)
    plain = site.terminal("list").done().out
    with terminal(HERE, *slowly(site), *site.argv("list")) as screen:
        assert screen.until(r"\rreading accounts: [1-3] *\r")
        shown = screen.until(rf"(?s).*{USERS[-1]}[^\n]*\n")[0]
    assert [line for line in screen_of(shown) if line] == [re.sub("\x1b[^m]*m", "", row) for row in plain.splitlines()]


@pytest.mark.of_files("it is files that are read slowly here")
def test_doctor_says_what_it_looks_at(root, site):
    for user in USERS:
        site.create(user)
    with terminal(HERE, *slowly(site), *site.argv("doctor")) as screen:
        assert screen.until(r"\rlooking at the accounts: [1-3] *\r")
        shown = screen.until(r"(?s).*\nself-service")[0]
    assert not [line for line in screen_of(shown) if "looking at" in line]


def test_log_counts_the_decisions_that_it_has_read(root, site):
    line = 'verdict=accepted rhost=- user="alice" service="imap" app="mail" id=7k label="Phone"'
    pipe = site.folder / "pipe"
    os.mkfifo(pipe)
    with terminal(HERE, *site.argv("log", "--file", pipe)) as screen:
        with open(pipe, "w") as log:
            log.write(f"2026-11-02T07:00:01Z host auth: pam_asp(imap:auth): {line}\n" * 2)
            log.flush()
            assert screen.until(r"\rreading the log: 2 *\r")
        shown = screen.until(r"(?s).*begins at")[0]
    assert not [line for line in screen_of(shown) if "reading the log" in line]
    assert [line for line in screen_of(shown) if line.startswith("alice ")]


@pytest.mark.of_files("it is files that are read slowly here")
def test_a_line_of_error_stands_by_itself(site):
    for user in USERS:
        site.create(user)
    site.put("bob", b"damaged")
    with terminal(HERE, *slowly(site), *site.argv("list")) as screen:
        shown = screen.until(rf"(?s).*\n{USERS[-1]} [^\n]*\n")[0]
    assert "\rreading accounts" in shown
    (error,) = [line for line in screen_of(shown) if "bob" in line]
    assert error == site.run("list").err.rstrip("\n")


def test_nothing_of_it_goes_to_a_pipe(site):
    for user in USERS:
        site.create(user)
    plain = site.run("list").done()
    run = site.run("list", prefix=slowly(site)).done()
    assert (run.out, run.err) == (plain.out, "")
    shown = site.terminal("list", prefix=slowly(site)).done()
    assert shown.err == "" and "\r" not in shown.out


def test_what_is_quick_says_nothing_of_it(site):
    site.create()
    assert "\r" not in site.terminal("list", errors=True).done().out
