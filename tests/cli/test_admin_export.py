"""export and import: what is exported and imported is the same account, its app passwords go on working, and nothing that
is not well-formed is stored."""

import fcntl
import json
import os
import re
import stat
import struct
import termios

import pytest
from support.documents import DAY
from support.passwords import PASSWORD
from support.run import execute
from support.wait import wait_until

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


# An app password of somebody else: one of hers may have the same id.
NOT_HERS = ("not-an-app-password", "wrong-secret")


def export(site, *users, **options):
    return site.run("export", *users, **options).done().out


def import_(site, text, *words, **options):
    return site.run("import", *words, input=text, **options)


@pytest.fixture
def full(site, clock, login):
    """A store in which all that can be stored of entries is: limits, a binding, uses, revocations, a replacement."""
    site.configure("virtual_users = true;", "usage_interval = 0;")
    site.create("alice", "Unused", "--unused", "1d", env=clock(-2 * DAY))
    made = site.create("alice", "Büro 😀 \"x\" \\", "--from", "192.0.2.0/24", "--from", "2001:db8::1", "--expires", "30d")
    assert login(made["password"], rhost="192.0.2.7") == 0
    site.create("alice", "Expired", "--app", "any", "--expires", "1h", env=clock(-DAY))
    old = site.create("alice", "Old", "--app", "mail")
    assert login(old["password"]) == 0
    site.run("rotate", "alice", old["id"]).done()
    gone = site.create("alice", "Gone")
    site.run("revoke", "alice", gone["id"], "--reason", "lost").done()
    for user in ("bob", "jürgen", "a" * 254, "o'x\"y\\z"):
        site.create(user, "Phone", "--app", "mail")
    site.bob = site.create("bob", "Tablet", "--app", "mail")
    return site


@pytest.fixture
def other(full, make_site, tmp_path):
    """Another machine."""
    (tmp_path / "other").mkdir()
    site = make_site(tmp_path / "other")
    site.configure("virtual_users = true;", "usage_interval = 0;")
    return site


def test_what_was_imported_is_exported_to_the_byte(full, other):
    text = export(full)
    assert import_(other, text).done().out.count("imported ") == 5
    assert export(other) == text
    for user in ("alice", "bob", "jürgen", "a" * 254, "o'x\"y\\z"):
        assert other.entries(user, "--all") == full.entries(user, "--all")
        assert other.json("history", user) == full.json("history", user)
    assert other.texts() == full.texts()


def test_where_there_is_nothing_to_import_it_is_said(other):
    """What was to write it may have failed, on another machine: a pipe tells nobody."""
    run = import_(other, "").done()
    assert (run.out, run.err.splitlines()[-1]) == ("", "asp-admin: note: there was nothing to import")
    assert import_(other, "", "--json").done().out == "[]\n"


def test_what_was_imported_goes_on_working(full, other, login):
    import_(other, export(full)).done()
    assert other.check(full.bob["password"], "bob") == "accepted"
    assert other.check(full.bob["password"], "alice") in NOT_HERS
    assert other.check(full.bob["password"], "bob", "sshd") == "wrong-app"
    other.run("revoke", "bob", full.bob["id"]).done()
    assert other.check(full.bob["password"], "bob") == "revoked"


def test_states_and_last_uses_travel(full, other):
    import_(other, export(full)).done()
    assert ("Unused", "unused") in other.states() and ("Expired", "expired") in other.states()
    assert [e["last_used"] for e in other.entries("alice", "--all")] == [
        e["last_used"] for e in full.entries("alice", "--all")
    ]
    assert any(e["last_used"] and e["last_used"]["rhost"] == "192.0.2.7" for e in other.entries())


def test_there_is_no_secret_in_it_and_each_account_is_a_line(full):
    text = export(full)
    lines = [json.loads(line) for line in text.splitlines()]
    assert [line["user"] for line in lines] == sorted(line["user"] for line in lines) and len(lines) == 5
    assert text.isascii()
    assert not PASSWORD.search(text)
    assert full.bob["password"].replace("-", "")[2:] not in text


def test_of_what_a_command_says_of_primary_passwords_nothing_is_exported(site, primaries):
    """It need not be hard to guess, and its key stands beside it."""
    primaries.say({"alice": "hunter2"})
    made = site.create("alice", "Phone")
    assert "primary=command," in site.text("alice")
    text = export(site)
    assert json.loads(text)["primary"] is None and not re.search("[0-9a-f]{64}", text)
    site.clear()
    primaries.say({"alice": "another"})
    import_(site, text).done()
    assert site.check(made["password"]) == "accepted"
    site.run("watch", "--once").done()
    assert site.states() == [("Phone", "active")]
    primaries.say({"alice": "changed"})
    site.run("watch", "--once").done()
    assert site.states() == [("Phone", "revoked")]


def test_what_a_command_does_not_know_is_refused(site, primaries):
    primaries.say({"alice": "one", "bob": "two"})
    for user in ("alice", "bob"):
        site.create(user, "Phone")
    text = export(site)
    site.clear()
    primaries.say({"bob": "two"})
    run = import_(site, text)
    assert run.code == 1 and "line 1: nothing can be told of the primary password of alice" in run.err, run
    assert [row["user"] for row in site.json("list")] == ["bob"]


def test_users_can_be_named(full):
    assert [json.loads(line)["user"] for line in export(full, "jürgen", "alice", "alice").splitlines()] == ["alice", "jürgen"]
    run = full.run("export", "bob", "stranger", "*")
    assert run.code == 3 and [json.loads(line)["user"] for line in run.out.splitlines()] == ["bob"], run
    assert "stranger has no app passwords" in run.err and "well-formed" in run.err


@pytest.mark.parametrize("words, code, said", [(("alice", "bob"), 3, "asp-admin: bob has no app passwords\n"), ((), 0, "")])
def test_who_is_removed_meanwhile_is_told_of_where_she_was_named(site, tmp_path, words, code, said):
    """It waits with her line before it reads the next one's account."""
    for label in map(str, range(15)):
        site.create("alice", label)
    site.create("bob")
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, 4096)
    with site.start("export", *words, prefix=("sh", "-c", 'exec "$@" >"$0"', fifo)) as export:
        wait_until(lambda: struct.unpack("i", fcntl.ioctl(reader, termios.FIONREAD, bytes(4)))[0] == 4096)
        site.run("remove", "bob").done()
        os.set_blocking(reader, True)
        with open(reader) as file:
            (line,) = file
        assert json.loads(line)["user"] == "alice"
        assert (export.wait(10), export.stderr.read().decode()) == (code, said)


def test_a_damaged_account_is_told_of_and_hides_no_other(full):
    full.put("bob", b"damaged\n")
    run = full.run("export")
    assert run.code == 5 and len(run.out.splitlines()) == 4 and "bob" in run.err, run


def test_what_is_pending_is_not_exported(full):
    reader, writer = os.pipe()
    os.close(reader)
    full.run("create", "alice", "--label", "Never shown", stdout=writer)
    os.close(writer)
    before = export(full)
    assert "Never shown" not in before
    assert len(json.loads(before.splitlines()[1])["entries"]) == full.text("alice").count("\nid=")


@pytest.mark.parametrize(("mode", "begins"), [(0o644, ""), (0o640, ""), (0o644, "old\n")])
def test_a_file_that_others_could_read_is_closed_to_them_or_told_of(full, tmp_path, mode, begins):
    path = tmp_path / "dump"
    path.write_text(begins)
    path.chmod(mode)
    with open(path, "a", encoding="utf-8") as file:
        run = full.run("export", stdout=file).done()
    assert "others had rights" in run.err or begins
    assert "others have rights" in run.err or not begins
    assert stat.S_IMODE(path.stat().st_mode) == (mode if begins else 0o600)
    path.chmod(0o600)
    with open(path, "w", encoding="utf-8") as file:
        assert full.run("export", stdout=file).done().err == ""


def test_an_account_that_is_there_is_kept(full):
    text = export(full)
    full.run("revoke", "bob", "--all").done()
    before = full.kept()
    run = import_(full, text).done()
    assert run.out.count("kept ") == 5 and "kept bob: there is an account, and it is as it was\n" in run.out
    assert full.kept() == before


def test_who_is_kept_need_not_be_known(full):
    text = export(full, "bob")
    full.configure("")
    assert "kept bob" in import_(full, text).done().out
    assert "the system knows no user bob" in import_(full, text, "--replace").err


def test_replace_puts_it_in_its_place(full, other):
    text = export(full)
    other.create("bob", "New")
    other.create("carol", "Hers")
    run = import_(other, text, "--replace").done()
    assert "replaced bob: 2 app passwords, 2 of them active\n" in run.out and run.out.count("imported ") == 4
    assert other.entries("bob", "--all") == full.entries("bob", "--all")
    assert other.states("carol") == [("Hers", "active")]
    assert export(other, "alice", "bob") == export(full, "alice", "bob")


def test_the_hook_ends_what_was_open_with_what_is_gone(site, hooks):
    kept = site.create("alice", "Kept")
    text = export(site)
    gone = site.create("alice", "Gone")
    hooks.runs()
    import_(site, text, "--replace").done()
    assert hooks.events() == [("revoked", "removed", [gone["id"]])]
    assert site.check(kept["password"]) == "accepted"
    assert site.check(gone["password"]) == "not-an-app-password"
    import_(site, text, "--replace").done()
    site.run("watch", "--once").done()
    assert hooks.runs() == []


def test_a_hook_that_was_due_stays_due_and_none_travels(site, hooks):
    gone = site.create("alice", "Gone")
    hooks.runs()
    hooks.write("exit", mode=0o644)  # it cannot be started
    site.run("revoke", "alice", gone["id"]).done()
    text = export(site)
    assert "hook" not in text
    import_(site, text, "--replace").done()
    hooks.write()
    site.run("watch", "--once").done()
    assert hooks.events() == [("revoked", "admin", [gone["id"]])]


def test_the_hook_is_run_for_what_the_export_has_as_revoked(site, hooks):
    made = site.create("alice", "Phone")
    alive = export(site)
    site.run("revoke", "alice", made["id"], "--reason", "lost").done()
    revoked = export(site)
    hooks.runs()
    import_(site, alive, "--replace").done()
    assert site.check(made["password"]) == "accepted" and hooks.runs() == []
    import_(site, revoked, "--replace").done()
    assert hooks.events() == [("revoked", "lost", [made["id"]])]
    assert site.check(made["password"]) == "revoked"


def test_changes_are_in_the_log(site, log):
    text = (site.create("alice", "Kept"), export(site))[1]
    gone = site.create("alice", "Gone")
    site.create("bob", "Phone")
    site.run("import", "--replace", input=text, prefix=log.prefix).done()
    lines = log.lines()
    assert [re.match(r"event=(\S+)", line)[1] for line in lines] == ["revoked", "imported"]
    assert f'id={gone["id"]} label="Gone" reason="removed"' in lines[0] and 'user="alice"' in lines[1]


def test_a_line_that_fails_is_told_by_its_number_and_the_others_go_on(full, other):
    lines = export(full, "alice", "bob", "jürgen").splitlines()
    text = "\n".join(["no account", lines[0], "", '{"asp_export":2,"new":1}', lines[1][:-2], lines[2], "x\0y", lines[0]])
    run = import_(other, text)
    assert run.code == 1, run
    assert [int(n) for n in re.findall(r"^asp-admin: line (\d+): ", run.err, re.MULTILINE)] == [1, 4, 5, 7]
    assert "written by a newer version, in the form 2: upgrade this one" in run.err
    assert run.err.endswith("asp-admin: accounts that were not imported: 4\n")
    assert [line.split()[0:2] for line in run.out.splitlines()] == [["imported", "alice:"], ["imported", "jürgen:"], ["kept", "alice:"]]
    assert [row["user"] for row in other.json("list")] == ["alice", "jürgen"]


def test_the_document_says_what_came_of_each(full, other):
    text = export(full, "bob", "jürgen") + "x\n"
    other.create("jürgen", "His")
    run = import_(other, text, "--json")
    assert run.code == 1
    assert json.loads(run.out) == [
        {"line": 1, "user": "bob", "result": "imported", "entries": 2, "active": 2},
        {"line": 2, "user": "jürgen", "result": "kept", "entries": None, "active": None},
        {"line": 3, "user": None, "result": "failed", "entries": None, "active": None},
    ]


def test_who_the_system_does_not_know_is_refused_as_by_create(full, other):
    text = export(full, "bob")
    other.configure("")
    run = import_(other, text)
    assert "the system knows no user bob" in run.err
    assert f"for one that only a service knows: asp-admin import --virtual --config {other.conf}\n" in run.err, run
    (result,) = json.loads(import_(other, text, "--json").out)
    assert (result["user"], result["result"]) == ("bob", "failed")
    assert other.json("list") == []
    import_(other, text, "--virtual").done()
    assert other.check(full.bob["password"], "bob") == "accepted"


def test_another_spelling_of_somebody_is_refused(full, other, directory):
    text = export(full, "bob")
    other.configure("")
    directory.knows("bob", "robert")
    for words, why in (([], "bob is another spelling of robert here"), (["--virtual"], "another spelling of robert")):
        run = import_(other, text, *words, env=directory.environment)
        assert run.code == 1 and why in run.err, run
    assert other.json("list") == []


def test_an_output_that_fails_ends_it_and_says_where(full, other):
    run = import_(other, export(full), prefix=["sh", "-c", 'exec "$@" >/dev/full', "sh"])
    assert run.code == 5 and "the account is imported" in run.err, run
    assert "nothing was imported of what stands behind line 1" in run.err
    assert len(other.json("list")) == 1


def test_a_name_that_is_no_utf_8_travels_too(site, make_site, tmp_path):
    made = site.create("j\udcfcrgen", "Phone")
    text = export(site)
    assert json.loads(text)["user"] == {"hex": "j\udcfcrgen".encode("utf-8", "surrogateescape").hex()}
    site.clear()
    import_(site, text).done()
    assert site.check(made["password"], "j\udcfcrgen") == "accepted"
    assert export(site) == text


def test_an_older_history_is_cut_as_ever(full, other):
    other.configure("virtual_users = true;", "history = 1;")
    assert "imported alice: 5 app passwords, " in import_(other, export(full, "alice")).done().out
    assert len(other.entries("alice", "--all")) == 5
    assert [entry["label"] for entry in other.entries("alice", "--all") if entry["state"] == "revoked"] == ["Gone"]


def test_many_accounts_are_not_held_in_memory(site, tmp_path):
    """Less memory than would hold the lines of all."""
    networks = [word for n in range(32) for word in ("--from", f"2001:db8:1111:2222:3333:4444:5555:66{n:02x}")]
    site.create("alice", "L" * 64, *networks)
    document = json.loads(export(site))
    (entry,) = document["entries"]
    ids = [a + b for a in ALPHABET for b in ALPHABET][:60]
    document["entries"] = [{**entry, "id": id, "label": "L" * 62 + id} for id in ids]
    line = json.dumps(document)
    users = [f"user{n}" for n in range(150)]
    import_(site, "".join(line.replace('"alice"', f'"{user}"', 1) + "\n" for user in users)).done()
    limit = len(users) * len(line) // 2
    with open(tmp_path / "dump", "w", encoding="utf-8") as file:
        site.run("export", *users, prefix=["prlimit", f"--data={limit}"], stdout=file).done()
    assert (tmp_path / "dump").stat().st_size > limit


# What no store has

PRIMARY = "shadow," + "0" * 64 + "," + "f" * 64


def changed(document, path, value):
    """A copy in which the member at that path is another, or is not there."""
    copy = json.loads(json.dumps(document))
    place = copy
    for step in path[:-1]:
        place = place[step]
    if value is GONE:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return copy


GONE = object()
ENTRY = ("entries", 0)
WRONG = [
    (("user",), ""),
    (("user",), None),
    (("user",), "*"),
    (("user",), "../x"),
    (("user",), " bob"),
    (("user",), "x" * 255),
    (("user",), 7),
    (("user",), {"hex": "626f62"}),
    (("user",), {"hex": "FC"}),
    (("user",), {"hex": "fc", "more": 1}),
    (("user",), {"hex": "fc00"}),
    (("user",), "b\0b"),
    (("user",), GONE),
    (("more",), 1),
    (("primary",), "shadow"),
    (("primary",), "-"),
    (("primary",), "shadow,none\n"),
    (("primary",), PRIMARY[:-1]),
    (("primary",), "command," + PRIMARY[7:]),
    (("primary",), ["x"]),
    (("uses_since",), "yesterday"),
    (("uses_since",), 0),
    (("uses_since",), None),
    (("entries",), {}),
    (("entries",), None),
    (("asp_export",), 0),
    (("asp_export",), "1"),
    (("asp_export",), GONE),
    ((*ENTRY,), None),
    ((*ENTRY, "id"), "il"),
    ((*ENTRY, "id"), "7"),
    ((*ENTRY, "id"), "7kk"),
    ((*ENTRY, "id"), GONE),
    ((*ENTRY, "more"), 1),
    ((*ENTRY, "label"), ""),
    ((*ENTRY, "label"), "x" * 65),
    ((*ENTRY, "label"), "\u001b[2J"),
    ((*ENTRY, "label"), "a\u202eb"),
    ((*ENTRY, "app"), "a b"),
    ((*ENTRY, "app"), "x" * 65),
    ((*ENTRY, "created"), None),
    ((*ENTRY, "created"), "2026-13-01T00:00:00Z"),
    ((*ENTRY, "created"), "2026-01-01T00:00:00+00:00"),
    ((*ENTRY, "created_by"), "a\nb"),
    ((*ENTRY, "created_by"), "x" * 208),
    ((*ENTRY, "bound"), {"time": None, "service": "imap"}),
    ((*ENTRY, "bound"), {"time": "2026-01-01T00:00:00Z", "service": "a b"}),
    ((*ENTRY, "bound"), {"time": "2026-01-01T00:00:00Z"}),
    ((*ENTRY, "expires"), "never"),
    ((*ENTRY, "unused"), 0),
    ((*ENTRY, "unused"), -1),
    ((*ENTRY, "unused"), 1.5),
    ((*ENTRY, "unused"), 2**62),
    ((*ENTRY, "networks"), None),
    ((*ENTRY, "networks"), ["192.0.2.1/24"]),
    ((*ENTRY, "networks"), ["192.0.2.1/32"]),
    ((*ENTRY, "networks"), ["192.0.2.1"] * 33),
    ((*ENTRY, "networks"), [1]),
    ((*ENTRY, "last_used"), {"time": None, "service": "imap", "rhost": None}),
    ((*ENTRY, "last_used"), {"time": "2026-01-01T00:00:00Z", "service": "", "rhost": None}),
    ((*ENTRY, "last_used"), {"time": "2026-01-01T00:00:00Z", "service": "imap", "rhost": "a b"}),
    ((*ENTRY, "last_used"), {"time": "2026-01-01T00:00:00Z", "service": "imap", "rhost": "x" * 161}),
    ((*ENTRY, "revoked"), {"time": "2026-01-01T00:00:00Z", "by": "x", "reason": "", "replaced_by": None}),
    ((*ENTRY, "revoked"), {"time": "2026-01-01T00:00:00Z", "by": "x", "reason": "x", "replaced_by": "il"}),
    ((*ENTRY, "revoked"), {"time": None, "by": "x", "reason": "x", "replaced_by": None}),
    ((*ENTRY, "verifier"), "$1$salt$hash"),
    ((*ENTRY, "verifier"), "$argon2id$v=19$m=99999999,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
    ((*ENTRY, "verifier"), None),
]


def test_whatever_is_not_well_formed_is_refused_and_leaves_nothing(full, other):
    """In one run: each line is wrong in one place."""
    good = json.loads(export(full, "bob"))
    good["entries"][0]["last_used"] = {"time": "2026-01-01T00:00:00Z", "service": "imap", "rhost": None}
    other.create("carol", "Hers")
    lines = [json.dumps(changed(good, path, value)) for path, value in WRONG]
    lines.append(json.dumps({**good, "entries": good["entries"][:1] * 2}))
    lines.append(json.dumps(good).replace('"user"', '"user": "eve", "user"', 1))
    lines.append(json.dumps(good)[:-1])
    lines.append(json.dumps(good) + "{}")
    run = import_(other, "\n".join(lines), "--replace")
    assert run.code == 1 and run.out == "", run
    said = dict(re.findall(r"^asp-admin: line (\d+): (.+)$", run.err, re.MULTILINE))
    assert sorted(map(int, said)) == list(range(1, len(lines) + 1)), set(range(1, len(lines) + 1)) - set(map(int, said))
    assert run.err.replace("\n", "").isprintable()
    assert [row["user"] for row in other.json("list")] == ["carol"]
    assert import_(other, json.dumps(good)).done().out == "imported bob: 2 app passwords, 2 of them active\n"


def argon2id(memory, passes):
    return f"$argon2id$v=19$m={memory},t={passes},p=1${'A' * 22}${'A' * 43}"


@pytest.mark.parametrize(
    ("memory", "passes", "setting"),
    [(1048576, 10, "memory = 1048576; passes = 10;"), (19457, 1, "memory = 19457; passes = 2;"), (8192, 3, "memory = 19456; passes = 3;")],
)
def test_what_costs_more_at_each_login_than_is_set_here_is_refused(full, other, memory, passes, setting):
    document = json.loads(export(full, "bob"))
    line = json.dumps(changed(document, (*ENTRY, "verifier"), argon2id(memory, passes)))
    run = import_(other, line)
    assert run.code == 1 and f"set in asp.conf hash: {{ {setting} }};" in run.err, run
    assert f"line 1: each login that names the app password {document['entries'][0]['id']} of bob would cost more" in run.err
    assert other.json("list") == []
    other.configure("virtual_users = true;", f"hash: {{ {setting} }};")
    assert import_(other, line).done().out.startswith("imported bob: 2 ")


def test_what_costs_as_much_as_asp_conf_has_by_itself_is_taken_whatever_it_says(full, other):
    line = json.dumps(changed(json.loads(export(full, "bob")), (*ENTRY, "verifier"), argon2id(19456, 2)))
    other.configure("virtual_users = true;", 'hash: { scheme = "argon2id"; memory = 8192; passes = 1; };')
    assert import_(other, line).done().out.startswith("imported bob: 2 ")


def test_two_that_work_have_two_labels(full, other):
    document = json.loads(export(full, "bob"))
    first, second = (entry["id"] for entry in document["entries"])
    document = changed(document, ("entries", 1, "label"), "Phone")
    run = import_(other, json.dumps(document))
    assert run.code == 1 and f"line 1: the label of {second} is that of {first}" in run.err, run
    assert other.json("list") == []
    document = changed(document, (*ENTRY, "expires"), "2026-01-01T00:00:00Z")
    assert import_(other, json.dumps(document)).done().out.startswith("imported bob: 2 app passwords, 1 of them active")


@pytest.mark.parametrize(("app", "meant"), [("ANY", "any"), ("First-Use", "first-use"), ("IMAP", "imap"), ("Mail", "mail")])
def test_an_app_in_a_spelling_that_opens_nothing_is_refused(full, other, app, meant):
    other.configure("virtual_users = true;", 'apps: ( { name = "mail"; services = [ "imap" ]; } );')
    document = changed(json.loads(export(full, "bob")), (*ENTRY, "app"), app)
    run = import_(other, json.dumps(document))
    assert run.code == 1 and f"is {app}, which opens nothing: that of this name is written {meant}" in run.err, run
    assert other.json("list") == []
    assert import_(other, json.dumps(changed(document, (*ENTRY, "app"), meant))).done().err == ""


def test_an_app_that_may_come_is_taken_as_it_is_spelt(full, other):
    document = changed(json.loads(export(full, "bob")), (*ENTRY, "app"), "Wiki")
    assert "there is no app Wiki here" in import_(other, json.dumps(document)).done().err
    assert [entry["app"] for entry in other.entries("bob")] == ["Wiki", "mail"]


def test_a_file_that_is_named_is_an_argument_too_much(site):
    run = site.run("import", "dump").refused(2)
    assert "import reads standard input and takes no arguments: asp-admin import" in run.err


def test_a_line_without_an_end_is_bounded(other):
    run = execute("sh", "-c", 'head -c 6300000 /dev/zero | tr "\\0" " " | "$@"', "sh", *other.argv("import"), input=None)
    assert run.code == 1 and "more than 6 MiB" in run.err, run


@pytest.mark.parametrize("values", ["{},", "[],", "0,", '"\\"",'])
def test_a_line_of_many_values_takes_no_memory_for_each(other, values):
    line = '{"asp_export":1,"entries":[' + values * (6000000 // len(values)) + "0]}"
    run = import_(other, line, prefix=["prlimit", f"--data={64 * 1024 * 1024}"])
    assert run.code == 1 and "line 1: it has more values than any account" in run.err, run


def test_the_largest_account_fits_in_a_line(full, other):
    """Each text as long as it can be, in what takes most to write it, and as many of all as there can be."""
    document = json.loads(export(full, "bob"))
    when, wide = "2026-01-01T00:00:00Z", "\U0001f600"
    entry = {
        **document["entries"][0],
        "label": wide * 64,
        "app": "x" * 64,
        "created_by": "é" * 103,
        "bound": {"time": when, "service": "x" * 64},
        "expires": "2100-01-01T00:00:00Z",
        "unused": 999999999,
        "networks": [f"2001:db8:1111:2222:3333:4444:{n:04x}:5500/120" for n in range(0x1000, 0x1020)],
        "last_used": {"time": when, "service": "x" * 64, "rhost": "x" * 160},
        "revoked": {"time": when, "by": "é" * 103, "reason": wide * 64, "replaced_by": "00"},
        "verifier": argon2id(19456, 2),
    }
    document["entries"] = [{**entry, "id": a + b} for a in ALPHABET for b in ALPHABET]
    document["uses_since"] = when
    other.configure("virtual_users = true;", "history = 500;")
    line = json.dumps(document, separators=(",", ":"))
    assert import_(other, line).done().out.startswith("imported bob: 500 ")
