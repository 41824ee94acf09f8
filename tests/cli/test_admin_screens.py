"""What a person sees on a terminal of 80 columns and of 40: no word is broken, every line fits, nothing is lost; and
what goes to a program is whole lines, as it always was."""

import json
import re
import unicodedata

import pytest
from support.passwords import PASSWORD, id_but

PLAIN = {"NO_COLOR": "1"}

both_widths = pytest.mark.parametrize("columns", [40, 80])


def words_of(text):
    return text.split()


def columns_of(text):
    """How many columns of a terminal a text takes."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def assert_fits(shown, columns):
    """No line is longer, but for a word or a command to copy that is longer by itself."""
    long = [line.strip() for line in shown.splitlines() if columns_of(line) > columns]
    assert [line for line in long if " " in line and not line.startswith(("asp-admin ", "cp ", "useradd "))] == [], shown


def blocks_of(shown):
    """What a screen of blocks says: a document for each, of the texts by their names."""
    blocks = []
    for block in shown.rstrip("\n").split("\n\n"):
        fields = {}
        for line in block.split("\n"):
            named = re.match(r"([A-Z]+(?: [A-Z]+)?)(?:  +(.*))?$", line)
            if named:
                name = named[1]
            fields.setdefault(name, []).extend(words_of((named[2] or "") if named else line))
        blocks.append({name: " ".join(words) for name, words in fields.items()})
    return blocks


@both_widths
def test_what_doctor_finds_is_broken_between_words(root, site, columns):
    site.configure('hooks: { created = "/nowhere/hook"; };')
    run = site.terminal("doctor", columns=columns, env=PLAIN)
    assert run.code == 1
    assert_fits(run.out, columns)
    found = json.loads(site.run("--json", "doctor").out)
    expected = []
    for row in found:
        expected += [row["check"], "ok" if row["ok"] else "FAULT", *words_of(row["message"])]
        expected += [] if row["mend"] is None else ["mend:", *words_of(row["mend"])]
    assert words_of(run.out) == expected


@both_widths
def test_a_command_that_mends_is_whole_on_a_line(root, site, columns):
    site.create()
    (site.store / "users").chmod(0o755)
    (site.store / "used").chmod(0o755)
    found = json.loads(site.run("--json", "doctor").out)
    commands = [row["mend"] for row in found if re.match("(chmod|chown) ", row["mend"] or "")]
    assert len(commands) == 2, found
    lines = site.terminal("doctor", columns=columns, env=PLAIN).out.splitlines()
    assert set(commands) <= {line.strip().removeprefix("mend: ") for line in lines}


def test_what_doctor_finds_is_a_line_each_off_a_terminal(root, site):
    out = site.run("doctor").out
    for row in json.loads(site.run("--json", "doctor").out):
        assert re.search(rf"^{row['check']} +(ok|FAULT) +{re.escape(row['message'])}$", out, re.MULTILINE)
        assert row["mend"] is None or re.search(rf"^ +mend: {re.escape(row['mend'])}$", out, re.MULTILINE)


LABELS = ["Phone", "asp-admin list of all that is in the office", "携帯電話 of the office", "cafe\u0301 tablet", "l" * 64]
LIMITS = [
    (["--from", "192.0.2.0/24", "--from", "2001:db8::/32"], "only from 192.0.2.0/24, 2001:db8::/32"),
    (["--expires", "2199-06-30"], "until 2199-06-30T23:59:59Z"),
    (["--unused", "90d"], "until unused for 90 days"),
    (["--unused", "1w"], "until unused for 1 week"),
    (["--unused", "61s"], "until unused for 61 seconds"),
]


def test_a_table_that_does_not_fit_is_a_block_for_each_record(site):
    made = [site.create("alice", label, "--app", "mail") for label in LABELS]
    site.json("revoke", "alice", made[0]["id"], "--reason", "it was left in a train on the way to the office")
    shown = site.terminal("list", "alice", "--all", columns=40, env=PLAIN).done().out
    assert_fits(shown, 40)
    assert [(block["ID"], block["LABEL"], block["APP"]) for block in blocks_of(shown)] == [
        (entry["id"], entry["label"], "mail") for entry in made
    ]
    assert "BY" not in blocks_of(shown)[0], "nothing is said of what there is not"
    shown = site.terminal("history", "alice", columns=40, env=PLAIN).done().out
    assert_fits(shown, 40)
    events = blocks_of(shown)
    assert [event["LABEL"] for event in events if event["WHAT"] == "created"] == LABELS
    (revoked,) = [event for event in events if event["WHAT"] == "revoked"]
    assert revoked["ID"] == made[0]["id"]
    assert revoked["HOW"].endswith(": it was left in a train on the way to the office")


def test_a_label_that_is_a_dash_is_said_and_what_there_is_not_is_not(site):
    site.create("alice", "-")
    site.create("alice", "Phone")
    shown = site.terminal("list", "alice", columns=40, env=PLAIN).done().out
    assert [block["LABEL"] for block in blocks_of(shown)] == ["-", "Phone"]
    assert all("FROM" not in block for block in blocks_of(shown))
    assert [re.split("  +", row)[1] for row in site.run("list", "alice").done().out.splitlines()[1:]] == ["-", "Phone"]


def test_a_table_is_broken_in_its_columns_as_long_as_they_hold_their_words(site):
    made = [site.create("alice", label, "--app", "mail") for label in LABELS[:4]]
    shown = site.terminal("list", "alice", columns=80, env=PLAIN).done().out
    assert_fits(shown, 80)
    heading, *lines = shown.splitlines()
    at = heading.index("LABEL")
    labels = []
    for line in lines:
        if line[:2].strip():
            labels.append("")
        labels[-1] = f"{labels[-1]} {re.split('  +', line[at:])[0]}".strip()
    assert labels == [entry["label"] for entry in made]
    assert all(re.split("  +", line)[2:4] == ["mail", "active"] for line in lines if line[:2].strip())


def test_users_are_a_block_each_where_their_names_are_long(site):
    site.configure("virtual_users = true;")
    for user in ("alice", "bob.of.the.office@mail.example.com"):
        site.create(user, "Phone")
    assert_fits(site.terminal("list", columns=80, env=PLAIN).done().out, 80)
    shown = site.terminal("list", columns=40, env=PLAIN).done().out
    assert_fits(shown, 40)
    assert blocks_of(shown) == [
        {"USER": user, "ACTIVE": "1", "REVOKED": "0", "LAST USED": "never"}
        for user in ("alice", "bob.of.the.office@mail.example.com")
    ]


@both_widths
@pytest.mark.parametrize(("options", "limit"), LIMITS, ids=[limit for _, limit in LIMITS])
def test_list_shows_what_limits_an_app_password(site, columns, options, limit):
    site.create("alice", "Free")
    site.create("alice", "Limited", *options)
    shown = site.terminal("list", "alice", columns=columns, env=PLAIN).done().out
    assert_fits(shown, columns)
    assert " ".join(words_of(shown)).count(limit) == 1
    assert "only from" not in site.run("list", "alice").out


def test_what_limits_it_is_one_sentence_and_none_when_it_is_revoked(site):
    made = site.create("alice", "Phone", *[word for options, _ in LIMITS[:3] for word in options])
    shown = site.terminal("list", "alice", columns=40, env=PLAIN).done().out
    assert blocks_of(shown)[0]["LIMITS"] == "; ".join(limit for _, limit in LIMITS[:3])
    site.json("revoke", "alice", made["id"])
    shown = site.terminal("list", "alice", "--all", columns=40, env=PLAIN).done().out
    assert "LIMITS" not in blocks_of(shown)[0]


@both_widths
def test_what_is_said_where_there_is_nothing_is_broken_between_words(site, columns):
    site.json("revoke", "alice", site.create("alice", "Phone")["id"])
    shown = site.terminal("list", "alice", columns=columns, env=PLAIN).done().out
    assert_fits(shown, columns)
    assert words_of(shown) == words_of("no active app passwords; 1 revoked: --all shows them")


def sorted_out(text):
    """A new app password's screen, without what is another each time."""
    made = PASSWORD.search(text)[0]
    return text.replace(made, "PASSWORD").replace(f"alice {made[:2]}", "alice ID")


@both_widths
@pytest.mark.parametrize("command", ["create", "rotate"])
def test_a_new_app_password_is_shown_with_what_limits_it(site, columns, command):
    options = [word for given, _ in LIMITS[:3] for word in given]
    words = ["create", "alice", "--label", LABELS[1], "--app", "mail", *options]
    if command == "rotate":
        site.run(*words).done()
        words = ["rotate", "alice", site.entries()[0]["id"]]
    shown = site.terminal(*words, columns=columns, env=PLAIN, errors=True).done().out
    assert_fits(shown, columns)
    told = " ".join(words_of(sorted_out(shown)))
    assert f"A new app password for alice: {LABELS[1]} PASSWORD Type it into" in told
    assert (
        "good for mail only from 192.0.2.0/24, 2001:db8::/32 until 2199-06-30T23:59:59Z, or unused for 90 days "
        f"revoke it asp-admin revoke alice ID --config {site.conf} active 1 of " in told
    )
    assert f"asp-admin revoke alice ID --config {site.conf}" in [
        line.removeprefix("  revoke it").strip() for line in sorted_out(shown).splitlines()
    ]
    assert "note: alice has no line in /etc/shadow, so a change of the primary password is not seen there" in told


def test_a_new_app_password_has_whole_lines_off_a_terminal(site):
    options = [word for given, _ in LIMITS[:3] for word in given]
    shown = sorted_out(site.run("create", "alice", "--label", "x", "--app", "mail", *options).done().out)
    assert shown.partition("again.\n\n")[2].splitlines() == [
        "  good for    mail",
        "  only from   192.0.2.0/24, 2001:db8::/32",
        "  until       2199-06-30T23:59:59Z, or unused for 90 days",
        f"  revoke it   asp-admin revoke alice ID --config {site.conf}",
        "  active      1 of 25",
    ]
    assert max(map(len, shown.partition("good for")[0].splitlines())) <= 80


def test_what_has_no_limits_is_good_until_it_is_revoked(site):
    told = " ".join(words_of(site.terminal("create", "alice", "--label", "x", "--app", "any").done().out))
    assert "good for any until it is revoked revoke it" in told


@both_widths
def test_errors_are_broken_between_words(site, columns):
    made = site.create("alice", "Phone")
    for words in (
        ["create", "alice", "--label", "Phone"],
        ["revoke", "alice", id_but(made["id"])],
        ["list", "nobody.of.the.office"],
        ["create", "alice", "--label", "New", "--from", "192.0.2.7/24"],
        ["--config", "/nowhere/asp.conf", "list"],
    ):
        run = site.run(*words)
        assert re.fullmatch(r"[^\n]+\n", run.err), "a program gets one line"
        shown = site.terminal(*words, columns=columns, env=PLAIN, errors=True).out
        assert_fits(shown, columns)
        assert words_of(run.err) == words_of(shown)


@both_widths
def test_what_was_done_is_said_between_words(site, columns):
    for label in LABELS[:2]:
        site.create("alice", label)
    plain = site.run("watch", "--once").done().out
    shown = site.terminal("watch", "--once", columns=columns, env=PLAIN).done().out
    assert_fits(shown, columns)
    assert words_of(shown) == words_of(plain)
    shown = site.terminal("revoke", "alice", "--all", columns=columns, env=PLAIN).done().out
    assert_fits(shown, columns)
    told = " ".join(words_of(shown))
    assert all(re.search(rf"revoked \w\w {label}\b", told) for label in LABELS[:2])
    assert shown.endswith("\n") and not shown.endswith("\n\n")


@both_widths
def test_a_command_to_copy_has_a_line_to_itself(site, columns):
    run = site.run("create", "alice")
    line = re.search(r": (asp-admin create .*)$", run.err)[1]
    shown = site.terminal("create", "alice", columns=columns, env=PLAIN, errors=True).out
    assert line in [row.strip() for row in shown.splitlines()]


def test_what_goes_to_a_program_is_a_line_for_each_record(site):
    for label in LABELS:
        site.create("alice", label, "--app", "mail", *LIMITS[0][0])
    for words, heading in (
        (["list", "alice"], ["ID", "LABEL", "APP", "STATE", "CREATED", "LAST USED", "BY", "FROM"]),
        (["history", "alice"], ["WHEN", "WHAT", "ID", "LABEL", "HOW"]),
    ):
        first, *rows = site.run(*words).done().out.splitlines()
        assert re.split("  +", first) == heading
        assert len(rows) == len(LABELS)
        assert all(len(re.split("  +", row)) == len(heading) and label in row for row, label in zip(rows, LABELS))
    assert len(site.run("list").done().out.splitlines()) == 2
