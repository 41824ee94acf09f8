"""What is secret is where it has to be, and nowhere else: an app password, a primary password and the passwords of the
database, on a machine that comes to it over the network, while all of its programs are at work."""

import contextlib
import json
import os
import pathlib
import stat
import threading

import pytest
from certificates import Authority
from network import FOLDER, PASSFILE, networked
from support.folders import contents
from support.pam_codes import AUTH_ERR, SUCCESS
from support.passwords import swap_character
from support.run import as_user
from support.traces import traces, without_a_trace
from support.wait import wait_until
from support.watch import running_watch

PRIMARY = "canary-primary-of-alice"
ROLES = {"asp_node": "canary-of-the-role-node", "asp_admin": "canary-of-the-role-admin"}
HOOK, TOLD = "/etc/asp/hook", "/run/hook-environment"
TABLES = "SELECT table_name::text AS name FROM information_schema.tables WHERE table_schema = 'asp'"


class Looker(threading.Thread):
    """Reads arguments and environment of all processes in the network of a sandbox, again and again, until it is closed."""

    def __init__(self, box):
        super().__init__(daemon=True)
        self.network = os.readlink(f"/proc/{box.first}/ns/net")
        self.over = threading.Event()
        self.seen = {}  # the bytes, by what they are and of whom

    def processes(self):
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                if os.readlink(f"/proc/{pid}/ns/net") == self.network:
                    yield pid

    def look(self):
        for pid in self.processes():
            for what in ("cmdline", "environ"):
                with contextlib.suppress(OSError):
                    data = pathlib.Path(f"/proc/{pid}/{what}").read_bytes()
                    self.seen[what, pid, data] = data

    def run(self):
        while not self.over.is_set():
            self.look()

    def close(self):
        self.over.set()
        self.join()

    def commands(self):
        seen = dict(self.seen)  # more may come meanwhile
        return {data.replace(b"\0", b" ").decode("utf-8", "replace") for (what, *_), data in seen.items() if what == "cmdline"}

    def open_files(self):
        """The bytes of every plain file that one of them has open, by the name that it has there."""
        found = {}
        for pid in self.processes():
            for path in pathlib.Path(f"/proc/{pid}/fd").glob("*"):
                with contextlib.suppress(OSError):
                    if stat.S_ISREG(path.stat().st_mode):
                        found[pid, os.readlink(path)] = path.read_bytes()
        return found


@pytest.fixture
def place(layer, build, sandboxes, postgres, tmp_path):
    """A machine with alice, whose primary password is one of the canaries, and a store."""
    with networked(layer, build, Authority(tmp_path / "authority")) as (machine, server):
        machine.always = ["usage_interval = 1;", 'primary: { realm = "office"; };']
        machine.comes(PASSFILE, more=[f'hooks: {{ created = "{HOOK}"; revoked = "{HOOK}"; }};'])
        machine.set_primary("alice", PRIMARY)
        machine.install("pam.d/asp-admin", "/etc/pam.d/asp-admin")
        machine.sandbox.write(HOOK, f"#!/bin/sh\n{{ env; echo $@; }} >>{TOLD}\n", mode="755")
        sql = machine.store("init", "--sql").done().out
        server.connect(database="asp").ask(sql)
        machine.set_passwords(server, ROLES)
        machine.store("join").done()
        server.hang_up()
        yield machine, server


def tables_of(server):
    """Every row that there is of the store, of who may come, and of what is asked just now."""
    owner = server.connect(database="asp")
    names = [f"asp.{row['name']}" for row in owner.ask(TABLES)]
    return {name: repr(owner.ask(f"SELECT * FROM {name}")).encode() for name in (*names, "pg_authid", "pg_stat_activity")}


def all_is_done(machine, looker):
    """What is done with app passwords and with the primary one. The app passwords, and one that is wrong."""
    wait_until(lambda: machine.sandbox.run("test", "-e", "/var/lib/asp/feed").code == 0)
    first = machine.create("alice", "Phone", "--app", "calendar")
    words = [*as_user("alice"), machine.admin, "--json", "create", "--app", "mail", "--label", "Tablet"]
    second = json.loads(machine.sandbox.run(*words, input=f"{PRIMARY}\n").done().out)["password"]
    wrong = swap_character(first, 9)
    assert (machine.login(first), machine.login(wrong)) == (SUCCESS, AUTH_ERR)
    assert machine.login(PRIMARY) != SUCCESS
    machine.asp_admin("check", "alice", "--service", "imap", input=f"{second}\n").done()
    machine.asp_admin("revoke", "alice", first[:2]).done()
    wait_until(lambda: f"ASP_IDS={first[:2]}\n" in machine.sandbox.run("cat", TOLD).out, machine.log_file.messages)
    assert all(ok for ok, _ in machine.doctor())
    wait_until(lambda: any("asp-admin watch" in command for command in looker.commands()))
    return first, second, wrong


# Lesson: pam_mysql #77.
# Lesson: a canary through every door.
def test_a_secret_is_where_it_has_to_be_and_nowhere_else(place, folder):
    machine, server = place
    with contextlib.closing(Looker(machine.sandbox)) as looker:
        looker.start()
        with machine.serving() as broker, running_watch(machine.sandbox, machine.admin, folder):
            passwords = all_is_done(machine, looker)
            files, tables = looker.open_files(), tables_of(server)
            said = "".join(broker.stop()[1:]).encode()
    # All of it was seen: who looks at nothing finds nothing.
    for part in ("asp-broker", "asp-admin watch", "--json create", "postgres: "):
        assert any(part in command for command in looker.commands()), part
    assert b"asp-account" in tables["asp.account"] and b"SCRAM-SHA-256$" in tables["pg_authid"]
    assert any("/pg_wal/" in name for _, name in files)
    assert "ASP_USER=alice" in machine.sandbox.read(TOLD)
    logs = {"the log": "\n".join(machine.log_file.messages()).encode(), "the database's log": server.log().encode()}
    places = {**looker.seen, **files, **tables, **logs, **contents(server.data), "the broker": said}
    secrets = [*passwords, PRIMARY, *ROLES.values()]
    for secret in secrets:
        without_a_trace(secret, places)
    # On standard input: it would be found in an argument.
    patterns = "".join(f"{trace.decode()}\n" for secret in secrets for trace in traces(secret))
    words = ["grep", "-rlFf", "-", "--exclude-dir=sandbox", "/etc", "/run", "/var/lib/asp", "/var/tmp"]
    found = machine.sandbox.run(*words, input=patterns).out
    assert found.splitlines() == [f"{FOLDER}/pass"]
