"""Where accounts are in a database no process that answers logins is root: by a Unix socket, where PostgreSQL asks the system
who comes, and over the network, by a password and by a certificate. What root alone may read is read for them."""

import contextlib
import os
import pathlib
import re
import shutil
import signal

import cluster as clusters
import pytest
from certificates import Authority
from machine import Joined, leave_none
from network import BY_CERTIFICATE, BY_PASSWORD, CERTIFICATE, FOLDER, PASSFILE, networked
from support.broker import SOCKET, BrokerMachine, processes_for
from support.pam_codes import AUTH_ERR, SUCCESS
from support.passwords import PRIMARY
from support.processes import descriptors
from support.run import as_user
from support.self_service import SELF
from support.wait import wait_until
from support.web_sign_in import CONF as WEB_CONF
from support.web_sign_in import WEB

# Whoever answers comes as asp-broker, and nobody else as its role; root's asp-admin comes as root.
PEER = "local all postgres trust\nlocal all asp_node,asp_admin peer map=nodes\n"
MAP = "nodes asp-broker asp_node\nnodes root asp_admin\n"
CONF = "/etc/asp/asp.conf"
REALM = 'primary: { realm = "office"; };'
DAC_READ_SEARCH = 1 << 2
WORKERS = processes_for(8)
PASSWORDS = {"asp_node": "that of the broker", "asp_admin": "that of root"}
END_SESSIONS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'asp_node'"


class Process:
    """What the kernel says of one."""

    def __init__(self, pid):
        text = pathlib.Path(f"/proc/{pid}/status").read_text()
        words = {line.partition(":")[0]: line.partition(":")[2].split() for line in text.splitlines()}
        self.pid = pid
        self.uids, self.gids = set(map(int, words["Uid"])), set(map(int, words["Gid"]))
        self.groups = list(map(int, words["Groups"]))
        self.capabilities = int(words["CapPrm"][0], 16) | int(words["CapEff"][0], 16) | int(words["CapInh"][0], 16)
        self.gains_nothing = words["NoNewPrivs"] == ["1"]


class Watched:
    """A machine of which is looked who answers."""

    def number(self, *words):
        return int(self.sandbox.run(*words).done().out)

    def workers(self, broker):
        return [Process(pid) for pid in broker.workers()]

    def unprivileged(self, broker, shadow=True, capabilities=0):
        """Those who are the user asp-broker, who may no more than that; there is no other but the one who reads for them and
        the listener of users."""
        uid, gid = self.number("id", "-u", "asp-broker"), self.number("id", "-g", "asp-broker")
        group = [self.number("stat", "-c", "%g", "/etc/shadow")] if shadow else []
        everybody = self.workers(broker)
        found = [one for one in everybody if one.uids == {uid}]
        assert len(found) == WORKERS and len(everybody) == WORKERS + 2
        assert all(one.uids == {0} for one in everybody if one not in found)
        assert all((one.gids, one.gains_nothing) == ({gid}, True) for one in found)
        (room,) = [one for one in found if (one.groups, one.capabilities) != (group, capabilities)] if group else [None]
        assert room is None or (room.groups, room.capabilities) == ([], 0)  # who waits there is compared by another
        return found

    def all_root(self, broker):
        return all(one.uids == {0} for one in self.workers(broker))

    def lets_in(self, *passwords):
        """All workers have had their turn, more or less."""
        return all(self.login(password) == SUCCESS for password in passwords for _ in range(16))

    def login(self, password, service="nginx", user="alice", host="www-data"):
        return self.host(host).login(password, service, user).code

    def lines(self, text):
        """Those of asp-broker with this text, since last asked."""
        return [line.text for line in self.said() if text in line.text]


class Peer(Watched, Joined, BrokerMachine):
    pass


class Peered(clusters.Cluster):
    """A PostgreSQL on a machine, which knows her users."""

    def __init__(self, box):
        super().__init__(access=PEER)
        self.drop = ("nsenter", f"--target={box.first}", "--mount", "--", *self.drop)

    def make(self):
        super().make()
        (self.data / "pg_ident.conf").write_text(MAP)


@pytest.fixture(scope="module")
def place(layer, build, sandboxes, postgres):
    with contextlib.closing(Peer(layer, build)) as machine, contextlib.closing(Peered(machine.sandbox)) as server:
        server.make()
        server.start()
        server.database("asp")
        server.connect(database="asp").ask(clusters.SCHEMA)
        machine.join(server, "asp", REALM)
        yield machine, server
        server.hang_up()


@pytest.fixture
def machine(place):
    """One whose store is empty."""
    machine, server = place
    leave_none(server.connect(database="asp"))
    server.hang_up()
    machine.configure()
    for user, password in PRIMARY.items():
        machine.set_primary(user, password)
    machine.said()
    return machine


@pytest.fixture
def server(place):
    yield place[1]
    place[1].hang_up()


def test_a_worker_is_asp_broker_from_the_beginning(machine, server):
    """And PostgreSQL lets it in as that, and root not."""
    made = machine.create("alice", "Phone", "--app", "calendar")
    with machine.serving() as broker:
        before = [one.pid for one in machine.unprivileged(broker)]
        assert machine.lets_in(made)
        assert [one.pid for one in machine.unprivileged(broker)] == before
        assert "asp_node" in [row["usename"] for row in server.connect().ask("SELECT usename FROM pg_stat_activity")]


def test_what_is_bound_and_compared_is_right(machine):
    """By the shadow file, which nobody else than root and its group may read."""
    made = machine.create("alice", "Phone")
    with machine.serving() as broker:
        machine.unprivileged(broker)
        assert machine.lets_in(made)
        assert machine.entry(made[:2])["app"] == "calendar"
        machine.sandbox.run("usermod", "--lock", "alice").done()
        assert machine.login(made) != SUCCESS
        machine.sandbox.run("usermod", "--unlock", "alice").done()
        assert machine.login(made) == SUCCESS
        machine.sandbox.run("chpasswd", "--crypt-method", "SHA512", input="alice:another one\n").done()
        assert machine.login(made) == AUTH_ERR
        machine.unprivileged(broker)
    assert machine.entry(made[:2])["revoked"]["reason"] == "primary-password"


@pytest.fixture
def hidden(machine):
    """A shadow file of a mode that lets no group read it."""
    machine.sandbox.run("chmod", "000", "/etc/shadow").done()
    yield machine
    machine.sandbox.run("chmod", "640", "/etc/shadow").done()


def test_where_no_group_may_read_shadow_a_worker_may_read_and_nothing_else(hidden):
    made = hidden.create("alice", "Phone")
    with hidden.serving() as broker:
        found = [one for one in hidden.workers(broker) if 0 not in one.uids]
        assert {one.capabilities for one in found} == {0, DAC_READ_SEARCH} and not any(one.groups for one in found)
        assert hidden.lets_in(made)
        hidden.sandbox.run("chpasswd", "--crypt-method", "SHA512", input="alice:another one\n").done()
        assert hidden.login(made) == AUTH_ERR


def test_a_password_that_was_set_is_compared_by_a_worker_that_is_not_root(machine):
    machine.sandbox.shell("grep -q pam_asp /etc/pam.d/common-password ||"
                          " echo 'password optional pam_asp.so' >>/etc/pam.d/common-password").done()  # fmt: skip
    made = machine.create("alice", "Phone", "--app", "calendar")
    with machine.serving() as broker:
        machine.unprivileged(broker)
        machine.set_primary("alice", "a new one")
        wait_until(lambda: machine.entries()[0]["state"] == "revoked", machine.log_file.messages)
        assert machine.entry(made[:2])["revoked"]["by"] == "pam:chpasswd"
        assert not machine.lines("was set and not compared")


def test_nobody_else_of_that_user_looks_into_a_worker_or_the_files(machine):
    with machine.serving() as broker:
        pids = machine.sandbox.run("pgrep", "-u", "asp-broker").done().out.split()
        assert len(pids) == len(machine.unprivileged(broker))
        paths = ["/var/lib/asp/store-id", *(f"/proc/{pid}/{what}" for pid in pids for what in ("mem", "environ", "fd/1"))]
        for path in paths:
            run = machine.sandbox.run(*as_user("asp-broker"), "head", "-c", "1", path)
            assert run.code != 0 and "Permission denied" in run.err, run


def test_who_is_not_root_listens_where_hosts_ask_and_nowhere_else(machine):
    """Who listens at a socket of root's is taken for root, and is told passwords."""
    machine.sandbox.shell("getent passwd asp-web >/dev/null || useradd --system asp-web").done()
    machine.configure(WEB_CONF)
    with machine.serving() as broker:
        assert all(machine.listens(path) for path in (SOCKET, SELF, WEB))
        others = [one for one in machine.workers(broker) if 0 not in one.uids]
        assert len(others) == WORKERS
        assert {path for one in others for path in listening(one.pid)} == {SOCKET}


def listening(pid):
    """The paths at which it listens."""
    rows = [line.split() for line in pathlib.Path(f"/proc/{pid}/net/unix").read_text().splitlines()]
    paths = {f"socket:[{row[6]}]": row[7] for row in rows if len(row) == 8 and row[3] == "00010000"}
    return [paths[one] for one in open_files(pid) if one in paths]


def test_a_login_waits_for_nobody_who_reads_as_long_as_nothing_has_changed(machine):
    """All logins would be one after the other there."""
    made = machine.create("alice", "Phone", "--app", "calendar")
    with machine.serving() as broker:
        assert machine.lets_in(made)
        stopped = [one.pid for one in machine.workers(broker) if one.uids == {0}]
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        # A worker that has had no turn yet has to ask.
        accepted = sum(machine.login(made) == SUCCESS for _ in range(16))
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)
        assert accepted > 8


def test_a_worker_ends_with_the_broker_however_that_ends(machine):
    with machine.serving() as broker:
        pids = [one.pid for one in machine.workers(broker)]
        machine.sandbox.run("kill", "-KILL", machine.sandbox.run("pgrep", "-o", "asp-broker").done().out.strip()).done()
        wait_until(lambda: not any(pathlib.Path(f"/proc/{pid}").exists() for pid in pids))


FILES = 'primary: { source = "none"; }; virtual_users = true;'
PIN, KEPT = "/var/lib/asp/store-id", "/run/store-id"


def leave_database(machine):
    """Its accounts are in files."""
    machine.sandbox.write(CONF, FILES)
    machine.sandbox.run("mv", PIN, KEPT).done()


def test_what_the_configuration_asks_for_later_is_taken_without_a_restart(machine):
    """By others in their places: in files workers are root, and read shadow where it is compared alone."""
    there = machine.create("alice", "Phone", "--app", "calendar")
    with machine.serving() as broker:
        machine.unprivileged(broker)
        with_database = machine.always
        leave_database(machine)
        here = machine.create("alice", "Tablet", "--app", "calendar")
        assert machine.lets_in(here) and machine.login(there) != SUCCESS
        wait_until(lambda: any(0 in one.uids for one in machine.workers(broker)[:WORKERS]))
        machine.sandbox.run("mv", KEPT, PIN).done()
        machine.sandbox.write(CONF, "\n".join([*with_database[:-2], FILES, with_database[-1]]))
        assert machine.lets_in(there) and machine.login(here) != SUCCESS
        assert any(0 not in one.uids and one.groups == [] for one in machine.workers(broker))
        machine.configure()
        assert machine.lets_in(there)
        assert any(0 not in one.uids and one.groups != [] for one in machine.workers(broker))
        assert not machine.lines("a worker")
    machine.sandbox.run("rm", "-r", "/var/lib/asp/users").done()


def test_in_files_a_worker_is_root(machine):
    leave_database(machine)
    made = machine.create("alice", "Phone", "--app", "calendar")
    with machine.serving() as broker:
        assert machine.lets_in(made)
        assert machine.all_root(broker) and len(broker.workers()) == WORKERS + 1
    machine.sandbox.shell(f"rm -r /var/lib/asp/users; mv {KEPT} {PIN}").done()


@pytest.fixture
def lost(machine):
    """Where the user is not there."""
    machine.sandbox.run("cp", "-a", "/etc/passwd", "/run/passwd").done()
    machine.sandbox.run("sed", "-i", "/^asp-broker:/d", "/etc/passwd").done()
    yield machine
    machine.sandbox.run("cp", "-a", "/run/passwd", "/etc/passwd").done()


@pytest.fixture
def for_root(server):
    """PostgreSQL lets root in as both roles."""
    access = server.data / "pg_ident.conf"
    access.write_text(MAP + "nodes root asp_node\n")
    server.connect().ask("SELECT pg_reload_conf()")
    yield
    access.write_text(MAP)
    server.connect().ask("SELECT pg_reload_conf()")


def test_without_the_user_logins_are_answered_as_before_and_one_line_says_so(lost, for_root):
    made = lost.create("alice", "Phone", "--app", "calendar")
    with lost.serving() as broker:
        wait_until(lambda: lost.lets_in(made), lost.log_file.messages)
        assert lost.all_root(broker)
    (line,) = lost.lines("answered as root")
    command = "useradd --system --user-group --no-create-home --shell /usr/sbin/nologin asp-broker"
    assert line == (
        f"logins are answered as root: there is no user asp-broker. Make it, and start asp-broker again: {command}"
    )


def test_where_the_user_could_not_read_the_configuration_the_same(machine, for_root):
    made = machine.create("alice", "Phone", "--app", "calendar")
    machine.sandbox.run("chmod", "600", CONF).done()
    with machine.serving() as broker:
        wait_until(lambda: machine.login(made, host="root") == SUCCESS, machine.log_file.messages)
        assert machine.all_root(broker)
    (line,) = machine.lines("answered as root")
    assert line == f"logins are answered as root: the user asp-broker cannot read {CONF}: Permission denied"
    machine.sandbox.run("chmod", "644", CONF).done()


def test_where_the_database_was_named_after_the_broker_was_started_the_same(machine, for_root):
    made = machine.create("alice", "Phone", "--app", "calendar")
    leave_database(machine)
    with machine.serving() as broker:
        machine.sandbox.run("mv", KEPT, PIN).done()
        machine.configure()
        wait_until(lambda: machine.login(made) == SUCCESS, machine.log_file.messages)
        assert machine.all_root(broker)
    (line,) = machine.lines("answered as root")
    assert line == "logins are answered as root: asp-broker was started before the database was named: restart it"


# Over the network


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    return Authority(tmp_path_factory.mktemp("authority") / "one")


@pytest.fixture(scope="module")
def far(layer, build, sandboxes, postgres, authority):
    with networked(layer, build, authority) as (machine, server):
        server.connect(database="asp").ask(clusters.SCHEMA)
        machine.set_passwords(server, PASSWORDS)
        machine.store("join").done()
        server.hang_up()
        yield machine, server


def let_come(machine, server, how):
    """The server lets it in by that alone, and it has what that takes."""
    server.let_in(BY_PASSWORD if how == PASSFILE else BY_CERTIFICATE)
    machine.put_files()
    machine.comes(how)


@pytest.mark.parametrize("how", [PASSFILE, CERTIFICATE])
def test_over_the_network_it_comes_by_what_root_alone_may_read(far, how):
    """In a folder that is root's alone; nobody of that user reads any of it."""
    machine, server = far
    leave_none(server.connect(database="asp"))
    let_come(machine, server, how)
    machine.sandbox.run("chmod", "700", FOLDER).done()
    made = machine.create("alice", "Phone", "--app", "calendar")
    with machine.serving() as broker:
        found = Watched.unprivileged(machine_of(machine), broker, shadow=False)
        assert all(machine.login(made) == SUCCESS for _ in range(16))
        assert not [one for one in found if any("memfd" in path for path in open_files(one.pid))]
        assert {one.pid for one in found} <= set(broker.workers())
    run = machine.sandbox.run(*as_user("asp-broker"), "sh", "-c", f"cat {FOLDER}/pass {FOLDER}/node.key {FOLDER}/ca.crt")
    assert (run.out, run.err.count("Permission denied")) == ("", 3), run


def machine_of(networked):
    """It is asked as the others are."""
    watched = Watched()
    watched.sandbox = networked.sandbox
    return watched


def open_files(pid):
    """It may close any of them while they are looked at."""
    found = []
    for one in descriptors(pid):
        with contextlib.suppress(FileNotFoundError):
            found.append(os.readlink(f"/proc/{pid}/fd/{one}"))
    return found


def test_another_password_and_another_key_are_taken_at_the_next_connection(far):
    """Without a restart, and by the same processes."""
    machine, server = far
    leave_none(server.connect(database="asp"))
    let_come(machine, server, PASSFILE)
    made = machine.create("alice", "Phone", "--app", "calendar")
    with machine.serving() as broker:
        assert machine.login(made) == SUCCESS
        before = broker.workers()
        machine.set_passwords(server, {**PASSWORDS, "asp_node": "another, for the broker"})
        server.connect().ask(END_SESSIONS)
        assert all(machine.login(made) == SUCCESS for _ in range(16)), machine.log_file.messages()
        let_come(machine, server, CERTIFICATE)
        server.connect().ask(END_SESSIONS)
        assert all(machine.login(made) == SUCCESS for _ in range(16)), machine.log_file.messages()
        assert broker.workers() == before
    machine.set_passwords(server, PASSWORDS)


def test_an_authority_that_is_none_is_named_by_its_place(far):
    """As who reads the log finds it, once: it is told by what root has read."""
    machine, server = far
    let_come(machine, server, CERTIFICATE)
    made = machine.create("carol", "Phone", "--app", "calendar")
    with machine.serving():
        machine.sandbox.write(f"{FOLDER}/ca.crt", "none\n")
        machine.said()
        assert machine.login(made, user="carol") not in (SUCCESS, AUTH_ERR)
        said = [line.text for line in machine.said() if "database.ca is not to be used: " in line.text]
        assert said and all((line.count(f"{FOLDER}/ca.crt"), "/proc/" in line) == (1, False) for line in said), said
        machine.put_files()
        wait_until(lambda: machine.login(made, user="carol") == SUCCESS, machine.log_file.messages)


def test_a_key_that_others_can_read_is_not_taken(far):
    machine, server = far
    let_come(machine, server, CERTIFICATE)
    made = machine.create("bob", "Phone", "--app", "calendar")
    with machine.serving():
        machine.sandbox.run("chmod", "644", f"{FOLDER}/node.key").done()
        machine.said()
        assert machine.login(made, user="bob") not in (SUCCESS, AUTH_ERR)
        said = "\n".join(line.text for line in machine.said())
        assert re.search(rf"{FOLDER}/node.key can be read by others than its owner", said), said
        machine.put_files()
        wait_until(lambda: machine.login(made, user="bob") == SUCCESS, machine.log_file.messages)
