"""`create`: what is printed, what is stored, the password's own form, and who may have one."""

import collections
import ipaddress
import json
import math
import re
import stat
import time

import pytest
from support.documents import CREATED_KEYS, DAY, ENTRY_KEYS, HOUR, owner_name, seconds
from support.passwords import ALPHABET, PASSWORD


def test_the_document_of_create_has_these_keys_and_values(site):
    before = int(time.time()) - 1  # the clock of a tick may lag behind
    made = site.create("alice", "Phone", "--app", "mail")
    assert set(made) == CREATED_KEYS
    assert (made["user"], made["label"], made["app"]) == ("alice", "Phone", "mail")
    assert (made["expires"], made["active"], made["limit"]) == (None, 1, 25)
    assert PASSWORD.fullmatch(made["password"])
    assert made["id"] == made["password"][:2]
    assert before <= seconds(made["created"]) <= time.time()
    assert site.create("alice", "Tablet")["active"] == 2


def test_the_entry_in_list_has_these_keys_and_values(site):
    made = site.create("alice", "Phone", "--app", "mail")
    (entry,) = site.entries()
    assert entry == {
        "user": "alice",
        "id": made["id"],
        "label": "Phone",
        "app": "mail",
        "state": "active",
        "created": made["created"],
        "created_by": owner_name(),
        "bound": None,
        "expires": None,
        "unused": None,
        "networks": [],
        "last_used": None,
        "revoked": None,
    }
    assert set(entry) == ENTRY_KEYS


# Lesson: Kanidm.
def test_entropy_is_what_alphabet_and_length_give(site):
    made = site.create()
    secret = made["password"].replace("-", "")[2:]
    assert made["entropy_bits"] == len(secret) * math.log2(len(ALPHABET)) == 115


# Lesson: mailcow #6763, PostfixAdmin.
def test_nobody_chooses_an_app_password(site):
    """Neither by an option or a word, nor on standard input, in the environment or in asp.conf."""
    chosen = "7kabc-defgh-jkmnp-qrstv-wxyz0"
    old = site.create()
    shown = [old["password"]]
    for words in (["create", "alice", "--label", "New"], ["rotate", "alice", old["id"]]):
        for more in (["--password", chosen], ["--secret", chosen], ["--id", chosen[:2]], ["--password-stdin"], ["--", chosen]):
            site.run(*words, *more, input=f"{chosen}\n").refused(2)
        for setting in (f'password = "{chosen}";', 'alphabet = "0";', "length = 1;", 'hash: { secret = "0"; };'):
            site.configure(setting)
            site.run(*words).refused(6)
        site.configure("virtual_users = true;")
        environment = dict.fromkeys(("ASP_PASSWORD", "ASP_SECRET", "PASSWORD"), chosen)
        shown.append(site.run(*words, "--quiet", input=f"{chosen}\n", env=environment).done().out.strip())
    run = site.run("create", "--batch", input=f"alice\tNewest\tmail\t{chosen}\n")
    assert (run.code, run.out) == (1, "")
    assert all(PASSWORD.fullmatch(password) for password in shown)
    assert len({password.replace("-", "")[2:] for password in [*shown, chosen]}) == 4
    assert site.check(chosen) in ("not-an-app-password", "wrong-secret")


def test_passwords_are_spread_over_the_alphabet_and_ids_never_repeat(site):
    site.configure("virtual_users = true;", "limit = 60;")
    made = [site.create("alice", f"L{number}") for number in range(60)]
    assert len({entry["id"] for entry in made}) == 60
    drawn = "".join(entry["password"].replace("-", "") for entry in made)
    assert set(drawn) == set(ALPHABET)
    # 1500 characters, 47 of each expected: 10 or 100 of one is past seven deviations.
    counts = collections.Counter(drawn)
    assert all(10 < counts[character] < 100 for character in ALPHABET), counts


def test_quiet_prints_the_password_alone(site):
    site.run("create", "bob", "--label", "Phone").done()
    for words in (["--app", "mail"], []):
        run = site.run("create", "alice", "--label", f"Phone {len(words)}", *words, "--quiet").done()
        assert PASSWORD.fullmatch(run.out.removesuffix("\n")), run
        assert run.out.endswith("\n")
        assert run.err == ""


def test_the_plain_answer_holds_the_password_once(site):
    run = site.run("create", "alice", "--label", "Phone").done()
    assert len(PASSWORD.findall(run.out)) == 1
    assert not PASSWORD.search(run.err)


def test_app_is_first_use_unless_said_otherwise(site):
    assert site.create("alice", "A")["app"] == "first-use"
    assert site.create("alice", "B", "--app", "first-use")["app"] == "first-use"
    assert site.create("alice", "C", "--app", "any")["app"] == "any"
    assert site.create("alice", "D", "--app", "calendar")["app"] == "calendar"
    assert site.create("alice", "E", "--app", "in-no-group", "--new-app")["app"] == "in-no-group"
    assert {entry["bound"] for entry in site.entries()} == {None}


def test_a_service_of_a_group_is_no_app_and_the_error_names_the_group(site):
    for service, group in (("imap", "mail"), ("nginx", "calendar"), ("sshd", "ssh")):
        run = site.run("create", "alice", "--label", "x", "--app", service).refused(2)
        assert re.search(rf"\b{group}\b", run.err), run
    assert "alice" not in site.texts()


@pytest.mark.parametrize("app", ["two words", "a/b", 'a"b', "a\\b", "a%b", "a,b", "ü", "x" * 65, "a\tb"], ids=ascii)
def test_an_ill_formed_app_is_a_usage_error(site, app):
    site.run("create", "alice", "--label", "x", "--app", app).refused(2)


@pytest.mark.parametrize(
    ("duration", "span"),
    [("1s", 1), ("90s", 90), ("1m", 60), ("1h", HOUR), ("1d", DAY), ("1w", 7 * DAY), ("36500d", 36500 * DAY)],
)
def test_a_duration_counts_from_now_for_expires_and_is_kept_in_seconds_for_unused(site, duration, span):
    made = site.create("alice", "Phone", "--expires", duration, "--unused", duration)
    assert seconds(made["expires"]) == seconds(made["created"]) + span
    assert site.entry(made["id"])["unused"] == span
    assert site.entry(made["id"])["expires"] == made["expires"]


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("never", [None]),
        ("2099-01-02T03:04:05Z", ["2099-01-02T03:04:05Z"]),
        ("2099-01-02T03:04:05+00:00", ["2099-01-02T03:04:05Z"]),
        ("2099-01-02T03:04:05+02:30", ["2099-01-02T00:34:05Z"]),
        ("2099-01-01T00:00:00+01:00", ["2098-12-31T23:00:00Z"]),
        ("2098-12-31T23:30:00-01:00", ["2099-01-01T00:30:00Z"]),
        ("2099-01-02T03:04:05.75Z", ["2099-01-02T03:04:05Z", "2099-01-02T03:04:06Z"]),
        # Its end: the last second of the day, or the first moment after it.
        ("2096-02-29", ["2096-02-29T23:59:59Z", "2096-03-01T00:00:00Z"]),
        ("2099-12-31", ["2099-12-31T23:59:59Z", "2100-01-01T00:00:00Z"]),
    ],
)
def test_expires_takes_a_duration_a_time_or_a_day_to_its_end(site, when, expected):
    made = site.create("alice", "Phone", "--expires", when)
    assert made["expires"] in expected
    assert site.entry(made["id"])["expires"] == made["expires"]


def test_a_day_that_has_not_ended_is_taken_whatever_the_time_zone(site):
    today = time.strftime("%Y-%m-%d", time.gmtime())
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        made = site.create("alice", zone, "--expires", today, env={"TZ": zone})
        assert made["expires"].startswith(today) or made["expires"].endswith("T00:00:00Z")


BAD_TIMES = """1 d 0x 1y 1D -1d +1d 1.5h 1d1h 0x1d 1dd never1 Never tomorrow
    99999999999999999999d 18446744073709551617s 99999999999d 9223372036854775807w""".split() + [
    "",
    " ",
    " 1d",
    "1d ",
    "1 d",
    "1d\n",
]
BAD_WHENS = """2020-01-01 1970-01-01T00:00:00Z 2099-13-01 2099-00-01 2099-01-00 2099-01-32 2099-02-29 2099-02-30 2100-02-29
    2099-1-1 99-01-01 20990101 2099-01 2099 2099-01-01T 2099-01-01T00:00 2099-01-01T00:00:00
    2099-01-01T24:00:01Z 2099-01-01T00:60:00Z
    2099-01-01T00:00:61Z 2099-01-01T00:00:00+25:00 2099-01-01T00:00:00+0100 2099-01-01T00:00:00+01 2099-01-01T00:00:00.Z
    2099-01-01T00:00:00ZZ 2099/01/01 -2099-01-01 12099-01-01""".split()


@pytest.mark.parametrize(
    ("option", "value"),
    [(option, value) for option in ("--expires", "--unused") for value in BAD_TIMES]
    + [("--expires", value) for value in BAD_WHENS]
    + [("--unused", "2099-01-01"), ("--unused", "2099-01-01T00:00:00Z")],
    ids=lambda value: ascii(value)[1:-1],
)
def test_a_time_that_is_none_or_is_past_is_a_usage_error(site, option, value):
    site.run("create", "alice", "--label", "x", option, value).refused(2)
    assert "alice" not in site.texts()


def test_networks_are_kept_as_given_and_a_bare_address_is_one_host(site):
    given = [
        "192.0.2.0/24",
        "192.0.2.7",
        "10.0.0.0/8",
        "2001:db8::/32",
        "2001:DB8:0:0::1",
        "0.0.0.0/0",
        "::/0",
        "::1/128",
    ]
    made = site.create("alice", "Phone", *(word for network in given for word in ("--from", network)))
    stored = [ipaddress.ip_network(network) for network in site.entry(made["id"])["networks"]]
    assert stored == [ipaddress.ip_network(network) for network in given]


BAD_NETWORKS = """192.0.2.1/24 192.0.2.0/33 192.0.2.0/-1 192.0.2.0/ 192.0.2.0/+24 192.0.2.0/24/24 192.0.2.0/0x18 192.0.2.0/2
    192.0.2 192.0.2.0.1 192.0.2.256 example.org 2001:db8::1/32 2001:db8::/129 2001:db8::/ 2001:db8:::/32 fe80::1%eth0 [::1] any
    192.0.2.0/255.255.255.0 192.0.2.0/99999999999999999999 /24 ::1/0""".split()
BAD_NETWORKS += ["", " ", "192.0.2.0/24 ", " 192.0.2.0/24", "192.0.2.0/24,10.0.0.0/8", "192.0.2.0 /24", "192.0.2.7\n"]


@pytest.mark.parametrize("network", BAD_NETWORKS, ids=ascii)
def test_a_network_that_is_none_or_has_host_bits_is_a_usage_error(site, network):
    site.run("create", "alice", "--label", "x", "--from", "10.0.0.0/8", "--from", network).refused(2)
    assert "alice" not in site.texts()


def test_an_entry_has_32_networks_and_no_more(site):
    many = [word for number in range(32) for word in ("--from", f"10.0.{number}.0/24")]
    made = site.create("alice", "Phone", *many)
    assert len(site.entry(made["id"])["networks"]) == 32
    site.run("create", "alice", "--label", "x", *many, "--from", "10.1.0.0/16").refused(2)


def test_a_user_the_system_does_not_know_is_refused_without_virtual(site):
    site.configure()
    for words in (["--label", "x"], ["--label", "x", "--json"], ["--label", "x", "--quiet"]):
        site.run("create", "stranger", *words).refused(3)
    assert "stranger" not in site.texts()
    site.run("create", "root", "--label", "x").done()
    made = site.create("stranger", "x", "--virtual")
    assert site.check(made["password"], "stranger") == "accepted"
    site.configure("virtual_users = true;")
    site.create("another", "x")


# Lesson: google-authenticator-libpam #115 #166.
def test_the_store_is_closed_to_others_whatever_the_umask(site):
    for mask in ("0000", "0077", "0777"):
        site.run("create", f"u{mask}", "--label", "x", prefix=["sh", "-c", f'umask {mask}; exec "$@"', "sh"]).done()
        assert site.check("x", f"u{mask}") == "not-an-app-password"
    for path in [site.store, *site.store.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_the_first_create_makes_the_store_and_no_folder_above_it(site):
    run = site.run("create", "alice", "--label", "x").done()
    assert run.err.startswith(f"asp-admin: note: a new store was made at {site.store}\n")
    assert {path.name for path in site.store.iterdir()} == {"users", "used", "locks"}
    site.store = site.folder / "missing" / "store"
    site.configure("virtual_users = true;")
    site.run("create", "alice", "--label", "x").refused(5)
    assert not site.store.parent.exists()


def test_the_account_is_text_with_an_entry_a_line_and_no_password(site):
    made = [site.create("alice", f"Phone-{number}", "--app", "mail") for number in range(3)]
    lines = site.texts()["alice"].decode("ascii").splitlines()
    for entry in made:
        (line,) = [line for line in lines if entry["label"] in line]
        assert re.search(r"\$blake2b\$\S+\$\S+", line)
        assert "mail" in line
    assert site.texts()["alice"].endswith(b"\n")
    everything = b"".join(site.texts().values())
    for entry in made:
        assert entry["password"].encode() not in everything
        assert entry["password"].replace("-", "")[2:].encode() not in everything


def test_all_schemes_verify_whatever_the_configuration_says_now(site):
    schemes = {
        "blake2b": 'hash: { scheme = "blake2b"; };',
        "hmac-sha256": 'hash: { scheme = "hmac-sha256"; };',
        "argon2id": 'hash: { scheme = "argon2id"; memory = 8192; passes = 1; };',
    }
    made = {}
    for name, setting in schemes.items():
        site.configure("virtual_users = true;", setting)
        made[name] = site.create("alice", name)["password"]
        assert f"${name}$" in site.text("alice")
    assert "$argon2id$v=19$m=8192,t=1,p=1$" in site.text("alice")
    for setting in schemes.values():
        site.configure("virtual_users = true;", setting)
        for password in made.values():
            assert site.check(password) == "accepted"
            assert site.check(password[:-1] + ("0" if password[-1] != "0" else "1")) == "wrong-secret"


def test_a_refused_create_leaves_the_store_as_it_was(site):
    site.create()
    before = site.kept()
    for words in (
        ["alice", "--label", "Phone"],
        ["alice", "--label", ""],
        ["alice", "--label", "x", "--from", "192.0.2.1/24"],
        ["../bob", "--label", "x"],
    ):
        assert site.run("create", *words).code != 0
    assert site.kept() == before


def test_json_is_one_document_and_nothing_else(site):
    run = site.run("create", "alice", "--label", "Büro “1”", "--json").done()
    document, end = json.JSONDecoder().raw_decode(run.out)
    assert run.out[end:].strip() == ""
    assert document["label"] == "Büro “1”"


@pytest.mark.parametrize("again", [("create", "alice", "--label", "New"), ("rotate", "alice", "ID")], ids=lambda words: words[0])
def test_what_goes_with_the_primary_before_is_told(site, primaries, again):
    primaries.say({"alice": "one"})
    made = site.create("alice", "One")
    site.create("alice", "Two")
    primaries.say({"alice": "another"})
    run = site.run(*(made["id"] if word == "ID" else word for word in again)).done()
    assert "the primary password of alice was changed: what was made under the one before is revoked, 2 app pass" in run.err
    assert [entry["state"] for entry in site.entries()] == ["active"]
