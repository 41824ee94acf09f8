"""Which of several hosts the connection to the database is to, and what is told where it is to none."""

import os
import re
import socket
import time

import pytest
import wire
from fake_server import CLOSE, FakeServer
from store_server import StoreServer
from support.tracing import STRACE
from support.wait import LONG, wait_until

BOUND = 15  # seconds: a generous one, for what is to end within one


@pytest.fixture
def servers(make_server, driver):
    made = [make_server(name) for name in ("db1", "db2", "db3")]
    driver.hosts(*made)
    return made


def hang(*servers):
    """They let nobody in and say nothing, as one that is stopped or cut off."""
    for server in servers:
        server.greeting = []


def test_the_first_one_hangs(driver, servers):
    hang(servers[0])
    servers[1].read_only = "on"
    answer = driver.read()
    assert (answer.value, answer.host) == (b"7", "db3")
    # All were asked at once, and one of them for the account.
    wait_until(lambda: [len(server.started) for server in servers] == [1, 1, 1])
    assert [len(server.asked) for server in servers] == [0, 0, 1]


def test_one_that_hangs_after_it_has_let_us_in(driver, servers):
    servers[0].read_only = "on"
    servers[1].probed_says = []
    assert driver.read().host == "db3"


def test_all_hang(driver, servers):
    hang(*servers)
    begin = time.monotonic()
    answer = driver.read(seconds=0.5)
    assert time.monotonic() - begin < BOUND
    assert (answer.status, answer.what) == ("ASP_IO", {"down"})
    assert all(f"database {server.name}: no answer: it has said nothing in time" in answer.text for server in servers)
    wait_until(lambda: [len(server.started) for server in servers] == [1, 1, 1])
    # Whoever asks next is let in as soon as one of them goes on.
    servers[1].greeting = [wire.LET_IN, wire.READY]
    assert driver.read().host == "db2"


def test_none_is_read_write(driver, servers):
    for server in servers:
        server.read_only = "on"
    answer = driver.read()  # and it is told at once, long before the deadline
    assert (answer.status, answer.what) == ("ASP_IO", {"down"})
    assert answer.text.count("it is read-only (SQLSTATE 25006)") == 3
    assert answer.advice == "all are standbys: name the primary in hosts of asp.conf, too, or promote one of them"
    assert [server.asked for server in servers] == [[], [], []]


def test_a_signal_while_it_is_waited_for_is_no_answer(make_driver, make_server, strace, tmp_path):
    """Each time that it waits it is interrupted once."""
    waits = "?poll,?ppoll,?poll_time64,?ppoll_time64"
    words = ("-o", tmp_path / "calls", "-e", f"trace={waits}", "-e", f"inject={waits}:error=EINTR:when=1+2")
    driver, server = make_driver(prefix=[*STRACE, *words]), make_server()
    driver.hosts(server)
    answer = driver.read(seconds=LONG)
    assert (answer.value, answer.host) == (b"7", "db1")
    assert (tmp_path / "calls").read_text().count("EINTR") > 2


READ_ONLY = (
    "it is no standby: RESET default_transaction_read_only where it is set, by ALTER ROLE asp_node, ALTER DATABASE or "
    "ALTER SYSTEM"
)


def test_one_that_is_no_standby_is_told_from_those_that_are(driver, servers):
    for server in servers:
        server.read_only = "on"
    servers[1].in_standby = "off"
    assert driver.read().advice == READ_ONLY
    # What is to be done about it goes before what is said of one that is silent.
    hang(servers[0])
    assert driver.read(seconds=1).advice == READ_ONLY
    servers[0].greeting = [wire.LET_IN, wire.READY]
    # Before version 14 it does not say.
    servers[1].in_standby = None
    assert driver.read().advice.startswith("all are standbys: ")


def test_two_are(driver, servers):
    servers[1].greeting = []
    answer = driver.read()
    assert answer.host in ("db1", "db3")
    assert sum(len(server.asked) for server in servers) == 1


def test_whose_warnings_are_switched_off_is_none(driver, servers):
    for server, level in zip(servers, ("error", "fatal", "panic")):
        server.level = level
    answer = driver.write()
    assert (answer.status, answer.what) == ("ASP_IO", {"down"})
    assert "client_min_messages is error there" in answer.text
    assert answer.advice == "ALTER ROLE asp_node RESET client_min_messages"
    for level in ("warning", "notice", "log", "debug5"):
        driver.forget()
        servers[2].level = level
        assert driver.write().host == "db3"


ODD = {
    "no rows": wire.COMPLETE,
    "two columns": wire.row("off", "notice") + wire.COMPLETE,
    "two rows": wire.row("off", "notice", "off") + wire.further_row("off", "notice", "off") + wire.COMPLETE,
    "another word": wire.row("no", "notice", "off") + wire.COMPLETE,
    "an error": wire.error("42883"),
}


@pytest.mark.parametrize("how", ODD)
def test_who_does_not_say_whether_it_is_read_only_is_none(driver, server, how):
    server.probed_says = [wire.PREPARED + ODD[how] + wire.READY]
    answer = driver.read()
    assert (answer.status, answer.what) == ("ASP_IO", {"down"})
    assert (server.probed, server.asked) == (1, [])


def test_it_becomes_read_only(driver, servers):
    """As one that is no primary any more: the next one is found by itself."""
    for server in servers[1:]:
        server.read_only = "on"
    assert driver.read().host == "db1"
    servers[0].answers = [[wire.refused("25006")]]
    servers[0].read_only, servers[2].read_only = "on", "off"
    assert driver.read().host == "db3"
    assert (len(servers[0].asked), len(servers[2].asked)) == (2, 1)


def test_hosts_that_are_changed_are_taken_by_the_next_question(driver, servers):
    """Whoever is connected to; who is named again goes on."""
    driver.hosts(servers[0])
    assert driver.read().host == "db1"
    driver.hosts(servers[0])
    assert driver.read().host == "db1"
    driver.hosts(servers[1])
    assert driver.read().host == "db2"
    assert [len(server.started) for server in servers] == [1, 1, 0]


STARTS = {
    "57P03": "serves nobody now",
    "53300": "takes no more connections",
    "28P01": "does not let this node in",
    "28000": "does not let this node in",
    "3D000": "there is no such database",
    "42704": "refuses",
}


@pytest.mark.parametrize("sqlstate", STARTS)
def test_why_a_connection_is_refused_is_told(driver, server, sqlstate):
    server.greeting = [wire.error(sqlstate, "says the server", "FATAL"), CLOSE]
    answer = driver.read()
    assert (answer.status, answer.what) == ("ASP_IO", {"down"})
    assert answer.text.startswith("database db1: ") and STARTS[sqlstate] in answer.text
    assert f"(SQLSTATE {sqlstate})" in answer.text
    assert ("says the server" in answer.text) == (sqlstate != "42704")
    assert len(server.started) == 1
    server.greeting = [wire.LET_IN, wire.READY]
    assert driver.read().value == b"7"


@pytest.mark.parametrize(
    "greeting",
    [[CLOSE], [b"\xff" * 64], [b"HTTP/1.0 400 Bad Request\r\n\r\n", CLOSE], [wire.LET_IN, CLOSE], [wire.LET_IN, wire.row("7")]],
    ids=["closes", "bytes", "web", "ends", "rows"],
)
def test_what_is_no_server_is_none(driver, server, greeting):
    server.greeting = greeting
    answer = driver.read(seconds=2)
    assert (answer.status, answer.what) == ("ASP_IO", {"down"})
    assert server.asked == []


def test_nobody_listens(driver, server):
    with socket.socket() as bound:  # so that nobody else gets that port meanwhile
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        driver.hosts(("gone", "127.0.0.1", port), ("", "/nowhere/at/all", 5432))
        answer = driver.read()
        assert (answer.status, answer.what) == ("ASP_IO", {"down"})
        assert "database gone: no answer: " in answer.text and "database /nowhere/at/all: no answer: " in answer.text
        driver.hosts(("gone", "127.0.0.1", port), server)
        assert driver.read().host == "db1"


def test_no_name_is_looked_up(driver, server):
    """An address is an address: what is none is not asked for, not even where /etc/hosts has it."""
    driver.hosts(("db1", "localhost", server.port))
    answer = driver.read()
    assert (answer.status, answer.what) == ("ASP_IO", {"down"})
    assert server.started == []


# What each of these would do otherwise: elsewhere, another way, with something else, or not at all.
ENVIRONMENT = {
    "PGHOST": "/nowhere",
    "PGHOSTADDR": "192.0.2.1",
    "PGPORT": "1",
    "PGDATABASE": "other",
    "PGUSER": "mallory",
    "PGPASSWORD": "x",
    "PGPASSFILE": "/dev/full",
    "PGSERVICE": "nowhere",
    "PGSERVICEFILE": "/dev/full",
    "PGSYSCONFDIR": "/nowhere",
    "PGOPTIONS": "-c default_transaction_read_only=on",
    "PGAPPNAME": "other",
    "PGCLIENTENCODING": "LATIN1",
    "PGCONNECT_TIMEOUT": "x",
    "PGSSLMODE": "verify-full",
    "PGREQUIRESSL": "1",
    "PGSSLCERT": "/dev/full",
    "PGSSLKEY": "/dev/full",
    "PGSSLROOTCERT": "/dev/full",
    "PGSSLCRL": "/dev/full",
    "PGSSLCRLDIR": "/dev/full",
    "PGSSLMINPROTOCOLVERSION": "x",
    "PGSSLMAXPROTOCOLVERSION": "x",
    "PGSSLSNI": "x",
    "PGSSLCOMPRESSION": "x",
    "PGSSLCERTMODE": "require",
    "PGREQUIREPEER": "mallory",
    "PGREQUIREAUTH": "gss",
    "PGCHANNELBINDING": "require",
    "PGGSSENCMODE": "require",
    "PGKRBSRVNAME": "x",
    "PGGSSLIB": "x",
    "PGTARGETSESSIONATTRS": "standby",
    "PGLOADBALANCEHOSTS": "x",
    "PGDATESTYLE": "German",
    "PGTZ": "Nowhere/At_All",
    "PGGEQO": "off",
    "PGLOCALEDIR": "/nowhere",
}


def started_with(make_driver, server, **env):
    make_one = make_driver(**env)
    make_one.hosts(server)
    answer = make_one.read()
    assert answer.status == "ASP_OK", answer
    return server.started[-1]


def test_nothing_of_the_environment_is_taken(make_driver, make_server):
    server = make_server()
    usual = started_with(make_driver, server)
    assert usual == {
        "user": "asp_node",
        "database": "asp",
        "application_name": "driver",
        "client_encoding": "UTF8",
    }
    for name, value in ENVIRONMENT.items():
        assert started_with(make_driver, server, **{name: value}) == usual, name
    assert started_with(make_driver, server, **ENVIRONMENT) == usual


def test_nothing_of_a_home_is_taken(make_driver, make_server, tmp_path):
    server = make_server()
    server.greeting = [wire.SCRAM]
    (tmp_path / ".pgpass").write_text("*:*:*:*:from-home\n")
    (tmp_path / ".pgpass").chmod(0o600)
    (tmp_path / ".pg_service.conf").write_text("[asp]\nhost=/nowhere\n")
    driver = make_driver(HOME=os.fspath(tmp_path))
    driver.hosts(server)
    answer = driver.read()
    assert (answer.status, answer.what) == ("ASP_IO", {"down"})
    assert server.passwords == []


ASKS = {"in the clear": wire.CLEARTEXT, "by MD5": wire.MD5, "by SCRAM without TLS": wire.SCRAM}


@pytest.mark.parametrize("how", ASKS)
def test_nothing_of_a_password_is_sent_over_what_is_not_bound(driver, server, tmp_path, how):
    """What SCRAM is answered tells nobody what it is, and it can be guessed by it."""
    (tmp_path / "pass").write_text("asp_node\tthe-password\n")
    (tmp_path / "pass").chmod(0o600)
    driver.set(passfile=tmp_path / "pass")
    server.greeting = [ASKS[how]]
    answer = driver.read(seconds=1)
    assert (answer.status, answer.what) == ("ASP_IO", {"down"})
    assert server.passwords == []
    assert "the-password" not in answer.text


PASSFILES = {
    "absent": (None, 0o600, "No such file"),
    "read by its group": ("asp_node\tp\n", 0o640, "can be read by others"),
    "read by all": ("asp_node\tp\n", 0o644, "can be read by others"),
    "written by all": ("asp_node\tp\n", 0o602, "can be written by"),
    "without the role": ("asp_admin\tp\nasp_node2\tp\n", 0o600, "no line of the role asp_node"),
    "with a space": ("x\ty\nasp_node p\n", 0o600, ":2: a tab is wanted between the role asp_node and its password"),
    "without a password": ("x\ty\nasp_node\t\n", 0o600, ":2: a password has"),
    "of other systems": ("asp_node\tp\r\n", 0o600, ":1: a password has"),
    "too long": (f"asp_node\t{'p' * 256}\n", 0o600, ":1: a password has"),
    "empty": ("", 0o600, "no line of the role asp_node"),
}


@pytest.mark.parametrize("which", PASSFILES)
def test_a_file_of_passwords_that_is_not_to_be_used(driver, server, tmp_path, which):
    words, mode, said = PASSFILES[which]
    path = tmp_path / "pass"
    if words is not None:
        path.write_text(words)
        path.chmod(mode)
    driver.set(passfile=path)
    answer = driver.read()
    assert answer.status == ("ASP_UNSAFE" if mode != 0o600 else "ASP_IO")
    assert answer.text.startswith(f"database.passfile: {path}") and said in answer.text
    assert server.started == []
    path.write_text("asp_admin\tx\nasp_node\tgood one")
    path.chmod(0o600)
    driver.read(seconds=1)
    wait_until(lambda: len(server.started) == 1)


OPEN = {
    "to everybody": lambda folder: folder.chmod(0o777),
    "and sticky": lambda folder: folder.chmod(0o1777),
    "above": lambda folder: folder.parent.chmod(0o777),
    "behind a link": lambda folder: folder.chmod(0o1777),
}


class AtSocket(StoreServer):
    """At a Unix socket, in a folder that has another above it."""

    def __init__(self):
        super().__init__()
        self.socket = self.folder / "above" / "socket"
        self.socket.mkdir(parents=True)
        for path in (self.socket, self.socket.parent):
            path.chmod(0o755)
        (self.folder / ".s.PGSQL.5432").rename(self.socket / ".s.PGSQL.5432")

    def _next_answer(self, statement):
        return FakeServer._next_answer(self, statement)


@pytest.fixture
def nobodys():
    with AtSocket() as server:
        yield server


def test_a_folder_to_which_its_group_can_write_is_a_databases(driver, nobodys):
    """As that of Debian is."""
    nobodys.socket.chmod(0o2775)
    driver.hosts(("", nobodys.socket, 5432))
    assert driver.read().status == "ASP_OK"


@pytest.mark.parametrize("how", OPEN)
def test_where_everybody_may_put_a_socket_there_is_no_database(driver, nobodys, how):
    folder = nobodys.socket
    OPEN[how](folder)
    where = folder
    if how == "behind a link":
        where = nobodys.folder / "link"
        where.symlink_to(folder)
    driver.hosts(("", where, 5432))
    answer = driver.read()
    path = folder.parent if how == "above" else folder
    assert (answer.status, answer.what) == ("ASP_UNSAFE", {"down"})
    assert answer.text.startswith(f"everybody can write to {path} (mode ") and nobodys.started == []
    assert answer.advice.startswith("have PostgreSQL make its socket where nobody else can (unix_socket_directories)")


def test_what_is_wrong_in_another_way_with_each_host_is_a_failure_as_any(driver, nobodys):
    """What to do about one that is there is said, in either order."""
    nobodys.socket.chmod(0o777)
    gone, shared = ("", "/nowhere/at/all", 5432), ("", nobodys.socket, 5432)
    driver.hosts(gone, shared)
    answer = driver.read()
    assert answer.status == "ASP_IO"
    assert re.fullmatch(r"database /nowhere/at/all: no answer: .*, and everybody can write to .*", answer.text)
    assert answer.advice.startswith("have PostgreSQL make its socket where nobody else can")
    driver.hosts(shared, gone)
    answer = driver.read()
    assert answer.status == "ASP_IO"
    assert answer.advice.startswith("have PostgreSQL make its socket where nobody else can")
    driver.hosts(shared, shared)
    assert driver.read().status == "ASP_UNSAFE"
