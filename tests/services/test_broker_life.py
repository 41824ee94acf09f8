"""asp-broker from its start to its end: its socket, its workers, its configuration, and being started by systemd."""

import os
import pathlib
import re
import signal
import subprocess
import time

import pytest
from support.broker import AUTHINFO_UNAVAIL, SOCKET, SOON, SUCCESS, Site, child_of, wait_until
from support.run import MORTAL

WORKERS = 8
ALONE = "self_service: { enabled = false; };"


@pytest.fixture(scope="module")
def shared(sandboxes, layer, build):
    site = Site(layer, build)
    site.reset()
    site.password = site.create("alice", "Phone", "--app", "calendar")
    yield site
    site.close()


@pytest.fixture
def site(shared):
    """Before any broker was started, with the built-in configuration."""
    shared.sandbox.shell("rm -rf /run/asp /etc/asp").done()
    shared.said()
    return shared


def configure(site, *lines):
    site.sandbox.write("/etc/asp/asp.conf", "\n".join([*lines, ""]))


def what(site, path):
    return site.sandbox.run("stat", "--format=%F %a %U:%G", path).done().out.strip()


def refuses_to_start(site, code, expected, *words):
    """It ends at once; its one line on standard error is also in the log."""
    run = site.sandbox.run("timeout", "10", site.broker, *words)
    assert (run.code, run.out) == (code, "")
    assert expected in run.err and run.err.count("\n") == 1, run
    (line,) = site.said()
    assert (line.severity, f"asp-broker: {line.text}\n") == (3, run.err)


# The socket


@pytest.mark.parametrize("umask", ["000", "022", "777"])
def test_root_and_the_group_asp_get_at_the_socket(site, umask):
    with site.serving(prefix=("sh", "-c", f'umask {umask}; exec "$@"', "sh")):
        assert what(site, SOCKET) == "socket 660 root:asp"
        assert what(site, "/run/asp") == "directory 755 root:root"
        assert site.host().login(site.password).code == SUCCESS


def test_the_socket_is_where_it_is_told_to_be(site):
    configure(site, 'broker: { socket = "/run/elsewhere/b"; };')
    with site.serving("--socket", "/run/third", socket="/run/third"), site.serving(socket="/run/elsewhere/b"):
        assert what(site, "/run/elsewhere/b") == "socket 660 root:asp"
        assert what(site, "/run/third") == "socket 660 root:asp"
        assert site.sandbox.run("test", "-e", SOCKET).code == 1
        assert site.host().login(site.password).code == SUCCESS


def test_without_the_group_only_root_can_ask_and_that_is_said(site):
    group = site.sandbox.run("getent", "group", "asp").done().out.split(":")
    site.sandbox.run("groupdel", "asp").done()
    try:
        with site.serving():
            (line,) = site.said()
            assert line.text == (
                "there is no group asp, so only root can ask: `groupadd --system asp`, then start again"
            )
            assert what(site, SOCKET) == "socket 660 root:root"
            assert site.host().login(site.password).code == AUTHINFO_UNAVAIL
    finally:
        site.sandbox.shell(
            'groupadd --system --gid "$1" asp; for user in www-data proxied; do usermod -a -G asp $user; done',
            group[2],
        ).done()


def test_a_socket_that_was_left_behind_is_removed(site):
    with site.serving() as broker:
        broker.close()
        wait_until(lambda: not site.listens(), "workers live on")
    assert what(site, SOCKET).startswith("socket")
    with site.serving():
        assert site.host().login(site.password).code == SUCCESS


@pytest.mark.parametrize("make", ["echo kept >$1", "mkdir $1", "ln -s /run/real $1", "mkfifo $1"])
def test_what_is_no_socket_is_kept_where_it_is(site, make):
    site.sandbox.shell(f"mkdir -m 755 /run/asp; {make}", SOCKET).done()
    before = what(site, SOCKET)
    refuses_to_start(site, 5, f"{SOCKET} is there, and is no socket: move it away")
    assert what(site, SOCKET) == before


def test_a_second_one_says_so_and_ends(site):
    with site.serving() as first:
        refuses_to_start(site, 5, f"{SOCKET}: somebody listens there already: end it first")
        assert first.process.poll() is None
        assert site.host().login(site.password).code == SUCCESS


def test_of_many_that_start_at_once_one_stays(site):
    script = 'for i in {1..6}; do { code=0; timeout 20 "$1" 2>/dev/null || code=$?; echo "$code"; } & done; wait'
    many = site.sandbox.start(*MORTAL, "bash", "-c", script, "bash", site.broker, stdout=subprocess.PIPE)
    assert [many.stdout.readline() for _ in range(5)] == ["5\n"] * 5
    assert site.host().login(site.password).code == SUCCESS
    site.sandbox.run("pkill", "timeout").done()
    out, _ = many.communicate(timeout=10)
    assert (out, many.returncode) == ("0\n", 0)
    site.said()


@pytest.mark.parametrize(
    "spoil, expected",
    [
        ("chown mallory /run/asp", "/run/asp belongs to uid"),
        ("chmod 775 /run/asp", "/run/asp can be written by group or others"),
        ("rmdir /run/asp; ln -s /tmp /run/asp", "/run/asp is a link"),
        ("rmdir /run/asp; touch /run/asp", "/run/asp"),
    ],
)
def test_a_folder_that_is_not_roots_alone_is_refused(site, spoil, expected):
    site.sandbox.shell(f"mkdir -m 755 /run/asp; {spoil}").done()
    refuses_to_start(site, 5, expected)


def test_nobody_else_can_keep_it_from_starting(site):
    """A folder that everybody can open, everybody can lock."""
    site.sandbox.run("mkdir", "-m", "755", "/run/asp").done()
    words = ("setpriv", "--reuid", "mallory", "--regid", "mallory", "--clear-groups")
    holder = site.sandbox.start(
        *MORTAL, *words, "flock", "/run/asp", "sh", "-c", "echo held; exec sleep 60", stdout=subprocess.PIPE
    )
    try:
        assert holder.stdout.readline() == "held\n"
        with site.serving():
            assert site.host().login(site.password).code == SUCCESS
    finally:
        site.sandbox.run("pkill", "-u", "mallory")
        holder.wait()
        holder.stdout.close()


# Its end


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_it_is_told_and_takes_its_socket_with_it(site, number):
    with site.serving() as broker:
        processes = broker.processes()
        os.kill(broker.pid, number)
        out, err = broker.process.communicate(timeout=10)
        assert (broker.process.returncode, out, err) == (0, "", "")
        assert not any(os.path.exists(f"/proc/{pid}") for pid in processes)
    assert site.sandbox.run("test", "-e", SOCKET).code == 1
    assert site.said() == []


def test_whoever_wants_it_to_read_its_configuration_ends_nothing(site):
    configure(site, ALONE)
    with site.serving() as broker:
        wait_until(lambda: len(broker.workers()) == WORKERS, "not all are there")
        processes = broker.processes()
        for pid in processes:
            os.kill(pid, signal.SIGHUP)
        assert site.host().login(site.password).code == SUCCESS
        assert broker.processes() == processes and broker.process.poll() is None
    site.said()


def test_who_is_in_the_queue_when_it_is_told_to_end_is_answered(site):
    with site.serving() as broker:
        workers = broker.workers()
        for pid in workers:
            os.kill(pid, signal.SIGSTOP)
        host = site.host()
        host.begin(*[(site.password, "nginx", "alice", f"192.0.2.{n}") for n in range(20)])
        time.sleep(0.3)
        os.kill(broker.pid, signal.SIGTERM)
        wait_until(lambda: site.sandbox.run("test", "-e", SOCKET).code == 1, "the socket stays")
        for pid in workers:
            os.kill(pid, signal.SIGCONT)
        assert [answer.code for answer in host.answers()] == [SUCCESS] * 20
        assert broker.process.wait(timeout=10) == 0


def test_a_login_that_is_under_way_is_finished(site):
    """It waits for the store's lock, and what it has written it also tells."""
    first = site.create("bob", "First")
    lock = site.sandbox.start(
        *MORTAL, *"flock /var/lib/asp/locks/bob sh -c".split(), "echo held; exec sleep 0.6", stdout=subprocess.PIPE
    )
    assert lock.stdout.readline() == "held\n"
    with site.serving() as broker:
        host = site.host()
        host.begin((first, "nginx", "bob"))
        time.sleep(0.2)
        os.kill(broker.pid, signal.SIGTERM)
        (answer,) = host.answers()
        assert (answer.code, answer.environment.get("ASP_APP")) == (SUCCESS, "calendar")
        assert broker.process.wait(timeout=10) == 0
    lock.wait()
    lock.stdout.close()


# Its workers


@pytest.mark.parametrize("count", [1, 3, 64])
def test_there_are_as_many_workers_as_configured(site, count):
    configure(site, f"broker: {{ workers = {count}; }};", ALONE)
    with site.serving() as broker:
        wait_until(lambda: len(broker.workers()) == count, "not the right number")
        assert site.host().login(site.password).code == SUCCESS


def test_a_worker_that_is_killed_is_replaced(site):
    configure(site, ALONE)
    with site.serving() as broker:
        workers = wait_until(lambda: len(broker.workers()) == WORKERS and broker.workers(), "not all are there")
        for pid in workers[:-1]:
            os.kill(pid, signal.SIGKILL)
        assert site.host().login(site.password).code == SUCCESS
        others = wait_until(lambda: len(broker.workers()) == WORKERS and broker.workers(), "none takes its place")
        assert set(others) & set(workers) == set(workers[-1:])
        lines = [line for line in site.said() if "worker" in line.text]
        assert {line.text for line in lines} == {"a worker was ended by signal 9: another takes its place"}
        assert (len(lines), lines[0].severity) == (WORKERS - 1, 3)
        assert site.host().login(site.password).code == SUCCESS


def test_a_worker_leaves_no_descriptor_open_and_no_core(site):
    configure(site, "broker: { workers = 1; };", ALONE)
    with site.serving() as broker:
        (worker,) = broker.workers()
        site.host().login(site.password)
        before = sorted(os.listdir(f"/proc/{worker}/fd"))
        for _ in range(100):
            site.host().login(site.password)
        assert sorted(os.listdir(f"/proc/{worker}/fd")) == before
        for pid in broker.processes():
            limits = pathlib.Path(f"/proc/{pid}/limits").read_text()
            assert re.search(r"(?m)^Max core file size +0 +0 ", limits)
            assert os.stat(f"/proc/{pid}/mem").st_uid == 0
    site.said()


@pytest.mark.parametrize("kept, code", [("+chown", AUTHINFO_UNAVAIL), ("+chown,+dac_read_search", SUCCESS)])
def test_it_needs_two_capabilities_at_most(site, kept, code):
    """One to give its socket to the group, if it makes it, and one where shadow may be read by nobody (mode 0000)."""
    first = site.create("alice", "First")
    site.sandbox.run("chmod", "000", "/etc/shadow").done()
    try:
        with site.serving(prefix=("setpriv", "--no-new-privs", "--inh-caps=-all", f"--bounding-set=-all,{kept}")):
            assert what(site, SOCKET) == "socket 660 root:asp"
            assert site.host().login(first).code == code
    finally:
        site.sandbox.run("chmod", "640", "/etc/shadow").done()
        site.asp_admin("revoke", "alice", first[:2]).done()
        site.said()


# Its configuration


def test_a_configuration_that_is_changed_is_used_from_the_next_login(site):
    configure(site, ALONE)
    with site.serving():
        assert site.host().login(site.password).code == SUCCESS
        assert site.said_one().word("app") == "calendar"
        configure(site, 'log = "refused";', ALONE)
        assert site.host().login(site.password).code == SUCCESS
        assert site.said() == []
        configure(site, 'apps: ( { name = "other"; services = [ "nginx" ]; } );', ALONE)
        assert site.host().login(site.password).code != SUCCESS
        assert (site.said_one().word("verdict"), site.host().login(site.password).code) == ("wrong-app", 7)
        site.said()


def test_with_a_broken_configuration_it_refuses_until_that_is_mended(site):
    """The module of the host reads another one, so that it is the broker who finds it broken."""
    site.sandbox.write("/run/asp.conf", "limit = 7;\n")
    with site.serving("--config", "/run/asp.conf"):
        assert site.host().login(site.password).code == SUCCESS
        site.said()
        told = []
        for broken in ("limit = many;\n", "limits = 7;\n", None):
            if broken is None:
                site.sandbox.run("rm", "/run/asp.conf").done()
            else:
                site.sandbox.write("/run/asp.conf", broken)
            answer = site.host().login(site.password)
            assert (answer.code, answer.seconds < SOON) == (AUTHINFO_UNAVAIL, True)
            *by_broker, line = site.said()
            assert "asp-broker refuses: " in line.word("cause") and "/run/asp.conf" in line.word("cause")
            told += by_broker
        # It says so too, once a minute.
        (line,) = told
        assert line.severity == 3 and line.text.startswith("configuration: /run/asp.conf:1: ")
        site.sandbox.write("/run/asp.conf", "limit = 8;\n")
        assert site.host().login(site.password).code == SUCCESS
    site.said()


def test_it_does_not_start_with_a_broken_configuration(site):
    configure(site, "limit = many;")
    refuses_to_start(site, 6, "/etc/asp/asp.conf:1")
    refuses_to_start(site, 6, "/run/none.conf", "--config", "/run/none.conf")


@pytest.mark.parametrize("words", [["--what"], ["more"], ["--socket"], ["--config"]], ids=" ".join)
def test_a_wrong_command_line_is_told(site, words):
    run = site.sandbox.run(site.broker, *words)
    assert (run.code, run.out) == (2, "") and run.err.count("\n") == 1
    site.said()


@pytest.mark.parametrize("path", ["broker.sock", "/run/../b", "/run/" + "a" * 120, "/", "/run/"])
def test_a_path_that_can_be_no_sockets_is_told(site, path):
    refuses_to_start(site, 5, path, "--socket", path)


def test_help_and_version(site):
    assert "usage: asp-broker [--config FILE] [--socket PATH]" in site.sandbox.run(site.broker, "--help").done().out
    assert re.fullmatch(r"asp-broker \d+\.\d+\.\d+\n", site.sandbox.run(site.broker, "--version").done().out)


# Started by systemd, or by whoever else hands over its socket

ACTIVATE = "systemd-socket-activate"


def activated(site, *words):
    """As systemd does with asp-broker.socket: the socket is there first, and the first who asks starts it."""
    if site.sandbox.run("sh", "-c", f"command -v {ACTIVATE}").code != 0:
        pytest.skip(f"no {ACTIVATE}: neither installed nor unpacked in ASP_LAYER")
    site.sandbox.run("mkdir", "-m", "755", "/run/asp").done()
    process = site.sandbox.start(*MORTAL, ACTIVATE, *words, site.broker, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_until(lambda: process.poll() is not None or site.listens(), "nobody listens")
    site.sandbox.shell('chgrp asp "$1"; chmod 660 "$1"', SOCKET).done()
    return process


def test_it_takes_the_socket_that_it_is_handed(site):
    process = activated(site, "--seqpacket", f"--listen={SOCKET}")
    host = site.host()
    host.begin((site.password,))
    (answer,) = host.answers()
    assert answer.code == SUCCESS and answer.seconds < SOON
    assert site.said_one().word("via") == "www-data"
    assert what(site, SOCKET) == "socket 660 root:asp"
    os.kill(child_of(process), signal.SIGTERM)
    _, err = process.communicate(timeout=15)
    assert process.returncode == 0, err
    # It is not its own, and stays for the next one.
    assert what(site, SOCKET) == "socket 660 root:asp"


def test_a_socket_that_is_open_to_everybody_is_refused(site):
    process = activated(site, "--seqpacket", f"--listen={SOCKET}")
    site.sandbox.run("chmod", "666", SOCKET).done()
    host = site.host()
    host.begin((site.password,))
    _, err = process.communicate(timeout=15)
    assert f"{SOCKET} was handed over, and everybody can write to it" in err
    assert host.answers()[0].code == AUTHINFO_UNAVAIL


def test_a_socket_of_another_type_is_refused(site):
    process = activated(site, f"--listen={SOCKET}")
    site.sandbox.run(
        "/usr/bin/python3", "-c", f"import socket; socket.socket(socket.AF_UNIX).connect('{SOCKET}')"
    ).done()
    _, err = process.communicate(timeout=15)
    assert process.returncode == 5
    assert "descriptor 3 was handed over, and is no listening Unix socket of type SOCK_SEQPACKET" in err
    site.said()


def test_what_was_handed_to_another_process_is_not_taken(site):
    """As with a shell between the two that was not meant to be one."""
    with site.serving(prefix=("env", "LISTEN_PID=1", "LISTEN_FDS=1")):
        assert site.host().login(site.password).code == SUCCESS
    site.said()


# What is installed


def test_nothing_that_is_installed_is_setuid_or_setgid(build, tmp_path):
    run = subprocess.run(
        ["meson", "install", "-C", build, "--no-rebuild", "--quiet"],
        env={**os.environ, "DESTDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run
    files = [path for path in tmp_path.rglob("*") if path.is_file() and not path.is_symlink()]
    names = {path.name for path in files}
    assert {"pam_asp.so", "asp-admin", "asp-broker"} <= names
    for path in files:
        assert path.stat().st_mode & 0o6000 == 0, path
        assert "security.capability" not in os.listxattr(path), path
