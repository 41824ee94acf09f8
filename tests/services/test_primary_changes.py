"""Every way in which /etc/shadow changes, with the real tool: a running watch notices it within a second, and revokes
what is the changed user's alone. No PAM stack has our module here, and the watch's interval is a day: it has nothing
but the folder to go by."""

import contextlib
import time

import pytest
from support.processes import descendant, has_open
from support.run import MORTAL
from support.service import Service
from support.wait import LONG, comes_true, wait_until
from support.watch import counts, running_watch

USERS = ("alice", "bob", "carol")
CONF = "primary: { interval = 86400; };\n"
# Of SHA-512, as crypt(3) writes it; of which password does not matter.
HASH = "$6$saltsalt$" + "a" * 86
ESCAPED = "\\$"
WITHIN = 1


# More events than the kernel keeps; two names by turns, since one that comes again at once is kept once.
FLOOD = """
import os
most = int(open("/proc/sys/fs/inotify/max_queued_events").read())
open("/etc/.a", "w").close()
for _ in range(most // 2 + 1):
    os.rename("/etc/.a", "/etc/.b")
    os.rename("/etc/.b", "/etc/.a")
"""


class Watched(Service):
    """A machine with three users, each with an app password."""

    def __init__(self, sandbox, build, folder):
        super().__init__(sandbox, build)
        self.folder = folder
        self.log_file.start()
        sandbox.write("/etc/asp/asp.conf", CONF)
        for user in USERS:
            sandbox.run("useradd", "--no-create-home", user).done()
            sandbox.run("chpasswd", "--crypt-method", "SHA512", input=f"{user}:the first one\n").done()
            self.create(user)

    def states(self, user):
        return [entry["state"] for entry in self.entries(user)]

    def revoked(self):
        return [user for user in USERS if self.states(user) == ["revoked"]]

    def watch(self):
        return running_watch(self.sandbox, self.admin, self.folder)


@pytest.fixture
def machine(sandbox, build, folder):
    return Watched(sandbox, build, folder)


CHANGES = {
    "passwd as root": "printf 'A-new-1!\\nA-new-1!\\n' | passwd alice",
    "chpasswd": "echo alice:A-new-1! | chpasswd",
    "chpasswd -e": f"echo 'alice:{HASH}' | chpasswd -e",
    "newusers": 'echo "alice:A-new-1!:$(id -u alice):$(id -g alice)::/run/alice:/bin/sh" | newusers',
    "usermod -p": f"usermod -p '{HASH}' alice",
    "passwd -d": "passwd -d alice",
    # vipw takes a file for unchanged that was written in the second in which it was given to the editor.
    "vipw": f"""
        echo 'sleep 1.1; sed -i "s/^alice:[^:]*:/alice:{HASH.replace("$", ESCAPED)}:/" "$1"' >/run/editor
        EDITOR='sh /run/editor' vipw -s
    """,
    "sed -i": f"sed -i 's/^alice:[^:]*:/alice:{HASH}:/' /etc/shadow",
    "configuration management": f"""
        sed 's/^alice:[^:]*:/alice:{HASH}:/' /etc/shadow >/etc/.new
        chmod 600 /etc/.new
        mv /etc/.new /etc/shadow
    """,
    "in place": f"new=$(sed 's/^alice:[^:]*:/alice:{HASH}:/' /etc/shadow) && cat >/etc/shadow <<<\"$new\"",
    "another one behind a lock": f"usermod -p '!{HASH}' alice",
    "no password any more": "usermod -p '*' alice",
}


# Lesson: password stacks.
# Lesson: pam_unix, shadow-utils.
@pytest.mark.parametrize("script", CHANGES.values(), ids=CHANGES)
def test_a_change_is_noticed_within_a_second_and_revokes_nobody_elses(machine, script):
    with machine.watch():
        before = machine.sandbox.read("/etc/shadow")
        machine.sandbox.shell(script).done()
        after = machine.sandbox.read("/etc/shadow")
        assert before != after
        machine.log_file.wait_for('event=revoked by="watch" user="alice" .* reason="primary-password"', WITHIN)
        assert machine.revoked() == ["alice"]


def test_however_many_have_changed_at_once_the_file_is_believed(machine):
    users = [f"user{i}" for i in range(25)]
    for user in users:
        machine.sandbox.shell(f"useradd --no-create-home {user} && usermod -p '$1$x' {user}").done()
        machine.create(user)
    with machine.watch():
        machine.sandbox.shell("sed -i 's/^user\\([0-9]*\\):[$]1[$]x:/user\\1:$1$y:/' /etc/shadow").done()
        machine.log_file.wait_for("25 of 28 primary passwords have changed, 25 app passwords were revoked")
    assert machine.revoked() == []
    assert all(machine.states(user) == ["revoked"] for user in users)


LOCKS = {
    "passwd -l and -u": ("passwd -l alice", "passwd -u alice"),
    "usermod -L and -U": ("usermod -L alice", "usermod -U alice"),
    "an account that has expired": ("usermod -e 2020-01-01 alice", "usermod -e '' alice"),
    "a password that is too old": ("chage -d 0 alice", "chage -d 2026-01-01 alice"),
    "a user who is gone and comes back": (
        "grep ^alice: /etc/shadow >/run/line && sed -i /^alice:/d /etc/shadow",
        "cat /run/line >>/etc/shadow",
    ),
}


# Lesson: pam_unix, shadow-utils.
@pytest.mark.parametrize("scripts", LOCKS.values(), ids=LOCKS)
def test_what_passes_is_no_change(machine, scripts):
    with machine.watch():
        for script in scripts:
            before = machine.sandbox.read("/etc/shadow")
            machine.sandbox.shell(script).done()
            assert machine.sandbox.read("/etc/shadow") != before
            # A change of another user's that comes after it has been noticed, so that was looked at too.
            number = time.monotonic_ns()
            machine.create("bob", f"{number}")
            machine.sandbox.run("usermod", "-p", f"{HASH}{number}", "bob").done()
            machine.log_file.wait_for(f'user="bob" .* label="{number}" reason="primary-password"', WITHIN)
        assert machine.states("alice") == machine.states("carol") == ["active"]


def test_a_change_while_no_watch_ran_is_found_at_start(machine):
    machine.sandbox.run("usermod", "-p", HASH, "alice").done()
    with machine.watch():
        assert machine.revoked() == ["alice"]


def test_a_watch_that_lost_events_compares_all(machine):
    with machine.watch() as kill:
        kill("STOP")
        machine.sandbox.run("/usr/bin/python3", "-c", FLOOD).done()
        machine.sandbox.run("usermod", "-p", HASH, "alice").done()
        kill("CONT")
        machine.log_file.wait_for('event=revoked by="watch" user="alice"')
        assert machine.revoked() == ["alice"]


def test_a_file_that_is_half_written_says_nothing(machine):
    """What is written in place is seen at its worst: cut within a hash, and at the end of a line."""
    with machine.watch() as kill:
        whole = machine.sandbox.read("/etc/shadow")
        at = whole.index("\nbob:") + 1
        for cut in (whole[:at], whole[: at + 20]):
            machine.sandbox.run("dd", "of=/etc/shadow", "status=none", input=cut).done()
            kill("HUP")
            time.sleep(1.5)
        machine.sandbox.run("dd", "of=/etc/shadow", "status=none", input=whole).done()
        machine.sandbox.run("usermod", "-p", HASH, "carol").done()
        machine.log_file.wait_for('event=revoked by="watch" user="carol"')
        assert machine.revoked() == ["carol"]


def test_a_hook_whose_mark_could_not_be_cleared_for_a_while_is_run_again(machine):
    wait = "until [ -e /run/go ]; do sleep 0.05; done"
    machine.sandbox.write("/etc/asp/hook", f"#!/bin/sh\necho $ASP_USER >>/run/hooked\n{wait}\n", mode="755")
    machine.sandbox.write("/etc/asp/asp.conf", f'{CONF}hooks: {{ revoked = "/etc/asp/hook"; timeout = 60; }};\n')
    machine.sandbox.shell("touch /run/hooked")
    with machine.watch():
        both = 'sed -i "s/^\\(alice\\|bob\\):[^:]*:/\\1:$1:/" /etc/shadow'
        machine.sandbox.shell(both, HASH.replace("$", "\\$")).done()
        machine.log_file.wait_for("2 of 3 primary passwords have changed")
        both_run = lambda: sorted(machine.sandbox.read("/run/hooked").split()) == ["alice", "bob"]
        wait_until(both_run, machine.log_file.messages)
        # Now nobody's file may be trusted.
        machine.sandbox.shell("chmod 770 /var/lib/asp/users; touch /run/go").done()
        for user in ("alice", "bob"):
            machine.log_file.wait_for(f'a hook may be run again, of "{user}": /var/lib/asp/users')
        machine.sandbox.shell("chmod 700 /var/lib/asp/users").done()
        accounts = [f"/var/lib/asp/users/{user}" for user in ("alice", "bob")]
        none_due = lambda: not any(" hook=due " in machine.sandbox.read(account) for account in accounts)
        wait_until(none_due, machine.log_file.messages)
    assert sorted(machine.sandbox.read("/run/hooked").split()) == ["alice", "alice", "bob", "bob"]


WHOLE_FILE = {
    "missing": "rm /etc/shadow",
    "a folder": "rm /etc/shadow && mkdir /etc/shadow",
    "a FIFO": "rm /etc/shadow && mkfifo -m 600 /etc/shadow",
    "a link": "mv /etc/shadow /etc/real && ln -s /etc/real /etc/shadow",
    "somebody else's": "chown nobody /etc/shadow",
    "writable by all": "chmod 666 /etc/shadow",
    "empty": ": >/etc/shadow",
    "without its last line end": f"sed -i 's/^alice:[^:]*:/alice:{HASH}:/' /etc/shadow && printf x:x >>/etc/shadow",
}


@pytest.mark.parametrize("script", WHOLE_FILE.values(), ids=WHOLE_FILE)
def test_a_shadow_file_that_cannot_be_trusted_or_read_is_told_and_changes_nothing(machine, script):
    machine.sandbox.shell(script).done()
    run = machine.asp_admin("watch", "--once", timeout=LONG)
    assert (run.code, run.out) == (5, "") and "/etc/shadow" in run.err and run.err.count("\n") == 1
    with machine.watch():
        machine.log_file.wait_for("watch: .*/etc/shadow")
    assert machine.revoked() == []


LINES = {
    "a short line": (f"sed -i 's/^alice:.*/alice:{HASH}:1:2:3/' /etc/shadow", {"unknown": 1}, []),
    "no number where the account ends": (
        f"sed -i 's/^alice:.*/alice:{HASH}:1:0:9:7::x:/' /etc/shadow",
        {"unknown": 1},
        [],
    ),
    "a second line": (f"echo 'alice:{HASH}:1:0:9:7:::' >>/etc/shadow", {}, []),
    "garbage between": (
        f"sed -i '2i garbage' /etc/shadow && usermod -p '{HASH}' alice",
        {"changed": 1, "revoked": 1},
        ["alice"],
    ),
}


@pytest.mark.parametrize("script, found, revoked", LINES.values(), ids=LINES)
def test_one_line_that_is_wrong_speaks_for_nobody_else(machine, script, found, revoked):
    machine.sandbox.shell(script).done()
    assert machine.json("watch", "--once") == counts(accounts=3, **found)
    assert machine.revoked() == revoked


def test_among_a_hundred_thousand_lines_the_changed_one_is_found(machine):
    machine.sandbox.shell(
        'for ((i = 0; i < 100000; i++)); do echo "x$i:$1$i:1:0:9:7:::"; done >/run/lines &&'
        " cat /etc/shadow /run/lines >/etc/.new && cat /etc/.new >/etc/shadow",
        HASH,
    ).done()
    with machine.watch():
        machine.sandbox.shell(f"sed -i 's/^bob:[^:]*:/bob:{HASH}:/' /etc/shadow").done()
        machine.log_file.wait_for('event=revoked by="watch" user="bob"', WITHIN)
    assert machine.revoked() == ["bob"]


def test_a_pass_and_a_running_watch_leave_no_descriptor_open(machine):
    with machine.watch() as kill:
        pid = machine.sandbox.read("/var/lib/asp/locks/.watch").strip()

        def held():
            return machine.sandbox.run("ls", f"/proc/{pid}/fd").done().out.split()

        machine.sandbox.run("usermod", "-p", HASH, "bob").done()
        machine.log_file.wait_for('user="bob"', WITHIN)
        before = held()
        for number in range(20):
            machine.sandbox.run("usermod", "-p", f"{HASH}{number}", "alice").done()
            kill("HUP")
        machine.log_file.wait_for('user="alice"', WITHIN)
        assert comes_true(lambda: held() == before), held()


# What is changed between a look and the lock


def lock_of(user):
    return f"/var/lib/asp/locks/{user}"


@contextlib.contextmanager
def asp_admin_beside(machine, *words):
    process = machine.sandbox.start(*MORTAL, machine.admin, *words, stdout=-1, stderr=-1)
    try:
        yield process, descendant(process.pid, "asp-admin")
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("changed, states", [("bob", ["active", "active"]), ("alice", ["active", "revoked"])])
def test_a_create_looks_again_when_shadow_was_changed_before_it_had_the_lock(machine, changed, states):
    with contextlib.ExitStack() as stack:
        let_go = stack.enter_context(machine.locked("alice"))
        words = ("create", "alice", "--label", "More", "--quiet")
        create, pid = stack.enter_context(asp_admin_beside(machine, *words))
        wait_until(lambda: has_open(pid, lock_of("alice")), "it does not come to the lock")
        machine.sandbox.run("chpasswd", input=f"{changed}:another one\n").done()
        let_go()
        out, err = create.communicate(timeout=LONG)
    assert (create.returncode, len(out.strip()), err) == (0, 29, ""), (out, err)
    assert sorted(machine.states("alice")) == states


# Lesson: the whole file in place of the one fact.
def test_a_pass_goes_on_though_shadow_is_written_at_each_user(machine):
    machine.sandbox.run("chpasswd", input="".join(f"{user}:another one\n" for user in USERS)).done()
    with contextlib.ExitStack() as stack:
        locks = {user: stack.enter_context(machine.locked(user)) for user in USERS}
        watch, pid = stack.enter_context(asp_admin_beside(machine, "watch", "--once"))
        for _ in USERS:
            user = wait_until(lambda: [one for one in locks if has_open(pid, lock_of(one))], "it comes to no lock")[0]
            machine.sandbox.shell("cp -p /etc/shadow /etc/.shadow && mv /etc/.shadow /etc/shadow").done()
            locks.pop(user)()
        _, err = watch.communicate(timeout=LONG)
    assert (watch.returncode, err) == (0, "")
    assert machine.revoked() == list(USERS)
