"""What packages ask before they go: whether a PAM file still names the module."""

import re

import pytest
from support.packages import PACKAGING

LINE = "auth required pam_asp.so\n"


@pytest.fixture
def in_use(sandbox):
    """Asks, on a machine on which no file names it yet."""
    sandbox.shell("rm -rf /usr/lib/pam.d /etc/pam.conf; find /etc/pam.d -type f -exec grep -q pam_asp {} ';' -delete").done()
    sandbox.run("cp", PACKAGING / "pam-in-use", "/run/pam-in-use").done()
    return lambda **environment: sandbox.run("/run/pam-in-use", "pam_asp", env=environment)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/etc/pam.d/dovecot", LINE),
        ("/etc/pam.d/dovecot", "auth required \\\n  /usr/lib64/security/pam_asp.so config=/etc/asp/asp.conf # here\n"),
        ("/etc/pam.d/asp-only", LINE),
        ("/usr/lib/pam.d/base-password", "password optional pam_asp.so\n"),
        ("/etc/pam.d/dovecot", "auth [success=ok default=die] pam_asp.so app=mail\r\n"),
        ("/etc/pam.d/dovecot", "auth required pam_asp.so # f\udcfcr alle\n"),
        ("/etc/pam.d/dovecot", "auth required \\ \n pam_asp.so\n"),
        ("/etc/pam.d/dovecot", "# see README \\\nauth required pam_asp.so\n"),
        ("/etc/pam.d/dovecot", "auth sufficient \\\n# comment\n pam_asp.so\n"),
        ("/etc/pam.d/dovecot", "auth sufficient pam_unix.so \\\n\nauth required pam_asp.so\n"),
        ("/etc/pam.d/dovecot", "auth [success=ok default=die]pam_asp.so\n"),
        ("/etc/pam.d/dovecot", "[auth] required [pam_asp.so]\n"),
        ("/etc/pam.d/my svc", LINE),
        ("/etc/pam.d/dovecot", "@include nowhere\n-auth\trequired\tpam_asp.so"),
        ("/etc/pam.d/common-password", "password optional pam_asp.so\n"),
    ],
)
def test_a_file_that_names_it_is_named(sandbox, in_use, path, text):
    in_use().done()
    sandbox.write(path, text)
    asked = in_use()
    assert (asked.code, asked.out) == (1, "")
    assert f"\n  {path}\n" in asked.err
    in_use(ASP_REMOVE_ANYWAY="1").done()


@pytest.mark.parametrize("name", ["dovecot.rpmsave", "dovecot.pacsave", "dovecot.apk-new", "dovecot~", "dovecot.before-asp"])
def test_what_no_service_reads_is_passed_over(sandbox, in_use, name):
    sandbox.write(f"/etc/pam.d/{name}", LINE)
    sandbox.write("/etc/pam.d/dovecot", f"# {LINE}auth required pam_unix.so # not pam_asp.so\n")
    assert in_use().done().err == ""


@pytest.mark.parametrize("line", ["@include /etc/site/mail", "auth include sub/mail", "auth substack mail.old"])
def test_a_file_that_another_brings_in_is_read_whatever_its_name(sandbox, in_use, line):
    path = line.split()[-1]
    path = path if path.startswith("/") else f"/etc/pam.d/{path}"
    sandbox.write(path, LINE)
    in_use().done()
    sandbox.write("/etc/pam.d/dovecot", f"{line}\n")
    assert f"\n  {path}\n" in in_use().err


def test_who_brings_in_a_stack_of_ours_is_named_before_it_and_so_is_who_brings_in_one_that_is_gone(sandbox, in_use):
    sandbox.write("/etc/pam.d/asp-sshd-either", LINE)
    sandbox.write("/etc/pam.d/sshd", "auth include asp-sshd-either\n")
    sandbox.write("/root/pam.d-sshd.before-asp", "auth required pam_unix.so\n")
    sandbox.write("/etc/pam.d/common-mail", LINE)
    sandbox.write("/etc/pam.d/mail", "@include common-mail\n")
    paths = re.findall(r"(?m)^  (/\S+)$", in_use().err)
    assert paths == ["/etc/pam.d/sshd", "/etc/pam.d/asp-sshd-either", "/etc/pam.d/common-mail"]
    assert "\n    cp -p /root/pam.d-sshd.before-asp /etc/pam.d/sshd\n" in in_use().err
    sandbox.shell("rm /etc/pam.d/asp-sshd-either /etc/pam.d/common-mail /etc/pam.d/mail").done()
    assert re.findall(r"(?m)^  (/\S+)$", in_use().err) == ["/etc/pam.d/sshd"]
    sandbox.shell("cp -p /root/pam.d-sshd.before-asp /etc/pam.d/sshd").done()
    in_use().done()


def test_what_another_file_stands_before_is_passed_over(sandbox, in_use):
    sandbox.write("/usr/lib/pam.d/base-password", LINE)
    sandbox.write("/etc/pam.d/base-password", "auth required pam_unix.so\n")
    sandbox.write("/etc/pam.conf", f"dovecot {LINE}")
    assert in_use().done().err == ""


def test_what_pam_auth_update_will_take_out_is_passed_over(sandbox, in_use):
    text = "password\toptional\tpam_asp.so \n# end of pam-auth-update config\n"
    sandbox.write("/etc/pam.d/common-password", text)
    assert in_use().done().err == ""
    sandbox.write("/etc/pam.d/common-password", f"password required pam_asp.so\n{text}")
    assert in_use().code == 1


def test_another_module_that_is_told_of_it_does_not_name_it(sandbox, in_use):
    sandbox.write("/etc/pam.d/dovecot", "auth optional pam_echo.so file=/etc/pam_asp.so\n")
    assert in_use().done().err == ""


def test_the_way_back_is_named(sandbox, in_use):
    sandbox.write("/etc/authselect/system-auth", "password optional pam_asp.so\n")
    sandbox.shell("ln -sf /etc/authselect/system-auth /etc/pam.d/system-auth").done()
    sandbox.write("/etc/pam.d/dovecot", LINE)
    sandbox.write("/etc/pam.d/dovecot.before-asp", "auth required pam_unix.so\n")
    said = in_use().err
    assert "    cp -p /etc/pam.d/dovecot.before-asp /etc/pam.d/dovecot\n" in said
    assert "  /etc/pam.d/system-auth\n" in said and "authselect select PROFILE" in said
