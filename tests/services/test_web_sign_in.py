"""Users who sign in by a web server: what they are asked, what they may do then, and for how long."""

import itertools
import json
import re

import pytest
from support.passwords import PASSWORD, wrong
from support.recipes import AT_ONCE, recipe
from support.second_factor import GOOGLE
from support.self_service import ALICES, ASK, BOBS, DONE, NO, STORE, fields, reply
from support.system_log import parsed
from support.wait import seconds_of, wait_until
from support.web_sign_in import CONF, serve_web, sign_in, web_server

def logged(own):
    """All that was logged since last asked."""
    return [line.text for line in parsed(own.log_file.take())]


# Whom pam_unix does not know; what stands in for their server takes one password from each.
VIRTUAL = """
auth required pam_exec.so quiet expose_authtok /etc/asp/virtual
account required pam_permit.so
"""
PROGRAM = "#!/bin/sh\nread -r password || [ -n \"$password\" ]\n[ \"$password\" = theirs ]\n"
SAID_NO = (False, [])
STORE_FOLDER = "/var/lib/asp"


@pytest.fixture
def web(own):
    return serve_web(own)


@pytest.fixture
def server(web):
    with web_server(web) as one:
        yield one


def test_who_has_signed_in_acts_on_her_own_account_until_she_hangs_up(web, server):
    number = server.begin("alice")
    assert server.asked(number) == ("hidden", "Password: ")
    server.send(number, reply(ALICES))
    assert server.ends(number) == (True, [])
    code, out, err = server.does(number, "create", "--label", "Phone", "--app", "mail", "--json")
    assert (code, err) == (DONE, "")
    made = json.loads(out)
    assert made["user"] == "alice" and PASSWORD.fullmatch(made["password"])
    assert web.asp_admin("check", "alice", "--service", "imap", input=made["password"]).code == DONE
    assert json.loads(server.does(number, "list", "--json")[1])[0]["label"] == "Phone"
    assert server.does(number, "revoke", made["id"])[0] == DONE, "she is not asked again"
    assert web.states() == [("Phone", "revoked")]
    server.leave(number)
    changes = [line for line in web.events() if "Phone" in line]
    assert len(changes) == 2 and all('by="alice"' in line and line.endswith('via="web"') for line in changes)


def test_nobody_elses_account_is_reached(web, server):
    web.makes("bob", "Phone")
    number = server.signs_in()
    for words in (("list", "bob"), ("revoke", "bob", "--all"), ("remove", "alice"), ("list", "--config", "/x", "bob")):
        code, out, err = server.does(number, *words)
        assert code == STORE and out == "" and ("you are alice" in err or "is for root" in err)
    assert web.states("bob") == [("Phone", "active")]


def test_what_modules_tell_is_said_and_acknowledged(own):
    tells = "auth required pam_echo.so file=/etc/asp/motd\n"
    serve_web(own, stack=tells + recipe("pam.d/asp-web", *AT_ONCE))
    own.sandbox.write("/etc/asp/motd", "Welcome\n")
    with web_server(own) as server:
        number = server.begin("alice")
        assert server.told(number) == ("out", "Welcome")
        server.send(number, b"asp\x01\x06\x01\x0c\x00\x02\x000\x00")
        assert server.asked(number)[0] == "hidden"


def test_she_answers_with_her_password_and_her_code(own):
    line = r"(?m)^#(auth +required +pam_google_authenticator.so)"
    serve_web(own, stack=recipe("pam.d/asp-web", *AT_ONCE, (line, r"\1")))
    code = GOOGLE.enroll(own.sandbox, None)
    with web_server(own) as server:
        seen = []
        for address, user, answers in (
            ("192.0.2.1", "alice", (ALICES, "000000")),
            ("192.0.2.2", "alice", ("not hers", code())),
            ("192.0.2.3", "bob", (BOBS, "000000")),  # who has none
            ("192.0.2.4", "nobodys", ("any", "000000")),
        ):
            number = server.begin(user, address)
            for answer in answers:
                seen.append(server.asked(number))
                server.send(number, reply(answer))
            seen.append(server.ends(number))
        assert len({str(seen[at : at + 3]) for at in range(0, len(seen), 3)}) == 1, "all are answered alike"
        assert seen[2] == SAID_NO
        number = server.signs_in("alice", ALICES, code(), address="192.0.2.5")
        assert server.does(number, "list")[0] == DONE


# What is told to whom is not let in


def test_an_unknown_user_a_wrong_answer_and_one_without_leave_are_told_the_same_at_the_same_time(web, server):
    web.sandbox.shell("groupadd --force admitted; usermod --append --groups admitted bob").done()
    web.configure('self_service: { web_user = "asp-web"; group = "admitted"; };')
    web.makes("bob", "Phone")
    answers = {"alice": ALICES, "bob": "not his", "nobodys": "x", "b" * 254: "x", "../x": "x"}
    addresses = itertools.count(1)

    def refused(user):
        """How long that took after the answer."""
        number = server.begin(user, f"192.0.2.{next(addresses)}")
        assert server.asked(number) == ("hidden", "Password: ")
        server.send(number, reply(answers[user]))
        took = seconds_of(lambda: server.ends(number) == SAID_NO or pytest.fail("another answer"))
        assert server.is_closed(number) and took > 2.9
        return took

    # The machine may be busy with something else meanwhile.
    took = {user: refused(user) for user in answers}
    said = logged(web)
    lines = [line for line in said if "self-service refused" in line]
    for user in [*answers] * 3:
        if took[user] > 3.3:
            took[user] = refused(user)
    assert max(took.values()) <= 3.3, took
    assert server.does(server.signs_in("bob", BOBS), "list")[0] == DONE
    assert any("pam_unix(asp-web:auth)" in line and "rhost=192.0.2.2" in line for line in said), "PAM_RHOST"
    assert len(lines) == 5 and all(re.search(r' rhost=192\.0\.2\.\d via="web"$', line) for line in lines)
    assert "self-service is not for this user" in lines[0]


# The digest is right, and no database is there.
JOINED = "asp-store-id 1 9c1a0338-1c84-4451-9a7e-f282a2fd2974 64\ndigest=39fe1bfff3ecce06\n"


@pytest.mark.parametrize("joined", [True, False])
def test_what_nothing_is_known_of_without_the_database_is_logged_so(web, server, joined):
    """Her password is right: she is told the same as ever, and the log says what is to be mended."""
    if not (web.build / "tests" / "fleet" / "driver").is_file():
        pytest.skip("built without a database: -Ddatabase=enabled")
    database = 'database: { hosts = ( { address = "/run/none"; } ); };'
    web.configure('self_service: { web_user = "asp-web"; };', 'primary: { source = "none"; };', database)
    if joined:
        web.sandbox.run("install", "-d", "-m", "700", STORE_FOLDER).done()
        web.sandbox.write(f"{STORE_FOLDER}/store-id", JOINED, mode="600")
    assert server.tries("alice", ALICES)[1] == SAID_NO
    (line,) = [line for line in logged(web) if "self-service refused" in line]
    mend = "; see that PostgreSQL runs there, and that this machine reaches it" if joined else "; asp-admin store join"
    assert f'{mend}" rhost=' in line, line


def test_while_self_service_is_off_everybody_is_refused_and_who_is_signed_in_is_out(web, server):
    number = server.signs_in()
    web.configure('self_service: { web_user = "asp-web"; enabled = false; };')
    assert "not for you any more" in server.does(number, "list")
    assert server.is_closed(number)
    assert server.tries("alice", ALICES)[1] == SAID_NO


def test_who_is_taken_out_of_the_group_is_out_at_her_next_command(web, server):
    web.sandbox.shell("groupadd --force admitted; usermod --append --groups admitted alice").done()
    web.configure('self_service: { web_user = "asp-web"; group = "admitted"; };')
    number = server.signs_in()
    assert server.does(number, "list")[0] == DONE
    web.sandbox.run("gpasswd", "--delete", "alice", "admitted").done()
    assert "not for you any more" in server.does(number, "create", "--label", "x", "--app", "mail")
    assert server.is_closed(number) and web.states() == []


# Her primary password


def test_another_primary_password_ends_her_session_and_nobody_elses(web, server):
    alices, bobs = server.signs_in(), server.signs_in("bob", BOBS)
    web.set_primary("alice", "another")
    assert "sign in again" in server.does(alices, "list")
    assert server.is_closed(alices)
    assert server.does(bobs, "list")[0] == DONE
    number, ended = server.tries("alice", ALICES)
    assert ended == SAID_NO
    server.signs_in("alice", "another", address="192.0.2.8")


def test_where_nothing_can_be_told_of_her_primary_password_she_is_told_so_and_not_that_it_was_changed(web, server):
    number = server.signs_in()
    web.sandbox.shell("cp -p /etc/shadow /run/shadow && sed -i 's/^alice:.*/alice:*/' /etc/shadow").done()
    try:
        said = server.does(number, "create", "--label", "x", "--app", "mail")
    finally:
        web.sandbox.shell("mv /run/shadow /etc/shadow").done()
    assert said == "nothing can be told of the primary password of alice: her line of /etc/shadow is damaged"
    assert server.is_closed(number) and web.states() == []


def test_a_primary_password_that_changes_while_a_password_is_shown_makes_that_one_void(web, server):
    number = server.signs_in()
    server.says(number, "create", "--label", "Phone", "--quiet")
    stream, shown = server.told(number)
    assert stream == "out" and PASSWORD.fullmatch(shown.strip())
    web.set_primary("alice", "another")
    server.send(number, b"asp\x01\x06\x01\x0c\x00\x02\x000\x00")
    assert server.end(number)[0] == STORE
    assert web.states() == []
    assert "sign in again" in server.does(number, "list")


def test_a_locked_or_expired_user_is_not_signed_in(web, server):
    number = server.signs_in()
    web.sandbox.run("usermod", "--expiredate", "1", "alice").done()
    try:
        assert "sign in again" in server.does(number, "list")
        assert server.tries("alice", ALICES)[1][0] is False
    finally:
        web.sandbox.run("usermod", "--expiredate", "", "alice").done()


def test_what_her_own_first_password_makes_of_her_account_does_not_end_her_session(own):
    """With a command, that is when her fingerprint is taken."""
    serve_web(own, CONF, 'primary: { source = "command"; command = "/etc/asp/primaries"; };')
    own.sandbox.write("/etc/asp/primaries", "#!/bin/sh\ncat /run/primaries\n", mode="755")
    own.sandbox.write("/run/primaries", "alice\tone\nbob\tone\n")
    with web_server(own) as server:
        number, other = server.signs_in(), server.signs_in()
        for label in ("Phone", "Tablet"):
            assert server.does(number, "create", "--label", label, "--app", "mail", "--quiet")[0] == DONE
        assert "sign in again" in server.does(other, "list"), "it is another's change there"
        own.sandbox.write("/run/primaries", "alice\ttwo\nbob\tone\n")
        own.asp_admin("watch", "--once", "--confirm")
        assert "sign in again" in server.does(number, "list")
    assert own.states() == [("Phone", "revoked"), ("Tablet", "revoked")]


@pytest.mark.parametrize("words", [("create", "--label", "Tablet", "--app", "mail"), ("rotate",)], ids=["create", "rotate"])
def test_who_has_signed_in_before_a_change_in_the_directory_makes_nothing_after_it(own, words):
    """No watch has seen it yet: what she is making does."""
    serve_web(own, CONF, 'primary: { source = "command"; command = "/etc/asp/primaries"; };')
    own.sandbox.write("/etc/asp/primaries", "#!/bin/sh\ncat /run/primaries\n", mode="755")
    own.sandbox.write("/run/primaries", "alice\tone\nbob\tone\n")
    old = own.makes("alice", "Phone")[:2]
    own.events()
    with web_server(own) as server:
        number = server.signs_in()
        own.sandbox.write("/run/primaries", "alice\ttwo\nbob\tone\n")
        code, out, err = server.does(number, *words, *([old] if words[0] == "rotate" else []), "--quiet")
        assert (code, out) == (STORE, "") and "the primary password of alice was changed just now" in err
        assert own.states() == [("Phone", "revoked")]
        (line,) = own.events()
        assert 'reason="primary-password"' in line and line.endswith('via="web"')
        assert "sign in again" in server.does(number, "list")
        number = server.signs_in()
        assert server.does(number, "create", "--label", "Tablet", "--app", "mail", "--quiet")[0] == DONE
        assert server.does(number, "list")[0] == DONE
    assert own.states() == [("Phone", "revoked"), ("Tablet", "active")]


def test_who_is_let_in_leaves_a_line_with_the_name_that_she_has_typed_and_her_account(own):
    serve_web(own, CONF, 'user_domains = [ "example.org" ];')
    own.said()
    with web_server(own) as server:
        server.signs_in()
        server.signs_in("alice@Example.org", address=None)
        assert [line for line in logged(own) if "self-service" in line] == [
            'self-service admitted: user="alice" rhost=192.0.2.7 via="web"',
            'self-service admitted: user="alice@Example.org" account="alice" rhost=- via="web"',
        ]
        own.configure(CONF, 'log = "refused";')
        server.signs_in()
        assert server.tries("alice", "wrong")[1] == SAID_NO
        (line,) = [line for line in logged(own) if "self-service" in line]
        assert line.startswith("self-service refused: ")


def test_another_spelling_of_hers_is_her_and_counts_as_her(own):
    serve_web(own, CONF, 'user_domains = [ "example.org" ];')
    with web_server(own) as server:
        number = server.signs_in("alice@example.org")
        _, out, _ = server.does(number, "create", "--label", "x", "--app", "mail", "--json")
        assert json.loads(out)["user"] == "alice"
        spellings = ("alice", "alice@example.org", "ALICE@EXAMPLE.ORG")
        assert server.try_together(spellings, "wrong", address="192.0.2.3") == [SAID_NO] * 3
        assert "too many wrong answers" in server.tries("Alice", "x", address="192.0.2.3")[1]


def test_an_app_password_lets_nobody_in_whatever_has_taken_it(own):
    """As a server may that a module asks: pam_exec is answered yes here."""
    serve_web(own, stack="auth required pam_exec.so quiet expose_authtok /bin/true\naccount required pam_permit.so\n")
    password = own.makes("alice", "Phone")
    with web_server(own) as server:
        assert server.tries("alice", password)[1] == SAID_NO
        own.asp_admin("revoke", "alice", "--all").done()
        assert server.tries("alice", f" {password.upper()}")[1] == SAID_NO
        server.signs_in("alice", wrong(password))


def test_nor_does_one_while_it_cannot_be_looked_at_whose_it_is(own):
    """Else her session would outlast that."""
    serve_web(own, stack="auth required pam_exec.so quiet expose_authtok /bin/true\naccount required pam_permit.so\n")
    password = own.makes("alice", "Phone")
    with web_server(own) as server:
        own.sandbox.run("mv", STORE_FOLDER, f"{STORE_FOLDER}-away").done()
        try:
            assert server.tries("alice", password)[1] == SAID_NO
            server.signs_in("alice", "anything")
        finally:
            own.sandbox.run("mv", f"{STORE_FOLDER}-away", STORE_FOLDER).done()


# Virtual users


@pytest.fixture
def virtual(own):
    serve_web(own, CONF, stack=VIRTUAL)
    own.sandbox.write("/etc/asp/virtual", PROGRAM, mode="755")
    return own


def test_a_virtual_user_acts_on_an_account_that_is_there_and_on_no_other(virtual):
    virtual.create("carol@example.org", "Phone", "--virtual", "--app", "mail")
    with web_server(virtual) as server:
        assert server.tries("dave@example.org", "theirs")[1] == SAID_NO
        assert server.tries("carol@example.org", "wrong", address="192.0.2.9")[1] == SAID_NO
        number = server.signs_in("carol@example.org", "theirs")
        assert json.loads(server.does(number, "list", "--json")[1])[0]["label"] == "Phone"
        assert server.does(number, "create", "--label", "Tablet", "--app", "mail", "--quiet")[0] == DONE
    assert virtual.states("carol@example.org") == [("Phone", "active"), ("Tablet", "active")]


def test_where_there_may_be_virtual_users_one_makes_her_own_account(virtual):
    virtual.configure(CONF, "virtual_users = true;")
    with web_server(virtual) as server:
        number = server.signs_in("dave@example.org", "theirs")
        assert server.does(number, "list", "--json") == (DONE, "[]\n", "")
        assert server.does(number, "create", "--label", "Phone", "--app", "mail", "--quiet")[0] == DONE
        assert server.does(number, "list")[0] == DONE
    assert virtual.states("dave@example.org") == [("Phone", "active")]


def test_no_group_admits_a_virtual_user(virtual):
    virtual.sandbox.shell("groupadd --force admitted").done()
    virtual.configure('self_service: { web_user = "asp-web"; group = "admitted"; };', "virtual_users = true;")
    with web_server(virtual) as server:
        assert server.tries("dave@example.org", "theirs")[1] == SAID_NO


def test_who_was_virtual_is_not_the_user_of_her_name_and_who_was_one_is_not_virtual(virtual):
    virtual.configure(CONF, "virtual_users = true;")
    there = "carol:x:4001:4001::/run:/bin/sh\n"  # as one of a directory, who has no line in shadow
    with web_server(virtual) as server:
        number = server.signs_in("carol", "theirs")
        assert server.does(number, "list")[0] == DONE
        virtual.sandbox.shell("cat >>/etc/passwd", input=there).done()
        assert "sign in again" in server.does(number, "list")
        number = server.signs_in("carol", "theirs")
        assert server.does(number, "create", "--label", "Phone", "--app", "mail", "--quiet")[0] == DONE
        virtual.sandbox.shell("sed -i /^carol:/d /etc/passwd").done()
        assert "sign in again" in server.does(number, "list")
    assert virtual.states("carol") == [("Phone", "active")]


def test_whose_name_stands_for_another_by_now_reaches_nobodys_account(virtual):
    virtual.configure(CONF, "virtual_users = true;")
    with web_server(virtual) as server:
        other = server.signs_in("carol", "theirs")
        assert server.does(other, "create", "--label", "Phone", "--app", "mail", "--quiet")[0] == DONE
        number = server.signs_in("Carol", "theirs")
        assert server.does(number, "list")[0] == DONE
        virtual.configure(CONF, "virtual_users = true;", 'user_name = "lower";')
        assert "no account of yours" in server.does(number, "list")
        assert server.does(other, "list")[0] == DONE


def test_who_gets_the_name_of_a_user_without_a_hash_does_not_get_who_has_signed_in(virtual):
    """Her line is the same but for its day."""
    make = "useradd --no-create-home next"
    virtual.sandbox.shell(f"{make} && chage --lastday 2026-01-01 next").done()
    with web_server(virtual) as server:
        number = server.signs_in("next", "theirs")
        assert server.does(number, "list")[0] == DONE
        virtual.sandbox.shell(f"userdel next && {make} && chage --lastday 2026-01-02 next").done()
        assert "sign in again" in server.does(number, "list")
        assert server.does(server.signs_in("next", "theirs"), "list")[0] == DONE
    virtual.sandbox.run("userdel", "next").done()


def test_the_account_of_who_is_gone_is_no_virtual_users(virtual):
    virtual.configure(CONF, "virtual_users = true;")
    virtual.sandbox.run("useradd", "--no-create-home", "gone").done()
    virtual.sandbox.run("chpasswd", input="gone:hers\n").done()
    virtual.create("gone", "Phone", "--app", "mail")
    with web_server(virtual) as server:
        number = server.signs_in("gone", "theirs")
        virtual.sandbox.run("userdel", "gone").done()
        assert "sign in again" in server.does(number, "list")
        assert server.tries("gone", "theirs")[1] == SAID_NO
    assert virtual.states("gone") == [("Phone", "active")]


# Who is heard


def test_web_user_has_to_be_a_user_for_nothing_else(own):
    own.serves.close()
    own.sandbox.shell("getent passwd asp-web >/dev/null || useradd --system asp-web").done()
    own.sandbox.shell("getent passwd twin || useradd --system --non-unique --uid $(id -u asp-web) twin").done()
    own.sandbox.shell("getent passwd inside || useradd --system --groups asp inside").done()
    for user, why in {
        "root": "root is root",
        "nobody": "nobody is nobody",
        "alice": "people's",
        "twin": "twin has the uid of asp-web",
        "asp-web": "asp-web has the uid of twin",
        "inside": "inside is in the group asp",
        "none": "/etc/passwd has no user none",
    }.items():
        own.configure(f'self_service: {{ web_user = "{user}"; }};')
        run = own.sandbox.run(own.broker)
        assert run.code == 6 and len(run.err.splitlines()) == 1 and why in run.err, run
    own.sandbox.run("userdel", "twin").done()


def test_a_web_user_that_is_none_any_more_is_told_once_and_nobody_is_served(web, server):
    number = server.signs_in()
    web.said()
    web.configure('self_service: { web_user = "bob"; };')
    for _ in range(3):
        another = server.begin("alice")
        assert server.ends(another) == "nobody can sign in now: ask the administrator"
    assert server.ends(number) == "you were signed out by the administrator"
    lines = [line for line in logged(web) if "self_service.web_user" in line]
    assert len(lines) == 1 and "people's" in lines[0]
    web.configure(CONF)
    server.signs_in()


def test_nobody_else_is_heard(web):
    assert web.sandbox.run("stat", "--format=%a %U", "/run/asp/self-web.sock").done().out == "600 asp-web\n"
    with web_server(web, None) as server:
        number = server.open()
        server.send(number, sign_in("alice"))
        assert server.ends(number) == "self_service.web_user alone is heard here"


def test_the_web_user_may_not_ask_for_logins(web):
    password = web.create("alice", "Phone", "--app", "calendar")
    assert web.host().login(password).code == 0
    web.sandbox.run("usermod", "--append", "--groups", "asp", "asp-web").done()
    try:
        assert web.host("asp-web").login(password).code != 0
        wait_until(lambda: any("it may not ask for" in line for line in logged(web)), "it is not logged")
    finally:
        web.sandbox.run("gpasswd", "--delete", "asp-web", "asp").done()


def test_at_the_users_socket_it_is_a_user_like_any(web):
    run = web.run("asp-web", "list")
    assert (run.code, run.out) == (DONE, "no app passwords\n")
    run = web.run("asp-web", "list", "alice")
    assert run.code == STORE and "you are asp-web" in run.err


def test_a_conversation_of_one_is_not_seen_by_another(web, server):
    one, other = server.begin("alice"), server.begin("bob")
    assert server.asked(one) == server.asked(other)
    server.send(one, reply(ALICES))
    server.send(other, reply(ALICES))
    assert server.ends(one) == (True, [])
    assert server.ends(other) == SAID_NO
    number = server.open()
    server.send(number, sign_in("alice"))
    kind, _ = fields(server.receive(number))
    assert kind == ASK and NO == 1
