"""What installing does to a machine, and what it finds there."""

import re

import pytest
from support.debian import ALL, ENROLL, LET_IN, PAM, enrolled, said, signs_in, state

pytestmark = pytest.mark.timeout(300, func_only=True)


def test_installing_changes_no_service_and_makes_a_store_for_root_alone(machine):
    before = machine.shell(PAM).done().out.splitlines()
    users = machine.shell("cat /etc/passwd").done().out.splitlines()
    run = machine.install(*ALL).done()
    after = machine.shell(PAM).done().out.splitlines()
    changed = {line.split()[1] for line in set(before) ^ set(after)}
    assert changed == {"etc/pam.d/common-password", "etc/passwd", "etc/shadow"}, run
    # As whom logins are answered where accounts are in a database.
    (user,) = set(machine.shell("cat /etc/passwd").done().out.splitlines()) ^ set(users)
    assert user.startswith("asp-broker:x:") and user.endswith(":/:/usr/sbin/nologin")
    assert machine.shell("id --name --groups asp-broker; getent shadow asp-broker | cut -d: -f2").done().out in (
        "asp-broker\n!*\n", "asp-broker\n!\n",
    )  # fmt: skip
    assert machine.shell("grep pam_asp /etc/pam.d/common-password").done().out.split() == [
        "password", "optional", "pam_asp.so",
    ]  # fmt: skip
    stored = machine.shell("cd /var/lib && find asp -printf '%m %u:%g %p\\n' | sort").done().out.splitlines()
    assert stored == [f"700 root:root asp{part}" for part in ("", "/locks", "/used", "/users")]
    assert machine.shell("stat --format='%a %U' /etc/asp /etc/asp/asp.conf").done().out == "755 root\n644 root\n"
    assert machine.shell("getent group asp").done().out.endswith(":\n")
    assert "pam-auth-update --enable" not in said(run)


def test_an_app_password_opens_dovecot_on_it_and_doctor_finds_no_fault(machine):
    enrolled(machine)
    assert signs_in(machine) == LET_IN
    run = machine.shell("asp-admin --json doctor || true").done()
    assert '"state":"fault"' not in run.out.replace(" ", ""), run


def test_the_test_that_comes_with_the_packages_passes(machine):
    machine.install(*ALL).done()
    machine.shell("/home/pam_asp/debian/tests/dovecot").done()


def test_a_first_installation_that_was_ended_after_unpacking_is_brought_to_its_end(machine):
    machine.shell("dpkg --unpack /packages/libpam-asp_*.deb").done()
    assert machine.shell("test -e /var/lib/asp").code == 1
    machine.shell("dpkg --configure -a").done()
    machine.install(*ALL).done()
    machine.shell(ENROLL).done()
    assert signs_in(machine) == LET_IN


def test_a_configuration_that_was_there_stays_without_a_question(machine):
    machine.shell("mkdir /etc/asp; echo 'history = 7;' >/etc/asp/asp.conf").done()
    machine.install(*ALL).done()
    assert machine.shell("cat /etc/asp/asp.conf").done().out == "history = 7;\n"


def test_a_password_stack_that_was_edited_by_hand_is_said_and_left(machine):
    machine.shell("sed -i '/^#/d' /etc/pam.d/common-password").done()
    before = machine.shell("cat /etc/pam.d/common-password").done().out
    run = machine.install(*ALL).done()
    assert machine.shell("cat /etc/pam.d/common-password").done().out == before
    assert "  at the end of that file: password optional pam_asp.so" in said(run)


def test_a_group_that_was_there_is_kept_with_its_number_and_its_members_are_named(machine):
    machine.shell("groupadd -g 4711 asp; useradd -g asp carol; useradd -G asp dave").done()
    run = machine.install(*ALL).done()
    assert machine.shell("getent group asp").done().out == "asp:x:4711:dave\n"
    assert re.findall(r"was there before, and (\w+) is in it", said(run)) == ["dave", "carol"]
    assert "gpasswd -d NAME asp, or usermod -g OTHER NAME" in said(run)


def test_a_user_called_like_the_group_is_named(machine):
    machine.shell("useradd --user-group asp").done()
    run = machine.install(*ALL).done()
    assert "was there before" in said(run)


@pytest.mark.parametrize("there", [False, True])
def test_no_store_is_made_below_a_mount_that_is_not_there(machine, there):
    """An empty one would say that nobody has app passwords, where all have."""
    machine.shell("echo 'tmpfs /var/lib/asp tmpfs mode=700 0 0' >>/etc/fstab").done()
    if there:
        machine.shell("mkdir -m 700 /var/lib/asp").done()
    run = machine.install(*ALL).done()
    assert "not mounted" in said(run)
    assert machine.shell("test -e /var/lib/asp/users").code == 1
    assert state(machine) == "installed"


def test_a_store_on_a_file_system_of_its_own_is_made_where_only_lost_and_found_is(machine):
    machine.shell("mkdir -p /var/lib/asp/lost+found").done()
    machine.install(*ALL).done()
    assert machine.shell("stat --format=%a /var/lib/asp /var/lib/asp/users").done().out == "700\n700\n"
