"""asp-admin doctor and the units of a store that was moved."""

import pytest
from support.watch import running_watch


def move(patient, store):
    patient.sandbox.shell('mkdir -p "${1%/*}"; mv /var/lib/asp "$1"', store).done()
    patient.configure(f'store = "{store}";')


# Lesson: a proof of one half.
@pytest.mark.parametrize("store", ["/srv/asp", "/srv/my 100% store/asp"])
def test_a_moved_store_that_units_may_not_write_to_is_a_fault_each_with_its_drop_in(patient, store):
    patient.units()
    assert patient.faults() == []
    move(patient, store)
    patient.sandbox.run("rm", "-r", "/run/systemd").done()  # systemctl is none of what is tried here
    faults = patient.faults()
    assert [fault.message.split()[0] for fault in faults] == ["asp-broker.service", "asp-watch.service"]
    for fault in faults:
        assert fault.check == "store" and f"may not write {store}, where the store is" in fault.message
        patient.sandbox.shell(fault.mend).done()
    patient.is_well("store", "is sound, and root's alone$")
    drop_in = patient.sandbox.read("/etc/systemd/system/asp-broker.service.d/asp-store.conf")
    if " " in store:
        assert drop_in.endswith('ReadWritePaths="-/srv/my 100%% store/asp"\n'), drop_in
    else:
        assert drop_in == f"[Unit]\nRequiresMountsFor={store}\n[Service]\nReadWritePaths=-{store}\n"


def test_a_drop_in_of_a_store_that_is_elsewhere_now_is_named_and_goes(patient):
    patient.units("asp-watch.service", "asp-broker.service")
    move(patient, "/srv/asp")
    patient.sandbox.run("rm", "-r", "/run/systemd").done()
    for fault in patient.faults():
        patient.sandbox.shell(fault.mend).done()
    assert patient.faults() == []
    patient.sandbox.shell("mv /srv/asp /var/lib/; rm /etc/asp/asp.conf").done()
    faults = patient.faults()
    paths = [f"/etc/systemd/system/{unit}.service.d/asp-store.conf" for unit in ("asp-broker", "asp-watch")]
    assert [fault.mend for fault in faults] == [f"rm {path}" for path in paths]
    for fault, path in zip(faults, paths):
        assert fault.check == "store" and fault.message.startswith(f"{path} names another folder than /var/lib/asp,")
    patient.sandbox.run("install", "-d", "/run/systemd/system").done()
    assert patient.faults()[1].mend == (
        f"rm {paths[1]} && systemctl daemon-reload && systemctl try-restart asp-watch.service"
    )
    for fault in faults:
        patient.sandbox.shell(fault.mend).done()
    assert patient.faults() == []


def test_a_drop_in_is_written_anew_where_the_store_is_moved_again(patient):
    """Not named beside that: the fix of the one is that of the other."""
    patient.units("asp-watch.service")
    move(patient, "/srv/asp")
    patient.sandbox.run("rm", "-r", "/run/systemd").done()
    patient.sandbox.shell(patient.faults()[0].mend).done()
    patient.sandbox.run("mv", "/srv/asp", "/srv/other").done()
    patient.configure('store = "/srv/other";')
    patient.sandbox.shell(patient.fault("store", "may not write /srv/other").mend).done()
    assert patient.faults() == []


def test_a_unit_that_is_to_run_is_started_by_systemd(patient):
    patient.configure(f'hooks: {{ revoked = "{patient.program("hook")}"; }};')
    patient.units("asp-watch.service")
    assert patient.fault("watch", "nobody runs hooks.revoked").mend == "systemctl enable --now asp-watch.service"
    patient.sandbox.run("rm", "-r", "/run/systemd").done()
    assert "start this with the machine: asp-admin watch;" in patient.fault("watch", "nobody runs hooks.revoked").mend


def test_the_drop_in_holds_at_once_where_systemd_runs(patient):
    patient.units("asp-broker.service")
    move(patient, "/srv/asp")
    fault = patient.fault("store", "^asp-broker.service may not write /srv/asp")
    assert fault.mend.endswith(" && systemctl daemon-reload && systemctl try-restart asp-broker.service")


DROP_INS = {
    "a folder above": ("ReadWritePaths=/srv", True),
    "among others": ("ReadWritePaths=/opt -/srv/asp", True),
    "taken away again": ("ReadWritePaths=/srv/asp\nReadWritePaths=", False),
    "a comment": ("# ReadWritePaths=/srv/asp", False),
    "a name that begins alike": ("ReadWritePaths=/srv/as", False),
    "nothing is protected": ("ProtectSystem=full", True),
}


@pytest.mark.parametrize("what", DROP_INS)
def test_a_drop_in_of_the_administrators_counts(patient, what):
    text, well = DROP_INS[what]
    patient.units("asp-broker.service")
    move(patient, "/srv/asp")
    patient.sandbox.write("/etc/systemd/system/asp-broker.service.d/own.conf", f"[Service]\n{text}\n")
    assert (patient.faults() == []) == well


def test_a_store_below_etc_needs_it_for_users_too(patient):
    patient.units()
    move(patient, "/etc/asp/store")
    names = [fault.message.split()[0] for fault in patient.faults()]
    assert names == ["asp-broker.service", "asp-watch.service", "asp-self.service"]


def test_a_store_in_a_home_folder_needs_more_than_to_be_named(patient):
    patient.units("asp-watch.service")
    patient.sandbox.shell("mount -t tmpfs -o mode=755 asp /home").done()
    move(patient, "/home/asp")
    patient.sandbox.run("rm", "-r", "/run/systemd").done()
    named = "[Service]\nReadWritePaths=/home/asp\n"
    patient.sandbox.write("/etc/systemd/system/asp-watch.service.d/own.conf", named)
    fault = patient.fault("store", "^asp-watch.service may not write /home/asp")
    patient.sandbox.run("rm", "/etc/systemd/system/asp-watch.service.d/own.conf").done()
    patient.sandbox.shell(fault.mend).done()
    assert patient.faults() == []
    assert "ProtectHome=read-only" in patient.sandbox.read("/etc/systemd/system/asp-watch.service.d/asp-store.conf")
    patient.sandbox.run("umount", "/home").done()


def test_without_units_and_with_another_configuration_nothing_is_said_of_them(patient):
    move(patient, "/srv/asp")
    assert patient.faults() == []
    patient.units()
    patient.sandbox.run("mv", "/etc/asp/asp.conf", "/etc/asp/other.conf").done()
    assert patient.faults("--config", "/etc/asp/other.conf") == []


# What systemctl show prints, of systemd 252: no unit can fail to start where systemd does not run.
STATES = {
    "it fails to start": ("enabled", "activating", "auto-restart", "exit-code", 226),
    "it was given up": ("enabled", "failed", "failed", "start-limit-hit", 5),
    "it was stopped": ("enabled", "inactive", "dead", "success", 0),
    "until the machine ends": ("enabled-runtime", "inactive", "dead", "success", 0),
}
WELL = {
    "it runs": ("enabled", "active", "running", "success", 0),
    "it reads its configuration": ("enabled", "reloading", "reload", "success", 0),
    "it is just being started": ("enabled", "activating", "start", "success", 0),
    "it is not to run": ("disabled", "inactive", "dead", "success", 0),
    "it is somebody else's matter": ("masked", "inactive", "dead", "success", 0),
    "systemd does not know it": ("", "inactive", "dead", "success", 0),
}


@pytest.fixture
def states(patient):
    """Lets systemd say that of asp-watch.service."""
    path = "/usr/sbin/systemctl"

    def say(file, active, sub, result, status):
        lines = [f"Result={result}", f"ExecMainStatus={status}", f"ActiveState={active}", f"SubState={sub}"]
        script = "\n".join(["#!/bin/sh", "cat <<'END'", *lines, f"UnitFileState={file}", "END", ""])
        patient.sandbox.write(path, script, mode="755")

    patient.units("asp-watch.service")
    yield say
    patient.sandbox.run("rm", "-f", path).done()


@pytest.mark.parametrize("what", STATES)
def test_a_watch_that_is_enabled_and_does_not_run_is_a_fault(patient, states, what):
    states(*STATES[what])
    _, active, sub, result, status = STATES[what]
    fault = patient.fault("watch", f"^no watch runs, and asp-watch.service is enabled: .* {active} .{sub}.*, and of its")
    assert fault.message.endswith(f"its last run {result}, status {status}")
    assert fault.mend == (
        "see why: journalctl -u asp-watch; and once that is mended: systemctl restart asp-watch.service"
    )
    patient.sandbox.run("mv", "/run/systemd", "/run/programs/").done()
    patient.told("watch", "no watch runs[.]")


@pytest.mark.parametrize("what", WELL)
def test_what_systemd_has_nothing_against_is_told_as_ever(patient, states, what):
    states(*WELL[what])
    patient.told("watch", "no watch runs[.]")


def test_a_watch_that_runs_beside_its_unit_is_well(patient, states, folder):
    states(*STATES["it fails to start"])
    with running_watch(patient.sandbox, patient.admin, folder):
        patient.is_well("watch", "watches /var/lib/asp")
