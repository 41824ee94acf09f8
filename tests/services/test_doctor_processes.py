"""`asp-admin doctor` names what still runs the module or the programs of before, which do not know what newer ones write."""

import re

import pytest
from support.broker import Host, serving
from support.run import MORTAL
from support.wait import wait_until

MODULE = "/opt/asp/pam_asp.so"
BROKER = "/opt/asp/asp-broker"


@pytest.fixture
def copies(patient, build):
    """The module and the broker where an installation puts them, to be replaced there by rename as it does."""
    sandbox = patient.sandbox
    sandbox.shell(
        "mkdir -p /opt/asp && install -m 644 $1 $2 && install -m 755 $3 $4",
        build / "pam_asp" / "pam_asp.so",
        MODULE,
        build / "asp-broker" / "asp-broker",
        BROKER,
    ).done()
    sandbox.write("/etc/pam.d/imap", f"auth required {MODULE}\naccount required {MODULE}\n")
    yield lambda path: sandbox.shell("cp -p $1 $1.new && mv $1.new $1", path).done()
    sandbox.shell("rm -r /opt/asp").done()


def old(patient):
    return [fault for fault in patient.faults() if fault.check == "processes"]


def test_what_runs_the_module_or_the_broker_of_before_is_named_until_it_is_started_again(patient, copies):
    host = Host(patient.sandbox, "root")
    try:
        host.login("no app password", "imap")
        with serving(patient.sandbox, BROKER):
            assert old(patient) == []
            copies(MODULE)
            (fault,) = old(patient)
            assert "pam_host (process " in fault.message and "unavailable" in fault.message
            assert "asp-broker" not in fault.message
            assert fault.mend == "end each of them, and start it again"
            copies(BROKER)
            (fault,) = old(patient)
            assert "pam_host (process " in fault.message
            assert re.search(r"asp-broker \(process \d+ and \d+ more\)", fault.message)
    finally:
        host.close()
    wait_until(lambda: old(patient) == [], "what has ended is named still")


HOLDER = """#!/usr/bin/python3
import mmap, time
with open("/opt/asp/pam_asp.so", "rb") as module:
    held = mmap.mmap(module.fileno(), 0, prot=mmap.PROT_READ)
open("/run/programs/held", "w").close()
time.sleep(600)
"""
KEEPER = """#!/usr/bin/python3
import subprocess
subprocess.run(["sh", "-c", "/run/programs/auth; true"])
"""


def test_what_a_server_has_started_is_named_with_that_server(patient, copies):
    """Not with the shell at which somebody has started it, nor with the one through which it starts others."""
    patient.sandbox.write("/run/programs/auth", HOLDER, mode="755")
    patient.sandbox.write("/run/programs/keeper", KEEPER, mode="755")
    process = patient.sandbox.start(*MORTAL, "sh", "-c", "/run/programs/keeper; true")
    try:
        held = "/run/programs/held"
        wait_until(lambda: patient.sandbox.run("test", "-e", held).code == 0, "the module is not held")
        copies(MODULE)
        (fault,) = old(patient)
        auth, keeper = (patient.sandbox.run("pidof", "-x", name).done().out.strip() for name in ("auth", "keeper"))
        assert f" auth (process {auth}, of keeper, process {keeper}): " in fault.message
        assert fault.mend == "end each of them, or that of which it is, and start it again"
    finally:
        patient.sandbox.shell("kill $(pidof -x auth) || true").done()
        process.wait()


@pytest.fixture
def in_group(patient, copies):
    """Fault lines where the one host of a replaced module is in this control group."""
    host = Host(patient.sandbox, "root")
    host.login("no app password", "imap")
    copies(MODULE)
    (fault,) = old(patient)
    (process,) = re.findall(r"pam_host \(process (\d+)\)", fault.message)

    def faults(path):
        patient.sandbox.shell("umount -q $1 || true", f"/proc/{process}/cgroup").done()
        patient.sandbox.write("/run/cgroup", f"0::{path}\n")
        patient.sandbox.run("mount", "--bind", "/run/cgroup", f"/proc/{process}/cgroup").done()
        return old(patient)

    yield faults
    host.close()


@pytest.mark.parametrize("below", ["", "/-Hroot@evil.example:x.service", "/inner.service", "/a/b.service"])
def test_what_systemd_has_started_is_started_again_by_it(in_group, below):
    """What is below a service is for that to name."""
    (fault,) = in_group(f"/system.slice/system-mail.slice/dovecot@a-b\\x2d.service{below}")
    assert fault.mend == r"systemctl restart 'dovecot@a-b\x2d.service'"


@pytest.mark.parametrize("name", ["-Hx.service", "*.service", "a b.service", "a;b.service", ".service", "x.scope"])
def test_a_name_that_systemctl_would_not_take_for_one_unit_is_none(in_group, name):
    (fault,) = in_group(f"/system.slice/{name}")
    assert fault.mend == "end each of them, and start it again"


@pytest.mark.parametrize("group", ["user-1000.slice/session-3.scope", "user-0.slice/user@0.service/x.service"])
def test_a_session_of_a_users_asks_pam_no_more(in_group, group):
    assert in_group(f"/user.slice/{group}") == []


def test_a_file_of_a_users_own_is_nothing_that_was_installed(patient, copies):
    host = Host(patient.sandbox, "root")
    try:
        patient.sandbox.run("chown", "alice", MODULE).done()
        patient.sandbox.run("chmod", "755", "/opt/asp").done()
        host.login("no app password", "imap")
        copies(MODULE)
        assert old(patient) == []
    finally:
        host.close()
