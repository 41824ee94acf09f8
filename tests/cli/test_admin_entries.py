"""Labels and the limit, and what the commands that change an entry do: label, rotate, revoke, history, remove, list."""

import re

import pytest
from support.documents import CREATED_KEYS, DAY, ENTRY_KEYS, HOUR, MINUTE, TIME, owner_name, seconds
from support.passwords import PASSWORD, id_but

HISTORY_KEYS = {"time", "event", "id", "label", "by", "service", "rhost", "reason"}


GOOD_TEXTS = {
    "one character": "x",
    "64 characters": "x" * 64,
    "64 characters of four bytes": "\U0001f4f1" * 64,
    "spaces": " Old  phone ",
    "quotes": 'Ann\'s "phone" \\ `x` $HOME %s %n ; | & <b>',
    "separators of the store": "a:b\tc".replace("\t", "=") + ",;#|",
    "right to left": "הטלפון שלי",
    "wide": "携帯電話",
    "combining": "e\u0301" * 32,
    "a joiner": "\U0001f469\u200d\U0001f4bb",
    "the last code point": "\U0010ffff",
    "like an option": "-x",
    "a digit": "0",
    "like null": "null",
    "just past C1": "\u00a0",
}

BAD_TEXTS = {
    "empty": "",
    "65 characters": "x" * 65,
    "65 characters of two bytes": "é" * 65,
    **{f"C0 {code:02x}": f"a{chr(code)}b" for code in range(1, 32)},
    **{f"C1 {code:02x}": f"a{chr(code)}b" for code in (0x80, 0x85, 0x90, 0x9B, 0x9D, 0x9F)},
    **{
        f"U+{code:04X}": f"a{chr(code)}b"
        for code in (0x2028, 0x2029, 0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
    },
    "an escape sequence": "\x1b[31mred\x1b[0m",
    "a lone continuation": "a\udc80b",
    "a lone lead": "a\udcc3b",
    "cut at the end": "a\udce2\udc82",
    "overlong NUL": "a\udcc0\udc80b",
    "overlong slash": "a\udce0\udc80\udcafb",
    "overlong of four": "a\udcf0\udc80\udc80\udcafb",
    "a surrogate": "a\udced\udca0\udc80b",
    "past the last code point": "a\udcf4\udc90\udc80\udc80b",
    "five bytes": "a\udcf8\udc88\udc80\udc80\udc80b",
    "0xff": "a\udcffb",
    "Latin-1": "B\udcfcro",
}


@pytest.mark.parametrize("words", GOOD_TEXTS.values(), ids=GOOD_TEXTS)
def test_a_text_of_1_to_64_characters_is_a_label_and_a_reason_to_the_byte(site, words):
    made = site.create("alice", words)
    assert made["label"] == words
    other = site.create("alice", "Other")
    site.json("label", "alice", "--", made["id"], words)
    assert site.entry(made["id"])["label"] == words
    site.json("revoke", "alice", "--label", words, "--reason", words)
    assert site.entry(made["id"])["revoked"]["reason"] == words
    site.json("label", "alice", other["id"], "--", words)
    assert site.entry(other["id"])["label"] == words
    assert words.strip() in site.run("list", "alice").done().out


@pytest.mark.parametrize("words", BAD_TEXTS.values(), ids=BAD_TEXTS)
def test_what_is_no_label_is_none_as_label_new_label_or_reason(site, phone, words):
    before = site.kept()
    for command in (
        ["create", "alice", "--label", words],
        ["label", "alice", phone["id"], words],
        ["revoke", "alice", phone["id"], "--reason", words],
        ["revoke", "alice", "--all", "--reason", words],
    ):
        site.run(*command).refused(2)
    assert site.kept() == before


def test_an_active_label_is_taken_and_code_4(site, phone):
    other = site.create("alice", "Tablet")
    before = site.kept()
    for words in (["create", "alice", "--label", "Phone"], ["label", "alice", other["id"], "Phone"]):
        site.run(*words).refused(4)
        site.run(*words, "--json").refused(4)
    assert site.kept() == before
    site.create("bob", "Phone")


def test_labels_are_compared_byte_for_byte(site, phone):
    for label in ("phone", "PHONE", "Phone ", " Phone", "Ph\u00f6ne", "Pho\u0308ne", "Phone\u200b", "Рhone"):
        site.create("alice", label)
    assert len(site.entries()) == 9


def test_a_label_may_be_set_to_itself(site, phone):
    assert site.json("label", "alice", phone["id"], "Phone")["label"] == "Phone"


def test_label_answers_with_the_entry_as_list_shows_it(site, phone):
    entry = site.json("label", "alice", phone["id"], "New phone")
    assert set(entry) == ENTRY_KEYS
    assert entry["label"] == "New phone"
    assert entry == site.entry(phone["id"])
    assert site.check(phone["password"]) == "accepted"
    site.create("alice", "Phone")


# Lesson: WildDuck.
def test_the_label_of_a_revoked_entry_is_free_for_others_and_fixed_for_itself(site, phone):
    site.json("revoke", "alice", phone["id"])
    site.run("label", "alice", phone["id"], "New").refused(3)
    site.create("alice", "Phone")
    assert site.states() == [("Phone", "active"), ("Phone", "revoked")]


def test_expired_and_unused_entries_free_their_label(site, clock):
    for limit in (["--expires", "1h"], ["--unused", "1h"]):
        user = limit[0].strip("-")
        site.create(user, "Phone", *limit, env=clock(-2 * HOUR))
        site.run("create", user, "--label", "Phone", env=clock(-2 * HOUR + MINUTE)).refused(4)
        site.create(user, "Phone")
        assert len(site.entries(user)) == 2


def test_the_limit_is_25_and_the_error_is_code_4(site):
    for number in range(1, 26):
        assert site.create("alice", f"L{number}")["active"] == number
    before = site.kept()
    site.run("create", "alice", "--label", "one more").refused(4)
    assert site.kept() == before
    site.create("bob", "Phone")
    site.json("revoke", "alice", "--label", "L7")
    assert site.create("alice", "one more")["active"] == 25


def test_expired_and_unused_entries_free_their_place(site, clock):
    site.configure("virtual_users = true;", "limit = 2;")
    site.create("alice", "A", "--expires", "1h", env=clock(-2 * HOUR))
    site.create("alice", "B", "--unused", "1h", env=clock(-2 * HOUR))
    site.run("create", "alice", "--label", "C", env=clock(-2 * HOUR + MINUTE)).refused(4)
    assert site.create("alice", "C")["active"] == 1
    assert site.create("alice", "D")["active"] == 2
    site.run("create", "alice", "--label", "E").refused(4)
    assert site.states() == [("A", "expired"), ("B", "unused"), ("C", "active"), ("D", "active")]


def test_a_lowered_limit_destroys_nothing(site):
    made = [site.create("alice", f"L{number}") for number in range(3)]
    site.configure("virtual_users = true;", "limit = 1;")
    site.run("create", "alice", "--label", "x").refused(4)
    assert [site.check(entry["password"]) for entry in made] == ["accepted"] * 3


def test_revoke_takes_ids_or_a_label_or_all(site):
    made = [site.create("alice", f"L{number}") for number in range(5)]
    ids = [entry["id"] for entry in made]
    assert site.json("revoke", "alice", ids[0]) == {"user": "alice", "revoked": [ids[0]], "reason": "admin"}
    assert site.json("revoke", "alice", "--label", "L1", "--reason", "lost") == {
        "user": "alice",
        "revoked": [ids[1]],
        "reason": "lost",
    }
    answer = site.json("revoke", "alice", ids[3], ids[2], ids[3])
    assert sorted(answer["revoked"]) == sorted(ids[2:4])
    assert site.json("revoke", "alice", "--all")["revoked"] == [ids[4]]
    assert {state for _, state in site.states()} == {"revoked"}
    assert site.entries() == []
    assert [site.check(entry["password"]) for entry in made] == ["revoked"] * 5
    revoked = site.entry(ids[1])["revoked"]
    assert set(revoked) == {"time", "by", "reason"}
    assert TIME.fullmatch(revoked["time"])
    assert (revoked["by"], revoked["reason"]) == (owner_name(), "lost")


def test_revoke_is_all_or_nothing(site):
    made = [site.create("alice", f"L{number}") for number in range(3)]
    ids = [entry["id"] for entry in made]
    unknown = id_but(*ids)
    before = site.kept()
    for order in ([*ids, unknown], [unknown, *ids], [ids[0], unknown, ids[1]]):
        run = site.run("revoke", "alice", *order).refused(3)
        assert unknown in run.err
    assert site.kept() == before


def test_what_is_revoked_already_is_0_and_keeps_its_first_reason(site, phone):
    other = site.create("alice", "Tablet")
    site.json("revoke", "alice", phone["id"], "--reason", "lost")
    first = site.entry(phone["id"])["revoked"]
    assert site.json("revoke", "alice", phone["id"], "--reason", "again")["revoked"] == []
    assert site.json("revoke", "alice", phone["id"], other["id"], "--reason", "again")["revoked"] == [other["id"]]
    assert site.json("revoke", "alice", "--all")["revoked"] == []
    site.run("revoke", "alice", phone["id"]).done()
    assert site.entry(phone["id"])["revoked"] == first


def test_revoke_all_takes_expired_and_unused_entries_too(site, clock):
    expired = site.create("alice", "A", "--expires", "1h", env=clock(-2 * HOUR))
    unused = site.create("alice", "B", "--unused", "1h", env=clock(-2 * HOUR))
    answer = site.json("revoke", "alice", "--all")
    assert sorted(answer["revoked"]) == sorted([expired["id"], unused["id"]])
    for entry in (expired, unused):
        assert site.check(entry["password"], env=clock(-2 * HOUR)) == "revoked"


def test_tombstones_are_kept_up_to_history_and_the_oldest_goes_first(site, clock):
    site.configure("virtual_users = true;", "history = 2;")
    made = [site.create("alice", f"L{number}", env=clock(-HOUR)) for number in range(4)]
    for age, entry in zip((40, 30, 20), (made[2], made[0], made[3]), strict=True):
        site.json("revoke", "alice", entry["id"], env=clock(-age * MINUTE))
    assert site.states() == [("L0", "revoked"), ("L1", "active"), ("L3", "revoked")]
    assert site.check(made[2]["password"]) == "not-an-app-password"
    assert site.check(made[0]["password"]) == "revoked"
    assert made[2]["id"] not in {event["id"] for event in site.json("history", "alice")}


def test_a_history_of_0_keeps_no_tombstone(site, phone):
    site.configure("virtual_users = true;", "history = 0;")
    assert site.json("revoke", "alice", phone["id"])["revoked"] == [phone["id"]]
    assert site.entries("alice", "--all") == []
    assert site.check(phone["password"]) == "not-an-app-password"


# Lesson: WildDuck.
def test_history_tells_what_was_created_bound_used_and_revoked(site, login):
    made = site.create()
    assert login(made["password"], rhost="192.0.2.7") == 0
    bound = site.entry(made["id"])["bound"]
    used = site.entry(made["id"])["last_used"]
    site.json("revoke", "alice", made["id"], "--reason", "lost")
    events = site.json("history", "alice")
    common = {"id": made["id"], "label": "Phone"}
    assert all(set(event) == HISTORY_KEYS for event in events)
    assert all(common.items() <= event.items() for event in events)
    assert {event["event"]: (event["by"], event["service"], event["rhost"], event["reason"]) for event in events} == {
        "created": (owner_name(), None, None, None),
        "bound": (None, "imap", None, None),
        "used": (None, "imap", "192.0.2.7", None),
        "revoked": (owner_name(), None, None, "lost"),
    }
    times = {event["event"]: event["time"] for event in events}
    assert times["created"] == made["created"]
    assert times["bound"] == bound["time"]
    assert times["used"] == used["time"]
    assert used == {"time": used["time"], "service": "imap", "rhost": "192.0.2.7"}
    assert [event["time"] for event in events] in (sorted(times.values()), sorted(times.values(), reverse=True))
    plain = site.run("history", "alice").done().out
    for word in ("created", "bound", "used", "revoked", "Phone", "192.0.2.7", "lost"):
        assert word in plain


def test_history_is_in_the_order_of_time(site, clock):
    for age in (2, 5, 3, 4, 1):
        site.create("alice", f"{age} days", env=clock(-age * DAY))
    labels = [event["label"] for event in site.json("history", "alice")]
    expected = [f"{age} days" for age in (5, 4, 3, 2, 1)]
    assert labels in (expected, expected[::-1])


def test_rotate_gives_a_new_password_with_the_same_label_app_and_limits(site):
    limits = ["--from", "192.0.2.0/24", "--from", "2001:db8::1", "--expires", "2099-01-02T03:04:05Z", "--unused", "30d"]
    old = site.create("alice", "Phone", "--app", "mail", *limits)
    before = site.entry(old["id"])
    new = site.json("rotate", "alice", old["id"])
    assert set(new) == CREATED_KEYS
    assert PASSWORD.fullmatch(new["password"])
    assert new["password"][3:] != old["password"][3:]
    assert new["id"] == new["password"][:2] != old["id"]
    assert (new["active"], new["limit"], new["entropy_bits"]) == (1, 25, 115)
    after = site.entry(new["id"])
    changed = {key for key in ENTRY_KEYS if after[key] != before[key]}
    assert changed <= {"id", "created"}
    assert site.check(new["password"], "alice", "imap", "--rhost", "192.0.2.9") == "accepted"
    assert site.check(new["password"], "alice", "radicale", "--rhost", "192.0.2.9") == "wrong-app"
    assert site.check(old["password"], "alice", "imap", "--rhost", "192.0.2.9") == "revoked"
    assert site.entry(old["id"])["revoked"]["reason"] == "rotated"


def test_rotate_with_expires_changes_that_alone(site, phone):
    new = site.json("rotate", "alice", phone["id"], "--expires", "1h")
    assert seconds(new["expires"]) == seconds(new["created"]) + HOUR
    again = site.json("rotate", "alice", new["id"], "--expires", "never")
    assert again["expires"] is None
    for when in ("2020-01-01", "soon", ""):
        site.run("rotate", "alice", again["id"], "--expires", when).refused(2)
    assert site.check(again["password"]) == "accepted"


def test_rotate_quiet_prints_the_password_alone(site, phone):
    run = site.run("rotate", "alice", phone["id"], "--quiet").done()
    assert run.err == ""
    assert PASSWORD.fullmatch(run.out.removesuffix("\n"))
    assert site.check(run.out) == "accepted"


def test_rotate_works_at_the_limit(site, phone):
    site.configure("virtual_users = true;", "limit = 1;")
    new = site.json("rotate", "alice", phone["id"])
    assert (new["active"], new["limit"]) == (1, 1)
    assert site.states() == [("Phone", "active"), ("Phone", "revoked")]


def test_rotate_keeps_no_more_tombstones_than_history(site, clock):
    site.configure("virtual_users = true;", "history = 2;")
    made = [site.create("alice", "Phone", "--app", "mail", env=clock(-10 * MINUTE))]
    for age in (5, 4, 3):
        made.append(site.json("rotate", "alice", made[-1]["id"], env=clock(-age * MINUTE)))
    verdicts = [site.check(entry["password"]) for entry in made]
    assert verdicts == ["not-an-app-password", "revoked", "revoked", "accepted"]


def test_rotate_renews_a_revoked_entry_and_leaves_its_tombstone(site, phone):
    site.json("revoke", "alice", phone["id"], "--reason", "lost")
    new = site.json("rotate", "alice", phone["id"])
    assert (new["label"], new["app"], new["active"]) == ("Phone", "mail", 1)
    assert site.check(new["password"]) == "accepted"
    assert site.check(phone["password"]) == "revoked"
    assert site.entry(phone["id"])["revoked"]["reason"] == "lost"


def test_rotate_of_a_revoked_entry_takes_no_label_and_no_place_of_others(site, phone):
    site.json("revoke", "alice", phone["id"])
    other = site.create("alice", "Phone")
    site.run("rotate", "alice", phone["id"]).refused(4)
    site.json("label", "alice", other["id"], "Other")
    site.configure("virtual_users = true;", "limit = 1;")
    site.run("rotate", "alice", phone["id"]).refused(4)
    assert site.states() == [("Other", "active"), ("Phone", "revoked")]


def test_rotate_of_an_expired_entry_asks_for_an_expiry(site, clock):
    old = site.create("alice", "Phone", "--expires", "1h", env=clock(-2 * HOUR))
    site.run("rotate", "alice", old["id"]).refused(2)
    new = site.json("rotate", "alice", old["id"], "--expires", "1d")
    assert site.check(new["password"]) == "accepted"


def test_rotate_keeps_an_unbound_entry_unbound(site):
    old = site.create()
    assert site.json("rotate", "alice", old["id"])["app"] == "first-use"


def test_rotate_does_not_open_a_guarded_service_to_an_entry_bound_by_use(site, login):
    site.configure("virtual_users = true;", 'guarded = [ "smtp" ];')
    old = site.create()
    assert login(old["password"], service="imap") == 0
    new = site.json("rotate", "alice", old["id"])
    assert new["app"] == "mail"
    assert site.check(new["password"], "alice", "imap") == "accepted"
    assert site.check(new["password"], "alice", "smtp") == "wrong-app"


def test_rotate_of_a_user_the_system_does_not_know_asks_for_virtual(site, phone):
    site.configure()
    site.run("rotate", "alice", phone["id"]).refused(3)
    site.json("rotate", "alice", phone["id"], "--virtual")


def test_the_other_commands_need_only_an_account(site, phone):
    site.configure()
    assert len(site.entries()) == 1
    assert site.json("list")[0]["user"] == "alice"
    site.json("label", "alice", phone["id"], "New")
    assert site.check(phone["password"]) == "accepted"
    site.json("revoke", "alice", phone["id"])
    assert site.json("history", "alice")
    site.json("remove", "alice")


def test_list_and_history_of_a_known_user_without_an_account_are_empty_and_0(site, phone):
    site.configure()
    assert site.json("list", "root") == []
    assert site.json("list", "root", "--all") == []
    assert site.json("history", "root") == []
    site.run("list", "root").done()
    site.run("history", "root").done()
    for words in (["list", "stranger"], ["history", "stranger"], ["list", "stranger", "--json"]):
        site.run(*words).refused(3)


def test_list_shows_the_revoked_with_all_alone(site, clock):
    site.create("alice", "Expired", "--expires", "1h", env=clock(-2 * HOUR))
    site.create("alice", "Unused", "--unused", "1h", env=clock(-2 * HOUR))
    active = site.create("alice", "Active")
    revoked = site.create("alice", "Revoked")
    site.json("revoke", "alice", revoked["id"])
    states = {entry["label"]: entry["state"] for entry in site.entries()}
    assert states == {"Active": "active", "Expired": "expired", "Unused": "unused"}
    assert ("Revoked", "revoked") in site.states()
    assert site.entry(active["id"])["revoked"] is None
    plain = site.run("list", "alice").done().out
    assert "Active" in plain
    assert "Revoked" not in plain
    assert "Revoked" in site.run("list", "alice", "--all").done().out


def test_list_without_a_user_has_a_row_for_each(site, login):
    site.create("alice", "A")
    revoked = site.create("alice", "B")
    site.json("revoke", "alice", revoked["id"])
    used = site.create("bob", "A")
    gone = site.create("carol", "A")
    site.json("revoke", "carol", gone["id"])
    assert login(used["password"], "bob") == 0
    last = site.entry(used["id"], "bob")["last_used"]["time"]
    assert sorted(site.json("list"), key=lambda row: row["user"]) == [
        {"user": "alice", "active": 1, "revoked": 1, "last_used": None},
        {"user": "bob", "active": 1, "revoked": 0, "last_used": last},
        {"user": "carol", "active": 0, "revoked": 1, "last_used": None},
    ]
    plain = site.run("list").done().out
    for user in ("alice", "bob", "carol"):
        assert user in plain


def test_list_of_an_empty_store_is_empty(site, phone):
    site.json("remove", "alice")
    assert site.json("list") == []
    site.run("list").done()


def test_last_use_is_the_latest_of_the_entries(site, login, clock):
    first = site.create("alice", "A", env=clock(-2 * DAY))
    second = site.create("alice", "B", env=clock(-2 * DAY))
    assert login(first["password"], env=clock(-HOUR), rhost="192.0.2.1") == 0
    assert login(second["password"], env=clock(-DAY), rhost="192.0.2.2") == 0
    assert site.json("list")[0]["last_used"] == site.entry(first["id"])["last_used"]["time"]


def test_a_use_that_was_lost_is_not_called_never(site, login, clock):
    def last(*words, **options):
        heading, row = site.run("list", *words, **options).done().out.splitlines()
        return re.split("  +", row)[re.split("  +", heading).index("LAST USED")]

    old = site.create("alice", "A", env=clock(-2 * DAY))
    assert last() == last("alice") == "never"
    (site.store / "used" / "alice").unlink()
    assert last() == last("alice") == "unknown"
    assert login(old["password"], rhost="192.0.2.1") == 0
    site.json("revoke", "alice", old["id"])
    site.create("alice", "B", "--unused", "90d", env=clock(-2 * DAY))
    (site.store / "used" / "alice").unlink()
    date = r"not since \d\d\d\d-\d\d-\d\d"
    assert re.fullmatch(date, last("alice")) and last() == "unknown"
    assert [entry["last_used"] for entry in site.entries("alice")] == [None]
    site.json("revoke", "alice", "--all")
    site.create("alice", "C")
    assert last("alice") == "never"


def test_remove_takes_account_and_usage_for_good(site, phone, login):
    other = site.create("bob", "Phone", "--app", "mail")
    assert login(phone["password"]) == 0
    assert site.json("remove", "alice") == {"user": "alice", "removed": True, "entries": 1, "active": 1}
    assert set(site.texts()) == {"bob"}
    assert "alice" not in site.used()
    assert site.check(phone["password"]) == "no-account"
    site.run("remove", "alice").refused(3)
    assert site.check(other["password"], "bob") == "accepted"
    again = site.create("alice", "Phone", "--app", "mail")
    assert site.check(phone["password"]) in ("not-an-app-password", "wrong-secret")
    assert site.entry(again["id"])["last_used"] is None


def test_a_plain_answer_is_given_for_each_change(site, phone):
    for words in (
        ["label", "alice", phone["id"], "New"],
        ["revoke", "alice", phone["id"]],
        ["revoke", "alice", "--all"],
        ["remove", "alice"],
    ):
        run = site.run(*words).done()
        assert run.err == ""
        assert not re.search("[\x00-\x09\x0b-\x1f]", run.out)


def test_defaults_of_the_configuration_hold_where_no_option_is_given(site):
    site.configure("virtual_users = true;", 'default_app = "mail";', 'expires = "30d";', 'unused = "1w";')
    made = site.create("alice", "A")
    assert made["app"] == "mail"
    assert seconds(made["expires"]) == seconds(made["created"]) + 30 * DAY
    assert site.entry(made["id"])["unused"] == 7 * DAY
    made = site.create("alice", "B", "--app", "first-use", "--expires", "never", "--unused", "never")
    assert (made["app"], made["expires"]) == ("first-use", None)
    assert site.entry(made["id"])["unused"] is None


@pytest.mark.long
def test_a_thousand_ids_of_one_user_never_repeat(site):
    site.configure("virtual_users = true;", "limit = 500;", "history = 500;")
    made = [site.create("alice", f"A{number}") for number in range(500)]
    site.json("revoke", "alice", "--all")
    made += [site.create("alice", f"B{number}") for number in range(500)]
    assert len({entry["id"] for entry in made}) == 1000
    assert site.check(made[0]["password"]) == "revoked"
    assert site.check(made[-1]["password"]) == "accepted"
    site.json("revoke", "alice", made[-1]["id"])
    assert site.check(made[-1]["password"]) == "revoked"
    assert len(site.entries("alice", "--all")) == 999
