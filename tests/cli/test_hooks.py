"""Hooks: programs of the administrator's that are told of what was made and revoked, and that change nothing of it."""

import concurrent.futures
import json
import os
import signal
import threading
import time

import pytest
from support.run import ended

DEFAULTS = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}

# Adds a line to the file `runs` beside it: all that a program can see of how it was started.
RECORD = """#!/usr/bin/python3 -I
import json, os, signal, sys
blocked, ignored = (
    next(line.split()[1] for line in open("/proc/self/status") if line.startswith(name)) for name in ("SigBlk", "SigIgn")
)
# The first two are ignored by Python itself, the last two are glibc's own.
ignored = int(ignored, 16) & ~sum(1 << number - 1 for number in (signal.SIGPIPE, signal.SIGXFSZ, 32, 33))
environment = open("/proc/self/environ").read().rstrip("\\0").split("\\0")
seen = {
    "environment": dict(line.split("=", 1) for line in environment),
    "arguments": sys.argv[1:],
    "input": os.readlink("/proc/self/fd/0"),
    "descriptors": [fd for fd in map(int, os.listdir("/proc/self/fd")) if os.path.exists(f"/proc/self/fd/{fd}")],
    "folder": os.getcwd(),
    "leads": os.getsid(0) == os.getpgid(0) == os.getpid(),
    "blocked": int(blocked, 16),
    "ignored": ignored,
    "umask": os.umask(0),
}
with open(__file__.rpartition("/")[0] + "/runs", "a") as file:
    file.write(json.dumps(seen) + "\\n")
"""


class Hooks:
    """The hooks of a site; both are one program."""

    def __init__(self, site):
        self.site = site
        self.folder = site.folder / "hooks"
        self.folder.mkdir(mode=0o755)
        self.path = self.folder / "hook"
        self.lines = ["virtual_users = true;"]

    def configure(self, *more, path=None, timeout=10):
        path = path or self.path
        hooks = f'hooks: {{ created = "{path}"; revoked = "{path}"; timeout = {timeout}; }};'
        self.site.configure(*self.lines, hooks, *more)

    def write(self, text=RECORD, mode=0o755):
        self.path.write_text(text)
        self.path.chmod(mode)

    def runs(self):
        """What the recorder has seen since last asked."""
        file = self.folder / "runs"
        runs = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
        file.unlink(missing_ok=True)
        return runs

    def environments(self):
        return [{name: value for name, value in run["environment"].items() if name not in DEFAULTS} for run in self.runs()]

    def events(self):
        return [(run["ASP_EVENT"], run["ASP_REASON"], run["ASP_IDS"].split()) for run in self.environments()]


@pytest.fixture
def hooks(site):
    hooks = Hooks(site)
    hooks.write()
    hooks.configure()
    return hooks


@pytest.fixture
def revoked(site, hooks, log):
    """Makes an app password and revokes it with this program for a hook. The revocation is as it is without one;
    returns what the log got of the hook."""

    def revoke(text=None, **options):
        entry = site.create("alice", "Phone", "--app", "mail")
        if text is not None:
            hooks.write(text)
        log.lines()
        lines, over = [], threading.Event()

        def listen():
            # A log that nobody reads is soon full, and then a writer waits.
            while not over.wait(0.01):
                lines.extend(log.lines())

        with concurrent.futures.ThreadPoolExecutor() as pool:
            listening = pool.submit(listen)
            try:
                run = site.run("revoke", "alice", entry["id"], prefix=log.prefix, **options)
            finally:
                over.set()
            listening.result()
        assert (run.code, run.out, run.err) == (0, f"revoked {entry['id']}  Phone\n", "")
        assert site.entry(entry["id"])["state"] == "revoked"
        lines += log.lines()
        assert lines.pop(0).startswith("event=revoked ")
        return lines

    return revoke


def failure(hooks, why):
    return f'hook=revoked user="alice" path="{hooks.path}" failed="{why}"'


# What a hook is told


def test_create_tells_the_hook_of_what_was_created(site, hooks):
    entry = site.create("alice", "Old phone", "--app", "calendar")
    (run,) = hooks.runs()
    services = "caldav carddav radicale nginx apache2 httpd"
    assert run["environment"] == {
        **DEFAULTS,
        "ASP_EVENT": "created",
        "ASP_USER": "alice",
        "ASP_IDS": entry["id"],
        "ASP_LABELS": "Old phone",
        "ASP_APPS": "calendar",
        "ASP_SERVICES": services,
        "ASP_REASON": "",
    }


def test_revoke_tells_the_hook_once_of_all(site, hooks):
    ids = [site.create("alice", label, "--app", "calendar")["id"] for label in ("Ph\u00f6ne = $(id)", 'a "b" \\', "c d")]
    hooks.runs()
    site.run("revoke", "alice", *ids, "--reason", "lost, or so").done()
    (run,) = hooks.environments()
    assert (run["ASP_EVENT"], run["ASP_REASON"]) == ("revoked", "lost, or so")
    assert run["ASP_IDS"].split(" ") == ids
    assert run["ASP_LABELS"].split("\n") == ["Ph\u00f6ne = $(id)", 'a "b" \\', "c d"]
    assert run["ASP_APPS"] == "calendar calendar calendar"
    assert run["ASP_SERVICES"].split(" ") == ["caldav", "carddav", "radicale", "nginx", "apache2", "httpd"]


def test_a_word_that_ends_like_the_name_of_a_variable_stays_one_of_its_own(site, hooks):
    hooks.configure('apps: ( { name = "mail"; services = [ "imap" ]; } );')
    site.create("alice", "1 + 1 =", "--app", "x=")
    site.create("alice", "Phone", "--app", "mail")
    hooks.runs()
    site.run("revoke", "alice", "--all", "--reason", "lost =").done()
    (run,) = hooks.environments()
    assert run["ASP_LABELS"].split("\n") == ["1 + 1 =", "Phone"]
    assert (run["ASP_APPS"], run["ASP_SERVICES"], run["ASP_REASON"]) == ("x= mail", "x= imap", "lost =")


def test_what_is_revoked_already_is_no_event(site, hooks):
    id = site.create()["id"]
    site.run("revoke", "alice", id).done()
    hooks.runs()
    site.run("revoke", "alice", id).done()
    assert hooks.runs() == []


def test_rotate_revokes_and_creates(site, hooks):
    old = site.create("alice", "Phone", "--app", "mail")["id"]
    hooks.runs()
    new = site.json("rotate", "alice", old)["id"]
    assert sorted(hooks.events()) == [("created", "", [new]), ("revoked", "rotated", [old])]


def test_to_renew_a_revoked_one_revokes_nothing_more(site, hooks):
    old = site.create("alice", "Phone", "--app", "mail")["id"]
    site.run("revoke", "alice", old).done()
    hooks.runs()
    new = site.json("rotate", "alice", old)["id"]
    assert hooks.events() == [("created", "", [new])]


def test_refusals_and_other_commands_are_no_events(site, hooks):
    id = site.create()["id"]
    hooks.runs()
    site.run("create", "alice", "--label", "Phone").refused(4)
    site.run("revoke", "alice", "zz").refused(3)
    site.run("label", "alice", id, "New").done()
    site.run("list", "alice").done()
    site.run("check", "alice", "--service", "imap", input="no password")
    site.run("remove", "alice").done()
    assert hooks.runs() == []


def test_a_password_that_nobody_saw_is_no_event(site, hooks):
    with open("/dev/full", "w", encoding="ascii") as full:
        assert site.run("create", "alice", "--label", "Phone", stdout=full).code == 5
    assert hooks.runs() == []


APPS = """apps: ( { name = "mail"; services = [ "imap", "SMTP" ]; }, { name = "web"; services = [ "nginx" ]; } );"""


@pytest.mark.parametrize(
    "app, services",
    [("mail", "imap smtp"), ("any", "imap smtp nginx"), ("first-use", ""), ("exim", "exim")],
)
def test_services_are_those_that_the_app_opens(site, hooks, app, services):
    hooks.configure(APPS)
    site.create("alice", "Phone", "--app", app)
    (run,) = hooks.environments()
    assert (run["ASP_APPS"], run["ASP_SERVICES"]) == (app, services)


def test_services_are_told_once_for_several_entries(site, hooks):
    hooks.configure(APPS)
    for app in ("web", "any", "mail"):
        site.create("alice", app, "--app", app)
    hooks.runs()
    site.run("revoke", "alice", "--all").done()
    (run,) = hooks.environments()
    assert (run["ASP_APPS"], run["ASP_SERVICES"]) == ("web any mail", "nginx imap smtp")


def test_the_service_that_bound_it_is_among_its_services(site, hooks, login):
    password = site.create("alice", "Phone")["password"]
    assert login(password, service="imap") == 0
    # The app has lost this service meanwhile.
    hooks.configure('apps: ( { name = "mail"; services = [ "smtp" ]; } );')
    hooks.runs()
    site.run("revoke", "alice", "--all").done()
    (run,) = hooks.environments()
    assert (run["ASP_APPS"], run["ASP_SERVICES"]) == ("mail", "smtp imap")


@pytest.mark.long
def test_more_labels_than_one_run_can_be_told_of_take_two(site, hooks):
    """500 labels of 256 bytes are more than the kernel hands over in one variable."""
    hooks.lines.append("limit = 500;")
    site.configure("virtual_users = true;", "limit = 500;")
    ids = [site.create("alice", f"{n:03}" + 61 * "\U0001f600")["id"] for n in range(500)]
    hooks.configure()
    site.run("revoke", "alice", "--all").done()
    runs = hooks.environments()
    assert len(runs) == 2
    assert [id for run in runs for id in run["ASP_IDS"].split()] == ids
    assert sum(len(run["ASP_LABELS"].split("\n")) for run in runs) == 500


# What it is run in


def test_it_gets_nothing_of_the_callers(site, hooks):
    reading, writing = os.pipe()
    script = 'cd "$1"; shift; umask 0; trap "" TERM USR1; exec "$@"'
    prefix = ["sh", "-c", script, "sh", site.folder]
    site.run("create", "alice", "--label", "Phone", prefix=prefix, env={"SECRET": "x"}, pass_fds=[reading, writing]).done()
    os.close(reading)
    os.close(writing)
    (run,) = hooks.runs()
    assert "SECRET" not in run["environment"]
    assert run["arguments"] == []
    assert run["input"] == "/dev/null"
    assert run["descriptors"] == [0, 1, 2]
    assert run["folder"] == "/"
    assert run["leads"]
    assert (run["blocked"], run["ignored"]) == (0, 0)
    assert run["umask"] == 0o22


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_it_has_its_own_streams_when_the_caller_has_none(site, hooks, closed):
    id = site.create()["id"]
    hooks.runs()
    site.run("revoke", "alice", id, prefix=["sh", "-c", f'exec "$@" {closed}', "sh"])
    (run,) = hooks.runs()
    assert run["input"] == "/dev/null"
    assert run["descriptors"] == [0, 1, 2]


def test_no_lock_is_held_while_it_runs(site, hooks):
    """The hook itself reads and changes the very account."""
    old, other = (site.create("alice", label)["id"] for label in ("Phone", "Other"))
    command = f"{site.admin} --config {site.conf}"
    hooks.write(
        f"""#!/bin/sh -e
[ "$ASP_REASON" = lost ] || exit 0
{command} list alice >{site.folder}/listed
{command} label alice {other} New
{command} revoke alice {other} --reason 'by the hook'
{command} create alice --label Third --quiet >{site.folder}/created
"""
    )
    begun = time.monotonic()
    site.run("revoke", "alice", old, "--reason", "lost").done()
    assert time.monotonic() - begun < 4
    assert site.states() == [("New", "revoked"), ("Phone", "revoked"), ("Third", "active")]
    assert "Other" in (site.folder / "listed").read_text()


def test_the_password_is_told_before_the_hook_runs(site, hooks):
    hooks.write("#!/bin/sh\nexec sleep 60\n")
    with ended(site.start("create", "alice", "--label", "Phone", "--quiet")) as create:
        assert len(create.stdout.readline().strip()) == 29
        assert create.poll() is None
        create.terminate()
        create.wait(5)


# What goes wrong with it


def test_a_hook_that_does_well_leaves_no_line(revoked):
    assert revoked() == []


def test_one_that_fails_is_logged(hooks, revoked):
    assert revoked("#!/bin/sh\nexit 3\n") == [failure(hooks, "it ended with exit code 3")]


def test_its_end_is_seen_when_the_caller_sees_no_ends(site, hooks, log):
    """Who ignores SIGCHLD has its children ignore it too, and then nobody is told how they ended."""
    prefix = [*log.prefix, "sh", "-c", "trap '' CHLD; exec \"$@\"", "sh"]
    site.run("create", "alice", "--label", "Phone", prefix=prefix).done()
    assert [line for line in log.lines() if line.startswith("hook=")] == []
    assert len(hooks.runs()) == 1


def test_one_that_a_signal_ends_is_logged(hooks, revoked):
    assert revoked("#!/bin/sh\nkill -SEGV $$\n") == [failure(hooks, "it was ended by signal 11")]


def test_one_that_hangs_is_killed_with_all_that_it_has_started(hooks, revoked):
    hooks.configure(timeout=1)
    begun = time.monotonic()
    pids = hooks.folder / "pids"
    lines = revoked(f"#!/bin/sh\ntrap '' TERM INT HUP\nsleep 60 & echo $$ $! >{pids}\nwait\nwait\n")
    assert 1 <= time.monotonic() - begun < 4
    assert lines == [failure(hooks, "it ran for more than 1 s, and was killed")]
    deadline = time.monotonic() + 2
    for pid in pids.read_text().split():
        while os.path.exists(f"/proc/{pid}") and "(zombie)" not in open(f"/proc/{pid}/status", encoding="ascii").read():
            assert time.monotonic() < deadline, "it lives on"
            time.sleep(0.02)


def test_one_that_stops_itself_is_killed(hooks, revoked):
    hooks.configure(timeout=1)
    assert revoked("#!/bin/sh\nkill -STOP $$\n") == [failure(hooks, "it ran for more than 1 s, and was killed")]


def test_what_it_leaves_in_the_background_is_not_waited_for(revoked):
    begun = time.monotonic()
    assert len(revoked("#!/bin/sh\necho said\n(sleep 4; echo more) &\n")) == 1
    assert time.monotonic() - begun < 3


def test_what_it_says_is_logged_line_by_line(hooks, revoked):
    lines = revoked("#!/bin/sh\nprintf 'one\\n\\ntwo \\033[31m\"\\\\\\303\\274\\r\\nthree\\0four'; echo five >&2\n")
    says = [line.removeprefix(f'hook=revoked user="alice" path="{hooks.path}" says=') for line in lines]
    assert sorted(says) == sorted(['"one"', r'"two \x1b[31m\x22\x5c\xc3\xbc\x0d"', '"three"', '"four"', '"five"'])


def test_a_flood_is_heard_to_its_end_and_logged_in_part(hooks, revoked):
    begun = time.monotonic()
    flood = "yes | head -c 50000000; head -c 3000000 /dev/zero | tr '\\0' x >&2"
    lines = revoked(f"#!/bin/sh\n{flood}\ntouch {hooks.folder}/end\n")
    assert time.monotonic() - begun < 10
    assert (hooks.folder / "end").exists()
    assert len(lines) == 201
    assert lines[-1].endswith(' note="it says too much: the rest is not logged"')
    assert max(map(len, lines)) < 1000


@pytest.mark.parametrize("streams", ["", ">&-", "2>&-", ">&- 2>&-"])
def test_one_that_closes_its_streams_is_waited_for(hooks, revoked, streams):
    text = f"#!/bin/sh\nexec {streams}\nsleep 0.5\ntouch {hooks.folder}/end\nexit 4\n"
    assert revoked(text) == [failure(hooks, "it ended with exit code 4")]
    assert (hooks.folder / "end").exists()


def test_one_that_is_not_there_is_logged(hooks, revoked):
    hooks.path.unlink()
    (line,) = revoked()
    assert line == failure(hooks, f"{hooks.path}: No such file or directory")


@pytest.mark.parametrize(
    "mode, why",
    [
        (0o644, "is no program (mode 0644): chmod +x it"),
        (0o775, "can be written by group or others (mode 0775): chmod go-w it"),
        (0o757, "can be written by group or others (mode 0757): chmod go-w it"),
    ],
)
def test_one_with_such_a_mode_is_not_run(hooks, revoked, mode, why):
    hooks.path.chmod(mode)
    assert revoked() == [failure(hooks, f"{hooks.path} {why}")]
    assert hooks.runs() == []


def test_one_in_a_folder_that_others_can_write_is_not_run(hooks, revoked):
    hooks.folder.chmod(0o777)
    assert revoked() == [failure(hooks, f"{hooks.folder} can be written by group or others (mode 0777): chmod go-w it")]
    hooks.folder.chmod(0o755)
    assert hooks.runs() == []


def test_one_below_such_a_folder_is_not_run(site, hooks, revoked):
    inner = hooks.folder / "inner"
    inner.mkdir(mode=0o755)
    hooks.path = inner / "hook"
    hooks.write()
    hooks.configure()
    hooks.folder.chmod(0o777)
    assert revoked() == [failure(hooks, f"{hooks.folder} can be written by group or others (mode 0777): chmod go-w it")]
    assert not (inner / "runs").exists()


def test_a_link_is_not_followed(site, hooks, revoked):
    real = hooks.folder / "real"
    hooks.path.rename(real)
    hooks.path.symlink_to(real)
    assert revoked() == [failure(hooks, f"{hooks.path} is a link, and none is followed: name the real path, {real}")]
    assert hooks.runs() == []


def test_another_users_program_is_not_run(root, hooks, revoked):
    os.chown(hooks.path, 65534, 65534)
    assert revoked() == [failure(hooks, f"{hooks.path} belongs to uid 65534: it must be root's (chown root)")]
    assert hooks.runs() == []


@pytest.mark.parametrize("kind", ["folder", "fifo"])
def test_what_is_no_file_is_not_run(hooks, revoked, kind):
    hooks.path.unlink()
    {"folder": os.mkdir, "fifo": os.mkfifo}[kind](hooks.path)
    assert revoked() == [failure(hooks, f"{hooks.path} is not a plain file")]


@pytest.mark.parametrize("text", ["no magic\n", "#!/nonexistent/interpreter\n", ""])
def test_a_file_that_is_no_program_is_logged(hooks, revoked, text):
    (line,) = revoked(text)
    assert line.startswith(failure(hooks, "it cannot be run: ")[:-1])


def test_a_relative_path_is_an_error_of_the_configuration(site):
    site.configure("virtual_users = true;", 'hooks: { revoked = "bin/hook"; };')
    run = site.run("create", "alice", "--label", "Phone").refused(6)
    assert "must be an absolute path" in run.err


# Signals


def started(process, path, within=10):
    deadline = time.monotonic() + within
    while not path.exists():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_who_ends_asp_admin_ends_the_hook_and_the_revocation_stays(site, hooks, number):
    id = site.create()["id"]
    hooks.write(f"#!/bin/sh\necho $$ >{hooks.folder}/pid\nsleep 60\n")
    with ended(site.start("revoke", "alice", id)) as revoke:
        started(revoke, hooks.folder / "pid")
        time.sleep(0.1)
        revoke.send_signal(number)
        assert revoke.wait(5) == -number
    pid = (hooks.folder / "pid").read_text().strip()
    assert not os.path.exists(f"/proc/{pid}")
    assert site.entry(id)["state"] == "revoked"


@pytest.mark.parametrize("name", ["INT", "TERM"])
def test_a_signal_that_asp_admin_was_started_to_ignore_does_not_end_it(site, hooks, name):
    id = site.create()["id"]
    hooks.write(f"#!/bin/sh\ntouch {hooks.folder}/begun\nsleep 0.5\ntouch {hooks.folder}/end\n")
    with ended(site.start("revoke", "alice", id, prefix=["sh", "-c", f"trap '' {name}; exec \"$@\"", "sh"])) as revoke:
        started(revoke, hooks.folder / "begun")
        revoke.send_signal(getattr(signal, f"SIG{name}"))
        assert revoke.wait(5) == 0
    assert (hooks.folder / "end").exists()


def test_a_lost_terminal_does_not_end_it(site, hooks):
    id = site.create()["id"]
    hooks.write(f"#!/bin/sh\ntouch {hooks.folder}/begun\nsleep 1\ntouch {hooks.folder}/end\n")
    with ended(site.start("revoke", "alice", id)) as revoke:
        started(revoke, hooks.folder / "begun")
        revoke.send_signal(signal.SIGHUP)
        assert revoke.wait(5) == -signal.SIGHUP
    assert (hooks.folder / "end").exists()


# What others have revoked, and left to watch


@pytest.fixture
def primary(site, hooks):
    """Sets what stands for a primary password: with it in a command, watch sees any user's change."""
    source = site.folder / "source"
    program = site.folder / "primaries"
    program.write_text(f"#!/bin/sh\ncat {source}\n")
    program.chmod(0o755)
    hooks.lines.append(f'primary: {{ source = "command"; command = "{program}"; }};')
    hooks.configure()

    def set_primary(**users):
        source.write_text("".join(f"{user}\t{value}\n" for user, value in users.items()))

    return set_primary


def is_due(site, user="alice"):
    return site.account(user).read_text().count(" hook=due ")


def test_create_tells_of_what_a_changed_primary_has_revoked(site, hooks, primary):
    primary(alice="one")
    old = [site.create("alice", label)["id"] for label in ("Phone", "Laptop")]
    hooks.runs()
    primary(alice="two")
    new = site.create("alice", "New")["id"]
    assert sorted(hooks.events()) == [("created", "", [new]), ("revoked", "primary-password", old)]
    assert is_due(site) == 0


def test_it_is_told_also_when_the_new_password_could_not_be_shown(site, hooks, primary):
    primary(alice="one")
    old = site.create()["id"]
    hooks.runs()
    primary(alice="two")
    with open("/dev/full", "w", encoding="ascii") as full:
        assert site.run("create", "alice", "--label", "New", stdout=full).code == 5
    assert hooks.events() == [("revoked", "primary-password", [old])]


def test_watch_tells_once_of_what_a_changed_primary_has_revoked(site, hooks, primary):
    primary(alice="one", bob="one")
    old = [site.create("alice", label)["id"] for label in ("Phone", "Laptop")]
    site.create("bob", "Phone")
    hooks.runs()
    primary(alice="two", bob="one")
    assert site.json("watch", "--once")["changed"] == 1
    assert hooks.events() == [("revoked", "primary-password", old)]
    assert is_due(site) == 0
    site.json("watch", "--once")
    assert hooks.runs() == []


def test_a_watch_that_is_killed_while_the_hook_runs_runs_it_again(site, hooks, primary):
    primary(alice="one")
    old = site.create()["id"]
    hooks.runs()
    primary(alice="two")
    record = hooks.folder / "record"
    record.write_text(RECORD)
    record.chmod(0o755)
    hooks.write(f"#!/bin/sh\n[ -e {hooks.folder}/again ] || {{ touch {hooks.folder}/again; kill -9 $PPID; }}\nexec {record}\n")
    assert site.run("watch", "--once").code == -signal.SIGKILL
    assert is_due(site) == 1
    deadline = time.monotonic() + 5
    while not (first := hooks.events()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    site.json("watch", "--once")
    assert hooks.events() == first == [("revoked", "primary-password", [old])]
    assert is_due(site) == 0
    site.json("watch", "--once")
    assert hooks.runs() == []


def test_one_that_is_due_can_be_renewed_and_stays_due(site, hooks, primary):
    primary(alice="one")
    old = site.create()["id"]
    primary(alice="two")
    hooks.write("#!/bin/sh\nkill -9 $PPID\n")
    assert site.run("watch", "--once").code == -signal.SIGKILL
    hooks.write()
    new = site.json("rotate", "alice", old)["id"]
    assert is_due(site) == 1
    hooks.runs()
    site.json("watch", "--once")
    assert hooks.events() == [("revoked", "primary-password", [old])]
    assert site.entry(new)["state"] == "active"


def test_a_watch_that_is_ended_while_the_hook_runs_leaves_it_due(site, hooks, primary):
    primary(alice="one")
    site.create()
    primary(alice="two")
    hooks.write(f"#!/bin/sh\ntouch {hooks.folder}/begun\nexec sleep 60\n")
    with ended(site.start("watch")) as watch:
        started(watch, hooks.folder / "begun")
        watch.terminate()
        watch.wait(5)
    assert is_due(site) == 1


def test_a_hook_that_fails_is_not_due_any_more(site, hooks, primary):
    primary(alice="one")
    site.create()
    primary(alice="two")
    hooks.write("#!/bin/sh\nexit 1\n")
    site.json("watch", "--once")
    assert is_due(site) == 0


def test_without_a_hook_nothing_is_due(site, hooks, primary):
    primary(alice="one")
    site.create()
    primary(alice="two")
    site.configure(*hooks.lines)
    assert site.json("watch", "--once")["changed"] == 1
    assert site.states() == [("Phone", "revoked")]
    assert is_due(site) == 0


def test_an_entry_that_is_due_stays_until_it_was_told_of(site, hooks, primary):
    """`history` drops the oldest revoked ones, but none that a session may still be open with."""
    hooks.lines.append("history = 0;")
    hooks.configure()
    primary(alice="one")
    old = site.create()["id"]
    hooks.runs()
    primary(alice="two")
    site.json("watch", "--once")
    assert hooks.events() == [("revoked", "primary-password", [old])]
    assert site.entries("alice", "--all") == []


def test_watch_tells_once_of_what_has_just_expired(site, hooks, primary):
    primary(alice="one")
    expired = site.create("alice", "Guest", "--expires", "2s")["id"]
    site.create("alice", "Phone", "--expires", "1h")
    gone = site.create("alice", "Gone", "--expires", "2s")["id"]
    site.run("revoke", "alice", gone).done()
    hooks.runs()
    with ended(site.start("watch")) as watch:
        deadline = time.monotonic() + 8
        while not (told := hooks.events()):
            assert watch.poll() is None and time.monotonic() < deadline
            time.sleep(0.05)
        assert told == [("expired", "expired", [expired])]
        site.run("label", "alice", expired, "Guest of mine").done()
        time.sleep(3)
        assert hooks.runs() == []
    assert site.entry(expired)["revoked"] is None, "time never destroys"


def test_the_user_may_change_while_the_hook_runs(site, hooks, primary):
    """Only what the hook was run for loses its mark."""
    primary(alice="one")
    site.create("alice", "Old")
    primary(alice="two")
    hooks.write(f"#!/bin/sh\n[ $ASP_EVENT = revoked ] || exit 0\ntouch {hooks.folder}/begun\nsleep 1.5\n")
    with ended(site.start("watch", "--once")) as watch:
        started(watch, hooks.folder / "begun")
        new = site.create("alice", "New")
        assert watch.wait(10) == 0
    assert site.entry(new["id"])["state"] == "active"
    assert site.states() == [("New", "active"), ("Old", "revoked")]
    assert is_due(site) == 0
