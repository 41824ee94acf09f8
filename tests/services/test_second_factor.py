"""A second factor guards the primary password where a person types, and app passwords need none: the recipes of
conf/with-other-modules for pam_google_authenticator and pam_oath, with a real sshd and ssh, su, and a real Dovecot for
the mail.
"""

import pathlib
import re
import subprocess

import pytest
from support.passwords import PRIMARY
from support.recipes import pam_file
from support.run import MORTAL, as_user
from support.second_factor import GOOGLE, OATH
from support.sshd import PROGRAM, without_penalties

ALICES = PRIMARY["alice"]
PORT = 2322
CLIENT = [
    *f"ssh -F /dev/null -p {PORT} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null".split(),
    *"-o LogLevel=ERROR".split(),
    *"-o PubkeyAuthentication=no -o NumberOfPasswordPrompts=1 -o KexAlgorithms=curve25519-sha256".split(),
]

# Answers each question of ssh, and notes which were asked.
ASKPASS = """#!/bin/sh
printf '%s\\n' "$1" >>/run/asked
case $1 in
*[Vv]erification* | *OATH*) cat /run/code ;;
*) cat /run/password ;;
esac
"""


KINDS = {"google-authenticator": GOOGLE, "oath": OATH}


@pytest.fixture(scope="module")
def debians_file(layer):
    """sshd's PAM file as it comes; in the sandbox other tests may have changed it."""
    for root in filter(None, (layer, "/")):
        found = pathlib.Path(root, "etc/pam.d/sshd")
        if found.exists():
            return found.read_text()
    pytest.skip("no /etc/pam.d/sshd: openssh-server is neither installed nor unpacked in ASP_LAYER")


@pytest.fixture(scope="module")
def sshd_box(dovecot_box, debians_file):
    box = dovecot_box
    box.need(PROGRAM, "ssh")
    box.shell(
        "getent passwd sshd >/dev/null || useradd --system --no-create-home --home-dir /run/sshd sshd;"
        "mkdir -p /run/sshd; chmod 755 /run/sshd /run/alice; ssh-keygen -q -t ed25519 -N '' -f /run/second-key;"
        "cp /etc/pam.d/su /run/pam-su"
    ).done()
    box.write("/run/askpass", ASKPASS, mode="755")
    options = (
        f"-p {PORT} -o ListenAddress=127.0.0.1 -o HostKey=/run/second-key -o PidFile=none -o LogLevel=ERROR".split()
    )
    options += "-o UsePAM=yes -o PasswordAuthentication=yes -o KbdInteractiveAuthentication=yes".split()
    options += without_penalties(box, "/run/second-key")
    server = box.start(*MORTAL, PROGRAM, "-D", "-f", "/dev/null", *options, stdin=subprocess.DEVNULL)
    box.wait_for_port(PORT)
    yield box
    server.kill()
    server.wait()
    box.write("/etc/pam.d/sshd", debians_file)
    box.shell("cp /run/pam-su /etc/pam.d/su; rm -f /etc/pam.d/asp-second-factor").done()


class Guarded:
    """alice, whose primary password has a second factor in sshd and su, and app passwords alone open her mail."""

    def __init__(self, mail, kind, sshd):
        self.mail = mail
        self.box = mail.sandbox
        self.code = KINDS[kind].enroll(self.box, "/etc/users.oath")
        recipe = pam_file(f"with-other-modules/{kind}", mail.build)
        self.box.write("/etc/pam.d/asp-second-factor", recipe)
        for facility in ("auth", "account"):
            sshd, count = re.subn(f"(?m)^@include common-{facility}$", f"{facility} include asp-second-factor", sshd)
            assert count == 1
        self.box.write("/etc/pam.d/sshd", sshd)
        self.box.write("/etc/pam.d/su", "".join(line for line in recipe.splitlines(True) if "pam_asp.so" not in line))

    def ssh(self, password, code="", method="keyboard-interactive"):
        """Whether she gets in, and how many questions she was asked."""
        self.box.write("/run/password", password)
        self.box.write("/run/code", code)
        self.box.write("/run/asked", "")
        run = self.box.run(
            *CLIENT, "-o", f"PreferredAuthentications={method}", "alice@127.0.0.1", 'echo "in ${ASP_LABEL-}"',
            env={"SSH_ASKPASS": "/run/askpass", "SSH_ASKPASS_REQUIRE": "force"},
        )  # fmt: skip
        if run.code == 0:
            assert run.out.startswith("in"), run
        else:
            assert "Permission denied" in run.err, run
        return run.code == 0, len(self.box.read("/run/asked").splitlines())

    def su(self, password, code):
        """Whether bob becomes alice."""
        run = self.box.run(*as_user("bob"), "su", "alice", "-c", "id -un", input=f"{password}\n{code}\n")
        assert run.out == ("alice\n" if run.code == 0 else ""), run
        return run.code == 0


@pytest.fixture(params=KINDS)
def guarded(request, mail, sshd_box, debians_file):
    return Guarded(mail, request.param, debians_file)


def test_where_a_person_types_the_primary_needs_its_second_factor(guarded):
    guarded.mail.create("alice", "Phone", "--app", "mail")
    assert guarded.ssh(ALICES, "000000") == (False, 2)
    assert guarded.ssh("not hers", guarded.code()) == (False, 2)
    assert guarded.ssh(ALICES, guarded.code()) == (True, 2)


def test_an_app_password_for_it_passes_without_the_second_factor(guarded):
    password = guarded.mail.create("alice", "Scanner", "--app", "ssh")
    assert guarded.ssh(password) == (True, 1)
    assert guarded.ssh(password, method="password") == (True, 1)
    guarded.mail.asp_admin("revoke", "alice", password[:2]).done()
    assert guarded.ssh(password, guarded.code()) == (False, 1)
    assert [line.word("verdict") for line in guarded.mail.log(3)] == ["accepted", "accepted", "revoked"]


def test_an_app_password_of_another_app_does_not_pass_for_the_primary(guarded):
    password = guarded.mail.create("alice", "Phone", "--app", "mail")
    assert guarded.ssh(password, guarded.code()) == (False, 1)
    assert guarded.mail.verdict() == "wrong-app"


def test_by_the_method_that_can_ask_for_no_code_the_primary_does_not_pass(guarded):
    guarded.mail.create("alice", "Phone", "--app", "mail")
    assert guarded.ssh(ALICES, guarded.code(), method="password") == (False, 1)


def test_the_mail_takes_app_passwords_without_a_second_factor_and_no_primary(guarded):
    password = guarded.mail.create("alice", "Phone", "--app", "mail")
    assert guarded.mail.curl("alice", password)
    assert not guarded.mail.curl("alice", ALICES)
    assert not guarded.mail.curl("alice", ALICES + guarded.code())


def test_su_asks_for_both_and_takes_no_app_password(guarded):
    every = guarded.mail.create("alice", "Everything", "--app", "any")
    assert not guarded.su(ALICES, "000000")
    assert not guarded.su(every, guarded.code())
    assert guarded.su(ALICES, guarded.code())
    guarded.mail.log(0)
