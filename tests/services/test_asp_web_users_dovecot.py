"""Users whom Dovecot alone knows sign in by asp-web, as the recipe for them has it: with a real Dovecot, which has their
primary passwords and asks pam_asp for mail."""

import contextlib
import json
import os
import pathlib
import re
import shlex
import signal

import pytest
from support.account_page import CONFIGURATION
from support.mail import dovecot_of_people
from support.page_user import PageUser, account_page, all_at_once
from support.processes import below, children, descendant
from support.recipes import recipe
from support.second_factor import Telephone
from support.self_service import ALICES, DONE
from support.web_sign_in import CONF, serve_web

FOLDER, PORT = "/run/w", 1443
CAROL, CAROLS = "carol@example.org", 'her "own" $(words) \\n \''
PROGRAM = "/usr/libexec/asp/sign-in-dovecot"
NOT_LET_IN = {"outcome": "refused", "error": ""}
PEOPLE = {CAROL: CAROLS, "dave@example.org": "dave's"}


def told(pattern):
    """What the recipe's text tells to write or to run."""
    return re.findall(rf"(?m)^# {{5,}}.*?((?:{pattern}).*?)`?$", recipe("pam.d/asp-web-dovecot"))


@pytest.fixture(scope="module")
def served(self_service, build, asp_web):
    """The page, and the Dovecot."""
    box = self_service.sandbox
    box.need("dovecot", "doveadm", "/usr/lib/dovecot/imap")
    self_service.install("dovecot/sign-in-dovecot", PROGRAM, "755")
    with dovecot_of_people(box, FOLDER, PORT, PEOPLE), account_page(box, build) as page:
        yield page


@pytest.fixture
def serve(own, served):
    """Starts broker and page with the recipe, changed as its text says."""

    def serve(*changes):
        at_once = (r"delay=\d+", "delay=0")
        own.install("pam.d/asp-only", "/etc/pam.d/dovecot")
        stack = recipe("pam.d/asp-web-dovecot", at_once, *changes)
        serve_web(own, CONF, CONFIGURATION, *told("virtual_users =|user_name ="), stack=stack)
        served.start()
        return served

    return serve


@pytest.fixture
def web(serve):
    return serve()


@contextlib.contextmanager
def held(own):
    """Dovecot is there, and does not answer who asks whether she may log in."""
    master = below(own.sandbox.first, "dovecot")
    auth = [pid for pid in children(master) if pathlib.Path(f"/proc/{pid}/comm").read_text().strip() == "auth"]
    for pid in auth:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in auth:
            os.kill(pid, signal.SIGCONT)


def reads_mail(own, user, password):
    words = shlex.split("curl -q --silent --show-error --noproxy * --max-time 30 --config -")
    quoted = f"{user}:{password}".replace("\\", "\\\\").replace('"', '\\"')
    run = own.sandbox.run(*words, f"imap://127.0.0.1:{PORT}/INBOX", input=f'user = "{quoted}"\n')
    assert run.code in (0, 67), run
    return run.code == 0


def test_a_user_of_dovecots_makes_an_app_password_reads_her_mail_with_it_and_revokes_it(own, web):
    assert own.sandbox.run("getent", "passwd", CAROL).code == 2
    carol = PageUser(web).begin(CAROL)
    assert carol.asked() == ("Password: ", False)
    assert carol.answer(CAROLS).next()["outcome"] == "signed-in"
    made = json.loads(carol.run("create", "--label", "Phone", "--app", "mail", "--", CAROL)["out"])
    assert reads_mail(own, CAROL, made["password"])
    assert carol.run("revoke", "--", CAROL, made["id"])["code"] == DONE
    assert not reads_mail(own, CAROL, made["password"])
    dave = PageUser(web).signs_in("dave@example.org", "dave's")
    assert json.loads(dave.run("list", "--all")["out"]) == []
    assert dave.run("list", "--", CAROL)["code"] != DONE


def test_capitals_are_small_letters(own, web):
    own.create(CAROL, "Phone", "--app", "mail")
    carol = PageUser(web).signs_in(CAROL.upper(), CAROLS)
    assert [entry["label"] for entry in json.loads(carol.run("list")["out"])] == ["Phone"]


def test_a_wrong_password_and_a_user_whom_nobody_knows_are_told_the_same(web):
    tries = ((CAROL, "dave's"), ("nobodys@example.org", CAROLS), ("root", ""), ("alice", ALICES))
    assert all_at_once(web, *tries) == [NOT_LET_IN] * len(tries)


def test_an_app_password_opens_the_mail_and_not_the_page(own, web):
    password = own.create(CAROL, "Phone", "--app", "mail")
    forms = (password, password.replace("-", ""), f" {password}\u00a0")
    assert all_at_once(web, *((CAROL, typed) for typed in forms)) == [NOT_LET_IN] * len(forms)
    assert len([line for line in own.said() if line.word("verdict") == "accepted"]) == len(forms), "Dovecot takes it"
    assert reads_mail(own, CAROL, password)
    PageUser(web).signs_in(CAROL, CAROLS)


def test_no_name_is_more_than_a_name(web):
    names = ("-x", "--", "-A plain", "*", "c?rol@example.org", f"{CAROL} -x service=imap", f"{CAROL}'", "$(id)", "../x")
    assert all_at_once(web, *((name, CAROLS) for name in names)) == [NOT_LET_IN] * len(names)


def test_what_she_types_stands_on_no_command_line_and_a_dovecot_that_is_slow_is_waited_for(own, web):
    carol = PageUser(web).begin(CAROL)
    carol.asked()
    with held(own):
        carol.answer(CAROLS)
        doveadm = descendant(own.serves.listener(), "doveadm")
        for what in ("cmdline", "environ"):
            assert CAROLS.encode() not in pathlib.Path(f"/proc/{doveadm}/{what}").read_bytes()
        assert b"service=asp-web\0-x\0rip=192.0.2.7\0" in pathlib.Path(f"/proc/{doveadm}/cmdline").read_bytes()
    assert carol.next()["outcome"] == "signed-in"


def test_a_dovecot_that_does_not_answer_or_is_not_there_lets_nobody_in(own, web):
    carol = PageUser(web).begin(CAROL)
    carol.asked()
    with held(own):
        carol.answer(CAROLS)
        assert carol.next() == NOT_LET_IN
    own.sandbox.run("mv", f"{FOLDER}/dovecot.conf", f"{FOLDER}/away").done()
    try:
        assert PageUser(web).tries(CAROL, CAROLS) == NOT_LET_IN
    finally:
        own.sandbox.run("mv", f"{FOLDER}/away", f"{FOLDER}/dovecot.conf").done()
    PageUser(web).signs_in(CAROL, CAROLS)


# A second factor


def test_she_answers_with_her_code_too(own, serve):
    own.sandbox.need_module("pam_google_authenticator.so")
    own.sandbox.need("google-authenticator", "oathtool")
    for command in told("install -d|google-authenticator "):
        own.sandbox.shell(command.replace("user@example.org", CAROL)).done()
    secret = own.sandbox.read(f"/var/lib/asp-codes/{CAROL}").splitlines()[0]
    code = Telephone(own.sandbox, ["-b", secret])
    web = serve((r"(?m)^#(auth +required +pam_google_authenticator.so)", r"\1"))
    ones = []
    for user, password in ((CAROL, CAROLS), ("dave@example.org", "dave's"), ("nobodys@example.org", "any")):
        ones.append(PageUser(web).begin(user))
        ones[-1].asked()
        assert ones[-1].answer(password).asked() == ("Verification code: ", False)
        ones[-1].answer("000000")
    assert [one.next() for one in ones] == [NOT_LET_IN] * 3
    carol = PageUser(web).signs_in(CAROL, CAROLS, code())
    assert json.loads(carol.run("list")["out"]) == []


# As the other module of codes does.
@pytest.mark.long
def test_pam_oath_asks_her_as_well(own, serve):
    own.sandbox.need_module("pam_oath.so")
    own.sandbox.need("oathtool")
    secret = "00112233445566778899aabbccddeeff00112233"
    own.sandbox.write("/var/lib/oath/users.oath", f"HOTP/T30/6 {CAROL} - {secret}\n", mode="600")
    web = serve((r"(?m)^#(auth +required +pam_oath.so)", r"\1"))
    assert PageUser(web).tries(CAROL, CAROLS, "000000") == NOT_LET_IN
    PageUser(web).signs_in(CAROL, CAROLS, Telephone(own.sandbox, [secret])())
