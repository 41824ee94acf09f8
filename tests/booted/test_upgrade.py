"""The packages change while the machine runs: who is asked meanwhile goes on answering, and what is new is used afterwards."""

import contextlib
import pathlib
import threading

import pytest
from booted_machine import CONF, SERVICES, SOCKETS, http_login, imap_login
from support.debian import install_version, repack, said
from support.passwords import wrong
from support.run import as_user
from support.wait import LONG

pytestmark = pytest.mark.timeout(900)

NOBODY_IS_ASKED = "DEBIAN_FRONTEND=noninteractive"
INSTALL = f"{NOBODY_IS_ASKED} apt-get -q -y --allow-downgrades install"
RUNNING = ("asp-broker.service", "asp-watch.service")


@pytest.fixture
def in_use(machine):
    """A machine whose broker and watch run, with a password for nginx, which asks the broker; and a later version at hand."""
    repack(machine, "9")
    password = machine.create(app="calendar")
    machine.systemctl("start", *SERVICES)
    yield password
    machine.shell(f"{INSTALL} /packages/*.deb").done()


# As asp-store(7) has it for a database on the same machine. None of it need survive a power cut, and dpkg keeps the disk busy.
MAKE_STORE = f"""
cd /etc/postgresql/*/main
sed -i '1i local asp asp_node,asp_admin peer map=asp' pg_hba.conf
printf 'asp asp-broker asp_node\nasp root asp_admin\n' >>pg_ident.conf
echo 'fsync = off' >conf.d/tests.conf
systemctl restart 'postgresql@*'
runuser -u postgres -- createdb -E UTF8 -T template0 asp
asp-admin store init --sql | runuser -u postgres -- psql -q -d asp
echo 'database: {{ hosts = ( {{ address = "/run/postgresql"; }} ); }}; primary: {{ source = "none"; }};' >>{CONF}
asp-admin store join
systemctl restart asp-watch
"""
LEAVE_STORE = """
systemctl stop asp-watch asp-broker.socket asp-broker
rm -f /var/lib/asp/store-id /var/lib/asp/feed
runuser -u postgres -- dropdb asp
"""


@pytest.fixture
def joined(machine):
    """The machine's store is in a database of its own."""
    machine.shell(MAKE_STORE).done()
    yield
    machine.shell(LEAVE_STORE).done()


def pids(machine):
    return {unit: machine.show(unit, "MainPID") for unit in RUNNING}


def runs_what_is_installed(pid):
    return not str(pathlib.Path(f"/proc/{pid}/exe").readlink()).endswith("(deleted)")


@contextlib.contextmanager
def asked_all_the_time(password):
    """Yields the set of what a right and a wrong password came to meanwhile."""
    answers, over = set(), threading.Event()

    def ask():
        while not over.is_set():
            answers.add(("right", http_login("alice", password)))
            answers.add(("wrong", http_login("alice", wrong(password))))

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield answers
    finally:
        over.set()
        thread.join()


def test_an_upgrade_refuses_nobody_and_restarts_what_ran(machine, in_use):
    before = pids(machine)
    with asked_all_the_time(in_use) as answers:
        run = install_version(machine, "9", options=NOBODY_IS_ASKED).done()
    assert answers == {("right", "in"), ("wrong", "refused")}, said(run)
    after = pids(machine)
    for unit in RUNNING:
        assert after[unit] not in ("0", before[unit]) and runs_what_is_installed(after[unit]), unit
    assert [machine.state(unit) for unit in SOCKETS] == ["active", "active"]


def test_an_upgrade_goes_on_with_a_store_that_is_in_a_database(machine, joined, in_use, idle):
    """What asks it is started anew, and refuses nobody; and the watch goes on hearing what the database tells."""
    assert not list(pathlib.Path("/var/lib/asp").glob("users/*"))
    kept = machine.read("/var/lib/asp/store-id")
    before = pids(machine)
    with asked_all_the_time(in_use) as answers:
        run = install_version(machine, "9", options=NOBODY_IS_ASKED).done()
    assert answers == {("right", "in"), ("wrong", "refused")}, said(run)
    after = pids(machine)
    for unit in RUNNING:
        assert after[unit] not in ("0", before[unit]) and runs_what_is_installed(after[unit]), unit
    assert machine.read("/var/lib/asp/store-id") == kept
    session = idle("alice", machine.create("alice", "Guest", "mail", "--expires", "15s"))
    assert session.line(15 + LONG) == "over"
    assert http_login("alice", in_use) == "in"


def test_an_upgrade_that_is_broken_off_after_unpacking_leaves_all_running(machine, in_use):
    before = pids(machine)
    machine.shell(f"{NOBODY_IS_ASKED} dpkg --unpack /root/9/*.deb").done()
    assert pids(machine) == before
    assert [machine.state(unit) for unit in (*RUNNING, *SOCKETS)] == ["active"] * 4
    assert (http_login("alice", in_use), http_login("alice", wrong(in_use))) == ("in", "refused")
    machine.systemctl("restart", *SERVICES)
    phone = machine.create(label="Tablet")
    assert (imap_login("alice", phone), http_login("alice", in_use)) == ("in", "in")
    machine.shell(f"{NOBODY_IS_ASKED} dpkg --configure -a").done()
    assert all(runs_what_is_installed(pid) for pid in pids(machine).values())
    assert (imap_login("alice", phone), http_login("alice", in_use)) == ("in", "in")


def test_a_broker_that_is_removed_answers_nobody_and_comes_back_with_the_package(machine, in_use):
    remove = f"{NOBODY_IS_ASKED} apt-get -q -y remove asp-broker"
    refused = machine.shell(remove)
    assert refused.code != 0 and "not removed, and nothing is changed" in said(refused)
    assert http_login("alice", in_use) == "in"
    machine.shell(f"ASP_REMOVE_ANYWAY=1 {remove}").done()
    assert [machine.state(unit) for unit in (*SERVICES[:2], *SOCKETS)] == ["inactive"] * 4
    assert http_login("alice", in_use) == "refused"
    machine.run(*as_user("alice"), "asp-admin", "list").refused(5)
    machine.shell(f"{INSTALL} /packages/asp-broker_*.deb").done()
    assert [machine.state(unit) for unit in SOCKETS] == ["active", "active"]
    assert http_login("alice", in_use) == "in"
