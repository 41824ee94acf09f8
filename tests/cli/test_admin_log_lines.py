"""Lines that `asp-admin log` does not count, or not as they stand, in files of the system's log."""

import json
import re

import pytest
from support.log_text import LINE, NOW, auth, counts, stamp, unread, written

pytestmark = pytest.mark.usefixtures("root")

BROKEN = {
    "cut": LINE[:-1],
    "cut in a word": LINE[:40],
    "more behind it": LINE + " x",
    "another order": LINE.replace('service="imap" app="mail"', 'app="mail" service="imap"'),
    "no verdict": LINE.replace("accepted", "admitted"),
    "no host": LINE.replace("192.0.2.7", "a/b"),
    "a raw quote": LINE.replace("Phone", 'Ph"one'),
    "a raw control": LINE.replace("Phone", "Ph\x1bone"),
    "a raw letter": LINE.replace("Phone", "Büro"),
    "an escape that is none": LINE.replace("Phone", "\\x4g"),
    "an escape too many": LINE.replace("Phone", "\\x50hone"),
    "a capital escape": LINE.replace("Phone", "\\xC3\\xBC"),
    "a NUL": LINE.replace("Phone", "\\x00"),
    "a short escape": LINE.replace('Phone"', '\\x"'),
    "a long id": LINE.replace("7k", "7k7"),
    "a long label": LINE.replace("Phone", "x" * 300),
    "a long name": LINE.replace("alice", "x" * 300),
    "two blanks": LINE.replace(" rhost", "  rhost"),
}


@pytest.mark.parametrize("line", BROKEN.values(), ids=BROKEN)
def test_a_line_that_is_not_as_it_is_written_is_told_of_and_not_counted(read_log, line):
    run = read_log(written([auth(LINE), auth(line)]), "--json")
    assert unread(run) == 1
    assert counts(json.loads(run.out)) == [("alice", "accepted", 1)]


@pytest.mark.parametrize(
    "text",
    [
        f"yesterday host {auth(LINE)}\n",
        f"Feb 31 12:00:00 host {auth(LINE)}\n",
        f"Nov 28 25:00:00 host {auth(LINE)}\n",
        f"2026-11-28T07:00:00 host {auth(LINE)}\n",
        f"2026-13-28T07:00:00Z host {auth(LINE)}\n",
        f"\0{stamp(NOW)} host {auth(LINE)}\n",
    ],
    ids=["a word", "no such day", "no such hour", "no zone", "no such month", "a control byte"],
)
def test_so_is_one_of_which_it_is_not_known_when_it_was_written(read_log, text):
    run = read_log(written([auth(LINE)]) + text)
    assert unread(run) == 1
    assert run.out.count("alice") == 1


OTHERS = [
    f"sshd[3]: Invalid user x: pam_asp(imap:auth): {LINE}",
    f"sshd[3]: Failed password for invalid user auth: pam_asp(imap:auth): {LINE} from 192.0.2.9",
    f"sshd[3]: Failed password for asp-broker: {LINE}",
    f"asp-broker-x[3]: {LINE}",
    f"asp-admin[3]: {LINE}",
    f"auth: pam_unix(imap:auth): {LINE}",
    f"auth: pam_asp(imap:session): {LINE}",
    f"auth: pam_asp(imap:auth): x {LINE}",
    f"auth: pam_asp(im ap:auth): {LINE}",
    f"auth[x]: pam_asp(imap:auth): {LINE}",
    f"auth: {LINE}",
    f"auth[12]:pam_asp(imap:auth): {LINE}",
    'asp-broker[3]: database=down host="db1.example" cause="database db1.example: no answer"',
    'asp-broker[3]: database=up host="db1.example" after=3.4s',
    'asp-broker[3]: database=other-primary host="db2.example"',
    f"asp-broker[3]: database=down host=- cause={LINE}",
]


@pytest.mark.parametrize("line", OTHERS)
def test_what_stands_in_a_line_of_others_is_nothing(read_log, line):
    run = read_log(written([line])).done()
    assert run.out == "no logins\n"


def test_a_broker_says_for_whom(read_log):
    run = read_log(written([f"asp-broker[9]: {LINE}"]))
    assert (unread(run), run.out) == (1, "no logins\n")


def test_a_line_that_is_too_long_is_passed_over_and_the_next_is_read(log_rows):
    long = auth(LINE.replace("Phone", "x" * 200_000))
    assert counts(log_rows(written([auth(LINE), long, auth(LINE)]))) == [("alice", "accepted", 2)]


def test_a_last_line_without_an_end_is_read(log_rows):
    assert counts(log_rows(written([auth(LINE)]).rstrip("\n"))) == [("alice", "accepted", 1)]


def test_an_app_password_in_a_line_is_not_shown(read_log):
    password = "7kabc-defgh-jkmnp-qrstv-wxyz0"
    lines = [LINE.replace("alice", password), LINE.replace("Phone", password).replace("accepted", "revoked")]
    text = written([auth(line) for line in lines])
    for words in ([], ["--refused"], ["--json"]):
        run = read_log(text, *words).done()
        assert password not in run.out, words
    assert len(json.loads(read_log(text, "--json").out)) == 2


def test_nothing_of_a_line_disturbs_a_terminal(site):
    path = site.folder / "auth.log"
    hostile = LINE.replace("alice", "a\\x1b[2Jb\\xe2\\x80\\xae").replace("Phone", "\\x9b\\x0a")
    hostile = hostile.replace("accepted", "revoked")
    path.write_text(written([auth(hostile)]))
    for words in ([], ["--refused"], ["--json"]):
        run = site.terminal("log", "--file", path, *words, env={"NO_COLOR": "1"}).done()
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", run.out + run.err), run
