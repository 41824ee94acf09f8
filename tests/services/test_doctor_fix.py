"""asp-admin doctor --fix at a real terminal: what it asks for, what it runs, and what it never does."""

import contextlib
import re

import pytest
from support.terminal import terminal

ASKS = r"(?:^|\n)([^\n]*) \[y/N\] $"


@contextlib.contextmanager
def fixing(patient, *words):
    with terminal(patient.sandbox, patient.admin, "doctor", "--fix", *words) as screen:
        yield screen


def questions(screen, answer):
    """All that it asks for until it ends, each answered with that."""
    asked = []
    while found := screen.until(ASKS):
        asked.append(found[1])
        screen.answer(answer)
    return asked


BROKEN = {
    "open to others": ("chmod 755 /var/lib/asp", ["chmod 700 /var/lib/asp"]),
    "somebody else's store": ("chown alice /var/lib/asp", ["chown root:root /var/lib/asp"]),
    "no folder of locks": ("rm -r /var/lib/asp/locks", ["mkdir -m 700 /var/lib/asp/locks"]),
    # The folder first: until it is root's, alice may put a link where the file is.
    "a folder and what is in it": (
        "chown alice /etc/asp; chmod 640 /etc/asp/asp.conf",
        ["chown root:root /etc/asp", "chmod 644 /etc/asp/asp.conf"],
    ),
    "two things": (
        "chmod 750 /var/lib/asp/used; chmod 600 /etc/asp/asp.conf",
        ["chmod 644 /etc/asp/asp.conf", "chmod 700 /var/lib/asp/used"],
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_agreed_to_is_run_and_then_all_is_well(patient, what):
    script, commands = BROKEN[what]
    patient.configure("limit = 7;")
    patient.sandbox.shell(script).done()
    assert patient.faults() != []
    with fixing(patient) as screen:
        assert questions(screen, "y") == commands
        assert screen.process.wait() == 0
    assert patient.faults() == []


def test_the_fault_stands_before_the_question_and_what_is_left_behind_the_last_one(patient):
    patient.configure("limit = 7;", 'hooks: { created = "/nowhere/hook"; };')
    patient.sandbox.run("chmod", "755", "/var/lib/asp").done()
    with fixing(patient) as screen:
        assert screen.until(r"store +FAULT +/var/lib/asp is open to others than root")
        assert screen.until(ASKS)
        screen.answer("yes")
        assert screen.until(r"store +ok +/var/lib/asp is sound")
        assert screen.until(r"hooks +FAULT")
        assert screen.process.wait() == 1
    patient.fault("hooks", "nowhere")


@pytest.mark.parametrize("answer", ["n", "", "yn", "Y" * 100, "no"])
def test_without_a_yes_nothing_is_run_and_nothing_asked_again(patient, answer):
    patient.sandbox.run("chmod", "755", "/var/lib/asp").done()
    with fixing(patient) as screen:
        assert questions(screen, answer) == ["chmod 700 /var/lib/asp"]
        assert screen.process.wait() == 1
    assert patient.fault("store", "is open to others").mend == "chmod 700 /var/lib/asp"


def test_the_end_of_the_input_is_a_no(patient):
    patient.sandbox.run("chmod", "755", "/var/lib/asp").done()
    with fixing(patient) as screen:
        assert questions(screen, "\x04") == ["chmod 700 /var/lib/asp"]
        assert screen.process.wait() == 1
    patient.fault("store", "is open to others")


def test_a_command_that_fails_says_why_and_is_not_tried_again(patient):
    bind = "mount --bind /var/lib/asp /var/lib/asp; chmod 755 /var/lib/asp; mount -o remount,bind,ro /var/lib/asp"
    patient.sandbox.shell(bind).done()
    with fixing(patient) as screen:
        assert screen.until(ASKS)
        screen.answer("y")
        assert screen.until(r"asp-admin: chmod: .*Read-only file system")
        assert questions(screen, "y") == []
        assert screen.process.wait() == 1


def test_who_may_not_ask_is_put_into_the_group(patient):
    patient.configure('broker: { clients = ( { user = "bob"; services = [ "nginx" ]; } ); };')
    patient.sandbox.shell("cp /etc/pam.d/chsh /etc/pam.d/asp-admin; groupdel asp").done()
    with patient.serving():
        assert len(patient.faults()) == 1
        with fixing(patient) as screen:
            assert questions(screen, "y") == [
                "groupadd --system asp",
                "chown root:asp /run/asp/broker.sock",
                "chmod 660 /run/asp/broker.sock",
                "usermod -aG asp bob",
            ]
            assert screen.process.wait() == 0


def test_a_command_that_takes_something_is_printed_and_not_asked_for(patient):
    patient.sandbox.shell("echo nonsense >/var/lib/asp/users/bob").done()
    with fixing(patient) as screen:
        assert questions(screen, "y") == []
        assert screen.process.wait() == 1
    assert "asp-admin remove bob" in patient.fault("accounts", "bob").mend


FOREIGN = {
    "hooks": ('hooks: {{ created = "{}"; }};', "755"),
    "primary": ('primary: {{ source = "command"; command = "{}"; }};', "755"),
    "configuration": ("", "644"),
    "accounts": ("", "600"),
}


DOUBTS = {
    "somebody else's": ("chown alice", "its owner has chosen that"),
    "open to all": ("chmod o+w", "others may have changed that"),
    "open to a group": ("chmod g+w", "others may have changed that"),
}


@pytest.mark.parametrize("doubt", DOUBTS)
@pytest.mark.parametrize("check", FOREIGN)
def test_a_file_that_may_be_somebody_elses_is_never_made_good_as_it_is(patient, check, doubt):
    """Whoever holds it open for writing writes on, whoever owns it then: only a copy is out of reach."""
    script, why = DOUBTS[doubt]
    line, mode = FOREIGN[check]
    program = patient.program("hook")
    patient.create("bob")
    patient.configure("limit = 7;", line.format(program))
    path = {"configuration": "/etc/asp/asp.conf", "accounts": "/var/lib/asp/users/bob"}.get(check, program)
    patient.sandbox.shell(f"{script} {path}").done()
    before = patient.sandbox.run("stat", "-c", "%U %a", path).out
    with fixing(patient) as screen:
        assert questions(screen, "y") == []
        assert screen.process.wait() == 1
    assert patient.sandbox.run("stat", "-c", "%U %a", path).out == before
    (fault,) = [fault for fault in patient.faults() if fault.check == check]
    words, command = fault.mend.split("in its place: ")
    assert words.startswith(f"look at what is in it: {why}")
    assert command == f"install -o root -g root -m {mode} {path} {path}.new && mv {path}.new {path}"
    inode = patient.sandbox.run("stat", "-c", "%i", path).out
    patient.sandbox.shell(command).done()
    assert patient.sandbox.run("stat", "-c", "%U %a", path).out == f"root {mode}\n"
    assert patient.sandbox.run("stat", "-c", "%i", path).out != inode
    assert check not in [fault.check for fault in patient.faults()]


def test_a_sound_machine_is_shown_and_nothing_asked(patient):
    with fixing(patient) as screen:
        assert screen.until(r"store +ok")
        assert questions(screen, "y") == []
        assert screen.process.wait() == 0


@pytest.mark.parametrize("words", [("--json",), ()], ids=["json", "no-terminal"])
def test_it_is_refused_where_nobody_can_be_asked(patient, words):
    patient.sandbox.run("chmod", "755", "/var/lib/asp").done()
    run = patient.asp_admin("doctor", "--fix", *words)
    assert (run.code, run.out) == (2, "")
    assert re.fullmatch(r"asp-admin: doctor --fix asks [^\n]+\n", run.err)
    with fixing(patient, *words) as screen:
        asked = questions(screen, "n")
        assert (screen.process.wait(), asked) == ((2, []) if words else (1, ["chmod 700 /var/lib/asp"]))
