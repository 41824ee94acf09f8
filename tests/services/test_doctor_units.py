"""asp-admin doctor and the units of a store that was moved."""

import pytest


def move(patient, store):
    patient.sandbox.shell('mkdir -p "${1%/*}"; mv /var/lib/asp "$1"', store).done()
    patient.configure(f'store = "{store}";')


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
    if " " not in store:
        assert drop_in == f"[Unit]\nRequiresMountsFor={store}\n[Service]\nReadWritePaths={store}\n"


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
