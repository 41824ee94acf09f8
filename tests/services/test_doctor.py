"""asp-admin doctor on a machine where one thing is wrong at a time: that it is named, as what it is, and that the fix
works. What it says of PAM files is in test_doctor_pam.py."""

import re
import subprocess
import time

import pytest
from support.broker import SOCKET, listens
from support.doctor import CHECKS
from support.run import MORTAL, as_user
from support.self_service import SELF
from support.wait import LONG, wait_until
from support.watch import Manager, running_watch

CLIENT = 'broker: { clients = ( { user = "%s"; services = [ "nginx" ]; } ); };'

# A hash that is not the first one.
OTHER = "\\$6\\$saltsalt\\$" + "b" * 86


# All is well


def test_a_sound_machine_has_no_fault_and_a_row_of_each_check(patient):
    found = patient.findings()
    assert [finding for finding in found if not finding.ok] == []
    assert list(dict.fromkeys(finding.check for finding in found)) == CHECKS


def test_the_text_has_a_line_for_each_row(patient):
    run = patient.asp_admin("doctor").done()
    assert run.err == ""
    rows = [f"{finding.check:16}ok     {finding.message}" for finding in patient.findings()]
    assert run.out.splitlines() == rows


def test_the_text_of_a_fault_has_the_fix_beneath(patient):
    patient.sandbox.run("chmod", "755", "/var/lib/asp").done()
    (fault,) = patient.faults()
    run = patient.asp_admin("doctor")
    assert (run.code, run.err) == (1, "")
    lines = run.out.splitlines()
    place = lines.index(f"store           FAULT  {fault.message}")
    assert lines[place + 1] == f"{'':23}mend: {fault.mend}"


def test_doctor_changes_nothing(patient):
    patient.configure('hooks: { revoked = "/nowhere"; };')
    patient.sandbox.shell("mkdir -p /var/lib/asp/users; printf x >/var/lib/asp/used/alice").done()
    patient.asp_admin("watch", "--once")
    look = "find /etc /var/lib/asp /run/programs -printf '%p %i %m %U %s %T@ %C@\\n' | sort"
    before = patient.sandbox.shell(look).done().out
    assert patient.faults() != []
    assert patient.sandbox.shell(look).done().out == before


# The configuration

NOT_LOOKED_AT = "nobody gets in with an app password, and what it decides was not looked at$"


def test_the_built_in_values_hold_without_a_file(patient):
    patient.is_well("configuration", "there is no /etc/asp/asp.conf: the built-in values hold")
    patient.configure("limit = 7;")
    patient.is_well("configuration", "^/etc/asp/asp.conf has no error$")


def test_an_error_in_the_configuration_is_a_fault_and_hides_what_depends_on_it(patient):
    patient.configure("limit = 7;", "limits = 7;")
    fault = patient.fault("configuration", r"^/etc/asp/asp\.conf:2: .*limits.*was not looked at$")
    assert "asp.conf(5)" in fault.mend
    assert {finding.check for finding in patient.findings()} == {"configuration", "pam"}


def test_a_configuration_that_is_named_and_missing_is_a_fault(patient):
    patient.fault("configuration", "/nowhere", "--config", "/nowhere")


def test_a_configuration_of_another_name_is_looked_over(patient):
    patient.sandbox.write("/etc/asp/other.conf", 'store = "/var/lib/none";\n')
    patient.fault("store", "there is no store at /var/lib/none", "--config", "/etc/asp/other.conf")


def test_a_configuration_that_others_can_write_is_a_fault(patient):
    patient.configure("limit = 7;")
    patient.sandbox.run("chmod", "g+w", "/etc/asp/asp.conf").done()
    patient.fault("configuration", f"can be written by group or others.*: {NOT_LOOKED_AT}")
    patient.sandbox.shell("cd /etc/asp && chmod 644 asp.conf && mv asp.conf real && ln -s real asp.conf").done()
    patient.fault("configuration", f"asp.conf is .*link.*: {NOT_LOOKED_AT}")


def test_a_configuration_that_services_cannot_read_is_a_fault(patient):
    patient.configure("limit = 7;")
    patient.sandbox.run("chmod", "600", "/etc/asp/asp.conf").done()
    fault = patient.fault("configuration", "cannot be read by services and users that are not root")
    assert fault.mend == "chmod 644 /etc/asp/asp.conf"
    patient.sandbox.shell(fault.mend).done()
    assert patient.faults() == []


# The store

STORES = {
    "open to others": ("chmod 755 /var/lib/asp", "is open to others than root"),
    "a folder open to others": ("chmod 750 /var/lib/asp/used", "asp/used is open to others than root"),
    "no locks": ("rm -r /var/lib/asp/locks", "there is no folder /var/lib/asp/locks"),
    "no users": ("mv /var/lib/asp/users /run/programs/", "there is no folder /var/lib/asp/users"),
    "somebody else's": ("chown alice /var/lib/asp", "belongs to uid"),
    "a folder of somebody else's": ("chown alice /var/lib/asp/users", "asp/users belongs to uid"),
    "a file for a folder": ("rm -r /var/lib/asp/used; : >/var/lib/asp/used", "is not a folder"),
    "a link": ("mv /var/lib/asp /run/programs/; ln -s /run/programs/asp /var/lib/asp", "is a link"),
    "read-only": (
        "mount --bind /var/lib/asp /var/lib/asp; mount -o remount,bind,ro /var/lib/asp",
        "is mounted read-only",
    ),
    "full": (
        "mv /var/lib/asp /run/programs/; mkdir /var/lib/asp; mount -t tmpfs -o size=64k,mode=700 asp /var/lib/asp;"
        "cp -a /run/programs/asp/. /var/lib/asp/; cat /dev/zero >/var/lib/asp/locks/x 2>/dev/null || true",
        "the disk of /var/lib/asp is full",
    ),
}


@pytest.mark.parametrize("what", STORES)
def test_a_store_that_cannot_be_used_is_a_fault(patient, what):
    script, message = STORES[what]
    patient.sandbox.shell(script).done()
    fault = patient.fault("store", message)
    if fault.mend.startswith(("chmod ", "chown ", "mkdir ")):
        patient.sandbox.shell(fault.mend).done()
        assert patient.faults() == []


def test_a_missing_store_is_a_fault_and_the_first_create_fixes_it(patient):
    patient.sandbox.shell("rm -r /var/lib/asp").done()
    fault = patient.fault("store", "there is no store at /var/lib/asp: no app password is accepted")
    assert "asp-admin create" in fault.mend
    patient.create("alice")
    assert patient.faults() == []


# Accounts and their usage

COPY = "install -o root -g root -m 600 FILE FILE.new && mv FILE.new FILE"
ACCOUNTS = {
    "damaged": ("sed -i s/Phone/Phony/ FILE", "is damaged: its digest does not match", "restore it .*remove bob"),
    "cut": ("truncate -s 20 FILE", "is damaged", "remove bob"),
    "another's": ("cp /var/lib/asp/users/alice FILE", "is damaged|another user", "remove bob"),
    "newer": ("sed -i '1s/asp-account 2/asp-account 3/' FILE", "written by a newer version", "install the version"),
    "somebody else's file": ("chown alice FILE", "belongs to uid", f"^look at what .*: {COPY}$"),
    "open to be written": ("chmod 666 FILE", "can be written by group or others", f"^look at what .*: {COPY}$"),
    "a pipe": ("rm FILE; mkfifo FILE", "is not a plain file", "root's.*remove bob"),
    "a folder": ("rm FILE; mkdir FILE", "is not a plain file", "root's.*remove bob"),
}


@pytest.mark.parametrize("what", ACCOUNTS)
def test_an_account_that_cannot_be_read_is_a_fault_that_names_the_user(patient, what):
    script, message, fix = ACCOUNTS[what]
    patient.create("bob")
    assert patient.faults() == []
    patient.sandbox.shell(script.replace("FILE", "/var/lib/asp/users/bob")).done()
    fault = patient.fault("accounts", f"^bob: /var/lib/asp/users/bob.*({message})")
    assert re.search(fix.replace("FILE", "/var/lib/asp/users/bob"), fault.mend), fault
    if "remove" in fault.mend:
        patient.asp_admin("remove", "bob").done()
        assert patient.faults() == []
    elif "chmod" in fix or "install -o" in fix:
        patient.sandbox.shell(fault.mend.split(": ")[-1]).done()
        assert patient.faults() == []


def test_many_damaged_accounts_are_counted(patient):
    patient.sandbox.shell('for i in {1..25}; do echo nonsense >/var/lib/asp/users/"user$i"; done').done()
    faults = patient.faults()
    assert {fault.check for fault in faults} == {"accounts"}
    assert len(faults) == 21
    assert "5 more of 26" in faults[-1].message


def test_damaged_last_uses_are_told_and_no_fault(patient):
    patient.is_well("usage", "can be read")
    patient.sandbox.shell("printf x >>/var/lib/asp/used/alice; truncate -s 100 /var/lib/asp/used/alice").done()
    patient.told("usage", "the last uses of alice are damaged")


# Primary passwords


def test_users_with_no_line_in_shadow_are_told_by_name(patient):
    patient.is_well("primary", "^/etc/shadow can be read, and has a line for every user")
    for user in ("carol", "dave", "erin"):
        patient.create(user, "Phone", "--virtual")
    patient.told("primary", r"carol, dave and erin: no line in /etc/shadow.*password stack.*\"command\".*revoke")


def test_of_many_users_with_no_line_ten_are_named(patient):
    for number in range(12):
        patient.create(f"user{number:02}", "Phone", "--virtual")
    patient.told("primary", "user00, user01, .*, user09 and 2 more: no line")


def test_a_user_who_is_gone_is_told(patient):
    patient.sandbox.run("userdel", "alice").done()
    fault = patient.fault("primary", "the user is gone of the account alice: app passwords are refused")
    assert "asp-admin remove" in fault.mend


def test_a_primary_that_has_changed_is_told_until_it_is_seen(patient):
    patient.sandbox.shell(f'usermod -p "{OTHER}" alice').done()
    patient.told("primary", "the primary password of alice has changed")
    patient.asp_admin("watch", "--once").done()
    patient.is_well("primary", "can be read")


def test_a_locked_primary_is_nothing_to_tell(patient):
    patient.sandbox.run("passwd", "-l", "alice").done()
    patient.is_well("primary", "can be read")


SHADOWS = {
    "no end": ("truncate -s -1 /etc/shadow", "is not whole: its last line has no end"),
    "missing": ("rm /etc/shadow", "No such file"),
    "open to be written": ("chmod 666 /etc/shadow", "can be written by group or others"),
    "a short line": ("sed -i 's/^alice:.*/alice:x:1/' /etc/shadow", "not its nine fields for alice"),
}


@pytest.mark.parametrize("what", SHADOWS)
def test_a_shadow_file_of_which_nothing_can_be_told_is_a_fault(patient, what):
    script, message = SHADOWS[what]
    patient.sandbox.shell(script).done()
    patient.fault("primary", message)


def test_without_a_source_it_is_told_that_nothing_is_compared(patient):
    patient.sandbox.shell("rm /etc/shadow").done()
    patient.configure('primary: { source = "none"; };')
    patient.told("primary", "app passwords go on as they are")
    patient.is_well("watch", "nothing for it to do")


# Watch and hooks


def test_no_watch_is_told_where_a_login_sees_a_change_by_itself(patient):
    patient.told("watch", "no watch runs. A login sees a changed primary password by itself")


def test_a_running_watch_is_seen_and_goes_on(patient, folder):
    with running_watch(patient.sandbox, patient.admin, folder):
        pid = patient.sandbox.read("/var/lib/asp/locks/.watch").strip()
        for _ in range(3):
            patient.is_well("watch", f"^process {pid} watches /var/lib/asp$")
    patient.told("watch", "no watch runs")


def test_a_watch_whose_lock_is_gone_is_not_said_to_be_none(patient, folder):
    patient.configure(f'hooks: {{ revoked = "{patient.program("hook")}"; }};')
    with running_watch(patient.sandbox, patient.admin, folder):
        patient.sandbox.run("rm", "-r", "/var/lib/asp/locks").done()
        patient.fault("store", "there is no folder /var/lib/asp/locks")
        (row,) = [finding for finding in patient.findings() if finding.check == "watch"]
        assert row.note and "whether a watch runs is not known" in row.message


def test_a_command_that_no_watch_runs_is_a_fault(patient, folder):
    program = patient.program("primaries", "printf 'alice\\tone\\n'")
    patient.configure(f'primary: {{ source = "command"; command = "{program}"; }};')
    patient.fault("watch", "a change that primary.command tells of is seen by asp-admin create alone")
    with running_watch(patient.sandbox, patient.admin, folder):
        patient.is_well("primary", f"^{program} is a program that can be trusted")


# Lesson: a proof of one half.
def test_a_watch_that_ended_without_a_word_is_a_fault_until_another_has_run(patient, folder):
    with Manager(folder) as manager:
        words = (*MORTAL, *manager.prefix, patient.admin, "watch")
        process = patient.sandbox.start(*words, stdin=subprocess.DEVNULL)
        manager.wait_ready()
    pid = patient.sandbox.read("/var/lib/asp/locks/.watch").strip()
    patient.sandbox.run("kill", "-KILL", pid).done()
    process.wait(LONG)
    fault = patient.fault("watch", f"^the watch is dead: process {pid} ended without saying so")
    assert "start this with the machine: asp-admin watch;" in fault.mend
    patient.asp_admin("watch", "--once").done()
    patient.told("watch", "no watch runs")


def test_a_site_with_passes_by_cron_is_no_fault(patient):
    program = patient.program("primaries", "printf 'alice\\tone\\n'")
    patient.configure(f'primary: {{ source = "command"; command = "{program}"; }};')
    patient.asp_admin("watch", "--once").done()
    patient.told("watch", "the last pass was made 0 minutes ago")
    patient.sandbox.shell("touch -d '-1 hour' /var/lib/asp/locks/.watch").done()
    patient.fault("watch", "a change that primary.command tells of is seen by asp-admin create alone")


def test_a_command_that_cannot_be_trusted_is_a_fault(patient, folder):
    patient.sandbox.shell("rm -rf /run/programs/*").done()
    patient.configure('primary: { source = "command"; command = "/run/programs/primaries"; };')
    with running_watch(patient.sandbox, patient.admin, folder):
        patient.fault("primary", "^primary.command, /run/programs/primaries, is not run, .*: No such file")


@pytest.mark.parametrize("way", ["a copy", "the folder"])
def test_of_a_command_in_a_folder_of_a_groups_the_commands_are_told(patient, folder, way):
    """As Debian's /usr/local/bin is the group staff's."""
    program = patient.program("primaries", "printf 'alice\\tone\\n'")
    patient.configure(f'primary: {{ source = "command"; command = "{program}"; }};')
    with running_watch(patient.sandbox, patient.admin, folder):
        patient.sandbox.run("chmod", "g+w", "/run/programs").done()
        fault = patient.fault("primary", "is not run, .*: /run/programs can be written by group or others")
        copy, group = re.search("name that: (install .*/etc/asp/); or.*: (chmod .*)$", fault.mend).groups()
        patient.sandbox.shell(copy if way == "a copy" else group).done()
        if way == "a copy":
            assert patient.sandbox.run("/etc/asp/primaries").done().out == "alice\tone\n"
            patient.configure('primary: { source = "command"; command = "/etc/asp/primaries"; };')
        assert patient.faults() == []


def test_a_hook_that_no_watch_runs_is_a_fault(patient, folder):
    patient.configure(f'hooks: {{ revoked = "{patient.program("hook")}"; }};')
    fault = patient.fault("watch", "nobody runs hooks.revoked.*wait for it now: 0")
    assert "or let cron run this every 10 minutes: asp-admin watch --once" in fault.mend
    assert "start this with the machine: asp-admin watch;" in fault.mend
    with running_watch(patient.sandbox, patient.admin, folder):
        patient.is_well("hooks", "programs that can be trusted")


def test_a_hook_that_a_pass_has_run_lately_is_told(patient):
    patient.configure(f'hooks: {{ revoked = "{patient.program("hook")}"; }};')
    patient.asp_admin("watch", "--once").done()
    patient.told("watch", "the last pass was made 0 minutes ago")
    patient.sandbox.shell("touch -d '-1 hour' /var/lib/asp/locks/.watch").done()
    patient.fault("watch", "nobody runs hooks.revoked")


def test_a_hook_that_is_due_is_a_fault_until_it_is_run(patient):
    patient.configure(f'hooks: {{ revoked = "{patient.program("hook")}"; }};')
    patient.asp_admin("watch", "--once").done()
    patient.sandbox.run("chpasswd", input="alice:another one\n").done()
    patient.fault("watch", "nobody runs hooks.revoked.*wait for it now: 1")
    # Also of one that was removed meanwhile.
    patient.sandbox.shell("mv /run/programs/hook /run/programs/away").done()
    patient.asp_admin("remove", "alice").done()
    patient.sandbox.shell("mv /run/programs/away /run/programs/hook").done()
    patient.fault("watch", "nobody runs hooks.revoked.*wait for it now: 1")
    patient.asp_admin("watch", "--once").done()
    assert patient.faults() == []


HOOKS = {
    "missing": ("rm FILE", "No such file"),
    "no program": ("chmod 644 FILE", "is no program"),
    "open to be written": ("chmod g+w FILE", "can be written by group or others"),
    "in a folder of somebody else's": ("chown alice /run/programs", "/run/programs belongs to uid"),
    "in a folder of a group's": ("chmod g+w /run/programs", "/run/programs can be written by group or others"),
    "a link": ("mv FILE FILE.real; ln -s FILE.real FILE", "is a link"),
}


@pytest.mark.parametrize("key", ["created", "revoked"])
@pytest.mark.parametrize("what", HOOKS)
def test_a_hook_that_cannot_be_trusted_is_a_fault(patient, what, key):
    script, message = HOOKS[what]
    program = patient.program("hook")
    patient.configure(f'hooks: {{ {key} = "{program}"; }};')
    patient.asp_admin("watch", "--once").done()
    assert patient.faults() == []
    patient.sandbox.shell(script.replace("FILE", program)).done()
    fault = patient.fault("hooks", f"^hooks.{key}, {program}, is not run: .*{message}")
    if what in ("no program", "open to be written"):
        assert (fault.mend == f"chmod 755 {program}") == (what == "no program")
        patient.sandbox.shell(fault.mend.split("in its place: ")[-1]).done()
        assert patient.faults() == []
    if what.startswith("in a folder"):
        command, group = re.search(f"let hooks.{key} in asp.conf name that: ([^;]*)(; or.*)?$", fault.mend).groups()
        assert (group is None) == (what == "in a folder of somebody else's")
        patient.sandbox.shell(command).done()
        patient.configure(f'hooks: {{ {key} = "/etc/asp/hooks/hook"; }};')
        assert patient.faults() == []


@pytest.mark.parametrize("what", ["open to be written", "a link"])
def test_a_hook_that_run_all_passes_over_is_a_fault(patient, what):
    script, message = HOOKS[what]
    hooks = "/run/all-hooks"
    patient.install("hooks/run-all", f"{hooks}/run-all")
    for name in ("sound", "other", "notes"):
        patient.sandbox.write(f"{hooks}/{name}", "#!/bin/sh\n", mode="644" if name == "notes" else "755")
    patient.sandbox.shell(f"chmod 755 {hooks}/run-all").done()
    patient.configure(f'hooks: {{ revoked = "{hooks}/run-all"; }};')
    patient.asp_admin("watch", "--once").done()
    assert patient.faults() == []
    patient.sandbox.shell(script.replace("FILE", f"{hooks}/other").replace("other.real", ".other")).done()
    patient.fault("hooks", f"^hooks.revoked, {hooks}/other, is not run: .*{message}")


# The broker, and users on their own accounts


def test_without_a_broker_it_is_told_who_needs_one(patient):
    patient.told("broker", "nobody listens at /run/asp/broker.sock, which is well as long as")
    patient.told("self-service", "nobody listens at /run/asp/self.sock")


def test_a_broker_that_listens_is_named_with_the_members_of_its_group(patient):
    patient.sandbox.run("usermod", "--append", "--groups", "asp", "www-data").done()
    patient.sandbox.run("cp", "/etc/pam.d/chsh", "/etc/pam.d/asp-admin").done()
    with patient.serving():
        patient.is_well("broker", "asp-broker listens at /run/asp/broker.sock; the group asp has www-data$")
        patient.is_well("self-service", "users are served at /run/asp/self.sock")
        patient.sandbox.shell("sed -i '/^asp:/s/www-data//' /etc/group").done()
        patient.told("broker", "the group asp has no members")
        patient.sandbox.run("useradd", "--system", "--gid", "asp", "server").done()
        patient.is_well("broker", "the group asp has server$")
        patient.sandbox.run("usermod", "--append", "--groups", "asp", "www-data").done()
        patient.is_well("broker", "the group asp has server and www-data$")


def test_a_broker_that_is_looked_over_logs_nothing(patient):
    def settled():
        """What is in the log, once what came before has arrived."""
        first = patient.sandbox.read("/run/messages")
        time.sleep(0.3)
        return first if patient.sandbox.read("/run/messages") == first else None

    patient.sandbox.run("cp", "/etc/pam.d/chsh", "/etc/pam.d/asp-admin").done()
    with patient.serving():
        before = wait_until(settled, "the log does not come to rest")
        assert patient.faults() == []
        time.sleep(0.7)  # longer than a host may be silent
        assert patient.sandbox.read("/run/messages") == before


def test_clients_without_a_broker_are_a_fault(patient):
    patient.sandbox.run("usermod", "--append", "--groups", "asp", "www-data").done()
    patient.configure(CLIENT % "www-data")
    fault = patient.fault("broker", "/run/asp/broker.sock: no asp-broker is there")
    assert "/asp-broker as root" in fault.mend


@pytest.fixture
def served(patient):
    """A broker runs, and what it needs is there."""
    patient.sandbox.run("usermod", "--append", "--groups", "asp", "www-data").done()
    patient.sandbox.run("cp", "/etc/pam.d/chsh", "/etc/pam.d/asp-admin").done()
    with patient.serving():
        assert patient.faults() == []
        yield patient


def test_a_client_whom_the_system_does_not_know_is_a_fault(served):
    served.configure(CLIENT % "wwwdata")
    served.fault("broker", "broker.clients names wwwdata, whom the system does not know")


def test_a_client_outside_the_group_is_a_fault(served):
    served.configure(CLIENT % "bob")
    fault = served.fault("broker", "broker.clients names bob, who is not in the group asp")
    served.sandbox.shell(fault.mend).done()
    assert served.faults() == []


def test_a_socket_that_is_not_the_groups_is_a_fault(served):
    served.sandbox.run("chmod", "600", SOCKET).done()
    fault = served.fault("broker", "cannot be written by the group asp")
    served.sandbox.shell(fault.mend).done()
    assert served.faults() == []


def test_a_missing_group_is_a_fault(served):
    served.sandbox.run("groupdel", "asp").done()
    fault = served.fault("broker", "there is no group asp")
    assert fault.mend == "groupadd --system asp"


def test_a_socket_at_which_nobody_listens_is_a_fault(patient):
    patient.sandbox.run("cp", "/etc/pam.d/chsh", "/etc/pam.d/asp-admin").done()
    leave = "import socket, sys; socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET).bind(sys.argv[1])"
    patient.sandbox.run("install", "-d", "/run/asp").done()
    patient.sandbox.run("/usr/bin/python3", "-c", leave, SOCKET).done()
    patient.fault("broker", "no asp-broker is there")
    patient.sandbox.run("mv", SOCKET, SELF).done()
    patient.fault("self-service", "no asp-broker is there")


def test_somebody_else_who_listens_is_a_fault(patient):
    listen = (
        "import socket, sys, time; s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); s.bind(sys.argv[1]);"
        "s.listen(); time.sleep(60)"
    )
    patient.sandbox.run("install", "-d", "-m", "777", "/run/asp").done()
    process = patient.sandbox.start(*as_user("bob"), *MORTAL, "/usr/bin/python3", "-c", listen, SOCKET)
    try:
        wait_until(lambda: listens(patient.sandbox), "it does not listen")
        patient.fault("broker", "which is not root: nothing was sent to it")
    finally:
        process.kill()
        process.wait()


def test_self_service_that_is_switched_off_is_well(patient):
    patient.configure("self_service: { enabled = false; };")
    patient.is_well("self-service", "switched off")


def test_a_group_of_self_service_that_is_not_there_is_a_fault(patient):
    patient.configure('self_service: { group = "nosuch"; };')
    patient.fault("self-service", "self_service.group is nosuch, and there is no such group")


def test_self_service_without_a_stack_of_its_own_is_a_fault(served):
    served.sandbox.run("rm", "/etc/pam.d/asp-admin").done()
    served.fault("self-service", "there is no /etc/pam.d/asp-admin: /etc/pam.d/other decides")


def test_self_service_that_users_cannot_reach_is_a_fault(served):
    served.sandbox.run("chmod", "600", SELF).done()
    fault = served.fault("self-service", "is not open to users")
    served.sandbox.shell(fault.mend).done()
    assert served.faults() == []


def test_app_passwords_that_open_self_service_are_a_fault(patient):
    patient.install("pam.d/asp-either", "/etc/pam.d/asp-either")
    patient.sandbox.write("/etc/pam.d/asp-admin", "auth include asp-either\naccount include asp-either\n")
    patient.fault("self-service", r"^/etc/pam.d/asp-admin asks pam_asp, by line \d+ of /etc/pam.d/asp-either")
