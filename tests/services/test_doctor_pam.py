"""What asp-admin doctor says of the files in /etc/pam.d: faults made one at a time, and none in what we ship."""

import re

import pytest
from support.doctor import ACCOUNT, is_well, service
from support.recipes import CONF

REFUSED = "what pam_asp refuses there, a revoked app password too, goes on to the lines below"
BARS = "no account line lets an app password in when the primary password is too old"


# What we ship

# Brought in by another file, or no service's; each has a test of its own below.
PARTS = {
    *(f"sshd/asp-sshd-{name}" for name in ("only", "either", "enrolled")),
    *("with-other-modules/google-authenticator", "with-other-modules/oath", "pam-configs/asp"),
    *("authselect/README", "authselect/password.awk"),
}


def has_line(path):
    return any("pam_asp.so" in line.split("#")[0] for line in path.read_text(errors="replace").splitlines())


FILES = sorted(path for path in CONF.rglob("*") if path.is_file())
RECIPES = [str(path.relative_to(CONF)) for path in FILES if has_line(path)]


def test_the_shipped_stacks_are_found():
    assert {"pam.d/asp-only", "pam.d/asp-either", "pam.d/asp-enrolled", *PARTS} <= set(RECIPES)


@pytest.mark.parametrize("recipe", [recipe for recipe in RECIPES if recipe not in PARTS])
def test_no_recipe_is_a_fault(patient, recipe):
    patient.install(recipe, "/etc/pam.d/door")
    is_well(patient, "^app passwords are asked for by door and imap$")


@pytest.mark.parametrize("stack", ["asp-sshd-only", "asp-sshd-either", "asp-sshd-enrolled"])
def test_the_recipe_of_sshd_is_no_fault(patient, stack):
    patient.install(f"sshd/{stack}", f"/etc/pam.d/{stack}")
    brought_in = f"auth include {stack}\naccount required pam_nologin.so\naccount include {stack}\n"
    service(patient, brought_in, "sshd")
    is_well(patient, "^app passwords are asked for by imap and sshd$")


@pytest.mark.parametrize("factor", ["google-authenticator", "oath"])
def test_a_second_factor_for_sshd_is_no_fault(patient, factor):
    patient.install(f"with-other-modules/{factor}", "/etc/pam.d/asp-second-factor")
    service(patient, "auth include asp-second-factor\naccount include asp-second-factor\n", "sshd")
    is_well(patient, "imap and sshd$")


def test_a_recipe_that_brings_in_a_stack_is_no_fault(patient):
    patient.install("pam.d/asp-only", "/etc/pam.d/asp-only")
    patient.install("vsftpd/pam-vsftpd", "/etc/pam.d/vsftpd")
    patient.is_well("pam", "imap and vsftpd$")


# Of these the recipe says to what app they are added.
ADDED = {"exim", "sshd-apps"}
NAMED = {name for path in FILES for name in re.findall(r"/etc/pam\.d/([a-z][a-z-]+)\b", path.read_text(errors="replace"))}
SERVICES = sorted(name for name in NAMED - ADDED if not re.match("asp-|common-|other$|sshd", name))


def test_the_service_of_no_recipe_is_taken_for_a_slip(patient):
    assert {"vsftpd", "proftpd", "cups", "dovecot"} <= set(SERVICES)
    for name in SERVICES:
        patient.install("pam.d/asp-only", f"/etc/pam.d/{name}")
    assert [row.message for row in patient.findings() if row.check == "pam" and row.note] == []


# Who asks


def test_that_no_service_asks_is_told(patient):
    patient.sandbox.run("rm", "/etc/pam.d/imap").done()
    patient.told("pam", "no service in /etc/pam.d asks pam_asp")


def test_what_editors_and_packages_leave_is_no_service(patient):
    for name in ("imap~", ".imap.swp", "imap.dpkg-dist", "imap.rpmsave", "imap.bak", "imap.pam-old"):
        service(patient, "auth sufficient pam_asp.so\nauth required pam_unix.so\n", name)
    is_well(patient, "asked for by imap$")


def test_a_service_of_a_package_is_looked_at_unless_it_has_a_file_in_etc(patient):
    text = "auth sufficient pam_asp.so\nauth required pam_unix.so\n" + ACCOUNT
    patient.sandbox.write("/usr/lib/pam.d/imap", text)
    try:
        assert patient.faults() == []
        patient.sandbox.run("rm", "/etc/pam.d/imap").done()
        patient.fault("pam", f"^/usr/lib/pam.d/imap:1: {REFUSED}")
    finally:
        patient.sandbox.run("rm", "/usr/lib/pam.d/imap").done()


# Where an app password has no business


@pytest.mark.parametrize("line", ["auth sufficient pam_asp.so", "auth [success=2 default=ignore] pam_asp.so"])
def test_common_auth_is_a_fault_and_told_once(patient, line):
    patient.sandbox.shell('sed -i "1i $1" /etc/pam.d/common-auth', line).done()
    fault = patient.fault("pam", "^/etc/pam.d/common-auth:1 asks pam_asp for every service")
    assert "a stack of its own" in fault.mend
    patient.sandbox.shell("sed -i 1d /etc/pam.d/common-auth").done()
    assert patient.faults() == []


@pytest.mark.parametrize("name", ["su", "login", "sudo", "cockpit", "polkit-1"])
def test_a_guarded_service_is_a_fault(patient, name):
    service(patient, f"auth required pam_asp.so\n{ACCOUNT}", name)
    fault = patient.fault("pam", f"^/etc/pam.d/{name}:1 asks pam_asp for the guarded service {name}$")
    assert name in fault.mend


def test_a_guarded_service_is_a_fault_by_a_file_that_it_brings_in(patient):
    patient.install("pam.d/asp-either", "/etc/pam.d/asp-either")
    service(patient, "@include asp-either\n", "sudo")
    patient.fault("pam", r"^/etc/pam.d/asp-either:\d+ asks pam_asp for the guarded service sudo$")


def test_a_guarded_service_that_an_app_lists_is_meant(patient):
    service(patient, f"auth required pam_asp.so\n{ACCOUNT}", "sudo")
    patient.configure('apps: ( { name = "root"; services = [ "sudo" ]; } );')
    is_well(patient, "imap and sudo$")


def test_services_that_are_guarded_by_the_configuration_alone_are_a_fault(patient):
    patient.configure('guarded = [ "imap" ];', "apps: ();")
    patient.fault("pam", "asks pam_asp for the guarded service imap")


# What a revoked app password comes to

FALLS_THROUGH = {
    "sufficient": "auth sufficient pam_asp.so\nauth required pam_unix.so try_first_pass\n",
    "before common-auth": "auth sufficient pam_asp.so\n@include common-auth\n",
    "ignored": "auth [success=done default=ignore] pam_asp.so\nauth required pam_unix.so\n",
    "jumped over": "auth [success=2 default=ignore] pam_asp.so\nauth [success=1 default=ignore] pam_unix.so\n"
    "auth requisite pam_deny.so\nauth required pam_permit.so\n",
    "optional": "auth optional pam_asp.so\nauth required pam_unix.so\n",
    "behind a rule that is kept": "auth required pam_shells.so\nauth sufficient pam_asp.so\n",
    "into the open": "auth sufficient pam_asp.so\nauth optional pam_permit.so\n",
    "in upper case, over two lines": "AUTH \\\n  Sufficient pam_asp.so # here\nauth required pam_unix.so\n",
    "out of a substack": "auth substack part\nauth required pam_unix.so\n",
}


@pytest.mark.parametrize("how", FALLS_THROUGH)
def test_a_stack_in_which_a_revoked_one_goes_on_is_a_fault(patient, how):
    if "part" in FALLS_THROUGH[how]:
        service(patient, "auth sufficient pam_asp.so\n", "part")
    service(patient, FALLS_THROUGH[how] + ACCOUNT)
    place = "/etc/pam.d/part:1" if "part" in FALLS_THROUGH[how] else r"/etc/pam.d/imap:\d"
    fault = patient.fault("pam", f"^{place}: {REFUSED}")
    assert "required" in fault.mend and "/etc/pam.d/imap" in fault.mend


ENDS = {
    "required": "auth required pam_asp.so\n",
    "done, above the primary": "auth [success=done default=die] pam_asp.so\nauth required pam_unix.so try_first_pass\n",
    "sufficient, and denied": "auth sufficient pam_asp.so\nauth required pam_deny.so\n",
    "sufficient, and alone": "auth sufficient pam_asp.so\n",
    "after the primary": "auth sufficient pam_unix.so\nauth required pam_asp.so use_first_pass\n",
    "required, with what always succeeds": "auth required pam_asp.so\nauth optional pam_permit.so\n",
    "for those of a group": "auth [success=1 default=ignore] pam_succeed_if.so user ingroup staff\n"
    "auth [success=done default=die] pam_asp.so\nauth required pam_unix.so\n",
}


@pytest.mark.parametrize("how", ENDS)
def test_a_stack_in_which_a_revoked_one_ends_is_no_fault(patient, how):
    service(patient, ENDS[how] + ACCOUNT)
    is_well(patient, "asked for by imap$")


def test_a_stack_that_anything_opens_is_a_fault(patient):
    service(patient, f"auth [success=done auth_err=die default=ignore] pam_asp.so\nauth required pam_permit.so\n{ACCOUNT}")
    fault = patient.fault("pam", "^/etc/pam.d/imap:1: what is no app password gets in there")
    assert "in place of line 1" in fault.mend


def test_a_stack_that_opens_to_who_does_not_keep_a_rule_is_a_fault(patient):
    skips = "auth [default=1 success=ok] pam_localuser.so\n"
    service(patient, f"{skips}auth required pam_asp.so\nauth optional pam_permit.so\n{ACCOUNT}")
    patient.fault("pam", "^/etc/pam.d/imap:2: what is no app password gets in there")


def test_who_is_let_in_by_a_rule_is_no_fault(patient):
    service(patient, f"auth sufficient pam_rootok.so\nauth required pam_asp.so\n{ACCOUNT}")
    is_well(patient, "asked for by imap$")


# What a right app password comes to. Real logins by stacks like these are in test_doctor_pam_proof.py.

COMMON = "/etc/pam.d/common-auth:\\d+ "
SHUT = {
    "required, above common-auth": ("auth required pam_asp.so\n@include common-auth\n", COMMON),
    "requisite, above common-auth": ("auth requisite pam_asp.so\n@include common-auth\n", COMMON),
    "below common-auth": ("@include common-auth\nauth required pam_asp.so\n", COMMON),
    "above the primary": ("auth required pam_asp.so\nauth required pam_unix.so\n", "/etc/pam.d/imap:2 "),
    "a jump past the end": ("auth [success=1 default=die] pam_asp.so\n", "/etc/pam.d/imap:1 .*jumps past the last line"),
    "a jump onto pam_deny": (
        "auth [success=1 default=die] pam_asp.so\nauth required pam_permit.so\nauth required pam_deny.so\n",
        r"/etc/pam.d/imap:3 \(pam_deny.so\) refuses it",
    ),
    "use_first_pass, first": (
        "auth required pam_asp.so use_first_pass\n",
        "/etc/pam.d/imap:1 .*has use_first_pass, and no line above asks for a password",
    ),
    "a module that is missing": (
        "auth required pam_asp.so\nauth required pam_nowhere.so\n",
        r"/etc/pam.d/imap:2 \(pam_nowhere.so, which is not there\) refuses it",
    ),
    "a file that is missing": (
        "auth required pam_asp.so\nauth include nowhere\n",
        "/etc/pam.d/imap:2 brings in a file that is not there",
    ),
}


@pytest.mark.parametrize("columns", [40, 80])
def test_a_line_to_write_is_whole_by_itself_and_has_no_quotes(patient, columns):
    service(patient, f"{SHUT['above the primary'][0]}{ACCOUNT}")
    (fault,) = patient.faults()
    lines = re.findall("`([^`]* [^`]*)`", fault.mend)
    assert lines and not fault.mend.startswith("`")
    shown = patient.sandbox.run("script", "-qec", f"stty cols {columns}; NO_COLOR=1 {patient.admin} doctor", "/dev/null").out
    shown = [line.strip() for line in shown.replace("\r\n", "\n").splitlines()]
    assert [line for line in lines if line not in shown] == [], shown


# Lesson: a proof of one half.
@pytest.mark.parametrize("how", SHUT)
def test_a_stack_that_no_app_password_opens_is_a_fault(patient, how):
    lines, where = SHUT[how]
    service(patient, lines + ACCOUNT)
    patient.fault("pam", f"^/etc/pam.d/imap:\\d: no app password opens imap: {where}")


def test_a_stack_that_an_app_password_is_not_certain_to_open_is_a_fault(patient):
    text = "auth [success=1 user_unknown=ignore default=die] pam_unix.so\nauth required pam_asp.so\nauth required pam_permit.so\n"
    service(patient, text + ACCOUNT)
    fault = patient.fault("pam", "^/etc/pam.d/imap:2: no app password is certain to open imap: /etc/pam.d/imap:1 .*auth_err")
    assert "above line 1, " in fault.mend


# Lesson: a proof of one half.
def test_the_fix_of_required_above_common_auth_lets_the_rules_that_bar_bar_on(patient):
    text = "auth required pam_asp.so\nauth required pam_shells.so\n@include common-auth\n"
    service(patient, text + ACCOUNT)
    fault = patient.fault("pam", "no app password opens imap")
    written = "`auth required pam_shells.so`, then `auth [success=done default=die] pam_asp.so`"
    assert f"in /etc/pam.d/imap write {written} in place of line 1, " in fault.mend


def test_the_fix_of_a_link_is_a_file_of_its_own(patient):
    service(patient, f"auth required pam_asp.so\n@include common-auth\n{ACCOUNT}", "shared-by-some")
    patient.sandbox.run("ln", "-sf", "shared-by-some", "/etc/pam.d/imap").done()
    mends = [fault.mend for fault in patient.faults()]
    assert [mend for mend in mends if mend.startswith("make /etc/pam.d/imap a file of its own, ")], mends


# What pam_faillock counts

FAILLOCK = "auth sufficient pam_unix.so try_first_pass\nauth [default=die] pam_faillock.so authfail\n"
COUNTED = {
    "sufficient": "auth sufficient pam_asp.so\nauth [default=die] pam_faillock.so authfail\n",
    "behind it": f"{FAILLOCK.replace('[default=die]', 'optional')}auth required pam_asp.so\n",
}


@pytest.mark.parametrize("how", COUNTED)
def test_an_app_password_that_faillock_counts_is_a_fault(patient, how):
    service(patient, COUNTED[how] + ACCOUNT)
    patient.fault("pam", r"an app password is counted as a failed login by /etc/pam.d/imap:\d")


def test_what_faillock_counts_while_the_store_cannot_be_read_is_told(patient):
    brackets = "success=done cred_insufficient=ignore user_unknown=ignore authinfo_unavail=ignore default=die"
    service(patient, f"auth [{brackets}] pam_asp.so\n{FAILLOCK}{ACCOUNT}")
    patient.told("pam", "^note: /etc/pam.d/imap: while the store cannot be read, .*counted.* by /etc/pam.d/imap:3")


# The account lines

BARRED = {
    "none": "account required pam_unix.so\n",
    "common-account": "@include common-account\n",
    "too late": "account required pam_unix.so\naccount sufficient pam_asp.so\n",
    "not enough": "account required pam_asp.so\naccount required pam_unix.so\n",
    "those of other": "",
}


@pytest.mark.parametrize("how", BARRED)
def test_account_lines_that_bar_app_passwords_with_the_primary_are_a_fault(patient, how):
    service(patient, "auth required pam_asp.so\n" + BARRED[how])
    fault = patient.fault("pam", f"^/etc/pam.d/imap: {BARS}$")
    assert "account sufficient pam_asp.so" in fault.mend


def test_the_fix_of_account_lines_that_are_those_of_other_is_in_the_own_file(patient):
    service(patient, "auth required pam_asp.so\n")
    fault = patient.fault("pam", BARS)
    written = "`account sufficient pam_asp.so`, then `account include other`"
    assert fault.mend == f"in /etc/pam.d/imap write {written} at its end"


# Lesson: a proof of one half.
def test_account_lines_that_leave_the_primary_no_way_in_are_a_fault(patient):
    service(patient, "auth [success=done user_unknown=ignore default=die] pam_asp.so\n@include common-auth\naccount required pam_asp.so\n")
    fault = patient.fault("pam", "^/etc/pam.d/imap: the primary password gets past the auth lines, and no account line")
    written = "`account sufficient pam_asp.so`, then `@include common-account`"
    assert f"in /etc/pam.d/imap write {written} in place of line 3, " in fault.mend


def test_account_lines_of_ours_alone_are_no_fault_where_app_passwords_alone_open(patient):
    service(patient, "auth required pam_asp.so\naccount required pam_asp.so\n")
    is_well(patient, "asked for by imap$")


def test_account_lines_that_do_not_mind_the_age_of_the_primary_are_no_fault(patient):
    service(patient, "auth required pam_asp.so\naccount required pam_unix.so no_pass_expiry\n")
    is_well(patient, "asked for by imap$")


def test_account_lines_that_bar_nobody_are_no_fault(patient):
    service(patient, "auth required pam_asp.so\naccount required pam_permit.so\n")
    is_well(patient, "asked for by imap$")


@pytest.mark.parametrize("module", ["pam_nologin", "pam_access", "pam_time", "pam_listfile", "pam_shells"])
def test_what_stands_below_the_account_line_and_bars_nobody_is_told(patient, module):
    lines = ["auth required pam_asp.so", "account sufficient pam_asp.so", f"account required {module}.so"]
    service(patient, "\n".join([*lines, "account required pam_unix.so", ""]))
    patient.told("pam", rf"^note: /etc/pam.d/imap: the account line of pam_asp \(/etc/pam.d/imap:2\) .* {module}\.so")
    lines[1], lines[2] = lines[2], lines[1]
    service(patient, "\n".join([*lines, "account required pam_unix.so", ""]))
    is_well(patient, "asked for by imap$")
