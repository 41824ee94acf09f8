"""asp-broker from its start to its end: its socket, its workers, its configuration, and being started by systemd."""

import os
import re
import signal
import subprocess
import time

import pytest
from support.broker import SOCKET, SOON, connections, processes_for
from support.pam_codes import AUTHINFO_UNAVAIL, SUCCESS
from support.processes import child_of, descriptors, has_no_core
from support.run import MORTAL, as_user
from support.systemd import install
from support.wait import LONG, wait_until

WORKERS = processes_for(8)
ALONE = "self_service: { enabled = false; };"


@pytest.fixture
def machine(broker_machine):
    """Before any broker was started, with the built-in configuration."""
    broker_machine.sandbox.shell("rm -rf /run/asp /etc/asp").done()
    broker_machine.said()
    return broker_machine


def what(machine, path):
    return machine.sandbox.run("stat", "--format=%F %a %U:%G", path).done().out.strip()


def refuses_to_start(machine, code, expected, *words):
    """It ends at once; its one line on standard error is also in the log."""
    run = machine.sandbox.run("timeout", "10", machine.broker, *words)
    assert (run.code, run.out) == (code, "")
    assert expected in run.err and run.err.count("\n") == 1, run
    (line,) = machine.said()
    assert (line.severity, f"asp-broker: {line.text}\n") == (3, run.err)


# The socket


@pytest.mark.parametrize("umask", ["000", "022", "777"])
def test_root_and_the_group_asp_get_at_the_socket(machine, umask):
    with machine.serving(prefix=("sh", "-c", f'umask {umask}; exec "$@"', "sh")):
        assert what(machine, SOCKET) == "socket 660 root:asp"
        assert what(machine, "/run/asp") == "directory 755 root:root"
        assert machine.host().login(machine.phone).code == SUCCESS


def test_the_socket_is_where_it_is_told_to_be(machine):
    machine.configure('broker: { socket = "/run/elsewhere/b"; };')
    with machine.serving("--socket", "/run/third", socket="/run/third"), machine.serving(socket="/run/elsewhere/b"):
        assert what(machine, "/run/elsewhere/b") == "socket 660 root:asp"
        assert what(machine, "/run/third") == "socket 660 root:asp"
        assert machine.sandbox.run("test", "-e", SOCKET).code == 1
        assert machine.host().login(machine.phone).code == SUCCESS


def test_without_the_group_only_root_can_ask_and_that_is_said(machine):
    group = machine.sandbox.run("getent", "group", "asp").done().out.split(":")
    machine.sandbox.run("groupdel", "asp").done()
    try:
        with machine.serving():
            (line,) = machine.said()
            assert line.text == (
                "there is no group asp, so only root can ask. Make it, put into it each user whose service is to ask, and "
                "start asp-broker again: groupadd --system asp && usermod -aG asp www-data"
            )
            assert what(machine, SOCKET) == "socket 660 root:root"
            assert machine.host().login(machine.phone).code == AUTHINFO_UNAVAIL
    finally:
        machine.sandbox.shell(
            'groupadd --system --gid "$1" asp; for user in www-data proxied; do usermod -a -G asp $user; done',
            group[2],
        ).done()


def test_a_socket_that_was_left_behind_is_removed(machine):
    with machine.serving() as broker:
        broker.kill()
        wait_until(lambda: not machine.listens(), "workers live on")
    assert what(machine, SOCKET).startswith("socket")
    with machine.serving():
        assert machine.host().login(machine.phone).code == SUCCESS


@pytest.mark.parametrize("make", ["echo kept >$1", "mkdir $1", "ln -s /run/real $1", "mkfifo $1"])
def test_what_is_no_socket_is_kept_where_it_is(machine, make):
    machine.sandbox.shell(f"mkdir -m 755 /run/asp; {make}", SOCKET).done()
    before = what(machine, SOCKET)
    refuses_to_start(machine, 5, f"{SOCKET} is there, and is no socket: move it away")
    assert what(machine, SOCKET) == before


def test_a_second_broker_says_so_and_ends(machine):
    with machine.serving() as first:
        refuses_to_start(machine, 5, f"{SOCKET}: somebody listens there already: end it first")
        assert first.process.poll() is None
        assert machine.host().login(machine.phone).code == SUCCESS


def test_of_many_brokers_that_start_at_once_one_stays(machine):
    script = 'for i in {1..6}; do { code=0; timeout 20 "$1" 2>/dev/null || code=$?; echo "$code"; } & done; wait'
    many = machine.sandbox.start(*MORTAL, "bash", "-c", script, "bash", machine.broker, stdout=subprocess.PIPE)
    assert [many.stdout.readline() for _ in range(5)] == ["5\n"] * 5
    assert machine.host().login(machine.phone).code == SUCCESS
    machine.sandbox.run("pkill", "timeout").done()
    out, _ = many.communicate(timeout=LONG)
    assert (out, many.returncode) == ("0\n", 0)
    machine.said()


@pytest.mark.parametrize(
    "spoil, expected",
    [
        ("chown mallory /run/asp", "/run/asp belongs to uid"),
        ("chmod 775 /run/asp", "/run/asp can be written by group or others"),
        ("rmdir /run/asp; ln -s /tmp /run/asp", "/run/asp is a link"),
        ("rmdir /run/asp; touch /run/asp", "/run/asp"),
    ],
)
def test_a_folder_that_is_not_roots_alone_is_refused(machine, spoil, expected):
    machine.sandbox.shell(f"mkdir -m 755 /run/asp; {spoil}").done()
    refuses_to_start(machine, 5, expected)


def test_nobody_else_can_keep_a_broker_from_starting(machine):
    """A folder that everybody can open, everybody can lock."""
    machine.sandbox.run("mkdir", "-m", "755", "/run/asp").done()
    words = [*as_user("mallory"), "flock", "/run/asp", "sh", "-c", "echo held; exec sleep 60"]
    holder = machine.sandbox.start(*MORTAL, *words, stdout=subprocess.PIPE)
    try:
        assert holder.stdout.readline() == "held\n"
        with machine.serving():
            assert machine.host().login(machine.phone).code == SUCCESS
    finally:
        machine.sandbox.run("pkill", "-u", "mallory")
        holder.wait()
        holder.stdout.close()


# Its end


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_broker_and_its_socket_goes_with_it(machine, number):
    with machine.serving() as broker:
        processes = broker.processes()
        os.kill(broker.pid, number)
        out, err = broker.process.communicate(timeout=LONG)
        assert (broker.process.returncode, out, err) == (0, "", "")
        assert not any(os.path.exists(f"/proc/{pid}") for pid in processes)
    assert machine.sandbox.run("test", "-e", SOCKET).code == 1
    assert machine.said() == []


def test_sighup_ends_no_process_of_the_broker(machine):
    machine.configure(ALONE)
    with machine.serving() as broker:
        wait_until(lambda: len(broker.workers()) == WORKERS, "not all are there")
        processes = broker.processes()
        for pid in processes:
            os.kill(pid, signal.SIGHUP)
        assert machine.host().login(machine.phone).code == SUCCESS
        assert broker.processes() == processes and broker.process.poll() is None
    machine.said()


def test_who_is_in_the_queue_when_the_broker_ends_is_answered(machine):
    # With the slow hash a host waits five seconds for its answer: long enough to come to the queue on a busy machine.
    machine.sandbox.write("/etc/asp/asp.conf", 'hash: { scheme = "argon2id"; };\n')
    with machine.serving() as broker:
        workers = broker.workers()
        for pid in workers:
            os.kill(pid, signal.SIGSTOP)
        host = machine.host()
        host.begin(*[(machine.phone, "nginx", "alice", f"192.0.2.{n}") for n in range(20)])
        wait_until(lambda: connections(machine.sandbox) == 20, "they are not all in the queue")
        time.sleep(0.2)  # from the connection to the question it takes a few microseconds
        os.kill(broker.pid, signal.SIGTERM)
        wait_until(lambda: machine.sandbox.run("test", "-e", SOCKET).code == 1, "the socket stays")
        for pid in workers:
            os.kill(pid, signal.SIGCONT)
        assert [answer.code for answer in host.answers()] == [SUCCESS] * 20
        assert broker.process.wait(timeout=LONG) == 0


def test_a_login_that_is_under_way_is_finished(machine):
    """It waits for the store's lock, and what it has written it also tells."""
    first = machine.create("bob", "First")
    lock = machine.sandbox.start(
        *MORTAL, *"flock /var/lib/asp/locks/bob sh -c".split(), "echo held; exec sleep 0.6", stdout=subprocess.PIPE
    )
    assert lock.stdout.readline() == "held\n"
    with machine.serving() as broker:
        host = machine.host()
        host.begin((first, "nginx", "bob"))
        time.sleep(0.2)
        os.kill(broker.pid, signal.SIGTERM)
        (answer,) = host.answers()
        assert (answer.code, answer.environment.get("ASP_APP")) == (SUCCESS, "calendar")
        assert broker.process.wait(timeout=LONG) == 0
    lock.wait()
    lock.stdout.close()


def test_a_login_that_its_host_has_given_up_binds_nothing(machine):
    """The lock that it waits for is free again as soon as the host has been told that nothing can be told."""
    first = machine.create("bob", "Later")
    words = "flock /var/lib/asp/locks/bob sh -c".split()
    lock = machine.sandbox.start(
        *MORTAL, *words, "echo held; read end", stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert lock.stdout.readline() == "held\n"
    with machine.serving():
        assert machine.host().login(first, "nginx", "bob").code == AUTHINFO_UNAVAIL
        lock.communicate("\n")
        lines = []
        wait_until(
            lambda: lines.extend(line for line in machine.said() if line.by == "asp-broker") or lines,
            "the broker says nothing of it",
        )
        assert lines[0].word("verdict") == "unavailable"
        (entry,) = [entry for entry in machine.json("list", "bob") if entry["label"] == "Later"]
        assert (entry["bound"], entry["last_used"]) == (None, None)
        assert machine.host().login(first, "nginx", "bob").code == SUCCESS


# Its workers


@pytest.mark.parametrize("count", [1, 3, 64])
def test_there_are_as_many_workers_as_configured(machine, count):
    machine.configure(f"broker: {{ workers = {count}; }};", ALONE)
    with machine.serving() as broker:
        wait_until(lambda: len(broker.workers()) == processes_for(count), "not the right number")
        assert machine.host().login(machine.phone).code == SUCCESS


def test_a_worker_that_is_killed_is_replaced(machine):
    machine.configure(ALONE)
    with machine.serving() as broker:
        workers = wait_until(lambda: len(broker.workers()) == WORKERS and broker.workers(), "not all are there")
        # One that has lived no longer is replaced after a pause, and the kernel may have told one that just dies of a login.
        time.sleep(1.1)
        for pid in workers[1:]:
            os.kill(pid, signal.SIGKILL)
        assert machine.host().login(machine.phone).code == SUCCESS

        def replaced():
            now = broker.workers()
            return len(now) == WORKERS and set(now) & set(workers) == set(workers[:1])

        wait_until(replaced, "none takes its place")
        lines = [line for line in machine.said() if "worker" in line.text]
        assert {line.text for line in lines} == {"a worker was ended by signal 9: another takes its place"}
        assert (len(lines), lines[0].severity) == (WORKERS - 1, 3)
        assert machine.host().login(machine.phone).code == SUCCESS


# Lesson: pam_mysql #77.
def test_a_worker_leaves_no_descriptor_open_and_no_core(machine):
    machine.configure("broker: { workers = 1; };", ALONE)
    with machine.serving() as broker:
        worker, *_ = broker.workers()
        machine.host().login(machine.phone)
        before = descriptors(worker)
        for _ in range(100):
            machine.host().login(machine.phone)
        # The connection is closed a moment after the answer, which may have been seen before as well.
        wait_until(lambda: set(descriptors(worker)) <= set(before), "some are left open")
        for pid in broker.processes():
            assert has_no_core(pid)
            assert os.stat(f"/proc/{pid}/mem").st_uid == 0
    machine.said()


@pytest.mark.parametrize("kept, code", [("+chown", AUTHINFO_UNAVAIL), ("+chown,+dac_read_search", SUCCESS)])
def test_the_broker_needs_two_capabilities_at_most(machine, kept, code):
    """One to give its socket to the group, if it makes it, and one where shadow may be read by nobody (mode 0000)."""
    first = machine.create("alice", "First")
    machine.sandbox.run("chmod", "000", "/etc/shadow").done()
    try:
        with machine.serving(prefix=("setpriv", "--no-new-privs", "--inh-caps=-all", f"--bounding-set=-all,{kept}")):
            assert what(machine, SOCKET) == "socket 660 root:asp"
            assert machine.host().login(first).code == code
    finally:
        machine.sandbox.run("chmod", "640", "/etc/shadow").done()
        machine.asp_admin("revoke", "alice", first[:2]).done()
        machine.said()


# Lesson: the host's limits.
def test_a_broker_that_may_write_no_long_file_answers_and_lives_on(machine):
    """What must be written is unavailable; what is only a trace of the login is left out."""
    first = machine.create("alice", "First")
    try:
        with machine.serving(prefix=("prlimit", "--fsize=0")) as broker:
            processes = broker.processes()
            for _ in range(3):
                assert machine.host().login(machine.phone).code == SUCCESS
                assert machine.host().login(first).code == AUTHINFO_UNAVAIL
            assert broker.processes() == processes
        with machine.serving():
            assert machine.host().login(first).code == SUCCESS
    finally:
        machine.asp_admin("revoke", "alice", first[:2]).done()
        machine.said()


# Its configuration


def test_a_configuration_that_is_changed_is_used_from_the_next_login(machine):
    machine.configure(ALONE)
    with machine.serving():
        assert machine.host().login(machine.phone).code == SUCCESS
        assert machine.said_one().word("app") == "calendar"
        machine.configure('log = "refused";', ALONE)
        assert machine.host().login(machine.phone).code == SUCCESS
        assert machine.said() == []
        machine.configure('apps: ( { name = "other"; services = [ "nginx" ]; } );', ALONE)
        assert machine.host().login(machine.phone).code != SUCCESS
        assert (machine.said_one().word("verdict"), machine.host().login(machine.phone).code) == ("wrong-app", 7)
        machine.said()


def test_with_a_broken_configuration_the_broker_refuses_until_that_is_fixed(machine):
    """The module of the host reads another one, so that it is the broker who finds it broken."""
    machine.sandbox.write("/run/asp.conf", "limit = 7;\n")
    with machine.serving("--config", "/run/asp.conf"):
        assert machine.host().login(machine.phone).code == SUCCESS
        machine.said()
        told = []
        for broken in ("limit = many;\n", "limits = 7;\n", None):
            if broken is None:
                machine.sandbox.run("rm", "/run/asp.conf").done()
            else:
                machine.sandbox.write("/run/asp.conf", broken)
            answer = machine.host().login(machine.phone)
            assert (answer.code, answer.seconds < SOON) == (AUTHINFO_UNAVAIL, True)
            *by_broker, line = machine.said()
            assert "asp-broker refuses: " in line.word("cause") and "/run/asp.conf" in line.word("cause")
            told += by_broker
        # It says so too, once a minute.
        (line,) = told
        assert line.severity == 3 and line.text.startswith("configuration: /run/asp.conf:1: ")
        machine.sandbox.write("/run/asp.conf", "limit = 8;\n")
        assert machine.host().login(machine.phone).code == SUCCESS
    machine.said()


def test_a_broker_does_not_start_with_a_broken_configuration(machine):
    machine.configure("limit = many;")
    refuses_to_start(machine, 6, "/etc/asp/asp.conf:1")
    refuses_to_start(machine, 6, "/run/none.conf", "--config", "/run/none.conf")


@pytest.mark.parametrize("words", [["--what"], ["more"], ["--socket"], ["--config"]], ids=" ".join)
def test_a_wrong_command_line_is_told(machine, words):
    run = machine.sandbox.run(machine.broker, *words)
    assert (run.code, run.out) == (2, "") and run.err.count("\n") == 1
    machine.said()


@pytest.mark.parametrize("path", ["broker.sock", "/run/../b", "/run/" + "i" * 120, "/", "/run/"])
def test_a_path_that_can_be_no_sockets_is_told(machine, path):
    refuses_to_start(machine, 2, path, "--socket", path)


def test_help_says_how_it_is_called_and_version_its_number(machine):
    usage = machine.sandbox.run(machine.broker, "--help").done().out
    assert usage.startswith("usage: asp-broker [--config FILE] [--socket PATH]\n")
    assert re.findall(r"(?m)^  (--\w+(?: [A-Z]+)?)  +\S", usage) == ["--config FILE", "--socket PATH", "--help", "--version"]
    assert len(re.findall(r"(?m)^  asp-broker\b", usage)) == 2
    assert all(len(line) <= 80 for line in usage.splitlines())
    assert re.fullmatch(r"asp-broker \d+\.\d+\.\d+\n", machine.sandbox.run(machine.broker, "--version").done().out)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--bogus"], "--bogus is no option: see asp-broker --help"),
        (["--sokcet", "/run/b"], "--sokcet is no option: did you mean --socket?"),
        (["-config", "x"], "-config is no option: did you mean --config?"),
        (["-h"], "-h is no option: did you mean --help? See asp-broker --help"),
        (["--listen=/run/b"], "--listen=/run/b is no option: did you mean --socket PATH?"),
        (["--help=yes"], "--help takes no value: see asp-broker --help"),
        (["--config"], "--config needs a value behind it: see asp-broker --help"),
        (["start"], "start: asp-broker takes no arguments: see asp-broker --help"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_line_that_is_wrong_is_told_in_one(machine, words, why):
    run = machine.sandbox.run(machine.broker, *words)
    assert (run.code, run.out, run.err) == (2, "", f"asp-broker: {why}\n")


# Started by systemd, or by whoever else hands over its socket

ACTIVATE = "systemd-socket-activate"


def activated(machine, *words):
    """As systemd does with asp-broker.socket: the socket is there first, and the first who asks starts it."""
    machine.sandbox.need(ACTIVATE)
    machine.sandbox.run("mkdir", "-m", "755", "/run/asp").done()
    words = [*MORTAL, ACTIVATE, *words, machine.broker]
    process = machine.sandbox.start(*words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_until(lambda: process.poll() is not None or machine.listens(), "nobody listens")
    machine.sandbox.shell('chgrp asp "$1"; chmod 660 "$1"', SOCKET).done()
    return process


def test_the_broker_takes_the_socket_that_it_is_handed(machine):
    process = activated(machine, "--seqpacket", f"--listen={SOCKET}")
    host = machine.host()
    host.begin((machine.phone,))
    (answer,) = host.answers()
    assert answer.code == SUCCESS and answer.seconds < SOON
    assert machine.said_one().word("via") == "www-data"
    assert what(machine, SOCKET) == "socket 660 root:asp"
    os.kill(child_of(process), signal.SIGTERM)
    _, err = process.communicate(timeout=LONG)
    assert process.returncode == 0, err
    # It is not its own, and stays for the next one.
    assert what(machine, SOCKET) == "socket 660 root:asp"


def test_a_socket_that_is_open_to_everybody_is_refused(machine):
    process = activated(machine, "--seqpacket", f"--listen={SOCKET}")
    machine.sandbox.run("chmod", "666", SOCKET).done()
    host = machine.host()
    host.begin((machine.phone,))
    _, err = process.communicate(timeout=LONG)
    assert f"{SOCKET} was handed over, and everybody can write to it" in err
    assert host.answers()[0].code == AUTHINFO_UNAVAIL


# A socket of the abstract namespace, or one whose name was taken away, handed to the broker.
HAND_OVER = """
import os, socket, sys
path, program = sys.argv[1:]
one = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
one.bind(path.replace("@", "\\0"))
one.listen()
if path[0] == "/":
    os.unlink(path)
os.dup2(one.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execv(program, [program])
"""


# Lesson: a check that fails open.
@pytest.mark.parametrize("path", ["@asp", "/run/gone"])
def test_a_socket_that_cannot_be_looked_at_is_refused_as_one_that_is_open(machine, path):
    run = machine.sandbox.run("timeout", "10", "/usr/bin/python3", "-c", HAND_OVER, path, machine.broker)
    assert (run.code, run.out) == (5, "")
    assert "was handed over, and who can write to it cannot be looked at" in run.err
    machine.said()


def test_a_socket_of_another_type_is_refused(machine):
    process = activated(machine, f"--listen={SOCKET}")
    machine.sandbox.run(
        "/usr/bin/python3", "-c", f"import socket; socket.socket(socket.AF_UNIX).connect('{SOCKET}')"
    ).done()
    _, err = process.communicate(timeout=LONG)
    assert process.returncode == 5
    assert "descriptor 3 was handed over, and is no listening Unix socket of type SOCK_SEQPACKET" in err
    machine.said()


def test_what_was_handed_to_another_process_is_not_taken(machine):
    """As with a shell between the two that was not meant to be one."""
    with machine.serving(prefix=("env", "LISTEN_PID=1", "LISTEN_FDS=1")):
        assert machine.host().login(machine.phone).code == SUCCESS
    machine.said()


# What is installed


def test_nothing_that_is_installed_is_setuid_or_setgid(build, tmp_path):
    install(build, tmp_path)
    files = [path for path in tmp_path.rglob("*") if path.is_file() and not path.is_symlink()]
    names = {path.name for path in files}
    assert {"pam_asp.so", "asp-admin", "asp-broker"} <= names
    for path in files:
        assert path.stat().st_mode & 0o6000 == 0, path
        assert "security.capability" not in os.listxattr(path), path
