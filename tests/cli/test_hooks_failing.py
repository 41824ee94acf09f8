"""Hooks that fail, hang, say too much or are not to be trusted: each is logged, and what was revoked stays revoked."""

import concurrent.futures
import os
import signal
import threading
import time

import pytest
from support.processes import lives
from support.run import ended
from support.wait import LONG, wait_for_file, wait_until


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
                site.hear(log.prefix)
            finally:
                over.set()
            listening.result()
        assert (run.code, run.out, run.err) == (0, f"revoked {entry['id']}  Phone\n", "")
        assert site.entry(entry["id"])["state"] == "revoked"
        lines += log.lines()
        assert lines.pop(0).startswith("event=revoked ")
        return lines

    return revoke


by_the_command = pytest.mark.of_files("with a database no command runs hooks.revoked, but the watch of each machine")


def failure(hooks, why):
    return f'hook=revoked user="alice" path="{hooks.path}" failed="{why}"'


# What goes wrong with it


def test_a_hook_that_does_well_leaves_no_line(revoked):
    assert revoked() == []


def test_a_hook_that_fails_is_logged(hooks, revoked):
    assert revoked("#!/bin/sh\nexit 3\n") == [failure(hooks, "it ended with exit code 3")]


def test_the_end_of_a_hook_is_seen_when_the_caller_ignores_its_children(site, hooks, log):
    """Who ignores SIGCHLD has its children ignore it too, and then nobody is told how they ended."""
    prefix = [*log.prefix, "sh", "-c", "trap '' CHLD; exec \"$@\"", "sh"]
    site.run("create", "alice", "--label", "Phone", prefix=prefix).done()
    assert [line for line in log.lines() if line.startswith("hook=")] == []
    assert len(hooks.runs()) == 1


def test_a_hook_that_a_signal_ends_is_logged(hooks, revoked):
    assert revoked("#!/bin/sh\nkill -SEGV $$\n") == [failure(hooks, "it was ended by signal 11")]


def test_a_hook_that_hangs_is_killed_with_all_that_it_has_started(hooks, revoked):
    hooks.configure(timeout=1)
    begun = time.monotonic()
    pids = hooks.folder / "pids"
    lines = revoked(f"#!/bin/sh\ntrap '' TERM INT HUP\nsleep 60 & echo $$ $! >{pids}\nwait\nwait\n")
    assert 1 <= time.monotonic() - begun < 20
    assert lines == [failure(hooks, "it ran for more than 1 s, and was killed")]
    wait_until(lambda: not any(map(lives, pids.read_text().split())), "they live on")


def test_a_hook_that_stops_itself_is_killed(hooks, revoked):
    hooks.configure(timeout=1)
    assert revoked("#!/bin/sh\nkill -STOP $$\n") == [failure(hooks, "it ran for more than 1 s, and was killed")]


def test_what_a_hook_leaves_in_the_background_is_not_waited_for(revoked):
    begun = time.monotonic()
    assert len(revoked("#!/bin/sh\necho said\n(sleep 30; echo more) &\n")) == 1
    assert time.monotonic() - begun < 20


def test_what_a_hook_says_is_logged_line_by_line(hooks, revoked):
    lines = revoked("#!/bin/sh\nprintf 'one\\n\\ntwo \\033[31m\"\\\\\\303\\274\\r\\nthree\\0four'; echo five >&2\n")
    says = [line.removeprefix(f'hook=revoked user="alice" path="{hooks.path}" says=') for line in lines]
    assert sorted(says) == sorted(['"one"', r'"two \x1b[31m\x22\x5c\xc3\xbc\x0d"', '"three"', '"four"', '"five"'])


def test_a_hook_that_says_too_much_is_heard_to_its_end_and_logged_in_part(hooks, revoked):
    hooks.configure(timeout=LONG)  # on a machine that has much else to do it says so much for longer than 10 s
    flood = "yes | head -c 50000000; head -c 3000000 /dev/zero | tr '\\0' x >&2"
    lines = revoked(f"#!/bin/sh\n{flood}\ntouch {hooks.folder}/end\n")
    assert (hooks.folder / "end").exists()
    assert len(lines) == 201
    assert lines[-1].endswith(' note="it says too much: the rest is not logged"')
    assert max(map(len, lines)) < 1000


@pytest.mark.parametrize("streams", ["", ">&-", "2>&-", ">&- 2>&-"])
def test_a_hook_that_closes_its_streams_is_waited_for(hooks, revoked, streams):
    text = f"#!/bin/sh\nexec {streams}\nsleep 0.5\ntouch {hooks.folder}/end\nexit 4\n"
    assert revoked(text) == [failure(hooks, "it ended with exit code 4")]
    assert (hooks.folder / "end").exists()


def test_a_hook_that_is_not_there_is_logged(hooks, revoked):
    hooks.path.unlink()
    (line,) = revoked()
    assert line == failure(hooks, f"{hooks.path}: No such file or directory")


@pytest.mark.parametrize(
    "mode, why",
    [
        (0o644, "is no program (mode 0644): chmod +x it"),
        (0o775, "can be written by group or others (mode 0775): look at what is in it, then chmod go-w it"),
        (0o757, "can be written by group or others (mode 0757): look at what is in it, then chmod go-w it"),
    ],
)
def test_a_hook_that_is_no_program_or_that_others_can_write_is_not_run(hooks, revoked, mode, why):
    hooks.path.chmod(mode)
    assert revoked() == [failure(hooks, f"{hooks.path} {why}")]
    assert hooks.runs() == []


@pytest.mark.of_files("with a database one that could not be started is tried again")
def test_a_hook_in_a_folder_that_others_can_write_is_not_run(hooks, revoked):
    hooks.folder.chmod(0o777)
    assert revoked() == [failure(hooks, f"{hooks.folder} can be written by group or others (mode 0777): chmod go-w it")]
    hooks.folder.chmod(0o755)
    assert hooks.runs() == []


def test_a_hook_below_a_folder_that_others_can_write_is_not_run(site, hooks, revoked):
    inner = hooks.folder / "inner"
    inner.mkdir(mode=0o755)
    hooks.path = inner / "hook"
    hooks.write()
    hooks.configure()
    hooks.folder.chmod(0o777)
    assert revoked() == [failure(hooks, f"{hooks.folder} can be written by group or others (mode 0777): chmod go-w it")]
    assert not (inner / "runs").exists()


def test_a_link_to_a_hook_is_not_followed(site, hooks, revoked):
    real = hooks.folder / "real"
    hooks.path.rename(real)
    hooks.path.symlink_to(real)
    assert revoked() == [failure(hooks, f"{hooks.path} is a link, and none is followed: name the real path, {real}")]
    assert hooks.runs() == []


def test_another_users_program_is_not_run(root, hooks, revoked):
    os.chown(hooks.path, 65534, 65534)
    why = "belongs to uid 65534: it must be root's (look at what is in it, then chown root)"
    assert revoked() == [failure(hooks, f"{hooks.path} {why}")]
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


@by_the_command
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_who_ends_asp_admin_ends_the_hook_and_the_revocation_stays(site, hooks, number):
    id = site.create()["id"]
    hooks.write(f"#!/bin/sh\necho $$ >{hooks.folder}/new\nmv {hooks.folder}/new {hooks.folder}/pid\nsleep 60\n")
    with ended(site.start("revoke", "alice", id)) as revoke:
        wait_for_file(hooks.folder / "pid", revoke)
        revoke.send_signal(number)
        assert revoke.wait(LONG) == -number
    pid = (hooks.folder / "pid").read_text().strip()
    assert not lives(pid)
    assert site.entry(id)["state"] == "revoked"


@by_the_command
@pytest.mark.parametrize("name", ["INT", "TERM"])
def test_a_signal_that_asp_admin_was_started_to_ignore_ends_no_hook(site, hooks, name):
    id = site.create()["id"]
    hooks.write(f"#!/bin/sh\ntouch {hooks.folder}/begun\nsleep 0.5\ntouch {hooks.folder}/end\n")
    with ended(site.start("revoke", "alice", id, prefix=["sh", "-c", f"trap '' {name}; exec \"$@\"", "sh"])) as revoke:
        wait_for_file(hooks.folder / "begun", revoke)
        revoke.send_signal(getattr(signal, f"SIG{name}"))
        assert revoke.wait(LONG) == 0
    assert (hooks.folder / "end").exists()


@by_the_command
def test_a_lost_terminal_ends_no_hook(site, hooks):
    id = site.create()["id"]
    hooks.write(f"#!/bin/sh\ntouch {hooks.folder}/begun\nsleep 1\ntouch {hooks.folder}/end\n")
    with ended(site.start("revoke", "alice", id)) as revoke:
        wait_for_file(hooks.folder / "begun", revoke)
        revoke.send_signal(signal.SIGHUP)
        assert revoke.wait(LONG) == -signal.SIGHUP
    assert (hooks.folder / "end").exists()
