"""A name service that hangs, or fails, while asp-admin watch asks it: nobody else waits for that, and nothing is concluded
from it."""

import json
import subprocess

import pytest
from support.run import ended
from support.service import Service
from support.wait import LONG, wait_until
from support.watch import counts, running_watch

SILENT = 'does not say who "dora" is'


class Machine(Service):
    """ann has a line in shadow, dora is known to the name service alone; each has an app password. The name service of
    asp-admin is name_service.c's."""

    def __init__(self, sandbox, build, folder, name_service):
        super().__init__(sandbox, build)
        self.folder = folder
        self.prefix = ("env", f"LD_PRELOAD={name_service}")
        self.log_file.start()
        self.configure("primary: { interval = 10; };")
        sandbox.shell("useradd --no-create-home ann; echo dora:x:3000:3000::/run:/bin/sh >>/etc/passwd").done()
        self.set_primary("ann", "her own")
        self.create("ann")
        self.password = self.create("dora")
        self.log_file.take()

    def silence(self):
        self.sandbox.run("touch", "/run/silent").done()

    def heal(self):
        self.sandbox.run("rm", "/run/silent").done()

    def dismiss_dora(self):
        self.sandbox.run("sed", "-i", "/^dora:/d", "/etc/passwd").done()

    def watch(self):
        return running_watch(self.sandbox, self.admin, self.folder, self.prefix)

    def children(self):
        """Those that the watch has, ended ones too."""
        return self.sandbox.shell('ps --ppid "$(cat /var/lib/asp/locks/.watch)" -o pid=').out.split()

    def wait_until_it_asks(self):
        """The process that does."""
        return wait_until(self.children, "nobody asks")[0]

    def lives(self, pid):
        return self.sandbox.run("ps", "-p", pid, "-o", "stat=").out.strip()[:1] not in ("", "Z")

    def times_asked(self):
        return self.sandbox.shell("cat /run/asked || true").out.split().count("dora")

    def verdict_on(self, user, password):
        run = self.asp_admin("--json", "check", user, "--service", "imap", input=password)
        return run.document(run.code)["verdict"]

    def states(self, user):
        return [entry["state"] for entry in self.entries(user)]


@pytest.fixture
def machine(sandbox, build, folder, name_service):
    return Machine(sandbox, build, folder, name_service)


def test_while_it_hangs_watch_is_ready_revokes_reloads_and_ends(machine):
    machine.silence()
    with machine.watch() as kill:
        machine.wait_until_it_asks()
        machine.set_primary("ann", "another one")
        machine.log_file.wait_for('event=revoked by="watch" user="ann"')
        machine.configure("limit = many;")
        kill("HUP")
        machine.log_file.wait_for("the configuration that was read before is kept")
        machine.configure("primary: { interval = 10; };")
        machine.wait_until_it_asks()
    assert machine.sandbox.run("ps", "-C", "asp-admin", "-o", "pid=").out == ""
    assert machine.states("dora") == ["active"]


def test_what_does_not_answer_is_said_once_left_alone_until_the_interval_and_nobody_is_missed(machine):
    machine.dismiss_dora()
    machine.silence()
    with machine.watch():
        asker = machine.wait_until_it_asks()
        machine.log_file.wait_for(SILENT + ": .*; .*getent passwd")
        assert machine.children() == [] and not machine.lives(asker)
        wait_until(lambda: machine.times_asked() > 1, "it is not asked again", 6 * LONG)
        said = machine.log_file.take()
        assert len([line for line in said if SILENT in line]) == 1
        assert not [line for line in said if "event=absent" in line]
        machine.heal()
        machine.log_file.wait_for("watch: the name service answers again", 6 * LONG)
        machine.log_file.wait_for('event=absent by="watch" user="dora"', 6 * LONG)
        assert machine.children() == []


def test_a_watch_that_is_killed_leaves_nobody_who_asks(machine):
    machine.silence()
    with ended(machine.sandbox.start(*machine.prefix, machine.admin, "watch", stdin=subprocess.DEVNULL)):
        asker = machine.wait_until_it_asks()
        machine.sandbox.shell('kill -KILL "$(cat /var/lib/asp/locks/.watch)"').done()
    wait_until(lambda: not machine.lives(asker), "it lives on")


def test_one_pass_ends_and_says_whom_it_could_not_ask_of(machine):
    machine.dismiss_dora()
    machine.silence()
    machine.set_primary("ann", "another one")
    for changed in (1, 0):
        run = machine.sandbox.run(*machine.prefix, machine.admin, "--json", "watch", "--once", timeout=4 * LONG)
        assert (run.code, json.loads(run.out)) == (0, counts(accounts=2, changed=changed, revoked=changed))
        assert SILENT in run.err and "getent passwd" in run.err and run.err.count("\n") == 1
    assert machine.states("ann") == ["revoked"]
    assert machine.verdict_on("dora", machine.password) == "accepted"


def test_nobody_is_missed_by_what_was_said_before_it_hung(machine):
    machine.create("hanger", "Phone", "--virtual")  # the newest account is asked for first
    users = [f"user{i}" for i in range(8)]
    lines = "".join(f"{user}:x:{4000 + i}:4000::/run:/bin/sh\n" for i, user in enumerate(users))
    machine.sandbox.shell("cat >>/etc/passwd", input=lines).done()
    passwords = {user: machine.create(user) for user in users}
    machine.sandbox.run("sed", "-i", "/^user/d", "/etc/passwd").done()
    for _ in range(3):
        machine.sandbox.run(*machine.prefix, machine.admin, "watch", "--once").done()
    asked = machine.sandbox.read("/run/asked").split()
    assert "hanger" in asked and set(asked) & set(users), "it hung before anybody was missed"
    assert {machine.verdict_on(user, passwords[user]) for user in users} == {"accepted"}
