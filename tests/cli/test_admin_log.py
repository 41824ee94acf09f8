"""`asp-admin log`: who came how, from files of the system's log. The lines are the module's own where it writes such;
those of others, and what it never writes, are made by hand."""

import datetime
import gzip
import json
import re

import pytest
from support.log_text import AN_HOUR_AGO, FORMS, HOUR, LINE, NONE, NOW, WARN, auth, counts, stamp, written
from support.passwords import wrong

pytestmark = pytest.mark.usefixtures("root")

PLAIN = {"NO_COLOR": "1"}
NOT_TOLD = "whether a primary password was right is not in this log"


# The module's own lines


def sent(log):
    """What was sent to syslog since last asked, as a system log writes it behind the host."""
    return [re.fullmatch("<[0-9]+>.{15} (.*)", message)[1] for message in log.messages()]


@pytest.mark.parametrize("form", FORMS)
def test_what_the_module_writes_is_counted(site, log, login, log_rows, form):
    phone = site.create("alice", "Büro", "--app", "mail")
    lost = site.create("alice", 'The "old" one', "--app", "mail")
    site.run("revoke", "alice", lost["id"]).done()
    lines = []
    for password in (phone["password"], phone["password"], lost["password"], wrong(phone["password"]), "primary"):
        login(password, rhost="192.0.2.7", prefix=log.prefix)
        lines += sent(log)
    login("x", user='eve" verdict=accepted user="root', rhost="no host", prefix=log.prefix)
    text = written(lines + sent(log), form=form)
    assert text.count("verdict=") == 7, text
    time = stamp(AN_HOUR_AGO)

    def row(verdict, count=1, user="alice", rhost="192.0.2.7"):
        counted = {"count": count, "let_in": None, "first": time, "last": time}
        return {"user": user, "service": "imap", "rhost": rhost, "verdict": verdict, **counted}

    assert log_rows(text) == [
        row("accepted", 2),
        row("not-an-app-password"),
        row("wrong-secret"),
        row("revoked"),
        row("no-account", user='eve" verdict=accepted user="root', rhost=None),
    ]
    assert log_rows(text, "--refused") == [
        {
            "user": "alice",
            "id": lost["id"],
            "label": 'The "old" one',
            "verdict": "revoked",
            "service": "imap",
            "rhost": "192.0.2.7",
            "count": 1,
            "first": time,
            "last": time,
        }
    ]
    assert [(row["user"], row["count"], row["let_in"]) for row in log_rows(text, "--primary")] == [
        ("alice", 1, None),
        ('eve" verdict=accepted user="root', 1, None),
    ]


def test_the_lines_of_the_tool_are_no_logins(site, log, read_log):
    site.run("create", "alice", "--label", "Phone", prefix=log.prefix).done()
    site.run("revoke", "alice", "--all", prefix=log.prefix).done()
    text = written(sent(log))
    assert text.count("event=") == 2
    run = read_log(text).done()
    assert (run.out, run.err) == ("no logins\n", "")


# Counting


def test_logins_of_a_kind_are_one_row_with_the_first_and_the_last(log_rows):
    times = [AN_HOUR_AGO, AN_HOUR_AGO - 5 * HOUR, AN_HOUR_AGO - HOUR]
    (row,) = log_rows("".join(written([auth(LINE)], when) for when in times))
    assert (row["count"], row["first"], row["last"]) == (3, stamp(times[1]), stamp(times[0]))


def test_another_user_service_host_or_verdict_is_another_row(log_rows):
    others = [
        LINE.replace("alice", "bob"),
        LINE.replace('"imap"', '"pop3"'),
        LINE.replace("192.0.2.7", "192.0.2.8"),
        LINE.replace("accepted", "revoked"),
    ]
    assert len(log_rows(written([auth(line) for line in [LINE, *others]]))) == 5
    assert [row["count"] for row in log_rows(written([auth(LINE), auth(LINE.replace("7k", "8k"))]))] == [2]


def test_every_spelling_of_a_user_is_the_same_row(log_rows):
    typed = LINE.replace('user="alice"', 'user="ALICE@corp" account="alice"')
    assert counts(log_rows(written([auth(LINE), auth(typed)]))) == [("alice", "accepted", 2)]


def test_what_the_broker_has_decided_is_counted(log_rows):
    line = f'asp-broker[9]: {LINE} via="www-data"'
    assert counts(log_rows(written([line]))) == [("alice", "accepted", 1)]


def test_a_line_that_was_repeated_counts_as_often(log_rows):
    repeated = auth(f"message repeated 3 times: [ pam_asp(imap:auth): {LINE}]").replace("pam_asp(imap:auth): ", "", 1)
    assert counts(log_rows(written([auth(LINE), repeated]))) == [("alice", "accepted", 4)]


def test_why_it_was_unavailable_or_from_nowhere_is_no_matter(log_rows):
    line = LINE.replace("accepted", "unavailable").replace('id=7k label="Phone"', 'id=- label=- cause="no \\"store"')
    assert counts(log_rows(written([auth(line.replace('\\"', "\\x22"))]))) == [("alice", "unavailable", 1)]
    line = LINE.replace("accepted", "wrong-network") + ' cause="PAM was told no address"'
    assert counts(log_rows(written([auth(line)]))) == [("alice", "wrong-network", 1)]


# Who came in by another password


def came(rows):
    return [(row["user"], row["count"], row["let_in"]) for row in rows]


def test_who_is_let_in_by_another_password_is_told_beside_the_verdict(log_rows):
    text = written([auth(NONE), WARN, auth(NONE), auth(NONE.replace("alice", "bob"))])
    assert came(log_rows(text)) == [("alice", 2, 1), ("bob", 1, 0)]


def test_primary_lists_who_came_with_no_app_password_and_first_who_was_let_in(log_rows):
    later = written([auth(NONE.replace("not-an-app-password", "no-account").replace("alice", "bob"))], NOW)
    later += written([WARN.replace("alice", "bob")], NOW)
    text = written([auth(NONE), auth(NONE), auth(LINE), auth(NONE.replace("not-an-app-password", "wrong-secret"))])
    assert log_rows(text + later, "--primary") == [
        {
            "user": user,
            "service": "imap",
            "rhost": "192.0.2.7",
            "count": count,
            "let_in": let_in,
            "first": stamp(when),
            "last": stamp(when),
        }
        for user, count, let_in, when in (("bob", 1, 1, NOW), ("alice", 2, 0, AN_HOUR_AGO))
    ]


def test_one_for_whom_pam_asp_was_unavailable_came_with_the_primary_if_that_was_right(log_rows):
    out = NONE.replace("not-an-app-password", "unavailable")
    assert came(log_rows(written([auth(out), auth(out)]), "--primary")) == []
    assert came(log_rows(written([auth(out), WARN, auth(out)]), "--primary")) == [("alice", 1, 1)]


def test_who_was_let_in_is_counted_for_the_account(log_rows):
    text = written([auth(NONE.replace('user="alice"', 'user="ALICE" account="alice"')), WARN.replace("alice", "ALICE")])
    assert came(log_rows(text, "--primary")) == [("alice", 1, 1)]


@pytest.mark.parametrize(
    "other",
    [
        WARN.replace("alice", "bob"),
        WARN.replace("[imap]", "[pop3]"),
        WARN.replace("192.0.2.7", "192.0.2.8"),
        WARN.replace("pam_sm_authenticate", "pam_sm_acct_mgmt"),
        WARN.replace("pam_warn(imap:auth)", "pam_warn(imap:account)"),
        WARN.replace("pam_warn(", "x pam_warn("),
        WARN.replace("[alice]", "[alice] ruser=[x]"),
        WARN + " x",
    ],
)
def test_what_pam_warn_says_of_another_login_lets_nobody_in(log_rows, other):
    own = written([auth(NONE), WARN, auth(NONE), other])
    assert came(log_rows(own, "--primary")) == [("alice", 2, 1)]


def test_a_login_that_pam_asp_was_not_asked_for_is_none_of_its(log_rows):
    assert log_rows(written([WARN])) == []
    assert came(log_rows(written([auth(NONE), WARN, WARN]))) == [("alice", 1, 1)]


def test_it_is_not_known_who_was_let_in_where_the_stack_of_the_service_does_not_say(read_log):
    other = NONE.replace('"imap"', '"pop3"').replace("alice", "bob")
    run = read_log(written([auth(NONE), auth(other)]), "--primary")
    assert [line.split()[3:5] for line in run.done().out.splitlines()[1:]] == [["1", "-"], ["1", "-"]]
    assert run.err.count(NOT_TOLD) == 1 and re.findall(r"/\S+/doc/pam_asp/(\S+)", run.err) == ["migration", "pam.d"]
    run = read_log(written([auth(NONE), WARN, auth(NONE.replace("alice", "carol")), auth(other)]), "--primary", "--json")
    assert came(json.loads(run.done().out)) == [("alice", 1, 1), ("bob", 1, None), ("carol", 1, 0)]
    assert run.err == ""


def test_a_verdict_that_ends_there_lets_nobody_in_by_the_primary(log_rows):
    kinds = ["accepted", "wrong-secret", "revoked", "not-an-app-password", "no-account", "unavailable"]
    text = written([*(auth(NONE.replace("not-an-app-password", kind)) for kind in kinds), auth(NONE), WARN])
    assert {row["verdict"]: row["let_in"] for row in log_rows(text)} == {
        "accepted": None,
        "wrong-secret": None,
        "revoked": None,
        "not-an-app-password": 1,
        "no-account": 0,
        "unavailable": 0,
    }


def test_failures_of_others_in_between_hide_nobody(read_log):
    others = [auth(NONE.replace("alice", f"user{number}")) for number in range(4_095)]
    run = read_log(written([auth(NONE), *others, WARN]), "--primary", "--json").done()
    assert came(json.loads(run.out))[0] == ("alice", 1, 1)
    assert "pam_warn" not in run.err


def test_guesses_at_one_user_in_between_hide_nobody(log_rows):
    guesses = [auth(NONE.replace("alice", "bob"))] * 10_000
    assert came(log_rows(written([auth(NONE), *guesses, WARN]), "--primary"))[0] == ("alice", 1, 1)


def test_a_line_of_pam_warn_is_of_a_login_shortly_before(read_log):
    for seconds, found in ((120, (1, 1)), (121, (1, None))):
        text = written([auth(NONE)]) + written([WARN], AN_HOUR_AGO + datetime.timedelta(seconds=seconds))
        run = read_log(text, "--primary", "--json").done()
        assert came(json.loads(run.out)) == [("alice", *found)]
        assert ("not counted: 1 line of pam_warn" in run.err) == (seconds > 120)


def test_what_pam_warn_says_of_no_login_that_was_seen_is_told_of(read_log):
    others = [auth(NONE.replace("alice", f"user{number}")) for number in range(4_096)]
    run = read_log(written([auth(NONE), *others, WARN, WARN]), "--primary").done()
    assert "not counted: 2 lines of pam_warn, with no line of pam_asp before them" in run.err
    # Of a service that pam_asp has nothing to do with it is none of ours.
    other = WARN.replace("(imap:", "(login:").replace("[imap]", "[login]")
    assert read_log(written([auth(NONE), other])).done().err == ""


def test_as_many_as_were_written_in_one_line_were_let_in(log_rows):
    repeated = [re.sub(r": (pam_.*)", r": message repeated 2 times: [ \1]", line) for line in (auth(NONE), WARN)]
    assert came(log_rows(written([auth(NONE), repeated[0], WARN, repeated[1]]))) == [("alice", 3, 3)]


def test_refused_lists_devices_whose_secret_was_right(log_rows):
    kinds = ["wrong-case", "revoked", "expired", "unused", "wrong-app", "wrong-network"]
    kinds += ["primary-changed", "primary-locked"]
    lines = [LINE.replace("accepted", kind).replace("Phone", kind) for kind in kinds]
    wrong_one = NONE.replace("not-an-app-password", "wrong-secret")
    found = log_rows(written([auth(line) for line in [*lines, LINE, NONE, wrong_one]]), "--refused")
    assert {row["label"]: row["verdict"] for row in found} == {kind: kind for kind in kinds}
    assert {row["id"] for row in found} == {"7k"}


# Times


def test_since_leaves_out_what_is_older(log_rows):
    days = [NOW - datetime.timedelta(days=day) for day in (5, 3, 1)]
    text = "".join(written([auth(LINE)], when) for when in days)
    limit = NOW - datetime.timedelta(days=4)
    for since in ("4d", stamp(limit), f"{limit:%Y-%m-%d}"):
        assert log_rows(text, "--since", since)[0]["count"] == 2, since


def test_a_day_begins_at_midnight_in_utc(log_rows):
    day = NOW.replace(hour=0, minute=0, second=0) - datetime.timedelta(days=2)
    text = written([auth(LINE)], day - datetime.timedelta(seconds=1)) + written([auth(LINE)], day)
    (row,) = log_rows(text, "--since", f"{day:%Y-%m-%d}")
    assert (row["count"], row["first"]) == (1, stamp(day))


def test_a_date_without_a_year_is_of_the_latest_that_is_not_to_come(log_rows):
    ago = NOW - datetime.timedelta(days=200)
    to_come = NOW + datetime.timedelta(days=10)
    (row,) = log_rows("".join(written([auth(LINE)], when, "traditional") for when in (ago, to_come)))
    assert row["last"] == stamp(ago)
    assert row["first"].startswith(f"{to_come.year - 1}-{to_come:%m-%d}")


def test_a_leap_day_is_of_a_leap_year(log_rows):
    (row,) = log_rows(f"Feb 29 12:00:00 host {auth(LINE)}\n")
    year = int(row["last"][:4])
    assert row["last"] == f"{year}-02-29T12:00:00Z"
    assert 0 <= NOW.year - year <= 8


def test_a_date_without_a_year_is_in_the_zone_of_the_process(log_rows):
    text = written([auth(LINE)], AN_HOUR_AGO + 2 * HOUR, "traditional")
    assert log_rows(text, env={"TZ": "XYZ-2"})[0]["last"] == stamp(AN_HOUR_AGO)


@pytest.mark.parametrize("since", ["never", "yesterday", "2031", "2026-02-30", "9d ago", ""])
def test_a_since_that_is_none_is_a_usage_error(read_log, since):
    assert "--since" in read_log(written([auth(LINE)]), "--since", since).refused(2).err


def test_a_since_to_come_is_a_usage_error(read_log):
    assert "future" in read_log(written([auth(LINE)]), "--since", stamp(NOW + HOUR)).refused(2).err


def test_it_is_said_where_the_log_does_not_reach_back_so_far(read_log):
    run = read_log(written([auth(LINE)]), "--since", "3d", "--json")
    assert json.loads(run.done().out)[0]["count"] == 1
    assert f"begins at {stamp(AN_HOUR_AGO)}" in run.err


# Files


V6 = "2001:db8:1234:5678:9abc:def0:1234:5678"


def shown_rows(shown):
    """The rows of a table of 80 columns, each with what is below it."""
    heading, *lines = shown.splitlines()
    assert all(len(line) <= 80 for line in (heading, *lines)), shown
    rows = []
    for line in lines:
        if not line.startswith(" "):
            rows.append([])
        rows[-1] += re.split("  +", line.strip())
    return re.split("  +", heading), rows


def test_an_address_that_is_long_leaves_the_table_one(site):
    path = site.folder / "auth.log"
    hosts = (V6, "192.0.2.7")
    path.write_text(written([auth(line.replace("192.0.2.7", host)) for host in hosts for line in (LINE, NONE)]))
    shown = site.terminal("log", "--file", path, columns=80, env=PLAIN).done().out
    assert shown_rows(shown) == (
        ["USER", "SERVICE", "FROM", "VERDICT", "COUNT", "LET IN", "LAST"],
        [
            ["alice", "imap", host, verdict, "1", let_in, "1 hour ago"]
            for host in sorted(hosts)
            for verdict, let_in in (("accepted", "-"), ("not-an-app-password", "-"))
        ],
    )
    at = shown.index("VERDICT")
    assert {line[at:].split()[0] for line in shown.splitlines() if "1 hour ago" in line} == {
        "accepted",
        "not-an-app-password",
    }
    shown = site.terminal("log", "--file", path, "--primary", columns=80, env=PLAIN).done().out
    assert shown_rows(shown)[1] == [
        ["alice", "imap", host, "1", "-", "1 hour ago", "1 hour ago"] for host in sorted(hosts)
    ]


def test_one_of_a_refused_device_is_below_its_row_where_the_line_does_not_hold_it(site):
    path = site.folder / "auth.log"
    revoked = LINE.replace("accepted", "revoked")
    path.write_text(written([auth(revoked.replace("192.0.2.7", host)) for host in (V6, "192.0.2.7")]))
    shown = site.terminal("log", "--file", path, "--refused", columns=80, env=PLAIN).done().out
    heading, rows = shown_rows(shown)
    assert heading[-2:] == ["SERVICE", "FROM"]
    assert [row[-2:] for row in rows] == [["imap", "192.0.2.7"], ["imap", V6]]


def test_where_not_even_that_does_each_is_a_block(site):
    path = site.folder / "auth.log"
    path.write_text(written([auth(LINE.replace("192.0.2.7", V6))]))
    shown = site.terminal("log", "--file", path, columns=40, env=PLAIN).done().out
    assert V6 in shown
    assert re.search("^USER +alice$", shown, re.MULTILINE)


def test_several_files_are_read_as_one(site, log_rows):
    older = site.folder / "auth.log.1"
    older.write_text(written([auth(LINE)], NOW - datetime.timedelta(days=9), "traditional"))
    (row,) = log_rows(written([auth(LINE)]), "--file", older)
    assert (row["count"], row["last"]) == (2, stamp(AN_HOUR_AGO))


def test_what_another_program_writes_is_read_by_a_pipe(site):
    for file in ("-", "/dev/stdin"):
        run = site.run("log", "--file", file, "--json", input=written([auth(LINE)]))
        assert counts(run.document()) == [("alice", "accepted", 1)]
    assert "standard input is no log" in site.run("log", "--file", "-", input="x\n").refused(5).err


def test_a_compressed_file_is_told_how_to_be_read(site):
    path = site.folder / "auth.log.2.gz"
    path.write_bytes(gzip.compress(written([auth(LINE)]).encode()))
    run = site.run("log", "--file", path).refused(5)
    assert "zcat FILE | asp-admin log --file -" in run.err


@pytest.mark.parametrize(
    "path, said", [("/not/there", "No such file"), ("/etc", "Is a directory"), ("/etc/passwd", "is no log")]
)
def test_what_is_no_log_is_an_error(site, path, said):
    assert said in site.run("log", "--file", path).refused(5).err


def test_an_empty_log_is_said_to_be_empty(read_log):
    run = read_log("").done()
    assert run.out == "no logins\n"
    assert "there is nothing in" in run.err


def test_more_kinds_than_there_is_room_for_are_told(read_log):
    unknown = NONE.replace("not-an-app-password", "no-account")
    lines = [auth(unknown.replace("alice", f"user{number}")) for number in range(100_003)]
    run = read_log(written(lines))
    assert run.code == 5
    assert run.out.count("\n") == 100_001
    assert "3 logins are in no row" in run.err
    # What strangers try takes no room from another question.
    asked = read_log(written([*lines, auth(LINE.replace("accepted", "revoked"))]), "--refused", "--json")
    assert len(asked.document()) == 1


def test_who_was_let_in_has_a_row_however_many_strangers_tried(read_log):
    unknown = NONE.replace("not-an-app-password", "no-account")
    strangers = [auth(unknown.replace("alice", f"user{number}")) for number in range(100_000)]
    strangers[0] = auth(NONE.replace("alice", "bob"))
    run = read_log(written([*strangers, auth(NONE), auth(NONE), WARN, auth(LINE)]), "--primary", "--json")
    assert run.code == 5
    found = json.loads(run.out)
    assert (found[0]["user"], found[0]["count"], found[0]["let_in"], len(found)) == ("alice", 1, 1, 100_000)
    # She has the place of one who has no account.
    names = {row["user"] for row in found}
    assert "bob" in names and "user1" not in names
    assert "2 logins are in no row" in run.err


@pytest.mark.parametrize(
    "words, advice",
    [
        ([], "--since, --primary or --refused"),
        (["--since", "2d"], "a later --since, --primary or --refused"),
        (["--primary"], "--since"),
        (["--primary", "--since", "2d"], "a later --since"),
    ],
)
def test_what_is_advised_was_not_asked(read_log, words, advice):
    unknown = NONE.replace("not-an-app-password", "no-account")
    lines = [auth(unknown.replace("alice", f"user{number}")) for number in range(100_001)]
    run = read_log(written(lines), *words)
    assert run.err.endswith(f"rows; ask with {advice}\n")


# The line


@pytest.mark.parametrize("words", [["--primary", "--refused"], ["alice"], ["--since"], ["--all"], ["--file"]])
def test_a_line_that_is_none_is_a_usage_error(site, words):
    site.run("log", *words).refused(2)


def test_a_file_is_given_thirty_two_times_at_most(site):
    assert "32 times" in site.run("log", *["--file", "/dev/null"] * 33).refused(2).err
    site.run("log", *["--file", "/dev/null"] * 32).done()


def test_it_is_roots(shared, nobody):
    path = shared.folder / "auth.log"
    path.write_text(written([auth(LINE)]))
    path.chmod(0o644)
    shared.run("log", "--file", path, prefix=nobody).refused(5)


def test_it_needs_no_sound_configuration(site, log_rows):
    site.configure("limit = 1000;")
    assert counts(log_rows(written([auth(LINE)]))) == [("alice", "accepted", 1)]
