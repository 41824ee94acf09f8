"""The services that guard the machine, on one whose administrator has put the module into common-auth against our
advice: the real su, sudo and login on a terminal.

alice's app passwords for mail, for any app and for none yet open none of them; her primary password opens them all.
"""

import re

import pytest
from support.passwords import PRIMARY
from support.recipes import recipe
from support.run import as_user
from support.sandbox import open_installed
from support.service import Service
from support.terminal import terminal

OUT = "[Ii]ncorrect|Sorry|[Ff]ailure"
SHOW = 'echo "IN AS $(id -un)"'
BOB = (*as_user("bob"), "env", "HOME=/run/bob")
ALICE = (*as_user("alice"), "env", "HOME=/run/alice")

# What is run, as whom it is run, who is in afterwards; and the name of the service.
PROGRAMS = {
    "su": (BOB, ("su", "alice", "-c", SHOW), "alice"),
    "su-l": (BOB, ("su", "-", "alice", "-c", SHOW), "alice"),
    "sudo": (ALICE, ("sudo", "sh", "-c", SHOW), "root"),
    "sudo-i": (ALICE, ("sudo", "-i", "sh", "-c", SHOW), "root"),
    "login": ((), ("login", "alice"), "alice"),
}


def in_common_auth(stack):
    """common-auth as somebody would write it with this stack's line, above what it had."""
    if stack == "sufficient":
        return "auth sufficient pam_asp.so\n"
    return re.search(r"(?m)^auth .*pam_asp\.so$", recipe(f"pam.d/{stack}"))[0] + "\n"


@pytest.fixture(scope="module")
def guarded_box(sandboxes, layer, build):
    box = open_installed(layer, build)
    box.shell(
        "cp /etc/pam.d/common-auth /run/common-auth;"
        # Tests must not be slow. And not every machine permits a program to set its login uid.
        "sed -i '/pam_faildelay/d; /pam_loginuid/d' /etc/pam.d/login; sed -i '/^FAIL_DELAY/d' /etc/login.defs;"
        "echo 'FAIL_DELAY 0' >>/etc/login.defs;"
        "if command -v sudo; then"
        "  printf 'Defaults passwd_tries=1, timestamp_timeout=0\\nalice ALL=(ALL) ALL\\n' >/etc/sudoers.d/alice; fi;"
        "for program in $(command -v su sudo); do chmod u+s $program; done"
    ).done()
    yield Service(box, build)
    box.close()


@pytest.fixture(params=["sufficient", "asp-either"])
def common_auth(request, guarded_box):
    guarded_box.reset()
    guarded_box.sandbox.write(
        "/etc/pam.d/common-auth", in_common_auth(request.param) + guarded_box.sandbox.read("/run/common-auth")
    )
    return guarded_box


@pytest.fixture(params=PROGRAMS)
def program(request, guarded_box):
    guarded_box.sandbox.need(PROGRAMS[request.param][1][0])
    return request.param


def opens(machine, program, password):
    """Whether it lets the caller in, on a terminal, with one answer."""
    caller, words, expected = PROGRAMS[program]
    with terminal(machine.sandbox, *words, prefix=caller) as screen:
        assert screen.until("(?i)password[^:]*: ?"), screen.seen
        screen.answer(password)
        found = screen.until(rf"(IN AS \w+\s)|([$] )$|{OUT}")
        assert found, screen.seen
        if found[2]:  # a shell, not the command
            screen.answer(SHOW)
            found = screen.until(r"(IN AS \w+\s)")
        assert not found[1] or found[1].split()[-1] == expected
        return bool(found[1])


def test_app_passwords_that_were_not_made_for_it_do_not_open(common_auth, program):
    passwords = [
        common_auth.create("alice", "Everywhere", "--app", "any"),
        common_auth.create("alice", "Unbound"),
        common_auth.create("alice", "Mail", "--app", "mail"),
    ]
    for password in passwords:
        assert not opens(common_auth, program, password)
    lines = common_auth.log(3)
    assert [line.word("verdict") for line in lines] == ["wrong-app"] * 3
    assert {(line.word("service"), line.word("user")) for line in lines} == {(program, "alice")}
    assert {line.word("rhost") for line in lines} == {"-"}
    assert common_auth.entry(passwords[1][:2])["bound"] is None


def test_the_primary_password_opens(common_auth, program):
    common_auth.create("alice", "Everywhere", "--app", "any")
    assert opens(common_auth, program, PRIMARY["alice"])
    assert common_auth.verdict() == "not-an-app-password"
    assert not opens(common_auth, program, "not hers")


def test_an_app_password_that_was_made_for_it_opens(common_auth, program):
    """So it is the guard that keeps the others out."""
    password = common_auth.create("alice", "Emergency", "--app", program)
    assert opens(common_auth, program, password)
    assert common_auth.verdict() == "accepted"


def test_a_service_that_the_configuration_does_not_guard_is_opened_by_any(common_auth):
    common_auth.sandbox.write("/etc/asp/asp.conf", 'guarded = [ "sudo" ];\n')
    password = common_auth.create("alice", "Everywhere", "--app", "any")
    assert opens(common_auth, "su", password)
    assert not opens(common_auth, "su-l", "not hers")
    assert common_auth.verdicts(2) == ["accepted", "not-an-app-password"]
