"""Who signs in by asp-web, and what she is told: users of this machine, with a second factor, with a primary password that
has changed, is locked or has to be changed; what modules ask and tell; and what is wrong on the other side."""

import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess

import pytest
from support.account_page import CONFIGURATION, Later
from support.page_user import PageUser, account_page, all_at_once
from support.passwords import PASSWORD
from support.recipes import AT_ONCE, recipe
from support.second_factor import GOOGLE
from support.self_service import ALICES, BOBS, DONE, STORE
from support.wait import wait_until
from support.web_sign_in import CONF, serve_web

SOURCE = pathlib.Path(__file__).parent / "pam_prompts.c"
PROMPTS = "/etc/asp/prompts"
NOT_LET_IN = {"outcome": "refused", "error": ""}
CODE = ("Verification code: ", False)


@pytest.fixture(scope="module")
def page(self_service, build, asp_web):
    with account_page(self_service.sandbox, build) as one:
        yield one


@pytest.fixture
def serve(own, page):
    """Starts broker and page with this stack, or the shipped one."""

    def serve(*configuration, stack=None, conf=CONF):
        serve_web(own, conf, CONFIGURATION, *configuration, stack=stack)
        page.start()
        return page

    return serve


@pytest.fixture
def web(serve):
    return serve()


@pytest.fixture(scope="module")
def module(tmp_path_factory):
    """One that asks and tells what a test wants: see pam_prompts.c."""
    made = tmp_path_factory.mktemp("prompts") / "pam_prompts.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", made, SOURCE], check=True)
    return made


@pytest.fixture
def asks(own, serve, module):
    """A page before such a module, of these lines."""

    def asks(*lines, together=False, others=(), **how):
        """Of alice, and of others by their names."""
        for user, hers in {"alice": lines, **dict(others)}.items():
            own.sandbox.write(f"{PROMPTS}/{user}", "".join(f"{line}\n" for line in hers))
        argument = "together" if together else ""
        stack = f"auth required {module} {PROMPTS} {argument}\naccount required pam_permit.so\n"
        return serve(stack=stack, **how)

    return asks


def made_by(user, label, name):
    """The app password that she makes."""
    run = user.run("create", "--label", label, "--app", "mail", "--", name)
    assert run["code"] == DONE, run
    return json.loads(run["out"])["password"]


def listed(user, *words):
    run = user.run("list", *words)
    assert run["code"] == DONE, run
    return json.loads(run["out"])


# Users of this machine


def test_who_has_no_shell_makes_and_revokes_app_passwords(own, web):
    own.sandbox.shell("getent passwd mina || useradd --no-create-home --shell /usr/sbin/nologin mina").done()
    own.sandbox.run("chpasswd", input="mina:hers alone\n").done()
    mina = PageUser(web).signs_in("mina", "hers alone")
    password = made_by(mina, "Phone", "mina")
    assert own.asp_admin("check", "mina", "--service", "imap", input=password).code == DONE
    (entry,) = listed(mina)
    assert mina.run("revoke", "--", "mina", entry["id"])["code"] == DONE
    assert own.states("mina") == [("Phone", "revoked")]


def test_a_code_is_asked_of_everybody_and_who_has_shown_hers_is_in(own, serve):
    """She has app passwords; another is new here, and one of whom there is none."""
    line = r"(?m)^#(auth +required +pam_google_authenticator.so)"
    web = serve(stack=recipe("pam.d/asp-web", *AT_ONCE, (line, r"\1")))
    code = GOOGLE.enroll(own.sandbox, None)
    own.create("alice", "Phone", "--app", "mail")
    ones = []
    for user, password in (("alice", ALICES), ("bob", BOBS), ("nobodys", "any")):
        ones.append(PageUser(web).begin(user))
        assert ones[-1].asked() == ("Password: ", False)
        assert ones[-1].answer(password).asked() == CODE
        ones[-1].answer("000000")
    assert [one.next() for one in ones] == [NOT_LET_IN] * 3
    alice = PageUser(web).signs_in("alice", ALICES, code())
    assert [entry["label"] for entry in listed(alice)] == ["Phone"]
    assert PASSWORD.fullmatch(made_by(alice, "Tablet", "alice"))


def test_a_telephone_whose_clock_is_a_little_off_is_taken_and_one_that_is_far_off_is_not(own, serve):
    line = r"(?m)^#(auth +required +pam_google_authenticator.so)"
    web = serve(stack=recipe("pam.d/asp-web", *AT_ONCE, (line, r"\1")))
    telephone = GOOGLE.enroll(own.sandbox, None)
    telephone.shown = 120  # an hour fast
    assert PageUser(web).tries("alice", ALICES, telephone()) == NOT_LET_IN
    telephone.shown = 4
    PageUser(web).signs_in("alice", ALICES, telephone())


def test_who_is_wrong_three_times_is_told_how_long_to_wait_and_there_alone(web):
    ones = [PageUser(web).begin("alice") for _ in range(3)]
    for one in ones:
        one.asked()
        one.answer("wrong")
    assert [one.next() for one in ones] == [NOT_LET_IN] * 3
    outcome = PageUser(web).begin("alice").next()
    assert outcome["outcome"] == "refused" and re.fullmatch(r"too many wrong answers: wait (2\d|30) seconds", outcome["error"])
    PageUser(web, "192.0.2.8").signs_in()


def test_who_is_new_here_sees_that_she_has_none(web):
    bob = PageUser(web).signs_in("bob", BOBS)
    assert listed(bob) == listed(bob, "--all") == []
    assert bob.browser.get("/api/session").json["user"] == "bob"


# Her primary password


def test_after_a_new_primary_password_she_is_told_what_has_become_of_her_app_passwords(own, web):
    for label in ("Phone", "Tablet"):
        own.create("alice", label, "--app", "mail")
    before = PageUser(web).signs_in()
    own.set_primary("alice", "another one")
    own.json("watch", "--once")
    assert "sign in again" in before.run("list")["error"]
    alice = PageUser(web, "192.0.2.8").signs_in("alice", "another one")
    assert listed(alice) == []
    for entry in listed(alice, "--all"):
        assert (entry["state"], entry["revoked"]["reason"]) == ("revoked", "primary-password")
        assert entry["revoked"]["by"] == "watch" and entry["revoked"]["time"]
    told = json.loads(alice.run("history")["out"])
    assert sorted(one["label"] for one in told if one["event"] == "revoked") == ["Phone", "Tablet"]
    renewed = alice.run("rotate", "--", "alice", listed(alice, "--all")[0]["id"])
    assert renewed["code"] == DONE and PASSWORD.fullmatch(json.loads(renewed["out"])["password"])


@pytest.fixture
def changed(own):
    """What usermod or chage makes of alice for a test."""

    def change(*words):
        own.sandbox.run(*words, "alice").done()

    yield change
    own.sandbox.run("chage", "-d", "20000", "-E", "-1", "-M", "99999", "alice").done()
    own.set_primary("alice", ALICES)


def test_who_is_locked_is_told_what_everybody_is(web, changed):
    changed("usermod", "--lock")
    assert all_at_once(web, ("alice", ALICES), ("nobodys", ALICES)) == [NOT_LET_IN] * 2


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("chage", "-d", "0"), "You are required to change your password immediately"),
        (("chage", "-E", "1"), "Your account has expired"),
    ],
)
def test_who_has_to_change_her_password_or_has_expired_is_told_so_once_she_has_shown_it(own, web, changed, words, why):
    own.create("alice", "Phone", "--app", "mail")
    changed(*words)
    wrong, alice = PageUser(web).begin("alice"), PageUser(web).begin("alice")
    for one, answer in ((wrong, "wrong"), (alice, ALICES)):
        one.asked()
        one.answer(answer)
    assert alice.next() == wrong.next() == NOT_LET_IN
    assert wrong.told == []
    assert [(text.startswith(why), is_error) for text, is_error in alice.told] == [(True, True)], alice.told
    assert own.states() == [("Phone", "active")]


# What modules ask and tell

TWENTY = [f"{'shown' if at % 2 else 'hidden'} Question {at} ¿" for at in range(1, 21)]
MARKUP = '<script>alert("x")</script> & <b>&amp;</b>'


@pytest.mark.parametrize(("count", "together"), [(20, False), (3, True)])
def test_questions_are_asked_in_their_order_shown_and_hidden(asks, count, together):
    one = PageUser(asks(*TWENTY[:count], together=together)).begin("alice")
    for at, line in enumerate(TWENTY[:count], 1):
        style, _, text = line.partition(" ")
        assert one.asked() == (text, style == "shown")
        one.answer(f"answer {at}")
    assert one.next()["outcome"] == "signed-in"


def test_what_is_told_is_told_before_the_next_question(asks):
    one = PageUser(asks("info Welcome", "error Look out", "info ", f"info {MARKUP}", "hidden Who?", "shown And why?"))
    one.begin("alice")
    assert one.asked() == ("Who?", False)
    assert one.told == [("Welcome", False), ("Look out", True), (MARKUP, False)]
    assert one.answer("answer 1").asked() == ("And why?", True)
    assert one.answer("answer 2").next()["outcome"] == "signed-in"


def test_of_much_that_is_told_the_question_is_never_lost(asks):
    one = PageUser(asks(*(f"info {at} {'long ' * 200}" for at in range(20)), f"hidden {MARKUP}"))
    one.begin("alice")
    assert one.asked() == (MARKUP, False)
    assert 0 < len(one.told) <= 20
    assert one.answer("answer 1").next()["outcome"] == "signed-in"


TEXTS = {
    "empty": "hidden ",
    "a blank": "hidden \u00a0",
    "Chinese": "shown 用户的密码：",
    "Arabic": "hidden كلمة السر",
    "controls": "shown \x1b[2J\x07",
    "long": "hidden " + "ü" * 900,
}


@pytest.mark.parametrize("line", TEXTS.values(), ids=TEXTS)
def test_any_text_of_a_question_is_asked(asks, line):
    style, _, text = line.partition(" ")
    one = PageUser(asks(line)).begin("alice")
    asked, shown = one.asked()
    assert shown == (style == "shown")
    assert text.startswith(asked.rstrip("\ufffd")) if text else asked == ""
    assert one.answer("answer 1").next()["outcome"] == "signed-in"


def test_what_is_no_utf8_is_asked_all_the_same(own, asks):
    page = asks("hidden x")
    own.sandbox.shell(r"printf 'hidden Passwort f\xfcr \xff\n' >$1/alice", PROMPTS).done()
    one = PageUser(page).begin("alice")
    asked, _ = one.asked()
    assert asked.startswith("Passwort f")
    assert one.answer("answer 1").next()["outcome"] == "signed-in"


def test_what_no_page_can_answer_lets_nobody_in(asks):
    """The last of them is let in, so that it is not that which bars the others."""
    said = (("7 binary",), ("5 radio",), ("99 what?",), ("info x", "7 binary"), ("none",), ())
    users = {f"user{at}": (*lines, "hidden x") for at, lines in enumerate(said)}
    web = asks(others=users, conf=f"{CONF} virtual_users = true;")
    ones = [PageUser(web, f"192.0.2.{at}").begin(user) for at, user in enumerate(users, 1)]
    assert ones[-1].asked() == ("x", False)
    assert ones[-1].answer("answer 1").next()["outcome"] == "signed-in"
    assert [one.next() for one in ones[:-1]] == [NOT_LET_IN] * (len(ones) - 1)


@pytest.mark.parametrize("lines", [(), ("info Put your finger on it",)])
def test_who_was_asked_nothing_is_in_only_where_that_is_said_to_be_enough(asks, lines):
    assert PageUser(asks(*lines)).tries("alice") == NOT_LET_IN
    silent = 'self_service: { web_user = "asp-web"; silent = true; };'
    assert PageUser(asks(*lines, conf=silent)).tries("alice")["outcome"] == "signed-in"


def test_who_answers_nothing_is_not_in_though_the_module_takes_it(own, serve):
    web = serve(stack="auth required pam_exec.so quiet expose_authtok /bin/true\naccount required pam_permit.so\n")
    assert PageUser(web).tries("alice", "") == NOT_LET_IN
    PageUser(web).signs_in("alice", "anything")


def test_a_module_that_names_the_user_does_not_tell_whether_there_is_one(asks):
    """The domain is ours, so that it is taken away from the name of whoever is known."""
    lines = ["hidden Password for %u:"]
    web = asks(*lines, others={"nobodys": lines}, conf=f'{CONF} user_domains = [ "example.org" ];')
    for user in ("alice", "nobodys"):
        assert PageUser(web).begin(f"{user}@example.org").asked() == (f"Password for {user}:", False)


# Names and labels

NAMES = ("jürgen@example.org", "пользователь@пример.рф", "用户", "שלום", "o'brien@example.org", 'a"b', "a&b;c", "x y")


@pytest.mark.parametrize("name", NAMES)
def test_a_user_of_any_name_signs_in_and_labels_as_she_likes(own, serve, name):
    stack = "auth required pam_exec.so quiet expose_authtok /bin/true\naccount required pam_permit.so\n"
    one = PageUser(serve("virtual_users = true;", stack=stack)).signs_in(name, "any")
    assert one.browser.get("/api/session").json["user"] == name
    labels = [MARKUP, "手机 📱 ‹Tablet›", "הטלפון שלי"]
    for label in labels:
        made_by(one, label, name)
    assert [entry["label"] for entry in listed(one)] == labels
    assert json.loads(own.asp_admin("list", name, "--json").done().out) == listed(one)


# What is wrong on the other side


def test_while_the_broker_is_down_nobody_signs_in_and_is_told_so_in_a_sentence(own, web):
    own.serves.stop()
    answer = web.browser().open().post("/api/sign-in", {"user": "alice"})
    assert (answer.status, answer.json) == (503, {"error": "nobody can sign in just now: try again later"})
    own.log_file.wait_for("nobody can sign in: nobody listens at /run/asp/self-web.sock: start asp-self-web.socket, or")
    own.again()
    PageUser(web).signs_in()


def test_a_broker_that_was_restarted_costs_one_sentence_and_nothing_else(own, web):
    alice = PageUser(web).signs_in()
    made_by(alice, "Phone", "alice")
    asked = PageUser(web, "192.0.2.8").begin("bob")
    asked.asked()
    own.serves.stop()
    own.again()
    assert alice.run("list") == {"error": "asp-broker ends: sign in again"}
    assert asked.next() == {"outcome": "refused", "error": "asp-broker ends: sign in again"}
    assert [entry["label"] for entry in listed(PageUser(web).signs_in())] == ["Phone"]


def test_a_broker_that_breaks_off_leaves_nothing_half_done(own, web):
    alice = PageUser(web).signs_in()
    asked = PageUser(web, "192.0.2.8").begin("bob")
    asked.asked()
    os.kill(own.serves.listener(), signal.SIGKILL)
    found = alice.run("create", "--label", "Lost", "--app", "mail", "--", "alice")
    assert found == {"error": "asp-broker broke off: sign in again"}
    assert asked.next() == {"outcome": "refused", **found}, "it is not as if her answer were wrong"
    own.again()
    assert own.states() == []
    made_by(PageUser(web).signs_in(), "Phone", "alice")
    assert own.states() == [("Phone", "active")]


def test_a_broker_that_is_slow_is_waited_for(own, web):
    alice = PageUser(web).signs_in()
    with contextlib.ExitStack() as stack:
        stack.enter_context(own.serves.hung())
        later = Later(lambda: alice.run("create", "--label", "Phone", "--app", "mail", "--", "alice"))
        assert alice.browser.say("GET", "/api/session").json["user"] == "alice", "others are served meanwhile"
        assert own.states() == []
    assert later.result()["code"] == DONE
    assert own.states() == [("Phone", "active")]


def test_what_a_full_store_cannot_hold_is_said_in_a_sentence_and_she_goes_on(own, web):
    alice = PageUser(web).signs_in()
    made_by(alice, "Phone", "alice")
    full = "mv $1 $1.away; mkdir -m 700 $1; mount -t tmpfs -o size=64k,mode=700 none $1; cp -a $1.away/. $1"
    own.sandbox.shell(f"{full}; cat /dev/zero >$1/full || true", "/var/lib/asp").done()
    try:
        found = alice.run("create", "--label", "Lost", "--app", "mail", "--", "alice")
        assert found["code"] == STORE and found["out"] == ""
        assert "No space left on device" in found["err"] and len(found["err"].splitlines()) == 1
        assert [entry["label"] for entry in listed(alice)] == ["Phone"]
        own.sandbox.run("rm", "/var/lib/asp/full").done()
        made_by(alice, "Tablet", "alice")
    finally:
        own.sandbox.shell("umount $1; rmdir $1; mv $1.away $1", "/var/lib/asp").done()
