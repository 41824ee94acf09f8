"""What asp-admin doctor says of the lines that name the module, of the module, and of the password stack."""

import re

import pytest
from support.doctor import ACCOUNT, NO_APP, is_well, service
from support.recipes import recipe


@pytest.fixture
def module(patient):
    modules = patient.sandbox.shell("dirname $(find /usr/lib /lib -name pam_unix.so -print -quit)").done().out.strip()
    return f"{modules}/pam_asp.so"


# The line itself


@pytest.mark.parametrize("argument", ["nullok", "config=relative", "app=any", "debug=1", "[two words]"])
def test_a_wrong_argument_is_a_fault(patient, argument):
    service(patient, f"auth required pam_asp.so {argument}\n{ACCOUNT}")
    fault = patient.fault("pam", "^/etc/pam.d/imap:1: .* is a wrong argument, and refuses everybody$")
    assert argument.strip("[]") in fault.message


def test_arguments_that_are_known_are_no_fault(patient):
    service(patient, f"auth required pam_asp.so try_first_pass debug app=mail\n{ACCOUNT}")
    is_well(patient, "asked for by imap$")


@pytest.mark.parametrize("name", ["mail.conf", "asp.conf"])
def test_a_configuration_that_a_line_names_and_that_is_missing_is_a_fault(patient, name):
    service(patient, f"auth required pam_asp.so config=/etc/asp/{name}\n{ACCOUNT}")
    patient.fault("pam", f"^/etc/pam.d/imap:1 has config=/etc/asp/{name}, and nobody gets in: .*No such")


def test_a_configuration_that_a_line_names_is_told(patient):
    patient.sandbox.write("/etc/asp/mail.conf", "limit = 7;\n")
    service(patient, f"auth required pam_asp.so config=/etc/asp/mail.conf\n{ACCOUNT}")
    patient.told("pam", "/etc/pam.d/imap:1 has a configuration of its own, .*--config /etc/asp/mail.conf doctor")
    patient.sandbox.write("/etc/asp/mail.conf", "limits = 7;\n")
    patient.fault("pam", "^/etc/pam.d/imap:1 has config=/etc/asp/mail.conf, and nobody gets in: /etc/asp/mail.conf:1:")


SLIPS = {
    "a control": "auth requierd pam_asp.so\n",
    "what is done upon an answer": "auth [success=done default=dei] pam_asp.so\n",
    "an answer": "auth [succes=done default=die] pam_asp.so\n",
    "a facility": "auht required pam_asp.so\n",
    "a module that is left out": "auth required pam_asp.so\nauth required\n",
}


@pytest.mark.parametrize("slip", SLIPS.values(), ids=SLIPS)
def test_a_line_that_libpam_does_not_understand_is_a_fault(patient, slip):
    service(patient, slip + ACCOUNT)
    patient.fault("pam", rf"^/etc/pam.d/imap:{slip.count(chr(10))} is no line that libpam understands")


def test_an_app_that_a_line_names_and_is_none_is_a_fault_with_the_one_that_is_near(patient):
    service(patient, f"auth required pam_asp.so app=calendar\n{ACCOUNT}")
    is_well(patient, "asked for by imap$")
    service(patient, f"auth required pam_asp.so app=mial\n{ACCOUNT}")
    fault = patient.fault("pam", "^/etc/pam.d/imap:1 has app=mial: no app of asp.conf is called so")
    assert fault.mend.startswith("write app=mail there")
    service(patient, f"auth required pam_asp.so app=nowhere\n{ACCOUNT}")
    assert "write the name of an app" in patient.fault("pam", "^/etc/pam.d/imap:1 has app=nowhere").mend


def test_the_mend_of_a_stack_does_not_keep_an_app_that_is_none(patient):
    for app, kept in (("mial", ""), ("mail", " app=mail")):
        service(patient, f"auth sufficient pam_asp.so debug app={app}\nauth required pam_permit.so\n{ACCOUNT}")
        (fault,) = [fault for fault in patient.faults() if "has app=" not in fault.message]
        assert f"pam_asp.so debug{kept}`" in fault.mend


# Lesson: a proof of one half.
def test_a_file_of_windows_is_a_fault(patient):
    service(patient, f"auth required pam_asp.so\n{ACCOUNT}".replace("\n", "\r\n"))
    fault = patient.fault("pam", "^/etc/pam.d/imap:1 ends with a carriage return")
    patient.sandbox.shell(fault.mend).done()
    is_well(patient, "asked for by imap$")


def test_a_file_of_windows_that_brings_a_stack_in_is_a_fault(patient):
    patient.install("pam.d/asp-only", "/etc/pam.d/asp-only")
    service(patient, "auth include asp-only\r\naccount include asp-only\r\n")
    patient.fault("pam", "^/etc/pam.d/imap:1 ends with a carriage return")


def test_a_stack_that_is_brought_in_and_is_not_there_is_a_fault(patient):
    service(patient, "auth include asp-onyl\naccount include asp-onyl\n")
    patient.fault("pam", "^/etc/pam.d/imap:1 brings in asp-onyl, and there is no such file in /etc/pam.d")


def test_a_file_that_ends_in_the_middle_of_a_line_is_a_fault(patient):
    service(patient, f"auth required pam_asp.so\n{ACCOUNT}account required \\\n")
    patient.fault("pam", "^/etc/pam.d/imap ends with a backslash")


@pytest.mark.parametrize("between", ["# why", "", "\t # one\n\n# another"])
def test_a_line_that_goes_on_behind_a_comment_is_a_fault_for_versions_of_libpam_read_it_differently(patient, between):
    service(patient, f"{ACCOUNT}auth required \\\n{between}\n pam_asp.so\n# the end \\\n")
    patient.fault("pam", "^/etc/pam.d/imap:3 goes on behind a comment or an empty line")
    service(patient, f"{ACCOUNT}auth required \\\n pam_asp.so\n{between}\n")
    is_well(patient, "asked for by imap$")


@pytest.mark.parametrize("name", ["mail.old", "site/mail"])
def test_a_file_that_is_brought_in_is_read_whatever_its_name(patient, name):
    service(patient, f"auth sufficient pam_asp.so\nauth required pam_permit.so\n{ACCOUNT}", name)
    service(patient, f"@include {name}\n")
    patient.fault("pam", f"^/etc/pam.d/{name}:1: what pam_asp refuses there, .* goes on to the lines below in /etc/pam.d/imap")


# Lesson: a proof of one half.
def test_a_service_that_no_app_names_is_told(patient):
    patient.install("pam.d/asp-only", "/etc/pam.d/imapp")
    patient.told("pam", f"^note: /etc/pam.d/imapp: {NO_APP} imapp")
    (line,) = [re.search("`({ name = .* })`$", row.message) for row in patient.findings() if NO_APP in row.message]
    patient.configure(f"apps: ( {line[1]} );")
    assert "imapp" not in " ".join(row.message for row in patient.findings() if row.note)


def test_that_all_others_ask_is_told(patient):
    patient.install("pam.d/asp-only", "/etc/pam.d/other")
    notes = [finding.message for finding in patient.findings() if finding.check == "pam" and finding.note]
    assert notes == ["note: /etc/pam.d/other asks pam_asp for every service that has no file of its own"]


def test_a_file_that_a_link_leads_to_is_no_service(patient):
    service(patient, "auth sufficient pam_asp.so\n", "part-of-some-pc")
    patient.sandbox.run("ln", "-s", "part-of-some-pc", "/etc/pam.d/part-of-some").done()
    service(patient, f"auth include part-of-some\n{ACCOUNT}")
    is_well(patient, "asked for by imap$")


def test_a_line_for_sessions_is_a_fault(patient):
    service(patient, f"auth required pam_asp.so\n{ACCOUNT}session required pam_asp.so\n")
    patient.fault("pam", "^/etc/pam.d/imap:4: pam_asp.so knows nothing of sessions")


# The module


# Lesson: a proof of one half.
def test_a_module_that_is_missing_is_a_fault(patient):
    service(patient, f"auth required /nowhere/pam_asp.so\n{ACCOUNT}")
    patient.fault("pam", "^/etc/pam.d/imap:1 asks a module that is not there, /nowhere/pam_asp.so: nobody gets in$")


def test_a_module_that_is_missing_is_told_of_each_file(patient):
    service(patient, f"auth required /nowhere/pam_asp.so\n{ACCOUNT}")
    service(patient, "auth required /nowhere/pam_asp.so\nauth required pam_unix.so\n", "asp-admin")
    messages = [fault.message for fault in patient.faults()]
    for name in ("imap", "asp-admin"):
        assert f"/etc/pam.d/{name}:1 asks a module that is not there, /nowhere/pam_asp.so: nobody gets in" in messages


def test_another_module_in_the_auth_line_alone_is_a_fault(patient):
    service(patient, f"auth required pam_aps.so\n{ACCOUNT}")
    fault = patient.fault("pam", "^/etc/pam.d/imap:1 asks a module that is not there, pam_aps.so")
    assert "line 2" in fault.mend


def test_an_account_line_without_an_auth_line_is_told(patient):
    service(patient, f"@include common-auth\n{ACCOUNT}")
    patient.told("pam", "^note: /etc/pam.d/imap:2 names pam_asp, and no auth line of imap asks for app passwords")


MODULES = {
    "setuid": ("chmod u+s", "chmod u-s", "has a setuid or setgid bit"),
    "open to be written": ("chmod g+w", "chmod g-w", "can be written by group or others"),
    "somebody else's": ("chown alice", "chown root", "belongs to uid"),
}


@pytest.mark.parametrize("what", MODULES)
def test_a_module_that_cannot_be_trusted_is_a_fault(patient, module, what):
    do, undo, message = MODULES[what]
    patient.sandbox.shell(f"{do} {module}").done()
    try:
        fault = patient.fault("pam", message)
        assert what != "setuid" or fault.mend == f"chmod ug-s {module}"
    finally:
        patient.sandbox.shell(f"{undo} {module}").done()
    assert patient.faults() == []


# The password stack

PASSWORD = "/etc/pam.d/common-password"
SHIPPED = (
    "password [success=1 default=ignore] pam_unix.so obscure yescrypt\npassword requisite pam_deny.so\n"
    "password required pam_permit.so\n"
)


def test_the_shipped_profile_is_well(patient):
    text = recipe("pam-configs/asp")
    (line,) = [line for line in text.splitlines() if "pam_asp.so" in line]
    patient.sandbox.write(PASSWORD, SHIPPED + "password" + line + "\n")
    patient.is_well("password-stack", "pam_asp is told of a password that passwd")
    patient.create("dave", "Phone", "--virtual")
    assert patient.faults() == []


PROFILE = "/usr/share/pam-configs/asp"
SHIPPED_PROFILE = "/usr/local/share/doc/pam_asp/pam-configs/asp"
ADD = "Add this line at the end of /etc/pam.d/common-password: "


@pytest.fixture
def debian(patient):
    """A machine on which pam-auth-update has written the files, and pam_asp is not in them."""
    patient.sandbox.need("pam-auth-update")
    patient.sandbox.run("sed", "-i", "/pam_asp/d", PASSWORD).done()
    patient.sandbox.shell("cp -a /var/lib/pam /run/saved/").done()
    patient.install("pam-configs/asp", SHIPPED_PROFILE)
    yield patient
    patient.sandbox.shell(f"rm -rf {PROFILE} /var/lib/pam; mv /run/saved/pam /var/lib/").done()


def way_in(patient):
    """What doctor says of a password stack that does not ask."""
    (row,) = [finding for finding in patient.findings() if finding.check == "password-stack"]
    told = "note: /etc/pam.d/passwd does not ask pam_asp, so a password that it sets is seen later, by a login or a watch. "
    assert row.ok and row.message.startswith(told)
    return row.message.removeprefix(told)


def run_as_root(patient, command):
    return patient.sandbox.shell(command, env={"DEBIAN_FRONTEND": "noninteractive"}).done()


def test_what_pam_auth_update_has_written_it_changes(debian):
    """With the profile that is copied once, and without where it is there already."""
    enable = "pam-auth-update --enable asp"
    way = way_in(debian)
    assert way == f"The profile changes that: cp {SHIPPED_PROFILE} {PROFILE} && {enable}"
    run_as_root(debian, way.split(": ")[1])
    debian.is_well("password-stack", "pam_asp is told of a password that passwd")
    assert "pam_asp.so" in debian.sandbox.read(PASSWORD)
    run_as_root(debian, "pam-auth-update --disable asp")
    assert "pam_asp.so" not in debian.sandbox.read(PASSWORD)
    assert way_in(debian) == f"The profile changes that: {enable}"


# What is done to the files, and the one that pam-auth-update stumbles over; None: it does not.
EDITED = {
    "an option of a module": ("sed -i '/pam_unix.so/s/$/ rounds=7/' PASSWORD", None),
    "a module that is gone": ("sed -i '/pam_systemd/d' /etc/pam.d/common-session", None),
    "a line above the marks": ("sed -i '1i password optional pam_warn.so' PASSWORD", None),
    "a line below the marks": ("echo 'password optional pam_warn.so' >>PASSWORD", None),
    "a line between": ("sed -i '/pam_unix.so/i password optional pam_warn.so' PASSWORD", "PASSWORD"),
    "a comment between": ("sed -i '/pam_unix.so/i # ours' PASSWORD", "PASSWORD"),
    "an empty line between": ("sed -i '/pam_unix.so/G' PASSWORD", "PASSWORD"),
    "another control": ("sed -i '/pam_unix.so/s/default=ignore/default=die/' PASSWORD", "PASSWORD"),
    "a longer jump": ("sed -i '/pam_unix.so/s/success=1/success=2/' PASSWORD", None),
    "no marks": ("sed -i '/^#/d' PASSWORD", "PASSWORD"),
    "no end": ("sed -i '/^# end of/d' PASSWORD", "PASSWORD"),
    "another file": ("sed -i '/pam_unix.so/i session optional pam_warn.so' SESSION", "SESSION"),
    "nothing is kept": ("rm /var/lib/pam/auth", "/var/lib/pam/auth"),
    "a file is not there": ("rm SESSION", "SESSION"),
}


@pytest.mark.parametrize("what", EDITED)
def test_what_was_edited_by_hand_pam_auth_update_leaves_alone_and_the_line_is_told(debian, what):
    def named(text):
        return text.replace("PASSWORD", PASSWORD).replace("SESSION", "/etc/pam.d/common-session")

    script, stumbles = EDITED[what]
    debian.sandbox.shell(named(script)).done()
    way = way_in(debian)
    before = debian.sandbox.read(PASSWORD)
    debian.sandbox.run("cp", SHIPPED_PROFILE, PROFILE).done()
    run_as_root(debian, "pam-auth-update --enable asp")
    changed = "pam_asp.so" in debian.sandbox.read(PASSWORD)
    assert way.startswith("The profile changes that") == changed, (way, before)
    if changed:
        return
    assert way == (
        f"pam-auth-update changes nothing here, for it did not write all that is in {named(stumbles)}. "
        f"{ADD}password optional pam_asp.so"
    )
    assert debian.sandbox.read(PASSWORD) == before
    debian.sandbox.shell(f"echo '{way.partition(ADD)[2]}' >>{PASSWORD}").done()
    (row,) = [finding for finding in debian.findings() if finding.check == "password-stack"]
    assert row.ok and "does not ask" not in row.message


def test_without_pam_auth_update_the_manual_is_named(patient):
    patient.sandbox.shell(f"sed -i /pam_asp/d {PASSWORD}; mv /usr/sbin/pam-auth-update /usr/sbin/away || true").done()
    assert way_in(patient) == "The primary password in pam_asp(8) has the line"
    patient.sandbox.shell("mv /usr/sbin/away /usr/sbin/pam-auth-update || true").done()


def test_without_a_source_the_password_stack_does_nothing(patient):
    patient.sandbox.write(PASSWORD, SHIPPED)
    patient.configure('primary: { source = "none"; };')
    assert patient.faults() == []
    (row,) = [finding for finding in patient.findings() if finding.check == "password-stack"]
    assert "does nothing there" in row.message


# Lesson: password stacks.
def test_a_password_line_that_is_never_reached_is_a_fault(patient):
    patient.sandbox.write(PASSWORD, "password sufficient pam_unix.so\npassword optional pam_asp.so\n")
    fault = patient.fault("password-stack", "^/etc/pam.d/common-password:2 is not reached")
    assert "pam-configs/asp" in fault.mend


# Lesson: password stacks.
def test_a_password_line_that_is_reached_after_a_failure_is_a_fault_for_who_has_no_line_in_shadow(patient):
    patient.sandbox.write(PASSWORD, "password required pam_unix.so\npassword optional pam_asp.so\n")
    patient.told("password-stack", "^note: /etc/pam.d/common-password:2 is reached after a failure too")
    patient.create("dave", "Phone", "--virtual")
    patient.fault("password-stack", "^/etc/pam.d/common-password:2 is reached after a failure too: it revokes")
