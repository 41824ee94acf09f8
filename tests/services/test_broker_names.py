"""asp-broker and the name service: it is asked whose account another spelling stands for, and where it hangs nobody
else waits for it."""

import os
import signal

import pytest
from support.broker import Host
from support.pam_codes import AUTHINFO_UNAVAIL, SUCCESS
from support.processes import lives
from support.wait import comes_true, wait_until

ALONE = "self_service: { enabled = false; };"


@pytest.fixture
def machine(broker_machine, name_service):
    """With a broker of one worker for logins, and one that asks."""
    broker_machine.sandbox.shell("rm -rf /run/asp /run/asked").done()
    broker_machine.configure("broker: { workers = 1; };", ALONE)
    broker_machine.said()
    with broker_machine.serving(prefix=("env", f"LD_PRELOAD={name_service}")) as broker:
        broker_machine.serves = broker
        yield broker_machine


def asked(machine):
    return machine.sandbox.shell("cat /run/asked 2>/dev/null || true").done().out.split()


def test_where_the_name_service_hangs_logins_by_the_accounts_own_name_are_served(machine):
    held_up = machine.host("proxied")
    held_up.begin(*[(machine.phone, "nginx", f"hang-{number}") for number in range(20)])
    wait_until(lambda: asked(machine), "it is not asked")
    for _ in range(30):
        assert machine.host().login(machine.phone).code == SUCCESS
    assert {answer.code for answer in held_up.answers()} == {AUTHINFO_UNAVAIL}
    lines = []
    wait_until(
        lambda: lines.extend(machine.said()) or any("does not answer within" in line.text for line in lines),
        "it is not said",
    )
    told = [line for line in lines if line.by == "asp-broker" and line.text.startswith("verdict=unavailable")]
    assert told and all("name service" in line.word("cause") for line in told), lines
    assert not set(asked(machine)) & {"alice"}


def test_another_takes_the_place_of_a_worker_for_which_the_name_service_has_hung(machine):
    workers = machine.serves.workers()
    asker = workers[1]
    for _ in range(3):
        assert machine.host().login(machine.phone, "nginx", "hang").code == AUTHINFO_UNAVAIL

        def replaced():
            now = machine.serves.workers()
            return len(now) == len(workers) and asker not in now and now

        now = wait_until(replaced, "none does")
        (asker,) = set(now) - set(workers)
        assert len(set(workers) - set(now)) == 1
        workers = now
    assert machine.host().login(machine.phone, "nginx", "spelling").code == SUCCESS
    others = [line.text for line in machine.said() if line.by == "asp-broker" and "verdict=" not in line.text]
    assert others == ["the name service does not answer within 500 ms: logins that ask it are refused"]


def test_what_the_name_service_has_said_is_kept(machine):
    for user in ("spelling", "spelling", "nobody-of-that-name", "nobody-of-that-name", "spelling"):
        machine.host().login(machine.phone, "nginx", user)
    verdicts = [line.word("verdict") for line in machine.said() if line.by == "asp-broker"]
    assert verdicts == ["accepted", "accepted", "no-account", "no-account", "accepted"]
    assert asked(machine) == ["spelling", "nobody-of-that-name"]


def test_who_came_before_the_end_is_answered_also_where_the_name_service_is_to_be_asked(machine):
    """A worker hands it on to the one that asks, which so has to end after it."""
    worker, asker, *_ = machine.serves.workers()
    os.kill(worker, signal.SIGSTOP)
    host = machine.host()
    host.begin((machine.phone, "nginx", "spelling"))
    waiting = "ss -Hxl src /run/asp/broker.sock"
    wait_until(lambda: machine.sandbox.shell(waiting).done().out.split()[2] == "1", "it does not come")
    # systemd sends it to all at once.
    for pid in (asker, machine.serves.pid, worker):
        os.kill(pid, signal.SIGTERM)
    wait_until(lambda: machine.sandbox.shell("test -e /run/asp/broker.sock").code != 0, "it goes on")
    assert not comes_true(lambda: not lives(asker), 0.2)
    os.kill(worker, signal.SIGCONT)
    assert [answer.code for answer in host.answers()] == [SUCCESS]
    wait_until(lambda: not lives(asker), "it does not end")


@pytest.fixture
def stranger(machine):
    """A host by a uid that /etc/passwd does not have, as one of the group asp."""
    hosts = []

    def begin(uid):
        one = Host(machine.sandbox, None, prefix=("setpriv", "--reuid", str(uid), "--regid", "asp", "--clear-groups"))
        hosts.append(one)
        return one

    yield begin
    for host in hosts:
        host.close()


def test_a_client_whom_the_name_service_alone_knows_is_asked_for_once_and_named(machine, stranger):
    machine.configure(
        "broker: { workers = 1; clients = ( { user = \"www-data\"; services = [ \"nginx\" ]; } ); };", ALONE
    )
    host = stranger(4712)
    for _ in range(3):
        assert host.login(machine.phone).code == SUCCESS
    lines = [line for line in machine.said() if line.by == "asp-broker" and "verdict=" in line.text]
    assert [line.word("via") for line in lines] == ["www-data"] * 3
    assert asked(machine) == ["4712"]


def test_a_client_of_whom_the_name_service_says_nothing_holds_nobody_up(machine, stranger):
    clients = 'clients = ( { user = "www-data"; services = [ "nginx" ]; } );'
    machine.configure(f"broker: {{ workers = 1; {clients} }};", ALONE)
    held_up = stranger(4711)
    held_up.begin(*[(machine.phone,)] * 20)
    wait_until(lambda: "4711" in asked(machine), "it is not asked")
    for _ in range(30):
        assert machine.host().login(machine.phone).code == SUCCESS
    assert {answer.code for answer in held_up.answers()} == {AUTHINFO_UNAVAIL}


def test_where_any_client_may_ask_for_any_service_its_name_is_asked_of_nobody(machine, stranger):
    assert stranger(4711).login(machine.phone).code == SUCCESS
    lines = [line for line in machine.said() if line.by == "asp-broker" and "verdict=" in line.text]
    assert [line.word("via") for line in lines] == ["uid 4711"]
    assert asked(machine) == []
