"""`asp-admin store copy`: a whole store goes from files into a database, and back, on a machine whose module, broker and
tool find it in one of the two at any time, or in none, and never half of it."""

import contextlib
import itertools
import json
import re
import threading

import cluster as clusters
import pytest
from machine import DATABASE
from store import LONG_NAME, encoded, part_of
from support.account_text import lines_of_text, sealed
from support.broker import BrokerMachine
from support.pam_codes import AUTH_ERR, AUTHINFO_UNAVAIL, SUCCESS
from support.passwords import ALPHABET
from support.run import TREE, execute
from support.watch import once

VIRTUAL = 'virtual_users = true;'
NONE = 'primary: { source = "none"; };'
# Every kind of name, each as its file is called.
NAMES = {"alice": "alice", "Carol.Smith@example.org": "Carol.Smith@example.org", "josé m": "jos%C3%A9%20m", ".d": "%2Ed"}
TO_DATABASE, TO_FILES = ("files", "database"), ("database", "files")

names = (f"copied_{number}" for number in itertools.count())


class Machine(BrokerMachine):
    """Its asp.conf names files or the database; what copies is told of both by a file of its own."""

    def begin(self, cluster, *lines):
        """It has files, and an empty database."""
        self.cluster, self.database, self.lines = cluster, cluster.database(next(names)), lines
        cluster.connect(database=self.database).ask(clusters.SCHEMA)
        self.reset()
        self.sandbox.shell("mkdir -p /run/asp").done()
        self.use_files()
        where = DATABASE.format(hosts=f'{{ address = "{cluster.folder}"; }}', name=self.database, wait=5000, fence=10)
        self.sandbox.write("/etc/asp/both.conf", "\n".join(["usage_interval = 0;", *lines, where, ""]))

    def use_files(self):
        self.sandbox.shell("rm -f /var/lib/asp/store-id").done()
        self.configure("usage_interval = 0;", *self.lines)

    def use_database(self):
        self.sandbox.shell("cp /etc/asp/both.conf /etc/asp/asp.conf").done()

    def store(self, *words, prefix=()):
        return self.sandbox.run(*prefix, self.admin, "--config", "/etc/asp/both.conf", "store", *words)

    def copy(self, way, *more):
        return self.store("copy", *way, *more).done().out

    def fails(self, code, way, *more):
        """The last line of what it is refused with."""
        return self.store("copy", *way, *more).refused(code).err.splitlines()[-1].removeprefix("asp-admin: ")

    def ask(self, sql, *values):
        return self.cluster.connect(database=self.database).ask(sql, *values)

    def one(self, sql, *values):
        return self.cluster.connect(database=self.database).one(sql, *values)

    def id(self):
        return self.one("SELECT id::text FROM asp.store")[:8]

    def files(self, *folders):
        """What is in these folders of the store, file by file."""
        script = 'cd /var/lib/asp; find "$@" -type f -exec sha256sum {} + | sort -k2'
        return self.sandbox.shell(script, *(folders or ("users", "used"))).done().out.splitlines()

    def is_open(self):
        """Whether files are, and whether the database is."""
        files = self.sandbox.run("test", "-e", "/var/lib/asp/users").code == 0
        return files, self.one("SELECT oldest FROM asp.store") == 1

    def has(self, path):
        return self.sandbox.run("test", "-e", path).code == 0

    def accounts(self):
        """Of the database: the texts by name."""
        rows = self.ask("SELECT name, body FROM asp.account WHERE body IS NOT NULL")
        return {row["name"]: row["body"].decode() for row in rows}

    def login(self, password, user="alice", host="root"):
        return self.host(host).login(password, "nginx", user).code


@pytest.fixture(scope="module")
def place(layer, build, sandboxes, cluster):
    machine = Machine(layer, build)
    yield machine
    machine.close()


@pytest.fixture
def machine(place, cluster):
    place.begin(cluster, VIRTUAL, NONE)
    return place


@pytest.fixture
def filled(machine):
    """With an account of every kind of name, one of them used, and what a person did to some."""
    machine.password = machine.create("alice", "Phone", "--expires", "90d", "--app", "calendar")
    machine.create("alice", "Tablet")
    machine.create("alice", "Laptop")
    machine.asp_admin("revoke", "alice", "--label", "Laptop").done()
    for user in [*NAMES, LONG_NAME]:
        machine.create(user, "Desk")
    return machine


@pytest.fixture(scope="module")
def killer(tmp_path_factory):
    library = tmp_path_factory.mktemp("kill") / "kill.so"
    execute("cc", "-D_GNU_SOURCE", "-shared", "-fPIC", "-o", library, TREE / "tests" / "fleet" / "kill.c").done()
    return lambda step: ["env", f"LD_PRELOAD={library}", f"ASP_TEST_KILL={step}"]


# There and back


def test_there_it_opens_and_back_it_is_the_same_to_the_byte(filled):
    assert filled.login(filled.password) == SUCCESS
    before = filled.files()
    said = filled.copy(TO_DATABASE)
    assert said == (
        f"copied and compared 5 accounts, with 8 app passwords; they are in the database {filled.id()} from now on, which "
        "asp.conf has to name on each machine\n"
    )
    assert filled.is_open() == (False, True)
    assert set(filled.accounts()) == {*NAMES.values(), encoded(LONG_NAME)}
    assert filled.store("check").done()
    filled.use_database()
    assert filled.json("list", "alice")[0]["last_used"]["service"] == "nginx"
    assert filled.json("list", LONG_NAME)[0]["label"] == "Desk"
    rows = [row for row in json.loads(filled.asp_admin("doctor", "--json").out) if row["check"] == "store"]
    assert [row["ok"] for row in rows] == [True], rows
    said = filled.copy(TO_FILES)
    assert said == (
        "copied and compared 5 accounts, with 8 app passwords; they are in /var/lib/asp from now on, and asp.conf must name "
        "no database any more: then remove /var/lib/asp/store-id\n"
    )
    assert filled.is_open() == (True, False)
    assert filled.files() == before
    assert not filled.has("/var/lib/asp/moved") and not filled.has("/var/lib/asp/users.closed")
    filled.configure("usage_interval = 0;", *filled.lines)
    assert filled.login(filled.password) == AUTHINFO_UNAVAIL
    filled.use_files()
    assert filled.login(filled.password) == SUCCESS


def test_one_is_said_as_one(machine):
    machine.create("alice", "Phone")
    machine.sandbox.shell("cd /var/lib/asp/users && cp alice /run/kept && echo >>alice").done()
    run = machine.store("copy", *TO_DATABASE)
    assert "1 account cannot be read, and nothing is copied: restore it from a backup, or remove it\n" in run.err
    machine.sandbox.shell("cat /run/kept >/var/lib/asp/users/alice").done()
    assert machine.copy(TO_DATABASE).startswith("copied and compared 1 account, with 1 app password; they are in ")


def test_of_large_accounts_there_are_fewer_in_a_page(filled):
    """As large as there may be, and many of them, for who has room for some."""
    filled.copy(TO_DATABASE)
    names = [f"user{number:02}" for number in range(40)]
    filled.ask(
        "INSERT INTO asp.account (part, name, tag, past, body) SELECT part, name, 1, '{1}', convert_to(repeat('x', $3), 'UTF8')"
        " FROM unnest($1::smallint[], $2::text[]) AS made(part, name)",
        [part_of(name) for name in names],
        names,
        8 << 20,
    )
    filled.use_database()
    run = filled.store("copy", *TO_FILES, prefix=("prlimit", f"--data={160 << 20}"))
    assert run.code == 5
    assert sorted(re.findall("(user[0-9]+): it is damaged", run.err)) == names, run


def test_of_accounts_with_many_uses_there_are_fewer_in_a_page(filled):
    """As many as there may be, of all that a page could have."""
    filled.copy(TO_DATABASE)
    body = filled.cluster.connect(database=filled.database).one("SELECT body FROM asp.account WHERE name = 'alice'")
    first, *lines = lines_of_text(bytes(body).decode())
    some = [f"user{number:03}" for number in range(300)]
    filled.ask(
        "INSERT INTO asp.account (part, name, tag, past, body) SELECT part, name, 1, '{1}', body"
        " FROM unnest($1::smallint[], $2::text[], $3::bytea[]) AS made(part, name, body)",
        [part_of(name) for name in some],
        some,
        [sealed([first.replace("alice", name), *lines]) for name in some],
    )
    filled.ask(
        "INSERT INTO asp.used SELECT part, name, id, 1, 2, $4, $5"
        " FROM unnest($1::smallint[], $2::text[]) AS made(part, name), unnest($3::text[]) id",
        [part_of(name) for name in some],
        some,
        [one + other for one in ALPHABET for other in ALPHABET],
        "s" * 64,
        "h" * 160,
    )
    filled.use_database()
    filled.store("copy", *TO_FILES, prefix=("prlimit", f"--data={128 << 20}")).done()


def test_who_copies_into_a_database_has_joined_it_then_and_not_before(filled):
    """Until then the files are those of this machine."""
    filled.copy(TO_DATABASE)
    filled.copy(TO_FILES)
    filled.use_files()
    assert filled.login(filled.password) == SUCCESS
    filled.copy(TO_DATABASE)
    assert f" {filled.id()}" in filled.sandbox.read("/var/lib/asp/store-id")
    filled.use_database()
    with filled.serving():
        assert filled.login(filled.password) == SUCCESS


def test_who_joins_is_told_of_app_passwords_in_files_that_let_nobody_in_any_more(filled):
    def notes():
        return [row["message"] for row in filled.store("join", "--json").document() if row["check"] == "files"]

    assert notes() == [
        "note: the app passwords that are in files in /var/lib/asp let nobody in any more: see From files, and back in "
        "asp-store(7)"
    ]
    assert filled.login(filled.password) == AUTHINFO_UNAVAIL
    filled.copy(TO_DATABASE)
    assert notes() == []


def test_a_machine_of_another_database_does_not_copy_into_this_one(filled):
    filled.store("join").done()
    filled.ask("UPDATE asp.store SET id = gen_random_uuid()")
    assert filled.fails(5, TO_DATABASE).startswith("it is another database than the one that was joined; ")


def test_in_json_it_says_what_it_has_copied(filled):
    told = json.loads(filled.copy(TO_DATABASE, "--json"))
    assert told == {"from": "files", "to": "database", "accounts": 5, "entries": 8, "dropped": 0}


def test_what_was_done_meanwhile_goes_back_too(filled):
    filled.copy(TO_DATABASE)
    filled.use_database()
    with filled.serving():
        assert filled.login(filled.password) == SUCCESS
    made = filled.create("dora", "Phone", "--app", "calendar")
    filled.asp_admin("revoke", "alice", "--label", "Tablet").done()
    filled.asp_admin("remove", ".d").done()
    used = filled.json("list", "alice")[0]["last_used"]
    assert used["service"] == "nginx"
    assert "; took away 1 that were there from before; " in filled.copy(TO_FILES)
    filled.use_files()
    assert filled.json("list", "alice")[0]["last_used"] == used
    assert [entry["state"] for entry in filled.entries()] == ["active", "revoked", "revoked", "active"]
    assert filled.json("list", "dora")[0]["label"] == "Phone"
    assert filled.login(made, "dora") == SUCCESS
    assert not [line for line in filled.files(".") if "%2Ed" in line]
    # And there again.
    filled.copy(TO_DATABASE)
    assert "%2Ed" not in filled.accounts() and "dora" in filled.accounts()


def test_when_it_was_written_is_kept(filled):
    script = "stat -c %.6Y /var/lib/asp/users/alice"
    written = filled.sandbox.shell(script).done().out
    filled.copy(TO_DATABASE)
    told = "SELECT extract(epoch FROM written)::numeric(20, 6)::text FROM asp.account WHERE name = 'alice'"
    assert filled.one(told) == written.strip()
    filled.sandbox.shell("rm -r /var/lib/asp/users.closed/alice").done()
    filled.copy(TO_FILES)
    assert filled.sandbox.shell(script).done().out == written


def test_more_than_a_page_of_them(machine):
    users = [f"u{number}" for number in range(2100)]
    machine.asp_admin("create", "--batch", input="".join(f"{user}\tPhone\n" for user in users)).done()
    before = machine.files()
    machine.copy(TO_DATABASE)
    assert set(machine.accounts()) == set(users)
    assert machine.one("SELECT count(*) FROM asp.account WHERE part <> ALL ($1)", list(range(64))) == 0
    machine.copy(TO_FILES)
    assert machine.files() == before


def test_nobody_who_was_told_that_she_has_one_loses_it(machine):
    """Somebody makes app passwords until the files are closed."""
    machine.create("alice", "Phone")
    made = ["alice"]

    def make():
        for number in itertools.count():
            run = machine.asp_admin("create", f"u{number}", "--label", "Phone")
            if run.code != 0:
                break
            made.append(f"u{number}")

    maker = threading.Thread(target=make)
    maker.start()
    machine.copy(TO_DATABASE)
    maker.join()
    # Of the last one it may have what was not shown.
    assert {user for user, text in machine.accounts().items() if "\naccount=not-yet\n" not in text} == set(made)


# The one that was left


def stays_closed(filled):
    """To everybody, and to each command, which say what has become of it."""
    before = filled.files(".")
    line = f"the app passwords of /var/lib/asp have moved to the database {filled.id()}; name that in asp.conf: see asp-store(7)"
    with filled.serving():
        for host in ("root", "www-data"):
            assert filled.login(filled.password, host=host) == AUTHINFO_UNAVAIL
            assert filled.login("wrong", "nobody", host) == AUTHINFO_UNAVAIL
    assert filled.log_file.messages() and line in filled.log_file.messages()[-1]
    for words in (["create", "erna", "--label", "Phone"], ["revoke", "alice", "--all"], ["remove", "alice"], ["list"]):
        run = filled.asp_admin(*words).refused(5)
        assert line in run.err, run
    rows = [row for row in filled.asp_admin("doctor", "--json").document(1) if row["check"] == "store"]
    assert [row["message"] for row in rows if not row["ok"]] == [line.split(";")[0]]
    assert filled.files(".") == before


def test_files_that_were_left_let_nobody_in_and_are_not_written(filled):
    filled.copy(TO_DATABASE)
    stays_closed(filled)
    assert filled.fails(5, TO_DATABASE) == "the app passwords of /var/lib/asp are in the database already"


def test_nor_do_they_where_something_that_is_installed_makes_their_folder_anew(filled):
    """In an empty one nobody is, and would have no account."""
    filled.copy(TO_DATABASE)
    filled.sandbox.shell("install -d -m 700 /var/lib/asp/users").done()
    stays_closed(filled)
    filled.copy(TO_FILES)
    filled.use_files()
    assert filled.login(filled.password) == SUCCESS


def test_a_database_that_was_left_lets_nobody_in(filled):
    filled.copy(TO_DATABASE)
    filled.copy(TO_FILES)
    filled.use_database()
    with filled.serving():
        for host in ("root", "www-data"):
            assert filled.login(filled.password, host=host) == AUTHINFO_UNAVAIL
            assert filled.login("wrong", "nobody", host) == AUTHINFO_UNAVAIL
    run = filled.asp_admin("create", "erna", "--label", "Phone").refused(5)
    assert "the store was closed: it has moved to another place; have asp.conf name that: see asp-store(7)\n" in run.err
    assert filled.fails(5, TO_FILES).startswith(f"the database {filled.id()} was left: what was in it is in ")


def test_a_machine_does_not_fill_what_another_has_left(filled):
    filled.copy(TO_DATABASE)
    filled.copy(TO_FILES)
    filled.ask("UPDATE asp.lease SET holder = 'mx1:/var/lib/asp', until = now() - interval '1 d' WHERE what = 'copy'")
    assert filled.fails(5, TO_DATABASE) == f"the database {filled.id()} was left: what was in it is in mx1:/var/lib/asp"
    assert filled.is_open() == (True, False)


def test_while_another_machine_copies_none_does(filled):
    filled.ask("SELECT asp.take_lease('copy', 'mx1:/var/lib/asp', 60)")
    assert filled.fails(5, TO_DATABASE) == "the database is being copied by mx1:/var/lib/asp"
    assert filled.is_open() == (True, True)


# A copy that was stopped


@pytest.mark.parametrize("way", [TO_DATABASE, TO_FILES], ids=" to ".join)
def test_killed_at_any_step_it_goes_on_and_nothing_is_lost(filled, killer, way):
    before = filled.files()
    if way == TO_FILES:
        filled.copy(TO_DATABASE)
    for step in itertools.count(1):
        run = filled.store("copy", *way, prefix=killer(step))
        if run.code == 0:
            break
        assert run.code == -9 or run.code == 137, run
        # It is in use where it was, or nowhere: what is half filled is closed.
        files, database = filled.is_open()
        assert not (files and database) or way == TO_DATABASE and not filled.accounts(), step
        again = filled.store("copy", *way)
        assert again.code == 0 or "already" in again.err or "was left" in again.err, (step, again)
        assert filled.is_open() == ((False, True) if way == TO_DATABASE else (True, False)), step
        assert len(filled.accounts()) == 5, step
        if way == TO_DATABASE:
            filled.copy(TO_FILES)
            assert filled.files() == before, step
        else:
            assert filled.files() == before, step
            filled.copy(TO_DATABASE)
        filled.cluster.hang_up()
    assert step > 12


@pytest.fixture
def half_way(filled, killer):
    """Stopped while both are closed."""
    for step in range(1, 30):
        filled.store("copy", *TO_DATABASE, prefix=killer(step))
        if filled.is_open() == (False, False):
            return filled
    raise AssertionError("both were never closed")


def test_one_that_was_stopped_is_not_gone_on_with_by_a_machine_of_the_same_name(half_way):
    half_way.sandbox.shell("mv /var/lib/asp/moved /var/lib/asp/users.closed /tmp; mkdir -m 700 /var/lib/asp/users").done()
    half_way.sandbox.shell("head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \\n' >/etc/machine-id").done()
    half_way.create("carol", "Phone")
    assert " was left: what was in it is in " in half_way.fails(5, TO_DATABASE)
    half_way.sandbox.shell("rm -rf /var/lib/asp/users; mv /tmp/moved /tmp/users.closed /var/lib/asp").done()


def test_one_whose_database_somebody_else_has_opened_leaves_no_files(half_way):
    half_way.ask("DELETE FROM asp.expiry; DELETE FROM asp.account; SELECT asp.close_store(1)")
    run = half_way.store("copy", *TO_DATABASE)
    assert (run.code, run.out) == (5, "")
    assert "was opened by something else than the copy of /var/lib/asp" in run.err
    half_way.ask("SELECT asp.close_store(0)")
    half_way.copy(TO_DATABASE)
    assert len(half_way.accounts()) == 5


def test_what_fails_leaves_it_where_it_was(filled):
    """The database takes none of it any more, when the files are closed."""
    filled.ask("CREATE FUNCTION public.fail() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no''; END'")
    filled.ask("CREATE TRIGGER fail BEFORE UPDATE OF uses_since ON asp.store EXECUTE FUNCTION public.fail()")
    before = filled.files()
    filled.store("copy", *TO_DATABASE).refused(5)
    assert filled.is_open() == (True, False)
    assert filled.files() == before
    assert filled.login(filled.password) == SUCCESS
    filled.ask("DROP TRIGGER fail ON asp.store")
    filled.copy(TO_DATABASE)


# What is not copied


@pytest.mark.parametrize("way", [TO_DATABASE, TO_FILES], ids=" to ".join)
def test_what_is_damaged_is_told_and_nothing_is_closed(filled, way):
    if way == TO_DATABASE:
        filled.sandbox.shell("echo >>/var/lib/asp/users/alice; echo >>/var/lib/asp/users/%2Ed").done()
    else:
        filled.copy(TO_DATABASE)
        filled.ask("UPDATE asp.account SET body = body || '\\x0a' WHERE name IN ('alice', '%2Ed')")
    before = filled.is_open()
    run = filled.store("copy", *way)
    assert (run.code, run.out) == (5, "")
    lines = sorted(line.removeprefix("asp-admin: ") for line in run.err.splitlines())
    assert lines == [
        ".d: it is damaged: its digest does not match",
        "2 accounts cannot be read, and nothing is copied: restore them from a backup, or remove them",
        "alice: it is damaged: its digest does not match",
    ]
    assert filled.is_open() == before


@pytest.mark.parametrize(
    "file, most, advice",
    [
        ("users/alice", 8 << 20, "; restore it from a backup, or drop it with asp-admin remove"),
        ("moved", 512, ""),
    ],
)
def test_a_file_that_is_too_long_is_named(filled, file, most, advice):
    filled.sandbox.shell(f"cd /var/lib/asp; umask 077; truncate -s {most + 1} {file}").done()
    why = f"/var/lib/asp/{file} has {most + 1} bytes, and may have {most}"
    assert filled.fails(5, TO_DATABASE) == f"{why}{advice}"


def test_one_that_was_closed_by_a_later_version_is_not_opened_by_this(filled):
    filled.copy(TO_DATABASE)
    filled.copy(TO_FILES)
    filled.ask("UPDATE asp.store SET schema = 2, before = 2")
    assert filled.fails(5, TO_DATABASE) == "the database is of a later version: upgrade pam_asp on this machine"
    assert filled.is_open() == (True, False)


def test_what_is_there_already_has_to_be_the_same(filled):
    filled.copy(TO_DATABASE)
    filled.copy(TO_FILES)
    filled.use_files()
    filled.ask("SELECT asp.close_store(1)")
    alice = filled.one("SELECT body FROM asp.account WHERE name = 'alice'")
    filled.create("alice", "Watch")
    line = "there are accounts already where the copy is to be, which are not the same: that of alice, for one"
    assert filled.fails(5, TO_DATABASE) == line
    assert filled.fails(5, TO_FILES) == line
    assert filled.is_open() == (True, True)
    assert filled.one("SELECT body FROM asp.account WHERE name = 'alice'") == alice
    filled.asp_admin("remove", "alice").done()
    assert filled.fails(5, TO_DATABASE) == line


@pytest.fixture
def compared(place, cluster):
    """One whose users have their primary passwords in its /etc/shadow."""
    place.begin(cluster, 'primary: { realm = "office"; };')
    place.lines = ()
    place.use_files()
    return place


def test_a_fingerprint_without_a_realm_has_to_be_given_one(compared):
    made = compared.create("bob", "Phone", "--app", "calendar")
    before = compared.files()
    run = compared.store("copy", *TO_DATABASE).refused(2)
    assert run.err.endswith(
        "with which the primary password of bob was compared; if it was that of this machine: asp-admin store"
        " copy files database --realm office --config /etc/asp/both.conf\n"
    )
    assert (compared.is_open(), compared.accounts()) == ((True, True), {})
    compared.copy(TO_DATABASE, "--realm", "office")
    assert "\nprimary=shadow@office," in compared.accounts()["bob"]
    compared.use_database()
    with compared.serving():
        assert compared.login(made, "bob") == SUCCESS
    compared.create("bob", "Tablet")
    compared.copy(TO_FILES)
    compared.use_files()
    assert compared.login(made, "bob") == SUCCESS
    assert compared.files() != before


def examples(word):
    """Of the manual's pieces to type those that have this word, each line of them but those to systemd."""
    text = (TREE / "man" / "asp-store.7").read_text().replace("\\e\n", "")
    pieces = re.findall(r"(?ms)^\.Bd -literal[^\n]*\n(.*?)^\.Ed$", text)
    found = [piece.splitlines() for piece in pieces if word in piece]
    return [[line for line in piece if not line.startswith("systemctl ")] for piece in found]


def test_the_manuals_lines_take_files_along_and_let_all_in_before_and_after(compared):
    made = compared.create("bob", "Phone", "--app", "calendar")
    compared.sandbox.shell("cp /etc/asp/both.conf /etc/asp/fleet.conf").done()
    (there, back), ((last,),) = examples("store copy"), examples("store-id")

    def type_line(line):
        """What a login is answered then."""
        compared.sandbox.shell(line.replace("asp-admin ", f"{compared.admin} ")).done()
        with compared.serving():
            return compared.login(made, "bob")

    assert list(map(type_line, there)) == [AUTHINFO_UNAVAIL, SUCCESS, SUCCESS]
    assert list(map(type_line, back)) == [AUTHINFO_UNAVAIL]
    compared.configure('primary: { realm = "office"; };')
    assert type_line(last) == SUCCESS
    assert compared.create("bob", "Tablet")


# Hooks


def test_what_is_due_is_told_by_the_database_and_to_files_it_goes_when_it_was_heard(machine):
    hook = 'hooks: { revoked = "/etc/asp/hook"; };'
    machine.lines = (*machine.lines, hook)
    machine.use_files()
    machine.sandbox.write("/etc/asp/both.conf", f'{machine.sandbox.read("/etc/asp/both.conf")}\n{hook}\n')
    machine.sandbox.write("/etc/asp/hook", '#!/bin/sh\necho "$ASP_USER $ASP_IDS" >>/run/hook-runs\n', mode="644")
    made = {user: machine.create(user, "Phone")[:2] for user in ("alice", "carol")}
    machine.asp_admin("revoke", "alice", "--all").done()
    machine.asp_admin("remove", "carol").done()
    assert " hook=due " in machine.sandbox.read("/var/lib/asp/users/alice")
    machine.copy(TO_DATABASE)
    assert " hook=due " not in machine.accounts()["alice"] and "carol" not in machine.accounts()
    told = machine.ask("SELECT name, ids, reason FROM asp.ended ORDER BY name")
    assert told == [
        {"name": "alice", "ids": made["alice"], "reason": "admin"}, {"name": "carol", "ids": made["carol"], "reason": "removed"}
    ]
    assert machine.store("check").done()
    machine.use_database()
    assert machine.fails(5, TO_FILES).startswith("this machine has not heard yet of all that was revoked")
    machine.sandbox.run("chmod", "755", "/etc/asp/hook").done()
    once(machine)
    runs = machine.sandbox.read("/run/hook-runs").split("\n")
    assert sorted(filter(None, runs)) == [f"{user} {made[user]}" for user in ("alice", "carol")]
    machine.copy(TO_FILES)
    machine.use_files()
    assert " hook=- " in machine.sandbox.read("/var/lib/asp/users/alice")
    assert not machine.files(".") or not [line for line in machine.files(".") if "/due/" in line]


# Last uses


def test_what_may_have_been_used_counts_from_the_copy_and_from_what_was_lost(filled):
    filled.copy(TO_DATABASE)
    since = "SELECT extract(epoch FROM uses_since)::bigint FROM asp.store"
    copied = filled.one(since)
    assert copied >= filled.one("SELECT extract(epoch FROM at)::bigint FROM asp.pulse") - 60
    filled.ask("UPDATE asp.store SET uses_since = uses_since - interval '30 d'")
    out = filled.sandbox.run(filled.admin, "store", "init", "--sql", "--uses-lost").done().out
    assert out == f"{clusters.SCHEMA}SELECT asp.begin_uses();\n"
    filled.ask(out)
    assert filled.one(since) >= copied


# The line


@pytest.mark.parametrize(
    "words, said",
    [
        (["copy"], "store copy needs from where, and to where: store copy files database, or store copy database files"),
        (["copy", "files", "files"], "store copy needs from where, and to where: store copy files database, or store copy "
         "database files"),
        (["copy", *TO_FILES, "--realm", "a"], "store copy takes --realm on the way from files to the database alone"),
        (["copy", *TO_DATABASE, "--realm", "a b"], "--realm takes a name: 1 to 64 printable ASCII characters without space and "
         "any of \" \\ % / ,"),
        (["join", "--realm", "a"], "store join takes no --realm: store copy does"),
        (["copy", *TO_DATABASE, "--uses-lost"], "store copy takes no --uses-lost: store init does"),
    ],
)
def test_a_line_that_is_wrong_is_told_so(machine, words, said):
    assert machine.store(*words).refused(2).err == f"asp-admin: {said}\n"
