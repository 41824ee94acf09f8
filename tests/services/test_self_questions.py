"""How a user is asked before she acts on her own account, and how long her answer holds."""

import json
import os
import re
import signal
import termios

import pytest
from support.passwords import PASSWORD
from support.processes import descendant, has_open
from support.recipes import recipe, with_module
from support.run import as_user
from support.self_service import ADMIN, ALICES, ASKED, BOBS, DONE, EXPLAINED, NO, STORE, refused, reply
from support.terminal import Terminal
from support.wait import LONG, seconds_of, wait_until

# Asks for a password and takes any.
NO_SHADOW = """
auth required pam_exec.so expose_authtok /bin/true
account required pam_permit.so
"""
LOCK = "/var/lib/asp/locks/alice"
OTHER = (ADMIN, "--config", "/etc/asp/other.conf")


def asked(run):
    return "Password: " in run.err


# How long an answer holds


def test_an_answer_holds_for_a_while_at_this_terminal(own):
    with own.typist("alice") as alice:
        assert alice.admin("create", "--label", "one", answers=ASKED)[0] == DONE
        for label in ("two", "three"):
            code, shown = alice.admin("create", "--label", label)
            assert code == DONE and "Password" not in shown


def test_an_answer_does_not_hold_elsewhere(own):
    with own.typist("alice") as here, own.typist("alice") as there:
        assert here.admin("create", "--label", "one", answers=ASKED)[0] == DONE
        assert there.admin("create", "--label", "two", answers=ASKED)[0] == DONE, "another terminal"
        code, shown = here.type(f"setsid --wait {ADMIN} revoke --all </dev/null")
        assert code == NO and "Password: " in shown, "another session of the same terminal"
        run = own.run("alice", "revoke", "--all")
        assert run.code == NO and asked(run), "no terminal"
    with own.typist("alice") as later:
        assert later.admin("revoke", "--all", answers=ASKED)[0] == DONE, "a new login"


def test_an_answer_ends_when_the_primary_password_is_changed_or_locked(own):
    for change in ("echo 'alice:another' | chpasswd", "usermod --lock alice"):
        with own.typist("alice") as alice:
            own.set_primary("alice", ALICES)
            assert alice.admin("create", "--label", f"before {change[0]}", answers=ASKED)[0] == DONE
            own.sandbox.shell(change).done()
            code, shown = alice.admin("create", "--label", "after", answers=ASKED)
            assert code == NO and "Password: " in shown
        own.sandbox.run("usermod", "--unlock", "alice")
    assert "after" not in [label for label, _ in own.states()]


# Lesson: the whole file in place of the one fact.
def test_anothers_change_of_her_password_disturbs_nobody(own):
    """Neither an answer of before nor one that is asked for meanwhile."""
    with own.typist("alice") as alice, own.hostile_client("alice") as elsewhere:
        assert alice.admin("create", "--label", "one", answers=ASKED)[0] == DONE
        number = elsewhere.begin("create", "--label", "two", "--quiet")
        elsewhere.asked(number)
        own.sandbox.run("chpasswd", input="bob:another\n").done()
        try:
            elsewhere.send(number, reply(ALICES))
            assert elsewhere.end(number)[0] == DONE
            code, shown = alice.admin("create", "--label", "three")
            assert code == DONE and "Password" not in shown
        finally:
            own.set_primary("bob", BOBS)
    assert own.states() == [("one", "active"), ("three", "active"), ("two", "active")]


@pytest.mark.parametrize(
    "change, why",
    [
        ("echo 'alice:another' | chpasswd", "the primary password of alice was changed meanwhile: try again"),
        ("usermod --lock alice", "the primary password of alice was changed meanwhile: try again"),
        ("usermod --expiredate 2001-01-01 alice", "the account alice has expired"),
        ("sed -i '/^alice:/d' /etc/shadow", "the user alice is gone"),
        ("sed -i '/^alice:/s/:.*/:/' /etc/shadow", "nothing can be told of the primary password of alice"),
    ],
    ids=["changed", "locked", "expired", "absent", "unknown"],
)
@pytest.mark.parametrize("command", [("create", "--label", "new"), ("rotate",), ("label", "renamed"), ("revoke",)])
def test_what_was_answered_makes_nothing_once_her_primary_password_is_another(own, command, change, why):
    """Her answer is right, and the change comes after it: the store is held until that is there."""
    old = own.makes("alice", "Old")[:2]
    own.events()
    words = command if command[0] == "create" else (command[0], old, *command[1:])
    saved = own.sandbox.read("/etc/shadow")
    try:
        with own.hostile_client("alice") as alice:
            with own.locked():
                number = alice.begin(*words)
                alice.answer(number, ALICES)
                wait_until(lambda: has_open(own.serves.sessions()[0], LOCK), "it does not come to the lock")
                own.sandbox.shell(change).done()
            code, out, err = alice.end(number)
        assert (code, out) == (STORE, ""), err
        assert why in err
    finally:
        own.sandbox.write("/etc/shadow", saved, mode="640")
    assert own.states() == [("Old", "active")]
    assert own.events() == []


# Lesson: the whole file in place of the one fact.
def test_with_a_command_an_answer_ends_when_what_the_account_has_of_the_primary_is_another(own):
    """Her first create takes it, and the pass that sees the change takes another."""
    own.sandbox.write("/run/primaries", "alice\tone\nbob\tone\n")
    own.sandbox.write("/etc/asp/primaries", "#!/bin/sh\ncat /run/primaries\n", mode="755")
    own.configure('primary: { source = "command"; command = "/etc/asp/primaries"; };')
    with own.typist("alice") as alice:
        for label in ("one", "two"):
            assert alice.admin("create", "--label", label, answers=ASKED)[0] == DONE
        code, shown = alice.admin("create", "--label", "three")
        assert code == DONE and "Password" not in shown
        own.sandbox.write("/run/primaries", "alice\ttwo\nbob\tone\n")
        own.asp_admin("watch", "--once").done()
        assert alice.admin("create", "--label", "four", answers=ASKED)[0] == DONE
    assert own.states() == [("four", "active"), ("one", "revoked"), ("three", "revoked"), ("two", "revoked")]


def test_with_a_command_an_answer_makes_nothing_once_that_says_something_else(own):
    """No pass has seen it: her own create does, and what she has answered may be the former."""
    own.sandbox.write("/run/primaries", "alice\tone\nbob\tone\n")
    own.sandbox.write("/etc/asp/primaries", "#!/bin/sh\ncat /run/primaries\n", mode="755")
    own.configure('primary: { source = "command"; command = "/etc/asp/primaries"; };')
    own.create("alice", "one")
    with own.typist("alice") as alice:
        assert alice.admin("create", "--label", "two", answers=ASKED)[0] == DONE
        own.sandbox.write("/run/primaries", "alice\ttwo\nbob\tone\n")
        code, shown = alice.admin("create", "--label", "three")
        assert code == STORE and "was changed just now: try again" in shown and not PASSWORD.search(shown)
        assert own.states() == [("one", "revoked"), ("two", "revoked")]
        code, shown = alice.admin("create", "--label", "four", answers=ASKED)
        assert code == DONE and "Password: " in shown
    assert own.states() == [("four", "active"), ("one", "revoked"), ("two", "revoked")]


def test_of_a_user_of_a_directory_an_answer_ends_when_the_password_stack_has_seen_a_change(own):
    own.sandbox.shell("sed -i '/^alice:/d' /etc/shadow").done()
    own.sandbox.write("/etc/pam.d/asp-admin", NO_SHADOW)
    own.sandbox.write("/etc/pam.d/directory", with_module("password required pam_asp.so\n", own.build))
    try:
        with own.typist("alice") as alice:
            assert alice.admin("create", "--label", "one", answers=ASKED)[0] == DONE
            code, shown = alice.admin("create", "--label", "two")
            assert code == DONE and "Password" not in shown
            own.chauthtok("directory", "alice")
            assert alice.admin("create", "--label", "three", answers=ASKED)[0] == DONE
            # Where nothing is left that it could revoke, too.
            assert alice.admin("revoke", "--all")[0] == DONE
            own.chauthtok("directory", "alice")
            assert alice.admin("create", "--label", "four", answers=ASKED)[0] == DONE
            # And where it was not this broker that was told.
            assert alice.admin("revoke", "--all")[0] == DONE
            with own.without_logins():
                own.chauthtok("directory", "alice")
            assert alice.admin("create", "--label", "five", answers=ASKED)[0] == DONE
    finally:
        own.sandbox.shell("pwconv; chpasswd", input=f"alice:{ALICES}\n").done()
        own.ask_for()
    revoked = [(label, "revoked") for label in ("four", "one", "three", "two")]
    assert own.states() == [("five", "active"), *revoked]


def test_an_answer_holds_for_one_user(own):
    bobs = f"{' '.join(as_user('bob'))} {ADMIN} create --label"
    alices = f"{' '.join(as_user('alice'))} {ADMIN} create --label"
    with own.typist("root") as root:
        assert root.type(f"{alices} one", *ASKED)[0] == DONE
        assert root.type(f"{bobs} one", ("Password: ", BOBS))[0] == DONE
        for line in (f"{alices} two", f"{bobs} two"):
            code, shown = root.type(line)
            assert code == DONE and "Password" not in shown


def test_an_answer_is_forgotten_with_the_broker(own):
    with own.typist("alice") as alice:
        assert alice.admin("create", "--label", "one", answers=ASKED)[0] == DONE
        own.again()
        assert alice.admin("create", "--label", "two", answers=ASKED)[0] == DONE


SILENT = "lets in whoever answers nothing"


# Lesson: a PAM stack that asks nothing.
@pytest.mark.parametrize(
    "stack, typed",
    [
        ("auth sufficient pam_rootok.so\nauth required pam_unix.so\naccount required pam_unix.so\n", ALICES),
        ("auth required pam_permit.so\naccount required pam_permit.so\n", ALICES),
        ("auth required pam_unix.so nullok\naccount required pam_unix.so\n", ""),
    ],
    ids=["rootok", "permit", "empty"],
)
def test_a_stack_that_takes_nothing_for_an_answer_lets_nobody_in(own, stack, typed):
    own.sandbox.write("/etc/pam.d/asp-admin", stack)
    if not typed:
        own.sandbox.run("passwd", "-d", "alice").done()
    try:
        run = own.run("alice", "create", "--label", "Phone", input=f"{typed}\n")
        assert run.code == NO and SILENT in run.err, run
        assert own.states() == []
        # It counts as no wrong answer.
        own.configure("self_service: { silent = true; };")
        own.run("alice", "create", "--label", "Phone", input=f"{typed}\n").done()
    finally:
        own.set_primary("alice", ALICES)
        own.ask_for()


def test_a_wrong_answer_and_a_free_command_give_no_leave(own):
    with own.typist("alice") as alice:
        code, shown = alice.admin("create", "--label", "one", answers=[("Password: ", "wrong")])
        assert code == NO and "Authentication failure" in shown
        assert alice.admin("list")[0] == DONE
        assert alice.admin("create", "--label", "one", answers=ASKED)[0] == DONE
    assert own.states() == [("one", "active")]


def test_off_a_terminal_an_answer_holds_for_its_session(own):
    script = f"{ADMIN} create --label one --quiet; {ADMIN} create --label two --quiet </dev/null"
    run = own.sandbox.run(
        "setsid", "--wait", *as_user("alice"), "bash", "-c", script, input=f"{ALICES}\nwhat comes after is not read\n"
    )
    assert run.code == DONE and len(PASSWORD.findall(run.out)) == 2 and run.err.count("Password: ") == 1


# Who asks whom


def test_a_program_is_asked_in_lines_of_json(own):
    run = own.run("alice", "--json", "create", "--label", "Phone", input=f"{ALICES}\n")
    assert run.code == DONE and run.err == '{"prompt":"Password: ","echo":false}\n'
    made = json.loads(run.out)
    assert made["user"] == "alice" and PASSWORD.fullmatch(made["password"])
    run = own.run("alice", "--json", "create", "--label", "More", input="wrong\n")
    prompt, error = run.err.splitlines()
    assert (run.code, run.out, error) == (NO, "", "asp-admin: you were not let in: Authentication failure")
    assert json.loads(prompt)
    run = own.run("alice", "--json", "create", "--label", "More")
    assert (run.code, run.out) == (NO, "") and run.err.endswith("asp-admin: there was no answer\n")


def test_what_a_module_says_comes_to_her_in_all_its_lines(own):
    own.sandbox.write("/etc/hello", "Hello %u\nof the \x1b[31mmail\n")
    own.ask_for(facility_first="auth optional pam_echo.so file=/etc/hello\n")
    shown = "Hello alice\nof the \\x1b[31mmail\n"
    with own.typist("alice") as alice:
        code, seen = alice.admin("create", "--label", "one", answers=ASKED)
        assert code == DONE and f"{shown}{EXPLAINED}Password: " in seen
    run = own.run("alice", "create", "--label", "two", input=f"{ALICES}\n")
    assert run.err == f"{shown}{EXPLAINED}Password: "
    run = own.run("alice", "--json", "create", "--label", "three", input=f"{ALICES}\n")
    message, prompt = map(json.loads, run.err.splitlines())
    assert message == {"message": "Hello alice\nof the \x1b[31mmail", "error": False}
    assert prompt == {"prompt": "Password: ", "echo": False}


def test_why_the_account_is_not_let_in_comes_to_her(own):
    own.sandbox.run("chage", "--expiredate", "1", "bob").done()
    try:
        run = own.run("bob", "create", "--label", "x", input=f"{BOBS}\n")
        assert run.code == NO and "Your account has expired; please contact your system administrator" in run.err
        run = own.run("bob", "--json", "create", "--label", "x", input=f"{BOBS}\n")
        assert any(json.loads(line).get("error") for line in run.err.splitlines() if line.startswith("{"))
    finally:
        own.sandbox.run("chage", "--expiredate", "-1", "bob").done()
    assert own.states("bob") == []


def test_three_wrong_answers_make_her_wait_and_nobody_else(own):
    with own.typist("alice") as alice:
        for _ in range(3):
            assert alice.admin("create", "--label", "x", answers=[("Password: ", "wrong")])[0] == NO
        code, shown = alice.admin("create", "--label", "x")
        assert code == NO and re.search(r"too many wrong answers: wait (30|2\d) seconds\n", shown)
        run = own.run("alice", "create", "--label", "x", input=f"{ALICES}\n")
        refused(run, NO, "too many wrong answers: wait")
        assert alice.admin("list")[0] == DONE
    own.makes("bob", "Phone")
    assert own.states() == []


def test_a_right_answer_forgets_the_wrong_ones(own):
    for _ in range(2):
        for _ in range(2):
            assert own.run("alice", "create", "--label", "x", input="wrong\n").code == NO
        own.run("alice", "revoke", "--label", "x", input=f"{ALICES}\n")
    assert own.makes("alice", "x")


def test_as_shipped_a_wrong_answer_takes_two_seconds(own):
    own.install("pam.d/asp-admin", "/etc/pam.d/asp-admin")
    assert seconds_of(lambda: own.run("alice", "create", "--label", "x", input="wrong\n")) > 1.4
    assert own.run("alice", "create", "--label", "x", input=f"{ALICES}\n").code == DONE


def test_the_distributions_own_stack_takes_the_place_of_pam_unix_as_the_text_says(own):
    auth, account = re.search("Debian, Ubuntu +(.*?) +and +(.*)", recipe("pam.d/asp-admin")).groups()
    if own.sandbox.run("test", "-e", "/etc/pam.d/common-auth").code != 0:
        pytest.skip("this is neither Debian nor Ubuntu")
    own.ask_for((r"(?m)^auth .*pam_unix.so.*$", auth), (r"(?m)^account .*pam_unix.so$", account))
    assert own.run("alice", "create", "--label", "x", input="wrong\n").code == NO
    assert own.run("alice", "create", "--label", "x", input=f"{ALICES}\n").code == DONE


OF_MAIL = """
auth     sufficient  pam_asp.so app=mail
auth     required    pam_unix.so nodelay try_first_pass
account  required    pam_permit.so
"""


# That it is pam_asp which has let her in, and not the stack which is broken, is seen by what it has logged.
@pytest.mark.parametrize("stack", ["asp-only", "asp-either", "asp-enrolled", "of-mail"])
def test_an_app_password_never_gives_leave_to_act(own, stack):
    if stack == "of-mail":
        own.sandbox.write("/etc/pam.d/asp-admin", OF_MAIL)
    else:
        own.install(f"pam.d/{stack}", "/etc/pam.d/asp-admin")
    own.configure('apps: ( { name = "mail"; services = [ "imap" ]; }, { name = "page"; services = [ "asp-admin" ]; } );')
    opening = "mail" if stack == "of-mail" else "page"
    made = {app: own.create("alice", app, "--app", app) for app in ("page", "mail", "any")}
    for app, password in made.items():
        run = own.run("alice", "create", "--label", "x", "--app", "mail", input=f"{password}\n")
        assert run.code == NO and asked(run), run
        assert any("verdict=accepted" in line.text for line in own.said()) == (app == opening)
    assert own.states() == [(app, "active") for app in ("any", "mail", "page")]


def test_nor_does_one_that_a_server_takes_which_a_module_asks(own):
    """pam_exec is answered yes here."""
    password = own.makes("alice", "Phone")
    stack = "auth required pam_exec.so quiet expose_authtok /bin/true\naccount required pam_permit.so\n"
    own.sandbox.write("/etc/pam.d/asp-admin", stack)
    for typed, code in ((password, NO), ("anything", DONE)):
        assert own.run("alice", "create", "--label", "x", "--app", "mail", input=f"{typed}\n").code == code


def test_nor_does_one_of_another_store_that_pam_asp_takes(own):
    """It is none of hers here."""
    own.sandbox.write("/etc/asp/other.conf", 'store = "/var/lib/other";\n')
    made = own.sandbox.run(*OTHER, "create", "alice", "--label", "there", "--app", "asp-admin", "--quiet").done().out.strip()
    stack = "auth required pam_asp.so config=/etc/asp/other.conf\naccount required pam_permit.so\n"
    own.sandbox.write("/etc/pam.d/asp-admin", with_module(stack, own.build))
    run = own.run("alice", "create", "--label", "x", "--app", "mail", input=f"{made}\n")
    assert run.code == NO and asked(run), run
    assert any("verdict=accepted" in line.text for line in own.said()) and own.states() == []


@pytest.mark.parametrize("stack", ["asp-either", "asp-enrolled"])
def test_beside_pam_asp_the_primary_gives_leave_where_the_stack_says_so(own, stack):
    own.install(f"pam.d/{stack}", "/etc/pam.d/asp-admin")
    assert own.run("alice", "create", "--label", "x", input=f"{ALICES}\n").code == DONE
    enrolled = own.run("alice", "create", "--label", "y", input=f"{ALICES}\n").code
    assert enrolled == (NO if stack == "asp-enrolled" else DONE)


# The terminal


class Screen(Terminal):
    """asp-admin itself at a terminal with its echo on."""

    def __init__(self, own, *words):
        super().__init__(own.sandbox, ADMIN, *words, prefix=as_user("alice"))
        self.settings = termios.tcgetattr(self.slave)
        self.settings[3] |= termios.ECHO
        termios.tcsetattr(self.slave, termios.TCSANOW, self.settings)

    def hidden(self):
        return not termios.tcgetattr(self.slave)[3] & termios.ECHO

    def as_it_was(self):
        return termios.tcgetattr(self.slave) == self.settings

    def code(self):
        return self.process.wait(timeout=LONG)


@pytest.fixture
def screen(own):
    one = Screen(own, "create", "--label", "Phone")
    assert one.until("Password: ")
    yield one
    one.close()


def test_what_is_typed_is_not_shown_and_the_echo_comes_back(screen):
    assert screen.hidden()
    screen.answer(ALICES)
    shown = screen.until(PASSWORD.pattern)
    assert ALICES not in shown.string and shown.string.startswith("\r\n")
    assert screen.code() == DONE and screen.as_it_was()


@pytest.mark.parametrize("name", ["SIGINT", "SIGQUIT", "SIGTERM", "SIGHUP"])
def test_a_signal_ends_it_and_leaves_the_terminal_as_it_was(own, screen, name):
    screen.press("half of it")
    keys = {"SIGINT": b"\x03", "SIGQUIT": b"\x1c"}
    if name in keys:
        screen.press(keys[name].decode())
    else:
        os.kill(descendant(screen.process.pid, "asp-admin"), getattr(signal, name))
    assert screen.code() == -getattr(signal, name)
    assert screen.as_it_was()
    own.serves.no_sessions(4)
    assert own.states() == []


def test_the_end_of_input_is_no_answer(own, screen):
    screen.press("\x04")
    assert screen.until("there was no answer") and screen.code() == NO and screen.as_it_was()
    assert own.run("alice", "list").code == DONE


def test_who_was_stopped_is_asked_again(own):
    """In an interactive shell, which goes on meanwhile."""
    shell = Terminal(own.sandbox, "bash", "--norc", "--noprofile", "--noediting", "-i", prefix=as_user("alice"))
    try:
        shell.answer(f"{ADMIN} create --label Phone --quiet")
        assert shell.until("Password: ")
        os.write(shell.master, b"half of it\x1a")
        assert shell.until("Stopped")
        shell.answer("echo 'the shell' has it")
        assert shell.until("the shell has it")
        shell.answer("fg; echo ended with $?")
        assert shell.until("Password: ")
        shell.answer(ALICES)
        assert shell.until(PASSWORD.pattern) and shell.until("ended with 0")
    finally:
        shell.close()
    assert own.states() == [("Phone", "active")]


def test_a_line_that_is_too_long_is_refused_whole(own):
    for length in (511, 512, 513, 5000):
        run = own.run("alice", "create", "--label", "x", input=ALICES + "x" * (length - len(ALICES)) + "\n")
        assert run.code == NO and asked(run), length
        own.again()
    assert own.states() == []
