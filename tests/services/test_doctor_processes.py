"""`asp-admin doctor` names what still runs the module or the programs of before, which do not know what newer ones write."""

import re

import pytest
from support.broker import Host, serving

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
    assert old(patient) == []


def test_what_systemd_has_started_is_started_again_by_it(patient, copies):
    host = Host(patient.sandbox, "root")
    try:
        host.login("no app password", "imap")
        copies(MODULE)
        (fault,) = old(patient)
        (process,) = re.findall(r"pam_host \(process (\d+)\)", fault.message)
        patient.sandbox.write("/run/cgroup", "0::/system.slice/dovecot.service\n")
        patient.sandbox.run("mount", "--bind", "/run/cgroup", f"/proc/{process}/cgroup").done()
        (fault,) = old(patient)
        assert fault.mend == "systemctl restart dovecot.service"
    finally:
        host.close()
