"""What happens in a sandbox stays there, and nothing of it stays."""

import os
import pathlib
import signal
import subprocess
import uuid

import pytest
from support.run import ENVIRONMENT, execute
from support.sandbox import SANDBOX
from support.wait import LONG, comes_true


@pytest.fixture
def mark():
    """A word that no other process on this machine has among its arguments."""
    return f"asp-{uuid.uuid4().hex}"


def processes_with(mark):
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().split(b"\0")
        except OSError:
            continue
        if mark.encode() in words:
            found.append(entry.parent.name)
    return found


def all_gone(mark):
    return comes_true(lambda: not processes_with(mark))


def start(*words):
    """Starts a command that says `ready` when it is up in the sandbox."""
    process = subprocess.Popen([str(word) for word in words], stdout=subprocess.PIPE, env=ENVIRONMENT, text=True)
    assert process.stdout.readline() == "ready\n"
    return process


READY = "echo ready; sleep 1000; :"


def test_the_exit_status_of_the_command_comes_back(sandboxes):
    assert execute(SANDBOX, "sh", "-c", "exit 7").code == 7
    assert execute(SANDBOX, "true").code == 0
    assert execute(SANDBOX, "no-such-command-here").code == 127


def test_arguments_and_streams_pass_unchanged(sandboxes):
    run = execute(SANDBOX, "sh", "-c", 'printf "%s|" "$@"; cat; echo error >&2', "sh", "a b", "", "*", input="in")
    assert (run.out, run.err) == ("a b||*|in", "error\n")


@pytest.mark.parametrize("folder", ["/etc", "/usr", "/var", "/dev", "/run"])
def test_what_is_written_inside_is_not_on_the_machine(sandboxes, mark, folder):
    run = execute(SANDBOX, "sh", "-c", 'echo x >"$1" && cat "$1"', "sh", f"{folder}/{mark}")
    assert run.done().out == "x\n"
    assert not os.path.lexists(f"{folder}/{mark}")


def test_users_added_inside_exist_only_there(sandboxes):
    before = pathlib.Path("/etc/passwd").read_bytes()
    script = "useradd asp-inside && echo asp-inside:secret | chpasswd && id -u asp-inside"
    assert execute(SANDBOX, "sh", "-c", script).done().out.strip().isdigit()
    assert pathlib.Path("/etc/passwd").read_bytes() == before
    assert execute("id", "asp-inside").code != 0


def test_the_network_inside_is_its_own_loopback(sandbox):
    interfaces = sandbox.read("/proc/self/net/dev").splitlines()[2:]
    assert [line.split(":")[0].strip() for line in interfaces] == ["lo"]
    # A port that anybody on the machine could see would be seen by this second sandbox, or stand in its way.
    script = (
        "import socket; s = socket.create_server(('127.0.0.1', 143)); print('up', flush=True);"
        " socket.create_connection(('127.0.0.1', 143), 30); s.accept()"
    )
    server = sandbox.start(
        "/usr/bin/python3", "-c", script + "; input()", stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert server.stdout.readline() == "up\n"
    execute(SANDBOX, "/usr/bin/python3", "-c", script).done()
    server.communicate("\n", timeout=LONG)
    assert server.returncode == 0


def test_the_log_inside_is_nobodys_until_one_is_started(sandboxes):
    assert execute(SANDBOX, "test", "-e", "/dev/log").code == 1


def test_processes_that_stay_behind_end_with_the_command(sandboxes, mark):
    script = 'setsid -f sh -c "trap \'\' TERM HUP INT; sleep 1000; :" "$1" </dev/null >/dev/null 2>&1; sleep 0.2'
    execute(SANDBOX, "sh", "-c", script, mark).done()
    assert all_gone(mark)


def test_a_killed_sandbox_takes_everything_with_it(sandboxes, mark):
    process = start(SANDBOX, "sh", "-c", READY, mark)
    assert processes_with(mark)
    process.kill()
    process.communicate()
    assert all_gone(mark)


def test_a_sandbox_ends_with_who_started_it(sandboxes, mark):
    starter = start("sh", "-c", f'"$0" sh -c "{READY}" "$1"; :', SANDBOX, mark)
    assert processes_with(mark)
    starter.send_signal(signal.SIGKILL)
    starter.communicate()
    assert all_gone(mark)


def test_no_mount_is_seen_or_left_on_the_machine(sandbox):
    def mounts():
        return [
            line for line in pathlib.Path("/proc/self/mounts").read_text().splitlines() if line.startswith("sandbox ")
        ]

    inside = sandbox.read("/proc/self/mounts")
    assert inside.count("sandbox /") == 4
    # A sandbox may run in a sandbox: those of the outer one are seen.
    outside = mounts()
    sandbox.close()
    assert mounts() == outside


def test_a_layer_lies_over_the_machines_files(sandboxes, tmp_path):
    (tmp_path / "usr" / "bin").mkdir(parents=True)
    (tmp_path / "usr" / "bin" / "asp-layered").write_text("#!/bin/sh\necho layered\n")
    (tmp_path / "usr" / "bin" / "asp-layered").chmod(0o755)
    assert execute(SANDBOX, "--layer", tmp_path, "asp-layered").done().out == "layered\n"
    execute(SANDBOX, "--layer", tmp_path, "sh", "-c", "rm /usr/bin/asp-layered").done()
    assert (tmp_path / "usr" / "bin" / "asp-layered").exists()


def test_where_namespaces_are_refused_it_says_so_and_runs_nothing():
    if os.geteuid() != 0:
        pytest.skip("needs root")
    run = execute("setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin", SANDBOX, "echo", "ran")
    assert run.code != 0
    assert run.out == ""
    assert "unshare" in run.err


def test_without_a_command_it_says_how_to_use_it():
    run = execute(SANDBOX)
    assert (run.code, run.out) == (2, "")
    assert run.err.startswith("usage: ")
