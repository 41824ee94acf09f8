"""Exim asks pam_asp: through PAM as Debian-exim, who needs asp-broker, and through Dovecot."""

import re

import pytest
from support.broker import serving
from support.dovecot_recipes import BY_PROTOCOL, dovecot_recipe
from support.mail import dovecot
from support.passwords import PRIMARY, wrong
from support.recipes import recipe
from support.smtp import (
    CERTIFICATE,
    CLIENT,
    HOSTILE_NAMES,
    Smtp,
    encoded,
    names,
    open_mail_box,
    try_hostile_names,
)

PORT = 25
LOG = "/var/log/exim4/mainlog"

# What Debian's package does when it is installed, where it was only unpacked.
EXIM_USERS = """
getent passwd Debian-exim >/dev/null ||
    useradd --system --user-group --no-create-home --home-dir /var/spool/exim4 Debian-exim
for folder in /var/spool/exim4 /var/log/exim4; do
    install -d -o Debian-exim -g Debian-exim -m 2750 "$folder"
done
install -d /var/lib/exim4
echo mx.example.org >/etc/mailname
"""

SETTINGS = """
dc_eximconfig_configtype='local'
dc_other_hostnames='mx.example.org'
dc_local_interfaces='127.0.0.1'
dc_use_split_config='true'
dc_minimaldns='true'
"""

MACROS = """
MAIN_TLS_ENABLE = yes
MAIN_HARDCODE_PRIMARY_HOSTNAME = mx.example.org
"""


def start_exim(box, addition, *changes, steps="true"):
    """An Exim as Debian sets it up, with one of the shipped additions to its authenticators and its further steps."""
    box.shell(EXIM_USERS).done()
    box.shell(CERTIFICATE, "/etc/exim4/exim").done()
    box.shell("chgrp Debian-exim /etc/exim4/exim.key; chmod 640 /etc/exim4/exim.key").done()
    box.write("/etc/exim4/update-exim4.conf.conf", SETTINGS)
    box.write("/etc/exim4/conf.d/main/000_localmacros", MACROS)
    box.write(f"/etc/exim4/conf.d/auth/{addition}", recipe(f"exim/{addition}", *changes))
    box.shell(steps).done()
    box.run("update-exim4.conf").done()
    box.run("exim4", "-bd").done()
    box.wait_for_port(PORT)


class Exim(Smtp):
    """Exim with the module; its service belongs to the app mail, as the recipe asks for."""

    def reset(self):
        super().reset()
        self.hold_to()

    def hold_to(self, broker=None):
        """With these settings of the broker."""
        changes = [(r"(?m)^#(apps: \(\n)#(.*\n)#(.*\n)#(.*\n)#(\);)$", r"\1\2\3\4\5"), ('"smtp", ', '"smtp", "exim", ')]
        if broker:
            changes.append((r"(?m)^#broker: .*$", f"broker: {broker};"))
        self.sandbox.write("/etc/asp/asp.conf", recipe("asp.conf", *changes))


@pytest.fixture(scope="module")
def box(sandboxes, layer, build):
    """Exim, who is in the group asp, and the broker that it asks."""
    box = open_mail_box(layer, "exim4", "update-exim4.conf", "swaks", "msmtp", "openssl")
    start_exim(box, "30_exim4-config_asp", steps="groupadd --system asp; usermod --append --groups asp Debian-exim")
    if "PAM" not in re.search("(?m)^Support for: (.*)$", box.run("exim4", "-bV").out)[1].split():
        box.close()
        pytest.skip("this Exim has no PAM: exim4-daemon-heavy has it")
    with serving(box, build / "asp-broker" / "asp-broker"):
        yield box
    box.close()


@pytest.fixture
def exim(box, build):
    service = Exim(box, build, port=PORT)
    service.reset()
    service.stack("../exim/asp-exim-only", "exim")
    return service


@pytest.mark.parametrize("client", ["swaks", "msmtp"])
def test_an_app_password_sends_mail(exim, client):
    password = exim.create("alice", "Phone", "--app", "mail")
    assert getattr(exim, client)("alice", password)
    ((text, _),) = exim.decisions()
    assert text == (
        f'verdict=accepted rhost=- user="alice" service="exim" app="mail" id={password[:2]} label="Phone" '
        'via="Debian-exim"'
    )
    if client == "msmtp":
        assert "A=asp_plain:alice" in exim.sandbox.read(LOG)


def test_the_mechanism_login_works_too(exim):
    password = exim.create("alice", "Phone", "--app", "mail")
    assert exim.login((b"alice", password.encode()), (b"alice", wrong(password).encode())) == ["235", "535"]
    assert sorted(exim.verdicts()) == ["accepted", "wrong-secret"]


def test_other_passwords_and_other_users_are_refused(exim):
    phone = exim.create("alice", "Phone", "--app", "mail")
    other = exim.create("alice", "Laptop", "--app", "mail")
    diary = exim.create("alice", "Diary", "--app", "calendar")
    assert exim.swaks("alice", phone)
    exim.asp_admin("revoke", "alice", phone[:2]).done()
    for password in (phone, diary, wrong(other)):
        assert not exim.swaks("alice", password)
    assert not exim.swaks("bob", other)
    assert exim.swaks("alice", other)
    assert exim.verdicts() == ["accepted", "revoked", "wrong-app", "wrong-secret", "no-account", "accepted"]


def test_the_primary_password_is_refused_for_good(exim):
    """Also in the eyes of the mail program: with 435 it would try again and again."""
    exim.create("alice", "Phone", "--app", "mail")
    assert exim.plain((b"alice", PRIMARY["alice"].encode())) == ["535"]
    assert exim.verdicts() == ["not-an-app-password"]


def test_with_either_the_primary_password_is_of_no_use(exim):
    """What the recipe says: pam_unix checks for who is not root the caller's own password alone."""
    exim.create("alice", "Phone", "--app", "mail")
    exim.stack("asp-either", "exim")
    exim.sandbox.run("sed", "-i", "s/try_first_pass$/& nodelay/", "/etc/pam.d/exim").done()
    assert exim.plain((b"alice", PRIMARY["alice"].encode())) != ["235"]
    assert "pam_unix(exim:auth): authentication failure" in "\n".join(exim.log_file.take())


# A module before ours writes down what PAM was told: the user, and the password in between angle brackets.
TELL = """#!/bin/sh
echo "$PAM_USER <$(tr -d '\\0')>" >>/run/told/list
"""

# Exim waits for no child, so pam_exec finds none to wait for, and fails.
TELLING = """
auth optional pam_exec.so quiet expose_authtok /run/tell
auth required pam_permit.so
account required pam_permit.so
"""


@pytest.fixture
def told(exim):
    """Returns what PAM was told since last asked."""
    box = exim.sandbox
    box.write("/run/tell", TELL)
    box.shell("chmod 755 /run/tell; install -d -o Debian-exim /run/told").done()
    box.write("/etc/pam.d/exim", TELLING)

    def listen():
        return box.shell("cd /run/told; touch list; cat list; rm list").done().out.splitlines()

    return listen


# A dollar sign and a backslash mean something to Exim, but not in what a client says.
PASSWORDS = ["a:b:c", ":a", "::a", "a:", ":", "a:: b", "${run{/bin/false}}", "a\\Nb{}$auth1", "ü"]
NAMES = [
    b"alice:x",
    b"alice:",
    b":alice",
    b"<;alice;x",
    b"<;alice",
    b" alice",
    b"alice ",
    b"a b",
    b"a\nb",
    b"a\x01",
    b"",
]


def test_passwords_reach_pam_as_they_are(exim, told):
    logins = [(b"alice", password.encode()) for password in PASSWORDS]
    expected = sorted(f"alice <{password}>" for password in PASSWORDS)
    for mechanism in (exim.plain, exim.login):
        assert mechanism(*logins) == ["235"] * len(logins)
        assert sorted(told()) == expected


def test_names_that_could_say_more_never_reach_pam(exim, told):
    logins = [(name, b"x") for name in NAMES]
    for mechanism in (exim.plain, exim.login):
        assert mechanism(*logins) == ["535"] * len(logins)
    assert told() == []


def test_the_identity_is_the_one_that_pam_was_asked_for(exim, told):
    """Whom the client says she acts for changes nothing."""
    (answer,) = exim.raw(("AUTH PLAIN " + encoded(b"bob", b"alice", b"x"),))
    assert answer.startswith("235 ")
    assert told() == ["alice <x>"]


def test_what_exim_does_to_other_passwords_is_as_the_recipe_says(exim, told):
    exim.plain(*[(b"alice", password) for password in (b" a", b"a ", b"<;a")])
    assert told() == ["alice <a>"] * 3


def test_hostile_names_are_refused_and_leave_tidy_lines(exim):
    password = exim.create("alice", "Phone", "--app", "mail")
    let_in, lines = try_hostile_names(exim, password)
    assert let_in == []
    # Those with a space, a colon or something unprintable never reach PAM.
    short = [name for name in HOSTILE_NAMES if not re.search(rb"[:\s\x00-\x1f]|^<", name)]
    assert len(lines) == len(short)
    assert {"${run{/bin/false}}", "a\\x5c", "a\\xff\\xc3", "i" * 256} <= set(names(lines))
    assert exim.swaks("alice", password)


def test_names_beyond_ascii_work(exim):
    password = exim.create("jürgen", "Phone", "--app", "mail", "--virtual")
    assert exim.plain(("jürgen".encode(), password.encode())) == ["235"]


def test_without_a_clients_address_networks_refuse(exim):
    password = exim.create("alice", "Phone", "--app", "mail", "--from", "0.0.0.0/0", "--from", "::/0")
    before = len(exim.sandbox.read(LOG))
    assert not exim.swaks("alice", password)
    ((text, verdict),) = exim.decisions()
    assert (verdict, text.split()[1]) == ("wrong-network", "rhost=-")
    assert f"[{CLIENT}]: 535 Incorrect authentication data (set_id=alice)" in exim.sandbox.read(LOG)[before:]


def test_the_client_can_be_held_to_its_service(exim):
    password = exim.create("alice", "Phone", "--app", "mail")
    exim.hold_to('{ clients = ( { user = "Debian-exim"; services = [ "exim" ]; } ); }')
    assert exim.swaks("alice", password)
    exim.hold_to('{ clients = ( { user = "Debian-exim"; services = [ "nginx" ]; } ); }')
    assert exim.plain((b"alice", password.encode())) == ["435"]
    (_, (text, verdict)) = exim.decisions()
    assert verdict == "unavailable"
    assert "broker.clients" in text


def test_without_the_broker_it_is_not_at_present_and_the_log_says_what_to_start(exim):
    login = (b"alice", exim.create("alice", "Phone", "--app", "mail").encode())
    exim.sandbox.run("mv", "/run/asp/broker.sock", "/run/asp/away").done()
    try:
        assert exim.plain(login) == ["435"]
        ((text, verdict),) = exim.decisions()
        assert verdict == "unavailable"
        assert "start asp-broker" in text
    finally:
        exim.sandbox.run("mv", "/run/asp/away", "/run/asp/broker.sock").done()
    assert exim.plain(login) == ["235"]


def test_no_log_holds_a_password(exim):
    password = exim.create("alice", "Phone", "--app", "mail")
    assert exim.swaks("alice", password)
    assert not exim.swaks("alice", wrong(password))
    assert not exim.swaks("alice", PRIMARY["alice"])
    assert len(exim.decisions()) == 3
    for log in ("/run/messages", LOG):
        text = exim.sandbox.read(log)
        assert "alice" in text, "the log is the one written to"
        for secret in (password, password.replace("-", ""), password[6:11], PRIMARY["alice"]):
            assert secret not in text


@pytest.fixture(scope="module")
def box_with_dovecot(sandboxes, layer):
    """Exim that asks Dovecot; no broker."""
    box = open_mail_box(layer, "exim4", "update-exim4.conf", "dovecot", "swaks", "openssl")
    start_exim(box, "30_exim4-config_asp-dovecot", ("/run/dovecot/", "/run/d/run/"))
    box.write("/run/d/auth-asp.conf.ext", dovecot_recipe(box, BY_PROTOCOL))
    box.write("/run/d/asp-exim.conf", recipe("dovecot/asp-exim.conf"))
    lines = ("!include /run/d/asp-exim.conf", "auth_mechanisms = plain login")
    with dovecot(box, "/run/d", 143, "/run/d/auth-asp.conf.ext", *lines):
        yield box
    box.close()


@pytest.fixture
def exim_and_dovecot(box_with_dovecot, build):
    service = Smtp(box_with_dovecot, build, port=PORT)
    service.reset()
    service.stack("asp-only", "smtp")
    return service


def test_through_dovecot_pam_is_told_the_client(exim_and_dovecot):
    exim = exim_and_dovecot
    near = exim.create("alice", "Near", "--app", "mail", "--from", CLIENT)
    far = exim.create("alice", "Far", "--app", "mail", "--from", "192.0.2.0/24")
    assert exim.swaks("alice", near)
    assert not exim.swaks("alice", far)
    assert [line.text for line in exim.log(2)] == [
        f'verdict={verdict} rhost={CLIENT} user="alice" service="smtp" app="mail" id={id} label="{label}"'
        for verdict, id, label in (("accepted", near[:2], "Near"), ("wrong-network", far[:2], "Far"))
    ]


def test_through_dovecot_other_passwords_are_refused(exim_and_dovecot):
    exim = exim_and_dovecot
    phone = exim.create("alice", "Phone", "--app", "mail")
    diary = exim.create("alice", "Diary", "--app", "calendar")
    exim.asp_admin("revoke", "alice", phone[:2]).done()
    logins = [(b"alice", password.encode()) for password in (phone, diary, PRIMARY["alice"])]
    for mechanism in (exim.plain, exim.login):
        assert mechanism(*logins) == ["535"] * len(logins)
        found = sorted(line.word("verdict") for line in exim.log(len(logins)))
        assert found == ["not-an-app-password", "revoked", "wrong-app"]
