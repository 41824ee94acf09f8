"""What a person sees: an aligned table, labels in full, times in words, the new password by itself; colour on a
terminal alone, and no escape sequence of anybody else's."""

import re
import unicodedata

import pytest
from support.documents import DAY, HOUR, MINUTE
from support.passwords import PASSWORD

COLOUR = re.compile("\x1b\\[[0-9;]*m")
PLAIN = {"NO_COLOR": "1"}


def trust_nothing_printed(data):
    """Asserts that no control byte but line ends, and no bidi control, is in what a screen would get."""
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]", data), ascii(data)


def width(words):
    """How many columns of a terminal words take."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in words)


def test_the_table_is_aligned_whatever_the_labels(site):
    labels = ["x", "A rather long label, in full", "Büro", "携帯電話", "cafe\u0301", "y" * 64]
    for label in labels:
        site.create("alice", label, "--app", "mail")
    run = site.terminal("list", "alice", columns=160, env=PLAIN).done()
    rows = [
        next(line for line in run.out.splitlines() if re.search(rf"(?<!\S){re.escape(label)}(?!\S)", line))
        for label in labels
    ]
    assert len({width(row[: row.index("mail")]) for row in rows}) == 1, run.out
    ids = [entry["id"] for entry in site.entries()]
    starts = {
        width(line[: re.search(rf"\b{id}\b", line).start()])
        for id in ids
        for line in rows
        if re.search(rf"\b{id}\b", line)
    }
    assert len(starts) == 1, run.out


def test_a_label_is_shown_in_full_on_a_narrow_terminal(site):
    label = "L" * 64
    site.create("alice", label)
    for words in (["list", "alice"], ["history", "alice"]):
        shown = site.terminal(*words, columns=40, env=PLAIN).done().out
        assert label in shown.replace("\n", "")


def test_labels_that_differ_in_a_blank_at_an_end_are_told_apart(site):
    shown = {" ": "\\x20", "  ": "\\x20\\x20", " x": "\\x20x", "x ": "x\\x20", "x": "x", " x  y ": "\\x20x  y\\x20"}
    for label in shown:
        site.create("alice", label)
    for words in (["list", "alice"], ["history", "alice"]):
        for run in (site.run(*words), site.terminal(*words, columns=40, env=PLAIN)):
            for words in shown.values():
                assert re.search(rf" {re.escape(words)}( |$)", run.done().out, re.MULTILINE), run.out


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (5 * MINUTE + 20, "5 minutes ago"),
        (HOUR + 20, "1 hour ago"),
        (3 * HOUR + 20, "3 hours ago"),
        (DAY + HOUR, "1 day ago"),
        (4 * DAY + HOUR, "4 days ago"),
    ],
)
def test_times_are_in_words(site, login, clock, age, words):
    made = site.create("alice", "Phone", "--app", "mail", env=clock(-age))
    assert words in site.terminal("list", "alice", env=PLAIN).done().out
    assert words in site.terminal("history", "alice", env=PLAIN).done().out
    assert login(made["password"], env=clock(-age)) == 0
    assert words in site.terminal("list", env=PLAIN).done().out


def test_a_time_to_come_is_not_ago(site, clock):
    site.create("alice", "Phone", "--app", "mail", env=clock(3 * HOUR))
    shown = site.terminal("list", "alice", env=PLAIN).done().out
    assert not re.search(r"\bago\b|(?<![\d-])-\d", shown), shown


@pytest.mark.parametrize("command", ["create", "rotate"])
def test_the_new_password_stands_by_itself_with_what_to_do_next(site, command):
    old = site.create("alice", "Phone", "--app", "mail")
    words = ["create", "alice", "--label", "Tablet"] if command == "create" else ["rotate", "alice", old["id"]]
    run = site.terminal(*words).done()
    lines = [COLOUR.sub("", line).strip() for line in run.out.split("\n")]
    (place,) = [number for number, line in enumerate(lines) if PASSWORD.search(line)]
    assert PASSWORD.fullmatch(lines[place]), "nothing stands beside it"
    assert lines[place - 1] == lines[place + 1] == "", "nor right above or below"
    assert any(lines[place + 1 :]), "what to do next follows"
    raw = run.out.split("\n")[place]
    assert COLOUR.sub("", raw).startswith(" "), "it stands away from the edge"
    assert site.check(lines[place]) == "accepted"
    assert not PASSWORD.search(run.err)


def test_quiet_and_json_are_the_same_on_a_terminal(site):
    run = site.terminal("create", "alice", "--label", "Phone", "--quiet").done()
    assert PASSWORD.fullmatch(run.out.removesuffix("\n"))
    shown = site.terminal("list", "alice", "--json").done().out
    assert shown == site.run("list", "alice", "--json").done().out


COMMANDS = [
    ["list"],
    ["list", "alice", "--all"],
    ["history", "alice"],
    ["create", "alice", "--label", "New"],
    ["--help"],
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_there_is_no_escape_sequence_with_no_color_nor_off_a_terminal(site, words):
    site.json("revoke", "alice", site.create("alice", "Old")["id"])
    site.create()
    assert "\x1b" not in site.terminal(*words, env=PLAIN).done().out
    assert "\x1b" not in site.run(*[word.replace("New", "New 2") for word in words]).done().out


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_terminal_gets_no_escape_sequence_but_colours(site, words):
    site.json("revoke", "alice", site.create("alice", "Old")["id"])
    site.create()
    trust_nothing_printed(COLOUR.sub("", site.terminal(*words).done().out))


def test_check_says_what_is_wrong_with_an_app_password_in_capitals(site):
    made = site.create("alice", 'Ann\'s "old" phöne', "--app", "mail")
    words = ("check", "alice", "--service", "imap")
    run = site.terminal(*words, input=made["password"].upper())
    assert run.code == 1
    assert re.fullmatch(r"(asp-admin: note: PAM does not ask pam_asp for the service imap.*\n)?", run.err)
    first, *sentence = run.out.splitlines()
    assert first == "wrong-case"
    assert " ".join(sentence) == (
        f'It is "Ann\'s "old" phöne" ({made["id"]}) but for its capitals. Type it in small letters.'
    )
    for words in (words, ("--json", *words)):
        shown = site.run(*words, input=made["password"].upper()).out
        assert "small letters" not in shown, "a program reads the word"
    assert made["password"] not in shown


HOSTILE = {
    "colour": "\x1b[31mevil",
    "title": "\x1b]0;evil\x07",
    "C1": "\u009b31mevil",
    "bidi": "evil\u202e",
    "line": "evil\n192.0.2.7",
    "broken UTF-8": "evil\udcff\udc9b",
}


@pytest.mark.parametrize("rhost", HOSTILE.values(), ids=HOSTILE)
def test_no_escape_sequence_of_a_host_reaches_a_screen(site, login, rhost):
    made = site.create("alice", "Phone", "--app", "mail")
    assert login(made["password"], rhost=rhost) == 0
    for words in (["list"], ["list", "alice"], ["history", "alice"]):
        for run in (site.terminal(*words), site.run(*words)):
            trust_nothing_printed(COLOUR.sub("", run.done().out))
            assert "\x1b[31mevil" not in run.out
        site.json(*words)


@pytest.mark.parametrize("words", ["\x1b[31mx", "\u009b31mx", "a\u202eb", "a\rb", "a\udcffb"], ids=ascii)
def test_no_escape_sequence_of_a_refused_word_reaches_a_screen(site, words):
    made = site.create()
    for command in (
        ["create", "alice", "--label", words],
        ["create", "alice", "--label", "x", "--app", words],
        ["create", "alice", "--label", "x", "--from", words],
        ["create", "alice", "--label", "x", "--expires", words],
        ["create", "alice", "--label", "x", "--unused", words],
        ["label", "alice", made["id"], words],
        ["rotate", "alice", words],
        ["revoke", "alice", words],
        ["revoke", "alice", "--label", words],
        ["check", "alice", "--service", words],
        [words],
        ["list", f"--{words}"],
        ["--config", f"/nowhere/{words}", "list"],
    ):
        run = site.run(*command)
        assert run.code != 0
        run.refused(run.code)
