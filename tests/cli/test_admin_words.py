"""What asp-admin says of what it was given and of what there is: it names the rule that was broken, and what to do."""

import os
import re
import shlex

import pytest


def said(run, code=2):
    return run.refused(code).err.removeprefix("asp-admin: ").rstrip("\n")


def test_list_of_who_has_nothing_active_says_what_there_is(site):
    site.configure("history = 1;", "virtual_users = true;")
    site.create("root", "Other")
    assert site.run("list", "daemon").done().out == "no app passwords\n"
    site.create("daemon", "One")
    site.create("daemon", "Two")
    site.run("revoke", "daemon", "--all").done()
    assert site.run("list", "daemon").done().out == "no active app passwords; 1 revoked: --all shows them\n"
    assert "revoked" in site.run("list", "daemon", "--all").done().out
    site.create("daemon", "Three", "--unused", "1s")
    assert "Three" in site.run("list", "daemon").done().out
    site.configure("history = 0;", "virtual_users = true;")
    site.run("revoke", "daemon", "--all").done()
    assert site.run("list", "daemon").done().out == "no app passwords; the user is still enrolled\n"
    assert site.json("list", "daemon") == []


def test_history_that_keeps_nothing_is_not_called_none_yet(site):
    site.configure("history = 0;", "virtual_users = true;")
    site.create("root", "Other")
    assert site.run("history", "daemon").done().out == "no app passwords yet\n"
    site.create("daemon", "One")
    site.run("revoke", "daemon", "--all").done()
    assert site.run("history", "daemon").done().out == "nothing is kept of what there was: see history in asp.conf(5)\n"
    assert site.json("history", "daemon") == []


@pytest.mark.parametrize("words", [["label", "alice", "ID", "x"], ["rotate", "alice", "ID"], ["revoke", "alice", "ID", "xx"]])
def test_an_id_that_is_none_is_told_from_a_label_and_from_one_in_capitals(site, words):
    def line(id):
        return shlex.join(["asp-admin", *(id if word == "ID" else word for word in words), "--config", str(site.conf)])

    def of(id):
        return said(site.run(*(id if word == "ID" else word for word in words)), 3)

    none = "" if len(words) < 4 or words[0] != "revoke" else ", and nothing was revoked"
    id = next(id for id in (site.create("alice", f"L{n}")["id"] for n in range(20)) if id.upper() != id)
    label = site.create("alice", "mm3")["id"]
    assert of("mm3") == f"alice has no app password with the id mm3{none}; it is a label: {line(label)}"
    assert of(id.upper()).endswith(f"with the id {id.upper()}{none}; ids are in small letters: {line(id)}")
    assert of("!!") == f"alice has no app password with the id !!{none}"
    assert of("") == f"alice has no app password with an empty id{none}"


def pasted(site, run, code, why):
    """The line that is to be typed in place of the one that was, behind the reason."""
    text = said(run, code)
    assert text.startswith(f"{why}: asp-admin "), text
    words = shlex.split(text.removeprefix(f"{why}: "))
    assert words[-2:] == ["--config", str(site.conf)]
    return words[1:-2]


def test_what_stands_beside_a_label_that_was_given_for_an_id_does_what_was_meant(site):
    site.create("alice", "Mum's phone")
    no_id = "alice has no app password with the id Mum's phone; it is a label"
    words = pasted(site, site.run("revoke", "alice", "Mum's phone", "--reason", "a b"), 3, no_id)
    assert words == ["revoke", "alice", "--reason", "a b", "--label", "Mum's phone"]
    site.run(*words).done()
    assert site.entries() == []


def test_words_given_for_ids_that_are_a_label_or_close_to_one_are_answered_with_it(site):
    site.create("alice", "Thunderbird at work")
    meant = ["revoke", "alice", "--reason", "gone", "--label", "Thunderbird at work"]
    for given, why in (
        ("Thunderbird at work", "it is a label"),
        ("thunderbird at wrk", "did you mean"),
        ("thunderbird", "did you mean"),
    ):
        words = given.split()
        no_id = f"alice has no app password with the id {words[0]}{', and nothing was revoked' if words[1:] else ''}; {why}"
        assert pasted(site, site.run("revoke", "alice", *words, "--reason", "gone"), 3, no_id) == meant
    nothing = "alice has no app password with the id Nine, and nothing was revoked"
    assert said(site.run("revoke", "alice", "Nine", "lives"), 3) == nothing


def test_a_label_that_is_close_to_a_right_one_is_answered_with_it(site):
    site.create("alice", "Old phone")
    site.run("revoke", "alice", "--all").done()
    site.create("alice", "Phone")
    none = "alice has no app password with the label {}"
    for given in ("phone", "Phnoe", "Pho"):
        words = pasted(site, site.run("revoke", "alice", "--label", given), 3, none.format(given) + "; did you mean")
        assert words == ["revoke", "alice", "--label", "Phone"]
    assert said(site.run("revoke", "alice", "--label", ""), 3) == "alice has no app password with an empty label"
    for given in ("Tablet", "Old phne"):
        assert said(site.run("revoke", "alice", "--label", given), 3) == none.format(given)


USER = "needs USER, the name of who logs in"
ID = "needs ID, one of those that asp-admin list shows"
QUOTES = "a text with blanks stands in quotes"


@pytest.mark.parametrize(
    ("words", "why", "meant"),
    [
        ("create", f"create {USER}", "create USER --label Phone"),
        ("create --app mail", f"create {USER}", "create USER --app mail --label Phone"),
        ("create alice", "create needs --label", "create alice --label Phone"),
        ("create alice Phone", "create needs --label", "create alice --label Phone"),
        ("create alice Old phone --app mail", "create needs --label", "create alice --app mail --label 'Old phone'"),
        ("create alice --label Old phone", QUOTES, "create alice --label 'Old phone'"),
        (
            "revoke alice --label Old phone --reason lost in train",
            QUOTES,
            "revoke alice --label 'Old phone' --reason 'lost in train'",
        ),
        (
            "revoke alice --reason lost in train --label Old phone",
            QUOTES,
            "revoke alice --label 'Old phone' --reason 'lost in train'",
        ),
        ("revoke alice --label Thunderbird at work", QUOTES, "revoke alice --label 'Thunderbird at work'"),
        (
            "revoke alice --label Phone --reason lost in train",
            QUOTES,
            "revoke alice --label Phone --reason 'lost in train'",
        ),
        ("revoke --label Old phone alice", QUOTES, "revoke alice --label 'Old phone'"),
        ("create --label Old phone alice --app mail", QUOTES, "create alice --app mail --label 'Old phone'"),
        ("create --label Old --app mail phone alice", QUOTES, "create alice --app mail --label 'Old phone'"),
        (
            "revoke --label Phone --reason lost in train alice",
            QUOTES,
            "revoke alice --label Phone --reason 'lost in train'",
        ),
        ("label alice 7k Old phone", QUOTES, "label alice 7k 'Old phone'"),
        ("label", f"label {USER}", "label USER ID TEXT"),
        ("label alice", f"label {ID}", "label alice ID TEXT"),
        ("label alice 7k", "label needs TEXT, the new label", "label alice 7k TEXT"),
        ("rotate alice --quiet", f"rotate {ID}", "rotate alice ID --quiet"),
        ("revoke", f"revoke {USER}", "revoke USER ID"),
        ("revoke --all", f"revoke {USER}", "revoke USER --all"),
        ("revoke alice", "revoke needs one of ID..., --label TEXT and --all", "revoke alice --label Phone"),
        ("revoke alice --label Old phone", QUOTES, "revoke alice --label 'Old phone'"),
        ("check alice", "check needs --service", "check alice --service dovecot"),
        ("check alice imap", "check needs --service", "check alice --service imap"),
        ("check", f"check {USER}", "check USER --service dovecot"),
        ("list alice bob --all", "list takes USER, and nothing behind it", "list alice --all"),
        ("doctor now", "doctor takes no arguments", "doctor"),
        ("doctor fix", "doctor takes no arguments", "doctor --fix"),
        ("watch once", "watch takes no arguments", "watch --once"),
        ("log since 30d", "log takes no arguments", "log --since 30d"),
        ("log since", "log takes no arguments", "log"),
        ("import replace", "import reads standard input and takes no arguments", "import --replace"),
        ("list '' --all", '"" is not a well-formed user name: it is empty', "list USER --all"),
        ("list ' alice '", '" alice " is not a well-formed user name: it has a blank at one end', "list alice"),
    ],
)
def test_a_line_that_is_wrong_is_answered_with_the_one_that_was_meant(site, words, why, meant):
    assert pasted(site, site.run(*shlex.split(words)), 2, why) == shlex.split(meant)


def test_of_texts_between_which_the_user_may_stand_anywhere_no_line_is_guessed(site):
    run = site.run(*"revoke --label Old phone alice --reason lost in train".split())
    assert said(run, 2) == f"{QUOTES}: see asp-admin help revoke"


@pytest.mark.parametrize(
    ("words", "meant"),
    [(["import", "all users.jsonl"], "import"), (["create", "--batch", "all users.jsonl"], "create --batch")],
)
def test_a_file_that_is_named_is_given_as_standard_input(site, words, meant):
    text = said(site.run(*words))
    assert text.endswith(f" takes no arguments: asp-admin {meant} --config {site.conf} < 'all users.jsonl'")


def test_an_argument_that_looks_like_an_option_stays_behind_two_dashes(site):
    text = said(site.run("remove", "--", "-x", "y"))
    assert text == f"remove takes USER, and nothing behind it: asp-admin remove --config {site.conf} -- -x"


def test_an_unknown_user_is_answered_with_the_line_for_a_virtual_one(site):
    site.configure("virtual_users = false;")
    run = site.run("create", "no-such-user", "--label", "Old phone")
    why = "the system knows no user no-such-user, or the directory of its users does not answer; for one that only a service knows"
    assert pasted(site, run, 3, why) == ["create", "no-such-user", "--label", "Old phone", "--virtual"]
    assert "(with a blank in the name)" in said(site.run("create", "no such", "--label", "x"), 3)


def test_what_is_pasted_is_a_whole_command_or_none(site):
    text = said(site.run("create", "alice", "--label", "x", *["--from", "2001:db8::/32"] * 32, "--config", "/" + "x" * 900, "y"))
    assert text == f"{QUOTES}: see asp-admin help create"


WHEN = {
    "36501d": "that is more than 100 years",
    "99999999999d": "that is more than 100 years",
    "0d": "it is at least 1",
    "000w": "it is at least 1",
    "2031-02-30": "there is no such day, or it is before 1970",
    "2031-13-01T12:00:00Z": "there is no such day, or it is before 1970",
    "2031-01-31T12:00:00": "it has neither Z nor an offset, like +01:00, behind it",
    "2031-01-31 12:00:00.5": "it has neither Z nor an offset, like +01:00, behind it",
    "2031-01-31T24:00:00Z": "there is no such time of day",
    "2001-01-31": "that is in the past",
}
FORM = "say a number with s, m, h, d or w"


@pytest.mark.parametrize("given", WHEN)
def test_an_end_that_cannot_be_is_told_why(site, given):
    assert said(site.run("create", "alice", "--label", "L", "--expires", given)) == f"--expires {given}: {WHEN[given]}"


@pytest.mark.parametrize("given", ["", "soon", "5", "5y", "1d1", "2031-01-31T12:00", "2031-01-31T12:00:00+1", "2031-1-1"])
def test_what_has_not_the_form_of_an_end_is_told_the_forms(site, given):
    assert said(site.run("create", "alice", "--label", "L", "--expires", given)).startswith(f"--expires {given}: {FORM}")


def test_a_limit_of_disuse_that_cannot_be_is_told_why(site):
    for given in ("36501d", "0d"):
        assert said(site.run("create", "alice", "--label", "L", "--unused", given)) == f"--unused {given}: {WHEN[given]}"
    for given in ("2031-02-30", "soon"):
        assert said(site.run("create", "alice", "--label", "L", "--unused", given)).startswith(f"--unused {given}: {FORM}")


def test_a_network_with_host_bits_is_told_the_one_around_it(site):
    for given, around in (("10.0.0.1/8", "10.0.0.0/8"), ("2001:db8::1/32", "2001:db8::/32"), ("10.0.0.1/31", "10.0.0.0/31")):
        text = said(site.run("create", "alice", "--label", "L", "--from", given))
        assert text.startswith(f"--from {given}: say {around}, or the address alone for that host: bits are set")
        site.create("alice", given, "--from", around)
    for given in ("10.0.0.1/33", "x", "10.0.0.0/", ""):
        assert "say an address or a network without host bits" in said(
            site.run("create", "alice", "--label", "L", "--from", given)
        )


NAME = '1 to 64 printable ASCII characters without space and any of " \\ % / ,'


@pytest.mark.parametrize("given", ["a b", "mail,ssh", "", "o" * 65, "a/b", "a%b"])
def test_what_is_no_name_of_an_app_or_a_service_is_told_the_rule(site, given):
    site.create("alice", "Phone")
    assert said(site.run("create", "alice", "--label", "L", "--app", given)) == f'--app "{given}": say one name, of {NAME}'
    assert said(site.run("check", "alice", "--service", given)) == f'--service "{given}": say one name, of {NAME}'


OUT = ": leave it out"
LABELS = {
    "a\u202eb": "holds a mark that turns the direction of writing" + OUT,
    "a\u2028b": "holds a separator of lines or paragraphs" + OUT,
    "a\tb": "holds a control character, such as a tab or a line end" + OUT,
    "a\u0085b": "holds a control character, such as a tab or a line end" + OUT,
    "a\udcffb": "is not UTF-8: write it in that encoding",
}
# What is said of these is not said beside them.
LABELS_UNSAID = {
    "x" * 65: "has more than 64 characters: write a shorter one",
    "\u00e9" * 65: "has more than 64 characters: write a shorter one",
    "x" * 64 + "\t": "holds a control character, such as a tab or a line end" + OUT,
    "": "is empty: write 1 to 64 characters",
}


def test_what_is_no_label_is_told_the_rule_that_it_breaks(site):
    id = site.create("alice", "Phone")["id"]
    for given, fault in {**LABELS, **LABELS_UNSAID}.items():
        for what, words in (
            ("--label", ["create", "alice", "--label", given]),
            ("the new label", ["label", "alice", id, given]),
            ("--reason", ["revoke", "alice", id, "--reason", given]),
        ):
            text = said(site.run(*words))
            beside = "" if given in LABELS_UNSAID else ' "[^"]*"'
            assert re.fullmatch(f"{what}{beside} {fault}", text), text


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('user_domains = [ "example.org", "a b" ];', 'user_domains holds "a b", and each has 1 to 253 bytes without blanks'),
        ('user_domains = [ "@x" ];', 'user_domains holds "@x", and each has 1 to 253 bytes without blanks'),
        ('guarded = [ "a/b" ];', f'guarded holds "a/b", and each has {NAME}'),
        ('apps: ( { name = "a b"; services = [ "x" ]; } );', f'apps holds an app "a b", and a name has {NAME}'),
    ],
)
def test_a_name_in_the_configuration_that_is_none_is_named_with_its_rule(site, line, why):
    site.configure(line)
    assert why in said(site.run("list"), 6)


def test_a_configuration_without_a_name_is_a_usage_error(site):
    run = site.execute(site.admin, "--config", "", "list")
    assert said(run) == "--config needs a file"


def test_a_command_of_primary_passwords_that_is_not_there_is_named_once(site, primaries):
    primaries.program.unlink()
    text = said(site.run("create", "alice", "--label", "L"), 5)
    assert text.count(str(primaries.program)) == 1 and text.startswith("primary.command "), text


def test_who_is_not_in_what_the_command_says_is_told_so(site, primaries):
    for said_of_her in ("", "alice\tone\nalice\ttwo\n", "alice\t\n"):
        primaries.print(said_of_her)
        text = said(site.run("create", "alice", "--label", "L"), 5)
        assert f"{primaries.program} has printed no line for that name, more than one, or one without a text" in text


def test_check_that_is_given_nothing_says_so_beside_its_verdict(site):
    site.create("alice", "Phone")
    for redirect in ("</dev/null", "<&-"):
        run = site.run("check", "alice", "--service", "imap", prefix=["sh", "-c", f'exec "$@" {redirect}', "sh"])
        assert run.code in (1, 5) and run.err.count("\n") == 1
    run = site.run("check", "alice", "--service", "imap", input="")
    assert (run.code, run.out) == (1, "not-an-app-password\n")
    assert run.err == "asp-admin: no password was given on standard input\n"
    assert site.run("check", "alice", "--service", "imap", input="x").err == ""


def test_who_has_a_store_of_her_own_and_no_shadow_is_told_what_to_set(shared, nobody):
    shared.configure()
    shared.store.mkdir(mode=0o700)
    for path in (shared.folder, shared.conf, shared.store):
        os.chown(path, 65534, 65534)
    for words in (["create", "nobody", "--label", "L"], ["watch", "--once"]):
        text = said(shared.run(*words, prefix=nobody), 5)
        assert re.fullmatch(
            '.*/etc/shadow.*: Permission denied; for a store of your own set primary.source to "none" or "command"', text
        ), text
    shared.configure('primary: { source = "none"; };')
    os.chown(shared.conf, 65534, 65534)
    shared.run("create", "nobody", "--label", "L", prefix=nobody).done()


# Lesson: a snippet that breaks what it is added to.
@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (
            ['hooks: { revoked = "/a"; };', "limit = 2;", "hooks: { timeout = 3; };"],
            "3: hooks is set twice, in line 1 and in line 3: keep one of them, with all that it is to hold",
        ),
        (["limit = 2;", "hooks: {", "timeout = ;", "};"], "3: syntax error, behind hooks.timeout in line 3"),
        (["hooks: {", 'revoked = "bin/hook";', "};"], "2: hooks.revoked must be an absolute path"),
        (["hooks: {", "timeout = 0;", "};"], "2: hooks.timeout must be from 1 to 300"),
        (["hooks: {", "timeout = 5;", 'revoke = "/x";', "};"], "3: hooks.revoke is not a key of this program: did you mean revoked?"),
        (["limt = 3;"], "1: limt is not a key of this program: did you mean limit?"),
        (['hooks.revoked = "/x";'], "1: hooks.revoked: a key of a group stands in its brackets: write hooks: { revoked = ...; };"),
        (["limit = 2;", "log = refused;"], '2: log: a text stands in double quotes: write log = "refused"'),
        (['virtual_users = "yes";'], "1: virtual_users must be true or false, without quotes"),
        (['limit = "25";'], "1: limit must be a whole number, without quotes"),
        (['apps: ( { name = "a"; services = [ 3 ]; } );'], "1: apps.services must hold texts in quotes"),
    ],
)
def test_an_error_of_the_configuration_names_the_key_with_its_groups_and_its_lines(site, lines, why):
    site.conf.write_text("\n".join(lines) + "\n")
    assert said(site.run("list"), 6).startswith(f"{site.conf}:{why}")


@pytest.mark.parametrize("words", ["create fred --label --app mail", "revoke fred --label --reason lost"])
def test_an_option_is_no_value_of_the_one_before(site, words):
    text = site.run(*words.split()).refused(2).err
    assert "--label needs a value behind it, and has --" in text


@pytest.mark.parametrize("typed", ["", "\n"])
def test_check_says_when_no_password_was_given(site, typed):
    site.create("alice")
    run = site.run("check", "alice", "--service", "imap", input=typed)
    assert (run.code, "no password was given" in run.err) == (1, True)


@pytest.mark.of_files("one is named")
def test_a_store_in_a_database_that_was_not_built_or_is_not_named_is_told(site, build):
    code, line = (6, f"{site.conf} names no database: see asp-store(7)")
    if not (build / "tests" / "fleet" / "driver").is_file():
        code, line = (5, "this pam_asp was built without a database")
    for word in ("init", "join", "check", "tidy"):
        assert said(site.run("store", word), code) == line
