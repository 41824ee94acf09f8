"""A store that is to lie on a mount which is not there: none is made beneath it, and doctor says what to mount."""

import pytest

FSTAB = "/etc/fstab"
PLAN = "tmpfs /var/lib/asp tmpfs nofail,mode=700 0 2\n"
UNIT = "/etc/systemd/system/var-lib.mount"
MOUNT = "mount /var/lib/asp"


@pytest.fixture
def planned(patient):
    """A machine whose store was on a mount: its folder is empty."""
    patient.sandbox.shell("rm -rf /var/lib/asp; mkdir /var/lib/asp; touch /etc/fstab; cp /etc/fstab /run/saved/").done()
    patient.sandbox.write(FSTAB, PLAN)
    yield patient
    patient.sandbox.shell(f"cp /run/saved/fstab /etc/fstab; rm -f {UNIT}").done()


def is_untouched(patient):
    return patient.sandbox.run("ls", "-A", "/var/lib/asp").out == ""


COMMANDS = {
    "create": ["create", "alice", "--label", "Phone", "--quiet"],
    "batch": ["create", "--batch"],
    "import": ["import"],
    "a pass": ["watch", "--once"],
    "watch": ["watch"],
    "list": ["list"],
}


# Lesson: a store that is not mounted.
@pytest.mark.parametrize("what", COMMANDS)
def test_nothing_is_done_in_the_folder_beneath_a_mount_that_is_not_there(planned, what):
    run = planned.asp_admin(*COMMANDS[what])
    assert (run.code, run.out) == (5, "")
    assert run.err == (
        "asp-admin: /etc/fstab names /var/lib/asp, and it is not mounted: the store /var/lib/asp is on it; "
        f"{MOUNT}\n"
    )
    assert is_untouched(planned)


def test_a_store_that_is_there_is_used_whatever_is_planned_above_it(planned):
    planned.sandbox.shell("mkdir -m 700 /var/lib/asp/users /var/lib/asp/used /var/lib/asp/locks; chmod 700 /var/lib/asp").done()
    assert planned.asp_admin(*COMMANDS["create"]).done().err == ""
    assert planned.asp_admin("list").done().out.count("alice") == 1


def test_what_a_unit_may_write_is_mounted_onto_itself_and_is_no_mount_of_the_plan(planned):
    planned.sandbox.run("mount", "--bind", "/var/lib/asp", "/var/lib/asp").done()
    assert planned.asp_admin(*COMMANDS["create"]).code == 5
    assert is_untouched(planned)


def test_a_store_that_is_not_mounted_is_the_only_fault_and_mounting_it_the_fix(planned):
    planned.configure(f'hooks: {{ revoked = "{planned.program("hook")}"; }};')
    fault = planned.fault("store", "^/etc/fstab names /var/lib/asp, and it is not mounted")
    assert fault.mend == MOUNT
    assert is_untouched(planned)
    planned.sandbox.shell(fault.mend).done()
    planned.asp_admin(*COMMANDS["create"]).done()
    assert planned.asp_admin("list").done().out.count("alice") == 1
    assert "store" not in [fault.check for fault in planned.faults()]


def test_a_unit_of_the_administrators_is_started(planned):
    planned.sandbox.write(FSTAB, "")
    planned.sandbox.write(UNIT, "[Mount]\nWhat=LABEL=nope\nWhere=/var/lib\n")
    fault = planned.fault("store", f"^{UNIT} names /var/lib, and it is not mounted: the store /var/lib/asp is on it")
    assert fault.mend == "systemctl start var-lib.mount"
    assert planned.asp_admin(*COMMANDS["create"]).code == 5
