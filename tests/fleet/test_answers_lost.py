"""What was written is not said to have failed because its answer was lost, nor is it done twice; and what one host has
answered does not count by what another says of itself."""

import contextlib
import pathlib
import shutil
import socket
import tempfile
import threading

import pytest
from machine import leave_none
from store import pin
from support.long import repeated
from support.primaries import Primaries

NAME = ".s.PGSQL.5432"
WRITE = b"\0write\0"  # a message Bind of the statement that writes an account
PAGE = b"\0accounts\0"  # the same of the one that reads a thousand
READY = b"Z\0\0\0\5I"


class Losing:
    """A socket before a database's. The answers to as many writes as `lose` are lost, behind as many as `spare`; after each
    of them nobody can connect for as many seconds as `away`."""

    def __init__(self, behind):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="asp-pg-", dir="/tmp"))
        self.path, self.behind = self.folder / NAME, behind / NAME
        self.lose, self.spare, self.away, self.lost = 0, 0, 0.3, 0
        self.listener = None
        self.ended = threading.Event()
        self._listen()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.ended.set()
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        shutil.rmtree(self.folder)

    def _listen(self):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.path))
        self.listener.listen()
        threading.Thread(target=self._accept, args=[self.listener], daemon=True).start()

    def _accept(self, listener):
        with contextlib.suppress(OSError), listener:
            while True:
                client, _ = listener.accept()
                threading.Thread(target=self._serve, args=[client], daemon=True).start()

    def _serve(self, client):
        with contextlib.suppress(OSError), client, socket.socket(socket.AF_UNIX) as server:
            server.connect(str(self.behind))
            pair = {client: server, server: client}
            loses = threading.Event()
            threading.Thread(target=self._pump, args=[client, server, loses, pair], daemon=True).start()
            self._pump(server, client, loses, pair)

    def _pump(self, source, target, loses, pair):
        from_server = next(iter(pair)) is not source
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if not from_server and self._is_lost(data):
                    loses.set()
                if from_server and loses.is_set():
                    if not data.endswith(READY):
                        continue
                    self._lose(data, target)
                    self._go_away(pair)
                    return
                target.sendall(data)
        for end in pair:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _is_lost(self, question):
        if self.lose == 0 or WRITE not in question:
            return False
        self.spare -= 1
        return self.spare < 0

    def _lose(self, answer, client):
        """The end of it."""

    def _go_away(self, pair):
        """The server has done it: who asked hears of nothing, and finds nobody for a while."""
        self.lose -= 1
        self.lost += 1
        self.path.unlink()
        self.listener.shutdown(socket.SHUT_RDWR)
        for end in pair:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        if not self.ended.wait(self.away):
            self._listen()


class Replaced(Losing):
    """One that answers one page, and is replaced: by one that `promote` has made of another."""

    def __init__(self, behind, promote):
        super().__init__(behind)
        self.lose, self.promote = 1, promote

    def _is_lost(self, question):
        return self.lose > 0 and PAGE in question

    def _lose(self, answer, client):
        self.promote()
        client.sendall(answer)

    def _go_away(self, pair):
        self.lose, self.lost = 0, 1
        for end in pair:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def losing(cluster, database):
    with Losing(cluster.folder) as made:
        yield made


@pytest.fixture
def named(losing, database):
    """What asp.conf says of it."""
    return f'database: {{ hosts = ( {{ address = "{losing.folder}"; }} ); name = "{database}"; wait = 5000; }};'


@pytest.fixture
def machine(site, named, owner):
    """One that has joined the store, by a socket that loses answers."""
    store = owner.ask("SELECT id::text AS id FROM asp.store")[0]["id"]
    site.store.mkdir(mode=0o700)
    (site.store / "store-id").write_text(pin(store))
    (site.store / "store-id").chmod(0o600)
    site.configure("virtual_users = true;", 'primary: { source = "none"; };', named)
    leave_none(owner)
    return site


@pytest.mark.parametrize("away", [0, 0.5])
def test_a_write_whose_answer_is_lost_is_said_again_until_it_is_known(machine, losing, owner, away):
    losing.away = away
    made = machine.create()
    assert machine.states() == [("Phone", "active")]
    losing.lose = 2
    machine.run("revoke", "alice", made["id"]).done()
    assert (losing.lose, losing.lost) == (0, 2)
    assert machine.states() == [("Phone", "revoked")]
    # Three times said, once done, and told once.
    assert owner.ask("SELECT ids FROM asp.ended") == [{"ids": made["id"]}]


def test_what_watch_has_revoked_is_counted_as_that_when_the_answer_was_lost(machine, losing, named):
    primaries = Primaries(machine)
    primaries.configure(named)
    primaries.say({"alice": "one"})
    machine.create()
    primaries.say({"alice": "other"})
    losing.lose = 1
    run = machine.run("watch", "--once").done()
    assert run.out == "1 account: 1 changed, 1 app password revoked, 0 unknown, 0 held back\n", run
    assert losing.lost == 1 and machine.states() == [("Phone", "revoked")]


def test_where_it_does_not_become_known_that_is_said(machine, losing, owner):
    made = machine.create()
    losing.lose, losing.away = 1, 60
    run = machine.run("revoke", "alice", made["id"])
    assert run.code == 5 and "it is not known whether it was written" in run.err, run
    assert owner.ask("SELECT ids FROM asp.ended") == [{"ids": made["id"]}]


def made_by(command, old):
    return (command, "alice", *(("--label", "Laptop") if command == "create" else (old["id"],)), "--quiet")


@pytest.mark.parametrize("command", ["create", repeated("rotate")])
def test_of_what_was_shown_it_is_said_that_it_works_only_where_that_is_known(machine, losing, owner, command):
    """It does: the answer to the second of its writes is lost, and nothing is heard of the database any more."""
    words = made_by(command, machine.create("alice", "Phone"))
    losing.lose, losing.spare, losing.away = 1, 1, 60
    run = machine.run(*words)
    id = run.out[:2]
    assert run.code == 5 and len(run.out) == len("aaaaa-aaaaa-aaaaa-aaaaa-aaaaa\n"), run
    assert run.err == (
        f"asp-admin: it is not known whether the app password {id} that was shown works, for the database does not answer: see "
        "asp-admin list, and make another if it is not there\n"
    )
    (body,) = owner.ask("SELECT convert_from(body, 'UTF8') AS text FROM asp.account")
    assert f"\nid={id} " in body["text"] and "pending" not in body["text"]


@pytest.mark.parametrize("command", ["create", "rotate"])
def test_what_was_shown_is_looked_for_where_it_did_not_become_known_at_once(machine, losing, owner, command):
    old = machine.create("alice", "Phone")
    losing.lose, losing.spare, losing.away = 1, 1, 6
    run = machine.run(*made_by(command, old)).done()
    found = {entry["id"]: entry["state"] for entry in machine.json("list", "alice", "--all")}
    assert found.pop(run.out[:2]) == "active" and losing.lost == 1
    assert found == {old["id"]: "active" if command == "create" else "revoked"}
    assert owner.one("SELECT count(*) FROM asp.ended") == (command == "rotate")


def test_what_one_has_told_that_was_replaced_before_it_was_found_sound_is_asked_anew(machine, cluster, named, losing, owner):
    machine.create()
    left_behind = owner.one("SELECT body FROM asp.account")
    machine.create("alice", "Laptop")
    current = owner.one("SELECT body FROM asp.account")
    put = lambda body: owner.ask("UPDATE asp.account SET body = $1", body)
    put(left_behind)
    with Replaced(cluster.folder, lambda: put(current)) as replaced:
        by_way_of_it = named.replace(str(losing.folder), str(replaced.folder))
        machine.configure("virtual_users = true;", 'primary: { source = "none"; };', by_way_of_it)
        (row,) = machine.json("list")
    assert (row["user"], row["active"]) == ("alice", 2)
    assert replaced.lost == 1
