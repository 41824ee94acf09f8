"""`check`: how a password is read, every verdict that it can say, and that it changes nothing."""

import ipaddress
import re

import pytest
from support.documents import DAY, HOUR, MINUTE
from support.passwords import id_but, swap_character
from support.wait import LONG

CHECK_KEYS = {"user", "verdict", "id", "label", "app"}

GUARDED = """login su su-l sudo sudo-i runuser runuser-l polkit-1 passwd chsh chfn cron
    gdm-password lightdm sddm cockpit asp-admin asp-web sshd""".split()
MAIL = "dovecot imap pop3 lmtp smtp submission sieve managesieve".split()
CALENDAR = "caldav carddav radicale nginx apache2 httpd".split()

VERDICTS = {
    "accepted",
    "no-account",
    "not-an-app-password",
    "wrong-secret",
    "wrong-case",
    "revoked",
    "expired",
    "unused",
    "wrong-app",
    "wrong-network",
    "primary-changed",
    "primary-locked",
    "unavailable",
}


@pytest.fixture
def password(phone):
    return phone["password"]


READ_AS_THE_PASSWORD = {
    "as printed": lambda p: p,
    "no dashes": lambda p: p.replace("-", ""),
    "spaces for dashes": lambda p: p.replace("-", " "),
    "a dash between all": lambda p: "-".join(p.replace("-", "")),
    "spaces around": lambda p: f"  {p}  ",
    "dashes around": lambda p: f"--{p}--",
    "mixed, many": lambda p: p.replace("-", " -  - "),
    "a newline": lambda p: p + "\n",
    "a carriage return and newline": lambda p: p + "\r\n",
    "a space, then a newline": lambda p: p + " \n",
    "two line ends": lambda p: p + "\n\n",
    "a newline and a carriage return": lambda p: p + "\n\r",
    "a line end, then a space": lambda p: p + "\n ",
    "a line end before": lambda p: "\n" + p,
    "a line end within": lambda p: p[:10] + "\n" + p[10:],
    "a wrapped line": lambda p: p[:18] + "\r\n    " + p[18:],
    "tabs": lambda p: p.replace("-", "\t"),
    "a tab after": lambda p: p + "\t",
    "no-break spaces": lambda p: p.replace("-", "\u00a0"),
    "en dashes": lambda p: p.replace("-", "\u2013"),
    "minus signs": lambda p: p.replace("-", "\u2212"),
    "hyphens that do not break": lambda p: p.replace("-", "\u2011"),
    "full-width dashes": lambda p: p.replace("-", "\uff0d"),
    "zero-width spaces": lambda p: "\u200b".join(p),
    "soft hyphens": lambda p: "\u00ad".join(p),
    "a byte order mark": lambda p: "\ufeff" + p,
    "bidi isolates": lambda p: f"\u2068{p}\u2069",
    "512 bytes": lambda p: p + " " * (512 - len(p)),
    "512 bytes of no-break spaces": lambda p: p + "\u00a0" * ((512 - len(p)) // 2),
}


@pytest.mark.parametrize("typed", READ_AS_THE_PASSWORD.values(), ids=READ_AS_THE_PASSWORD)
def test_white_space_dashes_and_line_ends_are_ignored(site, password, typed):
    assert site.check(typed(password)) == "accepted"


NO_APP_PASSWORD = {
    "empty": lambda p: "",
    "a line end alone": lambda p: "\n",
    "separators alone": lambda p: " - - ",
    "24 characters": lambda p: p[:-1],
    "26 characters": lambda p: p + "0",
    "twice": lambda p: p + p,
    "an i": lambda p: p[:-1] + "i",
    "an l": lambda p: p[:-1] + "l",
    "an o": lambda p: p[:-1] + "o",
    "a u": lambda p: p[:-1] + "u",
    "a capital too many": lambda p: p + "A",
    "a capital O": lambda p: p[:-1] + "O",
    "an underscore": lambda p: p.replace("-", "_"),
    "a NUL after": lambda p: p + "\0",
    "a NUL within": lambda p: p[:12] + "\0" + p[12:],
    "a second line": lambda p: p + "\n" + p + "\n",
    "a middle dot": lambda p: p.replace("-", "\u00b7"),
    "full-width digits": lambda p: p[:-1] + "\uff11",
    "a broken UTF-8 byte": lambda p: p + "\udcff",
    "a no-break space of Latin-1": lambda p: p + "\udca0",
    "513 bytes of no-break spaces": lambda p: p + "\u00a0" * ((514 - len(p)) // 2),
    "513 bytes": lambda p: p + "-" * (513 - len(p)),
    "513 bytes of the alphabet": lambda p: (p.replace("-", "") * 21)[:513],
    "a mebibyte before": lambda p: " " * (1 << 20) + p,
    "a mebibyte after": lambda p: p + " " * (1 << 20),
    "the decoy of sshd": lambda p: "\b\n\r\177INCORRECT",
}


@pytest.mark.parametrize("typed", NO_APP_PASSWORD.values(), ids=NO_APP_PASSWORD)
def test_what_has_another_shape_is_no_app_password(site, password, typed):
    assert site.check(typed(password), timeout=LONG) == "not-an-app-password"


IN_CAPITALS = {
    "all": str.upper,
    "the first letter": lambda p: re.sub("[a-z]", lambda found: found[0].upper(), p, count=1),
    "with what is ignored": lambda p: p.upper().replace("-", "\u00a0") + "\n",
}


@pytest.mark.parametrize("typed", IN_CAPITALS.values(), ids=IN_CAPITALS)
def test_a_right_secret_in_capitals_is_the_wrong_case_whatever_its_entry_is(site, phone, password, typed):
    run = site.run("--json", "check", "alice", "--service", "imap", input=typed(password))
    named = {"user": "alice", "verdict": "wrong-case", "id": phone["id"], "label": "Phone", "app": "mail"}
    assert (run.document(1), run.err) == (named, "")
    site.json("revoke", "alice", phone["id"])
    assert site.check(typed(password), "alice", "sshd") == "wrong-case"


def test_another_secret_in_capitals_is_no_app_password(site, password):
    assert site.check(swap_character(password, 8).upper()) == "not-an-app-password"
    assert site.check(id_but(password[:2]) + password[2:].upper()) == "not-an-app-password"
    assert site.check(password.upper(), "bob") == "no-account"


def test_an_endless_or_missing_standard_input_is_no_app_password(site, password):
    with open("/dev/zero", "rb") as endless:
        run = site.run("check", "alice", "--service", "imap", input=None, stdin=endless, timeout=LONG)
    assert (run.code, run.err) == (1, "")
    assert "not-an-app-password" in run.out
    run = site.run("check", "alice", "--service", "imap", prefix=["sh", "-c", 'exec "$@" <&-', "sh"])
    assert run.code != 0
    assert "accepted" not in run.out


def test_each_wrong_character_of_the_secret_is_seen(site, password):
    for index in range(3, len(password)):
        if password[index] != "-":
            assert site.check(swap_character(password, index)) == "wrong-secret"


def test_an_unknown_id_is_no_app_password(site, phone, password):
    assert site.check(id_but(phone["id"]) + password[2:]) == "not-an-app-password"


def test_a_password_is_good_for_its_own_user_alone(site, phone, password):
    other = site.create("bob", "Phone", "--app", "mail")
    assert site.check(password, "bob") in ("not-an-app-password", "wrong-secret")
    assert site.check(other["password"][:2] + password[2:], "bob") == "wrong-secret"


def test_an_account_copied_to_another_user_opens_nothing(site, password):
    site.create("bob", "Phone", "--app", "mail")
    site.put("bob", site.texts()["alice"])
    assert site.check(password, "bob") in ("wrong-secret", "unavailable")
    assert site.check(password) == "accepted"


def test_the_document_of_check_has_these_keys(site, phone, password):
    for typed, user in (
        (password, "alice"),
        ("x", "alice"),
        (swap_character(password, 10), "alice"),
        (password, "bob"),
    ):
        run = site.run("--json", "check", user, "--service", "imap", input=typed)
        document = run.document(0 if typed == password and user == "alice" else 1)
        assert set(document) == CHECK_KEYS
        assert document["user"] == user
        assert document["app"] == "mail"
        proven = document["verdict"] == "accepted"
        assert (document["id"], document["label"]) == ((phone["id"], "Phone") if proven else (None, None))


def test_a_proven_but_refused_password_is_named(site, phone, password):
    run = site.run("--json", "check", "alice", "--service", "radicale", input=password)
    assert run.document(1) == {
        "user": "alice",
        "verdict": "wrong-app",
        "id": phone["id"],
        "label": "Phone",
        "app": "calendar",
    }


def test_the_plain_answer_holds_the_verdict_word_and_no_other(site, password):
    answers = {
        "accepted": ("alice", password, "imap", 0),
        "wrong-secret": ("alice", swap_character(password, 8), "imap", 1),
        "wrong-case": ("alice", password.upper(), "imap", 1),
        "not-an-app-password": ("alice", "correct horse", "imap", 1),
        "no-account": ("bob", password, "imap", 1),
        "wrong-app": ("alice", password, "sshd", 1),
    }
    for verdict, (user, typed, service, code) in answers.items():
        run = site.run("check", user, "--service", service, input=typed)
        assert (run.code, run.err) == (code, ""), run
        assert set(re.findall("|".join(sorted(VERDICTS, key=len, reverse=True)), run.out)) == {verdict}, run


def test_a_system_user_without_an_account_is_no_account(site, phone):
    site.configure()
    assert site.check("x", "root") == "no-account"
    assert site.check("x", "stranger") == "no-account"


def test_an_account_stays_enrolled_with_no_active_entry(site, phone, password):
    site.json("revoke", "alice", "--all")
    assert site.check("x") == "not-an-app-password"
    assert site.check(password) == "revoked"


@pytest.mark.parametrize("service", MAIL)
def test_an_app_opens_each_of_its_services_and_no_other(site, password, service):
    assert site.check(password, "alice", service) == "accepted"
    assert site.check(password, "alice", service.upper()) == "accepted"


@pytest.mark.parametrize(
    "service", [*CALENDAR, "sshd", "ssh-agent", "login", "in-no-group", "any", "first-use", "imaps"]
)
def test_an_app_does_not_open_what_it_does_not_list(site, password, service):
    assert site.check(password, "alice", service) == "wrong-app"


# Lesson: pam_multipass.
def test_one_app_does_not_open_another_because_some_entry_does(site, password):
    other = site.create("alice", "Calendar", "--app", "calendar")["password"]
    assert site.check(password, "alice", "radicale") == "wrong-app"
    assert site.check(other, "alice", "imap") == "wrong-app"
    assert site.check(other, "alice", "radicale") == "accepted"


def test_a_service_in_no_group_is_an_app_of_its_own_name(site):
    made = site.create("alice", "FTP", "--app", "vsftpd", "--new-app")["password"]
    assert site.check(made, "alice", "vsftpd") == "accepted"
    assert site.check(made, "alice", "proftpd") == "wrong-app"


def test_what_was_made_for_a_service_alone_outlives_a_group_that_takes_it_in(site):
    made = site.create("alice", "FTP", "--app", "vsftpd", "--new-app")
    site.configure("virtual_users = true;", 'apps: ( { name = "files"; services = [ "vsftpd", "proftpd" ]; } );')
    assert site.check(made["password"], "alice", "vsftpd") == "accepted"
    assert site.check(made["password"], "alice", "proftpd") == "wrong-app"
    new = site.json("rotate", "alice", made["id"])
    assert new["app"] == "vsftpd"
    assert site.check(new["password"], "alice", "VSFTPD") == "accepted"
    assert site.check(new["password"], "alice", "proftpd") == "wrong-app"


@pytest.mark.parametrize("service", GUARDED)
def test_a_guarded_service_is_reached_by_an_app_that_lists_it_alone(site, service):
    app = "ssh" if service == "sshd" else service
    anywhere = site.create("alice", "any", "--app", "any")["password"]
    unbound = site.create("alice", "first use")["password"]
    meant = site.create("alice", "meant", "--app", app, "--new-app")["password"]
    for name in (service, service.upper()):
        assert site.check(anywhere, "alice", name) == "wrong-app"
        assert site.check(unbound, "alice", name) == "wrong-app"
        assert site.check(meant, "alice", name) == "accepted"


def test_any_and_an_unbound_entry_open_each_service_that_is_not_guarded(site):
    anywhere = site.create("alice", "any", "--app", "any")["password"]
    unbound = site.create("alice", "first use")["password"]
    for service in (*MAIL, *CALENDAR, "in-no-group"):
        assert site.check(anywhere, "alice", service) == "accepted"
        assert site.check(unbound, "alice", service) == "accepted"


def test_the_configuration_says_what_is_guarded_and_what_an_app_opens(site):
    anywhere = site.create("alice", "any", "--app", "any")["password"]
    mail = site.create("alice", "mail", "--app", "mail")["password"]
    site.configure('guarded = [ "IMAP" ];', 'apps: ( { name = "mail"; services = [ "imap", "vsftpd" ]; } );')
    assert site.check(anywhere, "alice", "imap") == "wrong-app"
    assert site.check(anywhere, "alice", "sshd") == "accepted"
    assert site.check(mail, "alice", "imap") == "accepted"
    assert site.check(mail, "alice", "vsftpd") == "accepted"
    assert site.check(mail, "alice", "smtp") == "wrong-app"
    site.configure("guarded = [ ];", "apps: ( );")
    assert site.check(anywhere, "alice", "sshd") == "accepted"
    assert site.check(mail, "alice", "imap") == "wrong-app"
    assert site.check(mail, "alice", "mail") == "accepted"


def test_the_first_use_binds_for_good_and_never_to_a_guarded_service(site, login):
    made = site.create()
    password = made["password"]
    assert login(password, service="sshd") != 0
    assert site.entry(made["id"])["app"] == "first-use"
    assert login(password, service="imap") == 0
    entry = site.entry(made["id"])
    assert entry["app"] == "mail"
    assert set(entry["bound"]) == {"time", "service"}
    assert entry["bound"]["service"] == "imap"
    assert site.check(password, "alice", "smtp") == "accepted"
    assert site.check(password, "alice", "radicale") == "wrong-app"
    # Bound by use, not made for it: what becomes guarded is closed to it.
    site.configure("virtual_users = true;", 'guarded = [ "smtp" ];')
    assert site.check(password, "alice", "smtp") == "wrong-app"
    assert site.check(password, "alice", "imap") == "accepted"


@pytest.mark.parametrize(
    ("rhost", "verdict"),
    [
        (None, "wrong-network"),
        ("192.0.2.0", "accepted"),
        ("192.0.2.255", "accepted"),
        ("::ffff:192.0.2.7", "accepted"),
        ("::FFFF:c000:207", "accepted"),
        ("192.0.3.0", "wrong-network"),
        ("192.0.1.255", "wrong-network"),
        ("::ffff:192.0.3.0", "wrong-network"),
        ("198.51.100.9", "accepted"),
        ("198.51.100.8", "wrong-network"),
        ("2001:db8::1", "accepted"),
        ("2001:DB8:ffff:ffff:ffff:ffff:ffff:ffff", "accepted"),
        ("2001:db9::", "wrong-network"),
        ("::1", "wrong-network"),
    ],
)
def test_an_entry_with_networks_is_good_from_there_alone(site, rhost, verdict):
    networks = ["--from", "192.0.2.0/24", "--from", "198.51.100.9", "--from", "2001:db8::/32"]
    made = site.create("alice", "Phone", "--app", "mail", *networks)["password"]
    assert site.check(made, "alice", "imap", *([] if rhost is None else ["--rhost", rhost])) == verdict


@pytest.mark.parametrize(
    "rhost", ["localhost", "mail.example.org", "192.0.2", "192.0.2.7 ", "192.0.2.7%lo", "0xc0000207"]
)
def test_what_is_no_address_is_in_no_network(site, rhost):
    made = site.create("alice", "Phone", "--app", "mail", "--from", "0.0.0.0/0", "--from", "::/0")["password"]
    run = site.run("check", "alice", "--service", "imap", "--rhost", rhost, input=made)
    assert run.code in (1, 2), run
    assert "accepted" not in run.out


def test_an_entry_without_networks_is_good_from_everywhere(site, password):
    for rhost in ("192.0.2.7", "::1", "2001:db8::1"):
        assert site.check(password, "alice", "imap", "--rhost", rhost) == "accepted"


@pytest.mark.parametrize("bits", range(0, 33, 4))
def test_a_prefix_holds_what_arithmetic_says(site, bits):
    network = ipaddress.ip_network((0xC0A81234 >> (32 - bits) << (32 - bits), bits))
    made = site.create("alice", "Phone", "--app", "any", "--from", str(network))["password"]
    edges = {network[0], network[-1], *(network[edge] + step for edge, step in ((0, -1), (-1, 1)) if bits > 0)}
    for address in edges:
        verdict = "accepted" if address in network else "wrong-network"
        assert site.check(made, "alice", "imap", "--rhost", str(address)) == verdict


# Lesson: a boot in 1970, a lost usage file.
def test_time_refuses_but_never_destroys(site, clock):
    made = site.create("alice", "Phone", "--app", "mail", "--expires", "10d")
    password = made["password"]
    before = site.everything()
    for offset, verdict in (
        (10 * DAY - MINUTE, "accepted"),
        (10 * DAY + 1, "expired"),
        (36500 * DAY, "expired"),
        (-50 * 365 * DAY, "accepted"),
        (0, "accepted"),
    ):
        assert site.check(password, env=clock(offset)) == verdict
        state = {"accepted": "active"}.get(verdict, verdict)
        assert site.entry(made["id"], env=clock(offset))["state"] == state
    assert site.everything() == before


def test_unused_counts_from_the_latest_of_created_and_last_use(site, clock, login):
    made = site.create("alice", "Phone", "--app", "mail", "--unused", "1h", env=clock(-2 * HOUR))
    password = made["password"]
    assert site.check(password, env=clock(-HOUR - MINUTE)) == "accepted"
    assert site.check(password) == "unused"
    assert site.entry(made["id"])["state"] == "unused"
    assert login(password) != 0
    assert login(password, env=clock(-HOUR - MINUTE)) == 0
    assert site.check(password, env=clock(-10 * MINUTE)) == "accepted"
    assert site.check(password) == "unused"
    assert site.check(password, env=clock(-3 * HOUR)) == "accepted"


def test_unused_counts_from_the_binding(site, clock, login):
    password = site.create("alice", "Phone", "--unused", "1h", env=clock(-HOUR - 50 * MINUTE))["password"]
    assert login(password, env=clock(-55 * MINUTE)) == 0
    for path in (site.store / "used").iterdir():
        path.unlink()
    assert site.check(password) == "accepted"


# Lesson: a boot in 1970, a lost usage file.
@pytest.mark.parametrize("loss", ["missing", "empty", "cut", "flipped", "garbage"])
def test_a_lost_usage_file_starts_the_count_of_unused_anew(site, clock, login, loss):
    password = site.create("alice", "Phone", "--app", "mail", "--unused", "2d", env=clock(-10 * DAY))["password"]
    for day in range(10, 0, -1):
        assert login(password, env=clock(-day * DAY + HOUR)) == 0
    assert site.check(password) == "accepted"
    usage = site.store / "used" / "alice"
    data = usage.read_bytes()
    if loss == "missing":
        usage.unlink()
    else:
        usage.write_bytes(
            {
                "empty": b"",
                "cut": data[: len(data) // 2],
                "flipped": bytes(byte ^ 0x55 for byte in data),
                "garbage": b"\xff" * 4096,
            }[loss]
        )
    assert site.check(password) == "accepted"


@pytest.mark.parametrize("rest", ["b", "7km4q-x8w2r-tz5np-v6hdj-3csyb"], ids=["short", "like an app password"])
def test_a_name_that_is_no_utf8_stands_in_json_with_its_bytes(site, rest):
    name = "\udc89" + rest
    site.create(name, "Phone")
    run = site.run("--json", "check", name, "--service", "imap", input="no app password\n")
    assert run.document(1)["user"] == "\\x89" + rest
    assert [entry["user"] for entry in site.json("list")] == ["\\x89" + rest]
    assert site.json("list", name)[0]["user"] == "\\x89" + rest


def test_the_first_cause_in_the_documented_order_is_said(site, clock):
    made = site.create(
        "alice",
        "Phone",
        "--app",
        "mail",
        "--from",
        "192.0.2.7",
        "--expires",
        "1h",
        "--unused",
        "30m",
        env=clock(-HOUR * 2),
    )

    def verdict(offset, service="sshd"):
        return site.check(made["password"], "alice", service, env=clock(offset))

    assert verdict(0) == "expired"
    assert verdict(-HOUR - 10 * MINUTE) == "unused"
    assert verdict(-HOUR - 50 * MINUTE) == "wrong-app"
    assert verdict(-HOUR - 50 * MINUTE, "imap") == "wrong-network"
    site.json("revoke", "alice", made["id"])
    assert verdict(0) == "revoked"


def test_check_changes_nothing(site, login):
    bound = site.create("alice", "Bound", "--app", "mail")["password"]
    unbound = site.create("alice", "Unbound")["password"]
    revoked = site.create("alice", "Revoked")
    site.json("revoke", "alice", revoked["id"])
    login(bound)
    before = site.everything()
    for user in ("alice", "bob", "../alice"):
        for service in ("imap", "radicale", "sshd", "in-no-group"):
            for typed in (bound, unbound, revoked["password"], swap_character(bound, 20), "x"):
                site.check(typed, user, service, "--rhost", "192.0.2.99")
    assert site.everything() == before
    assert site.check(unbound, "alice", "radicale") == "accepted"


@pytest.mark.of_files("a machine that has joined a database has a store")
def test_check_does_not_make_a_store(site):
    assert site.check("x") == "unavailable"
    assert site.kept() == {}


def test_user_name_lower_folds_ascii_case_and_exact_does_not(site):
    password = site.create("alice", "Phone")["password"]
    assert site.check(password, "Alice") == "no-account"
    site.configure("virtual_users = true;", 'user_name = "lower";')
    assert site.check(password, "aLICE") == "accepted"
    made = site.create("ALICE", "Tablet")
    assert (made["user"], made["active"]) == ("alice", 2)
    umlaut = site.create("jörg", "Phone")["password"]
    assert site.check(umlaut, "JöRG") == "accepted"
    assert site.check(umlaut, "JÖRG") == "no-account"
