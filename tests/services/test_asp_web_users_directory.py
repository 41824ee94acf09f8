"""Users of a directory sign in by asp-web: a real slapd, by SSSD and by nslcd, with the lines that the shipped file has for
them."""

import json
import re

import pytest
from support.account_page import CONFIGURATION
from support.directory_users import FIRST, KINDS, SECOND, SPELLINGS, TOOLS, DirectoryUsers, slapd_of
from support.long import repeated_but
from support.page_user import PageUser, account_page
from support.passwords import PASSWORD
from support.recipes import recipe
from support.self_service import DONE, SelfService
from support.wait import comes_true
from support.web_sign_in import CONF, serve_web

NOT_LET_IN = {"outcome": "refused", "error": ""}
PASSWORD_ASKED = ("Password: ", False)


class DirectoryMachine(SelfService, DirectoryUsers):
    """A machine whose users are in a directory, and act on their own accounts."""

    def __init__(self, layer, build, kind):
        super().__init__(layer, build)
        self.kind = kind
        self.slapd = slapd_of(self.sandbox)

    def stack_of(self, *changes):
        """The shipped one, with the lines that its text has for such users."""
        text = recipe("pam.d/asp-web", (r"delay=\d+", "delay=0"))
        lines = re.findall(r"(?m)^# {5}((?:auth|account) .*)$", text)
        assert len(lines) == 6
        for facility in ("auth", "account"):
            hers = "\n".join(line for line in lines if line.startswith(facility))
            text = re.sub(rf"(?m)^{facility} +required +pam_unix.so$", lambda _: hers, text)
        text = re.sub(r"(?m)^(auth .*pam_unix.so)$", r"\1 nodelay", text.replace("pam_sss.so", self.kind.module))
        for pattern, by in changes:
            text, count = re.subn(pattern, by, text)
            assert count == 1
        return text


@pytest.fixture(scope="module", params=KINDS)
def machine(request, sandboxes, layer, build, asp_web):
    kind = KINDS[request.param]
    machine = DirectoryMachine(layer, build, kind)
    try:
        machine.sandbox.need(*TOOLS, kind.command[0])
        machine.sandbox.need_module(kind.module)
        machine.sandbox.need_module(f"../libnss_{kind.nss}.so.2")
        machine.join()
        with account_page(machine.sandbox, build) as machine.page:
            yield machine
    finally:
        machine.close()


@pytest.fixture
def directory(machine):
    """Before anybody has an app password, with a broker that remembers nobody."""
    machine.begin()
    machine.hire_all()
    return machine


@pytest.fixture
def serve(directory):
    def serve(*configuration, changes=()):
        serve_web(directory, CONF, CONFIGURATION, *configuration, stack=directory.stack_of(*changes))
        directory.page.start()
        return directory.page

    return serve


def made_by(user, label):
    run = user.run("create", "--label", label, "--app", "mail")
    assert run["code"] == DONE, run
    return json.loads(run["out"])


@pytest.mark.parametrize("machine", repeated_but(("sssd",), KINDS), indirect=True)
def test_a_user_of_the_directory_makes_app_passwords_on_one_account_by_whatever_name(directory, serve):
    web = serve()
    assert directory.sandbox.run("grep", "-q", "lena", "/etc/passwd", "/etc/shadow").code == 1
    for name in ("lena", *SPELLINGS[directory.kind.name]):
        lena = PageUser(web).signs_in(name, FIRST)
        made = made_by(lena, f"by {name}")
        assert made["user"] == "lena" and PASSWORD.fullmatch(made["password"])
        lena.browser.post("/api/sign-out")
    assert len(directory.entries("lena")) == 1 + len(SPELLINGS[directory.kind.name])
    assert directory.asp_admin("check", "lena", "--service", "imap", input=made["password"]).code == DONE
    milo = PageUser(web).signs_in("milo", FIRST)
    assert json.loads(milo.run("list", "--all")["out"]) == []
    PageUser(web).signs_in("alice", "correct horse")


def test_everybody_is_asked_for_a_code_and_told_the_same(directory, serve):
    """Also who has shown the right password, and has no code."""
    directory.sandbox.need_module("pam_google_authenticator.so")
    web = serve(changes=[(r"(?m)^#(auth +required +pam_google_authenticator.so)", r"\1")])
    ones = []
    for user, password in (("lena", FIRST), ("lena", "wrong"), ("nobodys", FIRST), ("alice", "correct horse")):
        ones.append(PageUser(web, f"192.0.2.{len(ones)}").begin(user))
        assert ones[-1].asked() == PASSWORD_ASKED
        assert ones[-1].answer(password).asked() == ("Verification code: ", False)
        ones[-1].answer("000000")
    assert [one.next() for one in ones] == [NOT_LET_IN] * len(ones)
    assert [one.told for one in ones] == [[]] * len(ones)


def test_who_is_taken_out_of_the_directory_is_signed_out(directory, serve):
    web = serve()
    lena, milo = PageUser(web).signs_in("lena", FIRST), PageUser(web).signs_in("milo", FIRST)
    made_by(lena, "Phone")
    directory.dismiss("lena")
    directory.until_known("lena", False)
    assert "sign in again" in lena.run("list")["error"]
    assert PageUser(web).tries("lena", FIRST) == NOT_LET_IN
    assert milo.run("list")["code"] == DONE
    assert directory.states("lena") == [("Phone", "active")]


def test_whose_account_has_ended_in_the_directory_is_not_signed_in(directory, serve):
    web = serve()
    directory.set("lena", "shadowExpire", 1)
    places = iter(range(1, 250))
    assert comes_true(lambda: PageUser(web, f"192.0.2.{next(places)}").tries("lena", FIRST) == NOT_LET_IN)
    PageUser(web).signs_in("milo", FIRST)


@pytest.mark.parametrize("machine", repeated_but(("sssd",), KINDS), indirect=True)
def test_after_a_change_in_the_directory_she_is_told_what_has_become_of_her_app_passwords(directory, serve):
    web = serve(directory.primary_command())
    lena = PageUser(web).signs_in("lena", FIRST)
    made_by(lena, "Phone")
    directory.set_in_directory("lena", SECOND)
    directory.json("watch", "--once")
    assert "sign in again" in lena.run("list")["error"]
    assert PageUser(web).tries("lena", FIRST) == NOT_LET_IN
    (entry,) = json.loads(PageUser(web).signs_in("lena", SECOND).run("list", "--all")["out"])
    assert (entry["state"], entry["revoked"]["by"], entry["revoked"]["reason"]) == ("revoked", "watch", "primary-password")


def test_while_the_directory_is_down_nobody_is_let_in_by_it_and_nothing_is_lost(directory, serve):
    """SSSD says whom it remembers; nslcd knows nobody, and says so."""
    web = serve()
    lena = PageUser(web).signs_in("lena", FIRST)
    made_by(lena, "Phone")
    directory.slapd.stop()
    try:
        assert PageUser(web, "192.0.2.8").tries("milo", FIRST) == NOT_LET_IN
        answer = lena.run("list")
        if directory.kind.name == "sssd":
            assert answer["code"] == DONE
        else:
            assert answer == {"error": "the name service does not say who you are: try again"}
        PageUser(web, "192.0.2.9").signs_in("alice", "correct horse")
    finally:
        directory.slapd.start()
    directory.until_known("lena")
    assert directory.states("lena") == [("Phone", "active")]
    places = iter(range(10, 250))
    assert comes_true(lambda: PageUser(web, f"192.0.2.{next(places)}").tries("lena", FIRST)["outcome"] == "signed-in")
