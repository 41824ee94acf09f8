"""The PAM password stack where asp-broker runs: the work is the broker's, out of reach of the user whose passwd it is;
whatever becomes of the broker, it is done, and once.
"""

import contextlib
import os
import signal

import pytest
from support.broker import ACCEPTED, DONE, PASSWORD, REFUSED, SOCKET, in_its_place, message
from support.passwords import PRIMARY
from support.processes import children, has_open, lives, state
from support.run import as_user, ended
from support.tracing import STRACE
from support.wait import LONG, comes_true, wait_until

SECOND = "Second-pw-2?"
CAROL = "carol@example.org"  # she has no line in shadow: that the stack is reached is her change
MORE_THAN_IT_TAKES = 7
STACK = "password required pam_permit.so\npassword optional pam_asp.so\n"

# What is said to the broker, a moment after it was connected to, and its answer in hexadecimal.
SAY = """
import socket, sys, time
broker = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
broker.connect(sys.argv[1])
time.sleep(0.2)
broker.send(bytes.fromhex(sys.argv[2]))
print(broker.recv(9000).hex())
"""

OLDER = message(REFUSED, b"root speaks version 3 of the messages and not 2: after an upgrade, restart\0", version=2)
NO_BROKER = {
    "deaf": "deaf",
    "mute": "mute",
    "rude": "rude",
    "hasty": "hasty",
    "older": OLDER.hex(),
    "done-but-not-accepted": message(DONE, b"0\0", version=3).hex(),
    "garbage": b"hello".hex(),
}


@pytest.fixture(scope="module")
def prepared(broker_machine):
    machine = broker_machine
    machine.sandbox.need("pam-auth-update")
    machine.install("pam-configs/asp", "/usr/share/pam-configs/asp")
    # Without the profiles of what was unpacked for other tests: pam_pwquality has no dictionary there.
    profiles = "find /usr/share/pam-configs -type f ! -name unix ! -name asp -delete; pam-auth-update --package"
    machine.sandbox.shell(profiles, env={"DEBIAN_FRONTEND": "noninteractive"}).done()
    machine.sandbox.write("/etc/pam.d/directory", STACK)
    return machine


@pytest.fixture
def machine(prepared):
    prepared.reset()
    prepared.sandbox.run("mkdir", "-p", "/run/asp").done()
    prepared.create()
    prepared.create(CAROL, "Phone", "--virtual")
    return prepared


def begin_passwd(machine):
    passwd = machine.sandbox.start(*as_user("alice"), "passwd", stdin=-1, stdout=-1, stderr=-1)
    passwd.stdin.write(f"{PRIMARY['alice']}\n{SECOND}\n{SECOND}\n")
    passwd.stdin.flush()
    return passwd


def worker_at_it(broker):
    """The process that compares, once it waits for alice's lock: its parent, a worker's child, sees to its end."""

    def look():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            works = [work for worker in broker.workers() for parent in children(worker) for work in children(parent)]
            return next((one for one in works if lives(one) and has_open(one, "/var/lib/asp/locks/alice")), None)

    return wait_until(look, "no process of the broker's waits for the lock")


def pid_of_passwd(machine):
    return machine.sandbox.run("pgrep", "-o", "-x", "-u", "root", "passwd").done().out.split()[0]


def revocations(machine):
    """Who has logged each since last asked, and whose they were."""
    return [(line.by, line.word("by"), line.word("user")) for line in machine.said() if "event=revoked" in line.text]


def states(machine, user):
    return [entry["state"] for entry in machine.entries(user)]


# Lesson: a process of ours in a cage of the user's.
def test_the_broker_does_it_and_passwd_has_no_process_for_it(machine):
    with machine.serving() as broker:
        with machine.locked():
            passwd = begin_passwd(machine)
            worker_at_it(broker)
            pid = pid_of_passwd(machine)
            assert machine.sandbox.read(f"/proc/{pid}/task/{pid}/children") == ""
            assert states(machine, "alice") == ["active"]
        passwd.communicate(timeout=LONG)
        assert passwd.returncode == 0
        assert states(machine, "alice") == ["revoked"]
        assert revocations(machine) == [("asp-broker", "pam:passwd", "alice")]


# Lesson: passwd.
# Lesson: a process of ours in a cage of the user's.
@pytest.mark.parametrize("how", [signal.SIGSTOP, signal.SIGKILL], ids=["stopped", "killed"])
def test_what_was_accepted_is_done_whatever_becomes_of_passwd(machine, how):
    with machine.serving() as broker:
        with machine.locked():
            passwd = begin_passwd(machine)
            worker_at_it(broker)
            pid = pid_of_passwd(machine)
            # alice is the real user of passwd: the kernel lets her do this.
            machine.sandbox.run(*as_user("alice"), "kill", f"-{int(how)}", pid).done()
        wait_until(lambda: states(machine, "alice") == ["revoked"], "it is not revoked")
        assert revocations(machine) == [("asp-broker", "pam:passwd", "alice")]
        machine.sandbox.run("pkill", "-KILL", "-x", "passwd")
        passwd.send_signal(signal.SIGCONT)  # what started it in the sandbox has stopped with it
        passwd.communicate(timeout=LONG)


# Lesson: passwd.
@pytest.mark.parametrize("when", ["enter", "exit"])
def test_who_stops_passwd_before_it_has_said_all_keeps_the_work_from_no_broker(machine, when):
    """For longer than the broker waits for a message, and for longer than it has to accept one."""
    if machine.sandbox.run(*STRACE, "-o", "/dev/null", "true").code != 0:
        pytest.skip("needs strace: it is missing or ptrace is refused here")
    chpasswd = [*STRACE, "-f", "-o", "/run/calls", "-e", "trace=connect"]
    with machine.serving():
        machine.sandbox.run(*chpasswd, "chpasswd", input=f"alice:{SECOND}\n").done()
        assert [by for by, _, _ in revocations(machine)] == ["asp-broker"]
        calls = machine.sandbox.read("/run/calls").splitlines()
        (at,) = [number for number, line in enumerate(calls, 1) if SOCKET in line]
        machine.create()
        stopped = [*chpasswd, "-e", f"inject=connect:delay_{when}=1500000:when={at}"]
        machine.sandbox.run(*stopped, "chpasswd", input=f"alice:{SECOND}\n").done()
        assert [by for by, _, _ in revocations(machine)] == ["asp-broker"]


def test_while_it_waits_for_a_lock_logins_are_answered(machine):
    phone = machine.create("bob", "Tablet", "--app", "calendar")
    machine.configure("broker: { workers = 1; };")
    with machine.serving() as broker, machine.locked():
        passwd = begin_passwd(machine)
        work = worker_at_it(broker)
        assert machine.host().login(phone, "nginx", "bob").code == 0
        assert lives(work) and passwd.poll() is None, "it still waits"
    passwd.communicate(timeout=LONG)


def test_a_broker_that_is_busy_is_asked_again_and_no_passwd_has_a_process_for_it(machine):
    machine.configure("broker: { workers = 1; };")
    chpasswd = ["timeout", "-v", str(LONG), "chpasswd"]

    def count():
        return len(machine.sandbox.run("pgrep", "-x", "chpasswd").out.split())

    with machine.serving() as broker, contextlib.ExitStack() as stack:
        with machine.locked():
            started = [machine.sandbox.start(*chpasswd, stdin=-1) for _ in range(MORE_THAN_IT_TAKES)]
            for one in started:
                stack.enter_context(ended(one))
                one.stdin.write(f"alice:{SECOND}\n")
                one.stdin.close()
            wait_until(lambda: sum(len(children(one)) for one in broker.workers()) == 4, "it does not take them")
            assert not comes_true(lambda: count() > MORE_THAN_IT_TAKES, 1), "one does it itself"
            assert count() == MORE_THAN_IT_TAKES
        assert [one.wait(LONG) for one in started] == [0] * MORE_THAN_IT_TAKES
        assert states(machine, "alice") == ["revoked"]
        assert revocations(machine) == [("asp-broker", "pam:chpasswd", "alice")]


def test_a_user_without_a_line_in_shadow_is_the_brokers_work_too(machine):
    with machine.serving():
        machine.chauthtok("directory", CAROL)
        assert states(machine, CAROL) == ["revoked"]
        assert revocations(machine) == [("asp-broker", "pam:directory", CAROL)]
        assert states(machine, "alice") == ["active"]


def by_the_module(machine):
    assert machine.chauthtok("directory", CAROL).out == "0\n"
    assert states(machine, CAROL) == ["revoked"]
    assert revocations(machine) == [("directory:chauthtok", "pam:directory", CAROL)]


def test_without_a_broker_the_module_does_it(machine):
    by_the_module(machine)


@pytest.mark.parametrize("how", NO_BROKER)
def test_the_module_does_it_where_the_broker_does_not_accept_it(machine, how):
    with in_its_place(machine.sandbox, NO_BROKER[how]):
        by_the_module(machine)


def test_a_broker_of_another_configuration_leaves_it_to_the_module(machine):
    """Also where it is the same file by another name: what stands there next need not be."""
    machine.configure("# the same")
    machine.sandbox.run("ln", "/etc/asp/asp.conf", "/etc/asp/other.conf").done()
    with machine.serving("--config", "/etc/asp/other.conf"):
        by_the_module(machine)


def test_a_broker_that_sees_another_file_at_the_same_path_leaves_it_to_the_module(machine):
    machine.configure("# the same")
    machine.sandbox.write("/run/other.conf", "# the same\n", mode="644")
    other = 'mount --bind /run/other.conf /etc/asp/asp.conf && exec "$@"'
    with machine.serving(prefix=("unshare", "-m", "bash", "-c", other, "bash")):
        by_the_module(machine)


def test_what_the_broker_did_not_accept_in_time_it_does_not_do_later(machine):
    """Else it would end what was created since."""
    with machine.serving() as broker:
        with broker.hung():
            by_the_module(machine)
            machine.create(CAROL, "New phone", "--virtual")
        assert broker.stop()[0] == 0  # it has dealt with all that had come
    assert states(machine, CAROL) == ["revoked", "active"]
    assert revocations(machine) == []


def test_of_a_broker_that_is_killed_at_it_the_module_takes_it_over(machine):
    with machine.serving() as broker:
        with machine.locked():
            passwd = begin_passwd(machine)
            for pid in (broker.pid, worker_at_it(broker)):
                os.kill(pid, signal.SIGKILL)
        passwd.communicate(timeout=LONG)
        assert passwd.returncode == 0
    assert states(machine, "alice") == ["revoked"]
    assert revocations(machine) == [("passwd:chauthtok", "pam:passwd", "alice")]


def test_what_neither_can_do_is_said_and_the_primary_is_changed(machine):
    machine.sandbox.shell("echo nonsense >/var/lib/asp/users/alice").done()
    with machine.serving():
        passwd = begin_passwd(machine)
        passwd.communicate(timeout=LONG)
        assert passwd.returncode == 0
        told = [line for line in machine.said() if line.severity == 3]
    assert [line.by for line in told] == ["asp-broker", "passwd:chauthtok"]
    assert all(line.text.startswith('a new primary password was set and not compared: user="alice"') for line in told)


def test_a_worker_sleeps_while_its_process_is_at_work_for_somebody_who_has_gone(machine):
    """What that process has open is nothing that the worker waits for any more."""
    said = message(PASSWORD, b"alice\0", b"passwd\0", b"/etc/asp/asp.conf\0", b"none\0", version=3)
    machine.sandbox.run("chpasswd", input=f"alice:{SECOND}\n").done()  # no broker yet: her change was seen
    machine.create("alice", "Tablet")
    machine.sandbox.run("usermod", "-p", "$6$abcdefgh$" + "x" * 86, "alice").done()  # and this one not
    with machine.serving() as broker, machine.locked():
        answer = machine.sandbox.run("/usr/bin/python3", "-c", SAY, SOCKET, said.hex()).done().out
        assert bytes.fromhex(answer) == message(ACCEPTED, version=3)
        work = worker_at_it(broker)
        for worker in broker.workers():
            wait_until(lambda: state(worker) == "S", "it does not come to rest")
        assert lives(work)


def test_nobody_but_root_may_say_that_a_password_was_set(machine):
    said = message(PASSWORD, CAROL.encode() + b"\0", b"directory\0", b"/etc/asp/asp.conf\0", b"none\0", version=3)
    with machine.serving():
        asked = ("/usr/bin/python3", "-c", SAY, SOCKET, said.hex())
        why = "www-data may not say that a primary password was set: only root"
        answer = bytes.fromhex(machine.sandbox.run(*as_user("www-data"), *asked).done().out)
        assert answer == message(REFUSED, why.encode() + b"\0", version=3)
        assert states(machine, CAROL) == ["active"]
        assert [(line.severity, line.text) for line in machine.said()] == [(5, f'refused: "{why}"')]
        # Of root the same is done.
        machine.sandbox.run(*asked).done()
        wait_until(lambda: states(machine, CAROL) == ["revoked"], "it is not revoked")


def not_compared(machine):
    return [line for line in machine.said() if "not compared: " in line.text]


@pytest.mark.long
@pytest.mark.parametrize("by", ["asp-broker", "directory:chauthtok"])
def test_where_the_name_service_hangs_it_is_ended_and_said(machine, name_service, by):
    preloaded = ("env", f"LD_PRELOAD={name_service}")
    with contextlib.ExitStack() as stack:
        if by == "asp-broker":
            stack.enter_context(machine.serving(prefix=preloaded))
        assert machine.chauthtok("directory", "hang", preloaded).out == "0\n"
        lines = []
        wait_until(lambda: lines.extend(not_compared(machine)) or lines, "nothing is said of it", 2 * LONG)
        assert [(line.by, line.word("user"), line.word("cause")) for line in lines] == [
            (by, "hang", "it took more than 30 s, and was ended")
        ]
        assert machine.sandbox.run("pgrep", "-f", "CHAUTHTOK|pam_chauthtok").code != 0
