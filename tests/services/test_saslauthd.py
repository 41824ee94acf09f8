"""saslauthd asks pam_asp: with testsaslauthd, and with a Postfix that asks saslauthd."""

import pytest
from support.passwords import PRIMARY, wrong
from support.recipes import recipe
from support.smtp import CLIENT, HOSTILE_NAMES, Smtp, names, open_mail_box, start_postfix, try_hostile_names
from support.wait import wait_until

MUX = "/run/saslauthd/mux"
KNOCK = "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])"
REALM = "example.org"


@pytest.fixture(scope="module")
def box(sandboxes, layer):
    box = open_mail_box(layer, "saslauthd", "testsaslauthd", "start-stop-daemon")
    box.shell("getent group sasl >/dev/null || groupadd --system sasl").done()
    yield box
    box.close()


class Sasl(Smtp):
    """saslauthd as the init script of its package starts it from a file in /etc/default."""

    started = None

    def start(self, recipe):
        """Starts it from this file, unless the one that runs was started from the same."""
        if Sasl.started != (self.sandbox, recipe):
            self.stop()
            self.sandbox.write("/etc/default/saslauthd", recipe)
            started = self.sandbox.run("/etc/init.d/saslauthd", "start-instance", "saslauthd").done()
            assert "warning" not in started.out, started
            # One that ended just now has left its socket, and takes it away.
            wait_until(lambda: self.sandbox.run("/usr/bin/python3", "-c", KNOCK, MUX).code == 0)
            Sasl.started = (self.sandbox, recipe)
        return self

    def stop(self):
        if Sasl.started is not None:
            self.sandbox.run("/etc/init.d/saslauthd", "stop-instance", "saslauthd")
            Sasl.started = None

    def asks(self, user, password, *more, service="smtp"):
        """Whether testsaslauthd gets its OK."""
        run = self.sandbox.run("testsaslauthd", "-f", MUX, "-u", user, "-p", password, "-s", service, *more)
        assert (run.code, run.out.split()[1]) in ((0, "OK"), (255, "NO")), run
        return run.code == 0


@pytest.fixture
def unstarted(box, build):
    service = Sasl(box, build)
    service.reset()
    service.stack("asp-only", "smtp")
    return service


@pytest.fixture
def sasl(unstarted):
    return unstarted.start(recipe("saslauthd/saslauthd"))


def options(text):
    """The recipe with other OPTIONS."""
    return recipe("saslauthd/saslauthd", (r'(?m)^OPTIONS=".*"$', f'OPTIONS="{text} -m /var/run/saslauthd"'))


def test_an_app_password_is_accepted(sasl):
    password = sasl.create("alice", "Phone", "--app", "mail")
    assert sasl.asks("alice", password)
    (line,) = sasl.log(1)
    assert line.text == (
        f'verdict=accepted rhost=- user="alice" service="smtp" app="mail" id={password[:2]} label="Phone"'
    )


def test_a_wrong_secret_is_refused(sasl):
    password = sasl.create("alice", "Phone", "--app", "mail")
    assert not sasl.asks("alice", wrong(password))
    assert sasl.verdict() == "wrong-secret"


def test_an_app_password_of_another_app_is_refused(sasl):
    password = sasl.create("alice", "Diary", "--app", "calendar")
    assert not sasl.asks("alice", password)
    assert sasl.verdict() == "wrong-app"


def test_the_service_is_the_one_that_the_client_names(sasl):
    password = sasl.create("alice", "Diary", "--app", "calendar")
    sasl.stack("asp-only", "radicale")
    assert sasl.asks("alice", password, service="radicale")
    (line,) = sasl.log(1)
    assert (line.word("service"), line.word("app")) == ("radicale", "calendar")


def test_a_revoked_password_is_refused_at_the_very_next_time(sasl):
    password = sasl.create("alice", "Old phone", "--app", "mail")
    other = sasl.create("alice", "Laptop", "--app", "mail")
    assert sasl.asks("alice", password)
    sasl.asp_admin("revoke", "alice", password[:2]).done()
    assert not sasl.asks("alice", password)
    assert sasl.asks("alice", other)
    assert [line.word("verdict") for line in sasl.log(3)] == ["accepted", "revoked", "accepted"]


def test_the_primary_password_is_refused(sasl):
    sasl.create("alice", "Phone", "--app", "mail")
    assert not sasl.asks("alice", PRIMARY["alice"])
    assert sasl.verdict() == "not-an-app-password"
    sasl.sandbox.write("/etc/pam.d/smtp", "auth required pam_unix.so\naccount required pam_unix.so\n")
    assert sasl.asks("alice", PRIMARY["alice"]), "this is her password: pam_unix takes it"


def test_without_a_clients_address_networks_refuse(sasl):
    password = sasl.create("alice", "Phone", "--app", "mail", "--from", "0.0.0.0/0", "--from", "::/0")
    assert not sasl.asks("alice", password)
    (line,) = sasl.log(1)
    assert (line.word("verdict"), line.word("rhost")) == ("wrong-network", "-")


def test_with_the_cache_a_revoked_password_lives_on(unstarted):
    """What the recipe warns of: if this fails, saslauthd has changed, and the recipe is to be thought over."""
    sasl = unstarted.start(options("-c"))
    password = sasl.create("alice", "Phone", "--app", "mail")
    assert sasl.asks("alice", password)
    assert sasl.verdict() == "accepted"
    sasl.asp_admin("revoke", "alice", password[:2]).done()
    assert sasl.asks("alice", password), "from the cache"
    assert sasl.decisions() == [], "PAM was not asked"
    sasl.stop()
    sasl.start(options("-c"))
    assert not sasl.asks("alice", password), "a restart has emptied it"


def test_with_r_virtual_users_are_who_they_say(unstarted):
    sasl = unstarted.start(options("-r"))
    org = sasl.create(f"carol@{REALM}", "Phone", "--app", "mail", "--virtual")
    net = sasl.create("carol@example.net", "Phone", "--app", "mail", "--virtual")
    assert sasl.asks("carol", org, "-r", REALM)
    assert not sasl.asks("carol", net, "-r", REALM)
    assert sasl.asks("carol", net, "-r", "example.net")
    assert not sasl.asks("carol", org)
    assert [line.word("user") for line in sasl.log(4)] == [
        "carol@example.org",
        "carol@example.org",
        "carol@example.net",
        "carol",
    ]


def test_without_r_the_realm_is_dropped(sasl):
    """Why the recipe says when -r is needed."""
    password = sasl.create("alice", "Phone", "--app", "mail")
    assert sasl.asks("alice", password, "-r", REALM)
    assert sasl.log(1)[0].word("user") == "alice"


# What the recipe says to do besides the copying of files.
POSTFIX_STEPS = """
dpkg-statoverride --add root sasl 710 /var/spool/postfix/var/run/saslauthd
usermod --append --groups sasl postfix
/etc/init.d/saslauthd start-instance saslauthd-postfix
"""


@pytest.fixture(scope="module")
def postfix_box(sandboxes, layer):
    """Postfix, chrooted as Debian has it, with a saslauthd of its own."""
    box = open_mail_box(layer, "postfix", "saslauthd", "swaks", "msmtp", "openssl", "start-stop-daemon")
    box.write("/etc/postfix/sasl/smtpd.conf", recipe("postfix/sasl-smtpd.conf"))
    box.write("/etc/default/saslauthd-postfix", recipe("saslauthd/saslauthd-postfix"))
    start_postfix(box, "postfix/master.cf-saslauthd", POSTFIX_STEPS)
    box.wait_for_port(587)
    yield box
    box.close()


@pytest.fixture
def postfix(postfix_box, build):
    service = Smtp(postfix_box, build)
    service.reset()
    service.stack("asp-only", "smtp")
    return service


@pytest.mark.parametrize("client", ["swaks", "msmtp"])
def test_an_app_password_sends_mail_through_postfix(postfix, client):
    password = postfix.create("alice", "Phone", "--app", "mail")
    assert getattr(postfix, client)("alice", password)
    (line,) = postfix.log(1)
    assert line.text == (
        f'verdict=accepted rhost=- user="alice" service="smtp" app="mail" id={password[:2]} label="Phone"'
    )


def test_others_are_refused_by_postfix(postfix):
    phone = postfix.create("alice", "Phone", "--app", "mail")
    diary = postfix.create("alice", "Diary", "--app", "calendar")
    assert postfix.swaks("alice", phone)
    postfix.asp_admin("revoke", "alice", phone[:2]).done()
    for password in (phone, diary, PRIMARY["alice"], wrong(phone)):
        assert not postfix.swaks("alice", password)
    assert [line.word("verdict") for line in postfix.log(5)] == [
        "accepted",
        "revoked",
        "wrong-app",
        "not-an-app-password",
        "wrong-secret",
    ]


def test_postfix_logs_the_client_whom_saslauthd_does_not_know(postfix):
    """What the recipe promises: the address is in Postfix's own log."""
    password = postfix.create("alice", "Phone", "--app", "mail")
    assert not postfix.swaks("alice", wrong(password))
    assert f"[{CLIENT}]: SASL PLAIN authentication failed" in "".join(postfix.log_file.take())


def test_hostile_names_are_refused_and_leave_tidy_lines(postfix):
    password = postfix.create("alice", "Phone", "--app", "mail")
    let_in, lines = try_hostile_names(postfix, password)
    assert let_in == [b" alice "]
    # Postfix cuts off spaces around a name, and saslauthd does not take the long ones.
    expected = [
        "a\\x22 verdict=accepted user=\\x22alice",
        "a\\x0averdict=accepted rhost=127.0.0.1",
        "a\\xff\\xc3",
        "alice:x",
    ]
    assert set(expected) <= set(names(lines))
    assert len(lines) == len(HOSTILE_NAMES) - 2
    assert postfix.swaks("alice", password)


def test_no_log_holds_a_password(postfix):
    password = postfix.create("alice", "Phone", "--app", "mail")
    assert postfix.swaks("alice", password)
    assert not postfix.swaks("alice", wrong(password))
    text = "\n".join(postfix.log_file.take())
    assert "alice" in text, "the log is the one written to"
    for secret in (password, password.replace("-", ""), password[6:11]):
        assert secret not in text


@pytest.fixture
def postfix_with_r(postfix):
    """The same with -r in saslauthd's OPTIONS, for one test."""

    def restart(*changes):
        postfix.recipe("saslauthd/saslauthd-postfix", "/etc/default/saslauthd-postfix", *changes)
        postfix.sandbox.run("/etc/init.d/saslauthd", "restart-instance", "saslauthd-postfix").done()

    restart(('(?m)^OPTIONS="', 'OPTIONS="-r '))
    yield postfix
    restart()


def test_with_r_virtual_users_get_through_postfix(postfix_with_r):
    postfix = postfix_with_r
    carols = postfix.create("carol@example.org", "Phone", "--app", "mail", "--virtual")
    alices = postfix.create("alice", "Phone", "--app", "mail")
    assert postfix.swaks("carol@example.org", carols)
    assert not postfix.swaks("carol", carols)
    assert postfix.swaks("alice", alices)
    assert [line.word("user") for line in postfix.log(3)] == ["carol@example.org", "carol", "alice"]
